//! Models and tokenizers that open otherwise than in transformers, or are refused without a reason that
//! helps.

use std::path::Path;
use std::process::{Command, Output};

use candle_core::{Device, Tensor};
use serde_json::Value;

use crate::case;

/// Runs the program in a case's folder, with a cache of its own.
fn retort(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_retort"));
    command.current_dir(folder).args(arguments).env("RETORT_CACHE", folder.join("cache"));
    command.output().unwrap()
}

/// Everything that the program said.
fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What `retort probe` writes of a text.
fn probed(folder: &Path, model: &str, text: &str, name: &str) -> Vec<f32> {
    let output = retort(folder, &["probe", model, "--text", text, "--out", "probe.safetensors"]);
    assert!(output.status.success(), "{}", said(&output));
    let tensors = candle_core::safetensors::load(folder.join("probe.safetensors"), &Device::Cpu).unwrap();
    let numbers = |tensor: &Tensor| tensor.flatten_all().unwrap().to_dtype(candle_core::DType::F32).unwrap();
    numbers(&tensors[name]).to_vec1().unwrap()
}

fn begins(found: &[f32], expected: &[f32]) {
    let near = found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-3);
    assert!(near && found.len() >= expected.len(), "{:?} {expected:?}", &found[..expected.len().min(found.len())]);
}

/// A row of the check-up.
fn row(folder: &Path, session: &str, subject: &str) -> (String, String) {
    let output = retort(folder, &["doctor", session, "--json"]);
    let text = String::from_utf8_lossy(&output.stdout);
    let checkup: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{}", said(&output)));
    let rows = checkup["findings"].as_array().unwrap();
    let row = rows.iter().find(|row| row["subject"] == subject).unwrap_or_else(|| panic!("no {subject}: {text}"));
    (
        row["grade"].as_str().unwrap().to_owned(),
        format!("{} → {}", row["says"].as_str().unwrap(), row["fix"].as_str().unwrap()),
    )
}

fn outcome(folder: &Path, session: &str) -> Value {
    let output = retort(folder, &["run", session, "--out", "out", "--json"]);
    assert!(output.status.success(), "{}", said(&output));
    serde_json::from_str(&String::from_utf8_lossy(&output.stdout)).unwrap()
}

#[test]
#[ignore = "needs ../shared"]
fn a_teacher_whose_labels_stand_in_another_order_teaches_the_right_way_round() {
    let folder = case("teacher-label-order");
    let (grade, says) = row(folder.path(), "session.ron", "Classes");
    assert!(grade == "Green" && says.contains("negative → negative"), "{grade} {says}");
    let outcome = outcome(folder.path(), "session.ron");
    assert_eq!(outcome["teacher"]["test"]["accuracy"], 1.0, "{outcome}");
    assert!(outcome["student"]["test"]["accuracy"].as_f64().unwrap() > 0.9, "{outcome}");

    // The same folder as a student brings its classifier.
    let folder = case("teacher-label-order");
    let session = std::fs::read_to_string(folder.path().join("session.ron")).unwrap();
    let as_student = session
        .replace(r#"student: (source: Folder("student"), start: Fresh)"#, r#"student: (source: Folder("teacher"))"#)
        .replace(r#"teacher: Some((source: Folder("teacher"))),"#, "")
        .replace("soft_targets", "hard_labels")
        .replace("steps: 150", "steps: 1");
    std::fs::write(folder.path().join("student.ron"), as_student).unwrap();
    let outcome = self::outcome(folder.path(), "student.ron");
    assert_eq!(outcome["student"]["test"]["accuracy"], 1.0, "{outcome}");

    // Names that say nothing are asked about, before the first step.
    let folder = case("teacher-label-order");
    let config = folder.path().join("teacher/config.json");
    let text = std::fs::read_to_string(&config).unwrap();
    let text =
        text.replace(r#""0": "positive""#, r#""0": "LABEL_0""#).replace(r#""1": "negative""#, r#""1": "LABEL_1""#);
    std::fs::write(&config, text).unwrap();
    let (grade, says) = row(folder.path(), "session.ron", "Classes");
    assert!(grade == "Red" && says.contains("LABEL_0") && says.contains("negative"), "{grade} {says}");
    let output = retort(folder.path(), &["run", "session.ron", "--out", "out"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("LABEL_0") && said(&output).contains("classes"), "{}", said(&output));
    let session = std::fs::read_to_string(folder.path().join("session.ron")).unwrap();
    let mapped = session.replace(
        r#"(source: Folder("teacher"))"#,
        r#"(source: Folder("teacher"), classes: Some({"LABEL_0": "positive", "LABEL_1": "negative"}))"#,
    );
    std::fs::write(folder.path().join("mapped.ron"), mapped).unwrap();
    assert_eq!(self::outcome(folder.path(), "mapped.ron")["teacher"]["test"]["accuracy"], 1.0);
}

#[test]
#[ignore = "needs ../shared"]
fn a_teacher_without_its_head_is_red_and_starts_no_run() {
    let folder = case("teacher-without-its-head");
    let (grade, says) = row(folder.path(), "session.ron", "RandomParts");
    assert!(grade == "Red" && says.contains("classifier") && says.contains("label words"), "{grade} {says}");
    assert_eq!(retort(folder.path(), &["doctor", "session.ron"]).status.code(), Some(3));
    let output = retort(folder.path(), &["run", "session.ron", "--out", "out"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("filled at random") && said(&output).contains("LabelWords"), "{}", said(&output));
    // A student with a new classifier is how most runs begin.
    let good = case("teacher-label-order");
    let session = std::fs::read_to_string(good.path().join("session.ron")).unwrap();
    let base = folder.path().join("teacher");
    let session = session.replace(r#"Folder("student"), start: Fresh"#, &format!("Folder({base:?})"));
    std::fs::write(good.path().join("base.ron"), session).unwrap();
    let output = retort(good.path(), &["doctor", "base.ron"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let (grade, says) = row(good.path(), "base.ron", "RandomParts");
    assert!(grade == "Green" && says.contains("new classifier"), "{grade} {says}");
}

#[test]
#[ignore = "needs ../shared"]
fn heads_are_tied_as_the_tensors_say() {
    let folder = case("bert-untied-head");
    begins(&probed(folder.path(), "model", "a goal", "logits"), &[0.7465, 0.0365, -0.8590, -0.4123]);
    let folder = case("tied-weights-kept-as-lm-head");
    begins(&probed(folder.path(), "model", "a goal", "logits"), &[-0.3129, -2.2400, 0.4883]);
}

#[test]
#[ignore = "needs ../shared"]
fn a_token_beyond_the_table_keeps_no_model_from_opening() {
    let folder = case("token-beyond-the-table");
    begins(&probed(folder.path(), "model", "a goal", "logits"), &[-0.9551, -1.1184, 1.0877, 1.6645]);
}

#[test]
#[ignore = "needs ../shared"]
fn a_saved_students_padding_is_the_one_its_files_name() {
    let folder = case("student-pad-token");
    let (grade, says) = row(folder.path(), "session.ron", "SpecialTokens");
    assert_eq!(grade, "Green", "{says}");
    outcome(folder.path(), "session.ron");
    let read = |name: &str| -> Value {
        serde_json::from_str(&std::fs::read_to_string(folder.path().join("out/student").join(name)).unwrap()).unwrap()
    };
    assert_eq!(read("tokenizer_config.json")["pad_token"], "<|finetune_right_pad_id|>");
    assert_eq!(read("special_tokens_map.json")["pad_token"], "<|finetune_right_pad_id|>");
    assert_eq!(read("config.json")["pad_token_id"], 259);
}

#[test]
#[ignore = "needs ../shared"]
fn settings_of_a_tokenizer_count_as_in_transformers() {
    let folder = case("tokenizer-settings-ignored");
    let bert = probed(folder.path(), "bert", "A goal of A", "input_ids");
    begins(&bert, &[2.0, 7.0, 12.0, 37.0]);
    assert_eq!(bert[bert.len() - 2..], [7.0, 3.0]);
    begins(&probed(folder.path(), "roberta", "a goal", "input_ids"), &[0.0, 46.0]);
}

#[test]
#[ignore = "needs ../shared"]
fn a_model_without_a_model_type_opens_by_its_tensors() {
    let folder = case("no-model-type");
    assert!(!probed(folder.path(), "model", "the film was lovely", "logits").is_empty());
}

#[test]
#[ignore = "needs ../shared"]
fn folders_are_called_what_they_are() {
    let folder = case("folder-kinds-not-named");
    for (name, words) in [
        ("adapter", &["adapter", "someone/some-model"][..]),
        ("int8", &["bitsandbytes"]),
        ("gptq", &["GPTQ"]),
        ("legacy-bin", &["PyTorch 1.6", "safetensors"]),
    ] {
        let output = retort(folder.path(), &["probe", name, "--text", "x"]);
        let said = said(&output);
        assert!(!output.status.success() && words.iter().all(|word| said.contains(word)), "{name}: {said}");
        assert!(!said.contains("damaged"), "{name}: {said}");
    }
}

#[test]
#[ignore = "needs ../shared"]
fn white_space_does_not_eat_the_text() {
    let folder = case("whitespace-eats-the-text");
    let text = std::fs::read_to_string(folder.path().join("text.txt")).unwrap();
    let short = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in [text.as_str(), &short] {
        let output = retort(folder.path(), &["probe", "model", "--text", text, "--json"]);
        let probe: Value = serde_json::from_str(&String::from_utf8_lossy(&output.stdout)).unwrap();
        assert_eq!(probe["tokens"], 8, "{probe}");
        let classes = probe["classes"].as_array().unwrap();
        let negative = classes.iter().find(|class| class["class"] == "negative").unwrap();
        assert!((negative["probability"].as_f64().unwrap() - 0.9990).abs() < 5e-4, "{probe}");
    }
}
