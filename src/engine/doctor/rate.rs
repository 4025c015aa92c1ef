//! The learning rate against what it moves: weights that know something are lost at the rate that random
//! ones need, and random ones hardly move at the rate that suits those.

use crate::engine::optim::{CLIP, LEARNING_RATE};
use crate::link::{Finding, Subject};
use crate::session::{Catalog, LayerMap, ModelChoice, OptimizerKind, Session, say};

const SUBJECT: Subject = Subject::LearningRate;

/// What the field uses for one optimiser and one kind of student.
struct Usual {
    /// From here to there.
    range: (f64, f64),
    /// Below this nothing moves.
    idle: f64,
    /// From this on a run comes apart, or forgets.
    wild: f64,
}

/// The row on the learning rate, the highest that knobs and script ask for.
pub fn row(session: &Session, catalog: &Catalog) -> Finding {
    let knobs = session.start_knobs(catalog);
    let scripted = session.script.iter().filter(|change| change.knob == LEARNING_RATE.id).map(|change| change.value);
    let rate = scripted.fold(knobs.get(&LEARNING_RATE), f64::max);
    let (kind, learned) = (session.recipe.optimizer, has_learned(&session.student));
    let free = kind == OptimizerKind::Sgd && knobs.get(&CLIP) <= 0.0;
    let Usual { range: (low, high), idle, wild } = usual(kind, learned, free);
    let student = if learned { say!("a student with stored weights") } else { say!("a student with random weights") };
    let label = kind.label();
    let says = say!(
        "{label} moves {student} at a rate of {rate}; {low} to {high} is usual",
        label,
        student,
        rate = power(rate),
        low = power(low),
        high = power(high)
    );
    let row = if rate >= wild {
        let why = match (learned, free) {
            (true, _) => say!("so high a rate overwrites what they know within a few steps"),
            (false, true) => {
                say!("at so high a rate, and with gradients that nothing shortens, the loss grows instead of falling")
            }
            (false, false) => say!("at so high a rate the loss grows instead of falling"),
        };
        let fix = say!("lower {id} to at most {high}", id = LEARNING_RATE.id, high = power(high));
        Finding::amber(SUBJECT, say!("{says}: {why}", says, why), fix)
    } else if rate < idle {
        let why = say!("at so low a rate they hardly move in a whole run");
        Finding::amber(
            SUBJECT,
            say!("{says}: {why}", says, why),
            say!("raise {id} to at least {low}", id = LEARNING_RATE.id, low = power(low)),
        )
    } else {
        Finding::green(SUBJECT, says)
    };
    row.with("learning_rate", rate)
}

/// As a person writes a rate: `0.002`, `3e-5`.
fn power(rate: f64) -> String {
    if rate < 1e-3 { format!("{rate:e}") } else { rate.to_string() }
}

/// Whether the student begins with weights that know something.
fn has_learned(student: &ModelChoice) -> bool {
    let layers = student.init.layer_map().is_some_and(|map| *map != LayerMap::EmbeddingsOnly);
    student.needs_weights() || layers
}

/// # Source
/// Devlin et al. 2019, "BERT", appendix A.3, for fine-tuning with Adam; the rates of our own runs, of
/// small students from random weights, for the rest.
fn usual(kind: OptimizerKind, learned: bool, free: bool) -> Usual {
    match (kind, learned) {
        (OptimizerKind::Adam | OptimizerKind::AdamW, true) => Usual { range: (1e-5, 1e-4), idle: 1e-6, wild: 1e-3 },
        (OptimizerKind::Adam | OptimizerKind::AdamW, false) => Usual { range: (3e-4, 5e-3), idle: 2e-5, wild: 0.03 },
        (OptimizerKind::Sgd, true) => Usual { range: (1e-3, 0.03), idle: 1e-5, wild: if free { 0.1 } else { 0.3 } },
        (OptimizerKind::Sgd, false) => Usual { range: (0.01, 0.1), idle: 2e-4, wild: if free { 0.5 } else { 1.0 } },
    }
}
