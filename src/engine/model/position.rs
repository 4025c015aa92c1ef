//! How attention knows the order of the tokens: by rotary angles on queries and keys, or by a bias
//! on the scores, which is part of the mask. (Learned positions are added to the embedding and need
//! nothing here.)

use candle_core::{Result, Tensor};

use super::layers::Embedding;
use super::{Config, ModelError, Names, ops};
use crate::session::say;

/// How one attention knows the order of the tokens.
#[derive(Clone, Copy)]
pub enum Position<'a> {
    /// Not at all: the states know it already.
    None,
    /// Queries and keys are turned.
    Rotary(&'a Rotary),
}

impl Position<'_> {
    /// Queries and keys with the order of the tokens in them.
    ///
    /// # Shapes
    /// `q [batch, query, heads · wide]`, `k [batch, key, kv_heads · wide]`, both as given.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn place(self, q: Tensor, k: Tensor, heads: usize, kv_heads: usize) -> Result<(Tensor, Tensor)> {
        match self {
            Self::None => Ok((q, k)),
            Self::Rotary(rotary) => Ok((rotary.turn(&q, heads)?, rotary.turn(&k, kv_heads)?)),
        }
    }
}

/// Angle per position of each pair of numbers in a head.
pub struct Frequencies(Vec<f32>);

/// Angles of the tokens of one pass: `cos` and `sin [batch, tokens, wide / 2]`.
pub struct Rotary {
    cos: Tensor,
    sin: Tensor,
}

impl Rotary {
    fn turn(&self, x: &Tensor, heads: usize) -> Result<Tensor> {
        ops::rotary(x, &self.cos, &self.sin, heads)
    }
}

impl Frequencies {
    /// The frequencies of heads of `wide` numbers, scaled as the configuration says: in
    /// `rope_parameters`, or in the older `rope_theta` and `rope_scaling`.
    ///
    /// # Errors
    /// [`ModelError::Config`] for a scaling that is not known here.
    ///
    /// # Source
    /// Su et al. 2021 (arXiv 2104.09864), section 3.2.2; the scalings as in transformers'
    /// `modeling_rope_utils`.
    pub fn new(config: &Config, wide: usize) -> std::result::Result<Self, ModelError> {
        let given = config.part("rope_parameters")?;
        let scaling = if given.is_some() { given } else { config.part("rope_scaling")? }.unwrap_or_default();
        if scaling.has_parts() {
            return Err(ModelError::Config(say!("rope_parameters of each kind of layer are not known here")));
        }
        if !wide.is_multiple_of(2) {
            return Err(ModelError::Config(say!("rotary positions need heads of an even size, not {wide}", wide)));
        }
        if scaling.number_or("partial_rotary_factor", config.number_or("partial_rotary_factor", 1.0)?)? != 1.0 {
            return Err(ModelError::Config(say!("partial_rotary_factor must be 1 here")));
        }
        let base = scaling.number_or("rope_theta", config.number_or("rope_theta", 10_000.0)?)? as f32;
        let plain = (0..wide).step_by(2).map(|i| 1.0 / base.powf(i as f32 / wide as f32)).collect();
        let plain = divided(plain, config)?;
        match scaling.word_or("rope_type", scaling.word_or("type", "default")) {
            "default" => Ok(Self(plain)),
            "linear" => Ok(Self(linear(plain, &scaling)?)),
            "llama3" => Ok(Self(llama3(plain, &scaling, config)?)),
            other => Err(ModelError::Config(say!(
                "rope scaling {other} is not known here; the known ones are default, linear, llama3",
                other = format_args!("{other:?}")
            ))),
        }
    }

    /// The angles at `positions`, `u32 [batch, tokens]`.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn at(&self, positions: &Tensor) -> Result<Rotary> {
        let (batch, tokens) = positions.dims2()?;
        let places: Vec<u32> = positions.flatten_all()?.to_vec1()?;
        let angles = || places.iter().flat_map(|&place| self.0.iter().map(move |frequency| place as f32 * frequency));
        let shape = (batch, tokens, self.0.len());
        let tensor = |values: Vec<f32>| Tensor::from_vec(values, shape, positions.device());
        Ok(Rotary { cos: tensor(angles().map(f32::cos).collect())?, sin: tensor(angles().map(f32::sin).collect())? })
    }
}

/// A learned bias on the scores for how far, and to which side, a key stands from its query
/// (Raffel et al. 2020, arXiv 1910.10683, section 2.1): near distances each have a bucket, far ones
/// share them on a logarithmic scale.
pub struct RelativeBias {
    table: Embedding,
    buckets: usize,
    distance: usize,
    /// Whether keys behind the query have buckets of their own.
    both_ways: bool,
}

impl RelativeBias {
    /// `weight [buckets, heads]`; from `distance` on all keys share the last bucket.
    ///
    /// # Errors
    /// [`ModelError::Config`] for sizes of which no scale can be made; else see [`Names::get`].
    pub fn new(
        names: &Names,
        (buckets, distance): (usize, usize),
        heads: usize,
        both_ways: bool,
        deviation: f64,
    ) -> std::result::Result<Self, ModelError> {
        let near = (if both_ways { buckets / 2 } else { buckets }) / 2;
        if near == 0 || distance <= near {
            return Err(ModelError::Config(say!(
                "{buckets} relative_attention_num_buckets and a relative_attention_max_distance of {distance} make no scale",
                buckets,
                distance
            )));
        }
        Ok(Self { table: Embedding::new(names, buckets, heads, deviation)?, buckets, distance, both_ways })
    }

    /// The bias on the scores of queries at positions `u32 [batch, query]` with keys at positions `u32
    /// [batch, key]`: `[batch, heads, query, key]`, or with a batch of 1 where all rows stand alike.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn between(&self, queries: &Tensor, keys: &Tensor) -> Result<Tensor> {
        let (width, length) = (queries.dim(1)?, keys.dim(1)?);
        let (q_rows, k_rows) = (queries.to_vec2::<u32>()?, keys.to_vec2::<u32>()?);
        let alike = |rows: &[Vec<u32>]| rows.iter().all(|row| *row == rows[0]);
        // Rows of which only some stand alike are not worth a gather.
        let count = if alike(&q_rows) && alike(&k_rows) { 1 } else { q_rows.len() };
        let of = |(queries, keys): (&Vec<u32>, &Vec<u32>)| -> Vec<u32> {
            queries.iter().flat_map(|&query| keys.iter().map(move |&key| self.bucket(query, key))).collect()
        };
        let buckets: Vec<u32> = q_rows.iter().zip(&k_rows).take(count).flat_map(of).collect();
        let ids = Tensor::from_vec(buckets, (count, width, length), queries.device())?;
        self.table.forward(&ids)?.permute((0, 3, 1, 2))?.contiguous()
    }

    /// The bucket of a key at position `key` for a query at `query`; arithmetic in f32, as in
    /// transformers, because it decides at the edges.
    fn bucket(&self, query: u32, key: u32) -> u32 {
        let buckets = if self.both_ways { self.buckets / 2 } else { self.buckets };
        let side = if self.both_ways && key > query { buckets } else { 0 };
        let apart = if self.both_ways { key.abs_diff(query) } else { query.saturating_sub(key) } as usize;
        let near = buckets / 2;
        if apart < near {
            return (side + apart) as u32;
        }
        let steepness = (self.distance as f64 / near as f64).ln() as f32;
        let far = (apart as f32 / near as f32).ln() / steepness * (buckets - near) as f32;
        (side + (near + far as usize).min(buckets - 1)) as u32
    }
}

/// Each frequency divided by its own number: a scaling that was computed before (GGUF's
/// `rope_freqs`), under a name of this program's own.
fn divided(plain: Vec<f32>, config: &Config) -> std::result::Result<Vec<f32>, ModelError> {
    let Some(divisors) = config.numbers("rope_divisors")? else { return Ok(plain) };
    if divisors.len() != plain.len() {
        let (given, wanted) = (divisors.len(), plain.len());
        return Err(ModelError::Config(say!(
            "rope_divisors has {given} numbers for {wanted} frequencies",
            given,
            wanted
        )));
    }
    Ok(plain.into_iter().zip(divisors).map(|(frequency, divisor)| frequency / divisor).collect())
}

/// Every position divided by `factor` (Chen et al. 2023, arXiv 2306.15595, section 2.3).
fn linear(plain: Vec<f32>, scaling: &Config) -> std::result::Result<Vec<f32>, ModelError> {
    let factor = scaling.positive("factor")?;
    Ok(plain.into_iter().map(|frequency| frequency / factor).collect())
}

/// Slow turns are slowed by `factor`, quick ones kept, those between in proportion: the scaling of
/// Llama 3.1, known from its published code.
fn llama3(plain: Vec<f32>, scaling: &Config, config: &Config) -> std::result::Result<Vec<f32>, ModelError> {
    let (factor, low, high) =
        (scaling.positive("factor")?, scaling.positive("low_freq_factor")?, scaling.positive("high_freq_factor")?);
    if high <= low {
        return Err(ModelError::Config(say!("high_freq_factor {high} must be above low_freq_factor {low}", high, low)));
    }
    let before = config.size_or("max_position_embeddings", 2048)?;
    let before = scaling.size_or("original_max_position_embeddings", before)? as f32;
    let scaled = |frequency: f32| {
        let turns = before * frequency / std::f32::consts::TAU;
        let share = ((turns - low) / (high - low)).clamp(0.0, 1.0);
        (1.0 - share) * frequency / factor + share * frequency
    };
    Ok(plain.into_iter().map(scaled).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use candle_core::Device;

    /// What transformers' `_relative_position_bucket` gives; made by make_golden.py.
    #[test]
    fn distances_fall_into_the_buckets_of_transformers() {
        let known: BTreeMap<String, Vec<u32>> =
            serde_json::from_str(include_str!("../../../tests/golden/t5_buckets.json")).unwrap();
        assert_eq!(known.len(), 4);
        for (name, buckets) in known {
            let parts: Vec<&str> = name.split(' ').collect();
            let table = Embedding::of(Tensor::zeros((32, 1), candle_core::DType::F32, &Device::Cpu).unwrap());
            let (buckets_in_all, distance) = (parts[1].parse().unwrap(), parts[2].parse().unwrap());
            let bias = RelativeBias { table, buckets: buckets_in_all, distance, both_ways: parts[0] == "both" };
            let ours: Vec<u32> = (0..=600).map(|key| bias.bucket(300, key)).collect();
            assert_eq!(ours, buckets, "{name}");
        }
    }
}
