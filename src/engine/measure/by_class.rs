//! Figures class by class, and which class was taken for which. Answers are the likeliest classes; what
//! is a share of nothing does not exist, so that no class has an invented 0.

use super::Measure;
use crate::link::ClassMeasures;

/// Mean F1 over the classes that occur as gold or as answer, each counting alike.
pub const MEASURE: Measure = Measure {
    id: "macro_f1",
    of: |answered| macro_f1(&per_class(answered.gold, &answered.likeliest, answered.outcomes)),
    needs_teacher: false,
};

/// Most classes of a confusion matrix: beyond it nobody reads one, and its size grows with the square.
pub const MOST_CLASSES: usize = 100;

/// Precision, recall, F1 and support of every class, `[classes]`. A gold class or an answer that is no
/// class is not counted.
pub fn per_class(gold: &[usize], answers: &[usize], classes: usize) -> Vec<ClassMeasures> {
    let mut hits = vec![Hits::default(); classes];
    for (gold, answer) in gold.iter().zip(answers) {
        if let Some(hits) = hits.get_mut(*answer) {
            hits.answered += 1;
            hits.right += u64::from(gold == answer);
        }
        if let Some(hits) = hits.get_mut(*gold) {
            hits.gold += 1;
        }
    }
    hits.into_iter().map(Hits::measures).collect()
}

/// How often a class was right, answered and gold.
#[derive(Clone, Copy, Default)]
struct Hits {
    right: u64,
    answered: u64,
    gold: u64,
}

impl Hits {
    fn measures(self) -> ClassMeasures {
        let share = |of: u64| (of > 0).then(|| self.right as f64 / of as f64);
        // F1 = 2·precision·recall / (precision + recall) = 2·right / (answered + gold)
        let both = self.answered + self.gold;
        ClassMeasures {
            precision: share(self.answered),
            recall: share(self.gold),
            f1: (both > 0).then(|| 2.0 * self.right as f64 / both as f64),
            support: self.gold,
            answered: self.answered,
        }
    }
}

/// Mean F1 over the classes that occur as gold or as answer, each counting alike; NaN of none.
pub fn macro_f1(per_class: &[ClassMeasures]) -> f64 {
    super::mean(per_class.iter().filter_map(|class| class.f1))
}

/// Texts by gold class and answer, `[classes][classes]`; empty where there are more than
/// [`MOST_CLASSES`].
pub fn confusion(gold: &[usize], answers: &[usize], classes: usize) -> Vec<Vec<u64>> {
    if classes > MOST_CLASSES {
        return Vec::new();
    }
    let mut texts = vec![vec![0; classes]; classes];
    for (gold, answer) in gold.iter().zip(answers) {
        if let Some(cell) = texts.get_mut(*gold).and_then(|row| row.get_mut(*answer)) {
            *cell += 1;
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_figures_of_each_class_agree_with_those_worked_out_by_hand() {
        // Of three texts of class 0 two are found; class 1 is answered twice and right once; class 2 is
        // never answered; class 3 does not occur.
        let (gold, answers) = ([0, 0, 0, 1, 2], [0, 0, 1, 1, 0]);
        let figures = per_class(&gold, &answers, 4);
        let told = |class: usize| (figures[class].precision, figures[class].recall, figures[class].f1);
        assert_eq!(told(0), (Some(2.0 / 3.0), Some(2.0 / 3.0), Some(4.0 / 6.0)));
        assert_eq!(told(1), (Some(0.5), Some(1.0), Some(2.0 / 3.0)));
        assert_eq!(told(2), (None, Some(0.0), Some(0.0)));
        assert_eq!(told(3), (None, None, None));
        assert_eq!(
            figures.iter().map(|class| (class.support, class.answered)).collect::<Vec<_>>(),
            [(3, 3), (1, 2), (1, 0), (0, 0)]
        );
        assert!(
            (macro_f1(&figures) - (2.0 / 3.0 + 2.0 / 3.0 + 0.0) / 3.0).abs() < 1e-12,
            "the class that is absent does not count"
        );
        assert_eq!(confusion(&gold, &answers, 4), [[2, 1, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]);
    }

    #[test]
    fn a_matrix_that_nobody_could_read_is_not_made_but_its_figures_are() {
        let gold: Vec<usize> = (0..=MOST_CLASSES).collect();
        assert!(confusion(&gold, &gold, gold.len()).is_empty());
        assert_eq!(confusion(&gold[1..], &gold[1..], MOST_CLASSES).len(), MOST_CLASSES);
        assert!(per_class(&gold, &gold, gold.len()).iter().all(|class| class.f1 == Some(1.0)));
    }

    proptest! {
        #[test]
        fn a_matrix_and_the_figures_of_its_classes_count_the_same_texts(
            pairs in prop::collection::vec((0usize..6, 0usize..6), 0..60), classes in 6usize..9,
        ) {
            let (gold, answers): (Vec<usize>, Vec<usize>) = pairs.into_iter().unzip();
            let (texts, figures) = (confusion(&gold, &answers, classes), per_class(&gold, &answers, classes));
            prop_assert_eq!(texts.iter().flatten().sum::<u64>(), gold.len() as u64);
            for (class, told) in figures.iter().enumerate() {
                let row: u64 = texts[class].iter().sum();
                let column: u64 = texts.iter().map(|row| row[class]).sum();
                prop_assert_eq!((told.support, told.answered), (row, column));
                let share = |of: u64| (of > 0).then(|| texts[class][class] as f64 / of as f64);
                prop_assert_eq!((told.precision, told.recall), (share(column), share(row)));
                // The harmonic mean of both, wherever it can be taken.
                if let (Some(p), Some(r), Some(f1)) = (told.precision, told.recall, told.f1) {
                    let mean = if p + r > 0.0 { 2.0 * p * r / (p + r) } else { 0.0 };
                    prop_assert!((f1 - mean).abs() < 1e-12);
                }
            }
            let right: u64 = (0..classes).map(|class| texts[class][class]).sum();
            let equal = gold.iter().zip(&answers).filter(|(gold, answer)| gold == answer).count();
            prop_assert_eq!(right, equal as u64);
        }
    }
}
