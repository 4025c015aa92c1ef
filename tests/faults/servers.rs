//! Teachers behind servers: what they show, how many alternatives they give, and their own words.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The case's own server, at a port of ours; it ends with the test.
struct Server {
    child: Child,
    folder: tempfile::TempDir,
}

impl Server {
    fn start(case: &str) -> Self {
        let folder = super::case(case);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        for entry in std::fs::read_dir(folder.path()).unwrap().flatten() {
            if entry.path().extension().is_some_and(|end| end == "ron") {
                let text = std::fs::read_to_string(entry.path()).unwrap().replace(":8912/", &format!(":{port}/"));
                std::fs::write(entry.path(), text).unwrap();
            }
        }
        let mut python = Command::new("python3");
        python.arg("server.py").arg(port.to_string()).current_dir(folder.path());
        let child = python.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let server = Self { child, folder };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "no server");
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    fn run(&self, session: &str) -> Output {
        let cache = self.folder.path().join("cache").join(session);
        let mut retort = Command::new(env!("CARGO_BIN_EXE_retort"));
        retort.args(["run", &format!("{session}.ron"), "--out", session, "--json"]);
        retort.current_dir(self.folder.path()).env("RETORT_CACHE", cache).output().unwrap()
    }

    fn paid(&self, session: &str) -> usize {
        let cache = self.folder.path().join("cache").join(session);
        retort::engine::teacher::kept_answers::list(Path::new(&cache))
            .unwrap()
            .iter()
            .map(|kept| kept.answers + kept.withdrawn)
            .sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn assert_right(output: &Output) {
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)));
    assert_eq!(summary["teacher"]["test"]["accuracy"], 1.0, "{summary}");
}

#[test]
#[ignore = "needs the handed cases and python3"]
fn a_server_that_gives_five_teaches() {
    let server = Server::start("server-gives-five");
    ["chat", "completions"].iter().for_each(|session| assert_right(&server.run(session)));
}

#[test]
#[ignore = "needs the handed cases and python3"]
fn pieces_are_read_and_a_teacher_that_shows_no_label_word_is_named_in_time() {
    let server = Server::start("server-shows-no-label-word");
    ["pieces", "pieces-completions"].iter().for_each(|session| assert_right(&server.run(session)));
    for (session, part) in [("thinking", "<think>"), ("first-word", "\"very\"")] {
        let ended = server.run(session);
        assert!(!ended.status.success() && said(&ended).contains(part), "{}", said(&ended));
        assert!(server.paid(session) < 24, "{} questions were paid", server.paid(session));
    }
}

#[test]
#[ignore = "needs the handed cases and python3, and a minute"]
fn a_servers_own_words_are_shown() {
    let server = Server::start("server-words-thrown-away");
    for (session, part, most) in [("quota", "quota", 6), ("noaccess", "no access", 6), ("loading", "loaded", 150)] {
        let begun = Instant::now();
        let ended = server.run(session);
        assert!(!ended.status.success() && said(&ended).contains(part), "{}", said(&ended));
        assert!(begun.elapsed() < Duration::from_secs(most), "{session} took {:?}", begun.elapsed());
        assert!(session != "loading" || begun.elapsed() > Duration::from_secs(8), "given up at once");
    }
}
