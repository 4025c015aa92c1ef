//! The figures of a student class by class, as tables of its model card: of those rows that
//! `predictions.csv` in the run's folder holds.

use super::marks::cell;
use crate::link::{ClassMeasures, Outcome, Side};
use crate::session::run_folder::PREDICTIONS;

/// Most classes of a table that anybody reads in a card.
const MOST_ROWS: usize = 200;
/// Most classes of a matrix in a card.
const MOST_COLUMNS: usize = 20;

/// Both tables, or why one is not there; nothing where the test part was not measured class by class.
pub(super) fn tables(outcome: &Outcome) -> String {
    let (classes, student) = (&outcome.classes, &outcome.student);
    if student.per_class.is_empty() || student.per_class.len() != classes.len() {
        return String::new();
    }
    let undecided = match student.undecided {
        0 => String::new(),
        texts => format!("\nFor {texts} test texts its answer is no distribution; they count as its first class.\n"),
    };
    let rows = if classes.len() <= MOST_ROWS {
        per_class(classes, student, outcome.teacher.as_ref())
    } else {
        format!("The figures of the {} classes stand in `summary.json` of the run's folder.\n", classes.len())
    };
    let matrix = match student.confusion.as_slice() {
        [] => too_many(classes.len(), "the answers to every text"),
        _ if classes.len() > MOST_COLUMNS => {
            too_many(classes.len(), "the matrix in `summary.json` and the answers to every text")
        }
        texts => confusion(classes, texts),
    };
    format!(
        "\n### Class by class, test part\n\n{rows}{undecided}\n### Which class was taken for which, test part\n\n{matrix}"
    )
}

fn too_many(classes: usize, instead: &str) -> String {
    format!("Left out for {classes} classes; the run's folder has {instead} in `{PREDICTIONS}`.\n")
}

fn per_class(classes: &[String], student: &Side, teacher: Option<&Side>) -> String {
    let teacher = teacher.filter(|side| side.per_class.len() == classes.len());
    let row = |(class, name): (usize, &String)| {
        let own = student.per_class.get(class).copied().unwrap_or_default();
        let theirs = teacher
            .and_then(|side| side.per_class.get(class))
            .map_or(String::new(), |class| format!(" {} |", share(class.f1)));
        let ClassMeasures { precision, recall, f1, support, .. } = own;
        format!("| {} | {support} | {} | {} | {} |{theirs}\n", cell(name), share(precision), share(recall), share(f1))
    };
    let (head, line) = if teacher.is_some() { (" teacher's F1 |", "---|") } else { ("", "") };
    let rows: String = classes.iter().enumerate().map(row).collect();
    format!("| class | texts | precision | recall | F1 |{head}\n|---|---|---|---|---|{line}\n{rows}")
}

/// A share of nothing is a dash.
fn share(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| format!("{value:.4}"))
}

fn confusion(classes: &[String], texts: &[Vec<u64>]) -> String {
    let names: String = classes.iter().map(|class| format!(" {} |", cell(class))).collect();
    let row = |(class, counts): (&String, &Vec<u64>)| {
        let counts: String = counts.iter().map(|count| format!(" {count} |")).collect();
        format!("| {} |{counts}\n", cell(class))
    };
    let rows: String = classes.iter().zip(texts).map(row).collect();
    let line = "---|".repeat(classes.len());
    format!("Rows are the texts' classes, columns the student's answers.\n\n| |{names}\n|---|{line}\n{rows}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(count: usize) -> Outcome {
        let classes: Vec<String> = (0..count).map(|class| format!("c|{class}")).collect();
        let figures = ClassMeasures { precision: None, recall: Some(0.25), f1: Some(0.4), support: 4, answered: 0 };
        let confusion = if count <= 100 { vec![vec![7; count]; count] } else { Vec::new() };
        let student = Side { per_class: vec![figures; count], confusion, ..Side::default() };
        Outcome { classes, student: student.clone(), teacher: Some(student), ..Outcome::default() }
    }

    #[test]
    fn what_is_left_out_is_said_and_where_it_stands() {
        for (count, rows, matrix) in [
            (2, true, true),
            (20, true, true),
            (21, true, false),
            (100, true, false),
            (101, true, false),
            (201, false, false),
        ] {
            let text = tables(&outcome(count));
            assert_eq!(text.contains("| precision |"), rows, "{count}");
            assert_eq!(text.contains("columns the student's answers"), matrix, "{count}");
            assert_eq!(text.contains("Left out for"), !matrix, "{count}: {text}");
            assert_eq!(text.contains("the matrix in"), (21..=100).contains(&count), "{count}");
            assert!(matrix || text.contains(PREDICTIONS));
        }
        assert_eq!(tables(&Outcome::default()), "", "an outcome of before there were classes");
    }

    #[test]
    fn a_table_has_a_cell_for_every_column_whatever_a_class_is_called() {
        let text = tables(&outcome(3));
        let columns = |line: &str| line.replace("\\|", "").matches('|').count();
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
        assert_eq!(lines.iter().map(|line| columns(line)).collect::<Vec<_>>(), [7, 7, 7, 7, 7, 5, 5, 5, 5, 5]);
        assert!(lines[2].contains("| 4 | – | 0.2500 | 0.4000 | 0.4000 |"), "{}", lines[2]);
    }
}
