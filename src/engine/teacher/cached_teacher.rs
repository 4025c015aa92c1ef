//! A teacher with a memory: each input is asked once, in this run and in every later one.
//!
//! *A question on a thread of its own (2026-11).* A server may think for minutes, or be away. It is asked on
//! a thread, and the run looks now and then whether the answer is there; between two looks it obeys. A run
//! that is stopped meanwhile leaves the thread behind, which keeps the answer if it still comes.

use std::collections::HashMap;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::cancel::CancelToken;
use super::trial::Trial;
use super::{Answer, Estimator, LocalTeacher, Metered, Reading, TargetCache, Teacher, TeacherError};
use crate::engine::data::Fields;
use crate::session::{Say, Sentence, say};

/// How long a look at a question that is under way may take.
const LOOK: Duration = Duration::from_millis(50);
/// Answers of an earlier version that are made again before the others are believed, and from then on one
/// in every batch.
const CHECKED: usize = 32;
/// How far a probability may lie from the kept one.
const NEAR: f32 = 1e-3;

/// A teacher with a memory.
pub struct CachedTeacher {
    teacher: Arc<dyn Teacher>,
    /// The same, where its answers are paid: it is asked for one text at a time.
    metered: Option<Arc<Metered>>,
    cache: Arc<Mutex<TargetCache>>,
    /// What the teacher reads for a text, by the text's hash: rendering is not repeated every epoch.
    readings: Mutex<HashMap<Reading, Reading>>,
    asking: Option<Asking>,
    /// Why the last question that was put ahead has no answer.
    failed: Option<Sentence>,
    trial: Trial,
    checked: usize,
}

/// A question that is under way.
struct Asking {
    cancel: CancelToken,
    done: Receiver<Result<(), TeacherError>>,
    /// Answers known before it, of how many.
    progress: (usize, usize),
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// Whose answers are kept.
pub enum Asked {
    /// A teacher that answers for nothing, many texts at once.
    Free(Arc<dyn Teacher>),
    /// One that is paid, and asked for one text at a time: each answer is kept before the next is paid.
    Paid(Arc<Metered>),
}

impl From<LocalTeacher> for Asked {
    fn from(teacher: LocalTeacher) -> Self {
        Self::Free(Arc::new(teacher))
    }
}

impl From<Metered> for Asked {
    fn from(teacher: Metered) -> Self {
        Self::Paid(Arc::new(teacher))
    }
}

impl CachedTeacher {
    /// A teacher and where its answers are kept.
    pub fn new(asked: impl Into<Asked>, cache: TargetCache) -> Self {
        let (teacher, metered): (Arc<dyn Teacher>, _) = match asked.into() {
            Asked::Free(teacher) => (teacher, None),
            Asked::Paid(metered) => (Arc::clone(&metered) as Arc<dyn Teacher>, Some(metered)),
        };
        if let Some(estimator) = cache.estimator() {
            teacher.keep_to(estimator);
        }
        Self {
            teacher,
            metered,
            cache: Arc::new(Mutex::new(cache)),
            readings: Mutex::default(),
            asking: None,
            failed: None,
            trial: Trial::default(),
            checked: 0,
        }
    }

    /// A teacher whose answers about `classes` classes are kept in `folder`.
    pub fn keeping(asked: impl Into<Asked>, folder: Option<&Path>, classes: usize) -> Self {
        let asked = asked.into();
        let identity = match &asked {
            Asked::Free(teacher) => teacher.identity(),
            Asked::Paid(metered) => metered.identity(),
        };
        let cache = folder.map(|folder| TargetCache::open(folder, identity, classes));
        Self::new(asked, cache.unwrap_or_default())
    }

    /// Answers for `texts`, from memory where possible.
    ///
    /// # Errors
    /// [`TeacherError`].
    pub fn predict(&mut self, texts: &[Fields]) -> Result<Vec<Arc<[f32]>>, TeacherError> {
        Ok(self.answers(texts)?.into_iter().map(|answer| answer.scores).collect())
    }

    /// The same, with what is known of the label words.
    ///
    /// # Errors
    /// [`TeacherError`].
    pub fn answers(&mut self, texts: &[Fields]) -> Result<Vec<Answer>, TeacherError> {
        self.cache().refresh();
        let pairs = self.read(texts)?;
        self.check_former(&pairs)?;
        let unknown = self.unknown(&pairs);
        // Whoever asks ahead can be stopped while it waits; here nobody could stop it.
        if !unknown.is_empty()
            && let Some(reason) = self.failed.take()
        {
            return Err(TeacherError::Failed(reason));
        }
        // What was paid for is kept before the next is asked.
        for few in unknown.chunks(if self.asks_singly() { 1 } else { unknown.len().max(1) }) {
            self.ask_and_keep(few)?;
            self.tried(few)?;
        }
        let cache = self.cache();
        let answer = |(reading, text): &(Reading, &Fields)| cache.get(reading, self.teacher.former_text(text));
        Ok(pairs.iter().map(|pair| answer(pair).unwrap_or_else(|| Answer::new(Vec::new()))).collect())
    }

    /// Puts one question to a teacher that is asked for one text at a time, the first of `texts` that it
    /// still has to be asked about, or looks whether its answer is there: how many different ones are known then, of
    /// how many. `None` where all are, and of a teacher in this process, whose answers come with the step.
    ///
    /// # Errors
    /// [`TeacherError`].
    pub fn ask_one(&mut self, texts: &[Fields]) -> Result<Option<(usize, usize)>, TeacherError> {
        let Some(metered) = self.metered.clone() else { return Ok(None) };
        if let Some(progress) = self.look_at_question()? {
            return Ok(Some(progress));
        }
        self.cache().refresh();
        let pairs = self.read(texts)?;
        if let Err(error) = self.tried(&pairs) {
            self.failed = Some(error.said());
            return Err(error);
        }
        let (unknown, all) = (self.unknown(&pairs), distinct(&pairs).len());
        // Not the first by its letters: what a step needs comes before what is only measured.
        let wanted = |(reading, _): &&(Reading, &Fields)| unknown.iter().any(|(open, _)| open == reading);
        let Some(&next) = pairs.iter().find(wanted) else { return Ok(None) };
        let progress = (all - unknown.len(), all);
        self.asking = Some(self.put_question(&metered, next, progress)?);
        Ok(Some(self.look_at_question()?.unwrap_or((progress.0 + 1, all))))
    }

    /// Waits no longer for what is asked; an answer that still comes is kept.
    pub fn call_off(&self) {
        if let Some(asking) = &self.asking {
            asking.cancel.cancel();
        }
    }

    /// Whether the teacher is asked for one text at a time.
    pub fn asks_singly(&self) -> bool {
        self.metered.is_some()
    }

    /// Whether the answer for `text` is known without asking.
    pub fn knows(&self, text: &Fields) -> bool {
        self.kept(text).is_some()
    }

    /// The answer for `text`, if it is known without asking.
    pub fn kept(&self, text: &Fields) -> Option<Answer> {
        let reading = self.reading(text).ok()?;
        self.cache().get(&reading, self.teacher.former_text(text))
    }

    /// How the answers come about, as far as it is known.
    pub fn estimator(&self) -> Option<Estimator> {
        self.cache().estimator()
    }

    /// Tokens that the run has paid for.
    pub fn billed_tokens(&self) -> u64 {
        self.metered.as_ref().map_or(0, |metered| metered.billed_tokens())
    }

    /// Takes up a run that had paid for so many tokens.
    pub fn restore_billing(&self, paid: u64) {
        self.metered.iter().for_each(|metered| metered.restore_billing(paid));
    }

    /// What is waited for just now, if it is not simply the answer.
    pub fn waiting(&self) -> Option<Sentence> {
        self.metered.as_ref().filter(|_| self.asking.is_some())?.waiting()
    }

    /// What went wrong with keeping answers on disk, or what the teacher has to say; each once.
    pub fn take_warning(&mut self) -> Option<Sentence> {
        let kept = self.cache().take_warning();
        kept.or_else(|| self.teacher.take_warning())
    }

    fn cache(&self) -> MutexGuard<'_, TargetCache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reading(&self, text: &Fields) -> Result<Reading, TeacherError> {
        let hash = text.key();
        let mut readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = readings.get(&hash) {
            return Ok(*known);
        }
        let reading = self.teacher.reading(text)?;
        readings.insert(hash, reading);
        Ok(reading)
    }

    /// What the teacher reads for each text, beside it.
    fn read<'a>(&self, texts: &'a [Fields]) -> Result<Vec<(Reading, &'a Fields)>, TeacherError> {
        texts.iter().map(|text| Ok((self.reading(text)?, text))).collect()
    }

    /// One of each that has no answer yet, by text.
    fn unknown<'a>(&self, pairs: &[(Reading, &'a Fields)]) -> Vec<(Reading, &'a Fields)> {
        let cache = self.cache();
        distinct(pairs)
            .into_iter()
            .filter(|(reading, text)| cache.get(reading, self.teacher.former_text(text)).is_none())
            .collect()
    }

    /// Asks and waits.
    fn ask_and_keep(&self, few: &[(Reading, &Fields)]) -> Result<(), TeacherError> {
        if let ([(reading, text)], Some(metered)) = (few, &self.metered) {
            return ask(metered, &self.cache, *reading, text, &CancelToken::default());
        }
        let texts: Vec<Fields> = few.iter().map(|(_, text)| Fields::clone(text)).collect();
        let answers = self.teacher.predict(&texts)?.into_iter().map(Answer::new);
        let estimator = self.teacher.estimator().unwrap_or(Estimator::WholeWords);
        self.cache().put(few.iter().map(|(reading, _)| *reading).zip(answers).collect(), estimator);
        Ok(())
    }

    fn put_question(
        &self,
        metered: &Arc<Metered>,
        (reading, text): (Reading, &Fields),
        progress: (usize, usize),
    ) -> Result<Asking, TeacherError> {
        let (metered, cache, cancel) = (Arc::clone(metered), Arc::clone(&self.cache), CancelToken::default());
        let (text, token) = (text.clone(), cancel.clone());
        let (send, done) = sync_channel(1);
        let work = move || {
            let result = ask(&metered, &cache, reading, &text, &token);
            // Nobody may be listening any more: the answer is kept all the same.
            let _ = send.send(result);
        };
        let thread = std::thread::Builder::new().name("a question to the teacher".into()).spawn(work);
        thread.map_err(|e| TeacherError::Thread(e.said()))?;
        Ok(Asking { cancel, done, progress })
    }

    /// Waits a moment for the question that is under way: how far it is while the answer is not there.
    fn look_at_question(&mut self) -> Result<Option<(usize, usize)>, TeacherError> {
        let Some(asking) = &self.asking else { return Ok(None) };
        let result = match asking.done.recv_timeout(LOOK) {
            Err(RecvTimeoutError::Timeout) => return Ok(Some(asking.progress)),
            Err(RecvTimeoutError::Disconnected) => Err(TeacherError::Thread(say!("its thread ended without a word"))),
            Ok(result) => result,
        };
        self.asking = None;
        match result {
            // It is put again, if it is still wanted.
            Err(error) if error.is_cancelled() => Ok(None),
            other => {
                self.failed = other.as_ref().err().map(Say::said);
                other.map(|()| None)
            }
        }
    }

    /// Looks at the first answers of a teacher whose answers are dear.
    fn tried(&mut self, pairs: &[(Reading, &Fields)]) -> Result<(), TeacherError> {
        if !self.trial.is_on() || !self.asks_singly() {
            return Ok(());
        }
        let estimator = self.estimator();
        for (reading, text) in pairs {
            let Some(answer) = self.cache().get(reading, self.teacher.former_text(text)) else { continue };
            let Some(mute) = self.trial.look(*reading, &answer, estimator) else { continue };
            self.cache().withdraw(&mute);
            if let Some(error) = self.teacher.says_nothing(mute.len()) {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Makes some of an earlier version's answers again, where their key does not tell enough; from the
    /// first that differs on none is used.
    fn check_former(&mut self, pairs: &[(Reading, &Fields)]) -> Result<(), TeacherError> {
        let most = if self.checked < CHECKED { CHECKED - self.checked } else { 1 };
        let cache = self.cache();
        let kept = |(reading, text): &(Reading, &Fields)| {
            cache.unchecked(reading, self.teacher.former_text(text)).map(<[f32]>::to_vec)
        };
        let old: Vec<_> =
            distinct(pairs).into_iter().filter_map(|pair| Some((pair, kept(&pair)?))).take(most).collect();
        drop(cache);
        if old.is_empty() {
            return Ok(());
        }
        let (few, old): (Vec<(Reading, &Fields)>, Vec<Vec<f32>>) = old.into_iter().unzip();
        self.ask_and_keep(&few)?;
        self.checked += few.len();
        let mut cache = self.cache();
        let same = few.iter().zip(&old).all(|((reading, text), old)| {
            cache.get(reading, self.teacher.former_text(text)).is_some_and(|answer| near(&answer.scores, old))
        });
        if !same {
            cache.drop_former(say!("answers kept from an earlier version are not this teacher's and are not read"));
        }
        Ok(())
    }
}

/// Asks one question and keeps the answer and what it cost.
fn ask(
    teacher: &Metered,
    cache: &Mutex<TargetCache>,
    reading: Reading,
    text: &Fields,
    cancel: &CancelToken,
) -> Result<(), TeacherError> {
    let answer = teacher.ask(text, cancel)?;
    let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
    cache.put(vec![(reading, answer)], teacher.estimator().unwrap_or(Estimator::WholeWords));
    teacher.take_costs().into_iter().for_each(|cost| cache.note(cost));
    Ok(())
}

/// One of each input, in the order of the texts.
fn distinct<'a>(pairs: &[(Reading, &'a Fields)]) -> Vec<(Reading, &'a Fields)> {
    let mut pairs = pairs.to_vec();
    pairs.sort_unstable_by(|a, b| a.1.whole().cmp(b.1.whole()).then_with(|| a.1.columns().cmp(b.1.columns())));
    let mut seen = std::collections::HashSet::new();
    pairs.retain(|(reading, _)| seen.insert(*reading));
    pairs
}

fn near(ours: &[f32], theirs: &[f32]) -> bool {
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| (a.exp() - b.exp()).abs() < NEAR)
}
