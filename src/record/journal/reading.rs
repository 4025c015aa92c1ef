//! What can be read of a journal. A line that is damaged costs that
//! line: what else can be read of a run is read, and what was left out is counted.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use super::scalars_line::ScalarsReader;
use super::{JournalError, io, version_of};
use crate::link::Fact;
use crate::session::{Say, Sentence, say};

/// What could be read of a journal.
#[derive(Debug, Default)]
pub struct Reading {
    /// Every fact that can be read, in the order of the file.
    pub facts: Vec<Fact>,
    /// The lines that cannot, in the order of the file.
    pub faults: Vec<Fault>,
}

/// A line of a journal that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// The parser's words.
    pub reason: Sentence,
}

impl Reading {
    /// What was left out, in a sentence; `None` where nothing was.
    pub fn damage(&self, path: &Path) -> Option<Sentence> {
        damage(&self.faults, self.facts.len(), path)
    }
}

/// Line numbers that are named; of more, only how many there are.
const NAMED: usize = 5;

/// What was left out of a journal of which so many events can be read.
pub(super) fn damage(faults: &[Fault], events: usize, path: &Path) -> Option<Sentence> {
    let first = faults.first()?;
    let numbers: Vec<String> = faults.iter().take(NAMED).map(|fault| fault.line.to_string()).collect();
    let more = faults.len().saturating_sub(NAMED);
    let more = if more > 0 { say!(" and {more} more", more) } else { Sentence::default() };
    let (count, numbers) = (faults.len(), numbers.join(", "));
    let (reason, path) = (&first.reason, path.display());
    Some(if count == 1 {
        say!(
            "1 line of the journal is damaged and left out (line {numbers}: {reason}); the other {events} are used, and checkpoints and student are not touched by that: {path}",
            numbers,
            reason,
            events,
            path
        )
    } else {
        say!(
            "{count} lines of the journal are damaged and left out (lines {numbers}{more}: {reason}); the other {events} are used, and checkpoints and student are not touched by that: {path}",
            count,
            numbers,
            more,
            reason,
            events,
            path
        )
    })
}

/// The events of a journal, and the lines that are none. A last line cut off by a crash is no fault: it is
/// what a journal is for.
///
/// # Errors
/// [`JournalError::Io`], [`JournalError::Newer`]; [`JournalError::Unreadable`] if no line of it is ours.
pub fn read(path: &Path) -> Result<Reading, JournalError> {
    let mut facts = Vec::new();
    let faults = read_each(path, |fact| facts.push(fact))?;
    Ok(Reading { facts, faults })
}

/// Hands over the events of a journal one by one, so that a long one is never held whole, and gives the lines that are
/// none.
///
/// # Errors
/// As [`read`].
pub fn read_each(path: &Path, take: impl FnMut(Fact)) -> Result<Vec<Fault>, JournalError> {
    read_each_told(path, take, &mut |_, _| {})
}

/// The same, and tells now and then how many bytes are read of how many.
pub(super) fn read_each_told(path: &Path, take: impl FnMut(Fact), told: Told) -> Result<Vec<Fault>, JournalError> {
    let total = std::fs::metadata(path).map_or(0, |file| file.len());
    let mut done = 0;
    let mut lines = BufReader::with_capacity(BUFFER, File::open(path).map_err(|e| io(&e, path))?);
    let mut taker = Taker { take, scalars: ScalarsReader::default(), taken: 0, faults: Vec::new() };
    let (mut line, mut number, mut headed, mut whole) = (Vec::new(), 0, false, false);
    while lines.read_until(b'\n', &mut line).map_err(|e| io(&e, path))? > 0 || number == 0 {
        number += 1;
        done += line.len() as u64;
        if number % TOLD_EVERY == 0 {
            told(done, total);
        }
        whole = line.pop_if(|byte| *byte == b'\n').is_some();
        if number == 1 {
            headed = version_of(&line, path)?.is_some();
        }
        if (number == 1 && !headed) || (number > 1 && !line.is_empty()) {
            taker.line(number, &line);
        }
        line.clear();
    }
    if !headed && taker.taken == 0 {
        let reason = taker.faults.first().map_or(say!("it is empty"), |fault| fault.reason.clone());
        return Err(JournalError::Unreadable { reason, path: path.to_owned() });
    }
    taker.faults.retain(|fault| whole || fault.line < number);
    Ok(taker.faults)
}

/// Hears how many bytes of a journal are read, and how many it has.
pub type Told<'a> = &'a mut dyn FnMut(u64, u64);

/// Lines between two words of progress.
const TOLD_EVERY: usize = 4_096;
/// Bytes read at once.
pub(super) const BUFFER: usize = 1 << 18;

/// Takes lines of a journal.
struct Taker<T> {
    take: T,
    scalars: ScalarsReader,
    taken: usize,
    faults: Vec<Fault>,
}

impl<T: FnMut(Fact)> Taker<T> {
    fn line(&mut self, number: usize, bytes: &[u8]) {
        match self.scalars.read(bytes).map_or_else(|| serde_json::from_slice(bytes), Ok) {
            Ok(fact) => {
                self.taken += 1;
                (self.take)(fact);
            }
            Err(_) if is_reply(bytes) => {}
            Err(e) => self.faults.push(Fault { line: number, reason: e.said() }),
        }
    }
}

/// Answers of the engine that once stood in journals: what was asked while the run was on, not what happened
/// to it.
const REPLIES: [&str; 5] = ["Examined", "Weighed", "Asked", "Answered", "Unwritten"];

fn is_reply(line: &[u8]) -> bool {
    let read = serde_json::from_slice::<BTreeMap<String, serde::de::IgnoredAny>>(line);
    read.is_ok_and(|read| read.keys().all(|name| REPLIES.contains(&name.as_str())) && read.len() == 1)
}

#[cfg(test)]
mod tests {
    use super::super::super::RunRecord;
    use super::super::replay;
    use super::super::{FILE, Journal};
    use super::*;
    use crate::link::{KnobChange, Origin};

    fn facts() -> Vec<Fact> {
        let change = KnobChange { knob: "mixture.alpha".into(), from: 0.5, to: 0.1 + 0.2 };
        vec![
            Fact::Scalars { step: 0, values: vec![("loss/total".into(), 1.0 / 3.0), ("loss/x".into(), f64::NAN)] },
            Fact::KnobsChanged { step: 1, origin: Origin::Person, changes: vec![change] },
            Fact::Scalars { step: 1, values: vec![("loss/total".into(), f64::NEG_INFINITY)] },
            Fact::Warning("watch out".into()),
        ]
    }

    #[test]
    fn the_record_of_a_journal_is_the_record_of_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(&folder.path().join(FILE)).unwrap();
        let mut live = RunRecord::default();
        for fact in facts() {
            journal.write(&fact);
            live.fold(fact);
        }
        journal.flush();
        let replayed = replay(folder.path()).unwrap();
        live.out = Some(folder.path().to_owned());
        assert_eq!(format!("{live:?}"), format!("{replayed:?}"));
        assert_eq!(replayed.script()[0].value.to_bits(), (0.1f64 + 0.2).to_bits());
    }

    /// A way in which the lines of a journal can be damaged, and the lines that then cannot be read.
    type Damage = (&'static str, fn(&[u8]) -> Vec<u8>, &'static [usize]);

    fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
        bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
    }

    /// With one line, counted from 1, put differently.
    fn with_line(bytes: &[u8], number: usize, change: fn(&mut Vec<u8>)) -> Vec<u8> {
        let mut lines = lines(bytes);
        change(&mut lines[number - 1]);
        lines.concat()
    }

    /// Lines `a` and `a + 1` written by two processes at once: half of one in the middle of the other.
    fn interleaved(bytes: &[u8], a: usize) -> Vec<u8> {
        let mut lines = lines(bytes);
        let other = lines.remove(a);
        let middle = lines[a - 1].len() / 2;
        lines[a - 1].splice(middle..middle, other);
        lines.concat()
    }

    const DAMAGES: &[Damage] = &[
        ("nothing", <[u8]>::to_vec, &[]),
        ("a last line that was cut off", |bytes| bytes[..bytes.len() - 7].to_vec(), &[]),
        ("a last line without its end", |bytes| bytes[..bytes.len() - 1].to_vec(), &[]),
        ("zeros behind the last line", |bytes| [bytes, &[0; 40]].concat(), &[]),
        ("a last line that is whole and broken", |bytes| with_line(bytes, 5, |line| drop(line.drain(..9))), &[5]),
        (
            "a line in the middle cut short",
            |bytes| with_line(bytes, 3, |line| drop(line.drain(20..line.len() - 1))),
            &[3],
        ),
        ("a word that is none", |bytes| with_line(bytes, 3, |line| line[2] = b'k'), &[3]),
        ("bytes that are not UTF-8", |bytes| with_line(bytes, 5, |line| line[15] = 0xff), &[5]),
        ("a zero byte", |bytes| with_line(bytes, 2, |line| line[4] = 0), &[2]),
        ("interleaved lines", |bytes| interleaved(bytes, 2), &[2, 3]),
        ("two lines in one", |bytes| with_line(bytes, 3, |line| line.truncate(line.len() - 1)), &[3]),
        ("a damaged header", |bytes| with_line(bytes, 1, |line| line[0] = 0xfe), &[1]),
        ("no header", |bytes| with_line(bytes, 1, Vec::clear), &[]),
        ("an empty line", |bytes| with_line(bytes, 4, |line| line.insert(0, b'\n')), &[]),
        (
            "every line but one",
            |bytes| (1..5).fold(bytes.to_vec(), |b, i| with_line(&b, i, |l| l[0] = b'!')),
            &[1, 2, 3, 4],
        ),
    ];

    #[test]
    fn a_damaged_line_costs_that_line_alone_and_is_counted_and_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let mut journal = Journal::create(&path).unwrap();
        facts().into_iter().for_each(|fact| journal.write(&fact));
        let whole = std::fs::read(&path).unwrap();
        for (what, damage, expected) in DAMAGES {
            std::fs::write(&path, damage(&whole)).unwrap();
            let reading = read(&path).unwrap_or_else(|e| panic!("{what}: {e}"));
            let faults: Vec<usize> = reading.faults.iter().map(|fault| fault.line).collect();
            assert_eq!(faults, *expected, "{what}");
            let known: Vec<String> = facts().iter().map(|event| format!("{event:?}")).collect();
            assert!(reading.facts.iter().all(|event| known.contains(&format!("{event:?}"))), "{what}: made up");
            let lost = 4 - reading.facts.len();
            let most =
                if what.contains("interleaved") || what.contains("two lines") { 2 } else { 1.max(expected.len()) };
            assert!(lost <= most, "{what}: {lost} events are lost");
            let record = replay(folder.path()).unwrap();
            assert_eq!(
                record.notices.iter().filter(|remark| remark.notice.text.contains("of the journal")).count(),
                usize::from(!expected.is_empty()),
                "{what}"
            );
            if let Some(line) = expected.first() {
                let said = reading.damage(&path).unwrap();
                let numbers = format!("{} line", expected.len());
                assert!(said.starts_with(&numbers) && said.contains(&line.to_string()), "{what}: {said}");
            }
            // And it can be gone on with: the next event is a line of its own, and nothing else is lost.
            let before = read(&path).unwrap().facts.len();
            let mut journal = Journal::append(&path).unwrap_or_else(|e| panic!("{what}: {e}"));
            journal.write(&Fact::Left { step: 3 });
            let again = read(&path).unwrap();
            assert_eq!(again.facts.last(), Some(&Fact::Left { step: 3 }), "{what}");
            assert_eq!(again.facts.len(), before + 1, "{what}");
            assert!(again.faults.len() <= expected.len(), "{what}");
        }
    }

    #[test]
    fn what_is_no_journal_at_all_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        for text in ["", "a,b\n1,2\n", "{\"time\":1}\n{\"time\":2}\n"] {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(read(&path), Err(JournalError::Unreadable { .. })), "{text}");
        }
    }

    #[test]
    fn a_journal_of_an_older_version_is_read_and_gone_on_with_and_a_newer_one_is_neither() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let line = serde_json::to_string(&facts()[0]).unwrap();
        std::fs::write(&path, format!("{{\"retort_journal\":1}}\n{line}\n{line}\n{{\"Scal")).unwrap();
        assert_eq!(read(&path).unwrap().facts.len(), 2);
        let mut journal = Journal::append(&path).unwrap();
        journal.write(&Fact::Left { step: 3 });
        journal.flush();
        assert_eq!(read(&path).unwrap().facts[2], Fact::Left { step: 3 });
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with("{\"retort_journal\":2,\"retort\":\""),
            "an older program must not misread it: {text}"
        );
        std::fs::write(&path, text.replacen("journal\":2", "journal\":99", 1)).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("version 99"));
        assert!(Journal::append(&path).is_err());
        let kept = std::fs::read_to_string(&path).unwrap();
        assert!(kept.starts_with("{\"retort_journal\":99"), "nor is it written to");
    }
}
