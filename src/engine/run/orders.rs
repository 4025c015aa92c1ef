//! The orders as they come: those that arrive while something takes its time wait behind it, but for the ones that
//! end it.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, TryRecvError};

use crate::link::Command;

/// Orders from the watching side, in the order in which they are to be carried out.
pub(super) struct Orders<'a> {
    commands: &'a Receiver<Command>,
    waiting: VecDeque<Command>,
}

impl<'a> Orders<'a> {
    pub(super) fn new(commands: &'a Receiver<Command>) -> Self {
        Self { commands, waiting: VecDeque::new() }
    }

    /// The next one, waited for where `waits`; `None` if none is there.
    ///
    /// # Errors
    /// [`TryRecvError::Disconnected`] once the watching side is gone and none is left, else
    /// [`TryRecvError::Empty`].
    pub(super) fn next(&mut self, waits: bool) -> Result<Command, TryRecvError> {
        match self.waiting.pop_front() {
            Some(command) => Ok(command),
            None if waits => self.commands.recv().map_err(|_| TryRecvError::Disconnected),
            None => self.commands.try_recv(),
        }
    }

    /// Whether what is being done is called off: by a stop, or because the watching side is gone.
    pub(super) fn stop(&mut self) -> bool {
        self.ends_with(|_| false)
    }

    /// The same, or because something else is to be opened in its place.
    pub(super) fn stop_or_other(&mut self) -> bool {
        self.ends_with(Command::opens)
    }

    fn ends_with(&mut self, other: fn(&Command) -> bool) -> bool {
        loop {
            match self.commands.try_recv() {
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => return true,
                Ok(command) if command.is_stop() => return true,
                Ok(command) => {
                    let instead = other(&command);
                    self.waiting.push_back(command);
                    if instead {
                        return true;
                    }
                }
            }
        }
    }
}
