//! Choosing where a model comes from, by accessible label, with an engine that the test plays.
#![cfg(feature = "window")]

mod stage;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use retort::link::{
    Budget, Checkup, Command, Fact, Finding, KeyNews, KeyState, Listed, ModelCatalog, ModelSize, Phase, Reply,
    Repository, RepositoryFile, Status, Subject,
};
use retort::session::{Chat, Init, LayerMap, MAIN, Sentence, ServerMode, Session, Source, Vocabulary};
use retort::window::WorkbenchApp;
use stage::Engine;

type Window = Harness<'static, WorkbenchApp>;

/// A window with the pair unfolded.
fn open(folder: &tempfile::TempDir) -> (Window, Engine) {
    let (mut window, mut engine) = stage::window(Harness::builder(), Session::built_in().unwrap(), None, folder.path());
    engine.say(Fact::Opened(Box::new(stage::opened())));
    engine.status(Phase::Ready, 0);
    window.run_steps(4);
    window.get_by_role_and_label(Role::DisclosureTriangle, "Pair").click();
    window.run_steps(6);
    (window, engine)
}

/// Picks from the first list of models, the teacher's, or the second, the student's.
fn pick(window: &mut Window, place: usize, label: &str) {
    let list = window.get_all_by_role_and_label(Role::ComboBox, "Model").nth(place).unwrap();
    list.click();
    window.run_steps(4);
    window.get_by_label(label).click();
    window.run_steps(4);
}

/// Types into the field with this hint.
fn type_into(window: &mut Window, hint: &str, text: &str) {
    let field = |window: &mut Window| {
        window.get_by(|node| node.placeholder() == Some(hint)).click();
        window.run_steps(2);
    };
    field(window);
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.event(egui::Event::Text(text.into()));
    window.run_steps(2);
    window.key_press(Key::Enter);
    window.run_steps(4);
}

fn listed(repo: &str) -> Listed {
    Listed {
        repo: repo.into(),
        revision: MAIN.into(),
        file: None,
        path: "snapshots".into(),
        disk_bytes: 90_000_000,
        architecture: Some("bert".into()),
        parameters: Some(22_700_000),
        problem: None,
        teacher_bytes: Some(90_800_000),
        student_bytes: Some(363_200_000),
        fits_as_teacher: Some(true),
        fits_as_student: Some(false),
    }
}

#[test]
fn a_model_of_the_cache_is_chosen_by_a_click() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, mut engine) = open(&folder);
    engine.heard();
    pick(&mut window, 1, "Hugging Face…");
    let asks = |heard: &[Command]| heard.iter().filter(|command| matches!(command, Command::List)).count();
    let heard = engine.heard();
    assert_eq!(asks(&heard), 1, "the cache is looked at once");
    assert!(!heard.iter().any(|command| matches!(command, Command::Open { .. })), "half a choice is not opened");
    let broken = Listed {
        problem: Some(Sentence::verbatim("config.json: the model type \"x\" is not known")),
        ..listed("a/broken")
    };
    let models = vec![listed("sentence/small"), broken];
    engine.end.cells.shelf.store(Some(ModelCatalog { models, ..ModelCatalog::default() }));
    window.run_steps(4);
    window.get_by_label("a/broken").click();
    window.run_steps(4);
    let chosen = window.state().session().student.source.title();
    assert_eq!(chosen, "posts-student", "what cannot be opened cannot be chosen");
    window.get_by_label("sentence/small").click();
    window.run_steps(10);
    let wanted = Source::hub("sentence/small");
    assert_eq!(window.state().session().student.source, wanted);
    assert_eq!(window.state().session().student.init, Init::Fresh, "choosing a source sets nothing else");
    let heard = engine.heard();
    assert!(heard.iter().any(|command| matches!(command, Command::Open { .. })), "a whole choice is opened");
    assert_eq!(asks(&heard), 0);
    window.get_by_label("Look again").click();
    window.run_steps(4);
    assert_eq!(asks(&engine.heard()), 1);
    engine.status(Phase::Ready, 0);
}

#[test]
fn a_name_is_taken_when_it_is_finished_and_its_fetch_can_be_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, mut engine) = open(&folder);
    pick(&mut window, 0, "Hugging Face…");
    engine.heard();
    type_into(&mut window, "owner/name", "owner/teacher");
    let wanted = Source::hub("owner/teacher");
    assert_eq!(window.state().session().teacher().unwrap().source, wanted);
    let what = Sentence::verbatim("fetching owner/teacher");
    engine.reply(Reply::Status(Status { phase: Phase::Opening, what, done: 10, total: 100, ..Status::default() }));
    window.run_steps(4);
    engine.heard();
    window.get_by_label("Stop fetching").click();
    window.run_steps(4);
    assert!(engine.heard().iter().any(|command| command.is_stop()));
}

#[test]
fn a_gguf_file_of_a_repository_is_chosen_by_a_click() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, mut engine) = open(&folder);
    pick(&mut window, 0, "Hugging Face…");
    type_into(&mut window, "owner/name", "owner/quantised");
    let width = |window: &Window| window.get_by_label("List them").rect().right();
    let before = width(&window);
    engine.heard();
    window.get_by_label("List them").click();
    window.run_steps(4);
    let asked = |command: &Command| matches!(command, Command::Files { repo, revision } if repo == "owner/quantised" && revision == MAIN);
    assert!(engine.heard().iter().any(asked));
    let file = |name: &str, bytes, parts| RepositoryFile { name: name.into(), bytes: Some(bytes), parts, unread: None };
    let long = "BF16/a-model-with-a-name-that-no-column-would-ever-hold-instruct-00001-of-00002.gguf";
    let files = vec![file("quantised-Q4_K_M.gguf", 400_000_000, 1), file(long, 1_200_000_000, 2)];
    let known = |repo: &str| Repository {
        repo: repo.into(),
        revision: MAIN.into(),
        files: files.clone(),
        ..Repository::default()
    };
    engine.end.cells.repository.store(Some(known("owner/another")));
    window.run_steps(4);
    assert!(window.query_by_label(long).is_none(), "an answer about another repository");
    // As the engine fills the cell when it was told to open a repository of several files.
    engine.end.cells.repository.store(Some(known("owner/quantised")));
    engine.status(Phase::Failed, 0);
    window.run_steps(6);
    assert_eq!(width(&window), before, "no row pushes the column open");
    let source = |window: &Window| window.state().session().teacher().unwrap().source.clone();
    for name in [long, "quantised-Q4_K_M.gguf"] {
        engine.heard();
        window.get_by_label(name).click();
        window.run_steps(10);
        assert_eq!(source(&window), Source::hub(&format!("owner/quantised/{name}")));
        assert!(
            engine.heard().iter().any(|command| matches!(command, Command::Open { .. })),
            "it is fetched and opened"
        );
    }
    assert!(window.query_by_label("The model as a whole").is_none(), "there is nothing but files");
    engine.end.cells.repository.store(Some(Repository { whole: true, ..known("owner/quantised") }));
    window.run_steps(4);
    window.get_by_label("The model as a whole").click();
    window.run_steps(10);
    assert_eq!(source(&window), Source::hub("owner/quantised"));
    let problem = Some(Sentence::verbatim("the Hub does not give out owner/quantised"));
    engine.end.cells.repository.store(Some(Repository { problem, ..known("owner/quantised") }));
    window.run_steps(4);
    assert!(window.query_by_label_contains("does not give out").is_some());
}

#[test]
fn a_gguf_file_of_the_cache_is_chosen_by_a_click_and_only_teaches() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, mut engine) = open(&folder);
    let quantised = Listed { file: Some("q/a-Q8_0.gguf".into()), student_bytes: None, ..listed("owner/quantised") };
    engine.end.cells.shelf.store(Some(ModelCatalog { models: vec![quantised], ..ModelCatalog::default() }));
    pick(&mut window, 1, "Hugging Face…");
    assert!(window.query_by_label("List them").is_none(), "a student is no GGUF file");
    window.get_by_label("owner/quantised q/a-Q8_0.gguf").click();
    window.run_steps(4);
    assert_eq!(window.state().session().student.source.title(), "posts-student");
    type_into(&mut window, "owner/name", "owner/quantised/q/a-Q8_0.gguf");
    let student = window.state().session().student.source.clone();
    assert!(matches!(student, Source::Hub { file: None, .. }), "{student:?}");
    pick(&mut window, 1, "Posts student");
    pick(&mut window, 0, "Hugging Face…");
    let source = |window: &Window| window.state().session().teacher().unwrap().source.clone();
    type_into(&mut window, "owner/name", "owner/other/b.gguf");
    assert_eq!(source(&window), Source::hub("owner/other/b.gguf"));
    window.get_by_label("owner/quantised q/a-Q8_0.gguf").click();
    window.run_steps(10);
    assert_eq!(source(&window), Source::hub("owner/quantised/q/a-Q8_0.gguf"));
    engine.status(Phase::Ready, 0);
}

#[test]
fn a_server_is_described_by_four_fields_and_never_by_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, mut engine) = open(&folder);
    pick(&mut window, 0, "Server…");
    engine.heard();
    type_into(&mut window, "http://localhost:8000/v1", "http://localhost:8000/v1");
    assert!(!engine.heard().iter().any(|command| matches!(command, Command::Open { .. })), "no model is named yet");
    type_into(&mut window, "model name", "large");
    type_into(&mut window, "none, or its name", "SOME_KEY");
    window.get_by_label("Chat").click();
    window.run_steps(10);
    let wanted = Source::Server {
        url: "http://localhost:8000/v1".into(),
        model: "large".into(),
        mode: ServerMode::Chat,
        key: Some("SOME_KEY".into()),
        token_limit: None,
        per_minute: None,
    };
    assert_eq!(window.state().session().teacher().unwrap().source, wanted);
    assert!(engine.heard().iter().any(|command| matches!(command, Command::Open { .. })));
}

#[test]
fn a_key_goes_to_the_keyring_and_stays_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, mut engine) = open(&folder);
    pick(&mut window, 0, "Server…");
    type_into(&mut window, "http://localhost:8000/v1", "https://api.example.com/v1");
    type_into(&mut window, "model name", "large");
    type_into(&mut window, "none, or its name", "sk-TheKeyItself");
    let key = |window: &Window| window.state().session().teacher().unwrap().source.key().cloned();
    assert_eq!(key(&window), None, "a key in the place of its name is not taken");
    assert!(window.query_by_label_contains("never the key itself").is_some());
    window.get_by_label("Keyring").click();
    window.run_steps(4);
    assert_eq!(key(&window), Some("keyring:api.example.com".into()), "the server's own name to begin with");
    engine.heard();
    window.get_by(|node| node.placeholder() == Some("paste the key")).click();
    window.run_steps(2);
    window.event(egui::Event::Text("sk-TheKeyItself".into()));
    // Long enough for the field to take down what could be undone.
    window.run_steps(40);
    window.get_by_label("Store").click();
    window.run_steps(4);
    let heard = engine.heard();
    let stored = heard.iter().find_map(|command| match command {
        Command::StoreKey { name, key, host } => Some((name.as_str(), &**key, host.as_ref().unwrap().to_string())),
        _ => None,
    });
    let key_itself = retort::link::Secret::new("sk-TheKeyItself".into());
    assert_eq!(stored, Some(("api.example.com", &key_itself, "https://api.example.com".to_owned())));
    assert!(!format!("{heard:?}").contains("TheKey"), "nothing that is shown has it");
    window.get_by(|node| node.placeholder() == Some("paste the key")).click();
    window.run_steps(2);
    window.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.run_steps(4);
    assert!(
        window.query_by(|node| node.placeholder() == Some("paste the key")).is_some(),
        "its own undo gives nothing back"
    );
    let session = retort::session::file::to_text(window.state().session()).unwrap();
    assert!(session.contains("keyring:api.example.com") && !session.contains("TheKey"));
    for (state, words) in [
        (KeyState::Storing, "asking the keyring…"),
        (KeyState::Failed(Sentence::verbatim("it is locked")), "it is locked"),
        (KeyState::Stored, "the key is in the keyring"),
    ] {
        engine.end.cells.key.store(Some(KeyNews { name: "api.example.com".into(), state }));
        window.run_steps(4);
        assert!(window.query_by_label(words).is_some(), "{words}");
    }
}

#[test]
fn a_servers_price_stands_beside_its_limit() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, mut engine) = open(&folder);
    pick(&mut window, 0, "Server…");
    type_into(&mut window, "http://localhost:8000/v1", "http://localhost:8000/v1");
    type_into(&mut window, "model name", "large");
    let limit = Some(2_000_000);
    let budget = Budget { questions: 8000, known: 500, prompt_tokens: 2_400_000, limit, ..Budget::default() };
    engine.say(Fact::Counted(Some(budget)));
    window.run_steps(4);
    assert!(window.query_by_label_contains("2.4\u{a0}M tokens to pay · 7.5\u{a0}k of 8\u{a0}k questions").is_some());
    assert!(window.query_by_label_contains("More than the token limit").is_some());
    engine.heard();
    window.get_by_label("if any").click_accesskit();
    window.run_steps(4);
    std::thread::sleep(std::time::Duration::from_millis(10));
    window.run_steps(60);
    let counted = |heard: Vec<Command>| heard.iter().filter(|command| matches!(command, Command::Count(_))).count();
    assert_eq!(counted(engine.heard()), 1, "another prompt has another price");
}

#[test]
fn a_student_is_made_of_the_teachers_layers() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, mut engine) = open(&folder);
    engine.heard();
    window.get_by_role_and_label(Role::ComboBox, "Weights").click();
    window.run_steps(4);
    window.get_by_label("Layers of the teacher by hand").click();
    window.run_steps(4);
    type_into(&mut window, "0, 2, 4", "0, 3");
    window.get_by_label("Trimmed").click();
    window.run_steps(4);
    let student = window.state().session().student.clone();
    assert_eq!(student.init, Init::layers(LayerMap::Pick(vec![0, 3])));
    assert_eq!(student.vocabulary, Vocabulary::Trimmed);
    let weighed = engine.heard().into_iter().filter(|command| matches!(command, Command::Weigh(_))).count();
    assert_eq!(weighed, 3, "every choice is weighed");
    let size = ModelSize { parameters: 1_200_000, weight_bytes: 4_800_000, ..ModelSize::default() };
    engine.reply(Reply::Weighed(Some(size)));
    window.run_steps(4);
    assert!(window.query_by_label_contains("1.2\u{a0}M parameters · 4.8\u{a0}MB").is_some());
    window.get_by_role_and_label(Role::ComboBox, "Weights").click();
    window.run_steps(4);
    window.get_by_label("Random").click();
    window.run_steps(4);
    assert_eq!(window.state().session().student.init, Init::Fresh);
}

#[test]
fn an_instruct_teacher_is_asked_through_its_template_at_a_click() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, _engine) = open(&folder);
    window.get_by_label("if any").click_accesskit();
    window.run_steps(4);
    assert_eq!(window.state().session().prompt.chat, Chat::Auto);
}

#[test]
fn a_check_up_is_asked_for_and_its_rows_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, mut engine) = open(&folder);
    for part in ["Pair", "Prompt", "Check-up"] {
        window.get_by_role_and_label(Role::DisclosureTriangle, part).click();
        window.run_steps(6);
    }
    engine.heard();
    window.get_by_label("Check now").click();
    window.run_steps(4);
    assert!(engine.heard().iter().any(|command| matches!(command, Command::Examine(_))));
    let findings = vec![
        Finding::green(Subject::Opening, Sentence::verbatim("models and data open")),
        Finding::amber(
            Subject::Positions,
            Sentence::verbatim("12 of 64 texts are cut"),
            Sentence::verbatim("raise the longest input"),
        ),
        Finding::red(
            Subject::LabelWords,
            Sentence::verbatim("two classes share a word"),
            Sentence::verbatim("give each its own"),
        ),
    ];
    engine.reply(Reply::Examined(Box::new(Checkup { findings, student: None })));
    window.run_steps(4);
    for words in ["Models and data", "12 of 64 texts are cut", "→ raise the longest input", "→ give each its own"] {
        assert!(window.query_by_label(words).is_some(), "{words}");
    }
    assert!(window.query_by_label("of the session as it was before").is_none());
    for part in ["Check-up", "Pair"] {
        window.get_by_role_and_label(Role::DisclosureTriangle, part).click();
        window.run_steps(6);
    }
    pick(&mut window, 0, "None");
    for part in ["Pair", "Check-up"] {
        window.get_by_role_and_label(Role::DisclosureTriangle, part).click();
        window.run_steps(6);
    }
    assert!(window.query_by_label("of the session as it was before").is_some(), "the pair has changed since");
}

#[test]
fn a_server_is_asked_about_eight_texts_only_at_a_click_beside_their_price() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, mut engine) = open(&folder);
    for part in ["Pair", "Prompt", "Check-up"] {
        window.get_by_role_and_label(Role::DisclosureTriangle, part).click();
        window.run_steps(6);
    }
    let asks = |engine: &mut Engine| engine.heard().iter().filter(|c| matches!(c, Command::ExamineAsking(_))).count();
    const ASK: &str = "Ask the server about a few texts";
    window.get_by_label("Check now").click();
    window.run_steps(4);
    let examined = |engine: &mut Engine, row: Finding| {
        engine.reply(Reply::Examined(Box::new(Checkup { findings: vec![row], student: None })));
    };
    // Without a price there is nothing to ask: a model in this process, or answers that are kept.
    examined(&mut engine, Finding::green(Subject::Answers, Sentence::verbatim("8 texts were answered")));
    window.run_steps(4);
    assert!(window.query_by_label(ASK).is_none());
    let priced = || {
        let row = Finding::green(Subject::Answers, Sentence::verbatim("the server was not asked"));
        row.with("ask_texts", 8.0).with("ask_tokens", 1250.0)
    };
    examined(&mut engine, priced());
    window.run_steps(4);
    let told = format!("8 questions, about {} tokens", retort::link::grouped(1250));
    let price = window.get_by_label(&told);
    let button = window.get_by_label(ASK);
    let (price, at) = (price.rect(), button.rect());
    assert!((price.center().y - at.center().y).abs() < at.height(), "the price does not stand beside the button");
    assert_eq!(asks(&mut engine), 0, "the server was asked before the click");
    window.get_by_label(ASK).click();
    window.run_steps(4);
    assert_eq!(asks(&mut engine), 1);
    // Nor is it asked again by itself once the answers are there.
    examined(
        &mut engine,
        Finding::green(Subject::Answers, Sentence::verbatim("8 texts were answered")).with("paid_tokens", 1250.0),
    );
    window.run_steps(8);
    assert!(asks(&mut engine) == 0 && window.query_by_label(ASK).is_none());
    // A price of another session is none.
    examined(&mut engine, priced());
    let mut recipe = window.state().session().recipe.clone();
    recipe.batch += 1;
    window.state_mut().ask(retort::window::Action::Set(retort::window::undo::Part::Recipe(recipe)));
    window.run_steps(8);
    window.get_by_label(ASK).click();
    window.run_steps(4);
    assert_eq!(asks(&mut engine), 0, "what is asked is not what was priced");
}

#[test]
fn a_student_cannot_stand_behind_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, _engine) = open(&folder);
    window.get_all_by_role_and_label(Role::ComboBox, "Model").nth(1).unwrap().click();
    window.run_steps(4);
    assert!(window.query_by_label("Server…").is_none());
    assert!(window.query_by_label("Hugging Face…").is_some());
}
