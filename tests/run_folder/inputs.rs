//! What a run reads is the same when it is gone on with, or the run is not gone on with.

use std::fs;
use std::path::Path;

use retort::link::{Command, Event, Fact, Order, Phase, Reply, RunId};
use retort::record::journal;
use retort::session::{ModelChoice, Session, Source, file};

use super::{Play, leave_at, resume, retort, run, start, tiny, tree, weights};

/// A run on a copy of the model, left in the middle.
fn left(folder: &Path) -> (Session, std::path::PathBuf) {
    let mut session = tiny(folder);
    let model = folder.join("model");
    fs::create_dir_all(&model).unwrap();
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bert_classifier");
        fs::copy(from.join(name), model.join(name)).unwrap();
    }
    session.student = ModelChoice::stored(Source::Folder(model));
    let out = folder.join("out");
    leave_at(&session, &out, 5);
    (session, out)
}

fn edit(path: &Path, change: impl FnOnce(String) -> String) {
    fs::write(path, change(fs::read_to_string(path).unwrap())).unwrap();
}

/// Everything that may change between a run and its resume, and the file that is named.
type Change = (&'static str, fn(&Path), &'static str);
const CHANGES: &[Change] = &[
    (
        "rows cut away",
        |f| edit(&f.join("rows.csv"), |text| text.lines().take(40).collect::<Vec<_>>().join("\n")),
        "rows.csv",
    ),
    ("a row more", |f| edit(&f.join("rows.csv"), |text| text + "more tea,drink\n"), "rows.csv"),
    ("one letter, the same length", |f| edit(&f.join("rows.csv"), |text| text.replacen("goal", "gaol", 1)), "rows.csv"),
    ("two labels changed places", |f| edit(&f.join("rows.csv"), |text| text.replacen("sport", "xxxxx", 1)), "rows.csv"),
    ("the data is gone", |f| fs::remove_file(f.join("rows.csv")).unwrap(), "rows.csv"),
    ("another tokenizer", |f| edit(&f.join("model/tokenizer.json"), |text| text + "\n"), "tokenizer.json"),
    ("a setting more", |f| fs::write(f.join("model/tokenizer_config.json"), "{}").unwrap(), "tokenizer_config.json"),
    (
        "another configuration",
        |f| edit(&f.join("model/config.json"), |text| text.replacen("\"gelu\"", "\"relu\"", 1)),
        "config.json",
    ),
    (
        "other weights",
        |f| {
            let path = f.join("model/model.safetensors");
            let mut bytes = fs::read(&path).unwrap();
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            fs::write(&path, bytes).unwrap();
        },
        "model.safetensors",
    ),
];

#[test]
fn a_run_whose_data_tokenizer_or_model_has_changed_is_refused_by_the_name_of_the_file() {
    for (what, change, name) in CHANGES {
        let folder = tempfile::tempdir().unwrap();
        let (_, out) = left(folder.path());
        change(folder.path());
        let before = tree(&out.join("checkpoints"));
        let said = resume(&out).0.unwrap_err();
        assert!(said.contains("has changed since the run began"), "{what}: {said}");
        assert!(said.contains("put it back as it was, or start a new run"), "{what}: {said}");
        assert!(said.ends_with(name), "{what}: {said}");
        assert!(tree(&out.join("checkpoints")) == before, "{what}: the checkpoints are untouched");
        assert!(!out.join("student").exists());
    }
}

#[test]
fn a_run_goes_on_where_only_times_have_changed_or_the_change_was_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let (session, out) = left(folder.path());
    let whole = folder.path().join("whole");
    run(&session, &whole);
    for path in ["rows.csv", "model/tokenizer.json", "model/model.safetensors"] {
        let bytes = fs::read(folder.path().join(path)).unwrap();
        fs::write(folder.path().join(path), "something else").unwrap();
        fs::write(folder.path().join(path), bytes).unwrap();
    }
    let (outcome, play) = resume(&out);
    outcome.unwrap();
    assert!(play.warnings().is_empty(), "{:?}", play.warnings());
    assert!(weights(&whole) == weights(&out));
    let read = journal::read(&out.join("journal.jsonl")).unwrap().facts;
    let inputs =
        read.iter().find_map(|event| if let Fact::Inputs(inputs) = event { Some(inputs) } else { None }).unwrap();
    let roles: Vec<&str> = inputs.iter().map(|input| input.role.as_str()).collect();
    assert_eq!(roles, ["data", "student", "student", "student", "examples"]);
    assert!(inputs.iter().all(|input| input.hash.len() == 64));
}

#[test]
fn a_checkpoint_that_does_not_say_what_was_read_is_gone_on_with_once_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (_, out) = left(folder.path());
    for step in fs::read_dir(out.join("checkpoints")).unwrap().flatten() {
        let path = step.path().join("state.json");
        let mut state: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        state.as_object_mut().unwrap().remove("inputs");
        state["format"] = 1.into();
        fs::write(&path, state.to_string()).unwrap();
    }
    let mut play = Play::begin();
    play.send(Order::Continue(out.clone()).to(RunId::FIRST));
    play.send(Order::Pause.to(RunId::FIRST));
    play.until_phase(&[Phase::Paused]);
    assert!(play.warnings().iter().any(|words| words.contains("from before it was noted")), "{:?}", play.warnings());
    play.send(Order::StepOnce.to(RunId::FIRST));
    play.until_phase(&[Phase::Paused]);
    play.leave();
    let (outcome, play) = resume(&out);
    outcome.unwrap();
    assert!(play.warnings().is_empty(), "said once: {:?}", play.warnings());
}

#[test]
fn a_run_that_moves_together_with_its_data_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().join("here");
    fs::create_dir(&here).unwrap();
    left(&here);
    let there = folder.path().join("there");
    fs::rename(&here, &there).unwrap();
    resume(&there.join("out")).0.unwrap();
}

#[test]
fn data_that_is_edited_between_opening_and_starting_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let session = tiny(folder.path());
    let mut play = Play::begin();
    play.send(Command::Open { run: RunId::FIRST, session: Box::new(session.clone()) });
    play.until_phase(&[Phase::Ready]);
    edit(&folder.path().join("rows.csv"), |text| text.lines().take(33).collect::<Vec<_>>().join("\n") + "\n");
    play.to_the_end(start(&session, &folder.path().join("out"))).unwrap();
    let opened = play.said.iter().filter_map(|event| {
        if let Event::Fact(_, Fact::Opened(opened)) | Event::Reply(Reply::Opened(opened)) = event {
            Some(opened.parts)
        } else {
            None
        }
    });
    let trained: Vec<usize> = opened.map(|parts| parts.train).collect();
    assert!(trained.len() == 2 && trained[1] < trained[0], "{trained:?}");
}

#[test]
fn the_headless_tool_refuses_edited_data_as_input() {
    let folder = tempfile::tempdir().unwrap();
    let (_, out) = left(folder.path());
    edit(&folder.path().join("rows.csv"), |text| text.lines().take(50).collect::<Vec<_>>().join("\n"));
    let done = retort(&["run", "--resume", "--out", out.to_str().unwrap()], folder.path());
    assert_eq!(done.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&done.stderr).contains("rows.csv"));
    // Begun again from its own session it is another run, and free to read what is there now.
    let session = file::open(&out.join("session.ron")).unwrap();
    run(&session, &folder.path().join("new"));
}
