//! Runs without a window: the same session gives the same numbers, whoever steers it and however
//! often it is killed.
#![cfg(feature = "engine")]

mod where_computed;

use std::path::Path;
use std::process::{Command as Process, Output};

use retort::engine;
use retort::link::{Command, Event, EventSink, Fact, Order, Origin, Reply, RunId, WatchEnd, connect};
use retort::record::journal;
use retort::record::recorder::Recorder;
use retort::session::{Change, LayerGroup, ModelPart, Session, file};

/// The built-in experiment, cut down to seconds.
fn small() -> Session {
    let mut session = Session::built_in().unwrap();
    session.data.limit = retort::session::Limits::each(Some(48));
    session.data.labelled = Some(16);
    session.recipe.steps = 14;
    session.recipe.batch = 8;
    session.recipe.warmup = 2;
    session.recipe.evaluate_every = 7;
    session.recipe.checkpoint_every = 4;
    session.recipe.device = where_computed::asked();
    session.set_knob("optimizer.learning_rate", 0.003);
    session
}

/// Runs `order` to its end; `hand` sees every event and may steer.
fn drive(order: Command, mut hand: impl FnMut(&Event, &WatchEnd)) -> Vec<Event> {
    let (watch, end) = connect();
    let thread = engine::spawn(end, Recorder::default()).unwrap();
    watch.commands.send(order).unwrap();
    let mut events = Vec::new();
    for event in &watch.events {
        hand(&event, &watch);
        let over = matches!(
            event,
            Event::Fact(_, Fact::Finished(_))
                | Event::Fact(_, Fact::Failed(_))
                | Event::Reply(Reply::Failed(_))
                | Event::Fact(_, Fact::Trouble { .. })
        );
        events.push(event);
        if over {
            break;
        }
    }
    drop(watch);
    thread.join().unwrap();
    events
}

fn start(session: &Session, out: &Path) -> Command {
    Order::Start { session: Box::new(session.clone()), out: out.to_owned() }.to(RunId::FIRST)
}

#[cfg(all(feature = "window", target_os = "linux"))]
#[test]
fn a_session_that_cannot_be_read_does_not_keep_the_window_shut() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("broken.ron");
    std::fs::write(&path, "(version: 1, name: ").unwrap();
    let mut process = Process::new(env!("CARGO_BIN_EXE_retort"));
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
        process.env_remove(name);
    }
    let done = process.arg(&path).env("HOME", home.path()).env("XDG_DATA_HOME", home.path()).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(said.contains("not a valid session"), "{said}");
    assert!(said.contains("no display"), "it was about to open: {said}");
}

/// Every value of every curve, as bits.
fn curve(out: &Path) -> Vec<(u64, String, u64)> {
    let record = journal::replay(out).unwrap();
    let points =
        record.series.iter().flat_map(|(id, series)| series.points().map(|(s, v)| (s, id.to_string(), v.to_bits())));
    points.collect()
}

/// Every file of a student, with its name.
fn student(out: &Path) -> Vec<(String, Vec<u8>)> {
    let files = std::fs::read_dir(out.join("student")).unwrap().map(|entry| entry.unwrap().path());
    let named = files.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path));
    let mut files: Vec<_> = named.map(|(name, path)| (name, std::fs::read(path).unwrap())).collect();
    files.sort();
    let all = files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
    // Of a student that tells tokens there is no retort.ron: nothing is to be said of classes and prompt.
    assert_eq!(files.len(), 6 + usize::from(all.contains(&"retort.ron")), "{all:?}");
    assert!(all.contains(&"README.md"), "{all:?}");
    files
}

fn retort(arguments: &[&str]) -> Output {
    let cache = tempfile::tempdir().unwrap();
    Process::new(env!("CARGO_BIN_EXE_retort")).args(arguments).env("RETORT_CACHE", cache.path()).output().unwrap()
}

#[test]
fn a_run_steered_by_hand_replays_headless_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let events = drive(start(&small(), &first), |event, watch| {
        if let Event::Fact(_, Fact::Scalars { step, .. }) = event {
            let mut knobs = (*watch.cells.knobs.load()).clone();
            match step {
                2 => knobs.set("soft_targets.temperature", 4.3),
                4 => knobs.set("mixture.alpha", 0.1 + 0.2),
                6 => knobs.set("magnitude.theta", 0.4),
                9 => knobs.set("magnitude.theta", 0.1),
                _ => return,
            }
            watch.cells.knobs.store(knobs);
        }
    });
    let by_hand = |event: &&Event| matches!(event, Event::Fact(_, Fact::KnobsChanged { origin: Origin::Person, .. }));
    assert!(events.iter().filter(by_hand).count() >= 3, "the sliders were not obeyed: {events:?}");
    let recorded = file::open(&first.join("session.ron")).unwrap();
    assert!(recorded.script.len() >= 3);
    drive(start(&recorded, &second), |_, _| ());
    assert_eq!(curve(&first), curve(&second));
    assert!(student(&first) == student(&second), "the students differ");
    assert_eq!(std::fs::read(first.join("metrics.csv")).unwrap(), std::fs::read(second.join("metrics.csv")).unwrap());
}

#[test]
fn a_changed_knob_acts_on_the_very_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = small();
    session.recipe.steps = 6;
    let plain = folder.path().join("plain");
    drive(start(&session, &plain), |_, _| ());
    session.script.push(retort::session::Change { step: 3, knob: "soft_targets.temperature".into(), value: 9.0 });
    let turned = folder.path().join("turned");
    drive(start(&session, &turned), |_, _| ());
    let loss = |out: &Path| -> Vec<u64> {
        curve(out).into_iter().filter(|(_, id, _)| id == "loss/soft_targets").map(|(_, _, bits)| bits).collect()
    };
    let (plain, turned) = (loss(&plain), loss(&turned));
    assert_eq!(plain[..3], turned[..3]);
    assert_ne!(plain[3], turned[3]);
}

#[test]
fn a_run_left_in_the_middle_and_continued_equals_one_that_was_not() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));
    let mut session = small();
    session.set_knob("magnitude.theta", 0.3);
    drive(start(&session, &whole), |_, _| ());
    // Leave after step 6: the engine writes what it has and goes.
    let (watch, end) = connect();
    let thread = engine::spawn(end, Recorder::default()).unwrap();
    watch.commands.send(start(&session, &broken)).unwrap();
    for event in &watch.events {
        if matches!(event, Event::Fact(_, Fact::Scalars { step: 6, .. })) {
            break;
        }
    }
    drop(watch);
    thread.join().unwrap();
    assert!(!broken.join("student").exists());
    drive(Order::Continue(broken.clone()).to(RunId::FIRST), |_, _| ());
    assert_eq!(curve(&whole), curve(&broken));
    assert!(student(&whole) == student(&broken), "the students differ");
}

/// Kills a run as soon as `sign` is there and takes it up again; gives what it says at the end.
fn killed_and_resumed(arguments: &[&str], out: &Path, sign: &Path) -> Vec<u8> {
    let mut process = Process::new(env!("CARGO_BIN_EXE_retort")).args(arguments).arg("--out").arg(out).spawn().unwrap();
    let patience = std::time::Instant::now();
    while !sign.exists() && patience.elapsed().as_secs() < 120 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    let resumed = retort(&["run", "--out", out.to_str().unwrap(), "--resume", "--json"]);
    assert!(resumed.status.success(), "{}", String::from_utf8_lossy(&resumed.stderr));
    resumed.stdout
}

#[test]
fn a_run_killed_without_warning_ends_in_the_same_student() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.ron");
    file::save(&small(), &path).unwrap();
    let (whole, killed, early) =
        (folder.path().join("whole"), folder.path().join("killed"), folder.path().join("early"));
    let session = path.to_str().unwrap();
    assert!(retort(&["run", session, "--out", whole.to_str().unwrap()]).status.success());
    let first = killed.join("checkpoints/step-000000004/state.json");
    let stdout = killed_and_resumed(&["run", session], &killed, &first);
    assert!(student(&whole) == student(&killed), "the students differ");
    let never = ["run", session, "--set", "recipe.checkpoint_every=1000"];
    killed_and_resumed(&never, &early, &early.join("session.ron"));
    assert!(student(&whole) == student(&early), "the students differ after a kill before any checkpoint");
    std::fs::remove_dir_all(early.join("checkpoints")).unwrap();
    let again = retort(&["run", "--out", early.to_str().unwrap(), "--resume"]);
    assert!(!again.status.success(), "a run that came to its end is not begun again");
    assert!(student(&whole) == student(&early), "nor is its student touched");
    let summary: serde_json::Value = serde_json::from_slice(&stdout).unwrap();
    assert_eq!(summary["steps"], 14);
    assert!(summary["student"]["test"]["accuracy"].is_number());
    assert!(summary["teacher"]["parameters"].as_u64() > summary["student"]["parameters"].as_u64());
    assert!(summary["peak_bytes"].as_u64().unwrap() > 1_000_000);
}

#[test]
fn rewinding_forgets_what_came_after_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, back) = (folder.path().join("whole"), folder.path().join("back"));
    drive(start(&small(), &whole), |_, _| ());
    let mut rewound = false;
    drive(start(&small(), &back), |event, watch| match event {
        Event::Fact(_, Fact::Scalars { step: 10, .. }) if !rewound => {
            rewound = true;
            watch.commands.send(Order::Rewind(9).to(RunId::FIRST)).unwrap();
        }
        Event::Fact(_, Fact::Rewound { step }) => {
            assert_eq!(*step, 8);
            watch.commands.send(Order::Resume.to(RunId::FIRST)).unwrap();
        }
        _ => {}
    });
    assert!(rewound);
    assert_eq!(curve(&whole), curve(&back));
    assert!(student(&whole) == student(&back), "the students differ");
}

/// A session over tokens that takes seconds.
fn over_tokens(name: &str) -> Session {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sessions").join(name);
    let mut session = file::open(&path).unwrap();
    session.data.limit = retort::session::Limits { train: Some(40), validation: Some(6), test: Some(6) };
    (session.recipe.steps, session.recipe.batch, session.recipe.warmup) = (9, 4, 2);
    (session.recipe.evaluate_every, session.recipe.checkpoint_every) = (4, 4);
    session
}

/// Sessions whose steps gather several batches, with parts of the student that are frozen or learn at another rate: of
/// classes with dropout and pruning, and of masks that are drawn anew in each pass.
fn gathering() -> [(&'static str, Session); 2] {
    let group = |part, rate| LayerGroup { part, rate };
    let mut of_classes = small();
    (of_classes.recipe.batch, of_classes.recipe.accumulate, of_classes.recipe.steps) = (4, 3, 9);
    of_classes.recipe.evaluate_every = 4;
    of_classes.recipe.groups = vec![
        group(ModelPart::Embeddings, 0.0),
        group(ModelPart::Layers { first: 0, last: 0 }, 0.5),
        group(ModelPart::Head, 2.0),
    ];
    of_classes.script.push(Change { step: 3, knob: "magnitude.theta".into(), value: 0.4 });
    let mut masked = over_tokens("masked-token.ron");
    (masked.recipe.batch, masked.recipe.accumulate) = (2, 3);
    masked.recipe.groups = vec![group(ModelPart::LayerDecay, 0.5), group(ModelPart::Named("*.bias".into()), 0.0)];
    [("classes in three batches", of_classes), ("masked tokens in three batches", masked)]
}

#[test]
fn tasks_over_tokens_and_steps_of_several_batches_replay_rewind_and_go_on_to_the_bit_with_a_cold_and_a_warm_cache() {
    let files = ["next-token.ron", "masked-token.ron", "completion.ron"].map(|name| (name, over_tokens(name)));
    for (name, session) in files.into_iter().chain(gathering()) {
        let folder = tempfile::tempdir().unwrap();
        let place = |what: &str| folder.path().join(what);
        drive(start(&session, &place("whole")), |_, _| ());
        drive(start(&session, &place("again")), |_, _| ());
        let mut rewound = false;
        drive(start(&session, &place("back")), |event, watch| match event {
            Event::Fact(_, Fact::Scalars { step: 6, .. }) if !rewound => {
                rewound = true;
                watch.commands.send(Order::Rewind(5).to(RunId::FIRST)).unwrap();
            }
            Event::Fact(_, Fact::Rewound { .. }) => {
                watch.commands.send(Order::Resume.to(RunId::FIRST)).unwrap();
            }
            _ => {}
        });
        assert!(rewound, "{name}");
        let (watch, end) = connect();
        let thread = engine::spawn(end, Recorder::default()).unwrap();
        watch.commands.send(start(&session, &place("left"))).unwrap();
        for event in &watch.events {
            if matches!(event, Event::Fact(_, Fact::Scalars { step: 5, .. })) {
                break;
            }
        }
        drop(watch);
        thread.join().unwrap();
        drive(Order::Continue(place("left")).to(RunId::FIRST), |_, _| ());
        let whole = place("whole");
        for other in ["again", "back", "left"].map(place) {
            assert_eq!(curve(&whole), curve(&other), "{name}: {other:?}");
            assert!(student(&whole) == student(&other), "{name}: the students differ, {other:?}");
        }
    }
}

#[test]
fn a_knob_turned_after_a_rewind_to_its_value_from_before_acts() {
    let folder = tempfile::tempdir().unwrap();
    let turn = |watch: &WatchEnd| {
        let mut knobs = (*watch.cells.knobs.load()).clone();
        knobs.set("soft_targets.temperature", 4.0);
        watch.cells.knobs.store(knobs);
    };
    let mut rewound = false;
    let events = drive(start(&small(), folder.path()), |event, watch| match event {
        Event::Fact(_, Fact::Scalars { step: 5, .. }) if !rewound => turn(watch),
        Event::Fact(_, Fact::Scalars { step: 12, .. }) if !rewound => {
            watch.commands.send(Order::Rewind(4).to(RunId::FIRST)).unwrap()
        }
        Event::Fact(_, Fact::Rewound { .. }) => {
            rewound = true;
            turn(watch);
            watch.commands.send(Order::Resume.to(RunId::FIRST)).unwrap();
        }
        _ => {}
    });
    let back = events.iter().position(|event| matches!(event, Event::Fact(_, Fact::Rewound { step: 4 }))).unwrap();
    let turned = |event: &Event| match event {
        Event::Fact(_, Fact::KnobsChanged { step, changes, .. }) => Some((*step, changes[0].to)),
        _ => None,
    };
    assert_eq!(events[..back].iter().filter_map(turned).count(), 1);
    assert_eq!(events[back..].iter().filter_map(turned).collect::<Vec<_>>(), [(4, 4.0)]);
}

/// Breaks at the third step.
struct Bomb;

impl EventSink for Bomb {
    fn emit(&mut self, event: Event) {
        assert!(!matches!(event, Event::Fact(_, Fact::Scalars { step: 2, .. })), "a test's bomb");
    }
}

#[test]
fn a_panic_in_the_engine_is_said_and_the_engine_goes_on_serving() {
    let folder = tempfile::tempdir().unwrap();
    let (watch, end) = connect();
    let thread = engine::spawn(end, Bomb).unwrap();
    watch.commands.send(start(&small(), folder.path())).unwrap();
    let said = watch.events.iter().find_map(|event| match event {
        Event::Fact(_, Fact::Failed(notice)) | Event::Reply(Reply::Failed(notice)) => Some(notice.text),
        _ => None,
    });
    let said = said.unwrap();
    assert!(said.contains("a test's bomb") && said.contains("last checkpoint"), "{said}");
    watch.commands.send(Command::Open { run: RunId::FIRST, session: Box::new(small()) }).unwrap();
    assert!(
        watch
            .events
            .iter()
            .any(|event| matches!(event, Event::Fact(_, Fact::Opened(_)) | Event::Reply(Reply::Opened(_))))
    );
    drop(watch);
    thread.join().unwrap();
}

#[test]
fn the_recipe_of_the_shipped_teacher_learns() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = file::open(Path::new("assets/sessions/train-teacher.ron")).unwrap();
    session.data.limit = retort::session::Limits::each(Some(96));
    session.recipe = retort::session::Recipe {
        steps: 40,
        warmup: 5,
        batch: 8,
        evaluate_every: 0,
        checkpoint_every: 0,
        ..session.recipe
    };
    let events = drive(start(&session, folder.path()), |_, _| ());
    assert!(matches!(events.last(), Some(Event::Fact(_, Fact::Finished(_)))));
    let record = journal::replay(folder.path()).unwrap();
    for id in ["loss/hard_labels", "loss/next_token"] {
        let values: Vec<f64> = record.series[&id.into()].points().map(|(_, value)| value).collect();
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        let (first, last) = (mean(&values[..5]), mean(&values[35..]));
        assert!(last < 0.9 * first, "{id} went from {first} to {last}");
    }
}

#[test]
fn a_run_that_is_opened_again_is_looked_at_with_the_student_it_ended_with() {
    let folder = tempfile::tempdir().unwrap();
    let look = |session: Session| {
        let (watch, end) = connect();
        let thread = engine::spawn(end, Recorder::default()).unwrap();
        let text = "I used to paint walls, these days all I do is bake bread.".to_owned();
        watch.cells.ask.store(retort::link::ProbeRequest { revision: 1, text, ..Default::default() });
        watch.commands.send(Command::Open { run: RunId::FIRST, session: Box::new(session) }).unwrap();
        let ready =
            |event: &Event| matches!(event, Event::Reply(Reply::Status(s)) if s.phase == retort::link::Phase::Ready);
        assert!(watch.events.iter().any(|event| ready(&event)));
        drop(watch.commands);
        let cells = watch.cells.clone();
        thread.join().unwrap();
        let frame = cells.probe.load();
        let frame = frame.as_ref().as_ref().unwrap();
        (frame.step, frame.student.scores.clone())
    };
    let fresh = look(small());
    let mut seen = Vec::new();
    for (name, every) in [("kept", 4), ("bare", 0)] {
        let (mut session, out) = (small(), folder.path().join(name));
        session.recipe.checkpoint_every = every;
        drive(start(&session, &out), |_, _| ());
        assert_eq!(out.join("checkpoints").exists(), every > 0, "a finished run of {every}");
        let mut again = file::open(&out.join("session.ron")).unwrap();
        again.run = Some(out);
        seen.push(look(again));
    }
    assert_eq!((fresh.0, seen[0].0), (0, 14));
    assert_ne!(fresh.1, seen[0].1);
    assert_eq!(seen[0], seen[1], "the saved student is the one of the last checkpoint");
}

#[test]
fn the_lens_asks_by_the_prompt_it_is_given_and_says_by_which_and_of_what_it_answers() {
    use retort::link::{About, ProbeRequest};

    let (watch, end) = connect();
    let thread = engine::spawn(end, Recorder::default()).unwrap();
    let (session, mut broken) = (small(), small());
    let mut other = session.prompt.clone();
    other.teacher.template = "{text}\nIts mood is {answer}. Choose well.".to_owned();
    let look = |revision: u64, lens| {
        let text = "I bake bread.".to_owned();
        watch.cells.ask.store(ProbeRequest { revision, text, prompt: Some(other.clone()), lens, ..Default::default() });
        watch.commands.send(Command::Look).unwrap();
    };
    look(1, None);
    watch.commands.send(Command::Open { run: RunId::FIRST, session: Box::new(session.clone()) }).unwrap();
    let opened = watch.events.iter().find_map(|event| {
        if let Event::Fact(_, Fact::Opened(opened)) | Event::Reply(Reply::Opened(opened)) = event {
            Some(opened)
        } else {
            None
        }
    });
    let opened = opened.unwrap();
    assert_eq!((opened.models.as_deref(), opened.data.as_deref()), (Some(&session.models()), Some(&session.data)));
    assert_eq!(opened.class_counts.iter().sum::<usize>(), opened.parts.labelled);
    let answer = |revision: u64| loop {
        match &*watch.cells.probe.load() {
            Some(frame) if frame.revision == revision => {
                break (frame.prompt.clone(), frame.teacher.clone().unwrap().scores);
            }
            _ => std::thread::sleep(std::time::Duration::from_millis(2)),
        }
    };
    let (by, own) = answer(1);
    assert_eq!(by, session.prompt, "the editor's prompt is not that of the pictures");
    look(2, Some(other.clone()));
    let (by, tried) = answer(2);
    assert_eq!(by, other);
    assert_ne!(own, tried);
    let chips = watch.cells.prompt.load();
    let chips = chips.as_ref().as_ref().unwrap();
    assert_eq!(
        (chips.teacher.as_ref().unwrap().unread.as_str(), chips.student.unread.as_str()),
        (". Choose well.", "")
    );
    // A failure says which part is to blame.
    broken.student = retort::session::ModelChoice::stored(retort::session::Source::Folder("/nowhere".into()));
    watch.commands.send(Command::Open { run: RunId::FIRST, session: Box::new(broken) }).unwrap();
    let failed = watch.events.iter().find_map(|event| {
        if let Event::Fact(_, Fact::Failed(notice)) | Event::Reply(Reply::Failed(notice)) = event {
            Some(notice)
        } else {
            None
        }
    });
    assert_eq!(failed.unwrap().about, Some(About::Pair));
    drop(watch);
    thread.join().unwrap();
}

#[test]
fn tokens_that_are_parts_of_a_character_show_the_character_in_chips_and_pictures() {
    use retort::link::ProbeRequest;

    let (watch, end) = connect();
    let thread = engine::spawn(end, Recorder::default()).unwrap();
    let text = "晚上去听了一场音乐会".to_owned();
    watch.cells.ask.store(ProbeRequest { revision: 1, text, attention: true, ..Default::default() });
    watch.commands.send(Command::Open { run: RunId::FIRST, session: Box::new(small()) }).unwrap();
    while watch.cells.probe.load().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let (chips, picture) = (watch.cells.prompt.load(), watch.cells.probe.load());
    let chips = chips.as_ref().as_ref().unwrap().teacher.as_ref().unwrap();
    let chips: Vec<&str> = chips.tokens.iter().map(|chip| chip.text.as_str()).collect();
    let picture = picture.as_ref().as_ref().unwrap().teacher.clone().unwrap().tokens;
    assert!(chips.contains(&"去 1/3") && !chips.iter().any(|chip| chip.starts_with("\\x")), "{chips:?}");
    assert_eq!(chips, picture);
    drop(watch);
    thread.join().unwrap();
}

#[test]
fn answers_of_a_former_pair_are_gone_once_another_is_open() {
    use retort::link::ProbeRequest;

    let (watch, end) = connect();
    let thread = engine::spawn(end, Recorder::default()).unwrap();
    let ask = |revision, text: &str| {
        let text = text.to_owned();
        watch.cells.ask.store(ProbeRequest { revision, text, weights: revision == 1, ..Default::default() });
    };
    let open = |session: Session| {
        watch.commands.send(Command::Open { run: RunId::FIRST, session: Box::new(session) }).unwrap();
        watch
            .events
            .iter()
            .find(|event| matches!(event, Event::Fact(_, Fact::Opened(_)) | Event::Reply(Reply::Opened(_))))
            .unwrap();
    };
    ask(1, "I bake bread.");
    open(small());
    while watch.cells.probe.load().is_none() || watch.cells.weights.load().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    ask(2, "");
    let mut other = small();
    other.data.limit = retort::session::Limits::each(Some(40));
    open(other);
    assert!(watch.cells.probe.load().is_none() && watch.cells.weights.load().is_none());
    drop(watch);
    thread.join().unwrap();
}

#[test]
fn the_engine_looks_into_the_table_that_is_chosen_or_says_why_it_cannot() {
    use retort::link::preview::bare;
    use retort::session::{DataSource, Files};

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rows.csv"), "text,label\na,x\nb,y\n").unwrap();
    let (watch, end) = connect();
    let thread = engine::spawn(end, Recorder::default()).unwrap();
    let look = |name: &str| {
        let source = DataSource::from(Files::of(folder.path().join(name)));
        watch.cells.preview.store(None);
        watch.commands.send(Command::Preview(Box::new(source.clone()))).unwrap();
        for _ in 0..1000 {
            if let Some(preview) = watch.cells.preview.load().as_ref() {
                assert_eq!(Some(&preview.source), bare(&source).as_ref());
                return preview.found.clone();
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        panic!("it never answered");
    };
    let columns: Vec<String> = look("rows.csv").unwrap().columns.into_iter().map(|column| column.name).collect();
    assert_eq!(columns, ["text", "label"]);
    assert!(look("nowhere.csv").unwrap_err().contains("nowhere.csv"));
    drop(watch);
    thread.join().unwrap();
}

#[test]
fn numbers_that_are_none_pause_the_run_with_a_card() {
    use candle_core::{Device, Tensor};
    use retort::session::{Init, ModelChoice, Source};

    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken");
    let fresh = ModelChoice { init: Init::Fresh, ..ModelChoice::stored(Source::BuiltIn("posts-student".into())) };
    engine::model::open(&fresh, 8, 0, &Device::Cpu).unwrap().save(&broken, &[]).unwrap();
    let weights = broken.join("model.safetensors");
    let mut tensors = candle_core::safetensors::load(&weights, &Device::Cpu).unwrap();
    // Numbers, but so large that the first product of them is none.
    let shape = tensors["classifier.weight"].shape().clone();
    tensors.insert("classifier.weight".into(), Tensor::full(f32::MAX, shape, &Device::Cpu).unwrap());
    candle_core::safetensors::save(&tensors, &weights).unwrap();
    let mut session = small();
    session.student = ModelChoice::stored(Source::Folder(broken));
    let events = drive(start(&session, &folder.path().join("out")), |_, _| ());
    let Some(Event::Fact(_, Fact::Trouble { step: 0, what, .. })) = events.last() else {
        panic!("no card: {:?}", events.last())
    };
    assert!(what.contains("step 0") && what.contains("learning rate"), "{what}");
    let bad = |event: &Event| matches!(event, Event::Fact(_, Fact::Scalars { values, .. }) if values.iter().any(|(_, v)| v.is_nan()));
    assert!(events.iter().any(bad), "the curve does not show it");
}

/// A run of the built-in pair that comes apart: at a rate of 1, with gradients that nothing shortens.
fn wild(optimizer: retort::session::OptimizerKind) -> Session {
    let mut session = small();
    session.recipe.optimizer = optimizer;
    (session.recipe.steps, session.recipe.batch) = (40, 4);
    (session.recipe.evaluate_every, session.recipe.checkpoint_every) = (0, 0);
    session.set_knob("optimizer.learning_rate", 1.0);
    session.set_knob("optimizer.clip", 0.0);
    session
}

#[test]
fn a_run_that_comes_apart_pauses_with_what_happened_and_whoever_goes_on_is_not_asked_twice() {
    use retort::link::Alarm;
    use retort::session::OptimizerKind;

    let folder = tempfile::tempdir().unwrap();
    for optimizer in [OptimizerKind::Sgd, OptimizerKind::AdamW] {
        let out = folder.path().join(optimizer.label());
        let (watch, end) = connect();
        let thread = engine::spawn(end, Recorder::default()).unwrap();
        watch.commands.send(start(&wild(optimizer), &out)).unwrap();
        let mut troubles = Vec::new();
        for event in &watch.events {
            match event {
                Event::Fact(_, Fact::Trouble { step, what, alarm, checkpoint }) => {
                    troubles.push((step, alarm, what));
                    assert_eq!(checkpoint, None, "there is none to go back to");
                    watch.commands.send(Order::Resume.to(RunId::FIRST)).unwrap();
                }
                Event::Fact(_, Fact::Finished(outcome)) => {
                    assert_eq!((outcome.reason.as_str(), outcome.steps), ("finished", 40));
                    break;
                }
                Event::Fact(_, Fact::Failed(notice)) | Event::Reply(Reply::Failed(notice)) => panic!("{notice:?}"),
                _ => {}
            }
        }
        drop(watch);
        thread.join().unwrap();
        let losses = troubles.iter().filter(|(_, alarm, _)| *alarm == Some(Alarm::Loss)).count();
        assert_eq!(losses, 1, "{optimizer:?}: {troubles:?}");
        let (step, _, what) = &troubles[0];
        assert!(*step < 40 && what.contains("the first step had") && what.contains("learning rate"), "{step}: {what}");
    }
}

#[test]
fn headless_a_run_that_comes_apart_is_warned_of_and_goes_on() {
    use retort::session::OptimizerKind;

    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (folder.path().join("wild.ron"), folder.path().join("out"));
    file::save(&wild(OptimizerKind::AdamW), &path).unwrap();
    let ran = retort(&["run", path.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success(), "{said}");
    assert!(said.contains("warning: step") && said.contains("the loss has come apart"), "{said}");
    let written = std::fs::read_to_string(out.join("journal.jsonl")).unwrap();
    assert!(written.contains("\"alarm\":\"Loss\""), "the journal has it");
    assert!(out.join("summary.json").exists());
}

#[test]
fn a_rewind_goes_back_to_before_the_run_came_apart() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = small();
    (session.recipe.steps, session.recipe.batch) = (120, 2);
    (session.recipe.evaluate_every, session.recipe.checkpoint_every) = (0, 10);
    session.set_knob("optimizer.clip", 0.0);
    let script = retort::session::Change { step: 50, knob: "optimizer.learning_rate".into(), value: 1.0 };
    session.script.push(script);
    let events = drive(start(&session, &folder.path().join("out")), |_, _| ());
    let Some(Event::Fact(_, Fact::Trouble { step, checkpoint, .. })) = events.last() else {
        panic!("no card: {:?}", events.last())
    };
    assert!((50..110).contains(step), "{step}");
    assert!(checkpoint.is_some_and(|checkpoint| checkpoint > 0 && checkpoint <= 50), "{checkpoint:?} at {step}");
}

#[test]
fn a_student_of_the_teachers_layers_with_a_trimmed_vocabulary_runs_resumes_and_opens_again() {
    use retort::session::{Init, LayerMap, ModelChoice, Source, Vocabulary};

    let folder = tempfile::tempdir().unwrap();
    let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));
    let mut session = small();
    session.student = ModelChoice {
        init: Init::layers(LayerMap::FirstAndLast),
        vocabulary: Vocabulary::Trimmed,
        ..ModelChoice::stored(Source::BuiltIn("posts-teacher".into()))
    };
    (session.recipe.steps, session.recipe.batch) = (8, 4);
    let events = drive(start(&session, &whole), |_, _| ());
    let opened = events.iter().find_map(|event| {
        if let Event::Fact(_, Fact::Opened(opened)) | Event::Reply(Reply::Opened(opened)) = event {
            Some(opened)
        } else {
            None
        }
    });
    let card = &opened.unwrap().student;
    assert!(card.layers == 2 && card.vocabulary < 1500 && card.notes.len() == 2, "{card:?}");
    drive(start(&session, &broken), |event, watch| {
        if matches!(event, Event::Fact(_, Fact::Checkpoint { step: 4 })) {
            watch.commands.send(Order::Stop.to(RunId::FIRST)).unwrap();
        }
    });
    drive(Order::Continue(broken.clone()).to(RunId::FIRST), |_, _| ());
    assert!(student(&whole) == student(&broken), "the students differ");
    let saved = ModelChoice::stored(Source::Folder(whole.join("student")));
    let again = engine::model::open(&saved, 8, 0, &candle_core::Device::Cpu).unwrap();
    assert_eq!(again.tokens.size(), again.card.vocabulary);
    assert_eq!((again.card.parameters, again.card.vocabulary), (card.parameters, card.vocabulary));
}

#[test]
fn what_cannot_be_run_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |session: &Session, part: &str| {
        let events = drive(start(session, &folder.path().join("out")), |_, _| ());
        match events.iter().find_map(|event| {
            if let Event::Fact(_, Fact::Failed(notice)) | Event::Reply(Reply::Failed(notice)) = event {
                Some(&notice.text)
            } else {
                None
            }
        }) {
            Some(text) => assert!(text.contains(part), "{text:?} does not say {part:?}"),
            None => panic!("not refused: {part}"),
        }
    };
    let mut session = small();
    session.set_knob("soft_targets.temprature", 2.0);
    refused(&session, "soft_targets.temprature");
    let mut session = small();
    session.set_knob("soft_targets.temperature", -1.0);
    refused(&session, "between");
    let mut session = small();
    session.set_teacher(None);
    refused(&session, "needs a teacher");
    let mut session = small();
    session.prompt.set_word("music", "sport");
    refused(&session, "same tokens");
    let mut session = small();
    session.prompt.teacher.template = "no slots".into();
    refused(&session, "{text}");
    let mut session = small();
    session.student.source = retort::session::Source::Folder("no/such/folder".into());
    refused(&session, "no/such/folder");
}

#[test]
fn exit_codes_tell_usage_input_and_run_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.ron");
    assert_eq!(retort(&["walk-the-dog", "--now"]).status.code(), Some(2));
    std::fs::write(&path, "(version: 99)").unwrap();
    let newer = retort(&["run", path.to_str().unwrap()]);
    assert_eq!(newer.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&newer.stderr).contains("version 99"));
    std::fs::write(&path, "(version: 1, name: ").unwrap();
    let elsewhere = retort(&["run", "--set", "recipe.device=Cuda(77)"]);
    assert!(String::from_utf8_lossy(&elsewhere.stderr).contains("CUDA 77"), "{elsewhere:?}");
    let nowhere = retort(&["run", "--set", "recipe.device=abacus"]);
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("`abacus` is none of `Cpu`, `Cuda`"), "{nowhere:?}");
    let nonsense = retort(&["run", "--set", "nonsense"]);
    assert_eq!(nonsense.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nonsense.stderr).contains("NAME=VALUE, such as recipe.steps=200"), "{nonsense:?}");
    for (set, code, said) in [
        ("=3", 2, "NAME=VALUE"),
        ("alpha=0.3", 3, "the knob is called mixture.alpha; set that"),
        ("optimizer.learningrate=0.1", 3, "(did you mean \"optimizer.learning_rate\"?)"),
        ("data.splitseed=1", 3, "(did you mean \"data.split_seed\"?)"),
        ("student.init.map=EveryOther", 3, "such as student.init=Layers(map: EveryOther)"),
        ("recipe.steps=-3", 3, "a whole number of at least 1"),
    ] {
        let out = folder.path().join("refused");
        let refused = retort(&["run", "--set", set, "--out", out.to_str().unwrap()]);
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(refused.status.code() == Some(code) && told.contains(said) && !out.exists(), "{set}: {told}");
    }
    let absent = folder.path().join("absent");
    let resumed = retort(&["run", "--resume", "--out", absent.to_str().unwrap()]);
    assert_eq!(resumed.status.code(), Some(3));
    let told = String::from_utf8_lossy(&resumed.stderr);
    assert!(told.contains("there is no folder") && told.contains("absent") && !told.contains("checkpoint"), "{told}");
    assert!(!absent.exists());
    let cut = retort(&["run", path.to_str().unwrap()]);
    assert_eq!(cut.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&cut.stderr).contains("line 1"));
    let kept = std::fs::read_to_string(&path).unwrap();
    assert_eq!(kept, "(version: 1, name: ");
}

#[test]
fn a_probe_writes_what_the_model_computes() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("probe.safetensors");
    let done = retort(&[
        "probe",
        "built-in:posts-teacher",
        "--text",
        "We sang all night",
        "--out",
        out.to_str().unwrap(),
        "--json",
    ]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let words: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let tokens = words["tokens"].as_u64().unwrap() as usize;
    let tensors = candle_core::safetensors::load(&out, &candle_core::Device::Cpu).unwrap();
    assert_eq!(tensors["input_ids"].dims(), [tokens]);
    assert_eq!(tensors["logits"].dims()[0], tokens);
    assert_eq!(tensors["attention.0"].dims()[1..], [tokens, tokens]);
    assert_eq!(tensors["hidden.0"].dims()[0], tokens);
}

#[test]
fn what_a_session_may_name_is_listed_for_people_and_for_programs() {
    let catalog = engine::catalog();
    let kinds = [
        ("knobs", catalog.knobs.iter().map(|knob| knob.id).collect::<Vec<_>>()),
        ("losses", catalog.losses.iter().map(|loss| loss.id).collect()),
        ("measures", engine::measure::OF_CLASSES.iter().map(|measure| measure.id).collect()),
        ("optimizers", vec!["Sgd", "Adam", "AdamW"]),
        ("schedules", vec!["Constant", "Linear", "Cosine"]),
        ("keeps", vec!["Last", "Best"]),
        ("inits", vec!["Stored", "Fresh", "Layers"]),
        ("layer-maps", vec!["EveryOther", "FirstAndLast", "DistilBert", "Pick", "EmbeddingsOnly"]),
        ("sources", vec!["BuiltIn", "Folder", "Hub", "Server"]),
        ("tasks", vec!["classifier", "masked_words", "causal_words", "encoder_decoder_words"]),
        ("architectures", catalog.architectures.iter().map(|entry| entry.id).collect()),
        ("corpora", catalog.corpora.iter().map(|entry| entry.id).collect()),
        ("built-in", catalog.models.iter().map(|entry| entry.id).collect()),
        ("devices", vec!["Cpu"]),
    ];
    for (kind, known) in kinds {
        let text = String::from_utf8(retort(&["list", kind]).stdout).unwrap();
        let first = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
        let listed: Vec<String> = text.lines().skip(1).map(first).collect();
        let told = String::from_utf8(retort(&["list", kind, "--json"]).stdout).unwrap();
        let rows: Vec<serde_json::Value> = serde_json::from_str(&told).unwrap();
        let ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(listed, ids, "{kind}: {text}");
        assert!(known.iter().all(|id| ids.contains(id)) && (kind == "devices" || ids.len() == known.len()), "{kind}");
    }
    let losses = String::from_utf8(retort(&["list", "losses", "--json"]).stdout).unwrap();
    assert!(losses.contains(r#""needs":["a teacher"]"#) && losses.contains("soft_targets.temperature"), "{losses}");
}

#[test]
fn the_fields_of_a_session_and_its_choices_are_listed_with_defaults_and_help() {
    let listed = |arguments: &[&str]| String::from_utf8(retort(&[&["list"], arguments].concat()).stdout).unwrap();
    let page = listed(&["session"]);
    assert_eq!(page.trim_end(), include_str!("../assets/session-reference.md").trim_end());
    let fields: Vec<serde_json::Value> = serde_json::from_str(&listed(&["session", "--json"])).unwrap();
    let steps = fields.iter().find(|field| field["path"] == "recipe.steps").unwrap();
    assert_eq!((steps["default"].as_str(), steps["range"].as_str()), (Some("1000"), Some("at least 1")));
    let rows = |kind: &str| serde_json::from_str::<Vec<serde_json::Value>>(&listed(&[kind, "--json"])).unwrap();
    for kind in ["optimizers", "schedules", "inits", "layer-maps", "sources", "formats", "keeps", "tasks"] {
        let rows = rows(kind);
        assert!(
            rows.len() > 1 && rows.iter().all(|row| row["help"].as_str().is_some_and(|help| help.len() > 9)),
            "{kind}"
        );
    }
    let default = |kind: &str| {
        rows(kind).iter().filter(|row| row["default"] == true).map(|row| row["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(default("optimizers"), ["AdamW"]);
    assert_eq!(default("schedules"), ["Linear"]);
}

#[test]
fn what_a_recipe_or_a_prompt_says_in_vain_is_told_before_the_first_step() {
    let folder = tempfile::tempdir().unwrap();
    let short = ["recipe.steps=2", "data.limit=60", "recipe.evaluate_every=0"];
    let nothing = "every term of the loss has weight 0";
    let unread = "its own prompt is not read";
    let cases: [(&[&str], i32, &str); 6] = [
        (&["soft_targets.weight=0", "hard_labels.weight=0"], 0, nothing),
        (&["soft_targets.weight=0", "mixture.alpha=0"], 0, nothing),
        (&["recipe.terms=[\"hard_labels\"]", "hard_labels.weight=0"], 0, nothing),
        (&["prompt.student.template=\"{text} {answer}\""], 0, unread),
        (&["prompt.student.template=\"{text} {foo} {answer}\""], 3, "{foo}"),
        (&["prompt.teacher.variants=[\"{text}\"]"], 3, "{answer}"),
    ];
    for (number, (settings, code, said)) in cases.into_iter().enumerate() {
        let out = folder.path().join(number.to_string());
        let set = short.iter().chain(settings).flat_map(|setting| ["--set", *setting]);
        let arguments: Vec<&str> = ["run", "--out", out.to_str().unwrap()].into_iter().chain(set).collect();
        let ran = retort(&arguments);
        let told = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(code), "{settings:?}: {told}");
        assert!(told.contains(said), "{settings:?}: {told}");
        assert!(said == nothing || !told.contains(nothing), "{settings:?}: {told}");
    }
}

#[test]
fn a_script_that_turns_what_no_step_heeds_is_told_before_the_first_step() {
    let folder = tempfile::tempdir().unwrap();
    let change = |step, knob: &str| Change { step, knob: knob.to_owned(), value: 0.5 };
    let mut session = Session { script: vec![change(1, "next_token.weight"), change(9, "mixture.alpha")], ..small() };
    session.recipe.steps = 2;
    let path = folder.path().join("script.ron");
    file::save(&session, &path).unwrap();
    let out = folder.path().join("out");
    let set = ["--set", "next_token.weight=0.2"];
    let ran = retort(&[&["run", path.to_str().unwrap(), "--out", out.to_str().unwrap()], &set[..]].concat());
    let told = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{told}");
    assert!(told.contains("warning: next_token.weight is set, which only the loss next_token reads"), "{told}");
    assert!(told.contains("the script turns next_token.weight, which only the loss next_token reads"), "{told}");
    assert!(told.contains("mixture.alpha at step 9, and the last step of the run is 1"), "{told}");
}
