//! Does every model learn with all its weights? For every architecture under every top: no
//! variable without a gradient, examples that can be learned, padding that does not matter, and
//! two readings of one memory.
#![cfg(feature = "engine")]

mod tiny;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use candle_core::{Tensor, Var};
use retort::engine::data::{Fields, Layout};
use retort::engine::loss::ALPHA;
use retort::engine::model::attention::MASKED;
use retort::engine::model::{ARCHITECTURES, DropoutRng, HeadKind, Input, InputIds, Kind, KvCache, Model, Trace, ops};
use retort::engine::optim::{Optimizer, Settings};
use retort::engine::prompt::PreparedPrompt;
use retort::engine::task::{Sample, Task};
use retort::engine::teacher::{CachedTeacher, LocalTeacher, TargetCache};
use retort::session::{Head, Knobs, OptimizerKind, Scoring};
use tiny::{TEXTS, assert_close, flat, scalar};

const LABELS: [u32; 8] = [0, 1, 2, 3, 1, 0, 3, 2];

fn optimizer_of(model: &Model) -> Optimizer {
    let variables = model.weights.variables().iter().map(|(name, variable)| (name.clone(), variable.clone()));
    Optimizer::new(OptimizerKind::AdamW, variables.collect()).unwrap()
}

/// A distillation step's gradients by name.
fn gradients(model: &Model, task: &dyn Task, batch: &[Sample], noise: &DropoutRng) -> BTreeMap<String, Vec<f32>> {
    let pass = tiny::pass(task, model, model.tracked.as_ref(), batch, noise);
    let labels = &LABELS[..batch.len()];
    let mixed = tiny::distil(&pass, &tiny::teacher(batch.len()), labels, &Knobs::default());
    tiny::gradients(model, &ops::backward(&mixed.total).unwrap())
}

fn is_token_table(name: &str, model: &Model) -> bool {
    name.ends_with(model.architecture.heads.table)
}

fn ends_with(name: &str, table: Option<&str>) -> bool {
    table.is_some_and(|table| name.ends_with(table))
}

/// Rows of an embedding that a batch reads, or `None` where every row gets a gradient (or the
/// variable is none).
fn rows_read(name: &str, model: &Model, batch: &[Sample]) -> Option<BTreeSet<usize>> {
    let passes = || batch.iter().flat_map(|prepared| &prepared.passes);
    let words = model.top == HeadKind::Vocabulary;
    if ends_with(name, model.architecture.tables.positions) {
        let longest = passes().map(|pass| pass.ids.len()).max()?;
        // Label words stand behind the longest prompt, all but the last token of each.
        let behind = if words && model.architecture.causal() { longest_word(model) - 1 } else { 0 };
        let first = (model.architecture.first_position)(&model.config);
        Some((first..first + longest + behind).collect())
    } else if is_token_table(name, model) {
        let tied = words && !model.weights.variables().contains_key(model.architecture.heads.vocabulary);
        let ids = passes().flat_map(|pass| pass.ids.iter().copied());
        let written = if words && model.architecture.writes() { inner_tokens(model) } else { Vec::new() };
        let start = (model.architecture.kind == Kind::EncoderDecoder).then(|| model.start());
        (!tied).then(|| ids.chain(written).chain(start).map(|id| id as usize).collect())
    } else {
        ends_with(name, model.architecture.tables.segments).then(|| BTreeSet::from([0]))
    }
}

/// Tokens of the label words, as they stand behind a prompt or alone.
fn words_of(model: &Model) -> Vec<Vec<u32>> {
    let prompt = tiny::prompt(model, Scoring::Sum);
    PreparedPrompt::new(&prompt, &tiny::classes(), model, &Layout::default()).unwrap().words().cloned().collect()
}

fn longest_word(model: &Model) -> usize {
    words_of(model).iter().map(Vec::len).max().unwrap()
}

/// All tokens that a further one is predicted behind.
fn inner_tokens(model: &Model) -> Vec<u32> {
    words_of(model).iter().flat_map(|word| word[..word.len() - 1].to_vec()).collect()
}

/// A key bias adds the same to every score of a query, so its true gradient is 0; behind a rotary
/// position it does not.
fn has_no_effect(name: &str) -> bool {
    name.ends_with("key.bias") || name.ends_with("k_lin.bias")
}

fn check_gradient(what: &str, gradient: &[f32], width: usize, rows: Option<&BTreeSet<usize>>) {
    assert!(!gradient.is_empty(), "{what} gets no gradient: something cuts the graph");
    assert!(gradient.iter().all(|value| value.is_finite()), "{what}");
    for (row, values) in gradient.chunks(width).enumerate() {
        let moves = values.iter().any(|value| *value != 0.0);
        let expected = rows.is_none_or(|rows| rows.contains(&row));
        assert_eq!(moves, expected, "{what}, row {row}: moves, expected");
    }
}

#[test]
fn every_variable_of_every_architecture_gets_a_gradient() {
    tiny::everywhere(|| {
        for (what, model) in tiny::everything(1) {
            let task = tiny::task_of(&model);
            let batch = tiny::prepare(task.as_ref(), &model, &TEXTS);
            for (noise, kind) in [(DropoutRng::none(), "without dropout"), (DropoutRng::seeded(5), "with dropout")] {
                let found = gradients(&model, task.as_ref(), &batch, &noise);
                assert_eq!(found.len(), model.weights.variables().len());
                for (name, gradient) in found {
                    let what = format!("{what}, {kind}, {name}");
                    if has_no_effect(&name) {
                        let size = gradient.iter().fold(0f32, |size, value| size.max(value.abs()));
                        assert!(!gradient.is_empty() && size < 1e-6, "{what}: {size}");
                        continue;
                    }
                    let dims = model.weights.variables()[&name].dims().to_vec();
                    let rows = rows_read(&name, &model, &batch);
                    // Within a matrix a row may rightly rest (a dead ReLU); within a table it may not.
                    let width =
                        if rows.is_some() || is_token_table(&name, &model) { dims[1] } else { gradient.len().max(1) };
                    check_gradient(&what, &gradient, width, rows.as_ref());
                }
            }
        }
    });
}

#[test]
fn eight_examples_are_learned_by_heart() {
    tiny::everywhere(|| {
        for (what, model) in tiny::everything(2) {
            let task = tiny::task_of(&model);
            let batch = tiny::prepare(task.as_ref(), &model, &TEXTS);
            let (knobs, mut optimizer) = (tiny::knobs(&[(&ALPHA, 1.0)]), optimizer_of(&model));
            let mut losses = Vec::new();
            for _ in 0..150 {
                let pass = tiny::pass(task.as_ref(), &model, model.tracked.as_ref(), &batch, &DropoutRng::none());
                let mixed = tiny::distil(&pass, &tiny::teacher(8), &LABELS, &knobs);
                losses.push(scalar(&mixed.total));
                optimizer.step(&ops::backward(&mixed.total).unwrap(), 5e-3, &Settings::default()).unwrap();
                if losses.last().is_some_and(|loss| *loss < 0.01) {
                    break;
                }
            }
            let (first, last) = (losses[0], losses[losses.len() - 1]);
            assert!(first > 0.5 && last < 0.01, "{what}: from {first} to {last} in {} steps", losses.len());
        }
    });
}

#[test]
fn the_short_way_gives_the_gradients_of_the_long_one() {
    for (what, model) in tiny::everything(5) {
        let task = tiny::task_of(&model);
        let batch = tiny::prepare(task.as_ref(), &model, &TEXTS);
        let pass = tiny::pass(task.as_ref(), &model, model.tracked.as_ref(), &batch, &DropoutRng::none());
        let mixed = tiny::distil(&pass, &tiny::teacher(batch.len()), &LABELS, &Knobs::default());
        let short = tiny::gradients(&model, &ops::backward(&mixed.total).unwrap());
        let long = tiny::gradients(&model, &mixed.total.backward().unwrap());
        for (name, gradient) in &long {
            tiny::assert_close(&format!("{what} {name}"), &short[name], gradient, 1e-6);
        }
    }
}

#[test]
fn a_student_that_equals_its_teacher_has_nothing_to_learn() {
    for (what, model) in tiny::everything(3) {
        let task = tiny::task_of(&model);
        let batch = tiny::prepare(task.as_ref(), &model, &TEXTS);
        let examples: Vec<&Sample> = batch.iter().collect();
        let answers = retort::engine::task::log_probabilities(&model, task.as_ref(), &examples).unwrap();
        let teacher = Tensor::from_vec(answers.concat(), (8, tiny::CLASSES.len()), &tiny::device()).unwrap();
        let pass = tiny::pass(task.as_ref(), &model, model.tracked.as_ref(), &batch, &DropoutRng::none());
        let largest = |teacher: &Tensor| {
            let mixed = tiny::distil(&pass, teacher, &LABELS, &tiny::knobs(&[(&ALPHA, 0.0)]));
            let found = tiny::gradients(&model, &ops::backward(&mixed.total).unwrap());
            (scalar(&mixed.total), found.values().flatten().fold(0f32, |most, value| most.max(value.abs())))
        };
        let ((loss, gradient), (other_loss, other_gradient)) = (largest(&teacher), largest(&tiny::teacher(8)));
        // The kernel writes the divergence so that nothing cancels; off the processor it is summed as it stands.
        let most = if tiny::device().is_cpu() { 1e-8 } else { 1e-6 };
        assert!(loss.abs() < most && gradient < 1e-4, "{what}: loss {loss}, gradient {gradient}");
        assert!(other_loss > 1e-2 && other_gradient > 1e-2, "{what}: another teacher teaches");
    }
}

#[test]
fn a_padded_batch_gives_the_same_scores_as_each_row_alone() {
    tiny::everywhere(|| {
        for (what, model) in tiny::everything(4) {
            let task = tiny::task_of(&model);
            let batch = tiny::prepare(task.as_ref(), &model, &TEXTS);
            for network in [&model.tracked, &model.detached] {
                let scores = |rows: &[Sample]| {
                    tiny::pass(task.as_ref(), &model, network.as_ref(), rows, &DropoutRng::none())
                        .answers
                        .logits
                        .whole()
                        .unwrap()
                };
                let together = flat(&scores(&batch));
                let alone: Vec<f32> = batch.chunks(1).flat_map(|row| flat(&scores(row))).collect();
                assert_close(&what, &together, &alone, 1e-5);
                let turned: Vec<Sample> = batch.iter().rev().cloned().collect();
                let turned =
                    flat(&scores(&turned)).chunks(tiny::CLASSES.len()).rev().flatten().copied().collect::<Vec<f32>>();
                assert_close(&format!("{what}, turned round"), &turned, &together, 1e-5);
            }
        }
    });
}

#[test]
fn what_stands_in_the_padding_does_not_matter() {
    for (what, model) in tiny::everything(5) {
        let rows: [&[u32]; 3] = [&[7, 8, 9, 10, 11, 12], &[9], &[12, 11, 10]];
        let input = model.input(&rows).unwrap();
        let ids = flat(&input.ids.to_dtype(candle_core::DType::F32).unwrap());
        let other: Vec<u32> = ids
            .iter()
            .enumerate()
            .map(|(i, id)| if i % 6 < rows[i / 6].len() { *id as u32 } else { 20 + i as u32 })
            .collect();
        let other = InputIds { ids: Tensor::from_vec(other, (3, 6), &tiny::device()).unwrap(), ..copy(&input) };
        let states = |input: &InputIds| {
            model
                .detached
                .encode(&model.detached.embed(input).unwrap(), &mut Trace::none(), &DropoutRng::none())
                .unwrap()
        };
        let (ours, theirs) = (states(&input), states(&other));
        for (row, ids) in rows.iter().enumerate() {
            let real = |states: &Tensor| flat(&states.get(row).unwrap().narrow(0, 0, ids.len()).unwrap());
            assert_eq!(real(&ours), real(&theirs), "{what}, row {row}");
        }
        assert_ne!(flat(&ours), flat(&theirs), "{what}: the padding was another");
    }
}

/// What stands between ids and trunk can be changed, and asked for its gradient, without the trunk's help.
#[test]
fn vectors_in_the_place_of_ids_are_read_as_they_are_and_get_a_gradient() {
    tiny::everywhere(|| {
        for (what, model) in tiny::everything(11) {
            let network = model.detached.as_ref();
            let ids = model.input(&[&[7, 8, 9, 10], &[12, 11]]).unwrap();
            let read = |input: &Input| network.encode(input, &mut Trace::none(), &DropoutRng::none()).unwrap();
            let states = flat(&read(&network.embed(&ids).unwrap()));

            let mut free = network.embed(&ids).unwrap();
            let vectors = Var::from_tensor(&free.embeddings).unwrap();
            free.embeddings = vectors.as_tensor().clone();
            let ours = read(&free);
            // Without kernels what records nothing takes shorter ways.
            assert_close(&format!("{what}: the same vectors"), &flat(&ours), &states, 1e-5);
            let store = ops::backward(&ours.sqr().unwrap().sum_all().unwrap()).unwrap();
            let gradient = flat(store.get(&vectors).unwrap_or_else(|| panic!("{what}: the vectors get no gradient")));
            let width = model.architecture.width(&model.config);
            for (token, values) in gradient.chunks(width).enumerate().filter(|(token, _)| *token < 6) {
                assert!(values.iter().any(|value| *value != 0.0), "{what}: token {token} rests");
            }

            // The first token alone: every architecture reads it from every other.
            let one = Tensor::ones((2, 1, width), vectors.dtype(), vectors.device()).unwrap();
            let rest = vectors.narrow(1, 1, 3).unwrap();
            let first = (vectors.narrow(1, 0, 1).unwrap() + one).unwrap();
            free.embeddings = Tensor::cat(&[first, rest], 1).unwrap();
            let other = flat(&read(&free));
            assert!(other.chunks(width).zip(states.chunks(width)).all(|(a, b)| a != b), "{what}: another vector");
        }
    });
}

/// As above, of what a decoder writes: in one pass and token by token.
#[test]
fn a_decoder_writes_on_from_vectors_too() {
    for architecture in ARCHITECTURES.iter().filter(|architecture| architecture.writes()) {
        let model = tiny::fresh(architecture, Head::LabelWords, 12);
        let network = model.detached.as_ref();
        let text = network.embed(&model.input(&[&[7, 8, 9]]).unwrap()).unwrap();
        let states = network.encode(&text, &mut Trace::none(), &DropoutRng::none()).unwrap();
        let read = (architecture.kind == Kind::EncoderDecoder).then_some((&states, &text.mask));
        let step = |shift: f64| {
            let mut new = network.embed(&model.behind(0, &[5, 6]).unwrap()).unwrap();
            new.embeddings = (new.embeddings + shift).unwrap();
            flat(&network.decode_step(&new, read, &mut KvCache::default()).unwrap())
        };
        let (same, other) = (step(0.0), step(1.0));
        assert!(same.iter().all(|value| value.is_finite()), "{}", architecture.id);
        assert_ne!(same, other, "{}", architecture.id);
    }
}

fn copy(input: &InputIds) -> InputIds {
    InputIds { ids: input.ids.clone(), positions: input.positions.clone(), mask: input.mask.clone(), segments: None }
}

#[test]
fn a_causal_model_does_not_look_ahead_and_a_bidirectional_one_does() {
    for (what, model) in tiny::everything(6) {
        let states = |last: u32| {
            let row: &[u32] = &[7, 8, 9, last];
            let input = model.detached.embed(&model.input(&[row]).unwrap()).unwrap();
            let hidden = model.detached.encode(&input, &mut Trace::none(), &DropoutRng::none()).unwrap();
            flat(&hidden.get(0).unwrap().narrow(0, 0, 3).unwrap())
        };
        assert_eq!(states(10) == states(11), model.architecture.causal(), "{what}");
    }
    for architecture in ARCHITECTURES {
        let model = tiny::fresh(architecture, Head::LabelWords, 6);
        let rows: [&[u32]; 2] = [&[7, 8, 9], &[7]];
        let mask = flat(&model.input(&rows).unwrap().mask);
        assert!(mask.contains(&0.0) && mask.contains(&MASKED) && mask.iter().all(|cell| cell.is_finite()));
    }
}

#[test]
fn the_detached_reading_follows_the_optimiser_and_records_no_graph() {
    for (what, model) in tiny::everything(7) {
        let task = tiny::task_of(&model);
        let batch = tiny::prepare(task.as_ref(), &model, &TEXTS[..4]);
        let mut optimizer = optimizer_of(&model);
        let read = |network: &dyn retort::engine::model::Network| {
            tiny::pass(task.as_ref(), &model, network, &batch, &DropoutRng::none()).answers.logits.whole().unwrap()
        };
        let before = flat(&read(model.detached.as_ref()));
        for _ in 0..2 {
            let pass = tiny::pass(task.as_ref(), &model, model.tracked.as_ref(), &batch, &DropoutRng::none());
            let mixed = tiny::distil(&pass, &tiny::teacher(4), &LABELS[..4], &Knobs::default());
            optimizer.step(&ops::backward(&mixed.total).unwrap(), 1e-2, &Settings::default()).unwrap();
        }
        let (tracked, detached) = (read(model.tracked.as_ref()), read(model.detached.as_ref()));
        // Without a graph a card takes shorter ways.
        let most = if tiny::device().is_cpu() { 0.0 } else { 1e-5 };
        assert_close(&what, &flat(&tracked), &flat(&detached), most);
        assert_ne!(flat(&detached), before, "{what}: the weights moved");
        assert!(tracked.track_op() && !detached.track_op(), "{what}");
        let found = tiny::gradients(&model, &detached.sum_all().unwrap().backward().unwrap());
        assert!(found.values().all(Vec::is_empty), "{what}: no gradient leaves the detached reading");
    }
}

#[test]
fn dropout_acts_in_training_only_and_is_the_same_for_the_same_seed() {
    for (what, model) in tiny::everything(8) {
        let task = tiny::task_of(&model);
        let batch = tiny::prepare(task.as_ref(), &model, &TEXTS[..4]);
        let scores = |noise: DropoutRng| {
            // Unseen by the compiler: optimised, it takes two equal ones in one function for one (rustc 1.95).
            let noise = std::hint::black_box(noise);
            flat(
                &tiny::pass(task.as_ref(), &model, model.tracked.as_ref(), &batch, &noise)
                    .answers
                    .logits
                    .whole()
                    .unwrap(),
            )
        };
        assert_eq!(scores(DropoutRng::none()), scores(DropoutRng::none()), "{what}");
        assert_eq!(scores(DropoutRng::seeded(3)), scores(DropoutRng::seeded(3)), "{what}");
        assert_ne!(scores(DropoutRng::seeded(3)), scores(DropoutRng::seeded(4)), "{what}");
        assert_ne!(scores(DropoutRng::seeded(3)), scores(DropoutRng::none()), "{what}");
    }
}

#[test]
fn fresh_weights_depend_on_the_seed_alone() {
    for architecture in ARCHITECTURES {
        let values = |head, seed| -> BTreeMap<String, Vec<f32>> {
            let model = tiny::fresh(architecture, head, seed);
            model.weights.variables().iter().map(|(name, variable)| (name.clone(), flat(variable))).collect()
        };
        let (classes, again, words) =
            (values(Head::Classifier, 1), values(Head::Classifier, 1), values(Head::LabelWords, 1));
        assert_eq!(classes, again);
        let shared = || classes.iter().filter_map(|(name, values)| Some((values, words.get(name)?)));
        assert!(shared().all(|(a, b)| a == b), "another top changes no tensor of the trunk");
        // T5's trunk has another name below a classifier, and fresh weights are drawn by name.
        assert_eq!(shared().count() > 10, architecture.kind != Kind::EncoderDecoder, "{}", architecture.id);
        let other = values(Head::Classifier, 2);
        let drawn =
            |(name, values): &(&String, &Vec<f32>)| values.iter().any(|v| *v != 0.0 && *v != 1.0) && !name.is_empty();
        assert!(classes.iter().filter(drawn).all(|(name, values)| other[name] != *values));
    }
}

fn cached_teacher(head: Head) -> Vec<(String, CachedTeacher)> {
    let teach = |architecture: &'static retort::engine::model::Architecture| {
        let model = Arc::new(tiny::fresh(architecture, head, 9));
        let prompt = tiny::prompt(&model, Scoring::Sum);
        let teacher = LocalTeacher::new(model, &prompt, &tiny::classes(), &Layout::default()).unwrap();
        (architecture.id.to_owned(), CachedTeacher::new(teacher, TargetCache::in_memory()))
    };
    ARCHITECTURES.iter().map(teach).collect()
}

#[test]
fn soft_targets_are_the_same_numbers_in_whatever_order_and_company_they_are_asked_for() {
    for head in [Head::Classifier, Head::LabelWords] {
        let teachers = || cached_teacher(head).into_iter();
        for (((what, mut whole), (_, mut single)), (_, mut mixed)) in teachers().zip(teachers()).zip(teachers()) {
            let bits = |targets: &mut CachedTeacher, texts: &[&str]| -> Vec<Vec<u32>> {
                let texts: Vec<Fields> = texts.iter().map(|text| Fields::text(*text)).collect();
                let answers = targets.predict(&texts).unwrap();
                answers.iter().map(|answer| answer.iter().map(|value| value.to_bits()).collect()).collect()
            };
            let together = bits(&mut whole, &TEXTS);
            let alone: Vec<_> = TEXTS.iter().flat_map(|text| bits(&mut single, &[text])).collect();
            assert_eq!(together, alone, "{what}");
            let order = [5, 2, 2, 7, 0, 5];
            let texts = order.map(|index| TEXTS[index]);
            let expected: Vec<_> = order.iter().map(|index| together[*index].clone()).collect();
            assert_eq!(bits(&mut mixed, &texts), expected, "{what}, doubled and shuffled");
            assert_eq!(bits(&mut mixed, &TEXTS), together, "{what}, partly known");
            assert_eq!(bits(&mut mixed, &[]), Vec::<Vec<u32>>::new());
            for answer in whole.predict(&TEXTS.map(Fields::text)).unwrap() {
                assert!((answer.iter().map(|log| f64::from(*log).exp()).sum::<f64>() - 1.0).abs() < 1e-5, "{what}");
            }
        }
    }
}

#[test]
fn cached_targets_agree_with_a_pass_over_the_whole_batch() {
    for (what, mut targets) in cached_teacher(Head::LabelWords) {
        let architecture = ARCHITECTURES.iter().find(|architecture| architecture.id == what).unwrap();
        let model = tiny::fresh(architecture, Head::LabelWords, 9);
        let task = tiny::task_of(&model);
        let batch = tiny::prepare(task.as_ref(), &model, &TEXTS);
        let scores = tiny::pass(task.as_ref(), &model, model.detached.as_ref(), &batch, &DropoutRng::none())
            .answers
            .logits
            .whole()
            .unwrap();
        let answers: Vec<f32> =
            targets.predict(&TEXTS.map(Fields::text)).unwrap().iter().flat_map(|answer| answer.to_vec()).collect();
        assert_close(&what, &answers, &flat(&ops::log_softmax(&scores).unwrap()), 1e-4);
    }
}
