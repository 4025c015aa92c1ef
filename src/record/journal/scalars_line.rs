//! The lines of which a journal has the most, read without a copy of every name: opening a run of a million steps is
//! reading a million of them.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};

use crate::link::{Fact, SeriesId, Step};

/// Reads the values of a step, and hands out the same names again and again.
#[derive(Debug, Default)]
pub(super) struct ScalarsReader {
    /// Names by their place in a line: most lines have the same.
    names: Vec<SeriesId>,
}

impl ScalarsReader {
    /// The fact of a line, if it is of this kind and as plain as this program writes it.
    pub(super) fn read(&mut self, line: &[u8]) -> Option<Fact> {
        if !line.starts_with(b"{\"Scalars\":") {
            return None;
        }
        let Line { scalars: Values { step, values } } = serde_json::from_slice(line).ok()?;
        let values =
            values.into_iter().enumerate().map(|(place, (name, Value(value)))| (self.name(place, name), value));
        Some(Fact::Scalars { step, values: values.collect() })
    }

    fn name(&mut self, place: usize, name: &str) -> SeriesId {
        if let Some(known) = self.names.get(place).filter(|known| *known.0 == *name) {
            return known.clone();
        }
        let known = self.names.iter().find(|known| *known.0 == *name).cloned();
        let id = known.unwrap_or_else(|| SeriesId::from(name));
        match self.names.get_mut(place) {
            Some(other) => *other = id.clone(),
            None => self.names.push(id.clone()),
        }
        id
    }
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, rename = "Scalars")]
    scalars: Values<'a>,
}

#[derive(Deserialize)]
struct Values<'a> {
    step: Step,
    #[serde(borrow)]
    values: Vec<(&'a str, Value)>,
}

/// A number, or the word of one that JSON has none for.
struct Value(f64);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrWord).map(Self)
    }
}

struct NumberOrWord;

impl Visitor<'_> for NumberOrWord {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a number, NaN, inf or -inf")
    }

    fn visit_f64<E>(self, value: f64) -> Result<f64, E> {
        Ok(value)
    }

    fn visit_u64<E>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_i64<E>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<f64, E> {
        word.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_line_is_read_as_any_other_and_one_that_is_not_is_left_alone() {
        let mut reader = ScalarsReader::default();
        let values = [0.1 + 0.2, -3.0, 7.0, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE, -0.0];
        for (step, turn) in (0..).zip([0, 0, 3, 1]) {
            let name = |place: usize| SeriesId::from(format!("loss/{}", (place + turn) % 5).as_str());
            let values = values.iter().enumerate().map(|(place, value)| (name(place), *value)).collect();
            let fact = Fact::Scalars { step, values };
            let line = serde_json::to_vec(&fact).unwrap();
            assert_eq!(reader.read(&line).unwrap(), fact);
            assert_eq!(
                format!("{:?}", reader.read(&line)),
                format!("{:?}", serde_json::from_slice::<Fact>(&line).ok())
            );
        }
        let nan = serde_json::to_vec(&Fact::Scalars { step: 0, values: vec![("a/b".into(), f64::NAN)] }).unwrap();
        let Some(Fact::Scalars { values, .. }) = reader.read(&nan) else { panic!("NaN is not read") };
        assert!(values[0].1.is_nan());
        for other in [r#"{"Left":{"step":3}}"#, r#"{"Scalars":{"step":3,"values":[["a\"b",1]]}}"#, r#"{"Scalars":{"st"#]
        {
            assert_eq!(reader.read(other.as_bytes()), None, "{other}");
        }
    }
}
