//! Which column of a table is likely to be what, and why: by its name, by what stands in it, by its values.

use super::preview::{Sheet, SheetColumn};
use crate::session::{Column, Role, Roles, Sentence, say};

/// A role that a column is likely to have.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// Name of the column, or its place.
    pub column: String,
    /// The role.
    pub role: Role,
    /// Why.
    pub reason: Sentence,
}

/// Names of two columns that are read as a pair.
const PAIRS: [(&str, &str); 9] = [
    ("premise", "hypothesis"),
    ("sentence1", "sentence2"),
    ("question1", "question2"),
    ("text_a", "text_b"),
    ("text1", "text2"),
    ("query", "passage"),
    ("query", "document"),
    ("question", "passage"),
    ("question", "sentence"),
];
/// Names of columns that belong together as one text, the first before the second.
const TITLES: [(&str, &[&str]); 2] =
    [("title", &["body", "text", "content", "description", "abstract", "review"]), ("标题", &["内容", "正文", "文本"])];
/// Names of what a model is asked and of what it answers.
const ASKED: [(&str, &[&str]); 3] = [
    ("prompt", &["completion", "response", "answer", "chosen", "output"]),
    ("instruction", &["output", "response", "completion"]),
    ("question", &["answer", "response"]),
];
const CONVERSATIONS: [&str; 3] = ["messages", "conversations", "conversation"];
const WEIGHTS: [&str; 3] = ["weight", "weights", "sample_weight"];

impl Sheet {
    /// The roles its columns are likely to have.
    pub fn guess(&self) -> Vec<Guess> {
        let mut guesses = Vec::new();
        let named = |names: &[&str]| self.columns.iter().find(|column| is_called(column, names));
        let by_name = |role: Role, column: &SheetColumn| guess(column, role, say!("it is called so"));
        guesses.extend(named(&CONVERSATIONS).map(|column| by_name(Role::Messages, column)));
        guesses.extend(named(&WEIGHTS).map(|column| by_name(Role::Weight, column)));
        let texts = self.texts(&mut guesses);
        let class = self.likely_class(&texts).filter(|column| !guesses.iter().any(|own| own.column == column.name));
        guesses.extend(class.map(|column| {
            let (values, rows) = (column.distinct, column.filled);
            guess(column, Role::Label, say!("{values} different values in {rows} rows", values, rows))
        }));
        if class.is_none() {
            self.asked(&mut guesses);
        }
        guesses
    }

    /// Adds the columns of the text: a known pair, a title with its body, else the one with most to read.
    fn texts(&self, guesses: &mut Vec<Guess>) -> Vec<String> {
        let column = |name: &str| self.columns.iter().find(|column| is_called(column, &[name]));
        let pair = PAIRS.iter().find_map(|(first, second)| column(first).zip(column(second)));
        let titled = || {
            let both =
                |(title, bodies): &(&str, &[&str])| column(title).zip(bodies.iter().find_map(|body| column(body)));
            TITLES.iter().find_map(both)
        };
        let before = guesses.len();
        if let Some((first, second)) = pair {
            let reason = || say!("the two are usually read as a pair");
            guesses.extend([guess(first, Role::Text, reason()), guess(second, Role::Pair, reason())]);
        } else if let Some((title, body)) = titled() {
            let reason = || say!("title and body are one text");
            guesses.extend([guess(title, Role::Text, reason()), guess(body, Role::Text, reason())]);
        } else if let Some(text) = self.likely_text().filter(|text| !guesses.iter().any(|own| own.column == text.name))
        {
            let chars = format!("{:.0}", text.mean_chars);
            guesses.push(guess(text, Role::Text, say!("it has most to read: {chars} characters a row", chars)));
        }
        guesses[before..].iter().map(|guess| guess.column.clone()).collect()
    }

    /// Adds question and answer where no column could be the class.
    fn asked(&self, guesses: &mut Vec<Guess>) {
        let column = |name: &str| self.columns.iter().find(|column| is_called(column, &[name]));
        let both =
            |(asked, answers): &(&str, &[&str])| column(asked).zip(answers.iter().find_map(|answer| column(answer)));
        let Some((prompt, completion)) = ASKED.iter().find_map(both) else { return };
        guesses.retain(|own| own.column != prompt.name && own.column != completion.name);
        let reason = || say!("question and answer, and no column could be a class");
        guesses.extend([guess(prompt, Role::Prompt, reason()), guess(completion, Role::Completion, reason())]);
    }

    /// The roles its columns are likely to have, as a session says them.
    pub fn likely_roles(&self) -> Roles {
        let mut roles = Roles::none();
        self.guess().into_iter().for_each(|guess| roles.give(self.as_column(&guess.column), Some(guess.role)));
        roles
    }

    /// How a session names a column of it.
    pub fn as_column(&self, name: &str) -> Column {
        match name.parse() {
            Ok(place) if !self.has_names => Column::Index(place),
            _ => Column::named(name),
        }
    }
}

fn guess(column: &SheetColumn, role: Role, reason: Sentence) -> Guess {
    Guess { column: column.name.clone(), role, reason }
}

fn is_called(column: &SheetColumn, names: &[&str]) -> bool {
    let name = column.name.trim().to_lowercase();
    names.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(columns: &[(&str, usize, f64)]) -> Sheet {
        let column = |(name, distinct, mean_chars): &(&str, usize, f64)| SheetColumn {
            name: (*name).to_owned(),
            filled: 100,
            distinct: *distinct,
            mean_chars: *mean_chars,
            ..SheetColumn::default()
        };
        let columns = columns.iter().map(column).collect();
        Sheet { columns, read: 100, whole: true, has_names: true, ..Sheet::default() }
    }

    #[test]
    fn roles_are_guessed_by_names_and_by_what_stands_in_the_columns() {
        type Case<'a> = (&'a [(&'a str, usize, f64)], &'a [(&'a str, Role)]);
        let cases: [Case; 6] = [
            (
                &[("id", 100, 4.0), ("review", 100, 80.0), ("stars", 5, 1.0)],
                &[("review", Role::Text), ("stars", Role::Label)],
            ),
            (
                &[("premise", 99, 60.0), ("hypothesis", 99, 30.0), ("label", 3, 1.0)],
                &[("premise", Role::Text), ("hypothesis", Role::Pair), ("label", Role::Label)],
            ),
            (
                &[("title", 90, 20.0), ("body", 99, 200.0), ("topic", 4, 6.0), ("weight", 9, 3.0)],
                &[("weight", Role::Weight), ("title", Role::Text), ("body", Role::Text), ("topic", Role::Label)],
            ),
            (
                &[("instruction", 99, 60.0), ("output", 99, 90.0)],
                &[("instruction", Role::Prompt), ("output", Role::Completion)],
            ),
            (&[("messages", 99, 600.0)], &[("messages", Role::Messages)]),
            (&[("Text", 99, 60.0)], &[("Text", Role::Text)]),
        ];
        for (columns, roles) in cases {
            let guesses = sheet(columns).guess();
            let said: Vec<(&str, Role)> = guesses.iter().map(|guess| (guess.column.as_str(), guess.role)).collect();
            assert_eq!(said, roles, "{columns:?}");
            assert!(guesses.iter().all(|guess| !guess.reason.is_empty()));
        }
    }

    #[test]
    fn columns_without_names_are_places() {
        let mut sheet = sheet(&[("0", 4, 1.0), ("1", 99, 60.0)]);
        sheet.has_names = false;
        let roles = sheet.likely_roles();
        assert_eq!((roles.text, roles.label), (vec![Column::Index(1)], Some(Column::Index(0))));
    }
}
