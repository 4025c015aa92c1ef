//! One JSON object per line. A key `a.b` is looked up as it stands, then as `b` inside the object
//! `a`. Strings, numbers and truth values are taken as text; `null` is an empty text.

use std::path::Path;

use serde_json::{Map, Value};

use super::decode::read_text;
use super::error::DataError;
use super::parts::{Part, Parts, Rows};

/// Reads a file of rows and, where there is one, the file of its test rows.
///
/// # Errors
/// [`DataError`] naming the file, and the line where one row is to blame.
pub fn read(path: &Path, test: Option<&Path>, text: &[String], label: &str) -> Result<Parts, DataError> {
    let mut parts = Parts::default();
    parts.train = read_rows(path, text, label, Part::Train, &mut parts.notes)?;
    if let Some(test) = test {
        parts.test = Some(read_rows(test, text, label, Part::Test, &mut parts.notes)?);
    }
    Ok(parts)
}

fn read_rows(
    path: &Path,
    text: &[String],
    label: &str,
    part: Part,
    notes: &mut Vec<String>,
) -> Result<Rows, DataError> {
    if text.is_empty() {
        let reason = "no key is named as text".to_owned();
        return Err(DataError::Roles { reason, path: path.to_owned() });
    }
    let content = read_text(path, notes)?;
    let mut rows = Rows::default();
    for (number, line) in (1..).zip(content.split('\n')) {
        if !line.trim().is_empty() {
            push(line, text, label, &mut rows).map_err(|reason| DataError::line(number, reason, path))?;
        }
    }
    if rows.rows.is_empty() {
        let reason = "the file has no line with text".to_owned();
        return Err(DataError::NoExamples { what: part.adjective(), reason, path: path.to_owned() });
    }
    notes.extend(rows.note(part));
    Ok(rows)
}

fn push(line: &str, text: &[String], label: &str, rows: &mut Rows) -> Result<(), String> {
    let object = match serde_json::from_str(line) {
        Ok(Value::Object(object)) => object,
        Ok(other) => return Err(format!("it is {}, not a JSON object", kind(&other))),
        Err(e) => return Err(format!("it is not JSON: {}", without_line(&e))),
    };
    let texts = text.iter().map(|key| scalar(&object, key)).collect::<Result<Vec<_>, _>>()?;
    rows.push(&texts.join("\n"), &scalar(&object, label)?)
}

/// The parser counts lines within the one line it was given.
fn without_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let reason = text.split(" at line ").next().unwrap_or(&text);
    format!("{reason}, at column {}", error.column())
}

fn scalar(object: &Map<String, Value>, key: &str) -> Result<String, String> {
    match find(object, key) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(Value::Bool(truth)) => Ok(truth.to_string()),
        Some(Value::Null) => Ok(String::new()),
        Some(other) => Err(format!("`{key}` is {}, not text", kind(other))),
        None => {
            let keys: Vec<String> = object.keys().map(|key| format!("`{key}`")).collect();
            Err(format!("it has no key `{key}`; its keys are {}", keys.join(", ")))
        }
    }
}

fn find<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    object.get(key).or_else(|| {
        let (outer, inner) = key.split_once('.')?;
        find(object.get(outer)?.as_object()?, inner)
    })
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
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
        assert_eq!((parts.train.rows[0].text.as_str(), parts.train.rows[0].label.as_str()), ("in\nflat", "3"));
    }

    #[test]
    fn blank_lines_windows_line_ends_and_a_missing_last_line_end_are_fine() {
        let content = "\u{feff}{\"text\":\"a\\nb\",\"label\":\"x\"}\r\n\r\n{\"text\":\"c\",\"label\":true}";
        let rows = read_as(content, &["text"], "label").unwrap().train.rows;
        assert_eq!((rows[0].text.as_str(), rows[1].label.as_str()), ("a\nb", "true"));
    }

    #[test]
    fn each_bad_line_is_refused_by_its_number() {
        let good = r#"{"text":"a","label":"x"}"#;
        for (bad, reason) in [
            (r#"{"text":"a","#, "not JSON"),
            (r#"["a","x"]"#, "a list"),
            (r#"{"text":"a"}"#, "no key `label`; its keys are `text`"),
            (r#"{"text":["a"],"label":"x"}"#, "`text` is a list"),
            (r#"{"text":"a","label":null}"#, "label is empty"),
            (r#"{"text":"a","label":"  "}"#, "label is empty"),
        ] {
            let error = message(&format!("{good}\n\n{bad}\n{good}\n"));
            assert!(error.contains("line 3 ") && error.contains(reason), "{bad}: {error}");
            assert!(error.ends_with("rows.jsonl"), "{error}");
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
