//! Where a model comes from: built in, a folder, the Hugging Face Hub and its cache, a server.

mod hub;
mod row;
mod shelf;

use std::path::Path;

use egui::{Id, Ui};

use super::Scene;
use crate::session::{ServerMode, Source};
use crate::window::control::{self, PathAnswer};
use crate::window::dialog::Wish;
use crate::window::state::{Action, UiState};

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
        hub @ Source::Hub { .. } => hub::hub_ui(ui, scene, state, wish, hub),
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
            Self::Hub => Some(Source::hub("")),
            Self::Server => Some(Source::Server {
                url: String::new(),
                model: String::new(),
                mode: ServerMode::default(),
                key: None,
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

// ---- a server

fn server_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, now: &Source) -> Option<Source> {
    let Source::Server { url, model, mode, key } = now else { return None };
    let mut field = |ui: &mut Ui, id: &str, label, help, text: &str, hint: &str| {
        control::row(ui, label, help, |ui| control::draft(ui, state, Id::unique(id), text, hint, f32::INFINITY))
            .map(|text| text.trim().to_owned())
    };
    let help = scene.t("Up to the version, as its makers write it");
    let new_url = field(ui, "server's address", scene.t("Address"), help, url, "http://localhost:8000/v1");
    let help = scene.t("The model's name on that server");
    let new_model = field(ui, "server's model", scene.t("Name"), help, model, scene.t("model name"));
    let help = scene.t("Name of the environment variable that holds the key; the key itself is never written down");
    let variable = key.as_deref().unwrap_or_default();
    let new_key =
        field(ui, "server's key", scene.t("Key from"), help, variable, scene.t("none, or e.g. OPENAI_API_KEY"));
    let modes = [
        (ServerMode::Completions, scene.t("Completions"), scene.t("The prompt is continued")),
        (ServerMode::Chat, scene.t("Chat"), scene.t("The prompt is a message that is answered")),
    ];
    let help = scene.t("Which of the server's two doors the prompt goes through");
    let new_mode = control::choices(ui, scene.t("Asked by"), help, |ui| control::segments(ui, *mode, &modes));
    let changed = new_url.is_some() || new_model.is_some() || new_key.is_some() || new_mode.is_some();
    changed.then(|| Source::Server {
        url: new_url.unwrap_or_else(|| url.clone()),
        model: new_model.unwrap_or_else(|| model.clone()),
        mode: new_mode.unwrap_or(*mode),
        key: new_key.map_or_else(|| key.clone(), |name| Some(name).filter(|name| !name.is_empty())),
    })
}
