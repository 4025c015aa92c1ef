//! The squared Hellinger distance, `T²·½·Σ(√teacher_T − √student_T)²`, which is 1 less the Bhattacharyya coefficient
//! `Σ√(teacher·student)` (an f-divergence with `f(x) = ½(√x − 1)²`: Liese and Vajda 2006, IEEE Trans. Inf. Theory 52(10),
//! §III). It lies between both directions of the KL: each pays for what the other rules out, at most 1 in all, so a
//! teacher that is sure of the wrong outcome pulls no harder than it must.

use candle_core::{D, Result, Tensor};

use super::logarithm::growth;
use super::paired::{Outcome, Paired};
use super::{Compared, ComposedRows, Divergence, Needs, Softening, softening};
use crate::engine::model::ops::{exp, widest};
use crate::session::Knob;
use crate::session::knob::Entry;

const SOFTENING: Softening = softening!("hellinger", "Temperature", 1.0, super::softening::HELP);

const WEIGHT: Knob = super::weight("hellinger.weight", "Hellinger weight", 1.0, super::TEACHER_WEIGHT);

/// Half the squared distance of the roots.
pub struct Hellinger;

impl Divergence for Hellinger {
    fn entry(&self) -> Entry {
        Entry {
            id: "hellinger",
            label: "Squared Hellinger",
            help: "Learn the teacher's probabilities by how far their square roots are off: symmetric, and bounded where either rules an outcome out.",
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
                    fill(row, gradient, scale);
                }
                0.5 * row.sum(
                    #[inline(always)]
                    |teacher, student| apart(row.outcome(teacher, student)),
                )
            },
        )
    }

    fn composed(&self, compared: &ComposedRows) -> Result<Tensor> {
        let root = |log: &Tensor| (log * 0.5)?.exp();
        (root(compared.student)? - root(compared.teacher()?)?)?.sqr()?.sum(D::Minus1)? * 0.5
    }
}

/// `(√p − √q)²`, with its digits where both are close.
#[inline(always)]
fn apart(outcome: Outcome) -> f32 {
    let gap = growth(-0.5 * outcome.ln_ratio.abs());
    outcome.larger() * gap * gap
}

/// The slope with respect to a probability is `−½·√(p/q)`, up to a constant.
#[inline(always)]
fn fill(row: Paired, gradient: &mut [f32], scale: f32) {
    let (teacher, student) = row.first();
    let first = growth(0.5 * row.outcome(teacher, student).ln_ratio);
    row.fill_weighed(
        gradient,
        scale,
        #[inline(always)]
        |teacher, student| {
            let outcome = row.outcome(teacher, student);
            -0.5 * (lead(outcome) - exp(outcome.ln_q) * first)
        },
    );
}

/// `√(p·q) − q`: finite, too, where only the student rules an outcome out.
#[inline(always)]
fn lead(outcome: Outcome) -> f32 {
    let half = 0.5 * outcome.ln_ratio;
    let (from, gap) = match outcome.teacher_leads() {
        true => (0.5 * (outcome.ln_p + outcome.ln_q), -growth(-half)),
        false => (outcome.ln_q, growth(half)),
    };
    exp(from) * gap
}
