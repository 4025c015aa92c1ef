//! Real models and real data, ignored where a fresh clone lacks them; `RETORT_SHARED` (default
//! `../shared`) names the folder. Run with `cargo test --test real -- --ignored`.
#![cfg(feature = "engine")]

use std::path::PathBuf;

use candle_core::{Device, Tensor};
use retort::engine::model::{self, DropoutRng, Trace};
use retort::engine::{self, pair::Pair, train::Trainer};
use retort::session::{DataSource, Head, ModelChoice, Session, Source, Strip};

fn shared(name: &str) -> PathBuf {
    let root = std::env::var_os("RETORT_SHARED").map(PathBuf::from);
    root.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared")).join(name)
}

fn choice(name: &str, head: Head) -> ModelChoice {
    ModelChoice { head, max_tokens: 128, ..ModelChoice::stored(Source::Folder(shared(name))) }
}

/// Mean of a sentence's hidden states, scaled to length 1: MiniLM's sentence embedding.
fn sentence(model: &model::Model, text: &str) -> Tensor {
    let ids = model.tokens.encode_within(text, 128).unwrap().ids;
    let input = model.input(&[&ids]).unwrap();
    let hidden =
        model.detached.encode(&model.detached.embed(&input).unwrap(), &mut Trace::none(), &DropoutRng::none()).unwrap();
    let mean = hidden.mean(1).unwrap().flatten_all().unwrap();
    let length = mean.sqr().unwrap().sum_all().unwrap().sqrt().unwrap();
    mean.broadcast_div(&length).unwrap()
}

#[test]
#[ignore = "needs the shared models"]
fn minilm_finds_the_sentence_that_means_the_same() {
    let model = model::open(&choice("models/all-MiniLM-L6-v2", Head::Classifier), 2, 0, &Device::Cpu).unwrap();
    assert_eq!((model.card.layers, model.card.width, model.card.vocabulary), (6, 384, 30_522));
    let near = |a: &str, b: &str| -> f32 {
        (sentence(&model, a) * sentence(&model, b)).unwrap().sum_all().unwrap().to_scalar().unwrap()
    };
    let same = near("A man is eating food.", "Someone is having a meal.");
    let other = near("A man is eating food.", "The spacecraft left its orbit.");
    assert!(same > 0.5 && other < 0.2, "{same} {other}");
}

#[test]
#[ignore = "needs the shared data and models"]
fn a_pretrained_encoder_takes_a_few_steps_on_newsgroups() {
    let mut session = Session::built_in().unwrap();
    let path = shared("data/20news-bydate.tar.gz");
    session.data.source = DataSource::Newsgroups { path, strip: Strip::default() };
    session.data.limit = retort::session::Limits::each(Some(60));
    session.data.labelled = None;
    session.set_teacher(None);
    session.student = choice("models/all-MiniLM-L6-v2", Head::Classifier);
    session.recipe.terms = vec!["hard_labels".into()];
    (session.recipe.steps, session.recipe.batch, session.recipe.warmup) = (3, 4, 1);
    let pair = Pair::open(&session, None).unwrap();
    assert_eq!(pair.assets.data.classes.len(), 20);
    let mut trainer = Trainer::new(session, pair, &engine::catalog()).unwrap();
    for _ in 0..3 {
        let stepped = trainer.advance().unwrap();
        assert!(stepped.sound, "{:?}", stepped.values);
    }
    let folder = tempfile::tempdir().unwrap();
    trainer.pair.student.save(folder.path(), &trainer.pair.assets.data.classes).unwrap();
    let again = ModelChoice::stored(Source::Folder(folder.path().to_owned()));
    let again = model::open(&again, 20, 0, &Device::Cpu).unwrap();
    assert!(again.card.notes.is_empty(), "{:?}", again.card.notes);
}

#[test]
#[ignore = "needs the shared models"]
fn files_that_are_no_weights_are_refused_with_the_reason() {
    let open = |name: &str| match model::open(&choice(name, Head::Classifier), 2, 0, &Device::Cpu) {
        Ok(_) => panic!("{name} was opened"),
        Err(e) => e.to_string(),
    };
    // The folder's own name must not pass for the reason.
    let pointer = open("models/negative_fixtures/lfs_pointer");
    assert!(pointer.contains("it is a Git LFS pointer") && pointer.contains("git lfs pull"), "{pointer}");
}

/// Trained models and what transformers 5.23 writes behind "Once upon a time" greedily, with its three
/// largest logits there.
#[test]
#[ignore = "needs the shared models"]
fn small_trained_llamas_go_on_as_in_transformers() {
    let known = [
        (
            "models/stories260K-hf",
            "there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball.",
            [(432, 17.7994), (383, 14.281_26), (322, 9.709_651)],
        ),
        (
            "models/babyllama-tok105",
            "there was a little girl named Lily. Sh",
            [(25, 10.034_555), (3, 6.189_437), (19, 3.179_41)],
        ),
    ];
    for (name, goes_on, largest) in known {
        let model = model::open(&choice(name, Head::LabelWords), 2, 0, &Device::Cpu).unwrap();
        assert!(model.card.notes.is_empty(), "{name}: {:?}", model.card.notes);
        let prompt = model.tokens.encode_open("Once upon a time").unwrap().ids;
        let next = model.generate(&prompt, 40).unwrap();
        let text = model.tokens.decode(&[prompt.clone(), next].concat());
        assert_eq!(text, format!("Once upon a time, {goes_on}"), "{name}");
        let hidden = model.detached.encode(
            &model.detached.embed(&model.input(&[&prompt]).unwrap()).unwrap(),
            &mut Trace::none(),
            &DropoutRng::none(),
        );
        let last = hidden.unwrap().narrow(1, prompt.len() - 1, 1).unwrap().squeeze(1).unwrap();
        let logits: Vec<f32> = model.detached.vocabulary(&last).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        for (id, value) in largest {
            assert!((logits[id] - value).abs() < 1e-4, "{name}, {id}: {} is not {value}", logits[id]);
        }
    }
}

/// A folder with the fixture's weights in bf16 and a tokenizer, which it lacks.
fn bf16_fixture() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let copy = |from: &str, file: &str| std::fs::copy(shared(from).join(file), folder.path().join(file)).unwrap();
    copy("models/fixture-tiny-llama-bf16", "config.json");
    copy("models/fixture-tiny-llama-bf16", "model.safetensors");
    copy("models/babyllama-tok105", "tokenizer.json");
    folder
}

#[test]
#[ignore = "needs the shared models"]
fn a_llama_in_bf16_gives_the_recorded_logits() {
    let folder = bf16_fixture();
    let choice =
        ModelChoice { head: Head::LabelWords, ..ModelChoice::stored(Source::Folder(folder.path().to_owned())) };
    let model = model::open(&choice, 2, 0, &Device::Cpu).unwrap();
    let home = shared("models/fixture-tiny-llama-bf16");
    let meta = std::fs::read_to_string(home.join("tiny_llama_meta.txt")).unwrap();
    let tokens = meta.lines().find_map(|line| line.strip_prefix("tokens=")).unwrap();
    let ids: Vec<u32> = tokens.split(',').map(|id| id.trim().parse().unwrap()).collect();
    let bytes = std::fs::read(home.join("tiny_llama_golden.bin")).unwrap();
    let known = bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap()));
    let hidden = model
        .detached
        .encode(&model.detached.embed(&model.input(&[&ids]).unwrap()).unwrap(), &mut Trace::none(), &DropoutRng::none())
        .unwrap();
    let logits = model.detached.vocabulary(&hidden.squeeze(0).unwrap()).unwrap();
    assert_eq!(logits.dims(), [40, 112]);
    let logits: Vec<f32> = logits.flatten_all().unwrap().to_vec1().unwrap();
    let worst = logits.iter().zip(known).map(|(ours, theirs)| (ours - theirs).abs()).fold(0f32, f32::max);
    assert!(worst < 1e-4, "{worst}");
}
