//! `retort cache`: what is kept on disk of teachers, and room made. Rows can be made again and go first; answers of a
//! server were paid for, so they go only where that is said as well.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{CacheArguments, CommandError, row_build};
use crate::engine::cache_folder;
use crate::engine::teacher::costs::Costs;
use crate::engine::teacher::kept_answers::{self, KeptAnswers};
use crate::engine::teacher::rows_on_disk::{self, RowsOnDisk};
use crate::link::{grouped, human_bytes};

/// What is kept, and what was removed of it.
#[derive(Debug, Serialize)]
struct Kept {
    folder: PathBuf,
    rows: Vec<RowsOnDisk>,
    answers: Vec<KeptAnswers>,
    /// Files that were removed, in place of those that are kept.
    removed: Vec<PathBuf>,
    freed_bytes: u64,
    /// Files of rows that stay, because a run has them open.
    in_use: Vec<PathBuf>,
}

/// Lists what is kept, or makes room.
///
/// # Errors
/// [`CommandError`] if the cache cannot be read, or a file not be removed.
pub fn cache(arguments: &CacheArguments) -> Result<String, CommandError> {
    let folder = cache_folder::folder()
        .ok_or_else(|| CommandError::input("this system names no cache folder; set RETORT_CACHE"))?;
    if let Some(session) = &arguments.build {
        return row_build::build(session, arguments.json);
    }
    let mut kept = kept(folder)?;
    if arguments.clear {
        clear(&mut kept, arguments.paid)?;
    }
    match (arguments.json, arguments.clear) {
        (true, _) => serde_json::to_string(&kept).map_err(CommandError::run),
        (false, true) => Ok(cleared(&kept)),
        (false, false) => Ok(table(&kept)),
    }
}

fn kept(folder: PathBuf) -> Result<Kept, CommandError> {
    let unread = |e| CommandError::input(format!("cannot read what is kept: {e}: {}", folder.display()));
    let (rows, answers) = (rows_on_disk::list(&folder).map_err(unread)?, kept_answers::list(&folder).map_err(unread)?);
    Ok(Kept { folder, rows, answers, removed: Vec::new(), freed_bytes: 0, in_use: Vec::new() })
}

fn clear(kept: &mut Kept, paid: bool) -> Result<(), CommandError> {
    for rows in std::mem::take(&mut kept.rows) {
        match rows_on_disk::remove(&rows) {
            Ok(true) => {
                kept.freed_bytes += rows.bytes;
                kept.removed.push(rows.path);
            }
            Ok(false) => {
                kept.in_use.push(rows.path.clone());
                kept.rows.push(rows);
            }
            Err(e) => return Err(unremoved(&e, &rows.path)),
        }
    }
    if paid {
        for answers in std::mem::take(&mut kept.answers) {
            remove(kept, &answers.path, answers.bytes)?;
            let costs = Costs::beside(&answers.path);
            if let Ok(data) = std::fs::metadata(&costs) {
                remove(kept, &costs, data.len())?;
            }
        }
    }
    Ok(())
}

fn remove(kept: &mut Kept, path: &Path, bytes: u64) -> Result<(), CommandError> {
    match std::fs::remove_file(path) {
        Ok(()) => kept.freed_bytes += bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(unremoved(&e, path)),
    }
    kept.removed.push(path.to_owned());
    Ok(())
}

fn unremoved(error: &std::io::Error, path: &Path) -> CommandError {
    CommandError::run(format!("cannot remove a kept file: {error}: {}", path.display()))
}

fn cleared(kept: &Kept) -> String {
    let (files, freed) = (kept.removed.len(), human_bytes(kept.freed_bytes));
    let rest: u64 = kept.answers.iter().map(|answers| answers.bytes).sum();
    let rest = match rest {
        0 => String::new(),
        _ => format!("; answers of teachers stay ({}), which --paid removes too", human_bytes(rest)),
    };
    let in_use = match kept.in_use.len() {
        0 => String::new(),
        count => format!("; {count} files of rows stay, because a run that is going on has them open"),
    };
    format!("removed {files} files, {freed} freed{rest}{in_use}: {}", kept.folder.display())
}

fn table(kept: &Kept) -> String {
    if kept.rows.is_empty() && kept.answers.is_empty() {
        return format!("nothing of a teacher is kept in {}", kept.folder.display());
    }
    let head = format!("{:<24} {:<18} {:>12} {:>10}  {}", "teacher", "what", "count", "on disk", "file");
    let rows = kept.rows.iter().flat_map(|rows| [Some(of_rows(rows)), note(rows.note.as_deref())]);
    let answers = kept.answers.iter().flat_map(|answers| [Some(of_answers(answers)), note(answers.note.as_deref())]);
    let bytes = [kept.rows.iter().map(|rows| rows.bytes).sum::<u64>(), kept.answers.iter().map(|of| of.bytes).sum()];
    let last = format!(
        "{} of rows, which --clear removes, and {} of answers: {}",
        human_bytes(bytes[0]),
        human_bytes(bytes[1]),
        kept.folder.display()
    );
    [Some(head)].into_iter().chain(rows).chain(answers).flatten().chain([last]).collect::<Vec<_>>().join("\n")
}

fn of_rows(rows: &RowsOnDisk) -> String {
    let what = match (&rows.about, rows.k()) {
        (None, _) => "rows".to_owned(),
        (Some(_), Some(k)) => format!("rows, top {k}"),
        (Some(_), None) => "rows, whole".to_owned(),
    };
    let what = if rows.in_use { format!("{what}, open") } else { what };
    line(rows.teacher(), &what, rows.rows, rows.bytes, &rows.path)
}

fn of_answers(answers: &KeptAnswers) -> String {
    let what = if answers.tokens > 0 { "answers, paid" } else { "answers" };
    line(answers.teacher(), what, answers.answers as u64, answers.bytes, &answers.path)
}

fn line(teacher: &str, what: &str, count: u64, bytes: u64, path: &Path) -> String {
    let teacher = if teacher.is_empty() { "–" } else { teacher };
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    format!("{teacher:<24} {what:<18} {:>12} {:>10}  {file}", grouped(count), human_bytes(bytes))
}

fn note(note: Option<&str>) -> Option<String> {
    note.filter(|note| !note.is_empty()).map(|note| format!("  {note}"))
}
