//! The one catalogue of visible text: English phrases are the keys, so code reads as the window does. What the
//! engine, the session and the record say comes as sentences ([`say`]): their templates are keys like any other, in
//! the lists whose names begin with `said`. Words from outside stay as they are.

mod asked;
mod catalog;
mod data;
mod export;
mod in_force;
mod keeping;
mod kept_pictures;
mod left_out;
mod lens;
mod long_runs;
mod pair;
mod plots;
mod result;
mod run_curves;
mod runs;
mod said_checkup;
mod said_export;
mod said_facing;
mod said_gguf;
mod said_hub;
mod said_keys;
mod said_kinds;
mod said_labels;
mod said_models;
mod said_run;
mod said_runs;
mod said_session;
mod said_student;
mod said_tables;
mod said_teacher;
mod said_tokens;
mod shelf;
mod shell;
mod side_by_side;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::preferences::Language;
use crate::session::sentence::filled;
use crate::session::{Argument, Sentence};

/// Every list of phrases, English and Chinese.
const LISTS: &[&[(&str, &str)]] = &[
    asked::CHINESE,
    pair::CHINESE,
    in_force::CHINESE,
    shelf::CHINESE,
    shell::CHINESE,
    side_by_side::CHINESE,
    keeping::CHINESE,
    kept_pictures::CHINESE,
    left_out::CHINESE,
    lens::CHINESE,
    long_runs::CHINESE,
    plots::CHINESE,
    catalog::CHINESE,
    data::CHINESE,
    export::CHINESE,
    result::CHINESE,
    run_curves::CHINESE,
    runs::CHINESE,
    said_run::CHINESE,
    said_runs::CHINESE,
    said_session::CHINESE,
    said_student::CHINESE,
    said_keys::CHINESE,
    said_teacher::CHINESE,
    said_tokens::CHINESE,
    said_models::CHINESE,
    said_kinds::CHINESE,
    said_gguf::CHINESE,
    said_hub::CHINESE,
    said_checkup::CHINESE,
    said_export::CHINESE,
    said_facing::CHINESE,
    said_tables::CHINESE,
    said_labels::CHINESE,
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
    /// Every label of every frame is looked up here.
    static PHRASES: LazyLock<HashMap<&str, &str>> =
        LazyLock::new(|| LISTS.iter().copied().flatten().copied().collect());
    PHRASES.get(english).copied()
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

    /// The templates of every `say!("…")` in a source.
    fn templates(source: &str) -> Vec<String> {
        let code = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        let code = lines.collect::<Vec<_>>().join("\n");
        code.split("say!(").skip(1).filter_map(|rest| literal(rest.trim_start())).collect()
    }

    /// The sources of the rooms that make sentences.
    fn speakers() -> Vec<String> {
        let mut found = Vec::new();
        for room in ["engine", "link", "record", "session", "window"] {
            sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room), &mut found);
        }
        found
    }

    /// The names in a template, in order of the alphabet.
    fn places(template: &str) -> Vec<String> {
        let names = std::cell::RefCell::new(Vec::new());
        filled(template, |name| {
            names.borrow_mut().push(name.to_owned());
            None
        });
        let mut names = names.into_inner();
        names.sort_unstable();
        names.dedup();
        names
    }

    #[test]
    fn every_sentence_has_a_chinese_one_with_the_same_places() {
        let templates: Vec<String> = speakers().iter().flat_map(|source| templates(source)).collect();
        assert!(templates.len() > 900, "only {} sentences were found", templates.len());
        let missing: Vec<&String> = templates.iter().filter(|key| of_template(key).is_none()).collect();
        assert!(missing.is_empty(), "no Chinese for {missing:#?}");
        let differs = |key: &&String| of_template(key).is_none_or(|chinese| places(key) != places(chinese));
        let other: Vec<&String> = templates.iter().filter(differs).collect();
        assert!(other.is_empty(), "the Chinese has other places than {other:#?}");
    }

    #[test]
    fn no_list_of_sentences_keeps_one_that_is_said_no_more() {
        let templates: Vec<String> = speakers().iter().flat_map(|source| templates(source)).collect();
        let lists = [
            said_checkup::CHINESE,
            said_export::CHINESE,
            said_facing::CHINESE,
            said_gguf::CHINESE,
            said_hub::CHINESE,
            said_keys::CHINESE,
            said_kinds::CHINESE,
            said_labels::CHINESE,
            said_models::CHINESE,
            said_run::CHINESE,
            said_runs::CHINESE,
            said_session::CHINESE,
            said_student::CHINESE,
            said_tables::CHINESE,
            said_teacher::CHINESE,
            said_tokens::CHINESE,
        ];
        let keys = lists.iter().copied().flatten().map(|(key, _)| *key);
        let stale: Vec<&str> = keys.filter(|key| !templates.iter().any(|template| template == key)).collect();
        assert!(stale.is_empty(), "nobody says {stale:#?}");
    }

    /// A sentence that is written out where words from outside are taken would be English in every window.
    #[test]
    fn no_sentence_goes_around_the_templates() {
        let around = ["Sentence::verbatim(\"", "Notice::from(\"", "Warning(\"", "Failed(\"", "Note(\""];
        for source in speakers() {
            let code = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            let found: Vec<&str> =
                lines.filter(|line| around.iter().any(|start| line.split(start).skip(1).any(is_sentence))).collect();
            assert!(found.is_empty(), "say! is for {found:#?}");
        }
    }

    /// Whether the literal that begins here has several words.
    fn is_sentence(rest: &str) -> bool {
        literal(&format!("\"{rest}")).is_some_and(|words| words.trim().contains(' '))
    }

    #[test]
    fn a_sentence_within_a_sentence_is_said_in_the_same_language() {
        let inner = crate::session::say!("it is not a JSON object");
        let outer = crate::session::say!("config.json: {reason}", reason = &inner);
        let wrapped =
            Sentence::joined([crate::session::say!("{reason} (line {line})", reason = outer, line = 7)], "; ");
        assert_eq!(say(Language::Chinese, &wrapped), "config.json：它不是 JSON 对象（第 7 行）");
        assert_eq!(say(Language::English, &wrapped), "config.json: it is not a JSON object (line 7)");
        let both = Sentence::joined([inner, Sentence::verbatim("EOF")], "; ");
        assert_eq!(say(Language::Chinese, &both), "它不是 JSON 对象；EOF");
        assert_eq!(say(Language::Chinese, &Sentence::verbatim("as it was written then")), "as it was written then");
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
    fn no_phrase_is_translated_twice() {
        let mut keys: Vec<&str> = LISTS.iter().copied().flatten().map(|(key, _)| *key).collect();
        keys.sort_unstable();
        let twice: Vec<_> = keys.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }
}
