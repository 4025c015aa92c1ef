//! What a run reads: the files of its data and models, and what is in them. A run is only gone on with
//! where they are still the same.
//!
//! Not here: what a server answers, and what the program itself brings along; that changes with the
//! program, and the examples say so.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::data::{Dataset, Example};
use super::model::ModelFiles;
use super::model::vocabulary::GROUPS;
use super::{EngineError, content_hash, hub};
use crate::link::InputFile;
use crate::session::{ModelChoice, Sentence, Session, Source, say};

/// What the examples of a run are called among its inputs.
const EXAMPLES: &str = "examples";

/// Files beside configuration, tokenizer and weights that decide how a model reads a text.
const SETTINGS: [&str; 7] = [
    "config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "chat_template.json",
    "retort.ron",
];

/// A file or folder that a session reads, and for whom.
struct Read {
    role: &'static str,
    path: PathBuf,
}

/// Length and time of change of everything a session reads: whether it has to be read again.
pub type Stamps = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// The stamps of what `session` reads as data, and of its teacher. What is not there has none.
pub fn stamps(session: &Session) -> (Stamps, Stamps) {
    let of = |reads: Vec<Read>| reads.iter().flat_map(|read| files_in(&read.path)).filter_map(stamp).collect();
    let teacher = session.teacher().and_then(|choice| Some((choice, on_disk(choice).ok()??)));
    let paths = teacher.map_or_else(Vec::new, |(choice, files)| {
        let weights = if choice.needs_weights() { files.weight_files() } else { Ok(Vec::new()) };
        settings(&files).into_iter().chain(weights.unwrap_or_default()).collect()
    });
    let teacher = paths.into_iter().map(|path| Read { role: "teacher", path }).collect();
    (of(data(session)), of(teacher))
}

fn stamp(path: PathBuf) -> Option<(PathBuf, u64, Option<SystemTime>)> {
    let seen = fs::metadata(&path).ok()?;
    Some((path, seen.len(), seen.modified().ok()))
}

/// The files that `session` reads, each with the hash of what is in it. Files that have not changed
/// since they were hashed are not read again.
///
/// # Errors
/// [`EngineError::Changed`] for one that cannot be read, [`EngineError::Hub`] for a model that is gone.
pub fn files(session: &Session) -> Result<Vec<InputFile>, EngineError> {
    let data = data(session).into_iter().map(|read| hashed(read.role, &read.path));
    let mut inputs = data.collect::<Result<Vec<_>, _>>()?;
    let (student, teacher) = (&session.student, session.teacher());
    for (role, choice) in teacher.map(|teacher| ("teacher", teacher)).into_iter().chain([("student", student)]) {
        inputs.extend(of_model(role, choice)?);
    }
    if let Some(of) = student.init.layers_of().cloned() {
        inputs.extend(of_model("model whose layers the student takes", &ModelChoice::stored(of))?);
    }
    Ok(inputs)
}

/// The files of a model: its settings one by one, and its weights as one.
fn of_model(role: &str, choice: &ModelChoice) -> Result<Vec<InputFile>, EngineError> {
    let Some(files) = on_disk(choice)? else { return Ok(Vec::new()) };
    let mut inputs = settings(&files).iter().map(|path| hashed(role, path)).collect::<Result<Vec<_>, _>>()?;
    let weights = if choice.needs_weights() { files.weight_files()? } else { Vec::new() };
    if let Some(path) = weights.first().cloned() {
        let bytes = weights.iter().filter_map(|file| fs::metadata(file).ok()).map(|seen| seen.len()).sum();
        // The hash by which a teacher's answers are kept, so that large weights are read once for both.
        let hash = content_hash::hex(&files.content_hash()?);
        inputs.push(InputFile { role: role.to_owned(), path, bytes, hash });
    }
    Ok(inputs)
}

/// The examples of a run as an input: a change in how a file is read changes them as well.
pub fn examples(data: &Dataset, session: &Session) -> InputFile {
    let mut hash = blake3::Hasher::new();
    let mut words = String::new();
    for part in [&data.train, &data.validation, &data.test] {
        hash.update(&(part.len() as u64).to_le_bytes());
        part.iter().for_each(|example| take_in(&mut hash, &mut words, example));
    }
    hash.update(format!("{:?} {:?}", data.classes, data.labelled).as_bytes());
    let path = self::data(session).into_iter().next().map_or_else(PathBuf::new, |read| read.path);
    let hash = hash.finalize().to_hex().to_string();
    InputFile { role: EXAMPLES.to_owned(), path, bytes: data.train.len() as u64, hash }
}

fn take_in(hash: &mut blake3::Hasher, words: &mut String, example: &Example) {
    words.clear();
    // Writing to a string cannot fail.
    let _ = write!(words, "{:?}", example.class());
    hash.update(&(example.text().len() as u64).to_le_bytes())
        .update(example.text().as_bytes())
        .update(words.as_bytes())
        .update(&example.fields.column_bytes());
    if example.weight != 1.0 {
        hash.update(&example.weight.to_le_bytes());
    }
}

/// Refuses to go on where something else would be read than `before`.
///
/// # Errors
/// [`EngineError::Changed`] naming the first file that is another one, is gone or was not there.
pub fn unchanged(before: &[InputFile], now: &[InputFile]) -> Result<(), EngineError> {
    let (then_named, now_named) = (named(before), named(now));
    let changed = |input: &InputFile, reason: Sentence| EngineError::Changed {
        what: if input.role == EXAMPLES {
            say!("the data")
        } else {
            say!("a file of the {role}", role = called(&input.role))
        },
        reason,
        path: input.path.clone(),
    };
    for (name, then) in &then_named {
        let reason = match now_named.iter().find(|(now, _)| now == name).map(|(_, input)| input) {
            None if then.role == EXAMPLES => continue,
            None => say!("it is no longer read"),
            Some(input) if input.hash == then.hash => continue,
            Some(_) if then.role == EXAMPLES => say!("this program reads other examples from it"),
            Some(_) => say!("its content is another one"),
        };
        return Err(changed(then, reason));
    }
    let new = now_named
        .iter()
        .find(|(name, input)| input.role != EXAMPLES && !then_named.iter().any(|(then, _)| then == name));
    new.map_or(Ok(()), |(_, new)| Err(changed(new, say!("it was not there then"))))
}

/// What a sentence calls a role.
fn called(role: &str) -> Sentence {
    match role {
        "teacher" => say!("teacher"),
        "student" => say!("student"),
        "data" => say!("data"),
        "model whose layers the student takes" => say!("model whose layers the student takes"),
        other => Sentence::verbatim(other),
    }
}

/// What an input is for, its file's name, and which of that name it is: a run's folder may have moved
/// together with what it reads.
type Name<'a> = (&'a str, &'a OsStr, usize);

/// The inputs in their order, under their names. Settings come before weights, whose hash covers them.
fn named(inputs: &[InputFile]) -> Vec<(Name<'_>, &InputFile)> {
    let mut named: Vec<(Name<'_>, &InputFile)> = Vec::new();
    for input in inputs {
        let (role, name) = (input.role.as_str(), input.path.file_name().unwrap_or_default());
        let nth = named.iter().filter(|((of, called, _), _)| (*of, *called) == (role, name)).count();
        named.push(((role, name, nth), input));
    }
    named
}

/// The paths of the data.
fn data(session: &Session) -> Vec<Read> {
    let mut alone = session.clone();
    // Without models and run, what is left are the paths of the data.
    alone.set_teacher(None);
    alone.run = None;
    alone.student = ModelChoice::stored(Source::BuiltIn(String::new()));
    alone.paths_mut().into_iter().map(|path| Read { role: "data", path: path.clone() }).collect()
}

/// The files of a model that lies on this machine outside the program.
fn on_disk(choice: &ModelChoice) -> Result<Option<ModelFiles>, EngineError> {
    match choice.source {
        Source::Server { .. } | Source::BuiltIn(_) => Ok(None),
        Source::Folder(_) | Source::Hub { .. } => Ok(Some(hub::files(choice)?)),
    }
}

/// The files of configuration and tokenizer.
fn settings(files: &ModelFiles) -> Vec<PathBuf> {
    let ModelFiles::Folder(folder) = files else { return Vec::new() };
    let names = SETTINGS.iter().chain(GROUPS.iter().copied().flatten());
    names.map(|name| folder.join(name)).filter(|path| path.is_file()).collect()
}

/// A file with its hash, or a folder with that of all its files under their names.
fn hashed(role: &str, path: &Path) -> Result<InputFile, EngineError> {
    let failed = |e: std::io::Error| EngineError::Changed {
        what: say!("a file of the {role}", role = called(role)),
        reason: say!("it cannot be read ({e})", e),
        path: path.to_owned(),
    };
    let files = files_in(path);
    let names: Vec<&Path> = files.iter().map(|file| file.strip_prefix(path).unwrap_or(file)).collect();
    let hash = match path.is_dir() {
        true => content_hash::of_files(&[format!("{names:?}").as_bytes()], &files),
        false => content_hash::of_file(path),
    };
    let bytes = files.iter().filter_map(|file| fs::metadata(file).ok()).map(|seen| seen.len()).sum();
    let hash = content_hash::hex(&hash.map_err(failed)?);
    Ok(InputFile { role: role.to_owned(), path: path.to_owned(), bytes, hash })
}

/// The file itself, or all files below a folder, in the order of their paths.
fn files_in(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        let path = entry.path();
        // A link to a folder may lead back.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            files.extend(files_in(&path));
        } else if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    files
}
