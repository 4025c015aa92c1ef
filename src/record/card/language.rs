//! The card of a student that tells tokens: no classes, no prompt; how well it tells them and how it is opened.

use super::marks::{block, one_line};
use super::{REPEAT, knobs, made_of, origin, table, trained_by};
use crate::link::{Measures, Opened, Outcome, Side};
use crate::record::RunRecord;
use crate::session::{Session, TaskKind};

/// Measures and how the card calls them.
const MEASURES: [(&str, &str); 5] = [
    ("perplexity", "perplexity"),
    ("bits_per_byte", "bits a byte"),
    ("accuracy", "likeliest token right"),
    ("agreement", "agreement with the teacher"),
    ("kl", "KL from the teacher, nats"),
];

/// The card of the student of a run over tokens that has ended; `None` for another.
pub fn text(record: &RunRecord) -> Option<String> {
    let (session, opened) = (record.session.as_deref()?, record.opened.as_deref()?);
    let outcome = record.outcome.as_deref().filter(|_| !session.recipe.task.is_classes())?;
    let rows = made_of(session, opened).into_iter().chain(trained_by(session, outcome));
    let made = format!("## How it was made\n\n{}", table(rows));
    let parts = [title(session, opened), usage(session, opened), made, knobs(session, record), measured(outcome)];
    Some(matter(session, opened) + "\n" + &parts.join("\n") + "\n" + REPEAT)
}

/// How transformers opens it: the class, and what the Hub calls the task.
fn kind(session: &Session, opened: &Opened) -> (&'static str, &'static str) {
    match session.recipe.task {
        _ if opened.student.architecture == "t5" => ("AutoModelForSeq2SeqLM", "text2text-generation"),
        TaskKind::MaskedToken { .. } => ("AutoModelForMaskedLM", "fill-mask"),
        TaskKind::NextToken { .. } | TaskKind::Classes => ("AutoModelForCausalLM", "text-generation"),
    }
}

fn matter(session: &Session, opened: &Opened) -> String {
    let name = |source| serde_json::Value::from(origin::public_name(source)).to_string();
    let taught = if opened.teacher.is_some() { "- knowledge-distillation\n" } else { "" };
    format!(
        "---\nlicense: other\nlibrary_name: transformers\npipeline_tag: {}\nbase_model:\n- {}\ntags:\n- retort\n- {}\n{taught}metrics:\n- perplexity\n---\n",
        kind(session, opened).1,
        name(origin::base(session)),
        serde_json::Value::from(opened.student.architecture.as_str()),
    )
}

fn title(session: &Session, opened: &Opened) -> String {
    let student = &opened.student;
    let what = match session.recipe.task {
        TaskKind::MaskedToken { .. } => "tokens that were taken out of texts",
        TaskKind::NextToken { .. } | TaskKind::Classes => "the next token of texts",
    };
    let by = match session.teacher().filter(|_| opened.teacher.is_some()) {
        Some(teacher) => format!("from the whole distribution of {}", origin::full_name(&teacher.source)),
        None => "from the texts alone".to_owned(),
    };
    format!(
        "# {}\n\nA language model of {} parameters ({}, {} layers, width {}). It learned {what} {by}, in Retort {}.\n",
        one_line(&session.name),
        student.parameters,
        student.architecture,
        student.layers,
        student.width,
        env!("CARGO_PKG_VERSION"),
    )
}

fn usage(session: &Session, opened: &Opened) -> String {
    let class = kind(session, opened).0;
    let python = format!(
        "from transformers import AutoTokenizer, {class}\n\ntokenizer = AutoTokenizer.from_pretrained(\"FOLDER\")\nmodel = {class}.from_pretrained(\"FOLDER\")"
    );
    format!("## Use\n\nIt read at most {} tokens at a time.\n\n{}", opened.student.max_tokens, block("python", &python))
}

fn measured(outcome: &Outcome) -> String {
    let of = |part: &Measures, id: &str| part.get(id).map_or("–".to_owned(), |value| format!("{value:.4}"));
    let row = |name: &str, side: &Side| {
        let figures = MEASURES.map(|(id, _)| of(&side.test, id)).join(" | ");
        format!("| {name} | {} | {figures} |\n", side.parameters)
    };
    let teacher = outcome.teacher.as_ref().map_or(String::new(), |side| row("teacher", side));
    let titles = MEASURES.map(|(_, title)| title).join(" | ");
    let lacks = if outcome.unmeasured.is_empty() {
        ""
    } else {
        "\nNot all was measured; what is missing and why stands in `summary.json` of the run's folder.\n"
    };
    format!(
        "## Measured\n\nOn the test part.\n\n| | parameters | {titles} |\n|---|---|{}\n{teacher}{}{lacks}",
        "---|".repeat(MEASURES.len()),
        row("student", &outcome.student)
    )
}
