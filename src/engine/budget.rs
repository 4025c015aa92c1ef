//! What a run will pay a server for its teacher's answers, counted without asking it: the texts that the
//! run's steps and its measuring will need, less those whose answers are kept.
//!
//! The questions are exact; their tokens are an estimate, since only the server has its tokenizer: from
//! what it counted for earlier answers where there are any, else from the letters. A run none of whose losses
//! needs the teacher asks no server.

use std::collections::{BTreeMap, BTreeSet};

use super::data::{Example, Fields};
use super::loss::needs_teacher;
use super::pair::Pair;
use super::teacher::{Costs, Questions, TargetCache};
use super::train::{Trainer, batch_plan};
use super::{EngineError, cache_folder};
use crate::link::grouped;
use crate::link::{Budget, Step};
use crate::session::{ModelChoice, Sentence, Session, Source, say};

/// What a run of `session` from `step` on will pay for; `None` where the teacher is no server.
///
/// # Errors
/// [`EngineError`] if the session's questions cannot be put.
pub fn foresee(session: &Session, pair: &Pair, step: Step) -> Result<Option<Budget>, EngineError> {
    let Some((choice, limit)) = server(session) else { return Ok(None) };
    if !needs_teacher(&session.recipe) {
        return Ok(Some(Budget { limit, ..Budget::default() }));
    }
    let texts = texts(session, pair, step)?;
    of_texts(session, pair, choice, limit, &texts).map(Some)
}

/// What asking a server about these texts will cost; `None` where the teacher is no server.
///
/// # Errors
/// [`EngineError`] if the session's questions cannot be put.
pub fn price(session: &Session, pair: &Pair, texts: &[Fields]) -> Result<Option<Budget>, EngineError> {
    let Some((choice, limit)) = server(session) else { return Ok(None) };
    of_texts(session, pair, choice, limit, texts).map(Some)
}

fn of_texts(
    session: &Session,
    pair: &Pair,
    choice: &ModelChoice,
    limit: Option<u64>,
    texts: &[Fields],
) -> Result<Budget, EngineError> {
    let questions = questions(session, pair, choice)?;
    let kept = match cache_folder::folder() {
        Some(folder) => TargetCache::look(&folder, questions.identity(), pair.assets.data.classes.len()),
        None => TargetCache::in_memory(),
    };
    // Two texts that are one question are asked and paid once.
    let texts: BTreeMap<_, &Fields> = texts.iter().map(|text| (questions.reading(text), text)).collect();
    let open = texts.iter().filter(|(reading, text)| kept.get(reading, Some(text.whole())).is_none());
    let open: Vec<&Fields> = open.map(|(_, text)| *text).collect();
    let known = (texts.len() - open.len()) as u64;
    let budget = priced(&questions, kept.costs(), &open);
    Ok(Budget { questions: texts.len() as u64, known, limit, ..budget })
}

/// The budget of a run about to begin, if the session lets it begin.
///
/// # Errors
/// [`EngineError::Budget`] with the figures, if the run would pay more than its limit.
pub fn granted(trainer: &Trainer) -> Result<Option<Budget>, EngineError> {
    let Some(budget) = foresee(&trainer.session, &trainer.pair, trainer.step)? else { return Ok(None) };
    let paid = trainer.teacher.as_ref().map_or(0, |targets| targets.billed_tokens());
    let budget = Budget { paid, ..budget };
    if budget.is_over() { Err(EngineError::Budget(refusal(&budget))) } else { Ok(Some(budget)) }
}

/// Why a run is not begun, and what to do.
pub fn refusal(budget: &Budget) -> Sentence {
    say!(
        "the teacher would be paid more than token_limit allows: {sentence}, and one long question may take {reserve} of it; {advice}",
        sentence = budget.sentence(),
        reserve = grouped(budget.reserve),
        advice = advice()
    )
}

/// What makes a run cheaper.
pub fn advice() -> Sentence {
    say!("raise token_limit, or ask less by data.limit or recipe.steps")
}

fn questions(session: &Session, pair: &Pair, choice: &ModelChoice) -> Result<Questions, EngineError> {
    let data = &pair.assets.data;
    Ok(Questions::new(choice, &session.prompt.for_teacher(), &data.classes, &data.layout)?)
}

fn server(session: &Session) -> Option<(&ModelChoice, Option<u64>)> {
    let choice = session.teacher()?;
    match &choice.source {
        Source::Server { token_limit, .. } => Some((choice, *token_limit)),
        Source::BuiltIn(_) | Source::Folder(_) | Source::Hub { .. } => None,
    }
}

/// Every text that the run asks its teacher about: those of its steps, and both parts it is measured on.
fn texts(session: &Session, pair: &Pair, step: Step) -> Result<Vec<Fields>, EngineError> {
    let data = &pair.assets.data;
    let mut plan = batch_plan(session, pair)?;
    let mut examples = BTreeSet::new();
    // A whole epoch has every text; no need to look further.
    let last = session.recipe.steps.min(step + plan.steps_of_an_epoch());
    for step in step..last {
        examples.extend(plan.planned(step).0);
    }
    let taught = examples.into_iter().map(|example| &data.train[example]);
    let measured = data.validation.iter().chain(&data.test);
    Ok(taught.chain(measured).map(|example| example.fields.clone()).collect())
}

/// The first `most` texts that a run asks its server about, in the order in which it does; none of them is
/// the question of another. Whoever asks about these spares the run as many.
///
/// # Errors
/// [`EngineError`] if the session's questions cannot be put.
pub fn first_texts(session: &Session, pair: &Pair, most: usize) -> Result<Vec<Fields>, EngineError> {
    let Some((choice, _)) = server(session) else { return Ok(Vec::new()) };
    let (data, mut plan) = (&pair.assets.data, batch_plan(session, pair)?);
    let questions = questions(session, pair, choice)?;
    let (mut first, mut known) = (Vec::new(), BTreeSet::new());
    let mut take = |example: &Example| {
        if first.len() < most && known.insert(questions.reading(&example.fields)) {
            first.push(example.fields.clone());
        }
        first.len() < most
    };
    for step in 0..session.recipe.steps.min(plan.steps_of_an_epoch()) {
        if !plan.planned(step).0.into_iter().all(|example| take(&data.train[example])) {
            return Ok(first);
        }
    }
    let _ = data.validation.iter().chain(&data.test).all(take);
    Ok(first)
}

/// The tokens of these questions.
fn priced(questions: &Questions, costs: &Costs, texts: &[&Fields]) -> Budget {
    let (mut prompt, mut answer, mut reserve) = (0.0, 0.0, 0f64);
    for text in texts {
        let question = questions.question(text);
        let bytes = question.len() as u64;
        let (read, written) = costs.expect(bytes).unwrap_or_else(|| questions.rule(&question));
        (prompt, answer) = (prompt + read, answer + written);
        reserve = reserve.max(questions.most(&question) as f64 - read - written);
    }
    Budget {
        prompt_tokens: prompt.round() as u64,
        answer_tokens: answer.round() as u64,
        basis: costs.count(),
        reserve: reserve.max(0.0).ceil() as u64,
        ..Budget::default()
    }
}
