//! The bundled fonts and the order in which they are asked for a character.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily};

use crate::record::export::png::TEXT_FONT;

/// Family of headings and emphasis.
pub(super) const STRONG: &str = "strong";
const TEXT: &str = "Noto Sans CJK SC";
const BOLD_LATIN: &str = "Noto Sans CJK SC bold Latin";
/// egui's monospaced font, which has box lines and letters the bundled one lacks.
const MONO: &str = "Hack";

/// One design for Latin and Chinese, so that mixed lines have one weight and one baseline;
/// behind it egui's own fonts for the signs it lacks.
pub(super) fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let bold = include_bytes!("../../../assets/fonts/NotoSansCJK-SC-bold-latin.otf");
    fonts.font_data.insert(TEXT.to_owned(), Arc::new(FontData::from_static(TEXT_FONT)));
    fonts.font_data.insert(BOLD_LATIN.to_owned(), Arc::new(FontData::from_static(bold)));
    let signs = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let family = |first: &[&str]| -> Vec<String> {
        let first = first.iter().map(|&name| name.to_owned());
        first.chain(signs.iter().cloned()).collect()
    };
    fonts.families.insert(FontFamily::Proportional, family(&[TEXT, MONO]));
    fonts.families.insert(FontFamily::Monospace, family(&[MONO, TEXT]));
    fonts.families.insert(FontFamily::Name(STRONG.into()), family(&[BOLD_LATIN, TEXT, MONO]));
    fonts
}
