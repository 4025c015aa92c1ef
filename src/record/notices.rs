//! What whoever watches was told, and what of it was read.

use std::time::Instant;

use crate::link::{About, Notice, Step};

/// A notice, how grave it is, and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Remark {
    /// Whether it ended the run.
    pub grave: bool,
    /// The sentence.
    pub notice: Notice,
    /// Steps done when it was said; `None` outside of a run.
    pub step: Option<Step>,
    /// Whether the engine said it, or whoever watches.
    pub from_engine: bool,
    /// When a window heard of it; a record that is only folded has no clock.
    pub heard: Option<Instant>,
    /// Whether the person has read it: it is listed only.
    pub read: bool,
}

impl Remark {
    /// Something that whoever watches has to say.
    pub fn new(grave: bool, notice: impl Into<Notice>) -> Self {
        Self { grave, notice: notice.into(), step: None, from_engine: false, heard: None, read: false }
    }

    /// Something that the engine has to say, of a run unless it says of what.
    pub fn of_engine(grave: bool, notice: Notice, step: Option<Step>) -> Self {
        let about = notice.about.unwrap_or(About::Run);
        Self { step, from_engine: true, ..Self::new(grave, notice.about(about)) }
    }

    /// Whether it says the same.
    pub fn says_the_same(&self, other: &Self) -> bool {
        (self.grave, &self.notice) == (other.grave, &other.notice)
    }
}

/// The notices, the newest last.
#[derive(Clone, Debug, Default)]
pub struct Notices {
    all: Vec<Remark>,
    /// How many of them are from before the run that is shown.
    earlier: usize,
}

impl std::ops::Deref for Notices {
    type Target = [Remark];

    fn deref(&self) -> &[Remark] {
        &self.all
    }
}

impl Notices {
    /// Takes in what somebody says; of a part that fails again only the newest.
    pub fn hear(&mut self, remark: Remark) {
        if let Some(about) = remark.notice.about.filter(|about| remark.grave && *about != About::Run) {
            self.forget(|earlier| earlier == about);
        }
        self.all.push(Remark { heard: Some(Instant::now()), ..remark });
    }

    /// A run begins with them, or is gone on with at `step`: what is said from now on is said of it.
    pub fn run_begins(&mut self, step: Step) {
        if step == 0 {
            self.all.retain(|remark| remark.notice.about.is_none());
        } else {
            self.forget(|about| about != About::Run);
        }
        self.earlier = self.all.len();
    }

    /// A run is shown: what its journal says is heard, and not twice.
    pub fn show(&mut self, of_run: &[Remark]) {
        let new = of_run.iter().filter(|remark| !self.all.iter().any(|said| said.says_the_same(remark)));
        let new: Vec<Remark> = new.cloned().collect();
        self.all.extend(new);
        self.earlier = 0;
    }

    /// Takes back the notices about parts that `past` names: they are sound again, or others.
    pub fn forget(&mut self, past: impl Fn(About) -> bool) {
        let is_past = |remark: &Remark| remark.notice.about.is_some_and(&past);
        self.earlier -= self.all.iter().take(self.earlier).filter(|remark| is_past(remark)).count();
        self.all.retain(|remark| !is_past(remark));
    }

    /// Takes the notice in this place for read, or every one of them; they stay in the list.
    pub fn read(&mut self, place: Option<usize>) {
        let of = self.all.iter_mut().enumerate().filter(|(at, _)| place.is_none_or(|place| place == *at));
        of.for_each(|(_, remark)| remark.read = true);
    }

    /// Takes for read what was said of the run.
    pub fn read_about_run(&mut self) {
        let of_run = |remark: &&mut Remark| remark.notice.about == Some(About::Run);
        self.all.iter_mut().filter(of_run).for_each(|remark| remark.read = true);
    }

    /// The newest notice that says something of what is shown now: during a run none from before it.
    /// With its place among all; one that was read is past.
    pub fn newest(&self, live: bool) -> Option<(usize, &Remark)> {
        let earlier = if live { self.earlier } else { 0 };
        self.all.iter().enumerate().skip(earlier).rev().find(|(_, remark)| !remark.read)
    }
}
