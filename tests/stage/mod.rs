//! A stage for the window's tests: a catalog, an engine that is played by the test, and a run that
//! looks like one. Nothing here computes anything true.

#![allow(dead_code, reason = "each test file plays another scene")]

use std::path::PathBuf;
use std::sync::Arc;

use egui_kittest::Harness;
use retort::link::{
    self, Cells, Command, EngineEnd, EventSink, Fact, Histogram, KnobChange, Live, ModelCard, OfRun, Opened, Origin,
    Outcome, Pace, PartCounts, Phase, Prediction, Predictions, ProbeFrame, PromptFrame, PromptSide, Reply, RunId,
    SeriesId, Side, SideFrame, SnapshotAnswer, SnapshotFrame, SnapshotState, Status, StudentIdentity, TokenChip,
    TokenView, ToldRow, ToldToken, TopAnswer, WeightFrame, WholeRow, WordCheck,
};
use retort::session::knob::Entry;
use retort::session::{Catalog, Device, Knob, Scale, Session, StudentSnapshot, run_folder};
use retort::window::preferences::{Language, Preferences};
use retort::window::storage::Storage;
use retort::window::undo::Part;
use retort::window::{Action, WorkbenchApp};

pub const TEMPERATURE: &str = "soft_targets.temperature";
pub const RATE: &str = "optimizer.learning_rate";

const fn knob(id: &'static str, label: &'static str, range: (f64, f64), default: f64, scale: Scale) -> Knob {
    Knob { id, label, unit: "", min: range.0, max: range.1, default, scale, live: true, help: "Help" }
}

pub fn catalog() -> Catalog {
    let entry = |id, label| Entry { id, label, help: "Help" };
    let mut decay = knob("optimizer.weight_decay", "Weight decay", (0.0, 1.0), 0.01, Scale::Log);
    decay.live = false;
    Catalog {
        devices: vec![Device::Cpu, Device::Cuda(0)],
        knobs: vec![
            knob(TEMPERATURE, "Temperature", (1.0, 20.0), 2.0, Scale::Log),
            knob("mixture.alpha", "Label weight", (0.0, 1.0), 0.5, Scale::Linear),
            knob(RATE, "Learning rate", (1e-6, 0.1), 1e-3, Scale::Log),
            decay,
            knob("optimizer.clip", "Gradient clip", (0.0, 10.0), 1.0, Scale::Linear),
            knob("magnitude.theta", "Pruning threshold", (0.0, 10.0), 0.0, Scale::Log),
        ],
        weighed: (vec!["hard_labels"], vec!["soft_targets"]),
        losses: vec![entry("soft_targets", "Teacher's soft targets"), entry("hard_labels", "Labels")],
        architectures: vec![entry("bert", "BERT"), entry("gpt2", "GPT-2")],
        models: vec![entry("posts-teacher", "Posts teacher"), entry("posts-student", "Posts student")],
        corpora: vec![entry("posts", "Posts by topic")],
    }
}

/// The engine's part in the play.
pub struct Engine {
    pub end: EngineEnd,
    /// The run that was asked for last.
    run: RunId,
    /// Commands that came in and that no test has asked for yet.
    unheard: Vec<Command>,
    /// What was opened last: a run opens it anew.
    opened: Option<Box<Opened>>,
}

impl Engine {
    /// The commands that came in since the last look.
    pub fn heard(&mut self) -> Vec<Command> {
        self.listen();
        std::mem::take(&mut self.unheard)
    }

    fn listen(&mut self) {
        for command in self.end.commands.try_iter() {
            match command {
                Command::Run(run, _) | Command::Open { run, .. } => self.run = run,
                _ => {}
            }
            self.unheard.push(command);
        }
    }

    /// Tells a fact of the run that was asked for last.
    pub fn say(&mut self, fact: Fact) {
        self.listen();
        self.end.sink.emit(fact.of(self.run));
    }

    /// Fills a cell with something of that run.
    pub fn put<T>(&mut self, cell: fn(&Cells) -> &Live<Option<OfRun<T>>>, it: T) {
        self.listen();
        cell(&self.end.cells).store(Some(OfRun::new(self.run, it)));
    }

    /// Fills a cell that is of no run.
    pub fn put_plainly<T>(&mut self, cell: fn(&Cells) -> &Live<Option<T>>, it: T) {
        cell(&self.end.cells).store(Some(it));
    }

    /// What the window asks of the students beside.
    pub fn asked_beside(&self) -> Arc<link::SnapshotRequest> {
        self.end.cells.ask_beside.load()
    }

    /// Answers for them.
    pub fn answer_beside(&self, frames: Vec<SnapshotFrame>) {
        self.end.cells.beside.store(frames);
    }

    /// What the window asks about.
    pub fn asked(&self) -> Arc<link::ProbeRequest> {
        self.end.cells.ask.load()
    }

    pub fn reply(&mut self, reply: Reply) {
        if let Reply::Opened(opened) = &reply {
            self.opened = Some(opened.clone());
        }
        self.end.sink.emit(reply.into());
    }

    pub fn status(&mut self, phase: Phase, done: u64) {
        let status = Status {
            phase,
            done,
            total: 1500,
            steps_per_sec: 14.2,
            pace: Pace { steps_left: 1500 - done, secs_per_step: 1.0 / 14.2, ..Pace::default() },
            looking: 0.02,
            peak_bytes: 612_000_000,
            ..Status::default()
        };
        self.reply(Reply::Status(status));
    }

    pub fn start(&mut self, session: &Session) {
        let out = session.run.clone().unwrap_or_default();
        self.say(Fact::Started { session: Box::new(session.clone()), out, step: 0 });
        self.opened.clone().into_iter().for_each(|opened| self.say(Fact::Opened(opened)));
        self.status(Phase::Running, 0);
    }

    pub fn change(&mut self, step: u64, origin: Origin, knob: &str, from: f64, to: f64) {
        let changes = vec![KnobChange { knob: knob.into(), from, to }];
        self.say(Fact::KnobsChanged { step, origin, changes });
    }

    pub fn steps(&mut self, steps: std::ops::Range<u64>) {
        steps.map(scalars).for_each(|fact| self.say(fact));
    }
}

/// What a step of the fake run measures.
pub fn scalars(step: u64) -> Fact {
    let mut values: Vec<_> = curve(step).map(|(id, value)| (SeriesId::from(id), value)).into();
    if step % 50 == 49 {
        let t = step as f64 / 400.0;
        values.push((SeriesId::from("measure/accuracy"), 0.93 - 0.75 * (-t * 2.2).exp()));
        values.push((SeriesId::from("measure/agreement"), 0.95 - 0.8 * (-t * 2.0).exp()));
    }
    Fact::Scalars { step, values }
}

fn noise(step: u64, salt: u64) -> f64 {
    let mut x = step.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x >> 11) as f64 / (1u64 << 53) as f64 - 0.5
}

fn curve(step: u64) -> [(&'static str, f64); 5] {
    let t = step as f64 / 300.0;
    let soft = 1.9 * (-t).exp() + 0.16 + 0.16 * noise(step, 1);
    let hard = 2.0 * (-1.3 * t).exp() + 0.1 + 0.22 * noise(step, 2);
    let rate = 0.002 * (1.0 - step as f64 / 1500.0) * (step as f64 / 50.0).min(1.0);
    [
        ("loss/total", 0.9 * soft + 0.1 * hard),
        ("loss/soft_targets", soft),
        ("loss/hard_labels", hard),
        ("optimizer/learning_rate", rate),
        ("optimizer/gradient_norm", 0.6 + 0.9 * (-t).exp() + 0.5 * noise(step, 3).abs()),
    ]
}

pub const CLASSES: [&str; 8] = ["music", "cooking", "travel", "sport", "computing", "gardening", "health", "money"];

pub fn opened() -> Opened {
    let card = |title: &str, architecture: &str, parameters, layers, width| ModelCard {
        title: title.into(),
        architecture: architecture.into(),
        parameters,
        layers,
        heads: 4,
        width,
        vocabulary: 4096,
        max_tokens: 128,
        notes: Vec::new(),
        ..ModelCard::default()
    };
    Opened {
        teacher: Some(card("posts-teacher", "gpt2", 1_812_480, 4, 160)),
        student: card("posts-student", "bert", 238_600, 2, 64),
        classes: CLASSES.map(String::from).to_vec(),
        parts: PartCounts { train: 6400, labelled: 160, validation: 800, test: 800 },
        notes: Vec::new(),
        samples: vec![(POST.into(), Some(1)), ("The train to Lisbon was late again".into(), Some(2))],
        ..Opened::default()
    }
}

pub const POST: &str = "Simmered the tomatoes for two hours and the kitchen still smells of basil";

pub fn predictions(count: usize) -> Predictions {
    let texts = [
        POST,
        "The train to Lisbon was late again, but the view along the coast made up for it",
        "Our striker limped off after ten minutes and the match was lost",
        "Recompiled the kernel twice before I found the typo in the config",
        "晚上去听了一场很棒的音乐会，小提琴独奏让人难忘",
        "Planted the bulbs a week late, let us see whether the tulips forgive me",
    ];
    let row = |i: usize| {
        let gold = i % 8;
        let wrong = i % 7 == 3;
        let student = if wrong { (gold + 3) % 8 } else { gold };
        let teacher = if i % 23 == 5 { (gold + 1) % 8 } else { gold };
        Prediction {
            text: format!("{} ({i})", texts[i % texts.len()]),
            gold,
            teacher: Some((teacher, 0.98 - 0.3 * noise(i as u64, 5).abs() as f32)),
            student: (student, 0.9 - 0.6 * noise(i as u64, 6).abs() as f32),
            kl: Some((noise(i as u64, 7).abs() * if wrong { 3.0 } else { 0.3 }) as f32),
        }
    };
    Predictions { step: 600, rows: (0..count).map(row).collect(), ..Predictions::default() }
}

fn side(words: &[&str], peak: f32, layers: usize, salt: u64) -> SideFrame {
    let n = words.len();
    let mut attention = Vec::with_capacity(4 * n * n);
    for head in 0..4u64 {
        for query in 0..n {
            let near = |key: usize| {
                let distance = (query as f32 - key as f32).abs();
                let wide = [0.6, 2.0, 5.0, 12.0][head as usize];
                (-distance / wide).exp() + 0.3 * (noise((query * n + key) as u64, salt + head) as f32 + 0.5).powi(4)
            };
            let row: Vec<f32> = (0..n).map(near).collect();
            let sum: f32 = row.iter().sum();
            attention.extend(row.iter().map(|value| value / sum));
        }
    }
    let scores: Vec<f32> =
        (0..8).map(|class| if class == 1 { peak } else { noise(class, salt) as f32 * 2.0 }).collect();
    let total: f32 = scores.iter().map(|score| score.exp()).sum();
    SideFrame {
        tokens: words.iter().map(|word| word.trim_start_matches('␣').to_owned()).collect(),
        scores: scores.iter().map(|score| score - total.ln()).collect(),
        layer: layers - 1,
        layers,
        heads: 4,
        attention: attention.into(),
    }
}

const TEACHER_TOKENS: [&str; 22] = [
    "S",
    "imm",
    "ered",
    "␣the",
    "␣tomatoes",
    "␣for",
    "␣two",
    "␣hours",
    "␣and",
    "␣the",
    "␣kitchen",
    "␣still",
    "␣smells",
    "␣of",
    "␣basil",
    "\n",
    "The",
    "␣topic",
    "␣of",
    "␣this",
    "␣post",
    "␣is",
];
const STUDENT_TOKENS: [&str; 17] = [
    "[CLS]", "simmer", "##ed", "the", "tomato", "##es", "for", "two", "hours", "and", "the", "kitchen", "still",
    "smells", "of", "basil", "[SEP]",
];

pub fn probe() -> ProbeFrame {
    ProbeFrame {
        whole_row: None,
        tokens: None,
        frame: 1,
        revision: 1,
        step: 640,
        text: POST.into(),
        prompt: Session::built_in().unwrap().prompt,
        classes: CLASSES.map(String::from).to_vec().into(),
        teacher: Some(side(&TEACHER_TOKENS, 5.0, 4, 11)),
        student: side(&STUDENT_TOKENS, 2.4, 2, 23),
        identity: None,
    }
}

/// What a student in a column of its own says, of the classes of [`probe`], by its peak.
pub fn beside(snapshot: StudentSnapshot, revision: u64, (hash, peak): (&str, f32), pinned: &[&str]) -> SnapshotFrame {
    let identity = StudentIdentity { step: 400, hash: hash.into(), parameters: 238_600, bytes: 954_400 };
    let answer = |answer: &&str| TopAnswer { answer: (*answer).into(), probability: 0.75 };
    let answer = SnapshotAnswer {
        identity,
        classes: probe().classes,
        side: Some(side(&STUDENT_TOKENS, peak, 2, 31)),
        tokens: None,
        problem: None,
        pinned: pinned.iter().map(answer).collect(),
        test: None,
    };
    SnapshotFrame { snapshot, revision, state: SnapshotState::Open(Box::new(answer)) }
}

/// A text that is told token by token, of which the last place is under the lens.
pub fn told_text() -> ProbeFrame {
    let words = ["The", "␣cat", "␣sat", "␣on"];
    let row = |place: usize, kl: f64| {
        let names = [words[place], "␣dog", "␣then", "…", "all others (50000)"];
        let logs = |first: f32| [first, 0.2, 0.15, 0.1, 0.55 - first].map(f32::ln).to_vec();
        ToldRow {
            whole: WholeRow {
                outcomes: 50_004,
                others: 50_000,
                kl: Some(kl),
                teacher_entropy: Some(2.5),
                student_entropy: 3.0,
            },
            teacher: Some(0.4f32.ln()),
            student: Some(0.1f32.ln()),
            outcomes: names.map(str::to_owned).to_vec().into(),
            gold: Some(0),
            teacher_scores: Some(logs(0.4)),
            student_scores: logs(0.1),
        }
    };
    let token = |(place, text): (usize, &&str)| ToldToken {
        text: (*text).to_owned(),
        id: Some(100 + place as u32),
        hidden: false,
        row: (place > 0).then(|| row(place, [0.0, 0.25, 0.01, 0.5][place])),
    };
    let tokens = words.iter().enumerate().map(token).collect();
    let mut frame = probe();
    frame.text = "The cat sat on".into();
    let view = TokenView { tokens, left_out: 0, cut: 0 };
    frame.show_row(view.row(3).unwrap());
    ProbeFrame { tokens: Some(view), ..frame }
}

pub fn prompt() -> PromptFrame {
    let chips = |words: &[&str], text: std::ops::Range<usize>| {
        let chip = |(i, word): (usize, &&str)| TokenChip {
            text: (*word).to_owned(),
            id: 37 * i as u32 + 5,
            from_text: text.contains(&i),
            answer: i + 1 == words.len(),
        };
        words.iter().enumerate().map(chip).collect()
    };
    let word = |class: &str| WordCheck {
        class: class.to_owned(),
        word: class.to_owned(),
        tokens: if class == "gardening" { vec!["␣garden".into(), "ing".into()] } else { vec![format!("␣{class}")] },
        problem: (class == "money")
            .then(|| retort::session::Sentence::verbatim("collides with the label word of computing")),
    };
    PromptFrame {
        revision: 1,
        prompt: Session::built_in().unwrap().prompt,
        problem: None,
        student_problem: None,
        teacher: Some(PromptSide { tokens: chips(&TEACHER_TOKENS, 0..15), ..PromptSide::default() }),
        student: PromptSide { tokens: chips(&STUDENT_TOKENS, 1..16), cut: 3, ..PromptSide::default() },
        words: CLASSES.map(word).to_vec(),
        over_tokens: false,
    }
}

pub fn weights() -> WeightFrame {
    let histogram = |shift: f64, size: f64| {
        let bell = |i: usize| {
            let x = (Histogram::edge(i) / 0.8).log10() + shift;
            (size * (-x * x * if x < 0.0 { 0.9 } else { 9.0 }).exp()) as u64
        };
        Histogram { counts: (0..Histogram::BINS).map(bell).collect() }
    };
    let names = ["embeddings.word", "layer.0.attention.query", "layer.0.mlp.in", "layer.1.attention.query"];
    let tensors = names.iter().enumerate().map(|(i, name)| ((*name).to_owned(), histogram(0.1 * i as f64, 900.0)));
    WeightFrame { step: 640, all: histogram(0.0, 4000.0), tensors: tensors.collect(), sparsity: 0.31 }
}

/// Writes down what a person has chosen, for a window that stores its own things in `folder`.
pub fn prefer(folder: &std::path::Path, preferences: Preferences) {
    preferences.write(&folder.join("preferences.ron")).unwrap();
}

/// The window with an engine that the test plays, storing its own things in `folder`.
pub fn window<'a>(
    builder: egui_kittest::HarnessBuilder<WorkbenchApp>,
    session: Session,
    path: Option<PathBuf>,
    folder: &std::path::Path,
) -> (Harness<'a, WorkbenchApp>, Engine) {
    let (watch, end) = link::connect();
    if !folder.join("preferences.ron").exists() {
        // Whatever the language of the machine that runs the tests.
        std::fs::create_dir_all(folder).unwrap();
        prefer(folder, Preferences { language: Some(Language::English), ..Preferences::default() });
    }
    let storage = Storage::open(folder.to_owned());
    let harness = builder.with_size([1400.0, 900.0]).with_max_steps(12).build_eframe(move |cc| {
        retort::window::heatmap::install(&cc.egui_ctx, cc.wgpu_render_state.as_ref());
        WorkbenchApp::new(&cc.egui_ctx, watch, catalog(), session, path, storage)
    });
    (harness, Engine { end, run: RunId::FIRST, unheard: Vec::new(), opened: None })
}

/// A run that has come some way: curves, marks, answers, everything filled.
pub fn midway(harness: &mut Harness<'_, WorkbenchApp>, engine: &mut Engine) {
    engine.reply(Reply::Opened(Box::new(opened())));
    engine.status(Phase::Ready, 0);
    harness.run_steps(3);
    harness.state_mut().ask(Action::Start { afresh: false });
    harness.run_steps(2);
    let session = harness.state().session().clone();
    engine.start(&session);
    harness.run_steps(2);
    for (id, value) in [(TEMPERATURE, 4.0), ("mixture.alpha", 0.3), ("magnitude.theta", 0.4), (RATE, 0.001)] {
        harness.state_mut().ask(Action::Set(Part::Knob { id: id.into(), value }));
    }
    engine.steps(0..220);
    engine.change(220, Origin::Person, TEMPERATURE, 2.0, 4.0);
    engine.steps(220..410);
    engine.change(410, Origin::Person, "mixture.alpha", 0.1, 0.3);
    engine.change(410, Origin::Person, "magnitude.theta", 0.0, 0.4);
    engine.steps(410..640);
    [200, 400, 600].into_iter().for_each(|step| engine.say(Fact::Checkpoint { step }));
    engine.say(Fact::Predictions(Arc::new(predictions(800))));
    engine.status(Phase::Running, 640);
    engine.put(|cells| &cells.probe, probe());
    engine.put(|cells| &cells.prompt, prompt());
    engine.put(|cells| &cells.weights, weights());
    harness.run_steps(40);
}

/// A finished run in the workspace of `home`: of 200 test texts every `wrong`-th is answered wrong.
pub fn finished_run(home: &std::path::Path, name: &str, seed: u64, alpha: f64, wrong: usize) {
    let out = home.join("runs").join(name);
    std::fs::create_dir_all(&out).unwrap();
    let mut session = Session { name: "Posts".into(), ..Session::built_in().unwrap() };
    session.recipe.seed = seed;
    session.set_knob("mixture.alpha", alpha);
    let mut recorder = retort::record::recorder::Recorder::default();
    let mut tell = |fact: Fact| recorder.emit(fact.of(RunId::FIRST));
    tell(Fact::Started { session: Box::new(session), out: out.clone(), step: 0 });
    tell(scalars(0));
    let right = 1.0 - (0..200).filter(|at: &usize| at.is_multiple_of(wrong)).count() as f64 / 200.0;
    tell(ended(1, 61.0, right));
    leave_behind(&out, wrong);
}

fn ended(steps: u64, seconds: f64, accuracy: f64) -> Fact {
    let test = [("accuracy".to_owned(), accuracy), ("loss".to_owned(), 1.4 - accuracy)].into();
    let test = if steps == 1 { [("accuracy".to_owned(), accuracy)].into() } else { test };
    let student = Side { test, ..Side::default() };
    Fact::Finished(Box::new(Outcome { reason: "finished".into(), steps, seconds, student, ..Outcome::default() }))
}

/// What lies beside the journal of a run that has ended.
fn leave_behind(out: &std::path::Path, wrong: usize) {
    let answer = |at: usize| if at.is_multiple_of(wrong) { "b" } else { "a" };
    let rows: String = (0..200).map(|at| format!("{},text {at},a,{}\n", at + 1, answer(at))).collect();
    // When it was and how large it is look the same on every machine.
    let holder = r#"{"retort":"0.2.0","pid":1,"host":"a machine","since":"2026-11-28 09:30:00 UTC"}"#;
    std::fs::write(out.join(run_folder::LOCK), holder).unwrap();
    std::fs::File::create(out.join("weights")).unwrap().set_len(5_000_000).unwrap();
    std::fs::write(out.join(run_folder::PREDICTIONS), format!("row,text,gold,student\n{rows}")).unwrap();
}

/// A finished run with curves: of 120 steps, its accuracy measured at every tenth, alpha turned at step 60 where it
/// does not begin at 1. How good it is goes by seed and alpha.
pub fn run_with_curves(home: &std::path::Path, name: &str, seed: u64, alpha: f64, opened: bool) {
    let out = home.join("runs").join(name);
    std::fs::create_dir_all(&out).unwrap();
    let mut session = Session { name: "Posts".into(), ..Session::built_in().unwrap() };
    (session.recipe.seed, session.recipe.batch) = (seed, 64);
    session.set_knob("mixture.alpha", alpha);
    let mut recorder = retort::record::recorder::Recorder::default();
    let mut tell = |fact: Fact| recorder.emit(fact.of(RunId::FIRST));
    tell(Fact::Started { session: Box::new(session), out: out.clone(), step: 0 });
    if opened {
        tell(Fact::Opened(Box::new(self::opened())));
    }
    let best = 0.95 - 0.2 * alpha + 0.01 * (seed % 3) as f64;
    for step in 0..120 {
        let t = step as f64 / 30.0;
        let wobble = 0.04 * noise(step, seed + (100.0 * alpha) as u64);
        let mut values = vec![(SeriesId::from("loss/total"), 1.6 * (-t).exp() + 0.3 * alpha + 0.1 + wobble)];
        if step % 10 == 9 {
            values.push((SeriesId::from("measure/accuracy"), best - 0.6 * (-t).exp()));
        }
        tell(Fact::Scalars { step, values });
        if step == 60 && alpha < 1.0 {
            let changes = vec![KnobChange { knob: "mixture.alpha".into(), from: alpha, to: 0.9 }];
            tell(Fact::KnobsChanged { step, origin: Origin::Person, changes });
        }
    }
    tell(ended(120, 60.0 + 50.0 * alpha + seed as f64, (1000.0 * best).round() / 1000.0));
    leave_behind(&out, 5);
}
