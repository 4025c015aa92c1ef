//! Where answers go: a file that stands in its place only when it is whole, or stdout.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::super::output::NOBODY_READS;
use super::super::{CommandError, PredictArguments};
use crate::link::grouped;
use crate::session::atomic::WholeFile;

/// The system's own words, and by them whether a reader has gone.
pub(super) fn reason(e: csv::Error) -> std::io::Error {
    match e.into_kind() {
        csv::ErrorKind::Io(e) => e,
        other => std::io::Error::other(format!("{other:?}")),
    }
}

/// A reader who has gone is no fault.
pub(super) fn unwritten(e: &std::io::Error, out: &Option<PathBuf>) -> CommandError {
    if e.kind() == ErrorKind::BrokenPipe {
        return CommandError::quiet(NOBODY_READS);
    }
    let place = out.as_ref().map_or(String::new(), |out| format!(": {}", out.display()));
    CommandError::run(format!("cannot write the answers: {e}; make room, or name another place with --out{place}"))
}

/// Where the answers go.
pub(super) enum Out {
    File {
        file: WholeFile,
        delimiter: u8,
        written: u64,
        /// Bytes of whole blocks.
        whole: u64,
    },
    Stdout,
}

impl Out {
    pub(super) fn begin(arguments: &PredictArguments) -> Result<Self, CommandError> {
        let Some(path) = arguments.out.as_ref().filter(|path| path.as_path() != Path::new("-")) else {
            return Ok(Self::Stdout);
        };
        if is_same(path, &arguments.file) {
            let words = "the answers would take the place of the texts; name another file with --out";
            return Err(CommandError::input(format!("{words}: {}", path.display())));
        }
        let tab = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("tsv"));
        let file = WholeFile::create(path)
            .map_err(|e| CommandError::input(format!("cannot write the answers: {e}: {}", path.display())))?;
        Ok(Self::File { file, delimiter: if tab { b'\t' } else { b',' }, written: 0, whole: 0 })
    }

    pub(super) fn delimiter(&self) -> u8 {
        if let Self::File { delimiter, .. } = self { *delimiter } else { b',' }
    }

    pub(super) fn finish(self, out: &Option<PathBuf>) -> Result<(), CommandError> {
        match self {
            Self::File { file, .. } => file.finish().map_err(|e| unwritten(&e, out)),
            Self::Stdout => Ok(()),
        }
    }

    /// Keeps what was written so far beside the file's place; says where.
    pub(super) fn keep(self, out: &Option<PathBuf>, rows: u64) -> String {
        match (self, out) {
            (Self::File { file, whole, .. }, Some(out)) if file.is_hidden() => {
                let mut part = out.clone().into_os_string();
                part.push(".part");
                let rows = grouped(rows);
                match file.cut_to(whole).and_then(|()| file.finish_as(Path::new(&part))) {
                    Ok(()) => format!("the answers to the first {rows} rows are in {}", Path::new(&part).display()),
                    Err(e) => format!("the answers to {rows} rows could not be kept: {e}"),
                }
            }
            _ => format!("the answers to the first {} rows were written", grouped(rows)),
        }
    }
}

fn is_same(a: &Path, b: &Path) -> bool {
    a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b && b.is_file()))
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::File { file, written, .. } => {
                let count = file.write(bytes)?;
                *written += count as u64;
                Ok(count)
            }
            Self::Stdout => std::io::stdout().lock().write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::File { file, written, whole, .. } => {
                file.flush()?;
                *whole = *written;
                Ok(())
            }
            Self::Stdout => std::io::stdout().lock().flush(),
        }
    }
}
