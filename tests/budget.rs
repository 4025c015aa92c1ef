//! What a server's answers cost: told before the run and paid as told, refused and stopped at a limit,
//! never paid twice.
#![cfg(feature = "engine")]

mod openai_server;

use std::path::{Path, PathBuf};
use std::process::{Command as Process, Output};
use std::sync::{Arc, Mutex};

use openai_server::Server;
use retort::engine::data::{Fields, Layout};
use retort::engine::teacher::{Metered, Teacher as _};
use retort::link::{Checkup, Event, Fact, Finding, Grade, Order, Phase, Reply, RunId, Subject, connect};
use retort::session::{ServerMode, Session, file};
use serde_json::{Value, json};

/// How far the tokens that were told may lie from those that are paid: once a server has counted some
/// answers, and before, when letters are all there is.
const COUNTED: f64 = 0.05;
const BY_LETTERS: f64 = 0.5;

/// Tokens as the server counts them.
type Counted = fn(&str) -> u64;

/// Words and pieces of words, and something around them: no rule of ours.
fn pieces(prompt: &str) -> u64 {
    11 + prompt.split_whitespace().map(|word| word.len().div_ceil(5) as u64).sum::<u64>()
}

/// The most that any tokenizer makes of a text.
fn bytes(prompt: &str) -> u64 {
    prompt.len() as u64
}

/// A server that counts, a session that asks it, and a place for both.
struct Play {
    server: Server,
    paid: Arc<Mutex<u64>>,
    folder: tempfile::TempDir,
}

impl Play {
    fn new(mode: ServerMode, counted: Option<Counted>) -> Self {
        let paid = Arc::new(Mutex::new(0));
        let bill = Arc::clone(&paid);
        let server = Server::start(move |path, body| {
            let mut answer = if path.ends_with("/chat/completions") { chat() } else { echo(body) };
            if let Some(counted) = counted {
                let prompts = prompts(body);
                let tokens: u64 = prompts.iter().map(|prompt| counted(prompt)).sum();
                *bill.lock().unwrap() += tokens + prompts.len() as u64;
                answer["usage"] = json!({ "prompt_tokens": tokens, "completion_tokens": prompts.len() });
            }
            (200, "", answer)
        });
        let play = Self { server, paid, folder: tempfile::tempdir().unwrap() };
        let mut session = Session::built_in().unwrap();
        session.data.limit = retort::session::Limits::each(Some(160));
        (session.recipe.batch, session.recipe.steps, session.recipe.evaluate_every) = (4, 6, 0);
        session.set_teacher(Some(play.server.choice(mode, None)));
        file::save(&session, &play.session()).unwrap();
        play
    }

    fn session(&self) -> PathBuf {
        self.folder.path().join("session.ron")
    }

    fn out(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn retort(&self, arguments: &[&str]) -> Output {
        let cache = self.folder.path().join("cache");
        Process::new(env!("CARGO_BIN_EXE_retort")).args(arguments).env("RETORT_CACHE", cache).output().unwrap()
    }

    fn run(&self, name: &str, set: &[&str]) -> Output {
        let (session, out) = (self.session(), self.out(name));
        let mut arguments = vec!["run", session.to_str().unwrap(), "--out", out.to_str().unwrap()];
        set.iter().for_each(|set| arguments.extend(["--set", set]));
        self.retort(&arguments)
    }

    fn change(&self, change: impl FnOnce(&mut Session)) {
        let mut session = file::open(&self.session()).unwrap();
        change(&mut session);
        file::save(&session, &self.session()).unwrap();
    }

    /// The check-up's row; nothing is asked for it.
    fn told(&self) -> Finding {
        let asked = self.server.asked();
        let output = self.retort(&["doctor", self.session().to_str().unwrap(), "--json"]);
        assert_eq!(self.server.asked(), asked, "the doctor asks a paid server");
        let checkup: Checkup = serde_json::from_slice(&output.stdout).unwrap();
        checkup.finding(Subject::Budget).unwrap_or_else(|| panic!("no row: {checkup:?}")).clone()
    }

    fn billed_tokens(&self) -> u64 {
        *self.paid.lock().unwrap()
    }
}

fn prompts(body: &Value) -> Vec<&str> {
    let chat = body.pointer("/messages/0/content").and_then(Value::as_str);
    let one = chat.or_else(|| body["prompt"].as_str()).map(|prompt| vec![prompt]);
    one.unwrap_or_else(|| body["prompt"].as_array().unwrap().iter().map(|prompt| prompt.as_str().unwrap()).collect())
}

fn chat() -> Value {
    let top = json!([{ "token": "music", "logprob": -0.5 }, { "token": "sport", "logprob": -1.0 }]);
    json!({ "choices": [{ "logprobs": { "content": [{ "top_logprobs": top }] } }] })
}

fn echo(body: &Value) -> Value {
    let choice = |(index, prompt): (usize, &&str)| {
        let places: Vec<usize> = (0..prompt.chars().count()).collect();
        let scores: Vec<Value> = places.iter().map(|i| if *i == 0 { Value::Null } else { json!(-0.1) }).collect();
        json!({ "index": index, "logprobs": { "token_logprobs": scores, "text_offset": places } })
    };
    json!({ "choices": prompts(body).iter().enumerate().map(choice).collect::<Vec<_>>() })
}

fn tokens(told: &Finding) -> f64 {
    told.figures["prompt_tokens"] + told.figures["answer_tokens"]
}

fn assert_near(told: f64, paid: u64, within: f64) {
    let apart = (told - paid as f64).abs() / paid as f64;
    assert!(apart <= within, "{told} tokens were told and {paid} paid: {:.1} % apart", apart * 100.0);
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn summary(out: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(out.join("summary.json")).unwrap()).unwrap()
}

#[test]
fn the_price_is_told_before_the_run_and_is_then_paid() {
    for mode in [ServerMode::Chat, ServerMode::Completions] {
        let play = Play::new(mode, Some(pieces));
        let told = play.told();
        assert_eq!((told.grade, told.figures["known"], told.figures["counted_answers"]), (Grade::Green, 0.0, 0.0));
        assert!(told.says.starts_with("about ") && told.says.contains("per 4 letters"), "{}", told.says);
        let first = play.run("first", &[]);
        assert!(first.status.success(), "{}", said(&first));
        assert!(said(&first).contains(&format!("teacher: {}", told.says)), "{}", said(&first));
        assert_eq!(play.server.asked() as f64, told.figures["questions"]);
        assert_near(tokens(&told), play.billed_tokens(), BY_LETTERS);
        assert_eq!(summary(&play.out("first"))["tokens"], play.billed_tokens());
        // More steps ask more texts; what was answered is not asked again.
        play.change(|session| session.recipe.steps = 20);
        let (asked, paid) = (play.server.asked() as f64, play.billed_tokens());
        let told = play.told();
        assert_eq!((told.figures["known"], told.figures["counted_answers"]), (asked, asked));
        assert!(play.run("second", &[]).status.success());
        assert_eq!(play.server.asked() as f64, told.figures["questions"]);
        assert_near(tokens(&told), play.billed_tokens() - paid, COUNTED);
        assert!(play.told().says.starts_with("nothing to pay"), "{}", play.told().says);
        assert!(play.run("third", &["teacher.token_limit=0"]).status.success(), "what is known costs nothing");
    }
}

#[test]
fn a_run_beyond_its_limit_is_refused_before_the_first_question() {
    let play = Play::new(ServerMode::Chat, Some(pieces));
    let refused = play.run("out", &["teacher.token_limit=500"]);
    assert_eq!((refused.status.code(), play.server.asked()), (Some(3), 0));
    let words = said(&refused);
    assert!(["500", "questions", "about", "raise token_limit"].iter().all(|part| words.contains(part)), "{words}");
    play.change(|session| {
        let text = file::to_text(session).unwrap().replace("key: None", "key: None, token_limit: Some(500)");
        *session = file::parse(&text, Path::new("limited.ron")).unwrap();
    });
    let told = play.told();
    assert_eq!(told.grade, Grade::Red);
    assert!(told.fix.contains("raise token_limit"), "{told:?}");
}

#[test]
fn a_run_that_turns_out_dearer_stops_before_its_limit_and_keeps_what_it_paid_for() {
    let play = Play::new(ServerMode::Chat, Some(bytes));
    let told = play.told();
    // What letters let expect is a quarter of what this server counts.
    let limit = (tokens(&told) * 2.0) as u64;
    let set = format!("teacher.token_limit={limit}");
    let stopped = play.run("dear", &[&set]);
    // Its steps are done by then: the student is saved, and what was not measured is said.
    assert_eq!(stopped.status.code(), Some(0), "{}", said(&stopped));
    assert!(said(&stopped).contains("raise token_limit") && said(&stopped).contains("kept"), "{}", said(&stopped));
    assert!(play.out("dear").join("student/model.safetensors").exists());
    assert!(summary(&play.out("dear"))["unmeasured"][0].as_str().unwrap().contains("token_limit"));
    let (asked, paid) = (play.server.asked() as f64, play.billed_tokens());
    assert!(paid <= limit && paid as f64 > 0.8 * limit as f64, "{paid} of {limit}");
    assert_eq!(play.told().figures["known"], asked);
    // Taken up again it has not forgotten what it paid.
    let again = play.retort(&["run", "--resume", "--out", play.out("dear").to_str().unwrap()]);
    assert_eq!((again.status.code(), play.server.asked() as f64), (Some(3), asked), "{}", said(&again));
    assert!(said(&again).contains("paid already"), "{}", said(&again));
    assert!(play.run("enough", &[]).status.success());
    assert_eq!(play.server.asked() as f64, told.figures["questions"], "nothing is paid twice");
}

#[test]
fn a_server_that_counts_nothing_is_reckoned_by_letters() {
    let play = Play::new(ServerMode::Chat, None);
    let told = play.told();
    assert!(play.run("out", &[]).status.success());
    let reckoned = summary(&play.out("out"))["tokens"].as_u64().unwrap();
    assert_near(tokens(&told), reckoned, 0.05);
    play.change(|session| session.recipe.steps = 20);
    assert_eq!(play.told().figures["counted_answers"], 0.0);
}

#[test]
fn an_answer_that_is_lost_on_its_way_is_paid_for_all_the_same() {
    let lost = Mutex::new(true);
    let server = Server::start(move |_, body| {
        let mut answer = chat();
        let tokens = pieces(prompts(body)[0]);
        answer["usage"] = json!({ "prompt_tokens": tokens, "completion_tokens": 1 });
        // The first answer cannot be read.
        let cut = std::mem::take(&mut *lost.lock().unwrap());
        (200, if cut { "Content-Length: 99999\r\n" } else { "" }, answer)
    });
    let prompt = ron::from_str("(template: \"{text} {answer}\")").unwrap();
    let classes = ["music", "sport"].map(str::to_owned);
    let teacher = Metered::new(&server.choice(ServerMode::Chat, None), &prompt, &classes, &Layout::default()).unwrap();
    teacher.predict(&["a song of the sea"].map(Fields::text)).unwrap();
    assert_eq!(server.asked(), 2);
    let once = pieces("a song of the sea") + 1;
    assert!(teacher.billed_tokens() > once, "{} tokens for two answers, one of {once}", teacher.billed_tokens());
    assert!(teacher.take_costs().is_empty(), "a guess is no ground for an estimate");
}

/// Commands and events of a run whose server is slow: stopped between two questions, and measured
/// without further ones.
#[test]
fn a_run_is_stopped_between_two_questions_and_asks_no_more() {
    let server = Server::start(|_, body| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        (200, "", echo(body))
    });
    let folder = tempfile::tempdir().unwrap();
    let mut session = Session::built_in().unwrap();
    session.data.limit = retort::session::Limits::each(Some(160));
    (session.recipe.batch, session.recipe.steps, session.recipe.evaluate_every) = (8, 4, 1);
    session.set_teacher(Some(server.choice(ServerMode::Completions, None)));
    let (watch, end) = connect();
    let thread = retort::engine::spawn(end, retort::record::recorder::Recorder::default()).unwrap();
    watch
        .commands
        .send(Order::Start { session: Box::new(session), out: folder.path().into() }.to(RunId::FIRST))
        .unwrap();
    let asking = watch.events.iter().find_map(|event| match event {
        Event::Reply(Reply::Status(status)) if status.what.starts_with("asking the teacher") => Some(status),
        _ => None,
    });
    assert!(asking.unwrap().phase == Phase::Running);
    watch.commands.send(Order::Stop.to(RunId::FIRST)).unwrap();
    let outcome = watch.events.iter().find_map(|event| match event {
        Event::Fact(_, Fact::Finished(outcome)) => Some(outcome),
        Event::Fact(_, Fact::Failed(notice)) | Event::Reply(Reply::Failed(notice)) => panic!("{}", notice.text),
        _ => None,
    });
    let (outcome, asked) = (outcome.unwrap(), server.asked());
    assert_eq!((outcome.reason.as_str(), outcome.steps), ("stopped", 0));
    assert!(outcome.teacher.is_none(), "measuring it would have meant more questions");
    assert!(asked < 20, "{asked} questions");
    drop(watch);
    thread.join().unwrap();
    assert_eq!(server.asked(), asked);
}
