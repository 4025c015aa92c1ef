//! A teacher behind a server: its address, where its key is kept, and what it may cost.

use std::sync::Arc;

use egui::text_edit::TextEditState;
use egui::{Button, Id, Label, RichText, TextEdit, Ui, vec2};

use super::Scene;
use crate::link::{KeyState, Reach, Secret};
use crate::session::{KeyPlace, ServerMode, ServerOrigin, Source};
use crate::window::control::{self, Count};
use crate::window::state::{Action, UiState};

/// The field of the address.
pub(super) const ADDRESS: &str = "server's address";
/// The most that the field of the token limit takes.
const MOST: u64 = 1_000_000_000_000;
/// Width of the button beside the key.
const BUTTON: f32 = 64.0;

/// The fields of the key: the variable's name, the entry's name, the key itself.
const VARIABLE: &str = "server's key";
const ENTRY: &str = "server's key in the keyring";
const ITSELF: &str = "server's key itself";

/// Where a key can be kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    Variable,
    Keyring,
}

/// Gives the changed server.
pub(super) fn server_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, now: &Source) -> Option<Source> {
    let Source::Server { url, model, mode, key, token_limit, per_minute } = now else { return None };
    let help = scene.t("Up to the version, as its makers write it");
    let new_url = field_ui(ui, state, (ADDRESS, scene.t("Address"), help), url, "http://localhost:8000/v1");
    let help = scene.t("The model's name on that server");
    let hint = scene.t("model name");
    let typed_model = field_ui(ui, state, ("server's model", scene.t("Name"), help), model, hint);
    let new_key = key_ui(ui, scene, state, key.as_ref(), url);
    // An address that is being typed, or was until this click, is the one that is meant.
    let draft = state.drafts.get(&Id::unique(ADDRESS)).map(|draft| draft.trim().to_owned());
    let address = new_url.clone().or(draft).unwrap_or_else(|| url.clone());
    let new_model = connection_ui(ui, scene, state, (now, &address)).or(typed_model);
    let new_mode = mode_ui(ui, scene, *mode);
    let new_pace = pace_ui(ui, scene, *per_minute);
    let new_limit = limit_ui(ui, scene, *token_limit);
    budget_ui(ui, scene);
    let changed = [
        new_url.is_some(),
        new_model.is_some(),
        new_key.is_some(),
        new_mode.is_some(),
        new_limit.is_some(),
        new_pace.is_some(),
    ];
    changed.contains(&true).then(|| Source::Server {
        url: new_url.unwrap_or_else(|| url.clone()),
        model: new_model.unwrap_or_else(|| model.clone()),
        mode: new_mode.unwrap_or(*mode),
        key: new_key.unwrap_or_else(|| key.clone()),
        token_limit: new_limit.unwrap_or(*token_limit),
        per_minute: new_pace.unwrap_or(*per_minute),
    })
}

// ---- whether it answers

/// The test of the connection and what became of it. Gives a model that was picked from the server's list.
fn connection_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, (now, address): (&Source, &str)) -> Option<String> {
    let Source::Server { model, .. } = now else { return None };
    let reach = scene.reach(now);
    ui.horizontal(|ui| {
        let help = scene.t("Asks the server for its list of models; nothing is paid, and a key goes only where it may");
        let can = !address.is_empty() && reach != Some(&Reach::Asking);
        let button = ui.add_enabled(can, Button::new(scene.t("Test the connection")));
        if button.on_hover_text(help).clicked() {
            let mut asked = now.clone();
            if let Source::Server { url, .. } = &mut asked {
                address.clone_into(url);
            }
            state.ask(Action::Connect(Box::new(asked)));
        }
    });
    let palette = scene.look.palette();
    let (words, color) = match reach {
        None => (scene.t("not asked yet").to_owned(), palette.text_weak),
        Some(Reach::Asking) => (scene.t("asking…").to_owned(), palette.text_weak),
        Some(Reach::Failed(reason)) => (scene.says(reason), palette.bad),
        Some(Reach::Answered { models, millis }) => {
            let listed = match models.len() {
                0 => scene.t("it names no models").to_owned(),
                count => format!("{count} {}", scene.t("models")),
            };
            (format!("{} {millis} ms · {listed}", scene.t("it answers after")), palette.good)
        }
    };
    ui.add(Label::new(RichText::new(words).small().color(color)).wrap());
    let Some(Reach::Answered { models, .. }) = reach else { return None };
    if models.is_empty() {
        return None;
    }
    if !model.is_empty() && !models.contains(model) {
        let words = format!("{} {model}", scene.t("its list does not have"));
        ui.add(Label::new(RichText::new(words).small().color(palette.warn)).wrap());
    }
    let help = scene.t("A model of this server");
    let all: Vec<(String, &str, &str)> = models.iter().map(|name| (name.clone(), name.as_str(), help)).collect();
    let shown = if models.contains(model) { model } else { scene.t("choose one") };
    control::row(ui, scene.t("Its models"), help, |ui| control::pick(ui, "server's models", model, shown, &all))
}

/// A line with its id, label and help; gives the finished text.
fn field_ui(ui: &mut Ui, state: &mut UiState, about: (&str, &str, &str), text: &str, hint: &str) -> Option<String> {
    let (id, label, help) = about;
    let typed =
        control::row(ui, label, help, |ui| control::draft(ui, state, Id::unique(id), text, hint, f32::INFINITY));
    typed.map(|text| text.trim().to_owned())
}

fn mode_ui(ui: &mut Ui, scene: &Scene, now: ServerMode) -> Option<ServerMode> {
    let modes = [
        (ServerMode::Completions, scene.t("Completions"), scene.t("The prompt is continued")),
        (ServerMode::Chat, scene.t("Chat"), scene.t("The prompt is a message that is answered")),
    ];
    let help = scene.t("Which of the server's two doors the prompt goes through");
    control::choices(ui, scene.t("Asked by"), help, |ui| control::segments(ui, now, &modes))
}

// ---- the key

/// Gives the new place of the key: `Some(None)` is none at all.
fn key_ui(
    ui: &mut Ui,
    scene: &Scene,
    state: &mut UiState,
    now: Option<&KeyPlace>,
    url: &str,
) -> Option<Option<KeyPlace>> {
    let kept = if matches!(now, Some(KeyPlace::Keyring(_))) { Kept::Keyring } else { Kept::Variable };
    let places = [
        (Kept::Variable, scene.t("Variable"), scene.t("An environment variable holds the key")),
        (Kept::Keyring, scene.t("Keyring"), scene.t("The system's keyring holds the key; it is stored below")),
    ];
    let help = scene.t("Where the key is kept; the key itself is never written into the session");
    let moved = control::choices(ui, scene.t("Key from"), help, |ui| control::segments(ui, kept, &places));
    if let Some(kept) = moved {
        (state.key, state.key_problem) = (Secret::default(), None);
        forget(ui, ITSELF);
        return Some((kept == Kept::Keyring).then(|| KeyPlace::Keyring(entry_for(url))));
    }
    let named = match kept {
        Kept::Variable => variable_ui(ui, scene, state, now),
        Kept::Keyring => entry_ui(ui, scene, state, now),
    };
    let taken = named.and_then(|place| taken(ui, state, place));
    if let Some(problem) = &state.key_problem {
        let text = RichText::new(scene.says(problem)).small().color(scene.look.palette().bad);
        ui.add(Label::new(text).wrap());
    }
    if let (Kept::Keyring, Some(place)) = (kept, now) {
        store_ui(ui, scene, state, place.name(), url);
    }
    taken
}

/// What was typed, if it can be a place. A key in the place of its name gets no further than here.
fn taken(ui: &Ui, state: &mut UiState, place: Option<KeyPlace>) -> Option<Option<KeyPlace>> {
    state.key_problem = place.as_ref().and_then(KeyPlace::problem);
    if state.key_problem.is_some() {
        forget(ui, VARIABLE);
        forget(ui, ENTRY);
    }
    state.key_problem.is_none().then_some(place)
}

/// Clears a field's own undo, which would give back what was typed there.
fn forget(ui: &Ui, field: &str) {
    TextEditState::default().store(ui.ctx(), Id::unique(field));
}

fn variable_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, now: Option<&KeyPlace>) -> Option<Option<KeyPlace>> {
    let help = scene.t("Name of the environment variable that holds the key; the key itself is never written down");
    let (name, hint) = (now.map_or("", KeyPlace::name), scene.t("none, or its name"));
    let typed = field_ui(ui, state, (VARIABLE, scene.t("Variable name"), help), name, hint)?;
    Some((!typed.is_empty()).then_some(KeyPlace::Variable(typed)))
}

fn entry_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, now: Option<&KeyPlace>) -> Option<Option<KeyPlace>> {
    let help = scene.t("A name for the key in the system's keyring, of your choice");
    let (name, hint) = (now.map_or("", KeyPlace::name), scene.t("name of the key"));
    let typed = field_ui(ui, state, (ENTRY, scene.t("Key name"), help), name, hint)?;
    Some(Some(KeyPlace::Keyring(typed)))
}

/// The key itself, on its way to the keyring and nowhere else.
fn store_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, name: &str, url: &str) {
    let help = scene.t("The key goes to the system's keyring and is then forgotten here");
    let host = ServerOrigin::split(url).ok().map(|(host, _)| host).filter(ServerOrigin::is_private);
    let goes = match &host {
        Some(host) => format!("{help}. {} {host}", scene.t("From then on it may go to this server alone:")),
        None => help.to_owned(),
    };
    let stored = control::choices(ui, scene.t("Key"), help, |ui| {
        let width = (ui.available_width() - BUTTON - 8.0 - ui.spacing().item_spacing.x).max(60.0);
        let edit = TextEdit::singleline(state.key.edit()).id(Id::unique(ITSELF)).password(true);
        ui.add(edit.hint_text(scene.t("paste the key").to_owned()).desired_width(width)).on_hover_text(help);
        let button = Button::new(scene.t("Store")).min_size(vec2(BUTTON, control::ROW - 2.0));
        ui.add_enabled(!state.key.is_blank(), button).on_hover_text(goes).clicked()
    });
    if stored {
        forget(ui, ITSELF);
        let key = Arc::new(std::mem::take(&mut state.key));
        state.ask(Action::StoreKey { name: name.to_owned(), key, host });
    }
    news_ui(ui, scene, name);
}

fn news_ui(ui: &mut Ui, scene: &Scene, name: &str) {
    let palette = scene.look.palette();
    let (words, color) = match scene.key.filter(|news| news.name == name).map(|news| &news.state) {
        None => return,
        Some(KeyState::Storing) => (scene.t("asking the keyring…").to_owned(), palette.text_weak),
        Some(KeyState::Stored) => (scene.t("the key is in the keyring").to_owned(), palette.good),
        Some(KeyState::Failed(reason)) => (scene.says(reason), palette.bad),
    };
    ui.add(Label::new(RichText::new(words).small().color(color)).wrap());
}

/// A name to begin with: the server's own.
fn entry_for(url: &str) -> String {
    let host = url.split("://").last().unwrap_or_default().split(['/', ':']).next().unwrap_or_default();
    let place = KeyPlace::Keyring(host.to_owned());
    if place.problem().is_none() { host.to_owned() } else { "server".to_owned() }
}

// ---- the pace and the price

fn pace_ui(ui: &mut Ui, scene: &Scene, now: Option<u32>) -> Option<Option<u32>> {
    let help = scene.t("Most questions in a minute, as the server's plan has it; 0 asks as fast as it answers");
    let most = u64::from(u32::MAX);
    let count = control::row(ui, scene.t("Per minute"), help, |ui| {
        let field = Count { key: "per minute", range: 0..=most, zero: scene.t("as fast as it answers") };
        field.ui(ui, scene.look, now.unwrap_or(0).into())
    });
    count.map(|most| u32::try_from(most).ok().filter(|most| *most > 0))
}

fn limit_ui(ui: &mut Ui, scene: &Scene, now: Option<u64>) -> Option<Option<u64>> {
    let help = scene.t("The most tokens that a run may pay for, prompts and answers together; 0 sets no limit");
    // A file may allow nothing but kept answers.
    let zero = if now == Some(0) { scene.t("nothing to pay") } else { scene.t("no limit") };
    let count = control::row(ui, scene.t("Token limit"), help, |ui| {
        Count { key: "token limit", range: 0..=MOST, zero }.ui(ui, scene.look, now.unwrap_or(0))
    });
    count.map(|limit| (limit > 0).then_some(limit))
}

/// What a run will pay for, as the engine counted it.
fn budget_ui(ui: &mut Ui, scene: &Scene) {
    let Some(budget) = &scene.workspace.budget else { return };
    let (palette, short) = (scene.look.palette(), control::short);
    let words = format!(
        "{} {} {} · {} {} {} {}",
        scene.t("about"),
        short(budget.tokens()),
        scene.t("tokens to pay"),
        short(budget.open()),
        scene.t("of"),
        short(budget.questions),
        scene.t("questions")
    );
    let color = if budget.is_over() { palette.bad } else { palette.text_weak };
    let label = Label::new(RichText::new(words).small().color(color)).wrap();
    ui.add(label).on_hover_text(scene.says(&budget.sentence()));
    if budget.is_over() {
        let words = scene.t("More than the token limit: raise it, or ask about fewer texts.");
        ui.add(Label::new(RichText::new(words).small().color(palette.bad)).wrap());
    }
}
