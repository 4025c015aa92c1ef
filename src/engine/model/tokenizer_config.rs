//! `tokenizer_config.json` and `special_tokens_map.json`: what transformers' `AutoTokenizer` needs
//! beside `tokenizer.json` to give the ids that this program gives, in padded and cut batches too.

use serde_json::{Map, Value, json};

use super::{HeadKind, Model};

/// The roles that special tokens play, by their names in Hugging Face's files.
const ROLES: [&str; 7] = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

impl Model {
    /// The text of `tokenizer_config.json`.
    pub fn tokenizer_config(&self) -> String {
        let mut fields = self.special_tokens();
        // The class that takes tokenizer.json as it is; one named for an architecture would mend it.
        fields.insert("tokenizer_class".into(), json!("PreTrainedTokenizerFast"));
        fields.insert("model_max_length".into(), json!(self.max_tokens));
        fields.insert("model_input_names".into(), json!(self.inputs()));
        for side in ["padding_side", "truncation_side"] {
            fields.insert(side.into(), json!("right"));
        }
        fields.insert("clean_up_tokenization_spaces".into(), json!(false));
        // A classifier reads the bare text, in which such a name is text. Prompts have marks of their own that
        // must be found: the mask, the turns of a chat.
        if matches!(self.top, HeadKind::Classes(_)) {
            fields.insert("split_special_tokens".into(), json!(true));
        }
        if let Some(template) = self.files.tokenizer_settings().remove("chat_template") {
            fields.insert("chat_template".into(), template);
        }
        text(fields)
    }

    /// The text of `special_tokens_map.json`.
    pub fn special_tokens_map(&self) -> String {
        text(self.special_tokens())
    }

    /// What transformers passes to the model. Second-segment ids only where there is a table for
    /// them: GPT-2 would add word embeddings of them, others refuse them.
    fn inputs(&self) -> Vec<&'static str> {
        let segments = self.config.size_or("type_vocab_size", 0).is_ok_and(|kinds| kinds > 1);
        let segments = segments.then_some("token_type_ids");
        ["input_ids"].into_iter().chain(segments).chain(["attention_mask"]).collect()
    }

    /// The token that a saved model's rows are filled with: the padding, else the end of a text, where
    /// that never stands at the end of a text itself.
    pub fn padding(&self) -> Option<u32> {
        let around = self.tokens.encode("", true).map(|pieces| pieces.ids).unwrap_or_default();
        self.tokens.padding().or_else(|| self.tokens.end().filter(|end| !around.contains(end)))
    }

    /// Role to token, as far as the vocabulary has one: as the model's own files name it, else as the
    /// configuration numbers it, else what stands around every text.
    fn special_tokens(&self) -> Map<String, Value> {
        let settings = self.files.tokenizer_settings();
        let around = self.tokens.encode("", true).map(|pieces| pieces.ids).unwrap_or_default();
        let frame = if let [first, .., last] = around[..] { (Some(first), Some(last)) } else { (None, None) };
        let token = |role: &&str| {
            let configured = || self.config.ids(&format!("{role}_id")).first().copied();
            let id = match *role {
                // The one that fills this program's own rows; no ordinary token, where there is none.
                "pad_token" => self.padding(),
                "unk_token" => self.tokens.unknown(),
                "mask_token" => self.tokens.mask().map(|(_, id)| id),
                "cls_token" => frame.0,
                "sep_token" => frame.1,
                _ => configured(),
            };
            let named = named(&settings, role).filter(|word| *role != "pad_token" && self.tokens.knows(word));
            let word = named.or_else(|| self.tokens.word(id?))?;
            Some(((*role).to_owned(), Value::String(word)))
        };
        ROLES.iter().filter_map(token).collect()
    }
}

/// A special token by its role, which is a word or an object with a `content`.
fn named(settings: &Map<String, Value>, role: &str) -> Option<String> {
    let value = settings.get(role)?;
    value.as_str().or_else(|| value.get("content")?.as_str()).map(str::to_owned)
}

fn text(fields: Map<String, Value>) -> String {
    let ordered: std::collections::BTreeMap<_, _> = fields.into_iter().collect();
    serde_json::to_string_pretty(&ordered).unwrap_or_default() + "\n"
}
