//! A run's folder: what may be written there, what is in it at every moment, and what one can go on
//! from. The models are tiny and the steps take milliseconds.
#![cfg(feature = "engine")]

mod damage;
mod ending;
mod inputs;
mod measured;
#[path = "../openai_server/mod.rs"]
mod openai_server;
mod refused;
#[cfg(feature = "window")]
mod shelf_timeline;
mod timeline;
mod unwritten;
mod version_2;
#[path = "../where_computed/mod.rs"]
mod where_computed;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Output};
use std::thread::JoinHandle;
use std::time::Duration;

use retort::engine;
use retort::link::{Command, Event, Fact, Order, Outcome, Phase, Reply, RunId, WatchEnd, connect};
use retort::record::recorder::Recorder;
use retort::session::{DataSource, Files, Format, Init, Limits, ModelChoice, Session, Source};

/// A classifier of two layers and width 32 on a few short texts, from labels alone.
pub fn tiny(data: &Path) -> Session {
    let texts =
        ["a goal", "the moon is far out", "soup with bread", "tea", "near the gate", "a ball is out", "hot tea"];
    let classes = ["sport", "space", "food", "drink"];
    let row = |i: usize| format!("{} {},{}\n", texts[i % 7], texts[i * i % 5], classes[i % 4]);
    let rows: String = (0..64).map(row).collect();
    let path = data.join("rows.csv");
    std::fs::write(&path, format!("text,label\n{rows}")).unwrap();
    let mut session = Session::built_in().unwrap();
    session.name = "tiny".into();
    session.data.source = DataSource::from(Files { format: Format::delimited(true), ..Files::of(path) });
    (session.data.validation, session.data.test) = (0.2, 0.2);
    (session.data.limit, session.data.labelled) = (Limits::default(), None);
    session.set_teacher(None);
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bert_classifier");
    session.student = ModelChoice { init: Init::Fresh, ..ModelChoice::stored(Source::Folder(model)) };
    session.recipe.terms = vec!["hard_labels".into()];
    (session.recipe.steps, session.recipe.batch, session.recipe.warmup) = (12, 4, 2);
    (session.recipe.evaluate_every, session.recipe.checkpoint_every) = (0, 2);
    session.recipe.device = where_computed::asked();
    session.knobs = BTreeMap::from([("optimizer.learning_rate".to_owned(), 0.003)]);
    session
}

/// An engine, and everything it has said.
pub struct Play {
    pub watch: Option<WatchEnd>,
    thread: Option<JoinHandle<()>>,
    pub said: Vec<Event>,
}

impl Play {
    pub fn begin() -> Self {
        let (watch, end) = connect();
        let thread = engine::spawn(end, Recorder::default()).unwrap();
        Self { watch: Some(watch), thread: Some(thread), said: Vec::new() }
    }

    pub fn send(&mut self, command: Command) {
        self.watch.as_ref().unwrap().commands.send(command).unwrap();
    }

    /// Listens until `over` says so of an event; gives everything that came since the last call.
    pub fn until(&mut self, over: impl Fn(&Event) -> bool) -> &[Event] {
        let from = self.said.len();
        loop {
            let event = self.watch.as_ref().unwrap().events.recv_timeout(Duration::from_secs(60));
            let event = event.unwrap_or_else(|e| panic!("{e} after {:?}", self.said.last()));
            let last = over(&event);
            self.said.push(event);
            if last {
                return &self.said[from..];
            }
        }
    }

    /// Listens until the engine is in one of these phases, with nothing more to say of it.
    pub fn until_phase(&mut self, phases: &[Phase]) -> &[Event] {
        self.until(|event| matches!(event, Event::Reply(Reply::Status(status)) if phases.contains(&status.phase)))
    }

    /// Carries an order out to the end of a run, or to its refusal.
    pub fn to_the_end(&mut self, order: Command) -> Result<Outcome, String> {
        self.send(order);
        let ended = |event: &Event| matches!(event, Event::Reply(Reply::Status(s)) if matches!(s.phase, Phase::Finished | Phase::Stopped | Phase::Failed));
        self.until(ended);
        let last = self.said.iter().rev().find_map(|event| match event {
            Event::Fact(_, Fact::Finished(outcome)) => Some(Ok((**outcome).clone())),
            Event::Fact(_, Fact::Failed(notice)) | Event::Reply(Reply::Failed(notice)) => {
                Some(Err(notice.text.to_string()))
            }
            _ => None,
        });
        last.unwrap()
    }

    /// The warnings so far.
    pub fn warnings(&self) -> Vec<&str> {
        let said = self.said.iter().filter_map(|event| match event {
            Event::Fact(_, Fact::Warning(notice)) | Event::Reply(Reply::Warning(notice)) => Some(&*notice.text),
            _ => None,
        });
        said.collect()
    }

    pub fn leave(&mut self) {
        drop(self.watch.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Play {
    fn drop(&mut self) {
        drop(self.watch.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub fn start(session: &Session, out: &Path) -> Command {
    Order::Start { session: Box::new(session.clone()), out: out.to_owned() }.to(RunId::FIRST)
}

/// A run of `session` from start to end.
pub fn run(session: &Session, out: &Path) -> Outcome {
    Play::begin().to_the_end(start(session, out)).unwrap()
}

/// Takes a run up and follows it to its end; gives what was said as well.
pub fn resume(out: &Path) -> (Result<Outcome, String>, Play) {
    let mut play = Play::begin();
    (play.to_the_end(Order::Continue(out.to_owned()).to(RunId::FIRST)), play)
}

/// Runs to `step` and leaves.
pub fn leave_at(session: &Session, out: &Path, step: u64) {
    let mut play = Play::begin();
    play.send(start(session, out));
    play.send(Order::Pause.to(RunId::FIRST));
    play.until_phase(&[Phase::Paused]);
    for _ in 0..step {
        play.send(Order::StepOnce.to(RunId::FIRST));
        play.until_phase(&[Phase::Paused]);
    }
    play.leave();
}

/// The program itself.
pub fn retort(arguments: &[&str], home: &Path) -> Output {
    let cache = tempfile::tempdir().unwrap();
    let mut process = Process::new(env!("CARGO_BIN_EXE_retort"));
    process.args(arguments).env("RETORT_CACHE", cache.path()).env("HOME", home).current_dir(home).output().unwrap()
}

/// The weights of the student a run has saved.
pub fn weights(out: &Path) -> Vec<u8> {
    std::fs::read(out.join("student/model.safetensors")).unwrap()
}

/// Every file and link below `folder`, with its bytes or where it leads; folders too.
pub fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        let held = if kind.is_symlink() {
            std::fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
        } else if kind.is_dir() {
            found.extend(tree(&path));
            Vec::new()
        } else {
            std::fs::read(&path).unwrap()
        };
        found.insert(path, held);
    }
    found
}
