//! Runs as they are exported: under which names, with which curves, begun when and where.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::ExportError;
use crate::link::SeriesId;
use crate::record::{RunRecord, journal};
use crate::session::Sentence;
use crate::session::run_folder::{self, JOURNAL};

/// The machine of a run that does not say on which it was made.
const NOWHERE: &str = "retort";

/// A run that is exported.
#[derive(Debug)]
pub struct RunCurves {
    /// What it is called: as its folder; where several folders have one name, with that of the folder around it.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// When it was begun or last gone on with, seconds since 1970; 0 where nothing tells.
    pub begun: u64,
    /// The machine it was made on.
    pub host: String,
    /// What happened in it.
    pub record: RunRecord,
    /// What is damaged of its journal.
    pub damage: Option<Sentence>,
}

impl RunCurves {
    /// Reads the runs in these folders.
    ///
    /// # Errors
    /// [`ExportError`]: a folder without a journal, one that cannot be read, a run without curves, or named twice.
    pub fn read_all(folders: &[PathBuf]) -> Result<Vec<Self>, ExportError> {
        let folders: Vec<PathBuf> =
            folders.iter().map(|folder| std::path::absolute(folder).unwrap_or_else(|_| folder.clone())).collect();
        let mut seen = BTreeSet::new();
        let twice = folders.iter().find(|folder| !seen.insert(folder.canonicalize().unwrap_or_default()));
        let there = |folder: &Path| folder.join(JOURNAL).exists();
        if let Some(path) = folders.iter().find(|folder| !there(folder)) {
            return Err(ExportError::NoJournal { path: path.clone() });
        }
        if let Some(path) = twice {
            return Err(ExportError::Twice { path: path.clone() });
        }
        folders.iter().zip(names(&folders)).map(|(folder, name)| Self::read(folder, name)).collect()
    }

    fn read(folder: &Path, name: String) -> Result<Self, ExportError> {
        let (record, damage) = journal::replay_whole(folder)?;
        if record.series.values().all(crate::record::Series::is_empty) {
            return Err(ExportError::NoCurves { path: folder.to_owned() });
        }
        let begun = run_folder::seconds(&run_folder::when(folder)).unwrap_or(0);
        let host = run_folder::holder(folder).map_or_else(|| NOWHERE.to_owned(), |holder| holder.host);
        Ok(Self { name, folder: folder.to_owned(), begun, host, record, damage })
    }

    /// One that lies nowhere.
    #[cfg(test)]
    pub(super) fn of(name: &str, record: RunRecord) -> Self {
        Self { name: name.into(), folder: name.into(), begun: 0, host: NOWHERE.into(), record, damage: None }
    }
}

/// What runs are called by their folders.
fn names(folders: &[PathBuf]) -> Vec<String> {
    let own = |folder: &Path| folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut count = BTreeMap::new();
    folders.iter().for_each(|folder| *count.entry(own(folder)).or_insert(0) += 1);
    let name = |folder: &PathBuf| match (count[&own(folder)], folder.parent()) {
        (1, _) | (_, None) => own(folder),
        (_, Some(parent)) => format!("{}/{}", own(parent), own(folder)),
    };
    folders.iter().map(name).collect()
}

/// The curves that are asked for by name or by group, in the order of their names; all of them where nothing is asked.
///
/// # Errors
/// [`ExportError::UnknownCurve`].
pub(super) fn chosen(runs: &[RunCurves], asked: &[String]) -> Result<Vec<SeriesId>, ExportError> {
    let all: BTreeSet<&SeriesId> = runs
        .iter()
        .flat_map(|run| &run.record.series)
        .filter(|(_, series)| !series.is_empty())
        .map(|(id, _)| id)
        .collect();
    let means = |name: &str, id: &SeriesId| *id.0 == *name || id.group() == name;
    if let Some(name) = asked.iter().find(|name| !all.iter().any(|id| means(name, id))) {
        let known = all.iter().map(ToString::to_string).collect();
        return Err(ExportError::UnknownCurve { name: name.clone(), known });
    }
    let wanted = |id: &&SeriesId| asked.is_empty() || asked.iter().any(|name| means(name, id));
    Ok(all.into_iter().filter(wanted).cloned().collect())
}

/// Those that a chart shows where nobody says: the loss that is minimised and what is measured on the validation part;
/// all of them where there is neither.
pub(super) fn usual(all: Vec<SeriesId>) -> Vec<SeriesId> {
    const USUAL: [&str; 6] = [
        "loss/total",
        "measure/accuracy",
        "measure/agreement",
        "measure/loss",
        "measure/macro_f1",
        "measure/perplexity",
    ];
    let usual: Vec<SeriesId> = all.iter().filter(|id| USUAL.contains(&&*id.0)).cloned().collect();
    if usual.is_empty() { all } else { usual }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Fact;

    fn run(name: &str, curves: &[&str]) -> RunCurves {
        let mut record = RunRecord::default();
        record.fold(Fact::Scalars { step: 0, values: curves.iter().map(|id| ((*id).into(), 1.0)).collect() });
        RunCurves::of(name, record)
    }

    fn ids(found: Vec<SeriesId>) -> Vec<String> {
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn curves_are_chosen_by_name_and_by_group_and_an_unknown_name_is_told_those_there_are() {
        let runs = [run("a", &["loss/total", "loss/soft_targets"]), run("b", &["loss/total", "measure/accuracy"])];
        let asked = |names: &[&str]| chosen(&runs, &names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(ids(asked(&[]).unwrap()), ["loss/soft_targets", "loss/total", "measure/accuracy"]);
        assert_eq!(ids(asked(&["loss"]).unwrap()), ["loss/soft_targets", "loss/total"]);
        assert_eq!(ids(asked(&["measure/accuracy", "loss/total"]).unwrap()), ["loss/total", "measure/accuracy"]);
        let refused = asked(&["loss", "acuracy"]).unwrap_err().to_string();
        assert!(refused.contains("no curve acuracy") || refused.contains("curve acuracy"), "{refused}");
        assert!(refused.contains("loss/soft_targets, loss/total, measure/accuracy"), "{refused}");
    }

    #[test]
    fn a_chart_shows_the_total_loss_and_what_is_measured_and_where_there_is_neither_everything() {
        let of = |names: &[&str]| ids(usual(names.iter().map(|name| SeriesId::from(*name)).collect()));
        assert_eq!(of(&["gradient/a", "loss/total", "measure/accuracy"]), ["loss/total", "measure/accuracy"]);
        assert_eq!(of(&["gradient/a", "time/step"]), ["gradient/a", "time/step"]);
    }

    #[test]
    fn folders_of_one_name_are_told_apart_by_the_folders_around_them() {
        let folders = ["/w/a/seed-1", "/w/b/seed-1", "/w/b/seed-2"].map(PathBuf::from);
        assert_eq!(names(&folders), ["a/seed-1", "b/seed-1", "seed-2"]);
    }
}
