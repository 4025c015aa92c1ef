//! Folders of texts: a file is a text, the folder it lies in its class, a folder above that its part. Files that lie
//! in no folder are texts without a label, and so are those of folders that are called so.

use std::path::Path;

use super::class_folders::within_limit;
use super::data_error::DataError;
use super::data_file::Listing;
use super::decode::{decode, legacy_encoding};
use super::file_listing::into_tree;
use super::goal::Goal;
use super::layout::Tree;
use super::newsgroups::read_tree;
use super::parts::{Part, Parts, Place, Rows};
use crate::session::{Strip, say};

/// Folders of texts that nobody has labelled.
const UNLABELLED: [&str; 5] = ["unsup", "unsupervised", "unlabeled", "unlabelled", "unlab"];

/// Reads the texts of `listing` into `parts`; `part` is the one it was named for, and whether it may hold others. What
/// is said of labels is said where the goal is to learn them.
///
/// # Errors
/// [`DataError`] naming the file.
pub fn read(listing: Listing, path: &Path, part: (Part, bool), goal: Goal, parts: &mut Parts) -> Result<(), DataError> {
    // Those that are skipped were told already.
    let tree = Tree { skipped: 0, ..into_tree(listing)? };
    let has_classes = tree.documents.keys().any(|place| place.len() > 1);
    let read = if has_classes { by_class(tree, path, goal)? } else { flat(tree, path, goal)? };
    take_over(read, part, parts);
    Ok(())
}

fn by_class(tree: Tree, path: &Path, goal: Goal) -> Result<Parts, DataError> {
    let plain = Strip { headers: false, footers: false, quotes: false };
    let mut read = read_tree(tree, plain, path)?;
    let is_unlabelled = |label: &str| UNLABELLED.contains(&label.to_lowercase().as_str());
    let mut without = 0;
    for row in read.rows_mut() {
        if row.label.as_deref().is_some_and(is_unlabelled) {
            row.label = None;
            without += 1;
        }
    }
    if without > 0 && goal == Goal::Classes {
        read.notes.push(say!("{without} texts lie in a folder that is called unlabelled, and have no label", without));
    }
    Ok(read)
}

/// Texts without classes, each file one.
fn flat(tree: Tree, path: &Path, goal: Goal) -> Result<Parts, DataError> {
    let legacy = legacy_encoding(tree.documents.values().map(Vec::as_slice));
    let mut parts = Parts::default();
    let count = tree.documents.len();
    for (place, bytes) in tree.documents {
        let name = path.join(place.join("/"));
        within_limit(&bytes, &name)?;
        let decoded = decode(&bytes, legacy).map_err(|reason| DataError::text(reason, &name))?;
        let pushed = parts.train.push(&decoded.text, None, Place::default());
        pushed.map_err(|reason| DataError::text(reason, &name))?;
    }
    if goal == Goal::Classes {
        parts.notes.push(say!("{count} files in no class folder are read as a text each, without a label", count));
    }
    Ok(parts)
}

/// Adds what was read to what there is: to the part that was meant, or to each its own.
fn take_over(read: Parts, (part, spreads): (Part, bool), parts: &mut Parts) {
    let Parts { train, validation, test, notes, left_out, .. } = read;
    parts.notes.extend(notes);
    parts.left_out.extend(left_out);
    let all = [(Part::Train, Some(train)), (Part::Validation, validation), (Part::Test, test)];
    let mut all: Vec<(Part, Rows)> = all.into_iter().filter_map(|(part, rows)| Some((part, rows?))).collect();
    let has_parts = all.len() > 1;
    if !spreads && has_parts {
        all.retain(|(own, _)| *own == part);
    }
    for (own, rows) in all {
        let to = if spreads && has_parts { own } else { part };
        let into = parts.part_mut(to);
        into.rows.extend(rows.rows);
        rows.missing.into_iter().for_each(|(spelling, count)| *into.missing.entry(spelling).or_default() += count);
    }
}
