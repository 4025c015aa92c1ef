//! Where a model comes from: built in, a folder, the Hugging Face Hub and its cache, a server.

use std::path::Path;

use egui::{Color32, Id, Pos2, RichText, ScrollArea, Sense, TextStyle, TextWrapMode, Ui, vec2};

use super::Scene;
use super::server::server_ui;
use crate::link::{Listed, Shelf};
use crate::session::{MAIN, ServerMode, Source};
use crate::window::control::{self, PathAnswer};
use crate::window::dialog::Wish;
use crate::window::state::{Action, UiState};

/// The list of the cache is never taller than this.
const SHELF: f32 = 148.0;

/// What the model list can choose.
#[derive(Clone, PartialEq)]
enum Pick {
    Nobody,
    BuiltIn(String),
    Folder,
    Hub,
    Server,
}

/// Gives the new source: `Some(None)` is nobody.
pub(super) fn source_ui(
    ui: &mut Ui,
    scene: &Scene,
    state: &mut UiState,
    wish: Wish,
    now: Option<&Source>,
) -> Option<Option<Source>> {
    let help = scene.t("A built-in model, a folder, the Hugging Face Hub, or a server");
    let picked = control::row(ui, scene.t("Model"), help, |ui| pick_ui(ui, scene, wish, now));
    if let Some(pick) = picked {
        return Some(pick.source());
    }
    let changed = match now? {
        Source::BuiltIn(_) => None,
        Source::Folder(folder) => folder_ui(ui, scene, state, wish, folder),
        Source::Hub { repo, revision } => hub_ui(ui, scene, state, wish, (repo, revision)),
        server @ Source::Server { .. } => server_ui(ui, scene, state, server),
    };
    changed.map(Some)
}

impl Pick {
    fn of(source: Option<&Source>) -> Self {
        match source {
            None => Self::Nobody,
            Some(Source::BuiltIn(name)) => Self::BuiltIn(name.clone()),
            Some(Source::Folder(_)) => Self::Folder,
            Some(Source::Hub { .. }) => Self::Hub,
            Some(Source::Server { .. }) => Self::Server,
        }
    }

    /// The source as it stands before anything about it is known.
    fn source(self) -> Option<Source> {
        match self {
            Self::Nobody => None,
            Self::BuiltIn(name) => Some(Source::BuiltIn(name)),
            Self::Folder => Some(Source::Folder(Default::default())),
            Self::Hub => Some(Source::Hub { repo: String::new(), revision: MAIN.to_owned() }),
            Self::Server => Some(Source::Server {
                url: String::new(),
                model: String::new(),
                mode: ServerMode::default(),
                key: None,
                token_limit: None,
            }),
        }
    }
}

fn pick_ui(ui: &mut Ui, scene: &Scene, wish: Wish, now: Option<&Source>) -> Option<Pick> {
    let teaches = wish == Wish::Teacher;
    let mut all: Vec<(Pick, &str, &str)> = Vec::new();
    if teaches {
        all.push((Pick::Nobody, scene.t("None"), scene.t("Train on the labels alone")));
    }
    for entry in &scene.catalog.models {
        all.push((Pick::BuiltIn(entry.id.to_owned()), scene.t(entry.label), scene.t(entry.help)));
    }
    let folder = scene.t("config.json, tokenizer.json and model.safetensors in one folder, or a GGUF file as teacher");
    all.push((Pick::Folder, scene.t("Folder…"), folder));
    let hub = scene.t("A model of the Hugging Face Hub: from the cache of this machine, or fetched into it");
    all.push((Pick::Hub, scene.t("Hugging Face…"), hub));
    if teaches {
        let server = scene.t("A model behind an OpenAI-compatible server: llama.cpp, vLLM, Ollama, or a paid one");
        all.push((Pick::Server, scene.t("Server…"), server));
    }
    let pick = Pick::of(now);
    let name = now.map(Source::title).unwrap_or_default();
    let shown = all.iter().find(|(value, ..)| *value == pick).map_or(name.as_str(), |(_, label, _)| label).to_owned();
    control::pick(ui, if teaches { "teacher model" } else { "student model" }, &pick, &shown, &all)
}

fn folder_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, wish: Wish, folder: &Path) -> Option<Source> {
    let (id, browse) = if wish == Wish::Teacher {
        ("teacher folder", scene.t("Browse for the teacher"))
    } else {
        ("student folder", scene.t("Browse for the student"))
    };
    let answer = control::row(ui, scene.t("Folder"), scene.t("Path of the model's folder"), |ui| {
        let hint = scene.t("Path, or drop the folder here");
        control::path(ui, state, id, folder, hint, (browse, scene.t("Pick the folder in a dialog")))
    });
    match answer? {
        PathAnswer::Typed(path) => Some(Source::Folder(path)),
        PathAnswer::Browse => {
            state.ask(Action::Browse(wish));
            None
        }
    }
}

// ---- the Hub

fn hub_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, wish: Wish, now: (&str, &str)) -> Option<Source> {
    let (repo, revision) = now;
    let id = if wish == Wish::Teacher { "teacher on the Hub" } else { "student on the Hub" };
    let help = scene.t("The model's name on the Hub; Enter takes it, and fetches what the cache lacks");
    let name = control::row(ui, scene.t("Name"), help, |ui| {
        control::draft(ui, state, Id::unique(id), repo, scene.t("owner/name"), f32::INFINITY)
    });
    let help = scene.t("Branch, tag or commit");
    let version = control::row(ui, scene.t("Revision"), help, |ui| {
        control::draft(ui, state, Id::unique(id).with("revision"), revision, MAIN, f32::INFINITY)
    });
    let listed = shelf_ui(ui, scene, state, wish, now);
    if let Some(model) = listed {
        return Some(Source::Hub { repo: model.repo.clone(), revision: model.revision.clone() });
    }
    let version = version.map(|text| if text.trim().is_empty() { MAIN.to_owned() } else { text.trim().to_owned() });
    (name.is_some() || version.is_some()).then(|| Source::Hub {
        repo: name.map_or(repo.to_owned(), |text| text.trim().to_owned()),
        revision: version.unwrap_or(revision.to_owned()),
    })
}

/// The models in the cache; gives the one that was clicked.
fn shelf_ui<'a>(
    ui: &mut Ui,
    scene: &Scene<'a>,
    state: &mut UiState,
    wish: Wish,
    now: (&str, &str),
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
        ui.add(egui::Label::new(RichText::new(words).small().weak()).wrap());
        return None;
    }
    let mut picked = None;
    let id = if wish == Wish::Teacher { "teacher's shelf" } else { "student's shelf" };
    ScrollArea::vertical().id_salt(id).max_height(SHELF).min_scrolled_height(SHELF).show(ui, |ui| {
        control::clear_of_bar(ui);
        for model in &shelf.models {
            let chosen = (model.repo.as_str(), model.revision.as_str()) == now;
            if model_ui(ui, scene, wish, model, chosen) {
                picked = Some(model);
            }
        }
    });
    picked
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
    let row = ui.add_enabled_ui(problem.is_none(), |ui| {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 38.0), Sense::click());
        response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, ui.is_enabled(), chosen, &model.repo));
        if chosen || response.hovered() {
            let fill = if chosen { palette.accent_soft } else { palette.button };
            ui.painter().rect_filled(rect, 4, fill);
        }
        let name = Label { text: &model.repo, style: TextStyle::Body, color: palette.text };
        let figures = Label { text: &figures(model), style: TextStyle::Small, color: palette.text_weak };
        ui.painter().circle_filled(rect.left_top() + vec2(12.0, 12.0), 4.0, color);
        name.paint(ui, rect.left_top() + vec2(22.0, 3.0), rect.width() - 28.0);
        figures.paint(ui, rect.left_top() + vec2(22.0, 21.0), rect.width() - 28.0);
        response
    });
    let words = problem.unwrap_or_else(|| remark(scene, model, needs, fits));
    row.inner.on_hover_text(&words).on_disabled_hover_text(words).clicked()
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

fn figures(model: &Listed) -> String {
    let architecture = model.architecture.as_deref().unwrap_or("?");
    let parameters = model.parameters.map_or(String::new(), |count| format!(" · {}", control::short(count)));
    let revision = if model.revision == MAIN { String::new() } else { format!(" · {:.12}", model.revision) };
    format!("{architecture}{parameters} · {}{revision}", control::bytes(model.disk_bytes))
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
