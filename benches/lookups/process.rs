//! A server under measure: a process that says where it answers, its processor time, its memory.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Result;
use crate::proc::{self, TICKS, ticks};

/// What a server says on standard error before its address.
pub const SERVING: &str = "serving http://";

/// A server, ended when dropped.
pub struct Server {
    child: Child,
    address: String,
    /// The parent of other processes that work for it.
    database: Option<u32>,
}

impl Server {
    /// Starts it; returns once it gives a first answer to `path`, with the time that took.
    pub fn started(mut command: Command, path: &str) -> Result<(Self, Duration)> {
        for (name, _) in std::env::vars() {
            if name.starts_with("REGISTRE_") {
                command.env_remove(name);
            }
        }
        let started = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(child.stderr.take().ok_or("no standard error")?);
        let mut seen = String::new();
        let address = loop {
            let mut line = String::new();
            if lines.read_line(&mut line)? == 0 {
                return Err(format!("{command:?} ended: {:?}\n{seen}", child.wait()?).into());
            }
            if let Some((_, rest)) = line.split_once(SERVING) {
                break rest.split('/').next().unwrap_or(rest).trim().to_owned();
            }
            seen.push_str(&line);
        };
        // Its log is read as a journal would.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        let server = Self {
            child,
            address,
            database: None,
        };
        let deadline = Instant::now() + Duration::from_mins(1);
        while let Err(error) = server.get(path) {
            if Instant::now() > deadline {
                return Err(format!("{command:?}: {path}: {error}").into());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok((server, started.elapsed()))
    }

    /// Counts the processor time of the children of another process with its own.
    pub fn with(mut self, database: u32) -> Self {
        self.database = Some(database);
        self
    }

    /// Where it answers.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The body of a 200.
    pub fn get(&self, path: &str) -> Result<String> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        match text.split_once("\r\n\r\n") {
            Some((head, body)) if head.starts_with("HTTP/1.1 200 ") => Ok(body.to_owned()),
            _ => Err(text.lines().next().unwrap_or("no answer").into()),
        }
    }

    /// Seconds of processor so far, with those of its database.
    pub fn cpu(&self) -> Result<f64> {
        let mut ticks = ticks(self.child.id())?.0;
        if let Some(database) = self.database {
            for entry in fs::read_dir("/proc")? {
                let name = entry?.file_name();
                // A process that ended since has nothing more to say.
                if let Some(Ok(id)) = name.to_str().map(str::parse)
                    && let Ok((more, parent)) = proc::ticks(id)
                    && (parent == database || id == database)
                {
                    ticks += more;
                }
            }
        }
        Ok(ticks / TICKS)
    }

    /// Seconds of processor so far of the processes it started that are still there.
    pub fn cpu_of_children(&self) -> Result<f64> {
        let mut all = 0.0;
        for entry in fs::read_dir("/proc")? {
            let name = entry?.file_name();
            // A process that ended since has nothing more to say.
            if let Some(Ok(id)) = name.to_str().map(str::parse)
                && let Ok((more, parent)) = ticks(id)
                && parent == self.child.id()
            {
                all += more;
            }
        }
        Ok(all / TICKS)
    }

    /// Bytes of memory of its own: neither mapped files nor the system's cache.
    pub fn anonymous_memory(&self) -> Result<u64> {
        proc::anonymous_memory(self.child.id())
    }

    /// Bytes of the files it has mapped that are in memory: the system takes them back when it needs to.
    pub fn mapped_memory(&self) -> Result<u64> {
        proc::mapped_memory(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _already_ended = self.child.kill();
        let _already_ended = self.child.wait();
    }
}
