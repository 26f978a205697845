//! `registre sql`, driven as people do: by its arguments, a pipe, a terminal.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

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

/// In a terminal of its own, which `script` makes; typed as a person would, with pauses.
#[test]
fn the_shell_completes_describes_interrupts_and_remembers() {
    if !Path::new("/usr/bin/script").exists() {
        eprintln!("skipped: no script(1) on this machine");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let command = format!(
        "{} sql --data {}",
        env!("CARGO_BIN_EXE_registre"),
        sample().display()
    );
    let mut child = Command::new("/usr/bin/script")
        .args(["-qec", &command, "/dev/null"])
        .env("XDG_STATE_HOME", folder.path())
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keys = child.stdin.take().unwrap();
    let mut out = child.stdout.take().unwrap();
    let reading = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _until_the_end = out.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let mut press = |text: &str, pause: u64| {
        keys.write_all(text.as_bytes()).unwrap();
        keys.flush().unwrap();
        std::thread::sleep(Duration::from_millis(pause));
    };
    press("", 700);
    press("\\d\r", 200);
    press("\\d doublon\r", 200);
    // The rest of the name is completed.
    press("SELECT count(*) AS combien FROM lien_suc\t;\r", 1000);
    press("SELECT\r40 +\r2 AS reponse;\r", 600);
    press("SELECT sirett\rFROM etablissement;\r", 500);
    press(
        "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range <> b.range;\r",
        1000,
    );
    press("\u{3}", 1000);
    press("SELECT 'encore' || ' là' AS vivant;\r", 600);
    press("\\q\r", 100);
    let status = child.wait().unwrap();
    let seen = reading.join().unwrap();
    assert!(status.success(), "{seen}");
    for words in [
        "Les doublons de SIREN",
        "sirenDoublon",
        "combien",
        "42",
        "sirett",
        "interrompue",
        "encore là",
        "ms",
    ] {
        assert!(seen.contains(words), "{words:?} in {seen}");
    }
    let history = std::fs::read_to_string(folder.path().join("registre/historique.sql")).unwrap();
    assert!(
        history.contains("lien_succession") && history.contains("vivant"),
        "{history}"
    );
}
