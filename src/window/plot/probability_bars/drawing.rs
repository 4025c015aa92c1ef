//! The probabilities that are on screen as a drawing of their own, on light ground: every class, also those that the
//! window would have to be scrolled for.

use egui::Color32;

use super::{Order, Side, name, sorted};
use crate::link::ProbeFrame;
use crate::record::export::canvas::{Anchor, Area, Canvas, Color, Dash, Stroke, TextStyle, at, elided};
use crate::record::export::drawing::Drawing;
use crate::record::export::svg::SvgCanvas;
use crate::window::theme::Look;

const WIDTH: f64 = 560.0;
const MARGIN: f64 = 16.0;
/// Above the bars, for the models' names.
const HEAD: f64 = 24.0;
/// Of the classes' names.
const NAMES: f64 = 150.0;
/// Of a column of figures.
const FIGURE: f64 = 54.0;
/// Height of a bar, and of its solid core.
const BAR: f64 = 11.0;
const CORE: f64 = 5.0;
/// Between two bars of a class, and behind its last.
const BETWEEN: f64 = 2.0;
const AFTER: f64 = 8.0;
/// More rows than this are not drawn; how many are not is said.
const MOST: usize = 400;

const PAPER: Color = Color::hex(0xffffff);
const GRID: Color = Color::hex(0xe6e3dd);
const INK: Color = Color::hex(0x2b3038);
const WEAK: Color = Color::hex(0x666d78);

/// Both models' probabilities at T = 1 and at `temperature`, in the order of the window; `gold` is the right class.
pub fn drawing(frame: &ProbeFrame, temperature: f64, gold: Option<usize>, order: Order, look: Look) -> Drawing {
    let light = Look { dark: false, ..look };
    let teacher = frame.teacher.as_ref().map(|side| Side::new(&side.scores, temperature));
    let student = Side::new(&frame.student.scores, temperature);
    let all = frame.others().map_or(frame.classes.len(), |(place, _)| place);
    let mut classes = sorted(order, all, teacher.as_ref(), &student);
    classes.extend(frame.others().map(|(place, _)| place));
    let sides =
        [(teacher.as_ref(), "teacher", light.palette().teacher), (Some(&student), "student", light.palette().student)];
    let sides: Vec<(&Side, &'static str, Color)> =
        sides.into_iter().filter_map(|(side, name, ink)| Some((side?, name, color(ink)))).collect();
    let (shown, rest) = classes.split_at(classes.len().min(MOST));
    let row = sides.len() as f64 * (BAR + BETWEEN) - BETWEEN + AFTER;
    let below = if rest.is_empty() { 0.0 } else { row };
    let height = 2.0 * MARGIN + HEAD + shown.len() as f64 * row + below;
    let mut canvas = SvgCanvas::new(WIDTH as u32, height.ceil() as u32);
    canvas.rect(Area { left: 0.0, top: 0.0, width: WIDTH, height: height.ceil() }, PAPER);
    head(&mut canvas, &sides, temperature, look);
    let mut top = MARGIN + HEAD;
    for class in shown {
        let star = if gold == Some(*class) { "★ " } else { "" };
        let words = elided(&format!("{star}{}", name(frame, *class, look)), 12.0, NAMES - 10.0);
        let style = TextStyle { color: INK, size: 12.0, anchor: Anchor::Right };
        canvas.text(at(MARGIN + NAMES - 8.0, top + 0.5 * (row - AFTER) + 4.0), &words, style);
        for (nth, (side, _, ink)) in sides.iter().enumerate() {
            bar(&mut canvas, top + nth as f64 * (BAR + BETWEEN), side, *class, temperature != 1.0, *ink);
        }
        top += row;
    }
    if !rest.is_empty() {
        let words = format!("+ {} {}", rest.len(), look.t("more"));
        canvas.text(at(MARGIN + NAMES, top + BAR), &words, TextStyle { color: WEAK, size: 12.0, anchor: Anchor::Left });
    }
    Drawing { svg: canvas.finish(), pictures: Vec::new() }
}

fn color(ink: Color32) -> Color {
    Color { red: ink.r(), green: ink.g(), blue: ink.b(), alpha: 255 }
}

/// Where the bars end, and the first column of figures.
fn bars_end() -> f64 {
    WIDTH - MARGIN - 2.0 * FIGURE
}

fn head(canvas: &mut SvgCanvas, sides: &[(&Side, &'static str, Color)], temperature: f64, look: Look) {
    let mut left = MARGIN + NAMES;
    for (_, name, ink) in sides {
        canvas.text(at(left, MARGIN + 12.0), look.t(name), TextStyle { color: *ink, size: 12.0, anchor: Anchor::Left });
        left += 80.0;
    }
    let weak = TextStyle { color: WEAK, size: 11.0, anchor: Anchor::Right };
    canvas.text(at(bars_end() + FIGURE, MARGIN + 12.0), "T 1", weak);
    if temperature != 1.0 {
        let words = format!("T {}", (1000.0 * temperature).round() / 1000.0);
        canvas.text(at(WIDTH - MARGIN, MARGIN + 12.0), &words, weak);
    }
}

/// The answer as a solid core, the softened answer as the hull around it, and the figures of both.
fn bar(canvas: &mut SvgCanvas, top: f64, side: &Side, class: usize, softened: bool, ink: Color) {
    let share = |shares: &[f64]| shares.get(class).copied().unwrap_or(0.0);
    let (plain, soft) = (share(&side.plain), share(&side.soft));
    let (left, width) = (MARGIN + NAMES, bars_end() - MARGIN - NAMES);
    let part = |share: f64, height: f64| Area {
        left,
        top: top + 0.5 * (BAR - height),
        width: width * share.clamp(0.0, 1.0),
        height,
    };
    canvas.line(at(left, top), at(left, top + BAR), Stroke { color: GRID, width: 1.0, dash: Dash::Solid });
    let style = |color: Color| TextStyle { color, size: 10.5, anchor: Anchor::Right };
    if softened {
        canvas.rect(part(soft, BAR), ink.covering(0.25));
        canvas.text(at(WIDTH - MARGIN, top + BAR - 2.0), &percent(soft), style(ink.covering(0.85)));
    }
    canvas.rect(part(plain, CORE), ink);
    canvas.text(at(bars_end() + FIGURE, top + BAR - 2.0), &percent(plain), style(ink));
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
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
        let names = ["two", "★ three", "a &amp; b"].map(|name| drawn.svg.find(&format!(">{name}</text>")).unwrap());
        assert!(names.is_sorted(), "{names:?}");
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
