//! The same model through GGUF and through safetensors.

use candle_core::quantized::GgmlDType;
use candle_core::{Device, Tensor};
use retort::engine::model::{DropoutRng, Trace};
use serde_json::{Value as Json, json};

use crate::models::{assert_near, config, folder, logits, matrices, open};
use crate::tiny;
use crate::writer::{Meta, convert, part, rounded, text};

const ALL: [&str; 5] = ["llama", "mistral", "qwen2", "qwen3", "gpt2"];

/// As [`config`], changed.
fn with(kind: &str, width: usize, changes: &[(&str, Json)]) -> Json {
    let mut config = config(kind, width);
    changes.iter().for_each(|(name, value)| config[*name] = value.clone());
    config
}

#[test]
fn unrounded_files_give_the_logits_of_the_safetensors() {
    for kind in ALL {
        let model = folder(&config(kind, 24));
        let expected = logits(&open(model.path()).unwrap());
        for (dtype, tolerance) in [(GgmlDType::F32, 1e-4), (GgmlDType::F16, 1e-2), (GgmlDType::BF16, 1e-1)] {
            let path = model.path().join(format!("{dtype:?}.GGUF"));
            convert(model.path(), &matrices(dtype)).write(&path);
            let gguf = open(&path).unwrap();
            tiny::assert_close(&format!("{kind} {dtype:?}"), &logits(&gguf), &expected, tolerance);
            assert_eq!(gguf.card.parameters, open(model.path()).unwrap().card.parameters, "{kind}");
            assert_eq!(gguf.card.notes, Vec::<retort::session::Sentence>::new(), "{kind}");
        }
    }
}

/// Against the same weights rounded beforehand and multiplied in `f32`, so what is left is what the
/// quantised product itself rounds: its inputs, to eight bits.
#[test]
fn quantised_products_give_the_logits_of_the_rounded_weights() {
    let kinds = [
        GgmlDType::Q8_0,
        GgmlDType::Q4_0,
        GgmlDType::Q4_1,
        GgmlDType::Q5_0,
        GgmlDType::Q5_1,
        GgmlDType::Q2K,
        GgmlDType::Q3K,
        GgmlDType::Q4K,
        GgmlDType::Q5K,
        GgmlDType::Q6K,
    ];
    for kind in ALL {
        let model = folder(&config(kind, 256));
        for dtype in kinds {
            let (other, path) = (tempfile::tempdir().unwrap(), model.path().join("model.gguf"));
            rounded(model.path(), other.path(), &matrices(dtype));
            convert(model.path(), &matrices(dtype)).write(&path);
            let (gguf, what) = (open(&path).unwrap(), format!("{kind} {dtype:?}"));
            // A card keeps the sum of eight-bit inputs, which the kinds with an offset need, in half precision.
            let most = if tiny::device().is_cpu() { 0.04 } else { 0.06 };
            let share = assert_near(&what, &logits(&gguf), &logits(&open(other.path()).unwrap()), most);
            println!("{what}: {share:.4} apart");
            assert!(gguf.card.notes.iter().any(|note| note.contains("only teach")), "{what}: {:?}", gguf.card.notes);
            assert_eq!(gguf.card.parameters, open(model.path()).unwrap().card.parameters, "{what}");
        }
    }
}

/// The mixture of kinds in a Q4_K_M file, with the head on the embedding.
#[test]
fn a_file_of_several_kinds_with_a_tied_head_opens() {
    for kind in ["qwen2", "llama"] {
        let model = folder(&with(kind, 256, &[("tie_word_embeddings", json!(true))]));
        let mixed = |name: &str, shape: &[usize]| match name {
            "token_embd.weight" => GgmlDType::Q6K,
            _ if shape.len() == 1 => GgmlDType::F32,
            name if name.contains("attn_v") || name.contains("ffn_down") => GgmlDType::Q6K,
            _ => GgmlDType::Q4K,
        };
        let (other, path) = (tempfile::tempdir().unwrap(), model.path().join("model.gguf"));
        rounded(model.path(), other.path(), &mixed);
        let file = convert(model.path(), &mixed);
        assert!(file.tensors.iter().all(|part| part.name != "output.weight"));
        file.write(&path);
        let gguf = open(&path).unwrap();
        assert_near(kind, &logits(&gguf), &logits(&open(other.path()).unwrap()), 0.04);
        assert!(gguf.card.notes[0].contains("Q4_K, Q6_K"), "{:?}", gguf.card.notes);
    }
}

/// Attention is in reach through a frozen weight as through any other.
#[test]
fn attention_and_hidden_states_are_shown() {
    let model = folder(&config("llama", 24));
    let path = model.path().join("model.gguf");
    convert(model.path(), &matrices(GgmlDType::F32)).write(&path);
    let shown = |model: &retort::engine::model::Model| {
        let mut trace = Trace::all();
        let input = model.input(&[&[7, 8, 9, 10]]).unwrap();
        model.detached.encode(&model.detached.embed(&input).unwrap(), &mut trace, &DropoutRng::none()).unwrap();
        trace
    };
    let (ours, theirs) = (shown(&open(&path).unwrap()), shown(&open(model.path()).unwrap()));
    assert_eq!((ours.attention.len(), ours.hidden.len()), (2, 3));
    for (layer, ours) in &ours.attention {
        tiny::assert_close("attention", &tiny::flat(ours), &tiny::flat(&theirs.attention[layer]), 1e-5);
    }
    for (layer, ours) in &ours.hidden {
        tiny::assert_close("hidden", &tiny::flat(ours), &tiny::flat(&theirs.hidden[layer]), 1e-4);
    }
}

#[test]
fn heads_need_not_add_up_to_the_width() {
    for kind in ["llama", "qwen3"] {
        let model = folder(&with(kind, 32, &[("head_dim", json!(12)), ("intermediate_size", json!(44))]));
        let path = model.path().join("model.gguf");
        convert(model.path(), &matrices(GgmlDType::F32)).write(&path);
        tiny::assert_close(kind, &logits(&open(&path).unwrap()), &logits(&open(model.path()).unwrap()), 1e-4);
    }
}

#[test]
fn biases_are_read_where_they_are() {
    let biased = with("llama", 24, &[("attention_bias", json!(true)), ("mlp_bias", json!(true))]);
    let model = folder(&biased);
    let path = model.path().join("model.gguf");
    convert(model.path(), &matrices(GgmlDType::F32)).write(&path);
    tiny::assert_close("all", &logits(&open(&path).unwrap()), &logits(&open(model.path()).unwrap()), 1e-4);
}

/// The scaling of Llama 3.1 reaches a GGUF file as a divisor of each frequency.
#[test]
fn rotary_divisors_are_the_scaling_of_llama_3() {
    let scaling = json!({
        "rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 32,
    });
    let model = folder(&with("llama", 32, &[("rope_scaling", scaling)]));
    let path = model.path().join("model.gguf");
    let mut file = convert(model.path(), &matrices(GgmlDType::F32));
    file.write(&path);
    let (plain, expected) = (logits(&open(&path).unwrap()), logits(&open(model.path()).unwrap()));
    assert!(plain.iter().zip(&expected).any(|(a, b)| (a - b).abs() > 1e-2), "the scaling shows");
    let divisors: Vec<f32> = (0..4)
        .map(|i| {
            let frequency = 1.0 / 300f32.powf(i as f32 * 2.0 / 8.0);
            let wavelength = std::f32::consts::TAU / frequency;
            let smooth = ((32.0 / wavelength - 1.0) / 3.0).clamp(0.0, 1.0);
            1.0 / ((1.0 - smooth) / 4.0 + smooth)
        })
        .collect();
    let tensor = Tensor::from_vec(divisors, 4, &Device::Cpu).unwrap();
    file.tensors.push(part("rope_freqs.weight", &tensor, GgmlDType::F32));
    file.write(&path);
    tiny::assert_close("scaled", &logits(&open(&path).unwrap()), &expected, 1e-4);
}

#[test]
fn linear_scaling_is_read_and_others_are_refused_by_name() {
    let scaling = json!({ "rope_type": "linear", "factor": 4.0 });
    let model = folder(&with("qwen2", 24, &[("rope_scaling", scaling)]));
    let path = model.path().join("model.gguf");
    let mut file = convert(model.path(), &matrices(GgmlDType::F32));
    file.set("qwen2.rope.scaling.type", text("linear")).set("qwen2.rope.scaling.factor", Meta::F32(4.0));
    file.write(&path);
    tiny::assert_close("linear", &logits(&open(&path).unwrap()), &logits(&open(model.path()).unwrap()), 1e-4);
    file.set("qwen2.rope.scaling.type", text("yarn")).write(&path);
    let said = crate::models::refusal(&path);
    assert!(said.contains("yarn") && said.contains("model.gguf"), "{said}");
}

/// llama.cpp once wrote GPT-2's head beside its embedding, rounded in its own way.
#[test]
fn a_gpt2_with_a_head_of_its_own_uses_it() {
    let model = folder(&with("gpt2", 32, &[("tie_word_embeddings", json!(false))]));
    let path = model.path().join("model.gguf");
    let file = convert(model.path(), &matrices(GgmlDType::F32));
    assert!(file.tensors.iter().any(|part| part.name == "output.weight"));
    file.write(&path);
    tiny::assert_close("own", &logits(&open(&path).unwrap()), &logits(&open(model.path()).unwrap()), 1e-4);
}

/// Trained weights round better than random ones, and an odd width leaves a matrix as it is.
#[test]
#[ignore = "needs the shared models"]
fn a_real_model_tells_the_same_story_in_eight_bits() {
    let source = crate::vocabulary::shared("models/stories260K-hf");
    let folder = tempfile::tempdir().unwrap();
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        std::fs::copy(source.join(name), folder.path().join(name)).unwrap();
    }
    // What the configuration leaves to its defaults, the writer wants to see.
    let path = folder.path().join("config.json");
    let mut config: Json = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let wide = config["hidden_size"].as_u64().unwrap() / config["num_attention_heads"].as_u64().unwrap();
    config["head_dim"] = json!(wide);
    config["rope_theta"] = json!(config["rope_theta"].as_f64().unwrap_or(10_000.0));
    std::fs::write(&path, config.to_string()).unwrap();
    let kinds = |_: &str, shape: &[usize]| {
        let fits = shape.len() == 2 && shape[1].is_multiple_of(32);
        if fits { GgmlDType::Q8_0 } else { GgmlDType::F32 }
    };
    let path = folder.path().join("stories.gguf");
    convert(folder.path(), &kinds).write(&path);
    let (gguf, whole) = (open(&path).unwrap(), open(folder.path()).unwrap());
    let prompt = |model: &retort::engine::model::Model| model.tokens.encode("Once upon a time", true).unwrap().ids;
    assert_eq!(prompt(&gguf), prompt(&whole));
    let tell = |model: &retort::engine::model::Model| model.tokens.decode(&model.generate(&prompt(model), 40).unwrap());
    let share = assert_near("stories", &logits(&gguf), &logits(&whole), 0.01);
    println!("{share:.4} apart: {}", tell(&gguf));
    assert_eq!(tell(&gguf), tell(&whole));
}
