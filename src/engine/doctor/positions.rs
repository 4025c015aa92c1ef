//! Prompt and text within what each model reads: how many texts of the sample are cut, and whether the
//! prompt leaves any room.

use crate::engine::data::Dataset;
use crate::engine::model::Model;
use crate::engine::pair::Pair;
use crate::engine::prompt::PromptError;
use crate::engine::task;
use crate::link::{Finding, Subject};
use crate::session::{Prompt, Session};

const SUBJECT: Subject = Subject::Positions;

/// What one model makes of the sample.
pub struct Lengths {
    /// Texts of which something was cut.
    pub cut: usize,
    /// Tokens that were cut of all texts.
    pub cut_tokens: usize,
    /// Tokens of all texts with their prompts, uncut.
    pub tokens: usize,
    /// Tokens of the longest text with its prompt, uncut.
    pub longest: usize,
    /// Tokens of the longest input that is read.
    pub read: usize,
}

/// Measures the sample as `model` reads it, behind the first template.
///
/// # Errors
/// [`PromptError`] if the prompt leaves no room, or cannot be used.
pub fn lengths(model: &Model, prompt: &Prompt, sample: &Dataset) -> Result<Lengths, PromptError> {
    let task = task::for_model(model, prompt, &sample.classes)?;
    let mut lengths = Lengths { cut: 0, cut_tokens: 0, tokens: 0, longest: 0, read: 0 };
    for example in &sample.train {
        let prepared = task.encode(model, example, 0)?;
        let cut = prepared.cut();
        lengths.cut += usize::from(cut > 0);
        lengths.cut_tokens += cut;
        lengths.tokens += prepared.tokens() + cut;
        lengths.longest = lengths.longest.max(prepared.tokens() + cut);
        lengths.read = lengths.read.max(prepared.tokens());
    }
    Ok(lengths)
}

/// The row on positions.
pub fn row(session: &Session, pair: &Pair, sample: &Dataset) -> Finding {
    let teacher = pair.teacher.as_deref().map(|teacher| ("teacher", teacher));
    let mut parts = Vec::new();
    let mut cut = Vec::new();
    for (side, model) in teacher.into_iter().chain([("student", &pair.student)]) {
        let lengths = match lengths(model, &session.prompt, sample) {
            Ok(lengths) => lengths,
            Err(e @ PromptError::TooLong { .. }) => {
                return Finding::red(
                    SUBJECT,
                    format!("of the {side}: {e}"),
                    "shorten the template or raise max_tokens",
                );
            }
            // Anything else about prompt and words has a row of its own.
            Err(_) => continue,
        };
        let share = lengths.cut as f64 / sample.train.len().max(1) as f64;
        let lost = lengths.cut_tokens as f64 / lengths.tokens.max(1) as f64;
        cut.push((side, share, lengths.longest, lost));
        parts.push(format!(
            "the {side} reads {} tokens and the longest of {} texts has {}",
            model.max_tokens,
            sample.train.len(),
            lengths.longest
        ));
    }
    let says =
        if parts.is_empty() { "no text could be rendered; see the other rows".to_owned() } else { parts.join("; ") };
    let figures = |row: Finding| {
        cut.iter().fold(row, |row, (side, share, _, lost)| {
            row.with(&format!("cut_{side}"), *share).with(&format!("cut_tokens_{side}"), *lost)
        })
    };
    match cut.iter().filter(|(_, share, ..)| *share > 0.0).max_by(|a, b| a.1.total_cmp(&b.1)) {
        None => figures(Finding::green(SUBJECT, if says.is_empty() { says } else { format!("{says}; none is cut") })),
        Some((side, share, longest, lost)) => {
            let says = format!(
                "{says}; {:.1} % are cut for the {side}, which loses {:.1} % of the tokens",
                100.0 * share,
                100.0 * lost
            );
            let fix = format!(
                "raise the {side}'s max_tokens towards {longest} if its model allows, or accept that the ends of these texts are not read"
            );
            figures(Finding::amber(SUBJECT, says, fix))
        }
    }
}
