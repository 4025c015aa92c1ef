//! A workspace in which nothing may be written. A process that may do everything plays nobody, so that the system really
//! refuses it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use retort::record::run_table::annotations::Annotations;
use retort::record::run_table::filter::Filter;
use retort::record::run_table::seed_groups::seed_groups;
use retort::record::run_table::{RunTable, elsewhere};
use retort::record::votes::{self, Vote};
use retort::session::Sentence;
use retort::session::run_folder::LOCK;
use retort::session::workspace::{begun, enqueue, failed_to_begin, waiting, withdraw};

use super::{PART, finished_run, part, session, tree};

/// The user who owns nothing.
const NOBODY: u32 = 65_534;

/// Lets the workspace, or a part of it, be read and not written.
fn close(path: &Path, folders: u32, files: u32) {
    if path.is_dir() {
        fs::read_dir(path).unwrap().flatten().for_each(|entry| close(&entry.path(), folders, files));
    }
    fs::set_permissions(path, Permissions::from_mode(if path.is_dir() { folders } else { files })).unwrap();
}

/// A program as somebody who may not write.
fn as_nobody(program: &Path, home: &Path) -> Command {
    let mut process = Command::new(program);
    if fs::metadata(home).unwrap().uid() == 0 {
        process.uid(NOBODY).gid(NOBODY);
    }
    process.env("RETORT_CACHE", home.join("cache")).env("HOME", home).current_dir(home.join("runs"));
    process
}

#[test]
fn a_workspace_that_is_read_only_is_listed_and_refuses_in_sentences() {
    if part().is_some() {
        return play(Path::new(".").canonicalize().unwrap().as_path());
    }
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("runs");
    finished_run(&path.join("run"));
    fs::write(path.join("run").join(LOCK), "").unwrap();
    enqueue(&path, &session(3)).unwrap();
    finished_run(&home.path().join("far"));
    close(home.path(), 0o555, 0o444);
    let before = tree(home.path());
    let mut again = as_nobody(&std::env::current_exe().unwrap(), home.path());
    let name = "read_only::a_workspace_that_is_read_only_is_listed_and_refuses_in_sentences";
    match again.args([name, "--exact", "--nocapture"]).env(PART, "0").output() {
        Ok(done) => {
            let words = String::from_utf8_lossy(&done.stderr).into_owned() + &String::from_utf8_lossy(&done.stdout);
            assert!(done.status.success() && words.contains("1 passed"), "{words}");
        }
        Err(e) => eprintln!("not tried: this program cannot be started as nobody: {e}"),
    }
    assert_eq!(tree(home.path()), before);
    #[cfg(feature = "engine")]
    commands(home.path());
    assert_eq!(tree(home.path()), before);
    close(home.path(), 0o755, 0o644);
}

/// The same by the program itself.
#[cfg(feature = "engine")]
fn commands(home: &Path) {
    let retort = |arguments: &[&str]| {
        let started = as_nobody(Path::new(env!("CARGO_BIN_EXE_retort")), home).args(arguments).output();
        started.inspect_err(|e| eprintln!("not tried: the program cannot be started as nobody: {e}")).ok()
    };
    let Some(listed) = retort(&["list", "runs", "--workspace", ".", "--json"]) else { return };
    let list: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert!(listed.status.success() && list["runs"].as_array().unwrap().len() == 2, "{list}");
    let Some(refused) = retort(&["unqueue", "a-run-seed-3", "--workspace", "."]) else { return };
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && words.contains("can be written"), "{words}");
}

/// What somebody sees and is told who may not write.
fn play(path: &Path) {
    assert!(fs::write(path.join("probe"), "").is_err(), "it can be written");
    for _ in 0..2 {
        let table = RunTable::read(path);
        assert!(table.rows.len() == 2 && table.trouble.is_empty() && table.foreign == 0, "{table:?}");
        let filter = Filter::new("accuracy = 0.5", &table.columns()).unwrap();
        assert_eq!(table.rows.iter().filter(|row| filter.fits(row)).count(), 1);
        assert_eq!(seed_groups(&table.rows, &[0, 1]).iter().map(|group| group.rows.len()).sum::<usize>(), 2);
    }
    let (run, waits) = (path.join("run"), waiting(path));
    assert_eq!(waits, [path.join("a-run-seed-3")]);
    let named = Annotations { name: "the best".into(), ..Annotations::default() };
    let vote = Vote { when: String::new(), text: String::new(), students: vec![], names: vec![], best: None };
    for refused in [
        enqueue(path, &session(4)).map(drop),
        withdraw(&waits[0]),
        named.change(&Annotations::default(), &run),
        elsewhere::point_at(path, &path.join("../far")),
        elsewhere::forget(path, &run),
        trash(&run),
    ] {
        let words = refused.unwrap_err();
        assert!(words.contains("can be written") && words.contains("ermission denied"), "{words}");
        assert!(words.contains(&path.display().to_string()), "{words}");
    }
    assert!(failed_to_begin(&waits[0], "no model").is_err() && begun(&waits[0]).is_err());
    assert!(votes::append(path, &vote).is_err() && votes::read(path).unwrap().0.is_empty());
}

#[cfg(feature = "window")]
fn trash(run: &Path) -> Result<(), Sentence> {
    retort::window::trash::discard(run, |_| panic!("it cannot be held"))
}

#[cfg(not(feature = "window"))]
fn trash(run: &Path) -> Result<(), Sentence> {
    retort::session::run_hold::hold(run, false).map(drop).map_err(|e| e.said_of(run))
}
