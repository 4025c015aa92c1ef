//! The two halves of attention. Between them lie the probabilities, a tensor with a graph, so that
//! dropout, the trace and losses on attention can take hold of it. Heads stay side by side in
//! memory: the products read and write them with a stride, and nothing is transposed or copied.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, bail};

use super::masked_softmax::{MaskRows, normalise, pull_back, spread};
use super::product::{Matrix, Threads, write, write_strided};
use super::values::{are_fused, output, read2, read3, slice, tensor};
use super::{composed, rows};

/// Attention probabilities: `softmax(scale · q · kᵀ + mask)` in every head.
///
/// A masked row behaves as in [`super::masked_softmax()`].
///
/// # Shapes
/// `q [batch, query, width]`, `k [batch, key, width]`, the heads side by side in the width; `mask`
/// broadcastable to the result `[batch, heads, query, key]`.
///
/// # Errors
/// If the shapes do not fit.
///
/// # Source
/// Vaswani et al. 2017, equation 1, the part inside the softmax and the softmax.
pub fn attention_probabilities(q: &Tensor, k: &Tensor, mask: &Tensor, scale: f64, heads: usize) -> Result<Tensor> {
    let sizes = Sizes::new(q.shape(), k.shape(), heads)?;
    if !are_fused(&[q, k, mask]) || mask.track_op() {
        return composed::attention_probabilities(q, k, mask, scale, heads);
    }
    let mask = spread(mask, &Shape::from(sizes.probabilities()))?;
    q.contiguous()?.apply_op3(&k.contiguous()?, &mask, Probabilities { heads, scale: scale as f32 })
}

/// What attention passes on: `probabilities · v` in every head, the heads side by side again.
///
/// # Shapes
/// `probabilities [batch, heads, query, key]`, `v [batch, key, width]`; result
/// `[batch, query, width]`.
///
/// # Errors
/// If the shapes do not fit.
///
/// # Source
/// Vaswani et al. 2017, equation 1, the product with V.
pub fn attention_context(probabilities: &Tensor, v: &Tensor) -> Result<Tensor> {
    Sizes::behind(probabilities.shape(), v.shape())?;
    if !are_fused(&[probabilities, v]) {
        return composed::attention_context(probabilities, v);
    }
    probabilities.contiguous()?.apply_op2(&v.contiguous()?, Context)
}

/// The sizes of one attention.
#[derive(Clone, Copy)]
struct Sizes {
    batch: usize,
    heads: usize,
    query: usize,
    key: usize,
    width: usize,
}

impl Sizes {
    fn new(q: &Shape, k: &Shape, heads: usize) -> Result<Self> {
        let ((batch, query, width), (k_batch, key, k_width)) = (q.dims3()?, k.dims3()?);
        if batch != k_batch || width != k_width || heads == 0 || width % heads != 0 {
            bail!("attention with {heads} heads over {q:?} and {k:?} does not fit");
        }
        Ok(Self { batch, heads, query, key, width })
    }

    fn behind(probabilities: &Shape, v: &Shape) -> Result<Self> {
        let ((batch, heads, query, key), (v_batch, v_key, width)) = (probabilities.dims4()?, v.dims3()?);
        if batch != v_batch || key != v_key || heads == 0 || width % heads != 0 {
            bail!("attention with probabilities {probabilities:?} over {v:?} does not fit");
        }
        Ok(Self { batch, heads, query, key, width })
    }

    /// Few examples: the threads work inside a product; many: each takes examples of its own.
    fn threads(self) -> Threads {
        if self.batch < rayon::current_num_threads() { Threads::All } else { Threads::One }
    }

    fn probabilities(self) -> (usize, usize, usize, usize) {
        (self.batch, self.heads, self.query, self.key)
    }

    /// Elements of one example's probabilities.
    fn square(self) -> usize {
        self.heads * self.query * self.key
    }

    /// One head of one example in `[batch, tokens, width]`.
    fn head(self, values: &[f32], tokens: usize, batch: usize, head: usize) -> Result<Matrix<'_>> {
        let (start, wide) = (self.offset(tokens, batch), self.width / self.heads);
        Matrix::new(&values[start + head * wide..start + tokens * self.width], tokens, wide, self.width)
    }

    /// Where an example begins in `[batch, tokens, width]`.
    fn offset(self, tokens: usize, batch: usize) -> usize {
        batch * tokens * self.width
    }

    /// One head's probabilities in `[heads, query, key]`.
    fn map(self, values: &[f32], head: usize) -> Result<Matrix<'_>> {
        let size = self.query * self.key;
        Matrix::new(&values[head * size..(head + 1) * size], self.query, self.key, self.key)
    }
}

struct Probabilities {
    heads: usize,
    scale: f32,
}

impl Probabilities {
    fn forward(&self, sizes: Sizes, q: &[f32], k: &[f32], mask: &MaskRows) -> Result<Vec<f32>> {
        let size = sizes.query * sizes.key;
        rows::filled(sizes.batch * sizes.square(), size, |start, memory| {
            let (batch, head) = (start / size / sizes.heads, start / size % sizes.heads);
            let (q, k) = (sizes.head(q, sizes.query, batch, head)?, sizes.head(k, sizes.key, batch, head)?);
            let scores = write(memory, q, k.transposed(), Threads::One)?;
            for (index, row) in scores.chunks_exact_mut(sizes.key).enumerate() {
                normalise(row, mask.row(start / sizes.key + index), self.scale);
            }
            Ok(scores)
        })
    }

    /// Gradients of `q` and `k`; those of the scores exist for one head at a time.
    fn backward(&self, sizes: Sizes, inputs: [&[f32]; 2], p: &[f32], grad: &[f32]) -> Result<(Vec<f32>, Vec<f32>)> {
        let stretch = [sizes.query * sizes.width, sizes.key * sizes.width];
        rows::filled2(sizes.batch, stretch, |batch, [q_grad, k_grad]| {
            let (q_grad, k_grad) = (rows::zeroed(q_grad), rows::zeroed(k_grad));
            let part = batch * sizes.square()..(batch + 1) * sizes.square();
            let mut scores = grad[part.clone()].to_vec();
            for (grad, p) in scores.chunks_exact_mut(sizes.key).zip(p[part].chunks_exact(sizes.key)) {
                pull_back(grad, p, self.scale);
            }
            for head in 0..sizes.heads {
                let (scores, at) = (sizes.map(&scores, head)?, head * sizes.width / sizes.heads);
                let (q, k) =
                    (sizes.head(inputs[0], sizes.query, batch, head)?, sizes.head(inputs[1], sizes.key, batch, head)?);
                write_strided(&mut q_grad[at..], sizes.width, scores, k, sizes.threads())?;
                write_strided(&mut k_grad[at..], sizes.width, scores.transposed(), q, sizes.threads())?;
            }
            Ok([q_grad, k_grad])
        })
    }
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
        let sizes = Sizes::new(ql.shape(), kl.shape(), self.heads)?;
        let p = self.forward(sizes, slice(q, ql)?, slice(k, kl)?, &MaskRows::new(m, ml)?)?;
        Ok(output(p, sizes.probabilities()))
    }

    fn bwd(
        &self,
        q: &Tensor,
        k: &Tensor,
        _: &Tensor,
        p: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let sizes = Sizes::new(q.shape(), k.shape(), self.heads)?;
        let grad = grad.contiguous()?;
        let (q_grad, k_grad) = read2(q, k, |q, k| read2(p, &grad, |p, grad| self.backward(sizes, [q, k], p, grad)))???;
        Ok((Some(tensor(q_grad, q.dims())?), Some(tensor(k_grad, k.dims())?), None))
    }
}

struct Context;

impl Context {
    fn forward(sizes: Sizes, p: &[f32], v: &[f32]) -> Result<Vec<f32>> {
        let size = sizes.query * sizes.width;
        rows::filled(sizes.batch * size, size, |start, memory| {
            let (batch, out) = (start / size, rows::zeroed(memory));
            let p = &p[batch * sizes.square()..(batch + 1) * sizes.square()];
            for head in 0..sizes.heads {
                let (v, at) = (sizes.head(v, sizes.key, batch, head)?, head * sizes.width / sizes.heads);
                write_strided(&mut out[at..], sizes.width, sizes.map(p, head)?, v, sizes.threads())?;
            }
            Ok(out)
        })
    }

    fn backward(sizes: Sizes, p: &[f32], v: &[f32], grad: &[f32]) -> Result<(Vec<f32>, Vec<f32>)> {
        let (square, size) = (sizes.square(), sizes.query * sizes.key);
        rows::filled2(sizes.batch, [square, sizes.key * sizes.width], |batch, [p_grad, v_grad]| {
            let (p_grad, v_grad) = (rows::zeroed(p_grad), rows::zeroed(v_grad));
            let p = &p[batch * square..(batch + 1) * square];
            for head in 0..sizes.heads {
                let at = head * sizes.width / sizes.heads;
                let (v, grad) = (sizes.head(v, sizes.key, batch, head)?, sizes.head(grad, sizes.query, batch, head)?);
                write_strided(&mut p_grad[head * size..], sizes.key, grad, v.transposed(), sizes.threads())?;
                write_strided(&mut v_grad[at..], sizes.width, sizes.map(p, head)?.transposed(), grad, sizes.threads())?;
            }
            Ok([p_grad, v_grad])
        })
    }
}

impl CustomOp2 for Context {
    fn name(&self) -> &'static str {
        "attention-context"
    }

    fn cpu_fwd(&self, p: &CpuStorage, pl: &Layout, v: &CpuStorage, vl: &Layout) -> Result<(CpuStorage, Shape)> {
        let sizes = Sizes::behind(pl.shape(), vl.shape())?;
        let values = Self::forward(sizes, slice(p, pl)?, slice(v, vl)?)?;
        Ok(output(values, (sizes.batch, sizes.query, sizes.width)))
    }

    fn bwd(&self, p: &Tensor, v: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let sizes = Sizes::behind(p.shape(), v.shape())?;
        let grad = grad.contiguous()?;
        let (p_grad, v_grad) = read3(p, v, &grad, |p, v, grad| Self::backward(sizes, p, v, grad))??;
        Ok((Some(tensor(p_grad, p.dims())?), Some(tensor(v_grad, v.dims())?)))
    }
}
