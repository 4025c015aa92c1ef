//! Fused and composed hold together far out: numbers drawn log-uniformly up to ±200, a few of them −∞.
//! The composed form in double precision is the measure, for values and gradients alike; where it is
//! infinite or not a number, so is the fused one.

use crate::divergences;
use candle_core::{DType, Device, Result, Tensor, Var};
use proptest::prelude::*;
use retort::engine::model::ops::{self, Activation, Dense, DropoutMask, Orientation, PostNorm, SelfAttention};

use super::agreement::{flat, numbers, probe};

/// Largest size of a number.
const MOST: f32 = 200.0;

/// What is drawn.
#[derive(Clone, Copy, PartialEq)]
enum Draw {
    /// Log-uniform from 0.001 up to so much, of either sign.
    Finite(f32),
    /// The same up to 200, one in eight −∞, but never a whole row.
    Ruled,
}

fn drawn(dims: &[usize], seed: u64, draw: Draw) -> Tensor {
    let count = dims.iter().product();
    let width = dims.last().copied().unwrap_or(1);
    let most = if let Draw::Finite(most) = draw { most } else { MOST };
    // `numbers` are in [-2, 2): one for the size, one for the sign, one for −∞.
    let [sizes, signs, ruled] = [1, 2, 3].map(|part| numbers(count, seed.wrapping_mul(5).wrapping_add(part)));
    let number = |i: usize| {
        if draw == Draw::Ruled && ruled[i] < -1.5 && i % width != seed as usize % width {
            return f32::NEG_INFINITY;
        }
        let share = (sizes[i] + 2.0) / 4.0;
        (1e-3f32.ln() + share * (most.ln() - 1e-3f32.ln())).exp().copysign(signs[i])
    };
    Tensor::from_vec((0..count).map(number).collect(), dims, &Device::Cpu).unwrap()
}

/// An operation and what it is given; `run` serves both precisions.
struct Case<'a> {
    what: &'a str,
    inputs: Vec<Tensor>,
    /// Inputs that get a gradient: the first so many.
    tracked: usize,
    /// Size of the largest number on the way, by which rounding is measured.
    size: f32,
    run: &'a dyn Fn(&[Tensor]) -> Result<Tensor>,
}

impl Case<'_> {
    /// The value and the gradients, computed in `dtype`.
    fn computed(&self, dtype: DType) -> Vec<Tensor> {
        let vars: Vec<Var> =
            self.inputs.iter().map(|t| Var::from_tensor(&t.to_dtype(dtype).unwrap()).unwrap()).collect();
        let given = vars
            .iter()
            .enumerate()
            .map(|(i, var)| if i < self.tracked { var.as_tensor().clone() } else { var.as_detached_tensor() });
        let value = (self.run)(&given.collect::<Vec<_>>()).unwrap();
        let scalar = if value.rank() == 0 { value.clone() } else { weighed(&value).unwrap() };
        let grads = scalar.backward().unwrap();
        let found = vars.iter().take(self.tracked).map(|var| grads.get(var).unwrap().clone());
        std::iter::once(value.detach()).chain(found).map(|t| t.to_dtype(DType::F32).unwrap()).collect()
    }

    fn hold(&self) {
        let (fused, composed) = (self.computed(DType::F32), self.computed(DType::F64));
        for (part, (ours, theirs)) in fused.iter().zip(&composed).enumerate() {
            for (index, (ours, theirs)) in flat(ours).iter().zip(flat(theirs)).enumerate() {
                let same = ours.to_bits() == theirs.to_bits() || ours.is_nan() && theirs.is_nan();
                let near = (ours - theirs).abs() <= 1e-4 * self.size.max(theirs.abs());
                assert!(same || near, "{}, part {part}, number {index}: {ours} is not {theirs}", self.what);
            }
        }
    }
}

/// A scalar that weighs every element of the result differently.
fn weighed(value: &Tensor) -> Result<Tensor> {
    match value.dtype() {
        DType::F32 => probe(value),
        other => (value * super::agreement::random(value.dims(), 99).to_dtype(other)?)?.sum_all(),
    }
}

/// `rows [5, width]` with `filler` throughout the one that [`weights`] gives no weight.
fn blanked(rows: &Tensor, filler: f32) -> Tensor {
    let mut rows = rows.to_vec2::<f32>().unwrap();
    rows[2].fill(filler);
    Tensor::new(rows, &Device::Cpu).unwrap()
}

fn weights() -> Tensor {
    Tensor::new(&[1f32, 0.5, 0.0, 2.0, 1.0], &Device::Cpu).unwrap()
}

#[test]
fn a_mask_at_minus_infinity_has_no_gradient_even_where_its_row_is_masked_whole() {
    let inf = f32::INFINITY;
    let four = |values: [f32; 8]| Tensor::from_slice(&values, &[1, 2, 1, 4], &Device::Cpu).unwrap();
    let scores = four([0.3, -inf, -inf, 0.9, 1.0, 2.0, 3.0, 4.0]);
    for mask in [[-inf, 0.0, 0.0, -inf, -inf, -inf, -inf, -inf], [-inf, 1.0, 0.5, 0.0, -inf, 0.2, -1e30, -1e31]] {
        let inputs = vec![scores.clone(), four(mask)];
        let soft = |t: &[Tensor]| ops::masked_softmax(&t[0], &t[1], 0.7);
        Case { what: "masked_softmax", inputs, tracked: 2, size: 1.0, run: &soft }.hold();
        let (q, k) = (drawn(&[1, 1, 4], 1, Draw::Finite(2.0)), drawn(&[1, 4, 4], 2, Draw::Finite(2.0)));
        let halves = |t: &[Tensor]| ops::attention_probabilities(&t[0], &t[1], &t[2], 1.0, 2);
        Case { what: "attention_probabilities", inputs: vec![q, k, four(mask)], tracked: 3, size: 8.0, run: &halves }
            .hold();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_losses_hold_for_logits_up_to_200_and_beyond(seed in any::<u64>(), width in 2usize..40, temperature in 0.5f64..20.0) {
        let labels: Vec<u32> = (0..5).map(|row| ((seed >> row) as usize % width) as u32).collect();
        let labels = Tensor::new(labels, &Device::Cpu).unwrap();
        for draw in [Draw::Finite(MOST), Draw::Ruled] {
            let logits = |seed| drawn(&[5, width], seed, draw);
            let size = MOST;
            Case { what: "log_softmax", inputs: vec![logits(seed)], tracked: 1, size: 8.0, run: &|t| ops::log_softmax(&t[0]) }.hold();
            let cross = |t: &[Tensor]| divergences::cross_entropy(&t[0], &labels, &weights());
            Case { what: "cross_entropy", inputs: vec![logits(seed)], tracked: 1, size: 1.0, run: &cross }.hold();
            // Teacher and student drawn apart, alike, and the teacher as log-probabilities.
            let apart = logits(seed ^ 0xA5);
            let logs = ops::log_softmax(&logits(seed ^ 0x5A)).unwrap();
            let near = (logits(seed) + drawn(&[5, width], seed ^ 0xC3, Draw::Finite(0.2))).unwrap();
            for (what, teacher) in [("apart", apart), ("log-probabilities", logs), ("alike", near)] {
                let run = |t: &[Tensor]| divergences::distillation(&t[0], &t[1], temperature, &weights());
                let size = if what == "alike" { 0.2 * temperature as f32 * temperature as f32 } else { size };
                let size = size.max(temperature as f32);
                Case { what, inputs: vec![logits(seed), teacher], tracked: 1, size, run: &run }.hold();
            }
        }
    }

    #[test]
    fn attention_holds_for_scores_up_to_200_and_every_mask(seed in any::<u64>(), key in 1usize..12, drops in any::<bool>()) {
        let noise = drops.then_some(DropoutMask { p: 0.3, seed: 5 });
        let masks = [drawn(&[2, 1, 3, key], seed, Draw::Ruled), drawn(&[2, 1, 1, key], seed, Draw::Finite(MOST))];
        for mask in masks {
            for draw in [Draw::Finite(MOST), Draw::Ruled] {
                let scores = drawn(&[2, 2, 3, key], seed ^ 1, draw);
                let soft = |t: &[Tensor]| ops::masked_softmax(&t[0], &t[1], 0.7);
                Case { what: "masked_softmax", inputs: vec![scores, mask.clone()], tracked: 2, size: 1.0, run: &soft }.hold();
            }
            // Two heads of two numbers: scores reach 200, values too.
            let [q, k] = [(3, 2), (key, 3)].map(|(tokens, part)| drawn(&[2, tokens, 4], seed ^ part, Draw::Finite(10.0)));
            let v = drawn(&[2, key, 4], seed ^ 4, Draw::Finite(MOST));
            let halves = |t: &[Tensor]| ops::attention_probabilities(&t[0], &t[1], &t[2], 1.0, 2);
            let inputs = vec![q.clone(), k.clone(), mask.clone()];
            Case { what: "attention_probabilities", inputs, tracked: 3, size: 40.0, run: &halves }.hold();
            let whole = |t: &[Tensor]| ops::attention(&t[0], &t[1], &t[2], &t[3], 1.0, 2, noise);
            for tracked in [3, 4] {
                let inputs = vec![q.clone(), k.clone(), v.clone(), mask.clone()];
                Case { what: "attention", inputs, tracked, size: 2e4, run: &whole }.hold();
            }
            let p = drawn(&[2, 2, 3, key], seed ^ 5, Draw::Finite(1.0));
            let behind = |t: &[Tensor]| ops::attention_context(&t[0], &t[1], 2);
            Case { what: "attention_context", inputs: vec![p, v], tracked: 2, size: MOST * key as f32, run: &behind }.hold();
        }
    }

    #[test]
    fn activations_norms_and_turns_hold_up_to_200_and_beyond(seed in any::<u64>(), half in 1usize..9) {
        let width = 2 * half;
        for draw in [Draw::Finite(MOST), Draw::Ruled] {
            let x = |dims: &[usize], part: u64| drawn(dims, seed ^ part, draw);
            let calm = |dims: &[usize], part: u64| drawn(dims, seed ^ part, Draw::Finite(2.0));
            let rows = x(&[2, 3, width], 1);
            Case { what: "gelu", inputs: vec![rows.clone()], tracked: 1, size: 1.0, run: &|t| ops::gelu(&t[0]) }.hold();
            Case { what: "gelu_tanh", inputs: vec![rows.clone()], tracked: 1, size: 1.0, run: &|t| ops::gelu_tanh(&t[0]) }.hold();
            let scaled = vec![rows.clone(), calm(&[width], 2), calm(&[width], 3)];
            let norm = |t: &[Tensor]| ops::layer_norm(&t[0], &t[1], &t[2], 1e-5);
            Case { what: "layer_norm", inputs: scaled.clone(), tracked: 3, size: 40.0, run: &norm }.hold();
            let sum = |t: &[Tensor]| ops::add_layer_norm(&t[0], &t[3], &t[1], &t[2], 1e-5);
            let summed = [&scaled[..], &[x(&[2, 3, width], 4)]].concat();
            Case { what: "add_layer_norm", inputs: summed, tracked: 4, size: 40.0, run: &sum }.hold();
            let root = |t: &[Tensor]| ops::rms_norm(&t[0], &t[1], 1e-5);
            Case { what: "rms_norm", inputs: scaled[..2].to_vec(), tracked: 2, size: 40.0, run: &root }.hold();
            let angles = calm(&[2, 3, half], 5);
            let turned = vec![x(&[2, 3, 2 * width], 6), angles.cos().unwrap(), angles.sin().unwrap()];
            let turn = |t: &[Tensor]| ops::rotary(&t[0], &t[1], &t[2], 2);
            Case { what: "rotary", inputs: turned, tracked: 1, size: MOST, run: &turn }.hold();
            Case { what: "dropout", inputs: vec![rows], tracked: 1, size: MOST, run: &|t| ops::dropout(&t[0], 0.3, seed) }.hold();
            let ids = Tensor::new(&[0u32, 3, 3, 1], &Device::Cpu).unwrap();
            let table = vec![x(&[4, width], 7)];
            Case { what: "embedding", inputs: table, tracked: 1, size: MOST, run: &|t| ops::embedding(&t[0], &ids) }.hold();
        }
    }

    #[test]
    fn products_and_whole_sub_layers_hold_for_states_up_to_200(seed in any::<u64>(), inner in 1usize..12, wide in any::<bool>()) {
        let (width, out) = (4, inner);
        let x = |dims: &[usize]| drawn(dims, seed, Draw::Finite(MOST));
        let calm = |dims: &[usize], part: u64| drawn(dims, seed ^ part, Draw::Finite(0.5));
        // Above and below the width from which products of few rows have a kernel of their own.
        let long = if wide { 200 } else { 9 };
        let size = MOST * long as f32;
        let given = vec![x(&[5, long]), calm(&[out, long], 1), calm(&[out], 2)];
        let linear = |t: &[Tensor]| ops::linear(&t[0], &t[1], Some(&t[2]));
        Case { what: "linear", inputs: given.clone(), tracked: 3, size, run: &linear }.hold();
        let given = vec![given[0].clone(), given[1].t().unwrap().contiguous().unwrap(), given[2].clone()];
        let transposed = |t: &[Tensor]| ops::linear_transposed(&t[0], &t[1], Some(&t[2]));
        Case { what: "linear_transposed", inputs: given, tracked: 3, size, run: &transposed }.hold();

        let orientation = Orientation::OutIn;
        let dense = |t: &[Tensor], at: usize| (t[at].clone(), t[at + 1].clone());
        let block = vec![x(&[2, 3, width]), calm(&[inner, width], 1), calm(&[inner], 2), calm(&[width, inner], 3), calm(&[width], 4)];
        let size = MOST * 12.0;
        for activation in [Activation::Gelu, Activation::GeluTanh] {
            let run = |t: &[Tensor]| {
                let (up, down) = (dense(t, 1), dense(t, 3));
                let up = Dense { weight: &up.0, bias: &up.1, orientation };
                ops::feed_forward(&t[0], up, Dense { weight: &down.0, bias: &down.1, orientation }, activation)
            };
            Case { what: "feed_forward", inputs: block.clone(), tracked: 5, size, run: &run }.hold();
        }
        let ends = [drawn(&[width], seed ^ 8, Draw::Finite(2.0)), drawn(&[width], seed ^ 9, Draw::Finite(2.0))];
        let post = |t: &[Tensor]| {
            let (up, down) = (Dense { weight: &t[1], bias: &t[2], orientation }, Dense { weight: &t[3], bias: &t[4], orientation });
            let end = PostNorm { gamma: &t[5], beta: &t[6], eps: 1e-5, dropout: Some(DropoutMask { p: 0.3, seed: 5 }) };
            ops::post_norm_feed_forward(&t[0], up, down, Activation::Gelu, &end)
        };
        let inputs = [&block[..], &ends[..]].concat();
        Case { what: "post_norm_feed_forward", inputs, tracked: 7, size, run: &post }.hold();

        let parts = (1..5).flat_map(|part| [calm(&[width, width], part), calm(&[width], part + 20)]);
        let states = drawn(&[2, 3, width], seed, Draw::Finite(MOST));
        let mask = drawn(&[2, 1, 1, 3], seed ^ 30, Draw::Ruled);
        let inputs: Vec<Tensor> = std::iter::once(states).chain(parts).chain(ends).chain([mask]).collect();
        let run = |t: &[Tensor]| {
            let [query, key, value, output] = [1, 3, 5, 7].map(|at| Dense { weight: &t[at], bias: &t[at + 1], orientation });
            // Scores of states of 200 would be tens of thousands: the scale brings them back.
            let within = SelfAttention { query, key, value, output, mask: &t[11], scale: 2e-3, heads: 2, dropout: None };
            let end = PostNorm { gamma: &t[9], beta: &t[10], eps: 1e-5, dropout: None };
            ops::post_norm_attention(&t[0], &within, &end)
        };
        Case { what: "post_norm_attention", inputs, tracked: 11, size, run: &run }.hold();
    }
}

#[test]
fn a_teacher_sure_beyond_single_precision_still_pulls_with_the_right_force() {
    // ln p = −100 at temperature 1, −50/0.5 at a half; the student finds both classes alike.
    let weights = Tensor::new(&[1f32], &Device::Cpu).unwrap();
    for (gap, temperature) in [(100f32, 1.0f64), (50.0, 0.5), (f32::INFINITY, 1.0), (f32::INFINITY, 4.0)] {
        let student = Var::new(&[[0f32, 0.0]], &Device::Cpu).unwrap();
        let teacher = Tensor::new(&[[0f32, -gap]], &Device::Cpu).unwrap();
        let loss = divergences::distillation(&student, &teacher, temperature, &weights).unwrap();
        let expected = 2f64.ln() * temperature * temperature;
        let found = f64::from(loss.to_scalar::<f32>().unwrap());
        assert!((found - expected).abs() < 1e-6 * expected.max(1.0), "{found} is not {expected}");
        let grad = flat(loss.backward().unwrap().get(&student).unwrap());
        let half = 0.5 * temperature as f32;
        assert!((grad[0] + half).abs() < 1e-6 && (grad[1] - half).abs() < 1e-6, "{grad:?}");
    }
}

#[test]
fn what_both_rule_out_costs_nothing_and_what_only_the_student_does_costs_without_end() {
    let weights = Tensor::new(&[1f32], &Device::Cpu).unwrap();
    let out = f32::NEG_INFINITY;
    let of = |student: [f32; 3], teacher: [f32; 3]| {
        let student = Var::new(&[student], &Device::Cpu).unwrap();
        let teacher = Tensor::new(&[teacher], &Device::Cpu).unwrap();
        let loss = divergences::distillation(&student, &teacher, 2.0, &weights).unwrap();
        let grad = flat(loss.backward().unwrap().get(&student).unwrap());
        (loss.to_scalar::<f32>().unwrap(), grad)
    };
    let (loss, grad) = of([0.0, 0.0, out], [0.0, 0.0, out]);
    assert_eq!((loss, grad), (0.0, vec![0.0; 3]));
    let (loss, grad) = of([0.0, 0.0, out], [0.0, 0.0, 0.0]);
    assert_eq!(loss, f32::INFINITY);
    // T · (q − p)
    let expected = [1.0 / 3.0, 1.0 / 3.0, -2.0 / 3.0];
    assert!(grad.iter().zip(expected).all(|(grad, expected)| (grad - expected).abs() < 1e-6), "{grad:?}");
    assert!(of([0.0; 3], [out; 3]).0.is_nan(), "a teacher that rules out everything says nothing");
}

#[test]
fn a_row_without_weight_is_not_looked_at_whatever_it_holds() {
    let width = 6;
    let labels = Tensor::new(&[5u32, 0, u32::MAX, 3, 1], &Device::Cpu).unwrap();
    let [student, teacher] = [1, 2].map(|seed| drawn(&[5, width], seed, Draw::Finite(3.0)));
    let cross = |t: &[Tensor]| divergences::cross_entropy(&t[0], &labels, &weights());
    let soft = |t: &[Tensor]| divergences::distillation(&t[0], &t[1], 2.0, &weights());
    for filler in [f32::NEG_INFINITY, f32::INFINITY, f32::NAN, 0.0] {
        let (blank, mute) = (blanked(&student, filler), blanked(&teacher, filler));
        let cases = [
            ("cross_entropy", vec![blank.clone()], &cross as &dyn Fn(&[Tensor]) -> Result<Tensor>),
            ("distillation, student", vec![blank.clone(), teacher.clone()], &soft),
            ("distillation, teacher", vec![student.clone(), mute.clone()], &soft),
            ("distillation, both", vec![blank, mute], &soft),
        ];
        for (what, inputs, run) in cases {
            let case = Case { what, inputs, tracked: 1, size: 1.0, run };
            case.hold();
            for dtype in [DType::F32, DType::F64] {
                let [value, grad] = &case.computed(dtype)[..] else { panic!("{what}") };
                assert!(flat(value)[0].is_finite(), "{what}, {filler}, {dtype:?}: {value}");
                let grad = grad.to_vec2::<f32>().unwrap();
                assert_eq!(grad[2], [0.0; 6], "{what}, {filler}, {dtype:?}");
                assert!(grad.iter().flatten().all(|slope| slope.is_finite()), "{what}, {filler}, {dtype:?}");
            }
        }
    }
}
