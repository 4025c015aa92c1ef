//! A teacher's rows over a vocabulary: a cold, a warm and no cache give the same bits, whatever becomes of the file.
#![cfg(feature = "engine")]

mod tiny;

use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::sync::Arc;

use candle_core::{Tensor, Var};
use retort::engine::loss::soft_targets::SoftTargets;
use retort::engine::loss::{Rows, Term, compare};
use retort::engine::model::{Model, ops};
use retort::engine::task::causal_lm::CausalLm;
use retort::engine::task::{Logits, Row, Sample, Targets, Task, TopK};
use retort::engine::teacher::{Keep, RowTeacher, row_codec, row_file, rows_on_disk};
use retort::engine::{self, doctor, pair::Pair, token_evaluation, train::Trainer};
use retort::link::{Grade, Subject};
use retort::session::{Head, Init, Limits, ModelChoice, Session, Source, TaskKind, TeacherRows};

fn model(seed: u64) -> Arc<Model> {
    Arc::new(tiny::open_folder(&tiny::folder("gpt2"), Head::LabelWords, Init::Fresh, seed))
}

/// The task over running text, and some samples of it.
fn samples(model: &Model) -> (CausalLm, Vec<Sample>) {
    let task = CausalLm { packed: false, outcomes: model.card.vocabulary };
    let samples = tiny::prepare(&task, model, &tiny::TEXTS);
    (task, samples)
}

fn teacher(model: &Arc<Model>, rows: TeacherRows, folder: Option<&Path>) -> RowTeacher {
    let keep = folder.map(|folder| Keep { folder, free: None });
    RowTeacher::new(Arc::clone(model), model.card.vocabulary, TaskKind::NEXT_TOKEN, rows, keep)
}

/// What the teacher says of all samples, in words that tell bits apart.
fn said(teacher: &RowTeacher, task: &dyn Task, samples: &[Sample]) -> String {
    match teacher.targets(task, &samples.iter().collect::<Vec<_>>()).unwrap() {
        Targets::TopK(top) => format!("{top:?}"),
        Targets::Dense(all) => format!("{:?}", all.to_vec2::<f32>().unwrap()),
        Targets::Deferred(all) => format!("{:?}", all.whole().unwrap().to_vec2::<f32>().unwrap()),
    }
}

fn only_file(folder: &Path) -> PathBuf {
    // Beside it stands the mark of whoever has it open.
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "rows")).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

#[test]
fn trap_10_a_cold_a_warm_and_no_cache_give_the_same_bits() {
    let model = model(1);
    let (task, samples) = samples(&model);
    let rows: u64 = samples.iter().map(|sample| sample.rows.len() as u64).sum();
    for of in [TeacherRows::TopK(5), TeacherRows::TopK(4096), TeacherRows::Whole] {
        let folder = tempfile::tempdir().unwrap();
        let none = said(&teacher(&model, of, None), &task, &samples);
        let cold = teacher(&model, of, Some(folder.path()));
        assert_eq!(said(&cold, &task, &samples), none, "{of:?}, cold");
        assert_eq!((cold.kept().rows, cold.kept().hits), (rows, 0));
        let warm = teacher(&model, of, Some(folder.path()));
        assert_eq!(said(&warm, &task, &samples), none, "{of:?}, warm");
        assert_eq!((warm.kept().rows, warm.kept().hits, warm.kept().bytes), (rows, rows, cold.kept().bytes));
        assert_eq!((cold.take_warning(), warm.take_warning()), (None, None));
        let listed = rows_on_disk::list(folder.path()).unwrap();
        assert_eq!((listed.len(), listed[0].rows, listed[0].samples), (1, rows, samples.len()), "{listed:?}");
        let k = of.k().map(|k| k.min(model.card.vocabulary) as u64);
        assert_eq!((listed[0].teacher(), listed[0].k()), (&*model.card.title, k));
        // One at a time, as they are measured.
        let each = samples.iter().map(|sample| said(&warm, &task, std::slice::from_ref(sample)));
        let alone = samples.iter().map(|sample| said(&teacher(&model, of, None), &task, std::slice::from_ref(sample)));
        assert!(each.eq(alone), "{of:?}");
    }
}

#[test]
fn what_another_teacher_k_or_text_has_said_is_not_taken_for_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (model(1), model(2));
    let (task, samples) = samples(&one);
    let with = |model: &Arc<Model>, of| said(&teacher(model, of, Some(folder.path())), &task, &samples);
    for of in [TeacherRows::TopK(5), TeacherRows::TopK(6), TeacherRows::Whole] {
        for model in [&one, &other] {
            assert_eq!(with(model, of), said(&teacher(model, of, None), &task, &samples), "{of:?}");
        }
    }
    assert_eq!(rows_on_disk::list(folder.path()).unwrap().len(), 6);
    // The same tokens asked about at other places.
    let mut fewer = samples.clone();
    fewer.iter_mut().for_each(|sample| sample.rows.truncate(sample.rows.len().saturating_sub(1)));
    let warm = teacher(&one, TeacherRows::TopK(5), Some(folder.path()));
    assert_eq!(said(&warm, &task, &fewer), said(&teacher(&one, TeacherRows::TopK(5), None), &task, &fewer));
}

#[test]
fn two_teachers_on_one_file_a_torn_a_removed_and_a_foreign_file_change_no_bit() {
    let folder = tempfile::tempdir().unwrap();
    let model = model(1);
    let (task, samples) = samples(&model);
    let of = TeacherRows::TopK(7);
    let none = said(&teacher(&model, of, None), &task, &samples);
    let (a, b) = (teacher(&model, of, Some(folder.path())), teacher(&model, of, Some(folder.path())));
    said(&a, &task, &samples[..4]);
    said(&b, &task, &samples[2..]);
    assert_eq!((said(&a, &task, &samples), said(&b, &task, &samples)), (none.clone(), none.clone()));
    let path = only_file(folder.path());
    let listed = rows_on_disk::list(folder.path()).unwrap();
    assert_eq!(listed[0].samples, samples.len(), "none is kept twice");
    let whole = std::fs::read(&path).unwrap();
    for cut in [whole.len() - 3, whole.len() / 2, 10, 0] {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let torn = teacher(&model, of, Some(folder.path()));
        assert_eq!(said(&torn, &task, &samples), none, "cut at {cut}");
        assert_eq!(std::fs::metadata(&path).unwrap().len(), whole.len() as u64, "cut at {cut}: kept again");
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(said(&a, &task, &samples), none);
    std::fs::write(&path, b"a file of something else, that stands in the way of rows that would be kept").unwrap();
    let foreign = teacher(&model, of, Some(folder.path()));
    assert_eq!(said(&foreign, &task, &samples), none);
    let why = foreign.take_warning().unwrap();
    assert!(why.contains("rows are not kept") && foreign.take_warning().is_none(), "{why}");
}

#[test]
fn a_full_disk_is_said_once_and_costs_only_what_would_be_kept() {
    let folder = tempfile::tempdir().unwrap();
    let model = model(1);
    let (task, samples) = samples(&model);
    let of = TeacherRows::TopK(7);
    let keep = Some(Keep { folder: folder.path(), free: Some(3000) });
    let full = RowTeacher::new(Arc::clone(&model), model.card.vocabulary, TaskKind::NEXT_TOKEN, of, keep);
    let none = said(&teacher(&model, of, None), &task, &samples);
    assert_eq!((said(&full, &task, &samples), said(&full, &task, &samples)), (none.clone(), none));
    let why = full.take_warning().unwrap();
    assert!(why.contains("retort cache --clear") && full.take_warning().is_none(), "{why}");
    let bytes = std::fs::metadata(only_file(folder.path())).unwrap().len();
    assert!(bytes <= 1500 && full.kept().hits > 0, "{bytes}, {:?}", full.kept());
}

#[test]
fn of_all_outcomes_the_loss_and_its_gradient_are_those_of_whole_rows() {
    let (rows, outcomes) = (6, 40);
    let values = |seed: usize| -> Vec<f32> {
        (0..rows * outcomes).map(|i| ((i * seed * 7919 + 13) % 101) as f32 * 0.08 - 4.0).collect()
    };
    let top = TopK::of(&values(3), outcomes, outcomes);
    let top = row_codec::decode(&row_codec::encode(&top), rows, outcomes, outcomes).unwrap();
    let dense = Tensor::from_vec(values(3), (rows, outcomes), &tiny::device()).unwrap();
    let loss = |teacher: &Targets| {
        let student = Var::from_vec(values(5), (rows, outcomes), &tiny::device()).unwrap();
        let logits = Logits::Dense(student.as_tensor().clone());
        let of = |example| Row { example, position: 0, weight: 1.0, truth: None };
        let of: Vec<Row> = (0..rows).map(of).collect();
        let total = compare(
            &[Term::new(&SoftTargets, 1.0, 2.0)],
            &Rows { student: &logits, teacher: Some(teacher), rows: &of, of_step: None },
        )
        .unwrap()
        .total;
        (tiny::scalar(&total), tiny::flat(ops::backward(&total).unwrap().get(&student).unwrap()))
    };
    let ((a, ours), (b, theirs)) = (loss(&Targets::TopK(top)), loss(&Targets::Dense(dense)));
    assert!((a - b).abs() < 1e-5, "{a} is not {b}");
    tiny::assert_close("gradient", &ours, &theirs, 1e-5);
}

/// Rows like a language model's: probabilities that fall as a power of the rank, steeper in some rows than in others.
fn like_a_language_model(rows: usize, outcomes: usize) -> Vec<f32> {
    let mut values = vec![0.0; rows * outcomes];
    for (number, row) in values.chunks_exact_mut(outcomes).enumerate() {
        let steep = 1.1 + 0.1 * (number % 13) as f32;
        for rank in 0..outcomes {
            let noise = ((rank * 7919 + number * 104_729) % 1009) as f32 / 1009.0;
            row[(rank * 30_011 + number * 977) % outcomes] = 3.0 - steep * (rank as f32 + 1.0).ln() - noise;
        }
    }
    values
}

#[test]
fn rows_are_as_small_and_as_exact_as_is_said() {
    const OUTCOMES: usize = 50_257;
    let (rows, values) = (20, like_a_language_model(20, OUTCOMES));
    for (k, most) in [(16, 56.0), (50, 138.0), (128, 310.0), (512, 1085.0)] {
        let exact = TopK::of(&values, k, OUTCOMES);
        let encoded = row_codec::encode(&exact);
        let kept = row_codec::decode(&encoded, rows, k, OUTCOMES).unwrap();
        let bytes = encoded.len() as f64 / rows as f64;
        let off = |temperature: f64| {
            let (a, b) = (soft_targets(&exact, temperature), soft_targets(&kept, temperature));
            let apart: f32 = a.1.iter().zip(&b.1).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
            let all = a.1.iter().map(|a| a * a).sum::<f32>().sqrt();
            ((a.0 - b.0).abs() / a.0, f64::from(apart / all))
        };
        let (at_1, at_2) = (off(1.0), off(2.0));
        println!("k = {k}: {bytes} bytes a row; loss and gradient off by {at_1:?} at T = 1, {at_2:?} at T = 2");
        assert!(bytes <= most, "k = {k}: {bytes} bytes a row");
        assert!([at_1.0, at_2.0].iter().all(|off| *off < 0.005) && [at_1.1, at_2.1].iter().all(|off| *off < 0.01));
    }
    // The worst set of numbers there is, and what a record of 32 rows takes beside its rows.
    let mut top = TopK::new(50, OUTCOMES);
    (top.ids, top.log_probs, top.tails) = ((50_207..50_257).collect(), vec![0.0; 50], vec![[0.0; 5]]);
    let bytes = row_codec::encode(&top).len() as f64 + row_file::BESIDE as f64 / 32.0;
    println!("k = 50 at worst, in a record of 32: {bytes}");
    assert!(bytes <= 140.0, "{bytes}");
}

/// The soft-target loss of a student that says nothing much, and its gradient.
fn soft_targets(top: &TopK, temperature: f64) -> (f64, Vec<f32>) {
    let (rows, outcomes) = (top.rows(), top.outcomes());
    let values = (0..rows * outcomes).map(|i| ((i * 48_271) % 89) as f32 * 0.03).collect();
    let student = Var::from_vec(values, (rows, outcomes), &tiny::device()).unwrap();
    let logits = Logits::Dense(student.as_tensor().clone());
    let of: Vec<Row> = (0..rows).map(|example| Row { example, position: 0, weight: 1.0, truth: None }).collect();
    let teacher = Targets::TopK(top.clone());
    let rows = Rows { student: &logits, teacher: Some(&teacher), rows: &of, of_step: None };
    let total = compare(&[Term::new(&SoftTargets, 1.0, temperature)], &rows).unwrap().total;
    (tiny::scalar(&total), tiny::flat(ops::backward(&total).unwrap().get(&student).unwrap()))
}

/// A tiny pair that learns the next token from the likeliest `k` tokens of its teacher.
fn session(k: usize) -> Session {
    let mut session = Session::built_in().unwrap();
    let choice = ModelChoice::stored(Source::Folder(tiny::folder("gpt2")));
    session.teachers = vec![choice.clone()];
    session.student = ModelChoice { init: Init::Fresh, ..choice };
    session.recipe.task = TaskKind::NEXT_TOKEN;
    session.recipe.teacher_rows = TeacherRows::TopK(k);
    session.recipe.terms = vec!["soft_targets".to_owned()];
    session.recipe.batch = 4;
    session.data.limit = Limits::each(Some(40));
    session
}

#[test]
fn a_check_up_measures_what_the_kept_tokens_lose_and_proposes_more_where_that_is_much() {
    let cache = tempfile::tempdir().unwrap();
    // SAFETY: no other test of this file reads the environment.
    unsafe { std::env::set_var("RETORT_CACHE", cache.path()) };
    let row = |k: usize| {
        let checkup = doctor::examine(&session(k), None, &engine::catalog());
        checkup.finding(Subject::KeptRows).unwrap_or_else(|| panic!("no row: {checkup:?}")).clone()
    };
    let (few, all) = (row(2), row(4096));
    println!("{few:?}\n{all:?}");
    assert_eq!((few.grade, all.grade), (Grade::Amber, Grade::Green), "{few:?} {all:?}");
    assert!(few.fix.contains("TopK(") && few.figures["mass"] < 0.9 && few.figures["rows"] <= 200.0, "{few:?}");
    assert!(few.figures["cosine"] < 1.0 && few.figures["lost"] > 0.0, "{few:?}");
    assert!(all.figures["lost"].abs() < 1e-5 && (all.figures["cosine"] - 1.0).abs() < 1e-5, "{all:?}");
    // The same steps with a cold and a warm cache, and the teacher's own figures whatever is kept of its rows.
    let trained = |session: Session| {
        let pair = Pair::open(&session, None).unwrap();
        let mut trainer = Trainer::new(session, pair, &engine::catalog()).unwrap();
        let steps: Vec<_> = (0..4).map(|_| trainer.advance().unwrap().values).collect();
        let data = Arc::clone(&trainer.pair.assets.data);
        let own = token_evaluation::of_part(&trainer, &data.validation, &mut |_| true).unwrap().1;
        (steps, own, trainer.row_teacher.unwrap().kept())
    };
    let (cold, warm) = (trained(session(3)), trained(session(3)));
    assert!(warm.2.rows > 0 && warm.2.hits == warm.2.rows && cold.2.hits < cold.2.rows, "{:?} {:?}", cold.2, warm.2);
    assert_eq!((&cold.0, &cold.1), (&warm.0, &warm.1));
    let mut live = session(2);
    live.recipe.teacher_rows = TeacherRows::Live;
    let own = trained(live.clone()).1.unwrap();
    assert!(own.contains_key("perplexity") && cold.1 == Some(own), "{:?}", cold.1);
    assert!(doctor::examine(&live, None, &engine::catalog()).finding(Subject::KeptRows).is_none());
}

#[test]
fn kept_rows_are_listed_and_cleared_and_answers_stay_until_they_are_named() {
    let cache = tempfile::tempdir().unwrap();
    let retort = |arguments: &[&str]| {
        let mut process = Process::new(env!("CARGO_BIN_EXE_retort"));
        let done = process.arg("cache").args(arguments).env("RETORT_CACHE", cache.path()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    assert!(retort(&[]).contains("nothing of a teacher is kept"));
    let model = model(1);
    let (task, samples) = samples(&model);
    said(&teacher(&model, TeacherRows::TopK(5), Some(cache.path())), &task, &samples);
    let rows = only_file(cache.path());
    let (answers, costs) = (cache.path().join("a.targets"), cache.path().join("a.tokens.csv"));
    std::fs::write(&answers, b"paid").unwrap();
    std::fs::write(&costs, b"costs").unwrap();
    let told = retort(&[]);
    assert!(told.contains("rows, top 5") && told.contains("a.targets") && told.contains(&*model.card.title), "{told}");
    let json: serde_json::Value = serde_json::from_str(&retort(&["--json"])).unwrap();
    assert_eq!((json["rows"][0]["about"]["k"].as_u64(), json["freed_bytes"].as_u64()), (Some(5), Some(0)));
    let bytes = std::fs::metadata(&rows).unwrap().len();
    let json: serde_json::Value = serde_json::from_str(&retort(&["--clear", "--json"])).unwrap();
    assert_eq!(json["freed_bytes"].as_u64(), Some(bytes));
    assert!(!rows.exists() && answers.exists() && costs.exists());
    assert!(retort(&["--clear"]).contains("--paid"));
    assert!(retort(&["--clear", "--paid"]).contains("removed 2 files"));
    assert!(!answers.exists() && !costs.exists());
}
