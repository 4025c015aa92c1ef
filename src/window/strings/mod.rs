//! The one catalogue of visible text: English phrases are the keys, so code reads as the window does.

mod plots;
mod shell;

use crate::session::Language;

/// `english` in `language`; English itself where a translation is missing (a test allows none).
pub fn translate(language: Language, english: &'static str) -> &'static str {
    if language == Language::English {
        return english;
    }
    let all = shell::CHINESE.iter().chain(plots::CHINESE);
    all.clone().find(|(key, _)| *key == english).map_or(english, |(_, chinese)| chinese)
}
