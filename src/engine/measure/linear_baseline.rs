//! The control every student has to beat: a linear classifier over words. TF-IDF over word n-grams,
//! multinomial logistic regression, its regularisation chosen on held-out training examples, so
//! that the control is as strong as a person would make it.

use std::collections::{HashMap, HashSet};

use crate::engine::data::Example;
use crate::engine::data::shuffle::shuffled;
use crate::link::scores::{likeliest, softmax};

/// Strengths of regularisation that are tried, as the C of the usual libraries: the larger the
/// freer. Texts are normalised to length 1, where the best value lies in this range.
const STRENGTHS: [f64; 3] = [1.0, 10.0, 100.0];

/// Every how many-th shuffled training example is held out to choose among [`STRENGTHS`].
const HELD_OUT: usize = 10;

/// Passes over the training examples; 20 instead of 8 gain a tenth of a point on 20 Newsgroups.
const EPOCHS: usize = 8;

/// Updates at least, so that a few examples are learned as well as many.
const UPDATES: usize = 4000;

/// First learning rate. On texts of length 1 the loss curves by 1/2 at most, so 2 is the largest
/// rate that is stable.
const RATE: f64 = 2.0;

/// Share of `test` that the classifier gets right after learning from all labels of `train`, with
/// word n-grams of up to `ngrams` words, texts without a label left out (a Chinese character counts as a word). 0 without test or
/// training examples. The same arguments give the same figure everywhere.
pub fn accuracy(train: &[Example], test: &[Example], classes: usize, ngrams: usize, seed: u64) -> f64 {
    let train: Vec<&Example> =
        shuffled(train.iter().filter(|example| example.class().is_some_and(|label| label < classes)).collect(), seed);
    let strength = choose(&train, classes, ngrams, seed);
    let test: Vec<&Example> = test.iter().collect();
    Trial::new(&train, &test, ngrams).score(classes, strength, seed)
}

/// Additions that [`accuracy`] of these arguments comes to, roughly: what a machine does in a second is
/// about a thousand million.
pub fn additions(train: &[Example], classes: usize, ngrams: usize) -> f64 {
    let labelled = train.iter().filter(|example| example.class().is_some());
    let words: usize = labelled.map(|example| example.text().split_whitespace().count()).sum();
    let passes = EPOCHS.max(UPDATES.div_ceil(train.len().max(1))) * (STRENGTHS.len() + 1);
    words as f64 * ngrams as f64 * classes as f64 * passes as f64
}

/// The strength that does best on held-out examples; of equals the most regularised one.
fn choose(train: &[&Example], classes: usize, ngrams: usize, seed: u64) -> f64 {
    let part = |held: bool| {
        let chosen = train.iter().enumerate().filter(move |(i, _)| (i % HELD_OUT == 0) == held);
        chosen.map(|(_, example)| *example).collect::<Vec<_>>()
    };
    let trial = Trial::new(&part(false), &part(true), ngrams);
    let mut best = (STRENGTHS[0], f64::NEG_INFINITY);
    for strength in STRENGTHS {
        let score = trial.score(classes, strength, seed);
        if score > best.1 {
            best = (strength, score);
        }
    }
    best.0
}

/// Texts to learn from and texts to be judged by, as features.
struct Trial {
    train: Vec<(Features, usize)>,
    test: Vec<(Features, usize)>,
    features: usize,
}

impl Trial {
    fn new(train: &[&Example], test: &[&Example], ngrams: usize) -> Self {
        let vocabulary = Vocabulary::of(train, ngrams);
        let rows = |examples: &[&Example]| {
            let row = |example: &&Example| Some((vocabulary.features(example.text()), example.class()?));
            examples.iter().filter_map(row).collect()
        };
        Self { train: rows(train), test: rows(test), features: vocabulary.idf.len() }
    }

    fn score(&self, classes: usize, strength: f64, seed: u64) -> f64 {
        if self.train.is_empty() || self.test.is_empty() {
            return 0.0;
        }
        let model = Linear::fit(&self.train, self.features, classes, strength, seed);
        let right = self.test.iter().filter(|(features, label)| model.answer(features) == *label);
        right.count() as f64 / self.test.len() as f64
    }
}

/// Words of a text: runs of letters and digits in lower case; a Chinese character is a word.
fn words(text: &str) -> impl Iterator<Item = String> {
    let mut words = vec![String::new()];
    for c in text.chars().flat_map(char::to_lowercase) {
        let stands_alone = ('\u{3400}'..='\u{9FFF}').contains(&c);
        if stands_alone || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.push(c);
        }
        if stands_alone {
            words.push(String::new());
        }
    }
    words.into_iter().filter(|word| !word.is_empty())
}

/// `(feature, value)`, sorted by feature, of Euclidean length 1.
type Features = Vec<(u32, f32)>;

/// An n-gram as a path: the n-gram it continues (0 is none) and its last word.
type Gram = (u32, u32);

/// Which n-grams are features and how much each counts. The maps are only looked up, never walked,
/// and numbers go by first appearance, so nothing depends on a map's order.
struct Vocabulary {
    ngrams: usize,
    words: HashMap<String, u32>,
    grams: HashMap<Gram, u32>,
    feature_from_gram: Vec<Option<u32>>,
    idf: Vec<f64>,
}

impl Vocabulary {
    fn of(train: &[&Example], ngrams: usize) -> Self {
        let mut vocabulary = Self {
            ngrams: ngrams.max(1),
            words: HashMap::new(),
            grams: HashMap::new(),
            feature_from_gram: Vec::new(),
            idf: Vec::new(),
        };
        let mut documents = vec![(0u32, false)];
        for example in train {
            vocabulary.count(example.text(), &mut documents);
        }
        vocabulary.choose_features(&documents, train.len());
        vocabulary
    }

    /// Counts a document once for each n-gram in it; remembers which n-grams are single words.
    fn count(&mut self, text: &str, documents: &mut Vec<(u32, bool)>) {
        let mut seen = HashSet::new();
        let mut open: Vec<u32> = Vec::new();
        for word in words(text) {
            let next = self.words.len() as u32;
            let word = *self.words.entry(word).or_insert(next);
            open.insert(0, 0);
            open.truncate(self.ngrams);
            for (longer, gram) in open.iter_mut().enumerate() {
                let next = documents.len() as u32;
                *gram = *self.grams.entry((*gram, word)).or_insert(next);
                if *gram == next {
                    documents.push((0, longer == 0));
                }
                if let Some((count, _)) = documents.get_mut(*gram as usize).filter(|_| seen.insert(*gram)) {
                    *count += 1;
                }
            }
        }
    }

    /// Longer n-grams that occur in one document only cannot help another one.
    fn choose_features(&mut self, documents: &[(u32, bool)], all: usize) {
        for (gram, (count, is_word)) in documents.iter().enumerate() {
            let is_feature = gram > 0 && (*is_word || *count > 1);
            self.feature_from_gram.push(is_feature.then_some(self.idf.len() as u32));
            if is_feature {
                self.idf.push(((1.0 + all as f64) / (1.0 + f64::from(*count))).ln() + 1.0);
            }
        }
    }

    /// TF-IDF: (1 + ln count) · (ln((1 + N) / (1 + documents)) + 1), then length 1.
    fn features(&self, text: &str) -> Features {
        let mut found = self.occurrences(text);
        found.sort_unstable();
        let mut features: Vec<(u32, f64)> = Vec::new();
        for same in found.chunk_by(|a, b| a == b) {
            let Some(feature) = same.first() else { continue };
            let idf = self.idf.get(*feature as usize).copied().unwrap_or_default();
            features.push((*feature, (1.0 + (same.len() as f64).ln()) * idf));
        }
        let length = features.iter().map(|(_, value)| value * value).sum::<f64>().sqrt();
        features.into_iter().map(|(feature, value)| (feature, (value / length) as f32)).collect()
    }

    fn occurrences(&self, text: &str) -> Vec<u32> {
        let mut found = Vec::new();
        let mut open: Vec<u32> = Vec::new();
        for word in words(text) {
            let Some(word) = self.words.get(&word) else {
                open.clear();
                continue;
            };
            open.insert(0, 0);
            // An n-gram that was never seen has no longer ones either, nor has one of full length.
            open = open.iter().filter_map(|gram| self.grams.get(&(*gram, *word)).copied()).collect();
            let features = open.iter().filter_map(|gram| self.feature_from_gram.get(*gram as usize).copied().flatten());
            found.extend(features);
        }
        found
    }
}

/// Multinomial logistic regression by stochastic gradient descent: rate falling in a straight line
/// to 0, L2 penalty on the weights (not on the bias) of 1 / (C · N).
///
/// # Shapes
/// `weights` `[features][classes]`, to be read times `scale`, which carries the penalty so that an
/// update costs no more than the text has words.
struct Linear {
    weights: Vec<f32>,
    scale: f64,
    bias: Vec<f64>,
}

impl Linear {
    fn fit(rows: &[(Features, usize)], features: usize, classes: usize, strength: f64, seed: u64) -> Self {
        let mut model = Self { weights: vec![0.0; features * classes], scale: 1.0, bias: vec![0.0; classes] };
        let penalty = 1.0 / (strength * rows.len() as f64);
        let epochs = EPOCHS.max(UPDATES.div_ceil(rows.len()));
        let total = (epochs * rows.len()) as f64;
        let mut done = 0.0;
        for epoch in 0..epochs {
            for (features, label) in shuffled(rows.iter().collect(), seed.wrapping_add(1 + epoch as u64)) {
                model.update(features, *label, RATE * (1.0 - done / total), penalty);
                done += 1.0;
            }
        }
        model
    }

    fn update(&mut self, features: &Features, label: usize, rate: f64, penalty: f64) {
        let mut errors = self.scores(features);
        softmax(&mut errors);
        errors.iter_mut().enumerate().for_each(|(class, e)| *e -= f64::from(u8::from(class == label)));
        self.scale *= (1.0 - rate * penalty).max(0.1);
        if self.scale < 1e-6 {
            self.weights.iter_mut().for_each(|weight| *weight *= self.scale as f32);
            self.scale = 1.0;
        }
        let steps: Vec<f32> = errors.iter().map(|error| (rate * error / self.scale) as f32).collect();
        for (feature, value) in features {
            for (weight, step) in self.row_mut(*feature).iter_mut().zip(&steps) {
                *weight -= step * value;
            }
        }
        self.bias.iter_mut().zip(&errors).for_each(|(bias, error)| *bias -= 0.1 * rate * error);
    }

    fn scores(&self, features: &Features) -> Vec<f64> {
        let mut sums = vec![0.0f32; self.bias.len()];
        for (feature, value) in features {
            for (sum, weight) in sums.iter_mut().zip(self.row(*feature)) {
                *sum += weight * value;
            }
        }
        sums.iter().zip(&self.bias).map(|(sum, bias)| f64::from(*sum) * self.scale + bias).collect()
    }

    fn row(&self, feature: u32) -> &[f32] {
        let start = feature as usize * self.bias.len();
        self.weights.get(start..start + self.bias.len()).unwrap_or_default()
    }

    fn row_mut(&mut self, feature: u32) -> &mut [f32] {
        let start = feature as usize * self.bias.len();
        self.weights.get_mut(start..start + self.bias.len()).unwrap_or_default()
    }

    fn answer(&self, features: &Features) -> usize {
        let scores: Vec<f32> = self.scores(features).iter().map(|score| *score as f32).collect();
        likeliest(&scores)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples(rows: &[(&str, usize)]) -> Vec<Example> {
        rows.iter().map(|(text, label)| Example::classified(*text, Some(*label))).collect()
    }

    #[test]
    fn words_are_runs_of_letters_and_single_chinese_characters() {
        let found: Vec<String> = words("Don't PANIC: 42 猫和狗run").collect();
        assert_eq!(found, ["don", "t", "panic", "42", "猫", "和", "狗", "run"]);
    }

    #[test]
    fn features_have_length_1_and_know_only_seen_words() {
        let train = examples(&[("a b a b c", 0), ("a b d", 1)]);
        let vocabulary = Vocabulary::of(&train.iter().collect::<Vec<_>>(), 2);
        // The words a, b, c, d and the one pair that occurs in both texts.
        assert_eq!(vocabulary.idf.len(), 5);
        let features = vocabulary.features("a b zzz a");
        assert_eq!(features.len(), 3);
        let length: f32 = features.iter().map(|(_, value)| value * value).sum();
        assert!((length - 1.0).abs() < 1e-6);
        assert!(vocabulary.features("zzz").is_empty());
    }

    #[test]
    fn words_that_tell_classes_apart_are_learned() {
        let texts: Vec<(String, usize)> = (0..60)
            .map(|i| (format!("the {} of the {}", ["cat", "dog", "owl"][i % 3], ["day", "night"][i % 2]), i % 3))
            .collect();
        let rows: Vec<(&str, usize)> = texts.iter().map(|(text, label)| (text.as_str(), *label)).collect();
        let test = examples(&[("a cat", 0), ("my dog", 1), ("owl", 2)]);
        assert_eq!(accuracy(&examples(&rows), &test, 3, 1, 5), 1.0);
    }

    #[test]
    fn word_order_needs_pairs_of_words() {
        let train = examples(&[("not good", 0), ("good not", 1)].repeat(20));
        let test = examples(&[("not good", 0), ("good not", 1)]);
        assert_eq!(accuracy(&train, &test, 2, 2, 1), 1.0);
        assert_eq!(accuracy(&train, &test, 2, 1, 1), 0.5);
    }

    #[test]
    fn the_figure_is_the_same_every_time() {
        let rows: Vec<(String, usize)> =
            (0..80usize).map(|i| (format!("w{} w{} w{}", i % 7, i % 5, i * i % 11), i % 2)).collect();
        let rows: Vec<(&str, usize)> = rows.iter().map(|(text, label)| (text.as_str(), *label)).collect();
        let (train, test) = (examples(&rows[..50]), examples(&rows[50..]));
        assert_eq!(accuracy(&train, &test, 2, 2, 3).to_bits(), accuracy(&train, &test, 2, 2, 3).to_bits());
    }

    #[test]
    fn odd_arguments_give_a_figure_and_no_panic() {
        assert_eq!(accuracy(&[], &examples(&[("a", 0)]), 2, 2, 1), 0.0);
        assert_eq!(accuracy(&examples(&[("a", 0)]), &[], 2, 2, 1), 0.0);
        assert_eq!(accuracy(&examples(&[("a", 9)]), &examples(&[("a", 0)]), 2, 0, 1), 0.0);
        assert_eq!(accuracy(&examples(&[("!", 0), ("?", 1)]), &examples(&[("", 0)]), 0, 1, 1), 0.0);
    }
}
