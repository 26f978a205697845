//! `registre check`: a verdict per line, nothing of the line altered, whatever it holds.

use std::io::{Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Ran, registre, run};

const VECTORS: &str = include_str!("../vectors/identifiants.json");

/// Runs `registre check` on standard input.
fn check(options: &[&str], input: &[u8]) -> (Ran, Vec<u8>) {
    let mut child = registre()
        .arg("check")
        .args(options)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writing = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    (output.clone().into(), output.stdout)
}

/// The rows of a CSV of verdicts, by bytes, after its header.
fn rows(csv: &[u8]) -> Vec<csv::ByteRecord> {
    let mut reader = csv::Reader::from_reader(csv);
    let header: Vec<_> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    assert_eq!(
        header.join(","),
        "ligne,saisi,type,valeur,verdict,code,message,que_faire,suggestion"
    );
    reader.byte_records().map(Result::unwrap).collect()
}

#[test]
fn each_line_gets_its_verdict_in_order_and_as_it_was_typed() {
    let lines: [&[u8]; 7] = [
        b"130 025 265 00013",
        b"  \"130025266\" , x ",
        b"",
        b"W751004076\tSNSM",
        b"130\xa0025\xa0265",
        b"178-236",
        b"=SOMME(A1)\r",
    ];
    let mut input = b"\xef\xbb\xbf".to_vec();
    input.extend(lines.join(&b"\n"[..]));
    let (ran, csv) = check(&[], &input);
    assert_eq!(ran.code, Some(11), "{}", ran.stderr);
    assert!(ran.stderr.contains("6 of 7 lines"), "{}", ran.stderr);
    let rows = rows(&csv);
    let typed: Vec<&[u8]> = rows.iter().map(|row| &row[1]).collect();
    assert_eq!(typed, lines);
    let text = |row: usize, column: usize| String::from_utf8_lossy(&rows[row][column]).into_owned();
    assert_eq!(text(0, 0), "1");
    assert_eq!(
        (text(0, 2), text(0, 3)),
        ("siret".into(), "13002526500013".into())
    );
    assert_eq!((text(0, 4), text(0, 5)), ("valide".into(), String::new()));
    assert_eq!(
        (text(2, 4), text(2, 5)),
        ("format".into(), "format_invalide".into())
    );
    assert!(
        text(4, 6).contains("UTF-8") && text(4, 8) == "130025265",
        "{:?}",
        rows[4]
    );
    assert_eq!(text(5, 2), "alsace_moselle");
    for row in &rows {
        assert!(row[6].ends_with(b".") && row[7].ends_with(b"."), "{row:?}");
    }
}

#[test]
fn the_example_of_the_readme_is_what_is_written() {
    let readme = include_str!("../../README.md");
    let (command, after) = readme
        .split_once("' | registre check -\n```\n```csv\n")
        .unwrap();
    let (_, typed) = command.rsplit_once("printf '").unwrap();
    let shown = after.split("```").next().unwrap();
    let (ran, _) = check(&[], typed.replace("\\n", "\n").as_bytes());
    assert_eq!(ran.stdout, shown);
}

#[test]
fn a_file_of_valid_numbers_is_zero_and_a_kind_may_be_demanded() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("numéros.txt");
    let mut written = std::fs::File::create(&file).unwrap();
    written
        .write_all(b"130025265\r\nFR07130025265\r\n")
        .unwrap();
    let file = file.to_str().unwrap();
    let valid = run(&["check", file]);
    assert_eq!(valid.code, Some(0), "{}", valid.stderr);
    assert_eq!(valid.stdout.lines().count(), 3);
    let demanded = run(&["check", "--expect", "siret", "--format", "ndjson", file]);
    assert_eq!(demanded.code, Some(11), "{}", demanded.stderr);
    let first: Value = serde_json::from_str(demanded.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(first["type"], "siret");
    assert!(
        first["que_faire"].as_str().unwrap().contains("SIREN"),
        "{first}"
    );
}

#[test]
fn the_command_line_gives_the_verdicts_of_the_shared_vectors() {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    // A line cannot hold its own end.
    let vectors: Vec<_> = vectors
        .iter()
        .filter(|vector| !vector["input"].as_str().unwrap().ends_with(['\r', '\n']))
        .collect();
    let inputs: Vec<_> = vectors
        .iter()
        .map(|v| v["input"].as_str().unwrap())
        .collect();
    let (ran, _) = check(
        &["--format", "ndjson"],
        (inputs.join("\n") + "\n").as_bytes(),
    );
    let answers: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), vectors.len());
    for (number, (vector, answer)) in vectors.iter().zip(&answers).enumerate() {
        assert_eq!(answer["ligne"], number + 1);
        assert_eq!(answer["saisi"], vector["input"]);
        for field in ["type", "valeur", "code", "suggestion"] {
            assert_eq!(answer[field], vector[field], "{field} of {vector}");
        }
    }
}

#[test]
fn what_cannot_be_read_is_told_and_what_is_not_read_is_not_a_failure() {
    let absent = run(&["check", "nulle-part.txt"]);
    assert_eq!(absent.code, Some(3), "{}", absent.stderr);
    assert!(
        absent.stderr.contains("nulle-part.txt"),
        "{}",
        absent.stderr
    );
    assert_eq!(run(&["check", "."]).code, Some(3));
    let (empty, csv) = check(&[], b"");
    assert_eq!(empty.code, Some(0), "{}", empty.stderr);
    assert!(rows(&csv).is_empty());

    // A reader that leaves after the first line.
    let mut child = registre()
        .args(["check", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writing = std::thread::spawn(move || {
        let _refused = stdin.write_all(&b"130025265\n".repeat(200_000));
    });
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 10]).unwrap();
    drop(stdout);
    let output: Ran = child.wait_with_output().unwrap().into();
    writing.join().unwrap();
    assert_eq!(output.code, Some(0), "{}", output.stderr);
}

/// Peak of the resident memory of a child, in kB, read until it ends.
#[cfg(target_os = "linux")]
fn peak_memory(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// A million lines, and one of a hundred megabytes: neither is held.
#[cfg(target_os = "linux")]
#[test]
fn a_million_lines_are_checked_in_the_memory_of_one() {
    let mut child = registre()
        .args(["check", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let pid = child.id();
    let mut stdin = child.stdin.take().unwrap();
    let started = Instant::now();
    let writing = std::thread::spawn(move || {
        let lines = b"130 025 265 00013\n1300252650001\n13OO2526500013\nbonjour\n".repeat(2500);
        for _ in 0..100 {
            stdin.write_all(&lines).unwrap();
        }
        for _ in 0..100 {
            stdin.write_all(&b"1".repeat(1_000_000)).unwrap();
        }
        stdin.write_all(b"\n130025265").unwrap();
    });
    let (mut read, mut newlines, mut peak) = (vec![0; 1 << 20], 0, 0);
    let mut stdout = child.stdout.take().unwrap();
    loop {
        let length = stdout.read(&mut read).unwrap();
        if length == 0 {
            break;
        }
        newlines += read[..length].split(|byte| *byte == b'\n').count() - 1;
        peak = peak.max(peak_memory(pid).unwrap_or(0));
    }
    writing.join().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(11));
    assert_eq!(newlines, 1 + 1_000_002);
    assert!(peak > 0 && peak < 60_000, "{peak} kB");
    assert!(
        started.elapsed() < Duration::from_mins(1),
        "{:?}",
        started.elapsed()
    );
}
