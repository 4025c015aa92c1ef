//! The reference for programs: every field by its path, in the order in which a session is written.

use serde_json::{Value, json};

use super::shape::{Choice, Content, Field, Form, Inside, Shape};
use crate::session::bounds::BOUNDS;

/// A field at one of the places where it stands.
pub struct Row<'a> {
    /// Path of the field; `[]` stands for every item of a list.
    pub path: String,
    /// The choice that has it, where it is not a field of a group.
    pub choice: Option<&'a str>,
    /// The field.
    pub field: &'a Field,
}

/// Every field at every place where it stands.
pub fn rows(shape: &Shape) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    collect(shape, "", None, &shape.fields, &mut rows);
    rows
}

fn collect<'a>(shape: &'a Shape, above: &str, choice: Option<&'a str>, fields: &'a [Field], rows: &mut Vec<Row<'a>>) {
    for field in fields {
        let path = if above.is_empty() { field.name.clone() } else { format!("{above}.{}", field.name) };
        rows.push(Row { path: path.clone(), choice, field });
        within(shape, &path, &field.form, rows);
    }
}

/// The fields inside a value.
fn within<'a>(shape: &'a Shape, path: &str, form: &'a Form, rows: &mut Vec<Row<'a>>) {
    let inside = |choice: &'a Choice, rows: &mut Vec<Row<'a>>| match &choice.inside {
        Inside::Nothing => {}
        Inside::Value(form) => within(shape, path, form, rows),
        Inside::Fields(fields) => collect(shape, path, Some(&choice.name), fields, rows),
    };
    match form {
        Form::List(inner) => within(shape, &format!("{path}[]"), inner, rows),
        Form::Map(inner) | Form::Optional(inner) => within(shape, path, inner, rows),
        Form::Named(name) => match &shape.types[name].content {
            Content::Fields(fields) => collect(shape, path, None, fields, rows),
            Content::Choices(choices) => choices.iter().for_each(|choice| inside(choice, rows)),
            Content::Forms(forms) => forms.iter().for_each(|(form, _)| within(shape, path, form, rows)),
            Content::Plain(form) => within(shape, path, form, rows),
        },
        Form::Text | Form::Whole | Form::Number | Form::Truth => {}
    }
}

/// The range of the field at `path`, in words; empty where there is none.
pub fn range(path: &str) -> String {
    let bound = BOUNDS.iter().find(|bound| bound.path == path);
    bound.map_or_else(String::new, |bound| match bound.most {
        Some(most) => format!("{} to {most}", bound.least),
        None => format!("at least {}", bound.least),
    })
}

/// What a value is written as, in words; a type with a name as `named` says.
pub fn spelled(shape: &Shape, form: &Form, named: &dyn Fn(&str, &'static str) -> String) -> String {
    let inner = |form| spelled(shape, form, named);
    match form {
        Form::Text => "text".to_owned(),
        Form::Whole => "whole number".to_owned(),
        Form::Number => "number".to_owned(),
        Form::Truth => "true or false".to_owned(),
        Form::List(form) => format!("list of {}", inner(form)),
        Form::Map(form) => format!("map from text to {}", inner(form)),
        Form::Optional(form) => format!("optional {}", inner(form)),
        Form::Named(name) => match &shape.types[name].content {
            Content::Fields(_) => named(name, "group"),
            Content::Choices(_) => named(name, "choice"),
            Content::Forms(_) => named(name, "value"),
            Content::Plain(form) => named(name, plain(form)),
        },
    }
}

fn plain(form: &Form) -> &'static str {
    match form {
        Form::Text => "text",
        Form::Whole => "whole number",
        _ => "value",
    }
}

/// A choice as a session writes it.
pub fn choice_form(shape: &Shape, choice: &Choice) -> String {
    match &choice.inside {
        Inside::Nothing => choice.name.clone(),
        Inside::Value(form) => format!("{}({})", choice.name, sample(shape, form)),
        Inside::Fields(fields) => {
            let given = fields.iter().filter(|field| field.default.is_none()).map(|field| field.name.as_str());
            let given: Vec<String> = given.map(|name| format!("{name}: …")).collect();
            format!("{}({})", choice.name, given.join(", "))
        }
    }
}

fn sample(shape: &Shape, form: &Form) -> String {
    match form {
        Form::Text => "\"…\"".to_owned(),
        Form::Whole => "0".to_owned(),
        Form::List(inner) => format!("[{}]", sample(shape, inner)),
        Form::Map(inner) => format!("{{\"…\": {}}}", sample(shape, inner)),
        Form::Named(name) => match &shape.types[name].content {
            Content::Choices(choices) => choices.first().map_or_else(String::new, |choice| choice_form(shape, choice)),
            Content::Forms(forms) => forms.first().map_or_else(String::new, |(form, _)| sample(shape, form)),
            Content::Plain(form) => sample(shape, form),
            Content::Fields(_) => "(…)".to_owned(),
        },
        Form::Number | Form::Truth | Form::Optional(_) => "…".to_owned(),
    }
}

/// The reference as one JSON array.
pub fn written(shape: &Shape) -> String {
    let rows: Vec<String> = rows(shape).iter().map(|row| format!("  {}", row_of(shape, row))).collect();
    format!("[\n{}\n]\n", rows.join(",\n"))
}

fn row_of(shape: &Shape, Row { path, choice, field }: &Row) -> Value {
    let form = spelled(shape, &field.form, &|_, kind| kind.to_owned());
    let mut row = json!({ "path": path, "type": form, "help": field.help });
    let range = Some(range(path)).filter(|range| !range.is_empty());
    let more = [("within", choice.map(str::to_owned)), ("default", field.default.clone()), ("range", range)];
    for (name, value) in more {
        value.into_iter().for_each(|value| row[name] = value.into());
    }
    if let Some(Content::Choices(choices)) = field.form.named().map(|name| &shape.types[name].content) {
        row["choices"] = choices.iter().map(|choice| choice_of(shape, field, choice)).collect();
    }
    row
}

fn choice_of(shape: &Shape, field: &Field, choice: &Choice) -> Value {
    let default = field.default.as_deref() == Some(choice.name.as_str());
    json!({ "id": choice.name, "written": choice_form(shape, choice), "default": default, "help": choice.help })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::headless::session_reference::shape;
    use crate::session::{SESSION_VERSION, Session, file};

    /// A session that gives what must be given and nothing more.
    fn smallest() -> Session {
        let parts = r#"data: (source: BuiltIn("posts")), student: (source: BuiltIn("posts-student")), recipe: (),
            teachers: [(source: BuiltIn("posts-teacher"))], prompt: (teacher: (template: "{text} {answer}"))"#;
        file::parse(&format!("(version: {SESSION_VERSION}, {parts})"), Path::new("")).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn a_field_that_is_given_its_default_is_as_if_it_were_left_out() {
        let shape = shape::of_session();
        let rows = rows(&shape);
        let parts = ["data.", "teachers[].", "student.", "prompt.", "recipe."];
        let direct =
            |path: &str| parts.iter().any(|part| path.strip_prefix(part).is_some_and(|name| !name.contains('.')));
        let mut looked_at = 0;
        for Row { path, field, .. } in rows.iter().filter(|row| direct(&row.path)) {
            let Some(default) = &field.default else { continue };
            let mut session = smallest();
            let said = session.assign(&path.replace("[]", ".0"), default);
            assert_eq!((said, session), (Ok(()), smallest()), "{path}: {default}");
            looked_at += 1;
        }
        assert!(looked_at > 25, "only {looked_at} defaults");
    }

    #[test]
    fn every_field_and_choice_has_help_and_every_range_a_field() {
        let shape = shape::of_session();
        let rows = rows(&shape);
        assert!(rows.iter().all(|row| !row.field.help.is_empty()));
        for (name, known) in &shape.types {
            let Content::Choices(choices) = &known.content else { continue };
            assert!(choices.iter().all(|choice| !choice.help.is_empty()), "{name}");
        }
        for bound in &BOUNDS {
            assert!(rows.iter().any(|row| row.path == bound.path), "there is no field {}", bound.path);
        }
    }
}
