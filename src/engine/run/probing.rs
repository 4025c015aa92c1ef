//! Answers what the person looks at: at once when asked, else as often as the budget allows. What
//! looking costs the run is measured and capped by looking less often, never by slowing the window.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::data::{Example, Fields};
use super::super::pair::CUT;
use super::super::{EngineError, probe, side_by_side};
use super::{Engine, Mode};
use crate::link::{Notice, OfRun, ProbeFrame, ProbeRequest, Reply, RunId, Step, StudentIdentity};
use crate::session::{Sentence, say};

/// Most of the run's time that looking may take.
const LOOKING_BUDGET: f64 = 0.05;
/// How long after a look the next one waits, so that a dragged slider is not answered 100 times.
const LOOK_PAUSE: Duration = Duration::from_millis(100);

/// What looking has cost and when it last happened.
#[derive(Default)]
pub(super) struct Looks {
    frames: u64,
    revision: u64,
    last: Option<Instant>,
    pub(super) spent: Duration,
    complaint: Sentence,
    /// Which weights the student has that was looked at last, by run and step.
    identity: Option<((RunId, Step), StudentIdentity)>,
}

impl Engine<'_> {
    /// Answers what the person looks at, if it is `asked` for or due and within the budget.
    pub(super) fn look(&mut self, asked: bool) {
        let request = self.cells.ask.load();
        let rested = self.looks.last.is_none_or(|last| last.elapsed() >= LOOK_PAUSE);
        let training = self.run.as_ref().map(|run| run.begun.elapsed().as_secs_f64());
        let affordable = training.is_none_or(|secs| self.looks.spent.as_secs_f64() < LOOKING_BUDGET * secs);
        let news = asked || request.revision != self.looks.revision;
        if self.is_training() && !(rested && (news || affordable)) {
            return;
        }
        let begun = Instant::now();
        self.looks.frames += 1;
        self.looks.revision = request.revision;
        self.identify();
        self.answer_pinned(affordable);
        match self.answer(news) {
            // What is wrong with a prompt stands beside it already, and the answer says by which it was made.
            Ok(()) | Err(EngineError::Prompt(_)) => {}
            Err(complaint) => self.complain(complaint.notice()),
        }
        self.news.nudge();
        self.looks.last = Some(Instant::now());
        self.looks.spent += begun.elapsed();
    }

    fn answer(&mut self, news: bool) -> Result<(), EngineError> {
        let request = self.cells.ask.load();
        let (pair, id, step, pruner) = match (&self.run, &self.pair) {
            (Some(run), _) => (&run.trainer.pair, run.id, run.trainer.step, &run.trainer.pruner),
            (None, Some(pair)) => (pair, self.left.run, self.left.step, &self.left.pruner),
            (None, None) => return Ok(()),
        };
        let whole = request.place.map(|place| pair.whole(place, &request.text));
        let missing = whole.as_ref().is_some_and(Option::is_none) && request.text.ends_with(CUT);
        let whole = whole.flatten();
        let text = whole.as_ref().map_or(request.text.as_str().into(), |example| pair.assets.data.readable(example));
        let text = text.into_owned();
        let example = whole.unwrap_or_else(|| Example::of(&Fields::typed(&pair.assets.data.layout, &text)));
        let request = ProbeRequest { text, ..ProbeRequest::clone(&request) };
        let edited = request.prompt.as_ref();
        let session = self.run.as_ref().map_or(&pair.session, |run| &run.trainer.session);
        if news {
            let prompt = edited.unwrap_or(&session.prompt);
            self.cells.prompt.store(Some(OfRun::new(id, probe::render(pair, request.revision, &example, prompt))));
        }
        if request.weights {
            self.cells.weights.store(Some(OfRun::new(id, pruner.frame(&pair.student.weights, step)?)));
        }
        if !request.text.trim().is_empty() {
            // Pictures show what a run does, not what the editor plans, unless they are asked for that.
            let prompt = request.lens.as_ref().unwrap_or(&session.prompt);
            let frame = probe::look(pair, &request, &example, prompt, (step, self.looks.frames))?;
            let identity = self.looks.identity.clone().filter(|(of, _)| *of == (id, step) && !self.is_training());
            let identity = identity.map(|(_, identity)| identity);
            self.cells.probe.store(Some(OfRun::new(id, ProbeFrame { identity, ..frame })));
        }
        if missing {
            self.complain(say!("the data that is open is not that of the table, so the text under the lens is cut as the table shows it; open the session of that run").into());
        }
        Ok(())
    }

    /// Which weights the student has, where it is only looked at: those of a run change with every step.
    fn identify(&mut self) {
        let (pair, of) = match (&self.run, &self.pair) {
            (Some(run), _) if run.mode == Mode::Paused => (&run.trainer.pair, (run.id, run.trainer.step)),
            (None, Some(pair)) => (pair, (self.left.run, self.left.step)),
            _ => return,
        };
        if self.looks.identity.as_ref().is_none_or(|(known, _)| *known != of) {
            let identity = side_by_side::identity(&pair.student, of.1).ok();
            self.looks.identity = identity.map(|identity| (of, identity));
        }
    }

    /// Answers the pinned texts, all by one student: what they cost is part of what looking may.
    fn answer_pinned(&self, affordable: bool) {
        let texts = Arc::clone(&self.cells.ask.load().pinned);
        let (pair, session, id, step) = match (&self.run, &self.pair) {
            (Some(run), _) => (&run.trainer.pair, &run.trainer.session, run.id, run.trainer.step),
            (None, Some(pair)) => (pair, &pair.session, self.left.run, self.left.step),
            (None, None) => return,
        };
        let shown = self.cells.pinned.load();
        let shown = OfRun::held(&shown, id).filter(|shown| *shown.texts == *texts);
        let due = shown.is_none_or(|shown| shown.step != step && affordable);
        if !texts.is_empty() && due {
            let frame = probe::pinned(pair, &texts, &session.prompt, step);
            self.cells.pinned.store(Some(OfRun::new(id, frame)));
        }
    }

    /// Says the same complaint once, not ten times a second.
    fn complain(&mut self, complaint: Notice) {
        if complaint.text != self.looks.complaint {
            self.looks.complaint.clone_from(&complaint.text);
            self.news.reply(Reply::Warning(complaint));
        }
    }

    /// Takes back what was shown of a pair that another one replaces.
    pub(super) fn look_away(&mut self) {
        self.cells.probe.store(None);
        self.cells.prompt.store(None);
        self.cells.weights.store(None);
        self.cells.pinned.store(None);
        self.looks.identity = None;
        self.looks.complaint = Sentence::default();
        self.looks.last = None;
    }

    /// Answers anew at once what somebody looks at.
    pub(super) fn look_again(&mut self) {
        if self.cells.ask.load().revision > 0 {
            self.look(true);
        }
    }
}
