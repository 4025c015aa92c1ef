//! Token labels along an enlarged head, and the colour scale.

use egui::epaint::{Mesh, TextShape};
use egui::{Align2, FontId, Rect, Sense, Shape, TextStyle, Ui, pos2, vec2};

use super::AttentionMap;
use crate::window::theme::Look;

/// Longest label that is drawn whole, in characters.
const LONGEST: usize = 12;
/// Room for labels beside the matrix, points.
pub(super) const MARGIN: f32 = 64.0;

/// The colours from 0 to 1, with both ends named.
pub(super) fn scale_ui(ui: &mut Ui, map: &AttentionMap, look: Look) {
    let (rect, response) = ui.allocate_exact_size(vec2(110.0, 18.0), Sense::hover());
    let bar = Rect::from_min_size(pos2(rect.left() + 12.0, rect.center().y - 4.0), vec2(64.0, 8.0));
    let mut mesh = Mesh::default();
    const STEPS: u32 = 24;
    for i in 0..=STEPS {
        let place = i as f32 / STEPS as f32;
        let color = map.colors.color(look.dark, place.powf(map.gamma));
        let x = bar.left() + bar.width() * place;
        mesh.colored_vertex(pos2(x, bar.top()), color);
        mesh.colored_vertex(pos2(x, bar.bottom()), color);
        if i > 0 {
            mesh.add_triangle(2 * i - 2, 2 * i - 1, 2 * i);
            mesh.add_triangle(2 * i - 1, 2 * i, 2 * i + 1);
        }
    }
    ui.painter().add(Shape::mesh(mesh));
    ui.painter().rect_stroke(bar, 0, look.hairline(), egui::StrokeKind::Outside);
    let font = TextStyle::Small.resolve(ui.style());
    let weak = look.palette().text_weak;
    ui.painter().text(bar.left_center() - vec2(5.0, 0.0), Align2::RIGHT_CENTER, "0", font.clone(), weak);
    let most = if map.relative { look.t("max") } else { "1" };
    ui.painter().text(bar.right_center() + vec2(5.0, 0.0), Align2::LEFT_CENTER, most, font, weak);
    response.on_hover_text(look.t("Attention from 0 to 1, or to each head's own maximum"));
}

/// The tokens along the left edge (readers) and the top edge (what is read) of `matrix`; where they
/// would touch, only every n-th is drawn.
pub(super) fn axes(ui: &Ui, matrix: Rect, tokens: &[String], look: Look) {
    let font = FontId::new(10.5, egui::FontFamily::Proportional);
    let cell = matrix.width() / tokens.len().max(1) as f32;
    let every = (11.0 / cell).ceil().max(1.0) as usize;
    let color = look.palette().text_weak;
    for (i, token) in tokens.iter().enumerate().step_by(every) {
        let along = (i as f32 + 0.5) * cell;
        let galley = ui.painter().layout_no_wrap(shortened(token), font.clone(), color);
        let left = pos2(matrix.left() - 5.0 - galley.size().x, matrix.top() + along - 0.5 * galley.size().y);
        ui.painter().galley(left, galley.clone(), color);
        // Turned a quarter to the left, the text grows upwards from the matrix.
        let top = pos2(matrix.left() + along - 0.5 * galley.size().y, matrix.top() - 5.0);
        ui.painter().add(TextShape::new(top, galley, color).with_angle(-std::f32::consts::FRAC_PI_2));
    }
}

/// The token, cut to what fits beside the matrix.
pub(super) fn shortened(token: &str) -> String {
    let wide = |c: char| if (c as u32) < 0x2e80 { 1 } else { 2 };
    let mut used = 0;
    let fits = |c: &char| {
        used += wide(*c);
        used <= LONGEST
    };
    let kept: String = token.chars().take_while(fits).collect();
    if kept.len() == token.len() { kept } else { kept + "…" }
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn a_long_token_is_cut_and_chinese_counts_double() {
        assert_eq!(shortened("tokenization"), "tokenization");
        assert_eq!(shortened("tokenizations"), "tokenization…");
        assert_eq!(shortened("注意力可视化"), "注意力可视化");
        assert_eq!(shortened("注意力可视化工具"), "注意力可视化…");
        assert_eq!(shortened(""), "");
    }
}
