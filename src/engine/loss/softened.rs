//! One row's distribution at a temperature, as the divergences see it.

use crate::engine::model::ops::log_sum_exp;

/// `softmax(values / T)` of a row, kept as what it is computed from.
#[derive(Clone, Copy)]
pub struct Softened<'a> {
    /// Logits or log-probabilities, `[outcomes]`.
    pub values: &'a [f32],
    /// 1/T.
    pub coldness: f32,
    /// `ln Σ e^(values/T)`: the log-probability of an outcome is `value/T` less this.
    pub level: f32,
}

impl<'a> Softened<'a> {
    /// The row at `temperature`, above 0.
    #[inline(always)]
    pub fn of(values: &'a [f32], temperature: f32) -> Self {
        let coldness = 1.0 / temperature;
        Self { values, coldness, level: log_sum_exp(values, coldness) }
    }
    /// The largest probability.
    pub fn largest(self) -> f32 {
        let top = self.values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        (top * self.coldness - self.level).exp()
    }
}
