//! `retort run --tensorboard`: the curves as events of TensorBoard while a run goes on. A disk that takes no more of them
//! costs the events, not the run.

use std::fs::{self, File};
use std::io::{BufWriter, Error, Result};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::super::{CommandError, RunArguments};
use crate::link::{Event, Fact, Step};
use crate::record::export::event_file::{EventWriter, file_name, refuse_events};
use crate::session::run_folder;

/// Whoever watches sees what is at most so old.
const FLUSH: Duration = Duration::from_secs(1);

/// Writes what a run tells, where that was asked for.
pub(super) struct LiveEvents {
    /// The run's folder.
    out: PathBuf,
    /// The folder of the events; `None` where none were asked for, or none can be written any more.
    folder: Option<PathBuf>,
    /// Where the run begins, or goes on.
    from: Step,
    /// Begun with the first value, so that a run that does not begin leaves nothing.
    file: Option<EventWriter<BufWriter<File>>>,
    flushed: Instant,
}

impl LiveEvents {
    /// Of the run in `out`.
    ///
    /// # Errors
    /// [`CommandError`] where events of another run lie in the place of a new one's.
    pub(super) fn new(arguments: &RunArguments, out: &Path) -> std::result::Result<Self, CommandError> {
        let folder = arguments.tensorboard.as_ref().map(|folder| match folder {
            Some(folder) => folder.join(out.file_name().unwrap_or_default()),
            None => out.to_owned(),
        });
        if let Some(folder) = folder.as_ref().filter(|_| !arguments.resume) {
            refuse_events(folder).map_err(CommandError::input)?;
        }
        Ok(Self { out: out.to_owned(), folder, from: 0, file: None, flushed: Instant::now() })
    }

    /// Takes in one event of the run; gives a warning where it could not be written.
    pub(super) fn take(&mut self, event: &Event) -> Option<String> {
        let folder = self.folder.clone()?;
        let written = match event {
            Event::Fact(_, Fact::Started { step, .. }) => {
                self.from = *step;
                Ok(())
            }
            Event::Fact(_, Fact::Scalars { step, values }) => {
                let values = values.iter().map(|(id, value)| (id, *value));
                self.writer(&folder).and_then(|file| file.scalars(now(), *step, values))
            }
            Event::Fact(_, Fact::Rewound { step }) => match &mut self.file {
                Some(file) => file.goes_on(now(), *step),
                None => Ok(()),
            },
            _ => Ok(()),
        };
        let written = written.and_then(|()| self.flush());
        written.err().map(|e| self.lost(&e, &folder))
    }

    /// Hands what is left to the system; gives a warning where it could not be.
    pub(super) fn finish(mut self) -> Option<String> {
        let (folder, mut file) = (self.folder.clone()?, self.file.take()?);
        file.flush().err().map(|e| self.lost(&e, &folder))
    }

    /// From now on nothing is written.
    fn lost(&mut self, error: &Error, folder: &Path) -> String {
        (self.folder, self.file) = (None, None);
        let place = folder.display();
        format!(
            "no more events of TensorBoard are written: {error}; the run goes on, and retort export --tensorboard writes all of them later: {place}"
        )
    }

    fn flush(&mut self) -> Result<()> {
        match &mut self.file {
            Some(file) if self.flushed.elapsed() >= FLUSH => {
                self.flushed = Instant::now();
                file.flush()
            }
            _ => Ok(()),
        }
    }

    fn writer(&mut self, folder: &Path) -> Result<&mut EventWriter<BufWriter<File>>> {
        let file = match self.file.take() {
            Some(file) => file,
            None => {
                fs::create_dir_all(folder)?;
                let host = run_folder::holder(&self.out).map_or_else(String::new, |holder| holder.host);
                let path = folder.join(file_name(now() as u64, &host));
                // Two beginnings within a second continue one file.
                let file = File::options().append(true).create(true).open(path)?;
                let mut file = EventWriter::begin(BufWriter::new(file), now())?;
                if self.from > 0 {
                    file.goes_on(now(), self.from)?;
                }
                file
            }
        };
        Ok(self.file.insert(file))
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
