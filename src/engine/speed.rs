//! How fast a model answers on this machine: one text after the other, each alone, from the text to the
//! probabilities of its classes. That is what whoever uses the student waits for; an evaluation, which
//! asks several texts at once, gets through more in a second.
//!
//! *Why the median of a few texts (2026-11).* A run ends when its figures are there, so this may take half
//! a second; and another program that takes the processor for a moment must not decide the figure.

use std::time::{Duration, Instant};

use super::EngineError;
use super::model::Model;
use super::pair::Pair;
use super::task::{self, Task};
use crate::link::Speed;
use crate::session::Prompt;

/// Texts that are timed, behind one that is not.
const TEXTS: usize = 32;
/// Time for them; one that is begun is finished.
const LIMIT: Duration = Duration::from_millis(300);

/// How fast the student answers.
///
/// # Errors
/// [`EngineError`].
pub fn of_student(pair: &Pair, prompt: &Prompt) -> Result<Option<Speed>, EngineError> {
    of(&pair.student, pair, prompt)
}

/// How fast the teacher answers; `None` of one behind a server, which is not asked for this.
///
/// # Errors
/// [`EngineError`].
pub fn of_teacher(pair: &Pair, prompt: &Prompt) -> Result<Option<Speed>, EngineError> {
    pair.teacher.as_ref().map_or(Ok(None), |model| of(model, pair, prompt))
}

fn of(model: &Model, pair: &Pair, prompt: &Prompt) -> Result<Option<Speed>, EngineError> {
    let data = &pair.data;
    let parts = [&data.test, &data.validation, &data.train];
    let Some(part) = parts.into_iter().find(|part| !part.is_empty()) else { return Ok(None) };
    // Texts of all kinds: files are often sorted by class, and classes differ in length.
    let texts: Vec<&str> = part.iter().step_by(part.len().div_ceil(TEXTS + 1)).map(|example| &*example.text).collect();
    let asked = Prompt { variants: Vec::new(), ..prompt.clone() };
    let task = task::for_model(model, &asked, &data.classes)?;
    timed(&texts, |text| once(model, task.as_ref(), text))
}

fn once(model: &Model, task: &dyn Task, text: &str) -> Result<(), EngineError> {
    let prepared = task.prepare(model, text, 0)?;
    task::log_probabilities(model, task, &[&prepared])?;
    Ok(())
}

/// The median time of `ask` over `texts`, the first left out where there is time for more.
fn timed(texts: &[&str], mut ask: impl FnMut(&str) -> Result<(), EngineError>) -> Result<Option<Speed>, EngineError> {
    let (begun, mut took) = (Instant::now(), Vec::new());
    for text in texts {
        let asked = Instant::now();
        ask(text)?;
        took.push(asked.elapsed().as_secs_f64() * 1e3);
        if begun.elapsed() >= LIMIT {
            break;
        }
    }
    // The first one fills the processor's caches.
    let mut took = if took.len() > 1 { took.split_off(1) } else { took };
    took.sort_by(f64::total_cmp);
    let median = took.get(took.len() / 2).copied();
    let threads = rayon::current_num_threads() as u64;
    Ok(median.map(|ms_per_text| Speed { ms_per_text, texts: took.len() as u64, threads }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_text_does_not_count_where_there_are_more_and_none_give_no_figure() {
        let mut asked = Vec::new();
        let speed = timed(&["a", "b", "c"], |text| {
            asked.push(text.to_owned());
            Ok(())
        })
        .unwrap()
        .unwrap();
        assert_eq!((asked.len(), speed.texts), (3, 2));
        assert_eq!(timed(&["a"], |_| Ok(())).unwrap().unwrap().texts, 1);
        assert_eq!(timed(&[], |_| Ok(())).unwrap(), None);
        assert!(matches!(timed(&["a"], |_| Err(EngineError::Cancelled)), Err(EngineError::Cancelled)));
    }
}
