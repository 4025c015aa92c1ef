//! Attention of one new token to all that stand, for writing on: keys and values are walked through
//! once, in the order they lie in. A matrix product with a single row would pack all of them first.

use candle_core::{Result, Shape, Storage, Tensor, bail};

use super::attention_probabilities::normalise_rows;
use super::heads::Heads;
use super::masked_softmax::{MaskRows, spread};
use super::math::sum2;
use super::simd::widest;
use super::values::{are_fused, read3, tensor};

/// `softmax(scale · q · kᵀ + mask) · v` in every head, for a single query. Not differentiable: where
/// there is a graph, or several queries, it is [`super::attention()`].
///
/// # Shapes
/// `q [batch, 1, heads · wide]`, `k`, `v [batch, key, kv_heads · wide]`, the heads side by side; `mask`
/// broadcastable to `[batch, heads, 1, key]`; result as `q`.
///
/// # Errors
/// If the shapes do not fit.
///
/// # Source
/// Vaswani et al. 2017, equation 1; one query at a time as in Shazeer 2019 (arXiv 1911.02150), section
/// 2.4.
pub fn attention_step(q: &Tensor, k: &Tensor, v: &Tensor, mask: &Tensor, scale: f64, heads: usize) -> Result<Tensor> {
    let sizes = Heads::of(q.shape(), k.shape(), heads)?;
    let graph = [q, k, v, mask].iter().any(|tensor| tensor.track_op());
    if sizes.query != 1 || graph || !are_fused(&[q, k, v, mask]) {
        return super::attention(q, k, v, mask, scale, heads, None);
    }
    if v.dims() != k.dims() {
        bail!("attention over keys {:?} and values {:?} does not fit", k.dims(), v.dims());
    }
    let mask = spread(mask, &Shape::from(sizes.probabilities()))?;
    let (storage, layout) = mask.storage_and_layout();
    let Storage::Cpu(storage) = &*storage else { bail!("an attention mask must be in main memory") };
    let mask = MaskRows::new(storage, layout)?;
    let step = |q: &[f32], k: &[f32], v: &[f32]| step(sizes, [q, k, v], &mask, scale as f32);
    tensor(read3(&q.contiguous()?, &k.contiguous()?, &v.contiguous()?, step)?, q.dims())
}

fn step(sizes: Heads, [q, k, v]: [&[f32]; 3], mask: &MaskRows, scale: f32) -> Vec<f32> {
    let (width, memory) = (sizes.width(), sizes.key * sizes.kv_width());
    let (mut out, mut p) = (vec![0.0; q.len()], vec![0.0; sizes.heads * sizes.key]);
    for batch in 0..sizes.batch {
        let own = batch * width..(batch + 1) * width;
        let kept = batch * memory..(batch + 1) * memory;
        ask(sizes, &q[own.clone()], &k[kept.clone()], &mut p);
        normalise_rows(&mut p, sizes.key, mask, batch * sizes.heads, scale);
        gather(sizes, &p, &v[kept], &mut out[own]);
    }
    out
}

/// Scores `p [heads, key]` of one query.
fn ask(sizes: Heads, q: &[f32], k: &[f32], p: &mut [f32]) {
    widest(
        #[inline(always)]
        || {
            for (place, k) in k.chunks_exact(sizes.kv_width()).enumerate() {
                for (head, q) in q.chunks_exact(sizes.wide).enumerate() {
                    let at = sizes.kv_column(head);
                    p[head * sizes.key + place] = sum2(q, &k[at..at + sizes.wide], |q, k| q * k);
                }
            }
        },
    );
}

/// What the heads pass on, of the probabilities `p [heads, key]`; `out` is 0 before.
fn gather(sizes: Heads, p: &[f32], v: &[f32], out: &mut [f32]) {
    widest(
        #[inline(always)]
        || {
            for (place, v) in v.chunks_exact(sizes.kv_width()).enumerate() {
                for (head, out) in out.chunks_exact_mut(sizes.wide).enumerate() {
                    let (at, share) = (sizes.kv_column(head), p[head * sizes.key + place]);
                    for (out, v) in out.iter_mut().zip(&v[at..at + sizes.wide]) {
                        *out += share * v;
                    }
                }
            }
        },
    );
}
