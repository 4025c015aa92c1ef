//! Answers of a teacher, kept: one file per teacher, prompt, set of label words and estimator; one record
//! per input that the teacher reads. A teacher is asked once per input, ever; temperature and α change
//! freely afterwards, because what is kept are log-probabilities at temperature 1.
//!
//! *Keyed by what is read (2026-11).* The text alone does not tell what a teacher reads: tokenizer, template,
//! chat and cutting stand between. A record is therefore named by the rendered input, and the file by
//! everything else an answer depends on, [`Identity`]. What earlier versions kept by the text is read where
//! its key was unambiguous, see [`super::former`].

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::answer_file::{AnswerFile, AnswerFileError, Header, Reading, Record, WITHDRAWN};
use super::costs::{Cost, Costs};
use super::estimator::Estimator;
use super::former::{self, Former, FormerKey};
use crate::engine::content_hash::hex;
use crate::session::{Say, Sentence, say};

/// What a teacher's answers depend on besides the input it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// All of it, hashed.
    pub fingerprint: [u8; 32],
    /// Ways in which it may answer, the best one first.
    pub estimators: Vec<Estimator>,
    /// What it is in words, as JSON, for lists.
    pub about: String,
    /// Where earlier versions kept its answers.
    pub former: Option<FormerKey>,
}

/// A teacher's answer to one text.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Log-probabilities in class order.
    pub scores: Arc<[f32]>,
    /// Probability that the label words had in all, in [0, 1]; NaN where that is not known.
    pub mass: f32,
}

impl Answer {
    /// An answer of whose label words nothing further is known.
    pub fn new(scores: Vec<f32>) -> Self {
        Self { scores: scores.into(), mass: f32::NAN }
    }
}

/// Answers in memory, and their file.
#[derive(Default)]
pub struct TargetCache {
    known: HashMap<Reading, Answer>,
    former: Former,
    place: Option<Place>,
    estimator: Option<Estimator>,
    file: Option<AnswerFile>,
    warnings: VecDeque<Sentence>,
    costs: Costs,
}

/// Where answers are kept.
struct Place {
    folder: PathBuf,
    identity: Identity,
    classes: usize,
}

impl Place {
    fn path(&self, estimator: Estimator) -> PathBuf {
        let mut hash = blake3::Hasher::new();
        hash.update(&self.identity.fingerprint).update(&estimator.code().to_le_bytes());
        self.folder.join(format!("{}.targets", hex(&hash.finalize().as_bytes()[..16])))
    }

    fn header(&self) -> Header {
        Header::new(self.classes, &self.identity.about)
    }
}

impl TargetCache {
    /// A cache that forgets with the process.
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// The cache of a teacher in `folder`. Trouble with the disk costs only the memory across runs: it
    /// becomes a warning.
    pub fn open(folder: &Path, identity: &Identity, classes: usize) -> Self {
        let (mut cache, place) = Self::found(folder, identity, classes);
        if let Some(estimator) = cache.estimator
            && place.path(estimator).exists()
        {
            cache.keep_at(&place.path(estimator), place.header());
        }
        cache.place = Some(place);
        cache
    }

    /// What is kept of a teacher in `folder`, to be looked at: nothing is written, even where a run is
    /// writing.
    pub fn look(folder: &Path, identity: &Identity, classes: usize) -> Self {
        Self::found(folder, identity, classes).0
    }

    /// The answers of the best estimator that there are any of.
    fn found(folder: &Path, identity: &Identity, classes: usize) -> (Self, Place) {
        let place = Place { folder: folder.to_owned(), identity: identity.clone(), classes };
        let mut former = Former::default();
        let mut old_costs = Costs::default();
        if let Some(key) = &identity.former {
            let path = former::path(folder, &key.fingerprint);
            former = Former::read(&path, key, classes);
            old_costs = Costs::read(&Costs::beside(&path));
        }
        let mut cache = Self { former, ..Self::default() };
        cache.warnings.extend(cache.former.note.take());
        for &estimator in &identity.estimators {
            let path = place.path(estimator);
            let records = AnswerFile::look(&path).ok().flatten().map(|(_, records)| records).unwrap_or_default();
            let is_former = cache.former.estimator == Some(estimator) && !cache.former.is_empty();
            if cache.estimator.is_none() && (!records.is_empty() || is_former) {
                cache.estimator = Some(estimator);
                cache.take_up(records);
                cache.costs = Costs::read(&Costs::beside(&path));
            }
        }
        if cache.former.estimator != cache.estimator {
            cache.former = Former::default();
        } else {
            cache.costs.include(&old_costs);
        }
        if let [only] = identity.estimators.as_slice() {
            cache.estimator = Some(*only);
        }
        (cache, place)
    }

    /// How the kept answers came about; `None` while nothing is kept of a teacher that may answer in
    /// several ways.
    pub fn estimator(&self) -> Option<Estimator> {
        self.estimator
    }

    /// What answers have cost.
    pub fn costs(&self) -> &Costs {
        &self.costs
    }

    /// Keeps what an answer has cost.
    pub fn note(&mut self, cost: Cost) {
        self.costs.put(cost);
    }

    /// Number of answers known, those of earlier versions included.
    pub fn len(&self) -> usize {
        self.known.values().filter(|answer| answer.mass != WITHDRAWN).count() + self.former.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The answer for what the teacher reads for a text, which earlier versions kept by the letters `former`.
    pub fn get(&self, reading: &Reading, former: Option<&str>) -> Option<Answer> {
        match self.known.get(reading) {
            Some(answer) => (answer.mass != WITHDRAWN).then(|| answer.clone()),
            None => self.former.get(former?).map(|scores| Answer::new(scores.to_vec())),
        }
    }

    /// The answer of an earlier version, where such are used only once some have been made again.
    pub fn unchecked(&self, reading: &Reading, former: Option<&str>) -> Option<&[f32]> {
        self.former.get(former?).filter(|_| self.former.unchecked && !self.known.contains_key(reading))
    }

    /// Uses no answers of earlier versions any more.
    pub fn drop_former(&mut self, why: Sentence) {
        let place = self.place.as_ref().and_then(|place| Some((&place.folder, place.identity.former.as_ref()?)));
        let path = place.map(|(folder, key)| former::path(folder, &key.fingerprint)).unwrap_or_default();
        self.warnings.push_back(say!("{why}: {path}", why, path));
        self.former = Former::default();
    }

    /// Keeps answers that came about by `estimator`.
    pub fn put(&mut self, answers: Vec<(Reading, Answer)>, estimator: Estimator) {
        let records = answers.iter().map(|(reading, answer)| {
            let scores = answer.scores.to_vec();
            Record { reading: *reading, scores, mass: answer.mass }
        });
        let records: Vec<Record> = records.collect();
        self.known.extend(answers);
        if self.estimator.is_some_and(|known| known != estimator) {
            // Never mixed: another process has begun with another way meanwhile.
            return self.trouble(say!("they came about in another way than those that are kept"));
        }
        self.estimator = Some(estimator);
        if let Some(place) = &self.place
            && self.file.is_none()
        {
            let (path, header) = (place.path(estimator), place.header());
            self.keep_at(&path, header);
        }
        let written = self.file.as_mut().map(|file| file.append(&records));
        match written {
            Some(Ok(news)) => self.take_up(news),
            Some(Err(e)) => self.trouble(e.said()),
            None => {}
        }
    }

    /// Marks answers as saying nothing: they were paid for and stay in the file, and are asked anew.
    pub fn withdraw(&mut self, readings: &[(Reading, Answer)]) {
        let Some(estimator) = self.estimator else { return };
        let withdrawn =
            |(reading, answer): &(Reading, Answer)| (*reading, Answer { mass: WITHDRAWN, ..answer.clone() });
        self.put(readings.iter().map(withdrawn).collect(), estimator);
    }

    /// Takes up what other processes have kept meanwhile.
    pub fn refresh(&mut self) {
        if let (Some(place), Some(estimator), None) = (&self.place, self.estimator, &self.file) {
            let (path, header) = (place.path(estimator), place.header());
            if path.exists() {
                self.keep_at(&path, header);
            }
        }
        match self.file.as_mut().map(AnswerFile::news) {
            Some(Ok(news)) => self.take_up(news),
            Some(Err(e)) => self.trouble(e.said()),
            None => {}
        }
    }

    /// What went wrong with the disk, or was passed over; each said once.
    pub fn take_warning(&mut self) -> Option<Sentence> {
        self.warnings.pop_front()
    }

    /// Answers that were withdrawn by this process or another stay so only until they are asked anew.
    fn take_up(&mut self, records: Vec<Record>) {
        let answer = |record: Record| (record.reading, Answer { scores: record.scores.into(), mass: record.mass });
        self.known.extend(records.into_iter().map(answer));
    }

    fn keep_at(&mut self, path: &Path, header: Header) {
        match AnswerFile::open(path, header) {
            Ok((file, records)) => {
                self.take_up(records);
                self.file = Some(file);
                self.costs.keep_at(&Costs::beside(path));
            }
            Err(e) => self.lost(path, &e),
        }
    }

    fn lost(&mut self, path: &Path, error: &AnswerFileError) {
        self.place = None;
        self.warnings.push_back(sentence(error.said(), path));
    }

    fn trouble(&mut self, reason: Sentence) {
        let path = self.file.take().map(|file| file.path().to_owned());
        self.place = None;
        self.warnings.push_back(sentence(reason, &path.unwrap_or_default()));
    }
}

fn sentence(reason: Sentence, path: &Path) -> Sentence {
    say!(
        "soft targets are not kept for later runs: {reason}; free some room or set RETORT_CACHE: {path}",
        reason,
        path = path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Estimator = Estimator::FirstTokens { alternatives: 5 };

    fn identity(number: u8, estimators: &[Estimator]) -> Identity {
        Identity {
            fingerprint: [number; 32],
            estimators: estimators.to_vec(),
            about: "{}".into(),
            former: Some(FormerKey { fingerprint: [number; 32], origin: former::Origin::Only(FIRST) }),
        }
    }

    fn reading(text: &str) -> Reading {
        *blake3::hash(text.as_bytes()).as_bytes()
    }

    fn put(cache: &mut TargetCache, text: &str, scores: &[f32], estimator: Estimator) {
        cache.put(vec![(reading(text), Answer::new(scores.to_vec()))], estimator);
    }

    fn get(cache: &TargetCache, text: &str) -> Option<Vec<f32>> {
        cache.get(&reading(text), Some(text)).map(|answer| answer.scores.to_vec())
    }

    #[test]
    fn answers_survive_a_restart_and_a_torn_record_costs_only_itself() {
        let folder = tempfile::tempdir().unwrap();
        let open = || TargetCache::open(folder.path(), &identity(7, &[Estimator::WholeWords]), 3);
        let mut cache = open();
        put(&mut cache, "one", &[1.0, 2.0, f32::MIN_POSITIVE], Estimator::WholeWords);
        put(&mut cache, "two", &[4.0, 5.0, 6.0], Estimator::WholeWords);
        drop(cache);
        let path = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();
        let mut cache = open();
        assert_eq!(get(&cache, "one"), Some(vec![1.0, 2.0, f32::MIN_POSITIVE]));
        assert!(get(&cache, "two").is_none());
        put(&mut cache, "three", &[7.0, 8.0, 9.0], Estimator::WholeWords);
        assert_eq!((open().len(), get(&open(), "three")), (2, Some(vec![7.0, 8.0, 9.0])));
    }

    #[test]
    fn another_teacher_and_another_estimator_have_another_memory() {
        let folder = tempfile::tempdir().unwrap();
        let both = [Estimator::WholeWords, FIRST];
        let open = |number| TargetCache::open(folder.path(), &identity(number, &both), 2);
        let mut first = open(1);
        assert_eq!(first.estimator(), None);
        put(&mut first, "text", &[-1.0, -2.0], FIRST);
        assert!(open(2).is_empty());
        assert_eq!(open(1).estimator(), Some(FIRST));
        let mut whole = TargetCache::open(folder.path(), &identity(1, &both[..1]), 2);
        assert!(whole.is_empty());
        put(&mut whole, "text", &[-3.0, -4.0], Estimator::WholeWords);
        assert_eq!(open(1).estimator(), Some(Estimator::WholeWords), "the better one where there are both");
        assert_eq!(get(&open(1), "text"), Some(vec![-3.0, -4.0]));
        assert_eq!(get(&first, "text"), Some(vec![-1.0, -2.0]), "a run keeps to its own");
    }

    #[test]
    fn two_caches_on_one_file_see_each_others_answers_and_lose_none() {
        let folder = tempfile::tempdir().unwrap();
        let open = || TargetCache::open(folder.path(), &identity(3, &[Estimator::WholeWords, FIRST]), 2);
        let (mut a, mut b) = (open(), open());
        put(&mut a, "one", &[-1.0, -2.0], FIRST);
        put(&mut b, "two", &[-3.0, -4.0], FIRST);
        a.refresh();
        assert_eq!((get(&a, "two"), get(&b, "one")), (Some(vec![-3.0, -4.0]), Some(vec![-1.0, -2.0])));
        assert_eq!(open().len(), 2);
        assert_eq!((a.take_warning(), b.take_warning()), (None, None));
    }

    #[test]
    fn a_withdrawn_answer_is_kept_and_not_used_until_it_is_asked_anew() {
        let folder = tempfile::tempdir().unwrap();
        let open = || TargetCache::open(folder.path(), &identity(3, &[FIRST]), 2);
        let mut cache = open();
        put(&mut cache, "one", &[-0.7, -0.7], FIRST);
        cache.withdraw(&[(reading("one"), Answer::new(vec![-0.7, -0.7]))]);
        assert_eq!((get(&cache, "one"), get(&open(), "one"), open().len()), (None, None, 0));
        put(&mut cache, "one", &[-0.1, -2.0], FIRST);
        assert_eq!(get(&open(), "one"), Some(vec![-0.1, -2.0]));
    }

    #[test]
    fn a_file_of_a_later_version_is_left_alone_and_said() {
        let folder = tempfile::tempdir().unwrap();
        let open = || TargetCache::open(folder.path(), &identity(3, &[FIRST]), 2);
        put(&mut open(), "one", &[-0.1, -2.0], FIRST);
        let path = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[16] = 9;
        std::fs::write(&path, &bytes).unwrap();
        let mut cache = open();
        put(&mut cache, "two", &[-0.1, -2.0], FIRST);
        assert!(get(&cache, "two").is_some(), "it is remembered in this process");
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
        let words = cache.take_warning().unwrap();
        assert!(words.contains("format 9") && words.contains("update retort"), "{words}");
    }
}
