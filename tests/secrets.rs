//! Where secrets go: a session is a stranger's until a person has said otherwise. Everything is tried with the
//! real program against servers on this machine, which count what reaches them.
#![cfg(feature = "engine")]

mod openai_server;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use openai_server::Server;
use retort::link::{Answer, Command, Event, Fact, Order, Question, Reply, RunId, WatchEnd, connect};
use retort::session::{KeyPlace, ServerMode, Session, Source, file};
use serde_json::json;

const VARIABLE: &str = "A_SECRET_OF_MINE";
const SECRET: &str = "TheSecretItself0123456789";

/// A server that answers every question, and counts them.
fn server() -> Server {
    Server::start(|_, _| {
        let token = |(at, token): (usize, &str)| json!({ "token": token, "logprob": -0.4 - at as f64 });
        let top: Vec<_> = ["music", "cooking", "travel", "sport"].into_iter().enumerate().map(token).collect();
        (200, "", json!({ "choices": [{ "logprobs": { "content": [{ "top_logprobs": top }] } }] }))
    })
}

/// A session whose teacher is at `url`, with its key at `key`.
fn session(url: &str, key: Option<&str>) -> Session {
    let mut session = Session::built_in().unwrap();
    session.data.limit = retort::session::Limits::each(Some(24));
    (session.recipe.steps, session.recipe.batch, session.recipe.warmup) = (1, 2, 0);
    let (url, model, mode) = (url.to_owned(), "big".to_owned(), ServerMode::Chat);
    let key = key.map(KeyPlace::from);
    let teacher = session.teacher_mut().unwrap();
    teacher.source = Source::Server { url, model, mode, key, token_limit: None, per_minute: None };
    session
}

/// A home of its own, in which the program runs.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn save(&self, session: &Session) -> PathBuf {
        let path = self.path().join("session.ron");
        file::save(session, &path).unwrap();
        path
    }

    fn process(&self, program: impl AsRef<std::ffi::OsStr>) -> Process {
        let mut process = Process::new(program);
        process.env("RETORT_CONFIG", self.path().join("config")).env("RETORT_CACHE", self.path().join("cache"));
        process.env("HOME", self.path()).env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/no/such/bus");
        for name in ["SSL_CERT_FILE", "SSL_CERT_DIR", "HF_HOME", "HF_HUB_CACHE", "HF_TOKEN", "HF_ENDPOINT"] {
            process.env_remove(name);
        }
        process.env(VARIABLE, SECRET).env("OPENAI_API_KEY", SECRET).env("RETORT_KEY_MINE", SECRET);
        process.current_dir(self.path());
        process
    }

    fn retort(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut process = self.process(env!("CARGO_BIN_EXE_retort"));
        process.args(arguments).envs(environment.iter().copied()).output().unwrap()
    }

    fn run(&self, session: &Path, out: &str, more: &[&str]) -> Output {
        self.retort(&[&["run", session.to_str().unwrap(), "--out", out], more].concat(), &[])
    }
}

/// What a command wrote, which never holds the secret.
fn said(output: &Output) -> String {
    let words = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
    assert!(!words.contains("TheSecret"), "{words}");
    words
}

/// Whether the secret stands in a header of what the server heard.
fn has_secret(server: &Server) -> bool {
    let header = format!("authorization: bearer {}", SECRET.to_lowercase());
    server.heard.lock().unwrap().iter().any(|(_, lines)| lines.contains(&header))
}

#[test]
fn a_session_sends_no_variable_and_no_keyring_entry_to_a_stranger() {
    let (home, server) = (Home::new(), server());
    for key in [VARIABLE, "OPENAI_API_KEY", "HOME", "keyring:mine"] {
        let path = home.save(&session(&server.url, Some(key)));
        let refused = home.run(&path, "refused", &[]);
        let words = said(&refused);
        assert_eq!(refused.status.code(), Some(3), "{key}: {words}");
        let flag = format!("--allow-key {key}@{}", server.url.trim_end_matches("/v1"));
        assert!(words.contains(&flag), "no {flag:?} in {words}");
        let doctor = home.retort(&["doctor", path.to_str().unwrap()], &[]);
        let row = said(&doctor).lines().find(|line| line.contains("Server's key")).map(str::to_owned).unwrap();
        assert!(row.starts_with("RED") && row.contains(&flag) && doctor.status.code() == Some(3), "{row}");
        let other = home.run(&path, "other", &["--allow-key", &format!("{key}@http://127.0.0.1:1")]);
        assert_eq!(other.status.code(), Some(3), "{key}: {}", said(&other));
    }
    assert!(!has_secret(&server));
    assert!(server.heard.lock().unwrap().iter().all(|(_, lines)| !lines.iter().any(|line| line.contains("bearer"))));
}

#[test]
fn the_flag_that_the_error_names_lets_a_key_go_for_one_run_and_is_forgotten() {
    let (home, server) = (Home::new(), server());
    let path = home.save(&session(&server.url, Some(VARIABLE)));
    let words = said(&home.run(&path, "one", &[]));
    let flag = words.split_once("--allow-key ").unwrap().1.split([' ', ',']).next().unwrap().to_owned();
    let done = home.run(&path, "two", &["--allow-key", &flag]);
    assert!(done.status.success(), "{}", said(&done));
    assert!(has_secret(&server));
    assert_eq!(home.run(&path, "three", &[]).status.code(), Some(3), "one run is one run");
    assert!(!home.path().join("config").exists(), "nothing is remembered");
    for entry in std::fs::read_dir(home.path().join("two")).unwrap().flatten().filter(|e| e.path().is_file()) {
        let text = std::fs::read(entry.path()).unwrap();
        assert!(!String::from_utf8_lossy(&text).contains("TheSecret"), "{:?} holds the key", entry.path());
    }
    for wrong in ["nothing", "@host", "A@b@c", "sk-TheSecretItself@host"] {
        let words = said(&home.run(&path, "four", &["--allow-key", wrong]));
        assert!(words.contains("--allow-key: "), "{words}");
    }
}

#[test]
fn a_variable_that_is_named_for_this_program_goes_where_the_session_says() {
    let (home, server) = (Home::new(), server());
    let done = home.run(&home.save(&session(&server.url, Some("RETORT_KEY_MINE"))), "out", &[]);
    assert!(done.status.success() && has_secret(&server), "{}", said(&done));
}

#[test]
fn what_was_allowed_is_listed_used_and_taken_back() {
    let (home, server) = (Home::new(), server());
    let host = server.url.trim_end_matches("/v1").to_owned();
    let none = home.retort(&["key", "list"], &[]);
    assert!(none.status.success() && said(&none).contains("no key has been allowed"));
    std::fs::create_dir(home.path().join("config")).unwrap();
    let grants =
        format!("[(key: \"{VARIABLE}\", host: \"{host}\"), (key: \"keyring:other\", host: \"https://a.example\")]");
    std::fs::write(home.path().join("config/keys.ron"), grants).unwrap();
    let listed = home.retort(&["key", "list"], &[]);
    assert!(said(&listed).contains(VARIABLE) && said(&listed).contains(&host));
    let json: serde_json::Value = serde_json::from_slice(&home.retort(&["key", "list", "--json"], &[]).stdout).unwrap();
    assert_eq!(json["grants"][0], json!({ "key": VARIABLE, "host": host }));
    let path = home.save(&session(&server.url, Some(VARIABLE)));
    assert!(home.run(&path, "one", &[]).status.success() && has_secret(&server));
    let removed = home.retort(&["key", "remove", VARIABLE], &[]);
    assert!(removed.status.success() && said(&removed).contains("no longer allowed"), "{}", said(&removed));
    assert_eq!(home.run(&path, "two", &[]).status.code(), Some(3));
    let one = home.retort(&["key", "remove", "other", "--host", "A.example:443"], &[]);
    assert!(one.status.success(), "{}", said(&one));
    assert!(said(&home.retort(&["key", "list"], &[])).contains("no key has been allowed"));
    // A file that says something else allows nothing.
    std::fs::write(home.path().join("config/keys.ron"), "[(key: \"*\", host: \"*\")]").unwrap();
    assert!(said(&home.run(&path, "three", &[])).contains("keys.ron"));
}

#[test]
fn a_host_that_cannot_keep_a_key_is_refused_before_the_key_is_asked_for() {
    let home = Home::new();
    for host in
        ["http://10.0.0.5:8000", "https://api.openai.com@evil.example", "ftp://a.example", "", "http://2130706433"]
    {
        let refused = home.retort(&["key", "set", "mine", "--host", host], &[]);
        assert_eq!(refused.status.code(), Some(3), "{host}");
        assert!(said(&refused).contains("--host"), "{host}: {}", said(&refused));
    }
    assert!(!home.path().join("config").exists());
}

#[test]
fn plain_http_to_another_machine_carries_no_key_whatever_was_allowed() {
    let home = Home::new();
    // Addresses that are nobody's: a question to one would last until it is given up.
    for (key, url) in
        [("RETORT_KEY_MINE", "http://192.0.2.1/v1"), (VARIABLE, "http://localhost.192.0.2.1.example:80/v1")]
    {
        let path = home.save(&session(url, Some(key)));
        let begun = std::time::Instant::now();
        let host = url.trim_end_matches("/v1");
        let refused = home.run(&path, "out", &["--allow-key", &format!("{key}@{host}")]);
        let words = said(&refused);
        assert!(refused.status.code() == Some(3) && words.contains("plain http") && words.contains("https"), "{words}");
        assert!(begun.elapsed().as_secs() < 10, "it was asked");
    }
}

#[test]
fn an_address_that_hides_its_host_is_no_address() {
    let (home, server) = (Home::new(), server());
    let port = server.url.trim_start_matches("http://127.0.0.1:");
    for url in [
        format!("https://api.openai.com@127.0.0.1:{port}"),
        format!("http://api.openai.com:443@127.0.0.1:{port}"),
        format!("http://127.0.0.1:{port}\\@api.openai.com"),
        format!("http://2130706433:{port}"),
    ] {
        let refused = home.run(&home.save(&session(&url, Some("OPENAI_API_KEY"))), "out", &[]);
        assert_eq!(refused.status.code(), Some(3), "{url}: {}", said(&refused));
        assert!(said(&refused).contains("no address of a server"), "{url}: {}", said(&refused));
    }
    assert_eq!(server.asked(), 0);
}

#[test]
fn a_redirect_takes_no_key_along() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = server();
        let location: &'static str = format!("Location: {}/chat/completions\r\n", elsewhere.url).leak();
        let asked = Server::start(move |_, _| (status, location, json!({})));
        let home = Home::new();
        let sent = home.run(&home.save(&session(&asked.url, Some("RETORT_KEY_MINE"))), "out", &[]);
        assert!(!sent.status.success(), "{}", said(&sent));
        assert!(has_secret(&asked) && elsewhere.asked() == 0, "{status}");
    }
}

#[test]
fn the_loudest_log_holds_no_key() {
    let (home, server) = (Home::new(), server());
    let path = home.save(&session(&server.url, Some("RETORT_KEY_MINE")));
    let arguments = ["run", path.to_str().unwrap(), "--out", "out"];
    let done = home.retort(&arguments, &[("RUST_LOG", "trace")]);
    let words = said(&done);
    assert!(done.status.success() && has_secret(&server), "{words}");
    // The client would write bytes two by two in hexadecimal.
    let bytes: Vec<String> = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
    let packed: String = words.to_lowercase().chars().filter(char::is_ascii_hexdigit).collect();
    let found = bytes.windows(5).find(|five| packed.contains(&five.concat()));
    assert!(found.is_none(), "the key is in the log as bytes: {found:?}");
}

/// The files that open a secret, and no others.
#[test]
fn a_secret_is_opened_where_it_is_kept_and_where_its_header_is_made_alone() {
    fn walk(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else if std::fs::read_to_string(&path).unwrap().contains(".expose()") {
                found.push(path.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found.sort();
    assert_eq!(found, ["credential.rs", "secret.rs"]);
}

// ---- asked in the window's way

/// Runs an ignored test of this file in a process of its own, which has its own environment.
fn apart(home: &Home, test: &str, environment: &[(&str, &str)]) {
    let mut process = home.process(std::env::current_exe().unwrap());
    let output = process.args(["--exact", test, "--ignored"]).envs(environment.iter().copied()).output().unwrap();
    let words = said(&output);
    assert!(output.status.success() && words.contains("1 passed"), "{words}");
}

#[test]
fn the_engine_asks_once_whether_a_key_may_go_and_remembers_a_yes() {
    let (home, server) = (Home::new(), server());
    apart(&home, "in_a_process_of_its_own_the_engine_asks", &[("ASKED_SERVER", &server.url)]);
    assert!(has_secret(&server));
    let grants = std::fs::read_to_string(home.path().join("config/keys.ron")).unwrap();
    assert!(grants.contains(VARIABLE) && grants.contains(server.url.trim_end_matches("/v1")), "{grants}");
    // What was said in the window counts without one.
    assert!(home.run(&home.save(&session(&server.url, Some(VARIABLE))), "out", &[]).status.success());
}

fn until<T>(watch: &WatchEnd, what: impl Fn(&Event) -> Option<T>) -> T {
    let wait = std::time::Duration::from_secs(60);
    loop {
        let event = watch.events.recv_timeout(wait).expect("the engine says nothing");
        assert!(!matches!(event, Event::Fact(_, Fact::Failed(_)) | Event::Reply(Reply::Failed(_))), "{event:?}");
        if let Some(found) = what(&event) {
            return found;
        }
    }
}

fn asked(event: &Event) -> Option<Question> {
    if let Event::Reply(Reply::Asked(question)) = event { Some(Question::clone(question)) } else { None }
}

#[test]
#[ignore = "started by the_engine_asks_once_whether_a_key_may_go_and_remembers_a_yes"]
fn in_a_process_of_its_own_the_engine_asks() {
    let url = std::env::var("ASKED_SERVER").unwrap();
    let out = tempfile::tempdir().unwrap();
    let (watch, end) = connect();
    let thread = retort::engine::spawn(end, retort::record::recorder::Recorder::default()).unwrap();
    let start = |name: &str| {
        let session = Box::new(session(&url, Some(VARIABLE)));
        watch.commands.send(Order::Start { session, out: out.path().join(name) }.to(RunId::FIRST)).unwrap();
    };
    let answer = |question: &Question, yes| {
        watch.commands.send(Command::Answer { question: Box::new(question.clone()), yes }).unwrap();
    };
    let answered = |event: &Event| if let Event::Reply(Reply::Answered(answer)) = event { Some(*answer) } else { None };
    let finished = |event: &Event| matches!(event, Event::Fact(_, Fact::Finished(_))).then_some(());
    start("no");
    let question = until(&watch, asked);
    let Question::Key(grant) = &question else { panic!("{question:?}") };
    assert_eq!(grant.to_string(), format!("{VARIABLE}@{}", url.trim_end_matches("/v1")));
    answer(&question, false);
    assert_eq!(until(&watch, answered), Answer::No);
    assert!(!out.path().join("no").exists(), "nothing was begun");
    // An answer that comes too late, and one to another question, mean nothing.
    answer(&question, true);
    start("other");
    let question = until(&watch, asked);
    let other = Question::Key("ANOTHER@http://127.0.0.1:1".parse().unwrap());
    answer(&other, true);
    // Another order takes the place of the one that waits.
    start("stopped");
    assert_eq!(until(&watch, answered), Answer::Outdated);
    until(&watch, asked);
    watch.commands.send(Order::Stop.to(RunId::FIRST)).unwrap();
    assert_eq!(until(&watch, answered), Answer::No);
    start("yes");
    assert_eq!(until(&watch, asked), question);
    answer(&question, true);
    assert_eq!(until(&watch, answered), Answer::Yes);
    until(&watch, finished);
    start("again");
    until(&watch, |event| {
        assert!(asked(event).is_none(), "a yes is remembered");
        finished(event)
    });
    assert!(!out.path().join("other").exists() && !out.path().join("stopped").exists());
    drop(watch);
    thread.join().unwrap();
}

#[test]
#[ignore = "started by the_engine_asks_before_a_test_of_the_connection_sends_a_key"]
fn in_a_process_of_its_own_a_connection_is_tested() {
    use retort::link::{Connection, Reach};
    let url = std::env::var("ASKED_SERVER").unwrap();
    let (watch, end) = connect();
    let thread = retort::engine::spawn(end, retort::record::recorder::Recorder::default()).unwrap();
    let test = |key: Option<&str>| {
        watch.cells.connection.store(None);
        let source = session(&url, key).teacher().unwrap().clone().source;
        watch.commands.send(Command::Connect(Box::new(source))).unwrap();
    };
    let reached = || loop {
        match &*watch.cells.connection.load() {
            None | Some(Connection { state: Reach::Asking, .. }) => {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            Some(Connection { state, .. }) => break state.clone(),
        }
    };
    let models = vec!["big".to_owned(), "small".to_owned()];
    test(None);
    assert!(matches!(reached(), Reach::Answered { models: found, .. } if found == models));
    test(Some(VARIABLE));
    let question = until(&watch, asked);
    // Whatever it does beside asking, it does at once.
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert!(watch.cells.connection.load().is_none(), "nothing is sent while it is asked");
    watch.commands.send(Command::Answer { question: Box::new(question), yes: true }).unwrap();
    assert!(matches!(reached(), Reach::Answered { .. }));
    drop(watch);
    thread.join().unwrap();
}

#[test]
fn the_engine_asks_before_a_test_of_the_connection_sends_a_key() {
    let server = Server::start(|path, _| match path {
        "/v1/models" => (200, "", json!({ "data": [{ "id": "small" }, { "id": "big" }] })),
        _ => panic!("{path}"),
    });
    let home = Home::new();
    apart(&home, "in_a_process_of_its_own_a_connection_is_tested", &[("ASKED_SERVER", &server.url)]);
    let heard = server.heard.lock().unwrap();
    let with_key = |lines: &Vec<String>| lines.iter().any(|line| line.starts_with("authorization"));
    let sent: Vec<bool> = heard.iter().map(|(_, lines)| with_key(lines)).collect();
    assert_eq!(sent, [false, true], "each is asked once, and the key goes only when it may");
}

// ---- certificates

fn certificate(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/certificates").join(name)
}

/// A server behind TLS whose certificate is signed by an authority that nobody knows; counts connections and
/// answers every question and every listing.
fn secured() -> (u16, Arc<AtomicUsize>) {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let chain = CertificateDer::pem_file_iter(certificate("server.pem")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(certificate("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, count) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&count);
    let serve = move || {
        for stream in listener.incoming().flatten() {
            counted.fetch_add(1, Ordering::SeqCst);
            let tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            // A client that does not trust us hangs up.
            let _ = reply(rustls::StreamOwned::new(tls, stream));
        }
    };
    std::thread::Builder::new().spawn(serve).unwrap();
    (port, count)
}

fn reply(stream: rustls::StreamOwned<rustls::ServerConnection, std::net::TcpStream>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim().to_lowercase().as_str() {
            "" => break,
            line => length = line.strip_prefix("content-length: ").map_or(length, |text| text.parse().unwrap()),
        }
    }
    reader.read_exact(&mut vec![0; length])?;
    let top = json!([{ "token": "music", "logprob": -0.2 }, { "token": "travel", "logprob": -2.0 }]);
    let answer = json!({ "choices": [{ "logprobs": { "content": [{ "top_logprobs": top }] } }] }).to_string();
    let mut stream = reader.into_inner();
    let status = if first.starts_with("POST") { "200 OK" } else { "404 Not Found" };
    write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{answer}", answer.len())?;
    stream.conn.send_close_notify();
    stream.flush()
}

#[test]
fn a_companys_own_authority_counts_and_a_refused_certificate_is_not_tried_again() {
    let home = Home::new();
    let folder = home.path().join("authorities");
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy(certificate("authority.pem"), folder.join("company.pem")).unwrap();
    std::fs::copy(certificate("authority.pem"), home.path().join("company.pem")).unwrap();
    let wrong = home.path().join("wrong.pem");
    std::fs::write(&wrong, "no certificate").unwrap();
    let file = certificate("authority.pem");
    let (file, wrong) = (file.to_str().unwrap(), wrong.to_str().unwrap());
    let folders = format!("/no/such/folder:{}", folder.display());
    let trusted = [("SSL_CERT_FILE", file), ("SSL_CERT_FILE", "~/company.pem"), ("SSL_CERT_DIR", &folders)];
    let refused = [("UNUSED", ""), ("SSL_CERT_FILE", "/no/such/file.pem"), ("SSL_CERT_FILE", wrong)];
    for (number, variable) in trusted.into_iter().enumerate() {
        let (port, _) = secured();
        let path = home.save(&session(&format!("https://localhost:{port}/v1"), None));
        let done = home.retort(&["run", path.to_str().unwrap(), "--out", &format!("trusted-{number}")], &[variable]);
        assert!(done.status.success(), "{variable:?}: {}", said(&done));
    }
    for (number, variable) in refused.into_iter().enumerate() {
        let (port, count) = secured();
        let path = home.save(&session(&format!("https://localhost:{port}/v1"), None));
        let done = home.retort(&["run", path.to_str().unwrap(), "--out", &format!("refused-{number}")], &[variable]);
        let words = said(&done);
        assert!(!done.status.success() && words.contains("certificate") && words.contains("SSL_CERT_FILE"), "{words}");
        assert!(variable.1.is_empty() || words.contains(variable.1), "{variable:?}: {words}");
        assert_eq!(count.load(Ordering::SeqCst), 1, "{variable:?}: {words}");
    }
    // The address is not the certificate's.
    let (port, _) = secured();
    let path = home.save(&session(&format!("https://127.0.0.1:{port}/v1"), None));
    let done = home.retort(&["run", path.to_str().unwrap(), "--out", "named"], &[trusted[0]]);
    assert!(said(&done).contains("check the address"), "{}", said(&done));
}

#[test]
fn the_same_authorities_count_for_the_hub() {
    let home = Home::new();
    let (port, count) = secured();
    let endpoint = format!("https://localhost:{port}");
    let fetch = |more: (&str, &str)| home.retort(&["fetch", "owner/tiny"], &[("HF_ENDPOINT", &endpoint), more]);
    let refused = said(&fetch(("UNUSED", "")));
    assert!(refused.contains("certificate") && refused.contains("SSL_CERT_FILE"), "{refused}");
    assert_eq!(count.load(Ordering::SeqCst), 1, "{refused}");
    let reached = said(&fetch(("SSL_CERT_FILE", certificate("authority.pem").to_str().unwrap())));
    assert!(reached.contains("404"), "{reached}");
}

// ---- folders in the environment

#[test]
fn a_home_and_variables_in_the_environment_are_expanded_by_nobody_but_us() {
    let home = Home::new();
    let shown = home.path().display();
    for (name, value, folder) in [
        ("HF_HOME", "~/hf", format!("{shown}/hf/hub")),
        ("HF_HOME", "$HOME/hf", format!("{shown}/hf/hub")),
        ("HF_HOME", "${HOME}/hf", format!("{shown}/hf/hub")),
        ("HF_HUB_CACHE", "~/models", format!("{shown}/models")),
        ("HUGGINGFACE_HUB_CACHE", "$HOME/$MORE", format!("{shown}/more of it")),
        ("XDG_CACHE_HOME", "~/cache", format!("{shown}/cache/huggingface/hub")),
        ("HF_HOME", "~root/hf", "/hf/hub".to_owned()),
        ("HF_HOME", "/x/$NOT_SET_HERE", "/x/$NOT_SET_HERE/hub".to_owned()),
    ] {
        let environment = [("MORE", "more of it"), (name, value)];
        let words = said(&home.retort(&["list", "models"], &environment));
        assert!(words.contains(&folder) && !words.contains('~'), "{name}={value}: {words}");
    }
    let server = server();
    let path = home.save(&session(&server.url, None));
    let folders = [("RETORT_CACHE", "~/answers"), ("RETORT_CONFIG", "$HOME/settings"), ("HF_HOME", "~/hf")];
    let run = home.retort(&["run", path.to_str().unwrap(), "--out", "out"], &folders);
    assert!(run.status.success(), "{}", said(&run));
    home.retort(&["fetch", "owner/tiny"], &[("HF_HOME", "~/hf"), ("HF_ENDPOINT", "http://127.0.0.1:1")]);
    let names: Vec<_> = std::fs::read_dir(home.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(names.iter().any(|name| name == "answers"), "{names:?}");
    assert!(!names.iter().any(|name| name.to_string_lossy().starts_with(['~', '$'])), "{names:?}");
}
