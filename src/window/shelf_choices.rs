//! What a person has chosen for the table of runs: in which folder they lie, and which columns are seen. Kept beside the
//! window's other preferences and in no session: a session of somebody else shows one's own runs.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::column_choice::ColumnChoice;
use crate::session::file::write_atomically;

/// The file in the window's folder.
pub const FILE: &str = "run_table.ron";

/// What was chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShelfChoices {
    /// The workspace; that of the window's own folder where nobody chose.
    pub workspace: Option<PathBuf>,
    /// The columns.
    pub columns: ColumnChoice,
}

impl ShelfChoices {
    /// Those in the window's folder, or the first ones where there are none. The second is what is wrong with the file.
    pub fn read(home: &Path) -> (Self, Option<String>) {
        match std::fs::read_to_string(home.join(FILE)) {
            Ok(text) => match ron::from_str(&text) {
                Ok(choices) => (choices, None),
                Err(e) => (Self::default(), Some(e.to_string())),
            },
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => (Self::default(), None),
            Err(e) => (Self::default(), Some(e.to_string())),
        }
    }

    /// Writes them down whole or not at all.
    ///
    /// # Errors
    /// The operating system's.
    pub fn write(&self, home: &Path) -> std::io::Result<()> {
        let text = ron::to_string(self).map_err(std::io::Error::other)?;
        write_atomically(&home.join(FILE), text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_is_there_at_the_next_start_and_a_damaged_file_is_named() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(ShelfChoices::read(home.path()), (ShelfChoices::default(), None));
        let mut chosen = ShelfChoices { workspace: Some("/a/b".into()), ..ShelfChoices::default() };
        chosen.columns.show("steps", false);
        chosen.columns.step("steps", true, &["name", "when", "steps"]);
        chosen.write(home.path()).unwrap();
        assert_eq!(ShelfChoices::read(home.path()), (chosen, None));
        std::fs::write(home.path().join(FILE), "(workspace: ").unwrap();
        let (read, damage) = ShelfChoices::read(home.path());
        assert!(read == ShelfChoices::default() && damage.is_some());
    }
}
