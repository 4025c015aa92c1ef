//! Keeps what was drawn into the pictures of many runs, and puts it back when their workspace is shown again.

use egui::Context;

use super::app::WorkbenchApp;
use super::kept_pictures::KeptPictures;
use crate::session::{Say as _, Sentence};

impl WorkbenchApp {
    /// Draws into the pictures what was kept of the workspace that is shown.
    pub(super) fn restore_pictures(&mut self) {
        let kept = self.pictures.of(&self.runs_folder());
        kept.put_into(&mut self.state.runs);
    }

    /// Keeps it where it has changed and no hand is at it.
    pub(super) fn keep_pictures(&mut self, ctx: &Context) {
        let workspace = self.runs_folder();
        let known = self.pictures.of(&workspace).is_of(&self.state.runs)
            || self.unkept.as_ref().is_some_and(|told| told.is_of(&self.state.runs));
        if known || ctx.input(|input| input.pointer.any_down()) {
            return;
        }
        let now = KeptPictures::of(&self.state.runs);
        let kept = self.pictures.keep(self.storage.root(), &workspace, now.clone());
        self.unkept = kept.is_err().then_some(now);
        if let Err(e) = kept {
            let text = self.t("lines, brushes and baseline hold until the window is closed; they cannot be kept");
            self.notice(false, Sentence::joined([text.said(), e.said()], ": "));
        }
    }
}
