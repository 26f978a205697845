//! Data folders, commands and servers, all from the built binary.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

/// The built binary, with none of the caller's settings.
pub fn registre() -> Command {
    registre_at(Path::new(env!("CARGO_BIN_EXE_registre")))
}

/// The same, under another name.
pub fn registre_at(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars() {
        if name.starts_with("REGISTRE_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs to the end.
pub fn run(arguments: &[&str]) -> Ran {
    registre().args(arguments).output().unwrap().into()
}

/// Asks a process to stop, as an operator or systemd would.
pub fn sigterm(child: &Child) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-TERM", &id]).status().unwrap();
    assert!(sent.success());
}

/// What is in service: every byte of it, and what is answered from it.
#[derive(Debug, PartialEq, Eq)]
pub struct Served {
    pub snapshot: PathBuf,
    files: Vec<(PathBuf, Vec<u8>)>,
    pub answer: String,
}

impl Served {
    pub fn of(data: &Path) -> Self {
        Self::on(data, &|identifier| {
            run(&["lookup", identifier, "--data", data.to_str().unwrap()])
        })
    }

    /// Looked up by another command, on a disk that only some see.
    pub fn on(data: &Path, lookup: &dyn Fn(&str) -> Ran) -> Self {
        let snapshot = snapshot(data);
        let mut files: Vec<_> = std::fs::read_dir(&snapshot)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .chain([data.join("current.json")])
            .map(|path| (path.clone(), std::fs::read(path).unwrap()))
            .collect();
        files.sort();
        // The unit, its siège, how many établissements, its doublons: most of the tables.
        let answer = lookup("356000000");
        assert_eq!(answer.code, Some(0), "{}", answer.stderr);
        Self {
            snapshot,
            files,
            answer: answer.stdout,
        }
    }

    /// Not a byte changed, and nothing half made is left behind.
    pub fn assert_unchanged(&self, data: &Path) {
        // Without printing megabytes when it is not so.
        assert_eq!(snapshot(data), self.snapshot);
        assert!(
            Self::of(data) == *self,
            "{} changed",
            self.snapshot.display()
        );
        assert_eq!(staged(data), Vec::<PathBuf>::new());
    }
}

/// The folders being made.
pub fn staged(data: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(data.join("staging")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.is_dir()).collect()
}

/// One error line, with this exit code and these words.
pub fn assert_one_error(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!(ran.code, Some(code), "{}", ran.stderr);
    let lines = ran.stderr.lines();
    let errors: Vec<&str> = lines.filter(|line| line.contains("ERROR")).collect();
    assert_eq!(errors.len(), 1, "one error: {}", ran.stderr);
    for word in words {
        assert!(errors[0].contains(word), "{word:?} in {}", errors[0]);
    }
    // For whoever asks what each fault gives: cargo test -- --show-output
    eprintln!("observed: exit code {code}, {}", errors[0]);
}

/// A run that was refused: one error, and what was served still is.
pub fn assert_refused(ran: &Ran, code: i32, words: &[&str], data: &Path, served: &Served) {
    assert_one_error(ran, code, words);
    served.assert_unchanged(data);
}

/// `registre ingest --source <source> --data <data>`.
pub fn ingest(source: impl AsRef<Path>, data: &Path) -> Ran {
    let output = registre()
        .args(["ingest", "--source"])
        .arg(source.as_ref())
        .arg("--data")
        .arg(data)
        .output()
        .unwrap();
    output.into()
}

/// Looks every half millisecond, for 20 s at most.
pub fn wait_until(otherwise: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < deadline, "{otherwise}");
        std::thread::sleep(Duration::from_micros(500));
    }
}

/// The sample, ingested once for the whole test run: read it, never write to it. It stays in
/// cargo's folder for such things until the next run.
pub fn sample() -> &'static Path {
    static SAMPLE: OnceLock<PathBuf> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let data = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sample");
        let _none_yet = std::fs::remove_dir_all(&data);
        let ran = ingest("sample", &data);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        data
    })
}

/// The folder of the snapshot in service.
pub fn snapshot(data: &Path) -> PathBuf {
    let current: serde_json::Value =
        serde_json::from_slice(&std::fs::read(data.join("current.json")).unwrap()).unwrap();
    data.join("snapshots")
        .join(current["snapshot"].as_str().unwrap())
}

/// The manifest of the snapshot in service.
pub fn manifest(data: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(snapshot(data).join("manifest.json")).unwrap()).unwrap()
}

/// The folder of official material kept beside the project by those who develop it, if it is here.
pub fn shared() -> Option<PathBuf> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()?
        .join("shared");
    shared.join("reference").is_dir().then_some(shared)
}

/// What speaks TLS in this process.
pub fn install_crypto() {
    // The only failure is that it is already done.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
}

/// One HTTP client for all tests.
fn client() -> &'static reqwest::blocking::Client {
    static CLIENT: OnceLock<reqwest::blocking::Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        install_crypto();
        reqwest::blocking::Client::new()
    })
}

/// A running `registre serve` or `registre up`, stopped when dropped.
pub struct Server {
    child: Child,
    pub base: String,
    log: Arc<Mutex<String>>,
}

impl Server {
    /// Serves `data` on a free port; returns once it answers.
    pub fn start(data: &Path) -> Self {
        Self::start_with(&["serve"], data)
    }

    /// With other arguments than `serve`.
    pub fn start_with(arguments: &[&str], data: &Path) -> Self {
        Self::run(registre().args(arguments), data)
    }

    /// With a log that says more: `filter` is `REGISTRE_LOG`.
    pub fn start_saying(filter: &str, data: &Path) -> Self {
        Self::run(registre().arg("serve").env("REGISTRE_LOG", filter), data)
    }

    pub fn run(command: &mut Command, data: &Path) -> Self {
        let mut child = command
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut seen = String::new();
        let base = loop {
            let mut line = String::new();
            let ended = lines.read_line(&mut line).unwrap() == 0;
            assert!(!ended, "the server ended: {:?}\n{seen}", child.wait());
            seen.push_str(&line);
            if let Some((_, rest)) = line.split_once("serving http://") {
                break format!("http://{}", rest.split('/').next().unwrap());
            }
        };
        // Read at once: a full pipe would stop the server.
        let log = Arc::new(Mutex::new(seen));
        let written = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut log = written.lock().unwrap_or_else(PoisonError::into_inner);
                log.push_str(&line);
                log.push('\n');
            }
        });
        let server = Self { child, base, log };
        server.wait_until_it_answers();
        server
    }

    /// One started otherwise, that says to answer there.
    pub fn already(child: Child, address: &str) -> Self {
        let base = format!("http://{address}");
        let log = Arc::default();
        let server = Self { child, base, log };
        server.wait_until_it_answers();
        server
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The lines of its log so far that hold those words.
    pub fn said(&self, words: &str) -> Vec<String> {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = log.lines().filter(|line| line.contains(words));
        lines.map(str::to_owned).collect()
    }

    fn wait_until_it_answers(&self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while client()
            .get(format!("{}/openapi.json", self.base))
            .send()
            .is_err()
        {
            assert!(Instant::now() < deadline, "no answer");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// GET, whatever the status.
    pub fn get(&self, path: &str) -> Answer {
        Self::answer(client().get(format!("{}{path}", self.base)))
    }

    /// POST of a body, JSON or lines, whatever the status.
    pub fn post(&self, path: &str, body: impl Into<reqwest::blocking::Body>) -> Answer {
        Self::answer(client().post(format!("{}{path}", self.base)).body(body))
    }

    fn answer(request: reqwest::blocking::RequestBuilder) -> Answer {
        let response = request.send().unwrap();
        Answer {
            status: response.status().as_u16(),
            content_type: response
                .headers()
                .get("content-type")
                .map(|value| value.to_str().unwrap().to_owned())
                .unwrap_or_default(),
            text: response.text().unwrap(),
        }
    }

    /// Asks it to stop as an operator would, and gives its exit code.
    pub fn terminate(mut self) -> Option<i32> {
        sigterm(&self.child);
        let deadline = Instant::now() + Duration::from_secs(15);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(
                Instant::now() < deadline,
                "still running 15 s after SIGTERM"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _already_ended = self.child.kill();
        let _already_ended = self.child.wait();
    }
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

/// The sample, served once for all tests that ask at the same time. A static would never be
/// dropped, and its process would outlive the tests.
pub fn sample_server() -> Arc<Server> {
    static SERVER: Mutex<Weak<Server>> = Mutex::new(Weak::new());
    let mut shared = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let server = Arc::new(Server::start(sample()));
        *shared = Arc::downgrade(&server);
        server
    })
}

/// Generates a small set of official files.
pub fn generate(etablissements: u32, seed: u32, out: &Path) {
    let ran: Ran = registre()
        .args([
            "generate",
            "--etablissements",
            &etablissements.to_string(),
            "--seed",
            &seed.to_string(),
            "--out",
        ])
        .arg(out)
        .output()
        .unwrap()
        .into();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

/// The CSV files inside a zip, decoded to text as the RNA's two encodings require.
pub fn csv_entries(zip: &Path) -> Vec<(String, String)> {
    entries_of(File::open(zip).unwrap())
}

/// The one CSV of a zip in memory.
pub fn csv_of(zip: &[u8]) -> String {
    entries_of(Cursor::new(zip)).remove(0).1
}

fn entries_of(zip: impl Read + Seek) -> Vec<(String, String)> {
    let mut archive = zip::ZipArchive::new(zip).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut entry = archive.by_index(index).unwrap();
            let name = entry.name().unwrap().into_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            let text = match String::from_utf8(bytes) {
                Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
                Err(error) => error
                    .as_bytes()
                    .iter()
                    .map(|byte| char::from(*byte))
                    .collect(),
            };
            (name, text)
        })
        .collect()
}

/// A zip of several files.
pub fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Writes a zip with one file in it.
pub fn write_zip(path: &Path, name: &str, content: &[u8]) {
    write_zip_of(path, &[(name, content)]);
}

/// Writes a zip of several files.
pub fn write_zip_of(path: &Path, files: &[(&str, &[u8])]) {
    write_file(path, &zip_of(files));
}

/// Writes a file, and the folders it is in.
pub fn write_file(path: &Path, content: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    File::create(path).unwrap().write_all(content).unwrap();
}

/// A generated folder without the catalogue that announces sizes and checksums: its files, perhaps
/// changed since, are found by their names.
pub fn forget_the_catalogue(source: &Path) {
    std::fs::remove_dir_all(source.join("api")).unwrap();
    for entry in std::fs::read_dir(source.join("files")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::rename(&path, source.join(path.file_name().unwrap())).unwrap();
    }
}

/// Copies a folder of files, one level of folders deep or more.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
