//! Parts of the student with a learning rate of their own: every architecture is taken apart without a rest, what is
//! frozen stays to the bit, and what a student has not is refused in words.
#![cfg(feature = "engine")]

mod tiny;

use std::collections::{BTreeMap, BTreeSet};

use retort::engine::layer_rates::LayerRates;
use retort::engine::model::{ARCHITECTURES, HeadKind, Model, Place};
use retort::engine::pair::Pair;
use retort::engine::prune::THETA;
use retort::engine::train::Trainer;
use retort::session::{Head, LayerGroup, Limits, ModelPart, OptimizerKind, Session};

fn group(part: ModelPart, rate: f64) -> LayerGroup {
    LayerGroup { part, rate }
}

fn layers(first: usize, last: usize) -> ModelPart {
    ModelPart::Layers { first, last }
}

fn named(pattern: &str) -> ModelPart {
    ModelPart::Named(pattern.to_owned())
}

/// The variables to which `groups` give each rate but 1, and what is said of them.
fn rates(groups: &[LayerGroup], student: &Model) -> (BTreeMap<String, f64>, Vec<String>) {
    let rates = LayerRates::of(groups, student).unwrap();
    let names = student.weights.variables().keys();
    let of = names.map(|name| (name.clone(), rates.of_variable(name))).filter(|(_, rate)| *rate != 1.0).collect();
    (of, rates.tied().into_iter().chain(rates.doubts()).map(ToString::to_string).collect())
}

#[test]
fn every_variable_of_every_architecture_is_in_the_embeddings_a_layer_or_the_head() {
    // What stands before and behind the layers, spelled out.
    let before = [
        ("bert", "embeddings."),
        ("distilbert", "embeddings."),
        ("roberta", "embeddings."),
        ("gpt2", "wte.|wpe."),
        ("t5", "shared."),
        ("llama", "embed_tokens."),
        ("mistral", "embed_tokens."),
        ("qwen2", "embed_tokens."),
        ("qwen3", "embed_tokens."),
    ];
    assert_eq!(before.map(|(id, _)| id).to_vec(), ARCHITECTURES.iter().map(|known| known.id).collect::<Vec<_>>());
    for (name, student) in tiny::everything(3) {
        let id = student.architecture.id;
        let (_, marks) = before.iter().find(|(known, _)| *known == id).unwrap();
        let mut found = [0; 3];
        for variable in student.weights.variables().keys() {
            let is_before = marks.split('|').any(|mark| variable.contains(mark));
            let number = variable.split('.').find_map(|part| part.parse::<usize>().ok());
            let place = student.architecture.place_of(variable);
            match (is_before, number) {
                (true, _) => assert_eq!(place, Place::Embeddings, "{name} {variable}"),
                (false, None) => assert_eq!(place, Place::Head, "{name} {variable}"),
                (false, Some(layer)) => {
                    let stack = usize::from(variable.contains("decoder.block"));
                    assert_eq!(place, Place::Layer { stack, layer }, "{name} {variable}");
                }
            }
            found[usize::from(place != Place::Embeddings) + usize::from(place == Place::Head)] += 1;
        }
        assert!(found.iter().all(|count| *count > 0), "{name}: {found:?}");

        // By groups: the three are all, no variable is in two but a tied table, and all frozen is refused.
        let last = student.card.layers - 1;
        let of = |part: &ModelPart| rates(&[group(part.clone(), 2.0)], &student).0.into_keys().collect::<BTreeSet<_>>();
        let parts = [ModelPart::Embeddings, layers(0, last), ModelPart::Head];
        let [embeddings, within, head] = parts.each_ref().map(of);
        let all: BTreeSet<String> = embeddings.iter().chain(&within).chain(&head).cloned().collect();
        assert_eq!(all.len(), student.weights.variables().len(), "{name}");
        let both: Vec<&String> = embeddings.intersection(&head).collect();
        let is_tied = student.top == HeadKind::Vocabulary && student.architecture.heads.is_tied(&student.config);
        assert_eq!(both.len(), usize::from(is_tied), "{name}: {both:?}");
        let (_, told) = rates(&[group(ModelPart::Embeddings, 0.0)], &student);
        let says_tied = told.iter().any(|said| said.contains("(tied), so Embeddings of recipe.groups acts on both"));
        assert_eq!(says_tied, is_tied, "{name}: {told:?}");
        let frozen = parts.map(|part| group(part, 0.0));
        let refused = LayerRates::of(&frozen, &student).unwrap_err().to_string();
        assert!(refused.contains("nothing to train"), "{name}: {refused}");
    }
}

#[test]
fn what_a_student_has_not_is_refused_with_what_it_has() {
    let bert = tiny::fresh(&ARCHITECTURES[0], Head::Classifier, 1);
    let refused = |part| LayerRates::of(&[group(part, 0.0)], &bert).unwrap_err().to_string();
    let count = bert.card.layers;
    let beyond = refused(layers(0, count));
    assert!(
        beyond.contains(&format!("the layers 0 to {count} and the student has {count}, numbered from 0")),
        "{beyond}"
    );
    assert!(refused(layers(1, 0)).contains("numbered from 0"));
    let slip = refused(named("*.attention.self.querry.*"));
    assert!(slip.contains("(did you mean \"*.attention.self.query.*\"?)"), "{slip}");
    let whole = refused(named("bert.embeddings.word_embedding.weight"));
    assert!(whole.contains("did you mean \"bert.embeddings.word_embeddings.weight\""), "{whole}");
    let other = refused(named("transformer.*"));
    assert!(other.contains("its variables are called bert.embeddings."), "{other}");
}

#[test]
fn later_groups_override_earlier_ones_and_that_is_told() {
    let bert = tiny::fresh(&ARCHITECTURES[0], Head::Classifier, 1);
    let (of, told) = rates(&[group(ModelPart::Embeddings, 0.0), group(named("*position*"), 0.5)], &bert);
    assert_eq!(of["bert.embeddings.position_embeddings.weight"], 0.5);
    assert_eq!(of["bert.embeddings.word_embeddings.weight"], 0.0);
    let said = "Embeddings and Named(\"*position*\") of recipe.groups both name 1 variables, such as \
                bert.embeddings.position_embeddings.weight; the later one counts";
    assert!(told.contains(&said.to_owned()), "{told:?}");
    // A model of random numbers of which a part is to stay so.
    assert!(told.iter().any(|said| said.contains("start from random numbers")), "{told:?}");
    assert!(rates(&[group(layers(0, 0), 0.5), group(layers(1, 1), 0.5)], &bert).1.is_empty());
    assert!(rates(&[group(ModelPart::LayerDecay, 0.5), group(ModelPart::Head, 3.0)], &bert).1.is_empty());
}

#[test]
fn a_decay_by_layer_is_a_power_of_the_distance_to_the_head() {
    for (name, student) in tiny::everything(2) {
        let (of, _) = rates(&[group(ModelPart::LayerDecay, 0.5)], &student);
        let depth = student.card.layers as i32;
        for variable in student.weights.variables().keys() {
            let steps = match student.architecture.place_of(variable) {
                Place::Head => 0,
                Place::Layer { layer, .. } => depth - layer as i32,
                Place::Embeddings => depth + 1,
            };
            assert_eq!(of.get(variable).copied().unwrap_or(1.0), 0.5f64.powi(steps), "{name} {variable}");
        }
    }
}

/// The built-in pair over few texts.
fn small(optimizer: OptimizerKind, groups: Vec<LayerGroup>) -> Session {
    let mut session = Session::built_in().unwrap();
    session.data.limit = Limits::each(Some(48));
    (session.recipe.batch, session.recipe.steps, session.recipe.warmup) = (4, 20, 1);
    (session.recipe.optimizer, session.recipe.groups) = (optimizer, groups);
    session.set_knob("optimizer.learning_rate", 0.01);
    session
}

fn trainer(session: &Session) -> Trainer {
    let pair = Pair::open(session, None).unwrap();
    Trainer::new(session.clone(), pair, &retort::engine::catalog()).unwrap()
}

fn bits(trainer: &Trainer) -> BTreeMap<String, Vec<u32>> {
    let of = |variable: &candle_core::Var| {
        variable.flatten_all().unwrap().to_vec1::<f32>().unwrap().into_iter().map(f32::to_bits).collect()
    };
    trainer.pair.student.weights.variables().iter().map(|(name, variable)| (name.clone(), of(variable))).collect()
}

#[test]
fn what_is_frozen_stays_to_the_bit_under_every_optimiser_and_all_else_moves() {
    for kind in OptimizerKind::ALL {
        let groups = vec![group(ModelPart::Embeddings, 0.0), group(layers(0, 0), 0.0), group(ModelPart::Head, 0.1)];
        let mut trainer = trainer(&small(kind, groups));
        let (before, frozen) = (bits(&trainer), trainer.rates.frozen());
        assert!(!frozen.is_empty() && frozen.len() < before.len());
        for _ in 0..20 {
            assert!(trainer.advance().unwrap().sound);
        }
        for (name, after) in bits(&trainer) {
            assert_eq!(before[&name] == after, frozen.contains(&name), "{kind:?} {name}");
        }
        let state = trainer.optimizer.state().unwrap();
        assert!(
            state.keys().all(|key| !frozen.iter().any(|name| key.ends_with(name))),
            "nothing is remembered of them"
        );
        let trainable: usize = before.iter().filter(|(name, _)| !frozen.contains(*name)).map(|(_, of)| of.len()).sum();
        assert_eq!(trainer.pair.student.card.trainable, Some(trainable as u64));
        assert_eq!(trainer.pair.opened().groups, trainer.session.recipe.groups);
    }
}

#[test]
fn pruning_takes_weights_out_of_what_is_frozen_too() {
    let mut session = small(OptimizerKind::AdamW, vec![group(layers(0, 0), 0.0)]);
    session.set_knob(THETA.id, 0.5);
    let mut trainer = trainer(&session);
    let (before, frozen) = (bits(&trainer), trainer.rates.frozen());
    for step in 0..3 {
        // The masks are made anew while the run goes on.
        trainer.knobs.set(THETA.id, 0.5 + 0.2 * f64::from(step));
        trainer.advance().unwrap();
    }
    let after = bits(&trainer);
    let is_zero = |bits: &u32| f32::from_bits(*bits) == 0.0;
    let pruned = |of: &BTreeMap<String, Vec<u32>>| {
        of.iter().filter(|(name, _)| frozen.contains(*name)).flat_map(|(_, of)| of).filter(|bits| is_zero(bits)).count()
    };
    assert!(pruned(&after) > pruned(&before), "{} {}", pruned(&after), pruned(&before));
    for name in &frozen {
        let same = before[name].iter().zip(&after[name]).all(|(before, after)| before == after || is_zero(after));
        assert!(same, "{name} was moved");
    }
}

#[test]
fn half_the_rate_for_all_parts_is_half_the_learning_rate() {
    for kind in OptimizerKind::ALL {
        let halved = [ModelPart::Embeddings, layers(0, 1), ModelPart::Head].map(|part| group(part, 0.5)).to_vec();
        let mut by_groups = trainer(&small(kind, halved));
        let mut session = small(kind, Vec::new());
        session.set_knob("optimizer.learning_rate", 0.005);
        let mut by_rate = trainer(&session);
        assert_eq!(by_groups.pair.student.card.layers, 2);
        for _ in 0..5 {
            by_groups.advance().unwrap();
            by_rate.advance().unwrap();
        }
        assert_eq!(bits(&by_groups), bits(&by_rate), "{kind:?}");
    }
}

#[test]
fn the_length_of_the_gradient_is_that_of_what_learns() {
    let norm = |groups: Vec<LayerGroup>| {
        let stepped = trainer(&small(OptimizerKind::Sgd, groups)).advance().unwrap();
        stepped.values.iter().find(|(id, _)| id.to_string() == "train/grad_norm").unwrap().1
    };
    let whole = norm(Vec::new());
    let parts = [ModelPart::Embeddings, layers(0, 1), ModelPart::Head];
    let alone = |part: usize| {
        let others = (0..3).filter(|other| *other != part).map(|other| group(parts[other].clone(), 0.0));
        norm(others.collect())
    };
    let squares: f64 = (0..3).map(|part| alone(part).powi(2)).sum();
    assert!((squares.sqrt() - whole).abs() < 1e-4 * whole, "{} is not {whole}", squares.sqrt());
}

#[test]
fn groups_and_batches_per_step_are_set_from_outside_and_written_only_where_they_are_there() {
    let mut session = Session::built_in().unwrap();
    let plain = retort::session::file::to_text(&session).unwrap();
    assert!(!plain.contains("accumulate") && !plain.contains("groups"), "{plain}");
    session.assign("recipe.accumulate", "4").unwrap();
    session
        .assign("recipe.groups", "[(part: Layers(first: 0, last: 1), rate: 0), (part: Named(\"*bias\"), rate: 0.5)]")
        .unwrap();
    assert_eq!(session.recipe.accumulate, 4);
    assert_eq!(session.recipe.groups, [group(layers(0, 1), 0.0), group(named("*bias"), 0.5)]);
    session.assign("recipe.groups.0.rate", "0.25").unwrap();
    assert_eq!(session.recipe.groups[0].rate, 0.25);
    let refused = session.assign("recipe.groups", "[(part: Tail, rate: 0)]").unwrap_err().to_string();
    assert!(refused.contains("`Tail` is none of `Embeddings`"), "{refused}");
}
