//! How a run ended: the figures of both models, as they stand in `summary.json`, in the journal, in the
//! model card and on the window's result card. What was added later is missing in older files, and empty
//! here then.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::measures::Measures;
use super::series::Step;
use super::temperature_scaling::TemperatureScaling;
use crate::session::Sentence;

/// The reason of a run that a person ended.
pub const STOPPED: &str = "stopped";

/// How a run ended: the content of `summary.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Why it ended: `finished`, `target reached`, `no improvement`, `stopped`.
    pub reason: String,
    /// Steps done.
    pub steps: Step,
    /// Wall time of the run, seconds.
    pub seconds: f64,
    /// Peak memory of the process, bytes.
    pub peak_bytes: u64,
    /// Tokens that a teacher's server was paid for.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub tokens: u64,
    /// Class names, in class order: what the rows of [`Side::per_class`] and [`Side::confusion`] are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// The teacher's side.
    pub teacher: Option<Side>,
    /// The student's side.
    pub student: Side,
    /// Which step's student was saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved: Option<Saved>,
    /// What could not be measured at the end, and why.
    #[serde(flatten, with = "crate::session::written_sentence::as_unmeasured", skip_serializing_if = "Vec::is_empty")]
    pub unmeasured: Vec<Sentence>,
    /// Why the student could not be written, where it could not.
    #[serde(flatten, with = "crate::session::written_sentence::as_unwritten", skip_serializing_if = "Option::is_none")]
    pub unwritten: Option<Sentence>,
}

impl Outcome {
    /// The same with the sentences in words alone, as it is printed for programs.
    #[must_use]
    pub fn in_words(&self) -> Self {
        let unmeasured = self.unmeasured.iter().map(Sentence::in_words).collect();
        Self { unmeasured, unwritten: self.unwritten.as_ref().map(Sentence::in_words), ..self.clone() }
    }
}

/// The student that a run has saved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// Steps it has done.
    pub step: Step,
    /// By which validation measure it was chosen, and what that was; `None` where it is the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<(String, f64)>,
    /// Where it lies, if not in the run's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
}

impl fmt::Display for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the student of step {}", super::grouped(self.step))?;
        if let Some((measure, value)) = &self.best {
            write!(f, ", the best by validation {} ({value:.4})", measure.replace('_', " "))?;
        }
        self.folder.as_ref().map_or(Ok(()), |folder| write!(f, ", in {}", folder.display()))
    }
}

fn is_nothing(tokens: &u64) -> bool {
    *tokens == 0
}

/// One model's figures at the end of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// Trainable numbers, tied ones counted once.
    pub parameters: u64,
    /// Of those, numbers that are exactly 0 because they were pruned.
    pub pruned: u64,
    /// Figures on the validation part.
    pub validation: Measures,
    /// Figures on the test part.
    pub test: Measures,
    /// Figures of every class on the test part, in class order; empty where it was not measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub per_class: Vec<ClassMeasures>,
    /// Texts of the test part, `[gold class][answered class]`; empty where it was not measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confusion: Vec<Vec<u64>>,
    /// Texts of the test part for which its answer is no distribution; they count as answered by the first
    /// class.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub undecided: u64,
    /// The temperature that makes its probabilities mean what they say, or why there is none; `None` where classes
    /// were not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature_scaling: Option<TemperatureScaling>,
    /// Bytes of the files that hold its weights (of a built-in model within the program); `None` behind a
    /// server and where nothing is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// How fast it answers on this machine; `None` behind a server and where that was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<Speed>,
}

/// Figures of one class on one part of the data. What is a share of nothing does not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassMeasures {
    /// Share of the texts answered by this class that are of it, in [0, 1]; `None` if none was.
    pub precision: Option<f64>,
    /// Share of the texts of this class that were answered by it, in [0, 1]; `None` if there are none.
    pub recall: Option<f64>,
    /// Harmonic mean of both, in [0, 1]; `None` where the class is neither gold nor answer. Macro F1 is the
    /// mean of those that exist.
    pub f1: Option<f64>,
    /// Texts of this class.
    pub support: u64,
    /// Texts answered by this class.
    pub answered: u64,
}

/// How fast a model answers one text after the other, each alone, from the text to the probabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// Median time of a text, milliseconds.
    pub ms_per_text: f64,
    /// Texts that were timed.
    pub texts: u64,
    /// Worker threads that one text may use.
    pub threads: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_of_before_there_were_classes_is_read_and_lacks_them() {
        let old = r#"{"reason":"finished","steps":3,"seconds":1.5,"peak_bytes":9,
            "teacher":{"parameters":5,"pruned":0,"validation":{},"test":{"accuracy":0.5}},
            "student":{"parameters":4,"pruned":1,"validation":{"accuracy":0.25},"test":{}}}"#;
        let outcome: Outcome = serde_json::from_str(old).unwrap();
        assert_eq!((outcome.steps, outcome.student.parameters, outcome.classes.len()), (3, 4, 0));
        let teacher = outcome.teacher.unwrap();
        assert_eq!((teacher.test["accuracy"], teacher.per_class.len(), teacher.bytes), (0.5, 0, None));
    }

    #[test]
    fn what_is_undefined_survives_being_written_down() {
        let side = Side {
            per_class: vec![ClassMeasures { support: 2, recall: Some(0.0), f1: Some(0.0), ..Default::default() }],
            confusion: vec![vec![0, 2], vec![0, 0]],
            speed: Some(Speed { ms_per_text: 1.25, texts: 3, threads: 2 }),
            ..Side::default()
        };
        let outcome = Outcome { classes: vec!["a".into(), "b".into()], student: side, ..Outcome::default() };
        let text = serde_json::to_string(&outcome).unwrap();
        assert_eq!(serde_json::from_str::<Outcome>(&text).unwrap(), outcome);
        assert!(text.contains(r#""precision":null"#), "{text}");
    }
}
