//! What is drawn of a side, read from the journals of its runs: its curves, what a step of it is worth on each axis, and
//! its knob changes. A run whose journal cannot be read is in none of them, and is told.

use std::collections::BTreeMap;

use super::super::RunRecord;
use super::super::journal;
use super::super::run_table::RunRow;
use super::side_axes::SideAxes;
use super::side_curves::{SideCurve, side_curves};
use super::side_marks::{SideMark, side_marks};
use crate::link::SeriesId;
use crate::session::{Say as _, Sentence};

/// What is drawn of a side.
#[derive(Clone, Debug, Default)]
pub struct SideRecords {
    /// The curves that all its runs have.
    pub curves: BTreeMap<SeriesId, SideCurve>,
    /// What a step is worth.
    pub axes: SideAxes,
    /// Knob changes, steps ascending.
    pub marks: Vec<SideMark>,
    /// Why runs of it are in none of these.
    pub unread: Vec<Sentence>,
}

impl SideRecords {
    /// Reads the journals of its runs: for a thread of its own.
    pub fn read(rows: &[RunRow]) -> Self {
        let mut unread = Vec::new();
        let record = |row: &RunRow| match journal::replay_whole(&row.folder) {
            Ok((record, _)) => Some(record),
            Err(e) => {
                unread.push(e.said());
                None
            }
        };
        let records: Vec<RunRecord> = rows.iter().filter_map(record).collect();
        Self { curves: side_curves(&records), axes: SideAxes::of(&records), marks: side_marks(&records), unread }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{EventSink as _, Fact, RunId};
    use crate::record::recorder::Recorder;
    use crate::session::Session;

    #[test]
    fn a_run_without_a_journal_is_told_and_the_others_are_drawn() {
        let home = tempfile::tempdir().unwrap();
        let out = home.path().join("one");
        std::fs::create_dir_all(&out).unwrap();
        let mut recorder = Recorder::default();
        let session = Box::new(Session::built_in().unwrap());
        recorder.emit(Fact::Started { session, out: out.clone(), step: 0 }.of(RunId::FIRST));
        recorder.emit(Fact::Scalars { step: 0, values: vec![("loss/total".into(), 2.0)] }.of(RunId::FIRST));
        drop(recorder);
        let row = |name: &str| RunRow { folder: home.path().join(name), ..RunRow::default() };
        let side = SideRecords::read(&[row("one"), row("gone")]);
        assert_eq!(side.curves[&"loss/total".into()].n, 1);
        assert!(side.unread.len() == 1 && side.unread[0].contains("gone"), "{:?}", side.unread);
    }
}
