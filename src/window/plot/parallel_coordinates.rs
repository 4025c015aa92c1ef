//! Parallel coordinates: an axis a column, a line a run from axis to axis. Drawing along an axis brushes it, a click on
//! it takes its brush away; the line under the pointer is told, and chosen by a click.

use egui::{
    Align2, Color32, CornerRadius, FontId, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, Ui, WidgetInfo,
    pos2, vec2,
};

use super::brushing::{PlottedAxis, PlottedRun, Touched, color, drawn, said};
use super::readout_ui;
use crate::record::run_table::brush::Brushes;
use crate::window::theme::{Look, Palette};

/// Room above the axes for their names, below for runs that have nothing there, and beside.
const ABOVE: f32 = 34.0;
const BELOW: f32 = 26.0;
const BESIDE: f32 = 64.0;
/// Half the width of what a hand can draw along an axis.
const HALF: f32 = 12.0;
/// How near the pointer has to be to a line.
const REACH: f32 = 7.0;
/// Room between two marks of an axis.
const MARK: f32 = 34.0;
/// Most letters of a mark.
const LETTERS: usize = 16;

/// Where the axes stand.
struct Field {
    inside: Rect,
    count: usize,
}

impl Field {
    fn x(&self, axis: usize) -> f32 {
        let share = if self.count > 1 { axis as f32 / (self.count - 1) as f32 } else { 0.5 };
        self.inside.left() + share * self.inside.width()
    }

    fn y(&self, place: f64) -> f32 {
        self.inside.bottom() - place as f32 * self.inside.height()
    }

    fn place(&self, y: f32) -> f64 {
        f64::from((self.inside.bottom() - y) / self.inside.height().max(1.0))
    }

    /// The line of a run; below an axis on which it has nothing.
    fn line(&self, axes: &[PlottedAxis], run: usize) -> Vec<Pos2> {
        let at = |(place, axis): (usize, &PlottedAxis)| {
            let there = axis.places.get(run).copied().flatten();
            pos2(self.x(place), there.map_or(self.inside.bottom() + 14.0, |there| self.y(there)))
        };
        axes.iter().enumerate().map(at).collect()
    }
}

/// Draws the runs on the axes; tells what a hand did.
pub fn parallel_ui(
    ui: &mut Ui,
    look: Look,
    runs: &[PlottedRun],
    axes: &[PlottedAxis],
    brushes: &Brushes,
) -> Option<Touched> {
    let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, look.t("Parallel coordinates of the runs")));
    let inside = Rect::from_min_max(rect.min + vec2(BESIDE, ABOVE), rect.max - vec2(BESIDE, BELOW));
    let field = Field { inside, count: axes.len() };
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let lines: Vec<Vec<Pos2>> = (0..runs.len()).map(|run| field.line(axes, run)).collect();
    let near = response.hover_pos().and_then(|pointer| nearest(&lines, runs, pointer));
    lines_ui(&painter, look, runs, &lines, near);
    let mut touched = None;
    for (place, axis) in axes.iter().enumerate() {
        touched = axis_ui(ui, &painter, look, &field, place, axis, brushes).or(touched);
    }
    if touched.is_none()
        && let Some((run, plotted)) = near.and_then(|run| Some((run, runs.get(run)?)))
    {
        tell(&response, look, plotted, run, axes);
        touched = response.clicked().then_some(Touched::Run(run));
    }
    touched
}

/// What is not brushed first, so that nothing of it lies over what is; the line under the pointer last.
fn lines_ui(painter: &Painter, look: Look, runs: &[PlottedRun], lines: &[Vec<Pos2>], near: Option<usize>) {
    let rank = |run: &PlottedRun| (run.side.is_some(), run.is_brushed);
    let mut order: Vec<usize> = (0..runs.len()).collect();
    order.sort_by_key(|run| (Some(*run) == near, runs.get(*run).map(rank)));
    for (run, line) in order.into_iter().filter_map(|run| Some((run, lines.get(run)?))) {
        let Some(plotted) = runs.get(run) else { continue };
        let width = if Some(run) == near || plotted.side.is_some() { 2.4 } else { 1.1 };
        let ink = if Some(run) == near { look.palette().text_strong } else { color(look, plotted) };
        match line.as_slice() {
            [single] => drop(painter.circle_filled(*single, 2.0 * width, ink)),
            line => drop(painter.line(line.to_vec(), Stroke::new(width, ink))),
        }
    }
}

fn axis_ui(
    ui: &Ui,
    painter: &Painter,
    look: Look,
    field: &Field,
    place: usize,
    axis: &PlottedAxis,
    brushes: &Brushes,
) -> Option<Touched> {
    let (palette, x) = (look.palette(), field.x(place));
    painter.vline(x, field.inside.y_range(), Stroke::new(1.2, palette.text_weak));
    marks(painter, palette, field, place, axis);
    if let Some((from, to)) = brushes.of(&axis.axis.column).and_then(|brush| axis.axis.places(brush)) {
        bar(painter, palette, x, field.y(from), field.y(to));
    }
    let strip = Rect::from_x_y_ranges(x - HALF..=x + HALF, field.inside.y_range());
    let response =
        ui.interact(strip.expand2(vec2(0.0, 6.0)), ui.scope_id().with(("axis", place)), Sense::click_and_drag());
    let label = format!("{} {}", look.t("Brush"), axis.title);
    response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, &label));
    if let Some((start, end)) = drawn(ui, &response) {
        bar(painter, palette, x, start.y, end.y);
    }
    let touched = touched(ui, field, axis, &response);
    let help = look.t("Draw along the axis to list only the runs that lie there; a click takes that back");
    response.on_hover_text(format!("{}\n{help}", axis.axis.column));
    touched
}

fn touched(ui: &Ui, field: &Field, axis: &PlottedAxis, response: &Response) -> Option<Touched> {
    if response.clicked() {
        return Some(Touched::Cleared(axis.axis.column.clone()));
    }
    let (start, end) = drawn(ui, response).filter(|_| response.drag_stopped())?;
    let held = |y: f32| field.place(y).clamp(0.0, 1.0);
    axis.axis.brush(held(start.y), held(end.y)).map(|brush| Touched::Brushes(vec![brush]))
}

fn bar(painter: &Painter, palette: &Palette, x: f32, from: f32, to: f32) {
    let rect = Rect::from_x_y_ranges(x - 5.0..=x + 5.0, from.min(to)..=from.max(to));
    painter.rect_filled(rect, CornerRadius::same(2), palette.accent.gamma_multiply(0.45));
}

/// Name, marks, and where runs stand that have nothing there.
fn marks(painter: &Painter, palette: &Palette, field: &Field, place: usize, axis: &PlottedAxis) {
    let (x, font) = (field.x(place), FontId::proportional(11.0));
    // Names in two lines in turn: beside each other they would not have room.
    let name = pos2(x, field.inside.top() - if place.is_multiple_of(2) { 8.0 } else { 20.0 });
    painter.text(name, Align2::CENTER_BOTTOM, &axis.title, font.clone(), palette.text);
    let mut last = f32::INFINITY;
    for (at, cell) in axis.axis.marks((field.inside.height() / MARK) as usize) {
        let y = field.y(at);
        painter.hline(x - 3.0..=x + 3.0, y, Stroke::new(1.0, palette.text_weak));
        // Of texts that stand closer than a line is high not every one can be written out.
        if (last - y).abs() < 11.0 {
            continue;
        }
        last = y;
        let words: String = said(&cell).chars().take(LETTERS).collect();
        ground_text(painter, palette, pos2(x - 6.0, y), words);
    }
    if axis.places.iter().any(Option::is_none) {
        ground_text(painter, palette, pos2(x - 6.0, field.inside.bottom() + 14.0), "–".to_owned());
    }
}

/// Text on a piece of the background, so that lines behind it leave it readable.
fn ground_text(painter: &Painter, palette: &Palette, right: Pos2, words: String) {
    let galley = painter.layout_no_wrap(words, FontId::proportional(10.5), palette.text_weak);
    let rect = Align2::RIGHT_CENTER.anchor_size(right, galley.size());
    painter.add(Shape::rect_filled(rect.expand2(vec2(2.0, 0.0)), 2, palette.background.gamma_multiply(0.8)));
    painter.galley(rect.min, galley, Color32::PLACEHOLDER);
}

/// The run whose line is nearest to the pointer, and near enough; what is brushed before what is not.
fn nearest(lines: &[Vec<Pos2>], runs: &[PlottedRun], pointer: Pos2) -> Option<usize> {
    let distance = |line: &Vec<Pos2>| {
        let of_pair = |pair: &[Pos2]| to_segment(pointer, pair[0], pair[1]);
        line.windows(2).map(of_pair).fold(f32::INFINITY, f32::min)
    };
    let near = lines.iter().map(distance).enumerate().filter(|(_, distance)| *distance <= REACH);
    let rank = |run: usize| !runs.get(run).is_some_and(|run| run.is_brushed);
    near.min_by(|a, b| rank(a.0).cmp(&rank(b.0)).then(a.1.total_cmp(&b.1))).map(|(run, _)| run)
}

fn to_segment(point: Pos2, a: Pos2, b: Pos2) -> f32 {
    let along = b - a;
    let share = ((point - a).dot(along) / along.length_sq().max(1e-6)).clamp(0.0, 1.0);
    point.distance(a + share * along)
}

fn tell(response: &Response, look: Look, plotted: &PlottedRun, run: usize, axes: &[PlottedAxis]) {
    readout_ui(response, |ui| {
        ui.strong(&plotted.name);
        egui::Grid::new("run on its axes").num_columns(2).spacing([12.0, 2.0]).show(ui, |ui| {
            for axis in axes {
                ui.label(egui::RichText::new(&axis.title).color(look.palette().text_weak));
                ui.label(axis.values.get(run).map_or("–", String::as_str));
                ui.end_row();
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_line_is_told_and_one_that_is_brushed_before_others() {
        let run = |is_brushed| PlottedRun { name: String::new(), is_brushed, side: None };
        let flat = |y: f32| vec![pos2(0.0, y), pos2(100.0, y)];
        let lines = [flat(0.0), flat(10.0), flat(50.0)];
        let all = [run(true), run(true), run(true)];
        assert_eq!(nearest(&lines, &all, pos2(50.0, 4.0)), Some(0));
        assert_eq!(nearest(&lines, &[run(false), run(true), run(true)], pos2(50.0, 4.0)), Some(1));
        assert_eq!(nearest(&lines, &all, pos2(50.0, 30.0)), None);
        assert_eq!(to_segment(pos2(-3.0, 4.0), pos2(0.0, 0.0), pos2(100.0, 0.0)), 5.0);
    }
}
