//! Label words that the data has no class for.

use std::process::{Command, Output};

use super::case;

fn retort(folder: &std::path::Path, arguments: &[&str]) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_retort"));
    process.current_dir(folder).args(arguments).env("RETORT_CACHE", folder.join("answers")).output().unwrap()
}

#[test]
#[ignore = "needs the handed cases"]
fn a_label_word_of_no_class_is_named_by_the_doctor_and_by_a_run() {
    let folder = case("label-word-of-no-class");
    let done = retort(folder.path(), &["doctor", "session.ron", "--json"]);
    let checkup: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let rows = checkup["findings"].as_array().unwrap();
    let row = rows.iter().find(|row| row["says"].as_str().is_some_and(|says| says.contains("\"Positive\""))).unwrap();
    assert_eq!(row["grade"], "Amber", "{row}");
    assert!(row["says"].as_str().unwrap().contains("\"neutral\""), "{row}");
    let run = retort(folder.path(), &["run", "session.ron", "--out", "run"]);
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    assert!(said.contains("warning") && said.contains("\"Positive\"") && said.contains("\"neutral\""), "{said}");
}
