//! A small HTTP server in the test's process, over a folder laid out like data.gouv.fr: honest,
//! but for the fault a test puts in it.

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What was asked.
#[derive(Debug, Clone)]
pub struct Request {
    pub path: String,
    pub headers: HashMap<String, String>,
    /// How many requests of the same path came before.
    pub nth: usize,
    pub at: Instant,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// First byte asked for.
    pub fn range(&self) -> Option<usize> {
        let range = self.header("range")?.strip_prefix("bytes=")?;
        range.strip_suffix('-')?.parse().ok()
    }
}

/// What will be answered.
#[derive(Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// Announced, when it is not that of the body.
    pub length: Option<usize>,
    /// Sends no more than this of the body, then closes the connection.
    pub cut: Option<usize>,
    /// Keeps the connection open instead of closing it.
    pub stall: bool,
    /// Done when half of the body is sent and had time to arrive.
    pub halfway: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
            length: None,
            cut: None,
            stall: false,
            halfway: None,
        }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    /// Announces what it should and sends less.
    pub fn cut(mut self, at: usize) -> Self {
        self.cut = Some(at);
        self
    }

    /// Sends that much, then says nothing more.
    pub fn stalling(self, at: usize) -> Self {
        Self {
            stall: true,
            ..self.cut(at)
        }
    }
}

type Fault = Box<dyn Fn(&Request, Reply) -> Reply + Send>;

struct State {
    folder: PathBuf,
    fault: Fault,
    asked: Vec<Request>,
    sent: HashMap<String, usize>,
    tls: Option<Arc<ServerConfig>>,
}

/// The server; its threads end with the test's process.
pub struct Site {
    pub base: String,
    state: Arc<Mutex<State>>,
}

impl Site {
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, None)
    }

    /// Over TLS when there is a configuration for it.
    pub fn start_with(folder: &Path, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let base = format!("{scheme}://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State {
            folder: folder.to_path_buf(),
            fault: Box::new(|_, honest| honest),
            asked: Vec::new(),
            sent: HashMap::new(),
            tls,
        }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                // The client may leave at any time, and does.
                std::thread::spawn(move || accept(&state, stream).ok());
            }
        });
        Self { base, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves another folder from now on.
    pub fn publish(&self, folder: &Path) {
        self.state().folder = folder.to_path_buf();
    }

    /// Another certificate from now on, or none at all.
    pub fn secure(&self, tls: Option<Arc<ServerConfig>>) {
        self.state().tls = tls;
    }

    /// Every honest reply goes through `fault`; what was asked before is forgotten.
    pub fn lie(&self, fault: impl Fn(&Request, Reply) -> Reply + Send + 'static) {
        let mut state = self.state();
        state.fault = Box::new(fault);
        state.asked.clear();
        state.sent.clear();
    }

    pub fn tell_the_truth(&self) {
        self.lie(|_, honest| honest);
    }

    /// What was asked of a path since the last lie.
    pub fn asked(&self, path: &str) -> Vec<Request> {
        let asked = |request: &&Request| request.path == path;
        self.state().asked.iter().filter(asked).cloned().collect()
    }

    /// Every path asked since the last lie.
    pub fn paths(&self) -> Vec<String> {
        let state = self.state();
        state.asked.iter().map(|asked| asked.path.clone()).collect()
    }

    /// The files of which as many bytes as they have were sent since the last lie.
    pub fn whole(&self) -> Vec<String> {
        let state = self.state();
        let length = |path: &str| {
            std::fs::metadata(state.folder.join(&path[1..]))
                .unwrap()
                .len()
        };
        let sent = state.sent.iter().filter(|(path, sent)| {
            path.starts_with("/files/") && **sent > 0 && **sent as u64 == length(path)
        });
        sent.map(|(path, _)| path.clone()).collect()
    }

    /// Bytes of its body sent since the last lie.
    pub fn sent(&self, path: &str) -> usize {
        self.state().sent.get(path).copied().unwrap_or(0)
    }
}

fn accept(state: &Mutex<State>, stream: TcpStream) -> std::io::Result<()> {
    let tls = state
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .tls
        .clone();
    let Some(config) = tls else {
        return serve(state, stream);
    };
    let connection = ServerConnection::new(config).unwrap();
    serve(state, StreamOwned::new(connection, stream))
}

fn serve(state: &Mutex<State>, stream: impl Read + Write) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    // A handshake, where plain HTTP is spoken: every server answers so.
    if reader.fill_buf()?.first() == Some(&0x16) {
        return reader
            .get_mut()
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    }
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let reply = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let nth = state
            .asked
            .iter()
            .filter(|asked| asked.path == path)
            .count();
        let request = Request {
            path: path.clone(),
            headers,
            nth,
            at: Instant::now(),
        };
        let honest = honest(&state.folder, &request);
        let reply = (state.fault)(&request, honest);
        state.asked.push(request);
        let sends = reply.cut.unwrap_or(usize::MAX).min(reply.body.len());
        *state.sent.entry(path).or_default() += sends;
        reply
    };
    let mut head = format!("HTTP/1.1 {} -\r\nconnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.extend([*name, ": ", value, "\r\n"]);
    }
    let length = reply.length.unwrap_or(reply.body.len());
    write!(head, "content-length: {length}\r\n\r\n").unwrap();
    let stream = reader.get_mut();
    stream.write_all(head.as_bytes())?;
    let sends = reply.cut.unwrap_or(usize::MAX).min(reply.body.len());
    let mut from = 0;
    if let Some(halfway) = &reply.halfway {
        from = sends / 2;
        stream.write_all(&reply.body[..from])?;
        stream.flush()?;
        std::thread::sleep(Duration::from_millis(300));
        halfway();
    }
    stream.write_all(&reply.body[from..sends])?;
    stream.flush()?;
    if reply.stall {
        std::thread::sleep(Duration::from_mins(2));
    }
    Ok(())
}

/// As an honest server answers: validators, conditions and ranges.
fn honest(folder: &Path, request: &Request) -> Reply {
    let path = request.path.trim_start_matches('/');
    let Ok(body) = std::fs::read(folder.join(path)).or_else(|_| {
        // The address of a document is that of its folder.
        std::fs::read(folder.join(path).join("index.json"))
    }) else {
        return Reply::new(404, "not here");
    };
    if !path.starts_with("files/") {
        return Reply::new(200, body).with("content-type", "application/json");
    }
    let etag = etag(&body);
    if request.header("if-none-match") == Some(&etag) {
        return Reply::new(304, "").with("etag", etag);
    }
    let total = body.len();
    let same = request.header("if-range").is_none_or(|range| range == etag);
    let reply = match request.range().filter(|_| same) {
        Some(start) if start >= total => {
            Reply::new(416, "").with("content-range", format!("bytes */{total}"))
        }
        Some(start) => Reply::new(206, &body[start..]).with(
            "content-range",
            format!("bytes {start}-{}/{total}", total - 1),
        ),
        None => Reply::new(200, body),
    };
    reply
        .with("etag", etag)
        .with("content-type", "application/zip")
}

fn etag(body: &[u8]) -> String {
    use std::hash::{DefaultHasher, Hasher};
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    format!("\"{:x}\"", hasher.finish())
}
