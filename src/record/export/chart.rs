//! Charts of several runs under one another: a chart a curve, all on one step axis, under a legend that tells runs by
//! colour and dash. Where seeds are together a band of one standard deviation lies around their mean.

use super::canvas::{Anchor, Area, Canvas, Color, Dash, Point, Stroke, TextStyle, at, elided, text_width};
use super::ticks::{self, Range, Tick};

/// Colours of curves, in order; the window's on light ground. They differ in lightness too, for eyes that do not tell
/// hues apart.
pub const COLORS: [Color; 8] = [
    Color::hex(0x048e83),
    Color::hex(0xb73359),
    Color::hex(0x838d04),
    Color::hex(0x5e3abb),
    Color::hex(0xc47d5c),
    Color::hex(0x005b20),
    Color::hex(0x9f56a4),
    Color::hex(0x476080),
];

const PAPER: Color = Color::hex(0xffffff);
const INK: Color = Color::hex(0x2b3038);
const WEAK: Color = Color::hex(0x666d78);
const GRID: Color = Color::hex(0xe6e3dd);

/// Em of every text, points.
const TEXT: f64 = 12.0;
/// Around everything, points.
const MARGIN: f64 = 12.0;
/// A row of the legend.
const ROW: f64 = 18.0;
/// Above a chart, for its title.
const TITLE: f64 = 22.0;
/// Below a chart, for the labels of its steps.
const AXIS: f64 = 24.0;
/// Below the last chart, for the name of its axis.
const NAME: f64 = 14.0;
/// The least height in which a curve can be read.
const LEAST: f64 = 56.0;
/// The piece of line in the legend.
const SWATCH: f64 = 26.0;
/// How much of what is below a band covers.
const BAND: f64 = 0.18;
/// A legend takes up so much of the height at most.
const LEGEND: f64 = 0.4;

/// Charts under one another.
#[derive(Debug, Default)]
pub struct Figure {
    /// What each line is called, in the order of colours and dashes.
    pub names: Vec<String>,
    /// Whether values stand on a logarithmic axis: none of them is 0 or below then.
    pub logarithmic: bool,
    /// The charts, from the top.
    pub charts: Vec<Chart>,
}

/// A curve of several runs.
#[derive(Debug, Default)]
pub struct Chart {
    /// What it is called.
    pub title: String,
    /// The lines, the first one on top.
    pub lines: Vec<Line>,
}

/// The line of a run or of several seeds.
#[derive(Debug, Default, PartialEq)]
pub struct Line {
    /// Its place among the names.
    pub place: usize,
    /// Unbroken pieces, `(step, value)`.
    pub pieces: Vec<Vec<(f64, f64)>>,
    /// What lies around it, `(step, low, high)`.
    pub band: Vec<(f64, f64, f64)>,
}

/// The look of the line in a place: there are 32 before one comes again.
pub fn stroke(place: usize) -> Stroke {
    let dash = Dash::ALL[(place + place / COLORS.len()) % Dash::ALL.len()];
    Stroke { color: COLORS[place % COLORS.len()], width: 1.6, dash }
}

impl Figure {
    /// Below this height the charts cannot be read.
    pub fn least_height(&self) -> f64 {
        2.0 * MARGIN + ROW + NAME + self.charts.len() as f64 * (TITLE + LEAST + AXIS)
    }

    /// In this height they are read well.
    pub fn usual_height(&self) -> f64 {
        self.least_height() + self.charts.len() as f64 * 2.0 * LEAST
    }

    /// Draws all of it, `(width, height)` points large.
    pub fn draw(&self, canvas: &mut dyn Canvas, (width, height): (f64, f64)) {
        canvas.rect(Area { left: 0.0, top: 0.0, width, height }, PAPER);
        let most = (height - self.least_height() + ROW).min(LEGEND * height).max(ROW);
        let legend = self.legend(canvas, width - 2.0 * MARGIN, most);
        let top = MARGIN + legend;
        let share = (height - top - NAME - MARGIN) / self.charts.len().max(1) as f64;
        let steps = self.steps();
        let scales: Vec<Scale> = self.charts.iter().map(|chart| Scale::of(chart, self.logarithmic, share)).collect();
        let left = MARGIN + scales.iter().map(Scale::room).fold(0.0, f64::max);
        for (place, (chart, scale)) in self.charts.iter().zip(&scales).enumerate() {
            let area = Area {
                left,
                top: top + place as f64 * share + TITLE,
                width: (width - left - MARGIN).max(1.0),
                height: (share - TITLE - AXIS).max(1.0),
            };
            chart.draw(canvas, &Screen { area, steps, scale });
        }
        let below = at(width - MARGIN, height - MARGIN);
        canvas.text(below, "step", TextStyle { color: WEAK, size: TEXT, anchor: Anchor::Right });
    }

    /// Draws the legend in so much room; gives its height. Names that find no room are counted.
    fn legend(&self, canvas: &mut dyn Canvas, width: f64, most: f64) -> f64 {
        let widest = self.names.iter().map(|name| text_width(name, TEXT)).fold(0.0, f64::max);
        let column = (widest + SWATCH + 24.0).min(width);
        let columns = ((width / column) as usize).max(1);
        let rows = self.names.len().div_ceil(columns).min((most / ROW) as usize).max(1);
        let places = rows * columns;
        let shown = if self.names.len() > places { places - 1 } else { self.names.len() };
        let ink = TextStyle { color: INK, size: TEXT, anchor: Anchor::Left };
        let corner = |place: usize| {
            at(MARGIN + (place % columns) as f64 * column, MARGIN + (place / columns) as f64 * ROW + TEXT)
        };
        for (place, name) in self.names.iter().take(shown).enumerate() {
            let Point { x, y } = corner(place);
            canvas.line(at(x, y - 4.0), at(x + SWATCH, y - 4.0), stroke(place));
            canvas.text(at(x + SWATCH + 6.0, y), &elided(name, TEXT, column - SWATCH - 12.0), ink);
        }
        if shown < self.names.len() {
            let words = format!("and {} more", self.names.len() - shown);
            canvas.text(corner(shown), &words, TextStyle { color: WEAK, ..ink });
        }
        rows as f64 * ROW
    }

    /// The steps of all lines.
    fn steps(&self) -> Range {
        let lines = || self.charts.iter().flat_map(|chart| &chart.lines);
        let all = lines().flat_map(|line| line.pieces.iter().flatten()).map(|(step, _)| *step);
        let (from, to) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), step| (a.min(step), b.max(step)));
        let from = if from.is_finite() { from } else { 0.0 };
        Range { from, to: to.max(from + 1.0) }
    }
}

/// The value axis of a chart.
struct Scale {
    logarithmic: bool,
    range: Range,
    ticks: Vec<(f64, String)>,
}

impl Scale {
    fn of(chart: &Chart, logarithmic: bool, height: f64) -> Self {
        let mut scale = Self { logarithmic, range: Range { from: 0.0, to: 1.0 }, ticks: Vec::new() };
        let values = chart.lines.iter().flat_map(|line| line.pieces.iter().flatten().map(|(_, value)| *value));
        let edges = chart.lines.iter().flat_map(|line| line.band.iter().flat_map(|(_, low, high)| [*low, *high]));
        let places = values.chain(edges).map(|value| scale.place(value)).filter(|place| place.is_finite());
        let (from, to) = places.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        if from <= to {
            let length = if to - from > 1e-12 * to.abs() { to - from } else { 0.1 * to.abs().max(1e-3) };
            scale.range = Range { from: from - 0.06 * length, to: to + 0.06 * length };
        }
        let wanted = ((height - TITLE - AXIS) / 24.0).max(2.0);
        let label: fn(Tick) -> String = if logarithmic { ticks::label_logarithmic } else { ticks::label };
        let marks = if logarithmic { ticks::logarithmic } else { ticks::linear }(scale.range, wanted);
        scale.ticks = marks.into_iter().map(|mark| (mark.value, label(mark))).collect();
        scale
    }

    fn place(&self, value: f64) -> f64 {
        if self.logarithmic { value.log10() } else { value }
    }

    /// How wide its labels are.
    fn room(&self) -> f64 {
        self.ticks.iter().map(|(_, label)| text_width(label, TEXT)).fold(0.0, f64::max) + 10.0
    }
}

/// From steps and values to places.
struct Screen<'a> {
    area: Area,
    steps: Range,
    scale: &'a Scale,
}

impl Screen<'_> {
    fn x(&self, step: f64) -> f64 {
        self.area.left + (step - self.steps.from) / self.steps.length() * self.area.width
    }

    /// Where a place on the value axis lies.
    fn y(&self, place: f64) -> f64 {
        let range = self.scale.range;
        self.area.bottom() - (place - range.from) / range.length() * self.area.height
    }

    fn at(&self, (step, value): (f64, f64)) -> Point {
        at(self.x(step), self.y(self.scale.place(value)))
    }
}

impl Chart {
    fn draw(&self, canvas: &mut dyn Canvas, screen: &Screen) {
        let area = screen.area;
        let title = TextStyle { color: INK, size: TEXT + 1.0, anchor: Anchor::Left };
        canvas.text(at(area.left, area.top - 7.0), &elided(&self.title, TEXT + 1.0, area.width), title);
        axes(canvas, screen);
        canvas.clip(Some(area));
        for line in &self.lines {
            let edge = |of: fn(&(f64, f64, f64)) -> (f64, f64)| {
                line.band.iter().map(|point| screen.at(of(point))).collect::<Vec<Point>>()
            };
            let (upper, lower) = (edge(|(step, _, high)| (*step, *high)), edge(|(step, low, _)| (*step, *low)));
            canvas.band(&upper, &lower, stroke(line.place).color.covering(BAND));
        }
        for line in self.lines.iter().rev() {
            line.pieces.iter().for_each(|piece| piece_of(canvas, screen, piece, stroke(line.place)));
        }
        canvas.clip(None);
    }
}

fn piece_of(canvas: &mut dyn Canvas, screen: &Screen, piece: &[(f64, f64)], stroke: Stroke) {
    if let [only] = piece {
        // A line needs two points.
        let Point { x, y } = screen.at(*only);
        return canvas.rect(Area { left: x - 2.0, top: y - 2.0, width: 4.0, height: 4.0 }, stroke.color);
    }
    let points: Vec<Point> = piece.iter().map(|point| screen.at(*point)).collect();
    canvas.polyline(&points, stroke);
}

fn axes(canvas: &mut dyn Canvas, screen: &Screen) {
    let area = screen.area;
    let line = |color: Color| Stroke { color, width: 1.0, dash: Dash::Solid };
    let label = TextStyle { color: WEAK, size: TEXT - 1.0, anchor: Anchor::Right };
    for (place, text) in &screen.scale.ticks {
        let y = screen.y(*place);
        canvas.line(at(area.left, y), at(area.right(), y), line(GRID));
        canvas.text(at(area.left - 6.0, y + 4.0), text, label);
    }
    for mark in ticks::steps(screen.steps, (area.width / 90.0).max(2.0)) {
        let x = screen.x(mark.value);
        canvas.line(at(x, area.top), at(x, area.bottom() + 4.0), line(GRID));
        let below = TextStyle { anchor: Anchor::Middle, ..label };
        canvas.text(at(x, area.bottom() + 16.0), &ticks::label(mark), below);
    }
    canvas.line(at(area.left, area.bottom()), at(area.right(), area.bottom()), line(WEAK));
    canvas.line(at(area.left, area.top), at(area.left, area.bottom()), line(WEAK));
}

#[cfg(test)]
mod tests {
    use super::super::svg::SvgCanvas;
    use super::*;

    fn line(place: usize, points: &[(f64, f64)]) -> Line {
        Line { place, pieces: vec![points.to_vec()], band: Vec::new() }
    }

    fn svg(figure: &Figure, width: u32, height: u32) -> String {
        let mut canvas = SvgCanvas::new(width, height);
        figure.draw(&mut canvas, (f64::from(width), f64::from(height)));
        canvas.finish()
    }

    #[test]
    fn a_chart_has_its_runs_its_title_and_round_marks_on_both_axes() {
        let band = vec![(0.0, 0.5, 0.7), (100.0, 0.8, 0.9)];
        let seeds = Line { band, ..line(0, &[(0.0, 0.6), (100.0, 0.85)]) };
        let alone = Line { pieces: vec![vec![(0.0, 0.3)], vec![(50.0, 0.35), (100.0, 0.4)]], ..line(1, &[]) };
        let charts = vec![Chart { title: "measure/accuracy".into(), lines: vec![seeds, alone] }];
        let figure = Figure { names: vec!["taught (n = 3)".into(), "alone".into()], logarithmic: false, charts };
        let drawn = svg(&figure, 420, 200);
        let snapshot = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots/export_chart.svg");
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(snapshot, &drawn).unwrap();
        }
        assert_eq!(drawn, std::fs::read_to_string(snapshot).unwrap());
    }

    #[test]
    fn thirty_two_lines_are_told_apart_and_neighbours_differ_in_both_colour_and_dash() {
        let looks: Vec<Stroke> = (0..32).map(stroke).collect();
        for (place, look) in looks.iter().enumerate() {
            assert!(looks[..place].iter().all(|other| other != look), "{place}");
        }
        assert!(looks.windows(2).all(|pair| pair[0].color != pair[1].color && pair[0].dash != pair[1].dash));
    }

    #[test]
    fn names_that_find_no_room_are_counted() {
        let names: Vec<String> = (0..40).map(|run| format!("a run with a rather long name {run}")).collect();
        let lines = (0..40).map(|place| line(place, &[(0.0, 1.0), (9.0, place as f64 + 2.0)])).collect();
        let charts = vec![Chart { title: "loss".into(), lines }];
        let drawn = svg(&Figure { names, logarithmic: true, charts }, 500, 220);
        let named = drawn.matches("a run with").count();
        assert!(named > 2 && drawn.contains(&format!("and {} more", 40 - named)), "{named}");
        assert_eq!(drawn.matches("<polyline").count() - named, 40 + grid_lines(&drawn));
    }

    /// Lines that are no curves.
    fn grid_lines(svg: &str) -> usize {
        ["#e6e3dd", "#666d78"].iter().map(|color| svg.matches(&format!("stroke=\"{color}\"")).count()).sum()
    }

    #[test]
    fn nothing_to_draw_is_an_empty_chart() {
        let charts = vec![Chart { title: "loss".into(), lines: vec![line(0, &[])] }];
        let drawn = svg(&Figure { names: vec!["a".into()], logarithmic: false, charts }, 300, 160);
        assert!(drawn.contains(">loss</text>") && !drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
    }
}
