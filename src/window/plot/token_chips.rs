//! A text as the tokens it is cut into, each coloured by how far the student is from the teacher at the place that
//! tells it; a click on one, or an arrow key, chooses the place whose outcomes are shown.
//!
//! *Why the scale follows the text (2026-11).* A divergence has no upper bound, and early in a run it is a hundred
//! times what it is at the end: on a fixed scale a text would be of one colour for most of a run. The legend says where
//! the scale ends.

use egui::{
    Color32, CornerRadius, EventFilter, Id, Key, Modifiers, Rect, RichText, ScrollArea, Sense, Stroke, StrokeKind,
    TextStyle, Ui, WidgetInfo, accesskit::Role, pos2, vec2,
};

use super::figures::short;
use crate::link::{TokenView, ToldRow, ToldToken};
use crate::window::control;
use crate::window::theme::{ColorMap, Look};

/// Most height of the text, points; a longer one scrolls.
const HEIGHT: f32 = 118.0;
/// The scale never ends below, nats: noise is not to look like a difference.
const LEAST: f64 = 0.01;
/// Width of the legend's bar, points, and of a piece of one colour.
const BAR: f32 = 64.0;
const PIECE: f32 = 2.0;
/// Intensity of a ground on which dark ink is read better.
const BRIGHT: f32 = 0.5;

/// Signs for what has no shape of its own.
pub fn visible(token: &str) -> String {
    token.replace(['␣', '▁'], "·").replace(['\n', '⏎'], "↵").replace('\t', "→").replace('\r', "␍")
}

/// The tokens of the text, `chosen` with a ring around it; gives the place that was chosen.
pub fn chips_ui(ui: &mut Ui, view: &TokenView, chosen: Option<usize>, look: Look) -> Option<usize> {
    if view.last().is_none() {
        ui.label(look.remark(look.t("Nothing of this text is told: it is too short")));
        return None;
    }
    let top = top(view);
    legend_ui(ui, view, top, look);
    let area = ScrollArea::vertical().id_salt("tokens").max_height(HEIGHT).auto_shrink([false, true]);
    let (clicked, moved) = area.show(ui, |ui| text_ui(ui, view, (chosen, top), look)).inner;
    notes_ui(ui, view, look);
    moved.or(clicked)
}

/// Where the scale ends: the largest gap, rounded up to 1, 2 or 5 times a power of ten.
fn top(view: &TokenView) -> f64 {
    let gaps = view.tokens.iter().filter_map(|token| token.row.as_ref()?.gap());
    let most = gaps.filter(|gap| gap.is_finite()).fold(LEAST, f64::max);
    let power = 10f64.powf(most.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|step| step * power >= most * (1.0 - 1e-9));
    step.unwrap_or(10.0) * power
}

fn has_teacher(view: &TokenView) -> bool {
    view.tokens.iter().any(|token| token.row.as_ref().is_some_and(|row| row.whole.kl.is_some()))
}

/// What the colours say, and how far they reach.
fn legend_ui(ui: &mut Ui, view: &TokenView, top: f64, look: Look) {
    let (name, help) = match has_teacher(view) {
        true => (
            look.t("KL by token"),
            look.t("KL(teacher ‖ student) at T 1 where each token is told, in nats; click a token, or move with ← and →, to see what both models tell there"),
        ),
        false => (
            look.t("surprise by token"),
            look.t("No teacher to compare with: −ln of the probability that the student gives to each token, in nats; click a token, or move with ← and →, to see what it tells there"),
        ),
    };
    let line = ui.horizontal(|ui| {
        ui.add(egui::Label::new(look.remark(name)).selectable(false));
        ui.add(egui::Label::new(look.remark("0")).selectable(false));
        let (bar, _) = ui.allocate_exact_size(vec2(BAR, 8.0), Sense::hover());
        let pieces = (BAR / PIECE) as usize;
        for piece in 0..pieces {
            let place = Rect::from_min_size(bar.min + vec2(PIECE * piece as f32, 0.0), vec2(PIECE, bar.height()));
            ui.painter().rect_filled(place, 0, ground(piece as f64 / (pieces - 1) as f64, look));
        }
        ui.painter().rect_stroke(bar, 0, Stroke::new(1.0, look.palette().line), StrokeKind::Outside);
        ui.add(egui::Label::new(look.remark(format!("{} {}", short(top), look.t("nats")))).selectable(false));
    });
    line.response.on_hover_text(help);
}

fn ground(share: f64, look: Look) -> Color32 {
    ColorMap::Ember.color(look.dark, share as f32)
}

/// The chips; gives which was clicked, and to which the keyboard has moved.
fn text_ui(
    ui: &mut Ui,
    view: &TokenView,
    (chosen, top): (Option<usize>, f64),
    look: Look,
) -> (Option<usize>, Option<usize>) {
    let id = Id::unique("tokens under the lens");
    let moved = chosen.filter(|_| ui.memory(|memory| memory.has_focus(id))).and_then(|place| moved(ui, view, place));
    let mut clicked = None;
    let text = ui.horizontal_wrapped(|ui| {
        control::clear_of_bar(ui);
        ui.spacing_mut().item_spacing = vec2(2.0, 3.0);
        for (place, token) in view.tokens.iter().enumerate() {
            if view.left_out > 0 && place + 1 == view.tokens.len() {
                let left_out = format!("… {} {} …", view.left_out, look.t("tokens not shown"));
                ui.add(egui::Label::new(look.remark(left_out)).selectable(false));
            }
            let chip = Chip { place, token, top, chosen: chosen == Some(place) };
            if chip.ui(ui, moved == Some(place), look) {
                clicked = Some(place);
            }
        }
    });
    // All chips are one stop of the Tab key; the arrows move inside.
    let whole = ui.interact(text.response.rect, id, Sense::focusable_noninteractive());
    whole.widget_info(|| WidgetInfo::labeled(Role::List, true, look.t("Tokens of the text")));
    if clicked.is_some() {
        whole.request_focus();
    }
    let arrows = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, arrows));
    (clicked, moved)
}

/// Where an arrow key leads.
fn moved(ui: &Ui, view: &TokenView, place: usize) -> Option<usize> {
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let (left, right) = (pressed(Key::ArrowLeft), pressed(Key::ArrowRight));
    (left != right).then(|| view.beside(place, right)).flatten()
}

/// One token.
struct Chip<'a> {
    place: usize,
    token: &'a ToldToken,
    top: f64,
    chosen: bool,
}

impl Chip<'_> {
    /// Whether it was clicked; `sought` brings it into sight.
    fn ui(&self, ui: &mut Ui, sought: bool, look: Look) -> bool {
        let (text, row) = (self.shown(look), self.token.row.as_ref());
        let palette = look.palette();
        let fill = row.map(|row| ground(row.gap().unwrap_or(0.0) / self.top, look));
        let ink = fill.map_or(palette.text_weak, |fill| ink(fill, look));
        let galley = ui.painter().layout_no_wrap(text.clone(), TextStyle::Small.resolve(ui.style()), ink);
        let sense = if row.is_some() { Sense::CLICK } else { Sense::hover() };
        let (rect, response) = ui.allocate_exact_size(galley.size() + vec2(6.0, 5.0), sense);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, row.is_some(), self.sentence(&text, look)));
        if ui.is_rect_visible(rect) {
            let edge = if self.chosen { Stroke::new(2.0, palette.accent) } else { Stroke::new(1.0, palette.line) };
            let corner = CornerRadius::same(3);
            if let Some(fill) = fill {
                ui.painter().rect(rect, corner, fill, edge, StrokeKind::Inside);
            }
            if self.token.hidden {
                let below = rect.bottom() - 2.5;
                ui.painter().line_segment(
                    [pos2(rect.left() + 3.0, below), pos2(rect.right() - 3.0, below)],
                    Stroke::new(1.0, ink),
                );
            }
            ui.painter().galley(rect.min + vec2(3.0, 2.5), galley, ink);
        }
        if sought {
            ui.scroll_to_rect(rect.expand(8.0), None);
        }
        response.on_hover_ui(|ui| self.card_ui(ui, look)).clicked()
    }

    fn shown(&self, look: Look) -> String {
        match self.token.id {
            Some(_) => visible(&self.token.text),
            None => look.t("what comes next").to_owned(),
        }
    }

    /// The token in words.
    fn sentence(&self, text: &str, look: Look) -> String {
        let gap = self.token.row.as_ref().and_then(ToldRow::gap);
        let gap = gap.map(|gap| format!(", {} {}", short(gap), look.t("nats"))).unwrap_or_default();
        format!("{} {} {text}{gap}", look.t("Token"), self.place + 1)
    }

    fn card_ui(&self, ui: &mut Ui, look: Look) {
        let palette = look.palette();
        ui.set_max_width(280.0);
        ui.label(RichText::new(self.shown(look)).strong());
        if let Some(id) = self.token.id {
            ui.label(look.remark(format!("{} {id}", look.t("Token"))));
        }
        let Some(row) = &self.token.row else {
            ui.label(look.t("Nobody has to tell this token"));
            return;
        };
        let percent = |log: Option<f32>| log.map(|log| format!("{:.2} %", 100.0 * log.exp()));
        let nats = |value: Option<f64>| value.map(|value| format!("{} {}", short(value), look.t("nats")));
        let lines = [
            ("KL(teacher ‖ student)", nats(row.whole.kl), palette.text),
            (look.t("its probability by the teacher"), percent(row.teacher), palette.teacher),
            (look.t("its probability by the student"), percent(row.student), palette.student),
            (look.t("surprise of the student"), nats(row.student.map(|log| -f64::from(log))), palette.student),
            (look.t("entropy of the teacher"), nats(row.whole.teacher_entropy), palette.teacher),
            (look.t("entropy of the student"), nats(Some(row.whole.student_entropy)), palette.student),
        ];
        egui::Grid::new("told token").num_columns(2).show(ui, |ui| {
            for (name, value, color) in lines.into_iter().filter_map(|(name, value, color)| Some((name, value?, color)))
            {
                ui.weak(name);
                ui.colored_label(color, value);
                ui.end_row();
            }
        });
        if self.token.hidden {
            ui.label(look.remark(look.t("The models do not see it: a mask or another token stands in its place")));
        }
    }
}

/// Ink that is read on a ground.
fn ink(ground: Color32, look: Look) -> Color32 {
    let (dark, bright) =
        if look.dark { (Color32::BLACK, look.palette().text) } else { (look.palette().text, Color32::WHITE) };
    if ground.intensity() > BRIGHT { dark } else { bright }
}

/// What is not there of the text.
fn notes_ui(ui: &mut Ui, view: &TokenView, look: Look) {
    if view.cut > 0 {
        let cut =
            format!("{} {}", view.cut, look.t("tokens behind are not read: the text is longer than the student reads"));
        ui.add(egui::Label::new(RichText::new(cut).small().color(look.palette().warn)).wrap());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::WholeRow;

    fn view(gaps: &[f64]) -> TokenView {
        let token = |gap: &f64| ToldToken {
            row: Some(ToldRow {
                whole: WholeRow { outcomes: 9, others: 0, kl: Some(*gap), teacher_entropy: None, student_entropy: 0.0 },
                teacher: None,
                student: None,
                outcomes: [].into(),
                gold: None,
                teacher_scores: None,
                student_scores: Vec::new(),
            }),
            ..ToldToken::default()
        };
        TokenView { tokens: gaps.iter().map(token).collect(), ..TokenView::default() }
    }

    #[test]
    fn the_scale_ends_at_a_round_number_above_the_largest_gap() {
        for (gaps, end) in [
            (&[0.3, 1.2][..], 2.0),
            (&[0.05], 0.05),
            (&[5.1], 10.0),
            (&[0.0], LEAST),
            (&[f64::INFINITY, 3.0], 5.0),
            (&[f64::NAN], LEAST),
        ] {
            assert!((top(&view(gaps)) - end).abs() < 1e-9, "{gaps:?}: {}", top(&view(gaps)));
        }
    }

    #[test]
    fn white_space_is_seen() {
        assert_eq!(visible("␣a⏎\t▁b"), "·a↵→·b");
    }

    #[test]
    fn every_ground_has_an_ink_that_is_read_on_it() {
        for dark in [true, false] {
            let look = Look { dark, language: Default::default() };
            for share in 0..=10 {
                let ground = ground(f64::from(share) / 10.0, look);
                let apart = (ground.intensity() - ink(ground, look).intensity()).abs();
                assert!(apart > 0.3, "dark {dark}, {share}: {apart}");
            }
        }
    }
}
