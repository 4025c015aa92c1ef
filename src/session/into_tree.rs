//! Into a tree: a session that stands in JSON, in a journal or a checkpoint, becomes one, so that it passes through the
//! same migrations as a file.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::ron_tree::{Kind, Node};

/// Any value of a format that names its variants as JSON does.
impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Whole)
    }
}

struct Whole;

fn placeless<E>(kind: Kind) -> Result<Node, E> {
    Ok(Node { at: None, kind })
}

impl<'de> Visitor<'de> for Whole {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Node, E> {
        placeless(Kind::Word(truth.to_string()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Node, E> {
        placeless(Kind::Number(number.to_string()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Node, E> {
        placeless(Kind::Number(number.to_string()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Node, E> {
        placeless(Kind::Number(format!("{number:?}")))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Node, E> {
        placeless(Kind::Text(text.to_owned()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Node, E> {
        placeless(Kind::Word("None".to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        placeless(Kind::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some((key, value)) = entries.next_entry::<String, Node>()? {
            map.push((Node { at: None, kind: Kind::Text(key) }, value));
        }
        placeless(Kind::Map(map))
    }
}
