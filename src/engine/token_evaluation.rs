//! Measuring both models where rows are places of a text: a part of the data as it would be trained on, each sample by
//! itself, and no distribution kept. What is drawn of a sample is drawn the same way at every measuring.

use std::borrow::Cow;

use rayon::prelude::*;

use super::EngineError;
use super::batch_plan::draw;
use super::data::Example;
use super::in_pieces::{Watch, in_pieces};
use super::measure::bigram::ToldToken;
use super::measure::of_tokens::figures;
use super::measure::{RowFigures, TokenMeasure};
use super::model::{DropoutRng, Kind, Model, Trace};
use super::prompt::PromptError;
use super::task::running_text::{self, RunningText, Token};
use super::task::{Logits, Sample, Targets, Task, TokenRow, row_figures};
use super::teacher::RowTeacher;
use super::train::Trainer;
use crate::link::{Measures, TokenPrediction};

/// Seed of what is drawn of a sample that is measured.
const SEED: u64 = 0x5EED_0F7E;

/// Both models' figures on `examples`: the student's, compared with the teacher where there is one, and the teacher's
/// own.
///
/// # Errors
/// [`EngineError`]; [`EngineError::Cancelled`] where the watch says so.
pub fn of_part(
    trainer: &Trainer,
    examples: &[Example],
    watch: &mut Watch,
) -> Result<(Measures, Option<Measures>), EngineError> {
    sample_by_sample(trainer, examples, watch, |_, _| {})
}

/// The same; `told` hears of every sample with rows, in their order: its number, the sample, and how the student does
/// on it.
///
/// # Errors
/// As [`of_part`].
pub fn sample_by_sample(
    trainer: &Trainer,
    examples: &[Example],
    watch: &mut Watch,
    mut told_of: impl FnMut(&Sample, TokenPrediction),
) -> Result<(Measures, Option<Measures>), EngineError> {
    let (task, model, teacher) = (trainer.task.as_ref(), &trainer.pair.student, trainer.row_teacher.as_ref());
    let told = measure_each(task, model, teacher, (examples, watch), &mut told_of)?;
    Ok((told.student, told.teacher))
}

/// What was measured of some texts.
#[derive(Debug, Default)]
pub struct Told {
    /// The student's figures, compared with the teacher's where there is one.
    pub student: Measures,
    /// The teacher's own.
    pub teacher: Option<Measures>,
    /// Samples that the texts make.
    pub samples: usize,
    /// Tokens that were to be told.
    pub rows: usize,
    /// Texts that are longer than the model reads and were cut. Of running text nothing is cut.
    pub cut: usize,
}

/// The figures of `model` on `examples`, beside those of `teacher` where one is given; none of a task over classes.
///
/// # Errors
/// As [`of_part`].
pub fn measure(
    task: &dyn Task,
    model: &Model,
    teacher: Option<&RowTeacher>,
    examples: &[Example],
    watch: &mut Watch,
) -> Result<Told, EngineError> {
    measure_each(task, model, teacher, (examples, watch), &mut |_, _| {})
}

fn measure_each(
    task: &dyn Task,
    model: &Model,
    teacher: Option<&RowTeacher>,
    (examples, watch): (&[Example], &mut Watch),
    told_of: &mut dyn FnMut(&Sample, TokenPrediction),
) -> Result<Told, EngineError> {
    let Some(measures) = task.token_measures() else { return Ok(Told::default()) };
    let samples = samples(task, model, examples)?;
    let (mut ours, mut theirs, mut done, mut number) = (Vec::new(), Vec::new(), 0, 0);
    let mut told = |more: u64| {
        let share = |done: u64| done * examples.len() as u64 / (samples.len() as u64).max(1);
        let before = share(done);
        done += more;
        watch(share(done) - before)
    };
    in_pieces(&samples, &mut told, |piece| {
        let of = |sample: &Sample| both(task, model, teacher, sample);
        let read: Vec<_> = match model.device().is_cpu() {
            true => piece.par_iter().map(of).collect::<candle_core::Result<_>>()?,
            false => piece.iter().map(of).collect::<candle_core::Result<_>>()?,
        };
        for (sample, (student, teacher)) in piece.iter().zip(read) {
            if !student.is_empty() {
                told_of(sample, summed_up(number, &student, &teacher));
            }
            number += 1;
            ours.extend(student);
            theirs.extend(teacher);
        }
        Ok(())
    })?;
    Ok(Told {
        student: figures(measures, &ours),
        teacher: teacher.is_some().then(|| figures(measures, &theirs)),
        samples: samples.len(),
        rows: ours.len(),
        cut: samples.iter().filter(|sample| sample.cut() > 0).count(),
    })
}

/// The tokens that `examples` have `model` tell, each with the one before it, as far as a model that goes from left
/// to right knows one.
///
/// # Errors
/// [`PromptError`] if a text cannot be read.
pub fn tokens(task: &dyn Task, model: &Model, examples: &[Example]) -> Result<Vec<ToldToken>, PromptError> {
    let written = match model.architecture.kind {
        Kind::Encoder => None,
        Kind::Decoder => Some(0),
        Kind::EncoderDecoder => Some(1),
    };
    let of = |sample: &Sample| {
        let ids = written.and_then(|pass| sample.passes.get(pass)).map(|pass| pass.ids.clone()).unwrap_or_default();
        let token = move |row: &TokenRow| ToldToken {
            before: ids.get(row.at as usize).copied(),
            token: row.token,
            bytes: row.bytes,
            weight: row.weight,
        };
        sample.rows.iter().map(token).collect::<Vec<_>>()
    };
    Ok(samples(task, model, examples)?.iter().flat_map(of).collect())
}

/// How the student does on a sample; whether it is an example of that number is for whoever knows the task.
fn summed_up(number: usize, student: &[RowFigures], teacher: &[RowFigures]) -> TokenPrediction {
    let (ours, theirs) = (figures(TokenMeasure::ALL, student), figures(TokenMeasure::ALL, teacher));
    let of = |measures: &Measures, name: &str| measures.get(name).map(|value| *value as f32);
    TokenPrediction {
        text: String::new(),
        example: Some(number),
        tokens: student.len(),
        loss: of(&ours, "loss").unwrap_or(f32::NAN),
        teacher_loss: of(&theirs, "loss"),
        kl: of(&ours, "kl"),
        agreement: of(&ours, "agreement"),
    }
}

/// The text of a sample, as far as the student reads it; what was taken out of it stands in its place again.
pub fn text(model: &Model, sample: &Sample) -> String {
    let Some(pass) = sample.passes.first() else { return String::new() };
    let mut ids = pass.ids.clone();
    if model.architecture.kind == Kind::Encoder {
        for row in &sample.rows {
            if let Some(id) = ids.get_mut(row.at as usize) {
                *id = row.token;
            }
        }
    }
    model.tokens.decode(&ids)
}

/// The figures of one sample's rows: the student's, and the teacher's own.
fn both(
    task: &dyn Task,
    model: &Model,
    teacher: Option<&RowTeacher>,
    sample: &Sample,
) -> candle_core::Result<(Vec<RowFigures>, Vec<RowFigures>)> {
    if sample.rows.is_empty() {
        return Ok(Default::default());
    }
    let (network, dropout) = (model.detached.as_ref(), DropoutRng::none());
    let pass = task.forward(model, network, &[sample], false, &mut Trace::none(), &dropout)?;
    let targets = teacher.map(|teacher| teacher.targets(task, &[sample])).transpose()?;
    let student = row_figures::of(&[sample], &pass.answers.logits, targets.as_ref())?;
    let own = match targets {
        Some(Targets::Deferred(deferred)) => row_figures::of(&[sample], &Logits::Deferred(deferred), None)?,
        Some(Targets::Dense(all)) => row_figures::of(&[sample], &Logits::Dense(all), None)?,
        // Of a token that is not among those kept the teacher's own probability is not known.
        Some(Targets::TopK(_)) => alone(task, teacher, sample)?,
        None => Vec::new(),
    };
    Ok((student, own))
}

/// The teacher's own figures where it has to read the sample for them.
fn alone(task: &dyn Task, teacher: Option<&RowTeacher>, sample: &Sample) -> candle_core::Result<Vec<RowFigures>> {
    match teacher.map(|teacher| teacher.live(task, &[sample])).transpose()? {
        Some(Targets::Deferred(deferred)) => row_figures::of(&[sample], &Logits::Deferred(deferred), None),
        Some(Targets::Dense(all)) => row_figures::of(&[sample], &Logits::Dense(all), None),
        Some(Targets::TopK(_)) | None => Ok(Vec::new()),
    }
}

/// The samples of a part.
fn samples(task: &dyn Task, model: &Model, examples: &[Example]) -> Result<Vec<Sample>, PromptError> {
    let samples: Vec<Sample> = match task.running() {
        Some(text) => running(text, model, examples)?,
        None => examples.par_iter().map(|example| task.encode(model, example, 0)).collect::<Result<_, _>>()?,
    };
    let drawn = |(place, sample): (usize, Sample)| task.redrawn(model, &sample, draw(SEED, place)).unwrap_or(sample);
    Ok(samples.into_par_iter().enumerate().map(drawn).collect())
}

fn running(text: &dyn RunningText, model: &Model, examples: &[Example]) -> Result<Vec<Sample>, PromptError> {
    let documents = examples.par_iter().map(|example| text.document(model, example, true));
    let documents = documents.collect::<Result<Vec<Vec<Token>>, _>>()?;
    let lengths: Vec<usize> = documents.iter().map(Vec::len).collect();
    let sample = |stretch| {
        let document = |number: usize| {
            Ok::<_, PromptError>(documents.get(number).map(|document| Cow::Borrowed(document.as_slice())))
        };
        Ok(text.sample(model, &running_text::read(stretch, text, document)?))
    };
    running_text::stretches(&lengths, text, model).into_par_iter().map(sample).collect()
}
