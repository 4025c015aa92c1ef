//! A run's own story without a window: told in a log, ended by a signal, found again wherever its folder
//! goes, and read by whom it likes.
#![cfg(all(feature = "engine", unix))]

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Output, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for anything, on a machine that has other work.
const PATIENCE: Duration = Duration::from_secs(240);

/// A folder with a session `s/small.ron` whose data lies beside it, and room for runs.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir_all(place.at("s/data")).unwrap();
        std::fs::write(place.at("s/data/reviews.csv"), reviews()).unwrap();
        place.session("s/small.ron", &session(DATA, "steps: 8, evaluate_every: 3, checkpoint_every: 3"));
        place
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn session(&self, path: &str, text: &str) {
        std::fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        std::fs::write(self.at(path), text).unwrap();
    }

    /// The program, in the folder `cwd` of this place.
    fn retort(&self, cwd: &str, arguments: &[&str]) -> Process {
        let mut process = Process::new(env!("CARGO_BIN_EXE_retort"));
        process.args(arguments).current_dir(self.at(cwd)).stdin(Stdio::null());
        process.env("RETORT_CACHE", self.at("cache")).env("RAYON_NUM_THREADS", "1");
        process
    }

    fn run(&self, cwd: &str, arguments: &[&str]) -> Output {
        self.retort(cwd, arguments).output().unwrap()
    }

    fn succeeds(&self, cwd: &str, arguments: &[&str]) -> String {
        let done = self.run(cwd, arguments);
        let words = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "retort {arguments:?} in {cwd}: {words}");
        words
    }

    fn text(&self, path: &str) -> String {
        std::fs::read_to_string(self.at(path)).unwrap_or_default()
    }

    fn weights(&self, run: &str) -> Vec<u8> {
        std::fs::read(self.at(run).join("student/model.safetensors")).unwrap()
    }
}

const DATA: &str = r#"Delimited(path: "data/reviews.csv", text: [Name("text")], label: Name("label"))"#;

fn reviews() -> String {
    let row = |i: usize| {
        let (word, label) = if i.is_multiple_of(2) { ("fine", "good") } else { ("awful", "bad") };
        format!("a {word} meal number {i} at the corner,{label}\n")
    };
    std::iter::once("text,label\n".to_owned()).chain((0..48).map(row)).collect()
}

/// The built-in student, fresh, on labels alone.
fn session(data: &str, recipe: &str) -> String {
    format!(
        r#"(version: 1, name: "Small", models: (student: (source: BuiltIn("posts-student"), start: Fresh, max_tokens: 24)),
        data: (source: {data}), prompt: (template: "{{text}} It is {{answer}}"),
        recipe: (losses: ["hard_labels"], batch: 4, warmup: 1, seed: 7, {recipe}))"#
    )
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Waits until `true`.
fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Process::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status().unwrap();
    assert!(sent.success());
}

/// Started by hand in a terminal a process does not ignore what a test runner may ignore.
fn by_hand(mut process: Process) -> Process {
    let listen = || {
        for signal in [libc::SIGINT, libc::SIGHUP, libc::SIGTERM] {
            // SAFETY: between fork and exec only a signal's action is set, which is safe to do there.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
        Ok(())
    };
    // SAFETY: as above.
    unsafe { process.pre_exec(listen) };
    process
}

/// Waits for the child to end by itself.
fn ended(mut child: Child) -> Output {
    wait("the end of a process", || child.try_wait().unwrap().is_some());
    child.wait_with_output().unwrap()
}

#[test]
fn a_recorded_session_repeats_its_run_from_any_folder() {
    let place = Place::new();
    std::fs::create_dir_all(place.at("far/away")).unwrap();
    place.succeeds("s", &["run", "small.ron", "--out", "../runs/x"]);
    let recorded = place.text("runs/x/session.ron");
    assert!(recorded.contains(r#"train: "../../s/data/reviews.csv""#), "{recorded}");
    place.succeeds("far/away", &["run", "../../runs/x/session.ron", "--out", "again"]);
    assert!(place.weights("runs/x") == place.weights("far/away/again"), "the students differ");
    std::fs::rename(place.at("runs"), place.at("s/runs")).unwrap();
    let lost = place.run("s", &["run", "runs/x/session.ron", "--out", "lost"]);
    assert_eq!(lost.status.code(), Some(3), "it lies elsewhere now, and says so: {}", said(&lost));
}

#[test]
fn every_kind_of_path_is_found_from_the_recorded_session() {
    let place = Place::new();
    let source = place.at("s/data/reviews.csv");
    for folder in ["a b/ü 数据", "s/deep/er", "linked"] {
        std::fs::create_dir_all(place.at(folder)).unwrap();
        std::fs::copy(&source, place.at(folder).join("rows, all.csv")).unwrap();
    }
    std::fs::create_dir_all(place.at("elsewhere")).unwrap();
    symlink(place.at("linked"), place.at("elsewhere/link")).unwrap();
    let absolute = place.at("a b/ü 数据/rows, all.csv");
    let paths = [
        "../a b/ü 数据/rows, all.csv",
        "./deep/../deep/er/rows, all.csv",
        "../elsewhere/link/../linked/rows, all.csv",
        absolute.to_str().unwrap(),
    ];
    for (i, path) in paths.into_iter().enumerate() {
        let data =
            format!(r#"Delimited(path: "{path}", test: Some("{path}"), text: [Name("text")], label: Name("label"))"#);
        place.session("s/kind.ron", &session(&data, "steps: 1, evaluate_every: 0, checkpoint_every: 0"));
        let (first, second) = (format!("s/out {i}/run"), format!("again {i}"));
        place.succeeds(".", &["run", "s/kind.ron", "--out", &first]);
        place.succeeds("elsewhere", &["run", &format!("../{first}/session.ron"), "--out", &format!("../{second}")]);
        assert!(place.weights(&first) == place.weights(&second), "{path}: the students differ");
    }
}

#[test]
fn a_model_folder_is_found_from_the_recorded_session_and_layers_are_too() {
    let place = Place::new();
    place.succeeds("s", &["run", "small.ron", "--out", "first", "--set", "recipe.steps=1"]);
    let stored = r#"student: (source: Folder("first/student"), max_tokens: 24)"#;
    let layers = r#"student: (source: Folder("first/student"), layers: Some((of: Some(Folder("./first/student")), map: Pick([0]))))"#;
    let fresh = r#"student: (source: BuiltIn("posts-student"), start: Fresh, max_tokens: 24)"#;
    let taught = r#"teacher: Some((source: Folder("first/student"))), student: (source: BuiltIn("posts-student"), start: Fresh)"#;
    for (i, models) in [stored, layers, taught].into_iter().enumerate() {
        let text = session(DATA, "steps: 1, evaluate_every: 0, checkpoint_every: 0").replace(fresh, models);
        place.session("s/model.ron", &text);
        let (first, second) = (format!("s/runs/{i}"), format!("again{i}"));
        place.succeeds("s", &["run", "model.ron", "--out", &format!("runs/{i}")]);
        place.succeeds(".", &["run", &format!("{first}/session.ron"), "--out", &second]);
        assert!(place.weights(&first) == place.weights(&second), "{models}: the students differ");
    }
}

#[test]
fn a_session_that_is_piped_in_finds_its_files_from_the_working_folder() {
    let place = Place::new();
    let stdin = || Stdio::from(File::open(place.at("s/small.ron")).unwrap());
    let done = place.retort("s", &["run", "-", "--out", "../piped", "--set", "recipe.steps=1"]).stdin(stdin()).output();
    assert!(done.as_ref().unwrap().status.success(), "{}", said(&done.unwrap()));
    place.succeeds(".", &["run", "piped/session.ron", "--out", "again"]);
    assert!(place.weights("piped") == place.weights("again"));
}

#[test]
fn a_run_moved_together_with_its_files_goes_on_from_another_folder() {
    let place = Place::new();
    place.succeeds("s", &["run", "small.ron", "--out", "whole"]);
    for (name, kept) in [("before any checkpoint", false), ("behind a checkpoint", true)] {
        let every = if kept { "recipe.checkpoint_every=3" } else { "recipe.checkpoint_every=0" };
        let mut child = place.retort("s", &["run", "small.ron", "--set", every, "--out", "../runs/x"]).spawn().unwrap();
        let sign = place.at(if kept { "runs/x/checkpoints/step-000000003/state.json" } else { "runs/x/session.ron" });
        wait("a run", || sign.exists());
        child.kill().unwrap();
        child.wait().unwrap();
        let moved = format!("moved {kept}");
        std::fs::create_dir(place.at(&moved)).unwrap();
        for folder in ["s", "runs"] {
            std::fs::rename(place.at(folder), place.at(&moved).join(folder)).unwrap();
        }
        place.succeeds(".", &["run", "--resume", "--out", &format!("{moved}/runs/x")]);
        let (whole, resumed) = (format!("{moved}/s/whole"), format!("{moved}/runs/x"));
        assert!(place.weights(&whole) == place.weights(&resumed), "killed {name}: the students differ");
        std::fs::rename(place.at(&moved).join("s"), place.at("s")).unwrap();
    }
}

#[test]
fn a_signal_ends_a_run_as_stop_does_and_says_how_to_go_on() {
    let place = Place::new();
    let long = session(DATA, "steps: 60, schedule: Constant, evaluate_every: 0, checkpoint_every: 0");
    place.session("s/long.ron", &long);
    place.succeeds("s", &["run", "long.ron", "--out", "whole"]);
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let out = format!("it's {name}");
        let run = place.retort("s", &["run", "long.ron", "--set", "recipe.steps=100000", "--json", "--out", &out]);
        let child = by_hand(run).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let table = format!("s/{out}/metrics.csv");
        wait("a few steps", || place.text(&table).lines().count() > 20);
        signal(&child, name);
        let done = ended(child);
        assert_eq!(done.status.code(), Some(code), "{name}: {}", said(&done));
        let summary: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!(summary["reason"], "stopped");
        assert!(place.at("s").join(&out).join("summary.json").exists());
        assert!(place.at("s").join(&out).join("student/model.safetensors").exists());
        let way = said(&done).lines().find_map(|line| line.strip_prefix("go on with: retort ").map(str::to_owned));
        let way = way.unwrap_or_else(|| panic!("{name}: no way on in {}", said(&done)));
        let shell = format!("exec {} {way}", env!("CARGO_BIN_EXE_retort"));
        let state = newest_state(&place.at("s").join(&out));
        let steps = std::fs::read_to_string(&state).unwrap().replace("\"steps\": 100000", "\"steps\": 60");
        std::fs::write(&state, steps).unwrap();
        let mut resumed = Process::new("sh");
        resumed.args(["-c", &shell]).current_dir(place.at("s")).env("RAYON_NUM_THREADS", "1");
        let resumed = resumed.output().unwrap();
        assert!(resumed.status.success(), "{name}: {}", said(&resumed));
        assert!(place.weights("s/whole") == place.weights(&format!("s/{out}")), "{name}: the students differ");
        assert_eq!(place.text("s/whole/metrics.csv"), place.text(&table), "{name}: the tables differ");
    }
}

/// `state.json` of a run's newest checkpoint.
fn newest_state(run: &Path) -> PathBuf {
    let steps = std::fs::read_dir(run.join("checkpoints")).unwrap().map(|entry| entry.unwrap().path());
    steps.max().expect("a stopped run keeps a checkpoint").join("state.json")
}

#[test]
fn a_signal_that_was_ignored_when_the_run_was_started_stays_ignored() {
    let place = Place::new();
    let shell = format!("trap '' HUP; exec {} run small.ron --out out", env!("CARGO_BIN_EXE_retort"));
    let mut process = Process::new("sh");
    process.args(["-c", &shell]).current_dir(place.at("s")).env("RETORT_CACHE", place.at("cache"));
    let child = process.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    wait("the first line", || place.at("s/out/session.ron").exists());
    signal(&child, "HUP");
    let done = ended(child);
    assert!(done.status.success(), "{:?} {}", done.status, said(&done));
}

#[test]
fn a_run_that_is_still_being_read_ends_at_once() {
    let place = Place::new();
    let rows = reviews().replace("text,label\n", "").repeat(8_000);
    std::fs::write(place.at("s/data/large.csv"), format!("text,label\n{rows}")).unwrap();
    place.session("s/stuck.ron", &session(&DATA.replace("reviews", "large"), "steps: 1"));
    let run = place.retort("s", &["run", "stuck.ron", "--out", "out"]);
    let mut child = by_hand(run).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 7];
    child.stderr.as_mut().unwrap().read_exact(&mut first).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let asked = Instant::now();
    signal(&child, "INT");
    let done = ended(child);
    assert!(asked.elapsed() < Duration::from_secs(20), "{:?}", asked.elapsed());
    assert_eq!(done.status.code(), Some(130), "{}", said(&done));
    assert!(said(&done).contains("before the first step"), "{}", said(&done));
}

#[test]
fn a_second_ctrl_c_ends_a_run_at_once() {
    let place = Place::new();
    let rows = reviews().replace("text,label\n", "").repeat(4_000);
    std::fs::write(place.at("s/data/large.csv"), format!("text,label\n{rows}")).unwrap();
    let data = DATA.replace("text: [", r#"test: Some("data/large.csv"), text: ["#);
    place.session("s/tested.ron", &session(&data, "steps: 1000000, evaluate_every: 0, checkpoint_every: 0"));
    let log = place.at("log");
    let run = place.retort("s", &["run", "tested.ron", "--out", "out"]);
    let child = by_hand(run).stdout(Stdio::piped()).stderr(File::create(&log).unwrap()).spawn().unwrap();
    wait("a few steps", || place.text("s/out/metrics.csv").lines().count() > 20);
    signal(&child, "INT");
    wait("the stop", || place.text("log").contains("stopping: "));
    let asked = Instant::now();
    signal(&child, "INT");
    let done = ended(child);
    assert_eq!(done.status.code(), Some(130));
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    assert!(!place.at("s/out/summary.json").exists(), "the test was waited for");
}

#[test]
fn a_log_has_the_notes_the_measures_and_how_far_a_run_is() {
    let place = Place::new();
    let latin: Vec<u8> =
        reviews().replace("corner", "caf#").bytes().map(|b| if b == b'#' { 0xe9 } else { b }).collect();
    std::fs::write(place.at("s/data/reviews.csv"), latin).unwrap();
    let log = place.succeeds("s", &["run", "small.ron", "--out", "out", "--set", "recipe.steps=20"]);
    for part in ["data: ", "windows-1252", "reading models and data\n", "validation accuracy 0.", "of 20  loss "] {
        assert!(log.contains(part), "{part:?} is not in\n{log}");
    }
    assert!(!log.contains("0s left") && !log.contains('\r'), "{log}");
    let measured = log.lines().filter(|line| line.contains("validation accuracy")).count();
    assert_eq!(measured, 6, "{log}");
    let journal = place.text("s/out/journal.jsonl");
    assert!(journal.contains("windows-1252") && journal.contains("measure/accuracy"), "{journal}");
    place.session("s/threads.ron", &session(DATA, "steps: 2, threads: Some(7)"));
    let log = place.succeeds("s", &["run", "threads.ron", "--out", "threads"]);
    assert!(log.contains("warning: ") && log.contains("7 threads"), "{log}");
    assert!(place.text("s/threads/journal.jsonl").contains("7 threads"), "the journal lacks the warning");
}

#[test]
fn a_file_is_answered_from_stdin_into_a_pipe_and_what_is_wrong_with_it_is_said() {
    let place = Place::new();
    place.succeeds("s", &["run", "small.ron", "--out", "out"]);
    let mut child = place
        .retort("s", &["predict", "out/student", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"a fine meal\n\nawful, \"really\"\n").unwrap();
    let done = ended(child);
    let (out, log) = (String::from_utf8(done.stdout.clone()).unwrap(), said(&done));
    assert!(done.status.success(), "{log}");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!((lines[0], lines.len()), ("text,answer,p:bad,p:good", 4));
    assert!(lines[2] == ",,," && lines[3].starts_with("\"awful, \"\"really\"\"\","), "{out}");
    assert!(log.contains("2 rows answered") && log.contains("1 rows have no text"), "{log}");
    // The texts' column is that of the run, or has to be named.
    std::fs::write(place.at("s/other.csv"), "id,body\n1,fine\n2,awful,odd\n").unwrap();
    let refused = place.run("s", &["predict", "out/student", "other.csv", "--out", "a.csv"]);
    assert!(refused.status.code() == Some(3) && said(&refused).contains("`id`, `body`"), "{}", said(&refused));
    assert!(!place.at("s/a.csv").exists());
    let log = place.succeeds("s", &["predict", "out/student", "other.csv", "--text", "body", "--out", "a.csv"]);
    assert!(log.contains("1 rows could not be read and are left out: line 3"), "{log}");
    assert_eq!(place.text("s/a.csv").lines().count(), 2);
    let same = place.run("s", &["predict", "out/student", "other.csv", "--text", "body", "--out", "./other.csv"]);
    assert_eq!(same.status.code(), Some(3), "the texts would be written over");
    // Nobody reads on: no word, and the code of a closed pipe.
    std::fs::write(place.at("s/long.txt"), "a fine meal at the corner\n".repeat(3_000)).unwrap();
    let mut child = place
        .retort("s", &["predict", "out/student", "long.txt"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let done = ended(child);
    assert!(done.status.code() == Some(141) && !said(&done).contains("error"), "{}", said(&done));
}

#[test]
fn answers_that_a_signal_ends_are_kept_beside_their_place_as_whole_rows() {
    let place = Place::new();
    place.succeeds("s", &["run", "small.ron", "--out", "out"]);
    std::fs::write(place.at("s/long.txt"), "a fine meal, \"said\" somebody\n".repeat(400_000)).unwrap();
    std::fs::create_dir(place.at("s/told")).unwrap();
    let run = place.retort("s", &["predict", "out/student", "long.txt", "--out", "told/answers.csv"]);
    let child = by_hand(run).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let written = || {
        std::fs::read_dir(place.at("s/told")).unwrap().flatten().any(|entry| entry.metadata().unwrap().len() > 50_000)
    };
    wait("some answers", written);
    signal(&child, "INT");
    let done = ended(child);
    assert_eq!(done.status.code(), Some(130), "{}", said(&done));
    assert!(!place.at("s/told/answers.csv").exists(), "half a file looks like a whole one");
    let part = place.text("s/told/answers.csv.part");
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_reader(part.as_bytes()).records().map(Result::unwrap).collect();
    assert!(rows.len() > 500 && rows.len() < 400_000 && part.ends_with('\n'));
    assert!(rows.iter().all(|row| row.len() == 4 && !row[3].is_empty()));
    let told = format!("first {} rows", retort::link::grouped(rows.len() as u64));
    assert!(said(&done).contains(&told) && said(&done).contains("answers.csv.part"), "{}", said(&done));
    assert_eq!(std::fs::read_dir(place.at("s/told")).unwrap().count(), 1, "nothing else is left behind");
}

#[test]
fn doctor_and_baseline_tell_the_notes_of_the_data_to_whoever_reads() {
    let place = Place::new();
    let latin =
        reviews().replace("corner", "caf#").bytes().map(|byte| if byte == b'#' { 0xe9 } else { byte }).collect();
    let more = |rows: &str| [reviews(), rows.to_owned()].concat().into_bytes();
    let files: [(&str, Vec<u8>); 3] = [
        ("windows-1252", latin),
        ("2 training texts were empty", more(",good\n ,bad\n")),
        ("1 of 49 training texts have no label", more("a meal of no word,\n")),
    ];
    for (note, file) in files {
        std::fs::write(place.at("s/data/reviews.csv"), file).unwrap();
        for command in ["doctor", "baseline"] {
            for form in [&[command, "small.ron"][..], &[command, "small.ron", "--json"]] {
                let done = place.run("s", form);
                let told = [done.stdout, done.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
                assert!(done.status.success() && told.concat().contains(note), "{form:?} without {note:?}: {told:?}");
            }
        }
    }
}

#[test]
fn the_curves_can_be_read_while_a_run_goes_on() {
    let place = Place::new();
    place.session("s/long.ron", &session(DATA, "steps: 100000, evaluate_every: 0, checkpoint_every: 0"));
    let mut child = place.retort("s", &["run", "long.ron", "--out", "out"]).stderr(Stdio::null()).spawn().unwrap();
    let rows = || place.text("s/out/metrics.csv").lines().count();
    wait("rows", || rows() > 5);
    let before = rows();
    wait("more rows", || rows() > before);
    child.kill().unwrap();
    child.wait().unwrap();
    let table = place.text("s/out/metrics.csv");
    assert!(table.starts_with("step,series,value\n0,") && table.contains("\n0,loss/hard_labels,"), "{table}");
}

#[test]
fn a_reader_that_goes_away_ends_every_command_quietly() {
    let place = Place::new();
    let model = "built-in:posts-teacher";
    let commands: [&[&str]; 9] = [
        &["doctor", "small.ron"],
        &["doctor", "small.ron", "--json"],
        &["baseline", "small.ron"],
        &["baseline", "small.ron", "--json"],
        &["probe", model, "--text", "a fine meal", "--json"],
        &["list", "models"],
        &["run", "--help"],
        &["--version"],
        &["run", "small.ron", "--out", "out", "--set", "recipe.steps=1"],
    ];
    for arguments in commands {
        for both in [false, true] {
            let _ = std::fs::remove_dir_all(place.at("s/out"));
            let (mut process, closed) = (place.retort("s", arguments), closed_pipe());
            process.env("HF_HOME", place.at("hub"));
            if both {
                process.stderr(closed.try_clone().unwrap());
            } else {
                process.stderr(Stdio::piped());
            }
            let done = process.stdout(closed).spawn().unwrap().wait_with_output().unwrap();
            let words = said(&done);
            assert!(matches!(done.status.code(), Some(0 | 141)), "{arguments:?}: {:?} {words}", done.status);
            assert!(arguments[0] == "run" || words.is_empty(), "{arguments:?}: {words}");
            assert!(!words.contains("panicked") && !words.contains("error"), "{arguments:?}: {words}");
            assert!(arguments[0] != "run" || arguments[1] == "--help" || place.at("s/out/student/retort.ron").exists());
        }
    }
}

/// The writing end of a pipe that nobody reads.
fn closed_pipe() -> File {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    File::from(std::os::fd::OwnedFd::from(writer))
}

#[test]
fn a_result_that_cannot_be_written_is_an_error_and_no_panic() {
    let place = Place::new();
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    let done = place.retort("s", &["baseline", "small.ron"]).stdout(full).output().unwrap();
    assert_eq!(done.status.code(), Some(4), "{}", said(&done));
    assert!(said(&done).starts_with("error: cannot write the result"), "{}", said(&done));
}

#[test]
fn every_file_of_a_run_has_the_mode_that_the_persons_umask_gives() {
    for (umask, file, folder) in [("022", 0o644, 0o755), ("077", 0o600, 0o700), ("002", 0o664, 0o775)] {
        let place = Place::new();
        let shell = format!("umask {umask}; exec {} run small.ron --out out", env!("CARGO_BIN_EXE_retort"));
        let mut process = Process::new("sh");
        process.args(["-c", &shell]).current_dir(place.at("s")).env("RETORT_CACHE", place.at("cache"));
        let done = process.output().unwrap();
        assert!(done.status.success(), "{}", said(&done));
        let all = walk(&place.at("s/out"));
        assert!(all.iter().any(|path| path.ends_with("student/model.safetensors")));
        assert!(all.iter().any(|path| path.ends_with("step-000000008/state.json")), "{all:?}");
        for path in all {
            let seen = std::fs::metadata(&path).unwrap();
            let wanted = if seen.is_dir() { folder } else { file };
            assert_eq!(seen.permissions().mode() & 0o777, wanted, "umask {umask}: {}", path.display());
        }
    }
}

/// Everything in a folder.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let below: Vec<PathBuf> = entries.iter().filter(|path| path.is_dir()).flat_map(|path| walk(path)).collect();
    entries.into_iter().chain(below).collect()
}
