//! What a student starts with: its own weights, random ones, or layers of another model; and how
//! much of its vocabulary it keeps.

use egui::{Id, Ui};

use super::Scene;
use crate::link::ModelSize;
use crate::session::{Init, LayerMap, ModelChoice, Source, Vocabulary};
use crate::window::control;
use crate::window::state::UiState;

/// The same kind of start, whichever layers it takes and of whom.
fn kind(init: &Init) -> Init {
    match init {
        Init::Layers { map: LayerMap::Pick(_), .. } => Init::layers(LayerMap::Pick(Vec::new())),
        Init::Layers { map, .. } => Init::layers(map.clone()),
        other => other.clone(),
    }
}

/// Starts it so from now on; another model that layers are taken of stays that one.
fn choose(init: &mut Init, picked: Init) {
    let of = init.layers_of().cloned();
    *init = match picked {
        Init::Layers { map, .. } => Init::Layers { of, map },
        other => other,
    };
}

pub(super) fn making_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, choice: &mut ModelChoice) {
    weights_ui(ui, scene, choice);
    if let Init::Layers { map: LayerMap::Pick(picked), .. } = &mut choice.init {
        picked_ui(ui, scene, state, picked);
    }
    vocabulary_ui(ui, scene, choice);
    if let Some(size) = scene.workspace.size {
        size_ui(ui, scene, size);
    }
}

fn weights_ui(ui: &mut Ui, scene: &Scene, choice: &mut ModelChoice) {
    let all = [
        (Init::Stored, scene.t("Stored"), scene.t("The weights beside the configuration")),
        (
            Init::Fresh,
            scene.t("Random"),
            scene.t("Random weights from the recipe's seed; only configuration and tokenizer are read"),
        ),
        (
            Init::layers(LayerMap::EveryOther),
            scene.t("Every other layer of the teacher"),
            scene.t("0, 2, 4 and so on; a student of the teacher's own source gets as many layers"),
        ),
        (
            Init::layers(LayerMap::FirstAndLast),
            scene.t("First and last layer of the teacher"),
            scene.t("The shallowest student that has both ends"),
        ),
        (
            Init::layers(LayerMap::DistilBert),
            scene.t("DistilBERT's choice of the teacher's layers"),
            scene.t("0, 2, 4, 7, 9 and 11 of 12"),
        ),
        (
            Init::layers(LayerMap::Pick(Vec::new())),
            scene.t("Layers of the teacher by hand"),
            scene.t("Their numbers in a row, counted from 0"),
        ),
        (
            Init::layers(LayerMap::EmbeddingsOnly),
            scene.t("The teacher's embeddings"),
            scene.t("Reduced where the student is narrower; its layers start at random"),
        ),
    ];
    let now = kind(&choice.init);
    let shown = all.iter().find(|(init, ..)| *init == now).map_or("", |(_, label, _)| label);
    let picked = control::row(ui, scene.t("Weights"), scene.t("Which weights the student starts from"), |ui| {
        control::pick(ui, "student start", &now, shown, &all)
    });
    if let Some(picked) = picked {
        choose(&mut choice.init, picked);
    }
    if choice.init == Init::Fresh && !matches!(choice.source, Source::BuiltIn(_)) {
        control::caption(ui, scene.t("It starts at random: what the model has learned is not read."));
    }
}

fn picked_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, picked: &mut Vec<usize>) {
    let text = picked.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    let id = Id::unique("picked layers");
    let typed = control::row(ui, scene.t("Layers"), scene.t("Their numbers in a row, counted from 0"), |ui| {
        control::draft(ui, state, id, &text, "0, 2, 4", f32::INFINITY)
    });
    match typed.map(|typed| (numbers(&typed), typed)) {
        Some((Some(layers), _)) => *picked = layers,
        // It stays in its field, to be mended there.
        Some((None, typed)) => drop(state.drafts.insert(id, typed)),
        None => {}
    }
    let is_refused = state.drafts.get(&id).is_some_and(|typed| numbers(typed).is_none());
    if is_refused && !ui.memory(|memory| memory.has_focus(id)) {
        let why = format!("{}; {} {text}", scene.t("whole numbers only"), scene.t("in force is still"));
        ui.add(egui::Label::new(egui::RichText::new(why).small().color(ui.visuals().error_fg_color)).wrap());
    }
}

/// `0, 2 4` as numbers; `None` if any of it is no number.
fn numbers(text: &str) -> Option<Vec<usize>> {
    let words = text.split([',', ' ', ';', '，', '、']).filter(|word| !word.is_empty());
    words.map(|word| word.parse().ok()).collect()
}

fn vocabulary_ui(ui: &mut Ui, scene: &Scene, choice: &mut ModelChoice) {
    let all = [
        (Vocabulary::Whole, scene.t("Whole"), scene.t("Every token of its tokenizer")),
        (
            Vocabulary::Trimmed,
            scene.t("Trimmed"),
            scene.t("What training texts, prompts and label words use; embedding, head and tokenizer shrink together"),
        ),
    ];
    let help = scene.t("How much of its vocabulary the student keeps");
    let picked = control::choices(ui, scene.t("Vocabulary"), help, |ui| control::segments(ui, choice.vocabulary, &all));
    choice.vocabulary = picked.unwrap_or(choice.vocabulary);
}

fn size_ui(ui: &mut Ui, scene: &Scene, size: ModelSize) {
    let text = format!(
        "{} {} · {} {}",
        control::short(size.parameters),
        scene.t("parameters"),
        control::bytes(size.training_bytes()),
        scene.t("while it learns")
    );
    let help =
        scene.t("Weights, gradients and what the optimiser remembers; a vocabulary is counted before it is trimmed");
    control::caption(ui, &text).on_hover_text(help);
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn layers_are_typed_as_people_type_them() {
        assert_eq!(numbers("0, 2,4  7"), Some(vec![0, 2, 4, 7]));
        assert_eq!(numbers("0、3"), Some(vec![0, 3]));
        assert_eq!(numbers(""), Some(vec![]));
        assert_eq!(numbers("1, two"), None);
    }
}
