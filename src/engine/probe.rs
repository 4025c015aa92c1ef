//! Answers what the person looks at: both models on one text, the rendered prompt, the weights.

mod alone;
mod likeliest_outcomes;
mod pinned;
mod read_tokens;
pub mod told_tokens;

use std::sync::Arc;

use candle_core::{DType, IndexOp as _};

pub use alone::{Alone, alone};
pub use pinned::{pinned, top_answer};

use super::EngineError;
use super::data::{Example, Fields};
use super::model::{DropoutRng, HeadKind, Kind, Model, Tokens, Trace};
use super::pair::Pair;
use super::prompt::{self, PromptError, Template};
use super::task::{self, Logits, Sample, Task};
use crate::link::{ProbeFrame, ProbeRequest, PromptFrame, PromptSide, SideFrame, TokenChip, TokenView};
use crate::session::{Chat, Prompt, Prompts, Say, Sentence};

/// Both models' view of the text under the lens, as frame number `frame` after `step` steps.
///
/// # Errors
/// [`EngineError`] if the prompt cannot be used or the tensor library refuses.
pub fn look(
    pair: &Pair,
    request: &ProbeRequest,
    text: &Example,
    prompts: &Prompts,
    (step, frame): (u64, u64),
) -> Result<ProbeFrame, EngineError> {
    let over_tokens = !pair.session.recipe.task.is_classes();
    let (teacher, student, tokens) =
        if over_tokens { of_tokens(pair, request, text, prompts)? } else { of_classes(pair, request, text, prompts)? };
    let classes: Arc<[String]> = pair.assets.data.classes.as_slice().into();
    let mut frame = ProbeFrame {
        frame,
        revision: request.revision,
        step,
        text: request.text.clone(),
        prompt: prompts.clone(),
        classes,
        whole_row: None,
        tokens: None,
        teacher,
        student,
        identity: None,
    };
    if let Some(row) = tokens.as_ref().and_then(|view| view.row(view.last()?)) {
        frame.show_row(row);
    }
    Ok(ProbeFrame { tokens, ..frame })
}

/// Teacher's and student's view, and that of the text where it is told token by token.
type Views = (Option<SideFrame>, SideFrame, Option<TokenView>);

fn of_classes(pair: &Pair, request: &ProbeRequest, text: &Example, prompts: &Prompts) -> Result<Views, EngineError> {
    let side = |model: &Model, prompt: Prompt, layer: usize| -> Result<SideFrame, EngineError> {
        let asked = Prompt { variants: Vec::new(), ..prompt };
        let task = pair.task(model, &asked)?;
        let sample = task.encode(model, &Example::of(&text.fields), 0)?;
        let (logits, side) = view(model, task.as_ref(), &sample, layer, request.attention)?;
        Ok(SideFrame { scores: task::log_softmax(&logits.whole()?.flatten_all()?.to_vec1::<f32>()?), ..side })
    };
    // A classifier of other classes has no bars beside the student's.
    let teacher = pair.assets.teacher.as_ref().filter(|model| model.outputs.trouble.is_none());
    let teacher = teacher.map(|model| side(model, prompts.for_teacher(), request.teacher_layer)).transpose()?;
    Ok((teacher, side(&pair.student, prompts.for_student(), request.student_layer)?, None))
}

/// Both models read what the student reads, as they do in training.
fn of_tokens(pair: &Pair, request: &ProbeRequest, text: &Example, prompts: &Prompts) -> Result<Views, EngineError> {
    let student = &pair.student;
    let task = pair.task(student, &Prompt { variants: Vec::new(), ..prompts.for_student() })?;
    // What is drawn of a text stays as it is from look to look.
    let (sample, left_out) = told_tokens::within(task.encode(student, text, 0)?, student);
    let read = |model: &Model, layer: usize| view(model, task.as_ref(), &sample, layer, request.attention);
    let teacher = pair.comparable_teacher().map(|model| read(model, request.teacher_layer)).transpose()?;
    let (ours, side) = read(student, request.student_layer)?;
    let rows = told_tokens::rows(student, &sample, teacher.as_ref().map(|(logits, _)| logits), &ours)?;
    let tokens = told_tokens::view(student, &sample, rows, left_out);
    Ok((teacher.map(|(_, side)| side), side, Some(tokens)))
}

/// What one model makes of a sample: its logits, and its view without scores.
fn view(
    model: &Model,
    task: &dyn Task,
    sample: &Sample,
    layer: usize,
    attention: bool,
) -> Result<(Logits, SideFrame), EngineError> {
    let layer = layer.min(model.card.layers.saturating_sub(1));
    let mut trace = if attention { Trace::attention_of(layer) } else { Trace::none() };
    let forward = task.forward(model, model.detached.as_ref(), &[sample], false, &mut trace, &DropoutRng::none())?;
    // A masked model reads one rendering per word length; the last pass is the one traced.
    let shown = sample.passes.last().map(|pass| pass.ids.as_slice()).unwrap_or_default();
    let attention: Arc<[f32]> = match trace.attention.get(&layer) {
        // Label words stand behind the prompt's tokens; the picture shows the prompt alone.
        Some(all) => {
            let own = all.i((0, .., ..shown.len(), ..shown.len()))?.to_dtype(DType::F32)?;
            own.flatten_all()?.to_vec1::<f32>()?.into()
        }
        None => Arc::from([]),
    };
    let mut tokens: Vec<String> = shown.iter().map(|&id| model.tokens.show(id)).collect();
    share_characters(tokens.iter_mut());
    let (layers, heads) = (model.card.layers, model.card.heads);
    Ok((forward.answers.logits, SideFrame { tokens, scores: Vec::new(), layer, layers, heads, attention }))
}

/// The prompt in the editor, as both models would read it. Trouble with the prompt is part of the
/// answer, not an error.
pub fn render(pair: &Pair, revision: u64, example: &Example, prompts: &Prompts) -> PromptFrame {
    if !pair.session.recipe.task.is_classes() {
        return read_tokens::frame(pair, revision, example, prompts);
    }
    let text = &example.fields;
    let (asked, read, layout) = (prompts.for_teacher(), prompts.for_student(), &pair.assets.data.layout);
    let [of_teacher, of_student] = [&asked, &read].map(|prompt| Template::parse(&prompt.template, layout));
    let reads_prompt = |model: &&Model| matches!(model.top, HeadKind::Vocabulary);
    let teacher = pair.assets.teacher.as_deref();
    let by_teacher = teacher.filter(reads_prompt).map(|model| (&of_teacher, model, &asked));
    let reader = by_teacher.or(Some(&pair.student).filter(reads_prompt).map(|model| (&of_student, model, &read)));
    let words = match reader {
        Some((Ok(template), model, prompt)) => words(template, model, prompt, &pair.assets.data.classes),
        _ => Vec::new(),
    };
    let student = side(&pair.student, of_student.as_ref().ok(), &read, text);
    let teacher = teacher.map(|model| side(model, of_teacher.as_ref().ok(), &asked, text));
    let first = |side: &Result<PromptSide, Sentence>| side.as_ref().err().cloned();
    let broken = |template: &Result<Template, PromptError>| template.as_ref().err().map(Say::said);
    let asked_trouble = broken(&of_teacher).or_else(|| teacher.as_ref().and_then(first));
    let read_trouble = broken(&of_student).or_else(|| first(&student));
    // Trouble stands beside the field in which it can be mended.
    let (problem, student_problem) = match prompts.student {
        Some(_) => (asked_trouble, read_trouble),
        None => (asked_trouble.or(read_trouble), None),
    };
    PromptFrame {
        revision,
        prompt: prompts.clone(),
        problem,
        student_problem,
        teacher: teacher.map(Result::unwrap_or_default),
        student: student.unwrap_or_default(),
        words,
        over_tokens: false,
    }
}

fn words(template: &Template, model: &Model, prompt: &Prompt, classes: &[String]) -> Vec<crate::link::WordCheck> {
    // Trouble with a chat template is told beside the prompt itself.
    let plainly = Prompt { chat: Chat::Off, ..prompt.clone() };
    let words = prompt::inspect(prompt, template, classes, model);
    words.or_else(|_| prompt::inspect(&plainly, template, classes, model)).unwrap_or_default()
}

fn side(model: &Model, template: Option<&Template>, prompt: &Prompt, text: &Fields) -> Result<PromptSide, Sentence> {
    let (tokens, most): (&Tokens, usize) = (&model.tokens, model.max_tokens);
    let rendered = match (&model.top, template) {
        (HeadKind::Classes(_), _) => task::head::Classifier
            .encode(model, &Example::of(text), 0)
            .map(|p| p.passes.into_iter().next().unwrap_or_default()),
        (HeadKind::Vocabulary, None) => return Ok(PromptSide::default()),
        (HeadKind::Vocabulary, Some(template)) => match model.architecture.kind {
            Kind::Encoder => template.masked(text, 1, tokens, most),
            Kind::Decoder => {
                let asked = template.clone().for_model(prompt, model);
                asked.and_then(|template| template.causal(text, tokens, most))
            }
            Kind::EncoderDecoder => template.read(text, tokens, most),
        },
    };
    let rendered = rendered.map_err(|e| e.said())?;
    let chip = |(place, (&id, &from_text)): (usize, (&u32, &bool))| TokenChip {
        text: tokens.show(id),
        id,
        from_text,
        answer: rendered.answers.contains(&place),
    };
    let mut chips: Vec<TokenChip> = rendered.ids.iter().zip(&rendered.from_text).enumerate().map(chip).collect();
    share_characters(chips.iter_mut().map(|chip| &mut chip.text));
    let writes = matches!(model.top, HeadKind::Vocabulary) && model.architecture.kind != Kind::Encoder;
    let unread = template.filter(|_| writes).map(Template::behind_answer).unwrap_or_default();
    Ok(PromptSide { tokens: chips, cut: rendered.cut, unread })
}

/// Longest run of tokens that one character of UTF-8 can be cut into.
const PIECES: usize = 4;

/// Tokens that are a part of a character each, `\xe6\xb5` and `\xb7`, show the character they share and which
/// part of it they are: `海 1/2` and `海 2/2`.
fn share_characters<'a>(tokens: impl Iterator<Item = &'a mut String>) {
    let mut tokens: Vec<&mut String> = tokens.collect();
    let mut start = 0;
    while start < tokens.len() {
        let mut bytes = Vec::new();
        let mut whole = None;
        for (length, token) in tokens.iter().skip(start).take(PIECES).enumerate() {
            let Some(more) = bytes_of(token) else { break };
            bytes.extend(more);
            if let Ok(text) = std::str::from_utf8(&bytes) {
                whole = Some((text.replace(' ', "␣"), length + 1));
                break;
            }
        }
        let Some((text, count)) = whole else {
            start += 1;
            continue;
        };
        for (part, token) in tokens.iter_mut().skip(start).take(count).enumerate() {
            **token = format!("{text} {}/{count}", part + 1);
        }
        start += count;
    }
}

/// The bytes of a token that is shown as such.
fn bytes_of(token: &str) -> Option<Vec<u8>> {
    let hexes = token.strip_prefix("\\x")?.split("\\x");
    hexes.map(|hex| if hex.len() == 2 { u8::from_str_radix(hex, 16).ok() } else { None }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_one_character_show_the_character_they_share() {
        for (tokens, shown) in [
            (&["a", "\\xe6\\xb5", "\\xb7", "b"][..], &["a", "海 1/2", "海 2/2", "b"][..]),
            (&["\\xe6", "\\xb5", "\\xb7"], &["海 1/3", "海 2/3", "海 3/3"]),
            (&["\\x20\\xe6\\xb5", "\\xb7"], &["␣海 1/2", "␣海 2/2"]),
            // Bytes that are no character stay what they are.
            (&["\\xff", "a", "\\xe6\\xb5"], &["\\xff", "a", "\\xe6\\xb5"]),
            (&["\\xyz", "\\x123"], &["\\xyz", "\\x123"]),
        ] {
            let mut told: Vec<String> = tokens.iter().map(|token| (*token).to_owned()).collect();
            share_characters(told.iter_mut());
            assert_eq!(told, shown, "{tokens:?}");
        }
    }
}
