//! GELU in its two forms. The backward pass works from the input; nothing else is kept.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

use super::arguments::Activation;
use super::math::{normal, sigmoid};
use super::simd::widest;
use super::values::{are_fused, output, read2, slice, tensor};
use super::{composed, rows};

/// GELU by the error function: `x · Φ(x)`.
///
/// # Shapes
/// Any; result as `x`.
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
    x.contiguous()?.apply_op1(Activation::Gelu)
}

/// GELU by the hyperbolic tangent, as in GPT-2.
///
/// # Shapes
/// Any; result as `x`.
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
    x.contiguous()?.apply_op1(Activation::GeluTanh)
}

impl Activation {
    /// Replaces numbers by their values.
    pub fn forward(self, values: &mut [f32]) {
        match self {
            Self::Gelu => forward(values, erf),
            Self::GeluTanh => forward(values, tanh),
        }
    }

    /// Multiplies gradients by the slopes at `x`.
    pub fn backward(self, grad: &mut [f32], x: &[f32]) {
        match self {
            Self::Gelu => backward(grad, x, erf),
            Self::GeluTanh => backward(grad, x, tanh),
        }
    }

    /// Both in one look: replaces `x` by its values and multiplies gradients by the slopes there.
    pub fn forward_and_pull_back(self, x: &mut [f32], grad: &mut [f32]) {
        match self {
            Self::Gelu => forward_and_pull_back(x, grad, erf),
            Self::GeluTanh => forward_and_pull_back(x, grad, tanh),
        }
    }
}

/// √(8/π): the hyperbolic tangent is written as a logistic function of twice the argument.
const STEEPNESS: f32 = 1.595_769;

/// The cubic term of the approximation.
const CUBIC: f32 = 0.044_715;

/// Value and slope of GELU.
#[inline(always)]
fn erf(x: f32) -> (f32, f32) {
    let (below, density) = normal(x);
    (x * below, x.mul_add(density, below))
}

/// Value and slope of its approximation.
#[inline(always)]
fn tanh(x: f32) -> (f32, f32) {
    let square = x * x;
    let gate = sigmoid(STEEPNESS * x * square.mul_add(CUBIC, 1.0));
    let steepness = STEEPNESS * square.mul_add(3.0 * CUBIC, 1.0);
    (x * gate, (x * gate * (1.0 - gate)).mul_add(steepness, gate))
}

#[inline(always)]
fn forward(values: &mut [f32], function: impl Fn(f32) -> (f32, f32)) {
    widest(
        #[inline(always)]
        || {
            for x in values.iter_mut() {
                *x = function(*x).0;
            }
        },
    );
}

#[inline(always)]
fn backward(grad: &mut [f32], x: &[f32], function: impl Fn(f32) -> (f32, f32)) {
    widest(
        #[inline(always)]
        || {
            for (grad, x) in grad.iter_mut().zip(x) {
                *grad *= function(*x).1;
            }
        },
    );
}

#[inline(always)]
fn forward_and_pull_back(x: &mut [f32], grad: &mut [f32], function: impl Fn(f32) -> (f32, f32)) {
    widest(
        #[inline(always)]
        || {
            for (x, grad) in x.iter_mut().zip(grad) {
                let (value, slope) = function(*x);
                *x = value;
                *grad *= slope;
            }
        },
    );
}

impl CustomOp1 for Activation {
    fn name(&self) -> &'static str {
        "activation"
    }

    fn cpu_fwd(&self, x: &CpuStorage, xl: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok(output(rows::changed(slice(x, xl)?, 1, |_, values| self.forward(values)), xl.shape()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let values = read2(x, &grad.contiguous()?, |x, grad| {
            rows::changed(grad, 1, |start, grad| self.backward(grad, &x[start..]))
        })?;
        Ok(Some(tensor(values, x.dims())?))
    }
}
