//! The check-up before a run: rows in green, amber and red, each with its next step.

use egui::{Label, RichText, Ui, vec2};

use super::{Scene, Section};
use crate::link::{Checkup, Finding, Grade, Phase, Subject, grouped};
use crate::session::Source;
use crate::window::control;
use crate::window::state::{Action, UiState};

pub(super) const SECTION: Section = Section {
    id: "checkup",
    title: "Check-up",
    help: "Whether pair, prompt, memory and pace fit, before the run",
    open: false,
    summary,
    draw: checkup_ui,
};

/// What the engine is doing while it examines.
const EXAMINING: &str = "checking the pair";

fn summary(scene: &Scene) -> String {
    let Some(checkup) = &scene.workspace.checkup else { return scene.t("not yet").to_owned() };
    let count = |grade| checkup.findings.iter().filter(|finding| finding.grade == grade).count();
    let words = [(Grade::Red, "red"), (Grade::Amber, "amber"), (Grade::Green, "green")];
    let said = words.map(|(grade, word)| (count(grade), scene.t(word)));
    let said = said.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
    said.collect::<Vec<_>>().join(" · ")
}

fn checkup_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let busy = scene.phase() == Phase::Opening && scene.workspace.status.what == EXAMINING;
    ui.horizontal(|ui| {
        let help = scene.t("Opens the pair, looks at a sample of the texts and takes three steps on a copy");
        let can = !scene.live && !busy && scene.phase() != Phase::Gone;
        let button = ui.add_enabled(can, egui::Button::new(scene.t("Check now"))).on_hover_text(help);
        if button.on_disabled_hover_text(scene.t("Not while a run is loaded")).clicked() {
            state.ask(Action::Examine);
        }
        if busy {
            ui.add(egui::Spinner::new().size(14.0));
            control::caption(ui, scene.t("checking…"));
        } else if is_outdated(scene, state) {
            control::caption(ui, scene.t("of the session as it was before"));
        }
    });
    let teacher = scene.session.teacher();
    let is_server = teacher.is_some_and(|teacher| matches!(teacher.source, Source::Server { .. }));
    if busy && is_server && ui.button(scene.t("Stop")).clicked() {
        state.ask(Action::Stop);
    }
    if let Some(checkup) = &scene.workspace.checkup {
        ask_ui(ui, scene, state, checkup);
        rows_ui(ui, scene, checkup);
    }
}

/// The button that asks a server, with its price.
fn ask_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, checkup: &Checkup) {
    let figure = |name: &str| checkup.finding(Subject::Answers)?.figures.get(name).copied();
    let (Some(texts), Some(tokens)) = (figure("ask_texts"), figure("ask_tokens")) else { return };
    ui.horizontal(|ui| {
        let help = scene.t("What the answers cost is told beside it; they are kept, and a run does not ask them again");
        let can = !scene.live && !is_outdated(scene, state);
        let button = ui.add_enabled(can, egui::Button::new(scene.t("Ask the server about a few texts")));
        if button.on_hover_text(help).clicked() {
            state.ask(Action::ExamineAsking);
        }
        let tokens = grouped(tokens as u64);
        control::caption(
            ui,
            &format!("{texts} {}, {} {tokens} {}", scene.t("questions"), scene.t("about"), scene.t("tokens")),
        );
    });
}

/// Whether what was examined has been changed since.
fn is_outdated(scene: &Scene, state: &UiState) -> bool {
    let (now, then) = (scene.session, state.examined.as_deref());
    scene.workspace.checkup.is_some()
        && then.is_none_or(|then| {
            let models = (&then.teachers, &then.student) != (&now.teachers, &now.student);
            models || (&then.data, &then.prompt, &then.recipe) != (&now.data, &now.prompt, &now.recipe)
        })
}

fn rows_ui(ui: &mut Ui, scene: &Scene, checkup: &Checkup) {
    ui.spacing_mut().item_spacing.y = 3.0;
    for finding in &checkup.findings {
        ui.add_space(3.0);
        finding_ui(ui, scene, finding);
    }
}

fn finding_ui(ui: &mut Ui, scene: &Scene, finding: &Finding) {
    let palette = scene.look.palette();
    let (color, word) = match finding.grade {
        Grade::Green => (palette.good, "green"),
        Grade::Amber => (palette.warn, "amber"),
        Grade::Red => (palette.bad, "red"),
    };
    ui.horizontal(|ui| {
        control::dot(ui, color);
        let title = RichText::new(scene.t(finding.subject.label())).strong();
        ui.add(Label::new(title).selectable(false)).on_hover_text(scene.t(word));
    });
    indented(ui, |ui| ui.add(Label::new(RichText::new(scene.says(&finding.says)).small()).wrap()));
    if !finding.fix.is_empty() {
        let fix = RichText::new(format!("→ {}", scene.says(&finding.fix))).small().color(color);
        indented(ui, |ui| ui.add(Label::new(fix).wrap()));
    }
}

/// Text below a title, on the line of its letters.
fn indented<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) {
    const DEPTH: f32 = 18.0;
    ui.horizontal_top(|ui| {
        ui.allocate_exact_size(vec2(DEPTH - ui.spacing().item_spacing.x, 1.0), egui::Sense::hover());
        ui.vertical(contents);
    });
}
