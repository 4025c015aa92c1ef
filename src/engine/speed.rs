//! How fast a model answers on this machine: one text after the other, each alone, from the text to the
//! probabilities of its classes. That is what whoever uses the student waits for; an evaluation, which
//! asks several texts at once, gets through more in a second.
//!
//! *Why the median of a few texts (2026-11).* A run ends when its figures are there, so this may take half
//! a second; and another program that takes the processor for a moment must not decide the figure.

use std::time::{Duration, Instant};

use super::EngineError;
use super::data::Example;
use super::model::Model;
use super::pair::Pair;
use super::task::{self, Task};
use crate::link::Speed;
use crate::session::{Prompt, Prompts};

/// Texts that are timed, behind one that is not.
const TEXTS: usize = 32;
/// Time for them; one that is begun is finished.
const LIMIT: Duration = Duration::from_millis(300);

/// How fast student and teacher answer: each text is put to both in turn, so that what else the machine
/// does slows both. `None` for a teacher behind a server, which is not asked for this, and without texts.
///
/// # Errors
/// [`EngineError`].
pub fn of_both(pair: &Pair, prompts: &Prompts) -> Result<[Option<Speed>; 2], EngineError> {
    let data = &pair.assets.data;
    let parts = [&data.test, &data.validation, &data.train];
    let Some(part) = parts.into_iter().find(|part| !part.is_empty()) else { return Ok([None, None]) };
    // Texts of all kinds: files are often sorted by class, and classes differ in length.
    let texts: Vec<&Example> = part.iter().step_by(part.len().div_ceil(TEXTS + 1)).collect();
    let student = Some((&pair.student, prompts.for_student()));
    let teacher = pair.assets.teacher.as_deref().map(|teacher| (teacher, prompts.for_teacher()));
    let tasks = [student, teacher].into_iter().flatten().map(|(model, prompt)| {
        let asked = Prompt { variants: Vec::new(), ..prompt };
        Ok((model, pair.task(model, &asked)?))
    });
    let tasks: Vec<(&Model, Box<dyn Task>)> = tasks.collect::<Result<_, EngineError>>()?;
    let speeds = timed(&texts, tasks.len(), |side, text| {
        let (model, task) = &tasks[side];
        once(model, task.as_ref(), text)
    })?;
    Ok([0, 1].map(|side| speeds.get(side).copied()))
}

fn once(model: &Model, task: &dyn Task, text: &Example) -> Result<(), EngineError> {
    let prepared = task.encode(model, text, 0)?;
    match task.token_measures() {
        Some(_) => drop(task.scores_alone(model, &prepared)?),
        None => drop(task::log_probabilities(model, task, &[&prepared])?),
    }
    Ok(())
}

/// The median time of every one of `sides` over `texts`, the first left out where there is time for more.
fn timed<T: Copy>(
    texts: &[T],
    sides: usize,
    mut ask: impl FnMut(usize, T) -> Result<(), EngineError>,
) -> Result<Vec<Speed>, EngineError> {
    let (begun, mut took) = (Instant::now(), vec![Vec::new(); sides]);
    for text in texts {
        for (side, took) in took.iter_mut().enumerate() {
            let asked = Instant::now();
            ask(side, *text)?;
            took.push(asked.elapsed().as_secs_f64() * 1e3);
        }
        if begun.elapsed() >= LIMIT * sides as u32 {
            break;
        }
    }
    Ok(took.into_iter().filter_map(median).collect())
}

fn median(took: Vec<f64>) -> Option<Speed> {
    // The first one fills the processor's caches.
    let mut took = if took.len() > 1 { took.into_iter().skip(1).collect() } else { took };
    took.sort_by(f64::total_cmp);
    let threads = rayon::current_num_threads() as u64;
    took.get(took.len() / 2).map(|ms_per_text| Speed { ms_per_text: *ms_per_text, texts: took.len() as u64, threads })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_text_does_not_count_where_there_are_more_and_none_give_no_figure() {
        let mut asked = Vec::new();
        let speeds = timed(&["a", "b", "c"], 2, |side, text| {
            asked.push(format!("{side}{text}"));
            Ok(())
        });
        let speeds = speeds.unwrap();
        assert_eq!(asked, ["0a", "1a", "0b", "1b", "0c", "1c"], "in turns");
        assert_eq!(speeds.iter().map(|speed| speed.texts).collect::<Vec<_>>(), [2, 2]);
        assert_eq!(timed(&["a"], 1, |_, _| Ok(())).unwrap()[0].texts, 1);
        assert_eq!(timed::<&str>(&[], 2, |_, _| Ok(())).unwrap(), []);
        assert!(matches!(timed(&["a"], 1, |_, _| Err(EngineError::Cancelled)), Err(EngineError::Cancelled)));
    }
}
