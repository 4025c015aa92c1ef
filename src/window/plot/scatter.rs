//! A dot a run over two columns, with the front of those that no other beats in both. The dot under the pointer is told
//! and chosen by a click; a rectangle brushes both columns, a double click takes that back.

use egui::{
    Align2, FontId, Painter, Pos2, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::brushing::{PlottedAxis, PlottedRun, Touched, color, drawn, said};
use super::readout_ui;
use crate::record::run_table::brush::Brushes;
use crate::window::theme::{Look, Palette};

/// Room for the marks.
const LEFT: f32 = 62.0;
const BELOW: f32 = 34.0;
const ABOVE: f32 = 20.0;
/// Room between the outermost dots and the frame.
const MARGIN: f32 = 14.0;
/// Radius of a dot.
const DOT: f32 = 4.0;

/// What is drawn.
pub struct Scatter<'a> {
    /// Colours and language.
    pub look: Look,
    /// The runs.
    pub runs: &'a [PlottedRun],
    /// The column across.
    pub x: &'a PlottedAxis,
    /// The column up.
    pub y: &'a PlottedAxis,
    /// Places of the runs that no other beats, the best of the column across first.
    pub front: &'a [usize],
    /// What is brushed.
    pub brushes: &'a Brushes,
}

struct Field(Rect);

impl Field {
    fn at(&self, x: f64, y: f64) -> Pos2 {
        pos2(self.0.left() + x as f32 * self.0.width(), self.0.bottom() - y as f32 * self.0.height())
    }

    fn places(&self, pos: Pos2) -> (f64, f64) {
        let x = (pos.x - self.0.left()) / self.0.width().max(1.0);
        let y = (self.0.bottom() - pos.y) / self.0.height().max(1.0);
        (f64::from(x.clamp(0.0, 1.0)), f64::from(y.clamp(0.0, 1.0)))
    }
}

impl Scatter<'_> {
    fn dot(&self, field: &Field, run: usize) -> Option<Pos2> {
        let place = |axis: &PlottedAxis| axis.places.get(run).copied().flatten();
        Some(field.at(place(self.x)?, place(self.y)?))
    }
}

/// Draws the runs; tells what a hand did.
pub fn scatter_ui(ui: &mut Ui, scatter: &Scatter) -> Option<Touched> {
    let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::click_and_drag());
    let palette = scatter.look.palette();
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, scatter.look.t("Scatter of the runs")));
    let frame = Rect::from_min_max(rect.min + vec2(LEFT, ABOVE), rect.max - vec2(16.0, BELOW));
    let field = Field(frame.shrink(MARGIN));
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    marks(&painter, scatter, &field, frame);
    brushed(&painter, scatter, &field, frame);
    front(&painter, scatter, &field, frame);
    let mut touched = None;
    for run in 0..scatter.runs.len() {
        if dot_ui(ui, &painter, scatter, &field, run) {
            touched = Some(Touched::Run(run));
        }
    }
    if let Some((start, end)) = drawn(ui, &response) {
        let drawn = Rect::from_two_pos(start, end);
        painter.rect(
            drawn,
            0,
            palette.accent.gamma_multiply(0.15),
            Stroke::new(1.0, palette.accent),
            StrokeKind::Inside,
        );
    }
    touched.or_else(|| drawn_over(ui, scatter, &field, &response))
}

/// The part that a rectangle has brushed, or that none is brushed any more.
fn drawn_over(ui: &Ui, scatter: &Scatter, field: &Field, response: &Response) -> Option<Touched> {
    if response.double_clicked() {
        return Some(Touched::Brushes(Vec::new()));
    }
    let (start, end) = drawn(ui, response).filter(|_| response.drag_stopped())?;
    let ((x0, y0), (x1, y1)) = (field.places(start), field.places(end));
    let brushes = [scatter.x.axis.brush(x0, x1), scatter.y.axis.brush(y0, y1)];
    Some(Touched::Brushes(brushes.into_iter().flatten().collect())).filter(|_| (end - start).length() > 4.0)
}

fn dot_ui(ui: &Ui, painter: &Painter, scatter: &Scatter, field: &Field, run: usize) -> bool {
    let (Some(center), Some(plotted)) = (scatter.dot(field, run), scatter.runs.get(run)) else { return false };
    let palette = scatter.look.palette();
    let place = Rect::from_center_size(center, vec2(2.0 * DOT + 4.0, 2.0 * DOT + 4.0));
    let response = ui.interact(place, ui.scope_id().with(("run", run)), Sense::click());
    let label = format!("{} {}", scatter.look.t("Run"), plotted.name);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, plotted.side.is_some(), &label));
    let radius = if response.hovered() || plotted.side.is_some() { DOT + 1.5 } else { DOT };
    let edge = if scatter.front.contains(&run) { palette.gold } else { palette.background };
    painter.circle(center, radius, color(scatter.look, plotted), Stroke::new(1.5, edge));
    if response.hovered() {
        readout_ui(&response, |ui| {
            ui.strong(&plotted.name);
            for axis in [scatter.x, scatter.y] {
                let value = axis.values.get(run).map_or("–", String::as_str);
                ui.label(format!("{} {value}", axis.title));
            }
            if scatter.front.contains(&run) {
                ui.label(egui::RichText::new(scatter.look.t("on the Pareto front")).color(palette.gold));
            }
        });
    }
    response.clicked()
}

/// The front as stairs: what lies behind them is beaten by a run on them.
fn front(painter: &Painter, scatter: &Scatter, field: &Field, frame: Rect) {
    let dots: Vec<Pos2> = scatter.front.iter().filter_map(|run| scatter.dot(field, *run)).collect();
    let mut stairs: Vec<Pos2> = Vec::new();
    for dot in dots {
        // From a run that is better across to one that is better up: the worse of both at the corner.
        stairs.extend(stairs.last().map(|last| pos2(dot.x, last.y)));
        stairs.push(dot);
    }
    painter.with_clip_rect(frame).line(stairs, Stroke::new(1.6, scatter.look.palette().gold));
}

fn brushed(painter: &Painter, scatter: &Scatter, field: &Field, frame: Rect) {
    let places = |axis: &PlottedAxis| scatter.brushes.of(&axis.axis.column).and_then(|brush| axis.axis.places(brush));
    let (x, y) = (places(scatter.x), places(scatter.y));
    if x.is_none() && y.is_none() {
        return;
    }
    let corner = |x: Option<f64>, y: Option<f64>, or: Pos2| {
        let at = field.at(x.unwrap_or(0.0), y.unwrap_or(0.0));
        pos2(if x.is_some() { at.x } else { or.x }, if y.is_some() { at.y } else { or.y })
    };
    let low = corner(x.map(|x| x.0), y.map(|y| y.0), frame.left_bottom());
    let high = corner(x.map(|x| x.1), y.map(|y| y.1), frame.right_top());
    let fill = scatter.look.palette().accent.gamma_multiply(0.15);
    painter.rect_filled(Rect::from_two_pos(low, high), 0, fill);
}

fn marks(painter: &Painter, scatter: &Scatter, field: &Field, frame: Rect) {
    let (palette, font) = (scatter.look.palette(), FontId::proportional(10.5));
    let line = Stroke::new(1.0, palette.grid);
    for (at, cell) in scatter.x.axis.marks((frame.width() / 90.0) as usize) {
        let x = field.at(at, 0.0).x;
        painter.vline(x, frame.y_range(), line);
        let words: String = said(&cell).chars().take(16).collect();
        painter.text(pos2(x, frame.bottom() + 3.0), Align2::CENTER_TOP, words, font.clone(), palette.text_weak);
    }
    for (at, cell) in scatter.y.axis.marks((frame.height() / 34.0) as usize) {
        let y = field.at(0.0, at).y;
        painter.hline(frame.x_range(), y, line);
        let words: String = said(&cell).chars().take(9).collect();
        painter.text(pos2(frame.left() - 5.0, y), Align2::RIGHT_CENTER, words, font.clone(), palette.text_weak);
    }
    titles(painter, palette, scatter, frame);
}

fn titles(painter: &Painter, palette: &Palette, scatter: &Scatter, frame: Rect) {
    let font = FontId::proportional(11.0);
    let across = pos2(frame.right(), frame.bottom() + 18.0);
    painter.text(across, Align2::RIGHT_TOP, &scatter.x.title, font.clone(), palette.text);
    painter.text(frame.left_top() - vec2(0.0, 3.0), Align2::LEFT_BOTTOM, &scatter.y.title, font, palette.text);
}
