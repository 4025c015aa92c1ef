//! Are the formulas of the mixture right? Properties that hold for any logits; what a single
//! operation computes is `tests/ops.rs`'s question.
#![cfg(feature = "engine")]

mod tiny;

use candle_core::{Device, Tensor, Var};
use proptest::prelude::*;
use retort::engine::loss::soft_targets::TEMPERATURE;
use retort::engine::loss::{ALPHA, LOSSES, LossInput, LossOutput, Mixture, next_token};
use retort::engine::model::ops;
use retort::engine::task::{Language, Pass};
use retort::session::{Knobs, Recipe};
use tiny::{assert_close, flat, scalar};

const CLASSES: usize = 5;

/// A batch whose student logits are a variable.
#[derive(Debug)]
struct Batch {
    student: Var,
    teacher: Tensor,
    labels: Vec<u32>,
    labelled: Vec<f32>,
}

impl Batch {
    fn mixed(&self, losses: &[&str], knobs: &Knobs) -> LossOutput {
        let recipe = Recipe { losses: losses.iter().map(|id| (*id).to_owned()).collect(), ..Recipe::default() };
        let pass = Pass { scores: self.student.as_tensor().clone(), language: None };
        let given = LossInput {
            student: &pass,
            teacher: Some(&self.teacher),
            labels: &Tensor::new(self.labels.as_slice(), &Device::Cpu).unwrap(),
            labelled: &Tensor::new(self.labelled.as_slice(), &Device::Cpu).unwrap(),
            knobs,
        };
        Mixture::new(&recipe, true, false).unwrap().evaluate(&given).unwrap()
    }

    fn both(&self, alpha: f64, temperature: f64) -> LossOutput {
        self.mixed(&["soft_targets", "hard_labels"], &tiny::knobs(&[(&ALPHA, alpha), (&TEMPERATURE, temperature)]))
    }

    fn soft(&self, temperature: f64) -> LossOutput {
        self.mixed(&["soft_targets"], &tiny::knobs(&[(&TEMPERATURE, temperature)]))
    }

    fn gradient(&self, mixed: &LossOutput) -> Vec<f32> {
        flat(mixed.total.backward().unwrap().get(&self.student).unwrap())
    }

    fn with(&self, student: &Tensor, teacher: &Tensor) -> Self {
        let student = Var::from_tensor(&student.detach()).unwrap();
        Self { student, teacher: teacher.clone(), labels: self.labels.clone(), labelled: self.labelled.clone() }
    }
}

fn norm(values: &[f32]) -> f64 {
    values.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt()
}

prop_compose! {
    /// Any batch of up to six rows, at least one of them labelled.
    fn batches()(rows in 1usize..7)(
        student in prop::collection::vec(-8f32..8.0, rows * CLASSES),
        teacher in prop::collection::vec(-8f32..8.0, rows * CLASSES),
        labels in prop::collection::vec(0..CLASSES as u32, rows),
        mut labelled in prop::collection::vec(prop::sample::select(vec![0f32, 1.0]), rows),
    ) -> Batch {
        labelled[0] = 1.0;
        let tensor = |values: Vec<f32>| Tensor::from_vec(values, (labels.len(), CLASSES), &Device::Cpu).unwrap();
        Batch { student: Var::from_tensor(&tensor(student)).unwrap(), teacher: tensor(teacher), labels, labelled }
    }
}

/// The mixture by its definition, in double precision and without a trick.
fn by_definition(batch: &Batch, alpha: f64, temperature: f64) -> f64 {
    let softmax = |row: &[f32], t: f64| -> Vec<f64> {
        let powers: Vec<f64> = row.iter().map(|logit| (f64::from(*logit) / t).exp()).collect();
        let sum: f64 = powers.iter().sum();
        powers.into_iter().map(|power| power / sum).collect()
    };
    let (student, teacher) = (flat(&batch.student), flat(&batch.teacher));
    let (mut hard, mut soft) = (0.0, 0.0);
    for (row, (student, teacher)) in student.chunks(CLASSES).zip(teacher.chunks(CLASSES)).enumerate() {
        hard -= f64::from(batch.labelled[row]) * softmax(student, 1.0)[batch.labels[row] as usize].ln();
        let (p, q) = (softmax(teacher, temperature), softmax(student, temperature));
        soft += p.iter().zip(q).map(|(p, q)| p * (p / q).ln()).sum::<f64>();
    }
    let labelled: f64 = batch.labelled.iter().map(|weight| f64::from(*weight)).sum();
    alpha * hard / labelled + (1.0 - alpha) * temperature.powi(2) * soft / batch.labels.len() as f64
}

proptest! {
    #[test]
    fn the_mixture_is_what_its_formula_says(batch in batches(), alpha in 0f64..1.0, temperature in 0.5f64..20.0) {
        let (ours, definition) = (scalar(&batch.both(alpha, temperature).total), by_definition(&batch, alpha, temperature));
        prop_assert!((ours - definition).abs() < 1e-4 * definition.abs().max(1.0), "{} is not {}", ours, definition);
    }

    #[test]
    fn alpha_at_its_ends_listens_to_one_side_alone(batch in batches(), temperature in 0.5f64..20.0) {
        let (labels, teacher) = (batch.both(1.0, temperature), batch.both(0.0, temperature));
        let knobs = tiny::knobs(&[(&ALPHA, 0.123), (&TEMPERATURE, temperature)]);
        let (hard, soft) = (batch.mixed(&["hard_labels"], &knobs), batch.mixed(&["soft_targets"], &knobs));
        prop_assert_eq!(scalar(&labels.total), scalar(&hard.total));
        prop_assert_eq!(scalar(&teacher.total), scalar(&soft.total));
        assert_close("labels", &batch.gradient(&labels), &batch.gradient(&hard), 1e-6);
        assert_close("teacher", &batch.gradient(&teacher), &batch.gradient(&soft), 1e-6);
    }

    #[test]
    fn soft_targets_are_never_negative_and_nothing_at_the_teacher_itself(batch in batches(), temperature in 0.5f64..20.0) {
        prop_assert!(scalar(&batch.soft(temperature).total) >= 0.0);
        let agreed = batch.with(&batch.teacher, &batch.teacher);
        let mixed = agreed.soft(temperature);
        prop_assert_eq!(scalar(&mixed.total), 0.0);
        prop_assert!(agreed.gradient(&mixed).iter().all(|value| *value == 0.0));
    }

    #[test]
    fn a_constant_on_anyones_logits_changes_nothing(batch in batches(), shift in -5f64..5.0, temperature in 0.5f64..20.0) {
        let before = batch.both(0.4, temperature);
        let shifted = batch.with(&(batch.student.as_tensor() + shift).unwrap(), &(&batch.teacher - shift).unwrap());
        let after = shifted.both(0.4, temperature);
        let size = scalar(&before.total).abs().max(1.0);
        prop_assert!((scalar(&before.total) - scalar(&after.total)).abs() < 1e-4 * size);
        assert_close("gradient", &batch.gradient(&before), &shifted.gradient(&after), 1e-3);
    }

    #[test]
    fn a_step_of_the_logits_against_the_gradient_lowers_the_loss(batch in batches(), alpha in 0f64..1.0, temperature in 0.5f64..8.0) {
        let mixed = batch.both(alpha, temperature);
        let gradient = batch.gradient(&mixed);
        prop_assume!(norm(&gradient) > 1e-2);
        let direction = Tensor::from_vec(gradient, batch.student.dims(), &Device::Cpu).unwrap();
        let moved = batch.with(&(batch.student.as_tensor() - (direction * 0.05).unwrap()).unwrap(), &batch.teacher);
        prop_assert!(scalar(&moved.both(alpha, temperature).total) < scalar(&mixed.total));
    }

    #[test]
    fn temperature_squared_keeps_the_size_of_the_gradient(batch in batches()) {
        // Towards high temperatures the gradient has a limit, that of half the mean squared gap.
        let at = |temperature: f64| norm(&batch.gradient(&batch.soft(temperature)));
        prop_assume!(at(1000.0) > 1e-2);
        let ratio = at(2000.0) / at(1000.0);
        prop_assert!((ratio - 1.0).abs() < 0.02, "{}", ratio);
    }

    #[test]
    fn a_hidden_label_says_nothing(batch in batches(), turn in 1..CLASSES as u32) {
        let mut other = batch.with(&batch.student, &batch.teacher);
        for (label, labelled) in other.labels.iter_mut().zip(&batch.labelled) {
            if *labelled == 0.0 {
                *label = (*label + turn) % CLASSES as u32;
            }
        }
        let (ours, theirs) = (batch.both(0.5, 2.0), other.both(0.5, 2.0));
        prop_assert_eq!(scalar(&ours.total), scalar(&theirs.total));
        prop_assert_eq!(batch.gradient(&ours), other.gradient(&theirs));
    }

    #[test]
    fn the_parts_add_up_to_the_total(batch in batches(), alpha in 0f64..1.0) {
        let mixed = batch.both(alpha, 2.0);
        let part = |id: &str| scalar(&mixed.parts.iter().find(|(found, _)| *found == id).unwrap().1);
        let sum = alpha * part("hard_labels") + (1.0 - alpha) * part("soft_targets");
        prop_assert!((scalar(&mixed.total) - sum).abs() < 1e-4 * sum.abs().max(1.0));
    }
}

#[test]
fn a_batch_without_labels_learns_from_the_teacher_alone() {
    let numbers = |by: f32| {
        Tensor::from_vec((0..10).map(|i| (i * 7 % 5) as f32 * by).collect::<Vec<f32>>(), (2, 5), &Device::Cpu)
    };
    let student = Var::from_tensor(&numbers(0.3).unwrap()).unwrap();
    let batch = Batch { student, teacher: numbers(-0.4).unwrap(), labels: vec![0, 1], labelled: vec![0.0, 0.0] };
    let (mixed, soft) = (batch.both(0.5, 2.0), batch.soft(2.0));
    assert!((scalar(&mixed.total) - 0.5 * scalar(&soft.total)).abs() < 1e-6);
    assert!(batch.gradient(&mixed).iter().all(|value| value.is_finite()));
}

#[test]
fn next_word_loss_is_the_mean_surprise_at_the_tokens_that_came() {
    let logits = Tensor::new(&[[2f32, 0.0, -1.0], [0.5, 0.5, 3.0]], &Device::Cpu).unwrap();
    let logs = flat(&ops::log_softmax(&logits).unwrap());
    let targets = Tensor::new(&[2u32, 1], &Device::Cpu).unwrap();
    let scores = Tensor::zeros((1, 2), candle_core::DType::F32, &Device::Cpu).unwrap();
    let pass = Pass { scores, language: Some(Language { logits, targets }) };
    let recipe = Recipe { losses: vec!["next_token".to_owned()], ..Recipe::default() };
    let given = LossInput {
        student: &pass,
        teacher: None,
        labels: &Tensor::new(&[0u32], &Device::Cpu).unwrap(),
        labelled: &Tensor::new(&[1f32], &Device::Cpu).unwrap(),
        knobs: &tiny::knobs(&[(&next_token::WEIGHT, 0.25)]),
    };
    let mixed = Mixture::new(&recipe, false, true).unwrap().evaluate(&given).unwrap();
    let mean = -f64::from(logs[2] + logs[4]) / 2.0;
    assert!((scalar(&mixed.parts[0].1) - mean).abs() < 1e-6);
    assert!((scalar(&mixed.total) - 0.25 * mean).abs() < 1e-6);
}

#[test]
fn a_loss_whose_premise_is_not_met_is_refused_by_name() {
    let refused = |losses: &[&str], teacher, language| {
        let recipe = Recipe { losses: losses.iter().map(|id| (*id).to_owned()).collect(), ..Recipe::default() };
        Mixture::new(&recipe, teacher, language).err()
    };
    assert_eq!(refused(&["soft_targets", "hard_labels"], true, false), None);
    assert!(refused(&["soft_targets"], false, true).is_some_and(|why| why.contains("soft_targets needs a teacher")));
    assert!(refused(&["next_token"], true, false).is_some_and(|why| why.contains("next_token needs a causal student")));
    let unknown = refused(&["soft_target"], true, true).unwrap();
    assert!(LOSSES.iter().all(|loss| unknown.contains(loss.entry.id)), "{unknown}");
}

#[test]
fn a_loss_named_twice_is_refused_by_name_and_a_slip_finds_its_loss() {
    let refused = |losses: &[&str]| {
        let recipe = Recipe { losses: losses.iter().map(|id| (*id).to_owned()).collect(), ..Recipe::default() };
        Mixture::new(&recipe, true, true).err().unwrap()
    };
    for losses in [&["hard_labels", "hard_labels"][..], &["soft_targets", "hard_labels", "next_token", "hard_labels"]] {
        let why = refused(losses);
        assert!(why.contains("hard_labels more than once"), "{why}");
    }
    assert!(refused(&[]).contains("recipe.losses is empty"));
    for (slip, meant) in [("soft_target", "soft_targets"), ("Hard-Labels", "hard_labels"), ("nexttoken", "next_token")]
    {
        let why = refused(&[slip]);
        assert!(why.contains(slip) && why.contains(&format!("did you mean {meant:?}?")), "{why}");
    }
    assert!(!refused(&["attention"]).contains("did you mean"));
}

#[test]
fn a_batch_without_a_next_word_costs_nothing() {
    let scores = Tensor::zeros((1, 2), candle_core::DType::F32, &Device::Cpu).unwrap();
    let given = LossInput {
        student: &Pass { scores, language: None },
        teacher: None,
        labels: &Tensor::new(&[0u32], &Device::Cpu).unwrap(),
        labelled: &Tensor::new(&[1f32], &Device::Cpu).unwrap(),
        knobs: &Knobs::default(),
    };
    let recipe = Recipe { losses: vec!["hard_labels".to_owned(), "next_token".to_owned()], ..Recipe::default() };
    let mixed = Mixture::new(&recipe, false, true).unwrap().evaluate(&given).unwrap();
    assert_eq!(scalar(&mixed.parts[1].1), 0.0);
    assert!((scalar(&mixed.total) - 2f64.ln()).abs() < 1e-6);
}
