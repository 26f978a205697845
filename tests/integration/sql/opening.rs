//! A machine so busy that a process of SQL does not open the snapshot in time: whoever asks is told to
//! come back, and another process is tried. The process is slow by a script that stands for the program.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use registre_query_api::{Config, Sql};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::harness::{Server, registre_at, sample, wait_until, write_file};

/// A server in this process, whose SQL is answered by another program than this one.
struct Inside {
    runtime: Runtime,
    address: SocketAddr,
}

impl Inside {
    fn with(program: PathBuf, opening: Duration) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let config = Config {
            data: sample().to_owned(),
            signup: None,
            travaux: None,
            sql: Some(Sql {
                program: Some(program),
                concurrency: 1,
                opening,
                ..Sql::default()
            }),
            ..Config::default()
        };
        runtime.spawn(registre_query_api::serve(
            listener,
            config,
            std::future::pending(),
        ));
        Self { runtime, address }
    }

    /// The answer to a query, head and body.
    fn ask(&self) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_mins(1)))
            .unwrap();
        stream
            .write_all(b"GET /v1/sql?q=SELECT+41%2B1&format=csv HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn stop(self) {
        self.runtime.shutdown_timeout(Duration::from_secs(5));
    }
}

/// A program that does `first` the first time it is started, and is the real one from then on. `first`
/// may name the folder of the test, `$here`.
fn program(folder: &Path, first: &str) -> PathBuf {
    let path = folder.join("registre");
    let script = format!(
        "#!/bin/sh\nhere='{}'\nif mkdir \"$here/first\" 2>/dev/null; then\n{first}\nfi\nexec '{}' \"$@\"\n",
        folder.display(),
        env!("CARGO_BIN_EXE_registre"),
    );
    // Written whole by another process: while this one holds it open to write, it cannot be run.
    let aside = folder.join("script");
    write_file(&aside, script.as_bytes());
    let copied = std::process::Command::new("cp")
        .arg(&aside)
        .arg(&path)
        .status();
    assert!(copied.unwrap().success());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn who_meets_a_process_slow_to_open_is_told_to_come_back_and_another_takes_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let first = "echo $$ > \"$here/id\"; exec sleep 60";
    let opening = Duration::from_secs(2);
    let server = Inside::with(program(folder.path(), first), opening);
    let started = Instant::now();
    let answer = server.ask();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    let head = answer.to_lowercase();
    assert!(head.contains("\r\nretry-after: 5\r\n"), "{answer}");
    assert!(answer.contains("\"code\":\"sql_occupe\""), "{answer}");
    assert!(answer.contains("en 2 secondes"), "{answer}");
    assert!(
        started.elapsed() >= opening,
        "{:?}: it was not waited for",
        started.elapsed()
    );
    let id = std::fs::read_to_string(folder.path().join("id")).unwrap();
    let process = Path::new("/proc").join(id.trim());
    wait_until("the slow one is still there", || !process.exists());
    // The other opens meanwhile; a machine that is busy for real may need another.
    let answer = loop {
        let answer = server.ask();
        if answer.starts_with("HTTP/1.1 200 ") {
            break answer;
        }
        assert!(answer.contains("\"code\":\"sql_occupe\""), "{answer}");
        assert!(started.elapsed() < Duration::from_secs(50), "{answer}");
    };
    assert!(answer.ends_with("42\r\n"), "{answer}");
    server.stop();
}

#[test]
fn a_process_that_ends_while_it_opens_is_replaced_before_anyone_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let server = Inside::with(program(folder.path(), "exit 1"), Duration::from_secs(30));
    let answer = server.ask();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(folder.path().join("first").is_dir());
    server.stop();
}

#[test]
fn a_program_that_never_opens_is_a_fault_and_not_a_server_that_is_busy() {
    for program in ["/bin/false", "/nowhere/registre"] {
        let server = Inside::with(PathBuf::from(program), Duration::from_secs(30));
        let answer = server.ask();
        assert!(answer.starts_with("HTTP/1.1 500 "), "{program}: {answer}");
        assert!(!answer.contains(program), "{answer}");
        server.stop();
    }
}

/// An update puts another program under the name of the one that runs.
#[test]
fn a_server_whose_program_was_replaced_still_starts_processes_of_its_own() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let program = folder.path().join("registre");
    std::fs::hard_link(env!("CARGO_BIN_EXE_registre"), &program).unwrap();
    let server = Server::run(registre_at(&program).arg("serve"), sample());
    std::fs::remove_file(&program).unwrap();
    write_file(&program, b"another one");
    let answer = server.get("/v1/sql?q=SELECT+41%2B1&format=csv");
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.text.ends_with("42\r\n"), "{}", answer.text);
}
