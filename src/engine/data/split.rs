//! From rows to a data set: the order of the classes, and who belongs to which part. All draws are
//! stratified: each class gives in proportion to its size, by the largest remainders, and who is
//! drawn from a class is a prefix of its own shuffled order. So a larger draw contains the smaller. Where texts
//! themselves are learned, all of them are drawn from as if they were one class.
//!
//! *Why two seeds (2026-11).* Parts and limit go by the data's own seed, labels by the run's: runs of
//! several seeds are measured on the same texts, and a student never meets, as another's teacher,
//! texts that its own run set aside. Chosen over one seed for both, which version 1 of the session had.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::data_error::DataError;
use super::label_rows::shortened;
use super::parts::{Part, Parts, Row, Rows};
use super::shuffle::{generator, shuffle};
use super::{Dataset, Example, Layout, Target};
use crate::session::{ClassWeights, Data, Sentence, say};

/// Why a text that a limit cuts off is in no part.
pub fn beyond_limit() -> Sentence {
    say!("texts beyond data.limit")
}

/// What is drawn. The generator's stream is made of it, apart from the streams of the epochs.
#[derive(Clone, Copy, Debug)]
enum Draw {
    Test = 1,
    Validation = 2,
    Limit = 3,
    Labelled = 4,
}

/// Classes where they are learned, in their order where they are named.
type Learned = Option<Option<Vec<String>>>;

/// Cuts `parts` as `data` asks; `seed` draws who keeps a label. Given are the classes, and what the fields are called.
/// `path` only names the source in errors.
///
/// # Errors
/// [`DataError::NoExamples`] without training examples, [`DataError::OneClass`].
pub fn split(
    parts: Parts,
    data: &Data,
    seed: u64,
    (learned, layout): (Learned, Arc<Layout>),
    path: &Path,
) -> Result<Dataset, DataError> {
    let classes = learned.map(|named| named.unwrap_or_else(|| class_order(&parts)));
    let cutter = Cutter { classes: classes.as_ref().map(Vec::len), seed: data.split_seed };
    let classes = classes.unwrap_or_default();
    let index: BTreeMap<&str, usize> = classes.iter().enumerate().map(|(i, class)| (class.as_str(), i)).collect();
    let mut train = examples(parts.train, &index);
    let test = match parts.test {
        Some(rows) => examples(rows, &index),
        None => cutter.cut(&mut train, data.test, Draw::Test),
    };
    let validation = match parts.validation {
        Some(rows) => examples(rows, &index),
        None => cutter.cut(&mut train, data.validation, Draw::Validation),
    };
    let all = train.len() + validation.len() + test.len();
    let (train, validation, test) = (
        cutter.limit(train, data.limit.train),
        cutter.limit(validation, data.limit.validation),
        cutter.limit(test, data.limit.test),
    );
    let labelled = Cutter { seed, ..cutter }.labelled(&train, data.labelled);
    let read = train.len() + validation.len() + test.len();
    let mut left_out = parts.left_out;
    left_out.extend((all > read).then(|| (beyond_limit(), all - read)));
    let mut set = Dataset { classes, train, labelled, validation, test, notes: parts.notes, left_out, layout };
    if data.labels.weights == ClassWeights::Balanced && cutter.classes.is_some() {
        balance(&mut set);
    }
    check(&set, path)?;
    let usable = set.train.iter().filter(|example| cutter.classes.is_none() || example.class().is_some()).count();
    Ok(with_notes(set, data, usable))
}

/// Class names: by value if all of them are integers, else by name.
fn class_order(parts: &Parts) -> Vec<String> {
    let names: BTreeSet<&str> = parts.iter().flat_map(|(_, rows)| rows.labelled()).map(|(_, label)| label).collect();
    let numbers: Option<BTreeSet<(i128, &str)>> = names.iter().map(|name| Some((name.parse().ok()?, *name))).collect();
    match numbers {
        Some(numbers) => numbers.into_iter().map(|(_, name)| name.to_owned()).collect(),
        None => names.into_iter().map(str::to_owned).collect(),
    }
}

fn examples(rows: Rows, index: &BTreeMap<&str, usize>) -> Vec<Example> {
    let class =
        |row: &Row| row.label.as_deref().and_then(|name| index.get(name)).and_then(|class| (*class).try_into().ok());
    let target = |row: &Row| match class(row) {
        Some(class) => Target::Class(class),
        None => row.completion.clone().map_or(Target::None, Target::Text),
    };
    rows.rows.into_iter().map(|row| Example { target: target(&row), fields: row.fields, weight: row.weight }).collect()
}

struct Cutter {
    /// How many classes there are, where they are learned.
    classes: Option<usize>,
    seed: u64,
}

impl Cutter {
    /// Takes a share of the examples that can be measured with out of `train`, leaving every class at least one.
    fn cut(&self, train: &mut Vec<Example>, share: f64, draw: Draw) -> Vec<Example> {
        let members = self.members(train);
        let labelled: usize = members.iter().map(Vec::len).sum();
        let total = (labelled as f64 * share.clamp(0.0, 1.0)).round() as usize;
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
        let mut members = self.members(&part);
        // Those without a label are drawn like a class of their own, behind the others.
        if self.classes.is_some() {
            members.push((0..part.len()).filter(|i| part[*i].class().is_none()).collect());
        }
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

    /// The examples of each class, in order; those without a label are in none. Without classes all are alike.
    fn members(&self, examples: &[Example]) -> Vec<Vec<usize>> {
        let Some(classes) = self.classes else { return vec![(0..examples.len()).collect()] };
        let mut members = vec![Vec::new(); classes];
        for (i, example) in examples.iter().enumerate() {
            if let Some(members) = example.class().and_then(|label| members.get_mut(label)) {
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
        if let Some(seat) = seats.get_mut(class) {
            *seat += 1;
        }
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
        if let Some(seat) = seats.get_mut(class) {
            *seat = 1;
        }
    }
    seats
}

/// Weighs the training examples so that each class counts the same in sum; those without a label that is used keep
/// their weight.
///
/// # Source
/// `class_weight="balanced"` of scikit-learn: n / (k · n_c).
fn balance(set: &mut Dataset) {
    let counts = set.class_counts();
    let (all, classes) = (counts.iter().sum::<usize>(), counts.iter().filter(|count| **count > 0).count());
    let weight = |class: usize| all as f64 / (classes * counts.get(class).copied().unwrap_or_default()).max(1) as f64;
    let used = set.train.iter_mut().zip(&set.labelled).filter(|(_, used)| **used);
    for (example, _) in used {
        if let Some(class) = example.class() {
            example.weight = (f64::from(example.weight) * weight(class)) as f32;
        }
    }
}

fn check(set: &Dataset, path: &Path) -> Result<(), DataError> {
    if set.train.is_empty() {
        let reason = say!("the source has none with text, or the limit is 0");
        return Err(DataError::NoExamples { what: Part::Train.adjective(), reason, path: path.to_owned() });
    }
    match set.classes.as_slice() {
        [class] => Err(DataError::OneClass { class: class.clone(), path: path.to_owned() }),
        _ => Ok(()),
    }
}

/// Adds what only the whole set shows; of its training texts `usable` have a truth to learn.
fn with_notes(mut set: Dataset, data: &Data, usable: usize) -> Dataset {
    let seen: HashSet<usize> = set.train.iter().filter_map(|example| example.class()).collect();
    let unseen: Vec<&str> =
        set.classes.iter().enumerate().filter(|(i, _)| !seen.contains(i)).map(|(_, class)| class.as_str()).collect();
    let mut notes = Vec::new();
    if !unseen.is_empty() {
        notes.push(say!("no training example has the class {unseen}", unseen = shortened(&unseen)));
    }
    if let Some(asked) = data.labelled.filter(|asked| *asked > usable) {
        notes.push(match set.classes.is_empty() {
            true => say!("data.labelled asks for {asked} texts, but there are {usable}: all are kept", asked, usable),
            false => say!(
                "data.labelled asks for {asked} labels, but {labelled} training texts have one: all are kept",
                asked,
                labelled = usable
            ),
        });
    }
    let texts: HashSet<&str> = set.train.iter().map(|example| example.text()).collect();
    for (part, examples) in [(Part::Validation, &set.validation), (Part::Test, &set.test)] {
        let doubled = examples.iter().filter(|example| texts.contains(example.text())).count();
        if doubled > 0 {
            let (all, part) = (examples.len(), part.adjective());
            notes.push(say!("{doubled} of {all} {part} texts also occur among the training texts", doubled, all, part));
        }
    }
    set.notes.extend(notes);
    set
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::data::parts::Place;
    use crate::session::{DataSource, Labels, Limits};

    fn asked() -> Data {
        let source = DataSource::BuiltIn("posts".into());
        Data {
            source,
            labels: Labels::default(),
            validation: 0.1,
            test: 0.2,
            split_seed: 0,
            labelled: None,
            limit: Limits::default(),
        }
    }

    fn rows(labels: &[(&str, usize)]) -> Rows {
        let each = |(label, count): &(&str, usize)| {
            let label: Arc<str> = (*label).into();
            (0..*count).map(move |i| Row::plain(&format!("{label} {i}"), Some(Arc::clone(&label)), Place::default()))
        };
        let mut rows = Rows::default();
        rows.rows.extend(labels.iter().flat_map(each));
        rows
    }

    fn unsplit(labels: &[(&str, usize)]) -> Parts {
        Parts { train: rows(labels), ..Parts::default() }
    }

    fn cut(parts: Parts, data: &Data, seed: u64) -> Result<Dataset, DataError> {
        split(parts, data, seed, (Some(None), Arc::default()), Path::new("rows.csv"))
    }

    fn per_class(set: &Dataset, examples: &[Example]) -> Vec<usize> {
        let count = |class| examples.iter().filter(|example| example.class() == Some(class)).count();
        (0..set.classes.len()).map(count).collect()
    }

    fn texts(examples: &[Example]) -> Vec<&str> {
        examples.iter().map(|example| example.text()).collect()
    }

    #[test]
    fn classes_are_sorted_by_name_or_by_value() {
        let order = |labels: &[(&str, usize)]| cut(unsplit(labels), &asked(), 1).unwrap().classes;
        assert_eq!(order(&[("b", 9), ("a", 9), ("10", 9)]), ["10", "a", "b"]);
        assert_eq!(order(&[("10", 9), ("9", 9), ("-1", 9)]), ["-1", "9", "10"]);
    }

    #[test]
    fn each_class_gives_its_share_to_each_part() {
        let set = cut(unsplit(&[("a", 100), ("b", 50), ("c", 10)]), &asked(), 1).unwrap();
        assert_eq!(per_class(&set, &set.test), [20, 10, 2]);
        assert_eq!(per_class(&set, &set.validation), [8, 4, 1]);
        assert_eq!(per_class(&set, &set.train), [72, 36, 7]);
        let mut all = [texts(&set.train), texts(&set.validation), texts(&set.test)].concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 160);
    }

    #[test]
    fn a_part_that_the_source_has_is_kept() {
        let parts = Parts { test: Some(rows(&[("b", 3)])), ..unsplit(&[("a", 50), ("b", 50)]) };
        let set = cut(parts.clone(), &asked(), 1).unwrap();
        assert_eq!(texts(&set.test), ["b 0", "b 1", "b 2"]);
        assert_eq!((set.train.len(), set.validation.len()), (90, 10));
        let parts = Parts { validation: Some(rows(&[("a", 1)])), ..parts };
        assert_eq!(cut(parts, &asked(), 1).unwrap().counts().train, 100);
    }

    #[test]
    fn the_split_depends_on_its_own_seed_alone_and_the_labels_on_the_runs() {
        let cut_with = |split_seed, seed| {
            let data = Data { split_seed, limit: Limits::each(Some(30)), labelled: Some(10), ..asked() };
            cut(unsplit(&[("a", 40), ("b", 40)]), &data, seed).unwrap()
        };
        let (one, other) = (cut_with(1, 1), cut_with(1, 2));
        assert_eq!(one, cut_with(1, 1));
        assert_eq!(Dataset { labelled: one.labelled.clone(), ..other.clone() }, one, "the parts are the same");
        assert_ne!(one.labelled, other.labelled);
        let apart = cut_with(2, 1);
        assert_ne!(texts(&one.test), texts(&apart.test));
        assert_ne!(texts(&one.validation), texts(&apart.validation));
        assert_ne!(texts(&one.train), texts(&apart.train));
    }

    #[test]
    fn every_class_keeps_a_training_example_and_a_label() {
        let data = Data { validation: 0.5, test: 0.5, labelled: Some(3), ..asked() };
        let set = cut(unsplit(&[("a", 90), ("b", 1), ("c", 2)]), &data, 1).unwrap();
        assert!(per_class(&set, &set.train).iter().all(|count| *count > 0));
        let labelled: BTreeSet<usize> = set
            .train
            .iter()
            .zip(&set.labelled)
            .filter(|(_, labelled)| **labelled)
            .map(|(e, _)| e.class().unwrap())
            .collect();
        assert_eq!((set.counts().labelled, labelled.len()), (3, 3));
    }

    #[test]
    fn a_larger_labelled_choice_contains_the_smaller() {
        let choice = |labelled| {
            let data = Data { labelled: Some(labelled), ..asked() };
            cut(unsplit(&[("a", 60), ("b", 60)]), &data, 4).unwrap().labelled
        };
        let (few, many) = (choice(10), choice(40));
        assert_eq!((few.iter().filter(|l| **l).count(), many.iter().filter(|l| **l).count()), (10, 40));
        assert!(few.iter().zip(&many).all(|(few, many)| many | !few));
        assert!(choice(0).iter().all(|labelled| !labelled) && choice(9999).iter().all(|labelled| *labelled));
    }

    #[test]
    fn a_limit_holds_for_each_part_and_keeps_every_class() {
        let data = Data { limit: Limits::each(Some(10)), ..asked() };
        let set = cut(unsplit(&[("a", 300), ("b", 100), ("c", 10)]), &data, 1).unwrap();
        assert_eq!((set.train.len(), set.validation.len(), set.test.len()), (10, 10, 10));
        assert!(per_class(&set, &set.train).iter().all(|count| *count > 0));
    }

    #[test]
    fn data_that_teaches_nothing_is_refused() {
        let error = cut(unsplit(&[("only", 9)]), &asked(), 1).unwrap_err().to_string();
        assert!(error.contains("class `only`") && error.ends_with("rows.csv"), "{error}");
        let error = cut(Parts::default(), &asked(), 1).unwrap_err().to_string();
        assert!(error.contains("no training examples"), "{error}");
        let none = Data { limit: Limits::each(Some(0)), ..asked() };
        assert!(cut(unsplit(&[("a", 9), ("b", 9)]), &none, 1).unwrap_err().to_string().contains("limit is 0"));
    }

    #[test]
    fn texts_without_a_label_stay_in_the_training_part_and_are_never_drawn_for_another() {
        let bare = (0..60).map(|i| Row::plain(&format!("bare {i}"), None, Place::default()));
        let mut parts = unsplit(&[("a", 40), ("b", 20)]);
        parts.train.rows.extend(bare);
        let set = cut(parts.clone(), &asked(), 1).unwrap();
        assert_eq!((per_class(&set, &set.test), per_class(&set, &set.validation)), (vec![8, 4], vec![3, 2]));
        assert!(set.test.iter().chain(&set.validation).all(|example| example.class().is_some()));
        let counts = set.counts();
        assert_eq!((counts.train, counts.labelled), (43 + 60, 43));
        assert!(set.train.iter().zip(&set.labelled).all(|(example, labelled)| example.class().is_some() == *labelled));
        let few = cut(parts.clone(), &Data { labelled: Some(10), ..asked() }, 1).unwrap();
        assert_eq!(few.counts().labelled, 10, "counted among those that have one");
        let limited = cut(parts.clone(), &Data { limit: Limits::each(Some(20)), ..asked() }, 1).unwrap();
        assert_eq!(limited.train.len(), 20);
        assert!((6..=12).contains(&limited.counts().labelled), "in proportion");
        assert_eq!(limited.left_out, [(beyond_limit(), 83)]);
        let more = cut(parts, &Data { labelled: Some(50), ..asked() }, 1).unwrap();
        assert!(more.notes.iter().any(|note| note.contains("asks for 50 labels, but 43")), "{:?}", more.notes);
    }

    #[test]
    fn texts_in_two_parts_and_unseen_classes_are_noted() {
        let parts = Parts { test: Some(rows(&[("a", 3), ("new", 1)])), ..unsplit(&[("a", 20), ("b", 20)]) };
        let notes = cut(parts, &Data { validation: 0.0, ..asked() }, 1).unwrap().notes;
        assert_eq!(
            notes,
            ["no training example has the class `new`", "3 of 4 test texts also occur among the training texts"]
        );
    }

    proptest! {
        #[test]
        fn seats_add_up_and_stay_close_to_the_share(sizes in prop::collection::vec(0usize..50, 1..20), total in 0usize..600) {
            let all: usize = sizes.iter().sum();
            let seats = apportion(&sizes, total);
            prop_assert_eq!(seats.iter().sum::<usize>(), total.min(all));
            for (seat, size) in seats.iter().zip(&sizes) {
                let share = total.min(all) as f64 * *size as f64 / all.max(1) as f64;
                prop_assert!(*seat <= *size && (*seat as f64 - share).abs() < 1.0);
            }
            let fair = one_each(seats.clone(), &sizes);
            prop_assert_eq!(fair.iter().sum::<usize>(), seats.iter().sum::<usize>());
            let classes = sizes.iter().filter(|size| **size > 0).count();
            if total >= classes {
                prop_assert!(fair.iter().zip(&sizes).all(|(seat, size)| (*seat > 0) == (*size > 0) && seat <= size));
            }
        }
    }
}
