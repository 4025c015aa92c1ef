//! The first half of attention. Its result is a tensor with a graph, so that the trace and losses
//! on attention can take hold of it.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};

use super::heads::Heads;
use super::masked_softmax::{MaskRows, backward, normalise, of_given_mask, spread};
use super::product::{Threads, add_strided, write, write_strided};
use super::simd::widest;
use super::values::{are_fused, output, read2, slice, tensor};
use super::{composed, rows};

/// Attention probabilities: `softmax(scale · q · kᵀ + mask)` in every head.
///
/// A row masked whole becomes the softmax of its scores, or even where the mask is −∞.
///
/// # Shapes
/// `q [batch, query, heads · wide]`, `k [batch, key, kv_heads · wide]`, the heads side by side;
/// `mask` broadcastable to the result `[batch, heads, query, key]`. With fewer heads in `k`, each
/// serves several of `q`.
///
/// # Errors
/// If the shapes do not fit.
///
/// # Source
/// Vaswani et al. 2017, equation 1, the part inside the softmax and the softmax; shared key heads
/// from Ainslie et al. 2023 (arXiv 2305.13245), section 2.2.
pub fn attention_probabilities(q: &Tensor, k: &Tensor, mask: &Tensor, scale: f64, heads: usize) -> Result<Tensor> {
    let sizes = Heads::of(q.shape(), k.shape(), heads)?;
    if !are_fused(&[q, k, mask]) {
        return composed::attention_probabilities(q, k, mask, scale, heads);
    }
    let mask = spread(mask, &Shape::from(sizes.probabilities()))?;
    let op = Probabilities { heads, scale: scale as f32, wants_mask: mask.track_op() };
    q.contiguous()?.apply_op3(&k.contiguous()?, &mask, op)
}

struct Probabilities {
    heads: usize,
    scale: f32,
    /// Whether the mask is learned: a bias on the scores.
    wants_mask: bool,
}

impl Probabilities {
    fn forward(&self, sizes: Heads, q: &[f32], k: &[f32], mask: &MaskRows) -> Result<Vec<f32>> {
        let size = sizes.map();
        rows::filled(sizes.batch * sizes.maps(), size, |start, memory| {
            let (batch, head) = (start / size / sizes.heads, start / size % sizes.heads);
            let (q, k) = (sizes.query_head(q, batch, head)?, sizes.key_head(k, batch, head)?);
            let scores = write(memory, q, k.transposed(), Threads::One)?;
            normalise_rows(scores, sizes.key, mask, start / sizes.key, self.scale);
            Ok(scores)
        })
    }

    /// Gradients of `q`, `k` and, where it is learned, the mask; those of the scores exist for one
    /// example at a time.
    fn backward(&self, sizes: Heads, [q, k]: [&[f32]; 2], p: &[f32], grad: &[f32]) -> Result<[Vec<f32>; 3]> {
        let masked = if self.wants_mask { sizes.maps() } else { 0 };
        let stretch = [sizes.query * sizes.width(), sizes.key * sizes.kv_width(), masked];
        rows::together(sizes.batch, stretch, |batch, grads| {
            let [q_grad, k_grad, mask_grad] = grads.map(rows::zeroed);
            let part = batch * sizes.maps()..(batch + 1) * sizes.maps();
            let mut scores = grad[part.clone()].to_vec();
            // The mask stands behind the scale, q and k before it.
            backward_rows(&mut scores, &p[part], sizes.key, 1.0);
            mask_grad.copy_from_slice(&scores[..masked]);
            scores.iter_mut().for_each(|score| *score *= self.scale);
            for (head, scores) in scores.chunks_exact(sizes.map()).enumerate() {
                let scores = sizes.matrix(scores)?;
                let (q, k) = (sizes.query_head(q, batch, head)?, sizes.key_head(k, batch, head)?);
                let put = if sizes.is_first(head) { write_strided } else { add_strided };
                write_strided(&mut q_grad[sizes.column(head)..], sizes.width(), scores, k, sizes.threads())?;
                let k_grad = &mut k_grad[sizes.kv_column(head)..];
                put(k_grad, sizes.kv_width(), scores.transposed(), q, sizes.threads())?;
            }
            Ok([q_grad, k_grad, mask_grad])
        })
    }
}

/// Turns rows of scores into probabilities; `first` counts them in the whole mask.
pub fn normalise_rows(scores: &mut [f32], key: usize, mask: &MaskRows, first: usize, scale: f32) {
    widest(
        #[inline(always)]
        || {
            for (index, row) in scores.chunks_exact_mut(key).enumerate() {
                normalise(row, mask.row(first + index), scale);
            }
        },
    );
}

/// Turns gradients of probabilities into those of their scores.
pub fn backward_rows(grad: &mut [f32], probabilities: &[f32], key: usize, scale: f32) {
    widest(
        #[inline(always)]
        || {
            for (grad, p) in grad.chunks_exact_mut(key).zip(probabilities.chunks_exact(key)) {
                backward(grad, p, scale);
            }
        },
    );
}

impl CustomOp3 for Probabilities {
    fn name(&self) -> &'static str {
        "attention-probabilities"
    }

    fn cpu_fwd(
        &self,
        q: &CpuStorage,
        ql: &Layout,
        k: &CpuStorage,
        kl: &Layout,
        m: &CpuStorage,
        ml: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let sizes = Heads::of(ql.shape(), kl.shape(), self.heads)?;
        let p = self.forward(sizes, slice(q, ql)?, slice(k, kl)?, &MaskRows::new(m, ml)?)?;
        Ok(output(p, sizes.probabilities()))
    }

    fn bwd(
        &self,
        q: &Tensor,
        k: &Tensor,
        mask: &Tensor,
        p: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let sizes = Heads::of(q.shape(), k.shape(), self.heads)?;
        let grad = grad.contiguous()?;
        let backward = |q: &[f32], k: &[f32]| read2(p, &grad, |p, grad| self.backward(sizes, [q, k], p, grad));
        let [q_grad, k_grad, mask_grad] = read2(q, k, backward)???;
        let learned = || of_given_mask(&tensor(mask_grad, p.dims())?, mask);
        let mask_grad = self.wants_mask.then(learned).transpose()?;
        Ok((Some(tensor(q_grad, q.dims())?), Some(tensor(k_grad, k.dims())?), mask_grad))
    }
}
