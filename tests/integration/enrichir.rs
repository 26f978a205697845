//! Files enriched by the command and over HTTP: nothing lost, nothing altered, whatever is cut or killed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use reqwest::blocking::{Client, Response};
use serde_json::Value;

mod travaux;

use crate::harness::{
    Ran, Server, assert_one_error, install_crypto, registre, run, sample, sample_server, sigterm,
    wait_until, write_file,
};

/// `registre enrich` on the sample.
fn enrich(arguments: &[&str]) -> Ran {
    let mut whole = vec!["enrich", "--data", sample().to_str().unwrap()];
    whole.extend(arguments);
    run(&whole)
}

/// The SIRET of the sample, each once.
fn sirets() -> Vec<String> {
    let mut found = Vec::new();
    let etablissements = crate::harness::snapshot(sample()).join("etablissement.parquet");
    let file = std::fs::File::open(etablissements).unwrap();
    let builder = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file);
    for batch in builder.unwrap().build().unwrap() {
        let batch = batch.unwrap();
        let column = batch.column_by_name("siret").unwrap();
        let texts = arrow::array::AsArray::as_string::<i32>(column);
        found.extend(texts.iter().map(|text| text.unwrap().to_owned()));
    }
    found
}

/// A CSV of that many rows, by SIRET of the sample in no order.
fn rows(many: usize) -> String {
    let sirets = sirets();
    let mut text = String::from("rang;siret\n");
    for rank in 0..many {
        // A step that shares no factor with their number goes through all of them.
        let siret = &sirets[rank * 7919 % sirets.len()];
        text.extend([rank.to_string().as_str(), ";", siret, "\n"]);
    }
    text
}

#[test]
fn a_file_is_enriched_beside_itself_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("in.csv"), folder.path().join("out.csv"));
    let entree = b"\xef\xbb\xbfsep=;\r\nNum\xc3\xa9ro;\" note \"\r\n130 025 265 00013;\"a\"\"b\"\r\n\r\n\"x;y\r\n";
    write_file(&file, entree);
    let (file, out) = (file.to_str().unwrap(), out.to_str().unwrap());
    let ran = enrich(&[file, "-o", out, "--colonnes", "code,unite_legale.sigle"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("3 rows enriched"), "{}", ran.stderr);
    let written = std::fs::read_to_string(out).unwrap();
    assert_eq!(
        written,
        "\u{feff}sep=;\r\nNuméro;\" note \";registre_code;registre_unite_legale_sigle\r\n\
         130 025 265 00013;\"a\"\"b\";etablissement_actif;DINUM\r\n\
         ;;ligne_vide;\r\n\
         \"\"\"x\";y;format_invalide;\r\n"
    );
    assert_eq!(std::fs::read(file).unwrap(), entree);
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 2, "only the file and its result");
}

#[test]
fn the_registers_know_all_of_the_sample_in_any_format() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("in.csv");
    let text = rows(8000);
    write_file(&file, text.as_bytes());
    let file = file.to_str().unwrap();
    let out = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for name in ["out.csv", "out.ndjson", "out.parquet"] {
        let ran = enrich(&[file, "-o", &out(name)]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(!ran.stderr.contains("inconnu"), "{}", ran.stderr);
    }
    let csv = std::fs::read_to_string(out("out.csv")).unwrap();
    let ndjson = std::fs::read_to_string(out("out.ndjson")).unwrap();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b';')
        .from_reader(csv.as_bytes());
    let names = reader.headers().unwrap().clone();
    let mut lines = ndjson.lines();
    for (rank, row) in reader.records().enumerate() {
        let row = row.unwrap();
        assert_eq!(row[0], rank.to_string());
        let object: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
        for (name, cell) in names.iter().zip(&row) {
            let said = object[name].as_str().unwrap_or_default();
            // What is guarded in a spreadsheet is bare elsewhere.
            let cell = cell.strip_prefix('\'').filter(|_| cell.len() > said.len());
            assert_eq!(cell.unwrap_or(said), said, "{name} of row {rank}");
        }
        // A SIREN that is replaced is told as the one that replaces it.
        if object["registre_resultat"] != "doublon" {
            assert_eq!(object["siret"], object["registre_siret"]);
        }
    }
    assert!(lines.next().is_none());
    let parquet = std::fs::File::open(out("out.parquet")).unwrap();
    let parquet = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(parquet);
    let parquet = parquet.unwrap();
    assert_eq!(parquet.metadata().file_metadata().num_rows(), 8000);
}

#[test]
fn wrong_usage_is_one_error_and_leaves_the_files_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("in.csv");
    write_file(&file, b"a;b\nx;y\n");
    let own = file.to_str().unwrap();
    assert_one_error(&enrich(&[own, "-o", own]), 2, &["another name"]);
    let out = folder.path().join("out.csv");
    let out = out.to_str().unwrap();
    assert_one_error(&enrich(&[own, "-o", out]), 2, &["a, b", "--id"]);
    assert_one_error(&enrich(&[own, "-o", out, "--id", "z"]), 2, &["--id", "z"]);
    let unknown = enrich(&[own, "-o", out, "--id", "a", "--colonnes", "nom,z"]);
    assert_one_error(&unknown, 2, &["\"z\"", "--help"]);
    assert_one_error(&enrich(&["/nowhere.csv", "-o", out]), 3, &["/nowhere.csv"]);
    let nowhere = folder.path().join("no/out.csv");
    let nowhere = enrich(&[own, "-o", nowhere.to_str().unwrap(), "--id", "a"]);
    assert_one_error(&nowhere, 6, &["write"]);
    let empty = folder.path().join("empty");
    let nothing = run(&[
        "enrich",
        own,
        "--id",
        "a",
        "--data",
        empty.to_str().unwrap(),
    ]);
    assert_one_error(&nothing, 6, &["registre ingest"]);
    assert_eq!(std::fs::read(own).unwrap(), b"a;b\nx;y\n");
    assert!(!Path::new(out).exists());
}

/// Standard input kept open by the test.
fn piped(arguments: &[&str]) -> Child {
    registre()
        .arg("enrich")
        .arg("-")
        .args(arguments)
        .arg("--data")
        .arg(sample())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn interrupted_it_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.csv");
    let mut child = piped(&["-o", out.to_str().unwrap(), "--no-header"]);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(rows(40_000).as_bytes()).unwrap();
    wait_until("no file being written", || {
        std::fs::read_dir(folder.path()).unwrap().count() == 1
    });
    sigterm(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    drop(stdin);
}

#[test]
fn a_pipe_in_and_a_pipe_out_give_rows_before_the_end() {
    let mut child = piped(&["--colonnes", "code"]);
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    // More than is held to know what the file is and to write at once.
    let text = rows(60_000);
    let writing = std::thread::spawn(move || {
        stdin.write_all(text.as_bytes()).unwrap();
        stdin
    });
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "rang;siret;registre_code\n");
    let reading = std::thread::spawn(move || stdout.lines().count());
    drop(writing.join().unwrap());
    assert_eq!(reading.join().unwrap(), 60_000);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

fn client() -> Client {
    install_crypto();
    Client::builder()
        .timeout(Duration::from_mins(1))
        .build()
        .unwrap()
}

fn text(response: Response) -> (u16, String) {
    (response.status().as_u16(), response.text().unwrap())
}

/// The status of a POST whose body is these chunks, as they are on the wire. The answer to who sends more
/// than is read may be lost: these end where they are refused.
fn status_of_chunks(server: &Server, path: &str, chunks: &[&str]) -> String {
    let mut stream = TcpStream::connect(server.base.trim_start_matches("http://")).unwrap();
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: registre\r\ntransfer-encoding: chunked\r\n\r\n");
    for part in [head.as_str()].iter().chain(chunks) {
        stream.write_all(part.as_bytes()).unwrap();
    }
    let mut said = [0; 12];
    stream.read_exact(&mut said).unwrap();
    String::from_utf8(said[9..].to_vec()).unwrap()
}

#[test]
fn http_gives_what_the_command_gives() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("in.csv");
    let entree = rows(5000);
    write_file(&file, entree.as_bytes());
    let colonnes = "resultat,code,siren,nom,adresse,etat,date_fermeture,successeur";
    let ran = enrich(&[file.to_str().unwrap(), "--colonnes", colonnes]);
    let server = sample_server();
    let url = format!("{}/v1/enrichir?colonnes={colonnes}", server.base);
    let response = client().post(&url).body(entree.clone()).send().unwrap();
    let snapshot = crate::harness::snapshot(sample());
    let snapshot = snapshot.file_name().unwrap().to_str().unwrap();
    assert_eq!(response.headers()["x-snapshot"], snapshot);
    assert_eq!(
        response.headers()["content-type"],
        "text/csv; charset=utf-8"
    );
    assert_eq!(response.headers()["cache-control"], "no-store");
    let (status, body) = text(response);
    assert!(status == 200 && body == ran.stdout, "{status}");
    // Each refusal before anything is sent.
    for (query, body, expected) in [
        ("?colonnes=zz", "siret\n1\n", "zz"),
        ("?zz=1", "siret\n1\n", "paramètre inconnu"),
        ("", "a;b\nx;y\n", "a, b"),
        ("?identifiant=z", "a;b\nx;y\n", "parmi a, b"),
        ("", "", "vide"),
        ("", "[1]", "jq"),
    ] {
        let url = format!("{}/v1/enrichir{query}", server.base);
        let (status, said) = text(client().post(&url).body(body).send().unwrap());
        assert_eq!(status, 400, "{said}");
        assert!(said.contains(expected), "{said}");
    }
    // Told by its head alone: a body that is refused is not read.
    let large = format!(
        "POST /v1/enrichir HTTP/1.1\r\nhost: registre\r\ncontent-length: {}\r\n\r\n",
        40 << 20
    );
    let address = server.base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(large.as_bytes()).unwrap();
    let mut said = [0; 12];
    stream.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"HTTP/1.1 413");
    // Cut, or garbled on its way: that is not its size.
    let status = status_of_chunks(
        &server,
        "/v1/enrichir",
        &["5\r\nsiret\r\n", "no length\r\n"],
    );
    assert_eq!(status, "400");
}

/// The fiches answer one, as they answer the other.
#[test]
fn each_row_says_what_organisations_answers() {
    let sirets: Vec<String> = sirets().into_iter().step_by(97).collect();
    let mut asked = sirets.clone();
    asked.extend(sirets.iter().map(|siret| siret[..9].to_owned()));
    asked.extend(["356000000", "W751004076", "100000009", "zz"].map(str::to_owned));
    asked.truncate(1000);
    let server = sample_server();
    let many = server.post("/v1/organisations", asked.join("\n")).json();
    let url = format!(
        "{}/v1/enrichir?format=ndjson&entete=non&colonnes=defaut,identifiant",
        server.base
    );
    let enriched = client().post(&url).body(asked.join("\n")).send().unwrap();
    let (status, enriched) = text(enriched);
    assert_eq!(status, 200, "{enriched}");
    assert_eq!(enriched.lines().count(), asked.len());
    for (line, answer) in enriched.lines().zip(many["reponses"].as_array().unwrap()) {
        let row: Value = serde_json::from_str(line).unwrap();
        let of = |pointer: &str| answer.pointer(pointer).cloned().unwrap_or_default();
        for (name, pointer) in [
            ("resultat", "/resultat"),
            ("code", "/code"),
            ("siren", "/organisation/siren"),
            ("siret", "/organisation/siret"),
            ("nom", "/organisation/nom"),
            ("code_postal", "/organisation/adresse/code_postal"),
            (
                "categorie_juridique_libelle",
                "/organisation/categorie_juridique/libelle",
            ),
            ("rna", "/organisation/rna"),
            ("tva", "/organisation/tva"),
        ] {
            assert_eq!(
                row[format!("registre_{name}")],
                of(pointer),
                "{name}: {line}"
            );
        }
        if row["registre_resultat"] != "trouve" {
            assert_eq!(row["registre_message"], answer["message"]);
        }
        if row["registre_resultat"] == "ferme" {
            let next = of("/organisation/succession/siret_actuel");
            assert_eq!(row["registre_successeur"], next, "{line}");
        }
    }
}

/// Bytes sent on a connection to this machine that its server has not read, in the queues of both ends.
fn unread(stream: &TcpStream) -> usize {
    let end = |address: std::net::SocketAddr| format!(":{:04X}", address.port());
    let (ours, theirs) = (
        end(stream.local_addr().unwrap()),
        end(stream.peer_addr().unwrap()),
    );
    let queue = |local: &str, remote: &str, which: usize| {
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let found = table.lines().find_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let same = fields.get(1)?.ends_with(local) && fields.get(2)?.ends_with(remote);
            same.then(|| fields[4].split(':').nth(which).unwrap().to_owned())
        });
        usize::from_str_radix(&found.unwrap(), 16).unwrap()
    };
    // Sent and not received by the other; received and not read.
    queue(&ours, &theirs, 0) + queue(&theirs, &ours, 1)
}

#[test]
fn a_client_that_reads_slowly_is_read_slowly_and_gets_it_all() {
    // Of its own: few files are streamed at once.
    let server = Server::start_with(&["serve"], sample());
    // Far more than waits anywhere, in few rows.
    let note = "x".repeat(8000);
    let many = 4000;
    let mut text = String::from("siret;note\n");
    for siret in sirets().iter().cycle().take(many) {
        text.extend([siret.as_str(), ";", &note, "\n"]);
    }
    let mut stream = TcpStream::connect(server.base.trim_start_matches("http://")).unwrap();
    write!(
        stream,
        "POST /v1/enrichir HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        text.len()
    )
    .unwrap();
    let mut reading = stream.try_clone().unwrap();
    stream
        .set_write_timeout(Some(Duration::from_secs(2)))
        .unwrap();
    let bytes = text.as_bytes();
    let mut sent = 0;
    while sent < bytes.len() {
        match stream.write(&bytes[sent..bytes.len().min(sent + 65_536)]) {
            Ok(written) => sent += written,
            Err(_full) => break,
        }
    }
    // What the two systems keep between them is no concern of the server's.
    std::thread::sleep(Duration::from_secs(1));
    let read = sent - unread(&stream);
    assert!(
        read < bytes.len() * 3 / 4,
        "{read} bytes of {} were read although nothing was taken",
        bytes.len()
    );
    stream.set_write_timeout(None).unwrap();
    let taking = std::thread::spawn(move || {
        let mut lines = 0_usize;
        let mut end = Vec::new();
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = reading.read(&mut buffer).unwrap();
            if read == 0 {
                break;
            }
            lines += buffer[..read].split(|byte| *byte == b'\n').count() - 1;
            end.extend_from_slice(&buffer[..read]);
            end.drain(..end.len().saturating_sub(16));
        }
        (lines, end)
    });
    stream.write_all(&bytes[sent..]).unwrap();
    let (lines, end) = taking.join().unwrap();
    assert!(end.ends_with(b"0\r\n\r\n"), "{}", end.escape_ascii());
    assert!(lines > many);
}
