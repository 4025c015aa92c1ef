//! The table of runs: queued, filtered, seeds together, two sides compared, and what is noted of a run.

use retort::session::run_folder::QUEUED;

use super::*;

impl Play {
    /// A window whose workspace has three runs with a teacher and three without.
    fn with_runs() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for seed in 1..=3 {
            stage::finished_run(folder.path(), &format!("taught-{seed}"), seed, 0.1, 12);
            stage::finished_run(folder.path(), &format!("alone-{seed}"), seed, 1.0, 3);
        }
        let mut play = Self::within(folder, Session::built_in().unwrap(), None);
        play.click("Runs");
        play.wait_until(|app| app.runs().table.is_some());
        play.look(4);
        play
    }

    fn has_row(&self, name: &str) -> bool {
        self.harness.query_by_role_and_label(Role::Button, name).is_some()
    }

    /// The next run that is begun.
    pub(super) fn next_start(&mut self) -> (Session, PathBuf) {
        for _ in 0..400 {
            for command in self.engine.heard() {
                if let Command::Run(_, Order::Start { session, out }) = command {
                    return (*session, out);
                }
            }
            std::thread::sleep(Duration::from_millis(5));
            self.look(1);
        }
        panic!("no run was begun");
    }
}

#[test]
fn figures_of_a_run_that_are_no_numbers_are_told_where_the_run_is_chosen() {
    let folder = tempfile::tempdir().unwrap();
    for seed in 1..=2 {
        stage::finished_run(folder.path(), &format!("taught-{seed}"), seed, 0.1, 12);
    }
    let values = vec![("measure/loss".into(), f64::NAN), ("measure/accuracy".into(), 0.5)];
    let path = folder.path().join("runs/taught-2").join(journal::FILE);
    Journal::append(&path).unwrap().write(&Fact::Scalars { step: 0, values });
    let mut play = Play::within(folder, Session::built_in().unwrap(), None);
    play.click("Runs");
    play.wait_until(|app| app.runs().table.is_some());
    play.look(4);
    let told = "validation figures that are no numbers and are left out of curves and columns: 1 of loss";
    play.click("taught-1");
    assert!(!play.says(told));
    play.click("taught-1");
    play.click("taught-2");
    assert!(play.says(told));
}

#[test]
fn what_is_typed_filters_the_runs_and_a_filter_that_cannot_be_read_says_why() {
    let mut play = Play::with_runs();
    assert!(play.says("6 of 6 runs") && play.has_row("taught-1") && play.has_row("alone-3"));
    for (typed, says, there, not) in [
        ("accuracy > 0.9 and seed != 2", "2 of 6 runs", "taught-1", "taught-2"),
        ("alpha = 1 or seed = 3", "4 of 6 runs", "alone-1", "taught-1"),
        ("acuracy > 0.9", "did you mean", "taught-1", "nobody"),
    ] {
        play.harness.state_mut().filter_runs(typed);
        play.look(4);
        assert!(play.says(says) && play.has_row(there) && !play.has_row(not), "{typed}");
    }
}

#[test]
fn seeds_go_together_and_two_groups_are_compared_on_their_test_texts() {
    let mut play = Play::with_runs();
    play.click("Seeds together");
    assert!(play.says("6 of 6 runs"));
    let groups: Vec<String> = ["taught", "alone"]
        .iter()
        .map(|name| (1..=3).map(|seed| format!("{name}-{seed}")).find(|row| play.has_row(row)).unwrap())
        .collect();
    play.click(&groups[0]);
    assert!(play.says("Choose a second row"));
    play.click(&groups[1]);
    play.wait_until(|app| app.runs().compared.is_some());
    play.look(4);
    assert!(play.says("A beats B") && play.says("3 paired seeds") && play.says("mixture.alpha"));
    play.click(&groups[0]);
    play.click(&groups[0]);
    play.wait_until(|app| app.runs().compared.is_some());
    play.look(4);
    assert!(play.says("A does not beat B"), "the sides are those in the order they were chosen");
}

#[test]
fn a_comparison_stands_in_the_model_card_where_it_is_asked_for() {
    let mut play = Play::with_runs();
    ["taught-1", "alone-1"].into_iter().for_each(|row| play.click(row));
    play.wait_until(|app| app.runs().compared.is_some());
    play.look(4);
    play.click("Put into the model card of A");
    play.wait_until(|app| !app.workspace().notices.is_empty());
    assert!(play.notices().iter().any(|words| words.contains("let its run save the student first")));
    let student = play.folder.path().join("runs/taught-1/student");
    std::fs::create_dir_all(&student).unwrap();
    std::fs::write(student.join("README.md"), "# Posts\n\n## Use\n\nSo.\n").unwrap();
    for _ in 0..2 {
        play.click("Put into the model card of A");
        play.wait_until(|_| std::fs::read_to_string(student.join("README.md")).unwrap().contains("## Compared"));
    }
    let card = std::fs::read_to_string(student.join("README.md")).unwrap();
    assert_eq!(card.matches("## Compared").count(), 1, "{card}");
    assert!(card.contains("A is this student (`taught-1`), B `alone-1`") && card.contains("# Posts"), "{card}");
}

#[test]
fn what_is_noted_of_a_run_is_kept_in_its_folder() {
    let mut play = Play::with_runs();
    play.click("taught-2");
    play.click("☆ Star");
    play.wait_until(|app| app.runs().table.as_ref().unwrap().rows.iter().any(|row| row.annotations.star));
    play.look(4);
    assert!(play.says("★ Starred"));
    play.click("Archive");
    play.wait_until(|app| app.runs().table.as_ref().unwrap().rows.iter().any(|row| row.annotations.archived));
    play.look(4);
    assert!(!play.has_row("taught-2") && play.says("5 of 6 runs"));
    play.click("archived, too");
    assert!(play.has_row("taught-2") && play.says("6 of 6 runs"));
    let text = std::fs::read_to_string(play.folder.path().join("runs/taught-2/annotations.json")).unwrap();
    assert!(text.contains("\"star\": true"), "{text}");
}

#[test]
fn three_seeds_are_run_one_after_the_other_also_where_one_cannot_begin() {
    let mut play = Play::new();
    play.engine.heard();
    play.click("Runs");
    play.wait_until(|app| app.runs().table.is_some());
    play.look(4);
    assert!(play.says("No runs yet"));
    play.click("Queue 3 seeds");
    for (place, seed) in [7u64, 8, 9].into_iter().enumerate() {
        let (session, out) = play.next_start();
        assert_eq!((session.recipe.seed, session.run.as_ref()), (seed, Some(&out)));
        assert!(out.ends_with(format!("posts-by-topic-seed-{seed}")) && out.join(QUEUED).exists(), "{}", out.display());
        if place == 1 {
            play.engine.reply(Reply::Failed("the model is gone".into()));
            play.look(4);
            assert!(std::fs::read_to_string(out.join(QUEUED)).unwrap().contains("the model is gone"));
            continue;
        }
        play.engine.start(&session);
        play.engine.steps(0..3);
        play.look(4);
        assert!(!out.join(QUEUED).exists(), "it waits no longer");
        assert_eq!(play.app().session().recipe.seed, seed, "the run on the workbench is the one under way");
        play.engine.say(Fact::Finished(Box::new(Outcome { reason: "finished".into(), ..Outcome::default() })));
        play.engine.status(Phase::Finished, 3);
        play.look(4);
    }
    play.wait_until(|app| !app.runs().queue_on);
}

#[test]
fn whoever_stops_a_run_holds_the_queue_and_what_waits_is_there_at_the_next_start() {
    let mut play = Play::new();
    play.engine.heard();
    play.click("Runs");
    play.click("Queue 3 seeds");
    let (session, _) = play.next_start();
    play.engine.start(&session);
    play.engine.steps(0..3);
    play.engine.say(Fact::Finished(Box::new(Outcome { reason: "stopped".into(), ..Outcome::default() })));
    play.engine.status(Phase::Stopped, 3);
    play.wait_until(|app| app.runs().waiting() == 2 && !app.runs().queue_on);
    let Play { harness, folder, .. } = play;
    drop(harness);
    let mut again = Play::within(folder, Session::built_in().unwrap(), None);
    again.wait_until(|app| app.runs().waiting() == 2);
    again.engine.heard();
    again.look(4);
    again.click("Runs · 2 wait");
    again.click("▶ Run the queue (2)");
    assert_eq!(again.next_start().0.recipe.seed, 8);
}
