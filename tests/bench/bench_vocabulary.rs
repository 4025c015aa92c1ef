//! One step of distillation over a whole vocabulary, timed: a GPT-2 of 6 layers and width 384 with 50 257 tokens, batch
//! 4 × 256, f32, the teacher's logits dense in memory and the teacher in neither process, AdamW with clipping.
//! `vocabulary_torch.py` is its twin in PyTorch, `compare_vocabulary.py` lets the two take turns.
//!
//! Reads orders from standard input, one a line: `step N`, `peak`; answers each with one line of JSON.

mod memory;

use std::io::BufRead;
use std::time::Instant;

use candle_core::{Device, Error, Result, Tensor};
use memory::peak;
use retort::engine::loss::hard_labels::HardLabels;
use retort::engine::loss::soft_targets::SoftTargets;
use retort::engine::loss::{Rows, Term, compare};
use retort::engine::model::attention::causal_mask;
use retort::engine::model::{self, Config, DropoutRng, HeadKind, HeadRows, InputIds, Network, Trace, Weights, ops};
use retort::engine::optim::{Optimizer, Settings};
use retort::engine::task::{Deferred, Logits, Row, Targets};
use retort::session::OptimizerKind;

const WORDS: usize = 50_257;
const BATCH: usize = 4;
const TOKENS: usize = 256;
const TEMPERATURE: f64 = 2.0;
const ALPHA: f64 = 0.5;
const RATE: f64 = 1e-4;
const CONFIG: &str = r#"{"model_type": "gpt2", "vocab_size": 50257, "n_positions": 256, "n_embd": 384, "n_layer": 6,
    "n_head": 6, "embd_pdrop": 0.0, "attn_pdrop": 0.0, "resid_pdrop": 0.0}"#;

/// Numbers in [0, 1) that both languages can make: an integer hash of the index.
fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let hash = |index: u32| {
        let z = index.wrapping_add(seed.wrapping_mul(0x9E37_79B9));
        let z = (z ^ (z >> 16)).wrapping_mul(0x21F0_AAAD);
        let z = (z ^ (z >> 15)).wrapping_mul(0xD35A_2D97);
        ((z ^ (z >> 15)) >> 8) as f32 / (1 << 24) as f32
    };
    (0..count as u32).map(hash).collect()
}

struct Bench {
    network: Box<dyn Network>,
    optimizer: Optimizer,
    input: InputIds,
    rows: Vec<Row>,
    targets: Targets,
}

impl Bench {
    fn new() -> Result<Self> {
        let device = Device::Cpu;
        let config = Config::parse(CONFIG).map_err(Error::wrap)?;
        let architecture = model::architecture(&config).map_err(Error::wrap)?;
        let top = HeadKind::Vocabulary;
        let built = Weights::build(architecture, &config, &top, None, HeadRows::AsStored, 0, &device);
        let (weights, _) = built.map_err(Error::wrap)?;
        for (index, (name, variable)) in weights.variables().iter().enumerate() {
            let count = variable.elem_count();
            let values = match variable.rank() {
                1 if name.contains("ln_") && name.ends_with("weight") => vec![1.0; count],
                1 => vec![0.0; count],
                _ => numbers(count, 1000 + index as u32).iter().map(|value| (value - 0.5) * 0.07).collect(),
            };
            variable.set(&Tensor::from_vec(values, variable.dims(), &device)?)?;
        }
        let network = (architecture.build)(&config, &top, &weights.tracked().names()).map_err(Error::wrap)?;
        let variables = weights.variables().iter().map(|(name, v)| (name.clone(), v.clone())).collect();
        let optimizer = Optimizer::new(OptimizerKind::AdamW, variables).map_err(Error::wrap)?;
        let id = |value: &f32| (value * WORDS as f32) as u32;
        let ids: Vec<u32> = numbers(BATCH * TOKENS, 3).iter().map(id).collect();
        let truth: Vec<u32> = numbers(BATCH * TOKENS, 4).iter().map(id).collect();
        let row = |(place, truth): (usize, &u32)| Row {
            example: place / TOKENS,
            position: place % TOKENS,
            weight: 1.0,
            truth: Some(*truth),
        };
        let positions = (0..BATCH).flat_map(|_| 0..TOKENS as u32).collect();
        let logits = numbers(BATCH * TOKENS * WORDS, 5).into_iter().map(|value| 8.0 * value - 4.0).collect();
        Ok(Self {
            network,
            optimizer,
            rows: truth.iter().enumerate().map(row).collect(),
            input: InputIds {
                ids: Tensor::from_vec(ids, (BATCH, TOKENS), &device)?,
                positions: Tensor::from_vec(positions, (BATCH, TOKENS), &device)?,
                mask: causal_mask(&[TOKENS; BATCH], TOKENS, &device)?,
                segments: None,
            },
            targets: Tensor::from_vec(logits, (BATCH * TOKENS, WORDS), &device)?.into(),
        })
    }

    /// One step; its loss.
    fn step(&mut self) -> Result<f64> {
        let noise = DropoutRng::none();
        let hidden = self.network.encode(&self.network.embed(&self.input)?, &mut Trace::none(), &noise)?;
        let (states, head) = self.network.head(&hidden.flatten(0, 1)?)?;
        let student = Logits::Deferred(Deferred { states, head: head.clone(), outcomes: WORDS });
        let terms = [Term::new(&SoftTargets, 1.0 - ALPHA, TEMPERATURE), Term::new(&HardLabels, ALPHA, 1.0)];
        let rows = Rows { student: &student, teacher: Some(&self.targets), rows: &self.rows, of_step: None };
        let loss = compare(&terms, &rows)?.total;
        let gradients = ops::backward(&loss)?;
        self.optimizer.step(&gradients, RATE, &Settings::default()).map_err(Error::wrap)?;
        Ok(f64::from(loss.to_scalar::<f32>()?))
    }
}

fn main() -> Result<()> {
    retort::engine::allocator::tune();
    let mut bench = Bench::new()?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (order, count) = line.split_once(' ').unwrap_or((&line, "1"));
        if order == "peak" {
            println!("{{\"peak_mb\": {:.0}}}", peak().unwrap_or(f64::NAN));
            continue;
        }
        let (count, mut seconds, mut value) = (count.trim().parse().unwrap_or(1), Vec::new(), 0.0);
        for _ in 0..count {
            let begun = Instant::now();
            value = bench.step()?;
            seconds.push(begun.elapsed().as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        println!("{{\"seconds\": {:.5}, \"value\": {value:.6}}}", seconds[count / 2]);
    }
    Ok(())
}
