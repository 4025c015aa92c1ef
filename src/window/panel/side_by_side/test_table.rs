//! Two columns on the test part: the texts on which they differ, alone or as groups of one kind, and how often each is
//! right. Students beside are asked about the part when it is looked at; how far that is stands above the rows.

use egui::{ComboBox, DragValue, Label, RichText, ScrollArea, Sense, TextEdit, Ui, WidgetInfo, accesskit::Role, vec2};

use super::column::title;
use super::test_rows::{TestFilter, TestRow, TestRows};
use super::view::{Part, TestColumn};
use super::{Scene, changed_view};
use crate::link::{Predictions, SnapshotState, TestAnswers, TextPlace, grouped};
use crate::session::StudentSnapshot;
use crate::window::control;
use crate::window::state::UiState;

/// Height of a row, points.
const ROW: f32 = 24.0;
/// Room for a class and for an answer.
const CLASS: f32 = 130.0;
const ANSWER: f32 = 190.0;

pub(super) fn test_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    columns_ui(ui, scene, state);
    let found = state.side_by_side.test.columns.map(|column| answers(scene, column));
    for (letter, problem) in ["A", "B"].into_iter().zip(found.iter().map(|of| of.as_ref().err())) {
        if let Some(problem) = problem {
            ui.add(Label::new(RichText::new(format!("{letter}: {problem}")).weak()).wrap());
        }
    }
    let [Ok(a), Ok(b)] = found else { return };
    list(scene, state, &a, &b);
    choices_ui(ui, scene, state);
    if state.side_by_side.test.listed.listed.is_empty() {
        return control::empty(ui, scene.t("Nothing to list"), scene.t("No text of the test part fits."));
    }
    rows_ui(ui, scene, state);
}

/// A column's answers, where they lie.
enum Answers<'a> {
    /// Teacher's or student's at the last evaluation.
    Evaluated(&'a Predictions, TestColumn),
    /// Those of a student beside, as far as it was asked.
    Beside(&'a StudentSnapshot, &'a TestAnswers),
}

impl Answers<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Evaluated(predictions, _) => predictions.rows.len(),
            Self::Beside(_, test) => test.answers.len(),
        }
    }

    /// Text and class of a row.
    fn part(&self, place: usize, classes: &[String]) -> Option<(String, String)> {
        match self {
            Self::Evaluated(predictions, _) => {
                let row = predictions.rows.get(place)?;
                Some((row.text.clone(), classes.get(row.gold).cloned().unwrap_or_default()))
            }
            Self::Beside(_, test) => test.part.get(place).cloned(),
        }
    }

    /// Answer and probability.
    fn answer(&self, place: usize, classes: &[String]) -> (String, f32) {
        let named = |(class, p): (usize, f32)| (classes.get(class).cloned().unwrap_or_default(), p);
        let found = match self {
            Self::Evaluated(predictions, column) => predictions.rows.get(place).and_then(|row| match column {
                TestColumn::Teacher => row.teacher.map(named),
                _ => Some(named(row.student)),
            }),
            Self::Beside(_, test) => test.answers.get(place).map(|of| (of.answer.clone(), of.probability)),
        };
        found.unwrap_or_default()
    }

    /// By what a change is seen.
    fn stamp(&self) -> String {
        match self {
            Self::Evaluated(predictions, column) => {
                format!("{:p} {} {column:?}", std::ptr::from_ref(*predictions), predictions.step)
            }
            Self::Beside(which, test) => format!("{which:?} {}", test.answers.len()),
        }
    }
}

/// Which two columns.
fn columns_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    ui.horizontal(|ui| {
        for (place, letter) in ["A", "B"].into_iter().enumerate() {
            let now = state.side_by_side.test.columns[place];
            ui.label(RichText::new(letter).strong());
            ui.name_inputs(format!("{} {letter}", scene.t("Column")), |ui| {
                let list = ComboBox::from_id_salt(("column of the test part", place)).width(230.0).truncate();
                list.selected_text(name(scene, now)).show_ui(ui, |ui| {
                    for column in offered(scene) {
                        ui.selectable_value(&mut state.side_by_side.test.columns[place], column, name(scene, column));
                    }
                });
            });
        }
        progress_ui(ui, scene, state);
    });
}

fn offered(scene: &Scene) -> Vec<TestColumn> {
    let teacher = scene.session.teacher().map(|_| TestColumn::Teacher);
    let beside = (0..scene.session.view.columns.len()).map(TestColumn::Beside);
    teacher.into_iter().chain([TestColumn::Student]).chain(beside).collect()
}

fn name(scene: &Scene, column: TestColumn) -> String {
    let at = |words: &str| match &scene.record.predictions {
        Some(predictions) => format!("{words} · {} {}", scene.t("step"), grouped(predictions.step)),
        None => words.to_owned(),
    };
    match column {
        TestColumn::Teacher => scene.t("Teacher").to_owned(),
        TestColumn::Student => at(scene.t("Student")),
        TestColumn::Beside(place) => {
            scene.session.view.columns.get(place).map_or_else(|| "–".to_owned(), |which| title(scene, which))
        }
    }
}

/// How far the asking is.
fn progress_ui(ui: &mut Ui, scene: &Scene, state: &UiState) {
    for column in state.side_by_side.test.columns {
        let TestColumn::Beside(place) = column else { continue };
        let Some(test) = tested(scene, place) else { continue };
        if test.answers.len() < test.part.len() {
            let (done, all) = (test.answers.len(), test.part.len());
            ui.add(egui::ProgressBar::new(done as f32 / all as f32).desired_width(120.0));
            ui.weak(format!("{} {} {}", grouped(done as u64), scene.t("of"), grouped(all as u64)));
        }
    }
}

fn tested<'a>(scene: &'a Scene, place: usize) -> Option<&'a TestAnswers> {
    let which = scene.session.view.columns.get(place)?;
    match &scene.side_by_side.beside.iter().find(|frame| frame.snapshot == *which)?.state {
        SnapshotState::Open(answer) => answer.test.as_ref(),
        SnapshotState::Opening | SnapshotState::Refused(_) => None,
    }
}

fn answers<'a>(scene: &'a Scene, column: TestColumn) -> Result<Answers<'a>, String> {
    let TestColumn::Beside(place) = column else {
        let predictions = scene.record.predictions.as_deref().filter(|_| scene.belonging.run_data);
        let predictions = predictions.filter(|predictions| predictions.over_tokens.is_empty());
        let none = || scene.t("it has not answered the test part yet; the run does so at its end").to_owned();
        return predictions.map(|predictions| Answers::Evaluated(predictions, column)).ok_or_else(none);
    };
    let which = scene.session.view.columns.get(place);
    let which = which.ok_or_else(|| scene.t("add a column first, above").to_owned())?;
    let frame = scene.side_by_side.beside.iter().find(|frame| frame.snapshot == *which);
    if let Some(SnapshotState::Refused(why)) = frame.map(|frame| &frame.state) {
        return Err(scene.says(why));
    }
    let test = tested(scene, place).ok_or_else(|| scene.t("is being asked…").to_owned())?;
    test.problem.as_ref().map_or(Ok(Answers::Beside(which, test)), |problem| Err(scene.says(problem)))
}

/// Finds the rows to list, if the question is a new one.
fn list(scene: &Scene, state: &mut UiState, a: &Answers, b: &Answers) {
    let view = &mut state.side_by_side.test;
    let (filter, apart, search) = (view.filter, view.apart, &view.search);
    let asked = format!("{} | {} | {filter:?} {apart} {search}", a.stamp(), b.stamp());
    if view.listed.asked == asked {
        return;
    }
    let classes = scene.workspace.opened.as_ref().map(|opened| opened.classes.as_slice()).unwrap_or_default();
    let row = |place: usize| {
        let (text, gold) = a.part(place, classes).or_else(|| b.part(place, classes))?;
        Some(TestRow { place, text, gold, answers: [a, b].map(|of| of.answer(place, classes)) })
    };
    let rows = (0..a.len().min(b.len())).filter_map(row).collect();
    view.listed = TestRows::list(asked, rows, filter, apart, search);
}

fn choices_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let view = &mut state.side_by_side.test;
    ui.horizontal(|ui| {
        let all = [
            (TestFilter::All, scene.t("All"), scene.t("Every row")),
            (TestFilter::AWrong, scene.t("A wrong"), scene.t("A does not answer with the class of the text")),
            (TestFilter::BWrong, scene.t("B wrong"), scene.t("B does not answer with the class of the text")),
            (TestFilter::Differ, scene.t("Differ"), scene.t("A and B answer with different classes")),
        ];
        view.filter = control::segments(ui, view.filter, &all).unwrap_or(view.filter);
        ui.label("Δp ≥");
        let apart = DragValue::new(&mut view.apart).range(0.0..=1.0).speed(0.01).fixed_decimals(2);
        let help = scene.t("Of texts that both answer alike, those whose probabilities are so far apart; answers that differ are always far apart");
        ui.add(apart).accessible_name(scene.t("Probabilities apart")).on_hover_text(help);
        let search = TextEdit::singleline(&mut view.search).hint_text(scene.t("Search the texts")).desired_width(180.0);
        ui.add(search).accessible_name(scene.t("Search the texts"));
        ui.checkbox(&mut view.folded, scene.t("Group equal answers"))
            .on_hover_text(scene.t("Texts of one class that A answers alike and B answers alike stand together"));
    });
    let [a, b, only_a, only_b, differ] = view.listed.counts;
    let words = [
        format!(
            "{} {} {} {}",
            grouped(view.listed.listed.len() as u64),
            scene.t("of"),
            grouped(view.listed.rows.len() as u64),
            scene.t("texts")
        ),
        format!("A {} {a}", scene.t("right")),
        format!("B {} {b}", scene.t("right")),
        format!("{} {differ}", scene.t("differ on")),
        format!("A {} {only_a}", scene.t("alone right")),
        format!("B {} {only_b}", scene.t("alone right")),
    ];
    ui.label(words.join(" · "));
}

/// What stands in a line of the table.
enum Line {
    Row(usize),
    /// A group, and whether it is unfolded.
    Group(usize, bool),
}

fn lines(state: &UiState) -> Vec<Line> {
    let view = &state.side_by_side.test;
    if !view.folded {
        return view.listed.listed.iter().map(|at| Line::Row(*at)).collect();
    }
    let group = |(place, (kind, rows)): (usize, &([String; 3], Vec<usize>))| {
        let open = view.unfolded.as_ref() == Some(kind);
        let rows = rows.iter().filter(|_| open).map(|at| Line::Row(*at)).collect::<Vec<_>>();
        std::iter::once(Line::Group(place, open)).chain(rows)
    };
    view.listed.groups.iter().enumerate().flat_map(group).collect()
}

fn rows_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let lines = lines(state);
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().id_salt("test part side by side").auto_shrink(false).show_rows(
        ui,
        ROW,
        lines.len(),
        |ui, visible| {
            control::clear_of_bar(ui);
            for line in lines.get(visible).unwrap_or_default() {
                match line {
                    Line::Row(at) => row_ui(ui, scene, state, *at),
                    Line::Group(place, open) => group_ui(ui, scene, state, *place, *open),
                }
            }
        },
    );
}

fn group_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, place: usize, open: bool) {
    let Some(([gold, a, b], rows)) = state.side_by_side.test.listed.groups.get(place) else { return };
    let words = format!("{} {} × {gold} · A {a} · B {b}", if open { "▼" } else { "▶" }, rows.len());
    let kind = [gold.clone(), a.clone(), b.clone()];
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &words));
    ui.painter().rect_filled(rect.shrink2(vec2(0.0, 1.0)), 3.0, ui.visuals().faint_bg_color);
    super::answers::text(ui, &words, rect.shrink2(vec2(6.0, 0.0)), true);
    if response.on_hover_text(scene.t("Click to see the texts")).clicked() {
        state.side_by_side.test.unfolded = (!open).then_some(kind);
    }
}

fn row_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, at: usize) {
    let Some(row) = state.side_by_side.test.listed.rows.get(at).cloned() else { return };
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &row.text));
    if response.hovered() {
        ui.painter().rect_filled(rect, 3.0, ui.visuals().faint_bg_color);
    }
    ui.painter().hline(rect.x_range(), rect.bottom(), ui.visuals().widgets.noninteractive.bg_stroke);
    let answers = rect.right() - 2.0 * ANSWER;
    let line = row.text.split_whitespace().collect::<Vec<_>>().join(" ");
    super::answers::text(ui, &line, rect.with_max_x(answers - CLASS - 8.0).shrink2(vec2(4.0, 0.0)), false);
    super::answers::text(ui, &row.gold, rect.with_min_x(answers - CLASS).with_max_x(answers - 8.0), false);
    let palette = scene.look.palette();
    for (place, (answer, p)) in row.answers.iter().enumerate() {
        let left = answers + ANSWER * place as f32;
        let (sign, color) = if *answer == row.gold { ("✔", palette.good) } else { ("✖", palette.bad) };
        let room = rect.with_min_x(left).with_max_x(left + ANSWER - 8.0);
        super::answers::colored(ui, &format!("{sign} {answer} {:.0} %", 100.0 * p), room, color);
    }
    if response.on_hover_text(format!("{}\n{}", row.text, scene.t("Click to see all outcomes"))).clicked() {
        let classes = scene.workspace.opened.as_ref().map(|opened| opened.classes.as_slice()).unwrap_or_default();
        let gold = classes.iter().position(|class| *class == row.gold);
        state.gold = gold.map(|class| (row.text.clone(), class));
        state.taken = Some((row.text.clone(), TextPlace::Test(row.place)));
        state.side_by_side.part = Part::Answers;
        state.ask(changed_view(scene, |view| view.probe = row.text.clone()));
    }
}
