//! Temperature scaling: is the temperature PyTorch's, is it told and kept at the end of a run, and do the commands give
//! and measure the probabilities that it makes?
#![cfg(feature = "engine")]

use std::path::{Path, PathBuf};
use std::process::{Command as Process, Output};

use retort::engine::measure::temperature::{Part, scaling};
use retort::link::{Measures, Outcome, TemperatureScaling};
use retort::session::InferenceSpec;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    classes: usize,
    validation: Rows,
    test: Rows,
    temperature: f64,
    before: Measures,
    after: Measures,
}

#[derive(Deserialize)]
struct Rows {
    gold: Vec<usize>,
    rows: Vec<Vec<f32>>,
}

impl Rows {
    /// As a model's answers come: log-probabilities.
    fn answers(&self) -> Vec<Vec<f32>> {
        self.rows.iter().map(|row| retort::link::scores::log_softmax(row)).collect()
    }
}

#[test]
fn temperature_and_figures_are_those_of_pytorch() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/temperature.json");
    let golden: Golden = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(golden.cases.len(), 5);
    for case in golden.cases {
        let (validation, test) = (case.validation.answers(), case.test.answers());
        let told = scaling(
            Part { gold: &case.validation.gold, rows: &validation },
            Part { gold: &case.test.gold, rows: &test },
            case.classes,
        );
        let TemperatureScaling::Fitted(fitted) = told else { panic!("{told:?}") };
        let apart = (fitted.temperature / case.temperature - 1.0).abs();
        assert!(apart < 1e-5, "{} classes: {} is not {}", case.classes, fitted.temperature, case.temperature);
        assert!(!fitted.clamped);
        for (ours, theirs) in [(&fitted.before, &case.before), (&fitted.after, &case.after)] {
            assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
            for (name, value) in ours {
                assert!(
                    (value - theirs[name]).abs() < 1e-5,
                    "{} classes, {name}: {value} is not {}",
                    case.classes,
                    theirs[name]
                );
            }
        }
    }
}

/// A place with rows of three ratings and a session that learns from a teacher.
struct Place(tempfile::TempDir);

const STEPS: &str = "recipe: (terms: [\"hard_labels\", \"soft_targets\"], steps: 30, batch: 8, warmup: 2, evaluate_every: 0, checkpoint_every: 0), knobs: {\"optimizer.learning_rate\": 0.003},";

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// Writes a session of so large a validation part.
    fn session(&self, name: &str, validation: f64) {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sessions/data/reviews.csv");
        std::fs::copy(data, self.at("reviews.csv")).unwrap();
        let text = format!(
            r#"(version: 5, name: "ratings",
            data: (source: Files(train: "reviews.csv", roles: (text: ["review"], label: "rating")), validation: {validation:?}, test: 0.3),
            teachers: [(source: BuiltIn("posts-teacher"))],
            student: (source: BuiltIn("posts-student"), init: Fresh),
            prompt: (teacher: (template: "{{text}} It was {{answer}}")), {STEPS})"#
        );
        std::fs::write(self.at(name), text).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut process = Process::new(env!("CARGO_BIN_EXE_retort"));
        process.args(arguments).current_dir(self.0.path()).env("RETORT_CACHE", self.at("cache"));
        process.output().unwrap()
    }

    fn succeeds(&self, arguments: &[&str]) -> (String, String) {
        let done = self.run(arguments);
        let [out, said] = [&done.stdout, &done.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
        assert!(done.status.success(), "{arguments:?}: {said}");
        (out, said)
    }

    fn outcome(&self, run: &str) -> Outcome {
        serde_json::from_slice(&std::fs::read(self.at(run).join("summary.json")).unwrap()).unwrap()
    }
}

/// Rows of a table, each as its cells.
fn table(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).unwrap();
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// Probabilities at a temperature, in double precision.
fn softened(probabilities: &[f64], temperature: f64) -> Vec<f64> {
    let powers: Vec<f64> = probabilities.iter().map(|p| p.powf(1.0 / temperature)).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|p| p / sum).collect()
}

#[test]
fn a_run_tells_and_keeps_its_temperature_and_the_commands_give_and_measure_it() {
    let place = Place::new();
    place.session("s.ron", 0.3);
    let (printed, _) = place.succeeds(&["run", "s.ron", "--out", "run"]);
    let outcome = place.outcome("run");
    let Some(TemperatureScaling::Fitted(fitted)) = outcome.student.temperature_scaling.clone() else {
        panic!("{outcome:?}")
    };
    assert!(matches!(outcome.teacher.unwrap().temperature_scaling, Some(TemperatureScaling::Fitted(_))));
    assert_eq!(
        [fitted.before["ece"], fitted.before["loss"]],
        [outcome.student.test["ece"], outcome.student.test["loss"]]
    );
    // What the table of all answers says of the cross-entropy at that temperature.
    let rows = table(&place.at("run/predictions.csv"));
    let head = &rows[0];
    let loss = |temperature: f64| {
        let of = |row: &Vec<String>| {
            let all: Vec<(String, f64)> = head
                .iter()
                .zip(row)
                .filter_map(|(name, cell)| Some((name.strip_prefix("student:")?.to_owned(), cell.parse().unwrap())))
                .collect();
            let soft = softened(&all.iter().map(|(_, p)| *p).collect::<Vec<_>>(), temperature);
            -soft[all.iter().position(|(class, _)| *class == row[2]).unwrap()].ln()
        };
        rows[1..].iter().map(of).sum::<f64>() / (rows.len() - 1) as f64
    };
    for (temperature, told) in [(1.0, &fitted.before), (fitted.temperature, &fitted.after)] {
        assert!((loss(temperature) - told["loss"]).abs() < 1e-5, "{} is not {}", loss(temperature), told["loss"]);
    }
    assert_ne!(fitted.temperature, 1.0);

    let usage = InferenceSpec::open(&place.at("run/student")).unwrap().unwrap();
    assert_eq!((usage.version, usage.temperature), (3, Some(fitted.temperature)));
    let said =
        format!("at temperature {:.3}, fitted to {} validation texts", fitted.temperature, fitted.texts.unwrap());
    assert!(printed.contains(&format!("student: {said}")) && printed.contains("teacher: at temperature"), "{printed}");
    let card = std::fs::read_to_string(place.at("run/student/README.md")).unwrap();
    assert!(card.contains(&said) && card.contains("--calibrated"), "{card}");

    let (told, _) = place.succeeds(&["evaluate", "run/student", "s.ron", "--json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    let kept = &told["temperature_scaling"]["fitted"];
    assert_eq!(kept["temperature"], fitted.temperature);
    for (part, figures) in [("before", &fitted.before), ("after", &fitted.after)] {
        for (name, value) in figures {
            assert_eq!(kept[part][name], *value, "{part} {name}");
        }
    }

    let predict = |out: &str, more: &[&str]| {
        let base = ["predict", "run/student", "reviews.csv", "--text", "review", "--out", out];
        let said = place.succeeds(&[&base[..], more].concat()).1;
        (table(&place.at(out)), said)
    };
    let (plain, said) = predict("plain.csv", &[]);
    assert!(said.contains("those the model gives itself; --calibrated"), "{said}");
    let (calibrated, said) = predict("calibrated.csv", &["--calibrated"]);
    assert!(said.contains("calibrated: at the fitted temperature"), "{said}");
    let first = plain[0].iter().position(|name| name.starts_with("p:")).unwrap();
    assert_eq!((&plain[0], plain.len()), (&calibrated[0], calibrated.len()));
    for (plain, calibrated) in plain.iter().zip(&calibrated).skip(1) {
        assert_eq!(plain[..first], calibrated[..first], "the answer changed");
        let numbers = |row: &[String]| row[first..].iter().map(|cell| cell.parse().unwrap()).collect::<Vec<f64>>();
        for (told, expected) in numbers(calibrated).iter().zip(softened(&numbers(plain), fitted.temperature)) {
            assert!((told - expected).abs() < 1e-5, "{told} is not {expected}");
        }
    }
}

#[test]
fn without_a_validation_part_nothing_is_fitted_and_that_is_said() {
    let place = Place::new();
    place.session("s.ron", 0.0);
    let (printed, _) = place.succeeds(&["run", "s.ron", "--out", "run"]);
    assert!(
        printed.contains("student: no temperature was fitted to its probabilities: there is no validation part"),
        "{printed}"
    );
    let card = std::fs::read_to_string(place.at("run/student/README.md")).unwrap();
    assert!(card.contains("no temperature was fitted") && !card.contains("--calibrated"), "{card}");
    let usage = InferenceSpec::open(&place.at("run/student")).unwrap().unwrap();
    assert_eq!((usage.version, usage.temperature), (1, None), "older programs ask it, too");

    let refused = place.run(&["predict", "run/student", "reviews.csv", "--text", "review", "--calibrated"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(3), "{said}");
    assert!(said.contains("no temperature is kept beside run/student"), "{said}");
    let (told, _) = place.succeeds(&["evaluate", "run/student", "s.ron"]);
    assert!(told.contains("no temperature was fitted"), "{told}");
    let (told, _) =
        place.succeeds(&["evaluate", "run/student", "reviews.csv", "--text", "review", "--label", "rating"]);
    assert!(told.contains("a file has no validation part to fit one to"), "{told}");
    // A session with a validation part fits one for a model that keeps none.
    place.session("more.ron", 0.3);
    let (told, _) = place.succeeds(&["evaluate", "run/student", "more.ron"]);
    assert!(told.contains("at temperature") && told.contains("validation texts"), "{told}");
}

#[test]
fn a_kept_temperature_that_cannot_be_is_refused_by_name() {
    let place = Place::new();
    place.session("s.ron", 0.3);
    place.succeeds(&["run", "s.ron", "--out", "run", "--set", "recipe.steps=1"]);
    let path = place.at("run/student/retort.ron");
    let usage = InferenceSpec::open(&place.at("run/student")).unwrap().unwrap();
    for wrong in [0.0, -1.0, f64::INFINITY, f64::NAN] {
        let text = usage.clone().at_temperature(wrong).to_text().unwrap();
        std::fs::write(&path, text).unwrap();
        let said = InferenceSpec::open(&place.at("run/student")).unwrap_err().to_string();
        assert!(said.contains("temperature"), "{wrong}: {said}");
    }
}
