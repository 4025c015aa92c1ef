//! Students made from other models: layers by a map, embeddings reduced, vocabularies trimmed. Every
//! architecture, by the weights themselves and by what the models answer.
#![cfg(feature = "engine")]

mod tiny;

use std::collections::BTreeSet;
use std::path::Path;

use candle_core::Device;
use proptest::prelude::*;
use retort::engine::data::{self, Dataset, Example};
use retort::engine::model::{ARCHITECTURES, Architecture, Config, DropoutRng, HeadKind, Model, ModelFiles, Tokens};
use retort::engine::student_init::{self, StudentInitError, size, trim};
use retort::session::{Head, Init, LayerMap, ModelChoice, OptimizerKind, Session, Source, Vocabulary};
use serde_json::{Value, json};
use tiny::flat;

const HEADS: [Head; 2] = [Head::Classifier, Head::LabelWords];

/// Texts with classes, for sessions of tiny models.
fn texts() -> Dataset {
    let example = |(i, text): (usize, &&str)| Example::classified(*text, Some(i % tiny::CLASSES.len()));
    let train: Vec<Example> = tiny::TEXTS.iter().enumerate().map(example).collect();
    let labelled = vec![true; train.len()];
    Dataset { classes: tiny::classes(), labelled, train, ..Dataset::default() }
}

/// A deeper fresh model of an architecture, saved into `folder`; `change` may rewrite its configuration.
fn source(
    architecture: &Architecture,
    head: Head,
    layers: usize,
    folder: &Path,
    change: impl Fn(&mut serde_json::Map<String, Value>),
) -> Model {
    let golden = tiny::folder_of(architecture);
    let text = std::fs::read_to_string(golden.join("config.json")).unwrap();
    let mut config: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    for stack in architecture.stacks {
        config.insert(stack.field.into(), json!(layers));
    }
    if config.contains_key("layer_types") {
        let windowed = config["sliding_window"].is_number();
        let kind = |layer| if windowed && layer % 2 == 1 { "sliding_attention" } else { "full_attention" };
        config.insert("layer_types".into(), (0..layers).map(kind).collect::<Vec<_>>().into());
    }
    change(&mut config);
    std::fs::write(folder.join("config.json"), serde_json::to_string(&config).unwrap()).unwrap();
    std::fs::copy(golden.join("tokenizer.json"), folder.join("tokenizer.json")).unwrap();
    let model = tiny::open_folder(folder, head, Init::Fresh, 5);
    model.save(folder, &tiny::classes()).unwrap();
    model
}

fn session(choice: ModelChoice, writes: bool) -> Session {
    let mut session = Session::built_in().unwrap();
    session.set_teacher(None);
    session.student = choice;
    let template = if writes { "{text}. it is about {answer}" } else { "{text}. it is about {answer}." };
    session.prompt.teacher.template = template.into();
    session.prompt.label_words.clear();
    tiny::CLASSES.iter().for_each(|(class, word)| session.prompt.set_word(class, *word));
    session
}

fn from_layers(folder: &Path, head: Head, of: Option<&Path>, map: LayerMap) -> ModelChoice {
    let own = Source::Folder(folder.to_owned());
    let of = Some(of.map_or(own.clone(), |of| Source::Folder(of.to_owned())));
    ModelChoice { head, init: Init::Layers { of, map }, ..ModelChoice::stored(own) }
}

fn make(choice: ModelChoice, architecture: &Architecture) -> Result<Model, StudentInitError> {
    student_init::student(&session(choice, architecture.writes()), &texts(), &Device::Cpu)
}

fn refusal(choice: ModelChoice, architecture: &Architecture) -> String {
    make(choice, architecture).map(|_| ()).unwrap_err().to_string()
}

/// Class scores of the texts, `[texts · classes]`.
fn scores(model: &Model) -> Vec<f32> {
    let task = tiny::task_of(model);
    let batch = tiny::prepare(task.as_ref(), model, &tiny::TEXTS);
    flat(
        &tiny::pass(task.as_ref(), model, model.detached.as_ref(), &batch, &DropoutRng::none())
            .answers
            .logits
            .whole()
            .unwrap(),
    )
}

fn architecture(id: &str) -> &'static Architecture {
    ARCHITECTURES.iter().find(|architecture| architecture.id == id).unwrap()
}

/// The tensor's name with its layer's number, the first of the name, replaced by that of the source.
fn source_name(name: &str, picked: &[usize]) -> String {
    if name.contains("relative_attention_bias") {
        return name.to_owned();
    }
    let mut parts: Vec<String> = name.split('.').map(str::to_owned).collect();
    if let Some(number) = parts.iter_mut().find(|part| part.parse::<usize>().is_ok()) {
        *number = picked[number.parse::<usize>().unwrap()].to_string();
    }
    parts.join(".")
}

#[test]
fn a_student_has_the_layers_that_its_map_names_in_every_architecture() {
    let maps = [
        (LayerMap::EveryOther, vec![0, 2]),
        (LayerMap::FirstAndLast, vec![0, 3]),
        (LayerMap::Pick(vec![3, 1, 2]), vec![3, 1, 2]),
    ];
    for (architecture, head) in ARCHITECTURES.iter().flat_map(|a| HEADS.map(|head| (a, head))) {
        let folder = tempfile::tempdir().unwrap();
        let whole = source(architecture, head, 4, folder.path(), |_| ());
        for (map, picked) in &maps {
            let name = format!("{} {head:?} {map:?}", architecture.id);
            let student = make(from_layers(folder.path(), head, None, map.clone()), architecture).unwrap();
            assert_eq!(student.card.layers, picked.len(), "{name}");
            assert!(student.card.notes[0].starts_with("layers "), "{name}: {:?}", student.card.notes);
            assert_eq!(student.card.notes.len(), 1, "{name}: {:?}", student.card.notes);
            for (tensor, variable) in student.weights.variables() {
                let theirs = &whole.weights.variables()[&source_name(tensor, picked)];
                assert_eq!(flat(variable), flat(theirs), "{name}: {tensor}");
            }
        }
    }
}

#[test]
fn a_student_with_all_layers_answers_as_its_source() {
    for (architecture, head) in ARCHITECTURES.iter().flat_map(|a| HEADS.map(|head| (a, head))) {
        let folder = tempfile::tempdir().unwrap();
        let whole = source(architecture, head, 3, folder.path(), |_| ());
        let student = make(from_layers(folder.path(), head, None, LayerMap::Pick(vec![0, 1, 2])), architecture);
        assert_eq!(scores(&student.unwrap()), scores(&whole), "{} {head:?}", architecture.id);
    }
}

#[test]
fn distilberts_map_takes_its_six_layers_of_twelve() {
    let folder = tempfile::tempdir().unwrap();
    let bert = architecture("bert");
    let whole = source(bert, Head::Classifier, 12, folder.path(), |_| ());
    let student = make(from_layers(folder.path(), Head::Classifier, None, LayerMap::DistilBert), bert).unwrap();
    for (layer, of) in [0, 2, 4, 7, 9, 11].into_iter().enumerate() {
        let name = |layer: usize| format!("bert.encoder.layer.{layer}.output.dense.weight");
        assert_eq!(flat(&student.weights.variables()[&name(layer)]), flat(&whole.weights.variables()[&name(of)]));
    }
}

#[test]
fn windowed_layers_stay_windowed_wherever_they_go() {
    let folder = tempfile::tempdir().unwrap();
    let qwen = architecture("qwen2");
    source(qwen, Head::LabelWords, 4, folder.path(), |_| ());
    let student =
        make(from_layers(folder.path(), Head::LabelWords, None, LayerMap::Pick(vec![1, 2, 3])), qwen).unwrap();
    let kinds = student.config.words("layer_types").unwrap().unwrap();
    assert_eq!(kinds, ["sliding_attention", "full_attention", "sliding_attention"]);
    source(qwen, Head::LabelWords, 4, folder.path(), |config| {
        config.remove("layer_types");
        config.insert("use_sliding_window".into(), json!(true));
        config.insert("max_window_layers".into(), json!(3));
    });
    let student = make(from_layers(folder.path(), Head::LabelWords, None, LayerMap::Pick(vec![3, 0])), qwen).unwrap();
    assert_eq!(student.config.words("layer_types").unwrap().unwrap(), ["sliding_attention", "full_attention"]);
}

/// A DistilBERT's configuration as wide as the tiny BERT, beside BERT's tokenizer.
fn distilbert_beside(bert: &Path, layers: usize, folder: &Path) {
    let text = std::fs::read_to_string(bert.join("config.json")).unwrap();
    let theirs: Value = serde_json::from_str(&text).unwrap();
    let config = json!({
        "model_type": "distilbert", "vocab_size": theirs["vocab_size"], "dim": theirs["hidden_size"],
        "n_layers": layers, "n_heads": theirs["num_attention_heads"], "hidden_dim": theirs["intermediate_size"],
        "max_position_embeddings": theirs["max_position_embeddings"], "activation": theirs["hidden_act"],
        "pad_token_id": 0,
    });
    std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
    std::fs::copy(bert.join("tokenizer.json"), folder.join("tokenizer.json")).unwrap();
}

#[test]
fn a_distilbert_made_of_all_layers_of_a_bert_answers_as_the_bert() {
    let (bert, distil) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let whole = source(architecture("bert"), Head::LabelWords, 4, bert.path(), |_| ());
    distilbert_beside(bert.path(), 4, distil.path());
    let map = LayerMap::Pick(vec![0, 1, 2, 3]);
    let same = make(from_layers(distil.path(), Head::LabelWords, Some(bert.path()), map), architecture("distilbert"));
    let same = same.unwrap();
    assert_eq!(same.architecture.id, "distilbert");
    tiny::assert_close("scores", &scores(&same), &scores(&whole), 2e-5);
    distilbert_beside(bert.path(), 2, distil.path());
    let choice = from_layers(distil.path(), Head::Classifier, Some(bert.path()), LayerMap::EveryOther);
    let half = make(choice, architecture("distilbert")).unwrap();
    assert!(
        half.card.notes.iter().any(|note| note.contains("pre_classifier")),
        "its own head is new: {:?}",
        half.card.notes
    );
}

#[test]
fn a_narrower_student_has_reduced_embeddings_and_new_layers() {
    for id in ["bert", "gpt2", "t5", "llama"] {
        let (wide, narrow) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let kind = architecture(id);
        let whole = source(kind, Head::LabelWords, 2, wide.path(), |_| ());
        let half = whole.card.width / 2;
        let fresh = source(kind, Head::LabelWords, 1, narrow.path(), |config| {
            for name in ["hidden_size", "n_embd", "d_model"] {
                config.entry(name).and_modify(|width| *width = json!(half));
            }
            config.entry("head_dim").and_modify(|wide| *wide = json!(8));
        });
        let choice = |map| from_layers(narrow.path(), Head::LabelWords, Some(wide.path()), map);
        let student = make(choice(LayerMap::EmbeddingsOnly), kind).unwrap();
        assert!(student.card.notes[0].contains("reduced to width"), "{id}: {:?}", student.card.notes);
        let table = |model: &Model| {
            let ends = ["word_embeddings.weight", "wte.weight", "embed_tokens.weight", "shared.weight"];
            let found = model.weights.variables().iter().find(|(name, _)| ends.iter().any(|end| name.ends_with(end)));
            found.map(|(_, table)| table.as_detached_tensor()).unwrap()
        };
        let size = |t: &candle_core::Tensor| tiny::scalar(&t.sqr().unwrap().mean_all().unwrap()).sqrt();
        let (before, after) = (table(&whole), table(&student));
        assert_eq!(after.dims(), [before.dims()[0], half], "{id}");
        assert!((size(&after) / size(&before) - 1.0).abs() < 1e-3, "{id}: numbers are as large as before");
        let layered = |name: &&String| name.split('.').any(|part| part.parse::<usize>().is_ok());
        let same = |name: &String| {
            flat(&student.weights.variables()[name]).len() == flat(&fresh.weights.variables()[name]).len()
        };
        assert!(student.weights.variables().keys().filter(layered).all(same), "{id}");
        assert!(scores(&student).iter().all(|score| score.is_finite()), "{id}");
        let text = refusal(choice(LayerMap::Pick(vec![0])), kind);
        assert!(text.contains(&half.to_string()) && text.contains("EmbeddingsOnly"), "{id}: {text}");
    }
}

#[test]
fn what_does_not_fit_is_refused_with_the_next_step() {
    let (deep, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let bert = architecture("bert");
    source(bert, Head::Classifier, 4, deep.path(), |_| ());
    let own = |map| refusal(from_layers(deep.path(), Head::Classifier, None, map), bert);
    assert!(own(LayerMap::Pick(vec![0, 4])).contains("layer 4 is picked but the source has 4 layers"));
    assert!(own(LayerMap::DistilBert).contains("12 layers and the source has 4"));
    let beside = |change: &dyn Fn(&mut serde_json::Map<String, Value>), map| {
        source(bert, Head::Classifier, 2, other.path(), change);
        refusal(from_layers(other.path(), Head::Classifier, Some(deep.path()), map), bert)
    };
    let set = |name: &'static str, value: usize| {
        move |config: &mut serde_json::Map<String, Value>| drop(config.insert(name.into(), json!(value)))
    };
    assert!(beside(&|_| (), LayerMap::Pick(vec![0])).contains("takes 1 of the 4 layers"));
    assert!(beside(&set("num_attention_heads", 2), LayerMap::EveryOther).contains("2 attention heads"));
    assert!(beside(&set("intermediate_size", 40), LayerMap::EveryOther).contains("intermediate.dense"));
    assert!(beside(&set("max_position_embeddings", 480), LayerMap::EveryOther).contains("480"));
    assert!(beside(&set("hidden_size", 64), LayerMap::EmbeddingsOnly).contains("64 wide"));
    let gpt2 = tiny::folder_of(architecture("gpt2"));
    let text = refusal(from_layers(deep.path(), Head::Classifier, Some(&gpt2), LayerMap::EveryOther), bert);
    assert!(text.contains("tokenizer"), "{text}");
    let text = refusal(
        ModelChoice {
            init: Init::layers(LayerMap::EveryOther),
            ..from_layers(deep.path(), Head::Auto, None, LayerMap::EveryOther)
        },
        bert,
    );
    assert!(text.contains("under `of`"), "{text}");
}

#[test]
fn a_size_is_known_from_the_configuration_alone() {
    for (name, model) in tiny::everything(3) {
        let head = if model.top == HeadKind::Vocabulary { Head::LabelWords } else { Head::Classifier };
        let size = size::of(&model.config, head, tiny::CLASSES.len(), OptimizerKind::AdamW).unwrap();
        assert_eq!(size.parameters, model.card.parameters, "{name}");
        assert_eq!(size.training_bytes(), 16 * model.card.parameters, "{name}");
    }
    // BERT-large takes 5.4 GB to train; to say so must take no memory to speak of.
    let text = json!({"model_type": "bert", "vocab_size": 30522, "hidden_size": 1024, "num_hidden_layers": 24,
        "num_attention_heads": 16, "intermediate_size": 4096, "max_position_embeddings": 512});
    let config = Config::parse(&text.to_string()).unwrap();
    let size = size::of(&config, Head::Classifier, 2, OptimizerKind::Sgd).unwrap();
    assert_eq!(size.parameters, 335_143_938);
    assert_eq!(size.moment_bytes, size.weight_bytes);
}

fn trimmed(mut choice: ModelChoice, architecture: &Architecture) -> Model {
    choice.vocabulary = Vocabulary::Trimmed;
    make(choice, architecture).unwrap()
}

#[test]
fn a_trimmed_student_gives_the_same_answers_and_opens_again() {
    let mut smaller = 0;
    for (architecture, head) in ARCHITECTURES.iter().flat_map(|a| HEADS.map(|head| (a, head))) {
        let (folder, saved) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let name = format!("{} {head:?}", architecture.id);
        source(architecture, head, 3, folder.path(), |_| ());
        let choice = from_layers(folder.path(), head, None, LayerMap::EveryOther);
        let whole = make(choice.clone(), architecture).unwrap();
        let small = trimmed(choice, architecture);
        // The tiny tokenizers were made for these texts: of some every token is used.
        assert!(small.card.vocabulary <= whole.card.vocabulary, "{name}");
        assert_eq!(small.card.vocabulary, small.tokens.size(), "{name}");
        let fewer = small.card.vocabulary < whole.card.vocabulary;
        assert_eq!(fewer, small.card.parameters < whole.card.parameters, "{name}");
        smaller += usize::from(fewer);
        // Scores of label words are shares of the whole vocabulary, so they grow where it shrinks.
        if head == Head::Classifier || !fewer {
            tiny::assert_close(&name, &scores(&small), &scores(&whole), 2e-6);
        }
        small.save(saved.path(), &tiny::classes()).unwrap();
        let again = tiny::open_folder(saved.path(), head, Init::Stored, 99);
        assert_eq!(scores(&again), scores(&small), "{name}");
        assert_eq!(again.card.notes, Vec::<retort::session::Sentence>::new(), "{name}");
    }
    assert!(smaller > 6, "only {smaller} became smaller");
}

#[test]
fn kept_tokens_have_the_logits_they_had() {
    for id in ["bert", "distilbert", "roberta", "gpt2", "llama", "qwen3"] {
        let kind = architecture(id);
        let folder = tempfile::tempdir().unwrap();
        let whole = source(kind, Head::LabelWords, 2, folder.path(), |_| ());
        let choice =
            ModelChoice { head: Head::LabelWords, ..ModelChoice::stored(Source::Folder(folder.path().into())) };
        let small = trimmed(choice, kind);
        let ids = |model: &Model| model.tokens.encode("the moon and the stars are far out", true).unwrap().ids;
        let logits = |model: &Model| {
            let input = model.input(&[&ids(model)]).unwrap();
            let mut trace = retort::engine::model::Trace::none();
            let hidden =
                model.detached.encode(&model.detached.embed(&input).unwrap(), &mut trace, &DropoutRng::none()).unwrap();
            model.detached.vocabulary(&hidden.get(0).unwrap()).unwrap().to_vec2::<f32>().unwrap()
        };
        let (before, after) = (logits(&whole), logits(&small));
        let old = whole.tokens.entries();
        for (token, new) in small.tokens.entries() {
            for (row, other) in after.iter().zip(&before) {
                let (a, b) = (row[new as usize], other[old[&token] as usize]);
                assert!((a - b).abs() < 1e-5, "{id}: {token} {a} {b}");
            }
        }
    }
}

/// A Unigram tokenizer over words and letters; the letter q has none.
fn unigram() -> Tokens {
    let mut vocabulary = vec![json!(["<unk>", 0.0]), json!(["<pad>", 0.0])];
    let words = ["\u{2581}the", "\u{2581}post", "\u{2581}music", "ing", "tion", "\u{2581}", "er", "\u{2581}a", "th"];
    vocabulary.extend(words.iter().enumerate().map(|(i, word)| json!([word, -3.0 - i as f64 / 7.0])));
    let letters = ('a'..='z').filter(|letter| *letter != 'q').chain(".,'!?".chars());
    vocabulary.extend(letters.enumerate().map(|(i, letter)| json!([letter.to_string(), -8.0 - i as f64 / 3.0])));
    let special = |id: u32, content: &str| json!({"id": id, "content": content, "special": true, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false});
    let space = json!({"type": "Metaspace", "replacement": "\u{2581}", "prepend_scheme": "always", "split": true});
    let text = json!({
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": [special(0, "<unk>"), special(1, "<pad>")],
        "normalizer": {"type": "Lowercase"}, "pre_tokenizer": space, "decoder": space,
        "post_processor": null, "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": false, "vocab": vocabulary},
    });
    Tokens::parse(&text.to_string()).unwrap()
}

/// Every kind of tokenizer that ships here, with a configuration that names its special tokens.
fn tokenizers() -> Vec<(&'static str, Tokens, Config)> {
    let golden = ["bert_masked", "roberta_masked", "gpt2", "llama", "qwen2", "t5"];
    let folder = |name: &'static str| (name, ModelFiles::Folder(tiny::folder(name)));
    let files = golden.map(folder).into_iter();
    let files = files.chain(["posts-teacher", "posts-student"].map(|name| (name, ModelFiles::BuiltIn(name))));
    let open = |(name, files): (&'static str, ModelFiles)| {
        (name, Tokens::open(&files).unwrap(), Config::parse(&files.config().unwrap()).unwrap())
    };
    files.map(open).chain([("unigram", unigram(), Config::default())]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn texts_are_cut_as_before_by_a_tokenizer_trimmed_to_them(first in 0usize..7000, count in 1usize..60) {
        let corpus = data::open(&Session::built_in().unwrap().data, 7).unwrap();
        let texts = || corpus.train.iter().cycle().skip(first).take(count).map(|example| example.text());
        for (name, whole, config) in tokenizers() {
            let ids = |tokens: &Tokens, text: &str| tokens.encode(text, true).unwrap().ids;
            let used: BTreeSet<u32> = texts().flat_map(|text| ids(&whole, text)).collect();
            let (kept, small) = trim::tokenizer(&whole, &config, used).unwrap();
            prop_assert!(small.size() <= whole.size());
            for text in texts() {
                let renumbered: Vec<u32> = ids(&whole, text).iter().map(|id| kept.new_id(*id).unwrap()).collect();
                prop_assert_eq!(ids(&small, text), renumbered, "{}: {:?}", name, text);
            }
            // Any other text is still read: nothing becomes unknown that was known.
            for example in corpus.test.iter().take(40) {
                let unknown = |tokens: &Tokens| ids(tokens, example.text()).iter().filter(|id| tokens.is_unknown(**id)).count();
                prop_assert!(unknown(&small) <= unknown(&whole), "{}: {:?}", name, example.text());
            }
        }
    }
}

/// A folder of the shared data, named by `RETORT_SHARED` (default `../shared`).
fn shared(name: &str) -> std::path::PathBuf {
    let root = std::env::var_os("RETORT_SHARED").map(std::path::PathBuf::from);
    root.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared")).join(name)
}

#[test]
#[ignore = "needs the shared tokenizers, in the folder that RETORT_SHARED names"]
fn published_tokenizers_cut_the_built_in_corpus_as_before_when_trimmed_to_it() {
    let corpus = data::open(&Session::built_in().unwrap().data, 7).unwrap();
    let names = [
        "bert-base-uncased",
        "bge-large-zh-v1.5_bert-base-chinese-vocab",
        "gpt2",
        "roberta-base",
        "t5-small",
        "qwen3-8b",
    ];
    for name in names {
        let files = ModelFiles::Folder(shared("tokenizers").join(name));
        let (whole, config) = (Tokens::open(&files).unwrap(), Config::parse(&files.config().unwrap()).unwrap());
        let ids = |tokens: &Tokens, text: &str| tokens.encode(text, true).unwrap().ids;
        let used = corpus.train.iter().flat_map(|example| ids(&whole, example.text())).collect();
        let (kept, small) = trim::tokenizer(&whole, &config, used).unwrap();
        println!("{name}: {} of {} tokens", small.size(), whole.size());
        assert!(3 * small.size() < 2 * whole.size(), "{name}");
        for example in &corpus.train {
            let renumbered: Vec<u32> = ids(&whole, example.text()).iter().map(|id| kept.new_id(*id).unwrap()).collect();
            assert_eq!(ids(&small, example.text()), renumbered, "{name}: {:?}", example.text());
        }
        let same = |text: &str| {
            ids(&small, text)
                == ids(&whole, text).iter().map(|id| kept.new_id(*id).unwrap_or(u32::MAX)).collect::<Vec<_>>()
        };
        let unseen = corpus.test.iter().filter(|example| !same(example.text())).count();
        println!("{name}: {unseen} of {} test texts are cut otherwise", corpus.test.len());
    }
}

#[test]
fn trimming_the_built_in_teacher_to_little_text_makes_it_small() {
    let mut session = Session::built_in().unwrap();
    session.set_teacher(None);
    session.data.limit = retort::session::Limits::each(Some(24));
    session.student = ModelChoice {
        init: Init::layers(LayerMap::EveryOther),
        vocabulary: Vocabulary::Trimmed,
        ..ModelChoice::stored(Source::BuiltIn("posts-teacher".into()))
    };
    session.set_teacher(Some(ModelChoice::stored(Source::BuiltIn("posts-teacher".into()))));
    let data = data::open(&session.data, 7).unwrap();
    let student = student_init::student(&session, &data, &Device::Cpu).unwrap();
    assert_eq!(student.card.layers, 2);
    let notes = retort::session::Sentence::joined(student.card.notes.clone(), "; ");
    assert!(notes.contains("layers 0, 2 of posts-teacher") && notes.contains("of 1500 tokens"), "{notes}");
    assert!(student.card.vocabulary < 900, "{notes}");
}

#[test]
#[ignore = "needs a Python with transformers, named by RETORT_PYTHON (default python3)"]
fn transformers_opens_a_made_and_trimmed_student_and_computes_the_same() {
    let python = std::env::var("RETORT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    for (architecture, head) in ARCHITECTURES.iter().flat_map(|a| HEADS.map(|head| (a, head))) {
        let (folder, saved) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        source(architecture, head, 4, folder.path(), |_| ());
        let student = trimmed(from_layers(folder.path(), head, None, LayerMap::FirstAndLast), architecture);
        student.save(saved.path(), &tiny::classes()).unwrap();
        let expected = saved.path().join("expected.safetensors");
        let probed = std::process::Command::new(env!("CARGO_BIN_EXE_retort"))
            .arg("probe")
            .arg(saved.path())
            .args(["--text", "the moon and the stars are far out", "--out"])
            .arg(&expected)
            .output()
            .unwrap();
        assert!(probed.status.success(), "{}", String::from_utf8_lossy(&probed.stderr));
        let script = tiny::folder("check_saved.py");
        let done = std::process::Command::new(&python).arg(script).arg(saved.path()).arg(&expected).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{} {head:?}: {said}", architecture.id);
    }
}
