//! `retort list models`: what the Hugging Face cache holds, and what of it can be used here.

use super::{CommandError, ListArguments, Listing, answers, offered, runs};
use crate::engine::hub;
use crate::link::{Listed, ModelCatalog, human_bytes};

/// Lists what is on this machine.
///
/// # Errors
/// [`CommandError`] if the cache cannot be read.
pub fn list(listing: &Listing) -> Result<String, CommandError> {
    let ListArguments { json } = match listing {
        Listing::Models(arguments) => arguments,
        Listing::Answers(arguments) => return answers::list(arguments),
        Listing::Runs(arguments) => return runs::list(arguments),
        Listing::Offered(kind) => return Ok(offered::list(kind)),
    };
    let shelf = hub::shelf();
    if let Some(problem) = shelf.problem {
        return Err(CommandError::input(problem));
    }
    if *json {
        return Ok(serde_json::to_string(&shelf).unwrap_or_default());
    }
    let ModelCatalog { cache, memory, models, .. } = shelf;
    let folder = cache.display();
    if models.is_empty() {
        return Ok(format!("no models in {folder}; fetch one with: retort fetch OWNER/NAME"));
    }
    let head = format!(
        "{:<44} {:>10} {:>12} {:>12} {:>10} {:>10}",
        "model", "on disk", "architecture", "parameters", "teacher", "student"
    );
    let rows = models.iter().flat_map(|model| [Some(row(model)), model.problem.as_ref().map(|why| format!("  {why}"))]);
    let free = memory.map_or("unknown".to_owned(), human_bytes);
    let last = format!("memory {free}; teacher is its weights, student its weights, gradients and moments; {folder}");
    Ok([head].into_iter().chain(rows.flatten()).chain([last]).collect::<Vec<_>>().join("\n"))
}

fn row(model: &Listed) -> String {
    let mut name = match model.revision.as_str() {
        crate::session::MAIN => model.repo.clone(),
        revision => format!("{}@{}", model.repo, revision.get(..12).unwrap_or(revision)),
    };
    if let Some(file) = &model.file {
        name = format!("{name} {file}");
    }
    let needs = |bytes: Option<u64>, fits: Option<bool>| match (bytes, fits) {
        (Some(bytes), Some(false)) => format!("{} !", human_bytes(bytes)),
        (Some(bytes), _) => human_bytes(bytes),
        (None, _) => "–".to_owned(),
    };
    format!(
        "{name:<44} {:>10} {:>12} {:>12} {:>10} {:>10}",
        human_bytes(model.disk_bytes),
        model.architecture.as_deref().unwrap_or("–"),
        model.parameters.map_or("–".to_owned(), |count| count.to_string()),
        needs(model.teacher_bytes, model.fits_as_teacher),
        needs(model.student_bytes, model.fits_as_student),
    )
}
