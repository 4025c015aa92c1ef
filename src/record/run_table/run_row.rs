//! A run in the table: what its folder tells of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::annotations::Annotations;
use crate::link::Step;
use crate::session::{Sentence, say};

/// A run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunRow {
    /// Its folder.
    #[serde(skip)]
    pub folder: PathBuf,
    /// What its session is called.
    pub session: String,
    /// Teacher and student, or the student alone.
    pub pair: String,
    /// `classes`, `next_token` or `masked_token`.
    pub task: String,
    /// Where it stands.
    pub status: RunStatus,
    /// Steps done.
    pub steps: Step,
    /// When it was begun or last gone on with, UTC: `2026-11-28 09:30:00 UTC`; empty where nothing tells.
    pub when: String,
    /// Wall time, seconds; `None` of a run that has not ended.
    pub seconds: Option<f64>,
    /// Bytes of all files in its folder.
    pub bytes: u64,
    /// Weights of its student; 0 of a run that has not ended.
    pub parameters: u64,
    /// Measures on the validation part as they were taken, by name.
    pub validation: BTreeMap<String, Curve>,
    /// The student's measures on the test part at the end.
    pub test: BTreeMap<String, f64>,
    /// The teacher's.
    pub teacher: BTreeMap<String, f64>,
    /// What was run, path by path; `input.…` are the contents of the files that were read, as hashes.
    pub settings: BTreeMap<String, String>,
    /// What a person has noted of it.
    #[serde(skip)]
    pub annotations: Annotations,
    /// How many figures on the validation part were no numbers, by measure: they are in no curve.
    #[serde(default)]
    pub not_finite: BTreeMap<String, usize>,
    /// Lines of its journal that could not be read.
    pub damaged_lines: usize,
}

/// A measure over a run, `(step, value)`, steps ascending.
pub type Curve = Vec<(Step, f64)>;

/// Where a run stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunStatus {
    /// It waits for its turn.
    Waiting,
    /// A process has it loaded.
    Running,
    /// It came to its end.
    Finished,
    /// A person ended it.
    Stopped,
    /// It ended in trouble, with these words.
    Failed(String),
    /// It broke off and can be gone on with.
    #[default]
    Interrupted,
}

impl RunStatus {
    /// Its word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Failed(_) => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// What stands in a column of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A number.
    Number(f64),
    /// Anything else.
    Text(String),
}

/// Columns that every run has.
pub const FIXED: [&str; 12] =
    ["name", "folder", "pair", "task", "status", "steps", "when", "seconds", "size", "star", "tags", "note"];

impl RunRow {
    /// What it is called: by the person, else by its session, else by its folder.
    pub fn name(&self) -> &str {
        let names = [&self.annotations.name, &self.session].into_iter().map(String::as_str);
        names.chain([self.folder_name()]).find(|name| !name.is_empty()).unwrap_or_default()
    }

    /// The last part of its folder.
    pub fn folder_name(&self) -> &str {
        self.folder.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// The columns it may have a value in.
    pub fn columns(&self) -> impl Iterator<Item = String> + '_ {
        let of = |part: &'static str, names: Vec<&String>| {
            names.into_iter().map(move |name| format!("{part}.{name}")).collect::<Vec<_>>()
        };
        FIXED
            .iter()
            .map(|name| (*name).to_owned())
            .chain(of("test", self.test.keys().collect()))
            .chain(of("validation", self.validation.keys().collect()))
            .chain(of("best", self.validation.keys().collect()))
            .chain(of("teacher_test", self.teacher.keys().collect()))
            .chain(self.settings.keys().cloned())
    }

    /// What stands in a column; `None` where the run has nothing there. `at` asks for a validation measure as it was
    /// when so many steps were done.
    pub fn cell(&self, column: &str, at: Option<Step>) -> Option<Cell> {
        let number = |value: f64| Some(Cell::Number(value));
        let text = |value: &str| Some(Cell::Text(value.to_owned()));
        match column {
            "name" => return text(self.name()),
            "folder" => return text(self.folder_name()),
            "pair" => return text(&self.pair),
            "task" => return text(&self.task),
            "status" => return text(self.status.word()),
            "steps" => return number(self.steps as f64),
            "when" => return text(&self.when),
            "seconds" => return self.seconds.map(Cell::Number),
            "size" => return number(self.bytes as f64),
            "star" => return text(if self.annotations.star { "yes" } else { "no" }),
            "tags" => return text(&self.annotations.tags.join(" ")),
            "note" => return text(&self.annotations.note),
            _ => {}
        }
        if let Some((part, name)) = column.split_once('.')
            && let Some(value) = self.measure(part, name, at)
        {
            return number(value);
        }
        let setting = self.settings.get(column)?;
        Some(setting.parse().map_or_else(|_| Cell::Text(setting.clone()), Cell::Number))
    }

    fn measure(&self, part: &str, name: &str, at: Option<Step>) -> Option<f64> {
        let curve = || self.validation.get(name);
        match part {
            "test" => self.test.get(name).copied(),
            "teacher_test" => self.teacher.get(name).copied(),
            "validation" => {
                let at = at.unwrap_or(Step::MAX);
                curve()?.iter().rev().find(|(step, _)| *step <= at).map(|(_, value)| *value)
            }
            "best" => {
                let values = curve()?.iter().map(|(_, value)| *value).filter(|value| !value.is_nan());
                values.reduce(|best, value| if crate::link::is_better(name, value, best) { value } else { best })
            }
            _ => None,
        }
    }

    /// Figures on the validation part that are no numbers, in a sentence; `None` where all are.
    pub fn said_not_finite(&self) -> Option<Sentence> {
        let each: Vec<String> =
            self.not_finite.iter().map(|(measure, count)| format!("{count} of {measure}")).collect();
        let figures = each.join(", ");
        (!each.is_empty()).then(|| {
            say!("validation figures that are no numbers and are left out of curves and columns: {figures}", figures)
        })
    }

    /// Whether its figures are those of a whole run.
    pub fn is_finished(&self) -> bool {
        self.status == RunStatus::Finished
    }
}
