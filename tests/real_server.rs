//! A teacher behind a server that really runs a model: the same small Llama is served by llama.cpp and
//! opened here, and both must give the label words the same probabilities. Ignored by default:
//! `RETORT_SERVER_PYTHON=python cargo test --test real_server -- --ignored` wants the Python of an
//! environment with `llama-cpp-python[server]`, gguf and numpy, and the shared models.
#![cfg(feature = "engine")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use candle_core::Device;
use retort::engine::data::{Example, Fields, Layout};
use retort::engine::model::{self, DropoutRng, Trace};
use retort::engine::task;
use retort::engine::teacher::{CachedTeacher, LocalTeacher, Metered, Teacher};
use retort::session::{Chat, ModelChoice, Prompt, ServerMode, Source};

/// How far probabilities may lie apart: llama.cpp keeps keys and values in f16; measured were 3e-4.
const TOLERANCE: f32 = 1e-3;
/// Longest wait for the server to stand.
const PATIENCE: Duration = Duration::from_secs(120);

/// The user's message between marks, as small models have been taught with.
const TEMPLATE: &str = "{{ bos_token }}{% for m in messages %}[{{ m['role'] }}] {{ m['content'] | trim }}\n{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";

fn shared(name: &str) -> PathBuf {
    let root = std::env::var_os("RETORT_SHARED").map(PathBuf::from);
    root.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared")).join(name)
}

/// A server of the model in a folder; it ends with the test.
struct Server {
    child: Child,
    folder: tempfile::TempDir,
    url: String,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let model = shared("models/stories260K-hf");
        for name in ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"] {
            std::fs::write(folder.path().join(name), std::fs::read(model.join(name)).unwrap()).unwrap();
        }
        std::fs::write(folder.path().join("chat_template.jinja"), TEMPLATE).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let python =
            std::env::var_os("RETORT_SERVER_PYTHON").expect("RETORT_SERVER_PYTHON names the Python to serve with");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/serve_gguf.py");
        let child = Command::new(python)
            .args([script.as_os_str(), folder.path().as_os_str()])
            .arg(port.to_string())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut server = Self { child, folder, url: format!("http://127.0.0.1:{port}/v1") };
        server.wait(port);
        server
    }

    fn wait(&mut self, port: u16) {
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = self.child.try_wait().unwrap();
            if ended.is_some() || begun.elapsed() > PATIENCE {
                panic!("no server: {ended:?}\n{}", std::fs::read_to_string(self.folder.path().join("log")).unwrap());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn choice(&self, mode: ServerMode) -> ModelChoice {
        ModelChoice::stored(Source::Server {
            url: self.url.clone(),
            model: "tiny".into(),
            mode,
            key: None,
            token_limit: None,
            per_minute: None,
        })
    }

    fn teacher(&self, mode: ServerMode, prompt: &Prompt, classes: &[String]) -> Metered {
        Metered::new(&self.choice(mode), prompt, classes, &Layout::default()).unwrap()
    }

    fn local(&self, prompt: &Prompt, classes: &[String]) -> LocalTeacher {
        let choice = ModelChoice::stored(Source::Folder(self.folder.path().to_owned()));
        let model = model::open(&choice, classes.len(), 0, &Device::Cpu).unwrap();
        LocalTeacher::new(Arc::new(model), prompt, classes, &Layout::default()).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn prompt(template: &str) -> Prompt {
    ron::from_str(&format!("(template: {template:?})")).unwrap()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn assert_same(what: &str, server: &[Vec<f32>], local: &[Vec<f32>]) {
    for (text, (theirs, ours)) in server.iter().zip(local).enumerate() {
        for (word, (theirs, ours)) in theirs.iter().zip(ours).enumerate() {
            let (theirs, ours) = (theirs.exp(), ours.exp());
            assert!((theirs - ours).abs() < TOLERANCE, "{what}, text {text}, word {word}: {theirs} there, {ours} here");
        }
    }
}

const TEXTS: [&str; 4] = ["Once upon a time", "Lily saw a big red ball", "The café was closed", "a"];

#[test]
#[ignore = "needs a Python that serves"]
fn a_real_server_gives_label_words_the_probabilities_that_the_model_has_here() {
    let server = Server::start();
    // Words of one, two and more tokens, scored whole.
    let classes = words(&["friend", "happiness", "playground", "big dog"]);
    let asked = prompt("{text}. There was a {answer}");
    let local = server.local(&asked, &classes).predict(&TEXTS.map(Fields::text)).unwrap();
    let teacher = server.teacher(ServerMode::Completions, &asked, &classes);
    let answers = teacher.predict(&TEXTS.map(Fields::text)).unwrap();
    assert_same("completions", &answers, &local);
    assert_eq!(teacher.take_warning(), None, "whole words leave nothing over");
    assert!(local.iter().flatten().all(|score| score.exp() < 0.999), "the words are told apart: {local:?}");

    // A chat shows first tokens only: words that are one token each are scored exactly.
    let asked = Prompt { chat: Chat::On, ..prompt("{text}. What comes then {answer}") };
    let model = ModelChoice::stored(Source::Folder(server.folder.path().to_owned()));
    let model = model::open(&model, 2, 0, &Device::Cpu).unwrap();
    let tops = likeliest(&model, &asked, TEXTS[0]);
    let local = server.local(&asked, &tops).predict(&[Fields::text(TEXTS[0])]).unwrap();
    let teacher = server.teacher(ServerMode::Chat, &asked, &tops);
    assert_same("chat", &teacher.predict(&[Fields::text(TEXTS[0])]).unwrap(), &local);
    assert_eq!(teacher.take_warning(), None);
}

/// Likely first words of the answer with which no other likely token begins, so that the server's text
/// of a token says which word it is.
fn likeliest(model: &model::Model, prompt: &Prompt, text: &str) -> Vec<String> {
    let classes = words(&["a", "b"]);
    let prepared = task::for_model(model, prompt, &classes, &Layout::default())
        .unwrap()
        .encode(model, &Example::unlabelled(text), 0)
        .unwrap();
    let ids = &prepared.passes[0].ids;
    let input = model.input(&[ids]).unwrap();
    let hidden = model
        .detached
        .encode(&model.detached.embed(&input).unwrap(), &mut Trace::none(), &DropoutRng::none())
        .unwrap()
        .squeeze(0)
        .unwrap();
    let last = hidden.narrow(0, ids.len() - 1, 1).unwrap();
    let scores: Vec<f32> = model.detached.vocabulary(&last).unwrap().flatten_all().unwrap().to_vec1().unwrap();
    let mut order: Vec<u32> = (0..scores.len() as u32).collect();
    order.sort_by(|a, b| scores[*b as usize].total_cmp(&scores[*a as usize]));
    let texts: Vec<String> =
        order.iter().take(20).map(|id| model.tokens.show(*id).replace('▁', "").to_lowercase()).collect();
    let plain = |text: &&String| text.len() > 1 && text.chars().all(|c| c.is_ascii_lowercase());
    let begun = |text: &&String| texts.iter().filter(|other| !other.is_empty() && text.starts_with(*other)).count();
    let found = texts[..12].iter().filter(plain).filter(|text| begun(text) == 1);
    // The word as the vocabulary writes it.
    let shown = |text: &String| {
        let id = order.iter().find(|id| model.tokens.show(**id).replace('▁', "").to_lowercase() == *text).unwrap();
        model.tokens.show(*id).replace('▁', "")
    };
    let found: Vec<String> = found.map(shown).collect();
    assert!(found.len() >= 2, "{found:?} of {texts:?}");
    found
}

#[test]
#[ignore = "needs a Python that serves"]
fn a_real_server_is_asked_again_kept_within_its_length_and_paid_once() {
    let mut server = Server::start();
    let classes = words(&["friend", "big dog"]);
    let asked = prompt("{text}. There was a {answer}");
    let long = "Lily saw a big red ball. ".repeat(60);
    let teacher = server.teacher(ServerMode::Completions, &asked, &classes);
    let said = teacher.predict(&[Fields::text(long.as_str())]).unwrap_err().to_string();
    assert!(said.contains("max tokens"), "{said}");
    let within = ModelChoice { max_tokens: 40, ..server.choice(ServerMode::Completions) };
    Metered::new(&within, &asked, &classes, &Layout::default())
        .unwrap()
        .predict(&[Fields::text(long.as_str())])
        .unwrap();

    let busy = busy(&server.url);
    let source = |url: &str| Source::Server {
        url: url.into(),
        model: "tiny".into(),
        mode: ServerMode::Completions,
        key: None,
        token_limit: None,
        per_minute: None,
    };
    let patient = Metered::new(&ModelChoice::stored(source(&busy)), &asked, &classes, &Layout::default()).unwrap();
    assert_eq!(
        patient.predict(&TEXTS.map(Fields::text)).unwrap(),
        teacher.predict(&TEXTS.map(Fields::text)).unwrap(),
        "two refusals change nothing"
    );

    let kept = tempfile::tempdir().unwrap();
    let targets = |server: &Server| {
        let teacher = server.teacher(ServerMode::Completions, &asked, &classes);
        CachedTeacher::keeping(teacher, Some(kept.path()), classes.len())
    };
    let first = targets(&server).predict(&TEXTS.map(Fields::text)).unwrap();
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    assert_eq!(targets(&server).predict(&TEXTS.map(Fields::text)).unwrap(), first, "kept answers need no server");
}

/// An address that refuses its first two callers and hands all others on to the server at `url`.
fn busy(url: &str) -> String {
    let to = url.trim_start_matches("http://").trim_end_matches("/v1").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = move || {
        for (count, stream) in listener.incoming().flatten().enumerate() {
            let mut there = TcpStream::connect(&to).unwrap();
            if count < 2 {
                let mut stream = stream;
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(
                    b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                );
                continue;
            }
            let (mut from, mut back) = (stream.try_clone().unwrap(), there.try_clone().unwrap());
            let mut stream = stream;
            std::thread::Builder::new().spawn(move || std::io::copy(&mut back, &mut stream)).unwrap();
            std::thread::Builder::new().spawn(move || std::io::copy(&mut from, &mut there)).unwrap();
        }
    };
    std::thread::Builder::new().spawn(serve).unwrap();
    format!("http://{address}/v1")
}
