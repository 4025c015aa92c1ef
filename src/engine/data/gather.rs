//! The rows of files, by part: which file belongs to which part, and each of them read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::columns::{self, FirstRow, Places};
use super::data_error::DataError;
use super::data_file::{DataFile, Listing};
use super::decode::file_title;
use super::example::Layout;
use super::goal::Goal;
use super::label_rows::shortened;
use super::parts::{Part, Parts, Place, labelled};
use super::roles::Plan;
use super::table::{DelimitedTable, Table};
use super::table_files::{part_of, shares, tables};
use super::{documents, file_listing, parts};
use crate::session::{FilePart, Files, Format, Roles, say};

/// Reads the files of a source for what is to be learned of them; `named` are the columns that templates name.
///
/// # Errors
/// [`DataError`] naming the file, and the line where one row is to blame.
pub fn read(files: &Files, named: &[String], goal: Goal) -> Result<(Parts, Arc<Layout>), DataError> {
    let mut gather = Gather { files, named, goal, parts: Parts::default(), layout: None, train: None };
    for (part, of) in [(Part::Train, &files.train), (Part::Validation, &files.validation), (Part::Test, &files.test)] {
        if of.is_empty() {
            continue;
        }
        gather.part(part, of)?;
    }
    let Gather { mut parts, layout, .. } = gather;
    let missed: Vec<(Part, parts::Missed)> =
        parts.iter().map(|(part, rows)| (part, rows.without_text.clone())).collect();
    for (part, missed) in missed.into_iter().filter(|(_, missed)| missed.rows > 0) {
        let (count, part) = (missed.rows, part.adjective());
        parts.notes.push(say!("{count} {part} texts were empty and are left out", count, part = part.clone()));
        parts.leave_out(say!("{part} rows without text", part), &missed);
    }
    Ok((parts, layout.unwrap_or_default()))
}

struct Gather<'a> {
    files: &'a Files,
    named: &'a [String],
    goal: Goal,
    parts: Parts,
    /// What fields are called: as the first file does.
    layout: Option<Arc<Layout>>,
    /// The first row of the first table of training rows, which the others are compared with.
    train: Option<(FirstRow, PathBuf)>,
}

impl Gather<'_> {
    /// Whether files of the training part may hold other parts: where nobody says which files those are.
    fn spreads(&self, part: Part) -> bool {
        part == Part::Train && self.files.validation.is_empty() && self.files.test.is_empty()
    }

    fn part(&mut self, part: Part, of: &FilePart) -> Result<(), DataError> {
        let before = self.parts.part_mut(part).rows.len();
        let format = of.format.as_ref().unwrap_or(&self.files.format);
        for path in &of.files {
            let listing = file_listing::list(path)?;
            match listing.alone {
                true => self.file(part, of, format, &listing.files[0], self.spreads(part))?,
                false => self.folder(part, of, format, listing, path)?,
            }
        }
        let rows = self.parts.part_mut(part);
        match rows.rows.len() == before && !of.files.is_empty() {
            true => {
                let reason = say!("the file has no row with text");
                let path = of.files.first().cloned().unwrap_or_default();
                Err(DataError::NoExamples { what: part.adjective(), reason, path })
            }
            false => Ok(()),
        }
    }

    /// The files of a folder or an archive: tables, or texts by class.
    fn folder(
        &mut self,
        part: Part,
        of: &FilePart,
        format: &Format,
        listing: Listing,
        path: &Path,
    ) -> Result<(), DataError> {
        if listing.skipped > 0 {
            let skipped = listing.skipped;
            self.parts.notes.push(say!("{skipped} links and hidden files are not read", skipped));
        }
        let tables = tables(&listing, format);
        if tables.is_empty() {
            let spreads = self.spreads(part);
            return documents::read(listing, path, (part, spreads), self.goal, &mut self.parts);
        }
        let of_files: Vec<Option<Part>> = tables.iter().map(|place| part_of(place)).collect();
        let shares = shares(part, self.spreads(part), &of_files).ok_or_else(|| no_such_part(part, path))?;
        let share = |file: &DataFile| tables.iter().position(|place| *place == file.place).and_then(|at| shares[at]);
        let aside = listing.files.iter().filter(|file| share(file).is_none()).map(|file| file.place.join("/"));
        let aside: Vec<String> = aside.collect();
        if !aside.is_empty() {
            let (name, aside) = (file_title(path), shortened(&aside));
            self.parts.notes.push(say!("{name}: {aside} are not read", name, aside));
        }
        for (file, part) in listing.files.iter().filter_map(|file| Some((file, share(file)?))) {
            let (name, adjective) = (file.place.join("/"), part.adjective());
            self.parts.notes.push(say!("{name} holds {part} rows", name, part = adjective));
            let spreads = self.spreads(part) && part_of(&file.place).is_none();
            self.file(part, of, format, file, spreads)?;
        }
        Ok(())
    }

    /// The rows of one file; with `spreads` each of its tables goes to the part it names.
    fn file(
        &mut self,
        part: Part,
        of: &FilePart,
        format: &Format,
        file: &DataFile,
        spreads: bool,
    ) -> Result<(), DataError> {
        let roles = of.roles.as_ref().unwrap_or(&self.files.roles);
        let tables = Table::open(file, format, self.goal.has_names(roles), &mut self.parts.notes)?;
        let of_tables: Vec<Option<Part>> = tables.iter().map(|(own, _)| *own).collect();
        let shares = shares(part, spreads, &of_tables).ok_or_else(|| no_such_part(part, &file.path))?;
        for ((_, table), share) in tables.into_iter().zip(shares) {
            if let Some(part) = share {
                self.table(part, roles, file, table)?;
            }
        }
        Ok(())
    }

    fn table(&mut self, part: Part, roles: &Roles, file: &DataFile, table: Table) -> Result<(), DataError> {
        if roles.texts().chain(&roles.prompt).next().is_none() && !self.goal.has_stand_in(roles) {
            let reason = say!("no column is named as text");
            return Err(DataError::Roles { reason, path: file.path.clone() });
        }
        let plan = Plan::new(roles, self.named, self.goal).without_lacking(&table, roles, self.named);
        let plan = match &self.layout {
            Some(layout) => plan.called_as(layout),
            None => plan,
        };
        self.layout.get_or_insert_with(|| plan.layout());
        let number = self.number(file);
        let rows = self.parts.part_mut(part);
        let before = rows.rows.len();
        table.rows(&plan.wanted, file, &mut |line, cells| plan.take(cells, Place { file: number, line }, rows))?;
        if let Table::Delimited(table) = table {
            self.check(part, before, &plan, roles, file, table)?;
        }
        Ok(())
    }

    /// Of a delimited file: that its first row is what it is said to be, that no quotation mark swallows rows, and
    /// that its columns are those of the training file.
    fn check(
        &mut self,
        part: Part,
        before: usize,
        plan: &Plan,
        roles: &Roles,
        file: &DataFile,
        table: DelimitedTable,
    ) -> Result<(), DataError> {
        let rows = self.parts.part_mut(part);
        let labels: Vec<&str> = labelled(rows.rows.get(before..).unwrap_or_default()).map(|(_, label)| label).collect();
        let place = |at: usize| plan.wanted.get(at).and_then(|wanted| table.place(wanted, file).ok().flatten());
        let places = Places { text: plan.texts().filter_map(place).collect(), label: plan.label().and_then(place) };
        let by_place = roles.label.as_ref().is_some_and(DelimitedTable::is_by_place);
        columns::check_first_row(&table.first, &places, &labels, by_place, &file.path)?;
        if let Some(label) = places.label {
            let classes: std::collections::BTreeSet<&str> = labels.into_iter().collect();
            table.swallowed_rows(label, |cell| classes.contains(cell), file)?;
        }
        let any_by_place = roles.texts().chain(self.goal.label(roles)).any(DelimitedTable::is_by_place);
        match &self.train {
            Some((train, path)) if any_by_place && *roles == self.files.roles => {
                columns::compare((train, path), (&table.first, &file.path), &places, &mut self.parts.notes)
            }
            _ if part == Part::Train && *roles == self.files.roles => {
                self.train.get_or_insert_with(|| (table.first, file.path.clone()));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn number(&mut self, file: &DataFile) -> usize {
        let files = &mut self.parts.files;
        let known = files.iter().position(|known| *known == file.path);
        known.unwrap_or_else(|| {
            files.push(file.path.clone());
            files.len() - 1
        })
    }
}

fn no_such_part(part: Part, path: &Path) -> DataError {
    let reason = say!("it holds rows of other parts, and none that it calls {part}", part = part.adjective());
    DataError::NoExamples { what: part.adjective(), reason, path: path.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::session::Column;

    fn read_as(name: &str, content: &[u8], header: bool, text: &[Column], label: Column) -> Result<Parts, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let roles = Roles::new(text.iter().cloned(), Some(label));
        read(&Files { format: Format::delimited(header), roles, ..Files::of(path) }, &[], Goal::Classes)
            .map(|(parts, _)| parts)
    }

    fn named(name: &str, content: &str) -> Result<Parts, DataError> {
        read_as(name, content.as_bytes(), true, &[Column::Name("text".into())], Column::Name("label".into()))
    }

    fn pairs(parts: &Parts) -> Vec<(&str, &str)> {
        parts.train.rows.iter().map(|row| (row.fields.whole(), row.label.as_deref().unwrap_or_default())).collect()
    }

    fn message(result: Result<Parts, DataError>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn quoted_cells_hold_separators_line_breaks_and_marks() {
        let parts = named("a.csv", "label,text\nx,\"one, \"\"two\"\"\nthree\"\n y ,four\n").unwrap();
        assert_eq!(pairs(&parts), [("one, \"two\"\nthree", "x"), ("four", "y")]);
    }

    #[test]
    fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
        let parts = named("a.csv", "\u{feff}text,label\r\none,x\r\n\"two\r\nlines\",y\r\n").unwrap();
        assert_eq!(pairs(&parts), [("one", "x"), ("two\nlines", "y")]);
    }

    #[test]
    fn the_separator_is_found_by_ending_and_first_line() {
        for (name, content) in [
            ("a.csv", "text,label\na;b,x\n"),
            ("a.csv", "text;label\na;x\n"),
            ("a.tsv", "text\tlabel\na, b\tx\n"),
            ("a.txt", "text\tlabel\na, b\tx\n"),
            ("data", "text|label\na|x\n"),
        ] {
            assert_eq!(named(name, content).unwrap().train.rows[0].label.as_deref(), Some("x"), "{content:?}");
        }
    }

    #[test]
    fn several_text_columns_are_joined_by_a_line_break() {
        let text = [Column::Index(2), Column::Index(0)];
        let parts = read_as("a.csv", b"body,x,title\n", false, &text, Column::Index(1)).unwrap();
        assert_eq!(pairs(&parts), [("title\nbody", "x")]);
    }

    #[test]
    fn a_ragged_row_is_refused_by_file_and_line() {
        let error = message(named("ragged.csv", "text,label\n\"a\nb\",x\nc,y,z\n"));
        assert!(error.contains("line 4") && error.contains("3 cells") && error.ends_with("ragged.csv"), "{error}");
    }

    #[test]
    fn a_missing_column_lists_those_that_exist() {
        let error = message(named("a.csv", "sentence,label\na,x\n"));
        assert!(error.contains("`text`") && error.contains("`sentence`, `label` where a comma"), "{error}");
        let error = message(read_as("a.csv", b"a,x\n", false, &[Column::Index(7)], Column::Index(1)));
        assert!(error.contains("number 7") && error.contains("0 to 1"), "{error}");
    }

    #[test]
    fn roles_that_cannot_be_met_are_refused() {
        let by_name = read_as("a.csv", b"a,x\n", false, &[Column::Name("text".into())], Column::Index(1));
        assert!(message(by_name).contains("not to name columns"));
        assert!(message(read_as("a.csv", b"a,x\n", false, &[], Column::Index(1))).contains("no column"));
        assert!(message(named("a.csv", "text,label,text\na,x,b\n")).contains("2 times"));
    }

    #[test]
    fn an_empty_label_is_none_and_an_empty_text_is_counted() {
        let parts = named("a.csv", "text,label\na,x\nb,  \nc,NaN\n").unwrap();
        assert_eq!(pairs(&parts), [("a", "x"), ("b", ""), ("c", "")]);
        assert_eq!(parts.train.missing["NaN"], 1);
        let parts = named("a.csv", "text,label\na,x\n  ,y\n").unwrap();
        assert_eq!((parts.train.rows.len(), parts.train.without_text.rows), (1, 1));
    }

    #[test]
    fn a_file_without_rows_is_refused() {
        assert!(message(named("a.csv", "text,label\n")).contains("no training examples"));
        assert!(message(named("a.csv", "")).contains("no training examples"));
    }

    #[test]
    fn broken_quotes_are_an_error_in_csv_and_plain_text_in_tsv() {
        assert!(message(named("a.csv", "text,label\n\"a\" b,x\n")).contains("line 2"));
        let parts = named("a.tsv", "text\tlabel\n\"a\" b\tx\n\"c\ty\n").unwrap();
        assert_eq!(pairs(&parts), [("\"a\" b", "x"), ("\"c", "y")]);
        assert!(parts.notes[0].contains("without quoting") && parts.notes[0].contains("line 2"));
    }

    #[test]
    fn rows_of_empty_cells_are_empty_lines_wherever_they_stand_and_however_wide() {
        for blank in [";", ";;;;", " ; ", "\"\";\"\"", "\t;"] {
            let content = format!("{blank}\ntext;label\n{blank}\na;x\n{blank}\n{blank}\nb;y\n{blank}\n");
            let parts = named("a.csv", &content).unwrap();
            assert_eq!(pairs(&parts), [("a", "x"), ("b", "y")], "{blank:?}");
            assert_eq!(parts.train.without_text.rows, 0);
        }
    }

    #[test]
    fn marks_that_would_swallow_whole_rows_are_text_in_tsv_and_an_error_elsewhere() {
        for (first, last) in [(0, 3), (2, 5), (1, 19), (4, 5)] {
            let row = |i: usize, mark: char| match i {
                _ if i == first => format!("\"text {i}{mark}x"),
                _ if i == last => format!("text {i}{mark}y\""),
                _ => format!("text {i}{mark}{}", ["x", "y"][i % 2]),
            };
            let file = |mark| format!("text{mark}label\n") + &(0..20).map(|i| row(i, mark) + "\n").collect::<String>();
            let parts = named("a.tsv", &file('\t')).unwrap();
            assert_eq!(parts.train.rows.len(), 20, "{first} to {last}");
            assert!(parts.notes[0].contains("without quoting") && parts.notes[0].contains("whole rows"));
            if last - first > 2 {
                let file = file(',');
                let error = message(named("a.csv", &file));
                assert!(error.contains(&format!("line {} ", first + 2)), "{error}");
            }
        }
        let quoted = "text\tlabel\n\"one\ntwo\"\tx\n\"a\tb\tc\nd\"\ty\n";
        assert_eq!(pairs(&named("a.tsv", quoted).unwrap()), [("one\ntwo", "x"), ("a\tb\tc\nd", "y")]);
    }

    #[test]
    fn an_old_encoding_is_read_and_noted_and_binary_is_refused() {
        let columns = [Column::Index(0)];
        let parts = read_as("a.csv", b"caf\xE9,x\n", false, &columns, Column::Index(1)).unwrap();
        assert_eq!((pairs(&parts)[0].0, parts.notes.len()), ("café", 1));
        assert!(message(read_as("a.csv", b"a\0b,x\n", false, &columns, Column::Index(1))).contains("NUL"));
    }

    #[test]
    fn an_empty_folder_or_a_missing_file_is_refused_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let of = |path: PathBuf| {
            let files = Files { format: Format::delimited(true), ..Files::of(path) };
            message(read(&files, &[], Goal::Classes).map(|(parts, _)| parts))
        };
        assert!(of(folder.path().to_owned()).contains("no training examples"));
        assert!(of(folder.path().join("gone.csv")).ends_with("gone.csv"));
    }

    proptest! {
        #[test]
        fn what_was_written_by_the_rules_is_read_back(
            cells in prop::collection::vec(("[a-c \",;\t\n]{0,8}z", "[xy\"]{1,3}"), 1..20),
        ) {
            for (name, delimiter) in [("a.csv", b','), ("a.tsv", b'\t')] {
                // Lines with all separators of a row may be rows of their own, whatever marks stand around
                // them: such a file is refused, and is not what this is about.
                let splits = |text: &String| delimiter == b'\t' || text.contains('\n');
                let plain = |text: &String| {
                    if splits(text) { text.replace(char::from(delimiter), " ") } else { text.clone() }
                };
                let cells: Vec<_> = cells.iter().map(|(text, label)| (plain(text), label.clone())).collect();
                let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
                writer.write_record(["text", "label"]).unwrap();
                cells.iter().for_each(|(text, label)| writer.write_record([text, label]).unwrap());
                let content = String::from_utf8(writer.into_inner().unwrap()).unwrap();
                let parts = named(name, &content).unwrap();
                let expected: Vec<_> = cells.iter().map(|(text, label)| (text.trim(), label.trim())).collect();
                prop_assert_eq!(pairs(&parts), expected);
            }
        }

        #[test]
        fn no_soup_of_bytes_panics(content in prop::collection::vec(prop::sample::select(&b"\",\t\n\r;a\xE9\xFF\xFE\0{}"[..]), 0..60)) {
            for name in ["a.csv", "a.tsv", "a"] {
                let _ = read_as(name, &content, true, &[Column::Index(0)], Column::Index(1));
                let _ = read_as(name, &content, false, &[Column::Index(1)], Column::Index(0));
            }
        }
    }
}
