//! WHAT IS SAID: the words between engine and window. Plain data; no candle, no egui.
//!
//! *Why facts by channel and "now" by cell (2026-11).* Facts (a point of a curve, a knob change)
//! must all arrive, in order: a channel. The state of a slider or a heatmap is only interesting as
//! it is now: a cell whose last value wins, so that neither side ever waits for the other.
//!
//! *Why facts and replies (2026-11).* A fact happened to a run: it names the run, stands in its journal, and its
//! record is folded from such. A reply answers whoever watches and is written nowhere. What is asked of the lens
//! names no run: one run is loaded at a time, and the answer says of which it is.

pub mod alarm;
mod any_number;
pub mod budget;
pub mod checkup;
pub mod command;
pub mod connection;
pub mod event;
pub mod fact;
mod figure;
pub mod folder;
pub mod guess;
pub mod kept_on_disk;
pub mod measures;
pub mod model_catalog;
pub mod notice;
pub mod opened;
pub mod outcome;
pub mod pace;
pub mod predictions;
pub mod preview;
pub mod probe;
pub mod question;
pub mod reply;
pub mod run_id;
pub mod scores;
pub mod secret;
pub mod series;
pub mod side_by_side;
pub mod sink;
pub mod status;
pub mod temperature_scaling;
pub mod token_view;
pub mod unwritten;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use arc_swap::ArcSwap;

use crate::session::Knobs;
pub use alarm::Alarm;
pub use budget::Budget;
pub use checkup::{Checkup, Finding, Grade, ModelSize, Subject};
pub use command::{Command, Order};
pub use connection::{Connection, Reach};
pub use event::Event;
pub use fact::{Abandoned, Fact, InputFile, KnobChange, Origin};
pub use figure::{grouped, human_bytes};
pub use folder::FolderSize;
pub use kept_on_disk::{KeptFiles, KeptOnDisk};
pub use measures::{Measures, higher_is_better, is_better};
pub use model_catalog::{Listed, ModelCatalog, Repository, RepositoryFile};
pub use notice::{About, Notice};
pub use opened::{ModelCard, Opened, PartCounts, TextLengths};
pub use outcome::{ClassMeasures, Outcome, STOPPED, Saved, Side, Speed};
pub use pace::{Measuring, Pace, Pacer, Plan};
pub use predictions::{Prediction, Predictions, TokenPrediction};
pub use preview::{Preview, Sheet};
pub use probe::{
    Histogram, ProbeFrame, ProbeRequest, PromptFrame, PromptSide, SideFrame, StudentIdentity, TextPlace, TokenChip,
    WeightFrame, WordCheck,
};
pub use question::{Answer, Missing, Question};
pub use reply::Reply;
pub use run_id::{OfRun, RunId};
pub use secret::{KeyNews, KeyState, Secret};
pub use series::{SeriesId, Step};
pub use side_by_side::{
    PinnedFrame, SnapshotAnswer, SnapshotFrame, SnapshotRequest, SnapshotState, TestAnswers, TopAnswer,
};
pub use sink::{ChannelSink, EventSink, Tee, Wake};
pub use status::{Phase, Status};
pub use temperature_scaling::{FittedTemperature, NotFitted, TemperatureScaling};
pub use token_view::{TokenView, ToldRow, ToldToken, WholeRow};
pub use unwritten::Unwritten;

/// A cell with one writer and many readers: the last value wins, nobody ever waits.
#[derive(Debug)]
pub struct Live<T>(Arc<ArcSwap<T>>);

impl<T> Clone for Live<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Default> Default for Live<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Live<T> {
    /// A cell holding `value`.
    pub fn new(value: T) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(value)))
    }

    /// Replaces the value.
    pub fn store(&self, value: T) {
        self.0.store(Arc::new(value));
    }

    /// The value as it is now.
    pub fn load(&self) -> Arc<T> {
        self.0.load_full()
    }
}

/// The cells both ends share. What is of a run says of which one, so that no picture is taken for another
/// run's and no slider turns one.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    /// Slider values of one run, written by the window, read by the engine once per step.
    pub knobs: Live<OfRun<Knobs>>,
    /// What the person is looking at, written by the window.
    pub ask: Live<ProbeRequest>,
    /// The answer, written by the engine.
    pub probe: Live<Option<OfRun<ProbeFrame>>>,
    /// The rendered prompt, written by the engine.
    pub prompt: Live<Option<OfRun<PromptFrame>>>,
    /// Importances of the student's weights, written by the engine.
    pub weights: Live<Option<OfRun<WeightFrame>>>,
    /// The models at hand, written by the engine when [`Command::List`] asks.
    pub shelf: Live<Option<ModelCatalog>>,
    /// The files of the repository that was looked into last, written by the engine when
    /// [`Command::Files`] asks, and when one of them has to be chosen.
    pub repository: Live<Option<Repository>>,
    /// The folder of the run that is loaded or shown, written by the engine whenever it writes there.
    pub folder: Live<Option<OfRun<FolderSize>>>,
    /// What became of the last key to be stored, written by the engine when [`Command::StoreKey`] asks.
    pub key: Live<Option<KeyNews>>,
    /// The table that was looked into last, written by the engine when [`Command::Preview`] asks.
    pub preview: Live<Option<Preview>>,
    /// What is kept of teachers on the disk, written by the engine when [`Command::ListKept`] or
    /// [`Command::ClearRows`] asks.
    pub kept: Live<Option<KeptOnDisk>>,
    /// What the students beside teacher and student are asked, written by the window.
    pub ask_beside: Live<SnapshotRequest>,
    /// Their answers, in the order of the columns.
    pub beside: Live<Vec<SnapshotFrame>>,
    /// Teacher's and student's answers to the pinned texts, written by the engine.
    pub pinned: Live<Option<OfRun<PinnedFrame>>>,
    /// What became of the last test of a connection, written by the engine when [`Command::Connect`] asks.
    pub connection: Live<Option<Connection>>,
}

/// What the watching side holds: the window, or a headless command.
pub struct WatchEnd {
    /// Orders to the engine. Dropping it stops the engine.
    pub commands: Sender<Command>,
    /// News from the engine. Unbounded on purpose: a step's scalars are some 200 bytes, everything
    /// large goes through [`Cells`], and a modal dialog must not stall a night's training.
    pub events: Receiver<Event>,
    /// Says that what the students beside are asked has changed. A way of its own: neither a step nor a measuring at the
    /// end of a run stands before it.
    pub beside: Sender<()>,
    /// The shared cells.
    pub cells: Cells,
    /// Called when there is news; the window fills it with its repaint request.
    pub wake: Wake,
}

/// What the engine holds.
pub struct EngineEnd {
    /// Orders from the watcher; a closed channel means stop.
    pub commands: Receiver<Command>,
    /// Hears that the students beside are asked something else.
    pub beside: Receiver<()>,
    /// The shared cells.
    pub cells: Cells,
    /// Where news goes.
    pub sink: ChannelSink,
}

/// The two ends of a new link.
pub fn connect() -> (WatchEnd, EngineEnd) {
    let (commands_out, commands_in) = channel();
    let (events_out, events_in) = channel();
    let (beside_out, beside_in) = channel();
    let (cells, wake) = (Cells::default(), Wake::default());
    let sink = ChannelSink::new(events_out, wake.clone());
    let watch = WatchEnd { commands: commands_out, events: events_in, beside: beside_out, cells: cells.clone(), wake };
    (watch, EngineEnd { commands: commands_in, beside: beside_in, cells, sink })
}
