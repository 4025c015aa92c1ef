//! The centre: every curve above, and below it what the models look at or what their weights weigh.

use egui::{CentralPanel, Frame, Label, Margin, Panel, RichText, Ui};

use super::{Scene, changed_view};
use crate::session::View;
use crate::window::control::{self, Lower};
use crate::window::export::ExportWish;
use crate::window::export_menu;
use crate::window::plot::{attention_map, curves, weights};
use crate::window::state::{Action, Back, UiState};
use crate::window::steering::THETA;

/// The lower part is never lower, points: its tabs and a row of heads.
const LEAST: f32 = 160.0;
/// With less room for the curves the lower part is only its tabs, points.
const CURVES: f32 = 150.0;

/// The lower part's tabs, as they are stored in the view.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tab {
    Attention,
    Weights,
    None,
}

impl Tab {
    fn of(view: &View) -> Self {
        match view.tab.as_str() {
            "weights" => Self::Weights,
            "curves" => Self::None,
            _ => Self::Attention,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Attention => "attention",
            Self::Weights => "weights",
            Self::None => "curves",
        }
    }
}

/// Whether heatmaps are on screen.
pub fn shows_attention(view: &View) -> bool {
    Tab::of(view) == Tab::Attention
}

/// Whether the weight histogram is on screen. Also while θ is turned on the left: what it would
/// remove is shown beside it.
pub fn shows_weights(view: &View) -> bool {
    Tab::of(view) == Tab::Weights
}

pub(super) fn centre_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let tab = Tab::of(&scene.session.view);
    let margin = Margin { left: 0, right: 0, top: 8, bottom: 0 };
    let room = ui.available_height();
    if tab == Tab::None || room < LEAST + CURVES {
        let lower = Panel::bottom("tabs").frame(Frame::NONE.inner_margin(margin)).exact_size(38.0);
        lower.show(ui, |ui| tabs_ui(ui, scene, state, tab));
    } else {
        let lower = Lower { id: "lower", wanted: 388f32.max(0.44 * room), least: LEAST, most: 0.62, margin };
        lower.show(ui, |ui| {
            tabs_ui(ui, scene, state, tab);
            ui.add_space(4.0);
            control::bounded(ui, |ui| match tab {
                Tab::Weights => weights_ui(ui, scene, state),
                _ => attention_ui(ui, scene, state),
            });
        });
    }
    CentralPanel::no_frame().show(ui, |ui| curves_ui(ui, scene, state));
}

fn tabs_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, tab: Tab) {
    let layers = |ui: &mut Ui| if tab == Tab::Attention { layers_ui(ui, scene) } else { None };
    let choices = |ui: &mut Ui| {
        let all = [
            (Tab::Attention, scene.t("Attention"), scene.t("What each head looks at in the text under the lens")),
            (
                Tab::Weights,
                scene.t("Weights"),
                scene.t("How important the student's weights are, and what θ would remove"),
            ),
            (Tab::None, scene.t("Curves only"), scene.t("Give the curves all the room")),
        ];
        if let Some(chosen) = control::segments(ui, tab, &all) {
            state.ask(changed_view(scene, |view| view.tab = chosen.name().to_owned()));
        }
        // Weights are the student's alone, however it is asked.
        let former = (!scene.belonging.open()).then(|| scene.t("by the former pair and data").to_owned());
        let words = if tab == Tab::Attention { scene.answered_by() } else { former.filter(|_| tab == Tab::Weights) };
        if let Some(words) = words {
            ui.add(Label::new(RichText::new(words).small().color(ui.visuals().warn_fg_color)).selectable(false));
        }
    };
    let (_, layer) = egui::Sides::new().shrink_left().truncate().show(ui, choices, layers);
    if let Some(change) = layer {
        state.ask(change);
    }
}

fn curves_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    if scene.record.series.is_empty() {
        let text = match scene.live {
            true => scene.t("Losses, accuracy and agreement are drawn here from the first step on."),
            false => scene.t("Press Start. Losses, accuracy and agreement are drawn here from the first step on."),
        };
        return control::empty(ui, scene.t("No curves yet"), text);
    }
    former_ui(ui, scene, state);
    let mut view = scene.session.view.clone();
    let mut raw = std::mem::take(&mut state.raw_points);
    let wanted =
        curves::curves_beside_ui(ui, scene.record, &mut view, scene.look, &mut raw, |ui| export_ui(ui, scene, state));
    state.raw_points = raw;
    wanted.into_iter().for_each(|stretch| state.ask(Action::ReadPoints(stretch)));
    if view != scene.session.view {
        state.ask(Action::SetView(Box::new(view)));
    }
}

/// The curves of the run on show, for other programs.
fn export_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let runs = scene.record.out.iter().cloned().collect();
    let wish = ExportWish { runs, logarithmic: scene.session.view.log_y, ..ExportWish::default() };
    export_menu::menu_ui(ui, scene.look, state, |_| wish.clone());
}

/// Whose curves these are, where another pair or other data are chosen by now, and the way back.
fn former_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let Some(former) = scene.former_run() else { return };
    ui.horizontal_wrapped(|ui| {
        let words = format!("{} {former}", scene.t("Curves, marks and test answers are of"));
        ui.add(Label::new(RichText::new(words).small().color(ui.visuals().warn_fg_color)).wrap());
        let help =
            scene.t("Chooses the pair and the data of this run again, so that it can be continued; undo takes it back");
        if ui.small_button(scene.t("Back to its pair and data")).on_hover_text(help).clicked() {
            state.ask(Action::BackToRun(Back::PairAndData));
        }
    });
}

fn attention_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    match scene.probe {
        Some(frame) => {
            let mut map = state.attention.clone();
            attention_map::attention_beside_ui(ui, frame, &mut map, scene.look, |ui, map| {
                let draw = || attention_map::drawing(frame, map, scene.look);
                export_menu::drawing_menu_ui(ui, scene.look, state, false, draw);
            });
            state.attention = map;
        }
        None if scene.session.view.probe.is_empty() => {
            let text = scene.t("Type a text on the right, or click a row of the test set.");
            control::empty(ui, scene.t("No text under the lens"), text);
        }
        None => {
            let text = scene.t("Both models' heads appear here once the models are open.");
            control::empty(ui, scene.t("No answer yet"), text);
        }
    }
}

/// Right to left: student's layer, teacher's layer. Gives the change that was made.
fn layers_ui(ui: &mut Ui, scene: &Scene) -> Option<Action> {
    let frame = scene.probe?;
    let view = &scene.session.view;
    let student = control::layer_ui(ui, scene.look, scene.t("Student layer"), frame.student.layers, view.student_layer);
    let student = student.map(|layer| changed_view(scene, |view| view.student_layer = layer));
    let Some(teacher) = &frame.teacher else { return student };
    ui.add_space(8.0);
    let teacher = control::layer_ui(ui, scene.look, scene.t("Teacher layer"), teacher.layers, view.teacher_layer);
    teacher.map(|layer| changed_view(scene, |view| view.teacher_layer = layer)).or(student)
}

fn weights_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let Some(frame) = scene.weights else {
        let text = scene.t("The histogram of importances appears here once the student is open.");
        return control::empty(ui, scene.t("No weights yet"), text);
    };
    let knob = scene.catalog.knob(THETA);
    let theta = knob.map_or(0.0, |knob| scene.requested.get(knob));
    let area = egui::ScrollArea::vertical().id_salt("weights").auto_shrink(false);
    let dragged = area.show(ui, |ui| weights::weights_ui(ui, frame, theta, scene.look)).inner;
    if let Some(new) = dragged
        && let Some(knob) = knob
    {
        let value = new.clamp(knob.min, knob.max);
        let held = ui.input(|input| input.pointer.primary_down());
        state.ask(Action::turned(THETA, value, held));
    }
}
