//! What a child process cost: wall clock, processor time, and the most memory it held resident.

use serde_json::Value;
use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Clock ticks in a second, as `/proc` counts processor time: fixed by Linux for its users.
const TICKS: f64 = 100.0;

/// Between two looks at the memory of a process. Its own high-water mark is read, so that only what
/// grew since the last look before its end can be missed.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What a piece of work cost.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Seconds on the clock.
    pub wall: f64,
    /// Seconds of processor, all threads and processes of it together.
    pub cpu: f64,
    /// Bytes resident at most, files it maps included.
    pub memory: u64,
}

/// A stage of `registre ingest`, as its log tells it.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Its name: `download`, a table, `verify`, `profile`.
    pub name: String,
    /// What it cost.
    pub cost: Cost,
    /// Bytes of the files it read.
    pub read: u64,
    /// Bytes it wrote.
    pub written: u64,
}

/// What a run of `registre ingest` cost.
#[derive(Debug, Clone)]
pub struct Ingested {
    /// From its start to its end.
    pub cost: Cost,
    /// The same, in parts.
    pub stages: Vec<Stage>,
}

/// Runs a command to its end, which must be a success.
pub fn cost_of(command: &mut Command) -> Result<Cost, Box<dyn Error>> {
    let started = Instant::now();
    let before = children_ticks()?;
    let child = command.spawn()?;
    let memory = watched(child, |child| Ok(child.wait()?.success()), command)?;
    Ok(Cost {
        wall: started.elapsed().as_secs_f64(),
        cpu: (children_ticks()? - before) / TICKS,
        memory,
    })
}

/// Runs `registre ingest`, and says what each of its stages cost.
pub fn ingested(command: &mut Command) -> Result<Ingested, Box<dyn Error>> {
    let started = Instant::now();
    let before = children_ticks()?;
    let child = command
        .args(["--log-format", "json"])
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stages = Vec::new();
    let mut peak = 0;
    let memory = watched(
        child,
        |child| {
            let id = child.id();
            let log = child.stderr.take().ok_or("no standard error")?;
            let (mut wall, mut cpu) = (0.0, 0.0);
            let mut said = String::new();
            for line in BufReader::new(log).lines() {
                let line = line?;
                let event: Value = serde_json::from_str(&line).unwrap_or_default();
                let fields = &event["fields"];
                said = line;
                let Some(name) = fields["stage"].as_str() else {
                    continue;
                };
                let now = (started.elapsed().as_secs_f64(), ticks(id)? / TICKS);
                let memory = high_water(id);
                peak = peak.max(memory);
                // Linux forgets the high-water mark: the next stage has its own.
                fs::OpenOptions::new()
                    .write(true)
                    .open(format!("/proc/{id}/clear_refs"))
                    .and_then(|mut file| std::io::Write::write_all(&mut file, b"5"))?;
                stages.push(Stage {
                    name: name.to_owned(),
                    cost: Cost {
                        wall: now.0 - wall,
                        cpu: now.1 - cpu,
                        memory,
                    },
                    read: fields["bytes_read"].as_u64().unwrap_or(0),
                    written: fields["bytes_written"].as_u64().unwrap_or(0),
                });
                (wall, cpu) = now;
            }
            let success = child.wait()?.success();
            if !success {
                eprintln!("{said}");
            }
            Ok(success)
        },
        command,
    )?;
    Ok(Ingested {
        cost: Cost {
            wall: started.elapsed().as_secs_f64(),
            cpu: (children_ticks()? - before) / TICKS,
            memory: memory.max(peak),
        },
        stages,
    })
}

/// Looks at the memory of a process while `work` waits for it; `work` says whether it succeeded.
fn watched(
    mut child: Child,
    work: impl FnOnce(&mut Child) -> Result<bool, Box<dyn Error>>,
    command: &Command,
) -> Result<u64, Box<dyn Error>> {
    let id = child.id();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut most = 0;
            while !over.load(Ordering::Relaxed) {
                most = most.max(high_water(id));
                std::thread::sleep(LOOK_EVERY);
            }
            most
        });
        let succeeded = work(&mut child);
        over.store(true, Ordering::Relaxed);
        let most = watcher
            .join()
            .map_err(|_panic| "the watching thread died")?;
        if succeeded? {
            Ok(most)
        } else {
            Err(format!("{command:?} failed").into())
        }
    })
}

/// Ticks of a live process, and of those it waited for.
fn ticks(id: u32) -> Result<f64, Box<dyn Error>> {
    let [user, system, _, _] = stat(&format!("/proc/{id}/stat"))?;
    Ok(user + system)
}

/// Ticks of the children this process waited for, and of theirs.
fn children_ticks() -> Result<f64, Box<dyn Error>> {
    let [_, _, user, system] = stat("/proc/self/stat")?;
    Ok(user + system)
}

/// `utime`, `stime`, `cutime` and `cstime`, as in proc(5).
fn stat(path: &str) -> Result<[f64; 4], Box<dyn Error>> {
    let text = fs::read_to_string(path)?;
    // The name of the program may hold anything; the fields after it do not.
    let (_, fields) = text.rsplit_once(") ").ok_or("a stat without a name")?;
    let mut fields = fields.split(' ').skip(11);
    let mut ticks = [0.0; 4];
    for field in &mut ticks {
        *field = fields.next().ok_or("a short stat")?.parse()?;
    }
    Ok(ticks)
}

/// The most a process held resident, in bytes; nothing once it is gone.
fn high_water(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok())
        .unwrap_or(0)
        * 1024
}
