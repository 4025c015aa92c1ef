//! Linear layers: one product with the bias already in place, and backward products that read the
//! transposed operands where they lie.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, bail};

use super::arguments::Orientation;
use super::gradients::route_gradient;
use super::product::{Matrix, add_product, product};
use super::values::{are_fused, output, read2, slice, tensor};
use super::{composed, rows, skinny_matmul};

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

/// A weight's sizes and how it lies: the three products of a linear layer.
#[derive(Clone, Copy)]
pub struct Sizes {
    orientation: Orientation,
    width: usize,
    out: usize,
}

impl Sizes {
    /// The sizes of a weight with these dimensions.
    ///
    /// # Errors
    /// If it is not a matrix.
    pub fn of(orientation: Orientation, weight: &[usize]) -> Result<Self> {
        match (orientation, weight) {
            (Orientation::OutIn, [out, width]) | (Orientation::InOut, [width, out]) => {
                Ok(Self { orientation, width: *width, out: *out })
            }
            _ => bail!("a linear layer's weight is a matrix, not {weight:?}"),
        }
    }

    /// The size of an input row.
    pub fn width(self) -> usize {
        self.width
    }

    /// The size of a result row.
    pub fn out(self) -> usize {
        self.out
    }

    /// The weight as `[in, out]`.
    fn matrix(self, weight: &[f32]) -> Result<Matrix<'_>> {
        match self.orientation {
            Orientation::OutIn => Ok(Matrix::new(weight, self.out, self.width, self.width)?.transposed()),
            Orientation::InOut => Matrix::new(weight, self.width, self.out, self.out),
        }
    }

    fn input(self, x: &[f32]) -> Result<Matrix<'_>> {
        Matrix::new(x, x.len() / self.width, self.width, self.width)
    }

    fn result(self, y: &[f32]) -> Result<Matrix<'_>> {
        Matrix::new(y, y.len() / self.out, self.out, self.out)
    }

    /// `x · weight + bias`.
    ///
    /// # Errors
    /// If the bias has another size.
    pub fn forward(self, x: &[f32], weight: &[f32], bias: Option<&[f32]>) -> Result<Vec<f32>> {
        if bias.is_some_and(|bias| bias.len() != self.out) {
            bail!("a bias of another size does not fit a linear layer from {} to {}", self.width, self.out);
        }
        if self.orientation == Orientation::OutIn && skinny_matmul::serves(x.len() / self.width.max(1), self.width) {
            let (x, weight) = (self.input(x)?.values(), self.matrix(weight)?.values());
            let mut y = skinny_matmul::product(x, &weight, self.width, self.out);
            if let Some(bias) = bias {
                rows::change(&mut y, self.out, |_, y| rows::add_row(y, bias));
            }
            return Ok(y);
        }
        let (x, weight) = (self.input(x)?, self.matrix(weight)?);
        let Some(bias) = bias else { return product(x, weight) };
        let mut y = rows::repeated(bias, x.rows());
        add_product(&mut y, x, weight)?;
        Ok(y)
    }

    /// Gradient of the input.
    ///
    /// # Errors
    /// If the sizes do not fit.
    pub fn input_gradient(self, weight: &[f32], grad: &[f32]) -> Result<Vec<f32>> {
        product(self.result(grad)?, self.matrix(weight)?.transposed())
    }

    /// Adds the gradient of the input to what is there, if anything is.
    ///
    /// # Errors
    /// If the sizes do not fit.
    pub fn add_input_gradient(self, weight: &[f32], grad: &[f32], there: &mut Option<Vec<f32>>) -> Result<()> {
        match there {
            Some(there) => add_product(there, self.result(grad)?, self.matrix(weight)?.transposed()),
            None => self.input_gradient(weight, grad).map(|grad| *there = Some(grad)),
        }
    }

    /// Gradient of the weight, as the weight lies.
    ///
    /// # Errors
    /// If the sizes do not fit.
    pub fn weight_gradient(self, x: &[f32], grad: &[f32]) -> Result<Vec<f32>> {
        let (x, grad) = (self.input(x)?, self.result(grad)?);
        match self.orientation {
            Orientation::OutIn => product(grad.transposed(), x),
            Orientation::InOut => product(x.transposed(), grad),
        }
    }

    /// Gradient of the bias.
    pub fn bias_gradient(self, grad: &[f32]) -> Vec<f32> {
        rows::column_sums(grad, self.out)
    }
}

struct Linear {
    orientation: Orientation,
    wants_x: bool,
    wants_weight: bool,
}

impl Linear {
    fn forward(
        &self,
        (x, x_layout): (&CpuStorage, &Layout),
        (weight, weight_layout): (&CpuStorage, &Layout),
        bias: Option<&[f32]>,
    ) -> Result<(CpuStorage, Shape)> {
        let sizes = Sizes::of(self.orientation, weight_layout.dims())?;
        if x_layout.dims().last() != Some(&sizes.width) {
            bail!("a linear layer from {} to {} does not fit its input {x_layout:?}", sizes.width, sizes.out);
        }
        let y = sizes.forward(slice(x, x_layout)?, slice(weight, weight_layout)?, bias)?;
        Ok(output(y, rows::with_last(x_layout.dims(), sizes.out)))
    }

    /// Gradients of `x` and of the weight.
    fn backward(&self, x: &Tensor, weight: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let sizes = Sizes::of(self.orientation, weight.dims())?;
        let x_grad = || tensor(read2(weight, grad, |weight, grad| sizes.input_gradient(weight, grad))??, x.dims());
        let weight_grad = || tensor(read2(x, grad, |x, grad| sizes.weight_gradient(x, grad))??, weight.dims());
        let (x_grad, weight_grad) =
            (self.wants_x.then(x_grad).transpose()?, self.wants_weight.then(weight_grad).transpose()?);
        Ok((x_grad, route_gradient(weight, weight_grad)))
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
        Ok((x_grad, w_grad, route_gradient(b, Some(tensor(sums, b.dims())?))))
    }
}
