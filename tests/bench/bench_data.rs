//! A table read, split and cut into tokens, timed once: the twin of `data_datasets.py`; `compare_data.sh` lets the two
//! take turns.
//!
//! Arguments: the table, the tokenizer.json. It answers with one line of JSON.

mod memory;

use std::error::Error;
use std::time::Instant;

use memory::peak;
use rayon::prelude::*;
use retort::engine::data::{self, Example};
use retort::engine::model::Tokens;
use retort::session::{Data, DataSource, Files};

/// Tokens of a text at most.
const MOST: usize = 64;

fn encoded(tokens: &Tokens, examples: &[Example]) -> Result<Vec<Vec<u32>>, Box<dyn Error + Send + Sync>> {
    examples.par_iter().map(|example| Ok(tokens.encode_within(example.text(), MOST)?.ids)).collect()
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    retort::engine::allocator::tune();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [table, tokenizer] = arguments.as_slice() else { return Err("bench_data TABLE TOKENIZER.JSON".into()) };
    let tokens = Tokens::parse(&std::fs::read_to_string(tokenizer)?)?;
    let (labels, limit) = Default::default();
    let source = DataSource::from(Files::of(table));
    let asked = Data { source, labels, validation: 0.0, test: 0.1, split_seed: 0, labelled: None, limit };
    let (before, started) = (peak(), Instant::now());
    let set = data::open(&asked, 7)?;
    let (read, peak_read) = (started.elapsed().as_secs_f64(), peak());
    let (train, test) = (encoded(&tokens, &set.train)?, encoded(&tokens, &set.test)?);
    let seconds = started.elapsed().as_secs_f64();
    let sum: u64 = train.iter().chain(&test).flatten().map(|id| u64::from(*id)).sum();
    let (train, test) = (train.len(), test.len());
    let [before, peak_read, peak] = [before, peak_read, peak()].map(|peak| peak.unwrap_or(f64::NAN));
    println!(
        "{{\"seconds\": {seconds:.3}, \"read\": {read:.3}, \"peak_mb\": {peak:.0}, \"before_mb\": {before:.0}, \"read_mb\": {peak_read:.0}, \"rows\": [{train}, {test}], \"sum\": {sum}}}"
    );
    Ok(())
}
