//! A workspace on a disk that is really full: a small one of its own where the system lets one be made, and files that
//! may not grow. What finds no room is told in a sentence, and what was there before stays whole.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use retort::link::{EventSink as _, Fact, RunId};
use retort::record::journal;
use retort::record::recorder::Recorder;
use retort::record::run_table::annotations::Annotations;
use retort::record::run_table::{RunTable, elsewhere};
use retort::record::votes::{self, Vote};
use retort::session::run_folder::{JOURNAL, queued};
use retort::session::workspace::{enqueue, failed_to_begin, waiting};
use retort::session::{PinnedProbe, Session};

use super::{PART, finished_run, part, session, tree};

/// This test once more behind a line of shell, which ends in `exec "$0" "$@"`.
fn behind(shell: &str, name: &str, workspace: &Path) -> Option<(bool, String)> {
    let mut process = Command::new("sh");
    process.args(["-c", shell]).arg(std::env::current_exe().unwrap());
    process.args([&format!("small_disk::{name}"), "--exact", "--nocapture"]);
    let done = process.env(PART, "0").current_dir(workspace).output().ok()?;
    let words = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    Some((done.status.success() && words.contains("1 passed"), words))
}

fn here() -> PathBuf {
    Path::new(".").canonicalize().unwrap()
}

fn noted(name: &str) -> Annotations {
    Annotations { name: name.into(), ..Annotations::default() }
}

fn vote(text: &str) -> Vote {
    Vote { when: String::new(), text: text.into(), students: vec!["a".into()], names: vec!["a".into()], best: Some(0) }
}

fn begin(out: &Path) -> Recorder {
    fs::create_dir_all(out).unwrap();
    let mut recorder = Recorder::default();
    recorder.emit(Fact::Started { session: Box::new(session(1)), out: out.to_owned(), step: 0 }.of(RunId::FIRST));
    recorder
}

fn tell(recorder: &mut Recorder, steps: std::ops::Range<u64>) {
    for step in steps {
        recorder.emit(Fact::Scalars { step, values: vec![("loss/total".into(), 0.1 + step as f64)] }.of(RunId::FIRST));
    }
}

fn steps_told(out: &Path) -> Vec<u64> {
    let facts = journal::read(&out.join(JOURNAL)).unwrap().facts;
    facts.iter().filter_map(|fact| if let Fact::Scalars { step, .. } = fact { Some(*step) } else { None }).collect()
}

/// Writes until nothing more finds room.
fn fill(path: &Path) {
    let mut file = fs::File::create(path).unwrap();
    let words = loop {
        if let Err(e) = file.write_all(&[b'x'; 512]) {
            break e.to_string();
        }
    };
    assert!(words.contains("No space left"), "{words}");
}

#[test]
fn on_a_full_disk_everything_is_told_and_what_was_there_stays_and_goes_on_once_there_is_room() {
    const NAME: &str = "on_a_full_disk_everything_is_told_and_what_was_there_stays_and_goes_on_once_there_is_room";
    // Of the process alone, and gone with it.
    const MOUNT: &str = r#"mount -t tmpfs -o size=128k tmpfs . && cd "$PWD" && exec "$0" "$@""#;
    if part().is_some() {
        return full_disk(&here());
    }
    let home = tempfile::tempdir().unwrap();
    let mounts = |arguments: &[&str]| {
        let mut tried = Command::new("unshare");
        tried.args(arguments).args(["sh", "-c", "mount -t tmpfs tmpfs ."]).current_dir(home.path());
        tried.output().is_ok_and(|done| done.status.success())
    };
    let Some(own) = ["-m", "-rm"].into_iter().find(|own| mounts(&[own])) else {
        return eprintln!("not tried: the system lets no small disk be made; files that may not grow are tried");
    };
    let shell = format!("exec unshare {own} sh -c '{MOUNT}' \"$0\" \"$@\"");
    let (passed, words) = behind(&shell, NAME, home.path()).unwrap();
    assert!(passed, "{words}");
    assert!(tree(home.path()).is_empty(), "it was the small disk");
}

fn full_disk(path: &Path) {
    finished_run(&path.join("run"));
    let far = tempfile::tempdir().unwrap();
    finished_run(far.path());
    let waits = enqueue(path, &session(3)).unwrap();
    noted("before").change(&Annotations::default(), &path.join("run")).unwrap();
    votes::append(path, &vote("before")).unwrap();
    let mut recorder = begin(&path.join("grows"));
    tell(&mut recorder, 0..5);
    let (rows, filler) = (RunTable::read(path).rows.len(), path.join("filler"));
    fill(&filler);
    let before = tree(path);
    for refused in [
        enqueue(path, &session(4)).map(drop),
        noted("after").change(&noted("before"), &path.join("run")),
        elsewhere::point_at(path, far.path()),
    ] {
        let words = refused.unwrap_err();
        assert!(words.contains("No space left") && words.contains("room"), "{words}");
        assert!(words.contains(&path.display().to_string()), "{words}");
    }
    assert!(failed_to_begin(&waits, "no model").unwrap_err().contains("No space left"));
    assert_eq!(queued(&waits).unwrap().failed, None);
    // The index has to be written anew and finds no room.
    fs::rename(&waits, path.join("moved")).unwrap();
    for _ in 0..2 {
        let table = RunTable::read(path);
        assert!(table.rows.len() == rows && table.trouble.is_empty(), "{table:?}");
        assert!(table.rows.iter().any(|row| row.name() == "before" && row.is_finished()));
    }
    fs::rename(path.join("moved"), &waits).unwrap();
    votes_and_journal(path, &mut recorder, &before);
    fs::remove_file(&filler).unwrap();
    votes::append(path, &vote("after")).unwrap();
    let (kept, damaged) = votes::read(path).unwrap();
    assert!(kept.first() == Some(&vote("before")) && kept.last() == Some(&vote("after")) && damaged == 0, "{kept:?}");
    tell(&mut recorder, 1000..1001);
    assert_eq!(steps_told(&path.join("grows")), (0..1001).collect::<Vec<_>>(), "lines that waited are written");
    enqueue(path, &session(4)).unwrap();
    assert_eq!((RunTable::read(path).rows.len(), waiting(path).len()), (rows + 1, 2));
}

/// What grows by lines takes what room its last block has, and no half of a line is left.
fn votes_and_journal(path: &Path, recorder: &mut Recorder, before: &std::collections::BTreeMap<PathBuf, Vec<u8>>) {
    let refused = (0..200).find_map(|number| votes::append(path, &vote(&format!("vote {number}"))).err());
    assert!(refused.unwrap().to_string().contains("No space left"));
    let (kept, damaged) = votes::read(path).unwrap();
    assert!(kept.len() > 1 && damaged == 0, "{} votes, {damaged} damaged", kept.len());
    tell(recorder, 5..1000);
    recorder.emit(Fact::Checkpoint { step: 1000 }.of(RunId::FIRST));
    let complaints: Vec<String> = recorder.take_complaints().iter().map(ToString::to_string).collect();
    let of_journal =
        complaints.iter().any(|words| words.contains("cannot use the journal") && words.contains("has room"));
    assert!(of_journal && complaints.iter().all(|words| words.contains("No space left")), "{complaints:?}");
    let told = steps_told(&path.join("grows"));
    assert!(told.len() < 1000 && told.iter().copied().eq(0..told.len() as u64), "{} steps", told.len());
    let grow = [votes::FILE, "journal.jsonl", "metrics.csv", ".run_index.json"];
    let after = tree(path);
    for (file, bytes) in before.iter().filter(|(file, _)| !grow.iter().any(|name| file.ends_with(name))) {
        assert!(after.get(file) == Some(bytes), "{} has changed", file.display());
    }
    let is_lock = |file: &&PathBuf| file.ends_with(".elsewhere.lock");
    assert!(
        after.keys().filter(|file| !is_lock(file)).eq(before.keys()),
        "nothing is left of what found no room: {:?}",
        after.keys()
    );
}

#[test]
fn where_files_may_not_grow_everything_is_told_and_what_was_there_stays() {
    const NAME: &str = "where_files_may_not_grow_everything_is_told_and_what_was_there_stays";
    if part().is_some() {
        return no_growth(&here());
    }
    let home = tempfile::tempdir().unwrap();
    // 8 or 16 KiB, as the shell counts.
    let shell = r#"trap '' XFSZ && ulimit -f 16 && exec "$0" "$@""#;
    let Some((passed, words)) = behind(shell, NAME, home.path()) else {
        return eprintln!("not tried: there is no shell that limits how large files grow");
    };
    assert!(passed, "{words}");
}

fn no_growth(path: &Path) {
    const LARGE: usize = 20_000;
    let run = path.join("run");
    finished_run(&run);
    noted("before").change(&Annotations::default(), &run).unwrap();
    let large = Annotations { note: "x".repeat(LARGE), ..noted("before") };
    let refused = large.change(&noted("before"), &run).unwrap_err();
    assert!(refused.contains("too large") && refused.contains("has room"), "{refused}");
    assert_eq!(Annotations::read(&run), noted("before"));
    let probes = vec![PinnedProbe { text: "x".repeat(LARGE), expected: None }];
    let refused = enqueue(path, &Session { probes, ..session(2) }).unwrap_err();
    assert!(refused.contains("too large") && refused.contains("has room"), "{refused}");
    assert!(waiting(path).is_empty() && !path.join("a-run-seed-2").exists());
    votes::append(path, &vote("before")).unwrap();
    assert!(votes::append(path, &vote(&"x".repeat(LARGE))).unwrap_err().to_string().contains("too large"));
    votes::append(path, &vote("after")).unwrap();
    assert_eq!(votes::read(path).unwrap(), (vec![vote("before"), vote("after")], 0));
    // An index of so many rows finds no room.
    (0..20).for_each(|seed| drop(enqueue(path, &session(seed)).unwrap()));
    for _ in 0..2 {
        let table = RunTable::read(path);
        assert!(table.rows.len() == 21 && table.foreign == 0 && table.trouble.is_empty(), "{:?}", table.trouble);
    }
    assert!(!path.join(".run_index.json").exists(), "it is larger than any file may be");
    let grows = path.join("grows");
    let mut recorder = begin(&grows);
    tell(&mut recorder, 0..1000);
    recorder.emit(Fact::Checkpoint { step: 1000 }.of(RunId::FIRST));
    let complaints: Vec<String> = recorder.take_complaints().iter().map(ToString::to_string).collect();
    assert!(complaints.iter().any(|words| words.contains("cannot use the journal")), "{complaints:?}");
    let told = steps_told(&grows);
    assert!((100..1000).contains(&told.len()) && told.iter().copied().eq(0..told.len() as u64), "{}", told.len());
}
