//! A teacher behind a server that speaks OpenAI's interface, played by a listener on this machine:
//! whole words, first tokens, and every fault a server can have.
#![cfg(feature = "engine")]

mod openai_server;

use std::collections::BTreeMap;
use std::sync::Mutex;

use openai_server::Server;
use retort::engine::data::{Fields, Layout};
use retort::engine::pair::Pair;
use retort::engine::teacher::{CachedTeacher, Metered, ServerTeacher, Teacher};
use retort::session::{Chat, Prompt, Scoring, ServerMode, Session};
use serde_json::{Value, json};

fn teacher_of(server: &Server, mode: ServerMode) -> Metered {
    Metered::new(&server.choice(mode, None), &prompt(), &classes(), &Layout::default()).unwrap()
}

fn prompt() -> Prompt {
    let label_words = BTreeMap::from([("food".to_owned(), "hot bread".to_owned())]);
    Prompt {
        template: "{text} About {answer}".into(),
        variants: Vec::new(),
        label_words,
        scoring: Scoring::Sum,
        chat: Chat::Off,
    }
}

fn classes() -> Vec<String> {
    ["sport", "food", "space"].map(str::to_owned).to_vec()
}

fn probabilities(answer: &[f32]) -> Vec<f32> {
    answer.iter().map(|score| score.exp()).collect()
}

fn assert_near(ours: &[f32], theirs: &[f32]) {
    assert!(
        ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() < 1e-5),
        "{ours:?} {theirs:?}"
    );
}

/// Scores every character of every prompt by its own rule: spaces −1, `h` −3, all else −0.1.
fn echo(_: &str, body: &Value) -> (u16, &'static str, Value) {
    assert_eq!((&body["max_tokens"], &body["echo"]), (&json!(1), &json!(true)));
    let choice = |(index, prompt): (usize, &Value)| {
        let letters: Vec<char> = prompt.as_str().unwrap().chars().collect();
        let score = |(i, c): (usize, &char)| match (i, c) {
            (0, _) => Value::Null,
            (_, ' ') => json!(-1.0),
            (_, 'h') => json!(-3.0),
            _ => json!(-0.1),
        };
        let scores: Vec<Value> = letters.iter().enumerate().map(score).collect();
        let offsets: Vec<usize> = (0..letters.len()).collect();
        json!({ "index": index, "logprobs": { "token_logprobs": scores, "text_offset": offsets } })
    };
    let one = std::slice::from_ref(&body["prompt"]);
    let prompts = body["prompt"].as_array().map_or(one, Vec::as_slice);
    // In another order than asked, as the interface allows.
    let choices: Vec<Value> = prompts.iter().enumerate().rev().map(choice).collect();
    (200, "", json!({ "choices": choices }))
}

#[test]
fn a_server_with_echo_scores_whole_words() {
    let server = Server::start(echo);
    let answers = teacher_of(&server, ServerMode::Completions).predict(&["höh höh höh"].map(Fields::text)).unwrap();
    // " sport", " hot bread", " space"
    let scores: [f32; 3] = [-1.0 - 0.5, -1.0 - 3.0 - 0.2 - 1.0 - 0.5, -1.0 - 0.5];
    let sum: f32 = scores.iter().map(|score| score.exp()).sum();
    assert_near(&probabilities(&answers[0]), &scores.map(|score| score.exp() / sum));
}

#[test]
fn a_server_that_falls_over_several_prompts_is_asked_for_one_at_a_time() {
    let server = Server::start(|path, body| match &body["prompt"] {
        Value::Array(_) => (500, "", json!({ "error": { "message": "assertion" } })),
        _ => echo(path, body),
    });
    let teacher = teacher_of(&server, ServerMode::Completions);
    let apart = teacher.predict(&["a", "b"].map(Fields::text)).unwrap();
    assert_eq!(server.asked(), 1 + 3 + 3, "it is learned once");
    let together =
        teacher_of(&Server::start(echo), ServerMode::Completions).predict(&["a", "b"].map(Fields::text)).unwrap();
    assert_eq!(apart, together);
}

fn first_tokens(path: &str, body: &Value) -> (u16, &'static str, Value) {
    if body.get("echo").is_some() {
        return (400, "", json!({ "error": { "message": "echo is not supported" } }));
    }
    let (a, b) = (0.6f64.ln(), 0.2f64.ln());
    if path.ends_with("/chat/completions") {
        assert_eq!(body["messages"][0]["content"], "a goal About");
        let top = json!([{ "token": "sp", "logprob": a }, { "token": "Hot", "logprob": b }]);
        return (200, "", json!({ "choices": [{ "logprobs": { "content": [{ "top_logprobs": top }] } }] }));
    }
    let top = json!({ " sport": a, " the": b });
    (200, "", json!({ "choices": [{ "logprobs": { "top_logprobs": [top] } }] }))
}

#[test]
fn a_server_without_echo_is_asked_for_first_tokens_and_says_what_is_missing() {
    let server = Server::start(first_tokens);
    let teacher = teacher_of(&server, ServerMode::Completions);
    let answers = teacher.predict(&["a goal", "a goal again"].map(Fields::text)).unwrap();
    // Food and space share the 0.2 that no token has.
    assert_near(&probabilities(&answers[0]), &[0.6 / 0.8, 0.1 / 0.8, 0.1 / 0.8]);
    assert_eq!(server.asked(), 4, "echo is tried twice: for all words, and for one");
    let words = teacher.take_warning().unwrap();
    assert!(words.contains("first tokens") && words.contains("echo is not supported"), "{words}");
    let words = teacher.take_warning().unwrap();
    assert!(words.contains("the label words have 60.0 %") && words.contains("sport 60.0 %, the 20.0 %"), "{words}");
    assert_eq!(teacher.take_warning(), None);
    let chat = teacher_of(&server, ServerMode::Chat);
    assert_near(&probabilities(&chat.predict(&["a goal"].map(Fields::text)).unwrap()[0]), &[0.375, 0.25, 0.375]);
    let words = chat.take_warning().unwrap();
    assert!(words.contains(r#""sport" and "space" begin alike, with "sp""#), "{words}");
    assert_ne!(chat.fingerprint(), teacher.fingerprint());
}

#[test]
fn a_busy_server_is_asked_again_and_a_silent_one_given_up() {
    let tries = Mutex::new(0);
    let server = Server::start(move |path, body| {
        let mut tries = tries.lock().unwrap();
        *tries += 1;
        match *tries {
            1 => (429, "Retry-After: 0\r\n", json!({})),
            2 => (503, "Retry-After: 0\r\n", json!("down")),
            _ => echo(path, body),
        }
    });
    assert_eq!(teacher_of(&server, ServerMode::Completions).predict(&["a"].map(Fields::text)).unwrap().len(), 1);
    assert_eq!(server.asked(), 3);
    let server = Server::start(|_, _| (500, "Retry-After: 0\r\n", json!({})));
    let words = teacher_of(&server, ServerMode::Completions).predict(&["a"].map(Fields::text)).unwrap_err().to_string();
    assert!(words.contains("status 500") && words.contains("kept"), "{words}");
    assert!((3..10).contains(&server.asked()));
}

#[test]
fn every_refusal_is_a_sentence_with_the_next_step() {
    let said = |status: u16, value: Value, part: &str| {
        let server = Server::start(move |_, _| (status, "", value.clone()));
        let words = teacher_of(&server, ServerMode::Chat).predict(&["a"].map(Fields::text)).unwrap_err().to_string();
        assert!(words.contains(part) && words.contains("http://127.0.0.1"), "{words:?} does not say {part:?}");
        assert_eq!(server.asked(), 1, "{status} is asked again");
    };
    said(401, json!({}), "status 401");
    said(404, json!({ "error": { "message": "no model big" } }), "no model big");
    said(400, json!({ "error": { "message": "maximum context length is 8" } }), "max tokens");
    said(200, json!({ "choices": [{ "message": { "content": "sport" } }] }), "without log-probabilities");
    said(200, json!({ "choices": [{ "logprobs": { "content": [] } }] }), "without log-probabilities");
    said(200, json!("<html>"), "no JSON");
    said(200, Value::String("[".repeat(100_000)), "no JSON");
}

#[test]
fn the_key_comes_from_the_environment_and_is_never_written() {
    let server = Server::start(first_tokens);
    let refused = |key: &str| {
        Metered::new(&server.choice(ServerMode::Chat, Some(key)), &prompt(), &classes(), &Layout::default())
            .err()
            .unwrap()
            .to_string()
    };
    let words = refused("sk-TheSecretItself");
    assert!(words.contains("name of an environment variable") && !words.contains("TheSecret"), "{words}");
    assert!(refused("RETORT_TEST_NO_SUCH_KEY").contains("RETORT_TEST_NO_SUCH_KEY"));
    // Any variable of this process will do; that it is sent once it may, and as what, is what matters.
    let grant = format!("CARGO_PKG_NAME@{}", server.url);
    assert!(refused("CARGO_PKG_NAME").contains("--allow-key CARGO_PKG_NAME@http://127.0.0.1:"));
    retort::engine::secret::allow_here(grant.parse().unwrap());
    let choice = server.choice(ServerMode::Chat, Some("CARGO_PKG_NAME"));
    Metered::new(&choice, &prompt(), &classes(), &Layout::default())
        .unwrap()
        .predict(&["a goal"].map(Fields::text))
        .unwrap();
    let heard = server.heard.lock().unwrap();
    assert!(heard[0].1.contains(&"authorization: bearer retort".to_owned()), "{:?}", heard[0]);
    assert_eq!(heard[0].0, "/v1/chat/completions");
}

#[test]
fn an_answer_is_paid_for_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(first_tokens);
    let targets = || {
        let teacher = teacher_of(&server, ServerMode::Chat);
        CachedTeacher::keeping(teacher, Some(folder.path()), 3)
    };
    // Two texts that are one question.
    let texts = ["a goal", " a goal", "a goal"];
    let kept = targets().predict(&texts.map(Fields::text)).unwrap();
    assert_eq!((server.asked(), kept.len()), (1, 3));
    let again = targets().predict(&texts.map(Fields::text)).unwrap();
    assert_eq!((server.asked(), &again), (1, &kept), "kept answers need no question");
}

#[test]
fn a_pair_is_opened_with_a_teacher_behind_a_server_but_no_such_student() {
    let server = Server::start(first_tokens);
    let mut session = Session::built_in().unwrap();
    session.data.limit = retort::session::Limits::each(Some(24));
    session.set_teacher(Some(server.choice(ServerMode::Chat, None)));
    let pair = Pair::open(&session, None).unwrap();
    assert_eq!(pair.opened().teacher.unwrap().title, "big");
    assert!(pair.cached_teacher(&session).unwrap().is_some());
    assert_eq!(server.asked(), 0, "opening asks nothing");
    session.student = server.choice(ServerMode::Chat, None);
    let words = Pair::open(&session, None).err().unwrap().to_string();
    assert!(words.contains("can only teach"), "{words}");
}

#[test]
fn a_server_is_asked_for_its_models_once_and_says_why_it_does_not_answer() {
    type Say = fn(&str, &Value) -> (u16, &'static str, Value);
    let cases: [(Say, Result<&[&str], &str>); 5] = [
        (|_, _| (200, "", json!({ "data": [{ "id": "b" }, { "id": "a" }, { "id": "b" }] })), Ok(&["a", "b"])),
        (|_, _| (404, "", json!({ "error": "no such path" })), Ok(&[])),
        (|_, _| (401, "", json!({ "error": "who are you" })), Err("does not accept the key")),
        (|_, _| (503, "", json!({ "error": "busy" })), Err("busy")),
        (|_, _| (200, "", json!("no list")), Err("no JSON")),
    ];
    for (place, (say, wanted)) in cases.into_iter().enumerate() {
        let server = Server::start(say);
        let found = ServerTeacher::models_at(&server.url, None);
        match (found, wanted) {
            (Ok(found), Ok(wanted)) => assert_eq!(found, wanted, "{place}"),
            (Err(e), Err(words)) => assert!(e.to_string().contains(words), "{place}: {e}"),
            (found, wanted) => panic!("{place}: {found:?} instead of {wanted:?}"),
        }
        assert_eq!(server.asked(), 1, "{place}: once");
    }
    let words = ServerTeacher::models_at("http://127.0.0.1:9/v1", None).unwrap_err().to_string();
    assert!(words.contains("does not answer") && words.contains("check that the server runs"), "{words}");
}

#[test]
fn a_server_that_answers_late_does_not_take_the_place_of_the_one_that_was_asked_since() {
    use retort::link::{Command, Connection, Reach, connect};

    let models = |name: &'static str| (200, "", json!({ "data": [{ "id": name }] }));
    let slow = Server::start(move |_, _| {
        std::thread::sleep(std::time::Duration::from_millis(300));
        models("slow")
    });
    let fast = Server::start(move |_, _| models("fast"));
    let (watch, end) = connect();
    let thread = retort::engine::spawn(end, retort::record::recorder::Recorder::default()).unwrap();
    for server in [&slow, &fast] {
        let source = Box::new(server.choice(ServerMode::Completions, None).source);
        watch.commands.send(Command::Connect(source)).unwrap();
    }
    // Long enough for both.
    std::thread::sleep(std::time::Duration::from_millis(900));
    assert_eq!((slow.asked(), fast.asked()), (1, 1));
    let told = Connection::clone(watch.cells.connection.load().as_ref().as_ref().unwrap());
    assert!(
        told.url == fast.url && matches!(&told.state, Reach::Answered { models, .. } if models == &["fast"]),
        "{told:?}"
    );
    drop(watch);
    thread.join().unwrap();
}
