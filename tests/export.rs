//! `retort export` and `retort run --tensorboard`: what is written, what is refused, and that TensorBoard reads it.
#![cfg(feature = "engine")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Output, Stdio};

use resvg::tiny_skia::Pixmap;
use retort::link::{EventSink as _, Fact, Outcome, RunId, Side, Step};
use retort::record::recorder::Recorder;
use retort::session::{Session, run_folder};

/// When every run here was begun.
const BEGUN: u64 = 1_795_858_200;

struct Place(tempfile::TempDir);

impl Place {
    /// A workspace with runs of two settings, three seeds each; the last has not come to its end.
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for seed in 1..=3 {
            place.run(&format!("taught-{seed}"), seed, 0.1, true);
            place.run(&format!("alone-{seed}"), seed, 1.0, seed < 3);
        }
        place
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// A run as a recorder writes it.
    fn run(&self, name: &str, seed: u64, alpha: f64, ends: bool) {
        let out = self.at("runs").join(name);
        std::fs::create_dir_all(&out).unwrap();
        let mut session = Session { name: format!("Alpha {alpha}"), ..Session::built_in().unwrap() };
        session.recipe.seed = seed;
        session.set_knob("mixture.alpha", alpha);
        let mut recorder = Recorder::default();
        let mut tell = |fact: Fact| recorder.emit(fact.of(RunId::FIRST));
        tell(Fact::Started { session: Box::new(session), out: out.clone(), step: 0 });
        for step in 0..30 {
            tell(Fact::Scalars { step, values: values(step, seed, alpha) });
        }
        let student = Side { test: [("accuracy".to_owned(), 0.9)].into(), ..Side::default() };
        let outcome = Outcome { reason: "finished".into(), steps: 30, student, ..Outcome::default() };
        if ends {
            tell(Fact::Finished(Box::new(outcome)));
        }
        drop(recorder);
        let holder = r#"{"retort":"0.2.0","pid":1,"host":"a machine","since":"2026-11-28 09:30:00 UTC"}"#;
        std::fs::write(out.join(run_folder::LOCK), holder).unwrap();
    }

    fn retort(&self, arguments: &[&str]) -> Output {
        let mut process = Process::new(env!("CARGO_BIN_EXE_retort"));
        process.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        process.env("RETORT_CACHE", self.at("cache")).env("RAYON_NUM_THREADS", "1").output().unwrap()
    }

    /// What a command prints that ends as it should, and what it says beside it.
    fn does(&self, arguments: &[&str]) -> (String, String) {
        let done = self.retort(arguments);
        let words = String::from_utf8(done.stderr).unwrap();
        assert!(done.status.success(), "retort {arguments:?}: {words}");
        (String::from_utf8(done.stdout).unwrap(), words)
    }

    /// What a command says that is refused with this exit code.
    fn refuses(&self, arguments: &[&str], code: i32) -> String {
        let done = self.retort(arguments);
        let words = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(code), "retort {arguments:?}: {words}");
        words
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.at(path)).unwrap()
    }
}

fn values(step: Step, seed: u64, alpha: f64) -> Vec<(retort::link::SeriesId, f64)> {
    let loss = 2.0 / (step as f64 + 1.0) + 0.01 * seed as f64;
    let mut values = vec![("loss/total".into(), loss), ("train/learning_rate".into(), 1e-3)];
    if step % 10 == 9 {
        values.push(("measure/accuracy".into(), 0.9 - 0.3 * alpha + 0.02 * seed as f64));
    }
    values
}

#[test]
fn a_picture_says_which_signs_of_a_name_it_lacks_and_a_drawing_lacks_none() {
    let place = Place::new();
    place.run("学习-🦀🦀", 4, 0.1, true);
    let (_, words) = place.does(&["export", "runs/学习-🦀🦀", "--curve", "loss", "--png", "chart.png"]);
    assert!(words.contains("note: characters missing from the picture: ") && words.contains("no 🦀;"), "{words}");
    assert!(words.contains("as SVG"), "{words}");
    let (_, words) = place.does(&["export", "runs/学习-🦀🦀", "--curve", "loss", "--svg", "chart.svg"]);
    assert!(!words.contains("missing") && place.read("chart.svg").contains("学习-🦀🦀"), "{words}");
}

#[test]
fn a_table_holds_every_point_of_the_curves_that_are_asked_for() {
    let place = Place::new();
    let (files, words) = place.does(&["export", "taught-1", "runs/alone-2", "--csv", "out/all.csv"]);
    assert_eq!((files.trim(), words.trim()), ("out/all.csv", "3 curves of 2 runs written"));
    let table = place.read("out/all.csv");
    assert_eq!(table.lines().count(), 1 + 2 * (30 + 30 + 3));
    assert!(table.starts_with("run,curve,step,value\ntaught-1,loss/total,0,2.01\ntaught-1,loss/total,1,1.01\n"));
    assert!(table.ends_with("alone-2,train/learning_rate,29,0.001\n"), "{table}");
    place.does(&["export", "taught-1", "--csv", "one.csv", "--curve", "measure"]);
    let expected = [9, 19, 29].map(|step| format!("taught-1,measure/accuracy,{step},0.89\n")).concat();
    assert_eq!(place.read("one.csv"), format!("run,curve,step,value\n{expected}"));
}

#[test]
fn a_chart_of_seeds_has_their_means_their_bands_and_says_what_it_leaves_out() {
    let place = Place::new();
    let runs: Vec<String> =
        ["taught", "alone"].iter().flat_map(|of| (1..=3).map(move |seed| format!("{of}-{seed}"))).collect();
    let arguments = |more: &[&'static str]| {
        [&["export"][..], &runs.iter().map(String::as_str).collect::<Vec<_>>(), more]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<String>>()
    };
    let does = |more: &[&'static str]| {
        let all = arguments(more);
        place.does(&all.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let (_, words) = does(&["--svg", "seeds.svg", "--group-seeds", "--width", "700", "--height", "420"]);
    assert!(
        words.contains("2 of 3 curves are drawn") && words.contains("1 of 3 runs of Alpha 1 do not count"),
        "{words}"
    );
    let svg = place.read("seeds.svg");
    for text in
        [">Alpha 0.1 (n = 3)</text>", ">Alpha 1 (n = 2)</text>", ">measure/accuracy</text>", ">loss/total</text>"]
    {
        assert!(svg.contains(text), "{text}: {svg}");
    }
    assert_eq!(svg.matches("<polygon").count(), 4, "a band for each of two groups and curves");
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"700\" height=\"420\""));
    does(&["--svg", "each.svg", "--curve", "loss/total", "--log"]);
    let svg = place.read("each.svg");
    assert_eq!(
        (svg.matches("<polygon").count(), svg.matches("stroke-dasharray").count()),
        (0, 2 * 4),
        "solid, dashed, dotted, both, solid, dashed"
    );
}

#[test]
fn a_picture_has_the_size_that_was_asked_for_and_shows_every_run_in_its_colour() {
    let place = Place::new();
    place.does(&["export", "taught-1", "alone-1", "--png", "chart.png", "--width", "640", "--height", "360"]);
    let picture = Pixmap::decode_png(&std::fs::read(place.at("chart.png")).unwrap()).unwrap();
    assert_eq!((picture.width(), picture.height()), (640, 360));
    let mut colors: BTreeMap<[u8; 3], usize> = BTreeMap::new();
    for pixel in picture.pixels() {
        *colors.entry([pixel.red(), pixel.green(), pixel.blue()]).or_default() += 1;
    }
    let count = |color: [u8; 3]| colors.get(&color).copied().unwrap_or(0);
    assert!(count([255; 3]) > 640 * 360 / 2 && colors.len() > 50, "{} colours", colors.len());
    assert!(count([0x04, 0x8e, 0x83]) > 30 && count([0xb7, 0x33, 0x59]) > 30, "both lines are there");
}

#[test]
fn what_cannot_be_exported_is_refused_in_a_sentence_and_nothing_is_replaced_unasked() {
    let place = Place::new();
    std::fs::write(place.at("mine.csv"), "mine").unwrap();
    std::fs::create_dir(place.at("runs/empty")).unwrap();
    place.run("waits", 9, 0.5, false);
    std::fs::remove_file(place.at("runs/waits/journal.jsonl")).unwrap();
    let cases: [(&[&str], i32, &[&str]); 9] = [
        (&["taught-1", "--csv", "mine.csv"], 3, &["is there already", "--force", "mine.csv"]),
        (&["taught-1", "--csv", "runs", "--force"], 3, &["is there already"]),
        (
            &["taught-1", "--csv", "new.csv", "--curve", "acuracy"],
            3,
            &["no run has a curve acuracy", "loss/total, measure/accuracy, train/learning_rate"],
        ),
        (&["nobody", "--csv", "new.csv"], 3, &["there is no run nobody", "retort list runs"]),
        (&["empty", "--csv", "new.csv"], 3, &["there is no run empty"]),
        (&["waits", "--csv", "new.csv"], 3, &["there is no journal", "runs/waits"]),
        (&["taught-1", "runs/taught-1", "--csv", "new.csv"], 3, &["named twice"]),
        (&["taught-1", "--csv", "mine.csv/new.csv"], 4, &["cannot write the export", "mine.csv/new.csv"]),
        (
            &["taught-1", "--png", "new.png", "--height", "120"],
            3,
            &["2 curves do not fit into a height of 120", "at least"],
        ),
    ];
    for (arguments, code, says) in cases {
        let words = place.refuses(&[&["export"], arguments].concat(), code);
        assert!(says.iter().all(|says| words.contains(says)), "{arguments:?}: {words}");
    }
    for arguments in [
        &["export", "taught-1"][..],
        &["export", "taught-1", "--csv", "a", "--svg", "b"],
        &["export", "taught-1", "--csv", "a", "--log"],
    ] {
        place.refuses(arguments, 2);
    }
    assert_eq!(place.read("mine.csv"), "mine");
    assert!(!place.at("new.csv").exists() && !place.at("new.png").exists());
    place.does(&["export", "taught-1", "--csv", "mine.csv", "--force"]);
    assert!(place.read("mine.csv").starts_with("run,curve"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let words = Place::new().refuses(&["export", "taught-1", "--csv", "/dev/full", "--force"], 4);
    assert!(words.contains("cannot write the export") && words.contains("/dev/full"), "{words}");
}

#[test]
fn events_lie_in_a_folder_for_each_run_and_are_not_mixed_with_others() {
    let place = Place::new();
    let events = format!("tb/taught-1/events.out.tfevents.{BEGUN}.a-machine");
    let (files, _) = place.does(&["export", "taught-1", "alone-1", "--tensorboard", "tb"]);
    assert_eq!(files.lines().next(), Some(events.as_str()), "called by when and where the run was begun");
    let bytes = std::fs::read(place.at(&events)).unwrap();
    assert_eq!(&bytes[25..38], b"brain.Event:2");
    assert!(place.refuses(&["export", "taught-1", "--tensorboard", "tb"], 3).contains("is there already"));
    place.does(&["export", "taught-1", "--tensorboard", "tb", "--force"]);
    assert_eq!(std::fs::read(place.at(&events)).unwrap(), bytes, "equal runs leave equal bytes");
    std::fs::write(place.at("tb/taught-1/events.out.tfevents.1.other"), "").unwrap();
    let words = place.refuses(&["export", "taught-1", "--tensorboard", "tb", "--force"], 3);
    assert!(words.contains("holds other events") && words.contains("tfevents.1.other"), "{words}");
}

/// A session of the built-in student on labels alone.
const FEW_STEPS: &str = r#"(version: 5, name: "Few", data: (source: BuiltIn("posts"), labelled: Some(40)), teachers: [],
    student: (source: BuiltIn("posts-student"), init: Fresh, max_tokens: 16),
    prompt: (teacher: (template: "{text} It is {answer}")),
    recipe: (terms: ["hard_labels"], batch: 4, seed: 7, steps: 6))"#;

fn event_files(folder: &Path) -> Vec<PathBuf> {
    let all = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    all.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("events.out.tfevents.")).collect()
}

#[test]
fn a_run_writes_its_events_while_it_goes_on_and_they_tell_every_step() {
    let place = Place(tempfile::tempdir().unwrap());
    std::fs::write(place.at("few.ron"), FEW_STEPS).unwrap();
    place.does(&["run", "few.ron", "--out", "runs/own", "--tensorboard"]);
    let own = event_files(&place.at("runs/own"));
    assert_eq!(own.len(), 1);
    let bytes = std::fs::read(&own[0]).unwrap();
    let told = String::from_utf8_lossy(&bytes).matches("loss/total").count();
    assert_eq!(told, place.read("runs/own/metrics.csv").matches("loss/total").count());
    place.does(&["run", "--resume", "--out", "runs/own", "--set", "recipe.steps=8", "--tensorboard=tb"]);
    assert_eq!(event_files(&place.at("tb/own")).len(), 1);
    let words = place.refuses(&["run", "few.ron", "--out", "elsewhere/own", "--tensorboard=tb"], 3);
    assert!(words.contains("holds other events"), "{words}");
    assert!(!place.at("elsewhere/own").exists());
    // Where no folder can be, the events are lost and the run is not.
    let (_, words) = place.does(&["run", "few.ron", "--out", "runs/plain", "--tensorboard=few.ron"]);
    assert!(
        words.contains("no more events of TensorBoard are written") && words.contains("the run goes on"),
        "{words}"
    );
    assert!(event_files(&place.at("runs/plain")).is_empty());
    assert!(place.read("runs/plain/summary.json").contains("finished"));
}

#[test]
#[ignore = "needs a Python with tensorboard, named by RETORT_PYTHON (default python3)"]
fn tensorboard_reads_exported_and_live_events() {
    let python = std::env::var("RETORT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let place = Place::new();
    place.does(&["export", "taught-1", "alone-2", "--tensorboard", "tb"]);
    std::fs::write(place.at("few.ron"), FEW_STEPS).unwrap();
    place.does(&["run", "few.ron", "--out", "runs/live", "--tensorboard=tb"]);
    place.does(&["run", "--resume", "--out", "runs/live", "--set", "recipe.steps=8", "--tensorboard=tb"]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tensorboard/read_events.py");
    let read = Process::new(python).arg(script).arg(place.at("tb")).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    type Curves = BTreeMap<String, Vec<(u64, f64, f64)>>;
    let found: BTreeMap<String, Curves> = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), ["alone-2", "live", "taught-1"]);
    for (run, seed, alpha) in [("taught-1", 1, 0.1), ("alone-2", 2, 1.0)] {
        let mut expected = Curves::new();
        for step in 0..30 {
            for (id, value) in values(step, seed, alpha) {
                let point = (step, f64::from(value as f32), BEGUN as f64);
                expected.entry(id.to_string()).or_default().push(point);
            }
        }
        assert_eq!(found[run], expected, "{run}");
    }
    let steps: Vec<u64> = found["live"]["loss/total"].iter().map(|(step, ..)| *step).collect();
    assert_eq!(steps, (0..8).collect::<Vec<_>>(), "also where the run was gone on with");
}
