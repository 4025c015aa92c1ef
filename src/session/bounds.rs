//! The ranges that the numbers of a session keep, each stated once: what is refused and what the reference of all
//! fields prints are read here. Not here: the ranges of knobs, which stand beside the code that reads them, and
//! what one field asks of another.

use super::side_by_side::{MOST_COLUMNS, MOST_PINNED};
use super::{SESSION_VERSION, Sentence, Session, say};

/// The range of one field.
pub struct Bound {
    /// Path of the field; `[]` stands for every item of a list.
    pub path: &'static str,
    /// Smallest allowed value.
    pub least: f64,
    /// Largest allowed value; `None` where there is none.
    pub most: Option<f64>,
    /// What a session has there; `None` where it has nothing.
    value: fn(&Session) -> Option<f64>,
    /// What a value below the range is most likely meant to say, and how that is said.
    advice: Option<fn() -> Sentence>,
}

/// Every range.
pub const BOUNDS: [Bound; 12] = [
    share("data.validation", |session| Some(session.data.validation)),
    share("data.test", |session| Some(session.data.test)),
    between("recipe.task.share", 0.01, 0.9, |session| session.recipe.task.share()),
    between("recipe.task.span", 1.0, 100.0, |session| session.recipe.task.span()),
    between("recipe.teacher_rows", 1.0, 4096.0, |session| session.recipe.teacher_rows.k().map(|k| k as f64)),
    positive("recipe.batch", |session| Some(session.recipe.batch as f64)),
    between("recipe.accumulate", 1.0, 1024.0, |session| Some(session.recipe.accumulate as f64)),
    between("recipe.groups[].rate", 0.0, RATE, |session| {
        let rates = || session.recipe.groups.iter().map(|group| group.rate);
        // The one that is out of range, where one is.
        rates().find(|rate| !(0.0..=RATE).contains(rate)).or_else(|| rates().next())
    }),
    positive("recipe.steps", |session| Some(session.recipe.steps as f64)),
    Bound {
        advice: Some(|| say!("it counts evaluations; leave it out to never stop early")),
        ..positive("recipe.patience", |session| session.recipe.patience.map(|count| count as f64))
    },
    Bound {
        advice: Some(|| say!("leave it out to ask as fast as the server answers")),
        ..positive("teachers[].source.per_minute", |session| session.teacher()?.source.per_minute().map(f64::from))
    },
    Bound { most: Some(SESSION_VERSION as f64), ..positive("version", |session| Some(f64::from(session.version))) },
];

/// Most that a learning rate is multiplied by.
const RATE: f64 = 100.0;

/// A part of a set of examples.
const fn share(path: &'static str, value: fn(&Session) -> Option<f64>) -> Bound {
    between(path, 0.0, 0.5, value)
}

const fn between(path: &'static str, least: f64, most: f64, value: fn(&Session) -> Option<f64>) -> Bound {
    Bound { path, least, most: Some(most), value, advice: None }
}

/// A number of things of which there must be one.
const fn positive(path: &'static str, value: fn(&Session) -> Option<f64>) -> Bound {
    Bound { path, least: 1.0, most: None, value, advice: None }
}

/// The smallest value that the field at a path may have, where it has a range; of an item of a list with or
/// without its brackets.
pub(super) fn least(path: &str) -> Option<f64> {
    let bare = |path: &str| path.split(['[', ']']).step_by(2).collect::<String>();
    BOUNDS.iter().find(|bound| bare(bound.path) == bare(path)).map(|bound| bound.least)
}

/// The first number of a session that is out of its range, in words, or `None`.
pub(super) fn problem(session: &Session) -> Option<Sentence> {
    BOUNDS.iter().find_map(|bound| bound.problem(session)).or_else(|| too_many(session))
}

/// More under the lens than is answered beside a run.
fn too_many(session: &Session) -> Option<Sentence> {
    let counts =
        [("probes", session.probes.len(), MOST_PINNED), ("view.columns", session.view.columns.len(), MOST_COLUMNS)];
    let (name, count, most) = counts.into_iter().find(|(_, count, most)| count > most)?;
    Some(say!(
        "{name} has {count} entries and may have {most}; take {rest} out",
        name,
        count,
        most,
        rest = count - most
    ))
}

impl Bound {
    fn problem(&self, session: &Session) -> Option<Sentence> {
        let value = (self.value)(session)?;
        let (name, least) = (self.path, self.least);
        match (self.most, self.advice) {
            (Some(most), _) if !(least..=most).contains(&value) => Some(say!(
                "{id} must be between {min} and {max}, not {value}",
                id = name,
                min = least,
                max = most,
                value
            )),
            (None, Some(advice)) if value < least => {
                Some(say!("{name} must be at least {least}: {advice}", name, least, advice = advice()))
            }
            (None, None) if value < least => Some(say!("{name} must be at least {least}", name, least)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{TaskKind, TeacherRows};

    #[test]
    fn what_is_out_of_its_range_is_refused_with_the_range() {
        type Change = fn(&mut Session);
        let cases: [(Change, &str); 10] = [
            (|s| s.data.test = 0.75, "data.test must be between 0 and 0.5, not 0.75"),
            (|s| s.data.validation = f64::NAN, "data.validation must be between 0 and 0.5, not NaN"),
            (
                |s| s.recipe.task = TaskKind::MaskedToken { packed: true, share: 0.0, whole_words: false, span: 3.0 },
                "recipe.task.share must be between 0.01 and 0.9, not 0",
            ),
            (
                |s| s.recipe.task = TaskKind::MaskedToken { packed: true, share: 0.5, whole_words: false, span: 0.5 },
                "recipe.task.span must be between 1 and 100, not 0.5",
            ),
            (|s| s.recipe.teacher_rows = TeacherRows::TopK(0), "recipe.teacher_rows must be between 1 and 4096, not 0"),
            (
                |s| s.recipe.teacher_rows = TeacherRows::TopK(5000),
                "recipe.teacher_rows must be between 1 and 4096, not 5000",
            ),
            (|s| s.recipe.accumulate = 0, "recipe.accumulate must be between 1 and 1024, not 0"),
            (|s| s.recipe.accumulate = 1025, "recipe.accumulate must be between 1 and 1024, not 1025"),
            (|s| s.recipe.steps = 0, "recipe.steps must be at least 1"),
            (
                |s| s.recipe.patience = Some(0),
                "recipe.patience must be at least 1: it counts evaluations; leave it out",
            ),
        ];
        for (change, said) in cases {
            let mut session = Session::built_in().unwrap();
            assert_eq!(session.problem(), None);
            change(&mut session);
            let problem = session.problem().unwrap();
            assert!(problem.starts_with(said), "{problem}");
        }
    }
}
