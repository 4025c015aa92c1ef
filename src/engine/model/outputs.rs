//! The outputs of a stored classifier against the classes of the data: matched by name, never by place.
//!
//! Two spellings of one name are taken for it: other case, blanks, underscores, hyphens and the like,
//! `7` and `7.0`, fastText's `__label__`. An exact name goes before a spelling, and a spelling that fits
//! two names fits none. Transformers' `LABEL_3` is the class `3` where the data's classes are just the
//! numbers from 0 on, which is what the name says; otherwise it says nothing. What is left may be
//! short forms, `neg` and `pos` for `negative` and `positive`: taken only where they leave no class and no
//! output over and no doubt, and always told.

use std::collections::{BTreeMap, BTreeSet};

use crate::session::{Sentence, say};

/// Most names in a sentence.
const SHOWN: usize = 8;
/// Fewest letters of a short form: `pos`, `neg` and `neu` are usual, two letters begin too many words.
const SHORTEST: usize = 3;

/// The classes of a stored classifier and how they stand to the data's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outputs {
    /// Their names in the order in which they are stored; empty for a model without a stored classifier.
    pub names: Vec<String>,
    /// For each class of the data the output that answers for it, where that is not each in its place.
    pub order: Option<Vec<usize>>,
    /// Outputs that answer for no class of the data and were left out by hand.
    pub left_out: Vec<String>,
    /// Whether nothing names them, and they are taken for the data's in their order.
    pub unnamed: bool,
    /// Whether a new classifier stands in the place of this one, which was for other classes.
    pub replaced: bool,
    /// Why they are not the data's classes, and what to do; `None` where they are.
    pub trouble: Option<Sentence>,
}

/// The outputs that answer for the classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// For each class the index of its output.
    pub order: Vec<usize>,
    /// Names of the outputs that answer for none.
    pub left_out: Vec<String>,
    /// Whether a class was found by a short form of a name.
    pub shortened: bool,
}

impl Matched {
    /// Whether every output stands in its class's place, under its name.
    pub fn is_in_place(&self) -> bool {
        self.left_out.is_empty()
            && !self.shortened
            && self.order.iter().enumerate().all(|(class, output)| class == *output)
    }
}

/// The names of a classifier's `count` outputs where nothing names them.
pub fn unnamed(count: usize) -> Vec<String> {
    (0..count).map(|output| format!("LABEL_{output}")).collect()
}

/// Finds the output of every class: by `mapping` from outputs to classes where there is one, else by name.
///
/// # Errors
/// In words, what does not match and what to do.
pub fn matched(
    outputs: &[String],
    classes: &[String],
    mapping: Option<&BTreeMap<String, String>>,
) -> Result<Matched, Sentence> {
    let named = match mapping {
        Some(mapping) => mapped(outputs, classes, mapping)?,
        None => by_name(outputs, classes),
    };
    let short = mapping.is_none().then(|| by_short_form(outputs, classes, &named)).flatten();
    let shortened = short.is_some();
    let pairs = short.unwrap_or(named);
    let lost: Vec<&String> = classes.iter().zip(&pairs).filter(|(_, found)| found.is_none()).map(|(c, _)| c).collect();
    let order: Vec<usize> = pairs.iter().copied().flatten().collect();
    let left_out: Vec<String> =
        (0..outputs.len()).filter(|output| !order.contains(output)).map(|output| outputs[output].clone()).collect();
    match (lost.is_empty(), mapping.is_some()) {
        (true, true) => Ok(Matched { order, left_out, shortened }),
        (true, false) if left_out.is_empty() => Ok(Matched { order, left_out, shortened }),
        (false, true) => Err(Sentence::joined(
            [
                say!("`classes` names no output for {lost}", lost = list(&lost)),
                say!("name one for every class: the outputs are {outputs}", outputs = list(outputs)),
            ],
            "; ",
        )),
        _ => Err(unlike(outputs, classes, &lost, &left_out)),
    }
}

/// Outputs that are other classes than the data's.
fn unlike(outputs: &[String], classes: &[String], lost: &[&String], left_out: &[String]) -> Sentence {
    let both = say!(
        "its outputs are {outputs} and the data's classes {classes}",
        outputs = list(outputs),
        classes = list(classes)
    );
    let example = outputs.first().map_or_else(String::new, |name| format!("{name:?}: "));
    let class = lost.first().map_or_else(|| classes.first(), |lost| Some(*lost));
    let example = class.map_or_else(String::new, |class| format!("Some({{{example}{class:?}, …}})"));
    if outputs.len() < classes.len() {
        return Sentence::joined(
            [both, say!("it cannot answer for all of them: choose a model for these classes, or train one")],
            "; ",
        );
    }
    if lost.is_empty() {
        return Sentence::joined(
            [
                both,
                say!(
                    "no class is {left_out}: say which output is which class under `classes`, e.g. {example}, and those not named are left out",
                    left_out = list(left_out),
                    example
                ),
            ],
            "; ",
        );
    }
    Sentence::joined(
        [
            both,
            say!(
                "say which output is which class under `classes`, e.g. {example}, or choose a model for these classes",
                example
            ),
        ],
        "; ",
    )
}

/// Each class's output by name.
fn by_name(outputs: &[String], classes: &[String]) -> Vec<Option<usize>> {
    let counted = is_counted(classes);
    let exact: Vec<Option<usize>> = classes.iter().map(|class| only(outputs, |output| output == class)).collect();
    let taken = |output: usize| exact.contains(&Some(output));
    let near = |class: &String| {
        let name = folded(class);
        let alike = |output: &String| {
            let index = if counted { output.strip_prefix("LABEL_").unwrap_or(output) } else { output };
            folded(index) == name
        };
        let mut found = (0..outputs.len()).filter(|output| !taken(*output) && alike(&outputs[*output]));
        match (found.next(), found.next()) {
            (Some(one), None) => Some(one),
            _ => None,
        }
    };
    let mut pairs: Vec<Option<usize>> =
        classes.iter().zip(&exact).map(|(class, exact)| exact.or_else(|| near(class))).collect();
    // An output that two classes fit is neither's, unless one of them fits exactly.
    let all = pairs.clone();
    for (class, pair) in pairs.iter_mut().enumerate() {
        let double = pair.is_some() && all.iter().filter(|other| *other == pair).count() > 1;
        if double && exact[class].is_none() {
            *pair = None;
        }
    }
    pairs
}

/// The pairs of `named` made whole by names that begin as others do; `None` where none is missing, or one
/// stays missing or in doubt.
fn by_short_form(outputs: &[String], classes: &[String], named: &[Option<usize>]) -> Option<Vec<Option<usize>>> {
    if outputs.len() != classes.len() || named.iter().all(Option::is_some) {
        return None;
    }
    let free: Vec<usize> = (0..outputs.len()).filter(|output| !named.contains(&Some(*output))).collect();
    let fits = |class: &String| {
        let mut found = free.iter().copied().filter(|output| is_short_form(class, &outputs[*output]));
        found.next().filter(|_| found.next().is_none())
    };
    let pairs: Vec<Option<usize>> =
        classes.iter().zip(named).map(|(class, pair)| pair.or_else(|| fits(class))).collect();
    let used: BTreeSet<usize> = pairs.iter().copied().flatten().collect();
    (used.len() == outputs.len()).then_some(pairs)
}

/// Whether one name is the beginning of the other, and long enough to say something.
fn is_short_form(one: &str, other: &str) -> bool {
    let (one, other) = (folded(one), folded(other));
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let is_word = short.chars().all(char::is_alphabetic) && short.chars().count() >= SHORTEST;
    is_word && long.starts_with(&short)
}

/// Each class's output by the mapping of a session.
fn mapped(
    outputs: &[String],
    classes: &[String],
    mapping: &BTreeMap<String, String>,
) -> Result<Vec<Option<usize>>, Sentence> {
    let mut pairs = vec![None; classes.len()];
    for (output, class) in mapping {
        let Some(found) = named(outputs, output) else {
            return Err(Sentence::joined(
                [
                    say!(
                        "`classes` names an output {output}, and the model has {outputs}",
                        output = format_args!("{output:?}"),
                        outputs = list(outputs)
                    ),
                    say!("name one of these"),
                ],
                "; ",
            ));
        };
        let Some(place) = named(classes, class) else {
            return Err(Sentence::joined(
                [
                    say!(
                        "`classes` names a class {class}, and the data has {classes}",
                        class = format_args!("{class:?}"),
                        classes = list(classes)
                    ),
                    say!("name one of these"),
                ],
                "; ",
            ));
        };
        if pairs[place].is_some() || pairs.contains(&Some(found)) {
            return Err(Sentence::joined(
                [
                    say!(
                        "`classes` names {output} or {class} twice",
                        output = format_args!("{output:?}"),
                        class = format_args!("{class:?}")
                    ),
                    say!("give every class one output of its own"),
                ],
                "; ",
            ));
        }
        pairs[place] = Some(found);
    }
    Ok(pairs)
}

/// The one of `names` that is meant by `name`: itself, or the only spelling of it.
fn named(names: &[String], name: &str) -> Option<usize> {
    only(names, |other| other == name).or_else(|| {
        let name = folded(name);
        only(names, |other| folded(other) == name)
    })
}

/// The index of the only name of which `is` holds.
fn only(names: &[String], is: impl Fn(&String) -> bool) -> Option<usize> {
    let mut found = (0..names.len()).filter(|index| is(&names[*index]));
    match (found.next(), found.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

/// Whether the classes are just the numbers from 0 on, in whatever order.
fn is_counted(classes: &[String]) -> bool {
    let mut numbers: Vec<String> = classes.iter().map(|class| folded(class)).collect();
    numbers.sort_unstable();
    let mut counted: Vec<String> = (0..classes.len()).map(|number| number.to_string()).collect();
    counted.sort_unstable();
    numbers == counted
}

/// A name without what spellings of it differ in.
fn folded(name: &str) -> String {
    let name = name.trim();
    let name = name.strip_prefix("__label__").unwrap_or(name);
    if let Some(number) = number(name) {
        return number;
    }
    let letters = name.chars().map(narrow).flat_map(char::to_lowercase).filter(|letter| letter.is_alphanumeric());
    let letters: String = letters.collect();
    if letters.is_empty() { name.to_lowercase() } else { letters }
}

/// A number in one spelling; `None` for what is none.
fn number(name: &str) -> Option<String> {
    let narrowed: String = name.chars().map(narrow).collect();
    let is_number = narrowed.chars().any(|c| c.is_ascii_digit())
        && narrowed.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '+' | '-' | 'e' | 'E'));
    let value: f64 = narrowed.parse().ok().filter(|value: &f64| is_number && value.is_finite())?;
    Some(if value == 0.0 { "0".to_owned() } else { value.to_string() })
}

/// A full-width letter as the plain one.
fn narrow(letter: char) -> char {
    match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        '\u{3000}' => ' ',
        other => other,
    }
}

/// Some names, and how many more there are.
pub(super) fn list(names: &[impl AsRef<str>]) -> Sentence {
    let shown = names.iter().take(SHOWN).map(|name| name.as_ref().to_owned()).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => Sentence::verbatim(shown),
        more => say!("{shown} and {more} more", shown, more),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn order(outputs: &[&str], classes: &[&str]) -> Result<Vec<usize>, String> {
        matched(&names(outputs), &names(classes), None).map(|matched| matched.order).map_err(|said| said.to_string())
    }

    #[test]
    fn outputs_are_found_by_name_in_any_order_and_spelling() {
        let found: [(&[&str], &[&str], &[usize]); 15] = [
            (&["positive", "negative"], &["negative", "positive"], &[1, 0]),
            (&["World", "Sports", "Business", "Sci/Tech"], &["Business", "Sci/Tech", "Sports", "World"], &[2, 3, 1, 0]),
            (&["POSITIVE", "NEGATIVE"], &["negative", "positive"], &[1, 0]),
            (&["sci_tech", "World news"], &["Sci-Tech", "world_news"], &[0, 1]),
            (&["7", "10"], &["10.0", "7.0"], &[1, 0]),
            (&["-1", "1"], &["+1", "-1.0"], &[1, 0]),
            (&["__label__b", "__label__a"], &["a", "b"], &[1, 0]),
            (&["体育", "娱乐"], &["娱乐", "体育"], &[1, 0]),
            (&["ＡＢＣ", "d"], &["D", "abc"], &[1, 0]),
            (&["LABEL_0", "LABEL_1"], &["1", "0"], &[1, 0]),
            // Exact names go before spellings of them.
            (&["us", "US"], &["US", "us"], &[1, 0]),
            (&["C++", "C#", "C"], &["C", "C#", "C++"], &[2, 1, 0]),
            // Short forms, where they leave nothing over.
            (&["positive", "negative"], &["neg", "pos"], &[1, 0]),
            (&["POS", "NEG", "neutral"], &["Negative", "neutral", "Positive"], &[1, 2, 0]),
            (&["Business", "Sci/Tech", "Sports"], &["Sport", "business", "sci"], &[2, 0, 1]),
        ];
        for (outputs, classes, expected) in found {
            assert_eq!(order(outputs, classes).as_deref(), Ok(expected), "{outputs:?} {classes:?}");
        }
    }

    #[test]
    fn other_names_another_number_and_doubtful_spellings_match_nothing() {
        let refused: [(&[&str], &[&str]); 13] = [
            (&["LABEL_0", "LABEL_1"], &["negative", "positive"]),
            (&["LABEL_1", "LABEL_2"], &["1", "2"]),
            (&["good", "bad"], &["negative", "positive"]),
            (&["negative", "positive"], &["negative", "neutral", "positive"]),
            (&["negative", "neutral", "positive"], &["negative", "positive"]),
            (&["a b", "a_b"], &["A-B", "c"]),
            (&["a b", "c"], &["A-B", "a_b"]),
            (&["a", "a"], &["a", "b"]),
            (&["1", "-1"], &["1", "2"]),
            // Short forms that fit two, too short, not of all, or of numbers.
            (&["positive", "possible"], &["pos", "neg"]),
            (&["p", "n"], &["negative", "positive"]),
            (&["positive", "bad"], &["neg", "pos"]),
            (&["2019", "201"], &["20190", "20101"]),
        ];
        for (outputs, classes) in refused {
            let said = order(outputs, classes).unwrap_err();
            assert!(said.contains(outputs[0]) && said.contains(classes[0]), "{said}");
        }
        let said = order(&["LABEL_0", "LABEL_1"], &["negative", "positive"]).unwrap_err();
        assert!(said.contains(r#"Some({"LABEL_0": "negative", …})"#), "{said}");
    }

    #[test]
    fn a_mapping_says_which_is_which_and_a_partial_or_double_one_is_refused() {
        let outputs = names(&["LABEL_0", "LABEL_1", "LABEL_2"]);
        let classes = names(&["bad", "good"]);
        let by = |pairs: &[(&str, &str)]| {
            let mapping = pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            matched(&outputs, &classes, Some(&mapping))
        };
        let found = by(&[("LABEL_2", "bad"), ("label_0", "Good")]).unwrap();
        assert_eq!((found.order.as_slice(), found.left_out.as_slice()), (&[2, 0][..], &["LABEL_1".to_owned()][..]));
        let said = |pairs: &[(&str, &str)]| by(pairs).unwrap_err();
        assert!(said(&[("LABEL_2", "bad")]).contains("no output for good"));
        assert!(said(&[("LABEL_2", "bad"), ("LABEL_1", "bad")]).contains("twice"));
        assert!(said(&[("LABEL_2", "bad"), ("LABEL_9", "good")]).contains("LABEL_9"));
        assert!(said(&[("LABEL_2", "bad"), ("LABEL_1", "fine")]).contains("\"fine\""));
    }
}
