//! The data: where the texts are, which column is what, how they are split.

mod files_of_parts;
mod labels;
mod sheet_window;
mod table;

use std::path::Path;

use egui::{RichText, Ui};

use self::files_of_parts::files_ui;
use self::labels::labels_ui;
pub(super) use self::sheet_window::sheet_window_ui;
use self::table::table_ui;
use super::{Scene, Section};
use crate::link::Opened;
use crate::link::grouped;
use crate::session::{Data, DataSource, Files, Limits, Strip};
use crate::window::control::{self, Count, PathAnswer, Percent};
use crate::window::dialog::DialogRequest;
use crate::window::state::{Action, UiState};
use crate::window::undo::Part;

pub(super) const SECTION: Section = Section {
    id: "data",
    title: "Data",
    help: "Which texts, which classes, which split",
    open: false,
    summary,
    draw: data_ui,
};

/// The field of the path.
const PATH: &str = "data path";

/// What a person calls it.
fn title(source: &DataSource) -> String {
    match (source, source.path()) {
        (DataSource::BuiltIn(name), _) => name.clone(),
        (_, path) => {
            let path = path.unwrap_or(Path::new(""));
            path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
        }
    }
}

fn summary(scene: &Scene) -> String {
    let name = title(&scene.session.data.source);
    match opened(scene) {
        Some(opened) => {
            let texts = grouped(opened.parts.train as u64);
            let classes = match opened.classes.len() {
                0 => String::new(),
                count => format!(" · {count} {}", scene.t("classes")),
            };
            format!("{name}{classes} · {texts} {}", scene.t("texts"))
        }
        None => name,
    }
}

/// What is open, as long as it is the data that are chosen.
fn opened<'a>(scene: &Scene<'a>) -> Option<&'a Opened> {
    scene.workspace.opened.as_deref().filter(|_| scene.belonging.open_data)
}

/// What the source list can choose.
#[derive(Clone, PartialEq)]
enum Kind {
    BuiltIn(String),
    Newsgroups,
    Files,
}

fn data_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    if scene.live {
        control::caption(ui, scene.t("Stop the run to change the data."));
    }
    ui.add_enabled_ui(!scene.live, |ui| {
        let mut data = scene.session.data.clone();
        choice_ui(ui, scene, state, &mut data.source);
        labels_ui(ui, scene, state, &mut data.labels);
        split_ui(ui, scene, &mut data);
        if data != scene.session.data {
            state.ask(Action::Set(Part::Data(data)));
        }
    });
    match opened(scene) {
        Some(opened) => opened_ui(ui, scene, opened),
        None => {
            control::caption(ui, scene.t("Counts, classes and a sample appear here once the data is open."));
        }
    }
}

/// The source in force, or the one that is being chosen: that one is put in its place once it is named.
fn choice_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, in_force: &mut DataSource) {
    let half = state.choosing.data.take();
    let is_half = half.is_some();
    let mut source = half.unwrap_or_else(|| in_force.clone());
    if kind_ui(ui, scene, &mut source) && source.path().is_some() {
        if std::mem::discriminant(&source) == std::mem::discriminant(in_force) && source.path().is_some() {
            return;
        }
        // The field is drawn in the next frame: one that is drawn while the list closes loses the keyboard to it.
        ui.memory_mut(|memory| memory.request_focus(egui::Id::unique(PATH)));
        state.choosing.data = Some(source);
        return ui.request_repaint();
    }
    source_ui(ui, scene, state, &mut source);
    if is_half {
        let words = scene.t("Until this is named, in force is still");
        control::caption(ui, &format!("{words} {}", title(in_force)));
    }
    if source.is_named() {
        *in_force = source;
    } else {
        state.choosing.data = Some(source);
    }
}

/// Gives whether another kind was picked.
fn kind_ui(ui: &mut Ui, scene: &Scene, source: &mut DataSource) -> bool {
    let mut all: Vec<(Kind, &str, &str)> = Vec::new();
    for entry in &scene.catalog.corpora {
        all.push((Kind::BuiltIn(entry.id.to_owned()), scene.t(entry.label), scene.t(entry.help)));
    }
    all.push((
        Kind::Newsgroups,
        scene.t("20 Newsgroups"),
        scene.t("The archive as distributed, or its unpacked folder"),
    ));
    let help = scene.t("CSV, TSV, JSON, Parquet, lines of text, folders of texts, and archives of them");
    all.push((Kind::Files, scene.t("Files"), help));
    let (now, name) = match source {
        DataSource::BuiltIn(name) => (Kind::BuiltIn(name.clone()), name.clone()),
        DataSource::Newsgroups { .. } => (Kind::Newsgroups, String::new()),
        DataSource::Files(_) => (Kind::Files, String::new()),
    };
    let shown = all.iter().find(|(kind, ..)| *kind == now).map_or(name.as_str(), |(_, label, _)| label).to_owned();
    let help = scene.t("Where the examples come from");
    let picked = control::row(ui, scene.t("Source"), help, |ui| control::pick(ui, "data source", &now, &shown, &all));
    let is_picked = picked.is_some();
    if let Some(kind) = picked {
        *source = emptied(kind);
    }
    is_picked
}

/// A source of this kind with the commonest names for its parts and no path yet.
fn emptied(kind: Kind) -> DataSource {
    let path = std::path::PathBuf::new();
    match kind {
        Kind::BuiltIn(name) => DataSource::BuiltIn(name),
        Kind::Newsgroups => DataSource::Newsgroups { path, strip: Strip::default() },
        Kind::Files => DataSource::from(Files::default()),
    }
}

fn source_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, source: &mut DataSource) {
    match source {
        DataSource::BuiltIn(_) => {}
        DataSource::Newsgroups { path, strip } => {
            path_ui(ui, scene, state, DialogRequest::DataFile, path);
            strip_ui(ui, scene, strip);
        }
        DataSource::Files(files) => {
            files_ui(ui, scene, state, files);
            table_ui(ui, scene, state, source);
        }
    }
}

fn path_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, wish: DialogRequest, path: &mut std::path::PathBuf) {
    let answer = control::row(ui, scene.t("File"), scene.t("Path of the file, or of the unpacked folder"), |ui| {
        let hint = scene.t("Path, or drop the file here");
        let browse = (scene.t("Browse for the data"), scene.t("Pick the file in a dialog"));
        control::path(ui, state, PATH, path, hint, browse)
    });
    match answer {
        Some(PathAnswer::Typed(typed)) => *path = typed,
        Some(PathAnswer::Browse) => state.ask(Action::Browse(wish)),
        None => {}
    }
}

fn strip_ui(ui: &mut Ui, scene: &Scene, strip: &mut Strip) {
    control::choices(
        ui,
        scene.t("Remove"),
        scene.t("Left in, a model learns the writers and servers instead of the topic"),
        |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            ui.spacing_mut().icon_spacing = 3.0;
            ui.checkbox(&mut strip.headers, scene.t("Headers"))
                .on_hover_text(scene.t("Everything before the first blank line"));
            ui.checkbox(&mut strip.footers, scene.t("Footers"))
                .on_hover_text(scene.t("A signature-like last paragraph"));
            ui.checkbox(&mut strip.quotes, scene.t("Quotes"))
                .on_hover_text(scene.t("Lines that quote another message"));
        },
    );
}

fn split_ui(ui: &mut Ui, scene: &Scene, data: &mut Data) {
    let help = scene.t("Share of the training texts set aside for validation and for the test, where the data brings no part of its own");
    control::row(ui, scene.t("Set aside"), help, |ui| {
        let width = ((ui.available_width() - 6.0) / 2.0).floor() - 1.0;
        ui.spacing_mut().item_spacing.x = 6.0;
        share_ui(ui, scene, width, &mut data.validation, scene.t("Validation share"), scene.t("valid. "));
        share_ui(ui, scene, width, &mut data.test, scene.t("Test share"), scene.t("test "));
    });
    let help = scene.t(
        "Seed that draws the parts set aside and the texts a limit keeps; the recipe's seed leaves them as they are",
    );
    let seed = control::row(ui, scene.t("Split seed"), help, |ui| {
        let field = Count { key: "split seed", range: 0..=u64::MAX, zero: "" };
        field.ui(ui, scene.look, data.split_seed).unwrap_or(data.split_seed)
    });
    data.split_seed = seed;
    let help =
        scene.t("How many training texts keep their label; the others still teach through the teacher's answers");
    limit_ui(ui, scene, scene.t("Labelled"), help, &mut data.labelled, 160);
    limits_ui(ui, scene, &mut data.limit);
}

/// One limit for all parts, or one for each.
fn limits_ui(ui: &mut Ui, scene: &Scene, limits: &mut Limits) {
    let help = scene.t("Upper limit on the texts of a part, drawn from each class in proportion");
    let all = Limits::each(limits.train);
    if *limits == all {
        let mut limit = limits.train;
        limit_ui(ui, scene, scene.t("Limit"), help, &mut limit, 1000);
        if limit != limits.train {
            *limits = Limits::each(limit);
        }
        let help = scene.t("Limits training, validation and test texts apart");
        if limit.is_some() && ui.small_button(scene.t("a limit for each part")).on_hover_text(help).clicked() {
            // Different from now on: the test is whole again.
            limits.test = None;
        }
        return;
    }
    for (name, limit) in [
        (scene.t("Limit, train"), &mut limits.train),
        (scene.t("Limit, valid."), &mut limits.validation),
        (scene.t("Limit, test"), &mut limits.test),
    ] {
        limit_ui(ui, scene, name, help, limit, 1000);
    }
}

fn share_ui(ui: &mut Ui, scene: &Scene, width: f32, share: &mut f64, name: &str, prefix: &str) {
    let field = Percent { key: name, range: 0.0..=50.0, prefix, suffix: "", width };
    let typed = field.ui(ui, scene.look, *share);
    typed.response.accessible_name(name);
    *share = typed.value.unwrap_or(*share);
}

fn limit_ui(ui: &mut Ui, scene: &Scene, label: &str, help: &str, limit: &mut Option<usize>, first: usize) {
    control::choices(ui, label, help, |ui| {
        let mut on = limit.is_some();
        if ui.checkbox(&mut on, "").on_hover_text(scene.t("Off keeps all")).changed() {
            *limit = on.then_some(first);
        }
        match limit {
            Some(value) => {
                let field = Count { key: label, range: 1..=u64::MAX, zero: "" };
                *value = field.ui(ui, scene.look, *value as u64).map_or(*value, |new| new as usize)
            }
            None => {
                ui.weak(scene.t("all"));
            }
        }
    });
}

fn opened_ui(ui: &mut Ui, scene: &Scene, opened: &Opened) {
    ui.add_space(4.0);
    control::card(ui, |ui| {
        let parts = &opened.parts;
        let figures = [
            (parts.train, scene.t("train")),
            (parts.labelled, scene.t("labelled")),
            (parts.validation, scene.t("validation")),
            (parts.test, scene.t("test")),
        ];
        ui.columns(figures.len(), |columns| {
            for (ui, (count, name)) in columns.iter_mut().zip(figures) {
                ui.spacing_mut().item_spacing.y = 0.0;
                ui.label(RichText::new(grouped(count as u64)).strong());
                control::caption(ui, name);
            }
        });
        ui.add_space(4.0);
        if let Some(words) = class_words(scene, opened) {
            ui.add(egui::Label::new(RichText::new(words).small()).wrap());
        }
        if let Some(words) = few_words(scene, opened) {
            ui.add(egui::Label::new(RichText::new(words).small().color(ui.visuals().warn_fg_color)).wrap());
        }
        let classes = some_of(&opened.classes);
        ui.add(egui::Label::new(RichText::new(classes).small()).wrap());
        for note in &opened.notes {
            ui.add(egui::Label::new(RichText::new(scene.says(note)).small().color(ui.visuals().warn_fg_color)).wrap());
        }
    });
    sample_ui(ui, scene, opened);
}

/// How many classes there are, and which has most and fewest labelled texts to learn from.
fn class_words(scene: &Scene, opened: &Opened) -> Option<String> {
    let counts = opened.class_counts.iter().zip(&opened.classes);
    let largest = counts.clone().max_by_key(|(count, _)| **count)?;
    let smallest = counts.min_by_key(|(count, _)| **count)?;
    if largest.0 == smallest.0 {
        let (classes, each) = (opened.classes.len(), grouped(*largest.0 as u64));
        return Some(format!("{classes} {} · {each} {}", scene.t("classes"), scene.t("labelled texts of each")));
    }
    let end = |word: &str, (count, name): (&usize, &String)| format!("{word} {name} {}", grouped(*count as u64));
    Some(format!(
        "{} {} · {} · {}",
        opened.classes.len(),
        scene.t("classes"),
        end(scene.t("largest"), largest),
        end(scene.t("smallest"), smallest)
    ))
}

/// Fewest labelled texts of a class that say something of it.
const FEW: usize = 5;

/// What is said where few labels are spread over many classes.
fn few_words(scene: &Scene, opened: &Opened) -> Option<String> {
    let (labelled, classes) = (opened.parts.labelled, opened.classes.len());
    let without = opened.class_counts.iter().filter(|count| **count == 0).count();
    let is_few = classes > 0 && labelled < opened.parts.train && labelled < FEW * classes;
    is_few.then(|| {
        let each = labelled as f64 / classes as f64;
        let (labelled, of) = (grouped(labelled as u64), scene.t("labelled texts for so many classes:"));
        let without = match without {
            0 => String::new(),
            none => format!(" · {none} {}", scene.t("classes have none")),
        };
        format!("{labelled} {of} {classes} · {each:.1} {}{without}", scene.t("a class"))
    })
}

/// The first classes: a list of thousands would fill the panel.
fn some_of(classes: &[String]) -> String {
    const MOST: usize = 60;
    let first = classes.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(" · ");
    match classes.len().saturating_sub(MOST) {
        0 => first,
        more => format!("{first} · + {more}"),
    }
}

fn sample_ui(ui: &mut Ui, scene: &Scene, opened: &Opened) {
    let Some((text, class)) = opened.samples.first() else { return };
    ui.add_space(4.0);
    let class = class.and_then(|class| opened.classes.get(class)).map_or(scene.t("no label"), String::as_str);
    control::caption(ui, &format!("{} · {class}", scene.t("Sample")));
    let short: String = text.chars().take(220).collect();
    ui.add(egui::Label::new(RichText::new(short).italics()).wrap());
}
