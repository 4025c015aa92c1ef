//! What hangs on the evaluations of a run: which step's student is saved (`keep`) and whether it stops early
//! (`patience`).

use crate::engine::pair::Pair;
use crate::engine::watch::incomparable;
use crate::link::{Finding, Subject};
use crate::session::{Keep, Metric, Recipe, Sentence, Session, say};

const SUBJECT: Subject = Subject::Evaluations;

/// The row on evaluations; `None` where nothing hangs on them.
pub fn row(session: &Session, pair: &Pair) -> Option<Finding> {
    let recipe = &session.recipe;
    if recipe.keep == Keep::Last && recipe.patience.is_none() {
        return None;
    }
    // A prompt that the teacher cannot be asked by has its own row.
    let has_teacher = pair.cached_teacher(session).map_or(true, |targets| targets.is_some());
    Some(match incomparable(recipe, pair.assets.data.validation.len(), has_teacher) {
        Some((why, fix)) => Finding::red(SUBJECT, why, fix),
        None => of(recipe),
    })
}

/// The row on a recipe whose evaluations can be compared.
pub fn of(recipe: &Recipe) -> Finding {
    let every = recipe.evaluate_every.max(1);
    let measure = named(recipe.keep.metric());
    let says = say!(
        "by validation {measure}, every {every} steps of {steps}: {asked}",
        measure,
        every,
        steps = recipe.steps,
        asked = asked(recipe)
    );
    let row = if let Some(says) = endless(recipe) {
        Finding::amber(SUBJECT, says, say!("lower recipe.patience or recipe.evaluate_every, or raise recipe.steps"))
    } else if recipe.keep != Keep::Last && every >= recipe.steps {
        let says = say!("{says}; the only evaluation is that of the last step, so the best is the last", says);
        Finding::amber(SUBJECT, says, say!("lower recipe.evaluate_every below recipe.steps"))
    } else {
        Finding::green(SUBJECT, says)
    };
    row.with("evaluations", (recipe.steps / every) as f64)
}

/// What a sentence calls a measure.
fn named(metric: Metric) -> Sentence {
    match metric.id() {
        "accuracy" => say!("accuracy"),
        "macro_f1" => say!("macro f1"),
        "agreement" => say!("agreement"),
        "loss" => say!("loss"),
        other => Sentence::verbatim(other.replace('_', " ")),
    }
}

fn asked(recipe: &Recipe) -> Sentence {
    let kept = (recipe.keep != Keep::Last).then(|| say!("the best student is saved"));
    let stop = |patience| say!("the run stops after {patience} evaluations without a better one", patience);
    Sentence::joined(kept.into_iter().chain(recipe.patience.map(stop)), ", ")
}

/// What is said of a patience that outlasts the run: the first evaluation is the best so far, and so many
/// have to follow it.
fn endless(recipe: &Recipe) -> Option<Sentence> {
    let patience = recipe.patience?;
    let soonest = patience.saturating_add(1).saturating_mul(recipe.evaluate_every);
    (soonest >= recipe.steps).then(|| {
        say!("patience never stops this run: {patience} evaluations without a better one, one every {evaluate_every} steps, are over at step {soonest} at the soonest, and the run ends at {steps}", patience, evaluate_every = recipe.evaluate_every, soonest, steps = recipe.steps)
    })
}
