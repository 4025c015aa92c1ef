//! Labels, looked at before anything is drawn: which rows have one, which spellings mean one class, and
//! what cannot be a class at all. A column that was chosen wrongly is refused here, in the second in
//! which the file is read, and not by a run of minutes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::class_names::ClassNames;
use super::data_error::DataError;
pub use super::label_rows::shortened;
use super::label_rows::{blame, counts, first_of, seen};
use super::parts::{Missed, Part, Parts};
use super::several_labels;
use crate::session::{ClassWeights, Labels, Sentence, say};

/// Brings the labels in order as `asked`, notes what a person should know of them and leaves out what cannot be
/// measured with; `path` is what errors about all of them point at. Gives the classes where they are named, in their
/// order.
///
/// # Errors
/// [`DataError`] where the labels are not what was meant.
pub fn settle(parts: &mut Parts, asked: &Labels, path: &Path) -> Result<Option<Vec<String>>, DataError> {
    let names = ClassNames::open(&asked.names, asked.merge)?;
    let has_label = parts.iter().any(|(_, rows)| rows.labelled().next().is_some());
    if !has_label && names.is_none() && !parts.train.rows.is_empty() {
        let reason = say!(
            "no row has a label; a run needs the classes, so give at least some texts theirs, or name the classes under data.labels.names"
        );
        return Err(refused(reason, path));
    }
    several_labels::settle(parts, asked.several, names.as_ref(), path)?;
    leave_out_unmeasurable(parts, path)?;
    let classes = names.map(|names| names.apply(parts, path)).transpose()?;
    one_spelling_of_numbers(parts);
    if classes.is_none() {
        lookalikes(parts, asked.merge, path)?;
    }
    no_strange_test(parts, path)?;
    no_explosion(parts, path)?;
    let notes = notes(parts);
    parts.notes.extend(notes);
    Ok(classes)
}

/// Takes the labels away where the texts themselves are learned, and says of what is asked for them that it has no
/// effect.
pub fn forget(parts: &mut Parts, asked: &Labels) {
    parts.rows_mut().for_each(|row| row.label = None);
    parts.parts_mut().for_each(|(_, rows)| rows.missing.clear());
    if asked.weights == ClassWeights::Balanced {
        parts.notes.push(say!("data.labels.weights has no effect: texts are learned, and they have no classes"));
    }
}

fn refused(reason: Sentence, path: &Path) -> DataError {
    DataError::Labels { reason, path: path.to_owned() }
}

/// A text without a label can teach, but nothing can be measured by it.
fn leave_out_unmeasurable(parts: &mut Parts, path: &Path) -> Result<(), DataError> {
    let (mut left_out, files) = (Vec::new(), parts.files.clone());
    for (part, rows) in parts.parts_mut().filter(|(part, _)| *part != Part::Train) {
        let (before, mut missed) = (rows.rows.len(), Missed::default());
        let file = rows.rows.first().and_then(|row| files.get(row.place.file)).cloned();
        rows.rows.retain(|row| {
            if row.label.is_none() {
                missed.push(row.place);
            }
            row.label.is_some()
        });
        if before > 0 && rows.rows.is_empty() {
            let reason = say!("none of the {before} rows has a label, and only with one can be measured", before);
            let path = file.unwrap_or_else(|| path.to_owned());
            return Err(DataError::NoExamples { what: part.adjective(), reason, path });
        }
        if missed.rows > 0 {
            left_out.push((part, before, missed));
        }
    }
    for (part, before, missed) in left_out {
        let (part, without) = (part.adjective(), missed.rows);
        parts.notes.push(say!(
            "{without} of {before} {part} texts have no label and are left out",
            without,
            before,
            part
        ));
        parts.leave_out(say!("{part} texts without a label", part), &missed);
    }
    Ok(())
}

/// `7.0` is `7` where both are met: a spreadsheet makes fractions of a column with empty cells.
fn one_spelling_of_numbers(parts: &mut Parts) {
    let names = names(parts);
    let whole = |name: &str| {
        let (whole, fraction) = name.split_once('.')?;
        let is_whole = !fraction.is_empty() && fraction.bytes().all(|digit| digit == b'0');
        (is_whole && whole.parse::<i128>().is_ok() && names.contains(whole)).then(|| whole.to_owned())
    };
    let merged: BTreeMap<String, String> = names.iter().filter_map(|name| Some((name.clone(), whole(name)?))).collect();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for label in parts.rows_mut().filter_map(|row| row.label.as_mut()) {
        if let Some(whole) = merged.get(&**label) {
            *counts.entry(label.to_string()).or_default() += 1;
            *label = whole.as_str().into();
        }
    }
    let told =
        counts.iter().map(|(name, rows)| say!("`{name}` ({rows} rows) as `{whole}`", name, rows, whole = merged[name]));
    let told: Vec<Sentence> = told.collect();
    if !told.is_empty() {
        parts.notes.push(say!(
            "labels that are the same number are one class: {told} are read",
            told = Sentence::joined(told, ", ")
        ));
    }
}

fn names(parts: &Parts) -> BTreeSet<String> {
    parts.iter().flat_map(|(_, rows)| rows.labelled()).map(|(_, label)| label.to_owned()).collect()
}

/// Two spellings of one class would be two classes, and a model can tell them apart by nothing: they are one where
/// that is asked for, else refused.
fn lookalikes(parts: &mut Parts, merge: bool, path: &Path) -> Result<(), DataError> {
    let mut groups: BTreeMap<String, Vec<(String, usize)>> = BTreeMap::new();
    for (label, rows) in counts(parts) {
        groups.entry(seen(label)).or_default().push((label.to_owned(), rows));
    }
    groups.retain(|_, group| group.len() > 1);
    match groups.values().next() {
        None => Ok(()),
        Some(_) if merge => {
            groups.into_values().for_each(|group| merged(parts, &group));
            Ok(())
        }
        Some(group) => Err(refused_lookalikes(parts, group, groups.len() - 1, path)),
    }
}

fn told(group: &[(String, usize)]) -> Sentence {
    let told =
        group.iter().map(|(label, rows)| say!("{label} in {rows} rows", label = format_args!("{label:?}"), rows));
    Sentence::joined(told, ", ")
}

/// The commonest spelling stands for all of a group; of equals the first.
fn merged(parts: &mut Parts, group: &[(String, usize)]) {
    let commonest = group.iter().rev().max_by_key(|(_, rows)| *rows);
    let Some((kept, _)) = commonest else { return };
    let into: Arc<str> = kept.as_str().into();
    let others: BTreeSet<&str> = group.iter().map(|(label, _)| label.as_str()).collect();
    let rows = parts.rows_mut().filter_map(|row| row.label.as_mut());
    rows.filter(|label| others.contains(&***label)).for_each(|label| *label = Arc::clone(&into));
    parts.notes.push(say!("labels that look alike are one class, `{kept}`: {told}", kept, told = told(group)));
}

fn refused_lookalikes(parts: &Parts, group: &[(String, usize)], others: usize, path: &Path) -> DataError {
    let fewest = group.iter().min_by_key(|(_, rows)| *rows);
    let others =
        if others > 0 { say!(" ({others} more classes have several spellings)", others) } else { Sentence::default() };
    let reason = say!(
        "its label differs from another by letter case, blanks or digits' form alone: {told}{others}; say data.labels: (merge: true) to make them one class, write them alike, or further apart if they are two",
        told = told(group),
        others
    );
    match fewest.and_then(|(label, _)| first_of(parts, label)) {
        Some(row) => blame(parts, row, reason, path),
        None => refused(reason, path),
    }
}

/// Fewest classes that can be too many.
const MANY: usize = 10;

/// A column of ids, texts or figures has about as many values as rows.
fn no_explosion(parts: &Parts, path: &Path) -> Result<(), DataError> {
    let counts = counts(parts);
    let (classes, rows) = (counts.len(), counts.values().sum::<usize>());
    let single = counts.values().filter(|rows| **rows == 1).count();
    let unlabelled = parts.iter().flat_map(|(_, rows)| &rows.rows).filter(|row| row.label.is_none()).count();
    let is_fraction =
        |label: &&&str| label.contains('.') && label.parse::<f64>().is_ok_and(|value| value.fract() != 0.0);
    let fractions = counts.keys().filter(is_fraction).count();
    if classes >= MANY && 2 * fractions > classes {
        let names: Vec<&str> = counts.into_keys().collect();
        return Err(refused(
            say!(
                "the label has {classes} different values, {fractions} of them numbers with a fraction, such as {names}: these are scores, and a classifier needs classes; choose another column, or round them",
                classes,
                fractions,
                names = shortened(&names)
            ),
            path,
        ));
    }
    // One text for each class and many without a label are a small, but an honest beginning.
    if classes < MANY || 2 * single <= classes || 3 * classes <= rows || unlabelled > rows {
        return Ok(());
    }
    let names: Vec<&str> = counts.into_keys().collect();
    Err(refused(
        say!(
            "the label has {classes} different values in {rows} rows, {single} of them once, such as {names}: this looks like a column of texts, numbers or ids; choose the column of the class",
            classes,
            rows,
            single,
            names = shortened(&names)
        ),
        path,
    ))
}

/// Most classes that only the rows to measure with may have.
const STRANGERS: usize = 5;

/// Where many classes are met in the test alone, its columns or its labels are others.
fn no_strange_test(parts: &Parts, path: &Path) -> Result<(), DataError> {
    let taught: BTreeSet<&str> = parts.train.labelled().map(|(_, label)| label).collect();
    // Texts that only a teacher teaches say nothing of the classes.
    for (part, rows) in parts.iter().filter(|(part, _)| *part != Part::Train && !taught.is_empty()) {
        let asked: BTreeSet<&str> = rows.labelled().map(|(_, label)| label).collect();
        let strange: Vec<&str> = asked.difference(&taught).copied().collect();
        let none_known = !asked.is_empty() && strange.len() == asked.len();
        if strange.len() > STRANGERS && 5 * strange.len() > asked.len() || none_known {
            let taught: Vec<&str> = taught.into_iter().collect();
            let reason = say!(
                "{count} of the {asked} classes of the {part} rows have no training text, {strange}; the training rows have {taught}; their columns or their labels differ, so give both the same",
                count = strange.len(),
                asked = asked.len(),
                part = part.adjective(),
                strange = shortened(&strange),
                taught = shortened(&taught)
            );
            let file = rows.rows.first().and_then(|row| parts.files.get(row.place.file));
            return Err(refused(reason, file.map_or(path, PathBuf::as_path)));
        }
    }
    Ok(())
}

/// Spellings that mark a missing label in one file and are a class in another: they stay a class.
const DOUBTFUL: [&str; 9] = ["na", "none", "nil", "?", "-", "--", "unlabeled", "unlabelled", "missing"];

fn notes(parts: &Parts) -> Vec<Sentence> {
    let mut notes = Vec::new();
    let rows = &parts.train.rows;
    let without = rows.iter().filter(|row| row.label.is_none()).count();
    if without > 0 {
        notes.push(say!("{without} of {rows} training texts have no label: a teacher's soft targets learn from them, labels and measures leave them out", without, rows = rows.len()));
    }
    let mut missing: BTreeMap<&str, usize> = BTreeMap::new();
    for (spelling, rows) in parts.iter().flat_map(|(_, rows)| &rows.missing) {
        *missing.entry(spelling).or_default() += rows;
    }
    notes.extend(
        missing
            .iter()
            .map(|(spelling, rows)| say!("{rows} labels `{spelling}` are taken for missing ones", rows, spelling)),
    );
    let counts = counts(parts);
    let doubtful = counts.iter().filter(|(label, _)| DOUBTFUL.contains(&label.to_lowercase().as_str()));
    notes.extend(doubtful.map(|(label, rows)| {
        say!(
            "`{label}` ({rows} rows) is taken for a class; empty these cells if they mean that there is no label",
            label,
            rows
        )
    }));
    notes
}
