//! Files that this program had no part in: written by Python's gguf package, answered by
//! transformers (`tests/golden/make_gguf.py`).

use std::collections::HashMap;
use std::path::PathBuf;

use candle_core::{DType, Device, Tensor};
use retort::engine::model::{DropoutRng, Trace};
use serde_json::Value as Json;

use crate::models::{assert_near, logits, open};
use crate::tiny;
use crate::writer::part_name;

fn path(name: &str) -> PathBuf {
    tiny::folder("gguf").join(name)
}

fn answers() -> HashMap<String, Tensor> {
    candle_core::safetensors::load(path("answers.safetensors"), &Device::Cpu).unwrap()
}

/// What is quantised rounds its inputs to eight bits.
#[test]
fn files_of_the_gguf_package_give_the_logits_of_transformers() {
    let answers = answers();
    let files = [
        ("llama_f16", "llama", 1e-5),
        ("qwen3_bf16", "qwen3", 1e-5),
        ("llama_q8", "llama", 0.04),
        ("qwen2_q4", "qwen2", 0.04),
        ("gpt2_q8", "gpt2", 0.04),
        ("llama_k", "llama", 0.04),
    ];
    for (name, architecture, share) in files {
        let model = open(&path(&format!("{name}.gguf"))).unwrap();
        assert_eq!(model.card.architecture, architecture);
        let rows = answers[&format!("{name}.ids")].to_dtype(DType::U32).unwrap().to_vec2::<u32>().unwrap();
        let rows: Vec<&[u32]> = rows.iter().map(Vec::as_slice).collect();
        let input = model.input(&rows).unwrap();
        let hidden = model
            .detached
            .encode(&model.detached.embed(&input).unwrap(), &mut Trace::none(), &DropoutRng::none())
            .unwrap();
        let width = hidden.dim(2).unwrap();
        let ours = model.detached.vocabulary(&hidden.reshape(((), width)).unwrap()).unwrap();
        let theirs = tiny::flat(&answers[&format!("{name}.logits")]);
        let apart = assert_near(name, &tiny::flat(&ours), &theirs, share);
        println!("{name}: {apart:.7} apart");
    }
}

/// `tests/golden/split_gguf.py`; the first part holds no tensor.
#[test]
fn parts_of_the_gguf_package_are_the_file_they_were_split_from() {
    let whole = logits(&open(&path("gpt2_q8.gguf")).unwrap());
    let folder = tiny::folder("gguf_parts");
    assert_eq!(logits(&open(&folder).unwrap()), whole);
    for number in 1..=3 {
        let part = folder.join(part_name("gpt2_q8", number, 3));
        assert_eq!(logits(&open(&part).unwrap()), whole, "part {number}");
    }
}

#[test]
fn files_of_the_gguf_package_give_the_ids_of_the_tokenizer_they_came_from() {
    let known: Json = serde_json::from_str(&std::fs::read_to_string(path("answers.json")).unwrap()).unwrap();
    let files = known["ids"].as_object().unwrap();
    assert_eq!(files.len(), 6);
    for (name, all) in files {
        let model = open(&path(&format!("{name}.gguf"))).unwrap();
        for (text, ids) in known["texts"].as_array().unwrap().iter().zip(all.as_array().unwrap()) {
            let expected: Vec<u32> = ids.as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect();
            let text = text.as_str().unwrap();
            assert_eq!(model.tokens.encode(text, true).unwrap().ids, expected, "{name}: {text:?}");
        }
    }
}
