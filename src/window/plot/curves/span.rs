//! The visible part of an axis, and what the hand does to it.

use egui::{PointerButton, Pos2, Rect, Response, Ui};

/// From where to where an axis is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) from: f64,
    pub(super) to: f64,
}

impl Span {
    pub(super) fn length(self) -> f64 {
        self.to - self.from
    }

    pub(super) fn contains(self, value: f64) -> bool {
        (self.from..=self.to).contains(&value)
    }

    /// Wider by `share` of its length on both sides; a single point gets some room around it.
    pub(super) fn with_margin(self, share: f64) -> Self {
        let length = if self.length() > 1e-12 * self.to.abs() { self.length() } else { 0.1 * self.to.abs().max(1e-3) };
        Self { from: self.from - share * length, to: self.to + share * length }
    }

    pub(super) fn union(self, other: Self) -> Self {
        Self { from: self.from.min(other.from), to: self.to.max(other.to) }
    }

    fn moved(self, by: f64) -> Self {
        Self { from: self.from + by, to: self.to + by }
    }

    /// `factor` times nearer around `center`.
    fn zoomed(self, factor: f64, center: f64) -> Self {
        Self { from: center + (self.from - center) / factor, to: center + (self.to - center) / factor }
    }
}

/// The visible part of one chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Window {
    pub(super) x: Span,
    pub(super) y: Span,
}

/// What the hand asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Gesture {
    /// Show this from now on; a `None` axis goes on fitting itself.
    Hold { x: Option<Span>, y: Option<Span> },
    /// Fit and follow again.
    Release,
}

impl Window {
    fn at(self, pos: Pos2, rect: Rect) -> (f64, f64) {
        let x = f64::from((pos.x - rect.left()) / rect.width().max(1.0));
        let y = f64::from((rect.bottom() - pos.y) / rect.height().max(1.0));
        (self.x.from + x * self.x.length(), self.y.from + y * self.y.length())
    }

    /// Drag pans the steps (and the values once they are held), Ctrl+wheel zooms the steps, with
    /// Shift the values, a box drawn with the right button zooms both, a double click releases.
    pub(super) fn gesture(self, ui: &Ui, response: &Response, rect: Rect, y_held: bool) -> Option<Gesture> {
        if response.double_clicked() {
            return Some(Gesture::Release);
        }
        let delta = response.drag_delta();
        if response.dragged_by(PointerButton::Primary) && delta.length() > 0.0 {
            let x = self.x.moved(f64::from(-delta.x / rect.width().max(1.0)) * self.x.length());
            let y = self.y.moved(f64::from(delta.y / rect.height().max(1.0)) * self.y.length());
            return Some(Gesture::Hold { x: Some(x), y: y_held.then_some(y) });
        }
        self.zoom(ui, response, rect).or_else(|| self.boxed(ui, response, rect))
    }

    fn zoom(self, ui: &Ui, response: &Response, rect: Rect) -> Option<Gesture> {
        let pos = response.hover_pos()?;
        let factor = f64::from(ui.input(|input| input.zoom_delta()));
        if factor == 1.0 || !factor.is_finite() || factor <= 0.0 {
            return None;
        }
        let (x, y) = self.at(pos, rect);
        if ui.input(|input| input.modifiers.shift) {
            return Some(Gesture::Hold { x: None, y: Some(self.y.zoomed(factor, y)) });
        }
        let zoomed = self.x.zoomed(factor, x);
        (zoomed.length() > 1.0 || factor < 1.0).then_some(Gesture::Hold { x: Some(zoomed), y: None })
    }

    fn boxed(self, ui: &Ui, response: &Response, rect: Rect) -> Option<Gesture> {
        if !response.drag_stopped_by(PointerButton::Secondary) {
            return None;
        }
        let end = response.interact_pointer_pos()?;
        let start = end - response.total_drag_delta().or_else(|| ui.input(|input| input.pointer.total_drag_delta()))?;
        let ((x0, y0), (x1, y1)) = (self.at(start, rect), self.at(end, rect));
        let span = |a: f64, b: f64| Span { from: a.min(b), to: a.max(b) };
        let large = (end - start).abs().min_elem() > 4.0;
        large.then(|| Gesture::Hold { x: Some(span(x0, x1)), y: Some(span(y0, y1)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zooming_keeps_the_point_under_the_pointer() {
        let zoomed = Span { from: 0.0, to: 100.0 }.zoomed(2.0, 25.0);
        assert_eq!(zoomed, Span { from: 12.5, to: 62.5 });
        assert_eq!((25.0 - zoomed.from) / zoomed.length(), 0.25);
    }

    #[test]
    fn a_constant_curve_gets_room_around_it() {
        let room = Span { from: 3.0, to: 3.0 }.with_margin(0.1);
        assert!(room.from < 3.0 && room.to > 3.0);
        let zero = Span { from: 0.0, to: 0.0 }.with_margin(0.1);
        assert!(zero.from < 0.0 && zero.to > 0.0);
    }
}
