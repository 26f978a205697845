//! What each client has used of its quota, in a memory that does not grow.
//!
//! The generic cell rate algorithm: of a client one instant is kept, when all that it used will have
//! come back to it. Clients are kept like lines of a processor's cache, by a hash that nobody outside
//! can foresee: a few places each may take, and when all are taken, whoever has used least is
//! forgotten. What that one loses is our memory of it: it may ask as if it came for the first time.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::quota::Quota;

/// Places of a set.
const PLACES: usize = 8;

/// Sets: 65 536 clients, in about a megabyte.
const SETS: usize = 8192;

const SECOND: u64 = 1_000_000_000;

/// A client, and until when something of what it used is not back: nanoseconds since the table was
/// made.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    client: u64,
    until: u64,
}

/// All clients.
pub(super) struct Table {
    sets: Box<[Mutex<[Place; PLACES]>]>,
    hasher: RandomState,
    made: Instant,
}

/// What a client may still do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Left {
    /// Requests at once.
    pub(super) requests: u64,
    /// Seconds until it has its whole quota.
    pub(super) full_in: u64,
    /// Seconds it must wait: this request is one too many.
    pub(super) wait: Option<u64>,
}

impl Table {
    pub(super) fn new() -> Self {
        Self {
            sets: (0..SETS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            made: Instant::now(),
        }
    }

    /// Counts a request of a client, now.
    pub(super) fn take(&self, client: impl Hash, quota: Quota) -> Left {
        let now = u64::try_from(self.made.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.take_at(self.hasher.hash_one(client), quota, now)
    }

    fn take_at(&self, client: u64, quota: Quota, now: u64) -> Left {
        let set = usize::try_from(client).unwrap_or(0) % SETS;
        let mut places = self.sets[set]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let known = places.iter().position(|place| place.client == client);
        let at = known.unwrap_or_else(|| {
            let least = (0..PLACES).min_by_key(|at| places[*at].until);
            let least = least.unwrap_or(0);
            places[least] = Place { client, until: 0 };
            least
        });
        let until = places[at].until.max(now);
        let after = until + quota.one();
        let most = now + quota.one() * u64::from(quota.requests());
        let allowed = after <= most;
        if allowed {
            places[at].until = after;
        }
        let used_until = places[at].until.max(now);
        Left {
            requests: (most - used_until.min(most)) / quota.one(),
            full_in: (used_until - now).div_ceil(SECOND),
            wait: (!allowed).then(|| (after - most).div_ceil(SECOND).max(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(text: &str) -> Quota {
        text.parse().unwrap()
    }

    #[test]
    fn a_quota_is_used_at_once_or_over_time_and_comes_back() {
        let table = Table::new();
        let start = 5 * SECOND;
        for left in (0..3).rev() {
            let after = table.take_at(1, quota("3/s"), start);
            assert_eq!((after.requests, after.wait), (left, None));
        }
        let refused = table.take_at(1, quota("3/s"), start);
        assert_eq!((refused.requests, refused.wait), (0, Some(1)));
        assert_eq!(table.take_at(2, quota("3/s"), start).wait, None);
        // A third of a second gives one back; being refused took nothing.
        assert_eq!(
            table.take_at(1, quota("3/s"), start + SECOND / 3).wait,
            None
        );
        assert!(
            table
                .take_at(1, quota("3/s"), start + SECOND / 3)
                .wait
                .is_some()
        );
        let rested = table.take_at(1, quota("3/s"), start + 10 * SECOND);
        assert_eq!((rested.requests, rested.full_in), (2, 1));
    }

    #[test]
    fn over_a_minute_no_more_than_the_quota_and_its_burst_is_given() {
        let table = Table::new();
        let given = (0..60_000)
            .filter(|millis| {
                let now = millis * SECOND / 1000;
                table.take_at(1, quota("7/s"), now).wait.is_none()
            })
            .count();
        assert!((7 * 60..=7 * 61).contains(&given), "{given}");
        let wait = table.take_at(1, quota("2/h"), 60 * SECOND).wait;
        assert_eq!(wait, None, "another quota, the same client");
    }

    #[test]
    fn a_flood_of_clients_takes_no_more_memory_and_does_not_free_who_used_most() {
        let table = Table::new();
        let many = quota("100/h");
        for _ in 0..100 {
            table.take_at(0, many, SECOND);
        }
        // All of them in the set of the first.
        for client in 1..10_000 {
            table.take_at(client * SETS as u64, many, SECOND);
        }
        assert!(table.take_at(0, many, SECOND).wait.is_some());
        assert_eq!(size_of::<Place>() * PLACES * SETS, 1024 * 1024);
    }
}
