//! Checkpoints as people have them: without a prefix, with old names, without a head, with a
//! configuration in an older form; and those that must be refused, with the reason.
#![cfg(feature = "engine")]

mod tiny;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use candle_core::{Device, Tensor};
use retort::engine::model::save::serialize;
use retort::engine::model::{self, ARCHITECTURES, DropoutRng, HeadKind, Kind, Model, Trace};
use retort::session::{Head, Init, ModelChoice, Source};
use serde_json::{Value, json};
use tiny::flat;

/// A golden folder, changed on its way into another.
fn changed(
    name: &str,
    into: &Path,
    rename: impl Fn(&str) -> Option<String>,
    configure: impl Fn(&mut serde_json::Map<String, Value>),
) {
    let from = tiny::folder(name);
    let tensors = candle_core::safetensors::load(from.join("model.safetensors"), &Device::Cpu).unwrap();
    let kept: BTreeMap<String, Tensor> =
        tensors.into_iter().filter_map(|(name, tensor)| Some((rename(&name)?, tensor))).collect();
    let views = kept.iter().map(|(name, tensor)| (name.as_str(), tensor.clone())).collect();
    std::fs::write(into.join("model.safetensors"), serialize(&views).unwrap()).unwrap();
    let text = std::fs::read_to_string(from.join("config.json")).unwrap();
    let mut config: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    configure(&mut config);
    std::fs::write(into.join("config.json"), serde_json::to_string(&config).unwrap()).unwrap();
    std::fs::copy(from.join("tokenizer.json"), into.join("tokenizer.json")).unwrap();
}

fn open(folder: &Path, head: Head) -> Result<Model, model::ModelError> {
    let choice = ModelChoice { init: Init::Stored, head, ..ModelChoice::stored(Source::Folder(folder.to_owned())) };
    model::open(&choice, tiny::CLASSES.len(), 3, &Device::Cpu)
}

/// What pruning, making and reading other files go by is what the network is built of.
#[test]
fn every_part_that_an_architecture_names_is_a_tensor_of_every_layer() {
    for (what, model) in tiny::everything(3) {
        let (architecture, config) = (model.architecture, &model.config);
        let (width, inner) = (architecture.width(config), architecture.inner(config));
        let head_dim = architecture.head_dim(config).unwrap();
        let query = architecture.attention_heads(config) * head_dim;
        let key = architecture.kv_heads(config).unwrap() * head_dim;
        let names: Vec<&String> = model.weights.variables().keys().collect();
        let mut seen = BTreeSet::new();
        for stack in architecture.stacks {
            let depth = architecture.layers_of(stack, config).unwrap();
            assert!(depth > 0, "{what}");
            let mut check = |layer: usize, part: &str, shape: &[usize]| {
                let end = format!("{}{layer}.{part}.weight", stack.marker);
                let name = names.iter().find(|name| name.ends_with(&end)).unwrap_or_else(|| panic!("{what}: {end}"));
                let mut real = model.weights.variables()[*name].dims().to_vec();
                if stack.transposed {
                    real.reverse();
                }
                assert_eq!(real, shape, "{what}: {name}");
                assert_eq!(architecture.is_prunable(name, shape.len()), shape.len() == 2, "{what}: {name}");
                seen.insert((*name).clone());
            };
            for layer in 0..depth {
                for attention in [Some(&stack.names.attention), stack.names.cross.as_ref()].into_iter().flatten() {
                    if attention.query == attention.key {
                        check(layer, attention.query, &[query + 2 * key, width]);
                    } else {
                        check(layer, attention.query, &[query, width]);
                        check(layer, attention.key, &[key, width]);
                        check(layer, attention.value, &[key, width]);
                    }
                    check(layer, attention.output, &[width, query]);
                    check(layer, attention.norm, &[width]);
                    let normed = |norm: &&str| names.iter().any(|name| name.ends_with(&format!("{norm}.weight")));
                    let norms = attention.head_norms.into_iter().flatten().filter(normed);
                    norms.for_each(|norm| check(layer, norm, &[head_dim]));
                }
                let fed = stack.names.feed_forward;
                let is_there = |part: &&str| names.iter().any(|name| name.ends_with(&format!("{part}.weight")));
                let gate = fed.gate.filter(is_there);
                let up = gate.and(fed.gated_up).unwrap_or(fed.up);
                gate.into_iter().chain([up]).for_each(|part| check(layer, part, &[inner, width]));
                check(layer, fed.down, &[width, inner]);
                check(layer, fed.norm, &[width]);
            }
        }
        let inside = |name: &&&String| architecture.stacks.iter().any(|stack| stack.layer_of(name).is_some());
        let weights = names.iter().filter(inside).filter(|name| name.ends_with(".weight"));
        let shared = |name: &str| architecture.stacks.iter().any(|stack| stack.is_shared(name));
        let unnamed: Vec<_> = weights.filter(|name| !seen.contains(**name) && !shared(name)).collect();
        assert!(unnamed.is_empty(), "{what}: {unnamed:?}");
        assert!(names.iter().any(|name| name.ends_with(architecture.heads.table)), "{what}");
    }
}

/// Numbers that show every weight of the trunk and of the top.
fn shown(model: &Model) -> Vec<f32> {
    let rows: [&[u32]; 2] = [&[7, 8, 9, 10, 11], &[9, 2]];
    let input = model.input(&rows).unwrap();
    let (network, mut trace, noise) = (model.detached.as_ref(), Trace::none(), DropoutRng::none());
    let hidden = network.encode(&network.embed(&input).unwrap(), &mut trace, &noise).unwrap();
    match model.top {
        HeadKind::Classes(_) => flat(&network.classify(&hidden, &[4, 1], &noise).unwrap()),
        HeadKind::Vocabulary => {
            let hidden = match model.architecture.kind {
                Kind::EncoderDecoder => {
                    let written = model.written(&rows).unwrap();
                    network.decode(&hidden, &input.mask, &network.embed(&written).unwrap(), &mut trace, &noise).unwrap()
                }
                _ => hidden,
            };
            flat(&network.vocabulary(&hidden.get(0).unwrap()).unwrap())
        }
    }
}

fn head_of(name: &str) -> Head {
    if name.ends_with("classifier") { Head::Classifier } else { Head::LabelWords }
}

/// Every golden folder of an architecture that can lack a prefix, and that prefix.
const PREFIXED: [(&str, &str); 10] = [
    ("bert_classifier", "bert."),
    ("distilbert_masked", "distilbert."),
    ("roberta_classifier", "roberta."),
    ("roberta_masked", "roberta."),
    ("gpt2", "transformer."),
    ("llama", "model."),
    ("mistral", "model."),
    ("qwen2", "model."),
    ("qwen3", "model."),
    ("t5_classifier", "transformer."),
];

#[test]
fn a_checkpoint_without_its_prefix_is_the_same_model() {
    for (name, prefix) in PREFIXED {
        let folder = tempfile::tempdir().unwrap();
        let mut cut = std::cell::Cell::new(0);
        let strip = |name: &str| {
            cut.set(cut.get() + usize::from(name.starts_with(prefix)));
            Some(name.strip_prefix(prefix).unwrap_or(name).to_owned())
        };
        changed(name, folder.path(), strip, |_| ());
        assert!(*cut.get_mut() > 10, "{name} has names with {prefix}");
        let (whole, bare) =
            (open(&tiny::folder(name), head_of(name)).unwrap(), open(folder.path(), head_of(name)).unwrap());
        assert_eq!(shown(&bare), shown(&whole), "{name}");
        assert_eq!(bare.card.notes, Vec::<retort::session::Sentence>::new(), "{name}");
    }
}

#[test]
fn gamma_and_beta_are_weight_and_bias() {
    for name in ["bert_classifier", "roberta_masked", "distilbert_classifier"] {
        let folder = tempfile::tempdir().unwrap();
        let old = |name: &str| {
            Some(name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"))
        };
        changed(name, folder.path(), old, |_| ());
        let (new, old) =
            (open(&tiny::folder(name), head_of(name)).unwrap(), open(folder.path(), head_of(name)).unwrap());
        assert_eq!(shown(&old), shown(&new), "{name}");
        assert_eq!(old.card.notes, Vec::<retort::session::Sentence>::new(), "{name}");
    }
}

#[test]
fn a_trunk_without_a_head_gets_one_and_says_so() {
    let bare = [
        ("bert_classifier", "bert.", Head::Classifier, "classifier.weight"),
        ("distilbert_classifier", "distilbert.", Head::Classifier, "pre_classifier.weight"),
        ("distilbert_masked", "distilbert.", Head::LabelWords, "vocab_transform.weight"),
        ("roberta_classifier", "roberta.", Head::Classifier, "classifier.dense.weight"),
        ("roberta_masked", "roberta.", Head::LabelWords, "lm_head.dense.weight"),
        ("llama", "model.", Head::LabelWords, "lm_head.weight"),
        ("llama", "model.", Head::Classifier, "score.weight"),
        ("t5", "", Head::Classifier, "classification_head.dense.weight"),
    ];
    for (name, prefix, head, added) in bare {
        let folder = tempfile::tempdir().unwrap();
        let trunk = |name: &str| name.strip_prefix(prefix).filter(|rest| *rest != "lm_head.weight").map(str::to_owned);
        changed(name, folder.path(), trunk, |_| ());
        let model = open(folder.path(), head).unwrap();
        let notes = retort::session::Sentence::joined(model.card.notes.clone(), "; ");
        assert!(notes.contains("random weights") && notes.contains(added), "{name}: {notes}");
        assert!(shown(&model).iter().all(|value| value.is_finite()));
    }
}

#[test]
fn a_model_with_another_head_than_it_was_saved_with_keeps_its_trunk() {
    let model = open(&tiny::folder("t5_classifier"), Head::LabelWords).unwrap();
    let whole = open(&tiny::folder("t5_classifier"), Head::Classifier).unwrap();
    let values = |model: &Model, name: &str| flat(&model.weights.variables()[name]);
    assert_eq!(values(&model, "shared.weight"), values(&whole, "transformer.shared.weight"));
    assert_eq!(model.card.notes.len(), 1, "{:?}", model.card.notes);
    assert!(model.card.notes[0].contains("classification_head"), "only the other head is left over");
}

#[test]
fn a_t5_of_version_1_1_in_the_form_of_transformers_5_keeps_its_own_head() {
    let folder = tempfile::tempdir().unwrap();
    let same = |name: &str| Some(name.to_owned());
    changed("t5_v11", folder.path(), same, |config| {
        config.insert("tie_word_embeddings".into(), json!(true));
        config.insert("scale_decoder_outputs".into(), json!(false));
    });
    let (old, new) = (open(&tiny::folder("t5_v11"), Head::LabelWords), open(folder.path(), Head::LabelWords));
    assert_eq!(shown(&old.unwrap()), shown(&new.unwrap()));
    changed("t5_v11", folder.path(), same, |config| {
        config.insert("tie_word_embeddings".into(), json!(true));
    });
    let apart = open(folder.path(), Head::LabelWords).unwrap();
    assert!(apart.weights.variables().contains_key("lm_head.weight"), "what is stored as another matrix is one");
    let without = |name: &str| Some(name.to_owned()).filter(|name| name != "lm_head.weight");
    changed("t5_v11", folder.path(), without, |_| ());
    let tied = open(folder.path(), Head::LabelWords).unwrap();
    assert!(!tied.weights.variables().contains_key("lm_head.weight"), "tied where none is stored");
}

#[test]
fn tied_weights_are_stored_once() {
    for (name, head) in [("qwen2", "lm_head.weight"), ("t5", "lm_head.weight"), ("gpt2", "lm_head.weight")] {
        let model = open(&tiny::folder(name), Head::LabelWords).unwrap();
        let folder = tempfile::tempdir().unwrap();
        model.save(folder.path(), &tiny::classes()).unwrap();
        let stored = candle_core::safetensors::load(folder.path().join("model.safetensors"), &Device::Cpu).unwrap();
        assert!(!stored.contains_key(head) && stored.len() == model.weights.variables().len(), "{name}");
    }
    let own = open(&tiny::folder("llama"), Head::LabelWords).unwrap();
    assert!(own.weights.variables().contains_key("lm_head.weight"));
}

#[test]
fn an_unknown_architecture_is_refused_by_name_with_the_known_ones() {
    let folder = tempfile::tempdir().unwrap();
    changed(
        "bert_classifier",
        folder.path(),
        |name| Some(name.to_owned()),
        |config| {
            config.insert("model_type".into(), json!("mamba"));
        },
    );
    let Err(refused) = open(folder.path(), Head::Classifier) else { panic!("mamba was opened") };
    let text = refused.to_string();
    assert!(text.contains("\"mamba\"") && ARCHITECTURES.iter().all(|known| text.contains(known.id)), "{text}");
    assert!(ARCHITECTURES.len() >= 9);
}

#[test]
fn configurations_that_mean_another_network_are_refused_in_words() {
    let refused: [(&str, &str, Value, &str); 13] = [
        ("llama", "rope_parameters", json!({"rope_type": "yarn", "factor": 2.0}), "yarn"),
        ("llama", "rope_parameters", json!({"full_attention": {"rope_theta": 1e4}}), "each kind of layer"),
        ("llama", "rope_parameters", json!({"rope_type": "linear"}), "factor"),
        ("llama", "rope_parameters", json!({"partial_rotary_factor": 0.5}), "partial_rotary_factor"),
        ("llama", "rope_parameters", json!(3), "rope_parameters"),
        ("llama", "num_key_value_heads", json!(3), "num_key_value_heads"),
        ("llama", "head_dim", json!(5), "even"),
        ("llama", "hidden_act", json!("mish"), "mish"),
        ("qwen2", "layer_types", json!(["full_attention", "linear_attention"]), "linear_attention"),
        ("qwen2", "layer_types", json!(["full_attention"]), "layer_types"),
        ("t5", "relative_attention_max_distance", json!(2), "relative_attention_max_distance"),
        ("t5", "feed_forward_proj", json!("gated-mish"), "mish"),
        ("roberta_masked", "position_embedding_type", json!("relative_key"), "position_embedding_type"),
    ];
    for (name, field, value, named) in refused {
        let folder = tempfile::tempdir().unwrap();
        changed(
            name,
            folder.path(),
            |name| Some(name.to_owned()),
            |config| {
                config.insert(field.into(), value.clone());
            },
        );
        let Err(error) = open(folder.path(), head_of(name)) else { panic!("{name} with {field} {value} was opened") };
        assert!(error.to_string().contains(named), "{name} with {field} {value}: {error}");
    }
}

#[test]
fn a_field_that_is_missing_means_what_it_means_to_transformers() {
    let without = |name: &str, fields: &[(&str, Value)], gone: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        changed(
            name,
            folder.path(),
            |name| Some(name.to_owned()),
            |config| {
                gone.iter().for_each(|field| drop(config.remove(*field)));
                fields.iter().for_each(|(field, value)| drop(config.insert((*field).into(), value.clone())));
            },
        );
        shown(&open(folder.path(), head_of(name)).unwrap())
    };
    let as_given = |name: &str| shown(&open(&tiny::folder(name), head_of(name)).unwrap());
    // Rotary positions in the older place; layers with a window counted instead of named.
    let scaling = json!({"type": "llama3", "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 32});
    let old = [("rope_theta", json!(300.0)), ("rope_scaling", scaling)];
    assert_eq!(without("llama", &old, &["rope_parameters", "head_dim"]), as_given("llama"));
    assert_eq!(without("qwen2", &[], &["layer_types"]), as_given("qwen2"));
    assert_ne!(without("qwen2", &[("sliding_window", json!(2))], &[]), as_given("qwen2"));
    assert_eq!(
        without("qwen2", &[("sliding_window", json!(2)), ("use_sliding_window", json!(false))], &[]),
        as_given("qwen2")
    );
    assert_eq!(
        without("mistral", &[("sliding_window", Value::Null)], &[]),
        as_given("mistral"),
        "five tokens need no window"
    );
    assert_ne!(without("mistral", &[("sliding_window", json!(3))], &[]), as_given("mistral"));
    assert_ne!(without("llama", &[("rope_theta", json!(300.0))], &["rope_parameters"]), as_given("llama"));
}

#[test]
fn what_a_model_cannot_do_is_an_error() {
    let encoder = open(&tiny::folder("bert_masked"), Head::LabelWords).unwrap();
    let reads = |model: &Model| {
        let input = model.input(&[&[7, 8]]).unwrap();
        let hidden = model
            .detached
            .encode(&model.detached.embed(&input).unwrap(), &mut Trace::none(), &DropoutRng::none())
            .unwrap();
        model
            .detached
            .decode(
                &hidden,
                &input.mask,
                &model.detached.embed(&input).unwrap(),
                &mut Trace::none(),
                &DropoutRng::none(),
            )
            .is_err()
    };
    assert!(reads(&encoder) && encoder.generate(&[7], 3).is_err());
    for name in ["distilbert_masked", "roberta_masked", "llama", "t5"] {
        let model = open(&tiny::folder(name), Head::LabelWords).unwrap();
        let input = model.input(&[&[7, 8]]).unwrap();
        let hidden = model
            .detached
            .encode(&model.detached.embed(&input).unwrap(), &mut Trace::none(), &DropoutRng::none())
            .unwrap();
        assert!(model.detached.classify(&hidden, &[1], &DropoutRng::none()).is_err(), "{name}");
        assert!(model.generate(&[], 3).is_err(), "{name}");
        let other = open(&tiny::folder(name), Head::Classifier).unwrap();
        assert!(other.detached.vocabulary(&hidden.get(0).unwrap()).is_err(), "{name}");
    }
}

#[test]
fn positions_end_where_the_table_does() {
    let longest = |name: &str| open(&tiny::folder(name), head_of(name)).unwrap().max_tokens;
    // RoBERTa's first two rows are no positions; T5's have no end and 512 is usual.
    assert_eq!((longest("bert_masked"), longest("roberta_masked"), longest("t5"), longest("llama")), (48, 64, 512, 64));
    let model = open(&tiny::folder("roberta_masked"), Head::LabelWords).unwrap();
    let row = |tokens: usize| {
        let ids = vec![7u32; tokens];
        model.detached.encode(
            &model.detached.embed(&model.input(&[&ids]).unwrap())?,
            &mut Trace::none(),
            &DropoutRng::none(),
        )
    };
    assert!(row(64).is_ok() && row(65).is_err());
}
