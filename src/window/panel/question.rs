//! What the engine asks before it does what was ordered: whether a key may go to a server, and whether a model
//! may be fetched. A card in the flow of the window; nothing is sent or fetched while it stands there.

use std::sync::Arc;

use egui::{Label, RichText, Ui};

use super::Scene;
use crate::link::{Missing, Question, Repository};
use crate::session::{Grant, Sentence};
use crate::window::control;
use crate::window::state::{Action, UiState};

pub(super) fn question_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let Some(question) = &scene.workspace.question else { return };
    control::edged_card(ui, ui.visuals().warn_fg_color, |ui| match &**question {
        Question::Key(grant) => key_ui(ui, scene, state, question, grant),
        Question::Fetch(missing) => fetch_ui(ui, scene, state, question, missing),
    });
}

fn key_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, question: &Arc<Question>, grant: &Grant) {
    ui.label(RichText::new(scene.t("This session wants to send a key to a server")).strong());
    line(ui, &format!("{} {}", scene.t("Key"), String::from(grant.key.clone())));
    line(ui, &format!("{} {}", scene.t("Server"), grant.host));
    let warning = scene.t("Whoever runs this server can then use the key. Allow it only if you chose both yourself.");
    ui.add(Label::new(RichText::new(warning).weak()).wrap());
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        let help = scene.t("The key may go to this server now and later; retort key remove takes it back");
        answer_ui(ui, state, question, (scene.t("Allow it"), help), true);
        let help = scene.t("Nothing is sent, and the order is dropped");
        answer_ui(ui, state, question, (scene.t("Don't"), help), false);
    });
}

fn fetch_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, question: &Arc<Question>, missing: &Missing) {
    ui.label(RichText::new(scene.t("A model is not in the cache of this machine")).strong());
    let file = missing.file.as_ref().map_or(String::new(), |file| format!(" · {file}"));
    line(ui, &format!("{}{file} · {}", missing.repo, scene.says(&missing.lack)));
    line(ui, &format!("{} {}", scene.t("It would be fetched from the Hub into"), missing.place.display()));
    let known = scene.repository.filter(|known| known.repo == missing.repo && known.revision == missing.revision);
    let size = size(known, missing);
    size_ui(ui, scene, state, missing, size);
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        match size {
            Size::Known(_) | Size::Untold => {
                let help = scene.t("Fetches the model into the cache and goes on");
                answer_ui(ui, state, question, (scene.t("Fetch"), help), true);
            }
            Size::Choose => {}
            Size::Unknown | Size::Failed(_) => look_ui(ui, scene, state, missing),
        }
        let help = scene.t("Nothing is fetched; the model stays chosen");
        answer_ui(ui, state, question, (scene.t("Not now"), help), false);
    });
}

/// What is known of how much would be fetched.
#[derive(Clone, Copy)]
enum Size<'a> {
    /// So many bytes.
    Known(u64),
    /// The Hub was asked and does not say.
    Untold,
    /// There are several, and none was chosen.
    Choose,
    /// The Hub was not asked.
    Unknown,
    /// It could not be asked, for this reason.
    Failed(&'a Sentence),
}

fn size<'a>(known: Option<&'a Repository>, missing: &Missing) -> Size<'a> {
    let Some(known) = known else { return missing.bytes.map_or(Size::Unknown, Size::Known) };
    let told = |bytes: Option<u64>| bytes.map_or(Size::Untold, Size::Known);
    match (&known.problem, &missing.file, known.files.as_slice()) {
        (Some(problem), ..) => Size::Failed(problem),
        (None, Some(file), files) => told(files.iter().find(|known| known.name == *file).and_then(|file| file.bytes)),
        (None, None, _) if !missing.weights => told(known.small_bytes),
        (None, None, _) if known.whole => told(known.bytes),
        (None, None, [one]) => told(one.bytes),
        (None, None, []) => Size::Untold,
        (None, None, _) => Size::Choose,
    }
}

fn size_ui(ui: &mut Ui, scene: &Scene, state: &UiState, missing: &Missing, size: Size) {
    let asked = state.files_asked.as_ref().is_some_and(|(repo, at)| *repo == missing.repo && *at == missing.revision);
    match size {
        Size::Known(bytes) => {
            let there = match missing.present {
                0 => String::new(),
                present => format!(" · {} {}", control::bytes(present), scene.t("are there already")),
            };
            line(ui, &format!("{} {}{there}", control::bytes(bytes), scene.t("to fetch")));
        }
        Size::Untold => line(ui, scene.t("The Hub does not say how large it is.")),
        Size::Choose => {
            line(ui, scene.t("It holds several GGUF files, each a model by itself: choose one under Pair."))
        }
        Size::Unknown if asked => line(ui, scene.t("asking the Hub…")),
        Size::Unknown => line(ui, scene.t("Its size is not known until the Hub is asked.")),
        Size::Failed(problem) => line(ui, &scene.says(problem)),
    }
}

fn look_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, missing: &Missing) {
    let help = scene.t("Sends the model's name to the Hub, and nothing is fetched yet");
    if ui.button(scene.t("Ask the Hub for its size")).on_hover_text(help).clicked() {
        state.ask(Action::ListFiles { repo: missing.repo.clone(), revision: missing.revision.clone() });
    }
}

fn answer_ui(ui: &mut Ui, state: &mut UiState, question: &Arc<Question>, about: (&str, &str), yes: bool) {
    let (text, help) = about;
    if ui.button(text).on_hover_text(help).clicked() {
        state.ask(Action::Answer { question: Arc::clone(question), yes });
    }
}

fn line(ui: &mut Ui, text: &str) {
    ui.add(Label::new(text).wrap());
}
