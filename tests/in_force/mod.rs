//! What is shown is what is in force: prompts, former pairs and data, notices, tables and servers.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{AccessKitNode, NodeT as _, Queryable as _};
use retort::link::preview::{Preview, Sheet, SheetColumn};
use retort::link::{About, Command, Connection, Fact, Notice, Opened, Order, Outcome, Phase, Reach, Reply};
use retort::session::{Column, Data, DataSource, ModelChoice, Models, Prompts, Session, Source};
use retort::window::Action;
use retort::window::undo::Part;

use super::{Play, stage};

/// Whether this is a text field with this text in it.
fn is_field(node: &AccessKitNode<'_>, text: &str) -> bool {
    matches!(node.role(), Role::TextInput | Role::MultilineTextInput) && node.value().as_deref() == Some(text)
}

impl Play {
    /// What the real engine opens: it says for which pair and data.
    fn opens(&mut self, models: &Models, data: &Data, opened: Opened) {
        let (models, data) = (Some(Box::new(models.clone())), Some(Box::new(data.clone())));
        self.engine.reply(Reply::Opened(Box::new(Opened { models, data, ..opened })));
        self.engine.status(Phase::Ready, 0);
        self.look(4);
    }

    /// A run that was stopped, with a checkpoint and answers on the test part.
    fn stopped() -> Self {
        let mut play = Self::running(40);
        let session = play.app().session().clone();
        play.opens(&session.models(), &session.data, stage::opened());
        play.engine.status(Phase::Running, 40);
        play.engine.say(Fact::Checkpoint { step: 40 });
        play.engine.say(Fact::Predictions(Arc::new(stage::predictions(30))));
        play.stop();
        play
    }

    fn stop(&mut self) {
        self.engine.say(Fact::Finished(Box::new(Outcome { reason: "stopped".into(), ..Outcome::default() })));
        self.engine.status(Phase::Stopped, 40);
        self.look(4);
        self.engine.heard();
    }

    fn set(&mut self, part: Part) {
        self.harness.state_mut().ask(Action::Set(part));
        self.look(4);
    }

    fn prompt(&mut self, template: &str) -> Prompts {
        let mut prompt = self.app().session().prompt.clone();
        prompt.teacher.template = template.into();
        self.set(Part::Prompt(prompt.clone()));
        prompt
    }

    /// The engine answers by `prompt`.
    fn answers_by(&mut self, prompt: &Prompts) {
        let frame = retort::link::ProbeFrame { prompt: prompt.clone(), ..stage::probe() };
        self.engine.put(|cells| &cells.probe, frame);
        let chips = retort::link::PromptFrame { prompt: self.app().session().prompt.clone(), ..stage::prompt() };
        self.engine.put(|cells| &cells.prompt, chips);
        self.look(4);
    }

    fn lens(&self) -> Prompts {
        self.engine.end.cells.ask.load().lens.clone().unwrap()
    }

    fn has(&self, label: &str) -> bool {
        self.harness.query_by_label(label).is_some()
    }

    /// Unfolds a part of the left column.
    fn look_into(&mut self, part: &str) {
        self.harness.get_by_role_and_label(Role::DisclosureTriangle, part).click();
        self.look(8);
    }
}

// ---- the prompt

#[test]
fn an_edited_prompt_is_for_the_next_run_and_every_picture_stays_with_the_runs() {
    let mut play = Play::running(40);
    let run = play.app().session().prompt.clone();
    let new = play.prompt("{text} Its mood is {answer}");
    for ended in [false, true] {
        if ended {
            play.stop();
        }
        play.answers_by(&run);
        assert_eq!(play.lens(), run, "the lens stays with the run, ended {ended}");
        assert_eq!(play.engine.end.cells.ask.load().prompt, Some(new.clone()), "the chips are of the editor");
        for words in ["new prompt from the next run", "by the run's prompt", "by the new prompt"] {
            assert!(play.says(words), "{words}, ended {ended}");
        }
        assert!(play.has(&run.teacher.template), "the prompt in force is shown");
        play.click("Try the new prompt under the lens");
        assert_eq!(play.lens(), new);
        play.answers_by(&new);
        assert!(!play.says("by the run's prompt"));
        play.click("Try the new prompt under the lens");
        assert_eq!(play.lens(), run);
    }
    play.click("Back to the run's prompt");
    play.answers_by(&run);
    assert_eq!(play.app().session().prompt, run);
    assert!(!play.says("from the next run") && !play.says("by the run's prompt"));
    play.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(play.app().session().prompt, new, "the new one is not lost");
}

#[test]
fn what_is_said_of_a_new_prompt_takes_no_focus_from_the_field_it_is_typed_into() {
    let mut play = Play::running(40);
    play.click("Template");
    play.press(Modifiers::COMMAND, Key::End);
    for letter in ["x", "y", "z"] {
        play.harness.event(egui::Event::Text(letter.into()));
        play.look(3);
    }
    assert!(
        play.app().session().prompt.teacher.template.contains("xyz"),
        "{}",
        play.app().session().prompt.teacher.template
    );
    assert!(play.says("new prompt from the next run"));
}

#[test]
fn a_continued_run_brings_its_own_prompt_back_into_the_form() {
    let mut play = Play::stopped();
    let run = play.app().session().prompt.clone();
    let new = play.prompt("{text} Its mood is {answer}");
    play.click("Continue the run");
    assert!(play.engine.heard().iter().any(|command| matches!(command, Command::Run(_, Order::Continue(_)))));
    assert_eq!(play.app().session().prompt, run);
    play.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(play.app().session().prompt, new);
}

#[test]
fn a_run_that_is_taken_up_brings_its_own_prompt_back_whoever_asked_for_it() {
    let mut play = Play::stopped();
    let as_run = play.app().session().clone();
    play.prompt("{text} Its mood is {answer}");
    let out = as_run.run.clone().unwrap();
    play.engine.say(Fact::Started { session: Box::new(as_run.clone()), out, step: 40 });
    play.look(4);
    assert_eq!(play.app().session().prompt, as_run.prompt);
}

#[test]
fn before_any_run_the_lens_asks_by_the_prompt_in_the_editor() {
    let mut play = Play::new();
    let new = play.prompt("{text} Its mood is {answer}");
    assert_eq!(play.lens(), new);
    assert!(!play.says("from the next run"));
}

#[test]
fn what_a_model_does_not_read_of_the_template_is_said() {
    let mut play = Play::new();
    let mut chips = stage::prompt();
    chips.teacher.as_mut().unwrap().unread = "Choose well.".into();
    play.engine.put(|cells| &cells.prompt, chips);
    play.look(4);
    assert!(play.has("does not read what stands behind the answer: Choose well."));
}

#[test]
fn an_error_of_a_label_word_moves_no_field_below_it() {
    let mut play = Play::new();
    let mut chips = stage::prompt();
    chips.words.iter_mut().for_each(|word| word.problem = None);
    play.engine.put(|cells| &cells.prompt, chips.clone());
    play.look(4);
    let place = |play: &Play| play.harness.get_by(|node| is_field(node, "health")).rect();
    let before = place(&play);
    chips.words[1].problem = Some(retort::session::Sentence::verbatim("it collides with another"));
    play.engine.put(|cells| &cells.prompt, chips);
    play.look(4);
    assert!(play.says("it collides with another"));
    assert_eq!(place(&play), before, "the next click lands where it was aimed");
}

#[test]
fn the_divergence_of_a_text_names_its_temperature_and_agrees_with_the_table() {
    let mut play = Play::running(40);
    let prompt = play.app().session().prompt.clone();
    play.answers_by(&prompt);
    assert!(play.says("KL · T 1: ") && play.says(" · T 2: "));
    play.engine.say(Fact::Predictions(Arc::new(stage::predictions(30))));
    play.look(4);
    assert!(play.has("sort by KL at T 1"));
}

// ---- pair and data

fn folder(name: &str) -> ModelChoice {
    ModelChoice::stored(Source::Folder(name.into()))
}

#[test]
fn what_is_of_a_former_pair_or_of_former_data_never_stands_beside_the_new_as_if_it_were_of_it() {
    type Change = fn(&mut Session);
    let cases: [(&str, Change, bool); 4] = [
        ("new student", |session| session.student = folder("/models/other"), false),
        ("new teacher", |session| session.set_teacher(Some(folder("/models/other"))), false),
        ("no teacher", |session| session.set_teacher(None), false),
        ("new data", |session| session.data.source = DataSource::BuiltIn("other".into()), true),
    ];
    for (name, change, is_data) in cases {
        let mut play = Play::stopped();
        play.look_into("Data");
        let before = play.app().session().clone();
        play.answers_by(&before.prompt);
        assert!(play.has("Continue the run") && play.says("6\u{a0}400") && !play.says("former"), "{name}");
        let mut session = before.clone();
        change(&mut session);
        if is_data {
            play.set(Part::Data(session.data.clone()));
        } else {
            play.set(Part::Models(Box::new(session.models())));
        }
        // While the new one is opened, and after that has failed.
        for failed in [false, true] {
            if failed {
                play.engine.say(Fact::Failed(Notice::from("it cannot be opened").about(About::Pair)));
                play.look(4);
            }
            assert!(!play.has("Continue the run"), "{name}, failed {failed}");
            assert!(!play.has("More steps…"), "{name}");
            assert!(play.says("Curves, marks and test answers are of run posts-by-topic-seed-7"), "{name}");
            assert!(play.says("answers of run posts-by-topic-seed-7"), "{name}");
            assert!(play.says("by the former pair and data"), "{name}: the lens is of what is still open");
            assert_eq!(play.says("6\u{a0}400"), !is_data, "{name}: counts are of the chosen data or of none");
        }
        let other = Opened { classes: vec!["first".into(), "second".into()], ..stage::opened() };
        play.opens(&session.models(), &session.data, other);
        assert!(!play.says("by the former pair and data") && play.says("6\u{a0}400"), "{name}");
        assert!(play.says("answers of run posts-by-topic-seed-7") && !play.has("Continue the run"), "{name}");
        play.click("Back to its pair and data");
        assert_eq!(
            (&play.app().session().models(), &play.app().session().data),
            (&before.models(), &before.data),
            "{name}"
        );
        assert!(play.has("Continue the run") && !play.says("answers of run posts-by-topic-seed-7"), "{name}");
    }
}

#[test]
fn every_picture_of_a_former_pair_says_so() {
    let mut play = Play::stopped();
    let mut session = play.app().session().clone();
    play.answers_by(&session.prompt);
    session.student = folder("/models/other");
    play.set(Part::Models(Box::new(session.models())));
    for tab in ["attention", "weights"] {
        session.view.tab = tab.to_owned();
        play.harness.state_mut().ask(Action::SetView(Box::new(session.view.clone())));
        play.look(4);
        let said = play.harness.query_all_by_label("by the former pair and data").count();
        assert_eq!(said, 3, "{tab}: the lens, what each model reads, and the picture below the curves");
    }
}

#[test]
fn a_row_of_former_data_keeps_the_names_of_its_classes_and_has_no_right_answer_among_the_new() {
    let mut play = Play::stopped();
    let saved = Some(retort::link::Saved { step: 40, ..Default::default() });
    play.engine.say(Fact::Finished(Box::new(Outcome { reason: "stopped".into(), saved, ..Outcome::default() })));
    let session = play.app().session().clone();
    let data = Data { source: DataSource::BuiltIn("other".into()), ..session.data.clone() };
    play.set(Part::Data(data.clone()));
    let classes = (0..8).map(|class| format!("other {class}")).collect();
    play.opens(&session.models(), &data, Opened { classes, ..stage::opened() });
    assert!(play.says("run posts-by-topic-seed-7 · saved the student of step 40"));
    let row = &stage::predictions(30).rows[1];
    play.click(&row.text);
    let ask = play.engine.end.cells.ask.load();
    assert_eq!((ask.text.as_str(), ask.place), (row.text.as_str(), None));
    let place = play.harness.get_by_label(&row.text).rect().center();
    play.harness.hover_at(place + egui::vec2(5.0, 0.0));
    play.look(12);
    assert!(play.says("True class") && play.says("cooking  ") && !play.says("other 1  "));
}

#[test]
fn a_text_of_former_data_gives_its_place_under_the_lens_to_one_of_the_new() {
    let mut play = Play::stopped();
    let session = play.app().session().clone();
    assert_eq!(session.view.probe, stage::POST, "a sample of the first data");
    let data = Data { source: DataSource::BuiltIn("other".into()), ..session.data.clone() };
    play.set(Part::Data(data.clone()));
    let samples = vec![("A text of the other data".to_owned(), Some(0))];
    play.opens(&session.models(), &data, Opened { samples, ..stage::opened() });
    assert_eq!(play.app().session().view.probe, "A text of the other data");
    // What a person typed stays.
    let mut view = play.app().session().view.clone();
    view.probe = "typed by hand".into();
    play.harness.state_mut().ask(Action::SetView(Box::new(view)));
    play.look(4);
    play.opens(&session.models(), &session.data, stage::opened());
    assert_eq!(play.app().session().view.probe, "typed by hand");
}

#[test]
fn answers_of_a_former_session_are_not_shown_in_the_next() {
    let mut play = Play::stopped();
    let prompt = play.app().session().prompt.clone();
    play.answers_by(&prompt);
    assert!(play.says("cooking  94 %"));
    play.harness.state_mut().ask(Action::OpenBuiltIn);
    play.look(4);
    assert!(!play.says("cooking  94 %"));
}

// ---- notices

#[test]
fn a_notice_ends_with_its_cause() {
    let text = "it cannot be read";
    let cases: [(About, About, bool); 6] = [
        (About::Pair, About::Pair, true),
        (About::Pair, About::Data, false),
        (About::Data, About::Data, true),
        (About::Data, About::Prompt, false),
        (About::Prompt, About::Prompt, true),
        (About::Run, About::Pair, false),
    ];
    for (about, changed, goes) in cases {
        let mut play = Play::new();
        play.engine.say(Fact::Failed(Notice::from(text).about(about)));
        play.look(4);
        assert!(play.has(text), "{about:?}");
        let session = play.app().session().clone();
        match changed {
            About::Pair => play.set(Part::Models(Box::new(Models { teachers: Vec::new(), ..session.models() }))),
            About::Data => play.set(Part::Data(Data { validation: 0.3, ..session.data })),
            _ => drop(play.prompt("{text} is {answer}")),
        }
        assert_eq!(play.has(text), !goes, "about {about:?}, {changed:?} changed");
    }
}

#[test]
fn a_notice_goes_when_its_part_is_sound_again_or_another_session_is_opened() {
    for (about, sound) in [(About::Pair, true), (About::Data, true), (About::Prompt, false), (About::Run, false)] {
        let mut play = Play::new();
        play.engine.say(Fact::Failed(Notice::from("it cannot be read").about(about)));
        play.engine.say(Fact::Failed(Notice::from("it cannot be read").about(about)));
        play.look(4);
        assert_eq!(
            play.notices().len(),
            if about == About::Run { 2 } else { 1 },
            "{about:?}: only the newest of a part"
        );
        play.engine.reply(Reply::Opened(Box::new(stage::opened())));
        play.look(4);
        assert_eq!(play.has("it cannot be read"), !sound, "{about:?} after it could be opened");
        play.harness.state_mut().ask(Action::OpenBuiltIn);
        play.look(4);
        assert!(!play.has("it cannot be read"), "{about:?} in another session");
    }
}

#[test]
fn during_a_run_no_notice_from_before_it_takes_the_centre() {
    let mut play = Play::new();
    play.harness.state_mut().ask(Action::Open("/nowhere/session.ron".into()));
    play.wait_until(|app| !app.workspace().notices.is_empty());
    let old = play.notices()[0].clone();
    assert!(play.has(&old));
    play.click("▶ Start");
    let session = play.app().session().clone();
    play.engine.start(&session);
    play.look(4);
    assert!(!play.has(&old), "it is of before the run");
    assert!(play.has("1 notice"), "and still in the list");
    play.engine.say(Fact::Warning("a checkpoint was not written".into()));
    play.look(4);
    assert!(play.has("a checkpoint was not written"));
}

#[test]
fn what_was_said_of_a_part_before_a_run_is_past_once_the_run_has_begun() {
    let mut play = Play::new();
    play.engine.say(Fact::Failed(Notice::from("it cannot be read").about(About::Data)));
    play.look(4);
    play.click("▶ Start");
    let session = play.app().session().clone();
    play.engine.start(&session);
    play.look(4);
    assert!(play.notices().is_empty(), "{:?}", play.notices());
}

// ---- the table

fn sheet() -> Sheet {
    let column = |name: &str, distinct, mean_chars, example: &str| SheetColumn {
        name: name.into(),
        filled: 10_003,
        distinct,
        mean_chars,
        largest: Some((example.into(), 187)),
        smallest: Some(("rare".into(), 35)),
        ..SheetColumn::default()
    };
    let columns = vec![column("text", 9_980, 60.0, "I lost my card"), column("category", 77, 14.0, "card_arrival")];
    let rows = vec![vec!["I lost my card".to_owned(), "card_arrival".to_owned()]];
    Sheet { columns, rows, read: 10_003, whole: true, has_names: true, ..Sheet::default() }
}

fn previews(play: &mut Play) -> Vec<DataSource> {
    let preview = |command| if let Command::Preview(source) = command { Some(*source) } else { None };
    play.engine.heard().into_iter().filter_map(preview).collect()
}

fn opens(play: &mut Play) -> bool {
    play.engine.heard().iter().any(|command| matches!(command, Command::Open { .. }))
}

fn table(path: &str, label: &str) -> Data {
    use retort::session::{Files, Format, Roles};
    let roles = Roles::new([Column::named("text")], Some(Column::named(label)));
    let source = DataSource::from(Files { format: Format::delimited(true), roles, ..Files::of(path) });
    Data { source, ..Session::built_in().unwrap().data }
}

#[test]
fn columns_are_those_of_the_file_that_is_meant_whichever_way_its_path_came() {
    let mut play = Play::new();
    play.look_into("Data");
    play.engine.heard();
    play.harness
        .state_mut()
        .ask(Action::Use(retort::window::dialog::DialogRequest::DataFile, "/data/first.csv".into()));
    play.look(4);
    let first = previews(&mut play);
    assert_eq!(first.len(), 1, "dropped or picked");
    assert!(play.says("reading the columns"));
    play.engine.end.cells.preview.store(Some(Preview { source: first[0].clone(), found: Ok(sheet()) }));
    play.look(4);
    assert!(play.has("role of category") && !play.says("reading the columns"));
    play.harness.get_by(|node| is_field(node, "/data/first.csv")).click();
    play.look(2);
    play.press(Modifiers::COMMAND, Key::A);
    play.harness.event(egui::Event::Text("/data/second.csv".into()));
    play.look(2);
    play.press(Modifiers::NONE, Key::Enter);
    let second = previews(&mut play);
    assert!(matches!(&second[..], [source] if source.path().unwrap().ends_with("second.csv")), "typed: {second:?}");
    assert!(!play.has("role of category"), "those of the first file are not offered for the second");
    assert!(play.says("reading the columns"));
    // An answer that comes late is of the other file.
    play.engine.end.cells.preview.store(Some(Preview { source: first[0].clone(), found: Ok(sheet()) }));
    play.look(4);
    assert!(!play.has("role of category"));
    let failed = Err(retort::session::Sentence::verbatim("cannot read: no such file"));
    play.engine.end.cells.preview.store(Some(Preview { source: second[0].clone(), found: failed }));
    play.look(4);
    assert!(play.says("no such file") && !play.has("role of category"));
    play.click("Look again");
    assert_eq!(previews(&mut play), second);
}

#[test]
fn columns_of_a_table_that_came_with_the_session_are_read_too() {
    let session = Session { data: table("/data/first.csv", "category"), ..Session::built_in().unwrap() };
    let mut play = Play::of(session, None);
    assert_eq!(previews(&mut play).len(), 1);
}

#[test]
fn a_class_column_that_is_none_is_refused_with_the_likely_one_at_a_click() {
    for (label, words) in [
        ("text", "is the text itself"),
        ("labels", "The file has no column `labels`"),
        ("id", "Nearly every text would be a class of its own"),
    ] {
        let session = Session { data: table("/data/first.csv", label), ..Session::built_in().unwrap() };
        let mut play = Play::of(session, None);
        play.look_into("Data");
        let source = previews(&mut play).remove(0);
        let mut found = sheet();
        found.columns.push(SheetColumn {
            name: "id".into(),
            filled: 10_003,
            distinct: 10_003,
            ..SheetColumn::default()
        });
        play.engine.end.cells.preview.store(Some(Preview { source, found: Ok(found) }));
        // Another change: what is known to be wrong is not opened over and over.
        let data = Data { validation: 0.2, ..play.app().session().data.clone() };
        play.set(Part::Data(data));
        play.look(60);
        assert!(!opens(&mut play), "{label}");
        assert!(play.says(words), "{label}");
        play.click("Use text · class category");
        play.look(60);
        assert!(!play.says(words) && opens(&mut play), "{label}");
        assert!(play.says("77 classes · largest card_arrival 187 · smallest rare 35 · 100\u{a0}%\u{a0}have a label"));
    }
}

#[test]
fn roles_that_nobody_chose_are_guessed_once_and_can_be_taken_back() {
    let session = Session { data: table("/data/first.csv", "label"), ..Session::built_in().unwrap() };
    let mut play = Play::of(session, None);
    let source = previews(&mut play).remove(0);
    play.engine.end.cells.preview.store(Some(Preview { source, found: Ok(sheet()) }));
    play.look(60);
    let class = |play: &Play| play.app().session().data.source.files().unwrap().roles.label.clone();
    assert_eq!(class(&play), Some(Column::named("category")));
    assert!(opens(&mut play), "it is opened with them");
    play.press(Modifiers::COMMAND, Key::Z);
    play.look(60);
    assert_eq!(class(&play), Some(Column::named("label")), "what is taken back stays taken back");
}

#[test]
fn the_first_rows_stand_in_a_table_whose_heads_give_roles() {
    let session = Session { data: table("/data/first.csv", "category"), ..Session::built_in().unwrap() };
    let mut play = Play::of(session, None);
    play.look_into("Data");
    let (source, mut found) = (previews(&mut play).remove(0), sheet());
    found.columns[1].common = vec![("card_arrival".to_owned(), 187), ("rare".to_owned(), 35)];
    play.engine.end.cells.preview.store(Some(Preview { source, found: Ok(found) }));
    play.look(4);
    play.click("Show as a table");
    play.look(4);
    assert!(play.says("Data table") && play.says("different values in") && play.says("it has most to read"));
    let heads: Vec<_> = play.harness.query_all_by_role_and_label(Role::ComboBox, "role of text").collect();
    assert_eq!(heads.len(), 2, "beside the table and at its head");
    heads[1].click();
    play.look(4);
    play.harness.get_by_role_and_label(Role::Button, "second text").click();
    play.look(4);
    let roles = &play.app().session().data.source.files().unwrap().roles;
    assert_eq!((roles.text.len(), &roles.pair), (0, &Some(Column::named("text"))));
}

#[test]
fn columns_without_names_are_told_by_what_stands_in_them() {
    let mut data = table("/data/first.csv", "1");
    let files = data.source.files_mut().unwrap();
    files.format = retort::session::Format::delimited(false);
    files.roles = retort::session::Roles::new([Column::Index(0)], Some(Column::Index(1)));
    let mut play = Play::of(Session { data, ..Session::built_in().unwrap() }, None);
    play.look_into("Data");
    let (source, mut found) = (previews(&mut play).remove(0), sheet());
    found.columns.iter_mut().zip(["0", "1"]).for_each(|(column, place)| column.name = place.to_owned());
    play.engine.end.cells.preview.store(Some(Preview { source, found: Ok(found) }));
    play.look(4);
    assert!(play.says("· I lost my card") && play.says("· card_arrival"));
}

#[test]
fn roles_are_given_by_a_click_on_a_column() {
    let session = Session { data: table("/data/first.csv", "category"), ..Session::built_in().unwrap() };
    let mut play = Play::of(session, None);
    play.look_into("Data");
    let source = previews(&mut play).remove(0);
    play.engine.end.cells.preview.store(Some(Preview { source, found: Ok(sheet()) }));
    play.look(4);
    let roles = |play: &Play| play.app().session().data.source.files().unwrap().roles.clone();
    for (column, role) in [("category", "text"), ("text", "class"), ("category", "second text"), ("text", "–")] {
        play.harness.get_by_role_and_label(Role::ComboBox, &format!("role of {column}")).click();
        play.look(4);
        play.harness.get_by_role_and_label(Role::Button, role).click();
        play.look(4);
    }
    assert!(play.says("No column is the text") && !play.says("The file has no column"));
    let none = retort::session::Roles::none();
    let pair = Some(retort::session::Column::named("category"));
    assert_eq!(roles(&play), retort::session::Roles { pair, ..none });
    play.click("Guess the roles");
    play.look(4);
    let guessed = [Column::named("text")];
    assert_eq!(roles(&play), retort::session::Roles::new(guessed, Some(Column::named("category"))));
}

#[test]
fn of_a_long_path_the_end_is_shown_and_the_whole_once_it_is_typed_into() {
    let path = "/data/a/folder/within/a/folder/with/a/long/name/that/ends/in/rows.csv";
    let mut play = Play::of(Session { data: table(path, "category"), ..Session::built_in().unwrap() }, None);
    play.look_into("Data");
    let value = |play: &Play| {
        let field = play.harness.get_by(|node| {
            node.role() == Role::TextInput && node.value().is_some_and(|value| value.ends_with("rows.csv"))
        });
        field.accesskit_node().value().unwrap()
    };
    assert!(value(&play).starts_with('…') && value(&play).len() > 12, "{}", value(&play));
    play.harness.get_by(|node| is_field(node, &value(&play))).click();
    play.look(3);
    assert_eq!(value(&play), path);
    play.press(Modifiers::NONE, Key::End);
    play.harness.event(egui::Event::Text("x".into()));
    play.look(2);
    play.press(Modifiers::NONE, Key::Enter);
    let typed = play.app().session().data.source.path().unwrap();
    assert_eq!(typed.to_str(), Some(format!("{path}x").as_str()));
}

#[test]
fn few_labels_for_many_classes_are_said() {
    let mut play = Play::new();
    play.look_into("Data");
    let session = play.app().session().clone();
    let classes: Vec<String> = (0..77).map(|class| format!("class {class:02}")).collect();
    let class_counts: Vec<usize> = (0..77).map(|class| if class < 3 { 0 } else { 2 + class % 2 }).collect();
    play.opens(&session.models(), &session.data, Opened { classes, class_counts, ..stage::opened() });
    assert!(play.says("160 labelled texts for so many classes: 77 · 2.1 a class · 3 classes have none"));
    assert!(play.says("77 classes · largest"));
}

// ---- the server

#[test]
fn a_server_is_ready_only_after_it_has_answered() {
    let mut play = Play::new();
    play.look_into("Pair");
    let mut models = play.app().session().models();
    let source = Source::Server {
        url: "http://localhost:9/v1".into(),
        model: "large".into(),
        mode: Default::default(),
        key: None,
        token_limit: None,
        per_minute: None,
    };
    models.set_teacher(Some(ModelChoice::stored(source.clone())));
    play.set(Part::Models(Box::new(models.clone())));
    let data = play.app().session().data.clone();
    play.opens(&models, &data, stage::opened());
    assert!(play.has("open · server not asked yet") && play.has("not asked yet") && !play.has("ready"));
    play.engine.heard();
    play.click("Test the connection");
    let asked = |command: &Command| matches!(command, Command::Connect(asked) if **asked == source);
    assert!(play.engine.heard().iter().any(asked));
    let tell = |play: &mut Play, state| {
        let connection = Connection { url: "http://localhost:9/v1".into(), key: None, state };
        play.engine.end.cells.connection.store(Some(connection));
        play.look(4);
    };
    tell(&mut play, Reach::Failed(retort::session::Sentence::verbatim("nobody listens there")));
    assert!(play.has("the server does not answer") && play.has("nobody listens there"));
    let names = vec!["larger".to_owned(), "small".to_owned()];
    tell(&mut play, Reach::Answered { models: names, millis: 12 });
    assert!(
        play.has("ready")
            && play.says("it answers after 12 ms · 2 models")
            && play.says("its list does not have large")
    );
    play.harness.get_by_role_and_label(Role::ComboBox, "Its models").click();
    play.look(4);
    play.click("larger");
    let teacher = play.app().session().teacher().cloned().unwrap();
    assert!(matches!(teacher.source, Source::Server { model, .. } if model == "larger"));
    // What answered was another server.
    let mut models = play.app().session().models();
    if let Some(Source::Server { url, .. }) = models.teachers.first_mut().map(|teacher| &mut teacher.source) {
        *url = "http://localhost:10/v1".into();
    }
    play.set(Part::Models(Box::new(models)));
    assert!(play.has("not asked yet"));
}

#[test]
fn the_address_that_is_being_typed_is_the_one_that_is_tested() {
    let mut play = Play::new();
    play.look_into("Pair");
    play.harness.get_all_by_role_and_label(Role::ComboBox, "Model").next().unwrap().click_accesskit();
    play.look(4);
    play.harness.get_by_role_and_label(Role::Button, "Server…").click_accesskit();
    play.look(4);
    play.harness.event(egui::Event::Text("http://localhost:8123/v1".into()));
    play.look(2);
    play.engine.heard();
    play.click("Test the connection");
    let heard = play.engine.heard();
    let asked = |command: &Command| matches!(command, Command::Connect(asked) if matches!(&**asked, Source::Server { url, .. } if url == "http://localhost:8123/v1"));
    assert!(heard.iter().any(asked), "{heard:?}");
}

#[test]
fn the_field_of_a_table_that_is_chosen_has_the_keyboard() {
    for kind in ["Files", "20 Newsgroups"] {
        let mut play = Play::new();
        play.look_into("Data");
        play.harness.get_by_role_and_label(Role::ComboBox, "Source").click();
        play.look(4);
        play.click(kind);
        play.look(4);
        play.harness.event(egui::Event::Text("reviews of films".into()));
        play.look(2);
        let typed =
            play.harness.root().children_recursive().any(|node| is_field(&node.accesskit_node(), "reviews of films"));
        assert!(typed, "{kind}");
    }
}

// ---- starting

#[test]
fn every_way_to_begin_says_which_values_count() {
    let mut play = Play::running(40);
    play.turn("Temperature", 4.0);
    play.engine.change(40, retort::link::Origin::Person, super::TEMPERATURE, 2.0, 4.0);
    play.engine.say(Fact::Checkpoint { step: 40 });
    play.stop();
    for (label, values) in [
        ("▶ Start", "as the panel shows"),
        ("▶ Repeat · 1 knob change", "as recorded, not as the panel shows"),
        ("Continue the run", "with its own values"),
    ] {
        let button = play.harness.get_by_label(label);
        let described = button.accesskit_node().description();
        assert_eq!(described.as_deref(), Some(values), "{label}");
    }
    // The green one does what the sliders show.
    play.click("▶ Start");
    let start = play.engine.heard().into_iter().find_map(|command| match command {
        Command::Run(_, Order::Start { session, .. }) => Some(session),
        _ => None,
    });
    let session = start.unwrap();
    assert_eq!((session.knobs[super::TEMPERATURE], session.script.len()), (4.0, 0));
}

#[test]
fn the_way_that_stands_out_does_what_the_panel_shows_or_what_somebody_wrote_down() {
    let is_start_first = |play: &Play| {
        let place = |label: &str| play.harness.get_by_label(label).rect();
        let (start, repeat) = (place("▶ Start"), place("▶ Repeat · 1 knob change"));
        start.left() < repeat.left()
    };
    let mut play = Play::running(40);
    play.engine.change(40, retort::link::Origin::Person, super::TEMPERATURE, 2.0, 4.0);
    play.engine.say(Fact::Checkpoint { step: 40 });
    play.stop();
    assert!(is_start_first(&play), "what a hand has done meanwhile is not repeated unasked");
    let mut written = Session::built_in().unwrap();
    written.script.push(retort::session::Change { step: 3, knob: super::TEMPERATURE.into(), value: 4.0 });
    assert!(!is_start_first(&Play::of(written, None)), "a script in the file is meant");
}
