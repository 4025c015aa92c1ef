//! What the window remembers of how the result card is looked at.

/// How the card is looked at.
#[derive(Clone, Debug, Default)]
pub struct ResultView {
    /// Step and time of the outcome that is looked at: a new one is shown whatever became of the last.
    pub(super) of: (u64, u64),
    /// Whether the person has put it away.
    pub(super) hidden: bool,
    /// Whether class by class is shown.
    pub(super) by_class: bool,
    /// Whether that is the teacher's side.
    pub(super) teacher: bool,
    /// When the table was copied, in egui's seconds.
    pub(super) copied: Option<f64>,
}
