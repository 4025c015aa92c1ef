//! What a command writes: results to stdout, everything else to stderr. Neither may break it: whoever
//! reads may go away at any moment, as `head`, `less` and a closed terminal do.

use std::fmt::Display;
use std::io::{ErrorKind, Write as _};

use super::CommandError;

/// Exit code of a command whose reader has gone, the one a shell shows for a program that SIGPIPE ends.
pub const NOBODY_READS: u8 = 141;

/// Writes a result to stdout.
///
/// # Errors
/// [`CommandError`]: without a word if nobody reads any more, with the reason if it cannot be written.
pub fn print(text: &str) -> Result<(), CommandError> {
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Err(CommandError::quiet(NOBODY_READS)),
        Err(e) => Err(CommandError::run(format!(
            "cannot write the result to stdout: {e}; make room, or send it to another place"
        ))),
    }
}

/// Writes a line to stderr, if anybody reads there.
pub fn tell(line: impl Display) {
    // A run of hours does not end because the window it was started from was closed.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
