//! Whether a model's attention carries any information: whether tokens look at different places.
//!
//! A model that has come apart has heads in which every token looks at the same one, or at all alike.
//! Both say nothing of the token that looks; a plain entropy would call the first of them sharp.

use candle_core::{DType, IndexOp as _};

use crate::engine::EngineError;
use crate::engine::data::Example;
use crate::engine::model::{DropoutRng, Model, Trace};
use crate::engine::task::Task;

/// So many texts are looked at: they cost less than measuring a validation part of a few hundred does.
pub const TEXTS: usize = 8;

/// How much the most telling head of a model tells on `texts`, in [0, 1]: the mutual information of query
/// and key, over the logarithm of the number of keys. 0 where all tokens look alike, 1 where each looks at
/// one of its own. Behind a causal mask the second half of the tokens is judged by how it looks at the
/// first, which all of it may see. `None` of texts too short for that, and of a model without attention to
/// itself.
///
/// # Errors
/// [`EngineError`] if a text cannot be prepared or the tensor library refuses.
pub fn of_attention(model: &Model, task: &dyn Task, texts: &[&str]) -> Result<Option<f64>, EngineError> {
    let mut heads: Vec<(f64, usize)> = Vec::new();
    for text in texts.iter().take(TEXTS) {
        let prepared = task.encode(model, &Example::unlabelled(*text), 0)?;
        let Some(tokens) = prepared.passes.last().map(|pass| pass.ids.len()).filter(|tokens| *tokens > 3) else {
            continue;
        };
        let mut trace = Trace::all();
        task.forward(model, model.detached.as_ref(), &[&prepared], false, &mut trace, &DropoutRng::none())?;
        let mut place = 0;
        for attention in trace.attention.values() {
            let own = attention.i((0, .., ..tokens, ..tokens))?.to_dtype(DType::F32)?;
            for head in own.to_vec3::<f32>()? {
                if heads.len() == place {
                    heads.push((0.0, 0));
                }
                if let Some((sum, count)) = heads.get_mut(place) {
                    (*sum, *count) = (*sum + of_head(&head, model.architecture.causal()), *count + 1);
                }
                place += 1;
            }
        }
    }
    let means = heads.into_iter().map(|(sum, count)| sum / count as f64);
    Ok(means.max_by(f64::total_cmp))
}

/// The same of one head on one text, `[query][key]`.
fn of_head(rows: &[Vec<f32>], causal: bool) -> f64 {
    let (first, keys) = if causal { (rows.len() / 2, rows.len() / 2) } else { (0, rows.len()) };
    let rows = rows.iter().skip(first).filter_map(|row| shares(row.get(..keys)?));
    let rows: Vec<Vec<f64>> = rows.collect();
    let mean = |key: usize| rows.iter().filter_map(|row| row.get(key)).sum::<f64>() / rows.len() as f64;
    let together = entropy(&(0..keys).map(mean).collect::<Vec<f64>>());
    let alone = rows.iter().map(|row| entropy(row)).sum::<f64>() / rows.len() as f64;
    let information = (together - alone) / (keys as f64).ln();
    if information.is_finite() { information.max(0.0) } else { 0.0 }
}

/// What a query gives to keys as parts of 1; `None` where it gives them nothing.
fn shares(row: &[f32]) -> Option<Vec<f64>> {
    let sum: f64 = row.iter().map(|p| f64::from(*p)).sum();
    (sum > 1e-6).then(|| row.iter().map(|p| f64::from(*p) / sum).collect())
}

fn entropy(shares: &[f64]) -> f64 {
    shares.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A head of eight tokens; behind a causal mask what lies ahead is cut off.
    fn head(looks: impl Fn(usize, usize) -> f32, causal: bool) -> Vec<Vec<f32>> {
        let row = |query: usize| {
            let row: Vec<f32> = (0..8).map(|key| if causal && key > query { 0.0 } else { looks(query, key) }).collect();
            let sum: f32 = row.iter().sum();
            row.iter().map(|p| p / sum.max(1e-9)).collect()
        };
        (0..8).map(row).collect()
    }

    #[test]
    fn a_head_in_which_all_tokens_look_alike_tells_nothing_wherever_they_look() {
        for causal in [false, true] {
            let told = |looks: fn(usize, usize) -> f32| of_head(&head(looks, causal), causal);
            assert!(told(|_, _| 1.0).abs() < 1e-9, "at all");
            assert!(told(|_, key| f32::from(u8::from(key == 1))).abs() < 1e-9, "at the same one");
            assert!(told(|_, key| 1.0 + key as f32).abs() < 1e-9, "at the same ones");
            assert!(told(|query, key| 0.1 + f32::from(u8::from(key % 4 == query % 4))) > 0.1);
        }
        let own = |query: usize, key: usize| f32::from(u8::from(key == query));
        assert!((of_head(&head(own, false), false) - 1.0).abs() < 1e-9, "each at itself");
    }
}
