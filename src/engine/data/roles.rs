//! From cells to rows: which columns are asked for, and what becomes of what they say.

use std::borrow::Cow;
use std::sync::Arc;

use super::MESSAGES;
use super::example::{Fields, Layout, TEXT};
use super::goal::Goal;
use super::parts::{Place, Row, Rows};
use super::table::{Cell, Need, Table, Wanted};
use super::{conversation, json_values};
use crate::session::{Column, Roles, Sentence, say};

/// Names that a slot of a template has for columns with a role of their own.
const KEPT: [&str; 3] = ["prompt", MESSAGES, "teacher_prompt"];

/// Which columns of a part's files are read, and as what.
pub struct Plan {
    /// The columns asked for, in this order: the fields of the layout, then class, weight, completion.
    pub wanted: Vec<Wanted>,
    layout: Arc<Layout>,
    goal: Goal,
    /// How many of the columns are fields.
    fields: usize,
    /// Places of what stands for a text that is not there; none where classes are learned.
    prompt: Option<usize>,
    messages: Option<usize>,
    label: Option<usize>,
    weight: Option<usize>,
    completion: Option<usize>,
}

impl Plan {
    /// The plan for `roles`, with the columns `named` by templates beside them.
    pub fn new(roles: &Roles, named: &[String], goal: Goal) -> Self {
        let kept = [&roles.prompt, &roles.messages, &roles.teacher_prompt];
        let kept = KEPT.iter().zip(kept).filter_map(|(name, column)| Some((*name, column.as_ref()?)));
        let (mut names, mut wanted): (Vec<String>, Vec<Wanted>) = texts(roles, goal).into_iter().unzip();
        let texts = names.len();
        let mut more = |name: &str, column: Column, need| {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
                wanted.push(Wanted { column, need });
            }
        };
        kept.for_each(|(name, column)| more(name, column.clone(), Need::Somewhere));
        named.iter().for_each(|name| more(name, Column::named(name), Need::Maybe));
        let place = |role: &Option<Column>, own: &str| {
            role.as_ref().filter(|_| goal == Goal::Texts)?;
            names.iter().position(|name| name == own)
        };
        let (prompt, messages) = (place(&roles.prompt, KEPT[0]), place(&roles.messages, KEPT[1]));
        let layout = Arc::new(Layout { names, texts, has_pair: roles.pair.is_some() && texts > 1 });
        let (fields, label, weight, completion) = (wanted.len(), None, None, None);
        let mut plan = Self { wanted, layout, goal, fields, prompt, messages, label, weight, completion };
        plan.label = plan.further(goal.label(roles));
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
        if there.len() == named.len() { self } else { Self::new(roles, &there, self.goal) }
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
        let mut texts: Vec<&str> = fields.iter().map(|text| &**text).collect();
        let cell = |at: Option<usize>| at.and_then(|at| cells.get(at));
        let label = cell(self.label).map_or(Ok(None), |cell| self.label_of(cell, rows))?;
        let label = rows.label(label.as_deref())?;
        let weight = cell(self.weight).map_or(Ok(1.0), |cell| self.weight_of(cell))?;
        let completion =
            cell(self.completion).map_or(Ok(Cow::Borrowed("")), |cell| self.single(self.completion, cell))?;
        let mut completion = Some(completion.trim()).filter(|text| !text.is_empty());
        if self.goal == Goal::Texts {
            self.stand_in(&mut texts, &mut completion)?;
        }
        let (fields, completion) = (Fields::new(&self.layout, &texts), completion.map(Arc::from));
        rows.add(Row { fields, label, completion, weight, place })
    }

    /// What is asked, or else a conversation, stands for a text that is not there; an answer to nothing is a text
    /// itself. A conversation has to be one.
    fn stand_in<'t>(&self, texts: &mut [&'t str], completion: &mut Option<&'t str>) -> Result<(), Sentence> {
        let is_empty = |text: &&str| text.trim().is_empty();
        let field = |at: Option<usize>| at.and_then(|at| texts.get(at)).copied().filter(|text| !is_empty(text));
        let (prompt, messages) = (field(self.prompt), field(self.messages));
        messages.map_or(Ok(()), |json| conversation::turns(json).map(drop))?;
        let own = texts.get_mut(..self.layout.texts).unwrap_or_default();
        if own.iter().all(is_empty)
            && let Some(first) = own.first_mut()
        {
            *first = prompt.or(messages).or_else(|| completion.take()).unwrap_or_default();
        }
        Ok(())
    }

    fn name(&self, at: Option<usize>) -> String {
        at.and_then(|at| self.wanted.get(at)).map_or_else(String::new, |wanted| wanted.column.title())
    }

    /// A conversation is kept as it is written; any other field is a single value.
    fn field<'c>(&self, at: usize, cell: &'c Cell) -> Result<Cow<'c, str>, Sentence> {
        match cell {
            Cell::Nested { json, .. } if self.is_conversation(at) => Ok(Cow::Borrowed(json)),
            Cell::Items(items) if self.is_conversation(at) => {
                Ok(Cow::Owned(serde_json::Value::from(items.as_slice()).to_string()))
            }
            Cell::Nested { json, .. } if self.layout.names.get(at).is_some_and(|name| name == MESSAGES) => {
                Ok(Cow::Borrowed(json))
            }
            cell => self.single(Some(at), cell),
        }
    }

    /// Whether a field is of the column of conversations, whatever it is called.
    fn is_conversation(&self, at: usize) -> bool {
        let column = |at: usize| self.wanted.get(at).map(|wanted| &wanted.column);
        self.messages.is_some_and(|messages| column(messages) == column(at))
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

/// The columns of the text with what they are called; where none is named, what stands for it.
fn texts(roles: &Roles, goal: Goal) -> Vec<(String, Wanted)> {
    // The names of other roles are theirs alone, so that nobody takes a text for a conversation.
    let name = |column: &Column| match column.title() {
        title if goal == Goal::Texts && KEPT.contains(&title.as_str()) => TEXT.to_owned(),
        title => title,
    };
    let stand_in = roles.prompt.as_ref().or(roles.messages.as_ref().filter(|_| goal == Goal::Texts));
    let is_one_of_two = roles.prompt.is_some() && roles.messages.is_some() && goal == Goal::Texts;
    let (columns, need): (Vec<&Column>, Need) = match roles.texts().next() {
        None => (stand_in.into_iter().collect(), if is_one_of_two { Need::Somewhere } else { Need::Always }),
        Some(_) if goal.may_lack_text(roles) => (roles.texts().collect(), Need::Maybe),
        Some(_) if goal.has_stand_in(roles) => (roles.texts().collect(), Need::Somewhere),
        Some(_) => (roles.texts().collect(), Need::Always),
    };
    columns.into_iter().map(|column| (name(column), wanted(column, need))).collect()
}

fn wanted(column: &Column, need: Need) -> Wanted {
    Wanted { column: column.clone(), need }
}
