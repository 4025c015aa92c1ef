//! `name=value`: one value of a session set from outside its file, by the path of its field or the id of a knob.
//! The value is written as in a file, so that whatever a file can say of a field can be said here.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::from_tree::read;
use super::refusal::Refusal;
use super::ron_tree::{self, Kind, Node};
use super::{Say, Sentence, Session, Source, say};

/// What today's version calls the fields that had other names before it. A path that goes on behind the old name goes
/// on behind the new one.
const RENAMED: [(&str, &str); 18] = [
    ("models.teacher.start", "teacher.init"),
    ("models.teacher.layers", "teacher.init"),
    ("models.student.start", "student.init"),
    ("models.student.layers", "student.init"),
    ("models.teacher", "teacher"),
    ("models.student", "student"),
    ("student.start", "student.init"),
    ("student.layers", "student.init"),
    ("teacher.start", "teacher.init"),
    ("teacher.layers", "teacher.init"),
    ("recipe.losses", "recipe.terms"),
    ("prompt.template", "prompt.teacher.template"),
    ("prompt.variants", "prompt.teacher.variants"),
    ("data.source.path", "data.source.train"),
    ("data.source.text", "data.source.roles.text"),
    ("data.source.label", "data.source.roles.label"),
    ("data.source.header", "data.source.format"),
    ("data.source.separator", "data.source.format"),
];

/// Fields of a session that say what it is, and not what is run.
const NOT_FROM_OUTSIDE: [&str; 8] = ["version", "name", "models", "script", "probes", "run", "view", "stages"];

impl Session {
    /// Sets what `name` names: a field under `data`, `teachers`, `teacher` (the one there is), `student`, `prompt`
    /// or `recipe`, by its path, or a knob at step 0. Whether the knob exists is not looked at.
    ///
    /// # Errors
    /// A sentence with the name, what is wrong and what would be right; nothing is set then.
    pub fn assign(&mut self, name: &str, value: &str) -> Result<(), Sentence> {
        if let Some(new) = renamed(name) {
            return Err(say!("{name} is called {new} in today's sessions; set that", name, new));
        }
        let path: Vec<&str> = name.split('.').collect();
        match path.as_slice() {
            ["data", path @ ..] => put(&mut self.data, "data", path, value),
            ["teachers", path @ ..] => put(&mut self.teachers, "teachers", path, value),
            ["teacher", "token_limit"] => self.limit_tokens(value),
            ["teacher", path @ ..] => match self.teacher_mut() {
                Some(teacher) => put(teacher, "teacher", path, value),
                None => Err(say!("{name} is of a teacher and the session has none; name one under teachers", name)),
            },
            ["student", path @ ..] => put(&mut self.student, "student", path, value),
            ["prompt", path @ ..] => put(&mut self.prompt, "prompt", path, value),
            ["recipe", path @ ..] => put(&mut self.recipe, "recipe", path, value),
            [field, ..] if NOT_FROM_OUTSIDE.contains(field) => Err(say!(
                "{name} cannot be set from outside; what can be set is under data, teachers, student, prompt and recipe, and every knob by its id",
                name
            )),
            _ => {
                let number = value
                    .parse()
                    .map_err(|_| say!("{name} takes a number, not {value}", name, value = format_args!("{value:?}")))?;
                self.set_knob(name, number);
                Ok(())
            }
        }
    }

    fn limit_tokens(&mut self, value: &str) -> Result<(), Sentence> {
        match self.teacher_mut().map(|teacher| &mut teacher.source) {
            Some(Source::Server { token_limit, .. }) => {
                let most: u64 = value.parse().map_err(|_| {
                    say!("teacher.token_limit takes a whole number, not {value}", value = format_args!("{value:?}"))
                })?;
                *token_limit = Some(most);
                Ok(())
            }
            _ => Err(say!("teacher.token_limit is for a teacher behind a server; this session has none")),
        }
    }
}

fn renamed(name: &str) -> Option<String> {
    RENAMED.iter().find_map(|(old, new)| {
        let rest = name.strip_prefix(old)?;
        (rest.is_empty() || rest.starts_with('.')).then(|| format!("{new}{rest}"))
    })
}

/// Sets the value at `path` within the part of a session that is called `name`.
fn put<T: Serialize + DeserializeOwned>(part: &mut T, name: &str, path: &[&str], value: &str) -> Result<(), Sentence> {
    let whole = std::iter::once(name).chain(path.iter().copied()).collect::<Vec<_>>().join(".");
    let value = value_of(value).map_err(|reason| {
        say!("{whole} takes what a session's file would say there, a text in quotation marks: {reason}", whole, reason)
    })?;
    let refused = |refusal: Refusal| refusal.inside(name, None).said();
    let text = ron::to_string(part).map_err(|e| e.said())?;
    let mut tree = ron_tree::parse(&text).map_err(refused)?;
    set(&mut tree, path, value, &whole)?;
    *part = read(&tree).map_err(refused)?;
    Ok(())
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

fn set(node: &mut Node, path: &[&str], value: Node, whole: &str) -> Result<(), Sentence> {
    let Some((field, path)) = path.split_first() else {
        *node = value;
        return Ok(());
    };
    let empty = || Node { at: None, kind: Kind::Fields(None, Vec::new()) };
    *node = std::mem::replace(node, empty()).optional().unwrap_or_else(empty);
    // Fields at their default may not be written.
    node.add(field, empty());
    match node.field_mut(field) {
        Some(inner) => set(inner, path, value, whole),
        None => Err(say!("{whole} has fields within a value that has none; set that value as a whole", whole)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Device, Init, Keep, LayerMap, Metric, OptimizerKind, Wording};

    fn after(assignments: &[(&str, &str)]) -> Session {
        let mut session = Session::built_in().unwrap();
        assignments.iter().for_each(|(name, value)| session.assign(name, value).unwrap());
        session
    }

    fn refusal(name: &str, value: &str) -> String {
        let mut session = Session::built_in().unwrap();
        let said = session.assign(name, value).unwrap_err().to_string();
        assert_eq!(session, Session::built_in().unwrap(), "{name}");
        said
    }

    #[test]
    fn every_field_is_reached_by_its_path_and_nothing_else_changes() {
        type Change = fn(&mut Session);
        let cases: [(&str, &str, Change); 14] = [
            ("recipe.seed", "8", |s| s.recipe.seed = 8),
            ("recipe.steps", "1e3", |s| s.recipe.steps = 1000),
            ("recipe.device", "Cuda(1)", |s| s.recipe.device = Device::Cuda(1)),
            ("recipe.optimizer", "Sgd", |s| s.recipe.optimizer = OptimizerKind::Sgd),
            ("recipe.keep", "Best(Kl)", |s| s.recipe.keep = Keep::Best(Metric::Kl)),
            ("recipe.terms", "[\"hard_labels\"]", |s| s.recipe.terms = vec!["hard_labels".into()]),
            ("data.labelled", "40", |s| s.data.labelled = Some(40)),
            ("data.validation", "0.25", |s| s.data.validation = 0.25),
            ("teachers", "[]", |s| s.teachers.clear()),
            ("teacher.max_tokens", "32", |s| s.teachers[0].max_tokens = 32),
            ("student.source", "Folder(\"a\")", |s| s.student.source = Source::Folder("a".into())),
            ("student.init", "Layers(map: EveryOther)", |s| s.student.init = Init::layers(LayerMap::EveryOther)),
            ("prompt.teacher.template", "\"{text}: {answer}\"", |s| {
                s.prompt.teacher.template = "{text}: {answer}".into()
            }),
            ("prompt.student.template", "\"{text} {answer}\"", |s| {
                s.prompt.student = Some(Wording { template: "{text} {answer}".into(), variants: Vec::new() });
            }),
        ];
        for (name, value, change) in cases {
            let mut wanted = Session::built_in().unwrap();
            change(&mut wanted);
            assert_eq!(after(&[(name, value)]), wanted, "{name}={value}");
        }
        assert_eq!(after(&[("mixture.alpha", "0.5")]).knobs["mixture.alpha"].to_bits(), 0.5f64.to_bits());
    }

    #[test]
    fn an_old_name_is_answered_with_the_new_one() {
        for (old, new) in [
            ("models.student.source", "student.source"),
            ("models.student.start", "student.init"),
            ("models.teacher.max_tokens", "teacher.max_tokens"),
            ("models.student.layers.map", "student.init.map"),
            ("student.start", "student.init"),
            ("teacher.layers", "teacher.init"),
            ("recipe.losses", "recipe.terms"),
            ("prompt.template", "prompt.teacher.template"),
            ("prompt.variants", "prompt.teacher.variants"),
        ] {
            let said = refusal(old, "1");
            assert_eq!(said, format!("{old} is called {new} in today's sessions; set that"));
        }
    }

    #[test]
    fn what_cannot_be_set_is_answered_with_what_would_be_right() {
        for (name, value, said) in [
            ("recipe.seed", "1.5", "recipe.seed: the number 1.5 stands where a whole number belongs"),
            ("recipe.seeds", "1", "recipe: there is no field `seeds` here; the fields are `terms`"),
            ("recipe.device", "abacus", "`abacus` is none of `Cpu`"),
            ("recipe.seed.low", "1", "recipe.seed.low has fields within a value that has none"),
            ("student.source", "posts-student", "a text in quotation marks"),
            ("prompt.teacher.template", "{text} {answer}", "prompt.teacher.template takes what a session's file"),
            ("mixture.alpha", "much", "mixture.alpha takes a number, not \"much\""),
            ("teacher.token_limit", "5", "teacher behind a server"),
            ("version", "4", "version cannot be set from outside; what can be set is under data"),
            ("script", "[]", "script cannot be set from outside"),
            ("models", "1", "models cannot be set from outside"),
        ] {
            let answer = refusal(name, value);
            assert!(answer.contains(said), "{name}={value}: {answer}");
        }
        let mut alone = Session::built_in().unwrap();
        alone.set_teacher(None);
        let said = alone.assign("teacher.max_tokens", "5").unwrap_err();
        assert!(said.contains("has none; name one under teachers"), "{said}");
    }
}
