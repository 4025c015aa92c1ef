//! The backward pass, with a short way for the gradients of parameters.
//!
//! *Why (2026-11).* Candle adds every gradient to a tensor of zeros that it makes first. For an
//! activation that is the price of its graph; for a word table of 30 000 rows it is four passes over
//! tens of megabytes a step. So operations hand the gradients of variables over here, and they reach
//! the store untouched; what is used twice, like a tied table, is added up in the order of the pass.

use std::cell::RefCell;

use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor};

thread_local! {
    /// Variables and their gradients, while a pass of [`backward`] is under way on this thread.
    static HANDED: RefCell<Option<Vec<(Tensor, Tensor)>>> = const { RefCell::new(None) };
}

/// Gradients of all variables behind `loss`, a scalar; the same numbers as candle's own.
///
/// # Errors
/// The tensor library's.
pub fn backward(loss: &Tensor) -> Result<GradStore> {
    HANDED.set(Some(Vec::new()));
    let passed = loss.backward();
    let handed = HANDED.take().unwrap_or_default();
    let mut store = passed?;
    for (variable, gradient) in handed {
        let sum = match store.get(&variable) {
            Some(there) => (there + gradient)?,
            None => gradient,
        };
        store.insert(&variable, sum);
    }
    Ok(store)
}

/// Takes the gradient of a variable on the short way; gives back what candle has to add itself, and
/// everything outside a pass of [`backward`].
pub fn route_gradient(argument: &Tensor, gradient: Option<Tensor>) -> Option<Tensor> {
    let gradient = gradient?;
    HANDED.with_borrow_mut(|handed| match handed {
        Some(handed) if argument.is_variable() => {
            handed.push((argument.clone(), gradient));
            None
        }
        _ => Some(gradient),
    })
}
