//! The task of a run, its choices, and of tasks over tokens what is kept of the teacher's rows.

use egui::{Id, Ui};

use crate::session::{Recipe, TaskKind, TeacherRows};
use crate::window::control::{self, Count, Percent};
use crate::window::panel::Scene;

/// Outcomes that are kept of a row where a person chooses to keep some.
const KEPT: usize = 50;

/// The kinds of tasks, without their choices.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Classes,
    Next,
    Masked,
}

impl Kind {
    fn of(task: TaskKind) -> Self {
        match task {
            TaskKind::Classes => Self::Classes,
            TaskKind::NextToken { .. } => Self::Next,
            TaskKind::MaskedToken { .. } => Self::Masked,
        }
    }

    fn task(self) -> TaskKind {
        match self {
            Self::Classes => TaskKind::Classes,
            Self::Next => TaskKind::NEXT_TOKEN,
            Self::Masked => TaskKind::MASKED_TOKEN,
        }
    }
}

pub(super) fn task_ui(ui: &mut Ui, scene: &Scene, recipe: &mut Recipe) {
    let all = [
        (Kind::Classes, scene.t("classes"), scene.t("Which class a text is of; teacher and student need no vocabulary in common")),
        (Kind::Next, scene.t("next token"), scene.t("The next token of running text, of completions behind prompts, or of what the assistant says; for models that write")),
        (Kind::Masked, scene.t("masked"), scene.t("Tokens that were taken out of a text; for encoders, and spans for encoder–decoders")),
    ];
    control::choices(ui, scene.t("Task"), scene.t("What is asked of a text, and so what the losses compare"), |ui| {
        if let Some(kind) = control::segments(ui, Kind::of(recipe.task), &all) {
            recipe.task = kind.task();
        }
    });
    match &mut recipe.task {
        TaskKind::Classes => {}
        TaskKind::NextToken { packed, learn_prompt } => {
            packed_ui(ui, scene, packed);
            let help = scene.t("Learn the prompt and the marks of a chat as well, not the completion alone");
            control::row(ui, scene.t("Prompt"), help, |ui| ui.checkbox(learn_prompt, scene.t("learned, too")));
        }
        TaskKind::MaskedToken { packed, share, whole_words, .. } => {
            packed_ui(ui, scene, packed);
            share_ui(ui, scene, share);
            let help = scene.t("Of an encoder: all tokens of a word are taken out together");
            control::row(ui, scene.t("Words"), help, |ui| ui.checkbox(whole_words, scene.t("taken whole")));
        }
    }
    if !recipe.task.is_classes() {
        rows_ui(ui, scene, recipe);
    }
    stay_in_view(ui, scene.session.recipe.task);
}

/// A task takes what it does not need away from the sections above it, and would move out of the view by that.
fn stay_in_view(ui: &Ui, task: TaskKind) {
    let id = Id::unique("task in view");
    let before = ui.data_mut(|data| data.get_temp::<TaskKind>(id));
    ui.data_mut(|data| data.insert_temp(id, task));
    if before.is_some_and(|before| Kind::of(before) != Kind::of(task)) {
        ui.scroll_to_rect(ui.min_rect(), None);
    }
}

fn packed_ui(ui: &mut Ui, scene: &Scene, packed: &mut bool) {
    let help = scene.t("Running texts stand one behind the other and are cut into blocks as long as the student reads; otherwise each begins anew");
    control::row(ui, scene.t("Texts"), help, |ui| ui.checkbox(packed, scene.t("packed into blocks")));
}

fn share_ui(ui: &mut Ui, scene: &Scene, share: &mut f64) {
    control::row(ui, scene.t("Taken out"), scene.t("Share of the tokens that is taken out"), |ui| {
        let width = ui.available_width();
        let field = Percent { key: "share", range: 1.0..=90.0, prefix: "", suffix: "", width };
        *share = field.ui(ui, scene.look, *share).value.unwrap_or(*share);
    });
}

/// What is kept of the teacher's rows; the number of outcomes stands below where it matters.
fn rows_ui(ui: &mut Ui, scene: &Scene, recipe: &mut Recipe) {
    let kept = recipe.teacher_rows.k().unwrap_or(KEPT);
    let all = [
        (TeacherRows::Live, scene.t("asked anew"), scene.t("The teacher reads every batch anew and every outcome is compared")),
        (TeacherRows::TopK(kept), scene.t("likeliest"), scene.t("The likeliest outcomes of each row and the sum of the others are kept on the disk; the check-up tells what is lost")),
        (TeacherRows::Whole, scene.t("whole"), scene.t("Every outcome of each row is kept on the disk: exact, and large")),
    ];
    control::choices(ui, scene.t("Teacher's rows"), scene.t("What is kept of what the teacher says"), |ui| {
        if let Some(rows) = control::segments(ui, recipe.teacher_rows, &all) {
            recipe.teacher_rows = rows;
        }
    });
    if let TeacherRows::TopK(k) = &mut recipe.teacher_rows {
        let help = scene.t("So many likeliest outcomes of each row are kept");
        control::row(ui, scene.t("Outcomes kept"), help, |ui| {
            let field = Count { key: "kept outcomes", range: 1..=4096, zero: "" };
            *k = field.ui(ui, scene.look, *k as u64).map_or(*k, |k| k as usize);
        });
    }
}
