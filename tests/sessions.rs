//! Session files: every version opens, what is saved comes back, and what cannot be used is refused
//! by name without touching the file.

mod random_sessions;

use std::path::Path;

use proptest::prelude::*;
use random_sessions::{Draw, damaged, session};
use retort::link::Fact;
use retort::link::Opened;
use retort::session::{
    Change, Chat, ClassNames, ClassWeights, Column, Device, Extension, FilePart, Files, Format, Head, Init, Keep,
    Labels, LayerMap, Limits, Metric, ModelChoice, Models, OptimizerKind, PinnedProbe, Precision, Roles,
    SESSION_VERSION, ScheduleKind, Scoring, Session, SessionError, SeveralLabels, Source, StudentSnapshot, TaskKind,
    TeacherRows, Vocabulary, Wording, file,
};

const V1: &str = include_str!("sessions/v1.ron");
const V2: &str = include_str!("sessions/v2.ron");
const V3: &str = include_str!("sessions/v3.ron");
const V4: &str = include_str!("sessions/v4.ron");
const V5: &str = include_str!("sessions/v5.ron");
/// And of version 6.
const V6: &str = include_str!("sessions/v6.ron");

/// What the first three versions called `Delimited(path: "reviews.csv", test: Some("test.csv"), …)`.
fn reviews() -> Files {
    let roles = Roles::new([Column::Name("review".into()), Column::Index(3)], Some(Column::Name("stars".into())));
    let test = FilePart::of(["test.csv".into()]);
    Files { test, format: Format::delimited(true), roles, ..Files::of("reviews.csv") }
}

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
    let files = session.data.source.files().expect("wrong source");
    assert_eq!(files, &reviews());
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

/// `V1` and `V2` as JSON wrote them in a journal.
fn in_json(version: u32) -> serde_json::Value {
    let text = match version {
        1 => include_str!("sessions/v1.json"),
        _ => include_str!("sessions/v2.json"),
    };
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_session_inside_a_journal_or_a_checkpoint_is_migrated_like_a_file() {
    for (version, text) in [(1, V1), (2, V2)] {
        let event = serde_json::json!({ "Started": { "session": in_json(version), "out": "runs/1", "step": 0 } });
        let Fact::Started { session, .. } = serde_json::from_value(event).unwrap() else { panic!("wrong fact") };
        assert_eq!(*session, file::parse(text, Path::new("old.ron")).unwrap(), "version {version}");
    }
    let mut later = in_json(2);
    later["version"] = 99.into();
    let newer = serde_json::from_value::<Session>(later).unwrap_err().to_string();
    assert!(newer.contains("version 99") && newer.contains("update"), "{newer}");
}

#[test]
fn what_a_record_says_was_open_is_read_as_every_version_wrote_it() {
    let session = file::parse(V2, Path::new("v2.ron")).unwrap();
    let read = |models: &serde_json::Value| serde_json::from_value::<Models>(models.clone());
    assert_eq!(read(&in_json(2)["models"]).unwrap(), session.models());
    assert_eq!(read(&serde_json::to_value(session.models()).unwrap()).unwrap(), session.models());
    let opened = Opened { models: Some(Box::new(session.models())), ..Opened::default() };
    let mut written = serde_json::to_value(&opened).unwrap();
    assert_eq!(serde_json::from_value::<Opened>(written.clone()).unwrap(), opened);
    written["models"] = in_json(2)["models"].clone();
    assert_eq!(serde_json::from_value::<Opened>(written.clone()).unwrap(), opened);
    written["models"]["teacher"] = serde_json::Value::Null;
    let alone = serde_json::from_value::<Opened>(written.clone()).unwrap().models.unwrap();
    assert_eq!((alone.teachers.len(), &alone.student), (0, &session.student));
    written["models"]["student"]["heads"] = 3.into();
    let refused = serde_json::from_value::<Opened>(written).unwrap_err().to_string();
    assert!(refused.contains("`heads`"), "{refused}");
}

#[test]
fn a_session_of_version_2_opens_with_every_field_and_comes_back_the_same() {
    let session = file::parse(V2, Path::new("v2.ron")).unwrap();
    let classes = [("LABEL_0", "1"), ("LABEL_1", "5")].map(|(output, class)| (output.to_owned(), class.to_owned()));
    let teacher = ModelChoice {
        head: Head::Classifier,
        max_tokens: 256,
        precision: Precision::Bf16,
        classes: Some(classes.into()),
        ..ModelChoice::stored(Source::hub("owner/teacher"))
    };
    assert_eq!(session.teachers, [teacher]);
    let student = ModelChoice {
        init: Init::Layers { of: Some(Source::Folder("models/large".into())), map: LayerMap::Pick(vec![0, 5]) },
        head: Head::LabelWords,
        max_tokens: 64,
        vocabulary: Vocabulary::Trimmed,
        ..ModelChoice::stored(Source::Folder("models/small".into()))
    };
    assert_eq!(session.student, student, "what it starts from was said twice, and the layers were meant");
    let files = session.data.source.files().expect("wrong source");
    assert_eq!(files, &reviews());
    assert_eq!(
        (session.data.split_seed, session.data.labelled, session.data.limit),
        (11, Some(100), Limits::each(Some(5000)))
    );
    let variants = vec!["{text} All in all: {answer}".to_owned(), "{text} In short: {answer}".to_owned()];
    assert_eq!(session.prompt.teacher, Wording { template: "{text}\nIt was {answer}".into(), variants });
    assert_eq!(
        (&session.prompt.student, session.prompt.scoring, session.prompt.chat),
        (&None, Scoring::Mean, Chat::Auto)
    );
    assert_eq!(session.prompt.label_words["1"], ["terrible"]);
    assert_eq!(session.prompt.word_for("5"), "great");
    let recipe = &session.recipe;
    assert_eq!(recipe.terms, ["soft_targets", "hard_labels"]);
    assert_eq!((recipe.optimizer, recipe.schedule, recipe.seed), (OptimizerKind::Sgd, ScheduleKind::Cosine, 3));
    assert_eq!((recipe.patience, recipe.keep, recipe.threads), (Some(3), Keep::Best(Metric::MacroF1), Some(2)));
    assert_eq!((&recipe.extended[..], recipe.device), (&[Extension { at: 80, steps: 100 }][..], Device::Cuda(0)));
    assert_eq!(session.knobs["mixture.alpha"].to_bits(), (0.1f64 + 0.2).to_bits());
    let change = Change { step: 40, knob: "soft_targets.temperature".into(), value: 4.0 };
    assert_eq!((&session.script[..], &session.probes[..]), (&[change][..], &[film(None)][..]));
    assert_eq!((session.view.probe.as_str(), session.view.teacher_layer, session.view.log_y), ("好电影", 1, true));
    let again = file::parse(&file::to_text(&session).unwrap(), Path::new("again.ron")).unwrap();
    assert_eq!((session, SESSION_VERSION), (again, 6));
}

#[test]
fn each_spelling_of_version_2_means_what_it_meant() {
    let meant = |from: &str, to: &str| {
        assert!(V2.contains(from), "{from}");
        file::parse(&V2.replace(from, to), Path::new("old.ron")).map_err(|e| e.to_string())
    };
    let layers = "layers: Some((of: Some(Folder(\"models/large\")), map: Pick([0, 5]))),";
    let of = Some(Source::Folder("models/large".into()));
    let picked = Init::Layers { of, map: LayerMap::Pick(vec![0, 5]) };
    for (written, init) in [
        ("", Init::Fresh),
        ("layers: None,", Init::Fresh),
        ("layers: Some((map: EveryOther)),", Init::layers(LayerMap::EveryOther)),
        ("layers: (of: None, map: FirstAndLast),", Init::layers(LayerMap::FirstAndLast)),
        ("layers: {\"map\": \"DistilBert\"},", Init::layers(LayerMap::DistilBert)),
        ("layers: Some(Layers(map: EmbeddingsOnly)),", Init::layers(LayerMap::EmbeddingsOnly)),
        (layers, picked.clone()),
    ] {
        assert_eq!(meant(layers, written).unwrap().student.init, init, "{written}");
    }
    let stored = meant(layers, "").unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(stored.student.init, Init::Fresh);
    for (start, init) in [("start: Stored,", Init::Stored), ("start: \"Fresh\",", Init::Fresh), ("", Init::Stored)] {
        let text = V2.replace(layers, "").replace("start: Fresh,", start);
        assert_eq!(file::parse(&text, Path::new("old.ron")).unwrap().student.init, init, "{start}");
    }
    assert_eq!(meant("start: Fresh,", "").unwrap().student.init, picked, "layers alone");
    let begin = V2.find("        teacher: Some((").unwrap();
    let end = V2.find("        student: (").unwrap();
    let teacher = &V2[begin..end];
    for (written, count) in [
        ("teacher: None,", 0),
        ("", 0),
        ("teacher: Some((source: BuiltIn(\"posts-teacher\"))),", 1),
        ("teacher: (source: BuiltIn(\"posts-teacher\")),", 1),
    ] {
        let text = V2.replace(teacher, written);
        assert_eq!(file::parse(&text, Path::new("old.ron")).unwrap().teachers.len(), count, "{written}");
    }
    let losses = r#"losses: ["soft_targets", "hard_labels"]"#;
    assert_eq!(meant(losses, "losses: \"hard_labels\"").unwrap().recipe.terms, ["hard_labels"]);
    assert_eq!(meant(&format!("{losses},"), "").unwrap().recipe.terms, ["soft_targets", "hard_labels"]);
    let words = r#"label_words: {"1": "terrible", "5": "great"},"#;
    assert_eq!(meant(words, "").unwrap().prompt.label_words.len(), 0);
    assert_eq!(meant(words, "label_words: {1: 7},").unwrap().prompt.label_words["1"], ["7"]);
}

#[test]
fn odd_content_in_a_file_of_version_2_is_answered_in_its_own_words_with_its_place() {
    let begin = V2.find("    models: (").unwrap();
    let end = V2.find("    data: (").unwrap();
    let models = |written: &str| refusal(&format!("{}{written}{}", &V2[..begin], &V2[end..]));
    for (written, said) in [
        ("", "the field `models` is missing; "),
        ("models: 3, ", "models: the number 3 stands where a group of fields belongs"),
        ("models: (), ", "models: the field `student` is missing"),
        ("models: [], ", "models: a list stands where"),
        ("models: (student: 4), ", "student: the number 4 stands where a group of fields belongs"),
        ("models: (teacher: [], student: (source: BuiltIn(\"a\"))), ", "teachers"),
        ("models: (student: (sources: 1)), ", "student: there is no field `sources`"),
        (
            "models: (pupil: 1, student: (source: BuiltIn(\"a\"))), ",
            "models: there is no field `pupil` here; the fields are `teacher`, `student`",
        ),
        (
            "models: (student: (source: BuiltIn(\"a\"), start: 7)), ",
            "models.student.start: the number 7 stands where a choice belongs",
        ),
        (
            "models: (student: (source: BuiltIn(\"a\"), start: Warm)), ",
            "models.student.start: `Warm` is none of `Stored`, `Fresh`",
        ),
        ("models: (student: (source: BuiltIn(\"a\"), layers: 2)), ", "student.init: "),
        (
            "models: (student: (source: BuiltIn(\"a\"), layers: (of: None))), ",
            "student.init: the field `map` is missing",
        ),
        ("models: (student: (source: BuiltIn(\"a\"), start: Fresh, start: Stored)), ", "`start`"),
    ] {
        let error = models(written);
        assert!(error.contains(said) && error.contains("at line ") && error.contains("column "), "{written}: {error}");
        let line: usize = error.split("at line ").nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
        assert!(written.is_empty() || line == 4, "{written}: {error}");
    }
    for (from, to, said) in [
        ("template: \"{text}\\nIt was {answer}\",", "", "prompt: the field `template` is missing"),
        (
            "template: \"{text}\\nIt was {answer}\",",
            "template: 3.5, teacher: (template: \"\"),",
            "prompt: there is no field `teacher` here",
        ),
        (
            "scoring: Mean",
            "scorings: Mean",
            "prompt: there is no field `scorings` here (did you mean \"scoring\"?); the fields are `template`",
        ),
        ("losses: [", "losses: 5, losses: [", "is there twice"),
        ("losses: [", "losses: None, loss: [", "recipe"),
    ] {
        assert!(V2.contains(from), "{from}");
        let error = refusal(&V2.replace(from, to));
        assert!(error.contains(said) && error.contains("at line "), "{to}: {error}");
    }
    let place = refusal(&V2.replace("start: Fresh", "start: Warm"));
    assert!(place.contains("at line 15, column 20"), "{place}");
}

#[test]
fn every_field_of_version_3_is_read_as_it_is_written() {
    let session = file::parse(V3, Path::new("v3.ron")).unwrap();
    assert_eq!(session.teachers, [ModelChoice::stored(Source::BuiltIn("posts-teacher".into()))]);
    assert_eq!(
        session.student.init,
        Init::Layers { of: Some(Source::Folder("models/large".into())), map: LayerMap::Pick(vec![0, 5]) }
    );
    let wording = |template: &str, variants: &[&str]| Wording {
        template: template.into(),
        variants: variants.iter().map(|variant| (*variant).to_owned()).collect(),
    };
    assert_eq!(session.prompt.teacher, wording("{text}\nIt was {answer}", &["{text} All in all: {answer}"]));
    assert_eq!(session.prompt.student, Some(wording("{text} {answer}", &[])));
    assert_eq!(session.prompt.label_words["1"], ["terrible"]);
    assert_eq!(session.prompt.label_words["5"], ["great"], "a bare text is a list of one");
    assert_eq!(session.recipe.terms, ["soft_targets", "hard_labels"]);
    let text = file::to_text(&session).unwrap();
    assert!(text.contains("\"5\": [\n") && text.contains("init: Layers("), "{text}");
    assert_eq!(file::parse(&text, Path::new("again.ron")).unwrap(), session);
    let json = serde_json::to_string(&session).unwrap();
    assert_eq!(serde_json::from_str::<Session>(&json).unwrap(), session);
    let bare = V3
        .replace("teachers: [(source: BuiltIn(\"posts-teacher\"))]", "teachers: (source: BuiltIn(\"posts-teacher\"))");
    assert_eq!(file::parse(&bare, Path::new("bare.ron")).unwrap(), session, "one teacher needs no list");
}

#[test]
fn a_mistake_in_a_session_is_answered_with_what_belongs_there() {
    for (from, to, said) in [
        (
            "teachers: [",
            "models: [",
            "`models` here (called teachers and student in today's sessions); the fields are `version`",
        ),
        ("    terms: [", "    losses: [", "recipe: there is no field `losses` here (called terms in today's sessions)"),
        (
            "teacher: (template",
            "template: (template",
            "prompt: there is no field `template` here (called teacher.template",
        ),
        (
            "init: Layers(of",
            "start: Layers(of",
            "student: there is no field `start` here (called init in today's sessions)",
        ),
        (
            "init: Layers(of",
            "layers: Layers(of",
            "student: there is no field `layers` here (called init in today's sessions)",
        ),
        ("teachers: [", "teacher: [", "there is no field `teacher` here (did you mean \"teachers\"?)"),
        ("split_seed", "splitseed", "data: there is no field `splitseed` here (did you mean \"split_seed\"?)"),
        (
            "Cosine",
            "cosine",
            "recipe.schedule: `cosine` is none of `Constant`, `Linear`, `Cosine` (did you mean \"Cosine\"?)",
        ),
        (
            "Layers(of: Folder(\"models/large\"), map: Pick([0, 5]))",
            "Layers()",
            "student.init: the field `map` is missing; the fields are `of`, `map`",
        ),
        ("Layers(of: Folder(\"models/large\"), map: Pick([0, 5]))", "Layers", "write Layers(of: …, map: …)"),
        (
            "map: Pick([0, 5])",
            "maps: 3",
            "there is no field `maps` here (did you mean \"map\"?); the fields are `of`, `map`",
        ),
        (
            "steps: 200",
            "steps: -3",
            "recipe.steps: the number -3 stands where a whole number of at least 1 belongs; write a larger one",
        ),
        ("batch: 16", "batch: -1", "recipe.batch: the number -1 stands where a whole number of at least 1 belongs"),
        ("step: 40", "step: -1", "script.step: the number -1 stands where"),
        ("Pick([0, 5])", "Pick([0, -5])", "the number -5 stands where a whole number of at least 0"),
        ("Index(3)", "-1", "data.source.roles.text[1]: the number -1 stands where a column: its name"),
        ("Index(3)", "0.5", "data.source.roles.text[1]: the number 0.5 stands where a column: its name"),
        (
            "steps: 200",
            "steps: 99999999999999999999",
            "a whole number of at most 18446744073709551615 belongs; write a smaller one",
        ),
        (
            "version: 4",
            "version: 5000000000",
            "version: the number 5000000000 stands where a whole number of at most 4294967295",
        ),
        ("steps: 200", "steps: 0", "recipe.steps must be at least 1"),
        ("prompt: (", "promt: (", "there is no field `promt` here (did you mean \"prompt\"?)"),
    ] {
        assert!(V4.contains(from), "{from}");
        let error = refusal(&V4.replacen(from, to, 1));
        assert!(error.contains(said), "{to}: {error}");
    }
}

#[test]
fn data_of_version_3_is_files_with_roles() {
    let session = file::parse(V3, Path::new("v3.ron")).unwrap();
    assert_eq!(session.data.source.files(), Some(&reviews()));
    assert_eq!(session.data.limit, Limits::each(Some(5000)));
    let source = &V3[V3.find("Delimited(").unwrap()..V3.find(",\n        validation").unwrap()];
    let json = V3.replace(source, r#"JsonLines(path: "a.jsonl", text: ["body.text"], label: "topic")"#);
    let session = file::parse(&json, Path::new("v3.ron")).unwrap();
    let roles = Roles::new([Column::named("body.text")], Some(Column::named("topic")));
    let files = Files { format: Format::Json, roles, ..Files::of("a.jsonl") };
    assert_eq!(session.data.source.files(), Some(&files));
    for (from, to, said) in [
        ("header: true", "headers: true", "data.source: there is no field `headers`"),
        ("header: true", "header: 1", "data.source.header: the number 1 stands where yes or no belongs"),
        ("label: Name(\"stars\")", "label: 1.5", "data.source.label: "),
        ("path: \"reviews.csv\", ", "", "data.source: the field `path` is missing"),
    ] {
        assert!(V3.contains(from), "{from}");
        let error = refusal(&V3.replace(from, to));
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn every_field_of_version_4_is_read_as_it_is_written_and_in_its_short_forms() {
    let session = file::parse(V4, Path::new("v4.ron")).unwrap();
    let files = session.data.source.files().unwrap();
    assert_eq!(files.train, FilePart::of(["reviews.csv".into(), "more.csv.gz".into()]));
    assert_eq!(files.validation, FilePart::of(["held out".into()]));
    let separated = Format::Delimited { separator: Some(";".into()), header: false };
    let roles = Roles::new([Column::Index(0), Column::Index(1)], Some(Column::Index(2)));
    let test = FilePart { files: vec!["test.csv".into()], format: Some(separated), roles: Some(roles) };
    assert_eq!(files.test, test);
    let named = |name: &str| Some(Column::named(name));
    let roles = Roles {
        text: vec![Column::named("review"), Column::Index(3)],
        pair: named("answer"),
        label: named("stars"),
        prompt: named("question"),
        completion: named("reply"),
        messages: named("conversation"),
        teacher_prompt: named("instruction"),
        weight: named("weight"),
    };
    assert_eq!((&files.format, &files.roles), (&Format::delimited(true), &roles));
    let names = [("1", "bad"), ("5", "good")].map(|(label, name)| (label.to_owned(), name.to_owned()));
    let labels = Labels {
        names: ClassNames::ById(names.into()),
        merge: true,
        several: SeveralLabels::LeaveOut,
        weights: ClassWeights::Balanced,
    };
    assert_eq!(session.data.labels, labels);
    assert_eq!(session.data.limit, Limits { train: Some(5000), validation: None, test: Some(100) });
    let text = file::to_text(&session).unwrap();
    assert_eq!(file::parse(&text, Path::new("again.ron")).unwrap(), session, "{text}");
    let json = serde_json::to_string(&session).unwrap();
    assert_eq!(serde_json::from_str::<Session>(&json).unwrap(), session);
}

#[test]
fn data_may_be_written_in_short_forms() {
    let with = |from: &str, to: &str| {
        assert!(V4.contains(from), "{from}");
        file::parse(&V4.replace(from, to), Path::new("v4.ron")).unwrap().data
    };
    let limits = "(train: Some(5000), test: 100)";
    for (to, limit) in [("7", Some(7)), ("Some(7)", Some(7)), ("None", None)] {
        assert_eq!(with(limits, to).limit, Limits::each(limit), "{to}");
    }
    let names = r#"{"1": "bad", "5": "good"}"#;
    assert_eq!(with(names, r#"["bad", "good"]"#).labels.names, ClassNames::List(vec!["bad".into(), "good".into()]));
    assert_eq!(with(names, r#""classes.txt""#).labels.names, ClassNames::File("classes.txt".into()));
    assert_eq!(with(names, "None").labels.names, ClassNames::None);
    let train = r#"["reviews.csv", "more.csv.gz"]"#;
    let one = Files::of("one.csv").train;
    for to in [r#""one.csv""#, r#"Some("one.csv")"#, r#"["one.csv"]"#, r#"(files: "one.csv")"#] {
        assert_eq!(with(train, to).source.files().unwrap().train, one, "{to}");
    }
}

#[test]
fn several_teachers_and_words_that_are_not_one_a_class_are_refused_with_the_next_step() {
    let several = refusal(&V3.replace("teachers: [", "teachers: [(source: Hub(repo: \"owner/other\")), "));
    assert!(
        several.contains("teachers names 2 models, posts-teacher the second") && several.contains("keep one"),
        "{several}"
    );
    let two = refusal(&V3.replace("[\"terrible\"]", "[\"terrible\", \"bad\"]"));
    assert!(two.contains("2 words for class \"1\"") && two.contains("keep one"), "{two}");
    let none = refusal(&V3.replace("[\"terrible\"]", "[]"));
    assert!(none.contains("no word for class \"1\""), "{none}");
    let orphan = V3
        .replace("teachers: [(source: BuiltIn(\"posts-teacher\"))],", "")
        .replace("of: Folder(\"models/large\"), ", "");
    assert!(refusal(&orphan).contains("student.init takes layers and there is no teacher"), "{}", refusal(&orphan));
}

#[test]
fn a_session_of_version_4_is_one_of_version_5_that_asks_for_classes() {
    let now = file::parse(V5, Path::new("v5.ron")).unwrap();
    let task = TaskKind::MaskedToken { packed: false, share: 0.2, whole_words: true, span: 2.5 };
    assert_eq!((now.recipe.task, now.recipe.teacher_rows), (task, TeacherRows::TopK(64)));
    let mut then = file::parse(V4, Path::new("v4.ron")).unwrap();
    assert_eq!((then.recipe.task, then.recipe.teacher_rows), (TaskKind::Classes, TeacherRows::Live));
    (then.recipe.task, then.recipe.teacher_rows, then.name) = (task, TeacherRows::TopK(64), now.name.clone());
    assert_eq!(then, now);
    assert_eq!(file::parse(&file::to_text(&now).unwrap(), Path::new("again.ron")).unwrap(), now);
    for (written, meant) in [("NextToken()", TaskKind::NEXT_TOKEN), ("MaskedToken()", TaskKind::MASKED_TOKEN)] {
        let text = V5.replace("MaskedToken(packed: false, share: 0.2, whole_words: true, span: 2.5)", written);
        assert_eq!(file::parse(&text, Path::new("v5.ron")).unwrap().recipe.task, meant, "{written}");
    }
}

fn film(expected: Option<&str>) -> PinnedProbe {
    PinnedProbe { text: "What a film.".to_owned(), expected: expected.map(str::to_owned) }
}

#[test]
fn a_pinned_text_of_version_5_is_one_of_version_6_of_which_nothing_is_expected() {
    let now = file::parse(V6, Path::new("v6.ron")).unwrap();
    assert_eq!(now.probes, [film(Some("5")), film(None)]);
    let columns =
        [StudentSnapshot::BeforeTraining, StudentSnapshot::Checkpoint(40), StudentSnapshot::Run("runs/2".into())];
    assert_eq!(now.view.columns, columns);
    assert_eq!(file::parse(&file::to_text(&now).unwrap(), Path::new("again.ron")).unwrap(), now);
    let mut then = file::parse(V5, Path::new("v5.ron")).unwrap();
    assert_eq!(then.probes, [film(None)]);
    (then.probes, then.view.columns, then.name) = (now.probes.clone(), now.view.columns.clone(), now.name.clone());
    assert_eq!(then, now);
    let mixed = V6.replace("(text: \"What a film.\")]", "\"What a film.\"]");
    assert_eq!(file::parse(&mixed, Path::new("mixed.ron")).unwrap(), now, "a text alone");
    let many = V5.replace("[\"What a film.\"]", &format!("[{}]", "\"one\", ".repeat(51)));
    let refused = refusal(&many);
    assert!(refused.contains("probes has 51 entries") && refused.contains("take 1 out"), "{refused}");
}

#[test]
fn a_session_of_a_later_version_asks_for_an_update_whatever_else_it_holds() {
    let later = V6.replace("version: 6", "version: 7");
    for text in [&later.replace("batch: 16", "a_new_field: 16"), &later.replace("Cosine", "ANewSchedule"), &later] {
        let error = refusal(text);
        assert!(error.contains("version 7") && error.contains("update"), "{error}");
    }
    assert!(refusal(&V1.replace("version: 1", "version: 0")).contains("version 0"));
}

#[test]
fn a_model_of_the_hub_is_named_by_repository_and_if_need_be_revision() {
    let named = |source: &str| file::parse(&V1.replace(r#"BuiltIn("posts-student")"#, source), Path::new("hub.ron"));
    let session = named(r#"Hub(repo: "owner/name")"#).unwrap();
    assert_eq!(session.student.source, Source::hub("owner/name"));
    assert_eq!(session.student.source.title(), "owner/name");
    let again = file::parse(&file::to_text(&session).unwrap(), Path::new("again.ron")).unwrap();
    assert_eq!(session, again);
    let other = named(r#"Hub(repo: "owner/name", revision: "refs/pr/1")"#).unwrap();
    assert_eq!(other.student.source.title(), "owner/name@refs/pr/1");
    let text = file::to_text(&session).unwrap();
    assert!(!text.contains("file:"), "it is written only where it is set: {text}");
    let student = named(r#"Hub(repo: "owner/name", file: Some("q/a.gguf"))"#).unwrap_err().to_string();
    assert!(student.contains("teach, not learn"), "{student}");
    let taught = V1.replace(r#"Folder("models/large")"#, r#"Hub(repo: "owner/name", file: Some("q/a.gguf"))"#);
    let taught = file::parse(&taught, Path::new("taught.ron")).unwrap();
    let source = &taught.teacher().unwrap().source;
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
    assert!(
        !plain.contains("Layers") && !plain.contains("vocabulary"),
        "they are written only where they are set: {plain}"
    );
    let asked = |student: &str| {
        let text = V1.replace(r#"start: Fresh, head: Classifier"#, &format!("head: Classifier, {student}"));
        file::parse(&text, Path::new("made.ron"))
    };
    for map in ["EveryOther", "FirstAndLast", "DistilBert", "EmbeddingsOnly", "Pick([0, 5])"] {
        let session = asked(&format!("layers: Some((map: {map})), vocabulary: Trimmed")).unwrap();
        assert_eq!(session.layers_from(), Some(&Source::Folder("models/large".into())), "the teacher's");
        assert!(!session.student.needs_weights());
        let again = file::parse(&file::to_text(&session).unwrap(), Path::new("again.ron")).unwrap();
        assert_eq!(session, again);
    }
    let unknown = asked("layers: Some((map: EveryThird))").unwrap_err().to_string();
    assert!(unknown.contains("EveryThird") && unknown.contains("EveryOther"), "{unknown}");
    let of = asked(r#"layers: Some((of: Some(Folder("other")), map: EveryOther))"#).unwrap();
    assert_eq!(of.layers_from(), Some(&Source::Folder("other".into())));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.ron");
    file::save(&of, &path).unwrap();
    assert_eq!(file::open(&path).unwrap().layers_from(), Some(&Source::Folder(folder.path().join("other"))));
}

#[test]
fn only_a_student_is_made_and_only_from_a_model_that_is_named() {
    let teacher = V1.replace("start: Stored, head: LabelWords", "vocabulary: Trimmed, head: LabelWords");
    assert!(refusal(&teacher).contains("a teacher under teachers cannot be made from layers or trimmed"));
    let orphan = V1.replace("start: Fresh", "layers: Some((map: EveryOther))");
    let start = orphan.find("teacher: Some").unwrap();
    let end = orphan[start..].find("\n").unwrap() + start;
    assert!(refusal(&format!("{}teacher: None,{}", &orphan[..start], &orphan[end..])).contains("under `of`"));
}

#[test]
fn the_shipped_sessions_open() {
    Session::built_in().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sessions");
    let paths = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    let sessions = paths.filter(|path| path.is_file()).map(|path| file::open(&path).unwrap());
    assert!(sessions.count() >= 11);
}

#[test]
fn relative_paths_start_at_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.ron");
    std::fs::write(&path, V1).unwrap();
    let session = file::open(&path).unwrap();
    assert_eq!(session.teacher().unwrap().source, Source::Folder(folder.path().join("models/large")));
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

/// What the refusal of `V1` says after replacing one text by another.
fn replaced(from: &str, to: &str) -> String {
    assert!(V1.contains(from), "{from}");
    refusal(&V1.replace(from, to))
}

#[test]
fn forms_that_people_write_by_hand_mean_the_same() {
    let meant = file::parse(V1, Path::new("v1.ron")).unwrap();
    for (full, by_hand) in [
        (r#"test: Some("test.csv")"#, r#"test: "test.csv""#),
        (r#"text: [Name("review"), Index(3)]"#, r#"text: ["review", 3]"#),
        (r#"label: Name("stars")"#, r#"label: "stars""#),
        ("labelled: Some(100)", "labelled: 100"),
        ("limit: Some(5000)", "limit: 5000"),
        ("limit: Some(5000)", "limit: Some(5_000)"),
        (r#"variants: ["{text} All in all: {answer}"]"#, r#"variants: "{text} All in all: {answer}""#),
        (r#"{"1": "terrible", "5": "great"}"#, r#"{1: "terrible", 5: "great"}"#),
        (r#"losses: ["soft_targets", "hard_labels"]"#, r#"losses: ("soft_targets", "hard_labels")"#),
        ("optimizer: Sgd", r#"optimizer: "Sgd""#),
        ("target_accuracy: Some(0.9)", "target_accuracy: 0.9"),
        ("threads: Some(2)", "threads: 2"),
        (
            r#"script: [(step: 40, knob: "soft_targets.temperature", value: 4.0)]"#,
            r#"script: (step: 40, knob: "soft_targets.temperature", value: 4)"#,
        ),
        (r#"probes: ["What a film."]"#, r#"probes: "What a film.""#),
        (r#"run: Some("runs/1")"#, r#"run: "runs/1""#),
        (r#"hidden: ["loss/total"]"#, r#"hidden: "loss/total""#),
        ("test: 0.0", "test: 0"),
        ("version: 1,", "// a comment, with \"marks\"\n/* and /* another */ one */ version: 1,"),
    ] {
        assert!(V1.contains(full), "{full}");
        let text = V1.replace(full, by_hand);
        assert_eq!(
            file::parse(&text, Path::new("by-hand.ron")).map_err(|e| e.to_string()),
            Ok(meant.clone()),
            "{by_hand}"
        );
    }
    let bare = V1.replace("teacher: Some((", "teacher: (").replace("max_tokens: 256)),", "max_tokens: 256),");
    assert_eq!(file::parse(&bare, Path::new("bare.ron")).unwrap(), meant);
}

#[test]
fn a_session_without_a_name_is_called_by_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reviews.ron");
    std::fs::write(&path, V1.replace("name: \"Every field of version 1\",", "")).unwrap();
    assert_eq!(file::open(&path).unwrap().name, "reviews");
}

#[test]
fn an_unknown_field_is_refused_wherever_it_stands() {
    for (before, place) in [
        ("version: 1,", "at the top"),
        ("max_tokens: 256", "of a model"),
        ("teacher: Some", "of the pair"),
        ("header: true", "of rows"),
        ("validation: 0.2", "of the data"),
        ("template:", "of the prompt"),
        ("steps: 200", "of the recipe"),
        ("step: 40", "of a change"),
        ("tab: \"weights\"", "of the view"),
    ] {
        let error = replaced(before, &format!("heders: false, {before}"));
        assert!(error.contains("`heders`") && error.contains("the fields are `"), "{place}: {error}");
    }
    for (before, place) in [("teachers:", "at the top"), ("template:", "of a wording"), ("scoring:", "of the prompt")] {
        let error = refusal(&V3.replacen(before, &format!("heders: false, {before}"), 1));
        assert!(error.contains("`heders`") && error.contains("the fields are `"), "{place}: {error}");
    }
    let data = |source: &str| {
        let start = V1.find("source: Delimited").unwrap();
        let end = V1[start..].find('\n').unwrap() + start;
        refusal(&format!("{}source: {source},{}", &V1[..start], &V1[end..]))
    };
    for source in [
        r#"Delimited(path: "a.csv", tests: Some("b.csv"), text: "text", label: "label")"#,
        r#"Delimited(path: "a.csv", headers: false, text: "text", label: "label")"#,
        r#"Delimited(path: "a.csv", validation: Some("b.csv"), text: "text", label: "label")"#,
        r#"JsonLines(path: "a.jsonl", tests: "b.jsonl", text: "text", label: "label")"#,
        r#"Newsgroups(path: "a", stripp: (headers: true, footers: true, quotes: true))"#,
        r#"Newsgroups(path: "a", strip: (headers: true, footers: true, quotes: true, colours: true))"#,
    ] {
        let error = data(source);
        assert!(error.contains("there is no field `") && error.contains("data.source"), "{source}: {error}");
    }
    let model = |source: &str| replaced(r#"BuiltIn("posts-student")"#, source);
    for source in [r#"Hub(repo: "a/b", revison: "x")"#, r#"Server(url: "x", model: "m", keys: "A")"#] {
        assert!(model(source).contains("student.source: there is no field `"), "{}", model(source));
    }
}

#[test]
fn a_wrong_form_is_answered_with_the_field_its_place_and_the_right_form() {
    for (from, to, said) in [
        ("batch: 16", "batch: \"16\"", "recipe.batch: the text \"16\" stands where a number belongs; write 16"),
        ("batch: 16", "batch: 16.5", "recipe.batch: the number 16.5 stands where a whole number belongs"),
        ("batch: 16", "batch: -1", "recipe.batch: "),
        ("batch: 16", "batch: sixteen", "recipe.batch: the word sixteen"),
        (
            "header: true",
            "header: \"yes\"",
            "data.source.header: the text \"yes\" stands where yes or no belongs; write true or false",
        ),
        ("header: true", "header: True", "write true or false"),
        (
            r#"path: "reviews.csv""#,
            "path: reviews",
            "data.source.path: the word reviews stands where a text belongs; write \"reviews\"",
        ),
        (r#"source: Folder("models/large")"#, r#"source: "models/large""#, "Folder(\"models/large\")"),
        (
            r#"BuiltIn("posts-student")"#,
            "BuiltIn",
            "student.source: the word BuiltIn stands where a choice with a value belongs; write BuiltIn(…)",
        ),
        (r#"Folder("models/large")"#, r#"Server("http://x")"#, "write Server(url: …, model: …, mode: …, key: …, …)"),
        ("scoring: Mean", "scoring: Median", "prompt.scoring: `Median` is none of `Sum`, `Mean`"),
        ("scoring: Mean", "scoring: Mean, scoring: Sum", "the field `scoring` is there twice"),
        (r#"{"1": "terrible""#, r#"{"5": "terrible""#, "the key \"5\" is there twice"),
        ("label_words: {", "label_words: [", "comma"),
        ("knobs: {", "knobs: ({", "'"),
        ("steps: 200", "steps: 200 batches: 3", "a comma or ')' is expected"),
        ("steps: 200", "steps 200", "':'"),
        ("tab: \"weights\"", "tab: “weights”", "write \""),
        ("value: 4.0", "value: None", "script"),
        ("data: (", "date: (", "`date`"),
    ] {
        let error = replaced(from, to);
        assert!(error.contains(said) && error.contains("line "), "{to}: {error}");
    }
    let at = refusal(&V1.replace("batch: 16", "batch: \"16\""));
    assert!(at.contains("at line 27, column 16"), "{at}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_drawn_session_means_the_same_in_full_and_by_hand_and_comes_back(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let drawn = session(&mut Draw::from(&bytes), "http://localhost:1", "data");
        let read = |text: &str| file::parse(text, Path::new("drawn.ron")).map_err(|e| e.to_string());
        let full = read(&drawn.full).map_err(|e| TestCaseError::fail(format!("{e}\n{}", drawn.full)))?;
        prop_assert_eq!(read(&drawn.by_hand), Ok(full.clone()), "{}", drawn.by_hand);
        prop_assert_eq!(read(&file::to_text(&full).unwrap()), Ok(full.clone()));
        let json = serde_json::to_string(&full).unwrap();
        prop_assert_eq!(serde_json::from_str::<Session>(&json).unwrap(), full);
    }

    #[test]
    fn a_damaged_session_is_read_or_refused_and_never_a_panic_or_a_wait(bytes in prop::collection::vec(any::<u8>(), 8..80)) {
        let mut draw = Draw::from(&bytes);
        let drawn = session(&mut draw, "http://localhost:1", "data");
        let started = std::time::Instant::now();
        for text in [&drawn.full, &drawn.by_hand, V1, V2, V3, V4, V5] {
            let text = damaged(&mut draw, text);
            match file::parse(&text, Path::new("damaged.ron")) {
                Ok(session) => {
                    let again = file::parse(&file::to_text(&session).unwrap(), Path::new("again.ron"));
                    // Written out, since NaN is not equal to itself.
                    prop_assert_eq!(format!("{:?}", again.unwrap()), format!("{session:?}"));
                }
                Err(SessionError::Parse { line, column, reason, .. }) => {
                    prop_assert!(line >= 1 && line <= text.split('\n').count() && column >= 1 && !reason.is_empty());
                }
                Err(other) => prop_assert!(other.to_string().contains("damaged.ron")),
            }
        }
        prop_assert!(started.elapsed().as_secs() < 5);
    }
}

#[test]
fn parentheses_without_end_are_refused_and_overflow_nothing() {
    for text in ["(", "[", "{", "Some(", "(a:", "{1:", "/*"] {
        assert!(refusal(&text.repeat(100_000)).contains("line 1"), "{text}");
    }
}
