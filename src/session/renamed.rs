//! What the fields of older sessions are called today, for whoever writes an old name where the new one belongs.
//! Not here: the steps that read an old session, see [`super::migration`].

/// What today's version calls the fields that had other names before it. A path that goes on behind the old name goes on behind the new one.
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

/// The pair that was a group of its own, and what became of it.
const PAIR: (&str, &str) = ("models", "teachers and student");

/// What a path of before is today; `None` of one that was never another's.
pub fn path(name: &str) -> Option<String> {
    RENAMED.iter().find_map(|(old, new)| {
        let rest = name.strip_prefix(old)?;
        (rest.is_empty() || rest.starts_with('.')).then(|| format!("{new}{rest}"))
    })
}

/// What a field of before is called where these are the fields: `losses` is `terms` among those of a recipe.
pub fn field(name: &str, fields: &[&str]) -> Option<&'static str> {
    let here = |new: &str| new.split('.').next().is_some_and(|first| fields.contains(&first));
    let renamed = RENAMED.iter().filter_map(|(old, new)| {
        let (group, last) = old.rsplit_once('.')?;
        let new = new.strip_prefix(group)?.strip_prefix('.')?;
        (last == name && here(new)).then_some(new)
    });
    let pair =
        Some(PAIR.1).filter(|_| name == PAIR.0 && ["teachers", "student"].iter().all(|new| fields.contains(new)));
    pair.or_else(|| renamed.into_iter().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_field_is_known_among_those_it_stood_with() {
        assert_eq!(field("losses", &["terms", "steps"]), Some("terms"));
        assert_eq!(field("start", &["source", "init"]), Some("init"));
        assert_eq!(field("template", &["teacher", "student"]), Some("teacher.template"));
        assert_eq!(field("models", &["teachers", "student", "data"]), Some("teachers and student"));
        for (name, fields) in [("losses", &["init"][..]), ("template", &["steps"]), ("models", &["source"]), ("", &[])]
        {
            assert_eq!(field(name, fields), None, "{name}");
        }
    }
}
