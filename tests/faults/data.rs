//! Data as people have it.

use std::process::{Command, Output};

use super::case;

fn retort(folder: &tempfile::TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_retort"));
    command.current_dir(folder.path()).args(arguments).env("RETORT_CACHE", folder.path().join("cache"));
    command.output().unwrap()
}

/// What `retort baseline --json` says of a session.
fn baseline(name: &str, session: &str) -> serde_json::Value {
    let folder = case(name);
    let output = retort(&folder, &["baseline", session, "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn texts(told: &serde_json::Value) -> u64 {
    ["train", "validation", "test"].iter().map(|part| told["parts"][part].as_u64().unwrap()).sum()
}

#[test]
#[ignore = "needs the handed cases"]
fn blank_rows_from_a_spreadsheet_are_empty_lines() {
    assert_eq!(texts(&baseline("blank-rows-from-a-spreadsheet", "session.ron")), 40);
}

#[test]
#[ignore = "needs the handed cases"]
fn a_json_array_is_read_as_its_objects() {
    assert_eq!(texts(&baseline("json-array", "rows.ron")), 12);
    assert_eq!(texts(&baseline("json-array", "one-line.ron")), 12);
}

#[test]
#[ignore = "needs the handed cases"]
fn marks_in_a_tsv_swallow_no_rows() {
    let told = baseline("tsv-quotes-swallow-rows", "session.ron");
    assert_eq!(texts(&told), 40);
    assert!(told["notes"].to_string().contains("without quoting"), "{told}");
}

#[test]
#[ignore = "needs the handed cases"]
fn a_damaged_byte_leaves_the_other_characters_as_they_are() {
    let folder = case("one-bad-byte");
    let output = retort(&folder, &["run", "session.ron", "--out", "out"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("line 3"));
    let config = std::fs::read_to_string(folder.path().join("out/student/config.json")).unwrap();
    assert!(config.contains("好评") && config.contains("差评"), "{config}");
}

#[test]
#[ignore = "needs the handed cases"]
fn texts_without_a_label_teach_in_both_formats() {
    for session in ["session.ron", "lines.ron"] {
        let told = baseline("rows-without-a-label", session);
        assert_eq!(texts(&told), 40, "{told}");
        assert!(told["parts"]["labelled"].as_u64().unwrap() <= 10, "{told}");
        assert!(told["notes"].to_string().contains("have no label"), "{told}");
        let folder = case("rows-without-a-label");
        let output = retort(&folder, &["run", session, "--out", "out"]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
        // The handed teacher calls the classes by longer names.
        assert!(told.contains("negative → neg, positive → pos"), "{told}");
    }
}
