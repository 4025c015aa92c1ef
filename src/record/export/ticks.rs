//! Round numbers along an axis, linear or logarithmic, and how they are written.

use super::figures::{fixed, short};

/// From where to where an axis goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Its smaller end.
    pub from: f64,
    /// Its larger end.
    pub to: f64,
}

impl Range {
    /// How long it is.
    pub fn length(self) -> f64 {
        self.to - self.from
    }

    fn contains(self, value: f64) -> bool {
        (self.from..=self.to).contains(&value)
    }
}

/// A mark on an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tick {
    /// Where: of a logarithmic axis the logarithm to base 10.
    pub value: f64,
    /// How far the marks are apart.
    pub step_size: f64,
}

/// Multiples of 1, 2 or 5 times a power of ten inside `range`, about `wanted` of them.
pub fn linear(range: Range, wanted: f64) -> Vec<Tick> {
    let step_size = step(range.length() / wanted.max(1.0));
    if !(step_size.is_finite() && step_size > 0.0) {
        return Vec::new();
    }
    let first = (range.from / step_size).ceil();
    let count = ((range.to / step_size).floor() - first).clamp(-1.0, 200.0) as i64 + 1;
    (0..count).map(|i| Tick { value: (first + i as f64) * step_size, step_size }).collect()
}

/// Whole steps only.
pub fn steps(range: Range, wanted: f64) -> Vec<Tick> {
    linear(range, wanted.min(range.length().max(1.0)))
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `least`.
fn step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power).into_iter().find(|step| *step >= 0.999 * least).unwrap_or(power)
}

/// Marks of a logarithmic axis whose coordinate is log10: powers of ten, with 2 and 5 between them
/// while there are few; where not even those fall inside, round numbers of the values themselves.
pub fn logarithmic(range: Range, wanted: f64) -> Vec<Tick> {
    let digits: &[f64] = if 3.0 * range.length() <= 2.5 * wanted { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let every = (range.length() / wanted.max(1.0)).ceil().max(1.0) as usize;
    let powers = (range.from.floor() as i32..=range.to.ceil() as i32).step_by(every);
    let all = powers.flat_map(|power| digits.iter().map(move |digit| f64::from(power) + digit.log10()));
    let marks: Vec<f64> = all.filter(|&value| range.contains(value)).collect();
    let marks = if marks.len() < 2 { values_between(range, wanted) } else { marks };
    // A label whose mark has little room is faded out; these are few enough to be read.
    let step_size = range.length() / marks.len().max(1) as f64;
    marks.into_iter().map(|value| Tick { value, step_size }).collect()
}

/// Round numbers of the values themselves, at least two where any axis has two.
fn values_between(range: Range, wanted: f64) -> Vec<f64> {
    let values = Range { from: 10f64.powf(range.from), to: 10f64.powf(range.to) };
    let tried = [1.0, 2.0, 4.0, 8.0].map(|more| linear(values, more * wanted));
    let marks = tried.into_iter().find(|marks| marks.len() >= 2).unwrap_or_default();
    marks.into_iter().map(|mark| mark.value.log10()).filter(|value| value.is_finite()).collect()
}

/// The label of a mark of a linear axis: as many decimals as its step needs.
pub fn label(mark: Tick) -> String {
    let decimals = (-mark.step_size.log10()).ceil().clamp(0.0, 9.0) as usize;
    if mark.value.abs() >= 1e5 || decimals > 3 { short(mark.value) } else { fixed(mark.value, decimals) }
}

/// The label of a mark of a logarithmic axis.
pub fn label_logarithmic(mark: Tick) -> String {
    let value = 10f64.powf(mark.value);
    if (0.001..10_000.0).contains(&value) { short(value) } else { format!("{value:.0e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(marks: &[Tick]) -> Vec<f64> {
        marks.iter().map(|mark| (mark.value * 1e9).round() / 1e9).collect()
    }

    #[test]
    fn marks_are_round_and_inside() {
        assert_eq!(values(&linear(Range { from: 0.0, to: 1.0 }, 5.0)), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
        assert_eq!(values(&linear(Range { from: -130.0, to: 410.0 }, 4.0)), [0.0, 200.0, 400.0]);
        assert_eq!(values(&steps(Range { from: 0.0, to: 3.0 }, 10.0)), [0.0, 1.0, 2.0, 3.0]);
        assert!(linear(Range { from: 1.0, to: 1.0 }, 5.0).is_empty());
        assert!(linear(Range { from: f64::NAN, to: 1.0 }, 5.0).is_empty());
    }

    #[test]
    fn a_logarithmic_axis_marks_powers_of_ten() {
        let marks = logarithmic(Range { from: -6.0, to: 0.0 }, 7.0);
        assert_eq!(values(&marks), [-6.0, -5.0, -4.0, -3.0, -2.0, -1.0, 0.0]);
        assert_eq!(label_logarithmic(marks[0]), "1e-6");
        let labels = logarithmic(Range { from: -1.0, to: 0.5 }, 5.0).into_iter().map(label_logarithmic);
        assert_eq!(labels.collect::<Vec<_>>(), ["0.1", "0.2", "0.5", "1", "2"]);
        let near = logarithmic(Range { from: 0.30, to: 0.35 }, 3.0);
        assert!((2..6).contains(&near.len()), "{near:?}");
    }

    #[test]
    fn every_logarithmic_axis_has_two_labels_that_have_room() {
        for wanted in [2.0, 2.6, 3.5, 7.0] {
            // A chart wants a mark every 28 points.
            let height = 28.0 * wanted;
            for (from, to) in [
                (0.13, 0.93),
                (0.3, 0.95),
                (0.5, 0.95),
                (0.89, 0.93),
                (0.04, 4.0),
                (0.04, 50.0),
                (1e-6, 1.0),
                (0.2, 8.0),
            ] {
                let range = Range { from: f64::log10(from), to: f64::log10(to) };
                let marks = logarithmic(range, wanted);
                let room = marks.iter().map(|mark| mark.step_size / range.length() * height);
                let least = room.fold(f64::INFINITY, f64::min);
                assert!(marks.len() >= 2 && least >= 8.0, "{from} to {to}, {wanted}: {least} {marks:?}");
            }
        }
    }

    #[test]
    fn labels_have_the_decimals_of_their_step() {
        let label = |value, step_size| label(Tick { value, step_size });
        assert_eq!(
            [label(0.2, 0.2), label(0.25, 0.05), label(400.0, 200.0), label(-0.0, 0.5), label(2e-4, 1e-4)],
            ["0.2", "0.25", "400", "0.0", "2e-4"]
        );
    }
}
