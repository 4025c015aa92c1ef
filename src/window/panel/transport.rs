//! The run's controls, and how far it is.

use std::path::Path;

use egui::{Align, Button, FontId, Layout, ProgressBar, RichText, TextStyle, Ui, WidgetInfo, pos2, vec2};

use super::Scene;
use crate::link::Phase;
use crate::link::grouped;
use crate::session::Metric;
use crate::window::control;
use crate::window::state::{Action, UiState};
use crate::window::strings;

/// Height of the buttons.
const TALL: f32 = 32.0;
/// So long after its end no other run can be begun, seconds.
const SETTLES: f64 = 1.0;
/// Size of the letters below a button's name.
const SMALL: f32 = 9.5;

pub(super) fn transport_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    ui.horizontal(|ui| {
        ui.set_min_height(TALL);
        ui.spacing_mut().item_spacing.x = 8.0;
        if std::mem::replace(&mut state.was_live, scene.live) && !scene.live {
            state.ended = Some(ui.input(|input| input.time));
        }
        if scene.live {
            live_ui(ui, scene, state);
        } else {
            let settled = has_settled(ui, state);
            ui.add_enabled_ui(settled, |ui| start_ui(ui, scene, state));
        }
        folder_ui(ui, scene, state);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            notices_ui(ui, scene, state);
            progress_ui(ui, scene, state);
        });
    });
}

/// Whether the last run ended long enough ago. *Start* takes the place of *Pause*: a hand that was on its
/// way there must not begin another run.
fn has_settled(ui: &Ui, state: &UiState) -> bool {
    let left = state.ended.map_or(0.0, |ended| ended + SETTLES - ui.input(|input| input.time));
    if left > 0.0 {
        ui.request_repaint_after(std::time::Duration::from_secs_f64(left));
    }
    left <= 0.0
}

/// The one button that stands out.
fn main_button(ui: &mut Ui, scene: &Scene, text: &str, help: &str) -> bool {
    let (fill, ink) = (scene.look.palette().accent, scene.look.palette().on_accent);
    let button = Button::new(RichText::new(text).color(ink)).fill(fill).min_size(vec2(132.0, TALL));
    let response = ui.add(button);
    control::ring(ui, &response);
    response.on_hover_text(help).clicked()
}

fn button(ui: &mut Ui, enabled: bool, text: &str, help: &str) -> bool {
    let button = Button::new(text).min_size(vec2(0.0, TALL));
    ui.add_enabled(enabled, button).on_hover_text(help).on_disabled_hover_text(help).clicked()
}

/// A way to begin: what it is called, which values count, and what it does in full.
struct Way<'a> {
    text: &'a str,
    values: &'a str,
    help: &'a str,
    stands_out: bool,
}

/// A button that says below its name which values count.
fn way_ui(ui: &mut Ui, scene: &Scene, way: &Way) -> bool {
    let palette = scene.look.palette();
    let (ink, weak) = match (ui.is_enabled(), way.stands_out) {
        (false, _) => (palette.text_weak, palette.text_weak),
        (true, true) => (palette.on_accent, palette.on_accent.gamma_multiply(0.8)),
        (true, false) => (palette.text, palette.text_weak),
    };
    let name = ui.painter().layout_no_wrap(way.text.to_owned(), TextStyle::Button.resolve(ui.style()), ink);
    let values = ui.painter().layout_no_wrap(way.values.to_owned(), FontId::proportional(SMALL), weak);
    let room = name.size().x.max(values.size().x) + 2.0 * ui.spacing().button_padding.x;
    let button = Button::new("").min_size(vec2(if way.stands_out { room.max(132.0) } else { room }, TALL));
    let response = ui.add(if way.stands_out { button.fill(palette.accent) } else { button });
    let (middle, top) = (response.rect.center().x, response.rect.top() + 2.0);
    let bottom = response.rect.bottom() - values.size().y - 3.0;
    ui.painter().galley(pos2(middle - 0.5 * values.size().x, bottom), values, weak);
    ui.painter().galley(pos2(middle - 0.5 * name.size().x, top), name, ink);
    control::ring(ui, &response);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, ui.is_enabled(), way.text));
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(way.values));
    response.on_hover_text(way.help).clicked()
}

fn start_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let ready = !matches!(scene.phase(), Phase::Gone);
    ui.add_enabled_ui(ready, |ui| {
        let changes = scene.session.script.len() + scene.session.recipe.extended.len();
        // A script that no run on show has made was written down by somebody who meant it.
        let is_written = changes > 0 && scene.record.session.is_none();
        if is_written {
            repeat_ui(ui, scene, state, changes, true);
        }
        fresh_ui(ui, scene, state, changes, !is_written);
        if changes > 0 && !is_written {
            repeat_ui(ui, scene, state, changes, false);
        }
        if scene.phase() == Phase::Opening && scene.workspace.status.total > 0 {
            let help = scene.t("What has come stays in the cache; the next fetch goes on from there");
            if button(ui, true, scene.t("Stop fetching"), help) {
                state.ask(Action::Stop);
            }
        }
        if can_continue(scene) && state.held.is_none() {
            let way = Way {
                text: scene.t("Continue the run"),
                values: scene.t("with its own values"),
                help: scene
                    .t("Go on with the last run from its last checkpoint, with its own prompt, recipe and knobs"),
                stands_out: false,
            };
            if way_ui(ui, scene, &way) {
                state.ask(Action::Continue);
            }
        }
        more_steps_ui(ui, scene, state);
        saved_ui(ui, scene);
    });
}

/// A run that has ended can go on for more steps: to what the recipe asks for by now, or by a share
/// of what is done.
fn more_steps_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let (done, record) = (scene.record.step, scene.record);
    if state.held.is_some()
        || !scene.belonging.run()
        || record.outcome.is_none()
        || scene.session.run.is_none()
        || record.checkpoints.is_empty()
        || done == 0
    {
        return;
    }
    let asked = Some(scene.session.recipe.steps).filter(|steps| *steps > done);
    let shares = [done + done.div_ceil(4), done + done.div_ceil(2), done * 2];
    let button = Button::new(scene.t("More steps…")).min_size(vec2(0.0, TALL));
    let (response, _) = egui::containers::menu::MenuButton::from_button(button).ui(ui, |ui| {
        let mut offers: Vec<u64> = asked.into_iter().chain(shares).collect();
        offers.sort_unstable();
        offers.dedup();
        for steps in offers {
            if ui.button(format!("{} {}", scene.t("up to step"), grouped(steps))).clicked() {
                state.ask(Action::Extend(steps));
            }
        }
    });
    response.on_hover_text(scene.t(
        "Go on with the run from its last checkpoint, moments included; for another number raise Steps in the recipe",
    ));
}

/// Which student lies in the run's folder.
fn saved_ui(ui: &mut Ui, scene: &Scene) {
    let Some(outcome) = &scene.record.outcome else { return };
    let Some(saved) = &outcome.saved else { return };
    let mut text = format!("{} {}", scene.t("saved the student of step"), grouped(saved.step));
    if !scene.belonging.run() {
        text = format!("{} · {text}", scene.run_name());
    }
    if let Some((measure, value)) = &saved.best {
        text = format!("{text} · {} {value:.3}", curve_name(scene, measure));
    }
    let mut help = strings::heard(scene.look.language, &outcome.reason).into_owned();
    if let Some(folder) = &saved.folder {
        text = format!("{text} · {}", short_path(folder));
        help = format!("{help}\n{}", folder.display());
    }
    ui.add(egui::Label::new(RichText::new(text).weak()).truncate().selectable(false)).on_hover_text(help);
}

/// The run's folder: where it lies, how large it is, and by a click what is in it.
fn folder_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let Some(folder) = scene.folder.filter(|folder| scene.record.out.as_ref() == Some(&folder.path)) else { return };
    let text = RichText::new(format!("{} · {}", short_path(&folder.path), control::bytes(folder.bytes)));
    let help = format!("{}\n{}", scene.t("The run's folder; click to open it"), folder.path.display());
    if ui.add(egui::Link::new(text)).on_hover_text(help).clicked() {
        state.ask(Action::ShowFolder(folder.path.clone()));
    }
}

/// The last two parts of a path: enough to know it by.
fn short_path(path: &Path) -> String {
    let parts: Vec<_> = path.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}

/// What a measure on the validation part is called.
fn curve_name(scene: &Scene, measure: &str) -> String {
    let metric = Metric::ALL.into_iter().find(|metric| metric.id() == measure);
    metric.map_or_else(|| measure.to_owned(), |metric| metric_name(scene, metric).to_owned())
}

fn metric_name(scene: &Scene, metric: Metric) -> &'static str {
    match metric {
        Metric::Accuracy => scene.t("best validation accuracy"),
        Metric::MacroF1 => scene.t("best validation macro F1"),
        Metric::Loss => scene.t("lowest validation loss"),
        Metric::Agreement => scene.t("best agreement with the teacher"),
        Metric::Kl => scene.t("lowest KL to the teacher"),
    }
}

/// From step 0 with what the panel shows.
fn fresh_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, changes: usize, stands_out: bool) {
    let help = match changes {
        0 => scene.t("Train the student from step 0"),
        _ => scene.t("Train from step 0 with the knobs as they stand now; the recorded changes are dropped"),
    };
    let text = format!("▶ {}", scene.t("Start"));
    let way = Way { text: &text, values: scene.t("as the panel shows"), help, stands_out };
    if way_ui(ui, scene, &way) {
        state.ask(Action::Start { afresh: changes > 0 });
    }
}

/// The recording, change for change.
fn repeat_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, changes: usize, stands_out: bool) {
    let noun = if changes == 1 { scene.t("knob change") } else { scene.t("knob changes") };
    let text = format!("▶ {} · {changes} {noun}", scene.t("Repeat"));
    let help = scene.t("Train from step 0 and make every recorded knob change again at its step");
    let way = Way { text: &text, values: scene.t("as recorded, not as the panel shows"), help, stands_out };
    if way_ui(ui, scene, &way) {
        state.ask(Action::Start { afresh: false });
    }
}

/// A run that was stopped or killed, with a checkpoint to go on from.
fn can_continue(scene: &Scene) -> bool {
    let record = scene.record;
    let early = [crate::link::STOPPED, "target reached", "no improvement"];
    // One whose models could not be measured has its steps, and measures them when it is gone on with.
    let unfinished = record
        .outcome
        .as_ref()
        .is_none_or(|outcome| early.contains(&outcome.reason.as_str()) || !outcome.unmeasured.is_empty());
    scene.belonging.run()
        && unfinished
        && scene.session.run.is_some()
        && record.out.is_some()
        && !record.checkpoints.is_empty()
}

fn live_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let phase = scene.phase();
    if phase == Phase::Paused {
        if main_button(ui, scene, &format!("▶ {}", scene.t("Resume")), scene.t("Go on with the run (space)")) {
            state.ask(Action::Resume);
        }
    } else if main_button(
        ui,
        scene,
        &format!("⏸ {}", scene.t("Pause")),
        scene.t("Wait after the current step; everything stays loaded (space)"),
    ) {
        state.ask(Action::Pause);
    }
    if button(ui, phase.is_live(), scene.t("One step"), scene.t("One step, then pause (right arrow)")) {
        state.ask(Action::StepOnce);
    }
    rewind_ui(ui, scene, state);
    if button(ui, true, &format!("⏹ {}", scene.t("Stop")), scene.t("End the run: write a checkpoint and the student"))
    {
        state.ask(Action::Stop);
    }
}

fn rewind_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let checkpoints = &scene.record.checkpoints;
    let help = scene.t("Put the run back to a checkpoint: weights, optimiser, data and knobs");
    ui.add_enabled_ui(!checkpoints.is_empty() && scene.phase().is_live(), |ui| {
        let menu =
            egui::containers::menu::MenuButton::from_button(Button::new(scene.t("Rewind…")).min_size(vec2(0.0, TALL)));
        let (response, _) = menu.ui(ui, |ui| {
            for step in checkpoints.iter().rev() {
                let text = format!("{} {}", scene.t("to step"), grouped(*step));
                if ui.button(text).clicked() {
                    state.ask(Action::Rewind(*step));
                }
            }
            if let Some(abandoned) = &scene.record.abandoned {
                let (count, size) = (abandoned.steps.len(), control::bytes(abandoned.bytes));
                let text = format!("{} · {count} · {size}", scene.t("set aside by the last rewind"));
                let help = scene.t("Checkpoints in the run's folder, under abandoned, until the next rewind");
                ui.label(RichText::new(text).weak()).on_hover_text(help);
            }
        });
        response.on_hover_text(help).on_disabled_hover_text(scene.t("There is no checkpoint yet to go back to"));
    });
}

fn progress_ui(ui: &mut Ui, scene: &Scene, state: &UiState) {
    let status = &scene.workspace.status;
    if let Some((done, total)) = state.reading {
        let words = format!(
            "{} · {} / {}",
            scene.t("reading the journal of the run"),
            control::bytes(done),
            control::bytes(total)
        );
        bar_ui(ui, scene, done as f32 / total as f32, words);
    } else if status.total > 0 && (scene.live || status.phase == Phase::Opening) {
        let words = format!("{} / {}", grouped(status.done), grouped(status.total));
        bar_ui(ui, scene, status.done as f32 / status.total as f32, words);
    }
}

fn bar_ui(ui: &mut Ui, scene: &Scene, share: f32, words: String) {
    let width = (ui.available_width() - 12.0).clamp(60.0, 420.0);
    let bar = ProgressBar::new(share)
        .desired_width(width)
        .desired_height(6.0)
        .corner_radius(3)
        .fill(scene.look.palette().accent);
    ui.add(bar).on_hover_text(words);
}

fn notices_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let count = scene.workspace.notices.iter().filter(|remark| !remark.read).count();
    if !scene.workspace.notices.is_empty() {
        let text = match count {
            0 => scene.t("Notices").to_owned(),
            1 => format!("{count} {}", scene.t("notice")),
            _ => format!("{count} {}", scene.t("notices")),
        };
        let button = Button::selectable(state.notices_open, text).min_size(vec2(0.0, TALL));
        if ui.add(button).on_hover_text(scene.t("What the engine and the window had to say")).clicked() {
            state.notices_open = !state.notices_open;
        }
    }
}
