//! What prompts have in common: the words of the template before an example's own text, such as an
//! instruction with worked examples. A decoder reads them once for all examples and keeps their keys
//! and values, from which each example goes on by itself.
//!
//! Where a prompt parts from the others is decided by itself alone, its first token with a letter of
//! the example's text, never by what the others hold: so a score is the same number in any company.

use std::collections::BTreeMap;

use candle_core::Result;

use super::Sample;
use crate::engine::model::{Kind, KvCache, Model};

/// Tokens from which on a start is worth a pass of its own: below, two small passes cost more than
/// the one they replace.
const WORTH: usize = 16;

/// For each example a cache that keeps the start of its prompt; `None` where it has none worth it.
///
/// # Errors
/// The tensor library's.
pub(super) fn read(model: &Model, examples: &[&Sample]) -> Result<Vec<Option<KvCache>>> {
    let mut known: BTreeMap<&[u32], KvCache> = BTreeMap::new();
    let mut caches = Vec::with_capacity(examples.len());
    for example in examples {
        let Some(start) = start(model, example) else {
            caches.push(None);
            continue;
        };
        if !known.contains_key(start) {
            let mut cache = KvCache::default();
            model.detached.decode_step(&model.detached.embed(&model.behind(0, start)?)?, None, &mut cache)?;
            known.insert(start, cache);
        }
        caches.push(known.get(start).map(KvCache::branch).transpose()?);
    }
    Ok(caches)
}

/// The tokens of a decoder's prompt before its first with a letter of the example's own text.
fn start<'a>(model: &Model, example: &'a Sample) -> Option<&'a [u32]> {
    let prompt = example.passes.first().filter(|_| model.architecture.kind == Kind::Decoder)?;
    let own = prompt.from_text.iter().position(|own| *own)?;
    prompt.ids.get(..own).filter(|start| start.len() >= WORTH)
}
