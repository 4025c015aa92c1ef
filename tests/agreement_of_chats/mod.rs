//! What `tests/golden/make_chat.py` recorded of transformers' renderings, and ours held against it.
#![allow(dead_code, reason = "every test crate uses a part of it")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use retort::engine::model::chat_template::ChatFile;
use retort::engine::prompt::PromptError;
use retort::engine::prompt::chat::{ChatTemplate, Message};

#[derive(serde::Deserialize)]
pub struct Agreement {
    words: BTreeMap<String, String>,
    cases: Vec<Case>,
    /// By file and case; `null` where transformers refuses.
    renderings: BTreeMap<String, BTreeMap<String, Option<String>>>,
}

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    messages: Vec<Said>,
    open: bool,
}

#[derive(serde::Deserialize)]
struct Said {
    role: String,
    content: String,
}

impl Case {
    fn render(&self, chat: &ChatTemplate) -> Result<String, PromptError> {
        let messages = self.messages.iter().map(|m| Message { role: &m.role, content: &m.content });
        chat.render(&messages.collect::<Vec<_>>(), self.open)
    }
}

/// A path under `tests`.
pub fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

impl Agreement {
    pub fn read(name: &str) -> Self {
        let text = std::fs::read_to_string(here("golden/chat").join(name)).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Renders every case with every template of `folder` and compares what `shown` makes of it.
    /// Counts renderings that agree and refusals of transformers.
    pub fn check(&self, folder: &Path, shown: impl Fn(&str) -> String) -> (usize, usize) {
        let (mut agreed, mut refused) = (0, 0);
        for (file, expected) in &self.renderings {
            let template = std::fs::read_to_string(folder.join(file)).unwrap();
            let chat = ChatTemplate::new(&ChatFile { template, words: self.words.clone() }).unwrap();
            for case in &self.cases {
                let ours = case.render(&chat);
                match &expected[&case.name] {
                    Some(text) => {
                        let ours = ours.unwrap_or_else(|e| panic!("{file}, {}: {e}", case.name));
                        assert_eq!(&shown(&ours), text, "{file}, {}: {ours}", case.name);
                        agreed += 1;
                    }
                    None => refused += 1,
                }
            }
        }
        (agreed, refused)
    }

    /// The templates that give no text for a whole conversation, with their reasons.
    pub fn refusals(&self, folder: &Path) -> BTreeMap<String, String> {
        let of = |file: &String| {
            let template = std::fs::read_to_string(folder.join(file)).unwrap();
            let chat = ChatTemplate::new(&ChatFile { template, words: self.words.clone() }).unwrap();
            Some((file.clone(), self.cases[0].render(&chat).err()?.to_string()))
        };
        self.renderings.keys().filter_map(of).collect()
    }
}
