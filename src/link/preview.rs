//! A table before it is taken as data: its columns, its first rows, and which column is likely to be what.

use crate::session::{Column, DataSource, FilePart, Files, Sentence};

/// Names that a class column usually has, the likeliest first.
const CLASS_NAMES: [&str; 14] = [
    "label",
    "labels",
    "class",
    "category",
    "target",
    "topic",
    "intent",
    "sentiment",
    "emotion",
    "stars",
    "rating",
    "tag",
    "type",
    "y",
];
/// Fewest different values that can be too many for classes.
const MANY: usize = 20;

/// What was found in the file of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// The source that was looked at, as [`bare`] gives it.
    pub source: DataSource,
    /// Its table, or why it cannot be read.
    pub found: Result<Sheet, Sentence>,
}

/// The beginning of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// Its columns, left to right.
    pub columns: Vec<SheetColumn>,
    /// The first rows, cells cut to what a table shows.
    pub rows: Vec<Vec<String>>,
    /// Rows that the figures of the columns are of.
    pub read: usize,
    /// Whether these are all.
    pub whole: bool,
    /// How the file is written: its separator, or its format.
    pub written: String,
    /// Whether its columns have names.
    pub has_names: bool,
    /// What reading it met.
    pub notes: Vec<Sentence>,
}

/// A column in figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SheetColumn {
    /// Its name; without a header its place, counted from 0.
    pub name: String,
    /// Cells that are not empty.
    pub filled: usize,
    /// Different values among them.
    pub distinct: usize,
    /// Characters of a cell, on average.
    pub mean_chars: f64,
    /// The commonest value and its rows.
    pub largest: Option<(String, usize)>,
    /// The rarest value and its rows.
    pub smallest: Option<(String, usize)>,
    /// The commonest values and their rows, the commonest first.
    pub common: Vec<(String, usize)>,
}

impl SheetColumn {
    /// Whether nearly every row would be a class of its own.
    pub fn is_near_unique(&self) -> bool {
        self.distinct >= MANY && 2 * self.distinct > self.filled
    }

    /// How well it would do as the class: what is compared is its name first, then how few values it has.
    fn class_rank(&self) -> (usize, usize) {
        let name = self.name.to_lowercase();
        let named = CLASS_NAMES.iter().position(|known| *known == name);
        let within = || CLASS_NAMES.iter().position(|known| known.len() > 3 && name.contains(known));
        (named.or_else(|| within().map(|place| place + CLASS_NAMES.len())).unwrap_or(usize::MAX), self.distinct)
    }
}

impl Sheet {
    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&SheetColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The column that is most likely the class, if `text` is the text.
    pub fn likely_class(&self, text: &[String]) -> Option<&SheetColumn> {
        let could = |column: &&SheetColumn| {
            !text.contains(&column.name) && column.distinct >= 2 && 2 * column.distinct <= column.filled.max(4)
        };
        self.columns.iter().filter(could).min_by_key(|column| column.class_rank())
    }

    /// The column that is most likely the text: the one with most to read.
    pub fn likely_text(&self) -> Option<&SheetColumn> {
        self.columns.iter().max_by(|a, b| a.mean_chars.total_cmp(&b.mean_chars))
    }

    /// What is wrong with these roles, and what is likely meant.
    pub fn judge(&self, text: &[String], class: &str) -> Option<Mistake> {
        // A source may have no class: then its names say what the classes are.
        let named = text.iter().map(String::as_str).chain(Some(class).filter(|class| !class.is_empty()));
        let unknown = named.into_iter().find(|name| self.column(name).is_none());
        let meant_text = || -> Vec<String> {
            let known: Vec<String> = text.iter().filter(|name| self.column(name).is_some()).cloned().collect();
            if known.is_empty() {
                self.likely_text().map(|column| column.name.clone()).into_iter().collect()
            } else {
                known
            }
        };
        let fault = match (unknown, self.column(class)) {
            (None, _) if text.is_empty() => Fault::NoText,
            (Some(name), _) => Fault::NoColumn(name.to_owned()),
            (None, _) if text.iter().any(|name| name == class) => Fault::Same,
            (None, Some(column)) if column.is_near_unique() => {
                Fault::NearUnique { distinct: column.distinct, rows: column.filled }
            }
            _ => return None,
        };
        let text = meant_text();
        let fine = |column: &&SheetColumn| !column.is_near_unique() && !text.contains(&column.name);
        let class = self.column(class).filter(fine).or_else(|| self.likely_class(&text));
        let meant = class.map(|class| (text.clone(), class.name.clone())).filter(|(text, _)| !text.is_empty());
        Some(Mistake { fault, meant })
    }
}

/// Roles that cannot be meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    /// Why not.
    pub fault: Fault,
    /// Text and class that are likely meant.
    pub meant: Option<(Vec<String>, String)>,
}

/// What is wrong with roles.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// No column is the text.
    NoText,
    /// There is no column of this name.
    NoColumn(String),
    /// The text would be its own class.
    Same,
    /// Every text would be a class of its own.
    NearUnique {
        /// Different values.
        distinct: usize,
        /// Rows that have one.
        rows: usize,
    },
}

/// The files of a source without what is chosen from them; `None` where they are no table or have no path yet.
pub fn bare(source: &DataSource) -> Option<DataSource> {
    let files = source.files().filter(|_| source.is_named())?;
    let format = files.train.format.clone().unwrap_or_else(|| files.format.clone());
    let train = FilePart::of(files.train.files.iter().cloned());
    Some(DataSource::from(Files { train, format, ..Files::default() }))
}

/// The names of text and class that a source chooses; of columns without names their places.
pub fn roles(source: &DataSource) -> Option<(Vec<String>, String)> {
    let roles = &source.files()?.roles;
    let text = roles.text.iter().map(Column::title).collect();
    Some((text, roles.label.as_ref().map(Column::title).unwrap_or_default()))
}
