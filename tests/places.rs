//! Where the models compute and how the teacher is kept: chosen by accessible label, and refused in
//! words where it cannot be had.
#![cfg(all(feature = "engine", feature = "window"))]

mod stage;

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use retort::engine::EngineError;
use retort::engine::pair::Pair;
use retort::link::{Event, Phase};
use retort::session::{Device, Precision, Session, file};
use retort::window::WorkbenchApp;

/// A window with one part of the left column unfolded.
fn open(folder: &tempfile::TempDir, session: Session, part: &str) -> Harness<'static, WorkbenchApp> {
    let (mut window, mut engine) = stage::window(Harness::builder(), session, None, folder.path());
    engine.say(Event::Opened(Box::new(stage::opened())));
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
    let kept = |window: &Harness<WorkbenchApp>| window.state().session().models.teacher.as_ref().unwrap().precision;
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
    session.models.teacher.as_mut().unwrap().precision = Precision::F16;
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
