//! The Hugging Face Hub: the cache on this machine that all its tools share, and downloads into it.
//!
//! *Why by hand (2026-11).* The hub crate's downloads cannot be stopped, and its errors are status
//! codes. What is spoken here is small: one listing of a repository and ranged reads of its files.
//! Reconsidered if files ever come only through another protocol than HTTP.
//!
//! Not here: what is inside the files (`model`), and who is told of progress (`run`, `headless`).

pub mod cache;
mod download;
mod fetch;
mod http;
pub mod hub_config;
mod hub_error;
mod job;
pub mod list;
mod listing;
pub mod memory;
mod name;
mod progress;
pub mod room;

use crate::engine::model::ModelFiles;
use crate::link::{Missing, Repository};
use crate::session::{ModelChoice, Session, Source};
pub use cache::Cache;
pub use fetch::{fetch, repository};
pub use hub_config::HubConfig;
pub use hub_error::HubError;
pub use list::{list, shelf};
pub use name::Name;
pub use progress::Progress;

/// Told of progress some ten times a second; gives false to stop.
pub type ProgressSink<'a> = &'a mut dyn FnMut(&Progress) -> bool;

/// The files of a model, wherever a session may name one; a model of the Hub must be in the cache.
///
/// # Errors
/// [`HubError`] if a model of the Hub is not there whole, [`HubError::Model`] of the other sources.
pub fn files(choice: &ModelChoice) -> Result<ModelFiles, HubError> {
    let Some(name) = name(&choice.source)? else { return Ok(ModelFiles::find(&choice.source)?) };
    let (cache, weights) = (Cache::at(&HubConfig::from_env()?.cache), choice.needs_weights());
    let path = cache.complete(&name, weights).map_err(|lack| cache.absent(&name, weights, lack))?;
    Ok(ModelFiles::find(&Source::Folder(path))?)
}

/// What [`files`] would miss of a model of the Hub; `None` of one that is whole in the cache and of other
/// sources. The Hub is not asked.
///
/// # Errors
/// [`HubError`] if it cannot be named, or there is no cache.
pub fn missing(choice: &ModelChoice) -> Result<Option<Missing>, HubError> {
    let Some(name) = name(&choice.source)? else { return Ok(None) };
    let (cache, weights) = (Cache::at(&HubConfig::from_env()?.cache), choice.needs_weights());
    Ok(cache.complete(&name, weights).err().map(|lack| cache.absent(&name, weights, lack)))
}

/// Fetches a model that is [`missing`]. Whoever calls this has been told to.
///
/// # Errors
/// [`HubError`] in words, with the next step.
pub fn download(missing: &Missing, watch: ProgressSink) -> Result<(), HubError> {
    let name = Name::parse(&missing.repo, &missing.revision)?.with_file(missing.file.as_deref())?;
    fetch(&HubConfig::from_env()?, &name, missing.weights, watch).map(|_| ())
}

/// The session with every model of the Hub at the commit that its revision stands for in the cache; what
/// is not there keeps its revision.
pub fn pinned(session: &Session) -> Session {
    let mut session = session.clone();
    for choice in session.teachers.iter_mut().chain([&mut session.student]) {
        let of = choice.init.layers_of_mut();
        of.into_iter().chain([&mut choice.source]).for_each(pin);
    }
    session
}

fn pin(source: &mut Source) {
    let (Ok(Some(name)), Ok(place)) = (name(source), HubConfig::from_env()) else { return };
    let snapshot = Cache::at(&place.cache).snapshot(&name);
    let commit = snapshot.as_deref().and_then(|folder| folder.file_name()?.to_str()).map(str::to_owned);
    if let Some(commit) = commit {
        *source = source.clone().at(commit);
    }
}

/// The model a session means, if it is one of the Hub.
fn name(source: &Source) -> Result<Option<Name>, HubError> {
    let Source::Hub { repo, revision, file } = source else { return Ok(None) };
    Name::parse(repo, revision)?.with_file(file.as_deref()).map(Some)
}

/// What there is to choose from in a repository of the Hub, as this machine reaches it.
///
/// # Errors
/// [`HubError`] in words, with the next step.
pub fn look(repo: &str, revision: &str) -> Result<Repository, HubError> {
    repository(&HubConfig::from_env()?, &Name::parse(repo, revision)?)
}
