//! Tasks over tokens: chosen with their choices, terms added and left out, and what stands under the lens.

use retort::link::{ProbeFrame, PromptFrame, WholeRow};
use retort::session::{TaskKind, TeacherRows};

use super::*;

impl Play {
    fn unfolded(section: &str) -> Self {
        let mut play = Self::new();
        play.harness.get_by_role_and_label(Role::DisclosureTriangle, section).click_accesskit();
        play.look(8);
        play
    }

    fn recipe(&self) -> &retort::session::Recipe {
        &self.app().session().recipe
    }
}

#[test]
fn a_task_is_chosen_with_what_belongs_to_it() {
    let mut play = Play::unfolded("Recipe");
    assert!(!play.says("Teacher's rows"), "of classes all answers are kept");
    play.click("next token");
    play.look(4);
    assert_eq!(play.recipe().task, TaskKind::NEXT_TOKEN);
    play.click("learned, too");
    play.click("packed into blocks");
    assert_eq!(play.recipe().task, TaskKind::NextToken { packed: false, learn_prompt: true });
    play.click("likeliest");
    assert_eq!(play.recipe().teacher_rows, TeacherRows::TopK(50));
    play.click("masked");
    play.click("taken whole");
    assert!(matches!(play.recipe().task, TaskKind::MaskedToken { packed: true, whole_words: true, .. }));
    play.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(play.recipe().task, TaskKind::MASKED_TOKEN, "a choice is undone like any other");
}

#[test]
fn a_prompt_that_nobody_reads_is_not_offered() {
    let mut play = Play::unfolded("Recipe");
    let offers = |play: &Play| play.harness.query_by_label("Template").is_some();
    assert!(offers(&play) && !play.says("read as they are"));
    play.click("next token");
    play.look(4);
    assert!(play.says("read as they are") && !offers(&play));
    play.engine.put(|cells| &cells.prompt, PromptFrame { over_tokens: true, teacher: None, ..stage::prompt() });
    play.look(4);
    assert!(play.says("Both models read") && !play.says("Teacher reads"));
    let problem = Some(retort::session::Sentence::verbatim("its conversation is no JSON"));
    play.engine.put(|cells| &cells.prompt, PromptFrame { over_tokens: true, problem, ..stage::prompt() });
    play.look(4);
    assert!(play.says("its conversation is no JSON"), "what is wrong with a text is told where it is read");
    play.click("classes");
    play.look(4);
    assert!(offers(&play) && !play.says("read as they are"));
}

#[test]
fn losses_are_added_and_left_out_and_one_has_to_stay() {
    let mut play = Play::unfolded("Recipe");
    assert_eq!(play.recipe().terms, ["soft_targets", "hard_labels"]);
    play.click("Leave out Labels");
    assert_eq!(play.recipe().terms, ["soft_targets"]);
    play.harness.get_by_label("Leave out Teacher's soft targets").click();
    play.look(4);
    assert_eq!(play.recipe().terms, ["soft_targets"], "the last one stays");
    play.harness.get_by_role_and_label(Role::ComboBox, "Add a loss").click_accesskit();
    play.look(4);
    // The list may reach below the window, where the mouse would not find it.
    play.harness.get_by_role_and_label(Role::Button, "Labels").click_accesskit();
    play.look(4);
    assert_eq!(play.recipe().terms, ["soft_targets", "hard_labels"]);
}

#[test]
fn under_the_lens_stand_the_likeliest_tokens_and_figures_of_all_of_them() {
    let mut play = Play::running(40);
    let whole =
        WholeRow { outcomes: 50_257, others: 0, kl: Some(0.123), teacher_entropy: Some(2.5), student_entropy: 3.0 };
    play.engine.put(|cells| &cells.probe, ProbeFrame { whole_row: Some(whole), ..stage::probe() });
    play.look(4);
    assert!(play.says("KL · T 1: 0.123") && play.says("teacher entropy 2.500"));
}
