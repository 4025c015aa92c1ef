//! Does pruning remove what it says, for good while θ stands and not a bit longer?
#![cfg(feature = "engine")]

mod tiny;

use std::collections::BTreeMap;

use candle_core::Tensor;
use candle_core::backprop::GradStore;
use proptest::prelude::*;
use retort::engine::model::{ARCHITECTURES, Model};
use retort::engine::optim::{Optimizer, Settings};
use retort::engine::pair::Pair;
use retort::engine::prune::{Pruner, THETA};
use retort::engine::train::Trainer;
use retort::engine::{self};
use retort::link::Histogram;
use retort::session::{Head, OptimizerKind, Session};
use tiny::flat;

/// Values of all variables by name.
type Values = BTreeMap<String, Vec<f32>>;

fn values(model: &Model) -> Values {
    model.weights.variables().iter().map(|(name, variable)| (name.clone(), flat(variable))).collect()
}

fn model(architecture: usize, seed: u64) -> Model {
    tiny::fresh(&ARCHITECTURES[architecture % ARCHITECTURES.len()], Head::Classifier, seed)
}

fn optimizer_of(kind: OptimizerKind, model: &Model) -> Optimizer {
    let variables = model.weights.variables().iter().map(|(name, variable)| (name.clone(), variable.clone()));
    Optimizer::new(kind, variables.collect()).unwrap()
}

/// Gradients that push every weight, different at every step.
fn push(model: &Model, step: usize) -> GradStore {
    let mut store = GradStore::default();
    for variable in model.weights.variables().values() {
        let count = variable.elem_count();
        let numbers = (0..count).map(|i| (((i + 1) * (step + 3) * 7919) % 1000) as f32 * 1e-3 - 0.3).collect();
        store.insert(variable, Tensor::from_vec(numbers, variable.dims(), variable.device()).unwrap());
    }
    store
}

fn advance(model: &Model, optimizer: &mut Optimizer, pruner: &Pruner, steps: std::ops::Range<usize>) {
    for step in steps {
        optimizer.step(&push(model, step), 1e-2, &Settings::default()).unwrap();
        pruner.enforce(&model.weights, optimizer).unwrap();
    }
}

/// Places (variable, index) at which `after` is 0 and `before` was not.
fn removed(before: &Values, after: &Values) -> Vec<(String, usize)> {
    let of = |(name, before): (&String, &Vec<f32>)| {
        let after = &after[name];
        let gone = |i: &usize| after[*i] == 0.0 && before[*i] != 0.0;
        (0..before.len()).filter(gone).map(|i| (name.clone(), i)).collect::<Vec<_>>()
    };
    before.iter().flat_map(of).collect()
}

#[test]
fn removed_weights_and_their_moments_stay_exactly_zero_through_every_optimiser() {
    for kind in OptimizerKind::ALL {
        for architecture in 0..ARCHITECTURES.len() {
            let model = model(architecture, 1);
            let mut optimizer = optimizer_of(kind, &model);
            let mut pruner = Pruner::default();
            // Momentum is built up first: it must not revive what is removed then.
            advance(&model, &mut optimizer, &pruner, 0..3);
            let before = values(&model);
            pruner.set_theta(0.8, &model.weights).unwrap();
            let gone = removed(&before, &values(&model));
            assert!(gone.len() > 1000, "{kind:?}: {} removed", gone.len());
            assert_eq!(pruner.pruned().unwrap(), gone.len() as u64, "{kind:?}");
            let mut seen = values(&model);
            for step in 3..8 {
                advance(&model, &mut optimizer, &pruner, step..step + 1);
                let (now, state) = (values(&model), optimizer.state().unwrap());
                let state: Values = state.iter().map(|(name, tensor)| (name.clone(), flat(tensor))).collect();
                for (name, index) in &gone {
                    assert_eq!(now[name][*index], 0.0, "{kind:?}, step {step}, {name}[{index}]");
                    for part in ["first", "second"] {
                        let moment = state.get(&format!("{part}.{name}")).map_or(0.0, |values| values[*index]);
                        assert_eq!(moment, 0.0, "{kind:?}, step {step}, {part} moment of {name}[{index}]");
                    }
                }
                assert_ne!(now, seen, "the weights that are left go on learning");
                seen = now;
            }
        }
    }
}

#[test]
fn without_enforcement_momentum_would_revive_removed_weights() {
    let model = model(0, 1);
    let (mut optimizer, mut pruner) = (optimizer_of(OptimizerKind::Sgd, &model), Pruner::default());
    advance(&model, &mut optimizer, &pruner, 0..3);
    let before = values(&model);
    pruner.set_theta(0.8, &model.weights).unwrap();
    let gone = removed(&before, &values(&model));
    optimizer.step(&push(&model, 3), 1e-2, &Settings::default()).unwrap();
    let now = values(&model);
    assert!(gone.iter().any(|(name, index)| now[name][*index] != 0.0), "the test above can fail");
}

#[test]
fn gradients_of_removed_weights_neither_count_in_the_norm_nor_shorten_the_step() {
    for kind in OptimizerKind::ALL {
        let models = [model(0, 1), model(0, 1)];
        let before = values(&models[0]);
        let mut optimizers = models.each_ref().map(|model| optimizer_of(kind, model));
        let mut pruner = Pruner::default();
        models.iter().for_each(|model| assert!(Pruner::default().set_theta(1.5, &model.weights).unwrap()));
        let pruned = Pruner::default().set_theta(0.0, &models[0].weights).unwrap();
        assert!(!pruned, "0 is where it stands");
        let fresh = model(0, 1);
        assert!(pruner.set_theta(1.5, &fresh.weights).unwrap() && !pruner.set_theta(1.5, &fresh.weights).unwrap());
        let gone = removed(&before, &values(&fresh));
        assert!(gone.len() > 1000, "{}", gone.len());

        // One store is masked, the other never had a gradient where weights are gone.
        let mut masked = push(&models[0], 4);
        pruner.mask_gradients(&models[0].weights, &mut masked).unwrap();
        let mut bare = GradStore::default();
        let mut square = 0.0;
        for (name, variable) in models[1].weights.variables() {
            let mut numbers = flat(push(&models[1], 4).get(variable).unwrap());
            gone.iter().filter(|(of, _)| of == name).for_each(|(_, index)| numbers[*index] = 0.0);
            square += numbers.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>();
            bare.insert(variable, Tensor::from_vec(numbers, variable.dims(), variable.device()).unwrap());
        }
        let settings = Settings { clip: 0.5, ..Settings::default() };
        let norms = [(&masked, 0), (&bare, 1)].map(|(store, i)| optimizers[i].step(store, 1e-2, &settings).unwrap());
        assert_eq!(norms[0], norms[1], "{kind:?}");
        assert!((norms[0] / square.sqrt() - 1.0).abs() < 1e-5, "{kind:?}: {norms:?} is not {}", square.sqrt());
        assert!(values(&models[0]) == values(&models[1]), "{kind:?}");
        let now = values(&models[0]);
        assert!(gone.iter().all(|(name, index)| now[name][*index] == 0.0), "{kind:?}: they stay 0 by themselves");
    }
}

#[test]
fn a_run_that_prunes_keeps_removed_weights_at_zero_and_their_gradients_out_of_the_norm() {
    let mut session = Session::built_in().unwrap();
    session.recipe.device = tiny::where_computed::asked();
    (session.data.limit, session.data.labelled, session.teachers) =
        (retort::session::Limits::each(Some(48)), None, Vec::new());
    session.recipe.terms = vec!["hard_labels".into()];
    let pair = Pair::open(&session, None).unwrap();
    let mut trainer = Trainer::new(session, pair, &engine::catalog()).unwrap();
    for _ in 0..3 {
        trainer.advance().unwrap(); // Momentum is built up first.
    }
    let before = values(&trainer.pair.student);
    trainer.knobs.set(THETA.id, 1.2);
    let mut gone = Vec::new();
    for step in 0..4 {
        trainer.advance().unwrap();
        let now = values(&trainer.pair.student);
        if gone.is_empty() {
            gone = removed(&before, &now);
            assert_eq!(trainer.pruner.pruned().unwrap(), gone.len() as u64);
            assert!(gone.len() > 1000, "{}", gone.len());
        }
        assert!(gone.iter().all(|(name, index)| now[name][*index] == 0.0), "step {step}");
        let moments = trainer.optimizer.state().unwrap();
        let moved = |part: &str, name: &str, index: usize| flat(&moments[&format!("{part}.{name}")])[index] != 0.0;
        let (name, index) = &gone[gone.len() / 2];
        assert!(!moved("first", name, *index) && !moved("second", name, *index), "step {step}");
    }
}

#[test]
fn embeddings_norms_biases_and_the_top_are_spared() {
    for head in [Head::Classifier, Head::LabelWords] {
        for architecture in ARCHITECTURES {
            let model = tiny::fresh(architecture, head, 2);
            let before = values(&model);
            Pruner::default().set_theta(10.0, &model.weights).unwrap();
            let after = values(&model);
            let touched: Vec<&String> = before.keys().filter(|name| before[*name] != after[*name]).collect();
            let inside = [".layer.", ".layers.", ".h."];
            let right = |name: &&String| name.ends_with("weight") && inside.iter().any(|part| name.contains(part));
            assert!(!touched.is_empty() && touched.iter().all(right), "{touched:?}");
            assert!(touched.iter().all(|name| !name.contains("LayerNorm") && !name.contains("ln_")), "{touched:?}");
            assert!(touched.iter().all(|name| !name.contains("relative_attention_bias")), "{touched:?}");
            let linears = |name: &&String| model.weights.variables()[*name].rank() == 2 && right(name);
            let tables = before.keys().filter(linears).filter(|name| name.contains("relative_attention_bias")).count();
            assert_eq!(touched.len(), before.keys().filter(linears).count() - tables, "every linear takes part");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn lowering_theta_brings_back_what_it_removed_and_no_more(
        architecture in 0usize..8,
        seed in any::<u64>(),
        high in 0.05f64..3.0,
        share in 0.0f64..1.0,
    ) {
        let model = model(architecture, seed);
        let low = high * share;
        let dense = values(&model);
        let mut straight = Pruner::default();
        let mut pruner = Pruner::default();
        pruner.set_theta(high, &model.weights).unwrap();
        let at_high = removed(&dense, &values(&model)).len();
        pruner.set_theta(low, &model.weights).unwrap();
        let by_way = values(&model);
        prop_assert!(removed(&dense, &by_way).len() <= at_high);
        pruner.set_theta(0.0, &model.weights).unwrap();
        prop_assert_eq!(&values(&model), &dense);
        prop_assert_eq!(pruner.pruned().unwrap(), 0);
        straight.set_theta(low, &model.weights).unwrap();
        prop_assert_eq!(&values(&model), &by_way);
    }

    #[test]
    fn after_training_removed_weights_come_back_as_they_were_and_the_others_as_they_are(
        seed in any::<u64>(),
        theta in 0.2f64..2.0,
        kind in prop::sample::select(OptimizerKind::ALL.to_vec()),
    ) {
        let model = model(seed as usize % 7, seed);
        let (mut optimizer, mut pruner) = (optimizer_of(kind, &model), Pruner::default());
        let dense = values(&model);
        pruner.set_theta(theta, &model.weights).unwrap();
        let gone = removed(&dense, &values(&model));
        advance(&model, &mut optimizer, &pruner, 0..2);
        let mut expected = values(&model);
        for (name, index) in &gone {
            expected.get_mut(name).unwrap()[*index] = dense[name][*index];
        }
        pruner.set_theta(0.0, &model.weights).unwrap();
        prop_assert_eq!(values(&model), expected);
    }

    #[test]
    fn the_histogram_foretells_what_theta_will_remove(seed in any::<u64>(), theta in 0.0f64..4.0) {
        let model = model(seed as usize % 7, seed);
        let mut pruner = Pruner::default();
        let frame = pruner.frame(&model.weights, 3).unwrap();
        let foretold = frame.all.fraction_below(theta);
        pruner.set_theta(theta, &model.weights).unwrap();
        let real = pruner.pruned().unwrap() as f64 / frame.all.total() as f64;
        // θ may fall anywhere within its bin; one weight may lie on the edge itself.
        let bin = frame.all.counts[Histogram::bin(theta)] as f64 + 1.0;
        let bound = bin / frame.all.total() as f64;
        prop_assert!((foretold - real).abs() <= bound, "{} foretold, {} removed, {} allowed", foretold, real, bound);

        let after = pruner.frame(&model.weights, 4).unwrap();
        prop_assert_eq!(&after.all, &frame.all, "the histogram shows the weights as they would be unpruned");
        prop_assert_eq!((frame.sparsity, after.sparsity, after.step), (0.0, real, 4));
        let tensors: u64 = after.tensors.iter().map(|(_, histogram)| histogram.total()).sum();
        prop_assert_eq!(tensors, after.all.total());
    }

    #[test]
    fn the_asked_sparsity_is_the_one_that_comes(seed in any::<u64>(), asked in 0.0f64..0.95) {
        let model = model(seed as usize % 7, seed);
        let mut pruner = Pruner::default();
        let histogram = pruner.frame(&model.weights, 0).unwrap().all;
        let theta = histogram.theta_for(asked);
        prop_assert!((histogram.fraction_below(theta) - asked).abs() < 1e-6);
        pruner.set_theta(theta, &model.weights).unwrap();
        let real = pruner.pruned().unwrap() as f64 / histogram.total() as f64;
        let bound = (histogram.counts[Histogram::bin(theta)] as f64 + 1.0) / histogram.total() as f64;
        prop_assert!((real - asked).abs() <= bound, "{} asked, {} came", asked, real);
    }
}

#[test]
fn a_restored_pruner_goes_on_as_the_saved_one() {
    let model = model(1, 4);
    let dense = values(&model);
    let mut pruner = Pruner::default();
    pruner.set_theta(0.7, &model.weights).unwrap();
    let (theta, masks, removed) = pruner.state();
    let mut restored = Pruner::restore(theta, masks.clone(), removed.clone());
    assert_eq!(restored.pruned().unwrap(), pruner.pruned().unwrap());
    restored.set_theta(0.0, &model.weights).unwrap();
    assert_eq!(values(&model), dense);
}
