//! A small writer of GGUF files, independent of the reader: from a Hugging Face folder as llama.cpp's
//! converter would, or field by field so that every part can be broken.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use serde_json::Value as Json;

/// A value of metadata.
#[derive(Clone, Debug)]
pub enum Meta {
    U16(u16),
    U32(u32),
    I32(i32),
    F32(f32),
    Bool(bool),
    Text(String),
    Texts(Vec<String>),
    F32s(Vec<f32>),
    I32s(Vec<i32>),
}

/// One tensor, its shape outermost first.
#[derive(Clone, Debug)]
pub struct Part {
    pub name: String,
    pub shape: Vec<u64>,
    pub kind: u32,
    pub bytes: Vec<u8>,
}

/// A whole file before it is written.
#[derive(Clone, Debug, Default)]
pub struct File {
    pub fields: BTreeMap<String, Meta>,
    pub tensors: Vec<Part>,
}

pub fn text(text: &str) -> Meta {
    Meta::Text(text.to_owned())
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

fn put(out: &mut Vec<u8>, meta: &Meta) {
    let list = |out: &mut Vec<u8>, kind: u32, count: usize| {
        out.extend(9u32.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend((count as u64).to_le_bytes());
    };
    match meta {
        Meta::U16(v) => out.extend([&2u32.to_le_bytes()[..], &v.to_le_bytes()].concat()),
        Meta::I32(v) => out.extend([5u32.to_le_bytes(), v.to_le_bytes()].concat()),
        Meta::U32(v) => out.extend([4u32.to_le_bytes(), v.to_le_bytes()].concat()),
        Meta::F32(v) => out.extend([6u32.to_le_bytes(), v.to_le_bytes()].concat()),
        Meta::Bool(v) => out.extend([&7u32.to_le_bytes()[..], &[u8::from(*v)]].concat()),
        Meta::Text(v) => {
            out.extend(8u32.to_le_bytes());
            put_text(out, v);
        }
        Meta::Texts(all) => {
            list(out, 8, all.len());
            all.iter().for_each(|v| put_text(out, v));
        }
        Meta::F32s(all) => {
            list(out, 6, all.len());
            all.iter().for_each(|v| out.extend(v.to_le_bytes()));
        }
        Meta::I32s(all) => {
            list(out, 5, all.len());
            all.iter().for_each(|v| out.extend(v.to_le_bytes()));
        }
    }
}

impl File {
    pub fn set(&mut self, name: &str, meta: Meta) -> &mut Self {
        self.fields.insert(name.to_owned(), meta);
        self
    }

    pub fn part(&mut self, name: &str) -> &mut Part {
        self.tensors.iter_mut().find(|part| part.name == name).unwrap()
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = b"GGUF".to_vec();
        out.extend(3u32.to_le_bytes());
        out.extend((self.tensors.len() as u64).to_le_bytes());
        out.extend((self.fields.len() as u64).to_le_bytes());
        for (name, meta) in &self.fields {
            put_text(&mut out, name);
            put(&mut out, meta);
        }
        let mut offset = 0u64;
        for part in &self.tensors {
            put_text(&mut out, &part.name);
            out.extend((part.shape.len() as u32).to_le_bytes());
            part.shape.iter().rev().for_each(|size| out.extend(size.to_le_bytes()));
            out.extend(part.kind.to_le_bytes());
            out.extend(offset.to_le_bytes());
            offset += (part.bytes.len() as u64).next_multiple_of(32);
        }
        for part in &self.tensors {
            out.resize(out.len().next_multiple_of(32), 0);
            out.extend(&part.bytes);
        }
        out
    }

    pub fn write(&self, path: &Path) {
        std::fs::write(path, self.bytes()).unwrap();
    }
}

impl File {
    /// The file in so many parts, tensors dealt out in turn, the first part without any where `bare`.
    pub fn split(&self, count: usize, bare: bool) -> Vec<File> {
        let mut parts = vec![File::default(); count];
        parts[0].fields = self.fields.clone();
        let first = usize::from(bare);
        for (i, tensor) in self.tensors.iter().enumerate() {
            parts[first + i % (count - first)].tensors.push(tensor.clone());
        }
        for (number, part) in parts.iter_mut().enumerate() {
            part.set("split.no", Meta::U16(number as u16)).set("split.count", Meta::U16(count as u16));
            part.set("split.tensors.count", Meta::I32(self.tensors.len() as i32));
        }
        parts
    }
}

/// The name of one part, counted from 1.
pub fn part_name(stem: &str, number: usize, count: usize) -> String {
    format!("{stem}-{number:05}-of-{count:05}.gguf")
}

/// Number of a kind in the file.
pub fn number(dtype: GgmlDType) -> u32 {
    match dtype {
        GgmlDType::F32 => 0,
        GgmlDType::F16 => 1,
        GgmlDType::Q4_0 => 2,
        GgmlDType::Q4_1 => 3,
        GgmlDType::Q5_0 => 6,
        GgmlDType::Q5_1 => 7,
        GgmlDType::Q8_0 => 8,
        GgmlDType::Q2K => 10,
        GgmlDType::Q3K => 11,
        GgmlDType::Q4K => 12,
        GgmlDType::Q5K => 13,
        GgmlDType::Q6K => 14,
        GgmlDType::BF16 => 30,
        other => panic!("{other:?} is never in a file"),
    }
}

/// What a tensor becomes in a file; by ggml's name and its shape.
pub type Kinds<'a> = &'a dyn Fn(&str, &[usize]) -> GgmlDType;

fn quantised(tensor: &Tensor, dtype: GgmlDType) -> QTensor {
    QTensor::quantize(tensor, dtype).unwrap()
}

/// ggml's name for a tensor of a Hugging Face checkpoint.
pub fn ggml_name(name: &str) -> String {
    let swaps = [
        ("model.embed_tokens", "token_embd"),
        ("model.norm", "output_norm"),
        ("lm_head", "output"),
        ("model.layers", "blk"),
        ("self_attn.q_proj", "attn_q"),
        ("self_attn.k_proj", "attn_k"),
        ("self_attn.v_proj", "attn_v"),
        ("self_attn.o_proj", "attn_output"),
        ("self_attn.q_norm", "attn_q_norm"),
        ("self_attn.k_norm", "attn_k_norm"),
        ("input_layernorm", "attn_norm"),
        ("post_attention_layernorm", "ffn_norm"),
        ("mlp.gate_proj", "ffn_gate"),
        ("mlp.up_proj", "ffn_up"),
        ("mlp.down_proj", "ffn_down"),
        ("transformer.wte", "token_embd"),
        ("transformer.wpe", "position_embd"),
        ("transformer.ln_f", "output_norm"),
        ("transformer.h", "blk"),
        ("attn.c_attn", "attn_qkv"),
        ("attn.c_proj", "attn_output"),
        ("ln_1", "attn_norm"),
        ("ln_2", "ffn_norm"),
        ("mlp.c_fc", "ffn_up"),
        ("mlp.c_proj", "ffn_down"),
    ];
    swaps.iter().fold(name.to_owned(), |name, (theirs, ours)| name.replace(theirs, ours))
}

/// The rows of each head from two halves to neighbouring pairs: reshape to `[heads, 2, half, …]` and
/// swap the middle two.
pub fn paired(tensor: &Tensor, heads: usize) -> Tensor {
    let (shape, half) = (tensor.dims().to_vec(), tensor.dims()[0] / heads / 2);
    let rest: usize = shape[1..].iter().product();
    let split = tensor.reshape((heads, 2, half, rest)).unwrap();
    split.transpose(1, 2).unwrap().contiguous().unwrap().reshape(shape).unwrap()
}

/// A model folder as GGUF, tensors of the kinds that `kinds` gives.
pub fn convert(folder: &Path, kinds: Kinds) -> File {
    let config: Json = serde_json::from_str(&std::fs::read_to_string(folder.join("config.json")).unwrap()).unwrap();
    let mut file = File::default();
    let is_gpt2 = config["model_type"] == "gpt2";
    if is_gpt2 {
        gpt2_fields(&config, &mut file)
    } else {
        llama_fields(&config, &mut file)
    }
    tokenizer_fields(&folder.join("tokenizer.json"), &mut file);
    let permuted = matches!(config["model_type"].as_str().unwrap(), "llama" | "mistral");
    let tensors = candle_core::safetensors::load(folder.join("model.safetensors"), &Device::Cpu).unwrap();
    for (name, tensor) in tensors.into_iter().collect::<BTreeMap<_, _>>() {
        let ours = ggml_name(&name);
        let heads = |field: &str| config[field].as_u64().unwrap() as usize;
        let tensor = match ours.rsplit('.').nth(1).unwrap() {
            "attn_q" if permuted => paired(&tensor, heads("num_attention_heads")),
            "attn_k" if permuted => paired(&tensor, heads("num_key_value_heads")),
            "attn_qkv" | "attn_output" | "ffn_up" | "ffn_down" if is_gpt2 && tensor.rank() == 2 => {
                tensor.t().unwrap().contiguous().unwrap()
            }
            _ => tensor,
        };
        file.tensors.push(part(&ours, &tensor, kinds(&ours, tensor.dims())));
    }
    file
}

/// A tensor as a part of a file.
pub fn part(name: &str, tensor: &Tensor, dtype: GgmlDType) -> Part {
    Part {
        name: name.to_owned(),
        shape: tensor.dims().iter().map(|size| *size as u64).collect(),
        kind: number(dtype),
        bytes: quantised(tensor, dtype).data().unwrap().to_vec(),
    }
}

/// The same folder with every tensor rounded as [`convert`] would round it.
pub fn rounded(folder: &Path, into: &Path, kinds: Kinds) {
    let tensors = candle_core::safetensors::load(folder.join("model.safetensors"), &Device::Cpu).unwrap();
    let gpt2 = tensors.keys().any(|name| name.starts_with("transformer."));
    let turned = |name: &str, tensor: &Tensor| {
        let turns = gpt2 && tensor.rank() == 2 && name.contains(".h.");
        if turns { tensor.t().unwrap().contiguous().unwrap() } else { tensor.clone() }
    };
    let round = |(name, tensor): (String, Tensor)| {
        let (ours, tensor) = (ggml_name(&name), turned(&name, &tensor));
        let rounded = quantised(&tensor, kinds(&ours, tensor.dims())).dequantize(&Device::Cpu).unwrap();
        (name.clone(), turned(&name, &rounded))
    };
    let rounded: std::collections::HashMap<String, Tensor> = tensors.into_iter().map(round).collect();
    candle_core::safetensors::save(&rounded, into.join("model.safetensors")).unwrap();
    for name in ["config.json", "tokenizer.json"] {
        std::fs::copy(folder.join(name), into.join(name)).unwrap();
    }
}

fn llama_fields(config: &Json, file: &mut File) {
    let kind = config["model_type"].as_str().unwrap();
    let kind = if kind == "mistral" { "llama" } else { kind };
    file.set("general.architecture", text(kind));
    let sizes = [
        ("context_length", "max_position_embeddings"),
        ("embedding_length", "hidden_size"),
        ("block_count", "num_hidden_layers"),
        ("feed_forward_length", "intermediate_size"),
        ("attention.head_count", "num_attention_heads"),
        ("attention.head_count_kv", "num_key_value_heads"),
        ("attention.key_length", "head_dim"),
        ("attention.value_length", "head_dim"),
        ("rope.dimension_count", "head_dim"),
        ("vocab_size", "vocab_size"),
    ];
    for (ours, theirs) in sizes {
        file.set(&format!("{kind}.{ours}"), Meta::U32(config[theirs].as_u64().unwrap() as u32));
    }
    let number = |value: &Json| Meta::F32(value.as_f64().unwrap() as f32);
    file.set(&format!("{kind}.attention.layer_norm_rms_epsilon"), number(&config["rms_norm_eps"]));
    file.set(&format!("{kind}.rope.freq_base"), number(&config["rope_theta"]));
}

fn gpt2_fields(config: &Json, file: &mut File) {
    file.set("general.architecture", text("gpt2"));
    let sizes = [
        ("gpt2.context_length", "n_positions"),
        ("gpt2.embedding_length", "n_embd"),
        ("gpt2.block_count", "n_layer"),
        ("gpt2.attention.head_count", "n_head"),
    ];
    for (ours, theirs) in sizes {
        file.set(ours, Meta::U32(config[theirs].as_u64().unwrap() as u32));
    }
    let inner = config["n_inner"].as_u64().unwrap_or(4 * config["n_embd"].as_u64().unwrap());
    file.set("gpt2.feed_forward_length", Meta::U32(inner as u32));
    file.set("gpt2.attention.layer_norm_epsilon", Meta::F32(1e-5));
}

/// The vocabulary of a `tokenizer.json` as metadata. SentencePiece's scores are the order of merges.
pub fn tokenizer_fields(path: &Path, file: &mut File) {
    let json: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let added = |id: usize| json["added_tokens"].as_array().unwrap().iter().find(move |a| a["id"] == id);
    let mut tokens: BTreeMap<usize, String> = json["model"]["vocab"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(token, id)| (id.as_u64().unwrap() as usize, token.clone()))
        .collect();
    for token in json["added_tokens"].as_array().unwrap() {
        tokens.insert(token["id"].as_u64().unwrap() as usize, token["content"].as_str().unwrap().to_owned());
    }
    assert_eq!(tokens.keys().last(), Some(&(tokens.len() - 1)), "ids have no gaps");
    let is_bytes = json["model"]["byte_fallback"] == true;
    let byte = |token: &str| is_bytes && token.len() == 6 && token.starts_with("<0x");
    let kind = |(id, token): (&usize, &String)| match added(*id) {
        Some(_) if token == "<unk>" => 2,
        Some(token) if token["special"] == true => 3,
        Some(_) => 4,
        None if byte(token) => 6,
        None => 1,
    };
    let pair = |merge: &Json| match merge {
        Json::String(both) => both.clone(),
        both => format!("{} {}", both[0].as_str().unwrap(), both[1].as_str().unwrap()),
    };
    let merges: Vec<String> = json["model"]["merges"].as_array().unwrap().iter().map(pair).collect();
    file.set("tokenizer.ggml.token_type", Meta::I32s(tokens.iter().map(kind).collect()));
    let spaces = json["normalizer"]["normalizers"].is_array() && is_bytes;
    if spaces {
        let rank: BTreeMap<String, usize> =
            merges.iter().enumerate().map(|(rank, merge)| (merge.replacen(' ', "", 1), rank)).collect();
        let score = |token: &String| rank.get(token).map_or(-1e6, |rank| -(*rank as f32) - 1.0);
        file.set("tokenizer.ggml.scores", Meta::F32s(tokens.values().map(score).collect()));
    } else {
        file.set("tokenizer.ggml.merges", Meta::Texts(merges));
        file.set("tokenizer.ggml.pre", text("gpt-2"));
    }
    file.set("tokenizer.ggml.model", text(if spaces { "llama" } else { "gpt2" }));
    let id = |word: &str| tokens.iter().find(|(_, token)| *token == word).map(|(id, _)| *id as u32);
    for (role, words) in [("bos", ["<s>", "<|endoftext|>"]), ("eos", ["</s>", "<|endoftext|>"])] {
        if let Some(id) = words.iter().find_map(|word| id(word)) {
            file.set(&format!("tokenizer.ggml.{role}_token_id"), Meta::U32(id));
        }
    }
    file.set("tokenizer.ggml.tokens", Meta::Texts(tokens.into_values().collect()));
}
