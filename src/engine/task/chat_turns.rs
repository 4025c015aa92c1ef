//! The next token of what the assistant says in a conversation, through the model's own chat template: the marks
//! around its turns and what others say are read and not told, unless that is asked for; the mark that ends a turn is
//! the turn's, since a student has to learn where to stop.
//!
//! *How a turn is found (2026-11).* A template is a program that may write anything. Rendered up to a turn with the
//! start of the assistant's message, and up to its end, it gives two texts between which the turn stands, as long as
//! both are beginnings of the whole conversation; templates that rewrite what came before (they take out what was
//! thought aloud) break that, and there the content is looked for by its letters.

use super::completion::rows;
use super::{Sample, TokenTask};
use crate::engine::data::conversation::{Turn, turns, typed};
use crate::engine::data::{Example, Fields, MESSAGES};
use crate::engine::model::Model;
use crate::engine::prompt::chat::Message;
use crate::engine::prompt::{ChatTemplate, PromptError, Rendered};
use crate::session::say;

/// Turns of the assistant.
pub struct ChatTurns {
    template: ChatTemplate,
    learn_prompt: bool,
    outcomes: usize,
}

impl ChatTurns {
    /// Turns in the template of `model`.
    ///
    /// # Errors
    /// [`PromptError`] if it has none, or one that cannot be used.
    pub fn new(model: &Model, learn_prompt: bool, outcomes: usize) -> Result<Self, PromptError> {
        let Some(file) = model.files.chat()? else {
            return Err(PromptError::Task(say!(
                "the data are conversations, and the model {title} has no chat template: its folder has neither chat_template.jinja nor chat_template in tokenizer_config.json; put one there, or name the columns prompt and completion instead",
                title = model.card.title.clone()
            )));
        };
        Ok(Self { template: ChatTemplate::new(&file)?, learn_prompt, outcomes })
    }

    /// The conversation as one text, and the places in it that the assistant says.
    fn rendered(&self, turns: &[Turn]) -> Result<(String, Vec<std::ops::Range<usize>>), PromptError> {
        let message = |turn: &Turn| (turn.role.clone(), turn.content.clone());
        let owned: Vec<(String, String)> = turns.iter().map(message).collect();
        let messages: Vec<Message> = owned.iter().map(|(role, content)| Message { role, content }).collect();
        let is_answer = |message: &Message| message.role == "assistant";
        // Where nobody has answered yet, as while it is typed, the answer comes next.
        let whole = self.template.render(&messages, !messages.iter().any(is_answer))?;
        let (mut places, mut done) = (Vec::new(), 0);
        for number in (0..turns.len()).filter(|number| turns[*number].role == "assistant") {
            let place = self.turn(&messages, number, &whole, done)?;
            done = place.end;
            places.push(place);
        }
        Ok((whole, places))
    }

    /// Where in `whole` message `number` stands, behind what is `done`.
    fn turn(
        &self,
        messages: &[Message],
        number: usize,
        whole: &str,
        done: usize,
    ) -> Result<std::ops::Range<usize>, PromptError> {
        let before = self.template.render(&messages[..number], true).ok();
        let behind = self.template.render(&messages[..=number], false).ok();
        let begin = before.filter(|text| whole.starts_with(text.as_str())).map(|text| text.len());
        let end = behind.filter(|text| whole.starts_with(text.as_str())).map(|text| text.len());
        if let (Some(begin), Some(end)) = (begin, end)
            && done <= begin
            && begin < end
        {
            return Ok(begin..end);
        }
        let content = messages[number].content.trim();
        let found = whole.get(done..).and_then(|rest| rest.find(content)).map(|place| done + place);
        found.map(|begin| begin..begin + content.len()).ok_or_else(|| {
            PromptError::Chat(say!(
                "message {number} of a conversation is not to be found in what the template makes of it",
                number = number + 1
            ))
        })
    }
}

/// The conversation of an example, or of what a person has typed.
fn conversation(fields: &Fields) -> Result<Vec<Turn>, PromptError> {
    // What is typed fills no column beside the text.
    let text = fields.get(MESSAGES).filter(|json| !json.is_empty()).unwrap_or_else(|| fields.whole());
    if text.trim_start().starts_with(['[', '{', '"']) {
        return turns(text).map_err(PromptError::Task);
    }
    Ok(typed(text))
}

impl TokenTask for ChatTurns {
    fn outcomes(&self) -> usize {
        self.outcomes
    }

    fn sample_of(&self, model: &Model, example: &Example, _draw: u64) -> Result<Sample, PromptError> {
        let (whole, said) = self.rendered(&conversation(&example.fields)?)?;
        // The template has written the special tokens already.
        let mut pieces = model.tokens.encode(&whole, false)?;
        let cut = pieces.ids.len().saturating_sub(model.max_tokens);
        pieces.ids.truncate(model.max_tokens);
        let is_said = |span: &(usize, usize)| {
            let span = if span.0 < span.1 { *span } else { (span.0, span.0 + 1) };
            said.iter().any(|place| span.0 < place.end && span.1 > place.start)
        };
        let from_text: Vec<bool> = pieces.spans.iter().take(pieces.ids.len()).map(is_said).collect();
        let pass = Rendered { ids: pieces.ids, from_text, cut, ..Rendered::default() };
        let rows = rows(model, &pass, |at| self.learn_prompt || pass.from_text[at], example.weight);
        Ok(Sample { passes: vec![pass], rows, ..Sample::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::model::chat_template::ChatFile;

    fn of(template: &str) -> ChatTurns {
        let file = ChatFile { template: template.to_owned(), words: Default::default() };
        ChatTurns { template: ChatTemplate::new(&file).unwrap(), learn_prompt: false, outcomes: 0 }
    }

    fn said(template: &str, turns: &[(&str, &str)]) -> Vec<String> {
        let turn = |(role, content): &(&str, &str)| Turn { role: (*role).to_owned(), content: (*content).to_owned() };
        let (whole, places) = of(template).rendered(&turns.iter().map(turn).collect::<Vec<_>>()).unwrap();
        places.into_iter().map(|place| whole[place].to_owned()).collect()
    }

    #[test]
    fn what_the_assistant_says_is_found_with_the_mark_that_ends_it() {
        let turns =
            [("system", "Be brief."), ("user", "Hi"), ("assistant", "Hello"), ("user", "Hello"), ("assistant", "Hi")];
        let chatml = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
        assert_eq!(said(chatml, &turns), ["Hello<|im_end|>\n", "Hi<|im_end|>\n"]);
        // A template that writes only the last answer as it was.
        let thinking =
            "{% for m in messages %}[{{ m.role }}]{% if loop.last %}(thinks){% endif %}{{ m.content }};{% endfor %}";
        assert_eq!(said(thinking, &turns), ["Hello", "Hi"], "found by their letters, in their order");
    }
}
