//! A student with the part of its vocabulary that the data uses: embedding, head and tokenizer shrink
//! together, ids move up, everything else stays. A text of the training part is cut into the same
//! tokens as before, and a kept token's logits are the same numbers; its probability is a share of fewer.
//!
//! Kept are the tokens of the training texts as the student reads them, of the prompts and the label
//! words; the special tokens; and the single bytes or characters from which every other text can be
//! put together. Test texts are not asked: a word that only they have is spelled from smaller parts,
//! as a word nobody has seen would be.

mod pairs;
mod rewrite;
mod token_ids;
mod used;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use candle_core::Tensor;
use serde_json::Value;

use super::StudentInitError;
use crate::engine::data::Dataset;
use crate::engine::model::{self, Config, HeadRows, Model, ModelError, Parts, Plan, Stored, Tokens};
use crate::link::ModelCard;
use crate::session::{Sentence, Session, say};

/// The tokens that stay.
pub struct Kept {
    /// Old ids in ascending order; a token's new id is its place.
    pub ids: Vec<u32>,
    new_of: BTreeMap<u32, u32>,
}

impl Kept {
    /// These old ids.
    pub fn new(ids: &BTreeSet<u32>) -> Self {
        let ids: Vec<u32> = ids.iter().copied().collect();
        let new_of = (0u32..).zip(&ids).map(|(new, old)| (*old, new)).collect();
        Self { ids, new_of }
    }

    /// The new id of an old one, if it stays.
    pub fn new_id(&self, old: u32) -> Option<u32> {
        self.new_of.get(&old).copied()
    }
}

/// `whole` with the vocabulary that the session's data, prompts and label words use.
///
/// # Errors
/// [`StudentInitError::Vocabulary`] for a tokenizer of an unknown kind.
pub fn student(whole: Model, session: &Session, data: &Dataset) -> Result<Model, StudentInitError> {
    let used = used::tokens(&whole, session, data)?;
    let (kept, tokens) = tokenizer(&whole.tokens, &whole.config, used)?;
    trimmed(whole, session, data.classes.len(), &kept, tokens)
}

/// The tokens that stay if those in `used` must, and the tokenizer with them alone.
///
/// # Errors
/// [`StudentInitError::Vocabulary`].
pub fn tokenizer(whole: &Tokens, config: &Config, mut used: BTreeSet<u32>) -> Result<(Kept, Tokens), StudentInitError> {
    let damaged =
        |e: serde_json::Error| StudentInitError::Vocabulary(say!("its tokenizer cannot be read again: {e}", e));
    let mut json: Value = serde_json::from_str(&whole.to_text()?).map_err(damaged)?;
    let entries = whole.entries();
    used.extend(whole.roles().into_iter().flatten());
    used.extend(token_ids::named(config, &entries));
    rewrite::keep_needed(&json, &entries, &mut used)?;
    let kept = Kept::new(&used);
    rewrite::rewrite(&mut json, &entries, &kept)?;
    let tokens = Tokens::parse(&json.to_string())?.with_roles_of(whole, |id| kept.new_id(id));
    check(&entries, &tokens.entries(), &kept)?;
    Ok((kept, tokens))
}

/// Every kept token has the id that its row has: a tokenizer that numbers its tokens in its own way
/// would otherwise read other rows than it means.
fn check(before: &BTreeMap<String, u32>, after: &BTreeMap<String, u32>, kept: &Kept) -> Result<(), StudentInitError> {
    let moved = |(token, old): &(&String, &u32)| kept.new_id(**old) != after.get(*token).copied();
    match before.iter().find(moved) {
        None => Ok(()),
        Some((token, _)) => Err(StudentInitError::Vocabulary(say!(
            "the token {token} cannot be given a new id in this tokenizer; keep the vocabulary Whole",
            token = format_args!("{token:?}")
        ))),
    }
}

fn trimmed(
    whole: Model,
    session: &Session,
    classes: usize,
    kept: &Kept,
    tokens: Tokens,
) -> Result<Model, StudentInitError> {
    let (rows, device) = (Tensor::new(kept.ids.as_slice(), whole.device())?, whole.device().clone());
    let config = token_ids::renumbered(&whole.config, kept)?;
    let stored: BTreeMap<String, Tensor> =
        whole.weights.variables().iter().map(|(name, v)| (name.clone(), v.as_detached_tensor())).collect();
    let before = whole.config.vocabulary();
    let held = Stored::of(stored.clone(), Path::new(&whole.card.title));
    let plan = |config: &Config| Plan::new(whole.architecture, config, &whole.top, Some(&held));
    let (large, small) = (plan(&whole.config)?, plan(&config)?);
    let mut stored = stored;
    for name in large.rows_unlike(&small) {
        if let Some(tensor) = stored.get_mut(name) {
            *tensor = tensor.index_select(&rows, 0)?;
        }
    }
    let stored = Some(Stored::of(stored, Path::new(&whole.card.title)));
    let parts = Parts { config, stored, tokens: Arc::new(tokens), head: HeadRows::AsStored };
    let (files, seed) = (whole.files, session.recipe.seed);
    let mut model = model::open_parts(&session.student, files, parts, classes, seed, &device)?;
    model.card =
        ModelCard { notes: whole.card.notes, random: whole.card.random, outputs: whole.card.outputs, ..model.card };
    model.outputs = whole.outputs;
    model.card.notes.push(say!("vocabulary trimmed to {ids} of {before} tokens", ids = kept.ids.len(), before));
    Ok(model)
}

/// A tokenizer that is written otherwise than every one known here.
fn unknown(what: Sentence) -> StudentInitError {
    StudentInitError::Model(ModelError::Tokens(say!("{what}; keep the student's vocabulary Whole", what)))
}
