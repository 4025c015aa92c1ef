//! What a person has drawn into the pictures of many runs: lines at values, brushes, and the run that others are measured
//! against. Kept beside the window's other preferences, for each workspace its own: another workspace has other runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::panel::RunsView;
use super::plot::side_curves::Reference;
use super::run_list::Side;
use crate::link::SeriesId;
use crate::record::run_table::brush::Brushes;
use crate::session::file::write_atomically;

/// The file in the window's folder.
pub const FILE: &str = "run_pictures.ron";

/// What was drawn over the runs of a workspace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptPictures {
    /// Lines at values, each on its curve.
    pub lines: Vec<(SeriesId, Reference)>,
    /// What is brushed.
    pub brushes: Brushes,
    /// The side that the others are measured against, wherever it is among them.
    pub baseline: Option<Side>,
}

impl KeptPictures {
    /// That of a table as it is looked at.
    pub fn of(view: &RunsView) -> Self {
        let (curves, brushes) = (&view.curves, view.brushes.clone());
        Self { lines: curves.references.clone(), brushes, baseline: curves.baseline.clone() }
    }

    /// Whether a table looks like this.
    pub fn is_of(&self, view: &RunsView) -> bool {
        let curves = &view.curves;
        self.lines == curves.references && self.brushes == view.brushes && self.baseline == curves.baseline
    }

    /// Has a table look like this.
    pub fn put_into(self, view: &mut RunsView) {
        let curves = &mut view.curves;
        (curves.references, view.brushes, curves.baseline) = (self.lines, self.brushes, self.baseline);
        curves.differences = false;
    }
}

/// Of every workspace that has any.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PicturesOfWorkspaces(BTreeMap<PathBuf, KeptPictures>);

impl PicturesOfWorkspaces {
    /// Those in the window's folder, none where there is no file. The second is what is wrong with it.
    pub fn read(home: &Path) -> (Self, Option<String>) {
        match std::fs::read_to_string(home.join(FILE)) {
            Ok(text) => match ron::from_str(&text) {
                Ok(pictures) => (pictures, None),
                Err(e) => (Self::default(), Some(e.to_string())),
            },
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => (Self::default(), None),
            Err(e) => (Self::default(), Some(e.to_string())),
        }
    }

    /// Those of a workspace.
    pub fn of(&self, workspace: &Path) -> KeptPictures {
        self.0.get(workspace).cloned().unwrap_or_default()
    }

    /// Keeps those of a workspace; what other windows have kept of other workspaces meanwhile stays.
    ///
    /// # Errors
    /// The operating system's.
    pub fn keep(&mut self, home: &Path, workspace: &Path, pictures: KeptPictures) -> std::io::Result<()> {
        *self = Self::read(home).0;
        self.0.remove(workspace);
        if pictures != KeptPictures::default() {
            self.0.insert(workspace.to_owned(), pictures);
        }
        let text = ron::to_string(self).map_err(std::io::Error::other)?;
        write_atomically(&home.join(FILE), text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::run_table::brush::{Brush, BrushRange};

    fn pictures(value: f64) -> KeptPictures {
        let mut brushes = Brushes::default();
        brushes.set(Brush { column: "test.accuracy".into(), range: BrushRange::Between(0.5, value) });
        brushes.set(Brush { column: "recipe.schedule".into(), range: BrushRange::OneOf(vec!["say \"x\"".into()]) });
        let line = Reference { value, label: format!("{value} 最好") };
        KeptPictures { lines: vec![("loss/total".into(), line)], brushes, baseline: Some(vec!["/runs/a".into()]) }
    }

    #[test]
    fn every_workspace_has_its_own_beside_those_of_another_window() {
        let home = tempfile::tempdir().unwrap();
        let (mut ours, damage) = PicturesOfWorkspaces::read(home.path());
        let mut theirs = ours.clone();
        assert!(damage.is_none() && ours.of(Path::new("/a")) == KeptPictures::default());
        ours.keep(home.path(), Path::new("/a"), pictures(0.75)).unwrap();
        theirs.keep(home.path(), Path::new("/b"), pictures(f64::INFINITY)).unwrap();
        let (read, damage) = PicturesOfWorkspaces::read(home.path());
        assert_eq!((read.of(Path::new("/a")), read.of(Path::new("/b"))), (pictures(0.75), pictures(f64::INFINITY)));
        assert!(damage.is_none());
        ours.keep(home.path(), Path::new("/a"), KeptPictures::default()).unwrap();
        assert!(
            !std::fs::read_to_string(home.path().join(FILE)).unwrap().contains("\"/a\""),
            "nothing is kept of nothing"
        );
    }

    #[test]
    fn a_damaged_file_is_named_and_written_anew() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(FILE), "{\"/a\": (lines: ").unwrap();
        let (mut read, damage) = PicturesOfWorkspaces::read(home.path());
        assert!(read == PicturesOfWorkspaces::default() && damage.is_some());
        read.keep(home.path(), Path::new("/a"), pictures(1.0)).unwrap();
        assert_eq!(PicturesOfWorkspaces::read(home.path()), (read, None));
    }
}
