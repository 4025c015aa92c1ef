//! Every colour, gap and font of the window.

use egui::Color32;

use crate::session::Language;

/// How things look and which language they speak: handed to everything that draws.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Language of the visible text.
    pub language: Language,
    /// Whether the background is dark.
    pub dark: bool,
}

impl Look {
    /// The visible text for an English phrase, in the look's language.
    pub fn t(&self, english: &'static str) -> &'static str {
        super::strings::translate(self.language, english)
    }
}

/// Colour of everything the teacher says, and of everything the student says.
pub fn side_colors(dark: bool) -> (Color32, Color32) {
    if dark {
        (Color32::from_rgb(240, 170, 70), Color32::from_rgb(90, 170, 250))
    } else {
        (Color32::from_rgb(190, 110, 0), Color32::from_rgb(20, 100, 200))
    }
}
