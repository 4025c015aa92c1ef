//! The first rows of the data as a table of their own: a role at the head of each column, which a click changes;
//! below it the classes with their rows, and what is known of the texts once the data is open.

use egui::{Color32, Grid, Label, RichText, ScrollArea, Sense, Ui, Window, vec2};

use super::super::Scene;
use super::files_of_parts::in_words;
use super::table::{Known, known, role_ui, spread};
use crate::link::guess::Guess;
use crate::link::preview::{Sheet, SheetColumn};
use crate::link::{TextLengths, grouped};
use crate::session::Files;
use crate::window::control;
use crate::window::state::{Action, UiState};
use crate::window::undo::Part;

/// Width of a cell that is a text, and of one that is not.
const WIDE: f32 = 260.0;
const NARROW: f32 = 110.0;
/// Characters from which on a column is wide.
const LONG: f64 = 24.0;

/// Draws the table, if it is open and there is one.
pub fn sheet_window_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    if !state.sheet_open {
        return;
    }
    let mut data = scene.session.data.clone();
    let Known::Read(sheet) = known(scene.preview, &data.source) else { return };
    let mut open = true;
    let window = Window::new(scene.t("Data table")).open(&mut open).collapsible(false).default_size(vec2(860.0, 520.0));
    window.pivot(egui::Align2::CENTER_CENTER).default_pos(ui.ctx().content_rect().center()).show(ui.ctx(), |ui| {
        ui.add_enabled_ui(!scene.live, |ui| {
            let Some(files) = data.source.files_mut() else { return };
            head_ui(ui, scene, sheet);
            ScrollArea::both().max_height(260.0).auto_shrink([false, true]).show(ui, |ui| {
                grid_ui(ui, scene, sheet, files);
            });
            classes_ui(ui, scene, sheet, files);
            lengths_ui(ui, scene);
        });
    });
    state.sheet_open = open;
    if data != scene.session.data {
        state.ask(Action::Set(Part::Data(data)));
    }
}

fn head_ui(ui: &mut Ui, scene: &Scene, sheet: &Sheet) {
    let read = if sheet.whole { scene.t("rows") } else { scene.t("rows looked at") };
    let found = in_words(scene, &sheet.written);
    let written = if found.is_empty() { String::new() } else { format!(" · {} {found}", scene.t("found:")) };
    control::caption(
        ui,
        &format!("{} {read}{written} · {}", grouped(sheet.read as u64), scene.t("the first of them:")),
    );
    for note in &sheet.notes {
        let words = RichText::new(scene.says(note)).small().color(ui.visuals().warn_fg_color);
        ui.add(Label::new(words).wrap());
    }
}

fn grid_ui(ui: &mut Ui, scene: &Scene, sheet: &Sheet, files: &mut Files) {
    let guesses = sheet.guess();
    let width = |column: &SheetColumn| if column.mean_chars > LONG { WIDE } else { NARROW };
    Grid::new("sheet").striped(true).spacing(vec2(12.0, 6.0)).show(ui, |ui| {
        for column in &sheet.columns {
            ui.vertical(|ui| {
                ui.set_width(width(column));
                ui.add(Label::new(RichText::new(&column.name).strong()).truncate().selectable(false));
                role_ui(ui, scene, sheet, column, &mut files.roles, "head");
                reason_ui(ui, scene, sheet, column, files, &guesses);
            });
        }
        ui.end_row();
        for row in &sheet.rows {
            for (column, cell) in sheet.columns.iter().zip(row) {
                ui.vertical(|ui| {
                    ui.set_width(width(column));
                    ui.add(Label::new(RichText::new(cell).small()).wrap());
                });
            }
            ui.end_row();
        }
    });
}

/// Why a column is likely to have the role it has.
fn reason_ui(ui: &mut Ui, scene: &Scene, sheet: &Sheet, column: &SheetColumn, files: &Files, guesses: &[Guess]) {
    let role = files.roles.role_of(&sheet.as_column(&column.name));
    let reason = guesses.iter().find(|guess| guess.column == column.name && Some(guess.role) == role);
    let words = reason.map_or(String::new(), |guess| scene.says(&guess.reason));
    ui.add(Label::new(RichText::new(words).small().weak()).wrap().selectable(false));
}

/// Rows of the commonest values of the class, as bars.
fn classes_ui(ui: &mut Ui, scene: &Scene, sheet: &Sheet, files: &Files) {
    let label = files.roles.label.as_ref().map(crate::session::Column::title);
    let Some(column) = label.and_then(|name| sheet.column(&name)).filter(|column| !column.is_near_unique()) else {
        return;
    };
    ui.add_space(6.0);
    control::caption(ui, &spread(scene, column));
    let most = column.common.first().map_or(1, |(_, rows)| *rows).max(1);
    ScrollArea::vertical().id_salt("classes").max_height(120.0).show(ui, |ui| {
        for (name, rows) in &column.common {
            bar_ui(ui, scene, name, *rows, most);
        }
    });
}

fn bar_ui(ui: &mut Ui, scene: &Scene, name: &str, rows: usize, most: usize) {
    const NAME: f32 = 160.0;
    const BAR: f32 = 300.0;
    ui.horizontal(|ui| {
        ui.allocate_ui(vec2(NAME, 14.0), |ui| {
            ui.set_width(NAME);
            ui.add(Label::new(RichText::new(name).small()).truncate().selectable(false));
        });
        let width = (BAR * rows as f32 / most as f32).max(1.0);
        let (rect, _) = ui.allocate_exact_size(vec2(width, 10.0), Sense::hover());
        let fill: Color32 = scene.look.palette().accent;
        ui.painter().rect_filled(rect, 2, fill);
        ui.label(RichText::new(grouped(rows as u64)).small());
    });
}

/// How long the texts are for both models, how many stand twice.
fn lengths_ui(ui: &mut Ui, scene: &Scene) {
    let opened = scene.workspace.opened.as_deref().filter(|_| scene.belonging.open_data);
    let Some(opened) = opened else { return control_caption(ui, scene) };
    ui.add_space(6.0);
    for lengths in &opened.lengths {
        control::caption(ui, &length_words(scene, lengths));
    }
    if opened.duplicates > 0 {
        let words =
            format!("{} {}", grouped(opened.duplicates as u64), scene.t("training texts stand there more than once"));
        ui.add(Label::new(RichText::new(words).small().color(ui.visuals().warn_fg_color)).wrap());
    }
    for note in &opened.notes {
        ui.add(Label::new(RichText::new(scene.says(note)).small().color(ui.visuals().warn_fg_color)).wrap());
    }
}

fn control_caption(ui: &mut Ui, scene: &Scene) {
    ui.add_space(6.0);
    control::caption(ui, scene.t("Lengths in tokens and doubled texts appear here once the data is open."));
}

/// A side's lengths in words.
fn length_words(scene: &Scene, lengths: &TextLengths) -> String {
    let TextLengths { side, median, long, longest, most, cut, .. } = lengths;
    let side = if side == "teacher" { scene.t("Teacher") } else { scene.t("Student") };
    let cut =
        if *cut > 0.0 { format!(" · {:.1} % {} {most}", 100.0 * cut, scene.t("are cut at")) } else { String::new() };
    format!(
        "{side}: {} {median} {} · 95 % {} {long} · {} {longest}{cut}",
        scene.t("a text has"),
        scene.t("tokens"),
        scene.t("at most"),
        scene.t("longest")
    )
}
