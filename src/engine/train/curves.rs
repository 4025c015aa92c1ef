//! What a step tells of its losses, as points of curves.

use crate::engine::loss::Insight;
use crate::link::{SeriesId, Step};

/// Steps between two looks at what the terms ask of the student: by the number of the step, so that a run that is
/// repeated, or put back, looks at the same ones. Of a step of several passes the first is looked at.
pub(super) const INSIGHT_EVERY: Step = 10;

/// The curves of what the terms ask of the student. What is no number says nothing: the step says so by its loss.
pub(super) fn of_insight(insight: &Insight) -> Vec<(SeriesId, f64)> {
    let norms = insight.gradients.iter().map(|(id, gradient)| (curve("gradient", id), Some(gradient.norm)));
    let cosines = insight.gradients.iter().map(|(id, gradient)| (curve("cosine", id), gradient.cosine));
    let floors = insight.floors.iter().map(|(id, floor)| (curve("floor", id), Some(*floor)));
    let entropy = (curve("teacher", "entropy"), insight.teacher_entropy);
    let all = norms.chain(cosines).chain(floors).chain([entropy]);
    all.filter_map(|(id, value)| Some((id, value.filter(|value| value.is_finite())?))).collect()
}

/// The curve `id` of a group.
pub(super) fn curve(group: &str, id: &str) -> SeriesId {
    SeriesId::from(format!("{group}/{id}").as_str())
}
