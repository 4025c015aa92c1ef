//! Around the end of a run and of a session: hands that are too fast, what is done with a student, and what
//! is still said of what is gone.

use retort::session::{Init, ModelChoice, Source};

use super::*;

#[test]
fn a_hand_on_its_way_to_pause_begins_no_other_run() {
    let mut play = Play::running(40);
    play.engine.heard();
    play.engine.say(Fact::Finished(Box::new(outcome())));
    play.engine.status(Phase::Finished, 1500);
    play.harness.run_steps(1);
    play.harness.get_by_label("▶ Start").click();
    play.harness.run_steps(1);
    assert!(!play.engine.heard().iter().any(is_start), "a moment after the end");
    play.look(8);
    play.click("▶ Start");
    assert!(play.engine.heard().iter().any(is_start), "and then it starts");
}

#[test]
fn the_student_of_a_run_is_used_with_its_weights() {
    for (wish, of) in [("the next student", false), ("the next teacher", true)] {
        let mut play = Play::running(40);
        assert_eq!(play.app().session().student.init, Init::Fresh, "or this tests nothing");
        let out = play.app().record().out.clone().unwrap();
        play.engine.say(Fact::Finished(Box::new(outcome())));
        play.engine.status(Phase::Finished, 1500);
        play.look(8);
        play.click("Use as…");
        play.click(wish);
        let models = play.app().session().models();
        let used = if of { models.teacher().unwrap() } else { &models.student };
        let trained = ModelChoice::stored(Source::Folder(out.join("student")));
        assert_eq!(*used, ModelChoice { max_tokens: used.max_tokens, ..trained }, "{wish}");
    }
}

#[test]
fn a_copied_table_says_that_it_was_copied() {
    let mut play = Play::running(10);
    play.engine.say(Fact::Finished(Box::new(outcome())));
    play.engine.status(Phase::Finished, 1500);
    play.look(8);
    play.harness.get_by_label("Copy as table").click();
    play.look(2);
    assert!(play.says("✔ Copied"));
    play.look(20);
    assert!(play.harness.query_by_label("Copy as table").is_some());
}

#[test]
fn the_card_tells_the_temperature_that_was_fitted_or_why_none_was() {
    use retort::link::{FittedTemperature, NotFitted, TemperatureScaling};
    let fitted = FittedTemperature { temperature: 1.25, texts: Some(800), ..FittedTemperature::default() };
    for (scaling, words) in [
        (Some(TemperatureScaling::Fitted(fitted)), Some("at temperature 1.250, fitted to 800 validation texts")),
        (Some(TemperatureScaling::NotFitted(NotFitted::NoValidation)), Some("there is no validation part")),
        (None, None),
    ] {
        let mut play = Play::running(10);
        let mut ended = outcome();
        ended.student.temperature_scaling = scaling;
        play.engine.say(Fact::Finished(Box::new(ended)));
        play.engine.status(Phase::Finished, 1500);
        play.look(8);
        assert_eq!(play.says("Temperature scaling"), words.is_some());
        assert!(words.is_none_or(|words| play.says(words)), "{words:?}");
    }
}

#[test]
fn what_was_said_of_one_session_is_not_said_of_the_next() {
    let mut play = Play::new();
    let said = |play: &Play| play.says("two lines of the journal are damaged");
    play.harness.state_mut().say_unopened(&retort::session::Sentence::verbatim("two lines of the journal are damaged"));
    play.look(4);
    assert!(said(&play));
    play.harness.state_mut().ask(Action::OpenBuiltIn);
    play.look(4);
    assert!(!said(&play), "it is in the list, and no card any more");
    assert!(play.notices().iter().any(|text| text.contains("two lines of the journal")));
}

#[test]
fn the_student_under_the_lens_names_its_step_where_the_run_went_further() {
    let mut play = Play::running(640);
    let session = play.app().session().clone();
    let (models, data) = (Some(Box::new(session.models())), Some(Box::new(session.data)));
    play.engine.reply(Reply::Opened(Box::new(Opened { models, data, ..stage::opened() })));
    play.engine.say(Fact::Finished(Box::new(Outcome { steps: 640, ..outcome() })));
    play.engine.status(Phase::Finished, 640);
    let shown = play.app().record().step;
    let words = ["student of step 600", "Student without training"];
    for (step, says) in [(600, Some(words[0])), (0, Some(words[1])), (shown, None)] {
        play.engine.put(|cells| &cells.probe, retort::link::ProbeFrame { step, ..stage::probe() });
        play.look(6);
        for each in words {
            assert_eq!(play.says(each), says == Some(each), "{step} of {shown}: {each}");
        }
    }
}

#[test]
fn a_text_of_the_test_part_has_its_star_after_the_session_was_opened_again() {
    let mut play = Play::new();
    let text = format!("{} (0)", stage::POST);
    let frame = retort::link::ProbeFrame { text: text.clone(), ..stage::probe() };
    let starred = |play: &Play| play.says("★");
    play.engine.put(|cells| &cells.probe, frame.clone());
    play.look(4);
    assert!(!starred(&play), "nobody knows its class");
    let mut play = play.started(40);
    let session = play.app().session().clone();
    let (models, data) = (Some(Box::new(session.models())), Some(Box::new(session.data)));
    play.engine.reply(Reply::Opened(Box::new(Opened { models, data, ..stage::opened() })));
    play.engine.say(Fact::Predictions(Arc::new(stage::predictions(30))));
    play.engine.put(|cells| &cells.probe, frame);
    play.look(6);
    assert!(starred(&play));
}

#[test]
fn an_untouched_first_start_leaves_nothing_to_recover() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_owned();
    let mut play = Play::within(folder, Session::built_in().unwrap(), None);
    assert!(!play.app().session().view.probe.is_empty(), "the window put a text under the lens");
    play.look(30);
    std::thread::sleep(Duration::from_millis(50));
    play.look(2);
    assert!(!root.join("autosave-0.ron").exists());
}

#[test]
fn the_question_whether_to_close_is_answered_by_key_and_goes_with_its_cause() {
    let asks = |play: &Play| play.says("A run is under way. Closing keeps a checkpoint");
    let mut play = Play::running(40);
    for key in [Key::Escape, Key::Enter] {
        leaving::ask_to_close(&mut play);
        play.look(3);
        assert!(asks(&play), "{key:?}");
        play.press(Modifiers::NONE, key);
        assert!(!asks(&play) && play.app().record().out.is_some(), "{key:?}: it stays open");
    }
    leaving::ask_to_close(&mut play);
    play.look(3);
    play.engine.say(Fact::Finished(Box::new(outcome())));
    play.engine.status(Phase::Finished, 1500);
    play.look(6);
    assert!(!asks(&play) && play.harness.query_by_label("Close").is_none());
}
