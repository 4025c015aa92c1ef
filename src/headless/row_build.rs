//! `retort cache --build`: the teacher's rows of a session's run, made before it or beside it. What is there already is
//! not made twice, and what was made before a signal came stays.

use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::interrupt::Interrupt;
use super::output::tell;
use super::{CommandError, Consent, consent};
use crate::engine::pair::Pair;
use crate::engine::train::Trainer;
use crate::engine::{self, teacher::RowTeacher};
use crate::link::{grouped, human_bytes};
use crate::session::{Session, file};

/// Makes the rows of all steps of the session at `path`.
///
/// # Errors
/// [`CommandError`]: the session keeps no rows, it cannot be opened, or a signal came.
pub fn build(path: &Path, json: bool) -> Result<String, CommandError> {
    let session = file::open(path).map_err(CommandError::input)?;
    if let Some(reason) = keeps_none(&session) {
        return Err(CommandError::input(reason));
    }
    consent::ensure_local(&session, &Consent::default())?;
    let pair = Pair::open(&session, None).map_err(CommandError::input)?;
    let mut trainer = Trainer::new(pair.session.clone(), pair, &engine::catalog()).map_err(CommandError::input)?;
    let made = all_steps(&mut trainer)?;
    while let Some(warning) = trainer.row_teacher.as_ref().and_then(RowTeacher::take_warning) {
        tell(format!("warning: {warning}"));
    }
    let kept = trainer.row_teacher.as_ref().map(RowTeacher::kept).unwrap_or_default();
    if json {
        return Ok(json!({"samples": made, "rows": kept.rows, "bytes": kept.bytes}).to_string());
    }
    Ok(match made {
        0 => "every row that the run asks for in its steps is kept already".to_owned(),
        _ => format!("{} rows of {} samples made, {}", grouped(kept.rows), grouped(made), human_bytes(kept.bytes)),
    })
}

/// Why a session's run keeps no rows; `None` where it does.
fn keeps_none(session: &Session) -> Option<&'static str> {
    let recipe = &session.recipe;
    match session.teacher() {
        _ if recipe.task.is_classes() => {
            Some("its task is Classes, whose answers are kept as they come; rows are kept of tasks over tokens")
        }
        None => Some("it has no teacher whose rows could be kept; name one under teachers"),
        Some(_) if recipe.teacher_rows.is_live() => {
            Some("recipe.teacher_rows is Live, which keeps nothing; set it to TopK(64) or Whole")
        }
        Some(_) => None,
    }
}

/// Makes the rows of step after step; gives the samples that were made.
fn all_steps(trainer: &mut Trainer) -> Result<u64, CommandError> {
    let interrupt = Interrupt::listen().map_err(CommandError::run)?;
    let steps = trainer.session.recipe.steps;
    let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} steps · {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut made = 0;
    for step in 0..steps {
        let lacking = trainer.rows_lacking(step).map_err(CommandError::run)?;
        trainer.make_rows(&lacking).map_err(CommandError::run)?;
        made += lacking.len() as u64;
        bar.inc(1);
        if let Some(code) = interrupt.code() {
            bar.finish_and_clear();
            tell(format!("stopped after {} of {} steps; what was made is kept", grouped(step + 1), grouped(steps)));
            return Err(CommandError::quiet(code));
        }
    }
    bar.finish_and_clear();
    Ok(made)
}
