//! Jobs: what was sent is kept, whatever is cut or killed, and what nobody knows of is not.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{client, enrich, rows, status_of_chunks, text};
use crate::harness::{Server, registre, sample, wait_until, write_file};

/// A server of the sample that keeps its jobs there.
fn server_of(jobs: &Path) -> Server {
    Server::start_with(&["serve", "--enrich-dir", jobs.to_str().unwrap()], sample())
}

fn job(server: &Server, place: &str) -> Value {
    let response = client().get(format!("{}{place}", server.base)).send();
    let (status, body) = text(response.unwrap());
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

fn wait_for(server: &Server, place: &str, etat: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(40);
    loop {
        let state = job(server, place);
        if state["etat"] == etat {
            return state;
        }
        assert_ne!(state["etat"], "echec", "{state}");
        assert!(Instant::now() < deadline, "{state}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn an_upload_that_is_cut_goes_on_and_so_does_a_download() {
    let folder = tempfile::tempdir().unwrap();
    let server = server_of(&folder.path().join("jobs"));
    let entree = rows(10_000);
    let made = client()
        .post(format!(
            "{}/v1/enrichir/travaux?colonnes=code,nom",
            server.base
        ))
        .header("upload-complete", "?0")
        .send()
        .unwrap();
    assert_eq!(made.status(), 201);
    let place = made.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(job(&server, &place)["etat"], "depot");
    // Says that it is whole, and is cut.
    let half = entree.len() / 2;
    let mut cut = TcpStream::connect(server.base.trim_start_matches("http://")).unwrap();
    write!(
        cut,
        "PATCH {place} HTTP/1.1\r\nHost: x\r\nUpload-Offset: 0\r\nUpload-Complete: ?1\r\nContent-Length: {}\r\n\r\n",
        entree.len()
    )
    .unwrap();
    cut.write_all(&entree.as_bytes()[..half]).unwrap();
    cut.flush().unwrap();
    drop(cut);
    let deadline = Instant::now() + Duration::from_secs(10);
    let offset = loop {
        let head = client()
            .head(format!("{}{place}", server.base))
            .send()
            .unwrap();
        assert_eq!(head.headers()["upload-complete"], "?0");
        let offset: usize = head.headers()["upload-offset"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        if offset == half {
            break offset;
        }
        assert!(Instant::now() < deadline, "{offset} of {half}");
        std::thread::sleep(Duration::from_millis(20));
    };
    let patch = |from: usize, bytes: &str| {
        client()
            .patch(format!("{}{place}", server.base))
            .header("upload-offset", from.to_string())
            .header("upload-complete", "?1")
            .body(bytes.to_owned())
            .send()
            .unwrap()
    };
    let misplaced = patch(offset + 1, "x");
    assert_eq!(misplaced.status(), 409);
    assert_eq!(
        misplaced.headers()["upload-offset"],
        offset.to_string().as_str()
    );
    let early = client()
        .get(format!("{}{place}/resultat", server.base))
        .send()
        .unwrap();
    assert_eq!(early.status(), 409);
    assert_eq!(patch(offset, &entree[offset..]).status(), 200);
    let state = wait_for(&server, &place, "termine");
    assert_eq!(state["resultat"]["lignes"], 10_000);
    assert_eq!(patch(entree.len(), "more").status(), 409);

    let file = folder.path().join("in.csv");
    write_file(&file, entree.as_bytes());
    let expected = enrich(&[file.to_str().unwrap(), "--colonnes", "code,nom"]).stdout;
    let snapshot = state["resultat"]["snapshot"].as_str().unwrap();
    check_download(
        &format!("{}{place}/resultat", server.base),
        &expected,
        snapshot,
    );

    let gone = client()
        .delete(format!("{}{place}", server.base))
        .send()
        .unwrap();
    assert_eq!(gone.status(), 204);
    for path in [place.clone(), format!("{place}/resultat")] {
        let (status, body) = text(
            client()
                .get(format!("{}{path}", server.base))
                .send()
                .unwrap(),
        );
        assert!(status == 404 && body.contains("travail_inconnu"), "{body}");
    }
    let left = std::fs::read_dir(folder.path().join("jobs")).unwrap();
    assert_eq!(left.count(), 0);
}

/// A result is taken whole, or from where it was cut.
fn check_download(result: &str, expected: &str, snapshot: &str) {
    let whole = client().get(result).send().unwrap();
    let etag = whole.headers()["etag"].clone();
    assert_eq!(whole.headers()["x-snapshot"], snapshot);
    assert!(whole.text().unwrap() == expected);
    let length = expected.len();
    let part = client()
        .get(result)
        .header("range", format!("bytes={}-", length - 1000))
        .header("if-range", etag)
        .header("accept-encoding", "gzip")
        .send()
        .unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(
        part.headers()["content-range"],
        format!("bytes {}-{}/{length}", length - 1000, length - 1).as_str()
    );
    assert!(part.text().unwrap() == expected[length - 1000..]);
    let outside = client()
        .get(result)
        .header("range", format!("bytes={length}-"))
        .send();
    assert_eq!(outside.unwrap().status(), 416);
}

/// Nobody knows the address of such a job: it would keep its place until it expires.
#[test]
fn a_job_that_was_never_told_to_anyone_leaves_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let jobs = folder.path().join("jobs");
    let one = ["serve", "--enrich-max-mb", "1", "--enrich-max-jobs", "1"];
    let server = Server::run(
        registre().args(one).arg("--enrich-dir").arg(&jobs),
        sample(),
    );
    let kept = || std::fs::read_dir(&jobs).map_or(0, Iterator::count);
    let url = format!("{}/v1/enrichir/travaux", server.base);
    // Too large, which only its last byte tells.
    let most = format!("{:x}\r\n{}\r\n", 1_000_000, "1".repeat(1_000_000));
    let status = status_of_chunks(&server, "/v1/enrichir/travaux", &[&most, "1\r\n1"]);
    assert_eq!(status, "413");
    wait_until("a refused job is still there", || kept() == 0);
    let status = status_of_chunks(&server, "/v1/enrichir/travaux", &["this is no length\r\n"]);
    assert_eq!(status, "400");
    wait_until("a job that could not be read is still there", || {
        kept() == 0
    });
    // Cut before its end.
    let mut cut = TcpStream::connect(server.base.trim_start_matches("http://")).unwrap();
    write!(
        cut,
        "POST /v1/enrichir/travaux HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\nsiret\n"
    )
    .unwrap();
    cut.flush().unwrap();
    wait_until("it is not begun", || kept() == 1);
    drop(cut);
    wait_until("a job that was cut is still there", || kept() == 0);
    let made = client().post(&url).body(rows(10)).send().unwrap();
    assert_eq!(made.status(), 201);
    let place = made.headers()["location"].to_str().unwrap().to_owned();
    let state = wait_for(&server, &place, "termine");
    assert_eq!(state["octets_recus"], rows(10).len());
}

#[test]
fn a_job_goes_on_after_the_server_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let jobs = folder.path().join("jobs");
    let server = server_of(&jobs);
    let entree = rows(40_000);
    // As a client of tus does: its length, then its bytes.
    let made = client()
        .post(format!("{}/v1/enrichir/travaux", server.base))
        .header("tus-resumable", "1.0.0")
        .header("upload-length", entree.len().to_string())
        .send()
        .unwrap();
    assert_eq!(made.headers()["tus-resumable"], "1.0.0");
    let place = made.headers()["location"].to_str().unwrap().to_owned();
    let sent = client()
        .patch(format!("{}{place}", server.base))
        .header("tus-resumable", "1.0.0")
        .header("upload-offset", "0")
        .header("content-type", "application/offset+octet-stream")
        .body(entree.clone())
        .send()
        .unwrap();
    assert_eq!(sent.status(), 200);
    let deadline = Instant::now() + Duration::from_secs(20);
    while job(&server, &place)["lignes_traitees"] == 0 {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(2));
    }
    let state = job(&server, &place);
    assert_eq!(state["etat"], "en_cours", "killed too late: {state}");
    // kill -9.
    drop(server);
    let server = server_of(&jobs);
    let state = wait_for(&server, &place, "termine");
    assert_eq!(state["resultat"]["lignes"], 40_000);
    let result = client()
        .get(format!("{}{place}/resultat", server.base))
        .send()
        .unwrap();
    let file = folder.path().join("in.csv");
    write_file(&file, entree.as_bytes());
    let expected = enrich(&[file.to_str().unwrap()]).stdout;
    assert!(result.text().unwrap() == expected);
}

#[test]
fn jobs_are_bounded_in_size_and_number_and_may_be_refused() {
    let folder = tempfile::tempdir().unwrap();
    let jobs = folder.path().join("jobs");
    let server = Server::start_with(
        &[
            "serve",
            "--enrich-dir",
            jobs.to_str().unwrap(),
            "--enrich-max-mb",
            "1",
            "--enrich-max-jobs",
            "2",
        ],
        sample(),
    );
    let post = |body: String, length: Option<u32>| {
        let mut request = client()
            .post(format!("{}/v1/enrichir/travaux", server.base))
            .body(body);
        if let Some(length) = length {
            request = request.header("upload-length", length.to_string());
        }
        text(request.send().unwrap())
    };
    let (status, body) = post(String::new(), Some(2_000_000));
    assert_eq!(status, 413, "{body}");
    let (status, body) = post("siret\n13002526500013\n".to_owned(), None);
    assert_eq!(status, 201, "{body}");
    let made: Value = serde_json::from_str(&body).unwrap();
    let place = format!("/v1/enrichir/travaux/{}", made["id"].as_str().unwrap());
    let state = wait_for(&server, &place, "termine");
    assert_eq!(state["resultat"]["resultats"]["trouve"], 1);
    assert_eq!(post(String::new(), Some(10)).0, 201);
    let (status, body) = post(String::new(), Some(10));
    assert!(status == 503 && body.contains("trop_de_travaux"), "{body}");
    let unreadable = client()
        .post(format!("{}/v1/enrichir/travaux?colonnes=zz", server.base))
        .send()
        .unwrap();
    assert_eq!(unreadable.status(), 503);
    let refused = Server::start_with(&["serve", "--no-enrich-jobs"], sample());
    let response = client()
        .post(format!("{}/v1/enrichir/travaux", refused.base))
        .send();
    assert_eq!(response.unwrap().status(), 404);
}
