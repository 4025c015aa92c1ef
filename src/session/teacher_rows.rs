//! How much of a teacher's row over the vocabulary is kept, and for how long.

use serde::{Deserialize, Serialize};

/// What is kept of the rows that a teacher gives over a vocabulary. A teacher of classes is not meant: its answers are
/// a few numbers each, and all of them are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum TeacherRows {
    /// Nothing: the teacher reads every batch anew, and every outcome is compared.
    #[default]
    Live,
    /// Every outcome, as it is, on the disk: exact, and 4 bytes an outcome of each row.
    Whole,
    /// The so many likeliest outcomes of each row and the sum of the others, on the disk, in about 2.7 bytes an
    /// outcome that is kept. The others count as one outcome, so a divergence is a lower bound of that over all of
    /// them: close where those that are kept have nearly all of the probability at the temperature of the loss, loose
    /// where they have not. The check-up measures it. What is drawn anew at every step, as masks are, is seldom met
    /// twice, and then nothing is saved.
    TopK(usize),
}

impl TeacherRows {
    /// Whether it is the default, which a session file leaves out.
    pub fn is_live(&self) -> bool {
        *self == Self::Live
    }

    /// How many outcomes of a row are kept, where not all are.
    pub fn k(self) -> Option<usize> {
        if let Self::TopK(k) = self { Some(k) } else { None }
    }
}
