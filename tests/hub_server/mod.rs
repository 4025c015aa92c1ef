//! A server on this machine that speaks the Hub's paths, with faults on request.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The commit everything is at.
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// What the server has and does.
#[derive(Default)]
pub struct State {
    /// Files of `owner/tiny`.
    pub files: BTreeMap<String, Vec<u8>>,
    /// SHA-256 that the listing states for a file, instead of the true one.
    pub lies: BTreeMap<String, String>,
    /// Bytes that the listing states for a file, instead of the true ones.
    pub sizes: BTreeMap<String, u64>,
    /// The architecture of GGUF files that the listing states.
    pub architecture: Option<String>,
    /// The token without which nothing is given out.
    pub token: Option<String>,
    /// Statuses of the next answers, with further header lines.
    pub statuses: VecDeque<(u16, String)>,
    /// The next bodies of files from the store end after so many bytes.
    pub cuts: VecDeque<usize>,
    /// Every body from the store ends after so many bytes.
    pub always_cut: Option<usize>,
    /// Bodies from the store wait after so many bytes until this is taken away.
    pub stall: Option<usize>,
    /// Ranges are not understood: every body begins at the first byte.
    pub no_ranges: bool,
    /// The commit that the listing names.
    pub commit: String,
    /// Files of earlier commits.
    pub older: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    /// Requests so far: path, and header lines in lower case.
    pub requests: Vec<(String, Vec<String>)>,
}

impl State {
    /// The files of a commit.
    fn at(&self, commit: &str) -> Option<&BTreeMap<String, Vec<u8>>> {
        if commit == self.commit { Some(&self.files) } else { self.older.get(commit) }
    }
}

/// A running server.
pub struct Server {
    /// Its address.
    pub address: String,
    /// What it has and does.
    pub state: Arc<Mutex<State>>,
}

impl Server {
    /// Starts a server with these files; it ends with the process.
    pub fn start(files: BTreeMap<String, Vec<u8>>) -> Self {
        let listener = TcpListener::bind("0.0.0.0:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State { files, commit: COMMIT.to_owned(), ..State::default() }));
        let shared = Arc::clone(&state);
        let serve = move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                let one = move || drop(answer(stream, port, &shared));
                std::thread::Builder::new().spawn(one).unwrap();
            }
        };
        std::thread::Builder::new().spawn(serve).unwrap();
        Self { address: format!("http://127.0.0.1:{port}"), state }
    }

    /// Changes what it does.
    pub fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    /// Moves the branch to another commit with other files; the one before stays to be had.
    pub fn move_branch(&self, commit: &str, change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>)) {
        self.set(|state| {
            let before = (std::mem::replace(&mut state.commit, commit.to_owned()), state.files.clone());
            state.older.extend([before]);
            change(&mut state.files);
        });
    }

    /// Takes the requests so far whose path contains `part`.
    pub fn requests(&self, part: &str) -> Vec<(String, Vec<String>)> {
        self.state.lock().unwrap().requests.iter().filter(|(path, _)| path.contains(part)).cloned().collect()
    }

    /// First bytes asked for by the requests whose path contains `part`.
    pub fn ranges(&self, part: &str) -> Vec<usize> {
        let from = |line: &String| line.strip_prefix("range: bytes=")?.strip_suffix('-')?.parse().ok();
        self.requests(part).iter().map(|(_, lines)| lines.iter().find_map(from).unwrap_or(0)).collect()
    }
}

fn answer(stream: TcpStream, port: u16, state: &Mutex<State>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let headers: Vec<String> =
        lines.map_while(Result::ok).take_while(|line| !line.is_empty()).map(|line| line.to_lowercase()).collect();
    let mut out = stream;
    let (status, token) = {
        let mut state = state.lock().unwrap();
        state.requests.push((path.clone(), headers.clone()));
        (state.statuses.pop_front(), state.token.clone())
    };
    if let Some((status, more)) = status {
        return write!(out, "HTTP/1.1 {status} Fault\r\n{more}Content-Length: 0\r\nConnection: close\r\n\r\n");
    }
    if path.contains("/owner/renamed/") {
        let place = path.replace("/owner/renamed/", "/owner/tiny/");
        return write!(
            out,
            "HTTP/1.1 307 Moved\r\nLocation: {place}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
    }
    if path.contains("/owner/circle/") {
        return write!(out, "HTTP/1.1 302 Found\r\nLocation: {path}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    let allowed = |token: &String| headers.contains(&format!("authorization: bearer {}", token.to_lowercase()));
    if path.starts_with("/store/") {
        return store(&mut out, path.trim_start_matches("/store/"), &headers, state);
    }
    if token.is_some_and(|token| !allowed(&token)) {
        return write!(out, "HTTP/1.1 401 Denied\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    let asked = path.strip_prefix("/api/models/owner/tiny/revision/").and_then(|it| it.strip_suffix("?blobs=true"));
    if let Some(listing) = asked.and_then(|revision| listing(&state.lock().unwrap(), revision)) {
        return whole(&mut out, listing.as_bytes());
    }
    let asked = path.strip_prefix("/owner/tiny/resolve/").and_then(|rest| rest.split_once('/'));
    let (found, is_newest) = {
        let state = state.lock().unwrap();
        let of = |(commit, file): (&str, &str)| Some((file.to_owned(), state.at(commit)?.get(file)?.clone()));
        (asked.and_then(of), asked.is_some_and(|(commit, _)| commit == state.commit))
    };
    match found {
        // Another name for the same machine: as the Hub sends large files to a store elsewhere.
        Some((file, _)) if is_large(&file) && is_newest => write!(
            out,
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:{port}/store/{file}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        ),
        Some((_, bytes)) => whole(&mut out, &bytes),
        None => write!(out, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    }
}

fn is_large(file: &str) -> bool {
    [".safetensors", ".bin", ".gguf"].iter().any(|end| file.ends_with(end))
}

fn whole(out: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    write!(out, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", bytes.len())?;
    out.write_all(bytes)
}

fn store(out: &mut TcpStream, file: &str, headers: &[String], state: &Mutex<State>) -> std::io::Result<()> {
    let (bytes, cut, stall, no_ranges) = {
        let mut state = state.lock().unwrap();
        let cut = state.cuts.pop_front().or(state.always_cut);
        (state.files.get(file).cloned().unwrap_or_default(), cut, state.stall, state.no_ranges)
    };
    let asked = headers.iter().find_map(|line| line.strip_prefix("range: bytes=")?.strip_suffix('-')?.parse().ok());
    let from: usize = if no_ranges { 0 } else { asked.unwrap_or(0) };
    let Some(rest) = bytes.get(from..) else {
        return write!(out, "HTTP/1.1 416 Range\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    };
    match from {
        0 => write!(out, "HTTP/1.1 200 OK\r\n")?,
        from => {
            let end = bytes.len() - 1;
            write!(out, "HTTP/1.1 206 Part\r\nContent-Range: bytes {from}-{end}/{}\r\n", bytes.len())?;
        }
    }
    write!(out, "Content-Length: {}\r\nConnection: close\r\n\r\n", rest.len())?;
    let until = cut.or(stall).unwrap_or(rest.len()).min(rest.len());
    out.write_all(&rest[..until])?;
    out.flush()?;
    while stall.is_some() && state.lock().unwrap().stall.is_some() {
        std::thread::sleep(Duration::from_millis(20));
    }
    if cut.is_none() && stall.is_none() { out.write_all(&rest[until..]) } else { Ok(()) }
}

fn listing(state: &State, revision: &str) -> Option<String> {
    let commit = if revision == "main" { &state.commit } else { revision };
    let files = state.at(commit)?;
    let file = |(name, bytes): (&String, &Vec<u8>)| {
        let git = blake3::hash(bytes).to_hex()[..40].to_owned();
        let sha = state.lies.get(name).cloned().unwrap_or_else(|| sha256(bytes));
        let size = state.sizes.get(name).copied().unwrap_or(bytes.len() as u64);
        let large = is_large(name).then(|| serde_json::json!({ "sha256": sha, "size": size, "pointerSize": 1 }));
        serde_json::json!({ "rfilename": name, "blobId": git, "size": size, "lfs": large })
    };
    let siblings: Vec<_> = files.iter().map(file).collect();
    let mut listing = serde_json::json!({ "id": "owner/tiny", "sha": commit, "siblings": siblings });
    if let Some(architecture) = &state.architecture {
        listing["gguf"] = serde_json::json!({ "architecture": architecture, "total": 1_503_040 });
    }
    Some(listing.to_string())
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
