//! A text token by token as both models tell it: the same sample read by both, and of every place what a person can
//! look at. A few rows are worked on at a time: their distributions over the vocabulary are never held whole.

use candle_core::{DType, Result};
use rayon::prelude::*;

use super::likeliest_outcomes::told;
use crate::engine::model::{DropoutRng, Kind, Model, Trace};
use crate::engine::task::{Logits, Sample, Task, TokenRow};
use crate::link::{TokenView, ToldRow, ToldToken};

/// Most places of a text that are told: a page of tokens, and what both models make of it in a fraction of a second.
pub const MOST: usize = 128;
/// Rows whose distributions exist at a time.
const CHUNK: usize = 32;

/// A sample of `student`'s as it tells it, and beside it `teacher`, which has its vocabulary.
///
/// # Errors
/// The tensor library's.
pub fn read(student: &Model, teacher: Option<&Model>, task: &dyn Task, sample: Sample) -> Result<TokenView> {
    let (sample, left_out) = within(sample, student);
    let logits = |model: &Model| -> Result<Logits> {
        let network = model.detached.as_ref();
        let pass = task.forward(model, network, &[&sample], false, &mut Trace::none(), &DropoutRng::none())?;
        Ok(pass.answers.logits)
    };
    let rows = match sample.rows.is_empty() {
        true => Vec::new(),
        false => rows(student, &sample, teacher.map(logits).transpose()?.as_ref(), &logits(student)?)?,
    };
    Ok(view(student, &sample, rows, left_out))
}

/// The sample with the rows that are told: the first, and always the last. With how many were left out.
pub fn within(sample: Sample, model: &Model) -> (Sample, usize) {
    let mut sample = with_next(sample, model);
    let left_out = sample.rows.len().saturating_sub(MOST);
    if left_out > 0 {
        sample.rows.drain(MOST - 1..MOST - 1 + left_out);
    }
    (sample, left_out)
}

/// Where a model writes and nothing is to be told, as behind a prompt without a completion, what would come next.
fn with_next(mut sample: Sample, model: &Model) -> Sample {
    if !sample.rows.is_empty() || model.architecture.kind == Kind::Encoder {
        return sample;
    }
    if let (Kind::EncoderDecoder, [_, written]) = (model.architecture.kind, sample.passes.as_mut_slice())
        && written.ids.is_empty()
    {
        written.ids.push(model.start());
        written.from_text.push(false);
    }
    let read = sample.passes.last().map_or(0, |pass| pass.ids.len());
    if read > 0 {
        sample.rows.push(TokenRow { at: read as u32 - 1, token: NOTHING, bytes: 0, known: false, weight: 1.0 });
    }
    sample
}

/// Stands for the token where none is known.
const NOTHING: u32 = u32::MAX;

/// What is told of a sample's rows by the teacher's and the student's logits, `[rows, outcomes]`.
///
/// # Errors
/// The tensor library's.
pub fn rows(model: &Model, sample: &Sample, teacher: Option<&Logits>, student: &Logits) -> Result<Vec<ToldRow>> {
    let mut all = Vec::with_capacity(sample.rows.len());
    for (number, chunk) in sample.rows.chunks(CHUNK).enumerate() {
        let part = |logits: &Logits| numbers(logits, number * CHUNK, chunk.len());
        let (theirs, ours) = (teacher.map(part).transpose()?, part(student)?);
        let told = |(place, row): (usize, &TokenRow)| {
            let theirs = theirs.as_ref().map(|rows| rows[place].as_slice());
            told(theirs, &ours[place], Some(row.token).filter(|token| *token != NOTHING), &model.tokens)
        };
        all.par_extend(chunk.par_iter().enumerate().map(told));
    }
    Ok(all)
}

fn numbers(logits: &Logits, first: usize, rows: usize) -> Result<Vec<Vec<f32>>> {
    let part = match logits {
        Logits::Dense(all) => all.narrow(0, first, rows)?,
        Logits::Deferred(deferred) => deferred.narrow(first, rows)?.whole()?,
    };
    part.detach().to_dtype(DType::F32)?.to_vec2()
}

/// The tokens of a sample with what is told of each: by a model that reads both ways in their own places, by one that
/// writes in the place behind.
pub fn view(model: &Model, sample: &Sample, rows: Vec<ToldRow>, left_out: usize) -> TokenView {
    let ahead = usize::from(model.architecture.kind != Kind::Encoder);
    let ids = sample.passes.last().map(|pass| pass.ids.as_slice()).unwrap_or_default();
    let token = |id: u32| ToldToken { text: model.tokens.show(id), id: Some(id), ..ToldToken::default() };
    let mut tokens: Vec<ToldToken> = ids.iter().map(|id| token(*id)).collect();
    for (row, told) in sample.rows.iter().zip(rows) {
        let place = row.at as usize + ahead;
        let hidden = ids.get(place).is_some_and(|id| *id != row.token);
        let known = if row.token == NOTHING { ToldToken::default() } else { token(row.token) };
        let told = ToldToken { row: Some(told), hidden, ..known };
        match tokens.get_mut(place) {
            Some(token) => *token = told,
            None => tokens.push(told),
        }
    }
    super::share_characters(tokens.iter_mut().map(|token| &mut token.text));
    let left_out = if left_out > 0 { trim(&mut tokens) } else { 0 };
    TokenView { tokens, left_out, cut: sample.cut() }
}

/// Takes out what stands between the last told token but one and the last; tells how many.
fn trim(tokens: &mut Vec<ToldToken>) -> usize {
    let mut told = tokens.iter().enumerate().rev().filter(|(_, token)| token.row.is_some()).map(|(place, _)| place);
    let (Some(last), Some(before)) = (told.next(), told.next()) else { return 0 };
    drop(told);
    tokens.truncate(last + 1);
    tokens.drain(before + 1..last).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::WholeRow;

    #[test]
    fn of_a_long_text_the_beginning_and_the_last_told_token_stay() {
        let row = ToldRow {
            whole: WholeRow { outcomes: 2, others: 0, kl: None, teacher_entropy: None, student_entropy: 0.0 },
            teacher: None,
            student: None,
            outcomes: [].into(),
            gold: None,
            teacher_scores: None,
            student_scores: Vec::new(),
        };
        let told = [false, true, true, false, false, true, false];
        let token = |(place, told): (usize, &bool)| ToldToken {
            text: place.to_string(),
            row: told.then(|| row.clone()),
            ..ToldToken::default()
        };
        let mut tokens: Vec<ToldToken> = told.iter().enumerate().map(token).collect();
        assert_eq!(trim(&mut tokens), 2);
        assert_eq!(tokens.iter().map(|token| token.text.as_str()).collect::<String>(), "0125");
    }
}
