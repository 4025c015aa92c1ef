//! The result card: what a run came to. Teacher beside student in quality, size and time; where the
//! student lies and what can be done with it; class by class and the confusion matrix at a click.
//!
//! The figures are those of `summary.json` and the model card: all three are the run's outcome.

mod classes;
mod view;

use std::path::PathBuf;

use egui::{Button, Grid, Label, RichText, Ui};

use super::Scene;
use crate::link::{Outcome, Side, grouped};
use crate::session::Say as _;
use crate::session::run_folder::STUDENT;
use crate::window::control;
use crate::window::dialog::DialogRequest;
use crate::window::state::{Action, UiState};
use crate::window::strings;
use crate::window::theme::Look;

pub use view::ResultView;

/// So long a button says what it has done, seconds.
const SAID: f64 = 1.5;

/// What temperature scaling is.
const SCALING: &str = "The student's logits divided by one number, fitted to the validation part so that its probabilities mean what they say; its answers stay the same. Kept in retort.ron for retort predict --calibrated.";

/// A line of the table: what it is, the teacher's and the student's figure, and help.
struct Row {
    name: &'static str,
    teacher: Option<String>,
    student: Option<String>,
    help: &'static str,
}

pub(super) fn result_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let Some(outcome) = scene.record.outcome.as_ref().filter(|_| !scene.live) else { return };
    let of = (outcome.steps, outcome.seconds.to_bits());
    if state.result.of != of {
        state.result = ResultView { of, ..ResultView::default() };
    }
    let color = scene.look.palette().accent;
    control::edged_card(ui, color, |ui| {
        head_ui(ui, scene, state, outcome);
        if state.result.hidden {
            return;
        }
        table_ui(ui, scene, outcome);
        if let Some(scaling) = &outcome.student.temperature_scaling {
            let said = format!("{} · {}", scene.t("Temperature scaling"), scene.says(&scaling.said()));
            ui.add(Label::new(RichText::new(said).small().weak()).wrap()).on_hover_text(scene.t(SCALING));
        }
        for lack in &outcome.unmeasured {
            ui.add(Label::new(RichText::new(scene.says(lack)).small().color(ui.visuals().warn_fg_color)).wrap());
        }
        ui.add_space(2.0);
        ui.horizontal_wrapped(|ui| doings_ui(ui, scene, state, outcome));
        if state.result.by_class {
            classes::classes_ui(ui, scene, state, outcome);
        }
    });
}

fn head_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, outcome: &Outcome) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(scene.t("Result")).strong());
        let reason = strings::heard(scene.look.language, &outcome.reason).into_owned();
        let steps = format!("{} {}", grouped(outcome.steps), scene.t("steps"));
        control::caption(
            ui,
            &format!("{} · {reason} · {steps} · {}", scene.run_name(), duration(scene.look, outcome.seconds)),
        );
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let (text, help) = match state.result.hidden {
                true => (scene.t("Show"), scene.t("Show the figures of the run again")),
                false => (scene.t("Hide"), scene.t("Leave this line alone of the card")),
            };
            if ui.small_button(text).on_hover_text(help).clicked() {
                state.result.hidden ^= true;
            }
        });
    });
}

/// Seconds as a person says them.
fn duration(look: Look, secs: f64) -> String {
    let (h, min, s) = (look.t("h"), look.t("min"), look.t("s"));
    if secs < 60.0 {
        return format!("{secs:.1} {s}");
    }
    let whole = secs.min(1e9).round() as u64;
    let (hours, minutes, secs) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 { format!("{hours} {h} {minutes:02} {min}") } else { format!("{minutes} {min} {secs:02} {s}") }
}

/// The columns of the table in the card are the rows here.
fn rows(outcome: &Outcome) -> Vec<Row> {
    let (teacher, student) = (outcome.teacher.as_ref(), &outcome.student);
    let both = |name, help, figure: &dyn Fn(&Side) -> Option<String>| Row {
        name,
        teacher: teacher.and_then(figure),
        student: figure(student),
        help,
    };
    let test = |measure: &'static str, digits: usize| {
        move |side: &Side| side.test.get(measure).map(|value| format!("{value:.digits$}"))
    };
    let rows = vec![
        both("test accuracy", "Share of the test texts answered right", &test("accuracy", 4)),
        both("macro F1", "Mean F1 over the classes, each counting alike", &test("macro_f1", 4)),
        both(
            "agreement",
            "Share of the test texts on which student and teacher name the same class",
            &test("agreement", 4),
        ),
        both("KL", "Mean KL(teacher ‖ student) at T = 1 over the test texts, nats", &test("kl", 3)),
        both("parameters", "Numbers of the model, those removed by pruning left out", &|side| Some(parameters(side))),
        both("size", "Bytes of the files that hold the weights", &|side| side.bytes.map(control::bytes)),
        both("ms a text", "Median time of one text alone, measured on this machine at the end of the run", &|side| {
            side.speed.map(|speed| format!("{:.2}", speed.ms_per_text))
        }),
    ];
    rows.into_iter().filter(|row| row.teacher.is_some() || row.student.is_some()).collect()
}

fn parameters(side: &Side) -> String {
    let left = side.parameters.saturating_sub(side.pruned);
    control::short(left)
}

/// How many times smaller the student is, as a number to show; `None` where it is not.
fn times(teacher: u64, student: u64) -> Option<String> {
    let times = teacher as f64 / student as f64;
    (student > 0 && times >= 1.05).then(|| if times < 10.0 { format!("{times:.1}") } else { format!("{times:.0}") })
}

fn table_ui(ui: &mut Ui, scene: &Scene, outcome: &Outcome) {
    let palette = scene.look.palette();
    let rows = rows(outcome);
    let none = "–".to_owned();
    Grid::new("result").num_columns(rows.len() + 1).spacing([14.0, 2.0]).show(ui, |ui| {
        ui.label("");
        for row in &rows {
            control::caption(ui, scene.t(row.name)).on_hover_text(scene.t(row.help));
        }
        ui.end_row();
        if outcome.teacher.is_some() {
            ui.label(RichText::new(scene.t("Teacher")).color(palette.teacher));
            rows.iter().for_each(|row| drop(ui.label(row.teacher.as_ref().unwrap_or(&none))));
            ui.end_row();
        }
        ui.label(RichText::new(scene.t("Student")).color(palette.student));
        rows.iter().for_each(|row| drop(ui.label(RichText::new(row.student.as_ref().unwrap_or(&none)).strong())));
        ui.end_row();
    });
    if let Some(words) = gain(scene, outcome) {
        control::caption(ui, &words);
    }
}

/// What the distilling was for, in a line: `7.2 × fewer parameters · 7.1 × smaller · 6.0 × faster`.
fn gain(scene: &Scene, outcome: &Outcome) -> Option<String> {
    let (teacher, student) = (outcome.teacher.as_ref()?, &outcome.student);
    let left = |side: &Side| side.parameters.saturating_sub(side.pruned);
    let fewer = times(left(teacher), left(student)).map(|times| scene.t("{} × fewer parameters").replace("{}", &times));
    let bytes = teacher.bytes.zip(student.bytes).and_then(|(teacher, student)| times(teacher, student));
    let smaller = bytes.map(|times| scene.t("{} × smaller").replace("{}", &times));
    let micros = |side: &Side| side.speed.map(|speed| (speed.ms_per_text * 1e3).round() as u64);
    let speed = micros(teacher).zip(micros(student)).and_then(|(teacher, student)| times(teacher, student));
    let faster = speed.map(|times| scene.t("{} × faster").replace("{}", &times));
    let pruned = (student.pruned > 0).then(|| {
        let share = student.pruned as f64 / student.parameters.max(1) as f64;
        format!("{:.1} % {}", share * 100.0, scene.t("of all the student's weights removed"))
    });
    let words: Vec<String> = [fewer, smaller, faster, pruned].into_iter().flatten().collect();
    (!words.is_empty()).then(|| words.join(" · "))
}

/// Where the student of the run lies, if it was saved.
fn student_folder(scene: &Scene, outcome: &Outcome) -> Option<PathBuf> {
    let saved = outcome.saved.as_ref()?;
    saved.folder.clone().or_else(|| scene.record.out.as_ref().map(|out| out.join(STUDENT)))
}

fn doings_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, outcome: &Outcome) {
    if let Some(folder) = student_folder(scene, outcome) {
        use_ui(ui, scene, state, &folder);
        let help = format!("{}\n{}", scene.t("Shows where the student lies"), folder.display());
        if ui.button(scene.t("Open folder")).on_hover_text(help).clicked() {
            state.ask(Action::ShowFolder(folder));
        }
    }
    let help = scene.t("The figures as a Markdown table, into the clipboard");
    let now = ui.input(|input| input.time);
    let copied = state.result.copied.is_some_and(|at| now - at < SAID);
    let button = if copied { format!("✔ {}", scene.t("Copied")) } else { scene.t("Copy as table").to_owned() };
    if ui.button(button).on_hover_text(help).clicked() {
        ui.ctx().copy_text(as_table(scene, outcome));
        state.result.copied = Some(now);
        ui.request_repaint_after(std::time::Duration::from_secs_f64(SAID));
    }
    if !outcome.student.per_class.is_empty() {
        let button = Button::new(scene.t("By class")).selected(state.result.by_class);
        let help = scene.t("Precision, recall and F1 of every class, and which is taken for which");
        if ui.add(button).on_hover_text(help).clicked() {
            state.result.by_class ^= true;
        }
    }
}

fn use_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, folder: &std::path::Path) {
    ui.menu_button(scene.t("Use as…"), |ui| {
        for (wish, text) in [
            (DialogRequest::Teacher, scene.t("the next teacher")),
            (DialogRequest::Student, scene.t("the next student")),
        ] {
            if ui.button(text).clicked() {
                state.ask(Action::UseTrained(wish, folder.to_owned()));
            }
        }
    })
    .response
    .on_hover_text(scene.t("Put the saved student into the pair of the next run"));
}

/// The table as Markdown: what is measured downward, the models beside each other.
fn as_table(scene: &Scene, outcome: &Outcome) -> String {
    let cell = |value: &Option<String>| value.clone().unwrap_or_default().replace('|', "\\|");
    let mut text =
        format!("| {} | {} | {} |\n|---|---|---|\n", scene.session.name, scene.t("Teacher"), scene.t("Student"));
    for row in rows(outcome) {
        text += &format!("| {} | {} | {} |\n", scene.t(row.name), cell(&row.teacher), cell(&row.student));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::preferences::Language;

    #[test]
    fn a_duration_reads_as_a_person_says_it() {
        let said = |language| [9.46, 65.2, 7200.0].map(|secs| duration(Look { language, dark: true }, secs));
        assert_eq!(said(Language::English), ["9.5 s", "1 min 05 s", "2 h 00 min"]);
        assert_eq!(said(Language::Chinese), ["9.5 秒", "1 分 05 秒", "2 小时 00 分"]);
    }

    #[test]
    fn only_a_smaller_student_is_called_smaller() {
        assert_eq!(times(1_503_040, 209_096).unwrap(), "7.2");
        assert_eq!(times(1000, 10).unwrap(), "100");
        assert!(times(10, 10).is_none() && times(5, 10).is_none() && times(5, 0).is_none());
    }

    #[test]
    fn figures_that_were_not_measured_have_no_column() {
        let mut outcome = Outcome::default();
        outcome.student.test.insert("accuracy".into(), 0.9483);
        let names: Vec<_> = rows(&outcome).iter().map(|row| row.name).collect();
        assert_eq!(names, ["test accuracy", "parameters"]);
    }
}
