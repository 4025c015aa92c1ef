//! Cross-entropy against the teacher's softened probabilities, `T²·(−Σ teacher_T·ln student_T)` in nats (Hinton,
//! Vinyals, Dean 2015, §2). Its gradient is that of the soft targets' divergence; its value is higher by the teacher's
//! entropy, which is the least that a student can reach, so that it does not end at 0.

use candle_core::{D, Result, Tensor};

use super::paired::{Outcome, Paired};
use super::{Compared, ComposedRows, Divergence, Needs, Softening, softening};
use crate::engine::model::ops::{exp, widest};
use crate::session::Knob;
use crate::session::knob::Entry;

const SOFTENING: Softening = softening!("soft_cross_entropy", "Temperature", 2.0, super::softening::HELP);

const WEIGHT: Knob =
    super::weight("soft_cross_entropy.weight", "Soft-cross-entropy weight", 1.0, super::TEACHER_WEIGHT);

/// Its id. It is the one term whose least is not 0 but the teacher's entropy.
pub const ID: &str = "soft_cross_entropy";

/// Cross-entropy against the teacher's probabilities.
pub struct SoftCrossEntropy;

impl Divergence for SoftCrossEntropy {
    fn entry(&self) -> Entry {
        Entry {
            id: ID,
            label: "Soft cross-entropy",
            help: "Learn the teacher's probabilities as the soft targets do, shown with the teacher's entropy on top: the sum of the teacher's probabilities times the student's negative logarithms.",
        }
    }

    fn weight(&self) -> &'static Knob {
        &WEIGHT
    }

    fn needs(&self) -> Needs {
        super::TAUGHT
    }

    fn softening(&self) -> Option<&'static Softening> {
        Some(&SOFTENING)
    }

    fn row(&self, compared: &Compared, scale: f32, gradient: Option<&mut [f32]>) -> f32 {
        widest(
            #[inline(always)]
            || {
                let row = Paired::of(compared);
                if let Some(gradient) = gradient {
                    row.fill(
                        gradient,
                        scale,
                        #[inline(always)]
                        |teacher, student| row.outcome(teacher, student).difference(),
                    );
                }
                row.sum(
                    #[inline(always)]
                    |teacher, student| part(row.outcome(teacher, student)),
                )
            },
        )
    }

    fn composed(&self, compared: &ComposedRows) -> Result<Tensor> {
        let (p, log_q) = (compared.teacher()?.exp()?, compared.student);
        // Nothing where the teacher rules an outcome out: 0 · ln 0 is 0 here.
        let parts = (&p * log_q)?;
        p.eq(0f64)?.where_cond(&parts.zeros_like()?, &parts)?.sum(D::Minus1)?.neg()
    }
}

#[inline(always)]
fn part(outcome: Outcome) -> f32 {
    let p = exp(outcome.ln_p);
    let part = p * -outcome.ln_q;
    if p == 0.0 { 0.0 } else { part }
}
