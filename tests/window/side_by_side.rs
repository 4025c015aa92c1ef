//! Students side by side: columns added and taken away, one model in two columns, pinned texts and what has flipped.

use retort::link::{PinnedFrame, SnapshotFrame, SnapshotState, TopAnswer};
use retort::session::{PinnedProbe, Sentence, StudentSnapshot};

use super::*;

impl Play {
    /// A run at step 640 with checkpoints and a text under the lens.
    fn side_by_side() -> Self {
        let mut play = Self::running(640);
        play.engine.say(Fact::Checkpoint { step: 400 });
        let mut view = play.app().session().view.clone();
        view.probe = stage::probe().text;
        play.harness.state_mut().ask(Action::SetView(Box::new(view)));
        play.engine.put(|cells| &cells.probe, stage::probe());
        play.look(4);
        play.click("Side by side");
        play.engine.heard();
        play
    }

    fn add(&mut self, column: &str) {
        self.click("Add a column");
        self.click(column);
    }

    /// Every column answers with a hash of its own.
    fn answer(&mut self, hashes: &[(&str, f32)], pinned: &[&str]) {
        let asked = self.engine.asked_beside();
        let frames = asked.columns.iter().zip(hashes);
        let frames = frames.map(|(column, of)| stage::beside(column.clone(), asked.revision, *of, pinned));
        self.engine.answer_beside(frames.collect());
        self.look(3);
    }

    fn pinned(&mut self, step: u64, student: &[(&str, &str)]) {
        let answer = |(_, answer): &(&str, &str)| TopAnswer { answer: (*answer).into(), probability: 0.75 };
        let texts = student.iter().map(|(text, _)| (*text).to_owned()).collect();
        let student: Vec<TopAnswer> = student.iter().map(answer).collect();
        let frame = PinnedFrame { step, texts, teacher: student.clone(), student, problem: None };
        self.engine.put(|cells| &cells.pinned, frame);
        self.look(4);
    }
}

#[test]
fn columns_are_asked_for_answer_and_are_let_go() {
    let mut play = Play::side_by_side();
    assert!(play.says("Student now") && play.says("Teacher · posts-teacher"));
    assert!(play.engine.asked_beside().columns.is_empty());
    play.add("Student before training · 1.0\u{a0}MB");
    play.add("Checkpoint of step 400 · 1.0\u{a0}MB");
    let asked = play.engine.asked_beside();
    assert_eq!(asked.columns, [StudentSnapshot::BeforeTraining, StudentSnapshot::Checkpoint(400)]);
    assert_eq!(asked.text, stage::probe().text);
    assert!(asked.session.as_ref().unwrap().run.is_some(), "the checkpoints are those of the run on show");
    assert!(play.says("is being read…"));
    play.answer(&[("0a", 0.2), ("0b", 3.0)], &[]);
    assert!(!play.says("is being read…") && play.says("step 400 · 1.0\u{a0}MB · 0b"));
    let row = |play: &Play| {
        let names = stage::probe().classes;
        let label = names.iter().find(|name| play.says(&format!("{name} · Teacher"))).unwrap().clone();
        let begins = format!("{label} · Teacher");
        let row = play.harness.get_by_label_contains(&begins).accesskit_node();
        row.label().or_else(|| row.value()).unwrap()
    };
    assert!(row(&play).contains("Before training") && row(&play).contains("Checkpoint of step 400"), "{}", row(&play));
    assert!(!play.says("the same weights as"));
    play.answer(&[("0b", 3.0), ("0b", 3.0)], &[]);
    assert!(play.says("the same weights as Before training"), "nobody compares a model with itself unawares");
    // Until they have answered another text, what stands there is said to be late.
    let mut view = play.app().session().view.clone();
    view.probe = "Another text.".into();
    play.harness.state_mut().ask(Action::SetView(Box::new(view)));
    play.look(3);
    assert!(play.says("answering…"));
    // What cannot be had says why.
    let asked = play.engine.asked_beside();
    let refused = SnapshotFrame {
        snapshot: StudentSnapshot::BeforeTraining,
        revision: asked.revision,
        state: SnapshotState::Refused(Sentence::verbatim("the folder is gone")),
    };
    play.engine.answer_beside(vec![refused]);
    play.look(3);
    assert!(play.says("the folder is gone"));
    play.click("Take away Before training");
    assert_eq!(play.engine.asked_beside().columns, [StudentSnapshot::Checkpoint(400)]);
    play.click("Back to the curves");
    assert!(play.engine.asked_beside().columns.is_empty(), "no model is kept that nobody looks at");
    assert_eq!(play.app().session().view.columns.len(), 1, "the column comes back with the view");
}

#[test]
fn six_columns_are_the_most_and_all_are_there_after_a_restart() {
    let mut play = Play::side_by_side();
    for column in ["Student before training · 1.0\u{a0}MB", "Checkpoint of step 400 · 1.0\u{a0}MB"] {
        play.add(column);
    }
    let mut view = play.app().session().view.clone();
    view.columns.extend(["a", "b"].map(|name| StudentSnapshot::Run(play.folder.path().join(name))));
    play.harness.state_mut().ask(Action::SetView(Box::new(view.clone())));
    play.look(3);
    let menu = play.harness.get_by_label("Add a column");
    assert!(menu.accesskit_node().is_disabled());
    let Play { harness, folder, .. } = play;
    drop(harness);
    let mut again = Play::within(folder, Session::built_in().unwrap(), None);
    again.harness.get_all_by_label("Recover it").next().unwrap().click();
    again.wait_until(|app| !app.session().view.columns.is_empty());
    assert_eq!(again.app().session().view.columns, view.columns);
}

#[test]
fn a_pinned_text_has_its_expected_class_and_tells_when_its_answer_flips() {
    let mut play = Play::side_by_side();
    let text = stage::probe().text;
    play.click("Pin this text");
    assert_eq!(play.app().session().probes, [PinnedProbe { text: text.clone(), expected: Some("cooking".into()) }]);
    assert!(play.engine.asked().pinned.is_empty(), "nobody looks at them yet");
    play.click("Pinned texts (1)");
    assert_eq!(play.engine.asked().pinned.iter().collect::<Vec<_>>(), [&text]);
    play.pinned(640, &[(&text, "music")]);
    assert!(play.says("0 flipped since step 640"));
    play.pinned(700, &[(&text, "sport")]);
    assert!(play.says("1 flipped since step 640") && play.says("flipped from music"));
    play.click("Compare from here");
    assert!(play.says("0 flipped since step 700"));
    // What is expected is one of the classes, and can be undone like the pinning.
    let class = stage::opened().classes[0].clone();
    play.click(&format!("Expected of {text}"));
    // The label words on the left bear the same name.
    play.harness.get_all_by_role_and_label(Role::Button, &class).last().unwrap().click();
    play.look(4);
    assert_eq!(play.app().session().probes[0].expected.as_deref(), Some(class.as_str()));
    play.pinned(710, &[(&text, &class)]);
    assert!(play.says("student right: 1 of 1") && play.says("✔"));
    play.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(play.app().session().probes[0].expected.as_deref(), Some("cooking"));
    play.click(&format!("Unpin {text}"));
    assert!(play.app().session().probes.is_empty() && play.says("No pinned texts"));
    play.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(play.app().session().probes.len(), 1, "an unpinned text comes back");
}

#[test]
fn in_a_blind_comparison_nobody_sees_which_is_which_and_votes_are_counted_and_kept() {
    let mut play = Play::side_by_side();
    play.add("Student before training · 1.0\u{a0}MB");
    play.answer(&[("0a", 0.2)], &[]);
    play.click("Blind");
    assert!(play.says("Model 1") && play.says("Model 3") && !play.says("Before training") && !play.says("0a"));
    assert!(!play.says("Teacher · posts-teacher"), "nor which row's figures are whose");
    play.click("Vote for Model 2");
    assert!(play.says("Voted; take another text"));
    play.click("Vote for Model 1");
    play.click("Blind");
    assert!(play.says("1 blind votes · 0 ties"), "the last vote on a text counts");
    assert!(play.says("Before training") && play.says("100 %"));
    play.click("Blind");
    play.click("Tie");
    play.click("Blind");
    assert!(play.says("1 blind votes · 1 ties"));
    // They stand in the workspace, a line each, and are there at the next start.
    let file = play.folder.path().join("runs/votes.jsonl");
    for _ in 0..400 {
        if std::fs::read_to_string(&file).is_ok_and(|text| text.lines().count() == 3) {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
        play.look(1);
    }
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.lines().count() == 3 && text.contains("\"best\":null") && text.contains("0a"), "{text}");
}

#[test]
fn two_columns_are_compared_on_the_test_part_and_a_row_opens_under_the_lens() {
    let mut play = Play::side_by_side();
    play.click("Test part");
    assert!(play.says("it has not answered the test part yet"));
    play.engine.say(Fact::Predictions(Arc::new(stage::predictions(200))));
    play.look(4);
    let predictions = stage::predictions(200);
    let differ =
        predictions.rows.iter().filter(|row| row.teacher.is_some_and(|(class, _)| class != row.student.0)).count();
    assert!(differ > 0 && play.says("200 of 200 texts") && play.says(&format!("differ on {differ}")));
    play.click("Differ");
    assert!(play.says(&format!("{differ} of 200 texts")));
    play.click("Group equal answers");
    assert!(play.says("1 × ") || play.says("2 × "), "groups of one kind, with their count");
    play.click("Group equal answers");
    let first =
        predictions.rows.iter().find(|row| row.teacher.is_some_and(|(class, _)| class != row.student.0)).unwrap();
    play.harness.get_all_by_role_and_label(Role::Button, &first.text).next().unwrap().click();
    play.look(4);
    assert_eq!(play.app().session().view.probe, first.text);
    assert!(play.says("Text for all columns") || play.says("Next sample"), "all outcomes of that text");
    // A student beside is asked about the part only while somebody looks.
    play.add("Student before training · 1.0\u{a0}MB");
    assert!(play.engine.asked_beside().test.is_empty());
    play.click("Test part");
    play.click("Column B");
    play.harness.get_all_by_label("Before training").last().unwrap().click();
    play.look(4);
    assert_eq!(play.engine.asked_beside().test, [0]);
    assert!(play.says("is being asked…"));
}

#[test]
fn attention_is_asked_of_every_column_while_it_is_on_screen_and_never_while_names_are_hidden() {
    let mut play = Play::side_by_side();
    play.add("Student before training · 1.0\u{a0}MB");
    assert_eq!(play.engine.asked_beside().attention, None);
    play.click("Attention");
    let layer = play.app().session().view.student_layer;
    assert_eq!(play.engine.asked_beside().attention, Some(layer));
    assert!(play.engine.asked().attention);
    play.answer(&[("0a", 0.2)], &[]);
    for column in ["Teacher · posts-teacher", "Student now", "Before training"] {
        play.harness.get_by_role_and_label(Role::Image, &format!("{column} · attention"));
    }
    // A head of one column is enlarged, and only of that one.
    let picture = play.harness.get_by_role_and_label(Role::Image, "Teacher · posts-teacher · attention").rect();
    let tile = picture.left_top() + egui::vec2(12.0, 30.0);
    play.harness.hover_at(tile);
    play.look(2);
    play.harness.drag_at(tile);
    play.harness.drop_at(tile);
    play.look(3);
    assert!(play.says("head 1 / 4"));
    play.click("all heads");
    // The students' layer is one choice for all of them.
    play.harness.get_by_role_and_label(Role::ComboBox, "Student layer").click();
    play.look(4);
    play.harness.get_all_by_label("2").last().unwrap().click();
    play.look(4);
    assert_eq!(play.app().session().view.student_layer, 1);
    assert_eq!(play.engine.asked_beside().attention, Some(1));
    play.click("Blind");
    assert_eq!(play.engine.asked_beside().attention, None, "the number of heads would tell");
    assert!(play.harness.query_by_role_and_label(Role::Image, "Model 1 · attention").is_none());
}
