//! Running text of a run in tokens: the first documents are kept, of the others their lengths and how they are cut. A
//! document that is read once more is kept for a while: it is as long as a book where all of a file is one, and every
//! batch has several samples of it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::{CHUNK, Reader};
use crate::engine::prompt::PromptError;
use crate::engine::task::running_text::{self, RunningText, Token};
use crate::engine::task::{Sample, Stretch};

/// Bytes that documents may take which were read once more; one of them stays whatever it takes.
const REREAD: usize = 64 << 20;

/// Running text in tokens.
#[derive(Default)]
pub struct Running {
    /// How it is cut into samples.
    pub(super) stretches: Vec<Stretch>,
    /// Tokens of every document.
    lengths: Vec<usize>,
    /// The first documents.
    kept: Vec<Vec<Token>>,
    /// Those of the others that were read last.
    reread: Mutex<Reread>,
}

/// A document in tokens, as several samples share it.
type Document = Arc<Vec<Token>>;

/// Documents in the order in which they were last asked for.
#[derive(Default)]
struct Reread {
    documents: VecDeque<(usize, Document)>,
    bytes: usize,
}

impl Running {
    /// Reads `examples` and keeps the first of them in `most` bytes or a few more.
    pub(super) fn read(
        reader: &Reader<'_>,
        text: &dyn RunningText,
        examples: &[usize],
        most: usize,
    ) -> Result<Self, PromptError> {
        let (mut running, mut bytes) = (Self::default(), 0);
        for chunk in examples.chunks(CHUNK) {
            let read = chunk.par_iter().map(|index| reader.document(text, *index));
            for document in read.collect::<Result<Vec<_>, _>>()? {
                running.lengths.push(document.len());
                if bytes < most {
                    bytes += size_of_val(document.as_slice());
                    running.kept.push(document);
                }
            }
        }
        running.stretches = running_text::stretches(&running.lengths, text, &reader.pair.student);
        Ok(running)
    }

    /// The samples at places, in their order.
    pub(super) fn samples(
        &self,
        reader: &Reader<'_>,
        text: &dyn RunningText,
        examples: &[usize],
        places: &[usize],
    ) -> Result<Vec<Sample>, PromptError> {
        let is_kept = |place: &usize| self.documents(*place, text).end <= self.kept.len();
        // As many documents at once as are read side by side, however large the batch.
        let most = if places.iter().all(is_kept) { places.len() } else { rayon::current_num_threads() };
        let mut all = Vec::with_capacity(places.len());
        for places in places.chunks(most.max(1)) {
            let further = self.further(reader, text, examples, places)?;
            let sample = |place: &usize| {
                let document = |number: usize| {
                    let tokens = self.kept.get(number).or_else(|| further.get(&number).map(AsRef::as_ref));
                    Ok::<_, PromptError>(tokens.map(|tokens| Cow::Borrowed(tokens.as_slice())))
                };
                let tokens = running_text::read(self.stretches[*place], text, document)?;
                Ok(text.sample(&reader.pair.student, &tokens))
            };
            all.extend(places.par_iter().map(sample).collect::<Result<Vec<_>, PromptError>>()?);
        }
        Ok(all)
    }

    /// The documents that the stretch at a place reaches into.
    fn documents(&self, place: usize, text: &dyn RunningText) -> Range<usize> {
        let Stretch { document, token, tokens } = self.stretches[place];
        let (mut behind, needed) = (document, token + tokens + text.lookahead());
        let mut held = 0;
        while behind < self.lengths.len() && (behind == document || text.packed() && held < needed) {
            held += self.lengths[behind];
            behind += 1;
        }
        document..behind
    }

    /// Of the documents behind the kept ones those that the samples at `places` need: each is read once, unless it
    /// was just before.
    fn further(
        &self,
        reader: &Reader<'_>,
        text: &dyn RunningText,
        examples: &[usize],
        places: &[usize],
    ) -> Result<BTreeMap<usize, Document>, PromptError> {
        let numbers = places.iter().flat_map(|place| self.documents(*place, text));
        let numbers: BTreeSet<usize> = numbers.filter(|number| *number >= self.kept.len()).collect();
        if numbers.is_empty() {
            return Ok(BTreeMap::new());
        }
        // Not held while documents are read: who waits for those may be given other work that asks for it.
        let reread = || self.reread.lock().unwrap_or_else(PoisonError::into_inner);
        let mut held = reread();
        let mut found: BTreeMap<usize, Document> =
            numbers.iter().filter_map(|number| Some((*number, held.take(*number)?))).collect();
        drop(held);
        let missing: Vec<usize> = numbers.into_iter().filter(|number| !found.contains_key(number)).collect();
        let read = |number: &usize| Ok((*number, Arc::new(reader.document(text, examples[*number])?)));
        found.extend(missing.par_iter().map(read).collect::<Result<Vec<_>, PromptError>>()?);
        let mut held = reread();
        found.iter().for_each(|(number, document)| held.put(*number, Arc::clone(document)));
        Ok(found)
    }
}

impl Reread {
    fn take(&mut self, number: usize) -> Option<Document> {
        let place = self.documents.iter().position(|(own, _)| *own == number)?;
        let (_, document) = self.documents.remove(place)?;
        self.bytes -= size_of_val(document.as_slice());
        Some(document)
    }

    /// Puts a document behind the others, and lets the longest unasked go until there is room.
    fn put(&mut self, number: usize, document: Document) {
        self.bytes += size_of_val(document.as_slice());
        self.documents.push_back((number, document));
        while self.bytes > REREAD && self.documents.len() > 1 {
            if let Some((_, oldest)) = self.documents.pop_front() {
                self.bytes -= size_of_val(oldest.as_slice());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::engine::data::Example;
    use crate::engine::model::Model;
    use crate::engine::pair::Pair;
    use crate::session::{Head, ModelChoice, Session, Source, TaskKind};

    /// Counts how often a document is read.
    struct Counted<'a>(&'a dyn RunningText, AtomicUsize);

    impl RunningText for Counted<'_> {
        fn document(&self, model: &Model, example: &Example, known: bool) -> Result<Vec<Token>, PromptError> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.document(model, example, known)
        }
        fn longest(&self, model: &Model) -> usize {
            self.0.longest(model)
        }
        fn lookahead(&self) -> usize {
            self.0.lookahead()
        }
        fn packed(&self) -> bool {
            self.0.packed()
        }
        fn sample(&self, model: &Model, tokens: &[Token]) -> Sample {
            self.0.sample(model, tokens)
        }
    }

    #[test]
    fn a_document_behind_the_kept_ones_is_read_once_for_all_samples_of_it_and_they_are_the_same() {
        let mut session = Session::built_in().unwrap();
        session.teachers.clear();
        session.student = ModelChoice {
            max_tokens: 8,
            head: Head::LabelWords,
            ..ModelChoice::stored(Source::BuiltIn("posts-teacher".into()))
        };
        session.data.limit = crate::session::Limits::each(Some(40));
        for packed in [true, false] {
            session.recipe.task = TaskKind::NextToken { packed, learn_prompt: false };
            let pair = Pair::open(&session, None).unwrap();
            let task = pair.task(&pair.student, &session.prompt.for_student()).unwrap();
            let reader = Reader { pair: &pair, task: task.as_ref(), seed: 7 };
            let examples: Vec<usize> = (0..pair.assets.data.train.len()).collect();
            let text = Counted(task.running().unwrap(), AtomicUsize::new(0));
            let whole = Running::read(&reader, &text, &examples, usize::MAX).unwrap();
            let places: Vec<usize> = (0..whole.stretches.len()).rev().collect();
            assert!(places.len() > 2 * examples.len(), "each document makes several samples");
            let expected = whole.samples(&reader, &text, &examples, &places).unwrap();
            for most in [0, 1, 3_000] {
                let few = Running::read(&reader, &text, &examples, most).unwrap();
                let further = examples.len() - few.kept.len();
                assert!(further > 0);
                text.1.store(0, Ordering::Relaxed);
                let one_by_one =
                    places.iter().flat_map(|place| few.samples(&reader, &text, &examples, &[*place]).unwrap());
                assert_eq!(one_by_one.collect::<Vec<_>>(), expected);
                assert_eq!(few.samples(&reader, &text, &examples, &places).unwrap(), expected);
                assert_eq!(text.1.load(Ordering::Relaxed), further, "packed: {packed}, kept in {most} bytes");
            }
        }
    }

    #[test]
    fn documents_that_were_read_once_more_are_let_go_by_their_bytes_and_one_stays() {
        let token = Token { id: 1, bytes: 1, begins: false, known: true, weight: 1.0 };
        let half = Arc::new(vec![token; REREAD / size_of::<Token>() / 2]);
        let mut reread = Reread::default();
        (0..4).for_each(|number| reread.put(number, Arc::clone(&half)));
        let numbers = |reread: &Reread| reread.documents.iter().map(|(number, _)| *number).collect::<Vec<_>>();
        assert_eq!(numbers(&reread), [2, 3]);
        let second = reread.take(2).unwrap();
        reread.put(2, second);
        reread.put(4, Arc::clone(&half));
        assert_eq!(numbers(&reread), [2, 4], "who was asked for last stays");
        reread.put(5, Arc::new(vec![token; REREAD]));
        assert_eq!(numbers(&reread), [5], "one stays whatever it takes");
        assert_eq!(reread.bytes, size_of::<Token>() * REREAD);
        assert!(reread.take(9).is_none());
    }
}
