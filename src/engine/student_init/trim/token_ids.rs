//! The ids that a configuration names, before and after trimming.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Kept;
use crate::engine::model::{self, Config};
use crate::engine::student_init::StudentInitError;
use crate::session::say;

/// Ids of tokens that `config` names and that must therefore stay. Where positions are counted from behind
/// the padding's id (RoBERTa), everything up to that id stays where it is.
pub fn named(config: &Config, entries: &BTreeMap<String, u32>) -> BTreeSet<u32> {
    let known: BTreeSet<u32> = entries.values().copied().collect();
    let named = fields(config).flat_map(|name| config.ids(name));
    let first = model::architecture(config).map_or(0, |architecture| (architecture.first_position)(config));
    named.chain(0..first as u32).filter(|id| known.contains(id)).collect()
}

/// `config` with the new number of tokens and their new ids. A field that names no token becomes null.
///
/// # Errors
/// [`StudentInitError::Vocabulary`] if the decoder's start is no token.
pub fn renumbered(config: &Config, kept: &Kept) -> Result<Config, StudentInitError> {
    let mut new = config.clone();
    for name in fields(config) {
        let ids: Vec<u32> = config.ids(name).into_iter().filter_map(|id| kept.new_id(id)).collect();
        let value = match (config.value(name), ids.first()) {
            (Some(Value::Array(_)), _) => json!(ids),
            (_, Some(id)) => json!(id),
            (_, None) => Value::Null,
        };
        if value.is_null() && name == "decoder_start_token_id" && !config.ids(name).is_empty() {
            return Err(StudentInitError::Vocabulary(say!(
                "config.json's {name} is no token; keep the vocabulary Whole",
                name
            )));
        }
        new.set(name, value);
    }
    new.set("vocab_size", json!(kept.ids.len()));
    Ok(new)
}

fn fields(config: &Config) -> impl Iterator<Item = &str> {
    config.names().filter(|name| name.ends_with("_token_id"))
}
