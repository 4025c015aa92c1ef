//! What must be seen now: a run in trouble, the newest notice. Cards in
//! the flow of the window; nothing modal stands in the way.

use egui::{Align2, Area, Button, Color32, Frame, Id, Key, Label, RichText, ScrollArea, Ui, vec2};

use super::Scene;
use crate::link::grouped;
use crate::record::{Remark, Trouble};
use crate::window::act::LEARNING_RATE;
use crate::window::control;
use crate::window::state::{Action, UiState};

pub(super) fn news_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    if let Some(trouble) = &scene.record.trouble {
        trouble_ui(ui, scene, state, trouble);
    }
    if let Some((place, remark)) = scene.workspace.notices.newest(scene.live).filter(|_| !state.notices_open) {
        newest_ui(ui, scene, state, place, remark);
    }
}

fn trouble_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, trouble: &Trouble) {
    control::edged_card(ui, ui.visuals().error_fg_color, |ui| {
        let title = format!("{} {}", scene.t("Training paused itself at step"), grouped(trouble.step));
        ui.label(RichText::new(title).strong());
        ui.add(Label::new(scene.says(&trouble.what)).wrap());
        if scene.record.step < trouble.step {
            let back = format!("{} {}.", scene.t("The run is back at step"), grouped(scene.record.step));
            ui.label(RichText::new(back).weak());
        }
        ui.add_space(4.0);
        ui.horizontal(|ui| remedies_ui(ui, scene, state, trouble));
    });
}

fn remedies_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, trouble: &Trouble) {
    let rewound = scene.record.step < trouble.step;
    if let Some(checkpoint) = trouble.checkpoint.filter(|_| !rewound) {
        let then = scene.record.knob_at(LEARNING_RATE, checkpoint);
        let half =
            then.map(|rate| format!("; {} {}", scene.t("the learning rate is then"), control::exact(rate / 2.0)));
        let back = format!("{} {}", scene.t("Back to the checkpoint at step"), grouped(checkpoint));
        let help = format!("{back}{}", half.unwrap_or_default());
        let text = scene.t("Halve the learning rate and rewind");
        if ui.button(RichText::new(text).strong()).on_hover_text(help).clicked() {
            state.ask(Action::CoolDown(checkpoint));
        }
    }
    if trouble.checkpoint.is_none() && trouble.alarm.is_some() {
        let help = scene.t("There is no checkpoint from before it; a new run begins at step 0 with half the rate");
        let rate = scene.requested.values.get(LEARNING_RATE).map(|rate| control::exact(rate / 2.0));
        let help = rate.map_or_else(|| help.to_owned(), |rate| format!("{help}: {rate}"));
        let text = scene.t("Halve the learning rate and start again");
        if ui.button(RichText::new(text).strong()).on_hover_text(help).clicked() {
            state.ask(Action::StartCooler);
        }
    }
    let (text, help) = match trouble.alarm {
        Some(_) if !rewound => {
            (scene.t("Go on anyway"), scene.t("Go on from here; it is not said again until the run has recovered"))
        }
        _ => (scene.t("Resume training"), scene.t("Go on from here")),
    };
    if ui.add(Button::new(format!("▶ {text}"))).on_hover_text(help).clicked() {
        state.ask(Action::Resume);
    }
    if ui
        .button(scene.t("Stop the run"))
        .on_hover_text(scene.t("End the run: write a checkpoint and the student"))
        .clicked()
    {
        state.ask(Action::Stop);
    }
}

fn color(ui: &Ui, remark: &Remark) -> Color32 {
    if remark.grave { ui.visuals().error_fg_color } else { ui.visuals().warn_fg_color }
}

fn newest_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, place: usize, remark: &Remark) {
    control::edged_card(ui, color(ui, remark), |ui| {
        ui.horizontal_top(|ui| {
            let width = (ui.available_width() - 90.0).max(80.0);
            ui.allocate_ui(vec2(width, 0.0), |ui| {
                ui.set_min_width(width);
                ui.vertical(|ui| {
                    ui.add(Label::new(scene.says(&remark.notice.text)).wrap());
                    ui.label(RichText::new(origin(scene, remark)).small().weak());
                });
            });
            let help = scene.t("It stays in the list of notices");
            if ui.small_button(scene.t("Dismiss")).on_hover_text(help).clicked() {
                state.ask(Action::Dismiss(Some(place)));
            }
        });
    });
}

/// Who said it, at which step, and how long ago.
fn origin(scene: &Scene, remark: &Remark) -> String {
    let who = if remark.from_engine { scene.t("engine") } else { scene.t("window") };
    let step = remark.step.map(|step| format!("{} {}", scene.t("step"), grouped(step)));
    let ago = remark.heard.map(|heard| scene.ago(heard.elapsed()));
    [Some(who.to_owned()), step, ago].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Every notice, those that were read as well, above the button that shows them.
pub(super) fn list_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    if !state.notices_open || scene.workspace.notices.is_empty() {
        return;
    }
    if ui.input(|input| input.key_pressed(Key::Escape)) {
        state.notices_open = false;
        return;
    }
    let place = Area::new(Id::unique("all notices")).anchor(Align2::RIGHT_BOTTOM, vec2(-12.0, -56.0));
    place.show(ui.ctx(), |ui| {
        Frame::popup(ui.style()).show(ui, |ui| {
            ui.set_width(460.0);
            head_ui(ui, scene, state);
            let area = ScrollArea::vertical().id_salt("notices").max_height(300.0).min_scrolled_height(300.0);
            let area = area.auto_shrink([false, true]);
            area.show(ui, |ui| {
                for (place, remark) in scene.workspace.notices.iter().enumerate().rev() {
                    one_ui(ui, scene, state, place, remark);
                }
            });
        });
    });
}

fn head_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(scene.t("Notices")).strong());
        let help = scene.t("They stay in this list");
        if ui.small_button(scene.t("Dismiss all")).on_hover_text(help).clicked() {
            state.ask(Action::Dismiss(None));
        }
        if ui.small_button(scene.t("Fold")).on_hover_text(scene.t("Show the newest only")).clicked() {
            state.notices_open = false;
        }
    });
}

fn one_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, place: usize, remark: &Remark) {
    ui.separator();
    ui.horizontal(|ui| {
        ui.label(RichText::new(origin(scene, remark)).small().weak());
        if remark.read {
            ui.label(RichText::new(scene.t("read")).small().weak());
        } else if ui.small_button(scene.t("Mark as read")).clicked() {
            state.ask(Action::Dismiss(Some(place)));
        }
    });
    let ink = if remark.read { ui.visuals().weak_text_color() } else { color(ui, remark) };
    ui.add(Label::new(RichText::new(scene.says(&remark.notice.text)).color(ink)).wrap());
}
