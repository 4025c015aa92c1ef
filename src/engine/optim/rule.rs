//! The update rules, one element at a time: SGD with momentum, Adam, AdamW.

use candle_core::{Result, Tensor};

use crate::session::OptimizerKind;

use super::Settings;

/// A variable and its moments after a step.
pub struct Moved {
    /// The variable.
    pub weights: Tensor,
    /// Its first moments.
    pub first: Tensor,
    /// Its second moments; `None` for SGD.
    pub second: Option<Tensor>,
}

/// One step's rule for one variable, its constants worked out.
///
/// # Source
/// SGD: Sutskever et al. 2013 in the form of `torch.optim.SGD`; Adam: Kingma, Ba 2015, algorithm 1;
/// AdamW: Loshchilov, Hutter 2019, algorithm 2.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    kind: OptimizerKind,
    /// Factor on the gradient: clipping.
    shrink: f32,
    /// Decay that enters through the gradient.
    coupled: f32,
    /// Factor on the weight: decoupled decay.
    keep: f32,
    beta1: f32,
    beta2: f32,
    /// 1 − beta, taken before rounding to f32.
    fresh1: f32,
    fresh2: f32,
    /// Learning rate, for Adam divided by the first bias correction.
    rate: f32,
    /// 1 / √(second bias correction).
    widen: f32,
    eps: f32,
}

impl Rule {
    /// The rule of step number `step` (counted from 1).
    pub fn new(kind: OptimizerKind, step: u64, rate: f64, shrink: f64, decay: f64, settings: &Settings) -> Self {
        let adam = kind != OptimizerKind::Sgd;
        let decoupled = kind == OptimizerKind::AdamW;
        let correction = |beta: f64| if adam { 1.0 - beta.powf(step as f64) } else { 1.0 };
        Self {
            kind,
            shrink: shrink as f32,
            coupled: if decoupled { 0.0 } else { decay as f32 },
            keep: if decoupled { (1.0 - rate * decay) as f32 } else { 1.0 },
            beta1: settings.beta1 as f32,
            beta2: settings.beta2 as f32,
            fresh1: (1.0 - settings.beta1) as f32,
            fresh2: (1.0 - settings.beta2) as f32,
            rate: (rate / correction(settings.beta1)) as f32,
            widen: correction(settings.beta2).sqrt().recip() as f32,
            eps: settings.eps as f32,
        }
    }

    /// Moves a stretch of one variable; all slices are equally long, `second` is empty for SGD.
    pub fn apply(&self, weights: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]) {
        match self.kind {
            OptimizerKind::Sgd => self.sgd(weights, gradient, first),
            OptimizerKind::Adam | OptimizerKind::AdamW => self.adam(weights, gradient, first, second),
        }
    }

    /// The same step out of whole tensors, for a device without the fused sweep.
    ///
    /// # Shapes
    /// All alike.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn apply_to_tensors(
        &self,
        weights: &Tensor,
        gradient: &Tensor,
        first: &Tensor,
        second: Option<&Tensor>,
    ) -> Result<Moved> {
        let times = |tensor: &Tensor, factor: f32| tensor * f64::from(factor);
        let gradient = (times(gradient, self.shrink)? + times(weights, self.coupled)?)?;
        let Some(second) = second else {
            let first = (times(first, self.beta1)? + gradient)?;
            return Ok(Moved { weights: (weights - times(&first, self.rate)?)?, first, second: None });
        };
        let first = (times(first, self.beta1)? + times(&gradient, self.fresh1)?)?;
        let second = (times(second, self.beta2)? + times(&gradient.sqr()?, self.fresh2)?)?;
        let size = (times(&second.sqrt()?, self.widen)? + f64::from(self.eps))?;
        let weights = (times(weights, self.keep)? - (times(&first, self.rate)? / size)?)?;
        Ok(Moved { weights, first, second: Some(second) })
    }

    fn sgd(&self, weights: &mut [f32], gradient: &[f32], momentum: &mut [f32]) {
        for ((w, g), m) in weights.iter_mut().zip(gradient).zip(momentum) {
            *m = self.beta1 * *m + (self.shrink * g + self.coupled * *w);
            *w -= self.rate * *m;
        }
    }

    fn adam(&self, weights: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]) {
        for (((w, g), m), v) in weights.iter_mut().zip(gradient).zip(first).zip(second) {
            let g = self.shrink * g + self.coupled * *w;
            *m = self.beta1 * *m + self.fresh1 * g;
            *v = self.beta2 * *v + self.fresh2 * g * g;
            *w = self.keep * *w - self.rate * *m / (v.sqrt() * self.widen + self.eps);
        }
    }
}
