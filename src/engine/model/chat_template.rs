//! The chat template that comes with an instruct model, as text: `chat_template.jinja`, or
//! `chat_template` in `tokenizer_config.json`. Rendering it is the prompt's affair.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::ModelError;
use super::text::read_text;
use super::vocabulary::{object, settings};
use crate::session::say;

/// A chat template and what it may name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChatFile {
    /// The template, in Jinja.
    pub template: String,
    /// Special tokens by role: `bos_token`, `eos_token` and so on.
    pub words: BTreeMap<String, String>,
}

/// The template of the model in `folder`; `None` if it has none. A file of its own goes before the
/// settings, and of several named templates `default` is taken, as in transformers.
///
/// # Errors
/// [`ModelError::File`] for a file that cannot be read, [`ModelError::Tokens`] for a list of templates
/// without a default.
pub fn chat_file(folder: &Path) -> Result<Option<ChatFile>, ModelError> {
    let settings = settings(folder)?;
    let template = match own_template(folder)? {
        None => settings.get("chat_template").map(chosen).transpose()?.flatten(),
        own => own,
    };
    let Some(template) = template else { return Ok(None) };
    // Older folders keep the special tokens in a file of their own.
    let mut words = words(&object(folder, "special_tokens_map.json")?);
    words.extend(self::words(&settings));
    Ok(Some(ChatFile { template, words }))
}

/// The template that is a file of its own.
///
/// # Errors
/// [`ModelError::File`] if it is there and cannot be read.
pub fn own_template(folder: &Path) -> Result<Option<String>, ModelError> {
    let own = folder.join("chat_template.jinja");
    if own.is_file() { read_text(&own, "chat_template.jinja").map(Some) } else { Ok(None) }
}

/// One template, or the default of several.
fn chosen(value: &Value) -> Result<Option<String>, ModelError> {
    let all = match value {
        Value::Null => return Ok(None),
        Value::String(one) => return Ok(Some(one.clone())),
        Value::Array(all) => all.as_slice(),
        _ => &[],
    };
    let field = |entry: &Value, name: &str| entry.get(name).and_then(Value::as_str).map(str::to_owned);
    let named = |entry: &&Value| field(entry, "name").as_deref() == Some("default");
    let found = all.iter().find(named).and_then(|entry| field(entry, "template"));
    found.map(Some).ok_or_else(|| {
        let names: Vec<String> = all.iter().take(8).filter_map(|entry| field(entry, "name")).collect();
        ModelError::Tokens(say!("chat_template of tokenizer_config.json is neither a text nor a list with one named default (it names {names}); put the one to use into chat_template.jinja", names = if names.is_empty() { "none".into() } else { names.join(", ") }))
    })
}

/// The special tokens of the settings, which are words or objects with a `content`.
fn words(settings: &Map<String, Value>) -> BTreeMap<String, String> {
    let word = |value: &Value| value.as_str().or_else(|| value.get("content")?.as_str()).map(str::to_owned);
    let tokens = settings.iter().filter(|(role, _)| role.ends_with("_token"));
    tokens.filter_map(|(role, value)| Some((role.clone(), word(value)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> Result<Option<ChatFile>, String> {
        let folder = tempfile::tempdir().unwrap();
        files.iter().for_each(|(name, text)| std::fs::write(folder.path().join(name), text).unwrap());
        chat_file(folder.path()).map_err(|e| e.to_string())
    }

    #[test]
    fn a_template_is_found_wherever_it_stands() {
        let settings = r#"{"chat_template": "a", "bos_token": {"content": "<s>"}, "eos_token": "</s>", "add_bos_token": true, "pad_token": null}"#;
        let found = of(&[("tokenizer_config.json", settings)]).unwrap().unwrap();
        assert_eq!(found.template, "a");
        assert_eq!(
            found.words,
            BTreeMap::from([("bos_token".into(), "<s>".into()), ("eos_token".into(), "</s>".into())])
        );
        let both = of(&[("tokenizer_config.json", settings), ("chat_template.jinja", "b\n")]).unwrap().unwrap();
        assert_eq!((both.template.as_str(), both.words), ("b\n", found.words));
        let list =
            r#"{"chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]}"#;
        assert_eq!(of(&[("tokenizer_config.json", list)]).unwrap().unwrap().template, "d");
        let apart = of(&[
            ("tokenizer_config.json", r#"{"chat_template": "a"}"#),
            ("special_tokens_map.json", r#"{"bos_token": "<b>"}"#),
        ]);
        assert_eq!(apart.unwrap().unwrap().words["bos_token"], "<b>");
        assert_eq!(of(&[("tokenizer_config.json", "{}")]), Ok(None));
        assert_eq!(of(&[]), Ok(None));
    }

    #[test]
    fn templates_of_which_none_is_the_default_are_named() {
        let list = r#"{"chat_template": [{"name": "tool_use", "template": "t"}]}"#;
        let said = of(&[("tokenizer_config.json", list)]).unwrap_err();
        assert!(said.contains("tool_use") && said.contains("chat_template.jinja"), "{said}");
        assert!(of(&[("tokenizer_config.json", r#"{"chat_template": 7}"#)]).unwrap_err().contains("names none"));
        assert!(of(&[("tokenizer_config.json", "[")]).unwrap_err().contains("tokenizer_config.json"));
    }
}
