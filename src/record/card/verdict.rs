//! The comparison with other runs in the card of a student: put there when somebody asks for it, in the place of an
//! earlier one.

use std::io;
use std::path::{Path, PathBuf};

use super::FILE;
use super::marks::{cell, code};
use crate::record::compare::{Compared, Comparison};
use crate::session::file::write_atomically;
use crate::session::run_folder::STUDENT;
use crate::session::{Sentence, say};

/// The section's head, by which it is found again.
const HEAD: &str = "## Compared\n";
/// Settings that are told.
const SETTINGS: usize = 12;

/// Puts a comparison into the card of the student in `student`; `names` are what A and B are called, and A is the side
/// of the student.
///
/// # Errors
/// The operating system's, also where there is no card.
pub fn put(student: &Path, comparison: &Comparison, names: [&str; 2]) -> io::Result<()> {
    let path = student.join(FILE);
    let card = std::fs::read_to_string(&path)?;
    write_atomically(&path, with_section(&card, &section(comparison, names)).as_bytes())
}

/// Puts a comparison into the cards of the students of all runs of A; `sides` are the folders of the runs of A and of B.
/// Gives the students whose cards have it.
///
/// # Errors
/// A sentence that names the first card that cannot be written; those before it have the comparison.
pub fn put_for_runs(comparison: &Comparison, sides: [&[PathBuf]; 2]) -> Result<Vec<PathBuf>, Sentence> {
    let name = |run: &PathBuf| run.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let [a, b] = sides.map(|runs| runs.iter().map(name).collect::<Vec<_>>().join(", "));
    let put_for = |run: &PathBuf| {
        let student = run.join(STUDENT);
        put(&student, comparison, [&a, &b]).map(|()| student.clone()).map_err(|error| {
            say!(
                "the card of the student cannot be written: {error}; let its run save the student first: {path}",
                error,
                path = student.display()
            )
        })
    };
    sides[0].iter().map(put_for).collect()
}

/// The card with the section in the place of an earlier one, else before the last section.
fn with_section(card: &str, section: &str) -> String {
    let bare = match card.find(HEAD) {
        Some(start) => {
            let rest = &card[start + HEAD.len()..];
            let behind = rest.find("\n## ").map_or("", |end| &rest[end + 1..]);
            format!("{}{behind}", &card[..start])
        }
        None => card.to_owned(),
    };
    match bare.rfind("\n## ") {
        Some(last) => format!("{}\n{section}{}", &bare[..last], &bare[last..]),
        None => format!("{}\n\n{section}", bare.trim_end()),
    }
}

fn section(comparison: &Comparison, [ours, theirs]: [&str; 2]) -> String {
    let (a, b) = comparison.runs;
    let seeds = match (comparison.paired_seeds, a.max(b)) {
        (_, 1) => "a run each",
        (true, _) => "paired seeds",
        (false, _) => "seeds that are not paired",
    };
    let count = if a.max(b) == 1 { String::new() } else { format!("{a} and {b} runs, ") };
    let mut text = format!(
        "{HEAD}\nA is this student ({}), B {}: the same {} test texts, {count}{seeds}. The interval of 95 % is a paired bootstrap over texts and seeds; not decided is what it leaves open.\n\n",
        code(ours),
        code(theirs),
        comparison.texts,
    );
    text.push_str("| measure | A | B | A − B | 95 % interval | |\n|---|---|---|---|---|---|\n");
    text.extend(comparison.measures.iter().map(row));
    let settings = &comparison.settings;
    if !settings.is_empty() {
        text.push_str("\nWhat differs:\n\n| setting | A | B |\n|---|---|---|\n");
        let shown = settings.iter().take(SETTINGS);
        text.extend(shown.map(|(path, a, b)| format!("| {} | {} | {} |\n", cell(path), cell(a), cell(b))));
    }
    if settings.len() > SETTINGS {
        text.push_str(&format!("\nand {} more settings.\n", settings.len() - SETTINGS));
    }
    text
}

fn row(compared: &Compared) -> String {
    let side = |(mean, sd): (f64, Option<f64>)| match sd {
        Some(sd) => format!("{mean:.4} ± {sd:.4}"),
        None => format!("{mean:.4}"),
    };
    let (of, verdict) = (compared.difference, compared.verdict.words());
    let (a, b) = (side(compared.a), side(compared.b));
    let name = compared.measure.replace('_', " ");
    format!("| {name} | {a} | {b} | {:+.4} | {:+.4} to {:+.4} | {verdict} |\n", of.mean, of.low, of.high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_takes_the_place_of_an_earlier_one_and_stands_before_the_last() {
        let card = "# Student\n\n## Use\n\nSo.\n\n## Repeat\n\nAgain.\n";
        let once = with_section(card, "## Compared\n\nWith one.\n");
        assert_eq!(once, "# Student\n\n## Use\n\nSo.\n\n## Compared\n\nWith one.\n\n## Repeat\n\nAgain.\n");
        let twice = with_section(&once, "## Compared\n\nWith another.\n");
        assert_eq!(twice, once.replace("one", "another"), "nothing else has changed");
        let alone = with_section("# Mine\n", "## Compared\n\nWith one.\n");
        assert_eq!(alone, "# Mine\n\n## Compared\n\nWith one.\n");
        assert_eq!(with_section(&alone, "## Compared\n\nX.\n"), "# Mine\n\n## Compared\n\nX.\n");
    }
}
