//! Figures as tables of a terminal: both models' measures, class by class, and which class was taken for
//! which.

use crate::link::{ClassMeasures, Outcome, Side, Speed, grouped, human_bytes};
use crate::session::Say as _;

/// Most classes of a table on a terminal.
const MOST_ROWS: usize = 30;
/// Most classes of a matrix on a terminal.
const MOST_COLUMNS: usize = 12;
/// Longest class name shown, in characters.
const LONGEST: usize = 28;

/// Measures of a table and how they are called, where rows are examples.
const OF_CLASSES: [(&str, &str); 3] = [("accuracy", "accuracy"), ("macro_f1", "macro F1"), ("agreement", "agreement")];
/// The same where rows are places of a text.
const OF_TOKENS: [(&str, &str); 5] = [
    ("perplexity", "perplexity"),
    ("bits_per_byte", "bits/byte"),
    ("accuracy", "accuracy"),
    ("agreement", "agreement"),
    ("kl", "KL"),
];

/// The measures of both sides.
pub fn sides(outcome: &Outcome) -> Vec<String> {
    let over_tokens = outcome.student.test.contains_key("perplexity");
    let columns: &[(&str, &str)] = if over_tokens { &OF_TOKENS } else { &OF_CLASSES };
    let cells = |of: &dyn Fn(&str, &str) -> String| {
        columns
            .iter()
            .map(|(id, title)| format!(" {:>width$}", of(id, title), width = (title.len() + 1).max(9)))
            .collect::<String>()
    };
    let row = |name: &str, side: &Side| {
        let of = |id: &str, _: &str| side.test.get(id).map_or("–".to_owned(), |value| format!("{value:.4}"));
        let size = side.bytes.map_or("–".to_owned(), human_bytes);
        let time = side.speed.map_or("–".to_owned(), |speed| format!("{:.2}", speed.ms_per_text));
        format!("{name:<8} {:>12} {:>10} {size:>10}{} {time:>8}", side.parameters, side.pruned, cells(&of))
    };
    let titles = cells(&|_, title| title.to_owned());
    let head = format!("{:<8} {:>12} {:>10} {:>10}{titles} {:>8}", "", "parameters", "pruned", "weights", "ms/text");
    let teacher = outcome.teacher.as_ref().map(|side| row("teacher", side));
    std::iter::once(head).chain(teacher).chain([row("student", &outcome.student)]).collect()
}

/// What a temperature makes of each model's probabilities, or why none was fitted.
pub fn calibration(outcome: &Outcome) -> Vec<String> {
    let line =
        |name: &str, side: &Side| side.temperature_scaling.as_ref().map(|scaling| format!("{name} {}", scaling.said()));
    let teacher = outcome.teacher.as_ref().and_then(|side| line("teacher:", side));
    teacher.into_iter().chain(line("student:", &outcome.student)).collect()
}

/// How the times were taken.
pub fn timing(speed: &Speed) -> String {
    format!(
        "ms/text: one text after the other, each alone, median of {}, {} threads",
        grouped(speed.texts),
        grouped(speed.threads)
    )
}

/// A table of the classes; of many classes those of the lowest F1.
pub fn per_class(classes: &[String], side: &Side, teacher: Option<&Side>) -> Vec<String> {
    if side.per_class.len() != classes.len() || classes.is_empty() {
        return Vec::new();
    }
    let mut order: Vec<usize> = (0..classes.len()).collect();
    let left_out = classes.len().saturating_sub(MOST_ROWS);
    if left_out > 0 {
        // Classes that do not occur have no figure to be low.
        let f1 = |class: &usize| side.per_class.get(*class).and_then(|class| class.f1).unwrap_or(f64::INFINITY);
        order.sort_by(|a, b| f1(a).total_cmp(&f1(b)));
        order.truncate(MOST_ROWS);
    }
    let names: Vec<String> =
        order.iter().map(|class| classes.get(*class).map_or(String::new(), |name| short(name))).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(5);
    let teacher = teacher.filter(|teacher| teacher.per_class.len() == classes.len());
    let head = format!("{:<width$} {:>7} {:>9} {:>7} {:>7}", "class", "texts", "precision", "recall", "F1");
    let row = |(class, name): (&usize, &String)| {
        let ClassMeasures { precision, recall, f1, support, .. } =
            side.per_class.get(*class).copied().unwrap_or_default();
        let theirs = teacher
            .and_then(|teacher| teacher.per_class.get(*class))
            .map_or(String::new(), |class| format!(" {:>12}", share(class.f1)));
        format!("{name:<width$} {support:>7} {:>9} {:>7} {:>7}{theirs}", share(precision), share(recall), share(f1))
    };
    let head = if teacher.is_some() { format!("{head} {:>12}", "teacher's F1") } else { head };
    let more = (left_out > 0).then(|| format!("{left_out} classes of higher F1 are left out; --json has all of them"));
    std::iter::once(head).chain(order.iter().zip(&names).map(row)).chain(more).collect()
}

/// The matrix, rows gold and columns answers; of many classes the pairs that are confused most.
pub fn confusion(classes: &[String], texts: &[Vec<u64>]) -> Vec<String> {
    if texts.is_empty() || classes.len() > MOST_COLUMNS {
        return most_confused(classes, texts, 5);
    }
    let names: Vec<String> = classes.iter().map(|class| short(class)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let cells = |row: Vec<String>| row.iter().map(|cell| format!(" {cell:>6}")).collect::<String>();
    let head = format!("{:<width$}  {}", "", cells((1..=classes.len()).map(|number| number.to_string()).collect()));
    let row = |(number, (name, row)): (usize, (&String, &Vec<u64>))| {
        format!("{:>2} {name:<width$}{}", number + 1, cells(row.iter().map(u64::to_string).collect()))
    };
    let said = "rows are the texts' classes, columns the answers".to_owned();
    [said, head].into_iter().chain(names.iter().zip(texts).enumerate().map(row)).collect()
}

/// The pairs of classes that are confused most, at most so many.
pub fn most_confused(classes: &[String], texts: &[Vec<u64>], most: usize) -> Vec<String> {
    let cells = texts
        .iter()
        .enumerate()
        .flat_map(|(gold, row)| row.iter().enumerate().map(move |(answer, count)| (gold, answer, *count)));
    let mut wrong: Vec<_> = cells.filter(|(gold, answer, count)| gold != answer && *count > 0).collect();
    // Of equals the first, so that equal runs say the same.
    wrong.sort_by_key(|(gold, answer, count)| (std::cmp::Reverse(*count), *gold, *answer));
    let name = |class: usize| classes.get(class).map_or(String::new(), |name| short(name));
    let all = |gold: usize| texts.get(gold).map_or(0, |row| row.iter().sum::<u64>());
    let line = |(gold, answer, count): &(usize, usize, u64)| {
        format!("{} taken for {}: {count} of {}", name(*gold), name(*answer), all(*gold))
    };
    wrong.iter().take(most).map(line).collect()
}

fn share(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| format!("{value:.4}"))
}

/// A class name in the width of a table; a tab or a line break in it would tear the row.
fn short(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match plain.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &plain[..end]),
        None => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|class| format!("class {class}")).collect()
    }

    #[test]
    fn of_many_classes_the_worst_are_shown_and_how_many_are_not() {
        let figures = |class: usize| ClassMeasures {
            f1: (class != 3).then_some(1.0 - class as f64 / 100.0),
            support: 2,
            ..Default::default()
        };
        let side = Side { per_class: (0..40).map(figures).collect(), ..Side::default() };
        let lines = per_class(&names(40), &side, None);
        assert_eq!(lines.len(), 1 + MOST_ROWS + 1);
        assert!(lines[1].starts_with("class 39 ") && lines[31].contains("10 classes of higher F1"), "{lines:?}");
        assert!(
            !lines.iter().any(|line| line.starts_with("class 3 ")),
            "a class without a figure is none of the worst"
        );
        let few = Side { per_class: (0..4).map(figures).collect(), ..Side::default() };
        let lines = per_class(&names(4), &few, Some(&few));
        assert!(
            lines.len() == 5 && lines[1].starts_with("class 0 ") && lines[0].ends_with("teacher's F1"),
            "{lines:?}"
        );
        assert!(per_class(&names(4), &Side::default(), None).is_empty());
    }

    #[test]
    fn a_matrix_is_shown_where_it_fits_and_else_the_worst_pairs() {
        let texts = vec![vec![5, 1, 0], vec![2, 3, 0], vec![0, 1, 9]];
        let lines = confusion(&names(3), &texts);
        assert_eq!(lines[2].split_whitespace().collect::<Vec<_>>(), ["1", "class", "0", "5", "1", "0"]);
        let pairs = most_confused(&names(3), &texts, 2);
        assert_eq!(pairs, ["class 1 taken for class 0: 2 of 5", "class 0 taken for class 1: 1 of 6"]);
        let mut wide = vec![vec![0; 20]; 20];
        wide[7][9] = 4;
        assert_eq!(confusion(&names(20), &wide), ["class 7 taken for class 9: 4 of 4"]);
        assert!(confusion(&names(200), &[]).is_empty());
    }

    #[test]
    fn a_class_name_never_tears_a_row() {
        assert_eq!(short("a\tb\nc"), "a b c");
        assert_eq!(short(&"气".repeat(40)).chars().count(), LONGEST + 1);
    }
}
