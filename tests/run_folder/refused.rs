//! Folders that hold somebody's files are left exactly as they are, and the next step is said.

use std::fs;
use std::path::Path;

use retort::link::{Event, Fact, Order, Phase, Reply, RunId};
use retort::session::file;

use super::{Play, leave_at, resume, retort, run, start, tiny, tree, weights};

/// Puts files into a folder; a name with `/` at its end is a folder.
fn put(folder: &Path, files: &[&str]) {
    for name in files {
        let path = folder.join(name);
        fs::create_dir_all(if name.ends_with('/') { &path } else { path.parent().unwrap() }).unwrap();
        if !name.ends_with('/') {
            fs::write(&path, format!("somebody's {name}")).unwrap();
        }
    }
}

/// Folders nobody asked us to write into: what lies there, and a word of the refusal.
const FOREIGN: &[(&str, &[&str])] = &[
    ("a project with checkpoints of its own", &["checkpoints/epoch1/model.pt", "train.py"]),
    ("checkpoints alone", &["checkpoints/epoch1/model.pt"]),
    (
        "checkpoints named nearly as ours",
        &["checkpoints/step-100/state.json", "checkpoints/step-000000200/optimizer.pt"],
    ),
    ("a model called student", &["student/config.json", "student/model.safetensors"]),
    ("a repository", &[".git/HEAD", ".git/objects/"]),
    ("a hidden file only", &[".env"]),
    ("an empty folder only", &["data/"]),
    ("somebody else's journal and session", &["journal.jsonl", "session.ron"]),
    ("somebody else's lock", &["run.lock"]),
    ("a file called checkpoints", &["checkpoints"]),
    ("a summary", &["summary.json"]),
    ("names in other scripts", &["数据.csv", "naïve.txt"]),
];

#[test]
fn a_folder_with_anything_but_a_run_is_refused_and_not_a_byte_of_it_changes() {
    for (what, files) in FOREIGN {
        let folder = tempfile::tempdir().unwrap();
        let (out, session) = (folder.path().join("out"), tiny(folder.path()));
        fs::create_dir(&out).unwrap();
        put(&out, files);
        let before = tree(folder.path());
        for order in [start(&session, &out), Order::Continue(out.clone()).to(RunId::FIRST)] {
            let said = Play::begin().to_the_end(order).unwrap_err();
            assert!(said.contains("is not the folder of a run; choose one"), "{what}: {said}");
            assert!(said.ends_with(out.to_str().unwrap()), "{what}: {said}");
            assert!(tree(folder.path()) == before, "{what}: something was written or removed");
        }
    }
}

#[test]
fn the_headless_tool_refuses_a_foreign_folder_as_input_that_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.ron");
    file::save(&tiny(folder.path()), &path).unwrap();
    let out = folder.path().join("project");
    put(&out, &["checkpoints/epoch1/model.pt"]);
    let before = tree(folder.path());
    for more in [&["run", path.to_str().unwrap()][..], &["run", "--resume"][..]] {
        let done = retort(&[more, &["--out", out.to_str().unwrap()]].concat(), folder.path());
        assert_eq!(done.status.code(), Some(3));
        let words = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(words.contains("choose one that is empty or not there yet"), "{words}");
        assert!(tree(folder.path()) == before);
    }
    // The folder one stands in, and the home folder, even where it is empty.
    let home = tempfile::tempdir().unwrap();
    for out in [".", home.path().to_str().unwrap()] {
        let done = retort(&["run", path.to_str().unwrap(), "--out", out], home.path());
        let words = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(3), "{words}");
        assert!(words.contains("your home folder"), "{words}");
    }
    assert!(tree(home.path()).is_empty());
}

#[test]
fn what_is_no_folder_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let session = tiny(folder.path());
    fs::write(folder.path().join("file"), "text").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", folder.path().join("dangling")).unwrap();
    let before = tree(folder.path());
    let cases: &[(&str, &str)] = if cfg!(unix) {
        &[("file", "it is a file"), ("file/below", "--out"), ("dangling", "a link that leads nowhere")]
    } else {
        &[("file", "it is a file"), ("file/below", "--out")]
    };
    for (name, reason) in cases {
        let said = Play::begin().to_the_end(start(&session, &folder.path().join(name))).unwrap_err();
        assert!(said.contains(reason), "{name}: {said}");
        assert!(tree(folder.path()) == before, "{name}");
    }
}

#[test]
fn an_empty_folder_a_new_one_and_a_link_to_an_empty_one_are_fine() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = tiny(folder.path());
    session.recipe.steps = 1;
    fs::create_dir(folder.path().join("empty")).unwrap();
    run(&session, &folder.path().join("empty"));
    run(&session, &folder.path().join("a/b/c"));
    #[cfg(unix)]
    {
        fs::create_dir(folder.path().join("disk")).unwrap();
        std::os::unix::fs::symlink("disk", folder.path().join("link")).unwrap();
        run(&session, &folder.path().join("link"));
    }
}

#[test]
fn a_start_that_fails_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let good = tiny(folder.path());
    let mut no_model = good.clone();
    no_model.student = retort::session::ModelChoice::stored(retort::session::Source::Folder("no/such".into()));
    let mut no_knob = good.clone();
    no_knob.set_knob("soft_targets.temprature", 2.0);
    let mut no_data = good.clone();
    no_data.recipe.terms = vec!["soft_targets".into()];
    fs::create_dir(folder.path().join("empty")).unwrap();
    let before = tree(folder.path());
    for session in [no_model, no_knob, no_data] {
        for out in ["new/run", "empty"] {
            Play::begin().to_the_end(start(&session, &folder.path().join(out))).unwrap_err();
            assert!(tree(folder.path()) == before, "{out}");
        }
    }
}

#[test]
fn a_run_is_not_begun_over_another_one_nor_over_its_student() {
    let folder = tempfile::tempdir().unwrap();
    let (out, session) = (folder.path().join("out"), tiny(folder.path()));
    run(&session, &out);
    let before = tree(&out);
    let said = Play::begin().to_the_end(start(&session, &out)).unwrap_err();
    assert!(said.contains("already holds a run; add --resume"), "{said}");
    assert!(tree(&out) == before);
    // Nor over one that is loaded: it goes on.
    let mut play = Play::begin();
    let live = folder.path().join("live");
    play.send(start(&session, &live));
    play.send(Order::Pause.to(RunId::FIRST));
    play.until_phase(&[Phase::Paused]);
    play.send(start(&session, &live));
    play.send(start(&session, &out));
    play.send(Order::StepOnce.to(RunId::FIRST));
    play.until_phase(&[Phase::Paused]);
    assert_eq!(play.warnings().iter().filter(|words| words.contains("already holds a run")).count(), 2);
    assert_eq!(
        play.said
            .iter()
            .filter(|e| matches!(e, retort::link::Event::Fact(_, Fact::Failed(_)) | Event::Reply(Reply::Failed(_))))
            .count(),
        0
    );
}

#[test]
fn a_second_process_is_told_who_has_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let (out, session) = (folder.path().join("out"), tiny(folder.path()));
    let mut play = Play::begin();
    play.send(start(&session, &out));
    play.send(Order::Pause.to(RunId::FIRST));
    play.until_phase(&[Phase::Paused]);
    let path = folder.path().join("s.ron");
    file::save(&session, &path).unwrap();
    for more in [&["run", path.to_str().unwrap()][..], &["run", "--resume"][..]] {
        let done = retort(&[more, &["--out", out.to_str().unwrap()]].concat(), folder.path());
        let words = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(3), "{words}");
        for part in [format!("process {}", std::process::id()), " on ".into(), "since 20".into(), "retort 0.".into()] {
            assert!(words.contains(&part), "{words}");
        }
    }
    play.leave();
    assert!(out.join("run.lock").exists(), "the mark stays");
    let done = retort(&["run", "--resume", "--out", out.to_str().unwrap()], folder.path());
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_lock_whose_process_is_dead_keeps_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let (out, session) = (folder.path().join("out"), tiny(folder.path()));
    leave_at(&session, &out, 5);
    for words in ["", "{\"retort\":\"0.1.0\",\"pid\":1,\"host\":\"elsewhere\",\"since\":\"2020-01-01 00:00:00 UTC\"}\n"]
    {
        fs::write(out.join("run.lock"), words).unwrap();
        resume(&out).0.unwrap();
    }
}

#[test]
fn a_run_of_before_there_were_marks_is_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, old, session) = (folder.path().join("whole"), folder.path().join("old"), tiny(folder.path()));
    run(&session, &whole);
    leave_at(&session, &old, 7);
    // As the first version wrote them.
    fs::remove_file(old.join("run.lock")).unwrap();
    let journal = fs::read_to_string(old.join("journal.jsonl")).unwrap();
    let lines = journal.lines().skip(1).filter(|line| !line.contains("CheckpointsKept") && !line.contains("Inputs"));
    let lines = lines.fold("{\"retort_journal\":1}\n".to_owned(), |all, line| all + line + "\n");
    fs::write(old.join("journal.jsonl"), lines).unwrap();
    for step in fs::read_dir(old.join("checkpoints")).unwrap().flatten() {
        let path = step.path().join("state.json");
        let mut state: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let fields = state.as_object_mut().unwrap();
        fields.retain(|name, _| !["watch", "ended", "tensors", "inputs"].contains(&name.as_str()));
        fields.insert("format".into(), 1.into());
        fs::write(&path, state.to_string()).unwrap();
    }
    let (outcome, _) = resume(&old);
    assert_eq!(outcome.unwrap().steps, 12);
    assert!(weights(&whole) == weights(&old), "the students differ");
    assert!(fs::read_to_string(old.join("journal.jsonl")).unwrap().starts_with("{\"retort_journal\":2"));
}

#[test]
fn a_model_that_comes_to_lie_where_the_student_goes_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let (out, session) = (folder.path().join("out"), tiny(folder.path()));
    leave_at(&session, &out, 3);
    put(&out, &["student/config.json", "student/model.safetensors"]);
    let theirs = tree(&out.join("student"));
    let (said, _) = resume(&out);
    let said = said.unwrap_err();
    assert!(said.contains("no run has made; move that elsewhere first"), "{said}");
    assert!(tree(&out.join("student")) == theirs);
    // The same while the run is loaded: nothing is lost, and it goes on once the model is moved away.
    fs::rename(out.join("student"), folder.path().join("moved")).unwrap();
    let mut play = Play::begin();
    play.send(Order::Continue(out.clone()).to(RunId::FIRST));
    play.send(Order::Pause.to(RunId::FIRST));
    play.until_phase(&[Phase::Paused]);
    put(&out, &["student/config.json", "student/model.safetensors"]);
    let stopped = play.to_the_end(Order::Stop.to(RunId::FIRST)).unwrap();
    assert!(stopped.saved.is_none() && stopped.unwritten.unwrap().contains("move that elsewhere first"));
    assert!(tree(&out.join("student")) == theirs);
    play.leave();
    fs::remove_dir_all(out.join("student")).unwrap();
    resume(&out).0.unwrap();
    let whole = folder.path().join("whole");
    run(&session, &whole);
    assert!(weights(&whole) == weights(&out), "the students differ");
}

#[test]
fn what_else_lies_in_a_runs_folder_outlives_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let (out, session) = (folder.path().join("out"), tiny(folder.path()));
    leave_at(&session, &out, 2);
    let mine = ["notes.md", "checkpoints/epoch1/model.pt", "checkpoints/step-7/state.json", "abandoned/mine.txt"];
    put(&out, &mine);
    put(&out, &["checkpoints/step-000000002/mine.txt"]);
    let mut play = Play::begin();
    play.send(Order::Continue(out.clone()).to(RunId::FIRST));
    play.send(Order::Pause.to(RunId::FIRST));
    play.until_phase(&[Phase::Paused]);
    (0..9).for_each(|_| {
        play.send(Order::StepOnce.to(RunId::FIRST));
        play.until_phase(&[Phase::Paused]);
    });
    play.send(Order::Rewind(4).to(RunId::FIRST));
    play.until_phase(&[Phase::Paused]);
    play.to_the_end(Order::Stop.to(RunId::FIRST)).unwrap();
    for name in mine {
        assert_eq!(fs::read_to_string(out.join(name)).unwrap(), format!("somebody's {name}"));
    }
    assert!(out.join("checkpoints/step-000000002/mine.txt").exists());
}

/// One folder under every name it may be called by.
#[cfg(unix)]
#[test]
fn a_run_is_gone_on_with_under_every_spelling_of_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("runs")).unwrap();
    let session = tiny(folder.path());
    run(&session, &folder.path().join("whole"));
    let spelled: [fn(&Path) -> std::path::PathBuf; 3] = [
        |out| out.to_owned(),
        |out| out.parent().unwrap().join("../runs").join(out.file_name().unwrap()),
        |out| {
            let link = out.with_extension("link");
            std::os::unix::fs::symlink(out, &link).unwrap();
            link
        },
    ];
    for (number, spelled) in spelled.into_iter().enumerate() {
        let out = folder.path().join(format!("runs/{number}"));
        let mut play = Play::begin();
        play.send(start(&session, &out));
        play.send(Order::Pause.to(RunId::FIRST));
        play.until_phase(&[Phase::Paused]);
        play.send(Order::StepOnce.to(RunId::FIRST));
        play.until_phase(&[Phase::Paused]);
        // Begun anew it would be written over: refused as its own, not as somebody else's.
        play.send(start(&session, &spelled(&out)));
        play.until(|event| matches!(event, Event::Fact(_, Fact::Warning(_)) | Event::Reply(Reply::Warning(_))));
        let said = play.warnings().pop().unwrap().to_owned();
        assert!(said.contains("already holds a run"), "{number}: {said}");
        let other = if number == 2 { out.with_extension("link") } else { spelled(&out) };
        let outcome =
            play.to_the_end(Order::Continue(other).to(RunId::FIRST)).unwrap_or_else(|e| panic!("{number}: {e}"));
        assert_eq!(outcome.steps, session.recipe.steps);
        assert!(weights(&out) == weights(&folder.path().join("whole")), "{number}");
    }
}
