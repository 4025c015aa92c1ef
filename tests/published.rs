//! Published models: configurations as they stand on the Hub, and a trained encoder's numbers, held
//! against transformers (`golden/make_published.py`). Ignored where a fresh clone lacks them;
//! `RETORT_SHARED` (default `../shared`) names the folder. Run with
//! `cargo test --test published -- --ignored`.
#![cfg(feature = "engine")]

mod tiny;

use std::collections::BTreeMap;
use std::path::PathBuf;

use candle_core::Device;
use retort::engine::model::{self, ARCHITECTURES, Config, DropoutRng, HeadKind, Plan, Trace};
use retort::session::{Head, ModelChoice, Source};
use serde::Deserialize;
use tiny::{assert_close, flat};

#[derive(Deserialize)]
struct Published {
    /// File to model_type and parameters of the model for words; none where the type is unknown here.
    parameters: BTreeMap<String, (Option<String>, Option<u64>)>,
    thin: usize,
    /// Sentence to every n-th number of its embedding.
    embeddings: BTreeMap<String, Vec<f32>>,
}

fn published() -> Published {
    serde_json::from_str(include_str!("golden/published.json")).unwrap()
}

fn shared(name: &str) -> PathBuf {
    let root = std::env::var_os("RETORT_SHARED").map(PathBuf::from);
    root.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared")).join(name)
}

#[test]
#[ignore = "needs the shared configurations"]
fn every_published_configuration_is_planned_to_the_number_or_refused_by_name() {
    let mut planned = 0;
    for (file, (model_type, parameters)) in published().parameters {
        let text = std::fs::read_to_string(shared("models/configs").join(&file)).unwrap();
        let ours = Config::parse(&text).and_then(|config| {
            let architecture = model::architecture(&config)?;
            Plan::new(architecture, &config, &HeadKind::Vocabulary, None)
        });
        match (ours, parameters) {
            (Ok(plan), Some(parameters)) => {
                assert_eq!(plan.parameters(), parameters, "{file}");
                planned += 1;
            }
            (Err(e), None) => {
                let said = e.to_string();
                assert!(said.contains(&model_type.unwrap()), "{file}: {said}");
                assert!(ARCHITECTURES.iter().all(|known| said.contains(known.id)), "{file}: {said}");
            }
            (Ok(_), None) => panic!("{file} was taken for something else"),
            (Err(e), Some(_)) => panic!("{file}: {e}"),
        }
    }
    assert!(planned >= 20, "only {planned}");
}

#[test]
#[ignore = "needs the shared models"]
fn minilm_embeds_sentences_as_in_transformers() {
    let known = published();
    let choice = ModelChoice {
        head: Head::Classifier,
        ..ModelChoice::stored(Source::Folder(shared("models/all-MiniLM-L6-v2")))
    };
    let model = model::open(&choice, 2, 0, &Device::Cpu).unwrap();
    for (sentence, theirs) in known.embeddings {
        let ids = model.tokens.encode_within(&sentence, 128).unwrap().ids;
        let input = model.input(&[&ids]).unwrap();
        let states = model
            .detached
            .encode(&model.detached.embed(&input).unwrap(), &mut Trace::none(), &DropoutRng::none())
            .unwrap();
        let mean = flat(&states.mean(1).unwrap());
        let length = mean.iter().map(|number| number * number).sum::<f32>().sqrt();
        let ours: Vec<f32> = mean.iter().step_by(known.thin).map(|number| number / length).collect();
        assert_close(&sentence, &ours, &theirs, 1e-5);
    }
}
