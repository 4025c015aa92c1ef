//! Metadata of a GGUF file as the fields of a `config.json`, so that the networks read what they
//! always read.

use serde_json::{Map, Value as Json, json};

use super::header::Header;
use super::names::Family;
use super::parts::Whole;
use super::value::Value;

/// What the metadata says under the name of its architecture.
struct Fields<'a> {
    header: &'a Header,
    architecture: &'a str,
}

/// A file that llama.cpp's people publish to try a tokenizer with.
const VOCABULARY_ONLY: &str = "it holds a vocabulary only, and no weights; choose a file that holds the whole model";

/// Largest size a field may name, as in a `config.json`.
const LARGEST: i64 = 4_000_000;

/// Family of the names, and rows of one head of queries (1 where nothing depends on it).
///
/// # Errors
/// In words, for an architecture that is not known here, or sizes that make no heads.
pub fn family(header: &Header) -> Result<(Family, usize), String> {
    let (fields, family) = open(header)?;
    let wide = if family == Family::Gpt2 { 1 } else { fields.head_size()? };
    Ok((family, wide))
}

/// The configuration.
///
/// # Errors
/// In words: what is missing, contradicts itself or is not known here.
pub fn config(whole: &Whole) -> Result<Json, String> {
    let header = &whole.header;
    let (fields, family) = open(header)?;
    let mut config = Map::new();
    match family {
        Family::Gpt2 => fields.gpt2(&mut config)?,
        Family::Llama | Family::Qwen => fields.llama(&mut config, whole)?,
    }
    config.insert("vocab_size".into(), json!(fields.rows()?));
    config.insert("tie_word_embeddings".into(), json!(!header.has("output.weight")));
    let ends = ["eos_token_id", "eot_token_id", "eom_token_id"].map(|name| format!("tokenizer.ggml.{name}"));
    let ids: Vec<i64> = ends.iter().filter_map(|name| header.whole(name)).collect();
    config.insert("eos_token_id".into(), json!(ids));
    Ok(Json::Object(config))
}

fn open(header: &Header) -> Result<(Fields<'_>, Family), String> {
    let architecture = header.text("general.architecture")?;
    let fields = Fields { header, architecture };
    let experts = fields.whole("expert_count").unwrap_or(0);
    if experts > 0 || architecture.ends_with("moe") {
        return Err(format!(
            "it is a mixture of {experts} experts ({architecture}), which is not known here; choose a dense model"
        ));
    }
    Ok((fields, known(architecture)?))
}

/// The family of an architecture.
///
/// # Errors
/// In words, with the known ones.
pub fn known(architecture: &str) -> Result<Family, String> {
    Family::of(architecture).ok_or_else(|| {
        format!("its architecture {architecture:?} is not known here; the known ones are gpt2, llama (Mistral is one), qwen2, qwen3; choose another model")
    })
}

impl Fields<'_> {
    fn name(&self, name: &str) -> String {
        format!("{}.{name}", self.architecture)
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.header.get(&self.name(name))
    }

    /// A whole number, or a list that repeats one.
    fn whole(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            Value::Whole(number) => Some(*number),
            Value::Wholes(all) => {
                let first = all.first().filter(|first| all.iter().all(|other| other == *first));
                first.copied().map(i64::from)
            }
            _ => None,
        }
    }

    fn size(&self, name: &str) -> Result<usize, String> {
        let full = self.name(name);
        match (self.whole(name), self.get(name)) {
            (Some(size @ 1..=LARGEST), _) => Ok(size as usize),
            (Some(other), _) => Err(format!("its {full} is {other}, not a size from 1 to {LARGEST}")),
            (None, Some(_)) => Err(format!("its {full} is not one size for all layers, which is not known here")),
            (None, None) => {
                Err(format!("its metadata has no {full}; convert the model again with a present llama.cpp"))
            }
        }
    }

    fn size_or(&self, name: &str, default: usize) -> Result<usize, String> {
        if self.get(name).is_some() { self.size(name) } else { Ok(default) }
    }

    fn number(&self, name: &str) -> Option<f64> {
        match self.get(name)? {
            Value::Real(number) => Some(*number).filter(|number| number.is_finite()),
            Value::Whole(number) => Some(*number as f64),
            _ => None,
        }
    }

    fn needed(&self, name: &str) -> Result<f64, String> {
        self.number(name).ok_or_else(|| format!("its metadata has no {}", self.name(name)))
    }

    /// Rows of the embedding, which decide the size of the vocabulary.
    fn rows(&self) -> Result<usize, String> {
        let missing = || match self.has_layers() {
            true => "it has layers, but no tensor token_embd.weight; fetch it again",
            false => VOCABULARY_ONLY,
        };
        let table = self.header.tensors.get("token_embd.weight").ok_or_else(missing)?;
        Ok(table.shape[0])
    }

    fn has_layers(&self) -> bool {
        self.header.tensors.keys().any(|name| name.starts_with("blk."))
    }

    /// Layers, each of which is there: a count alone costs nothing to claim.
    fn layers(&self) -> Result<usize, String> {
        if !self.has_layers() {
            return Err(VOCABULARY_ONLY.into());
        }
        let layers = self.size("block_count")?;
        match (0..layers).map(|layer| format!("blk.{layer}.attn_norm.weight")).find(|name| !self.header.has(name)) {
            Some(name) => Err(format!("it should have {layers} layers, but has no tensor {name}; fetch it again")),
            None => Ok(layers),
        }
    }

    fn head_size(&self) -> Result<usize, String> {
        let (width, heads) = (self.size("embedding_length")?, self.size("attention.head_count")?);
        let wide = self.size_or("attention.key_length", width / heads)?;
        let values = self.size_or("attention.value_length", wide)?;
        if values != wide || wide == 0 || !wide.is_multiple_of(2) {
            return Err(format!(
                "its heads have {wide} numbers for keys and {values} for values; an even and equal number is needed here"
            ));
        }
        Ok(wide)
    }

    fn llama(&self, config: &mut Map<String, Json>, whole: &Whole) -> Result<(), String> {
        let (heads, wide) = (self.size("attention.head_count")?, self.head_size()?);
        let layer = |name: &str| self.header.has(&format!("blk.0.{name}"));
        let fields = json!({
            "model_type": self.llama_type(),
            "hidden_size": self.size("embedding_length")?,
            "num_hidden_layers": self.layers()?,
            "intermediate_size": self.size("feed_forward_length")?,
            "num_attention_heads": heads,
            "num_key_value_heads": self.size_or("attention.head_count_kv", heads)?,
            "head_dim": wide,
            "max_position_embeddings": self.size("context_length")?,
            "rms_norm_eps": self.needed("attention.layer_norm_rms_epsilon")?,
            "rope_theta": self.number("rope.freq_base").unwrap_or(10_000.0),
            "partial_rotary_factor": self.size_or("rope.dimension_count", wide)? as f64 / wide as f64,
            "rope_scaling": self.scaling(),
            "rope_divisors": self.divisors(whole, wide)?,
            "attention_bias": layer("attn_output.bias"),
            "mlp_bias": layer("ffn_up.bias"),
            "sliding_window": null,
        });
        config.extend(fields.as_object().cloned().unwrap_or_default());
        Ok(())
    }

    /// A llama with biases on queries, keys and values alone is what transformers calls Qwen2.
    fn llama_type(&self) -> &str {
        let biased = |part: &str| self.header.has(&format!("blk.0.{part}.bias"));
        match self.architecture {
            "llama" if biased("attn_q") && !biased("attn_output") => "qwen2",
            other => other,
        }
    }

    fn scaling(&self) -> Json {
        let factor = self.number("rope.scaling.factor").or_else(|| self.number("rope.scale_linear")).unwrap_or(1.0);
        match self.get("rope.scaling.type") {
            Some(Value::Text(kind)) if kind != "none" => json!({ "rope_type": kind, "factor": factor }),
            None if factor != 1.0 => json!({ "rope_type": "linear", "factor": factor }),
            _ => Json::Null,
        }
    }

    /// What each rotary frequency is divided by (Llama 3.1 and later).
    fn divisors(&self, whole: &Whole, wide: usize) -> Result<Json, String> {
        const NAME: &str = "rope_freqs.weight";
        let Some(info) = self.header.tensors.get(NAME) else { return Ok(Json::Null) };
        let stored = whole.bytes(info).unwrap_or_default();
        let numbers = stored.as_chunks::<4>().0.iter().map(|number| f32::from_le_bytes(*number));
        let divisors: Vec<f32> = numbers.collect();
        let fine = divisors.iter().all(|divisor| divisor.is_finite() && *divisor > 0.0);
        if info.kind.name == "F32" && info.shape == [wide / 2] && fine {
            Ok(json!(divisors))
        } else {
            Err(format!("its {NAME} is not {} numbers above 0, one a frequency; fetch it again", wide / 2))
        }
    }

    fn gpt2(&self, config: &mut Map<String, Json>) -> Result<(), String> {
        let fields = json!({
            "model_type": "gpt2",
            "n_embd": self.size("embedding_length")?,
            "n_layer": self.layers()?,
            "n_inner": self.size("feed_forward_length")?,
            "n_head": self.size("attention.head_count")?,
            "n_positions": self.size("context_length")?,
            "layer_norm_epsilon": self.needed("attention.layer_norm_epsilon")?,
            "activation_function": "gelu_new",
        });
        config.extend(fields.as_object().cloned().unwrap_or_default());
        Ok(())
    }
}
