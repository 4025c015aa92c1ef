//! How students side by side are looked at.

use std::collections::BTreeMap;

use super::test_rows::{TestFilter, TestRows};
use crate::link::PinnedFrame;
use crate::record::votes::Vote;

/// What stands below the columns' heads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// The answers to the text under the lens.
    #[default]
    Answers,
    /// Those to the pinned texts.
    Pinned,
    /// Those of two columns to the test part.
    Tested,
}

/// How they are looked at.
#[derive(Clone, Debug, Default)]
pub struct SideBySideView {
    /// Whether they are shown.
    pub open: bool,
    /// What of them.
    pub part: Part,
    /// Whether their attention stands in the place of the bars.
    pub attention: bool,
    /// Which head of a column's picture is enlarged, from 0.
    pub heads: BTreeMap<u64, usize>,
    /// The student's answers to the pinned texts with which the present ones are compared.
    pub since: Since,
    /// Which two columns are compared on the test part, and how they are listed.
    pub test: TestView,
    /// Whether the columns' names are hidden, and what was voted.
    pub blind: Blind,
}

/// Whether names are hidden, and what was voted.
#[derive(Clone, Debug, Default)]
pub struct Blind {
    /// Whether they are.
    pub on: bool,
    /// What the order is drawn from, besides the text.
    pub draw: u64,
    /// All votes of the workspace.
    pub votes: Vec<Vote>,
    /// Lines of them that could not be read.
    pub damaged: usize,
    /// Number of the last reading of them that was asked for.
    asked: u64,
}

impl Blind {
    /// The number of a reading that is asked for now.
    pub fn ask(&mut self) -> u64 {
        self.asked += 1;
        self.asked
    }

    /// Takes the votes that were read, unless another reading is on its way: what was voted since is not among these.
    pub fn take(&mut self, number: u64, votes: Vec<Vote>, damaged: usize) {
        if number == self.asked {
            (self.votes, self.damaged) = (votes, damaged);
        }
    }
}

/// A column that answers the test part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestColumn {
    /// The teacher, as it answered at the last evaluation.
    Teacher,
    /// The student, as it answered then.
    Student,
    /// The student in this place beside them.
    Beside(usize),
}

/// How the answers of two columns to the test part are listed.
#[derive(Clone, Debug)]
pub struct TestView {
    /// A and B.
    pub columns: [TestColumn; 2],
    /// Which rows.
    pub filter: TestFilter,
    /// Rows on which both answer alike are listed where their probabilities are so far apart.
    pub apart: f32,
    /// What the text has to hold.
    pub search: String,
    /// Whether rows of one class that are answered alike stand together.
    pub folded: bool,
    /// The group of rows that is unfolded.
    pub unfolded: Option<[String; 3]>,
    /// What is listed.
    pub listed: TestRows,
}

impl Default for TestView {
    fn default() -> Self {
        Self {
            columns: [TestColumn::Teacher, TestColumn::Student],
            filter: TestFilter::default(),
            apart: 0.0,
            search: String::new(),
            folded: false,
            unfolded: None,
            listed: TestRows::default(),
        }
    }
}

/// The student's answers that others are compared with.
#[derive(Clone, Debug, Default)]
pub struct Since {
    /// Steps done when the first of them were given.
    pub step: u64,
    /// By text.
    pub answers: BTreeMap<String, String>,
}

impl Since {
    /// Takes the answers of a frame as what is compared with.
    pub fn begin(&mut self, frame: &PinnedFrame) {
        *self = Self { step: frame.step, answers: BTreeMap::new() };
        self.meet(frame);
    }

    /// Begins anew where the run is another one or was put back, and takes up texts that were pinned meanwhile.
    pub fn meet(&mut self, frame: &PinnedFrame) {
        if self.answers.is_empty() || frame.step < self.step {
            *self = Self { step: frame.step, answers: BTreeMap::new() };
        }
        for (text, answer) in frame.texts.iter().zip(&frame.student) {
            self.answers.entry(text.clone()).or_insert_with(|| answer.answer.clone());
        }
    }

    /// What was said of a text, where it is something else now.
    pub fn flipped(&self, text: &str, now: &str) -> Option<&str> {
        self.answers.get(text).map(String::as_str).filter(|then| *then != now)
    }
}

impl SideBySideView {
    /// The places beside that are asked about the test part.
    pub fn tested(&self, columns: usize) -> Vec<usize> {
        let shown = self.open && self.part == Part::Tested;
        let asked = self.test.columns.iter().filter(|_| shown).filter_map(|column| match column {
            TestColumn::Beside(place) if *place < columns => Some(*place),
            _ => None,
        });
        asked.collect()
    }

    /// Whether attention is on screen.
    pub fn shows_attention(&self) -> bool {
        // The number of heads would tell which column is which.
        self.open && self.part == Part::Answers && self.attention && !self.blind.on
    }

    /// Whether the answers to the pinned texts are on screen.
    pub fn shows_pinned(&self) -> bool {
        self.open && self.part == Part::Pinned
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::TopAnswer;

    fn frame(step: u64, answers: &[(&str, &str)]) -> PinnedFrame {
        let answer = |(_, answer): &(&str, &str)| TopAnswer { answer: (*answer).into(), probability: 0.9 };
        let texts = answers.iter().map(|(text, _)| (*text).to_owned()).collect();
        PinnedFrame { step, texts, student: answers.iter().map(answer).collect(), ..PinnedFrame::default() }
    }

    #[test]
    fn an_answer_has_flipped_since_it_was_met_first_and_a_run_that_is_put_back_begins_anew() {
        let mut since = Since::default();
        since.meet(&frame(10, &[("a", "x")]));
        since.meet(&frame(20, &[("a", "y"), ("b", "x")]));
        assert_eq!((since.step, since.flipped("a", "y"), since.flipped("a", "x")), (10, Some("x"), None));
        assert_eq!((since.flipped("b", "y"), since.flipped("c", "y")), (Some("x"), None));
        since.meet(&frame(5, &[("a", "y")]));
        assert_eq!((since.step, since.flipped("a", "y")), (5, None));
        since.begin(&frame(30, &[("a", "z")]));
        assert_eq!((since.step, since.flipped("a", "z")), (30, None));
    }
}
