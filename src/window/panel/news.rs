//! What must be seen now: a run in trouble, the newest notice, a session to be recovered. Cards in
//! the flow of the window; nothing modal stands in the way.

use egui::{Button, Color32, Label, RichText, ScrollArea, Ui, vec2};

use super::Scene;
use crate::link::grouped;
use crate::record::{Remark, Trouble};
use crate::window::control;
use crate::window::state::{Action, UiState};

pub(super) fn news_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    if state.recoverable {
        recover_ui(ui, scene, state);
    }
    if let Some(trouble) = &scene.record.trouble {
        trouble_ui(ui, scene, state, trouble);
    }
    if state.notices_open {
        all_ui(ui, scene, state);
    } else if let Some(remark) = scene.record.notices.last() {
        newest_ui(ui, scene, state, remark);
    }
}

fn recover_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    control::edged_card(ui, ui.visuals().warn_fg_color, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.label(scene.t("The session of the last window was not saved. It was kept."));
            let help = scene.t("Opens the session as it was at the end");
            if ui.button(scene.t("Recover it")).on_hover_text(help).clicked() {
                state.ask(Action::Recover(true));
            }
            if ui.button(scene.t("Forget it")).on_hover_text(scene.t("Removes the kept session")).clicked() {
                state.ask(Action::Recover(false));
            }
        });
    });
}

fn trouble_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, trouble: &Trouble) {
    control::edged_card(ui, ui.visuals().error_fg_color, |ui| {
        let title = format!("{} {}", scene.t("Training paused itself at step"), grouped(trouble.step));
        ui.label(RichText::new(title).strong());
        ui.add(Label::new(&trouble.what).wrap());
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
        let help = format!("{} {}", scene.t("Back to the checkpoint at step"), grouped(checkpoint));
        let text = scene.t("Halve the learning rate and rewind");
        if ui.button(RichText::new(text).strong()).on_hover_text(help).clicked() {
            state.ask(Action::CoolDown(checkpoint));
        }
    }
    if trouble.checkpoint.is_none() && trouble.alarm.is_some() {
        let help = scene.t("There is no checkpoint from before it; a new run begins at step 0 with half the rate");
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

fn newest_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, remark: &Remark) {
    control::edged_card(ui, color(ui, remark), |ui| {
        ui.horizontal_top(|ui| {
            let width = (ui.available_width() - 90.0).max(80.0);
            ui.allocate_ui(vec2(width, 0.0), |ui| {
                ui.set_min_width(width);
                ui.add(Label::new(&remark.notice.text).wrap());
            });
            if ui.small_button(scene.t("Dismiss")).on_hover_text(scene.t("Forget all notices")).clicked() {
                state.ask(Action::ClearNotices);
            }
        });
    });
}

fn all_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    control::edged_card(ui, ui.visuals().weak_text_color(), |ui| {
        ui.horizontal(|ui| {
            ui.label(RichText::new(scene.t("Notices")).strong());
            if ui.small_button(scene.t("Clear")).on_hover_text(scene.t("Forget all notices")).clicked() {
                state.ask(Action::ClearNotices);
                state.notices_open = false;
            }
            if ui.small_button(scene.t("Fold")).on_hover_text(scene.t("Show the newest only")).clicked() {
                state.notices_open = false;
            }
        });
        ScrollArea::vertical().id_salt("notices").max_height(160.0).auto_shrink([false, true]).show(ui, |ui| {
            for remark in scene.record.notices.iter().rev() {
                ui.add(Label::new(RichText::new(&remark.notice.text).color(color(ui, remark))).wrap());
            }
        });
    });
}
