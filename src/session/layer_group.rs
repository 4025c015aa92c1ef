//! Parts of the student that learn at a rate of their own, or not at all.

use serde::{Deserialize, Serialize};

use super::{Sentence, say};

/// A part of the student and how fast it learns. Later groups override earlier ones where they name the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LayerGroup {
    /// Which part.
    pub part: ModelPart,
    /// What its learning rate is multiplied by; 0 freezes it: it gets no gradient, no optimiser state and no weight
    /// decay, and does not count in the length that the gradient is clipped to. Of `LayerDecay` the factor from one
    /// layer to the layer below, at most 1.
    pub rate: f64,
}

/// A part of a model. Embeddings, layers and head are all of it: every variable is in one of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub enum ModelPart {
    /// What stands before the first layer: the tables of tokens, positions and segments, and the norm over them. Where
    /// the head over the vocabulary is the table of tokens (tied), it is meant too.
    Embeddings,
    /// The layers from `first` to `last`, both included, counted from 0; of an encoder–decoder those of both stacks. A
    /// table that all layers of a stack share stands in layer 0.
    Layers {
        /// The first of them.
        first: usize,
        /// The last of them.
        last: usize,
    },
    /// What stands behind the last layer: the final norm, a pooler, the classifier or the head over the vocabulary, and
    /// where that is tied the table of tokens too.
    Head,
    /// The variables whose names have this form, in which `*` stands for any letters: `*.attention.*`,
    /// `bert.encoder.layer.0.*`.
    Named(String),
    /// Every part, the lower the slower: the head at the learning rate, the last layer at `rate` times it, the layer
    /// below at `rate` times that, and the embeddings as a layer below layer 0 (Clark et al. 2020, arXiv 2003.10555,
    /// appendix A; Bao et al. 2021, arXiv 2106.08254).
    LayerDecay,
}

impl LayerGroup {
    /// What no student could make sense of, in words, or `None`.
    pub(super) fn problem(&self) -> Option<Sentence> {
        match &self.part {
            ModelPart::Layers { first, last } if first > last => Some(say!(
                "recipe.groups names the layers {first} to {last}, the last before the first; write the smaller number first",
                first,
                last
            )),
            ModelPart::Named(pattern) if pattern.is_empty() => Some(say!(
                "recipe.groups names variables by an empty text; write a part of their names, such as *.attention.*"
            )),
            ModelPart::LayerDecay if self.rate > 1.0 => Some(say!(
                "recipe.groups has a LayerDecay of {rate}, by which lower layers would learn faster; choose a rate of at most 1",
                rate = self.rate
            )),
            _ => None,
        }
    }
}

impl ModelPart {
    /// As a session names it.
    pub fn named(&self) -> String {
        match self {
            Self::Embeddings => "Embeddings".to_owned(),
            Self::Layers { first, last } => format!("Layers(first: {first}, last: {last})"),
            Self::Head => "Head".to_owned(),
            Self::Named(pattern) => format!("Named({pattern:?})"),
            Self::LayerDecay => "LayerDecay".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::session::{LayerGroup, ModelPart, Session};

    #[test]
    fn a_group_that_means_nothing_is_refused_in_words() {
        let layers = |first, last| ModelPart::Layers { first, last };
        for (part, rate, said) in [
            (layers(3, 1), 0.0, "the layers 3 to 1, the last before the first"),
            (ModelPart::Named(String::new()), 0.0, "an empty text"),
            (ModelPart::LayerDecay, 1.5, "a LayerDecay of 1.5"),
            (ModelPart::Head, -1.0, "recipe.groups[].rate must be between 0 and 100, not -1"),
            (ModelPart::Head, f64::NAN, "recipe.groups[].rate must be between 0 and 100, not NaN"),
            (ModelPart::Head, 101.0, "recipe.groups[].rate must be between 0 and 100, not 101"),
        ] {
            let mut session = Session::built_in().unwrap();
            // One that is sound stands before it.
            session.recipe.groups = vec![LayerGroup { part: layers(0, 0), rate: 0.5 }];
            assert_eq!(session.problem(), None);
            session.recipe.groups.push(LayerGroup { part, rate });
            let problem = session.problem().unwrap().to_string();
            assert!(problem.contains(said), "{problem}");
        }
    }
}
