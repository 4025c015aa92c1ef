//! The ways in which a model can be asked for a class, for people to choose from: what
//! [`super::for_model`] decides by a model's head and kind, listed.

use crate::engine::model::{ARCHITECTURES, Kind};
use crate::session::Head;

/// A way in which models answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Way {
    /// Its name in listings.
    pub id: &'static str,
    /// The head that a session asks for it by.
    pub head: Head,
    /// The kinds of models that answer so.
    pub kinds: &'static [Kind],
    /// One sentence.
    pub help: &'static str,
}

/// Every way: each model answers in one of them with each head.
pub const WAYS: [Way; 4] = [
    Way {
        id: "classifier",
        head: Head::Classifier,
        kinds: &[Kind::Encoder, Kind::Decoder, Kind::EncoderDecoder],
        help: "A linear layer over the pooled text, which is read without the prompt. What Auto gives a model that only reads.",
    },
    Way {
        id: "masked_words",
        head: Head::LabelWords,
        kinds: &[Kind::Encoder],
        help: "The label words at masks in the prompt's answer slot; its tokenizer must have a mask.",
    },
    Way {
        id: "causal_words",
        head: Head::LabelWords,
        kinds: &[Kind::Decoder],
        help: "The label words as what the model writes behind the prompt. What Auto gives a model that writes on.",
    },
    Way {
        id: "encoder_decoder_words",
        head: Head::LabelWords,
        kinds: &[Kind::EncoderDecoder],
        help: "The label words as the answer that the decoder writes to the prompt that the encoder reads. What Auto gives such a model.",
    },
];

impl Way {
    /// The architectures that can answer so, by their ids.
    pub fn architectures(&self) -> impl Iterator<Item = &'static str> {
        ARCHITECTURES.iter().filter(|known| self.kinds.contains(&known.kind)).map(|known| known.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::model::HeadKind;

    #[test]
    fn every_architecture_answers_in_one_way_by_each_head_and_auto_is_one_of_them() {
        for known in ARCHITECTURES {
            for head in [Head::Classifier, Head::LabelWords] {
                let ways = WAYS.iter().filter(|way| way.head == head && way.kinds.contains(&known.kind));
                assert_eq!(ways.count(), 1, "{} {head:?}", known.id);
            }
            let auto = HeadKind::asked(Head::Auto, known, 2);
            let told = WAYS.iter().filter(|way| way.help.contains("Auto") && way.kinds.contains(&known.kind));
            let told: Vec<HeadKind> = told.map(|way| HeadKind::asked(way.head, known, 2)).collect();
            assert!(told.contains(&auto), "{}: {told:?}", known.id);
        }
    }
}
