//! A model of the Hugging Face Hub: by name, perhaps one of its GGUF files, or picked from the cache.

use egui::{Id, ScrollArea, Ui};

use super::Scene;
use super::row::{HEIGHT, Row, ending, small};
use super::shelf::shelf_ui;
use crate::link::{Listed, Repository, RepositoryFile};
use crate::session::{MAIN, Source};
use crate::window::control;
use crate::window::dialog::DialogRequest;
use crate::window::state::{Action, UiState};

/// The fields of the two names.
pub(super) const TEACHER: &str = "teacher on the Hub";
pub(super) const STUDENT: &str = "student on the Hub";

/// Gives the new source.
pub(super) fn hub_ui(
    ui: &mut Ui,
    scene: &Scene,
    state: &mut UiState,
    wish: DialogRequest,
    now: &Source,
) -> Option<Source> {
    let Source::Hub { repo, revision, file } = now else { return None };
    let id = if wish == DialogRequest::Teacher { TEACHER } else { STUDENT };
    let help =
        scene.t("The model's name on the Hub; Enter takes it, and what the cache lacks is fetched once you say so");
    let name = control::row(ui, scene.t("Name"), help, |ui| {
        control::draft(ui, state, Id::unique(id), repo, scene.t("owner/name"), f32::INFINITY)
    });
    let help = scene.t("Branch, tag or commit");
    let version = control::row(ui, scene.t("Revision"), help, |ui| {
        control::draft(ui, state, Id::unique(id).with("revision"), revision, MAIN, f32::INFINITY)
    });
    let chosen = match wish {
        DialogRequest::Teacher if !repo.is_empty() => files_ui(ui, scene, state, (repo, revision), file.as_deref()),
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
        // A file behind the name is a teacher's; a session with such a student would not open again.
        let typed = |text: String| match wish {
            DialogRequest::Teacher => Source::hub(text.trim()),
            _ => Source::Hub { repo: text.trim().to_owned(), revision: revision.clone(), file: None },
        };
        name.map_or_else(|| now.clone(), typed).at(version.unwrap_or_else(|| revision.clone()))
    })
}

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
        (Some(Repository { problem: Some(problem), .. }), _) => small(ui, &scene.says(problem)),
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
    if !known.whole && chosen.is_none() {
        small(ui, scene.t("Each is a model by itself: choose one"));
    }
    let area = ScrollArea::vertical().id_salt("files on the Hub").max_height(HEIGHT);
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
    let unread = file.unread.as_ref().map(|kind| format!("{kind}: {}", scene.t("not read here")));
    file.bytes.map(control::bytes).into_iter().chain(parts).chain(unread).collect::<Vec<_>>().join(" · ")
}
