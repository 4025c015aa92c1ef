//! A workspace under hard conditions: several processes at once, folders that vanish, torn journals, no room, foreign
//! files, no leave to write. What can be told is told, and nothing is lost.

#[cfg(unix)]
mod read_only;
#[cfg(target_os = "linux")]
mod small_disk;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use retort::link::{EventSink as _, Fact, Outcome, RunId};
use retort::record::recorder::Recorder;
use retort::record::run_table::annotations::Annotations;
use retort::record::run_table::{RunRow, RunTable, elsewhere};
use retort::session::Session;
use retort::session::run_folder::{JOURNAL, SUMMARY};
use retort::session::workspace::{enqueue, waiting, withdraw};

/// Tells a child which part it plays.
const PART: &str = "RETORT_TEST_PART";
/// Runs that each process puts into the queue.
const EACH: u64 = 20;

fn session(seed: u64) -> Session {
    let mut session = Session { name: "a run".into(), ..Session::built_in().unwrap() };
    session.recipe.seed = seed;
    session
}

/// A run in `out` as a recorder writes it, at its end.
fn finished_run(out: &Path) {
    fs::create_dir_all(out).unwrap();
    let mut recorder = Recorder::default();
    let mut tell = |fact: Fact| recorder.emit(fact.of(RunId::FIRST));
    tell(Fact::Started { session: Box::new(session(1)), out: out.to_owned(), step: 0 });
    for step in 0..8 {
        tell(Fact::Scalars { step, values: vec![("loss/total".into(), 1.0)] });
        tell(Fact::Scalars { step, values: vec![("measure/accuracy".into(), 0.5)] });
    }
    tell(Fact::Finished(Box::new(Outcome { reason: "finished".into(), steps: 8, ..Outcome::default() })));
}

/// This program once more, in which only the named test runs, with a part to play.
fn child(test: &str, part: u64, workspace: &Path) -> Child {
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.args([test, "--exact", "--nocapture"]).env(PART, part.to_string()).current_dir(workspace);
    process.spawn().unwrap()
}

/// Every file below a folder with its bytes, folders without.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for path in fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            found.extend(tree(&path));
        }
        found.insert(path.clone(), if path.is_dir() { Vec::new() } else { fs::read(&path).unwrap() });
    }
    found
}

fn part() -> Option<u64> {
    std::env::var(PART).ok()?.parse().ok()
}

#[test]
fn several_processes_queue_note_and_point_in_one_workspace_and_nothing_is_lost() {
    if let Some(part) = part() {
        return play(part);
    }
    let (workspace, far) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = workspace.path();
    finished_run(&path.join("noted"));
    let others: Vec<PathBuf> = (0..4).map(|seed| enqueue(far.path(), &session(seed)).unwrap()).collect();
    let text = others.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join("\n");
    fs::write(path.join("others.txt"), text).unwrap();
    let name = "several_processes_queue_note_and_point_in_one_workspace_and_nothing_is_lost";
    let children: Vec<Child> = (0..4).map(|part| child(name, part, path)).collect();
    // Read meanwhile: no row is torn, whatever is being written.
    for _ in 0..40 {
        let table = RunTable::read(path);
        assert!(table.trouble.is_empty() && table.rows.iter().all(|row| row.damaged_lines == 0), "{:?}", table.trouble);
    }
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let waits = waiting(path);
    assert_eq!(waits.len() as u64, 4 * EACH);
    assert_eq!(waits.iter().collect::<BTreeSet<_>>().len(), waits.len());
    let noted = Annotations::read(&path.join("noted"));
    let expected = Annotations {
        name: "by 0".into(),
        star: true,
        tags: vec!["by-2".into()],
        note: "by 3".into(),
        ..Annotations::default()
    };
    assert_eq!(noted, expected, "each has changed another field");
    assert_eq!(elsewhere::folders(path).unwrap().into_iter().collect::<BTreeSet<_>>(), others.into_iter().collect());
    let table = RunTable::read(path);
    assert_eq!((table.rows.len() as u64, table.foreign), (4 * EACH + 5, 1));
}

/// What one of the processes does, in the workspace it was started in.
fn play(part: u64) {
    let here = Path::new(".").canonicalize().unwrap();
    for _ in 0..EACH {
        enqueue(&here, &session(7)).unwrap();
    }
    let before = Annotations::default();
    let mut noted = before.clone();
    match part {
        0 => noted.name = "by 0".into(),
        1 => noted.star = true,
        2 => noted.tags = vec!["by-2".into()],
        _ => noted.note = "by 3".into(),
    }
    noted.change(&before, &here.join("noted")).unwrap();
    let others = fs::read_to_string("others.txt").unwrap();
    elsewhere::point_at(&here, Path::new(others.lines().nth(part as usize).unwrap())).unwrap();
}

#[test]
fn of_two_processes_that_take_the_same_runs_out_of_the_queue_each_run_is_taken_once() {
    const TAKEN: &str = "taken-by-";
    if let Some(part) = part() {
        let folders = waiting(&Path::new(".").canonicalize().unwrap());
        let taken = folders.iter().filter(|folder| withdraw(folder).is_ok()).count();
        return fs::write(format!("{TAKEN}{part}"), taken.to_string()).unwrap();
    }
    let workspace = tempfile::tempdir().unwrap();
    let path = workspace.path();
    (0..40).for_each(|seed| drop(enqueue(path, &session(seed)).unwrap()));
    let name = "of_two_processes_that_take_the_same_runs_out_of_the_queue_each_run_is_taken_once";
    let children: Vec<Child> = (0..2).map(|part| child(name, part, path)).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let taken = |part: u64| fs::read_to_string(path.join(format!("{TAKEN}{part}"))).unwrap().parse::<usize>().unwrap();
    let left = waiting(path);
    assert_eq!((taken(0) + taken(1), left), (40, Vec::new()));
    assert_eq!(RunTable::read(path).rows, Vec::new());
}

#[test]
fn runs_that_vanish_while_they_are_listed_cost_their_rows_and_nothing_else() {
    let workspace = tempfile::tempdir().unwrap();
    let path = workspace.path().to_owned();
    finished_run(&path.join("stays"));
    let moving = path.clone();
    let moves = std::thread::Builder::new().name("moves".into()).spawn(move || {
        for round in 0..60 {
            let run = moving.join(format!("run-{round}"));
            finished_run(&run);
            fs::remove_dir_all(&run).unwrap();
        }
    });
    let moves = moves.unwrap();
    while !moves.is_finished() {
        let table = RunTable::read(&path);
        let stays = table.rows.iter().find(|row| row.folder_name() == "stays").unwrap();
        assert!(stays.is_finished() && table.trouble.is_empty() && table.rows.len() <= 2);
    }
    moves.join().unwrap();
    assert_eq!(RunTable::read(&path).rows.len(), 1, "nothing of them is remembered");
    let gone = path.join("run-1");
    assert_eq!(RunRow::read(&gone).steps, 0);
    let noted = Annotations { star: true, ..Annotations::default() };
    let refused = noted.change(&Annotations::default(), &gone).unwrap_err();
    assert!(refused.contains("cannot keep what was noted") && !gone.exists(), "{refused}");
}

#[test]
fn a_journal_torn_anywhere_has_its_row_with_what_is_whole_of_it() {
    let workspace = tempfile::tempdir().unwrap();
    let run = workspace.path().join("run");
    finished_run(&run);
    let whole = fs::read(run.join(JOURNAL)).unwrap();
    // Without it the journal alone tells.
    let _ = fs::remove_file(run.join(SUMMARY));
    let head = whole.iter().position(|byte| *byte == b'\n').unwrap();
    let mut steps = 0;
    for end in (head..whole.len()).step_by(37) {
        fs::write(run.join(JOURNAL), &whole[..end]).unwrap();
        let table = RunTable::read(workspace.path());
        let row = &table.rows[0];
        assert!(row.damaged_lines == 0 && row.status.word() == "interrupted", "{end}: {row:?}");
        assert!(row.steps >= steps, "{end}: what was told stays told");
        steps = row.steps;
    }
    assert_eq!(steps, 8);
    fs::write(run.join(JOURNAL), &whole).unwrap();
    assert!(RunTable::read(workspace.path()).rows[0].is_finished());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_and_a_file_in_the_place_of_a_folder_are_told_and_what_was_there_stays() {
    let workspace = tempfile::tempdir().unwrap();
    let run = workspace.path().join("run");
    finished_run(&run);
    // The device that never has room.
    std::os::unix::fs::symlink("/dev/full", run.join("annotations.json")).unwrap();
    let noted = Annotations { star: true, ..Annotations::default() };
    let refused = noted.write(&run).unwrap_err();
    assert!(refused.contains("space") && refused.contains("annotations.json"), "{refused}");
    assert_eq!(RunTable::read(workspace.path()).rows[0].annotations, Annotations::default());
    std::os::unix::fs::symlink("/dev/full", workspace.path().join(".elsewhere.lock")).unwrap();
    fs::write(workspace.path().join("file"), "mine").unwrap();
    for place in [workspace.path().join("file"), PathBuf::from("/dev/full/runs")] {
        let refused = enqueue(&place, &session(1)).unwrap_err();
        assert!(refused.contains("cannot put a run into the queue") && refused.contains("has room"), "{refused}");
        let refused = elsewhere::point_at(&place, &run).unwrap_err();
        assert!(refused.contains("cannot keep which runs lie elsewhere"), "{refused}");
    }
    assert_eq!(fs::read_to_string(workspace.path().join("file")).unwrap(), "mine");
}

#[test]
fn ten_thousand_foreign_files_are_counted_and_hide_no_run() {
    let workspace = tempfile::tempdir().unwrap();
    finished_run(&workspace.path().join("run"));
    let waits = enqueue(workspace.path(), &session(3)).unwrap();
    (0..10_000).for_each(|number| fs::write(workspace.path().join(format!("photo-{number}.jpg")), "").unwrap());
    for pass in ["read anew", "from the index"] {
        let table = RunTable::read(workspace.path());
        assert_eq!((table.rows.len(), table.foreign), (2, 10_000), "{pass}");
    }
    assert_eq!(waiting(workspace.path()), [waits]);
}
