//! The system's trash: where a run goes that a person removes, so that it can be had back.

use std::path::Path;

use crate::session::run_hold::hold;
use crate::session::{Say as _, Sentence, say};

/// Moves a folder into the trash, or says in a few words why not.
pub type MoveToTrash = fn(&Path) -> Result<(), Sentence>;

/// Moves the run in a folder into the trash by `how`, unless a process has it loaded.
///
/// # Errors
/// That it is loaded, or that there is no trash to move it to; it stays where it is then.
pub fn discard(folder: &Path, how: MoveToTrash) -> Result<(), Sentence> {
    let held = hold(folder, false).map_err(|e| e.said_of(folder))?;
    // Windows moves no folder in which a file is open.
    let held = held.filter(|_| !cfg!(windows));
    let moved = how(folder).map_err(|reason| {
        say!(
            "the run could not be moved to the system's trash: {reason}; it stays where it is: {path}",
            reason,
            path = folder.display()
        )
    });
    drop(held);
    moved
}

/// The system's own way.
///
/// # Errors
/// Why the system does not take it.
pub fn by_the_system(folder: &Path) -> Result<(), Sentence> {
    let words = |e: trash::Error| match e {
        trash::Error::Unknown { description } | trash::Error::Os { description, .. } => Sentence::verbatim(description),
        #[cfg(all(unix, not(target_os = "macos")))]
        trash::Error::FileSystem { path, source } => {
            say!("{reason} ({path})", reason = source.said(), path = path.display())
        }
        trash::Error::CouldNotAccess { .. } | trash::Error::CanonicalizePath { .. } => {
            say!("its folder is not there, or cannot be reached")
        }
        other => Sentence::verbatim(other.to_string()),
    };
    trash::delete(folder).map_err(words)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;
    use crate::session::Session;
    use crate::session::run_folder::{LOCK, SESSION};
    use crate::session::workspace::enqueue;

    #[test]
    fn a_run_that_is_loaded_or_finds_no_trash_stays_where_it_is() {
        let workspace = tempfile::tempdir().unwrap();
        let run = enqueue(workspace.path(), &Session::built_in().unwrap()).unwrap();
        let lock = fs::File::create(run.join(LOCK)).unwrap();
        lock.lock().unwrap();
        let refused = discard(&run, |_| panic!("it is loaded")).unwrap_err();
        assert!(refused.contains("the run is open in another process"), "{refused}");
        drop(lock);
        let refused = discard(&run, |_| Err(Sentence::verbatim("no trash"))).unwrap_err();
        assert!(refused.contains("no trash; it stays where it is") && run.join(SESSION).is_file(), "{refused}");
        discard(&run, |folder| fs::remove_dir_all(folder).map_err(|e| e.said())).unwrap();
    }

    /// Where the trash is, the environment says, which a test must not change for the others: so it runs once more.
    #[test]
    fn the_systems_trash_holds_the_whole_run_and_a_system_without_one_says_so() {
        const PLACE: &str = "RETORT_TEST_TRASH";
        if let Some(run) = std::env::var_os(PLACE) {
            return discard(Path::new(&run), by_the_system).unwrap_or_else(|words| panic!("{words}"));
        }
        let home = tempfile::tempdir().unwrap();
        let run = enqueue(&home.path().join("runs"), &Session::built_in().unwrap()).unwrap();
        let again = |data: &Path| {
            let name = "window::trash::tests::the_systems_trash_holds_the_whole_run_and_a_system_without_one_says_so";
            let mut process = Command::new(std::env::current_exe().unwrap());
            process.args([name, "--exact", "--nocapture"]).env(PLACE, &run).env("XDG_DATA_HOME", data);
            process.output().unwrap()
        };
        fs::write(home.path().join("file"), "").unwrap();
        let done = again(&home.path().join("file"));
        let words = String::from_utf8_lossy(&done.stderr).into_owned() + &String::from_utf8_lossy(&done.stdout);
        assert!(!done.status.success() && words.contains("it stays where it is") && run.is_dir(), "{words}");
        let done = again(&home.path().join("data"));
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let trash = home.path().join("data/Trash");
        let name = run.file_name().unwrap();
        assert!(!run.exists() && trash.join("files").join(name).join(SESSION).is_file());
        let info = fs::read_to_string(trash.join("info").join(name).with_extension("trashinfo")).unwrap();
        assert!(info.contains("DeletionDate=20"), "{info}");
    }
}
