//! From a tree to the types of a session, with what a person may leave out: `Some(…)` around what is
//! there, the list around a single item, the quotation marks' absence around a variant. What cannot be
//! taken is refused by its field's name, its place and the right form.

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
    value::StrDeserializer,
};

use super::refusal::Refusal;
use super::ron_tree::{Field, Kind, Node};
use super::{Say, Sentence, say};

/// What a whole tree says as a `T`.
///
/// # Errors
/// [`Refusal`].
pub fn read<'a, T: Deserialize<'a>>(node: &'a Node) -> Result<T, Refusal> {
    T::deserialize(node).map_err(|refusal| refusal.near(node.at))
}

impl Node {
    /// The value as an error shows it.
    fn shown(&self) -> Sentence {
        match &self.kind {
            Kind::Word(word) => say!("the word {word}", word),
            Kind::Number(number) => say!("the number {number}", number),
            Kind::Text(text) => say!("the text {text}", text = format_args!("{text:?}")),
            Kind::List(_) => say!("a list"),
            Kind::Map(_) => say!("a map"),
            Kind::Fields(Some(name), _) | Kind::Tuple(Some(name), _) => Sentence::verbatim(format!("{name}(…)")),
            Kind::Fields(None, _) | Kind::Tuple(None, _) => Sentence::verbatim("(…)"),
        }
    }

    /// The value was to be `wanted`, which is written as `form`.
    fn instead_of(&self, wanted: Sentence, form: &(impl Say + ?Sized)) -> Refusal {
        let said = say!("{found} stands where {wanted} belongs; write {form}", found = self.shown(), wanted, form);
        Refusal::from(said).near(self.at)
    }

    fn number(&self) -> Result<&str, Refusal> {
        match &self.kind {
            Kind::Number(number) => Ok(number),
            Kind::Text(text) if text.parse::<f64>().is_ok() => Err(self.instead_of(say!("a number"), text)),
            _ => Err(self.instead_of(say!("a number"), &say!("one without quotation marks, such as 1 or 0.5"))),
        }
    }

    fn text(&self) -> Result<&str, Refusal> {
        match &self.kind {
            Kind::Text(text) | Kind::Number(text) => Ok(text),
            Kind::Word(word) => Err(self.instead_of(say!("a text"), &format!("{word:?}"))),
            _ => Err(self.instead_of(say!("a text"), &say!("one in quotation marks"))),
        }
    }

    fn no_value(&self) -> bool {
        matches!(&self.kind, Kind::Word(word) if word == "None")
    }

    fn fields(&self, form: &str) -> Result<&[Field], Refusal> {
        match &self.kind {
            Kind::Fields(_, fields) => Ok(fields),
            Kind::Tuple(_, items) if items.is_empty() => Ok(&[]),
            _ => Err(self.instead_of(say!("a group of fields"), form)),
        }
    }
}

/// Fields that a form spells out before it leaves the others to be thought of.
const SPELLED: usize = 4;

fn form_of(name: &str, fields: &[&str]) -> String {
    let more = (fields.len() > SPELLED).then(|| "…".to_owned());
    let fields: Vec<String> = fields.iter().take(SPELLED).map(|field| format!("{field}: …")).chain(more).collect();
    format!("{name}({})", fields.join(", "))
}

/// Whole numbers from `least` to `most`; those that are too small or too large are refused by the limit.
fn visit_within<'de, V: Visitor<'de>>(node: &Node, least: i128, most: i128, visitor: V) -> Result<V::Value, Refusal> {
    match node.number()?.parse::<i128>() {
        Ok(number) if number < least => Err(Refusal::small(node.shown(), least).near(node.at)),
        Ok(number) if number > most => {
            let wanted = say!("a whole number of at most {most}", most = most.to_string());
            Err(node.instead_of(wanted, &say!("a smaller one")))
        }
        _ => visit_whole(node, visitor),
    }
}

fn is_whole(number: &str) -> bool {
    ron::from_str::<u64>(number).is_ok() || ron::from_str::<i64>(number).is_ok() || number.parse::<i128>().is_ok()
}

/// Whole numbers: what fits an `i64` or a `u64`, else the kind of number is wrong.
fn visit_whole<'de, V: Visitor<'de>>(node: &Node, visitor: V) -> Result<V::Value, Refusal> {
    let number = node.number()?;
    if let Ok(whole) = ron::from_str::<u64>(number) {
        visitor.visit_u64(whole)
    } else if let Ok(whole) = ron::from_str::<i64>(number) {
        visitor.visit_i64(whole)
    } else {
        Err(node.instead_of(say!("a whole number"), &say!("one without a point, of at most 64 bits")))
    }
}

fn visit_fraction<'de, V: Visitor<'de>>(node: &Node, visitor: V) -> Result<V::Value, Refusal> {
    match ron::from_str::<f64>(node.number()?) {
        Ok(number) => visitor.visit_f64(number),
        Err(_) => Err(node.instead_of(say!("a number"), &say!("one such as 1, 0.5 or 2e-5"))),
    }
}

macro_rules! whole_numbers {
    ($($method:ident: $type:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
            visit_within(self, $type::MIN.into(), $type::MAX.into(), visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Refusal;

    whole_numbers! {
        deserialize_i8: i8 deserialize_i16: i16 deserialize_i32: i32 deserialize_i64: i64
        deserialize_u8: u8 deserialize_u16: u16 deserialize_u32: u32 deserialize_u64: u64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.kind {
            Kind::Word(word) if matches!(word.as_str(), "true" | "false") => self.deserialize_bool(visitor),
            Kind::Word(_) if self.no_value() => visitor.visit_none(),
            Kind::Text(text) => visitor.visit_str(text),
            Kind::Number(number) if is_whole(number) => visit_whole(self, visitor),
            Kind::Number(_) => visit_fraction(self, visitor),
            // A group of which every field is left out.
            Kind::Tuple(None, items) if items.is_empty() => visitor.visit_map(Entries::of_fields(&[])),
            Kind::List(items) | Kind::Tuple(None, items) => visitor.visit_seq(Items { all: items, place: 0 }),
            Kind::Map(_) => self.deserialize_map(visitor),
            Kind::Fields(None, fields) => visitor.visit_map(Entries::of_fields(fields)),
            Kind::Word(_) | Kind::Fields(Some(_), _) | Kind::Tuple(Some(_), _) => visitor.visit_enum(Variant(self)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.kind {
            Kind::Word(word) if word == "true" => visitor.visit_bool(true),
            Kind::Word(word) if word == "false" => visitor.visit_bool(false),
            _ => Err(self.instead_of(say!("yes or no"), &say!("true or false, without quotation marks"))),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visit_fraction(self, visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visit_fraction(self, visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_str(self.text()?)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_bytes(self.text()?.as_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_bytes(visitor)
    }

    /// `Some(…)` may be left out.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.kind {
            Kind::Word(_) if self.no_value() => visitor.visit_none(),
            Kind::Tuple(Some(name), items) if name == "Some" => match items.as_slice() {
                [inner] => visitor.visit_some(inner),
                _ => Err(self.instead_of(say!("one value"), &say!("Some(…) around it"))),
            },
            Kind::Fields(Some(name), _) if name == "Some" => {
                Err(self.instead_of(say!("one value"), &say!("Some((…)), with two parentheses")))
            }
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.kind {
            Kind::Tuple(None, items) if items.is_empty() => visitor.visit_unit(),
            _ => Err(self.instead_of(say!("nothing"), "()")),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Refusal> {
        match &self.kind {
            Kind::Tuple(_, items) if items.len() == 1 => visitor.visit_newtype_struct(&items[0]),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    /// The list around a single item may be left out.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let items = match &self.kind {
            Kind::List(items) | Kind::Tuple(None, items) => items.as_slice(),
            Kind::Map(_) => return Err(self.instead_of(say!("a list"), "[…]")),
            _ if self.no_value() => return Err(self.instead_of(say!("a list"), &say!("[] for an empty one"))),
            _ => std::slice::from_ref(self),
        };
        visitor.visit_seq(Items { all: items, place: 0 })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.kind {
            Kind::Map(entries) => visitor.visit_map(Entries::of_map(entries)?),
            _ => Err(self.instead_of(say!("a map"), "{\"key\": value}")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let entries = match &self.kind {
            Kind::Map(entries) => Entries::of_map(entries)?,
            Kind::Fields(Some(other), _) | Kind::Tuple(Some(other), _) if other != name => {
                return Err(self.instead_of(say!("a group of fields"), &form_of("", fields)));
            }
            _ => Entries::of_fields(self.fields(&form_of("", fields))?),
        };
        visitor.visit_map(entries).map_err(|refusal: Refusal| refusal.among(fields))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let form = |content: &str| {
            let forms = variants.iter().map(|variant| format!("{variant}{content}"));
            forms.collect::<Vec<_>>().join(" or ")
        };
        match &self.kind {
            Kind::Text(text) if !variants.contains(&text.as_str()) => {
                Err(self.instead_of(say!("a choice"), &form(&format!("({text:?})"))))
            }
            Kind::Word(_) | Kind::Text(_) | Kind::Fields(Some(_), _) | Kind::Tuple(Some(_), _) => {
                visitor.visit_enum(Variant(self))
            }
            Kind::Map(entries) if entries.len() == 1 => visitor.visit_enum(Variant(self)),
            _ => Err(self.instead_of(say!("a choice"), &form(""))),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.kind {
            Kind::Word(word) | Kind::Text(word) => visitor.visit_str(word),
            _ => Err(self.instead_of(say!("a name"), &say!("one"))),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_unit()
    }
}

/// The items of a list, from `place` on.
struct Items<'a> {
    all: &'a [Node],
    place: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refusal> {
        let Some(item) = self.all.get(self.place) else { return Ok(None) };
        self.place += 1;
        let place = self.place - 1;
        let named = |refusal: Refusal| match self.all.len() {
            1 => refusal.near(item.at),
            _ => refusal.inside(&format!("[{place}]"), item.at),
        };
        seed.deserialize(item).map(Some).map_err(named)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.all.len() - self.place)
    }
}

/// Names with their values, and the value whose name was just read.
struct Entries<'a> {
    rest: std::vec::IntoIter<Entry<'a>>,
    open: Option<Entry<'a>>,
}

struct Entry<'a> {
    name: &'a str,
    at: Option<usize>,
    value: &'a Node,
}

impl<'a> Entries<'a> {
    fn of_fields(fields: &'a [Field]) -> Self {
        let entry = |field: &'a Field| Entry { name: &field.name, at: field.at, value: &field.value };
        Self::of(fields.iter().map(entry).collect())
    }

    fn of_map(entries: &'a [(Node, Node)]) -> Result<Self, Refusal> {
        let mut seen = std::collections::BTreeSet::new();
        let mut entry = |(key, value): &'a (Node, Node)| {
            let name = key.text()?;
            let doubled = || {
                Refusal::from(say!("the key {name} is there twice; keep one", name = format_args!("{name:?}")))
                    .near(key.at)
            };
            seen.insert(name).then_some(Entry { name, at: key.at, value }).ok_or_else(doubled)
        };
        Ok(Self::of(entries.iter().map(&mut entry).collect::<Result<_, _>>()?))
    }

    fn of(entries: Vec<Entry<'a>>) -> Self {
        Self { rest: entries.into_iter(), open: None }
    }
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refusal> {
        self.open = self.rest.next();
        let Some(entry) = &self.open else { return Ok(None) };
        seed.deserialize(StrDeserializer::new(entry.name)).map(Some).map_err(|refusal: Refusal| refusal.near(entry.at))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refusal> {
        let Some(entry) = self.open.take() else { return Err(say!("a value without a name").into()) };
        seed.deserialize(entry.value).map_err(|refusal| refusal.inside(entry.name, entry.value.at))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// A value as one of several variants.
struct Variant<'a>(&'a Node);

impl<'a> Variant<'a> {
    fn name(&self) -> Result<&'a str, Refusal> {
        match &self.0.kind {
            Kind::Word(name) | Kind::Text(name) => Ok(name),
            Kind::Fields(Some(name), _) | Kind::Tuple(Some(name), _) => Ok(name),
            Kind::Map(entries) if entries.len() == 1 => entries[0].0.text(),
            _ => Err(self.0.instead_of(say!("a choice"), &say!("its name"))),
        }
    }

    /// The one value inside.
    fn inner(&self) -> Result<&'a Node, Refusal> {
        match &self.0.kind {
            Kind::Tuple(_, items) => match items.as_slice() {
                [one] => Ok(one),
                [] => Err(self.0.instead_of(say!("a choice with a value"), &format!("{}(…)", self.name()?))),
                _ => Err(self.0.instead_of(say!("one value"), &format!("{}([…])", self.name()?))),
            },
            Kind::Map(entries) if entries.len() == 1 => Ok(&entries[0].1),
            _ => Err(self.0.instead_of(say!("a choice with a value"), &format!("{}(…)", self.name()?))),
        }
    }
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Refusal;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Refusal> {
        let named = seed.deserialize(StrDeserializer::new(self.name()?));
        Ok((named.map_err(|refusal: Refusal| refusal.near(self.0.at))?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Refusal;

    fn unit_variant(self) -> Result<(), Refusal> {
        match &self.0.kind {
            Kind::Word(_) | Kind::Text(_) => Ok(()),
            Kind::Tuple(_, items) if items.is_empty() => Ok(()),
            Kind::Map(entries) if entries.iter().all(|(_, value)| value.no_value()) => Ok(()),
            _ => Err(self.0.instead_of(say!("a choice without a value"), self.name()?)),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Refusal> {
        let inner = self.inner()?;
        seed.deserialize(inner).map_err(|refusal| refusal.near(inner.at))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Refusal> {
        match &self.0.kind {
            Kind::Tuple(_, items) => visitor.visit_seq(Items { all: items, place: 0 }),
            _ => self.inner()?.deserialize_seq(visitor),
        }
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Refusal> {
        match &self.0.kind {
            Kind::Map(_) => self.inner()?.deserialize_struct("", fields, visitor),
            Kind::Fields(_, _) => visitor
                .visit_map(Entries::of_fields(self.0.fields("")?))
                .map_err(|refusal: Refusal| refusal.among(fields)),
            Kind::Tuple(_, items) if items.is_empty() => {
                visitor.visit_map(Entries::of_fields(&[])).map_err(|refusal: Refusal| refusal.among(fields))
            }
            _ => Err(self.0.instead_of(say!("a choice with fields"), &form_of(self.name()?, fields))),
        }
    }
}
