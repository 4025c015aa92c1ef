//! Answers that were kept before the file of answers said what they are to. Those files are never written
//! or removed. They are read where only one way of asking can have made them; where several can, they are
//! passed over and named.
//!
//! A record is `hash of the text (32 bytes), classes × f32, checksum (8 bytes)`, little-endian, without a
//! header.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::answer_file::sealed;
use super::costs::Costs;
use super::estimator::Estimator;
use crate::session::{Sentence, say};

/// Most classes that are looked for in a file that does not say how many it has.
const MOST_CLASSES: usize = 4096;
/// Bytes of a record besides its scores.
const AROUND: usize = 40;

/// Where a teacher's answers were kept, and who can have made them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormerKey {
    /// What the file was called by.
    pub fingerprint: [u8; 32],
    /// What is known of the answers in it.
    pub origin: Origin,
}

/// Who can have made the answers of a former file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A server that was asked in one way only.
    Only(Estimator),
    /// A server that continued prompts: with echo, or by first tokens. What it counted for its answers tells.
    EchoOrFirst {
        /// How a server without echo was asked.
        first: Estimator,
    },
    /// A model in this process with stored weights. Random weights had the same key, so that a few answers
    /// are made again before the others are believed.
    Checked,
    /// Nothing tells.
    Unknown,
}

/// What was found in a former file.
#[derive(Debug, Default)]
pub struct Former {
    known: HashMap<[u8; 32], Vec<f32>>,
    /// How they came about, where that is known.
    pub estimator: Option<Estimator>,
    /// Whether a few have to be made again before they are believed.
    pub unchecked: bool,
    /// Answers that say nothing, each class being as likely: passed over.
    pub mute: usize,
    /// What is passed over as a whole, in a sentence.
    pub note: Option<Sentence>,
}

impl Former {
    /// The answers at `path`, as far as they can be used.
    pub fn read(path: &Path, key: &FormerKey, classes: usize) -> Self {
        let all = entries(path, classes);
        if all.is_empty() {
            return Self::default();
        }
        let estimator = match key.origin {
            Origin::Only(estimator) => Some(estimator),
            Origin::Checked => Some(Estimator::WholeWords),
            Origin::EchoOrFirst { first } => told_by_costs(path, classes, first),
            Origin::Unknown => None,
        };
        if estimator.is_none() {
            let is_counted = !Costs::written(&Costs::beside(path)).is_empty();
            return Self { note: Some(passed_over(path, all.len(), key.origin, is_counted)), ..Self::default() };
        }
        let count = all.len();
        let known: HashMap<_, _> = all.into_iter().filter(|(_, scores)| !is_mute(scores)).collect();
        let mute = count - known.len();
        let note = (mute > 0).then(|| say!("{mute} answers kept from an earlier version say nothing, since every class is as likely; they are asked anew: {path}", mute, path = path.display()));
        Self { known, estimator, unchecked: key.origin == Origin::Checked, mute, note }
    }

    /// The answer to `text`.
    pub fn get(&self, text: &str) -> Option<&[f32]> {
        if self.known.is_empty() {
            return None;
        }
        self.known.get(blake3::hash(text.as_bytes()).as_bytes()).map(Vec::as_slice)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

/// Whether an answer says nothing: every class has the same score.
pub fn is_mute(scores: &[f32]) -> bool {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let least = scores.iter().copied().fold(f32::INFINITY, f32::min);
    scores.len() > 1 && most - least < 1e-6
}

/// The name of the file of a former fingerprint.
pub fn path(folder: &Path, fingerprint: &[u8; 32]) -> PathBuf {
    folder.join(format!("{}.targets", crate::engine::content_hash::hex(&fingerprint[..16])))
}

/// The sound records of a former file, in their order; none of a file with a header, which is none.
fn entries(path: &Path, classes: usize) -> Vec<([u8; 32], Vec<f32>)> {
    let bytes = std::fs::read(path).unwrap_or_default();
    bytes.chunks_exact(AROUND + 4 * classes).filter_map(sealed).collect()
}

/// Answers in a former file and their classes, found by where its first records end.
pub fn count(bytes: &[u8]) -> Option<(usize, usize)> {
    let fits = |classes: &usize| bytes.get(..AROUND + 4 * classes).is_some_and(|first| sealed(first).is_some());
    let classes = (1..=MOST_CLASSES).find(fits)?;
    Some((bytes.chunks_exact(AROUND + 4 * classes).filter_map(sealed).count(), classes))
}

/// How a server was asked that continues prompts: read label words cost one written token each, a
/// question for first tokens one in all. `None` where both occur, or nothing was counted.
fn told_by_costs(path: &Path, classes: usize, first: Estimator) -> Option<Estimator> {
    let written = Costs::written(&Costs::beside(path));
    let is_all = |tokens: u64| !written.is_empty() && written.iter().all(|written| *written == tokens);
    match (is_all(classes as u64), is_all(1)) {
        (true, false) => Some(Estimator::WholeWords),
        (false, true) => Some(first),
        _ => None,
    }
}

fn passed_over(path: &Path, count: usize, origin: Origin, is_counted: bool) -> Sentence {
    let why = match origin {
        Origin::EchoOrFirst { .. } if is_counted => {
            say!("the tokens their server counted do not tell whether they were scored whole or by first tokens")
        }
        Origin::EchoOrFirst { .. } => {
            say!(
                "their server counted no tokens, and nothing else tells whether they were scored whole or by first tokens"
            )
        }
        _ => say!("nothing tells with which weights or on which device they were made"),
    };
    say!(
        "{count} answers kept from an earlier version are not read, since {why}; they stay where they are (retort list answers): {path}",
        count,
        why,
        path = path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn record(text: &str, scores: &[f32]) -> Vec<u8> {
        let mut bytes = blake3::hash(text.as_bytes()).as_bytes().to_vec();
        bytes.extend(scores.iter().flat_map(|value| value.to_le_bytes()));
        let sum = blake3::hash(&bytes);
        bytes.extend_from_slice(&sum.as_bytes()[..8]);
        bytes
    }

    const FIRST: Estimator = Estimator::FirstTokens { alternatives: 20 };

    fn read(folder: &Path, origin: Origin, costs: &[&str]) -> Former {
        let key = FormerKey { fingerprint: [5; 32], origin };
        let path = path(folder, &key.fingerprint);
        let bytes = [record("a", &[-0.1, -2.4]), record("b", &[-0.7, -0.7]), b"torn".to_vec()].concat();
        std::fs::write(&path, bytes).unwrap();
        std::fs::write(Costs::beside(&path), costs.join("\n")).unwrap();
        Former::read(&path, &key, 2)
    }

    #[test]
    fn former_answers_are_read_where_one_way_of_asking_can_have_made_them() {
        let folder = tempfile::tempdir().unwrap();
        let either = Origin::EchoOrFirst { first: FIRST };
        for (origin, costs, estimator) in [
            (Origin::Only(FIRST), &[][..], Some(FIRST)),
            (Origin::Checked, &[], Some(Estimator::WholeWords)),
            (Origin::Unknown, &["40,9,1"], None),
            (either, &[], None),
            (either, &["40,9,1", "40,9,2"], None),
            (either, &["40,9,1", "44,9,1"], Some(FIRST)),
            (either, &["40,9,2", "44,9,2"], Some(Estimator::WholeWords)),
        ] {
            let former = read(folder.path(), origin, costs);
            assert_eq!(former.estimator, estimator, "{origin:?} {costs:?}");
            assert_eq!(former.get("a"), estimator.map(|_| &[-0.1f32, -2.4][..]), "{origin:?} {costs:?}");
            assert_eq!(former.get("b"), None, "an answer that says nothing is not used");
            let note = former.note.unwrap();
            assert!(note.contains(if estimator.is_none() { "2 answers" } else { "1 answers" }), "{note}");
        }
        let path = path(folder.path(), &[5; 32]);
        assert_eq!(count(&std::fs::read(&path).unwrap()), Some((2, 2)));
        assert_eq!(count(b"no answers"), None);
    }
}
