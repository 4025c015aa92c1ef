//! `retort list answers`: the kept answers of teachers, file by file.

use super::{CommandError, ListArguments};
use crate::engine::cache_folder;
use crate::engine::teacher::kept_answers::{self, KeptAnswers};
use crate::link::{grouped, human_bytes};

/// Lists what is kept; nothing is written or removed.
///
/// # Errors
/// [`CommandError`] if the cache cannot be read.
pub fn list(arguments: &ListArguments) -> Result<String, CommandError> {
    let folder = cache_folder::folder()
        .ok_or_else(|| CommandError::input("this system names no cache folder; set RETORT_CACHE"))?;
    let found = kept_answers::list(&folder)
        .map_err(|e| CommandError::input(format!("cannot read the kept answers: {e}: {}", folder.display())))?;
    if arguments.json {
        return serde_json::to_string(&found).map_err(CommandError::run);
    }
    if found.is_empty() {
        return Ok(format!("no answers are kept in {}", folder.display()));
    }
    let head = format!("{:<24} {:>9} {:>10} {:>14}  {}", "teacher", "answers", "on disk", "tokens paid", "file");
    let rows = found.iter().flat_map(|kept| [Some(row(kept)), note(kept)]).flatten();
    let tokens: u64 = found.iter().map(|kept| kept.tokens).sum();
    let bytes: u64 = found.iter().map(|kept| kept.bytes).sum();
    let last = format!(
        "{} files, {}, {} tokens paid; none is ever removed by retort: {}",
        found.len(),
        human_bytes(bytes),
        grouped(tokens),
        folder.display()
    );
    Ok([head].into_iter().chain(rows).chain([last]).collect::<Vec<_>>().join("\n"))
}

fn row(kept: &KeptAnswers) -> String {
    let name = if kept.teacher().is_empty() { "–" } else { kept.teacher() };
    let tokens = if kept.tokens > 0 { grouped(kept.tokens) } else { "–".to_owned() };
    let file = kept.path.file_name().unwrap_or_default().to_string_lossy();
    format!("{name:<24} {:>9} {:>10} {tokens:>14}  {file}", kept.answers, human_bytes(kept.bytes))
}

fn note(kept: &KeptAnswers) -> Option<String> {
    let withdrawn = (kept.withdrawn > 0).then(|| format!("{} more say nothing and are asked anew", kept.withdrawn));
    let said: Vec<&str> = kept.note.as_deref().into_iter().chain(withdrawn.as_deref()).collect();
    (!said.is_empty()).then(|| format!("  {}", said.join("; ")))
}
