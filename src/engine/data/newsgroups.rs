//! 20 Newsgroups as distributed: an archive or a folder of class folders with one message per file.
//! Any other set in that layout can be read the same way.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use encoding_rs::{Encoding, WINDOWS_1252};

use super::data_error::DataError;
use super::decode::{DOCUMENT_LIMIT, decode, file_title, legacy_encoding};
use super::file_listing::into_tree;
use super::layout::{Layout, Placed, Tree};
use super::parts::{Missed, Part, Parts, Place};
use super::{archive, class_folders, strip};
use crate::session::{Strip, say};

/// Reads the messages below or inside `path` and removes what `strip` names.
///
/// # Errors
/// [`DataError`] naming the file, and the document where one is to blame.
pub fn read(path: &Path, strip: Strip) -> Result<Parts, DataError> {
    let tree =
        if path.is_dir() { into_tree(class_folders::list(path)?)? } else { archive::read(path, Some(DOCUMENT_LIMIT))? };
    read_tree(tree, strip, path)
}

/// The documents of a tree of folders, each of them a text of the class that its folder is called by; `path` names
/// the tree in errors.
///
/// # Errors
/// As [`read`].
pub fn read_tree(tree: Tree, strip: Strip, path: &Path) -> Result<Parts, DataError> {
    let skipped = tree.skipped;
    let layout = Layout::of(tree);
    if layout.documents.is_empty() {
        let reason = say!("there are no class folders with files; point at the folder that holds them");
        return Err(DataError::NoExamples { what: Part::Train.adjective(), reason, path: path.to_owned() });
    }
    let legacy = legacy_encoding(layout.documents.iter().map(|placed| placed.bytes.as_slice()));
    let mut reading = Reading { strip, legacy, ..Reading::default() };
    reading.notes_of_layout(&layout, skipped, path);
    for placed in layout.documents {
        reading.take(placed, path)?;
    }
    reading.finish(path)
}

struct Reading {
    strip: Strip,
    /// What documents that are not UTF-8 are read as.
    legacy: &'static Encoding,
    parts: Parts,
    read: BTreeMap<Part, usize>,
    classes: BTreeSet<String>,
    odd: usize,
    damaged: usize,
}

impl Default for Reading {
    fn default() -> Self {
        let (parts, read, classes) = (Parts::default(), BTreeMap::new(), BTreeSet::new());
        Self { strip: Strip::default(), legacy: WINDOWS_1252, parts, read, classes, odd: 0, damaged: 0 }
    }
}

impl Reading {
    fn notes_of_layout(&mut self, layout: &Layout, skipped: usize, path: &Path) {
        let notes = &mut self.parts.notes;
        notes.extend(layout.empty.iter().map(|class| say!("the class folder {class} has no files", class)));
        if layout.strays > 0 {
            notes.push(say!("{strays} files outside of the class folders are not read", strays = layout.strays));
            self.parts.left_out.push((say!("files outside of the class folders"), layout.strays));
        }
        if skipped > 0 {
            notes.push(say!("{skipped} links and hidden files are not read", skipped));
            self.parts.left_out.push((say!("links and hidden files"), skipped));
        }
        let name = file_title(path);
        let sibling = name.strip_suffix("-train").map(|stem| path.with_file_name(format!("{stem}-test")));
        if sibling.is_some_and(|sibling| sibling.is_dir()) {
            notes.push(say!("only the training folder is read; point at the folder above for the test folder too"));
        }
    }

    fn take(&mut self, document: Placed, path: &Path) -> Result<(), DataError> {
        let name = path.join(document.path.join("/"));
        class_folders::within_limit(&document.bytes, &name)?;
        let decoded = decode(&document.bytes, self.legacy).map_err(|reason| DataError::text(reason, &name))?;
        self.odd += usize::from(decoded.encoding.is_some());
        self.damaged += usize::from(!decoded.damaged.is_empty());
        let part = document.part.unwrap_or(Part::Train);
        *self.read.entry(part).or_default() += 1;
        let text = strip::strip(&decoded.text, self.strip);
        self.parts
            .part_mut(part)
            .push(&text, Some(&document.class), Place::default())
            .map_err(|reason| DataError::text(reason, &name))?;
        self.classes.insert(document.class);
        Ok(())
    }

    fn finish(self, path: &Path) -> Result<Parts, DataError> {
        let mut parts = self.parts;
        if parts.train.rows.is_empty() && parts.train.without_text.rows > 0 {
            let reason = say!(
                "all documents were empty after stripping; where they are plain texts and no messages, say strip: (headers: false, footers: false, quotes: false)"
            );
            return Err(DataError::NoExamples { what: Part::Train.adjective(), reason, path: path.to_owned() });
        }
        if self.odd > 0 {
            let encoding = self.legacy.name();
            parts.notes.push(say!("{odd} files are not UTF-8 and were read as {encoding}", odd = self.odd, encoding));
        }
        if self.damaged > 0 {
            parts.notes.push(say!(
                "{damaged} files hold bytes that are no characters, read as U+FFFD",
                damaged = self.damaged
            ));
        }
        let emptied: Vec<(Part, Missed)> = parts
            .iter()
            .map(|(part, rows)| (part, rows.without_text.clone()))
            .filter(|(_, missed)| missed.rows > 0)
            .collect();
        for (part, missed) in emptied {
            let emptied = missed.rows;
            let read = self.read.get(&part).copied().unwrap_or_default();
            let part = part.adjective();
            let note = say!(
                "{emptied} of {read} {part} documents were empty after stripping and are left out",
                emptied,
                read,
                part
            );
            parts.notes.push(note);
            parts.leave_out(say!("{part} documents empty after stripping", part), &missed);
        }
        let mut emptied = self.classes;
        parts.iter().flat_map(|(_, rows)| &rows.rows).for_each(|row| {
            row.label.iter().for_each(|class| _ = emptied.remove(&**class));
        });
        parts.notes.extend(emptied.iter().map(|class| say!("no document of the class {class} is left", class)));
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use tar::EntryType;

    use super::*;

    const MESSAGE: &[u8] = b"From: x\n\nA body of its own\n";

    fn packed(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, content) in entries {
            let mut header = tar::Header::new_gnu();
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_size(content.len() as u64);
            if name.ends_with('/') {
                header.set_entry_type(EntryType::Directory);
            }
            header.set_cksum();
            builder.append(&header, *content).unwrap();
        }
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&builder.into_inner().unwrap()).unwrap();
        gz.finish().unwrap()
    }

    fn read_bytes(bytes: &[u8]) -> Result<Parts, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("news.tar.gz");
        std::fs::write(&path, bytes).unwrap();
        read(&path, Strip::default())
    }

    fn message(bytes: &[u8]) -> String {
        read_bytes(bytes).unwrap_err().to_string()
    }

    #[test]
    fn an_archive_and_its_unpacked_folder_are_read_alike() {
        let entries: [(&str, &[u8]); 4] = [
            ("n-train/b.c/2", MESSAGE),
            ("n-train/a/10", b"H: 1\n\ncaf\xE9\n"),
            ("n-test/a/9", MESSAGE),
            ("n-train/a/1", b"H: 1\n\n> only\n"),
        ];
        let from_archive = read_bytes(&packed(&entries)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in entries {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        assert_eq!(read(folder.path(), Strip::default()).unwrap(), from_archive);
        let train: Vec<_> =
            from_archive.train.rows.iter().map(|row| (row.label.as_deref().unwrap(), row.fields.whole())).collect();
        assert_eq!(train, [("a", "café"), ("b.c", "A body of its own")]);
        assert_eq!(from_archive.test.unwrap().rows.len(), 1);
        let notes = crate::session::Sentence::joined(from_archive.notes, "\n");
        assert!(notes.contains("1 files are not UTF-8"), "{notes}");
        assert!(notes.contains("1 of 3 training documents were empty after stripping"), "{notes}");
    }

    #[test]
    fn texts_that_stripping_empties_are_refused_with_the_way_out() {
        let plain: &[u8] = b"A plain text without any header";
        let error = message(&packed(&[("train/a/1", plain), ("train/b/1", plain)]));
        assert!(error.contains("headers: false") && error.ends_with("news.tar.gz"), "{error}");
    }

    #[test]
    fn an_empty_class_folder_is_noted() {
        let parts = read_bytes(&packed(&[("n/a/1", MESSAGE), ("n/b/1", MESSAGE), ("n/c/", b"")])).unwrap();
        assert_eq!(parts.notes, ["the class folder c has no files"]);
    }

    #[test]
    fn a_class_emptied_by_stripping_is_noted() {
        let quotes_only: &[u8] = b"H: 1\n\n> old\n";
        let parts = read_bytes(&packed(&[("a/1", MESSAGE), ("b/1", MESSAGE), ("c/1", quotes_only)])).unwrap();
        assert_eq!(parts.notes.last().unwrap(), "no document of the class c is left");
    }

    #[test]
    fn hidden_files_are_left_out_and_told() {
        let parts = read_bytes(&packed(&[("a/1", MESSAGE), ("b/1", MESSAGE), ("b/.DS_Store", b"\0")])).unwrap();
        assert_eq!((parts.train.rows.len(), &*parts.notes[0]), (2, "1 links and hidden files are not read"));
    }

    #[test]
    fn a_damaged_archive_is_an_error_that_names_it() {
        let whole = packed(&[("a/1", MESSAGE), ("b/1", &[b'x'; 5000])]);
        for length in [3, 20, whole.len() / 2, whole.len() - 20, whole.len() - 5] {
            let error = message(&whole[..length]);
            assert!(error.starts_with("the archive cannot be read") && error.ends_with("news.tar.gz"), "{error}");
        }
        let mut wrong = whole.clone();
        let place = wrong.len() - 6;
        wrong[place] ^= 0xFF;
        assert!(message(&wrong).starts_with("the archive cannot be read"));
        assert!(message(b"PK\x03\x04 not a tar archive at all").starts_with("the archive cannot be read"));
    }

    #[test]
    fn a_name_that_points_out_of_the_archive_is_refused() {
        for name in ["../a/1", "/etc/a/1", "a/../../b/1"] {
            assert!(message(&packed(&[(name, MESSAGE)])).contains("points out of it"), "{name}");
        }
    }

    #[test]
    fn a_huge_document_is_refused_by_name_and_a_large_one_is_fine() {
        let huge = vec![b'a'; (8 << 20) + 1];
        let error = message(&packed(&[("a/big", &huge)]));
        assert!(error.contains("8388609 bytes") && error.ends_with("a/big"), "{error}");
        let large = [b"H: 1\n\n".to_vec(), b"word ".repeat(40_000)].concat();
        let parts = read_bytes(&packed(&[("a/1", &large), ("b/1", MESSAGE)])).unwrap();
        assert_eq!(parts.train.rows[0].fields.whole().len(), 199_999);
    }

    #[test]
    fn a_binary_document_is_refused_by_name() {
        let error = message(&packed(&[("a/1", MESSAGE), ("b/2", b"H\n\nx\0y")]));
        assert!(error.contains("NUL") && error.ends_with("b/2"), "{error}");
    }

    #[test]
    fn a_tree_without_class_folders_is_refused() {
        assert!(message(&packed(&[("1", MESSAGE), ("2", MESSAGE)])).contains("no class folders"));
        assert!(message(&packed(&[])).contains("no class folders"));
    }
}
