//! How long the rest of a run takes. Steps and evaluations are counted apart, each by its own pace: an
//! evaluation that took for a slow step made every estimate jump.
//!
//! Not here: clocks. The engine says how long things took; the same numbers give the same estimate.

use serde::{Deserialize, Serialize};

use super::series::Step;

/// Seconds after which what a step or a text took counts half as much.
const HALF_LIFE: f64 = 20.0;
/// What reading a text costs against learning from it: a pass forward, against one forward and one back.
const READING: f64 = 1.0 / 3.0;

/// How far the measuring of a part of the data is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measuring {
    /// Texts measured.
    pub done: u64,
    /// Texts in all.
    pub total: u64,
}

impl Measuring {
    /// Share that is done, in [0, 1].
    pub fn share(&self) -> f64 {
        if self.total == 0 { 0.0 } else { (self.done as f64 / self.total as f64).min(1.0) }
    }
}

/// What the rest of a run takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    /// Steps still to be done.
    pub steps_left: Step,
    /// Seconds a step, evaluations left out; 0 where it is not known yet.
    pub secs_per_step: f64,
    /// Evaluations still to be made, the present one included.
    pub evaluations_left: u64,
    /// Seconds an evaluation; guessed by the steps before the first one.
    pub secs_per_evaluation: f64,
    /// Seconds that measuring takes when the run has ended.
    pub secs_at_end: f64,
}

/// What a run has still before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Steps.
    pub steps: Step,
    /// Evaluations, the present one included.
    pub evaluations: u64,
    /// Texts of an evaluation.
    pub texts_each: u64,
    /// Texts that the student is measured on at the end.
    pub texts_at_end: u64,
    /// Of those, texts that the teacher is asked about only then.
    pub asked_at_end: u64,
    /// Texts of a step.
    pub batch: u64,
}

/// Learns the pace of a run from what it took so far.
#[derive(Clone, Debug, Default)]
pub struct Pacer {
    steps: Mean,
    texts: Mean,
    asked: Mean,
}

impl Pacer {
    /// Takes in a step.
    pub fn step(&mut self, secs: f64) {
        self.steps.take(1.0, secs);
    }

    /// Takes in the measuring of the student on so many texts.
    pub fn measured(&mut self, texts: u64, secs: f64) {
        self.texts.take(texts as f64, secs);
    }

    /// Takes in what asking the teacher about so many texts took; kept answers count as such.
    pub fn asked(&mut self, texts: u64, secs: f64) {
        self.asked.take(texts as f64, secs);
    }

    /// What the rest of the plan takes.
    pub fn pace(&self, plan: &Plan) -> Pace {
        let secs_per_step = self.steps.each().unwrap_or(0.0);
        let guess = secs_per_step * READING / plan.batch.max(1) as f64;
        let secs_per_text = self.texts.each().unwrap_or(guess);
        let asking = plan.asked_at_end as f64 * self.asked.each().unwrap_or(0.0);
        Pace {
            steps_left: plan.steps,
            secs_per_step,
            evaluations_left: plan.evaluations,
            secs_per_evaluation: plan.texts_each as f64 * secs_per_text,
            secs_at_end: plan.texts_at_end as f64 * secs_per_text + asking,
        }
    }
}

/// Seconds a thing, the latest ones counting most.
#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    things: f64,
    secs: f64,
}

impl Mean {
    fn take(&mut self, things: f64, secs: f64) {
        // A clock that was put back, or a machine that slept for years, tells nothing.
        if !(things > 0.0 && secs.is_finite() && secs >= 0.0) {
            return;
        }
        let kept = 0.5f64.powf(secs / HALF_LIFE);
        (self.things, self.secs) = (self.things * kept + things, self.secs * kept + secs);
    }

    fn each(&self) -> Option<f64> {
        (self.things > 0.0).then(|| self.secs / self.things)
    }
}

#[cfg(test)]
mod tests {
    use super::super::status::Status;
    use super::*;
    use crate::link::Phase;

    /// Milliseconds of the first 200 steps of the built-in experiment on two cores beside other work, with an
    /// evaluation of 800 texts behind every 40th.
    const STEPS: [u32; 200] = [
        280, 140, 201, 121, 195, 240, 143, 153, 139, 152, 141, 137, 198, 162, 197, 139, 161, 147, 211, 149, 137, 162,
        210, 136, 126, 120, 166, 134, 175, 116, 164, 148, 128, 145, 115, 142, 128, 199, 133, 202, 133, 151, 189, 151,
        138, 162, 222, 319, 143, 257, 152, 135, 162, 158, 121, 165, 119, 155, 171, 133, 155, 206, 175, 161, 121, 127,
        129, 139, 173, 148, 140, 115, 145, 177, 163, 140, 200, 151, 134, 194, 173, 158, 138, 172, 130, 128, 206, 119,
        194, 134, 152, 136, 146, 158, 125, 200, 140, 207, 172, 180, 128, 122, 202, 212, 241, 204, 136, 113, 158, 186,
        139, 114, 157, 110, 156, 203, 189, 244, 134, 138, 112, 162, 159, 115, 162, 223, 139, 133, 149, 207, 189, 159,
        163, 174, 133, 168, 195, 173, 168, 138, 154, 187, 212, 120, 133, 143, 152, 149, 134, 152, 113, 152, 172, 122,
        134, 230, 216, 198, 143, 226, 139, 174, 119, 149, 209, 192, 196, 156, 163, 224, 135, 153, 200, 147, 172, 169,
        136, 148, 133, 132, 133, 200, 168, 169, 146, 155, 112, 125, 200, 164, 130, 108, 138, 159, 168, 157, 127, 167,
        147, 171,
    ];
    const EVALUATIONS: [u32; 5] = [755, 735, 749, 1116, 748];
    const EVERY: u64 = 40;

    /// What is said to be left, and what is left, behind every step and every evaluation of the recording; an
    /// evaluation takes `slower` times what it took.
    fn told(slower: f64) -> Vec<(f64, f64)> {
        let (mut pacer, mut status) = (Pacer::default(), Status { phase: Phase::Running, ..Status::default() });
        let secs = |ms: &u32| f64::from(*ms) / 1e3;
        let end = 2.5 * secs(&EVALUATIONS[0]) * slower;
        let evaluations = EVALUATIONS.iter().map(|ms| secs(ms) * slower);
        let mut left = STEPS.iter().map(secs).sum::<f64>() + evaluations.clone().sum::<f64>() + end;
        let mut evaluations = evaluations.collect::<Vec<_>>().into_iter();
        let mut points = Vec::new();
        for (step, ms) in (0u64..).zip(&STEPS) {
            let due = (step + 1) % EVERY == 0;
            let behind = evaluations.len() as u64;
            let plan = |evaluations| Plan {
                steps: 199 - step,
                evaluations,
                texts_each: 800,
                texts_at_end: 2000,
                batch: 32,
                asked_at_end: 0,
            };
            pacer.step(secs(ms));
            left -= secs(ms);
            status.pace = pacer.pace(&plan(behind));
            points.push((status.seconds_left().unwrap(), left));
            if due {
                let took = evaluations.next().unwrap();
                // In the middle of it half of it is left.
                status.measuring = Some(Measuring { done: 400, total: 800 });
                points.push((status.seconds_left().unwrap(), left - took / 2.0));
                status.measuring = None;
                pacer.measured(800, took);
                left -= took;
                status.pace = pacer.pace(&plan(behind - 1));
                points.push((status.seconds_left().unwrap(), left));
            }
        }
        points
    }

    #[test]
    fn what_is_left_falls_through_evaluations_and_never_jumps() {
        // Evaluations that take 5 steps, and some that take 100.
        for slower in [1.0, 20.0] {
            let points = told(slower);
            // Behind the first evaluation, before which its length can only be guessed.
            let (known, all) = (&points[EVERY as usize + 2..], points[0].1);
            for pair in known.windows(2) {
                let (rise, run) = (pair[1].0 - pair[0].0, pair[0].1 - pair[1].1);
                assert!(rise < 0.06 * all, "{slower}: it rose from {} to {}", pair[0].0, pair[1].0);
                assert!(-rise < run + 0.06 * all, "{slower}: it fell from {} to {}", pair[0].0, pair[1].0);
            }
            for (told, left) in known {
                assert!((told - left).abs() < 0.15 * all, "{slower}: {told} instead of {left}");
            }
        }
    }

    #[test]
    fn before_the_first_evaluation_its_length_is_guessed_by_the_steps() {
        let points = told(1.0);
        for (told, left) in &points[8..EVERY as usize] {
            assert!((told / left - 1.0).abs() < 0.35, "{told} instead of {left}");
        }
    }

    #[test]
    fn while_the_end_is_measured_that_alone_is_left() {
        let pace = Pace { secs_per_step: 0.1, secs_at_end: 30.0, ..Pace::default() };
        let mut status = Status { phase: Phase::Evaluating, pace, ..Status::default() };
        assert_eq!(status.seconds_left(), Some(30.0));
        status.measuring = Some(Measuring { done: 3, total: 4 });
        assert_eq!(status.seconds_left(), Some(7.5));
        for phase in [Phase::Finished, Phase::Failed, Phase::Ready, Phase::Opening] {
            assert_eq!(Status { phase, ..status.clone() }.seconds_left(), None);
        }
        assert_eq!(Status { phase: Phase::Running, ..Status::default() }.seconds_left(), None, "no step was done");
    }

    #[test]
    fn a_clock_that_is_put_back_changes_nothing() {
        let mut pacer = Pacer::default();
        (0..5).for_each(|_| pacer.step(0.5));
        let before = pacer.pace(&Plan { steps: 10, ..Plan::default() });
        [f64::NAN, -3.0, f64::INFINITY].into_iter().for_each(|secs| pacer.step(secs));
        assert_eq!(pacer.pace(&Plan { steps: 10, ..Plan::default() }), before);
        assert_eq!(before.secs_per_step, 0.5);
    }
}
