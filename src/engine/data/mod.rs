//! Data sets: texts, with a class or without, from a file, a folder, an archive or the program itself, cut into
//! train, validation and test. One reader a file; `parts` is what each of them hands over, `labels`
//! looks whether it can be what was meant and `split` cuts it, the same for all.
//!
//! Everything is decided by the session's data, the files' bytes and the two seeds: never by the order
//! in which a file system lists its files. Not here: tokens, padding, tensors.
//!
//! *Why whole texts in memory (2026-11).* Chosen over reading rows on demand: the sets this
//! program is for are some ten megabytes, exact resume needs random access, and a bad row must be
//! refused before the run, not in its third hour. We would reconsider for sets that do not fit.

mod archive;
pub mod batches;
mod built_in;
mod class_folders;
mod class_names;
mod columns;
pub mod conversation;
mod data_error;
mod data_file;
mod decode;
mod documents;
pub mod example;
mod file_listing;
mod foreign;
mod gather;
mod goal;
mod json_values;
mod label_rows;
pub mod labels;
mod layout;
mod newsgroups;
mod parts;
pub mod preview;
mod quoting;
mod roles;
mod several_labels;
pub mod shuffle;
mod split;
pub mod stream;
mod strip;
mod table;
mod table_files;

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::engine::allocator;
use crate::link::PartCounts;
use crate::session::{Data, DataSource, FilePart, Files, Sentence, knob::Entry, say};

pub use batches::Batches;
pub use data_error::DataError;
pub use example::{Example, Fields, Layout, Target};
pub use goal::Goal;
pub use split::beyond_limit;

/// The name of the field that holds a conversation, where rows have one.
pub const MESSAGES: &str = "messages";

/// The corpora that ship with the program.
pub const CORPORA: &[Entry] = &[built_in::POSTS];

/// The classes of examples to measure with, all of which have one.
pub fn gold(examples: &[Example]) -> Vec<usize> {
    examples.iter().filter_map(|example| example.class()).collect()
}

/// Texts, with classes where these are learned, cut into parts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dataset {
    /// Class names: in the order in which they are named; else in numeric order if all of them are integers, else
    /// sorted by name. None where the texts themselves are learned.
    pub classes: Vec<String>,
    /// Training examples, in the source's order.
    pub train: Vec<Example>,
    /// For each training example, whether what it teaches may be used: its label, or its text where that is learned.
    /// The others still teach what a teacher says of them.
    pub labelled: Vec<bool>,
    /// Validation examples, in the source's order.
    pub validation: Vec<Example>,
    /// Test examples, in the source's order.
    pub test: Vec<Example>,
    /// What a person should know of the reading: left-out rows, odd encodings, doubled texts.
    pub notes: Vec<Sentence>,
    /// Why rows of the source are in no part, with the lines of the first of them, and how many.
    pub left_out: Vec<(Sentence, usize)>,
    /// What the fields of its examples are called.
    pub layout: Arc<Layout>,
}

impl Dataset {
    /// Examples per part.
    pub fn counts(&self) -> PartCounts {
        PartCounts {
            train: self.train.len(),
            labelled: self.labelled.iter().filter(|labelled| **labelled).count(),
            validation: self.validation.len(),
            test: self.test.len(),
        }
    }

    /// Training texts that an earlier one says word by word.
    pub fn duplicates(&self) -> usize {
        let distinct: HashSet<&str> = self.train.iter().map(|example| example.text()).collect();
        self.train.len() - distinct.len()
    }

    /// Whether its examples are conversations.
    pub fn converses(&self) -> bool {
        self.layout.names.iter().any(|name| name == MESSAGES)
    }

    /// The text of one of its examples as a person reads it: a conversation message by message, and not as JSON.
    pub fn readable<'a>(&self, example: &'a Example) -> Cow<'a, str> {
        let messages = || example.fields.get(MESSAGES).unwrap_or_else(|| example.text());
        let turns = self.converses().then(|| conversation::turns(messages()).ok()).flatten();
        turns.map_or(Cow::Borrowed(example.text()), |turns| Cow::Owned(conversation::written(&turns)))
    }

    /// Training texts of each class whose label is used, in class order.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        let used = self.train.iter().zip(&self.labelled).filter(|(_, used)| **used);
        for slot in used.filter_map(|(example, _)| example.class()) {
            counts.get_mut(slot).into_iter().for_each(|count| *count += 1);
        }
        counts
    }
}

/// Reads and cuts the data a session asks for; `seed`, the run's, draws who keeps a label. The same data, files and
/// seed give the same [`Dataset`] everywhere.
///
/// # Errors
/// [`DataError`] naming the file and, where there is one, the line.
pub fn open(data: &Data, seed: u64) -> Result<Dataset, DataError> {
    open_with(data, &[], seed, Goal::Classes)
}

/// As [`open`], with the columns `named` by templates beside those that have a role, for what is to be learned.
///
/// # Errors
/// As [`open`].
pub fn open_with(data: &Data, named: &[String], seed: u64, goal: Goal) -> Result<Dataset, DataError> {
    let (mut parts, layout) = match &data.source {
        DataSource::BuiltIn(name) => (built_in::read(name)?, Arc::default()),
        DataSource::Newsgroups { path, strip } => (newsgroups::read(path, *strip)?, Arc::default()),
        DataSource::Files(files) => gather::read(files, named, goal)?,
    };
    let place = place(&data.source);
    let classes = match goal {
        Goal::Classes => Some(labels::settle(&mut parts, &data.labels, &place)?),
        Goal::Texts => {
            labels::forget(&mut parts, &data.labels);
            None
        }
    };
    let set = split::split(parts, data, seed, (classes, layout), &place);
    allocator::give_back();
    set
}

/// All rows of a file, as they stand: what a model is measured on that was trained elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelledRows {
    /// Text and class name of every row that has both.
    pub rows: Vec<(String, String)>,
    /// What a person should know of the reading.
    pub notes: Vec<Sentence>,
    /// Why rows are left out, and how many.
    pub left_out: Vec<(Sentence, usize)>,
}

/// Reads a delimited file or one of JSON objects whole, without cutting it into parts.
///
/// # Errors
/// [`DataError`] naming the file and, where there is one, the line; also where no row has a class.
pub fn read_whole(source: &DataSource) -> Result<LabelledRows, DataError> {
    let DataSource::Files(files) = source else {
        let reason = say!("a corpus has parts of its own; name a session with it instead");
        return Err(DataError::Roles { reason, path: place(source) });
    };
    let (parts, _) = gather::read(&Files { test: FilePart::default(), ..Files::clone(files) }, &[], Goal::Classes)?;
    let (all, mut left_out) = (parts.train.rows.len(), parts.left_out);
    let text = |row: &parts::Row| row.fields.whole().to_owned();
    let labelled = parts.train.rows.iter().filter_map(|row| Some((text(row), row.label.as_deref()?.to_owned())));
    let rows: Vec<(String, String)> = labelled.collect();
    if rows.is_empty() {
        let reason = say!("no row has a class, and only with one can be measured");
        return Err(DataError::Labels { reason, path: place(source) });
    }
    if rows.len() < all {
        left_out.push((say!("rows without a class"), all - rows.len()));
    }
    Ok(LabelledRows { rows, notes: parts.notes, left_out })
}

/// What errors about the whole data set point at.
fn place(source: &DataSource) -> PathBuf {
    match source {
        DataSource::BuiltIn(name) => Path::new("built-in corpora").join(name),
        DataSource::Newsgroups { .. } | DataSource::Files(_) => source.path().unwrap_or(Path::new("")).to_owned(),
    }
}
