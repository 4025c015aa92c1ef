//! Checkpoints that were damaged after they were written: the one before it is taken, and that is said.

use std::fs;
use std::path::Path;

use retort::link::{Event, Fact, Order, RunId};

use super::{Play, leave_at, resume, run, tiny, tree, weights};

fn cut(path: &Path, share: f64) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..(bytes.len() as f64 * share) as usize]).unwrap();
}

/// Every way in which a checkpoint may be damaged.
type Damage = (&'static str, fn(&Path));
const DAMAGES: &[Damage] = &[
    ("truncated tensors", |folder| cut(&folder.join("state.safetensors"), 0.6)),
    ("empty tensors", |folder| fs::write(folder.join("state.safetensors"), "").unwrap()),
    ("tensors of noise", |folder| fs::write(folder.join("state.safetensors"), [7u8; 4000]).unwrap()),
    ("one bit of the tensors", |folder| {
        let mut bytes = fs::read(folder.join("state.safetensors")).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(folder.join("state.safetensors"), bytes).unwrap();
    }),
    ("no tensors", |folder| fs::remove_file(folder.join("state.safetensors")).unwrap()),
    ("an empty state", |folder| fs::write(folder.join("state.json"), "").unwrap()),
    ("a state of noise", |folder| fs::write(folder.join("state.json"), [0xffu8, 0, 1, 2]).unwrap()),
    ("half a state", |folder| cut(&folder.join("state.json"), 0.5)),
    ("a state of something else", |folder| fs::write(folder.join("state.json"), "{\"format\": 2}").unwrap()),
    ("no state", |folder| fs::remove_file(folder.join("state.json")).unwrap()),
    ("nothing left", |folder| {
        fs::remove_file(folder.join("state.json")).unwrap();
        fs::remove_file(folder.join("state.safetensors")).unwrap();
    }),
];

#[test]
fn a_damaged_newest_checkpoint_falls_back_to_the_one_before_it_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, session) = (folder.path().join("whole"), tiny(folder.path()));
    run(&session, &whole);
    for (what, damage) in DAMAGES {
        let out = folder.path().join(what);
        leave_at(&session, &out, 7);
        damage(&out.join("checkpoints/step-000000007"));
        let (outcome, play) = resume(&out);
        assert_eq!(outcome.unwrap().steps, 12, "{what}");
        assert!(play.said.iter().any(|event| matches!(event, Event::Fact(_, Fact::Started { step: 6, .. }))), "{what}");
        let said = play.warnings().into_iter().find(|words| words.contains("step 7 is damaged"));
        let said = said.unwrap_or_else(|| panic!("{what}: {:?}", play.warnings()));
        assert!(said.contains("the run goes on from step 6"), "{what}: {said}");
        assert!(weights(&whole) == weights(&out), "{what}: the students differ");
        assert!(!out.join("checkpoints/step-000000007").exists(), "{what}: it would be met again");
    }
}

#[test]
fn where_every_checkpoint_is_damaged_the_run_is_not_begun_again_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let (out, session) = (folder.path().join("out"), tiny(folder.path()));
    leave_at(&session, &out, 5);
    for step in fs::read_dir(out.join("checkpoints")).unwrap().flatten() {
        cut(&step.path().join("state.safetensors"), 0.5);
    }
    let before = tree(&out.join("checkpoints"));
    let said = resume(&out).0.unwrap_err();
    assert!(said.contains("none of its 3 can be read") && said.contains("start the run anew"), "{said}");
    assert!(tree(&out.join("checkpoints")) == before);
}

#[test]
fn a_checkpoint_of_a_later_program_is_neither_damaged_nor_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let (out, session) = (folder.path().join("out"), tiny(folder.path()));
    leave_at(&session, &out, 5);
    let path = out.join("checkpoints/step-000000005/state.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"format\": 2", "\"format\": 99", 1)).unwrap();
    let before = tree(&out.join("checkpoints"));
    let said = resume(&out).0.unwrap_err();
    assert!(said.contains("format 99") && said.contains("update retort"), "{said}");
    assert!(tree(&out.join("checkpoints")) == before);
}

#[test]
fn a_rewind_to_a_damaged_checkpoint_goes_to_the_one_before_it_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (out, session) = (folder.path().join("out"), tiny(folder.path()));
    leave_at(&session, &out, 7);
    cut(&out.join("checkpoints/step-000000004/state.safetensors"), 0.5);
    let mut play = Play::begin();
    play.send(Order::Continue(out.clone()).to(RunId::FIRST));
    play.send(Order::Pause.to(RunId::FIRST));
    play.send(Order::Rewind(4).to(RunId::FIRST));
    play.until(|event| matches!(event, Event::Fact(_, Fact::Rewound { step: 2 })));
    play.to_the_end(Order::Stop.to(RunId::FIRST)).unwrap();
    assert!(play.warnings().iter().any(|words| words.contains("step 4 is damaged")), "{:?}", play.warnings());
}

#[test]
fn a_damaged_journal_loses_none_of_its_sound_lines_when_the_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, out, session) = (folder.path().join("whole"), folder.path().join("out"), tiny(folder.path()));
    run(&session, &whole);
    leave_at(&session, &out, 5);
    let journal = fs::read_to_string(out.join("journal.jsonl")).unwrap();
    let broken = journal.replacen("CheckpointsKept", "Chec\u{0}kpointsKept", 1);
    assert_ne!(broken, journal);
    fs::write(out.join("journal.jsonl"), broken).unwrap();
    resume(&out).0.unwrap();
    let table = |out: &Path| fs::read_to_string(out.join("metrics.csv")).unwrap();
    assert_eq!(table(&whole), table(&out));
}
