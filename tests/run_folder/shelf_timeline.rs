//! Random orders to a workspace against a reference that knows nothing but the rules: what waits and in which order,
//! where each run stands and what it is called, that nothing is lost or run twice, and that an index changes no row.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use proptest::prelude::*;
use proptest::test_runner::Config;
use retort::link::{Fact, Order, RunId};
use retort::record::journal;
use retort::record::run_table::RunTable;
use retort::record::run_table::annotations::Annotations;
use retort::session::run_folder::{JOURNAL, LOCK, SESSION, held_elsewhere};
use retort::session::workspace::{begun, enqueue, failed_to_begin, run_name, waiting, withdraw};
use retort::session::{Sentence, Session, Source, file};
use retort::window::trash::discard;

use super::{Play, leave_at, start, tiny, tree};

/// Steps of a run, and those after which a run is left that does not come to its end.
const STEPS: u64 = 3;
const LEFT_AT: u64 = 2;
/// Where no model lies.
const MISSING: &str = "no/such/model";
const INDEX: &str = ".run_index.json";

/// A run is meant by its place among those that are there, counted round.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// A run is asked for; one that is `broken` cannot begin.
    Queue {
        seed: u64,
        broken: bool,
    },
    Withdraw(usize),
    Remove(usize),
    /// The window calls it so, whatever others have noted since the window has read it.
    Rename(usize, &'static str),
    /// Another process gives it a star.
    Star(usize),
    /// The next run that waits has its turn, to the end.
    Run,
    /// The next run that waits has its turn, and its process ends after some steps.
    RunAndLeave,
    Continue(usize),
    /// Another process takes hold of it, or lets go.
    Hold(usize),
    /// A file that is no run's lies in its folder.
    Mine(usize),
    Foreign,
    /// The window is closed and opened again, its index whole, lost or damaged.
    Reopen(Index),
}

#[derive(Clone, Copy, Debug)]
enum Index {
    Whole,
    Lost,
    Damaged,
}

fn orders() -> impl Strategy<Value = Vec<Act>> {
    let any = 0usize..12;
    let index = prop_oneof![Just(Index::Whole), Just(Index::Lost), Just(Index::Damaged)];
    let one = prop_oneof![
        8 => (0..3u64, prop::bool::weighted(0.2)).prop_map(|(seed, broken)| Act::Queue { seed, broken }),
        3 => any.clone().prop_map(Act::Withdraw),
        2 => any.clone().prop_map(Act::Remove),
        3 => (any.clone(), prop_oneof![Just("the best"), Just(""), Just("mine")]).prop_map(|(i, name)| Act::Rename(i, name)),
        2 => any.clone().prop_map(Act::Star),
        4 => Just(Act::Run),
        1 => Just(Act::RunAndLeave),
        2 => any.clone().prop_map(Act::Continue),
        3 => any.clone().prop_map(Act::Hold),
        1 => any.prop_map(Act::Mine),
        1 => Just(Act::Foreign),
        2 => index.prop_map(Act::Reopen),
    ];
    prop::collection::vec(one, 4..30)
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stands {
    Waiting,
    CannotBegin,
    Left,
    Finished,
}

/// A run as the rules have it.
#[derive(Clone, Debug)]
struct Run {
    folder: String,
    stands: Stands,
    broken: bool,
    name: &'static str,
    star: bool,
    held: bool,
    /// Whether a file of somebody else lies with it.
    mine: bool,
    /// How often it was begun or gone on with.
    times: usize,
}

impl Run {
    fn status(&self) -> &'static str {
        match self.stands {
            Stands::Waiting | Stands::Left if self.held => "running",
            Stands::Waiting => "waiting",
            Stands::CannotBegin => "failed",
            Stands::Left => "interrupted",
            Stands::Finished => "finished",
        }
    }

    fn steps(&self) -> u64 {
        match self.stands {
            Stands::Finished => STEPS,
            Stands::Left => LEFT_AT,
            Stands::Waiting | Stands::CannotBegin => 0,
        }
    }
}

/// What the rules say: runs in the order in which they were asked for, and what else lies there.
#[derive(Debug, Default)]
struct Reference {
    runs: Vec<Run>,
    foreign: BTreeSet<String>,
    trashed: usize,
}

impl Reference {
    /// The run that is meant.
    fn meant(&self, place: usize) -> Option<usize> {
        place.checked_rem(self.runs.len())
    }

    fn next(&self) -> Option<usize> {
        self.runs.iter().position(|run| run.stands == Stands::Waiting && !run.held)
    }

    /// The first name that nothing bears.
    fn free(&self, name: &str) -> String {
        let taken = |name: &String| self.foreign.contains(name) || self.runs.iter().any(|run| run.folder == *name);
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap()
    }

    /// The run whose folder an order may touch, and whether the order is carried out.
    fn obey(&mut self, order: Act) -> (Option<String>, bool) {
        let meant = match order {
            Act::Queue { seed, broken } => return (Some(self.queue(seed, broken)), true),
            Act::Foreign => {
                let name = format!("photos-{}", self.foreign.len());
                self.foreign.insert(name.clone());
                return (Some(name), true);
            }
            Act::Reopen(_) => return (None, true),
            Act::Run | Act::RunAndLeave => self.next(),
            Act::Withdraw(place) | Act::Remove(place) | Act::Rename(place, _) | Act::Star(place) => self.meant(place),
            Act::Continue(place) | Act::Hold(place) | Act::Mine(place) => self.meant(place),
        };
        let Some(place) = meant else { return (None, false) };
        let folder = self.runs[place].folder.clone();
        let done = self.do_to(place, order);
        (done.then_some(folder), done)
    }

    fn queue(&mut self, seed: u64, broken: bool) -> String {
        let folder = self.free(&run_name(&session(seed, broken)));
        let (stands, name, star, held) = (Stands::Waiting, "", false, false);
        self.runs.push(Run { folder: folder.clone(), stands, broken, name, star, held, mine: false, times: 0 });
        folder
    }

    fn do_to(&mut self, place: usize, order: Act) -> bool {
        let run = &mut self.runs[place];
        match order {
            Act::Withdraw(_) => {
                let waits = matches!(run.stands, Stands::Waiting | Stands::CannotBegin) && !run.held;
                if waits && run.mine {
                    self.foreign.insert(run.folder.clone());
                }
                if waits {
                    self.runs.remove(place);
                }
                return waits;
            }
            Act::Remove(_) if !run.held => {
                self.runs.remove(place);
                self.trashed += 1;
            }
            Act::Remove(_) => return false,
            Act::Rename(_, name) => run.name = name,
            Act::Star(_) => run.star = true,
            Act::Hold(_) => run.held = !run.held,
            Act::Mine(_) => run.mine = true,
            Act::Run | Act::RunAndLeave if run.broken => run.stands = Stands::CannotBegin,
            Act::Run => (run.stands, run.times) = (Stands::Finished, run.times + 1),
            Act::RunAndLeave => (run.stands, run.times) = (Stands::Left, run.times + 1),
            Act::Continue(_) if run.stands == Stands::Left && !run.held => {
                (run.stands, run.times) = (Stands::Finished, run.times + 1);
            }
            _ => return false,
        }
        true
    }
}

fn session(seed: u64, broken: bool) -> Session {
    static DATA: OnceLock<tempfile::TempDir> = OnceLock::new();
    static TINY: OnceLock<Session> = OnceLock::new();
    let mut session = TINY.get_or_init(|| tiny(DATA.get_or_init(|| tempfile::tempdir().unwrap()).path())).clone();
    (session.recipe.seed, session.recipe.steps) = (seed, STEPS);
    if broken {
        session.student.source = Source::Folder(MISSING.into());
    }
    session
}

/// Where runs that are removed go in this thread.
fn trash() -> PathBuf {
    thread_local!(static TRASH: tempfile::TempDir = tempfile::tempdir().unwrap());
    TRASH.with(|trash| trash.path().to_owned())
}

fn into_trash(folder: &Path) -> Result<(), Sentence> {
    let count = fs::read_dir(trash()).unwrap().count();
    fs::rename(folder, trash().join(count.to_string())).map_err(|e| Sentence::verbatim(e.to_string()))
}

/// The workspace, what the window has last read of it, and who else holds what.
struct Bench {
    workspace: tempfile::TempDir,
    known: BTreeMap<String, Annotations>,
    held: BTreeMap<String, File>,
}

impl Bench {
    fn at(&self, name: &str) -> PathBuf {
        self.workspace.path().join(name)
    }

    /// Carries out an order to the run `name`, or to the folder of that name that is to come.
    fn obey(&mut self, order: Act, name: &str) -> Result<(), String> {
        let (path, folder) = (self.workspace.path().to_owned(), self.at(name));
        match order {
            Act::Queue { seed, broken } => {
                let made = enqueue(&path, &session(seed, broken)).map_err(|e| e.to_string())?;
                assert_eq!(made, folder, "under the first name that is free");
            }
            Act::Withdraw(_) => withdraw(&folder).map_err(|e| e.to_string())?,
            Act::Remove(_) => {
                let before = tree(&folder);
                discard(&folder, into_trash).map_err(|e| e.to_string())?;
                let newest = trash().join((fs::read_dir(trash()).unwrap().count() - 1).to_string());
                assert_eq!(tree(&newest).into_values().collect::<Vec<_>>(), before.into_values().collect::<Vec<_>>());
            }
            Act::Rename(_, name_given) => {
                let known = self.known.entry(name.to_owned()).or_default();
                let named = Annotations { name: name_given.to_owned(), ..known.clone() };
                let before = std::mem::replace(known, named.clone());
                named.change(&before, &folder).map_err(|e| e.to_string())?;
            }
            Act::Star(_) => {
                let before = Annotations::read(&folder);
                Annotations { star: true, ..before.clone() }.change(&before, &folder).map_err(|e| e.to_string())?;
            }
            Act::Run => return run(&folder, false),
            Act::RunAndLeave => return run(&folder, true),
            Act::Continue(_) => {
                Play::begin().to_the_end(Order::Continue(folder).to(RunId::FIRST))?;
            }
            Act::Hold(_) => self.hold(name),
            Act::Mine(_) => fs::write(folder.join("mine.txt"), "mine").unwrap(),
            Act::Foreign => fs::create_dir(&folder).and_then(|()| fs::write(folder.join("a.jpg"), "")).unwrap(),
            Act::Reopen(index) => self.reopen(index),
        }
        if matches!(order, Act::Withdraw(_) | Act::Remove(_)) {
            self.known.remove(name);
        }
        Ok(())
    }

    fn hold(&mut self, name: &str) {
        if self.held.remove(name).is_some() {
            return;
        }
        let lock = File::options().write(true).create(true).truncate(false).open(self.at(name).join(LOCK)).unwrap();
        lock.try_lock().unwrap();
        self.held.insert(name.to_owned(), lock);
    }

    fn reopen(&mut self, index: Index) {
        match index {
            Index::Whole => {}
            Index::Lost => drop(fs::remove_file(self.at(INDEX))),
            Index::Damaged => fs::write(self.at(INDEX), "{\"version\": 3, \"rows\": {\"").unwrap(),
        }
        let rows = RunTable::read(self.workspace.path()).rows;
        self.known = rows.into_iter().map(|row| (row.folder_name().to_owned(), row.annotations)).collect();
    }
}

/// The next run of the queue has its turn, as the window gives it.
fn run(folder: &Path, leaves: bool) -> Result<(), String> {
    let session = file::open(&folder.join(SESSION)).map_err(|e| e.to_string())?;
    let is_broken = matches!(&session.student.source, Source::Folder(path) if path.ends_with(MISSING));
    if leaves && !is_broken {
        leave_at(&session, folder, LEFT_AT);
        return begun(folder).map_err(|e| e.to_string());
    }
    match Play::begin().to_the_end(start(&session, folder)) {
        Ok(_) => begun(folder).map_err(|e| e.to_string()),
        Err(words) => failed_to_begin(folder, &words).map_err(|e| e.to_string()),
    }
}

/// Files of the workspace outside a folder, without the index.
fn others(workspace: &Path, folder: Option<&str>) -> BTreeMap<PathBuf, Vec<u8>> {
    let touched = folder.map(|name| workspace.join(name));
    let is_touched = |path: &Path| touched.as_ref().is_some_and(|folder| path.starts_with(folder));
    tree(workspace).into_iter().filter(|(path, _)| !is_touched(path) && !path.ends_with(INDEX)).collect()
}

fn check(bench: &Bench, rules: &Reference) -> Result<(), TestCaseError> {
    let path = bench.workspace.path();
    let waits: Vec<PathBuf> =
        rules.runs.iter().filter(|run| run.stands == Stands::Waiting).map(|run| bench.at(&run.folder)).collect();
    prop_assert_eq!(waiting(path), waits, "what waits");
    let free = waiting(path).into_iter().find(|folder| held_elsewhere(folder).is_none());
    prop_assert_eq!(free, rules.next().map(|next| bench.at(&rules.runs[next].folder)), "whose turn it is");
    let table = RunTable::read(path);
    let rows: BTreeMap<&str, _> = table
        .rows
        .iter()
        .map(|row| (row.folder_name(), (row.status.word(), row.name(), row.annotations.star, row.steps)))
        .collect();
    let name = |run: &Run| if run.name.is_empty() { "tiny" } else { run.name };
    let expected = rules.runs.iter().map(|run| (&*run.folder, (run.status(), name(run), run.star, run.steps())));
    prop_assert_eq!(rows, expected.collect::<BTreeMap<_, _>>());
    prop_assert_eq!((table.rows.len(), table.foreign), (rules.runs.len(), rules.foreign.len()));
    prop_assert!(table.trouble.is_empty() && table.rows.iter().all(|row| row.damaged_lines == 0));
    let index = fs::read(path.join(INDEX)).ok();
    let _ = fs::remove_file(path.join(INDEX));
    prop_assert_eq!(&RunTable::read(path).rows, &table.rows, "read anew");
    // What follows goes on from the index as it grew.
    index.into_iter().for_each(|index| fs::write(path.join(INDEX), index).unwrap());
    for run in &rules.runs {
        let facts = journal::read(&bench.at(&run.folder).join(JOURNAL)).map(|read| read.facts).unwrap_or_default();
        let begun: Vec<u64> = facts
            .iter()
            .filter_map(|fact| if let Fact::Started { step, .. } = fact { Some(*step) } else { None })
            .collect();
        prop_assert_eq!((begun.len(), begun.iter().filter(|step| **step == 0).count()), (run.times, run.times.min(1)));
    }
    Ok(())
}

fn play(orders: &[Act]) -> Result<(), TestCaseError> {
    let mut bench = Bench { workspace: tempfile::tempdir().unwrap(), known: BTreeMap::new(), held: BTreeMap::new() };
    let mut rules = Reference::default();
    let trashed = fs::read_dir(trash()).unwrap().count();
    for (number, order) in orders.iter().enumerate() {
        let meant = match order {
            Act::Withdraw(place) | Act::Remove(place) | Act::Continue(place) => rules.meant(*place),
            _ => None,
        };
        let refusing = meant.map(|place| rules.runs[place].clone());
        let (touched, done) = rules.obey(*order);
        let name = touched.clone().or_else(|| refusing.as_ref().map(|run| run.folder.clone()));
        let before = others(bench.workspace.path(), touched.as_deref());
        let fail = |words: String| TestCaseError::fail(format!("order {number}, {order:?}: {words}\n{rules:?}"));
        if done || name.is_some() {
            // Going on with what is at its end, or has not begun, is no matter of the workspace.
            let is_asked =
                done || !matches!((order, &refusing), (Act::Continue(_), Some(run)) if run.stands != Stands::Left);
            let result =
                if is_asked { bench.obey(*order, name.as_deref().unwrap_or_default()) } else { Err(" ".into()) };
            match result {
                Ok(()) if !done => return Err(fail("was not refused".into())),
                Err(words) if done || words.is_empty() => return Err(fail(format!("was refused: {words}"))),
                _ => {}
            }
        }
        let after = others(bench.workspace.path(), touched.as_deref());
        if before.keys().ne(after.keys()) || before != after {
            return Err(fail("files of other runs have changed".into()));
        }
        check(&bench, &rules).map_err(|e| fail(e.to_string()))?;
        prop_assert_eq!(fs::read_dir(trash()).unwrap().count() - trashed, rules.trashed, "in the trash");
    }
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: 32, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_orders_to_a_workspace_leave_queue_rows_and_folders_as_the_rules_say(orders in orders()) {
        play(&orders)?;
    }
}

#[test]
fn what_is_noted_by_two_and_held_by_another_is_neither_lost_nor_run() {
    let queue = |seed| Act::Queue { seed, broken: false };
    let noted = [queue(1), queue(1), Act::Reopen(Index::Whole), Act::Star(0), Act::Rename(0, "the best"), Act::Hold(0)];
    let held = [Act::Run, Act::Withdraw(0), Act::Remove(0), Act::Hold(0), Act::RunAndLeave, Act::Hold(0)];
    let last =
        [Act::Continue(0), Act::Remove(0), Act::Hold(0), Act::Continue(0), Act::Reopen(Index::Lost), Act::Remove(0)];
    play(&[noted.as_slice(), &held, &last, &[queue(1)]].concat()).unwrap();
}
