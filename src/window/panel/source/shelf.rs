//! The models in the cache of this machine, to pick one of.

use egui::{ScrollArea, Ui};

use super::Scene;
use super::row::{HEIGHT, Row, ending, small};
use crate::link::{Listed, ModelCatalog};
use crate::session::{MAIN, Source};
use crate::window::control;
use crate::window::dialog::DialogRequest;
use crate::window::state::{Action, UiState};

/// The models in the cache; gives the one that was clicked.
pub(super) fn shelf_ui<'a>(
    ui: &mut Ui,
    scene: &Scene<'a>,
    state: &mut UiState,
    wish: DialogRequest,
    now: &Source,
) -> Option<&'a Listed> {
    if !std::mem::replace(&mut state.shelf_asked, true) {
        state.ask(Action::ListModels);
    }
    ui.horizontal(|ui| {
        control::caption(ui, scene.t("In the cache of this machine"));
        if ui.small_button(scene.t("Look again")).on_hover_text(scene.t("Reads the cache anew")).clicked() {
            state.ask(Action::ListModels);
        }
    });
    let Some(shelf) = scene.shelf else {
        control::caption(ui, scene.t("looking…"));
        return None;
    };
    if let Some(words) = nothing(shelf, scene) {
        small(ui, &words);
        return None;
    }
    let mut picked = None;
    let id = if wish == DialogRequest::Teacher { "teacher's shelf" } else { "student's shelf" };
    ScrollArea::vertical().id_salt(id).max_height(HEIGHT).min_scrolled_height(HEIGHT).show(ui, |ui| {
        control::clear_of_bar(ui);
        for model in &shelf.models {
            if model_ui(ui, scene, wish, model, is(model, now)) {
                picked = Some(model);
            }
        }
    });
    picked
}

/// Whether a model of the cache is the one that is chosen.
fn is(model: &Listed, now: &Source) -> bool {
    let Source::Hub { repo, revision, file } = now else { return false };
    (&model.repo, &model.revision, &model.file) == (repo, revision, file)
}

/// What is said in place of an empty list.
fn nothing(shelf: &ModelCatalog, scene: &Scene) -> Option<String> {
    match &shelf.problem {
        Some(problem) => Some(scene.says(problem)),
        None if shelf.models.is_empty() => Some(format!("{} {}", scene.t("No models in"), shelf.cache.display())),
        None => None,
    }
}

/// One model: a dot that says whether it fits, its name, its figures. True if it was clicked.
fn model_ui(ui: &mut Ui, scene: &Scene, wish: DialogRequest, model: &Listed, chosen: bool) -> bool {
    let palette = scene.look.palette();
    let (needs, fits) = match wish {
        DialogRequest::Teacher => (model.teacher_bytes, model.fits_as_teacher),
        _ => (model.student_bytes, model.fits_as_student),
    };
    let problem = problem(scene, wish, model);
    let color = match (&problem, fits) {
        (Some(_), _) => palette.bad,
        (None, Some(false)) => palette.warn,
        (None, _) => palette.good,
    };
    let (label, name) = match &model.file {
        Some(file) => (format!("{} {file}", model.repo), ending(file)),
        None => (model.repo.clone(), model.repo.clone()),
    };
    let row = Row { label: &label, name: &name, figures: &figures(model), chosen, color: Some(color) };
    let row = ui.add_enabled_ui(problem.is_none(), |ui| row.ui(ui, scene));
    let words = problem.unwrap_or_else(|| remark(scene, model, needs, fits));
    row.inner.on_hover_text(&words).on_disabled_hover_text(words).clicked()
}

fn figures(model: &Listed) -> String {
    let repo = model.file.as_ref().map(|_| format!("{} · ", model.repo)).unwrap_or_default();
    let architecture = model.architecture.as_deref().unwrap_or("?");
    let parameters = model.parameters.map_or(String::new(), |count| format!(" · {}", control::short(count)));
    let revision = if model.revision == MAIN { String::new() } else { format!(" · {:.12}", model.revision) };
    format!("{repo}{architecture}{parameters} · {}{revision}", control::bytes(model.disk_bytes))
}

/// Why it cannot stand in this place.
fn problem(scene: &Scene, wish: DialogRequest, model: &Listed) -> Option<String> {
    let quantised = wish == DialogRequest::Student && model.parameters.is_some() && model.student_bytes.is_none();
    let words = scene.t("A GGUF file is frozen: it can teach, not learn");
    model.problem.as_ref().map(|problem| scene.says(problem)).or_else(|| quantised.then(|| words.to_owned()))
}

/// What it needs.
fn remark(scene: &Scene, model: &Listed, needs: Option<u64>, fits: Option<bool>) -> String {
    let verdict = if fits == Some(false) { scene.t("more than there is") } else { scene.t("it fits") };
    match needs {
        Some(bytes) => format!("{} {} · {verdict}", scene.t("Memory for it in this place:"), control::bytes(bytes)),
        None => model.repo.clone(),
    }
}
