//! Run folders that version 2 of sessions has written: one by the program of then, left behind its second of four
//! steps, and runs of today whose folder is put into the words of then.

use std::fs;
use std::path::{Path, PathBuf};

use retort::record::journal;
use retort::session::{InferenceSpec, Init, LayerMap, SESSION_VERSION, Session, Source, file};
use serde_json::{Value, json};

use super::{leave_at, resume, run, tiny, weights};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The folder tree of then, at `root`; gives the run's folder.
fn then(root: &Path) -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    copy(&tests.join("run_folder/version_2"), root);
    copy(&tests.join("golden/bert_classifier"), &root.join("in/model"));
    root.join("run")
}

fn state(run: &Path, step: u64) -> PathBuf {
    run.join(format!("checkpoints/step-{step:09}/state.json"))
}

fn json_of(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn a_run_that_the_program_of_then_has_left_is_shown_and_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let out = then(&root);
    let asked = file::open(&root.join("asked/session.ron")).unwrap();
    let model = Source::Folder(root.join("in/model"));
    assert_eq!(asked.student.init, Init::Layers { of: Some(model), map: LayerMap::Pick(vec![1]) });

    let record = journal::replay(&out).unwrap();
    let (shown, opened) = (record.session.unwrap(), record.opened.unwrap());
    assert_eq!((&shown.prompt, &shown.recipe, &shown.data.split_seed), (&asked.prompt, &asked.recipe, &0));
    assert_eq!(opened.models.as_ref().unwrap().teachers, asked.teachers);
    let (then, now) = (opened.data.as_ref().unwrap().source.files().unwrap(), asked.data.source.files().unwrap());
    assert_eq!((&then.format, &then.roles), (&now.format, &now.roles));
    assert_eq!(then.train.files, [Path::new("/then/in/rows.csv")]);

    let (outcome, play) = resume(&out);
    assert_eq!((outcome.unwrap().steps, play.warnings().len()), (4, 0), "{:?}", play.warnings());
    let record = journal::replay(&out).unwrap();
    assert_eq!(record.session.unwrap().student, asked.student, "the files were found beside the folder");
    let written = json_of(&state(&out, 4));
    assert_eq!(written["session"]["version"], SESSION_VERSION);
    let usage = InferenceSpec::open(&out.join("student")).unwrap().unwrap();
    assert_eq!(usage.prompt.template, "{text} is {answer}");
    assert_eq!(
        usage.classes.iter().map(|class| usage.prompt.word_for(class)).collect::<Vec<_>>(),
        ["drink", "food", "space", "game"]
    );
}

/// A session as version 2 put it into JSON.
fn put_into_version_2(session: &mut Value) {
    session["version"] = 2.into();
    let models = json!({ "teachers": session["teachers"].take(), "student": session["student"].take() });
    session.as_object_mut().unwrap().retain(|field, _| field != "teachers" && field != "student");
    session["models"] = models;
    put_models_into_version_2(&mut session["models"]);
    let prompt = session["prompt"].take();
    let word = |(class, words): (&String, &Value)| (class.clone(), words[0].clone());
    let words: serde_json::Map<String, Value> = prompt["label_words"].as_object().unwrap().iter().map(word).collect();
    session["prompt"] = json!({
        "template": prompt["teacher"]["template"], "variants": prompt["teacher"]["variants"],
        "label_words": words, "scoring": prompt["scoring"], "chat": prompt["chat"],
    });
    let recipe = session["recipe"].as_object_mut().unwrap();
    let terms = recipe.remove("terms").unwrap();
    recipe.insert("losses".into(), terms);
}

fn put_models_into_version_2(models: &mut Value) {
    let choice = |choice: &Value| {
        let mut choice = choice.clone();
        let fields = choice.as_object_mut()?;
        match fields.remove("init").unwrap() {
            Value::String(start) => drop(fields.insert("start".into(), start.into())),
            mut layers => drop(fields.insert("layers".into(), layers["Layers"].take())),
        }
        Some(choice)
    };
    *models = json!({ "teacher": choice(&models["teachers"][0]), "student": choice(&models["student"]) });
}

/// Puts a whole run folder into the words of version 2.
fn put_folder_into_version_2(out: &Path, step: u64) {
    let path = state(out, step);
    let mut told = json_of(&path);
    put_into_version_2(&mut told["session"]);
    fs::write(&path, told.to_string()).unwrap();
    let path = out.join("journal.jsonl");
    let line = |line: &str| {
        let mut event: Value = serde_json::from_str(line).unwrap();
        if let Some(started) = event.get_mut("Started") {
            put_into_version_2(&mut started["session"]);
        }
        if let Some(models) = event.pointer_mut("/Opened/models") {
            put_models_into_version_2(models);
        }
        event.to_string() + "\n"
    };
    let lines: String = fs::read_to_string(&path).unwrap().lines().map(line).collect();
    assert!(lines.contains("\"losses\"") && lines.contains("\"models\"") && !lines.contains("\"terms\""));
    fs::write(&path, lines).unwrap();
}

#[test]
fn a_run_begun_in_version_2_ends_in_the_same_student_as_one_of_today() {
    let folder = tempfile::tempdir().unwrap();
    let of_layers = |mut session: Session| {
        let Source::Folder(model) = session.student.source.clone() else { panic!("wrong source") };
        session.student.init = Init::Layers { of: Some(Source::Folder(model)), map: LayerMap::Pick(vec![1]) };
        session
    };
    for (name, session) in [("fresh", tiny(folder.path())), ("layers", of_layers(tiny(folder.path())))] {
        let (whole, old) = (folder.path().join(name), folder.path().join(format!("{name} old")));
        run(&session, &whole);
        leave_at(&session, &old, 6);
        put_folder_into_version_2(&old, 6);
        let (outcome, _) = resume(&old);
        assert_eq!(outcome.unwrap().steps, 12);
        assert!(weights(&whole) == weights(&old), "{name}: the students differ");
    }
}
