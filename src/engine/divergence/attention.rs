//! How sharply a model's heads look: whether their attention tells tokens apart at all.

use candle_core::{DType, IndexOp as _};

use crate::engine::EngineError;
use crate::engine::model::{Model, Noise, Trace};
use crate::engine::task::Task;

/// So many texts are looked at: they cost less than measuring a validation part of a few hundred does.
pub const TEXTS: usize = 8;

/// How sharp the sharpest head of a model is on `texts`, in [0, 1]: the mean over queries of
/// 1 − H(attention) / ln(keys). 0 looks at all tokens alike, 1 at one token alone. `None` of texts of a
/// single token, and of a model without attention to itself.
///
/// # Errors
/// [`EngineError`] if a text cannot be prepared or the tensor library refuses.
pub fn sharpness(model: &Model, task: &dyn Task, texts: &[&str]) -> Result<Option<f64>, EngineError> {
    let mut heads: Vec<(f64, usize)> = Vec::new();
    for text in texts.iter().take(TEXTS) {
        let prepared = task.prepare(model, text, 0)?;
        let Some(tokens) = prepared.passes.last().map(|pass| pass.ids.len()).filter(|tokens| *tokens > 1) else {
            continue;
        };
        let mut trace = Trace::all();
        task.pass(model, model.detached.as_ref(), &[&prepared], false, &mut trace, &Noise::none())?;
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
    let seen = |query: usize| if causal { query + 1 } else { rows.len() };
    let rows = rows.iter().enumerate().filter(|(query, _)| seen(*query) > 1);
    let (sum, count) = rows.fold((0.0, 0.0), |(sum, count), (query, row)| {
        let entropy: f64 = row.iter().map(|p| f64::from(*p)).filter(|p| *p > 0.0).map(|p| -p * p.ln()).sum();
        (sum + 1.0 - entropy / (seen(query) as f64).ln(), count + 1.0)
    });
    if count > 0.0 { sum / count } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_that_looks_at_all_alike_is_flat_and_one_that_looks_at_one_is_sharp() {
        let (even, one) = (vec![vec![0.25; 4]; 4], vec![vec![0.0, 1.0, 0.0, 0.0]; 4]);
        assert!(of_head(&even, false).abs() < 1e-9);
        assert!((of_head(&one, false) - 1.0).abs() < 1e-9);
        let causal: Vec<Vec<f32>> =
            (1..=4).map(|n| (0..4).map(|key| if key < n { 1.0 / n as f32 } else { 0.0 }).collect()).collect();
        assert!(of_head(&causal, true).abs() < 1e-6, "what a query may not see does not make it sharp");
        assert!(of_head(&causal, false) > 0.2);
    }
}
