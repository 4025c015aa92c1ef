//! A GGUF file teaches: the built-in teacher, rounded, gives soft targets a student learns from; and
//! as a student it is refused.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use candle_core::quantized::GgmlDType;
use retort::engine::data::{Fields, Layout};
use retort::engine::pair::Pair;
use retort::engine::teacher::{CachedTeacher, LocalTeacher, TargetCache, Teacher};
use retort::session::{ModelChoice, Session, Source, file};

use crate::models::{matrices, open};
use crate::writer::convert;

/// The built-in teacher in a file of its own.
fn teacher(folder: &Path, dtype: GgmlDType) -> PathBuf {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/models/posts-teacher");
    let path = folder.join(format!("posts-{dtype:?}.gguf"));
    convert(&assets, &matrices(dtype)).write(&path);
    path
}

fn session(teacher: &Path) -> Session {
    let mut session = Session::built_in().unwrap();
    session.data.limit = retort::session::Limits::each(Some(64));
    session.recipe.device = crate::tiny::where_computed::asked();
    session.set_teacher(Some(ModelChoice::stored(Source::Folder(teacher.to_owned()))));
    session
}

fn answers(session: &Session) -> Vec<Vec<f32>> {
    let pair = Pair::open(session, None).unwrap();
    let model = Arc::clone(pair.assets.teacher.as_ref().unwrap());
    let teacher =
        LocalTeacher::new(model, &session.prompt.for_teacher(), &pair.assets.data.classes, &Layout::default()).unwrap();
    let texts: Vec<Fields> = pair.assets.data.train.iter().take(24).map(|example| example.fields.clone()).collect();
    let together = teacher.predict(&texts).unwrap();
    let alone = teacher.predict(&texts[5..6]).unwrap();
    assert_eq!(together[5], alone[0], "an answer does not depend on the other texts");
    let mut targets = CachedTeacher::new(teacher, TargetCache::in_memory());
    assert_eq!(&*targets.predict(&texts[5..6]).unwrap()[0], &alone[0][..]);
    together
}

/// Mean total variation distance, and how often the likeliest class is the same.
fn apart(ours: &[Vec<f32>], theirs: &[Vec<f32>]) -> (f32, f32) {
    let most = |row: &Vec<f32>| (0..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b]));
    let pairs = || ours.iter().zip(theirs);
    let distance = |(a, b): (&Vec<f32>, &Vec<f32>)| -> f32 {
        a.iter().zip(b).map(|(a, b)| (a.exp() - b.exp()).abs()).sum::<f32>() / 2.0
    };
    let same = pairs().filter(|(a, b)| most(a) == most(b)).count();
    (pairs().map(distance).sum::<f32>() / ours.len() as f32, same as f32 / ours.len() as f32)
}

#[test]
fn soft_targets_of_a_rounded_teacher_are_those_of_the_teacher() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = session(&teacher(folder.path(), GgmlDType::F32));
    let ours = answers(&session);
    session.set_teacher(Session::built_in().unwrap().teacher().cloned());
    let theirs = answers(&session);
    let (distance, same) = apart(&ours, &theirs);
    assert!(distance < 1e-4 && same == 1.0, "F32: {distance}, {same}");
    for (dtype, most) in [(GgmlDType::Q8_0, 0.01), (GgmlDType::Q5_0, 0.06), (GgmlDType::Q4_0, 0.1)] {
        session.set_teacher(Some(ModelChoice::stored(Source::Folder(teacher(folder.path(), dtype)))));
        let (distance, same) = apart(&answers(&session), &theirs);
        println!("{dtype:?}: {distance:.4} apart, {same:.3} the same");
        assert!(distance < most && same > 0.9, "{dtype:?}: {distance} apart, {same} the same");
    }
}

#[test]
fn another_rounding_is_another_teacher() {
    let folder = tempfile::tempdir().unwrap();
    let prints = [GgmlDType::Q8_0, GgmlDType::Q4_0].map(|dtype| {
        let session = session(&teacher(folder.path(), dtype));
        let model = Arc::new(open(&teacher(folder.path(), dtype)).unwrap());
        let classes: Vec<String> = ["a", "b"].map(String::from).to_vec();
        LocalTeacher::new(model, &session.prompt.for_teacher(), &classes, &Layout::default()).unwrap().fingerprint()
    });
    assert_ne!(prints[0], prints[1], "kept answers of one are never taken for the other's");
}

#[test]
fn as_a_student_it_is_refused_with_the_reason_and_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = teacher(folder.path(), GgmlDType::Q8_0);
    let mut session = session(&path);
    session.student = ModelChoice::stored(Source::Folder(path.clone()));
    let said = Pair::open(&session, None).err().unwrap().to_string();
    for words in ["student", "teach but not learn", "make it the teacher", "posts-Q8_0.gguf"] {
        assert!(said.contains(words), "{said}");
    }
    let kept = open(&path).unwrap().save(folder.path(), &[]).unwrap_err().to_string();
    assert!(kept.contains("teach"), "{kept}");
}

fn retort(folder: &Path, arguments: &[&str]) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_retort"));
    process.env("RETORT_CACHE", folder.join("targets")).env("HF_HUB_CACHE", folder.join("cache"));
    process.env("HF_HOME", folder).current_dir(folder).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

#[test]
fn a_run_with_a_gguf_teacher_ends_in_a_student() {
    let folder = tempfile::tempdir().unwrap();
    teacher(folder.path(), GgmlDType::Q8_0);
    // A path beside the session's own file.
    let mut session = session(Path::new("posts-Q8_0.gguf"));
    (session.recipe.steps, session.recipe.batch, session.recipe.warmup) = (4, 4, 1);
    (session.recipe.evaluate_every, session.recipe.checkpoint_every) = (4, 4);
    file::save(&session, &folder.path().join("session.ron")).unwrap();
    let done = retort(folder.path(), &["run", "session.ron", "--out", "out"]);
    assert!(done.status.success(), "{}", said(&done));
    assert!(folder.path().join("out/student/model.safetensors").is_file());
    session.student = session.teacher().cloned().unwrap();
    file::save(&session, &folder.path().join("wrong.ron")).unwrap();
    let wrong = retort(folder.path(), &["run", "wrong.ron", "--out", "wrong"]);
    assert!(!wrong.status.success() && said(&wrong).contains("make it the teacher"), "{}", said(&wrong));
}

#[test]
fn the_commands_take_a_file_where_they_take_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = teacher(folder.path(), GgmlDType::Q4_0);
    let out = folder.path().join("probe.safetensors");
    let probe = ["probe", path.to_str().unwrap(), "--text", "a goal", "--out", out.to_str().unwrap(), "--json"];
    let done = retort(folder.path(), &probe);
    assert!(done.status.success(), "{}", said(&done));
    let json: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((&json["model"]["architecture"], &json["model"]["parameters"]), (&"gpt2".into(), &1_503_040.into()));
    let tensors = candle_core::safetensors::load(&out, &candle_core::Device::Cpu).unwrap();
    assert_eq!(tensors["logits"].dims(), [json["tokens"].as_u64().unwrap() as usize, 1500]);
    assert!(tensors.contains_key("attention.0") && tensors.contains_key("hidden.4"));
    std::fs::write(&path, b"GGUF").unwrap();
    let broken = retort(folder.path(), &probe);
    assert_eq!(broken.status.code(), Some(3), "{}", said(&broken));
}

/// A file that another tool has put into the cache of the Hub is listed, and opens from there.
#[test]
fn a_file_in_the_cache_of_the_hub_is_listed_and_opens() {
    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("cache/models--owner--small-gguf");
    let snapshot = base.join("snapshots").join(COMMIT);
    std::fs::create_dir_all(&snapshot).unwrap();
    std::fs::create_dir_all(base.join("refs")).unwrap();
    std::fs::write(base.join("refs/main"), COMMIT).unwrap();
    std::fs::rename(teacher(folder.path(), GgmlDType::Q8_0), snapshot.join("small.gguf")).unwrap();
    let json: serde_json::Value =
        serde_json::from_slice(&retort(folder.path(), &["list", "models", "--json"]).stdout).unwrap();
    let listed = &json["models"][0];
    assert_eq!((&listed["repo"], &listed["architecture"]), (&"owner/small-gguf".into(), &"gpt2".into()));
    assert_eq!((&listed["problem"], &listed["student_bytes"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    assert_eq!(listed["parameters"], 1_503_040);
    assert!(listed["teacher_bytes"].as_u64().unwrap() > 1_503_040, "{listed}");
    let out = folder.path().join("probe.safetensors");
    let probe = ["probe", "hub:owner/small-gguf", "--text", "a goal", "--out", out.to_str().unwrap()];
    let done = retort(folder.path(), &probe);
    assert!(done.status.success(), "{}", said(&done));
}
