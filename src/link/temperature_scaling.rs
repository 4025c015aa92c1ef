//! What one number makes of a model's probabilities: its logits divided by a temperature that was fitted to the
//! validation part (Guo et al. 2017, arXiv 1706.04599, §4.2). The likeliest class stays the same, so accuracy does.

use serde::{Deserialize, Serialize};

use super::figure::grouped;
use super::measures::Measures;
use crate::session::{Say, Sentence, say};

/// Smallest and largest temperature that is fitted: from twenty times as sure to twenty times less. Beyond, the few
/// validation texts that would say so are no ground for it.
pub const TEMPERATURES: (f64, f64) = (0.05, 20.0);

/// A temperature of a model's classes, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemperatureScaling {
    /// One was fitted.
    Fitted(FittedTemperature),
    /// None was.
    NotFitted(NotFitted),
}

/// A temperature that was fitted, and what it does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FittedTemperature {
    /// What the logits are divided by: above 1 where the model is too sure, within [`TEMPERATURES`].
    pub temperature: f64,
    /// Validation texts that it was fitted to; `None` of one that was kept beside the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub texts: Option<u64>,
    /// Whether the best one lies beyond [`TEMPERATURES`], and this is the nearest of them.
    #[serde(default)]
    pub clamped: bool,
    /// `ece` and `loss` on the test part as the model answers; empty where there is none.
    pub before: Measures,
    /// The same at the temperature.
    pub after: Measures,
}

/// Why no temperature was fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotFitted {
    /// There is nothing to fit it to.
    NoValidation,
    /// An answer is no distribution.
    NoDistribution,
    /// A right class has probability 0, at any temperature.
    RuledOut,
}

impl TemperatureScaling {
    /// The temperature, if one was fitted.
    pub fn temperature(&self) -> Option<f64> {
        if let Self::Fitted(fitted) = self { Some(fitted.temperature) } else { None }
    }
}

impl Say for TemperatureScaling {
    fn said(&self) -> Sentence {
        match self {
            Self::Fitted(fitted) => fitted.said(),
            Self::NotFitted(reason) => say!("no temperature was fitted to its probabilities: {reason}", reason),
        }
    }
}

impl Say for FittedTemperature {
    fn said(&self) -> Sentence {
        let temperature = format!("{:.3}", self.temperature);
        let it = match self.texts.map(grouped) {
            Some(texts) => say!("at temperature {temperature}, fitted to {texts} validation texts", temperature, texts),
            None => say!("at temperature {temperature}, which is kept beside the model", temperature),
        };
        let mut said = vec![match self.on_test() {
            Some(change) => say!("{it}, {change}", it, change),
            None => it,
        }];
        said.extend(self.clamped.then(|| {
            let (least, most) = TEMPERATURES;
            say!("the best one lies beyond {least} to {most}, as where all validation texts are answered right or hardly any is, and was put at the end of that; more validation texts would tell", least, most)
        }));
        Sentence::joined(said, "; ")
    }
}

impl FittedTemperature {
    /// What becomes of the test part's figures.
    fn on_test(&self) -> Option<Sentence> {
        let of = |id: &str| {
            let shown = |part: &Measures| part.get(id).map(|value| format!("{value:.4}"));
            Some(format!("{} → {}", shown(&self.before)?, shown(&self.after)?))
        };
        let (ece, loss) = (of("ece")?, of("loss")?);
        Some(say!("test ECE {ece}, test cross-entropy {loss} nats; accuracy stays", ece, loss))
    }
}

impl Say for NotFitted {
    fn said(&self) -> Sentence {
        match self {
            Self::NoValidation => {
                say!("there is no validation part; name a validation file, or raise data.validation")
            }
            Self::NoDistribution => say!("an answer on the validation part is no distribution"),
            Self::RuledOut => say!("the right class of a validation text has probability 0, at any temperature"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_fitted_and_what_was_not_is_said_and_survives_being_written_down() {
        let figures = |ece: f64, loss: f64| Measures::from([("ece".to_owned(), ece), ("loss".to_owned(), loss)]);
        let fitted = FittedTemperature {
            temperature: 1.5,
            texts: Some(120),
            clamped: false,
            before: figures(0.1, 0.6),
            after: figures(0.02, 0.5),
        };
        let clamped = FittedTemperature { temperature: 20.0, clamped: true, ..FittedTemperature::default() };
        for (scaling, parts) in [
            (TemperatureScaling::Fitted(fitted), &["1.500", "120 validation", "ECE 0.1000 → 0.0200", "0.5000"][..]),
            (TemperatureScaling::Fitted(clamped), &["20.000, which is kept", "beyond 0.05 to 20"]),
            (TemperatureScaling::NotFitted(NotFitted::NoValidation), &["no temperature", "raise data.validation"]),
        ] {
            let said = scaling.said();
            parts.iter().for_each(|part| assert!(said.contains(part), "{part:?} is not in {said}"));
            let text = serde_json::to_string(&scaling).unwrap();
            assert_eq!(serde_json::from_str::<TemperatureScaling>(&text).unwrap(), scaling, "{text}");
        }
    }
}
