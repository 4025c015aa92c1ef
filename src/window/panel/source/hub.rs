//! A model of the Hugging Face Hub: by name, one of its GGUF files, or picked from the cache.

use egui::{Color32, Id, Pos2, Response, RichText, ScrollArea, Sense, TextStyle, TextWrapMode, Ui, vec2};

use super::Scene;
use crate::link::{Listed, Repository, RepositoryFile, Shelf};
use crate::session::{MAIN, Source};
use crate::window::control;
use crate::window::dialog::Wish;
use crate::window::state::{Action, UiState};

/// A list is never taller than this.
const SHELF: f32 = 148.0;
/// Letters of a file's name that fit into a row; of a longer one the end is shown, which tells
/// quantisations apart.
const LETTERS: usize = 38;

/// Gives the new source.
pub(super) fn hub_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, wish: Wish, now: &Source) -> Option<Source> {
    let Source::Hub { repo, revision, file } = now else { return None };
    let id = if wish == Wish::Teacher { "teacher on the Hub" } else { "student on the Hub" };
    let help = scene.t("The model's name on the Hub; Enter takes it, and fetches what the cache lacks");
    let name = control::row(ui, scene.t("Name"), help, |ui| {
        control::draft(ui, state, Id::unique(id), repo, scene.t("owner/name"), f32::INFINITY)
    });
    let help = scene.t("Branch, tag or commit");
    let version = control::row(ui, scene.t("Revision"), help, |ui| {
        control::draft(ui, state, Id::unique(id).with("revision"), revision, MAIN, f32::INFINITY)
    });
    let chosen = match wish {
        Wish::Teacher if !repo.is_empty() => files_ui(ui, scene, state, (repo, revision), file.as_deref()),
        _ => None,
    };
    if let Some(file) = chosen {
        return Some(Source::Hub { repo: repo.clone(), revision: revision.clone(), file });
    }
    if let Some(Listed { repo, revision, file, .. }) = shelf_ui(ui, scene, state, wish, now) {
        return Some(Source::Hub { repo: repo.clone(), revision: revision.clone(), file: file.clone() });
    }
    let version = version.map(|text| if text.trim().is_empty() { MAIN.to_owned() } else { text.trim().to_owned() });
    (name.is_some() || version.is_some()).then(|| {
        let source = name.map_or_else(|| now.clone(), |text| Source::hub(text.trim()));
        source.at(version.unwrap_or_else(|| revision.clone()))
    })
}

// ---- the repository

/// The models in the repository's GGUF files; gives the one that was clicked, or none for the model
/// as a whole.
fn files_ui(
    ui: &mut Ui,
    scene: &Scene,
    state: &mut UiState,
    now: (&str, &str),
    chosen: Option<&str>,
) -> Option<Option<String>> {
    let place = (now.0.to_owned(), now.1.to_owned());
    ui.horizontal(|ui| {
        control::caption(ui, scene.t("GGUF files on the Hub"));
        let help = scene.t("Asks the Hub which GGUF files this repository has");
        if ui.small_button(scene.t("List them")).on_hover_text(help).clicked() {
            state.ask(Action::ListFiles { repo: place.0.clone(), revision: place.1.clone() });
        }
    });
    let known = scene.repository.filter(|known| (known.repo.as_str(), known.revision.as_str()) == now);
    match (known, chosen) {
        (Some(Repository { problem: Some(problem), .. }), _) => small(ui, problem),
        (Some(known), _) if known.files.is_empty() => small(ui, scene.t("It has none")),
        (Some(known), _) => return rows_ui(ui, scene, known, chosen),
        (None, _) if state.files_asked == Some(place) => small(ui, scene.t("looking…")),
        (None, Some(file)) => small(ui, file),
        (None, None) => {}
    }
    None
}

fn rows_ui(ui: &mut Ui, scene: &Scene, known: &Repository, chosen: Option<&str>) -> Option<Option<String>> {
    let mut picked = None;
    let area = ScrollArea::vertical().id_salt("files on the Hub").max_height(SHELF);
    area.show(ui, |ui| {
        control::clear_of_bar(ui);
        let whole = Row {
            label: scene.t("The model as a whole"),
            name: scene.t("The model as a whole"),
            figures: "safetensors",
            chosen: chosen.is_none(),
            color: None,
        };
        if known.whole && whole.ui(ui, scene).clicked() {
            picked = Some(None);
        }
        for file in &known.files {
            let (name, figures) = (ending(&file.name), size(scene, file));
            let is_chosen = chosen == Some(file.name.as_str());
            let row = Row { label: &file.name, name: &name, figures: &figures, chosen: is_chosen, color: None };
            if row.ui(ui, scene).on_hover_text(&file.name).clicked() {
                picked = Some(Some(file.name.clone()));
            }
        }
    });
    picked
}

fn size(scene: &Scene, file: &RepositoryFile) -> String {
    let parts = (file.parts > 1).then(|| format!("{} {}", file.parts, scene.t("parts")));
    file.bytes.map(control::bytes).into_iter().chain(parts).collect::<Vec<_>>().join(" · ")
}

/// The end of a name that is too long for a row.
fn ending(name: &str) -> String {
    match name.char_indices().rev().nth(LETTERS) {
        Some((at, letter)) => format!("…{}", &name[at + letter.len_utf8()..]),
        None => name.to_owned(),
    }
}

fn small(ui: &mut Ui, words: &str) {
    ui.add(egui::Label::new(RichText::new(words).small().weak()).wrap());
}

// ---- the cache

/// The models in the cache; gives the one that was clicked.
fn shelf_ui<'a>(ui: &mut Ui, scene: &Scene<'a>, state: &mut UiState, wish: Wish, now: &Source) -> Option<&'a Listed> {
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
    let id = if wish == Wish::Teacher { "teacher's shelf" } else { "student's shelf" };
    ScrollArea::vertical().id_salt(id).max_height(SHELF).min_scrolled_height(SHELF).show(ui, |ui| {
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
fn nothing(shelf: &Shelf, scene: &Scene) -> Option<String> {
    match &shelf.problem {
        Some(problem) => Some(problem.clone()),
        None if shelf.models.is_empty() => Some(format!("{} {}", scene.t("No models in"), shelf.cache.display())),
        None => None,
    }
}

/// One model: a dot that says whether it fits, its name, its figures. True if it was clicked.
fn model_ui(ui: &mut Ui, scene: &Scene, wish: Wish, model: &Listed, chosen: bool) -> bool {
    let palette = scene.look.palette();
    let (needs, fits) = match wish {
        Wish::Teacher => (model.teacher_bytes, model.fits_as_teacher),
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
fn problem(scene: &Scene, wish: Wish, model: &Listed) -> Option<String> {
    let quantised = wish == Wish::Student && model.parameters.is_some() && model.student_bytes.is_none();
    let words = scene.t("A GGUF file is frozen: it can teach, not learn");
    model.problem.clone().or_else(|| quantised.then(|| words.to_owned()))
}

/// What it needs.
fn remark(scene: &Scene, model: &Listed, needs: Option<u64>, fits: Option<bool>) -> String {
    let verdict = if fits == Some(false) { scene.t("more than there is") } else { scene.t("it fits") };
    match needs {
        Some(bytes) => format!("{} {} · {verdict}", scene.t("Memory for it in this place:"), control::bytes(bytes)),
        None => model.repo.clone(),
    }
}

// ---- a row

/// What can be clicked: a name and its figures below, a dot before it where something is to be said.
struct Row<'a> {
    label: &'a str,
    name: &'a str,
    figures: &'a str,
    chosen: bool,
    color: Option<Color32>,
}

impl Row<'_> {
    fn ui(self, ui: &mut Ui, scene: &Scene) -> Response {
        let palette = scene.look.palette();
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 38.0), Sense::click());
        let (chosen, label) = (self.chosen, self.label);
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, ui.is_enabled(), chosen, label));
        if chosen || response.hovered() {
            let fill = if chosen { palette.accent_soft } else { palette.button };
            ui.painter().rect_filled(rect, 4, fill);
        }
        let indent = if self.color.is_some() { 22.0 } else { 8.0 };
        if let Some(color) = self.color {
            ui.painter().circle_filled(rect.left_top() + vec2(12.0, 12.0), 4.0, color);
        }
        let name = Label { text: self.name, style: TextStyle::Body, color: palette.text };
        let figures = Label { text: self.figures, style: TextStyle::Small, color: palette.text_weak };
        name.paint(ui, rect.left_top() + vec2(indent, 3.0), rect.width() - indent - 6.0);
        figures.paint(ui, rect.left_top() + vec2(indent, 21.0), rect.width() - indent - 6.0);
        response
    }
}

/// Text that belongs to a row and has no voice of its own.
struct Label<'a> {
    text: &'a str,
    style: TextStyle,
    color: Color32,
}

impl Label<'_> {
    /// Paints it, cut to `width`.
    fn paint(self, ui: &Ui, place: Pos2, width: f32) {
        let text = egui::WidgetText::from(RichText::new(self.text).color(self.color));
        let galley = text.into_galley(ui, Some(TextWrapMode::Truncate), width, self.style);
        ui.painter().galley(place, galley, self.color);
    }
}
