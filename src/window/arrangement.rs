//! How the window is arranged: heights that were drawn, parts that are open, filters, orders and colours.
//! The window holds them where they are used; here they go into the session's view, and back out of it
//! when another session is taken up.

use egui::Context;

use super::app::WorkbenchApp;
use super::control;
use super::panel;
use super::plot::probability_bars;
use super::state::{RowFilter, RowOrder, UiState};
use super::theme::ColorMap;
use crate::session::View;
use crate::session::view::{Heatmaps, Rows};

impl WorkbenchApp {
    /// Writes the arrangement into the session.
    pub(super) fn keep_arrangement(&mut self, ctx: &Context) {
        keep(&mut self.session.view, ctx, &self.state);
    }

    /// Arranges the window as the session has it.
    pub(super) fn arrange(&mut self, ctx: &Context) {
        arrange(&self.session.view, ctx, &mut self.state);
    }
}

fn keep(view: &mut View, ctx: &Context, state: &UiState) {
    let parts = panel::PARTS.iter().filter_map(|part| Some(((*part).to_owned(), control::drawn(ctx, part)?)));
    view.parts = parts.collect();
    let folds = panel::sections().filter_map(|(id, first)| Some((id, control::is_open(ctx, id)?, first)));
    let folds = folds.filter(|(_, open, first)| open != first);
    view.sections = folds.map(|(id, open, _)| (id.to_owned(), open)).collect();
    view.rows = match state.filter {
        RowFilter::Wrong => Rows::Wrong,
        RowFilter::Disagree => Rows::Disagree,
        // A cell of a confusion matrix is of one run.
        RowFilter::All | RowFilter::Cell { .. } => Rows::All,
    };
    view.by_divergence = state.order == RowOrder::Divergence;
    view.bars = probability_bars::order(ctx);
    let map = &state.attention;
    view.heatmaps = Heatmaps {
        colors: if map.colors == ColorMap::default() { String::new() } else { map.colors.label().to_owned() },
        contrast: map.gamma,
        own_maximum: map.relative,
    };
}

fn arrange(view: &View, ctx: &Context, state: &mut UiState) {
    for part in panel::PARTS {
        let share = view.parts.get(part).copied().filter(|share| (0.0..1.0).contains(share));
        control::draw_to(ctx, part, share);
    }
    for (id, first) in panel::sections() {
        control::set_open(ctx, id, view.sections.get(id).copied().unwrap_or(first));
    }
    state.filter = match view.rows {
        Rows::All => RowFilter::All,
        Rows::Wrong => RowFilter::Wrong,
        Rows::Disagree => RowFilter::Disagree,
    };
    state.order = if view.by_divergence { RowOrder::Divergence } else { RowOrder::File };
    probability_bars::set_order(ctx, view.bars);
    let map = &mut state.attention;
    let named = ColorMap::ALL.into_iter().find(|map| map.label() == view.heatmaps.colors);
    (map.colors, map.relative) = (named.unwrap_or_default(), view.heatmaps.own_maximum);
    map.gamma = if view.heatmaps.contrast.is_finite() { view.heatmaps.contrast.clamp(0.2, 1.0) } else { 0.6 };
}
