//! What is to be known of rows over a vocabulary when nothing is learned: a few numbers a row, read off while its
//! distribution is there, so that no distribution has to be kept.

use candle_core::{DType, Result, Tensor};
use rayon::prelude::*;

use super::{Logits, Sample, Targets, TokenRow, TopKRow};
use crate::engine::measure::RowFigures;
use crate::engine::measure::of_tokens::AgainstTeacher;
use crate::engine::model::ops::{log_sum_exp, widest};
use crate::link::scores::likeliest;

/// Rows whose distributions exist at a time.
const CHUNK: usize = 64;

/// The figures of all rows of `batch`, in their order.
///
/// # Errors
/// The tensor library's.
pub fn of(batch: &[&Sample], student: &Logits, teacher: Option<&Targets>) -> Result<Vec<RowFigures>> {
    let rows: Vec<&TokenRow> = batch.iter().flat_map(|sample| &sample.rows).collect();
    let mut all = Vec::with_capacity(rows.len());
    for (number, chunk) in rows.chunks(CHUNK).enumerate() {
        let first = number * CHUNK;
        let ours = numbers(&part(student, first, chunk.len())?)?;
        let theirs = match teacher {
            Some(Targets::Dense(all)) => numbers(&all.narrow(0, first, chunk.len())?)?,
            Some(Targets::Deferred(deferred)) => numbers(&deferred.narrow(first, chunk.len())?.whole()?)?,
            Some(Targets::TopK(_)) | None => Vec::new(),
        };
        let figures = |(place, row): (usize, &&TokenRow)| {
            let theirs = match teacher {
                Some(Targets::TopK(top)) => top.row(first + place).map(|top| against_known(&ours[place], top)),
                _ => theirs.get(place).map(|theirs| against(&ours[place], theirs)),
            };
            RowFigures { teacher: theirs, ..alone(row, &ours[place]) }
        };
        all.par_extend(chunk.par_iter().enumerate().map(figures));
    }
    Ok(all)
}

fn part(logits: &Logits, first: usize, rows: usize) -> Result<Tensor> {
    match logits {
        Logits::Dense(all) => all.narrow(0, first, rows),
        Logits::Deferred(deferred) => deferred.narrow(first, rows)?.whole(),
    }
}

fn numbers(logits: &Tensor) -> Result<Vec<Vec<f32>>> {
    logits.detach().to_dtype(DType::F32)?.to_vec2()
}

fn level(values: &[f32]) -> f32 {
    widest(
        #[inline(always)]
        || log_sum_exp(values, 1.0),
    )
}

fn alone(row: &TokenRow, values: &[f32]) -> RowFigures {
    let level = level(values);
    let right = values.get(row.token as usize).copied().unwrap_or(f32::NEG_INFINITY);
    RowFigures {
        weight: row.weight,
        bytes: row.bytes,
        surprise: level - right,
        right: likeliest(values) == row.token as usize,
        entropy: entropy(values, level),
        teacher: None,
    }
}

/// `−Σ q·ln q`, of which an outcome without a probability adds nothing.
fn entropy(values: &[f32], level: f32) -> f32 {
    let part = |value: &f32| {
        let log = value - level;
        if log < -87.0 { 0.0 } else { -log.exp() * log }
    };
    values.iter().map(|value| f64::from(part(value))).sum::<f64>() as f32
}

fn against(ours: &[f32], theirs: &[f32]) -> AgainstTeacher {
    let (our_level, their_level) = (level(ours), level(theirs));
    let part = |(p, q): (&f32, &f32)| {
        let (p, q) = (p - their_level, q - our_level);
        if p < -87.0 { 0.0 } else { f64::from(p.exp() * (p - q)) }
    };
    AgainstTeacher {
        divergence: theirs.iter().zip(ours).map(part).sum::<f64>().max(0.0) as f32,
        agrees: likeliest(ours) == likeliest(theirs),
        entropy: entropy(theirs, their_level),
    }
}

/// The same where only the likeliest outcomes of the teacher are known and the others are one: a lower bound.
fn against_known(ours: &[f32], top: TopKRow) -> AgainstTeacher {
    let mut others = ours.to_vec();
    top.ids.iter().for_each(|id| others[*id as usize] = f32::NEG_INFINITY);
    let known = top.ids.iter().map(|id| ours[*id as usize]);
    let cut = top.ids.len() < ours.len();
    let student: Vec<f32> = known.chain(cut.then(|| level(&others))).collect();
    let teacher: Vec<f32> = top.log_probs.iter().copied().chain(cut.then(|| top.tail(1.0))).collect();
    let agrees = top.ids.first().is_some_and(|id| *id as usize == likeliest(ours));
    AgainstTeacher { agrees, ..against(&student, &teacher) }
}
