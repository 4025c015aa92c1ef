//! Opens the real window, and says in one sentence why it cannot.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;

use super::app::WorkbenchApp;
use super::heatmap;
use super::preferences::Preferences;
use super::storage::Storage;
use crate::link::WatchEnd;
use crate::session::{Catalog, Sentence, Session};

/// What a bare Linux lacks to open a window with X11.
const X11: &str = "libx11-6 libx11-xcb1 libxcursor1 libxi6 libxkbcommon-x11-0";

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// No screen to draw on.
    #[error(
        "there is no display to open a window on ({0}); `cargo run --release -- run` runs the same session without one"
    )]
    NoDisplay(String),
    /// A library that is opened at run time.
    #[error("a library of the display is missing ({0}); install it with `apt-get install {X11}`")]
    NoLibrary(String),
    /// No graphics driver.
    #[error(
        "no graphics driver was found ({0}); install one with `apt-get install mesa-vulkan-drivers`, or \
         `apt-get install libegl1 libgl1-mesa-dri`"
    )]
    NoDriver(String),
    /// Anything else.
    #[error("the window could not be opened: {0}; `cargo run --release -- run` runs the same session without one")]
    Other(String),
}

impl WindowError {
    /// Reads the reason out of what the window library said.
    pub fn from_words(words: &str) -> Self {
        let has = |part: &str| words.contains(part);
        let short = words.lines().next().unwrap_or_default().to_owned();
        if has("xlib") || has("could not be loaded") || has("libxkbcommon") || has("libX") {
            Self::NoLibrary(short)
        } else if has("DISPLAY") || has("open connection to X server") || has("XOpenDisplay") || has("NoCompositor") {
            Self::NoDisplay(short)
        } else if has("create surface") || has("adapter") || has("Adapter") {
            Self::NoDriver(short)
        } else {
            Self::Other(short)
        }
    }
}

/// How the window is opened.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Folder of the window's own files; the system's place for them where `None`.
    pub storage: Option<PathBuf>,
    /// Folder in which the runs lie this time; the chosen one where `None`.
    pub workspace: Option<PathBuf>,
    /// Why the session that was asked for is not the one that is shown.
    pub trouble: Option<Sentence>,
}

/// Opens the window and stays until it is closed.
///
/// # Errors
/// [`WindowError`] saying what the system lacks.
pub fn run(
    watch: WatchEnd,
    catalog: Catalog,
    session: Session,
    path: Option<PathBuf>,
    options: Options,
) -> Result<(), WindowError> {
    let storage = Storage::open(options.storage.unwrap_or_else(Storage::default_root));
    // What is wrong with them is said in the window.
    let (preferences, _) = storage.preferences();
    show(preferences, move |cc| {
        let mut app = WorkbenchApp::new(&cc.egui_ctx, watch, catalog, session, path, storage);
        options.workspace.iter().for_each(|folder| app.open_workspace(folder));
        options.trouble.iter().for_each(|trouble| app.say_unopened(trouble));
        Box::new(app)
    })
}

/// Opens a window with what `make` puts into it, and stays until it is closed.
pub(super) fn show(
    preferences: Preferences,
    make: impl FnOnce(&eframe::CreationContext<'_>) -> Box<dyn eframe::App>,
) -> Result<(), WindowError> {
    refuse_without_display()?;
    let native = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Retort")
            .with_app_id("retort")
            .with_inner_size(preferences.opening_size())
            .with_maximized(preferences.maximized)
            .with_min_inner_size([Preferences::LEAST_SIZE.0, Preferences::LEAST_SIZE.1]),
        renderer: eframe::Renderer::Wgpu,
        ..Default::default()
    };
    let open = move || {
        let make = move |cc: &eframe::CreationContext<'_>| -> Result<Box<dyn eframe::App>, _> {
            heatmap::install(&cc.egui_ctx, cc.wgpu_render_state.as_ref());
            Ok(make(cc))
        };
        eframe::run_native("Retort", native, Box::new(make))
    };
    // One missing library makes the window library panic instead of failing; any other panic is
    // a bug and goes on its way.
    match catch_unwind(AssertUnwindSafe(open)) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(e)) => Err(WindowError::from_words(&format!("{e}"))),
        Err(panic) => match words_of(panic.as_ref()) {
            Some(words) if words.contains("could not be loaded") => Err(WindowError::NoLibrary(words)),
            _ => resume_unwind(panic),
        },
    }
}

fn words_of(panic: &(dyn Any + Send)) -> Option<String> {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
}

/// On X11 and Wayland the absence of both is known beforehand, and no half-opened library has to
/// be cleaned up.
fn refuse_without_display() -> Result<(), WindowError> {
    if !cfg!(all(unix, not(target_os = "macos"))) {
        return Ok(());
    }
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(set) {
        return Ok(());
    }
    Err(WindowError::NoDisplay("neither DISPLAY nor WAYLAND_DISPLAY is set".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_failure_names_what_to_do() {
        let cases = [
            ("WGPU error: Failed to create surface for any enabled backend: {}", "mesa-vulkan-drivers"),
            ("winit EventLoopError: neither WAYLAND_DISPLAY nor WAYLAND_SOCKET nor DISPLAY is set.", "-- run"),
            ("os error: Failed to open connection to X server", "-- run"),
            ("os error: Failed to load one of xlib's shared libraries", "libx11-6"),
            ("Library libxkbcommon-x11.so could not be loaded.", "libxkbcommon-x11-0"),
            ("something else", "-- run"),
        ];
        for (words, advice) in cases {
            let sentence = WindowError::from_words(words).to_string();
            assert!(sentence.contains(advice), "{words}: {sentence}");
        }
    }
}
