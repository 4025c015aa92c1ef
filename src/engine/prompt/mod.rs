//! The prompt, from template to tokens, with the answer's place. Only the example's own texts are
//! ever cut, the longest first; the words around it and the answer slot always survive.

pub mod chat;
pub mod filled;
pub mod template;
pub mod verbalizer;

use crate::engine::data::Layout;
use crate::engine::model::{Model, ModelError};
use crate::link::WordCheck;
use crate::session::{Prompt, Prompts, Say, Sentence, say, spoken};
pub use chat::ChatTemplate;
pub use filled::Rendered;
pub use template::{Seam, Slot, Template};
pub use verbalizer::Verbalizer;

/// Why a prompt cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// The template lacks a slot or has one twice.
    Template(Sentence),
    /// The template alone is longer than the model reads.
    TooLong {
        /// Tokens of the template.
        template: usize,
        /// Tokens the model reads.
        most: usize,
    },
    /// A label word cannot be used.
    Word {
        /// The class.
        class: String,
        /// Its word.
        word: String,
        /// Why not, and what to do.
        reason: Sentence,
    },
    /// A masked model without a mask token.
    NoMask,
    /// A chat template cannot be used.
    Chat(Sentence),
    /// The model or the data are not for the task.
    Task(Sentence),
    /// The tokenizer refused.
    Tokens(#[from] ModelError),
}

impl Say for PromptError {
    fn said(&self) -> Sentence {
        match self {
            Self::Template(reason) | Self::Task(reason) => reason.clone(),
            Self::TooLong { template, most } => say!(
                "the template takes {template} of the model's {most} tokens and leaves no room for the text; shorten it",
                template,
                most
            ),
            Self::Word { class, word, reason } => say!(
                "the label word {word} of class {class} {reason}",
                word = format_args!("{word:?}"),
                class = format_args!("{class:?}"),
                reason
            ),
            Self::NoMask => say!(
                "the tokenizer has no mask token, so this model cannot fill the answer slot; choose a classifier head"
            ),
            Self::Chat(reason) => say!(
                "the model's chat template cannot be used: {reason}; correct it (chat_template.jinja in the model's folder goes before all others) or set the prompt's chat to Off",
                reason
            ),
            Self::Tokens(e) => e.said(),
        }
    }
}

spoken!(PromptError);

/// Rendered templates and label words of a session's prompt for one tokenizer.
pub struct PreparedPrompt {
    /// The first template and its variants.
    pub templates: Vec<Template>,
    /// The label words in tokens, once for each different way in which templates lead up to them; those
    /// of the first template first.
    pub verbalizers: Vec<Verbalizer>,
    /// Of each template its place among the verbalizers.
    words_of: Vec<usize>,
}

impl PreparedPrompt {
    /// Checks templates against the columns of the data and label words against a model's tokenizer, and takes its
    /// chat template where the prompt asks for it.
    ///
    /// # Errors
    /// [`PromptError`] with the first thing that cannot be used.
    pub fn new(prompt: &Prompt, classes: &[String], model: &Model, layout: &Layout) -> Result<Self, PromptError> {
        let chat = ChatTemplate::of(model, prompt)?;
        let asked = |template: &str| match (&chat, Template::parse(template, layout)?) {
            (Some(chat), template) => template.in_chat(chat),
            (None, template) => Ok(template),
        };
        let (kind, tokens) = (model.architecture.kind, &model.tokens);
        let words: Vec<&str> = classes.iter().map(|class| prompt.word_for(class).trim()).collect();
        let seated = |template: &str| asked(template)?.seated(kind, tokens, &words);
        let templates = prompt.templates().map(seated).collect::<Result<Vec<_>, _>>()?;
        let (mut verbalizers, mut words_of): (Vec<Verbalizer>, Vec<usize>) = Default::default();
        for template in &templates {
            let verbalizer = Verbalizer::new(prompt, classes, tokens, &template.seam(kind))?;
            let known = verbalizers.iter().position(|known| *known == verbalizer);
            words_of.push(known.unwrap_or(verbalizers.len()));
            if known.is_none() {
                verbalizers.push(verbalizer);
            }
        }
        Ok(Self { templates, verbalizers, words_of })
    }

    /// The template of a draw, and the place of its label words among [`Self::verbalizers`].
    pub fn drawn(&self, draw: u64) -> (&Template, usize) {
        let place = (draw % self.templates.len() as u64) as usize;
        (&self.templates[place], self.words_of[place])
    }

    /// Every label word in tokens, in class order, behind each template in turn.
    pub fn words(&self) -> impl Iterator<Item = &Vec<u32>> {
        self.verbalizers.iter().flat_map(|verbalizer| &verbalizer.words)
    }
}

/// What is wrong with a template that is written here for data of these columns, in words, or `None`; also with one
/// that nobody reads, as beside a classifier.
pub fn template_problem(prompts: &Prompts, layout: &Layout) -> Option<Sentence> {
    prompts.templates().find_map(|template| Template::parse(template, layout).err()).map(|error| error.said())
}

/// Every label word behind `template` as `model` is asked, and what is wrong with it.
///
/// # Errors
/// [`PromptError`] if a chat template or a word cannot be used.
pub fn inspect(
    prompt: &Prompt,
    template: &Template,
    classes: &[String],
    model: &Model,
) -> Result<Vec<WordCheck>, PromptError> {
    let (kind, tokens) = (model.architecture.kind, &model.tokens);
    let words: Vec<&str> = classes.iter().map(|class| prompt.word_for(class).trim()).collect();
    let asked = template.clone().for_model(prompt, model)?.seated(kind, tokens, &words)?;
    verbalizer::inspect(prompt, classes, tokens, &asked.seam(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Chat, Scoring, Wording};

    fn prompts() -> Prompts {
        Prompts {
            teacher: Wording { template: "{text} is {answer}".into(), variants: vec!["{text}: {answer}".into()] },
            student: None,
            label_words: Default::default(),
            scoring: Scoring::Mean,
            chat: Chat::Auto,
        }
    }

    #[test]
    fn a_template_with_a_mistake_is_told_of_whoever_would_read_it() {
        let problem = |prompts: &Prompts| template_problem(prompts, &Layout::default());
        assert_eq!(problem(&prompts()), None);
        type Change = fn(&mut Prompts);
        let changes: [Change; 5] = [
            |p| p.teacher.template = "{answer} {text}".into(),
            |p| p.teacher.template = "{foo} {text} {answer}".into(),
            |p| p.teacher.variants.push("{text}".into()),
            |p| p.student = Some(Wording { template: "{answer}".into(), variants: Vec::new() }),
            |p| p.student = Some(Wording { template: "{text} {answer}".into(), variants: vec![String::new()] }),
        ];
        for change in changes {
            let mut broken = prompts();
            change(&mut broken);
            assert!(problem(&broken).is_some(), "{broken:?}");
        }
        let mut unasked = prompts();
        unasked.teacher = Wording { template: String::new(), variants: Vec::new() };
        assert_eq!(problem(&unasked), None, "a teacher's that is left empty is none");
    }
}
