//! What is kept of teachers on the disk, beside the choice of what to keep: its size, what the check-up has measured of
//! it, and room made after a question. Answers that were paid are never removed from here.

use egui::{Label, RichText, Ui};

use crate::link::checkup::{Grade, Subject};
use crate::link::{KeptFiles, KeptOnDisk, human_bytes};
use crate::window::control;
use crate::window::panel::Scene;
use crate::window::state::{Action, UiState};

pub(super) fn kept_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    // Looked at anew when a run begins or ends: it has kept more by then.
    if state.disk_asked != Some(scene.live) {
        state.disk_asked = Some(scene.live);
        state.ask(Action::ListKept);
    }
    measured_ui(ui, scene, state);
    let Some(disk) = scene.disk else { return };
    let help = scene.t("Rows of all runs and teachers, which can be made again, and answers about classes");
    control::row(ui, scene.t("On disk"), help, |ui| {
        let room = disk.rows.without(disk.used);
        let clear = ui.add_enabled(room.files > 0, egui::Button::new(scene.t("Clear rows…")).small());
        let clear = clear.on_hover_text(scene.t("Asks before it removes anything"));
        if clear.on_disabled_hover_text(scene.t("There are no rows that could be removed")).clicked() {
            state.clearing = true;
        }
        ui.add(Label::new(format!("{} {}", human_bytes(disk.rows.bytes), scene.t("of rows"))).truncate());
    });
    if state.clearing {
        question_ui(ui, scene, state, disk);
    }
    notes_ui(ui, scene, disk);
}

/// What the check-up has measured of the rows as they are to be kept, as long as it is of this choice.
fn measured_ui(ui: &mut Ui, scene: &Scene, state: &UiState) {
    let rows = scene.session.recipe.teacher_rows;
    let is_of_these = state.examined.as_ref().is_some_and(|then| then.recipe.teacher_rows == rows);
    let finding = scene.workspace.checkup.as_ref().filter(|_| is_of_these).and_then(|it| it.finding(Subject::KeptRows));
    let Some(finding) = finding else { return };
    let figure = |name: &str| finding.figures.get(name).copied();
    let (Some(mass), Some(bytes), Some(cosine)) = (figure("mass"), figure("bytes"), figure("cosine")) else { return };
    let words = format!(
        "{} {:.1} % · {bytes:.0} {} · {} {cosine:.3}",
        scene.t("kept of the probability"),
        100.0 * mass,
        scene.t("bytes a row"),
        scene.t("gradient cosine")
    );
    let color = if finding.grade == Grade::Green { ui.visuals().weak_text_color() } else { ui.visuals().warn_fg_color };
    ui.add(Label::new(RichText::new(words).small().color(color)).wrap()).on_hover_text(scene.says(&finding.says));
}

fn question_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, disk: &KeptOnDisk) {
    let room = disk.rows.without(disk.used);
    control::card(ui, |ui| {
        let asked = format!("{} {}?", scene.t("Remove the rows that are kept:"), in_words(scene, room));
        ui.add(Label::new(asked).wrap());
        let said = scene.t("The teacher reads their texts anew when they are needed again. Answers stay.");
        ui.add(Label::new(RichText::new(said).small().weak()).wrap());
        ui.horizontal(|ui| {
            if ui.button(scene.t("Remove rows")).clicked() {
                state.clearing = false;
                state.ask(Action::ClearRows);
            }
            if ui.button(scene.t("Keep them")).clicked() {
                state.clearing = false;
            }
        });
    });
}

/// What stays, what went, and what went wrong.
fn notes_ui(ui: &mut Ui, scene: &Scene, disk: &KeptOnDisk) {
    let said = |files: KeptFiles, words: &str| (files.files > 0).then(|| format!("{} {words}", in_words(scene, files)));
    let notes = [
        said(disk.used, scene.t("of rows are open in a run and stay")),
        said(disk.answers, scene.t("of answers by models on this machine")),
        said(disk.paid, scene.t("of answers that were paid, which only retort cache --clear --paid removes")),
        disk.removed.and_then(|removed| said(removed, scene.t("of rows were removed"))),
    ];
    for note in notes.into_iter().flatten() {
        ui.add(Label::new(RichText::new(note).small().weak()).wrap());
    }
    if let Some(problem) = &disk.problem {
        ui.add(Label::new(RichText::new(scene.says(problem)).small().color(ui.visuals().error_fg_color)).wrap());
    }
}

fn in_words(scene: &Scene, files: KeptFiles) -> String {
    let of = if files.files == 1 { scene.t("in 1 file") } else { scene.t("in several files") };
    format!("{} {of}", human_bytes(files.bytes))
}
