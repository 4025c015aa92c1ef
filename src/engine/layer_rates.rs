//! The rates at which the variables of a student learn, by the groups of a recipe.
//!
//! Not here: what a rate does in a step. The optimiser multiplies by it, and one that is 0 it leaves out.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{HeadKind, Model, Place};
use crate::session::near::{meant, nearest};
use crate::session::{LayerGroup, ModelPart, Sentence, say};

/// What the learning rate of every variable of a student is multiplied by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerRates {
    rates: BTreeMap<String, f64>,
    /// Numbers in all variables, and in those that learn.
    counts: (u64, u64),
    /// That they act on more than they name.
    tied: Option<Sentence>,
    /// What is hardly meant, a sentence each.
    doubts: Vec<Sentence>,
}

impl LayerRates {
    /// The rates that `groups` give the variables of `student`.
    ///
    /// # Errors
    /// A sentence for a person: a part that the student has not, or nothing that learns.
    pub fn of(groups: &[LayerGroup], student: &Model) -> Result<Self, Sentence> {
        let parts = Parts::of(student);
        let mut rates: BTreeMap<String, f64> = parts.places.keys().map(|name| ((*name).to_owned(), 1.0)).collect();
        let mut overlaps = Overlaps::default();
        for (number, group) in groups.iter().enumerate() {
            for (name, rate) in parts.rates(group)? {
                overlaps.meet(name, number);
                rates.insert(name.to_owned(), rate);
            }
        }
        let (all, learning) = student.weights.variables().iter().fold((0, 0), |(all, learning), (name, variable)| {
            let (count, is_frozen) = (variable.elem_count() as u64, rates.get(name) == Some(&0.0));
            (all + count, learning + if is_frozen { 0 } else { count })
        });
        if learning == 0 && all > 0 {
            return Err(say!(
                "recipe.groups freezes every variable of the student, so there is nothing to train; give one of its groups a rate above 0, or leave it out"
            ));
        }
        let mut doubts = overlaps.told(groups);
        doubts.extend(still_random(student, &rates));
        Ok(Self { tied: parts.tied(groups), counts: (all, learning), doubts, rates })
    }

    /// What the learning rate of a variable is multiplied by.
    pub fn of_variable(&self, name: &str) -> f64 {
        self.rates.get(name).copied().unwrap_or(1.0)
    }

    /// The variables that do not learn.
    pub fn frozen(&self) -> BTreeSet<String> {
        self.rates.iter().filter(|(_, rate)| **rate == 0.0).map(|(name, _)| name.clone()).collect()
    }

    /// The numbers that learn; `None` where all do.
    pub fn trainable(&self) -> Option<u64> {
        let (all, learning) = self.counts;
        (learning < all).then_some(learning)
    }

    /// That the groups act on the head as well as on the table of tokens, where these are one.
    pub fn tied(&self) -> Option<&Sentence> {
        self.tied.as_ref()
    }

    /// What of the groups is hardly meant, a sentence each: which of them overlap, what is frozen at random.
    pub fn doubts(&self) -> &[Sentence] {
        &self.doubts
    }
}

/// The variables of a student by where they stand.
struct Parts<'a> {
    places: BTreeMap<&'a str, Place>,
    /// Layers of each stack.
    layers: Vec<usize>,
    /// The table of tokens, where it is the head over the vocabulary too.
    tied: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(student: &'a Model) -> Self {
        let architecture = student.architecture;
        let names = || student.weights.variables().keys().map(String::as_str);
        let places: BTreeMap<&str, Place> = names().map(|name| (name, architecture.place_of(name))).collect();
        let mut layers = vec![0; architecture.stacks.len()];
        for place in places.values() {
            if let Place::Layer { stack, layer } = place {
                layers[*stack] = layers[*stack].max(layer + 1);
            }
        }
        let own = names().any(|name| name.ends_with(architecture.heads.vocabulary));
        let over_vocabulary = student.top == HeadKind::Vocabulary && !own;
        let tied = names().find(|name| over_vocabulary && name.ends_with(architecture.heads.table));
        Self { places, layers, tied }
    }

    /// The variables that a group names, each with its rate.
    fn rates(&self, group: &LayerGroup) -> Result<Vec<(&'a str, f64)>, Sentence> {
        if group.part == ModelPart::LayerDecay {
            let rate = |place: &Place| group.rate.powi(self.below_head(place) as i32);
            return Ok(self.places.iter().map(|(name, place)| (*name, rate(place))).collect());
        }
        Ok(self.named(&group.part)?.into_iter().map(|name| (name, group.rate)).collect())
    }

    fn named(&self, part: &ModelPart) -> Result<Vec<&'a str>, Sentence> {
        let at = |is: &dyn Fn(&Place) -> bool| {
            self.places.iter().filter(|(_, place)| is(place)).map(|(name, _)| *name).collect::<Vec<_>>()
        };
        match part {
            ModelPart::LayerDecay => Ok(at(&|_| true)),
            ModelPart::Embeddings => Ok(at(&|place| *place == Place::Embeddings)),
            ModelPart::Head => Ok(at(&|place| *place == Place::Head).into_iter().chain(self.tied).collect()),
            ModelPart::Layers { first, last } => {
                self.check_layers(*first, *last)?;
                Ok(at(&|place| matches!(place, Place::Layer { layer, .. } if (first..=last).contains(&layer))))
            }
            ModelPart::Named(pattern) => self.matching(pattern),
        }
    }

    /// Refuses a span that no stack has.
    fn check_layers(&self, first: usize, last: usize) -> Result<(), Sentence> {
        let layers = self.deepest();
        if first <= last && last < layers {
            return Ok(());
        }
        Err(say!(
            "recipe.groups names the layers {first} to {last} and the student has {layers}, numbered from 0 to {end}; name among those",
            first,
            last,
            layers,
            end = layers.saturating_sub(1)
        ))
    }

    fn matching(&self, pattern: &str) -> Result<Vec<&'a str>, Sentence> {
        let names = || self.places.keys().copied();
        let found: Vec<&str> = names().filter(|name| matches(pattern, name)).collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let examples: Vec<&str> = names().step_by(self.places.len().div_ceil(3).max(1)).collect();
        Err(say!(
            "recipe.groups names the variables {pattern} and the student has none of that name{suggested}; its variables are called {examples} and the like, and * stands for any letters",
            pattern = format_args!("{pattern:?}"),
            suggested = self.corrected(pattern).map_or_else(Sentence::default, meant),
            examples = examples.join(", ")
        ))
    }

    /// The pattern with one of its words as the student writes it, where that names something; else the name that is
    /// nearest to it as a whole.
    fn corrected(&self, pattern: &str) -> Option<String> {
        let words: BTreeSet<&str> = self.places.keys().flat_map(|name| name.split('.')).collect();
        let words: Vec<&str> = words.into_iter().collect();
        let written = pattern.split(['.', '*']).filter(|word| !word.is_empty());
        let mut tried = written.filter_map(|word| Some(pattern.replacen(word, nearest(word, &words)?, 1)));
        let names: Vec<&str> = self.places.keys().copied().collect();
        tried
            .find(|tried| names.iter().any(|name| matches(tried, name)))
            .or_else(|| nearest(pattern, &names).map(str::to_owned))
    }

    /// How many layers stand between a place and the head, itself counted.
    fn below_head(&self, place: &Place) -> usize {
        match place {
            Place::Head => 0,
            Place::Layer { stack, layer } => self.layers[*stack] - layer,
            Place::Embeddings => self.deepest() + 1,
        }
    }

    fn deepest(&self) -> usize {
        self.layers.iter().copied().max().unwrap_or(0)
    }

    /// That a group acts on table and head at once, where they are one.
    fn tied(&self, groups: &[LayerGroup]) -> Option<Sentence> {
        let table = self.tied?;
        let group = groups.iter().find(|group| matches!(group.part, ModelPart::Embeddings | ModelPart::Head))?;
        Some(say!(
            "the table of tokens {table} is the head over the vocabulary too (tied), so {part} of recipe.groups acts on both",
            table,
            part = group.part.named()
        ))
    }
}

/// Groups that name the same variables.
#[derive(Default)]
struct Overlaps<'a> {
    /// The group that named a variable last.
    last: BTreeMap<&'a str, usize>,
    /// How many variables two groups share, and one of them.
    shared: BTreeMap<(usize, usize), (usize, &'a str)>,
}

impl<'a> Overlaps<'a> {
    fn meet(&mut self, name: &'a str, group: usize) {
        if let Some(before) = self.last.insert(name, group) {
            self.shared.entry((before, group)).or_insert((0, name)).0 += 1;
        }
    }

    /// What is named twice. A decay over all layers is there to be overridden.
    fn told(&self, groups: &[LayerGroup]) -> Vec<Sentence> {
        let is_meant = |number: usize| groups.get(number).is_some_and(|group| group.part == ModelPart::LayerDecay);
        let part = |number: usize| groups.get(number).map_or_else(String::new, |group| group.part.named());
        let shared = self.shared.iter().filter(|((before, _), _)| !is_meant(*before));
        let said = shared.map(|((before, after), (count, example))| {
            say!(
                "{before} and {after} of recipe.groups both name {count} variables, such as {example}; the later one counts",
                before = part(*before),
                after = part(*after),
                count = *count,
                example = *example
            )
        });
        said.collect()
    }
}

/// That variables are frozen as they were drawn: they stay random.
fn still_random(student: &Model, rates: &BTreeMap<String, f64>) -> Option<Sentence> {
    let still = rates.iter().filter(|(name, rate)| **rate == 0.0 && student.weights.is_drawn(name));
    let still: Vec<&str> = still.map(|(name, _)| name.as_str()).collect();
    let example = *still.first()?;
    Some(say!(
        "recipe.groups freezes {count} variables that start from random numbers and so stay random, such as {example}; let them learn, or start from stored weights",
        count = still.len(),
        example
    ))
}

/// Whether a name has the form of a pattern in which `*` stands for any letters.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((begin, rest)) = pattern.split_once('*') else { return pattern == name };
    let (between, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    let inner = name.strip_prefix(begin).and_then(|name| name.strip_suffix(end));
    // Of what stands between two stars the first place serves: it leaves most to the others.
    let behind = |name: Option<&str>, piece: &str| name?.split_once(piece).map(|(_, behind)| behind.to_owned());
    let mut left = inner.map(str::to_owned);
    for piece in between.split('*') {
        left = behind(left.as_deref(), piece);
    }
    left.is_some()
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_letters_and_all_else_for_itself() {
        for (pattern, name, is_so) in [
            ("*", "", true),
            ("a.b", "a.b", true),
            ("a.b", "axb", false),
            ("a.b", "a.b.c", false),
            ("*.bias", "layer.0.bias", true),
            ("*.bias", "bias", false),
            ("layer.1.*", "layer.1.weight", true),
            ("layer.1.*", "layer.10.weight", false),
            ("*attention*", "layer.0.attention.q", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("**", "x", true),
            ("*é", "café", true),
        ] {
            assert_eq!(matches(pattern, name), is_so, "{pattern} {name}");
        }
    }
}
