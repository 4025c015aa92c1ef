//! Students side by side: one text and a column for each model, and the pinned texts with the answers of all of them.

mod add;
mod answers;
mod attention;
mod blind;
mod column;
mod head;
mod pinned;
mod test_rows;
mod test_table;
mod view;

use egui::{Align, Button, Checkbox, Layout, ScrollArea, TextEdit, Ui};

use super::{Scene, changed_view};
use crate::link::{PinnedFrame, SnapshotFrame, TextPlace};
use crate::session::PinnedProbe;
use crate::session::side_by_side::MOST_PINNED;
use crate::window::control;
use crate::window::state::{Action, UiState};
use crate::window::undo::Part as SessionPart;
use view::Part;
pub use view::SideBySideView;

/// What of the students beside is to be drawn.
pub struct SideBySideScene<'a> {
    /// Revision of what they were asked last.
    pub revision: u64,
    /// Their answers.
    pub beside: &'a [SnapshotFrame],
    /// Teacher's and student's answers to the pinned texts.
    pub pinned: Option<&'a PinnedFrame>,
}

impl SideBySideScene<'_> {
    /// Teacher's and student's answers to the pinned texts, where they are of those that are pinned now.
    fn pinned_now(&self, probes: &[PinnedProbe]) -> Option<&PinnedFrame> {
        let same = |frame: &&PinnedFrame| frame.texts.iter().eq(probes.iter().map(|probe| &probe.text));
        self.pinned.filter(same)
    }
}

pub(super) fn side_by_side_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    bar_ui(ui, scene, state);
    match state.side_by_side.part {
        Part::Answers => {
            text_ui(ui, scene, state);
            answers::answers_ui(ui, scene, state);
        }
        Part::Pinned => pinned::pinned_ui(ui, scene, state),
        Part::Tested => test_table::test_ui(ui, scene, state),
    }
}

fn bar_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    ui.horizontal(|ui| {
        ui.set_min_height(28.0);
        control::title(ui, scene.t("Side by side"), scene.t("One text, a column for each model"));
        let count = scene.session.probes.len();
        let pinned = format!("{} ({count})", scene.t("Pinned texts"));
        let all = [
            (Part::Answers, scene.t("One text"), scene.t("What each model says of the text below")),
            (Part::Pinned, pinned.as_str(), scene.t("What each model says of the texts that are pinned")),
            (Part::Tested, scene.t("Test part"), scene.t("Two columns on every text of the test part")),
        ];
        if let Some(part) = control::segments(ui, state.side_by_side.part, &all) {
            state.side_by_side.part = part;
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let help = scene.t("Back to the curves of the run on show");
            if ui.button(scene.t("Back to the curves")).on_hover_text(help).clicked() {
                state.ask(Action::ShowSideBySide(false));
            }
            add::menu_ui(ui, scene, state);
            blind::switch_ui(ui, scene, state);
        });
    });
    ui.add_space(4.0);
}

/// The text that all of them read.
fn text_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let mut text = scene.session.view.probe.clone();
    ui.horizontal_top(|ui| {
        let width = (ui.available_width() - 150.0).max(200.0);
        ScrollArea::vertical().id_salt("text side by side").max_height(66.0).max_width(width).show(ui, |ui| {
            let edit = TextEdit::multiline(&mut text).hint_text(scene.t("Type a text…")).desired_rows(3);
            ui.add(edit.desired_width(width)).accessible_name(scene.t("Text for all columns"));
        });
        ui.vertical(|ui| {
            sample_ui(ui, scene, state);
            pin_ui(ui, scene, state);
            let help = scene.t("In the place of the bars: where each model's heads read from");
            let blind = state.side_by_side.blind.on;
            let choice = Checkbox::new(&mut state.side_by_side.attention, scene.t("Attention"));
            let why = scene.t("Not while the names are hidden: the number of heads would tell which column is which");
            ui.add_enabled(!blind, choice).on_hover_text(help).on_disabled_hover_text(why);
        });
    });
    if text != scene.session.view.probe {
        state.ask(changed_view(scene, |view| view.probe = text));
    }
    ui.add_space(6.0);
}

fn sample_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let samples = scene.workspace.opened.as_ref().map(|opened| opened.samples.as_slice()).unwrap_or_default();
    let button = ui.add_enabled(!samples.is_empty(), Button::new(scene.t("Next sample")));
    if button.on_hover_text(scene.t("Puts a text of the data here")).clicked() {
        let taken = state.taken.as_ref().map_or(&scene.session.view.probe, |(text, _)| text);
        let next = samples.iter().position(|(text, _)| text == taken).map_or(0, |place| (place + 1) % samples.len());
        if let Some((text, class)) = samples.get(next) {
            state.gold = class.map(|class| (text.clone(), class));
            state.taken = Some((text.clone(), TextPlace::Sample(next)));
            state.ask(changed_view(scene, |view| view.probe.clone_from(text)));
        }
    }
}

/// Pins the text, with its class where it was taken from a table.
fn pin_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let (text, probes) = (&scene.session.view.probe, &scene.session.probes);
    let pinned = probes.iter().any(|probe| probe.text == *text);
    let full = probes.len() >= MOST_PINNED;
    let button = ui.add_enabled(!pinned && !full && !text.trim().is_empty(), Button::new(scene.t("Pin this text")));
    let help = scene.t("Keeps it in the session, where all columns answer it and what has flipped is told");
    let why =
        if full { scene.t("50 texts are pinned; unpin one first") } else { scene.t("It is pinned already, or empty") };
    if button.on_hover_text(help).on_disabled_hover_text(why).clicked() {
        let class = state.gold.as_ref().filter(|(of, _)| of == text).map(|(_, class)| *class);
        let classes = scene.workspace.opened.as_ref().map(|opened| opened.classes.as_slice()).unwrap_or_default();
        let expected = class.and_then(|class| classes.get(class).cloned());
        let probes = probes.iter().cloned().chain([PinnedProbe { text: text.clone(), expected }]).collect();
        state.ask(Action::Set(SessionPart::Pinned(probes)));
    }
}
