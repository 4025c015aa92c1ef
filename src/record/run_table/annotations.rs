//! What a person notes of a run: a name, a star, tags, a note, and that it is archived. It lies in the run's folder,
//! so that it goes wherever the folder goes.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::session::file::write_atomically;
use crate::session::{Sentence, say};

/// The file in a run's folder.
pub const FILE: &str = crate::session::run_folder::ANNOTATIONS;

/// What a person has noted of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Annotations {
    /// What it is called in the table; empty where it is called as its session.
    pub name: String,
    /// Whether it bears a star.
    pub star: bool,
    /// Words it can be found by.
    pub tags: Vec<String>,
    /// Free text.
    pub note: String,
    /// Whether it is out of sight.
    pub archived: bool,
}

impl Annotations {
    /// What was noted of the run in `folder`; nothing where there is no such file, or none that can be read.
    pub fn read(folder: &Path) -> Self {
        let text = text(&folder.join(FILE)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Keeps what a person has changed, which was `before`, and leaves what another process has noted meanwhile.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn change(&self, before: &Self, folder: &Path) -> Result<(), Sentence> {
        // Held, where the system locks folders, so that two who change it at once each see what the other wrote.
        let held = std::fs::File::open(folder).ok();
        let _ = held.as_ref().map(std::fs::File::lock);
        let mut now = Self::read(folder);
        let Self { name, star, tags, note, archived } = self.clone();
        if name != before.name {
            now.name = name;
        }
        if star != before.star {
            now.star = star;
        }
        if tags != before.tags {
            now.tags = tags;
        }
        if note != before.note {
            now.note = note;
        }
        if archived != before.archived {
            now.archived = archived;
        }
        now.write(folder)
    }

    /// Keeps it in `folder`, which has to be there: a run that has vanished is not made anew for a note.
    ///
    /// # Errors
    /// The operating system's words, and the file.
    pub fn write(&self, folder: &Path) -> Result<(), Sentence> {
        let path = folder.join(FILE);
        if text(&path).is_some_and(|text| serde_json::from_slice::<Self>(&text).is_err()) {
            return Err(say!(
                "what was noted of the run cannot be read and is not written over; mend or move the file first: {path}",
                path = path.display()
            ));
        }
        let text = serde_json::to_string_pretty(self).unwrap_or_default() + "\n";
        std::fs::metadata(folder).and_then(|_| write_atomically(&path, text.as_bytes())).map_err(|error| {
            say!(
                "cannot keep what was noted of the run: {error}; check that its folder can be written and has room: {path}",
                error,
                path = path.display()
            )
        })
    }
}

/// What stands in a file; `None` of anything else, such as a pipe at which one would wait.
fn text(path: &Path) -> Option<Vec<u8>> {
    std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    std::fs::read(path).ok()
}
