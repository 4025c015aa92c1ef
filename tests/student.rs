//! What a run leaves to be used elsewhere: a student that says how it is asked, what it is and how it
//! was made, and that this program asks again as it was trained.
#![cfg(feature = "engine")]

#[path = "student/own_prompt.rs"]
mod own_prompt;

use std::path::Path;
use std::process::Command as Process;

use candle_core::Device;
use retort::engine::data::{Example, Layout};
use retort::engine::{self, model, task};
use retort::link::{Command, Event, Fact, Order, ProbeRequest, Reply, RunId, TextPlace, connect};
use retort::record::card;
use retort::record::recorder::Recorder;
use retort::session::{
    Change, DataSource, Files, Head, InferenceSpec, Init, Keep, LayerMap, Metric, ModelChoice, Scoring, Session,
    Source, UsageError, Vocabulary, file,
};
use serde_json::Value;

fn run(session: &Session, out: &Path) {
    let (watch, end) = connect();
    let thread = engine::spawn(end, Recorder::default()).unwrap();
    watch
        .commands
        .send(Order::Start { session: Box::new(session.clone()), out: out.to_owned() }.to(RunId::FIRST))
        .unwrap();
    let end = watch.events.iter().find(|event| {
        matches!(
            event,
            Event::Fact(_, Fact::Finished(_)) | Event::Fact(_, Fact::Failed(_)) | Event::Reply(Reply::Failed(_))
        )
    });
    assert!(matches!(end, Some(Event::Fact(_, Fact::Finished(_)))), "{end:?}");
    drop(watch);
    thread.join().unwrap();
}

fn small(session: Session) -> Session {
    let mut session = session;
    session.data.limit = retort::session::Limits::each(Some(48));
    session.recipe.steps = 6;
    session.recipe.batch = 8;
    (session.recipe.evaluate_every, session.recipe.checkpoint_every) = (0, 0);
    session
}

/// The built-in pair; the student is a classifier.
fn classifier() -> Session {
    let mut session = small(Session::built_in().unwrap());
    session.student.max_tokens = 40;
    session.prompt.set_word("sports", "sport | games");
    session.script.push(Change { step: 3, knob: "soft_targets.temperature".into(), value: 4.5 });
    session
}

/// A decoder that answers by label words.
fn label_words() -> Session {
    let mut session = small(file::open(Path::new("assets/sessions/train-teacher.ron")).unwrap());
    session.prompt.scoring = Scoring::Mean;
    session
}

fn probe(folder: &Path, text: &str) -> Value {
    let folder = folder.to_str().unwrap();
    let done = Process::new(env!("CARGO_BIN_EXE_retort")).args(["probe", folder, "--text", text, "--json"]).output();
    let done = done.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

#[test]
fn a_student_says_how_it_is_asked_and_is_asked_so_again() {
    let text = "I used to paint walls, these days all I do is bake bread.";
    for (session, head) in [(classifier(), Head::Classifier), (label_words(), Head::LabelWords)] {
        let folder = tempfile::tempdir().unwrap();
        run(&session, folder.path());
        let student = folder.path().join("student");
        let usage = InferenceSpec::open(&student).unwrap().unwrap();
        assert_eq!((usage.head, usage.classes.len()), (head, 8));
        assert_eq!(
            (&usage.prompt.template, usage.prompt.scoring),
            (&session.prompt.teacher.template, session.prompt.scoring)
        );
        let word = |class: &String| (class.clone(), session.prompt.word_for(class).to_owned());
        assert_eq!(usage.prompt.label_words, usage.classes.iter().map(word).collect());

        let choice =
            ModelChoice { max_tokens: usage.max_tokens, ..ModelChoice::stored(Source::Folder(student.clone())) };
        let model = model::open(&choice, 8, 0, &Device::Cpu).unwrap();
        let task = task::for_model(&model, &session.prompt.for_student(), &usage.classes, &Layout::default()).unwrap();
        let prepared = task.encode(&model, &Example::unlabelled(text), 0).unwrap();
        let known = task::log_probabilities(&model, task.as_ref(), &[&prepared]).unwrap().concat();
        let told = probe(&student, text);
        let told = told["classes"].as_array().unwrap();
        assert_eq!(told.len(), 8);
        for ((answer, class), known) in told.iter().zip(&usage.classes).zip(known) {
            assert_eq!(answer["class"], class.as_str());
            assert!((answer["probability"].as_f64().unwrap() - f64::from(known.exp())).abs() < 1e-6);
        }
        let sum: f64 = told.iter().map(|answer| answer["probability"].as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-5, "{sum}");
    }
}

/// What a command says on stdout.
fn retort(arguments: &[&str]) -> String {
    let done = Process::new(env!("CARGO_BIN_EXE_retort")).args(arguments).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// Columns and rows of a table.
fn table(path: &Path) -> (Vec<String>, Vec<Vec<String>>) {
    let cells = |row: &csv::StringRecord| row.iter().map(str::to_owned).collect::<Vec<_>>();
    let mut reader = csv::Reader::from_path(path).unwrap();
    (cells(reader.headers().unwrap()), reader.records().map(|row| cells(&row.unwrap())).collect())
}

#[test]
fn a_saved_student_answers_a_file_as_it_answers_each_text_and_is_measured_as_its_run_measured_it() {
    for session in [classifier(), label_words()] {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        run(&session, folder.path());
        let (student, answered, known) = (at("student"), at("answers.csv"), at("predictions.csv"));
        retort(&["predict", &student, &known, "--out", &answered]);
        let ((columns, rows), (before, known_rows)) = (table(answered.as_ref()), table(known.as_ref()));
        assert_eq!(columns[..before.len()], before, "the columns of the file are carried through");
        assert_eq!(rows.len(), known_rows.len());
        let place = |name: &str| columns.iter().position(|column| column == name).unwrap();
        let classes = InferenceSpec::open(student.as_ref()).unwrap().unwrap().classes;
        for (row, known) in rows.iter().zip(&known_rows) {
            assert_eq!(&row[..before.len()], known);
            assert_eq!(row[place("answer")], row[place("student")]);
            for class in &classes {
                assert_eq!(row[place(&format!("p:{class}"))], row[place(&format!("student:{class}"))], "every bit");
            }
        }
        // One text alone gives the same numbers, and so does any place in a file.
        let texts = [&rows[0][place("text")], "a, \"quoted\" text\nof 两行", "x"];
        let lines: String = texts.iter().map(|text| format!("{}\n", serde_json::json!({ "text": text }))).collect();
        std::fs::write(at("texts.jsonl"), lines).unwrap();
        retort(&["predict", &student, &at("texts.jsonl"), "--out", &at("few.csv")]);
        let (head, few) = table(at("few.csv").as_ref());
        for (text, row) in texts.iter().zip(&few) {
            for answer in probe(student.as_ref(), text)["classes"].as_array().unwrap() {
                let column = format!("p:{}", answer["class"].as_str().unwrap());
                let cell: f32 = row[head.iter().position(|name| *name == column).unwrap()].parse().unwrap();
                let alone = answer["probability"].as_f64().unwrap() as f32;
                assert_eq!(cell.to_bits(), alone.to_bits(), "{text}: {column}");
            }
        }
        // The measures of the run, from its session and from the table of its answers.
        let summary = std::fs::read_to_string(at("summary.json")).unwrap();
        let summary: Value = serde_json::from_str(&summary).unwrap();
        let of_session = retort(&["evaluate", &student, &at("session.ron"), "--json"]);
        let of_file = retort(&["evaluate", &student, &known, "--label", "gold", "--json"]);
        for told in [of_session, of_file] {
            let told: Value = serde_json::from_str(&told).unwrap();
            for measure in ["accuracy", "macro_f1", "loss", "ece"] {
                assert_eq!(told["measures"][measure], summary["student"]["test"][measure], "{measure}");
            }
            for part in ["per_class", "confusion", "bytes"] {
                assert_eq!(told[part], summary["student"][part], "{part}");
            }
        }
        let text = retort(&["evaluate", &student, &at("session.ron")]);
        assert!(
            text.contains("accuracy") && text.contains("precision") && text.contains("columns the answers"),
            "{text}"
        );
    }
}

#[test]
fn a_prompted_model_without_classes_is_asked_by_a_session() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    run(&classifier(), folder.path());
    let (session, known) = (at("session.ron"), at("predictions.csv"));
    retort(&["predict", "built-in:posts-teacher", &known, "--session", &session, "--out", &at("answers.csv")]);
    let (columns, rows) = table(at("answers.csv").as_ref());
    let place = |name: String| columns.iter().position(|column| *column == name).unwrap();
    let classes = InferenceSpec::open(at("student").as_ref()).unwrap().unwrap().classes;
    for row in &rows {
        for class in &classes {
            assert_eq!(row[place(format!("p:{class}"))], row[place(format!("teacher:{class}"))], "{class}");
        }
    }
    let told: Value =
        serde_json::from_str(&retort(&["evaluate", "built-in:posts-teacher", &session, "--json"])).unwrap();
    let summary: Value = serde_json::from_str(&std::fs::read_to_string(at("summary.json")).unwrap()).unwrap();
    assert_eq!(told["confusion"], summary["teacher"]["confusion"]);
    let refused =
        Process::new(env!("CARGO_BIN_EXE_retort")).args(["predict", "built-in:posts-teacher", &known]).output();
    let refused = refused.unwrap();
    assert_eq!(refused.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("names no classes"));
}

#[test]
fn a_model_card_tells_what_was_run_and_what_came_of_it_and_no_path() {
    let folder = tempfile::tempdir().unwrap();
    run(&classifier(), folder.path());
    let card = std::fs::read_to_string(folder.path().join("student/README.md")).unwrap();
    let summary = std::fs::read_to_string(folder.path().join("summary.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    let front = card.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap().0;
    let lists =
        ["base_model:\n- \"posts-student\"\n- \"posts-teacher\"", "language:\n- \"en\"", "metrics:\n- \"accuracy\""];
    for part in lists.into_iter().chain(["license: other", "pipeline_tag: text-classification", "- \"bert\""]) {
        assert!(front.contains(part), "{part:?} is not in\n{front}");
    }
    let accuracy = format!("{:.4}", summary["student"]["test"]["accuracy"].as_f64().unwrap());
    let steps = "| steps | 6 of 6, 8 texts each (finished) |";
    let knob = "| `soft_targets.temperature` | 2 | step 3: 2 → 4.5 |";
    let size = format!("`posts-teacher` (gpt2, {} parameters)", summary["teacher"]["parameters"]);
    let saved = "| saved | the student of step 6, the last |";
    for part in
        [&*accuracy, steps, saved, knob, &size, "from random weights", "`posts`", "{answer}", "retort run session.ron"]
    {
        assert!(card.contains(part), "{part:?} is not in\n{card}");
    }
    assert!(!card.contains(folder.path().to_str().unwrap()), "{card}");

    let mut session = classifier();
    session.set_teacher(None);
    session.recipe.terms = vec!["hard_labels".into()];
    session.data.labelled = None;
    session.name = "A --- name\nof two lines".into();
    let alone = tempfile::tempdir().unwrap();
    run(&session, alone.path());
    let card = std::fs::read_to_string(alone.path().join("student/README.md")).unwrap();
    assert!(card.contains("| teacher | none |") && card.contains("# A --- name of two lines\n"), "{card}");
    assert!(!card.contains("knowledge-distillation"), "{card}");
}

#[test]
fn a_model_card_says_which_step_was_saved_and_by_which_measure() {
    for metric in [Metric::Accuracy, Metric::Loss] {
        let folder = tempfile::tempdir().unwrap();
        let mut session = classifier();
        (session.recipe.keep, session.recipe.evaluate_every) = (Keep::Best(metric), 2);
        run(&session, folder.path());
        let card = std::fs::read_to_string(folder.path().join("student/README.md")).unwrap();
        let summary = std::fs::read_to_string(folder.path().join("summary.json")).unwrap();
        let summary: Value = serde_json::from_str(&summary).unwrap();
        let (step, best) = (&summary["saved"]["step"], &summary["saved"]["best"]);
        let value = best[1].as_f64().unwrap();
        let row =
            format!("| saved | the student of step {step}, the best by validation {} ({value:.4}) |", metric.id());
        assert!(card.contains(&row), "{row} is not in\n{card}");
    }
}

#[test]
fn a_model_card_names_what_the_student_was_made_of_and_what_each_side_read() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("big one"), folder.path().join("small one"));
    let mut session = classifier();
    session.name = "A | teacher".into();
    run(&session, &first);
    session.name = "Its student".into();
    session.set_teacher(Some(ModelChoice::stored(Source::Folder(first.join("student")))));
    session.student = ModelChoice {
        init: Init::layers(LayerMap::Pick(vec![1])),
        vocabulary: Vocabulary::Trimmed,
        ..ModelChoice::stored(Source::Folder(first.join("student")))
    };
    run(&session, &second);
    let card = std::fs::read_to_string(second.join("student/README.md")).unwrap();
    let front = card.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap().0;
    assert!(front.contains("base_model:\n- \"big one/student\"\nlanguage"), "{front}");
    for part in [
        "answers of `big one/student` (“A | teacher”)",
        "| teacher | `big one/student` (bert",
        "layers 1 of big one/student",
        "vocabulary trimmed to",
        "The teacher is a classifier and read the bare text",
        "The student read the bare text",
    ] {
        assert!(card.contains(part), "{part:?} is not in\n{card}");
    }
    assert!(!card.contains("from its stored weights") && !card.contains("The teacher was asked"), "{card}");
    let taught = std::fs::read_to_string(first.join("student/README.md")).unwrap();
    assert!(taught.contains("The teacher was asked:") && taught.contains("from random weights"), "{taught}");
}

#[test]
fn a_model_card_knows_which_architectures_only_read() {
    let reading = model::ARCHITECTURES.iter().filter(|architecture| !architecture.writes()).map(|a| a.id);
    let mut reading: Vec<&str> = reading.collect();
    reading.sort_unstable();
    assert_eq!(reading, card::ENCODERS);
}

#[test]
fn a_model_folder_is_called_by_a_name_that_tells_it_from_others() {
    for (path, title) in [
        ("/home/me/runs/trec/student", "trec/student"),
        ("student", "student"),
        ("/home/me/all-MiniLM-L6-v2/", "all-MiniLM-L6-v2"),
        ("/c/hub/models--owner--some--name/snapshots/0123abc", "owner/some--name"),
        ("/c/hub/models--owner--name/snapshots/0123abc/q4.gguf", "q4.gguf"),
    ] {
        assert_eq!(Source::Folder(path.into()).title(), title, "{path}");
    }
}

#[test]
fn a_model_that_names_no_classes_is_probed_for_what_comes_next() {
    let told = |arguments: &[&str]| {
        let done = Process::new(env!("CARGO_BIN_EXE_retort")).arg("probe").args(arguments).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    let text = told(&["built-in:posts-teacher", "--text", "We sang all night and the"]);
    assert!(text.contains("names no classes") && text.contains("likeliest next tokens"), "{text}");
    let (next, tokens) = text.split_once("surprise").unwrap();
    assert!(next.lines().count() == 2 + 5 && tokens.lines().count() > 6 && tokens.contains("␣night"), "{text}");
    let json: Value = serde_json::from_str(&told(&["built-in:posts-teacher", "--text", "We sang", "--json"])).unwrap();
    let next: Vec<f64> = json["next"].as_array().unwrap().iter().map(|n| n["probability"].as_f64().unwrap()).collect();
    assert!(next.len() == 5 && next.is_sorted_by(|a, b| a >= b) && next[0] > 0.0 && next[0] <= 1.0, "{next:?}");
}

#[test]
fn a_student_taught_other_classes_gets_a_new_classifier_and_a_remark() {
    let folder = tempfile::tempdir().unwrap();
    let session = classifier();
    let fresh = ModelChoice { init: Init::Fresh, ..ModelChoice::stored(Source::BuiltIn("posts-student".into())) };
    let fresh = model::open(&fresh, 8, 0, &Device::Cpu).unwrap();
    let others: Vec<String> = (0..8).map(|i| format!("other {i}")).collect();
    fresh.save_student(folder.path(), &others, &session.prompt.for_student()).unwrap();
    let mut again = session;
    again.student = ModelChoice::stored(Source::Folder(folder.path().to_owned()));
    let notes = |session: &Session| engine::pair::Pair::open(session, None).unwrap().student.card.notes;
    let said = notes(&again);
    assert!(said.len() == 1 && said[0].contains("other 0, other 1"), "{said:?}");
    std::fs::write(folder.path().join("retort.ron"), "(version: 1").unwrap();
    let said = notes(&again);
    assert!(said.len() == 2 && said[1].contains("retort.ron"), "{said:?}");
    std::fs::remove_file(folder.path().join("retort.ron")).unwrap();
    assert!(notes(&again)[0].contains("other 0, other 1"), "the configuration names them too");
}

#[test]
fn a_classifier_without_the_file_is_asked_by_the_labels_of_its_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let fresh = ModelChoice { init: Init::Fresh, ..ModelChoice::stored(Source::BuiltIn("posts-student".into())) };
    let classes: Vec<String> = (0..12).map(|i| format!("class {i}")).collect();
    model::open(&fresh, 12, 0, &Device::Cpu).unwrap().save(folder.path(), &classes).unwrap();
    let told = probe(folder.path(), "bread");
    let names: Vec<&str> = told["classes"].as_array().unwrap().iter().map(|c| c["class"].as_str().unwrap()).collect();
    assert_eq!(names, classes);
}

#[test]
fn a_usage_file_that_cannot_be_used_is_refused_with_the_reason() {
    let session = Session::built_in().unwrap();
    let usage = InferenceSpec::new(Head::LabelWords, 9, &["a".into(), "b".into()], &session.prompt.for_student());
    let text = usage.to_text().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("retort.ron");
    assert_eq!(InferenceSpec::open(folder.path()).unwrap(), None);
    assert_eq!(InferenceSpec::parse(&text, &path).unwrap(), usage);
    let newer = InferenceSpec::parse(&text.replace("version: 1", "version: 99"), &path).unwrap_err();
    assert!(matches!(newer, UsageError::Newer { found: 99, .. }) && newer.to_string().contains("update retort"));
    let empty = InferenceSpec { classes: Vec::new(), ..usage }.to_text().unwrap();
    let replaced = |from: &str, to: &str| text.replace(from, to);
    let auto = replaced("LabelWords", "Auto");
    let broken = [(auto, "head"), (replaced("{answer}", ""), "{answer}"), (replaced("max_tokens", "most"), "most")];
    for (broken, named) in broken.into_iter().chain([(empty, "no classes")]) {
        let said = InferenceSpec::parse(&broken, &path).unwrap_err().to_string();
        assert!(said.contains(named) && said.contains("retort.ron"), "{broken}: {said}");
    }
    std::fs::write(&path, [0xff, 0xfe]).unwrap();
    assert!(matches!(InferenceSpec::open(folder.path()), Err(UsageError::Read { .. })));
}

/// Rows of a table whose texts are longer than it shows, and end in what decides their class.
fn long_texts(path: &Path) {
    let mut rows = String::from("text,label\n");
    for row in 0..60 {
        let (word, label) = if row % 2 == 0 { ("bread soup tea", "food") } else { ("goal ball game", "sport") };
        // Long words of the student's vocabulary: it reads 128 tokens.
        let filler = "programming wildflowers ".repeat(18 + row % 5);
        rows += &format!("{row} {filler}{word},{label}\n");
    }
    std::fs::write(path, rows).unwrap();
}

#[test]
fn a_row_of_the_test_table_opens_whole_and_is_answered_as_in_the_table() {
    let folder = tempfile::tempdir().unwrap();
    long_texts(&folder.path().join("long.csv"));
    let mut session = Session::built_in().unwrap();
    session.data.source = DataSource::from(Files::of(folder.path().join("long.csv")));
    (session.data.labelled, session.teachers, session.student.max_tokens) = (None, Vec::new(), 0);
    session.recipe.terms = vec!["hard_labels".into()];
    (session.recipe.steps, session.recipe.batch, session.recipe.warmup) = (12, 8, 1);
    let (watch, end) = connect();
    let thread = engine::spawn(end, Recorder::default()).unwrap();
    watch
        .commands
        .send(Order::Start { session: Box::new(session), out: folder.path().join("run") }.to(RunId::FIRST))
        .unwrap();
    let mut told = (None, None);
    for event in watch.events.iter() {
        match event {
            Event::Fact(_, Fact::Opened(opened)) | Event::Reply(Reply::Opened(opened)) => told.0 = Some(opened),
            Event::Fact(_, Fact::Predictions(predictions)) => told.1 = Some(predictions),
            Event::Fact(_, Fact::Finished(_)) => break,
            Event::Fact(_, Fact::Failed(notice)) | Event::Reply(Reply::Failed(notice)) => panic!("{}", notice.text),
            _ => {}
        }
    }
    let (opened, predictions) = (told.0.unwrap(), told.1.unwrap());
    let mut revision = 0;
    let mut look = |text: &str, place: Option<TextPlace>| {
        revision += 1;
        watch.cells.ask.store(ProbeRequest { revision, text: text.to_owned(), place, ..ProbeRequest::default() });
        watch.commands.send(Command::Look).unwrap();
        loop {
            if let Some(frame) = watch.cells.probe.load().as_ref().clone().filter(|frame| frame.revision == revision) {
                return frame;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    };
    let mut cut_differs = false;
    assert!(!predictions.rows.is_empty());
    for (number, row) in predictions.rows.iter().enumerate() {
        assert!(row.text.ends_with('…') && row.text.chars().count() == 401, "{}", row.text);
        let probability = |frame: &retort::link::ProbeFrame| frame.student.scores[row.student.0].exp();
        let whole = look(&row.text, Some(TextPlace::Test(number)));
        assert!(whole.text.starts_with(row.text.trim_end_matches('…')) && whole.text.len() > row.text.len());
        let apart = (probability(&whole) - row.student.1).abs();
        assert!(apart < 1e-5, "row {number}: {} is not {}", probability(&whole), row.student.1);
        let cut = look(&row.text, None);
        assert_eq!(cut.text, row.text);
        cut_differs |= (probability(&cut) - row.student.1).abs() > 1e-3;
        // Another text stands at another place: it is not shown for this one.
        assert_eq!(look(&row.text, Some(TextPlace::Test(number + 1))).text, row.text);
    }
    assert!(cut_differs, "the end of a text matters here");
    for (number, (text, _)) in opened.samples.iter().enumerate() {
        assert!(look(text, Some(TextPlace::Sample(number))).text.len() > text.len());
    }
    assert_eq!(look("typed…", Some(TextPlace::Test(0))).text, "typed…");
    assert_eq!(look("x", Some(TextPlace::Test(usize::MAX))).text, "x");
    drop(watch);
    thread.join().unwrap();
}
