//! The headless tool in a log and in a pipe.

use std::fs::File;
use std::process::{Command as Process, Stdio};

use crate::case;

#[test]
#[ignore = "needs the shared cases"]
fn notes_lost_without_terminal() {
    let folder = case("notes-lost-without-terminal");
    let log = folder.path().join("log.txt");
    let mut process = Process::new(env!("CARGO_BIN_EXE_retort"));
    process.args(["run", "session.ron", "--out", "out"]).current_dir(folder.path());
    process.env("RETORT_CACHE", folder.path().join("cache")).stdin(Stdio::null()).stderr(File::create(&log).unwrap());
    assert!(process.output().unwrap().status.success());
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("windows-1252"), "{log}");
    let journal = std::fs::read_to_string(folder.path().join("out/journal.jsonl")).unwrap();
    assert!(journal.contains("windows-1252"), "{journal}");
}

#[test]
#[ignore = "needs the shared cases"]
fn panic_on_a_closed_pipe() {
    let folder = case("panic-on-a-closed-pipe");
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_retort"));
    let found = std::env::join_paths(
        std::iter::once(program.parent().unwrap().to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    let mut process = Process::new("bash");
    process.arg("run.sh").current_dir(folder.path()).env("PATH", found.unwrap());
    let done = process.env("RETORT_CACHE", folder.path().join("cache")).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let codes: Vec<&str> = said.lines().collect();
    assert_eq!(codes.len(), 2, "nothing but the two codes: {said}");
    for line in codes {
        let code = line.rsplit(' ').next().unwrap();
        assert!(matches!(code, "0" | "141"), "{said}");
    }
}
