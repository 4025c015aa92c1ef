//! Real models and real data, ignored where a fresh clone lacks them; `RETORT_SHARED` (default
//! `../shared`) names the folder. Run with `cargo test --test real -- --ignored`.
#![cfg(feature = "engine")]

use std::path::PathBuf;

use candle_core::{Device, Tensor};
use retort::engine::model::{self, Noise, Trace};
use retort::engine::{self, pair::Pair, train::Trainer};
use retort::session::{DataSource, Head, ModelChoice, Session, Source, Start, Strip};

fn shared(name: &str) -> PathBuf {
    let root = std::env::var_os("RETORT_SHARED").map(PathBuf::from);
    root.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared")).join(name)
}

fn choice(name: &str, head: Head) -> ModelChoice {
    ModelChoice { source: Source::Folder(shared(name)), start: Start::Stored, head, max_tokens: 128 }
}

/// Mean of a sentence's hidden states, scaled to length 1: MiniLM's sentence embedding.
fn sentence(model: &model::Model, text: &str) -> Tensor {
    let ids = model.tokens.encode_within(text, 128).unwrap().ids;
    let input = model.input(&[&ids]).unwrap();
    let hidden = model.detached.encode(&input, &mut Trace::none(), &Noise::none()).unwrap();
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
    session.data.limit = Some(60);
    session.data.labelled = None;
    session.models.teacher = None;
    session.models.student = choice("models/all-MiniLM-L6-v2", Head::Classifier);
    session.recipe.losses = vec!["hard_labels".into()];
    (session.recipe.steps, session.recipe.batch, session.recipe.warmup) = (3, 4, 1);
    let pair = Pair::open(&session, None).unwrap();
    assert_eq!(pair.data.classes.len(), 20);
    let mut trainer = Trainer::new(session, pair, &engine::catalog()).unwrap();
    for _ in 0..3 {
        let stepped = trainer.advance().unwrap();
        assert!(stepped.sound, "{:?}", stepped.values);
    }
    let folder = tempfile::tempdir().unwrap();
    trainer.pair.student.save(folder.path(), &trainer.pair.data.classes).unwrap();
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
    assert!(
        open("models/negative_fixtures/lfs_pointer").contains("llama")
            || open("models/negative_fixtures/lfs_pointer").contains("LFS")
    );
    assert!(open("models/stories260K-hf").contains("not known here"));
}
