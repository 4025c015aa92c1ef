//! What the models of a run are called, what the student is made of, and what each of them read.

use std::path::Path;

use super::marks::{block, code, one_line};
use crate::link::Opened;
use crate::session::inference_spec::FILE as USAGE;
use crate::session::{Chat, Head, Init, ModelChoice, ServerMode, Session, Source, Vocabulary};

/// Architectures that only read: left to itself ([`Head::Auto`]) such a model is a classifier.
pub const ENCODERS: [&str; 3] = ["bert", "distilbert", "roberta"];

/// The name under which others may know a model.
pub(super) fn public_name(source: &Source) -> String {
    match source {
        Source::Hub { repo, .. } => repo.clone(),
        other => other.title(),
    }
}

/// That name, and the one that a model's own card gives it.
pub(super) fn full_name(source: &Source) -> String {
    let name = code(&public_name(source));
    let own = match source {
        Source::Folder(folder) => own_name(folder),
        Source::BuiltIn(_) => Some("built into Retort".to_owned()),
        Source::Hub { .. } | Source::Server { .. } => None,
    };
    own.map_or(name.clone(), |own| format!("{name} ({own})"))
}

/// The heading of the card beside a student that Retort has made: its run's name.
fn own_name(folder: &Path) -> Option<String> {
    if !folder.join(USAGE).exists() {
        return None;
    }
    let card = std::fs::read_to_string(folder.join(super::FILE)).ok()?;
    card.lines().find_map(|line| line.strip_prefix("# ")).map(|title| format!("“{}”", one_line(title)))
}

/// The model whose weights, or at least whose shape and tokens, the student has.
pub(super) fn base(session: &Session) -> &Source {
    session.layers_from().unwrap_or(&session.student.source)
}

/// What the student was before its first step: whose weights, which layers, how many tokens.
pub(super) fn start(session: &Session, opened: &Opened) -> String {
    let student = &session.student;
    let from = match &student.init {
        Init::Layers { map, .. } => format!("made from {}: {}", full_name(base(session)), map.label()),
        Init::Stored => "from its stored weights".to_owned(),
        Init::Fresh => "from random weights".to_owned(),
    };
    let trimmed = (student.vocabulary == Vocabulary::Trimmed)
        .then(|| format!("vocabulary of {} tokens, trimmed to what the texts use", opened.student.vocabulary));
    let notes = opened.student.notes.iter().map(|note| one_line(note));
    std::iter::once(from).chain(trimmed).chain(notes).collect::<Vec<_>>().join("; ")
}

/// What the teacher read, as a paragraph.
pub(super) fn read_by_teacher(session: &Session, opened: &Opened) -> String {
    let (Some(choice), Some(card)) = (session.teacher(), &opened.teacher) else { return String::new() };
    if head(choice, &card.architecture) == Head::Classifier {
        return "\nThe teacher is a classifier and read the bare text, without a prompt.\n".to_owned();
    }
    let asked = session.prompt.for_teacher();
    let all = std::iter::once(&asked.template).chain(&asked.variants);
    let templates = all.map(|template| block("text", template)).collect::<String>();
    format!("\nThe teacher was asked{}:\n\n{templates}", manner(choice, asked.chat))
}

/// How a model answers that runs as `architecture`.
fn head(choice: &ModelChoice, architecture: &str) -> Head {
    match choice.head {
        Head::Auto if ENCODERS.contains(&architecture) => Head::Classifier,
        Head::Auto => Head::LabelWords,
        said => said,
    }
}

fn manner(choice: &ModelChoice, chat: Chat) -> &'static str {
    match (&choice.source, chat) {
        (Source::Server { mode: ServerMode::Chat, .. }, _) => ", as a message to its server",
        (Source::Server { .. }, _) | (_, Chat::Off) => "",
        (_, Chat::Auto) => ", through its chat template where it has one",
        (_, Chat::On) => ", through its chat template",
    }
}

/// What the student read, as a sentence.
pub(super) fn read_by_student(session: &Session, head: Head) -> &'static str {
    let own = session.prompt.student.as_ref().is_some_and(|own| *own != session.prompt.teacher);
    match head {
        Head::LabelWords if own => "The student read the text through a prompt of its own, which stands under Use.",
        Head::LabelWords => "The student read the text through the prompt above.",
        Head::Auto | Head::Classifier => "The student read the bare text, without a prompt.",
    }
}
