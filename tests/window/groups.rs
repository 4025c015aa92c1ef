//! Batches of a step, and parts of the student with a learning rate of their own: added, changed and left out by name.

use retort::link::Opened;
use retort::session::{LayerGroup, ModelPart};

use super::*;

impl Play {
    fn groups(&self) -> &[LayerGroup] {
        &self.app().session().recipe.groups
    }

    /// Picks one of a list that may reach below the window, where the mouse would not find it.
    fn choose(&mut self, list: &str, choice: &str) {
        self.harness.get_by_role_and_label(Role::ComboBox, list).click_accesskit();
        self.look(4);
        self.harness.get_by_role_and_label(Role::Button, choice).click_accesskit();
        self.look(4);
        // A hand's click closes the list.
        self.press(Modifiers::NONE, Key::Escape);
    }
}

fn unfolded(section: &str) -> Play {
    let mut play = Play::new();
    play.harness.get_by_role_and_label(Role::DisclosureTriangle, section).click_accesskit();
    play.look(8);
    play
}

#[test]
fn a_step_gathers_as_many_batches_as_are_typed_and_no_number_out_of_range_is_taken() {
    let mut play = unfolded("Recipe");
    type_count(&mut play, "Batches per step", "4");
    assert_eq!(play.app().session().recipe.accumulate, 4);
    type_count(&mut play, "Batches per step", "0");
    assert_eq!(play.app().session().recipe.accumulate, 4, "a step without a batch");
    play.press(Modifiers::NONE, Key::Escape);
}

#[test]
fn parts_of_the_student_are_frozen_slowed_and_let_go_by_name() {
    let group = |part, rate| LayerGroup { part, rate };
    let mut play = unfolded("Recipe");
    play.choose("Add a group", "embeddings");
    assert_eq!(play.groups(), [group(ModelPart::Embeddings, 0.0)]);
    play.choose("Group 1", "layers");
    type_count(&mut play, "Last layer", "1");
    assert_eq!(play.groups(), [group(ModelPart::Layers { first: 0, last: 1 }, 0.0)]);
    type_count(&mut play, "Rate factor", "0.5");
    assert_eq!(play.groups()[0].rate, 0.5);
    play.choose("Group 1", "decay by layer");
    assert_eq!(play.groups(), [group(ModelPart::LayerDecay, 0.9)]);
    play.choose("Add a group", "output head");
    assert_eq!(play.groups()[1..], [group(ModelPart::Head, 0.0)]);
    play.harness.get_by_label("Leave out decay by layer").click_accesskit();
    play.look(4);
    assert_eq!(play.groups(), [group(ModelPart::Head, 0.0)]);
    play.choose("Group 1", "by name");
    play.harness.get_by_role_and_label(Role::TextInput, "Names").focus();
    play.look(2);
    play.press(Modifiers::COMMAND, Key::A);
    play.harness.event(egui::Event::Text("*.attention.*".into()));
    play.look(2);
    assert_eq!(play.groups(), [group(ModelPart::Named("*.bias".into()), 0.0)], "half a name is not meant");
    play.press(Modifiers::NONE, Key::Enter);
    play.look(4);
    assert_eq!(play.groups(), [group(ModelPart::Named("*.attention.*".into()), 0.0)]);
    play.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(play.groups(), [group(ModelPart::Named("*.bias".into()), 0.0)]);
}

#[test]
fn how_much_of_the_student_learns_is_told_for_the_groups_that_are_in_force() {
    let mut play = unfolded("Pair");
    let mut recipe = play.app().session().recipe.clone();
    recipe.groups = vec![LayerGroup { part: ModelPart::Embeddings, rate: 0.0 }];
    play.harness.state_mut().ask(retort::window::Action::Set(retort::window::undo::Part::Recipe(recipe.clone())));
    play.look(4);
    let session = play.app().session().clone();
    let mut opened = Opened { groups: recipe.groups.clone(), ..stage::opened() };
    opened.student.title = session.student.source.title();
    opened.student.trainable = Some(12_345);
    let (models, data) = (Some(Box::new(session.models())), Some(Box::new(session.data.clone())));
    play.engine.reply(retort::link::Reply::Opened(Box::new(Opened { models, data, ..opened })));
    play.look(4);
    let says = "of them learn; the recipe freezes the others";
    assert!(play.says(says));
    recipe.groups[0].rate = 1.0;
    play.harness.state_mut().ask(retort::window::Action::Set(retort::window::undo::Part::Recipe(recipe)));
    play.look(4);
    assert!(!play.says(says), "it was counted for other groups");
}
