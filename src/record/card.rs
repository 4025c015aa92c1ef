//! The model card of a student: what it is, how it was made and how well it does, as the `README.md`
//! that Hugging Face's Hub shows. Without times (how fast it is stands in `summary.json`) and without
//! whose hand it was, so that equal runs give equal bytes.
//!
//! *Source of the form*: the Hub's model card metadata; what a card should say is from Mitchell et
//! al. 2019, "Model Cards for Model Reporting" (arXiv 1810.03993).

mod by_class;
mod front;
pub mod language;
mod marks;
mod origin;
pub mod verdict;

use std::path::PathBuf;

use super::RunRecord;
use crate::link::{ModelCard, Opened, Outcome, Side, human_bytes};
use crate::session::inference_spec::FILE as USAGE;
use crate::session::{DataSource, Head, InferenceSpec, Recipe, Say as _, Session, Source};
use marks::{block, cell, code, one_line};
pub use origin::ENCODERS;

/// The card's name in the student's folder.
pub const FILE: &str = "README.md";

/// The card of the student of a run that has ended; `None` for one that has not.
pub fn text(record: &RunRecord, usage: &InferenceSpec) -> Option<String> {
    let (session, opened) = (record.session.as_deref()?, record.opened.as_deref()?);
    let outcome = record.outcome.as_deref()?;
    let mut text = front::matter(session, opened, usage);
    for part in [
        &title(session, opened, usage),
        &how_to_ask(opened, usage),
        &how_it_was_made(session, opened, outcome, usage),
        &knobs(session, record),
        &measured(outcome),
        REPEAT,
    ] {
        text.push('\n');
        text.push_str(part);
    }
    Some(text)
}

fn title(session: &Session, opened: &Opened, usage: &InferenceSpec) -> String {
    let student = &opened.student;
    let taught = match session.teacher() {
        Some(teacher) => format!("It learned from the answers of {}", origin::full_name(&teacher.source)),
        None => "It learned from labels alone".to_owned(),
    };
    let classes = usage.classes.iter().map(|class| code(class)).collect::<Vec<_>>().join(", ");
    format!(
        "# {}\n\nA text classifier of {} parameters ({}, {} layers, width {}). {taught}, in Retort {}.\n\nClasses, in the order of its answers: {classes}.\n",
        one_line(&session.name),
        student.parameters,
        student.architecture,
        student.layers,
        student.width,
        env!("CARGO_PKG_VERSION"),
    )
}

/// How the student is asked, in Retort and in Python.
fn how_to_ask(opened: &Opened, usage: &InferenceSpec) -> String {
    let mut text = format!(
        "## Use\n\n`retort probe FOLDER --text \"…\"` prints the probability of every class; {} holds what it needs for that: classes, prompt, label words, length.{}\n\n",
        code(USAGE),
        lines(usage)
    );
    let pair =
        usage.columns.as_ref().filter(|columns| columns.pair && ENCODERS.contains(&&*opened.student.architecture));
    text.push_str(&match usage.head {
        Head::LabelWords => format!(
            "The model reads a text through this prompt and answers by the probabilities of the label words in the place of `{{answer}}` (at most {} tokens):\n\n{}\n{}",
            usage.max_tokens,
            block("text", &usage.prompt.template),
            words(usage),
        ),
        Head::Auto | Head::Classifier if pair.is_some() => format!(
            "It reads two texts as one input, at most {} tokens of both; the longer is cut first:\n\n{}",
            usage.max_tokens,
            block("python", PAIR_PIPELINE),
        ),
        Head::Auto | Head::Classifier => format!(
            "It reads the bare text, without white space around it, at most {} tokens of it:\n\n{}",
            usage.max_tokens,
            block("python", PIPELINE),
        ),
    });
    text
}

/// Asks a classifier in transformers.
const PIPELINE: &str = "from transformers import pipeline

classify = pipeline(\"text-classification\", model=\"FOLDER\")
classify(\"…\", truncation=True, top_k=None)";

/// The same about two texts.
const PAIR_PIPELINE: &str = "from transformers import pipeline

classify = pipeline(\"text-classification\", model=\"FOLDER\")
classify({\"text\": \"…\", \"text_pair\": \"…\"}, truncation=True, top_k=None)";

/// How a text of several columns is written.
fn lines(usage: &InferenceSpec) -> String {
    let Some(columns) = usage.columns.as_ref().filter(|columns| columns.texts > 1) else { return String::new() };
    let names = columns.names.iter().take(columns.texts).map(|name| code(name)).collect::<Vec<_>>().join(", ");
    format!(" A text has a line for each of its columns: {names}.")
}

fn words(usage: &InferenceSpec) -> String {
    let row = |class: &String| format!("| {} | {} |\n", cell(class), cell(usage.prompt.word_for(class)));
    format!("| class | label words |\n|---|---|\n{}", usage.classes.iter().map(row).collect::<String>())
}

fn how_it_was_made(session: &Session, opened: &Opened, outcome: &Outcome, usage: &InferenceSpec) -> String {
    let rows = made_of(session, opened).into_iter().chain(trained_by(session, outcome));
    let (teacher, student) = (origin::read_by_teacher(session, opened), origin::read_by_student(session, usage.head));
    format!("## How it was made\n\n{}{teacher}\n{student}\n", table(rows))
}

fn table(rows: impl Iterator<Item = (&'static str, String)>) -> String {
    let rows: String = rows.map(|(name, value)| format!("| {name} | {value} |\n")).collect();
    format!("| | |\n|---|---|\n{rows}")
}

fn made_of(session: &Session, opened: &Opened) -> [(&'static str, String); 4] {
    let parts = opened.parts;
    let texts = format!(
        "{} to learn from, {} of them with their label; {} for validation, {} for the test",
        parts.train, parts.labelled, parts.validation, parts.test
    );
    let teacher = session.teacher().zip(opened.teacher.as_ref());
    let start = origin::start(session, opened).replace('|', "\\|");
    [
        ("teacher", teacher.map_or("none".to_owned(), |(choice, card)| model(&choice.source, card))),
        ("student", format!("{}, {start}", model(&session.student.source, &opened.student))),
        ("data", data(&session.data.source)),
        ("texts", texts),
    ]
}

fn trained_by(session: &Session, outcome: &Outcome) -> [(&'static str, String); 6] {
    let recipe = &session.recipe;
    let (optimizer, schedule) = (recipe.optimizer.label(), recipe.schedule.label());
    [
        ("losses", recipe.terms.iter().map(|loss| code(loss)).collect::<Vec<_>>().join(", ")),
        ("optimiser", format!("{optimizer}, {schedule} schedule, {} steps of warm-up", recipe.warmup)),
        ("steps", format!("{} of {}, {} each ({})", outcome.steps, recipe.steps, texts(recipe), outcome.reason)),
        ("saved", saved(outcome)),
        ("seed", recipe.seed.to_string()),
        ("threads", recipe.threads.map_or("not recorded".to_owned(), |threads| threads.to_string())),
    ]
}

/// The texts of a step, and how they came together where that was in several passes.
fn texts(recipe: &Recipe) -> String {
    match recipe.accumulate {
        1 => format!("{} texts", recipe.batch),
        passes => format!("{} texts in {passes} passes", recipe.examples_per_step()),
    }
}

/// Which step's student these weights are, and by which measure.
fn saved(outcome: &Outcome) -> String {
    match &outcome.saved {
        Some(saved) if saved.best.is_some() => saved.to_string(),
        Some(saved) => format!("{saved}, the last"),
        None => "not recorded".to_owned(),
    }
}

/// Every knob at step 0, and what became of it during the run.
fn knobs(session: &Session, record: &RunRecord) -> String {
    let row = |(id, value): (&String, &f64)| {
        let marks = record.marks.iter().filter(|mark| mark.change.knob == *id);
        let changes = marks.map(|mark| format!("step {}: {} → {}", mark.step, mark.change.from, mark.change.to));
        format!("| {} | {value} | {} |\n", code(id), changes.collect::<Vec<_>>().join("; "))
    };
    let rows: String = session.knobs.iter().map(row).collect();
    format!("## Knobs\n\n| knob | at step 0 | changed during the run |\n|---|---|---|\n{rows}")
}

fn measured(outcome: &Outcome) -> String {
    let row = |name: &str, side: &Side| {
        let of = |part: &crate::link::Measures, id: &str| part.get(id).map_or("–".to_owned(), |v| format!("{v:.4}"));
        let figures = [of(&side.validation, "accuracy"), of(&side.test, "accuracy"), of(&side.test, "macro_f1")];
        let (agreement, size) = (of(&side.test, "agreement"), side.bytes.map_or("–".to_owned(), human_bytes));
        format!("| {name} | {} | {} | {size} | {} | {agreement} |\n", side.parameters, side.pruned, figures.join(" | "))
    };
    let teacher = outcome.teacher.as_ref().map_or(String::new(), |side| row("teacher", side));
    // Why not may name a path, which is nobody's business.
    let lacks = match outcome.unmeasured.as_slice() {
        [] => "",
        _ => "\nNot all was measured; what is missing and why stands in `summary.json` of the run's folder.\n",
    };
    let calibrated = calibrated(outcome);
    format!(
        "## Measured\n\n| | parameters | of them pruned | weights on disk | validation accuracy | test accuracy | test macro F1 | agreement with the teacher, test |\n|---|---|---|---|---|---|---|---|\n{teacher}{}{lacks}{calibrated}{}",
        row("student", &outcome.student),
        by_class::tables(outcome)
    )
}

/// What a temperature makes of the student's probabilities, or why none was fitted.
fn calibrated(outcome: &Outcome) -> String {
    let Some(scaling) = &outcome.student.temperature_scaling else { return String::new() };
    let kept = match scaling.temperature() {
        Some(_) => format!(
            " It stands in {}: logits divided by it give calibrated probabilities (`retort predict --calibrated`).",
            code(USAGE)
        ),
        None => String::new(),
    };
    format!("\nTemperature scaling: {}.{kept}\n", scaling.said())
}

const REPEAT: &str = "## Repeat

The run's folder holds `session.ron` beside this one, with every knob change at its step. It makes the
same weights, bit for bit on the CPU with as many threads:

```sh
retort run session.ron --out again
```
";

fn model(source: &Source, card: &ModelCard) -> String {
    let frozen = card.trainable.map_or(String::new(), |trainable| format!(", {trainable} of them trained here"));
    let size = if card.parameters > 0 { format!(", {} parameters{frozen}", card.parameters) } else { String::new() };
    format!("{} ({}{size})", cell(&origin::public_name(source)), card.architecture)
}

/// The data by name: where it lies on somebody's machine is nobody's business.
fn data(source: &DataSource) -> String {
    match source {
        DataSource::BuiltIn(name) => format!("{}, built into Retort", cell(name)),
        DataSource::Newsgroups { .. } => "20 Newsgroups".to_owned(),
        DataSource::Files(files) => {
            let name = |path: &PathBuf| cell(&path.file_name().unwrap_or_default().to_string_lossy());
            files.train.files.iter().map(name).collect::<Vec<_>>().join(", ")
        }
    }
}
