//! The position-wise feed-forward network, and activations by their configured name.

use candle_core::{Result, Tensor};

use super::layers::{DropoutRng, Linear, Norm};
use super::{ModelError, ops};
use crate::session::say;

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
            other => Err(ModelError::Config(say!(
                "activation {other} is not known here; the known ones are gelu, gelu_new, gelu_pytorch_tanh, relu, silu",
                other = format_args!("{other:?}")
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

/// `down(activation(up(x)))`, or with a gate `down(activation(gate(x)) · up(x))` (Shazeer 2020, arXiv
/// 2002.05202).
pub struct FeedForward {
    /// Widens.
    pub up: Linear,
    /// Widens beside it, and decides through the activation how much of `up` passes.
    pub gate: Option<Linear>,
    /// Narrows.
    pub down: Linear,
    /// Between them.
    pub activation: Activation,
    /// Dropout before `down`, in [0, 1).
    pub dropout: f64,
}

impl FeedForward {
    /// Applies it to `x [.., width]`.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn forward(&self, x: &Tensor, noise: &DropoutRng) -> Result<Tensor> {
        let drops = noise.next(self.dropout);
        match self.whole() {
            Some((up, down, activation)) if drops.is_none() => ops::feed_forward(x, up, down, activation),
            _ => {
                let inner = self.inner(x)?;
                let thinned = drops.map(|noise| ops::dropout(&inner, noise.p, noise.seed)).transpose()?;
                self.down.forward(&thinned.unwrap_or(inner))
            }
        }
    }

    /// `norm(x + dropout(self(x)))`: the feed-forward half of a post-norm layer, with the same numbers
    /// as [`Self::forward`] and what stands behind it; in one operation where there is one.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn forward_post_norm(&self, x: &Tensor, noise: &DropoutRng, (norm, dropout): (&Norm, f64)) -> Result<Tensor> {
        if let Some((up, down, activation)) = self.whole().filter(|_| self.dropout == 0.0) {
            return ops::post_norm_feed_forward(x, up, down, activation, &norm.end(noise.next(dropout)));
        }
        let said = self.forward(x, noise)?;
        norm.forward_sum(x, &noise.dropout(&said, dropout)?)
    }

    /// What a whole-block operation takes; `None` where there is none for this network.
    fn whole(&self) -> Option<(ops::Dense<'_>, ops::Dense<'_>, ops::Activation)> {
        let (up, down, activation) = (self.up.dense()?, self.down.dense()?, self.activation.fused()?);
        self.gate.is_none().then_some((up, down, activation))
    }

    /// What `down` is given.
    fn inner(&self, x: &Tensor) -> Result<Tensor> {
        match &self.gate {
            None => self.activation.forward(&self.up.forward(x)?),
            Some(gate) => self.activation.forward(&gate.forward(x)?)? * self.up.forward(x)?,
        }
    }
}
