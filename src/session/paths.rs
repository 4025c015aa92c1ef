//! Where the paths of a session start. In memory they are absolute, or start at the working folder; in a
//! file they are such that the file finds them, from whatever folder the program is started.
//!
//! *Why some paths are written relative and others not.* A path is written relative to its file where
//! both lie in one folder tree: below the file's folder, or beside it. Such a tree can be moved, copied
//! and handed to someone else whole. What lies in another tree is named absolutely, because the two are
//! moved apart. Folders that every tree of a machine has above it (the root, the one of temporary files,
//! the one of the people's homes) make no tree. `..` is only written over folders that are no links:
//! the system follows a link before it goes up.

use std::path::{Component, Path, PathBuf};

use super::side_by_side::StudentSnapshot;
use super::{ClassNames, Session, Source};

impl Session {
    /// Every path of the session.
    pub fn paths_mut(&mut self) -> Vec<&mut PathBuf> {
        let mut paths: Vec<&mut PathBuf> = Vec::new();
        for choice in self.teachers.iter_mut().chain([&mut self.student]) {
            let of = choice.init.layers_of_mut().into_iter();
            paths.extend(of.chain([&mut choice.source]).filter_map(|source| match source {
                Source::Folder(path) => Some(path),
                Source::BuiltIn(_) | Source::Hub { .. } | Source::Server { .. } => None,
            }));
        }
        paths.extend(self.data.source.paths_mut());
        if let ClassNames::File(names) = &mut self.data.labels.names {
            paths.push(names);
        }
        paths.extend(&mut self.run);
        paths.extend(self.view.columns.iter_mut().filter_map(StudentSnapshot::folder_mut));
        // A field that is still empty names nothing, in whatever folder.
        paths.retain(|path| !path.as_os_str().is_empty());
        paths
    }

    /// Makes the paths true for every working folder, as they are for the present one.
    pub fn make_paths_absolute(&mut self) {
        for path in self.paths_mut() {
            if let Ok(absolute) = absolute(path) {
                *path = absolute;
            }
        }
    }

    /// Takes the relative paths of the session that the file at `path` holds from its folder; of a file
    /// that was reached by a link also from the folder of the file itself.
    pub(super) fn take_paths_from(&mut self, path: &Path) {
        let homes = homes(path);
        for path in self.paths_mut() {
            let from = |home: &PathBuf| cleaned(&home.join(&*path));
            let found = homes.iter().map(from).find(|path| path.exists());
            if let Some(found) = found.or_else(|| homes.first().map(from)) {
                *path = found;
            }
        }
    }

    /// The session as it stands in the file at `path`: its absolute paths relative to it where they lie
    /// in one tree.
    pub(super) fn for_file(&self, path: &Path) -> Self {
        let mut session = self.clone();
        // A file that is reached by a link is also read without it, from its own folder.
        if let [folder] = &homes(path)[..] {
            session.paths_mut().into_iter().for_each(|path| *path = written(path, folder));
        }
        session
    }

    /// Finds the files again of a session that was written down, with absolute paths, in the folder
    /// `before`, which is now the folder `now`: what lay in one tree with it has moved along.
    pub fn follow_folder(&mut self, before: &Path, now: &Path) {
        for path in self.paths_mut() {
            let along = cleaned(&now.join(written(path, before)));
            if along.exists() {
                *path = along;
            }
        }
    }
}

/// The path as it is for every working folder, without the `..` that it can do without.
///
/// # Errors
/// The operating system's, for an empty path or a working folder that is gone.
pub fn absolute(path: &Path) -> std::io::Result<PathBuf> {
    std::path::absolute(path).map(|path| cleaned(&path))
}

/// The folders from which the relative paths of the session file at `path` are taken, the likeliest
/// first. A pipe has none: there it is the working folder.
fn homes(path: &Path) -> Vec<PathBuf> {
    let is_system = ["/dev", "/proc"].iter().any(|folder| path.starts_with(folder));
    let real = std::fs::canonicalize(path).ok().filter(|real| real.is_file());
    if is_system || (path.exists() && real.is_none()) {
        let home = real.and_then(|real| real.parent().map(Path::to_owned)).or_else(|| std::env::current_dir().ok());
        return home.into_iter().collect();
    }
    let named = absolute(path).ok().and_then(|path| path.parent().map(Path::to_owned));
    let is_link = std::fs::symlink_metadata(path).is_ok_and(|seen| seen.file_type().is_symlink());
    let real = real.filter(|_| is_link).and_then(|real| real.parent().map(Path::to_owned));
    let same = |real: &PathBuf| named.as_ref().is_some_and(|named| named.canonicalize().ok().as_ref() == Some(real));
    let real = real.filter(|real| !same(real));
    named.into_iter().chain(real).collect()
}

/// `path` as a file in `folder` names it; both without `..` and absolute, else it stays as it is.
fn written(path: &Path, folder: &Path) -> PathBuf {
    if path.is_relative() || folder.is_relative() {
        return path.to_owned();
    }
    let real = || relative(path, &std::fs::canonicalize(folder).ok()?);
    relative(path, folder).or_else(real).map_or_else(|| path.to_owned(), with_slashes)
}

/// `path` relative to `folder`; `None` where they lie in different trees, or a link is in between.
fn relative(path: &Path, folder: &Path) -> Option<PathBuf> {
    if let Ok(below) = path.strip_prefix(folder) {
        return Some(if below.as_os_str().is_empty() { ".".into() } else { below.to_owned() });
    }
    let tree = folder.ancestors().find(|ancestor| path.starts_with(ancestor))?;
    let over: Vec<&Path> = folder.ancestors().take_while(|ancestor| *ancestor != tree).collect();
    if is_everyones(tree) || over.iter().any(|folder| is_link(folder)) {
        return None;
    }
    let up: PathBuf = over.iter().map(|_| Component::ParentDir).collect();
    Some(up.join(path.strip_prefix(tree).ok()?))
}

/// Whether unrelated things have this folder above them.
fn is_everyones(folder: &Path) -> bool {
    let homes = std::env::home_dir().and_then(|home| home.parent().map(Path::to_owned));
    let named = [Some(std::env::temp_dir()), homes, Some("/tmp".into()), Some("/home".into())];
    folder.parent().is_none() || named.iter().flatten().any(|known| cleaned(known) == folder)
}

/// The same on every system: a session may go to another one.
fn with_slashes(path: PathBuf) -> PathBuf {
    match path.to_str() {
        Some(text) if cfg!(windows) && path.is_relative() => text.replace('\\', "/").into(),
        _ => path,
    }
}

/// An absolute path without `.`, and without `..` where that does not lead out of a link.
fn cleaned(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        let named = matches!(clean.components().next_back(), Some(Component::Normal(_)));
        match part {
            Component::CurDir => {}
            Component::ParentDir if clean.has_root() && !named && !clean.ends_with("..") => {}
            Component::ParentDir if named && !is_link(&clean) => drop(clean.pop()),
            other => clean.push(other),
        }
    }
    clean
}

fn is_link(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|seen| seen.file_type().is_symlink())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{DataSource, FilePart, Files, Init, LayerMap, ModelChoice, file};

    /// A session that names every kind of path, each by `path` and a name of its own.
    fn everywhere(path: &str) -> Session {
        let at = |name: &str| Path::new(path).join(name);
        let folder = |name: &str| Source::Folder(at(name));
        let mut session = Session::built_in().unwrap();
        session.set_teacher(Some(ModelChoice::stored(folder("teacher.gguf"))));
        session.student = ModelChoice {
            init: Init::Layers { of: Some(folder("layers")), map: LayerMap::EveryOther },
            ..ModelChoice::stored(folder("student"))
        };
        let files = |name: &str| FilePart::of([at(name)]);
        let (train, validation, test) = (files("rows.csv"), files("validation.csv"), files("test rows.csv"));
        session.data.source = DataSource::from(Files { train, validation, test, ..Files::default() });
        session.data.labels.names = ClassNames::File(at("classes.txt"));
        session.run = Some(at("run"));
        session
    }

    fn paths(session: &Session) -> Vec<PathBuf> {
        session.clone().paths_mut().into_iter().map(|path| path.clone()).collect()
    }

    #[test]
    fn every_path_of_a_session_comes_back_from_a_file_wherever_it_lies_in_the_tree() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().canonicalize().unwrap();
        for folder in ["s/deep", "s/ä 数据's", "runs/1", "real/deep"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        for named in ["s", "s/deep", "s/ä 数据's", "other"] {
            let session = everywhere(root.join(named).to_str().unwrap());
            assert_eq!(paths(&session).len(), 8);
            for place in ["s", "s/deep", "runs/1", "runs/new", "."] {
                let path = root.join(place).join("session.ron");
                file::save(&session, &path).unwrap();
                let text = std::fs::read_to_string(&path).unwrap();
                assert!(!text.contains(root.to_str().unwrap()), "{named} from {place} is absolute: {text}");
                assert_eq!(file::open(&path).unwrap(), session, "{named} from {place}");
                file::save(&file::open(&path).unwrap(), &path).unwrap();
                assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "{named} from {place}, saved again");
            }
        }
    }

    #[test]
    fn a_tree_that_is_moved_is_found_and_what_lies_elsewhere_stays() {
        let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (home, other) = (home.path().canonicalize().unwrap(), other.path().canonicalize().unwrap());
        std::fs::create_dir_all(home.join("before/s")).unwrap();
        for folder in [home.join("before/s"), other.clone()] {
            everywhere(folder.to_str().unwrap())
                .paths_mut()
                .into_iter()
                .for_each(|path| std::fs::write(path, "").unwrap());
        }
        let mut session = everywhere(home.join("before/s").to_str().unwrap());
        session.student.source = Source::Folder(other.join("student"));
        file::save(&session, &home.join("before/runs/1/session.ron")).unwrap();
        std::fs::rename(home.join("before"), home.join("after")).unwrap();
        let mut moved = everywhere(home.join("after/s").to_str().unwrap());
        moved.student.source = Source::Folder(other.join("student"));
        assert_eq!(file::open(&home.join("after/runs/1/session.ron")).unwrap(), moved);
        session.follow_folder(&home.join("before/runs/1"), &home.join("after/runs/1"));
        assert_eq!(session, moved);
        let alone = session.clone();
        session.follow_folder(&home.join("after/runs/1"), &other.join("runs/1"));
        assert_eq!(session, alone, "a run's folder that is moved alone leaves its files where they are");
    }

    #[cfg(unix)]
    #[test]
    fn links_lead_to_the_same_files_whether_they_are_in_a_path_or_are_the_session() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().canonicalize().unwrap();
        let link = |to: &str, from: &str| std::os::unix::fs::symlink(root.join(to), root.join(from)).unwrap();
        std::fs::create_dir_all(root.join("disk/deep/runs")).unwrap();
        std::fs::create_dir_all(root.join("project/data")).unwrap();
        link("disk/deep/runs", "project/runs");
        let session = everywhere(root.join("project/data").to_str().unwrap());
        everywhere(root.join("project/data").to_str().unwrap())
            .paths_mut()
            .into_iter()
            .for_each(|path| std::fs::write(path, "").unwrap());
        let same = |path: &Path| {
            for (found, known) in paths(&file::open(path).unwrap()).iter().zip(paths(&session)) {
                assert_eq!(found.canonicalize().unwrap(), known, "from {}", path.display());
            }
        };
        // `..` of a folder that is reached by a link leads elsewhere than it looks.
        file::save(&session, &root.join("project/runs/session.ron")).unwrap();
        same(&root.join("project/runs/session.ron"));
        same(&root.join("disk/deep/runs/session.ron"));
        // A session that is a link has its files beside the link, or beside itself.
        file::save(&session, &root.join("project/session.ron")).unwrap();
        link("project/session.ron", "disk/linked.ron");
        same(&root.join("disk/linked.ron"));
        file::save(&session, &root.join("disk/linked.ron")).unwrap();
        assert!(is_link(&root.join("disk/linked.ron")));
        same(&root.join("disk/linked.ron"));
        same(&root.join("project/session.ron"));
    }

    #[test]
    fn paths_are_made_absolute_and_a_field_that_is_empty_stays_so() {
        let mut session = everywhere("some/../where");
        session.student.source = Source::Folder(PathBuf::new());
        session.make_paths_absolute();
        let here = std::env::current_dir().unwrap().join("where");
        assert!(paths(&session).iter().all(|path| path.starts_with(&here)), "{:?}", paths(&session));
        assert_eq!(session.student.source, Source::Folder(PathBuf::new()));
        assert_eq!(cleaned(Path::new("/../a/./b/../../c")), Path::new("/c"));
    }
}
