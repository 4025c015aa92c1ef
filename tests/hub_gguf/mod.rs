//! Repositories that hold one model in several GGUF files: which of them is meant, what is fetched of
//! it, and that it teaches from the cache.

#[path = "../gguf/writer.rs"]
#[allow(dead_code, reason = "other tests break files in ways not needed here")]
mod writer;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command as Process;

use candle_core::quantized::GgmlDType;
use retort::engine::hub::{self, HubConfig, HubError, Name};
use retort::link::{Command, Event, Fact, Order, Phase, Reply, RunId, connect};
use retort::session::{Head, ModelChoice, Session, Source};

use super::hub_server::Server;
use super::{Scene, TOKEN, answer, said, token};

const EIGHT: &str = "posts-Q8_0.gguf";
const FOUR: &str = "posts-Q4_0.gguf";
const SPLIT: [&str; 2] = ["F16/posts-00001-of-00002.gguf", "F16/posts-00002-of-00002.gguf"];

/// The built-in teacher three times over, once in parts and in a folder, and what lies beside.
fn files() -> BTreeMap<String, Vec<u8>> {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/models/posts-teacher");
    let kept = |dtype| {
        let kinds = move |_: &str, shape: &[usize]| if shape.len() == 2 { dtype } else { GgmlDType::F32 };
        writer::convert(&assets, &kinds)
    };
    let mut files = BTreeMap::from([("README.md".to_owned(), b"# quantised".to_vec())]);
    files.insert("mmproj-posts.gguf".into(), b"GGUF of pictures".to_vec());
    files.insert(EIGHT.into(), kept(GgmlDType::Q8_0).bytes());
    files.insert(FOUR.into(), kept(GgmlDType::Q4_0).bytes());
    for (name, part) in SPLIT.iter().zip(kept(GgmlDType::F16).split(2, false)) {
        files.insert((*name).into(), part.bytes());
    }
    files
}

fn scene() -> Scene {
    Scene { server: Server::start(files()), folder: tempfile::tempdir().unwrap() }
}

fn name(file: &str) -> Name {
    Name::parse("owner/tiny", "main").unwrap().with_file(Some(file)).unwrap()
}

fn size(scene: &Scene, names: &[&str]) -> u64 {
    names.iter().map(|name| scene.server.state.lock().unwrap().files[*name].len() as u64).sum()
}

fn session(file: Option<&str>) -> Session {
    let mut session = Session::built_in().unwrap();
    let (repo, revision) = ("owner/tiny".to_owned(), "main".to_owned());
    let source = Source::Hub { repo, revision, file: file.map(str::to_owned) };
    session.set_teacher(Some(ModelChoice { head: Head::LabelWords, ..ModelChoice::stored(source) }));
    session.data.limit = retort::session::Limits::each(Some(24));
    (session.recipe.steps, session.recipe.batch, session.recipe.warmup) = (2, 4, 1);
    session
}

#[test]
fn without_a_choice_the_files_are_listed_with_their_sizes() {
    let scene = scene();
    let Err(HubError::Choose(repository)) = scene.fetch() else { panic!("one of several was taken") };
    let rows: Vec<_> = repository.files.iter().map(|file| (file.name.as_str(), file.bytes, file.parts)).collect();
    let row = |names: &[&'static str]| (names[0], Some(size(&scene, names)), names.len());
    assert_eq!(rows, [row(&SPLIT), row(&[FOUR]), row(&[EIGHT])]);
    assert!(!repository.whole && repository.repo == "owner/tiny" && repository.revision == "main");
    assert_eq!(hub::repository(&scene.place(), &Name::parse("owner/tiny", "main").unwrap()).unwrap(), *repository);
    let words = scene.refusal();
    let parts = format!("{} ({:.1}\u{a0}MB, 2 parts)", SPLIT[0], size(&scene, &SPLIT) as f64 / 1e6);
    assert!(words.contains("--file") && words.contains(EIGHT) && words.contains(&parts), "{words}");
    for absent in ["posts-Q6_K.gguf", "posts-00001-of-00003.gguf"] {
        let words = hub::fetch(&scene.place(), &name(absent), true, &mut |_| true).unwrap_err().to_string();
        assert!(words.contains(&format!("has no {absent}")) && words.contains(FOUR), "{words}");
    }
    assert!(scene.server.requests("/resolve/").is_empty());
    let out = scene.retort(&["fetch", "owner/tiny", "--file", "posts.safetensors"], &[]);
    assert!(out.status.code() == Some(3) && said(&out).contains("ending in .gguf"), "{}", said(&out));
    assert_eq!(scene.retort(&["fetch", "owner/tiny"], &[]).status.code(), Some(3));
}

#[test]
fn what_cannot_be_read_here_is_said_before_it_is_fetched() {
    let scene = scene();
    scene.server.set(|state| drop(state.files.insert("posts-IQ4_XS.gguf".into(), vec![0; 1000])));
    let refused = scene.refusal().replace('\u{a0}', " ");
    assert!(refused.contains("posts-IQ4_XS.gguf (1.0 kB, IQ4_XS is not read here)"), "{refused}");
    scene.server.set(|state| state.architecture = Some("gpt2".into()));
    assert!(hub::fetch(&scene.place(), &name(FOUR), true, &mut |_| true).is_ok());
    let before = scene.server.requests("/store/").len();
    scene.server.set(|state| state.architecture = Some("gemma3".into()));
    let words = hub::fetch(&scene.place(), &name(EIGHT), true, &mut |_| true).unwrap_err().to_string();
    assert!(words.contains("gemma3") && words.contains("qwen3") && words.contains(EIGHT), "{words}");
    assert_eq!(scene.server.requests("/store/").len(), before);
    let known = hub::repository(&scene.place(), &Name::parse("owner/tiny", "main").unwrap()).unwrap();
    assert!(known.problem.unwrap().contains("gemma3"));
}

#[test]
fn a_chosen_file_is_fetched_alone_and_taken_up_where_it_broke() {
    let scene = scene();
    scene.server.set(|state| (state.cuts.extend([70_000, 50_000]), state.token = Some(TOKEN.into())).1);
    let place = HubConfig { token: token(), ..scene.place() };
    let mut most = 0;
    let path = hub::fetch(&place, &name(FOUR), true, &mut |progress| {
        most = most.max(progress.total);
        true
    });
    let path = path.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), scene.server.state.lock().unwrap().files[FOUR]);
    assert_eq!(scene.server.ranges("/store/"), [0, 70_000, 120_000]);
    assert_eq!(most, size(&scene, &[FOUR]));
    assert!(scene.server.requests("/resolve/").iter().all(|(path, _)| path.ends_with(FOUR)));
    scene.server.set(|state| state.stall = Some(90_000));
    let stopped = hub::fetch(&place, &name(EIGHT), true, &mut |progress| progress.file != EIGHT);
    assert!(matches!(stopped, Err(HubError::Stopped(_))), "{stopped:?}");
    scene.server.set(|state| (state.stall = None, state.sizes.insert(EIGHT.into(), 1 << 60)).0);
    let words = hub::fetch(&place, &name(EIGHT), true, &mut |_| true).unwrap_err().to_string();
    assert!(words.contains("has room for") && words.contains(EIGHT), "{words}");
}

#[test]
fn a_begun_fetch_is_listed_with_what_it_takes() {
    let scene = scene();
    scene.server.set(|state| state.stall = Some(90_000));
    let mut asked = 0;
    let stopped = hub::fetch(&scene.place(), &name(EIGHT), true, &mut |_| {
        asked += 1;
        asked < 8
    });
    assert!(matches!(stopped, Err(HubError::Stopped(_))), "{stopped:?}");
    let begun = hub::list(&scene.cache(), None).unwrap();
    assert!(begun.len() == 1 && begun[0].disk_bytes > 0, "{begun:?}");
    assert!(begun[0].problem.as_ref().unwrap().contains("begun"), "{begun:?}");
}

#[test]
fn a_model_in_parts_is_one_row_and_comes_whole() {
    let scene = scene();
    // The last part breaks off for good: what is there is a row that says what is missing.
    scene.server.set(|state| state.lies.insert(SPLIT[1].into(), "0".repeat(64)).map_or((), drop));
    let words = hub::fetch(&scene.place(), &name(SPLIT[0]), true, &mut |_| true).unwrap_err().to_string();
    assert!(words.contains(SPLIT[1]) && words.contains("damaged"), "{words}");
    let begun = hub::list(&scene.cache(), None).unwrap();
    assert!(begun[0].problem.as_ref().unwrap().contains("posts-00002-of-00002.gguf"), "{begun:?}");
    scene.server.set(|state| state.lies.clear());
    let path = hub::fetch(&scene.place(), &name(SPLIT[1]), true, &mut |_| true).unwrap();
    assert!(path.ends_with(SPLIT[1]), "any part names the model: {}", path.display());
    hub::fetch(&scene.place(), &name(EIGHT), true, &mut |_| true).unwrap();
    let models = hub::list(&scene.cache(), Some(u64::MAX)).unwrap();
    let rows: Vec<_> = models.iter().map(|model| (model.file.as_deref().unwrap(), model.disk_bytes)).collect();
    assert_eq!(rows, [(SPLIT[0], size(&scene, &SPLIT)), (EIGHT, size(&scene, &[EIGHT]))]);
    for model in &models {
        assert_eq!((model.repo.as_str(), model.problem.as_ref()), ("owner/tiny", None));
        assert_eq!((model.parameters, model.fits_as_teacher, model.student_bytes), (Some(1_503_040), Some(true), None));
    }
    let out = scene.retort(&["list", "models"], &[]);
    assert!(String::from_utf8_lossy(&out.stdout).contains(&format!("owner/tiny {}", SPLIT[0])), "{}", said(&out));
}

#[test]
fn a_chosen_file_teaches_and_then_needs_no_network() {
    let scene = scene();
    let offline = [("HF_HUB_OFFLINE", "1")];
    for (file, out) in [(SPLIT[0], "parts"), (FOUR, "four")] {
        let path = scene.folder.path().join(format!("{out}.ron"));
        retort::session::file::save(&session(Some(file)), &path).unwrap();
        let path = path.to_str().unwrap();
        let refused = scene.retort(&["run", path, "--out", out], &offline);
        assert!(said(&refused).contains("HF_HUB_OFFLINE") && said(&refused).contains(file), "{}", said(&refused));
        let first = scene.retort(&["run", path, "--out", out, "--fetch"], &[]);
        assert!(first.status.success(), "{}", said(&first));
        let again = scene.retort(&["run", path, "--out", &format!("{out}-again")], &offline);
        assert!(again.status.success(), "{}", said(&again));
    }
    let target = scene.folder.path().join("probe.safetensors");
    let probe = |model: &str| {
        let target = target.to_str().unwrap();
        scene.retort(&["probe", model, "--text", "a goal", "--out", target], &offline)
    };
    let done = probe(&format!("hub:owner/tiny/{}", SPLIT[0]));
    assert!(done.status.success(), "{}", said(&done));
    let several = probe("hub:owner/tiny");
    assert!(said(&several).contains("one must be chosen") && said(&several).contains(FOUR), "{}", said(&several));
    let asked = scene.server.requests("").len();
    let absent = scene.retort(&["probe", &format!("hub:owner/tiny/{EIGHT}"), "--text", "a goal"], &[]);
    assert!(said(&absent).contains(&format!("retort fetch owner/tiny --file {EIGHT}")), "{}", said(&absent));
    assert_eq!(scene.server.requests("").len(), asked, "nothing is fetched to look at a model");
}

#[test]
fn the_only_file_needs_no_choice() {
    let scene = scene();
    scene.server.set(|state| state.files.retain(|name, _| name == "README.md" || SPLIT.contains(&name.as_str())));
    let out = scene.retort(&["fetch", "owner/tiny", "--json"], &[]);
    assert!(out.status.success(), "{}", said(&out));
    let words: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert!(words["path"].as_str().unwrap().ends_with(SPLIT[0]), "{words}");
    let probe = ["probe", "hub:owner/tiny", "--text", "a goal"];
    let done = scene.retort(&probe, &[("HF_HUB_OFFLINE", "1")]);
    assert!(done.status.success(), "{}", said(&done));
}

/// Runs the ignored test below in a process of its own, which reads the environment.
#[test]
fn the_engine_gives_the_window_the_files_to_choose_from() {
    let scene = scene();
    let output = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", "hub_gguf::in_a_process_of_its_own_the_files_reach_their_cell", "--ignored"])
        .env("HF_HUB_CACHE", scene.cache())
        .env("HF_ENDPOINT", &scene.server.address)
        .env_remove("HF_HUB_OFFLINE")
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && words.contains("1 passed"), "{words}");
}

#[test]
#[ignore = "started by the_engine_gives_the_window_the_files_to_choose_from"]
fn in_a_process_of_its_own_the_files_reach_their_cell() {
    let (watch, end) = connect();
    let thread = retort::engine::spawn(end, retort::record::recorder::Recorder::default()).unwrap();
    watch.commands.send(Command::Open { run: RunId::FIRST, session: Box::new(session(None)) }).unwrap();
    answer(&watch, true);
    assert!(watch.events.iter().any(|event| matches!(event, Event::Reply(Reply::Answered(_)))));
    let ended = watch.events.iter().find(|event| match event {
        Event::Reply(Reply::Status(status)) => status.phase == Phase::Empty,
        other => matches!(other, Event::Fact(_, Fact::Failed(_)) | Event::Reply(Reply::Failed(_))),
    });
    assert!(matches!(ended, Some(Event::Reply(Reply::Status(_)))), "half a choice is no failure: {ended:?}");
    let out = tempfile::tempdir().unwrap();
    watch
        .commands
        .send(Order::Start { session: Box::new(session(None)), out: out.path().into() }.to(RunId::FIRST))
        .unwrap();
    let failed = watch.events.iter().find_map(|event| match event {
        Event::Fact(_, Fact::Failed(notice)) | Event::Reply(Reply::Failed(notice)) => Some(notice.text),
        _ => None,
    });
    assert!(failed.unwrap().contains(EIGHT), "a run cannot begin without it");
    let known = || watch.cells.repository.load().as_ref().clone();
    assert_eq!(known().unwrap().files.len(), 3);
    let look = |repo: &str| {
        watch.cells.repository.store(None);
        watch.commands.send(Command::Files { repo: repo.into(), revision: "main".into() }).unwrap();
        loop {
            match known() {
                Some(known) => return known,
                None => std::thread::sleep(std::time::Duration::from_millis(10)),
            }
        }
    };
    assert_eq!(look("owner/tiny").files.len(), 3);
    let absent = look("owner/absent");
    assert!(absent.repo == "owner/absent" && absent.problem.unwrap().contains("404"));
    drop(watch);
    thread.join().unwrap();
}
