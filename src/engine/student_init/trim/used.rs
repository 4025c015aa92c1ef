//! The tokens that a session's training texts, prompts and label words are cut into.

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::engine::data::{Dataset, Example, Layout};
use crate::engine::model::tokens::Around;
use crate::engine::model::{HeadKind, Model, Tokens};
use crate::engine::prompt::{PreparedPrompt, Template};
use crate::engine::student_init::StudentInitError;
use crate::session::{Prompt, Session};

/// Ids of `model`'s tokens in everything that it reads while it learns.
///
/// # Errors
/// [`StudentInitError`] if a text cannot be encoded or the prompt cannot be used.
pub fn tokens(model: &Model, session: &Session, data: &Dataset) -> Result<BTreeSet<u32>, StudentInitError> {
    let (prompt, classes) = (&session.prompt.for_student(), &data.classes);
    let task = data.task(model, prompt)?;
    let draws = 1 + prompt.variants.len() as u64;
    let of = |example: &Example| -> Result<BTreeSet<u32>, StudentInitError> {
        let start = model.tokens.start(example.text(), model.max_tokens)?.0;
        let pieces = model.tokens.encode_around(start, 0..start.len(), Around::Both)?;
        let mut ids: BTreeSet<u32> = pieces.ids.into_iter().collect();
        for draw in 0..draws {
            let prepared = task.encode(model, example, draw)?;
            ids.extend(prepared.passes.iter().flat_map(|pass| &pass.ids));
        }
        Ok(ids)
    };
    let sets = data.train.par_iter().map(of);
    let joined = sets.try_reduce(BTreeSet::new, |mut all, ids| {
        all.extend(ids);
        Ok(all)
    });
    let mut ids = joined?;
    ids.extend(of_prompt(&model.tokens, prompt, classes, &data.layout)?);
    if model.top == HeadKind::Vocabulary {
        ids.extend(PreparedPrompt::new(prompt, classes, model, &data.layout)?.words().flatten());
    }
    Ok(ids)
}

/// Tokens of the templates and of the label words, alone and in every template.
fn of_prompt(
    tokens: &Tokens,
    prompt: &Prompt,
    classes: &[String],
    layout: &Layout,
) -> Result<BTreeSet<u32>, StudentInitError> {
    let mut ids = BTreeSet::new();
    let mut take = |text: &str| -> Result<(), StudentInitError> {
        ids.extend(tokens.encode(text, true)?.ids);
        Ok(())
    };
    for template in prompt.templates() {
        // A classifier reads no prompt, so that one with a mistake is no hindrance: its words count as they stand.
        let parsed = Template::parse(template, layout).ok();
        let bare = |answer: &str| parsed.as_ref().map_or_else(|| template.to_owned(), |parsed| parsed.bare(answer));
        take(&bare(""))?;
        for class in classes {
            let word = prompt.word_for(class);
            take(word)?;
            take(&bare(word))?;
        }
    }
    Ok(ids)
}
