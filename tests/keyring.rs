//! Keys in the system's keyring: fetched for a server, stored by order of the window and by command, and
//! every trouble a sentence. The keyring is one that forgets with the process; one ignored test asks a
//! real Secret Service (Debian: gnome-keyring, dbus): `cargo test --test keyring -- --ignored`.
#![cfg(feature = "engine")]

mod openai_server;

use std::io::Write as _;
use std::process::{Command as Process, Output, Stdio};
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use openai_server::Server;
use retort::engine::data::{Fields, Layout};
use retort::engine::secret;
use retort::engine::teacher::{Metered, Teacher as _};
use retort::link::{Command, KeyNews, KeyState, Secret, connect};
use retort::record::recorder::Recorder;
use retort::session::{Prompt, ServerMode, Session, file};
use serde_json::json;

const KEY: &str = "sk-TheKeyItself";

/// A keyring that forgets with the process; one for all tests of this file.
fn mock() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| keyring_core::set_default_store(keyring_core::mock::Store::new().unwrap()));
}

fn server() -> Server {
    Server::start(|_, _| {
        let top = json!([{ "token": "a", "logprob": -0.1 }, { "token": "music", "logprob": -3.0 }]);
        (200, "", json!({ "choices": [{ "logprobs": { "content": [{ "top_logprobs": top }] } }] }))
    })
}

fn teacher(server: &Server, key: &str) -> Result<Metered, String> {
    let prompt: Prompt = ron::from_str("(template: \"{text} {answer}\")").unwrap();
    let classes = ["a", "b"].map(str::to_owned);
    Metered::new(&server.choice(ServerMode::Chat, Some(key)), &prompt, &classes, &Layout::default())
        .map_err(|e| e.to_string())
}

/// Lets the key go to this server as long as the process lives.
fn allow(server: &Server, key: &str) {
    secret::allow_here(format!("{key}@{}", server.url).parse().unwrap());
}

/// The program with `typed` on its stdin.
fn retort(arguments: &[&str], typed: &str, keyring: &str) -> Output {
    let mut child = Process::new(env!("CARGO_BIN_EXE_retort"))
        .args(arguments)
        .env("DBUS_SESSION_BUS_ADDRESS", keyring)
        .env("RETORT_CONFIG", std::env::temp_dir().join("retort-no-such-folder"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A refused name closes the pipe before it is read.
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    let words = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
    assert!(!words.contains("TheKey"), "{words}");
    words
}

#[test]
fn a_server_gets_the_key_that_the_keyring_holds() {
    mock();
    let server = server();
    let unasked = teacher(&server, "keyring:fetched").err().unwrap();
    assert!(unasked.contains("retort key set fetched --host http://127.0.0.1:"), "{unasked}");
    allow(&server, "keyring:fetched");
    let missing = teacher(&server, "keyring:fetched").err().unwrap();
    assert!(missing.contains("retort key set fetched") && missing.contains("environment variable"), "{missing}");
    secret::store("fetched", &Secret::new(KEY.into())).unwrap();
    teacher(&server, "keyring:fetched").unwrap().predict(&["text"].map(Fields::text)).unwrap();
    let heard = server.heard.lock().unwrap();
    assert!(heard[0].1.contains(&format!("authorization: bearer {}", KEY.to_lowercase())), "{:?}", heard[0]);
}

#[test]
fn a_key_that_is_refused_is_named_by_its_place() {
    mock();
    secret::store("refused", &Secret::new(KEY.into())).unwrap();
    let server = Server::start(|_, _| (401, "", json!({})));
    allow(&server, "keyring:refused");
    let words =
        teacher(&server, "keyring:refused").unwrap().predict(&["text"].map(Fields::text)).unwrap_err().to_string();
    assert!(words.contains("retort key set refused") && !words.contains("TheKey"), "{words}");
}

#[test]
fn the_engine_stores_a_key_and_tells_what_became_of_it() {
    mock();
    let (watch, end) = connect();
    let thread = retort::engine::spawn(end, Recorder::default()).unwrap();
    let order = |key: &str| {
        let key = Arc::new(Secret::new(key.into()));
        watch.commands.send(Command::StoreKey { name: "ordered".into(), key, host: None }).unwrap();
        let begun = Instant::now();
        loop {
            match &*watch.cells.key.load() {
                Some(KeyNews { state: KeyState::Storing, .. }) | None => {}
                Some(news) => break (news.name.clone(), news.state.clone()),
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "no word of the key");
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    assert_eq!(order(KEY), ("ordered".into(), KeyState::Stored));
    assert_eq!(secret::fetch("ordered").unwrap(), Secret::new(KEY.into()));
    watch.cells.key.store(None);
    let (_, state) = order("no key at all");
    assert!(matches!(&state, KeyState::Failed(words) if words.contains("spaces")), "{state:?}");
    drop(watch);
    thread.join().unwrap();
}

#[test]
fn a_key_in_the_place_of_its_name_is_refused_and_not_repeated() {
    let session = |key: &str| {
        let mut session = Session::built_in().unwrap();
        session.set_teacher(Some(server().choice(ServerMode::Chat, Some(key))));
        file::parse(&file::to_text(&session).unwrap(), "session.ron".as_ref())
    };
    for key in [KEY, "keyring:sk-TheKeyItself"] {
        let words = session(key).unwrap_err().to_string();
        assert!(words.contains("never the key itself") && !words.contains("TheKey"), "{words}");
    }
    assert_eq!(session("keyring:mine").unwrap().teacher().unwrap().clone().source.key().unwrap().name(), "mine");
    let refused = retort(&["key", "set", KEY], KEY, "");
    assert_eq!(refused.status.code(), Some(3));
    assert!(said(&refused).contains("at most 32"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_machine_without_a_keyring_says_so_and_names_the_other_way() {
    for arguments in [["key", "set", "server"], ["key", "remove", "server"]] {
        let output = retort(&arguments, KEY, "unix:path=/no/such/bus");
        let words = said(&output);
        assert_eq!(output.status.code(), Some(3), "{words}");
        assert!(words.contains("no system keyring") && words.contains("environment variable"), "{words}");
    }
}

/// The commands against a Secret Service that really runs: on a bus of its own, with a home of its own.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs gnome-keyring and dbus"]
fn a_real_secret_service_keeps_a_key_between_two_programs() {
    let folder = tempfile::tempdir().unwrap();
    let server = server();
    let session = folder.path().join("session.ron");
    let mut asked = Session::built_in().unwrap();
    asked.data.limit = retort::session::Limits::each(Some(24));
    (asked.recipe.steps, asked.recipe.batch) = (1, 2);
    asked.set_teacher(Some(server.choice(ServerMode::Chat, Some("keyring:real"))));
    file::save(&asked, &session).unwrap();
    let open = r#"
        printf 'password' | gnome-keyring-daemon --unlock --components=secrets >/dev/null || exit 99
        "$RETORT" key remove real; echo "before: $?"
        printf "$KEY" | "$RETORT" key set real; echo "set: $?"
        "$RETORT" run "$SESSION" --out "$OUT-unasked"; echo "unasked: $?"
        printf "$KEY" | "$RETORT" key set real --host "$HOST"; echo "set for a host: $?"
        "$RETORT" key list
        "$RETORT" run "$SESSION" --out "$OUT" >/dev/null; echo "run: $?"
        "$RETORT" key remove real; echo "removed: $?"
        "$RETORT" run "$SESSION" --out "$OUT-again"; echo "without: $?"
    "#;
    // The next day nobody has unlocked it yet, and there is no screen to ask on.
    let locked = r#"
        gnome-keyring-daemon --start --components=secrets >/dev/null || exit 99
        printf "$KEY" | "$RETORT" key set real; echo "locked: $?"
    "#;
    let home = folder.path();
    let on_a_bus = |script: &str| {
        let mut bus = Process::new("dbus-run-session");
        bus.args(["--", "sh", "-c", script]).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        bus.env("HOME", home).env("XDG_DATA_HOME", home.join("data")).env("XDG_RUNTIME_DIR", home);
        bus.env("RETORT", env!("CARGO_BIN_EXE_retort")).env("RETORT_CACHE", home.join("answers"));
        bus.env("RETORT_CONFIG", home.join("config")).env("HOST", &server.url);
        bus.env("KEY", KEY).env("SESSION", &session).env("OUT", home.join("out"));
        said(&bus.output().unwrap())
    };
    let words = on_a_bus(open) + &on_a_bus(locked);
    for part in [
        "before: 3",
        "set: 0",
        "unasked: 3",
        "--allow-key keyring:real@http",
        "set for a host: 0",
        "keyring:real  ",
        "run: 0",
        "removed: 0",
        "without: 3",
        "holds no key real",
        "locked: 3",
        "unlock it",
    ] {
        assert!(words.contains(part), "no {part:?} in\n{words}");
    }
    let heard = server.heard.lock().unwrap();
    assert!(heard.len() > 20 && heard[0].1.contains(&format!("authorization: bearer {}", KEY.to_lowercase())));
    for entry in std::fs::read_dir(home.join("out")).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        let text = std::fs::read(entry.path()).unwrap();
        assert!(!String::from_utf8_lossy(&text).contains("TheKey"), "{:?} holds the key", entry.path());
    }
}
