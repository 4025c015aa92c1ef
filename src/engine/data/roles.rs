//! From cells to rows: which columns are asked for, and what becomes of what they say.

use std::borrow::Cow;
use std::sync::Arc;

use super::example::{Fields, Layout};
use super::json_values;
use super::parts::{Place, Row, Rows};
use super::table::{Cell, Need, Table, Wanted};
use crate::session::{Column, Roles, Sentence, say};

/// Names that a slot of a template has for columns with a role of their own.
const KEPT: [&str; 3] = ["prompt", "messages", "teacher_prompt"];

/// Which columns of a part's files are read, and as what.
pub struct Plan {
    /// The columns asked for, in this order: the fields of the layout, then class, weight, completion.
    pub wanted: Vec<Wanted>,
    layout: Arc<Layout>,
    /// How many of the columns are fields.
    fields: usize,
    label: Option<usize>,
    weight: Option<usize>,
    completion: Option<usize>,
}

impl Plan {
    /// The plan for `roles`, with the columns `named` by templates beside them.
    pub fn new(roles: &Roles, named: &[String]) -> Self {
        let kept = [&roles.prompt, &roles.messages, &roles.teacher_prompt];
        let kept = KEPT.iter().zip(kept).filter_map(|(name, column)| Some((*name, column.as_ref()?)));
        let texts: Vec<&Column> = match roles.texts().next() {
            Some(_) => roles.texts().collect(),
            None => roles.prompt.iter().collect(),
        };
        let mut names: Vec<String> = texts.iter().map(|column| column.title()).collect();
        let mut wanted: Vec<Wanted> = texts.iter().map(|column| wanted(column, Need::Always)).collect();
        let mut more = |name: &str, column: Column, need| {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
                wanted.push(Wanted { column, need });
            }
        };
        kept.for_each(|(name, column)| more(name, column.clone(), Need::Somewhere));
        named.iter().for_each(|name| more(name, Column::named(name), Need::Maybe));
        let layout = Layout { names, texts: texts.len(), has_pair: roles.pair.is_some() && texts.len() > 1 };
        let fields = wanted.len();
        let mut plan = Self { wanted, layout: Arc::new(layout), fields, label: None, weight: None, completion: None };
        plan.label = plan.further(roles.label.as_ref());
        plan.weight = plan.further(roles.weight.as_ref());
        plan.completion = plan.further(roles.completion.as_ref());
        plan
    }

    /// Columns that only a template names and that the table lacks are no fields: whoever reads the template says so.
    pub fn without_lacking(self, table: &Table, roles: &Roles, named: &[String]) -> Self {
        let columns = table.columns();
        let within = |name: &str| {
            matches!(table, Table::Json(_))
                && name.split_once('.').is_some_and(|(outer, _)| columns.iter().any(|column| column == outer))
        };
        let is_there = |name: &&String| columns.contains(name) || within(name);
        let there: Vec<String> = named.iter().filter(is_there).cloned().collect();
        if there.len() == named.len() { self } else { Self::new(roles, &there) }
    }

    fn further(&mut self, column: Option<&Column>) -> Option<usize> {
        self.wanted.push(wanted(column?, Need::Somewhere));
        Some(self.wanted.len() - 1)
    }

    /// What the fields of its rows are called.
    pub fn layout(&self) -> Arc<Layout> {
        Arc::clone(&self.layout)
    }

    /// The same with the names of another part, whose files call their columns otherwise.
    #[must_use]
    pub fn called_as(self, layout: &Arc<Layout>) -> Self {
        let fits =
            layout.texts == self.layout.texts && layout.names[layout.texts..] == self.layout.names[layout.texts..];
        Self { layout: if fits { Arc::clone(layout) } else { self.layout }, ..self }
    }

    /// Places among the wanted columns that are the text.
    pub fn texts(&self) -> std::ops::Range<usize> {
        0..self.layout.texts
    }

    /// Place among the wanted columns of the class.
    pub fn label(&self) -> Option<usize> {
        self.label
    }

    /// Takes a row.
    ///
    /// # Errors
    /// In words, for a cell that cannot be what its role says.
    pub fn take(&self, cells: &[Cell], place: Place, rows: &mut Rows) -> Result<(), Sentence> {
        let (fields, _) = cells.split_at_checked(self.fields).unwrap_or((cells, &[]));
        let fields = fields.iter().enumerate().map(|(at, cell)| self.field(at, cell)).collect::<Result<Vec<_>, _>>()?;
        let texts: Vec<&str> = fields.iter().map(|text| &**text).collect();
        let fields = Fields::new(&self.layout, &texts);
        let cell = |at: Option<usize>| at.and_then(|at| cells.get(at));
        let label = cell(self.label).map_or(Ok(None), |cell| self.label_of(cell, rows))?;
        let label = rows.label(label.as_deref())?;
        let weight = cell(self.weight).map_or(Ok(1.0), |cell| self.weight_of(cell))?;
        let completion =
            cell(self.completion).map_or(Ok(Cow::Borrowed("")), |cell| self.single(self.completion, cell))?;
        let completion = Some(completion.trim()).filter(|text| !text.is_empty()).map(Arc::from);
        rows.add(Row { fields, label, completion, weight, place })
    }

    fn name(&self, at: Option<usize>) -> String {
        at.and_then(|at| self.wanted.get(at)).map_or_else(String::new, |wanted| wanted.column.title())
    }

    /// A conversation is kept as it is written; any other field is a single value.
    fn field<'c>(&self, at: usize, cell: &'c Cell) -> Result<Cow<'c, str>, Sentence> {
        match cell {
            Cell::Nested { json, .. } if self.layout.names.get(at).is_some_and(|name| name == "messages") => {
                Ok(Cow::Borrowed(json))
            }
            cell => self.single(Some(at), cell),
        }
    }

    fn single<'c>(&self, at: Option<usize>, cell: &'c Cell) -> Result<Cow<'c, str>, Sentence> {
        let key = || self.name(at);
        match cell {
            Cell::Absent => Ok(Cow::Borrowed("")),
            Cell::Text(text) => Ok(Cow::Borrowed(text)),
            Cell::Items(_) => {
                let kind = json_values::kind(&serde_json::Value::Array(Vec::new()));
                Err(say!("`{key}` is {kind}, not text", key = key(), kind))
            }
            Cell::Nested { kind, .. } => Err(say!("`{key}` is {kind}, not text", key = key(), kind)),
        }
    }

    /// The label as text: several in a list are written as a list, which the labels' own rules look at.
    fn label_of<'c>(&self, cell: &'c Cell, rows: &mut Rows) -> Result<Option<Cow<'c, str>>, Sentence> {
        match cell {
            Cell::Items(items) => match items.as_slice() {
                [] => Ok(None),
                [one] => Ok(rows.label_in(one).map(|label| Cow::Owned(label.to_owned()))),
                several => Ok(Some(Cow::Owned(format!("[{}]", several.join(", "))))),
            },
            cell => {
                let text = self.single(self.label, cell)?;
                Ok(rows.label_in(&text).map(|label| Cow::Owned(label.to_owned())))
            }
        }
    }

    fn weight_of(&self, cell: &Cell) -> Result<f32, Sentence> {
        let text = self.single(self.weight, cell)?;
        let text = text.trim();
        if text.is_empty() {
            return Ok(1.0);
        }
        let weight = text.parse::<f32>().ok().filter(|weight| weight.is_finite() && *weight >= 0.0);
        weight.ok_or_else(|| {
            let key = self.name(self.weight);
            say!(
                "its weight `{key}` is {text}, and a weight is a number not below 0",
                key,
                text = format_args!("{text:?}")
            )
        })
    }
}

fn wanted(column: &Column, need: Need) -> Wanted {
    Wanted { column: column.clone(), need }
}
