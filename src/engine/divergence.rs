//! Whether a run has come apart although every number of it is still one: its loss or its gradient has
//! grown out of all proportion, or the student has lost what it had learned.
//!
//! Everything is held against the run itself, never against an absolute figure: a loss of 5 is the
//! beginning of one run and the ruin of another. Losses and gradients are judged by what three
//! quarters of the last [`RECENT`] steps had at least, so that one hard batch, or every second one, is no
//! alarm. What a person did on
//! purpose is none either: a knob that makes another loss begins the comparison anew, and θ, which takes
//! weights away, begins all of it anew. The learning rate does not: that is what this watches.
//!
//! An alarm that was raised is silent until what raised it is over, so that whoever goes on anyway is
//! not asked again at every step. All of this lies in the checkpoints: a run that was put back or taken
//! up again is watched as if it had gone through.
//!
//! *Why not a single loss against a multiple of the median before it (2026-11).* With batches of a few
//! texts a healthy loss jumps by a factor of 100 late in a run, while a run at a rate of 1 climbs within
//! a few steps and stays: what tells them apart is that it stays.

pub mod information;
mod level;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use self::level::{Height, Level};
use super::optim::{BETA1, BETA2, CLIP, LEARNING_RATE, WEIGHT_DECAY};
use super::prune::THETA;
use crate::link::{Alarm, KnobChange, Step};
use crate::session::{Sentence, say};

/// Steps that are judged together: over in the time of a look at the curve, and more than a few odd
/// batches in a row.
pub const RECENT: usize = 24;
/// An alarm of losses or gradients is raised so many steps after it began, at most.
const BEFORE: Step = (RECENT + RECENT / 4) as Step;
/// A loss so many times what it began with is not learned from.
const ABOVE_START: f64 = 3.0;
/// A loss so many times its lowest running median has lost what was learned, once it is also back at the start.
const ABOVE_MEDIAN: f64 = 10.0;
/// A gradient so many times as long as the longest that the run was used to.
const LONGER: f64 = 100.0;
/// The alarm is over below so large a part of what raised it.
const OVER: f64 = 0.5;
/// So many standard errors of the validation part are no accident.
const NO_ACCIDENT: f64 = 6.0;
/// So many are.
const ACCIDENT: f64 = 2.0;
/// The student must have been better than the commonest class by at least so much.
const CLEARLY: f64 = 0.1;
/// Answers count as spread where no class has more than this share of them.
const SPREAD: f64 = 0.9;
/// Attention counts as informed from so much on, see [`information::of_attention`].
const INFORMED: f64 = 0.02;
/// Below this it tells nothing: a student from random weights begins with twice as much.
const FLAT: f64 = 1e-3;

/// What a run was like so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Divergence {
    #[serde(default)]
    losses: Level,
    #[serde(default)]
    norms: Level,
    /// The best accuracy so far.
    #[serde(default)]
    best: Option<f64>,
    /// Whether the answers were spread, and told something.
    #[serde(default)]
    spread: bool,
    /// Whether some head told tokens apart.
    #[serde(default)]
    informed: bool,
    /// Steps done at the last evaluation that was sound.
    #[serde(default)]
    sound: Step,
    /// Alarms that were raised and are not over.
    #[serde(default)]
    silenced: BTreeSet<Alarm>,
}

/// What a step gave.
#[derive(Clone, Copy, Debug)]
pub struct StepSeen {
    /// The mixture's value.
    pub loss: f64,
    /// Norm of the gradient before it is clipped.
    pub norm: f64,
    /// Classes of the data.
    pub classes: usize,
}

/// What an evaluation gave.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evaluated {
    /// Texts that were measured.
    pub texts: usize,
    /// Classes of the data.
    pub classes: usize,
    /// Share of right answers.
    pub accuracy: f64,
    /// Share of the commonest class among the right answers.
    pub commonest: f64,
    /// Share of the commonest class among the student's answers.
    pub leaning: f64,
    /// How much the most telling head tells, where there are any.
    pub information: Option<f64>,
}

impl Evaluated {
    /// The accuracy of guessing, and its standard error.
    fn chance(&self) -> (f64, f64) {
        let chance = 1.0 / self.classes.max(2) as f64;
        (chance, (chance * (1.0 - chance) / self.texts.max(1) as f64).sqrt())
    }

    /// An accuracy that neither guessing nor always naming the commonest class gives.
    fn clear(&self) -> f64 {
        let (chance, error) = self.chance();
        self.commonest.max(chance) + (NO_ACCIDENT * error).max(CLEARLY)
    }
}

/// An alarm, what is said of it, and up to where the run was as it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Raised {
    /// Which.
    pub alarm: Alarm,
    /// What happened, with its numbers, in a sentence.
    pub what: Sentence,
    /// Steps done when all was well.
    pub sound: Step,
}

impl Raised {
    /// Alarms of one step as one: each is raised once, so each has to be said now. It bears the name of
    /// the first, and all was well before the earliest.
    pub fn together(alarms: impl IntoIterator<Item = Self>) -> Option<Self> {
        alarms.into_iter().reduce(|first, next| Self {
            what: Sentence::joined([first.what, next.what], "; "),
            sound: first.sound.min(next.sound),
            ..first
        })
    }
}

impl Divergence {
    /// Takes in the step that was just done; `done` counts it.
    pub fn step(&mut self, done: Step, seen: StepSeen) -> Option<Raised> {
        let loss = self.loss(done, seen);
        let norm = self.norm(done, seen.norm);
        Raised::together(loss.into_iter().chain(norm))
    }

    fn loss(&mut self, done: Step, seen: StepSeen) -> Option<Raised> {
        let Height { quartile: now, median } = self.losses.take(seen.loss)?;
        // A guess costs ln C; a student that begins with less may well rise to that.
        let start = self.losses.first.unwrap_or(now).max((seen.classes.max(2) as f64).ln());
        let lowest = self.losses.lowest.unwrap_or(median);
        let limit = (ABOVE_START * start).min((ABOVE_MEDIAN * lowest).max(start));
        let what = || {
            let than = match lowest < now {
                true => say!(
                    "{times} times the lowest running median ({lowest})",
                    times = format_args!("{:.1}", now / lowest),
                    lowest = format_args!("{lowest:.3}")
                ),
                false => say!("from the first steps on"),
            };
            let first = self.losses.first.unwrap_or(now);
            say!(
                "the loss has come apart: in three quarters of the last {recent} steps it was {now} or more, {than}; the first step had {first}",
                recent = RECENT,
                now = format_args!("{now:.3}"),
                than,
                first = format_args!("{first:.3}")
            )
        };
        let raised = (now > limit).then(what);
        if raised.is_none() {
            self.losses.settle(median);
        }
        self.judge(Alarm::Loss, raised, now < OVER * limit, done.saturating_sub(BEFORE))
    }

    fn norm(&mut self, done: Step, norm: f64) -> Option<Raised> {
        let Height { quartile: now, median } = self.norms.take(norm)?;
        let used = self.norms.highest.unwrap_or(0.0).max(self.norms.first.unwrap_or(0.0));
        let limit = LONGER * used;
        let raised = (now > limit).then(|| {
            let times = now / used.max(f64::MIN_POSITIVE);
            say!("the gradient explodes: in three quarters of the last {recent} steps its norm was {now} or more, {times} times the longest it was used to ({used})", recent = RECENT, now = format_args!("{now:.3}"), times = format_args!("{times:.0}"), used = format_args!("{used:.3}"))
        });
        if raised.is_none() && !self.silenced.contains(&Alarm::Gradient) {
            self.norms.settle(median);
        }
        self.judge(Alarm::Gradient, raised, now < OVER * limit, done.saturating_sub(BEFORE))
    }

    /// Takes in an evaluation made behind `done` steps.
    pub fn evaluated(&mut self, done: Step, seen: Evaluated) -> Option<Raised> {
        let sound = self.sound;
        let all = [self.accuracy(seen), self.answers(seen), self.attention(seen)];
        let raised = all.into_iter().filter_map(|(alarm, what, over)| self.judge(alarm, what, over, sound));
        let raised = Raised::together(raised);
        if self.silenced.is_empty() {
            self.sound = done;
        }
        raised
    }

    fn accuracy(&mut self, seen: Evaluated) -> (Alarm, Option<Sentence>, bool) {
        let (chance, error) = seen.chance();
        let best = self.best.filter(|best| *best >= seen.clear());
        let guesses = seen.accuracy <= chance + ACCIDENT * error;
        let what = best.filter(|_| guesses).map(|best| {
            say!("the student guesses: its accuracy on {texts} validation texts is {accuracy}, as good as chance ({chance}), after {best}", texts = seen.texts, accuracy = format_args!("{:.3}", seen.accuracy), chance = format_args!("{chance:.3}"), best = format_args!("{best:.3}"))
        });
        let accuracy = Some(seen.accuracy).filter(|accuracy| accuracy.is_finite());
        self.best = accuracy.map(|accuracy| self.best.map_or(accuracy, |best| best.max(accuracy))).or(self.best);
        (Alarm::Accuracy, what, !guesses)
    }

    fn answers(&mut self, seen: Evaluated) -> (Alarm, Option<Sentence>, bool) {
        let one = seen.leaning >= 1.0;
        let what = (one && self.spread).then(|| {
            say!(
                "the answers have collapsed: the student names one class for all of {texts} validation texts",
                texts = seen.texts
            )
        });
        self.spread |= seen.leaning <= SPREAD && seen.accuracy >= seen.clear();
        (Alarm::Answers, what, !one)
    }

    fn attention(&mut self, seen: Evaluated) -> (Alarm, Option<Sentence>, bool) {
        let Some(information) = seen.information.filter(|information| information.is_finite()) else {
            return (Alarm::Attention, None, true);
        };
        let flat = information < FLAT;
        let what = (flat && self.informed).then(|| {
            say!("attention carries no information any more: in every head all tokens look at the same places (mutual information {information} of 1)", information = format_args!("{information:.1e}"))
        });
        self.informed |= information >= INFORMED;
        (Alarm::Attention, what, !flat)
    }

    /// Raises an alarm once, until it is over.
    fn judge(&mut self, alarm: Alarm, what: Option<Sentence>, over: bool, sound: Step) -> Option<Raised> {
        if over {
            self.silenced.remove(&alarm);
        }
        let what = what?;
        self.silenced.insert(alarm).then_some(Raised { alarm, what, sound })
    }

    /// Begins the comparisons anew that a change of knobs has made void.
    pub fn turned(&mut self, changes: &[KnobChange]) {
        let moves = [LEARNING_RATE, WEIGHT_DECAY, CLIP, BETA1, BETA2].map(|knob| knob.id);
        if changes.iter().any(|change| change.knob == THETA.id) {
            *self = Self { sound: self.sound, ..Self::default() };
        } else if changes.iter().any(|change| !moves.contains(&change.knob.as_str())) {
            (self.losses, self.norms) = (Level::default(), Level::default());
            self.silenced.remove(&Alarm::Loss);
            self.silenced.remove(&Alarm::Gradient);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CLASSES: usize = 8;

    /// Numbers in [0, 1) that look random.
    fn noise(seed: u64) -> impl FnMut() -> f64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1u64 << 53) as f64
        }
    }

    /// The first alarm of a run with these losses and norms, and the step it came at.
    fn watch(divergence: &mut Divergence, curve: impl IntoIterator<Item = (f64, f64)>) -> Option<(Step, Alarm)> {
        (1..).zip(curve).find_map(|(done, (loss, norm))| {
            let raised = divergence.step(done, StepSeen { loss, norm, classes: CLASSES });
            raised.map(|raised| (done, raised.alarm))
        })
    }

    /// A healthy loss: falls to `floor` with `pace`, and every step is off by a factor up to e^±`spread`.
    fn healthy(seed: u64, start: f64, floor: f64, pace: f64, spread: f64) -> impl Iterator<Item = (f64, f64)> {
        let mut noise = noise(seed);
        (0..1500).map(move |step| {
            let mean = floor + (start - floor) * (-pace * f64::from(step)).exp();
            // Before anything is learned all batches cost about the same.
            let spread = if mean < 1.0 { spread } else { spread.min(0.8) };
            let mut off = || (spread * (2.0 * noise() - 1.0)).exp();
            (mean * off(), (0.2 + mean) * off())
        })
    }

    proptest! {
        #[test]
        fn a_healthy_run_raises_no_alarm(
            seed: u64, start in 0.3f64..9.0, floor in 1e-4f64..0.3, pace in 1e-3f64..0.1, spread in 0.0f64..2.3,
        ) {
            let curve = healthy(seed, start, floor, pace, spread);
            prop_assert_eq!(watch(&mut Divergence::default(), curve), None);
        }

        #[test]
        fn hard_batches_among_easy_ones_raise_no_alarm(seed: u64, hard in 1f64..60.0, share in 0.0f64..0.3) {
            // Batches of one text: most are known by heart, some are surprises.
            let mut noise = noise(seed);
            let surprises: Vec<f64> = (0..1000).map(|_| if noise() < share { hard * noise() } else { 0.0 }).collect();
            let curve = healthy(seed, 2.1, 1e-3, 0.02, 1.0).zip(surprises);
            let curve = curve.map(|((loss, norm), surprise)| (loss + surprise, norm + surprise));
            prop_assert_eq!(watch(&mut Divergence::default(), curve), None);
        }

        #[test]
        fn a_loss_that_leaves_and_stays_away_is_noticed_within_a_few_steps(
            seed: u64, at in 60usize..400, height in 8f64..1e4, spread in 0.0f64..1.0,
        ) {
            let curve = healthy(seed, 2.1, 0.05, 0.02, spread);
            let curve = curve.enumerate().map(|(step, (loss, norm))| if step < at { (loss, norm) } else { (height * loss.max(1.0), norm) });
            let (step, alarm) = watch(&mut Divergence::default(), curve).unwrap();
            prop_assert_eq!(alarm, Alarm::Loss);
            prop_assert!((at as Step..=(at + RECENT) as Step).contains(&step), "at {} but noticed at {}", at, step);
        }
    }

    #[test]
    fn a_loss_that_is_lost_from_the_first_steps_on_is_noticed() {
        let climbs = (0..100).map(|step| (2.1 + f64::from(step).min(20.0), 1.0));
        assert!(
            watch(&mut Divergence::default(), climbs).is_some_and(|(step, alarm)| step < 40 && alarm == Alarm::Loss)
        );
    }

    #[test]
    fn an_exploding_gradient_is_noticed_although_the_loss_stands_still() {
        let explodes = (0..400).map(|step| (2.0, if step < 100 { 1.0 } else { 1.2f64.powi(step - 100) }));
        assert_eq!(watch(&mut Divergence::default(), explodes).map(|(_, alarm)| alarm), Some(Alarm::Gradient));
    }

    #[test]
    fn a_loss_and_a_gradient_that_come_apart_in_one_step_are_both_told() {
        let mut divergence = Divergence::default();
        let curve = (0..80).map(|step| if step < 40 { (2.0, 1.0) } else { (80.0, 1e4) });
        let mut raised = (1..)
            .zip(curve)
            .filter_map(|(done, (loss, norm))| divergence.step(done, StepSeen { loss, norm, classes: CLASSES }));
        let first = raised.next().unwrap();
        assert_eq!(first.alarm, Alarm::Loss);
        for part in ["the loss has come apart", "the gradient explodes"] {
            assert!(first.what.contains(part), "{}", first.what);
        }
        assert_eq!(raised.next(), None, "said once");
    }

    #[test]
    fn alarms_of_a_step_and_of_its_evaluation_are_told_in_one() {
        let alarm = |alarm, what: &str, sound| Raised { alarm, what: Sentence::verbatim(what), sound };
        let (step, evaluation) = (alarm(Alarm::Gradient, "one", 70), alarm(Alarm::Answers, "two", 50));
        let both = Raised::together([step.clone(), evaluation.clone()]).unwrap();
        assert_eq!(both.what, "one; two");
        assert_eq!(both, Raised { what: both.what.clone(), ..alarm(Alarm::Gradient, "", 50) });
        assert_eq!(Raised::together(None.into_iter().chain(Some(evaluation.clone()))), Some(evaluation));
        assert_eq!(Raised::together(Some(step.clone())), Some(step));
        assert_eq!(Raised::together(None), None);
    }

    #[test]
    fn whoever_goes_on_is_not_asked_again_until_the_run_has_recovered() {
        let mut divergence = Divergence::default();
        let (calm, wild) = ([(1.0, 1.0); 40], [(50.0, 1.0); 60]);
        let mut alarms = 0;
        for curve in [&calm[..], &wild, &wild, &calm, &wild] {
            for (loss, norm) in curve {
                alarms += usize::from(divergence.step(1, StepSeen { loss: *loss, norm: *norm, classes: 8 }).is_some());
            }
        }
        assert_eq!(alarms, 2, "once, and once more after it was calm");
    }

    fn change(knob: &str) -> Vec<KnobChange> {
        vec![KnobChange { knob: knob.into(), from: 0.0, to: 1.0 }]
    }

    #[test]
    fn what_a_person_did_on_purpose_is_no_alarm_but_a_learning_rate_is() {
        for (knob, quiet) in [
            ("soft_targets.temperature", true),
            ("mixture.alpha", true),
            (THETA.id, true),
            (LEARNING_RATE.id, false),
            (CLIP.id, false),
        ] {
            let mut divergence = Divergence::default();
            assert_eq!(watch(&mut divergence, [(1.0, 1.0); 60]), None);
            divergence.turned(&change(knob));
            let alarm = watch(&mut divergence, [(40.0, 200.0); 60]);
            assert_eq!(alarm.is_none(), quiet, "{knob}: {alarm:?}");
        }
    }

    fn seen(accuracy: f64, leaning: f64, information: f64) -> Evaluated {
        let information = Some(information);
        Evaluated { texts: 400, classes: CLASSES, accuracy, commonest: 0.15, leaning, information }
    }

    fn alarms(evaluations: &[Evaluated]) -> Vec<Option<Alarm>> {
        let mut divergence = Divergence::default();
        (1..)
            .zip(evaluations)
            .map(|(done, seen)| divergence.evaluated(done, *seen).map(|raised| raised.alarm))
            .collect()
    }

    #[test]
    fn what_was_learned_and_is_lost_is_noticed_at_the_next_evaluation() {
        let good = seen(0.8, 0.2, 0.1);
        assert_eq!(alarms(&[good, seen(0.13, 0.4, 0.1)]), [None, Some(Alarm::Accuracy)]);
        assert_eq!(alarms(&[good, seen(0.6, 1.0, 0.1)]), [None, Some(Alarm::Answers)]);
        assert_eq!(alarms(&[good, seen(0.6, 0.4, 1e-5)]), [None, Some(Alarm::Attention)]);
        let again = [good, seen(0.13, 0.4, 0.1), seen(0.12, 0.4, 0.1), good, seen(0.13, 0.4, 0.1)];
        assert_eq!(alarms(&again), [None, Some(Alarm::Accuracy), None, None, Some(Alarm::Accuracy)]);
    }

    #[test]
    fn all_that_is_lost_at_once_is_said_at_once() {
        let mut divergence = Divergence::default();
        assert_eq!(divergence.evaluated(100, seen(0.8, 0.2, 0.1)), None);
        let raised = divergence.evaluated(200, seen(0.125, 1.0, 1e-6)).unwrap();
        assert_eq!(raised.alarm, Alarm::Accuracy);
        for part in ["0.125, as good as chance", "names one class for all of 400", "no information"] {
            assert!(raised.what.contains(part), "{}", raised.what);
        }
    }

    #[test]
    fn a_student_that_has_not_learned_yet_or_gets_a_little_worse_is_no_alarm() {
        let beginner = seen(0.13, 1.0, 1e-6);
        assert_eq!(alarms(&[beginner, beginner, seen(0.2, 0.8, 1e-3), beginner]), [None; 4]);
        assert_eq!(alarms(&[seen(0.9, 0.2, 0.3), seen(0.55, 0.5, 0.01), seen(0.8, 0.2, 0.2)]), [None; 3]);
        // One class out of two is most of the data: naming it alone is where learning begins.
        let lopsided = Evaluated { classes: 2, commonest: 0.9, accuracy: 0.9, ..seen(0.9, 1.0, 0.1) };
        let even = Evaluated { accuracy: 0.5, leaning: 0.5, ..lopsided };
        assert_eq!(alarms(&[even, lopsided, lopsided]), [None; 3]);
        // Few texts prove nothing.
        let few = |accuracy| Evaluated { texts: 8, ..seen(accuracy, 0.4, 0.1) };
        assert_eq!(alarms(&[few(0.5), few(0.125)]), [None; 2]);
        let none =
            Evaluated { texts: 0, accuracy: f64::NAN, commonest: f64::NAN, leaning: f64::NAN, ..seen(0.0, 0.0, 0.1) };
        assert_eq!(alarms(&[none, none]), [None; 2]);
    }

    #[test]
    fn pruning_on_purpose_begins_every_comparison_anew() {
        let mut divergence = Divergence::default();
        assert_eq!(divergence.evaluated(100, seen(0.8, 0.2, 0.1)), None);
        divergence.turned(&change(THETA.id));
        assert_eq!(divergence.evaluated(200, seen(0.125, 1.0, 0.0)), None);
    }

    #[test]
    fn the_way_back_ends_at_the_last_evaluation_that_was_sound() {
        let mut divergence = Divergence::default();
        for (done, accuracy) in [(100, 0.5), (200, 0.8)] {
            assert_eq!(divergence.evaluated(done, seen(accuracy, 0.2, 0.1)), None);
        }
        assert_eq!(divergence.evaluated(300, seen(0.12, 0.2, 0.1)).unwrap().sound, 200);
    }

    #[test]
    fn a_run_that_is_taken_up_again_is_watched_as_if_it_had_gone_through() {
        let curve: Vec<(f64, f64)> = healthy(3, 2.1, 0.05, 0.02, 1.0).take(80).chain([(90.0, 5.0); 40]).collect();
        let whole = watch(&mut Divergence::default(), curve.iter().copied());
        let mut halved = Divergence::default();
        assert_eq!(watch(&mut halved, curve.iter().copied().take(70)), None);
        let mut halved: Divergence = serde_json::from_str(&serde_json::to_string(&halved).unwrap()).unwrap();
        let rest = watch(&mut halved, curve.iter().copied().skip(70));
        assert_eq!(whole.unwrap().0, rest.unwrap().0 + 70);
    }
}
