//! The table of answers that a run leaves (`predictions.csv`), as a comparison needs it: text by text.

use std::collections::{BTreeMap, hash_map::DefaultHasher};
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use csv::{Reader, StringRecord};

use super::super::run_table::RunRow;
use super::CompareError;
use super::bootstrap::Sample;
use crate::session::Say;
use crate::session::run_folder::PREDICTIONS;
use crate::session::{Sentence, say};

/// Answers to the test texts, in their order.
#[derive(Debug)]
pub struct TestAnswers {
    path: PathBuf,
    /// Hash of each text with its label.
    texts: Vec<u64>,
    /// Figures of each text, by measure.
    figures: BTreeMap<&'static str, Vec<f64>>,
    /// What each text counts: 1, or the tokens that are told.
    weights: Vec<f64>,
    /// Right and answered class of each text; empty where tokens are told.
    classes: Vec<(usize, usize)>,
    names: Vec<String>,
    /// Measures that cannot be compared, and for how many texts they are no finite number.
    left_out: Vec<(&'static str, usize)>,
}

impl TestAnswers {
    /// Those of the run in `folder`.
    ///
    /// # Errors
    /// [`CompareError::NoAnswers`], [`CompareError::Damaged`].
    pub fn read(folder: &Path) -> Result<Self, CompareError> {
        let path = folder.join(PREDICTIONS);
        let missing = |e: csv::Error| CompareError::NoAnswers { reason: e.to_string().said(), path: path.clone() };
        let mut table = Reader::from_path(&path).map_err(missing)?;
        let damaged = |reason: Sentence| CompareError::Damaged { reason, path: path.clone() };
        let head = table.headers().map_err(|e| damaged(e.to_string().said()))?.clone();
        let columns = Columns::of(&head).map_err(damaged)?;
        let mut answers = Self {
            path: path.clone(),
            texts: Vec::new(),
            figures: BTreeMap::new(),
            weights: Vec::new(),
            classes: Vec::new(),
            names: Vec::new(),
            left_out: Vec::new(),
        };
        for row in table.records() {
            let row = row.map_err(|e| damaged(e.to_string().said()))?;
            answers.take(&columns, &row).map_err(damaged)?;
        }
        if answers.texts.is_empty() {
            return Err(damaged(say!("it has no rows")));
        }
        answers.leave_out();
        Ok(answers)
    }

    fn take(&mut self, columns: &Columns, row: &StringRecord) -> Result<(), Sentence> {
        let cell = |place: usize| row.get(place).unwrap_or_default();
        let number = |place: usize| cell(place).parse::<f64>().unwrap_or(f64::NAN);
        let mut hasher = DefaultHasher::new();
        cell(columns.text).hash(&mut hasher);
        match &columns.told {
            Told::Classes { gold, student, teacher, probabilities } => {
                let (gold, answer) = (cell(*gold), cell(*student));
                gold.hash(&mut hasher);
                let right = self.number_of(gold);
                self.figure("accuracy", f64::from(u8::from(gold == answer)));
                if let Some(teacher) = teacher {
                    self.figure("agreement", f64::from(u8::from(cell(*teacher) == answer)));
                }
                let of_gold = probabilities.get(gold).map(|place| -number(*place).ln());
                self.figure("loss", of_gold.unwrap_or(f64::NAN));
                let answered = self.number_of(answer);
                self.classes.push((right, answered));
                self.weights.push(1.0);
            }
            Told::Tokens { tokens, figures } => {
                let count = number(*tokens);
                cell(*tokens).hash(&mut hasher);
                if !count.is_finite() {
                    return Err(say!("row {row} does not say how many tokens it tells", row = self.texts.len() + 1));
                }
                figures.iter().for_each(|(name, place)| self.figure(name, number(*place)));
                self.weights.push(count);
            }
        }
        self.texts.push(hasher.finish());
        Ok(())
    }

    /// What one text lacks, a mean cannot be of.
    fn leave_out(&mut self) {
        let without = |values: &[f64]| values.iter().filter(|value| !value.is_finite()).count();
        self.left_out = self.figures.iter().map(|(name, values)| (*name, without(values))).collect();
        self.left_out.retain(|(_, texts)| *texts > 0);
        self.left_out.iter().for_each(|(name, _)| drop(self.figures.remove(name)));
    }

    /// Measures that cannot be compared, and for how many texts they are no finite number; those that no text has are
    /// not among them.
    pub fn left_out(&self) -> impl Iterator<Item = (&'static str, usize)> {
        self.left_out.iter().copied().filter(|(_, texts)| *texts < self.len())
    }

    fn figure(&mut self, name: &'static str, value: f64) {
        self.figures.entry(name).or_default().push(value);
    }

    fn number_of(&mut self, class: &str) -> usize {
        let known = self.names.iter().position(|name| name == class);
        known.unwrap_or_else(|| {
            self.names.push(class.to_owned());
            self.names.len() - 1
        })
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// What can be measured of them.
    pub fn measures(&self) -> Vec<&'static str> {
        let of_classes = (!self.classes.is_empty()).then_some("macro_f1");
        self.figures.keys().copied().chain(of_classes).collect()
    }

    /// What a measure is made of.
    pub fn sample(&self, measure: &str) -> Sample {
        match self.figures.get(measure) {
            Some(values) => Sample::Mean { values: values.clone(), weights: self.weights.clone() },
            None => {
                let (gold, answers) = self.classes.iter().copied().unzip();
                Sample::MacroF1 { gold, answers, classes: self.names.len() }
            }
        }
    }

    /// Whether another run's answers are to the same texts.
    ///
    /// # Errors
    /// [`CompareError::OtherTexts`], [`CompareError::OtherTask`].
    pub fn same_texts(&self, other: &Self, row: &RunRow) -> Result<(), CompareError> {
        if self.classes.is_empty() != other.classes.is_empty() {
            return Err(CompareError::OtherTask { path: row.folder.clone() });
        }
        let same = self.texts == other.texts;
        let shared = || self.texts.iter().zip(&other.texts).filter(|(a, b)| a == b).count();
        let differ = || CompareError::OtherTexts {
            ours: self.len(),
            theirs: other.len(),
            shared: shared(),
            path: row.folder.clone(),
        };
        if same { Ok(()) } else { Err(differ()) }
    }

    /// Whether another run answers every text alike.
    pub fn same_answers(&self, other: &Self) -> bool {
        self.path != other.path && self.figures == other.figures
    }
}

/// Where what is read stands in a row.
struct Columns {
    text: usize,
    told: Told,
}

enum Told {
    Classes { gold: usize, student: usize, teacher: Option<usize>, probabilities: BTreeMap<String, usize> },
    Tokens { tokens: usize, figures: Vec<(&'static str, usize)> },
}

impl Columns {
    fn of(head: &StringRecord) -> Result<Self, Sentence> {
        let place = |name: &str| head.iter().position(|column| column == name);
        let needed = |name: &'static str| place(name).ok_or_else(|| say!("it has no column {name}", name));
        let text = needed("text")?;
        if let Some(tokens) = place("tokens") {
            let figures = ["loss", "kl", "agreement"].into_iter().filter_map(|name| Some((name, place(name)?)));
            return Ok(Self { text, told: Told::Tokens { tokens, figures: figures.collect() } });
        }
        let probability = |(place, column): (usize, &str)| Some((column.strip_prefix("student:")?.to_owned(), place));
        let probabilities = head.iter().enumerate().filter_map(probability).collect();
        let told = Told::Classes {
            gold: needed("gold")?,
            student: needed("student")?,
            teacher: place("teacher"),
            probabilities,
        };
        Ok(Self { text, told })
    }
}
