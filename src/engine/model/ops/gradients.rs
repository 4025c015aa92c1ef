//! The backward pass, with a short way for the gradients of parameters.
//!
//! *Why (2026-11).* Candle adds every gradient to a tensor of zeros that it makes first. For an
//! activation that is the price of its graph; for a word table of 30 000 rows it is four passes over
//! tens of megabytes a step. So operations hand the gradients of variables over here, and they reach
//! the store untouched; what is used twice, like a tied table, is added up in the order of the pass.

use std::cell::RefCell;

use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor};

use super::row_gradient::RowGradient;

/// A gradient that was handed over, and is nobody else's.
enum Handed {
    Whole(Tensor),
    Rows(RowGradient),
}

thread_local! {
    /// Variables and their gradients, while a pass of [`backward`] is under way on this thread.
    static HANDED: RefCell<Option<Vec<(Tensor, Handed)>>> = const { RefCell::new(None) };
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
        let sum = gradient.added_to(store.remove(&variable))?;
        store.insert(&variable, sum);
    }
    Ok(store)
}

impl Handed {
    /// The sum of this and what is there, a gradient that is nobody else's.
    fn added_to(self, there: Option<Tensor>) -> Result<Tensor> {
        match (there, self) {
            (None, Self::Whole(gradient)) => Ok(gradient),
            (None, Self::Rows(rows)) => rows.dense(),
            (Some(there), Self::Whole(gradient)) => there + gradient,
            (Some(there), Self::Rows(rows)) => rows.add_to(&there).map(|()| there),
        }
    }
}

/// Takes the gradient of a variable on the short way; gives back what candle has to add itself, and
/// everything outside a pass of [`backward`]. What is given away here must not be held elsewhere: others are added to it
/// where it lies.
pub fn route_gradient(argument: &Tensor, gradient: Option<Tensor>) -> Option<Tensor> {
    let gradient = gradient?;
    if !is_taken(argument) {
        return Some(gradient);
    }
    hand_over(argument, Handed::Whole(gradient));
    None
}

/// [`route_gradient`] of some rows of a table.
///
/// # Errors
/// The tensor library's.
pub fn route_rows(argument: &Tensor, rows: RowGradient) -> Result<Option<Tensor>> {
    if !is_taken(argument) {
        return rows.dense().map(Some);
    }
    hand_over(argument, Handed::Rows(rows));
    Ok(None)
}

fn is_taken(argument: &Tensor) -> bool {
    argument.is_variable() && HANDED.with_borrow(Option::is_some)
}

fn hand_over(argument: &Tensor, gradient: Handed) {
    HANDED.with_borrow_mut(|handed| handed.get_or_insert_default().push((argument.clone(), gradient)));
}
