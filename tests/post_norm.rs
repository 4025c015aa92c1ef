//! Are the whole sub-layers of a post-norm layer right? Held against the same made of candle's own
//! calls, against their parts bit for bit, and against finite differences.
#![cfg(feature = "engine")]

mod agreement;

use agreement::{assert_close, both, flat, random, tensors, variable};
use candle_core::{DType, Device, Result, Tensor, Var};
use retort::engine::model::ops::{
    self, Activation, Dense, DropoutMask, Orientation, PostNorm, SelfAttention, composed,
};

const DROPS: [Option<DropoutMask>; 2] = [None, Some(DropoutMask { p: 0.3, seed: 5 })];
const EPS: f64 = 1e-5;

/// A layer's weight and bias from two of the tensors.
fn dense(t: &[Tensor], first: usize) -> Dense<'_> {
    Dense { weight: &t[first], bias: &t[first + 1], orientation: Orientation::OutIn }
}

fn attention<'a>(
    t: &'a [Tensor],
    (mask, heads, dropout): (&'a Tensor, usize, Option<DropoutMask>),
) -> SelfAttention<'a> {
    let [query, key, value, output] = [1, 3, 5, 7].map(|first| dense(t, first));
    SelfAttention { query, key, value, output, mask, scale: 0.7, heads, dropout }
}

fn end(t: &[Tensor], dropout: Option<DropoutMask>) -> PostNorm<'_> {
    PostNorm { gamma: &t[t.len() - 2], beta: &t[t.len() - 1], eps: EPS, dropout }
}

/// What stands behind a sub-layer, in parts.
fn in_parts(x: &Tensor, said: &Tensor, end: PostNorm) -> Result<Tensor> {
    let said = end.dropout.map_or_else(|| Ok(said.clone()), |noise| ops::dropout(said, noise.p, noise.seed))?;
    ops::add_layer_norm(x, &said, end.gamma, end.beta, end.eps)
}

/// Small weights, so that finite differences see a smooth function.
fn inputs(dims: &[Vec<usize>]) -> Vec<Var> {
    let small = |dims: &Vec<usize>, seed| Var::from_tensor(&(random(dims, seed) * 0.4).unwrap()).unwrap();
    dims.iter().zip(100..).map(|(dims, seed)| small(dims, seed)).collect()
}

#[test]
fn a_feed_forward_sub_layer_agrees_with_its_composed_form_and_with_its_parts() {
    for [batch, tokens, width, inner] in [[1, 1, 4, 3], [2, 5, 7, 11], [3, 67, 8, 33]] {
        let dims = [vec![batch, tokens, width], vec![inner, width], vec![inner], vec![width, inner]];
        let inputs = inputs(&[&dims[..], &[vec![width], vec![width], vec![width]]].concat());
        for dropout in DROPS {
            let whole = |t: &[Tensor]| {
                ops::post_norm_feed_forward(&t[0], dense(t, 1), dense(t, 3), Activation::Gelu, &end(t, dropout))
            };
            both("feed-forward", &inputs, &whole, &|t| {
                let end = end(t, dropout);
                composed::post_norm_feed_forward(&t[0], dense(t, 1), dense(t, 3), Activation::Gelu, &end)
            });
            let t = tensors(&inputs);
            let said = ops::feed_forward(&t[0], dense(&t, 1), dense(&t, 3), Activation::Gelu).unwrap();
            assert_eq!(flat(&whole(&t).unwrap()), flat(&in_parts(&t[0], &said, end(&t, dropout)).unwrap()));
            assert_eq!(flat(&whole(&frozen(&inputs)).unwrap()), flat(&whole(&t).unwrap()), "without a graph");
        }
    }
}

#[test]
fn an_attention_sub_layer_agrees_with_its_composed_form_and_with_its_parts() {
    for [batch, tokens, heads, kv_heads, wide] in [[1, 1, 1, 1, 4], [2, 5, 3, 3, 2], [3, 33, 4, 2, 3]] {
        let (width, kv_width) = (heads * wide, kv_heads * wide);
        let layer = |from: usize, to: usize| [vec![to, from], vec![to]];
        let layers = [layer(width, width), layer(width, kv_width), layer(width, kv_width), layer(width, width)];
        let dims = [&[vec![batch, tokens, width]], layers.as_flattened(), &[vec![width], vec![width]]].concat();
        let (inputs, mask) = (inputs(&dims), random(&[batch, 1, 1, tokens], 12));
        for dropout in DROPS {
            let within = (&mask, heads, dropout.map(|noise| DropoutMask { seed: 8, ..noise }));
            let whole = |t: &[Tensor]| ops::post_norm_attention(&t[0], &attention(t, within), &end(t, dropout));
            both("attention", &inputs, &whole, &|t| {
                composed::post_norm_attention(&t[0], &attention(t, within), &end(t, dropout))
            });
            let t = tensors(&inputs);
            let [q, k, v] = [1, 3, 5].map(|at| ops::linear(&t[0], &t[at], Some(&t[at + 1])).unwrap());
            let context = ops::attention(&q, &k, &v, &mask, 0.7, heads, within.2).unwrap();
            let said = ops::linear(&context, &t[7], Some(&t[8])).unwrap();
            assert_eq!(flat(&whole(&t).unwrap()), flat(&in_parts(&t[0], &said, end(&t, dropout)).unwrap()));
            assert_eq!(flat(&whole(&frozen(&inputs)).unwrap()), flat(&whole(&t).unwrap()), "without a graph");
        }
    }
}

fn frozen(inputs: &[Var]) -> Vec<Tensor> {
    tensors(inputs).iter().map(Tensor::detach).collect()
}

#[test]
fn frozen_parameters_get_no_gradient_and_the_others_do() {
    let dims = [vec![2, 3, 4], vec![6, 4], vec![6], vec![4, 6], vec![4], vec![4], vec![4]];
    let inputs = inputs(&dims);
    for tracked in 0..dims.len() {
        let keep = |(index, input): (usize, &Var)| {
            if index == tracked { input.as_tensor().clone() } else { input.as_detached_tensor() }
        };
        let t: Vec<Tensor> = inputs.iter().enumerate().map(keep).collect();
        let y = ops::post_norm_feed_forward(&t[0], dense(&t, 1), dense(&t, 3), Activation::Gelu, &end(&t, None));
        let grads = (y.unwrap() * random(&[2, 3, 4], 9)).unwrap().sum_all().unwrap().backward().unwrap();
        for (index, input) in inputs.iter().enumerate() {
            let grad = grads.get(input);
            assert_eq!(grad.is_some_and(|grad| flat(grad).iter().any(|value| *value != 0.0)), index == tracked);
        }
    }
}

#[test]
fn the_short_way_of_parameters_gives_the_same_gradients() {
    let dims = [vec![2, 3, 4], vec![6, 4], vec![6], vec![4, 6], vec![4], vec![4], vec![4]];
    let inputs = inputs(&dims);
    let t = tensors(&inputs);
    // The same parameters twice, as in layers that share them.
    let block = |x: &Tensor| {
        ops::post_norm_feed_forward(x, dense(&t, 1), dense(&t, 3), Activation::GeluTanh, &end(&t, DROPS[1])).unwrap()
    };
    let loss = || (block(&block(&t[0])) * random(&[2, 3, 4], 9)).unwrap().sum_all().unwrap();
    let (long, short) = (loss().backward().unwrap(), ops::backward(&loss()).unwrap());
    for input in &inputs {
        assert_close("gradient", short.get(input).unwrap(), long.get(input).unwrap(), 1e-6);
    }
}

#[test]
fn other_types_take_the_composed_way() {
    let dims = [vec![2, 3, 4], vec![6, 4], vec![6], vec![4, 6], vec![4], vec![4], vec![4]];
    let t: Vec<Tensor> = inputs(&dims).iter().map(|input| input.to_dtype(DType::F64).unwrap()).collect();
    let y = ops::post_norm_feed_forward(&t[0], dense(&t, 1), dense(&t, 3), Activation::Gelu, &end(&t, None)).unwrap();
    assert_eq!(y.dtype(), DType::F64);
}

#[test]
fn sizes_that_do_not_fit_are_errors() {
    let t = tensors(
        &[[2, 3, 4].to_vec(), vec![6, 4], vec![6], vec![4, 6], vec![4], vec![5], vec![5]].map(|d| variable(&d, 1)),
    );
    assert!(ops::post_norm_feed_forward(&t[0], dense(&t, 1), dense(&t, 3), Activation::Gelu, &end(&t, None)).is_err());
    let mask = Tensor::zeros((2, 1, 1, 3), DType::F32, &Device::Cpu).unwrap();
    let square = [random(&[4, 4], 1), random(&[4], 2), random(&[4, 3], 3)];
    let (fits, wrong) = (dense(&square, 0), Dense { weight: &square[2], ..dense(&square, 0) });
    let within = SelfAttention {
        query: fits,
        key: fits,
        value: fits,
        output: fits,
        mask: &mask,
        scale: 1.0,
        heads: 2,
        dropout: None,
    };
    let norm = PostNorm { gamma: &square[1], beta: &square[1], eps: EPS, dropout: None };
    assert!(ops::post_norm_attention(&t[0], &within, &norm).is_ok());
    assert!(ops::post_norm_attention(&t[0], &SelfAttention { heads: 3, ..within }, &norm).is_err());
    assert!(ops::post_norm_attention(&t[0], &SelfAttention { key: wrong, ..within }, &norm).is_err());
    assert!(ops::post_norm_attention(&t[0], &SelfAttention { output: wrong, ..within }, &norm).is_err());
}
