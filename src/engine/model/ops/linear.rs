//! Linear layers: one product with the bias already in place, and backward products that read the
//! transposed operands where they lie.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, bail};

use super::product::{Matrix, add_product, product};
use super::values::{are_fused, output, read2, slice, tensor};
use super::{composed, rows};

/// `x · weightᵀ + bias`.
///
/// # Shapes
/// `x [.., in]`, `weight [out, in]`, `bias [out]`; result `[.., out]`.
///
/// # Errors
/// If the shapes do not fit.
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    apply(x, weight, bias, Orientation::OutIn)
}

/// `x · weight + bias`, the layout of GPT-2's `Conv1D`.
///
/// # Shapes
/// `x [.., in]`, `weight [in, out]`, `bias [out]`; result `[.., out]`.
///
/// # Errors
/// If the shapes do not fit.
pub fn linear_transposed(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    apply(x, weight, bias, Orientation::InOut)
}

/// How a weight lies in memory.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Orientation {
    OutIn,
    InOut,
}

fn apply(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, orientation: Orientation) -> Result<Tensor> {
    if !are_fused(&[x, weight]) || bias.is_some_and(|bias| !are_fused(&[bias])) {
        return match orientation {
            Orientation::OutIn => composed::linear(x, weight, bias),
            Orientation::InOut => composed::linear_transposed(x, weight, bias),
        };
    }
    let op = Linear { orientation, wants_x: x.track_op(), wants_weight: weight.track_op() };
    let (x, weight) = (x.contiguous()?, weight.contiguous()?);
    match bias {
        Some(bias) => x.apply_op3(&weight, &bias.contiguous()?, op),
        None => x.apply_op2(&weight, op),
    }
}

struct Linear {
    orientation: Orientation,
    wants_x: bool,
    wants_weight: bool,
}

impl Linear {
    /// (in, out) of a weight.
    fn sizes(&self, weight: &[usize]) -> Result<(usize, usize)> {
        match (self.orientation, weight) {
            (Orientation::OutIn, [out, width]) | (Orientation::InOut, [width, out]) => Ok((*width, *out)),
            _ => bail!("a linear layer's weight is a matrix, not {weight:?}"),
        }
    }

    /// The weight as `[in, out]`.
    fn matrix<'a>(&self, weight: &'a [f32], width: usize, out: usize) -> Result<Matrix<'a>> {
        match self.orientation {
            Orientation::OutIn => Ok(Matrix::new(weight, out, width, width)?.transposed()),
            Orientation::InOut => Matrix::new(weight, width, out, out),
        }
    }

    fn forward(
        &self,
        (x, x_layout): (&CpuStorage, &Layout),
        (weight, weight_layout): (&CpuStorage, &Layout),
        bias: Option<&[f32]>,
    ) -> Result<(CpuStorage, Shape)> {
        let (width, out) = self.sizes(weight_layout.dims())?;
        let (x, weight) = (slice(x, x_layout)?, slice(weight, weight_layout)?);
        if x_layout.dims().last() != Some(&width) || bias.is_some_and(|bias| bias.len() != out) {
            bail!("a linear layer from {width} to {out} does not fit its input {x_layout:?} or its bias");
        }
        let count = x.len() / width;
        let (a, b) = (Matrix::new(x, count, width, width)?, self.matrix(weight, width, out)?);
        let y = match bias {
            Some(bias) => {
                let mut y = rows::repeated(bias, count);
                add_product(&mut y, a, b)?;
                y
            }
            None => product(a, b)?,
        };
        Ok(output(y, rows::with_last(x_layout.dims(), out)))
    }

    /// Gradients of `x` and of the weight.
    fn backward(&self, x: &Tensor, weight: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (width, out) = self.sizes(weight.dims())?;
        let count = x.elem_count() / width;
        let x_grad = || {
            let values = read2(weight, grad, |weight, grad| {
                product(Matrix::new(grad, count, out, out)?, self.matrix(weight, width, out)?.transposed())
            })??;
            tensor(values, x.dims())
        };
        let weight_grad = || {
            let values = read2(x, grad, |x, grad| {
                let (x, grad) = (Matrix::new(x, count, width, width)?, Matrix::new(grad, count, out, out)?);
                match self.orientation {
                    Orientation::OutIn => product(grad.transposed(), x),
                    Orientation::InOut => product(x.transposed(), grad),
                }
            })??;
            tensor(values, weight.dims())
        };
        Ok((self.wants_x.then(x_grad).transpose()?, self.wants_weight.then(weight_grad).transpose()?))
    }
}

impl CustomOp2 for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn cpu_fwd(&self, x: &CpuStorage, xl: &Layout, w: &CpuStorage, wl: &Layout) -> Result<(CpuStorage, Shape)> {
        self.forward((x, xl), (w, wl), None)
    }

    fn bwd(&self, x: &Tensor, w: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        self.backward(x, w, &grad.contiguous()?)
    }
}

impl CustomOp3 for Linear {
    fn name(&self) -> &'static str {
        "linear-bias"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        xl: &Layout,
        w: &CpuStorage,
        wl: &Layout,
        b: &CpuStorage,
        bl: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.forward((x, xl), (w, wl), Some(slice(b, bl)?))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        b: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let grad = grad.contiguous()?;
        let (x_grad, w_grad) = self.backward(x, w, &grad)?;
        let sums = super::values::read(&grad, |grad| rows::column_sums(grad, b.elem_count()))?;
        Ok((x_grad, w_grad, Some(tensor(sums, b.dims())?)))
    }
}
