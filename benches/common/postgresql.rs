//! A PostgreSQL of our own for the time of a run, as it is installed but for its memory and what the bench
//! that starts it says.

use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Where Debian puts the programs of the server.
const DEBIAN: &str = "/usr/lib/postgresql/15/bin";

/// PostgreSQL cannot be run by root.
const NOBODY: u32 = 65_534;

/// Its table fits in memory, and no journal is kept: both to its advantage.
const SETTINGS: [&str; 6] = [
    "listen_addresses=",
    "shared_buffers=2GB",
    "fsync=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=8GB",
];

/// A running server, ended and removed when dropped.
pub struct Database {
    bin: PathBuf,
    root: PathBuf,
    server: Child,
}

impl Database {
    /// With more settings, each `name=value`; `None` where PostgreSQL is not installed.
    pub fn started(folder: &Path, settings: &[&str]) -> Result<Option<Self>> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders = std::env::split_paths(&path).chain([PathBuf::from(DEBIAN)]);
        let programs = ["postgres", "initdb", "psql"];
        let bin = folders.find(|bin| programs.iter().all(|name| bin.join(name).exists()));
        let Some(bin) = bin else {
            return Ok(None);
        };
        // A socket's path is short.
        let root = std::env::temp_dir().join(format!("registre-pg-{}", std::process::id()));
        let data = folder.join("postgresql");
        if data.exists() {
            fs::remove_dir_all(&data)?;
        }
        for folder in [&root, &data] {
            fs::create_dir_all(folder)?;
            std::os::unix::fs::chown(folder, Some(NOBODY), Some(NOBODY))?;
        }
        let made = as_nobody(&bin.join("initdb"), &root)
            .arg("-D")
            .arg(&data)
            .args(["-U", "nobody", "--no-locale", "-E", "UTF8"])
            .status()?;
        if !made.success() {
            return Err(format!("initdb in {}: {made}", data.display()).into());
        }
        let mut command = as_nobody(&bin.join("postgres"), &root);
        command.arg("-D").arg(&data).arg("-k").arg(&root);
        for setting in SETTINGS.iter().chain(settings).copied() {
            command.args(["-c", setting]);
        }
        // What it says is shown only if it does not start.
        let log = root.join("log");
        let server = command.stderr(fs::File::create(&log)?).spawn()?;
        let database = Self { bin, root, server };
        let deadline = Instant::now() + Duration::from_secs(30);
        while let Err(error) = database.psql("select 1") {
            if Instant::now() > deadline {
                let log = fs::read_to_string(&log)?;
                return Err(format!("PostgreSQL did not start: {error}: {log}").into());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(Some(database))
    }

    /// Where it listens.
    pub fn socket(&self) -> &Path {
        &self.root
    }

    /// The process whose children answer.
    pub fn id(&self) -> u32 {
        self.server.id()
    }

    /// A file that its processes can read, under that name.
    pub fn given(&self, name: &str, from: &Path) -> Result<PathBuf> {
        let file = self.root.join(name);
        fs::copy(from, &file)?;
        std::os::unix::fs::chown(&file, Some(NOBODY), Some(NOBODY))?;
        Ok(file)
    }

    /// Runs statements to their end.
    pub fn psql(&self, sql: &str) -> Result<()> {
        let mut child = as_nobody(&self.bin.join("psql"), &self.root)
            .args(["-q", "-v", "ON_ERROR_STOP=1", "-U", "nobody", "-h"])
            .arg(&self.root)
            .arg("postgres")
            .stdin(Stdio::piped())
            .stderr(fs::File::create(self.root.join("psql.log"))?)
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(sql.as_bytes())?;
        }
        let status = child.wait()?;
        if status.success() {
            Ok(())
        } else {
            let log = fs::read_to_string(self.root.join("psql.log"))?;
            Err(format!("psql: {status}: {log}").into())
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let id = self.server.id().to_string();
        let _already_ended = Command::new("kill").args(["-INT", &id]).status();
        let _already_ended = self.server.wait();
        let _left_behind = fs::remove_dir_all(&self.root);
    }
}

fn as_nobody(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.uid(NOBODY).gid(NOBODY).current_dir(folder);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}
