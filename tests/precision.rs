//! A frozen teacher in half precision: the same numbers as the rounded weights in `f32`, in half the
//! memory, for every architecture, in passes over a batch and one token at a time.
#![cfg(feature = "engine")]

mod tiny;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::{DType, Tensor};
use retort::engine::data::{Fields, Layout};
use retort::engine::model::save::serialize;
use retort::engine::model::{self, ARCHITECTURES, DropoutRng, HeadKind, Model};
use retort::engine::teacher::{LocalTeacher, Teacher};
use retort::session::{Head, ModelChoice, Precision, Scoring, Session, Source};
use tiny::{TEXTS, assert_close, flat};

const HALVES: [(Precision, DType); 2] = [(Precision::F16, DType::F16), (Precision::Bf16, DType::BF16)];

/// A copy of a model's folder whose weights have the values of `dtype`, kept in `f32`.
fn rounded(folder: &Path, dtype: DType) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let round = |tensor: Tensor| tensor.to_dtype(dtype).unwrap().to_dtype(DType::F32).unwrap();
    change(copy.path(), |_, tensor| round(tensor));
    copy
}

/// Changes the stored tensors of a folder.
fn change(folder: &Path, change: impl Fn(&str, Tensor) -> Tensor) {
    let file = folder.join("model.safetensors");
    let stored = candle_core::safetensors::load(&file, &candle_core::Device::Cpu).unwrap();
    let changed: BTreeMap<String, Tensor> =
        stored.into_iter().map(|(name, tensor)| (name.clone(), change(&name, tensor))).collect();
    let views = changed.iter().map(|(name, tensor)| (name.as_str(), tensor.clone())).collect();
    std::fs::write(file, serialize(&views).unwrap()).unwrap();
}

fn open(folder: &Path, head: Head, precision: Precision) -> Result<Model, model::ModelError> {
    let choice = ModelChoice { head, precision, ..ModelChoice::stored(Source::Folder(folder.to_owned())) };
    model::open(&choice, tiny::CLASSES.len(), 0, &tiny::device())
}

/// Every golden folder with the top it was made for.
fn folders() -> Vec<(PathBuf, Head)> {
    let entries = std::fs::read_dir(tiny::folder("")).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = entries.filter(|path| path.join("config.json").exists()).collect();
    folders.sort();
    let is_classifier = |path: &PathBuf| path.to_string_lossy().ends_with("classifier");
    let with = |path: PathBuf| (path.clone(), if is_classifier(&path) { Head::Classifier } else { Head::LabelWords });
    folders.into_iter().map(with).collect()
}

fn scores(model: &Model, texts: &[&str]) -> Vec<f32> {
    let task = tiny::task_of(model);
    let batch = tiny::prepare(task.as_ref(), model, texts);
    flat(
        &tiny::pass(task.as_ref(), model, model.detached.as_ref(), &batch, &DropoutRng::none())
            .answers
            .logits
            .whole()
            .unwrap(),
    )
}

#[test]
fn every_architecture_in_half_precision_computes_what_it_computes_unpacked() {
    tiny::everywhere(|| {
        let mut seen = BTreeMap::new();
        for (folder, head) in folders() {
            for (precision, dtype) in HALVES {
                let copy = rounded(&folder, dtype);
                let (whole, half) = (open(copy.path(), head, Precision::F32), open(copy.path(), head, precision));
                let (whole, half) = (whole.unwrap(), half.unwrap());
                let what = format!("{} in {}", folder.display(), precision.label());
                assert_close(&what, &scores(&half, &TEXTS), &scores(&whole, &TEXTS), 1e-5);
                assert_close(&what, &scores(&half, &TEXTS[3..4]), &scores(&whole, &TEXTS[3..4]), 1e-5);
                if half.top == HeadKind::Vocabulary && half.architecture.writes() {
                    assert_eq!(
                        half.generate(&[5, 6, 7], 12).unwrap(),
                        whole.generate(&[5, 6, 7], 12).unwrap(),
                        "{what}"
                    );
                }
                assert_eq!(half.card.parameters, whole.card.parameters);
                assert!(half.card.notes.iter().any(|note| note.contains(precision.label())), "{:?}", half.card.notes);
                let share = half.weights.bytes() as f64 / whole.weights.bytes() as f64;
                assert!((0.5..0.75).contains(&share), "{what} takes {share:.2} of the memory");
                *seen.entry(half.architecture.id).or_insert(0) += 1;
            }
        }
        assert_eq!(seen.len(), ARCHITECTURES.len(), "{seen:?}");
    });
}

#[test]
fn rounding_moves_a_teachers_answers_only_a_little_and_they_are_kept_apart() {
    let folder = tiny::folder("llama");
    let (whole, half) = (Precision::F32, Precision::F16);
    let teacher = |precision| {
        let model = open(&folder, Head::LabelWords, precision).unwrap();
        let prompt = tiny::prompt(&model, Scoring::Sum);
        LocalTeacher::new(model.into(), &prompt, &tiny::classes(), &Layout::default()).unwrap()
    };
    let (whole, half) = (teacher(whole), teacher(half));
    assert_ne!(whole.fingerprint(), half.fingerprint());
    let answers = |teacher: &LocalTeacher| teacher.predict(&TEXTS.map(Fields::text)).unwrap().concat();
    let (whole, half) = (answers(&whole), answers(&half));
    assert_ne!(whole, half, "the golden weights are no f16 numbers");
    assert_close("answers", &half, &whole, 0.02);
}

#[test]
fn numbers_beyond_f16_are_named_and_bf16_holds_them() {
    let copy = rounded(&tiny::folder("llama"), DType::BF16);
    let far = "model.layers.0.mlp.down_proj.weight";
    change(copy.path(), |name, tensor| if name == far { (tensor * 1e7).unwrap() } else { tensor });
    let refused = open(copy.path(), Head::LabelWords, Precision::F16).err().unwrap().to_string();
    assert!(refused.contains(far) && refused.contains("bf16"), "{refused}");
    assert!(open(copy.path(), Head::LabelWords, Precision::Bf16).is_ok());
}

#[test]
fn a_student_is_never_kept_in_half_precision() {
    let mut session = Session::built_in().unwrap();
    session.student.precision = Precision::Bf16;
    let problem = session.problem().unwrap();
    assert!(problem.contains("student.precision"), "{problem}");
}
