//! What is kept for the person, and what somebody else keeps: sessions that others took the place of, a
//! student that could not be written, a run that another process has loaded. Each card names the ways on.

use egui::{Align2, Key, Label, RichText, Ui, Window, vec2};

use super::Scene;
use crate::link::{Phase, Unwritten, grouped};
use crate::session::Say;
use crate::session::run_folder::Held;
use crate::window::control;
use crate::window::kept::Kept;
use crate::window::state::{Action, FileQuestion, UiState};

pub(super) fn keeping_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    if let Some(held) = state.held.clone().filter(|_| !scene.live) {
        held_ui(ui, scene, state, &held);
    }
    if let Some(unwritten) = &scene.workspace.unwritten {
        unwritten_ui(ui, scene, state, unwritten);
    }
    if state.kept_shown
        && let Some((newest, older)) = scene.kept.split_last()
    {
        kept_ui(ui, scene, state, newest, older);
    }
}

fn held_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, held: &Held) {
    control::edged_card(ui, ui.visuals().warn_fg_color, |ui| {
        ui.label(RichText::new(scene.t("This run is open in another process")).strong());
        let who = held
            .holder
            .as_ref()
            .map_or_else(|| scene.t("It does not say which.").to_owned(), |holder| scene.says(&holder.said()));
        line(ui, &who);
        line(ui, &held.folder.display().to_string());
        let told = scene.t("What it has written so far is shown. Only one process can go on with a run.");
        ui.add(Label::new(RichText::new(told).weak()).wrap());
        ui.add_space(4.0);
        ui.horizontal_wrapped(|ui| {
            let ways = [
                (
                    scene.t("Start afresh"),
                    scene.t("Trains from step 0 in a folder of its own; that run is left alone"),
                    Action::Start { afresh: true },
                ),
                (
                    scene.t("Open a copy"),
                    scene.t("Shows curves and answers as they are now, without the folder: nothing is written there"),
                    Action::OpenCopy,
                ),
                (
                    scene.t("Look again"),
                    scene.t("Reads the run once more: it may have come to its end"),
                    Action::LookAgain,
                ),
            ];
            for (name, help, action) in ways {
                if ui.button(name).on_hover_text(help).clicked() {
                    state.ask(action);
                }
            }
        });
    });
}

fn unwritten_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, unwritten: &Unwritten) {
    control::edged_card(ui, ui.visuals().error_fg_color, |ui| {
        ui.label(RichText::new(scene.t("The trained student could not be written")).strong());
        line(ui, &scene.says(&unwritten.reason));
        let told = scene.t("It is kept in memory until it is written or let go.");
        let told = format!("{told} {} · {}", control::bytes(unwritten.bytes), unwritten.out.display());
        ui.add(Label::new(RichText::new(told).weak()).wrap());
        ui.add_space(4.0);
        ui.horizontal_wrapped(|ui| {
            let again = RichText::new(scene.t("Write it again")).strong();
            if ui.button(again).on_hover_text(scene.t("Into the run's folder, once there is room")).clicked() {
                state.ask(Action::WriteStudent(None));
            }
            let help = scene.t("Into a folder on another disk");
            if ui.button(scene.t("Write elsewhere…")).on_hover_text(help).clicked() {
                state.ask(Action::Ask(Some(FileQuestion::WriteStudent)));
            }
            let help = scene.t("The student is lost; the run can be continued from its newest checkpoint");
            if ui.button(scene.t("Let it go")).on_hover_text(help).clicked() {
                state.ask(Action::DropStudent);
            }
        });
    });
}

/// Asks whether the window may close, while that loses something.
pub(super) fn closing_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let loses = scene.live || scene.workspace.unwritten.is_some();
    if !state.closing || !loses {
        // What there was to lose is safe by now.
        state.closing = false;
        return;
    }
    if ui.input(|input| input.key_pressed(Key::Escape)) {
        return state.ask(Action::Close(false));
    }
    let window = Window::new(scene.t("Close the window?")).collapsible(false).resizable(false);
    window.anchor(Align2::CENTER_CENTER, vec2(0.0, -60.0)).show(ui.ctx(), |ui| {
        ui.set_width(420.0);
        if scene.live {
            let text = scene.t("A run is under way. Closing keeps a checkpoint, from which it can be continued. Step");
            line(ui, &format!("{text} {}", grouped(scene.record.step)));
        }
        if scene.workspace.unwritten.is_some() {
            line(ui, scene.t("The trained student is not written yet, and is lost when the window closes."));
        }
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            let running = scene.live && scene.phase() != Phase::Paused;
            let stay = if running { scene.t("Keep running") } else { scene.t("Keep it open") };
            let stays = ui.button(RichText::new(stay).strong());
            if ui.memory(|memory| memory.focused()).is_none() {
                stays.request_focus();
            }
            control::ring(ui, &stays);
            if stays.clicked() {
                state.ask(Action::Close(false));
            }
            if ui.button(scene.t("Close")).on_hover_text(scene.t("Ends the program")).clicked() {
                state.ask(Action::Close(true));
            }
        });
    });
}

fn kept_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, newest: &Kept, older: &[Kept]) {
    control::edged_card(ui, ui.visuals().warn_fg_color, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.label(scene.t("A session that was not saved is kept:"));
            one_ui(ui, scene, state, newest);
            if ui.button(scene.t("Later")).on_hover_text(scene.t("It stays kept, under Session")).clicked() {
                state.ask(Action::ShowKept(false));
            }
        });
        if !older.is_empty() {
            let more = format!("{}: {}", scene.t("earlier"), older.len());
            ui.collapsing(more, |ui| {
                for kept in older.iter().rev() {
                    ui.horizontal_wrapped(|ui| one_ui(ui, scene, state, kept));
                }
            });
        }
    });
}

fn one_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, kept: &Kept) {
    ui.label(RichText::new(&kept.name).strong());
    let run = kept.run.as_ref().map(|run| format!("{} {run}", scene.t("run")));
    let ago = kept.when.and_then(|when| when.elapsed().ok()).map(|since| scene.ago(since));
    let known: Vec<String> = [Some(kept.pair.clone()), run, ago].into_iter().flatten().collect();
    ui.label(RichText::new(known.join(" · ")).weak());
    let help = scene.t("Opens the session as it stood; the present one is kept in its place");
    if ui.button(scene.t("Recover it")).on_hover_text(help).clicked() {
        state.ask(Action::Recover(kept.number));
    }
    if ui.button(scene.t("Forget it")).on_hover_text(scene.t("Removes the kept session")).clicked() {
        state.ask(Action::Forget(kept.number));
    }
}

fn line(ui: &mut Ui, text: &str) {
    ui.add(Label::new(text).wrap());
}
