//! What the window shows: kept in the session so that reopening it gives the same picture. Language and
//! colours are the person's: they are not here.

use serde::{Deserialize, Serialize};

/// The window's arrangement and choices; a headless run ignores it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct View {
    /// The text under the lens of heatmaps and bars.
    pub probe: String,
    /// Layer of the teacher whose attention is drawn, from 0.
    pub teacher_layer: usize,
    /// Layer of the student whose attention is drawn, from 0.
    pub student_layer: usize,
    /// Weight of the debiased moving average drawn over the raw curve, in [0, 1).
    pub smoothing: f64,
    /// Whether curves have a logarithmic y axis.
    pub log_y: bool,
    /// Whether the y range leaves out the outer 5 % on both sides.
    pub robust_range: bool,
    /// Series that were switched off in the legend.
    pub hidden: Vec<String>,
    /// The centre's open tab.
    pub tab: String,
}

impl Default for View {
    fn default() -> Self {
        Self {
            probe: String::new(),
            teacher_layer: 0,
            student_layer: 0,
            smoothing: 0.6,
            log_y: false,
            robust_range: true,
            hidden: Vec::new(),
            tab: String::new(),
        }
    }
}
