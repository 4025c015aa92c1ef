//! A company's certificate, and folders that no shell has expanded.

use std::path::Path;
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};

use super::case;

/// Ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}

#[test]
#[ignore = "needs the shared faults, openssl and python3"]
fn company_certificate() {
    let folder = case("company-certificate");
    let at = folder.path();
    assert!(Command::new("bash").arg("make-certificates.sh").current_dir(at).output().unwrap().status.success());
    let _server = Running(Command::new("python3").arg("server.py").current_dir(at).spawn().unwrap());
    let begun = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", 8914)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(20), "the server does not begin");
        std::thread::sleep(Duration::from_millis(50));
    }
    let run = |out: &str, trusted: Option<&str>| {
        let mut process = Command::new(env!("CARGO_BIN_EXE_retort"));
        process.args(["run", "session.ron", "--json", "--out", out]).current_dir(at);
        process.env("RETORT_CACHE", at.join("cache")).env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
        if let Some(file) = trusted {
            process.env("SSL_CERT_FILE", file);
        }
        process.output().unwrap()
    };
    let begun = Instant::now();
    let refused = run("refused", None);
    assert!(!refused.status.success() && begun.elapsed() < Duration::from_secs(8), "{}", said(&refused));
    assert!(said(&refused).contains("certificate") && said(&refused).contains("SSL_CERT_FILE"), "{}", said(&refused));
    let done = run("done", Some("company.pem"));
    assert!(done.status.success(), "{}", said(&done));
    let outcome: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(outcome["teacher"]["test"]["accuracy"], 1.0, "{outcome}");
}

#[test]
#[ignore = "needs the shared faults"]
fn cache_home_with_a_tilde() {
    let folder = case("cache-home-with-a-tilde");
    let home = folder.path().join("home");
    std::fs::create_dir(&home).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_retort")).parent().unwrap().display();
    for command in ["list models", "fetch owner/tiny"] {
        let text = std::fs::read_to_string(folder.path().join("run.sh")).unwrap().replace("list models", command);
        // The working directory is looked at afterwards.
        let script = text.replace("cd \"$(mktemp -d)\"", "cd \"$WORK\"");
        let work = tempfile::tempdir().unwrap();
        let path = format!("{program}:{}", std::env::var("PATH").unwrap());
        let mut process = Command::new("bash");
        process.args(["-c", &script]).env("PATH", path).env("HOME", &home).env("WORK", work.path());
        process.env("HF_ENDPOINT", "http://127.0.0.1:1").env_remove("HF_HUB_CACHE");
        let words = said(&process.output().unwrap());
        if command == "list models" {
            let named = format!("{}/hf-demo/hub", home.display());
            assert_eq!(words.matches(&named).count(), 2, "{words}");
        }
        assert_eq!(std::fs::read_dir(work.path()).unwrap().count(), 0, "{words}");
    }
}
