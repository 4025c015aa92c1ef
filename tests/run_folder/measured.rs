//! What a run measures when it has ended: the table of answers and the figures that are its rows', how far
//! the measuring is, and that it can be stopped.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use retort::link::{Command, Event, Fact, Measuring, Order, Outcome, Phase, Reply, RunId, Side};
use retort::session::{FilePart, Session};

use super::ending::{failing, with_teacher};
use super::{Play, run, start, tiny, weights};

/// The table of a run's folder: its header and, row by row, its cells by column.
fn table(out: &Path) -> (Vec<String>, Vec<BTreeMap<String, String>>) {
    let mut reader = csv::Reader::from_path(out.join("predictions.csv")).unwrap();
    let head: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let row = |row: csv::StringRecord| head.iter().cloned().zip(row.iter().map(str::to_owned)).collect();
    let rows = reader.records().map(|record| row(record.unwrap())).collect();
    (head.clone(), rows)
}

/// Whether a side's figures are those of the rows, reckoned anew from the probabilities.
fn check(side: &Side, who: &str, classes: &[String], rows: &[BTreeMap<String, String>]) {
    let index = |name: &str| classes.iter().position(|class| class == name).unwrap();
    let mut confusion = vec![vec![0u64; classes.len()]; classes.len()];
    let mut loss = 0.0;
    for row in rows {
        let p = |class: &String| row[&format!("{who}:{class}")].parse::<f32>().unwrap();
        let p: Vec<f32> = classes.iter().map(p).collect();
        assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-4, "{p:?}");
        let most = p.iter().copied().fold(0.0, f32::max);
        let answer = index(&row[who]);
        assert_eq!(p[answer], most, "the class is not the likeliest one: {row:?}");
        confusion[index(&row["gold"])][answer] += 1;
        loss -= f64::from(p[index(&row["gold"])]).ln();
    }
    assert_eq!(side.confusion, confusion, "{who}");
    let all = rows.len() as f64;
    let right: u64 = (0..classes.len()).map(|class| confusion[class][class]).sum();
    assert_eq!(side.test["accuracy"], right as f64 / all);
    assert!((side.test["loss"] - loss / all).abs() < 1e-5, "{who}");
    let f1: Vec<f64> = side.per_class.iter().filter_map(|class| class.f1).collect();
    assert!((side.test["macro_f1"] - f1.iter().sum::<f64>() / f1.len() as f64).abs() < 1e-12);
    assert_eq!(side.per_class.iter().map(|class| class.support).sum::<u64>(), rows.len() as u64);
}

#[test]
fn the_figures_of_an_outcome_are_those_of_the_rows_in_the_table_of_answers() {
    let folder = tempfile::tempdir().unwrap();
    let server = failing(usize::MAX, 200);
    for teacher in [false, true] {
        let out = folder.path().join(format!("out {teacher}"));
        let mut session = tiny(folder.path());
        session.recipe.steps = 3;
        if teacher {
            with_teacher(&mut session, &server);
        }
        let outcome = run(&session, &out);
        let (head, rows) = table(&out);
        assert_eq!(head.iter().any(|column| column.starts_with("teacher")), teacher, "{head:?}");
        assert_eq!(rows.len(), 13, "a fifth of 64 texts");
        assert!((1..=13).map(|row| row.to_string()).eq(rows.iter().map(|row| row["row"].clone())));
        check(&outcome.student, "student", &outcome.classes, &rows);
        assert_eq!(outcome.teacher.is_some(), teacher);
        if let Some(side) = &outcome.teacher {
            check(side, "teacher", &outcome.classes, &rows);
            let agree = rows.iter().filter(|row| row["teacher"] == row["student"]).count();
            assert_eq!(outcome.student.test["agreement"], agree as f64 / 13.0);
            assert_eq!((side.speed, side.bytes), (None, None), "a server is not asked for that");
        }
        // Summary and card say the same.
        let summary: Outcome = serde_json::from_slice(&fs::read(out.join("summary.json")).unwrap()).unwrap();
        assert_eq!(summary, outcome);
        let card = fs::read_to_string(out.join("student/README.md")).unwrap();
        for (name, class) in outcome.classes.iter().zip(&outcome.student.per_class) {
            let share = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.4}"));
            let row = format!(
                "| `{name}` | {} | {} | {} | {} |",
                class.support,
                share(class.precision),
                share(class.recall),
                share(class.f1)
            );
            assert!(card.contains(&row), "{row} is not in\n{card}");
        }
        let counts: String = outcome.student.confusion[0].iter().map(|count| format!(" {count} |")).collect();
        assert!(card.contains(&format!("| `{}` |{counts}\n", outcome.classes[0])), "{card}");
        let stored = fs::metadata(out.join("student/model.safetensors")).unwrap().len();
        let speed = outcome.student.speed.unwrap();
        assert_eq!(outcome.student.bytes, Some(stored));
        assert!(speed.ms_per_text > 0.0 && (1..=32).contains(&speed.texts) && speed.threads > 0, "{speed:?}");
    }
}

#[test]
fn equal_runs_differ_in_nothing_but_their_times() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let session = tiny(folder.path());
    let [one, two] = ["one", "two"].map(|name| {
        let mut outcome = run(&session, &at(name));
        (outcome.seconds, outcome.peak_bytes, outcome.student.speed) = (0.0, 0, None);
        outcome
    });
    assert_eq!(one, two);
    for file in ["predictions.csv", "metrics.csv", "student/README.md", "student/model.safetensors"] {
        assert!(fs::read(at("one").join(file)).unwrap() == fs::read(at("two").join(file)).unwrap(), "{file}");
    }
}

#[test]
fn a_pruned_students_figures_say_how_many_of_its_weights_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = tiny(folder.path());
    session.set_knob("magnitude.theta", 0.5);
    let student = run(&session, &folder.path().join("out")).student;
    assert!(student.pruned > student.parameters / 10 && student.pruned < student.parameters, "{}", student.pruned);
}

#[test]
fn what_an_evaluation_takes_is_no_part_of_the_pace_of_the_steps() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = tiny(folder.path());
    (session.recipe.steps, session.recipe.evaluate_every, session.data.validation) = (6, 1, 0.5);
    let rows = (0..6000).map(|i| format!("text {i},{}\n", ["sport", "space", "food", "drink"][i % 4]));
    fs::write(session.data.source.path().unwrap(), format!("text,label\n{}", rows.collect::<String>())).unwrap();
    let mut play = Play::begin();
    play.send(start(&session, &folder.path().join("out")));
    play.until_phase(&[Phase::Finished]);
    let mut paces = play
        .said
        .iter()
        .filter_map(|event| if let Event::Reply(Reply::Status(status)) = event { Some(status.pace) } else { None });
    let pace = paces.rfind(|pace| pace.evaluations_left > 0).unwrap();
    assert!(pace.secs_per_step > 0.0 && pace.secs_per_evaluation > 5.0 * pace.secs_per_step, "{pace:?}");
}

/// A run of two steps with many texts to be measured on behind them.
fn long_test(folder: &Path) -> Session {
    let mut session = tiny(folder);
    (session.recipe.steps, session.recipe.evaluate_every) = (2, 2);
    let test = folder.join("long.csv");
    let row = |i: usize| format!("text {i} about {},{}\n", i % 97, ["sport", "space", "food", "drink"][i % 4]);
    fs::write(&test, format!("text,label\n{}", (0..40_000).map(row).collect::<String>())).unwrap();
    session.data.source.files_mut().unwrap().test = FilePart::of([test]);
    session
}

fn measuring(event: &Event) -> Option<Measuring> {
    if let Event::Reply(Reply::Status(status)) = event { status.measuring } else { None }
}

#[test]
fn a_stop_while_the_end_is_measured_keeps_the_student_and_says_what_was_not_measured() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let session = long_test(folder.path());
    let mut play = Play::begin();
    play.send(start(&session, &out));
    play.until(|event| measuring(event).is_some_and(|measuring| measuring.total > 40_000));
    play.send(Command::Look);
    play.send(Order::Stop.to(RunId::FIRST));
    let said = play.until_phase(&[Phase::Finished, Phase::Stopped, Phase::Failed]).to_vec();
    let outcome = said.iter().find_map(|event| {
        if let Event::Fact(_, Fact::Finished(outcome)) = event { Some((**outcome).clone()) } else { None }
    });
    let outcome = outcome.unwrap();
    assert_eq!((outcome.reason.as_str(), outcome.steps, outcome.saved.as_ref().unwrap().step), ("finished", 2, 2));
    assert!(outcome.unmeasured.len() == 1 && outcome.unmeasured[0].contains("stopped"), "{:?}", outcome.unmeasured);
    assert!(play.warnings().iter().any(|words| words.contains("the student is saved")), "{:?}", play.warnings());
    assert!(outcome.student.test.is_empty() && outcome.student.confusion.is_empty() && outcome.student.parameters > 0);
    assert!(!out.join("predictions.csv").exists(), "half a table looks like a whole one");
    let left: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".tmp")), "{left:?}");
    // The student is that of a run that was measured.
    let short = session.clone();
    let test = &short.data.source.files().unwrap().test.files[0];
    fs::write(test, "text,label\nhot tea,drink\na ball,sport\n").unwrap();
    run(&short, &folder.path().join("whole"));
    assert!(weights(&out) == weights(&folder.path().join("whole")));
}

#[test]
fn a_measuring_tells_how_far_it_is_and_what_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut play = Play::begin();
    play.send(start(&long_test(folder.path()), &folder.path().join("out")));
    let at_end = |event: &Event| measuring(event).is_some_and(|measuring| measuring.total > 40_000);
    // Two words of the same measuring.
    play.until(at_end);
    play.until(at_end);
    play.send(Order::Stop.to(RunId::FIRST));
    play.until_phase(&[Phase::Finished, Phase::Stopped]);
    let told: Vec<_> = play
        .said
        .iter()
        .filter_map(|event| if let Event::Reply(Reply::Status(status)) = event { Some(status) } else { None })
        .collect();
    let end: Vec<_> = told.iter().filter(|status| status.measuring.is_some_and(|part| part.total > 40_000)).collect();
    let done: Vec<u64> = end.iter().map(|status| status.measuring.unwrap().done).collect();
    assert!(done.windows(2).all(|pair| pair[0] < pair[1]) && done.iter().all(|done| *done <= 40_013), "{done:?}");
    for status in end {
        assert_eq!((status.phase, status.done, status.total), (Phase::Evaluating, 2, 2), "steps stay steps");
        assert!(status.seconds_left().unwrap() > 0.0, "{status:?}");
        assert_eq!((status.pace.steps_left, status.pace.evaluations_left), (0, 0));
    }
    assert!(told.last().unwrap().measuring.is_none() && told.last().unwrap().seconds_left().is_none());
}
