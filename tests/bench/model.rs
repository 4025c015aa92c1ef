//! A BERT with a classification head, written straight over the operations.

use candle_core::{DType, Device, Result, Tensor, Var};
use retort::engine::model::ops::{self, Activation, Dense, Orientation};

/// Rows of the embedding table, as in BERT's English vocabulary.
pub const WORDS: usize = 30_522;

/// Attention heads of both models.
const HEADS: usize = 12;

/// Numbers in [0, 1) that both languages can make: an integer hash of the index.
pub fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let hash = |index: u32| {
        let z = index.wrapping_add(seed.wrapping_mul(0x9E37_79B9));
        let z = (z ^ (z >> 16)).wrapping_mul(0x21F0_AAAD);
        let z = (z ^ (z >> 15)).wrapping_mul(0xD35A_2D97);
        ((z ^ (z >> 15)) >> 8) as f32 / (1 << 24) as f32
    };
    (0..count as u32).map(hash).collect()
}

/// Sizes of one model.
#[derive(Clone, Copy)]
pub struct Config {
    pub layers: usize,
    pub width: usize,
    pub inner: usize,
    pub classes: usize,
}

/// The parameters in the order of their making; the twin makes them in the same order.
pub struct Bert {
    config: Config,
    parameters: Vec<(String, Tensor)>,
}

impl Bert {
    /// A model with hashed weights; a trained one has variables.
    pub fn new(config: Config, seed: u32, trained: bool) -> Result<Self> {
        let mut model = Self { config, parameters: Vec::new() };
        for (name, dims) in shapes(config) {
            let count = dims.iter().product();
            let seed = seed * 1000 + model.parameters.len() as u32;
            let values = match dims.len() {
                1 if name.ends_with("gamma") => vec![1.0; count],
                1 => vec![0.0; count],
                _ => numbers(count, seed).iter().map(|value| (value - 0.5) * 0.07).collect(),
            };
            let tensor = Tensor::from_vec(values, dims, &Device::Cpu)?;
            let tensor = if trained { Var::from_tensor(&tensor)?.into_inner() } else { tensor };
            model.parameters.push((name, tensor));
        }
        Ok(model)
    }

    /// What an optimiser moves.
    pub fn variables(&self) -> Vec<(String, Var)> {
        let variable = |(name, tensor): &(String, Tensor)| Some((name.clone(), Var::from_tensor(tensor).ok()?));
        self.parameters.iter().filter_map(variable).collect()
    }

    /// `[batch, classes]` from `ids [batch, tokens]` and an additive mask `[batch, 1, 1, tokens]`.
    pub fn forward(&self, ids: &Tensor, mask: &Tensor) -> Result<Tensor> {
        let mut parameters = self.parameters.iter().map(|(_, tensor)| tensor);
        let mut next = || parameters.next().ok_or_else(|| candle_core::Error::msg("too few parameters"));
        let (_, tokens) = ids.dims2()?;
        let positions = Tensor::arange(0u32, tokens as u32, ids.device())?;
        let words = ops::embedding(next()?, ids)?;
        let places = ops::embedding(next()?, &positions)?;
        let places = places.broadcast_as(words.shape())?;
        let mut x = ops::add_layer_norm(&words, &places, next()?, next()?, 1e-12)?;
        let scale = ((self.config.width / HEADS) as f64).powf(-0.5);
        for _ in 0..self.config.layers {
            let q = ops::linear(&x, next()?, Some(next()?))?;
            let k = ops::linear(&x, next()?, Some(next()?))?;
            let v = ops::linear(&x, next()?, Some(next()?))?;
            let context = ops::attention(&q, &k, &v, mask, scale, HEADS, None)?;
            let y = ops::linear(&context, next()?, Some(next()?))?;
            x = ops::add_layer_norm(&x, &y, next()?, next()?, 1e-12)?;
            let (up, down) = (dense(next()?, next()?), dense(next()?, next()?));
            let y = ops::feed_forward(&x, up, down, Activation::Gelu)?;
            x = ops::add_layer_norm(&x, &y, next()?, next()?, 1e-12)?;
        }
        let first = x.narrow(1, 0, 1)?.squeeze(1)?.contiguous()?;
        ops::linear(&first, next()?, Some(next()?))?.to_dtype(DType::F32)
    }
}

fn dense<'a>(weight: &'a Tensor, bias: &'a Tensor) -> Dense<'a> {
    Dense { weight, bias, orientation: Orientation::OutIn }
}

fn shapes(config: Config) -> Vec<(String, Vec<usize>)> {
    let Config { layers, width, inner, classes } = config;
    let mut shapes = vec![
        ("words".to_owned(), vec![WORDS, width]),
        ("places".to_owned(), vec![512, width]),
        ("start.gamma".to_owned(), vec![width]),
        ("start.beta".to_owned(), vec![width]),
    ];
    for layer in 0..layers {
        let mut linear = |name: &str, out: usize, from: usize| {
            shapes.push((format!("{layer}.{name}.weight"), vec![out, from]));
            shapes.push((format!("{layer}.{name}.bias"), vec![out]));
        };
        for name in ["query", "key", "value", "output"] {
            linear(name, width, width);
        }
        let norm = |name: &str| {
            [(format!("{layer}.{name}.gamma"), vec![width]), (format!("{layer}.{name}.beta"), vec![width])]
        };
        shapes.extend(norm("attention_norm"));
        shapes.push((format!("{layer}.up.weight"), vec![inner, width]));
        shapes.push((format!("{layer}.up.bias"), vec![inner]));
        shapes.push((format!("{layer}.down.weight"), vec![width, inner]));
        shapes.push((format!("{layer}.down.bias"), vec![width]));
        shapes.extend(norm("output_norm"));
    }
    shapes.push(("head.weight".to_owned(), vec![classes, width]));
    shapes.push(("head.bias".to_owned(), vec![classes]));
    shapes
}
