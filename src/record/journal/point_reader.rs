//! Points of steps long past, read again from the journal: a long curve keeps only their extremes in memory.
//!
//! Lines stand in the order of their steps but where a run went back, so the file is gone through once for where every
//! thousandth step stands; from then on a step costs reading a thousand lines. What a journal has grown by is gone
//! through when it is next asked.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::reading::BUFFER;
use super::scalars_line::ScalarsReader;
use super::{FILE, JournalError, io};
use crate::link::{Fact, SeriesId, Step};

/// Steps between two places that are remembered.
const EVERY: Step = 1_000;

/// The points of curves, steps ascending.
pub type Points = BTreeMap<SeriesId, Vec<(Step, f64)>>;

/// Where the values of a step begin in the journal; those of later steps follow, up to the next place.
#[derive(Clone, Copy, Debug)]
struct Place {
    step: Step,
    offset: u64,
}

/// Reads points of one run's journal again.
#[derive(Debug, Default)]
pub struct PointReader {
    path: PathBuf,
    places: Vec<Place>,
    /// Bytes that were gone through: whole lines.
    seen: u64,
    /// The newest step among them that counts.
    newest: Option<Step>,
    /// Whether the run went back, so that what follows stands elsewhere than behind the last place.
    went_back: bool,
}

/// What a line says of steps.
enum Line {
    Values(Step),
    /// From here on it is another time: what was measured at this step or later counts no more.
    Back(Step),
    Other,
}

impl PointReader {
    /// Of the run in a folder; nothing is read yet.
    pub fn new(folder: &Path) -> Self {
        Self { path: folder.join(FILE), ..Self::default() }
    }

    /// Whether it is of the run in this folder.
    pub fn is_of(&self, folder: &Path) -> bool {
        self.path == folder.join(FILE)
    }

    /// All points at the steps from `first` to `last` that count, as far as their lines can be read.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn between(&mut self, first: Step, last: Step) -> Result<Points, JournalError> {
        self.find_places()?;
        if let Some(points) = self.read(first, last)? {
            return Ok(points);
        }
        // It was written anew since, by somebody else.
        *self = Self { path: std::mem::take(&mut self.path), ..Self::default() };
        self.find_places()?;
        Ok(self.read(first, last)?.unwrap_or_default())
    }

    fn open(&self, at: u64) -> Result<BufReader<File>, JournalError> {
        let mut file = File::open(&self.path).map_err(|e| io(&e, &self.path))?;
        file.seek(SeekFrom::Start(at)).map_err(|e| io(&e, &self.path))?;
        Ok(BufReader::with_capacity(BUFFER, file))
    }

    /// Goes through what the journal has grown by.
    fn find_places(&mut self) -> Result<(), JournalError> {
        let size = std::fs::metadata(&self.path).map_err(|e| io(&e, &self.path))?.len();
        if size < self.seen {
            *self = Self { path: std::mem::take(&mut self.path), ..Self::default() };
        }
        let (mut lines, mut line) = (self.open(self.seen)?, Vec::new());
        while lines.read_until(b'\n', &mut line).map_err(|e| io(&e, &self.path))? > 0 && line.ends_with(b"\n") {
            match kind(&line) {
                Line::Values(step) => self.values(step),
                Line::Back(step) => self.back(step),
                Line::Other => {}
            }
            self.seen += line.len() as u64;
            line.clear();
        }
        Ok(())
    }

    fn values(&mut self, step: Step) {
        if self.newest.is_some_and(|newest| step <= newest) {
            return;
        }
        self.newest = Some(step);
        if self.went_back || self.places.last().is_none_or(|place| step - place.step >= EVERY) {
            self.places.push(Place { step, offset: self.seen });
            self.went_back = false;
        }
    }

    fn back(&mut self, step: Step) {
        self.places.retain(|place| place.step < step);
        self.newest = step.checked_sub(1).and_then(|before| Some(before.min(self.newest?)));
        self.went_back = true;
    }

    /// The points; `None` where the lines are not where they were.
    fn read(&self, first: Step, last: Step) -> Result<Option<Points>, JournalError> {
        let (mut points, mut scalars) = (Points::new(), ScalarsReader::default());
        // Behind it the old time stands, until it went back.
        let Some(last) = self.newest.map(|newest| newest.min(last)) else { return Ok(Some(points)) };
        let from = self.places.partition_point(|place| place.step <= first).saturating_sub(1);
        let mut places = self.places.iter().skip(from).peekable();
        while let Some(place) = places.next().filter(|place| place.step <= last) {
            let end = places.peek().map_or(last, |next| last.min(next.step.saturating_sub(1)));
            let (mut lines, mut line, mut newest) = (self.open(place.offset)?, Vec::new(), None);
            while lines.read_until(b'\n', &mut line).map_err(|e| io(&e, &self.path))? > 0 && line.ends_with(b"\n") {
                match kind(&line) {
                    Line::Values(step) if newest.is_none() && step != place.step => return Ok(None),
                    Line::Values(step) if step > end => break,
                    Line::Values(step) if newest.is_none_or(|newest| step >= newest) => {
                        newest = Some(step);
                        if step >= first {
                            take(&mut points, &mut scalars, &line);
                        }
                    }
                    Line::Back(_) => break,
                    _ if newest.is_none() => return Ok(None),
                    _ => {}
                }
                line.clear();
            }
            if newest.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(points))
    }
}

fn take(points: &mut Points, scalars: &mut ScalarsReader, line: &[u8]) {
    let fact = scalars.read(line).or_else(|| serde_json::from_slice(line).ok());
    let Some(Fact::Scalars { step, values }) = fact else { return };
    values.into_iter().for_each(|(id, value)| points.entry(id).or_default().push((step, value)));
}

/// By the beginning of a line: most need not be read to know their step.
fn kind(line: &[u8]) -> Line {
    if let Some(rest) = line.strip_prefix(b"{\"Scalars\":{\"step\":") {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let number = rest.get(..digits).and_then(|digits| std::str::from_utf8(digits).ok());
        return number.and_then(|number| number.parse().ok()).map_or(Line::Other, Line::Values);
    }
    if !line.starts_with(b"{\"Rewound\"") && !line.starts_with(b"{\"Started\"") {
        return Line::Other;
    }
    match serde_json::from_slice(line) {
        Ok(Fact::Rewound { step } | Fact::Started { step, .. }) => Line::Back(step),
        _ => Line::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Journal, replay_whole};
    use super::*;
    use crate::session::Session;

    fn scalars(step: Step, salt: u64) -> [Fact; 2] {
        let value = |salt: u64| ((step * 7 + salt) % 101) as f64 / 3.0;
        let at = |name: &str, salt| Fact::Scalars { step, values: vec![(name.into(), value(salt))] };
        [at("loss/total", salt), at("measure/accuracy", salt + 1)]
    }

    fn started(step: Step) -> Fact {
        Fact::Started { session: Box::new(Session::built_in().unwrap()), out: "nowhere".into(), step }
    }

    /// Against the record that keeps every point.
    fn check(reader: &mut PointReader, folder: &Path, last: Step) {
        let whole = replay_whole(folder).unwrap().0;
        for first in (0..last + 50).step_by(311) {
            for length in [0, 7, 63, 2_500] {
                let points = reader.between(first, first + length).unwrap();
                for (id, series) in &whole.series {
                    let inside = series.points().filter(|(step, _)| (first..=first + length).contains(step));
                    let found = points.get(id).cloned().unwrap_or_default();
                    assert!(found.into_iter().eq(inside), "{first} + {length} of {}", id.0);
                }
            }
        }
    }

    #[test]
    fn points_are_found_wherever_they_stand_also_where_the_run_went_back_goes_on_or_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let mut journal = Journal::create(&path).unwrap();
        let mut tell = |facts: &mut dyn Iterator<Item = Fact>| facts.for_each(|fact| journal.write(&fact));
        let mut reader = PointReader::new(folder.path());
        tell(&mut std::iter::once(started(0)));
        check(&mut reader, folder.path(), 0);
        tell(&mut (0..5_000).flat_map(|step| scalars(step, 1)));
        check(&mut reader, folder.path(), 5_000);
        tell(&mut std::iter::once(Fact::Rewound { step: 2_345 }));
        check(&mut reader, folder.path(), 5_000);
        tell(&mut (2_345..3_000).flat_map(|step| scalars(step, 2)));
        tell(&mut std::iter::once(Fact::Rewound { step: 2_900 }).chain([Fact::Warning("a warning".into())]));
        tell(&mut (2_900..7_000).flat_map(|step| scalars(step, 3)));
        tell(&mut std::iter::once(started(6_500)).chain((6_500..9_000).flat_map(|step| scalars(step, 4))));
        check(&mut reader, folder.path(), 9_000);
        check(&mut PointReader::new(folder.path()), folder.path(), 9_000);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replacen("{\"retort_journal\":2", "{   \"retort_journal\":2", 1)).unwrap();
        check(&mut reader, folder.path(), 9_000);
        std::fs::write(&path, &text[..text.len() / 3]).unwrap();
        assert_eq!(reader.between(8_000, 9_000).unwrap(), Points::new());
        std::fs::write(&path, text.replacen("[[\"loss/total\"", "[[loss/total\"", 1)).unwrap();
        assert!(
            !reader.between(0, 0).unwrap().contains_key(&SeriesId::from("loss/total")),
            "a damaged line is left out"
        );
        std::fs::remove_file(&path).unwrap();
        assert!(reader.between(0, 1).is_err());
    }
}
