//! A run of very many steps, told as the engine tells it and faster: what the window keeps of it, and what its frames
//! cost on the way.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use egui::Context;
use serde::Serialize;

use super::course::Course;
use super::process::resident_mib;
use crate::link::{EngineEnd, EventSink as _, Fact, Phase, Reply, RunId, SeriesId, Status, Step};
use crate::session::Session;
use crate::window::app::WorkbenchApp;
use crate::window::timing::Spread;

/// The first memory that is told: what a window takes with a short run.
pub const FROM: Step = 10_000;
/// Curves of the run.
const CURVES: usize = 12;
/// Steps between two checkpoints.
const CHECKPOINTS: Step = 5_000;
/// Steps that are told at once.
const TOLD: Step = 2_000;
/// How long steps are told without a frame: a software renderer would take most of the time otherwise.
const UNSEEN: Duration = Duration::from_millis(500);
/// Frames that are measured each time memory is told.
const FRAMES: usize = 60;
/// Frames before them, which still take in what was told.
const FIRST: usize = 4;

/// What the window takes after so many steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct MemoryAt {
    /// Steps.
    pub steps: Step,
    /// Memory of the whole process, MiB; `None` where the system does not tell.
    pub resident_mib: Option<f64>,
    /// CPU time per frame: half of the frames take less, milliseconds.
    pub median_ms: f32,
    /// One in a hundred takes more.
    pub p99_ms: f32,
}

/// What a long run costs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LongRunReport {
    /// Curves of the run.
    pub curves: usize,
    /// At 10⁴ steps, at each power of ten, and at the end.
    pub at: Vec<MemoryAt>,
    /// By how much memory has grown since 10⁴ steps, MiB.
    pub growth_mib: Option<f64>,
}

impl LongRunReport {
    /// In lines.
    pub fn words(&self) -> String {
        let mib = |mib: Option<f64>| mib.map_or("not told".to_owned(), |mib| format!("{mib:.1} MiB"));
        let mut lines = vec![format!("a run of {} curves, memory of the whole process:", self.curves)];
        lines.extend(self.at.iter().map(|at| {
            let MemoryAt { steps, resident_mib, median_ms, p99_ms } = at;
            let memory = mib(*resident_mib);
            format!("{steps:>9} steps: {memory}, {median_ms:.2} ms median, {p99_ms:.2} ms 99th percentile a frame")
        }));
        lines.push(format!("grown by {}", mib(self.growth_mib)));
        lines.join("\n")
    }
}

/// Tells the run and measures on the way.
pub(super) struct LongRun {
    end: EngineEnd,
    session: Session,
    out: PathBuf,
    ids: Vec<SeriesId>,
    steps: Step,
    told: Option<Step>,
    frames: Vec<f32>,
    report: LongRunReport,
}

impl LongRun {
    pub(super) fn new(end: EngineEnd, session: Session, out: PathBuf, steps: Step) -> Self {
        let ids = (0..CURVES).map(|place| SeriesId::from(format!("loss/term_{place}").as_str())).collect();
        let report = LongRunReport { curves: CURVES, ..LongRunReport::default() };
        Self { end, session, out, ids, steps, told: None, frames: Vec::new(), report }
    }

    fn say(&mut self, fact: Fact) {
        self.end.sink.emit(fact.of(RunId::FIRST));
    }

    fn begin(&mut self) {
        let session = Box::new(self.session.clone());
        self.say(Fact::Started { session, out: self.out.clone(), step: 0 });
        let status = Status { phase: Phase::Running, total: self.steps, ..Status::default() };
        self.end.sink.emit(Reply::Status(status).into());
        self.told = Some(0);
    }

    /// Tells the steps up to the next that memory is told of, some in a frame.
    fn tell(&mut self, from: Step) {
        let to = (from + TOLD).min(self.next_told());
        for step in from..to {
            let value =
                |place: usize| 2.0 / (1.0 + step as f64 / 1e4) + (step as f64 * 0.37 + place as f64).sin() / 7.0;
            let values = self.ids.iter().enumerate().map(|(place, id)| (id.clone(), value(place))).collect();
            self.say(Fact::Scalars { step, values });
            if step % CHECKPOINTS == CHECKPOINTS - 1 {
                self.say(Fact::Checkpoint { step: step + 1 });
            }
        }
        self.told = Some(to);
    }

    /// The steps after which memory is told next: 10⁴, 10⁵, …, and the last.
    fn next_told(&self) -> Step {
        let next = self.report.at.last().map_or(FROM, |at| at.steps.saturating_mul(10));
        next.min(self.steps)
    }

    fn measure(&mut self, steps: Step) -> Option<Result<LongRunReport, String>> {
        if self.frames.len() < FIRST + FRAMES {
            return None;
        }
        let spread = Spread::of(self.frames.drain(..).skip(FIRST).collect());
        let (median_ms, p99_ms) = (spread.median, spread.p99);
        self.report.at.push(MemoryAt { steps, resident_mib: resident_mib(), median_ms, p99_ms });
        let first = self.report.at.first().and_then(|at| at.resident_mib);
        self.report.growth_mib = resident_mib().zip(first).map(|(now, first)| now - first);
        (steps >= self.steps).then(|| Ok(self.report.clone()))
    }
}

impl Course for LongRun {
    type Report = LongRunReport;

    fn drive(
        &mut self,
        ctx: &Context,
        app: &mut WorkbenchApp,
        frame: Option<f32>,
    ) -> Option<Result<LongRunReport, String>> {
        ctx.request_repaint();
        // What is asked of an engine is heard and left: there is none.
        while self.end.commands.try_recv().is_ok() {}
        let Some(told) = self.told else {
            self.begin();
            return None;
        };
        if app.record().step == told && told == self.next_told() {
            self.frames.extend(frame);
            return self.measure(told);
        }
        let begun = Instant::now();
        while begun.elapsed() < UNSEEN && app.record().step < self.next_told() {
            // No faster than the window takes it in, as while it is hidden.
            match self.told.filter(|told| app.record().step == *told) {
                Some(told) => self.tell(told),
                None => app.tick(ctx),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::connect;

    #[test]
    fn memory_is_told_at_powers_of_ten_and_at_the_end() {
        let (_watch, end) = connect();
        let mut course = LongRun::new(end, Session::built_in().unwrap(), "nowhere".into(), 250_000);
        let mut told = Vec::new();
        for _ in 0..3 {
            let steps = course.next_told();
            told.push(steps);
            course.frames = vec![1.0; FIRST + FRAMES];
            assert_eq!(course.measure(steps).is_some(), steps == 250_000);
        }
        assert_eq!(told, [10_000, 100_000, 250_000]);
        assert!(course.report.words().contains("250000 steps"), "{}", course.report.words());
    }
}
