//! One file of a model, from the Hub into a blob: taken up where an earlier try ended, and thrown
//! away if it is not what was promised.

use std::cmp::Ordering;
use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ring::digest::{Context, SHA256};
use ureq::http::{Response, header};
use ureq::{Body, http};

use super::HubError;
use super::http::Trouble;
use super::job::Job;
use super::listing::RemoteFile;
use crate::session::{Say, say};

/// Tries in a row that bring nothing before a fetch is given up.
const TRIES: u32 = 5;
/// How long a fetch waits for another one at the same file: a stopped one may need its read timeout.
const TURN: Duration = Duration::from_secs(40);
/// Bytes read at once.
const PIECE: usize = 64 << 10;

/// Sees to it that a file's blob is there, and gives its path.
pub(super) fn blob(job: &mut Job, commit: &str, wanted: &RemoteFile) -> Result<PathBuf, HubError> {
    let whole = job.blobs().join(&wanted.blob);
    let size = std::fs::metadata(&whole).map(|data| data.len());
    if size.is_ok_and(|size| wanted.size.is_none_or(|wanted| wanted == size)) {
        job.received(&wanted.name, wanted.size.unwrap_or(0));
        return Ok(whole);
    }
    let part = job.blobs().join(format!("{}.incomplete", wanted.blob));
    let failed = |e: std::io::Error| HubError::disk(&e, &part);
    std::fs::create_dir_all(job.blobs()).map_err(failed)?;
    let mut file = File::options().append(true).read(true).create(true).open(&part).map_err(failed)?;
    wait_for_turn(job, &file, &part)?;
    insist(job, commit, wanted, &mut file, &part)?;
    if wanted.sha256.as_ref().is_some_and(|wanted| sha256(&mut file).ok().as_ref() != Some(wanted)) {
        let _ = std::fs::remove_file(&part);
        return Err(HubError::Damaged { file: wanted.name.clone() });
    }
    file.sync_all().map_err(failed)?;
    std::fs::rename(&part, &whole).map_err(failed)?;
    Ok(whole)
}

/// Two fetches of one file would write into each other.
fn wait_for_turn(job: &mut Job, file: &File, part: &Path) -> Result<(), HubError> {
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if begun.elapsed() < TURN => job.rest(Duration::from_millis(200))?,
            Err(TryLockError::WouldBlock) => return Err(HubError::Busy(part.to_owned())),
            // A disk without locks: there is nobody to ask.
            Err(TryLockError::Error(_)) => return Ok(()),
        }
    }
}

/// Asks again and again until the file is whole; a try that brings it further than ever earns new
/// patience.
fn insist(job: &mut Job, commit: &str, wanted: &RemoteFile, file: &mut File, part: &Path) -> Result<(), HubError> {
    let (mut tries, mut most) = (0, length(file, part)?);
    loop {
        let (error, after) = match once(job, commit, wanted, file, part) {
            Ok(()) => return Ok(()),
            Err(Trouble::Final(error)) => return Err(error),
            Err(Trouble::Again { error, after }) => (error, after),
        };
        let have = length(file, part)?;
        tries = if have > most { 1 } else { tries + 1 };
        most = most.max(have);
        if tries >= TRIES {
            return Err(error);
        }
        job.rest(after.unwrap_or(job.place.pause * (1 << tries)))?;
    }
}

fn length(file: &File, part: &Path) -> Result<u64, HubError> {
    file.metadata().map(|data| data.len()).map_err(|e| HubError::disk(&e, part))
}

/// One request for what is still missing; the file is whole then.
fn once(job: &mut Job, commit: &str, wanted: &RemoteFile, file: &mut File, part: &Path) -> Result<(), Trouble> {
    let mut have = length(file, part)?;
    if wanted.size.is_some_and(|size| have > size) {
        have = start_over(file, part)?;
    }
    if wanted.size == Some(have) {
        job.received(&wanted.name, have);
        return Ok(());
    }
    let answer = job.client.file(&job.name, commit, &wanted.name, have)?;
    if have > 0 && !goes_on(&answer, have) {
        have = start_over(file, part)?;
    }
    let expected = if have > 0 { http::StatusCode::PARTIAL_CONTENT } else { http::StatusCode::OK };
    if answer.status() != expected {
        return Err(job.client.broken(say!("it sent another part of the file than was asked for")));
    }
    job.received(&wanted.name, have);
    take(job, wanted, answer, (file, part), have)?;
    match wanted.size.map(|size| length(file, part).map(|have| have.cmp(&size))).transpose()? {
        None | Some(Ordering::Equal) => Ok(()),
        Some(Ordering::Less) => Err(job.client.broken(say!("the file ended early"))),
        Some(Ordering::Greater) => Err(HubError::Damaged { file: wanted.name.clone() }.into()),
    }
}

fn start_over(file: &File, part: &Path) -> Result<u64, HubError> {
    file.set_len(0).map_err(|e| HubError::disk(&e, part))?;
    Ok(0)
}

/// Whether the answer begins at the byte that was asked for.
fn goes_on(answer: &Response<Body>, from: u64) -> bool {
    let range = answer.headers().get(header::CONTENT_RANGE).and_then(|range| range.to_str().ok());
    let begins = range.and_then(|range| range.trim().strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok());
    answer.status() == http::StatusCode::PARTIAL_CONTENT && begins == Some(from)
}

/// Writes what comes, until the end or a stop.
fn take(
    job: &mut Job,
    wanted: &RemoteFile,
    answer: Response<Body>,
    (file, part): (&mut File, &Path),
    mut have: u64,
) -> Result<(), Trouble> {
    let mut body = answer.into_body().into_with_config().limit(u64::MAX).reader();
    let mut piece = vec![0; PIECE];
    loop {
        job.go_on()?;
        let read = match body.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(e) => return Err(job.client.broken(e.said())),
        };
        file.write_all(&piece[..read]).map_err(|e| HubError::disk(&e, part))?;
        have += read as u64;
        job.received(&wanted.name, have);
    }
}

/// SHA-256 of a file in hexadecimal.
fn sha256(file: &mut File) -> std::io::Result<String> {
    file.rewind()?;
    let (mut context, mut piece) = (Context::new(&SHA256), vec![0; PIECE]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()),
            read => context.update(&piece[..read]),
        }
    }
}
