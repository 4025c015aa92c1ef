//! `config.json`: kept whole, so that what this program does not read is written back unchanged.

use serde_json::Value;

use super::ModelError;
use crate::session::say;

/// A model's configuration in Hugging Face's form.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config(serde_json::Map<String, Value>);

/// Largest size any field may name: far above real models, far below what would exhaust memory
/// before the weights are even compared.
const LARGEST: u64 = 4_000_000;

/// Most layers: some four times the deepest network ever published. Each costs names and lists of its
/// own before a single weight is looked at.
const DEEPEST: u64 = 4_096;

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// [`ModelError::Config`] if the text is no JSON object.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(ModelError::Config(say!("it is not a JSON object"))),
            Err(e) => Err(ModelError::Config(say!("it is not JSON: {e}", e))),
        }
    }

    /// The `model_type`.
    ///
    /// # Errors
    /// [`ModelError::Config`] if there is none.
    pub fn model_type(&self) -> Result<&str, ModelError> {
        self.0.get("model_type").and_then(Value::as_str).ok_or_else(|| ModelError::Config(say!("it has no model_type")))
    }

    /// A size under the first of `names` that is present.
    ///
    /// # Errors
    /// [`ModelError::Config`] if none is present or the value is no size.
    pub fn size(&self, names: &[&str]) -> Result<usize, ModelError> {
        self.whole_number(names, LARGEST)
    }

    /// A number of layers.
    ///
    /// # Errors
    /// As [`Self::size`].
    pub fn depth(&self, name: &str) -> Result<usize, ModelError> {
        self.whole_number(&[name], DEEPEST)
    }

    fn whole_number(&self, names: &[&str], most: u64) -> Result<usize, ModelError> {
        let missing = || ModelError::Config(say!("it has no {names}", names = names.join(" or ")));
        let (name, value) = names.iter().find_map(|name| Some((name, self.0.get(*name)?))).ok_or_else(missing)?;
        match value.as_u64() {
            Some(size) if (1..=most).contains(&size) => Ok(size as usize),
            _ => Err(ModelError::Config(say!(
                "{name} must be a whole number from 1 to {most}, not {value}",
                name,
                most,
                value = brief(value)
            ))),
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

    /// A number of layers, or `default` where it is missing or null.
    ///
    /// # Errors
    /// As [`Self::size_or`].
    pub fn depth_or(&self, name: &str, default: usize) -> Result<usize, ModelError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(default),
            Some(_) => self.depth(name),
        }
    }

    /// A size; 0 where it is missing or none.
    pub fn size_or_none(&self, name: &str) -> usize {
        self.size(&[name]).unwrap_or(0)
    }

    /// A number, or `default` where it is missing or null.
    ///
    /// # Errors
    /// [`ModelError::Config`] if the value is no finite number.
    pub fn number_or(&self, name: &str, default: f64) -> Result<f64, ModelError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(default),
            Some(value) => value.as_f64().filter(|v| v.is_finite()).ok_or_else(|| {
                ModelError::Config(say!("{name} must be a number, not {value}", name, value = brief(value)))
            }),
        }
    }

    /// A number above 0.
    ///
    /// # Errors
    /// [`ModelError::Config`] if it is missing or no such number.
    pub fn positive(&self, name: &str) -> Result<f32, ModelError> {
        let value = self.number_or(name, f64::NAN)? as f32;
        if value > 0.0 { Ok(value) } else { Err(ModelError::Config(say!("{name} must be a number above 0", name))) }
    }

    /// A configuration within this one; `None` where it is missing or null.
    ///
    /// # Errors
    /// [`ModelError::Config`] if the value is no object.
    pub fn part(&self, name: &str) -> Result<Option<Self>, ModelError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(Self(fields.clone()))),
            Some(other) => {
                Err(ModelError::Config(say!("{name} must be an object, not {other}", name, other = brief(other))))
            }
        }
    }

    /// Whether any field is an object of its own.
    pub fn has_parts(&self) -> bool {
        self.0.values().any(Value::is_object)
    }

    /// The token ids under `name`: one, a list, or none.
    pub fn ids(&self, name: &str) -> Vec<u32> {
        let id = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
        match self.0.get(name) {
            Some(Value::Array(all)) => all.iter().filter_map(id).collect(),
            other => other.and_then(id).into_iter().collect(),
        }
    }

    /// Names of all fields, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A field as it is written.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Whether the field is there, be it null.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The words of a list; `None` where it is missing or null.
    ///
    /// # Errors
    /// [`ModelError::Config`] if the value is no list of words.
    pub fn words(&self, name: &str) -> Result<Option<Vec<&str>>, ModelError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let all = value.as_array().and_then(|all| all.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
                all.map(Some).ok_or_else(|| ModelError::Config(say!("{name} must be a list of words", name)))
            }
        }
    }

    /// The numbers of a list; `None` where it is missing or null.
    ///
    /// # Errors
    /// [`ModelError::Config`] if the value is no list of numbers.
    pub fn numbers(&self, name: &str) -> Result<Option<Vec<f32>>, ModelError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let number = |value: &Value| value.as_f64().map(|number| number as f32);
                let all = value.as_array().and_then(|all| all.iter().map(number).collect::<Option<Vec<_>>>());
                all.map(Some).ok_or_else(|| ModelError::Config(say!("{name} must be a list of numbers", name)))
            }
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

    /// Takes a field out.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// As text, as it is written beside saved weights.
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(&self.0).unwrap_or_default() + "\n"
    }

    /// Rows of the token embedding; 0 where unknown.
    pub fn vocabulary(&self) -> usize {
        self.size(&["vocab_size"]).unwrap_or(0)
    }
}

/// A value of a file as it can stand in a sentence.
fn brief(value: &Value) -> String {
    let text = value.to_string();
    if text.len() <= 80 { text } else { format!("{}…", &text[..text.floor_char_boundary(80)]) }
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

    /// The names of the classes in their order, if the model was saved as a classifier and all have one.
    pub fn class_names(&self) -> Option<Vec<String>> {
        let labels = self.labels()?;
        (labels.len() == self.classes()?).then_some(labels)
    }

    /// The names of a classifier's outputs in their order: `id2label`, else `label2id` turned round.
    /// A name may be a number.
    pub fn labels(&self) -> Option<Vec<String>> {
        let word = |value: &Value| match value {
            Value::String(word) => Some(word.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            _ => None,
        };
        let forth = |named: &serde_json::Map<String, Value>| {
            (0..named.len()).map(|class| word(named.get(&class.to_string())?)).collect::<Option<Vec<_>>>()
        };
        let back = |named: &serde_json::Map<String, Value>| {
            let of = |class: usize| {
                named.iter().find(|(_, id)| id.as_u64() == Some(class as u64)).map(|(name, _)| name.clone())
            };
            (0..named.len()).map(of).collect::<Option<Vec<_>>>()
        };
        let object = |name: &str| self.0.get(name).and_then(Value::as_object).filter(|named| !named.is_empty());
        object("id2label").and_then(forth).or_else(|| object("label2id").and_then(back))
    }
}
