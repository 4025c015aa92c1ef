//! The second half of attention.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};

use super::heads::Heads;
use super::product::{add_strided, write_strided};
use super::values::{are_fused, output, read3, slice, tensor};
use super::{composed, rows};

/// What attention passes on: `probabilities · v` in every head, the heads side by side again.
///
/// # Shapes
/// `probabilities [batch, heads, query, key]`, `v [batch, key, kv_heads · wide]`; result
/// `[batch, query, heads · wide]`.
///
/// # Errors
/// If the shapes do not fit.
///
/// # Source
/// Vaswani et al. 2017, equation 1, the product with V; shared value heads from Ainslie et al. 2023
/// (arXiv 2305.13245), section 2.2.
pub fn attention_context(probabilities: &Tensor, v: &Tensor, kv_heads: usize) -> Result<Tensor> {
    Heads::behind(probabilities.shape(), v.shape(), kv_heads)?;
    if !are_fused(&[probabilities, v]) {
        return composed::attention_context(probabilities, v, kv_heads);
    }
    probabilities.contiguous()?.apply_op2(&v.contiguous()?, Context { kv_heads })
}

struct Context {
    kv_heads: usize,
}

impl Context {
    fn forward(sizes: Heads, p: &[f32], v: &[f32]) -> Result<Vec<f32>> {
        let size = sizes.query * sizes.width();
        rows::filled(sizes.batch * size, size, |start, memory| {
            let (batch, out) = (start / size, rows::zeroed(memory));
            let maps = p[batch * sizes.maps()..(batch + 1) * sizes.maps()].chunks_exact(sizes.map());
            for (head, p) in maps.enumerate() {
                let (p, v) = (sizes.matrix(p)?, sizes.key_head(v, batch, head)?);
                write_strided(&mut out[sizes.column(head)..], sizes.width(), p, v, sizes.threads())?;
            }
            Ok(out)
        })
    }

    fn backward(sizes: Heads, p: &[f32], v: &[f32], grad: &[f32]) -> Result<[Vec<f32>; 2]> {
        rows::together(sizes.batch, [sizes.maps(), sizes.key * sizes.kv_width()], |batch, [p_grad, v_grad]| {
            let (p_grad, v_grad) = (rows::zeroed(p_grad), rows::zeroed(v_grad));
            let maps = p[batch * sizes.maps()..(batch + 1) * sizes.maps()].chunks_exact(sizes.map());
            for (head, (p, p_grad)) in maps.zip(p_grad.chunks_exact_mut(sizes.map())).enumerate() {
                let v = sizes.key_head(v, batch, head)?;
                let grad = sizes.query_head(grad, batch, head)?;
                let v_grad = &mut v_grad[sizes.kv_column(head)..];
                let put = if sizes.is_first(head) { write_strided } else { add_strided };
                write_strided(p_grad, sizes.key, grad, v.transposed(), sizes.threads())?;
                put(v_grad, sizes.kv_width(), sizes.matrix(p)?.transposed(), grad, sizes.threads())?;
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
        let sizes = Heads::behind(pl.shape(), vl.shape(), self.kv_heads)?;
        let values = Self::forward(sizes, slice(p, pl)?, slice(v, vl)?)?;
        Ok(output(values, (sizes.batch, sizes.query, sizes.width())))
    }

    fn bwd(&self, p: &Tensor, v: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let sizes = Heads::behind(p.shape(), v.shape(), self.kv_heads)?;
        let grad = grad.contiguous()?;
        let [p_grad, v_grad] = read3(p, v, &grad, |p, v, grad| Self::backward(sizes, p, v, grad))??;
        Ok((Some(tensor(p_grad, p.dims())?), Some(tensor(v_grad, v.dims())?)))
    }
}
