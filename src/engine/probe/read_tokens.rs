//! What is read of a text where tokens are told: the task's own sample of it, with what is learned set off from what is
//! read alone. Teacher and student read the same.

use super::{Pair, share_characters};
use crate::engine::EngineError;
use crate::engine::data::Example;
use crate::engine::model::{Kind, Model};
use crate::engine::task::Sample;
use crate::link::{PromptFrame, PromptSide, TokenChip};
use crate::session::{Prompt, Prompts};

/// The text as it is read. Trouble with the prompt is part of the answer.
pub fn frame(pair: &Pair, revision: u64, example: &Example, prompts: &Prompts) -> PromptFrame {
    let (student, problem) = match read(pair, example, prompts) {
        Ok(sample) => (side(&pair.student, &sample), None),
        Err(e) => (PromptSide::default(), Some(e.notice().text)),
    };
    // Trouble stands beside the field in which it can be mended.
    let (problem, student_problem) = if prompts.student.is_some() { (None, problem) } else { (problem, None) };
    PromptFrame {
        revision,
        prompt: prompts.clone(),
        problem,
        student_problem,
        teacher: None,
        student,
        words: Vec::new(),
        over_tokens: true,
    }
}

fn read(pair: &Pair, example: &Example, prompts: &Prompts) -> Result<Sample, EngineError> {
    let asked = Prompt { variants: Vec::new(), ..prompts.for_student() };
    Ok(pair.task(&pair.student, &asked)?.encode(&pair.student, example, 0)?)
}

fn side(model: &Model, sample: &Sample) -> PromptSide {
    let Some(pass) = sample.passes.first() else { return PromptSide::default() };
    let writes_on = model.architecture.kind == Kind::Decoder;
    let told = |place: usize| sample.rows.iter().any(|row| row.at as usize + usize::from(writes_on) == place);
    let chip = |(place, (id, from_text)): (usize, (&u32, &bool))| TokenChip {
        text: model.tokens.show(*id),
        id: *id,
        from_text: if writes_on { told(place) } else { *from_text },
        answer: model.architecture.kind == Kind::Encoder && told(place),
    };
    let mut tokens: Vec<TokenChip> = pass.ids.iter().zip(&pass.from_text).enumerate().map(chip).collect();
    share_characters(tokens.iter_mut().map(|chip| &mut chip.text));
    PromptSide { tokens, cut: pass.cut, unread: String::new() }
}
