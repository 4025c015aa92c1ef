//! Pictures of the whole window for a person to look at, drawn without a screen.
//! `RETORT_PORTRAITS=folder cargo test --test portrait -- --ignored` writes them.

#![cfg(feature = "window")]

mod stage;

use std::path::PathBuf;

use egui_kittest::Harness;
use retort::session::{Language, Session, ThemeChoice};
use retort::window::WorkbenchApp;

fn portrait(name: &str, theme: ThemeChoice, language: Language, tab: &str, midway: bool) {
    let Some(out) = std::env::var_os("RETORT_PORTRAITS").map(PathBuf::from) else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut session = Session::built_in().unwrap();
    (session.view.theme, session.view.language) = (theme, language);
    let shown = if theme == ThemeChoice::Light { egui::Theme::Light } else { egui::Theme::Dark };
    session.view.tab = tab.into();
    session.view.probe = if midway { stage::POST.into() } else { String::new() };
    let (mut harness, mut engine) =
        stage::window(Harness::builder().with_theme(shown).wgpu(), session, None, folder.path());
    if midway {
        stage::midway(&mut harness, &mut engine);
    } else {
        engine.say(retort::link::Event::Opened(Box::new(stage::opened())));
        engine.status(retort::link::Phase::Ready, 0);
        harness.run_steps(6);
    }
    save(&mut harness, &out.join(format!("{name}.png")));
}

fn save(harness: &mut Harness<'_, WorkbenchApp>, path: &std::path::Path) {
    let ground = harness.ctx.global_style().visuals.panel_fill;
    let mut picture = harness.render().unwrap();
    // The window clears itself to this colour; the test's renderer clears to nothing.
    for pixel in picture.pixels_mut() {
        let rest = u16::from(255 - pixel.0[3]);
        for (channel, under) in pixel.0.iter_mut().zip([ground.r(), ground.g(), ground.b(), 255]) {
            *channel = channel.saturating_add((u16::from(under) * rest / 255) as u8);
        }
    }
    picture.save(path).unwrap();
}

#[test]
#[ignore = "pictures for a person"]
fn the_window_midway_in_dark_english() {
    portrait("midway-dark", ThemeChoice::Dark, Language::English, "attention", true);
}

#[test]
#[ignore = "pictures for a person"]
fn the_window_midway_in_light_chinese() {
    portrait("midway-light-zh", ThemeChoice::Light, Language::Chinese, "weights", true);
}

#[test]
#[ignore = "pictures for a person"]
fn the_window_at_its_first_start() {
    portrait("first-dark", ThemeChoice::Dark, Language::English, "", false);
}
