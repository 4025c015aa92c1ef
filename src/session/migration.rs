//! Sessions of older versions, made into today's. One step a version; a session passes through all
//! steps behind its own, wherever it lies: in a `.ron` file, in a run's journal, in a checkpoint. The
//! steps work on the tree, so that they can read what today's types have no place for.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::from_tree::read;
use super::refusal::Refusal;
use super::ron_tree::{Field, Kind, Node};
use super::{SESSION_VERSION, Session, say, to_version_3, to_version_4};

/// What makes a session of one version into one of the next.
type Step = fn(&mut Node) -> Result<(), Refusal>;

/// The step at place `n` starts from version `n + 1`.
const STEPS: [Step; SESSION_VERSION as usize - 1] =
    [split_by_the_seed_of_the_run, to_version_3::session, to_version_4::session, only_grown, only_grown];

/// Versions 5 and 6 say nothing otherwise than the ones before did; they say more.
fn only_grown(_: &mut Node) -> Result<(), Refusal> {
    Ok(())
}

/// The recipe's seed where version 1 named none.
const SEED_OF_VERSION_1: &str = "7";

/// Version 1 drew the parts by the recipe's seed.
fn split_by_the_seed_of_the_run(session: &mut Node) -> Result<(), Refusal> {
    let seed = session.field("recipe").and_then(|recipe| recipe.field("seed")).map(|seed| seed.kind.clone());
    let seed = seed.unwrap_or_else(|| Kind::Number(SEED_OF_VERSION_1.to_owned()));
    if let (Some(data), Kind::Number(_)) = (session.field_mut("data"), &seed) {
        data.add("split_seed", Node { at: None, kind: seed });
    }
    Ok(())
}

/// Language and colours stood in the view once. They are left out in every version: leaving them out
/// changes no shape, so an older program reads on what this one writes.
fn leave_out_what_is_the_persons(session: &mut Node) {
    if let Some(view) = session.field_mut("view") {
        view.take("language");
        view.take("theme");
    }
}

/// A pinned text was a text alone before version 6, and may be written so in every version.
fn give_pinned_texts_their_field(session: &mut Node) {
    let Some(probes) = session.field_mut("probes") else { return };
    if let Kind::Text(_) = probes.kind {
        *probes = Node { at: probes.at, kind: Kind::List(vec![probes.clone()]) };
    }
    if let Kind::List(texts) = &mut probes.kind {
        for text in texts.iter_mut().filter(|text| matches!(text.kind, Kind::Text(_))) {
            let field = Field { name: "text".to_owned(), at: text.at, value: text.clone() };
            text.kind = Kind::Fields(None, vec![field]);
        }
    }
}

/// Why a session is none that this program reads.
#[derive(Debug)]
pub enum Unread {
    /// A later program wrote it.
    Newer(u32),
    /// It says what no session says.
    Refused(Refusal),
}

impl From<Refusal> for Unread {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The version a tree says it has, whatever else it holds.
///
/// # Errors
/// [`Unread::Refused`] without a version, [`Unread::Newer`] above `newest`.
pub fn version(tree: &Node, newest: u32) -> Result<u32, Unread> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    match read::<Versioned>(tree)?.version {
        0 => Err(Unread::Refused(say!("there is no version 0; the first is 1").into())),
        version if version > newest => Err(Unread::Newer(version)),
        version => Ok(version),
    }
}

/// The session that a tree of any version describes.
///
/// # Errors
/// [`Unread`].
pub fn session(mut tree: Node) -> Result<Session, Unread> {
    let version = version(&tree, SESSION_VERSION)?;
    for step in STEPS.iter().skip(version as usize - 1) {
        step(&mut tree).map_err(|refusal| refusal.near(tree.at))?;
    }
    leave_out_what_is_the_persons(&mut tree);
    give_pinned_texts_their_field(&mut tree);
    // The derived reading, which knows one version only, stands beside the trait's.
    let session = Session::deserialize(&tree).map_err(|refusal| refusal.near(tree.at))?;
    Ok(Session { version: SESSION_VERSION, ..session })
}

impl<'de> Deserialize<'de> for Session {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        session(Node::deserialize(deserializer)?).map_err(|unread| match unread {
            Unread::Newer(found) => de::Error::custom(format!(
                "the session in it has version {found}, this program reads up to {SESSION_VERSION}; update retort"
            )),
            Unread::Refused(refusal) => de::Error::custom(refusal),
        })
    }
}

impl Serialize for Session {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}
