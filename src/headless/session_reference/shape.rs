//! The types of a session as a reference shows them: groups of fields, choices, and what each value is written
//! as. Read off the schema that the types derive; the order of fields, which a schema does not keep, is the one in
//! which a refused field's message lists them.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use crate::session::{SESSION_VERSION, Session, file};

/// Everything a session is made of.
pub struct Shape {
    /// The fields of the session itself.
    pub fields: Vec<Field>,
    /// The types with a name, by it.
    pub types: BTreeMap<String, Type>,
}

/// A field.
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it is for, on one line.
    pub help: String,
    /// What it is written as.
    pub form: Form,
    /// What it is where it is left out, as a session writes it; `None` where it must be given.
    pub default: Option<String>,
}

/// What a value is written as.
#[derive(Clone, Debug)]
pub enum Form {
    /// Anything in quotation marks.
    Text,
    /// A whole number, 0 or more.
    Whole,
    /// A number with or without a point.
    Number,
    /// `true` or `false`.
    Truth,
    /// `[…]`.
    List(Box<Form>),
    /// `{"…": …}`.
    Map(Box<Form>),
    /// `Some(…)` or `None`.
    Optional(Box<Form>),
    /// A type with a name of its own.
    Named(String),
}

/// A type with a name.
pub struct Type {
    /// What it is, on one line.
    pub help: String,
    /// What it holds.
    pub content: Content,
}

/// What a type with a name holds.
pub enum Content {
    /// Several fields, `(name: value, …)`.
    Fields(Vec<Field>),
    /// One of these.
    Choices(Vec<Choice>),
    /// One of these values, which their own forms tell apart.
    Forms(Vec<(Form, String)>),
    /// A value of another form.
    Plain(Form),
}

/// One of several values.
pub struct Choice {
    /// Its name.
    pub name: String,
    /// What it means, on one line.
    pub help: String,
    /// What stands in parentheses behind it.
    pub inside: Inside,
}

/// What stands in parentheses behind a choice's name.
pub enum Inside {
    /// Nothing, and no parentheses.
    Nothing,
    /// One value.
    Value(Form),
    /// Several fields.
    Fields(Vec<Field>),
}

impl Form {
    /// The named type in it, if there is one.
    pub fn named(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::List(inner) | Self::Map(inner) | Self::Optional(inner) => inner.named(),
            Self::Text | Self::Whole | Self::Number | Self::Truth => None,
        }
    }
}

/// The shape of a session of the newest version.
pub fn of_session() -> Shape {
    let schema = schemars::schema_for!(Session).to_value();
    let mut reader = Reader { schema: &schema, types: BTreeMap::new() };
    let root = Place(format!("(version: {SESSION_VERSION}, {VALUE})"));
    let fields = reader.fields(&schema, &root);
    Shape { fields, types: reader.types }
}

/// Where in a session's text the value stands.
const VALUE: &str = "§";

/// A session's text around one value, as far as it takes to reach it.
struct Place(String);

impl Place {
    fn with(&self, inner: &str) -> Self {
        Self(self.0.replace(VALUE, inner))
    }

    /// The names of the fields that belong here, in their order.
    fn names(&self, open: &str, close: &str) -> Vec<String> {
        let text = self.with(&format!("{open}no_such_field: 0{close}")).0;
        let refusal = file::parse(&text, Path::new("")).expect_err("an unknown field is refused").to_string();
        let list = refusal.split("the fields are ").nth(1).unwrap_or_else(|| panic!("{text}: {refusal}"));
        let list = list.split(';').next().unwrap_or_default();
        list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }
}

struct Reader<'a> {
    schema: &'a Value,
    types: BTreeMap<String, Type>,
}

impl Reader<'_> {
    /// The fields of a group, at the place where its parentheses are open already.
    fn fields(&mut self, group: &Value, place: &Place) -> Vec<Field> {
        let names = place.names("", "");
        let properties = group["properties"].as_object().cloned().unwrap_or_default();
        assert_eq!(names.len(), properties.len(), "{names:?} are read, {properties:?} are described");
        names.iter().map(|name| self.field(group, name, &place.with(&format!("{name}: {VALUE}")))).collect()
    }

    fn field(&mut self, group: &Value, name: &str, place: &Place) -> Field {
        let schema = &group["properties"][name];
        let form = self.form(schema, place);
        let required = group["required"].as_array().is_some_and(|names| names.iter().any(|known| known == name));
        let default = (!required).then(|| self.default_of(name, &form, schema.get("default")));
        Field { name: name.to_owned(), help: help(schema), form, default }
    }

    /// The default as a session writes it. Where it is what a field is not written for, the schema says nothing
    /// of it: that is plain for what may be empty, and has to be said of a choice.
    fn default_of(&self, name: &str, form: &Form, default: Option<&Value>) -> String {
        match (form, default) {
            (_, Some(value)) => self.written(form, value),
            (Form::Optional(_), None) => "None".to_owned(),
            (Form::List(_), None) => "[]".to_owned(),
            (Form::Map(_), None) => "{}".to_owned(),
            _ => {
                panic!("nothing says the default of {name}; give it #[cfg_attr(test, schemars(!skip_serializing_if))]")
            }
        }
    }

    fn form(&mut self, schema: &Value, place: &Place) -> Form {
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            self.learn(name, place);
            return Form::Named(name.to_owned());
        }
        if let Some([inner, Value::Object(null)]) = schema["anyOf"].as_array().map(Vec::as_slice) {
            assert_eq!(null["type"], "null", "{schema}");
            return Form::Optional(Box::new(self.form(inner, &place.with("Some(§)"))));
        }
        if let Some([inner, _]) = schema["type"].as_array().map(Vec::as_slice) {
            let inner =
                Value::Object(Map::from_iter([("type".to_owned(), inner.clone())].into_iter().chain(parts(schema))));
            return Form::Optional(Box::new(self.form(&inner, &place.with("Some(§)"))));
        }
        match schema["type"].as_str() {
            Some("string") => Form::Text,
            Some("integer") => Form::Whole,
            Some("number") => Form::Number,
            Some("boolean") => Form::Truth,
            Some("array") => Form::List(Box::new(self.form(&schema["items"], &place.with("[§]")))),
            Some("object") => {
                Form::Map(Box::new(self.form(&schema["additionalProperties"], &place.with("{\"a\": §}"))))
            }
            _ => panic!("a reference has no words for {schema}"),
        }
    }

    /// Reads a type with a name, once.
    fn learn(&mut self, name: &str, place: &Place) {
        if self.types.contains_key(name) {
            return;
        }
        let schema = self.schema["$defs"][name].clone();
        let content = match (schema["oneOf"].as_array(), schema["anyOf"].as_array(), schema.get("properties")) {
            (Some(all), _, _) => Content::Choices(all.iter().map(|choice| self.choice(choice, place)).collect()),
            (None, Some(all), _) => Content::Forms(self.forms(all, place)),
            (None, None, Some(_)) => Content::Fields(self.fields(&schema, &place.with("(§)"))),
            (None, None, None) => Content::Plain(self.form(&schema, place)),
        };
        self.types.insert(name.to_owned(), Type { help: help(&schema), content });
    }

    /// The forms of a value that is told by its form alone; that of nothing stands for its default.
    fn forms(&mut self, all: &[Value], place: &Place) -> Vec<(Form, String)> {
        let there = all.iter().filter(|form| form["type"] != "null");
        there.map(|form| (self.form(form, place), help(form))).collect()
    }

    fn choice(&mut self, schema: &Value, place: &Place) -> Choice {
        let help = help(schema);
        if let Some(name) = schema["const"].as_str() {
            return Choice { name: name.to_owned(), help, inside: Inside::Nothing };
        }
        let variant = schema["properties"].as_object().and_then(|all| all.iter().next());
        let Some((name, inner)) = variant else { panic!("a choice without a name: {schema}") };
        let place = place.with(&format!("{name}({VALUE})"));
        let inside = match inner.get("properties") {
            Some(_) => Inside::Fields(self.fields(inner, &place)),
            None => Inside::Value(self.form(inner, &place)),
        };
        Choice { name: name.clone(), help, inside }
    }

    /// A value of the schema as a session writes it.
    fn written(&self, form: &Form, value: &Value) -> String {
        let listed = |items: Vec<String>, open: &str, close: &str| format!("{open}{}{close}", items.join(", "));
        match (form, value) {
            (Form::Optional(_), Value::Null) => "None".to_owned(),
            (Form::Optional(inner), value) => format!("Some({})", self.written(inner, value)),
            (Form::List(inner), Value::Array(items)) => {
                listed(items.iter().map(|item| self.written(inner, item)).collect(), "[", "]")
            }
            (Form::Map(inner), Value::Object(entries)) => {
                let entry = |(key, value): (&String, &Value)| format!("{key:?}: {}", self.written(inner, value));
                listed(entries.iter().map(entry).collect(), "{", "}")
            }
            (Form::Named(name), value) => self.written_as(name, value),
            (Form::Number, Value::Number(number)) => {
                number.as_f64().map_or_else(String::new, |n| format!("{:?}", n as f32))
            }
            (_, value) => value.to_string(),
        }
    }

    fn written_as(&self, name: &str, value: &Value) -> String {
        match (self.types.get(name).map(|known| &known.content), value) {
            (Some(Content::Plain(form)), value) => self.written(form, value),
            (Some(Content::Choices(_)), Value::String(word)) => word.clone(),
            (Some(Content::Choices(choices)), Value::Object(given)) => self.written_choice(choices, given),
            (Some(Content::Forms(_)), Value::Null) => "None".to_owned(),
            (Some(Content::Forms(_)), value) => value.to_string(),
            (Some(Content::Fields(fields)), Value::Object(given)) => {
                let written = |field: &Field| {
                    Some(format!("{}: {}", field.name, self.written(&field.form, given.get(&field.name)?)))
                };
                let same = fields.iter().all(|field| {
                    given.get(&field.name).is_none_or(|value| Some(self.written(&field.form, value)) == field.default)
                });
                if same {
                    "()".to_owned()
                } else {
                    format!("({})", fields.iter().filter_map(written).collect::<Vec<_>>().join(", "))
                }
            }
            _ => panic!("a reference has no words for the default {value} of {name}"),
        }
    }
}

impl Reader<'_> {
    /// A choice with what stands inside it, as a session writes it.
    fn written_choice(&self, choices: &[Choice], given: &Map<String, Value>) -> String {
        let known =
            given.iter().find_map(|(name, value)| Some((choices.iter().find(|known| known.name == *name)?, value)));
        let inside = |choice: &Choice, value: &Value| match &choice.inside {
            Inside::Nothing => String::new(),
            Inside::Value(form) => format!("({})", self.written(form, value)),
            Inside::Fields(fields) => {
                let written = |field: &Field| {
                    Some(format!("{}: {}", field.name, self.written(&field.form, value.get(&field.name)?)))
                };
                format!("({})", fields.iter().filter_map(written).collect::<Vec<_>>().join(", "))
            }
        };
        known.map_or_else(String::new, |(choice, value)| format!("{}{}", choice.name, inside(choice, value)))
    }
}

/// What says more of a type than its kind.
fn parts(schema: &Value) -> impl Iterator<Item = (String, Value)> {
    let parts = ["items", "additionalProperties"].into_iter();
    parts.filter_map(|part| Some((part.to_owned(), schema.get(part)?.clone())))
}

/// The doc comment on one line, its links to code as plain code.
fn help(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.replace("[`", "`").replace("`]", "`")
}
