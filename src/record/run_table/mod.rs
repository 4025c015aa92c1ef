//! The runs of a workspace as a table: a row a run folder, read from what lies in it.
//!
//! The folders are the truth. An index beside them remembers what was read of each, under the times and sizes of the
//! files it was read from, so that a table of a thousand runs is there at once; where it is lost, damaged, of another
//! version or cannot be written, everything is read anew and nothing else changes.
//!
//! Not here: what is drawn of a run (the record that a journal folds into), and comparing answers
//! ([`super::compare`]).

pub mod annotations;
pub mod brush;
pub mod elsewhere;
pub mod filter;
mod folder_scan;
mod index;
pub mod next_seed;
pub mod run_row;
pub mod seed_groups;
pub mod value_axis;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::votes;
use crate::session::{Sentence, run_folder, say};

use self::index::Index;
pub use run_row::{Cell, Curve, RunRow, RunStatus};

/// The runs of a workspace, the newest first.
#[derive(Clone, Debug, Default)]
pub struct RunTable {
    /// The folder they lie in.
    pub workspace: PathBuf,
    /// A row a run.
    pub rows: Vec<RunRow>,
    /// What else lies there: files and folders that are no run's.
    pub foreign: usize,
    /// What is wrong with the table as a whole.
    pub trouble: Vec<Sentence>,
    /// Runs in other folders that are pointed at from here and are not there.
    pub missing: Vec<PathBuf>,
    /// Whether the workspace itself could not be read, so that it has no rows.
    pub unread: bool,
}

impl RunTable {
    /// Reads the table of a workspace; one that is not there yet has no rows.
    pub fn read(workspace: &Path) -> Self {
        let mut table = Self { workspace: workspace.to_owned(), ..Self::default() };
        let names = match names(workspace) {
            Ok(names) => names,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return table,
            Err(e) => {
                table.unread = true;
                table.trouble.push(say!(
                    "cannot read the workspace: {error}; choose another folder, or let it be read: {path}",
                    error = e,
                    path = workspace.display()
                ));
                return table;
            }
        };
        let mut index = Index::read(workspace);
        for name in names {
            let folder = workspace.join(&name);
            match is_run(&folder) {
                true => table.rows.push(index.row(name, &folder)),
                false => table.foreign += usize::from(!is_ours(&name)),
            }
        }
        table.read_elsewhere(&mut index);
        // A read-only workspace is read every time.
        index.write(workspace);
        table.rows.sort_by(|a, b| b.when.cmp(&a.when).then_with(|| a.folder.cmp(&b.folder)));
        table
    }

    /// The rows of runs that lie elsewhere and are pointed at from here.
    fn read_elsewhere(&mut self, index: &mut Index) {
        let folders = match elsewhere::folders(&self.workspace) {
            Ok(folders) => folders,
            Err(words) => return self.trouble.push(words),
        };
        for folder in folders {
            match is_run(&folder) {
                true => self.rows.push(index.row(folder.to_string_lossy().into_owned(), &folder)),
                false => self.missing.push(folder),
            }
        }
    }

    /// Every column that any row has a value in, by name.
    pub fn columns(&self) -> BTreeSet<String> {
        self.rows.iter().flat_map(RunRow::columns).collect()
    }
}

/// The settings in which rows differ, `path → value of each row`; `None` where a row lacks it. A field that only comes
/// with a choice, and is the same wherever that was made, is not told beside the choice.
pub fn differing<'a>(rows: &[&'a RunRow]) -> BTreeMap<&'a str, Vec<Option<&'a str>>> {
    let paths: BTreeSet<&str> = rows.iter().flat_map(|row| row.settings.keys()).map(String::as_str).collect();
    let values = |path: &str| rows.iter().map(|row| row.settings.get(path).map(String::as_str)).collect::<Vec<_>>();
    let all = paths.into_iter().map(|path| (path, values(path)));
    let mut differ: BTreeMap<_, _> = all.filter(|(_, values)| values.iter().any(|value| *value != values[0])).collect();
    let choices: Vec<&str> =
        differ.iter().filter(|(_, values)| values.iter().all(Option::is_some)).map(|(path, _)| *path).collect();
    let comes_with = |path: &str| choices.iter().any(|choice| comes_with(path, choice));
    differ.retain(|path, values| !(is_one(values) && comes_with(path)));
    // Another source has other contents.
    let sources: Vec<String> =
        differ.keys().filter_map(|path| Some(format!("input.{}", path.strip_suffix(".source")?))).collect();
    differ.retain(|path, _| !sources.iter().any(|input| input == path));
    differ
}

/// Whether all rows that have a value have the same.
fn is_one(values: &[Option<&str>]) -> bool {
    let mut there = values.iter().flatten();
    there.next().is_none_or(|first| there.all(|value| value == first))
}

/// Whether a field lies within a choice, or beside the source of a model.
fn comes_with(path: &str, choice: &str) -> bool {
    let parent = choice.strip_suffix(".source").unwrap_or(choice);
    path.strip_prefix(parent).is_some_and(|rest| rest.starts_with('.'))
}

/// The order of two rows by a column; rows without a value come first, so that they are last where the largest is
/// wanted first.
pub fn order(a: &RunRow, b: &RunRow, column: &str) -> Ordering {
    match (a.cell(column, None), b.cell(column, None)) {
        (Some(Cell::Number(a)), Some(Cell::Number(b))) => a.total_cmp(&b),
        (Some(Cell::Text(a)), Some(Cell::Text(b))) => a.cmp(&b),
        (Some(Cell::Number(_)), Some(Cell::Text(_))) => Ordering::Less,
        (Some(Cell::Text(_)), Some(Cell::Number(_))) => Ordering::Greater,
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

impl RunRow {
    /// The row of the run in `folder`, read from there.
    pub fn read(folder: &Path) -> Self {
        index::of_today(folder_scan::scan(folder), folder)
    }
}

/// Whether a file of a workspace is the program's own, and so nothing foreign.
fn is_ours(name: &str) -> bool {
    [index::FILE, elsewhere::FILE, elsewhere::LOCK, votes::FILE].contains(&name)
}

/// Whether a folder holds a run, or one that waits.
pub fn is_run(folder: &Path) -> bool {
    run_folder::has_journal(folder) || run_folder::holder(folder).is_some() || run_folder::queued(folder).is_some()
}

fn names(workspace: &Path) -> std::io::Result<Vec<String>> {
    // A name that is not in Unicode leads to no run: journals and sessions could not name it.
    let named = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    Ok(std::fs::read_dir(workspace)?.flatten().map(named).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::link::{EventSink as _, Fact, Outcome, RunId, Side, Step};
    use crate::record::recorder::Recorder;
    use crate::session::Session;
    use crate::session::settings::SEED;

    fn session(seed: u64) -> Session {
        let mut session = Session { name: "a run".into(), ..Session::built_in().unwrap() };
        session.recipe.seed = seed;
        session
    }

    fn scalars(step: Step, name: &str, value: f64) -> Fact {
        Fact::Scalars { step, values: vec![(name.into(), value)] }
    }

    /// A run in `out` as a recorder writes it: 30 steps, measured at each tenth, then `last`.
    fn run(out: &Path, seed: u64, last: &[Fact]) {
        fs::create_dir_all(out).unwrap();
        let mut recorder = Recorder::default();
        let mut tell = |fact: Fact| recorder.emit(fact.of(RunId::FIRST));
        tell(Fact::Started { session: Box::new(session(seed)), out: out.to_owned(), step: 0 });
        for step in 0..30 {
            tell(scalars(step, "loss/total", 1.0));
            if step % 10 == 9 {
                tell(scalars(step, "measure/accuracy", [0.5, 0.8, 0.7][step as usize / 10]));
            }
        }
        last.iter().cloned().for_each(tell);
    }

    fn ended(reason: &str, accuracy: f64) -> Fact {
        let student = Side { test: [("accuracy".to_owned(), accuracy)].into(), ..Side::default() };
        Fact::Finished(Box::new(Outcome {
            reason: reason.into(),
            steps: 30,
            seconds: 4.5,
            student,
            ..Outcome::default()
        }))
    }

    fn by_name<'a>(table: &'a RunTable, name: &str) -> &'a RunRow {
        table.rows.iter().find(|row| row.folder_name() == name).unwrap_or_else(|| panic!("no row {name}"))
    }

    #[test]
    fn every_row_tells_where_its_run_stands_and_what_it_reached_also_where_its_files_are_damaged() {
        let workspace = tempfile::tempdir().unwrap();
        let at = |name: &str| workspace.path().join(name);
        run(&at("finished"), 7, &[ended("finished", 0.9)]);
        run(&at("stopped"), 7, &[ended("stopped", 0.6)]);
        run(&at("failed"), 7, &[Fact::Failed("no room".into())]);
        run(&at("interrupted"), 8, &[]);
        run(&at("rewound"), 8, &[Fact::Rewound { step: 15 }]);
        let again = Fact::Started { session: Box::new(session(8)), out: at("gone on with"), step: 10 };
        run(&at("gone on with"), 8, &[Fact::Failed("no room".into()), again]);
        run(&at("torn"), 9, &[ended("finished", 0.9)]);
        let journal = fs::read(at("torn/journal.jsonl")).unwrap();
        fs::write(at("torn/journal.jsonl"), &journal[..journal.len() - 20]).unwrap();
        run(&at("torn in a step"), 9, &[]);
        let journal = fs::read(at("torn in a step/journal.jsonl")).unwrap();
        let step = b"{\"Scalars\":{\"step\":30,\"values\":[[\"loss/total\",";
        fs::write(at("torn in a step/journal.jsonl"), [journal.as_slice(), step].concat()).unwrap();
        run(&at("damaged"), 9, &[ended("finished", 0.9)]);
        let text = fs::read_to_string(at("damaged/journal.jsonl")).unwrap();
        fs::write(at("damaged/journal.jsonl"), text.replacen("Finished", "Finshed", 1)).unwrap();
        run(&at("without a session"), 9, &[ended("finished", 0.9)]);
        fs::remove_file(at("without a session/session.ron")).unwrap();
        fs::create_dir(at("photos")).unwrap();
        fs::write(at("notes.txt"), "mine").unwrap();
        let expected = [
            ("finished", "finished", 30, 0),
            ("stopped", "stopped", 30, 0),
            ("failed", "failed", 30, 0),
            ("interrupted", "interrupted", 30, 0),
            ("rewound", "interrupted", 15, 0),
            ("gone on with", "interrupted", 10, 0),
            // A last line that was cut off is no damage; what it said, the summary says as well.
            ("torn", "finished", 30, 0),
            ("torn in a step", "interrupted", 30, 0),
            ("damaged", "finished", 30, 1),
            ("without a session", "finished", 30, 0),
        ];
        for pass in ["read anew", "from the index"] {
            let table = RunTable::read(workspace.path());
            assert_eq!((table.rows.len(), table.foreign), (expected.len(), 2), "{pass}");
            for (name, status, steps, damaged) in expected {
                let row = by_name(&table, name);
                assert_eq!(
                    (row.status.word(), row.steps, row.damaged_lines),
                    (status, steps, damaged),
                    "{pass}, {name}"
                );
                assert!(row.name() == "a run" && row.bytes > 1000 && !row.when.is_empty(), "{pass}, {name}: {row:?}");
                assert!(["7", "8", "9"].contains(&row.settings[SEED].as_str()), "{pass}, {name}");
            }
            let number = |name: &str, column: &str, at| by_name(&table, name).cell(column, at);
            assert_eq!(number("finished", "test.accuracy", None), Some(Cell::Number(0.9)));
            assert_eq!(number("finished", "best.accuracy", None), Some(Cell::Number(0.8)));
            assert_eq!(number("finished", "validation.accuracy", Some(25)), Some(Cell::Number(0.8)));
            assert_eq!(
                number("rewound", "validation.accuracy", None),
                Some(Cell::Number(0.5)),
                "a rewind takes it back"
            );
        }
    }

    #[test]
    fn a_run_is_running_as_long_as_anybody_holds_its_folder_and_no_longer() {
        let workspace = tempfile::tempdir().unwrap();
        let out = workspace.path().join("one");
        run(&out, 1, &[]);
        let holder = format!(r#"{{"retort":"0","pid":{},"host":"h","since":"then"}}"#, std::process::id());
        fs::write(out.join(run_folder::LOCK), holder).unwrap();
        let word = || RunTable::read(workspace.path()).rows[0].status.word();
        assert_eq!(word(), "interrupted", "our own name in the mark does not hold it");
        let lock = fs::File::open(out.join(run_folder::LOCK)).unwrap();
        lock.lock().unwrap();
        assert_eq!(word(), "running");
        lock.unlock().unwrap();
        assert_eq!(word(), "interrupted");
    }

    #[test]
    fn a_lost_damaged_or_unwritable_index_changes_nothing_and_a_changed_folder_is_read_anew() {
        let workspace = tempfile::tempdir().unwrap();
        let (at, index) = (|name: &str| workspace.path().join(name), workspace.path().join(".run_index.json"));
        run(&at("one"), 1, &[ended("finished", 0.9)]);
        run(&at("two"), 2, &[]);
        let first = RunTable::read(workspace.path());
        assert!(index.is_file() && first.foreign == 0);
        let same = |what: &str| {
            let table = RunTable::read(workspace.path());
            assert_eq!((&table.rows, table.foreign), (&first.rows, 0), "{what}");
        };
        same("as it was");
        for text in ["", "{", "[1]", "{\"version\": 99, \"rows\": {}}", "{\"version\": 1}"] {
            fs::write(&index, text).unwrap();
            same(text);
        }
        fs::remove_file(&index).unwrap();
        fs::create_dir(&index).unwrap();
        same("a workspace in which no index can be written");
        fs::remove_dir(&index).unwrap();
        run(&at("two"), 3, &[ended("finished", 0.4)]);
        fs::remove_dir_all(at("one")).unwrap();
        let table = RunTable::read(workspace.path());
        assert_eq!((table.rows.len(), by_name(&table, "two").status.word()), (1, "finished"));
        assert_eq!(by_name(&table, "two").settings[SEED], "3");
        assert!(!fs::read_to_string(&index).unwrap().contains("\"one\""), "what has vanished is forgotten");
    }

    #[test]
    fn what_was_noted_of_a_run_goes_with_its_folder_and_is_found_by_it() {
        let workspace = tempfile::tempdir().unwrap();
        run(&workspace.path().join("one"), 1, &[]);
        let noted = annotations::Annotations {
            name: "the best".into(),
            star: true,
            tags: vec!["paper".into()],
            ..Default::default()
        };
        noted.write(&workspace.path().join("one")).unwrap();
        fs::rename(workspace.path().join("one"), workspace.path().join("moved")).unwrap();
        let table = RunTable::read(workspace.path());
        assert_eq!((table.rows[0].name(), &table.rows[0].annotations), ("the best", &noted));
        for text in ["paper", "star = yes", "tags ~ pap", "\"the best\""] {
            let filter = filter::Filter::new(text, &table.columns()).unwrap();
            assert!(filter.fits(&table.rows[0]), "{text}");
        }
        std::fs::write(workspace.path().join("moved/annotations.json"), "{\"tags\": \"paper\"}").unwrap();
        let refused = noted.write(&workspace.path().join("moved")).unwrap_err().to_string();
        assert!(refused.contains("is not written over"), "{refused}");
        let refused = noted.write(Path::new("/dev/null/x")).unwrap_err().to_string();
        assert!(refused.contains("cannot keep what was noted"), "{refused}");
    }

    #[test]
    fn a_workspace_that_is_not_there_has_no_rows_and_one_that_cannot_be_read_says_so() {
        let workspace = tempfile::tempdir().unwrap();
        let none = RunTable::read(&workspace.path().join("none"));
        assert!(none.rows.is_empty() && none.trouble.is_empty());
        fs::write(workspace.path().join("file"), "").unwrap();
        let table = RunTable::read(&workspace.path().join("file"));
        assert!(
            table.trouble.len() == 1 && table.trouble[0].contains("cannot read the workspace"),
            "{:?}",
            table.trouble
        );
    }

    #[test]
    fn only_what_differs_is_told_and_what_comes_with_a_choice_is_not_told_beside_it() {
        let row = |settings: &[(&str, &str)]| RunRow {
            settings: settings.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect(),
            ..RunRow::default()
        };
        let taught = [("teacher.source", "a"), ("teacher.head", "Auto"), ("input.teacher", "1f"), ("recipe.seed", "1")];
        let alone = [("teacher.source", "None"), ("recipe.seed", "1")];
        let (taught, alone) = (row(&taught), row(&alone));
        assert_eq!(differing(&[&taught, &alone]).into_keys().collect::<Vec<_>>(), ["teacher.source"]);
        let other_weights =
            row(&[("teacher.source", "a"), ("teacher.head", "Auto"), ("input.teacher", "2f"), ("recipe.seed", "1")]);
        assert_eq!(differing(&[&taught, &other_weights]).into_keys().collect::<Vec<_>>(), ["input.teacher"]);
        assert!(differing(&[&taught, &taught.clone()]).is_empty() && differing(&[]).is_empty());
    }
}
