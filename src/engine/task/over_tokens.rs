//! Which task over tokens a session asks of a model, by the model's kind and by what the data hold.

use super::causal_lm::CausalLm;
use super::chat_turns::ChatTurns;
use super::completion::Completion;
use super::masked_lm::MaskedLm;
use super::span_corruption::SpanCorruption;
use super::{Task, for_model};
use crate::engine::data::{Dataset, Target};
use crate::engine::model::{Kind, Model};
use crate::engine::prompt::PromptError;
use crate::session::{Prompt, Sentence, TaskKind, say};

impl Dataset {
    /// The task of `kind` by which `model` is trained or asked about these data; over tokens the first `outcomes` of
    /// its vocabulary are compared.
    ///
    /// # Errors
    /// [`PromptError`] if the model or the data cannot be used so, or the prompt with the model's tokenizer.
    pub fn asked(
        &self,
        kind: TaskKind,
        model: &Model,
        prompt: &Prompt,
        outcomes: usize,
    ) -> Result<Box<dyn Task>, PromptError> {
        let refused = |why: Sentence| Err(PromptError::Task(why));
        match (kind, model.architecture.kind) {
            (TaskKind::Classes, _) => for_model(model, prompt, &self.classes, &self.layout),
            (TaskKind::NextToken { learn_prompt, .. }, Kind::Decoder) if self.converses() => {
                Ok(Box::new(ChatTurns::new(model, learn_prompt, outcomes)?))
            }
            (TaskKind::NextToken { learn_prompt, .. }, Kind::Decoder | Kind::EncoderDecoder) if self.completes() => {
                Ok(Box::new(Completion::new(model, prompt, &self.layout, learn_prompt, outcomes)?))
            }
            (TaskKind::NextToken { packed, .. }, Kind::Decoder) => Ok(Box::new(CausalLm { packed, outcomes })),
            (TaskKind::MaskedToken { packed, share, whole_words, .. }, Kind::Encoder) => {
                Ok(Box::new(MaskedLm::new(model, packed, (share, whole_words), outcomes)?))
            }
            (TaskKind::MaskedToken { packed, share, span, .. }, Kind::EncoderDecoder) => {
                Ok(Box::new(SpanCorruption::new(model, packed, (share, span), outcomes)?))
            }
            (TaskKind::NextToken { .. }, Kind::EncoderDecoder) => refused(say!(
                "an encoder–decoder writes completions, and the data have none: name their column as roles.completion, or choose the task MaskedToken, which takes spans out of running text"
            )),
            (TaskKind::NextToken { .. }, Kind::Encoder) => refused(say!(
                "an encoder sees all tokens at once and cannot tell the next one; choose the task MaskedToken, or a decoder"
            )),
            (TaskKind::MaskedToken { .. }, Kind::Decoder) => refused(say!(
                "a decoder has no mask and sees what stands before alone; choose the task NextToken, or an encoder"
            )),
        }
    }

    /// Whether any training example has a text that is to be written.
    fn completes(&self) -> bool {
        self.train.iter().any(|example| matches!(example.target, Target::Text(_)))
    }
}
