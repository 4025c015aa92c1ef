//! The command line as clap reads it: every command with its arguments, whose words are its help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "retort",
    version,
    args_conflicts_with_subcommands = true,
    about = "Distil what a prompted language model knows into a small one, live."
)]
pub struct Arguments {
    /// What to do; without a command the window opens.
    #[command(subcommand)]
    pub command: Option<Task>,
    /// What to open in the window: a session file, or the folder of a run.
    pub session: Option<PathBuf>,
    /// Folder whose folders are the runs that the window shows and makes, this time; the one chosen there if left out.
    #[arg(long, value_name = "FOLDER")]
    pub workspace: Option<PathBuf>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Run a session without a window, or several one after the other.
    Run(RunArguments),
    /// Show what a model makes of one text: the probabilities of its classes; and write ids, logits,
    /// attention and hidden states.
    Probe(ProbeArguments),
    /// Measure a model on the test part of a session or on a file: all measures, class by class, and which
    /// class was taken for which; of a model that tells tokens its perplexity and the like.
    Evaluate(EvaluateArguments),
    /// Answer every text of a file of any size: the probabilities of a model's classes as a table.
    Predict(PredictArguments),
    /// Measure a bag-of-words model on a session's data, or counts of tokens and pairs of them where tokens are told.
    Baseline(BaselineArguments),
    /// Examine a session before its run: pair, prompt, memory and pace, with three real steps on a copy.
    Doctor(DoctorArguments),
    /// Write a session, commented: the built-in one, or one for a file of data with its roles guessed.
    New(NewArguments),
    /// Take runs that have not begun out of the queue.
    Unqueue(UnqueueArguments),
    /// List what is on this machine.
    #[command(subcommand)]
    List(Listing),
    /// Compare two runs, or two groups of seeds, on their test texts: every difference with its interval, and whether
    /// it decides.
    Compare(CompareArguments),
    /// Write the curves of runs for other programs: a table, events of TensorBoard, or a chart.
    Export(ExportArguments),
    /// List what is kept on disk of teachers, rows and answers, or make room.
    Cache(CacheArguments),
    /// Fetch a model from the Hugging Face Hub into the cache that its tools share.
    Fetch(FetchArguments),
    /// Keep the key to a server in the system's keyring, say where it may go, or remove it.
    #[command(subcommand)]
    Key(KeyTask),
    /// Measure the window: its time per frame while a run is going, with many runs in its table, or the memory that a
    /// long run takes.
    #[cfg(feature = "window")]
    BenchFrames(BenchArguments),
}

/// Arguments of `retort run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// Session to run; the built-in experiment if left out. Of several each has its run, one after the other, also
    /// where one of them fails.
    #[arg(value_name = "SESSION")]
    pub sessions: Vec<PathBuf>,
    /// Folder for journal, metrics, summary, checkpoints and the student. Left out, one in the workspace that is called
    /// as the session.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Run each session so many times, with its recipe.seed and the ones behind it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000), conflicts_with_all = ["out", "resume"])]
    pub seeds: Option<u64>,
    /// Run what waits in the workspace, too: what an interrupted command or a closed window has left to do.
    #[arg(long, conflicts_with_all = ["out", "resume"])]
    pub queue: bool,
    /// Folder in which runs without --out get theirs; `runs` if left out.
    #[arg(long, value_name = "FOLDER", conflicts_with = "out")]
    pub workspace: Option<PathBuf>,
    /// Sets a knob at step 0, or any field under data, teachers, student, prompt and recipe, written as in a
    /// session's file: recipe.seed=8, recipe.device=Cuda(0), student.init=Fresh, data.labelled=160; and
    /// teacher.token_limit.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Go on with the run in --out from its last checkpoint; with --set recipe.steps=N up to N steps in
    /// all, even where it had come to its end.
    #[arg(long)]
    pub resume: bool,
    #[command(flatten)]
    pub consent: Consent,
    /// Write the curves as events of TensorBoard while a run goes on: into a folder for each run in DIR, or, without
    /// DIR, into the run's own.
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    pub tensorboard: Option<Option<PathBuf>>,
    /// One JSON object on stdout.
    #[arg(long)]
    pub json: bool,
}

/// What a session may do that nobody at this machine has asked for yet.
#[derive(Debug, Default, Args)]
pub struct Consent {
    /// Fetch models of the Hub that the cache lacks.
    #[arg(long)]
    pub fetch: bool,
    /// Let the key that is kept at NAME go to the server at HOST, this time only. NAME is a variable, or
    /// keyring:NAME.
    #[arg(long = "allow-key", value_name = "NAME@HOST")]
    pub allow_key: Vec<String>,
}

/// Arguments of `retort probe`.
#[derive(Debug, Args)]
pub struct ProbeArguments {
    /// Model folder in Hugging Face's layout, `built-in:NAME`, or `hub:OWNER/NAME`.
    pub model: String,
    /// The text.
    #[arg(long)]
    pub text: String,
    /// A teacher of the same vocabulary, with which a model without classes is compared token by token.
    #[arg(long, value_name = "MODEL")]
    pub teacher: Option<String>,
    /// File to write, safetensors.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Fetch the model from the Hub if the cache lacks it.
    #[arg(long)]
    pub fetch: bool,
    /// One JSON object on stdout.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `retort evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateArguments {
    /// Model folder in Hugging Face's layout, a student that a run has saved, `built-in:NAME`, or
    /// `hub:OWNER/NAME`.
    pub model: String,
    /// A session (`.ron`), on whose test part is measured, or a file with texts and classes (CSV, TSV, JSON
    /// objects), all of which is; for a model that tells tokens a file of texts, prompts with completions, or
    /// conversations. Left out, the session of the run that has left a student that tells tokens, else the built-in
    /// experiment.
    #[arg(value_name = "SESSION or DATA")]
    pub data: Option<PathBuf>,
    /// Column of the text in a file; may be given several times. Left out, the one that the student's run
    /// used, else `text`.
    #[arg(long, value_name = "COLUMN")]
    pub text: Vec<String>,
    /// Column of the class in a file. Left out, the one that the student's run used, else `label`.
    #[arg(long, value_name = "COLUMN")]
    pub label: Option<String>,
    /// The first row of a file does not name the columns; they are named by their place, from 0.
    #[arg(long)]
    pub no_header: bool,
    /// Of a model that tells tokens: compare it with the session's teacher.
    #[arg(long)]
    pub teacher: bool,
    /// Fetch the model from the Hub if the cache lacks it.
    #[arg(long)]
    pub fetch: bool,
    /// One JSON object on stdout.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `retort predict`.
#[derive(Debug, Args)]
pub struct PredictArguments {
    /// Model folder in Hugging Face's layout, a student that a run has saved, `built-in:NAME`, or
    /// `hub:OWNER/NAME`.
    pub model: String,
    /// The texts: CSV, TSV, a JSON object a line, or a text a line; `-` for stdin. May be packed by gzip.
    pub file: PathBuf,
    /// The table of answers, CSV or by its ending TSV: the columns of FILE, `answer`, and `p:CLASS` for every
    /// class. Left out, stdout.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Column of the text; may be given several times, then joined by line breaks. Left out, the one that the
    /// student's run used, else `text`, else the only one.
    #[arg(long, value_name = "COLUMN")]
    pub text: Vec<String>,
    /// How the rows are written; by the name of FILE if left out, and lines where that says nothing.
    #[arg(long, value_enum)]
    pub format: Option<RowFormat>,
    /// The first row does not name the columns; they are named by their place, from 0.
    #[arg(long)]
    pub no_header: bool,
    /// Encoding of FILE, such as windows-1252 or gbk; judged by its beginning if left out.
    #[arg(long)]
    pub encoding: Option<String>,
    /// Session by whose prompt and classes a model is asked that names no classes itself.
    #[arg(long)]
    pub session: Option<PathBuf>,
    /// Give probabilities at the temperature that the student's run has fitted to its validation part, instead of
    /// those the model gives itself. The answers stay the same.
    #[arg(long)]
    pub calibrated: bool,
    /// Fetch the model from the Hub if the cache lacks it.
    #[arg(long)]
    pub fetch: bool,
    /// One JSON object on stdout: how many rows were answered, cut, empty and left out. Needs --out.
    #[arg(long, requires = "out")]
    pub json: bool,
}

/// How rows of texts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RowFormat {
    /// Cells parted by commas, semicolons, bars or tabs, whichever the first line holds.
    Csv,
    /// Cells parted by tabs.
    Tsv,
    /// A JSON object a line.
    Jsonl,
    /// A text a line.
    Lines,
}

/// Arguments of `retort new`.
#[derive(Debug, Args)]
pub struct NewArguments {
    /// The file, folder or archive of the texts.
    #[arg(long)]
    pub from: Option<PathBuf>,
    /// The file of validation rows.
    #[arg(long, requires = "from")]
    pub validation: Option<PathBuf>,
    /// The file of test rows.
    #[arg(long, requires = "from")]
    pub test: Option<PathBuf>,
    /// Where to write the session; without it, it goes to stdout.
    #[arg(long)]
    pub out: Option<PathBuf>,
}

/// Arguments of `retort baseline`.
#[derive(Debug, Args)]
pub struct BaselineArguments {
    /// Session whose data is measured; the built-in experiment if left out.
    pub session: Option<PathBuf>,
    /// One JSON object on stdout.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `retort doctor`.
#[derive(Debug, Args)]
pub struct DoctorArguments {
    /// Session to examine; the built-in experiment if left out.
    pub session: Option<PathBuf>,
    /// Ask a teacher behind a server about the 8 texts that a run would ask first, which it may charge for;
    /// the answers are kept, and a run does not ask again. Without this the row tells the price.
    #[arg(long)]
    pub ask: bool,
    #[command(flatten)]
    pub consent: Consent,
    /// One JSON object on stdout.
    #[arg(long)]
    pub json: bool,
}

/// What `retort list` lists.
#[derive(Debug, Subcommand)]
pub enum Listing {
    /// The models in the Hugging Face cache: size, architecture, and whether they can be used here.
    Models(ListArguments),
    /// The kept answers of teachers: files, sizes, how many, what they were paid for.
    Answers(ListArguments),
    /// The runs of a workspace: where each stands, its measures, and the settings that differ.
    Runs(RunsArguments),
    /// What a session may name.
    #[command(flatten)]
    Offered(Offered),
}

/// Arguments of `retort list runs`.
#[derive(Debug, Args)]
pub struct RunsArguments {
    /// Folder whose folders are runs; `runs` if left out, and where that is not there the one the window keeps its runs
    /// in.
    #[arg(long, value_name = "FOLDER")]
    pub workspace: Option<PathBuf>,
    /// Only the runs that fit, such as 'accuracy > 0.9 and seed != 7': measures, settings, or fields of the table,
    /// compared by = != < <= > >= or ~ (holds), joined by and, or, not; accuracy@500 is a validation measure as it was
    /// at that step, best.accuracy its best; a word alone is looked for in name, pair, status, tags and note.
    #[arg(long = "where", value_name = "FILTER")]
    pub filter: Option<String>,
    /// Column to sort by, the largest or newest first; `when` if left out.
    #[arg(long, value_name = "COLUMN")]
    pub sort: Option<String>,
    /// One row for the runs that differ in their seed alone: mean and standard deviation over seeds, best and worst.
    #[arg(long)]
    pub group: bool,
    /// Archived runs as well.
    #[arg(long)]
    pub archived: bool,
    /// One JSON object on stdout.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `retort unqueue`.
#[derive(Debug, Args)]
pub struct UnqueueArguments {
    /// Folders of runs that wait, or their names in the workspace. A run that has begun is left as it is.
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// Where runs that are named without a folder lie, as of `retort list runs`.
    #[arg(long, value_name = "FOLDER")]
    pub workspace: Option<PathBuf>,
}

/// Arguments of `retort compare`.
#[derive(Debug, Args)]
pub struct CompareArguments {
    /// Folders of runs, or their names in the workspace: two, A and B; or those of A, with --against.
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// The runs of B: where a side has several, its seeds are averaged, and drawn anew for the interval.
    #[arg(long, value_name = "RUN", num_args = 1..)]
    pub against: Vec<PathBuf>,
    /// Where runs that are named without a folder lie, as of `retort list runs`.
    #[arg(long, value_name = "FOLDER")]
    pub workspace: Option<PathBuf>,
    /// Puts the comparison into the model card of every student of A, in the place of an earlier one.
    #[arg(long)]
    pub card: bool,
    /// One JSON object on stdout.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `retort export`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("as").required(true).args(["csv", "tensorboard", "svg", "png"]))]
pub struct ExportArguments {
    /// Folders of runs, or their names in the workspace.
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// Where runs that are named without a folder lie, as of `retort list runs`.
    #[arg(long, value_name = "FOLDER")]
    pub workspace: Option<PathBuf>,
    /// A table, `run,curve,step,value`, a row a point.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// A folder of scalar events for TensorBoard, in it a folder for each run; `tensorboard --logdir DIR` shows it.
    #[arg(long, value_name = "DIR")]
    pub tensorboard: Option<PathBuf>,
    /// A chart, text as text.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// A chart of --width times --height pixels.
    #[arg(long, value_name = "FILE")]
    pub png: Option<PathBuf>,
    /// Width of a chart, pixels; 960 if left out.
    #[arg(long, value_name = "W", value_parser = clap::value_parser!(u32).range(200..=16384), conflicts_with_all = ["csv", "tensorboard"])]
    pub width: Option<u32>,
    /// Height of a chart, pixels; as many as its curves need if left out.
    #[arg(long, value_name = "H", value_parser = clap::value_parser!(u32).range(100..=16384), conflicts_with_all = ["csv", "tensorboard"])]
    pub height: Option<u32>,
    /// A curve, such as measure/accuracy, or all of a group, such as loss; may be given several times. Left out, all of
    /// them, on a chart the total loss and what is measured on the validation part.
    #[arg(long, value_name = "NAME")]
    pub curve: Vec<String>,
    /// Draw runs that differ in their seed alone as their mean, in a band of one standard deviation.
    #[arg(long, conflicts_with_all = ["csv", "tensorboard"])]
    pub group_seeds: bool,
    /// Draw values on a logarithmic axis.
    #[arg(long, conflicts_with_all = ["csv", "tensorboard"])]
    pub log: bool,
    /// Replace files that are there already.
    #[arg(long)]
    pub force: bool,
}

/// What a session may name, kind by kind.
#[derive(Debug, Subcommand)]
pub enum Offered {
    /// Every field of a session file: path, type, range, default, help; with `--json` an object a field.
    Session(ListArguments),
    /// The knobs: default, range, whether they act while a run is on.
    Knobs(ListArguments),
    /// The losses of `recipe.terms`: what each needs and which knobs it reads.
    Losses(ListArguments),
    /// The measures of an evaluation.
    Measures(ListArguments),
    /// The optimisers of `recipe.optimizer`.
    Optimizers(ListArguments),
    /// The schedules of `recipe.schedule`.
    Schedules(ListArguments),
    /// Which step's student a run saves, for `recipe.keep`.
    Keeps(ListArguments),
    /// The weights a model may start from, for `student.init`.
    Inits(ListArguments),
    /// The layers of another model that a student may start from, for `map` in `Layers(…)`.
    LayerMaps(ListArguments),
    /// Where a model may come from, for `source` of a teacher or the student.
    Sources(ListArguments),
    /// Where data may come from, for `data.source`.
    DataSources(ListArguments),
    /// The formats in which files of data are read, for `format` in `Files(…)`.
    Formats(ListArguments),
    /// The ways in which models answer: by which head, and which architectures.
    Tasks(ListArguments),
    /// The architectures that can be opened.
    Architectures(ListArguments),
    /// The corpora that ship with the program, for `BuiltIn("…")`.
    Corpora(ListArguments),
    /// The models that ship with the program, for `BuiltIn("…")`.
    BuiltIn(ListArguments),
    /// The devices of `recipe.device` that this program and machine have.
    Devices(ListArguments),
}

/// Arguments of `retort list`.
#[derive(Debug, Args)]
pub struct ListArguments {
    /// One JSON object on stdout.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `retort cache`.
#[derive(Debug, Args)]
pub struct CacheArguments {
    /// Remove the kept rows of teachers, which can be made again.
    #[arg(long)]
    pub clear: bool,
    /// Remove the kept answers too, those of servers that were paid for among them.
    #[arg(long, requires = "clear")]
    pub paid: bool,
    /// Make the rows of this session's run, before it or beside it; what is there is not made twice.
    #[arg(long, value_name = "SESSION.ron", conflicts_with = "clear")]
    pub build: Option<PathBuf>,
    /// One JSON object on stdout.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `retort fetch`.
#[derive(Debug, Args)]
pub struct FetchArguments {
    /// The model, OWNER/NAME.
    pub model: String,
    /// Branch, tag or commit.
    #[arg(long, default_value = crate::session::MAIN)]
    pub revision: String,
    /// Of several GGUF files the one to fetch; of a model in parts any part. Left out, the error
    /// lists them.
    #[arg(long, value_name = "NAME.gguf")]
    pub file: Option<String>,
    /// One JSON object on stdout.
    #[arg(long)]
    pub json: bool,
}

/// What `retort key` does.
#[derive(Debug, Subcommand)]
pub enum KeyTask {
    /// Store a key, typed unseen or read from stdin, in place of one of the same name.
    Set {
        /// The entry's name; a session names it as `keyring:NAME`.
        name: String,
        /// The server that the key may go to, and no other: `https://api.example.com`,
        /// `http://localhost:8000`. May be given several times. Left out, its first use asks.
        #[arg(long)]
        host: Vec<String>,
    },
    /// List which keys may go to which servers; the keys themselves are never shown.
    List {
        /// One JSON object on stdout.
        #[arg(long)]
        json: bool,
    },
    /// Remove a key, and take back that it or a variable of this name may go anywhere.
    Remove {
        /// The name of an entry or of a variable.
        name: String,
        /// Take back this server alone, and keep the key.
        #[arg(long)]
        host: Option<String>,
    },
}

/// Arguments of `retort bench-frames`.
#[derive(Debug, Args)]
pub struct BenchArguments {
    /// Frames to measure; of the table of runs in each of its pictures.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub frames: u64,
    /// Measure the table of so many made-up runs instead: their curves over each other with a hand at the chart, filter
    /// and grouping, and the window at rest for 10 s.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..=100_000))]
    pub runs: Option<u64>,
    /// Steps of each of these runs, with a point of three curves each.
    #[arg(long, value_name = "N", default_value_t = 10_000, requires = "runs", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub points: u64,
    /// Measure memory instead, from 10 000 steps of a made-up run to so many, with a frame's time at each power of ten.
    #[arg(long, value_name = "N", conflicts_with_all = ["runs", "frames"], value_parser = clap::value_parser!(u64).range(10_001..=1_000_000_000))]
    pub steps: Option<u64>,
    /// One JSON object on stdout.
    #[arg(long)]
    pub json: bool,
}
