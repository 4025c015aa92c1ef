//! Which files of a folder or an archive are tables, and which of them are whose part.

use std::collections::BTreeSet;

use super::data_file::{DataFile, Listing};
use super::layout::part_in;
use super::parts::Part;
use super::table::{Table, by_name};
use crate::session::Format;

/// Names, without ending, of files that tell about data and hold none.
const ABOUT: [&str; 9] =
    ["readme", "license", "licence", "manifest", "dataset_infos", "dataset_info", "citation", "changelog", "notice"];

/// So many texts in folders of classes for each table: the tables are lists about the texts.
const TEXTS_A_TABLE: usize = 10;

/// Which files of a folder are tables: all of them where the format says so; else those that their names tell, or
/// that look like rows, unless the folder's files lie in folders of classes.
pub fn tables(listing: &Listing, format: &Format) -> Vec<Vec<String>> {
    let all: Vec<&DataFile> = listing.files.iter().filter(|file| !is_about(file)).collect();
    let places = |files: Vec<&DataFile>| files.into_iter().map(|file| file.place.clone()).collect();
    match format {
        Format::Folders => Vec::new(),
        Format::Auto => places(found(listing, all)),
        _ => places(all),
    }
}

fn is_about(file: &DataFile) -> bool {
    let name = file.name();
    ABOUT.contains(&name.split('.').next().unwrap_or_default()) || name.ends_with(".md")
}

fn found<'a>(listing: &Listing, all: Vec<&'a DataFile>) -> Vec<&'a DataFile> {
    let wrapping = wrapping(listing);
    let (named, others): (Vec<&DataFile>, Vec<&DataFile>) = all.into_iter().partition(|file| by_name(file).is_some());
    let in_folders = others.iter().filter(|file| file.place.len() > 1 + wrapping);
    let folders: BTreeSet<&[String]> = in_folders.clone().filter_map(|file| Some(file.place.split_last()?.1)).collect();
    if !named.is_empty() {
        let is_aside = folders.len() > 1 && in_folders.count() > TEXTS_A_TABLE * named.len();
        return if is_aside { Vec::new() } else { named };
    }
    if !folders.is_empty() {
        return Vec::new();
    }
    // A text may look like a row by chance, most of a folder do not.
    let texts = others.into_iter().filter_map(|file| Some((file, file.text(&mut Vec::new()).ok()?)));
    let (rows, texts): (Vec<_>, Vec<_>) =
        texts.map(|(file, text)| (file, is_rows(&text))).partition(|(_, is_rows)| *is_rows);
    if rows.len() > texts.len() { rows.into_iter().map(|(file, _)| file).collect() } else { Vec::new() }
}

fn is_rows(text: &str) -> bool {
    Table::format_of_text(text) != Format::Lines
}

/// Folders that hold everything.
fn wrapping(listing: &Listing) -> usize {
    let mut depth = 0;
    let folder =
        |file: &DataFile, depth: usize| file.place.get(depth).filter(|_| file.place.len() > depth + 1).cloned();
    while let Some(first) = listing.files.first().and_then(|file| folder(file, depth))
        && listing.files.iter().all(|file| folder(file, depth).as_ref() == Some(&first))
    {
        depth += 1;
    }
    depth
}

/// The part that a place names: its file before its folders, the inner ones first.
pub fn part_of(place: &[String]) -> Option<Part> {
    place.iter().rev().find_map(|name| part_in(name))
}

/// The part of each of several tables that were named together as `part`; `None` for one that is left aside. `owns`
/// are the parts that the tables call themselves by, and `spreads` says that each may go to its own. Gives nothing
/// where all of them are of other parts, and of several.
pub fn shares(part: Part, spreads: bool, owns: &[Option<Part>]) -> Option<Vec<Option<Part>>> {
    let distinct: BTreeSet<Part> = owns.iter().flatten().copied().collect();
    let is_there = owns.iter().any(|own| own.is_none_or(|own| own == part));
    match is_there {
        true if spreads => Some(owns.iter().map(|own| Some(own.unwrap_or(part))).collect()),
        true => Some(owns.iter().map(|own| Some(part).filter(|part| own.is_none_or(|own| own == *part))).collect()),
        // What is called otherwise, all of it by one name, is what was meant.
        false if distinct.len() < 2 => Some(vec![Some(part); owns.len()]),
        false => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_s_name_says_its_part_before_its_folder_does() {
        let place = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
        for (path, part) in [
            ("data/train-00000-of-00002.parquet", Some(Part::Train)),
            ("test_data/train.csv", Some(Part::Train)),
            ("dev/rows.csv", Some(Part::Validation)),
            ("rows.csv", None),
        ] {
            assert_eq!(part_of(&place(path)), part, "{path}");
        }
    }

    #[test]
    fn tables_go_to_their_own_part_only_where_nobody_said_which_is_which() {
        let (train, test, dev) = (Some(Part::Train), Some(Part::Test), Some(Part::Validation));
        for (part, spreads, owns, shared) in [
            (Part::Train, true, vec![train, test], Some(vec![train, test])),
            (Part::Train, true, vec![None, test], Some(vec![train, test])),
            (Part::Train, true, vec![test, test], Some(vec![train, train])),
            (Part::Train, true, vec![dev, test], None),
            (Part::Train, false, vec![train, test, None], Some(vec![train, None, train])),
            (Part::Test, false, vec![train, test], Some(vec![None, test])),
            (Part::Test, false, vec![dev], Some(vec![test])),
            (Part::Test, false, vec![train, dev], None),
            (Part::Train, false, vec![], Some(vec![])),
        ] {
            assert_eq!(shares(part, spreads, &owns), shared, "{part:?} {spreads} {owns:?}");
        }
    }
}
