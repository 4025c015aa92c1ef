//! Students that find no room at the end of their run, and runs that fail before their first step.

use std::fs;
use std::path::Path;

use retort::link::{Command, Event, Fact, Order, Phase, Reply, RunId, Unwritten};
use retort::record::journal;
use retort::session::{Keep, Metric};

use super::{Play, leave_at, resume, retort, run, start, tiny, tree, weights};

/// A play whose run is about to end with no place for its student: a file lies there.
fn blocked(out: &Path, session: &retort::session::Session) -> Play {
    let mut play = Play::begin();
    play.send(start(session, out));
    play.send(Order::Pause.to(RunId::FIRST));
    play.until_phase(&[Phase::Paused]);
    fs::write(out.join("student"), "in the way").unwrap();
    play.send(Order::Resume.to(RunId::FIRST));
    play.until(|event| matches!(event, Event::Reply(Reply::Unwritten(Some(_)))));
    play.until_phase(&[Phase::Finished, Phase::Stopped]);
    play
}

/// What was told last of a student in memory.
fn told(play: &Play) -> Option<Unwritten> {
    let told = play.said.iter().rev().find_map(|event| match event {
        Event::Reply(Reply::Unwritten(told)) => Some(told.as_deref().cloned()),
        _ => None,
    });
    told.flatten()
}

fn outcome(out: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(out.join("summary.json")).unwrap()).unwrap()
}

#[test]
fn a_student_without_room_stays_in_memory_is_measured_and_can_be_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, out, session) = (folder.path().join("whole"), folder.path().join("out"), tiny(folder.path()));
    run(&session, &whole);
    let mut play = blocked(&out, &session);
    let first = told(&play).unwrap();
    assert!(first.out == out && first.reason.contains("no run has made") && first.bytes > 10_000, "{first:?}");
    let summary = outcome(&out);
    assert!(summary["saved"].is_null() && summary["unwritten"].is_string(), "{summary}");
    assert_eq!(summary["student"]["test"], outcome(&whole)["student"]["test"], "it is measured all the same");
    // It fails again, and is still there.
    play.send(Order::WriteStudent(None).to(RunId::FIRST));
    play.until(|event| matches!(event, Event::Reply(Reply::Unwritten(Some(_)))));
    // Nothing else begins meanwhile: the training would be lost.
    play.send(start(&session, &folder.path().join("next")));
    play.until(
        |event| matches!(event, Event::Fact(_, Fact::Failed(notice)) | Event::Reply(Reply::Failed(notice)) if notice.text.contains("not written yet")),
    );
    assert!(!folder.path().join("next").exists());
    // What is opened meanwhile changes nothing of it.
    play.send(Command::Open { run: RunId::FIRST, session: Box::new(session.clone()) });
    play.until_phase(&[Phase::Ready]);
    fs::remove_file(out.join("student")).unwrap();
    play.send(Order::WriteStudent(None).to(RunId::FIRST));
    play.until(|event| matches!(event, Event::Fact(_, Fact::Written { .. })));
    assert!(told(&play).is_none());
    assert!(weights(&whole) == weights(&out), "it is not the student that was trained");
    let summary = outcome(&out);
    assert!(summary["saved"]["step"] == 12 && summary["unwritten"].is_null(), "{summary}");
    assert_eq!(tree(&whole.join("student")).len(), tree(&out.join("student")).len(), "card and all");
    assert!(journal::replay(&out).unwrap().outcome.unwrap().saved.is_some());
    // The next run may begin, and the folder is free.
    play.to_the_end(start(&session, &folder.path().join("next"))).unwrap();
    play.to_the_end(Order::Extend { out: out.clone(), steps: 14 }.to(RunId::FIRST)).unwrap();
}

#[test]
fn a_student_may_be_written_elsewhere_but_over_nothing_that_is_not_ours() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, session) = (folder.path().join("whole"), tiny(folder.path()));
    run(&session, &whole);
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("empty")).unwrap();
    fs::create_dir_all(at("full")).unwrap();
    fs::write(at("full/notes.txt"), "mine").unwrap();
    fs::create_dir_all(at("model/student")).unwrap();
    fs::write(at("model/student/model.safetensors"), "mine").unwrap();
    let cases = [
        ("new/deep", Some("new/deep")),
        ("empty", Some("empty")),
        ("full", Some("full/student")),
        ("whole/student", Some("whole/student")),
        ("model", None),
        ("full/notes.txt", None),
    ];
    for (number, (chosen, lies)) in cases.into_iter().enumerate() {
        let out = at(&format!("out {number}"));
        let mut play = blocked(&out, &session);
        play.send(Order::WriteStudent(Some(at(chosen))).to(RunId::FIRST));
        match lies {
            Some(lies) => {
                play.until(|event| matches!(event, Event::Fact(_, Fact::Written { .. })));
                let written = fs::read(at(lies).join("model.safetensors")).unwrap();
                assert!(written == weights(&whole), "{chosen}");
                assert!(at(lies).join("README.md").exists() && at(lies).join("retort.ron").exists(), "{chosen}");
                assert_eq!(outcome(&out)["saved"]["folder"], at(lies).to_str().unwrap(), "{chosen}");
            }
            None => {
                play.until(|event| matches!(event, Event::Reply(Reply::Unwritten(Some(_)))));
                assert!(told(&play).is_some(), "{chosen}");
            }
        }
    }
    assert_eq!(fs::read(at("full/notes.txt")).unwrap(), b"mine");
    assert_eq!(fs::read(at("model/student/model.safetensors")).unwrap(), b"mine");
}

#[test]
fn a_student_that_is_let_go_is_lost_and_its_folder_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let (out, session) = (folder.path().join("out"), tiny(folder.path()));
    let mut play = blocked(&out, &session);
    play.send(Order::DropStudent.to(RunId::FIRST));
    play.until(|event| matches!(event, Event::Reply(Reply::Unwritten(None))));
    fs::remove_file(out.join("student")).unwrap();
    // From the newest checkpoint it is measured and written again.
    let outcome = play.to_the_end(Order::Continue(out.clone()).to(RunId::FIRST)).unwrap();
    assert!(outcome.saved.is_some() && out.join("student/model.safetensors").exists());
}

#[test]
fn a_run_that_ended_early_and_lost_its_student_ends_there_again_and_does_not_train_on() {
    let folder = tempfile::tempdir().unwrap();
    let (out, mut session) = (folder.path().join("out"), tiny(folder.path()));
    (session.recipe.evaluate_every, session.recipe.patience, session.recipe.steps) = (1, Some(1), 40);
    session.recipe.keep = Keep::Best(Metric::Accuracy);
    let mut play = blocked(&out, &session);
    let ended = outcome(&out);
    assert_eq!(ended["reason"], "no improvement", "{ended}");
    play.leave();
    fs::remove_file(out.join("student")).unwrap();
    let (again, _) = resume(&out);
    let again = again.unwrap();
    assert_eq!((again.reason.as_str(), Some(again.steps)), ("no improvement", ended["steps"].as_u64()));
    assert!(again.saved.is_some());
    // Once it is written, continuing trains on as ever.
    assert!(resume(&out).0.unwrap().steps > again.steps);
}

#[test]
fn headless_a_student_without_room_is_an_error_that_names_the_way_on() {
    let folder = tempfile::tempdir().unwrap();
    let (out, session) = (folder.path().join("out"), tiny(folder.path()));
    leave_at(&session, &out, 3);
    // Known as ours, and yet it cannot be written to.
    fs::create_dir_all(out.join("student/model.safetensors")).unwrap();
    fs::write(out.join("student/retort.ron"), "").unwrap();
    let done = retort(&["run", "--resume", "--json", "--out", out.to_str().unwrap()], folder.path());
    let words = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(4), "{words}");
    let way_on = format!("make room, then go on with: retort run --resume --out {}", out.display());
    assert!(words.contains("the student could not be written") && words.contains(&way_on), "{words}");
    let result: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert!(result["unwritten"].is_string() && result["student"]["test"]["accuracy"].is_number(), "{result}");
    fs::remove_dir_all(out.join("student")).unwrap();
    let done = retort(&["run", "--resume", "--json", "--out", out.to_str().unwrap()], folder.path());
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn what_the_record_cannot_write_is_said_and_costs_the_student_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, out, session) = (folder.path().join("whole"), folder.path().join("out"), tiny(folder.path()));
    run(&session, &whole);
    let mut play = Play::begin();
    play.send(start(&session, &out));
    play.send(Order::Pause.to(RunId::FIRST));
    play.until_phase(&[Phase::Paused]);
    for name in ["metrics.csv", "session.ron", "summary.json"] {
        let _ = fs::remove_file(out.join(name));
        fs::create_dir(out.join(name)).unwrap();
    }
    play.send(Order::Resume.to(RunId::FIRST));
    play.until_phase(&[Phase::Finished]);
    assert!(weights(&whole) == weights(&out));
    let said = play.warnings().join("\n");
    assert!(["session.ron", "summary.json"].iter().all(|name| said.contains(name)), "{said}");
}

/// A disk of 3 MB, as in a container; needs the right to mount.
#[test]
#[ignore = "mounts a file system"]
fn on_a_disk_that_is_full_the_student_is_kept_and_written_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let (disk, session) = (folder.path().join("disk"), tiny(folder.path()));
    fs::create_dir(&disk).unwrap();
    let mount = |arguments: &[&str]| {
        assert!(std::process::Command::new(arguments[0]).args(&arguments[1..]).status().unwrap().success())
    };
    mount(&["mount", "-t", "tmpfs", "-o", "size=3m", "none", disk.to_str().unwrap()]);
    let out = disk.join("out");
    let mut play = Play::begin();
    play.send(start(&session, &out));
    play.send(Order::Pause.to(RunId::FIRST));
    play.until_phase(&[Phase::Paused]);
    // Nothing is left but a page.
    let mut file = fs::File::create(disk.join("filler")).unwrap();
    while std::io::Write::write_all(&mut file, &[1; 4096]).is_ok() {}
    play.send(Order::Resume.to(RunId::FIRST));
    play.until(|event| matches!(event, Event::Reply(Reply::Unwritten(Some(_)))));
    play.until_phase(&[Phase::Finished]);
    let reason = told(&play).unwrap().reason;
    assert!(reason.contains("No space left"), "{reason}");
    assert!(!out.join("student").exists(), "half a student is left");
    play.send(Order::WriteStudent(Some(folder.path().join("elsewhere"))).to(RunId::FIRST));
    play.until(|event| matches!(event, Event::Fact(_, Fact::Written { .. })));
    let whole = folder.path().join("whole");
    run(&session, &whole);
    assert!(fs::read(folder.path().join("elsewhere/model.safetensors")).unwrap() == weights(&whole));
    drop((play, file));
    mount(&["umount", disk.to_str().unwrap()]);
}

#[test]
fn a_run_that_fails_before_its_first_step_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = tiny(folder.path());
    super::ending::with_teacher(&mut session, &super::ending::failing(0, 403));
    for (out, made) in [("new/out", false), ("empty", true)] {
        let out = folder.path().join(out);
        if made {
            fs::create_dir(&out).unwrap();
        }
        let said = Play::begin().to_the_end(start(&session, &out)).unwrap_err();
        assert!(said.contains("403"), "{said}");
        assert_eq!(out.exists(), made, "a folder that was there stays");
        assert!(!made || fs::read_dir(&out).unwrap().next().is_none(), "{:?}", tree(&out).keys());
    }
    assert!(!folder.path().join("new").exists());
}
