//! A list of the kept answers, file by file: how many, of which teacher, what they were paid for. Nothing
//! is written or removed.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::answer_file::{AnswerFile, AnswerFileError, VERSION, WITHDRAWN};
use super::costs::Costs;
use super::former;
use crate::session::{Say, Sentence, say};

/// When answers of an earlier version are read.
fn kept_by_former() -> Sentence {
    say!("kept by an earlier version; read by a session whose teacher cannot have answered in two ways")
}

/// What to add where no tokens were counted.
fn uncounted() -> Sentence {
    say!(
        "; not by one whose server continues prompts (Completions), since it counted no tokens and nothing else tells how they were scored"
    )
}

/// A file of kept answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KeptAnswers {
    /// The file.
    pub path: PathBuf,
    /// Its size, bytes.
    pub bytes: u64,
    /// Answers in it that are used.
    pub answers: usize,
    /// Answers that were paid for and say nothing.
    pub withdrawn: usize,
    /// Classes of each.
    pub classes: usize,
    /// Tokens that a server counted for them, read and written; 0 of a model in this process.
    pub tokens: u64,
    /// The format of the file; 1 is that of versions that did not say what the answers are to.
    pub format: u32,
    /// What they are to, where the file says it.
    pub about: Option<serde_json::Value>,
    /// Why they cannot be used, or when they are.
    pub note: Option<Sentence>,
}

impl KeptAnswers {
    /// What a person would call the teacher; empty where the file does not say it.
    pub fn teacher(&self) -> &str {
        self.about.as_ref().and_then(|about| about.get("teacher")?.as_str()).unwrap_or_default()
    }
}

/// The files of answers in `folder`, the largest first.
///
/// # Errors
/// The operating system's; a folder that does not exist holds none.
pub fn list(folder: &Path) -> std::io::Result<Vec<KeptAnswers>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(e),
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let mut found: Vec<KeptAnswers> =
        paths.filter(|path| path.extension().is_some_and(|e| e == "targets")).map(|path| of(&path)).collect();
    found.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.path.cmp(&b.path)));
    Ok(found)
}

fn of(path: &Path) -> KeptAnswers {
    let bytes = std::fs::metadata(path).map_or(0, |data| data.len());
    let tokens = Costs::read(&Costs::beside(path)).total();
    let kept = KeptAnswers { path: path.to_owned(), bytes, tokens, format: VERSION, ..KeptAnswers::default() };
    match AnswerFile::look(path) {
        Ok(Some((header, records))) => {
            let mut latest = std::collections::HashMap::new();
            for record in &records {
                latest.insert(record.reading, record.mass == WITHDRAWN);
            }
            let withdrawn = latest.values().filter(|withdrawn| **withdrawn).count();
            let about = serde_json::from_str(&header.about).ok();
            KeptAnswers { answers: latest.len() - withdrawn, withdrawn, classes: header.classes, about, ..kept }
        }
        Ok(None) => of_former(path, kept),
        Err(AnswerFileError::Newer(format)) => {
            let note = Some(AnswerFileError::Newer(format).said());
            KeptAnswers { format, note, ..kept }
        }
        Err(e) => KeptAnswers { note: Some(e.said()), ..kept },
    }
}

fn of_former(path: &Path, kept: KeptAnswers) -> KeptAnswers {
    let bytes = std::fs::read(path).unwrap_or_default();
    match former::count(&bytes) {
        Some((answers, classes)) => {
            let uncounted = if kept.tokens == 0 { uncounted() } else { Sentence::default() };
            let note = Some(say!("{kept}{uncounted}", kept = kept_by_former(), uncounted));
            KeptAnswers { answers, classes, format: 1, note, ..kept }
        }
        None if bytes.is_empty() => KeptAnswers { note: Some(say!("it is empty")), ..kept },
        None => KeptAnswers { note: Some(say!("no answer can be read from it")), ..kept },
    }
}
