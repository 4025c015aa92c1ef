//! What the committed sessions compute, kept bit by bit: the loss of the first 40 steps and the student
//! behind them, and what the journal of a run of 40 steps tells, with `data.limit: 400`. Whoever moves a number on purpose renews the table and says so
//! under *Changes*: `RETORT_RENEW_DIGESTS=1 cargo test --test digests` (with `-- --include-ignored` for
//! the sessions on shared data, of the folder that `RETORT_SHARED` names, default `../shared`).
//!
//! Every session runs in a process of its own with two threads, so that only the processor can differ
//! from the one that wrote the table. Where its vector instructions are the same ones, every bit is
//! compared; else each loss within 1e-4, relative above 1 and absolute below, the student not at all, and
//! of the journal which events come in which order.
//!
//! Of the journal all is compared but what another machine, hour or folder would write otherwise
//! ([`VOLATILE`]), and the session within it ([`ASKED`]) and what came later ([`LATER`], [`LATER_CURVES`]), which have tests of
//! their own.
#![cfg(feature = "engine")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command as Process;

use retort::engine::{self, model::Model, pair::Pair, train::Trainer};
use retort::link::{Event, Fact, Order, Reply, RunId, connect};
use retort::record::{journal, recorder::Recorder};
use retort::session::{DataSource, Session, file};
use serde::{Deserialize, Serialize};
use serde_json::Value;

const STEPS: usize = 40;
const LIMIT: usize = 400;
const THREADS: &str = "2";
/// How far apart losses may be on two kinds of processor.
const NEAR: f64 = 1e-4;
/// Set where the table is to be renewed.
const RENEW: &str = "RETORT_RENEW_DIGESTS";
/// Names the session to the process that runs it.
const SESSION: &str = "RETORT_DIGEST_SESSION";
/// Names the folder that process writes into.
const OUT: &str = "RETORT_DIGEST_OUT";

/// Steps between two evaluations, and between two checkpoints, of the run whose journal is kept.
const EVERY: u64 = 20;
/// Fields of events that depend on machine, hour or folder; and `said`, which says of what the text beside it was
/// made: the text itself is compared; and
/// `over_tokens`, which journals told only after the tables had been written and `tests/token_predictions.rs` holds.
const VOLATILE: &[&str] = &["out", "path", "hash", "bytes", "seconds", "peak_bytes", "speed", "said", "over_tokens"];
/// Fields that journals told only after the tables had been written: `tests/temperature.rs` holds them.
const LATER: &[&str] = &["temperature_scaling"];
/// Groups of curves of which the same is so: `tests/term_gradients.rs` holds them.
const LATER_CURVES: &[&str] = &["weighted", "gradient", "cosine", "floor", "teacher"];
/// Fields that hold what was asked.
const ASKED: &[&str] = &["session", "models", "data"];

/// What a session computes, and on what.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Digest {
    /// Architecture, system and those vector instructions that a kernel is chosen by.
    processor: Vec<String>,
    threads: usize,
    /// `loss/total` of each step.
    loss: Vec<f64>,
    /// BLAKE3 of names, shapes and numbers of the student's weights.
    student: String,
    /// Each event of the journal: its name, and the first digits of the BLAKE3 of what it tells.
    #[serde(default)]
    facts: Vec<(String, String)>,
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn shared(name: &str) -> PathBuf {
    std::env::var_os("RETORT_SHARED").map_or_else(|| root("../shared"), PathBuf::from).join(name)
}

fn names(folder: &str, extension: &str) -> BTreeSet<String> {
    let paths = std::fs::read_dir(root(folder)).into_iter().flatten().map(|entry| entry.unwrap().path());
    let of = paths.filter(|path| path.extension().is_some_and(|end| end == extension));
    of.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

fn processor() -> Vec<String> {
    let mut found = vec![std::env::consts::ARCH, std::env::consts::OS];
    #[cfg(target_arch = "x86_64")]
    {
        let known = [
            ("avx2", std::arch::is_x86_feature_detected!("avx2")),
            ("fma", std::arch::is_x86_feature_detected!("fma")),
            ("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
        ];
        found.extend(known.into_iter().filter(|(_, has)| *has).map(|(name, _)| name));
    }
    found.into_iter().map(str::to_owned).collect()
}

fn hash(student: &Model) -> String {
    let mut hasher = blake3::Hasher::new();
    for (name, variable) in student.weights.variables() {
        hasher.update(format!("{name} {:?}", variable.dims()).as_bytes());
        let numbers: Vec<f32> = variable.flatten_all().unwrap().to_vec1().unwrap();
        numbers.iter().for_each(|number| {
            hasher.update(&number.to_le_bytes());
        });
    }
    hasher.finalize().to_string()
}

/// Takes the first steps of the session in `path`; the student stays in `out`.
fn measure(path: &Path, out: &Path) -> Digest {
    let mut session = file::open(path).unwrap();
    assert!(session.script.is_empty(), "the steps are taken without the changes of a script");
    session.data.limit = retort::session::Limits::each(Some(LIMIT));
    let pair = Pair::open(&session, None).unwrap();
    let mut trainer = Trainer::new(session, pair, &engine::catalog()).unwrap();
    let loss = (0..STEPS).map(|_| {
        let stepped = trainer.advance().unwrap();
        assert!(stepped.sound);
        stepped.values.into_iter().find(|(series, _)| &*series.0 == "loss/total").unwrap().1
    });
    let loss = loss.collect();
    let (pair, prompt) = (&trainer.pair, &trainer.session.prompt);
    pair.student.save_student(&out.join("student"), &pair.assets.data.classes, &prompt.for_student()).unwrap();
    let student = hash(&pair.student);
    let session = trainer.session;
    // Of the other sessions the whole test part would be measured, which takes an hour.
    let built_in = matches!(session.data.source, DataSource::BuiltIn(_));
    let facts = if built_in { facts(session, &out.join("run")) } else { Vec::new() };
    Digest { processor: processor(), threads: rayon::current_num_threads(), loss, student, facts }
}

/// Runs the session as a person does, from its start to its end, and reads what its journal tells.
fn facts(mut session: Session, out: &Path) -> Vec<(String, String)> {
    let recipe = &mut session.recipe;
    (recipe.steps, recipe.evaluate_every, recipe.checkpoint_every) = (STEPS as u64, EVERY, EVERY);
    let (watch, end) = connect();
    let engine = engine::spawn(end, Recorder::default()).unwrap();
    watch.commands.send(Order::Start { session: Box::new(session), out: out.to_owned() }.to(RunId::FIRST)).unwrap();
    loop {
        match watch.events.recv().unwrap() {
            Event::Fact(_, Fact::Finished(_)) => break,
            Event::Fact(_, Fact::Failed(notice)) | Event::Reply(Reply::Failed(notice)) => panic!("{}", notice.text),
            Event::Fact(_, Fact::Trouble { what, .. }) => panic!("{what}"),
            _ => {}
        }
    }
    drop(watch);
    engine.join().unwrap();
    let text = std::fs::read_to_string(out.join(journal::FILE)).unwrap();
    let lines = text.lines().skip(1).map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(fact).collect()
}

/// An event's name, and a hash of what it tells.
fn fact(mut event: Value) -> (String, String) {
    let name = match &event {
        Value::String(name) => name.clone(),
        Value::Object(fields) => fields.keys().next().unwrap().clone(),
        other => panic!("no event: {other}"),
    };
    forget(&mut event);
    let mut hash = blake3::hash(event.to_string().as_bytes()).to_hex().to_string();
    hash.truncate(12);
    (name, hash)
}

/// Takes out of a value what does not belong to the digest.
fn forget(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| ![VOLATILE, ASKED, LATER].iter().any(|left_out| left_out.contains(&name.as_str())));
            fields.values_mut().for_each(forget);
        }
        Value::Array(values) => {
            values.retain(|value| !is_later(value));
            values.iter_mut().for_each(forget);
        }
        _ => {}
    }
}

/// Whether a value is a point of a curve of one of the [`LATER_CURVES`]: `["weighted/hard_labels", 0.5]`.
fn is_later(value: &Value) -> bool {
    let id = value.as_array().filter(|point| point.len() == 2).and_then(|point| point[0].as_str());
    id.and_then(|id| id.split_once('/')).is_some_and(|(group, _)| LATER_CURVES.contains(&group))
}

#[test]
#[ignore = "the process in which the other tests run a session"]
fn in_a_process_of_its_own() {
    let (Some(session), Some(out)) = (std::env::var_os(SESSION), std::env::var_os(OUT)) else { return };
    let digest = measure(Path::new(&session), Path::new(&out));
    std::fs::write(Path::new(&out).join("digest.json"), serde_json::to_vec(&digest).unwrap()).unwrap();
}

/// Runs a session in a process whose threads are counted and that knows no answers of earlier runs.
fn run(session: &Path, out: &Path) -> Digest {
    let mut process = Process::new(std::env::current_exe().unwrap());
    process.args(["--exact", "in_a_process_of_its_own", "--ignored", "--nocapture"]);
    process.env("RAYON_NUM_THREADS", THREADS).env("RETORT_CACHE", out.join("targets"));
    let done = process.env(SESSION, session).env(OUT, out).output().unwrap();
    let said = || format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{}: {}", session.display(), said());
    serde_json::from_slice(&std::fs::read(out.join("digest.json")).unwrap()).unwrap()
}

fn check(name: &str, now: &Digest) {
    let path = root("tests/digests").join(format!("{name}.json"));
    if std::env::var_os(RENEW).is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        return std::fs::write(&path, serde_json::to_string(now).unwrap() + "\n").unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{name} has no digest: {e}"));
    let kept: Digest = serde_json::from_str(&text).unwrap();
    if let Some(moved) = moved(&kept, now) {
        panic!(
            "{name}.ron no longer computes what it did: {moved}; if that is meant, renew the table and name it under Changes"
        )
    }
}

/// What no longer is as it was kept, or `None`.
fn moved(kept: &Digest, now: &Digest) -> Option<String> {
    let same = (&kept.processor, kept.threads) == (&now.processor, now.threads);
    let equal = |kept: f64, now: f64| match same {
        true => kept.to_bits() == now.to_bits(),
        false => (kept - now).abs() <= NEAR * kept.abs().max(1.0),
    };
    if kept.loss.len() != now.loss.len() {
        return Some(format!("{} steps were {}", now.loss.len(), kept.loss.len()));
    }
    let mut pairs = kept.loss.iter().zip(&now.loss).enumerate();
    if let Some((step, (kept, now))) = pairs.find(|(_, (kept, now))| !equal(**kept, **now)) {
        return Some(format!("the loss of step {step} is {now} and was {kept}"));
    }
    if same && kept.student != now.student {
        return Some("the curve is the same, the student is not".to_owned());
    }
    let told = |(name, hash): &(String, String)| if same { format!("{name} {hash}") } else { name.clone() };
    let [before, after] = [kept, now].map(|digest| digest.facts.iter().map(told).collect::<Vec<_>>());
    let differs = |place: &usize| before.get(*place) != after.get(*place);
    let place = (0..before.len().max(after.len())).find(differs)?;
    Some(format!("event {place} of the journal is {:?} and was {:?}", after.get(place), before.get(place)))
}

#[test]
fn every_committed_session_has_a_digest() {
    assert!(!names("assets/sessions", "ron").is_empty());
    // A table that is just being written is not whole yet.
    if std::env::var_os(RENEW).is_none() {
        let mut here = names("assets/sessions", "ron");
        here.retain(|name| !ELSEWHERE.contains(&name.as_str()));
        assert_eq!(here, names("tests/digests", "json"));
    }
}

/// Sessions whose teacher a person brings: a server, a file.
const ELSEWHERE: [&str; 2] = ["gguf-teacher", "server-teacher"];

/// Whether a session names nothing but what lies in the program or beside it.
fn is_whole(name: &str, path: &Path) -> bool {
    let source = file::open(path).unwrap().data.source;
    let beside = |source: &DataSource| source.files().is_some() && source.path().is_some_and(Path::exists);
    !ELSEWHERE.contains(&name) && (matches!(source, DataSource::BuiltIn(_)) || beside(&source))
}

#[test]
fn sessions_on_built_in_data_compute_what_they_did() {
    let mut checked = 0;
    for name in names("assets/sessions", "ron") {
        let path = root("assets/sessions").join(format!("{name}.ron"));
        if is_whole(&name, &path) {
            let out = tempfile::tempdir().unwrap();
            check(&name, &run(&path, out.path()));
            checked += 1;
        }
    }
    assert!(checked >= 7, "{checked}");
}

#[test]
#[ignore = "needs the shared data and models"]
fn sessions_on_shared_data_compute_what_they_did() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    for name in ["newsgroups-teacher.ron", "newsgroups.ron"] {
        std::fs::copy(root("assets/sessions").join(name), place(name)).unwrap();
    }
    std::fs::copy(shared("data/20news-bydate.tar.gz"), place("20news-bydate.tar.gz")).unwrap();
    std::fs::create_dir(place("all-MiniLM-L6-v2")).unwrap();
    for entry in std::fs::read_dir(shared("models/all-MiniLM-L6-v2")).unwrap().flatten() {
        if entry.path().is_file() {
            std::fs::copy(entry.path(), place("all-MiniLM-L6-v2").join(entry.file_name())).unwrap();
        }
    }
    // The second session's teacher is the first one's student, as far as its 40 steps have brought it.
    std::fs::create_dir(place("newsgroups-teacher")).unwrap();
    check("newsgroups-teacher", &run(&place("newsgroups-teacher.ron"), &place("newsgroups-teacher")));
    std::fs::create_dir(place("out")).unwrap();
    check("newsgroups", &run(&place("newsgroups.ron"), &place("out")));
}

#[test]
fn a_moved_bit_is_seen_and_another_processor_is_forgiven_only_a_little() {
    let digest = |loss: f64, student: &str, threads: usize| Digest {
        processor: processor(),
        threads,
        loss: vec![0.5, loss],
        student: student.to_owned(),
        facts: vec![("Started".to_owned(), "a".to_owned())],
    };
    let kept = digest(2.0, "a", 2);
    assert_eq!(moved(&kept, &digest(2.0, "a", 2)), None);
    assert!(moved(&kept, &digest(2.0f64.next_up(), "a", 2)).unwrap().contains("step 1"));
    assert!(moved(&kept, &digest(2.0, "b", 2)).unwrap().contains("student"));
    assert_eq!(moved(&kept, &digest(2.000_15, "b", 4)), None);
    assert!(moved(&kept, &digest(2.000_25, "b", 4)).unwrap().contains("step 1"));
    assert!(moved(&kept, &digest(f64::NAN, "a", 4)).is_some());
    let shorter = Digest { loss: vec![0.5], ..digest(2.0, "a", 2) };
    assert!(moved(&kept, &shorter).unwrap().contains("1 steps were 2"));
    let facts = |facts: &[(&str, &str)], threads: usize| Digest {
        facts: facts.iter().map(|(name, hash)| (name.to_string(), hash.to_string())).collect(),
        ..digest(2.0, "a", threads)
    };
    assert!(moved(&kept, &facts(&[("Started", "b")], 2)).unwrap().contains("event 0"));
    assert_eq!(moved(&kept, &facts(&[("Started", "b")], 4)), None);
    assert!(moved(&kept, &facts(&[], 4)).unwrap().contains("event 0"));
    assert!(moved(&kept, &facts(&[("Started", "a"), ("Finished", "a")], 2)).unwrap().contains("event 1"));
}

#[test]
fn of_an_event_all_is_told_but_machine_hour_folder_and_what_was_asked() {
    let event = |text: &str| fact(serde_json::from_str(text).unwrap());
    let started = event(r#"{"Started":{"session":{"name":"a"},"out":"/x","step":0}}"#);
    assert_eq!(started, event(r#"{"Started":{"session":{"name":"b"},"out":"/y","step":0}}"#));
    assert_ne!(started, event(r#"{"Started":{"session":{"name":"a"},"out":"/x","step":1}}"#));
    let scalars = |value: &str| event(&format!(r#"{{"Scalars":{{"step":3,"values":[["loss/total",{value}]]}}}}"#));
    let with_later =
        event(r#"{"Scalars":{"step":3,"values":[["loss/total",0.5],["weighted/a",1.0],["cosine/a",0.1]]}}"#);
    assert_eq!(scalars("0.5"), with_later, "curves that came later are held by a test of their own");
    assert_eq!(scalars("0.5").0, "Scalars");
    assert_ne!(scalars("0.5").1, scalars("0.5000000000000001").1);
}
