//! Which document of a tree of folders belongs to which class and part. Wrapping folders are looked
//! through; then either part folders (`…-train`, `…-test`) hold class folders, or class folders
//! stand at the top. Names alone decide, so a folder and an archive of it are read alike.

use std::collections::{BTreeMap, BTreeSet};

use super::parts::Part;

/// A path inside a tree, folder by folder, the file's name last.
pub type TreePath = Vec<String>;

/// A tree of documents in memory.
#[derive(Debug, Default)]
pub struct Tree {
    /// Path to content. Ordered, so that no file system's order shows.
    pub documents: BTreeMap<TreePath, Vec<u8>>,
    /// All folders, for those that hold nothing.
    pub folders: BTreeSet<TreePath>,
    /// Links, hidden files and the like that were not read.
    pub skipped: usize,
}

/// A document with its place in the data set.
#[derive(Debug)]
pub struct Placed {
    /// Its part; `None` where the tree has no parts.
    pub part: Option<Part>,
    /// Its class.
    pub class: String,
    /// Its path below the wrapping folders, for errors.
    pub path: TreePath,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// A tree whose documents have found their places.
#[derive(Debug, Default)]
pub struct Layout {
    /// The documents, sorted by path.
    pub documents: Vec<Placed>,
    /// Class folders without documents.
    pub empty: Vec<String>,
    /// Files that lie in no class folder.
    pub strays: usize,
}

/// Whether this name is one that file managers and archivers leave behind.
pub fn is_hidden(name: &str) -> bool {
    name.starts_with('.') || name == "__MACOSX"
}

impl Layout {
    /// Gives every document of the tree its place.
    pub fn of(mut tree: Tree) -> Self {
        let mut layout = Self::default();
        layout.set_aside_strays(&mut tree, 2);
        while let Some(wrapping) = wrapping(&tree) {
            unwrap(&mut tree, &wrapping);
            layout.set_aside_strays(&mut tree, 2);
        }
        let parted = tree.documents.keys().any(|path| path.len() > 2 && part_of(path).is_some());
        let depth = if parted { 2 } else { 1 };
        layout.empty = empty_folders(&tree, depth, parted);
        layout.set_aside_strays(&mut tree, depth + 1);
        for (path, bytes) in tree.documents {
            layout.place(path, bytes, depth, parted);
        }
        layout
    }

    fn set_aside_strays(&mut self, tree: &mut Tree, shortest: usize) {
        let before = tree.documents.len();
        tree.documents.retain(|path, _| path.len() >= shortest);
        self.strays += before - tree.documents.len();
    }

    fn place(&mut self, path: TreePath, bytes: Vec<u8>, depth: usize, parted: bool) {
        let part = if parted { part_of(&path) } else { None };
        match path.get(depth - 1).cloned() {
            Some(class) if part.is_some() || !parted => {
                self.documents.push(Placed { part, class, path, bytes });
            }
            _ => self.strays += 1,
        }
    }
}

/// The part that a path's first folder names.
fn part_of(path: &[String]) -> Option<Part> {
    let name = path.first()?.to_lowercase();
    let is = |word: &str| name.strip_suffix(word).is_some_and(|rest| rest.is_empty() || rest.ends_with(['-', '_']));
    PART_WORDS.iter().find_map(|(word, part)| is(word).then_some(*part))
}

/// What people call the parts.
const PART_WORDS: [(&str, Part); 11] = [
    ("train", Part::Train),
    ("training", Part::Train),
    ("test", Part::Test),
    ("testing", Part::Test),
    ("validation", Part::Validation),
    ("validate", Part::Validation),
    ("valid", Part::Validation),
    ("val", Part::Validation),
    ("dev", Part::Validation),
    ("development", Part::Validation),
    ("eval", Part::Validation),
];

/// The part that one of the words of a name says: `train` of `oos_train`, of `train-00000-of-00001.parquet`, of
/// `TREC.train.label`. Of several the first.
pub fn part_in(name: &str) -> Option<Part> {
    let name = name.to_lowercase();
    let words = name.split(|c: char| !c.is_alphanumeric());
    words.into_iter().find_map(|word| PART_WORDS.iter().find(|(known, _)| *known == word).map(|(_, part)| *part))
}

/// The one folder that holds everything, if it has folders inside.
fn wrapping(tree: &Tree) -> Option<String> {
    let first = tree.documents.keys().next()?.first()?;
    let is_shared = tree.documents.keys().all(|path| path.first() == Some(first));
    let has_folders = tree.documents.keys().any(|path| path.len() > 2);
    (is_shared && has_folders).then(|| first.clone())
}

fn unwrap(tree: &mut Tree, wrapping: &str) {
    let inside = |mut path: TreePath| {
        let is_inside = path.len() > 1 && path.first().is_some_and(|first| first == wrapping);
        is_inside.then(|| path.split_off(1))
    };
    tree.documents = std::mem::take(&mut tree.documents)
        .into_iter()
        .filter_map(|(path, bytes)| Some((inside(path)?, bytes)))
        .collect();
    tree.folders = std::mem::take(&mut tree.folders).into_iter().filter_map(inside).collect();
}

fn empty_folders(tree: &Tree, depth: usize, parted: bool) -> Vec<String> {
    let is_class = |path: &&TreePath| path.len() == depth && (!parted || part_of(path).is_some());
    let is_empty = |path: &&TreePath| {
        let next = tree.documents.range((*path).clone()..).next();
        !next.is_some_and(|(document, _)| document.starts_with(path))
    };
    tree.folders.iter().filter(is_class).filter(is_empty).map(|path| path.join("/")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> TreePath {
        text.split('/').map(str::to_owned).collect()
    }

    fn laid_out(documents: &[&str], folders: &[&str]) -> Layout {
        Layout::of(Tree {
            documents: documents.iter().map(|text| (path(text), Vec::new())).collect(),
            folders: folders.iter().map(|text| path(text)).collect(),
            skipped: 0,
        })
    }

    fn places(layout: &Layout) -> Vec<(Option<Part>, &str)> {
        layout.documents.iter().map(|placed| (placed.part, placed.class.as_str())).collect()
    }

    #[test]
    fn part_folders_hold_class_folders() {
        let expected = [(Some(Part::Test), "b"), (Some(Part::Train), "a")];
        assert_eq!(places(&laid_out(&["20news-bydate-train/a/1", "20news-bydate-test/b/2"], &[])), expected);
        assert_eq!(places(&laid_out(&["wrap/train/a/1", "wrap/test/b/2", "wrap/README"], &[])), expected);
    }

    #[test]
    fn class_folders_at_the_top_have_no_parts() {
        let expected = [(None, "a"), (None, "b")];
        assert_eq!(places(&laid_out(&["a/1", "b/2"], &[])), expected);
        assert_eq!(places(&laid_out(&["20_newsgroups/a/1", "20_newsgroups/b/2"], &[])), expected);
        assert_eq!(places(&laid_out(&["train/1", "car/2"], &[])), [(None, "car"), (None, "train")]);
    }

    #[test]
    fn a_single_class_folder_is_a_class_and_no_wrapping() {
        assert_eq!(places(&laid_out(&["a/1", "a/2"], &[])), [(None, "a"), (None, "a")]);
    }

    #[test]
    fn strays_and_empty_class_folders_are_told() {
        let layout = laid_out(&["README", "a/1", "b/2"], &["a", "b", "c", "ab"]);
        assert_eq!((layout.strays, layout.empty), (1, vec!["ab".to_owned(), "c".to_owned()]));
        let layout = laid_out(
            &["w-train/a/1", "w-test/a/2", "w-test/note", "extra/a/3"],
            &["w-train", "w-train/a", "w-train/b", "w-test/a"],
        );
        assert_eq!((layout.strays, layout.empty), (2, vec!["w-train/b".to_owned()]));
    }

    #[test]
    fn an_empty_tree_has_an_empty_layout() {
        assert!(laid_out(&[], &[]).documents.is_empty());
    }
}
