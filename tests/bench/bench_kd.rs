//! One class-level distillation step, timed: teacher 12×768, student 4×312, 30 522 words, batch
//! 16×128, f32, AdamW with clipping. `kd_torch.py` is its twin in PyTorch, `compare.sh` lets the
//! two take turns.
//!
//! It computes on the processor, or on the device named as its only argument: `Cuda(0)`.
//!
//! Reads orders from standard input, one a line: `teacher N` (forward passes), `student N` (steps on
//! cached targets), `full N` (both), `peak`; answers each with one line of JSON.

mod memory;
mod model;

use std::io::BufRead;
use std::time::Instant;

use candle_core::{DType, Device, Result, Tensor};
use memory::peak;
use model::{Bert, Sizes};
use retort::engine::loss::hard_labels::HardLabels;
use retort::engine::loss::soft_targets::SoftTargets;
use retort::engine::loss::{Rows, Term, compare};
use retort::engine::model::{InputIds, ops};
use retort::engine::optim::{Optimizer, Settings};
use retort::engine::task::Row;
use retort::session::OptimizerKind;

const BATCH: usize = 16;
const TOKENS: usize = 128;
const CLASSES: usize = 8;
const TEMPERATURE: f64 = 2.0;
const ALPHA: f64 = 0.5;
const RATE: f64 = 1e-4;

/// Both models, one batch, and the teacher's answer to it.
struct Bench {
    teacher: Bert,
    student: Bert,
    optimizer: Optimizer,
    input: InputIds,
    rows: Vec<Row>,
    targets: Tensor,
}

impl Bench {
    fn new(device: &Device) -> Result<Self> {
        let teacher = Bert::new(Sizes { layers: 12, width: 768, inner: 3072, classes: CLASSES }, 1, false, device)?;
        let student = Bert::new(Sizes { layers: 4, width: 312, inner: 1200, classes: CLASSES }, 2, true, device)?;
        let optimizer = Optimizer::new(OptimizerKind::AdamW, student.variables()).map_err(candle_core::Error::wrap)?;
        let input = model::batch(BATCH, TOKENS, device)?;
        let row = |example| Row { example, position: 0, weight: 1.0, truth: Some((example % CLASSES) as u32) };
        let rows = (0..BATCH).map(row).collect();
        let targets = Tensor::zeros((BATCH, CLASSES), DType::F32, device)?;
        let mut bench = Self { teacher, student, optimizer, input, rows, targets };
        bench.teach()?;
        Ok(bench)
    }

    /// One forward pass of the teacher.
    fn teach(&mut self) -> Result<f64> {
        self.targets = self.teacher.forward(&self.input)?;
        Ok(f64::from(self.targets.sqr()?.sum_all()?.to_scalar::<f32>()?))
    }

    /// One step of the student on the targets at hand; its loss.
    fn learn(&mut self) -> Result<f64> {
        let logits = self.student.forward(&self.input)?;
        let soft = Term::new(&SoftTargets, 1.0 - ALPHA, TEMPERATURE);
        let hard = Term::new(&HardLabels, ALPHA, 1.0);
        let (student, teacher) = (logits.into(), self.targets.clone().into());
        let rows = Rows { student: &student, teacher: Some(&teacher), rows: &self.rows, of_step: None };
        let loss = compare(&[soft, hard], &rows)?.total;
        let grads = ops::backward(&loss)?;
        self.optimizer.step(&grads, RATE, &Settings::default()).map_err(candle_core::Error::wrap)?;
        Ok(f64::from(loss.to_scalar::<f32>()?))
    }

    /// Runs one order `count` times: seconds each, processor seconds in all, and the last value.
    fn run(&mut self, order: &str, count: usize) -> Result<(Vec<f64>, f64, f64)> {
        let (mut seconds, mut value, before) = (Vec::new(), 0.0, processor());
        for _ in 0..count {
            let start = Instant::now();
            if order != "student" {
                value = self.teach()?;
            }
            if order != "teacher" {
                value = self.learn()?;
            }
            seconds.push(start.elapsed().as_secs_f64());
        }
        Ok((seconds, processor() - before, value))
    }
}

/// Seconds that all processors have spent on this process, to a hundredth; on a shared machine they
/// say more than the clock. 0 where the system does not tell.
fn processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn main() -> Result<()> {
    retort::engine::allocator::tune();
    let named = std::env::args().nth(1).unwrap_or_else(|| "Cpu".to_owned());
    let named = ron::from_str(&named).map_err(candle_core::Error::wrap)?;
    let mut bench = Bench::new(&retort::engine::device::open(named).map_err(candle_core::Error::wrap)?)?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (order, count) = line.split_once(' ').unwrap_or((&line, "1"));
        if order == "peak" {
            println!("{{\"peak_mb\": {:.0}}}", peak().unwrap_or(f64::NAN));
            continue;
        }
        let count = count.trim().parse().unwrap_or(1);
        let (mut seconds, processor, value) = bench.run(order, count)?;
        seconds.sort_by(f64::total_cmp);
        let (seconds, processor) = (seconds[count / 2], processor / count as f64);
        println!("{{\"seconds\": {seconds:.5}, \"processor\": {processor:.5}, \"value\": {value:.6}}}");
    }
    Ok(())
}
