//! Rows by their label: how many each has, which is the first, and what a sentence calls them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::data_error::DataError;
use super::parts::{Parts, Row};
use crate::session::{Sentence, say};

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

/// A label as the eye takes it: letters of one case, one kind of blank, no invisible characters.
pub fn seen(label: &str) -> String {
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

/// Rows of each class over all parts.
pub fn counts(parts: &Parts) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for (_, label) in parts.iter().flat_map(|(_, rows)| rows.labelled()) {
        *counts.entry(label).or_default() += 1;
    }
    counts
}

/// The first row with this label.
pub fn first_of<'a>(parts: &'a Parts, label: &str) -> Option<&'a Row> {
    let mut all = parts.iter().flat_map(|(_, rows)| &rows.rows);
    all.find(|row| row.label.as_deref() == Some(label))
}

/// The error that blames `row`.
pub fn blame(parts: &Parts, row: &Row, reason: Sentence, path: &Path) -> DataError {
    let path = parts.files.get(row.place.file).map_or(path, PathBuf::as_path);
    match row.place.line {
        0 => DataError::text(reason, path),
        line => DataError::line(line, reason, path),
    }
}
