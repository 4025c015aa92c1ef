//! Students beside teacher and student: which are asked, and what each says of the text under the lens and of the pinned
//! texts. Their weights do not change, so each is asked once a text, on a thread beside the run's.

use std::sync::Arc;

use super::probe::{SideFrame, StudentIdentity};
use super::token_view::TokenView;
use crate::session::{Sentence, Session, StudentSnapshot};

/// What is asked of the students beside.
#[derive(Clone, Debug, Default)]
pub struct SnapshotRequest {
    /// Grows with every change.
    pub revision: u64,
    /// The columns, left to right.
    pub columns: Vec<StudentSnapshot>,
    /// The session that a state of its own student is of: of the run on show where there is one.
    pub session: Option<Arc<Session>>,
    /// The text under the lens, whole.
    pub text: String,
    /// The pinned texts.
    pub pinned: Vec<String>,
    /// Layer whose attention is wanted, from 0; `None` of none.
    pub attention: Option<usize>,
    /// The columns that are asked about every text of the session's test part, by their places.
    pub test: Vec<usize>,
}

/// A column's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotFrame {
    /// Which student.
    pub snapshot: StudentSnapshot,
    /// Revision of the request it answers.
    pub revision: u64,
    /// What became of it.
    pub state: SnapshotState,
}

/// What became of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum SnapshotState {
    /// Its model is being read.
    Opening,
    /// It cannot be had, for this reason.
    Refused(Sentence),
    /// It answers.
    Open(Box<SnapshotAnswer>),
}

/// Which student it is, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotAnswer {
    /// Which weights.
    pub identity: StudentIdentity,
    /// Its classes; of a task over tokens the outcomes of the last place that is told.
    pub classes: Arc<[String]>,
    /// Its view of the text; `None` of an empty one.
    pub side: Option<SideFrame>,
    /// Of a task over tokens the text token by token.
    pub tokens: Option<TokenView>,
    /// Why there is no view of the text.
    pub problem: Option<Sentence>,
    /// Its answers to the pinned texts, in their order.
    pub pinned: Vec<TopAnswer>,
    /// Its answers to the test part, where they are asked for.
    pub test: Option<TestAnswers>,
}

/// Answers to the test part, as far as they are there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TestAnswers {
    /// Those to the first texts, in the part's order.
    pub answers: Arc<[TopAnswer]>,
    /// The part: its texts as tables show them, and their classes.
    pub part: Arc<[(String, String)]>,
    /// Why there are none.
    pub problem: Option<Sentence>,
}

/// A model's answer to a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopAnswer {
    /// The likeliest class, or next token; empty where there is none.
    pub answer: String,
    /// Its probability, in [0, 1].
    pub probability: f32,
}

/// Teacher's and student's answers to the pinned texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PinnedFrame {
    /// Steps done when they were asked.
    pub step: u64,
    /// The texts.
    pub texts: Vec<String>,
    /// The teacher's answers; empty where there is none that can be asked.
    pub teacher: Vec<TopAnswer>,
    /// The student's.
    pub student: Vec<TopAnswer>,
    /// What was wrong with the asking.
    pub problem: Option<Sentence>,
}
