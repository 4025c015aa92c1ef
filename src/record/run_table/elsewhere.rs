//! Runs outside a workspace that are shown in its table: their folders, in a file of the workspace. The runs stay where
//! they are, and taking one off the list removes nothing else.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::is_run;
use crate::session::file::write_atomically;
use crate::session::{Say as _, Sentence, say};

/// The file in a workspace: a JSON list of folders; relative ones begin at the workspace.
pub const FILE: &str = "elsewhere.json";
/// Locked while the list is changed, so that of two processes none forgets what the other adds.
pub const LOCK: &str = ".elsewhere.lock";

/// The folders that are pointed at, each once, without those that lie in the workspace itself.
///
/// # Errors
/// That the list cannot be read.
pub fn folders(workspace: &Path) -> Result<Vec<PathBuf>, Sentence> {
    let home = workspace.canonicalize().unwrap_or_else(|_| workspace.to_owned());
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in listed(workspace)?.into_iter().map(|folder| workspace.join(folder)) {
        let real = folder.canonicalize().unwrap_or_else(|_| folder.clone());
        let known = found.iter().any(|known| known.canonicalize().unwrap_or_else(|_| known.clone()) == real);
        if !known && real.parent() != Some(&home) {
            found.push(folder);
        }
    }
    Ok(found)
}

/// Shows the run in a folder in the table of a workspace.
///
/// # Errors
/// That no run is there, that it lies in the workspace already, or that the list cannot be written.
pub fn point_at(workspace: &Path, folder: &Path) -> Result<(), Sentence> {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    if !is_run(&folder) {
        return Err(say!(
            "the folder holds no run, so nothing was added; choose the folder of a run: {path}",
            path = folder.display()
        ));
    }
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if real(&folder).parent() == Some(&real(workspace)) {
        return Err(say!("the run lies in the workspace and is shown already: {path}", path = folder.display()));
    }
    change(workspace, |list| {
        if !list.contains(&folder) {
            list.push(folder.clone());
        }
    })
}

/// Takes the run in a folder off the list; the run stays where it is.
///
/// # Errors
/// That the list cannot be written.
pub fn forget(workspace: &Path, folder: &Path) -> Result<(), Sentence> {
    change(workspace, |list| list.retain(|listed| workspace.join(listed) != folder))
}

fn listed(workspace: &Path) -> Result<Vec<PathBuf>, Sentence> {
    let path = workspace.join(FILE);
    let refused = |error: Sentence| {
        say!(
            "cannot read which runs lie elsewhere: {error}; mend or remove the file, a list of folders: {path}",
            error,
            path = path.display()
        )
    };
    match fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|e| refused(Sentence::verbatim(e.to_string()))),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(refused(e.said())),
    }
}

/// A list that cannot be read is not written over.
fn change(workspace: &Path, how: impl FnOnce(&mut Vec<PathBuf>)) -> Result<(), Sentence> {
    let path = workspace.join(FILE);
    let refused = |e: std::io::Error| {
        say!(
            "cannot keep which runs lie elsewhere: {error}; check that the workspace can be written and has room: {path}",
            error = e,
            path = path.display()
        )
    };
    fs::create_dir_all(workspace).map_err(refused)?;
    let lock = File::options().write(true).create(true).truncate(false).open(workspace.join(LOCK)).map_err(refused)?;
    // On a disk without locks two who change it at once are on their own.
    let _ = lock.lock();
    let mut list = listed(workspace)?;
    how(&mut list);
    let text = serde_json::to_string_pretty(&list).unwrap_or_default() + "\n";
    write_atomically(&path, text.as_bytes()).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::super::RunTable;
    use super::*;
    use crate::session::Session;
    use crate::session::workspace::enqueue;

    #[test]
    fn a_run_elsewhere_has_its_row_until_it_is_taken_off_the_list_and_one_that_is_gone_is_told() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let session = Session::built_in().unwrap();
        let (inside, one) = (enqueue(here.path(), &session).unwrap(), enqueue(there.path(), &session).unwrap());
        let other = enqueue(there.path(), &session).unwrap();
        for folder in [&one, &one, &other] {
            point_at(here.path(), folder).unwrap();
        }
        for (folder, says) in [(&inside, "shown already"), (&there.path().to_owned(), "holds no run")] {
            let refused = point_at(here.path(), folder).unwrap_err();
            assert!(refused.contains(says), "{refused}");
        }
        for pass in ["read anew", "from the index"] {
            let table = RunTable::read(here.path());
            assert_eq!((table.rows.len(), table.foreign, table.missing.len()), (3, 0, 0), "{pass}");
            assert!(table.rows.iter().any(|row| row.folder == one), "{pass}");
        }
        fs::remove_dir_all(&other).unwrap();
        let table = RunTable::read(here.path());
        assert_eq!((table.rows.len(), &table.missing, table.unread), (2, &vec![other.clone()], false));
        forget(here.path(), &other).unwrap();
        forget(here.path(), &one).unwrap();
        let table = RunTable::read(here.path());
        assert!(table.rows.len() == 1 && table.missing.is_empty() && one.is_dir(), "the run stays where it is");
    }

    #[test]
    fn a_list_that_cannot_be_read_is_told_and_not_written_over() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let one = enqueue(there.path(), &Session::built_in().unwrap()).unwrap();
        fs::write(here.path().join(FILE), "[\"torn").unwrap();
        let table = RunTable::read(here.path());
        assert!(table.trouble[0].contains("which runs lie elsewhere") && !table.unread, "{:?}", table.trouble);
        assert!(point_at(here.path(), &one).unwrap_err().contains("mend or remove"));
        assert_eq!(fs::read_to_string(here.path().join(FILE)).unwrap(), "[\"torn");
    }
}
