//! Running text: documents of any length in one file with a mark between them, `<|endoftext|>` or another, or blank
//! lines. A mark parts wherever it stands; one that shall part only on a line of its own is written with its line
//! breaks.

use super::{Cell, Need, Take, Wanted};
use crate::engine::data::data_error::DataError;
use crate::engine::data::data_file::DataFile;
use crate::engine::data::decode::file_title;
use crate::engine::data::example::TEXT;
use crate::session::{Column, Format, Sentence, say};

/// Bytes of a file in which its mark is looked for, where nobody says that it has one.
const LOOKED: usize = 1 << 20;

/// Whether a line in the first part of a text is nothing but the usual mark.
pub fn is_running(text: &str) -> bool {
    let first = text.get(..text.floor_char_boundary(LOOKED)).unwrap_or(text);
    first.contains(Format::END_OF_TEXT) && first.lines().any(|line| line.trim() == Format::END_OF_TEXT)
}

/// Running text, open.
pub struct RunningText {
    text: String,
    /// What stands between documents; blank lines where it is empty.
    between: String,
}

impl RunningText {
    /// Opens a file whose text this is. Says how many documents it has where that was `found`, and where all
    /// of it is one.
    pub fn open(text: String, between: String, found: bool, file: &DataFile, notes: &mut Vec<Sentence>) -> Self {
        let table = Self { text, between };
        let name = file_title(&file.path);
        let mark = || match table.between.is_empty() {
            true => say!("blank lines"),
            false => Sentence::verbatim(format!("`{}`", table.between.escape_debug())),
        };
        let documents = table.documents().filter(|(_, text)| !text.is_empty()).count();
        if found {
            notes.push(say!(
                "{name} is running text: {documents} documents with {mark} between them",
                name,
                documents,
                mark = mark()
            ));
        } else if documents == 1 {
            notes.push(say!("{name} is read as one document: nothing in it is parted by {mark}", name, mark = mark()));
        }
        table
    }

    /// The documents, trimmed, each with the line at which it begins. What is empty before the first mark and behind
    /// the last is none.
    fn documents(&self) -> impl Iterator<Item = (u64, &str)> {
        let by_mark = (!self.between.is_empty()).then(|| self.text.split(self.between.as_str()));
        let by_lines = self.between.is_empty().then(|| Paragraphs { rest: &self.text });
        let text = self.text.as_str();
        let (mut line, mut counted) = (1, 0);
        let pieces = by_mark.into_iter().flatten().chain(by_lines.into_iter().flatten());
        pieces.filter_map(move |piece| {
            let start = offset(text, piece);
            let trimmed = piece.trim();
            let begin = if trimmed.is_empty() { start } else { offset(text, trimmed) };
            line += text.get(counted..begin).unwrap_or_default().matches('\n').count() as u64;
            counted = begin;
            let is_edge = start == 0 || start + piece.len() == text.len();
            (!trimmed.is_empty() || !is_edge).then_some((line, trimmed))
        })
    }

    /// As [`super::Table::rows`].
    ///
    /// # Errors
    /// [`DataError`].
    pub fn rows(&self, wanted: &[Wanted], file: &DataFile, take: &mut Take) -> Result<(), DataError> {
        let is_text = wanted.iter().map(|wanted| is_text(wanted, file)).collect::<Result<Vec<bool>, _>>()?;
        for (line, text) in self.documents() {
            let cell = |is_text: &bool| if *is_text { Cell::Text(text.into()) } else { Cell::Absent };
            let cells: Vec<Cell> = is_text.iter().map(cell).collect();
            take(line, &cells).map_err(|reason| DataError::line(line, reason, &file.path))?;
        }
        Ok(())
    }
}

/// Whether a column is that of the text, the only one there is.
fn is_text(wanted: &Wanted, file: &DataFile) -> Result<bool, DataError> {
    let is_text = match &wanted.column {
        Column::Name(name) => name.trim() == TEXT,
        Column::Index(place) => *place == 0,
    };
    match is_text || wanted.need == Need::Maybe {
        true => Ok(is_text),
        false => Err(DataError::Column {
            wanted: Sentence::verbatim(format!("`{}`", wanted.column.title())),
            columns: Sentence::verbatim(format!("`{TEXT}`")),
            path: file.path.clone(),
        }),
    }
}

/// Where a piece of `text` begins in it.
fn offset(text: &str, piece: &str) -> usize {
    piece.as_ptr() as usize - text.as_ptr() as usize
}

/// Pieces of a text with lines between them on which nothing stands.
struct Paragraphs<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Paragraphs<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let (mut start, mut at) = (None, 0);
        for line in self.rest.split_inclusive('\n') {
            match (line.trim().is_empty(), start) {
                (false, None) => start = Some(at),
                (true, Some(_)) => break,
                _ => {}
            }
            at += line.len();
        }
        let (piece, rest) = self.rest.split_at_checked(at)?;
        self.rest = rest;
        piece.get(start?..)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn open(text: &str, between: &str, found: bool) -> (Vec<(u64, String)>, Vec<Sentence>) {
        let mut notes = Vec::new();
        let file = DataFile::alone(Path::new("stories.txt"));
        let table = RunningText::open(text.to_owned(), between.to_owned(), found, &file, &mut notes);
        let mut rows = Vec::new();
        let column = Wanted { column: Column::named("text"), need: Need::Always };
        let taken = table.rows(&[column], &file, &mut |line, cells| {
            let Cell::Text(text) = &cells[0] else { panic!("{cells:?}") };
            rows.push((line, text.to_string()));
            Ok(())
        });
        taken.unwrap();
        (rows, notes)
    }

    fn rows(text: &str, between: &str) -> Vec<(u64, String)> {
        open(text, between, false).0
    }

    fn row(line: u64, text: &str) -> (u64, String) {
        (line, text.to_owned())
    }

    #[test]
    fn a_mark_parts_documents_wherever_it_stands() {
        let mark = "<|endoftext|>";
        let stories = [row(1, "One.\n\nStill one."), row(5, "Two.")];
        for text in
            ["One.\n\nStill one.\n<|endoftext|>\nTwo.\n", "One.\n\nStill one.\n<|endoftext|>\nTwo.<|endoftext|>\n\n"]
        {
            assert_eq!(rows(text, mark), stories, "{text:?}");
        }
        assert_eq!(rows("a<|endoftext|>b", mark), [row(1, "a"), row(1, "b")]);
        assert_eq!(rows("<|endoftext|>\na", mark), [row(2, "a")]);
        assert_eq!(rows("a\n---\nb -- c\n---\n\nd", "\n---\n"), [row(1, "a"), row(3, "b -- c"), row(6, "d")]);
        assert_eq!(rows("", mark), []);
    }

    #[test]
    fn an_empty_document_between_two_marks_is_handed_over_to_be_counted() {
        let text = "a\n<|endoftext|>\n\n<|endoftext|>\nb";
        assert_eq!(rows(text, "<|endoftext|>"), [row(1, "a"), row(2, ""), row(5, "b")]);
    }

    #[test]
    fn blank_lines_part_documents_however_many_they_are() {
        let text = "\n \nFirst:\nspeak.\n\n\t\n\nAll:\nSpeak.\n\n";
        assert_eq!(rows(text, ""), [row(3, "First:\nspeak."), row(8, "All:\nSpeak.")]);
        assert_eq!(rows("one\ntwo", ""), [row(1, "one\ntwo")]);
        assert_eq!(rows("\n\n", ""), []);
    }

    #[test]
    fn it_is_told_how_many_documents_were_found_and_that_a_mark_is_missing() {
        let (_, notes) = open("a\n<|endoftext|>\n\n<|endoftext|>\nb", "<|endoftext|>", true);
        assert_eq!(notes, ["stories.txt is running text: 2 documents with `<|endoftext|>` between them"]);
        let (_, notes) = open("a\nb", "\n\t", false);
        assert_eq!(notes, ["stories.txt is read as one document: nothing in it is parted by `\\n\\t`"]);
        assert_eq!(open("a\n\nb", "", false).1, Vec::<Sentence>::new());
    }

    #[test]
    fn running_text_is_known_by_a_mark_on_a_line_of_its_own() {
        assert!(is_running("One.\n<|endoftext|>\nTwo."));
        assert!(is_running(&format!("{}\n <|endoftext|> \n", "é".repeat(LOOKED / 4))));
        for text in ["", "the mark <|endoftext|> in a line", &format!("{}\n<|endoftext|>\n", "é".repeat(LOOKED))] {
            assert!(!is_running(text));
        }
    }

    #[test]
    fn another_column_than_the_text_is_refused() {
        let file = DataFile::alone(Path::new("stories.txt"));
        let table = RunningText { text: "a".to_owned(), between: String::new() };
        let wanted = |name: &str, need| Wanted { column: Column::named(name), need };
        let error = table.rows(&[wanted("label", Need::Somewhere)], &file, &mut |_, _| Ok(())).unwrap_err();
        assert!(error.to_string().contains("no column `label`; the columns are `text`"), "{error}");
        let mut absent = Vec::new();
        let maybe = table.rows(&[wanted("label", Need::Maybe)], &file, &mut |_, cells| {
            absent.push(*cells == [Cell::Absent]);
            Ok(())
        });
        assert_eq!((maybe.is_ok(), absent), (true, vec![true]));
    }
}
