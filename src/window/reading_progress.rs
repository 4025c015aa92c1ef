//! How much of a run's journal is read while it opens, told by the thread that reads it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Shared by the window and the thread that reads.
#[derive(Clone, Debug, Default)]
pub struct ReadingProgress {
    done: Arc<AtomicU64>,
    /// 0 while nothing is read, or what is read is there at once.
    total: Arc<AtomicU64>,
}

impl ReadingProgress {
    /// What is read sooner needs no bar.
    const PATIENCE: Duration = Duration::from_millis(500);
    /// Between two frames of the bar.
    const FRAME: Duration = Duration::from_millis(100);

    /// Bytes read of how many; `None` while there is no need to tell.
    pub fn now(&self) -> Option<(u64, u64)> {
        let (done, total) = (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
        (total > 0).then_some((done.min(total), total))
    }

    /// Runs `read` with what it reports to, waking the window `ctx` as it comes on.
    pub fn during<T>(&self, ctx: &egui::Context, read: impl FnOnce(&mut dyn FnMut(u64, u64)) -> T) -> T {
        self.told_after(Self::PATIENCE, ctx, read)
    }

    fn told_after<T>(
        &self,
        patience: Duration,
        ctx: &egui::Context,
        read: impl FnOnce(&mut dyn FnMut(u64, u64)) -> T,
    ) -> T {
        let (begun, mut woken) = (Instant::now(), None::<Instant>);
        let read = read(&mut |done, total| {
            if begun.elapsed() < patience || woken.is_some_and(|woken| woken.elapsed() < Self::FRAME) {
                return;
            }
            woken = Some(Instant::now());
            self.done.store(done, Ordering::Relaxed);
            self.total.store(total, Ordering::Relaxed);
            ctx.request_repaint();
        });
        self.total.store(0, Ordering::Relaxed);
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reading_is_told_while_it_lasts_and_a_short_one_is_not() {
        let (progress, ctx) = (ReadingProgress::default(), egui::Context::default());
        for (patience, known) in [(Duration::ZERO, Some((3, 9))), (Duration::MAX, None)] {
            progress.told_after(patience, &ctx, |told| {
                told(3, 9);
                assert_eq!(progress.now(), known);
            });
            assert_eq!(progress.now(), None);
        }
    }
}
