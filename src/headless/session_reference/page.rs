//! The reference for people: a page with a section for every part of a session.

use std::collections::BTreeMap;

use super::examples::{EXAMPLES, INTRODUCTION};
use super::shape::{Choice, Content, Field, Form, Inside, Shape};
use super::table::{choice_form, range, rows, spelled};
use crate::engine;
use crate::session::{BUILT_IN, Knob};

/// The page.
pub fn written(shape: &Shape) -> String {
    let page = Page { shape, sections: sections(shape) };
    let mut text = INTRODUCTION.replace("{session}", BUILT_IN.trim_end());
    text += &page.table("", &shape.fields);
    for field in shape.fields.iter().filter(|field| has_section(field)) {
        text += &page.section(field);
    }
    text
}

/// Whether a field of the session has more to it than a line of the table.
fn has_section(field: &Field) -> bool {
    field.form.named().is_some() || field.name == "knobs"
}

/// Where each type with a name is described: the heading, and the path of the first value of that type.
fn sections(shape: &Shape) -> BTreeMap<&str, (String, String)> {
    let mut sections = BTreeMap::new();
    let mut rows = rows(shape);
    // The place that a reader comes to first is the one with the fewest fields before it.
    rows.sort_by_key(|row| row.path.matches('.').count());
    for row in rows {
        for name in types_in(shape, &row.field.form) {
            let heading = if row.path.contains(['.', '[']) { name.to_owned() } else { row.path.clone() };
            let path = format!("{}{}", row.path, if matches!(row.field.form, Form::List(_)) { "[]" } else { "" });
            sections.entry(name).or_insert((heading, path));
        }
    }
    sections
}

/// The type with a name that a form holds, and those that its choices hold as a value.
fn types_in<'a>(shape: &'a Shape, form: &'a Form) -> Vec<&'a str> {
    let Some(name) = form.named() else { return Vec::new() };
    let value = |choice: &'a Choice| match &choice.inside {
        Inside::Value(form) => types_in(shape, form),
        Inside::Nothing | Inside::Fields(_) => Vec::new(),
    };
    let inner: Vec<&str> = match &shape.types[name].content {
        Content::Choices(choices) => choices.iter().flat_map(value).collect(),
        Content::Forms(forms) => forms.iter().flat_map(|(form, _)| types_in(shape, form)).collect(),
        Content::Fields(_) | Content::Plain(_) => Vec::new(),
    };
    [&[name], &inner[..]].concat()
}

struct Page<'a> {
    shape: &'a Shape,
    sections: BTreeMap<&'a str, (String, String)>,
}

impl Page<'_> {
    fn section(&self, field: &Field) -> String {
        let name = field.name.as_str();
        let example = EXAMPLES.iter().find(|(part, _)| *part == name).map(|(_, example)| *example);
        let Some(example) = example else { panic!("give {name} an example in session_reference/examples.rs") };
        let mut text = format!("\n## {name}\n\n{}\n\n```ron\n{}\n```\n", field.help, example.trim());
        let Some(first) = field.form.named() else { return text + &knobs() };
        match self.sections[first].0.as_str() {
            described if described != name => {
                text += &format!("\nIts fields are those of [{described}](#{}).\n", described.to_lowercase());
            }
            _ => text += &self.content(first),
        }
        text + &self.nested(name)
    }

    /// The types that are met first inside this part.
    fn nested(&self, part: &str) -> String {
        let mut seen = Vec::new();
        let within = rows(self.shape).into_iter().filter(|row| row.path.split(['.', '[']).next() == Some(part));
        for name in within.flat_map(|row| types_in(self.shape, &row.field.form)) {
            let (heading, path) = &self.sections[name];
            if heading == name && path.split(['.', '[']).next() == Some(part) && !seen.contains(&name) {
                seen.push(name);
            }
        }
        let described = |name: &&str| {
            let help = &self.shape.types[*name].help;
            format!("\n### {name}\n\n{help}\n{}{}", self.places(name), self.content(name))
        };
        seen.iter().map(described).collect()
    }

    fn places(&self, name: &str) -> String {
        let holds = |form: &Form| types_in(self.shape, form).contains(&name);
        let places =
            rows(self.shape).into_iter().filter(|row| holds(&row.field.form)).map(|row| format!("`{}`", row.path));
        let places: Vec<String> = places.collect();
        format!("\nStands at {}.\n", places.join(", "))
    }

    fn content(&self, name: &str) -> String {
        let path = &self.sections[name].1;
        match &self.shape.types[name].content {
            Content::Fields(fields) => format!("\n{}", self.table(path, fields)),
            Content::Choices(choices) => self.choices(path, choices),
            Content::Forms(forms) => self.forms(forms),
            Content::Plain(_) => String::new(),
        }
    }

    fn forms(&self, forms: &[(Form, String)]) -> String {
        let named = |name: &str, kind: &'static str| self.link(name, kind);
        let line =
            |(form, help): &(Form, String)| format!("| {} | {} |\n", spelled(self.shape, form, &named), cell(help));
        format!("\n| written as | what it is |\n|---|---|\n{}", forms.iter().map(line).collect::<String>())
    }

    fn choices(&self, path: &str, choices: &[Choice]) -> String {
        let line = |choice: &Choice| format!("| `{}` | {} |\n", choice_form(self.shape, choice), cell(&choice.help));
        let mut text =
            format!("\n| written | what it is |\n|---|---|\n{}", choices.iter().map(line).collect::<String>());
        for choice in choices {
            if let Inside::Fields(fields) = &choice.inside {
                text += &format!("\nInside `{}(…)`:\n\n{}", choice.name, self.table(path, fields));
            }
        }
        text
    }

    fn table(&self, above: &str, fields: &[Field]) -> String {
        let line = |field: &Field| {
            let path = if above.is_empty() { field.name.clone() } else { format!("{above}.{}", field.name) };
            let form = spelled(self.shape, &field.form, &|name, kind| self.link(name, kind));
            let range = Some(range(&path)).filter(|range| !range.is_empty());
            let form = range.map_or(form.clone(), |range| format!("{form}, {range}"));
            let default = field.default.as_ref().map_or("must be given".to_owned(), |default| format!("`{default}`"));
            format!("| `{path}` | {form} | {default} | {} |\n", cell(&field.help))
        };
        let lines: String = fields.iter().map(line).collect();
        format!("| field | type | default | what it is |\n|---|---|---|---|\n{lines}")
    }

    fn link(&self, name: &str, kind: &str) -> String {
        let heading = &self.sections[name].0;
        format!("{kind} [{heading}](#{})", heading.to_lowercase())
    }
}

fn knobs() -> String {
    let line = |knob: &Knob| {
        let acts = if knob.live { "at the next step" } else { "at the start" };
        let Knob { id, min, max, default, help, .. } = knob;
        format!("| `{id}` | {min} to {max} | {default} | {acts} | {} |\n", cell(help))
    };
    let lines: String = engine::catalog().knobs.iter().map(line).collect();
    format!("\n| knob | range | default | acts | what it is |\n|---|---|---|---|---|\n{lines}")
}

/// Text that ends no cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
