//! Do the optimisers move as PyTorch's, keep what was pruned, and go on from a saved state as if
//! nothing had happened?
#![cfg(feature = "engine")]

mod where_computed;

use std::collections::BTreeMap;

use candle_core::backprop::GradStore;
use candle_core::{DType, Tensor, Var};
use retort::engine::optim::{OptimError, Optimizer, Settings};
use retort::session::OptimizerKind;
use serde::Deserialize;

/// What `golden/make_optim.py` wrote.
#[derive(Deserialize)]
struct Golden {
    decay: f64,
    clip: f64,
    rates: Vec<f64>,
    shapes: BTreeMap<String, Vec<usize>>,
    start: BTreeMap<String, Vec<f32>>,
    gradients: BTreeMap<String, Vec<Vec<f32>>>,
    after: BTreeMap<String, Vec<BTreeMap<String, Vec<f32>>>>,
    norms: Vec<f64>,
    /// What the rate of each variable is multiplied by in `grouped`.
    factors: BTreeMap<String, f64>,
    /// AdamW so.
    grouped: Vec<BTreeMap<String, Vec<f32>>>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/optim.json")).unwrap()
}

fn flat(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

fn bits(variables: &[(String, Var)]) -> Vec<u32> {
    variables.iter().flat_map(|(_, variable)| flat(variable)).map(f32::to_bits).collect()
}

#[test]
fn twenty_steps_of_every_optimiser_stay_with_pytorch_with_and_without_rates_for_groups() {
    let golden = golden();
    let settings = Settings { weight_decay: golden.decay, clip: golden.clip, ..Settings::default() };
    let kinds = OptimizerKind::ALL.map(|kind| (kind, &golden.after[&format!("{kind:?}")], None));
    for (kind, after, factors) in
        kinds.into_iter().chain([(OptimizerKind::AdamW, &golden.grouped, Some(&golden.factors))])
    {
        let variables: Vec<(String, Var)> = golden
            .shapes
            .iter()
            .map(|(name, dims)| {
                (
                    name.clone(),
                    Var::from_vec(golden.start[name].clone(), dims.as_slice(), &where_computed::opened()).unwrap(),
                )
            })
            .collect();
        let factor = |name: &str| factors.map_or(1.0, |factors: &BTreeMap<String, f64>| factors[name]);
        let mut optimizer = Optimizer::grouped(kind, variables.clone(), factor).unwrap();
        for (step, after) in after.iter().enumerate() {
            let mut gradients = GradStore::default();
            for (name, variable) in &variables {
                let gradient = golden.gradients[name][step].clone();
                gradients
                    .insert(variable, Tensor::from_vec(gradient, variable.dims(), &where_computed::opened()).unwrap());
            }
            let norm = optimizer.step(&gradients, golden.rates[step], &settings).unwrap();
            assert!((norm - golden.norms[step]).abs() < 1e-5, "{kind:?} {step}: norm {norm}");
            for (name, variable) in &variables {
                for (ours, theirs) in flat(variable).iter().zip(&after[name]) {
                    assert!((ours - theirs).abs() < 1e-5, "{kind:?}, step {step}, {name}: {ours} is not {theirs}");
                }
            }
        }
    }
}

/// Variables large enough to be moved in several pieces.
fn variables() -> Vec<(String, Var)> {
    let make = |(name, dims): (&str, &[usize])| {
        let count = dims.iter().product::<usize>();
        let values = (0..count).map(|index| ((index * 7919 % 1000) as f32 - 500.0) * 1e-3).collect();
        (name.to_owned(), Var::from_vec(values, dims, &where_computed::opened()).unwrap())
    };
    [("wide", &[123, 457][..]), ("norm", &[457]), ("one", &[1])].map(make).to_vec()
}

fn gradients(variables: &[(String, Var)], step: usize) -> GradStore {
    let mut gradients = GradStore::default();
    for (_, variable) in variables {
        let gradient = (variable.as_tensor().detach() * (0.3 + step as f64)).unwrap().sin().unwrap();
        gradients.insert(variable, gradient);
    }
    gradients
}

fn advance(optimizer: &mut Optimizer, variables: &[(String, Var)], steps: std::ops::Range<usize>) {
    for step in steps {
        optimizer.step(&gradients(variables, step), 1e-2, &Settings::default()).unwrap();
    }
}

#[test]
fn a_frozen_variable_is_not_moved_by_gradient_or_decay_and_not_counted() {
    for kind in OptimizerKind::ALL {
        let (variables, others) = (variables(), variables());
        let frozen = |name: &str| if name == "wide" { 0.0 } else { 1.0 };
        let mut optimizer = Optimizer::grouped(kind, variables.clone(), frozen).unwrap();
        let mut alone = Optimizer::new(kind, others[1..].to_vec()).unwrap();
        let still = bits(&variables[..1]);
        for step in 0..4 {
            let settings = Settings { clip: 0.5, weight_decay: 0.3, ..Settings::default() };
            let ours = optimizer.step(&gradients(&variables, step), 1e-2, &settings).unwrap();
            let theirs = alone.step(&gradients(&others[1..], step), 1e-2, &settings).unwrap();
            assert_eq!(ours, theirs, "{kind:?}");
        }
        assert_eq!(bits(&variables[..1]), still, "{kind:?}");
        assert_eq!(bits(&variables[1..]), bits(&others[1..]), "{kind:?}");
        assert!(optimizer.state().unwrap().keys().all(|key| !key.ends_with("wide")));
        optimizer.mask("wide", variables[0].1.as_tensor()).unwrap();
    }
}

#[test]
fn a_saved_and_reloaded_optimiser_goes_on_bit_for_bit() {
    for kind in OptimizerKind::ALL {
        let whole = variables();
        let mut optimizer = Optimizer::new(kind, whole.clone()).unwrap();
        advance(&mut optimizer, &whole, 0..3);
        let (state, steps) = (optimizer.state().unwrap(), optimizer.steps());
        let copies: Vec<(String, Var)> = whole
            .iter()
            .map(|(name, variable)| {
                (name.clone(), Var::from_tensor(&variable.as_detached_tensor().copy().unwrap()).unwrap())
            })
            .collect();
        advance(&mut optimizer, &whole, 3..6);

        let mut resumed = Optimizer::new(kind, copies.clone()).unwrap();
        resumed.load_state(&state, steps).unwrap();
        advance(&mut resumed, &copies, 3..6);
        assert_eq!(bits(&whole), bits(&copies), "{kind:?}");
        assert_eq!(resumed.steps(), 6);
    }
}

#[test]
fn the_number_of_threads_does_not_change_a_step() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let variables = variables();
            let mut optimizer = Optimizer::new(OptimizerKind::AdamW, variables.clone()).unwrap();
            advance(&mut optimizer, &variables, 0..3);
            bits(&variables)
        })
    };
    assert_eq!(run(1), run(2));
    assert_eq!(run(1), run(5));
}

#[test]
fn a_detached_view_follows_the_step_and_a_variable_without_a_gradient_stays() {
    let variables = variables();
    let view = variables[0].1.as_detached_tensor();
    let mut optimizer = Optimizer::new(OptimizerKind::AdamW, variables.clone()).unwrap();
    let mut gradients = GradStore::default();
    gradients.insert(&variables[0].1, variables[0].1.ones_like().unwrap());
    let (before, still) = (flat(&view), flat(&variables[1].1));
    optimizer.step(&gradients, 1e-2, &Settings::default()).unwrap();
    assert!(flat(&view).iter().zip(&before).all(|(after, before)| after < before));
    assert_eq!(flat(&view), flat(&variables[0].1));
    assert_eq!(flat(&variables[1].1), still);
}

#[test]
fn a_masked_weight_stays_zero_through_later_steps() {
    for kind in OptimizerKind::ALL {
        let variables = variables();
        let weight = &variables[0].1;
        let mut optimizer = Optimizer::new(kind, variables.clone()).unwrap();
        advance(&mut optimizer, &variables, 0..2);
        let mask = weight.as_tensor().detach().ge(0f64).unwrap().to_dtype(DType::F32).unwrap();
        weight.set(&(weight.as_tensor().detach() * &mask).unwrap()).unwrap();
        optimizer.mask("wide", &mask).unwrap();
        let kept = flat(&mask);
        for step in 2..5 {
            let mut gradients = gradients(&variables, step);
            let masked = (gradients.get(weight).unwrap() * &mask).unwrap();
            gradients.insert(weight, masked);
            optimizer.step(&gradients, 1e-2, &Settings::default()).unwrap();
        }
        let pruned = flat(weight);
        assert!(pruned.iter().zip(&kept).all(|(weight, kept)| *kept == 1.0 || *weight == 0.0), "{kind:?}");
        assert!(kept.contains(&0.0) && pruned.iter().any(|weight| *weight != 0.0));
    }
}

#[test]
fn a_gradient_that_is_not_a_number_moves_nothing_and_says_so() {
    let variables = variables();
    let before = bits(&variables);
    let mut optimizer = Optimizer::new(OptimizerKind::Adam, variables.clone()).unwrap();
    let mut gradients = gradients(&variables, 1);
    gradients.insert(&variables[2].1, Tensor::new(&[f32::NAN], &where_computed::opened()).unwrap());
    let norm = optimizer.step(&gradients, 1e-2, &Settings::default()).unwrap();
    assert!(norm.is_nan());
    assert_eq!((bits(&variables), optimizer.steps()), (before, 0));
}

#[test]
fn trap_32_weight_decay_acts_on_matrices_only() {
    let variables = variables();
    let mut optimizer = Optimizer::new(OptimizerKind::AdamW, variables.clone()).unwrap();
    let mut gradients = GradStore::default();
    for (_, variable) in &variables {
        gradients.insert(variable, variable.zeros_like().unwrap());
    }
    let before: Vec<Vec<f32>> = variables.iter().map(|(_, variable)| flat(variable)).collect();
    let settings = Settings { weight_decay: 0.5, ..Settings::default() };
    optimizer.step(&gradients, 0.1, &settings).unwrap();
    let shrunk: Vec<f32> = before[0].iter().map(|weight| weight * 0.95).collect();
    assert!(flat(&variables[0].1).iter().zip(shrunk).all(|(a, b)| (a - b).abs() < 1e-6));
    assert_eq!(flat(&variables[1].1), before[1]);
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let variables = variables();
    let mut optimizer = Optimizer::new(OptimizerKind::Adam, variables.clone()).unwrap();
    let unknown = optimizer.mask("elsewhere", variables[0].1.as_tensor());
    assert!(matches!(unknown, Err(OptimError::Unknown { name }) if name == "elsewhere"));
    assert!(matches!(optimizer.mask("norm", variables[0].1.as_tensor()), Err(OptimError::Shape { .. })));
    let mut state = optimizer.state().unwrap();
    state.remove("second.norm");
    assert!(matches!(optimizer.load_state(&state, 1), Err(OptimError::Missing { name }) if name == "second.norm"));
    let twice = vec![variables[0].clone(), variables[0].clone()];
    assert!(matches!(Optimizer::new(OptimizerKind::Sgd, twice), Err(OptimError::Twice { .. })));
    let double = Var::zeros(3, DType::F64, &where_computed::opened()).unwrap();
    let double = vec![("double".to_owned(), double)];
    assert!(matches!(Optimizer::new(OptimizerKind::Sgd, double), Err(OptimError::Type { .. })));
}
