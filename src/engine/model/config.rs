//! `config.json`: kept whole, so that what this program does not read is written back unchanged.

use serde_json::Value;

use super::ModelError;

/// A model's configuration in Hugging Face's form.
#[derive(Clone, Debug, PartialEq)]
pub struct Config(serde_json::Map<String, Value>);

/// Largest size any field may name: far above real models, far below what would exhaust memory
/// before the weights are even compared.
const LARGEST: u64 = 4_000_000;

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// [`ModelError::Config`] if the text is no JSON object.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(ModelError::Config("it is not a JSON object".into())),
            Err(e) => Err(ModelError::Config(format!("it is not JSON: {e}"))),
        }
    }

    /// The `model_type`.
    ///
    /// # Errors
    /// [`ModelError::Config`] if there is none.
    pub fn model_type(&self) -> Result<&str, ModelError> {
        self.0
            .get("model_type")
            .and_then(Value::as_str)
            .ok_or_else(|| ModelError::Config("it has no model_type".into()))
    }

    /// A size under the first of `names` that is present.
    ///
    /// # Errors
    /// [`ModelError::Config`] if none is present or the value is no size.
    pub fn size(&self, names: &[&str]) -> Result<usize, ModelError> {
        let missing = || ModelError::Config(format!("it has no {}", names.join(" or ")));
        let (name, value) = names.iter().find_map(|name| Some((name, self.0.get(*name)?))).ok_or_else(missing)?;
        match value.as_u64() {
            Some(size @ 1..=LARGEST) => Ok(size as usize),
            _ => Err(ModelError::Config(format!("{name} must be a whole number from 1 to {LARGEST}, not {value}"))),
        }
    }

    /// A size, or `default` where it is missing or null.
    ///
    /// # Errors
    /// [`ModelError::Config`] if the value is no size.
    pub fn size_or(&self, name: &str, default: usize) -> Result<usize, ModelError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(default),
            Some(_) => self.size(&[name]),
        }
    }

    /// A number, or `default` where it is missing or null.
    ///
    /// # Errors
    /// [`ModelError::Config`] if the value is no finite number.
    pub fn number_or(&self, name: &str, default: f64) -> Result<f64, ModelError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(default),
            Some(value) => value
                .as_f64()
                .filter(|v| v.is_finite())
                .ok_or_else(|| ModelError::Config(format!("{name} must be a number, not {value}"))),
        }
    }

    /// A word, or `default` where it is missing.
    pub fn word_or<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        self.0.get(name).and_then(Value::as_str).unwrap_or(default)
    }

    /// A switch, or `default` where it is missing.
    pub fn switch_or(&self, name: &str, default: bool) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(default)
    }

    /// Replaces a field.
    pub fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// As text, as it is written beside saved weights.
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(&self.0).unwrap_or_default() + "\n"
    }

    /// Width of the hidden states; 0 where unknown.
    pub fn width(&self) -> usize {
        self.size(&["hidden_size", "n_embd"]).unwrap_or(0)
    }

    /// Number of layers; 0 where unknown.
    pub fn layers(&self) -> usize {
        self.size(&["num_hidden_layers", "n_layer"]).unwrap_or(0)
    }

    /// Attention heads per layer; 0 where unknown.
    pub fn heads(&self) -> usize {
        self.size(&["num_attention_heads", "n_head"]).unwrap_or(0)
    }

    /// Rows of the token embedding; 0 where unknown.
    pub fn vocabulary(&self) -> usize {
        self.size(&["vocab_size"]).unwrap_or(0)
    }

    /// Longest input in tokens.
    pub fn positions(&self) -> usize {
        self.size(&["max_position_embeddings", "n_positions"]).unwrap_or(0)
    }
}

impl Config {
    /// Number of classes, if the model was saved as a classifier.
    pub fn classes(&self) -> Option<usize> {
        let class = self.0.get("architectures")?.as_array()?.first()?.as_str()?;
        if !class.ends_with("ForSequenceClassification") {
            return None;
        }
        let named = self.0.get("id2label").and_then(Value::as_object).map(serde_json::Map::len);
        named.or_else(|| self.size(&["num_labels"]).ok()).or(Some(2))
    }
}
