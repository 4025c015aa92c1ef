//! Are these the same models and the same training step as in transformers and PyTorch? Every
//! number is held against those that `golden/make_golden.py` wrote.
#![cfg(feature = "engine")]

mod tiny;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use candle_core::{DType, IndexOp as _, Tensor};
use retort::engine::data::Layout;
use retort::engine::loss::soft_targets::TEMPERATURE;
use retort::engine::loss::{ALPHA, LossInput, LossOutput, Objective, Offered};
use retort::engine::model::save::serialize;
use retort::engine::model::{DropoutRng, HeadKind, Model, Network, Trace, ops};
use retort::engine::optim::{Optimizer, Settings};
use retort::engine::task::{self, Sample, Targets, Task};
use retort::session::{Chat, Head, Init, Knobs, OptimizerKind, Prompt, Recipe, Scoring};
use serde::Deserialize;
use tiny::{assert_close, flat, scalar};

/// Tolerance on everything a forward or backward pass gives.
const NEAR: f32 = 1e-4;
/// Tolerance on parameters and losses along 20 steps.
const AFTER_STEPS: f32 = 1e-3;

/// What `golden/manifest.json` says.
#[derive(Deserialize)]
struct Manifest {
    classes: Vec<String>,
    label_words: BTreeMap<String, String>,
    texts: Vec<String>,
    labels: Vec<u32>,
    labelled: Vec<f32>,
    alpha: f64,
    temperature: f64,
    rate: f64,
    decay: f64,
    clip: f64,
    thin_final: usize,
    models: BTreeMap<String, Case>,
}

#[derive(Clone, Deserialize)]
struct Case {
    template: String,
    thin_gradients: usize,
    /// Token ids of every pass over every text.
    read: Vec<Vec<Vec<u32>>>,
    /// Texts, labels and which of them count, where they are not the manifest's.
    #[serde(default)]
    texts: Vec<String>,
    #[serde(default)]
    labels: Vec<u32>,
    #[serde(default)]
    labelled: Vec<f32>,
    /// Prompts and what is written behind them; of models that write.
    #[serde(default)]
    generated: Vec<Generated>,
}

#[derive(Clone, Deserialize)]
struct Generated {
    prompt: Vec<u32>,
    next: Vec<u32>,
}

/// A golden folder, opened.
struct Golden {
    name: String,
    case: Case,
    model: Model,
    tensors: HashMap<String, Tensor>,
}

fn manifest() -> Manifest {
    serde_json::from_str(include_str!("golden/manifest.json")).unwrap()
}

fn open(name: &str, case: &Case, manifest: &Manifest) -> Golden {
    let folder = tiny::folder(name);
    let tensors = candle_core::safetensors::load(folder.join("golden.safetensors"), &tiny::device()).unwrap();
    let head = if tensors.contains_key("scores.sum") { Head::LabelWords } else { Head::Classifier };
    let model = tiny::open_folder(&folder, head, Init::Stored, 0);
    assert_eq!(
        model.card.notes,
        Vec::<retort::session::Sentence>::new(),
        "{name}: every stored tensor is used, none is made up"
    );
    let mut case = case.clone();
    if case.texts.is_empty() {
        case.texts.clone_from(&manifest.texts);
        case.labels.clone_from(&manifest.labels);
        case.labelled.clone_from(&manifest.labelled);
    }
    Golden { name: name.to_owned(), case, model, tensors }
}

fn everything(manifest: &Manifest) -> Vec<Golden> {
    let folders = std::fs::read_dir(tiny::folder("")).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = folders.filter(|path| path.join("config.json").exists()).collect();
    folders.sort();
    let names = folders.iter().map(|path| path.file_name().unwrap().to_str().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), manifest.models.keys().collect::<Vec<_>>(), "all folders are compared");
    manifest.models.iter().map(|(name, case)| open(name, case, manifest)).collect()
}

impl Golden {
    fn numbers(&self, name: &str) -> Vec<f32> {
        flat(self.tensors.get(name).unwrap_or_else(|| panic!("{} has no {name}", self.name)))
    }

    /// The rows of the padded batch, without their padding.
    fn rows(&self) -> Vec<Vec<u32>> {
        self.unpadded("input_ids", "attention_mask")
    }

    /// The rows that an encoder–decoder's decoder is given; empty for other models.
    fn written(&self) -> Vec<Vec<u32>> {
        if self.tensors.contains_key("decoder_input_ids") {
            self.unpadded("decoder_input_ids", "decoder_attention_mask")
        } else {
            Vec::new()
        }
    }

    fn unpadded(&self, ids: &str, mask: &str) -> Vec<Vec<u32>> {
        let rows = |name: &str| self.tensors[name].to_dtype(DType::U32).unwrap().to_vec2::<u32>().unwrap();
        let masked = rows(ids).into_iter().zip(rows(mask));
        masked
            .map(|(ids, mask)| ids.into_iter().zip(mask).filter(|(_, keep)| *keep == 1).map(|(id, _)| id).collect())
            .collect()
    }

    fn task(&self, manifest: &Manifest, scoring: Scoring) -> Box<dyn Task> {
        let (template, label_words) = (self.case.template.clone(), manifest.label_words.clone());
        let prompt = Prompt { template, variants: Vec::new(), label_words, scoring, chat: Chat::Off };
        task::for_model(&self.model, &prompt, &manifest.classes, &Layout::default()).unwrap()
    }

    fn prepared(&self, task: &dyn Task) -> Vec<Sample> {
        let texts: Vec<&str> = self.case.texts.iter().map(String::as_str).collect();
        tiny::prepare(task, &self.model, &texts)
    }

    /// The golden distillation step.
    fn distil(&self, manifest: &Manifest) -> LossOutput {
        let task = self.task(manifest, Scoring::Sum);
        let batch = self.prepared(task.as_ref());
        let pass = tiny::pass(task.as_ref(), &self.model, self.model.tracked.as_ref(), &batch, &DropoutRng::none());
        let given = LossInput {
            student: &tiny::told(&pass, &self.case.labels, &self.case.labelled),
            teacher: Some(&Targets::from(ops::log_softmax(&self.tensors["teacher"]).unwrap())),
            knobs: &knobs(manifest),
            done: 0.0,
            of_step: None,
        };
        let offered = Offered { teacher: true, text: false, whole_rows: true };
        Objective::new(&Recipe::default(), offered).unwrap().evaluate(&given).unwrap()
    }
}

fn knobs(manifest: &Manifest) -> Knobs {
    tiny::knobs(&[(&ALPHA, manifest.alpha), (&TEMPERATURE, manifest.temperature)])
}

fn thinned(values: &[f32], every: usize) -> Vec<f32> {
    values.iter().step_by(every).copied().collect()
}

/// Whether number `index` of a variable is a key bias: it adds the same to every score of a query,
/// so its true gradient is 0 and Adam walks along its rounding errors.
fn is_key_bias(name: &str, index: usize, count: usize) -> bool {
    name.ends_with("key.bias")
        || name.ends_with("k_lin.bias")
        || (name.ends_with("c_attn.bias") && (count / 3..2 * count / 3).contains(&index))
}

/// Logits for rows of ids as transformers gives them: `[batch, classes]` or `[batch, tokens, vocabulary]`,
/// of an encoder–decoder those for the rows `written`.
fn logits(model: &Model, network: &dyn Network, rows: &[Vec<u32>], written: &[Vec<u32>], trace: &mut Trace) -> Tensor {
    let input = model.input(&rows.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
    let mut hidden = network.encode(&network.embed(&input).unwrap(), trace, &DropoutRng::none()).unwrap();
    if !written.is_empty() {
        let written = model.written(&written.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        hidden = network
            .decode(&hidden, &input.mask, &network.embed(&written).unwrap(), trace, &DropoutRng::none())
            .unwrap();
    }
    let ends: Vec<u32> = rows.iter().map(|row| row.len() as u32 - 1).collect();
    match model.top {
        HeadKind::Classes(_) => network.classify(&hidden, &ends, &DropoutRng::none()).unwrap(),
        HeadKind::Vocabulary => {
            let (batch, tokens, width) = hidden.dims3().unwrap();
            let logits = network.vocabulary(&hidden.reshape((batch * tokens, width)).unwrap()).unwrap();
            logits.reshape((batch, tokens, ())).unwrap()
        }
    }
}

/// Compares what stands at the real tokens of each row: `[batch, tokens, ..]`.
fn compare_tokens(what: &str, lengths: &[usize], ours: &Tensor, theirs: &Tensor) {
    assert_eq!(ours.dims(), theirs.dims(), "{what}");
    for (row, &length) in lengths.iter().enumerate() {
        let (ours, theirs) = (ours.i((row, ..length)).unwrap(), theirs.i((row, ..length)).unwrap());
        assert_close(&format!("{what}, row {row}"), &flat(&ours), &flat(&theirs), NEAR);
    }
}

fn lengths(rows: &[Vec<u32>]) -> Vec<usize> {
    rows.iter().map(Vec::len).collect()
}

fn compare_forward(golden: &Golden, network: &dyn Network) {
    let (rows, written) = (golden.rows(), golden.written());
    let read = lengths(&rows);
    assert!(read.contains(&1) && read.iter().any(|length| *length != read[0]), "the batch is ragged");
    let mut trace = Trace::all();
    let logits = logits(&golden.model, network, &rows, &written, &mut trace);
    let what = |part: &str| format!("{}, {part}", golden.name);
    // What a decoder beside an encoder writes; a classifier's is the text it read, once more.
    let answers = if written.is_empty() { read.clone() } else { lengths(&written) };
    match golden.model.top {
        HeadKind::Classes(_) => assert_close(&what("logits"), &flat(&logits), &golden.numbers("logits"), NEAR),
        HeadKind::Vocabulary => compare_tokens(&what("logits"), &answers, &logits, &golden.tensors["logits"]),
    }
    let layers = golden.model.card.layers;
    assert_eq!((trace.attention.len(), trace.hidden.len()), (layers, layers + 1));
    let by_query = |weights: &Tensor| weights.transpose(1, 2).unwrap().contiguous().unwrap();
    let mut compared = 0;
    for (part, kept, lengths) in [("hidden", &trace.hidden, &read), ("hidden_written", &trace.hidden_written, &answers)]
    {
        for (layer, states) in kept {
            let name = format!("{part}.{layer}");
            compare_tokens(&what(&name), lengths, states, &golden.tensors[&name]);
            compared += 1;
        }
    }
    for (part, kept, lengths) in [
        ("attention", &trace.attention, &read),
        ("written", &trace.written, &answers),
        ("cross", &trace.cross, &answers),
    ] {
        for (layer, weights) in kept {
            let name = format!("{part}.{layer}");
            compare_tokens(&what(&name), lengths, &by_query(weights), &by_query(&golden.tensors[&name]));
            compared += 1;
        }
    }
    let parts = ["attention.", "written.", "cross.", "hidden.", "hidden_written."];
    let known = golden.tensors.keys().filter(|name| parts.iter().any(|part| name.starts_with(part))).count();
    assert_eq!(compared, known, "{}: all that transformers shows is compared", golden.name);
}

#[test]
fn logits_attention_and_hidden_states_of_a_padded_batch_are_those_of_transformers() {
    tiny::everywhere(|| {
        for golden in everything(&manifest()) {
            compare_forward(&golden, golden.model.tracked.as_ref());
            compare_forward(&golden, golden.model.detached.as_ref());
        }
    });
}

#[test]
fn what_is_written_greedily_is_what_transformers_writes() {
    tiny::everywhere(|| {
        let mut written = 0;
        for golden in everything(&manifest()) {
            for Generated { prompt, next } in &golden.case.generated {
                let ours = golden.model.generate(prompt, 12).unwrap();
                assert_eq!(&ours, next, "{}, behind {prompt:?}", golden.name);
                assert_eq!(golden.model.generate(prompt, 2).unwrap(), next[..2.min(next.len())], "{}", golden.name);
                written += ours.len();
            }
            if golden.model.top != HeadKind::Vocabulary || !golden.model.architecture.writes() {
                assert!(golden.model.generate(&[5, 6], 3).is_err(), "{} does not write", golden.name);
            }
        }
        assert!(written > 20, "only {written} tokens were written");
    });
}

#[test]
fn prompts_are_read_as_the_same_tokens() {
    let manifest = manifest();
    for golden in everything(&manifest) {
        let task = golden.task(&manifest, Scoring::Sum);
        for (text, prepared) in golden.prepared(task.as_ref()).iter().enumerate() {
            let theirs: Vec<&Vec<u32>> = golden.case.read.iter().map(|pass| &pass[text]).collect();
            let ours: Vec<&Vec<u32>> = prepared.passes.iter().map(|pass| &pass.ids).collect();
            assert_eq!(ours, theirs, "{}, text {text}", golden.name);
        }
    }
}

#[test]
fn trap_15_scoring_all_label_words_at_once_equals_a_forward_pass_for_each() {
    tiny::everywhere(|| {
        let manifest = manifest();
        for golden in everything(&manifest) {
            let kinds = match golden.model.top {
                HeadKind::Classes(_) => vec![(Scoring::Sum, "scores")],
                HeadKind::Vocabulary => vec![(Scoring::Sum, "scores.sum"), (Scoring::Mean, "scores.mean")],
            };
            for (scoring, name) in kinds {
                let task = golden.task(&manifest, scoring);
                let batch = golden.prepared(task.as_ref());
                let pass = tiny::pass(
                    task.as_ref(),
                    &golden.model,
                    golden.model.detached.as_ref(),
                    &batch,
                    &DropoutRng::none(),
                );
                assert_close(
                    &format!("{}, {name}", golden.name),
                    &flat(&pass.answers.logits.whole().unwrap()),
                    &golden.numbers(name),
                    NEAR,
                );
            }
        }
    });
}

#[test]
fn loss_and_gradients_of_a_distillation_step_are_those_of_pytorch() {
    tiny::everywhere(|| {
        let manifest = manifest();
        for golden in everything(&manifest) {
            let mixed = golden.distil(&manifest);
            assert_close(
                &format!("{}, loss", golden.name),
                &[scalar(&mixed.total) as f32],
                &golden.numbers("kd.loss"),
                NEAR,
            );
            let found = tiny::gradients(&golden.model, &ops::backward(&mixed.total).unwrap());
            let known = golden.tensors.keys().filter_map(|name| name.strip_prefix("kd.grad."));
            let mut known: Vec<&str> = known.collect();
            known.sort_unstable();
            assert_eq!(found.keys().collect::<Vec<_>>(), known, "{}: one variable for each parameter", golden.name);
            for (name, gradient) in found {
                let (ours, theirs) =
                    (thinned(&gradient, golden.case.thin_gradients), golden.numbers(&format!("kd.grad.{name}")));
                assert_close(&format!("{}, gradient of {name}", golden.name), &ours, &theirs, NEAR);
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
            let (losses, norms) = (golden.numbers("steps.loss"), golden.numbers("steps.norm"));
            assert_eq!(losses.len(), 20);
            for (step, (loss, norm)) in losses.iter().zip(norms).enumerate() {
                let mixed = golden.distil(&manifest);
                let ours = optimizer.step(&ops::backward(&mixed.total).unwrap(), manifest.rate, &settings).unwrap();
                let what = |part: &str| format!("{}, step {step}, {part}", golden.name);
                assert_close(&what("loss"), &[scalar(&mixed.total) as f32], &[*loss], AFTER_STEPS);
                assert_close(&what("norm"), &[ours as f32 / norm], &[1.0], AFTER_STEPS);
            }
            for (name, variable) in golden.model.weights.variables() {
                let (ours, theirs) = (flat(variable), golden.numbers(&format!("steps.final.{name}")));
                let places = (0..ours.len()).step_by(manifest.thin_final);
                for (index, theirs) in places.zip(theirs).filter(|(index, _)| !is_key_bias(name, *index, ours.len())) {
                    assert_close(&format!("{}, {name}[{index}]", golden.name), &[ours[index]], &[theirs], AFTER_STEPS);
                }
            }
        }
    });
}

/// A golden model some steps on, so that what is saved is not what was opened.
fn trained(golden: &Golden, manifest: &Manifest) {
    let variables = golden.model.weights.variables().iter().map(|(name, v)| (name.clone(), v.clone())).collect();
    let mut optimizer = Optimizer::new(OptimizerKind::AdamW, variables).unwrap();
    for _ in 0..3 {
        let gradients = ops::backward(&golden.distil(manifest).total).unwrap();
        optimizer.step(&gradients, manifest.rate, &Settings::default()).unwrap();
    }
}

fn head_of(model: &Model) -> Head {
    if model.top == HeadKind::Vocabulary { Head::LabelWords } else { Head::Classifier }
}

#[test]
fn a_saved_model_reopens_with_the_same_logits_to_the_bit() {
    let manifest = manifest();
    for golden in everything(&manifest) {
        trained(&golden, &manifest);
        let folder = tempfile::tempdir().unwrap();
        golden.model.save(folder.path(), &manifest.classes).unwrap();
        let reopened = tiny::open_folder(folder.path(), head_of(&golden.model), Init::Stored, 99);
        assert_eq!(reopened.card.notes, Vec::<retort::session::Sentence>::new(), "{}", golden.name);
        assert_eq!(reopened.card.parameters, golden.model.card.parameters, "{}", golden.name);
        let (rows, written) = (golden.rows(), golden.written());
        let bits = |model: &Model| -> Vec<u32> {
            let logits = logits(model, model.detached.as_ref(), &rows, &written, &mut Trace::none());
            flat(&logits).into_iter().map(f32::to_bits).collect()
        };
        assert_eq!(bits(&reopened), bits(&golden.model), "{}", golden.name);
        assert_eq!(reopened.to_safetensors().unwrap(), golden.model.to_safetensors().unwrap(), "{}", golden.name);
    }
}

/// Writes what `golden/check_saved.py` compares: one row and everything computed from it.
fn write_expected(golden: &Golden, path: &Path) {
    let model = &golden.model;
    let longest = |rows: Vec<Vec<u32>>| rows.into_iter().max_by_key(Vec::len).into_iter().collect::<Vec<_>>();
    let (row, written) = (longest(golden.rows()), longest(golden.written()));
    let mut trace = Trace::all();
    let logits = logits(model, model.detached.as_ref(), &row, &written, &mut trace).i(0).unwrap();
    let ids = |row: &Vec<u32>| {
        Tensor::new(row.iter().map(|id| i64::from(*id)).collect::<Vec<i64>>(), &tiny::device()).unwrap()
    };
    let mut tensors = BTreeMap::from([("logits".to_owned(), logits), ("input_ids".to_owned(), ids(&row[0]))]);
    tensors.extend(written.first().map(|row| ("decoder_input_ids".to_owned(), ids(row))));
    let one = |tensor: &Tensor| tensor.i(0).unwrap().contiguous().unwrap();
    let kept = [
        ("attention", &trace.attention),
        ("written", &trace.written),
        ("cross", &trace.cross),
        ("hidden", &trace.hidden),
        ("hidden_written", &trace.hidden_written),
    ];
    for (part, layers) in kept {
        tensors.extend(layers.iter().map(|(layer, tensor)| (format!("{part}.{layer}"), one(tensor))));
    }
    let views = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor.clone())).collect();
    std::fs::write(path, serialize(&views).unwrap()).unwrap();
}

/// Writes what AutoTokenizer has to make of a model's texts, one of them too long, and for a classifier
/// one with marks of special tokens, which are text there; a prompt has marks of its own.
fn write_tokenized(golden: &Golden, path: &Path) {
    let model = &golden.model;
    let marks = "a <mask> goal [MASK] <|endoftext|> tea".to_owned();
    let marks = Some(marks).filter(|_| matches!(model.top, HeadKind::Classes(_)));
    let long = golden.case.texts.join(" ").repeat(40);
    let texts: Vec<String> = golden.case.texts.iter().cloned().chain(marks).chain([long]).collect();
    let ids = |text: &String| model.tokens.encode_within(text, model.max_tokens).unwrap().ids;
    let rows: Vec<Vec<u32>> = texts.iter().map(ids).collect();
    let logits = matches!(model.top, HeadKind::Classes(_)).then(|| {
        let logits = logits(model, model.detached.as_ref(), &rows, &[], &mut Trace::none());
        logits.to_vec2::<f32>().unwrap()
    });
    let known = serde_json::json!({
        "texts": texts, "ids": rows, "pad": model.tokens.pad(), "mask": model.tokens.mask().map(|(_, id)| id), "logits": logits,
    });
    std::fs::write(path, known.to_string()).unwrap();
}

#[test]
#[ignore = "needs a Python with transformers, named by RETORT_PYTHON (default python3)"]
fn transformers_opens_a_trained_and_saved_model_and_computes_the_same() {
    let python = std::env::var("RETORT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let manifest = manifest();
    for golden in everything(&manifest) {
        trained(&golden, &manifest);
        let folder = tempfile::tempdir().unwrap();
        let prompt = Prompt {
            template: golden.case.template.clone(),
            variants: Vec::new(),
            label_words: manifest.label_words.clone(),
            scoring: Scoring::Sum,
            chat: Chat::Off,
        };
        golden.model.save_student(folder.path(), &manifest.classes, &prompt).unwrap();
        let aside = tempfile::tempdir().unwrap();
        let (expected, tokenized) = (aside.path().join("expected.safetensors"), aside.path().join("tokenized.json"));
        write_expected(&golden, &expected);
        write_tokenized(&golden, &tokenized);
        let script = tiny::folder("check_saved.py");
        let mut check = std::process::Command::new(&python);
        let done = check.arg(script).arg(folder.path()).args([&expected, &tokenized]).output().unwrap();
        print!("{}: {}", golden.name, String::from_utf8_lossy(&done.stdout));
        assert!(done.status.success(), "{}: {}", golden.name, String::from_utf8_lossy(&done.stderr));
    }
}
