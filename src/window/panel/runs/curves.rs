//! A curve of every chosen side: which curve, over what, against whom, with which lines; the chart itself is a plot.

use egui::{ComboBox, Id, Label, RichText, Ui};

use super::view::CurvesView;
use crate::link::SeriesId;
use crate::record::compare::curve_difference::OnAxis;
use crate::record::compare::side_axes::CurveAxis;
use crate::window::control;
use crate::window::panel::Scene;
use crate::window::plot::curves::of_series;
use crate::window::plot::side_curves::{DrawnSide, Reference, SideChart, legend_ui, letter, side_curves_ui};
use crate::window::run_list::ComparedSides;
use crate::window::state::UiState;

pub(super) fn curves_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, compared: &ComparedSides, names: &[String]) {
    let ids = offered(compared);
    let Some(id) = id(&state.runs.curves, &ids).cloned() else {
        return drop(control::caption(ui, scene.t("no two of the sides have a curve in common")));
    };
    let baseline = baseline(&mut state.runs.curves, compared);
    ui.horizontal_wrapped(|ui| choices_ui(ui, scene, state, &id, &ids, baseline.is_some()));
    let view = &state.runs.curves;
    let sides = drawn(compared, names, &id, view.axis);
    let pinned = ui.horizontal_wrapped(|ui| {
        let entry = |side: &DrawnSide| {
            let clicked = legend_ui(ui, scene.look, side, baseline == Some(side.place)).clicked();
            clicked.then_some(side.place)
        };
        sides.iter().filter_map(entry).last()
    });
    remarks_ui(ui, scene, view, compared, &sides, &id);
    let references: Vec<Reference> = of_curve(view, &id).map(|(_, reference)| reference.clone()).collect();
    side_curves_ui(
        ui,
        &SideChart {
            look: scene.look,
            id: &id,
            axis: view.axis,
            sides: &sides,
            baseline,
            differences: view.differences,
            logarithmic: scene.session.view.log_y,
            references: &references,
        },
    );
    if let Some(place) = pinned.inner {
        let side = compared.sides.get(place).filter(|_| baseline != Some(place));
        state.runs.curves.baseline = side.cloned();
    }
}

/// The curves that two sides or more have.
fn offered(compared: &ComparedSides) -> Vec<&SeriesId> {
    let mut all: Vec<&SeriesId> = compared.drawn.iter().flat_map(|side| side.curves.keys()).collect();
    all.sort();
    all.chunk_by(|a, b| a == b).filter(|same| same.len() > 1).filter_map(|same| same.first().copied()).collect()
}

/// The curve that is chosen, or the first of those that one looks for.
fn id<'a>(view: &CurvesView, ids: &[&'a SeriesId]) -> Option<&'a SeriesId> {
    let chosen = view.id.as_ref().and_then(|chosen| ids.iter().find(|id| **id == chosen));
    let first = ["measure/accuracy", "measure/loss", "loss/total"].map(SeriesId::from);
    let usual = first.iter().find_map(|wanted| ids.iter().find(|id| **id == wanted));
    chosen.or(usual).or(ids.first()).copied()
}

/// The place of the baseline; while it is not chosen nothing is measured against it.
fn baseline(view: &mut CurvesView, compared: &ComparedSides) -> Option<usize> {
    let place = view.baseline.as_ref().and_then(|side| compared.sides.iter().position(|other| other == side));
    view.differences &= place.is_some();
    place
}

fn drawn<'a>(compared: &'a ComparedSides, names: &[String], id: &SeriesId, axis: CurveAxis) -> Vec<DrawnSide<'a>> {
    let side = |(place, side): (usize, &'a crate::record::compare::side_records::SideRecords)| {
        let on = OnAxis { curve: side.curves.get(id)?, per_step: side.axes.per_step(axis)? };
        Some(DrawnSide { place, name: names.get(place).cloned().unwrap_or_default(), on, marks: &side.marks })
    };
    compared.drawn.iter().enumerate().filter_map(side).collect()
}

fn choices_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, now: &SeriesId, ids: &[&SeriesId], has_baseline: bool) {
    let list = ComboBox::from_id_salt("curve of sides").selected_text(of_series(now, scene.look)).width(190.0);
    list.show_ui(ui, |ui| {
        for id in ids {
            if ui.selectable_label(*id == now, of_series(id, scene.look)).clicked() {
                state.runs.curves.id = Some((*id).clone());
            }
        }
    });
    if let Some(axis) = control::segments(ui, state.runs.curves.axis, &axes(scene)) {
        state.runs.curves.axis = axis;
    }
    let help = if has_baseline {
        scene.t("Draws every curve as what it is above the baseline; a band stays the side's own")
    } else {
        scene.t("Click a side in the legend first: it becomes the baseline")
    };
    let differences = egui::Checkbox::new(&mut state.runs.curves.differences, scene.t("differences"));
    ui.add_enabled(has_baseline, differences).on_hover_text(help).on_disabled_hover_text(help);
    references_ui(ui, scene, state, now);
}

fn axes(scene: &Scene) -> [(CurveAxis, &'static str, &'static str); 4] {
    [
        (CurveAxis::Step, scene.t("By step"), scene.t("Curves over optimiser steps")),
        (
            CurveAxis::Epoch,
            scene.t("By epoch"),
            scene.t(
                "Curves over passes through the training part: from its size, the batch and the passes a step gathers",
            ),
        ),
        (CurveAxis::Examples, scene.t("By examples"), scene.t("Curves over the training examples that were read")),
        (
            CurveAxis::Time,
            scene.t("By time"),
            scene
                .t("Curves over wall time, at the mean pace of each run: a journal tells the time of a whole run only"),
        ),
    ]
}

fn of_curve<'a>(view: &'a CurvesView, id: &SeriesId) -> impl Iterator<Item = &'a (SeriesId, Reference)> {
    view.references.iter().filter(move |(of, _)| of == id)
}

/// A field for one more line, and those there are, each with a way to take it away.
fn references_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, id: &SeriesId) {
    let name = scene.t("Reference line");
    let help = scene.t("A value, and behind it what the line is called if you like: 0.92 best so far");
    ui.weak(name).on_hover_text(help);
    let typed = ui.name_inputs(name, |ui| control::draft(ui, state, Id::unique("reference line"), "", "", 130.0));
    if let Some(typed) = typed {
        match reference(&typed) {
            Some(reference) => {
                state.runs.curves.references.push((id.clone(), reference));
                state.runs.curves.refused = None;
            }
            None => state.runs.curves.refused = Some(typed),
        }
    }
    let shown: Vec<Reference> = of_curve(&state.runs.curves, id).map(|(_, reference)| reference.clone()).collect();
    for gone in shown {
        let help = scene.t("Click to take the line away");
        if ui.small_button(format!("✖ {}", gone.label)).on_hover_text(help).clicked() {
            state.runs.curves.references.retain(|(of, reference)| of != id || *reference != gone);
        }
    }
}

/// A value, and what is typed behind it; the value alone is its own name.
fn reference(typed: &str) -> Option<Reference> {
    let value = typed.split_whitespace().next()?.parse::<f64>().ok().filter(|value| value.is_finite())?;
    Some(Reference { value, label: typed.trim().to_owned() })
}

/// What is not drawn, merged or refused, each in words.
fn remarks_ui(
    ui: &mut Ui,
    scene: &Scene,
    view: &CurvesView,
    compared: &ComparedSides,
    sides: &[DrawnSide],
    id: &SeriesId,
) {
    let mut remarks: Vec<String> = Vec::new();
    let letters = |missing: &dyn Fn(usize) -> bool| {
        let all = (0..compared.drawn.len()).filter(|place| missing(*place)).map(letter);
        all.collect::<Vec<_>>().join(", ")
    };
    let lacks = letters(&|place| compared.drawn.get(place).is_some_and(|side| !side.curves.contains_key(id)));
    let unknown = letters(&|place| {
        compared
            .drawn
            .get(place)
            .is_some_and(|side| side.axes.per_step(view.axis).is_none() && side.curves.contains_key(id))
    });
    let mut say = |who: &str, words: &str| {
        if !who.is_empty() {
            remarks.push(format!("{who} {words}"));
        }
    };
    say(&lacks, scene.t("left out: no such curve"));
    say(&unknown, scene.t("left out: its journal does not tell this axis, or its runs differ in it"));
    for side in sides {
        let curve = side.on.curve;
        if curve.every > 1 {
            let words = format!("{} {} {}", scene.t("each point the mean of"), curve.every, scene.t("steps"));
            remarks.push(format!("{} {words}", letter(side.place)));
        }
        if curve.not_finite > 0 {
            let words = scene.t("values that are no numbers are left out");
            remarks.push(format!("{} {} {words}", letter(side.place), curve.not_finite));
        }
        if curve.partial > 0 {
            let words = scene.t("steps left out: not all of its runs have a value there");
            remarks.push(format!("{} {} {words}", letter(side.place), curve.partial));
        }
    }
    if view.differences && of_curve(view, id).next().is_some() {
        remarks.push(scene.t("lines at values are not drawn among differences").to_owned());
    }
    if let Some(typed) = &view.refused {
        let words = scene.t("begins with no number: type a value, and words behind it if you like");
        remarks.push(format!("{typed:?} {words}"));
    }
    let unread = compared.drawn.iter().flat_map(|side| &side.unread).map(|why| scene.says(why).to_string());
    remarks.extend(unread);
    if !remarks.is_empty() {
        let words = RichText::new(remarks.join(" · ")).small().color(scene.look.palette().warn);
        ui.add(Label::new(words.clone()).truncate()).on_hover_text(words.text());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_value_with_words_behind_it() {
        let of = |typed| reference(typed).map(|reference| (reference.value, reference.label));
        assert_eq!(of(" 0.92 best so far"), Some((0.92, "0.92 best so far".into())));
        assert_eq!(of("-1e-3"), Some((-1e-3, "-1e-3".into())));
        assert_eq!([of("best 0.92"), of(""), of("inf"), of("NaN x")], [None, None, None, None]);
    }
}
