//! From rows to a data set: the order of the classes, and who belongs to which part. All draws are
//! stratified: each class gives in proportion to its size, by the largest remainders, and who is
//! drawn from a class is a prefix of its own shuffled order. So a larger draw contains the smaller.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::error::DataError;
use super::parts::{Part, Parts, Rows};
use super::shuffle::{generator, shuffle};
use super::{Dataset, Example};
use crate::session::Data;

/// What is drawn. The generator's stream is made of it, apart from the streams of the epochs.
#[derive(Clone, Copy, Debug)]
enum Draw {
    Test = 1,
    Validation = 2,
    Limit = 3,
    Labelled = 4,
}

/// Cuts `parts` as `data` asks. `path` only names the source in errors.
///
/// # Errors
/// [`DataError::NoExamples`] without training examples, [`DataError::OneClass`].
pub fn split(parts: Parts, data: &Data, seed: u64, path: &Path) -> Result<Dataset, DataError> {
    let classes = class_order(&parts);
    let cutter = Cutter { classes: classes.len(), seed };
    let index: BTreeMap<&str, usize> = classes.iter().enumerate().map(|(i, class)| (class.as_str(), i)).collect();
    let mut train = examples(&parts.train, &index);
    let test = match &parts.test {
        Some(rows) => examples(rows, &index),
        None => cutter.cut(&mut train, data.test, Draw::Test),
    };
    let validation = match &parts.validation {
        Some(rows) => examples(rows, &index),
        None => cutter.cut(&mut train, data.validation, Draw::Validation),
    };
    let limit = |part| cutter.limit(part, data.limit);
    let (train, validation, test) = (limit(train), limit(validation), limit(test));
    let labelled = cutter.labelled(&train, data.labelled);
    let set = Dataset { classes, train, labelled, validation, test, notes: parts.notes };
    check(&set, path)?;
    Ok(with_notes(set))
}

/// Class names: by value if all of them are integers, else by name.
fn class_order(parts: &Parts) -> Vec<String> {
    let names: BTreeSet<&str> = parts.iter().flat_map(|(_, rows)| &rows.rows).map(|row| row.label.as_str()).collect();
    let numbers: Option<BTreeSet<(i128, &str)>> = names.iter().map(|name| Some((name.parse().ok()?, *name))).collect();
    match numbers {
        Some(numbers) => numbers.into_iter().map(|(_, name)| name.to_owned()).collect(),
        None => names.into_iter().map(str::to_owned).collect(),
    }
}

fn examples(rows: &Rows, index: &BTreeMap<&str, usize>) -> Vec<Example> {
    let label = |name: &str| index.get(name).copied().unwrap_or_default();
    rows.rows.iter().map(|row| Example { text: Arc::from(row.text.as_str()), label: label(&row.label) }).collect()
}

struct Cutter {
    classes: usize,
    seed: u64,
}

impl Cutter {
    /// Takes a share of `train` out of it, leaving every class at least one example.
    fn cut(&self, train: &mut Vec<Example>, share: f64, draw: Draw) -> Vec<Example> {
        let total = (train.len() as f64 * share.clamp(0.0, 1.0)).round() as usize;
        let members = self.members(train);
        let mut quotas = apportion(&sizes(&members), total);
        quotas
            .iter_mut()
            .zip(&members)
            .for_each(|(quota, members)| *quota = (*quota).min(members.len().saturating_sub(1)));
        let chosen = self.choose(members, &quotas, draw);
        let (taken, kept) =
            std::mem::take(train).into_iter().enumerate().partition::<Vec<_>, _>(|(i, _)| chosen.contains(i));
        *train = kept.into_iter().map(|(_, example)| example).collect();
        taken.into_iter().map(|(_, example)| example).collect()
    }

    fn limit(&self, part: Vec<Example>, limit: Option<usize>) -> Vec<Example> {
        let Some(limit) = limit.filter(|limit| *limit < part.len()) else { return part };
        let members = self.members(&part);
        let quotas = one_each(apportion(&sizes(&members), limit), &sizes(&members));
        let chosen = self.choose(members, &quotas, Draw::Limit);
        part.into_iter().enumerate().filter(|(i, _)| chosen.contains(i)).map(|(_, example)| example).collect()
    }

    fn labelled(&self, train: &[Example], labelled: Option<usize>) -> Vec<bool> {
        let members = self.members(train);
        let quotas = one_each(apportion(&sizes(&members), labelled.unwrap_or(train.len())), &sizes(&members));
        let chosen = self.choose(members, &quotas, Draw::Labelled);
        (0..train.len()).map(|i| chosen.contains(&i)).collect()
    }

    /// The examples of each class, in order.
    fn members(&self, examples: &[Example]) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); self.classes];
        for (i, example) in examples.iter().enumerate() {
            if let Some(members) = members.get_mut(example.label) {
                members.push(i);
            }
        }
        members
    }

    fn choose(&self, members: Vec<Vec<usize>>, quotas: &[usize], draw: Draw) -> HashSet<usize> {
        let mut chosen = HashSet::new();
        for (class, (mut members, quota)) in members.into_iter().zip(quotas).enumerate() {
            let stream = (1 << 63) | ((draw as u64) << 32) | class as u64;
            shuffle(&mut members, &mut generator(self.seed, stream));
            chosen.extend(members.into_iter().take(*quota));
        }
        chosen
    }
}

fn sizes(members: &[Vec<usize>]) -> Vec<usize> {
    members.iter().map(Vec::len).collect()
}

/// `total` seats among classes of these sizes, in proportion, the last ones by the largest
/// remainder and then by class order. Never more than there are.
fn apportion(sizes: &[usize], total: usize) -> Vec<usize> {
    let all: usize = sizes.iter().sum();
    let total = total.min(all);
    let share = |size: usize| (total as u128 * size as u128, all.max(1) as u128);
    let mut seats: Vec<usize> = sizes.iter().map(|size| (share(*size).0 / share(*size).1) as usize).collect();
    let mut by_remainder: Vec<(u128, usize)> =
        sizes.iter().enumerate().map(|(class, size)| (share(*size).0 % share(*size).1, class)).collect();
    by_remainder.sort_by_key(|(remainder, class)| (std::cmp::Reverse(*remainder), *class));
    let missing = total - seats.iter().sum::<usize>();
    for (_, class) in by_remainder.into_iter().take(missing) {
        seats.iter_mut().skip(class).take(1).for_each(|seat| *seat += 1);
    }
    seats
}

/// Moves seats from the largest classes to those that got none, as far as there are enough.
fn one_each(mut seats: Vec<usize>, sizes: &[usize]) -> Vec<usize> {
    let without: Vec<usize> =
        (0..seats.len()).filter(|class| seats.get(*class) == Some(&0) && sizes.get(*class) > Some(&0)).collect();
    for class in without {
        let richest = seats.iter_mut().rev().max_by_key(|seat| **seat).filter(|seat| **seat > 1);
        let Some(richest) = richest else { break };
        *richest -= 1;
        seats.iter_mut().skip(class).take(1).for_each(|seat| *seat = 1);
    }
    seats
}

fn check(set: &Dataset, path: &Path) -> Result<(), DataError> {
    if set.train.is_empty() {
        let reason = "the source has none with text, or the limit is 0".to_owned();
        return Err(DataError::NoExamples { what: Part::Train.adjective(), reason, path: path.to_owned() });
    }
    match set.classes.as_slice() {
        [class] => Err(DataError::OneClass { class: class.clone(), path: path.to_owned() }),
        _ => Ok(()),
    }
}

/// Adds what only the whole set shows.
fn with_notes(mut set: Dataset) -> Dataset {
    let seen: HashSet<usize> = set.train.iter().map(|example| example.label).collect();
    let unseen: Vec<&str> =
        set.classes.iter().enumerate().filter(|(i, _)| !seen.contains(i)).map(|(_, class)| class.as_str()).collect();
    let mut notes = Vec::new();
    if !unseen.is_empty() {
        notes.push(format!("no training example has the class {}", unseen.join(", ")));
    }
    let texts: HashSet<&str> = set.train.iter().map(|example| &*example.text).collect();
    for (part, examples) in [(Part::Validation, &set.validation), (Part::Test, &set.test)] {
        let doubled = examples.iter().filter(|example| texts.contains(&*example.text)).count();
        if doubled > 0 {
            let (all, part) = (examples.len(), part.adjective());
            notes.push(format!("{doubled} of {all} {part} texts also occur among the training texts"));
        }
    }
    set.notes.extend(notes);
    set
}
