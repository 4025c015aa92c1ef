//! What comes out: a text under the lens, both models' answers to it, and how sure they are.

use std::sync::Arc;

use egui::{Align, Label, Layout, RichText, ScrollArea, TextEdit, Ui};

use super::{Scene, changed_view};
use crate::link::scores::answer;
use crate::link::{ProbeFrame, SideFrame, TextPlace};
use crate::window::control;
use crate::window::export_menu;
use crate::window::plot::{probability_bars, token_chips};
use crate::window::state::UiState;

/// The knob that softens both models' answers.
const TEMPERATURE: &str = "soft_targets.temperature";

pub(super) fn probe_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    head_ui(ui, scene, state);
    field_ui(ui, scene, state);
    ui.add_space(6.0);
    match scene.probe {
        Some(frame) => frame_ui(ui, scene, state, frame),
        None => {
            let text = scene
                .t("Type a text above, or click a row of the test set: both models answer it, also while they train.");
            ui.allocate_ui(egui::vec2(ui.available_width(), 150.0), |ui| {
                control::empty(ui, scene.t("Side by side"), text);
            });
        }
    }
}

fn head_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    ui.horizontal(|ui| {
        ui.set_min_height(22.0);
        control::title(
            ui,
            scene.t("Under the lens"),
            scene.t("Any text: both models answer it, also while they train"),
        );
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            next_sample_ui(ui, scene, state);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| answered_ui(ui, scene));
        });
    });
}

/// By which prompt, or of which pair the answers are, in the room that is left.
fn answered_ui(ui: &mut Ui, scene: &Scene) {
    if let Some(words) = scene.answered_by() {
        let words = RichText::new(words).small().color(ui.visuals().warn_fg_color);
        ui.add(Label::new(words).truncate().selectable(false));
    }
}

/// A sample of the data, for a person who has no text at hand.
fn next_sample_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let Some(opened) = scene.workspace.opened.as_ref().filter(|opened| !opened.samples.is_empty()) else { return };
    if ui.small_button(scene.t("Another sample")).on_hover_text(scene.t("Puts a text of the data here")).clicked() {
        let taken = state.taken.as_ref().map(|(text, _)| text);
        let now = opened.samples.iter().position(|(text, _)| Some(text) == taken.or(Some(&scene.session.view.probe)));
        let next = now.map_or(0, |i| (i + 1) % opened.samples.len());
        if let Some((text, class)) = opened.samples.get(next) {
            state.gold = class.map(|class| (text.clone(), class));
            state.taken = Some((text.clone(), TextPlace::Sample(next)));
            state.ask(changed_view(scene, |view| view.probe = text.clone()));
        }
    }
}

fn field_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let mut text = scene.session.view.probe.clone();
    ScrollArea::vertical().id_salt("probe text").max_height(66.0).show(ui, |ui| {
        let edit = TextEdit::multiline(&mut text)
            .hint_text(scene.t("Type a text…"))
            .desired_rows(3)
            .desired_width(f32::INFINITY);
        ui.add(edit).accessible_name(scene.t("Probe text"));
    });
    if text != scene.session.view.probe {
        state.ask(changed_view(scene, |view| view.probe = text));
    }
}

fn frame_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, frame: &ProbeFrame) {
    let Some(tokens) = &frame.tokens else {
        let gold = gold(scene, state, frame);
        return answers_ui(ui, scene, state, frame, gold);
    };
    let chosen = state.token.as_ref().filter(|(text, _)| *text == frame.text).map(|(_, place)| *place);
    let chosen = chosen.filter(|place| tokens.row(*place).is_some()).or_else(|| tokens.last());
    if let Some(place) = token_chips::chips_ui(ui, tokens, chosen, scene.look) {
        state.token = Some((frame.text.clone(), place));
    }
    if let Some((row, shown)) = chosen.and_then(|place| Some((tokens.row(place)?, frame.at(place)?))) {
        ui.add_space(4.0);
        answers_ui(ui, scene, state, &shown, row.gold);
    }
}

/// Both models' answers, and how sure they are of each.
fn answers_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, frame: &ProbeFrame, gold: Option<usize>) {
    let palette = scene.look.palette();
    let (teacher_color, student_color) = (palette.teacher, palette.student);
    ui.columns(2, |columns| {
        if let [left, right] = columns {
            answer_ui(left, scene, (scene.t("Teacher"), teacher_color), frame, frame.teacher.as_ref());
            answer_ui(right, scene, (scene.t("Student"), student_color), frame, Some(&frame.student));
        }
    });
    ui.add_space(4.0);
    // All others as one cannot be softened: what they weigh then depends on each of them.
    let knob = scene.catalog.knob(TEMPERATURE).filter(|_| frame.whole_row.is_none());
    let temperature = knob.map_or(1.0, |knob| scene.requested.get(knob));
    let order = probability_bars::order(ui);
    let draw = || probability_bars::drawing(frame, temperature, gold, order, scene.look);
    let more = |ui: &mut Ui| export_menu::drawing_menu_ui(ui, scene.look, state, true, draw);
    probability_bars::bars_beside_ui(ui, frame, temperature, gold, scene.look, more);
}

/// The true class of the text under the lens: as it was taken from a table, or as a table that is on
/// show has it. A test part may have a million rows: they are gone through once, not in every frame.
fn gold(scene: &Scene, state: &mut UiState, frame: &ProbeFrame) -> Option<usize> {
    if let Some((_, class)) = state.gold.as_ref().filter(|(text, _)| *text == frame.text) {
        return Some(*class);
    }
    let rows = scene.record.predictions.as_ref().filter(|_| scene.belonging.run_data);
    let samples = scene.workspace.opened.as_ref().filter(|_| scene.belonging.open());
    let tables = [rows.map_or(0, |all| Arc::as_ptr(all).addr()), samples.map_or(0, |all| Arc::as_ptr(all).addr())];
    if let Some((_, _, found)) = state.gold_sought.as_ref().filter(|(text, of, _)| *of == tables && *text == frame.text)
    {
        return *found;
    }
    let mut rows = rows.into_iter().flat_map(|all| &all.rows);
    let listed = rows.find(|row| row.text == frame.text).map(|row| row.gold);
    let mut samples = samples.into_iter().flat_map(|opened| &opened.samples);
    let found = listed.or_else(|| samples.find(|(text, _)| *text == frame.text).and_then(|(_, class)| *class));
    state.gold_sought = Some((frame.text.clone(), tables, found));
    found
}

fn answer_ui(
    ui: &mut Ui,
    scene: &Scene,
    (title, color): (&str, egui::Color32),
    frame: &ProbeFrame,
    side: Option<&SideFrame>,
) {
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.add(Label::new(RichText::new(title).small().color(color)).selectable(false));
    // All others together are no answer.
    let answers = frame.others().map_or(usize::MAX, |(place, _)| place);
    let answer = side.and_then(|side| best(side.scores.get(..answers).unwrap_or(&side.scores)));
    let text = match answer {
        Some((class, p)) => format!("{}  {:.0} %", probability_bars::name(frame, class, scene.look), p * 100.0),
        None => "–".to_owned(),
    };
    ui.add(Label::new(RichText::new(text).strong()).truncate());
}

/// The likeliest class and its probability; `None` where the scores are no distribution.
fn best(scores: &[f32]) -> Option<(usize, f32)> {
    Some(answer(scores)).filter(|(_, p)| p.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_class_has_the_probability_of_its_score() {
        let (class, p) = best(&[0.1f32.ln(), 0.7f32.ln(), 0.2f32.ln()]).unwrap();
        assert_eq!(class, 1);
        assert!((p - 0.7).abs() < 1e-6);
        assert!(best(&[]).is_none() && best(&[f32::NAN]).is_none());
    }
}
