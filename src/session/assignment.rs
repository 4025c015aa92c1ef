//! `name=value`: one value of a session set from outside its file, by the path of its field or the id of a knob.
//! The value is written as in a file, so that whatever a file can say of a field can be said here.

use serde::Serialize;

use super::assigned_field::put;
use super::near::{meant, nearest};
use super::ron_tree::{self, Kind};
use super::{Sentence, Session, Source, renamed, say};

/// The parts of a session that can be set from outside.
const PARTS: [&str; 6] = ["data", "teachers", "teacher", "student", "prompt", "recipe"];

/// Fields of a session that say what it is, and not what is run.
const NOT_FROM_OUTSIDE: [&str; 8] = ["version", "name", "models", "script", "probes", "run", "view", "stages"];

impl Session {
    /// Sets what `name` names: a field under `data`, `teachers`, `teacher` (the one there is), `student`, `prompt`
    /// or `recipe`, by its path, or a knob at step 0. Whether the knob exists is not looked at.
    ///
    /// # Errors
    /// A sentence with the name, what is wrong and what would be right; nothing is set then.
    pub fn assign(&mut self, name: &str, value: &str) -> Result<(), Sentence> {
        if let Some(new) = renamed::path(name) {
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
            path => self.assign_knob(name, path, value),
        }
    }

    /// The same, with the value also as tables show it: texts without their quotation marks.
    ///
    /// # Errors
    /// As [`Self::assign`].
    pub fn assign_as_shown(&mut self, name: &str, value: &str) -> Result<(), Sentence> {
        let refused = match self.assign(name, value) {
            Ok(()) => return Ok(()),
            Err(refused) => refused,
        };
        self.assign(name, &with_quotation_marks(value)).map_err(|_| refused)
    }

    /// Sets a knob; a name that is more like a field's is answered with that.
    fn assign_knob(&mut self, name: &str, path: &[&str], value: &str) -> Result<(), Sentence> {
        let like = self.field_like(path);
        if like.is_some() || path.len() == 1 {
            return Err(say!(
                "there is no field and no knob {name}{meant}; what can be set is under data, teachers, student, prompt and recipe, and every knob by its id",
                name,
                meant = like.map_or_else(Sentence::default, meant)
            ));
        }
        if value.is_empty() {
            return Err(say!("{name} is given no value; write a number behind the =", name));
        }
        let number = value
            .parse()
            .map_err(|_| say!("{name} takes a number, not {value}", name, value = format_args!("{value:?}")))?;
        self.set_knob(name, number);
        Ok(())
    }

    /// The path of a field that was most likely meant by one that begins with none of the parts: another part, or
    /// none before the name of a field.
    fn field_like(&self, path: &[&str]) -> Option<String> {
        let (first, rest) = path.split_first()?;
        if let Some(part) = nearest(first, &PARTS) {
            return Some([&[part], rest].concat().join("."));
        }
        let fields: Vec<String> = if rest.is_empty() { self.paths() } else { Vec::new() };
        let lasts: Vec<&str> = fields.iter().filter_map(|path| path.rsplit('.').next()).collect();
        let near = nearest(first, &lasts)?;
        fields.iter().find(|path| path.ends_with(&format!(".{near}"))).cloned()
    }

    /// The paths of the fields that can be set, as far as they are written of this session.
    fn paths(&self) -> Vec<String> {
        fn of(part: &str, value: &impl Serialize) -> Vec<String> {
            let tree = ron::to_string(value).ok().and_then(|text| ron_tree::parse(&text).ok());
            let fields = tree.map_or_else(Vec::new, |tree| match tree.kind {
                Kind::Fields(_, fields) => fields,
                _ => Vec::new(),
            });
            fields.iter().map(|field| format!("{part}.{}", field.name)).collect()
        }
        let teacher = self.teacher().map_or_else(Vec::new, |teacher| of("teacher", teacher));
        [
            of("recipe", &self.recipe),
            of("data", &self.data),
            of("prompt", &self.prompt),
            of("student", &self.student),
            teacher,
        ]
        .concat()
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

/// A text, a list of such, or a choice with one, as a file has it.
fn with_quotation_marks(value: &str) -> String {
    let within = |start: char, end: char| {
        value.split_once(start).zip(value.strip_suffix(end)).map(|((name, rest), _)| (name, &rest[..rest.len() - 1]))
    };
    match (within('[', ']'), within('(', ')')) {
        (Some(("", items)), _) => {
            let items: Vec<String> = items.split(',').map(|item| format!("{:?}", item.trim())).collect();
            format!("[{}]", items.join(", "))
        }
        (_, Some((name, text))) if !name.is_empty() && name.chars().all(char::is_alphanumeric) => {
            format!("{name}({text:?})")
        }
        _ => format!("{value:?}"),
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
    fn what_a_table_shows_of_a_setting_can_be_set_again() {
        let built_in = Session::built_in().unwrap();
        for (name, value) in built_in.settings() {
            // A choice with fields of its own stands in the table as its name and its fields.
            let whole = built_in.settings().keys().all(|other| !other.starts_with(&format!("{name}.")));
            let mut session = built_in.clone();
            if whole {
                session.assign_as_shown(&name, &value).unwrap_or_else(|e| panic!("{name} = {value}: {e}"));
                assert_eq!(session, built_in, "{name} = {value}");
            }
        }
        let mut session = built_in.clone();
        session.assign_as_shown("recipe.terms", "[hard_labels]").unwrap();
        session.assign_as_shown("prompt.teacher.template", "{text}: {answer}").unwrap();
        assert_eq!(
            (session.recipe.terms, session.prompt.teacher.template.as_str()),
            (vec!["hard_labels".into()], "{text}: {answer}")
        );
        let said = |session: &mut Session, way: fn(&mut Session, &str, &str) -> Result<(), Sentence>| {
            way(session, "recipe.seed", "many").unwrap_err().to_string()
        };
        let mut other = built_in.clone();
        assert_eq!(said(&mut other, Session::assign_as_shown), said(&mut other, Session::assign));
        assert_eq!(other, built_in);
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
    fn an_item_of_a_list_is_reached_by_its_place() {
        let named = after(&[("teachers.0.max_tokens", "32"), ("recipe.terms.1", "\"next_token\"")]);
        assert_eq!(named.teachers[0].max_tokens, 32);
        assert_eq!(named.recipe.terms, ["soft_targets", "next_token"]);
    }

    #[test]
    fn what_cannot_be_set_is_answered_with_what_would_be_right() {
        for (name, value, said) in [
            ("recipe.seed", "1.5", "recipe.seed: the number 1.5 stands where a whole number belongs"),
            ("recipe.steps", "-3", "recipe.steps: the number -3 stands where a whole number of at least 1 belongs"),
            ("recipe.steps", "99999999999999999999", "a whole number of at most 18446744073709551615 belongs"),
            (
                "recipe.seeds",
                "1",
                "there is no field recipe.seeds (did you mean \"recipe.seed\"?); those of recipe are task, teacher_rows, terms, ",
            ),
            ("data.splitseed", "1", "there is no field data.splitseed (did you mean \"data.split_seed\"?)"),
            ("data.color", "1", "there is no field data.color; those of data are source, "),
            (
                "prompt.teacher.templates",
                "\"\"",
                "(did you mean \"prompt.teacher.template\"?); those of prompt.teacher are",
            ),
            ("teachers.0.sorce", "1", "there is no field teachers.0.sorce (did you mean \"teachers.0.source\"?)"),
            ("recipe.device", "abacus", "`abacus` is none of `Cpu`"),
            ("recipe.optimizer", "adamw", "is none of `Sgd`, `Adam`, `AdamW` (did you mean \"AdamW\"?)"),
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

    #[test]
    fn a_field_of_another_choice_is_answered_with_the_whole_value() {
        for (name, value, said) in [
            (
                "student.init.map",
                "EveryOther",
                "student.init.map is a field of Layers, which student.init is not; set it as a whole, such as student.init=Layers(map: EveryOther)",
            ),
            ("student.init.of", "BuiltIn(\"a\")", "such as student.init=Layers(of: BuiltIn(\"a\"), …)"),
            (
                "student.source.repo",
                "\"a/b\"",
                "is a field of Hub, which student.source is not; set it as a whole, such as student.source=Hub(repo: \"a/b\")",
            ),
            ("teachers.0.source.url", "\"http://x\"", "such as teachers.0.source=Server(url: \"http://x\", …)"),
        ] {
            let answer = refusal(name, value);
            assert!(answer.contains(said), "{name}={value}: {answer}");
        }
        let mut session = after(&[("student.source", "Hub(repo: \"a/b\")")]);
        let said = session.assign("student.source.model", "\"m\"").unwrap_err();
        assert!(said.contains("is a field of Server, which student.source is not"), "{said}");
    }

    #[test]
    fn an_empty_value_a_list_and_a_name_of_nothing_are_answered_with_what_to_write() {
        for (name, value, said) in [
            (
                "recipe.steps",
                "",
                "recipe.steps is given no value; write one behind the =, such as recipe.steps=1500, which it is now",
            ),
            ("recipe.terms", "", "recipe.terms is given no value; write one behind the ="),
            ("student.init", "", "such as student.init=Fresh"),
            ("mixture.alpha", "", "mixture.alpha is given no value; write a number"),
            (
                "teachers.source",
                "BuiltIn(\"a\")",
                "teachers.source leads into a list of 1, whose items are named by their places from 0, as teachers.0.source",
            ),
            ("teachers.4.source", "BuiltIn(\"a\")", "as teachers.0.source; or set teachers as a whole"),
            ("recipe.terms.x", "\"a\"", "as recipe.terms.0"),
            (
                "steps",
                "3",
                "there is no field and no knob steps (did you mean \"recipe.steps\"?); what can be set is under data",
            ),
            ("split_seed", "3", "(did you mean \"data.split_seed\"?)"),
            ("max_token", "3", "(did you mean \"student.max_tokens\"?)"),
            ("recpe.steps", "3", "(did you mean \"recipe.steps\"?)"),
            ("Data.limit", "3", "(did you mean \"data.limit\"?)"),
            ("zebra", "3", "there is no field and no knob zebra; what can be set"),
        ] {
            let answer = refusal(name, value);
            assert!(answer.contains(said), "{name}={value}: {answer}");
        }
    }
}
