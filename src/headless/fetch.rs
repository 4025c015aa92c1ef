//! `retort fetch`: a model from the Hub into the cache, with a progress bar.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{CommandError, FetchArguments};
use crate::engine::hub::{self, HubConfig, HubError, Name, Progress};
use crate::link::Missing;

/// Fetches a model; the result is the folder it lies in, or its GGUF file.
///
/// # Errors
/// [`CommandError`]: a name that is none is an input error, a fetch that fails a run error.
pub fn fetch(arguments: &FetchArguments) -> Result<String, CommandError> {
    let name = Name::parse(&arguments.model, &arguments.revision);
    let name = name.and_then(|name| name.with_file(arguments.file.as_deref())).map_err(CommandError::input)?;
    let place = HubConfig::from_env().map_err(CommandError::input)?;
    let bar = bar();
    let path = hub::fetch(&place, &name, true, &mut |progress| show(&bar, progress)).map_err(failed)?;
    bar.finish_and_clear();
    if arguments.json {
        let (repo, revision, file) = (name.repo(), name.revision(), name.file());
        let done = serde_json::json!({ "repo": repo, "revision": revision, "file": file, "path": path });
        return Ok(done.to_string());
    }
    Ok(format!("{} is in {}", name.repo(), path.display()))
}

/// Fetches a model that a session needs.
///
/// # Errors
/// As [`fetch`].
pub(super) fn download(missing: &Missing) -> Result<(), CommandError> {
    let bar = bar();
    hub::download(missing, &mut |progress| show(&bar, progress)).map_err(failed)?;
    bar.finish_and_clear();
    Ok(())
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {msg} · {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// What the person asked for is input; what happens on the way is not.
fn failed(error: HubError) -> CommandError {
    let input = matches!(
        error,
        HubError::NotFound { .. }
            | HubError::Useless { .. }
            | HubError::Choose(_)
            | HubError::NoFile(..)
            | HubError::Offline { .. }
            | HubError::Model(_)
    );
    if input { CommandError::input(error) } else { CommandError::run(error) }
}

fn show(bar: &ProgressBar, progress: &Progress) -> bool {
    if progress.total > 0 {
        bar.set_length(progress.total);
    }
    bar.set_position(progress.done);
    bar.set_message(progress.file.clone());
    true
}
