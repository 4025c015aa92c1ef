//! Are the fused operations right? Every one is held against its composed form (value and all
//! gradients) and against finite differences, on odd sizes and strided inputs.
#![cfg(feature = "engine")]

mod agreement;
mod divergences;
mod extremes;

use agreement::{agree, assert_close, both, flat, random, tensors, variable};
use candle_core::{DType, Device, Result, Tensor, Var};
use retort::engine::model::ops::{
    self, Activation, Dense, DropoutMask, Orientation, composed, values::without_kernels,
};

#[test]
fn linear_layers_of_both_layouts_agree_with_their_composed_forms() {
    for (rows, width, out) in [(1, 1, 1), (1, 7, 5), (6, 5, 3), (70, 17, 33), (130, 64, 20)] {
        let inputs = [variable(&[rows, width], 1), variable(&[out, width], 2), variable(&[out], 3)];
        both("linear", &inputs, &|t| ops::linear(&t[0], &t[1], Some(&t[2])), &|t| {
            composed::linear(&t[0], &t[1], Some(&t[2]))
        });
        both("linear without bias", &inputs[..2], &|t| ops::linear(&t[0], &t[1], None), &|t| {
            composed::linear(&t[0], &t[1], None)
        });
        let inputs = [variable(&[1, rows, width], 1), variable(&[width, out], 2), variable(&[out], 3)];
        both("linear_transposed", &inputs, &|t| ops::linear_transposed(&t[0], &t[1], Some(&t[2])), &|t| {
            composed::linear_transposed(&t[0], &t[1], Some(&t[2]))
        });
        both("linear_transposed without bias", &inputs[..2], &|t| ops::linear_transposed(&t[0], &t[1], None), &|t| {
            composed::linear_transposed(&t[0], &t[1], None)
        });
    }
}

#[test]
fn layer_norm_agrees_with_its_composed_form() {
    for dims in [[1, 1, 8], [3, 5, 17], [2, 67, 33], [1, 2, 312]] {
        let inputs = [variable(&dims, 4), variable(&dims[2..], 5), variable(&dims[2..], 6)];
        both("layer_norm", &inputs, &|t| ops::layer_norm(&t[0], &t[1], &t[2], 1e-5), &|t| {
            composed::layer_norm(&t[0], &t[1], &t[2], 1e-5)
        });
    }
}

#[test]
fn masked_softmax_agrees_with_its_composed_form_under_every_mask() {
    for (dims, mask) in [
        ([1, 1, 1, 1], [1, 1, 1, 1]),
        ([2, 3, 5, 7], [2, 1, 1, 7]),
        ([2, 3, 5, 7], [2, 1, 5, 7]),
        ([2, 3, 5, 7], [1, 3, 5, 7]),
        ([2, 3, 5, 7], [2, 1, 5, 1]),
        ([1, 2, 33, 40], [1, 1, 33, 40]),
    ] {
        let inputs = [variable(&dims, 7), variable(&mask, 8)];
        both("masked_softmax", &inputs, &|t| ops::masked_softmax(&t[0], &t[1], 0.7), &|t| {
            composed::masked_softmax(&t[0], &t[1], 0.7)
        });
    }
}

#[test]
fn a_row_masked_whole_is_finite_and_a_masked_key_gets_nothing() {
    for masked in [f32::NEG_INFINITY, f32::MIN, -1e9] {
        let mask = [[0.0, masked, 0.0, masked], [masked; 4]];
        let mask = Tensor::new(&mask, &Device::Cpu).unwrap().reshape((2, 1, 1, 4)).unwrap();
        let inputs = [variable(&[2, 2, 3, 4], 9)];
        agree("masked rows", &inputs, &|t| ops::masked_softmax(&t[0], &mask, 1.0), &|t| {
            composed::masked_softmax(&t[0], &mask, 1.0)
        });
        let p = flat(&ops::masked_softmax(&inputs[0], &mask, 1.0).unwrap());
        assert!(p.iter().all(|p| p.is_finite()), "{masked}");
        assert!(p[..24].chunks(4).all(|row| row[1] == 0.0 && row[3] == 0.0), "{masked}");
        assert!(p.chunks(4).all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-6), "{masked}");
    }
}

/// Batch, queries, keys, heads, heads of keys and values, numbers in a head.
const ATTENTIONS: [[usize; 6]; 6] = [
    [1, 1, 1, 1, 1, 1],
    [2, 5, 5, 3, 3, 4],
    [3, 4, 9, 2, 2, 5],
    [1, 130, 150, 2, 2, 6],
    [2, 5, 6, 4, 2, 4],
    [3, 7, 4, 6, 1, 3],
];

#[test]
fn attention_agrees_with_its_composed_form() {
    for [batch, query, key, heads, kv_heads, wide] in ATTENTIONS {
        let inputs = [variable(&[batch, query, heads * wide], 10), variable(&[batch, key, kv_heads * wide], 11)];
        let mask = random(&[batch, 1, 1, key], 12);
        let probabilities = |t: &[Tensor]| ops::attention_probabilities(&t[0], &t[1], &mask, 0.4, heads);
        both("attention_probabilities", &inputs, &probabilities, &|t| {
            composed::attention_probabilities(&t[0], &t[1], &mask, 0.4, heads)
        });
        let inputs = [variable(&[batch, heads, query, key], 13), variable(&[batch, key, kv_heads * wide], 14)];
        both("attention_context", &inputs, &|t| ops::attention_context(&t[0], &t[1], kv_heads), &|t| {
            composed::attention_context(&t[0], &t[1], kv_heads)
        });
    }
}

#[test]
fn attention_whole_agrees_with_its_composed_form_and_with_its_halves() {
    for [batch, query, key, heads, kv_heads, wide] in ATTENTIONS {
        let (width, kv_width) = (heads * wide, kv_heads * wide);
        let dims = [vec![batch, query, width], vec![batch, key, kv_width], vec![batch, key, kv_width]];
        let inputs: Vec<Var> = dims.iter().zip(50..).map(|(dims, seed)| variable(dims, seed)).collect();
        let mask = random(&[batch, 1, 1, key], 12);
        for noise in [None, Some(DropoutMask { p: 0.3, seed: 5 })] {
            let whole = |t: &[Tensor]| ops::attention(&t[0], &t[1], &t[2], &mask, 0.4, heads, noise);
            both("attention", &inputs, &whole, &|t| composed::attention(&t[0], &t[1], &t[2], &mask, 0.4, heads, noise));
            agree("attention in halves", &inputs, &whole, &|t| {
                let p = ops::attention_probabilities(&t[0], &t[1], &mask, 0.4, heads)?;
                let p = noise.map_or(Ok(p.clone()), |noise| ops::dropout(&p, noise.p, noise.seed))?;
                ops::attention_context(&p, &t[2], kv_heads)
            });
            let frozen: Vec<Tensor> = tensors(&inputs).iter().map(Tensor::detach).collect();
            let (frozen, tracked) = (whole(&frozen).unwrap(), whole(&tensors(&inputs)).unwrap());
            assert_eq!(flat(&frozen), flat(&tracked), "with and without a graph");
        }
    }
}

#[test]
fn shared_heads_are_heads_written_out() {
    let (q, k, v) = (random(&[2, 5, 12], 90), random(&[2, 7, 6], 91), random(&[2, 7, 6], 92));
    let mask = random(&[2, 1, 5, 7], 93);
    // Four heads of three numbers; the first two share the first head of keys and values.
    let written = |x: &Tensor| {
        let part = |head: usize| x.narrow(2, head * 3, 3).unwrap();
        Tensor::cat(&[part(0), part(0), part(1), part(1)], 2).unwrap()
    };
    let shared = ops::attention(&q, &k, &v, &mask, 0.4, 4, None).unwrap();
    let whole = ops::attention(&q, &written(&k), &written(&v), &mask, 0.4, 4, None).unwrap();
    assert_eq!(flat(&shared), flat(&whole));
}

#[test]
fn the_norm_by_root_mean_squares_agrees_with_its_composed_form() {
    for dims in [[1, 1, 8], [3, 5, 17], [2, 67, 33]] {
        let inputs = [variable(&dims, 84), variable(&dims[2..], 85)];
        both("rms_norm", &inputs, &|t| ops::rms_norm(&t[0], &t[1], 1e-5), &|t| composed::rms_norm(&t[0], &t[1], 1e-5));
    }
    let turned = [variable(&[6, 4, 10], 86)];
    let gamma = random(&[10], 87);
    agree("strided rms_norm", &turned, &|t| ops::rms_norm(&t[0].transpose(0, 1)?, &gamma, 1e-5), &|t| {
        composed::rms_norm(&t[0].transpose(0, 1)?, &gamma, 1e-5)
    });
}

/// Cosine and sine of made-up angles.
fn angles(dims: &[usize]) -> (Tensor, Tensor) {
    let angles = random(dims, 88);
    (angles.cos().unwrap(), angles.sin().unwrap())
}

#[test]
fn rotary_positions_agree_with_their_composed_form_and_keep_lengths() {
    for [batch, tokens, heads, half] in [[1, 1, 1, 1], [2, 5, 3, 4], [3, 200, 2, 9]] {
        let (cos, sin) = angles(&[batch, tokens, half]);
        let inputs = [variable(&[batch, tokens, heads * 2 * half], 89)];
        both("rotary", &inputs, &|t| ops::rotary(&t[0], &cos, &sin, heads), &|t| {
            composed::rotary(&t[0], &cos, &sin, heads)
        });
        let turned = ops::rotary(&inputs[0], &cos, &sin, heads).unwrap();
        let lengths = |x: &Tensor| x.reshape((batch * tokens * heads, ())).unwrap().sqr().unwrap().sum(1).unwrap();
        assert_close("lengths", &lengths(&turned), &lengths(&inputs[0]), 1e-5);
        let back = ops::rotary(&turned, &cos, &sin.neg().unwrap(), heads).unwrap();
        assert_close("there and back", &back, &inputs[0], 1e-5);
    }
    let (cos, sin) = angles(&[1, 2, 3]);
    assert!(ops::rotary(&random(&[1, 2, 8], 1), &cos, &sin, 1).is_err());
    assert!(ops::rotary(&random(&[1, 3, 6], 1), &cos, &sin, 1).is_err());
}

#[test]
fn a_feed_forward_block_agrees_with_its_composed_form() {
    for (rows, width, inner) in [(1, 1, 1), (5, 7, 11), (70, 16, 40)] {
        for orientation in [Orientation::OutIn, Orientation::InOut] {
            let (up, down) = match orientation {
                Orientation::OutIn => ([inner, width], [width, inner]),
                Orientation::InOut => ([width, inner], [inner, width]),
            };
            let dims: [&[usize]; 5] = [&[rows, width], &up, &[inner], &down, &[width]];
            let inputs: Vec<Var> = dims.iter().zip(60..).map(|(dims, seed)| variable(dims, seed)).collect();
            for activation in [Activation::Gelu, Activation::GeluTanh] {
                let block = |t: &[Tensor], run: fn(&Tensor, Dense, Dense, Activation) -> Result<Tensor>| {
                    let up = Dense { weight: &t[1], bias: &t[2], orientation };
                    run(&t[0], up, Dense { weight: &t[3], bias: &t[4], orientation }, activation)
                };
                let fused = |t: &[Tensor]| block(t, ops::feed_forward);
                both("feed_forward", &inputs, &fused, &|t| block(t, composed::feed_forward));
                let frozen: Vec<Tensor> = tensors(&inputs).iter().map(Tensor::detach).collect();
                let (frozen, tracked) = (fused(&frozen).unwrap(), fused(&tensors(&inputs)).unwrap());
                assert_eq!(flat(&frozen), flat(&tracked), "with and without a graph");
            }
        }
    }
}

#[test]
fn a_frozen_parameter_of_a_block_gets_no_gradient_and_the_others_do() {
    let inputs = [variable(&[3, 4], 70), variable(&[6, 4], 71), variable(&[6], 72), variable(&[4, 6], 73)];
    let frozen = random(&[4], 74);
    let orientation = Orientation::OutIn;
    let up = Dense { weight: &inputs[1], bias: &inputs[2], orientation };
    let down = Dense { weight: &inputs[3], bias: &frozen, orientation };
    for x in [inputs[0].as_tensor().clone(), inputs[0].as_detached_tensor()] {
        let loss = ops::feed_forward(&x, up, down, Activation::Gelu).unwrap().sqr().unwrap().sum_all().unwrap();
        let grads = loss.backward().unwrap();
        assert!(grads.get(&frozen).is_none());
        assert!(inputs[1..].iter().all(|input| flat(grads.get(input).unwrap()).iter().any(|grad| *grad != 0.0)));
        assert_eq!(grads.get(&inputs[0]).is_some(), x.is_variable());
    }
}

#[test]
fn the_norm_of_a_sum_agrees_with_its_composed_form() {
    for dims in [[1, 1, 8], [3, 5, 17], [2, 67, 33]] {
        let inputs = [variable(&dims, 80), variable(&dims, 81), variable(&dims[2..], 82), variable(&dims[2..], 83)];
        both("add_layer_norm", &inputs, &|t| ops::add_layer_norm(&t[0], &t[1], &t[2], &t[3], 1e-5), &|t| {
            composed::add_layer_norm(&t[0], &t[1], &t[2], &t[3], 1e-5)
        });
    }
}

#[test]
fn a_bias_on_the_attention_scores_gets_its_gradient() {
    let inputs = [variable(&[2, 4, 6], 15), variable(&[2, 4, 6], 16), variable(&[1, 2, 4, 4], 17)];
    both("attention bias", &inputs, &|t| ops::attention_probabilities(&t[0], &t[1], &t[2], 0.5, 2), &|t| {
        composed::attention_probabilities(&t[0], &t[1], &t[2], 0.5, 2)
    });
    let inputs =
        [variable(&[2, 4, 6], 15), variable(&[2, 5, 3], 16), variable(&[2, 5, 3], 18), variable(&[1, 2, 4, 5], 17)];
    for noise in [None, Some(DropoutMask { p: 0.3, seed: 5 })] {
        both("attention with a bias", &inputs, &|t| ops::attention(&t[0], &t[1], &t[2], &t[3], 0.5, 2, noise), &|t| {
            composed::attention(&t[0], &t[1], &t[2], &t[3], 0.5, 2, noise)
        });
    }
}

#[test]
fn both_gelus_agree_with_their_composed_forms_far_into_the_tails() {
    let wide = [Var::from_tensor(&(random(&[7, 43], 18) * 4.0).unwrap()).unwrap()];
    both("gelu", &wide, &|t| ops::gelu(&t[0]), &|t| composed::gelu(&t[0]));
    both("gelu_tanh", &wide, &|t| ops::gelu_tanh(&t[0]), &|t| composed::gelu_tanh(&t[0]));
}

#[test]
fn embedding_adds_up_the_gradients_of_a_repeated_row() {
    let ids = Tensor::new(&[[3u32, 0, 3], [999, 3, 1]], &Device::Cpu).unwrap();
    let inputs = [variable(&[1000, 9], 19)];
    both("embedding", &inputs, &|t| ops::embedding(&t[0], &ids), &|t| composed::embedding(&t[0], &ids));
    let outside = Tensor::new(&[1000u32], &Device::Cpu).unwrap();
    assert!(ops::embedding(&inputs[0], &outside).is_err());
}

#[test]
fn dropout_keeps_the_asked_share_and_the_same_mask_backwards() {
    let inputs = [variable(&[40_001], 20)];
    agree("dropout", &inputs, &|t| ops::dropout(&t[0], 0.3, 7), &|t| composed::dropout(&t[0], 0.3, 7));
    let ones = Tensor::ones(200_000, DType::F32, &Device::Cpu).unwrap();
    let (a, b) = (flat(&ops::dropout(&ones, 0.3, 1).unwrap()), flat(&ops::dropout(&ones, 0.3, 2).unwrap()));
    let kept = |values: &[f32]| values.iter().filter(|value| **value > 0.0).count() as f64 / values.len() as f64;
    assert!((kept(&a) - 0.7).abs() < 0.005, "{}", kept(&a));
    let both: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a * b).collect();
    assert!((kept(&both) - 0.49).abs() < 0.006, "masks of two seeds hang together: {}", kept(&both));
    let next: Vec<f32> = a.iter().zip(&a[1..]).map(|(a, b)| a * b).collect();
    assert!((kept(&next) - 0.49).abs() < 0.006, "neighbours hang together: {}", kept(&next));
    assert!(ops::dropout(&ones, 1.0, 1).is_err());
}

#[test]
fn log_softmax_agrees_with_its_composed_form() {
    for dims in [[1, 1], [3, 8], [70, 33]] {
        both("log_softmax", &[variable(&dims, 21)], &|t| ops::log_softmax(&t[0]), &|t| composed::log_softmax(&t[0]));
    }
}

#[test]
fn cross_entropy_agrees_with_its_composed_form_and_skips_rows_without_weight() {
    let inputs = [variable(&[5, 7], 22)];
    let labels = Tensor::new(&[6u32, 0, u32::MAX, 3, 1], &Device::Cpu).unwrap();
    let weights = Tensor::new(&[1f32, 0.5, 0.0, 2.0, 1.0], &Device::Cpu).unwrap();
    both("cross_entropy", &inputs, &|t| divergences::cross_entropy(&t[0], &labels, &weights), &|t| {
        without_kernels(|| divergences::cross_entropy(&t[0], &labels, &weights))
    });
    let none = weights.zeros_like().unwrap();
    for loss in [
        divergences::cross_entropy(&inputs[0], &labels, &none),
        without_kernels(|| divergences::cross_entropy(&inputs[0], &labels, &none)),
    ] {
        let loss = loss.unwrap();
        assert_eq!(loss.to_scalar::<f32>().unwrap(), 0.0);
        assert!(flat(loss.backward().unwrap().get(&inputs[0]).unwrap()).iter().all(|grad| *grad == 0.0));
    }
    let ones = weights.ones_like().unwrap();
    assert!(divergences::cross_entropy(&inputs[0], &labels, &ones).is_err());
}

#[test]
fn distillation_agrees_with_its_composed_form() {
    let teacher = random(&[5, 7], 23);
    let weights = Tensor::new(&[1f32, 0.5, 0.0, 2.0, 1.0], &Device::Cpu).unwrap();
    for temperature in [0.5, 1.0, 2.0, 4.0] {
        let inputs = [variable(&[5, 7], 24)];
        both("distillation", &inputs, &|t| divergences::distillation(&t[0], &teacher, temperature, &weights), &|t| {
            without_kernels(|| divergences::distillation(&t[0], &teacher, temperature, &weights))
        });
    }
    assert!(divergences::distillation(&teacher, &teacher, 0.0, &weights).is_err());
}

#[test]
fn a_student_equal_to_its_teacher_has_no_loss_and_no_gradient() {
    let student = variable(&[6, 11], 25);
    let weights = Tensor::ones(6, DType::F32, &Device::Cpu).unwrap();
    for temperature in [1.0, 3.0, 20.0] {
        let loss = divergences::distillation(&student, student.as_tensor(), temperature, &weights).unwrap();
        assert_eq!(loss.to_scalar::<f32>().unwrap(), 0.0);
        assert!(flat(loss.backward().unwrap().get(&student).unwrap()).iter().all(|grad| *grad == 0.0));
        let shifted = (student.as_tensor().detach() + 3.0).unwrap();
        let loss = divergences::distillation(&student, &shifted, temperature, &weights).unwrap();
        assert!(loss.to_scalar::<f32>().unwrap() < 1e-6, "a constant on the logits changes nothing");
    }
}

#[test]
fn at_high_temperature_distillation_is_half_the_mean_square_of_centred_logit_differences() {
    let (student, teacher) = (variable(&[3, 9], 26), random(&[3, 9], 27));
    let weights = Tensor::ones(3, DType::F32, &Device::Cpu).unwrap();
    let gap = (&teacher - student.as_tensor()).unwrap();
    let centred = gap.broadcast_sub(&gap.mean_keepdim(1).unwrap()).unwrap();
    let limit = flat(&(centred.sqr().unwrap().mean_all().unwrap() * 0.5).unwrap())[0];
    let loss = flat(&divergences::distillation(&student, &teacher, 1000.0, &weights).unwrap())[0];
    assert!((loss / limit - 1.0).abs() < 5e-3, "{loss} is not {limit}");
}

#[test]
fn strided_inputs_give_what_their_copies_give() {
    let base = [variable(&[6, 4, 10], 28)];
    let turned = |t: &Tensor| t.transpose(0, 1).unwrap();
    let cut = |t: &Tensor| t.narrow(2, 3, 5).unwrap();
    let (gamma, beta, weight) = (random(&[10], 29), random(&[10], 30), random(&[10, 7], 31));
    agree("strided norm", &base, &|t| ops::layer_norm(&turned(&t[0]), &gamma, &beta, 1e-5), &|t| {
        composed::layer_norm(&turned(&t[0]), &gamma, &beta, 1e-5)
    });
    agree("strided gelu", &base, &|t| ops::gelu(&cut(&t[0])), &|t| composed::gelu(&cut(&t[0])));
    agree("strided softmax", &base, &|t| ops::log_softmax(&cut(&t[0])), &|t| composed::log_softmax(&cut(&t[0])));
    agree("strided weight", &base, &|t| ops::linear(&turned(&t[0]), &weight.t()?, None), &|t| {
        composed::linear(&turned(&t[0]), &weight.t()?, None)
    });
}

#[test]
fn a_gradient_that_arrives_strided_is_read_right() {
    let inputs = [variable(&[3, 4, 5], 32), variable(&[6, 5], 33), variable(&[6], 34)];
    let turned = |t: Result<Tensor>| t?.transpose(0, 2)?.contiguous();
    agree("gradient through a transpose", &inputs, &|t| turned(ops::linear(&t[0], &t[1], Some(&t[2]))), &|t| {
        turned(composed::linear(&t[0], &t[1], Some(&t[2])))
    });
}

#[test]
fn other_types_take_the_composed_way_with_a_gradient() {
    let x = Var::from_tensor(&random(&[3, 4], 35).to_dtype(DType::F64).unwrap()).unwrap();
    let weight = Var::from_tensor(&random(&[2, 4], 36).to_dtype(DType::F64).unwrap()).unwrap();
    let y = ops::gelu(&ops::linear(&x, &weight, None).unwrap()).unwrap();
    assert_eq!(y.dtype(), DType::F64);
    let grads = ops::log_softmax(&y).unwrap().sum_all().unwrap().backward().unwrap();
    assert!(grads.get(&x).is_some() && grads.get(&weight).is_some());
}

#[test]
fn a_batch_of_nothing_is_no_reason_to_panic() {
    let empty = Tensor::zeros((0, 4), DType::F32, &Device::Cpu).unwrap();
    assert!(ops::gelu(&empty).is_ok());
    let _ = ops::linear(&empty, &random(&[2, 4], 37), None);
    let _ = ops::layer_norm(&empty, &random(&[4], 1), &random(&[4], 2), 1e-5);
    let _ = ops::log_softmax(&empty);
}

#[test]
fn shapes_that_do_not_fit_are_errors() {
    let x = random(&[3, 4], 38);
    assert!(ops::linear(&x, &random(&[2, 5], 1), None).is_err());
    assert!(ops::linear(&x, &random(&[2, 4], 1), Some(&random(&[3], 1))).is_err());
    assert!(ops::linear_transposed(&x, &random(&[5, 2], 1), None).is_err());
    assert!(ops::layer_norm(&x, &random(&[3], 1), &random(&[4], 1), 1e-5).is_err());
    let qkv = random(&[2, 3, 6], 1);
    let mask = random(&[2, 1, 1, 3], 1);
    assert!(ops::attention_probabilities(&qkv, &qkv, &mask, 1.0, 4).is_err());
    assert!(ops::attention_context(&random(&[2, 2, 3, 4], 1), &qkv, 2).is_err());
    let (q, kv) = (random(&[2, 3, 12], 1), random(&[2, 3, 9], 1));
    assert!(ops::attention(&q, &kv, &kv, &mask, 1.0, 4, None).is_err(), "three heads cannot serve four");
}

/// One step of a small network through every operation: its loss and gradients as bits.
fn step_bits() -> Result<Vec<u32>> {
    let count = 480usize;
    let ids = Tensor::from_vec((0..480u32).map(|id| id * 37 % 2000).collect(), (4, 120), &Device::Cpu)?;
    let labels = Tensor::from_vec((0..480u32).map(|id| id % 9).collect(), count, &Device::Cpu)?;
    let dims: [&[usize]; 7] = [&[2000, 48], &[96, 48], &[96], &[96, 48], &[48], &[48], &[9, 48]];
    let vars: Vec<Var> = dims.iter().zip(40..).map(|(dims, seed)| variable(dims, seed)).collect();
    let small = |index: usize| vars[index].as_tensor() * 0.1;
    let ones = Tensor::ones(count, DType::F32, &Device::Cpu)?;

    let x = ops::dropout(&ops::embedding(&small(0)?, &ids)?, 0.1, 3)?;
    let mask = Tensor::zeros((4, 1, 1, 120), DType::F32, &Device::Cpu)?;
    let p = ops::attention_probabilities(&x, &x, &mask, 0.3, 4)?;
    let x = ops::layer_norm(&ops::attention_context(&p, &x, 4)?, &vars[4], &vars[5], 1e-5)?;
    let h = ops::gelu(&ops::linear(&x, &small(1)?, Some(&vars[2]))?)?;
    let x = ops::gelu_tanh(&ops::linear_transposed(&h, &small(3)?, None)?)?;
    let logits = ops::linear(&x.reshape((count, 48))?, &small(6)?, None)?;
    let hard = divergences::cross_entropy(&logits, &labels, &ones)?;
    let loss = (hard + divergences::distillation(&logits, &random(&[count, 9], 47), 2.0, &ones)?)?;

    let grads = loss.backward()?;
    let mut bits = vec![loss.to_scalar::<f32>()?.to_bits()];
    for var in &vars {
        bits.extend(flat(grads.get(var).unwrap()).iter().map(|value| value.to_bits()));
    }
    Ok(bits)
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(step_bits).unwrap()
    };
    let one = run(1);
    for threads in [2, 3, 7] {
        assert!(one == run(threads), "{threads} threads give other bits than one");
    }
}
