//! GELU in its two forms. The backward pass works from the input; nothing else is kept.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

use super::math::{normal, sigmoid};
use super::values::{are_fused, output, read2, slice, tensor};
use super::{composed, rows};

/// GELU by the error function: `x · Φ(x)`.
///
/// # Errors
/// If `x` is not of a float type.
///
/// # Source
/// Hendrycks, Gimpel 2016, section 2.
pub fn gelu(x: &Tensor) -> Result<Tensor> {
    if !are_fused(&[x]) {
        return composed::gelu(x);
    }
    x.contiguous()?.apply_op1(Gelu::Erf)
}

/// GELU by the hyperbolic tangent, as in GPT-2.
///
/// # Errors
/// If `x` is not of a float type.
///
/// # Source
/// Hendrycks, Gimpel 2016, the approximation in section 2.
pub fn gelu_tanh(x: &Tensor) -> Result<Tensor> {
    if !are_fused(&[x]) {
        return composed::gelu_tanh(x);
    }
    x.contiguous()?.apply_op1(Gelu::Tanh)
}

#[derive(Clone, Copy)]
enum Gelu {
    Erf,
    Tanh,
}

/// √(8/π): the hyperbolic tangent is written as a logistic function of twice the argument.
const STEEPNESS: f32 = 1.595_769;

/// The cubic term of the approximation.
const CUBIC: f32 = 0.044_715;

#[inline(always)]
fn tanh_gate(x: f32) -> f32 {
    sigmoid(STEEPNESS * (x + CUBIC * x * x * x))
}

#[inline(always)]
fn erf_slope(x: f32) -> f32 {
    let (below, density) = normal(x);
    below + x * density
}

#[inline(always)]
fn tanh_slope(x: f32) -> f32 {
    let gate = tanh_gate(x);
    gate + x * gate * (1.0 - gate) * STEEPNESS * (1.0 + 3.0 * CUBIC * x * x)
}

impl CustomOp1 for Gelu {
    fn name(&self) -> &'static str {
        "gelu"
    }

    fn cpu_fwd(&self, x: &CpuStorage, xl: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = slice(x, xl)?;
        let y = match self {
            Self::Erf => rows::changed(x, 1, |_, values| values.iter_mut().for_each(|x| *x *= normal(*x).0)),
            Self::Tanh => rows::changed(x, 1, |_, values| values.iter_mut().for_each(|x| *x *= tanh_gate(*x))),
        };
        Ok(output(y, xl.shape()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let values = read2(x, &grad.contiguous()?, |x, grad| match self {
            Self::Erf => rows::changed(grad, 1, |start, grad| {
                grad.iter_mut().zip(&x[start..]).for_each(|(grad, x)| *grad *= erf_slope(*x));
            }),
            Self::Tanh => rows::changed(grad, 1, |start, grad| {
                grad.iter_mut().zip(&x[start..]).for_each(|(grad, x)| *grad *= tanh_slope(*x));
            }),
        })?;
        Ok(Some(tensor(values, x.dims())?))
    }
}
