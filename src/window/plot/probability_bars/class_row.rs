//! How a class is drawn: its name, a bar for each model, the figures. On the screen and in a file it is this.

use super::Side;
use crate::record::export::canvas::{Anchor, Area, Canvas, Color, Dash, Stroke, TextStyle, at, elided_by};

/// Height of a bar, points; the solid core inside the hull is thinner.
const BAR: f64 = 11.0;
const CORE: f64 = 5.0;
/// Between the bars of a class, and between two classes.
const BETWEEN: f64 = 2.0;
pub(super) const AFTER: f64 = 8.0;
/// Of names and of figures, points.
const NAME: f64 = 12.0;
const FIGURE: f64 = 10.5;
/// Room for the star of the right class.
const STAR: f64 = 14.0;

/// Height of a row with the bars of so many models; with one its name needs a little more than the bar.
pub(super) fn height(sides: usize) -> f64 {
    let bars = sides as f64 * (BAR + BETWEEN) - BETWEEN;
    AFTER + if sides > 1 { bars } else { bars + 4.0 }
}

/// Where the parts of a row lie, points from the left.
#[derive(Clone, Copy)]
pub(super) struct Columns {
    /// Where names may begin, and where they end.
    pub(super) names: (f64, f64),
    /// The bars of 0 and of 1.
    pub(super) bars: (f64, f64),
    /// Where the figures at T = 1 end.
    pub(super) plain: f64,
    /// Where those of the softened answer end.
    pub(super) soft: f64,
}

/// Colours besides the models'.
pub(super) struct Inks {
    pub(super) text: Color,
    pub(super) weak: Color,
    pub(super) strong: Color,
    pub(super) gold: Color,
    pub(super) grid: Color,
}

/// A class, or all others together.
pub(super) struct ClassRow<'a> {
    pub(super) class: usize,
    pub(super) name: &'a str,
    /// Whether it is the right one.
    pub(super) is_gold: bool,
    /// Whether it is all others together.
    pub(super) is_rest: bool,
    /// Whether the softened answers are drawn as well.
    pub(super) softened: bool,
    /// The models' answers, from the top, each in its colour.
    pub(super) sides: &'a [(&'a Side, Color)],
}

impl ClassRow<'_> {
    /// Draws the row below `top`.
    pub(super) fn put(&self, canvas: &mut dyn Canvas, columns: &Columns, top: f64, inks: &Inks) {
        let bottom = top + height(self.sides.len());
        let stroke = Stroke { color: inks.grid, width: 1.0, dash: Dash::Solid };
        for x in [columns.bars.0, columns.bars.1] {
            canvas.line(at(x, top), at(x, bottom), stroke);
        }
        self.put_name(canvas, columns, top + 0.5 * (bottom - top - AFTER), inks);
        for (nth, (side, ink)) in self.sides.iter().enumerate() {
            self.put_bar(canvas, columns, top + nth as f64 * (BAR + BETWEEN), side, *ink);
        }
    }

    fn put_name(&self, canvas: &mut dyn Canvas, columns: &Columns, middle: f64, inks: &Inks) {
        let color = match (self.is_rest, self.is_gold) {
            (true, _) => inks.weak,
            (_, true) => inks.strong,
            _ => inks.text,
        };
        let (left, right) = columns.names;
        let room = right - left - if self.is_gold { STAR } else { 0.0 };
        let name = elided_by(self.name, room, |text| canvas.text_width(text, NAME));
        let place = at(right, middle + 0.35 * NAME);
        canvas.text(place, &name, TextStyle { color, size: NAME, anchor: Anchor::Right });
        if self.is_gold {
            let star = at(right - canvas.text_width(&name, NAME) - 3.0, place.y);
            canvas.text(star, "★", TextStyle { color: inks.gold, size: NAME, anchor: Anchor::Right });
        }
    }

    /// The answer as a solid core, the softened answer as the hull around it, and the figures of both.
    fn put_bar(&self, canvas: &mut dyn Canvas, columns: &Columns, top: f64, side: &Side, ink: Color) {
        let (plain, soft) = (share(&side.plain, self.class), share(&side.soft, self.class));
        let (left, right) = columns.bars;
        let part = |share: f64, height: f64| Area {
            left,
            top: top + 0.5 * (BAR - height),
            width: (right - left) * share.clamp(0.0, 1.0),
            height,
        };
        let line = top + 0.5 * BAR + 0.35 * FIGURE;
        let figure = |color: Color| TextStyle { color, size: FIGURE, anchor: Anchor::Right };
        if self.softened {
            canvas.rect(part(soft, BAR), ink.covering(0.18));
            outline(canvas, part(soft, BAR), ink.covering(0.8));
            canvas.text(at(columns.soft, line), &percent(soft), figure(ink.covering(0.85)));
        }
        canvas.rect(part(plain, CORE), ink);
        canvas.text(at(columns.plain, line), &percent(plain), figure(ink));
    }
}

/// A line along the inner edge of an area.
fn outline(canvas: &mut dyn Canvas, area: Area, color: Color) {
    let (left, right) = (area.left + 0.5, (area.right() - 0.5).max(area.left + 0.5));
    let (top, bottom) = (area.top + 0.5, area.bottom() - 0.5);
    let corners = [at(left, top), at(right, top), at(right, bottom), at(left, bottom), at(left, top)];
    canvas.polyline(&corners, Stroke { color, width: 1.0, dash: Dash::Solid });
}

/// A class's share; 0 of one that is not told.
pub(super) fn share(shares: &[f64], class: usize) -> f64 {
    shares.get(class).copied().unwrap_or(0.0)
}

/// A share as it is written.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
