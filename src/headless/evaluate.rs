//! `retort evaluate`: how well a model answers for the classes of texts that have one, on the test part of a
//! session or on a file, with all measures, class by class, and which class was taken for which; or how well it tells
//! tokens.

mod tokens;

use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::asked::{self, Asked, Scores};
use super::interrupt::Interrupt;
use super::output::tell;
use super::predict::{learned_from, run_of};
use super::{CommandError, EvaluateArguments, consent, figures, over_tokens};
use crate::engine::EngineError;
use crate::engine::data::{self, stream::Format as RowFormat};
use crate::engine::in_pieces::{self, Watch};
use crate::engine::measure::{self, temperature};
use crate::link::{Side, TemperatureScaling, grouped};
use crate::session::{Column, DataSource, Files, Format, Roles, Say as _, Sentence, Session, file, say};

/// Texts with their classes.
struct Texts {
    /// Text and class name.
    rows: Vec<(String, String)>,
    /// The same of a session's validation part; `None` of a file.
    validation: Option<Vec<(String, String)>>,
    /// Where they come from, in words.
    place: String,
    notes: Vec<Sentence>,
    left_out: Vec<(Sentence, usize)>,
}

/// Measures a model.
///
/// # Errors
/// [`CommandError`]: model, session or data cannot be read, no text is of a class that the model knows, or a
/// signal came.
pub fn evaluate(arguments: &EvaluateArguments) -> Result<String, CommandError> {
    let path = arguments.data.as_deref();
    let given = match path.filter(|path| over_tokens::is_session(path)) {
        Some(path) => file::open(path).map_err(CommandError::input)?,
        None => Session::built_in().map_err(CommandError::input)?,
    };
    consent::download(asked::missing(&arguments.model)?, arguments.fetch)?;
    if let Some(session) = over_tokens::session_for(&arguments.model, path, &given, &arguments.text)? {
        return tokens::evaluate(arguments, &session, path.is_some_and(|path| !over_tokens::is_session(path)));
    }
    if arguments.teacher {
        return Err(CommandError::input(
            "--teacher compares tokens, and the model is asked for classes; name the teacher as MODEL to measure it",
        ));
    }
    let (asked, texts) = opened(arguments, &given)?;
    asked.remarks().into_iter().for_each(tell);
    texts.notes.iter().for_each(|note| tell(format!("data: {note}")));
    let (texts, gold) = known(texts, &asked.classes)?;
    let scores = answers(&asked, &texts.rows)?;
    let cut = scores.iter().filter(|scores| scores.cut > 0).count();
    let rows: Vec<Vec<f32>> = scores.into_iter().map(|scores| scores.log_probabilities).collect();
    let temperature_scaling = scaling(&asked, &texts, temperature::Part { gold: &gold, rows: &rows })?;
    let (parameters, bytes) = (asked.model.card.parameters, asked.model.files.weight_bytes());
    let side = measure::on_test(&gold, &rows, None, asked.classes.len());
    let side = Side { parameters, bytes, temperature_scaling, ..side };
    let told = Told { asked: &asked, texts: &texts, side: &side, cut };
    Ok(if arguments.json { told.json() } else { told.text() })
}

fn opened(arguments: &EvaluateArguments, session: &Session) -> Result<(Asked, Texts), CommandError> {
    match arguments.data.as_deref().filter(|path| !over_tokens::is_session(path)) {
        Some(path) => {
            let asked = Asked::open(&arguments.model, arguments.fetch)?;
            Ok((asked, of_file(path, arguments)?))
        }
        None => {
            let (texts, classes) = of_session(session)?;
            Ok((Asked::open_for(&arguments.model, arguments.fetch, session, &classes)?, texts))
        }
    }
}

/// The test part of a session and its classes.
fn of_session(session: &Session) -> Result<(Texts, Vec<String>), CommandError> {
    let data = data::open_with(&session.data, &session.prompt.columns(), session.recipe.seed, data::Goal::Classes)
        .map_err(CommandError::input)?;
    if data.test.is_empty() {
        return Err(CommandError::input(
            "there is no test part to measure on; name a test file in the session, or raise data.test",
        ));
    }
    let name = |label: Option<usize>| label.and_then(|class| data.classes.get(class)).cloned().unwrap_or_default();
    let rows = |part: &[data::Example]| {
        part.iter().map(|example| (example.text().to_string(), name(example.class()))).collect::<Vec<_>>()
    };
    let (rows, validation) = (rows(&data.test), Some(rows(&data.validation)));
    let place = format!("the test part of {:?}", session.name);
    Ok((Texts { rows, validation, place, notes: data.notes, left_out: data.left_out }, data.classes))
}

/// All rows of a file.
fn of_file(path: &Path, arguments: &EvaluateArguments) -> Result<Texts, CommandError> {
    let learned = run_of(Path::new(&arguments.model)).map(|session| session.data.source);
    let text = match arguments.text.as_slice() {
        [] => Some(learned_from(Path::new(&arguments.model))).filter(|text| !text.is_empty()),
        said => Some(said.to_vec()),
    };
    let text = text.unwrap_or_else(|| vec!["text".to_owned()]);
    let learned = match learned.as_ref().and_then(DataSource::files).and_then(|files| files.roles.label.as_ref()) {
        Some(Column::Name(name)) => name.clone(),
        _ => "label".to_owned(),
    };
    let label = arguments.label.clone().unwrap_or(learned);
    let source = source(path, arguments.no_header, text, label)?;
    let read = data::read_whole(&source)
        .map_err(|e| CommandError::input(format!("{e} (the columns are named by --text and --label)")))?;
    let place = path.display().to_string();
    Ok(Texts { rows: read.rows, validation: None, place, notes: read.notes, left_out: read.left_out })
}

fn source(path: &Path, no_header: bool, text: Vec<String>, label: String) -> Result<DataSource, CommandError> {
    let is_json = RowFormat::of(path) == RowFormat::JsonLines;
    let column = |name: String| match (no_header && !is_json, name.parse()) {
        (true, Ok(place)) => Ok(Column::Index(place)),
        (true, Err(_)) => Err(CommandError::input(format!(
            "with --no-header columns are named by their place, counted from 0, as in --text 0 --label 1; {name:?} is none"
        ))),
        (false, _) => Ok(Column::Name(name)),
    };
    let text = text.into_iter().map(column).collect::<Result<Vec<_>, _>>()?;
    let (roles, format) =
        (Roles::new(text, Some(column(label)?)), if is_json { Format::Json } else { Format::delimited(!no_header) });
    Ok(DataSource::from(Files { format, roles, ..Files::of(path) }))
}

/// The texts of classes that the model knows, and which class each is; those of others are counted.
fn known(texts: Texts, classes: &[String]) -> Result<(Texts, Vec<usize>), CommandError> {
    let all = texts.rows.len();
    let mut unknown: Vec<String> = Vec::new();
    let (mut rows, mut gold) = (Vec::new(), Vec::new());
    for (text, class) in texts.rows {
        match index(classes, &class) {
            Some(class_index) => {
                gold.push(class_index);
                rows.push((text, class));
            }
            None if !unknown.contains(&class) && unknown.len() < 1_000 => unknown.push(class),
            None => {}
        }
    }
    let shown = |names: &[String]| data::labels::shortened(names);
    if rows.is_empty() {
        return Err(CommandError::input(format!(
            "no text of {} is of a class that the model knows: its classes are {}, those of the texts {}",
            texts.place,
            shown(classes),
            shown(&unknown)
        )));
    }
    let mut left_out = texts.left_out;
    if rows.len() < all {
        left_out.push((
            say!("texts of classes that the model does not know: {unknown}", unknown = shown(&unknown)),
            all - rows.len(),
        ));
    }
    Ok((Texts { rows, left_out, ..texts }, gold))
}

fn index(classes: &[String], name: &str) -> Option<usize> {
    classes.iter().position(|class| class == name)
}

/// The temperature that is kept beside the model, else one fitted to the session's validation part, and what it
/// makes of the answers; `None` for a file where none is kept.
fn scaling(
    asked: &Asked,
    texts: &Texts,
    test: temperature::Part<'_>,
) -> Result<Option<TemperatureScaling>, CommandError> {
    let classes = asked.classes.len();
    if let Some(kept) = asked.temperature {
        return Ok(Some(TemperatureScaling::Fitted(temperature::at(kept, test, classes))));
    }
    let Some(validation) = &texts.validation else { return Ok(None) };
    let known = validation.iter().filter_map(|row| Some((row.clone(), index(&asked.classes, &row.1)?)));
    let (rows, gold): (Vec<_>, Vec<usize>) = known.unzip();
    let rows: Vec<Vec<f32>> = answers(asked, &rows)?.into_iter().map(|scores| scores.log_probabilities).collect();
    Ok(Some(temperature::scaling(temperature::Part { gold: &gold, rows: &rows }, test, classes)))
}

/// The answers to all texts; a signal ends it.
fn answers(asked: &Asked, rows: &[(String, String)]) -> Result<Vec<Scores>, CommandError> {
    watched(rows.len(), |watch| {
        let mut scores = Vec::with_capacity(rows.len());
        in_pieces::in_pieces(rows, watch, |piece| {
            let texts: Vec<&str> = piece.iter().map(|(text, _)| text.as_str()).collect();
            scores.extend(asked.scores(&texts)?);
            Ok(())
        })?;
        Ok(scores)
    })
}

/// Measures so many texts, with a bar; a signal ends it.
fn watched<T>(texts: usize, measure: impl FnOnce(&mut Watch) -> Result<T, EngineError>) -> Result<T, CommandError> {
    let interrupt = Interrupt::listen().map_err(CommandError::run)?;
    let bar = ProgressBar::with_draw_target(Some(texts as u64), ProgressDrawTarget::stderr());
    bar.set_style(
        ProgressStyle::with_template("{bar:30} {pos}/{len} texts · {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let (mut done, mut stopped) = (0, None);
    let measured = measure(&mut |texts: u64| {
        bar.inc(texts);
        done += texts;
        stopped = interrupt.code();
        stopped.is_none()
    });
    bar.finish_and_clear();
    measured.map_err(|e| match e {
        EngineError::Cancelled => {
            let all = grouped(texts as u64);
            tell(format!("stopped after {} of {all} texts; nothing is told of half of them", grouped(done)));
            CommandError::quiet(stopped.unwrap_or_default())
        }
        e => CommandError::run(e),
    })
}

/// What is told.
struct Told<'a> {
    asked: &'a Asked,
    texts: &'a Texts,
    side: &'a Side,
    cut: usize,
}

impl Told<'_> {
    fn json(&self) -> String {
        let Self { asked, texts, side, cut } = self;
        json!({
            "model": asked.model.card.in_words(), "classes": asked.classes, "data": texts.place, "texts": texts.rows.len(),
            "measures": side.test, "per_class": side.per_class, "confusion": side.confusion, "undecided": side.undecided,
            "temperature_scaling": side.temperature_scaling, "bytes": side.bytes, "cut": cut, "left_out": texts.left_out, "notes": texts.notes,
        })
        .to_string()
    }

    fn text(&self) -> String {
        let Self { asked, texts, side, cut } = self;
        let card = &asked.model.card;
        let head = format!(
            "{}: {} parameters, {} texts of {}",
            card.architecture,
            card.parameters,
            grouped(texts.rows.len() as u64),
            texts.place
        );
        let measures = side.test.iter().map(|(name, value)| format!("{:<9} {value:.4}", name.replace('_', " ")));
        let scaling = side.temperature_scaling.as_ref().map_or_else(
            || "no temperature is kept beside the model, and a file has no validation part to fit one to; name a session for that".to_owned(),
            |scaling| scaling.said().to_string(),
        );
        let undecided = (side.undecided > 0).then(|| {
            format!(
                "for {} texts the answer is no distribution; they count as the first class",
                grouped(side.undecided)
            )
        });
        let cut = (*cut > 0)
            .then(|| format!("{} texts are longer than the model reads and were cut at the end", grouped(*cut as u64)));
        let left_out =
            texts.left_out.iter().map(|(reason, count)| format!("left out: {} {reason}", grouped(*count as u64)));
        let too_many = side.confusion.is_empty().then(|| {
            format!("no table of which class was taken for which: {} classes are too many", asked.classes.len())
        });
        let tables = figures::per_class(&asked.classes, side, None)
            .into_iter()
            .chain(figures::confusion(&asked.classes, &side.confusion));
        let lines = std::iter::once(head)
            .chain(measures)
            .chain([scaling])
            .chain(tables)
            .chain(too_many)
            .chain(undecided)
            .chain(cut)
            .chain(left_out);
        lines.collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(classes: &[&str]) -> Texts {
        let rows = classes.iter().map(|class| ("a text".to_owned(), (*class).to_owned())).collect();
        Texts { rows, validation: None, place: "rows.csv".into(), notes: Vec::new(), left_out: Vec::new() }
    }

    #[test]
    fn texts_of_classes_that_the_model_does_not_know_are_counted_and_none_other_are_refused() {
        let classes = ["x".to_owned(), "y".to_owned()];
        let (kept, gold) = known(texts(&["y", "z", "x", "z", "w"]), &classes).ok().unwrap();
        assert_eq!((gold, kept.rows.len()), (vec![1, 0], 2));
        assert_eq!(kept.left_out[0].0, "texts of classes that the model does not know: `z`, `w`");
        assert_eq!((kept.left_out.len(), kept.left_out[0].1), (1, 3));
        let refused = known(texts(&["X"]), &classes).err().unwrap().to_string();
        assert!(refused.contains("`x`, `y`") && refused.contains("`X`"), "{refused}");
    }

    #[test]
    fn columns_of_a_file_without_names_are_places() {
        let refused = source(Path::new("a.csv"), true, vec!["text".into()], "1".into()).unwrap_err();
        assert!(refused.to_string().contains("--text 0"), "{refused}");
        let read = source(Path::new("a.csv"), true, vec!["0".into()], "1".into()).unwrap();
        let files = read.files().unwrap();
        assert_eq!((&files.format, &files.roles.label), (&Format::delimited(false), &Some(Column::Index(1))));
        let read = source(Path::new("a.jsonl"), false, vec!["t".into()], "l".into()).unwrap();
        assert_eq!(read.files().unwrap().format, Format::Json);
    }
}
