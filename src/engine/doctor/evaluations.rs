//! What hangs on the evaluations of a run: which step's student is saved (`keep`) and whether it stops early
//! (`patience`).

use crate::engine::pair::Pair;
use crate::engine::watch::incomparable;
use crate::link::{Finding, Subject};
use crate::session::{Keep, Recipe, Session};

const SUBJECT: Subject = Subject::Evaluations;

/// The row on evaluations; `None` where nothing hangs on them.
pub fn row(session: &Session, pair: &Pair) -> Option<Finding> {
    let recipe = &session.recipe;
    if recipe.keep == Keep::Last && recipe.patience.is_none() {
        return None;
    }
    // A prompt that the teacher cannot be asked by has its own row.
    let has_teacher = pair.targets(session).map_or(true, |targets| targets.is_some());
    Some(match incomparable(recipe, pair.data.validation.len(), has_teacher) {
        Some((why, fix)) => Finding::red(SUBJECT, why, fix),
        None => of(recipe),
    })
}

/// The row on a recipe whose evaluations can be compared.
pub fn of(recipe: &Recipe) -> Finding {
    let every = recipe.evaluate_every.max(1);
    let measure = recipe.keep.metric().id().replace('_', " ");
    let says = format!("by validation {measure}, every {every} steps of {}: {}", recipe.steps, asked(recipe));
    let row = if let Some(says) = endless(recipe) {
        Finding::amber(SUBJECT, says, "lower recipe.patience or recipe.evaluate_every, or raise recipe.steps")
    } else if recipe.keep != Keep::Last && every >= recipe.steps {
        let says = format!("{says}; the only evaluation is that of the last step, so the best is the last");
        Finding::amber(SUBJECT, says, "lower recipe.evaluate_every below recipe.steps")
    } else {
        Finding::green(SUBJECT, says)
    };
    row.with("evaluations", (recipe.steps / every) as f64)
}

fn asked(recipe: &Recipe) -> String {
    let kept = (recipe.keep != Keep::Last).then(|| "the best student is saved".to_owned());
    let stop = |patience| format!("the run stops after {patience} evaluations without a better one");
    kept.into_iter().chain(recipe.patience.map(stop)).collect::<Vec<_>>().join(", ")
}

/// What is said of a patience that outlasts the run: the first evaluation is the best so far, and so many
/// have to follow it.
fn endless(recipe: &Recipe) -> Option<String> {
    let patience = recipe.patience?;
    let soonest = patience.saturating_add(1).saturating_mul(recipe.evaluate_every);
    (soonest >= recipe.steps).then(|| {
        format!(
            "patience never stops this run: {patience} evaluations without a better one, one every {} steps, are over at step {soonest} at the soonest, and the run ends at {}",
            recipe.evaluate_every, recipe.steps
        )
    })
}
