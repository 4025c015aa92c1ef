//! Does every divergence compute what PyTorch computes? Values and gradients of `golden/divergences.json`, by the
//! forms on slices and the composed ones, over all outcomes and over the likeliest with the others as one; and whether
//! logits that a head is yet to give are compared as those that are there.
#![cfg(feature = "engine")]

mod tiny;

use std::collections::BTreeMap;

use candle_core::{Device, Tensor, Var};
use retort::engine::loss::{LOSSES, Rows, Term, compare};
use retort::engine::model::frozen::Weight;
use retort::engine::model::layers::Linear;
use retort::engine::model::ops::values::without_kernels;
use retort::engine::task::{Deferred, Logits, Row, Targets, TopK};
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
        let given = Rows { student: &logits, teacher: Some(&teacher), rows: &rows, of_step: None };
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

/// The largest errors of value and gradient by loss, and where they are.
type Errors = BTreeMap<String, [(f64, String); 2]>;

/// `least` is the size of what is as good as 0, over the temperature once for gradients and twice for values.
fn errors(least: f64, compute: impl Fn(&Case, &Expected) -> (f64, Vec<f32>)) -> Errors {
    let mut all = Errors::new();
    for case in golden() {
        for expected in &case.expected {
            let Expected { loss, temperature, parameter, k, .. } = expected;
            let place = format!("{} rows of {}, T {temperature}, {parameter}, k {k:?}", case.rows, case.outcomes);
            let found = all.entry(format!("{loss}{}", if k.is_some() { " of the likeliest" } else { "" })).or_default();
            let errors = expected.errors(compute(&case, expected), case.outcomes, least * temperature.powi(2));
            for (found, error) in found.iter_mut().zip(errors) {
                if error > found.0 {
                    *found = (error, place.clone());
                }
            }
        }
    }
    all
}

fn assert_small(errors: &Errors, most: f64) {
    let told = |(loss, [value, slope]): (&String, &[(f64, String); 2])| {
        format!("{loss:<34} value {:.0e} ({}), gradient {:.0e} ({})", value.0, value.1, slope.0, slope.1)
    };
    println!("{}\n", errors.iter().map(told).collect::<Vec<_>>().join("\n"));
    for (loss, errors) in errors {
        assert!(errors.iter().all(|(error, _)| *error < most), "{loss}: {errors:?}");
    }
}

#[test]
fn the_forms_on_slices_agree_with_pytorch() {
    let all = errors(1e-2, Case::ours);
    assert!(all.len() > LOSSES.len(), "all but the next word's, and most a second time");
    assert_small(&all, 1e-5);
    // Of what is nearly 0, too: of saturated rows, and of rows where both are close to one another. The quick form of
    // ordinary rows, and what is the same as it, keeps fewer digits there.
    let mut nearly_nothing = errors(1e-8, Case::ours);
    let quick = ["soft_targets", "jensen_shannon", "skewed_kl"];
    nearly_nothing.retain(|loss, _| !quick.iter().any(|quick| loss.split(' ').next() == Some(quick)));
    assert_small(&nearly_nothing, 5e-5);
}

#[test]
fn the_composed_forms_agree_with_pytorch() {
    // They add probabilities to 1 in single precision: no digits are left of what is far smaller.
    assert_small(&errors(0.05, |case, expected| without_kernels(|| case.ours(expected))), 1e-5);
}

/// Numbers without a pattern that matters, in (−size, size).
fn numbers(count: usize, seed: usize, size: f32) -> Vec<f32> {
    let hash = |i: usize| (i + 1).wrapping_mul(seed * 2 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    (0..count).map(|i| (hash(i) as f32 / (1u32 << 23) as f32 - 1.0) * size).collect()
}

fn tensor(values: Vec<f32>, shape: (usize, usize)) -> Tensor {
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

fn some_rows(count: usize, outcomes: usize) -> Vec<Row> {
    let row = |example| Row {
        example,
        position: 0,
        weight: [1.0, 0.5, 2.0, 0.0][example % 4],
        truth: (example % 5 != 1).then_some((example % outcomes) as u32),
    };
    (0..count).map(row).collect()
}

#[test]
fn all_outcomes_as_the_likeliest_are_all_outcomes() {
    let (count, outcomes) = (7, 33);
    let student = Var::from_tensor(&tensor(numbers(count * outcomes, 3, 9.0), (count, outcomes))).unwrap();
    let teacher = numbers(count * outcomes, 4, 9.0);
    let rows = some_rows(count, outcomes);
    let of = |term: &Term, teacher: &Targets| {
        let logits = Logits::from(student.as_tensor().clone());
        let given = Rows { student: &logits, teacher: Some(teacher), rows: &rows, of_step: None };
        let total = compare(&[*term], &given).unwrap().total;
        (scalar(&total), flat(total.backward().unwrap().get(&student).unwrap()))
    };
    let dense = Targets::from(tensor(teacher.clone(), (count, outcomes)));
    let likeliest = Targets::TopK(TopK::of(&teacher, outcomes, outcomes));
    for term in LOSSES.iter().filter(|loss| !loss.needs().whole_rows).map(|loss| term(loss.entry().id, 1.0)) {
        for by_confidence in [0.0, 0.5] {
            let term = Term { by_confidence, ..term };
            for [ours, theirs] in [
                [of(&term, &likeliest), of(&term, &dense)],
                without_kernels(|| [of(&term, &likeliest), of(&term, &dense)]),
            ] {
                let name = term.divergence.entry().id;
                assert!((ours.0 - theirs.0).abs() < 1e-5 * theirs.0.max(1.0), "{name}: {} is not {}", ours.0, theirs.0);
                assert_alike(name, &ours.1, &theirs.1, 1e-5);
            }
        }
    }
}

fn assert_alike(name: &str, ours: &[f32], theirs: &[f32], tolerance: f32) {
    let size = theirs.iter().fold(1e-6f32, |size, slope| size.max(slope.abs()));
    assert_eq!(ours.len(), theirs.len(), "{name}");
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert!((ours - theirs).abs() < tolerance * size, "{name}: {ours} is not {theirs}");
    }
}

/// A head over states, and a teacher with one of its own.
struct Heads {
    count: usize,
    outcomes: usize,
    states: Var,
    weight: Var,
    bias: Option<Var>,
    theirs: Deferred,
}

const WIDTH: usize = 6;
const HEAD: usize = 40;

impl Heads {
    fn new(count: usize, outcomes: usize, biased: bool) -> Self {
        let var = |values: Vec<f32>, shape| Var::from_tensor(&tensor(values, shape)).unwrap();
        let theirs = Deferred {
            states: tensor(numbers(count * WIDTH, 5, 1.5), (count, WIDTH)),
            head: Linear::of(Weight::Trainable(tensor(numbers(HEAD * WIDTH, 6, 1.5), (HEAD, WIDTH))), None),
            outcomes,
        };
        Self {
            count,
            outcomes,
            states: var(numbers(count * WIDTH, 7, 1.5), (count, WIDTH)),
            weight: var(numbers(HEAD * WIDTH, 8, 1.5), (HEAD, WIDTH)),
            bias: biased.then(|| Var::from_tensor(&Tensor::new(numbers(HEAD, 9, 1.0), &Device::Cpu).unwrap()).unwrap()),
            theirs,
        }
    }

    fn deferred(&self) -> Deferred {
        let bias = self.bias.as_ref().map(|bias| bias.as_tensor().clone());
        let head = Linear::of(Weight::Trainable(self.weight.as_tensor().clone()), bias);
        Deferred { states: self.states.as_tensor().clone(), head, outcomes: self.outcomes }
    }

    /// The value, each term's, and the gradients of states, matrix and bias.
    fn of(&self, terms: &[Term], student: &Logits, teacher: &Targets) -> (f64, Vec<f32>, Vec<Vec<f32>>) {
        let rows = some_rows(self.count, self.outcomes);
        let found = compare(terms, &Rows { student, teacher: Some(teacher), rows: &rows, of_step: None }).unwrap();
        let gradients = found.total.backward().unwrap();
        let all = [Some(&self.states), Some(&self.weight), self.bias.as_ref()];
        let slopes = all.into_iter().flatten().map(|var| flat(gradients.get(var).unwrap()));
        (scalar(&found.total), found.terms.into_iter().flatten().collect(), slopes.collect())
    }

    /// What a teacher can be, those of which every outcome is known first.
    fn teachers(&self) -> [Targets; 3] {
        let whole = self.theirs.whole().unwrap();
        let likeliest = TopK::of(&flat(&whole), 5, self.outcomes);
        [whole.into(), Targets::Deferred(self.theirs.clone()), Targets::TopK(likeliest)]
    }
}

#[test]
fn logits_that_a_head_is_yet_to_give_are_compared_as_those_that_are_there() {
    for (count, outcomes, biased) in
        [(1, HEAD, true), (7, 33, false), (7, HEAD, true), (300, 33, true), (300, HEAD, false)]
    {
        let heads = Heads::new(count, outcomes, biased);
        let (deferred, dense) = (Logits::Deferred(heads.deferred()), heads.deferred().whole().unwrap().into());
        for (kind, teacher) in heads.teachers().iter().enumerate() {
            let fits =
                |loss: &&&'static dyn retort::engine::loss::Divergence| teacher.are_whole() || !loss.needs().whole_rows;
            let all = LOSSES.iter().filter(fits).map(|loss| {
                let temperature = if loss.softening().is_some() { 2.5 } else { 1.0 };
                Term { by_confidence: 0.3, ..term(loss.entry().id, temperature) }
            });
            let all: Vec<Term> = all.collect();
            for terms in all.iter().map(|term| vec![*term]).chain([all.clone()]) {
                let name = format!("{} of {count} × {outcomes}, teacher {kind}", terms[0].divergence.entry().id);
                let (ours, theirs) = (heads.of(&terms, &deferred, teacher), heads.of(&terms, &dense, teacher));
                assert!((ours.0 - theirs.0).abs() < 1e-5 * theirs.0.max(1.0), "{name}: {} is not {}", ours.0, theirs.0);
                assert_alike(&name, &ours.1, &theirs.1, 1e-5);
                for (ours, theirs) in ours.2.iter().zip(&theirs.2) {
                    assert_alike(&name, ours, theirs, 2e-5);
                }
            }
        }
    }
}

#[test]
fn what_compares_every_outcome_refuses_the_likeliest_by_name() {
    let heads = Heads::new(7, 33, false);
    let [_, _, likeliest] = heads.teachers();
    for loss in LOSSES.iter().filter(|loss| loss.needs().whole_rows) {
        let rows = some_rows(7, 33);
        let student = Logits::Deferred(heads.deferred());
        let given = Rows { student: &student, teacher: Some(&likeliest), rows: &rows, of_step: None };
        let id = loss.entry().id;
        let why = compare(&[term(id, 1.0)], &given).err().unwrap().to_string();
        assert!(why.contains(id) && why.contains("needs every outcome"), "{why}");
    }
}
