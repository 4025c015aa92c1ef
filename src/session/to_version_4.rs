//! From version 3 to 4. A source that was one file, with one for the test perhaps, became files by part; its columns
//! became roles, the same for every format. A limit needs no change: a number alone is one of each part.
//!
//! What is moved is read first as version 3 reads it, so that a mistake is answered in the file's own words.

use std::path::PathBuf;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::from_tree::read;
use super::refusal::Refusal;
use super::ron_tree::{Field, Kind, Node};
use super::{Column, Data};

/// What it takes to say a session of version 3 in version 4.
///
/// # Errors
/// [`Refusal`] where what is to be moved was none of version 3.
pub fn session(session: &mut Node) -> Result<(), Refusal> {
    let Some(data) = session.field_mut("data") else { return Ok(()) };
    let at = data.at;
    source(data).map_err(|refusal| refusal.inside("source", None).inside("data", at))
}

/// Data by themselves, as a record holds them, whichever version wrote them: what it opened is told with every run.
///
/// # Errors
/// As [`session`], in the words of the format that is read.
pub fn recorded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<Data>>, D::Error> {
    let Some(mut data) = Node::deserialize(deserializer)?.optional() else { return Ok(None) };
    source(&mut data).map_err(D::Error::custom)?;
    Data::deserialize(&data).map(|data| Some(Box::new(data))).map_err(D::Error::custom)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only whether it can be read is looked at")]
struct Delimited {
    path: PathBuf,
    #[serde(default)]
    test: Option<PathBuf>,
    #[serde(default)]
    header: bool,
    text: Vec<Column>,
    label: Column,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only whether it can be read is looked at")]
struct JsonLines {
    path: PathBuf,
    #[serde(default)]
    test: Option<PathBuf>,
    text: Vec<String>,
    label: String,
}

fn source(data: &mut Node) -> Result<(), Refusal> {
    let Some(source) = data.field_mut("source") else { return Ok(()) };
    let at = source.at;
    let Some((name, mut fields)) = variant(source) else { return Ok(()) };
    let format = match name {
        DELIMITED => {
            read::<Delimited>(&fields).map_err(|refusal| refusal.near(at))?;
            let header = fields.take("header").map(|header| field("header", header));
            Node { at, kind: Kind::Fields(Some(DELIMITED.to_owned()), header.into_iter().collect()) }
        }
        _ => {
            read::<JsonLines>(&fields).map_err(|refusal| refusal.near(at))?;
            Node { at, kind: Kind::Word("Json".to_owned()) }
        }
    };
    let roles = ["text", "label"].map(|role| fields.take(role).map(|column| field(role, column)));
    let roles = Node { at, kind: Kind::Fields(None, roles.into_iter().flatten().collect()) };
    let test = fields.take("test").and_then(Node::optional);
    let parts = [("train", fields.take("path")), ("test", test)];
    let parts = parts.into_iter().filter_map(|(part, path)| Some(field(part, path?)));
    let all = parts.chain([field("format", format), field("roles", roles)]).collect();
    source.kind = Kind::Fields(Some("Files".to_owned()), all);
    Ok(())
}

const DELIMITED: &str = "Delimited";

/// The name of a source that is to be moved, and its fields; as JSON writes it, too.
fn variant(source: &Node) -> Option<(&'static str, Node)> {
    let known = |name: &str| [DELIMITED, "JsonLines"].into_iter().find(|known| *known == name);
    match &source.kind {
        Kind::Fields(Some(name), fields) => {
            Some((known(name)?, Node { at: source.at, kind: Kind::Fields(None, fields.clone()) }))
        }
        Kind::Map(entries) => match entries.as_slice() {
            [(Node { kind: Kind::Text(name), .. }, fields)] => Some((known(name)?, fields.clone())),
            _ => None,
        },
        _ => None,
    }
}

fn field(name: &str, value: Node) -> Field {
    Field { name: name.to_owned(), at: value.at, value }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::link::Opened;
    use crate::session::{DataSource, Files, Format, Strip};

    /// What a record holds of these data.
    fn opened(source: &Value) -> Result<Option<Box<Data>>, String> {
        let mut record = serde_json::to_value(Opened::default()).map_err(|error| error.to_string())?;
        record["data"] = json!({ "source": source, "validation": 0.2, "limit": 7 });
        serde_json::from_value::<Opened>(record).map(|opened| opened.data).map_err(|error| error.to_string())
    }

    fn files(source: &Value) -> Result<Files, String> {
        match opened(source)?.ok_or("no data")?.source {
            DataSource::Files(files) => Ok(*files),
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn what_a_record_of_version_3_has_opened_is_read_in_every_form() -> Result<(), String> {
        let table = json!({ "Delimited": { "path": "a.csv", "test": "b.csv", "header": true,
            "text": [{ "Name": "text" }, { "Index": 2 }], "label": { "Index": 0 } } });
        let table = files(&table)?;
        assert_eq!((table.train.files, table.test.files), (vec!["a.csv".into()], vec!["b.csv".into()]));
        assert_eq!(table.roles.text, vec![Column::Name("text".into()), Column::Index(2)]);
        let lines = json!({ "JsonLines": { "path": "a.jsonl", "test": null, "text": ["text"], "label": "label" } });
        let lines = files(&lines)?;
        assert_eq!((lines.format, lines.test.files.len()), (Format::Json, 0));
        assert_eq!(lines.roles.label, Some(Column::Name("label".into())));
        let news = json!({ "Newsgroups": { "path": "n", "strip": Strip::default() } });
        for kept in [json!({ "BuiltIn": "posts" }), news] {
            assert!(opened(&kept)?.is_some_and(|data| data.source.files().is_none()));
        }
        let strange = json!({ "Delimited": { "path": "a.csv", "text": [], "label": { "Index": 0 }, "header": "yes" } });
        assert!(opened(&strange).is_err_and(|error| error.contains("header")));
        Ok(())
    }
}
