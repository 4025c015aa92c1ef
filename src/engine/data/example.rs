//! One example: the texts of its columns, and what is to be learned of it.

use std::sync::Arc;

use crate::session::Prompt;
use crate::session::inference_spec::TextColumns;
use crate::session::prompt::{Slot, slots};

/// The slot that all text columns together fill.
pub const TEXT: &str = crate::session::prompt::TEXT;

/// What the columns of an example are called, the same for all examples of a data set. As a rule there is one, the
/// text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Names: first those of the text's columns in the order of `{text}`, then others that a template names.
    pub names: Vec<String>,
    /// How many of them make up the text.
    pub texts: usize,
    /// Whether the last of the text's columns is a second text, which an encoder reads as its second segment.
    pub has_pair: bool,
}

impl From<TextColumns> for Layout {
    fn from(TextColumns { names, texts, pair }: TextColumns) -> Self {
        Self { names, texts, has_pair: pair }
    }
}

impl Default for Layout {
    fn default() -> Self {
        Self { names: vec![TEXT.to_owned()], texts: 1, has_pair: false }
    }
}

impl Layout {
    /// The columns that make up the text.
    pub fn text_columns(&self) -> &[String] {
        self.names.get(..self.texts).unwrap_or_default()
    }

    /// What has to be known of it to ask a model by `prompt` again; `None` where a text is all there is and goes by
    /// no other name.
    pub fn said(&self, prompt: &Prompt) -> Option<TextColumns> {
        let is_named = |slot: Slot| slot.name != TEXT && self.names.iter().any(|name| name == slot.name);
        let known = self.is_plain() && !prompt.templates().flat_map(slots).any(is_named);
        let Self { names, texts, has_pair } = self.clone();
        (!known).then_some(TextColumns { names, texts, pair: has_pair })
    }

    /// Whether all there is is the text itself, whatever its column is called.
    pub fn is_plain(&self) -> bool {
        self.names.len() == 1 && self.texts == 1 && !self.has_pair
    }
}

/// The texts of an example: one, or those of several columns. Cloned without copying a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    /// The columns of the text with a line break between; never empty of an example of the data.
    text: Arc<str>,
    /// What each column says, where it is not the text alone.
    columns: Option<Arc<Columns>>,
}

/// Names, and what stands in each column.
type Columns = (Arc<Layout>, Vec<Arc<str>>);

impl Fields {
    /// A text alone.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), columns: None }
    }

    /// The texts of the columns of `layout`, in its order; white space at their ends is taken off.
    pub fn new(layout: &Arc<Layout>, texts: &[&str]) -> Self {
        if let ([text], true) = (texts, layout.is_plain()) {
            return Self::text(text.trim());
        }
        let trimmed = || texts.iter().map(|text| text.trim());
        let joined = trimmed().take(layout.texts).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n");
        let whole: Arc<str> = joined.into();
        // A column that says all of it, as a long conversation does, is kept once.
        let kept = |text: &str| if *text == *whole { Arc::clone(&whole) } else { Arc::from(text) };
        let columns = || Arc::new((Arc::clone(layout), trimmed().map(kept).collect()));
        let columns = (!layout.is_plain()).then(columns);
        Self { text: whole, columns }
    }

    /// A text as a person types it: each line is one column of the text, the last column takes the lines that are
    /// left; columns beside the text stay empty.
    pub fn typed(layout: &Arc<Layout>, text: &str) -> Self {
        let mut lines = text.trim().splitn(layout.texts.max(1), '\n');
        let texts: Vec<&str> = layout.names.iter().map(|_| lines.next().unwrap_or_default()).collect();
        Self::new(layout, &texts)
    }

    /// All of the text: its columns with a line break between.
    pub fn whole(&self) -> &str {
        &self.text
    }

    /// The same, shared.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// What a slot of a template stands for: `text`, or a column by its name; a column that is called `text`, too,
    /// goes before.
    pub fn get(&self, slot: &str) -> Option<&str> {
        let column = self.columns().find(|(name, _)| *name == slot).map(|(_, text)| text);
        column.or_else(|| (slot == TEXT).then_some(&*self.text))
    }

    /// The columns, name and text; none where the text is all there is.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &str)> {
        let columns = self.columns.as_deref().into_iter();
        columns
            .flat_map(|(layout, texts)| layout.names.iter().map(String::as_str).zip(texts.iter().map(|text| &**text)))
    }

    /// What tells these texts from all others: the hash of the text where it is all there is, else one of all names
    /// and texts.
    pub fn key(&self) -> [u8; 32] {
        if self.columns.is_none() {
            return *blake3::hash(self.text.as_bytes()).as_bytes();
        }
        let mut hash = blake3::Hasher::new();
        hash.update(&self.column_bytes());
        *hash.finalize().as_bytes()
    }

    /// Names and texts of the columns with their lengths, so that nothing else is spelled alike; none where the
    /// text is all there is. A text that is read as a pair is another one.
    pub fn column_bytes(&self) -> Vec<u8> {
        let Some((layout, _)) = self.columns.as_deref() else { return Vec::new() };
        let head = format!("retort columns {} {}", layout.texts, layout.has_pair);
        let parts = std::iter::once(head.as_str()).chain(self.columns().flat_map(<[&str; 2]>::from));
        parts.flat_map(|part| (part.len() as u64).to_le_bytes().into_iter().chain(part.bytes())).collect()
    }

    /// First and second text for an encoder, where the second is one of its own.
    pub fn pair(&self) -> Option<(String, &str)> {
        let (layout, texts) = self.columns.as_deref().filter(|(layout, _)| layout.has_pair)?;
        let (second, first) = texts.get(..layout.texts)?.split_last()?;
        let first: Vec<&str> = first.iter().map(|text| &**text).filter(|text| !text.is_empty()).collect();
        Some((first.join("\n"), second))
    }
}

/// What is to be learned of an example.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// Nothing is known: a teacher may still teach it.
    #[default]
    None,
    /// A class, as an index into [`Dataset::classes`](super::Dataset::classes).
    Class(u32),
    /// A text that is to be written behind the prompt.
    Text(Arc<str>),
}

/// One row of the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// Its texts, without white space at their ends.
    pub fields: Fields,
    /// What it teaches.
    pub target: Target,
    /// What it counts in the loss, not below 0.
    pub weight: f32,
}

impl Example {
    /// A text with its class, where that is known.
    pub fn classified(text: impl Into<Arc<str>>, class: Option<usize>) -> Self {
        let class = class.and_then(|class| u32::try_from(class).ok());
        Self { fields: Fields::text(text), target: class.map_or(Target::None, Target::Class), weight: 1.0 }
    }

    /// A text alone, as a person or a file brings it.
    pub fn unlabelled(text: impl Into<Arc<str>>) -> Self {
        Self { fields: Fields::text(text), target: Target::None, weight: 1.0 }
    }

    /// Texts alone.
    pub fn of(fields: &Fields) -> Self {
        Self { fields: fields.clone(), target: Target::None, weight: 1.0 }
    }

    /// All of its text.
    pub fn text(&self) -> &str {
        self.fields.whole()
    }

    /// The same, shared.
    pub fn shared_text(&self) -> Arc<str> {
        self.fields.shared()
    }

    /// Its class, where it has one.
    pub fn class(&self) -> Option<usize> {
        match self.target {
            Target::Class(class) => Some(class as usize),
            Target::None | Target::Text(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_has_a_text_and_a_class_or_none() {
        let labelled = Example::classified("a goal", Some(3));
        assert_eq!((labelled.text(), labelled.class()), ("a goal", Some(3)));
        assert_eq!(labelled.fields.get(TEXT), Some("a goal"));
        assert_eq!((labelled.fields.get("title"), labelled.fields.columns().count()), (None, 0));
        assert_eq!(Example::unlabelled("a goal").class(), None);
    }

    #[test]
    fn columns_are_the_text_together_and_each_by_its_name() {
        let names = ["premise", "hypothesis", "topic"].map(str::to_owned).to_vec();
        let layout = Arc::new(Layout { names, texts: 2, has_pair: true });
        let fields = Fields::new(&layout, &[" It rains. ", "It is wet.", "weather"]);
        assert_eq!(fields.whole(), "It rains.\nIt is wet.");
        assert_eq!(
            ["premise", "topic", TEXT, "other"].map(|slot| fields.get(slot)),
            [Some("It rains."), Some("weather"), Some("It rains.\nIt is wet."), None]
        );
        assert_eq!(fields.pair(), Some(("It rains.".to_owned(), "It is wet.")));
        let typed = Fields::typed(&layout, "It rains.\nIt is\nwet.");
        assert_eq!((typed.get("hypothesis"), typed.get("topic")), (Some("It is\nwet."), Some("")));
        assert_eq!(Fields::new(&layout, &["one", " ", "x"]).whole(), "one", "an empty column leaves no empty line");
    }

    #[test]
    fn texts_are_told_apart_by_their_columns_and_a_text_alone_by_its_letters() {
        let layout = |a: &str, b: &str, has_pair| {
            Arc::new(Layout { names: vec![a.to_owned(), b.to_owned()], texts: 2, has_pair })
        };
        let keys = [
            Fields::text("ab\nc").key(),
            Fields::new(&layout("a", "b", false), &["ab", "c"]).key(),
            Fields::new(&layout("a", "b", false), &["a", "bc"]).key(),
            Fields::new(&layout("ab", "", false), &["ab", "c"]).key(),
            Fields::new(&layout("a", "b", true), &["ab", "c"]).key(),
        ];
        let different: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(different.len(), keys.len());
        assert_eq!(keys[0], *blake3::hash(b"ab\nc").as_bytes(), "as answers of earlier versions are kept");
    }

    #[test]
    fn columns_are_said_where_a_text_alone_would_not_do() {
        let prompt = |template: &str| Prompt { template: template.to_owned(), ..prompt_of_nothing() };
        let layout = |names: &[&str], texts| Layout {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            texts,
            has_pair: false,
        };
        assert_eq!(Layout::default().said(&prompt("{text} {answer}")), None);
        assert_eq!(layout(&["review"], 1).said(&prompt("{text} {answer}")), None);
        for (columns, template) in [(&["review"][..], "{review} {answer}"), (&["a", "b"], "{text} {answer}")] {
            let layout = layout(columns, columns.len());
            assert_eq!(layout.said(&prompt(template)).map(Layout::from), Some(layout));
        }
    }

    fn prompt_of_nothing() -> Prompt {
        Prompt {
            template: String::new(),
            variants: Vec::new(),
            label_words: Default::default(),
            scoring: Default::default(),
            chat: Default::default(),
        }
    }

    #[test]
    fn one_column_is_the_text_whatever_it_is_called() {
        let layout = Arc::new(Layout { names: vec!["review".to_owned()], texts: 1, has_pair: false });
        assert_eq!(Fields::new(&layout, &["good"]), Fields::text("good"));
    }
}
