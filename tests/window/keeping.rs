//! Nothing a person did is dropped: sessions that others take the place of, runs of other processes, runs
//! found anywhere.

use std::fs;
use std::path::{Path, PathBuf};

use retort::record::recorder::Recorder;
use retort::session::run_folder::{Holder, LOCK};
use retort::window::undo::Part;

use super::*;

/// Writes a run as the recorder does: 30 steps, the answers on the test part, its end.
fn write_run(out: &Path, session: &Session) {
    fs::create_dir_all(out).unwrap();
    let mut recorder = Recorder::default();
    let mut tell = |fact: Fact| recorder.emit(fact.of(retort::link::RunId::FIRST));
    tell(Fact::Started { session: Box::new(session.clone()), out: out.to_owned(), step: 0 });
    tell(Fact::Opened(Box::new(stage::opened())));
    (0..10).map(stage::scalars).for_each(&mut tell);
    let changes = vec![retort::link::KnobChange { knob: TEMPERATURE.into(), from: 2.0, to: 4.0 }];
    tell(Fact::KnobsChanged { step: 10, origin: Origin::Person, changes });
    (10..30).map(stage::scalars).for_each(&mut tell);
    tell(Fact::Predictions(Arc::new(stage::predictions(40))));
    let outcome = Outcome { reason: "stopped".into(), steps: 30, ..Outcome::default() };
    tell(Fact::Finished(Box::new(outcome)));
    checkpoint(out, 30);
}

fn checkpoint(out: &Path, step: u64) {
    let folder = retort::session::run_folder::checkpoint(out, step);
    fs::create_dir_all(&folder).unwrap();
    ["state.json", "state.safetensors"].iter().for_each(|name| fs::write(folder.join(name), "x").unwrap());
}

/// A file that hangs over the window and is let go.
#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        fs::read(&self.0).map_err(|e| e.to_string())
    }
}

/// Everything in a folder, with its bytes.
fn tree(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found: Vec<_> = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect();
    found.sort();
    let held = |path: PathBuf| if path.is_dir() { tree(&path) } else { vec![(path.clone(), fs::read(path).unwrap())] };
    found.into_iter().flat_map(held).collect()
}

impl Play {
    pub fn edit(&mut self, name: &str) -> Session {
        let mut prompt = self.app().session().prompt.clone();
        prompt.teacher.template = format!("{{text}} {name} {{answer}}");
        self.harness.state_mut().ask(Action::Set(Part::Prompt(prompt)));
        self.harness.state_mut().ask(Action::Set(Part::Name(name.to_owned())));
        self.look(2);
        self.app().session().clone()
    }

    fn drop_file(&mut self, path: PathBuf) {
        self.harness.input_mut().dropped_files.push(Arc::new(Dropped(path)));
        self.look(2);
    }

    fn built_in(&mut self) {
        self.click("Session");
        self.click("Built-in experiment");
        self.look(2);
    }

    pub fn shows(&self, label: &str) -> bool {
        self.harness.query_all_by_label(label).count() > 0
    }

    fn open(&mut self, path: &Path) {
        self.harness.state_mut().ask(Action::Open(path.to_owned()));
    }

    /// The session on the workbench becomes the one called `name`.
    fn wait_for(&mut self, name: &str) {
        self.wait_until(|app| app.session().name == name);
    }
}

#[test]
fn an_unsaved_session_is_kept_whatever_takes_its_place_and_comes_back_as_it_stood() {
    type Way = fn(&mut Play, &Path);
    let ways: [(&str, Way); 4] = [
        ("built-in", |play, _| play.built_in()),
        ("open", |play, other| play.open(other)),
        ("recent", |play, other| {
            play.harness
                .state_mut()
                .ask(Action::Use(retort::window::dialog::DialogRequest::OpenSession, other.to_owned()))
        }),
        ("drop", |play, other| {
            play.drop_file(other.to_owned());
        }),
    ];
    for (way, go) in ways {
        let mut play = Play::new();
        let other = play.folder.path().join("other.ron");
        let session = Session { name: "other".into(), ..Session::built_in().unwrap() };
        file::save(&session, &other).unwrap();
        let mine = play.folder.path().join("mine.ron");
        play.harness.state_mut().ask(Action::SaveAs(mine.clone()));
        play.wait_until(|_| mine.exists());
        let before = play.edit("mine");
        go(&mut play, &other);
        play.wait_until(|app| app.session().name != "mine");
        assert!(play.says("A session that was not saved is kept:") && play.shows("mine"), "{way}");
        play.click("Recover it");
        play.wait_for("mine");
        assert_eq!(play.app().session(), &before, "{way}: prompt and all");
        assert!(!play.shows("Recover it"), "{way}: what took its place was in a file");
        // It still belongs to its file, which does not hold it as it stands.
        assert!(play.shows("•"), "{way}");
        play.press(Modifiers::COMMAND, Key::S);
        play.wait_until(|_| file::open(&mine).is_ok_and(|saved| saved.prompt == before.prompt));
    }
}

#[test]
fn several_sessions_in_a_row_are_all_kept_and_of_more_than_are_kept_the_oldest_are_named() {
    let mut play = Play::new();
    for number in 0..10 {
        play.edit(&format!("number {number}"));
        play.built_in();
    }
    assert!(play.shows("number 9") && play.shows("earlier: 7"));
    let said = play
        .notices()
        .into_iter()
        .filter(|words| words.contains("had to go") && words.contains("8"))
        .collect::<Vec<_>>();
    assert!(said.len() == 2 && said[0].contains("number 0") && said[1].contains("number 1"), "{said:?}");
    play.click("Later");
    assert!(!play.shows("Recover it"));
    play.click("Session");
    play.click("Kept sessions (8)");
    play.click("earlier: 7");
    play.look(8);
    assert!(play.shows("number 2") && !play.shows("number 1"));
    // The newest stands first; taking it up leaves the others.
    play.harness.get_all_by_label("Recover it").next().unwrap().click();
    play.wait_for("number 9");
    // They outlive the window.
    let Play { harness, engine, folder } = play;
    drop((harness, engine));
    let (mut harness, _engine) = stage::window(Harness::builder(), Session::built_in().unwrap(), None, folder.path());
    harness.run_steps(3);
    harness.get_by_label("earlier: 7");
    harness.get_by_label("number 9");
}

#[test]
fn a_kept_session_may_be_forgotten() {
    let mut play = Play::new();
    play.edit("mine");
    play.built_in();
    play.click("Forget it");
    assert!(!play.says("is kept"));
    let Play { harness, engine, folder } = play;
    drop((harness, engine));
    let (mut harness, _engine) = stage::window(Harness::builder(), Session::built_in().unwrap(), None, folder.path());
    harness.run_steps(3);
    assert!(harness.query_by_label("Recover it").is_none());
}

#[test]
fn a_saved_session_is_not_kept_twice() {
    let mut play = Play::new();
    play.built_in();
    assert!(!play.says("is kept"), "nothing was done");
    let path = play.folder.path().join("mine.ron");
    play.edit("mine");
    play.harness.state_mut().ask(Action::SaveAs(path.clone()));
    play.wait_until(|_| path.exists());
    play.look(10);
    play.built_in();
    assert!(!play.says("is kept"));
}

#[test]
fn whatever_of_a_run_is_opened_shows_its_curves_marks_answers_and_result() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("somewhere/my run");
    let session = Session { name: "as run".into(), ..Session::built_in().unwrap() };
    write_run(&out, &session);
    let before = tree(&out);
    let ways: [(&str, &str, bool); 5] = [
        ("its session", "session.ron", false),
        ("its folder", "", false),
        ("its folder dropped", "", true),
        ("its session dropped", "session.ron", true),
        ("its journal dropped", "journal.jsonl", true),
    ];
    for (what, part, dropped) in ways {
        let mut play = Play::new();
        let path = if part.is_empty() { out.clone() } else { out.join(part) };
        if dropped {
            play.drop_file(path);
        } else {
            play.open(&path);
        }
        play.wait_for("as run");
        let record = play.app().record();
        assert!(record.series.len() > 4 && record.marks.len() == 1 && record.predictions.is_some(), "{what}");
        assert_eq!((record.outcome.as_ref().unwrap().steps, record.step), (30, 30), "{what}");
        assert_eq!(play.app().session().run, Some(out.clone()), "{what}");
        assert!(play.says("40 rows") && play.shows("Continue the run"), "{what}");
        // Saving asks where: what was run stays written as it was.
        play.edit("changed");
        play.press(Modifiers::COMMAND, Key::S);
        assert!(play.says("Save session as"), "{what}");
    }
    assert!(tree(&out) == before, "the run's folder was written to");
}

#[test]
fn a_run_folder_is_asked_for_by_the_menu_and_a_folder_without_a_run_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let session = Session { name: "as run".into(), ..Session::built_in().unwrap() };
    write_run(home.path(), &session);
    let mut play = Play::new();
    play.click("Session");
    play.click("Open run folder…");
    play.harness.event(egui::Event::Text(home.path().to_string_lossy().into_owned()));
    play.look(2);
    play.press(Modifiers::NONE, Key::Enter);
    play.wait_for("as run");
    assert!(!play.says("Open this folder"));
    play.open(&home.path().join("checkpoints"));
    play.wait_until(|app| app.workspace().notices.iter().any(|remark| remark.notice.text.contains("holds no run")));
    assert_eq!(play.app().session().name, "as run");
}

#[test]
fn damaged_lines_of_a_journal_leave_the_other_curves_and_continue_the_run() {
    let home = tempfile::tempdir().unwrap();
    let session = Session { name: "as run".into(), ..Session::built_in().unwrap() };
    write_run(home.path(), &session);
    let journal = home.path().join("journal.jsonl");
    let mut bytes = fs::read(&journal).unwrap();
    let starts: Vec<usize> =
        bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    // The start of the run itself, a step and its end.
    for line in [1, 8, 35] {
        bytes[starts[line - 1]] = 0xff;
    }
    fs::write(&journal, bytes).unwrap();
    let mut play = Play::new();
    play.open(home.path());
    play.wait_for("as run");
    let said = play.notices();
    assert!(
        said.iter().any(|words| words.starts_with("3 lines of the journal are damaged and left out (lines 2, 9, 36")),
        "{said:?}"
    );
    assert_eq!(play.app().record().series[&"loss/total".into()].points().count(), 29);
    assert!(play.shows("Continue the run") && play.says("40 rows"));
    assert_eq!(play.app().record().outcome.as_ref().unwrap().steps, 30);
}

#[test]
fn a_run_whose_journal_cannot_be_read_at_all_can_still_be_gone_on_with() {
    let mut play = Play::new();
    let out = play.folder.path().join("run");
    write_run(&out, &Session { name: "as run".into(), ..Session::built_in().unwrap() });
    fs::write(out.join("journal.jsonl"), [0xff, b'\n', 0xff, b'\n']).unwrap();
    let named = Session { run: Some(out.clone()), ..file::open(&out.join("session.ron")).unwrap() };
    let path = play.folder.path().join("mine.ron");
    file::save(&named, &path).unwrap();
    play.open(&path);
    play.wait_for("as run");
    let said = play.notices();
    assert!(said.iter().any(|words| words.starts_with("not a run's journal, or damaged from its first line on")));
    assert!(play.shows("Continue the run"), "its checkpoints are whole");
    assert_eq!(play.app().record().outcome.as_ref().unwrap().steps, 30, "summary.json has it");
}

/// Another process that has a run loaded: its lock is held by this test, under its name.
fn hold(out: &Path) -> fs::File {
    let holder = Holder {
        retort: "0.2.0".into(),
        pid: 77_777_777,
        host: "elsewhere".into(),
        since: "2026-11-26 19:31:05 UTC".into(),
    };
    let path = out.join(LOCK);
    fs::write(&path, serde_json::to_string(&holder).unwrap() + "\n").unwrap();
    let file = fs::File::open(path).unwrap();
    file.lock().unwrap();
    file
}

#[test]
fn a_run_that_another_process_has_is_shown_with_who_has_it_and_the_ways_on() {
    let home = tempfile::tempdir().unwrap();
    let session = Session { name: "as run".into(), ..Session::built_in().unwrap() };
    write_run(home.path(), &session);
    let lock = hold(home.path());
    let before = tree(home.path());
    let open = |play: &mut Play| {
        play.open(home.path());
        play.wait_for("as run");
        assert!(play.says("This run is open in another process"));
        assert!(play.says("process 77777777 on elsewhere since 2026-11-26 19:31:05 UTC, retort 0.2.0"));
        assert!(!play.shows("Continue the run") && !play.shows("More steps…"));
        assert!(!play.app().record().series.is_empty(), "what it has written is shown");
        play.engine.heard();
    };
    // A copy knows nothing of the folder.
    let mut play = Play::new();
    open(&mut play);
    play.click("Open a copy");
    play.wait_for("as run (copy)");
    assert!(!play.says("This run is open in another process"));
    assert_eq!(play.app().session().run, None);
    assert!(play.says("40 rows") && play.app().record().series.len() > 4);
    assert!(
        play.engine
            .heard()
            .iter()
            .any(|c| matches!(c, Command::Open { session: s, .. } if s.run.as_deref() == Some(home.path()))),
        "its student is looked at"
    );
    assert!(!play.shows("Continue the run"));
    // A fresh run has a folder of its own.
    let mut play = Play::new();
    open(&mut play);
    let card = play.harness.get_by_label("Open a copy").rect().center();
    let afresh = play
        .harness
        .get_all_by_label("Start afresh")
        .find(|node| (node.rect().center().y - card.y).abs() < 8.0)
        .unwrap();
    afresh.click();
    play.look(4);
    let out = play.engine.heard().into_iter().find_map(|command| match command {
        Command::Run(_, Order::Start { out, .. }) => Some(out),
        _ => None,
    });
    assert!(out.unwrap().starts_with(play.folder.path()));
    // Once it is let go, it can be gone on with.
    let mut play = Play::new();
    open(&mut play);
    drop(lock);
    play.click("Look again");
    play.wait_until(|_| true);
    for _ in 0..200 {
        play.look(1);
        if play.shows("Continue the run") {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(play.shows("Continue the run") && !play.says("This run is open in another process"));
    assert!(tree(home.path()) == before, "the other process's folder was written to");
}

#[test]
fn a_run_that_cannot_be_gone_on_with_because_another_process_took_it_is_shown_as_such() {
    let home = tempfile::tempdir().unwrap();
    let session = Session { name: "as run".into(), ..Session::built_in().unwrap() };
    write_run(home.path(), &session);
    let mut play = Play::new();
    play.open(home.path());
    play.wait_for("as run");
    let _lock = hold(home.path());
    play.click("Continue the run");
    assert!(play.engine.heard().iter().any(|command| matches!(command, Command::Run(_, Order::Continue(_)))));
    play.engine.say(Fact::Failed("the run is under way in another process".into()));
    play.engine.status(Phase::Failed, 0);
    for _ in 0..200 {
        play.look(1);
        if play.shows("Open a copy") {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(play.says("process 77777777 on elsewhere") && play.shows("Open a copy"));
}
