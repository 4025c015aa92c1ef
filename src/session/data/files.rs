//! Files of rows: which of them are which part, how they are written, which column means what.

use std::fmt;
use std::path::PathBuf;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Column;

/// Files of rows, by part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Files {
    /// Training rows, or all rows.
    pub train: FilePart,
    /// Validation rows, where the data set has them.
    pub validation: FilePart,
    /// Test rows, where the data set has them.
    pub test: FilePart,
    /// How the files are written.
    pub format: Format,
    /// Which column means what.
    pub roles: Roles,
}

impl Files {
    /// One file with the commonest names of columns.
    pub fn of(path: impl Into<PathBuf>) -> Self {
        Self { train: FilePart::of([path.into()]), ..Self::default() }
    }

    /// Every path.
    pub fn paths_mut(&mut self) -> Vec<&mut PathBuf> {
        let parts = [&mut self.train, &mut self.validation, &mut self.test];
        parts.into_iter().flat_map(|part| &mut part.files).collect()
    }
}

/// The files of one part. A session may write one path, a list of paths, or the fields where the part is written
/// otherwise than the others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FilePart {
    /// Files, folders of files, archives of files.
    pub files: Vec<PathBuf>,
    /// How they are written, if not as the source says.
    pub format: Option<Format>,
    /// Which column means what, if not what the source says.
    pub roles: Option<Roles>,
}

impl FilePart {
    /// Files that are written as the source says.
    pub fn of(files: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { files: files.into_iter().collect(), ..Self::default() }
    }

    /// Whether it names no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

/// The fields of a part that is written otherwise than the others.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, remote = "FilePart", rename = "FilePart")]
#[cfg_attr(test, schemars(rename = "PartFields"))]
struct Spelled {
    /// Files, folders of files, archives of files.
    files: Vec<PathBuf>,
    /// How they are written, if not as the source says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    format: Option<Format>,
    /// Which column means what, if not what the source says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    roles: Option<Roles>,
}

/// The forms of a part, for the reference of all fields.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is looked at")]
#[expect(clippy::large_enum_variant, reason = "it is only described, never made")]
enum Forms {
    /// One file, folder or archive.
    One(PathBuf),
    /// Several.
    Several(Vec<PathBuf>),
    /// Those of a part that is written otherwise than the others.
    Otherwise(Spelled),
}

#[cfg(test)]
impl schemars::JsonSchema for FilePart {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FilePart".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut schema = Forms::json_schema(generator);
        schema.insert("description".to_owned(), "The files of one part.".into());
        schema
    }
}

impl Serialize for FilePart {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (&self.format, &self.roles, self.files.as_slice()) {
            (None, None, [one]) => one.serialize(serializer),
            (None, None, files) => files.serialize(serializer),
            _ => Spelled::serialize(self, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for FilePart {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<Written>::deserialize(deserializer)?.map_or_else(Self::default, |written| written.0))
    }
}

/// A part that is there, in one of its forms.
struct Written(FilePart);

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PartForm).map(Self)
    }
}

struct PartForm;

impl<'de> Visitor<'de> for PartForm {
    type Value = FilePart;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path, a list of paths, or (files: […], roles: (…)) for a part with columns of its own")
    }

    fn visit_str<E: de::Error>(self, path: &str) -> Result<FilePart, E> {
        Ok(FilePart::of([path.into()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, paths: A) -> Result<FilePart, A::Error> {
        Ok(FilePart::of(Vec::<PathBuf>::deserialize(SeqAccessDeserializer::new(paths))?))
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<FilePart, A::Error> {
        Spelled::deserialize(MapAccessDeserializer::new(fields))
    }
}

/// How the rows of files are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub enum Format {
    /// Found by a file's name and its beginning.
    #[default]
    Auto,
    /// Cells with a separator between them: CSV, TSV and their like.
    Delimited {
        /// What stands between two cells, such as `";"` or `"\t"`; found in the first line where it is not said. One
        /// of several characters knows no quotation marks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        separator: Option<String>,
        /// Whether the first row names the columns.
        #[serde(default = "yes")]
        header: bool,
    },
    /// JSON: an object a line, an array of objects, or an object that holds an array of rows for each part.
    Json,
    /// Parquet, its cells single values or lists of them.
    Parquet,
    /// The label in front of each line: `LABEL text …` as TREC has it, `__label__LABEL text …` as fastText has it.
    LabelledLines,
    /// A text a line, without labels.
    Lines,
    /// Running text: documents of any length, one behind the other in a file.
    Documents {
        /// What stands between two documents, wherever it is met; blank lines where it is empty. One that parts only
        /// on a line of its own is written with its line breaks, as in `"\n---\n"`.
        #[serde(default = "end_of_text")]
        between: String,
    },
    /// A text a file; the folder it lies in is its class, a folder above that its part.
    Folders,
}

impl Format {
    /// What usually stands between documents.
    pub const END_OF_TEXT: &str = "<|endoftext|>";

    /// Running text with the usual mark between documents.
    pub fn documents() -> Self {
        Self::Documents { between: end_of_text() }
    }

    /// Cells with a separator that is found, and a first row that names the columns or does not.
    pub fn delimited(header: bool) -> Self {
        Self::Delimited { separator: None, header }
    }
}

/// Which column means what. Columns that are not named are read where a template names them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Roles {
    /// Column(s) of the text. `{text}` in a template is all of them with a line break between; each of them, and
    /// any other column, goes by its own name in braces.
    pub text: Vec<Column>,
    /// Column of a second text, which an encoder reads as its second segment; `{text}` ends with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pair: Option<Column>,
    /// Column of the class; an empty cell is a text without a label. `None` where no text has one. Not looked at where
    /// texts themselves are learned.
    pub label: Option<Column>,
    /// Column of what a model is asked, for tasks that write. Where texts themselves are learned, it stands for a text
    /// that is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Column>,
    /// Column of what it shall answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion: Option<Column>,
    /// Column of a whole conversation: a list of messages with `role` and `content`, or with `from` and `value`. Where
    /// texts themselves are learned, it stands for a text that is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<Column>,
    /// Column of what the teacher alone is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub teacher_prompt: Option<Column>,
    /// Column of what a row counts in the loss, a number not below 0; 1 where its cell is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<Column>,
}

impl Default for Roles {
    fn default() -> Self {
        let (text, label) = (vec![Column::named("text")], Some(Column::named("label")));
        let none = || None;
        Self {
            text,
            pair: none(),
            label,
            prompt: none(),
            completion: none(),
            messages: none(),
            teacher_prompt: none(),
            weight: none(),
        }
    }
}

impl Roles {
    /// Texts and class, nothing else.
    pub fn new(text: impl IntoIterator<Item = Column>, label: Option<Column>) -> Self {
        Self { text: text.into_iter().collect(), label, ..Self::default() }
    }

    /// The columns of the text in the order of `{text}`.
    pub fn texts(&self) -> impl Iterator<Item = &Column> {
        self.text.iter().chain(&self.pair)
    }

    /// Every column that has a role, with its name.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &Column)> {
        let text = self.text.iter().map(|column| ("text", column));
        let others = [
            ("pair", &self.pair),
            ("label", &self.label),
            ("prompt", &self.prompt),
            ("completion", &self.completion),
            ("messages", &self.messages),
            ("teacher_prompt", &self.teacher_prompt),
            ("weight", &self.weight),
        ];
        text.chain(others.into_iter().filter_map(|(role, column)| Some((role, column.as_ref()?))))
    }
}

fn end_of_text() -> String {
    Format::END_OF_TEXT.to_owned()
}

fn yes() -> bool {
    true
}
