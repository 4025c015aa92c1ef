//! What became of the rows of a file that was answered: counted, and the first bad ones named.

use std::path::PathBuf;

use crate::engine::data::stream::Bad;
use crate::link::grouped;

/// Lines of bad rows that are named; the others are counted.
pub(super) const NAMED: usize = 10;

/// How many rows there were, and what was met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Rows written.
    pub(super) rows: u64,
    /// Of those, rows without a text, which have no answer.
    pub(super) empty: u64,
    /// Of those, rows whose text was cut for the model.
    pub(super) cut: u64,
    /// Rows left out because they cannot be read.
    pub(super) bad: u64,
    /// The first of them.
    pub(super) named: Vec<Bad>,
}

impl Tally {
    /// The account of the whole, in sentences.
    pub(super) fn lines(&self, further: &[&str]) -> Vec<String> {
        let mut lines = vec![format!("{} rows answered", grouped(self.rows - self.empty))];
        if self.cut > 0 {
            lines.push(format!("{} texts are longer than the model reads and were cut at the end", grouped(self.cut)));
        }
        if self.empty > 0 {
            lines.push(format!("{} rows have no text; their answers are empty", grouped(self.empty)));
        }
        if self.bad > 0 {
            let named = self
                .named
                .iter()
                .map(|bad| format!("line {}: {}", bad.line, bad.reason))
                .collect::<Vec<_>>()
                .join("; ");
            let more = self.bad - self.named.len() as u64;
            let more = if more > 0 { format!("; and {} more", grouped(more)) } else { String::new() };
            lines
                .push(format!("warning: {} rows could not be read and are left out: {named}{more}", grouped(self.bad)));
        }
        if !further.is_empty() {
            lines.push(format!("warning: keys that the first object lacks are left out: {}", further.join(", ")));
        }
        lines
    }

    pub(super) fn json(&self, out: &Option<PathBuf>, temperature: f64) -> String {
        let bad: Vec<_> =
            self.named.iter().map(|bad| serde_json::json!({ "line": bad.line, "reason": bad.reason })).collect();
        serde_json::json!({
            "rows": self.rows, "empty": self.empty, "cut": self.cut, "unreadable": self.bad, "first_unreadable": bad, "out": out,
            "temperature": temperature,
        })
        .to_string()
    }

    pub(super) fn leave_out(&mut self, bad: Bad) {
        self.bad += 1;
        if self.named.len() < NAMED {
            self.named.push(bad);
        }
    }
}
