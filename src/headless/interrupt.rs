//! Signals that end a run: Ctrl+C, the end that a system or a batch queue asks for, and a terminal that
//! is closed. The first one stops the run as a person would; a second Ctrl+C ends the process at once.
//!
//! *Why only Ctrl+C counts twice.* A shell passes on the hang-up of a terminal that its jobs have
//! already got, and some queues tell every process of a job twice. Neither is impatience.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

#[cfg(unix)]
use signal_hook::consts::SIGHUP;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// The signals that end a run.
#[cfg(unix)]
const ENDING: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];
#[cfg(not(unix))]
const ENDING: [i32; 2] = [SIGINT, SIGTERM];

/// Remembers the signal that asked the run to end.
pub struct Interrupt(Arc<AtomicUsize>);

impl Interrupt {
    /// Listens from now on. Signals that whoever started the process had it ignore (`nohup`) stay ignored.
    ///
    /// # Errors
    /// The operating system's.
    pub fn listen() -> std::io::Result<Self> {
        let (last, asked) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        for signal in ENDING.into_iter().filter(|signal| !is_ignored(*signal)) {
            if signal == SIGINT {
                flag::register_conditional_shutdown(signal, code(signal as usize).into(), Arc::clone(&asked))?;
            }
            flag::register_usize(signal, Arc::clone(&last), signal as usize)?;
            flag::register(signal, Arc::clone(&asked))?;
        }
        Ok(Self(last))
    }

    /// The exit code of a process that a signal has asked to end; `None` while none has.
    pub fn code(&self) -> Option<u8> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(code(signal)),
        }
    }
}

/// As shells have it: 130 for Ctrl+C, 143 for SIGTERM, 129 for SIGHUP.
fn code(signal: usize) -> u8 {
    128 + signal as u8
}

#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    // SAFETY: without a new action sigaction only writes the present one into the struct it is given.
    unsafe {
        let mut present = std::mem::zeroed::<libc::sigaction>();
        libc::sigaction(signal, std::ptr::null(), &mut present) == 0 && present.sa_sigaction == libc::SIG_IGN
    }
}

#[cfg(not(unix))]
fn is_ignored(_signal: i32) -> bool {
    false
}
