//! A client that says exactly what it is told to, on one connection.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::harness::Server;

/// A connection.
pub struct Wire(BufReader<TcpStream>);

/// What came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Each name once: none of ours is there twice.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// One request on a connection of its own.
pub fn ask(server: &Server, method: &str, address: &str, headers: &str) -> Answer {
    Wire::to(server).ask(method, address, headers)
}

impl Wire {
    pub fn to(server: &Server) -> Self {
        let address = server.base.strip_prefix("http://").unwrap();
        let stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        Self(BufReader::new(stream))
    }

    /// Asks, and reads the whole answer.
    pub fn ask(&mut self, method: &str, address: &str, headers: &str) -> Answer {
        let request = format!("{method} {address} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        self.send(request.as_bytes());
        self.answer(method == "HEAD").unwrap()
    }

    /// These bytes; a server that refuses them may not read them all.
    pub fn send(&mut self, bytes: &[u8]) {
        let _refused_already = self.0.get_mut().write_all(bytes);
    }

    /// The next answer; `None` when the connection ended instead.
    pub fn answer(&mut self, head: bool) -> Option<Answer> {
        let mut line = String::new();
        self.0.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                break;
            };
            let twice = headers.insert(name.to_lowercase(), value.to_owned());
            assert_eq!(twice, None, "{name} is there twice");
        }
        let mut body = Vec::new();
        if head || status == 204 || status == 304 {
            // None.
        } else if headers.contains_key("transfer-encoding") {
            loop {
                let mut line = String::new();
                self.0.read_line(&mut line).ok()?;
                let length = usize::from_str_radix(line.trim(), 16).unwrap();
                let mut chunk = vec![0; length + 2];
                self.0.read_exact(&mut chunk).ok()?;
                body.extend_from_slice(&chunk[..length]);
                if length == 0 {
                    break;
                }
            }
        } else {
            let length = headers.get("content-length").map_or("0", String::as_str);
            body.resize(length.parse().unwrap(), 0);
            self.0.read_exact(&mut body).ok()?;
        }
        Some(Answer {
            status,
            headers,
            body,
        })
    }
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}
