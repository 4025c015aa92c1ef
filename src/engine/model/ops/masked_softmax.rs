//! Softmax of attention scores, with scale and mask in the same pass.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};

use super::arguments::LOWEST;
use super::math::{exp, max, sum, sum2};
use super::values::{are_fused, output, read2, slice, tensor, width};
use super::{composed, rows};

/// `softmax(scale · scores + mask)` over the last dimension.
///
/// A row masked whole becomes the softmax of its scores, or even where the mask is −∞.
///
/// # Shapes
/// `scores [batch, heads, query, key]`, `mask` broadcastable to it; result as `scores`.
///
/// # Errors
/// If the shapes do not fit.
pub fn masked_softmax(scores: &Tensor, mask: &Tensor, scale: f64) -> Result<Tensor> {
    if !are_fused(&[scores, mask]) {
        return composed::masked_softmax(scores, mask, scale);
    }
    let op = MaskedSoftmax { scale: scale as f32, wants_mask: mask.track_op() };
    scores.contiguous()?.apply_op2(&spread(mask, scores.shape())?, op)
}

/// The mask as a view of the scores' shape whose rows lie without gaps.
///
/// # Errors
/// If it cannot be broadcast.
pub fn spread(mask: &Tensor, shape: &Shape) -> Result<Tensor> {
    let (Some(own), Some(key)) = (mask.dims().last(), shape.dims().last()) else {
        return mask.broadcast_as(shape);
    };
    let mask = if own == key { mask.clone() } else { mask.broadcast_as(rows::with_last(mask.dims(), *key))? };
    mask.contiguous()?.broadcast_as(shape)
}

/// Where the rows of a [`spread`] mask begin.
pub struct MaskRows<'a> {
    values: &'a [f32],
    start: usize,
    width: usize,
    /// Size and stride of the dimensions before the last, the last of them first.
    steps: Vec<(usize, usize)>,
}

impl<'a> MaskRows<'a> {
    /// The rows of a mask.
    ///
    /// # Errors
    /// If it is not f32 in main memory.
    pub fn new(storage: &'a CpuStorage, layout: &Layout) -> Result<Self> {
        let width = width(layout)?;
        let steps = layout.dims().iter().copied().zip(layout.stride().iter().copied()).rev().skip(1).collect();
        Ok(Self { values: storage.as_slice()?, start: layout.start_offset(), width, steps })
    }

    /// Row number `row` of the whole, counted through all dimensions before the last.
    #[inline(always)]
    pub fn row(&self, row: usize) -> &'a [f32] {
        let (mut left, mut offset) = (row, self.start);
        for (size, stride) in &self.steps {
            offset += left % size * stride;
            left /= size;
        }
        &self.values[offset..offset + self.width]
    }
}

/// Turns a row of scores into probabilities.
#[inline(always)]
pub fn normalise(row: &mut [f32], mask: &[f32], scale: f32) {
    for (score, mask) in row.iter_mut().zip(mask) {
        *score = *score * scale + if *mask > LOWEST { *mask } else { LOWEST };
    }
    let top = max(row);
    for score in row.iter_mut() {
        *score = exp(*score - top);
    }
    let share = 1.0 / sum(row, |value| value);
    for score in row.iter_mut() {
        *score *= share;
    }
}

/// Turns the gradient of a row of probabilities into that of its masked, scaled scores.
#[inline(always)]
pub fn backward(grad: &mut [f32], probabilities: &[f32], scale: f32) {
    let level = sum2(grad, probabilities, |grad, p| grad * p);
    for (grad, p) in grad.iter_mut().zip(probabilities) {
        *grad = scale * p * (*grad - level);
    }
}

/// The gradient of the mask as it was given, out of that of the raised one: whatever lay at or below
/// [`LOWEST`] moves nothing.
///
/// # Shapes
/// Both alike.
///
/// # Errors
/// If they are not.
pub fn of_given_mask(grad: &Tensor, mask: &Tensor) -> Result<Tensor> {
    mask.gt(f64::from(LOWEST))?.where_cond(grad, &grad.zeros_like()?)
}

struct MaskedSoftmax {
    scale: f32,
    wants_mask: bool,
}

impl MaskedSoftmax {
    fn backward(&self, probabilities: &Tensor, grad: &Tensor, scale: f32) -> Result<Tensor> {
        let width = width(probabilities.layout())?;
        let values = read2(probabilities, grad, |probabilities, grad| {
            rows::changed(
                grad,
                width,
                #[inline(always)]
                |start, rows| {
                    let inputs = probabilities[start..start + rows.len()].chunks_exact(width);
                    for (grad, p) in rows.chunks_exact_mut(width).zip(inputs) {
                        backward(grad, p, scale);
                    }
                },
            )
        })?;
        tensor(values, probabilities.dims())
    }
}

impl CustomOp2 for MaskedSoftmax {
    fn name(&self) -> &'static str {
        "masked-softmax"
    }

    fn cpu_fwd(&self, s: &CpuStorage, sl: &Layout, m: &CpuStorage, ml: &Layout) -> Result<(CpuStorage, Shape)> {
        let (scores, mask, width) = (slice(s, sl)?, MaskRows::new(m, ml)?, width(sl)?);
        let y = rows::changed(
            scores,
            width,
            #[inline(always)]
            |start, rows| {
                for (index, row) in rows.chunks_exact_mut(width).enumerate() {
                    normalise(row, mask.row(start / width + index), self.scale);
                }
            },
        );
        Ok(output(y, sl.shape()))
    }

    fn bwd(&self, _: &Tensor, mask: &Tensor, p: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        let scores = self.backward(p, &grad, self.scale)?;
        let learned = || of_given_mask(&self.backward(p, &grad, 1.0)?, mask);
        let mask = self.wants_mask.then(learned).transpose()?;
        Ok((Some(scores), mask))
    }
}
