//! `retort export`: curves of runs for other programs.

use std::path::{Path, PathBuf};

use super::output::tell;
use super::{CommandError, ExportArguments};
use crate::record::export::{Export, ExportError, Exported, Size, Target};
use crate::session::run_folder::{self, default_workspace};

/// Writes what is wanted of the runs; the result names the files.
///
/// # Errors
/// [`CommandError`]: folders that are no runs, curves that none has, files that are there already or cannot be written.
pub fn export(arguments: &ExportArguments) -> Result<String, CommandError> {
    let workspace = arguments.workspace.clone().unwrap_or_else(default_workspace);
    let runs = arguments.runs.iter().map(|run| found(run, &workspace)).collect::<Result<Vec<_>, _>>()?;
    let export = Export {
        runs,
        to: target(arguments)?,
        curves: arguments.curve.clone(),
        by_seed: arguments.group_seeds,
        logarithmic: arguments.log,
        replace: arguments.force,
    };
    let exported = export.write().map_err(|e| match e {
        ExportError::Io { .. } => CommandError::run(e),
        other => CommandError::input(other),
    })?;
    exported.notes.iter().for_each(|note| tell(format!("note: {note}")));
    Ok(words(&exported))
}

/// A run's folder, from here or in the workspace.
fn found(run: &Path, workspace: &Path) -> Result<PathBuf, CommandError> {
    let places = [run.to_owned(), workspace.join(run)];
    let there = |place: &&PathBuf| run_folder::has_journal(place) || run_folder::is_marked(place);
    places
        .iter()
        .find(there)
        .or(places.iter().find(|place| place.join(run_folder::JOURNAL).exists()))
        .cloned()
        .ok_or_else(|| {
            let (run, workspace) = (run.display(), workspace.display());
            CommandError::input(format!(
                "there is no run {run}, neither from here nor in {workspace}; retort list runs shows those there are"
            ))
        })
}

fn target(arguments: &ExportArguments) -> Result<Target, CommandError> {
    let size = Size { width: arguments.width.unwrap_or(Size::default().width), height: arguments.height };
    let ExportArguments { csv, tensorboard, svg, png, .. } = arguments;
    let targets = [
        csv.clone().map(Target::Csv),
        tensorboard.clone().map(Target::TensorBoard),
        svg.clone().map(|path| Target::Svg(path, size)),
        png.clone().map(|path| Target::Png(path, size)),
    ];
    let none = || CommandError::usage("say as what: --csv FILE, --tensorboard DIR, --svg FILE or --png FILE");
    targets.into_iter().flatten().next().ok_or_else(none)
}

fn words(exported: &Exported) -> String {
    let files = exported.files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join("\n");
    let several = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    tell(format!("{} of {} written", several(exported.curves, "curve"), several(exported.runs, "run")));
    files
}
