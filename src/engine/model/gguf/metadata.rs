//! Metadata of a GGUF file as the fields of a `config.json` and as a chat template, so that everything behind
//! reads what it always reads.

use serde_json::{Map, Value as Json, json};

use super::ggml_names::TensorNames;
use super::header::Header;
use super::split_files::Whole;
use super::value::Value;
use crate::engine::model::chat_template::ChatFile;
use crate::engine::model::tensor_layout::{FromMetadata, GgufLayout};
use crate::engine::model::{ARCHITECTURES, Architecture};
use crate::session::{Sentence, say};

/// What the metadata says under the name of its architecture.
struct Fields<'a> {
    header: &'a Header,
    architecture: &'a str,
}

/// A file that llama.cpp's people publish to try a tokenizer with.
fn vocabulary_only() -> Sentence {
    say!("it holds a vocabulary only, and no weights; choose a file that holds the whole model")
}

/// Largest size a field may name, as in a `config.json`.
const LARGEST: i64 = 4_000_000;

/// Names of the tensors, and rows of one head of queries (1 where nothing depends on it).
///
/// # Errors
/// In words, for an architecture that is not known here, or sizes that make no heads.
pub fn names(header: &Header) -> Result<(TensorNames, usize), Sentence> {
    let (fields, architecture, gguf) = open(header)?;
    let has_heads = gguf.fields.iter().any(|(_, from)| *from == FromMetadata::HeadDim);
    let wide = if has_heads { fields.head_size()? } else { 1 };
    Ok((TensorNames::of(architecture).ok_or_else(|| unknown(architecture.id))?, wide))
}

/// The configuration.
///
/// # Errors
/// In words: what is missing, contradicts itself or is not known here.
pub fn config(whole: &Whole) -> Result<Json, Sentence> {
    let header = &whole.header;
    let (fields, architecture, gguf) = open(header)?;
    let mut config = Map::new();
    let part = |part: &str| header.has(&format!("blk.0.{part}"));
    let other = gguf.other.filter(|(_, is_other)| is_other(&part)).map(|(id, _)| id);
    config.insert("model_type".into(), json!(other.unwrap_or(architecture.id)));
    for (name, from) in gguf.fields {
        config.insert((*name).to_owned(), fields.value(*from, whole)?);
    }
    config.insert("vocab_size".into(), json!(fields.rows()?));
    config.insert("tie_word_embeddings".into(), json!(!header.has("output.weight")));
    let ends = ["eos_token_id", "eot_token_id", "eom_token_id"].map(|name| format!("tokenizer.ggml.{name}"));
    let ids: Vec<i64> = ends.iter().filter_map(|name| header.whole(name)).collect();
    config.insert("eos_token_id".into(), json!(ids));
    Ok(Json::Object(config))
}

fn open(header: &Header) -> Result<(Fields<'_>, &'static Architecture, &'static GgufLayout), Sentence> {
    let architecture = header.text("general.architecture")?;
    let fields = Fields { header, architecture };
    let experts = fields.whole("expert_count").unwrap_or(0);
    if experts > 0 || architecture.ends_with("moe") {
        return Err(say!(
            "it is a mixture of {experts} experts ({architecture}), which is not known here; choose a dense model",
            experts,
            architecture
        ));
    }
    let (architecture, gguf) = known(architecture)?;
    Ok((fields, architecture, gguf))
}

/// The architecture that such files call so.
///
/// # Errors
/// In words, with the known ones.
pub fn known(architecture: &str) -> Result<(&'static Architecture, &'static GgufLayout), Sentence> {
    let found = ARCHITECTURES.iter().find(|known| known.id == architecture);
    found.and_then(|known| Some((known, known.gguf.as_ref()?))).ok_or_else(|| unknown(architecture))
}

fn unknown(architecture: &str) -> Sentence {
    let known = ARCHITECTURES.iter().filter_map(|known| Some(known.gguf?.called)).collect::<Vec<_>>().join(", ");
    say!(
        "its architecture {architecture} is not known here; the known ones are {known}; choose another model",
        architecture = format_args!("{architecture:?}"),
        known
    )
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

    fn size(&self, name: &str) -> Result<usize, Sentence> {
        let full = self.name(name);
        match (self.whole(name), self.get(name)) {
            (Some(size @ 1..=LARGEST), _) => Ok(size as usize),
            (Some(other), _) => {
                Err(say!("its {full} is {other}, not a size from 1 to {largest}", full, other, largest = LARGEST))
            }
            (None, Some(_)) => Err(say!("its {full} is not one size for all layers, which is not known here", full)),
            (None, None) => {
                Err(say!("its metadata has no {full}; convert the model again with a present llama.cpp", full))
            }
        }
    }

    fn size_or(&self, name: &str, default: usize) -> Result<usize, Sentence> {
        if self.get(name).is_some() { self.size(name) } else { Ok(default) }
    }

    fn number(&self, name: &str) -> Option<f64> {
        match self.get(name)? {
            Value::Real(number) => Some(*number).filter(|number| number.is_finite()),
            Value::Whole(number) => Some(*number as f64),
            _ => None,
        }
    }

    fn needed(&self, name: &str) -> Result<f64, Sentence> {
        self.number(name).ok_or_else(|| say!("its metadata has no {name}", name = self.name(name)))
    }

    /// Rows of the embedding, which decide the size of the vocabulary.
    fn rows(&self) -> Result<usize, Sentence> {
        let missing = || match self.has_layers() {
            true => say!("it has layers, but no tensor token_embd.weight; fetch it again"),
            false => vocabulary_only(),
        };
        let table = self.header.tensors.get("token_embd.weight").ok_or_else(missing)?;
        Ok(table.shape[0])
    }

    fn has_layers(&self) -> bool {
        self.header.tensors.keys().any(|name| name.starts_with("blk."))
    }

    /// Layers, each of which is there: a count alone costs nothing to claim.
    fn layers(&self) -> Result<usize, Sentence> {
        if !self.has_layers() {
            return Err(vocabulary_only());
        }
        let layers = self.size("block_count")?;
        match (0..layers).map(|layer| format!("blk.{layer}.attn_norm.weight")).find(|name| !self.header.has(name)) {
            Some(name) => {
                Err(say!("it should have {layers} layers, but has no tensor {name}; fetch it again", layers, name))
            }
            None => Ok(layers),
        }
    }

    fn head_size(&self) -> Result<usize, Sentence> {
        let (width, heads) = (self.size("embedding_length")?, self.size("attention.head_count")?);
        let wide = self.size_or("attention.key_length", width / heads)?;
        let values = self.size_or("attention.value_length", wide)?;
        if values != wide || wide == 0 || !wide.is_multiple_of(2) {
            return Err(say!(
                "its heads have {wide} numbers for keys and {values} for values; an even and equal number is needed here",
                wide,
                values
            ));
        }
        Ok(wide)
    }

    /// What stands in a field of the configuration.
    fn value(&self, from: FromMetadata, whole: &Whole) -> Result<Json, Sentence> {
        Ok(match from {
            FromMetadata::Size(name) => json!(self.size(name)?),
            FromMetadata::SizeOr(name, other) => json!(self.size_or(name, self.size(other)?)?),
            FromMetadata::Number(name) => json!(self.needed(name)?),
            FromMetadata::NumberOr(name, usual) => json!(self.number(name).unwrap_or(usual)),
            FromMetadata::Layers => json!(self.layers()?),
            FromMetadata::HeadDim => json!(self.head_size()?),
            FromMetadata::RotaryShare => {
                let wide = self.head_size()?;
                json!(self.size_or("rope.dimension_count", wide)? as f64 / wide as f64)
            }
            FromMetadata::RopeScaling => self.scaling(),
            FromMetadata::RopeDivisors => self.divisors(whole, self.head_size()?)?,
            FromMetadata::HasPart(part) => json!(self.header.has(&format!("blk.0.{part}"))),
            FromMetadata::Word(word) => json!(word),
            FromMetadata::Null => Json::Null,
        })
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
    fn divisors(&self, whole: &Whole, wide: usize) -> Result<Json, Sentence> {
        const NAME: &str = "rope_freqs.weight";
        let Some(info) = self.header.tensors.get(NAME) else { return Ok(Json::Null) };
        let stored = whole.bytes(info).unwrap_or_default();
        let numbers = stored.as_chunks::<4>().0.iter().map(|number| f32::from_le_bytes(*number));
        let divisors: Vec<f32> = numbers.collect();
        let fine = divisors.iter().all(|divisor| divisor.is_finite() && *divisor > 0.0);
        if info.kind.name == "F32" && info.shape == [wide / 2] && fine {
            Ok(json!(divisors))
        } else {
            Err(say!(
                "its {name} is not {wide} numbers above 0, one a frequency; fetch it again",
                name = NAME,
                wide = wide / 2
            ))
        }
    }
}

/// Roles of special tokens in a template, and the metadata with their ids.
const ROLES: [(&str, &str); 4] = [
    ("bos_token", "tokenizer.ggml.bos_token_id"),
    ("eos_token", "tokenizer.ggml.eos_token_id"),
    ("unk_token", "tokenizer.ggml.unknown_token_id"),
    ("pad_token", "tokenizer.ggml.padding_token_id"),
];

/// The template, if there is one.
pub fn chat(header: &Header) -> Option<ChatFile> {
    let Some(Value::Text(template)) = header.get("tokenizer.chat_template") else { return None };
    let word = |name: &str| match (header.get(name)?, header.get("tokenizer.ggml.tokens")?) {
        (Value::Whole(id), Value::Texts(tokens)) => tokens.get(usize::try_from(*id).ok()?).cloned(),
        _ => None,
    };
    let words = ROLES.iter().filter_map(|(role, name)| Some(((*role).to_owned(), word(name)?)));
    Some(ChatFile { template: template.clone(), words: words.collect() })
}
