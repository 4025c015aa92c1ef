//! The tiny models of `tests/golden`, opened in every way they can be used, for all tests that
//! need a model but no particular one.
#![allow(dead_code, reason = "every test crate uses a part of it")]

#[path = "../where_computed/mod.rs"]
pub mod where_computed;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::backprop::GradStore;
use candle_core::{Device, Tensor};
use retort::engine::data::{Example, Layout};
use retort::engine::loss::{LossInput, LossOutput, Objective, Offered};
use retort::engine::model::{self, ARCHITECTURES, Architecture, DropoutRng, Model, Network, Trace, ops};
use retort::engine::task::{self, Forward, Outputs, Row, Sample, Targets, Task};
use retort::session::{Chat, Head, Init, Knobs, ModelChoice, Prompt, Recipe, Scoring, Source};

/// Classes of all tests, with their label words.
pub const CLASSES: [(&str, &str); 4] =
    [("sport", "games with a ball"), ("space", "stars"), ("food", "hot bread"), ("drink", "tea")];

/// Texts of different lengths, one of them a single letter.
pub const TEXTS: [&str; 8] = [
    "a goal",
    "the moon and the stars are far out",
    "soup with bread, then tea",
    "t",
    "they are near the gate",
    "a ball is out",
    "hot tea, not soup",
    "the bread is hot",
];

thread_local! {
    static DEVICE: RefCell<Device> = RefCell::new(where_computed::opened());
    /// The largest difference that [`assert_close`] has let pass.
    static APART: Cell<f32> = const { Cell::new(0.0) };
}

/// Where models compute at the moment.
pub fn device() -> Device {
    DEVICE.with_borrow(Clone::clone)
}

/// Runs a test with the fused kernels, without any, as another device computes, and on the graphics
/// card, where this build and machine have one; says how far apart the compared numbers were.
pub fn everywhere(test: impl Fn()) {
    let told = |place: &str| println!("{place}: at most {:.1e} apart", APART.replace(0.0));
    let home = DEVICE.replace(Device::Cpu);
    test();
    told("the kernels");
    ops::values::without_kernels(&test);
    told("without kernels");
    for card in retort::engine::device::offered().into_iter().filter(|device| !device.is_cpu()) {
        DEVICE.set(retort::engine::device::open(card).unwrap());
        test();
        told(&card.label());
    }
    DEVICE.set(home);
}

/// The folder of a tiny model.
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Names of the classes.
pub fn classes() -> Vec<String> {
    CLASSES.iter().map(|(name, _)| (*name).to_owned()).collect()
}

/// Opens a folder.
pub fn open_folder(folder: &Path, head: Head, init: Init, seed: u64) -> Model {
    let choice = ModelChoice { init, head, ..ModelChoice::stored(Source::Folder(folder.to_owned())) };
    model::open(&choice, CLASSES.len(), seed, &device()).unwrap()
}

/// A fresh tiny model of an architecture.
pub fn fresh(architecture: &Architecture, head: Head, seed: u64) -> Model {
    open_folder(&folder_of(architecture), head, Init::Fresh, seed)
}

/// Any golden folder of an architecture: an architecture without one is not proved.
pub fn folder_of(architecture: &Architecture) -> PathBuf {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(folder("")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let says = format!("\"model_type\": \"{}\"", architecture.id);
    let is_of =
        |folder: &PathBuf| std::fs::read_to_string(folder.join("config.json")).is_ok_and(|text| text.contains(&says));
    folders.into_iter().find(is_of).unwrap_or_else(|| panic!("tests/golden has no folder for {}", architecture.id))
}

/// Every architecture under every top, with a name for messages.
pub fn everything(seed: u64) -> Vec<(String, Model)> {
    let heads = [Head::Classifier, Head::LabelWords];
    let all = ARCHITECTURES.iter().flat_map(|architecture| heads.map(|head| (architecture, head)));
    all.map(|(architecture, head)| (format!("{} {head:?}", architecture.id), fresh(architecture, head, seed))).collect()
}

/// A prompt for `model`, whose masked kind reads on behind the answer.
pub fn prompt(model: &Model, scoring: Scoring) -> Prompt {
    let template =
        if model.architecture.writes() { "{text}. it is about {answer}" } else { "{text}. it is about {answer}." };
    let label_words = CLASSES.iter().map(|(class, word)| ((*class).to_owned(), (*word).to_owned())).collect();
    Prompt { template: template.to_owned(), variants: Vec::new(), label_words, scoring, chat: Chat::Off }
}

/// The task by which `model` answers.
pub fn task_of(model: &Model) -> Box<dyn Task> {
    task::for_model(model, &prompt(model, Scoring::Sum), &classes(), &Layout::default()).unwrap()
}

/// Texts, ready for a model.
pub fn prepare(task: &dyn Task, model: &Model, texts: &[&str]) -> Vec<Sample> {
    texts.iter().map(|text| task.encode(model, &Example::unlabelled(*text), 0).unwrap()).collect()
}

/// One pass over a whole batch.
pub fn pass(task: &dyn Task, model: &Model, network: &dyn Network, batch: &[Sample], noise: &DropoutRng) -> Forward {
    let batch: Vec<&Sample> = batch.iter().collect();
    task.forward(model, network, &batch, false, &mut Trace::none(), noise).unwrap()
}

/// Logits of a made-up teacher, `[texts, classes]`.
pub fn teacher(texts: usize) -> Tensor {
    let values = (0..texts * CLASSES.len()).map(|i| ((i * 37 + 11) % 23) as f32 * 0.25 - 2.5).collect();
    Tensor::from_vec(values, (texts, CLASSES.len()), &device()).unwrap()
}

/// The default mixture of labels and soft targets; every label may be used.
pub fn distil(pass: &Forward, teacher: &Tensor, labels: &[u32], knobs: &Knobs) -> LossOutput {
    let objective =
        Objective::new(&Recipe::default(), Offered { teacher: true, text: false, whole_rows: true }).unwrap();
    let student = told(pass, labels, &vec![1.0; labels.len()]);
    let teacher = Targets::from(teacher.clone());
    objective
        .evaluate(&LossInput { student: &student, teacher: Some(&teacher), knobs, done: 0.0, of_step: None })
        .unwrap()
}

/// A pass whose rows know their labels, where `labelled` is not 0.
pub fn told(pass: &Forward, labels: &[u32], labelled: &[f32]) -> Forward {
    let row = |(row, (truth, labelled)): (&Row, (&u32, &f32))| Row {
        truth: Some(*truth).filter(|_| *labelled > 0.0),
        ..*row
    };
    let rows = pass.answers.rows.iter().zip(labels.iter().zip(labelled)).map(row).collect();
    Forward { answers: Outputs { logits: pass.answers.logits.clone(), rows }, text: pass.text.clone() }
}

/// Knobs with the values a test cares about.
pub fn knobs(values: &[(&retort::session::Knob, f64)]) -> Knobs {
    let mut knobs = Knobs::default();
    values.iter().for_each(|(knob, value)| knobs.set(knob.id, *value));
    knobs
}

/// Gradients of all variables by name; an absent one is empty.
pub fn gradients(model: &Model, store: &GradStore) -> BTreeMap<String, Vec<f32>> {
    let of = |variable: &candle_core::Var| store.get(variable).map(flat).unwrap_or_default();
    model.weights.variables().iter().map(|(name, variable)| (name.clone(), of(variable))).collect()
}

/// All numbers of a tensor.
pub fn flat(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// A scalar's number.
pub fn scalar(tensor: &Tensor) -> f64 {
    f64::from(tensor.to_scalar::<f32>().unwrap())
}

/// Numbers are equal within an absolute tolerance.
pub fn assert_close(what: &str, ours: &[f32], theirs: &[f32], tolerance: f32) {
    assert_eq!(ours.len(), theirs.len(), "{what}: numbers");
    for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        assert!((ours - theirs).abs() <= tolerance, "{what}, number {index}: {ours} is not {theirs}");
        APART.set(APART.get().max((ours - theirs).abs()));
    }
}
