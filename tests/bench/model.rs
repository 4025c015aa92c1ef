//! The two models of the benchmark: the product's own BERT, its weights hashed so that the twin can
//! make the same ones.

use candle_core::{DType, Device, Result, Tensor, Var};
use retort::engine::model::attention::padding_mask;
use retort::engine::model::{self, Config, DropoutRng, HeadKind, HeadRows, InputIds, Network, Trace, Weights};

/// Rows of the embedding table, as in BERT's English vocabulary.
pub const WORDS: usize = 30_522;

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
pub struct Sizes {
    pub layers: usize,
    pub width: usize,
    pub inner: usize,
    pub classes: usize,
}

/// A BERT with a classifier, without dropout.
pub struct Bert {
    weights: Weights,
    network: Box<dyn Network>,
}

impl Bert {
    /// A model with hashed weights; a trained one records a graph.
    pub fn new(sizes: Sizes, seed: u32, trained: bool, device: &Device) -> Result<Self> {
        let (config, top) = (config(sizes)?, HeadKind::Classes(sizes.classes));
        let architecture = model::architecture(&config).map_err(candle_core::Error::wrap)?;
        let built = Weights::build(architecture, &config, &top, None, HeadRows::AsStored, 0, device);
        let (weights, _) = built.map_err(candle_core::Error::wrap)?;
        for (index, (name, variable)) in weights.variables().iter().enumerate() {
            let count = variable.elem_count();
            let values = match variable.rank() {
                1 if name.ends_with("LayerNorm.weight") => vec![1.0; count],
                1 => vec![0.0; count],
                _ => numbers(count, seed * 1000 + index as u32).iter().map(|value| (value - 0.5) * 0.07).collect(),
            };
            variable.set(&Tensor::from_vec(values, variable.dims(), device)?)?;
        }
        let view = if trained { weights.tracked() } else { weights.detached() };
        let network = (architecture.build)(&config, &top, &view.names()).map_err(candle_core::Error::wrap)?;
        Ok(Self { weights, network })
    }

    /// What an optimiser moves.
    pub fn variables(&self) -> Vec<(String, Var)> {
        self.weights.variables().iter().map(|(name, variable)| (name.clone(), variable.clone())).collect()
    }

    /// `[batch, classes]` of whole rows.
    pub fn forward(&self, input: &InputIds) -> Result<Tensor> {
        let noise = DropoutRng::none();
        let hidden = self.network.encode(&self.network.embed(input)?, &mut Trace::none(), &noise)?;
        self.network.classify(&hidden, &[], &noise)?.to_dtype(DType::F32)
    }
}

/// A batch of hashed ids `[batch, tokens]`.
pub fn batch(batch: usize, tokens: usize, device: &Device) -> Result<InputIds> {
    let ids = numbers(batch * tokens, 3).iter().map(|value| (value * WORDS as f32) as u32).collect();
    let positions = (0..batch).flat_map(|_| 0..tokens as u32).collect();
    Ok(InputIds {
        ids: Tensor::from_vec(ids, (batch, tokens), device)?,
        positions: Tensor::from_vec(positions, (batch, tokens), device)?,
        mask: padding_mask(&vec![tokens; batch], tokens, device)?,
        segments: None,
    })
}

fn config(sizes: Sizes) -> Result<Config> {
    let Sizes { layers, width, inner, .. } = sizes;
    let text = format!(
        r#"{{"model_type": "bert", "vocab_size": {WORDS}, "max_position_embeddings": 512, "num_attention_heads": 12,
            "num_hidden_layers": {layers}, "hidden_size": {width}, "intermediate_size": {inner},
            "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}}"#
    );
    Config::parse(&text).map_err(candle_core::Error::wrap)
}
