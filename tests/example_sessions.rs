//! The sessions under `assets/sessions` that show a kind of data or teacher, each run for a few steps as its file
//! says, with nothing changed but what it leaves to the reader: an address, a model file.

mod openai_server;

use std::path::{Path, PathBuf};
use std::process::Command;

use openai_server::Server;

fn asset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sessions").join(name)
}

/// Runs a session for three steps and gives what was said, with its last metrics.
fn run(name: &str, set: &[String]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_retort"));
    command.arg("run").arg(asset(name)).arg("--out").arg(folder.path().join("out"));
    command.env("RETORT_CACHE", folder.path().join("cache"));
    for set in ["recipe.steps=3", "recipe.evaluate_every=0"].into_iter().map(str::to_owned).chain(set.iter().cloned()) {
        command.arg("--set").arg(set);
    }
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    assert!(done.status.success(), "{name}: {said}");
    assert!(folder.path().join("out/student/model.safetensors").is_file(), "{name}: {said}");
    said
}

#[test]
fn sessions_on_rows_with_labels_run() {
    for name in ["csv.ron", "json-lines.ron", "pair.ron"] {
        assert!(run(name, &[]).contains("finished after 3 steps"), "{name}");
    }
}

#[test]
fn sessions_over_tokens_run() {
    for name in ["next-token.ron", "masked-token.ron", "completion.ron"] {
        assert!(run(name, &["recipe.batch=4".to_owned()]).contains("perplexity"), "{name}");
    }
}

#[test]
fn a_session_on_texts_without_labels_runs_on_what_the_teacher_says() {
    assert!(run("unlabelled.ron", &[]).contains("finished after 3 steps"));
}

#[test]
fn a_session_with_a_teacher_in_a_gguf_file_runs_once_its_path_is_named() {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/gguf/llama_q8.gguf");
    let source = format!("teachers.0.source=Folder({:?})", model.display().to_string());
    let most = "teachers.0.max_tokens=48".to_owned();
    assert!(run("gguf-teacher.ron", &[source, most]).contains("finished after 3 steps"));
}

#[test]
fn a_session_with_a_teacher_behind_a_server_runs_once_its_address_is_named() {
    let server = Server::start(|_, _| {
        let top = serde_json::json!({ " happy": -0.2, " angry": -1.8, "happy": -0.3, "angry": -1.9 });
        (200, "", serde_json::json!({ "choices": [{ "logprobs": { "top_logprobs": [top] } }] }))
    });
    let url = format!("teachers.0.source.url={:?}", server.url);
    assert!(run("server-teacher.ron", &[url]).contains("finished after 3 steps"));
    assert!(server.asked() > 0);
}

#[test]
fn a_session_written_from_each_of_the_files_runs_as_it_is() {
    for (file, roles) in [
        ("data/reviews.csv", "text: [\"title\", \"review\"]"),
        ("data/reviews.jsonl", "text: [\"body\"]"),
        ("data/pairs.tsv", "pair: \"hypothesis\""),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let session = folder.path().join("new.ron");
        let retort = || Command::new(env!("CARGO_BIN_EXE_retort"));
        let done = retort().args(["new", "--from"]).arg(asset(file)).arg("--out").arg(&session).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{said}");
        let text = std::fs::read_to_string(&session).unwrap();
        assert!(text.contains(roles) && text.contains("// "), "{text}");
        let again = retort().args(["new", "--from"]).arg(asset(file)).arg("--out").arg(&session).output().unwrap();
        assert_eq!(again.status.code(), Some(3), "a file that is there is not written over");
        let mut run = retort();
        run.arg("run").arg(&session).args(["--set", "recipe.steps=2", "--out"]).arg(folder.path().join("out"));
        let done = run.env("RETORT_CACHE", folder.path()).output().unwrap();
        assert!(done.status.success(), "{file}: {}", String::from_utf8_lossy(&done.stderr));
    }
}
