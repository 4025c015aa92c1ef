//! Knobs under a hand, numbers that are typed, sources that are chosen: what acts, when, and what is
//! said of it.

use egui::accesskit::Role;
use egui::{Key, Modifiers, Pos2, Rect, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use retort::link::{Alarm, Command, Fact, Order, Origin, Outcome, Phase};
use retort::session::{Change, Init, ModelChoice, Session, Source};
use retort::window::Action;
use retort::window::undo::Part;

use super::stage::{RATE, TEMPERATURE};
use super::{Play, stage};

const THETA: &str = "magnitude.theta";
/// So short are these frames that a hand is not at rest between two of them.
const FRAME: f32 = 0.03;

impl Play {
    /// A window with a run under way, drawn often.
    fn lively(step: u64) -> Self {
        Self::built(Harness::builder().with_step_dt(FRAME), Session::built_in().unwrap(), None).started(step)
    }

    fn acting(&self, knob: &str) -> f64 {
        self.engine.end.cells.knobs.load().values[knob]
    }

    fn slider(&self, label: &str) -> Rect {
        self.harness.get_by_role_and_label(Role::Slider, label).rect()
    }

    fn press_at(&mut self, place: Pos2) {
        self.harness.drag_at(place);
        self.look(1);
    }

    fn move_to(&mut self, place: Pos2) {
        self.harness.hover_at(place);
        self.look(1);
    }

    fn let_go_at(&mut self, place: Pos2) {
        self.harness.drop_at(place);
        self.look(1);
    }

    /// Holds the mouse still for so many seconds.
    fn rest(&mut self, seconds: f32) {
        self.look((seconds / FRAME).ceil() as usize + 1);
    }

    /// Types into a number field, by its label, and presses Enter.
    fn type_into(&mut self, label: &str, text: &str) {
        self.field(label).click_accesskit();
        self.look(2);
        self.harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
        self.look(1);
        self.harness.event(egui::Event::Text(text.into()));
        self.look(1);
        self.press(Modifiers::NONE, Key::Enter);
    }

    /// A number field; of two with one name the first.
    fn field<'a>(&'a self, label: &'a str) -> egui_kittest::Node<'a> {
        self.harness.get_all_by_role_and_label(Role::SpinButton, label).next().unwrap()
    }

    fn unfold(&mut self, section: &str) {
        self.harness.get_by_role_and_label(Role::DisclosureTriangle, section).click_accesskit();
        self.look(8);
    }
}

fn at(slider: Rect, part: f32) -> Pos2 {
    pos2(slider.left() + slider.width() * part, slider.center().y)
}

// ---- a hand on a knob

#[test]
fn a_smooth_drag_previews_and_acts_once_when_let_go() {
    let mut play = Play::lively(40);
    play.engine.put(|cells| &cells.probe, stage::probe());
    let (slider, before) = (play.slider("Temperature"), play.engine.end.cells.knobs.load().revision);
    play.press_at(at(slider, 0.3));
    for part in [0.4, 0.5, 0.6, 0.7, 0.8] {
        play.move_to(at(slider, part));
        assert_eq!(play.acting(TEMPERATURE), 2.0, "it acts on the way");
    }
    assert!(play.says("applied 2"), "what is asked for is shown before it acts");
    play.look(1);
    let asked = play.number("Temperature value");
    assert!(play.says("teacher entropy") && play.says(&format!("T {asked}")), "the bars are softened at once");
    play.let_go_at(at(slider, 0.8));
    let acting = play.acting(TEMPERATURE);
    assert!(acting > 5.0, "{acting}");
    assert_eq!(play.engine.end.cells.knobs.load().revision, before + 1, "one gesture is one change");
    assert_eq!(acting, format!("{acting:.2e}").parse::<f64>().unwrap(), "it has the figures that are shown");

    play.engine.change(41, Origin::Person, TEMPERATURE, 2.0, acting);
    play.look(2);
    assert_eq!(play.app().record().marks.len(), 1);
    let line = Change { step: 41, knob: TEMPERATURE.into(), value: acting };
    assert_eq!(play.app().session().script, [line], "one line, at the step it took effect");
    play.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(play.acting(TEMPERATURE), 2.0, "one undo");
}

#[test]
fn a_hand_that_rests_acts_on_the_way_and_is_still_one_undo() {
    let mut play = Play::lively(40);
    let slider = play.slider("Temperature");
    play.press_at(at(slider, 0.4));
    play.rest(0.09);
    assert_eq!(play.acting(TEMPERATURE), 2.0, "too early");
    play.rest(0.15);
    let first = play.acting(TEMPERATURE);
    assert!(first > 2.0, "still for 150 ms");
    play.move_to(at(slider, 0.6));
    play.move_to(at(slider, 0.8));
    assert_eq!(play.acting(TEMPERATURE), first, "it moves again");
    play.rest(0.2);
    assert!(play.acting(TEMPERATURE) > first);
    play.let_go_at(at(slider, 0.8));
    play.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(play.acting(TEMPERATURE), 2.0);
    play.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(play.acting(TEMPERATURE), 2.0, "there was nothing more to take back");
}

#[test]
fn theta_acts_only_when_let_go_however_long_it_is_held_and_says_before_what_it_removes() {
    let mut play = Play::lively(40);
    play.engine.put(|cells| &cells.weights, stage::weights());
    let slider = play.slider("Pruning threshold");
    play.press_at(at(slider, 0.5));
    play.move_to(at(slider, 0.99));
    play.rest(1.0);
    play.move_to(at(slider, 0.5));
    play.rest(1.0);
    assert_eq!(play.acting(THETA), 0.0, "passing a value must not prune");
    assert!(play.engine.end.cells.ask.load().weights, "what it would remove is asked for");
    let percent = play.harness.get_by_role_and_label(Role::SpinButton, "Sparsity").accesskit_node().value().unwrap();
    assert!(!percent.starts_with("0 ") && !percent.starts_with("100"), "{percent}");
    play.let_go_at(at(slider, 0.5));
    let theta = play.acting(THETA);
    assert!(theta > 0.1 && theta < 1.0, "half of the slider is within the useful range, not {theta}");
    assert_eq!(theta, format!("{theta:.2e}").parse::<f64>().unwrap());
}

#[test]
fn the_line_of_theta_acts_only_when_let_go() {
    let mut play = Play::lively(40);
    let mut view = play.app().session().view.clone();
    view.tab = "weights".to_owned();
    play.harness.state_mut().ask(Action::SetView(Box::new(view)));
    play.engine.put(|cells| &cells.weights, stage::weights());
    play.type_into("Pruning threshold value", "0.1");
    let line = play.slider("θ").center();
    play.press_at(line);
    for further in [30.0, 60.0, 90.0] {
        play.move_to(line + vec2(further, 0.0));
        play.rest(0.3);
        assert_eq!(play.acting(THETA), 0.1, "passing a value must not prune");
    }
    play.let_go_at(line + vec2(90.0, 0.0));
    let theta = play.acting(THETA);
    assert!(theta > 0.2 && theta == format!("{theta:.2e}").parse::<f64>().unwrap(), "{theta}");
}

#[cfg(feature = "engine")]
#[test]
fn most_of_thetas_slider_is_for_small_values() {
    let catalog = retort::engine::catalog();
    assert_eq!(catalog.knob(THETA).unwrap().scale, retort::session::Scale::Log);
}

#[test]
fn theta_is_set_by_percent_too() {
    let mut play = Play::lively(40);
    play.engine.put(|cells| &cells.weights, stage::weights());
    play.look(2);
    for percent in ["30", "12.34", "0"] {
        play.type_into("Sparsity", percent);
        let removed = 100.0 * stage::weights().all.fraction_below(play.acting(THETA));
        assert!((removed - percent.parse::<f64>().unwrap()).abs() < 0.005, "{percent} % became {removed} %");
        assert!(play.acting(THETA).to_string().len() <= 11, "{}", play.acting(THETA));
        let field = play.harness.get_by_role_and_label(Role::SpinButton, "Sparsity");
        assert_eq!(field.accesskit_node().value().unwrap(), format!("{percent} %"), "as it was typed");
    }
}

#[test]
fn whoever_points_at_theta_is_told_what_it_would_remove() {
    let mut play = Play::lively(40);
    let asks = |play: &Play| play.engine.end.cells.ask.load().weights;
    assert!(!asks(&play));
    let slider = play.slider("Pruning threshold");
    play.move_to(slider.center());
    play.look(2);
    assert!(asks(&play), "it is not turned yet");
    play.move_to(pos2(700.0, 880.0));
    play.look(2);
    assert!(!asks(&play));
}

#[test]
fn a_slider_gives_the_figures_that_are_shown() {
    let mut play = Play::running(40);
    play.turn("Temperature", 4.542_379_765_361_087);
    assert_eq!(play.acting(TEMPERATURE), 4.54);
}

#[test]
fn a_typed_value_a_key_and_a_button_act_at_once() {
    let mut play = Play::lively(40);
    play.type_into("Temperature value", "3.5");
    assert_eq!(play.acting(TEMPERATURE), 3.5);
    play.click("Learning rate ×2");
    assert_eq!(play.acting(RATE), 0.004);
    play.harness.get_by_role_and_label(Role::Slider, "Temperature").focus();
    play.look(1);
    play.harness.key_press(Key::ArrowRight);
    play.look(1);
    assert!(play.acting(TEMPERATURE) > 3.5);
}

#[test]
fn a_held_knob_waits_for_nothing_that_moves() {
    let mut play = Play::lively(40);
    let slider = play.slider("Pruning threshold");
    play.press_at(at(slider, 0.5));
    play.look(12);
    let steps = play.harness.run();
    assert!(steps <= 2, "{steps} frames while a hand holds still");
    play.let_go_at(at(slider, 0.5));
}

#[test]
fn a_run_that_ends_under_the_hand_leaves_the_value_to_the_next_start() {
    let mut play = Play::lively(40);
    let slider = play.slider("Temperature");
    play.press_at(at(slider, 0.3));
    play.move_to(at(slider, 0.6));
    play.engine.say(Fact::Finished(Box::new(Outcome { reason: "finished".into(), ..Outcome::default() })));
    play.engine.status(Phase::Finished, 41);
    play.let_go_at(at(slider, 0.6));
    play.look(2);
    assert_eq!(play.acting(TEMPERATURE), 2.0, "there is no run to act on");
    assert!(play.app().session().knobs[TEMPERATURE] > 2.0);
}

// ---- what the knobs stand for

#[test]
fn the_knobs_say_truly_what_they_stand_for() {
    let mut play = Play::new();
    assert!(play.says("values for the next start"));
    play.turn("Temperature", 5.0);
    assert!(play.says("values for the next start"));

    let mut play = Play::running(40);
    assert!(play.says("act on the next step"));
    play.turn("Temperature", 5.3);
    play.engine.change(40, Origin::Person, TEMPERATURE, 2.0, 5.3);
    play.engine.say(Fact::Finished(Box::new(Outcome { reason: "finished".into(), ..Outcome::default() })));
    play.engine.status(Phase::Finished, 41);
    play.look(3);
    assert!(play.says("as the run left them"));
    play.press(Modifiers::COMMAND, Key::Z);
    assert!(play.says("changed since the run") && play.says("run 5.3"), "the panel says T 2");
    play.turn("Temperature", 5.3);
    assert!(play.says("as the run left them"));

    play.harness.state_mut().ask(Action::OpenBuiltIn);
    play.look(4);
    assert!(play.says("values for the next start"), "this session has no run");
}

// ---- a run that comes apart

#[test]
fn a_run_that_has_come_apart_offers_to_go_on_anyway_or_to_begin_again_at_half_the_rate() {
    let mut play = Play::running(30);
    let what = "the loss has come apart: it was 412 or more";
    let card = |checkpoint| Fact::Trouble {
        step: 30,
        what: retort::session::Sentence::verbatim(what),
        checkpoint,
        alarm: Some(Alarm::Loss),
    };
    play.engine.say(card(Some(20)));
    play.engine.status(Phase::Paused, 31);
    play.look(3);
    assert!(play.says(what) && play.says("Halve the learning rate and rewind"));
    assert!(!play.says("start again"), "there is a checkpoint to go back to");
    play.click("▶ Go on anyway");
    assert!(matches!(play.engine.heard()[..], [Command::Run(_, Order::Resume)]));
    play.engine.status(Phase::Running, 31);
    play.look(3);
    assert!(!play.says(what));

    play.engine.say(card(None));
    play.engine.status(Phase::Paused, 31);
    play.look(3);
    assert!(!play.says("Halve the learning rate and rewind"), "there is nothing to go back to");
    play.click("Halve the learning rate and start again");
    let heard = play.engine.heard();
    let Some(Command::Run(_, Order::Start { session, .. })) = heard.first() else { panic!("no start: {heard:?}") };
    assert_eq!((session.knobs[RATE], session.script.len()), (0.001, 0));
}

// ---- typed numbers

/// Section, field, what is typed, what is said of it, what a good value is and how it is shown then.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str);

const NUMBERS: [Case; 22] = [
    ("", "Temperature value", "0", "at least 1", "1.2345678"),
    ("", "Temperature value", "hot", "not a number", "20"),
    ("", "Label weight value", "10", "at most 1", "0.333"),
    ("", "Label weight value", "-0.1", "at least 0", "0"),
    ("", "Learning rate value", "10", "at most 0.1", "3e-5"),
    ("", "Learning rate value", "0", "at least 1e-6", "0.02"),
    ("", "Weight decay value", "2", "at most 1", "0.05"),
    ("", "Gradient clip value", "10.5", "at most 10", "0"),
    ("", "Pruning threshold value", "11", "at most 10", "0.4444"),
    ("Recipe", "Steps", "0", "at least 1", "123456789"),
    ("Recipe", "Steps", "1.5", "whole numbers only", "1"),
    ("Recipe", "Batch", "0", "at least 1", "7"),
    ("Recipe", "Warm-up", "-1", "at least 0", "0"),
    ("Recipe", "Seed", "18446744073709551616", "at most 18446744073709551615", "9007199254740993"),
    ("Recipe", "Evaluate every", "many", "not a number", "never"),
    ("Recipe", "Checkpoint every", "-3", "at least 0", "at the end"),
    ("Recipe", "Patience", "10001", "at most 10000", "3"),
    ("Data", "Validation share", "51", "at most 50", "12.34 %"),
    ("Data", "Test share", "-1", "at least 0", "33.3 %"),
    ("Data", "Split seed", "x", "not a number", "9007199254740993"),
    ("Data", "Labelled", "0", "at least 1", "99"),
    ("Pair", "Max tokens", "1000001", "at most 1000000", "77"),
];

#[test]
fn a_typed_number_is_kept_or_refused_beside_its_field_and_never_changed() {
    let mut play = Play::new();
    for section in ["Prompt", "Recipe", "Data", "Pair"] {
        play.unfold(section);
    }
    for (section, field, wrong, why, right) in NUMBERS {
        let case = format!("{section} {field} {wrong}");
        let (former, before) = (play.number(field), play.app().session().clone());
        play.type_into(field, wrong);
        assert_eq!(play.app().session(), &before, "{case} changed the session");
        assert!(play.number(field).starts_with(wrong), "{case} is shown as {}", play.number(field));
        assert!(play.says(&format!("{why}; in force is still {}", bare(&former))), "{case}: not said: {why}");
        play.type_into(field, right.trim_end_matches(" %"));
        assert_eq!(play.number(field).trim_end_matches(" × mean"), right, "{case}");
        assert!(!play.says("in force is still"), "{case} is settled");
        assert_ne!(play.app().session(), &before, "{case}: the good value is not taken");
    }
}

fn bare(value: &str) -> &str {
    value.trim_end_matches(" %").trim_start_matches("valid. ").trim_start_matches("test ")
}

impl Play {
    /// What a number field shows.
    fn number(&self, field: &str) -> String {
        bare_prefix(&self.field(field).accesskit_node().value().unwrap_or_default()).to_owned()
    }
}

fn bare_prefix(value: &str) -> &str {
    value.trim_start_matches("valid. ").trim_start_matches("test ")
}

#[test]
fn a_refused_number_is_forgotten_with_escape_by_undo_and_with_its_session() {
    let mut play = Play::new();
    play.type_into("Label weight value", "10");
    assert!(play.says("at most 1"));
    play.harness.get_by_role_and_label(Role::SpinButton, "Label weight value").click_accesskit();
    play.look(2);
    play.press(Modifiers::NONE, Key::Escape);
    assert!(!play.says("at most 1"));
    assert_eq!(play.number("Label weight value"), "0.1");
    play.field("Label weight value").click_accesskit();
    play.look(2);
    play.harness.event(egui::Event::Text("0.7".into()));
    play.look(1);
    play.press(Modifiers::NONE, Key::Escape);
    assert_eq!(play.number("Label weight value"), "0.1", "Esc gives up what was typed");

    play.type_into("Label weight value", "10");
    play.turn("Label weight", 0.2);
    assert!(!play.says("at most 1"), "a dragged value has settled it");
    play.type_into("Label weight value", "10");
    play.press(Modifiers::COMMAND, Key::Z);
    assert!(!play.says("at most 1"), "undo has settled it");

    play.type_into("Label weight value", "10");
    play.harness.state_mut().ask(Action::OpenBuiltIn);
    play.look(4);
    assert!(!play.says("at most 1"), "it was typed into another session");
}

#[test]
fn a_button_that_would_leave_the_range_cannot_be_pressed() {
    let mut play = Play::new();
    play.type_into("Learning rate value", "0.09");
    play.harness.get_by_label("Learning rate ×2").click_accesskit();
    play.look(3);
    assert_eq!(play.app().session().knobs[RATE], 0.09, "never brought to 0.1 unasked");
}

// ---- the keyboard

fn focused(play: &Play) -> Option<String> {
    let node = play.harness.root().children_recursive().find(|node| node.accesskit_node().is_focused())?;
    let node = node.accesskit_node();
    Some(format!("{:?} {:?} {:?}", node.role(), node.label(), node.bounding_box().map(|place| place.y0 as i32)))
}

#[test]
fn tab_leaves_the_template_both_ways_and_is_never_typed_into_it() {
    let mut play = Play::new();
    let template = play.app().session().prompt.teacher.template.clone();
    let mut left = Vec::new();
    for modifiers in [Modifiers::NONE, Modifiers::SHIFT] {
        play.click("Template");
        let field = focused(&play).unwrap();
        play.press(modifiers, Key::Tab);
        assert_ne!(focused(&play).unwrap(), field, "it leaves with {modifiers:?}");
        left.push(focused(&play));
    }
    assert_ne!(left[0], left[1]);
    play.click("Template");
    play.press(Modifiers::NONE, Key::Escape);
    assert_eq!(focused(&play), None);
    play.press(Modifiers::NONE, Key::Tab);
    assert_eq!(focused(&play), left[0], "it goes on behind the template, not at the top of the window");
    assert_eq!(play.app().session().prompt.teacher.template, template);
}

// ---- choosing a source

#[test]
fn choosing_a_source_sets_nothing_else_and_the_pair_stays_until_it_is_named() {
    let mut play = Play::new();
    play.unfold("Pair");
    play.look(4);
    let before = play.app().session().clone();
    assert_eq!(before.student.init, Init::Fresh);
    play.engine.heard();
    let lists = ["Folder…", "Hugging Face…", "Folder…"];
    for choice in lists {
        play.pick(1, choice);
        assert_eq!(play.app().session(), &before, "{choice} is not named yet");
        assert!(play.says("posts-teacher → posts-student"), "the header tells what is in force");
        assert!(play.says("Until this is named, in force is still posts-student"));
        assert!(focused(&play).is_some_and(|field| field.contains("TextInput")), "{:?}", focused(&play));
    }
    play.look(8);
    assert!(!play.engine.heard().iter().any(|command| matches!(command, Command::Open { .. })), "nothing to open yet");
    play.harness.event(egui::Event::Text("/models/mine".into()));
    play.look(1);
    play.press(Modifiers::NONE, Key::Enter);
    let now = play.app().session().models();
    let moved = ModelChoice { source: Source::Folder("/models/mine".into()), ..before.student.clone() };
    assert_eq!((&now.student, now.teacher()), (&moved, before.teacher()), "nothing else was set");
    assert!(play.says("It starts at random"), "what that means is said");
    play.look(8);
    assert!(play.engine.heard().iter().any(|command| matches!(command, Command::Open { .. })));
    play.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(play.app().session().models(), before.models(), "one undo");
}

#[test]
fn a_source_that_was_not_named_is_given_up_by_picking_the_one_in_force() {
    let mut play = Play::new();
    play.unfold("Pair");
    play.look(4);
    let before = play.app().session().clone();
    play.pick(0, "Server…");
    assert!(play.says("Until this is named, in force is still posts-teacher"));
    play.pick(0, "Posts teacher");
    assert!(!play.says("Until this is named"));
    assert_eq!(play.app().session(), &before);
}

#[test]
fn the_data_stay_until_the_new_file_is_named() {
    let mut play = Play::new();
    play.unfold("Prompt");
    play.unfold("Data");
    let before = play.app().session().clone();
    play.engine.heard();
    play.harness.get_by_role_and_label(Role::ComboBox, "Source").click_accesskit();
    play.look(4);
    play.harness.get_by_role_and_label(Role::Button, "Files").click_accesskit();
    play.look(8);
    assert_eq!(play.app().session(), &before);
    assert!(play.says("Until this is named, in force is still posts"));
    assert!(!play.engine.heard().iter().any(|command| matches!(command, Command::Open { .. })));
    play.harness.event(egui::Event::Text("/data/mine.jsonl".into()));
    play.look(1);
    play.press(Modifiers::NONE, Key::Enter);
    let now = &play.app().session().data;
    assert!(now.source.path().is_some_and(|path| path.ends_with("mine.jsonl")), "{now:?}");
    assert_eq!((now.split_seed, now.labelled), (before.data.split_seed, before.data.labelled));
}

#[test]
fn what_was_put_in_force_meanwhile_ends_the_choice() {
    let mut play = Play::new();
    play.unfold("Pair");
    play.look(4);
    play.pick(1, "Folder…");
    let mut models = play.app().session().models();
    models.student.source = Source::Folder("/dropped".into());
    play.harness.state_mut().ask(Action::Set(Part::Models(Box::new(models))));
    play.look(4);
    assert!(!play.says("Until this is named"));
}

impl Play {
    /// Picks from the list of models of the teacher (0) or the student (1).
    fn pick(&mut self, side: usize, choice: &str) {
        // A list stays open under a click that no pointer made.
        if self.harness.query_by_role_and_label(Role::Button, choice).is_none() {
            self.harness.get_all_by_role_and_label(Role::ComboBox, "Model").nth(side).unwrap().click_accesskit();
            self.look(4);
        }
        self.harness.get_by_role_and_label(Role::Button, choice).click_accesskit();
        self.look(4);
    }
}

#[test]
fn a_label_that_would_be_cut_is_written_smaller() {
    let mut play = Play::new();
    play.unfold("Prompt");
    play.unfold("Recipe");
    let height = |label: &str| play.harness.get_by_role_and_label(Role::Label, label).rect().height();
    assert!(height("Checkpoint every") < height("Steps"));
}

// ---- tooltips

#[test]
fn the_help_of_a_knob_covers_no_knob() {
    let mut play = Play::new();
    let controls = |play: &Play| -> Vec<Rect> {
        let roles = [Role::Slider, Role::SpinButton, Role::Button];
        let all = play.harness.root().children_recursive().filter(|node| roles.contains(&node.accesskit_node().role()));
        all.map(|node| node.rect()).filter(|rect| rect.right() < 330.0 && rect.top() > 440.0).collect()
    };
    for knob in ["Temperature", "Label weight", "Learning rate"] {
        let slider = play.slider(knob);
        play.harness.hover_at(slider.center());
        play.look(12);
        let help = play.harness.get_by_label("Help").rect();
        assert!(help.left() >= slider.right(), "{help:?} stands beside the column, however long it is");
        let all = controls(&play);
        assert!(all.len() > 10, "{all:?}");
        let covered = all.iter().find(|control| help.intersects(**control));
        assert_eq!(covered, None, "the help of {knob}, {help:?}, covers a knob");
        play.harness.hover_at(pos2(700.0, 880.0));
        play.look(4);
    }
}

#[test]
fn the_help_of_smoothing_never_covers_a_charts_title() {
    let mut play = Play::running(60);
    let smoothing = play.harness.get_by_role_and_label(Role::Slider, "smoothing").rect();
    play.harness.hover_at(smoothing.center());
    play.look(12);
    let help = play.harness.get_by_label_contains("Weight of the past").rect();
    assert!(help.bottom() <= smoothing.top(), "{help:?} reaches below {smoothing:?}");
}
