//! The knobs: every number that may be turned, as the catalog describes it, with what was asked
//! for and what the run uses.
//!
//! What they stand for is said above them and is one of three things without a run: as the run left
//! them, changed since that run, or values for the next start where there was none. While a run is
//! under way each says beside its number what is applied, where that is not what is asked for.

use egui::{Align, Button, Label, Layout, RichText, ScrollArea, Slider, SliderClamping, Ui, vec2};

use super::Scene;
use crate::link::WeightFrame;
use crate::session::{Knob, Scale};
use crate::window::control::{self, Number};
use crate::window::state::{Action, UiState};
use crate::window::steering::THETA;

/// The weight of the label loss against the teacher's.
const ALPHA: &str = "mixture.alpha";
/// How the id of a loss's weight ends.
const WEIGHT: &str = ".weight";
/// Width of a button that halves or doubles.
const FACTOR: f32 = 30.0;
/// Width of the field that sets θ by percent.
const PERCENT: f32 = 72.0;
/// Below so many times the mean θ removes next to nothing: its slider begins there.
const LEAST_THETA: f64 = 0.01;
/// A slider's value has so many figures, as it is shown.
const FIGURES: usize = 3;

/// A value that was asked for, and whether a hand still holds it.
struct Turned {
    value: f64,
    held: bool,
}

impl Turned {
    fn at_once(value: f64) -> Self {
        Self { value, held: false }
    }
}

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
        control::follow_focus(ui);
    });
}

/// What the sliders' values stand for now.
fn meaning(scene: &Scene) -> &'static str {
    if scene.live {
        scene.t("act on the next step")
    } else if scene.record.applied.is_empty() || scene.record.step == 0 {
        scene.t("values for the next start")
    } else if scene.catalog.knobs.iter().any(|knob| left(scene, knob).is_some()) {
        scene.t("changed since the run")
    } else {
        scene.t("as the run left them")
    }
}

/// Where the last run left a knob that stands elsewhere by now.
fn left(scene: &Scene, knob: &Knob) -> Option<f64> {
    let left = scene.record.applied.get(knob.id).copied().filter(|_| !scene.live)?;
    (left != scene.requested.get(knob)).then_some(left)
}

/// Knobs of a loss that is not in the recipe would turn nothing, and the weight of its only loss nothing that the
/// learning rate does not.
fn is_in_use(scene: &Scene, knob: &Knob) -> bool {
    let owner = knob.id.split_once('.').map_or("", |(owner, _)| owner);
    let is_loss = scene.catalog.losses.iter().any(|loss| loss.id == owner);
    let losses = &scene.session.recipe.terms;
    let weighs = !knob.id.ends_with(WEIGHT) || losses.len() > 1 || scene.requested.get(knob) != knob.default;
    !is_loss || weighs && losses.iter().any(|loss| loss == owner)
}

fn knob_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, knob: &Knob) {
    let now = scene.requested.get(knob);
    let enabled = knob.live || !scene.live;
    let answer = ui.add_enabled_ui(enabled, |ui| {
        let spacing = ui.spacing_mut();
        (spacing.item_spacing.y, spacing.interact_size.y) = (2.0, 18.0);
        let typed = head_ui(ui, scene, knob, now);
        control::refusal_ui(ui);
        let turned = slider_ui(ui, scene, knob, now);
        let meant = match knob.id {
            ALPHA => ends_ui(ui, scene, now),
            THETA => sparsity_ui(ui, scene, knob, now),
            _ => None,
        };
        ui.add_space(5.0);
        typed.or(turned).or(meant)
    });
    if knob.id == THETA {
        state.weighs = ui.rect_contains_pointer(answer.response.rect) || has_focus_within(ui, &answer.response.rect);
    }
    if !enabled {
        answer.response.on_disabled_hover_text(scene.t("This knob is read at the start only; stop the run to turn it"));
    }
    if let Some(Turned { value, held }) = answer.inner.filter(|turned| turned.value != now) {
        state.ask(Action::turned(knob.id, value, held));
    }
}

/// Whether what has the keyboard lies here.
fn has_focus_within(ui: &Ui, place: &egui::Rect) -> bool {
    let focused = ui.memory(|memory| memory.focused());
    focused.and_then(|id| ui.ctx().read_response(id)).is_some_and(|response| place.contains_rect(response.rect))
}

/// Label, what the run uses or has left where that differs, and the number itself.
fn head_ui(ui: &mut Ui, scene: &Scene, knob: &Knob, now: f64) -> Option<Turned> {
    ui.spacing_mut().interact_size.y = 22.0;
    ui.horizontal(|ui| {
        let label = scene.t(knob.label);
        let name = ui.add(Label::new(label).selectable(false));
        control::beside(ui, name, scene.t(knob.help));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let typed = number_ui(ui, scene, knob, now);
            if let Some(applied) = applied(scene, knob).filter(|applied| *applied != now) {
                let text = format!("{} {}", scene.t("applied"), control::exact(applied));
                let label = Label::new(RichText::new(text).small().color(ui.visuals().warn_fg_color));
                let help = match knob.id {
                    THETA => scene.t("What the run uses until θ is let go"),
                    _ => scene.t("What the run uses until its next step; a knob that is held acts once it rests"),
                };
                let label = ui.add(label);
                control::beside(ui, label, help);
            } else if let Some(left) = left(scene, knob) {
                let text = format!("{} {}", scene.t("run"), control::exact(left));
                let label = ui.add(Label::new(RichText::new(text).small().weak()).selectable(false));
                control::beside(ui, label, scene.t("Where the last run left it"));
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

fn number_ui(ui: &mut Ui, scene: &Scene, knob: &Knob, now: f64) -> Option<Turned> {
    let unit = if knob.unit.is_empty() { String::new() } else { format!(" {}", scene.t(knob.unit)) };
    let speed = if knob.scale == Scale::Log { now.abs() * 0.01 } else { (knob.max - knob.min) * 0.002 };
    let field = Number {
        key: knob.id,
        range: knob.min..=knob.max,
        speed: speed.max(knob.max * 1e-7),
        prefix: "",
        suffix: &unit,
        size: vec2(74.0, 22.0),
    };
    let typed = field.ui(ui, scene.look, now);
    let range = format!("{} {} – {}", scene.t("Range"), control::exact(knob.min), control::exact(knob.max));
    let name = format!("{} {}", scene.t(knob.label), scene.t("value"));
    control::beside(ui, typed.response, &range).accessible_name(name);
    typed.value.map(|value| Turned { value, held: typed.held })
}

fn slider_ui(ui: &mut Ui, scene: &Scene, knob: &Knob, now: f64) -> Option<Turned> {
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
        let response = ui.add(slider).accessible_name(scene.t(knob.label));
        control::ring(ui, &response);
        let response = control::beside(ui, response, scene.t(knob.help));
        let stepped = if log { factors_ui(ui, scene, knob, now) } else { None };
        let slid = (value != now).then(|| Turned {
            value: control::rounded(value, FIGURES).clamp(knob.min, knob.max),
            held: response.is_pointer_button_down_on(),
        });
        stepped.or(slid)
    })
    .inner
}

/// The smallest step above 0 of a logarithmic slider that starts there.
fn smallest(knob: &Knob) -> f64 {
    match knob.min {
        _ if knob.id == THETA => LEAST_THETA,
        min if min > 0.0 => min,
        _ => knob.max * 1e-4,
    }
}

/// Buttons that halve and double, where that stays in range.
fn factors_ui(ui: &mut Ui, scene: &Scene, knob: &Knob, now: f64) -> Option<Turned> {
    let mut chosen = None;
    for (text, factor, help) in [("×½", 0.5, scene.t("Half of it")), ("×2", 2.0, scene.t("Twice as much"))] {
        ui.spacing_mut().button_padding = vec2(2.0, 0.0);
        let then = control::rounded(now * factor, 2 * FIGURES);
        let button = Button::new(RichText::new(text).small()).min_size(vec2(FACTOR, 18.0));
        let fits = (knob.min..=knob.max).contains(&then);
        let button = ui.add_enabled(fits, button);
        let name = format!("{} {text}", scene.t(knob.label));
        button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, fits, &name));
        if button.clicked() {
            chosen = Some(Turned::at_once(then));
        }
        control::beside(ui, button, help);
    }
    chosen
}

/// α names both of its ends, never the letter alone.
fn ends_ui(ui: &mut Ui, scene: &Scene, alpha: f64) -> Option<Turned> {
    ui.horizontal(|ui| {
        if scene.catalog.weighs(&scene.session.recipe.terms) {
            let (labels, teacher) = (scene.t("labels"), scene.t("teacher"));
            control::caption(ui, &format!("{labels} {alpha:.2} · {teacher} {:.2}", 1.0 - alpha));
        } else {
            control::caption(ui, scene.t("no effect: the losses are all of one kind"));
        }
    });
    None
}

/// θ as the share of weights it removes, before it is let go; a share that is typed sets θ.
fn sparsity_ui(ui: &mut Ui, scene: &Scene, knob: &Knob, theta: f64) -> Option<Turned> {
    let Some(weights) = scene.weights else {
        // As high as the row that takes its place.
        ui.horizontal(|ui| {
            ui.set_min_height(20.0);
            control::caption(ui, scene.t("Point at it to see what it removes; it acts when let go."));
        });
        return None;
    };
    ui.spacing_mut().interact_size.y = 20.0;
    let typed = ui.horizontal(|ui| {
        control::caption(ui, scene.t("would remove"));
        let share = |theta: f64| 100.0 * weights.all.fraction_below(theta);
        let field = Number {
            key: "sparsity",
            range: 0.0..=(share(knob.max) * 100.0).floor() / 100.0,
            speed: 0.2,
            prefix: "",
            suffix: " %",
            size: vec2(PERCENT, 20.0),
        };
        let typed = field.ui(ui, scene.look, hundredths(share(theta)));
        let help = scene.t("Share of the weights that θ removes; type a share to set θ");
        control::beside(ui, typed.response, help).accessible_name(scene.t("Sparsity"));
        control::caption(ui, &format!("{} {:.1} %", scene.t("masked now"), weights.sparsity * 100.0));
        typed.value.map(|percent| Turned { value: theta_for(percent, weights, knob.max), held: typed.held })
    });
    control::refusal_ui(ui);
    typed.inner
}

/// The threshold with the fewest figures that removes this share, in percent, to a hundredth.
fn theta_for(percent: f64, weights: &WeightFrame, most: f64) -> f64 {
    if percent <= 0.0 {
        return 0.0;
    }
    let theta = weights.all.theta_for(percent / 100.0).min(most);
    let removes = |theta: f64| 100.0 * weights.all.fraction_below(theta);
    let candidates = (FIGURES..=9).map(|figures| control::rounded(theta, figures).min(most));
    candidates.into_iter().find(|theta| (removes(*theta) - percent).abs() < 0.005).unwrap_or(theta)
}

fn hundredths(percent: f64) -> f64 {
    (percent * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Histogram;

    #[test]
    fn theta_by_percent_has_few_figures_and_removes_what_was_asked() {
        let bell = |i: usize| (9e5 * (-((i as f64 - 150.0) / 25.0).powi(2)).exp()) as u64;
        let all = Histogram { counts: (0..Histogram::BINS).map(bell).collect() };
        let weights = WeightFrame { step: 0, all, tensors: vec![], sparsity: 0.0 };
        for percent in [0.0, 0.5, 12.34, 30.0, 50.0, 90.0, 99.0] {
            let theta = theta_for(percent, &weights, 10.0);
            assert_eq!(hundredths(100.0 * weights.all.fraction_below(theta)), percent);
            assert!(theta.to_string().len() <= 11, "{percent} % is {theta}");
        }
    }
}
