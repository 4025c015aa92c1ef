//! The part of the training texts that a check-up looks at: enough to judge lengths by, little enough
//! to be waited for.

use std::sync::Arc;

use crate::engine::data::{Dataset, Example};
use crate::engine::pair::Pair;

/// Batches in a sample: enough for the run's own sorting by length to show.
const BATCHES: usize = 16;
/// Fewest and most examples of a sample, if there are as many.
const FEWEST: usize = 256;
const MOST: usize = 1024;
/// Examples of the other parts that are kept for measuring.
const MEASURED: usize = 16;

/// Examples spread evenly over the training part, half of them from those with a label.
pub fn of(pair: &Pair) -> Dataset {
    let data = &pair.assets.data;
    let most = (BATCHES * pair.session.recipe.batch).clamp(FEWEST, MOST);
    let everyone: Vec<usize> = (0..data.train.len()).collect();
    let labelled: Vec<usize> = everyone.iter().copied().filter(|&i| data.labelled.get(i) == Some(&true)).collect();
    let mut picked = spread(&labelled, most / 2);
    picked.extend(spread(&everyone, most));
    picked.sort_unstable();
    picked.dedup();
    let first = |part: &[Example]| part.iter().take(MEASURED).cloned().collect();
    Dataset {
        classes: data.classes.clone(),
        train: picked.iter().map(|&i| data.train[i].clone()).collect(),
        labelled: picked.iter().map(|&i| data.labelled.get(i) == Some(&true)).collect(),
        validation: first(&data.validation),
        test: first(&data.test),
        notes: Vec::new(),
        left_out: Vec::new(),
        layout: Arc::clone(&data.layout),
    }
}

/// At most `most` of them, evenly spread.
fn spread(all: &[usize], most: usize) -> Vec<usize> {
    all.iter().copied().step_by(all.len().div_ceil(most.max(1)).max(1)).collect()
}

/// `pair` over the sample alone, to be trained and thrown away.
pub fn instead(pair: Pair, sample: &Dataset) -> Pair {
    Pair { assets: pair.assets.with_data(sample.clone()), ..pair }
}
