//! Cells that name several classes. A text has one class here: such rows are refused, or take their first label, or
//! are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::class_names::ClassNames;
use super::data_error::DataError;
use super::label_rows::{blame, counts, first_of, shortened};
use super::parts::{Missed, Parts};
use crate::session::{SeveralLabels, say};

/// Marks that stand between the labels of one cell.
const SEPARATORS: [char; 3] = [',', ';', '|'];
/// Marks that do so too, but also occur within a name.
const WEAK_SEPARATORS: [char; 4] = ['/', '+', '&', ' '];

/// Does with rows of several labels what is `asked`.
///
/// # Errors
/// [`DataError`] that blames the first such row, where they are to be refused.
pub fn settle(
    parts: &mut Parts,
    asked: SeveralLabels,
    names: Option<&ClassNames>,
    path: &Path,
) -> Result<(), DataError> {
    let composed = composed(parts, names);
    if composed.is_empty() {
        return Ok(());
    }
    match asked {
        SeveralLabels::Refuse => Err(refusal(parts, &composed, path)),
        SeveralLabels::First => {
            take_first(parts, &composed);
            Ok(())
        }
        SeveralLabels::LeaveOut => {
            leave_out(parts, &composed);
            Ok(())
        }
    }
}

/// Labels that name several classes, with them.
fn composed(parts: &Parts, names: Option<&ClassNames>) -> BTreeMap<String, Vec<String>> {
    let counts = counts(parts);
    let is_class = |item: &str| counts.contains_key(item) || names.is_some_and(|names| names.knows(item));
    let found = |separators: &[char]| -> BTreeMap<String, Vec<String>> {
        let owned = |items: Vec<&str>| items.into_iter().map(str::to_owned).collect();
        let of = |label: &str| separators.iter().find_map(|mark| several(label, &is_class, *mark)).map(owned);
        counts.keys().filter_map(|label| Some(((*label).to_owned(), of(label)?))).collect()
    };
    let mut composed = found(&SEPARATORS);
    composed.extend(
        counts
            .keys()
            .filter_map(|label| Some(((*label).to_owned(), listed(label)?.into_iter().map(str::to_owned).collect()))),
    );
    let weak = found(&WEAK_SEPARATORS);
    // One name made of two others may be a class; a whole series of them is not.
    composed.extend(weak.iter().filter(|_| weak.len() >= 3).map(|(label, items)| (label.clone(), items.clone())));
    composed
}

/// The classes a label names, if it names several.
fn several<'a>(label: &'a str, is_class: &impl Fn(&str) -> bool, separator: char) -> Option<Vec<&'a str>> {
    let parts: Vec<&str> = label.split(separator).map(str::trim).filter(|part| !part.is_empty()).collect();
    let distinct: BTreeSet<&&str> = parts.iter().collect();
    (distinct.len() > 1 && parts.iter().all(|part| is_class(part))).then_some(parts)
}

/// The items of a list written as text, `['joy', 'fear']` or `[4, 27]`.
fn listed(label: &str) -> Option<Vec<&str>> {
    let inside = label.strip_prefix('[')?.strip_suffix(']')?;
    let items: Vec<&str> = inside.split(',').map(|item| item.trim().trim_matches(['\'', '"'])).collect();
    (items.len() > 1).then_some(items)
}

fn refusal(parts: &Parts, composed: &BTreeMap<String, Vec<String>>, path: &Path) -> DataError {
    let counts = counts(parts);
    let commonest = composed.iter().max_by_key(|(label, _)| counts.get(label.as_str()));
    let rows: usize = composed.keys().filter_map(|label| counts.get(label.as_str())).sum();
    let (label, items) = commonest.map(|(label, items)| (label.as_str(), items.as_slice())).unwrap_or_default();
    let reason = say!(
        "its label `{label}` names several classes, {items}, as {rows} rows do, and a text has one class here; say data.labels: (several: First) to take the first of them or (several: LeaveOut) to leave these rows out, or make a column of each label and learn one of them",
        label,
        items = shortened(items),
        rows
    );
    match first_of(parts, label) {
        Some(row) => blame(parts, row, reason, path),
        None => DataError::Labels { reason, path: path.to_owned() },
    }
}

fn take_first(parts: &mut Parts, composed: &BTreeMap<String, Vec<String>>) {
    let first: BTreeMap<&str, Arc<str>> = composed
        .iter()
        .filter_map(|(label, items)| Some((label.as_str(), Arc::from(items.first()?.as_str()))))
        .collect();
    let mut rows = 0;
    for label in parts.rows_mut().filter_map(|row| row.label.as_mut()) {
        if let Some(own) = first.get(&**label) {
            *label = Arc::clone(own);
            rows += 1;
        }
    }
    parts.notes.push(say!("{rows} rows have several labels, and the first of them is their class", rows));
}

fn leave_out(parts: &mut Parts, composed: &BTreeMap<String, Vec<String>>) {
    let mut missed = Missed::default();
    for (_, rows) in parts.parts_mut() {
        rows.rows.retain(|row| {
            let is_composed = row.label.as_deref().is_some_and(|label| composed.contains_key(label));
            if is_composed {
                missed.push(row.place);
            }
            !is_composed
        });
    }
    parts.notes.push(say!("{rows} rows have several labels and are left out", rows = missed.rows));
    parts.leave_out(say!("rows with several labels"), &missed);
}
