//! One example: the texts of its fields, and what is to be learned of it.

use std::sync::Arc;

/// The name of the field that every source of texts fills.
pub const TEXT: &str = "text";

/// The texts of an example by the name of their column, in the order in which a template names them.
/// Cloned without copying a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields(Arc<[(Arc<str>, Arc<str>)]>);

impl Fields {
    /// The only field, [`TEXT`].
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self([(Arc::from(TEXT), text.into())].into())
    }

    /// A field's text.
    pub fn get(&self, name: &str) -> Option<&Arc<str>> {
        self.0.iter().find(|(own, _)| &**own == name).map(|(_, text)| text)
    }

    /// All fields, name and text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (&**name, &**text))
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Its texts, without white space at their ends; [`TEXT`] is never empty.
    pub fields: Fields,
    /// What it teaches.
    pub target: Target,
}

impl Example {
    /// A text with its class, where that is known.
    pub fn classified(text: impl Into<Arc<str>>, class: Option<usize>) -> Self {
        let class = class.and_then(|class| u32::try_from(class).ok());
        Self { fields: Fields::text(text), target: class.map_or(Target::None, Target::Class) }
    }

    /// A text alone, as a person or a file brings it.
    pub fn unlabelled(text: impl Into<Arc<str>>) -> Self {
        Self { fields: Fields::text(text), target: Target::None }
    }

    /// The text of its [`TEXT`] field; empty where it has none.
    pub fn text(&self) -> &str {
        self.fields.get(TEXT).map_or("", |text| text)
    }

    /// The same, shared.
    pub fn shared_text(&self) -> Arc<str> {
        self.fields.get(TEXT).cloned().unwrap_or_else(|| Arc::from(""))
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
    fn an_example_keeps_its_fields_by_name_and_its_target_apart() {
        let labelled = Example::classified("a goal", Some(3));
        assert_eq!((labelled.text(), labelled.class()), ("a goal", Some(3)));
        assert_eq!(labelled.fields.iter().collect::<Vec<_>>(), [(TEXT, "a goal")]);
        assert_eq!(labelled.fields.get("title"), None);
        assert_eq!(Example::classified("a goal", None), Example::unlabelled("a goal"));
        assert_ne!(labelled, Example::unlabelled("a goal"));
        let answered = Example { target: Target::Text("goal".into()), ..Example::unlabelled("a") };
        assert_eq!(answered.class(), None);
    }
}
