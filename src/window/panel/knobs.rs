//! The knobs: every number that may be turned, as the catalog describes it, with what was asked
//! for and what the run uses.

use egui::{Align, Button, DragValue, Label, Layout, RichText, ScrollArea, Slider, SliderClamping, Ui, vec2};

use super::Scene;
use crate::session::{Knob, Scale};
use crate::window::control;
use crate::window::state::{Action, UiState};
use crate::window::undo::Part;

/// The weight of the label loss against the teacher's.
const ALPHA: &str = "mixture.alpha";
/// Width of a button that halves or doubles.
const FACTOR: f32 = 30.0;
/// The pruning threshold, in multiples of the mean importance.
const THETA: &str = "magnitude.theta";

pub(super) fn knobs_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    ui.horizontal(|ui| {
        control::clear_of_bar(ui);
        ui.set_min_height(26.0);
        control::title(ui, scene.t("Knobs"), scene.t("Numbers that may be turned while the run goes on"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            control::caption(ui, meaning(scene));
        });
    });
    if scene.catalog.knobs.is_empty() {
        return control::empty(ui, scene.t("No knobs"), scene.t("The engine offers none."));
    }
    ScrollArea::vertical().id_salt("knobs").auto_shrink(false).show(ui, |ui| {
        control::clear_of_bar(ui);
        for knob in scene.catalog.knobs.iter().filter(|knob| is_in_use(scene, knob)) {
            ui.push_id(knob.id, |ui| knob_ui(ui, scene, state, knob));
        }
    });
}

/// What the sliders' values stand for now.
fn meaning(scene: &Scene) -> &'static str {
    if scene.live {
        scene.t("act on the next step")
    } else if scene.session.script.is_empty() {
        scene.t("values at step 0")
    } else {
        scene.t("as the run left them")
    }
}

/// Knobs of a loss that is not in the recipe would turn nothing.
fn is_in_use(scene: &Scene, knob: &Knob) -> bool {
    let owner = knob.id.split_once('.').map_or("", |(owner, _)| owner);
    let is_loss = scene.catalog.losses.iter().any(|loss| loss.id == owner);
    !is_loss || scene.session.recipe.losses.iter().any(|loss| loss == owner)
}

fn knob_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, knob: &Knob) {
    let now = scene.requested.get(knob);
    let enabled = knob.live || !scene.live;
    let answer = ui.add_enabled_ui(enabled, |ui| {
        let spacing = ui.spacing_mut();
        (spacing.item_spacing.y, spacing.interact_size.y) = (2.0, 18.0);
        let typed = head_ui(ui, scene, knob, now);
        let turned = slider_ui(ui, scene, knob, now);
        let meant = match knob.id {
            ALPHA => ends_ui(ui, scene, now),
            THETA => sparsity_ui(ui, scene, now),
            _ => None,
        };
        ui.add_space(5.0);
        typed.or(turned).or(meant)
    });
    if !enabled {
        answer.response.on_disabled_hover_text(scene.t("This knob is read at the start only; stop the run to turn it"));
    }
    if let Some(value) = answer.inner.map(|value| value.clamp(knob.min, knob.max)).filter(|value| *value != now) {
        state.ask(Action::Set(Part::Knob { id: knob.id.to_owned(), value }));
    }
}

/// Label, what the run uses where that differs, and the number itself.
fn head_ui(ui: &mut Ui, scene: &Scene, knob: &Knob, now: f64) -> Option<f64> {
    ui.spacing_mut().interact_size.y = 22.0;
    ui.horizontal(|ui| {
        let label = scene.t(knob.label);
        ui.add(Label::new(label).selectable(false)).on_hover_text(scene.t(knob.help));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let typed = number_ui(ui, scene, knob, now);
            if let Some(applied) = applied(scene, knob).filter(|applied| *applied != now) {
                let text = format!("{} {}", scene.t("applied"), control::figure(applied));
                ui.add(Label::new(RichText::new(text).small().color(ui.visuals().warn_fg_color)))
                    .on_hover_text(scene.t("What the run uses until its next step"));
            }
            typed
        })
        .inner
    })
    .inner
}

/// What the run under way uses.
fn applied(scene: &Scene, knob: &Knob) -> Option<f64> {
    scene.live.then(|| scene.record.applied.get(knob.id).copied()).flatten()
}

fn number_ui(ui: &mut Ui, scene: &Scene, knob: &Knob, now: f64) -> Option<f64> {
    let mut value = now;
    let unit = if knob.unit.is_empty() { String::new() } else { format!(" {}", scene.t(knob.unit)) };
    let speed = if knob.scale == Scale::Log { now.abs() * 0.01 } else { (knob.max - knob.min) * 0.002 };
    let drag = DragValue::new(&mut value)
        .range(knob.min..=knob.max)
        .clamp_existing_to_range(false)
        .speed(speed.max(knob.max * 1e-7))
        .suffix(unit)
        .custom_formatter(|value, _| control::figure(value))
        .custom_parser(control::typed_figure)
        .update_while_editing(false);
    let name = format!("{} {}", scene.t(knob.label), scene.t("value"));
    let range = format!("{} {} – {}", scene.t("Range"), control::figure(knob.min), control::figure(knob.max));
    ui.add_sized(vec2(74.0, 22.0), drag).on_hover_text(range).accessible_name(name);
    (value != now).then_some(value)
}

fn slider_ui(ui: &mut Ui, scene: &Scene, knob: &Knob, now: f64) -> Option<f64> {
    ui.spacing_mut().interact_size.y = 18.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let log = knob.scale == Scale::Log;
        let buttons = if log { 2.0 * (FACTOR + 4.0) } else { 0.0 };
        ui.spacing_mut().slider_width = (ui.available_width() - buttons).max(60.0);
        let mut value = now;
        let slider = Slider::new(&mut value, knob.min..=knob.max)
            .logarithmic(log)
            .smallest_positive(smallest(knob))
            .clamping(SliderClamping::Edits)
            .trailing_fill(true)
            .show_value(false);
        ui.add(slider).on_hover_text(scene.t(knob.help)).accessible_name(scene.t(knob.label));
        let stepped = if log { factors_ui(ui, scene, knob, now) } else { None };
        stepped.or((value != now).then_some(value))
    })
    .inner
}

/// The smallest step above 0 of a logarithmic slider that starts there.
fn smallest(knob: &Knob) -> f64 {
    if knob.min > 0.0 { knob.min } else { knob.max * 1e-4 }
}

fn factors_ui(ui: &mut Ui, scene: &Scene, knob: &Knob, now: f64) -> Option<f64> {
    let mut chosen = None;
    for (text, factor, help) in [("×½", 0.5, scene.t("Half of it")), ("×2", 2.0, scene.t("Twice as much"))] {
        ui.spacing_mut().button_padding = vec2(2.0, 0.0);
        let button = ui.add_sized(vec2(FACTOR, 18.0), Button::new(RichText::new(text).small())).on_hover_text(help);
        let name = format!("{} {text}", scene.t(knob.label));
        button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
        if button.clicked() {
            chosen = Some(now * factor);
        }
    }
    chosen
}

/// α names both of its ends, never the letter alone.
fn ends_ui(ui: &mut Ui, scene: &Scene, alpha: f64) -> Option<f64> {
    ui.horizontal(|ui| {
        control::caption(ui, &format!("{} {alpha:.2} · {} {:.2}", scene.t("labels"), scene.t("teacher"), 1.0 - alpha));
    });
    None
}

/// θ as the share of weights it removes; typing a share sets θ.
fn sparsity_ui(ui: &mut Ui, scene: &Scene, theta: f64) -> Option<f64> {
    let Some(weights) = scene.weights else {
        control::caption(ui, scene.t("Open the weights in the centre to see what it removes."));
        return None;
    };
    ui.spacing_mut().interact_size.y = 20.0;
    ui.horizontal(|ui| {
        control::caption(ui, scene.t("removes"));
        let now = weights.all.fraction_below(theta) * 100.0;
        let mut percent = now;
        let drag = DragValue::new(&mut percent)
            .range(0.0..=99.9)
            .speed(0.2)
            .max_decimals(1)
            .suffix(" %")
            .update_while_editing(false);
        let answer = ui
            .add_sized(vec2(64.0, 20.0), drag)
            .on_hover_text(scene.t("Share of the weights that θ removes; type a share to set θ"))
            .accessible_name(scene.t("Sparsity"));
        let masked = format!("{} {:.1} %", scene.t("masked now"), weights.sparsity * 100.0);
        control::caption(ui, &masked);
        answer.changed().then(|| weights.all.theta_for(percent / 100.0))
    })
    .inner
}
