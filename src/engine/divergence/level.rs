//! How high a curve stands by its last values: their median and their lower quartile.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::RECENT;

/// How high a curve stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Level {
    /// Its first value.
    pub(super) first: Option<f64>,
    /// Its last values, the newest behind.
    recent: VecDeque<f64>,
    /// Its lowest running median, and the highest but for the newest.
    pub(super) lowest: Option<f64>,
    pub(super) highest: Option<f64>,
    /// The newest running medians.
    medians: VecDeque<f64>,
}

impl Level {
    /// Takes in a value; gives how high the curve stands, once there are enough of them.
    pub(super) fn take(&mut self, value: f64) -> Option<Height> {
        self.first.get_or_insert(value);
        self.recent.push_back(value);
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        let mut sorted: Vec<f64> = self.recent.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        match (sorted.get(RECENT / 4), sorted.get(RECENT / 2)) {
            (Some(quartile), Some(median)) if sorted.len() == RECENT => {
                Some(Height { quartile: *quartile, median: *median })
            }
            _ => None,
        }
    }

    /// Counts a running median among those the run is used to; for the highest only one that is over, or
    /// a curve that climbs from step to step would always have been used to what it reaches.
    pub(super) fn settle(&mut self, median: f64) {
        self.lowest = Some(self.lowest.map_or(median, |lowest| lowest.min(median)));
        self.medians.push_back(median);
        if self.medians.len() > 2 * RECENT
            && let Some(over) = self.medians.pop_front()
        {
            self.highest = Some(self.highest.map_or(over, |highest| highest.max(over)));
        }
    }
}

/// How high a curve stands.
#[derive(Clone, Copy)]
pub(super) struct Height {
    /// Three quarters of the last values were at least this.
    pub(super) quartile: f64,
    /// Their median.
    pub(super) median: f64,
}
