//! Where each architecture keeps its layers, by the names of their tensors; and BERT's names for
//! DistilBERT's tensors.

use serde_json::{Value, json};

use super::StudentInitError;
use crate::engine::model::{Config, ModelError};

/// A stack of layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerStack {
    /// What stands before the layer's number in a tensor's name.
    pub marker: &'static str,
    /// The configuration's field for the number of layers.
    pub field: &'static str,
}

const BERT: &[LayerStack] = &[LayerStack { marker: "encoder.layer.", field: "num_hidden_layers" }];
const DISTILBERT: &[LayerStack] = &[LayerStack { marker: "transformer.layer.", field: "n_layers" }];
const GPT2: &[LayerStack] = &[LayerStack { marker: "transformer.h.", field: "n_layer" }];
const LLAMA: &[LayerStack] = &[LayerStack { marker: "model.layers.", field: "num_hidden_layers" }];
const T5: &[LayerStack] = &[
    LayerStack { marker: "encoder.block.", field: "num_layers" },
    LayerStack { marker: "decoder.block.", field: "num_decoder_layers" },
];

/// The stacks of an architecture; the first is the one people mean by its layers.
///
/// # Errors
/// [`StudentInitError::Layers`] for an architecture whose layers are not known here.
pub fn of(architecture: &str) -> Result<&'static [LayerStack], StudentInitError> {
    match architecture {
        "bert" | "roberta" => Ok(BERT),
        "distilbert" => Ok(DISTILBERT),
        "gpt2" => Ok(GPT2),
        "t5" => Ok(T5),
        "llama" | "mistral" | "qwen2" | "qwen3" => Ok(LLAMA),
        other => Err(StudentInitError::Layers(format!("where {other} keeps its layers is not known here"))),
    }
}

impl LayerStack {
    /// Number of layers that `config` gives it; T5's decoder has as many as its encoder where none
    /// are named.
    ///
    /// # Errors
    /// [`ModelError::Config`].
    pub fn layers(&self, config: &Config) -> Result<usize, ModelError> {
        config.size_or(self.field, config.layers())
    }

    /// The layer a tensor belongs to, and its name with another layer's number.
    pub fn layer_of(&self, name: &str) -> Option<(usize, impl Fn(usize) -> String)> {
        let at = name.find(self.marker)? + self.marker.len();
        let (before, rest) = name.split_at(at);
        let (number, rest) = rest.split_once('.')?;
        let layer = number.parse().ok()?;
        let (before, rest) = (before.to_owned(), rest.to_owned());
        Some((layer, move |layer| format!("{before}{layer}.{rest}")))
    }

    /// Gives `config` the layers `picked`, and with them what it says of each layer.
    ///
    /// # Errors
    /// [`ModelError::Config`].
    pub fn write(&self, config: &mut Config, picked: &[usize]) -> Result<(), ModelError> {
        let kinds = kinds(config, self.layers(config)?)?;
        let kept: Vec<Value> = picked.iter().filter_map(|layer| kinds.as_ref()?.get(*layer).cloned()).collect();
        if kinds.is_some() {
            config.set("layer_types", Value::Array(kept));
        }
        config.set(self.field, json!(picked.len()));
        Ok(())
    }
}

/// What each layer is, where layers differ: named one by one, or (Qwen) windowed from one on.
fn kinds(config: &Config, layers: usize) -> Result<Option<Vec<Value>>, ModelError> {
    if let Some(words) = config.words("layer_types")? {
        return Ok(Some(words.into_iter().map(|word| json!(word)).collect()));
    }
    if !config.switch_or("use_sliding_window", false) {
        return Ok(None);
    }
    let first = config.number_or("max_window_layers", 28.0)? as usize;
    let kind = |layer| if layer >= first { json!("sliding_attention") } else { json!("full_attention") };
    Ok(Some((0..layers).map(kind).collect()))
}

/// BERT's names for the parts of DistilBERT (Sanh et al. 2019, arXiv 1910.01108).
const FROM_BERT: [(&str, &str); 16] = [
    ("distilbert.transformer.layer.", "bert.encoder.layer."),
    ("distilbert.embeddings.", "bert.embeddings."),
    (".attention.q_lin.", ".attention.self.query."),
    (".attention.k_lin.", ".attention.self.key."),
    (".attention.v_lin.", ".attention.self.value."),
    (".attention.out_lin.", ".attention.output.dense."),
    (".sa_layer_norm.", ".attention.output.LayerNorm."),
    (".ffn.lin1.", ".intermediate.dense."),
    (".ffn.lin2.", ".output.dense."),
    (".output_layer_norm.", ".output.LayerNorm."),
    ("vocab_transform.", "cls.predictions.transform.dense."),
    ("vocab_layer_norm.", "cls.predictions.transform.LayerNorm."),
    ("vocab_projector.weight", "cls.predictions.decoder.weight"),
    ("vocab_projector.bias", "cls.predictions.bias"),
    // DistilBERT's classifier reads the first token, BERT's what its pooler made of it.
    ("pre_classifier.", "no tensor of BERT "),
    ("classifier.", "no tensor of BERT "),
];

/// The name under which BERT keeps what DistilBERT keeps under `name`.
pub fn bert_name(name: &str) -> String {
    FROM_BERT.iter().fold(name.to_owned(), |name, (ours, theirs)| name.replace(ours, theirs))
}
