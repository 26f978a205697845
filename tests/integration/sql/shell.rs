//! `registre sql`, driven as people do: by its arguments, a pipe, a terminal.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::harness::{Ran, registre, sample};

fn sql(arguments: &[&str]) -> Ran {
    let mut command = registre();
    command
        .arg("sql")
        .args(arguments)
        .arg("--data")
        .arg(sample());
    command.output().unwrap().into()
}

#[test]
fn a_query_is_answered_in_each_format_and_in_a_file() {
    let query =
        "SELECT siren, count(*) AS n FROM etablissement WHERE siren = '130025265' GROUP BY siren";
    let csv = sql(&[query]);
    assert_eq!(csv.code, Some(0), "{}", csv.stderr);
    assert!(
        csv.stdout.starts_with("siren,n\r\n130025265,"),
        "{}",
        csv.stdout
    );
    let table = sql(&[query, "--format", "table"]);
    assert!(
        table.stdout.contains(" siren     │ n\n"),
        "{}",
        table.stdout
    );
    assert!(table.stdout.ends_with("(1 ligne)\n"), "{}", table.stdout);
    let json: serde_json::Value =
        serde_json::from_str(&sql(&[query, "--format", "json"]).stdout).unwrap();
    assert_eq!(json["lignes"][0][0], "130025265");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let written = sql(&[query, "--format", "parquet", "-o", path.to_str().unwrap()]);
    assert_eq!(
        (written.code, written.stdout.as_str()),
        (Some(0), ""),
        "{}",
        written.stderr
    );
    assert!(std::fs::read(&path).unwrap().ends_with(b"PAR1"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_query_may_begin_by_a_comment_and_an_option_mistyped_is_still_told() {
    let query = "-- a comment, --format json = 2\nSELECT 41 + 1 AS n";
    for arguments in [
        &[query] as &[_],
        &[query, "--format", "csv"],
        &["--format=csv", query],
        &["--comment\nSELECT 42 AS n"],
    ] {
        let ran = sql(arguments);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(0), "n\r\n42\r\n"),
            "{arguments:?}: {}",
            ran.stderr
        );
    }
    let data = sample().to_str().unwrap();
    let after_all = registre()
        .args(["sql", "--data", data, "--", query])
        .output();
    assert_eq!(Ran::from(after_all.unwrap()).stdout, "n\r\n42\r\n");
    for arguments in [
        &["--formt", "csv"] as &[_],
        &["--formt=csv", "SELECT 1"],
        &["SELECT 1", "--formt=csv"],
        &["-x", "SELECT 1"],
        &["-- only a comment"],
    ] {
        let ran = sql(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.stdout);
        assert!(
            ran.stderr.contains("--help"),
            "{arguments:?}: {}",
            ran.stderr
        );
    }
}

#[test]
fn what_goes_wrong_is_told_with_its_code_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    for (query, code, words) in [
        ("SELECT sirett FROM etablissement", 9, "sirett"),
        ("SELECT * FROM read_text('/etc/passwd')", 9, "read_text"),
        ("SELECT 'a'::INT", 9, "Conversion"),
    ] {
        let ran = sql(&[query, "-o", path.to_str().unwrap()]);
        assert_eq!(ran.code, Some(code), "{query}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{query}: {}", ran.stderr);
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            0,
            "{query}"
        );
    }
    let mut command = registre();
    let nothing: Ran = command
        .args(["sql", "SELECT 1", "--data"])
        .arg(folder.path())
        .output()
        .unwrap()
        .into();
    assert_eq!(nothing.code, Some(3), "{}", nothing.stderr);
}

#[test]
fn a_query_may_come_from_a_pipe_and_a_closed_pipe_is_no_error() {
    let mut child = registre()
        .args(["sql", "--format", "csv", "--data"])
        .arg(sample())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let query = "SELECT n, repeat('x', 200) FROM range(1000000) t(n)";
    child
        .stdin
        .take()
        .unwrap()
        .write_all(query.as_bytes())
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut first = [0; 100];
    out.read_exact(&mut first).unwrap();
    drop(out);
    let ended: Ran = child.wait_with_output().unwrap().into();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

/// What a person sees of a shell, and types.
struct Terminal {
    child: Child,
    keys: ChildStdin,
    seen: Arc<Mutex<Vec<u8>>>,
    /// Up to where it was read.
    read: usize,
}

impl Terminal {
    fn open(mut command: Command) -> Self {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let (keys, mut out) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let seen: Arc<Mutex<Vec<u8>>> = Arc::default();
        let shown = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = out.read(&mut bytes) {
                shown.lock().unwrap().extend_from_slice(&bytes[..count]);
            }
        });
        Self {
            child,
            keys,
            seen,
            read: 0,
        }
    }

    fn press(&mut self, text: &str) {
        self.keys.write_all(text.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// What was shown since, once it holds these words.
    fn shows(&mut self, words: &str, within: Duration) -> bool {
        let deadline = Instant::now() + within;
        loop {
            let seen = self.seen.lock().unwrap();
            let new = String::from_utf8_lossy(&seen[self.read..]);
            if let Some(at) = new.find(words) {
                self.read += new[..at].len() + words.len();
                return true;
            }
            drop(seen);
            if Instant::now() > deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn waits_for(&mut self, words: &str) {
        if !self.shows(words, Duration::from_mins(1)) {
            let seen = self.seen.lock().unwrap();
            panic!("{words:?} in {}", String::from_utf8_lossy(&seen));
        }
    }
}

/// In a terminal of its own, which `script` makes; typed as a person would, who waits for answers.
#[test]
fn the_shell_completes_describes_interrupts_and_remembers() {
    if !Path::new("/usr/bin/script").exists() {
        eprintln!("skipped: no script(1) on this machine");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // Without `exec`, some shells stay above it and end as the Ctrl-C they saw too.
    let typed = format!(
        "exec {} sql --data {}",
        env!("CARGO_BIN_EXE_registre"),
        sample().display()
    );
    let mut command = Command::new("/usr/bin/script");
    command.args(["-qec", &typed, "/dev/null"]);
    command.env("XDG_STATE_HOME", folder.path());
    command.env("TERM", "xterm");
    let mut shell = Terminal::open(command);
    shell.waits_for("sql> ");
    // The rest of the name is completed.
    // Words that only answers hold, not what is typed.
    for (text, words) in [
        ("\\d\r", "Les doublons de SIREN"),
        ("\\d doublon\r", "sirenDoublon"),
        (
            "SELECT count(*) > 1000 AS combien FROM lien_suc\t;\r",
            " true",
        ),
        ("SELECT\r40 +\r2 AS reponse;\r", " 42"),
        ("SELECT sirett\rFROM etablissement;\r", "^\r\n"),
    ] {
        shell.press(text);
        shell.waits_for(words);
        shell.waits_for("sql> ");
    }
    shell.press("SELECT count(*) FROM range(10000000) a, range(10000000) b ");
    shell.press("WHERE a.range <> b.range;\r");
    // Whenever it comes, a Ctrl-C leaves the shell alive.
    let mut pressed = 0;
    while !shell.shows("interrompue", Duration::from_secs(1)) {
        pressed += 1;
        assert!(pressed < 60, "not interrupted");
        shell.press("\u{3}");
    }
    shell.waits_for("sql> ");
    shell.press("SELECT 'encore' || ' là' AS vivant;\r");
    shell.waits_for("encore là");
    shell.waits_for(" ms");
    shell.press("\\q\r");
    let status = shell.child.wait().unwrap();
    assert!(status.success(), "{status}");
    let history = std::fs::read_to_string(folder.path().join("registre/historique.sql")).unwrap();
    assert!(
        history.contains("lien_succession") && history.contains("vivant"),
        "{history}"
    );
}
