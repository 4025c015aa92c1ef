//! Room: what stands beside each other does not lie upon each other, what gave way comes back, and what
//! was asked for comes into sight.

use egui::{Rect, Vec2, vec2};
use retort::window::undo::Part;

use super::*;

impl Play {
    /// A run that has ended, with answers and both models under the lens, in a window of this size.
    fn ended(size: Vec2) -> Self {
        let mut play = Self::running(640);
        play.harness.set_size(size);
        play.engine.put(|cells| &cells.probe, stage::probe());
        play.engine.say(Fact::Predictions(Arc::new(stage::predictions(800))));
        play.engine.say(Fact::Finished(Box::new(outcome())));
        play.engine.status(Phase::Finished, 1500);
        play.look(8);
        play
    }

    fn place(&self, label: &str) -> Rect {
        self.harness.get_by_label(label).rect()
    }

    /// Draws the part at the lower edge of the centre down by so many points.
    fn draw_lower_part(&mut self, down: f32) {
        let tabs = self.place("Attention");
        let edge = egui::pos2(tabs.right() + 200.0, tabs.top() - 10.0);
        self.harness.drag_at(edge);
        self.look(2);
        self.harness.hover_at(edge + vec2(0.0, down));
        self.look(2);
        self.harness.drop_at(edge + vec2(0.0, down));
        self.look(4);
    }

    /// Where a text stands that contains these words; the first of several.
    fn of_text(&self, words: &str) -> Rect {
        let says = |node: &egui_kittest::Node<'_>| {
            let node = node.accesskit_node();
            [node.label(), node.value()].into_iter().flatten().any(|said| said.contains(words))
        };
        self.harness.root().children_recursive().find(says).unwrap().rect()
    }
}

#[test]
fn what_gave_way_to_the_result_has_its_room_back_afterwards() {
    let mut play = Play::ended(vec2(1400.0, 900.0));
    let before = play.place("Attention").top();
    play.click("By class");
    assert!(play.place("Attention").top() > before + 50.0, "the card needs the room");
    play.click("By class");
    assert!((play.place("Attention").top() - before).abs() < 2.0);
    // The same after the window was small for a while.
    play.harness.set_size(vec2(1280.0, 640.0));
    play.look(6);
    play.harness.set_size(vec2(1400.0, 900.0));
    play.look(6);
    assert!((play.place("Attention").top() - before).abs() < 2.0);
}

#[test]
fn a_part_that_was_drawn_keeps_the_height_it_was_drawn_to() {
    let mut play = Play::ended(vec2(1400.0, 900.0));
    let tabs = play.place("Attention");
    play.draw_lower_part(80.0);
    let drawn = play.place("Attention").top();
    assert!((drawn - tabs.top() - 80.0).abs() < 8.0, "{} became {drawn}", tabs.top());
    play.click("By class");
    play.click("By class");
    assert!((play.place("Attention").top() - drawn).abs() < 2.0);
}

#[test]
fn nothing_lies_upon_another_where_the_room_is_short() {
    for size in [vec2(1280.0, 720.0), vec2(1366.0, 768.0), vec2(1400.0, 900.0)] {
        let mut play = Play::ended(size);
        play.click("By class");
        let apart = |one: Rect, other: Rect, which: &str| {
            assert!(!one.shrink(1.0).intersects(other.shrink(1.0)), "{size}: {which}: {one:?} and {other:?}");
        };
        let (smoothing, tabs) = (play.of_text("robust range"), play.place("Attention"));
        apart(smoothing, tabs, "the curves' toolbar and the tabs");
        assert!(smoothing.top() > play.place("By class").bottom(), "{size}");
        // The rows of the table stand beside those of the matrix.
        let cell = play.place("cooking → computing: 3 texts");
        let names: Vec<Rect> = play.harness.get_all_by_value("cooking").map(|node| node.rect()).collect();
        let row = names.into_iter().rfind(|rect| rect.left() > 320.0 && rect.right() < cell.left()).unwrap();
        assert!((row.center().y - cell.center().y).abs() < 3.0, "{size}: {row:?} beside {cell:?}");

        play.click("cooking → computing: 3 texts");
        let (chip, sort) = (play.place("cooking → computing ✖"), play.place("sort by KL at T 1"));
        apart(chip, sort, "the cell that is listed and the order");
        assert!(sort.right() <= size.x && chip.right() <= size.x, "{size}");

        let mut prompt = play.app().session().prompt.clone();
        prompt.teacher.template = "{text} Its mood is {answer}".into();
        play.harness.state_mut().ask(Action::Set(Part::Prompt(prompt)));
        play.look(6);
        let mut words = play.harness.get_all_by_value("by the run's prompt").map(|node| node.rect());
        let words = words.rfind(|rect| rect.left() > 330.0 && rect.right() < size.x - 300.0);
        apart(words.unwrap(), play.of_text("Teacher layer"), "whose attention it is and the layers");
    }
}

#[test]
fn the_bar_keeps_the_phase_whatever_else_there_is_to_say() {
    for width in [1000.0, 1280.0, 1366.0, 1400.0] {
        let mut play = Play::running(640);
        play.harness.set_size(vec2(width, 720.0));
        let mut session = play.app().session().clone();
        session.name = "An experiment with a name that goes on for quite a while".into();
        play.harness.state_mut().ask(Action::Set(Part::Name(session.name)));
        let status = Status {
            phase: Phase::Evaluating,
            what: retort::session::Sentence::verbatim("measuring on the test part"),
            done: 1500,
            total: 1500,
            measuring: Some(Measuring { done: 655, total: 2000 }),
            pace: Pace { secs_at_end: 30.0, ..Pace::default() },
            peak_bytes: 612_000_000,
            ..Status::default()
        };
        play.engine.reply(Reply::Status(status));
        play.look(6);
        let phase = play.of_text("evaluating");
        let mut pair = play.harness.get_all_by_value("posts-teacher → posts-student").map(|node| node.rect());
        let pair = pair.rfind(|rect| rect.bottom() < 44.0).unwrap();
        assert!(pair.right() + 4.0 <= phase.left(), "{width}: {pair:?} and {phase:?}");
        assert!(phase.width() > 55.0, "{width}: {phase:?}");
        let session = play.place("Session");
        assert!(session.right() <= width && phase.right() < session.left(), "{width}: {session:?}");
        let told = play.says("655 / 2\u{a0}000 texts measured");
        assert!(told || width < 1200.0, "{width}");
    }
}

#[test]
fn long_names_of_a_pair_end_before_what_the_engine_does() {
    let mut session = Session::built_in().unwrap();
    session.teacher_mut().unwrap().source = retort::session::Source::hub("sentence-transformers/all-MiniLM-L6-v2");
    session.student.source = retort::session::Source::hub("google/bert_uncased_L-4_H-256_A-4");
    let mut play = Play::of(session, None).started(40);
    play.harness.set_size(egui::vec2(1280.0, 720.0));
    play.look(8);
    let of_the_bar = |has: &dyn Fn(&str) -> bool| {
        let words = |node: &egui_kittest::Node<'_>| {
            let node = node.accesskit_node();
            node.label().or(node.value()).unwrap_or_default()
        };
        let all = play.harness.root().children_recursive();
        all.filter(|node| has(&words(node))).map(|node| node.rect()).find(|rect| rect.bottom() < 44.0).unwrap()
    };
    let pair = of_the_bar(&|words| words.contains(" → google"));
    let status = of_the_bar(&|words| words == "running");
    assert!(pair.right() + 4.0 <= status.left(), "{pair:?} beside {status:?}");
}

#[test]
fn a_part_that_is_unfolded_comes_into_sight() {
    let mut play = Play::new();
    play.harness.set_size(vec2(1280.0, 720.0));
    play.engine.put(|cells| &cells.prompt, stage::prompt());
    play.look(6);
    play.harness.get_by_role_and_label(Role::DisclosureTriangle, "Recipe").click_accesskit();
    play.look(30);
    let (title, knobs) =
        (play.harness.get_by_role_and_label(Role::DisclosureTriangle, "Recipe").rect(), play.of_text("Knobs"));
    let steps = play.of_text("Batch");
    assert!(title.top() > 40.0 && steps.bottom() < knobs.top(), "{title:?} {steps:?} above {knobs:?}");
}

#[test]
fn what_has_the_keyboard_is_in_sight() {
    let mut play = Play::new();
    play.harness.set_size(vec2(1280.0, 720.0));
    play.engine.put(|cells| &cells.prompt, stage::prompt());
    play.look(6);
    let mut seen = 0;
    for _ in 0..30 {
        play.press(Modifiers::NONE, Key::Tab);
        play.look(10);
        let focused = play.harness.root().children_recursive().find(|node| node.is_focused());
        let Some(rect) = focused.map(|node| node.rect()) else { continue };
        seen += 1;
        assert!(rect.top() > -1.0 && rect.bottom() < 721.0, "{rect:?}");
        let knobs = play.of_text("Knobs");
        let hidden =
            rect.left() < 300.0 && rect.top() > 45.0 && rect.bottom() > knobs.top() && rect.top() < knobs.top();
        assert!(!hidden, "{rect:?} lies below the edge at {knobs:?}");
    }
    assert!(seen > 20, "{seen} of 30 steps gave something the keyboard");
}

#[test]
fn the_keyboard_in_one_part_scrolls_no_other() {
    let mut play = Play::new();
    play.harness.set_size(vec2(1280.0, 720.0));
    play.engine.put(|cells| &cells.prompt, stage::prompt());
    play.look(6);
    let tops = |play: &Play| {
        (
            play.harness.get_by_role_and_label(Role::DisclosureTriangle, "Pair").rect().top(),
            play.place("Temperature value").top(),
        )
    };
    let before = tops(&play);
    // The bar on top, then the run's controls below both columns.
    let mut passed = Vec::new();
    for _ in 0..12 {
        play.press(Modifiers::NONE, Key::Tab);
        play.look(10);
        let focused = play.harness.root().children_recursive().find(|node| node.is_focused());
        let label = focused.and_then(|node| node.accesskit_node().label()).unwrap_or_default();
        let ends = label == "Temperature value";
        passed.push(label);
        if ends {
            break;
        }
        assert_eq!(tops(&play), before, "{passed:?}");
    }
    assert!(passed.iter().any(|label| label.contains("Start")), "{passed:?}");
}

#[test]
fn a_click_into_a_knob_moves_nothing_of_the_column_above_it() {
    let mut play = Play::new();
    play.engine.put(|cells| &cells.prompt, stage::prompt());
    play.look(6);
    let title = |play: &Play| play.harness.get_by_role_and_label(Role::DisclosureTriangle, "Pair").rect().top();
    let before = title(&play);
    for knob in ["Temperature", "Learning rate", "Gradient clip"] {
        play.click(&format!("{knob} value"));
        play.look(20);
        assert_eq!(title(&play), before, "{knob}");
    }
}

#[test]
fn a_session_brings_its_own_arrangement_back() {
    let mut play = Play::ended(vec2(1400.0, 900.0));
    let path = play.folder.path().join("arranged.ron");
    let first = play.app().session().view.clone();
    let before = play.place("Attention");
    play.draw_lower_part(90.0);
    play.click("Wrong");
    play.click("sort by KL at T 1");
    play.click("by label");
    play.click("each head by its own maximum");
    play.harness.get_by_role_and_label(Role::DisclosureTriangle, "Data").click();
    play.look(8);
    let (view, drawn) = (play.app().session().view.clone(), play.place("Attention").top());
    assert!(view != first && (drawn - before.top()).abs() > 60.0, "{view:?}");
    play.harness.state_mut().ask(Action::SaveAs(path.clone()));
    play.wait_until(|_| path.exists());

    let arranged = |play: &mut Play, view: &retort::session::View| {
        play.engine.put(|cells| &cells.probe, stage::probe());
        play.look(6);
        let mut now = play.app().session().view.clone();
        now.probe.clone_from(&view.probe);
        assert_eq!(&now, view);
        assert_eq!(play.has_open("Data"), view.sections.len() == 1);
        play.place("Attention").top()
    };
    play.harness.state_mut().ask(Action::OpenBuiltIn);
    play.wait_until(|app| app.session().view.parts.is_empty());
    let untouched = arranged(&mut play, &first);
    play.harness.state_mut().ask(Action::Open(path));
    play.wait_until(|app| !app.session().view.parts.is_empty());
    let drawn = arranged(&mut play, &view);
    assert!(drawn - untouched > 40.0, "{untouched} {drawn}");
}

impl Play {
    /// Whether a part of the left column is open, by a control that only an open one has.
    fn has_open(&self, part: &str) -> bool {
        assert_eq!(part, "Data");
        self.harness.query_all_by_role_and_label(Role::ComboBox, "Source").next().is_some()
    }
}
