//! Losses and their mixture. A loss is a formula with its knobs and its premises; it loops over
//! nothing and counts no steps.

pub mod hard_labels;
pub mod next_token;
pub mod soft_targets;

use candle_core::{Result, Tensor};

use crate::engine::task::Pass;
use crate::session::knob::{Entry, Scale};
use crate::session::near::suggested;
use crate::session::{Knob, Knobs, Recipe};

/// What a loss may look at.
pub struct LossInput<'a> {
    /// The student's pass, with its graph.
    pub student: &'a Pass,
    /// The teacher's class log-probabilities, `[batch, classes]`, without a graph.
    pub teacher: Option<&'a Tensor>,
    /// Class of each example, `u32 [batch]`.
    pub labels: &'a Tensor,
    /// 1 where the label may be used, 0 where it is hidden, `f32 [batch]`.
    pub labelled: &'a Tensor,
    /// Knob values of this step.
    pub knobs: &'a Knobs,
}

/// One loss.
pub struct Loss {
    /// Id, label and help.
    pub entry: Entry,
    /// Knobs it reads.
    pub knobs: &'static [Knob],
    /// Whether it needs a teacher.
    pub needs_teacher: bool,
    /// Whether it needs next-token logits of the text.
    pub needs_language: bool,
    /// Its weight in the mixture.
    pub weight: fn(&Knobs) -> f64,
    /// The loss, a scalar.
    pub compute: fn(&LossInput) -> Result<Tensor>,
}

/// Every loss; adding one is one file and one line here.
pub const LOSSES: &[Loss] = &[soft_targets::LOSS, hard_labels::LOSS, next_token::LOSS];

/// Weight of the label loss against the teacher loss.
pub const ALPHA: Knob = Knob {
    id: "mixture.alpha",
    label: "Labels vs teacher",
    unit: "",
    min: 0.0,
    max: 1.0,
    default: 0.5,
    scale: Scale::Linear,
    live: true,
    help: "Weight of the label loss; the teacher's soft targets get the rest. 0 listens to the teacher alone, 1 to the labels alone.",
};

/// Whether any loss of the recipe learns from a teacher. Without one, a teacher's answers to the training
/// texts are of no use.
pub fn needs_teacher(recipe: &Recipe) -> bool {
    let needs = |id: &String| LOSSES.iter().any(|loss| loss.needs_teacher && loss.entry.id == id);
    recipe.losses.iter().any(needs)
}

/// The weighted sum of a recipe's losses:
/// `L = α·CE(labels) + (1−α)·T²·KL(teacher_T ‖ student_T) + Σ weight·other`
/// (Hinton et al. 2015, arXiv 1503.02531, §2). Where only one of the two first terms is chosen,
/// it enters with weight 1: α has nothing to weigh.
pub struct Mixture {
    losses: Vec<&'static Loss>,
    both: bool,
}

/// A mixture's value.
pub struct LossOutput {
    /// The sum, with its graph.
    pub total: Tensor,
    /// Id and unweighted value of each part.
    pub parts: Vec<(&'static str, Tensor)>,
}

impl Mixture {
    /// The losses a recipe names.
    ///
    /// # Errors
    /// A sentence for a person: an unknown loss, or a loss whose premise is not met.
    pub fn new(recipe: &Recipe, has_teacher: bool, has_language: bool) -> std::result::Result<Self, String> {
        if let Some(problem) = recipe.losses_problem() {
            return Err(problem);
        }
        let find = |id: &String| {
            let unknown = || {
                let known: Vec<&str> = LOSSES.iter().map(|loss| loss.entry.id).collect();
                format!("there is no loss {id:?}{}; the known ones are {}", suggested(id, &known), known.join(", "))
            };
            LOSSES.iter().find(|loss| loss.entry.id == id).ok_or_else(unknown)
        };
        let losses = recipe.losses.iter().map(find).collect::<std::result::Result<Vec<_>, _>>()?;
        for loss in &losses {
            if loss.needs_teacher && !has_teacher {
                return Err(format!("the loss {} needs a teacher; choose one or leave the loss out", loss.entry.id));
            }
            if loss.needs_language && !has_language {
                return Err(format!("the loss {} needs a causal student that answers by label words", loss.entry.id));
            }
        }
        let has = |id: &str| losses.iter().any(|loss| loss.entry.id == id);
        let both = has(soft_targets::LOSS.entry.id) && has(hard_labels::LOSS.entry.id);
        Ok(Self { losses, both })
    }

    /// Whether any loss wants next-token logits.
    pub fn needs_language(&self) -> bool {
        self.losses.iter().any(|loss| loss.needs_language)
    }

    /// Whether every loss learns from labels alone, so that unlabelled examples teach nothing.
    pub fn labels_only(&self) -> bool {
        self.losses.iter().all(|loss| loss.entry.id == hard_labels::LOSS.entry.id)
    }

    /// All parts and their weighted sum.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn evaluate(&self, given: &LossInput) -> Result<LossOutput> {
        let mut parts = Vec::new();
        let mut total: Option<Tensor> = None;
        for loss in &self.losses {
            let value = (loss.compute)(given)?;
            let weighted = (&value * self.weight(loss, given.knobs))?;
            total = Some(match total {
                Some(sum) => (sum + weighted)?,
                None => weighted,
            });
            parts.push((loss.entry.id, value));
        }
        let total = total.ok_or_else(|| candle_core::Error::Msg("the recipe names no loss".into()))?;
        Ok(LossOutput { total, parts })
    }

    fn weight(&self, loss: &Loss, knobs: &Knobs) -> f64 {
        let alone = !self.both && (loss.entry.id == hard_labels::LOSS.entry.id || loss.needs_teacher);
        if alone { 1.0 } else { (loss.weight)(knobs) }
    }
}
