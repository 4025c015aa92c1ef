//! Fresh weights: drawn from a seed and the tensor's own name, so that the order in which tensors
//! are made, or a tensor added later, changes no other.

use candle_core::{Device, Tensor};
use rand::Rng as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use super::ModelError;
use crate::session::say;

/// How a new tensor is filled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Normal with mean 0 and this standard deviation.
    Normal(f64),
    /// All 0.
    Zeros,
    /// All 1.
    Ones,
}

impl Init {
    /// `count` numbers for the tensor `name`.
    pub fn fill(self, name: &str, count: usize, seed: u64) -> Vec<f32> {
        match self {
            Self::Zeros => vec![0.0; count],
            Self::Ones => vec![1.0; count],
            Self::Normal(deviation) => normal(&mut named_rng(name, seed), deviation, count),
        }
    }
}

/// New numbers for the tensor `name`.
///
/// # Errors
/// [`ModelError::Config`] if it would be too large.
pub fn fresh(name: &str, shape: &[usize], init: Init, seed: u64, device: &Device) -> Result<Tensor, ModelError> {
    let count = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).filter(|&n| n <= 1 << 33);
    let count = count.ok_or_else(|| {
        ModelError::Config(say!(
            "{name} would be {shape}, too large to be made",
            name,
            shape = format_args!("{shape:?}")
        ))
    })?;
    Ok(Tensor::from_vec(init.fill(name, count, seed), shape, device)?)
}

/// A generator of its own for everything that has a name.
pub fn named_rng(name: &str, seed: u64) -> ChaCha8Rng {
    let mut hash = blake3::Hasher::new();
    hash.update(&seed.to_le_bytes()).update(name.as_bytes());
    ChaCha8Rng::from_seed(*hash.finalize().as_bytes())
}

/// Normal numbers by the Box–Muller transform.
fn normal(rng: &mut ChaCha8Rng, deviation: f64, count: usize) -> Vec<f32> {
    let mut pair = || {
        let (u, v): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
        let radius = (-2.0 * u.ln()).sqrt() * deviation;
        let angle = std::f64::consts::TAU * v;
        [(radius * angle.cos()) as f32, (radius * angle.sin()) as f32]
    };
    let mut values: Vec<f32> = (0..count.div_ceil(2)).flat_map(|_| pair()).collect();
    values.truncate(count);
    values
}
