//! How the engine fares: its phase and the figures that mean something now, as far as there is room.

use egui::{Color32, Label, RichText, Ui};

use super::super::Scene;
use crate::link::{Phase, Reach, Status, grouped};
use crate::window::control;

/// What the engine does, in words.
fn phase_name(scene: &Scene) -> &'static str {
    match scene.phase() {
        Phase::Empty => scene.t("nothing open"),
        Phase::Opening => scene.t("opening"),
        Phase::Ready => match scene.silent_server().map(|server| scene.reach(server)) {
            None => scene.t("ready"),
            Some(Some(Reach::Failed(_))) => scene.t("the server does not answer"),
            Some(_) => scene.t("open · server not asked yet"),
        },
        Phase::Running => scene.t("running"),
        Phase::Paused => scene.t("paused"),
        Phase::Evaluating => scene.t("evaluating"),
        Phase::Finished => scene.t("finished"),
        Phase::Stopped => scene.t("stopped"),
        Phase::Failed => scene.t("failed"),
        Phase::Gone => scene.t("engine gone"),
    }
}

fn phase_color(scene: &Scene, phase: Phase) -> Color32 {
    let palette = scene.look.palette();
    match phase {
        Phase::Running | Phase::Evaluating => palette.good,
        Phase::Opening | Phase::Paused => palette.warn,
        Phase::Failed | Phase::Gone => palette.bad,
        Phase::Ready
            if matches!(scene.silent_server().map(|server| scene.reach(server)), Some(Some(Reach::Failed(_)))) =>
        {
            palette.bad
        }
        Phase::Ready | Phase::Finished => palette.accent,
        Phase::Empty | Phase::Stopped => palette.text_weak,
    }
}

/// A figure that means something now.
struct Figure {
    text: String,
    help: &'static str,
    /// Where the room is short, those of the lowest rank are left to the help of the phase.
    rank: u8,
}

/// What is drawn of the status in the room there is.
pub(super) struct Fitting {
    phase: String,
    figures: Vec<Figure>,
    /// What had no room, a line each.
    left_out: Vec<String>,
    /// What it takes, points.
    pub width: f32,
}

/// The phase and its figures.
pub(super) fn status_ui(ui: &mut Ui, scene: &Scene, fitting: Fitting) {
    let status = &scene.workspace.status;
    let Fitting { phase, figures, left_out, .. } = fitting;
    ui.spacing_mut().item_spacing.x = 5.0;
    control::dot(ui, phase_color(scene, status.phase));
    let help = [scene.t("What the engine is doing").to_owned()].into_iter().chain(left_out);
    let help = help.collect::<Vec<_>>().join("\n");
    ui.spacing_mut().item_spacing.x = BETWEEN;
    ui.add(Label::new(RichText::new(phase).strong()).truncate().selectable(false)).on_hover_text(help);
    for figure in figures {
        ui.add(Label::new(figure.text).selectable(false)).on_hover_text(figure.help);
    }
}

/// Room between two figures, points.
const BETWEEN: f32 = 14.0;
/// Rank of what the engine says of its phase.
const SAID: u8 = 3;

impl Fitting {
    /// The phase and its figures in at most `room` points: what matters least is left out until the rest fits.
    pub fn of(ui: &Ui, scene: &Scene, room: f32) -> Self {
        let status = &scene.workspace.status;
        let (name, mut figures, mut left_out) = (phase_name(scene), figures(scene, status), Vec::new());
        let heard = scene.says(&status.what);
        let mut said = Some(heard.as_str()).filter(|said| !said.is_empty());
        loop {
            let phase = said.map_or_else(|| name.to_owned(), |said| format!("{name} · {said}"));
            let texts = figures.iter().map(|figure| figure.text.as_str());
            let texts: f32 = texts.chain([phase.as_str()]).map(|text| width_of(ui, text) + BETWEEN).sum();
            let width = texts - BETWEEN + DOT;
            let least = figures.iter().enumerate().min_by_key(|(_, figure)| figure.rank);
            let least = least.map(|(place, figure)| (place, figure.rank));
            match (least, said) {
                _ if width <= room => return Self { phase, figures, left_out, width },
                (Some((place, rank)), _) if said.is_none() || rank < SAID => left_out.push(figures.remove(place).text),
                (_, Some(words)) => {
                    left_out.push(words.to_owned());
                    said = None;
                }
                (_, None) => return Self { phase, figures, left_out, width: room },
            }
        }
    }
}

/// Width of the dot before the phase, and of the room behind it, points.
const DOT: f32 = 15.0;

fn width_of(ui: &Ui, text: &str) -> f32 {
    let font = egui::TextStyle::Body.resolve(ui.style());
    ui.painter().layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER).size().x
}

/// The figures that mean something now.
fn figures(scene: &Scene, status: &Status) -> Vec<Figure> {
    let mut figures = Vec::new();
    let mut say = |rank, text: String, help| figures.push(Figure { text, help: scene.t(help), rank });
    if status.phase.is_live() {
        let (done, total) = (grouped(status.done), grouped(status.total));
        say(6, format!("{} {done} / {total}", scene.t("step")), "Optimiser steps done, of all");
        // Behind the last step there is no speed of steps.
        let at_end = status.measuring.is_some() && status.pace.steps_left == 0;
        if status.steps_per_sec > 0.0 && status.phase != Phase::Paused && !at_end {
            let speed = format!("{:.1} {}", status.steps_per_sec, scene.t("steps/s"));
            say(2, speed, "Speed of the last second, evaluations left out");
        }
        if let Some(left) = status.seconds_left().filter(|_| status.phase != Phase::Paused) {
            let help = "Time until the run is done and measured; steps and evaluations each by their own pace";
            say(5, format!("{} {}", scene.t("ETA"), clock(left)), help);
        }
        if let Some(measuring) = status.measuring {
            let (done, total) = (grouped(measuring.done), grouped(measuring.total));
            let texts = format!("{done} / {total} {}", scene.t("texts measured"));
            say(4, texts, "Texts of the data that were measured, of all in this measuring");
        }
        if !at_end {
            let looking = format!("{} {:.0} %", scene.t("looking"), status.looking * 100.0);
            say(0, looking, "Share of the time spent on probes and pictures");
        }
    } else if scene.record.step > 0 {
        say(6, format!("{} {}", scene.t("step"), grouped(scene.record.step)), "Steps of the run shown");
    }
    if status.peak_bytes > 0 {
        say(1, format!("{}B", control::short(status.peak_bytes)), "Peak memory of the program");
    }
    figures
}

/// Minutes and seconds, with hours where there are any.
fn clock(secs: f64) -> String {
    let secs = secs.min(359_999.0) as u64;
    let (hours, minutes, secs) = (secs / 3600, secs / 60 % 60, secs % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{secs:02}") } else { format!("{minutes}:{secs:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remaining_time_reads_like_a_clock() {
        assert_eq!(clock(192.4), "3:12");
        assert_eq!(clock(3725.0), "1:02:05");
        assert_eq!(clock(f64::INFINITY), "99:59:59");
    }
}
