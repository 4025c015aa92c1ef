//! A text over tokens under the lens, the test part sample by sample, and what is kept of teachers on the disk.

use retort::link::{KeptFiles, KeptOnDisk, TextPlace, TokenPrediction, human_bytes};

use super::*;

impl Play {
    /// A run over tokens with a text under the lens.
    fn over_tokens() -> Self {
        let mut play = Self::running(40);
        let mut view = play.app().session().view.clone();
        view.probe = stage::told_text().text;
        play.harness.state_mut().ask(Action::SetView(Box::new(view)));
        play.look(2);
        play.engine.put(|cells| &cells.probe, stage::told_text());
        play.look(4);
        play.engine.heard();
        play
    }

    fn chosen(&self) -> &'static str {
        let all = ["␣cat", "␣sat", "␣on"];
        // The bars tell the token that stands at the chosen place as the right one.
        let is_right = |token: &str| self.says(&format!("{} · ★", token.replace('␣', "·")));
        all.into_iter().find(|token| is_right(token)).unwrap_or("none")
    }
}

#[test]
fn a_click_on_a_token_shows_what_is_told_there_and_the_arrows_move_on() {
    let mut play = Play::over_tokens();
    assert!(play.says("KL by token") && play.says("0.5 nats"), "what the colours say");
    assert_eq!(play.chosen(), "␣on", "at first the last place");
    assert!(play.says("all others (50 000)") || play.says("all others (50\u{a0}000)"), "a row that is no token");
    play.harness.get_by_label("Token 2 ·cat, 0.25 nats").click();
    play.look(4);
    assert_eq!(play.chosen(), "␣cat");
    assert!(play.says("KL · T 1: 0.250"));
    for (key, expected) in [
        (Key::ArrowRight, "␣sat"),
        (Key::ArrowRight, "␣on"),
        (Key::ArrowRight, "␣on"),
        (Key::ArrowLeft, "␣sat"),
        (Key::ArrowLeft, "␣cat"),
        (Key::ArrowLeft, "␣cat"),
    ] {
        play.press(Modifiers::NONE, key);
        assert_eq!(play.chosen(), expected, "{key:?}");
    }
    let steps = |command: &Command| matches!(command, Command::Run(_, Order::StepOnce));
    assert!(!play.engine.heard().iter().any(steps), "the arrows move the hand, not the run");
    // Of another text nobody has chosen a place.
    let other = retort::link::ProbeFrame { text: "another".into(), ..stage::told_text() };
    play.engine.put(|cells| &cells.probe, other);
    play.look(4);
    assert_eq!(play.chosen(), "␣on");
}

#[test]
fn the_first_token_is_told_by_nobody_and_what_is_cut_is_said() {
    let mut play = Play::over_tokens();
    play.harness.get_by_label("Token 1 The").click();
    play.look(4);
    assert_eq!(play.chosen(), "␣on", "there is nothing to show at it");
    let mut frame = stage::told_text();
    let view = frame.tokens.as_mut().unwrap();
    (view.left_out, view.cut) = (17, 900);
    play.engine.put(|cells| &cells.probe, frame);
    play.look(4);
    assert!(play.says("17 tokens not shown") && play.says("900 tokens behind are not read"));
}

#[test]
fn without_a_teacher_the_colours_are_the_students_surprise() {
    let mut play = Play::over_tokens();
    let mut frame = stage::told_text();
    frame.teacher = None;
    for row in frame.tokens.as_mut().unwrap().tokens.iter_mut().filter_map(|token| token.row.as_mut()) {
        (row.whole.kl, row.teacher, row.teacher_scores) = (None, None, None);
    }
    play.engine.put(|cells| &cells.probe, frame);
    play.look(4);
    assert!(play.says("surprise by token") && !play.says("KL by token"));
}

#[test]
fn the_samples_of_the_test_part_are_sorted_by_any_column_and_a_click_opens_one() {
    let mut play = Play::over_tokens();
    let row = |text: &str, example, tokens, loss: f32, kl| TokenPrediction {
        text: text.to_owned(),
        example,
        tokens,
        loss,
        teacher_loss: Some(1.0),
        kl: Some(kl),
        agreement: Some(0.5),
    };
    let over_tokens = vec![
        row("alpha text", Some(0), 12, 1.0, 0.9),
        row("beta text", None, 64, 3.0, 0.2),
        row("gamma text", Some(2), 30, 2.0, 0.4),
    ];
    let told = retort::link::Predictions { step: 640, over_tokens, ..Default::default() };
    play.engine.say(Fact::Predictions(Arc::new(told)));
    play.look(6);
    let order = |play: &Play| {
        let mut all = ["alpha text", "beta text", "gamma text"];
        all.sort_by(|a, b| {
            let top = |text: &str| play.harness.get_by_label(text).rect().top();
            top(a).total_cmp(&top(b))
        });
        all.map(|text| &text[..1]).concat()
    };
    assert_eq!(order(&play), "bga", "the least likely first");
    for (column, expected) in
        [("KL", "agb"), ("KL", "bga"), ("Tokens", "bga"), ("Text", "abg"), ("Text", "gba"), ("PPL", "bga")]
    {
        play.harness.get_by_role_and_label(Role::Button, column).click();
        play.look(4);
        assert_eq!(order(&play), expected, "{column}");
    }
    play.click("gamma text");
    assert_eq!(play.app().session().view.probe, "gamma text");
    assert_eq!(play.engine.asked().place, Some(TextPlace::Test(2)), "the whole text is meant");
    play.click("beta text");
    assert_eq!(play.app().session().view.probe, "beta text");
    assert_eq!(play.engine.asked().place, None, "a stretch of running text stands nowhere by itself");
}

#[test]
fn rows_on_the_disk_are_cleared_after_a_question_and_paid_answers_are_told_apart() {
    let mut play = Play::new();
    play.harness.get_by_role_and_label(Role::DisclosureTriangle, "Recipe").click_accesskit();
    play.look(8);
    assert!(
        !play.engine.heard().iter().any(|command| matches!(command, Command::ListKept)),
        "of classes no rows are kept"
    );
    play.click("next token");
    assert!(play.engine.heard().iter().any(|command| matches!(command, Command::ListKept)));
    let files = |files, bytes| KeptFiles { files, bytes };
    let disk = KeptOnDisk {
        rows: files(3, 30_000_000),
        used: files(1, 10_000_000),
        answers: files(1, 2_000_000),
        paid: files(2, 4_000_000),
        ..KeptOnDisk::default()
    };
    play.engine.put_plainly(|cells| &cells.kept, disk.clone());
    play.look(4);
    assert!(play.says(&format!("{} of rows", human_bytes(30_000_000))));
    assert!(play.says("of rows are open in a run and stay") && play.says("of answers that were paid"));
    play.harness.get_by_label("Clear rows…").click_accesskit();
    play.look(4);
    let asked = format!("Remove the rows that are kept: {}", human_bytes(20_000_000));
    assert!(play.says(&asked), "those that are open stay");
    play.harness.get_by_label("Keep them").click_accesskit();
    play.look(4);
    let clears = |command: &Command| matches!(command, Command::ClearRows);
    assert!(!play.engine.heard().iter().any(clears), "nothing without a yes");
    play.harness.get_by_label("Clear rows…").click_accesskit();
    play.look(4);
    play.harness.get_by_label("Remove rows").click_accesskit();
    play.look(4);
    assert_eq!(play.engine.heard().iter().filter(|command| clears(command)).count(), 1);
    let left = KeptOnDisk { rows: disk.used, removed: Some(files(2, 20_000_000)), ..disk };
    play.engine.put_plainly(|cells| &cells.kept, left);
    play.look(4);
    assert!(play.says("of rows were removed") && !play.says("Remove the rows that are kept"));
}
