//! The window on the screen: its title, its size, which is remembered and never reaches beyond the screen, its
//! closing, and what the person prefers for it.

use std::path::Path;

use egui::{Context, Pos2, Vec2, ViewportCommand, vec2};

use super::app::WorkbenchApp;
use super::preferences::{Language, Preferences};

/// A size is written down once the window has rested this long, seconds.
const KEPT_AFTER: f64 = 1.0;
/// Room that a title bar and a task bar take at least, points.
const BARS: f32 = 36.0;

impl WorkbenchApp {
    /// Puts on what the person chose, and keeps it for the next start.
    pub(super) fn prefer(&mut self, preferences: Preferences) {
        self.language = preferences.language.unwrap_or_else(Language::of_the_system);
        self.preferences = preferences;
        self.keep_preferences();
    }

    pub(super) fn keep_preferences(&mut self) {
        self.due.preferences = None;
        if let Err(e) = self.preferences.write(&self.storage.preferences_path()) {
            let text = self.t("what was chosen for the window holds until it is closed; it cannot be kept");
            self.notice(false, format!("{text}: {e}"));
        }
    }

    /// Follows the window: its size once it rests, and the screen it has to fit.
    pub(super) fn follow_viewport(&mut self, ctx: &Context, now: f64) {
        let (inner, screen, maximized, hidden) = ctx.input(|input| {
            let viewport = input.viewport();
            let whole = viewport.maximized.unwrap_or_default() || viewport.fullscreen.unwrap_or_default();
            (viewport.inner_rect, viewport.monitor_size, whole, viewport.minimized.unwrap_or_default())
        });
        let Some(size) = inner.map(|rect| rect.size()).filter(|_| !hidden) else { return };
        if let Some(screen) = screen
            && !maximized
            && reaches_beyond(size, screen)
        {
            if !std::mem::replace(&mut self.fitted, true) {
                ctx.send_viewport_cmd(ViewportCommand::Maximized(true));
                return;
            }
            if self.preferences.maximized {
                // It was made smaller by a hand, and the size it goes back to is the one that did not fit.
                ctx.send_viewport_cmd(ViewportCommand::OuterPosition(Pos2::ZERO));
                ctx.send_viewport_cmd(ViewportCommand::InnerSize(size.min(vec2(screen.x, screen.y - BARS))));
            }
        }
        self.fitted |= screen.is_some();
        let rested = if maximized { self.preferences.size } else { Some((size.x.round(), size.y.round())) };
        let seen = Preferences { size: rested, maximized, ..self.preferences };
        if seen != self.preferences {
            self.preferences = seen;
            self.due.preferences = Some(now + KEPT_AFTER);
        }
    }

    /// The experiment's name and its file in the window's title.
    pub(super) fn title(&mut self, ctx: &Context) {
        let file = self.path.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy());
        let parts = [Some(self.session.name.as_str()), file.as_deref(), Some("Retort")];
        let title = parts.into_iter().flatten().collect::<Vec<_>>().join(" – ");
        if self.titled.as_ref() != Some(&title) {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.titled = Some(title);
        }
    }

    /// A window that has something to lose asks before it closes.
    pub(super) fn mind_closing(&mut self, ctx: &Context) {
        if std::mem::take(&mut self.closes) {
            self.may_close = true;
            ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        }
        let loses = self.steering.is_live() || self.workspace.unwritten.is_some();
        if ctx.input(|input| input.viewport().close_requested()) && loses && !self.may_close {
            ctx.send_viewport_cmd(egui::ViewportCommand::CancelClose);
            self.state.closing = true;
            ctx.request_repaint();
        }
    }
}

/// Whether a window with so much room inside and a title bar is larger than the screen. The system cuts
/// the inside to the whole screen and forgets the bars: the lower edge then lies out of reach.
fn reaches_beyond(inner: Vec2, screen: Vec2) -> bool {
    screen.min_elem() > 1.0 && (inner.y + BARS > screen.y || inner.x > screen.x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_the_screen_has_no_room_for_is_known() {
        let (first, cut) = (vec2(1400.0, 900.0), vec2(1280.0, 720.0));
        assert!(reaches_beyond(cut, vec2(1280.0, 720.0)), "cut to the screen, without its title bar");
        assert!(reaches_beyond(first, vec2(1440.0, 900.0)) && reaches_beyond(first, vec2(1366.0, 1000.0)));
        assert!(!reaches_beyond(first, vec2(1920.0, 1080.0)) && !reaches_beyond(cut, vec2(1366.0, 768.0)));
        assert!(!reaches_beyond(first, Vec2::ZERO), "a system that does not tell");
    }
}
