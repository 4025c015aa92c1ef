//! What a frame costs the window itself: its logic, its layout and the tessellation of its shapes.

use std::sync::{Arc, Mutex, PoisonError};

use egui::Context;

use crate::window::timing::Stopwatch;

/// Tessellates every frame's shapes once more, to know what it costs: egui does it behind the
/// program's back.
#[derive(Default)]
struct Tessellation(Arc<Mutex<f32>>);

impl egui::Plugin for Tessellation {
    fn debug_name(&self) -> &'static str {
        "tessellation"
    }

    fn output_hook(&mut self, ctx: &Context, output: &mut egui::FullOutput) {
        let shapes = output.shapes.clone();
        let watch = Stopwatch::start();
        ctx.tessellate(shapes, output.pixels_per_point);
        let spent = watch.elapsed().as_secs_f32() * 1e3;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += spent;
    }
}

/// CPU time of the frame that is being drawn.
pub struct OwnWork {
    own: Option<f32>,
    tessellation: Arc<Mutex<f32>>,
}

impl OwnWork {
    /// Watches the frames of this window from now on.
    pub fn watch(ctx: &Context) -> Self {
        let tessellation = Arc::default();
        ctx.add_plugin(Tessellation(Arc::clone(&tessellation)));
        Self { own: None, tessellation }
    }

    /// Takes in what logic and layout have taken, milliseconds; a frame that is laid out twice costs both.
    pub fn add(&mut self, own_ms: f32) {
        *self.own.get_or_insert(0.0) += own_ms;
    }

    /// What the last frame has taken, milliseconds; `None` where none was drawn since.
    pub fn take(&mut self) -> Option<f32> {
        let tessellation = std::mem::take(&mut *self.tessellation.lock().unwrap_or_else(PoisonError::into_inner));
        self.own.take().map(|own| own + tessellation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_costs_its_logic_and_the_tessellation_of_its_shapes_and_is_told_once() {
        let ctx = Context::default();
        let mut work = OwnWork::watch(&ctx);
        assert_eq!(work.take(), None);
        let heavy = |ui: &mut egui::Ui| {
            for radius in 1..2000 {
                ui.painter().circle_filled(egui::pos2(50.0, 50.0), radius as f32, egui::Color32::WHITE);
            }
        };
        let mut output = ctx.run_ui(egui::RawInput::default(), heavy);
        output.textures_delta.clear();
        work.add(3.0);
        let cost = work.take();
        assert!(cost.is_some_and(|cost| cost > 3.0), "{cost:?}");
        assert_eq!(work.take(), None);
    }
}
