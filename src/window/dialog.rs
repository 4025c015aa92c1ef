//! Work that would make drawing wait, done once on a thread of its own: the system's file dialogs,
//! reading and writing sessions. Each errand ends in one word back to the window.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant};

use crate::record::{RunRecord, journal};
use crate::session::{Session, file};

/// What a path is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wish {
    /// The teacher's folder.
    Teacher,
    /// The student's folder.
    Student,
    /// The file of the data.
    DataFile,
    /// The folder of the data.
    DataFolder,
    /// The file of the test rows.
    TestFile,
    /// A session to read.
    OpenSession,
    /// Where to write the session.
    SaveSession,
}

/// How an errand ended.
pub enum Word {
    /// A path was picked.
    Picked(Wish, PathBuf),
    /// A session was read, and its run where it has one.
    Loaded(Box<Loaded>),
    /// A session was written.
    Saved(Box<Saved>),
    /// The first line of a delimited file.
    Columns(Vec<String>),
    /// The system shows no dialogs.
    NoDialog,
    /// It failed, in a sentence.
    Failed(String),
}

/// A session read from disk.
pub struct Loaded {
    /// The session.
    pub session: Session,
    /// Its file; `None` for one without a file of its own.
    pub path: Option<PathBuf>,
    /// Its run, replayed.
    pub record: RunRecord,
    /// What went wrong with the run's journal.
    pub trouble: Option<String>,
    /// Whether a crashed window had left it behind.
    pub recovered: bool,
}

/// A session to be written, or that was.
pub struct Saved {
    /// The session as it is in the file.
    pub session: Session,
    /// The file.
    pub path: PathBuf,
    /// Which session of the window it is, counted by [`super::app::WorkbenchApp`].
    pub taken_up: u64,
    /// Whether a person asked for it; an autosave says nothing unless it fails.
    pub aloud: bool,
}

/// Sends threads off and hears from them.
pub struct Errands {
    words: Sender<Word>,
    heard: Receiver<Word>,
    ctx: egui::Context,
    writer: Option<Writer>,
}

/// The one thread that writes sessions, in the order they were given to it: on a slow disk an older one must
/// not end up over a newer.
struct Writer {
    jobs: Sender<Saved>,
    thread: JoinHandle<()>,
}

impl Errands {
    /// A service nobody can answer returns at once; a person needs longer to say no.
    const INSTANT: Duration = Duration::from_millis(150);

    /// Errands that wake `ctx` when they end.
    pub fn new(ctx: egui::Context) -> Self {
        let (words, heard) = channel();
        Self { words, heard, ctx, writer: None }
    }

    /// The window that is woken.
    pub fn ctx(&self) -> &egui::Context {
        &self.ctx
    }

    /// The next errand that has ended.
    pub fn hear(&self) -> Option<Word> {
        self.heard.try_recv().ok()
    }

    /// Shows the system's dialog for `wish`.
    pub fn browse(&self, wish: Wish, title: &str, near: &Path) {
        // The dialog is made here and waited for elsewhere: macOS wants it made on this thread.
        let dialog = rfd::AsyncFileDialog::new().set_title(title).set_directory(near);
        let sessions = |dialog: rfd::AsyncFileDialog| dialog.add_filter("RON", &["ron"]);
        match wish {
            Wish::Teacher | Wish::Student | Wish::DataFolder => self.wait_for(wish, dialog.pick_folder()),
            Wish::DataFile | Wish::TestFile => self.wait_for(wish, dialog.pick_file()),
            Wish::OpenSession => self.wait_for(wish, sessions(dialog).pick_file()),
            Wish::SaveSession => self.wait_for(wish, sessions(dialog).set_file_name("session.ron").save_file()),
        }
    }

    fn wait_for(&self, wish: Wish, answer: impl Future<Output = Option<rfd::FileHandle>> + Send + 'static) {
        self.send_off("retort-dialog", move || {
            let asked = Instant::now();
            match block_on(answer) {
                Some(handle) => Some(Word::Picked(wish, handle.path().to_owned())),
                None if asked.elapsed() < Self::INSTANT => Some(Word::NoDialog),
                None => None,
            }
        });
    }

    /// Reads the session at `path`, which becomes the window's file unless it was `recovered`.
    pub fn load(&self, path: PathBuf, recovered: bool) {
        self.send_off("retort-open", move || {
            // Paths inside a session count from its own place, wherever it is saved next.
            let path = std::path::absolute(&path).unwrap_or(path);
            let shown = |session| show_again(session, (!recovered).then_some(path.clone()), recovered);
            Some(file::open(&path).map_or_else(|e| Word::Failed(e.to_string()), shown))
        });
    }

    /// Replays the run of a session that is open already.
    pub fn replay(&self, session: Session, path: Option<PathBuf>) {
        self.send_off("retort-open", move || Some(show_again(session, path, false)));
    }

    /// Writes a session, behind those given before.
    pub fn save(&mut self, saved: Saved) {
        if self.writer.is_none() {
            self.writer = self.start_writing();
        }
        if let Some(writer) = &self.writer
            && let Err(lost) = writer.jobs.send(saved)
        {
            let path = lost.0.path;
            let _ = self
                .words
                .send(Word::Failed(format!("the session was not written; save it again: {}", path.display())));
            self.writer = None;
        }
    }

    /// Waits until everything is written.
    pub fn finish(&mut self) {
        if let Some(Writer { jobs, thread }) = self.writer.take() {
            drop(jobs);
            // A panic there has lost a file, not this window.
            let _ = thread.join();
        }
    }

    fn start_writing(&self) -> Option<Writer> {
        let (jobs, orders) = channel::<Saved>();
        let (words, ctx) = (self.words.clone(), self.ctx.clone());
        let write = move || {
            for job in orders {
                let word = match file::save(&job.session, &job.path) {
                    Ok(()) if !job.aloud => continue,
                    Ok(()) => Word::Saved(Box::new(job)),
                    Err(e) => Word::Failed(e.to_string()),
                };
                let _ = words.send(word);
                ctx.request_repaint();
            }
        };
        match std::thread::Builder::new().name("retort-save".to_owned()).spawn(write) {
            Ok(thread) => Some(Writer { jobs, thread }),
            Err(e) => {
                let _ = self.words.send(Word::Failed(format!("cannot start a thread: {e}; close other programs")));
                None
            }
        }
    }

    /// Reads the column names of a delimited file.
    pub fn columns(&self, path: PathBuf) {
        self.send_off("retort-columns", move || first_line(&path).ok().map(|line| Word::Columns(split(&line))));
    }

    fn send_off(&self, name: &str, errand: impl FnOnce() -> Option<Word> + Send + 'static) {
        let (words, ctx) = (self.words.clone(), self.ctx.clone());
        let run = move || {
            if let Some(word) = errand() {
                // A window that has closed needs no answer.
                let _ = words.send(word);
                ctx.request_repaint();
            }
        };
        if let Err(e) = std::thread::Builder::new().name(name.to_owned()).spawn(run) {
            let _ = self.words.send(Word::Failed(format!("cannot start a thread: {e}; close other programs")));
        }
    }
}

fn show_again(session: Session, path: Option<PathBuf>, recovered: bool) -> Word {
    let run = session.run.as_deref().filter(|folder| folder.join(journal::FILE).exists());
    let (record, trouble) = match run.map(journal::replay) {
        Some(Ok(record)) => (record, None),
        Some(Err(e)) => (RunRecord::default(), Some(e.to_string())),
        None => (RunRecord::default(), None),
    };
    Word::Loaded(Box::new(Loaded { session, path, record, trouble, recovered }))
}

/// At most 64 KiB of the first line: a file without line breaks is no table.
fn first_line(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(64 * 1024).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.trim_start_matches('\u{feff}').lines().next().unwrap_or_default().to_owned())
}

/// Names between tabs, or commas where there is no tab, without their quotes. Only to be offered
/// for picking; the engine reads the file properly.
fn split(line: &str) -> Vec<String> {
    let mark = if line.contains('\t') { '\t' } else { ',' };
    line.split(mark).map(|name| name.trim().trim_matches('"').to_owned()).filter(|name| !name.is_empty()).collect()
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_names_come_without_quotes_and_byte_order_mark() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "\u{feff}\"text\",label\r\n\"a, b\",x\r\n").unwrap();
        assert_eq!(split(&first_line(&path).unwrap()), ["text", "label"]);
        assert_eq!(split("a\tb, c"), ["a", "b, c"]);
    }

    #[test]
    fn sessions_are_written_in_the_order_they_were_given_and_none_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.ron");
        let mut errands = Errands::new(egui::Context::default());
        for number in 0..60 {
            // The earlier, the longer to write.
            let probes = vec!["x".repeat(1000); if number < 10 { 500 } else { 0 }];
            let session = Session { name: number.to_string(), probes, ..Session::built_in().unwrap() };
            errands.save(Saved { session, path: path.clone(), taken_up: number, aloud: number % 2 == 0 });
        }
        errands.finish();
        assert_eq!(file::open(&path).unwrap().name, "59");
        let told = std::iter::from_fn(|| errands.hear()).map(|word| match word {
            Word::Saved(saved) => saved.taken_up,
            _ => panic!("a write failed"),
        });
        assert_eq!(told.collect::<Vec<_>>(), (0..60).step_by(2).collect::<Vec<_>>());
    }

    #[test]
    fn a_future_that_is_ready_later_is_waited_for() {
        let (send, receive) = channel();
        let mut asked = 0;
        let later = std::future::poll_fn(move |cx| {
            asked += 1;
            if asked == 2 {
                return Poll::Ready(7);
            }
            let waker = cx.waker().clone();
            let thread = std::thread::Builder::new().name("waker".to_owned());
            thread.spawn(move || waker.wake()).unwrap();
            let _ = send.send(());
            Poll::Pending
        });
        assert_eq!(block_on(later), 7);
        assert!(receive.try_recv().is_ok());
    }
}
