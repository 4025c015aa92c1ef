//! Why a filter cannot be read, and what would be right.

use crate::session::{Say, Sentence, say, spoken};

/// Why a filter cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// No column is called so.
    NoColumn {
        /// The name.
        name: String,
        /// What was most likely meant.
        near: Sentence,
    },
    /// Several columns are.
    Several {
        /// The name.
        name: String,
        /// The columns.
        columns: String,
    },
    /// Something else stands where a value or a condition was expected.
    Unexpected {
        /// What stands there; empty at the end.
        found: String,
    },
    /// Behind `@` stands no step.
    NoStep {
        /// What stands there.
        found: String,
    },
    /// Only measures on the validation part are known step by step.
    NoCurve {
        /// The name.
        name: String,
    },
    /// A figure is compared with something else than a number.
    NoNumber {
        /// The column.
        column: String,
        /// What stands there.
        found: String,
    },
    /// Parentheses or negations lie in one another deeper than anybody means.
    TooDeep,
    /// A quotation mark or a parenthesis is not closed.
    Open {
        /// Which one.
        mark: char,
    },
}

impl Say for FilterError {
    fn said(&self) -> Sentence {
        match self {
            Self::NoColumn { name, near } => {
                say!(
                    "no run has a column {name}{near}; compare a measure, a setting or a field of the table",
                    name,
                    near
                )
            }
            Self::Several { name, columns } => {
                say!("{name} may mean {columns}; write one of them whole", name, columns)
            }
            Self::Unexpected { found } if found.is_empty() => {
                say!("the filter ends where a condition or a value should stand, such as accuracy > 0.9")
            }
            Self::Unexpected { found } => {
                say!("{found} stands where a condition should, such as accuracy > 0.9", found)
            }
            Self::NoStep { found } => say!("behind @ stands a step, a whole number, and not {found}", found),
            Self::NoCurve { name } => say!(
                "{name} is not known step by step; behind a measure of the validation part, such as validation.accuracy, @ and a step may stand",
                name
            ),
            Self::NoNumber { column, found } => {
                say!("{column} is compared with a number, such as 0.9, and not with {found}", column, found)
            }
            Self::TooDeep => say!("the filter has too many parentheses or nots in one another; write it flatter"),
            Self::Open { mark } => say!("{mark} is not closed", mark),
        }
    }
}

spoken!(FilterError);
