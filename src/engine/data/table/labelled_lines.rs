//! A text a line: with its label in front, as `NUM:dist How far is it` of TREC and `__label__sport A goal` of
//! fastText, or without one. And what a file without a telling name is, by its first lines.

use std::borrow::Cow;

use super::marked_documents::is_running;
use super::{Cell, Need, Take, Wanted};
use crate::engine::data::data_error::DataError;
use crate::engine::data::data_file::DataFile;
use crate::engine::data::example::TEXT;
use crate::engine::data::label_rows::shortened;
use crate::session::{Column, Format, Sentence};

/// The mark before a label of fastText.
const MARK: &str = "__label__";
/// The column of the label.
const LABEL: &str = "label";
/// The column of what stands before the colon of a label like `NUM:dist`.
const COARSE: &str = "coarse_label";

/// Lines, open.
pub struct LinesTable {
    text: String,
    labelled: bool,
    coarse: bool,
}

impl LinesTable {
    /// Lines that are texts.
    pub fn plain(text: String) -> Self {
        Self { text, labelled: false, coarse: false }
    }

    /// Lines with their label in front.
    pub fn labelled(text: String) -> Self {
        let labels = text.lines().filter(|line| !line.trim().is_empty()).map(|line| line.split_whitespace().next());
        let coarse = labels.into_iter().all(|label| label.is_some_and(|label| label.contains(':')));
        Self { text, labelled: true, coarse }
    }

    /// Text, and label where lines have one; `coarse_label` where every label holds a colon.
    pub fn columns(&self) -> Vec<String> {
        let all = [(LABEL, self.labelled), (COARSE, self.labelled && self.coarse), (TEXT, true)];
        all.into_iter().filter(|(_, there)| *there).map(|(name, _)| name.to_owned()).collect()
    }

    /// As [`super::Table::written`].
    pub fn written(&self) -> String {
        if self.labelled { "LABEL text".to_owned() } else { "a text a line".to_owned() }
    }

    /// As [`super::Table::rows`].
    ///
    /// # Errors
    /// [`DataError`].
    pub fn rows(&self, wanted: &[Wanted], file: &DataFile, take: &mut Take) -> Result<(), DataError> {
        let columns = self.columns();
        let names: Vec<Option<&str>> =
            wanted.iter().map(|wanted| column(wanted, &columns, file)).collect::<Result<_, _>>()?;
        for (line, text) in (1..).zip(self.text.split('\n')).filter(|(_, text)| !text.trim().is_empty()) {
            let (labels, text) = if self.labelled { parted(text) } else { (Vec::new(), text.trim()) };
            let cells: Vec<Cell> = names.iter().map(|name| cell(*name, &labels, text)).collect();
            take(line, &cells).map_err(|reason| DataError::line(line, reason, &file.path))?;
        }
        Ok(())
    }
}

fn column<'a>(wanted: &Wanted, columns: &'a [String], file: &DataFile) -> Result<Option<&'a str>, DataError> {
    let found = match &wanted.column {
        Column::Name(name) => columns.iter().find(|column| *column == name.trim()),
        Column::Index(place) => columns.get(*place),
    };
    match found {
        None if wanted.need != Need::Maybe => Err(DataError::Column {
            wanted: Sentence::verbatim(format!("`{}`", wanted.column.title())),
            columns: shortened(columns),
            path: file.path.clone(),
        }),
        found => Ok(found.map(String::as_str)),
    }
}

fn cell<'a>(name: Option<&str>, labels: &[&'a str], text: &'a str) -> Cell<'a> {
    let coarse = |label: &&'a str| label.split(':').next().unwrap_or_default();
    let all = |labels: Vec<&'a str>| match labels.as_slice() {
        [one] => Cell::Text(Cow::Borrowed(one)),
        labels => Cell::Items(labels.iter().map(|label| (*label).to_owned()).collect()),
    };
    match name {
        None => Cell::Absent,
        Some(LABEL) => all(labels.to_vec()),
        Some(COARSE) => all(labels.iter().map(coarse).collect()),
        Some(_) => Cell::Text(Cow::Borrowed(text)),
    }
}

/// Labels and text of a line: one word, or all words that bear the mark.
fn parted(line: &str) -> (Vec<&str>, &str) {
    let (mut rest, mut labels) = (line.trim(), Vec::new());
    while let Some(behind) = rest.strip_prefix(MARK) {
        let (label, text) = behind.split_once(char::is_whitespace).unwrap_or((behind, ""));
        labels.push(label);
        rest = text.trim_start();
    }
    if labels.is_empty() {
        let (label, text) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        return (vec![label], text.trim_start());
    }
    (labels, rest)
}

/// Lines that are looked at.
const LOOKED: usize = 50;

/// What a file is whose name does not say so: running text with marks, JSON, lines with a label, cells with the same
/// separator in every line, else a text a line.
pub fn by_beginning(text: &str) -> Format {
    if is_running(text) {
        return Format::documents();
    }
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(LOOKED).collect();
    let first = lines.first().map(|line| line.trim_start()).unwrap_or_default();
    if first.starts_with('{') || first.starts_with('[') && serde_json::from_str::<serde_json::Value>(text).is_ok() {
        return Format::Json;
    }
    let is_marked = |line: &&str| line.trim_start().starts_with(MARK);
    let is_fine = |line: &&str| {
        let (label, behind) = line.trim().split_once(' ').unwrap_or_default();
        let is_name = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_');
        label.split_once(':').is_some_and(|(coarse, fine)| is_name(coarse) && is_name(fine)) && !behind.is_empty()
    };
    if !lines.is_empty() && (lines.iter().all(is_marked) || lines.iter().all(is_fine)) {
        return Format::LabelledLines;
    }
    let same = |separator: char| {
        let count = |line: &&str| line.matches(separator).count();
        let of_first = lines.first().map_or(0, count);
        of_first > 0 && lines.iter().all(|line| count(line) == of_first)
    };
    // A tab or a bar hardly stands in a sentence; commas and semicolons do.
    let has_tabs = lines.iter().all(|line| line.contains('\t')) && !lines.is_empty();
    if has_tabs || same('|') || lines.len() > 1 && (same(';') || same(',')) {
        return Format::delimited(true);
    }
    Format::Lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stand_in_front_of_lines() {
        for (line, labels, text) in [
            ("NUM:dist How far is it ?", vec!["NUM:dist"], "How far is it ?"),
            ("__label__sport A goal", vec!["sport"], "A goal"),
            ("__label__a __label__b\tboth of them ", vec!["a", "b"], "both of them"),
            ("alone", vec!["alone"], ""),
        ] {
            assert_eq!(parted(line), (labels, text), "{line}");
        }
    }

    #[test]
    fn a_file_without_a_telling_name_is_told_by_its_first_lines() {
        let delimited = Format::delimited(true);
        for (text, format) in [
            ("{\"a\": 1}\n", Format::Json),
            ("[{\"a\": 1}]", Format::Json),
            ("[Chorus] La la\nand on\n", Format::Lines),
            ("NUM:dist How far\nLOC:city Where, oh where\n", Format::LabelledLines),
            ("__label__a text\n__label__b more\n", Format::LabelledLines),
            ("ham\tGo, go\nspam\tWin\n", delimited.clone()),
            ("text;label\nA, b;x\n", delimited.clone()),
            ("text,label\nhere,x\n", delimited.clone()),
            ("Hello, world\nNo comma here\n", Format::Lines),
            ("Hello, world", Format::Lines),
            ("a|b\nc|d\n", delimited),
            ("One, two.\n<|endoftext|>\nThree, four.\n", Format::documents()),
            ("", Format::Lines),
        ] {
            assert_eq!(by_beginning(text), format, "{text:?}");
        }
    }
}
