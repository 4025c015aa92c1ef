//! Runs one after the other: queued, interrupted, taken up again, listed, grouped by seed and compared.
#![cfg(all(feature = "engine", unix))]

use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longest wait for anything, on a machine that has other work.
const PATIENCE: Duration = Duration::from_secs(240);

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.session("few.ron", "Few steps", "steps: 6");
        place.session("more.ron", "More steps", "steps: 9");
        place.session("long.ron", "Long", "steps: 100000, evaluate_every: 100000, checkpoint_every: 100000");
        place
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// A session of the built-in student on labels alone.
    fn session(&self, path: &str, name: &str, recipe: &str) {
        let text = format!(
            r#"(version: 5, name: "{name}", data: (source: BuiltIn("posts"), labelled: Some(40)), teachers: [],
            student: (source: BuiltIn("posts-student"), init: Fresh, max_tokens: 16),
            prompt: (teacher: (template: "{{text}} It is {{answer}}")),
            recipe: (terms: ["hard_labels"], batch: 4, seed: 7, {recipe}))"#
        );
        std::fs::write(self.at(path), text).unwrap();
    }

    fn retort(&self, arguments: &[&str]) -> Process {
        let mut process = Process::new(env!("CARGO_BIN_EXE_retort"));
        process.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        process.env("RETORT_CACHE", self.at("cache")).env("RAYON_NUM_THREADS", "1");
        process
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.retort(arguments).output().unwrap()
    }

    /// What a command prints that ends as it should.
    fn prints(&self, arguments: &[&str]) -> String {
        let done = self.run(arguments);
        let words = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "retort {arguments:?}: {words}");
        String::from_utf8(done.stdout).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.prints(arguments)).unwrap()
    }

    /// Folder and status of every run, by folder.
    fn statuses(&self, workspace: &str) -> Vec<(String, String)> {
        let list = self.json(&["list", "runs", "--workspace", workspace, "--json"]);
        let of = |run: &Value| {
            let folder = Path::new(run["folder"].as_str().unwrap()).file_name().unwrap().to_str().unwrap().to_owned();
            (folder, run["status"].as_str().unwrap().to_owned())
        };
        let mut runs: Vec<(String, String)> = list["runs"].as_array().unwrap().iter().map(of).collect();
        runs.sort();
        runs
    }

    /// Waits until a run has made steps.
    fn wait_for_steps(&self, run: &str) {
        let begun = Instant::now();
        let steps = || std::fs::read_to_string(self.at(run).join("journal.jsonl")).unwrap_or_default();
        while steps().matches("loss/total").count() < 2 {
            assert!(begun.elapsed() < PATIENCE, "{run} does not begin");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn signal(child: &Child, name: &str) {
    let told = Process::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap();
    assert!(told.success());
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn every_session_has_its_runs_one_after_the_other_also_where_one_of_them_fails() {
    let place = Place::new();
    let text = std::fs::read_to_string(place.at("few.ron")).unwrap();
    let broken = text.replace("BuiltIn(\"posts-student\")", "Folder(\"no/such/model\")").replace("Few steps", "Broken");
    std::fs::write(place.at("broken.ron"), broken).unwrap();
    let done = place.run(&["run", "few.ron", "broken.ron", "more.ron", "--seeds", "2", "--workspace", "w"]);
    let (words, table) = (String::from_utf8_lossy(&done.stderr), String::from_utf8_lossy(&done.stdout));
    assert_eq!(done.status.code(), Some(3), "the exit code is that of the failure: {words}");
    assert_eq!(words.matches("no/such/model").count(), 2, "each failure is told once: {words}");
    assert!(table.contains("Few steps") && table.contains("More steps") && table.contains("±"), "{table}");
    let expected = [
        ("broken-seed-7", "failed"),
        ("broken-seed-8", "failed"),
        ("few-steps-seed-7", "finished"),
        ("few-steps-seed-8", "finished"),
        ("more-steps-seed-7", "finished"),
        ("more-steps-seed-8", "finished"),
    ];
    assert_eq!(place.statuses("w"), pairs(&expected));
    assert!(place.at("w/broken-seed-7/session.ron").is_file(), "what was asked for is kept");
    assert_eq!(place.prints(&["run", "--queue", "--workspace", "w"]).trim(), "nothing waits");

    let list = place.json(&["list", "runs", "--workspace", "w", "--where", "few and seed != 7", "--json"]);
    assert_eq!((list["runs"].as_array().unwrap().len(), &list["runs"][0]["steps"]), (1, &Value::from(6)));
    let list = place.json(&["list", "runs", "--workspace", "w", "--group", "--json"]);
    let counted: Vec<usize> =
        list["groups"].as_array().unwrap().iter().map(|group| group["counted"].as_array().unwrap().len()).collect();
    assert_eq!((counted.len(), counted.iter().sum::<usize>()), (3, 4), "runs that failed do not count");
    let group = list["groups"].as_array().unwrap().iter().find(|group| group["counted"][0].is_string()).unwrap();
    let accuracy = &group["test"]["accuracy"];
    assert!(accuracy["n"] == 2 && accuracy["sd"].is_f64() && accuracy["best"]["run"].is_string(), "{accuracy}");

    let of = |seed: u64, name: &str| format!("{name}-steps-seed-{seed}");
    let (a, b) = ([of(7, "few"), of(8, "few")], [of(7, "more"), of(8, "more")]);
    let sides = [&a[0], &a[1], "--against", &b[0], &b[1]];
    let compared = place
        .json(&[&["compare"], sides.map(|word| word as &str).as_slice(), &["--workspace", "w", "--json"]].concat());
    assert_eq!((&compared["paired_seeds"], &compared["runs"]), (&Value::from(true), &serde_json::json!([2, 2])));
    assert_eq!(compared["settings"], serde_json::json!([["recipe.steps", "6", "9"]]));
    assert!(compared["measures"][0]["difference"]["low"].is_f64(), "{compared}");
    let words = place.prints(&["compare", "w/few-steps-seed-7", "w/more-steps-seed-7", "--card"]);
    let card = std::fs::read_to_string(place.at("w/few-steps-seed-7/student/README.md")).unwrap();
    let section = card.split("## Compared").nth(1).unwrap();
    assert!(section.contains("`more-steps-seed-7`") && section.contains("| `recipe.steps` | `6` | `9` |"), "{section}");
    assert!(section.contains("## Repeat"), "what stood behind it stands there still");
    assert!(words.contains("95 % interval") && words.contains("recipe.steps"), "{words}");
}

#[test]
fn a_session_that_makes_no_sense_is_refused_before_any_run_is_asked_for() {
    let place = Place::new();
    std::fs::write(place.at("torn.ron"), "(version: 5, name: ").unwrap();
    for (arguments, code) in [
        (vec!["run", "few.ron", "torn.ron", "--workspace", "w"], 3),
        (vec!["run", "few.ron", "more.ron", "--set", "recipe.sted=3", "--workspace", "w"], 3),
        (vec!["run", "few.ron", "--seeds", "0", "--workspace", "w"], 2),
        (vec!["run", "few.ron", "--seeds", "2", "--out", "w"], 2),
        (vec!["run", "few.ron", "--seeds", "2", "--set", "recipe.seed=18446744073709551615", "--workspace", "w"], 3),
    ] {
        let done = place.run(&arguments);
        assert_eq!(done.status.code(), Some(code), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        assert!(!place.at("w").exists(), "{arguments:?}");
    }
}

#[test]
fn what_a_signal_or_a_crash_has_left_to_do_waits_for_the_next_command() {
    for (name, code) in [("INT", Some(130)), ("KILL", None)] {
        let place = Place::new();
        let mut child =
            place.retort(&["run", "long.ron", "few.ron", "more.ron"]).stderr(Stdio::piped()).spawn().unwrap();
        place.wait_for_steps("runs/long-seed-7");
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), code, "{name}");
        let first = if name == "INT" { "stopped" } else { "interrupted" };
        let waiting = [("few-steps-seed-7", "waiting"), ("long-seed-7", first), ("more-steps-seed-7", "waiting")];
        assert_eq!(place.statuses("runs"), pairs(&waiting), "{name}");
        if name == "INT" {
            let words = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
            assert!(words.contains("--resume --out runs/long-seed-7"), "{words}");
            assert!(words.contains("2 more wait; go on with: retort run --queue --workspace runs"), "{words}");
        }
        let done = place.json(&["run", "--queue", "--json"]);
        let folders: Vec<&str> =
            done["runs"].as_array().unwrap().iter().map(|run| run["folder"].as_str().unwrap()).collect();
        assert_eq!(folders, ["runs/few-steps-seed-7", "runs/more-steps-seed-7"], "{name}: in the order asked for");
        assert_eq!(place.statuses("runs")[0].1, "finished", "{name}");
    }
}

#[test]
fn two_processes_on_one_queue_run_each_run_once() {
    let place = Place::new();
    let mut child = place
        .retort(&["run", "long.ron", "few.ron", "more.ron", "--seeds", "3"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    place.wait_for_steps("runs/long-seed-7");
    signal(&child, "KILL");
    child.wait().unwrap();
    for folder in ["runs/long-seed-8", "runs/long-seed-9"] {
        std::fs::remove_dir_all(place.at(folder)).unwrap();
    }
    let both: Vec<Child> = (0..2)
        .map(|_| {
            place.retort(&["run", "--queue", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let mut ran: Vec<String> = Vec::new();
    for child in both {
        let done = child.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{words}");
        let text = String::from_utf8(done.stdout).unwrap();
        let Ok(done) = serde_json::from_str::<Value>(&text) else { panic!("{text}{words}") };
        let runs = done["runs"].as_array().unwrap();
        assert!(runs.iter().all(|run| run["outcome"].is_object()), "{done}");
        ran.extend(runs.iter().map(|run| run["folder"].as_str().unwrap().to_owned()));
    }
    ran.sort();
    let expected =
        ["few-steps", "more-steps"].map(|name| [7, 8, 9].map(|seed| format!("runs/{name}-seed-{seed}"))).concat();
    assert_eq!(ran, expected);
    let interrupted = place.statuses("runs").into_iter().filter(|(_, status)| status != "finished").count();
    assert_eq!(interrupted, 1, "the run that was killed, and no other");
}
