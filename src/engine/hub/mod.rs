//! The Hugging Face Hub: the cache on this machine that all its tools share, and downloads into it.
//!
//! *Why by hand (2026-11).* The hub crate's downloads cannot be stopped, and its errors are status
//! codes. What is spoken here is small: one listing of a repository and ranged reads of its files.
//! Reconsidered if files ever come only through another protocol than HTTP.
//!
//! Not here: what is inside the files (`model`), and who is told of progress (`run`, `headless`).

pub mod cache;
mod download;
mod error;
mod fetch;
mod http;
mod job;
pub mod list;
mod listing;
pub mod memory;
mod name;
pub mod place;
mod room;

use crate::engine::model::ModelFiles;
use crate::link::Repository;
use crate::session::{ModelChoice, Source};
pub use cache::Cache;
pub use error::HubError;
pub use fetch::{Progress, fetch, repository};
pub use list::{list, shelf};
pub use name::Name;
pub use place::Place;

/// Told of progress some ten times a second; gives false to stop.
pub type Watch<'a> = &'a mut dyn FnMut(&Progress) -> bool;

/// The files of a model, wherever a session may name one; a model of the Hub must be in the cache.
///
/// # Errors
/// [`HubError`] if a model of the Hub is not there whole, [`HubError::Model`] of the other sources.
pub fn files(choice: &ModelChoice) -> Result<ModelFiles, HubError> {
    let Some(name) = name(&choice.source)? else { return Ok(ModelFiles::find(&choice.source)?) };
    let found = Cache::at(&Place::from_env()?.cache).complete(&name, choice.needs_weights());
    let path = found.map_err(|lack| HubError::Absent { name: name.to_string(), lack })?;
    Ok(ModelFiles::find(&Source::Folder(path))?)
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
    repository(&Place::from_env()?, &Name::parse(repo, revision)?)
}

/// Sees to it that [`files`] finds the model: one of the Hub that is not in the cache is fetched.
///
/// # Errors
/// [`HubError`] in words, with the next step.
pub fn provide(choice: &ModelChoice, watch: Watch) -> Result<(), HubError> {
    let Some(name) = name(&choice.source)? else { return Ok(()) };
    let place = Place::from_env()?;
    let weights = choice.needs_weights();
    match Cache::at(&place.cache).complete(&name, weights) {
        Ok(_) => Ok(()),
        Err(_) => fetch(&place, &name, weights, watch).map(|_| ()),
    }
}
