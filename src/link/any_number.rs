//! Numbers in JSON without losing NaN and the infinities, which JSON has no numbers for: they are written
//! as words.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number as it stands in JSON.
struct Any(f32);

impl Serialize for Any {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() { serializer.serialize_f32(self.0) } else { serializer.collect_str(&self.0) }
    }
}

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(f32),
            Word(String),
            /// As NaN was written before it had a word.
            Nothing(()),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(number) => Ok(Self(number)),
            Written::Word(word) => word.parse().map(Self).map_err(serde::de::Error::custom),
            Written::Nothing(()) => Ok(Self(f32::NAN)),
        }
    }
}

/// A number.
pub mod single {
    use super::{Any, Deserialize, Deserializer, Serialize, Serializer};

    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(value: &f32, serializer: S) -> Result<S::Ok, S::Error> {
        Any(*value).serialize(serializer)
    }

    /// # Errors
    /// The deserializer's, or a word that is no number.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
        Ok(Any::deserialize(deserializer)?.0)
    }
}

/// A number that may be missing.
pub mod optional {
    use super::{Any, Deserialize, Deserializer, Serialize, Serializer};

    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(value: &Option<f32>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(Any).serialize(serializer)
    }

    /// # Errors
    /// The deserializer's, or a word that is no number.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f32>, D::Error> {
        Ok(Option::<Any>::deserialize(deserializer)?.map(|any| any.0))
    }
}

/// A class and its probability.
pub mod answer {
    use super::{Any, Deserialize, Deserializer, Serialize, Serializer};

    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(value: &(usize, f32), serializer: S) -> Result<S::Ok, S::Error> {
        (value.0, Any(value.1)).serialize(serializer)
    }

    /// # Errors
    /// The deserializer's, or a word that is no number.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(usize, f32), D::Error> {
        <(usize, Any)>::deserialize(deserializer).map(|(class, any)| (class, any.0))
    }
}

/// A class and its probability, where there is a model to answer.
pub mod optional_answer {
    use super::{Any, Deserialize, Deserializer, Serialize, Serializer};

    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(value: &Option<(usize, f32)>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(|(class, p)| (class, Any(p))).serialize(serializer)
    }

    /// # Errors
    /// The deserializer's, or a word that is no number.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<(usize, f32)>, D::Error> {
        Ok(Option::<(usize, Any)>::deserialize(deserializer)?.map(|(class, any)| (class, any.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Prediction, Predictions, TokenPrediction};

    fn back(row: &Prediction) -> Prediction {
        serde_json::from_str(&serde_json::to_string(row).unwrap()).unwrap()
    }

    #[test]
    fn a_row_of_numbers_that_are_none_comes_back_as_it_was() {
        for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.25, 1e-30] {
            let row = Prediction {
                text: "a".into(),
                gold: 1,
                teacher: Some((0, number)),
                student: (1, number),
                kl: Some(number),
            };
            let again = back(&row);
            let numbers = |row: &Prediction| [row.teacher.unwrap().1, row.student.1, row.kl.unwrap()];
            assert_eq!(numbers(&again).map(f32::to_bits), numbers(&row).map(f32::to_bits), "{number}");
        }
        let alone = Prediction { text: String::new(), gold: 0, teacher: None, student: (0, 0.5), kl: None };
        assert_eq!(back(&alone), alone);
    }

    #[test]
    fn rows_over_tokens_come_back_as_they_were_and_those_of_classes_are_written_without_them() {
        for loss in [f32::NAN, f32::INFINITY, 0.5] {
            let row =
                TokenPrediction { text: "a".into(), tokens: 2, loss, kl: Some(loss), ..TokenPrediction::default() };
            let all = Predictions { over_tokens: vec![row], ..Predictions::default() };
            let again: Predictions = serde_json::from_str(&serde_json::to_string(&all).unwrap()).unwrap();
            let numbers =
                |all: &Predictions| [all.over_tokens[0].loss, all.over_tokens[0].kl.unwrap()].map(f32::to_bits);
            assert_eq!(numbers(&again), numbers(&all), "{loss}");
        }
        assert_eq!(serde_json::to_string(&Predictions::default()).unwrap(), r#"{"step":0,"rows":[]}"#);
    }

    #[test]
    fn rows_of_older_journals_open() {
        let old = r#"{"step":3,"rows":[{"text":"a","gold":0,"teacher":[1,0.5],"student":[0,null],"kl":null}]}"#;
        let rows: Predictions = serde_json::from_str(old).unwrap();
        let row = &rows.rows[0];
        assert!(row.student.1.is_nan() && row.kl.is_none() && row.teacher == Some((1, 0.5)));
    }
}
