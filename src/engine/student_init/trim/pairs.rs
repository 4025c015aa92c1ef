//! Byte-pair encoding: which smaller tokens a token is put together from. Cutting a text joins its
//! letters pair by pair, so a token can only come about if every step on the way to it stays.
//!
//! Joining goes by rank, and the joins inside one final token never depend on what stands around it:
//! a join across its edge would have swallowed the edge. So the steps towards a token are those of its
//! own letters alone (Sennrich et al. 2016, arXiv 1508.07909, algorithm 1).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

/// The joins of a tokenizer: a pair of ids, its rank and the id it becomes.
pub struct Joins(HashMap<(u32, u32), (usize, u32)>);

impl Joins {
    /// Reads the `merges` of a tokenizer's model, lowest rank first.
    pub fn read(model: &Value, entries: &BTreeMap<String, u32>) -> Self {
        let pairs = model.get("merges").and_then(Value::as_array).into_iter().flatten().filter_map(parts);
        let join = |(rank, (left, right)): (usize, (&str, &str))| {
            let whole = entries.get(&format!("{left}{right}"))?;
            Some(((*entries.get(left)?, *entries.get(right)?), (rank, *whole)))
        };
        Self(pairs.enumerate().filter_map(join).collect())
    }

    /// Every token on the way to `token`, itself counted; only itself where its letters do not join to
    /// it.
    pub fn steps(&self, token: &str, entries: &BTreeMap<String, u32>) -> BTreeSet<u32> {
        let letter = |letter: char| entries.get(letter.encode_utf8(&mut [0; 4])).copied();
        let mut row: Vec<u32> = token.chars().filter_map(letter).collect();
        let mut steps: BTreeSet<u32> = row.iter().copied().collect();
        while let Some((place, whole)) = self.next(&row) {
            row[place] = whole;
            row.remove(place + 1);
            steps.insert(whole);
        }
        let own = entries.get(token).copied();
        if row.len() == 1 && row.first() == own.as_ref() { steps } else { own.into_iter().collect() }
    }

    /// The place of the lowest join in a row, the leftmost of equals, and what it becomes.
    fn next(&self, row: &[u32]) -> Option<(usize, u32)> {
        let found = row.windows(2).enumerate().filter_map(|(place, pair)| {
            let (rank, whole) = self.0.get(&(pair[0], pair[1]))?;
            Some((*rank, place, *whole))
        });
        found.min().map(|(_, place, whole)| (place, whole))
    }
}

/// A pair as it is written: two words, or one with a space between (the older form).
pub fn parts(merge: &Value) -> Option<(&str, &str)> {
    match merge {
        Value::Array(two) => Some((two.first()?.as_str()?, two.get(1)?.as_str()?)),
        one => one.as_str()?.split_once(' '),
    }
}
