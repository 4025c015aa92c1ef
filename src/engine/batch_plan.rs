//! Which examples a run takes, in which order and how many a step, and what the student reads of them: known before its first step.
//!
//! *Why most of a large set is read twice (2026-11).* Every text is cut into tokens before the first step: batches
//! are put together by length, and a text that cannot be read or is cut is told of before it costs an hour. Kept in
//! tokens, a million short texts took 600 MB and as many small pieces of memory as made half of the time; so only the
//! first are kept, and of the others their lengths. To read a batch of those once more costs far less than its step.
//!
//! Of running text documents are kept instead of samples: a sample is a stretch of it, see [`running`].

mod running;

use std::borrow::Cow;
use std::ops::Range;

use rayon::prelude::*;

use super::EngineError;
use super::data::Batches;
use super::model::init;
use super::pair::Pair;
use super::prompt::PromptError;
use super::task::running_text::{RunningText, Token};
use super::task::{Sample, Task};
use crate::link::Step;
use crate::session::say;
use running::Running;

/// Bytes that kept samples may take, about.
const KEPT: usize = 64 << 20;

/// Examples that are read side by side before what is kept of them is put away.
const CHUNK: usize = 1 << 10;

/// The texts of a run, step by step.
pub struct BatchPlan {
    /// Indices into the training part that take part in the run.
    pub train_indices: Vec<usize>,
    /// Samples, pass by pass: places in `train_indices` where each example is one.
    batches: Batches,
    /// Passes of a step.
    accumulate: u64,
    encoded: Encoded,
    running: Option<Running>,
}

/// What is known of every example of a run, in its order.
#[derive(Default)]
struct Encoded {
    /// Tokens of the longest rendering of each.
    tokens: Vec<usize>,
    /// The first of them, as the student reads them.
    kept: Vec<Sample>,
    /// Texts that are cut, and the tokens they lose.
    cut: (usize, usize),
}

/// Whose eyes examples are read with.
pub struct Reader<'a> {
    /// Student and data.
    pub pair: &'a Pair,
    /// How the student answers.
    pub task: &'a dyn Task,
    /// The run's, which draws among templates.
    pub seed: u64,
}

impl Reader<'_> {
    /// Example `index` of the training part as the student reads it, the same whenever it is asked for.
    fn sample(&self, index: usize) -> Result<Sample, PromptError> {
        let data = &self.pair.assets.data;
        let example = &data.train[index];
        let mut sample = self.task.encode(&self.pair.student, example, draw(self.seed, index))?;
        let truth = example.class().filter(|_| data.labelled[index]);
        sample.rows.iter_mut().for_each(|row| row.known &= data.labelled[index]);
        Ok(Sample { truth: truth.map(|class| class as u32), ..sample })
    }

    /// Example `index` of the training part as running text.
    fn document(&self, text: &dyn RunningText, index: usize) -> Result<Vec<Token>, PromptError> {
        let data = &self.pair.assets.data;
        text.document(&self.pair.student, &data.train[index], data.labelled[index])
    }
}

impl BatchPlan {
    /// The plan of a run whose steps gather `accumulate` batches of `batch`; with `labels_only` of examples whose label
    /// may be learned.
    ///
    /// # Errors
    /// [`EngineError`] if no example is left, or one cannot be read.
    pub fn new(
        reader: &Reader<'_>,
        (batch, accumulate): (usize, usize),
        labels_only: bool,
    ) -> Result<Self, EngineError> {
        let data = &reader.pair.assets.data;
        let everyone = 0..data.train.len();
        let train_indices: Vec<usize> = everyone.filter(|&i| !labels_only || data.labelled[i]).collect();
        if train_indices.is_empty() {
            return Err(EngineError::Recipe(say!(
                "no training example has a label and no teacher speaks; raise data.labelled"
            )));
        }
        let accumulate = accumulate.max(1) as u64;
        let Some(text) = reader.task.running() else {
            let encoded = Encoded::read(reader, &train_indices, KEPT)?;
            let batches = Batches::new(&encoded.tokens, batch, reader.seed);
            return Ok(Self { train_indices, batches, accumulate, encoded, running: None });
        };
        let running = Running::read(reader, text, &train_indices, KEPT)?;
        if running.stretches.is_empty() {
            return Err(EngineError::Recipe(say!(
                "no training text is long enough to tell a token of it by those before; name longer texts"
            )));
        }
        let tokens: Vec<usize> = running.stretches.iter().map(|stretch| stretch.tokens).collect();
        let batches = Batches::new(&tokens, batch, reader.seed);
        let encoded = Encoded { tokens, ..Encoded::default() };
        Ok(Self { train_indices, batches, accumulate, encoded, running: Some(running) })
    }

    /// How many samples an epoch has.
    pub fn samples_per_epoch(&self) -> usize {
        self.encoded.tokens.len()
    }

    /// What the student reads at the places of a batch.
    ///
    /// # Errors
    /// None that [`BatchPlan::new`] has not met.
    pub fn samples(&self, reader: &Reader<'_>, places: &[usize]) -> Result<Vec<Cow<'_, Sample>>, PromptError> {
        if let Some((running, text)) = self.running.as_ref().zip(reader.task.running()) {
            let samples = running.samples(reader, text, &self.train_indices, places)?;
            return Ok(samples.into_iter().map(Cow::Owned).collect());
        }
        let sample = |&place: &usize| match self.encoded.kept.get(place) {
            Some(sample) => Ok(Cow::Borrowed(sample)),
            None => reader.sample(self.train_indices[place]).map(Cow::Owned),
        };
        if places.iter().all(|place| *place < self.encoded.kept.len()) {
            return places.iter().map(sample).collect();
        }
        places.par_iter().map(sample).collect()
    }

    /// The passes of a step by their numbers, counted over the whole run.
    pub fn passes(&self, step: Step) -> Range<u64> {
        let first = step.saturating_mul(self.accumulate);
        first..first.saturating_add(self.accumulate)
    }

    /// The samples of one pass.
    pub fn places(&mut self, pass: u64) -> Vec<usize> {
        self.batches.at(pass)
    }

    /// Steps in which every sample has come at least once, wherever they begin.
    pub fn steps_of_an_epoch(&self) -> u64 {
        (2 * self.batches.per_epoch()).div_ceil(self.accumulate)
    }

    /// Indices into the training part of the examples that the samples at these places begin with.
    pub fn examples(&self, places: &[usize]) -> Vec<usize> {
        let example = |place: usize| match &self.running {
            Some(running) => running.stretches.get(place).map_or(0, |stretch| stretch.document),
            None => place,
        };
        places.iter().map(|place| self.train_indices[example(*place)]).collect()
    }

    /// Indices into the training part of a step's examples, and the tokens the step costs, padding counted.
    pub fn planned(&mut self, step: Step) -> (Vec<usize>, usize) {
        let (mut examples, mut cost) = (Vec::new(), 0);
        for pass in self.passes(step) {
            let places = self.places(pass);
            let longest = places.iter().map(|&place| self.encoded.tokens[place]).max().unwrap_or(0);
            cost += places.len() * longest;
            examples.extend(self.examples(&places));
        }
        (examples, cost)
    }

    /// Texts that are cut for the student, the tokens they lose, and all texts.
    pub fn cut(&self) -> (usize, usize, usize) {
        (self.encoded.cut.0, self.encoded.cut.1, self.train_indices.len())
    }
}

impl Encoded {
    /// Reads every example once, and keeps the first in `most` bytes or a few more.
    fn read(reader: &Reader<'_>, examples: &[usize], most: usize) -> Result<Self, PromptError> {
        let (mut all, mut bytes) = (Self::default(), 0);
        for chunk in examples.chunks(CHUNK) {
            let keeps = bytes < most;
            let read = |&index: &usize| {
                let sample = reader.sample(index)?;
                Ok((sample.tokens(), sample.cut(), keeps.then_some(sample)))
            };
            for (tokens, cut, sample) in chunk.par_iter().map(read).collect::<Result<Vec<_>, PromptError>>()? {
                all.tokens.push(tokens);
                all.cut = (all.cut.0 + usize::from(cut > 0), all.cut.1 + cut);
                bytes += sample.as_ref().map_or(0, Sample::bytes);
                all.kept.extend(sample);
            }
        }
        Ok(all)
    }
}

/// A number drawn from the seed for one place: which template an example gets, dropout of a step.
pub fn draw(seed: u64, place: usize) -> u64 {
    use rand::Rng as _;
    init::named_rng(&place.to_string(), seed).random()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::pair::Pair;
    use crate::session::Session;

    #[test]
    fn what_is_read_once_more_is_what_was_read_at_first() {
        let mut session = Session::built_in().unwrap();
        session.data.labelled = Some(40);
        let pair = Pair::open(&session, None).unwrap();
        let task = pair.assets.data.task(&pair.student, &session.prompt.for_student()).unwrap();
        let reader = Reader { pair: &pair, task: task.as_ref(), seed: 7 };
        let mut whole = BatchPlan::new(&reader, (16, 1), false).unwrap();
        let all = whole.train_indices.len();
        assert_eq!(whole.encoded.kept.len(), all);
        let places: Vec<usize> = (0..all).rev().collect();
        for most in [0, 1, 40_000] {
            let encoded = Encoded::read(&reader, &whole.train_indices, most).unwrap();
            assert_eq!((&encoded.tokens, encoded.cut), (&whole.encoded.tokens, whole.encoded.cut));
            let (train_indices, batches) = (whole.train_indices.clone(), whole.batches.clone());
            let few = BatchPlan { encoded, train_indices, batches, accumulate: 1, running: None };
            assert!(few.encoded.kept.len() <= all && (most > 0 || few.encoded.kept.is_empty()));
            assert_eq!(few.samples(&reader, &places).unwrap(), whole.samples(&reader, &places).unwrap());
        }
        let (examples, tokens) = whole.planned(3);
        let read = whole.samples(&reader, &whole.batches.clone().at(3)).unwrap();
        assert_eq!(tokens, examples.len() * read.iter().map(|sample| sample.tokens()).max().unwrap());
        assert!(read.iter().zip(&examples).all(|(sample, i)| sample.truth.is_some() == pair.assets.data.labelled[*i]));
    }

    #[test]
    fn a_step_gathers_the_batches_that_come_next() {
        let session = Session::built_in().unwrap();
        let pair = Pair::open(&session, None).unwrap();
        let task = pair.assets.data.task(&pair.student, &session.prompt.for_student()).unwrap();
        let reader = Reader { pair: &pair, task: task.as_ref(), seed: 7 };
        let mut single = BatchPlan::new(&reader, (16, 1), false).unwrap();
        let mut three = BatchPlan::new(&reader, (16, 3), false).unwrap();
        for step in [0, 1, 40] {
            let alone: Vec<_> = (3 * step..3 * step + 3).map(|pass| single.planned(pass)).collect();
            let examples: Vec<usize> = alone.iter().flat_map(|(examples, _)| examples.clone()).collect();
            assert_eq!(three.planned(step), (examples, alone.iter().map(|(_, tokens)| tokens).sum()));
        }
        // An epoch and what is left of the one before.
        let seen: std::collections::BTreeSet<usize> =
            (5..5 + three.steps_of_an_epoch()).flat_map(|step| three.planned(step).0).collect();
        assert_eq!(seen.len(), three.train_indices.len());
    }
}
