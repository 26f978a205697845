//! How much may be gathered of an answer before it is read.
//!
//! What DuckDB gathers counts in no limit of its own. So a function stands above the query, sees its rows go
//! by, and ends it when they are too many: it then begins again, streamed. Rows that come fast are sent back
//! at once, when little is lost.

use arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use arrow::datatypes::DataType;
use duckdb::Connection;
use duckdb::vscalar::{ArrowFunctionSignature, VArrowScalar};
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::super::sql;
use crate::memory;

/// Rows that may have come by [`SOON`].
const ROWS: u64 = 16_384;

/// Until then, a query begins again at no great cost.
const SOON: Duration = Duration::from_millis(150);

/// Bytes that they may add to a process that has more than the memory of a query.
const ROOM: u64 = 128 << 20;

/// Between two looks at the memory of the process.
const LOOK: Duration = Duration::from_millis(10);

/// Of one query at a time.
#[derive(Clone)]
pub(super) struct Gauge(Arc<Mutex<State>>);

impl Gauge {
    /// One that sees the queries of a database, each of so many bytes at most.
    pub(super) fn of(connection: &Connection, memory: u64) -> duckdb::Result<Self> {
        let gauge = Self::default();
        gauge.lock().memory = memory;
        connection.register_scalar_function_with_state::<Self>(sql::GAUGE, &gauge)?;
        Ok(gauge)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A query begins.
    pub(super) fn start(&self) {
        let mut state = self.lock();
        *state = State::at(Instant::now(), state.memory);
    }

    /// Whether it ended that query.
    pub(super) fn is_full(&self) -> bool {
        self.lock().full
    }
}

impl Default for Gauge {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State::at(Instant::now(), 0))))
    }
}

struct State {
    /// Bytes that the process may have, rows and all.
    memory: u64,
    begun: Instant,
    rows: u64,
    /// Bytes of the process when the first row came: what is built to find rows was built.
    before: Option<u64>,
    looked: Instant,
    full: bool,
}

impl State {
    fn at(begun: Instant, memory: u64) -> Self {
        Self {
            memory,
            begun,
            rows: 0,
            before: None,
            looked: begun,
            full: false,
        }
    }

    /// So many rows more, and whether they are too many.
    fn see(&mut self, rows: usize, now: Instant, resident: impl FnOnce() -> Option<u64>) -> bool {
        self.rows += rows as u64;
        let since = |then: Instant| now.saturating_duration_since(then);
        if self.before.is_none() || since(self.looked) >= LOOK {
            self.looked = now;
            // Not known where the system does not say.
            let resident = resident().unwrap_or_default();
            let before = *self.before.get_or_insert(resident);
            self.full |= resident > self.memory.max(before.saturating_add(ROOM));
        }
        self.full |= self.rows >= ROWS && since(self.begun) < SOON;
        self.full
    }
}

impl VArrowScalar for Gauge {
    type State = Self;

    fn invoke(gauge: &Self, rows: RecordBatch) -> Result<ArrayRef, Box<dyn Error>> {
        let count = rows.num_rows();
        if gauge.lock().see(count, Instant::now(), memory::resident) {
            return Err("too much to be gathered".into());
        }
        Ok(Arc::new(BooleanArray::from(vec![true; count])))
    }

    /// Its argument is a number drawn for each row, without which DuckDB would call it once for all, or before
    /// the rows are found.
    fn signatures() -> Vec<ArrowFunctionSignature> {
        vec![ArrowFunctionSignature::exact(
            vec![DataType::Float64],
            DataType::Boolean,
        )]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_too_many_when_they_come_fast_or_fill_the_memory() {
        let begun = Instant::now();
        let few = usize::try_from(ROWS).unwrap() - 1;
        let mut fast = State::at(begun, 0);
        assert!(!fast.see(few, begun, || Some(0)));
        assert!(fast.see(1, begun, || Some(0)));
        let mut slow = State::at(begun, 0);
        assert!(!slow.see(1, begun, || Some(ROOM)));
        assert!(!slow.see(few * 100, begun + SOON, || Some(2 * ROOM)));
        // Between two looks, the memory is not read.
        assert!(!slow.see(1, begun + SOON, || Some(u64::MAX)));
        assert!(slow.see(1, begun + SOON + LOOK, || Some(2 * ROOM + 1)));
        assert!(slow.see(1, begun + SOON + LOOK, || Some(0)), "it has ended");
        let mut large = State::at(begun, 4 * ROOM);
        assert!(!large.see(1, begun, || Some(ROOM)));
        assert!(!large.see(1, begun + LOOK, || Some(4 * ROOM)));
        assert!(large.see(1, begun + 2 * LOOK, || Some(4 * ROOM + 1)));
    }
}
