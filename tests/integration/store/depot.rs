//! A store: a real server of the protocol, over a folder, that checks signatures; and the way to it,
//! which can be cut.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::IntoResponse;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::harness::write_file;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub const KEY: &str = "CLEDETEST";
pub const SECRET: &str = "secretdetestquinedoitpasetreecrit";
pub const BUCKET: &str = "registres";

/// The address of what the tests publish.
pub const URL: &str = "s3://registres/essai";

/// What the store was asked: method, object and whether a part of it.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub object: String,
    pub range: Option<String>,
    pub copied_from: Option<String>,
}

pub struct Depot {
    folder: TempDir,
    asked: Arc<Mutex<Vec<Asked>>>,
    way: Arc<Way>,
    address: SocketAddr,
    _runtime: Runtime,
}

/// What goes through.
struct Way {
    /// Nobody is let in, and who is in is put out.
    closed: AtomicBool,
    /// Bytes that may still be received from the store, then sent to it, before connections are cut.
    down: AtomicI64,
    up: AtomicI64,
}

impl Depot {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let mut s3 = S3ServiceBuilder::new(FileSystem::new(folder.path()).unwrap());
        s3.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let s3 = s3.build();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let seen = Arc::clone(&asked);
        let turn = Arc::new(tokio::sync::Mutex::new(()));
        let app = Router::new().fallback(move |request: Request| {
            let s3 = s3.clone();
            let header = |name: &str| {
                let value = request.headers().get(name)?;
                Some(value.to_str().unwrap().to_owned())
            };
            seen.lock().unwrap().push(Asked {
                method: request.method().to_string(),
                object: request.uri().to_string(),
                range: header("range"),
                copied_from: header("x-amz-copy-source"),
            });
            let turn = Arc::clone(&turn);
            async move {
                // A store decides of one put after the other; this one checks its condition before.
                let put = *request.method() == axum::http::Method::PUT;
                let _turn = if put { Some(turn.lock().await) } else { None };
                match s3.call(request.map(s3s::Body::http_body_unsync)).await {
                    Ok(response) => response.map(Body::new),
                    Err(error) => format!("{error:?}").into_response(),
                }
            }
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let store = listener.local_addr().unwrap();
        runtime.spawn(async move { axum::serve(listener, app).await });
        let way = Arc::new(Way {
            closed: AtomicBool::new(false),
            down: AtomicI64::new(i64::MAX),
            up: AtomicI64::new(i64::MAX),
        });
        let address = open(store, Arc::clone(&way));
        Self {
            folder,
            asked,
            way,
            address,
            _runtime: runtime,
        }
    }

    /// With what it takes to speak to this store.
    pub fn settings(&self, command: &mut Command) {
        let settings = [
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
            ("NO_PROXY", "127.0.0.1".to_owned()),
        ];
        command.envs(settings);
    }

    /// Where an object is on the disk.
    pub fn object(&self, name: &str) -> PathBuf {
        self.folder.path().join(BUCKET).join("essai").join(name)
    }

    /// Every object, and its bytes.
    pub fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        let root = self.object("");
        let mut objects = BTreeMap::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&root).unwrap().display().to_string();
                    objects.insert(name, fs::read(path).unwrap());
                }
            }
        }
        objects
    }

    /// The snapshot in service there.
    pub fn current(&self) -> String {
        let pointer: serde_json::Value =
            serde_json::from_slice(&fs::read(self.object("current.json")).unwrap()).unwrap();
        pointer["snapshot"].as_str().unwrap().to_owned()
    }

    /// An object changed by someone else.
    pub fn change(&self, name: &str, bytes: &[u8]) {
        write_file(&self.object(name), bytes);
        // What the server noted of its objects: it makes that again, of what is there.
        for entry in fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.to_string_lossy().ends_with(".internal.json") {
                fs::remove_file(path).unwrap();
            }
        }
    }

    /// What was asked since the last time.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// The store is away: nobody is let in.
    pub fn close(&self) {
        self.way.closed.store(true, Ordering::SeqCst);
    }

    /// It is back.
    pub fn reopen(&self) {
        self.way.closed.store(false, Ordering::SeqCst);
        self.way.down.store(i64::MAX, Ordering::SeqCst);
        self.way.up.store(i64::MAX, Ordering::SeqCst);
    }

    /// Away once that many bytes came from it.
    pub fn close_after_receiving(&self, bytes: i64) {
        self.way.down.store(bytes, Ordering::SeqCst);
    }

    /// Away once that many bytes went to it.
    pub fn close_after_sending(&self, bytes: i64) {
        self.way.up.store(bytes, Ordering::SeqCst);
    }

    pub fn is_closed(&self) -> bool {
        self.way.closed.load(Ordering::SeqCst)
    }
}

/// Opens a way to `store`, and says where.
fn open(store: SocketAddr, way: Arc<Way>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let client = client.unwrap();
            if way.closed.load(Ordering::SeqCst) {
                continue;
            }
            let Ok(server) = TcpStream::connect(store) else {
                return;
            };
            for (from, to, downwards) in [
                (
                    client.try_clone().unwrap(),
                    server.try_clone().unwrap(),
                    false,
                ),
                (server, client, true),
            ] {
                let way = Arc::clone(&way);
                std::thread::spawn(move || relay(from, to, &way, downwards));
            }
        }
    });
    address
}

fn relay(mut from: TcpStream, mut to: TcpStream, way: &Way, downwards: bool) {
    let budget = if downwards { &way.down } else { &way.up };
    from.set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    let mut buffer = vec![0; 1 << 16];
    loop {
        if way.closed.load(Ordering::SeqCst) {
            break;
        }
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => {
                let wanted = i64::try_from(length).unwrap();
                let left = budget.fetch_sub(wanted, Ordering::SeqCst);
                let length = length.min(usize::try_from(left).unwrap_or(0));
                if to.write_all(&buffer[..length]).is_err() {
                    break;
                }
                if left <= wanted {
                    way.closed.store(true, Ordering::SeqCst);
                    break;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
    let _already_closed = from.shutdown(Shutdown::Both);
    let _already_closed = to.shutdown(Shutdown::Both);
}
