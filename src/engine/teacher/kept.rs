//! What is kept of teachers in the cache's folder, summed up for a person, and room made: rows go, answers stay.

use std::path::Path;

use super::kept_answers;
use super::rows_on_disk::{self, RowsOnDisk};
use crate::engine::cache_folder;
use crate::link::{KeptFiles, KeptOnDisk};
use crate::session::{Sentence, say};

/// What is kept now; with `clear` the rows that nobody has open are removed first.
pub fn look(clear: bool) -> KeptOnDisk {
    let Some(folder) = cache_folder::folder() else {
        let problem = Some(say!("this system names no cache folder; set RETORT_CACHE"));
        return KeptOnDisk { problem, ..KeptOnDisk::default() };
    };
    look_into(&folder, clear)
}

fn look_into(folder: &Path, clear: bool) -> KeptOnDisk {
    let mut kept = KeptOnDisk { folder: folder.to_owned(), ..KeptOnDisk::default() };
    let unread = |e: std::io::Error| say!("cannot read what is kept: {e}: {folder}", e, folder = folder.display());
    let (rows, answers) = match (rows_on_disk::list(folder), kept_answers::list(folder)) {
        (Ok(rows), Ok(answers)) => (rows, answers),
        (Err(e), _) | (_, Err(e)) => return KeptOnDisk { problem: Some(unread(e)), ..kept },
    };
    for file in &answers {
        // Of tokens only a server keeps count.
        if file.tokens > 0 { kept.paid.add(file.bytes) } else { kept.answers.add(file.bytes) }
    }
    let (mut removed, mut left) = (KeptFiles::default(), Vec::new());
    for file in rows {
        match clear.then(|| rows_on_disk::remove(&file)) {
            Some(Ok(true)) => removed.add(file.bytes),
            Some(Err(e)) => {
                kept.problem = Some(unremoved(&e, &file));
                left.push(file);
            }
            Some(Ok(false)) | None => left.push(file),
        }
    }
    left.iter().for_each(|file| kept.rows.add(file.bytes));
    left.iter().filter(|file| file.in_use).for_each(|file| kept.used.add(file.bytes));
    KeptOnDisk { removed: clear.then_some(removed), ..kept }
}

fn unremoved(error: &std::io::Error, file: &RowsOnDisk) -> Sentence {
    say!("cannot remove a kept file: {error}: {path}", error, path = file.path.display())
}

#[cfg(test)]
mod tests {
    use super::super::row_file::RowFile;
    use super::*;

    #[test]
    fn rows_are_removed_but_those_that_a_run_has_open_and_answers_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let open = |name: &str| RowFile::open(&path(name), "{}", u64::MAX).unwrap();
        drop(open("a.rows"));
        let held = open("b.rows");
        std::fs::write(path("c.targets"), "").unwrap();
        let kept = look_into(folder.path(), false);
        assert_eq!((kept.rows.files, kept.used.files, kept.answers.files, kept.paid.files), (2, 1, 1, 0));
        assert_eq!(kept.removed, None);

        let cleared = look_into(folder.path(), true);
        assert_eq!(cleared.removed.map(|removed| removed.files), Some(1));
        assert_eq!((cleared.rows.files, cleared.used.files, cleared.answers.files), (1, 1, 1));
        assert!(!path("a.rows").exists() && path("b.rows").exists() && path("c.targets").exists());
        drop(held);
        let cleared = look_into(folder.path(), true);
        assert_eq!((cleared.rows.files, cleared.removed.map(|removed| removed.files)), (0, Some(1)));
        assert!(cleared.problem.is_none());
    }

    #[test]
    fn a_folder_that_is_not_there_holds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let kept = look_into(&folder.path().join("none"), true);
        assert_eq!((kept.rows.files, kept.problem), (0, None));
    }
}
