//! One connection that is kept, asked one question after the other, each timed.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::Result;
use crate::process::Server;

/// Longest answer waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Numbers of a page that are looked at, and asked for: the judged set wants five.
const JUGES: usize = 5;

/// A connection to a server.
pub struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub fn connected(server: &Server) -> Result<Self> {
        let base = server.base();
        let stream = TcpStream::connect(base.trim_start_matches("http://"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    /// The body of a 200, and how long after the question its last byte came.
    pub fn get(&mut self, path: &str) -> Result<(Duration, Vec<u8>)> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let asked = Instant::now();
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut head = String::new();
        let mut length = None;
        loop {
            let start = head.len();
            if self.stream.read_line(&mut head)? == 0 {
                return Err(format!("{path}: cut: {head}").into());
            }
            let line = head[start..].trim_end();
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = Some(value.trim().parse::<usize>()?);
            }
        }
        let length = length.ok_or_else(|| format!("{path}: no length: {head}"))?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        let took = asked.elapsed();
        if head.starts_with("HTTP/1.1 200 ") {
            Ok((took, body))
        } else {
            let body = String::from_utf8_lossy(&body);
            Err(format!("{path}: {head}{body}").into())
        }
    }

    /// The numbers of the first organisations suggested: their SIREN, or their RNA number.
    pub fn suggested(&mut self, text: &str) -> Result<Vec<String>> {
        let path = format!("/v1/suggestions?nombre={JUGES}&q={}", encoded(text));
        let (_, body) = self.get(&path)?;
        let answer: Value = serde_json::from_slice(&body)?;
        let found = answer["suggestions"].as_array();
        let found = found.ok_or_else(|| format!("{path}: {answer}"))?;
        let number = |one: &Value| {
            one["siren"]
                .as_str()
                .or(one["rna"].as_str())
                .map(str::to_owned)
        };
        Ok(found.iter().filter_map(number).collect())
    }
}

/// What is suggested for a text.
pub fn suggestions(text: &str) -> String {
    format!("/v1/suggestions?q={}", encoded(text))
}

/// The results for a text, whole and counted.
pub fn results(text: &str) -> String {
    format!("/v1/recherche?q={}", encoded(text))
}

fn encoded(text: &str) -> String {
    let bytes = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    bytes.collect()
}
