//! EAST WING: egui lives here and nowhere else.
//!
//! # How a frame goes
//! [`WorkbenchApp::tick`] drains the engine's news into the workspace; [`WorkbenchApp::draw`] hands
//! the panels it and the record of the run on show, `&Session` and `&mut UiState`, into which they push
//! [`Action`]s; after drawing, the app acts on them. That act is the only writer of the session and the only sender
//! of commands, so a panel can neither wait nor leave the session half changed.

mod act;
pub mod app;
mod arrangement;
pub mod belonging;
pub mod bench;
pub mod column_choice;
pub mod control;
pub mod dialog;
pub mod export;
mod export_menu;
mod exporting;
mod filing;
pub mod heatmap;
mod in_order;
pub mod kept;
pub mod kept_pictures;
pub mod launch;
mod lens;
pub mod panel;
mod picture_keeping;
pub mod plot;
pub mod preferences;
mod queue;
pub mod raw_points;
mod reading_progress;
mod run_errands;
pub mod run_list;
mod run_watcher;
pub mod shelf;
pub mod shelf_choices;
pub mod shelf_words;
pub mod state;
pub mod steering;
pub mod storage;
pub mod strings;
pub mod theme;
pub mod timing;
pub mod trash;
pub mod undo;
mod viewport;

pub use app::WorkbenchApp;
pub use launch::{Options, WindowError, run};
pub use state::{Action, UiState};
