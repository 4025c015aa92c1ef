//! The one catalogue of visible text: English phrases are the keys, so code reads as the window does.

mod asked;
mod catalog;
mod in_force;
mod keeping;
mod pair;
mod plots;
mod result;
mod shell;

use std::borrow::Cow;

use super::preferences::Language;
use crate::session::sentence::filled;
use crate::session::{Argument, Sentence};

/// Every list of phrases, English and Chinese.
const LISTS: &[&[(&str, &str)]] = &[
    asked::CHINESE,
    pair::CHINESE,
    in_force::CHINESE,
    shell::CHINESE,
    keeping::CHINESE,
    plots::CHINESE,
    catalog::CHINESE,
    result::CHINESE,
];

/// `english` in `language`; English itself where a translation is missing (a test allows none).
pub fn translate(language: Language, english: &'static str) -> &'static str {
    if language == Language::English {
        return english;
    }
    chinese(english).unwrap_or(english)
}

/// The engine's `words` in `language`, where the catalogue knows them; figures behind a comma stay.
pub fn heard(language: Language, words: &str) -> Cow<'_, str> {
    let known = |words: &str| chinese(words).filter(|_| language != Language::English);
    let (head, figures) = words.split_once(", ").unwrap_or((words, ""));
    match (known(words), known(head)) {
        (Some(whole), _) => whole.into(),
        (None, Some(head)) => format!("{head} {figures}").into(),
        (None, None) => words.into(),
    }
}

/// What an engine's `sentence` says in `language`: its template is looked up, and what stands in its places is said
/// in the same language. One of before there were templates stays as it is.
pub fn say(language: Language, sentence: &Sentence) -> String {
    let template = Some(sentence.key()).filter(|_| language != Language::English).and_then(of_template);
    let Some(template) = template else { return sentence.to_string() };
    filled(template, |name| sentence.argument(name).map(|argument| told(language, argument)))
}

fn of_template(key: &str) -> Option<&str> {
    chinese(key).or_else(|| is_bare(key).then_some(key))
}

/// Whether a template has nothing but places and signs, which every language shares.
fn is_bare(key: &str) -> bool {
    !filled(key, |_| Some(String::new())).contains(char::is_alphabetic)
}

fn told(language: Language, argument: &Argument) -> String {
    match argument {
        Argument::Text(text) => text.clone(),
        Argument::Said(sentence) => say(language, sentence),
        Argument::List { between, parts } => {
            let between = match &**between {
                "; " => "；",
                ", " => "，",
                ": " => "：",
                other => other,
            };
            parts.iter().map(|part| say(language, part)).collect::<Vec<_>>().join(between)
        }
    }
}

fn chinese(english: &str) -> Option<&'static str> {
    let mut phrases = LISTS.iter().copied().flatten();
    phrases.find(|(key, _)| *key == english).map(|(_, chinese)| *chinese)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn has_chinese(english: &str) -> bool {
        chinese(english).is_some()
    }

    /// The literals of every `.t("…")`, and of the titles and helps of sections, in a source.
    fn phrases(source: &str) -> Vec<String> {
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        let starts = [".t(", "title: ", "help: "];
        let literals = starts.iter().flat_map(|start| code.split(start).skip(1));
        literals.filter_map(|rest| literal(rest.trim_start())).collect()
    }

    fn literal(text: &str) -> Option<String> {
        let mut phrase = String::new();
        let mut signs = text.strip_prefix('"')?.chars();
        loop {
            match signs.next()? {
                '"' => return Some(phrase),
                '\\' => phrase.push(signs.next().filter(|sign| *sign != 'n').unwrap_or('\n')),
                sign => phrase.push(sign),
            }
        }
    }

    fn sources(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn every_visible_phrase_has_a_chinese_one() {
        let mut found = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/window"), &mut found);
        let phrases: Vec<String> = found.iter().flat_map(|source| phrases(source)).collect();
        assert!(phrases.len() > 300, "only {} phrases were found", phrases.len());
        let missing: Vec<&String> = phrases.iter().filter(|phrase| !has_chinese(phrase)).collect();
        assert!(missing.is_empty(), "no Chinese for {missing:#?}");
    }

    #[test]
    fn every_character_is_in_the_bundled_font() {
        let ctx = egui::Context::default();
        crate::window::theme::install(&ctx, crate::window::preferences::ThemeChoice::Dark);
        let mut missing = String::new();
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
            let all = LISTS.iter().copied().flatten().flat_map(|(_, chinese)| chinese.chars());
            let font = egui::FontId::proportional(13.0);
            missing = ui.fonts_mut(|fonts| all.filter(|&c| !fonts.has_glyph(&font, c)).collect());
        });
        output.textures_delta.clear();
        assert_eq!(missing, "");
    }

    #[test]
    fn no_phrase_is_translated_twice_in_one_list() {
        for list in LISTS {
            let mut keys: Vec<&str> = list.iter().map(|(key, _)| *key).collect();
            keys.sort_unstable();
            assert!(keys.windows(2).all(|pair| pair[0] != pair[1]), "a phrase is listed twice");
        }
    }
}
