//! The Hub, spoken by a server on this machine: what is fetched, what is not, and what becomes of
//! every way a connection, a server, a disk or a person can interrupt it. No test leaves the machine.
#![cfg(feature = "engine")]

mod hub_gguf;
mod hub_server;
mod tiny;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Output};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hub_server::{COMMIT, Server, sha256};
use retort::engine::hub::{self, HubConfig, HubError, Name, Progress};
use retort::engine::model::{self, ModelFiles, Weights};
use retort::link::{Command, Event, Fact, Missing, Order, Phase, Question, Reply, RunId, Secret, WatchEnd, connect};
use retort::session::{Head, Init, LayerMap, ModelChoice, Session, Source};

const TOKEN: &str = "hf_SecretWordOfThePerson";

/// The files of a tiny BERT as a repository has them, and some that nobody needs.
fn repository() -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let bert = model::ARCHITECTURES.iter().find(|a| a.id == "bert").unwrap();
    tiny::fresh(bert, Head::Classifier, 3).save(folder.path(), &tiny::classes()).unwrap();
    let mut files = BTreeMap::new();
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        files.insert(name.to_owned(), std::fs::read(folder.path().join(name)).unwrap());
    }
    for name in ["README.md", "pytorch_model.bin", "tf_model.h5", "onnx/model.onnx", "../../escape"] {
        files.insert(name.to_owned(), b"not needed".to_vec());
    }
    files
}

struct Scene {
    server: Server,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        Self { server: Server::start(repository()), folder: tempfile::tempdir().unwrap() }
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("hub")
    }

    fn place(&self) -> HubConfig {
        let (endpoint, pause) = (self.server.address.clone(), Duration::from_millis(1));
        HubConfig { cache: self.cache(), endpoint, token: None, offline: false, pause }
    }

    fn fetch(&self) -> Result<PathBuf, HubError> {
        hub::fetch(&self.place(), &name(), true, &mut |_| true)
    }

    fn refusal(&self) -> String {
        self.fetch().unwrap_err().to_string()
    }

    fn blobs(&self) -> PathBuf {
        self.cache().join("models--owner--tiny/blobs")
    }

    fn weights(&self) -> Vec<u8> {
        self.server.state.lock().unwrap().files["model.safetensors"].clone()
    }

    /// The program, with this cache and this server and nothing of the person's own.
    fn retort(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut process = Process::new(env!("CARGO_BIN_EXE_retort"));
        process.env_remove("HF_TOKEN").env_remove("HF_HUB_OFFLINE").env_remove("HF_TOKEN_PATH");
        process.env("HF_HOME", self.folder.path()).env("HF_ENDPOINT", &self.server.address);
        process.env("HF_HUB_CACHE", self.cache()).env("RETORT_CACHE", self.folder.path().join("targets"));
        process.current_dir(self.folder.path()).envs(environment.iter().copied()).args(arguments).output().unwrap()
    }
}

fn token() -> Option<Arc<Secret>> {
    Some(Arc::new(Secret::new(TOKEN.into())))
}

fn name() -> Name {
    Name::parse("owner/tiny", "main").unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn open(folder: &Path) -> Weights {
    let choice = ModelChoice { head: Head::Classifier, ..ModelChoice::stored(Source::Folder(folder.to_owned())) };
    let files = ModelFiles::Folder(folder.to_owned());
    model::open_files(&choice, files, tiny::CLASSES.len(), 0, &candle_core::Device::Cpu).unwrap().weights
}

#[test]
fn a_model_is_fetched_once_with_only_what_it_needs() {
    let scene = Scene::new();
    scene.server.set(|state| state.token = Some(TOKEN.into()));
    let mut heard: Vec<Progress> = Vec::new();
    let place = HubConfig { token: token(), ..scene.place() };
    let fetch = |heard: &mut Vec<Progress>| {
        hub::fetch(&place, &name(), true, &mut |progress| {
            heard.push(progress.clone());
            true
        })
    };
    let snapshot = fetch(&mut heard).unwrap();
    assert_eq!(snapshot, scene.cache().join("models--owner--tiny/snapshots").join(COMMIT));
    assert!(open(&snapshot).count() > 1000);
    let noted = std::fs::read_to_string(scene.cache().join("models--owner--tiny/refs/main")).unwrap();
    assert_eq!(noted, COMMIT);
    let blob = scene.blobs().join(sha256(&scene.weights()));
    assert_eq!(
        std::fs::canonicalize(snapshot.join("model.safetensors")).unwrap(),
        std::fs::canonicalize(blob).unwrap()
    );
    let mut files: Vec<_> = std::fs::read_dir(&snapshot).unwrap().map(|e| e.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["config.json", "model.safetensors", "tokenizer.json"]);
    assert!(heard.iter().any(|progress| progress.total > scene.weights().len() as u64));
    let has_token = |lines: &Vec<String>| lines.iter().any(|line| line.starts_with("authorization"));
    assert!(scene.server.requests("/resolve/").iter().all(|(_, lines)| has_token(lines)));
    let store = scene.server.requests("/store/");
    assert!(store.len() == 1 && !has_token(&store[0].1), "the token went to the store: {store:?}");
    let before = scene.server.requests("").len();
    fetch(&mut heard).unwrap();
    assert_eq!(scene.server.requests("").len(), before + 1, "only the listing is asked again");
    assert!(!scene.folder.path().join("escape").exists() && !scene.cache().join("escape").exists());
}

#[test]
fn a_renamed_model_is_followed_with_the_token_and_a_circle_is_not_for_ever() {
    let scene = Scene::new();
    scene.server.set(|state| state.token = Some(TOKEN.into()));
    let place = HubConfig { token: token(), ..scene.place() };
    let fetch = |repo: &str| hub::fetch(&place, &Name::parse(repo, "main").unwrap(), true, &mut |_| true);
    let snapshot = fetch("owner/renamed").unwrap();
    assert!(snapshot.starts_with(scene.cache().join("models--owner--renamed")));
    assert_eq!(std::fs::read(snapshot.join("model.safetensors")).unwrap(), scene.weights());
    let words = fetch("owner/circle").unwrap_err().to_string();
    assert!(words.contains("without end"), "{words}");
    assert!(scene.server.requests("/owner/circle/").len() < 20);
}

#[test]
fn a_cut_connection_is_taken_up_where_it_broke() {
    let scene = Scene::new();
    scene.server.set(|state| state.cuts.extend([5000, 3000]));
    let snapshot = scene.fetch().unwrap();
    assert_eq!(std::fs::read(snapshot.join("model.safetensors")).unwrap(), scene.weights());
    assert_eq!(scene.server.ranges("/store/"), [0, 5000, 8000]);
}

#[test]
fn a_connection_that_always_breaks_ends_in_words_and_keeps_what_came() {
    let scene = Scene::new();
    scene.server.set(|state| (state.cuts.extend([4000]), state.always_cut = Some(0)).1);
    let words = scene.refusal();
    assert!(words.contains("goes on from there") && words.contains("127.0.0.1"), "{words}");
    assert!((3..10).contains(&scene.server.requests("/store/").len()));
    scene.server.set(|state| state.always_cut = None);
    let snapshot = scene.fetch().unwrap();
    assert_eq!(std::fs::read(snapshot.join("model.safetensors")).unwrap(), scene.weights());
    assert_eq!(scene.server.ranges("/store/").last(), Some(&4000));
    scene.server.set(|state| state.files.clear());
    let dead = HubConfig { endpoint: "http://127.0.0.1:1".into(), ..scene.place() };
    let words = hub::fetch(&dead, &name(), true, &mut |_| true).unwrap_err().to_string();
    assert!(words.contains("connection") && words.contains("127.0.0.1:1"), "{words}");
}

#[test]
fn a_server_without_ranges_sends_the_file_anew() {
    let scene = Scene::new();
    scene.server.set(|state| (state.cuts.extend([5000]), state.no_ranges = true).1);
    let snapshot = scene.fetch().unwrap();
    assert_eq!(std::fs::read(snapshot.join("model.safetensors")).unwrap(), scene.weights());
    assert_eq!(scene.server.ranges("/store/"), [0, 5000]);
}

#[test]
fn a_busy_server_is_asked_again() {
    let scene = Scene::new();
    let busy = || [(503, String::new()), (429, "Retry-After: 0\r\n".to_owned())];
    scene.server.set(|state| state.statuses.extend(busy()));
    scene.fetch().unwrap();
    scene.server.set(|state| state.statuses.extend((0..9).map(|_| (500, String::new()))));
    assert!(scene.refusal().contains("status 500"));
}

#[test]
fn a_stop_takes_effect_at_once_and_costs_nothing_that_came() {
    let scene = Scene::new();
    scene.server.set(|state| state.stall = Some(6000));
    let mut stalled: Option<Instant> = None;
    let begun = Instant::now();
    let stopped = hub::fetch(&scene.place(), &name(), true, &mut |progress| {
        if progress.file == "model.safetensors" {
            stalled.get_or_insert_with(Instant::now);
        }
        stalled.is_none_or(|since| since.elapsed() < Duration::from_millis(400))
    });
    assert!(matches!(stopped, Err(HubError::Stopped(_))), "{stopped:?}");
    assert!(begun.elapsed() < Duration::from_secs(10), "the server was waited for");
    scene.server.set(|state| state.stall = None);
    let snapshot = scene.fetch().unwrap();
    assert_eq!(std::fs::read(snapshot.join("model.safetensors")).unwrap(), scene.weights());
    assert_eq!(scene.server.ranges("/store/"), [0, 6000]);
}

#[test]
fn what_the_hub_refuses_is_said_with_the_next_step_and_never_the_token() {
    let scene = Scene::new();
    scene.server.set(|state| state.token = Some("another".into()));
    let words = scene.refusal();
    assert!(words.contains("401") && words.contains("HF_TOKEN") && words.contains("/owner/tiny"), "{words}");
    scene.server.set(|state| state.statuses.push_back((403, String::new())));
    let place = HubConfig { token: token(), ..scene.place() };
    let words = hub::fetch(&place, &name(), true, &mut |_| true).unwrap_err().to_string();
    assert!(words.contains("403") && words.contains("gated") && !words.contains(TOKEN), "{words}");
    scene.server.set(|state| state.token = None);
    let other = Name::parse("owner/absent", "main").unwrap();
    let words = hub::fetch(&scene.place(), &other, true, &mut |_| true).unwrap_err().to_string();
    assert!(words.contains("404") && words.contains("owner/absent"), "{words}");
    let offline = HubConfig { offline: true, ..scene.place() };
    let words = hub::fetch(&offline, &name(), true, &mut |_| true).unwrap_err().to_string();
    assert!(words.contains("HF_HUB_OFFLINE"), "{words}");
}

#[test]
fn damaged_bytes_are_thrown_away() {
    let scene = Scene::new();
    let lie = "0".repeat(64);
    scene.server.set(|state| drop(state.lies.insert("model.safetensors".into(), lie.clone())));
    let words = scene.refusal();
    assert!(words.contains("model.safetensors came damaged"), "{words}");
    assert!(!scene.blobs().join(&lie).exists() && !scene.blobs().join(format!("{lie}.incomplete")).exists());
    scene.server.set(|state| state.lies.clear());
    scene.fetch().unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said() {
    let scene = Scene::new();
    std::fs::create_dir_all(scene.blobs()).unwrap();
    let part = scene.blobs().join(format!("{}.incomplete", sha256(&scene.weights())));
    std::os::unix::fs::symlink("/dev/full", part).unwrap();
    let words = scene.refusal();
    assert!(words.contains("No space left") && words.contains("free some room"), "{words}");
}

#[test]
fn a_repository_that_is_of_no_use_or_means_ill_is_refused_before_its_weights() {
    let scene = Scene::new();
    let config = scene.server.state.lock().unwrap().files["config.json"].clone();
    let strange = String::from_utf8(config.clone()).unwrap().replace("\"bert\"", "\"mamba\"");
    scene.server.set(|state| drop(state.files.insert("config.json".into(), strange.into_bytes())));
    let words = scene.refusal();
    assert!(words.contains("mamba") && words.contains("not known"), "{words}");
    assert!(scene.server.requests("/store/").is_empty());
    let index = br#"{"weight_map": {"a": "../../../escape"}}"#.to_vec();
    scene.server.set(|state| {
        state.files.insert("config.json".into(), config);
        state.files.remove("model.safetensors");
        state.files.remove("pytorch_model.bin");
    });
    assert!(scene.refusal().contains("safetensors"));
    scene.server.set(|state| drop(state.files.insert("model.safetensors.index.json".into(), index)));
    assert!(scene.refusal().contains("outside the folder"));
    scene.server.set(|state| state.commit = "../../../../escape".into());
    assert!(scene.refusal().contains("is no commit"));
    scene.server.set(|state| state.statuses.push_back((204, String::new())));
    assert!(scene.refusal().contains("status 204"));
}

#[test]
fn shards_are_fetched_by_their_index() {
    let scene = Scene::new();
    let weights = scene.weights();
    let tensors = candle_core::safetensors::load_buffer(&weights, &candle_core::Device::Cpu).unwrap();
    let names: BTreeMap<&String, String> = tensors
        .keys()
        .enumerate()
        .map(|(i, name)| (name, format!("model-0000{}-of-00002.safetensors", i % 2 + 1)))
        .collect();
    let shard = |file: &str| {
        let part: Vec<_> = tensors.iter().filter(|(name, _)| names[name] == file).collect();
        safetensors::serialize(part, None).unwrap()
    };
    let index = serde_json::json!({ "weight_map": names }).to_string();
    scene.server.set(|state| {
        state.files.remove("model.safetensors");
        state.files.insert("model.safetensors.index.json".into(), index.into_bytes());
        for file in ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"] {
            state.files.insert(file.into(), shard(file));
        }
    });
    let snapshot = scene.fetch().unwrap();
    assert_eq!(open(&snapshot).variables().len(), tensors.len());
    assert_eq!(scene.server.requests("/store/").len(), 2);
    assert!(scene.server.requests("pytorch").is_empty());
}

#[test]
fn the_cache_is_listed_with_what_can_be_used_of_it() {
    let scene = Scene::new();
    let empty = hub::list(&scene.cache(), None).unwrap();
    assert!(empty.is_empty());
    let snapshot = scene.fetch().unwrap();
    let parameters = open(&snapshot).count();
    // One model begun, one of an unknown architecture by its commit only, and what is none.
    let begun = scene.cache().join("models--owner--begun");
    let strange = scene.cache().join("models--gpt9/snapshots").join(COMMIT);
    for folder in [begun.join("refs"), begun.join("blobs"), begun.join("snapshots").join(COMMIT), strange.clone()] {
        std::fs::create_dir_all(folder).unwrap();
    }
    std::fs::write(begun.join("refs/main"), COMMIT).unwrap();
    std::fs::write(begun.join("blobs/x.incomplete"), vec![0; 1234]).unwrap();
    std::fs::write(strange.join("config.json"), r#"{"model_type": "gpt9"}"#).unwrap();
    std::fs::create_dir_all(scene.cache().join("datasets--owner--data/refs")).unwrap();
    let models = hub::list(&scene.cache(), Some(parameters * 5)).unwrap();
    let found: Vec<(&str, &str)> = models.iter().map(|m| (m.repo.as_str(), m.revision.as_str())).collect();
    assert_eq!(found, [("gpt9", COMMIT), ("owner/begun", "main"), ("owner/tiny", "main")]);
    assert!(models[0].problem.as_ref().unwrap().contains("not known here"));
    assert!(models[1].problem.as_ref().unwrap().contains("begun"));
    assert_eq!(models[1].disk_bytes, 1234 + COMMIT.len() as u64);
    let tiny = &models[2];
    assert_eq!(
        (tiny.problem.as_ref(), tiny.architecture.as_deref(), tiny.parameters),
        (None, Some("bert"), Some(parameters))
    );
    assert_eq!((tiny.fits_as_teacher, tiny.fits_as_student), (Some(true), Some(false)));
    assert!(tiny.disk_bytes >= scene.weights().len() as u64 && tiny.disk_bytes < 2 * scene.weights().len() as u64);
    let out = scene.retort(&["list", "models", "--json"], &[]);
    let words: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(words["models"][2]["repo"], "owner/tiny");
    let out = scene.retort(&["list", "models"], &[]);
    assert!(String::from_utf8_lossy(&out.stdout).contains("owner/tiny"));
}

#[test]
fn the_fetch_command_speaks_json_and_exit_codes() {
    let scene = Scene::new();
    scene.server.set(|state| state.token = Some(TOKEN.into()));
    let denied = scene.retort(&["fetch", "owner/tiny", "--json"], &[]);
    assert_eq!(denied.status.code(), Some(4), "{}", said(&denied));
    assert!(said(&denied).contains("HF_TOKEN") && denied.stdout.is_empty());
    // The token as hf auth login leaves it, and then by its own variable.
    std::fs::write(scene.folder.path().join("token"), format!("{TOKEN}\n")).unwrap();
    let done = scene.retort(&["fetch", "owner/tiny", "--json"], &[]);
    assert!(done.status.success(), "{}", said(&done));
    let words: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert!(Path::new(words["path"].as_str().unwrap()).join("config.json").is_file());
    assert!(!said(&done).contains(TOKEN));
    let wrong = scene.retort(&["fetch", "owner/tiny"], &[("HF_TOKEN", "wrong")]);
    assert_eq!(wrong.status.code(), Some(4));
    assert_eq!(scene.retort(&["fetch", "a/b/c"], &[]).status.code(), Some(3));
    assert_eq!(scene.retort(&["fetch", "owner/absent"], &[]).status.code(), Some(3));
    let nowhere = scene.retort(&["fetch", "owner/tiny"], &[("HF_ENDPOINT", "mirror")]);
    assert!(said(&nowhere).contains("HF_ENDPOINT is \"mirror\""), "{}", said(&nowhere));
}

/// The built-in experiment in miniature, with a student from the Hub.
fn session() -> Session {
    let mut session = Session::built_in().unwrap();
    session.set_teacher(None);
    session.student = ModelChoice { head: Head::Classifier, ..ModelChoice::stored(Source::hub("owner/tiny")) };
    session.recipe.terms = vec!["hard_labels".into()];
    session.data.limit = retort::session::Limits::each(Some(24));
    (session.recipe.steps, session.recipe.batch, session.recipe.warmup) = (2, 4, 1);
    session
}

/// The repository's classifier, but for the eight classes of the built-in data.
fn for_eight_classes(scene: &Scene) {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.json");
    std::fs::write(&config, &scene.server.state.lock().unwrap().files["config.json"]).unwrap();
    scene.server.set(|state| {
        std::fs::write(folder.path().join("tokenizer.json"), &state.files["tokenizer.json"]).unwrap();
        let fresh = ModelChoice {
            init: Init::Fresh,
            head: Head::Classifier,
            ..ModelChoice::stored(Source::Folder(folder.path().to_owned()))
        };
        let model = model::open(&fresh, 8, 0, &candle_core::Device::Cpu).unwrap();
        let classes: Vec<String> = (0..8).map(|i| format!("class {i}")).collect();
        model.save(folder.path(), &classes).unwrap();
        for name in ["config.json", "model.safetensors"] {
            state.files.insert(name.into(), std::fs::read(folder.path().join(name)).unwrap());
        }
    });
}

#[test]
fn a_session_fetches_its_model_and_then_needs_no_network() {
    let scene = Scene::new();
    for_eight_classes(&scene);
    let path = scene.folder.path().join("session.ron");
    retort::session::file::save(&session(), &path).unwrap();
    let path = path.to_str().unwrap();
    let offline = [("HF_HUB_OFFLINE", "1")];
    let refused = scene.retort(&["run", path, "--out", "one"], &offline);
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
    assert!(said(&refused).contains("HF_HUB_OFFLINE"), "{}", said(&refused));
    // Without a word nothing is fetched, and the Hub hears of nothing.
    let unasked = scene.retort(&["run", path, "--out", "unasked"], &[]);
    assert_eq!(unasked.status.code(), Some(3), "{}", said(&unasked));
    let place = scene.cache().join("models--owner--tiny").display().to_string();
    for part in ["owner/tiny", "its size", &place, "retort fetch owner/tiny", "--fetch"] {
        assert!(said(&unasked).contains(part), "no {part:?} in {}", said(&unasked));
    }
    for command in [&["doctor", path][..], &["baseline", path], &["probe", "hub:owner/tiny", "--text", "a goal"]] {
        scene.retort(command, &[]);
    }
    assert!(scene.server.requests("").is_empty() && !scene.cache().exists());
    let first = scene.retort(&["run", path, "--out", "two", "--fetch"], &[]);
    assert!(first.status.success(), "{}", said(&first));
    let second = scene.retort(&["run", path, "--out", "three"], &offline);
    assert!(second.status.success(), "{}", said(&second));
    let student = |out: &str| std::fs::read(scene.folder.path().join(out).join("student/model.safetensors")).unwrap();
    assert!(student("two") == student("three"));
    let out = scene.folder.path().join("probe.safetensors");
    let probe = ["probe", "hub:owner/tiny", "--text", "a goal", "--out", out.to_str().unwrap()];
    assert!(scene.retort(&probe, &offline).status.success());
}

/// The classes of the built-in data.
fn posts() -> Vec<String> {
    let session = Session::built_in().unwrap();
    retort::engine::data::open(&session.data, 0).unwrap().classes.clone()
}

/// Another random classifier of the repository's shape, for those classes.
fn weights_of(scene: &Scene, seed: u64) -> Vec<(&'static str, Vec<u8>)> {
    let folder = tempfile::tempdir().unwrap();
    for name in ["config.json", "tokenizer.json"] {
        std::fs::write(folder.path().join(name), &scene.server.state.lock().unwrap().files[name]).unwrap();
    }
    let source = Source::Folder(folder.path().to_owned());
    let fresh = ModelChoice { init: Init::Fresh, head: Head::Classifier, ..ModelChoice::stored(source) };
    let model = model::open(&fresh, 8, seed, &candle_core::Device::Cpu).unwrap();
    model.save(folder.path(), &posts()).unwrap();
    ["config.json", "model.safetensors"].map(|name| (name, std::fs::read(folder.path().join(name)).unwrap())).into()
}

#[test]
fn a_run_keeps_to_the_commits_it_began_with_when_a_branch_moves() {
    const NEXT: &str = "fedcba9876543210fedcba9876543210fedcba98";
    let scene = Scene::new();
    let first = weights_of(&scene, 1);
    scene.server.set(|state| state.files.extend(first.into_iter().map(|(name, bytes)| (name.to_owned(), bytes))));
    let mut asked = session();
    let hub = || ModelChoice { head: Head::Classifier, ..ModelChoice::stored(Source::hub("owner/tiny")) };
    asked.set_teacher(Some(hub()));
    let init = Init::Layers { of: Some(Source::hub("owner/tiny")), map: LayerMap::FirstAndLast };
    asked.student = ModelChoice { init, ..hub() };
    asked.recipe.terms = vec!["soft_targets".into()];
    let path = scene.folder.path().join("session.ron");
    retort::session::file::save(&asked, &path).unwrap();
    let run = |arguments: &[&str]| {
        let done = scene.retort(&[&["run"], arguments].concat(), &[]);
        assert!(done.status.success(), "{arguments:?}: {}", said(&done));
    };
    let on = |out: &str, steps: &str| run(&["--resume", "--set", &format!("recipe.steps={steps}"), "--out", out]);
    let student = |out: &str| std::fs::read(scene.folder.path().join(out).join("student/model.safetensors")).unwrap();
    let revisions = |out: &str| -> Vec<String> {
        let models = retort::session::file::open(&scene.folder.path().join(out).join("session.ron")).unwrap().models();
        let of = models.student.init.layers_of().unwrap().clone();
        let revision = |source: Source| match source {
            Source::Hub { revision, .. } => revision,
            other => panic!("{other:?}"),
        };
        [models.teacher().unwrap().source.clone(), models.student.source, of].map(revision).into()
    };
    run(&[path.to_str().unwrap(), "--out", "still", "--fetch"]);
    run(&[path.to_str().unwrap(), "--out", "moved"]);
    assert_eq!(revisions("moved"), [COMMIT; 3], "teacher, student and the model whose layers it takes");
    on("still", "4");

    let next = weights_of(&scene, 2);
    scene.server.move_branch(NEXT, |files| files.extend(next.into_iter().map(|(n, bytes)| (n.to_owned(), bytes))));
    assert!(scene.retort(&["fetch", "owner/tiny"], &[]).status.success());
    assert_eq!(std::fs::read_to_string(scene.cache().join("models--owner--tiny/refs/main")).unwrap(), NEXT);
    on("moved", "4");
    assert_eq!(revisions("moved"), [COMMIT; 3]);
    assert!(student("moved") == student("still"), "it went on with other weights");
    // The session as run repeats it; the person's own follows the branch.
    run(&["moved/session.ron", "--out", "again"]);
    assert!(student("again") == student("moved") && revisions("again") == [COMMIT; 3]);
    run(&[path.to_str().unwrap(), "--out", "new", "--set", "recipe.steps=4"]);
    assert_eq!(revisions("new"), [NEXT; 3]);
    assert!(student("new") != student("moved"));
    // With an empty cache the commit is fetched again, and not what the branch is by now.
    std::fs::remove_dir_all(scene.cache()).unwrap();
    run(&["--resume", "--set", "recipe.steps=5", "--out", "moved", "--fetch"]);
    on("still", "5");
    assert!(student("moved") == student("still"));
    assert!(!scene.cache().join("models--owner--tiny/snapshots").join(NEXT).exists());
}

/// Waits for the question whether a model may be fetched, and answers it.
fn answer(watch: &WatchEnd, yes: bool) -> Missing {
    let question = loop {
        // An engine that asks nothing falls silent, and then this would wait for ever.
        let event = watch.events.recv_timeout(Duration::from_secs(60));
        if let Event::Reply(Reply::Asked(question)) = event.expect("no question came") {
            break question;
        }
    };
    watch.commands.send(Command::Answer { question: question.clone(), yes }).unwrap();
    match *question {
        Question::Fetch(missing) => missing,
        Question::Key(grant) => panic!("asked for {grant}"),
    }
}

/// Runs the ignored test `which` of this file in a process of its own, which reads the environment.
#[test]
fn the_engine_obeys_while_it_fetches() {
    let scene = Scene::new();
    for_eight_classes(&scene);
    scene.server.set(|state| state.stall = Some(6000));
    let output = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", "in_a_process_of_its_own_a_stop_ends_the_fetch", "--ignored"])
        .env("HF_HUB_CACHE", scene.cache())
        .env("HF_ENDPOINT", &scene.server.address)
        .env_remove("HF_HUB_OFFLINE")
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && words.contains("1 passed"), "{words}");
}

/// Runs the ignored test below in a process of its own, which reads the environment.
#[test]
fn opening_and_starting_ask_before_the_hub_hears_of_anything() {
    let scene = Scene::new();
    let output = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", "in_a_process_of_its_own_nothing_is_fetched_unasked", "--ignored"])
        .env("HF_HUB_CACHE", scene.cache())
        .env("HF_ENDPOINT", &scene.server.address)
        .env_remove("HF_HUB_OFFLINE")
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && words.contains("1 passed"), "{words}");
    assert!(scene.server.requests("").is_empty() && !scene.cache().exists());
}

#[test]
#[ignore = "started by opening_and_starting_ask_before_the_hub_hears_of_anything"]
fn in_a_process_of_its_own_nothing_is_fetched_unasked() {
    let (watch, end) = connect();
    let thread = retort::engine::spawn(end, retort::record::recorder::Recorder::default()).unwrap();
    let out = tempfile::tempdir().unwrap();
    let start = || Order::Start { session: Box::new(session()), out: out.path().join("run") }.to(RunId::FIRST);
    for order in [Command::Open { run: RunId::FIRST, session: Box::new(session()) }, start()] {
        watch.commands.send(order).unwrap();
        let missing = answer(&watch, false);
        assert_eq!((missing.repo.as_str(), missing.present, missing.bytes), ("owner/tiny", 0, None));
        assert!(missing.place.ends_with("models--owner--tiny") && missing.weights, "{missing:?}");
    }
    // What is only looked at needs no answer and fetches nothing either.
    watch.commands.send(Command::Weigh(Box::new(session()))).unwrap();
    watch.commands.send(Command::Examine(Box::new(session()))).unwrap();
    let checkup = watch.events.iter().find_map(|event| match event {
        Event::Reply(Reply::Examined(checkup)) => Some(checkup),
        Event::Reply(Reply::Asked(question)) => panic!("{question:?}"),
        _ => None,
    });
    assert!(checkup.unwrap().findings[0].says.contains("retort fetch owner/tiny"));
    assert!(!out.path().join("run").exists());
    drop(watch);
    thread.join().unwrap();
}

#[test]
#[ignore = "started by the_engine_obeys_while_it_fetches"]
fn in_a_process_of_its_own_a_stop_ends_the_fetch() {
    let (watch, end) = connect();
    let thread = retort::engine::spawn(end, retort::record::recorder::Recorder::default()).unwrap();
    watch.commands.send(Command::Open { run: RunId::FIRST, session: Box::new(session()) }).unwrap();
    answer(&watch, true);
    let mut seen = Vec::new();
    let begun = Instant::now();
    for event in &watch.events {
        if let Event::Reply(Reply::Status(status)) = &event
            && status.phase == Phase::Opening
            && status.what.contains("model.safetensors")
        {
            assert!(status.total > 0 && status.what.contains("owner/tiny"), "{status:?}");
            watch.commands.send(Command::Look).unwrap();
            watch.commands.send(Order::Stop.to(RunId::FIRST)).unwrap();
        }
        seen.push(event.clone());
        if matches!(&event, Event::Reply(Reply::Status(status)) if status.phase == Phase::Empty) {
            break;
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(10));
    let stopped = |event: &Event| matches!(event, Event::Fact(_, Fact::Warning(notice)) | Event::Reply(Reply::Warning(notice)) if notice.text.contains("was stopped"));
    assert!(seen.iter().any(stopped), "{seen:?}");
    // Another order instead of the one that is being fetched for.
    watch.commands.send(Command::Open { run: RunId::FIRST, session: Box::new(session()) }).unwrap();
    answer(&watch, true);
    let mut other = Session::built_in().unwrap();
    other.data.limit = retort::session::Limits::each(Some(24));
    watch.commands.send(Command::Open { run: RunId::FIRST, session: Box::new(other) }).unwrap();
    assert!(
        watch
            .events
            .iter()
            .any(|event| matches!(event, Event::Fact(_, Fact::Opened(_)) | Event::Reply(Reply::Opened(_))))
    );
    // A window that closes does not wait for the Hub.
    watch.commands.send(Command::Open { run: RunId::FIRST, session: Box::new(session()) }).unwrap();
    let closed = Instant::now();
    drop(watch);
    thread.join().unwrap();
    assert!(closed.elapsed() < Duration::from_secs(10));
}
