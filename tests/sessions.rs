//! Session files: every version opens, what is saved comes back, and what cannot be used is refused
//! by name without touching the file.

use std::path::Path;

use retort::link::Event;
use retort::session::{Column, DataSource, SESSION_VERSION, Session, SessionError, Source, file};

const V1: &str = include_str!("sessions/v1.ron");

fn refusal(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.ron");
    std::fs::write(&path, text).unwrap();
    let error = file::open(&path).unwrap_err().to_string();
    assert!(error.contains("session.ron"), "{error} does not name the file");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    error
}

#[test]
fn a_session_of_version_1_opens_with_every_field_and_comes_back_the_same() {
    let session = file::parse(V1, Path::new("v1.ron")).unwrap();
    let DataSource::Delimited { text, .. } = &session.data.source else { panic!("wrong source") };
    assert_eq!(text, &[Column::Name("review".into()), Column::Index(3)]);
    assert_eq!(session.knobs["mixture.alpha"].to_bits(), (0.1f64 + 0.2).to_bits());
    let again = file::parse(&file::to_text(&session).unwrap(), Path::new("again.ron")).unwrap();
    assert_eq!(session, again);
}

#[test]
fn a_session_of_version_1_keeps_the_split_it_ran_with() {
    let split_seed = |text: &str| file::parse(text, Path::new("old.ron")).unwrap().data.split_seed;
    assert_eq!(split_seed(V1), 3, "the seed of its recipe");
    assert_eq!(split_seed(&V1.replace("seed: 3,", "")), 7, "the seed that a recipe without one had");
    let mut session = file::parse(V1, Path::new("v1.ron")).unwrap();
    session.recipe.seed = 8;
    let again = file::parse(&file::to_text(&session).unwrap(), Path::new("again.ron")).unwrap();
    assert_eq!((again.version, again.data.split_seed, again.recipe.seed), (SESSION_VERSION, 3, 8));
}

#[test]
fn a_session_of_version_2_splits_by_its_own_seed_which_is_0_where_it_names_none() {
    let split_seed = |text: &str| file::parse(text, Path::new("new.ron")).unwrap().data.split_seed;
    let v2 = V1.replace("version: 1", "version: 2");
    assert_eq!(split_seed(&v2), 0);
    assert_eq!(split_seed(&v2.replace("test: 0.0,", "test: 0.0, split_seed: 5,")), 5);
    assert_eq!(Session::built_in().unwrap().data.split_seed, 0);
    assert!(file::to_text(&Session::built_in().unwrap()).unwrap().contains("split_seed: 0"));
}

#[test]
fn a_session_inside_a_journal_or_a_checkpoint_is_migrated_like_a_file() {
    let mut old = serde_json::to_value(file::parse(V1, Path::new("v1.ron")).unwrap()).unwrap();
    old["version"] = 1.into();
    old["data"].as_object_mut().unwrap().remove("split_seed");
    let event = serde_json::json!({ "Started": { "session": old, "out": "runs/1", "step": 0 } });
    let Event::Started { session, .. } = serde_json::from_value(event).unwrap() else { panic!("wrong event") };
    assert_eq!(*session, file::parse(V1, Path::new("v1.ron")).unwrap());
    old["version"] = 99.into();
    let newer = serde_json::from_value::<Session>(old).unwrap_err().to_string();
    assert!(newer.contains("version 99") && newer.contains("update"), "{newer}");
}

#[test]
fn a_session_of_a_later_version_asks_for_an_update_whatever_else_it_holds() {
    let later = V1.replace("version: 1", "version: 3");
    for text in [&later.replace("batch: 16", "a_new_field: 16"), &later.replace("Cosine", "ANewSchedule"), &later] {
        let error = refusal(text);
        assert!(error.contains("version 3") && error.contains("update"), "{error}");
    }
    assert!(refusal(&V1.replace("version: 1", "version: 0")).contains("version 0"));
}

#[test]
fn a_model_of_the_hub_is_named_by_repository_and_if_need_be_revision() {
    let named = |source: &str| file::parse(&V1.replace(r#"BuiltIn("posts-student")"#, source), Path::new("hub.ron"));
    let session = named(r#"Hub(repo: "owner/name")"#).unwrap();
    assert_eq!(session.models.student.source, Source::hub("owner/name"));
    assert_eq!(session.models.student.source.title(), "owner/name");
    let again = file::parse(&file::to_text(&session).unwrap(), Path::new("again.ron")).unwrap();
    assert_eq!(session, again);
    let other = named(r#"Hub(repo: "owner/name", revision: "refs/pr/1")"#).unwrap();
    assert_eq!(other.models.student.source.title(), "owner/name@refs/pr/1");
    let text = file::to_text(&session).unwrap();
    assert!(!text.contains("file:"), "older programs open it still: {text}");
    let student = named(r#"Hub(repo: "owner/name", file: Some("q/a.gguf"))"#).unwrap_err().to_string();
    assert!(student.contains("teach, not learn"), "{student}");
    let taught = V1.replace(r#"Folder("models/large")"#, r#"Hub(repo: "owner/name", file: Some("q/a.gguf"))"#);
    let taught = file::parse(&taught, Path::new("taught.ron")).unwrap();
    let source = &taught.models.teacher.as_ref().unwrap().source;
    assert_eq!((source, source.title()), (&Source::hub("owner/name/q/a.gguf"), "a.gguf".to_owned()));
    let again = file::parse(&file::to_text(&taught).unwrap(), Path::new("again.ron")).unwrap();
    assert_eq!(taught, again);
    let wrong = named(r#"Hub(repo: "owner/name", revison: "x")"#).unwrap_err().to_string();
    assert!(wrong.contains("revison"), "{wrong}");
}

#[test]
fn a_server_keeps_its_fields_and_the_new_ones_are_written_only_where_they_are_set() {
    let teacher = |rest: &str| {
        let server = format!(r#"Server(url: "http://localhost:8000/v1", model: "m", mode: Chat{rest})"#);
        file::parse(&V1.replace(r#"Folder("models/large")"#, &server), Path::new("server.ron"))
    };
    let written = |rest: &str| {
        let session = teacher(rest).unwrap();
        let text = file::to_text(&session).unwrap();
        assert_eq!(file::parse(&text, Path::new("again.ron")).unwrap(), session);
        text
    };
    let old = written(r#", key: Some("MY_KEY")"#);
    assert!(old.contains(r#"key: Some("MY_KEY")"#) && !old.contains("token_limit"), "{old}");
    assert!(written("").contains("key: None"));
    let new = written(r#", key: Some("keyring:mine"), token_limit: Some(500000)"#);
    assert!(new.contains(r#"key: Some("keyring:mine")"#) && new.contains("token_limit: Some(500000)"), "{new}");
    let refused = teacher(r#", key: Some("sk-TheKeyItself")"#).unwrap_err().to_string();
    assert!(refused.contains("never the key itself") && !refused.contains("TheKey"), "{refused}");
}

#[test]
fn a_student_made_from_layers_is_written_only_where_it_is_asked_for() {
    let plain = file::to_text(&file::parse(V1, Path::new("v1.ron")).unwrap()).unwrap();
    assert!(!plain.contains("layers") && !plain.contains("vocabulary"), "older programs open it still: {plain}");
    let asked = |student: &str| {
        let text = V1.replace(r#"start: Fresh, head: Classifier"#, &format!("head: Classifier, {student}"));
        file::parse(&text, Path::new("made.ron"))
    };
    for map in ["EveryOther", "FirstAndLast", "DistilBert", "EmbeddingsOnly", "Pick([0, 5])"] {
        let session = asked(&format!("layers: Some((map: {map})), vocabulary: Trimmed")).unwrap();
        assert_eq!(session.models.layers_from(), Some(&Source::Folder("models/large".into())), "the teacher's");
        assert!(!session.models.student.needs_weights());
        let again = file::parse(&file::to_text(&session).unwrap(), Path::new("again.ron")).unwrap();
        assert_eq!(session, again);
    }
    let unknown = asked("layers: Some((map: EveryThird))").unwrap_err().to_string();
    assert!(unknown.contains("EveryThird") && unknown.contains("EveryOther"), "{unknown}");
    let of = asked(r#"layers: Some((of: Some(Folder("other")), map: EveryOther))"#).unwrap();
    assert_eq!(of.models.layers_from(), Some(&Source::Folder("other".into())));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.ron");
    file::save(&of, &path).unwrap();
    assert_eq!(file::open(&path).unwrap().models.layers_from(), Some(&Source::Folder(folder.path().join("other"))));
}

#[test]
fn only_a_student_is_made_and_only_from_a_model_that_is_named() {
    let teacher = V1.replace("start: Stored, head: LabelWords", "vocabulary: Trimmed, head: LabelWords");
    assert!(refusal(&teacher).contains("models.teacher"));
    let orphan = V1.replace("start: Fresh", "layers: Some((map: EveryOther))");
    let start = orphan.find("teacher: Some").unwrap();
    let end = orphan[start..].find("\n").unwrap() + start;
    assert!(refusal(&format!("{}teacher: None,{}", &orphan[..start], &orphan[end..])).contains("under `of`"));
}

#[test]
fn the_shipped_sessions_open() {
    Session::built_in().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sessions");
    let sessions = std::fs::read_dir(folder).unwrap().flatten().map(|entry| file::open(&entry.path()).unwrap());
    assert!(sessions.count() >= 5);
}

#[test]
fn relative_paths_start_at_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.ron");
    std::fs::write(&path, V1).unwrap();
    let session = file::open(&path).unwrap();
    assert_eq!(session.models.teacher.unwrap().source, Source::Folder(folder.path().join("models/large")));
    assert_eq!(session.run, Some(folder.path().join("runs/1")));
}

#[test]
fn what_cannot_be_used_is_refused_by_name() {
    assert!(refusal("").contains("line 1"));
    assert!(refusal(&V1[..V1.len() / 2]).contains("line "));
    assert!(refusal(&V1.replace("version: 1", "version: 7")).contains("version 7"));
    assert!(refusal(&V1.replace("batch: 16", "batch: 0")).contains("recipe.batch"));
    let twice = refusal(&V1.replace(r#"losses: ["#, r#"losses: ["soft_targets", "soft_targets", "#));
    assert!(twice.contains("soft_targets more than once"), "{twice}");
    assert!(refusal(&V1.replace("batch: 16", "bach: 16")).contains("bach"));
    assert!(refusal(&V1.replace("validation: 0.2", "validation: 0.9")).contains("data.validation"));
    assert!(refusal(&V1.replace("Cosine", "Sinus")).contains("Sinus"));
    assert!(refusal("\u{0}\u{1}\u{2}").contains("line 1"));
}

#[test]
fn a_missing_file_says_so() {
    let error = file::open(Path::new("no/such.ron")).unwrap_err();
    assert!(matches!(error, SessionError::Read { .. }) && error.to_string().contains("no/such.ron"));
}

#[test]
fn a_failed_save_keeps_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.ron");
    let session = file::parse(V1, Path::new("v1.ron")).unwrap();
    file::save(&session, &path).unwrap();
    let old = std::fs::read(&path).unwrap();
    // A folder in the file's place cannot be replaced by a file; nothing beside it may change.
    std::fs::create_dir(folder.path().join("taken.ron")).unwrap();
    let error = file::save(&session, &folder.path().join("taken.ron")).unwrap_err();
    assert!(error.to_string().contains("old file is kept"));
    assert_eq!(std::fs::read(&path).unwrap(), old);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "a temporary file was left behind");
}
