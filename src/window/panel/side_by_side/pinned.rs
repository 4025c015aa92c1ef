//! The pinned texts: a row each, with what is expected of it and the answer of every column; marked are answers that are
//! wrong, and those of the student that have flipped since a step.

use egui::{
    Align2, ComboBox, Label, Rect, RichText, ScrollArea, Sense, TextStyle, Ui, UiBuilder, WidgetInfo, accesskit::Role,
    pos2, vec2,
};

use super::column::{Column, columns};
use super::view::Part;
use super::{Scene, changed_view, head};
use crate::link::{TopAnswer, grouped};
use crate::session::PinnedProbe;
use crate::window::control;
use crate::window::plot::token_chips;
use crate::window::state::{Action, UiState};
use crate::window::undo::Part as SessionPart;

/// Room for the text and for what is expected of it, points.
const TEXT: f32 = 300.0;
const EXPECTED: f32 = 130.0;
/// Room for the button that takes a text out.
const UNPIN: f32 = 26.0;
/// Least width of a column, and height of a row.
const LEAST: f32 = 110.0;
const ROW: f32 = 30.0;

pub(super) fn pinned_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    if scene.session.probes.is_empty() {
        let text = scene
            .t("Pin a text beside the field above: it stays in the session, and its row tells when an answer flips.");
        return control::empty(ui, scene.t("No pinned texts"), text);
    }
    since_ui(ui, scene, state);
    let columns = columns(scene, None);
    let before = TEXT + EXPECTED + UNPIN;
    let width = ((ui.available_width() - before) / columns.len() as f32).clamp(LEAST, 240.0);
    let whole = before + width * columns.len() as f32;
    ScrollArea::both().id_salt("pinned texts").auto_shrink(false).show(ui, |ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(whole, head::HEIGHT), Sense::hover());
        let small = TextStyle::Small.resolve(ui.style());
        let weak = ui.visuals().weak_text_color();
        for (left, words) in [(UNPIN, scene.t("text")), (UNPIN + TEXT, scene.t("expected"))] {
            ui.painter().text(
                rect.left_bottom() + vec2(left + 4.0, -6.0),
                Align2::LEFT_BOTTOM,
                words,
                small.clone(),
                weak,
            );
        }
        for place in 0..columns.len() {
            head::head_ui(ui, scene, state, room(rect, width, place), &columns, place);
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        for (place, probe) in scene.session.probes.iter().enumerate() {
            let (rect, _) = ui.allocate_exact_size(vec2(whole, ROW), Sense::hover());
            ui.painter().hline(rect.x_range(), rect.bottom(), ui.visuals().widgets.noninteractive.bg_stroke);
            row_ui(ui, scene, state, rect, (place, probe));
            for (number, column) in columns.iter().enumerate() {
                let answer = column.pinned.get(place);
                // Only the student as it is moves.
                let now = answer.filter(|_| column.moves).map(|answer| answer.answer.as_str());
                let flipped = now.and_then(|now| state.side_by_side.since.flipped(&probe.text, now));
                cell_ui(ui, scene, room(rect, width, number), (probe, answer), column, flipped);
            }
        }
    });
}

fn room(row: Rect, width: f32, place: usize) -> Rect {
    let left = row.left() + TEXT + EXPECTED + UNPIN + width * place as f32;
    Rect::from_min_max(pos2(left, row.top()), pos2(left + width, row.bottom()))
}

/// With which answers the student's are compared, and how many have flipped and are right.
fn since_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let now = scene.side_by_side.pinned_now(&scene.session.probes);
    let student = now.map(|frame| frame.student.as_slice()).unwrap_or_default();
    now.into_iter().for_each(|frame| state.side_by_side.since.meet(frame));
    ui.horizontal(|ui| {
        let expected = scene.session.probes.iter().zip(student).filter(|(probe, _)| probe.expected.is_some());
        let (right, all) = expected.fold((0, 0), |(right, all), (probe, answer)| {
            (right + usize::from(is_right(probe, answer) == Some(true)), all + 1)
        });
        if all > 0 {
            ui.label(format!("{} {right} {} {all}", scene.t("student right:"), scene.t("of")));
        }
        let since = &state.side_by_side.since;
        let answers = now.map(|frame| frame.texts.iter().zip(&frame.student)).into_iter().flatten();
        let flips = answers.filter(|(text, now)| since.flipped(text, &now.answer).is_some()).count();
        ui.label(format!("{flips} {} {}", scene.t("flipped since step"), grouped(since.step)));
        let help = scene.t("From now on the student's answers are compared with those it gives now");
        if ui.small_button(scene.t("Compare from here")).on_hover_text(help).clicked() {
            now.into_iter().for_each(|frame| state.side_by_side.since.begin(frame));
        }
        if let Some(problem) = now.and_then(|frame| frame.problem.as_ref()) {
            ui.colored_label(scene.look.palette().bad, scene.says(problem));
        }
    });
}

/// Whether an answer is what is expected; `None` where nothing is.
fn is_right(probe: &PinnedProbe, answer: &TopAnswer) -> Option<bool> {
    let plain = |token: &str| token.replace(['␣', '▁', '⏎'], " ").trim().to_lowercase();
    probe.expected.as_ref().map(|expected| *expected == answer.answer || plain(expected) == plain(&answer.answer))
}

fn row_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, rect: Rect, (place, probe): (usize, &PinnedProbe)) {
    let inner = rect.shrink2(vec2(2.0, 3.0)).with_max_x(rect.left() + UNPIN + TEXT + EXPECTED - 6.0);
    let mut ui =
        ui.new_child(UiBuilder::new().max_rect(inner).layout(egui::Layout::left_to_right(egui::Align::Center)));
    let label = format!("{} {}", scene.t("Unpin"), probe.text);
    let unpin = ui.small_button("✖").accessible_name(label);
    if unpin.on_hover_text(scene.t("Takes the text out of the session; can be undone")).clicked() {
        change(scene, state, |probes| drop(probes.remove(place)));
    }
    ui.scope(|ui| {
        ui.set_width(TEXT - 10.0);
        let line = probe.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = ui.add(Label::new(line).truncate().selectable(false).sense(Sense::click()));
        text.widget_info(|| {
            WidgetInfo::labeled(Role::Button, true, format!("{} {}", scene.t("Show all of"), probe.text))
        });
        if text.on_hover_text(format!("{}\n{}", probe.text, scene.t("Click to see all outcomes"))).clicked() {
            state.side_by_side.part = Part::Answers;
            (state.taken, state.gold) = (None, None);
            state.ask(changed_view(scene, |view| view.probe.clone_from(&probe.text)));
        }
    });
    expected_ui(&mut ui, scene, state, place, probe);
}

/// One of the classes; over tokens any text.
fn expected_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, place: usize, probe: &PinnedProbe) {
    let none = scene.t("nothing expected");
    let name = format!("{} {}", scene.t("Expected of"), probe.text);
    let mut chosen = probe.expected.clone();
    if scene.session.recipe.task.is_classes() {
        let classes = scene.workspace.opened.as_ref().map(|opened| opened.classes.as_slice()).unwrap_or_default();
        let shown = probe.expected.as_deref().unwrap_or(none);
        ui.name_inputs(&name, |ui| {
            ComboBox::from_id_salt(("expected", place)).selected_text(shown).width(EXPECTED - 16.0).truncate().show_ui(
                ui,
                |ui| {
                    ui.selectable_value(&mut chosen, None, none);
                    for class in classes {
                        ui.selectable_value(&mut chosen, Some(class.clone()), class);
                    }
                },
            );
        });
    } else {
        let now = probe.expected.clone().unwrap_or_default();
        let typed = ui.name_inputs(&name, |ui| {
            let id = ui.scope_id().with(("expected", place));
            control::draft(ui, state, id, &now, none, EXPECTED - 20.0)
        });
        if let Some(typed) = typed {
            chosen = (!typed.trim().is_empty()).then_some(typed);
        }
    }
    if chosen != probe.expected {
        change(scene, state, |probes| {
            if let Some(probe) = probes.get_mut(place) {
                probe.expected = chosen;
            }
        });
    }
}

fn change(scene: &Scene, state: &mut UiState, change: impl FnOnce(&mut Vec<PinnedProbe>)) {
    let mut probes = scene.session.probes.clone();
    change(&mut probes);
    state.ask(Action::Set(SessionPart::Pinned(probes)));
}

fn cell_ui(
    ui: &mut Ui,
    scene: &Scene,
    room: Rect,
    (probe, answer): (&PinnedProbe, Option<&TopAnswer>),
    column: &Column,
    flipped: Option<&str>,
) {
    let palette = scene.look.palette();
    let inner = room.shrink2(vec2(6.0, 3.0));
    let mut ui =
        ui.new_child(UiBuilder::new().max_rect(inner).layout(egui::Layout::left_to_right(egui::Align::Center)));
    ui.shrink_clip_rect(inner.expand(2.0));
    ui.spacing_mut().item_spacing.x = 4.0;
    let Some(answer) = answer.filter(|answer| !answer.answer.is_empty()) else {
        return drop(ui.weak("–"));
    };
    let (sign, color) = match is_right(probe, answer) {
        Some(true) => ("✔ ", palette.good),
        Some(false) => ("✖ ", palette.bad),
        None => ("", ui.visuals().text_color()),
    };
    let words = format!("{sign}{} {:.0} %", shown(scene, &answer.answer), 100.0 * answer.probability);
    let mut said = format!("{} · {words}", column.title);
    if let Some(then) = flipped {
        ui.colored_label(palette.warn, "⟲");
        said = format!("{said} · {} {}", scene.t("flipped from"), shown(scene, then));
    }
    let label = ui.add(Label::new(RichText::new(words).color(color)).truncate());
    label.widget_info(|| WidgetInfo::labeled(Role::Label, true, &said));
    label.on_hover_text(said.clone());
}

/// A token with its white space visible; a class as it is.
fn shown(scene: &Scene, answer: &str) -> String {
    if scene.session.recipe.task.is_classes() { answer.to_owned() } else { token_chips::visible(answer) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_expected_whatever_white_space_stands_before_it() {
        let probe = |expected: Option<&str>| PinnedProbe { text: "a".into(), expected: expected.map(str::to_owned) };
        let answer = |answer: &str| TopAnswer { answer: answer.into(), probability: 0.5 };
        for (expected, told, right) in [
            (Some("cat"), "␣cat", Some(true)),
            (Some("cat"), "cat", Some(true)),
            (Some("cat"), "▁dog", Some(false)),
            (None, "cat", None),
        ] {
            assert_eq!(is_right(&probe(expected), &answer(told)), right, "{expected:?} {told}");
        }
    }
}
