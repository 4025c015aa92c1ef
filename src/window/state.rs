//! What a person can ask of the window, and what the window remembers beside the session: which
//! row is picked, which filter is on, what is half typed. Nothing here outlives the window.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use egui::Id;

use super::dialog::DialogRequest;
use super::export::{ExportKind, ExportWish};
use super::panel::{ResultView, RunsView, SideBySideView};
use super::plot::attention_map::AttentionMap;
use super::preferences::Preferences;
use super::raw_points::{RawPoints, Stretch};
use super::shelf_words::ShelfAction;
use super::undo::Part;
use crate::link::{Question, Secret, Step, TextPlace};
use crate::record::run_table::annotations::Annotations;
use crate::record::votes::Vote;
use crate::session::run_folder::Held;
use crate::session::{Data, DataSource, ModelChoice, Models, ServerOrigin, Session, Source, View};

/// One thing a person asked for. Panels push these; the app acts on them after drawing.
#[derive(Clone, Debug)]
pub enum Action {
    /// Put a part of the session; can be undone.
    Set(Part),
    /// A hand holds a knob at a value, which acts once the hand rests or lets go.
    Hold {
        /// Which.
        id: String,
        /// In its unit.
        value: f64,
    },
    /// Arrange the window differently.
    SetView(Box<View>),
    /// Speak another language or look otherwise, from now on and in every session.
    Prefer(Preferences),
    /// Run the session from step 0: as it stands, or from the sliders' values without its script.
    Start {
        /// Whether the sliders' values become the values at step 0 and the script is dropped.
        afresh: bool,
    },
    /// Choose again what the run on show uses.
    BackToRun(Back),
    /// Go on with the run in the session's run folder.
    Continue,
    /// Go on with it up to so many steps in all.
    Extend(Step),
    /// Pause the run.
    Pause,
    /// Go on after a pause.
    Resume,
    /// One step, then pause.
    StepOnce,
    /// End the run.
    Stop,
    /// Put the run back to this checkpoint.
    Rewind(Step),
    /// Halve the learning rate and go back to this checkpoint.
    CoolDown(Step),
    /// Halve the learning rate and begin a new run.
    StartCooler,
    /// Take the last change back.
    Undo,
    /// Make it again.
    Redo,
    /// Write the session to its file, or ask for one.
    Save,
    /// Write the session to this file from now on.
    SaveAs(PathBuf),
    /// Read the session in this file.
    Open(PathBuf),
    /// Read the built-in experiment.
    OpenBuiltIn,
    /// Show the window that asks for a session file.
    Ask(Option<FileQuestion>),
    /// Show the system's file dialog.
    Browse(DialogRequest),
    /// Use a path that was dropped, typed or picked.
    Use(DialogRequest, PathBuf),
    /// Use paths that were dropped or picked as the files of a part of the data.
    UseData(DialogRequest, Vec<PathBuf>),
    /// Put the student that a run has made into the pair, with its weights, as teacher or as student.
    UseTrained(DialogRequest, PathBuf),
    /// Take up a session that was kept.
    Recover(u64),
    /// Remove a session that was kept.
    Forget(u64),
    /// Show the card of kept sessions, or hide it.
    ShowKept(bool),
    /// Show the run that another process has loaded, without its folder.
    OpenCopy,
    /// Read the run of the session again.
    LookAgain,
    /// Write the student that could not be written: in its run's folder, or elsewhere.
    WriteStudent(Option<PathBuf>),
    /// Let that student go.
    DropStudent,
    /// Show a folder in the system's file manager.
    ShowFolder(PathBuf),
    /// Close the window although there is something to lose, or leave it open after all.
    Close(bool),
    /// Take what was dropped on the window at once.
    Drop(Vec<PathBuf>),
    /// Look which models are in the cache of this machine.
    ListModels,
    /// Look what is kept of teachers on the disk.
    ListKept,
    /// Remove the rows of teachers that are kept there.
    ClearRows,
    /// Look which GGUF files a repository of the Hub has.
    ListFiles {
        /// `OWNER/NAME`.
        repo: String,
        /// Branch, tag or commit.
        revision: String,
    },
    /// Read the table of the data once more.
    ReadTable,
    /// Ask this server whether it answers.
    Connect(Box<Source>),
    /// Put a key into the system's keyring.
    StoreKey {
        /// The entry's name there.
        name: String,
        /// The key; shared, because it is never copied.
        key: Arc<Secret>,
        /// The server beside whose address it was typed.
        host: Option<ServerOrigin>,
    },
    /// Answer what the engine asks.
    Answer {
        /// The question.
        question: Arc<Question>,
        /// Whether it may be done.
        yes: bool,
    },
    /// Examine the session before its run.
    Examine,
    /// The same, and ask its server about a few texts.
    ExamineAsking,
    /// Show the table of runs in the centre, or hide it.
    ShowRuns(bool),
    /// Show students side by side in the centre, or hide them.
    ShowSideBySide(bool),
    /// Read the points of these steps from the run's journal.
    ReadPoints(Stretch),
    /// Keep a vote between students side by side.
    CastVote(Box<Vote>),
    /// Put so many runs of a session into the queue, with its seed and the ones behind it.
    Enqueue(Box<Session>, u64),
    /// Run what waits, or hold it.
    RunQueue(bool),
    /// Ask where curves are to be exported to.
    AskExport(ExportKind, Box<ExportWish>),
    /// Keep what was noted of the run in a folder.
    Annotate(PathBuf, Box<Annotations>),
    /// Do something with the runs of the workspace.
    Shelf(ShelfAction),
    /// The notice in this place of the list was read; `None`: all of them.
    Dismiss(Option<usize>),
}

impl Action {
    /// A knob was turned: by a hand that still holds it, or at one stroke.
    pub fn turned(id: &str, value: f64, held: bool) -> Self {
        let id = id.to_owned();
        if held { Self::Hold { id, value } } else { Self::Set(Part::Knob { id, value }) }
    }
}

/// A part that is taken back from the run on show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// Its prompt.
    Prompt,
    /// Its pair and its data.
    PairAndData,
}

/// What the session-file window asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileQuestion {
    /// Which session to read.
    Open,
    /// Which run to show.
    OpenRun,
    /// Where to write the session.
    Save,
    /// Where to write a student that its run's folder has no room for.
    WriteStudent,
    /// Where to export curves to.
    Export(ExportKind),
    /// In which folder runs lie.
    Workspace,
    /// Which run of another folder to show in the table.
    PointAt,
}

/// Which rows of the test set are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowFilter {
    /// Every row.
    #[default]
    All,
    /// The student's class is not the true one.
    Wrong,
    /// Teacher and student name different classes.
    Disagree,
    /// Of one class, answered by one class: a cell of the confusion matrix.
    Cell {
        /// The true class.
        gold: usize,
        /// The class of the answer.
        answer: usize,
        /// Whether it is the teacher's answer.
        teacher: bool,
    },
}

/// In which order they are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowOrder {
    /// As in the data.
    #[default]
    File,
    /// Largest KL(teacher ‖ student) first.
    Divergence,
}

/// The rows to list, kept until the question changes: sorting thousands of rows belongs in the
/// frame that asks, not in every frame.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// What was asked: predictions (by address and step), filter and order.
    pub asked: (usize, Step, RowFilter, RowOrder),
    /// Indices into the predictions.
    pub listed: Vec<usize>,
}

/// By what the samples of a task over tokens are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SampleColumn {
    /// Their text.
    Text,
    /// Places that are told.
    Tokens,
    /// The student's perplexity.
    #[default]
    Perplexity,
    /// KL(teacher ‖ student).
    Kl,
    /// Share of the places at which both models find the same token likeliest.
    Agreement,
}

/// In which order they are listed: at first those that the student tells worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleOrder {
    /// By this.
    pub column: SampleColumn,
    /// Whether the largest come first.
    pub descending: bool,
}

impl Default for SampleOrder {
    fn default() -> Self {
        Self { column: SampleColumn::default(), descending: true }
    }
}

/// The samples as they are listed, kept until another order is asked for.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// The order.
    pub order: SampleOrder,
    /// What was listed: predictions (by address and step) and order.
    pub asked: (usize, Step, SampleOrder),
    /// Indices into the predictions.
    pub listed: Vec<usize>,
}

/// Sources that were picked and are not fully named yet: what is in force stays until they are.
#[derive(Clone, Debug, Default)]
pub struct Choosing {
    /// The teacher's.
    pub teacher: Option<Source>,
    /// The student's.
    pub student: Option<Source>,
    /// The data's.
    pub data: Option<DataSource>,
}

impl Choosing {
    /// The half-named source of a model.
    pub fn model(&mut self, wish: DialogRequest) -> &mut Option<Source> {
        if wish == DialogRequest::Teacher { &mut self.teacher } else { &mut self.student }
    }

    /// Forgets what was being chosen where something else was put in force meanwhile.
    pub fn forget_settled(&mut self, models: &Models, data: &Data, now: &Session) {
        let source = |teacher: Option<&ModelChoice>| teacher.map(|teacher| teacher.source.clone());
        self.teacher.take_if(|_| source(models.teacher()) != source(now.teacher()));
        self.student.take_if(|_| models.student.source != now.student.source);
        self.data.take_if(|_| data.source != now.data.source);
    }
}

/// The window's own memory.
#[derive(Default)]
pub struct UiState {
    /// What the panels asked for in this frame.
    pub actions: Vec<Action>,
    /// What was read of points long past under the pointer.
    pub raw_points: RawPoints,
    /// What is chosen on the heatmaps.
    pub attention: AttentionMap,
    /// Filter of the test set.
    pub filter: RowFilter,
    /// Order of the test set.
    pub order: RowOrder,
    /// The listed rows.
    pub rows: Rows,
    /// The listed samples of a task over tokens.
    pub samples: Samples,
    /// How the result card is looked at.
    pub result: ResultView,
    /// How the table of runs is looked at.
    pub runs: RunsView,
    /// How students side by side are looked at.
    pub side_by_side: SideBySideView,
    /// A test row under the lens: its text and its class.
    pub gold: Option<(String, usize)>,
    /// The text whose class was sought last in the tables on show, where those lie, and what was found.
    pub gold_sought: Option<(String, [usize; 2], Option<usize>)>,
    /// A text that was taken from a table, as the table shows it, and where it stands in the data.
    pub taken: Option<(String, TextPlace)>,
    /// The token that is chosen of a text under the lens: the text, and the token's place.
    pub token: Option<(String, usize)>,
    /// Texts that are typed but not yet meant.
    pub drafts: HashMap<Id, String>,
    /// Sources that are not fully named yet.
    pub choosing: Choosing,
    /// The session-file window, while it is open.
    pub question: Option<FileQuestion>,
    /// What is exported once it is known where to.
    pub export: ExportWish,
    /// Session files used lately, newest first.
    pub recent: Vec<PathBuf>,
    /// Paths that were dropped on the window and may mean several things.
    pub dropped: Vec<PathBuf>,
    /// Whether the field of a path is to be typed into, since no dialog came.
    pub type_it: bool,
    /// Where the session was written last, until it is changed.
    pub written: Option<PathBuf>,
    /// When the last run that this window saw has ended, in egui's seconds.
    pub ended: Option<f64>,
    /// Whether a run was under way in the last frame.
    pub was_live: bool,
    /// Whether it is asked if the window may close.
    pub closing: bool,
    /// Whether the sessions that were kept are shown.
    pub kept_shown: bool,
    /// Bytes that are read of the journal of a run that opens, of how many; `None` where that is no matter of waiting.
    pub reading: Option<(u64, u64)>,
    /// The session's run, while another process has it loaded.
    pub held: Option<Held>,
    /// Whether the list of notices is unfolded.
    pub notices_open: bool,
    /// The files whose roles were guessed.
    pub guessed: Option<DataSource>,
    /// Whether the first rows of the data are shown as a table of their own.
    pub sheet_open: bool,
    /// The table that the engine was asked to look into last.
    pub preview_asked: Option<DataSource>,
    /// The session as it was when it was last examined.
    pub examined: Option<Box<Session>>,
    /// Whether the engine was asked for the models in the cache.
    pub shelf_asked: bool,
    /// Whether a run was under way when the engine was asked last what is kept of teachers; `None` before.
    pub disk_asked: Option<bool>,
    /// Whether it is asked if rows of teachers may be removed.
    pub clearing: bool,
    /// The repository and revision whose files the engine was asked for last.
    pub files_asked: Option<(String, String)>,
    /// A key that is typed and not yet stored; nothing else of the window ever holds it.
    pub key: Secret,
    /// Why the last name of a key was not taken.
    pub key_problem: Option<crate::session::Sentence>,
    /// A section of the left column that has something to ask and unfolds in the next frame.
    pub unfold: Option<&'static str>,
    /// Whether the person is at θ, and wants to know what it would remove.
    pub weighs: bool,
    /// Whether frame times are shown.
    pub timing: bool,
    /// Whether the lens asks by the prompt in the editor instead of the run's.
    pub trial: bool,
}

impl UiState {
    /// Asks for `action` after this frame.
    pub fn ask(&mut self, action: Action) {
        self.actions.push(action);
    }
}
