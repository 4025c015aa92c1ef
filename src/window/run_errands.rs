//! Errands to the runs of the workspace: their table, comparisons, the queue, exports, notes and votes. Each on a thread
//! of its own, with one word back; votes one behind the other, since the last on a text counts.

use std::path::PathBuf;
use std::sync::Arc;

use super::dialog::{DialogReply, Errands, Loaded};
use super::raw_points::{PointsRead, Stretch};
use super::run_list::{ComparedSides, Side};
use super::shelf_words::ShelfReply;
use crate::record::export::Export;
use crate::record::export::drawing::Drawing;
use crate::record::journal::PointReader;
use crate::record::run_table::annotations::Annotations;
use crate::record::run_table::{RunRow, RunTable};
use crate::record::votes::{self, Vote};
use crate::session::run_folder::{SESSION, held_elsewhere};
use crate::session::workspace::{enqueue, failed_to_begin, waiting};
use crate::session::{Say as _, Sentence, Session, file, say};

impl Errands {
    /// Reads the table of runs. A workspace that was `chosen` is there, or it is said.
    pub fn read_runs(&self, workspace: PathBuf, chosen: bool) {
        self.send_off("retort-runs", move || {
            let mut table = RunTable::read(&workspace);
            if chosen && !workspace.exists() {
                let path = workspace.display();
                table.trouble.push(say!("the workspace is not there; bring it back, or choose another: {path}", path));
            }
            Some(DialogReply::Runs(Box::new(table)))
        });
    }

    /// Compares the chosen sides, and reads what is drawn of them.
    pub fn compare(&self, sides: Vec<Side>, rows: Vec<Vec<RunRow>>) {
        self.send_off("retort-compare", move || {
            Some(DialogReply::Compared(Box::new(ComparedSides::read(sides, &rows))))
        });
    }

    /// Puts runs into the queue, in order.
    pub fn enqueue(&self, workspace: PathBuf, sessions: Vec<Session>) {
        self.send_off("retort-queue", move || {
            let asked = sessions.iter().map(|session| enqueue(&workspace, session));
            let refused = asked.filter_map(Result::err).next();
            Some(DialogReply::Enqueued(refused))
        });
    }

    /// Reads the session of the next run that waits; those that cannot be read are marked as failed.
    pub fn next_queued(&self, workspace: PathBuf) {
        self.send_off("retort-queue", move || {
            let open = |folder: PathBuf| match file::open(&folder.join(SESSION)) {
                Ok(session) => Some(Session { run: Some(folder), ..session }),
                Err(e) => {
                    // Where the mark cannot be written either, it is tried again at the next start.
                    let _ = failed_to_begin(&folder, &e.to_string());
                    None
                }
            };
            let free = waiting(&workspace).into_iter().filter(|folder| held_elsewhere(folder).is_none());
            let next = free.filter_map(open).next();
            let next = next.map(|session| Loaded { begins: true, ..Loaded::new(session) });
            Some(DialogReply::Next(next.map(Box::new)))
        });
    }

    /// Exports curves.
    pub fn export(&self, export: Export) {
        self.send_off("retort-export", move || Some(DialogReply::Exported(Box::new(export.write()))));
    }

    /// Exports a drawing.
    pub fn export_drawing(&self, drawing: Arc<Drawing>, path: PathBuf, replace: bool) {
        self.send_off("retort-export", move || Some(DialogReply::Exported(Box::new(drawing.write(&path, replace)))));
    }

    /// Keeps what was noted of a run, of which `before` was known.
    pub fn annotate(&self, folder: PathBuf, before: Annotations, annotations: Annotations) {
        self.send_off("retort-notes", move || {
            let refused = |words| DialogReply::Shelf(Box::new(ShelfReply::Refused(words)));
            Some(annotations.change(&before, &folder).map_or_else(refused, |()| DialogReply::Annotated))
        });
    }

    /// Reads points of a run from its journal; where they stand is remembered for the next time.
    pub fn read_points(&self, stretch: Stretch) {
        let reader = self.points();
        self.send_off("retort-points", move || {
            let mut reader = reader.lock();
            if !reader.is_of(&stretch.out) {
                *reader = PointReader::new(&stretch.out);
            }
            let points = reader.between(stretch.first, stretch.last).map_err(|e| e.said());
            Some(DialogReply::Points(Box::new(PointsRead { stretch, points })))
        });
    }

    /// Writes a vote, where there is one, and reads all of the workspace, behind the votes given before; the answer bears
    /// `number`.
    pub fn vote(&mut self, workspace: PathBuf, vote: Option<Vote>, number: u64) {
        let path = workspace.join(votes::FILE);
        let refused = move |error: Sentence| {
            say!("the votes cannot be kept: {error}; make room, or free the file: {path}", error, path = path.display())
        };
        let lost = refused(say!("the thread that writes has ended"));
        self.write(lost, move || {
            let written = vote.map_or(Ok(()), |vote| votes::append(&workspace, &vote));
            let found = written.and_then(|()| votes::read(&workspace));
            let failed = |e: std::io::Error| DialogReply::Failed(refused(e.said()));
            Some(found.map_or_else(failed, |(votes, damaged)| DialogReply::Votes(number, votes, damaged)))
        });
    }
}
