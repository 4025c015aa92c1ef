//! The reverse Kullback–Leibler divergence, `T²·KL(student_T ‖ teacher_T)` in nats: the student is punished for what
//! it believes and the teacher does not, so that it settles on the teacher's main answers rather than spreads over all
//! (MiniLLM, Gu et al. 2024, arXiv 2306.08543, §2.1).
//!
//! An outcome that the teacher rules out (−∞) would make every student infinitely wrong that gives it any probability,
//! as a softmax always does. It counts as the smallest probability of single precision, `e^−87.3`, instead.

use candle_core::{D, Result, Tensor};

use super::paired::{Outcome, Paired};
use super::{Compared, ComposedRows, Divergence, Needs, Softening, softening};
use crate::engine::model::ops::{exp, widest};
use crate::session::Knob;
use crate::session::knob::Entry;

const SOFTENING: Softening = softening!("reverse_kl", "Temperature", 2.0, super::softening::HELP);

const WEIGHT: Knob = super::weight("reverse_kl.weight", "Reverse-KL weight", 1.0, super::TEACHER_WEIGHT);

/// Log-probability of what the teacher rules out.
const FLOOR: f32 = -87.3;

/// Kullback–Leibler divergence of the teacher from the student.
pub struct ReverseKl;

impl Divergence for ReverseKl {
    fn entry(&self) -> Entry {
        Entry {
            id: "reverse_kl",
            label: "Reverse KL",
            help: "Learn the teacher's main answers: the sum of the student's probabilities times the logarithm of the student's over the teacher's.",
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
                let row = Reverse(Paired::of(compared));
                if let Some(gradient) = gradient {
                    row.fill(gradient, scale);
                }
                row.0.sum(
                    #[inline(always)]
                    |teacher, student| row.outcome(teacher, student).excess_reversed(),
                )
            },
        )
    }

    fn composed(&self, compared: &ComposedRows) -> Result<Tensor> {
        let (log_p, log_q) = (compared.teacher()?, compared.student);
        let floor = (log_p.ones_like()? * f64::from(FLOOR))?;
        let log_p = log_p.eq(f64::NEG_INFINITY)?.where_cond(&floor, log_p)?;
        (log_q.exp()? * (log_q - log_p)?)?.sum(D::Minus1)
    }
}

/// A row of which the teacher rules nothing out.
#[derive(Clone, Copy)]
struct Reverse<'a>(Paired<'a>);

impl Reverse<'_> {
    /// The teacher's log-probability less its largest.
    #[inline(always)]
    fn teacher(self, value: f32) -> f32 {
        let below = self.0.teacher.below(value);
        if below == f32::NEG_INFINITY { FLOOR + self.0.teacher.beyond } else { below }
    }

    #[inline(always)]
    fn outcome(self, teacher: f32, student: f32) -> Outcome {
        self.0.outcome_below(self.teacher(teacher), self.0.student.below(student))
    }

    /// `q·(ln(q/p) − KL)`.
    #[inline(always)]
    fn fill(self, gradient: &mut [f32], scale: f32) {
        let (first, _) = self.0.first();
        let first = self.teacher(first);
        self.0.fill_weighed(
            gradient,
            scale,
            #[inline(always)]
            |teacher, student| {
                let below = self.0.student.below(student);
                let q = exp(below - self.0.student.beyond);
                let slope = q * (below - (self.teacher(teacher) - first));
                if q == 0.0 { 0.0 } else { slope }
            },
        );
    }
}
