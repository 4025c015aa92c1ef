//! A session as a flat table of what is run, path by path: by it runs are told apart, filtered and grouped.
//!
//! Paths are those that [`Session::assign`] takes, as far as there is one value behind them. What a session is called
//! and what the window shows of it is no setting.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Session;
use super::ron_tree::{self, Kind, Node};

/// The setting that runs of one group differ in.
pub const SEED: &str = "recipe.seed";

impl Session {
    /// Path and value of every setting, values as in a file but for the quotation marks of texts. Fields at a default
    /// that is not written are missing, and so are knobs that cannot act.
    pub fn settings(&self) -> BTreeMap<String, String> {
        let mut table = Table::default();
        table.part("data", &self.data);
        match self.teachers.as_slice() {
            [] => drop(table.0.insert("teacher.source".to_owned(), "None".to_owned())),
            [teacher] => table.part("teacher", teacher),
            teachers => table.part("teachers", &teachers),
        }
        table.part("student", &self.student);
        table.part("prompt", &self.prompt);
        table.part("recipe", &self.recipe);
        // How many threads a machine has is no part of the experiment.
        table.0.remove("recipe.threads");
        let acting = self.knobs.iter().filter(|(knob, _)| self.acts(knob));
        table.0.extend(acting.map(|(knob, value)| (knob.clone(), value.to_string())));
        let change = |change: &super::Change| format!("{} = {} at {}", change.knob, change.value, change.step);
        let script: Vec<String> = self.script.iter().map(change).collect();
        table.0.extend((!script.is_empty()).then(|| ("script".to_owned(), script.join(", "))));
        table.0
    }
}

impl Session {
    /// Whether a knob may act: one of a loss that is no term does not, whatever it stands at. A loss is known by its
    /// weight.
    fn acts(&self, knob: &str) -> bool {
        let owner = knob.split_once('.').map_or(knob, |(owner, _)| owner);
        let is_loss = self.knobs.contains_key(&format!("{owner}.weight"));
        !is_loss || self.recipe.terms.iter().any(|term| term == owner)
    }
}

#[derive(Default)]
struct Table(BTreeMap<String, String>);

impl Table {
    fn part(&mut self, name: &str, part: &impl Serialize) {
        let tree = ron::to_string(part).ok().and_then(|text| ron_tree::parse(&text).ok());
        if let Some(tree) = tree {
            self.node(name.to_owned(), tree);
        }
    }

    fn node(&mut self, path: String, node: Node) {
        match node.kind {
            Kind::Fields(choice, fields) => {
                self.0.extend(choice.map(|choice| (path.clone(), choice)));
                fields.into_iter().for_each(|field| self.node(format!("{path}.{}", field.name), field.value));
            }
            Kind::Tuple(Some(word), mut items) if items.len() == 1 && (word == "Some" || has_fields(&items[0])) => {
                self.0.extend((word != "Some").then(|| (path.clone(), word)));
                self.node(path, items.remove(0));
            }
            Kind::List(items) if items.iter().any(has_fields) => {
                let numbered = items.into_iter().enumerate();
                numbered.for_each(|(place, item)| self.node(format!("{path}.{place}"), item));
            }
            _ => drop(self.0.insert(path, written(&node))),
        }
    }
}

fn has_fields(node: &Node) -> bool {
    matches!(node.kind, Kind::Fields(..))
}

/// A value in a line.
fn written(node: &Node) -> String {
    let list = |items: &[Node]| items.iter().map(written).collect::<Vec<_>>().join(", ");
    match &node.kind {
        Kind::Word(text) | Kind::Number(text) | Kind::Text(text) => text.clone(),
        Kind::List(items) => format!("[{}]", list(items)),
        Kind::Map(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{}: {}", written(key), written(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Kind::Fields(choice, fields) => {
            let fields: Vec<String> =
                fields.iter().map(|field| format!("{}: {}", field.name, written(&field.value))).collect();
            format!("{}({})", choice.as_deref().unwrap_or_default(), fields.join(", "))
        }
        Kind::Tuple(word, items) => format!("{}({})", word.as_deref().unwrap_or_default(), list(items)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_of_a_session_stands_under_the_path_by_which_it_is_set() {
        let session = Session::built_in().unwrap();
        let settings = session.settings();
        for (path, value) in &settings {
            let mut again = session.clone();
            if path == "script" || value.contains(['[', '{', '(']) || again.assign(path, value).is_ok() {
                continue;
            }
            let quoted = again.assign(path, &format!("{value:?}"));
            // The word alone of a choice with fields.
            let of_choice = settings.keys().any(|other| other.starts_with(&format!("{path}.")));
            assert!(quoted.is_ok() || of_choice, "{path} = {value}: {quoted:?}");
        }
        assert_eq!(settings[SEED], session.recipe.seed.to_string());
        assert!(settings.contains_key("mixture.alpha") && settings.contains_key("teacher.source"), "{settings:?}");
    }

    #[test]
    fn two_sessions_differ_in_the_settings_that_were_changed_and_in_no_others() {
        let session = Session::built_in().unwrap();
        for (path, value) in [
            ("recipe.seed", "99"),
            ("mixture.alpha", "0.25"),
            ("data.labelled", "Some(17)"),
            ("student.init", "Stored"),
            ("recipe.optimizer", "Sgd"),
            ("teacher.max_tokens", "12"),
        ] {
            let mut other = session.clone();
            other.assign(path, value).unwrap();
            let (ours, theirs) = (session.settings(), other.settings());
            let names = ours.keys().chain(theirs.keys());
            let mut differing: Vec<&String> = names.filter(|name| ours.get(*name) != theirs.get(*name)).collect();
            differing.dedup();
            differing.sort();
            differing.dedup();
            assert!(
                !differing.is_empty() && differing.iter().all(|name| name.starts_with(path)),
                "{path}: {differing:?}"
            );
        }
        let mut other = session.clone();
        other.knobs.extend([("ranking.weight", 1.0), ("ranking.temperature", 9.0)].map(|(a, b)| (a.to_owned(), b)));
        assert_eq!(other.settings(), session.settings(), "a knob of a loss that is no term changes nothing");
        other.recipe.terms.push("ranking".into());
        assert_eq!(other.settings()["ranking.temperature"], "9");
        let mut renamed = session.clone();
        (renamed.name, renamed.run) = ("another".into(), Some("elsewhere".into()));
        assert_eq!(renamed.settings(), session.settings());
    }
}
