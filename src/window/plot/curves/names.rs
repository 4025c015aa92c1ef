//! What groups, curves and knobs are called. Their ids come from the engine; the known ones have a
//! name in the catalogue of phrases, others are shown as they are.

use crate::link::SeriesId;
use crate::window::theme::Look;

/// Ids and the phrases for them.
const KNOWN: &[(&str, &str)] = &[
    ("loss", "Loss"),
    ("train", "Training"),
    ("measure", "Measures on validation texts"),
    ("prune", "Pruning"),
    ("weighted", "Losses as they weigh in the sum"),
    ("gradient", "Gradient norm by loss, on a few rows"),
    ("cosine", "Cosine with the labels' gradient"),
    ("teacher", "Teacher"),
    ("time", "Time"),
    ("total", "total"),
    ("soft_targets", "soft targets"),
    ("hard_labels", "hard labels"),
    ("reverse_kl", "reverse KL"),
    ("jensen_shannon", "Jensen–Shannon divergence"),
    ("skewed_kl", "skewed KL"),
    ("skewed_reverse_kl", "skewed reverse KL"),
    ("total_variation", "total variation"),
    ("hellinger", "squared Hellinger"),
    ("logit_mse", "logit error"),
    ("soft_cross_entropy", "soft cross-entropy"),
    ("ranking", "ranking"),
    ("next_token", "next token"),
    ("masked_token", "masked token"),
    ("teacher_entropy", "teacher entropy"),
    ("learning_rate", "learning rate"),
    ("grad_norm", "gradient norm"),
    ("gradient_norm", "gradient norm"),
    ("weight_decay", "weight decay"),
    ("clip", "clipping"),
    ("batch_accuracy", "accuracy on the batch"),
    ("accuracy", "accuracy"),
    ("macro_f1", "macro F1"),
    ("agreement", "agreement with the teacher"),
    ("kl", "KL to the teacher"),
    ("ece", "calibration error"),
    ("sparsity", "sparsity"),
    ("temperature", "temperature"),
    ("temperature_ramp", "temperature ramp"),
    ("temperature_by_confidence", "temperature by confidence"),
    ("alpha", "labels' share α"),
    ("beta", "forward to reverse β"),
    ("skew", "skew λ"),
    ("smoothing", "label smoothing"),
    ("theta", "threshold θ"),
    ("threshold", "threshold θ"),
];

/// The name of a curve. That of the loss on the validation part is not that of the chart of the training's.
pub fn of_series(id: &SeriesId, look: Look) -> String {
    match (id.group(), id.name()) {
        ("measure", "loss") => look.t("validation loss").to_owned(),
        ("teacher", "entropy") => look.t("teacher entropy").to_owned(),
        ("floor", id) => format!("{} {}", look.t("floor of"), name(id, look)),
        (_, id) => name(id, look),
    }
}

/// The name of an id; unknown ones with their underscores as spaces.
pub(super) fn name(id: &str, look: Look) -> String {
    let known = KNOWN.iter().find(|(known, _)| *known == id);
    known.map_or_else(|| id.replace('_', " "), |(_, phrase)| look.t(phrase).to_owned())
}

/// The name of a knob: the part behind its owner.
pub fn knob(id: &str, look: Look) -> String {
    name(id.rsplit('.').next().unwrap_or(id), look)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::preferences::Language;

    #[test]
    fn every_known_name_has_a_translation() {
        let look = Look { language: Language::Chinese, dark: true };
        for (_, phrase) in KNOWN {
            assert_ne!(look.t(phrase), *phrase);
        }
    }

    #[test]
    fn unknown_names_are_shown_as_they_are() {
        let look = Look { language: Language::English, dark: true };
        assert_eq!(name("hidden_states", look), "hidden states");
        assert_eq!(knob("soft_targets.temperature", look), "temperature");
    }
}
