//! Rotary positions: a turn of pairs of numbers. Going back is turning the other way, so nothing is
//! kept but the angles.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};

use super::values::{are_fused, output, read, read2, slice, tensor};
use super::{composed, rows};

/// Turns the numbers `i` and `i + wide / 2` of every head by the angle of their token.
///
/// No gradient reaches the angles.
///
/// # Shapes
/// `x [batch, tokens, heads · wide]`, `cos`, `sin [batch, tokens, wide / 2]`; result as `x`.
///
/// # Errors
/// If the shapes do not fit.
///
/// # Source
/// Su et al. 2021 (arXiv 2104.09864), equation 34, in the order of transformers' `rotate_half`.
pub fn rotary(x: &Tensor, cos: &Tensor, sin: &Tensor, heads: usize) -> Result<Tensor> {
    let ((batch, tokens, width), half) = (x.dims3()?, cos.dims().last().copied().unwrap_or(0));
    if cos.dims() != [batch, tokens, half] || sin.dims() != cos.dims() || heads * 2 * half != width {
        bail!("angles {:?} do not fit {heads} heads of {:?}", cos.dims(), x.dims());
    }
    if !are_fused(&[x, cos, sin]) {
        return composed::rotary(x, cos, sin, heads);
    }
    let op = Rotary { cos: cos.detach().contiguous()?, sin: sin.detach().contiguous()?, half, width };
    x.contiguous()?.apply_op1(op)
}

struct Rotary {
    cos: Tensor,
    sin: Tensor,
    half: usize,
    width: usize,
}

impl Rotary {
    /// Every token turned by its angles, or back by them.
    fn turned(&self, x: &[f32], back: bool) -> Result<Vec<f32>> {
        let sign = if back { -1.0 } else { 1.0 };
        read2(&self.cos, &self.sin, |cos, sin| {
            rows::changed(
                x,
                self.width,
                #[inline(always)]
                |start, rows| {
                    let first = start / self.width * self.half;
                    let angles = cos[first..].chunks_exact(self.half).zip(sin[first..].chunks_exact(self.half));
                    for (token, (cos, sin)) in rows.chunks_exact_mut(self.width).zip(angles) {
                        for head in token.chunks_exact_mut(2 * self.half) {
                            turn(head, cos, sin, sign);
                        }
                    }
                },
            )
        })
    }
}

/// Turns one head of one token.
#[inline(always)]
fn turn(head: &mut [f32], cos: &[f32], sin: &[f32], sign: f32) {
    let (first, second) = head.split_at_mut(cos.len());
    for (((a, b), cos), sin) in first.iter_mut().zip(second).zip(cos).zip(sin) {
        let sin = sign * sin;
        (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
    }
}

impl CustomOp1 for Rotary {
    fn name(&self) -> &'static str {
        "rotary"
    }

    fn cpu_fwd(&self, x: &CpuStorage, xl: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok(output(self.turned(slice(x, xl)?, false)?, xl.shape()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let values = read(&grad.contiguous()?, |grad| self.turned(grad, true))??;
        Ok(Some(tensor(values, x.dims())?))
    }
}
