//! A table before it is taken as data: its columns and what each is used as, its first rows, how many texts each
//! class has. What cannot be meant is refused here, with the column that is likely meant at one click.

use egui::{Button, Label, RichText, Ui};

use super::super::Scene;
use crate::link::preview::{Fault, Mistake, Sheet, SheetColumn, bare, roles};
use crate::link::{Preview, grouped};
use crate::session::{Column, DataSource, Format, Sentence};
use crate::window::control;
use crate::window::state::{Action, UiState};

/// What is known of the table of the session.
pub(super) enum Known<'a> {
    /// There is none, or no path yet.
    Nothing,
    /// It is being read.
    Reading,
    /// It cannot be read.
    Failed(&'a Sentence),
    /// Its columns.
    Read(&'a Sheet),
}

/// What is known of the table that is chosen, never of another one.
pub(super) fn known<'a>(preview: Option<&'a Preview>, source: &DataSource) -> Known<'a> {
    let Some(wanted) = bare(source) else { return Known::Nothing };
    match preview.filter(|preview| preview.source == wanted).map(|preview| &preview.found) {
        None => Known::Reading,
        Some(Err(reason)) => Known::Failed(reason),
        Some(Ok(sheet)) => Known::Read(sheet),
    }
}

/// The table below the fields that choose from it.
pub(super) fn table_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, source: &mut DataSource) {
    match known(scene.preview, source) {
        Known::Nothing => {}
        Known::Reading => {
            control::caption(ui, scene.t("reading the columns of the file…"));
        }
        Known::Failed(reason) => {
            ui.add(Label::new(RichText::new(scene.says(reason)).small().color(scene.look.palette().bad)).wrap());
            let help = scene.t("Reads the file once more");
            if ui.small_button(scene.t("Look again")).on_hover_text(help).clicked() {
                state.ask(Action::ReadTable);
            }
        }
        Known::Read(sheet) => {
            mistake_ui(ui, scene, sheet, source);
            control::card(ui, |ui| {
                columns_ui(ui, scene, sheet, source);
                rows_ui(ui, scene, sheet);
                classes_ui(ui, scene, sheet, source);
            });
        }
    }
}

fn mistake_ui(ui: &mut Ui, scene: &Scene, sheet: &Sheet, source: &mut DataSource) {
    let Some((text, class)) = roles(source) else { return };
    let Some(Mistake { fault, meant }) = sheet.judge(&text, &class) else { return };
    let words = match fault {
        Fault::NoColumn(name) => format!("{} `{name}`", scene.t("The file has no column")),
        Fault::Same => format!("`{class}` {}", scene.t("is the text itself: it cannot be its own class")),
        Fault::NearUnique { distinct, rows } => {
            let (distinct, rows) = (grouped(distinct as u64), grouped(rows as u64));
            let of = scene.t("different values in so many rows:");
            format!("{} `{class}`: {distinct} {of} {rows}", scene.t("Nearly every text would be a class of its own."))
        }
    };
    ui.add(Label::new(RichText::new(words).small().color(scene.look.palette().bad)).wrap());
    let Some((text, class)) = meant else { return };
    let words = format!("{} {} · {} {class}", scene.t("Use"), text.join(", "), scene.t("class"));
    let help = scene.t("Takes the columns that are likely meant");
    if ui.add(Button::new(words).truncate()).on_hover_text(help).clicked() {
        choose(source, Some(text), Some(class));
    }
}

/// Chooses columns by their names.
fn choose(source: &mut DataSource, new_text: Option<Vec<String>>, class: Option<String>) {
    let Some(files) = source.files_mut() else { return };
    let has_names = !matches!(files.format, Format::Delimited { header: false, .. });
    let column = |name: &String| match name.parse() {
        Ok(place) if !has_names => Column::Index(place),
        _ => Column::Name(name.clone()),
    };
    if let Some(names) = new_text {
        files.roles.text = names.iter().map(column).collect();
    }
    if let Some(name) = class {
        files.roles.label = Some(column(&name));
    }
}

/// Each column with what it is used as; a click gives it that use.
fn columns_ui(ui: &mut Ui, scene: &Scene, sheet: &Sheet, source: &mut DataSource) {
    let Some((text, class)) = roles(source) else { return };
    let read = if sheet.whole { scene.t("rows") } else { scene.t("rows looked at") };
    control::caption(ui, &format!("{} {read}", grouped(sheet.read as u64)));
    for column in &sheet.columns {
        ui.horizontal(|ui| {
            for (is_used, word, use_as) in [
                (text.contains(&column.name), scene.t("text"), scene.t("as text")),
                (column.name == class, scene.t("class"), scene.t("as class")),
            ] {
                let button = ui.add(Button::selectable(is_used, RichText::new(word).small()));
                let label = format!("{} {use_as}", column.name);
                button.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_used, &label));
                if button.on_hover_text(scene.t("What this column is used as")).clicked() {
                    let name = column.name.clone();
                    if use_as == scene.t("as text") {
                        choose(source, Some(vec![name]), None);
                    } else {
                        choose(source, None, Some(name));
                    }
                }
            }
            let example = column.largest.as_ref().map_or("", |(value, _)| value.as_str());
            let values = format!("{} {}", grouped(column.distinct as u64), scene.t("values"));
            ui.add(Label::new(RichText::new(&column.name).strong()).selectable(false));
            let more = format!("{values} · {example}");
            ui.add(Label::new(RichText::new(more).small().weak()).truncate().selectable(false));
        });
    }
}

fn rows_ui(ui: &mut Ui, scene: &Scene, sheet: &Sheet) {
    ui.add_space(4.0);
    control::caption(ui, scene.t("First rows"));
    for row in &sheet.rows {
        ui.add(Label::new(RichText::new(row.join("  |  ")).small()).truncate());
    }
}

fn classes_ui(ui: &mut Ui, scene: &Scene, sheet: &Sheet, source: &DataSource) {
    let Some(column) = roles(source).and_then(|(_, class)| sheet.column(&class)) else { return };
    if column.is_near_unique() {
        return;
    }
    ui.add_space(4.0);
    let share = 100.0 * column.filled as f64 / sheet.read.max(1) as f64;
    let words = format!("{} · {share:.0} % {}", spread(scene, column), scene.t("have a label"));
    ui.add(Label::new(RichText::new(words).small()).wrap());
}

/// How many classes a column makes, and the largest and the smallest of them.
fn spread(scene: &Scene, column: &SheetColumn) -> String {
    let end = |word: &str, end: &Option<(String, usize)>| {
        end.as_ref().map_or(String::new(), |(name, rows)| format!(" · {word} {name} {}", grouped(*rows as u64)))
    };
    let largest = end(scene.t("largest"), &column.largest);
    let smallest = end(scene.t("smallest"), &column.smallest);
    format!("{} {}{largest}{smallest}", grouped(column.distinct as u64), scene.t("classes"))
}
