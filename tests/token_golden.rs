//! Do the tasks over tokens train as transformers and PyTorch do? Values, gradients and twenty steps are held against
//! those that `golden/make_tokens.py` wrote: next tokens, those of a completion, masked tokens, and what an
//! encoder–decoder writes.
#![cfg(feature = "engine")]

mod tiny;

use std::collections::{BTreeMap, HashMap};

use candle_core::{Device, Tensor};
use retort::engine::data::Layout;
use retort::engine::loss::hard_labels::HardLabels;
use retort::engine::loss::soft_targets::TEMPERATURE;
use retort::engine::loss::{ALPHA, LossInput, LossOutput, Objective, Offered, Rows, Term, compare};
use retort::engine::model::{DropoutRng, Kind, Model, ops};
use retort::engine::optim::{Optimizer, Settings};
use retort::engine::prompt::Rendered;
use retort::engine::task::causal_lm::CausalLm;
use retort::engine::task::completion::Completion;
use retort::engine::task::masked_lm::MaskedLm;
use retort::engine::task::{Forward, Sample, Targets, Task, TokenRow};
use retort::session::{Head, Init, OptimizerKind, Recipe, Scoring};
use serde::Deserialize;
use tiny::{assert_close, flat, scalar};

/// Tolerance on everything a forward or backward pass gives.
const NEAR: f32 = 1e-4;
/// Tolerance on parameters and losses along the steps.
const AFTER_STEPS: f32 = 1e-3;

#[derive(Deserialize)]
struct Manifest {
    alpha: f64,
    temperature: f64,
    rate: f64,
    decay: f64,
    clip: f64,
    thin: usize,
    cases: BTreeMap<String, Case>,
}

#[derive(Deserialize)]
struct Case {
    folder: String,
    read: Vec<Vec<u32>>,
    #[serde(default)]
    written: Vec<Vec<u32>>,
    rows: Vec<(usize, u32, u32)>,
}

struct Golden {
    name: String,
    model: Model,
    task: Box<dyn Task>,
    samples: Vec<Sample>,
    tensors: HashMap<String, Tensor>,
}

fn manifest() -> Manifest {
    serde_json::from_str(include_str!("golden/tokens.json")).unwrap()
}

fn task_of(model: &Model) -> Box<dyn Task> {
    let outcomes = model.card.vocabulary;
    match model.architecture.kind {
        Kind::Decoder => Box::new(CausalLm { packed: false, outcomes }),
        Kind::Encoder => Box::new(MaskedLm::new(model, false, (0.15, false), outcomes).unwrap()),
        Kind::EncoderDecoder => {
            let prompt = tiny::prompt(model, Scoring::Sum);
            Box::new(Completion::new(model, &prompt, &Layout::default(), false, outcomes).unwrap())
        }
    }
}

fn samples(case: &Case) -> Vec<Sample> {
    let pass = |ids: &Vec<u32>| Rendered { ids: ids.clone(), ..Rendered::default() };
    let sample = |(number, read): (usize, &Vec<u32>)| {
        let rows = case.rows.iter().filter(|row| row.0 == number);
        let row = |(_, at, token): &(usize, u32, u32)| TokenRow {
            at: *at,
            token: *token,
            bytes: 1,
            known: true,
            weight: 1.0,
        };
        let passes = std::iter::once(read).chain(case.written.get(number)).map(pass).collect();
        Sample { passes, rows: rows.map(row).collect(), ..Sample::default() }
    };
    case.read.iter().enumerate().map(sample).collect()
}

fn everything(manifest: &Manifest) -> Vec<Golden> {
    let path = tiny::folder("tokens.safetensors");
    let tensors = candle_core::safetensors::load(path, &Device::Cpu).unwrap();
    let open = |(name, case): (&String, &Case)| {
        let model = tiny::open_folder(&tiny::folder(&case.folder), Head::LabelWords, Init::Stored, 0);
        Golden { name: name.clone(), task: task_of(&model), model, samples: samples(case), tensors: tensors.clone() }
    };
    manifest.cases.iter().map(open).collect()
}

impl Golden {
    fn numbers(&self, name: &str) -> Vec<f32> {
        flat(
            self.tensors.get(&format!("{}.{name}", self.name)).unwrap_or_else(|| panic!("{} has no {name}", self.name)),
        )
    }

    fn pass(&self) -> Forward {
        tiny::pass(self.task.as_ref(), &self.model, self.model.tracked.as_ref(), &self.samples, &DropoutRng::none())
    }

    /// The made-up teacher of the script.
    fn teacher(&self, rows: usize, outcomes: usize) -> Targets {
        let values: Vec<f32> = (0..rows * outcomes).map(|i| ((i * 37 + 11) % 23) as f32 * 0.25 - 2.5).collect();
        Tensor::from_vec(values, (rows, outcomes), &tiny::device()).unwrap().into()
    }

    fn distil(&self, manifest: &Manifest) -> LossOutput {
        let pass = self.pass();
        let (rows, outcomes) = pass.answers.logits.dims().unwrap();
        let (teacher, knobs) = (
            self.teacher(rows, outcomes),
            tiny::knobs(&[(&ALPHA, manifest.alpha), (&TEMPERATURE, manifest.temperature)]),
        );
        let given = LossInput { student: &pass, teacher: Some(&teacher), knobs: &knobs, done: 0.0, of_step: None };
        let offered = Offered { teacher: true, text: false, whole_rows: true };
        Objective::new(&Recipe::default(), offered).unwrap().evaluate(&given).unwrap()
    }
}

fn thinned(values: &[f32], every: usize) -> Vec<f32> {
    values.iter().copied().step_by(every).collect()
}

/// The bias of the keys moves no attention: its gradient is nothing but rounding, which Adam makes whole steps of.
fn is_key_bias(name: &str, index: usize, len: usize) -> bool {
    name.ends_with("key.bias") || name.ends_with("c_attn.bias") && (len / 3..2 * len / 3).contains(&index)
}

#[test]
fn cross_entropy_is_what_transformers_gives_for_its_labels() {
    tiny::everywhere(|| {
        for golden in everything(&manifest()) {
            let pass = golden.pass();
            let rows = Rows { student: &pass.answers.logits, teacher: None, rows: &pass.answers.rows, of_step: None };
            let ours = compare(&[Term::new(&HardLabels, 1.0, 1.0)], &rows).unwrap();
            assert_close(&golden.name, &[scalar(&ours.total) as f32], &golden.numbers("ce"), NEAR);
        }
    });
}

#[test]
fn loss_and_gradients_of_a_distillation_step_are_those_of_pytorch() {
    tiny::everywhere(|| {
        let manifest = manifest();
        for golden in everything(&manifest) {
            let mixed = golden.distil(&manifest);
            assert_close(&golden.name, &[scalar(&mixed.total) as f32], &golden.numbers("kd"), NEAR);
            let found = tiny::gradients(&golden.model, &ops::backward(&mixed.total).unwrap());
            let prefix = format!("{}.grad.", golden.name);
            let known = golden.tensors.keys().filter(|name| name.starts_with(&prefix)).count();
            assert_eq!(found.len(), known, "{}: one variable for each parameter", golden.name);
            for (name, gradient) in found {
                let theirs = golden.numbers(&format!("grad.{name}"));
                assert_close(
                    &format!("{}, gradient of {name}", golden.name),
                    &thinned(&gradient, manifest.thin),
                    &theirs,
                    NEAR,
                );
            }
        }
    });
}

#[test]
fn twenty_steps_of_distillation_stay_with_pytorch() {
    tiny::everywhere(|| {
        let manifest = manifest();
        let settings = Settings { weight_decay: manifest.decay, clip: manifest.clip, ..Settings::default() };
        for golden in everything(&manifest) {
            let variables =
                golden.model.weights.variables().iter().map(|(name, v)| (name.clone(), v.clone())).collect();
            let mut optimizer = Optimizer::new(OptimizerKind::AdamW, variables).unwrap();
            let losses = golden.numbers("steps");
            assert_eq!(losses.len(), 20);
            for (step, loss) in losses.iter().enumerate() {
                let mixed = golden.distil(&manifest);
                optimizer.step(&ops::backward(&mixed.total).unwrap(), manifest.rate, &settings).unwrap();
                let what = format!("{}, step {step}", golden.name);
                assert_close(&what, &[scalar(&mixed.total) as f32], &[*loss], AFTER_STEPS);
            }
            for (name, variable) in golden.model.weights.variables() {
                let (ours, theirs) = (flat(variable), golden.numbers(&format!("final.{name}")));
                let places = (0..ours.len()).step_by(manifest.thin).zip(theirs);
                for (index, theirs) in places.filter(|(index, _)| !is_key_bias(name, *index, ours.len())) {
                    assert_close(&format!("{}, {name}[{index}]", golden.name), &[ours[index]], &[theirs], AFTER_STEPS);
                }
            }
        }
    });
}
