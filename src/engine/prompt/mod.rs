//! The prompt, from template to tokens, with the answer's place. Only the example's own text is
//! ever cut; the words around it and the answer slot always survive.

pub mod chat;
pub mod template;
pub mod verbalizer;

use crate::engine::model::{Model, ModelError};
use crate::session::{Prompt, Scoring};
pub use chat::ChatTemplate;
pub use template::{Rendered, Seam, Template};
pub use verbalizer::Verbalizer;

/// Why a prompt cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// The template lacks a slot or has one twice.
    #[error("{0}")]
    Template(String),
    /// The template alone is longer than the model reads.
    #[error("the template takes {template} of the model's {most} tokens and leaves no room for the text; shorten it")]
    TooLong {
        /// Tokens of the template.
        template: usize,
        /// Tokens the model reads.
        most: usize,
    },
    /// A label word cannot be used.
    #[error("the label word {word:?} of class {class:?} {reason}")]
    Word {
        /// The class.
        class: String,
        /// Its word.
        word: String,
        /// Why not, and what to do.
        reason: String,
    },
    /// A masked model without a mask token.
    #[error("the tokenizer has no mask token, so this model cannot fill the answer slot; choose a classifier head")]
    NoMask,
    /// A chat template cannot be used.
    #[error(
        "the model's chat template cannot be used: {0}; correct it (chat_template.jinja in the model's folder goes before all others) or set the prompt's chat to Off"
    )]
    Chat(String),
    /// The tokenizer refused.
    #[error(transparent)]
    Tokens(#[from] ModelError),
}

/// Rendered templates and label words of a session's prompt for one tokenizer.
pub struct PreparedPrompt {
    /// The first template and its variants.
    pub templates: Vec<Template>,
    /// The label words.
    pub verbalizer: Verbalizer,
}

impl PreparedPrompt {
    /// Checks templates and label words against a model's tokenizer, and takes its chat template
    /// where the prompt asks for it.
    ///
    /// # Errors
    /// [`PromptError`] with the first thing that cannot be used.
    pub fn new(prompt: &Prompt, classes: &[String], model: &Model) -> Result<Self, PromptError> {
        let chat = ChatTemplate::of(model, prompt)?;
        let all = std::iter::once(&prompt.template).chain(&prompt.variants);
        let asked = |template: &String| match (&chat, Template::parse(template)?) {
            (Some(chat), template) => template.in_chat(chat),
            (None, template) => Ok(template),
        };
        let templates = all.map(asked).collect::<Result<Vec<_>, _>>()?;
        let first = templates.first().ok_or_else(|| PromptError::Template("there is no template".into()))?;
        let verbalizer = Verbalizer::new(prompt, classes, &model.tokens, first.seam(model.architecture.kind))?;
        Ok(Self { templates, verbalizer })
    }

    /// How the tokens of a label word become a score.
    pub fn scoring(&self) -> Scoring {
        self.verbalizer.scoring
    }
}
