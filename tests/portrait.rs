//! Pictures of the whole window, drawn without a screen: two that must not change, and more for a
//! person to look at:
//! `RETORT_PORTRAITS=folder cargo test --test portrait -- --ignored` writes them.

#![cfg(feature = "window")]

mod adapter;
mod stage;

use std::path::{Path, PathBuf};

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use egui_kittest::{Harness, HarnessBuilder, SnapshotResults};
use retort::link::{
    Fact, Listed, ModelCatalog, Phase, PinnedFrame, Reply, Repository, RepositoryFile, SnapshotFrame, SnapshotState,
    TopAnswer,
};
use retort::session::{ModelChoice, PinnedProbe, Session, Source, StudentSnapshot};
use retort::window::preferences::{Language, Preferences, ThemeChoice};
use retort::window::undo::Part;
use retort::window::{Action, WorkbenchApp};

/// What a picture shows.
struct Scene {
    theme: ThemeChoice,
    language: Language,
    tab: &'static str,
    /// How the window got where it is.
    play: fn(&mut Harness<'_, WorkbenchApp>, &mut stage::Engine),
}

impl Scene {
    const fn dark(play: fn(&mut Harness<'_, WorkbenchApp>, &mut stage::Engine)) -> Self {
        Self { theme: ThemeChoice::Dark, language: Language::English, tab: "attention", play }
    }

    fn portrait(self, name: &str) {
        let Some(out) = std::env::var_os("RETORT_PORTRAITS").map(PathBuf::from) else { return };
        let folder = tempfile::tempdir().unwrap();
        let mut harness = self.played(Harness::builder().wgpu(), folder.path());
        let mut picture = harness.render().unwrap();
        lay_on_ground(&harness.ctx, &mut picture);
        picture.save(out.join(format!("{name}.png"))).unwrap();
    }

    /// Compares the picture with the one kept in `tests/snapshots`, in six parts: none of them is large.
    fn snapshot(self, name: &str, results: &mut SnapshotResults) {
        let Some(graphics) = adapter::graphics() else { return };
        let folder = tempfile::tempdir().unwrap();
        let mut harness = self.played(Harness::builder().renderer(adapter::renderer(&graphics)), folder.path());
        let mut picture = harness.render().unwrap();
        lay_on_ground(&harness.ctx, &mut picture);
        let (width, height) = (picture.width() / 3, picture.height() / 2);
        for (across, down) in (0..2).flat_map(|down| (0..3).map(move |across| (across, down))) {
            let part = image::imageops::crop_imm(&picture, across * width, down * height, width, height).to_image();
            results.add(egui_kittest::try_image_snapshot(&part, format!("{name}_{}", 1 + across + 3 * down)));
        }
    }

    /// The window at the end of its play.
    fn played<'a>(self, builder: HarnessBuilder<WorkbenchApp>, folder: &Path) -> Harness<'a, WorkbenchApp> {
        let mut session = Session::built_in().unwrap();
        let preferences = Preferences { theme: self.theme, language: Some(self.language), ..Preferences::default() };
        stage::prefer(folder, preferences);
        session.view.tab = self.tab.into();
        for seed in 1..=3 {
            stage::finished_run(folder, &format!("taught-{seed}"), seed, 0.1, 10 + seed as usize);
            stage::finished_run(folder, &format!("alone-{seed}"), seed, 1.0, 2 + seed as usize);
        }
        let theme = if self.theme == ThemeChoice::Light { egui::Theme::Light } else { egui::Theme::Dark };
        let (mut harness, mut engine) = stage::window(builder.with_theme(theme), session, None, folder);
        (self.play)(&mut harness, &mut engine);
        harness
    }
}

fn first_start(harness: &mut Harness<'_, WorkbenchApp>, engine: &mut stage::Engine) {
    engine.reply(Reply::Opened(Box::new(stage::opened())));
    engine.status(Phase::Ready, 0);
    harness.run_steps(6);
}

fn unfolded(harness: &mut Harness<'_, WorkbenchApp>, engine: &mut stage::Engine, sections: &[&str]) {
    first_start(harness, engine);
    for prompt in ["Prompt", "提示"] {
        harness.query_by_role_and_label(Role::DisclosureTriangle, prompt).iter().for_each(|fold| fold.click());
        harness.run_steps(3);
    }
    for section in sections {
        harness.get_by_role_and_label(Role::DisclosureTriangle, section).click();
        harness.run_steps(6);
    }
}

/// A teacher of the Hub, one of whose files is to be chosen.
fn of_the_hub(harness: &mut Harness<'_, WorkbenchApp>, engine: &mut stage::Engine) {
    unfolded(harness, engine, &["Pair"]);
    let file = |kind: &str, mega: u64, parts| RepositoryFile {
        name: format!("Some-Model-1.7B-Instruct-{kind}.gguf"),
        bytes: Some(mega * 1_000_000),
        parts,
        unread: kind.starts_with("IQ").then(|| kind.to_owned()),
    };
    let files = vec![
        file("BF16-00001-of-00002", 3_400, 2),
        file("IQ4_XS", 980, 1),
        file("Q4_K_M", 1_100, 1),
        file("Q8_0", 1_830, 1),
    ];
    let (repo, revision) = ("owner/Some-Model-1.7B-Instruct-GGUF".to_owned(), "main".to_owned());
    let known = Repository { repo: repo.clone(), revision: revision.clone(), files, ..Repository::default() };
    engine.end.cells.repository.store(Some(known));
    let cached = |file: Option<&str>, student_bytes| Listed {
        repo: repo.clone(),
        revision: revision.clone(),
        file: file.map(str::to_owned),
        path: "snapshots".into(),
        disk_bytes: 1_100_000_000,
        architecture: Some("qwen3".into()),
        parameters: Some(1_720_000_000),
        problem: None,
        teacher_bytes: Some(2_200_000_000),
        student_bytes,
        fits_as_teacher: Some(true),
        fits_as_student: Some(false),
    };
    let models = vec![cached(Some("Some-Model-1.7B-Instruct-Q4_K_M.gguf"), None), cached(None, Some(9_000_000_000))];
    engine.end.cells.shelf.store(Some(ModelCatalog { models, ..ModelCatalog::default() }));
    let mut models = harness.state().session().models();
    let (repo, file) = (repo.clone(), Some("Some-Model-1.7B-Instruct-Q4_K_M.gguf".to_owned()));
    models.set_teacher(Some(ModelChoice::stored(Source::Hub { repo, revision: revision.clone(), file })));
    harness.state_mut().ask(Action::Set(Part::Models(Box::new(models))));
    harness.run_steps(6);
}

fn in_trouble(harness: &mut Harness<'_, WorkbenchApp>, engine: &mut stage::Engine) {
    stage::midway(harness, engine);
    let what = retort::session::Sentence::verbatim(
        "the loss of step 640 is not a finite number; the weights were left as they were",
    );
    engine.say(Fact::Trouble { step: 640, what, checkpoint: Some(600), alarm: None });
    engine.say(Fact::Warning("the teacher's cache could not be written: no space left on the device".into()));
    engine.status(Phase::Paused, 640);
    harness.run_steps(4);
}

fn finished(harness: &mut Harness<'_, WorkbenchApp>, engine: &mut stage::Engine) {
    stage::midway(harness, engine);
    engine.say(Fact::Finished(Box::new(retort::link::Outcome { reason: "stopped".into(), ..Default::default() })));
    engine.status(Phase::Stopped, 640);
    harness.run_steps(4);
    harness.state_mut().ask(Action::Ask(Some(retort::window::state::FileQuestion::Save)));
    harness.key_press(egui::Key::F12);
    harness.run_steps(4);
}

/// The window clears itself to a colour; the test's renderer clears to nothing.
fn lay_on_ground(ctx: &egui::Context, picture: &mut [u8]) {
    let ground = ctx.global_style().visuals.panel_fill;
    for pixel in picture.chunks_exact_mut(4) {
        let rest = u16::from(255 - pixel[3]);
        for (channel, under) in pixel.iter_mut().zip([ground.r(), ground.g(), ground.b(), 255]) {
            *channel = channel.saturating_add((u16::from(under) * rest / 255) as u8);
        }
    }
}

#[test]
fn the_whole_window_looks_as_it_did() {
    let mut results = SnapshotResults::new();
    Scene::dark(stage::midway).snapshot("window_dark", &mut results);
    let (theme, language) = (ThemeChoice::Light, Language::Chinese);
    Scene { theme, language, tab: "weights", play: stage::midway }.snapshot("window_light_chinese", &mut results);
}

#[test]
fn the_runs_look_as_they_did() {
    let mut results = SnapshotResults::new();
    Scene::dark(compared).snapshot("runs_dark", &mut results);
    let (theme, language) = (ThemeChoice::Light, Language::Chinese);
    Scene { theme, language, ..Scene::dark(|harness, _| runs(harness)) }.snapshot("runs_light_chinese", &mut results);
}

#[test]
fn students_side_by_side_look_as_they_did() {
    let mut results = SnapshotResults::new();
    Scene::dark(one_text).snapshot("side_by_side_dark", &mut results);
    let (theme, language) = (ThemeChoice::Light, Language::Chinese);
    Scene { theme, language, ..Scene::dark(pinned_texts) }.snapshot("side_by_side_light_chinese", &mut results);
}

/// Two states of the student and one that cannot be had, beside teacher and student.
fn one_text(harness: &mut Harness<'_, WorkbenchApp>, engine: &mut stage::Engine) {
    stage::midway(harness, engine);
    let mut view = harness.state().session().view.clone();
    let gone = StudentSnapshot::Run("runs/gone".into());
    view.probe = stage::probe().text;
    view.columns = vec![StudentSnapshot::BeforeTraining, StudentSnapshot::Checkpoint(400), gone.clone()];
    harness.state_mut().ask(Action::SetView(Box::new(view)));
    harness.state_mut().ask(Action::ShowSideBySide(true));
    harness.run_steps(4);
    let asked = engine.asked_beside();
    let why = retort::session::Sentence::verbatim("the student runs/gone: cannot read the session; check the path");
    let pinned = ["music", "travel", "sport"];
    engine.answer_beside(vec![
        stage::beside(asked.columns[0].clone(), asked.revision, ("3f09a1c2de", 0.2), &pinned),
        stage::beside(asked.columns[1].clone(), asked.revision, ("b81c44907e", 3.4), &pinned),
        SnapshotFrame { snapshot: gone, revision: asked.revision, state: SnapshotState::Refused(why) },
    ]);
    harness.run_steps(6);
}

/// Three pinned texts, one of which has flipped.
fn pinned_texts(harness: &mut Harness<'_, WorkbenchApp>, engine: &mut stage::Engine) {
    let texts = ["The oven has to be hot.", "A late train to Lisbon", "Two goals in extra time"].map(str::to_owned);
    let expected = [Some("cooking"), Some("travel"), None].map(|class: Option<&str>| class.map(str::to_owned));
    let probe = |(text, expected): (&String, Option<String>)| PinnedProbe { text: text.clone(), expected };
    let probes = texts.iter().zip(expected).map(probe).collect();
    harness.state_mut().ask(Action::Set(Part::Pinned(probes)));
    one_text(harness, engine);
    harness.get_by_label("固定的文本 (3)").click();
    harness.run_steps(3);
    let answer = |answer: &str| TopAnswer { answer: answer.into(), probability: 0.75 };
    for (step, student) in [(600, ["music", "travel", "sport"]), (640, ["cooking", "travel", "health"])] {
        let teacher = ["cooking", "travel", "sport"].map(answer).to_vec();
        let student = student.map(answer).to_vec();
        let frame = PinnedFrame { step, texts: texts.to_vec(), teacher, student, problem: None };
        engine.put(|cells| &cells.pinned, frame);
        harness.run_steps(3);
    }
    let asked = engine.asked_beside();
    let pinned = ["music", "travel", "sport"];
    let frames = asked.columns.iter().take(2).zip([("3f09a1c2de", 0.2), ("b81c44907e", 3.4)]);
    let frames = frames.map(|(column, of)| stage::beside(column.clone(), asked.revision, of, &pinned));
    engine.answer_beside(frames.collect());
    harness.run_steps(6);
}

/// The table of runs.
fn runs(harness: &mut Harness<'_, WorkbenchApp>) {
    harness.state_mut().ask(Action::ShowRuns(true));
    wait(harness, |app| app.runs().table.as_ref().is_some_and(|table| !table.rows.is_empty()));
}

/// Seeds together, and two groups compared.
fn compared(harness: &mut Harness<'_, WorkbenchApp>, _: &mut stage::Engine) {
    runs(harness);
    let click = |harness: &mut Harness<'_, WorkbenchApp>, label: &str| {
        harness.get_by_label(label).click();
        harness.run_steps(4);
    };
    click(harness, "Seeds together");
    ["taught-1", "alone-1"].into_iter().for_each(|row| click(harness, row));
    wait(harness, |app| app.runs().compared.is_some());
}

fn wait(harness: &mut Harness<'_, WorkbenchApp>, done: impl Fn(&WorkbenchApp) -> bool) {
    for _ in 0..1000 {
        harness.run_steps(1);
        if done(harness.state()) {
            return harness.run_steps(4);
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("it never happened");
}

#[test]
#[ignore = "pictures for a person"]
fn the_window_midway() {
    Scene::dark(stage::midway).portrait("midway-dark");
    let (theme, language) = (ThemeChoice::Light, Language::Chinese);
    Scene { theme, language, tab: "weights", play: stage::midway }.portrait("midway-light-zh");
    Scene { language, ..Scene::dark(|harness, engine| unfolded(harness, engine, &["数据", "配方"])) }
        .portrait("asked-zh");
}

#[test]
#[ignore = "pictures for a person"]
fn the_window_at_its_first_start() {
    Scene::dark(first_start).portrait("first-dark");
    Scene::dark(|harness, engine| unfolded(harness, engine, &["Pair"])).portrait("pair-dark");
    Scene::dark(of_the_hub).portrait("hub-dark");
    Scene::dark(|harness, engine| unfolded(harness, engine, &["Data"])).portrait("data-dark");
    Scene::dark(|harness, engine| unfolded(harness, engine, &["Recipe"])).portrait("recipe-dark");
}

#[test]
#[ignore = "pictures for a person"]
fn the_pictures_of_runs() {
    Scene::dark(|harness, engine| several(harness, engine, "Curves")).portrait("sides-dark");
    let (theme, language) = (ThemeChoice::Light, Language::Chinese);
    Scene { theme, language, ..Scene::dark(|harness, engine| several(harness, engine, "曲线")) }
        .portrait("sides-light-zh");
    Scene::dark(|harness, engine| several(harness, engine, "Settings")).portrait("settings-dark");
    Scene::dark(|harness, engine| several(harness, engine, "Parallel coordinates")).portrait("parallel-dark");
    Scene { theme, ..Scene::dark(|harness, engine| several(harness, engine, "Scatter")) }.portrait("scatter-light");
}

/// Four more runs chosen, and one of their pictures.
fn several(harness: &mut Harness<'_, WorkbenchApp>, _: &mut stage::Engine, picture: &str) {
    runs(harness);
    let home = harness.state().runs().table.as_ref().unwrap().workspace.parent().unwrap().to_owned();
    for (name, seed, alpha) in [("low", 1, 0.1), ("middle", 1, 0.5), ("again", 2, 0.5), ("high", 1, 1.0)] {
        stage::run_with_curves(&home, name, seed, alpha, true);
    }
    harness.state_mut().ask(Action::ShowRuns(true));
    wait(harness, |app| app.runs().table.as_ref().is_some_and(|table| table.rows.len() == 10));
    for row in ["low", "middle", "again", "high"] {
        harness.get_by_role_and_label(Role::Button, row).click_accesskit();
        harness.run_steps(4);
    }
    wait(harness, |app| app.runs().compared.as_ref().is_some_and(|compared| compared.sides.len() == 4));
    harness.get_by_label(picture).click();
    harness.run_steps(6);
}

#[test]
#[ignore = "pictures for a person"]
fn the_window_when_something_happened() {
    Scene::dark(in_trouble).portrait("trouble-dark");
    Scene { theme: ThemeChoice::Light, ..Scene::dark(finished) }.portrait("finished-light");
}
