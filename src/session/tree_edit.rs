//! Fields of a tree, found, changed and put elsewhere: what the steps between versions are made of. A group of
//! fields may be written as one, `(field: value)`, or as a map, `{"field": value}`, which is how it stands in JSON.

use super::ron_tree::{Field, Kind, Node};

impl Node {
    /// The value of a field, or of an entry of that name.
    pub(super) fn field(&self, name: &str) -> Option<&Node> {
        match &self.kind {
            Kind::Fields(_, fields) => fields.iter().find(|field| field.name == name).map(|field| &field.value),
            Kind::Map(entries) => entries.iter().find(|(key, _)| key.is(name)).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The same, to be changed.
    pub(super) fn field_mut(&mut self, name: &str) -> Option<&mut Node> {
        match &mut self.kind {
            Kind::Fields(_, fields) => fields.iter_mut().find(|field| field.name == name).map(|field| &mut field.value),
            Kind::Map(entries) => entries.iter_mut().find(|(key, _)| key.is(name)).map(|(_, value)| value),
            _ => None,
        }
    }

    fn is(&self, name: &str) -> bool {
        matches!(&self.kind, Kind::Text(text) if text == name)
    }

    /// Takes a field away and gives its value; of two by that name the first, so that the second is refused.
    pub(super) fn take(&mut self, name: &str) -> Option<Node> {
        match &mut self.kind {
            Kind::Fields(_, fields) => {
                let place = fields.iter().position(|field| field.name == name)?;
                Some(fields.remove(place).value)
            }
            Kind::Map(entries) => {
                let place = entries.iter().position(|(key, _)| key.is(name))?;
                Some(entries.remove(place).1)
            }
            _ => None,
        }
    }

    /// Adds a field, unless it is there already.
    pub(super) fn add(&mut self, name: &str, value: Node) {
        if self.field(name).is_some() {
            return;
        }
        match &mut self.kind {
            Kind::Fields(_, fields) => fields.push(Field { name: name.to_owned(), at: value.at, value }),
            Kind::Map(entries) => entries.push((Node { at: value.at, kind: Kind::Text(name.to_owned()) }, value)),
            _ => {}
        }
    }

    /// Calls a field by another name.
    pub(super) fn rename(&mut self, name: &str, new: &str) {
        match &mut self.kind {
            Kind::Fields(_, fields) => {
                fields.iter_mut().filter(|field| field.name == name).for_each(|field| new.clone_into(&mut field.name));
            }
            Kind::Map(entries) => {
                let keys = entries.iter_mut().map(|(key, _)| key).filter(|key| key.is(name));
                keys.for_each(|key| key.kind = Kind::Text(new.to_owned()));
            }
            _ => {}
        }
    }

    /// The value inside `Some(…)`, which may be left out; `None` of one that says so.
    pub(super) fn optional(self) -> Option<Node> {
        match self.kind {
            Kind::Word(word) if word == "None" => None,
            Kind::Tuple(Some(name), mut items) if name == "Some" && items.len() == 1 => items.pop(),
            kind => Some(Node { at: self.at, kind }),
        }
    }
}
