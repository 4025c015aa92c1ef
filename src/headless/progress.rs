//! How a run is followed on stderr: on a terminal a bar and, above it, the lines that stay; elsewhere
//! (a log, a pipe, a batch queue) the same lines, and every so often one that says how far it is.

use std::fmt::Display;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::tell;
use crate::link::{Event, Fact, Opened, Phase, Reply, SeriesId, Status};
use crate::session::Sentence;

/// Longest silence of a log, and the time between two looks at the clock.
const SILENCE: Duration = Duration::from_secs(30);
/// A log has a line for each of this many parts of a run.
const PARTS: u64 = 10;

/// The bar before the first step: how long opening and fetching take is not known.
const OPENING: &str = "{spinner} {msg}";
/// The bar while training.
const TRAINING: &str = "{bar:30} {pos}/{len} {msg}";

/// Shows a run.
pub struct Progress {
    bar: ProgressBar,
    /// Steps done and steps in all; 0 in all before the first.
    at: (u64, u64),
    loss: Option<f64>,
    /// What is being done besides training.
    doing: String,
    /// The last line of a log, and how many parts of the run it had behind it.
    told: (Instant, u64),
    /// Seconds that are left, as the run tells.
    left: Option<f64>,
}

impl Progress {
    /// Of a run that is about to be opened.
    pub fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(style(OPENING));
        let now = Instant::now();
        Self { bar, at: (0, 0), loss: None, doing: String::new(), told: (now, 0), left: None }
    }

    /// A line that stays.
    pub fn line(&mut self, line: impl Display) {
        self.bar.suspend(|| tell(line));
        self.told.0 = Instant::now();
    }

    /// Takes in one event of the run.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::Fact(_, Fact::Started { session, step, .. }) => self.start(session.recipe.steps, *step),
            Event::Fact(_, Fact::Scalars { step, values }) => self.step(*step, values),
            Event::Reply(Reply::Status(status)) => self.status(status),
            Event::Fact(_, Fact::Counted(Some(budget))) | Event::Reply(Reply::Counted(Some(budget))) => {
                self.line(format!("teacher: {}", budget.sentence()))
            }
            Event::Fact(_, Fact::Note(notice)) => self.line(format!("note: {}", notice.text)),
            Event::Fact(_, Fact::Warning(notice)) | Event::Reply(Reply::Warning(notice)) => {
                self.line(format!("warning: {}", notice.text))
            }
            Event::Fact(_, Fact::Opened(opened)) => self.opened(opened),
            _ => {}
        }
        self.tick();
    }

    /// Keeps a log from falling silent while nothing new comes.
    pub fn tick(&mut self) {
        if self.is_log() && self.told.0.elapsed() >= SILENCE {
            self.say_where_it_is();
        }
    }

    /// Takes the bar away.
    pub fn close(&self) {
        self.bar.finish_and_clear();
    }

    fn is_log(&self) -> bool {
        self.bar.is_hidden()
    }

    fn start(&mut self, steps: u64, step: u64) {
        self.bar.set_style(style(TRAINING));
        self.bar.set_length(steps);
        self.bar.set_position(step);
        (self.at, self.left) = ((step, steps), None);
        self.told.1 = self.parts();
        if step > 0 {
            self.line(format!("going on at step {step} of {steps}"));
        }
    }

    fn opened(&mut self, opened: &Opened) {
        let of = |who: &str, notes: &[Sentence]| notes.iter().map(|note| format!("{who}: {note}")).collect::<Vec<_>>();
        let teacher = opened.teacher.iter().flat_map(|teacher| of("teacher", &teacher.notes));
        let lines = of("data", &opened.notes).into_iter().chain(teacher).chain(of("student", &opened.student.notes));
        lines.for_each(|line| self.line(line));
    }

    fn step(&mut self, step: u64, values: &[(SeriesId, f64)]) {
        let of = |id: &str| values.iter().find(|(series, _)| &*series.0 == id).map(|(_, value)| *value);
        if let Some(loss) = of("loss/total") {
            (self.at.0, self.loss) = (step + 1, Some(loss));
            self.doing.clear();
            self.bar.set_position(step + 1);
            self.bar.set_message(format!("loss {loss:.3}{}", self.left()));
        }
        if let Some(accuracy) = of("measure/accuracy") {
            self.told.1 = self.parts();
            let perplexity = of("measure/perplexity").map_or(String::new(), |value| format!("perplexity {value:.3}, "));
            self.line(format!("step {:>6}  validation {perplexity}accuracy {accuracy:.4}", step + 1));
        } else if self.is_log() && self.parts() > self.told.1 {
            self.say_where_it_is();
        }
    }

    fn status(&mut self, status: &Status) {
        let says = matches!(status.phase, Phase::Opening | Phase::Running | Phase::Evaluating);
        self.left = status.seconds_left();
        if !says || status.what.is_empty() {
            return;
        }
        let first = self.doing.is_empty() && self.at.1 == 0;
        self.doing = match status.measuring {
            Some(measuring) => format!("{}, {} of {} texts", status.what, measuring.done, measuring.total),
            None => status.what.to_string(),
        };
        self.bar.set_message(format!("{}{}", self.doing, self.left()));
        if first && self.is_log() {
            self.say_where_it_is();
        }
    }

    /// How many of the run's [`PARTS`] are done.
    fn parts(&self) -> u64 {
        (self.at.0.saturating_mul(PARTS)).checked_div(self.at.1).unwrap_or(0)
    }

    fn say_where_it_is(&mut self) {
        self.told.1 = self.parts();
        let (step, steps) = self.at;
        let line = match (self.doing.as_str(), steps) {
            ("", _) => {
                let loss = self.loss.map_or(String::new(), |loss| format!("  loss {loss:.3}"));
                format!("step {step:>6} of {steps}{loss}{}", self.left())
            }
            (doing, 0) => doing.to_owned(),
            (doing, _) => format!("step {step:>6} of {steps}  {doing}{}", self.left()),
        };
        self.line(line);
    }

    /// The time that is left.
    fn left(&self) -> String {
        match self.left {
            Some(secs) if secs < 100.0 => format!(" · {secs:.0} s left"),
            Some(secs) => format!(" · {:.0} min left", secs / 60.0),
            None => String::new(),
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
