//! Two ways to the same numbers: values and gradients held against each other, and against finite
//! differences.
#![allow(dead_code)] // Each suite uses a part of it.

use candle_core::{Device, Result, Tensor, Var};

/// Numbers in about [-2, 2) that look random and are the same everywhere.
pub fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 22) as f32 - 2.0
    };
    (0..count).map(|_| next()).collect()
}

pub fn random(dims: &[usize], seed: u64) -> Tensor {
    Tensor::from_vec(numbers(dims.iter().product(), seed), dims, &Device::Cpu).unwrap()
}

pub fn variable(dims: &[usize], seed: u64) -> Var {
    Var::from_tensor(&random(dims, seed)).unwrap()
}

pub fn flat(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

pub fn assert_close(what: &str, a: &Tensor, b: &Tensor, tolerance: f32) {
    assert_eq!(a.dims(), b.dims(), "{what}");
    for (index, (a, b)) in flat(a).iter().zip(flat(b)).enumerate() {
        let bound = tolerance * b.abs().max(1.0);
        assert!((a - b).abs() <= bound, "{what}, element {index}: {a} is not {b}");
    }
}

/// A function of some tensors.
pub type Function<'a> = &'a dyn Fn(&[Tensor]) -> Result<Tensor>;

pub fn tensors(inputs: &[Var]) -> Vec<Tensor> {
    inputs.iter().map(|input| input.as_tensor().clone()).collect()
}

/// A scalar that weighs every element of the result differently.
pub fn probe(result: &Tensor) -> Result<Tensor> {
    (result * random(result.dims(), 99))?.sum_all()
}

/// Value and gradients of `fused` equal those of `composed`.
pub fn agree(what: &str, inputs: &[Var], fused: Function, composed: Function) {
    let (ours, theirs) = (fused(&tensors(inputs)).unwrap(), composed(&tensors(inputs)).unwrap());
    assert_close(what, &ours, &theirs, 1e-5);
    let our_grads = probe(&ours).unwrap().backward().unwrap();
    let their_grads = probe(&theirs).unwrap().backward().unwrap();
    for (index, input) in inputs.iter().enumerate() {
        let name = format!("{what}, gradient {index}");
        let ours = our_grads.get(input).unwrap_or_else(|| panic!("{name} is missing"));
        let theirs = their_grads.get(input).unwrap();
        let size = flat(theirs).iter().fold(1f32, |size, value| size.max(value.abs()));
        assert_close(&name, ours, theirs, 1e-5 * size);
    }
}

/// Gradients of `fused` agree with finite differences.
pub fn differences(what: &str, inputs: &[Var], fused: Function) {
    let evaluate = || -> f64 {
        let result = fused(&tensors(inputs)).unwrap();
        flat(&result).iter().zip(flat(&random(result.dims(), 99))).map(|(a, b)| f64::from(*a) * f64::from(b)).sum()
    };
    let grads = probe(&fused(&tensors(inputs)).unwrap()).unwrap().backward().unwrap();
    for (number, input) in inputs.iter().enumerate() {
        let (grad, before) = (flat(grads.get(input).unwrap()), flat(input));
        let set = |values: Vec<f32>| input.set(&Tensor::from_vec(values, input.dims(), &Device::Cpu).unwrap()).unwrap();
        for index in (0..before.len()).step_by(before.len().div_ceil(24)) {
            let mut sides = [0.0; 2];
            for (side, sign) in sides.iter_mut().zip([1.0, -1.0]) {
                let mut moved = before.clone();
                moved[index] += sign * 1e-2;
                set(moved);
                *side = evaluate();
            }
            set(before.clone());
            let (slope, found) = ((sides[0] - sides[1]) / 2e-2, f64::from(grad[index]));
            let bound = 5e-3 * (1.0 + slope.abs());
            assert!((slope - found).abs() < bound, "{what}, {number}[{index}]: {found}, not {slope}");
        }
    }
}

pub fn both(what: &str, inputs: &[Var], fused: Function, composed: Function) {
    agree(what, inputs, fused, composed);
    differences(what, inputs, fused);
}
