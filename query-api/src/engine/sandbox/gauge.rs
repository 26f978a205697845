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
use std::fs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Its name, for `engine/sql.rs`. No query may name it.
const FUNCTION: &str = "registre_gauge";

/// Rows that may have come by [`SOON`].
const ROWS: u64 = 16_384;

/// Until then, a query begins again at no great cost.
const SOON: Duration = Duration::from_millis(150);

/// Bytes that they may add to the process.
const ROOM: u64 = 128 << 20;

/// Between two looks at the memory of the process.
const LOOK: Duration = Duration::from_millis(10);

/// Of one query at a time.
#[derive(Clone)]
pub(super) struct Gauge(Arc<Mutex<State>>);

impl Gauge {
    /// One that sees the queries of a database.
    pub(super) fn of(connection: &Connection) -> duckdb::Result<Self> {
        let gauge = Self::default();
        connection.register_scalar_function_with_state::<Self>(FUNCTION, &gauge)?;
        Ok(gauge)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A query begins.
    pub(super) fn start(&self) {
        *self.lock() = State::at(Instant::now());
    }

    /// Whether it ended that query.
    pub(super) fn is_full(&self) -> bool {
        self.lock().full
    }
}

impl Default for Gauge {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State::at(Instant::now()))))
    }
}

struct State {
    begun: Instant,
    rows: u64,
    /// Bytes of the process when the first row came: what is built to find rows was built.
    before: Option<u64>,
    looked: Instant,
    full: bool,
}

impl State {
    fn at(begun: Instant) -> Self {
        Self {
            begun,
            rows: 0,
            before: None,
            looked: begun,
            full: false,
        }
    }

    /// So many rows more, and whether they are too many.
    fn see(&mut self, rows: usize, now: Instant, resident: impl FnOnce() -> u64) -> bool {
        self.rows += rows as u64;
        let since = |then: Instant| now.saturating_duration_since(then);
        if self.before.is_none() || since(self.looked) >= LOOK {
            self.looked = now;
            let resident = resident();
            let before = *self.before.get_or_insert(resident);
            self.full |= resident.saturating_sub(before) > ROOM;
        }
        self.full |= self.rows >= ROWS && since(self.begun) < SOON;
        self.full
    }
}

impl VArrowScalar for Gauge {
    type State = Self;

    fn invoke(gauge: &Self, rows: RecordBatch) -> Result<ArrayRef, Box<dyn Error>> {
        let count = rows.num_rows();
        if gauge.lock().see(count, Instant::now(), resident) {
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

/// Bytes of memory that this process has; none where the system does not say.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"))
        .and_then(|number| number.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_too_many_when_they_come_fast_or_fill_the_memory() {
        let begun = Instant::now();
        let few = usize::try_from(ROWS).unwrap() - 1;
        let mut fast = State::at(begun);
        assert!(!fast.see(few, begun, || 0));
        assert!(fast.see(1, begun, || 0));
        let mut slow = State::at(begun);
        assert!(!slow.see(1, begun, || ROOM));
        assert!(!slow.see(few * 100, begun + SOON, || 2 * ROOM));
        // Between two looks, the memory is not read.
        assert!(!slow.see(1, begun + SOON, || u64::MAX));
        assert!(slow.see(1, begun + SOON + LOOK, || 2 * ROOM + 1));
        assert!(slow.see(1, begun + SOON + LOOK, || 0), "it has ended");
    }

    #[test]
    fn the_system_tells_the_memory_of_the_process() {
        assert!(resident() > 1 << 20, "{}", resident());
    }
}
