//! JSON as a table: objects or lists, one a line, one behind the other, in one array; or one object that holds an
//! array of them for each part, or a list of values for each column. A key `a.b` is looked up as it stands, then as
//! `b` inside the object `a`; `a.0` is the first of the list `a`. Strings, numbers and truth values are taken as text; `null` is an empty text.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{Cell, Need, Take, Wanted};
use crate::engine::data::conversation;
use crate::engine::data::data_error::DataError;
use crate::engine::data::data_file::DataFile;
use crate::engine::data::decode::file_title;
use crate::engine::data::json_values::{each, kind};
use crate::engine::data::label_rows::shortened;
use crate::engine::data::layout::part_in;
use crate::engine::data::parts::Part;
use crate::session::{Column, Sentence, say};

/// Rows of JSON, open.
pub struct JsonTable {
    rows: Rows,
    columns: Vec<String>,
}

enum Rows {
    /// Still written, to be read one by one.
    Text(String),
    /// Held by one object, with the key they stand under.
    Held(String, Vec<Value>),
}

/// Rows whose keys are looked at.
const LOOKED: usize = 100;

/// Opens a file; one object that holds the rows of several parts gives a table for each.
///
/// # Errors
/// [`DataError`] where the rows are held in a way that is not known, or the first cannot be read.
pub fn open(
    text: String,
    file: &DataFile,
    notes: &mut Vec<Sentence>,
) -> Result<Vec<(Option<Part>, JsonTable)>, DataError> {
    let whole = text.trim_start().starts_with('{').then(|| serde_json::from_str::<Value>(&text).ok()).flatten();
    if let Some(Value::Object(object)) = whole
        && object.values().any(holds_rows)
        && !is_row(&object, &text, file)
    {
        return held(object, file, notes);
    }
    let mut columns = Columns::default();
    let looked = each(&text, &file.path, |_, row| {
        columns.take(&row);
        if columns.rows < LOOKED { Ok(()) } else { Err(Sentence::default()) }
    });
    if columns.rows < LOOKED {
        looked?;
    }
    Ok(vec![(None, JsonTable { rows: Rows::Text(text), columns: columns.names })])
}

/// Whether a value of a file's only object is rows or a column of rows.
fn holds_rows(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(items) => !items.is_empty() && items.keys().all(|key| key.parse::<u64>().is_ok()),
        _ => false,
    }
}

fn are_rows(value: &Value) -> bool {
    matches!(value, Value::Array(items) if items.iter().all(|item| item.is_object() || item.is_array()))
}

/// Names under which an object holds rows; a part's name is another.
const HOLDERS: [&str; 9] =
    ["data", "rows", "examples", "records", "items", "instances", "samples", "entries", "results"];

/// Whether a file's only object is a row that holds a list of objects, and not what holds the rows: a conversation,
/// or the only line of a file that is called one of lines. One that says where its rows are is none.
fn is_row(object: &Map<String, Value>, text: &str, file: &DataFile) -> bool {
    let lists = || object.iter().filter(|(_, value)| are_objects(value));
    let is_holder = |key: &str| part_in(key).is_some() || HOLDERS.contains(&key.to_lowercase().as_str());
    if object.iter().any(|(key, value)| are_rows(value) && is_holder(key)) {
        return false;
    }
    let is_of_lines = [".jsonl", ".ndjson"].iter().any(|ending| file.name().ends_with(ending));
    let is_one_line = || text.trim().lines().count() == 1;
    lists().any(|(_, value)| conversation::are_messages(value))
        || lists().next().is_some() && is_of_lines && is_one_line()
}

fn are_objects(value: &Value) -> bool {
    matches!(value, Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_object))
}

fn held(
    object: Map<String, Value>,
    file: &DataFile,
    notes: &mut Vec<Sentence>,
) -> Result<Vec<(Option<Part>, JsonTable)>, DataError> {
    let keys: Vec<String> = object.keys().cloned().collect();
    let parts = keys.iter().filter(|key| are_rows(&object[*key]) && part_in(key).is_some()).count();
    let rows = keys.iter().filter(|key| are_rows(&object[*key])).count();
    if parts == 0 && rows != 1 {
        let table = by_column(object).ok_or_else(|| {
            DataError::text(
                say!("the file is one JSON object with the keys {keys}, and which of them hold its rows cannot be told; call them train, validation and test, or save one array of objects", keys = shortened(&keys)),
                &file.path,
            )
        })?;
        return Ok(vec![(None, table)]);
    }
    let (mut tables, mut aside) = (Vec::new(), Vec::new());
    for (key, value) in object {
        let part = part_in(&key).filter(|_| parts > 0);
        match value {
            Value::Array(items) if parts == 0 || part.is_some() => tables.push((part, JsonTable::held(key, items))),
            Value::Array(_) | Value::Object(_) => aside.push(key),
            _ => {}
        }
    }
    tables.sort_by_key(|(part, _)| *part);
    tell(&tables, &aside, file, notes);
    Ok(tables)
}

/// Which key is taken for which part, and which are set aside.
fn tell(tables: &[(Option<Part>, JsonTable)], aside: &[String], file: &DataFile, notes: &mut Vec<Sentence>) {
    let name = file_title(&file.path);
    for (part, table) in tables {
        let Rows::Held(key, rows) = &table.rows else { continue };
        let part = part.unwrap_or(Part::Train).adjective();
        let rows = rows.len();
        notes.push(say!("{name}: the {rows} rows under `{key}` are {part} rows", name, rows, key, part));
    }
    if !aside.is_empty() {
        let aside = shortened(aside);
        notes.push(say!("{name}: what stands under {aside} is not read", name, aside));
    }
}

/// A list of single values for each column, all of one length.
fn by_column(object: Map<String, Value>) -> Option<JsonTable> {
    let columns: Vec<(String, Vec<Value>)> = object
        .into_iter()
        .map(|(key, value)| match value {
            Value::Array(items) if items.iter().all(|item| !item.is_object()) => Some((key, items)),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let rows = columns.first()?.1.len();
    let same = columns.len() > 1 && columns.iter().all(|(_, items)| items.len() == rows);
    let row = |row: usize| Value::Object(columns.iter().map(|(key, all)| (key.clone(), all[row].clone())).collect());
    same.then(|| JsonTable::held(String::new(), (0..rows).map(row).collect()))
}

impl JsonTable {
    fn held(key: String, rows: Vec<Value>) -> Self {
        let mut columns = Columns::default();
        rows.iter().take(LOOKED).for_each(|row| columns.take(row));
        Self { columns: columns.names, rows: Rows::Held(key, rows) }
    }

    /// As [`super::Table::columns`].
    pub fn columns(&self) -> Vec<String> {
        self.columns.clone()
    }

    /// As [`super::Table::rows`].
    ///
    /// # Errors
    /// [`DataError`].
    pub fn rows(&self, wanted: &[Wanted], file: &DataFile, take: &mut Take) -> Result<(), DataError> {
        let mut met = vec![false; wanted.len()];
        let mut any = false;
        let mut give = |line: u64, row: &Value| {
            any = true;
            let cells: Vec<Cell> = wanted.iter().map(|wanted| cell(row, wanted)).collect::<Result<_, _>>()?;
            met.iter_mut().zip(&cells).for_each(|(met, cell)| *met |= *cell != Cell::Absent);
            take(line, &cells)
        };
        match &self.rows {
            Rows::Text(text) => each(text, &file.path, |line, row| give(line, &row))?,
            Rows::Held(key, rows) => {
                for (row, value) in (1..).zip(rows) {
                    let place =
                        |reason| say!("row {row} of {key}: {reason}", row, key = format_args!("{key:?}"), reason);
                    give(row, value).map_err(|reason| DataError::text(place(reason), &file.path))?;
                }
            }
        }
        let lacking = wanted.iter().zip(met).find(|(wanted, met)| wanted.need == Need::Somewhere && !met);
        match lacking.filter(|_| any) {
            None => Ok(()),
            Some((wanted, _)) => {
                let (label, keys) = (wanted.column.title(), shortened(&self.columns));
                let reason = say!("no row has the key `{label}`; those of the first are {keys}", label, keys);
                Err(DataError::Roles { reason, path: file.path.clone() })
            }
        }
    }
}

/// The keys of rows, in the order in which they are met.
#[derive(Default)]
struct Columns {
    names: Vec<String>,
    rows: usize,
}

impl Columns {
    fn take(&mut self, row: &Value) {
        self.rows += 1;
        let names: Vec<String> = match row {
            Value::Object(object) => object.iter().flat_map(|(key, value)| keys(key, value)).collect(),
            Value::Array(items) => (0..items.len()).map(|place| place.to_string()).collect(),
            _ => Vec::new(),
        };
        for name in names {
            if !self.names.contains(&name) {
                self.names.push(name);
            }
        }
    }
}

/// A key, or those within it where it holds an object: `meta.rating`.
fn keys(key: &str, value: &Value) -> Vec<String> {
    match value {
        Value::Object(inner) if !inner.is_empty() => inner.keys().map(|own| format!("{key}.{own}")).collect(),
        _ => vec![key.to_owned()],
    }
}

fn cell<'a>(row: &'a Value, wanted: &Wanted) -> Result<Cell<'a>, Sentence> {
    let found = match (row, &wanted.column) {
        (Value::Object(object), Column::Name(name)) => find(object, name),
        (Value::Array(items), column) => column.title().parse().ok().and_then(|place: usize| items.get(place)),
        _ => None,
    };
    match found {
        None if wanted.need == Need::Always => Err(lacking(row, &wanted.column)),
        None => Ok(Cell::Absent),
        Some(value) => Ok(text_of(value)),
    }
}

fn lacking(row: &Value, column: &Column) -> Sentence {
    let key = column.title();
    match (row, column) {
        (Value::Object(object), Column::Name(_)) => {
            let keys: Vec<&String> = object.keys().collect();
            say!("it has no key `{key}`; its keys are {keys}", key, keys = shortened(&keys))
        }
        (Value::Object(_), Column::Index(_)) => {
            say!("it is an object, whose values have names and not places; name the column instead of {key}", key)
        }
        (Value::Array(items), _) => {
            let places = items.len().saturating_sub(1);
            say!(
                "it is a list and has no `{key}`; its columns are numbered 0 to {places}, so choose them as in roles: (text: [0], label: 1)",
                key,
                places
            )
        }
        _ => say!("it is no JSON object"),
    }
}

fn text_of(value: &Value) -> Cell<'_> {
    let single = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    match value {
        Value::Null => Cell::Text(Cow::Borrowed("")),
        Value::String(text) => Cell::Text(Cow::Borrowed(text)),
        Value::Array(items) => match items.iter().map(single).collect() {
            Some(items) => Cell::Items(items),
            None => Cell::Nested { kind: kind(value), json: value.to_string() },
        },
        Value::Object(_) => Cell::Nested { kind: kind(value), json: value.to_string() },
        Value::Number(_) | Value::Bool(_) => Cell::Text(Cow::Owned(single(value).unwrap_or_default())),
    }
}

/// The value under a key, which may reach into objects, and into lists by places from 0: `a.b`, `a.0.b`.
pub fn find<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    object.get(key).or_else(|| {
        let (outer, inner) = key.split_once('.')?;
        within(object.get(outer)?, inner)
    })
}

fn within<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    if let Value::Object(object) = value {
        return find(object, key);
    }
    let (place, inner) = key.split_once('.').map_or((key, None), |(place, inner)| (place, Some(inner)));
    let item = value.as_array()?.get(place.parse::<usize>().ok()?)?;
    inner.map_or(Some(item), |inner| within(item, inner))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::data::gather;
    use crate::engine::data::goal::Goal;
    use crate::engine::data::parts::{Parts, Row};
    use crate::session::{Files, Format, Roles};

    fn read_as(content: &str, text: &[&str], label: &str) -> Result<Parts, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.jsonl");
        std::fs::write(&path, content).unwrap();
        let roles = Roles::new(text.iter().map(|key| Column::named(*key)), Some(Column::named(label)));
        gather::read(&Files { format: Format::Json, roles, ..Files::of(path) }, &[], Goal::Classes)
            .map(|(parts, _)| parts)
    }

    fn message(content: &str) -> String {
        read_as(content, &["text"], "label").unwrap_err().to_string()
    }

    #[test]
    fn dotted_keys_reach_into_objects_and_a_key_with_a_dot_comes_first() {
        let line = r#"{"a":{"b":{"c":"in"}},"a.d":"flat","y":{"label":3}}"#;
        let parts = read_as(line, &["a.b.c", "a.d"], "y.label").unwrap();
        assert_eq!((parts.train.rows[0].fields.whole(), parts.train.rows[0].label.as_deref()), ("in\nflat", Some("3")));
        let line = r#"{"a":[{"b":"first"},{"b":["x","last"]}],"y":["z"]}"#;
        let line = &format!("{line}\n{line}\n");
        let parts = read_as(line, &["a.0.b", "a.1.b.1"], "y.0").unwrap();
        assert_eq!(
            (parts.train.rows[0].fields.whole(), parts.train.rows[0].label.as_deref()),
            ("first\nlast", Some("z"))
        );
        assert!(read_as(line, &["a.2.b"], "y.0").unwrap_err().to_string().contains("no key `a.2.b`"));
    }

    #[test]
    fn blank_lines_windows_line_ends_and_a_missing_last_line_end_are_fine() {
        let content = "\u{feff}{\"text\":\"a\\nb\",\"label\":\"x\"}\r\n\r\n{\"text\":\"c\",\"label\":true}";
        let rows = read_as(content, &["text"], "label").unwrap().train.rows;
        assert_eq!((rows[0].fields.whole(), rows[1].label.as_deref()), ("a\nb", Some("true")));
    }

    #[test]
    fn each_bad_line_is_refused_by_its_number() {
        let good = r#"{"text":"a","label":"x"}"#;
        for (bad, reason) in [
            (r#"{"text":"a","#, "not JSON"),
            (r#"["a","x"]"#, "it is a list and has no `text`"),
            (r#"3"#, "it is a number, not a JSON object"),
            (r#"{"label":"a"}"#, "no key `text`; its keys are `label`"),
            (r#"{"text":"a","label":NaN}"#, "write null"),
            (r#"{"text":["a"],"label":"x"}"#, "`text` is a list"),
            (r#"{"text":"a","label":{"x": 1}}"#, "`label` is an object"),
            (r#"{"text":"a","label":[["x"]]}"#, "`label` is a list"),
        ] {
            let error = message(&format!("{good}\n\n{bad}\n{good}\n"));
            assert!(error.contains("line 3 ") && error.contains(reason), "{bad}: {error}");
            assert!(error.ends_with("rows.jsonl"), "{error}");
        }
    }

    #[test]
    fn an_object_without_a_label_is_a_text_without_one_but_some_must_have_its_key() {
        let unlabelled = [r#"{"text":"b"}"#, r#"{"text":"b","label":null}"#, r#"{"text":"b","label":" "}"#];
        for row in unlabelled.into_iter().chain([r#"{"text":"b","label":"NaN"}"#]) {
            let content = format!("{{\"text\":\"a\",\"label\":\"x\"}}\n{row}");
            let rows = read_as(&content, &["text"], "label").unwrap().train.rows;
            assert_eq!((rows[0].label.as_deref(), rows[1].label.as_deref()), (Some("x"), None), "{row}");
        }
        let slip = message("{\"text\":\"a\",\"Label\":\"x\"}");
        assert!(slip.contains("no row has the key `label`") && slip.contains("`Label`"), "{slip}");
    }

    #[test]
    fn objects_are_read_from_lines_from_an_array_and_over_several_lines() {
        let objects = [r#"{"text":"a ] } \"","label":1}"#, r#"{"text":"b","label":2}"#, r#"{"text":"c","label":1}"#];
        let pretty = objects
            .map(|object| serde_json::to_string_pretty(&serde_json::from_str::<Value>(object).unwrap()).unwrap());
        let arrays = [format!("[{}]", objects.join(",")), format!("\u{feff} [\n{}\n]\n", objects.join(",\n"))];
        let others = [objects.join("\n"), pretty.join("\n"), format!("[\n{}]", pretty.join(",\n  "))];
        let plain = read_as(&objects.join("\n"), &["text"], "label").unwrap().train.rows;
        for content in arrays.into_iter().chain(others) {
            let rows = read_as(&content, &["text"], "label").unwrap().train.rows;
            let pairs =
                |rows: &[Row]| -> Vec<_> { rows.iter().map(|row| (row.fields.clone(), row.label.clone())).collect() };
            assert_eq!(pairs(&rows), pairs(&plain), "{content}");
        }
    }

    #[test]
    fn a_file_of_another_form_is_refused_as_what_it_is() {
        for (content, said) in [
            (r#"{"train": [["a", "x"]], "val": []}"#, "row 1 of \"train\": it is a list"),
            (r#"{"data": [{"text": "a"}, {"label": "x"}]}"#, "row 2 of \"data\": it has no key `text`"),
            (
                "{\n\"some\": [{\"text\": \"a\"}], \"more\": [{\"text\": \"a\"}]}",
                "call them train, validation and test",
            ),
            (r#"{"some": [{"text": "a"}], "more": [{"text": "a"}]}"#, "no key `text`; its keys are `more`, `some`"),
            (r#"{"text": {"0": "a"}, "label": {"0": "x"}}"#, "one JSON object"),
            ("[\n[\"a\", \"x\"]\n]", "it is a list and has no `text`"),
            ("[{\"text\":\"a\",\"label\":1},\n{\"text\":\"b\"\n", "line 3"),
            ("[{\"text\":\"a\",\"label\":1}\n{\"text\":\"b\",\"label\":1}]", "a comma"),
            ("[{\"text\":\"a\",\"label\":1}]\nmore", "behind"),
            ("[{\"text\":\"a\",\"label\":1},\n{\"label\":1}]", "line 2"),
        ] {
            let error = message(content);
            assert!(error.contains(said) && error.ends_with("rows.jsonl"), "{content}: {error}");
        }
    }

    #[test]
    fn one_object_with_a_list_of_objects_is_a_row_where_it_stands_for_one() {
        let messages = r#"[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]"#;
        let shared = r#"[{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]"#;
        let passages = r#"[{"title": "a", "score": 1}, {"title": "b", "score": 2}]"#;
        let rows = r#"[{"text": "a", "label": "x"}, {"text": "b", "label": "y"}]"#;
        // Name, content, and under which key its rows stand, if the object is none itself.
        let table = [
            ("a.jsonl", format!(r#"{{"messages": {messages}}}"#), None),
            ("a.json", format!(r#"{{"messages": {messages}}}"#), None),
            ("a.json", format!("{{\n \"id\": 3,\n \"turns\": {shared}\n}}"), None),
            ("a.jsonl", format!(r#"{{"conversations": {shared}, "source": "x"}}"#), None),
            ("a.jsonl.gz", format!(r#"{{"question": "q", "passages": {passages}}}"#), None),
            ("a.ndjson", format!("{{\"passages\": {passages}, \"more\": {passages}}}\n\n"), None),
            ("a.json", format!(r#"{{"question": "q", "passages": {passages}}}"#), Some("passages")),
            ("a.jsonl", format!(r#"{{"data": {rows}}}"#), Some("data")),
            ("a.jsonl", format!(r#"{{"train": {rows}}}"#), Some("train")),
            ("a.json", format!(r#"{{"data": {messages}}}"#), Some("data")),
            ("a.jsonl", format!("{{\n\"reviews\": {rows}\n}}"), Some("reviews")),
            ("a.jsonl", r#"{"text": ["a", "b"], "label": ["x", "y"]}"#.to_owned(), Some("")),
        ];
        for (name, content, expected) in table {
            let file = DataFile::held(std::path::Path::new(""), vec![name.to_owned()], Vec::new());
            let tables = open(content.clone(), &file, &mut Vec::new()).unwrap();
            let key = match &tables[0].1.rows {
                Rows::Text(_) => None,
                Rows::Held(key, _) => Some(key.as_str()),
            };
            assert_eq!(key, expected, "{name}: {content}");
            assert_eq!(tables.len(), 1);
        }
    }

    #[test]
    fn one_object_may_hold_the_rows_of_each_part_or_the_values_of_each_column() {
        let read = |content: &str, text: Column, label: Column| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("all.json");
            std::fs::write(&path, content).unwrap();
            let roles = Roles::new([text], Some(label));
            gather::read(&Files { roles, ..Files::of(path) }, &[], Goal::Classes).unwrap().0
        };
        let pairs = |rows: &[Row]| -> Vec<(String, String)> {
            rows.iter()
                .map(|row| (row.fields.whole().into(), row.label.as_deref().unwrap_or_default().into()))
                .collect()
        };
        let pair = |text: &str, label: &str| (text.to_owned(), label.to_owned());
        let content =
            r#"{"val": [["b", "y"]], "oos_train": [["c", "oos"]], "train": [["a", "x"]], "about": "x", "more": [[1]]}"#;
        let parts = read(content, Column::Index(0), Column::Index(1));
        assert_eq!(pairs(&parts.train.rows), [pair("c", "oos"), pair("a", "x")]);
        assert_eq!(pairs(&parts.validation.unwrap().rows), [pair("b", "y")]);
        let told = |words: &str| parts.notes.iter().any(|note| note.contains(words));
        assert!(told("1 rows under `oos_train` are training rows") && told("`more` is not read"), "{:?}", parts.notes);
        let (text, label) = (Column::named("text"), Column::named("label"));
        for content in [
            r#"{"version": 1, "data": [{"text": "a", "label": "x"}, {"text": "b", "label": "y"}]}"#,
            r#"{"text": ["a", "b"], "label": ["x", "y"]}"#,
        ] {
            let parts = read(content, text.clone(), label.clone());
            assert_eq!(pairs(&parts.train.rows), [pair("a", "x"), pair("b", "y")], "{content}");
        }
        let lists = read("[\"a\", \"x\"]\n[\"b\", \"y\"]\n", Column::Index(0), Column::Index(1));
        assert_eq!(lists.train.rows.len(), 2, "a list a line");
    }

    #[test]
    fn empty_texts_are_counted_and_a_file_of_nothing_else_is_refused() {
        let parts = read_as("{\"text\":null,\"label\":1}\n{\"text\":\"a\",\"label\":1}", &["text"], "label").unwrap();
        assert_eq!((parts.train.rows.len(), parts.train.without_text.rows), (1, 1));
        assert!(message("{\"text\":\" \",\"label\":1}").contains("no training examples"));
        assert!(message("").contains("no training examples"));
    }

    #[test]
    fn a_deeply_nested_line_is_an_error_and_no_overflow() {
        assert!(message(&"[".repeat(100_000)).contains("line 1"));
    }
}
