//! What is under the lens: which text the engine is asked about, by which prompt, and what of its answer is
//! wanted. It computes only what is seen.

use std::sync::Arc;

use super::app::WorkbenchApp;
use super::panel;
use super::steering::THETA;
use crate::link::{Command, OfRun, Opened, ProbeRequest, SnapshotRequest, TextPlace};
use crate::record::votes::Vote;
use crate::session::{Prompts, Session};

impl WorkbenchApp {
    /// The first thing a person sees should be an answer, not an empty field.
    pub(super) fn put_sample_under_lens(&mut self, opened: &Opened) {
        let untouched = self.session.view.probe.is_empty() && !self.sampled;
        let stale = self.lens_is_of_other_data(opened);
        if stale {
            (self.state.gold, self.state.taken) = (None, None);
        }
        let first = opened.samples.first().filter(|_| untouched || stale);
        if let Some((text, class)) = first {
            self.session.view.probe.clone_from(text);
            // The window did that: after a crash there is nothing of a person's to be recovered.
            self.seen.view.probe.clone_from(text);
            self.state.gold = class.map(|class| (text.clone(), class));
            self.state.taken = Some((text.clone(), TextPlace::Sample(0)));
        }
        self.sampled = true;
    }

    /// Whether the text under the lens was taken from other data than are open now.
    fn lens_is_of_other_data(&self, opened: &Opened) -> bool {
        let before = self.workspace.opened.as_ref();
        let other = before.is_some_and(|before| before.data.is_some() && before.data != opened.data);
        let taken = self.state.taken.as_ref().map(|(text, _)| text);
        let texts = taken.into_iter().chain(self.state.gold.as_ref().map(|(text, _)| text));
        other && texts.into_iter().any(|text| *text == self.session.view.probe)
    }

    /// Puts the whole text under the lens in place of the cut one that a table shows, once it has come.
    pub(super) fn take_whole_text(&mut self) {
        let frame = self.link.cells.probe.load();
        let frame = OfRun::held(&frame, self.workspace.shown_run());
        let Some(frame) = frame.filter(|frame| frame.revision == self.asked.revision) else { return };
        let asked = self.asked.place.is_some() && self.asked.text == self.session.view.probe;
        if !asked || frame.text == self.asked.text {
            return;
        }
        self.session.view.probe.clone_from(&frame.text);
        if let Some((text, _)) = self.state.gold.as_mut().filter(|(text, _)| *text == self.asked.text) {
            text.clone_from(&frame.text);
        }
        // The answer that is there is the answer to the whole text.
        self.asked = ProbeRequest { text: frame.text.clone(), place: None, ..self.asked.clone() };
        self.link.cells.ask.store(self.asked.clone());
    }

    /// Whether θ asks for anything, or is about to: what it would remove is told beside its slider.
    fn prunes(&self) -> bool {
        self.state.weighs || self.steering.requested().values.get(THETA).is_some_and(|theta| *theta > 0.0)
    }

    /// The prompt of the pictures: of a run that is on show its own, unless the person tries a new one.
    fn lens_prompt(&self) -> &Prompts {
        let run = self.record().session.as_ref().filter(|_| !self.state.trial && self.belonging().run());
        run.map_or(&self.session.prompt, |run| &run.prompt)
    }

    /// Answers of a former pair are not shown again while the next one is opened.
    pub(super) fn forget_answers(&mut self) {
        self.link.cells.probe.store(None);
        self.link.cells.prompt.store(None);
        self.link.cells.weights.store(None);
        self.state.trial = false;
    }

    /// Tells the engine what is on screen, when that has changed: it computes only what is seen.
    pub(super) fn look_where_the_person_looks(&mut self) {
        let view = &self.session.view;
        let ask = ProbeRequest {
            revision: self.asked.revision,
            text: view.probe.clone(),
            place: self.state.taken.as_ref().filter(|(text, _)| *text == view.probe).map(|(_, place)| *place),
            prompt: Some(self.session.prompt.clone()),
            lens: Some(self.lens_prompt().clone()),
            teacher_layer: view.teacher_layer,
            student_layer: view.student_layer,
            attention: panel::shows_attention(view) || self.state.side_by_side.shows_attention(),
            weights: panel::shows_weights(view) || self.prunes(),
            pinned: self.pinned_texts().into(),
        };
        if ask != self.asked {
            self.asked = ProbeRequest { revision: ask.revision + 1, ..ask };
            self.link.cells.ask.store(self.asked.clone());
            self.send(Command::Look);
        }
    }
}

impl WorkbenchApp {
    /// Shows students side by side in the centre, or hides them.
    pub(super) fn show_side_by_side(&mut self, open: bool) {
        self.state.side_by_side.open = open;
        if open {
            self.show_runs(false);
            // The table offers the students of other runs.
            self.read_runs();
            self.vote(None);
        }
    }

    /// Keeps a vote, where there is one, and reads what was voted in the workspace.
    pub(super) fn vote(&mut self, vote: Option<Vote>) {
        let number = self.state.side_by_side.blind.ask();
        self.errands.vote(self.runs_folder(), vote, number);
    }

    /// The pinned texts, while their answers are on screen.
    fn pinned_texts(&self) -> Vec<String> {
        let shown = self.state.side_by_side.shows_pinned();
        self.session.probes.iter().filter(|_| shown).map(|probe| probe.text.clone()).collect()
    }

    /// Tells the engine which students stand beside, when that has changed. While they are not shown none is kept open.
    pub(super) fn look_beside(&mut self) {
        let (view, open) = (&self.session.view, self.state.side_by_side.open);
        let columns = if open { view.columns.clone() } else { Vec::new() };
        let before = &self.asked_beside;
        if columns.is_empty() && before.columns.is_empty() {
            return;
        }
        let record = self.record();
        let (session, run) =
            record.session.as_deref().map_or((&self.session, &self.session.run), |session| (session, &record.out));
        let (text, pinned) = (view.probe.clone(), self.pinned_texts());
        let test = self.state.side_by_side.tested(columns.len());
        let attention = self.state.side_by_side.shows_attention().then_some(view.student_layer);
        let asked = (&before.columns, &before.text, &before.pinned, &before.attention, &before.test);
        let same = asked == (&columns, &text, &pinned, &attention, &test);
        if same && before.session.as_ref().is_some_and(|before| before.run == *run && makes_the_same(before, session)) {
            return;
        }
        let session = Some(Arc::new(Session { run: run.clone(), ..session.clone() }));
        let revision = before.revision + 1;
        self.asked_beside = SnapshotRequest { revision, columns, session, text, pinned, attention, test };
        self.link.cells.ask_beside.store(self.asked_beside.clone());
        if self.link.beside.send(()).is_err() {
            self.engine_is_gone();
        }
    }
}

/// Whether two sessions make and ask the same student.
fn makes_the_same(a: &Session, b: &Session) -> bool {
    (&a.teachers, &a.student, &a.data, &a.recipe, &a.prompt) == (&b.teachers, &b.student, &b.data, &b.recipe, &b.prompt)
}

#[cfg(test)]
mod tests {
    use egui::Context;

    use super::super::storage::Storage;
    use super::*;
    use crate::link::{EngineEnd, ProbeFrame, RunId, SideFrame, connect};
    use crate::session::{Catalog, Session};

    fn app(folder: &std::path::Path) -> (WorkbenchApp, EngineEnd) {
        let (watch, end) = connect();
        let session = Session::built_in().unwrap();
        let storage = Storage::open(folder.to_owned());
        (WorkbenchApp::new(&Context::default(), watch, Catalog::default(), session, None, storage), end)
    }

    fn answer(revision: u64, text: &str) -> ProbeFrame {
        let student =
            SideFrame { tokens: vec![], scores: vec![0.0], layer: 0, layers: 1, heads: 1, attention: [].into() };
        let classes = ["a".to_owned()].into();
        let prompt = Session::built_in().unwrap().prompt;
        ProbeFrame {
            whole_row: None,
            tokens: None,
            frame: 1,
            revision,
            step: 0,
            text: text.to_owned(),
            prompt,
            classes,
            teacher: None,
            student,
            identity: None,
        }
    }

    #[test]
    fn a_row_that_was_picked_becomes_its_whole_text_once_that_has_come_and_is_not_asked_again() {
        let folder = tempfile::tempdir().unwrap();
        let (mut app, end) = app(folder.path());
        let (cut, whole) = ("it began well…", "it began well, and it ended");
        app.session.view.probe = cut.to_owned();
        app.state.gold = Some((cut.to_owned(), 2));
        app.state.taken = Some((cut.to_owned(), TextPlace::Test(7)));
        app.look_where_the_person_looks();
        let asked = end.cells.ask.load();
        assert_eq!((asked.text.as_str(), asked.place), (cut, Some(TextPlace::Test(7))));

        end.cells.probe.store(Some(OfRun::new(RunId::FIRST, answer(asked.revision.wrapping_sub(1), "another text"))));
        app.take_whole_text();
        assert_eq!(app.session.view.probe, cut, "an answer to an earlier question");
        end.cells.probe.store(Some(OfRun::new(RunId::FIRST, answer(asked.revision, whole))));
        app.take_whole_text();
        assert_eq!(app.session.view.probe, whole);
        assert_eq!(app.state.gold, Some((whole.to_owned(), 2)));
        app.look_where_the_person_looks();
        assert_eq!(end.cells.ask.load().revision, asked.revision, "it is answered already");

        // What is typed is meant as it stands, even where it ends like a cut text.
        app.session.view.probe = cut.to_owned() + " or not…";
        app.look_where_the_person_looks();
        assert_eq!(end.cells.ask.load().place, None);
    }
}
