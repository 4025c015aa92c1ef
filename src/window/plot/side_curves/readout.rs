//! What all sides say where the pointer is: a row each, the largest first, with the difference from the baseline.

use egui::{Grid, Response, RichText, Stroke, Ui, pos2};
use egui_plot::PlotTransform;

use super::{Drawn, DrawnSide, SideChart, color, letter, unit};
use crate::record::compare::curve_difference::AxisPoint;
use crate::record::compare::side_axes::CurveAxis;
use crate::window::plot::{figures::short, readout_ui};

/// What a side says.
struct Row<'a> {
    side: &'a DrawnSide<'a>,
    /// As it is, also where differences are drawn.
    point: AxisPoint,
    /// That less the baseline's mean there.
    difference: Option<f64>,
}

/// Reads every side at the sample nearest to the pointer.
pub(super) fn readout(ui: &Ui, chart: &SideChart, drawn: &[Drawn], response: &Response, transform: &PlotTransform) {
    let Some(pointer) = response.hover_pos().filter(|pointer| transform.frame().contains(*pointer)) else { return };
    let Some(x) = nearest(drawn, transform.value_from_position(pointer).x) else { return };
    let rows = rows(chart, x);
    let painter = ui.painter().with_clip_rect(transform.frame().intersect(ui.clip_rect()));
    let palette = chart.look.palette();
    painter.vline(
        transform.position_from_point_x(x),
        transform.frame().y_range(),
        Stroke::new(1.0, palette.text_weak.gamma_multiply(0.6)),
    );
    for row in &rows {
        let value = if chart.shows_differences() { row.difference } else { Some(row.point.mean) };
        let Some(place) = value.and_then(|value| chart.place(value)) else { continue };
        let center = pos2(transform.position_from_point_x(row.point.x), transform.position_from_point_y(place));
        painter.circle(center, 3.0, color(chart.look, row.side.place), Stroke::new(1.0, palette.background));
    }
    readout_ui(response, |ui| rows_ui(ui, chart, x, &rows));
}

/// The place of the sample that is nearest to where the pointer is, whosesoever.
fn nearest(drawn: &[Drawn], x: f64) -> Option<f64> {
    let of_side = |it: &Drawn| {
        let behind = it.points.partition_point(|point| point.x < x);
        let around = [behind.checked_sub(1), Some(behind)].into_iter().flatten();
        around.filter_map(|place| it.points.get(place)).map(|point| point.x).collect::<Vec<_>>()
    };
    drawn.iter().flat_map(of_side).min_by(|a, b| (a - x).abs().total_cmp(&(b - x).abs()))
}

fn rows<'a>(chart: &'a SideChart, x: f64) -> Vec<Row<'a>> {
    let baseline = chart.against();
    let row = |side: &'a DrawnSide<'a>| {
        let point = side.on.nearest(x)?;
        let others = baseline.filter(|baseline| baseline.place != side.place);
        let difference = match others {
            Some(baseline) => baseline.on.mean_at(point.x).map(|mean| point.mean - mean),
            None => baseline.map(|_| 0.0),
        };
        Some(Row { side, point, difference })
    };
    let mut rows: Vec<Row> = chart.sides.iter().filter_map(row).collect();
    rows.sort_by(|a, b| b.point.mean.total_cmp(&a.point.mean));
    rows
}

fn rows_ui(ui: &mut Ui, chart: &SideChart, x: f64, rows: &[Row]) {
    let palette = chart.look.palette();
    let title = format!("{} {}", unit(chart.axis, chart.look), figure(chart.axis, x));
    ui.label(RichText::new(title).small().color(palette.text_weak));
    Grid::new("sides at one place").num_columns(3).spacing([12.0, 2.0]).show(ui, |ui| {
        for row in rows {
            let away = if row.point.x == x { String::new() } else { format!(" @ {}", figure(chart.axis, row.point.x)) };
            let name = format!("{} {}{away}", letter(row.side.place), row.side.name);
            ui.label(RichText::new(name).color(color(chart.look, row.side.place)));
            let sd = if row.side.on.curve.n > 1 { format!(" ± {}", short(row.point.sd)) } else { String::new() };
            ui.label(RichText::new(format!("{}{sd}", short(row.point.mean))).color(palette.text_strong));
            if chart.against().is_some() {
                ui.label(RichText::new(told(chart, row)).color(palette.text_weak));
            }
            ui.end_row();
        }
    });
    let silent = chart.sides.len() - rows.len();
    if silent > 0 {
        let words = format!("{silent} {}", chart.look.t("without a value here"));
        ui.label(RichText::new(words).small().color(palette.text_weak));
    }
}

fn told(chart: &SideChart, row: &Row) -> String {
    match row.difference {
        _ if chart.baseline == Some(row.side.place) => chart.look.t("baseline").to_owned(),
        Some(difference) if difference > 0.0 => format!("+{}", short(difference)),
        Some(difference) => short(difference),
        None => "–".to_owned(),
    }
}

fn figure(axis: CurveAxis, x: f64) -> String {
    match axis {
        CurveAxis::Step | CurveAxis::Examples => format!("{x:.0}"),
        CurveAxis::Epoch => format!("{x:.2}"),
        CurveAxis::Time => short(x),
    }
}
