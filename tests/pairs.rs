//! Two texts in one input: are they read as transformers reads them? Every number is held against those that
//! `golden/make_pairs.py` wrote.
#![cfg(feature = "engine")]

mod tiny;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use retort::engine::data::{Example, Fields, Layout};
use retort::engine::model::{DropoutRng, Model, Trace};
use retort::engine::task::{self, Sample, Task};
use retort::session::{Head, Init, Scoring};
use serde::Deserialize;
use serde_json::Value;
use tiny::{assert_close, flat};

/// Tolerance on logits.
const NEAR: f32 = 1e-4;

#[derive(Deserialize)]
struct Written {
    pairs: Vec<[String; 2]>,
    models: BTreeMap<String, OfModel>,
}

#[derive(Deserialize)]
struct OfModel {
    post_processor: Option<Value>,
    cut: Vec<Cut>,
    logits: Vec<Vec<f32>>,
}

#[derive(Deserialize)]
struct Cut {
    pair: usize,
    most: usize,
    ids: Vec<u32>,
    /// Empty where the tokenizer tells none.
    segments: Vec<u32>,
}

fn written() -> Written {
    serde_json::from_str(include_str!("golden/pairs.json")).unwrap()
}

/// A tiny model whose tokenizer has a template for two texts.
fn open(name: &str, of: &OfModel) -> Model {
    let home = tempfile::tempdir().unwrap();
    for file in ["config.json", "model.safetensors", "tokenizer.json"] {
        std::fs::copy(tiny::folder(name).join(file), home.path().join(file)).unwrap();
    }
    if let Some(processor) = &of.post_processor {
        let path = home.path().join("tokenizer.json");
        let mut tokenizer: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        tokenizer["post_processor"] = processor.clone();
        std::fs::write(&path, tokenizer.to_string()).unwrap();
    }
    tiny::open_folder(home.path(), Head::Classifier, Init::Stored, 0)
}

fn layout(has_pair: bool) -> Arc<Layout> {
    Arc::new(Layout { names: vec!["premise".to_owned(), "hypothesis".to_owned()], texts: 2, has_pair })
}

fn example(layout: &Arc<Layout>, [first, second]: &[String; 2]) -> Example {
    Example::of(&Fields::new(layout, &[first, second]))
}

fn task_of(model: &Model, layout: &Layout) -> Box<dyn Task> {
    task::for_model(model, &tiny::prompt(model, Scoring::Sum), &tiny::classes(), layout).unwrap()
}

fn samples(model: &Model, written: &Written) -> Vec<Sample> {
    let layout = layout(true);
    let task = task_of(model, &layout);
    written.pairs.iter().map(|pair| task.encode(model, &example(&layout, pair), 0).unwrap()).collect()
}

#[test]
fn two_texts_are_cut_longest_first_into_the_tokens_of_transformers() {
    let written = written();
    for (name, of) in &written.models {
        let model = open(name, of);
        for Cut { pair, most, ids, segments } in &of.cut {
            let [first, second] = &written.pairs[*pair];
            let ours = model.tokens.encode_two(first, second, *most).unwrap();
            assert_eq!(&ours.pieces.ids, ids, "{name}, pair {pair} in {most}");
            match segments.is_empty() {
                true => assert!(ours.segments.iter().all(|segment| *segment == 0), "{name}"),
                false => assert_eq!(&ours.segments, segments, "{name}, pair {pair} in {most}"),
            }
            let whole = model.tokens.encode_two(first, second, 1000).unwrap().pieces.ids.len();
            assert_eq!(ours.pieces.cut, whole - ids.len(), "{name}, pair {pair} in {most}");
        }
    }
}

#[test]
fn a_classifier_gives_a_padded_batch_of_pairs_the_logits_of_transformers() {
    let written = written();
    tiny::everywhere(|| {
        for (name, of) in &written.models {
            let model = open(name, of);
            let (task, samples) = (task_of(&model, &layout(true)), samples(&model, &written));
            for network in [model.tracked.as_ref(), model.detached.as_ref()] {
                let pass = tiny::pass(task.as_ref(), &model, network, &samples, &DropoutRng::none());
                assert_close(name, &flat(&pass.answers.logits.whole().unwrap()), &of.logits.concat(), NEAR);
            }
        }
    });
}

#[test]
fn a_pair_among_single_texts_is_read_as_it_is_alone() {
    let written = written();
    let model = open("bert_classifier", &written.models["bert_classifier"]);
    let task = task_of(&model, &layout(true));
    let single = task.encode(&model, &Example::unlabelled("a goal"), 0).unwrap();
    let pair = samples(&model, &written).swap_remove(1);
    assert!(single.passes[0].segments.is_empty() && pair.passes[0].segments.contains(&1));
    let batch = [&single, &pair];
    let network = model.detached.as_ref();
    let together = task.forward(&model, network, &batch, false, &mut Trace::none(), &DropoutRng::none()).unwrap();
    let alone: Vec<f32> = batch.iter().flat_map(|one| task.scores_alone(&model, one).unwrap()).collect();
    assert_close("in company", &flat(&together.answers.logits.whole().unwrap()), &alone, NEAR);
}

#[test]
fn only_an_encoder_with_a_classifier_reads_a_second_text_as_its_second_segment() {
    let pair = ["a goal".to_owned(), "tea".to_owned()];
    for (folder, head) in
        [("gpt2_classifier", Head::Classifier), ("t5_classifier", Head::Classifier), ("bert_masked", Head::LabelWords)]
    {
        let model = tiny::open_folder(&tiny::folder(folder), head, Init::Stored, 0);
        let read = |has_pair| {
            let layout = layout(has_pair);
            task_of(&model, &layout).encode(&model, &example(&layout, &pair), 0).unwrap()
        };
        assert_eq!(read(true), read(false), "{folder}");
        let whole = task_of(&model, &Layout::default());
        let text = Example::unlabelled("a goal\ntea");
        assert_eq!(read(true), whole.encode(&model, &text, 0).unwrap(), "{folder} reads {{text}}");
    }
}

#[test]
fn a_tokenizer_that_puts_nothing_between_two_texts_is_refused_with_a_way_out() {
    let model = tiny::open_folder(&tiny::folder("bert_classifier"), Head::Classifier, Init::Stored, 0);
    let layout = layout(true);
    let refused = task_of(&model, &layout).encode(&model, &example(&layout, &["a".to_owned(), "b".to_owned()]), 0);
    let said = refused.unwrap_err().to_string();
    assert!(said.contains("post_processor") && said.contains("second column as text"), "{said}");
}

#[test]
fn which_text_a_token_belongs_to_has_vectors_that_learn() {
    let written = written();
    let model = open("bert_classifier", &written.models["bert_classifier"]);
    let (task, samples) = (task_of(&model, &layout(true)), samples(&model, &written));
    let pass = tiny::pass(task.as_ref(), &model, model.tracked.as_ref(), &samples, &DropoutRng::none());
    let total = pass.answers.logits.whole().unwrap().sqr().unwrap().sum_all().unwrap();
    let gradients = tiny::gradients(&model, &total.backward().unwrap());
    let of_kinds = &gradients["bert.embeddings.token_type_embeddings.weight"];
    let (first, second) = of_kinds.split_at(of_kinds.len() / 2);
    assert!([first, second].iter().all(|row| row.iter().any(|slope| slope.abs() > 1e-6)), "{of_kinds:?}");
}

/// A path that is no folder of a model would pass every loop above.
#[test]
fn the_three_encoders_are_there() {
    let names: Vec<String> = written().models.into_keys().collect();
    assert_eq!(names, ["bert_classifier", "distilbert_classifier", "roberta_classifier"]);
    assert!(names.iter().all(|name| Path::new(&tiny::folder(name)).join("config.json").exists()));
}
