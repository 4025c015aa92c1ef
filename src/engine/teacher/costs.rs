//! What answered questions have cost, as the server counted it: kept beside the answers, so that the
//! next run's price can be told before it.
//!
//! One line per answered question, `bytes,prompt tokens,answer tokens`. Lines that are torn by a kill are
//! passed over: a price is an estimate anyway.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Answers from which on a price follows the length by a straight line; before, tokens per byte do.
const ENOUGH: f64 = 16.0;

/// What one question cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Bytes of the question as it was put, without label words.
    pub bytes: u64,
    /// Tokens that the server read for it, in all requests it took.
    pub prompt: u64,
    /// Tokens that it wrote.
    pub answer: u64,
}

/// What earlier questions have cost, and what this lets expect of the next.
#[derive(Debug, Default)]
pub struct Costs {
    count: f64,
    bytes: f64,
    squares: f64,
    prompt: f64,
    products: f64,
    answer: f64,
    /// Where it is kept; made with the first cost, since most teachers have none.
    path: Option<PathBuf>,
}

impl Costs {
    /// What is kept at `path`.
    pub fn read(path: &Path) -> Self {
        let mut costs = Self::default();
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.lines().filter_map(parsed).for_each(|cost| costs.add(cost));
        costs
    }

    /// The same, and what is added from now on is kept there too.
    pub fn open(path: &Path) -> Self {
        let mut costs = Self::read(path);
        costs.keep_at(path);
        costs
    }

    /// Keeps what is added from now on at `path` too.
    pub fn keep_at(&mut self, path: &Path) {
        self.path = Some(path.to_owned());
    }

    /// The written tokens of each answer counted at `path`.
    pub fn written(path: &Path) -> Vec<u64> {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.lines().filter_map(parsed).map(|cost| cost.answer).collect()
    }

    /// All tokens counted, read and written.
    pub fn total(&self) -> u64 {
        (self.prompt + self.answer) as u64
    }

    /// Takes in what `other` knows, without keeping it once more.
    pub fn include(&mut self, other: &Self) {
        self.count += other.count;
        self.bytes += other.bytes;
        self.squares += other.squares;
        self.prompt += other.prompt;
        self.products += other.products;
        self.answer += other.answer;
    }

    /// The file beside the answers at `targets`.
    pub fn beside(targets: &Path) -> PathBuf {
        targets.with_extension("tokens.csv")
    }

    /// Takes in what a question cost.
    pub fn put(&mut self, cost: Cost) {
        // A line of its own even behind one that was torn.
        let line = format!("\n{},{},{}\n", cost.bytes, cost.prompt, cost.answer);
        let file = self.path.as_ref().map(|path| File::options().append(true).create(true).open(path));
        // A cost that is not kept costs the next run a poorer estimate, not an answer.
        if file.is_some_and(|file| file.and_then(|mut file| file.write_all(line.as_bytes())).is_err()) {
            self.path = None;
        }
        self.add(cost);
    }

    fn add(&mut self, cost: Cost) {
        let (bytes, prompt) = (cost.bytes as f64, cost.prompt as f64);
        self.count += 1.0;
        self.bytes += bytes;
        self.squares += bytes * bytes;
        self.prompt += prompt;
        self.products += bytes * prompt;
        self.answer += cost.answer as f64;
    }

    /// Questions whose cost is known.
    pub fn count(&self) -> u64 {
        self.count as u64
    }

    /// Tokens to expect of a question of so many bytes, read and written; `None` before any cost is
    /// known.
    pub fn expect(&self, bytes: u64) -> Option<(f64, f64)> {
        if self.count == 0.0 || self.bytes == 0.0 {
            return None;
        }
        let (slope, base) = self.line().unwrap_or((self.prompt / self.bytes, 0.0));
        Some(((base + slope * bytes as f64).max(1.0), self.answer / self.count))
    }

    /// Tokens per byte and tokens of a question without text: the line of least squares, where there are
    /// questions enough, of different lengths.
    fn line(&self) -> Option<(f64, f64)> {
        let spread = self.count * self.squares - self.bytes * self.bytes;
        if self.count < ENOUGH || spread < self.squares {
            return None;
        }
        let slope = (self.count * self.products - self.bytes * self.prompt) / spread;
        let base = (self.prompt - slope * self.bytes) / self.count;
        (slope > 0.0 && base >= 0.0).then_some((slope, base))
    }
}

fn parsed(line: &str) -> Option<Cost> {
    let numbers: Vec<u64> = line.split(',').map(|number| number.parse().ok()).collect::<Option<_>>()?;
    let &[bytes, prompt, answer] = numbers.as_slice() else { return None };
    (bytes > 0 && prompt > 0).then_some(Cost { bytes, prompt, answer })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_follows_the_length_once_there_are_answers_enough() {
        let mut costs = Costs::default();
        assert_eq!(costs.expect(100), None);
        costs.put(Cost { bytes: 40, prompt: 20, answer: 1 });
        assert_eq!(costs.expect(80), Some((40.0, 1.0)), "by tokens per byte");
        (1..=20).for_each(|n| costs.put(Cost { bytes: 4 * n, prompt: 10 + n, answer: 1 }));
        let (prompt, _) = costs.expect(400).unwrap();
        assert!((prompt - 110.0).abs() < 2.0, "{prompt}");
    }

    #[test]
    fn costs_survive_a_restart_and_a_torn_line_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = Costs::beside(&folder.path().join("ab.targets"));
        Costs::open(&path).put(Cost { bytes: 8, prompt: 2, answer: 1 });
        std::fs::write(&path, std::fs::read_to_string(&path).unwrap() + "12,3").unwrap();
        Costs::open(&path).put(Cost { bytes: 9, prompt: 2, answer: 1 });
        Costs::open(&path).put(Cost { bytes: 9, prompt: 2, answer: 1 });
        assert_eq!(Costs::read(&path).count(), 3);
    }
}
