//! Teacher's and student's attention, side by side: all heads of one layer as tiles, or one head
//! enlarged with its tokens on the axes.
//!
//! The two grids are not subtracted: the models cut the text into different tokens, so a cell of
//! one has no partner in the other. Not here: which layer is shown, which the panels choose.

mod drawing;
mod grid;
mod labels;

use egui::{ComboBox, Response, RichText, Sense, Slider, Ui, WidgetInfo, accesskit::Role};

pub use drawing::drawing;

use super::readout_ui;
use crate::link::{ProbeFrame, SideFrame};
use crate::window::heatmap::{self, Cell, Grid, Shading, Sheet};
use crate::window::theme::{ColorMap, GAP, GAP_GROUP, Look};

/// What the person chose to see of the heatmaps.
#[derive(Clone, Debug)]
pub struct AttentionMap {
    /// Head of the teacher that is enlarged, from 0.
    pub teacher_head: Option<usize>,
    /// Head of the student that is enlarged, from 0.
    pub student_head: Option<usize>,
    /// Colours.
    pub colors: ColorMap,
    /// Exponent on the value, in [0.2, 1]: smaller lifts faint cells.
    pub gamma: f32,
    /// Whether each head is scaled by its own largest value.
    pub relative: bool,
}

impl Default for AttentionMap {
    fn default() -> Self {
        Self { teacher_head: None, student_head: None, colors: ColorMap::default(), gamma: 0.6, relative: true }
    }
}

/// One model's heads for a text.
pub struct Half<'a> {
    /// Which picture of the window this is: each keeps one texture.
    pub slot: u64,
    /// What the model is called.
    pub title: &'a str,
    /// Its colour.
    pub color: egui::Color32,
    /// Its view of the text.
    pub frame: &'a SideFrame,
    /// Changes with every new view: the texture is written again then.
    pub number: u64,
    /// Whether the name stands above it already.
    pub is_named: bool,
}

/// Both models' heads for one text.
pub fn attention_ui(ui: &mut Ui, frame: &ProbeFrame, map: &mut AttentionMap, look: Look) {
    attention_beside_ui(ui, frame, map, look, |_, _| {});
}

/// The same, with `more` at the end of the row above them.
pub fn attention_beside_ui(
    ui: &mut Ui,
    frame: &ProbeFrame,
    map: &mut AttentionMap,
    look: Look,
    more: impl FnOnce(&mut Ui, &AttentionMap),
) {
    controls_ui(ui, map, look, more);
    let palette = look.palette();
    let half =
        |slot, title, color, side| Half { slot, title, color, frame: side, number: frame.frame, is_named: false };
    let student = half(1, look.t("Student"), palette.student, &frame.student);
    let shading = shading(map, look);
    match &frame.teacher {
        Some(teacher) => ui.columns(2, |columns| {
            let [left, right] = columns else { return };
            let teacher = half(0, look.t("Teacher"), palette.teacher, teacher);
            half_ui(left, &teacher, &mut map.teacher_head, &shading, look);
            half_ui(right, &student, &mut map.student_head, &shading, look);
        }),
        None => half_ui(ui, &student, &mut map.student_head, &shading, look),
    }
    ui.add_space(GAP);
    let caption = look.t(
        "Attention shows where a head reads from, one row per reading token. It does not show what the answer depends on: a strong cell may not matter, and a faint one may.",
    );
    ui.label(RichText::new(caption).small().color(palette.text_weak));
}

fn shading(map: &AttentionMap, look: Look) -> Shading {
    Shading {
        colors: map.colors.table(look.dark),
        colors_version: map.colors.version(look.dark),
        gamma: map.gamma.clamp(0.05, 4.0),
        relative: map.relative,
    }
}

/// How the heatmaps are coloured, with `more` at the end of the row.
pub fn controls_ui(ui: &mut Ui, map: &mut AttentionMap, look: Look, more: impl FnOnce(&mut Ui, &AttentionMap)) {
    ui.horizontal_wrapped(|ui| {
        let picker = ComboBox::from_id_salt("color map").width(72.0).selected_text(look.t(map.colors.label()));
        let picker = picker.show_ui(ui, |ui| {
            for choice in ColorMap::ALL {
                ui.selectable_value(&mut map.colors, choice, look.t(choice.label()));
            }
        });
        let colours = look.t("Colours of the heatmaps");
        picker.response.on_hover_text(colours).widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, colours));
        labels::scale_ui(ui, map, look);
        let contrast = Slider::new(&mut map.gamma, 0.2..=1.0).show_value(false).text(look.t("contrast"));
        ui.add(contrast)
            .on_hover_text(look.t("To the left faint cells are lifted, to the right colours follow the value"));
        ui.checkbox(&mut map.relative, look.t("each head by its own maximum"))
            .on_hover_text(look.t("Otherwise the full colour is attention 1 in every head"));
        more(ui, map);
    });
}

/// One model's heads alone, coloured as `map` says; `enlarged` is the head that is shown large, from 0.
pub fn model_ui(ui: &mut Ui, half: &Half, enlarged: &mut Option<usize>, map: &AttentionMap, look: Look) {
    half_ui(ui, half, enlarged, &shading(map, look), look);
}

fn half_ui(ui: &mut Ui, half: &Half, enlarged: &mut Option<usize>, shading: &Shading, look: Look) {
    *enlarged = enlarged.filter(|&head| head < half.frame.heads);
    title_ui(ui, half, enlarged, look);
    let version = half.number.wrapping_mul(4096) + half.frame.layer as u64;
    let frame = half.frame;
    let sheet = Sheet::square(half.slot, version, &frame.attention, frame.heads, frame.tokens.len());
    let Some(sheet) = sheet else { return note_ui(ui, look.t("attention comes with the next look"), look) };
    if !heatmap::is_available(ui.ctx()) {
        note_ui(ui, look.t("heatmaps need a graphics adapter"), look);
    }
    let (response, grid) = match *enlarged {
        Some(head) => grid::enlarged_ui(ui, half.frame, head, look),
        None => grid::tiles_ui(ui, &sheet, look),
    };
    let label = format!("{} · {}", half.title, look.t("attention"));
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &label));
    heatmap::paint(ui.painter(), sheet.clone(), grid, shading.clone());
    touch(ui, response, half, &sheet, &grid, enlarged, look);
}

fn title_ui(ui: &mut Ui, half: &Half, enlarged: &mut Option<usize>, look: Look) {
    let row = |ui: &mut Ui| {
        if !half.is_named {
            ui.label(look.title(half.title).color(half.color));
        }
        let SideFrame { layer, layers, heads, tokens, .. } = half.frame;
        let weak = |text: String| RichText::new(text).small().color(look.palette().text_weak);
        ui.label(weak(format!("{} {} / {layers}", look.t("layer"), layer + 1)));
        let Some(head) = *enlarged else {
            ui.label(weak(format!("{heads} {} · {} {}", look.t("heads"), tokens.len(), look.t("tokens"))));
            return;
        };
        ui.label(weak(format!("{} {} / {heads}", look.t("head"), head + 1)));
        let step = |ui: &mut Ui, sign: &str, by: usize, hint: &'static str| {
            ui.small_button(sign).on_hover_text(look.t(hint)).clicked().then(|| (head + by) % heads)
        };
        *enlarged = step(ui, "←", heads - 1, "Previous head").or(*enlarged);
        *enlarged = step(ui, "→", 1, "Next head").or(*enlarged);
        if ui.small_button(look.t("all heads")).clicked() {
            *enlarged = None;
        }
    };
    // A narrow column has a second line for what is too wide for it.
    if half.is_named {
        ui.horizontal_wrapped(row);
    } else {
        ui.horizontal(row);
    }
}

/// Clicks and what the pointer is over.
fn touch(
    ui: &mut Ui,
    response: Response,
    half: &Half,
    sheet: &Sheet,
    grid: &Grid,
    enlarged: &mut Option<usize>,
    look: Look,
) {
    let scale = ui.pixels_per_point();
    let under = |pos| grid.cell(sheet, heatmap::pixel_at(pos, scale));
    let Some(cell) = response.hover_pos().and_then(under) else { return };
    grid::crosshair(ui, sheet, grid, cell, enlarged.is_some(), look);
    if response.clicked() {
        *enlarged = if enlarged.is_some() { None } else { Some(cell.head as usize) };
    }
    let response = response.on_hover_cursor(egui::CursorIcon::Crosshair);
    readout_ui(&response, |ui| cell_ui(ui, half, sheet, cell, look));
}

fn cell_ui(ui: &mut Ui, half: &Half, sheet: &Sheet, cell: Cell, look: Look) {
    let token = |at: u32| half.frame.tokens.get(at as usize).map_or("", String::as_str);
    let value = sheet.value(cell).unwrap_or(f32::NAN);
    ui.label(RichText::new(format!("{} → {}", token(cell.query), token(cell.key))).strong());
    let place = format!("{} {} · {} → {}", look.t("head"), cell.head + 1, cell.query, cell.key);
    ui.label(format!("{:.1} %   ({value:.4})", 100.0 * value));
    ui.label(RichText::new(place).small().color(look.palette().text_weak));
}

fn note_ui(ui: &mut Ui, text: &str, look: Look) {
    ui.add_space(GAP_GROUP);
    ui.label(RichText::new(text).color(look.palette().text_weak));
}

/// What tiles and the enlarged head answer to.
const SENSE: Sense = Sense::CLICK;
