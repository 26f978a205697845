//! When something is tried again, how many times, and after how long.

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use crate::error::IngestError;
use crate::progress::Context;

/// How patient a run is.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many times in a row something may fail without a byte of progress in between.
    pub failures: u32,
    /// How many times a file may come whole and wrong. Fewer: each time is a whole download.
    pub wrong_files: u32,
    /// Before the second try; twice as long before each next one.
    pub first_wait: Duration,
    /// And never longer than this.
    pub longest_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            failures: 5,
            wrong_files: 2,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_mins(1),
        }
    }
}

/// Something that did not work, and whether it may work later.
#[derive(Debug)]
pub struct Failure {
    /// What to say if it is the last.
    pub error: IngestError,
    /// What to do.
    pub again: Again,
}

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It would fail the same way: a wrong address, our own disk, Ctrl-C.
    Never,
    /// Something of ours was in the way and is gone: nothing to wait for.
    AtOnce,
    /// The network or the server, which need time.
    Later,
    /// The server said how long.
    After(Duration),
    /// The file came whole, and is not the one announced.
    WrongFile,
}

impl From<IngestError> for Failure {
    /// Ours, hence final; what comes from the network is built by `http`.
    fn from(error: IngestError) -> Self {
        Self {
            error,
            again: Again::Never,
        }
    }
}

/// Tries until it works, must not be tried again, or failed too many times. `progress` only grows;
/// a failure after it grew is counted as the first: a line that is cut every minute still brings
/// the file.
pub fn until_done<T>(
    limits: &Limits,
    context: &Context,
    progress: &Cell<u64>,
    mut attempt: impl FnMut() -> Result<T, Failure>,
) -> Result<T, IngestError> {
    let (mut failures, mut wrong_files, mut reached) = (0, 0, progress.get());
    loop {
        let Failure { error, again } = match attempt() {
            Ok(done) => return Ok(done),
            Err(failure) => failure,
        };
        if progress.get() > reached {
            reached = progress.get();
            failures = 0;
        }
        failures += 1;
        wrong_files += u32::from(again == Again::WrongFile);
        let wait = match again {
            Again::Never => return Err(error),
            _ if failures >= limits.failures || wrong_files >= limits.wrong_files => {
                return Err(given_up(error, failures));
            }
            Again::AtOnce => Duration::ZERO,
            Again::After(asked) => asked,
            Again::Later | Again::WrongFile => backoff(limits, failures, random()),
        };
        tracing::warn!(
            failures,
            "{error}; trying again in {:.1} s",
            wait.as_secs_f64()
        );
        pause(wait, context)?;
    }
}

/// The last error, with what was tried and what remains to do. A wrong file says so itself.
fn given_up(error: IngestError, failures: u32) -> IngestError {
    match error {
        IngestError::Source { name, detail } => IngestError::Source {
            name,
            detail: format!(
                "{detail}; failed {failures} times in a row: run again later, what came is kept"
            ),
        },
        other => other,
    }
}

/// Twice as long each time, give or take a quarter: those who failed together must not come back
/// together. `random` is in 0..1.
fn backoff(limits: &Limits, failures: u32, random: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let wait = limits.first_wait.saturating_mul(1 << doublings);
    wait.min(limits.longest_wait).mul_f64(0.75 + random / 2.0)
}

/// In 0..1. The standard library has randomness for its hash maps only; jitter needs no better.
#[must_use]
pub fn random() -> f64 {
    let bits = RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(bits >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

/// Waits, but not past a Ctrl-C.
pub fn pause(wait: Duration, context: &Context) -> Result<(), IngestError> {
    const STEP: Duration = Duration::from_millis(100);
    let mut left = wait;
    loop {
        context.cancel.check()?;
        if left.is_zero() {
            return Ok(());
        }
        let step = left.min(STEP);
        std::thread::sleep(step);
        left -= step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMPATIENT: Limits = Limits {
        failures: 3,
        wrong_files: 2,
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(2),
    };

    fn failure(again: Again) -> Failure {
        Failure {
            error: IngestError::Source {
                name: "test".to_owned(),
                detail: "cut".to_owned(),
            },
            again,
        }
    }

    /// How many times it was tried, and whether it worked.
    fn tried(again: Again, works_at: u32, progress: impl Fn(u32) -> u64) -> (u32, bool) {
        let (mut tries, reached) = (0, Cell::new(0));
        let done = until_done(&IMPATIENT, &Context::silent(), &reached, || {
            tries += 1;
            reached.set(progress(tries));
            if tries == works_at {
                Ok(())
            } else {
                Err(failure(again))
            }
        });
        (tries, done.is_ok())
    }

    #[test]
    fn each_failure_is_tried_again_as_often_as_it_deserves() {
        assert_eq!(tried(Again::Never, 2, |_| 0), (1, false));
        assert_eq!(tried(Again::Later, 3, |_| 0), (3, true));
        assert_eq!(tried(Again::Later, 9, |_| 0), (3, false));
        assert_eq!(tried(Again::AtOnce, 9, |_| 0), (3, false));
        assert_eq!(tried(Again::WrongFile, 9, |_| 0), (2, false));
        // Progress gives patience back, but not to a file that comes wrong each time.
        assert_eq!(tried(Again::Later, 9, u64::from), (9, true));
        assert_eq!(tried(Again::WrongFile, 9, u64::from), (2, false));
    }

    #[test]
    fn waits_grow_and_stay_within_bounds() {
        let limits = Limits::default();
        assert_eq!(backoff(&limits, 1, 0.5), Duration::from_secs(1));
        assert_eq!(backoff(&limits, 4, 0.5), Duration::from_secs(8));
        assert_eq!(backoff(&limits, 4, 0.0), Duration::from_secs(6));
        assert_eq!(backoff(&limits, 99, 0.5), Duration::from_mins(1));
        let random = random();
        assert!((0.0..=1.0).contains(&random), "{random}");
    }

    #[test]
    fn a_wait_ends_at_ctrl_c() {
        let context = Context::silent();
        context.cancel.cancel();
        let waited = pause(Duration::from_hours(1), &context);
        assert!(matches!(waited, Err(IngestError::Interrupted)));
    }
}
