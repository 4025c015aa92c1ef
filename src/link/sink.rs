//! Where events go: a channel, two places at once, a list in tests. And how the watcher is woken.

use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::event::Event;
use super::fact::Fact;
use crate::session::Sentence;

/// Takes events, one after the other.
pub trait EventSink {
    /// Takes one event. Must not wait for whoever reads it.
    fn emit(&mut self, event: Event);

    /// What could not be done with the events so far, each said once.
    fn take_complaints(&mut self) -> Vec<Sentence> {
        Vec::new()
    }
}

impl EventSink for Vec<Event> {
    fn emit(&mut self, event: Event) {
        self.push(event);
    }
}

/// Gives every event to both.
pub struct Tee<A, B>(pub A, pub B);

impl<A: EventSink, B: EventSink> EventSink for Tee<A, B> {
    fn emit(&mut self, event: Event) {
        self.0.emit(event.clone());
        self.1.emit(event);
    }

    fn take_complaints(&mut self) -> Vec<Sentence> {
        let mut all = self.0.take_complaints();
        all.extend(self.1.take_complaints());
        all
    }
}

impl<S: EventSink + ?Sized> EventSink for &mut S {
    fn emit(&mut self, event: Event) {
        (**self).emit(event);
    }

    fn take_complaints(&mut self) -> Vec<Sentence> {
        (**self).take_complaints()
    }
}

type WakeFn = Box<dyn Fn(Duration) + Send>;

/// An empty slot the watcher fills with its repaint request: called with how soon.
#[derive(Clone, Default)]
pub struct Wake(Arc<Mutex<Option<WakeFn>>>);

impl Wake {
    /// Fills the slot.
    pub fn set(&self, wake: impl Fn(Duration) + Send + 'static) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(wake));
    }

    /// Asks the watcher to look within `soon`.
    pub fn call(&self, soon: Duration) {
        if let Some(wake) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            wake(soon);
        }
    }
}

/// Sends events down a channel and wakes the watcher.
pub struct ChannelSink {
    events: Sender<Event>,
    wake: Wake,
    last: Option<Instant>,
}

impl ChannelSink {
    /// How long a scalar may wait to be seen. A redraw costs the cores that train, and ten
    /// pictures a second are enough for a curve.
    const PATIENCE: Duration = Duration::from_millis(100);

    /// A sink into `events`.
    pub fn new(events: Sender<Event>, wake: Wake) -> Self {
        Self { events, wake, last: None }
    }

    /// What wakes the watcher, for another thread that fills a cell.
    pub fn wake(&self) -> Wake {
        self.wake.clone()
    }

    /// Tells the watcher that a cell has new content.
    pub fn nudge(&mut self) {
        self.wake_in(Self::PATIENCE);
    }

    fn wake_in(&mut self, soon: Duration) {
        let now = Instant::now();
        let recently = self.last.is_some_and(|last| now.duration_since(last) < Self::PATIENCE / 2);
        if soon.is_zero() || !recently {
            self.last = Some(now);
            self.wake.call(soon);
        }
    }
}

impl EventSink for ChannelSink {
    fn emit(&mut self, event: Event) {
        let soon = if matches!(event, Event::Fact(_, Fact::Scalars { .. })) { Self::PATIENCE } else { Duration::ZERO };
        // A watcher that has gone is noticed where commands are received; news for nobody is dropped.
        let _ = self.events.send(event);
        self.wake_in(soon);
    }
}
