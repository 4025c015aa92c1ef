//! A template, cut at its slots once and filled with the texts of each example: plainly, or as a message of a chat.

use std::fmt;

use super::filled::{Filled, longest_first};
use super::{ChatTemplate, PromptError, Rendered};
use crate::engine::data::{Fields, Layout};
use crate::engine::model::tokens::{Around, Pieces};
use crate::engine::model::{Kind, Model, Tokens};
use crate::session::near::suggested;
use crate::session::prompt::{self, ANSWER, ANSWER_SLOT, TEXT, TEXT_SLOT, slots};
use crate::session::{Prompt, Sentence, say};

/// A template cut at its slots.
#[derive(Clone, PartialEq)]
pub struct Template {
    /// Words and the text behind them, up to the last text before the answer; never empty.
    read: Vec<(String, Slot)>,
    between: String,
    /// White space between the last word and the answer; it belongs to the label word, because
    /// byte-level tokenizers glue a space to the word behind it. Without any, the end of the prompt that
    /// grows together with label words, see [`Template::seated`].
    lead: String,
    /// Words and texts behind the answer, which a masked model alone reads.
    after: Vec<(String, Slot)>,
    end: String,
    /// What a chat template writes behind the question; `None` where there is no chat.
    turn: Option<String>,
}

/// Which of an example's texts fills a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot {
    /// All columns of the text.
    Text,
    /// A column.
    Column(String),
}

impl Slot {
    /// The text of an example that belongs here.
    fn of<'a>(&self, fields: &'a Fields) -> &'a str {
        match self {
            Self::Text => fields.whole(),
            Self::Column(name) => fields.get(name).unwrap_or_default(),
        }
    }
}

/// *Why not derived (2026-11).* Answers of teachers with a chat template are kept under these letters. A template
/// with one slot for all of the text is spelled as when there were no others.
impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { read, between, lead, after, end, turn } = self;
        let (before, first) = read.first().map_or(("", &Slot::Text), |(words, slot)| (words, slot));
        let mut shown = f.debug_struct("Template");
        shown.field("before", &before).field("between", between).field("lead", lead).field("after", end);
        shown.field("turn", turn);
        if read.len() > 1 || *first != Slot::Text || !after.is_empty() {
            shown.field("slots", &(read, after));
        }
        shown.finish()
    }
}

/// What stands right before an answer, as far as it decides how the answer is cut into tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seam {
    /// Text before the answer; empty where the answer is a text of its own.
    pub context: String,
    /// What belongs to the answer: white space, or the end of the prompt where tokens lie across.
    pub lead: String,
}

/// A letter that stands for the text before a seam: some tokenizers mark the start of every text as if a
/// space stood there.
const LETTER: &str = "a";
/// A sign in its place where a letter would grow together with the word behind it.
const SIGN: &str = ".";

impl Template {
    /// Cuts a template at its slots, which are the columns of `layout`.
    ///
    /// # Errors
    /// [`PromptError::Template`] if a slot is missing, unknown, or the answer doubled or first.
    pub fn parse(template: &str, layout: &Layout) -> Result<Self, PromptError> {
        if let Some(problem) = Prompt::problem(template) {
            return Err(PromptError::Template(problem));
        }
        let (mut read, mut after, mut answer, mut done) = (Vec::new(), Vec::new(), None, 0);
        for found in slots(template) {
            let words = template[done..found.place.start].to_owned();
            match place(&found, layout).map_err(PromptError::Template)? {
                Place::None => continue,
                Place::Answer => answer = Some(words),
                Place::Text(slot) if answer.is_none() => read.push((words, slot)),
                Place::Text(slot) => after.push((words, slot)),
            }
            done = found.place.end;
        }
        if read.is_empty() {
            return Err(PromptError::Template(unread(after.is_empty())));
        }
        let between = answer.unwrap_or_default();
        let trimmed = between.trim_end();
        let (between, lead) = (trimmed.to_owned(), between[trimmed.len()..].to_owned());
        Ok(Self { read, between, lead, after, end: template[done..].to_owned(), turn: None })
    }

    /// The columns of the text of which a model of `kind` reads nothing.
    pub fn left_out<'a>(&self, layout: &'a Layout, kind: Kind) -> Vec<&'a str> {
        let behind: &[(String, Slot)] = if kind == Kind::Encoder { &self.after } else { &[] };
        let names = |column: &str| {
            let mut slots = self.read.iter().chain(behind).map(|(_, slot)| slot);
            slots.any(|slot| *slot == Slot::Text || matches!(slot, Slot::Column(name) if name == column))
        };
        layout.text_columns().iter().map(String::as_str).filter(|column| !names(column)).collect()
    }

    /// The same question as the user's message of a chat; the answer begins the assistant's.
    ///
    /// # Errors
    /// [`PromptError::Chat`].
    pub fn in_chat(&self, chat: &ChatTemplate) -> Result<Self, PromptError> {
        let frame = chat.frame()?;
        let mut read = self.read.clone();
        if let Some((words, _)) = read.first_mut() {
            *words = format!("{}{}", frame.before, words.trim_start());
        }
        let between = format!("{}{}", self.between, frame.behind);
        let (after, end) = (Vec::new(), String::new());
        Ok(Self { read, between, lead: frame.lead, after, end, turn: Some(frame.behind) })
    }

    /// As `model` is asked under `prompt`: in its chat template, if it has one and the prompt says so.
    ///
    /// # Errors
    /// As [`ChatTemplate::of`] and [`Self::in_chat`].
    pub fn for_model(self, prompt: &Prompt, model: &Model) -> Result<Self, PromptError> {
        match ChatTemplate::of(model, prompt)? {
            Some(chat) => self.in_chat(&chat),
            None => Ok(self),
        }
    }

    /// Whether a chat template stands around it.
    pub fn is_chat(&self) -> bool {
        self.turn.is_some()
    }

    /// What stands before an answer of a model of `kind`. Masks and white space part an answer from the
    /// prompt; directly behind the prompt's text it is read behind that text, never as a text of its own.
    pub fn seam(&self, kind: Kind) -> Seam {
        let spaced = self.lead.starts_with(char::is_whitespace);
        let context = match &self.turn {
            _ if kind == Kind::EncoderDecoder => return Seam::default(),
            Some(turn) if !turn.is_empty() => turn.clone(),
            _ if spaced => LETTER.to_owned(),
            _ if kind == Kind::Encoder || self.between.is_empty() => SIGN.to_owned(),
            _ => format!("{LETTER}{}", self.between),
        };
        Seam { context, lead: self.lead.clone() }
    }

    /// Cut where every one of `words` can be told from the prompt by whole tokens. Directly behind the
    /// prompt's text a token may lie across the slot, and another one with each word; what such tokens
    /// take of the prompt then belongs to the words. So the words' tokens are those of prompt and word
    /// less those that all of them begin with.
    ///
    /// # Errors
    /// [`PromptError::Tokens`] if a word cannot be encoded.
    ///
    /// # Source
    /// `_encode_pair` of EleutherAI's lm-evaluation-harness, for several continuations at once.
    pub fn seated(mut self, kind: Kind, tokens: &Tokens, words: &[&str]) -> Result<Self, PromptError> {
        if kind != Kind::Decoder || !self.lead.is_empty() || self.between.is_empty() {
            return Ok(self);
        }
        let context = self.seam(kind).context;
        let moved = context.len() - common_end(&context, words, tokens)?;
        let room = self.turn.as_ref().filter(|turn| !turn.is_empty()).map_or(self.between.len(), String::len);
        // A word that grows together with the letter before is told apart by no cut.
        if moved > 0 && moved <= room {
            self.lead = self.between.split_off(self.between.len() - moved);
            self.turn.iter_mut().filter(|turn| !turn.is_empty()).for_each(|turn| turn.truncate(turn.len() - moved));
        }
        Ok(self)
    }

    /// The prompt up to the answer as one text, for a teacher with a tokenizer of its own; of the example's texts at
    /// most `most` bytes, the longest cut first.
    pub fn question(&self, fields: &Fields, most: usize) -> String {
        let texts: Vec<&str> = self.read.iter().map(|(_, slot)| slot.of(fields)).collect();
        let kept = longest_first(&texts.iter().map(|text| text.len()).collect::<Vec<_>>(), most);
        let filled = self.read.iter().zip(texts.iter().zip(kept));
        let filled = filled.map(|((words, _), (text, kept))| {
            let text = text[..text.floor_char_boundary(kept)].trim();
            format!("{words}{text}")
        });
        filled.chain([self.between.clone()]).collect()
    }

    /// The whole template with no text in its slots and `answer` in the answer's.
    pub fn bare(&self, answer: &str) -> String {
        let words = |slots: &[(String, Slot)]| slots.iter().map(|(words, _)| words.as_str()).collect::<String>();
        let Self { read, between, lead, after, end, .. } = self;
        format!("{}{between}{lead}{answer}{}{end}", words(read), words(after))
    }

    /// A label word as it stands behind the prompt.
    pub fn answer(&self, word: &str) -> String {
        format!("{}{word}", self.lead)
    }

    /// The prompt up to the answer, for a model that reads left to right, in at most `most` tokens.
    ///
    /// # Errors
    /// [`PromptError`] if the template alone does not fit or the text cannot be encoded.
    pub fn causal(&self, fields: &Fields, tokens: &Tokens, most: usize) -> Result<Rendered, PromptError> {
        // A chat template has written the special tokens already.
        let around = if self.is_chat() { Around::Nothing } else { Around::Start };
        let mut rendered = self.question_of(fields).fitted(tokens, most, around)?;
        rendered.answers = rendered.ids.len().checked_sub(1).into_iter().collect();
        Ok(rendered)
    }

    /// The prompt with `answer` behind it, in at most `most` tokens, for a model that reads left to right: `answers`
    /// are the tokens that come from the answer. Tells also whether the answer was cut.
    ///
    /// # Errors
    /// As [`Self::causal`].
    pub fn answered(
        &self,
        fields: &Fields,
        answer: &str,
        tokens: &Tokens,
        most: usize,
    ) -> Result<(Rendered, bool), PromptError> {
        let around = if self.is_chat() { Around::Nothing } else { Around::Start };
        let mut whole = self.question_of(fields);
        whole.texts.push((std::mem::take(&mut whole.tail) + &self.lead, answer));
        let (mut rendered, (answers, kept)) = whole.placed(tokens, most, around)?;
        rendered.answers = answers;
        Ok((rendered, kept < answer.trim().len()))
    }

    /// The prompt up to the answer as a text of its own, for a model that reads it whole and then
    /// writes the answer.
    ///
    /// # Errors
    /// As [`Self::causal`].
    pub fn read(&self, fields: &Fields, tokens: &Tokens, most: usize) -> Result<Rendered, PromptError> {
        self.question_of(fields).fitted(tokens, most, Around::Both)
    }

    /// What stands behind the answer: a masked model alone reads it.
    pub fn behind_answer(&self) -> String {
        let slots = self.after.iter().map(|(words, slot)| match slot {
            Slot::Text => format!("{words}{TEXT_SLOT}"),
            Slot::Column(name) => format!("{words}{{{name}}}"),
        });
        slots.chain([self.end.clone()]).collect::<String>().trim().to_owned()
    }

    /// The whole prompt with `masks` mask tokens in the answer slot, for a masked model.
    ///
    /// # Errors
    /// As [`Self::causal`], and [`PromptError::NoMask`].
    pub fn masked(&self, fields: &Fields, masks: usize, tokens: &Tokens, most: usize) -> Result<Rendered, PromptError> {
        let (mask, id) = tokens.mask().ok_or(PromptError::NoMask)?;
        let slot = vec![mask.as_str(); masks].join(" ");
        let mut whole = self.question_of(fields);
        whole.tail = format!("{}{}{slot}", self.between, self.lead);
        for (words, slot) in &self.after {
            let words = std::mem::take(&mut whole.tail) + words;
            whole.texts.push((words, slot.of(fields)));
        }
        whole.tail += &self.end;
        let mut rendered = whole.fitted(tokens, most, Around::Both)?;
        let places = rendered.ids.iter().zip(&rendered.from_text).enumerate();
        rendered.answers = places.filter(|(_, (i, text))| **i == id && !**text).map(|(place, _)| place).collect();
        Ok(rendered)
    }

    fn question_of<'a>(&self, fields: &'a Fields) -> Filled<'a> {
        let text = |(words, slot): &(String, Slot)| (words.clone(), slot.of(fields));
        Filled { texts: self.read.iter().map(text).collect(), tail: self.between.clone() }
    }
}

/// What braces in a template are.
enum Place {
    /// Part of the prompt.
    None,
    Answer,
    Text(Slot),
}

/// What `found` stands for where the data have these columns.
fn place(found: &prompt::Slot, layout: &Layout) -> Result<Place, Sentence> {
    let columns: Vec<&str> = layout.names.iter().map(String::as_str).collect();
    match found.name {
        ANSWER => Ok(Place::Answer),
        name if columns.contains(&name) && !layout.is_plain() => Ok(Place::Text(Slot::Column(name.to_owned()))),
        name if columns.contains(&name) || name == TEXT => Ok(Place::Text(Slot::Text)),
        name => {
            let known: Vec<&str> = [TEXT, ANSWER].into_iter().chain(columns.iter().copied()).collect();
            let meant = suggested(name, &known);
            let could_be = name.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.'));
            // What has spaces or begins with a digit is a slip only where a name is near.
            let is_slip = found.looks_meant() || could_be && !meant.is_empty();
            if is_slip { Err(unknown(name, &meant, &columns)) } else { Ok(Place::None) }
        }
    }
}

fn unknown(name: &str, meant: &Sentence, columns: &[&str]) -> Sentence {
    say!(
        "the template has {{{unknown}}}, which is no slot{meant}; the slots are {text_slot}, {answer_slot} and the columns that are read, by their names: {columns}. If the braces belong to the prompt, put a space inside them",
        unknown = name,
        meant = meant.clone(),
        text_slot = TEXT_SLOT,
        answer_slot = ANSWER_SLOT,
        columns = columns.join(", ")
    )
}

/// Why nothing of an example stands before the answer.
fn unread(nowhere: bool) -> Sentence {
    match nowhere {
        true => say!("the template has no {slot}; add it where it belongs", slot = TEXT_SLOT),
        false => say!(
            "{text_slot} must come before {answer_slot}, so that the model has read it",
            text_slot = TEXT_SLOT,
            answer_slot = ANSWER_SLOT
        ),
    }
}

/// Where in `context` the tokens end that it begins with whatever word of `words` stands behind it.
fn common_end(context: &str, words: &[&str], tokens: &Tokens) -> Result<usize, PromptError> {
    let alone = tokens.encode(context, false)?;
    let behind = words.iter().map(|word| tokens.encode(&format!("{context}{word}"), false));
    let behind = behind.collect::<Result<Vec<_>, _>>()?;
    let alike = |other: &Pieces| alone.ids.iter().zip(&other.ids).take_while(|(a, b)| a == b).count();
    let most = behind.iter().map(alike).min().unwrap_or(alone.ids.len());
    let ends = |pieces: &Pieces, count: usize, end: usize| {
        let before = pieces.spans.iter().take(count).all(|span| span.1 <= end);
        before && pieces.spans.get(count).is_none_or(|span| span.0 >= end)
    };
    // Several tokens may spell one letter: a cut among them is none.
    let place = |count: usize| alone.spans.get(count).map_or(context.len(), |span| span.0);
    let sound = |count: &usize| {
        let end = place(*count);
        std::iter::once(&alone).chain(&behind).all(|pieces| ends(pieces, *count, end))
    };
    Ok((0..=most).rev().find(sound).map_or(0, place))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn layout(names: &[&str], texts: usize) -> Layout {
        Layout { names: names.iter().map(|name| (*name).to_owned()).collect(), texts, has_pair: false }
    }

    fn refused(template: &str, layout: &Layout) -> String {
        Template::parse(template, layout).unwrap_err().to_string()
    }

    #[test]
    fn a_slot_is_a_column_and_what_only_looks_like_one_is_refused_with_the_columns() {
        let nli = layout(&["premise", "hypothesis", "der Titel", "1"], 2);
        let template = Template::parse("{der Titel}: {premise} {1}, {hypothesis}? {answer}.", &nli).unwrap();
        let fields = Fields::new(&Arc::new(nli.clone()), &["It rains.", "It is wet.", "weather", "x"]);
        assert_eq!(template.question(&fields, 1000), "weather: It rains. x, It is wet.?");
        assert_eq!(template.bare("yes"), ":  , ? yes.");
        let said = refused("{premis} {hypothesis} {answer}", &nli);
        assert!(said.contains("{premis}") && said.contains("did you mean \"premise\"?"), "{said}");
        assert!(said.contains("premise, hypothesis, der Titel, 1"), "{said}");
        assert!(refused("{der titel} {text} {answer}", &nli).contains("did you mean \"der Titel\"?"));
        for name in ["sentence1", "Text", "ANSWER", "label", "_x", "文本", "a-b"] {
            assert!(refused(&format!("{{{name}}} {{text}} {{answer}}"), &nli).contains(name), "{name}");
        }
        for plain in ["{ x } {text} {answer}", "{\"a\": 1} {text} {answer} {", "{2} {} } {text}{answer}"] {
            assert!(Template::parse(plain, &nli).is_ok(), "{plain}");
        }
        assert!(refused("{2} {answer}", &nli).contains("has no {text}"));
        assert!(refused("{2} {answer} {text}", &nli).contains("must come before"));
    }

    #[test]
    fn a_single_column_goes_by_its_name_and_as_the_text() {
        let review = layout(&["review"], 1);
        let [named, text] = ["{review}: {answer}", "{text}: {answer}"].map(|t| Template::parse(t, &review).unwrap());
        assert_eq!(named, text);
        assert_eq!(named.question(&Fields::text("good"), 1000), "good:");
        assert!(refused("{title} {review} {answer}", &review).contains("review"));
    }

    #[test]
    fn a_template_tells_which_columns_of_the_text_it_leaves_out() {
        let nli = layout(&["premise", "hypothesis", "topic"], 2);
        let left = |template: &str, kind| Template::parse(template, &nli).unwrap().left_out(&nli, kind).join(" ");
        assert_eq!(left("{text} {answer}", Kind::Decoder), "");
        assert_eq!(left("{topic} {premise} {answer}", Kind::Decoder), "hypothesis");
        assert_eq!(left("{topic} {answer}", Kind::Encoder), "premise hypothesis");
        assert_eq!(left("{premise} {answer} {hypothesis}", Kind::Encoder), "");
        assert_eq!(left("{premise} {answer} {hypothesis}", Kind::Decoder), "hypothesis");
    }

    #[test]
    fn a_question_cuts_the_longest_of_its_texts() {
        let pair = Arc::new(layout(&["a", "b"], 2));
        let template = Template::parse("{a} / {b} / {a}: {answer}", &pair).unwrap();
        let fields = Fields::new(&pair, &["aaaa", "bbbbbbbbb"]);
        assert_eq!(template.question(&fields, 100), "aaaa / bbbbbbbbb / aaaa:");
        assert_eq!(template.question(&fields, 12), "aaaa / bbbb / aaaa:");
        assert_eq!(template.question(&fields, 7), "aaa / bb / aa:");
    }

    #[test]
    fn a_template_with_one_slot_is_spelled_as_it_was_before_there_were_others() {
        let spelled = |template: &str, layout: &Layout| format!("{:?}", Template::parse(template, layout).unwrap());
        let before = r#"Template { before: "a ", between: ":", lead: " ", after: ".", turn: None }"#;
        assert_eq!(spelled("a {text}: {answer}.", &Layout::default()), before);
        assert_eq!(spelled("a {review}: {answer}.", &layout(&["review"], 1)), before);
        assert_ne!(spelled("a {x}: {answer}.", &layout(&["x", "y"], 2)), before);
    }
}
