//! Students beside teacher and student, asked on a thread of their own: neither a run nor the lens waits for them.
//!
//! Their weights do not change, so each is asked once for every text. What is open stays open while it is asked for, and
//! is let go with its column. What was asked meanwhile is seen between two columns: a person who types is answered about
//! the text that stands there last.

mod snapshot;
mod test_part;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use super::EngineError;
use crate::link::{Cells, SnapshotFrame, SnapshotRequest, SnapshotState, TestAnswers, TopAnswer, Wake};
use crate::session::{Say as _, Sentence, Session, StudentSnapshot, say};
pub use snapshot::{Snapshot, identity};
use test_part::{Part, TestPart};

/// Texts of the test part that are answered between two looks at what else is asked.
const TEXTS: usize = 16;
/// How often it is shown how far that is.
const SHOWN_EVERY: Duration = Duration::from_millis(200);

/// Answers what stands in the cell whenever it is told to look, until the watching end is gone.
///
/// # Errors
/// The operating system's, if it has no thread to give.
pub fn spawn(asked: Receiver<()>, cells: Cells, wake: Wake) -> std::io::Result<()> {
    let work = move || Columns { cells, wake, open: Vec::new(), part: TestPart::default() }.serve(&asked);
    std::thread::Builder::new().name("side by side".to_owned()).spawn(work).map(drop)
}

/// A column that is open, or why it is not.
struct Column {
    which: StudentSnapshot,
    /// Of which session, where it is a state of the own student.
    session: Option<Box<Session>>,
    found: Result<Snapshot, Sentence>,
    /// Its answers to the test part so far.
    tested: Vec<TopAnswer>,
}

struct Columns {
    cells: Cells,
    wake: Wake,
    open: Vec<Column>,
    part: TestPart,
}

impl Columns {
    fn serve(mut self, asked: &Receiver<()>) {
        while asked.recv().is_ok() {
            while asked.try_recv().is_ok() {}
            self.answer(&self.cells.ask_beside.load());
        }
    }

    fn answer(&mut self, request: &SnapshotRequest) {
        let wanted = |column: &Column| request.columns.iter().any(|which| column.is(which, request));
        // What could not be had is tried anew: the person may have mended it.
        self.open.retain(|column| wanted(column) && column.found.is_ok());
        let before = self.cells.beside.load();
        let mut frames: Vec<SnapshotFrame> = request.columns.iter().map(|which| standing(which, &before)).collect();
        self.show(&frames);
        for place in 0..frames.len() {
            if self.cells.ask_beside.load().revision != request.revision {
                return;
            }
            let state = self.state(&frames[place].snapshot.clone(), request);
            frames[place] = SnapshotFrame { state, revision: request.revision, ..frames[place].clone() };
            self.show(&frames);
        }
        for place in request.test.clone() {
            if !self.test(place, request, &mut frames) {
                return;
            }
        }
    }

    /// Asks a column about the test part and shows how far it is; `false` where something else is asked meanwhile: what
    /// is answered stays.
    fn test(&mut self, place: usize, request: &SnapshotRequest, frames: &mut [SnapshotFrame]) -> bool {
        let Some(frame) = frames.get(place) else { return true };
        let which = frame.snapshot.clone();
        let examples = self.part.examples(request);
        let mut shown = Instant::now();
        loop {
            let Some(column) = self.open.iter_mut().find(|column| column.is(&which, request)) else { return true };
            let (test, done) = column.test_on(&examples);
            if done || shown.elapsed() >= SHOWN_EVERY {
                put(frames, place, test);
                self.show(frames);
                shown = Instant::now();
            }
            if done || self.cells.ask_beside.load().revision != request.revision {
                return done;
            }
        }
    }

    fn show(&self, frames: &[SnapshotFrame]) {
        self.cells.beside.store(frames.to_vec());
        self.wake.call(Duration::ZERO);
    }

    /// What a column says; a model that comes apart takes its column with it and nothing else.
    fn state(&mut self, which: &StudentSnapshot, request: &SnapshotRequest) -> SnapshotState {
        let work = AssertUnwindSafe(|| {
            self.open(which, request)
                .map(|snapshot| Box::new(snapshot.answer(&request.text, &request.pinned, request.attention)))
        });
        match catch_unwind(work) {
            Ok(Ok(answer)) => SnapshotState::Open(answer),
            Ok(Err(why)) => SnapshotState::Refused(why),
            Err(_) => SnapshotState::Refused(say!("the model met a bug; take its column away, and please report this")),
        }
    }

    fn open(&mut self, which: &StudentSnapshot, request: &SnapshotRequest) -> Result<&Snapshot, Sentence> {
        let place = match self.open.iter().position(|column| column.is(which, request)) {
            Some(place) => place,
            None => {
                let session = own(which, request);
                let found = Snapshot::open(which, session.as_deref()).map_err(|e: EngineError| e.said());
                self.open.push(Column { which: which.clone(), session, found, tested: Vec::new() });
                self.open.len() - 1
            }
        };
        self.open[place].found.as_ref().map_err(Sentence::clone)
    }
}

/// Puts a column's answers to the test part.
fn put(frames: &mut [SnapshotFrame], place: usize, test: TestAnswers) {
    if let Some(SnapshotState::Open(answer)) = frames.get_mut(place).map(|frame| &mut frame.state) {
        answer.test = Some(test);
    }
}

impl Column {
    /// Answers a few more texts; tells whether that was all.
    fn test_on(&mut self, examples: &Result<Part, Sentence>) -> (TestAnswers, bool) {
        let refused = |problem: Sentence| (TestAnswers { problem: Some(problem), ..TestAnswers::default() }, true);
        let (part, snapshot) = match (examples, &self.found) {
            (Ok(part), Ok(snapshot)) => (part, snapshot),
            (Err(why), _) | (_, Err(why)) => return refused(why.clone()),
        };
        let test = &part.data.test;
        let rest = test.get(self.tested.len()..).unwrap_or_default();
        match snapshot.answer_all(rest.get(..TEXTS).unwrap_or(rest)) {
            Ok(answers) => self.tested.extend(answers),
            Err(e) => return refused(e.said()),
        }
        let done = self.tested.len() >= test.len();
        let answers = self.tested.as_slice().into();
        (TestAnswers { answers, part: Arc::clone(&part.shown), problem: None }, done)
    }

    fn is(&self, which: &StudentSnapshot, request: &SnapshotRequest) -> bool {
        self.which == *which && self.session == own(which, request)
    }
}

/// The session that a state of the own student is of, without what does not change its student.
fn own(which: &StudentSnapshot, request: &SnapshotRequest) -> Option<Box<Session>> {
    let session = request.session.as_deref().filter(|_| !matches!(which, StudentSnapshot::Run(_)))?;
    let still = Session {
        name: String::new(),
        knobs: Default::default(),
        script: Vec::new(),
        probes: Vec::new(),
        view: Default::default(),
        ..session.clone()
    };
    Some(Box::new(still))
}

/// What is shown of a column until it has answered: its last answer.
fn standing(which: &StudentSnapshot, before: &[SnapshotFrame]) -> SnapshotFrame {
    let known = before.iter().find(|frame| frame.snapshot == *which).cloned();
    known.unwrap_or(SnapshotFrame { snapshot: which.clone(), revision: 0, state: SnapshotState::Opening })
}
