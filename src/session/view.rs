//! What the window shows: kept in the session so that reopening it gives the same picture. Language and
//! colours are the person's: they are not here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::side_by_side::StudentSnapshot;

/// The window's arrangement and choices; a headless run ignores it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// Shares of the room of parts that were drawn to a height, in (0, 1).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, f32>,
    /// Parts of the left column that are open, or folded, although they begin otherwise.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sections: BTreeMap<String, bool>,
    /// Which rows of the test table are listed.
    #[serde(skip_serializing_if = "is_default")]
    #[cfg_attr(test, schemars(!skip_serializing_if))]
    pub rows: Rows,
    /// Whether they are listed by their divergence.
    #[serde(skip_serializing_if = "is_default")]
    #[cfg_attr(test, schemars(!skip_serializing_if))]
    pub by_divergence: bool,
    /// Order of the probability bars.
    #[serde(skip_serializing_if = "is_default")]
    #[cfg_attr(test, schemars(!skip_serializing_if))]
    pub bars: Bars,
    /// How the heatmaps are coloured.
    #[serde(skip_serializing_if = "is_default")]
    #[cfg_attr(test, schemars(!skip_serializing_if))]
    pub heatmaps: Heatmaps,
    /// Students in columns of their own beside teacher and student.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<StudentSnapshot>,
}

/// Rows of the test table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Rows {
    /// All of them.
    #[default]
    All,
    /// Those the student answers wrongly.
    Wrong,
    /// Those on which both models differ.
    Disagree,
}

/// Order of the probability bars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Bars {
    /// As the teacher sees them, the likeliest first.
    #[default]
    Teacher,
    /// As the classes are listed.
    Label,
    /// Where the two differ most, first.
    Difference,
}

/// Colours of the attention heatmaps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Heatmaps {
    /// The window's name of the colours; empty are its own.
    pub colors: String,
    /// Exponent on the value, in [0.2, 1].
    pub contrast: f32,
    /// Whether each head is scaled by its own largest value.
    pub own_maximum: bool,
}

impl Default for Heatmaps {
    fn default() -> Self {
        Self { colors: String::new(), contrast: 0.6, own_maximum: true }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
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
            parts: BTreeMap::new(),
            sections: BTreeMap::new(),
            rows: Rows::default(),
            by_divergence: false,
            bars: Bars::default(),
            heatmaps: Heatmaps::default(),
            columns: Vec::new(),
        }
    }
}
