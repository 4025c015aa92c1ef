//! Next-word prediction on the text itself: cross-entropy of token t + 1 given the tokens up to t,
//! in nats, averaged over the tokens that come from the batch's texts (Radford et al. 2018). Template and
//! chat stand around every text alike, so they are not learned; a batch without such a token gives 0.

use super::Loss;
use crate::engine::model::ops;
use crate::session::Knob;
use crate::session::knob::{Entry, Scale};

/// Its weight in the mixture.
pub const WEIGHT: Knob = Knob {
    id: "next_token.weight",
    label: "Next-word weight",
    unit: "",
    min: 0.0,
    max: 10.0,
    default: 0.5,
    scale: Scale::Linear,
    live: true,
    help: "Weight of next-word prediction on the text beside the other losses.",
};

/// The registry's line.
pub const LOSS: Loss = Loss {
    entry: Entry {
        id: "next_token",
        label: "Next word",
        help: "Learn to predict each next token of the text itself; for causal models.",
    },
    knobs: &[WEIGHT],
    needs_teacher: false,
    needs_language: true,
    weight: |knobs| knobs.get(&WEIGHT),
    compute: |given| {
        let Some(language) = &given.student.language else {
            return candle_core::Tensor::zeros((), candle_core::DType::F32, given.labels.device());
        };
        let weights =
            candle_core::Tensor::ones(language.targets.dim(0)?, candle_core::DType::F32, language.logits.device())?;
        ops::cross_entropy(&language.logits, &language.targets, &weights)
    },
};
