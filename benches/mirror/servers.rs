//! The two servers, each in processes of its own: where they answer, their processor time and memory.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::proc::{self, TICKS, ticks};
use crate::{Result, TABLE};

/// A server, ended when dropped.
pub struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// `registre serve` on a data folder.
    pub fn registre(data: &Path) -> Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_registre"));
        for (name, _) in std::env::vars() {
            if name.starts_with("REGISTRE_") {
                command.env_remove(name);
            }
        }
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(child.stderr.take().ok_or("no standard error")?);
        let address = loop {
            let mut line = String::new();
            if lines.read_line(&mut line)? == 0 {
                return Err(format!("registre ended: {:?}", child.wait()?).into());
            }
            if let Some((_, rest)) = line.split_once("serving http://") {
                break rest.split('/').next().unwrap_or(rest).trim().to_owned();
            }
        };
        // Its log is read as a journal would.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Self { child, address }.ready(&format!("/parquet/{TABLE}"))
    }

    /// nginx on the folder of a snapshot, as Debian sets it (`sendfile`, `tcp_nopush`), one process per
    /// core; `None` where it is not installed.
    pub fn nginx(folder: &Path, work: &Path) -> Result<Option<Self>> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let configuration = work.join("nginx.conf");
        let text = format!(
            "daemon off; pid {work}/nginx.pid; error_log {work}/nginx.log; worker_processes auto;
             events {{ worker_connections 1024; }}
             http {{
               sendfile on; tcp_nopush on; access_log off;
               client_body_temp_path {work}/body; proxy_temp_path {work}/proxy; fastcgi_temp_path {work}/fastcgi;
               uwsgi_temp_path {work}/uwsgi; scgi_temp_path {work}/scgi;
               server {{ listen 127.0.0.1:{port}; root {folder}; }}
             }}",
            work = work.display(),
            folder = folder.display(),
        );
        fs::File::create(&configuration)?.write_all(format!("{}{text}", user()).as_bytes())?;
        let nginx = std::env::var("NGINX").unwrap_or_else(|_unset| "/usr/sbin/nginx".to_owned());
        let started = Command::new(nginx)
            .arg("-c")
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let child = match started {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let address = format!("127.0.0.1:{port}");
        Self { child, address }
            .ready(&format!("/{TABLE}"))
            .map(Some)
    }

    /// Once it answers the first bytes of a file.
    fn ready(mut self, path: &str) -> Result<Self> {
        let deadline = Instant::now() + Duration::from_mins(1);
        while let Err(error) = self.first_bytes(path) {
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("the server ended: {status}").into());
            }
            if Instant::now() > deadline {
                return Err(format!("{}{path}: {error}", self.base()).into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(self)
    }

    fn first_bytes(&self, path: &str) -> Result<()> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-3\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        if answer.starts_with(b"HTTP/1.1 206 ") && answer.ends_with(b"\r\n\r\nPAR1") {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&answer)
                .lines()
                .next()
                .unwrap_or("no answer")
                .into())
        }
    }

    /// Where it answers.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its process and its children's.
    fn processes(&self) -> Result<Vec<u32>> {
        let mut found = vec![self.child.id()];
        for entry in fs::read_dir("/proc")? {
            if let Some(Ok(id)) = entry?.file_name().to_str().map(str::parse)
                // A process that ended since is not one of ours.
                && let Ok((_, parent)) = ticks(id)
                && parent == self.child.id()
            {
                found.push(id);
            }
        }
        Ok(found)
    }

    /// Seconds of processor so far.
    pub fn cpu(&self) -> Result<f64> {
        let mut all = 0.0;
        for id in self.processes()? {
            all += ticks(id)?.0;
        }
        Ok(all / TICKS)
    }

    /// Bytes of memory of its own: neither mapped files nor the system's cache.
    pub fn memory(&self) -> Result<u64> {
        let mut all = 0;
        for id in self.processes()? {
            all += proc::anonymous_memory(id)?;
        }
        Ok(all)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // nginx ends its workers when it is asked to, not when it is killed.
        let asked = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        if asked.is_err() {
            let _already_ended = self.child.kill();
        }
        let _already_ended = self.child.wait();
    }
}

/// Started by root, its workers would be a user who may not read the folder.
fn user() -> &'static str {
    let is_root = fs::read_to_string("/proc/self/status")
        .is_ok_and(|status| status.lines().any(|line| line.starts_with("Uid:\t0\t")));
    if is_root { "user root; " } else { "" }
}
