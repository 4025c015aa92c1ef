//! How well a model tells tokens: on the test part of a session over tokens, or on a file of texts; beside a teacher
//! where that is asked for.

use serde_json::json;

use super::super::output::tell;
use super::super::over_tokens;
use super::{CommandError, EvaluateArguments, watched};
use crate::engine::data::{Dataset, Example};
use crate::engine::measure::TokenMeasure;
use crate::engine::pair::Pair;
use crate::engine::token_evaluation::{self, Told};
use crate::link::{Measures, grouped};
use crate::session::{Session, TaskKind};

/// Measures the model that is named by `session`, whose data have no parts where they are a `file`.
///
/// # Errors
/// [`CommandError`]: model or data cannot be read, there is nothing to measure on, or a signal came.
pub(super) fn evaluate(arguments: &EvaluateArguments, session: &Session, file: bool) -> Result<String, CommandError> {
    let teacher = session.teacher().map(|teacher| teacher.source.title()).filter(|_| arguments.teacher);
    if arguments.teacher && teacher.is_none() {
        return Err(CommandError::input("the session names no teacher to compare with; leave out --teacher"));
    }
    if arguments.label.is_some() {
        tell("note: over tokens no class is looked at: --label says nothing");
    }
    let pair = over_tokens::open(session, &arguments.model, arguments.fetch, arguments.teacher)?;
    refuse_random(&pair, &arguments.model)?;
    pair.student.card.notes.iter().for_each(|note| tell(format!("note: {note}")));
    let data = &pair.assets.data;
    data.notes.iter().for_each(|note| tell(format!("data: {note}")));
    let place = match (&arguments.data, file) {
        (Some(path), true) => path.display().to_string(),
        _ => format!("the test part of {:?}", session.name),
    };
    let examples = if file { &data.train } else { &data.test };
    let told = measured(&pair, examples)?;
    if told.rows == 0 {
        return Err(CommandError::input(format!(
            "there is no token to measure on in {place}; name a file, or a session with a test part (data.test) of longer texts"
        )));
    }
    let report = Report { pair: &pair, data, place, texts: examples.len(), told, teacher };
    Ok(if arguments.json { report.json() } else { report.text() })
}

/// Refuses a model of which parts are not stored: its answers mean nothing.
fn refuse_random(pair: &Pair, name: &str) -> Result<(), CommandError> {
    let random = &pair.student.card.random;
    let why = || {
        format!(
            "{name} does not tell tokens: these parts are not stored and would be random: {}; name a model with a head over its vocabulary",
            random.join(", ")
        )
    };
    if random.is_empty() { Ok(()) } else { Err(CommandError::input(why())) }
}

fn measured(pair: &Pair, examples: &[Example]) -> Result<Told, CommandError> {
    let prompt = pair.session.prompt.for_student();
    let task = pair.task(&pair.student, &prompt).map_err(CommandError::input)?;
    let teacher = pair.row_teacher();
    watched(examples.len(), |watch| {
        token_evaluation::measure(task.as_ref(), &pair.student, teacher.as_ref(), examples, watch)
    })
}

/// What is told.
struct Report<'a> {
    pair: &'a Pair,
    data: &'a Dataset,
    place: String,
    texts: usize,
    told: Told,
    teacher: Option<String>,
}

impl Report<'_> {
    fn json(&self) -> String {
        let Self { pair, data, place, texts, told, .. } = self;
        json!({
            "model": pair.student.card.in_words(), "task": pair.session.recipe.task, "data": place, "texts": texts,
            "samples": told.samples, "tokens": told.rows, "measures": told.student, "teacher": told.teacher,
            "cut": told.cut, "left_out": data.left_out, "notes": data.notes,
        })
        .to_string()
    }

    fn text(&self) -> String {
        let Self { pair, data, place, texts, told, teacher } = self;
        let card = &pair.student.card;
        let what = match pair.session.recipe.task {
            TaskKind::MaskedToken { .. } => "missing tokens",
            TaskKind::NextToken { .. } | TaskKind::Classes => "next tokens",
        };
        let head = format!(
            "{}: {} parameters, {} {what} of {} texts in {} samples, {place}",
            card.architecture,
            card.parameters,
            grouped(told.rows as u64),
            grouped(*texts as u64),
            grouped(told.samples as u64),
        );
        let titles = told.teacher.as_ref().map(|_| format!("{:<16} {:>10} {:>10}", "", "model", "teacher"));
        let taught = teacher.as_ref().map(|name| format!("the teacher is {name}"));
        let rows = TokenMeasure::ALL.iter().filter_map(|measure| row(measure.id, told));
        let cut = (told.cut > 0).then(|| {
            format!("{} texts are longer than the model reads and were cut at the end", grouped(told.cut as u64))
        });
        let left_out =
            data.left_out.iter().map(|(reason, count)| format!("left out: {} {reason}", grouped(*count as u64)));
        std::iter::once(head)
            .chain(titles)
            .chain(rows)
            .chain(taught)
            .chain(cut)
            .chain(left_out)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// A measure's line, if there is a figure.
fn row(id: &str, told: &Told) -> Option<String> {
    let of = |part: &Measures| part.get(id).map(|value| format!("{value:.4}"));
    let own = of(&told.student)?;
    let theirs = told.teacher.as_ref().map(|teacher| format!(" {:>10}", of(teacher).unwrap_or("–".to_owned())));
    Some(format!("{:<16} {own:>10}{}", id.replace('_', " "), theirs.unwrap_or_default()))
}
