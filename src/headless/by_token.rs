//! A text token by token as a model without classes tells it, and beside it a teacher: what the window shows under the
//! lens.

use super::{CommandError, ProbeArguments, asked};
use crate::engine::data::{Example, Fields};
use crate::engine::model::{HeadKind, Kind, Model};
use crate::engine::probe::told_tokens;
use crate::engine::prompt::PromptError;
use crate::engine::shared_vocabulary;
use crate::engine::task::{Task, causal_lm::CausalLm, masked_lm::MaskedLm};
use crate::link::{TokenView, ToldToken};

/// Share of the tokens that is taken out of a text for a model that reads both ways, as it was trained.
const SHARE: f64 = 0.15;

/// The text of `arguments` as `model` tells it; `None` of a model that tells no tokens of running text.
///
/// # Errors
/// [`CommandError`] if the teacher cannot be opened or has another vocabulary, or the text cannot be read.
pub fn by_token(model: &Model, arguments: &ProbeArguments) -> Result<Option<TokenView>, CommandError> {
    let teacher = arguments.teacher.as_ref().map(|name| asked::open(name, arguments.fetch)).transpose()?;
    let outcomes = teacher.as_ref().map_or(usize::MAX, |teacher| teacher.card.vocabulary).min(model.card.vocabulary);
    let example = Example::of(&Fields::text(arguments.text.as_str()));
    if let Some(teacher) = &teacher {
        let problem = shared_vocabulary::problem(teacher, model, outcomes, std::slice::from_ref(&example));
        if let Some(why) = problem.map_err(CommandError::run)? {
            return Err(CommandError::input(format!("the teacher cannot be compared token by token: {why}")));
        }
    }
    let Some(task) = task(model, outcomes).map_err(CommandError::input)? else { return Ok(None) };
    let sample = task.encode(model, &example, 0).map_err(CommandError::input)?;
    told_tokens::read(model, teacher.as_ref(), task.as_ref(), sample).map(Some).map_err(CommandError::run)
}

fn task(model: &Model, outcomes: usize) -> Result<Option<Box<dyn Task>>, PromptError> {
    Ok(match (&model.top, model.architecture.kind) {
        (HeadKind::Vocabulary, Kind::Decoder) => Some(Box::new(CausalLm { packed: false, outcomes })),
        (HeadKind::Vocabulary, Kind::Encoder) if model.tokens.mask().is_some() => {
            Some(Box::new(MaskedLm::new(model, false, (SHARE, false), outcomes)?))
        }
        _ => None,
    })
}

/// The tokens that are told, a line each.
pub fn lines(view: &TokenView) -> Vec<String> {
    let told = view.tokens.iter().filter(|token| token.row.is_some());
    let compared = told.clone().any(|token| token.row.as_ref().is_some_and(|row| row.whole.kl.is_some()));
    let head = match compared {
        true => format!(
            "{:>8} {:>9} {:>9}  token by token: KL in nats, its probability by teacher and student",
            "KL", "teacher", "student"
        ),
        false => format!("{:>8} {:>9}  token by token: surprise in nats, its probability", "surprise", "student"),
    };
    let left_out = (view.left_out > 0).then(|| format!("{} tokens before the last are left out", view.left_out));
    let cut = (view.cut > 0).then(|| format!("{} tokens behind are not read: the text is too long", view.cut));
    std::iter::once(head).chain(told.filter_map(line)).chain(left_out).chain(cut).collect()
}

fn line(token: &ToldToken) -> Option<String> {
    let row = token.row.as_ref()?;
    let probability = |log: Option<f32>| log.map_or_else(|| "–".to_owned(), |log| format!("{:.4}", log.exp()));
    let gap = row.gap().map_or_else(|| "–".to_owned(), |gap| format!("{gap:.4}"));
    let teacher = row.whole.kl.map(|_| format!(" {:>9}", probability(row.teacher))).unwrap_or_default();
    Some(format!("{gap:>8}{teacher} {:>9}  {}", probability(row.student), token.text))
}
