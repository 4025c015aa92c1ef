//! What each term of a loss asks of the student: its gradient at the last hidden states against one that the tensor
//! library finds, over logits that are there, that a head gives, and against the likeliest outcomes of a teacher; and
//! that looking changes nothing of a run.
#![cfg(feature = "engine")]

use candle_core::{D, Device, Tensor, Var};
use retort::engine::loss::{LOSSES, Rows, Term, TermGradient, teacher_entropy, term_gradients};
use retort::engine::model::frozen::Weight;
use retort::engine::model::layers::Linear;
use retort::engine::pair::Pair;
use retort::engine::task::{Deferred, Logits, Row, Targets, TopK};
use retort::engine::{self, train::Trainer};
use retort::session::{Session, file};

const ROWS: usize = 23;
const WIDTH: usize = 12;
const OUTCOMES: usize = 40;
/// Rows that are looked at, of which one does not count.
const SAMPLE: usize = 17;

fn random(seed: u64, shape: &[usize]) -> Tensor {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as f32 / (1u64 << 31) as f32 - 0.5) * 4.0
    };
    let count = shape.iter().product();
    Tensor::from_vec((0..count).map(|_| next()).collect::<Vec<f32>>(), shape, &Device::Cpu).unwrap()
}

fn rows() -> Vec<Row> {
    let row = |i: usize| Row {
        example: i,
        position: 0,
        weight: if i == 4 { 0.0 } else { 1.0 + (i % 3) as f32 },
        truth: (i % 5 != 1).then_some((i * 7 % OUTCOMES) as u32),
    };
    (0..ROWS).map(row).collect()
}

fn term(id: &str, weight: f64, temperature: f64) -> Term {
    Term::new(*LOSSES.iter().find(|loss| loss.entry().id == id).unwrap(), weight, temperature)
}

/// The weighted mean of what `of` says of the rows that count, by plain tensor operations.
fn mean(per_row: &Tensor, counts: impl Fn(&Row) -> bool) -> Tensor {
    let weights: Vec<f32> = rows().iter().take(SAMPLE).map(|row| if counts(row) { row.weight } else { 0.0 }).collect();
    let total: f32 = weights.iter().sum();
    let weights = Tensor::new(weights, &Device::Cpu).unwrap();
    ((per_row * weights).unwrap().sum_all().unwrap() / f64::from(total)).unwrap()
}

fn log_softmax(logits: &Tensor, temperature: f64) -> Tensor {
    let scaled = (logits / temperature).unwrap();
    let level = scaled.exp().unwrap().sum_keepdim(D::Minus1).unwrap().log().unwrap();
    scaled.broadcast_sub(&level).unwrap()
}

fn kl(teacher: &Tensor, student: &Tensor) -> Tensor {
    (teacher.exp().unwrap() * (teacher - student).unwrap()).unwrap().sum(D::Minus1).unwrap()
}

/// What the tensor library finds of `0.7·CE` and `0.3·T²·KL` with `teacher` telling the kept outcomes and the others
/// as one, where `kept` says so.
fn expected(states: &Var, logits: &Tensor, teacher: &Tensor, kept: Option<&TopK>, temperature: f64) -> [Vec<f32>; 2] {
    let truth: Vec<u32> = rows().iter().take(SAMPLE).map(|row| row.truth.unwrap_or_default()).collect();
    let truth = Tensor::new(truth, &Device::Cpu).unwrap().unsqueeze(1).unwrap();
    let picked = log_softmax(logits, 1.0).gather(&truth, 1).unwrap().squeeze(1).unwrap().neg().unwrap();
    let labels = (mean(&picked, |row| row.weight > 0.0 && row.truth.is_some()) * 0.7).unwrap();
    let (theirs, ours) = (log_softmax(teacher, temperature), log_softmax(logits, temperature));
    let divergence = match kept {
        None => kl(&theirs, &ours),
        Some(top) => {
            let ids = Tensor::from_vec(top.ids[..SAMPLE * top.k()].to_vec(), (SAMPLE, top.k()), &Device::Cpu).unwrap();
            let with_rest = |row: &Tensor| {
                let known = row.gather(&ids, 1).unwrap();
                let rest = (1.0 - known.exp().unwrap().sum_keepdim(1).unwrap()).unwrap().log().unwrap();
                Tensor::cat(&[known, rest], 1).unwrap()
            };
            kl(&with_rest(&theirs), &with_rest(&ours))
        }
    };
    let soft = (mean(&divergence, |row| row.weight > 0.0) * (0.3 * temperature * temperature)).unwrap();
    [labels, soft].map(|loss| {
        let gradients = loss.backward().unwrap();
        gradients.get(states).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    })
}

fn assert_agrees(told: &[TermGradient], [labels, soft]: &[Vec<f32>; 2], what: &str) {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let norms = [product(labels, labels).sqrt(), product(soft, soft).sqrt()];
    for (told, norm) in told.iter().zip(norms) {
        assert!((told.norm - norm).abs() < 2e-4 * norm, "{what}: {} is not {norm}", told.norm);
    }
    let cosine = product(labels, soft) / (norms[0] * norms[1]);
    assert!(told[0].cosine.is_none(), "{what}: of the labels themselves there is none");
    assert!((told[1].cosine.unwrap() - cosine).abs() < 1e-3, "{what}: {:?} is not {cosine}", told[1].cosine);
}

#[test]
fn the_gradients_are_those_that_the_tensor_library_finds_whatever_gives_logits_and_targets() {
    let temperature = 2.0;
    let terms = [term("hard_labels", 0.7, 1.0), term("soft_targets", 0.3, temperature)];
    let (states, weight, bias) = (random(1, &[ROWS, WIDTH]), random(2, &[OUTCOMES, WIDTH]), random(3, &[OUTCOMES]));
    let (their_states, their_weight) = (random(4, &[ROWS, WIDTH]), random(5, &[OUTCOMES, WIDTH]));
    let teacher = their_states.matmul(&their_weight.t().unwrap()).unwrap();
    // A temperature at which the tails are kept exactly.
    let top = TopK::of(&teacher.flatten_all().unwrap().to_vec1::<f32>().unwrap(), 9, OUTCOMES);
    let head = |weight: &Tensor, bias: Option<Tensor>| Linear::of(Weight::Trainable(weight.clone()), bias);
    let deferred = |states: &Tensor, head: Linear| Deferred { states: states.clone(), head, outcomes: OUTCOMES };
    let whole = |states: &Tensor| states.matmul(&weight.t().unwrap()).unwrap().broadcast_add(&bias).unwrap();
    let few = |tensor: &Tensor| tensor.narrow(0, 0, SAMPLE).unwrap();
    let targets = [
        ("whole", Targets::Dense(teacher.clone()), None),
        ("deferred", Targets::Deferred(deferred(&their_states, head(&their_weight, None))), None),
        ("top k", Targets::TopK(top.clone()), Some(&top)),
    ];
    let rows = rows();
    for (name, targets, kept) in targets {
        // At the states of a head.
        let variable = Var::from_tensor(&few(&states)).unwrap();
        let own = expected(&variable, &whole(&variable), &few(&teacher), kept, temperature);
        let tracked = Var::from_tensor(&weight).unwrap();
        let student = Logits::Deferred(deferred(&states, head(&tracked, Some(bias.clone()))));
        let compared = Rows { student: &student, teacher: Some(&targets), rows: &rows, of_step: None };
        assert_agrees(&term_gradients(&terms, &compared).unwrap().unwrap(), &own, &format!("deferred, {name}"));
        // At logits of which no head is known.
        let logits = Var::from_tensor(&few(&whole(&states))).unwrap();
        let own = expected(&logits, &logits, &few(&teacher), kept, temperature);
        let student = Logits::Dense(whole(&states));
        let compared = Rows { student: &student, teacher: Some(&targets), rows: &rows, of_step: None };
        assert_agrees(&term_gradients(&terms, &compared).unwrap().unwrap(), &own, &format!("dense, {name}"));
    }
}

#[test]
fn a_term_without_labels_beside_it_has_no_cosine_and_no_rows_have_no_gradient() {
    let (student, teacher) =
        (Logits::Dense(random(1, &[ROWS, OUTCOMES])), Targets::Dense(random(2, &[ROWS, OUTCOMES])));
    let all = rows();
    let rows = Rows { student: &student, teacher: Some(&teacher), rows: &all, of_step: None };
    let told = term_gradients(&[term("soft_targets", 1.0, 1.0), term("reverse_kl", 1.0, 1.0)], &rows).unwrap().unwrap();
    assert!(told.iter().all(|told| told.cosine.is_none() && told.norm > 0.0));
    let nothing: Vec<Row> = all.iter().map(|row| Row { weight: 0.0, ..*row }).collect();
    assert!(term_gradients(&[term("soft_targets", 1.0, 1.0)], &Rows { rows: &nothing, ..rows }).unwrap().is_none());
    // A weight of 0 asks for nothing.
    let weightless = term_gradients(&[term("hard_labels", 0.0, 1.0), term("soft_targets", 1.0, 1.0)], &rows);
    let weightless = weightless.unwrap().unwrap();
    assert!(weightless[0].norm == 0.0 && weightless[1].cosine.is_none());
}

#[test]
fn the_teachers_entropy_is_what_a_soft_cross_entropy_against_itself_comes_to() {
    let values = random(7, &[ROWS, OUTCOMES]);
    let top = TopK::of(&values.flatten_all().unwrap().to_vec1::<f32>().unwrap(), 6, OUTCOMES);
    let all = rows();
    let student = Logits::Dense(values.clone());
    for temperature in [1.0, 2.0, 4.0] {
        let term = term("soft_cross_entropy", 1.0, temperature);
        for by_confidence in [0.0, 1.0] {
            let term = Term { by_confidence, ..term };
            // A student that says what the teacher says has reached the floor.
            for targets in [Targets::Dense(values.clone()), Targets::TopK(top.clone())] {
                let rows = Rows { student: &student, teacher: Some(&targets), rows: &all, of_step: None };
                let least = retort::engine::loss::compare(&[term], &rows).unwrap().terms[0].unwrap();
                let floor = teacher_entropy(&term, &rows).unwrap().unwrap();
                let near = if by_confidence == 0.0 || targets.are_whole() { 2e-4 } else { 0.02 };
                assert!(
                    (floor - f64::from(least)).abs() < near * floor,
                    "T {temperature}, by confidence {by_confidence}, whole {}: {floor} is not {least}",
                    targets.are_whole()
                );
            }
        }
    }
    let rows = Rows { student: &student, teacher: None, rows: &all, of_step: None };
    assert_eq!(teacher_entropy(&term("hard_labels", 1.0, 1.0), &rows).unwrap(), None);
}

/// A run of the session at `name`, so many steps of it: its curves.
fn curves(name: &str, change: impl Fn(&mut Session), steps: usize) -> Vec<Vec<(String, f64)>> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sessions").join(name);
    let mut session = file::open(&path).unwrap();
    session.data.limit = retort::session::Limits::each(Some(60));
    change(&mut session);
    let pair = Pair::open(&session, None).unwrap();
    let mut trainer = Trainer::new(session, pair, &engine::catalog()).unwrap();
    let step = |_| {
        let values = trainer.advance().unwrap().values;
        values.into_iter().map(|(id, value)| (id.0.to_string(), value)).collect()
    };
    (0..steps).map(step).collect()
}

fn value(values: &[(String, f64)], id: &str) -> Option<f64> {
    values.iter().find(|(own, _)| own == id).map(|(_, value)| *value)
}

#[test]
fn a_run_over_tokens_tells_what_its_terms_ask_at_every_tenth_step() {
    let soft = |session: &mut Session| session.recipe.terms = vec!["soft_cross_entropy".into(), "hard_labels".into()];
    let told = curves("next-token.ron", soft, 12);
    for (step, values) in told.iter().enumerate() {
        let looked = step % 10 == 0;
        for id in
            ["gradient/soft_cross_entropy", "gradient/hard_labels", "cosine/soft_cross_entropy", "teacher/entropy"]
        {
            assert_eq!(value(values, id).is_some(), looked, "step {step}: {id}");
        }
        assert_eq!(value(values, "cosine/hard_labels"), None);
        let parts = ["soft_cross_entropy", "hard_labels"].map(|id| value(values, &format!("loss/{id}")).unwrap());
        let weighted =
            ["soft_cross_entropy", "hard_labels"].map(|id| value(values, &format!("weighted/{id}")).unwrap());
        assert!((weighted[0] - 0.7 * parts[0]).abs() < 1e-6 && (weighted[1] - 0.3 * parts[1]).abs() < 1e-6);
        let total = value(values, "loss/total").unwrap();
        assert!((weighted[0] + weighted[1] - total).abs() < 1e-5);
        if looked {
            let floor = value(values, "floor/soft_cross_entropy").unwrap();
            assert!(floor > 0.0 && floor < parts[0], "step {step}: {floor} is below {}", parts[0]);
            assert!(value(values, "cosine/soft_cross_entropy").unwrap().abs() <= 1.0);
        }
    }
}

#[test]
fn of_classes_too_and_a_term_that_weighs_1_is_not_told_twice() {
    let alone = |session: &mut Session| session.recipe.terms = vec!["hard_labels".into()];
    let told = curves("unlabelled.ron", |_| {}, 1);
    assert!(told[0].iter().any(|(id, value)| id.starts_with("gradient/") && *value > 0.0), "{told:?}");
    let told = curves("next-token.ron", alone, 1);
    assert!(value(&told[0], "gradient/hard_labels").is_some());
    assert!(!told[0].iter().any(|(id, _)| id.starts_with("weighted/") || id.starts_with("teacher/")), "{told:?}");
}
