//! From version 2 to 3. A pair of models became a list of teachers and a student; what a model starts from, said
//! in two fields of which one silenced the other, became one; the prompt says by whom it is read; and a recipe's
//! losses are the terms of what it minimises.
//!
//! What is moved is looked at first by the names that it has in the file, so that a mistake is answered in the
//! file's own words. Label words need no change: a text alone is read as a list of one.

use serde::Deserialize;
use serde::de::{Error as _, IgnoredAny};

use super::from_tree::read;
use super::refusal::Refusal;
use super::ron_tree::{Field, Kind, Node};

/// What it takes to say a session of version 2 in version 3.
///
/// # Errors
/// [`Refusal`] where what is to be moved was none of version 2.
pub fn session(session: &mut Node) -> Result<(), Refusal> {
    let models = session.take("models").ok_or_else(|| Refusal::missing_field("models"))?;
    let at = models.at;
    let (teachers, student) = pair(models).map_err(|refusal| refusal.inside("models", at))?;
    session.add("teachers", teachers);
    session.add("student", student);
    if let Some(prompt) = session.field_mut("prompt") {
        let at = prompt.at;
        prompts(prompt).map_err(|refusal| refusal.inside("prompt", at))?;
    }
    if let Some(recipe) = session.field_mut("recipe") {
        recipe.rename("losses", "terms");
    }
    Ok(())
}

/// Teachers and student by themselves, as a record holds them: as version 3 says them, whichever version wrote them.
/// Before it there was no list of teachers.
///
/// # Errors
/// As [`session`].
pub fn models(models: Node) -> Result<Node, Refusal> {
    if models.field("teachers").is_some() {
        return Ok(models);
    }
    let mut today = Node { at: models.at, kind: Kind::Fields(None, Vec::new()) };
    let (teachers, student) = pair(models)?;
    today.add("teachers", teachers);
    today.add("student", student);
    Ok(today)
}

/// Teachers and student as version 3 says them, of the pair as version 2 did, in the form of the session they
/// stand in.
///
/// # Errors
/// As [`session`].
fn pair(mut models: Node) -> Result<(Node, Node), Refusal> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the names are looked at")]
    struct Models {
        #[serde(default)]
        teacher: IgnoredAny,
        student: IgnoredAny,
    }
    read::<Models>(&models)?;
    let moved = |name: &str, choice: Node| {
        let at = choice.at;
        choice_of(choice).map_err(|refusal| refusal.inside(name, at))
    };
    let at = models.at;
    let teacher = models.take("teacher").and_then(Node::optional);
    let teacher = teacher.map(|teacher| moved("teacher", teacher)).transpose()?;
    let student = models.take("student").ok_or_else(|| Refusal::missing_field("student"))?;
    Ok((Node { at, kind: Kind::List(teacher.into_iter().collect()) }, moved("student", student)?))
}

/// `start` was not read where `layers` were given; both are `init` now.
fn choice_of(mut choice: Node) -> Result<Node, Refusal> {
    #[derive(Deserialize)]
    enum Start {
        Stored,
        Fresh,
    }
    let start = choice.take("start");
    if let Some(start) = &start {
        read::<Start>(start).map_err(|refusal| refusal.inside("start", start.at))?;
    }
    let layers = choice.take("layers").and_then(Node::optional).map(layers);
    if let Some(init) = layers.or(start) {
        choice.add("init", init);
    }
    Ok(choice)
}

/// The group of fields as the variant of that name.
fn layers(layers: Node) -> Node {
    let at = layers.at;
    let kind = match layers.kind {
        Kind::Fields(name, fields) if name.as_deref().is_none_or(|name| name == LAYERS) => {
            Kind::Fields(Some(LAYERS.to_owned()), fields)
        }
        kind => Kind::Map(vec![(Node { at, kind: Kind::Text(LAYERS.to_owned()) }, Node { at, kind })]),
    };
    Node { at, kind }
}

const LAYERS: &str = "Layers";

/// Template and variants became the teacher's wording.
fn prompts(prompt: &mut Node) -> Result<(), Refusal> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the names are looked at")]
    struct Prompt {
        template: IgnoredAny,
        #[serde(default)]
        variants: IgnoredAny,
        #[serde(default)]
        label_words: IgnoredAny,
        #[serde(default)]
        scoring: IgnoredAny,
        #[serde(default)]
        chat: IgnoredAny,
    }
    read::<Prompt>(prompt)?;
    let worded = |name: &str, value: Node| Field { name: name.to_owned(), at: value.at, value };
    let fields = ["template", "variants"].map(|name| prompt.take(name).map(|value| worded(name, value)));
    let wording = Node { at: prompt.at, kind: Kind::Fields(None, fields.into_iter().flatten().collect()) };
    prompt.add("teacher", wording);
    // A file may name the type, which is another one now.
    if let Kind::Fields(name, _) = &mut prompt.kind {
        *name = None;
    }
    Ok(())
}
