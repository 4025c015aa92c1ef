//! The recipe against pair and data: losses whose premises hold, knobs in range, labels for every class.

use std::collections::BTreeSet;

use crate::engine::data::labels::shortened;
use crate::engine::layer_rates::LayerRates;
use crate::engine::loss::Objective;
use crate::engine::pair::Pair;
use crate::engine::script;
use crate::engine::train::offered;
use crate::link::{Finding, Subject, grouped};
use crate::session::{Catalog, Recipe, Sentence, Session, say};

const SUBJECT: Subject = Subject::Recipe;

/// The row on the recipe.
pub fn row(session: &Session, pair: &Pair, catalog: &Catalog) -> Finding {
    let objective = match Objective::new(&session.recipe, offered(session, pair)) {
        Ok(objective) => objective,
        Err(why) => return Finding::red(SUBJECT, why, say!("change the recipe's losses or the pair")),
    };
    if let Some(problem) = session.knob_problem(catalog) {
        return Finding::red(SUBJECT, problem, say!("mend the session's knobs or its script"));
    }
    let rates = match LayerRates::of(&session.recipe.groups, &pair.student) {
        Ok(rates) => rates,
        Err(why) => return Finding::red(SUBJECT, why, say!("mend recipe.groups")),
    };
    let counts = pair.assets.data.counts();
    let says = say!(
        "{losses} over {steps} steps of {batch} texts, {train} training texts of which {labelled} keep their label",
        losses = session.recipe.terms.join(" + "),
        steps = session.recipe.steps,
        batch = per_step(&session.recipe),
        train = counts.train,
        labelled = counts.labelled
    );
    let says = with_frozen(says, &rates, pair);
    if let Some(why) = objective.learns_nothing(&session.start_knobs(catalog)) {
        return Finding::amber(SUBJECT, why, say!("raise a weight under knobs"));
    }
    let in_vain = script::in_vain(session, &objective);
    if !in_vain.is_empty() {
        return Finding::amber(
            SUBJECT,
            Sentence::joined(in_vain, "; "),
            say!("mend the script, or the recipe it is for"),
        );
    }
    if !rates.doubts().is_empty() {
        let says = Sentence::joined([says].into_iter().chain(rates.doubts().iter().cloned()), "; ");
        return Finding::amber(SUBJECT, says, say!("mend recipe.groups, if that is not what is meant"));
    }
    let unseen = unseen(pair);
    if objective.learns_labels() && !unseen.is_empty() {
        let says = say!("{says}; no labelled text is of class {unseen}", says, unseen = shortened(&unseen));
        return Finding::amber(SUBJECT, says, say!("raise data.labelled, or leave these classes to the teacher"));
    }
    Finding::green(SUBJECT, says)
}

/// Texts of a step, and how they come together where that is in several passes.
fn per_step(recipe: &Recipe) -> String {
    match recipe.accumulate {
        1 => recipe.batch.to_string(),
        passes => format!("{} ({passes} × {})", recipe.examples_per_step(), recipe.batch),
    }
}

/// What the row says, with the share of the student that the recipe freezes.
fn with_frozen(says: Sentence, rates: &LayerRates, pair: &Pair) -> Sentence {
    let all = pair.student.card.parameters;
    let says = Sentence::joined([says].into_iter().chain(rates.tied().cloned()), "; ");
    match rates.trainable() {
        Some(trainable) => say!(
            "{says}; {trainable} of the student's {all} parameters learn, {frozen} % are frozen",
            says,
            trainable = grouped(trainable),
            all = grouped(all),
            frozen = format_args!("{:.1}", 100.0 * (all - trainable.min(all)) as f64 / all.max(1) as f64)
        ),
        None => says,
    }
}

/// Classes without a labelled training text.
fn unseen(pair: &Pair) -> Vec<String> {
    let data = &pair.assets.data;
    let labelled = data.train.iter().zip(&data.labelled).filter(|(_, labelled)| **labelled);
    let seen: BTreeSet<usize> = labelled.filter_map(|(example, _)| example.class()).collect();
    let classes = data.classes.iter().enumerate();
    classes.filter(|(class, _)| !seen.contains(class)).map(|(_, name)| name.clone()).collect()
}
