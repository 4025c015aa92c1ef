//! `retort cache --build`: are the rows that it makes those that the run asks for, and is it refused where there are
//! none to make?
#![cfg(feature = "engine")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A session of few steps in a folder of its own, with its own cache.
struct Place(tempfile::TempDir);

impl Place {
    fn new(change: impl Fn(&str) -> String) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        let shown = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sessions/next-token.ron");
        let text = std::fs::read_to_string(shown).unwrap();
        let short = text.replace("steps: 300", "steps: 3").replace("batch: 16", "batch: 4");
        std::fs::write(place.at("s.ron"), change(&short)).unwrap();
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn retort(&self, cache: &str, arguments: &[&str]) -> Output {
        let mut process = Command::new(env!("CARGO_BIN_EXE_retort"));
        process.args(arguments).current_dir(self.0.path()).env("RETORT_CACHE", self.at(cache));
        process.output().unwrap()
    }

    /// The samples whose rows are made.
    fn built(&self, cache: &str) -> Value {
        let done = self.retort(cache, &["cache", "--build", "s.ron", "--json"]);
        assert!(done.status.success(), "{}", said(&done));
        serde_json::from_slice(&done.stdout).unwrap()
    }

    fn student(&self, cache: &str, out: &str) -> Vec<u8> {
        let done = self.retort(cache, &["run", "s.ron", "--out", out]);
        assert!(done.status.success(), "{}", said(&done));
        std::fs::read(self.at(out).join("student/model.safetensors")).unwrap()
    }
}

fn said(done: &Output) -> String {
    String::from_utf8_lossy(&done.stderr).into_owned()
}

#[test]
fn rows_made_before_a_run_are_those_that_its_steps_ask_for() {
    let place = Place::new(str::to_owned);
    let cold = place.student("cold", "one");
    assert_eq!(place.built("cold")["samples"], 0, "the run has kept every row that would be made");
    let made = place.built("warm");
    assert_eq!((&made["samples"], made["rows"].as_u64() > Some(12)), (&12.into(), true), "{made}");
    assert_eq!(place.built("warm")["samples"], 0);
    assert!(place.student("warm", "two") == cold, "the students differ");
}

#[test]
fn a_session_that_keeps_no_rows_is_refused_by_its_reason() {
    for (change, reason) in [
        (("teacher_rows: TopK(64)", "teacher_rows: Live"), "recipe.teacher_rows is Live"),
        (("task: NextToken(packed: true),\n        teacher_rows: TopK(64)", "task: Classes"), "its task is Classes"),
        (("teachers: [(source: BuiltIn(\"posts-teacher\"))]", "teachers: []"), "no teacher"),
        (("BuiltIn(\"posts\")", "BuiltIn(\"pots\")"), "pots"),
    ] {
        let place = Place::new(|text| {
            assert!(text.contains(change.0), "{} is not in the session", change.0);
            let text = text.replace(change.0, change.1);
            if change.1 == "teachers: []" { text.replace("\"soft_targets\", ", "") } else { text }
        });
        let done = place.retort("cache", &["cache", "--build", "s.ron"]);
        assert_eq!((done.status.code(), said(&done).contains(reason)), (Some(3), true), "{}", said(&done));
    }
}
