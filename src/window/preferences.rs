//! What is the person's and not the session's: language, look and the size of the window. A session
//! of somebody else opens in one's own language, and the next start looks like the last one.
//!
//! *Why a file beside the runs (2026-11).* These three stood in the session's view at first; then
//! opening another session, or the built-in one, changed the language of the window. A session of that
//! time is still read; what it says of them is left out.
//!
//! Not here: how the window is arranged; that belongs to the session, which shows the same picture
//! again.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::session::atomic::write_atomically;

/// Language of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// 简体中文.
    Chinese,
}

impl Language {
    /// The one that the system's locale asks for; English where it asks for one that is not here.
    pub fn of_the_system() -> Self {
        sys_locale::get_locale().map_or(Self::English, |locale| Self::of_locale(&locale))
    }

    /// By the name of a locale: `zh-CN`, `zh_Hans`, `zh`; any other is English.
    fn of_locale(locale: &str) -> Self {
        let language = locale.split(['-', '_', '.', '@']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("zh") { Self::Chinese } else { Self::English }
    }
}

/// Colours of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ThemeChoice {
    /// As the system has it.
    #[default]
    System,
    /// Light text on dark.
    Dark,
    /// Dark text on light.
    Light,
}

/// What a person has chosen for every session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// Language of the visible text; the system's where nobody chose.
    pub language: Option<Language>,
    /// Colours.
    pub theme: ThemeChoice,
    /// Width and height of the window when it was last neither maximised nor hidden, in points.
    pub size: Option<(f32, f32)>,
    /// Whether it filled the screen.
    pub maximized: bool,
}

impl Preferences {
    /// Width and height of the first window ever, points.
    pub const FIRST_SIZE: (f32, f32) = (1400.0, 900.0);
    /// Below this nothing has room, points.
    pub const LEAST_SIZE: (f32, f32) = (1000.0, 640.0);

    /// The file's, or the first ones where there is none. The second is what is wrong with the file.
    pub fn read(path: &Path) -> (Self, Option<String>) {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return (Self::default(), None),
            Err(e) => return (Self::default(), Some(e.to_string())),
        };
        match ron::from_str::<Self>(&text) {
            Ok(read) => (read.sound(), None),
            Err(e) => (Self::default(), Some(e.to_string())),
        }
    }

    /// Writes them down whole or not at all.
    ///
    /// # Errors
    /// The operating system's.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        let text = ron::to_string(self).map_err(std::io::Error::other)?;
        write_atomically(path, text.as_bytes())
    }

    /// A size that no window has is none.
    fn sound(self) -> Self {
        let fits = |&(width, height): &(f32, f32)| width >= Self::LEAST_SIZE.0 && height >= Self::LEAST_SIZE.1;
        Self { size: self.size.filter(|size| size.0.is_finite() && size.1.is_finite()).filter(fits), ..self }
    }

    /// Size of the window to open, points.
    pub fn opening_size(&self) -> [f32; 2] {
        self.size.unwrap_or(Self::FIRST_SIZE).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_asks_for_a_language() {
        for chinese in ["zh", "zh-CN", "zh_TW.UTF-8", "ZH-Hans-CN"] {
            assert_eq!(Language::of_locale(chinese), Language::Chinese, "{chinese}");
        }
        for other in ["", "C", "C.UTF-8", "en-GB", "de_DE", "zha", "POSIX"] {
            assert_eq!(Language::of_locale(other), Language::English, "{other}");
        }
    }

    #[test]
    fn what_was_chosen_is_there_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("preferences.ron");
        assert_eq!(Preferences::read(&path), (Preferences::default(), None));
        let chosen = Preferences {
            language: Some(Language::Chinese),
            theme: ThemeChoice::Light,
            size: Some((1280.0, 700.0)),
            maximized: true,
        };
        chosen.write(&path).unwrap();
        assert_eq!(Preferences::read(&path), (chosen, None));
    }

    #[test]
    fn a_damaged_file_costs_the_choices_and_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("preferences.ron");
        for text in ["(theme: Dark", "", "(theme: Purple)", "(size: Some((1)))"] {
            std::fs::write(&path, text).unwrap();
            let (read, problem) = Preferences::read(&path);
            assert!(read == Preferences::default() && problem.is_some(), "{text}");
        }
        // What a later program may add, and sizes that no window has.
        for text in [
            "(theme: Dark, sound: Loud)",
            "(theme: Dark, size: Some((3.0, -1.0)))",
            "(theme: Dark, size: Some((NaN, 900)))",
        ] {
            std::fs::write(&path, text).unwrap();
            let dark = Preferences { theme: ThemeChoice::Dark, ..Preferences::default() };
            assert_eq!(Preferences::read(&path), (dark, None), "{text}");
        }
    }
}
