//! How long frames take: the program measures itself, so that slow drawing is seen before it is felt.
//!
//! What counts is the drawing thread's own CPU time: while a run takes every core, the clock on
//! the wall mostly measures waiting.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// CPU times of the last frames.
#[derive(Debug, Default)]
pub struct Timing {
    own: VecDeque<f32>,
    whole: VecDeque<f32>,
    frames: u64,
}

/// Measures a stretch of work of this thread.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch {
    wall: Instant,
    cpu: Option<Duration>,
}

impl Stopwatch {
    /// Begins now.
    pub fn start() -> Self {
        Self { wall: Instant::now(), cpu: thread_cpu_time() }
    }

    /// CPU time of this thread since the start; wall time where the system does not tell.
    pub fn elapsed(self) -> Duration {
        let cpu = self.cpu.zip(thread_cpu_time()).map(|(begun, now)| now.saturating_sub(begun));
        cpu.unwrap_or_else(|| self.wall.elapsed())
    }
}

/// CPU time of this thread.
#[cfg(unix)]
fn thread_cpu_time() -> Option<Duration> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live, writable timespec, which is all the call asks for.
    let answer = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    let (secs, nanos) = (u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?);
    (answer == 0).then(|| Duration::new(secs, nanos))
}

#[cfg(not(unix))]
fn thread_cpu_time() -> Option<Duration> {
    None
}

/// Median and 99th percentile, milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// Half of the frames take less.
    pub median: f32,
    /// One in a hundred takes more.
    pub p99: f32,
}

impl Timing {
    const KEPT: usize = 600;

    /// Takes in one frame's time in `tick` and `draw`.
    pub fn add(&mut self, own: Duration) {
        self.frames += 1;
        push(&mut self.own, own.as_secs_f32() * 1e3);
    }

    /// Takes in what eframe measured for a whole frame, tessellation and handing over to the
    /// renderer included, on the wall clock.
    pub fn add_whole(&mut self, secs: f32) {
        push(&mut self.whole, secs * 1e3);
    }

    /// Frames drawn so far.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// `tick` and `draw` of the last frame, milliseconds.
    pub fn last(&self) -> f32 {
        self.own.back().copied().unwrap_or_default()
    }

    /// Of `tick` and `draw`.
    pub fn own(&self) -> Spread {
        spread(&self.own)
    }

    /// Of the whole frame, as eframe measures it.
    pub fn whole(&self) -> Spread {
        spread(&self.whole)
    }
}

fn push(times: &mut VecDeque<f32>, ms: f32) {
    if times.len() == Timing::KEPT {
        times.pop_front();
    }
    times.push_back(ms);
}

fn spread(times: &VecDeque<f32>) -> Spread {
    Spread::of(times.iter().copied().collect())
}

impl Spread {
    /// Of times in any order, milliseconds.
    pub fn of(mut sorted: Vec<f32>) -> Self {
        sorted.sort_by(f32::total_cmp);
        let at = |q: f32| sorted.get((q * sorted.len().saturating_sub(1) as f32).round() as usize).copied();
        Self { median: at(0.5).unwrap_or_default(), p99: at(0.99).unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_ignores_a_single_slow_frame_and_the_percentile_does_not() {
        let mut timing = Timing::default();
        (0..99).for_each(|_| timing.add(Duration::from_millis(2)));
        timing.add(Duration::from_millis(50));
        timing.add_whole(0.06);
        timing.add(Duration::from_millis(50));
        assert!((timing.own().median - 2.0).abs() < 1e-3);
        assert!((timing.own().p99 - 50.0).abs() < 1e-3);
        assert!((timing.whole().median - 60.0).abs() < 1e-3);
    }
}
