//! The pair: who teaches, who learns, and in which manner they answer.

use egui::{RichText, Ui};

use super::source::source_ui;
use super::student_init::making_ui;
use super::{Scene, Section};
use crate::link::ModelCard;
use crate::link::grouped;
use crate::session::{Head, ModelChoice, Precision, Source};
use crate::window::control::{self, Count};
use crate::window::dialog::DialogRequest;
use crate::window::state::{Action, UiState};
use crate::window::undo::Part;

/// The section's name.
pub const PAIR: &str = "pair";

pub(super) const SECTION: Section = Section {
    id: PAIR,
    title: "Pair",
    help: "Who teaches whom",
    open: false,
    summary: |scene| scene.pair(),
    draw: pair_ui,
};

fn pair_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let held = scene.live;
    if held {
        control::caption(ui, scene.t("Stop the run to change the pair."));
    }
    ui.add_enabled_ui(!held, |ui| {
        let mut models = scene.session.models();
        let palette = scene.look.palette();
        let (teacher_color, student_color) = (palette.teacher, palette.student);
        ui.label(RichText::new(scene.t("Teacher")).color(teacher_color).strong());
        let mut teacher = models.teacher().cloned();
        teacher_ui(ui, scene, state, &mut teacher);
        models.set_teacher(teacher);
        ui.add_space(8.0);
        ui.label(RichText::new(scene.t("Student")).color(student_color).strong());
        student_ui(ui, scene, state, &mut models.student);
        for note in scene.record.notes.iter().filter(|_| scene.belonging.run_pair) {
            ui.add(egui::Label::new(RichText::new(scene.says(&note.text)).small().weak()).wrap());
        }
        if (&models.teachers, &models.student) != (&scene.session.teachers, &scene.session.student) {
            state.ask(Action::Set(Part::Models(Box::new(models))));
        }
    });
}

fn teacher_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, teacher: &mut Option<ModelChoice>) {
    let source = teacher.as_ref().map(|choice| &choice.source);
    match source_ui(ui, scene, state, DialogRequest::Teacher, source) {
        Some(None) => *teacher = None,
        Some(Some(source)) => match teacher.as_mut() {
            Some(choice) => {
                choice.classes = None; // They are the outputs of another model.
                choice.source = source;
            }
            None => *teacher = Some(ModelChoice::stored(source)),
        },
        None => {}
    }
    if let Some(choice) = teacher {
        head_ui(ui, scene, "teacher", choice);
        longest_ui(ui, scene, "teacher", choice);
        precision_ui(ui, scene, choice);
        let card = scene.workspace.opened.as_ref().and_then(|opened| opened.teacher.as_ref());
        card_ui(ui, scene, choice, card);
        classes_ui(ui, scene, "teacher", choice, card);
    } else {
        control::caption(ui, scene.t("Without a teacher the student learns from the labels alone."));
    }
}

fn student_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, student: &mut ModelChoice) {
    if let Some(Some(source)) = source_ui(ui, scene, state, DialogRequest::Student, Some(&student.source)) {
        student.move_to(source);
    }
    making_ui(ui, scene, state, student);
    head_ui(ui, scene, "student", student);
    longest_ui(ui, scene, "student", student);
    let opened = scene.workspace.opened.as_ref();
    let card = opened.map(|opened| &opened.student);
    card_ui(ui, scene, student, card);
    // Counted for the groups of then.
    let counted = opened.filter(|opened| opened.groups == scene.session.recipe.groups);
    trainable_ui(ui, scene, student, counted.map(|opened| &opened.student));
    classes_ui(ui, scene, "student", student, card);
}

/// Most outputs of a classifier that can be set one by one here.
const OUTPUTS: usize = 60;

/// Whether something is asked of a model here before it can be used: it cannot teach, or its outputs are not
/// known to be the classes, so that the part that is to answer was filled at random.
pub fn is_asked(card: &ModelCard) -> bool {
    card.trouble.is_some() || !card.outputs.is_empty() && !card.random.is_empty()
}

/// Which output of a stored classifier is which class: asked where their names do not say so.
fn classes_ui(ui: &mut Ui, scene: &Scene, id: &str, choice: &mut ModelChoice, card: Option<&ModelCard>) {
    let Some(card) = card.filter(|card| card.title == choice.source.title() && !card.outputs.is_empty()) else {
        return;
    };
    let classes = scene.workspace.opened.as_ref().map(|opened| opened.classes.as_slice()).unwrap_or_default();
    if !(choice.classes.is_some() || is_asked(card)) || classes.is_empty() {
        return;
    }
    let help = scene.t("Which output of its classifier is which class of the data; outputs without one are left out");
    control::title(ui, scene.t("Its outputs are these classes"), help);
    let mut mapping = choice.classes.clone().unwrap_or_default();
    for output in card.outputs.iter().take(OUTPUTS) {
        let now = mapping.get(output).cloned();
        let none = (None, "–", scene.t("No class"));
        let named = classes.iter().map(|class| (Some(class.clone()), class.as_str(), ""));
        let all: Vec<(Option<String>, &str, &str)> = std::iter::once(none).chain(named).collect();
        let shown = now.clone().unwrap_or_else(|| "–".to_owned());
        let picked =
            control::row(ui, output, help, |ui| control::pick(ui, &format!("{id} {output}"), &now, &shown, &all));
        match picked {
            Some(Some(class)) => drop(mapping.insert(output.clone(), class)),
            Some(None) => drop(mapping.remove(output)),
            None => {}
        }
    }
    choice.classes = (!mapping.is_empty()).then_some(mapping);
}

fn head_ui(ui: &mut Ui, scene: &Scene, id: &str, choice: &mut ModelChoice) {
    let all = [
        (Head::Auto, scene.t("Automatic"), scene.t("Label words for a causal model, a classifier for an encoder")),
        (Head::Classifier, scene.t("Classifier"), scene.t("A linear layer over the pooled text, without the prompt")),
        (
            Head::LabelWords,
            scene.t("Label words"),
            scene.t("The probabilities of the label words at the prompt's answer slot"),
        ),
    ];
    let shown = all.iter().find(|(head, ..)| *head == choice.head).map_or("", |(_, label, _)| label);
    let help = scene.t("How the model answers a classification question");
    let picked = control::row(ui, scene.t("Answers by"), help, |ui| {
        control::pick(ui, &format!("{id} head"), &choice.head, shown, &all)
    });
    choice.head = picked.unwrap_or(choice.head);
}

fn longest_ui(ui: &mut Ui, scene: &Scene, id: &str, choice: &mut ModelChoice) {
    let help =
        scene.t("Longest input in tokens; longer texts are cut, never the prompt. 0 is as long as the model allows");
    let changed = control::row(ui, scene.t("Max tokens"), help, |ui| {
        let key = format!("{id} max tokens");
        let field = Count { key: &key, range: 0..=1_000_000, zero: scene.t("the model's limit") };
        field.ui(ui, scene.look, choice.max_tokens as u64)
    });
    choice.max_tokens = changed.map_or(choice.max_tokens, |value| value as usize);
}

/// How a teacher with weights of its own is kept; one behind a server has none here, and a GGUF file
/// says so itself.
fn precision_ui(ui: &mut Ui, scene: &Scene, choice: &mut ModelChoice) {
    let is_settled = match &choice.source {
        Source::Server { .. } => true,
        Source::Folder(path) => path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gguf")),
        Source::BuiltIn(_) | Source::Hub { .. } => false,
    };
    if is_settled {
        return;
    }
    let told = |precision| match precision {
        Precision::F32 => scene.t("Four bytes a number"),
        Precision::F16 => scene.t("Two bytes a number, finer than bf16, up to 65 504"),
        Precision::Bf16 => scene.t("Two bytes a number; exact for a model that was published in it"),
    };
    let all = Precision::ALL.map(|precision| (precision, precision.label(), told(precision)));
    let help = scene.t("How its matrices are kept in memory; it computes in f32 all the same");
    let picked = control::choices(ui, scene.t("Kept in"), help, |ui| control::segments(ui, choice.precision, &all));
    choice.precision = picked.unwrap_or(choice.precision);
}

/// How many of the student's numbers a run moves, where its recipe freezes some.
fn trainable_ui(ui: &mut Ui, scene: &Scene, choice: &ModelChoice, card: Option<&ModelCard>) {
    let card = card.filter(|card| card.title == choice.source.title());
    if let Some(trainable) = card.and_then(|card| card.trainable) {
        let said = format!("{} {}", control::short(trainable), scene.t("of them learn; the recipe freezes the others"));
        control::caption(ui, &said).on_hover_text(grouped(trainable));
    }
}

/// The figures of the model that is open, as long as it is the one that is chosen.
fn card_ui(ui: &mut Ui, scene: &Scene, choice: &ModelChoice, card: Option<&ModelCard>) {
    let Some(card) = card.filter(|card| card.title == choice.source.title()) else { return };
    if card.parameters == 0 {
        return; // Behind a server nobody here knows its figures.
    }
    let figures = format!(
        "{} · {} × {} · {} {}",
        card.architecture,
        card.layers,
        card.width,
        control::short(card.parameters),
        scene.t("parameters")
    );
    let more = format!(
        "{} {}\n{} {}\n{} {}",
        card.heads,
        scene.t("heads per layer"),
        grouped(card.vocabulary as u64),
        scene.t("tokens in the vocabulary"),
        grouped(card.max_tokens as u64),
        scene.t("tokens at most")
    );
    control::caption(ui, &figures).on_hover_text(more);
    if let Some(trouble) = &card.trouble {
        let bad = scene.look.palette().bad;
        ui.add(egui::Label::new(RichText::new(scene.says(trouble)).small().color(bad)).wrap());
    }
    for note in &card.notes {
        ui.add(egui::Label::new(RichText::new(scene.says(note)).small().weak()).wrap());
    }
}
