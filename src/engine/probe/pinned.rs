//! The pinned texts, answered by both models: of each the likeliest class, or next token, and how likely it is.

use super::look;
use crate::engine::data::{Example, Fields};
use crate::engine::pair::Pair;
use crate::link::scores::answer;
use crate::link::{PinnedFrame, ProbeFrame, ProbeRequest, SideFrame, TopAnswer};
use crate::session::{Prompts, Say as _};

/// Both models' answers to `texts` after `step` steps. A text that cannot be read has no answer, and the first reason
/// is told.
pub fn pinned(pair: &Pair, texts: &[String], prompts: &Prompts, step: u64) -> PinnedFrame {
    let mut frame = PinnedFrame { step, texts: texts.to_vec(), ..PinnedFrame::default() };
    for text in texts {
        let request = ProbeRequest { text: text.clone(), ..ProbeRequest::default() };
        let example = Example::of(&Fields::typed(&pair.assets.data.layout, text));
        match look(pair, &request, &example, prompts, (step, 0)) {
            Ok(seen) => {
                frame.teacher.extend(seen.teacher.as_ref().map(|side| of_side(&seen, side)));
                frame.student.push(of_side(&seen, &seen.student));
            }
            Err(e) => {
                frame.problem.get_or_insert_with(|| e.said());
                frame.teacher.push(TopAnswer::default());
                frame.student.push(TopAnswer::default());
            }
        }
    }
    if frame.teacher.iter().all(|answer| *answer == TopAnswer::default()) {
        frame.teacher.clear();
    }
    frame
}

fn of_side(frame: &ProbeFrame, side: &SideFrame) -> TopAnswer {
    let answers = frame.others().map_or(side.scores.len(), |(place, _)| place);
    top_answer(&frame.classes, side.scores.get(..answers).unwrap_or(&side.scores))
}

/// The likeliest of `names` by its log-probability.
pub fn top_answer(names: &[String], scores: &[f32]) -> TopAnswer {
    let (place, probability) = answer(scores);
    match names.get(place).filter(|_| probability.is_finite()) {
        Some(name) => TopAnswer { answer: name.clone(), probability },
        None => TopAnswer::default(),
    }
}
