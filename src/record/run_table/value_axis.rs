//! An axis over what runs have in a column: numbers from the least to the largest, linear or by their logarithms, or
//! texts, each with a place of its own.

use super::Cell;
use super::brush::{Brush, BrushRange};

/// Different numbers up to which each is marked.
const FEW: usize = 6;
/// From this ratio of the largest to the least on, numbers above zero stand by their logarithms.
const DECADES: f64 = 50.0;

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueAxis {
    /// The column.
    pub column: String,
    /// What stands on it.
    pub scale: AxisScale,
}

/// What stands on an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum AxisScale {
    /// Numbers.
    Numbers {
        /// The least.
        low: f64,
        /// The largest.
        high: f64,
        /// Whether they stand by their logarithms.
        logarithmic: bool,
        /// All of them, ascending, where they are few: a setting that was tried at 16, 32 and 64 is marked there.
        few: Vec<f64>,
    },
    /// Texts, in the order of their places.
    Texts(Vec<String>),
}

impl ValueAxis {
    /// The axis of a column over what runs have there; `None` where none of them has anything that has a place.
    pub fn of(column: &str, cells: &[Option<Cell>]) -> Option<Self> {
        let there: Vec<&Cell> = cells.iter().flatten().collect();
        let scale = match numbers(&there) {
            Some(numbers) => of_numbers(&numbers)?,
            None => of_texts(&there),
        };
        Some(Self { column: column.to_owned(), scale })
    }

    /// Where something stands, from 0 at the lower end to 1 at the upper; `None` where it has no place.
    pub fn place(&self, cell: &Cell) -> Option<f64> {
        match (&self.scale, cell) {
            (AxisScale::Texts(texts), cell) => {
                let text = text(cell);
                let place = texts.iter().position(|other| *other == text)?;
                Some((place as f64 + 0.5) / texts.len() as f64)
            }
            (AxisScale::Numbers { .. }, Cell::Number(number)) => self.place_of(*number),
            _ => None,
        }
    }

    fn place_of(&self, number: f64) -> Option<f64> {
        let AxisScale::Numbers { low, high, logarithmic, .. } = self.scale else { return None };
        if !number.is_finite() || (logarithmic && number <= 0.0) {
            return None;
        }
        let turned = |value: f64| if logarithmic { value.ln() } else { value };
        let (low, high) = (turned(low), turned(high));
        Some(if high > low { (turned(number) - low) / (high - low) } else { 0.5 })
    }

    /// The number at a place; `None` on an axis of texts.
    pub fn number(&self, place: f64) -> Option<f64> {
        let AxisScale::Numbers { low, high, logarithmic, .. } = self.scale else { return None };
        Some(if logarithmic { low * (high / low).powf(place) } else { low + place * (high - low) })
    }

    /// What is marked on it, each with its place: all texts, or about `wanted` round numbers.
    pub fn marks(&self, wanted: usize) -> Vec<(f64, Cell)> {
        let numbers = match &self.scale {
            AxisScale::Texts(texts) => {
                let all = texts.iter().map(|text| Cell::Text(text.clone()));
                return all.filter_map(|cell| Some((self.place(&cell)?, cell))).collect();
            }
            AxisScale::Numbers { few, .. } if !few.is_empty() => few.clone(),
            AxisScale::Numbers { low, high, logarithmic: true, .. } => powers_of_ten(*low, *high, wanted),
            AxisScale::Numbers { low, high, .. } => round_numbers(*low, *high, wanted),
        };
        numbers.into_iter().filter_map(|number| Some((self.place_of(number)?, Cell::Number(number)))).collect()
    }

    /// What lies between two places. Bounds become round numbers that leave nothing between the places out; `None`
    /// where no text has its place there.
    pub fn brush(&self, a: f64, b: f64) -> Option<Brush> {
        let (from, to) = (a.min(b), a.max(b));
        let range = match &self.scale {
            AxisScale::Texts(texts) => {
                let place = |at: usize| (at as f64 + 0.5) / texts.len() as f64;
                let inside = (0..texts.len()).filter(|at| (from..=to).contains(&place(*at)));
                let inside: Vec<String> = inside.filter_map(|at| texts.get(at).cloned()).collect();
                (!inside.is_empty()).then_some(BrushRange::OneOf(inside))?
            }
            AxisScale::Numbers { low, high, logarithmic, .. } => {
                let unit = |value: f64| if *logarithmic { 0.01 * value.abs() } else { 0.004 * (high - low) };
                let bound = |place: f64, up: bool| self.number(place).map(|value| rounded(value, unit(value), up));
                BrushRange::Between(bound(from, false)?, bound(to, true)?)
            }
        };
        Some(Brush { column: self.column.clone(), range })
    }

    /// The places between which a brush lies on this axis.
    pub fn places(&self, brush: &Brush) -> Option<(f64, f64)> {
        match (&self.scale, &brush.range) {
            (AxisScale::Texts(texts), BrushRange::OneOf(chosen)) => {
                let at: Vec<usize> = (0..texts.len()).filter(|at| chosen.contains(&texts[*at])).collect();
                let (first, last, all) = (*at.first()? as f64, *at.last()? as f64, texts.len() as f64);
                Some((first / all, (last + 1.0) / all))
            }
            (AxisScale::Numbers { .. }, BrushRange::Between(low, high)) => {
                Some((self.place_of(*low).unwrap_or(0.0).clamp(-0.02, 1.02), self.place_of(*high)?.clamp(-0.02, 1.02)))
            }
            _ => None,
        }
    }
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => number.to_string(),
    }
}

/// All of them, where all are numbers; one that is not finite has no place, and is among none.
fn numbers(there: &[&Cell]) -> Option<Vec<f64>> {
    let number = |cell: &&Cell| match cell {
        Cell::Number(number) => Some(*number),
        Cell::Text(_) => None,
    };
    let all: Option<Vec<f64>> = there.iter().map(number).collect();
    all.map(|all| all.into_iter().filter(|number| number.is_finite()).collect())
}

fn of_numbers(numbers: &[f64]) -> Option<AxisScale> {
    let low = numbers.iter().copied().reduce(f64::min)?;
    let high = numbers.iter().copied().reduce(f64::max)?;
    let mut few = numbers.to_vec();
    few.sort_by(f64::total_cmp);
    few.dedup();
    few.truncate(if few.len() > FEW { 0 } else { FEW });
    Some(AxisScale::Numbers { low, high, logarithmic: low > 0.0 && high / low >= DECADES, few })
}

fn of_texts(there: &[&Cell]) -> AxisScale {
    let mut texts: Vec<String> = there.iter().map(|cell| text(cell)).collect();
    texts.sort();
    texts.dedup();
    AxisScale::Texts(texts)
}

/// A number that is a whole count of a round unit not above `unit`, not further in.
fn rounded(value: f64, unit: f64, up: bool) -> f64 {
    if unit <= 0.0 || !unit.is_finite() {
        return value;
    }
    let power = unit.log10().floor() as i32;
    let unit = 10f64.powi(power);
    // A count that is whole but for the last bits is meant to be whole.
    let count = value / unit;
    let whole = if (count - count.round()).abs() < 1e-6 {
        count.round()
    } else if up {
        count.ceil()
    } else {
        count.floor()
    };
    let decimals = (-power).max(0) as usize;
    format!("{:.decimals$}", whole * unit).parse().unwrap_or(value)
}

/// Multiples of 1, 2 or 5 times a power of ten from `low` to `high`, about `wanted`.
pub fn round_numbers(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let least = (high - low) / wanted.max(1) as f64;
    let power = 10f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power).into_iter().find(|step| *step >= 0.999 * least);
    let Some(step) = step.filter(|step| *step > 0.0 && step.is_finite()) else { return vec![low, high] };
    let (first, last) = ((low / step - 1e-6).ceil(), (high / step + 1e-6).floor());
    let count = (last - first).clamp(-1.0, 100.0) as i64 + 1;
    (0..count).map(|at| (first + at as f64) * step).collect()
}

/// Powers of ten from `low` to `high`, about `wanted`; other round numbers where fewer than two lie between them.
pub fn powers_of_ten(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let (first, last) = ((low.log10() - 1e-9).ceil() as i32, (high.log10() + 1e-9).floor() as i32);
    let every = ((last - first).max(0) as usize / wanted.max(1)).max(1);
    let all: Vec<f64> = (first..=last).step_by(every).map(|power| 10f64.powi(power)).collect();
    if all.len() < 2 { round_numbers(low, high, wanted) } else { all }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An axis over the numbers, and some between the first and the last, so that they are many.
    fn of(numbers: &[f64]) -> ValueAxis {
        let (first, last) = (numbers[0], numbers[numbers.len() - 1]);
        let between = (1..8).map(|at| first + (last - first) * f64::from(at) / 8.0).filter(|number| number.is_finite());
        axis_of(&numbers.iter().copied().chain(between).collect::<Vec<_>>())
    }

    fn axis_of(numbers: &[f64]) -> ValueAxis {
        let cells: Vec<Option<Cell>> = numbers.iter().map(|number| Some(Cell::Number(*number))).collect();
        ValueAxis::of("test.loss", &cells).unwrap()
    }

    fn texts(texts: &[&str]) -> ValueAxis {
        let cells: Vec<Option<Cell>> = texts.iter().map(|text| Some(Cell::Text((*text).to_owned()))).collect();
        ValueAxis::of("recipe.schedule", &cells).unwrap()
    }

    #[test]
    fn numbers_stand_by_their_size_or_over_decades_by_their_logarithms() {
        let linear = axis_of(&[2.0, 6.0, f64::NAN]);
        let place = |axis: &ValueAxis, number: f64| axis.place(&Cell::Number(number));
        assert_eq!([2.0, 3.0, 6.0].map(|number| place(&linear, number)), [Some(0.0), Some(0.25), Some(1.0)]);
        let decades = of(&[1e-5, 1e-3]);
        assert!((place(&decades, 1e-4).unwrap() - 0.5).abs() < 1e-9);
        assert!(place(&decades, 0.0).is_none() && place(&linear, f64::INFINITY).is_none());
        assert!((decades.number(0.5).unwrap() - 1e-4).abs() < 1e-12);
        assert_eq!(place(&of(&[3.0, 3.0]), 3.0), Some(0.5));
        assert!(ValueAxis::of("x", &[None]).is_none_or(|axis| axis.scale == AxisScale::Texts(Vec::new())));
    }

    #[test]
    fn marks_are_round_and_inside() {
        let said = |axis: &ValueAxis, wanted| -> Vec<f64> {
            let number = |(place, cell): (f64, Cell)| match cell {
                Cell::Number(number) if (-1e-6..=1.0 + 1e-6).contains(&place) => (number * 1e9).round() / 1e9,
                other => panic!("{other:?} at {place}"),
            };
            axis.marks(wanted).into_iter().map(number).collect()
        };
        assert_eq!(said(&of(&[0.0, 1.0]), 5), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
        assert_eq!(said(&of(&[0.83, 0.97]), 3), [0.85, 0.9, 0.95]);
        assert_eq!(said(&of(&[2e-5, 3e-3]), 4), [1e-4, 1e-3]);
        assert_eq!(said(&of(&[4.0]), 4), [4.0]);
        assert_eq!(said(&axis_of(&[64.0, 16.0, 32.0, 16.0]), 9), [16.0, 32.0, 64.0], "few are marked each");
        assert!(powers_of_ten(0.2, 0.9, 4).len() >= 2);
    }

    #[test]
    fn texts_have_places_and_mixed_columns_are_texts() {
        let axis = texts(&["cosine", "linear", "cosine", "constant"]);
        let places: Vec<(f64, Cell)> = axis.marks(9);
        assert_eq!(places[1], (0.5, Cell::Text("cosine".into())));
        let mixed = ValueAxis::of("x", &[Some(Cell::Number(8.0)), Some(Cell::Text("None".into())), None]).unwrap();
        assert_eq!(mixed.scale, AxisScale::Texts(vec!["8".into(), "None".into()]));
        assert_eq!(mixed.place(&Cell::Number(8.0)), Some(0.25));
    }

    #[test]
    fn a_brush_holds_what_lies_between_two_places_and_lies_there_again() {
        let axis = of(&[0.0, 1.0]);
        let brush = axis.brush(0.71234, 0.25).unwrap();
        assert_eq!(brush.range, BrushRange::Between(0.25, 0.713));
        let (from, to) = axis.places(&brush).unwrap();
        assert!((from - 0.25).abs() < 1e-9 && (to - 0.713).abs() < 1e-9);
        let axis = texts(&["a", "b", "c", "d"]);
        let brush = axis.brush(0.3, 0.7).unwrap();
        assert_eq!(brush.range, BrushRange::OneOf(vec!["b".into(), "c".into()]));
        assert_eq!(axis.places(&brush), Some((0.25, 0.75)));
        assert!(axis.brush(0.4, 0.45).is_none());
    }
}
