//! JSON objects, one a line, one behind the other over several lines, or all in one array. A key `a.b`
//! is looked up as it stands, then as `b` inside the object `a`. Strings, numbers and truth values are
//! taken as text; `null` is an empty text. An object without the key of the class has no label.

use std::path::Path;

use serde_json::{Map, Value};

use super::data_error::DataError;
use super::decode::read_text;
use super::json_values::{each, kind};
use super::labels::shortened;
use super::parts::{Part, Parts, Rows};
use crate::session::{Sentence, say};

/// Reads a file of rows and, where there is one, the file of its test rows.
///
/// # Errors
/// [`DataError`] naming the file, and the line where one row is to blame.
pub fn read(path: &Path, test: Option<&Path>, text: &[String], label: &str) -> Result<Parts, DataError> {
    let mut parts = Parts::default();
    parts.train = read_rows(path, text, label, Part::Train, &mut parts)?;
    if let Some(test) = test {
        parts.test = Some(read_rows(test, text, label, Part::Test, &mut parts)?);
    }
    Ok(parts)
}

fn read_rows(path: &Path, text: &[String], label: &str, part: Part, parts: &mut Parts) -> Result<Rows, DataError> {
    if text.is_empty() {
        let reason = say!("no key is named as text");
        return Err(DataError::Roles { reason, path: path.to_owned() });
    }
    let content = read_text(path, &mut parts.notes)?;
    let mut reading = Reading { text, label, rows: Rows::default(), first: None, with_label: 0 };
    each(&content, path, |line, object| reading.push(line, &object))?;
    reading.check_label(path)?;
    let rows = reading.rows;
    if rows.rows.is_empty() {
        let reason = say!("the file has no line with text");
        return Err(DataError::NoExamples { what: part.adjective(), reason, path: path.to_owned() });
    }
    parts.notes.extend(rows.note(part));
    parts.leave_out(say!("{part} rows without text", part = part.adjective()), rows.without_text);
    Ok(rows)
}

struct Reading<'a> {
    text: &'a [String],
    label: &'a str,
    rows: Rows,
    /// Keys of the first object.
    first: Option<Vec<String>>,
    /// Objects that have the key of the class, whatever it says.
    with_label: usize,
}

impl Reading<'_> {
    fn push(&mut self, line: u64, object: &Map<String, Value>) -> Result<(), Sentence> {
        self.first.get_or_insert_with(|| object.keys().cloned().collect());
        let texts = self.text.iter().map(|key| scalar(object, key)).collect::<Result<Vec<_>, _>>()?;
        let label = match find(object, self.label) {
            None => None,
            Some(_) => {
                self.with_label += 1;
                Some(scalar(object, self.label)?)
            }
        };
        let label = label.as_deref().and_then(|label| self.rows.label_in(label));
        self.rows.push(&texts.join("\n"), label, line)
    }

    /// A key that no object has is a slip of the pen, not a file without labels.
    fn check_label(&self, path: &Path) -> Result<(), DataError> {
        match &self.first {
            Some(keys) if self.with_label == 0 => {
                let reason = say!(
                    "no row has the key `{label}`; those of the first are {keys}",
                    label = self.label,
                    keys = shortened(keys)
                );
                Err(DataError::Roles { reason, path: path.to_owned() })
            }
            _ => Ok(()),
        }
    }
}

fn scalar(object: &Map<String, Value>, key: &str) -> Result<String, Sentence> {
    match find(object, key) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(Value::Bool(truth)) => Ok(truth.to_string()),
        Some(Value::Null) => Ok(String::new()),
        Some(other) => Err(say!("`{key}` is {kind}, not text", key, kind = kind(other))),
        None => {
            let keys: Vec<&String> = object.keys().collect();
            Err(say!("it has no key `{key}`; its keys are {keys}", key, keys = shortened(&keys)))
        }
    }
}

/// The value under a key, which may reach into objects: `a.b`.
pub fn find<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    object.get(key).or_else(|| {
        let (outer, inner) = key.split_once('.')?;
        find(object.get(outer)?.as_object()?, inner)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(content: &str, text: &[&str], label: &str) -> Result<Parts, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.jsonl");
        std::fs::write(&path, content).unwrap();
        let text: Vec<String> = text.iter().map(|key| (*key).to_owned()).collect();
        read(&path, None, &text, label)
    }

    fn message(content: &str) -> String {
        read_as(content, &["text"], "label").unwrap_err().to_string()
    }

    #[test]
    fn dotted_keys_reach_into_objects_and_a_key_with_a_dot_comes_first() {
        let line = r#"{"a":{"b":{"c":"in"}},"a.d":"flat","y":{"label":3}}"#;
        let parts = read_as(line, &["a.b.c", "a.d"], "y.label").unwrap();
        assert_eq!((parts.train.rows[0].text.as_str(), parts.train.rows[0].label.as_deref()), ("in\nflat", Some("3")));
    }

    #[test]
    fn blank_lines_windows_line_ends_and_a_missing_last_line_end_are_fine() {
        let content = "\u{feff}{\"text\":\"a\\nb\",\"label\":\"x\"}\r\n\r\n{\"text\":\"c\",\"label\":true}";
        let rows = read_as(content, &["text"], "label").unwrap().train.rows;
        assert_eq!((rows[0].text.as_str(), rows[1].label.as_deref()), ("a\nb", Some("true")));
    }

    #[test]
    fn each_bad_line_is_refused_by_its_number() {
        let good = r#"{"text":"a","label":"x"}"#;
        for (bad, reason) in [
            (r#"{"text":"a","#, "not JSON"),
            (r#"["a","x"]"#, "a list"),
            (r#"{"label":"a"}"#, "no key `text`; its keys are `label`"),
            (r#"{"text":"a","label":NaN}"#, "write null"),
            (r#"{"text":["a"],"label":"x"}"#, "`text` is a list"),
            (r#"{"text":"a","label":["x"]}"#, "`label` is a list"),
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
            let pairs = |rows: &[super::super::parts::Row]| -> Vec<_> {
                rows.iter().map(|row| (row.text.clone(), row.label.clone())).collect()
            };
            assert_eq!(pairs(&rows), pairs(&plain), "{content}");
        }
    }

    #[test]
    fn a_file_of_another_form_is_refused_as_what_it_is() {
        for (content, said) in [
            (r#"{"train": [["a", "x"]], "val": []}"#, "one JSON object"),
            ("{\n  \"train\": [[\"a\", \"x\"]],\n  \"val\": []\n}", "one JSON object"),
            (r#"{"data": [{"text": "a", "label": "x"}]}"#, "`data`"),
            (r#"{"text": {"0": "a"}, "label": {"0": "x"}}"#, "one JSON object"),
            ("[\n[\"a\", \"x\"]\n]", "a list, not a JSON object"),
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
    fn empty_texts_are_counted_and_a_file_of_nothing_else_is_refused() {
        let parts = read_as("{\"text\":null,\"label\":1}\n{\"text\":\"a\",\"label\":1}", &["text"], "label").unwrap();
        assert_eq!((parts.train.rows.len(), parts.train.without_text), (1, 1));
        assert!(message("{\"text\":\" \",\"label\":1}").contains("no training examples"));
        assert!(message("").contains("no training examples"));
    }

    #[test]
    fn a_deeply_nested_line_is_an_error_and_no_overflow() {
        assert!(message(&"[".repeat(100_000)).contains("line 1"));
    }
}
