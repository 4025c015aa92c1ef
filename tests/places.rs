//! Where the models compute, how the teacher is kept, and what the engine asks before a key or a model
//! goes from one place to another: chosen and answered by accessible label, and refused in words where it
//! cannot be had.
#![cfg(all(feature = "engine", feature = "window"))]

mod stage;

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use retort::engine::EngineError;
use retort::engine::pair::Pair;
use retort::link::{Answer, Command, Fact, Missing, Phase, Question, Reply, Repository};
use retort::session::{Device, Precision, Session, file};
use retort::window::WorkbenchApp;

/// A window with one part of the left column unfolded.
fn open(folder: &tempfile::TempDir, session: Session, part: &str) -> Harness<'static, WorkbenchApp> {
    let (mut window, mut engine) = stage::window(Harness::builder(), session, None, folder.path());
    engine.say(Fact::Opened(Box::new(stage::opened())));
    engine.status(Phase::Ready, 0);
    window.set_size(egui::vec2(1400.0, 1600.0));
    window.run_steps(4);
    window.get_by_role_and_label(Role::DisclosureTriangle, part).click();
    window.run_steps(6);
    window
}

#[test]
fn the_teacher_is_kept_in_half_precision_at_a_click_and_undone() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = open(&folder, Session::built_in().unwrap(), "Pair");
    let kept = |window: &Harness<WorkbenchApp>| window.state().session().teacher().unwrap().precision;
    assert_eq!(kept(&window), Precision::F32);
    window.get_by_label("bf16").click();
    window.run_steps(4);
    assert_eq!(kept(&window), Precision::Bf16);
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    window.run_steps(4);
    assert_eq!(kept(&window), Precision::F32);
}

#[test]
fn a_device_is_picked_from_those_that_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = open(&folder, Session::built_in().unwrap(), "Recipe");
    window.get_by_role_and_label(Role::ComboBox, "Device").click_accesskit();
    window.run_steps(4);
    assert!(window.query_by_label("Metal 0").is_none(), "it is not there");
    window.get_by_label("CUDA 0").click();
    window.run_steps(4);
    assert_eq!(window.state().session().recipe.device, Device::Cuda(0));
}

#[test]
fn a_session_keeps_its_device_and_precision_and_says_nothing_of_the_usual_ones() {
    let mut session = Session::built_in().unwrap();
    let usual = file::to_text(&session).unwrap();
    assert!(!usual.contains("device") && !usual.contains("precision"), "{usual}");
    session.recipe.device = Device::Metal(0);
    session.teacher_mut().unwrap().precision = Precision::F16;
    let told = file::to_text(&session).unwrap();
    assert_eq!(file::parse(&told, std::path::Path::new("x.ron")).unwrap(), session);
}

#[test]
fn a_session_for_a_device_that_is_missing_is_refused_before_anything_is_read() {
    let mut session = Session::built_in().unwrap();
    session.recipe.device = Device::Cuda(77);
    let refused = Pair::open(&session, None).err().unwrap();
    assert!(matches!(refused, EngineError::Device { .. }));
    let said = refused.to_string();
    assert!(said.contains("CUDA 77") && said.contains("recipe.device"), "{said}");
}

/// A window in which the engine has just asked `question`.
fn asked(folder: &tempfile::TempDir, question: &Question) -> (Harness<'static, WorkbenchApp>, stage::Engine) {
    let session = Session::built_in().unwrap();
    let (mut window, mut engine) = stage::window(Harness::builder(), session, None, folder.path());
    engine.status(Phase::Empty, 0);
    engine.reply(Reply::Asked(Box::new(question.clone())));
    window.run_steps(6);
    engine.heard();
    (window, engine)
}

fn answers(engine: &mut stage::Engine) -> Vec<(Question, bool)> {
    let answer = |command: Command| match command {
        Command::Answer { question, yes } => Some((*question, yes)),
        _ => None,
    };
    engine.heard().into_iter().filter_map(answer).collect()
}

#[test]
fn a_key_goes_out_only_after_a_click_that_names_it_and_its_server() {
    let folder = tempfile::tempdir().unwrap();
    let question = Question::Key("A_SECRET@https://api.stranger.example:8443".parse().unwrap());
    for (button, yes, answer) in [("Allow it", true, Answer::Yes), ("Don't", false, Answer::No)] {
        let (mut window, mut engine) = asked(&folder, &question);
        assert!(window.query_by_label_contains("A_SECRET").is_some());
        assert!(window.query_by_label_contains("https://api.stranger.example:8443").is_some());
        window.run_steps(30);
        assert!(answers(&mut engine).is_empty(), "nobody has answered yet");
        window.get_by_label(button).click();
        window.run_steps(4);
        assert_eq!(answers(&mut engine), [(question.clone(), yes)]);
        engine.reply(Reply::Answered(answer));
        window.run_steps(4);
        assert!(window.query_by_label(button).is_none(), "an answered question is gone");
    }
}

#[test]
fn a_model_is_fetched_only_after_its_size_and_place_were_shown() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Missing {
        repo: "owner/large".into(),
        revision: "main".into(),
        file: None,
        weights: true,
        lack: retort::session::Sentence::verbatim("it was not fetched yet"),
        place: "/cache/models--owner--large".into(),
        present: 0,
        bytes: None,
    };
    let question = Question::Fetch(missing);
    let (mut window, mut engine) = asked(&folder, &question);
    for part in ["owner/large", "/cache/models--owner--large", "not fetched yet"] {
        assert!(window.query_by_label_contains(part).is_some(), "{part}");
    }
    window.run_steps(30);
    let asks = |heard: &[Command]| heard.iter().filter(|command| matches!(command, Command::Files { .. })).count();
    assert_eq!(asks(&engine.heard()), 0, "the Hub is not asked before somebody wants to know");
    assert!(window.query_by_label("Fetch").is_none(), "not without its size");
    window.get_by_label("Ask the Hub for its size").click();
    window.run_steps(4);
    assert_eq!(asks(&engine.heard()), 1);
    let known = Repository {
        repo: "owner/large".into(),
        revision: "main".into(),
        whole: true,
        bytes: Some(2_500_000_000),
        ..Repository::default()
    };
    engine.end.cells.repository.store(Some(known));
    window.run_steps(4);
    assert!(window.query_by_label_contains("2.50\u{a0}GB").is_some());
    window.get_by_label("Fetch").click();
    window.run_steps(4);
    assert_eq!(answers(&mut engine), [(question.clone(), true)]);
    let (mut window, mut engine) = asked(&folder, &question);
    window.get_by_label("Not now").click();
    window.run_steps(4);
    assert_eq!(answers(&mut engine), [(question, false)]);
}
