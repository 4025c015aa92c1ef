//! The position-wise feed-forward network, and activations by their configured name.

use candle_core::{Result, Tensor};

use super::layers::Linear;
use super::{ModelError, ops};

/// A non-linearity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// GELU by the error function (Hendrycks & Gimpel 2016, arXiv 1606.08415).
    Gelu,
    /// GELU by the tanh approximation of the same paper.
    GeluTanh,
    /// max(0, x).
    Relu,
    /// x·sigmoid(x).
    Silu,
}

impl Activation {
    /// The activation a configuration names.
    ///
    /// # Errors
    /// [`ModelError::Config`] with the list of known names.
    pub fn named(name: &str) -> std::result::Result<Self, ModelError> {
        match name {
            "gelu" => Ok(Self::Gelu),
            "gelu_new" | "gelu_pytorch_tanh" => Ok(Self::GeluTanh),
            "relu" => Ok(Self::Relu),
            "silu" | "swish" => Ok(Self::Silu),
            other => Err(ModelError::Config(format!(
                "activation {other:?} is not known here; the known ones are gelu, gelu_new, gelu_pytorch_tanh, relu, silu"
            ))),
        }
    }

    /// Its name among those that a whole-block operation takes; `None` for the others.
    fn fused(self) -> Option<ops::Activation> {
        match self {
            Self::Gelu => Some(ops::Activation::Gelu),
            Self::GeluTanh => Some(ops::Activation::GeluTanh),
            Self::Relu | Self::Silu => None,
        }
    }

    /// Applies it.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn forward(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Gelu => ops::gelu(x),
            Self::GeluTanh => ops::gelu_tanh(x),
            Self::Relu => x.relu(),
            Self::Silu => x.silu(),
        }
    }
}

/// `down(activation(up(x)))`.
pub struct FeedForward {
    /// Widens.
    pub up: Linear,
    /// Narrows.
    pub down: Linear,
    /// Between them.
    pub activation: Activation,
}

impl FeedForward {
    /// Applies it to `x [.., width]`.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match (self.up.dense(), self.down.dense(), self.activation.fused()) {
            (Some(up), Some(down), Some(activation)) => ops::feed_forward(x, up, down, activation),
            _ => self.down.forward(&self.activation.forward(&self.up.forward(x)?)?),
        }
    }
}
