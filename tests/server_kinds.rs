//! Servers of every kind as teachers: what they show, what they refuse and in which words, how long they take
//! and when they are given up; and the memory of their answers, which is never poisoned and never lost.
#![cfg(feature = "engine")]

mod openai_server;

use std::path::{Path, PathBuf};
use std::process::{Command as Process, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use candle_core::Device;
use openai_server::Server;
use retort::engine::data::{Fields, Layout};
use retort::engine::model;
use retort::engine::teacher::{CachedTeacher, CancelToken, Estimator, LocalTeacher, Metered, Teacher, kept_answers};
use retort::link::{Checkup, Event, Fact, Grade, Order, Phase, Reply, RunId, Subject, WatchEnd, connect};
use retort::session::{DataSource, Files, Init, ModelChoice, Prompt, Prompts, ServerMode, Session, Source, file};
use serde_json::{Value, json};

type Said = (u16, &'static str, Value);

const MODES: [ServerMode; 2] = [ServerMode::Chat, ServerMode::Completions];
/// Longest time in which a stop has to act.
const AT_ONCE: Duration = Duration::from_secs(1);

fn prompt(words: &[(&str, &str)]) -> Prompt {
    prompts(words).for_teacher()
}

fn prompts(words: &[(&str, &str)]) -> Prompts {
    let mut prompts: Prompts = ron::from_str("(teacher: (template: \"{text}\\nThis is {answer}\"))").unwrap();
    words.iter().for_each(|(class, word)| prompts.set_word(class, *word));
    prompts
}

fn classes() -> Vec<String> {
    ["bad", "good"].map(str::to_owned).to_vec()
}

fn teacher(server: &Server, mode: ServerMode) -> Metered {
    Metered::new(&server.choice(mode, None), &prompt(&[]), &classes(), &Layout::default()).unwrap()
}

/// The tokens with their probability, as a chat and as a completions server show them.
fn shows(path: &str, body: &Value, tokens: &[(&str, f64)]) -> Said {
    if body.get("echo").is_some() {
        return (400, "", json!({ "error": "echo is not known here" }));
    }
    let count = Value::from(body.to_string().len() / 4);
    let usage = json!({ "prompt_tokens": count, "completion_tokens": 1 });
    if path.ends_with("/chat/completions") {
        let top: Vec<Value> = tokens.iter().map(|(token, p)| json!({ "token": token, "logprob": p.ln() })).collect();
        return (
            200,
            "",
            json!({ "usage": usage, "choices": [{ "logprobs": { "content": [{ "top_logprobs": top }] } }] }),
        );
    }
    let top: serde_json::Map<String, Value> =
        tokens.iter().map(|(token, p)| ((*token).into(), json!(p.ln()))).collect();
    (200, "", json!({ "usage": usage, "choices": [{ "logprobs": { "top_logprobs": [top] } }] }))
}

/// Good where the text says so.
fn tells(path: &str, body: &Value) -> Said {
    let good = if body.to_string().contains("fine") { 0.9 } else { 0.1 };
    shows(path, body, &[("good", good), ("bad", 0.98 - good), ("the", 0.02)])
}

fn asked_for(body: &Value) -> u64 {
    body.get("top_logprobs").or_else(|| body.get("logprobs")).and_then(Value::as_u64).unwrap_or(0)
}

// ---- how many alternatives

#[test]
fn a_server_that_shows_fewer_is_asked_for_fewer_from_then_on() {
    for limit in [1, 5, 8, 10, 19] {
        for mode in MODES {
            let server = Server::start(move |path, body| match asked_for(body) {
                asked if asked > limit && body.get("echo").is_none() => {
                    let words = format!("{asked} were asked for; at most {limit} are given");
                    (400, "", json!({ "error": { "message": words } }))
                }
                _ => tells(path, body),
            });
            let teacher = teacher(&server, mode);
            let answers = teacher.predict(&["fine", "dull"].map(Fields::text)).unwrap();
            assert!(answers[0][1] > answers[0][0] && answers[1][0] > answers[1][1], "{limit} {mode:?}");
            assert_eq!(teacher.estimator(), Some(Estimator::FirstTokens { alternatives: limit as u32 }));
            let echoes = if mode == ServerMode::Completions { 2 } else { 0 };
            assert_eq!(server.asked(), echoes + 1 + 2, "{limit} {mode:?}: it is learned once");
        }
    }
}

#[test]
fn answers_of_two_kinds_are_never_mixed() {
    for (mode, before) in [(ServerMode::Chat, "5 likeliest"), (ServerMode::Completions, "scored whole")] {
        let folder = tempfile::tempdir().unwrap();
        let turned = Arc::new(Mutex::new(false));
        let now = Arc::clone(&turned);
        let server = Server::start(move |path, body| {
            let turned = *now.lock().unwrap();
            match (path.ends_with("/chat/completions"), turned) {
                (true, false) if asked_for(body) > 5 => (400, "", json!({ "message": "top_logprobs is at most 5" })),
                (true, true) if asked_for(body) > 2 => (400, "", json!({ "message": "top_logprobs is at most 2" })),
                (false, false) => echo(body),
                _ => tells(path, body),
            }
        });
        let targets = || CachedTeacher::keeping(teacher(&server, mode), Some(folder.path()), 2);
        let kept = targets().predict(&["fine", "dull"].map(Fields::text)).unwrap();
        *turned.lock().unwrap() = true;
        let asked = server.asked();
        assert_eq!(targets().predict(&["fine", "dull"].map(Fields::text)).unwrap(), kept);
        assert_eq!(server.asked(), asked, "what is kept is not asked again");
        let said = targets().predict(&["another"].map(Fields::text)).unwrap_err().to_string();
        for part in [before, "not mixed", "retort list answers"] {
            assert!(said.contains(part), "{said}");
        }
        // Moved away, all are asked anew.
        std::fs::remove_dir_all(folder.path()).unwrap();
        assert_eq!(targets().predict(&["another", "fine"].map(Fields::text)).unwrap().len(), 2);
    }
}

/// Scores every character alike but the last word's first.
fn echo(body: &Value) -> Said {
    let one = std::slice::from_ref(&body["prompt"]);
    let prompts = body["prompt"].as_array().map_or(one, Vec::as_slice);
    let choice = |(index, prompt): (usize, &Value)| {
        let letters: Vec<char> = prompt.as_str().unwrap().chars().collect();
        let score =
            |place: usize| if place == 0 { Value::Null } else { json!(-0.1 * letters[place] as u32 as f64 / 100.0) };
        let scores: Vec<Value> = (0..letters.len()).map(score).collect();
        let offsets: Vec<usize> = (0..letters.len()).collect();
        json!({ "index": index, "logprobs": { "token_logprobs": scores, "text_offset": offsets } })
    };
    let choices: Vec<Value> = prompts.iter().enumerate().map(choice).collect();
    (200, "", json!({ "choices": choices, "usage": { "prompt_tokens": 9, "completion_tokens": prompts.len() } }))
}

// ---- a server's own words

#[test]
fn the_servers_own_words_are_in_every_refusal() {
    let shapes = |words: &str| {
        [
            json!({ "error": { "message": words, "type": "x" } }),
            json!({ "error": words }),
            json!({ "message": words }),
            json!({ "detail": words }),
            json!({ "detail": [{ "loc": ["body", "model"], "msg": words }] }),
            Value::String(words.to_owned()),
            Value::String(format!("<html><head><title>Sorry</title></head><body><p>{words}</p></body></html>")),
        ]
    };
    for (status, next) in [
        (400, "check address, model and mode"),
        (401, "put a valid one into"),
        (402, "billing page"),
        (403, "may use this model"),
        (404, "check address, model and mode"),
        (422, "check address, model and mode"),
        (451, "check address, model and mode"),
    ] {
        for value in shapes("nobody here knows that name") {
            let server = Server::start(move |_, _| (status, "", value.clone()));
            let said = teacher(&server, ServerMode::Chat).predict(&["a"].map(Fields::text)).unwrap_err().to_string();
            for part in ["nobody here knows that name", next, &format!("status {status}"), "http://127.0.0.1"] {
                assert!(said.contains(part), "{said}");
            }
            assert_eq!(server.asked(), 1, "{status} is asked again");
        }
    }
    for status in [429, 500, 502] {
        let server = Server::start(move |_, _| (status, "Retry-After: 0\r\n", json!({ "detail": "come back later" })));
        let teacher =
            Metered::new(&server.choice(ServerMode::Chat, None), &prompt(&[]), &classes(), &Layout::default()).unwrap();
        if status == 429 {
            continue; // It is waited for longer, see below.
        }
        let said = teacher.predict(&["a"].map(Fields::text)).unwrap_err().to_string();
        assert!(said.contains("come back later") && said.contains(&format!("status {status}")), "{said}");
        assert_eq!(server.asked(), 6);
    }
    let moved = Server::start(|_, _| (308, "Location: https://elsewhere.example/v1\r\n", json!({})));
    let said = teacher(&moved, ServerMode::Chat).predict(&["a"].map(Fields::text)).unwrap_err().to_string();
    assert!(said.contains("moved to https://elsewhere.example/v1"), "{said}");
    let within = Server::start(|_, _| (200, "", json!({ "error": { "message": "no access", "code": 403 } })));
    let said = teacher(&within, ServerMode::Chat).predict(&["a"].map(Fields::text)).unwrap_err().to_string();
    assert!(said.contains("no access") && said.contains("403"), "{said}");
}

#[test]
fn a_quota_that_is_used_up_is_not_asked_again_and_a_loading_server_is_waited_for() {
    let quota = Server::start(|_, _| {
        let words = "The quota of this account is used up; see its billing page.";
        (429, "", json!({ "error": { "message": words, "type": "insufficient_quota" } }))
    });
    let said = teacher(&quota, ServerMode::Chat).predict(&["a"].map(Fields::text)).unwrap_err().to_string();
    assert!(said.contains("is used up") && said.contains("answers so far are kept"), "{said}");
    assert_eq!(quota.asked(), 1);
    let tries = AtomicUsize::new(0);
    let loading = Server::start(move |path, body| match tries.fetch_add(1, Ordering::Relaxed) {
        0..3 => (503, "", json!({ "error": "Model demo is currently loading", "estimated_time": 0.1 })),
        _ => tells(path, body),
    });
    let teacher = teacher(&loading, ServerMode::Chat);
    std::thread::scope(|scope| {
        let answer =
            std::thread::Builder::new().spawn_scoped(scope, || teacher.predict(&["fine"].map(Fields::text))).unwrap();
        let mut told = retort::session::Sentence::default();
        while !answer.is_finished() {
            told = teacher.waiting().unwrap_or(told);
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(answer.join().unwrap().is_ok());
        assert!(told.contains("currently loading") && told.contains("asked again in"), "{told}");
    });
}

// ---- a teacher that says nothing

/// A session whose teacher is a server, and a place for its run and its answers.
struct Play {
    server: Server,
    folder: tempfile::TempDir,
}

impl Play {
    fn new(server: Server, mode: ServerMode, change: impl FnOnce(&mut Session)) -> Self {
        let play = Self { server, folder: tempfile::tempdir().unwrap() };
        let rows: String = (0..60)
            .map(|n| if n % 2 == 0 { format!("a fine thing {n},good\n") } else { format!("a dull thing {n},bad\n") })
            .collect();
        std::fs::write(play.folder.path().join("rows.csv"), format!("text,label\n{rows}")).unwrap();
        let mut session = Session::built_in().unwrap();
        session.data.source = DataSource::from(Files::of(play.folder.path().join("rows.csv")));
        (session.data.limit, session.data.labelled) = Default::default();
        session.prompt = prompts(&[]);
        session.recipe.terms = vec!["soft_targets".into()];
        (session.recipe.batch, session.recipe.steps, session.recipe.evaluate_every) = (4, 6, 0);
        session.set_teacher(Some(play.server.choice(mode, None)));
        change(&mut session);
        file::save(&session, &play.path()).unwrap();
        play
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("session.ron")
    }

    fn retort(&self, arguments: &[&str]) -> Output {
        let cache = self.folder.path().join("cache");
        Process::new(env!("CARGO_BIN_EXE_retort")).args(arguments).env("RETORT_CACHE", cache).output().unwrap()
    }

    fn run(&self, name: &str) -> Output {
        let (session, out) = (self.path(), self.folder.path().join(name));
        self.retort(&["run", session.to_str().unwrap(), "--out", out.to_str().unwrap(), "--json"])
    }

    fn doctor(&self, more: &[&str]) -> Checkup {
        let path = self.path();
        let arguments = [&["doctor", path.to_str().unwrap(), "--json"], more].concat();
        serde_json::from_slice(&self.retort(&arguments).stdout).unwrap()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_server_whose_first_answers_say_nothing_ends_the_run_before_the_rest_is_paid() {
    type Shown = &'static [(&'static str, f64)];
    type Scene<'a> = (Shown, &'a [(&'a str, &'a str)], &'a [&'a str]);
    let scenes: [Scene; 4] = [
        (
            &[("<think>", 0.9996), ("<", 1e-4)],
            &[],
            &["<think> 100.0 %", "turn its thinking off", "0.0 % of the probability"],
        ),
        (
            &[("very", 0.97), ("the", 0.02)],
            &[("bad", "very bad"), ("good", "very good")],
            &["begin alike, with \"very\"", "very 97.0 %"],
        ),
        (&[("\u{2581}Well", 0.6), ("\"", 0.3)], &[], &["Well 60.0 %", "a prompt that asks for one of them"]),
        (&[("The", 0.99), ("good", 0.002), ("bad", 0.004)], &[], &["0.6 % of the probability"]),
    ];
    for (tokens, words, parts) in scenes {
        for mode in MODES {
            let mute = Arc::new(Mutex::new(true));
            let now = Arc::clone(&mute);
            let server = Server::start(move |path, body| {
                let mute = *now.lock().unwrap();
                if mute {
                    shows(path, body, tokens)
                } else {
                    shows(path, body, &[(" good", 0.5), ("\u{2581}bad", 0.3)])
                }
            });
            let play = Play::new(server, mode, |session| session.prompt = prompts(words));
            let echoes = if mode == ServerMode::Completions { 2 } else { 0 };
            let ended = play.run("mute");
            assert_eq!((ended.status.code(), play.server.asked()), (Some(4), 8 + echoes), "{}", said(&ended));
            for part in parts {
                assert!(said(&ended).contains(part), "{} does not say {part}", said(&ended));
            }
            let checkup = play.doctor(&["--ask"]);
            let row = checkup.finding(Subject::Answers).unwrap();
            assert!(row.grade == Grade::Red && parts.iter().any(|part| row.says.contains(part)), "{row:?}");
            // What says nothing is kept, and asked anew: a server that was set right is not lost.
            *mute.lock().unwrap() = false;
            if words.is_empty() {
                let sound = play.run("sound");
                assert!(sound.status.success(), "{}", said(&sound));
            }
        }
    }
}

#[test]
fn one_text_that_says_something_lets_the_run_go_on() {
    let asked = AtomicUsize::new(0);
    let server = Server::start(move |path, body| match asked.fetch_add(1, Ordering::Relaxed) {
        5 => shows(path, body, &[("good", 0.6), ("bad", 0.2)]),
        _ => shows(path, body, &[("the", 0.9)]),
    });
    let play = Play::new(server, ServerMode::Chat, |_| ());
    let done = play.run("out");
    assert!(done.status.success() && play.server.asked() > 24, "{}", said(&done));
    assert!(said(&done).contains("the label words have"), "{}", said(&done));
}

#[test]
fn the_doctor_names_the_price_asks_only_when_told_and_says_what_the_words_have() {
    let play = Play::new(Server::start(tells), ServerMode::Chat, |_| ());
    let before = play.doctor(&[]);
    let row = before.finding(Subject::Answers).unwrap();
    assert_eq!((row.grade, row.figures["ask_texts"], play.server.asked()), (Grade::Green, 8.0, 0));
    assert!(row.says.contains("was not asked") && row.figures["ask_tokens"] > 8.0, "{row:?}");
    let asked = play.doctor(&["--ask"]);
    let row = asked.finding(Subject::Answers).unwrap();
    assert_eq!((row.grade, play.server.asked()), (Grade::Green, 8));
    assert!(row.says.contains("have 100.0 % of the probability") || row.says.contains("have 98.0 %"), "{row:?}");
    // Paid once: the same row needs no further question.
    let again = play.doctor(&[]);
    assert!((again.finding(Subject::Answers).unwrap().figures["mass"] - row.figures["mass"]).abs() < 1e-9);
    // They are the ones that the run would ask first.
    assert_eq!(again.finding(Subject::Budget).unwrap().figures["known"], 8.0);
    assert_eq!(play.server.asked(), 8);
}

#[test]
fn a_run_after_the_doctor_asks_eight_fewer_questions() {
    for mode in MODES {
        for (batch, steps, every) in [(4, 6, 0), (16, 2, 1), (3, 1, 0), (4, 40, 10)] {
            let play = || {
                Play::new(Server::start(tells), mode, |session| {
                    (session.recipe.batch, session.recipe.steps, session.recipe.evaluate_every) = (batch, steps, every);
                })
            };
            let (alone, after) = (play(), play());
            let done = alone.run("out");
            assert!(done.status.success(), "{}", said(&done));
            after.doctor(&["--ask"]);
            let spent = after.server.asked();
            let done = after.run("out");
            assert!(done.status.success(), "{}", said(&done));
            let (whole, rest) = (alone.server.asked(), after.server.asked() - spent);
            // What finds out how a server wants to be asked is asked by each of them.
            assert!(rest + 8 <= whole, "{mode:?} {batch} {steps}: {rest} of {whole} after {spent}");
            let kept = |play: &Play| kept_answers::list(&play.folder.path().join("cache")).unwrap()[0].answers;
            assert_eq!(kept(&after), kept(&alone), "an answer was paid that no run needs");
        }
    }
}

#[test]
fn words_that_begin_alike_are_said_before_a_chat_is_asked() {
    let words = [("bad", "Very bad"), ("good", "very good")];
    let play = Play::new(Server::start(tells), ServerMode::Chat, |session| session.prompt = prompts(&words));
    let checkup = play.doctor(&[]);
    let row = checkup.finding(Subject::LabelWords).unwrap();
    assert!(row.grade == Grade::Amber && row.says.contains("begin with the same word"), "{row:?}");
}

// ---- a teacher nobody needs

#[test]
fn a_server_that_no_loss_learns_from_is_not_asked() {
    let play = Play::new(Server::start(tells), ServerMode::Chat, |session| {
        session.recipe.terms = vec!["hard_labels".into()];
        session.recipe.evaluate_every = 2;
    });
    let checkup = play.doctor(&["--ask"]);
    for subject in [Subject::Budget, Subject::Answers] {
        let row = checkup.finding(subject).unwrap();
        assert!(row.grade == Grade::Green && row.says.contains("no loss of the recipe learns"), "{row:?}");
    }
    let done = play.run("out");
    assert!(done.status.success() && said(&done).contains("nothing to pay"), "{}", said(&done));
    let summary: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((play.server.asked(), &summary["teacher"]), (0, &Value::Null));
}

#[test]
fn a_model_that_no_loss_learns_from_is_measured_and_not_asked_about_training_texts() {
    let play = Play::new(Server::start(tells), ServerMode::Chat, |session| {
        session.recipe.terms = vec!["hard_labels".into()];
        session.set_teacher(Session::built_in().unwrap().teacher().cloned());
    });
    let done = play.run("out");
    let summary: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert!(summary["teacher"]["test"]["accuracy"].is_number(), "{}", said(&done));
    let kept = kept_answers::list(&play.folder.path().join("cache")).unwrap();
    let journal = std::fs::read_to_string(play.folder.path().join("out/journal.jsonl")).unwrap();
    let parts = journal.lines().find_map(|line| {
        let event: Value = serde_json::from_str(line).ok()?;
        let parts = event.pointer("/Opened/parts").or_else(|| event.pointer("/event/Opened/parts"))?.clone();
        Some(parts["validation"].as_u64()? + parts["test"].as_u64()?)
    });
    assert_eq!((kept.len(), Some(kept[0].answers as u64)), (1, parts), "{kept:?}");
}

// ---- stopping

/// A run of a play's session in this process.
fn begun(play: &Play) -> (WatchEnd, std::thread::JoinHandle<()>) {
    let (watch, end) = connect();
    let thread = retort::engine::spawn(end, retort::record::recorder::Recorder::default()).unwrap();
    let session = Box::new(file::open(&play.path()).unwrap());
    watch.commands.send(Order::Start { session, out: play.folder.path().join("run") }.to(RunId::FIRST)).unwrap();
    wait(
        &watch,
        |event| matches!(event, Event::Reply(Reply::Status(status)) if status.what.starts_with("asking the teacher")),
    );
    (watch, thread)
}

/// How long until an event comes.
fn wait(watch: &WatchEnd, is: impl Fn(&Event) -> bool) -> Duration {
    let begun = Instant::now();
    let found = watch.events.iter().find(|event| {
        assert!(!matches!(event, Event::Fact(_, Fact::Failed(_)) | Event::Reply(Reply::Failed(_))), "{event:?}");
        is(event)
    });
    assert!(found.is_some(), "it never came");
    begun.elapsed()
}

fn is_phase(phase: Phase) -> impl Fn(&Event) -> bool {
    move |event| matches!(event, Event::Reply(Reply::Status(status)) if status.phase == phase)
}

fn unwilling() -> [Server; 3] {
    let silent = |_: &str, _: &Value| -> Said {
        std::thread::sleep(Duration::from_secs(100));
        (200, "", json!({}))
    };
    let busy = |_: &str, _: &Value| -> Said { (429, "Retry-After: 60\r\n", json!({ "message": "too fast" })) };
    [Server::start(|_, _| (503, "", json!({ "error": "loading" }))), Server::start(busy), Server::start(silent)]
}

#[test]
fn a_stop_a_pause_and_the_end_of_the_window_act_within_a_second_whatever_the_server_does() {
    for server in unwilling() {
        let play = Play::new(server, ServerMode::Chat, |_| ());
        let (watch, thread) = begun(&play);
        std::thread::sleep(Duration::from_millis(900));
        watch.commands.send(Order::Pause.to(RunId::FIRST)).unwrap();
        let paused = wait(&watch, is_phase(Phase::Paused));
        assert!(paused < AT_ONCE, "paused after {paused:?}");
        watch.commands.send(Order::Resume.to(RunId::FIRST)).unwrap();
        wait(&watch, is_phase(Phase::Running));
        std::thread::sleep(Duration::from_millis(300));
        watch.commands.send(Order::Stop.to(RunId::FIRST)).unwrap();
        let stopped = wait(&watch, is_phase(Phase::Evaluating));
        assert!(stopped < AT_ONCE, "stopped after {stopped:?}");
        wait(&watch, |event| matches!(event, Event::Fact(_, Fact::Finished(outcome)) if outcome.teacher.is_none()));
        drop(watch);
        thread.join().unwrap();
    }
    for server in unwilling() {
        let play = Play::new(server, ServerMode::Chat, |_| ());
        let (watch, thread) = begun(&play);
        let begun = Instant::now();
        drop(watch);
        thread.join().unwrap();
        assert!(begun.elapsed() < AT_ONCE, "the window closed after {:?}", begun.elapsed());
    }
}

#[test]
fn a_question_that_was_called_off_is_not_put_again() {
    for status in [500, 429, 503] {
        let cancel = CancelToken::default();
        let heard = cancel.clone();
        let server = Server::start(move |_, _| {
            heard.cancel();
            (status, "Retry-After: 0\r\n", json!({ "error": "not now" }))
        });
        let teacher = teacher(&server, ServerMode::Chat);
        for text in ["under way when it was called off", "called off before"] {
            let error = teacher.ask(&Fields::text(text), &cancel).unwrap_err();
            assert!(error.is_cancelled() && server.asked() == 1, "{status}, {text}: {error}, {}", server.asked());
        }
    }
}

#[test]
fn a_paused_run_puts_no_question_and_goes_on_where_it_was() {
    let server = Server::start(|path, body| {
        std::thread::sleep(Duration::from_millis(30));
        tells(path, body)
    });
    let play = Play::new(server, ServerMode::Chat, |_| ());
    let (watch, thread) = begun(&play);
    watch.commands.send(Order::Pause.to(RunId::FIRST)).unwrap();
    wait(&watch, is_phase(Phase::Paused));
    std::thread::sleep(Duration::from_millis(200));
    let asked = play.server.asked();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(play.server.asked(), asked);
    watch.commands.send(Order::Resume.to(RunId::FIRST)).unwrap();
    wait(&watch, |event| matches!(event, Event::Fact(_, Fact::Finished(_))));
    drop(watch);
    thread.join().unwrap();
}

#[test]
fn an_answer_that_comes_after_the_stop_is_kept() {
    let server = Server::start(|path, body| {
        std::thread::sleep(Duration::from_millis(700));
        tells(path, body)
    });
    let folder = tempfile::tempdir().unwrap();
    let targets = || CachedTeacher::keeping(teacher(&server, ServerMode::Chat), Some(folder.path()), 2);
    let mut asking = targets();
    assert!(asking.ask_one(&["fine"].map(Fields::text)).unwrap().is_some());
    drop(asking);
    assert!(!targets().knows(&Fields::text("fine")));
    std::thread::sleep(Duration::from_millis(1500));
    assert!(targets().knows(&Fields::text("fine")), "it was paid for");
    assert_eq!(server.asked(), 1);
}

// ---- the memory

#[test]
fn two_runs_at_once_lose_no_answer_and_take_up_each_others() {
    let server = Server::start(tells);
    let folder = tempfile::tempdir().unwrap();
    let targets = || CachedTeacher::keeping(teacher(&server, ServerMode::Chat), Some(folder.path()), 2);
    let texts: Vec<String> = (0..40).map(|n| format!("text {n}")).collect();
    let part = |range: std::ops::Range<usize>| {
        let mut own = targets();
        texts[range].iter().for_each(|text| drop(own.predict(&[Fields::text(text.as_str())]).unwrap()));
    };
    std::thread::scope(|scope| {
        for range in [0..20, 20..40] {
            std::thread::Builder::new().spawn_scoped(scope, || part(range)).unwrap();
        }
    });
    assert!(texts.iter().all(|text| targets().knows(&Fields::text(text.as_str()))));
    assert_eq!(server.asked(), 40);
    // Of two that are open at once the second does not pay for what the first has paid for meanwhile.
    let (mut first, mut second) = (targets(), targets());
    let answer = first.predict(&["something new"].map(Fields::text)).unwrap();
    assert_eq!(second.predict(&["something new"].map(Fields::text)).unwrap(), answer);
    assert_eq!(server.asked(), 41);
}

fn former_record(text: &str, scores: &[f32]) -> Vec<u8> {
    let mut bytes = blake3::hash(text.as_bytes()).as_bytes().to_vec();
    bytes.extend(scores.iter().flat_map(|value| value.to_le_bytes()));
    let sum = blake3::hash(&bytes);
    bytes.extend_from_slice(&sum.as_bytes()[..8]);
    bytes
}

fn name(fingerprint: &[u8; 32]) -> String {
    let hex: String = fingerprint[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{hex}.targets")
}

/// The fingerprint that earlier versions gave a server's questions.
fn former_fingerprint(server: &Server, mode: ServerMode) -> [u8; 32] {
    let prompt = prompt(&[]);
    let words: Vec<String> = classes().iter().map(|class| format!(" {class}")).collect();
    let asked = (server.url.as_str(), "big".to_owned(), mode, prompt.template.clone(), words, prompt.scoring, 0usize);
    *blake3::hash(format!("retort server targets 1 {asked:?}").as_bytes()).as_bytes()
}

#[test]
fn paid_answers_of_earlier_versions_are_read_where_they_are_unambiguous_and_named_where_not() {
    let server = Server::start(tells);
    let (one, two) = ([-0.05f32, -3.0], [-2.0f32, -0.145]);
    for (mode, costs, is_read) in [
        (ServerMode::Chat, "", true),
        (ServerMode::Completions, "30,9,1\n33,9,1\n", true),
        (ServerMode::Completions, "30,9,1\n33,9,2\n", false),
        (ServerMode::Completions, "", false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name(&former_fingerprint(&server, mode)));
        let mute = former_record("mute", &[-std::f32::consts::LN_2, -std::f32::consts::LN_2]);
        let bytes = [former_record("one", &one), former_record("two", &two), mute, vec![1; 7]].concat();
        std::fs::write(&path, &bytes).unwrap();
        std::fs::write(path.with_extension("tokens.csv"), costs).unwrap();
        let mut targets = CachedTeacher::keeping(teacher(&server, mode), Some(folder.path()), 2);
        let asked = server.asked();
        let answers = targets.predict(&["one", "two"].map(Fields::text)).unwrap();
        let (first, second): (Vec<f32>, Vec<f32>) = (answers[0].to_vec(), answers[1].to_vec());
        assert_eq!(first == one && second == two, is_read, "{mode:?} {costs:?}");
        assert_eq!(server.asked() == asked, is_read, "{mode:?} {costs:?}");
        let warning = targets.take_warning().unwrap();
        assert!(warning.contains(path.to_str().unwrap()), "{warning}");
        assert!(warning.contains(if is_read { "say nothing" } else { "are not read" }), "{warning}");
        targets.predict(&["mute"].map(Fields::text)).unwrap();
        assert!(server.asked() > asked, "an answer that says nothing is asked anew");
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "the file is never written");
        let listed = kept_answers::list(folder.path()).unwrap();
        let former = listed.iter().find(|kept| kept.path == path).unwrap();
        assert_eq!((former.format, former.answers, former.classes), (1, 3, 2), "{former:?}");
        // Where nothing was counted, both say that this is why.
        let said = (warning.contains("counted no tokens"), former.note.as_ref().unwrap().contains("counted no tokens"));
        assert_eq!(said, (!is_read && costs.is_empty(), costs.is_empty()), "{warning}\n{former:?}");
    }
}

#[test]
fn answers_of_random_weights_are_never_taken_for_those_of_the_stored_ones() {
    let session = Session::built_in().unwrap();
    let classes: Vec<String> = ["music", "sport", "space"].map(str::to_owned).to_vec();
    let texts = ["the band played all night", "a goal in the last minute", "the rocket left the pad"];
    let open = |init, seed| {
        let choice = ModelChoice { init, ..ModelChoice::stored(Source::BuiltIn("posts-teacher".into())) };
        let model = model::open(&choice, classes.len(), seed, &Device::Cpu).unwrap();
        LocalTeacher::new(Arc::new(model), &session.prompt.for_teacher(), &classes, &Layout::default()).unwrap()
    };
    let truth: Vec<Vec<f32>> = open(Init::Stored, 0).predict(&texts.map(Fields::text)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let answer = |teacher: LocalTeacher| -> Vec<Vec<f32>> {
        let mut targets = CachedTeacher::keeping(teacher, Some(folder.path()), 3);
        targets.predict(&texts.map(Fields::text)).unwrap().iter().map(|answer| answer.to_vec()).collect()
    };
    let fresh = [answer(open(Init::Fresh, 1)), answer(open(Init::Fresh, 2))];
    assert_ne!(fresh[0], fresh[1], "another seed is another teacher");
    assert_eq!(answer(open(Init::Stored, 0)), truth);
    assert_eq!(answer(open(Init::Fresh, 1)), fresh[0]);
    // What an earlier version kept under the stored weights' name may be anybody's.
    let stored = open(Init::Stored, 0);
    let former = stored.identity().former.clone().unwrap();
    for (kept, note) in [(&fresh[0], true), (&truth, false)] {
        let folder = tempfile::tempdir().unwrap();
        let records = texts.iter().zip(kept).flat_map(|(text, scores)| former_record(text, scores));
        std::fs::write(folder.path().join(name(&former.fingerprint)), records.collect::<Vec<u8>>()).unwrap();
        let mut targets = CachedTeacher::keeping(open(Init::Stored, 0), Some(folder.path()), 3);
        assert!(targets.knows(&Fields::text(texts[0])), "the name is the one that earlier versions gave");
        let ours: Vec<Vec<f32>> =
            targets.predict(&texts.map(Fields::text)).unwrap().iter().map(|answer| answer.to_vec()).collect();
        assert_eq!(ours, truth);
        assert_eq!(targets.take_warning().is_some_and(|said| said.contains("not this teacher's")), note);
    }
}

#[test]
fn the_list_names_teacher_size_and_price_and_removes_nothing() {
    let play = Play::new(Server::start(tells), ServerMode::Chat, |_| ());
    assert!(play.doctor(&["--ask"]).finding(Subject::Answers).is_some());
    let cache = play.folder.path().join("cache");
    std::fs::write(cache.join(format!("{}.targets", "0".repeat(32))), former_record("x", &[-1.0, -0.46])).unwrap();
    let listed = String::from_utf8(play.retort(&["list", "answers"]).stdout).unwrap();
    for part in ["big", "tokens paid", "an earlier version", "2 files"] {
        assert!(listed.contains(part), "{listed}");
    }
    let json: Value = serde_json::from_slice(&play.retort(&["list", "answers", "--json"]).stdout).unwrap();
    let server = json.as_array().unwrap().iter().find(|kept| kept["format"] == 2).unwrap();
    assert_eq!((&server["answers"], &server["about"]["teacher"]), (&json!(8), &json!("big")));
    assert!(server["tokens"].as_u64().unwrap() > 8);
    assert_eq!(kept_answers::list(Path::new("no/such/folder")).unwrap(), []);
}
