//! The baseline of a task over tokens: what counting tokens and pairs of them reaches, in the measures of the models.

use serde_json::json;

use super::super::output::tell;
use super::super::over_tokens;
use super::CommandError;
use crate::engine::data::Example;
use crate::engine::measure::bigram::{Counts, ToldToken};
use crate::engine::measure::of_tokens::figures;
use crate::engine::measure::{RowFigures, TokenMeasure};
use crate::engine::pair::Pair;
use crate::engine::token_evaluation;
use crate::link::{Measures, grouped};
use crate::session::Session;

/// Measures that counts have: what they say of a whole distribution nobody asks.
const MEASURES: [&str; 4] = ["perplexity", "loss", "bits_per_byte", "accuracy"];

/// The measures on the test part of counts that were made on the training part, in the student's tokens.
///
/// # Errors
/// [`CommandError`] if the session cannot be opened, or there is nothing to count or to measure on.
pub(super) fn baseline(session: &Session, as_json: bool) -> Result<String, CommandError> {
    let pair = over_tokens::open_alone(session)?;
    let data = &pair.assets.data;
    data.notes.iter().for_each(|note| tell(format!("data: {note}")));
    let known = data.train.iter().zip(&data.labelled).filter(|(_, known)| **known).map(|(example, _)| example.clone());
    let (train, test) = (tokens(&pair, &known.collect::<Vec<_>>())?, tokens(&pair, &data.test)?);
    if train.is_empty() || test.is_empty() {
        return Err(CommandError::input(
            "there is no token to count in the training part, or none to measure on in the test part; name longer texts, a test file, or raise data.test",
        ));
    }
    let counts = Counts::of(&train, pair.outcomes());
    let unigram = told(&counts.figures_alone(&test));
    let bigram = counts.has_pairs().then(|| told(&counts.figures_behind(&test)));
    if as_json {
        return Ok(json!({
            "unigram": unigram, "bigram": bigram, "train_tokens": train.len(), "test_tokens": test.len(),
            "parts": data.counts(), "notes": data.notes, "left_out": data.left_out,
        })
        .to_string());
    }
    let (learned, measured) = (grouped(train.len() as u64), grouped(test.len() as u64));
    let head = format!("counts of {learned} training tokens of the student, on {measured} test tokens");
    let titles = MEASURES.iter().map(|id| format!(" {:>13}", id.replace('_', " "))).collect::<String>();
    let row = |name: &str, figures: &Measures| {
        let cell = |id: &&str| figures.get(*id).map_or("–".to_owned(), |value| format!("{value:.4}"));
        format!("{name:<8}{}", MEASURES.iter().map(|id| format!(" {:>13}", cell(id))).collect::<String>())
    };
    let pairs = bigram.map_or_else(
        || "no bigram: in the place of a mask no token stands before".to_owned(),
        |bigram| row("bigram", &bigram),
    );
    Ok([head, format!("{:<8}{titles}", ""), row("unigram", &unigram), pairs].join("\n"))
}

fn tokens(pair: &Pair, examples: &[Example]) -> Result<Vec<ToldToken>, CommandError> {
    let prompt = pair.session.prompt.for_student();
    let task = pair.task(&pair.student, &prompt).map_err(CommandError::input)?;
    token_evaluation::tokens(task.as_ref(), &pair.student, examples).map_err(CommandError::input)
}

fn told(rows: &[RowFigures]) -> Measures {
    let measures: Vec<TokenMeasure> =
        TokenMeasure::ALL.iter().filter(|measure| MEASURES.contains(&measure.id)).copied().collect();
    figures(&measures, rows)
}
