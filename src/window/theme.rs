//! Every colour, gap and font of the window. No colour is written anywhere else.
//!
//! The window is flat on purpose: panels have no fill of their own but show the clear colour, and
//! hairlines part them. On a software renderer a fill the size of the window costs more than
//! everything drawn on it.

mod color_map;
mod fonts;
mod palette;

use egui::style::{ScrollStyle, WidgetVisuals};
use egui::{
    Color32, Context, CornerRadius, FontFamily, FontId, Frame, Margin, RichText, Shadow, Stroke, Style, TextStyle,
    Theme, ThemePreference, Visuals, vec2,
};

use super::preferences::{Language, ThemeChoice};
pub use color_map::{ColorMap, ColorTable};
pub use palette::Palette;

/// The gap between things that belong together, points.
pub const GAP: f32 = 6.0;
/// The gap between groups, points.
pub const GAP_GROUP: f32 = 14.0;
/// Width of a hairline, points.
pub const HAIRLINE: f32 = 1.0;
/// Rounding of buttons and fields, points.
pub const ROUNDING: u8 = 4;
/// Height of one row of a plot (a bar, a legend entry), points.
pub const ROW: f32 = 18.0;

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

    /// The colours of this look.
    pub fn palette(&self) -> &'static Palette {
        if self.dark { &palette::DARK } else { &palette::LIGHT }
    }

    /// What the window is cleared with before anything is drawn, in egui's gamma space.
    pub fn clear_color(&self) -> [f32; 4] {
        self.palette().background.to_normalized_gamma_f32()
    }

    /// The frame of every panel: room around the content, no fill.
    pub fn panel(&self) -> Frame {
        Frame::new().inner_margin(Margin::symmetric(12, 10))
    }

    /// The head of a group: bold, not larger than the text around it.
    pub fn title(&self, text: impl Into<String>) -> RichText {
        RichText::new(text).family(strong_family()).color(self.palette().text_strong)
    }

    /// A remark: small and pale.
    pub fn remark(&self, text: impl Into<String>) -> RichText {
        RichText::new(text).small().color(self.palette().text_weak)
    }

    /// A hairline in this look's colour.
    pub fn hairline(&self) -> Stroke {
        Stroke::new(HAIRLINE, self.palette().line)
    }
}

/// Headings and emphasis: bold Latin, regular Chinese.
pub fn strong_family() -> FontFamily {
    FontFamily::Name(fonts::STRONG.into())
}

/// Gives `ctx` the fonts and both themes' styles, and follows `choice`. Call it at the start;
/// later changes of the choice need only [`follow`].
pub fn install(ctx: &Context, choice: ThemeChoice) {
    ctx.set_fonts(fonts::definitions());
    for (theme, palette) in [(Theme::Dark, &palette::DARK), (Theme::Light, &palette::LIGHT)] {
        ctx.set_style_of(theme, style(theme, palette));
    }
    follow(ctx, choice);
}

/// Switches to the chosen theme.
pub fn follow(ctx: &Context, choice: ThemeChoice) {
    ctx.set_theme(match choice {
        ThemeChoice::System => ThemePreference::System,
        ThemeChoice::Dark => ThemePreference::Dark,
        ThemeChoice::Light => ThemePreference::Light,
    });
}

fn style(theme: Theme, palette: &Palette) -> Style {
    let mut style = theme.default_style();
    style.text_styles = text_styles().into();
    style.visuals = visuals(theme, palette);
    style.animation_time = 0.1;
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(8.0, GAP);
    spacing.button_padding = vec2(9.0, 3.0);
    spacing.interact_size = vec2(36.0, 22.0);
    spacing.menu_margin = Margin::same(8);
    spacing.window_margin = Margin::same(12);
    spacing.slider_rail_height = 4.0;
    spacing.slider_width = 140.0;
    spacing.tooltip_width = 360.0;
    // Seen before the pointer is there: what is below the edge must not go unnoticed.
    let bar = ScrollStyle {
        floating_width: 4.0,
        foreground_color: true,
        dormant_handle_opacity: 0.35,
        active_handle_opacity: 0.5,
        ..ScrollStyle::thin()
    };
    spacing.scroll = bar;
    style
}

fn text_styles() -> [(TextStyle, FontId); 5] {
    [
        (TextStyle::Small, FontId::new(11.0, FontFamily::Proportional)),
        (TextStyle::Body, FontId::new(13.0, FontFamily::Proportional)),
        (TextStyle::Button, FontId::new(13.0, FontFamily::Proportional)),
        (TextStyle::Heading, FontId::new(15.0, strong_family())),
        (TextStyle::Monospace, FontId::new(12.0, FontFamily::Monospace)),
    ]
}

fn visuals(theme: Theme, palette: &Palette) -> Visuals {
    let mut visuals = theme.default_visuals();
    visuals.panel_fill = palette.background;
    visuals.window_fill = palette.surface;
    visuals.window_stroke = Stroke::new(HAIRLINE, palette.line);
    visuals.window_shadow = shadow(palette);
    visuals.popup_shadow = shadow(palette);
    visuals.extreme_bg_color = palette.field;
    visuals.faint_bg_color = palette.stripe;
    visuals.code_bg_color = palette.field;
    visuals.hyperlink_color = palette.accent;
    visuals.warn_fg_color = palette.warn;
    visuals.error_fg_color = palette.bad;
    visuals.weak_text_color = Some(palette.text_weak);
    visuals.selection.bg_fill = palette.accent_soft;
    visuals.selection.stroke = Stroke::new(1.0, palette.text_strong);
    visuals.slider_trailing_fill = true;
    visuals.handle_shape = egui::style::HandleShape::Rect { aspect_ratio: 0.4 };
    // A blinking cursor redraws the window twice a second for nothing.
    visuals.text_cursor.blink = false;
    visuals.text_cursor.stroke = Stroke::new(1.5, palette.accent);
    visuals.widgets.noninteractive = widget(palette.background, palette.line, palette.text, 1.0);
    visuals.widgets.inactive = widget(palette.button, Color32::TRANSPARENT, palette.text, 1.0);
    visuals.widgets.hovered = widget(palette.button_hovered, palette.line, palette.text_strong, 1.25);
    visuals.widgets.active = widget(palette.button_pressed, palette.accent, palette.text_strong, 1.25);
    visuals.widgets.open = widget(palette.button_hovered, palette.line, palette.text_strong, 1.0);
    visuals
}

fn widget(fill: Color32, edge: Color32, text: Color32, stroke: f32) -> WidgetVisuals {
    WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(HAIRLINE, edge),
        fg_stroke: Stroke::new(stroke, text),
        corner_radius: CornerRadius::same(ROUNDING),
        expansion: 0.0,
    }
}

fn shadow(palette: &Palette) -> Shadow {
    Shadow { offset: [0, 4], blur: 12, spread: 0, color: palette.shadow }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_the_window_draws_has_a_glyph() {
        let ctx = Context::default();
        install(&ctx, ThemeChoice::Dark);
        let signs = "→←↑↓▶■⏸⏹⏭⏺⏮✔✖★◆◇▲▼●○∇×≥≤±∞‖θαβλΔΣ⚙⟳💾🗑🔍📂…·–—−½‰␣│⊕ 温度蒸馏教师学生注意力";
        let mut missing = String::new();
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
            for family in [FontFamily::Proportional, FontFamily::Monospace, strong_family()] {
                let font = FontId::new(13.0, family);
                missing.extend(signs.chars().filter(|&c| !ui.fonts_mut(|fonts| fonts.has_glyph(&font, c))));
            }
        });
        output.textures_delta.clear();
        assert_eq!(missing, "");
    }

    #[test]
    fn colours_of_one_chart_differ_in_lightness() {
        for palette in [&palette::DARK, &palette::LIGHT] {
            for (i, a) in palette.series.iter().enumerate() {
                for b in &palette.series[i + 1..] {
                    let apart = (palette::lightness(*a) - palette::lightness(*b)).abs();
                    assert!(apart > 0.02, "{a:?} and {b:?} are {apart} apart");
                }
            }
            let sides = (palette::lightness(palette.teacher) - palette::lightness(palette.student)).abs();
            assert!(sides > 0.05, "teacher and student are {sides} apart");
        }
    }

    #[test]
    fn text_stands_out_from_its_background() {
        for palette in [&palette::DARK, &palette::LIGHT] {
            let sides = [(palette.teacher, 4.5), (palette.student, 4.5), (palette.gold, 4.0)];
            let marks = [(palette.bad, 4.5), (palette.good, 4.5), (palette.warn, 4.5), (palette.accent, 4.5)];
            let words = [(palette.text, 7.0), (palette.text_weak, 4.5)];
            for (text, least) in words.into_iter().chain(sides).chain(marks) {
                let contrast = palette::contrast(text, palette.background);
                assert!(contrast >= least, "{text:?} has contrast {contrast}");
            }
        }
    }
}
