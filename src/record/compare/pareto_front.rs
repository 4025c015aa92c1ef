//! The runs that no other beats in two measures at once.

use crate::link::higher_is_better;

/// Whether more of a measure is better, or less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// More is.
    Higher,
    /// Less is.
    Lower,
}

impl Better {
    /// In which direction a column of the table of runs is better; `None` of settings and texts, of which nobody knows.
    pub fn of_column(column: &str) -> Option<Self> {
        let of = |higher: bool| if higher { Self::Higher } else { Self::Lower };
        match column.split_once('.') {
            Some(("test" | "validation" | "best" | "teacher_test", measure)) => Some(of(higher_is_better(measure))),
            None if ["seconds", "size", "steps"].contains(&column) => Some(Self::Lower),
            _ => None,
        }
    }

    /// A value so turned that more of it is better.
    fn turned(self, value: f64) -> f64 {
        if self == Self::Higher { value } else { -value }
    }
}

/// The places of the points that no other point dominates: is as good in both measures and better in one. Of equal
/// points all are among them. In order of the first measure, the best first; points that are no number are left out.
///
/// # Source
/// The maxima of a set of vectors: Kung, Luccio, Preparata 1975, "On Finding the Maxima of a Set of Vectors", §2 (sorting
/// in two dimensions).
pub fn pareto_front(points: &[(f64, f64)], better: (Better, Better)) -> Vec<usize> {
    let turned = |place: usize| (better.0.turned(points[place].0), better.1.turned(points[place].1));
    let mut order: Vec<usize> = (0..points.len()).filter(|place| is_number(points[*place])).collect();
    order.sort_by(|a, b| {
        let (a, b) = (turned(*a), turned(*b));
        b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1))
    });
    let (mut front, mut best): (Vec<usize>, f64) = (Vec::new(), f64::NEG_INFINITY);
    for place in order {
        let own = turned(place);
        let is_equal = front.last().is_some_and(|last| turned(*last) == own);
        if own.1 > best || is_equal {
            best = own.1;
            front.push(place);
        }
    }
    front
}

fn is_number((x, y): (f64, f64)) -> bool {
    !x.is_nan() && !y.is_nan()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_front_goes_by_which_direction_is_better() {
        let points = [(0.9, 30.0), (0.8, 10.0), (0.7, 20.0), (0.95, 90.0), (0.9, 40.0), (f64::NAN, 1.0), (0.9, 30.0)];
        assert_eq!(pareto_front(&points, (Better::Higher, Better::Lower)), [3, 0, 6, 1]);
        assert_eq!(pareto_front(&points, (Better::Higher, Better::Higher)), [3]);
        assert_eq!(pareto_front(&points, (Better::Lower, Better::Lower)), [2, 1]);
        assert!(pareto_front(&[], (Better::Higher, Better::Lower)).is_empty());
    }

    #[test]
    fn measures_and_costs_have_a_direction_and_settings_have_none() {
        let of = |column| Better::of_column(column);
        assert_eq!([of("test.accuracy"), of("best.macro_f1")], [Some(Better::Higher); 2]);
        assert_eq!([of("validation.loss"), of("seconds"), of("size")], [Some(Better::Lower); 3]);
        assert_eq!([of("mixture.alpha"), of("recipe.batch"), of("name")], [None; 3]);
    }

    proptest! {
        #[test]
        fn what_is_on_the_front_is_beaten_by_none_and_what_is_not_by_one(
            points in prop::collection::vec((0i32..12, 0i32..12), 0..40), (x, y) in any::<(bool, bool)>(),
        ) {
            let of = |up: bool| if up { Better::Higher } else { Better::Lower };
            let better = (of(x), of(y));
            let points: Vec<(f64, f64)> = points.into_iter().map(|(x, y)| (f64::from(x), f64::from(y))).collect();
            let front = pareto_front(&points, better);
            let turned = |p: &(f64, f64)| (better.0.turned(p.0), better.1.turned(p.1));
            for (place, point) in points.iter().enumerate() {
                let own = turned(point);
                let beaten = points.iter().map(turned).any(|it| it.0 >= own.0 && it.1 >= own.1 && it != own);
                prop_assert_eq!(front.contains(&place), !beaten);
            }
        }
    }
}
