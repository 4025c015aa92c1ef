//! The colours, dark and light. Colours that must be told apart differ in lightness too, for eyes
//! that do not tell hues apart.

use egui::Color32;

use crate::record::export::chart::COLORS;

/// Every colour of one theme.
#[derive(Debug)]
pub struct Palette {
    /// Behind everything.
    pub background: Color32,
    /// Menus, dialogs, tooltips.
    pub surface: Color32,
    /// Text fields, the empty part of bars and heatmaps.
    pub field: Color32,
    /// Every other row of a table.
    pub stripe: Color32,
    /// A button at rest.
    pub button: Color32,
    /// A button under the pointer.
    pub button_hovered: Color32,
    /// A button held down.
    pub button_pressed: Color32,
    /// Hairlines between panels, frames of plots.
    pub line: Color32,
    /// Grid lines of plots.
    pub grid: Color32,
    /// Text.
    pub text: Color32,
    /// Captions, units, tick labels.
    pub text_weak: Color32,
    /// Headings and numbers that matter.
    pub text_strong: Color32,
    /// The one obvious button, the text cursor, links.
    pub accent: Color32,
    /// Text on `accent`.
    pub on_accent: Color32,
    /// Selected text and entries.
    pub accent_soft: Color32,
    /// Everything the teacher says.
    pub teacher: Color32,
    /// Everything the student says.
    pub student: Color32,
    /// Teacher minus student.
    pub difference: Color32,
    /// The right answer.
    pub gold: Color32,
    /// Went well.
    pub good: Color32,
    /// Deserves a look.
    pub warn: Color32,
    /// Went wrong; what pruning removes.
    pub bad: Color32,
    /// Under floating things.
    pub shadow: Color32,
    /// Curves of one chart, in order. None looks like the teacher's or the student's colour.
    pub series: [Color32; 8],
    /// Marks of knob changes, see [`Palette::knob`].
    pub knobs: [Color32; 6],
}

impl Palette {
    /// The colour of a curve, by its place within its chart.
    pub fn curve(&self, place: usize) -> Color32 {
        self.series[place % self.series.len()]
    }

    /// The colour of a knob's marks: the same knob always has the same one.
    pub fn knob(&self, id: &str) -> Color32 {
        let place = match id.rsplit('.').next().unwrap_or(id) {
            "temperature" => 0,
            "alpha" => 1,
            "learning_rate" | "rate" | "lr" => 2,
            "theta" | "threshold" => 3,
            other => 4 + other.bytes().fold(0, |sum, byte| sum ^ usize::from(byte)) % 2,
        };
        self.knobs[place]
    }
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// Light text on a dark slate.
pub(super) static DARK: Palette = Palette {
    background: rgb(0x15191f),
    surface: rgb(0x1e242c),
    field: rgb(0x0f1318),
    stripe: rgb(0x1a1f26),
    button: rgb(0x28303a),
    button_hovered: rgb(0x333d49),
    button_pressed: rgb(0x212831),
    line: rgb(0x2e3640),
    grid: rgb(0x272e37),
    text: rgb(0xd3d9e1),
    text_weak: rgb(0x8d97a5),
    text_strong: rgb(0xf3f6fa),
    accent: rgb(0x52c2ac),
    on_accent: rgb(0x0d1f1b),
    accent_soft: rgb(0x1f4f49),
    teacher: rgb(0xf0b45a),
    student: rgb(0x5ba4f2),
    difference: rgb(0xd48cf0),
    gold: rgb(0xffd968),
    good: rgb(0x77cc86),
    warn: rgb(0xf2c14e),
    bad: rgb(0xf07a76),
    shadow: Color32::from_black_alpha(110),
    series: [
        rgb(0x43cfc1),
        rgb(0xf76e8e),
        rgb(0xd2e063),
        rgb(0x9276fa),
        rgb(0xfebda1),
        rgb(0x409451),
        rgb(0xe093e4),
        rgb(0x8aa5c9),
    ],
    knobs: [rgb(0xff9e64), rgb(0x7dcfff), rgb(0xbb9af7), rgb(0xf7768e), rgb(0x9ece6a), rgb(0xe0d27a)],
};

/// The colours of curves on light ground: exported charts have the same.
const CURVES: [Color32; 8] = {
    let mut curves = [Color32::BLACK; 8];
    let mut place = 0;
    while place < curves.len() {
        let color = COLORS[place];
        curves[place] = Color32::from_rgb(color.red, color.green, color.blue);
        place += 1;
    }
    curves
};

/// Dark text on warm paper.
pub(super) static LIGHT: Palette = Palette {
    background: rgb(0xf8f7f4),
    surface: rgb(0xffffff),
    field: rgb(0xffffff),
    stripe: rgb(0xf1efea),
    button: rgb(0xe8e5df),
    button_hovered: rgb(0xdedad2),
    button_pressed: rgb(0xd2cdc3),
    line: rgb(0xd6d2ca),
    grid: rgb(0xe6e3dd),
    text: rgb(0x2b3038),
    text_weak: rgb(0x666d78),
    text_strong: rgb(0x0f1318),
    accent: rgb(0x0f7d6c),
    on_accent: rgb(0xffffff),
    accent_soft: rgb(0xbfe3dc),
    teacher: rgb(0xa26000),
    student: rgb(0x1b5fb4),
    difference: rgb(0x8a3fb0),
    gold: rgb(0x9a7000),
    good: rgb(0x2c7f45),
    warn: rgb(0x9a6400),
    bad: rgb(0xb93732),
    shadow: Color32::from_black_alpha(28),
    series: CURVES,
    knobs: [rgb(0xc2560c), rgb(0x1878ad), rgb(0x6f46c0), rgb(0xbf2f55), rgb(0x3f7a12), rgb(0x857000)],
};

/// Perceived lightness in [0, 1] (L of CIE Lab, over 100).
#[cfg(test)]
pub(super) fn lightness(color: Color32) -> f64 {
    let y = luminance(color);
    if y > 0.008856 { 1.16 * y.cbrt() - 0.16 } else { 9.033 * y }
}

/// Contrast ratio of two colours, 1 to 21, as web accessibility guidelines define it.
#[cfg(test)]
pub(super) fn contrast(a: Color32, b: Color32) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[cfg(test)]
fn luminance(color: Color32) -> f64 {
    let linear = |v: u8| {
        let v = f64::from(v) / 255.0;
        if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
}
