//! A fetch on its way: what is to come, what has come, and whether it is still wanted.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::http::{Client, Trouble};
use super::listing::{Listing, RemoteFile};
use super::progress::{Progress, REPORT};
use super::room::free;
use super::{Cache, HubConfig, HubError, Name};
use crate::link::human_bytes;

/// Room that is left on the disk.
const SPARE: u64 = 64 << 20;

/// A fetch on its way.
pub(super) struct Job {
    pub(super) place: HubConfig,
    pub(super) name: Name,
    pub(super) client: Client,
    news: Sender<Progress>,
    stop: Arc<AtomicBool>,
    told: Instant,
    received: BTreeMap<String, u64>,
    total: u64,
}

impl Job {
    pub(super) fn new(place: &HubConfig, name: &Name, news: Sender<Progress>, stop: Arc<AtomicBool>) -> Self {
        let (client, told) = (Client::new(place), Instant::now());
        let (place, name) = (place.clone(), name.clone());
        Self { place, name, client, news, stop, told, received: BTreeMap::new(), total: 0 }
    }

    /// What the repository holds, asked for again where the Hub is busy.
    pub(super) fn listing(&mut self) -> Result<Listing, HubError> {
        let mut tries = 0;
        let text = loop {
            match self.client.listing(&self.name) {
                Ok(text) => break text,
                Err(Trouble::Final(error)) => return Err(error),
                Err(Trouble::Again { error, .. }) if tries == 3 => return Err(error),
                Err(Trouble::Again { after, .. }) => self.rest(after.unwrap_or(self.place.pause * (1 << tries)))?,
            }
            tries += 1;
        };
        Listing::parse(&text).map_err(|reason| HubError::Answer { host: self.client.host(), reason })
    }

    /// Counts what is to come, and asks the disk for room.
    pub(super) fn expect<'a>(&mut self, files: impl Iterator<Item = &'a RemoteFile>) -> Result<(), HubError> {
        let mut missing = 0u64;
        for file in files {
            let size = file.size.unwrap_or(0);
            let there = |end: &str| std::fs::metadata(self.blobs().join(format!("{}{end}", file.blob)));
            let held = there("").or_else(|_| there(".incomplete")).map_or(0, |data| data.len());
            self.total = self.total.saturating_add(size);
            missing = missing.saturating_add(size.saturating_sub(held));
        }
        let room = free(&self.place.cache);
        match room.filter(|room| missing > 0 && *room < missing.saturating_add(SPARE)) {
            None => Ok(()),
            Some(room) => Err(HubError::NoRoom {
                name: self.name.to_string(),
                needed: human_bytes(missing),
                free: human_bytes(room),
                cache: self.place.cache.display().to_string(),
            }),
        }
    }

    /// Where the bytes of this model are.
    pub(super) fn blobs(&self) -> PathBuf {
        Cache::at(&self.place.cache).folder(&self.name).join("blobs")
    }

    /// Notes how much of a file is there and tells it, if it is time to.
    pub(super) fn received(&mut self, file: &str, now: u64) {
        let first = self.received.insert(file.to_owned(), now).is_none();
        if first || self.told.elapsed() >= REPORT {
            self.told = Instant::now();
            let (name, done) = (self.name.repo().to_owned(), self.received.values().sum());
            // Nobody listens any more: then the stop is set as well.
            let _ = self.news.send(Progress { name, file: file.to_owned(), done, total: self.total });
        }
    }

    /// Whether the fetch is still wanted.
    pub(super) fn go_on(&self) -> Result<(), HubError> {
        match self.stop.load(Ordering::Relaxed) {
            true => Err(HubError::Stopped(self.name.to_string())),
            false => Ok(()),
        }
    }

    /// Waits, unless it is stopped.
    pub(super) fn rest(&self, time: Duration) -> Result<(), HubError> {
        let begun = Instant::now();
        while begun.elapsed() < time {
            self.go_on()?;
            std::thread::sleep(REPORT.min(time));
        }
        self.go_on()
    }
}
