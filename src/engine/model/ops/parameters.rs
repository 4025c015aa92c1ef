//! More arguments than three. A custom operation of candle takes three tensors; a coarse one, such
//! as a whole feed-forward block, has more parameters. They are tied into one: a single number,
//! always 0, whose gradient stands for all of theirs. The coarse operation puts the real gradients
//! into the mail, and the knot hands them on when candle's backward pass reaches it.

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{CpuStorage, CustomOp3, DType, Layout, Result, Shape, Tensor};

use super::gradients::route_gradient;
use super::values::output;

/// Gradients on their way from a coarse operation to its parameters.
#[derive(Clone, Default)]
pub struct GradientSlot(Arc<Mutex<Vec<Option<Tensor>>>>);

impl GradientSlot {
    /// Leaves the gradients of all parameters, in the order in which they were tied.
    pub fn send(&self, gradients: Vec<Option<Tensor>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = gradients;
    }

    fn collect(&self, parameter: usize) -> Option<Tensor> {
        let mut gradients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gradients.get_mut(parameter).and_then(Option::take)
    }
}

/// Ties parameters into one tensor of one element, to be an argument of a coarse operation.
///
/// # Errors
/// If the first tensor cannot be made.
pub fn register(parameters: &[&Tensor]) -> Result<(Tensor, GradientSlot)> {
    let mail = GradientSlot::default();
    let mut knot = Tensor::zeros(1, DType::F32, &candle_core::Device::Cpu)?;
    for (index, pair) in parameters.chunks(2).enumerate() {
        let (first, second) = (pair[0], pair.get(1).copied().unwrap_or(pair[0]));
        let wants = [knot.track_op(), first.track_op(), pair.len() == 2 && second.track_op()];
        knot = knot.apply_op3(first, second, FusedNode { mail: mail.clone(), first: 2 * index, wants })?;
    }
    Ok((knot, mail))
}

/// What a coarse operation returns as the gradient of the knot.
///
/// # Errors
/// If the tensor cannot be made.
pub fn no_gradient() -> Result<Option<Tensor>> {
    Tensor::zeros(1, DType::F32, &candle_core::Device::Cpu).map(Some)
}

/// Two parameters and the knot before.
struct FusedNode {
    mail: GradientSlot,
    first: usize,
    wants: [bool; 3],
}

impl CustomOp3 for FusedNode {
    fn name(&self) -> &'static str {
        "knot"
    }

    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        Ok(output(vec![0.0], 1))
    }

    fn bwd(
        &self,
        _: &Tensor,
        first: &Tensor,
        second: &Tensor,
        _: &Tensor,
        _: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let [before, wants_first, wants_second] = self.wants;
        let collect = |wanted: bool, number| if wanted { self.mail.collect(number) } else { None };
        let before = if before { no_gradient()? } else { None };
        let first = route_gradient(first, collect(wants_first, self.first));
        Ok((before, first, route_gradient(second, collect(wants_second, self.first + 1))))
    }
}
