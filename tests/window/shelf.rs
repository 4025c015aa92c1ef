//! What is done with runs beside running them: the queue left, the trash, old checkpoints, settings used again, another
//! workspace, and columns.

use retort::record::run_table::RunStatus;
use retort::session::Sentence;
use retort::session::run_folder::{CHECKPOINTS, LOCK, STATE, TENSORS, checkpoint_name, checkpoints};
use retort::session::workspace::enqueue;

use super::*;

impl Play {
    /// A window that shows the runs of the workspace, which `fill` has put there.
    fn with_shelf(fill: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path());
        Self::within(folder, Session::built_in().unwrap(), None).at_the_shelf()
    }

    fn at_the_shelf(mut self) -> Self {
        self.engine.heard();
        let label = ["Runs", "Runs · 1 wait"].into_iter().find(|label| self.harness.query_by_label(label).is_some());
        self.click(label.unwrap());
        self.wait_until(|app| app.runs().table.is_some());
        self.look(4);
        self
    }

    fn closed_and_opened_again(self) -> Self {
        self.closed_and_opened_again_after(|| ())
    }

    fn run(&self, name: &str) -> PathBuf {
        self.folder.path().join("runs").join(name)
    }

    fn is_listed(&self, name: &str) -> bool {
        self.harness.query_by_role_and_label(Role::Button, name).is_some()
    }

    fn wait_for_notice(&mut self, words: &str) {
        for _ in 0..400 {
            if self.notices().iter().any(|notice| notice.contains(words)) {
                return self.look(4);
            }
            std::thread::sleep(Duration::from_millis(5));
            self.look(1);
        }
        panic!("{words}: {:?}", self.notices());
    }

    fn wait_for_words(&mut self, words: &str) {
        for _ in 0..400 {
            if self.says(words) {
                return self.look(4);
            }
            std::thread::sleep(Duration::from_millis(5));
            self.look(1);
        }
        panic!("{words} is never said");
    }

    fn closed_and_opened_again_after(self, meanwhile: impl FnOnce()) -> Self {
        let Self { harness, folder, .. } = self;
        drop(harness);
        meanwhile();
        Self::within(folder, Session::built_in().unwrap(), None).at_the_shelf()
    }

    fn type_path(&mut self, path: &Path) {
        self.look(4);
        self.harness.event(egui::Event::Text(path.display().to_string()));
        self.look(2);
    }

    fn columns(&self) -> Vec<String> {
        let nodes: Vec<_> = self.harness.query_all_by_role(Role::Button).collect();
        let mut heads: Vec<(f32, String)> = nodes
            .iter()
            .filter_map(|node| {
                Some((node.rect().left(), node.accesskit_node().label()?.strip_prefix("Sort by ")?.to_owned()))
            })
            .collect();
        heads.sort_by(|a, b| a.0.total_cmp(&b.0));
        heads.into_iter().map(|(_, title)| title).collect()
    }
}

fn three_runs(home: &Path) {
    for seed in 1..=3 {
        stage::finished_run(home, &format!("taught-{seed}"), seed, 0.1, 12);
    }
}

#[test]
fn a_run_that_waits_is_renamed_and_taken_out_of_the_queue_and_one_that_has_begun_is_not() {
    let mut play = Play::with_shelf(|home| drop(enqueue(&home.join("runs"), &Session::built_in().unwrap()).unwrap()));
    let name = "posts-by-topic-seed-7";
    play.click(name);
    let mut fields = play.harness.query_all_by_role(Role::TextInput);
    let field = fields.find(|node| node.accesskit_node().placeholder() == Some("as its session"));
    field.unwrap().focus();
    drop(fields);
    play.look(2);
    play.harness.event(egui::Event::Text("the one to wait for".into()));
    play.press(Modifiers::NONE, Key::Enter);
    play.wait_until(|app| app.runs().table.as_ref().unwrap().rows[0].name() == "the one to wait for");
    let waits =
        |app: &WorkbenchApp| app.runs().table.as_ref().is_some_and(|table| table.rows[0].status == RunStatus::Waiting);
    // The note is written on a thread of its own.
    let noted = play.run(name).join("annotations.json");
    play.wait_until(|app| waits(app) && noted.is_file());
    let lock = std::fs::File::create(play.run(name).join(LOCK)).unwrap();
    lock.lock().unwrap();
    play.click("Take out of the queue");
    play.wait_for_notice("the run is open in another process");
    assert!(play.run(name).join("session.ron").is_file());
    drop(lock);
    std::fs::remove_file(play.run(name).join(LOCK)).unwrap();
    play.wait_until(waits);
    play.click("Take out of the queue");
    play.wait_for_notice("was taken out of the queue");
    play.wait_until(|app| app.runs().table.as_ref().is_some_and(|table| table.rows.is_empty()));
    assert!(!play.run(name).exists() && play.says("No runs yet"));
}

#[test]
fn a_run_goes_to_the_trash_after_a_question_and_stays_where_there_is_none() {
    let mut play = Play::with_shelf(three_runs);
    play.harness.state_mut().discard_by(|_| Err(Sentence::verbatim("there is no trash here")));
    play.click("taught-2");
    play.click("Move to the trash…");
    play.wait_for_words("Move this run to the trash:");
    play.click("Leave it as it is");
    assert!(!play.says("Move this run to the trash:") && play.run("taught-2").is_dir());
    play.click("Move to the trash…");
    play.wait_for_words("Move this run to the trash:");
    play.click("Move it to the trash");
    play.wait_for_notice("there is no trash here; it stays where it is");
    assert!(play.run("taught-2").is_dir() && play.is_listed("taught-2"));
    play.harness.state_mut().discard_by(|folder| {
        std::fs::rename(folder, folder.parent().unwrap().with_file_name("trash"))
            .map_err(|e| Sentence::verbatim(e.to_string()))
    });
    play.click("Move to the trash…");
    play.wait_for_words("Move this run to the trash:");
    play.click("Move it to the trash");
    play.wait_for_notice("lies in the system's trash now");
    play.wait_until(|app| app.runs().table.as_ref().is_some_and(|table| table.rows.len() == 2));
    assert!(!play.is_listed("taught-2") && play.folder.path().join("trash/journal.jsonl").is_file());
    let lock = std::fs::File::create(play.run("taught-1").join(LOCK)).unwrap();
    lock.lock().unwrap();
    play.click("taught-1");
    play.click("Move to the trash…");
    play.wait_for_notice("the run is open in another process");
    assert!(!play.says("Move this run to the trash:"), "what is refused is not asked");
}

#[test]
fn old_checkpoints_are_cleared_after_a_question_that_tells_their_bytes() {
    let mut play = Play::with_shelf(|home| {
        three_runs(home);
        for step in [10, 20, 30] {
            let folder = home.join("runs/taught-3").join(CHECKPOINTS).join(checkpoint_name(step));
            std::fs::create_dir_all(&folder).unwrap();
            let state = serde_json::json!({ "session": Session::built_in().unwrap(), "step": step });
            std::fs::write(folder.join(STATE), state.to_string()).unwrap();
            let head = r#"{"a":{"dtype":"U8","shape":[300000],"data_offsets":[0,300000]}}"#;
            let bytes = [&(head.len() as u64).to_le_bytes(), head.as_bytes(), &[0; 300_000]].concat();
            std::fs::write(folder.join(TENSORS), bytes).unwrap();
        }
    });
    play.click("taught-1");
    play.click("Clear old checkpoints…");
    play.wait_for_notice("has no old checkpoints");
    play.click("taught-1");
    play.click("taught-3");
    play.click("Clear old checkpoints…");
    play.wait_for_words("Remove old checkpoints for good: 2 ·");
    assert_eq!(checkpoints(&play.run("taught-3")), [10, 20, 30], "nothing goes before the answer");
    play.click("Remove the checkpoints");
    play.wait_for_notice("old checkpoints were removed");
    assert_eq!(checkpoints(&play.run("taught-3")), [30]);
}

#[test]
fn the_settings_of_a_run_come_onto_the_workbench_as_a_new_session_and_what_stood_there_is_kept() {
    let mut play = Play::with_shelf(three_runs);
    play.turn("Temperature", 5.0);
    play.click("taught-2");
    play.click("Use its settings");
    play.wait_until(|app| app.session().recipe.seed == 2);
    let session = play.app().session();
    assert_eq!((session.run.clone(), session.knobs["mixture.alpha"], session.name.as_str()), (None, 0.1, "Posts"));
    assert!(play.says("A session that was not saved is kept:"), "its temperature was changed");
    play.turn("Temperature", 3.0);
    play.click("Queue this session");
    let (session, out) = play.next_start();
    assert_eq!((session.recipe.seed, session.knobs[TEMPERATURE]), (2, 3.0));
    assert!(out.ends_with("posts-seed-2"), "{}", out.display());
}

#[test]
fn a_run_is_repeated_with_the_next_seed_that_none_of_its_settings_has() {
    let mut play = Play::with_shelf(three_runs);
    play.click("taught-1");
    play.click("Queue with the next seed");
    let (session, out) = play.next_start();
    assert_eq!((session.recipe.seed, session.knobs["mixture.alpha"]), (4, 0.1));
    assert!(out.starts_with(play.folder.path().join("runs")));
}

#[test]
fn another_workspace_is_chosen_and_is_there_at_the_next_start_and_runs_elsewhere_stand_beside() {
    let other = tempfile::tempdir().unwrap();
    stage::finished_run(other.path(), "far-1", 1, 0.1, 9);
    stage::finished_run(other.path(), "far-2", 2, 0.1, 9);
    let mut play = Play::with_shelf(three_runs);
    let own = play.folder.path().join("runs");
    assert!(play.says(&own.display().to_string()));
    // A run elsewhere, and one that is none.
    play.click("Run elsewhere…");
    play.type_path(other.path());
    play.click("Show this run");
    play.wait_for_notice("the folder holds no run");
    for far in ["far-1", "far-2"] {
        play.click("Run elsewhere…");
        play.type_path(&other.path().join("runs").join(far));
        play.click("Show this run");
        play.wait_until(|app| {
            app.runs().table.as_ref().is_some_and(|table| table.rows.iter().any(|row| row.folder.ends_with(far)))
        });
    }
    play.look(4);
    play.click("far-1");
    play.click("Take off the list");
    play.wait_for_notice("stays where it is");
    play.wait_until(|app| app.runs().table.as_ref().is_some_and(|table| table.rows.len() == 4));
    assert!(other.path().join("runs/far-1/journal.jsonl").is_file() && !play.is_listed("far-1"));
    std::fs::rename(other.path().join("runs/far-2"), other.path().join("runs/far-3")).unwrap();
    play.click("Back to the curves");
    play.click("Runs");
    play.wait_for_words("A run that is pointed at from here is not there:");
    play.click("Forget this run");
    play.wait_until(|app| app.runs().table.as_ref().is_some_and(|table| table.missing.is_empty()));
    // Another workspace.
    play.click("Change…");
    play.type_path(&other.path().join("nowhere"));
    play.click("Use this folder");
    play.wait_for_notice("there is no such folder");
    play.click("Change…");
    let far = other.path().join("runs");
    play.type_path(&far);
    play.click("Use this folder");
    play.wait_until(|app| app.runs().table.as_ref().is_some_and(|table| table.workspace == far));
    play.look(4);
    assert!(play.is_listed("far-3") && !play.is_listed("taught-1"));
    let mut play = play.closed_and_opened_again();
    assert_eq!(play.app().runs().table.as_ref().unwrap().workspace, far);
    play.engine.heard();
    play.click("Queue this session");
    let (_, out) = play.next_start();
    assert!(out.starts_with(&far), "runs are made there: {}", out.display());
    let mut play = play.closed_and_opened_again_after(|| std::fs::remove_dir_all(&far).unwrap());
    assert!(play.says("the workspace is not there"));
    play.click("Its own");
    play.wait_until(|app| app.runs().table.as_ref().is_some_and(|table| table.workspace == own));
    play.look(4);
    assert!(play.is_listed("taught-1"));
}

#[test]
fn a_window_that_is_started_on_a_workspace_shows_it_and_remembers_its_own() {
    let other = tempfile::tempdir().unwrap();
    stage::finished_run(other.path(), "far-1", 1, 0.1, 9);
    let mut play = Play::with_shelf(three_runs);
    play.harness.state_mut().open_workspace(&other.path().join("runs"));
    play.wait_until(|app| app.runs().table.as_ref().is_some_and(|table| table.rows.len() == 1));
    let play = play.closed_and_opened_again();
    assert_eq!(play.app().runs().table.as_ref().unwrap().rows.len(), 3);
}

#[test]
fn columns_are_hidden_shown_and_moved_and_stand_so_at_the_next_start() {
    let mut play = Play::with_shelf(three_runs);
    let first = ["name", "state", "accuracy", "recipe.seed", "steps", "when", "time", "size"];
    assert_eq!(play.columns(), first);
    play.click("Columns…");
    play.click("Column steps");
    play.click("Column pair");
    play.click("Move up accuracy");
    play.click("Move up accuracy");
    let after = |play: &Play| play.columns();
    let chosen = ["name", "state", "pair", "accuracy", "recipe.seed", "when", "time", "size"];
    assert_eq!(after(&play), chosen, "task and tags, which are hidden, stand between");
    play.click("Move up accuracy");
    play.click("Move up accuracy");
    let chosen = ["name", "accuracy", "state", "pair", "recipe.seed", "when", "time", "size"];
    assert_eq!(after(&play), chosen);
    let mut play = play.closed_and_opened_again();
    assert_eq!(play.columns(), chosen);
    play.click("Columns…");
    play.click("As at first");
    assert_eq!(play.columns(), first);
}

#[test]
fn a_run_that_vanishes_while_it_is_chosen_is_told_and_nothing_is_made_in_its_place() {
    let mut play = Play::with_shelf(three_runs);
    play.click("taught-1");
    play.click("taught-2");
    std::fs::remove_dir_all(play.run("taught-1")).unwrap();
    play.wait_for_notice("a run that was chosen is not there any more");
    assert!(!play.is_listed("taught-1"));
    // Noted before anybody saw that it is gone.
    play.harness.get_by_label("☆ Star").click();
    std::fs::remove_dir_all(play.run("taught-2")).unwrap();
    play.look(4);
    play.wait_for_notice("cannot keep what was noted of the run");
    assert!(!play.run("taught-2").exists());
}

#[test]
fn a_run_is_repeated_with_another_value_of_a_setting_while_the_workbench_stays_as_it_is() {
    let mut play = Play::with_shelf(three_runs);
    play.click("taught-2");
    let field = |play: &mut Play, label: &str, text: &str| {
        play.harness.get_by_label(label).focus();
        play.look(2);
        play.harness.event(egui::Event::Text(text.into()));
        play.look(2);
    };
    field(&mut play, "Setting that is changed", "mixture.alhpa");
    field(&mut play, "Its value", "1");
    play.click("Queue them");
    play.wait_for_notice("mixture.alhpa");
    assert_eq!(play.app().runs().waiting(), 0, "a setting that there is not is refused");
    play.click("Settings of this run");
    play.click("mixture.alpha = 0.1");
    play.press(Modifiers::NONE, Key::Escape);
    field(&mut play, "Its value", "5");
    play.click("Queue them");
    let out = play.next_start().1;
    let session = file::open(&out.join("session.ron")).unwrap();
    assert_eq!((session.recipe.seed, session.knobs["mixture.alpha"]), (2, 0.15), "typed behind what stood there");
    play.wait_until(|app| app.runs().waiting() == 3);
    assert_eq!(play.app().runs().table.as_ref().unwrap().rows.len(), 6);
}

#[test]
fn what_other_processes_do_in_the_workspace_is_seen_while_the_table_is_on_screen() {
    let mut play = Play::with_shelf(three_runs);
    let home = play.folder.path().to_owned();
    // As the command line does it: a run that is whole, and one that is asked for and begins.
    stage::finished_run(&home, "from-elsewhere", 9, 0.1, 12);
    play.wait_until(|app| app.runs().table.as_ref().unwrap().rows.len() == 4);
    let waits = enqueue(&home.join("runs"), &Session::built_in().unwrap()).unwrap();
    play.wait_until(|app| app.runs().waiting() == 1);
    std::fs::remove_file(waits.join(retort::session::run_folder::QUEUED)).unwrap();
    play.wait_until(|app| app.runs().waiting() == 0);
    std::fs::remove_dir_all(home.join("runs/from-elsewhere")).unwrap();
    play.wait_until(|app| {
        app.runs().table.as_ref().unwrap().rows.iter().all(|row| row.folder_name() != "from-elsewhere")
    });
}
