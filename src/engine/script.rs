//! What a session turns in vain: a knob that nothing of its recipe reads, or one at a step that the run does not come
//! to. Nothing is refused for it, since a script may be longer than one run of it; it is told before the first step.
//!
//! Not here: knobs that do not exist, values out of range and knobs that are read at the start only, which are
//! refused with the session. Nor what stands under `knobs` in a file, where a value waits for the term that reads it.

use std::collections::BTreeSet;

use super::loss::{ALPHA, LOSSES, Objective, Offered};
use super::optim::{BETA1, BETA2, CLIP, LEARNING_RATE, WEIGHT_DECAY};
use super::prune::THETA;
use crate::session::{Change, Sentence, Session, say};

/// What every recipe reads, whatever its terms are.
const READ_BY_ALL: [&str; 6] = [LEARNING_RATE.id, WEIGHT_DECAY.id, CLIP.id, BETA1.id, BETA2.id, THETA.id];

/// What the script asks for that no step of the run will heed, a sentence each.
pub fn in_vain(session: &Session, objective: &Objective) -> Vec<Sentence> {
    let knobs: BTreeSet<&str> = session.script.iter().map(|change| change.knob.as_str()).collect();
    let unread = knobs.into_iter().filter_map(|knob| unread(objective, knob, say!("the script turns {knob}", knob)));
    let late: Vec<&Change> = session.script.iter().filter(|change| change.step >= session.recipe.steps).collect();
    unread.chain(too_late(&late, session.recipe.steps)).collect()
}

/// That a knob which somebody sets for this run is read by nothing of its recipe, or `None`.
pub fn set_in_vain(session: &Session, knob: &str) -> Option<Sentence> {
    // What the pair lacks for its terms is said by whoever opens it.
    let objective = Objective::new(&session.recipe, Offered { teacher: true, text: true, whole_rows: true }).ok()?;
    unread(&objective, knob, say!("{knob} is set", knob))
}

/// That nothing reads a knob, behind `what` is done with it.
fn unread(objective: &Objective, knob: &str, what: Sentence) -> Option<Sentence> {
    if READ_BY_ALL.contains(&knob) || objective.knobs().contains(&knob) {
        return None;
    }
    if knob == ALPHA.id {
        return Some(say!(
            "{what}, which divides the weight between labels and teacher, and recipe.terms has not both; leave it out, or name a loss of the other kind",
            what
        ));
    }
    let owner =
        LOSSES.iter().find(|loss| loss.weight().id == knob || loss.all_knobs().iter().any(|own| own.id == knob));
    Some(match owner.map(|loss| loss.entry().id) {
        Some(loss) => say!(
            "{what}, which only the loss {loss} reads, and recipe.terms does not name it; leave it out, or add the loss",
            what,
            loss
        ),
        None => say!("{what}, which nothing of this recipe reads; leave it out", what),
    })
}

fn too_late(late: &[&Change], steps: u64) -> Option<Sentence> {
    let first = late.first()?;
    Some(say!(
        "the script turns {knob} at step {step}, and the last step of the run is {last} (counted from 0); {count} of its changes will not act: give them earlier steps, or raise recipe.steps",
        knob = first.knob,
        step = first.step,
        last = steps.saturating_sub(1),
        count = late.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a script beside these terms.
    fn said(terms: &[&str], script: &[(u64, &str)]) -> Vec<String> {
        let mut session = Session::built_in().unwrap();
        session.recipe.terms = terms.iter().map(|term| (*term).to_owned()).collect();
        let change = |(step, knob): &(u64, &str)| Change { step: *step, knob: (*knob).to_owned(), value: 0.5 };
        session.script = script.iter().map(change).collect();
        let objective =
            Objective::new(&session.recipe, Offered { teacher: true, text: true, whole_rows: true }).unwrap();
        in_vain(&session, &objective).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_change_that_some_step_heeds_is_passed_over() {
        let both = ["soft_targets", "hard_labels"];
        let knobs = ["mixture.alpha", "soft_targets.temperature", "hard_labels.weight", LEARNING_RATE.id, THETA.id];
        let script = knobs.map(|knob| (1499, knob));
        assert_eq!(said(&both, &script), [""; 0]);
    }

    #[test]
    fn a_change_that_no_step_heeds_is_told_with_the_reason() {
        let alone =
            said(&["hard_labels"], &[(1, "mixture.alpha"), (2, "soft_targets.temperature"), (3, "mixture.alpha")]);
        assert_eq!(alone.len(), 2, "{alone:?}");
        assert!(alone[0].contains("mixture.alpha") && alone[0].contains("has not both"), "{alone:?}");
        assert!(alone[1].contains("only the loss soft_targets reads"), "{alone:?}");
        let late = said(
            &["hard_labels"],
            &[(1499, "hard_labels.weight"), (1500, "hard_labels.weight"), (1600, "hard_labels.weight")],
        );
        assert_eq!(late.len(), 1);
        let session = Session::built_in().unwrap();
        assert_eq!(set_in_vain(&session, "mixture.alpha"), None);
        let set = set_in_vain(&session, "next_token.weight").unwrap();
        assert!(set.starts_with("next_token.weight is set, which only the loss next_token reads"), "{set}");
        assert!(
            late[0].contains("at step 1500, and the last step of the run is 1499") && late[0].contains("2 of its"),
            "{late:?}"
        );
    }
}
