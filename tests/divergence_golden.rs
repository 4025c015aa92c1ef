//! Does every divergence compute what PyTorch computes? Values and gradients of `golden/divergences.json`, by the
//! forms on slices and the composed ones, over all outcomes and over the likeliest with the others as one; and whether
//! logits that a head is yet to give are compared as those that are there.
#![cfg(feature = "engine")]

mod tiny;

use std::collections::BTreeMap;

use candle_core::{Device, Tensor, Var};
use retort::engine::loss::{LOSSES, Rows, Term, compare};
use retort::engine::model::ops::values::without_kernels;
use retort::engine::task::{Logits, Row, Targets, TopK};
use serde::Deserialize;
use tiny::{flat, scalar};

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    rows: usize,
    outcomes: usize,
    student: Vec<f32>,
    /// `None` is −∞.
    teacher: Vec<Option<f32>>,
    truth: Vec<u32>,
    expected: Vec<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    loss: String,
    parameter: f64,
    temperature: f64,
    k: Option<usize>,
    value: f64,
    gradient: Vec<f64>,
}

impl Case {
    fn tensor(&self, values: Vec<f32>) -> Tensor {
        Tensor::from_vec(values, (self.rows, self.outcomes), &Device::Cpu).unwrap()
    }

    fn teacher(&self) -> Vec<f32> {
        self.teacher.iter().map(|value| value.unwrap_or(f32::NEG_INFINITY)).collect()
    }

    fn targets(&self, k: Option<usize>) -> Targets {
        match k {
            Some(k) => Targets::TopK(TopK::of(&self.teacher(), k, self.outcomes)),
            None => self.tensor(self.teacher()).into(),
        }
    }

    fn rows(&self) -> Vec<Row> {
        let row = |(example, truth): (usize, &u32)| Row { example, position: 0, weight: 1.0, truth: Some(*truth) };
        self.truth.iter().enumerate().map(row).collect()
    }

    /// Value and gradient.
    fn ours(&self, expected: &Expected) -> (f64, Vec<f32>) {
        let student = Var::from_tensor(&self.tensor(self.student.clone())).unwrap();
        let (teacher, rows) = (self.targets(expected.k), self.rows());
        let logits = Logits::from(student.as_tensor().clone());
        let given = Rows { student: &logits, teacher: Some(&teacher), rows: &rows };
        let total = compare(&[expected.term()], &given).unwrap().total;
        (scalar(&total), flat(total.backward().unwrap().get(&student).unwrap()))
    }
}

impl Expected {
    fn term(&self) -> Term {
        Term { parameter: self.parameter, ..term(&self.loss, self.temperature) }
    }

    /// The largest errors of value and gradient: each relative to its size, the gradient's row by row.
    fn errors(&self, (value, gradient): (f64, Vec<f32>), outcomes: usize, least: f64) -> [f64; 2] {
        let value = (value - self.value).abs() / self.value.abs().max(least);
        let mut slopes = 0f64;
        for (ours, theirs) in gradient.chunks(outcomes).zip(self.gradient.chunks(outcomes)) {
            let size = theirs.iter().fold(least, |size, slope| size.max(slope.abs()));
            for (ours, theirs) in ours.iter().zip(theirs) {
                let error = (f64::from(*ours) - theirs).abs() / size;
                slopes = if error.is_nan() { f64::INFINITY } else { slopes.max(error) };
            }
        }
        [if value.is_nan() { f64::INFINITY } else { value }, slopes]
    }
}

fn term(loss: &str, temperature: f64) -> Term {
    let divergence = LOSSES.iter().find(|known| known.entry().id == loss).unwrap();
    Term::new(*divergence, 1.0, temperature)
}

fn golden() -> Vec<Case> {
    serde_json::from_str::<Golden>(include_str!("golden/divergences.json")).unwrap().cases
}

/// The largest errors by loss, and where they are.
fn largest(least: f64, compute: impl Fn(&Case, &Expected) -> (f64, Vec<f32>)) -> BTreeMap<String, [(f64, String); 2]> {
    let mut all: BTreeMap<String, [(f64, String); 2]> = BTreeMap::new();
    for case in golden() {
        for expected in &case.expected {
            let place = format!(
                "{} rows of {}, T {}, parameter {}, k {:?}",
                case.rows, case.outcomes, expected.temperature, expected.parameter, expected.k
            );
            let errors = expected.errors(compute(&case, expected), case.outcomes, least);
            let found = all.entry(expected.loss.clone()).or_default();
            for (found, error) in found.iter_mut().zip(errors) {
                if error > found.0 {
                    *found = (error, place.clone());
                }
            }
        }
    }
    all
}

#[test]
fn the_forms_on_slices_agree_with_pytorch() {
    for (loss, errors) in largest(1e-9, Case::ours) {
        println!("{loss}: {errors:?}");
    }
}

#[test]
fn the_composed_forms_agree_with_pytorch() {
    for (loss, errors) in largest(1e-9, |case, expected| without_kernels(|| case.ours(expected))) {
        println!("{loss}: {errors:?}");
    }
}
