//! The pair doctor: every row green where all is well, amber or red where a session is made to fail,
//! memory as it is then measured, and nothing of a run changed.
#![cfg(feature = "engine")]

mod tiny;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command as Process, Output};

use retort::engine::doctor::{self, depth, peak_memory, run_pace, vocabulary_match};
use retort::engine::{self, pair::Pair, train::Trainer};
use retort::link::{Checkup, Command, Event, Fact, Finding, Grade, Order, Reply, RunId, Subject, connect};
use retort::record::recorder::Recorder;
use retort::session::{
    Change, DataSource, Files, Head, Init, Keep, LayerGroup, LayerMap, Limits, Metric, ModelChoice, ModelPart, Session,
    Source, TaskKind, TeacherRows, file,
};
use serde_json::json;

const SUBJECTS: [Subject; 16] = [
    Subject::Opening,
    Subject::Data,
    Subject::Classes,
    Subject::RandomParts,
    Subject::Vocabulary,
    Subject::SpecialTokens,
    Subject::Beginnings,
    Subject::Positions,
    Subject::Layers,
    Subject::Heads,
    Subject::LabelWords,
    Subject::Recipe,
    Subject::LearningRate,
    Subject::Answers,
    Subject::Memory,
    Subject::Pace,
];

/// The built-in experiment over few texts.
fn small() -> Session {
    let mut session = Session::built_in().unwrap();
    session.data.limit = retort::session::Limits::each(Some(48));
    session.data.labelled = Some(16);
    session.recipe.batch = 4;
    session
}

fn examined(session: &Session) -> Checkup {
    doctor::examine(session, None, &engine::catalog())
}

/// The row on `subject`, which must be of this grade, and say what to do unless all is well.
fn row(session: &Session, subject: Subject, grade: Grade) -> Finding {
    let checkup = examined(session);
    let found = checkup.finding(subject).unwrap_or_else(|| panic!("no row on {subject:?}: {checkup:?}"));
    assert_eq!(found.grade, grade, "{found:?}");
    assert_eq!(found.fix.is_empty(), grade == Grade::Green, "{found:?}");
    found.clone()
}

fn student(folder: &Path, head: Head) -> ModelChoice {
    ModelChoice { head, init: Init::Fresh, ..ModelChoice::stored(Source::Folder(folder.to_owned())) }
}

#[test]
fn the_built_in_experiment_is_green_in_every_row() {
    let checkup = examined(&small());
    let subjects: Vec<Subject> = checkup.findings.iter().map(|finding| finding.subject).collect();
    assert_eq!(subjects, SUBJECTS);
    assert_eq!(checkup.worst(), Grade::Green, "{checkup:?}");
    assert_eq!(checkup.student.unwrap().parameters, 209_096);
    let figure = |subject, name: &str| checkup.finding(subject).unwrap().figures[name];
    assert!(figure(Subject::Pace, "steps_per_sec") > 0.0 && figure(Subject::Pace, "secs") > 0.0);
    assert!(figure(Subject::Memory, "peak_bytes") > figure(Subject::Memory, "activation_bytes"));
    let written = serde_json::to_string(&checkup).unwrap();
    assert_eq!(serde_json::from_str::<Checkup>(&written).unwrap(), checkup);
}

#[test]
fn a_student_is_told_with_the_size_it_has_and_not_with_that_of_its_source() {
    let mut session = small();
    session.student = ModelChoice {
        init: Init::layers(LayerMap::FirstAndLast),
        vocabulary: retort::session::Vocabulary::Trimmed,
        ..ModelChoice::stored(Source::BuiltIn("posts-teacher".into()))
    };
    let told = examined(&session).student.unwrap();
    let card = Pair::open(&session, None).unwrap().student.card;
    assert_eq!((told.parameters, told.layers, told.width), (card.parameters, 2, card.width));
    session.student.vocabulary = retort::session::Vocabulary::Whole;
    let whole = examined(&session).student.unwrap();
    assert!(told.parameters < whole.parameters && told.moment_bytes == 8 * told.parameters, "{told:?} {whole:?}");
}

#[test]
fn what_cannot_be_opened_is_one_red_row_with_the_reason() {
    let mut session = small();
    session.student = student(Path::new("no/such/folder"), Head::Auto);
    assert!(row(&session, Subject::Opening, Grade::Red).says.contains("no/such/folder"));
    session.recipe.batch = 0;
    assert!(row(&session, Subject::Opening, Grade::Red).says.contains("recipe.batch"));
}

#[test]
fn vocabularies_are_compared_as_maps() {
    let map = |tokens: &[&str]| -> BTreeMap<String, u32> { tokens.iter().map(|t| (*t).to_owned()).zip(0..).collect() };
    let (abc, acb) = (map(&["a", "b", "c"]), map(&["a", "c", "b"]));
    let likeness = vocabulary_match::likeness;
    assert_eq!(likeness(&abc, &abc, [3, 3]), vocabulary_match::Likeness::Same);
    assert_eq!(likeness(&abc, &abc, [3, 8]), vocabulary_match::Likeness::Padded);
    assert_eq!(likeness(&abc, &acb, [3, 3]), vocabulary_match::Likeness::Different, "as many tokens, other ids");
    let mut session = small();
    assert!(row(&session, Subject::Vocabulary, Grade::Green).says.contains("no common vocabulary"));
    session.student = ModelChoice::stored(Source::BuiltIn("posts-teacher".into()));
    assert!(row(&session, Subject::Vocabulary, Grade::Green).says.contains("the same 1500 tokens"));
    session.student = student(&tiny::folder("bert_classifier"), Head::Classifier);
    assert!(row(&session, Subject::Vocabulary, Grade::Amber).says.contains("unknown to the student"));
}

/// The tiny masked BERT with a word of its tokenizer and a field of its configuration changed.
fn changed_bert(folder: &Path, word: (&str, &str), pad: u32) {
    let from = tiny::folder("bert_masked");
    let read = |name: &str| std::fs::read_to_string(from.join(name)).unwrap();
    std::fs::write(folder.join("tokenizer.json"), read("tokenizer.json").replace(word.0, word.1)).unwrap();
    let mut config: serde_json::Value = serde_json::from_str(&read("config.json")).unwrap();
    config["pad_token_id"] = json!(pad);
    std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
}

#[test]
fn special_tokens_that_are_missing_or_named_twice_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = small();
    session.student = student(folder.path(), Head::LabelWords);
    changed_bert(folder.path(), ("[MASK]", "[GAP]"), 0);
    assert!(row(&session, Subject::SpecialTokens, Grade::Red).says.contains("mask"));
    session.student.head = Head::Classifier;
    row(&session, Subject::SpecialTokens, Grade::Green);
    changed_bert(folder.path(), ("[PAD]", "[PAD]"), 7);
    assert!(row(&session, Subject::SpecialTokens, Grade::Amber).says.contains("7 in config.json"));
    changed_bert(folder.path(), ("[PAD]", "[FILL]"), 0);
    assert!(row(&session, Subject::SpecialTokens, Grade::Green).says.contains("[FILL]"), "config.json names it");
    changed_bert(folder.path(), ("[PAD]", "[FILL]"), 7);
    assert!(row(&session, Subject::SpecialTokens, Grade::Amber).says.contains("no padding token"));
}

#[test]
fn texts_that_are_cut_and_prompts_that_leave_no_room_are_said() {
    let mut session = small();
    session.student.max_tokens = 20;
    let cut = row(&session, Subject::Positions, Grade::Amber);
    assert!(cut.says.contains("% are cut for the student") && cut.fix.contains("max_tokens"), "{cut:?}");
    assert!(cut.figures["cut_student"] > 0.5 && cut.figures["cut_teacher"] == 0.0, "{cut:?}");
    if let Some(teacher) = session.teacher_mut() {
        teacher.max_tokens = 6;
    }
    let none = row(&session, Subject::Positions, Grade::Red);
    assert!(none.says.contains("of the teacher") && none.says.contains("no room"), "{none:?}");
}

#[test]
fn layers_and_heads_matter_to_losses_that_compare_them() {
    let graded = |teacher, student, asked| depth::layers_of(teacher, student, asked).grade;
    assert_eq!((graded(12, 4, true), graded(12, 5, false)), (Grade::Green, Grade::Green));
    assert_eq!((graded(12, 5, true), graded(2, 4, true)), (Grade::Amber, Grade::Amber));
    assert!(depth::layers_of(12, 4, true).says.contains("0–2, 1–5, 2–8, 3–11"));
    assert_eq!(depth::heads_of(12, 12, true).grade, Grade::Green);
    assert_eq!((depth::heads_of(12, 8, false).grade, depth::heads_of(12, 8, true).grade), (Grade::Green, Grade::Amber));
    let mut session = small();
    session.recipe.terms.push("attention_transfer".into());
    row(&session, Subject::Heads, Grade::Amber);
    session.set_teacher(None);
    row(&session, Subject::Layers, Grade::Red);
}

#[test]
fn label_words_that_collide_or_differ_much_in_length_are_said() {
    let mut session = small();
    session.prompt.set_word("music", "sport");
    let collide = row(&session, Subject::LabelWords, Grade::Red);
    assert!(collide.says.contains("for the teacher") && collide.says.contains("same tokens"), "{collide:?}");
    session.prompt.set_word("music", " ");
    assert!(row(&session, Subject::LabelWords, Grade::Red).says.contains("vanishes"));
    session.prompt.set_word("music", "songs that people sing together");
    assert!(row(&session, Subject::LabelWords, Grade::Amber).fix.contains("mean"));
    session.prompt.scoring = retort::session::Scoring::Mean;
    row(&session, Subject::LabelWords, Grade::Green);
    session.student = student(&tiny::folder("bert_masked"), Head::LabelWords);
    let unknown = row(&session, Subject::LabelWords, Grade::Red);
    assert!(unknown.says.contains("for the student") && unknown.says.contains("does not know"), "{unknown:?}");
    session.prompt.teacher.template = "no slots".into();
    row(&session, Subject::LabelWords, Grade::Red);
}

#[test]
fn a_recipe_that_does_not_fit_is_red_and_one_that_starves_a_class_amber() {
    let mut session = small();
    session.data.labelled = Some(3);
    assert!(row(&session, Subject::Recipe, Grade::Amber).says.contains("no labelled text is of class"));
    session.set_teacher(None);
    assert!(row(&session, Subject::Recipe, Grade::Red).says.contains("needs a teacher"));
    let group = |part| LayerGroup { part, rate: 0.0 };
    let mut session = small();
    session.recipe.accumulate = 3;
    assert!(row(&session, Subject::Recipe, Grade::Green).says.contains("steps of 12 (3 × 4) texts"));
    session.recipe.groups = vec![group(ModelPart::Embeddings)];
    let says = row(&session, Subject::Recipe, Grade::Amber).says;
    assert!(says.contains("% are frozen") && says.contains("start from random numbers"), "{says}");
    session.recipe.groups.push(group(ModelPart::Named("*word_embeddings*".into())));
    assert!(row(&session, Subject::Recipe, Grade::Amber).says.contains("the later one counts"));
    session.recipe.groups.push(group(ModelPart::Layers { first: 0, last: 9 }));
    assert!(row(&session, Subject::Recipe, Grade::Red).says.contains("numbered from 0 to 1"));
    let pace = row(&session, Subject::Pace, Grade::Amber);
    assert!(pace.says.contains("no step was taken"), "{pace:?}");
    let mut session = small();
    session.set_knob("soft_targets.temperature", -1.0);
    assert!(row(&session, Subject::Recipe, Grade::Red).says.contains("between"));
    let mut session = small();
    let step = session.recipe.steps;
    session.script = vec![Change { step, knob: "optimizer.learning_rate".to_owned(), value: 0.001 }];
    assert!(row(&session, Subject::Recipe, Grade::Amber).says.contains("its changes will not act"));
}

#[test]
fn keep_and_patience_have_a_row_that_says_whether_they_can_do_anything() {
    assert!(examined(&small()).finding(Subject::Evaluations).is_none(), "nothing hangs on evaluations");
    type Set = fn(&mut Session);
    let kinds: [(Set, Grade, &str, &str); 9] = [
        (|s| s.recipe.keep = Keep::Best(Metric::Loss), Grade::Green, "by validation loss", "best student is saved"),
        (|s| s.recipe.keep = Keep::Best(Metric::Kl), Grade::Green, "by validation kl", "every 2 steps of 12"),
        (|s| s.recipe.patience = Some(3), Grade::Green, "by validation accuracy", "after 3 evaluations"),
        (|s| s.recipe.patience = Some(5), Grade::Amber, "never stops this run", "step 12 at the soonest"),
        (|s| s.recipe.patience = Some(u64::MAX), Grade::Amber, "never stops this run", "ends at 12"),
        (
            |s| (s.recipe.keep, s.recipe.evaluate_every) = (Keep::Best(Metric::Loss), 12),
            Grade::Amber,
            "the best is the last",
            "",
        ),
        (|s| alone(s, Keep::Best(Metric::Agreement)), Grade::Red, "answers of a teacher", "this run has none"),
        (|s| alone(s, Keep::Best(Metric::Kl)), Grade::Red, "answers of a teacher", "this run has none"),
        (|s| alone(s, Keep::Best(Metric::MacroF1)), Grade::Green, "by validation macro f1", ""),
    ];
    for (change, grade, one, two) in kinds {
        let mut session = small();
        (session.recipe.steps, session.recipe.evaluate_every) = (12, 2);
        change(&mut session);
        let found = row(&session, Subject::Evaluations, grade);
        assert!(found.says.contains(one) && found.says.contains(two), "{found:?}");
    }
    // Data of which nothing is kept apart.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    let rows: String = (0..40).map(|i| format!("text {i},{}\n", ["a", "b"][i % 2])).collect();
    std::fs::write(&path, format!("text,label\n{rows}")).unwrap();
    let changes: [Set; 2] = [|s| s.recipe.patience = Some(2), |s| s.recipe.keep = Keep::Best(Metric::Loss)];
    for change in changes {
        let mut session = small();
        session.data.source = DataSource::from(Files::of(&path));
        (session.data.validation, session.data.limit, session.data.labelled) = (0.0, Limits::default(), None);
        alone(&mut session, Keep::Last);
        (session.recipe.steps, session.recipe.evaluate_every) = (12, 2);
        session.prompt.label_words.clear();
        change(&mut session);
        let found = row(&session, Subject::Evaluations, Grade::Red);
        assert!(found.says.contains("the validation part, which is empty"), "{found:?}");
    }
}

fn alone(session: &mut Session, keep: Keep) {
    session.set_teacher(None);
    (session.recipe.terms, session.recipe.keep) = (vec!["hard_labels".into()], keep);
}

#[test]
fn memory_and_pace_are_graded_by_what_there_is() {
    let needs = peak_memory::Needs {
        resident: 100,
        moments: 40,
        gradients: 20,
        activations: 30,
        checkpoint: 60,
        ..Default::default()
    };
    assert_eq!(needs.peak(), 250);
    let graded = |free| peak_memory::told(&needs, free).grade;
    assert_eq!((graded(Some(1000)), graded(None)), (Grade::Green, Grade::Green));
    assert_eq!((graded(Some(300)), graded(Some(249))), (Grade::Amber, Grade::Red));
    let timed = run_pace::Timed { step: 0.5, answer: 0.1, look: 0.01, owed: 1.0 };
    let mut session = small();
    session.recipe.steps = 100;
    session.recipe.evaluate_every = 50;
    let told = run_pace::told(&session, timed, 1000, 10, 10, false);
    // 100 steps, 400 texts of steps and 20 others for the teacher, 2 · 10 + 20 looks of the student.
    assert!((told.figures["secs"] - (50.0 + 42.0 + 0.4)).abs() < 1e-9, "{told:?}");
    assert_eq!((told.grade, told.figures["steps_per_sec"]), (Grade::Green, 2.0));
    session.recipe.steps = 1_000_000;
    assert_eq!(run_pace::told(&session, timed, 1000, 10, 10, true).grade, Grade::Amber);
}

#[test]
fn whole_rows_of_a_teacher_count_in_the_memory_of_a_step() {
    let next = TaskKind::NEXT_TOKEN;
    let apart = TaskKind::NextToken { packed: false, learn_prompt: false };
    let session = |task: TaskKind, rows: TeacherRows, terms: &[&str]| {
        let mut session = small();
        let source = Source::BuiltIn("posts-teacher".into());
        session.set_teacher(Some(ModelChoice::stored(source.clone())));
        session.student = ModelChoice { max_tokens: 16, ..ModelChoice::stored(source) };
        (session.recipe.task, session.recipe.teacher_rows, session.recipe.batch) = (task, rows, 4);
        session.recipe.terms = terms.iter().map(|term| (*term).to_owned()).collect();
        session
    };
    let taught = &["soft_targets"][..];
    for (task, rows, terms, expected) in [
        (next, TeacherRows::Whole, taught, true),
        (apart, TeacherRows::Whole, taught, true),
        (next, TeacherRows::Live, taught, false),
        (next, TeacherRows::TopK(8), taught, false),
        (next, TeacherRows::Whole, &["hard_labels"], false),
    ] {
        let session = session(task, rows, terms);
        let outcomes = Pair::open(&session, None).unwrap().outcomes();
        let found = examined(&session).finding(Subject::Memory).unwrap().clone();
        // Every text is longer than 16 tokens, so a sample has 16 rows.
        let bytes = if expected { 4 * 16 * outcomes * 4 } else { 0 };
        assert_eq!(found.figures["target_bytes"], bytes as f64, "{task:?} {rows:?} {terms:?}: {found:?}");
        assert_eq!(found.says.contains("whole rows"), expected, "{found:?}");
    }
    let needs = peak_memory::Needs { resident: 100, targets: 50, ..Default::default() };
    assert_eq!(needs.peak(), 150);
    assert!(peak_memory::told(&needs, Some(120)).fix.contains("teacher_rows"));
}

#[test]
fn a_check_up_leaves_an_open_pair_as_it_was() {
    let session = small();
    let open = Pair::open(&session, None).unwrap();
    let weights = |pair: &Pair| pair.student.to_safetensors().unwrap();
    let before = weights(&open);
    let checkup = doctor::examine(&session, Some(&open), &engine::catalog());
    assert_eq!(checkup.worst(), Grade::Green, "{checkup:?}");
    assert!(before == weights(&open), "the student was changed");
}

/// Runs a session, examining it at step 3 if asked; gives the student's bytes and the check-ups.
fn run(session: &Session, out: &Path, examine: bool) -> (Vec<u8>, Vec<Checkup>) {
    let (watch, end) = connect();
    let thread = engine::spawn(end, Recorder::default()).unwrap();
    watch
        .commands
        .send(Order::Start { session: Box::new(session.clone()), out: out.to_owned() }.to(RunId::FIRST))
        .unwrap();
    let mut checkups = Vec::new();
    for event in &watch.events {
        match event {
            Event::Fact(_, Fact::Scalars { step: 3, .. }) if examine => {
                watch.commands.send(Command::Examine(Box::new(session.clone()))).unwrap();
            }
            Event::Reply(Reply::Examined(checkup)) => checkups.push(*checkup),
            Event::Fact(_, Fact::Finished(_)) => break,
            Event::Fact(_, Fact::Failed(notice)) | Event::Reply(Reply::Failed(notice)) => panic!("{}", notice.text),
            _ => {}
        }
    }
    drop(watch);
    thread.join().unwrap();
    (std::fs::read(out.join("student/model.safetensors")).unwrap(), checkups)
}

#[test]
fn a_check_up_in_the_middle_of_a_run_changes_nothing_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = small();
    (session.recipe.steps, session.recipe.checkpoint_every) = (9, 0);
    let (alone, none) = run(&session, &folder.path().join("alone"), false);
    let (examined, one) = run(&session, &folder.path().join("examined"), true);
    assert!(alone == examined, "the students differ");
    assert_eq!((none.len(), one.len()), (0, 1));
    assert_eq!(one[0].findings.len(), SUBJECTS.len());
    let facts = |name: &str| {
        let read = retort::record::journal::read(&folder.path().join(name).join("journal.jsonl")).unwrap();
        read.facts.iter().map(std::mem::discriminant).collect::<Vec<_>>()
    };
    assert!(facts("examined") == facts("alone"), "a check-up is no fact of the run");
}

#[test]
fn a_student_is_weighed_while_nothing_is_open() {
    let (watch, end) = connect();
    let thread = engine::spawn(end, Recorder::default()).unwrap();
    let mut session = small();
    watch.commands.send(Command::Weigh(Box::new(session.clone()))).unwrap();
    session.student = ModelChoice {
        init: Init::layers(LayerMap::FirstAndLast),
        ..ModelChoice::stored(Source::BuiltIn("posts-teacher".into()))
    };
    watch.commands.send(Command::Weigh(Box::new(session.clone()))).unwrap();
    session.student = student(Path::new("no/such/folder"), Head::Auto);
    watch.commands.send(Command::Weigh(Box::new(session))).unwrap();
    let mut told = watch.events.iter();
    let Some(Event::Reply(Reply::Weighed(Some(first)))) = told.next() else { panic!("the first was not weighed") };
    // Two classes where the data are not open: six rows of the classifier fewer than for eight.
    assert_eq!((first.parameters, first.layers, first.width), (209_096 - 6 * 65, 2, 64));
    let Some(Event::Reply(Reply::Weighed(Some(second)))) = told.next() else { panic!("the second was not weighed") };
    assert_eq!((second.layers, second.training_bytes()), (2, 16 * second.parameters));
    assert!(second.parameters < 1_503_040 - 2 * 12 * 160 * 160);
    assert_eq!(told.next(), Some(Event::Reply(Reply::Weighed(None))), "what is not there weighs nothing");
    drop(watch);
    thread.join().unwrap();
}

fn retort(arguments: &[&str]) -> Output {
    let cache = tempfile::tempdir().unwrap();
    Process::new(env!("CARGO_BIN_EXE_retort")).args(arguments).env("RETORT_CACHE", cache.path()).output().unwrap()
}

#[test]
fn the_command_tells_by_its_exit_code_whether_a_row_is_red() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.ron");
    let mut session = small();
    file::save(&session, &path).unwrap();
    let path = path.to_str().unwrap();
    let fine = retort(&["doctor", path]);
    let said = String::from_utf8_lossy(&fine.stdout);
    assert!(fine.status.success() && said.contains("steps/s") && said.contains("209096 parameters"), "{said}");
    session.prompt.set_word("music", "sport");
    file::save(&session, Path::new(path)).unwrap();
    let red = retort(&["doctor", path, "--json"]);
    assert_eq!(red.status.code(), Some(3));
    let checkup: Checkup = serde_json::from_slice(&red.stdout).unwrap();
    assert_eq!(checkup.worst(), Grade::Red);
    assert!(String::from_utf8_lossy(&red.stderr).contains("red"));
    assert_eq!(retort(&["doctor", "no/such.ron"]).status.code(), Some(3));
}

/// Foretold and measured peak of a session, bytes, each in a process of its own.
fn peaks(session: &Session) -> (f64, f64) {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("session.ron"), folder.path().join("out"));
    file::save(session, &path).unwrap();
    let path = path.to_str().unwrap();
    let examined = retort(&["doctor", path, "--json"]);
    let checkup: Checkup = serde_json::from_slice(&examined.stdout).unwrap();
    let ran = retort(&["run", path, "--out", out.to_str().unwrap(), "--json"]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let summary: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    (checkup.finding(Subject::Memory).unwrap().figures["peak_bytes"], summary["peak_bytes"].as_f64().unwrap())
}

/// The system says what a process holds.
#[cfg(target_os = "linux")]
#[test]
fn the_memory_foretold_is_within_a_quarter_of_the_peak_measured() {
    let mut built_in = Session::built_in().unwrap();
    (built_in.recipe.steps, built_in.recipe.evaluate_every) = (20, 0);
    let folder = tempfile::tempdir().unwrap();
    let config = json!({"model_type": "bert", "vocab_size": 30522, "hidden_size": 312, "num_hidden_layers": 4,
        "num_attention_heads": 12, "intermediate_size": 1200, "max_position_embeddings": 512, "pad_token_id": 0});
    std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    std::fs::copy("assets/models/posts-student/tokenizer.json", folder.path().join("tokenizer.json")).unwrap();
    let mut middling = small();
    middling.student = student(folder.path(), Head::Classifier);
    (middling.recipe.steps, middling.recipe.checkpoint_every) = (2, 1);
    for (name, session) in [("built-in", built_in), ("14 million parameters", middling)] {
        let (foretold, measured) = peaks(&session);
        let ratio = foretold / measured;
        println!("{name}: {:.0} MB foretold, {:.0} MB measured, {ratio:.2}", foretold / 1e6, measured / 1e6);
        assert!((0.75..=1.25).contains(&ratio), "{name}: {foretold} foretold, {measured} measured");
    }
}

/// A folder with the built-in student as a classifier of these classes.
fn classifier(classes: &[String]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let fresh = ModelChoice { init: Init::Fresh, ..ModelChoice::stored(Source::BuiltIn("posts-student".into())) };
    let model = engine::model::open(&fresh, classes.len(), 0, &candle_core::Device::Cpu).unwrap();
    model.save(folder.path(), classes).unwrap();
    folder
}

fn stored(folder: &Path) -> ModelChoice {
    ModelChoice::stored(Source::Folder(folder.to_owned()))
}

#[test]
fn classes_are_matched_by_name_or_asked_about_in_a_red_row() {
    let mut session = small();
    let data = Pair::open(&session, None).unwrap().assets.data.classes.clone();
    let mut reversed = data.clone();
    reversed.reverse();
    let folder = classifier(&reversed);
    session.set_teacher(Some(stored(folder.path())));
    let said = row(&session, Subject::Classes, Grade::Green).says;
    assert!(said.contains("by name") && said.contains(&format!("{0} → {0}", data[0])), "{said}");

    let numbered: Vec<String> = (0..data.len()).map(|class| format!("LABEL_{class}")).collect();
    let folder = classifier(&numbered);
    session.set_teacher(Some(stored(folder.path())));
    let found = row(&session, Subject::Classes, Grade::Red);
    assert!(found.says.contains("LABEL_0") && found.fix.contains("classes"), "{found:?}");
    let place = tempfile::tempdir().unwrap();
    let (said, started) = refused(&session, place.path());
    assert!(said.contains("LABEL_0") && said.contains(&folder.path().display().to_string()), "{said}");
    assert!(!started, "no step is taken");
    let mapping = numbered.iter().cloned().zip(data.iter().cloned()).collect();
    session.set_teacher(Some(ModelChoice { classes: Some(mapping), ..stored(folder.path()) }));
    row(&session, Subject::Classes, Grade::Green);
    // A student of other classes learns from a new classifier.
    session.set_teacher(small().teacher().cloned());
    session.student = stored(folder.path());
    assert!(row(&session, Subject::Classes, Grade::Amber).says.contains("new one"));
}

/// Why a run does not start, and whether it had begun.
fn refused(session: &Session, out: &Path) -> (String, bool) {
    let (watch, end) = connect();
    let thread = engine::spawn(end, Recorder::default()).unwrap();
    watch
        .commands
        .send(Order::Start { session: Box::new(session.clone()), out: out.to_owned() }.to(RunId::FIRST))
        .unwrap();
    let mut started = false;
    let said = loop {
        match watch.events.recv().unwrap() {
            Event::Fact(_, Fact::Started { .. }) => started = true,
            Event::Fact(_, Fact::Failed(notice)) | Event::Reply(Reply::Failed(notice)) => break notice.text,
            Event::Fact(_, Fact::Finished(_)) => panic!("the run came to its end"),
            _ => {}
        }
    };
    drop(watch);
    thread.join().unwrap();
    (said.to_string(), started)
}

#[test]
fn parts_filled_at_random_are_red_in_a_teacher_and_amber_or_expected_in_a_student() {
    let mut session = small();
    let data = Pair::open(&session, None).unwrap().assets.data.classes.clone();
    row(&session, Subject::RandomParts, Grade::Green);
    let folder = classifier(&data);
    let path = folder.path().join("model.safetensors");
    let mut tensors = candle_core::safetensors::load(&path, &candle_core::Device::Cpu).unwrap();
    tensors.retain(|name, _| !name.starts_with("classifier"));
    candle_core::safetensors::save(&tensors, &path).unwrap();
    session.student = stored(folder.path());
    assert!(row(&session, Subject::RandomParts, Grade::Green).says.contains("new classifier"));
    session.student.head = Head::LabelWords;
    assert!(row(&session, Subject::RandomParts, Grade::Amber).says.contains("cls.predictions"));
    session.student = small().student;
    session.set_teacher(Some(stored(folder.path())));
    let found = row(&session, Subject::RandomParts, Grade::Red);
    assert!(found.says.contains("classifier.weight") && found.fix.contains("LabelWords"), "{found:?}");
    let place = tempfile::tempdir().unwrap();
    let (said, started) = refused(&session, place.path());
    assert!(said.contains("filled at random") && said.contains("classifier.weight") && !started, "{said}");
    session.set_teacher(Some(ModelChoice { init: Init::Fresh, ..stored(folder.path()) }));
    assert!(row(&session, Subject::RandomParts, Grade::Red).fix.contains("Stored"));
}

#[test]
fn a_token_at_the_start_of_one_sides_texts_only_is_said() {
    let mut session = small();
    let said = row(&session, Subject::Beginnings, Grade::Green).says;
    assert!(said.contains("the teacher's texts begin") && said.contains("[CLS]"), "{said}");
    tiny::CLASSES.iter().for_each(|(class, word)| session.prompt.set_word(class, *word));
    session.set_teacher(Some(stored(&tiny::folder("llama"))));
    session.student = student(&tiny::folder("gpt2_classifier"), Head::Classifier);
    let found = examined(&session).finding(Subject::Beginnings).cloned().unwrap();
    assert!(found.grade == Grade::Green || found.says.contains("one side"), "{found:?}");
    session.set_teacher(Some(ModelChoice { head: Head::Classifier, ..stored(&tiny::folder("llama_classifier")) }));
    let found = row(&session, Subject::Beginnings, Grade::Amber);
    assert!(found.says.contains("only one side") && found.says.contains("<s>"), "{found:?}");
}

#[test]
fn before_the_first_step_a_run_says_what_its_teacher_gets_right() {
    let mut session = small();
    (session.recipe.steps, session.recipe.checkpoint_every) = (1, 0);
    let place = tempfile::tempdir().unwrap();
    let (watch, end) = connect();
    let thread = engine::spawn(end, Recorder::default()).unwrap();
    watch
        .commands
        .send(Order::Start { session: Box::new(session), out: place.path().to_owned() }.to(RunId::FIRST))
        .unwrap();
    let mut said = Vec::new();
    let mut stepped = false;
    for event in &watch.events {
        match event {
            Event::Fact(_, Fact::Note(notice)) if !stepped => said.push(notice.text),
            Event::Fact(_, Fact::Scalars { .. }) => stepped = true,
            Event::Fact(_, Fact::Failed(notice)) | Event::Reply(Reply::Failed(notice)) => panic!("{}", notice.text),
            Event::Fact(_, Fact::Finished(_)) => break,
            _ => {}
        }
    }
    drop(watch);
    thread.join().unwrap();
    assert!(said.iter().any(|note| note.contains("the teacher's validation accuracy is")), "{said:?}");
    let record = retort::record::journal::replay(place.path()).unwrap();
    assert!(record.notes.iter().any(|note| said.contains(&note.text)), "the journal keeps it");
}

#[test]
fn a_run_warns_before_its_first_step_of_a_teacher_that_knows_no_more_than_chance() {
    let mut session = small();
    (session.recipe.steps, session.recipe.checkpoint_every) = (1, 0);
    let data = Pair::open(&session, None).unwrap().assets.data.classes.clone();
    let folder = classifier(&data);
    let path = folder.path().join("model.safetensors");
    let mut tensors = candle_core::safetensors::load(&path, &candle_core::Device::Cpu).unwrap();
    // Whatever the text, it answers with the same class.
    for (name, tensor) in tensors.iter_mut().filter(|(name, _)| name.starts_with("classifier")) {
        *tensor = tensor.zeros_like().unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    candle_core::safetensors::save(&tensors, &path).unwrap();
    session.set_teacher(Some(stored(folder.path())));
    let place = tempfile::tempdir().unwrap();
    let (watch, end) = connect();
    let thread = engine::spawn(end, Recorder::default()).unwrap();
    watch
        .commands
        .send(Order::Start { session: Box::new(session), out: place.path().to_owned() }.to(RunId::FIRST))
        .unwrap();
    let mut said = Vec::new();
    for event in &watch.events {
        match event {
            Event::Fact(_, Fact::Warning(notice)) | Event::Reply(Reply::Warning(notice)) => said.push(notice.text),
            Event::Fact(_, Fact::Failed(notice)) | Event::Reply(Reply::Failed(notice)) => panic!("{}", notice.text),
            Event::Fact(_, Fact::Scalars { .. }) => break,
            _ => {}
        }
    }
    drop(watch);
    thread.join().unwrap();
    assert!(said.iter().any(|warning| warning.contains("no better than always answering")), "{said:?}");
}

#[test]
fn what_knobs_and_script_ask_in_vain_is_named_before_a_run_and_refused_by_it() {
    let change = |step, knob: &str, value| Change { step, knob: knob.to_owned(), value };
    let with = |set: &dyn Fn(&mut Session)| {
        let mut session = small();
        set(&mut session);
        session
    };
    let cases = [
        (with(&|s| s.set_knob("optimizer.learning_rat", 0.1)), vec!["optimizer.learning_rat", "did you mean"]),
        (with(&|s| s.set_knob("mixture.alpha", 3.0)), vec!["mixture.alpha", "between 0 and 1"]),
        (with(&|s| s.script = vec![change(4, "mixture.alpha", 0.2), change(9, "tau", 2.0)]), vec!["step 9", "tau"]),
        (with(&|s| s.script = vec![change(5, "mixture.alpha", -1.0)]), vec!["step 5", "mixture.alpha", "between"]),
        (
            with(&|s| s.script = vec![change(3, "optimizer.beta1", 0.5)]),
            vec!["step 3", "optimizer.beta1", "at the start only"],
        ),
        (
            with(&|s| s.script = vec![change(0, "optimizer.beta2", 0.5)]),
            vec!["step 0", "optimizer.beta2", "at the start only"],
        ),
    ];
    for (session, words) in cases {
        let found = row(&session, Subject::Recipe, Grade::Red);
        assert!(words.iter().all(|word| found.says.contains(word)), "{found:?}");
        let pair = Pair::open(&session, None).unwrap();
        let refused = Trainer::new(session, pair, &engine::catalog()).err().unwrap().to_string();
        assert!(words.iter().all(|word| refused.contains(word)), "{refused}");
    }
    let live = with(&|s| {
        s.set_knob("optimizer.beta1", 0.5);
        s.script = vec![change(3, "mixture.alpha", 0.5), change(3, "magnitude.theta", 0.5)];
    });
    row(&live, Subject::Recipe, Grade::Green);
}

#[test]
fn label_words_of_no_class_are_amber_and_named_and_a_run_warns_of_them() {
    let mut session = small();
    for class in ["Sport", "politics"] {
        session.prompt.set_word(class, "word");
    }
    let found = row(&session, Subject::LabelWords, Grade::Amber);
    assert!(found.says.contains("\"Sport\" (did you mean \"sport\"?), \"politics\""), "{found:?}");
    session.recipe.steps = 1;
    let folder = tempfile::tempdir().unwrap();
    let (watch, end) = connect();
    let thread = engine::spawn(end, Recorder::default()).unwrap();
    let out = folder.path().join("run");
    watch.commands.send(Order::Start { session: Box::new(session), out }.to(RunId::FIRST)).unwrap();
    let warned = watch.events.iter().find_map(|event| match event {
        Event::Fact(_, Fact::Warning(notice)) | Event::Reply(Reply::Warning(notice))
            if notice.text.contains("\"Sport\"") =>
        {
            Some(true)
        }
        Event::Fact(_, Fact::Finished(_)) | Event::Fact(_, Fact::Failed(_)) | Event::Reply(Reply::Failed(_)) => {
            Some(false)
        }
        _ => None,
    });
    assert_eq!(warned, Some(true));
    drop(watch);
    thread.join().unwrap();
}

#[test]
fn a_word_that_only_a_variant_spoils_is_found() {
    let mut session = small();
    session.set_teacher(None);
    session.recipe.terms = vec!["hard_labels".into()];
    session.student = ModelChoice { init: Init::Fresh, ..ModelChoice::stored(Source::BuiltIn("posts-teacher".into())) };
    row(&session, Subject::LabelWords, Grade::Green);
    session.prompt.teacher.variants.push("{text} {topic} {answer}".to_owned());
    let found = row(&session, Subject::LabelWords, Grade::Red);
    assert!(found.says.contains("{topic}"), "{found:?}");
}

#[test]
fn a_learning_rate_that_does_not_suit_the_student_is_amber_with_the_usual_range() {
    use retort::engine::doctor::rate;
    use retort::session::OptimizerKind::{Adam, AdamW, Sgd};

    let stored = ModelChoice::stored(Source::Folder("/models/minilm".into()));
    let fresh = ModelChoice { init: Init::Fresh, ..stored.clone() };
    let layers = |map| ModelChoice { init: Init::layers(map), ..stored.clone() };
    let (halved, embeddings) = (layers(LayerMap::EveryOther), layers(LayerMap::EmbeddingsOnly));
    let cases = [
        (&stored, AdamW, 5e-3, 1.0, Some("1e-5 to 1e-4")),
        (&stored, Adam, 1e-3, 1.0, Some("overwrites what they know")),
        (&stored, AdamW, 3e-5, 1.0, None),
        (&halved, AdamW, 2e-3, 1.0, Some("overwrites what they know")),
        (&embeddings, AdamW, 2e-3, 1.0, None),
        (&fresh, AdamW, 2e-3, 1.0, None),
        (&fresh, AdamW, 1e-5, 1.0, Some("hardly move")),
        (&fresh, AdamW, 1.0, 1.0, Some("the loss grows")),
        (&fresh, Sgd, 1.0, 0.0, Some("nothing shortens")),
        (&fresh, Sgd, 0.1, 0.0, None),
        (&fresh, Sgd, 1e-4, 1.0, Some("hardly move")),
        (&stored, Sgd, 0.5, 1.0, Some("overwrites what they know")),
        (&stored, Sgd, 0.01, 1.0, None),
    ];
    for (student, optimizer, value, clip, says) in cases {
        let mut session = Session::built_in().unwrap();
        session.student = student.clone();
        session.recipe.optimizer = optimizer;
        session.set_knob("optimizer.learning_rate", value);
        session.set_knob("optimizer.clip", clip);
        let found = rate::row(&session, &engine::catalog());
        assert_eq!(found.grade == Grade::Amber, says.is_some(), "{found:?}");
        assert!(says.is_none_or(|says| found.says.contains(says)), "{found:?}");
        assert_eq!(found.fix.is_empty(), says.is_none(), "{found:?}");
    }
    // What the script asks for later counts as well.
    let mut session = Session::built_in().unwrap();
    session.script.push(Change { step: 5, knob: "optimizer.learning_rate".into(), value: 1.0 });
    assert_eq!(row(&small(), Subject::LearningRate, Grade::Green).figures["learning_rate"], 0.002);
    assert_eq!(rate::row(&session, &engine::catalog()).grade, Grade::Amber);
}
