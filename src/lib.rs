//! Retort: a workbench on which a person distils what a large, prompted language model knows into
//! a small one, and watches and steers it while it happens.
//!
//! # The map of the house
//! One crate, two wings over a ground floor. The walls are cargo features, so the compiler keeps
//! them: `engine` brings candle and tokenizers, `window` brings egui and wgpu.
//!
//! | room | what lives there |
//! |---|---|
//! | [`session`] | what is asked: plain data a person could type |
//! | [`link`] | what is said: the words between the wings |
//! | [`record`] | what happened: a run's record, the fold of its facts |
//! | `engine` | west wing: models, losses, training; tensors never leave it |
//! | `window` | east wing: panels and plots; drawing never waits |
//! | `headless` | the commands without a window |
//!
//! # Invariants
//! Tensors never leave `engine`. Drawing never waits. A step sees one knob revision. Every fact
//! can be written down and read back, and every fact, order and picture names its run. A run record is a pure fold. A file written by version N
//! opens in N+1. Maps that are iterated are ordered.
//!
//! # One training step, in five files
//! `engine/train.rs` picks the batch, asks for the teacher's targets, and has every step on one screen.
//! The task (`engine/task/label_words.rs`, say) reads the batch with the student and gives rows ×
//! outcomes. `engine/loss/objective.rs` weighs the recipe's terms by the knobs of this step;
//! `engine/loss/compare.rs` computes all of them, and their gradient, over the rows. `engine/optim/mod.rs`
//! moves the weights. A new loss is one file beside `engine/loss/soft_targets.rs` and one line in its
//! registry.
//!
//! # One value walks through the house: temperature
//! Declared as a [`session::Knob`] in `engine/loss/soft_targets.rs`; told to the window by
//! `engine::catalog()`. Dragged, it becomes an `Action::Hold` in every frame in which it moves: the
//! window shows it, and the bars soften with it at once, but nothing acts. When the hand lets go or has
//! been still for `steering::REST` it is a new revision in the [`link::Live`] cell (θ, which removes
//! weights, only when let go); typed, or set by a key or a button, it is `Action::Set` and in the cell
//! at once. A typed value out of range never gets that far: its field keeps it in red and says the
//! limit. The very next step loads the cell once, emits [`link::Fact::KnobsChanged`] and uses it; the
//! journal writes it down; the record folds it into a mark on the curve, a line of the session's script
//! and what is *applied*. One gesture is one undo, and as a rule one mark. Headless, the script sets the
//! same values at the same steps, and the same journal is written.

#[cfg(feature = "engine")]
pub mod engine;
#[cfg(feature = "engine")]
pub mod headless;
pub mod link;
pub mod record;
pub mod session;
#[cfg(feature = "window")]
pub mod window;
