//! The classic mistakes of distillation that no other test is named after. Numbers and right answers are those of the
//! field; traps 1, 2, 4, 5 stand in `losses.rs`, 6, 7, 12, 18 and 31 in `token_tasks.rs`, 10 in `teacher_rows.rs`, 11
//! beside the likeliest outcomes, 14 in `prompt.rs`, 15 in `golden.rs`, 32 in `optim.rs`.
#![cfg(feature = "engine")]

mod divergences;
mod tiny;

use std::sync::Arc;

use candle_core::{Device, Tensor};
use retort::engine::data::{Dataset, Example, Fields, Layout, Target};
use retort::engine::measure::of_tokens::{AgainstTeacher, figures};
use retort::engine::measure::{RowFigures, TokenMeasure};
use retort::engine::model::{DropoutRng, Trace};
use retort::engine::task::causal_lm::CausalLm;
use retort::engine::task::{Sample, Targets, Task};
use retort::engine::teacher::{LocalTeacher, RowTeacher, Teacher};
use retort::session::{Head, Init, Scoring, TaskKind, TeacherRows};
use tiny::{flat, scalar};

#[test]
fn trap_3_the_divergence_is_of_the_student_from_the_teacher() {
    let row = |p: [f32; 3]| Tensor::new(&[p.map(f32::ln)], &Device::Cpu).unwrap();
    let (teacher, student) = (row([0.5, 0.25, 0.25]), row([0.7, 0.2, 0.1]));
    let of = |student: &Tensor, teacher: &Tensor| {
        scalar(&divergences::distillation(student, teacher, 1.0, &Tensor::new(&[1f32], &Device::Cpu).unwrap()).unwrap())
    };
    let by_hand = 0.5 * (0.5f64 / 0.7).ln() + 0.25 * (0.25f64 / 0.2).ln() + 0.25 * 2.5f64.ln();
    let other_way = 0.7 * (0.7f64 / 0.5).ln() + 0.2 * (0.2f64 / 0.25).ln() + 0.1 * (0.1f64 / 0.25).ln();
    assert!((of(&student, &teacher) - by_hand).abs() < 1e-6);
    assert!((of(&teacher, &student) - other_way).abs() < 1e-6 && (by_hand - other_way).abs() > 1e-3);
    assert_eq!(of(&teacher, &teacher), 0.0);
}

#[test]
fn trap_8_the_first_end_is_learned_and_nothing_behind_it() {
    let gpt2 = tiny::open_folder(&tiny::folder("gpt2"), Head::LabelWords, Init::Stored, 0);
    let answered = |text: &str, answer: &str| Example {
        fields: Fields::text(text),
        target: Target::Text(answer.into()),
        weight: 1.0,
    };
    let train = vec![answered("soup", "tea"), answered("the moon and the stars are far out", "hot bread with tea")];
    let data = Dataset { labelled: vec![true; 2], train, ..Dataset::default() };
    let prompt = tiny::prompt(&gpt2, Scoring::Sum);
    let task = data.asked(TaskKind::NEXT_TOKEN, &gpt2, &prompt, gpt2.card.vocabulary).unwrap();
    let samples: Vec<Sample> = data.train.iter().map(|example| task.encode(&gpt2, example, 0).unwrap()).collect();
    // The shorter one stands padded beside the longer one.
    let pass = tiny::pass(task.as_ref(), &gpt2, gpt2.detached.as_ref(), &samples, &DropoutRng::none());
    for (number, sample) in samples.iter().enumerate() {
        let rows: Vec<_> = pass.answers.rows.iter().filter(|row| row.example == number).collect();
        let ends = rows.iter().filter(|row| row.truth == gpt2.tokens.end()).count();
        assert_eq!((ends, rows.last().unwrap().truth), (1, gpt2.tokens.end()));
        assert_eq!(rows.last().unwrap().position + 2, sample.passes[0].ids.len());
    }
}

#[test]
fn trap_9_a_teacher_drops_nothing_whatever_its_configuration_says() {
    let mut text = std::fs::read_to_string(tiny::folder("gpt2").join("config.json")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(tiny::folder("gpt2")).unwrap().flatten() {
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    let mut config: serde_json::Value = serde_json::from_str(&text).unwrap();
    ["resid_pdrop", "embd_pdrop", "attn_pdrop"].iter().for_each(|name| config[*name] = 0.5.into());
    text = config.to_string();
    std::fs::write(folder.path().join("config.json"), text).unwrap();
    let model = Arc::new(tiny::open_folder(folder.path(), Head::LabelWords, Init::Stored, 0));
    let outcomes = model.card.vocabulary;
    let task = CausalLm { packed: false, outcomes };
    let sample = task.encode(&model, &Example::unlabelled("soup with bread, then tea"), 0).unwrap();
    let teacher = RowTeacher::new(Arc::clone(&model), outcomes, TaskKind::NEXT_TOKEN, TeacherRows::Live, None);
    let said = || match teacher.targets(&task, &[&sample]).unwrap() {
        Targets::Deferred(deferred) => flat(&deferred.whole().unwrap()),
        Targets::Dense(all) => flat(&all),
        Targets::TopK(_) => panic!("all of them were asked for"),
    };
    assert_eq!(said(), said());
    let trained = |seed| {
        let noise = DropoutRng::seeded(seed);
        let pass = task.forward(&model, model.tracked.as_ref(), &[&sample], false, &mut Trace::none(), &noise);
        flat(&pass.unwrap().answers.logits.whole().unwrap())
    };
    assert!(trained(1) != trained(2) && trained(1) != said(), "or nothing is dropped anywhere");
}

#[test]
fn trap_16_what_a_teacher_says_is_a_distribution_over_the_labels() {
    for name in ["gpt2", "bert_masked", "t5", "bert_classifier"] {
        let head = if name.ends_with("classifier") { Head::Classifier } else { Head::LabelWords };
        let model = Arc::new(tiny::open_folder(&tiny::folder(name), head, Init::Stored, 0));
        let prompt = tiny::prompt(&model, Scoring::Sum);
        let teacher = LocalTeacher::new(model, &prompt, &tiny::classes(), &Layout::default()).unwrap();
        for row in teacher.predict(&tiny::TEXTS.map(Fields::text)).unwrap() {
            let sum: f64 = row.iter().map(|log| f64::from(*log).exp()).sum();
            assert!((sum - 1.0).abs() < 1e-5, "{name}: {sum}");
        }
    }
}

#[test]
fn trap_35_agreement_with_the_teacher_and_being_right_are_two_figures() {
    let row = |right, agrees| RowFigures {
        weight: 1.0,
        bytes: 1,
        surprise: 1.0,
        right,
        entropy: 1.0,
        teacher: Some(AgainstTeacher { divergence: 0.2, agrees, entropy: 1.0 }),
    };
    // A student that is right where its teacher is not.
    let told = figures(TokenMeasure::ALL, &[row(true, false), row(true, true), row(true, false), row(false, true)]);
    assert_eq!((told["accuracy"], told["agreement"]), (0.75, 0.5));
}
