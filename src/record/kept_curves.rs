//! What was read of a long journal, kept beside it, so that its run opens at once the next time: the curves as they are
//! held in memory, and what else happened. It may be lost at any time, and counts for nothing once the journal has
//! changed: that alone is the truth.
//!
//! *Why it is written when a run is first opened and not at its end (2026-11).* Whoever records a run lets go of every
//! step once it stands in the table, so that what a run without a window holds does not grow with its steps. To know the
//! curves at the end it would have to hold them all along, or fold the whole journal once more in a process that may end
//! now: tens of megabytes for a million steps, either way.

use std::path::Path;
use std::time::UNIX_EPOCH;

use super::export::crc32c::crc32c;
use super::series::stored::{Words, WordsRead};
use super::{RunRecord, Series};
use crate::link::{Fact, SeriesId, Step};
use crate::session::file::write_atomically;

/// The file in a run's folder.
const FILE: &str = ".curves";
/// Rises with every change of what it is made of.
const VERSION: u64 = 1;
/// Journals of fewer bytes are read as fast as their curves would be.
const LONG: u64 = 2 << 20;

/// By what a change of a journal is seen: modification time in nanoseconds and size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    time: u64,
    size: u64,
}

impl Stamp {
    /// Of the file at `path`; `None` where it cannot be looked at.
    pub fn of(path: &Path) -> Option<Self> {
        let seen = std::fs::metadata(path).ok()?;
        let time = seen.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(Self { time: u64::try_from(time.as_nanos()).ok()?, size: seen.len() })
    }

    /// Whether a journal of this size is worth keeping its curves.
    pub fn is_long(&self) -> bool {
        self.size >= LONG
    }
}

/// What happened beside the curves, in its order, each with the steps done by then.
#[derive(Debug, Default)]
pub struct Others(Vec<(Step, Fact)>);

impl Others {
    /// Notes a fact that `record` is about to take in.
    pub fn note(&mut self, record: &RunRecord, fact: &Fact) {
        match fact {
            Fact::Scalars { .. } | Fact::Left { .. } | Fact::Inputs(_) => return,
            // Each takes the place of the one before.
            Fact::Predictions(_) => self.0.retain(|(_, fact)| !matches!(fact, Fact::Predictions(_))),
            _ => {}
        }
        self.0.push((record.step, fact.clone()));
    }
}

/// Keeps the record of a journal of this stamp beside it, `last` being the step behind the last that has values. That it
/// cannot be written costs time and nothing else.
pub fn keep(folder: &Path, stamp: Stamp, record: &RunRecord, others: &Others, last: Option<Step>) {
    let Ok(others) = serde_json::to_vec(&others.0) else { return };
    let mut words = Words::default();
    [VERSION, stamp.time, stamp.size, record.step].iter().for_each(|number| words.number(*number));
    [u64::from(last.is_some()), last.unwrap_or(0)].iter().for_each(|number| words.number(*number));
    words.number(u64::from(record.trouble.is_some()));
    words.bytes(&others);
    words.number(record.series.len() as u64);
    for (id, series) in &record.series {
        words.bytes(id.0.as_bytes());
        series.store(&mut words);
    }
    let sum = crc32c(&words.0);
    words.number(u64::from(sum));
    let _ = write_atomically(&folder.join(FILE), &words.0);
}

/// The record that was kept of a journal of this stamp, and the step behind the last that has values; `None` where there
/// is none.
pub fn kept(folder: &Path, stamp: Stamp) -> Option<(RunRecord, Option<Step>)> {
    let bytes = std::fs::read(folder.join(FILE)).ok()?;
    let (bytes, sum) = bytes.split_last_chunk()?;
    let mut words = WordsRead(bytes);
    let [version, time, size] = [words.number()?, words.number()?, words.number()?];
    if version != VERSION || stamp != (Stamp { time, size }) || u64::from(crc32c(bytes)) != u64::from_le_bytes(*sum) {
        return None;
    }
    let (step, has_last, last, is_in_trouble) =
        (words.number()?, words.number()? != 0, words.number()?, words.number()? != 0);
    let mut record = RunRecord::default();
    for (step, fact) in serde_json::from_slice::<Vec<(Step, Fact)>>(words.bytes()?).ok()? {
        record.step = step;
        record.fold(fact);
    }
    record.step = step;
    record.trouble.take_if(|_| !is_in_trouble);
    for _ in 0..words.number()? {
        let id = SeriesId::from(std::str::from_utf8(words.bytes()?).ok()?);
        record.series.insert(id, Series::restore(&mut words)?);
    }
    Some((record, has_last.then_some(last)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::link::{KnobChange, Origin, Predictions};
    use crate::session::{Sentence, Session};

    fn facts() -> Vec<Fact> {
        let change = KnobChange { knob: "mixture.alpha".into(), from: 0.5, to: 0.25 };
        let scalars = |step| Fact::Scalars { step, values: vec![("loss/total".into(), 1.0 / (step + 1) as f64)] };
        let predictions = |step| Fact::Predictions(Arc::new(Predictions { step, ..Predictions::default() }));
        let session = Box::new(Session::built_in().unwrap());
        let mut facts = vec![Fact::Started { session, out: "nowhere".into(), step: 0 }];
        facts.extend((0..60_000).map(scalars));
        facts.extend([predictions(100), Fact::Warning("a warning".into()), Fact::Checkpoint { step: 60_000 }]);
        facts.extend([Fact::KnobsChanged { step: 60_000, origin: Origin::Person, changes: vec![change] }]);
        facts.extend([Fact::Trouble {
            step: 60_000,
            what: Sentence::verbatim("trouble"),
            checkpoint: None,
            alarm: None,
        }]);
        facts.extend((60_000..60_010).map(scalars));
        facts.extend([predictions(60_005), Fact::Rewound { step: 60_000 }, scalars(60_000)]);
        facts
    }

    #[test]
    fn what_is_kept_is_the_record_and_counts_for_nothing_once_the_journal_or_a_bit_of_it_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let (mut record, mut others) = (RunRecord::default(), Others::default());
        for fact in facts() {
            others.note(&record, &fact);
            record.fold(fact);
        }
        assert!(!record.series[&SeriesId::from("loss/total")].is_whole() && record.predictions.is_none());
        let stamp = Stamp { time: 7, size: 9 };
        keep(folder.path(), stamp, &record, &others, Some(60_001));
        let (again, last) = kept(folder.path(), stamp).expect("it is kept");
        assert_eq!((format!("{again:?}"), last), (format!("{record:?}"), Some(60_001)));
        assert!(kept(folder.path(), Stamp { time: 8, ..stamp }).is_none());
        assert!(kept(folder.path(), Stamp { size: 10, ..stamp }).is_none());
        let bytes = std::fs::read(folder.path().join(FILE)).unwrap();
        for place in (0..bytes.len()).step_by(bytes.len() / 50) {
            let mut damaged = bytes.clone();
            damaged[place] ^= 4;
            std::fs::write(folder.path().join(FILE), &damaged).unwrap();
            assert!(kept(folder.path(), stamp).is_none(), "byte {place}");
            std::fs::write(folder.path().join(FILE), &bytes[..place]).unwrap();
            assert!(kept(folder.path(), stamp).is_none(), "{place} bytes");
        }
    }

    #[test]
    fn a_long_journal_opens_the_second_time_with_the_same_record_and_a_grown_one_with_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = super::super::journal::Journal::create(&folder.path().join("journal.jsonl")).unwrap();
        facts().iter().for_each(|fact| journal.write(fact));
        let open = || super::super::journal::replay(folder.path()).unwrap();
        let (first, size) = (open(), std::fs::metadata(folder.path().join(FILE)).map(|file| file.len()).unwrap());
        assert!(size > 0 && format!("{:?}", open()) == format!("{first:?}"));
        journal.write(&Fact::Scalars { step: 60_001, values: vec![("loss/total".into(), 99.0)] });
        assert_eq!(open().latest("loss/total"), Some(99.0));
        let whole = super::super::journal::replay_whole(folder.path()).unwrap().0;
        assert_eq!(whole.series[&SeriesId::from("loss/total")].points().count(), 60_002);
    }
}
