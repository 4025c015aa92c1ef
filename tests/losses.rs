//! Are the formulas of the mixture right? Properties that hold for any logits; what a single
//! operation computes is `tests/ops.rs`'s question.
#![cfg(feature = "engine")]

mod divergences;
mod tiny;

use candle_core::{Device, Tensor, Var};
use proptest::prelude::*;
use retort::engine::loss::soft_targets::TEMPERATURE;
use retort::engine::loss::{ALPHA, LOSSES, LossInput, LossOutput, Objective, Offered};
use retort::engine::loss::{Comparison, Divergence, Rows, Term, compare};
use retort::engine::model::ops::{self, values::without_kernels};
use retort::engine::task::{Forward, Outputs, Row, Targets, Weighed};
use retort::session::{Knob, Knobs, Recipe};
use tiny::{assert_close, flat, scalar};

const CLASSES: usize = 5;

/// The knob of a loss's weight.
fn weight(loss: &str) -> &'static Knob {
    LOSSES.iter().find(|known| known.entry().id == loss).unwrap().weight()
}

#[test]
fn every_loss_has_a_live_weight_of_its_own_in_the_catalog() {
    let catalog = retort::engine::catalog();
    for loss in LOSSES {
        let (knob, id) = (loss.weight(), loss.entry().id);
        assert_eq!(knob.id, format!("{id}.weight"));
        assert!(knob.live && catalog.knob(knob.id) == Some(knob), "{id}");
    }
    let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    assert!(catalog.weighs(&owned(&["soft_targets", "hard_labels"])));
    assert!(!catalog.weighs(&owned(&["hard_labels", "next_token"])) && !catalog.weighs(&owned(&["soft_targets"])));
}

fn offered(teacher: bool, text: bool) -> Offered {
    Offered { teacher, text, whole_rows: true }
}

#[test]
fn a_loss_that_needs_every_outcome_is_refused_where_the_likeliest_alone_are_kept() {
    for (id, sound) in [("logit_mse", false), ("ranking", false), ("soft_targets", true), ("hard_labels", true)] {
        let recipe = Recipe { terms: vec![id.to_owned()], ..Recipe::default() };
        let refused = Objective::new(&recipe, Offered { whole_rows: false, ..offered(true, false) }).err();
        assert_eq!(refused.is_none(), sound, "{id}: {refused:?}");
        assert!(refused.is_none_or(|why| why.contains(id) && why.contains("recipe.teacher_rows")));
    }
}

/// Two classes of which the student knows nothing, for one text of the first of them.
fn blank() -> Outputs {
    let logits = Tensor::zeros((1, 2), candle_core::DType::F32, &Device::Cpu).unwrap();
    divergences::answers(&logits, &[0], &[1.0])
}

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
        let recipe = Recipe { terms: losses.iter().map(|id| (*id).to_owned()).collect(), ..Recipe::default() };
        let answers = divergences::answers(&self.student, &self.labels, &self.labelled);
        let (student, teacher) = (Forward { answers, text: None }, Targets::from(self.teacher.clone()));
        let given = LossInput { student: &student, teacher: Some(&teacher), knobs, done: 0.0, of_step: None };
        Objective::new(&recipe, offered(true, false)).unwrap().evaluate(&given).unwrap()
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
    fn trap_1_temperature_squared_keeps_the_size_of_the_gradient(batch in batches()) {
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
    fn every_term_counts_by_its_weight_times_its_share_of_alpha(
        batch in batches(), alpha in 0f64..1.0, labels in 0f64..10.0, teacher in 0f64..10.0,
    ) {
        let [hard, soft] = ["hard_labels", "soft_targets"].map(weight);
        let knobs = tiny::knobs(&[(&ALPHA, alpha), (&TEMPERATURE, 2.0), (hard, labels), (soft, teacher)]);
        let mixed = batch.mixed(&["soft_targets", "hard_labels"], &knobs);
        let part = |id: &str| f64::from(mixed.parts.iter().find(|(found, _)| *found == id).unwrap().1.unwrap());
        let sum = alpha * labels * part("hard_labels") + (1.0 - alpha) * teacher * part("soft_targets");
        prop_assert!((scalar(&mixed.total) - sum).abs() < 1e-4 * sum.abs().max(1.0));
        // Of one kind only, α has nothing to weigh.
        let alone = batch.mixed(&["soft_targets"], &knobs);
        prop_assert!((scalar(&alone.total) - teacher * part("soft_targets")).abs() < 1e-4 * sum.abs().max(1.0) * 10.0);
    }

    #[test]
    fn the_parts_add_up_to_the_total(batch in batches(), alpha in 0f64..1.0) {
        let mixed = batch.both(alpha, 2.0);
        let part = |id: &str| f64::from(mixed.parts.iter().find(|(found, _)| *found == id).unwrap().1.unwrap());
        let sum = alpha * part("hard_labels") + (1.0 - alpha) * part("soft_targets");
        prop_assert!((scalar(&mixed.total) - sum).abs() < 1e-4 * sum.abs().max(1.0));
    }
}

/// The losses that learn from a teacher, at a temperature where they have one, each parameter in turn.
fn taught(temperature: f64) -> Vec<Term> {
    let all = LOSSES.iter().filter(|loss| loss.needs().teacher).flat_map(|loss| {
        let own = loss.softening().map_or(1.0, |_| temperature);
        let parameters = if loss.knobs().is_empty() { &[0.0][..] } else { &[0.0, 0.1, 0.5, 0.99] };
        parameters.iter().map(move |parameter| Term { parameter: *parameter, ..Term::new(*loss, 1.0, own) })
    });
    all.collect()
}

/// A loss that learns from a teacher.
fn one(id: &str, temperature: f64, parameter: f64) -> Term {
    let loss = LOSSES.iter().find(|known| known.entry().id == id).unwrap();
    Term { parameter, ..Term::new(*loss, 1.0, temperature) }
}

/// Value and gradient of one loss over a batch.
fn taught_by(batch: &Batch, term: Term) -> (f64, Vec<f32>) {
    let rows = divergences::rows(&batch.labels, &vec![1.0; batch.labels.len()]);
    let (_, total, gradient) = compared(&[term], &batch.student, &batch.teacher, &rows);
    (total, gradient)
}

fn says(term: &Term) -> String {
    format!("{} with {} at {}", term.divergence.entry().id, term.parameter, term.temperature)
}

proptest! {
    #[test]
    fn what_learns_from_a_teacher_is_never_negative_and_nothing_at_the_teacher_itself(
        batch in batches(), temperature in 0.5f64..20.0,
    ) {
        let agreed = batch.with(&batch.teacher, &batch.teacher);
        for term in taught(temperature) {
            prop_assert!(taught_by(&batch, term).0 >= 0.0, "{}", says(&term));
            let (value, gradient) = taught_by(&agreed, term);
            // Cross-entropy keeps the teacher's entropy.
            prop_assert!(value == 0.0 || term.divergence.entry().id == "soft_cross_entropy", "{}", says(&term));
            prop_assert!(gradient.iter().all(|slope| *slope == 0.0), "{}", says(&term));
            let (value, gradient) = without_kernels(|| taught_by(&agreed, term));
            let small = 1e-6 * term.temperature.powi(2);
            prop_assert!(value.abs() < small || term.divergence.entry().id == "soft_cross_entropy", "{}", says(&term));
            prop_assert!(gradient.iter().all(|slope| f64::from(slope.abs()) < small), "{}", says(&term));
        }
    }

    #[test]
    fn trap_2_cross_entropy_is_the_divergence_and_the_teachers_entropy(batch in batches(), temperature in 0.5f64..20.0) {
        let [cross, divergence] = ["soft_cross_entropy", "soft_targets"].map(|id| one(id, temperature, 0.0));
        let ((cross_value, ours), (value, theirs)) = (taught_by(&batch, cross), taught_by(&batch, divergence));
        let entropy = taught_by(&batch.with(&batch.teacher, &batch.teacher), cross).0;
        prop_assert!((cross_value - value - entropy).abs() < 1e-5 * cross_value.max(1.0));
        assert_close("gradient", &ours, &theirs, 1e-5);
    }

    #[test]
    fn a_constant_on_anyones_logits_changes_no_loss(batch in batches(), shift in -5f64..5.0, temperature in 0.5f64..20.0) {
        let shifted = batch.with(&(batch.student.as_tensor() + shift).unwrap(), &(&batch.teacher - shift).unwrap());
        for term in taught(temperature) {
            let ((before, ours), (after, theirs)) = (taught_by(&batch, term), taught_by(&shifted, term));
            prop_assert!((before - after).abs() < 1e-4 * before.max(1.0), "{}: {} and {}", says(&term), before, after);
            // The slope of a distance jumps where both agree.
            if term.divergence.entry().id != "total_variation" {
                assert_close(&says(&term), &ours, &theirs, 1e-3);
            }
        }
    }

    #[test]
    fn at_high_temperature_divergences_are_shares_of_the_logits_error(batch in batches(), parameter in 0.05f64..0.95) {
        let error = taught_by(&batch, one("logit_mse", 1.0, 0.0)).0;
        prop_assume!(error > 0.1);
        let skewed = (1.0 - parameter).powi(2);
        let shares = [
            ("soft_targets", 1.0),
            ("reverse_kl", 1.0),
            ("jensen_shannon", parameter * (1.0 - parameter)),
            ("hellinger", 0.25),
            ("skewed_kl", skewed),
            ("skewed_reverse_kl", skewed),
        ];
        for (id, share) in shares {
            let value = taught_by(&batch, one(id, 2000.0, parameter)).0;
            prop_assert!((value / error / share - 1.0).abs() < 0.02, "{}: {} of {}", id, value, error);
        }
    }

    #[test]
    fn trap_4_the_ends_of_a_mixture_are_the_forward_and_the_reverse_divergence_themselves(
        batch in batches(), temperature in 0.5f64..20.0,
    ) {
        for (id, end, meant) in [
            ("jensen_shannon", 0.0, "soft_targets"),
            ("jensen_shannon", 1.0, "reverse_kl"),
            ("skewed_kl", 0.0, "soft_targets"),
            ("skewed_reverse_kl", 0.0, "reverse_kl"),
        ] {
            let [ours, theirs] = [one(id, temperature, end), one(meant, temperature, 0.0)];
            prop_assert_eq!(taught_by(&batch, ours), taught_by(&batch, theirs));
            prop_assert_eq!(without_kernels(|| taught_by(&batch, ours)), without_kernels(|| taught_by(&batch, theirs)));
        }
    }

    #[test]
    fn labels_that_are_not_smoothed_are_what_they_were(batch in batches(), smoothing in 0.01f64..0.9) {
        // The definition, and the very code that ran before there was smoothing.
        let rows = divergences::rows(&batch.labels, &vec![1.0; batch.labels.len()]);
        let of = |id, smoothing| compared(&[one(id, 1.0, smoothing)], &batch.student, &batch.teacher, &rows);
        prop_assert_eq!(of("hard_labels", 0.0), of("next_token", 0.0));
        let logs = flat(&ops::log_softmax(&batch.student).unwrap());
        let mean = -logs.iter().map(|log| f64::from(*log)).sum::<f64>() / logs.len() as f64;
        let definition = (1.0 - smoothing) * of("hard_labels", 0.0).1 + smoothing * mean;
        prop_assert!((of("hard_labels", smoothing).1 - definition).abs() < 1e-5 * definition.max(1.0));
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
    let row = |(position, truth)| Row { example: 0, position, weight: 1.0, truth: Some(truth) };
    let text = Outputs { logits: logits.into(), rows: [(0, 2), (1, 1)].map(row).to_vec() };
    let recipe = Recipe { terms: vec!["next_token".to_owned()], ..Recipe::default() };
    let student = Forward { answers: blank(), text: Some(text) };
    let given = LossInput {
        student: &student,
        teacher: None,
        knobs: &tiny::knobs(&[(weight("next_token"), 0.25)]),
        done: 0.0,
        of_step: None,
    };
    let mixed = Objective::new(&recipe, offered(false, true)).unwrap().evaluate(&given).unwrap();
    let mean = -f64::from(logs[2] + logs[4]) / 2.0;
    assert!((f64::from(mixed.parts[0].1.unwrap()) - mean).abs() < 1e-6);
    assert!((scalar(&mixed.total) - 0.25 * mean).abs() < 1e-6);
}

#[test]
fn a_loss_whose_premise_is_not_met_is_refused_by_name() {
    let refused = |losses: &[&str], teacher, language| {
        let recipe = Recipe { terms: losses.iter().map(|id| (*id).to_owned()).collect(), ..Recipe::default() };
        Objective::new(&recipe, offered(teacher, language)).err()
    };
    assert_eq!(refused(&["soft_targets", "hard_labels"], true, false), None);
    assert!(refused(&["soft_targets"], false, true).is_some_and(|why| why.contains("soft_targets needs a teacher")));
    assert!(refused(&["next_token"], true, false).is_some_and(|why| why.contains("next_token needs a causal student")));
    let unknown = refused(&["soft_target"], true, true).unwrap();
    assert!(LOSSES.iter().all(|loss| unknown.contains(loss.entry().id)), "{unknown}");
}

#[test]
fn a_loss_named_twice_is_refused_by_name_and_a_slip_finds_its_loss() {
    let refused = |losses: &[&str]| {
        let recipe = Recipe { terms: losses.iter().map(|id| (*id).to_owned()).collect(), ..Recipe::default() };
        Objective::new(&recipe, offered(true, true)).err().unwrap()
    };
    for losses in [&["hard_labels", "hard_labels"][..], &["soft_targets", "hard_labels", "next_token", "hard_labels"]] {
        let why = refused(losses);
        assert!(why.contains("hard_labels more than once"), "{why}");
    }
    assert!(refused(&[]).contains("recipe.terms is empty"));
    for (slip, meant) in [("soft_target", "soft_targets"), ("Hard-Labels", "hard_labels"), ("nexttoken", "next_token")]
    {
        let why = refused(&[slip]);
        assert!(why.contains(slip) && why.contains(&format!("did you mean {meant:?}?")), "{why}");
    }
    assert!(!refused(&["attention"]).contains("did you mean"));
}

#[test]
fn a_batch_without_a_next_word_costs_nothing() {
    let student = Forward { answers: blank(), text: None };
    let given = LossInput { student: &student, teacher: None, knobs: &Knobs::default(), done: 0.0, of_step: None };
    let recipe = Recipe { terms: vec!["hard_labels".to_owned(), "next_token".to_owned()], ..Recipe::default() };
    let mixed = Objective::new(&recipe, offered(false, true)).unwrap().evaluate(&given).unwrap();
    assert_eq!(mixed.parts[1], ("next_token", None));
    assert!((scalar(&mixed.total) - 2f64.ln()).abs() < 1e-6);
}

/// Value of every term, and the gradient of their sum.
fn compared(terms: &[Term], student: &Var, teacher: &Tensor, rows: &[Row]) -> (Vec<f64>, f64, Vec<f32>) {
    let Comparison { total, terms } = compare(
        terms,
        &Rows {
            student: &student.as_tensor().clone().into(),
            teacher: Some(&teacher.clone().into()),
            rows,
            of_step: None,
        },
    )
    .unwrap();
    let gradient = flat(total.backward().unwrap().get(student).unwrap());
    (terms.into_iter().map(|value| f64::from(value.unwrap())).collect(), scalar(&total), gradient)
}

/// Every divergence alone, and all of them together, at a temperature of its own each.
fn sums() -> Vec<Vec<Term>> {
    let term = |(place, divergence): (usize, &&'static dyn Divergence)| {
        let temperature = if divergence.softening().is_some() { 2.5 } else { 1.0 };
        Term::new(*divergence, 0.3 + 0.4 * place as f64, temperature)
    };
    let all: Vec<Term> = LOSSES.iter().enumerate().map(term).collect();
    all.iter().map(|term| vec![*term]).chain([all.clone()]).collect()
}

fn some_rows(count: usize) -> Vec<Row> {
    let row = |example| Row {
        example,
        position: 0,
        weight: [1.0, 0.5, 2.0][example % 3],
        truth: (example % 4 != 1).then_some((example % CLASSES) as u32),
    };
    (0..count).map(row).collect()
}

#[test]
fn both_forms_of_every_divergence_agree_alone_and_together() {
    // The second is cut into several tasks.
    for count in [7, 4000] {
        let numbers = |by: usize| (0..count * CLASSES).map(|i| ((i * by) % 29) as f32 * 0.3 - 4.0).collect::<Vec<_>>();
        let tensor = |by| Tensor::from_vec(numbers(by), (count, CLASSES), &Device::Cpu).unwrap();
        let (student, teacher, rows) = (Var::from_tensor(&tensor(17)).unwrap(), tensor(11), some_rows(count));
        for terms in sums() {
            let kernels = compared(&terms, &student, &teacher, &rows);
            let composed = without_kernels(|| compared(&terms, &student, &teacher, &rows));
            let names: Vec<&str> = terms.iter().map(|term| term.divergence.entry().id).collect();
            for (ours, theirs) in kernels.0.iter().chain([&kernels.1]).zip(composed.0.iter().chain([&composed.1])) {
                assert!((ours - theirs).abs() < 1e-5 * theirs.abs().max(1.0), "{names:?}: {ours} is not {theirs}");
            }
            let size = kernels.2.iter().fold(0f32, |most, slope| most.max(slope.abs()));
            assert!(size > 0.0, "{names:?}");
            for (ours, theirs) in kernels.2.iter().zip(&composed.2) {
                assert!((ours - theirs).abs() < 1e-4 * size, "{names:?}: {ours} is not {theirs}");
            }
        }
    }
}

#[test]
fn trap_5_a_row_of_weight_0_is_left_out_and_one_of_weight_2_counts_as_two() {
    let (count, left_out, doubled) = (6, 2, 4);
    let numbers = |by: usize| (0..count * CLASSES).map(|i| ((i * by) % 13) as f32 * 0.2 - 1.0).collect::<Vec<_>>();
    let row = |example: usize, weight| Row { example, position: 0, weight, truth: Some((example % CLASSES) as u32) };
    let weight = |place: usize| [1.0, 0.0, 2.0][usize::from(place == left_out) + 2 * usize::from(place == doubled)];
    let weighted: Vec<Row> = (0..count).map(|place| row(place, weight(place))).collect();
    let written_out: Vec<usize> = (0..count).filter(|place| *place != left_out).chain([doubled]).collect();
    let plain: Vec<Row> = written_out.iter().map(|place| row(*place, 1.0)).collect();
    let of = |values: &[f32], places: &[usize]| -> Tensor {
        let all: Vec<f32> = places.iter().flat_map(|at| values[at * CLASSES..][..CLASSES].to_vec()).collect();
        Tensor::from_vec(all, (places.len(), CLASSES), &Device::Cpu).unwrap()
    };
    let everyone: Vec<usize> = (0..count).collect();
    let result = |places: &[usize], rows: &[Row], terms: &[Term]| {
        let student = Var::from_tensor(&of(&numbers(7), places)).unwrap();
        let (values, total, gradient) = compared(terms, &student, &of(&numbers(5), places), rows);
        // Of a row that stands there twice, both copies carry half of its slope.
        let mut slopes = vec![0.0; count * CLASSES];
        for (place, slope) in places.iter().zip(gradient.chunks(CLASSES)) {
            slopes[place * CLASSES..][..CLASSES].iter_mut().zip(slope).for_each(|(sum, slope)| *sum += slope);
        }
        (values, total, slopes)
    };
    for terms in sums() {
        let both = || [result(&everyone, &weighted, &terms), result(&written_out, &plain, &terms)];
        for [ours, theirs] in [both(), without_kernels(both)] {
            let name = terms[0].divergence.entry().id;
            let close = |a: f64, b: f64| (a - b).abs() < 1e-6 * b.abs().max(1.0);
            assert!(close(ours.1, theirs.1), "{name}: {} is not {}", ours.1, theirs.1);
            assert!(ours.0.iter().zip(&theirs.0).all(|(a, b)| close(*a, *b)), "{name}");
            assert!(ours.2.iter().zip(&theirs.2).all(|(a, b)| close(f64::from(*a), f64::from(*b))), "{name}");
            assert_eq!(ours.2[left_out * CLASSES..][..CLASSES], [0.0; CLASSES], "{name}");
        }
    }
}

/// The sums of values and totals over parts of rows, and the gradients one behind the other; each part divides by what
/// `of_step` says, or by its own rows.
fn in_parts(terms: &[Term], values: [&[f32]; 2], rows: &[Row], cuts: &[usize], of_step: Option<Weighed>) -> Parts {
    let tensor = |values: &[f32], from: usize, to: usize| {
        Tensor::from_slice(&values[from * CLASSES..to * CLASSES], (to - from, CLASSES), &Device::Cpu).unwrap()
    };
    let ends = cuts.iter().copied().chain([rows.len()]);
    let begins = [0].into_iter().chain(cuts.iter().copied());
    let mut sums = Parts { values: vec![None; terms.len()], total: 0.0, gradient: Vec::new() };
    for (from, to) in begins.zip(ends).filter(|(from, to)| from < to) {
        let student = Var::from_tensor(&tensor(values[0], from, to)).unwrap();
        let teacher = Targets::from(tensor(values[1], from, to));
        let logits = student.as_tensor().clone().into();
        let given = Rows { student: &logits, teacher: Some(&teacher), rows: &rows[from..to], of_step };
        let Comparison { total, terms } = compare(terms, &given).unwrap();
        sums.total += scalar(&total);
        for (sum, value) in sums.values.iter_mut().zip(terms) {
            *sum = value.map(|value| sum.unwrap_or(0.0) + f64::from(value)).or(*sum);
        }
        let slopes = total.backward().unwrap().get(&student).map_or(vec![0.0; (to - from) * CLASSES], flat);
        sums.gradient.extend(slopes);
    }
    sums
}

#[derive(Debug)]
struct Parts {
    values: Vec<Option<f64>>,
    total: f64,
    gradient: Vec<f32>,
}

impl Parts {
    fn assert_is(&self, whole: &Self, what: &str) {
        let close = |a: f64, b: f64| (a - b).abs() < 2e-5 * b.abs().max(1.0);
        assert!(close(self.total, whole.total), "{what}: {} is not {}", self.total, whole.total);
        for (ours, theirs) in self.values.iter().zip(&whole.values) {
            assert_eq!(ours.is_none(), theirs.is_none(), "{what}: a gap stays a gap, and nothing else is one");
            assert!(ours.zip(*theirs).is_none_or(|(a, b)| close(a, b)), "{what}: {ours:?} is not {theirs:?}");
        }
        let size = whole.gradient.iter().fold(1f32, |size, slope| size.max(slope.abs()));
        assert_eq!(self.gradient.len(), whole.gradient.len());
        for (ours, theirs) in self.gradient.iter().zip(&whole.gradient) {
            assert!((ours - theirs).abs() < 1e-5 * size, "{what}: {ours} is not {theirs}");
        }
    }
}

prop_compose! {
    /// Rows of any weight, some without a truth, and where they are cut into passes, some of which may be empty or have
    /// no row that counts.
    fn split_rows()(count in 1usize..12)(
        student in prop::collection::vec(-6f32..6.0, count * CLASSES),
        teacher in prop::collection::vec(-6f32..6.0, count * CLASSES),
        rows in prop::collection::vec(
            (prop::sample::select(vec![0f32, 0.5, 1.0, 2.0]), prop::option::of(0..CLASSES as u32)),
            count,
        ),
        mut cuts in prop::collection::vec(0..=count, 0..5),
    ) -> (Vec<f32>, Vec<f32>, Vec<Row>, Vec<usize>) {
        cuts.sort_unstable();
        let rows = rows.into_iter().enumerate();
        let rows = rows.map(|(example, (weight, truth))| Row { example, position: 0, weight, truth }).collect();
        (student, teacher, rows, cuts)
    }
}

proptest! {
    #[test]
    fn trap_5_a_step_of_several_passes_is_one_mean_over_all_of_its_rows(
        (student, teacher, rows, cuts) in split_rows()
    ) {
        for terms in sums() {
            let name = terms[0].divergence.entry().id;
            let both = || {
                let values = [&student[..], &teacher[..]];
                let parts = in_parts(&terms, values, &rows, &cuts, Some(Weighed::of(&rows)));
                parts.assert_is(&in_parts(&terms, values, &rows, &[], None), name);
            };
            both();
            without_kernels(both);
        }
    }
}

#[test]
fn trap_5_a_mean_of_the_passes_means_is_another_loss_where_they_have_different_numbers_of_rows() {
    let count = 9;
    let numbers = |by: usize| (0..count * CLASSES).map(|i| ((i * by) % 13) as f32 * 0.4 - 2.0).collect::<Vec<_>>();
    let row = |example| Row { example, position: 0, weight: 1.0, truth: Some((example % CLASSES) as u32) };
    let rows: Vec<Row> = (0..count).map(row).collect();
    let (student, teacher) = (numbers(7), numbers(5));
    let of = |terms: &[Term], cuts: &[usize], of_step| in_parts(terms, [&student, &teacher], &rows, cuts, of_step);
    for terms in sums() {
        let (name, whole) = (terms[0].divergence.entry().id, of(&terms, &[], None));
        // Two rows against seven, each divided by its own number and then by two.
        let naive = of(&terms, &[2], None).total / 2.0;
        assert!((naive - whole.total).abs() > 1e-3 * whole.total, "{name}: {naive} and {}", whole.total);
        of(&terms, &[2], Some(Weighed::of(&rows))).assert_is(&whole, name);
    }
}

#[test]
fn the_gradient_of_every_divergence_is_the_slope_of_its_value() {
    let (count, step) = (3, 1e-2f32);
    let numbers = |by: usize| (0..count * CLASSES).map(|i| ((i * by) % 13) as f32 * 0.2 - 1.0).collect::<Vec<_>>();
    let tensor = |values: Vec<f32>| Tensor::from_vec(values, (count, CLASSES), &Device::Cpu).unwrap();
    let (teacher, rows) = (tensor(numbers(5)), some_rows(count));
    for terms in sums() {
        let at = |values: Vec<f32>| compared(&terms, &Var::from_tensor(&tensor(values)).unwrap(), &teacher, &rows);
        let (_, _, gradient) = at(numbers(7));
        for (place, slope) in gradient.iter().enumerate() {
            let moved = |by: f32| {
                let mut values = numbers(7);
                values[place] += by;
                at(values).1
            };
            let measured = (moved(step) - moved(-step)) / (2.0 * f64::from(step));
            let name = terms[0].divergence.entry().id;
            let size = gradient.iter().fold(1f64, |size, slope| size.max(f64::from(slope.abs())));
            assert!((measured - f64::from(*slope)).abs() < 2e-3 * size, "{name}, {place}: {slope} is not {measured}");
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let student = Tensor::zeros((2, 3), candle_core::DType::F32, &Device::Cpu).unwrap();
    let rows = divergences::rows(&[0, 3], &[1.0, 1.0]);
    let term = |divergence, temperature| Term::new(divergence, 1.0, temperature);
    let [soft, hard] = [LOSSES[0], LOSSES[1]];
    let refused = |terms: &[Term], rows: &[Row]| {
        compare(terms, &Rows { student: &student.clone().into(), teacher: None, rows, of_step: None })
            .err()
            .unwrap()
            .to_string()
    };
    assert!(refused(&[term(hard, 1.0)], &rows).contains("truth 3 is not one of 3 outcomes"));
    assert!(refused(&[term(hard, 1.0)], &rows[..1]).contains("1 rows do not fit"));
    assert!(refused(&[term(soft, 2.0)], &rows[..]).contains("soft_targets needs a teacher"));
    assert!(refused(&[term(soft, 0.0)], &rows[..]).contains("above 0"));
}
