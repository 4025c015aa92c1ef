//! Why runs cannot be exported.

use std::path::PathBuf;

use super::super::journal::JournalError;
use crate::session::{Say, Sentence, say, spoken};

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A run that has not begun, or a folder that is none of a run.
    NoJournal {
        /// The folder.
        path: PathBuf,
    },
    /// A journal that cannot be read.
    Journal(#[from] JournalError),
    /// A run without a step.
    NoCurves {
        /// Its folder.
        path: PathBuf,
    },
    /// One run, named twice.
    Twice {
        /// Its folder.
        path: PathBuf,
    },
    /// A name that none of the curves has.
    UnknownCurve {
        /// The name.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// No group of seeds has a run that counts.
    NoGroup,
    /// Something is there already.
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Events of another run, or of another time, lie in the folder of a run.
    OtherEvents {
        /// One of them.
        path: PathBuf,
    },
    /// The operating system refused.
    Io {
        /// Its words.
        reason: Sentence,
        /// The file.
        path: PathBuf,
    },
    /// A chart for so many curves needs more room.
    TooLow {
        /// How many.
        curves: usize,
        /// The height that was asked for.
        height: u32,
        /// The height that is needed.
        least: u32,
    },
    /// The picture could not be made.
    Picture(Sentence),
}

impl Say for ExportError {
    fn said(&self) -> Sentence {
        match self {
            Self::NoJournal { path } => say!(
                "there is no journal, and so there are no curves; name the folder of a run that has begun: {path}",
                path
            ),
            Self::Journal(e) => e.said(),
            Self::NoCurves { path } => {
                say!("the run has no curves yet; export it once it has made a step: {path}", path)
            }
            Self::Twice { path } => say!("the run is named twice; name it once: {path}", path),
            Self::UnknownCurve { name, known } => {
                say!("no run has a curve {name}; there are {known}", name, known = known.join(", "))
            }
            Self::NoGroup => {
                say!("none of the runs came to its end, and only those that did are averaged; export them one by one")
            }
            Self::Exists { path } => say!(
                "the file is there already and is not replaced unasked; name another, or say that it may be replaced (--force): {path}",
                path
            ),
            Self::OtherEvents { path } => say!(
                "the folder holds other events, which TensorBoard would draw as the same run; name another folder, or remove them: {path}",
                path
            ),
            Self::Io { reason, path } => say!(
                "cannot write the export: {reason}; check that the folder can be written and has room, or name another place: {path}",
                reason,
                path
            ),
            Self::TooLow { curves, height, least } => say!(
                "{curves} curves do not fit into a height of {height}; name fewer, or give at least {least}",
                curves,
                height,
                least
            ),
            Self::Picture(words) => words.clone(),
        }
    }
}

spoken!(ExportError);
