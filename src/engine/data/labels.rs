//! Labels, looked at before anything is drawn: which rows have one, which spellings mean one class, and
//! what cannot be a class at all. A column that was chosen wrongly is refused here, in the second in
//! which the file is read, and not by a run of minutes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::data_error::DataError;
use super::parts::{Part, Parts, Row};
use crate::session::{Sentence, say};

/// Where the rows of the parts were read, for errors.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// The source itself.
    pub all: &'a Path,
    /// The file of test rows, where it is another one.
    pub test: Option<&'a Path>,
}

impl Places<'_> {
    /// The error that blames `row`.
    fn blame(&self, part: Part, row: &Row, reason: Sentence) -> DataError {
        let path = self.test.filter(|_| part == Part::Test).unwrap_or(self.all);
        match row.line {
            0 => DataError::text(reason, path),
            line => DataError::line(line, reason, path),
        }
    }

    fn refuse(&self, reason: Sentence) -> DataError {
        DataError::Labels { reason, path: self.all.to_owned() }
    }
}

/// Brings the labels in order, notes what a person should know of them and leaves out what cannot be
/// measured with.
///
/// # Errors
/// [`DataError`] where the labels are not what was meant.
pub fn settle(parts: &mut Parts, places: &Places) -> Result<(), DataError> {
    if parts.iter().all(|(_, rows)| rows.labelled().next().is_none()) && !parts.train.rows.is_empty() {
        let reason = say!("no row has a label; a run needs the classes, so give at least some texts theirs");
        return Err(places.refuse(reason));
    }
    leave_out_unmeasurable(parts, places)?;
    one_spelling_of_numbers(parts);
    no_several_labels(parts, places)?;
    no_lookalikes(parts, places)?;
    no_strange_test(parts, places)?;
    no_explosion(parts, places)?;
    let notes = notes(parts);
    parts.notes.extend(notes);
    Ok(())
}

/// At most a few of `names`, each cut where it is long, for a sentence.
pub fn shortened<S: AsRef<str>>(names: &[S]) -> Sentence {
    const MOST: usize = 8;
    const LONGEST: usize = 40;
    let short = |name: &S| match name.as_ref().char_indices().nth(LONGEST) {
        Some((end, _)) => format!("`{}…`", name.as_ref()[..end].replace('\n', " ")),
        None => format!("`{}`", name.as_ref().replace('\n', " ")),
    };
    let first = names.iter().take(MOST).map(short).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST) {
        0 => Sentence::verbatim(first),
        more => say!("{first} and {more} more", first, more),
    }
}

/// A text without a label can teach, but nothing can be measured by it.
fn leave_out_unmeasurable(parts: &mut Parts, places: &Places) -> Result<(), DataError> {
    let mut left_out = Vec::new();
    for (part, rows) in [(Part::Validation, &mut parts.validation), (Part::Test, &mut parts.test)] {
        let Some(rows) = rows else { continue };
        let before = rows.rows.len();
        rows.rows.retain(|row| row.label.is_some());
        let without = before - rows.rows.len();
        if before > 0 && rows.rows.is_empty() {
            let path = places.test.filter(|_| part == Part::Test).unwrap_or(places.all);
            let reason = say!("none of the {before} rows has a label, and only with one can be measured", before);
            return Err(DataError::NoExamples { what: part.adjective(), reason, path: path.to_owned() });
        }
        if without > 0 {
            left_out.push((part, before, without));
        }
    }
    for (part, before, without) in left_out {
        let part = part.adjective();
        parts.notes.push(say!(
            "{without} of {before} {part} texts have no label and are left out",
            without,
            before,
            part
        ));
        parts.leave_out(say!("{part} texts without a label", part), without);
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
        if let Some(whole) = merged.get(label) {
            *counts.entry(std::mem::replace(label, whole.clone())).or_default() += 1;
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

/// Rows of each class over all parts.
fn counts(parts: &Parts) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for (_, label) in parts.iter().flat_map(|(_, rows)| rows.labelled()) {
        *counts.entry(label).or_default() += 1;
    }
    counts
}

/// The first row with this label.
fn first_of<'a>(parts: &'a Parts, label: &str) -> Option<(Part, &'a Row)> {
    let all = parts.iter().flat_map(|(part, rows)| rows.rows.iter().map(move |row| (part, row)));
    all.into_iter().find(|(_, row)| row.label.as_deref() == Some(label))
}

/// Marks that stand between the labels of one cell.
const SEPARATORS: [char; 3] = [',', ';', '|'];
/// Marks that do so too, but also occur within a name.
const WEAK_SEPARATORS: [char; 4] = ['/', '+', '&', ' '];

/// The classes a label names, if it names several.
fn several<'a>(label: &'a str, names: &BTreeMap<&str, usize>, separator: char) -> Option<Vec<&'a str>> {
    let parts: Vec<&str> = label.split(separator).map(str::trim).filter(|part| !part.is_empty()).collect();
    let distinct: BTreeSet<&&str> = parts.iter().collect();
    (distinct.len() > 1 && parts.iter().all(|part| names.contains_key(part))).then_some(parts)
}

/// The items of a list written as text, `['joy', 'fear']` or `[4, 27]`.
fn listed(label: &str) -> Option<Vec<&str>> {
    let inside = label.strip_prefix('[')?.strip_suffix(']')?;
    let items: Vec<&str> = inside.split(',').map(|item| item.trim().trim_matches(['\'', '"'])).collect();
    (items.len() > 1).then_some(items)
}

fn no_several_labels(parts: &Parts, places: &Places) -> Result<(), DataError> {
    let counts = counts(parts);
    let found = |separators: &[char]| -> Vec<(&str, Vec<String>)> {
        let owned = |items: Vec<&str>| items.into_iter().map(str::to_owned).collect();
        let of = |label: &str| separators.iter().find_map(|mark| several(label, &counts, *mark)).map(owned);
        counts.keys().filter_map(|label| Some((*label, of(label)?))).collect()
    };
    let mut composed = found(&SEPARATORS);
    composed.extend(
        counts.keys().filter_map(|label| Some((*label, listed(label)?.into_iter().map(str::to_owned).collect()))),
    );
    let weak = found(&WEAK_SEPARATORS);
    // One name made of two others may be a class; a whole series of them is not.
    composed.extend(weak.iter().filter(|_| weak.len() >= 3).cloned());
    let Some((label, items)) = composed.iter().max_by_key(|(label, _)| counts.get(label)) else { return Ok(()) };
    let Some((part, row)) = first_of(parts, label) else { return Ok(()) };
    let rows: usize = composed.iter().filter_map(|(label, _)| counts.get(label)).sum();
    Err(places.blame(part, row, say!("its label `{label}` names several classes, {items}, as {rows} rows do, and a text has one class here; keep the rows with one label, or one label a row", label, items = shortened(items), rows)))
}

/// A label as the eye takes it: letters of one case, one kind of blank, no invisible characters.
fn seen(label: &str) -> String {
    let invisible = |c: char| matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{AD}');
    let narrow = |c: char| match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        c => c,
    };
    let visible: String = label.chars().filter(|c| !invisible(*c)).map(narrow).collect();
    let plain = visible.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let is_number = plain.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
    match (plain.parse::<i128>(), plain.parse::<f64>()) {
        (Ok(whole), _) => whole.to_string(),
        (_, Ok(number)) if is_number => number.to_string(),
        _ => plain,
    }
}

/// Two spellings of one class would be two classes, and a model can tell them apart by nothing.
fn no_lookalikes(parts: &Parts, places: &Places) -> Result<(), DataError> {
    let mut groups: BTreeMap<String, Vec<(&str, usize)>> = BTreeMap::new();
    for (label, rows) in counts(parts) {
        groups.entry(seen(label)).or_default().push((label, rows));
    }
    let Some(group) = groups.values().find(|group| group.len() > 1) else { return Ok(()) };
    let fewest = group.iter().min_by_key(|(_, rows)| *rows);
    let Some((part, row)) = fewest.and_then(|(label, _)| first_of(parts, label)) else { return Ok(()) };
    let told =
        group.iter().map(|(label, rows)| say!("{label} in {rows} rows", label = format_args!("{label:?}"), rows));
    let others = groups.values().filter(|group| group.len() > 1).count() - 1;
    let others =
        if others > 0 { say!(" ({others} more classes have several spellings)", others) } else { Sentence::default() };
    Err(places.blame(part, row, say!("its label differs from another by letter case, blanks or digits' form alone: {told}{others}; write them alike, or further apart if they are two classes", told = Sentence::joined(told, ", "), others)))
}

/// Fewest classes that can be too many.
const MANY: usize = 10;

/// A column of ids, texts or figures has about as many values as rows.
fn no_explosion(parts: &Parts, places: &Places) -> Result<(), DataError> {
    let counts = counts(parts);
    let (classes, rows) = (counts.len(), counts.values().sum::<usize>());
    let single = counts.values().filter(|rows| **rows == 1).count();
    let unlabelled = parts.iter().flat_map(|(_, rows)| &rows.rows).filter(|row| row.label.is_none()).count();
    let is_fraction =
        |label: &&&str| label.contains('.') && label.parse::<f64>().is_ok_and(|value| value.fract() != 0.0);
    let fractions = counts.keys().filter(is_fraction).count();
    if classes >= MANY && 2 * fractions > classes {
        let names: Vec<&str> = counts.into_keys().collect();
        return Err(places.refuse(say!("the label has {classes} different values, {fractions} of them numbers with a fraction, such as {names}: these are scores, and a classifier needs classes; choose another column, or round them", classes, fractions, names = shortened(&names))));
    }
    // One text for each class and many without a label are a small, but an honest beginning.
    if classes < MANY || 2 * single <= classes || 3 * classes <= rows || unlabelled > rows {
        return Ok(());
    }
    let names: Vec<&str> = counts.into_keys().collect();
    Err(places.refuse(say!("the label has {classes} different values in {rows} rows, {single} of them once, such as {names}: this looks like a column of texts, numbers or ids; choose the column of the class", classes, rows, single, names = shortened(&names))))
}

/// Most classes that only the rows to measure with may have.
const STRANGERS: usize = 5;

/// Where many classes are met in the test alone, its columns or its labels are others.
fn no_strange_test(parts: &Parts, places: &Places) -> Result<(), DataError> {
    let taught: BTreeSet<&str> = parts.train.labelled().map(|(_, label)| label).collect();
    for (part, rows) in parts.iter().filter(|(part, _)| *part != Part::Train) {
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
            let path = places.test.filter(|_| part == Part::Test).unwrap_or(places.all).to_owned();
            return Err(DataError::Labels { reason, path });
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
