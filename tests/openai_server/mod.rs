//! A server that speaks OpenAI's interface, played by a listener on this machine.

#![allow(dead_code, reason = "each test file plays another scene")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use retort::session::{KeyPlace, ModelChoice, ServerMode, Source};
use serde_json::Value;

/// What the server says to a path and a question: status, further header lines, answer.
pub type Say = dyn Fn(&str, &Value) -> (u16, &'static str, Value) + Send + Sync;

/// Paths and header lines of the questions that came.
pub type Heard = Mutex<Vec<(String, Vec<String>)>>;

pub struct Server {
    pub url: String,
    pub heard: Arc<Heard>,
}

impl Server {
    pub fn start(say: impl Fn(&str, &Value) -> (u16, &'static str, Value) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://127.0.0.1:{}/v1", listener.local_addr().unwrap().port());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (shared, say): (_, Box<Say>) = (Arc::clone(&heard), Box::new(say));
        let serve = move || listener.incoming().flatten().for_each(|stream| drop(answer(stream, &shared, &*say)));
        std::thread::Builder::new().spawn(serve).unwrap();
        Self { url, heard }
    }

    pub fn asked(&self) -> usize {
        self.heard.lock().unwrap().len()
    }

    pub fn choice(&self, mode: ServerMode, key: Option<&str>) -> ModelChoice {
        let key = key.map(KeyPlace::from);
        ModelChoice::stored(Source::Server {
            url: self.url.clone(),
            model: "big".into(),
            mode,
            key,
            token_limit: None,
            per_minute: None,
        })
    }
}

fn answer(stream: TcpStream, heard: &Heard, say: &Say) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut first, mut lines) = (String::new(), Vec::new());
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim() {
            "" => break,
            line => lines.push(line.to_lowercase()),
        }
    }
    let length = lines.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    heard.lock().unwrap().push((path.clone(), lines));
    let (status, more, value) = say(&path, &serde_json::from_slice(&body).unwrap_or_default());
    let text = if let Value::String(raw) = &value { raw.clone() } else { value.to_string() };
    let mut out = stream;
    let head = format!("HTTP/1.1 {status} Answer\r\n{more}Connection: close\r\nContent-Length: {}", text.len());
    write!(out, "{head}\r\n\r\n{text}")
}
