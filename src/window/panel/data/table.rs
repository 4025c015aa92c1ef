//! A table before it is taken as data: its columns and what each is used as, its first rows, how many texts each
//! class has. What cannot be meant is refused here, with the column that is likely meant at one click.

use egui::{Button, ComboBox, Label, RichText, Ui};

use super::super::Scene;
use crate::link::guess::Guess;
use crate::link::preview::{Fault, Mistake, Sheet, SheetColumn, bare, roles};
use crate::link::{Preview, grouped};
use crate::session::{DataSource, Files, Role, Roles, Sentence};
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

/// The same of files.
pub(super) fn known_files<'a>(preview: Option<&'a Preview>, files: &Files) -> Known<'a> {
    known(preview, &DataSource::from(files.clone()))
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
                columns_ui(ui, scene, state, sheet, source);
                classes_ui(ui, scene, sheet, source);
            });
        }
    }
}

fn mistake_ui(ui: &mut Ui, scene: &Scene, sheet: &Sheet, source: &mut DataSource) {
    let Some((text, class)) = roles(source) else { return };
    let Some(Mistake { fault, meant }) = sheet.judge(&text, &class) else { return };
    let words = match fault {
        Fault::NoText => scene.t("No column is the text").to_owned(),
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
    if ui.add(Button::new(words).truncate()).on_hover_text(help).clicked()
        && let Some(files) = source.files_mut()
    {
        files.roles.text = text.iter().map(|name| sheet.as_column(name)).collect();
        files.roles.label = Some(sheet.as_column(&class));
    }
}

/// What no role is called.
const NOTHING: &str = "–";

/// A list of roles to give a column one of.
pub(super) fn role_ui(ui: &mut Ui, scene: &Scene, sheet: &Sheet, column: &SheetColumn, roles: &mut Roles, id: &str) {
    let own = sheet.as_column(&column.name);
    let now = roles.role_of(&own);
    let shown = now.map_or(NOTHING, |role| scene.t(role.label()));
    let label = format!("{} {}", scene.t("role of"), column.name);
    let mut picked = now;
    let list = ComboBox::from_id_salt((id, &column.name)).selected_text(RichText::new(shown).small()).width(84.0);
    let list = list.truncate().show_ui(ui, |ui| {
        ui.selectable_value(&mut picked, None, NOTHING).on_hover_text(scene.t("Not read, unless a template names it"));
        for role in Role::ALL {
            let choice = ui.selectable_value(&mut picked, Some(role), scene.t(role.label()));
            choice.on_hover_text(scene.t(role.help()));
        }
    });
    list.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &label));
    list.response.on_hover_text(scene.t("What this column is used as"));
    if picked != now {
        roles.give(own, picked);
    }
}

/// Each column with what it is used as.
fn columns_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, sheet: &Sheet, source: &mut DataSource) {
    let Some(files) = source.files_mut() else { return };
    ui.horizontal(|ui| {
        let read = if sheet.whole { scene.t("rows") } else { scene.t("rows looked at") };
        control::caption(ui, &format!("{} {read}", grouped(sheet.read as u64)));
        let help =
            scene.t("Shows the first rows in a table of their own, with the classes and the lengths of the texts");
        if ui.small_button(scene.t("Show as a table")).on_hover_text(help).clicked() {
            state.sheet_open = true;
        }
    });
    for column in &sheet.columns {
        ui.horizontal(|ui| {
            role_ui(ui, scene, sheet, column, &mut files.roles, "role");
            let example = column.largest.as_ref().map_or("", |(value, _)| value.as_str());
            let values = format!("{} {}", grouped(column.distinct as u64), scene.t("values"));
            let name = if sheet.has_names { RichText::new(&column.name).strong() } else { RichText::new(&column.name) };
            ui.add(Label::new(name).selectable(false));
            // Columns without names are told by what stands in them.
            let more =
                if sheet.has_names { format!("{values} · {example}") } else { format!("· {example} · {values}") };
            ui.add(Label::new(RichText::new(more).small().weak()).truncate().selectable(false));
        });
    }
    guess_ui(ui, scene, sheet, &mut files.roles);
}

/// What the roles are likely to be, where they are otherwise, and why.
fn guess_ui(ui: &mut Ui, scene: &Scene, sheet: &Sheet, roles: &mut Roles) {
    let likely = sheet.likely_roles();
    if *roles == likely || likely == Roles::none() {
        return;
    }
    let words =
        |guess: &Guess| format!("{} = {}: {}", guess.column, scene.t(guess.role.label()), scene.says(&guess.reason));
    let why: Vec<String> = sheet.guess().iter().map(words).collect();
    if ui.small_button(scene.t("Guess the roles")).on_hover_text(why.join("\n")).clicked() {
        *roles = likely;
    }
}

fn classes_ui(ui: &mut Ui, scene: &Scene, sheet: &Sheet, source: &DataSource) {
    let Some(column) = roles(source).and_then(|(_, class)| sheet.column(&class)) else { return };
    if column.is_near_unique() {
        return;
    }
    ui.add_space(4.0);
    let share = 100.0 * column.filled as f64 / sheet.read.max(1) as f64;
    let words = format!("{} · {share:.0}\u{a0}%\u{a0}{}", spread(scene, column), scene.t("have a label"));
    ui.add(Label::new(RichText::new(words).small()).wrap());
}

/// How many classes a column makes, and the largest and the smallest of them.
pub(super) fn spread(scene: &Scene, column: &SheetColumn) -> String {
    let end = |word: &str, end: &Option<(String, usize)>| {
        end.as_ref().map_or(String::new(), |(name, rows)| format!(" · {word} {name} {}", grouped(*rows as u64)))
    };
    let largest = end(scene.t("largest"), &column.largest);
    let smallest = end(scene.t("smallest"), &column.smallest);
    format!("{} {}{largest}{smallest}", grouped(column.distinct as u64), scene.t("classes"))
}
