//! Which files are which part, and how they are written.

use std::path::{Path, PathBuf};

use egui::Ui;

use super::super::Scene;
use super::table::{Known, known_files};
use crate::session::{FilePart, Files, Format};
use crate::window::control::{self, PathAnswer};
use crate::window::dialog::DialogRequest;
use crate::window::state::{Action, UiState};

/// The field of the training rows.
const TRAIN: &str = super::PATH;

/// What stands between the paths of a part that has several.
const BETWEEN: &str = "; ";

pub(super) fn files_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, files: &mut Files) {
    let hint = scene.t("Path, or drop the file here");
    let help = scene.t("Files of training rows, or of all rows: tables, folders, archives; several are separated by ;");
    part_ui(ui, scene, state, (scene.t("Files"), help, hint), (TRAIN, DialogRequest::DataFile), &mut files.train);
    let optional = scene.t("Optional");
    let help = scene.t("File of validation rows; empty sets a share of the rows aside");
    let asked = (scene.t("Validation"), help, optional);
    part_ui(ui, scene, state, asked, ("validation path", DialogRequest::ValidationFile), &mut files.validation);
    let help = scene.t("File of test rows; empty sets a share of the rows aside");
    let asked = (scene.t("Test file"), help, optional);
    part_ui(ui, scene, state, asked, ("test path", DialogRequest::TestFile), &mut files.test);
    format_ui(ui, scene, files);
}

fn part_ui(
    ui: &mut Ui,
    scene: &Scene,
    state: &mut UiState,
    (label, help, hint): (&str, &str, &str),
    (id, wish): (&str, DialogRequest),
    part: &mut FilePart,
) {
    let shown: Vec<String> = part.files.iter().map(|path| path.display().to_string()).collect();
    let answer = control::row(ui, label, help, |ui| {
        let browse = match wish {
            DialogRequest::DataFile => scene.t("Browse for the data"),
            DialogRequest::ValidationFile => scene.t("Browse for the validation rows"),
            _ => scene.t("Browse for the test rows"),
        };
        let browse = (browse, scene.t("Pick the file in a dialog"));
        control::path(ui, state, id, Path::new(&shown.join(BETWEEN)), hint, browse)
    });
    match answer {
        Some(PathAnswer::Typed(typed)) => part.files = paths(&typed),
        Some(PathAnswer::Browse) => state.ask(Action::Browse(wish)),
        None => {}
    }
}

/// The paths that were typed; a name that holds a semicolon itself is one, where there is such a file.
fn paths(typed: &Path) -> Vec<PathBuf> {
    if typed.exists() {
        return vec![typed.to_owned()];
    }
    let typed = typed.to_string_lossy();
    let all = typed.split(BETWEEN.trim()).map(str::trim).filter(|path| !path.is_empty());
    all.map(PathBuf::from).collect()
}

/// How the files are written: found, or said.
fn format_ui(ui: &mut Ui, scene: &Scene, files: &mut Files) {
    let separator = || match &files.format {
        Format::Delimited { separator, .. } => separator.clone(),
        _ => None,
    };
    let delimited = |separator: Option<&str>| Format::Delimited {
        separator: separator.map(str::to_owned),
        header: !matches!(files.format, Format::Delimited { header: false, .. }),
    };
    let own = separator();
    let mut all = vec![
        (Format::Auto, scene.t("found by itself"), scene.t("By the file's name and its first lines")),
        (delimited(None), scene.t("cells, separator found"), scene.t("CSV, TSV and their like")),
        (delimited(Some(",")), scene.t("cells, comma"), scene.t("A comma between two cells")),
        (delimited(Some(";")), scene.t("cells, semicolon"), scene.t("A semicolon between two cells")),
        (delimited(Some("\t")), scene.t("cells, tab"), scene.t("A tab between two cells")),
        (delimited(Some("|")), scene.t("cells, bar"), scene.t("A bar between two cells")),
        (Format::Json, "JSON", scene.t("An object a line, an array, or an object with an array for each part")),
        (Format::Parquet, "Parquet", scene.t("Columns of single values")),
        (
            Format::LabelledLines,
            scene.t("lines with a label"),
            scene.t("LABEL text, or __label__LABEL text of fastText"),
        ),
        (Format::Lines, scene.t("a text a line"), scene.t("Without labels")),
        (
            Format::documents(),
            scene.t("running text, marked"),
            scene.t("Documents of any length in a file, <|endoftext|> between them"),
        ),
        (
            Format::Documents { between: String::new() },
            scene.t("running text, blank lines"),
            scene.t("Documents of any length in a file, blank lines between them"),
        ),
        (Format::Folders, scene.t("a text a file"), scene.t("Its folder is its class")),
    ];
    let (other, help) = match &files.format {
        Format::Documents { between } => {
            (format!("{} {between:?}", scene.t("running text,")), scene.t("A mark of its own between documents"))
        }
        _ => {
            (format!("{} {:?}", scene.t("cells,"), own.clone().unwrap_or_default()), scene.t("A separator of its own"))
        }
    };
    if !all.iter().any(|(format, ..)| *format == files.format) {
        all.push((files.format.clone(), &other, help));
    }
    let shown = shown(scene, files, &all);
    let help = scene.t("How the files are written");
    let picked =
        control::row(ui, scene.t("Format"), help, |ui| control::pick(ui, "data format", &files.format, &shown, &all));
    if let Some(format) = picked {
        files.format = format;
    }
    if let Format::Delimited { header, .. } = &mut files.format {
        control::row(ui, scene.t("First row"), scene.t("Whether the first row names the columns"), |ui| {
            ui.checkbox(header, scene.t("names the columns"));
        });
    }
}

/// What is chosen, and what was found where that is left to the program.
fn shown(scene: &Scene, files: &Files, all: &[(Format, &str, &str)]) -> String {
    let chosen = all.iter().find(|(format, ..)| *format == files.format).map_or("", |(_, label, _)| label);
    let found = match known_files(scene.preview, files) {
        Known::Read(sheet) if !sheet.written.is_empty() => Some(sheet.written.as_str()),
        _ => None,
    };
    let is_left = matches!(files.format, Format::Auto | Format::Delimited { separator: None, .. });
    match found.filter(|_| is_left) {
        Some(found) => format!("{} {}", scene.t("found:"), in_words(scene, found)),
        None => chosen.to_owned(),
    }
}

/// How a file was found to be written: a separator by its name.
pub fn in_words<'a>(scene: &Scene, written: &'a str) -> &'a str {
    match written {
        "," => scene.t("cells, comma"),
        ";" => scene.t("cells, semicolon"),
        "\\t" => scene.t("cells, tab"),
        "|" => scene.t("cells, bar"),
        "a text a line" => scene.t("a text a line"),
        "running text" => scene.t("running text"),
        "LABEL text" => scene.t("lines with a label"),
        other => other,
    }
}
