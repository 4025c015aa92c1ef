//! The commands without a window. Progress goes to stderr, results to stdout, one JSON object with
//! `--json`; exit codes tell usage, input and run errors apart, a run that a signal ended (128 and the
//! signal's number) and a reader that went away ([`NOBODY_READS`]).

mod answer;
mod answers;
mod arguments;
mod asked;
mod baseline;
mod by_token;
mod cache;
mod compare;
mod consent;
mod doctor;
mod evaluate;
mod export;
mod fetch;
mod figures;
mod interrupt;
mod key;
mod models;
mod new;
mod next_tokens;
mod offered;
mod output;
mod over_tokens;
mod predict;
mod probe;
mod progress;
mod row_build;
mod run;
mod runs;
mod session_reference;
mod unqueue;

pub use arguments::*;
pub use baseline::baseline;
pub use cache::cache;
pub use compare::compare;
pub use doctor::examine;
pub use evaluate::evaluate;
pub use export::export;
pub use fetch::fetch;
pub use key::key;
pub use models::list;
pub use new::new;
pub use output::{NOBODY_READS, print, tell};
pub use predict::predict;
pub use probe::probe;
pub use run::run;
pub use unqueue::unqueue;

/// Exit code of a command line that makes no sense (clap's own).
pub const USAGE: u8 = 2;
/// Exit code of input that cannot be used: session, model, data, knob.
pub const INPUT: u8 = 3;
/// Exit code of a run that failed on its way.
pub const RUN: u8 = 4;

/// Why a command failed, and with which exit code.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CommandError {
    /// What to tell the person.
    pub message: String,
    /// The process's exit code.
    pub code: u8,
}

impl CommandError {
    /// Input that cannot be used.
    pub fn input(error: impl std::fmt::Display) -> Self {
        Self { message: error.to_string(), code: INPUT }
    }

    /// A command line that makes no sense although clap reads it.
    pub fn usage(error: impl std::fmt::Display) -> Self {
        Self { message: error.to_string(), code: USAGE }
    }

    /// An end of which everything was said.
    pub fn quiet(code: u8) -> Self {
        Self { message: String::new(), code }
    }

    /// A run that failed on its way.
    pub fn run(error: impl std::fmt::Display) -> Self {
        Self { message: error.to_string(), code: RUN }
    }
}
