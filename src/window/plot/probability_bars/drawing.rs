//! The probabilities that are on screen as a drawing of their own, on light ground: every class, also those that the
//! window would have to be scrolled for.

use super::class_row::{ClassRow, Columns, Inks, height};
use super::{Order, Side, name, sorted};
use crate::link::ProbeFrame;
use crate::record::export::canvas::{Anchor, Area, Canvas, Color, TextStyle, at};
use crate::record::export::drawing::Drawing;
use crate::record::export::svg::SvgCanvas;
use crate::window::plot::painter_canvas::on_canvas;
use crate::window::theme::Look;

const WIDTH: f64 = 560.0;
const MARGIN: f64 = 16.0;
/// Above the bars, for the models' names.
const HEAD: f64 = 24.0;
/// Of the classes' names.
const NAMES: f64 = 150.0;
/// Of a column of figures.
const FIGURE: f64 = 54.0;
/// More rows than this are not drawn; how many are not is said.
const MOST: usize = 400;

const PAPER: Color = Color::hex(0xffffff);
const WEAK: Color = Color::hex(0x666d78);
const INKS: Inks = Inks {
    text: Color::hex(0x2b3038),
    weak: WEAK,
    strong: Color::hex(0x000000),
    gold: Color::hex(0xb07d00),
    grid: Color::hex(0xe6e3dd),
};
const BARS_END: f64 = WIDTH - MARGIN - 2.0 * FIGURE;
const COLUMNS: Columns = Columns {
    names: (MARGIN, MARGIN + NAMES - 8.0),
    bars: (MARGIN + NAMES, BARS_END),
    plain: BARS_END + FIGURE,
    soft: WIDTH - MARGIN,
};

/// Both models' probabilities at T = 1 and at `temperature`, in the order of the window; `gold` is the right class.
pub fn drawing(frame: &ProbeFrame, temperature: f64, gold: Option<usize>, order: Order, look: Look) -> Drawing {
    let palette = Look { dark: false, ..look }.palette();
    let teacher = frame.teacher.as_ref().map(|side| Side::new(&side.scores, temperature));
    let student = Side::new(&frame.student.scores, temperature);
    let all = frame.others().map_or(frame.classes.len(), |(place, _)| place);
    let mut classes = sorted(order, all, teacher.as_ref(), &student);
    classes.extend(frame.others().map(|(place, _)| place));
    let sides = [(teacher.as_ref(), palette.teacher), (Some(&student), palette.student)];
    let sides: Vec<(&Side, Color)> =
        sides.into_iter().filter_map(|(side, ink)| Some((side?, on_canvas(ink)))).collect();
    let (shown, rest) = classes.split_at(classes.len().min(MOST));
    let row = height(sides.len());
    let below = if rest.is_empty() { 0.0 } else { row };
    let whole = (2.0 * MARGIN + HEAD + shown.len() as f64 * row + below).ceil();
    let mut canvas = SvgCanvas::new(WIDTH as u32, whole as u32);
    canvas.rect(Area { left: 0.0, top: 0.0, width: WIDTH, height: whole }, PAPER);
    head(&mut canvas, &sides, temperature, look);
    let mut top = MARGIN + HEAD;
    for &class in shown {
        let is_rest = frame.others().is_some_and(|(place, _)| place == class);
        let name = name(frame, class, look);
        let (is_gold, softened) = (gold == Some(class), temperature != 1.0);
        ClassRow { class, name: &name, is_gold, is_rest, softened, sides: &sides }.put(
            &mut canvas,
            &COLUMNS,
            top,
            &INKS,
        );
        top += row;
    }
    if !rest.is_empty() {
        let words = format!("+ {} {}", rest.len(), look.t("more"));
        canvas.text(
            at(MARGIN + NAMES, top + 11.0),
            &words,
            TextStyle { color: WEAK, size: 12.0, anchor: Anchor::Left },
        );
    }
    Drawing { svg: canvas.finish(), pictures: Vec::new() }
}

/// Whose bars these are, and what the two columns of figures are.
fn head(canvas: &mut SvgCanvas, sides: &[(&Side, Color)], temperature: f64, look: Look) {
    let names = ["teacher", "student"];
    let line = MARGIN + 12.0;
    let mut left = MARGIN + NAMES;
    for ((_, ink), name) in sides.iter().zip(&names[names.len() - sides.len()..]) {
        canvas.text(at(left, line), look.t(name), TextStyle { color: *ink, size: 12.0, anchor: Anchor::Left });
        left += 80.0;
    }
    let weak = TextStyle { color: WEAK, size: 11.0, anchor: Anchor::Right };
    canvas.text(at(COLUMNS.plain, line), "T 1", weak);
    if temperature != 1.0 {
        let words = format!("T {}", (1000.0 * temperature).round() / 1000.0);
        canvas.text(at(COLUMNS.soft, line), &words, weak);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::link::SideFrame;
    use crate::session::Session;
    use crate::window::preferences::Language;

    fn side(shares: &[f32]) -> SideFrame {
        let scores = shares.iter().map(|share| share.ln()).collect();
        SideFrame { tokens: Vec::new(), scores, layer: 0, layers: 1, heads: 1, attention: Arc::from([]) }
    }

    #[test]
    fn every_class_has_its_bars_in_order_its_figures_and_the_right_one_its_star() {
        let frame = ProbeFrame {
            identity: None,
            frame: 1,
            revision: 1,
            step: 0,
            text: String::new(),
            prompt: Session::built_in().unwrap().prompt,
            classes: ["a & b", "two", "three"].map(str::to_owned).into(),
            whole_row: None,
            tokens: None,
            teacher: Some(side(&[0.1, 0.7, 0.2])),
            student: side(&[0.5, 0.25, 0.25]),
        };
        let look = Look { language: Language::English, dark: true };
        let drawn = drawing(&frame, 1.0, Some(2), Order::Teacher, look);
        assert!(drawn.is_svg());
        let names = ["two", "three", "a &amp; b"].map(|name| drawn.svg.find(&format!(">{name}</text>")).unwrap());
        assert!(names.is_sorted() && drawn.svg.matches(">★</text>").count() == 1, "{names:?}");
        for figure in ["70.0 %", "20.0 %", "10.0 %", "50.0 %", "25.0 %"] {
            assert!(drawn.svg.contains(figure), "{figure}");
        }
        assert_eq!(drawn.svg.matches("fill-opacity").count(), 0, "nothing is softened");
        let softened = drawing(&frame, 4.0, None, Order::Label, look);
        assert!(softened.svg.contains(">T 4</text>") && softened.svg.matches("fill-opacity").count() >= 6);
        let alone = ProbeFrame { teacher: None, ..frame };
        assert!(!drawing(&alone, 1.0, None, Order::Label, look).svg.contains(">teacher</text>"));
    }
}
