//! Single divergences as functions of tensors, for tests that ask what one of them computes.
#![allow(dead_code, reason = "every test crate uses a part of it")]

use candle_core::{Result, Tensor};
use retort::engine::loss::hard_labels::HardLabels;
use retort::engine::loss::soft_targets::SoftTargets;
use retort::engine::loss::{Rows, Term, compare};
use retort::engine::task::{Outputs, Row};

/// Rows that are examples, `labels u32 [rows]` and `weights [rows]`.
pub fn rows(labels: &[u32], weights: &[f32]) -> Vec<Row> {
    let pairs = labels.iter().zip(weights).enumerate();
    let row = |(example, (truth, weight)): (usize, (&u32, &f32))| Row {
        example,
        position: 0,
        weight: *weight,
        truth: Some(*truth),
    };
    pairs.map(row).collect()
}

/// The answers of a made-up pass: labels that are hidden where `labelled` is 0.
pub fn answers(logits: &Tensor, labels: &[u32], labelled: &[f32]) -> Outputs {
    let shown = |(row, labelled): (Row, &f32)| Row { truth: row.truth.filter(|_| *labelled > 0.0), ..row };
    let rows = rows(labels, &vec![1.0; labels.len()]).into_iter().zip(labelled).map(shown).collect();
    Outputs { logits: logits.clone().into(), rows }
}

/// Weighted mean over rows of the cross-entropy against `labels`.
pub fn cross_entropy(logits: &Tensor, labels: &Tensor, weights: &Tensor) -> Result<Tensor> {
    let rows = rows(&labels.to_vec1()?, &weights.to_vec1()?);
    let term = Term::new(&HardLabels, 1.0, 1.0);
    Ok(compare(&[term], &Rows { student: &logits.clone().into(), teacher: None, rows: &rows, of_step: None })?.total)
}

/// `T²·KL(teacher_T ‖ student_T)`, weighted mean over rows.
pub fn distillation(student: &Tensor, teacher: &Tensor, temperature: f64, weights: &Tensor) -> Result<Tensor> {
    let weights: Vec<f32> = weights.to_vec1()?;
    let rows = rows(&vec![0; weights.len()], &weights);
    let term = Term::new(&SoftTargets, 1.0, temperature);
    Ok(compare(
        &[term],
        &Rows { student: &student.clone().into(), teacher: Some(&teacher.clone().into()), rows: &rows, of_step: None },
    )?
    .total)
}
