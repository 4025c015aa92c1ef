//! Prompt and text within what each model reads: how many texts of the sample are cut, and whether the
//! prompt leaves any room.

use super::sided;
use crate::engine::data::Dataset;
use crate::engine::model::Model;
use crate::engine::pair::Pair;
use crate::engine::prompt::PromptError;
use crate::link::{Finding, Subject};
use crate::session::{Prompt, Sentence, Session, say};

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
pub fn lengths(pair: &Pair, model: &Model, prompt: &Prompt, sample: &Dataset) -> Result<Lengths, PromptError> {
    let task = pair.task(model, prompt)?;
    let mut lengths = Lengths { cut: 0, cut_tokens: 0, tokens: 0, longest: 0, read: 0 };
    if let Some(text) = task.running() {
        for example in &sample.train {
            let tokens = text.document(model, example, true)?.len();
            lengths.tokens += tokens;
            lengths.longest = lengths.longest.max(tokens);
        }
        // What is too long for one sample goes on in the next.
        lengths.read = if text.packed() { text.longest(model) } else { lengths.longest.min(text.longest(model)) };
        return Ok(lengths);
    }
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
    let teacher = pair.assets.teacher.as_deref().map(|teacher| ("teacher", teacher));
    let mut parts = Vec::new();
    let mut cut = Vec::new();
    for (side, model) in teacher.into_iter().chain([("student", &pair.student)]) {
        let lengths = match lengths(pair, model, &super::prompt_of(side, session), sample) {
            Ok(lengths) => lengths,
            Err(e @ PromptError::TooLong { .. }) => {
                return Finding::red(
                    SUBJECT,
                    say!("of the {side}: {e}", side = sided(side), e),
                    say!("shorten the template or raise max_tokens"),
                );
            }
            // Anything else about prompt and words has a row of its own.
            Err(_) => continue,
        };
        let share = lengths.cut as f64 / sample.train.len().max(1) as f64;
        let lost = lengths.cut_tokens as f64 / lengths.tokens.max(1) as f64;
        cut.push((side, share, lengths.longest, lost));
        parts.push(say!(
            "the {side} reads {max_tokens} tokens and the longest of {train} texts has {longest}",
            side = sided(side),
            max_tokens = model.max_tokens,
            train = sample.train.len(),
            longest = lengths.longest
        ));
    }
    let says = if parts.is_empty() {
        say!("no text could be rendered; see the other rows")
    } else {
        Sentence::joined(parts, "; ")
    };
    let figures = |row: Finding| {
        cut.iter().fold(row, |row, (side, share, _, lost)| {
            row.with(&format!("cut_{side}"), *share).with(&format!("cut_tokens_{side}"), *lost)
        })
    };
    match cut.iter().filter(|(_, share, ..)| *share > 0.0).max_by(|a, b| a.1.total_cmp(&b.1)) {
        None => {
            figures(Finding::green(SUBJECT, if says.is_empty() { says } else { say!("{says}; none is cut", says) }))
        }
        Some((side, share, longest, lost)) => {
            let says = say!(
                "{says}; {share} % are cut for the {side}, which loses {lost} % of the tokens",
                says,
                share = format_args!("{:.1}", 100.0 * share),
                side = sided(side),
                lost = format_args!("{:.1}", 100.0 * lost)
            );
            let fix = say!(
                "raise the {side}'s max_tokens towards {longest} if its model allows, or accept that the ends of these texts are not read",
                side = sided(side),
                longest
            );
            figures(Finding::amber(SUBJECT, says, fix))
        }
    }
}
