//! A whole model, from the Hub into the cache, on a thread of its own: the caller is asked ten times
//! a second whether it still wants it, and a stop takes effect at once, even of a dead connection.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};

use super::download;
use super::job::Job;
use super::listing::{Listing, RemoteFile};
use super::progress::{Progress, REPORT};
use super::{Cache, HubConfig, HubError, Name, ProgressSink};
use crate::engine::model::{self, Config, ModelError, shards, text};
use crate::link::Repository;
use crate::session::{Sentence, say};

/// Fetches what is needed of a model, with or without its weights, and gives the folder; of a GGUF
/// file all parts, and gives the file. What is there already is not fetched again; what was begun is
/// gone on with.
///
/// # Errors
/// [`HubError`] in words, with the next step.
pub fn fetch(place: &HubConfig, name: &Name, weights: bool, watch: ProgressSink) -> Result<PathBuf, HubError> {
    if place.offline {
        let lack = Cache::at(&place.cache).complete(name, weights).err();
        let lack = lack.unwrap_or_else(|| say!("nothing is missing"));
        return Err(HubError::Offline { name: name.to_string(), lack, cache: place.cache.clone() });
    }
    let (news, heard) = channel();
    let stop = Arc::new(AtomicBool::new(false));
    let job = Job::new(place, name, news, Arc::clone(&stop));
    let worker = std::thread::Builder::new().name("hub".into()).spawn(move || job.work(weights));
    let worker = worker.map_err(|e| HubError::disk(&e, &place.cache))?;
    let mut last = Progress { name: name.repo().to_owned(), ..Progress::default() };
    loop {
        match heard.recv_timeout(REPORT) {
            Ok(progress) => last = progress,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if !watch(&last) {
            stop.store(true, Ordering::Relaxed);
            return Err(HubError::Stopped(name.to_string()));
        }
    }
    let answer = |reason: Sentence| HubError::Answer { host: place.endpoint.clone(), reason };
    worker.join().unwrap_or_else(|_| Err(answer(say!("it made this program stumble, please report this"))))
}

/// What there is to choose from in a repository: one question to the Hub.
///
/// # Errors
/// [`HubError`] in words, with the next step.
pub fn repository(place: &HubConfig, name: &Name) -> Result<Repository, HubError> {
    if place.offline {
        let lack = say!("its files are not known here");
        return Err(HubError::Offline { name: name.to_string(), lack, cache: place.cache.clone() });
    }
    let (news, _) = channel();
    Ok(Job::new(place, name, news, Arc::default()).listing()?.repository(name))
}

/// What of a repository is fetched, and in which order.
impl Job {
    fn work(mut self, weights: bool) -> Result<PathBuf, HubError> {
        let listing = self.listing()?;
        match self.chosen(&listing, weights)? {
            Some(file) => self.gguf(&listing, &file)?,
            None => self.folder(&listing, weights)?,
        }
        let cache = Cache::at(&self.place.cache);
        cache.note(&self.name, &listing.commit)?;
        cache.complete(&self.name, weights).map_err(|lack| cache.absent(&self.name, weights, lack).into())
    }

    /// Sees to it that a file is in the snapshot, and gives the path of its bytes.
    fn download(&mut self, listing: &Listing, file: &RemoteFile) -> Result<PathBuf, HubError> {
        let path = download::blob(self, &listing.commit, file)?;
        Cache::at(&self.place.cache).link(&self.name, &listing.commit, &file.name, &file.blob)?;
        Ok(path)
    }

    /// The GGUF file that is to be fetched: the one that is meant, or the only one of a repository
    /// that has nothing else.
    fn chosen(&self, listing: &Listing, weights: bool) -> Result<Option<String>, HubError> {
        if let Some(file) = self.name.file() {
            return Ok(Some(file.to_owned()));
        }
        if listing.small().is_ok() && (!weights || listing.weights().is_ok()) {
            return Ok(None);
        }
        let repository = listing.repository(&self.name);
        match repository.files.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(one.name.clone())),
            _ => Err(HubError::Choose(Box::new(repository))),
        }
    }

    fn gguf(&mut self, listing: &Listing, file: &str) -> Result<(), HubError> {
        let none = |missing| HubError::NoFile(Box::new(listing.repository(&self.name)), missing);
        let files = listing.gguf(file).map_err(none)?;
        let what = say!("the GGUF file");
        listing.check_gguf().map_err(|reason| ModelError::File { what, reason, path: file.into() })?;
        self.expect(files.iter())?;
        Cache::at(&self.place.cache).begin(&self.name, &listing.commit)?;
        files.iter().try_for_each(|file| self.download(listing, file).map(|_| ()))
    }

    fn folder(&mut self, listing: &Listing, weights: bool) -> Result<(), HubError> {
        let name = self.name.to_string();
        let useless = |what| HubError::Useless { name: name.clone(), what };
        let small = listing.small().map_err(useless)?;
        let large = if weights { Some(listing.weights().map_err(useless)?) } else { None };
        self.expect(small.iter().chain(large.iter().map(|(file, _)| file)))?;
        for file in &small {
            let path = self.download(listing, file)?;
            if file.name == "config.json" {
                let config = Config::parse(&text::read_text(&path, "config.json")?)?;
                // One that does not say what it is may be told by its tensors.
                if config.has("model_type") {
                    model::architecture(&config)?;
                }
            }
        }
        if let Some((file, sharded)) = large {
            let path = self.download(listing, &file)?;
            if sharded {
                self.shards(listing, &path)?;
            }
        }
        Ok(())
    }

    /// The shards an index names.
    fn shards(&mut self, listing: &Listing, index: &Path) -> Result<(), HubError> {
        let answer = |reason| HubError::Answer { host: self.client.host(), reason };
        let names = shards::shards(&text::read_text(index, say!("the index of the shards"))?).map_err(answer)?;
        let find =
            |name: &String| listing.get(name).cloned().ok_or_else(|| answer(say!("it has no shard {name}", name)));
        let files = names.iter().map(find).collect::<Result<Vec<RemoteFile>, _>>()?;
        self.expect(files.iter())?;
        files.iter().try_for_each(|file| self.download(listing, file).map(|_| ()))
    }
}
