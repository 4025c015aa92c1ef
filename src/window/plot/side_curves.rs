//! The curves of two sides in one chart: colour and dash tell them apart, of several seeds a band of one standard
//! deviation lies around the mean. The pointer reads both sides at one step.

use egui::{Align2, Color32, FontId, Ui, pos2};
use egui_plot::{FilledArea, Line, LineStyle, Plot, PlotPoints};

use super::figures::short;
use crate::record::compare::side_curves::{SideCurve, SidePoint};
use crate::window::theme::Look;

/// Length of a dash, points.
const DASH: f32 = 8.0;
/// How much of its colour a band has.
const BAND: f32 = 0.18;

/// The colour of a side.
pub fn color(look: Look, side: usize) -> Color32 {
    look.palette().curve(side)
}

/// Draws the curves of A and B; one that a side lacks is left out.
pub fn side_curves_ui(ui: &mut Ui, look: Look, sides: [Option<&SideCurve>; 2], logarithmic: bool) {
    let place = |value: f64| if logarithmic { value.max(f64::MIN_POSITIVE).log10() } else { value };
    let plot = Plot::new("curves of two sides")
        .height(ui.available_height().max(80.0))
        .show_background(false)
        .grid_color(look.palette().grid)
        .grid_fade(0.0)
        .show_x(false)
        .show_y(false)
        .y_axis_formatter(move |mark, _| short(if logarithmic { 10f64.powf(mark.value) } else { mark.value }));
    let shown = plot.show(ui, |plot| {
        for (side, curve) in sides.iter().enumerate() {
            let Some(curve) = curve else { continue };
            let color = color(look, side);
            let of = |value: fn(&SidePoint) -> f64| curve.points.iter().map(|p| place(value(p))).collect::<Vec<f64>>();
            let steps: Vec<f64> = curve.points.iter().map(|point| point.step as f64).collect();
            if curve.n > 1 {
                // Where the logarithm of the lower edge has no place, the band ends at a twentieth of the mean.
                let low: fn(&SidePoint) -> f64 = match logarithmic {
                    true => |point| (point.mean - point.sd).max(0.05 * point.mean),
                    false => |point| point.mean - point.sd,
                };
                let (low, high) = (of(low), of(|point| point.mean + point.sd));
                let band = FilledArea::new(format!("band {side}"), &steps, &low, &high);
                plot.add(band.fill_color(color.gamma_multiply(BAND)).allow_hover(false));
            }
            let means: Vec<[f64; 2]> = steps.iter().zip(of(|point| point.mean)).map(|(x, y)| [*x, y]).collect();
            let style = if side == 0 { LineStyle::Solid } else { LineStyle::Dashed { length: DASH } };
            let line = Line::new(format!("side {side}"), PlotPoints::from(means));
            plot.line(line.color(color).width(1.6).style(style).allow_hover(false));
        }
    });
    let Some(pointer) = shown.response.hover_pos() else { return };
    let step = shown.transform.value_from_position(pointer).x;
    let mut top = shown.response.rect.top() + 6.0;
    for (side, curve) in sides.iter().enumerate() {
        let Some(point) = curve.and_then(|curve| nearest(curve, step)) else { continue };
        let sd = if point.sd > 0.0 { format!(" ± {}", short(point.sd)) } else { String::new() };
        let words = format!("{} · {}: {}{sd}", ["A", "B"][side], point.step, short(point.mean));
        let corner = pos2(shown.response.rect.right() - 8.0, top);
        ui.painter().text(corner, Align2::RIGHT_TOP, words, FontId::proportional(12.0), color(look, side));
        top += 16.0;
    }
}

/// The point of a curve that is nearest to a step.
fn nearest(curve: &SideCurve, step: f64) -> Option<&SidePoint> {
    let behind = curve.points.partition_point(|point| (point.step as f64) < step);
    let around =
        [behind.checked_sub(1), Some(behind)].into_iter().flatten().filter_map(|place| curve.points.get(place));
    around.min_by(|a, b| (a.step as f64 - step).abs().total_cmp(&(b.step as f64 - step).abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pointer_reads_the_nearest_step() {
        let point = |step| SidePoint { step, mean: step as f64, sd: 0.0 };
        let curve = SideCurve { n: 1, every: 1, partial: 0, points: [0, 10, 20].map(point).to_vec() };
        for (at, read) in [(-5.0, 0), (4.0, 0), (6.0, 10), (19.0, 20), (99.0, 20)] {
            assert_eq!(nearest(&curve, at).map(|point| point.step), Some(read), "{at}");
        }
        assert!(nearest(&SideCurve::default(), 1.0).is_none());
    }
}
