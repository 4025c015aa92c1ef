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
pub mod list;
mod listing;
pub mod memory;
mod name;
pub mod place;
mod room;

use crate::engine::model::ModelFiles;
use crate::session::{ModelChoice, Source};
pub use cache::Cache;
pub use error::HubError;
pub use fetch::{Progress, fetch};
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
    let Source::Hub { repo, revision } = &choice.source else { return Ok(ModelFiles::find(&choice.source)?) };
    let (name, place) = (Name::parse(repo, revision)?, Place::from_env()?);
    let found = Cache::at(&place.cache).complete(&name, choice.needs_weights());
    let folder = found.map_err(|lack| HubError::Absent { name: name.to_string(), lack })?;
    Ok(ModelFiles::within(&folder)?)
}

/// Sees to it that [`files`] finds the model: one of the Hub that is not in the cache is fetched.
///
/// # Errors
/// [`HubError`] in words, with the next step.
pub fn provide(choice: &ModelChoice, watch: Watch) -> Result<(), HubError> {
    let Source::Hub { repo, revision } = &choice.source else { return Ok(()) };
    let (name, place) = (Name::parse(repo, revision)?, Place::from_env()?);
    let weights = choice.needs_weights();
    match Cache::at(&place.cache).complete(&name, weights) {
        Ok(_) => Ok(()),
        Err(_) => fetch(&place, &name, weights, watch).map(|_| ()),
    }
}
