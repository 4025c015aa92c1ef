//! Where a model comes from: built in, a folder, the Hugging Face Hub and its cache, a server.

mod hub;
mod row;
mod shelf;

use std::path::Path;

use egui::{Id, Ui};

use super::Scene;
use super::server::{ADDRESS as SERVER, server_ui};
use crate::session::{ServerMode, Source};
use crate::window::control::{self, PathAnswer};
use crate::window::dialog::DialogRequest;
use crate::window::state::{Action, UiState};

/// The fields of the two folders.
const TEACHER: &str = "teacher folder";
const STUDENT: &str = "student folder";

/// What the model list can choose.
#[derive(Clone, PartialEq)]
enum Pick {
    Nobody,
    BuiltIn(String),
    Folder,
    Hub,
    Server,
}

/// Gives the new source, once it is fully named: `Some(None)` is nobody. Until then what is in force
/// stays.
pub(super) fn source_ui(
    ui: &mut Ui,
    scene: &Scene,
    state: &mut UiState,
    wish: DialogRequest,
    now: Option<&Source>,
) -> Option<Option<Source>> {
    let help = scene.t("A built-in model, a folder, the Hugging Face Hub, or a server");
    let half = state.choosing.model(wish).clone();
    let picked = control::row(ui, scene.t("Model"), help, |ui| pick_ui(ui, scene, wish, half.as_ref().or(now)));
    if let Some(pick) = picked {
        return pick.take(ui, state, wish, now);
    }
    let changed = match half.as_ref().or(now)? {
        Source::BuiltIn(_) => None,
        Source::Folder(folder) => folder_ui(ui, scene, state, wish, folder),
        hub @ Source::Hub { .. } => hub::hub_ui(ui, scene, state, wish, hub),
        server @ Source::Server { .. } => server_ui(ui, scene, state, server),
    };
    if half.is_some() {
        let former = now.map_or_else(|| scene.t("None").to_owned(), Source::title);
        control::caption(ui, &format!("{} {former}", scene.t("Until this is named, in force is still")));
    }
    let changed = changed?;
    if changed.is_named() {
        *state.choosing.model(wish) = None;
        return Some(Some(changed));
    }
    *state.choosing.model(wish) = Some(changed);
    None
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

    /// Takes up what was picked: at once if it says all, else to be named in the field that now has the
    /// keyboard.
    fn take(self, ui: &Ui, state: &mut UiState, wish: DialogRequest, now: Option<&Source>) -> Option<Option<Source>> {
        *state.choosing.model(wish) = None;
        if self == Self::of(now) {
            return None;
        }
        let field = self.field(wish);
        let source = self.source();
        if source.as_ref().is_none_or(Source::is_named) {
            return Some(source);
        }
        *state.choosing.model(wish) = source;
        ui.memory_mut(|memory| memory.request_focus(Id::unique(field)));
        None
    }

    /// The field in which it is named.
    fn field(&self, wish: DialogRequest) -> &'static str {
        match (self, wish) {
            (Self::Server, _) => SERVER,
            (Self::Hub, DialogRequest::Teacher) => hub::TEACHER,
            (Self::Hub, _) => hub::STUDENT,
            (_, DialogRequest::Teacher) => TEACHER,
            (..) => STUDENT,
        }
    }

    /// The source as it stands before anything about it is known.
    fn source(self) -> Option<Source> {
        match self {
            Self::Nobody => None,
            Self::BuiltIn(name) => Some(Source::BuiltIn(name)),
            Self::Folder => Some(Source::Folder(Default::default())),
            Self::Hub => Some(Source::hub("")),
            Self::Server => Some(Source::Server {
                url: String::new(),
                model: String::new(),
                mode: ServerMode::default(),
                key: None,
                token_limit: None,
                per_minute: None,
            }),
        }
    }
}

fn pick_ui(ui: &mut Ui, scene: &Scene, wish: DialogRequest, now: Option<&Source>) -> Option<Pick> {
    let teaches = wish == DialogRequest::Teacher;
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

fn folder_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, wish: DialogRequest, folder: &Path) -> Option<Source> {
    let (id, browse) = if wish == DialogRequest::Teacher {
        (TEACHER, scene.t("Browse for the teacher"))
    } else {
        (STUDENT, scene.t("Browse for the student"))
    };
    let answer = control::row(ui, scene.t("Folder"), scene.t("Path of the model's folder"), |ui| {
        let hint = scene.t("Path, or drop it");
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
