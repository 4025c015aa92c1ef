//! What is lost where the likeliest outcomes of a teacher's rows are kept and the others are one: measured on a few
//! rows of this pair at the recipe's temperature, before a run learns from them.
//!
//! *Why the mass decides (2026-11).* The divergence over the kept outcomes and the rest is a lower bound. How loose it
//! is depends on the student too and changes while it learns; the mass that is kept is the teacher's alone, and where it
//! is nearly all, the bound is close whatever the student says.

use candle_core::{DType, Result, Tensor, Var};

use crate::engine::data::Dataset;
use crate::engine::loss::{Objective, Rows, Term, compare};
use crate::engine::model::{DropoutRng, Model, Trace, ops};
use crate::engine::pair::Pair;
use crate::engine::task::{Logits, Row, Sample, Targets, Task, TopK};
use crate::engine::teacher::row_codec::{decode, encode};
use crate::engine::train::offered;
use crate::link::{Finding, Subject};
use crate::session::{Catalog, Sentence, Session, say};

const SUBJECT: Subject = Subject::KeptRows;
/// Most rows that are looked at, and most of one text.
const MOST: usize = 200;
const OF_A_TEXT: usize = 25;
/// Kept mass below which the bound is loose: simulated at 50 257 outcomes, it then loses more than a third of the
/// divergence.
const ENOUGH: f64 = 0.9;
/// Most outcomes that a recipe may keep.
const LARGEST: usize = 4096;

/// What a sample of rows came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RowReport {
    /// Rows looked at.
    pub rows: usize,
    /// Mean share of the teacher's probability that is kept, at the temperature, in [0, 1].
    pub mass: f64,
    /// Bytes a row.
    pub bytes: f64,
    /// Share of the loss that the kept outcomes do not show; below 0 where they show more.
    pub lost: f64,
    /// Cosine of its gradient with that of whole rows.
    pub cosine: f64,
    /// The smallest k, of those each twice the one before, that keeps enough; `None` where none does.
    pub enough: Option<usize>,
}

/// The row on kept rows; `None` where nothing is learned from rows of which only the likeliest outcomes are kept.
pub fn row(session: &Session, pair: &Pair, sample: &Dataset, catalog: &Catalog) -> Option<Finding> {
    let k = session.recipe.teacher_rows.k().filter(|_| !session.recipe.task.is_classes())?;
    let teacher = pair.assets.teacher.as_deref()?;
    // What is wrong with the recipe or the prompt has a row of its own.
    let objective = Objective::new(&session.recipe, offered(session, pair)).ok()?;
    let terms = objective.teacher_terms(&session.start_knobs(catalog));
    let task = pair.task(&pair.student, &session.prompt.for_student()).ok()?;
    let samples = samples(task.as_ref(), &pair.student, sample);
    if terms.is_empty() || samples.is_empty() {
        return None;
    }
    let report = row_report(task.as_ref(), [teacher, &pair.student], &samples, &terms, k);
    Some(report.map_or_else(|e| super::refused(SUBJECT, e), |report| told(&report, k, temperature(&terms))))
}

fn told(report: &RowReport, k: usize, temperature: f64) -> Finding {
    let RowReport { rows, mass, bytes, lost, cosine, enough } = *report;
    // Without the sign of a 0.
    let percent = |share: f64| format!("{:.1}", (1000.0 * share).round() / 10.0 + 0.0);
    let says = say!(
        "of the teacher's rows the {k} likeliest tokens have {mass} % of the probability at temperature {temperature}; the loss over them misses {lost} % of that over all, and its gradient has a cosine of {cosine} with that; {bytes} bytes a row, measured on {rows}",
        k,
        mass = percent(mass),
        temperature = format_args!("{temperature:.2}"),
        lost = percent(lost),
        cosine = format_args!("{cosine:.3}"),
        bytes = format_args!("{bytes:.0}"),
        rows
    );
    let row = if mass < ENOUGH { Finding::amber(SUBJECT, says, fix(enough)) } else { Finding::green(SUBJECT, says) };
    let numbers = [("mass", mass), ("bytes", bytes), ("lost", lost), ("cosine", cosine), ("rows", rows as f64)];
    numbers.into_iter().fold(row, |row, (name, value)| row.with(name, value))
}

fn fix(enough: Option<usize>) -> Sentence {
    match enough {
        Some(k) => say!("set recipe.teacher_rows to TopK({k}), or to Live or Whole, which lose nothing", k),
        None => say!(
            "set recipe.teacher_rows to Live or Whole, which lose nothing; no number of tokens up to {most} is enough",
            most = LARGEST
        ),
    }
}

/// Texts with rows, of which only some, evenly spread, are asked about.
fn samples(task: &dyn Task, student: &Model, texts: &Dataset) -> Vec<Sample> {
    let read = |text| {
        let sample = task.encode(student, text, 0).ok()?;
        let mut sample = task.redrawn(student, &sample, 0).unwrap_or(sample);
        let apart = sample.rows.len().div_ceil(OF_A_TEXT).max(1);
        sample.rows = sample.rows.into_iter().step_by(apart).collect();
        (!sample.rows.is_empty()).then_some(sample)
    };
    let apart = (texts.train.len() * OF_A_TEXT / MOST).max(1);
    let spread = texts.train.iter().step_by(apart).chain(texts.train.iter().skip(1).step_by(apart));
    let mut left = MOST;
    let some = spread.filter_map(read).map_while(|mut sample| {
        sample.rows.truncate(left);
        left -= sample.rows.len();
        (!sample.rows.is_empty()).then_some(sample)
    });
    some.collect()
}

/// The highest temperature of the terms, at which the least is kept.
fn temperature(terms: &[Term]) -> f64 {
    terms.iter().map(|term| term.temperature).fold(0.0, f64::max)
}

/// What keeping the `k` likeliest outcomes costs the terms of a recipe on the rows of `samples`; `models` are the
/// teacher and the student.
///
/// # Errors
/// The tensor library's.
pub fn row_report(
    task: &dyn Task,
    [teacher, student]: [&Model; 2],
    samples: &[Sample],
    terms: &[Term],
    k: usize,
) -> Result<RowReport> {
    let mut sums = Sums::default();
    for sample in samples {
        let (theirs, _) = whole(task, teacher, sample)?;
        let (ours, rows) = whole(task, student, sample)?;
        sums.add(terms, k, [&theirs, &ours], &rows)?;
    }
    Ok(sums.report(k))
}

/// The rows of a sample, every outcome of each, on the processor.
fn whole(task: &dyn Task, model: &Model, sample: &Sample) -> Result<(Tensor, Vec<Row>)> {
    let (network, dropout) = (model.detached.as_ref(), DropoutRng::none());
    let answers = task.forward(model, network, &[sample], false, &mut Trace::none(), &dropout)?.answers;
    let logits = answers.logits.whole()?.detach().to_dtype(DType::F32)?;
    Ok((logits.to_device(&candle_core::Device::Cpu)?.contiguous()?, answers.rows))
}

/// Sums over rows.
#[derive(Default)]
struct Sums {
    rows: usize,
    bytes: usize,
    /// Of k, and of its doubles, the mass that they keep.
    masses: Vec<(usize, f64)>,
    /// The loss over all outcomes and over those kept.
    losses: [f64; 2],
    /// Of the two gradients: square, product, square.
    products: [f64; 3],
}

impl Sums {
    fn add(&mut self, terms: &[Term], k: usize, [teacher, student]: [&Tensor; 2], rows: &[Row]) -> Result<()> {
        let (count, outcomes) = teacher.dims2()?;
        let values: Vec<f32> = teacher.flatten_all()?.to_vec1()?;
        let bytes = encode(&TopK::of(&values, k, outcomes));
        let kept = decode(&bytes, count, k, outcomes)
            .ok_or_else(|| candle_core::Error::Msg("the rows could not be read back".into()))?;
        self.mass(&TopK::of(&values, LARGEST, outcomes), k, temperature(terms));
        (self.rows, self.bytes) = (self.rows + count, self.bytes + bytes.len());
        let weight: f64 = rows.iter().map(|row| f64::from(row.weight)).sum();
        let (whole, a) = loss(terms, student, &Targets::Dense(teacher.clone()), rows)?;
        let (top, b) = loss(terms, student, &Targets::TopK(kept), rows)?;
        self.losses = [self.losses[0] + weight * whole, self.losses[1] + weight * top];
        let product = |a: &[f32], b: &[f32]| -> f64 {
            weight * weight * a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
        };
        let products = [product(&a, &a), product(&a, &b), product(&b, &b)];
        self.products.iter_mut().zip(products).for_each(|(sum, product)| *sum += product);
        Ok(())
    }

    /// Adds what k and its doubles keep of rows of which the [`LARGEST`] likeliest outcomes are known.
    fn mass(&mut self, known: &TopK, k: usize, temperature: f64) {
        if self.masses.is_empty() {
            let doubles = std::iter::successors(Some(k), |k| Some(2 * k)).take_while(|k| *k <= LARGEST);
            self.masses = doubles.map(|k| (k, 0.0)).collect();
        }
        let coldness = 1.0 / temperature as f32;
        for row in (0..known.rows()).filter_map(|row| known.row(row)) {
            let most = row.log_probs.first().copied().unwrap_or_default();
            let power = |value: f32| f64::from(((value - most) * coldness).exp());
            let all = row.log_probs.iter().map(|value| power(*value)).sum::<f64>()
                + f64::from((row.tail(coldness) - most * coldness).exp());
            for (k, mass) in &mut self.masses {
                *mass += row.log_probs.iter().take(*k).map(|value| power(*value)).sum::<f64>() / all;
            }
        }
    }

    fn report(&self, k: usize) -> RowReport {
        let rows = self.rows.max(1) as f64;
        let [whole, top] = self.losses;
        let [a, both, b] = self.products;
        let mass = self.masses.iter().find(|of| of.0 == k).map_or(1.0, |of| of.1 / rows);
        RowReport {
            rows: self.rows,
            mass,
            bytes: self.bytes as f64 / rows,
            lost: if whole == 0.0 { 0.0 } else { 1.0 - top / whole },
            cosine: if a * b == 0.0 { 1.0 } else { both / (a * b).sqrt() },
            enough: self.masses.iter().find(|of| of.1 / rows >= ENOUGH).map(|of| of.0),
        }
    }
}

/// The weighted sum of the terms, and its gradient with respect to the student's logits.
fn loss(terms: &[Term], student: &Tensor, teacher: &Targets, rows: &[Row]) -> Result<(f64, Vec<f32>)> {
    let logits = Var::from_tensor(student)?;
    let student = Logits::Dense(logits.as_tensor().clone());
    let total = compare(terms, &Rows { student: &student, teacher: Some(teacher), rows, of_step: None })?.total;
    let gradients = ops::backward(&total)?;
    let gradient = gradients.get(&logits).map_or_else(|| logits.zeros_like(), |gradient| Ok(gradient.clone()))?;
    Ok((f64::from(total.to_scalar::<f32>()?), gradient.flatten_all()?.to_vec1()?))
}
