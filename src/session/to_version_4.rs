//! From version 3 to 4. A source that was one file, with one for the test perhaps, became files by part; its columns
//! became roles, the same for every format. A limit needs no change: a number alone is one of each part.
//!
//! What is moved is read first as version 3 reads it, so that a mistake is answered in the file's own words.

use std::path::PathBuf;

use serde::Deserialize;

use super::Column;
use super::from_tree::read;
use super::refusal::Refusal;
use super::ron_tree::{Field, Kind, Node};

/// What it takes to say a session of version 3 in version 4.
///
/// # Errors
/// [`Refusal`] where what is to be moved was none of version 3.
pub fn session(session: &mut Node) -> Result<(), Refusal> {
    let Some(data) = session.field_mut("data") else { return Ok(()) };
    let at = data.at;
    source(data).map_err(|refusal| refusal.inside("source", None).inside("data", at))
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
