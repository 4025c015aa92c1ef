//! All divergences of a recipe over one set of rows, as one operation on the student's logits. What is
//! common to them is done here: temperature and T² (Hinton, Vinyals, Dean 2015, section 2: the factor keeps
//! the gradient's size as T changes), the rows' shares in the mean, threads, and the weighted sum.
//!
//! On the processor each row is walked once, every term's value and gradient read off while it is in the
//! cache; the terms' weights are known by then, so that the gradient is whole when the value is: see
//! `kernel` for logits that are there and `deferred` for those that a head gives. Elsewhere, and
//! in other precisions, the terms' composed forms do the same.

use candle_core::{D, DType, Device, Result, Tensor, bail};

use super::term::{Comparison, Rows, Term};
use super::{ComposedRows, Divergence, deferred, kernel};
use crate::engine::model::ops::{self, are_fused};
use crate::engine::task::{Logits, Row, Targets, TopK};

/// Computes all `terms` over `rows`: each a weighted mean over the rows that count for it, 0 where none
/// does; of rows that are a part of a step's their share of the mean over all of it. A row counts for a term that needs the truth only where it is known; one that does not count is
/// not looked at, whatever it holds.
///
/// # Shapes
/// `student`, `teacher [rows, outcomes]`; the total is a scalar.
///
/// # Errors
/// If shapes do not fit, a truth is no outcome, a temperature is not above 0, or a term lacks its teacher.
pub fn compare(terms: &[Term], rows: &Rows) -> Result<Comparison> {
    let shares = checked(terms, rows)?;
    let (total, values) = match rows.student {
        Logits::Deferred(logits) if deferred::serves(logits, rows.teacher) => {
            deferred::compared(terms, logits, rows, &shares)?
        }
        student => {
            let student = student.whole()?;
            match are_fused(&[&student]) && kernel::serves(rows.teacher) {
                true => kernel::compared(terms, &student, rows, &shares)?,
                false => composed(terms, &student, rows, &shares)?,
            }
        }
    };
    let counts = |(value, shares): (f32, &Vec<f32>)| shares.iter().any(|share| *share > 0.0).then_some(value);
    Ok(Comparison { total, terms: values.into_iter().zip(&shares).map(counts).collect() })
}

/// The shares of all rows in every term's mean.
fn checked(terms: &[Term], rows: &Rows) -> Result<Vec<Vec<f32>>> {
    let (count, outcomes) = rows.student.dims()?;
    let teacher = rows.teacher.map(Targets::dims).transpose()?;
    if rows.rows.len() != count || teacher.is_some_and(|teacher| teacher != (count, outcomes)) {
        let student = [count, outcomes];
        let teacher = teacher.map(|(rows, outcomes)| [rows, outcomes]);
        bail!("student {student:?}, teacher {teacher:?} and {} rows do not fit", rows.rows.len());
    }
    for Term { divergence, temperature, .. } in terms {
        if !(*temperature > 0.0 && temperature.is_finite()) {
            bail!("the temperature must be above 0, not {temperature}");
        }
        let (id, needs) = (divergence.entry().id, divergence.needs());
        match rows.teacher {
            None if needs.teacher => bail!("the loss {id} needs a teacher"),
            Some(teacher) if needs.whole_rows && !teacher.are_whole() => {
                bail!("the loss {id} needs every outcome of the teacher, and only the likeliest are known")
            }
            _ => {}
        }
    }
    let wrong = |row: &&Row| row.weight > 0.0 && row.truth.is_some_and(|truth| truth as usize >= outcomes);
    if let Some(Row { truth, .. }) = rows.rows.iter().find(wrong) {
        bail!("truth {} is not one of {outcomes} outcomes", truth.unwrap_or_default());
    }
    Ok(terms.iter().map(|term| shares(term.divergence, rows)).collect())
}

/// Every row's share in a weighted mean; all 0 where the weights sum to 0. The sum is taken once, over all rows of the
/// step, whatever part of them is given.
fn shares(divergence: &dyn Divergence, Rows { rows, of_step, .. }: &Rows) -> Vec<f32> {
    let truth = divergence.needs().truth;
    let weight = |row: &Row| if truth && row.truth.is_none() { 0.0 } else { f64::from(row.weight) };
    let total: f64 = match of_step {
        None => rows.iter().map(weight).sum(),
        Some(all) if truth => all.known,
        Some(all) => all.all,
    };
    rows.iter().map(|row| if total > 0.0 { (weight(row) / total) as f32 } else { 0.0 }).collect()
}

/// The same of tensors anywhere, by operations that know their own gradients.
fn composed(terms: &[Term], student: &Tensor, rows: &Rows, shares: &[Vec<f32>]) -> Result<(Tensor, Vec<f32>)> {
    let mut total: Option<Tensor> = None;
    let mut values = Vec::new();
    for (term, shares) in terms.iter().zip(shares) {
        let value = composed_term(term, student, rows, shares)?;
        let weighted = (&value * term.weight)?;
        total = Some(match total {
            Some(sum) => (sum + weighted)?,
            None => weighted,
        });
        values.push(value);
    }
    let Some(total) = total else {
        return Ok((Tensor::zeros((), student.dtype(), student.device())?, Vec::new()));
    };
    // At once: a device is waited for each time.
    Ok((total, Tensor::stack(&values, 0)?.to_dtype(DType::F32)?.to_vec1()?))
}

fn composed_term(term: &Term, student: &Tensor, rows: &Rows, shares: &[f32]) -> Result<Tensor> {
    let (device, dtype) = (student.device(), student.dtype());
    let shares = Tensor::new(shares, device)?;
    let counted = shares.ne(0f64)?;
    let shares = shares.to_dtype(dtype)?;
    let student = looked_at(student, &counted)?;
    let truth: Vec<u32> = rows.rows.iter().map(|row| row.truth.unwrap_or_default()).collect();
    let truth = Tensor::new(truth, device)?;
    let truth = counted.where_cond(&truth, &truth.zeros_like()?)?;
    let given = match rows.teacher.filter(|_| term.divergence.needs().teacher) {
        None => None,
        Some(Targets::TopK(top)) => {
            let values = composed_top_k(term, &student, top, &shares)?;
            return weighed(term, values.0, values.1.as_ref(), &shares);
        }
        Some(Targets::Dense(teacher)) => Some(teacher.clone()),
        Some(Targets::Deferred(deferred)) => Some(deferred.whole()?),
    };
    let given = given.map(|teacher| looked_at(&teacher.detach().to_dtype(dtype)?, &counted)).transpose()?;
    let confidence = given.as_ref().map(|teacher| ops::composed::log_softmax(teacher)?.max_keepdim(D::Minus1)?.exp());
    let temperature = temperatures(term, confidence)?;
    let softened = |values: &Tensor| ops::composed::log_softmax(&softened(term, values, temperature.as_ref())?);
    let teacher = given.as_ref().map(softened).transpose()?;
    let student = softened(&student)?;
    let compared =
        ComposedRows { student: &student, teacher: teacher.as_ref(), truth: &truth, parameter: term.parameter };
    weighed(term, term.divergence.composed(&compared)?, temperature.as_ref(), &shares)
}

/// The weighted mean of `values [rows]`, times T².
fn weighed(term: &Term, values: Tensor, temperature: Option<&Tensor>, shares: &Tensor) -> Result<Tensor> {
    let values = (values * shares)?;
    match temperature {
        Some(temperature) => (values * temperature.squeeze(1)?.sqr()?)?.sum(D::Minus1),
        None => values.sum(D::Minus1)? * term.temperature.powi(2),
    }
}

fn softened(term: &Term, values: &Tensor, temperature: Option<&Tensor>) -> Result<Tensor> {
    match temperature {
        Some(temperature) => values.broadcast_div(temperature),
        None => values / term.temperature,
    }
}

/// The temperature of each row, `[rows, 1]`, where it is not that of the term.
fn temperatures(term: &Term, confidence: Option<Result<Tensor>>) -> Result<Option<Tensor>> {
    let Some(confidence) = confidence.filter(|_| term.by_confidence != 0.0) else { return Ok(None) };
    let factor = confidence?.affine(2.0 * term.by_confidence, -term.by_confidence)?.exp()?;
    (factor * term.temperature).map(Some)
}

/// A term over the likeliest outcomes and the others as one: its values `[rows]`, and the temperatures where each
/// row has its own.
fn composed_top_k(term: &Term, student: &Tensor, top: &TopK, shares: &Tensor) -> Result<(Tensor, Option<Tensor>)> {
    let (device, dtype, rows, k) = (student.device(), student.dtype(), top.rows(), top.k());
    let on = |values: Vec<f32>, shape: (usize, usize)| {
        Tensor::from_vec(values, shape, &Device::Cpu)?.to_device(device)?.to_dtype(dtype)
    };
    let confidence = (0..rows).map(|row| top.row(row).map_or(1.0, |row| row.confidence())).collect::<Vec<f32>>();
    let temperature = temperatures(term, Some(on(confidence, (rows, 1))))?;
    let coldness: Vec<f32> = match &temperature {
        Some(temperature) => temperature.to_dtype(DType::F32)?.flatten_all()?.recip()?.to_vec1()?,
        None => vec![(1.0 / term.temperature) as f32; rows],
    };
    let tails = (0..rows).zip(coldness).map(|(row, coldness)| top.row(row).map_or(0.0, |row| row.tail(coldness)));
    let tails = on(tails.collect(), (rows, 1))?;
    let ids = Tensor::from_vec(top.ids.clone(), (rows, k), device)?;
    let known = softened(term, &on(top.log_probs.clone(), (rows, k))?, temperature.as_ref())?;
    let student = softened(term, student, temperature.as_ref())?;
    let kept = student.gather(&ids, 1)?;
    let (teacher, student) = if k == top.outcomes() {
        (known, kept)
    } else {
        let is_kept = student.zeros_like()?.scatter_add(&ids, &known.ones_like()?, 1)?.ne(0f64)?;
        let ruled_out = Tensor::full(f32::NEG_INFINITY, student.shape(), device)?.to_dtype(dtype)?;
        let others = is_kept.where_cond(&ruled_out, &student)?;
        let most = others.max_keepdim(1)?.detach();
        let rest = (others.broadcast_sub(&most)?.exp()?.sum_keepdim(1)?.log()? + most)?;
        (Tensor::cat(&[&known, &tails], 1)?, Tensor::cat(&[&kept, &rest], 1)?)
    };
    let counted = shares.ne(0f64)?;
    let student = ops::composed::log_softmax(&looked_at(&student, &counted)?)?;
    let teacher = ops::composed::log_softmax(&looked_at(&teacher, &counted)?)?;
    let truth = Tensor::zeros(rows, DType::U32, device)?;
    let compared =
        ComposedRows { student: &student, teacher: Some(&teacher), truth: &truth, parameter: term.parameter };
    Ok((term.divergence.composed(&compared)?, temperature))
}

/// `rows [rows, outcomes]` with 0 throughout each row of which `counted [rows]` is 0. Weighing such a row
/// with 0 is not enough: where it holds −∞ or NaN, its value and its gradient would be 0 · ∞.
fn looked_at(rows: &Tensor, counted: &Tensor) -> Result<Tensor> {
    counted.unsqueeze(1)?.broadcast_as(rows.shape())?.where_cond(rows, &rows.zeros_like()?)
}
