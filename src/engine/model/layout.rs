//! What an architecture calls its tensors and the fields of its configuration, as data.

use super::Config;

/// Names of the tensors of an architecture's heads, for what has to know them from outside: tying, and
/// the order of a classifier's rows.
#[derive(Clone, Copy, Debug)]
pub struct Heads {
    /// The table of token embeddings, `[vocabulary, width]`; of a classifier it may stand one level down.
    pub table: &'static str,
    /// The head over the vocabulary where it is a matrix of its own, `[vocabulary, width]`.
    pub vocabulary: &'static str,
    /// The last matrix of the classifier, `[classes, ..]`; a bias beside it has a row per class too.
    pub classifier: &'static str,
    /// Whether the configuration ties the head to the table if it does not say so.
    pub tied: bool,
}

impl Heads {
    /// Whether `config` asks for one matrix as table and head.
    pub fn is_tied(&self, config: &Config) -> bool {
        config.switch_or("tie_word_embeddings", self.tied)
    }

    /// Whether a tensor has one row per class.
    pub fn is_classifier(&self, name: &str) -> bool {
        let bias = self.classifier.strip_suffix("weight").and_then(|stem| name.strip_prefix(stem));
        name == self.classifier || bias == Some("bias")
    }
}
