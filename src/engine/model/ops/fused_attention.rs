//! Attention whole, for passes of which nobody asks the probabilities: they stay in the operation
//! for its own backward pass, their gradient never exists outside the cache, and without a graph
//! they never exist whole at all.

use std::sync::OnceLock;

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Storage, Tensor, bail};

use super::attention_context::attention_context;
use super::attention_probabilities::{attention_probabilities, backward_rows, normalise_rows};
use super::dropout_mask::{self, DropoutMask};
use super::heads::Heads;
use super::masked_softmax::{MaskRows, spread};
use super::product::{add_strided, write_strided};
use super::values::{are_fused, output, read, read3, slice, tensor};
use super::{composed, rows};

/// `softmax(scale · q · kᵀ + mask) · v` in every head, with dropout on the probabilities.
///
/// The same numbers as [`super::attention_probabilities()`], [`super::dropout()`] and
/// [`super::attention_context()`] one after the other.
///
/// # Shapes
/// `q [batch, query, heads · wide]`, `k`, `v [batch, key, kv_heads · wide]`, the heads side by side;
/// `mask` broadcastable to `[batch, heads, query, key]`; result as `q`. With fewer heads in `k` and
/// `v`, each serves several of `q`.
///
/// # Errors
/// If the shapes do not fit.
///
/// # Source
/// Vaswani et al. 2017, equation 1; shared key and value heads from Ainslie et al. 2023 (arXiv
/// 2305.13245), section 2.2.
pub fn attention(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    mask: &Tensor,
    scale: f64,
    heads: usize,
    dropout: Option<DropoutMask>,
) -> Result<Tensor> {
    let sizes = Heads::of(q.shape(), k.shape(), heads)?;
    Heads::behind(&Shape::from(sizes.probabilities()), v.shape(), sizes.kv_heads)?;
    if v.dims() != k.dims() {
        bail!("attention over keys {:?} and values {:?} does not fit", k.dims(), v.dims());
    }
    if let Some(noise) = dropout {
        dropout_mask::check(noise.p)?;
    }
    if !are_fused(&[q, k, v, mask]) {
        return composed::attention(q, k, v, mask, scale, heads, dropout);
    }
    if mask.track_op() {
        // A learned mask is a fourth argument; the halves have room for it.
        let p = attention_probabilities(q, k, mask, scale, heads)?;
        let p = dropout.map_or_else(|| Ok(p.clone()), |noise| super::dropout(&p, noise.p, noise.seed))?;
        return attention_context(&p, v, sizes.kv_heads);
    }
    let graph = q.track_op() || k.track_op() || v.track_op();
    let op = Attention::new(mask, scale, dropout, sizes, graph)?;
    q.contiguous()?.apply_op3(&k.contiguous()?, &v.contiguous()?, op)
}

/// The arithmetic of all heads, and what it keeps from the way there for the way back.
pub struct Attention {
    mask: Tensor,
    scale: f32,
    dropout: Option<DropoutMask>,
    sizes: Heads,
    /// Whether there will be a backward pass.
    graph: bool,
    /// The probabilities, before dropout.
    kept: OnceLock<Vec<f32>>,
}

impl Attention {
    /// Under `mask`, broadcastable to the probabilities; `graph`: whether there will be a backward pass.
    ///
    /// # Errors
    /// If the mask does not fit.
    pub fn new(mask: &Tensor, scale: f64, dropout: Option<DropoutMask>, sizes: Heads, graph: bool) -> Result<Self> {
        if let Some(noise) = dropout {
            dropout_mask::check(noise.p)?;
        }
        let (mask, scale) = (spread(mask, &Shape::from(sizes.probabilities()))?, scale as f32);
        let dropout = dropout.filter(|noise| noise.p > 0.0);
        Ok(Self { mask, scale, dropout, sizes, graph, kept: OnceLock::new() })
    }

    /// What the heads pass on, of queries, keys and values.
    ///
    /// # Errors
    /// If the sizes do not fit.
    pub fn whole(&self, inputs: [&[f32]; 3]) -> Result<Vec<f32>> {
        let (mask, layout) = self.mask.storage_and_layout();
        let Storage::Cpu(mask) = &*mask else { bail!("an attention mask must be in main memory") };
        let mask = MaskRows::new(mask, layout)?;
        if self.graph {
            self.forward_keeping(self.sizes, inputs, &mask)
        } else {
            self.forward(self.sizes, inputs, &mask)
        }
    }

    /// Gradients of queries, keys and values.
    ///
    /// # Errors
    /// If [`Self::whole`] has not run before, with a graph.
    pub fn backward(&self, inputs: [&[f32]; 3], grad: &[f32]) -> Result<[Vec<f32>; 3]> {
        let Some(p) = self.kept.get() else { bail!("attention has no probabilities to go back through") };
        self.backward_heads(self.sizes, inputs, p, grad)
    }

    /// One head: probabilities into `p`, before dropout, and what it passes on into `out`.
    fn head(
        &self,
        sizes: Heads,
        [q, k, v]: [&[f32]; 3],
        mask: &MaskRows,
        at: (usize, usize),
        p: &mut [f32],
        out: &mut [f32],
    ) -> Result<()> {
        let (batch, head) = at;
        let (q, k) = (sizes.query_head(q, batch, head)?, sizes.key_head(k, batch, head)?);
        write_strided(p, sizes.key, q, k.transposed(), sizes.threads())?;
        let map = batch * sizes.heads + head;
        normalise_rows(p, sizes.key, mask, map * sizes.query, self.scale);
        let dropped = self.dropped(p, map * sizes.map());
        let p = sizes.matrix(dropped.as_deref().unwrap_or(p))?;
        let v = sizes.key_head(v, batch, head)?;
        write_strided(&mut out[sizes.column(head)..], sizes.width(), p, v, sizes.threads())
    }

    /// The probabilities after dropout; `None` without dropout.
    fn dropped(&self, p: &[f32], start: usize) -> Option<Vec<f32>> {
        let noise = self.dropout?;
        let mut p = p.to_vec();
        noise.apply_dropout(start, &mut p);
        Some(p)
    }

    /// Without a graph: one head's probabilities at a time.
    fn forward(&self, sizes: Heads, inputs: [&[f32]; 3], mask: &MaskRows) -> Result<Vec<f32>> {
        let size = sizes.query * sizes.width();
        rows::filled(sizes.batch * size, size, |start, memory| {
            let (out, mut p) = (rows::zeroed(memory), vec![0.0; sizes.map()]);
            for head in 0..sizes.heads {
                self.head(sizes, inputs, mask, (start / size, head), &mut p, out)?;
            }
            Ok(out)
        })
    }

    /// With a graph: the probabilities are kept.
    fn forward_keeping(&self, sizes: Heads, inputs: [&[f32]; 3], mask: &MaskRows) -> Result<Vec<f32>> {
        let stretch = [sizes.maps(), sizes.query * sizes.width()];
        let [p, out] = rows::together(sizes.batch, stretch, |batch, [p, out]| {
            let (p, out) = (rows::zeroed(p), rows::zeroed(out));
            for (head, p) in p.chunks_exact_mut(sizes.map()).enumerate() {
                self.head(sizes, inputs, mask, (batch, head), p, out)?;
            }
            Ok::<_, candle_core::Error>([p, out])
        })?;
        // The forward pass runs once; a second value could only be the same.
        let _ = self.kept.set(p);
        Ok(out)
    }

    fn backward_heads(&self, sizes: Heads, [q, k, v]: [&[f32]; 3], p: &[f32], grad: &[f32]) -> Result<[Vec<f32>; 3]> {
        let (wide, kv_wide, key, threads) = (sizes.width(), sizes.kv_width(), sizes.key, sizes.threads());
        rows::together(sizes.batch, [sizes.query * wide, key * kv_wide, key * kv_wide], |batch, grads| {
            let [q_grad, k_grad, v_grad] = grads.map(rows::zeroed);
            let mut scores = vec![0.0; sizes.map()];
            for head in 0..sizes.heads {
                let start = (batch * sizes.heads + head) * sizes.map();
                let (at, kv_at) = (sizes.column(head), sizes.kv_column(head));
                let put = if sizes.is_first(head) { write_strided } else { add_strided };
                let p = &p[start..start + sizes.map()];
                let grad = sizes.query_head(grad, batch, head)?;
                let dropped = self.dropped(p, start);
                let passed = sizes.matrix(dropped.as_deref().unwrap_or(p))?;
                put(&mut v_grad[kv_at..], kv_wide, passed.transposed(), grad, threads)?;
                write_strided(&mut scores, key, grad, sizes.key_head(v, batch, head)?.transposed(), threads)?;
                if let Some(noise) = self.dropout {
                    noise.apply_dropout(start, &mut scores);
                }
                backward_rows(&mut scores, p, key, self.scale);
                let scores = sizes.matrix(&scores)?;
                write_strided(&mut q_grad[at..], wide, scores, sizes.key_head(k, batch, head)?, threads)?;
                let q = sizes.query_head(q, batch, head)?;
                put(&mut k_grad[kv_at..], kv_wide, scores.transposed(), q, threads)?;
            }
            Ok([q_grad, k_grad, v_grad])
        })
    }
}

impl CustomOp3 for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(
        &self,
        q: &CpuStorage,
        ql: &Layout,
        k: &CpuStorage,
        kl: &Layout,
        v: &CpuStorage,
        vl: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        Ok(output(self.whole([slice(q, ql)?, slice(k, kl)?, slice(v, vl)?])?, ql.shape()))
    }

    fn bwd(
        &self,
        q: &Tensor,
        k: &Tensor,
        v: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        let backward = |q: &[f32], k: &[f32], v: &[f32]| read(&grad, |grad| self.backward([q, k, v], grad));
        let [q_grad, k_grad, v_grad] = read3(q, k, v, backward)???;
        Ok((Some(tensor(q_grad, q.dims())?), Some(tensor(k_grad, k.dims())?), Some(tensor(v_grad, v.dims())?)))
    }
}
