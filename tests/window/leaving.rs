//! The end of a run whose student found no room, closing, saving, and what was said.

use retort::link::{Command, Fact, FolderSize, Order, Reply, RunId, Unwritten};
use retort::window::dialog::DialogRequest;

use super::*;

fn unwritten(play: &mut Play) {
    let out = play.app().session().run.clone().unwrap();
    let outcome = Outcome {
        reason: "finished".into(),
        unwritten: Some(retort::session::Sentence::verbatim("no room")),
        ..Outcome::default()
    };
    play.engine.say(Fact::Finished(Box::new(outcome)));
    play.engine.reply(Reply::Unwritten(Some(Box::new(Unwritten {
        run: RunId::FIRST,
        out,
        reason: retort::session::Sentence::verbatim("no space left on device"),
        bytes: 2_500_000,
    }))));
    play.engine.status(Phase::Finished, 1500);
    play.look(3);
    play.engine.heard();
}

#[test]
fn a_student_that_could_not_be_written_stays_until_it_is_written_or_let_go() {
    let mut play = Play::running(30);
    unwritten(&mut play);
    assert!(play.says("The trained student could not be written") && play.says("no space left on device"));
    assert!(play.says("2.5\u{a0}MB"));
    play.click("Write it again");
    assert!(matches!(play.engine.heard()[..], [Command::Run(_, Order::WriteStudent(None))]));
    // Neither a start nor another session loses it.
    play.click("▶ Start");
    assert!(!play.engine.heard().iter().any(is_start));
    assert!(play.says("write it or let it go first"));
    play.harness.state_mut().ask(Action::OpenBuiltIn);
    play.look(3);
    assert!(play.says("The trained student could not be written"));
    play.engine.heard();
    let folder = play.folder.path().join("elsewhere");
    play.click("Write elsewhere…");
    play.harness.event(egui::Event::Text(folder.to_string_lossy().into_owned()));
    play.look(2);
    play.press(Modifiers::NONE, Key::Enter);
    assert!(
        play.engine
            .heard()
            .iter()
            .any(|c| matches!(c, Command::Run(_, Order::WriteStudent(Some(to))) if *to == folder))
    );
    play.engine.reply(Reply::Unwritten(None));
    play.look(3);
    assert!(!play.says("The trained student could not be written") && !play.says("Write it there"));

    let mut play = Play::running(30);
    unwritten(&mut play);
    play.click("Let it go");
    assert!(matches!(play.engine.heard()[..], [Command::Run(_, Order::DropStudent)]));
}

pub(super) fn ask_to_close(play: &mut Play) {
    let id = egui::ViewportId::ROOT;
    play.harness.input_mut().viewports.entry(id).or_default().events.push(egui::ViewportEvent::Close);
    play.look(1);
    play.harness.input_mut().viewports.entry(id).or_default().events.clear();
}

pub fn commands(play: &Play) -> Vec<egui::ViewportCommand> {
    play.harness.output().viewport_output.values().flat_map(|viewport| viewport.commands.clone()).collect()
}

#[test]
fn a_window_with_something_to_lose_asks_before_it_closes_and_any_other_does_not() {
    let mut play = Play::new();
    ask_to_close(&mut play);
    assert!(!commands(&play).contains(&egui::ViewportCommand::CancelClose));
    play.look(3);
    assert!(!play.says("Close the window?"));

    let mut play = Play::running(20);
    ask_to_close(&mut play);
    assert!(commands(&play).contains(&egui::ViewportCommand::CancelClose));
    play.look(3);
    assert!(play.says("Closing keeps a checkpoint"));
    play.click("Keep running");
    assert!(!play.says("Closing keeps a checkpoint"));
    assert!(play.engine.heard().is_empty(), "the run goes on");
    ask_to_close(&mut play);
    play.look(3);
    play.harness.get_by_role_and_label(Role::Button, "Close").click();
    play.look(2);
    let mut closes = false;
    for _ in 0..4 {
        closes |= commands(&play).contains(&egui::ViewportCommand::Close);
        play.look(1);
    }
    ask_to_close(&mut play);
    assert!(closes || !commands(&play).contains(&egui::ViewportCommand::CancelClose), "it may close now");
    assert!(!play.says("Closing keeps a checkpoint"));

    let mut play = Play::running(20);
    unwritten(&mut play);
    ask_to_close(&mut play);
    play.look(3);
    assert!(play.says("is lost when the window closes"));
}

#[test]
fn the_folder_of_a_run_is_shown_with_its_size_and_a_start_that_fails_gives_the_run_before_it_back() {
    let mut play = Play::running(20);
    let out = play.app().session().run.clone().unwrap();
    play.engine.put(|cells| &cells.folder, FolderSize { path: out.clone(), bytes: 12_345_678 });
    play.look(2);
    let name = format!("runs/{} · 12.3\u{a0}MB", out.file_name().unwrap().to_string_lossy());
    assert!(play.shows(&name), "{name}");
    play.engine.say(Fact::Finished(Box::new(Outcome { reason: "stopped".into(), ..Outcome::default() })));
    play.engine.status(Phase::Stopped, 20);
    play.look(3);
    // A start that begins and fails before its first step.
    play.click("▶ Start");
    let failed = play.app().session().run.clone().unwrap();
    assert!(failed != out && failed.is_dir());
    let session = play.app().session().clone();
    play.engine.start(&session);
    play.look(2);
    play.engine.say(Fact::Failed("the server does not answer".into()));
    play.engine.status(Phase::Failed, 0);
    play.look(3);
    assert!(!failed.exists(), "an empty folder is left");
    assert_eq!(play.app().session().run, Some(out));
}

#[test]
fn a_session_is_saved_where_it_is_proposed_and_the_place_is_said() {
    let mut play = Play::new();
    let first = play.folder.path().join("first.ron");
    play.harness.state_mut().ask(Action::SaveAs(first.clone()));
    play.wait_until(|_| first.exists());
    play.harness.state_mut().ask(Action::OpenBuiltIn);
    play.look(3);
    play.edit("posts: a/b");
    play.press(Modifiers::COMMAND, Key::S);
    let proposed = play.folder.path().join("posts- a-b.ron");
    assert!(play.says(&proposed.to_string_lossy()), "beside the file used last, under the experiment's name");
    play.press(Modifiers::NONE, Key::Enter);
    play.wait_until(|_| proposed.exists());
    for _ in 0..200 {
        if play.says("saved to") {
            break;
        }
        play.look(1);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(play.says(&format!("saved to {}", proposed.display())));
    // The window's title names the file.
    play.harness.state_mut().ask(Action::Set(retort::window::undo::Part::Name("changed".into())));
    let mut titles = Vec::new();
    for _ in 0..3 {
        play.look(1);
        titles.extend(commands(&play).into_iter().filter_map(|command| match command {
            egui::ViewportCommand::Title(title) => Some(title),
            _ => None,
        }));
    }
    assert_eq!(titles, ["changed – posts- a-b.ron – Retort"]);
    assert!(!play.says("saved to"));
}

#[test]
fn a_session_that_cannot_be_opened_at_the_start_is_said_in_the_window() {
    let mut play = Play::new();
    play.harness
        .state_mut()
        .say_unopened(&retort::session::Sentence::verbatim("not a valid session at line 2, column 1"));
    play.look(3);
    assert!(play.says("not a valid session at line 2, column 1; another session is shown instead"));
}

#[test]
fn a_notice_has_its_source_and_step_and_stays_readable_once_it_was_dismissed() {
    let mut play = Play::running(25);
    play.engine.say(Fact::Warning("the first thing".into()));
    play.engine.say(Fact::Warning("the second thing".into()));
    play.look(3);
    assert!(play.says("the second thing") && !play.says("the first thing"));
    assert!(play.says("engine · step 25 · just now"));
    play.click("Dismiss");
    assert!(play.says("the first thing") && !play.says("the second thing"));
    play.click("1 notice");
    assert!(play.says("the first thing") && play.says("the second thing"), "the list has both");
    // It opens above its button.
    let (list, button) =
        (play.harness.get_by_label("Dismiss all").rect(), play.harness.get_by_label("1 notice").rect());
    assert!(list.bottom() < button.top() && button.right() - list.left() < 520.0, "{list} {button}");
    play.click("Dismiss all");
    play.click("Fold");
    assert!(!play.says("the first thing") && !play.says("the second thing"));
    play.click("Notices");
    assert!(play.says("the first thing") && play.says("the second thing"));
}

/// Waits until what was dropped is offered for something.
fn offered(play: &mut Play) {
    for _ in 0..200 {
        if play.says("Use it as") {
            break;
        }
        play.look(1);
        std::thread::sleep(Duration::from_millis(5));
    }
    play.look(2);
}

#[test]
fn a_dropped_file_is_offered_for_what_it_can_be() {
    let cases: [(&str, &[&str]); 5] = [
        ("rows.csv", &["Data"]),
        ("rows.jsonl", &["Data"]),
        ("20news.tar.gz", &["Data"]),
        ("model.gguf", &["Teacher", "Student"]),
        ("a folder", &["Teacher", "Student", "Data"]),
    ];
    for (name, uses) in cases {
        let mut play = Play::new();
        let path = play.folder.path().join(name);
        std::fs::write(&path, "x").unwrap();
        play.harness.state_mut().ask(Action::Drop(vec![path]));
        offered(&mut play);
        let is_offered = |name: &str| play.harness.query_all_by_role_and_label(Role::Button, name).count() > 0;
        let found: Vec<&str> = ["Teacher", "Student", "Data"].into_iter().filter(|use_| is_offered(use_)).collect();
        assert_eq!(found, uses, "{name}");
    }
    // With a table for its data, another one may be its test rows.
    let mut play = Play::new();
    let path = play.folder.path().join("rows.csv");
    std::fs::write(&path, "text,label\na,b\n").unwrap();
    play.harness.state_mut().ask(Action::Use(DialogRequest::DataFile, path.clone()));
    play.look(2);
    play.harness.state_mut().ask(Action::Drop(vec![path.clone()]));
    offered(&mut play);
    play.harness.get_by_role_and_label(Role::Button, "Test file").click();
    play.look(2);
    assert_eq!(play.app().session().data.source.files().unwrap().test.files, [path]);
}

#[test]
fn several_tables_dropped_at_once_are_the_files_of_one_part_and_nothing_is_dropped_in_silence() {
    let mut play = Play::new();
    let at = |name: &str| play.folder.path().join(name);
    let paths = [at("a.csv"), at("b.csv")];
    paths.iter().for_each(|path| std::fs::write(path, "text,label\na,b\n").unwrap());
    for other in ["model.gguf", "session.ron", "20news-bydate.tar.gz"] {
        let mut alone = Play::new();
        alone.harness.state_mut().ask(Action::Drop(vec![paths[0].clone(), at(other)]));
        alone.look(2);
        assert!(alone.says("one at a time") && !alone.says("Use it as"), "{other}");
    }
    play.harness.state_mut().ask(Action::Drop(paths[..2].to_vec()));
    offered(&mut play);
    assert!(play.says("a.csv") && play.says("b.csv"));
    assert_eq!(play.harness.query_all_by_role_and_label(Role::Button, "Teacher").count(), 0);
    play.harness.get_by_role_and_label(Role::Button, "Data").click();
    play.look(2);
    assert_eq!(play.app().session().data.source.files().unwrap().train.files, paths[..2]);
    assert!(!play.says("Use it as"));
}
