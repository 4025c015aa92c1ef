//! Names of the classes: labels may be the names, or ids that stand for them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::data_error::DataError;
use super::decode::{read_bytes, text_of};
use super::label_rows::{blame, first_of, seen, shortened};
use super::parts::Parts;
use crate::session::{self, Sentence, say};

/// Names in the order of the classes, and what stands for them.
#[derive(Debug)]
pub struct ClassNames {
    names: Vec<String>,
    /// Label to name, where each is said.
    by_id: BTreeMap<String, String>,
    /// The file they were read from.
    path: Option<PathBuf>,
    /// Whether a label may be spelled otherwise than its name.
    merge: bool,
}

impl ClassNames {
    /// The names a session gives, which a label may spell otherwise where it says `merge`; `None` where it gives none.
    ///
    /// # Errors
    /// [`DataError`] where their file cannot be read, one is empty or there twice, or they are fewer than two.
    pub fn open(asked: &session::ClassNames, merge: bool) -> Result<Option<Self>, DataError> {
        let names = match asked {
            session::ClassNames::None => return Ok(None),
            session::ClassNames::List(names) => Self::new(names.clone(), BTreeMap::new(), None),
            session::ClassNames::ById(by_id) => Self::new(ordered(by_id), by_id.clone(), None),
            session::ClassNames::File(path) => Self::new(lines(path)?, BTreeMap::new(), Some(path.clone())),
        };
        Self { merge, ..names }.check().map(Some)
    }

    fn new(names: Vec<String>, by_id: BTreeMap<String, String>, path: Option<PathBuf>) -> Self {
        let trimmed = |name: String| name.trim().to_owned();
        let by_id = by_id.into_iter().map(|(id, name)| (trimmed(id), trimmed(name))).collect();
        Self { names: names.into_iter().map(trimmed).collect(), by_id, path, merge: false }
    }

    fn check(self) -> Result<Self, DataError> {
        let distinct: BTreeSet<&String> = self.names.iter().collect();
        let reason = match () {
            () if self.names.iter().any(String::is_empty) => say!("a name among data.labels.names is empty"),
            () if distinct.len() < self.names.len() => {
                let twice = self.names.iter().enumerate().find(|(i, name)| self.names[..*i].contains(name));
                let name = twice.map_or("", |(_, name)| name.as_str());
                say!("the name `{name}` is there twice among data.labels.names; keep one", name)
            }
            () if distinct.len() < 2 => say!("data.labels.names has fewer than two classes"),
            () => return Ok(self),
        };
        Err(DataError::Labels { reason, path: self.path.unwrap_or_else(|| PathBuf::from("data.labels.names")) })
    }

    /// Whether `label` names a class or stands for one.
    pub fn knows(&self, label: &str) -> bool {
        self.names.iter().any(|name| name == label)
            || self.by_id.contains_key(label)
            || whole(label).is_some_and(|id| (0..=self.names.len() as i64).contains(&id))
    }

    /// Gives every row its class by name; returns the classes in their order.
    ///
    /// # Errors
    /// [`DataError`] that blames the first row whose label stands for none.
    pub fn apply(self, parts: &mut Parts, path: &Path) -> Result<Vec<String>, DataError> {
        let labels: BTreeSet<Arc<str>> = parts.rows_mut().filter_map(|row| row.label.clone()).collect();
        let first = self.first_id(&labels);
        let mut meant: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
        for label in labels {
            match self.name_of(&label, first) {
                Some(name) => _ = meant.insert(label, name.into()),
                None => return Err(self.unknown(parts, &label, path)),
            }
        }
        let replaced: Vec<String> = meant
            .iter()
            .filter(|(label, name)| label != name)
            .map(|(label, name)| format!("{label} → {name}"))
            .collect();
        if !replaced.is_empty() {
            let replaced = shortened(&replaced);
            parts.notes.push(say!("labels stand for classes: {replaced}", replaced));
        }
        let labels = parts.rows_mut().filter_map(|row| row.label.as_mut());
        labels.for_each(|label| {
            if let Some(name) = meant.get(label) {
                *label = Arc::clone(name);
            }
        });
        Ok(self.names)
    }

    /// What ids count from: 1 where one is as large as there are names and none is 0.
    fn first_id(&self, labels: &BTreeSet<Arc<str>>) -> i64 {
        let ids: Vec<i64> = labels.iter().filter_map(|label| whole(label)).collect();
        i64::from(ids.contains(&(self.names.len() as i64)) && !ids.contains(&0))
    }

    fn name_of(&self, label: &str, first: i64) -> Option<&str> {
        let same = || self.names.iter().find(|name| *name == label).map(String::as_str);
        let by_id = || self.by_id.get(label).or_else(|| self.by_id.get(&whole(label)?.to_string())).map(String::as_str);
        let by_place = || {
            let place = usize::try_from(whole(label)? - first).ok()?;
            self.names.get(place).filter(|_| self.by_id.is_empty()).map(String::as_str)
        };
        let alike =
            || self.names.iter().filter(|_| self.merge).find(|name| seen(name) == seen(label)).map(String::as_str);
        same().or_else(by_id).or_else(by_place).or_else(alike)
    }

    fn unknown(&self, parts: &Parts, label: &str, path: &Path) -> DataError {
        let reason = say!(
            "its label `{label}` is none of the classes that data.labels.names gives, {names}; add its name there, or mend the label",
            label,
            names = shortened(&self.names)
        );
        match first_of(parts, label) {
            Some(row) => blame(parts, row, reason, path),
            None => DataError::Labels { reason, path: path.to_owned() },
        }
    }
}

/// The whole number a label is, also written as a fraction.
fn whole(label: &str) -> Option<i64> {
    let whole = label.strip_suffix(".0").unwrap_or(label);
    whole.parse().ok()
}

/// The names by id in the order of the ids: by value where all of them are numbers.
fn ordered(by_id: &BTreeMap<String, String>) -> Vec<String> {
    let mut all: Vec<(&String, &String)> = by_id.iter().collect();
    if all.iter().all(|(id, _)| whole(id.trim()).is_some()) {
        all.sort_by_key(|(id, _)| whole(id.trim()));
    }
    let mut names: Vec<String> = Vec::new();
    for (_, name) in all {
        // Several ids may stand for one class.
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// A name a line; a line may begin with the id it stands for, if all do.
fn lines(path: &Path) -> Result<Vec<String>, DataError> {
    let text = text_of(Cow::Owned(read_bytes(path)?), path, &mut Vec::<Sentence>::new())?;
    let names: Vec<String> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let behind: Vec<&str> = names.iter().enumerate().filter_map(|(at, line)| behind_id(line, at)).collect();
    // "1 star" and "2 stars" are names, and what stands behind their numbers is not.
    let distinct: BTreeSet<String> = behind.iter().map(|name| seen(name.trim_end_matches('s'))).collect();
    Ok(if distinct.len() == names.len() { behind.into_iter().map(str::to_owned).collect() } else { names })
}

fn behind_id(line: &str, at: usize) -> Option<&str> {
    let (id, name) = line.split_once(['\t', ' ', ',', ':'])?;
    let id: usize = id.parse().ok()?;
    (id == at || id == at + 1).then(|| name.trim()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::data::parts::Place;

    fn named(names: session::ClassNames, labels: &[&str]) -> Result<(Vec<String>, Vec<String>), DataError> {
        let mut parts = Parts::default();
        for (line, label) in (1..).zip(labels) {
            parts.train.push("a text", Some(label), Place { file: 0, line }).unwrap();
        }
        let classes = ClassNames::open(&names, false)?.unwrap().apply(&mut parts, Path::new("rows.csv"))?;
        Ok((classes, parts.train.labelled().map(|(_, label)| label.to_owned()).collect()))
    }

    fn list(names: &[&str]) -> session::ClassNames {
        session::ClassNames::List(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn labels_are_names_or_ids_from_0_or_from_1() {
        let names = ["World", "Sports", "Business"];
        for (labels, meant) in [
            (["World", "Business"], ["World", "Business"]),
            (["0", "2"], ["World", "Business"]),
            (["1", "3"], ["World", "Business"]),
            (["1.0", "3.0"], ["World", "Business"]),
            (["1", "2"], ["Sports", "Business"]),
            (["2", "World"], ["Business", "World"]),
        ] {
            let (classes, read) = named(list(&names), &labels).unwrap();
            assert_eq!(
                (classes.as_slice(), read.as_slice()),
                (&names.map(str::to_owned)[..], &meant.map(str::to_owned)[..])
            );
        }
        let error = named(list(&names), &["0", "3"]).unwrap_err().to_string();
        assert!(error.contains("line 2 ") && error.contains("`3`") && error.contains("`Sports`"), "{error}");
    }

    #[test]
    fn names_by_id_are_in_the_order_of_the_ids_and_may_join_some() {
        let by_id = [("4", "good"), ("0", "bad"), ("10", "good")].map(|(id, name)| (id.to_owned(), name.to_owned()));
        let (classes, read) = named(session::ClassNames::ById(by_id.into()), &["4.0", "0", "10"]).unwrap();
        assert_eq!(
            (classes, read),
            (vec!["bad".into(), "good".into()], vec!["good".into(), "bad".into(), "good".into()])
        );
    }

    #[test]
    fn a_file_of_names_may_number_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("class.txt");
        std::fs::write(&path, "1 star\n2 stars\n3 stars\n").unwrap();
        let (classes, _) = named(session::ClassNames::File(path.clone()), &["1", "3"]).unwrap();
        assert_eq!(classes, ["1 star", "2 stars", "3 stars"]);
        for text in ["finance\r\nsport news\n\n", "0 finance\n1 sport news\n", "1,finance\n2,sport news"] {
            std::fs::write(&path, text).unwrap();
            let (classes, _) = named(session::ClassNames::File(path.clone()), &["0"]).unwrap();
            assert_eq!(classes, ["finance", "sport news"], "{text:?}");
        }
    }

    #[test]
    fn names_that_cannot_be_classes_are_refused() {
        for (names, said) in [(list(&["a", "a"]), "twice"), (list(&["a", " "]), "empty"), (list(&["a"]), "fewer")] {
            assert!(named(names, &["a"]).unwrap_err().to_string().contains(said));
        }
        let gone = session::ClassNames::File("nowhere/classes.txt".into());
        assert!(named(gone, &["a"]).unwrap_err().to_string().contains("classes.txt"));
    }
}
