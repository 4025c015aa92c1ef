//! Students side by side, asked by the engine's own thread: each column says what that very student says when it is
//! opened alone, and a column that cannot be had says why.
#![cfg(feature = "engine")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use retort::engine;
use retort::engine::data::{Example, Fields};
use retort::engine::pair::Pair;
use retort::engine::probe;
use retort::engine::side_by_side::identity;
use retort::link::{
    Command, Event, Fact, OfRun, Order, ProbeRequest, RunId, SnapshotAnswer, SnapshotFrame, SnapshotRequest,
    SnapshotState, WatchEnd, connect,
};
use retort::record::recorder::Recorder;
use retort::session::{Session, StudentSnapshot, file};

const PATIENCE: Duration = Duration::from_secs(240);
const TEXT: &str = "The oven should be hot before the bread goes in.";

struct Bench {
    watch: WatchEnd,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let (watch, end) = connect();
        engine::spawn(end, Recorder::default()).unwrap();
        Self { watch, folder: tempfile::tempdir().unwrap() }
    }

    fn send(&self, command: Command) {
        self.watch.commands.send(command).unwrap();
    }

    /// Waits for news.
    fn hear<T>(&self, mut news: impl FnMut(&Event) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(begun.elapsed());
            let event = self.watch.events.recv_timeout(left).expect("the engine says nothing");
            assert!(event.failure().is_none(), "{:?}", event.failure());
            if let Some(found) = news(&event) {
                return found;
            }
        }
    }

    /// Runs a session to its end.
    fn run(&self, session: &Session, name: &str) {
        let (session, out) = (Box::new(session.clone()), self.folder.path().join(name));
        self.send(Order::Start { session, out }.to(RunId::FIRST));
        self.hear(|event| matches!(event, Event::Fact(_, Fact::Finished(_))).then_some(()));
    }

    /// Asks columns and waits until all have answered.
    fn beside(&self, revision: u64, session: &Session, columns: &[StudentSnapshot], text: &str) -> Vec<SnapshotFrame> {
        self.beside_and_tested(revision, session, columns, text, &[])
    }

    /// The same; those at the places `test` have answered the test part.
    fn beside_and_tested(
        &self,
        revision: u64,
        session: &Session,
        columns: &[StudentSnapshot],
        text: &str,
        test: &[usize],
    ) -> Vec<SnapshotFrame> {
        let request = SnapshotRequest {
            revision,
            columns: columns.to_vec(),
            session: Some(Arc::new(session.clone())),
            text: text.to_owned(),
            pinned: vec![TEXT.to_owned(), String::new()],
            attention: Some(0),
            test: test.to_vec(),
        };
        self.watch.cells.ask_beside.store(request);
        self.watch.beside.send(()).unwrap();
        let begun = Instant::now();
        loop {
            let frames = self.watch.cells.beside.load();
            let done = |frame: &SnapshotFrame| frame.revision == revision && frame.state != SnapshotState::Opening;
            let tested = |place: &usize| {
                let test = frames.get(*place).and_then(|frame| open(frame).test.as_ref());
                test.is_some_and(|test| test.problem.is_some() || test.answers.len() == test.part.len())
            };
            if frames.len() == columns.len() && frames.iter().all(done) && test.iter().all(tested) {
                return frames.to_vec();
            }
            assert!(begun.elapsed() < PATIENCE, "the columns do not answer: {frames:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn session(name: &str, steps: u64) -> Session {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sessions").join(name);
    let mut session = file::open(&path).unwrap();
    session.data.limit = retort::session::Limits::each(Some(40));
    (session.recipe.steps, session.recipe.checkpoint_every, session.recipe.evaluate_every) = (steps, 2, steps);
    session.recipe.batch = 4;
    session
}

fn open(frame: &SnapshotFrame) -> &SnapshotAnswer {
    match &frame.state {
        SnapshotState::Open(answer) => answer,
        other => panic!("{:?}: {other:?}", frame.snapshot),
    }
}

/// What the pair's student says alone.
fn alone(pair: &Pair, text: &str) -> Vec<f32> {
    let request = ProbeRequest { text: text.to_owned(), ..ProbeRequest::default() };
    let example = Example::of(&Fields::typed(&pair.assets.data.layout, text));
    probe::look(pair, &request, &example, &pair.session.prompt, (0, 1)).unwrap().student.scores
}

#[test]
fn each_column_says_what_that_very_student_says() {
    for name in ["built-in.ron", "labels-only.ron", "masked-token.ron", "next-token.ron"] {
        let bench = Bench::new();
        let session = session(name, 5);
        bench.run(&session, "one");
        bench.run(&session, "again");
        let run = Session { run: Some(bench.folder.path().join("one")), ..session.clone() };
        let other = StudentSnapshot::Run(bench.folder.path().join("again"));
        let columns = [StudentSnapshot::BeforeTraining, StudentSnapshot::Checkpoint(4), other];
        let frames = bench.beside(1, &run, &columns, TEXT);
        let [before, fourth, other] = [0, 1, 2].map(|place| open(&frames[place]));

        // Without a teacher, whose likeliest tokens would stand among the outcomes.
        let fresh = Pair::open_student(&session).unwrap();
        assert_eq!(before.identity, identity(&fresh.student, 0).unwrap(), "{name}");
        let side = before.side.as_ref().unwrap();
        assert_eq!(side.scores, alone(&fresh, TEXT), "{name}: to the bit");
        assert!(!side.attention.is_empty() && side.attention.len() == side.heads * side.tokens.len().pow(2), "{name}");

        assert_eq!(fourth.identity.step, 4, "{name}");
        let hashes = [before, fourth, other].map(|column| column.identity.hash.clone());
        assert!(hashes[0] != hashes[1] && hashes[1] != hashes[2] && hashes[0] != hashes[2], "{name}: {hashes:?}");
        assert_eq!(other.identity.step, 5, "{name}");

        // The run on show has ended with the very same weights as its twin.
        bench.watch.cells.ask.store(ProbeRequest {
            revision: 7,
            text: TEXT.to_owned(),
            pinned: [TEXT.to_owned(), String::new()].into(),
            ..ProbeRequest::default()
        });
        bench.send(Command::Look);
        let begun = Instant::now();
        let shown = loop {
            let cell = bench.watch.cells.probe.load();
            if let Some(frame) = OfRun::held(&cell, RunId::FIRST).filter(|frame| frame.revision == 7) {
                break frame.clone();
            }
            assert!(begun.elapsed() < PATIENCE, "{name}");
            std::thread::sleep(Duration::from_millis(10));
        };
        assert_eq!(shown.identity.as_ref(), Some(&other.identity), "{name}");
        let theirs = &other.side.as_ref().unwrap().scores;
        if session.teacher().is_none() || session.recipe.task.is_classes() {
            let close = theirs.iter().zip(&shown.student.scores).all(|(a, b)| (a - b).abs() < 1e-5);
            assert!(close && theirs.len() == shown.student.scores.len(), "{name}: {theirs:?}");
        }
        let cell = bench.watch.cells.pinned.load();
        let pinned = OfRun::held(&cell, RunId::FIRST).unwrap();
        assert_eq!(pinned.student[0].answer, other.pinned[0].answer, "{name}");
        assert!((pinned.student[0].probability - other.pinned[0].probability).abs() < 1e-5, "{name}");
        assert_eq!(pinned.teacher.is_empty(), session.teacher().is_none(), "{name}");
        assert_eq!((other.pinned.len(), pinned.student.len()), (2, 2), "{name}");
    }
}

#[test]
fn a_column_answers_the_test_part_of_the_session_on_show_as_its_run_did() {
    let bench = Bench::new();
    let session = session("labels-only.ron", 5);
    bench.run(&session, "one");
    let run = Session { run: Some(bench.folder.path().join("one")), ..session.clone() };
    let columns = [StudentSnapshot::BeforeTraining, StudentSnapshot::Run(bench.folder.path().join("one"))];
    let frames = bench.beside_and_tested(1, &run, &columns, TEXT, &[1]);
    assert!(open(&frames[0]).test.is_none(), "nobody asked it");
    let test = open(&frames[1]).test.as_ref().unwrap();
    let mut table = csv::Reader::from_path(bench.folder.path().join("one/predictions.csv")).unwrap();
    let place = |name: &str, head: &csv::StringRecord| head.iter().position(|column| column == name).unwrap();
    let head = table.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert!(rows.len() > 10 && rows.len() == test.answers.len() && rows.len() == test.part.len());
    for (row, (answer, (_, gold))) in rows.iter().zip(test.answers.iter().zip(test.part.iter())) {
        assert_eq!(
            (&row[place("student", &head)], &row[place("gold", &head)]),
            (answer.answer.as_str(), gold.as_str())
        );
        let p: f32 = row[place(&format!("student:{}", answer.answer), &head)].parse().unwrap();
        assert!((p - answer.probability).abs() < 1e-5);
    }
    // Over tokens there are no classes to compare.
    let mut tokens = run.clone();
    tokens.recipe.task = retort::session::TaskKind::NEXT_TOKEN;
    let frames = bench.beside_and_tested(2, &tokens, &columns[1..], TEXT, &[0]);
    let why = open(&frames[0]).test.as_ref().unwrap().problem.as_ref().unwrap().to_string();
    assert!(why.contains("where they answer with classes"), "{why}");
}

#[test]
fn a_column_that_cannot_be_had_says_why_and_the_others_answer() {
    let bench = Bench::new();
    let session = session("labels-only.ron", 2);
    let empty = bench.folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let mut half = session.clone();
    half.run = None;
    let unfinished = bench.folder.path().join("unfinished");
    std::fs::create_dir(&unfinished).unwrap();
    std::fs::write(unfinished.join("session.ron"), file::to_text(&half).unwrap()).unwrap();
    let columns = [
        StudentSnapshot::Run(empty.clone()),
        StudentSnapshot::Run(unfinished),
        StudentSnapshot::Checkpoint(2),
        StudentSnapshot::BeforeTraining,
    ];
    let frames = bench.beside(1, &session, &columns, TEXT);
    let why = |place: usize| match &frames[place].state {
        SnapshotState::Refused(why) => why.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(why(0).contains("empty") && why(0).contains("session.ron"), "{}", why(0));
    assert!(why(1).contains("no checkpoint") && why(1).contains("let it come to its end"), "{}", why(1));
    assert!(why(2).contains("no run on show"), "{}", why(2));
    assert!(open(&frames[3]).side.is_some());
    // A text that is empty has no answer, and the column stays open.
    let frames = bench.beside(2, &session, &columns[3..], "  ");
    assert_eq!((open(&frames[0]).side.as_ref(), open(&frames[0]).problem.as_ref()), (None, None));
    // A damaged checkpoint is refused, and is had once it is whole.
    bench.run(&session, "run");
    let run = Session { run: Some(bench.folder.path().join("run")), ..session };
    let tensors = bench.folder.path().join("run/checkpoints/step-000000002/state.safetensors");
    let whole = std::fs::read(&tensors).unwrap();
    std::fs::write(&tensors, &whole[..whole.len() / 2]).unwrap();
    let frames = bench.beside(3, &run, &[StudentSnapshot::Checkpoint(2)], TEXT);
    assert!(
        matches!(&frames[0].state, SnapshotState::Refused(why) if why.to_string().contains("not what was written"))
    );
    std::fs::write(&tensors, whole).unwrap();
    let frames = bench.beside(4, &run, &[StudentSnapshot::Checkpoint(2)], TEXT);
    assert_eq!(open(&frames[0]).identity.step, 2);
}
