//! What a recipe minimises: the weighted sum of its terms.

use candle_core::{Result, Tensor};

use super::{
    ALPHA, Comparison, Divergence, LOSSES, RowSet, Rows, Term, TermGradient, compare, soft_cross_entropy,
    teacher_entropy, term_gradients,
};
use crate::engine::task::{Forward, Outputs, StepWeights, Targets, Weighed};
use crate::session::near::suggested;
use crate::session::{Knobs, Recipe, Sentence, say};

/// What a loss may look at.
pub struct LossInput<'a> {
    /// The student's pass, with its graph.
    pub student: &'a Forward,
    /// What the teacher says of the rows of the answers.
    pub teacher: Option<&'a Targets>,
    /// Knob values of this step.
    pub knobs: &'a Knobs,
    /// Which share of the planned steps is done, in [0, 1].
    pub done: f64,
    /// What all rows of the step weigh, where this pass is one of several; `None` where it is the only one.
    pub of_step: Option<&'a StepWeights>,
}

/// The value of an objective.
pub struct LossOutput {
    /// The sum, with its graph.
    pub total: Tensor,
    /// Id and unweighted value of each term, or the pass's share of it; `None` where none of its rows counts for it.
    pub parts: Vec<(&'static str, Option<f32>)>,
    /// What each term weighs in the sum, in the same order.
    pub weights: Vec<f64>,
}

/// What the terms ask of the student, beside their values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Insight {
    /// Id and gradient of each weighted term, on a few rows.
    pub gradients: Vec<(&'static str, TermGradient)>,
    /// Mean entropy of the teacher's rows at temperature 1, in nats; `None` where nothing is learned from one.
    pub teacher_entropy: Option<f64>,
    /// The least that a term can come to, of those for which that is not 0.
    pub floors: Vec<(&'static str, f64)>,
}

/// What a pair has for losses to learn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offered {
    /// A teacher.
    pub teacher: bool,
    /// A student that predicts the next tokens of a text.
    pub text: bool,
    /// Every outcome of the teacher's rows, and not the likeliest alone.
    pub whole_rows: bool,
}

/// Whether any loss of the recipe learns from a teacher. Without one, a teacher's answers to the training
/// texts are of no use.
pub fn needs_teacher(recipe: &Recipe) -> bool {
    LOSSES.iter().any(|loss| loss.needs().teacher && recipe.terms.iter().any(|id| id == loss.entry().id))
}

/// The weighted sum of a recipe's terms. Where it has terms that learn the labels and terms that learn from
/// a teacher, α divides the weight between them:
/// `L = α·CE(labels) + (1−α)·T²·KL(teacher_T ‖ student_T) + Σ weight·other`
/// (Hinton et al. 2015, arXiv 1503.02531, §2). Where only one kind is there, α has nothing to weigh.
pub struct Objective {
    terms: Vec<&'static dyn Divergence>,
    /// Whether α is in force.
    alpha: bool,
}

impl Objective {
    /// The losses a recipe names.
    ///
    /// # Errors
    /// A sentence for a person: an unknown loss, or a loss whose premise is not met.
    pub fn new(recipe: &Recipe, offered: Offered) -> std::result::Result<Self, Sentence> {
        if let Some(problem) = recipe.terms_problem() {
            return Err(problem);
        }
        let terms = recipe.terms.iter().map(|id| find(id)).collect::<std::result::Result<Vec<_>, _>>()?;
        terms.iter().try_for_each(|term| met(*term, offered))?;
        let has = |kind: fn(&dyn Divergence) -> bool| terms.iter().any(|term| kind(*term));
        let alpha = has(|term| term.needs().labels()) && has(|term| term.needs().teacher);
        Ok(Self { terms, alpha })
    }

    /// Whether any term compares the rows of the texts themselves.
    pub fn needs_text(&self) -> bool {
        self.of(RowSet::Text).next().is_some()
    }

    /// Whether any term learns from a teacher.
    pub fn needs_teacher(&self) -> bool {
        self.terms.iter().any(|term| term.needs().teacher)
    }

    /// Whether any term learns the given labels.
    pub fn learns_labels(&self) -> bool {
        self.terms.iter().any(|term| term.needs().labels())
    }

    /// Whether every term learns from labels alone, so that unlabelled examples teach nothing.
    pub fn labels_only(&self) -> bool {
        self.terms.iter().all(|term| term.needs().labels())
    }

    /// The knobs that its terms and their sum read, by their ids.
    pub fn knobs(&self) -> Vec<&'static str> {
        let own = self.terms.iter().flat_map(|term| term.all_knobs().into_iter().chain([term.weight()]));
        own.map(|knob| knob.id).chain(self.alpha.then_some(ALPHA.id)).collect()
    }

    /// That no term has any weight, as the knobs stand, and what to do; `None` where one has.
    pub fn learns_nothing(&self, knobs: &Knobs) -> Option<Sentence> {
        self.terms.iter().all(|term| self.weight(*term, knobs) == 0.0).then(|| {
            say!(
                "every term of the loss has weight 0 as the knobs stand, so nothing is learned; raise a weight, or move the label weight off its end"
            )
        })
    }

    /// All terms and their weighted sum.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn evaluate(&self, input: &LossInput) -> Result<LossOutput> {
        let answers = self.compared(RowSet::Answers, Some(&input.student.answers), input.teacher, input)?;
        let text = self.compared(RowSet::Text, input.student.text.as_ref(), None, input)?;
        let totals: Vec<&Tensor> = [&answers, &text].into_iter().flatten().map(|compared| &compared.total).collect();
        let total = match totals[..] {
            [] => Tensor::zeros((), candle_core::DType::F32, input.student.answers.logits.device())?,
            [total] => total.clone(),
            [answers, text, ..] => (answers + text)?,
        };
        let mut values = [answers, text].map(|compared| compared.map_or_else(Vec::new, |all| all.terms).into_iter());
        let part = |term: &&'static dyn Divergence| {
            let of = usize::from(term.needs().rows == RowSet::Text);
            (term.entry().id, values[of].next().flatten())
        };
        let weights = self.terms.iter().map(|term| self.weight(*term, input.knobs)).collect();
        Ok(LossOutput { total, parts: self.terms.iter().map(part).collect(), weights })
    }

    /// What the terms ask of the student. The step does not need it, and no bit of it depends on it: it is for whoever
    /// watches, and costs about as much as the head's products on a few rows and the teacher's on all.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn insight(&self, input: &LossInput) -> Result<Insight> {
        let mut insight = Insight::default();
        let (answers, text) = (&input.student.answers, input.student.text.as_ref());
        for (set, outputs, teacher) in [(RowSet::Answers, Some(answers), input.teacher), (RowSet::Text, text, None)] {
            let terms: Vec<Term> = self.of(set).map(|term| self.term(term, input.knobs, input.done)).collect();
            let Some(Outputs { logits, rows }) = outputs.filter(|_| !terms.is_empty()) else { continue };
            let rows = Rows { student: logits, teacher, rows, of_step: None };
            let ids = terms.iter().map(|term| term.divergence.entry().id);
            insight.gradients.extend(ids.zip(term_gradients(&terms, &rows)?.unwrap_or_default()));
            let Some(taught) = terms.iter().find(|term| term.divergence.needs().teacher) else { continue };
            let plain = Term { temperature: 1.0, by_confidence: 0.0, ..*taught };
            insight.teacher_entropy = teacher_entropy(&plain, &rows)?;
            for term in terms.iter().filter(|term| term.divergence.entry().id == soft_cross_entropy::ID) {
                insight.floors.extend(teacher_entropy(term, &rows)?.map(|floor| (soft_cross_entropy::ID, floor)));
            }
        }
        Ok(insight)
    }

    /// The terms that learn from a teacher's rows, as the knobs stand at the first step.
    pub fn teacher_terms(&self, knobs: &Knobs) -> Vec<Term> {
        let of_teacher = self.of(RowSet::Answers).filter(|term| term.needs().teacher);
        of_teacher.map(|divergence| self.term(divergence, knobs, 0.0)).collect()
    }

    fn term(&self, divergence: &'static dyn Divergence, knobs: &Knobs, done: f64) -> Term {
        Term {
            divergence,
            weight: self.weight(divergence, knobs),
            temperature: divergence.softening().map_or(1.0, |softening| softening.temperature_at(knobs, done)),
            by_confidence: divergence.softening().map_or(0.0, |softening| knobs.get(&softening.by_confidence)),
            parameter: divergence.parameter(knobs),
        }
    }

    fn of(&self, rows: RowSet) -> impl Iterator<Item = &'static dyn Divergence> {
        self.terms.iter().copied().filter(move |term| term.needs().rows == rows)
    }

    /// The terms over one set of rows; `None` where there are no terms or no rows.
    fn compared(
        &self,
        set: RowSet,
        outputs: Option<&Outputs>,
        teacher: Option<&Targets>,
        &LossInput { knobs, done, of_step, .. }: &LossInput,
    ) -> Result<Option<Comparison>> {
        let terms: Vec<Term> = self.of(set).map(|divergence| self.term(divergence, knobs, done)).collect();
        let Some(Outputs { logits, rows }) = outputs.filter(|_| !terms.is_empty()) else { return Ok(None) };
        let of_step = of_step.map(|all| of_set(set, all));
        compare(&terms, &Rows { student: logits, teacher, rows, of_step }).map(Some)
    }

    /// α·w for what learns the labels, (1−α)·w for what learns from a teacher, w for the others.
    fn weight(&self, term: &dyn Divergence, knobs: &Knobs) -> f64 {
        let share = match term.needs() {
            needs if !self.alpha || !(needs.labels() || needs.teacher) => 1.0,
            needs if needs.teacher => 1.0 - knobs.get(&ALPHA),
            _ => knobs.get(&ALPHA),
        };
        share * knobs.get(term.weight())
    }
}

fn of_set(set: RowSet, all: &StepWeights) -> Weighed {
    match set {
        RowSet::Answers => all.answers,
        RowSet::Text => all.text,
    }
}

fn find(id: &str) -> std::result::Result<&'static dyn Divergence, Sentence> {
    let unknown = || {
        let known: Vec<&str> = LOSSES.iter().map(|loss| loss.entry().id).collect();
        say!(
            "there is no loss {id}{suggested}; the known ones are {known}",
            id = format_args!("{id:?}"),
            suggested = suggested(id, &known),
            known = known.join(", ")
        )
    };
    LOSSES.iter().copied().find(|loss| loss.entry().id == id).ok_or_else(unknown)
}

/// Refuses a loss whose premise is not met.
fn met(loss: &dyn Divergence, offered: Offered) -> std::result::Result<(), Sentence> {
    let (id, needs) = (loss.entry().id, loss.needs());
    if needs.teacher && !offered.teacher {
        return Err(say!("the loss {id} needs a teacher; choose one or leave the loss out", id));
    }
    if needs.teacher && needs.whole_rows && !offered.whole_rows {
        return Err(say!(
            "the loss {id} compares every outcome of the teacher by itself, and recipe.teacher_rows keeps the likeliest alone; set it to Live or Whole, or leave the loss out",
            id
        ));
    }
    if needs.rows == RowSet::Text && !offered.text {
        return Err(say!("the loss {id} needs a causal student that answers by label words", id));
    }
    Ok(())
}
