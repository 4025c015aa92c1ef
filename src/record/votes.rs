//! Which of several students a person liked best without knowing which was which: a line a vote in `votes.jsonl` of the
//! workspace, never rewritten. A student is known by its weights, so that a vote stays true whatever its run is called
//! later.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

/// The file in a workspace.
pub const FILE: &str = "votes.jsonl";
/// The quantile of the normal distribution for an interval of 95 %.
const Z: f64 = 1.959_964;

/// A vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// When, UTC.
    pub when: String,
    /// The text that all answered.
    pub text: String,
    /// The students, as they are told apart: by the hash of their weights, the teacher by its name.
    pub students: Vec<String>,
    /// What they were called then.
    pub names: Vec<String>,
    /// Which was best; `None` of a tie.
    pub best: Option<usize>,
}

/// How often a student was best.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share {
    /// Votes for it.
    pub wins: usize,
    /// Votes for it or another one.
    pub decided: usize,
    /// The share, in [0, 1], and its interval of 95 %.
    pub share: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// All votes on the same students.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Of each student.
    pub shares: Vec<Share>,
    /// Votes for none.
    pub ties: usize,
}

/// Writes a vote behind the others. One that finds no room leaves no half of a line, to which the next would be joined.
///
/// # Errors
/// The operating system's.
pub fn append(workspace: &Path, vote: &Vote) -> io::Result<()> {
    std::fs::create_dir_all(workspace)?;
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(workspace.join(FILE))?;
    // On a disk without locks two who vote at once are on their own.
    let _ = file.lock();
    let end = file.metadata()?.len();
    let mut line = if is_torn(&mut file, end)? { "\n" } else { "" }.to_owned();
    line += &serde_json::to_string(vote)?;
    line.push('\n');
    file.write_all(line.as_bytes()).inspect_err(|_| {
        let _ = file.set_len(end);
    })
}

/// Whether the last line of a file of so many bytes lacks its end.
fn is_torn(file: &mut File, end: u64) -> io::Result<bool> {
    let Some(last) = end.checked_sub(1) else { return Ok(false) };
    let mut byte = [0];
    file.seek(SeekFrom::Start(last))?;
    file.read_exact(&mut byte)?;
    Ok(byte != *b"\n")
}

/// The votes of a workspace, and how many lines could not be read.
///
/// # Errors
/// The operating system's; a workspace without votes is none.
pub fn read(workspace: &Path) -> io::Result<(Vec<Vote>, usize)> {
    let text = match std::fs::read(workspace.join(FILE)) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), 0)),
        Err(e) => return Err(e),
    };
    let lines: Vec<Option<Vote>> = text.lines().map(|line| serde_json::from_str(line).ok()).collect();
    let damaged = lines.iter().filter(|line| line.is_none()).count();
    Ok((lines.into_iter().flatten().collect(), damaged))
}

/// The votes on these very students, in whatever order they stood. Of several votes on one text the last counts.
pub fn tally(votes: &[Vote], students: &[String]) -> Tally {
    let sorted = |all: &[String]| {
        let mut all = all.to_vec();
        all.sort();
        all
    };
    let asked = sorted(students);
    let mut last: Vec<&Vote> = Vec::new();
    for vote in votes.iter().filter(|vote| sorted(&vote.students) == asked) {
        last.retain(|before| before.text != vote.text);
        last.push(vote);
    }
    let decided = last.iter().filter(|vote| best(vote).is_some()).count();
    let wins = |student: &String| last.iter().filter(|vote| best(vote) == Some(student)).count();
    Tally { shares: students.iter().map(|student| share(wins(student), decided)).collect(), ties: last.len() - decided }
}

/// The student that was voted for.
fn best(vote: &Vote) -> Option<&String> {
    vote.students.get(vote.best?)
}

/// A share with its interval by Wilson (1927), which holds for few votes and stays within [0, 1].
fn share(wins: usize, decided: usize) -> Share {
    if decided == 0 {
        return Share { high: 1.0, ..Share::default() };
    }
    let (n, p) = (decided as f64, wins as f64 / decided as f64);
    let center = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    Share { wins, decided, share: p, low: (center - half).max(0.0), high: (center + half).min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vote(text: &str, students: [&str; 2], best: Option<usize>) -> Vote {
        let students = students.map(str::to_owned).to_vec();
        Vote { when: String::new(), text: text.into(), names: students.clone(), students, best }
    }

    #[test]
    fn votes_are_counted_by_student_whatever_stood_where_and_the_last_on_a_text_counts() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()).unwrap(), (Vec::new(), 0));
        let votes = [
            vote("one", ["a", "b"], Some(0)),
            vote("two", ["b", "a"], Some(1)),
            vote("three", ["a", "b"], None),
            vote("four", ["a", "b"], Some(0)),
            vote("four", ["b", "a"], Some(0)),
            vote("one", ["a", "c"], Some(1)),
        ];
        votes.iter().for_each(|vote| append(folder.path(), vote).unwrap());
        let mut file = OpenOptions::new().append(true).open(folder.path().join(FILE)).unwrap();
        file.write_all(b"{\"when\": torn").unwrap();
        let (found, damaged) = read(folder.path()).unwrap();
        assert_eq!((found.as_slice(), damaged), (&votes[..], 1));
        let tally = tally(&found, &["a", "b"].map(str::to_owned));
        let wins: Vec<usize> = tally.shares.iter().map(|share| share.wins).collect();
        assert_eq!((wins, tally.ties, tally.shares[0].decided), (vec![2, 1], 1, 3));
        append(folder.path(), &votes[0]).unwrap();
        let (found, damaged) = read(folder.path()).unwrap();
        assert_eq!((found.last(), damaged), (Some(&votes[0]), 1), "not joined to the line that is torn");
    }

    #[test]
    fn the_interval_is_wilsons() {
        // Of 8 in 10 it is 0.490 to 0.943; the further digits were computed from the formula in Python.
        let eight = share(8, 10);
        assert!((eight.low - 0.490_162_5).abs() < 1e-6 && (eight.high - 0.943_317_8).abs() < 1e-6, "{eight:?}");
        assert_eq!((share(0, 0).low, share(0, 0).high), (0.0, 1.0));
        assert!(share(5, 5).high <= 1.0 && share(0, 5).low >= 0.0 && share(5, 5).low > 0.5);
    }
}
