//! The runs of the workspace: read, compared, queued and begun one after the other. Folders are read on a thread of
//! their own, so that no frame waits for a disk.
//!
//! *Why the window's own engine runs the queue (2026-11).* A process beside it would leave the workbench to the person,
//! but its runs could only be watched. Here each run of the queue comes onto the workbench with curves, lens and live
//! knobs; what stood there is kept, as always when another session takes its place.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use egui::Context;

use super::app::WorkbenchApp;
use super::dialog::Loaded;
use super::run_list::{ComparedSides, Side};
use super::run_watcher::RunWatcher;
use crate::link::{Answer, Event, Fact, Phase, Reply, STOPPED};
use crate::record::run_table::annotations::Annotations;
use crate::record::run_table::{RunRow, RunStatus, RunTable};
use crate::session::workspace::{begun, failed_to_begin};
use crate::session::{Say as _, Sentence, Session, say};

/// Time between two looks at runs of other processes, seconds.
const LOOK_AGAIN: f64 = 2.0;
/// So long after the last key or move the next run may take the place of a text that is being typed, seconds.
const RESTS: f64 = 3.0;

impl WorkbenchApp {
    /// Shows the table of runs in the centre, or hides it.
    pub(super) fn show_runs(&mut self, open: bool) {
        self.state.runs.open = open;
        self.state.side_by_side.open &= !open;
        if open {
            self.read_runs();
        }
    }

    /// Reads the table anew.
    pub(super) fn read_runs(&mut self) {
        self.runs.again = std::mem::replace(&mut self.runs.reading, true);
        if !self.runs.again {
            self.errands.read_runs(self.runs_folder(), self.has_chosen_folder());
        }
    }

    pub(super) fn take_runs(&mut self, table: RunTable) {
        self.runs.reading = false;
        if table.workspace != self.runs_folder() {
            // Another one was chosen while it was read.
            self.runs.again = false;
            return self.read_runs();
        }
        self.leave_vanished(&table);
        let chosen = |row: &&RunRow| self.state.runs.chosen.iter().any(|side| side.contains(&row.folder));
        let stands = |table: &RunTable| {
            table.rows.iter().filter(chosen).map(|row| (row.steps, row.status.clone())).collect::<Vec<_>>()
        };
        if self.runs.table.as_deref().is_some_and(|before| stands(before) != stands(&table)) {
            // What was compared is not what is there now.
            self.runs.comparing = None;
        }
        self.runs.table = Some(Arc::new(table));
        self.runs.generation += 1;
        if std::mem::take(&mut self.runs.again) {
            self.read_runs();
        }
    }

    /// A side whose run is not there any more is chosen no longer.
    fn leave_vanished(&mut self, table: &RunTable) {
        let is_there = |folder: &PathBuf| table.rows.iter().any(|row| row.folder == *folder);
        let mut gone = Vec::new();
        self.state.runs.chosen.retain(|side| {
            gone.extend(side.iter().filter(|folder| !is_there(folder)).cloned());
            side.iter().all(is_there)
        });
        for folder in gone {
            let path = folder.display();
            self.notice(
                false,
                say!("a run that was chosen is not there any more; it was moved or removed: {path}", path),
            );
        }
    }

    /// Looks again where runs of other processes go on, compares what is chosen, and begins what waits.
    pub(super) fn mind_runs(&mut self, ctx: &Context) {
        let now = ctx.input(|input| input.time);
        self.follow_workspace(ctx);
        let goes_on = |table: &Arc<RunTable>| table.rows.iter().any(|row| row.status == RunStatus::Running);
        let due = self.runs.changed || self.runs.table.as_ref().is_some_and(goes_on);
        if self.state.runs.open && due {
            if now - self.runs.looked >= LOOK_AGAIN {
                (self.runs.looked, self.runs.changed) = (now, false);
                self.read_runs();
            }
            ctx.request_repaint_after(Duration::from_secs_f64(LOOK_AGAIN));
        }
        self.compare_chosen();
        self.mind_queue(ctx);
    }

    /// Has the system tell of runs that appear, vanish or begin, while the table is on screen.
    fn follow_workspace(&mut self, ctx: &Context) {
        let open = self.state.runs.open;
        if !open {
            (self.runs.watcher, self.runs.follows) = (None, false);
            return;
        }
        let Some(table) = self.runs.table.clone() else { return };
        let waits = table.rows.iter().filter(|row| row.status == RunStatus::Waiting).map(|row| row.folder.clone());
        let folders = waits.chain([table.workspace.clone()]).collect();
        let tried = std::mem::replace(&mut self.runs.follows, true);
        let followed = match &mut self.runs.watcher {
            Some(watcher) => watcher.follow(folders),
            None if tried => return,
            None => RunWatcher::new(ctx).and_then(|watcher| self.runs.watcher.insert(watcher).follow(folders)),
        };
        if let Err(e) = followed.map_err(|e| e.to_string()) {
            self.notice(false, say!("the system does not tell of changes in the workspace: {e}; close and open the table of runs to read it anew", e));
        }
        self.runs.changed |= self.runs.watcher.as_ref().is_some_and(RunWatcher::take_changed);
    }

    fn compare_chosen(&mut self) {
        let Some(table) = &self.runs.table else { return };
        let chosen = &self.state.runs.chosen;
        if chosen.len() < 2 {
            (self.runs.comparing, self.runs.compared) = (None, None);
            return;
        }
        if self.runs.comparing.as_ref() == Some(chosen) {
            return;
        }
        let rows =
            |side: &Side| table.rows.iter().filter(|row| side.contains(&row.folder)).cloned().collect::<Vec<_>>();
        let (sides, rows) = (chosen.clone(), chosen.iter().map(rows).collect());
        self.errands.compare(sides.clone(), rows);
        self.runs.comparing = Some(sides);
    }

    pub(super) fn take_comparison(&mut self, compared: Box<ComparedSides>) {
        if self.runs.comparing.as_ref() == Some(&compared.sides) {
            self.runs.compared = Some(compared);
        }
    }

    /// Puts runs of the session into the queue, with its seed and the ones behind it, and begins.
    pub(super) fn enqueue(&mut self, session: &Session, seeds: u64) {
        if let Some(problem) = session.problem() {
            return self.notice(false, problem);
        }
        let of_seed = |more: u64| {
            let mut session = Session { run: None, ..session.clone() };
            session.recipe.seed = session.recipe.seed.saturating_add(more);
            session.knobs = session.start_knobs(&self.catalog).values;
            session
        };
        self.errands.enqueue(self.runs_folder(), (0..seeds).map(of_seed).collect());
    }

    /// What was asked for waits now.
    pub(super) fn take_enqueued(&mut self, refused: Option<Sentence>) {
        refused.into_iter().for_each(|words| self.notice(false, words));
        self.runs.queue_on = true;
        self.read_runs();
    }

    /// Runs what waits, or leaves it waiting behind the run that is under way.
    pub(super) fn run_queue(&mut self, on: bool) {
        self.runs.queue_on = on;
    }

    pub(super) fn annotate(&mut self, folder: PathBuf, annotations: Annotations) {
        // At once, lest the next change of it begins from what was there before.
        let table = self.runs.table.as_mut().map(Arc::make_mut);
        let row = table.and_then(|table| table.rows.iter_mut().find(|row| row.folder == folder));
        let Some(row) = row else { return };
        let before = std::mem::replace(&mut row.annotations, annotations.clone());
        self.runs.generation += 1;
        self.errands.annotate(folder, before, annotations);
    }

    fn mind_queue(&mut self, ctx: &Context) {
        let busy = self.steering.is_live() || self.runs.begins.is_some() || self.workspace.unwritten.is_some();
        let gone = self.workspace.status.phase == Phase::Gone;
        if !self.runs.queue_on || busy || gone {
            return;
        }
        // What a hand is at is not taken away from under it; one that has rested may have gone home.
        let (now, moves, down) = ctx.input(|input| (input.time, !input.events.is_empty(), input.pointer.any_down()));
        if moves || down {
            self.runs.touched = now;
        }
        let left = self.runs.touched + RESTS - now;
        if ctx.text_edit_focused() && left > 0.0 {
            ctx.request_repaint_after(Duration::from_secs_f64(left));
        } else if !down {
            self.runs.begins = Some(PathBuf::new());
            self.errands.next_queued(self.runs_folder());
        }
    }

    /// Takes up the next run of the queue and begins it; `None`: nothing waits.
    pub(super) fn begin_queued(&mut self, next: Option<Box<Loaded>>) {
        self.runs.begins = None;
        let Some(loaded) = next else {
            self.runs.queue_on = false;
            return self.read_runs();
        };
        let Some(out) = loaded.session.run.clone() else { return };
        if !self.steering.is_live() {
            self.take_up(*loaded);
            self.runs.begins = Some(out.clone());
            self.start_in(out);
        }
    }

    /// What an event means for the table and the queue.
    pub(super) fn mind_run_event(&mut self, event: &Event) {
        match event {
            Event::Fact(_, Fact::Started { out, .. }) => {
                // Where the mark cannot be removed, the journal beside it tells that the run has begun.
                let _ = begun(out);
                self.runs.begins = None;
                self.read_runs();
            }
            Event::Fact(_, Fact::Finished(outcome)) => {
                // Whoever stops a run is there, and says when it is to go on.
                self.runs.queue_on &= outcome.reason != STOPPED;
                self.read_runs();
            }
            Event::Fact(_, Fact::Failed(notice)) | Event::Reply(Reply::Failed(notice)) => {
                self.could_not_begin(&notice.text.to_string());
                self.read_runs();
            }
            Event::Reply(Reply::Answered(Answer::No)) => {
                let words = self.t("it was not allowed").to_owned();
                self.could_not_begin(&words);
            }
            Event::Fact(_, Fact::Left { .. } | Fact::Written { .. }) => self.read_runs(),
            _ => {}
        }
    }

    /// A run of the queue that did not begin stays in the table, with the reason; the next has its turn.
    fn could_not_begin(&mut self, words: &str) {
        let Some(folder) = self.runs.begins.take().filter(|folder| folder != Path::new("")) else { return };
        if let Err(e) = failed_to_begin(&folder, words) {
            self.runs.queue_on = false;
            self.notice(false, e.said());
        }
    }
}
