//! A query posted on a connection of its own, and its rows.

use arrow::array::RecordBatch;
use arrow::ipc::reader::StreamReader;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::Result;
use crate::process::Server;

/// Longest answer waited for.
const PATIENCE: Duration = Duration::from_mins(2);

/// The rows of a query, as Arrow.
pub fn rows(server: &Server, query: &str) -> Result<Vec<RecordBatch>> {
    let answer = post(&server.base(), query, PATIENCE)?;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let end = end.ok_or("an answer without a body")?;
    let (head, body) = (&answer[..end], &answer[end + 4..]);
    let head = String::from_utf8_lossy(head).to_lowercase();
    if !head.starts_with("http/1.1 200") {
        return Err(format!("{head}\n{}\n{query}", String::from_utf8_lossy(body)).into());
    }
    let body = if head.contains("transfer-encoding: chunked") {
        joined(body)?
    } else {
        body.to_vec()
    };
    let reader = StreamReader::try_new(body.as_slice(), None)?;
    Ok(reader.collect::<std::result::Result<_, _>>()?)
}

/// The whole answer, head and body.
pub fn post(base: &str, query: &str, patience: Duration) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(base.trim_start_matches("http://"))?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_nodelay(true)?;
    let head = format!(
        "POST /v1/sql?format=arrow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/sql\r\nContent-Length: {}\r\n\r\n{query}",
        query.len()
    );
    stream.write_all(head.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

/// The chunks of a body, one after the other, down to the last.
fn joined(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|window| window == b"\r\n");
        let line = line.ok_or("an answer cut before its end")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line])?.trim(), 16)?;
        rest = &rest[line + 2..];
        if size == 0 {
            return Ok(body);
        }
        let chunk = rest.get(..size).ok_or("an answer cut in a chunk")?;
        body.extend_from_slice(chunk);
        rest = rest.get(size + 2..).ok_or("an answer cut after a chunk")?;
    }
}
