//! What chat templates expect of the Python around them: functions that transformers adds to Jinja,
//! and a filter whose output differs from Rust's.

use jiff::civil;
use jiff::fmt::strtime::{self, BrokenDownTime, PosixCustom};
use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error, ErrorKind};
use serde::Serialize as _;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

/// The day on which every template is rendered: Friday, 26 July 2024.
pub const DAY: &str = "2024-07-26";

/// Adds them all.
pub(super) fn add(environment: &mut Environment<'static>) {
    let raise = |reason: String| -> Result<Value, Error> { Err(Error::new(ErrorKind::InvalidOperation, reason)) };
    environment.add_function("raise_exception", raise);
    environment.add_function("strftime_now", |format: &str| on_day(format));
    environment.add_filter("tojson", to_json);
}

/// `strftime` at noon of [`DAY`]; what it does not know it leaves as it is, as the C library does.
fn on_day(format: &str) -> String {
    let (config, noon) =
        (strtime::Config::new().custom(PosixCustom::new()).lenient(true), civil::date(2024, 7, 26).at(12, 0, 0, 0));
    BrokenDownTime::from(noon).to_string_with_config(&config, format).unwrap_or_else(|_| format.to_owned())
}

/// JSON as Python's `json.dumps` writes it, in the order of the fields, nothing escaped for HTML.
fn to_json(value: &Value, options: Kwargs) -> Result<Value, Error> {
    let indent: Option<usize> = options.get("indent")?;
    let failed = |e: serde_json::Error| Error::new(ErrorKind::BadSerialization, e.to_string());
    let mut bytes = Vec::new();
    match indent {
        Some(spaces) => {
            let spaces = " ".repeat(spaces.min(16));
            let formatter = PrettyFormatter::with_indent(spaces.as_bytes());
            value.serialize(&mut Serializer::with_formatter(&mut bytes, formatter)).map_err(failed)?;
        }
        None => value.serialize(&mut Serializer::with_formatter(&mut bytes, Spaced)).map_err(failed)?,
    }
    String::from_utf8(bytes).map(Value::from).map_err(|e| Error::new(ErrorKind::BadSerialization, e.to_string()))
}

/// A space behind every comma and colon.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + std::io::Write>(&mut self, writer: &mut W, first: bool) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(&mut self, writer: &mut W, first: bool) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}

/// The template with `{% generation %}` … `{% endgeneration %}`, by which transformers marks the
/// assistant's own words, made into a condition that always holds.
pub(super) fn without_generation_marks(template: &str) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((plain, behind)) = rest.split_once("{%") {
        text.push_str(plain);
        text.push_str("{%");
        let Some((tag, next)) = behind.split_once("%}") else {
            return text + behind;
        };
        let word = tag.trim_matches(|c: char| c.is_whitespace() || c == '-' || c == '+');
        text.push_str(&match word {
            "generation" => tag.replace(word, "if true"),
            "endgeneration" => tag.replace(word, "endif"),
            _ => tag.to_owned(),
        });
        text.push_str("%}");
        rest = next;
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_day() {
        assert_eq!(on_day("%d %b %Y"), "26 Jul 2024");
        assert_eq!(on_day("%F"), DAY);
        assert_eq!(on_day("%j %h %I %p %T %y"), "208 Jul 12 PM 12:00:00 24");
        assert_eq!(on_day("%c"), "Fri Jul 26 12:00:00 2024");
        assert_eq!(on_day("%A, %B %-d, %-m %% %Q é%"), "Friday, July 26, 7 % %Q é%");
    }

    #[test]
    fn json_is_written_as_python_writes_it() {
        let mut environment = Environment::new();
        add(&mut environment);
        let json = |template: &str| environment.render_str(template, ()).unwrap();
        assert_eq!(json("{{ {'b': [1, 2.5, none], 'a': '<é\\''} | tojson }}"), r#"{"b": [1, 2.5, null], "a": "<é'"}"#);
        assert_eq!(json("{{ {'b': [1], 'a': {}} | tojson(indent=2) }}"), "{\n  \"b\": [\n    1\n  ],\n  \"a\": {}\n}");
    }

    #[test]
    fn marks_of_the_assistants_words_do_not_disturb() {
        let plain = without_generation_marks("a{%- generation -%} b {% endgeneration %}{% if x %}c{% endif %}{% open");
        assert_eq!(plain, "a{%- if true -%} b {% endif %}{% if x %}c{% endif %}{% open");
    }
}
