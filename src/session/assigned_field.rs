//! One field of a part of a session, set by its path and by the text of its value: what [`super::Session::assign`]
//! does behind the part's name. What cannot be set is answered with the path, the reason and what to write.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::from_tree::read;
use super::near::{meant, nearest};
use super::refusal::{Refusal, Trouble};
use super::ron_tree::{self, Field, Kind, Node};
use super::{Say, Sentence, renamed, say};

/// Sets the value at `path` within the part of a session that is called `name`.
///
/// # Errors
/// A sentence with the whole path, what is wrong and what would be right; nothing is set then.
pub fn put<T: Serialize + DeserializeOwned>(
    part: &mut T,
    name: &str,
    path: &[&str],
    value: &str,
) -> Result<(), Sentence> {
    let asked = Assignment { part: name, path, value };
    let text = ron::to_string(part).map_err(|e| e.said())?;
    let mut tree = ron_tree::parse(&text).map_err(|refusal| refusal.inside(name, None).said())?;
    let before = tree.clone();
    let node = asked.read_value(&tree)?;
    asked.set(&mut tree, path, node).map_err(|at| asked.no_place::<T>(&before, at))?;
    *part = read(&tree).map_err(|refusal| asked.refused::<T>(&before, refusal))?;
    Ok(())
}

/// What is set, and by what.
struct Assignment<'a> {
    /// The part of the session.
    part: &'a str,
    /// The fields inside it that lead there.
    path: &'a [&'a str],
    /// The value as it is written.
    value: &'a str,
}

/// A value as in a file; a whole number may be written as `1e3`, too.
fn value_of(text: &str) -> Result<Node, Refusal> {
    let mut value = ron_tree::parse(text)?;
    if let Kind::Number(number) = &mut value.kind
        && let Some(whole) = number.parse::<f64>().ok().filter(|n| n.fract() == 0.0 && (0.0..9e15).contains(n))
        && number.contains(['e', 'E'])
    {
        *number = (whole as u64).to_string();
    }
    Ok(value)
}

impl Assignment<'_> {
    /// The path of so many fields of it.
    fn place(&self, fields: usize) -> String {
        [&[self.part], &self.path[..fields]].concat().join(".")
    }

    fn whole(&self) -> String {
        self.place(self.path.len())
    }

    fn read_value(&self, tree: &Node) -> Result<Node, Sentence> {
        let whole = self.whole();
        if self.value.is_empty() {
            let example = at(tree, self.path).and_then(simple).map_or_else(Sentence::default, |now| {
                say!(", such as {whole}={now}, which it is now", whole = &whole, now)
            });
            return Err(say!("{whole} is given no value; write one behind the ={example}", whole, example));
        }
        value_of(self.value).map_err(|reason| {
            say!(
                "{whole} takes what a session's file would say there, a text in quotation marks: {reason}",
                whole,
                reason
            )
        })
    }

    /// Puts the value at the end of `path`; where it leads into a value without fields, how many fields led there.
    fn set(&self, node: &mut Node, path: &[&str], value: Node) -> Result<(), usize> {
        let Some((field, path)) = path.split_first() else {
            *node = value;
            return Ok(());
        };
        let empty = || Node { at: None, kind: Kind::Fields(None, Vec::new()) };
        *node = std::mem::replace(node, empty()).optional().unwrap_or_else(empty);
        let inner = match &mut node.kind {
            Kind::List(items) => field.parse().ok().and_then(|place: usize| items.get_mut(place)),
            _ => {
                // Fields at their default may not be written.
                node.add(field, empty());
                node.field_mut(field)
            }
        };
        inner.map_or(Err(self.path.len() - path.len() - 1), |inner| self.set(inner, path, value))
    }

    /// What to say where the path leads into a value that has no such field, `fields` from the part.
    fn no_place<T: DeserializeOwned>(&self, before: &Node, fields: usize) -> Sentence {
        let (whole, place) = (self.whole(), self.place(fields));
        if let Some(Kind::List(items)) = at(before, &self.path[..fields]).map(|node| &node.kind) {
            let rest = self.path[fields..].iter().skip_while(|field| field.parse::<usize>().is_ok());
            let first = ["0"].into_iter().chain(rest.copied()).collect::<Vec<_>>().join(".");
            return say!(
                "{whole} leads into a list of {count}, whose items are named by their places from 0, as {place}.{first}; or set {place} as a whole",
                whole,
                count = items.len(),
                place,
                first
            );
        }
        self.other_choice::<T>(before, fields).unwrap_or_else(|| {
            say!("{whole} has fields within a value that has none; set that value as a whole", whole)
        })
    }

    /// That the field belongs to another choice than the one that stands there, and how that is set.
    fn other_choice<T: DeserializeOwned>(&self, before: &Node, fields: usize) -> Option<Sentence> {
        let (above, inside) = (&self.path[..fields], &self.path[fields..]);
        let choices = known_choices::<T>(before, above);
        let fit = |choice: &&'static str| Some((*choice, self.fits::<T>(before, above, choice)?));
        let fitting: Vec<(&str, bool)> = choices.iter().filter_map(fit).collect();
        let (choice, is_whole) = fitting.iter().find(|(_, is_whole)| *is_whole).or(fitting.first())?;
        let more = if *is_whole { "" } else { ", …" };
        let (field, below) = inside.split_first()?;
        let value = below.iter().rev().fold(self.value.to_owned(), |value, field| format!("({field}: {value})"));
        let form = format!("({field}: {value}{more})");
        let having: Vec<&str> = fitting.iter().map(|(choice, _)| *choice).collect();
        let place = self.place(fields);
        Some(say!(
            "{whole} is a field of {having}, which {place} is not; set it as a whole, such as {place}={choice}{form}",
            whole = self.whole(),
            having = having.join(", "),
            place,
            choice,
            form
        ))
    }

    /// How many fields lead to the one of this name that is refused behind `leading`, where it is on the path: a
    /// refusal may leave out an item's place in its list.
    fn fields_to(&self, name: &str, leading: &[String]) -> Option<usize> {
        let leading: Vec<&str> = leading.iter().map(String::as_str).filter(|field| !field.starts_with('[')).collect();
        let is_place = |field: &&str| field.parse::<usize>().is_ok();
        let before = |end: usize| self.path[..end].iter().copied().filter(|field| !is_place(field)).collect::<Vec<_>>();
        (0..self.path.len()).find(|end| self.path[*end] == name && before(*end) == leading)
    }

    /// Whether the value would be read where `choice` stood at `above`, all by itself or beside fields that have to be
    /// given; `None` where it would not.
    fn fits<T: DeserializeOwned>(&self, before: &Node, above: &[&str], choice: &str) -> Option<bool> {
        let value = nested(Some(choice), &self.path[above.len()..], value_of(self.value).ok()?);
        let mut tree = before.clone();
        self.set(&mut tree, above, value).ok()?;
        match read::<T>(&tree) {
            Ok(_) => Some(true),
            Err(refusal) => matches!(refusal.trouble(), Trouble::Missing { .. }).then_some(false),
        }
    }

    /// What to say of a value that is none of its field.
    fn refused<T: DeserializeOwned>(&self, before: &Node, refusal: Refusal) -> Sentence {
        let Trouble::Field { name, known } = refusal.trouble() else { return refusal.inside(self.part, None).said() };
        let asked = self.fields_to(name, refusal.fields()).filter(|_| renamed::field(name, known).is_none());
        let Some(fields) = asked else { return refusal.inside(self.part, None).said() };
        if let Some(said) = self.other_choice::<T>(before, fields) {
            return said;
        }
        let place = self.place(fields);
        say!(
            "there is no field {name}{meant}; those of {place} are {known}",
            name = self.place(fields + 1),
            meant = nearest(name, known).map_or_else(Sentence::default, |near| meant(format!("{place}.{near}"))),
            known = known.join(", "),
            place
        )
    }
}

/// The value at the end of a path, as far as it is written.
fn at<'a>(node: &'a Node, path: &[&str]) -> Option<&'a Node> {
    let Some((field, path)) = path.split_first() else { return Some(node) };
    let inner = match &node.kind {
        Kind::List(items) => items.get(field.parse::<usize>().ok()?),
        Kind::Tuple(Some(name), items) if name == "Some" => return at(items.first()?, &[&[*field], path].concat()),
        _ => node.field(field),
    };
    at(inner?, path)
}

/// A value of one word, as a file writes it.
fn simple(node: &Node) -> Option<String> {
    match &node.kind {
        Kind::Word(word) | Kind::Number(word) => Some(word.clone()),
        Kind::Text(text) => Some(format!("{text:?}")),
        Kind::List(_) | Kind::Map(_) | Kind::Fields(..) | Kind::Tuple(..) => None,
    }
}

/// The choices that there are for the value at the end of a path; none where it is no choice.
fn known_choices<T: DeserializeOwned>(before: &Node, path: &[&str]) -> &'static [&'static str] {
    let mut tree = before.clone();
    let asked = Assignment { part: "", path, value: "" };
    let word = Node { at: None, kind: Kind::Word("NoSuchChoice".to_owned()) };
    if asked.set(&mut tree, path, word).is_err() {
        return &[];
    }
    match read::<T>(&tree).err().map(|refusal| refusal.trouble().clone()) {
        Some(Trouble::Choice { known }) => known,
        _ => &[],
    }
}

/// `value` inside fields of these names, the outermost behind the name of a choice.
fn nested(choice: Option<&str>, path: &[&str], value: Node) -> Node {
    let Some((field, path)) = path.split_first() else { return value };
    let value = nested(None, path, value);
    let fields = vec![Field { name: (*field).to_owned(), at: None, value }];
    Node { at: None, kind: Kind::Fields(choice.map(str::to_owned), fields) }
}
