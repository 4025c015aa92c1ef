//! Tiny models with weights that show every mistake: biases are no zeros, norms no ones.

use std::collections::HashMap;
use std::path::Path;

use candle_core::quantized::GgmlDType;
use candle_core::{Device, Tensor};
use retort::engine::model::{self, DropoutRng, Model, ModelError, Trace};
use retort::session::{Head, Init, ModelChoice, Source};
use serde_json::{Value as Json, json};

use crate::tiny;

/// A configuration of this architecture; all sizes follow from the width.
pub fn config(kind: &str, width: usize) -> Json {
    let golden = if kind == "gpt2" { "gpt2" } else { kind };
    let text = std::fs::read_to_string(tiny::folder(golden).join("config.json")).unwrap();
    let rows = serde_json::from_str::<Json>(&text).unwrap()["vocab_size"].clone();
    if kind == "gpt2" {
        return json!({
            "model_type": "gpt2", "n_embd": width, "n_layer": 2, "n_head": 4, "n_positions": 48,
            "vocab_size": rows, "activation_function": "gelu_new",
        });
    }
    json!({
        "model_type": kind, "hidden_size": width, "num_hidden_layers": 2, "intermediate_size": width,
        "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": width / 4, "max_position_embeddings": 64,
        "rms_norm_eps": 1e-5, "rope_theta": 300.0, "hidden_act": "silu", "vocab_size": rows,
        "tie_word_embeddings": false, "sliding_window": null, "use_sliding_window": false,
    })
}

/// Writes a model folder with this configuration and the tokenizer of the golden one.
pub fn folder(config: &Json) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let kind = config["model_type"].as_str().unwrap();
    std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    std::fs::copy(tiny::folder(kind).join("tokenizer.json"), folder.path().join("tokenizer.json")).unwrap();
    let model = tiny::open_folder(folder.path(), Head::LabelWords, Init::Fresh, 5);
    let tensors: HashMap<String, Tensor> =
        model.weights.variables().iter().map(|(name, var)| (name.clone(), telling(name, var.as_tensor()))).collect();
    candle_core::safetensors::save(&tensors, folder.path().join("model.safetensors")).unwrap();
    folder
}

/// Numbers of the tensor's own, large enough that none can be left out unseen.
fn telling(name: &str, tensor: &Tensor) -> Tensor {
    let start = name.bytes().fold(7u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
    let mut state = start;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    let inputs = *tensor.dims().last().unwrap() as f32;
    let numbers: Vec<f32> = match tensor.rank() {
        1 if name.ends_with("weight") => (0..tensor.elem_count()).map(|_| 1.0 + 0.3 * next()).collect(),
        1 => (0..tensor.elem_count()).map(|_| 0.3 * next()).collect(),
        _ => (0..tensor.elem_count()).map(|_| 2.0 * next() / inputs.sqrt()).collect(),
    };
    Tensor::from_vec(numbers, tensor.dims(), &Device::Cpu).unwrap()
}

pub fn open(path: &Path) -> Result<Model, ModelError> {
    let choice = ModelChoice { head: Head::LabelWords, ..ModelChoice::stored(Source::Folder(path.to_owned())) };
    model::open(&choice, tiny::CLASSES.len(), 0, &tiny::device())
}

pub fn refusal(path: &Path) -> String {
    match open(path) {
        Ok(_) => panic!("it was opened"),
        Err(e) => e.to_string(),
    }
}

/// Logits of a ragged batch: of every token of the first row, `[tokens · vocabulary]`.
pub fn logits(model: &Model) -> Vec<f32> {
    let rows: [&[u32]; 2] = [&[7, 8, 9, 10, 11, 3, 40, 41, 13], &[9, 2]];
    let input = model.input(&rows).unwrap();
    let hidden =
        model.detached.encode(&model.detached.embed(&input).unwrap(), &mut Trace::none(), &DropoutRng::none()).unwrap();
    tiny::flat(&model.detached.vocabulary(&hidden.get(0).unwrap()).unwrap())
}

/// Matrices become `dtype`, all else `f32`, as in llama.cpp.
pub fn matrices(dtype: GgmlDType) -> impl Fn(&str, &[usize]) -> GgmlDType {
    move |name, shape| if shape.len() == 2 && name != "position_embd.weight" { dtype } else { GgmlDType::F32 }
}

/// Numbers are equal within a share of their own size, both as the root of their squares' sum; gives
/// that share.
pub fn assert_near(what: &str, ours: &[f32], theirs: &[f32], share: f32) -> f32 {
    let size = theirs.iter().map(|value| value * value).sum::<f32>().sqrt();
    let apart = ours.iter().zip(theirs).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt();
    assert_eq!(ours.len(), theirs.len(), "{what}");
    assert!(size / (theirs.len() as f32).sqrt() > 0.3, "{what}: logits of {size} in all show nothing");
    assert!(apart <= share * size, "{what}: {apart} apart, {size} in all");
    apart / size
}

#[test]
fn a_gguf_file_does_not_start_at_random() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("llama.gguf");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/gguf/llama_q8.gguf"), &path).unwrap();
    let choice = ModelChoice { init: Init::Fresh, ..ModelChoice::stored(Source::Folder(path)) };
    let refused = model::open(&choice, 4, 0, &Device::Cpu).err().unwrap().to_string();
    assert!(refused.contains("can teach but not learn"), "{refused}");
}
