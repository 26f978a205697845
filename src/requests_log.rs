//! The lines of the log about requests, when each has one (`REGISTRE_LOG=info,requests=debug`): put in
//! a buffer by who answers, and written by a thread of their own, many at once. When standard error
//! does not keep up and the buffer is full, lines are dropped, and counted.

use std::io::{self, Write};
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Target of these lines.
pub const TARGET: &str = "requests";

/// Bytes that wait at most: some seconds of lines.
const MOST: usize = 4 * 1024 * 1024;

/// How long the end of the process waits for what is left.
const LAST_CALL: Duration = Duration::from_secs(1);

static QUEUE: LazyLock<Queue> = LazyLock::new(|| {
    let thread = std::thread::Builder::new().name("requests-log".to_owned());
    // Without it lines are dropped, and nothing else is lost.
    let _none = thread.spawn(|| QUEUE.write_to(&mut io::stderr()));
    Queue::default()
});

/// Lines on their way.
#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    /// Something waits, or all was written.
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    dropped: u64,
    writing: bool,
}

/// One line, written whole.
pub struct Line;

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        QUEUE.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Waits until everything is written, for a bounded time.
pub fn flush() {
    // Nothing was ever written by it otherwise.
    if let Some(queue) = LazyLock::get(&QUEUE) {
        let waiting = queue.lock();
        let _too_long = queue
            .changed
            .wait_timeout_while(waiting, LAST_CALL, |waiting| {
                waiting.writing || !waiting.bytes.is_empty()
            });
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: &[u8]) {
        let mut waiting = self.lock();
        if waiting.bytes.len() + line.len() > MOST {
            waiting.dropped += 1;
            return;
        }
        let first = waiting.bytes.is_empty();
        waiting.bytes.extend_from_slice(line);
        drop(waiting);
        if first {
            self.changed.notify_all();
        }
    }

    /// For ever.
    fn write_to(&self, output: &mut impl Write) {
        let mut bytes = Vec::new();
        loop {
            let waiting = self.lock();
            let waiting = self
                .changed
                .wait_while(waiting, |waiting| waiting.bytes.is_empty());
            let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
            std::mem::swap(&mut bytes, &mut waiting.bytes);
            let dropped = std::mem::take(&mut waiting.dropped);
            waiting.writing = true;
            drop(waiting);
            // Nobody to tell that standard error is closed.
            let _closed = output.write_all(&bytes);
            bytes.clear();
            if dropped > 0 {
                tracing::warn!(
                    "{dropped} lines about requests were dropped: the log does not keep up"
                );
            }
            self.lock().writing = false;
            self.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_buffer_drops_lines_and_counts_them() {
        let queue = Queue::default();
        let line = [b'x'; 1000];
        for _ in 0..MOST / line.len() + 10 {
            queue.push(&line);
        }
        let waiting = queue.lock();
        assert!(
            waiting.bytes.len() <= MOST && waiting.dropped >= 9,
            "{}",
            waiting.dropped
        );
    }
}
