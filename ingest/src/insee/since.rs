//! From which date a collection is asked.

use chrono::{NaiveDateTime, TimeDelta};

use super::Base;
use super::collection::{Collection, Target};
use crate::snapshot::latest_time;

/// The interval starts that long before the latest treatment at hand: an hour for clocks that go
/// back in October, since INSEE's dates have no zone, and one for what it treated and had not yet
/// made available. What is received twice changes nothing.
const AGAIN: TimeDelta = TimeDelta::hours(2);

/// The start of the interval, and the latest treatment in the files themselves; `None` when there is
/// no row with a date to start from.
pub fn since(
    base: Base<'_>,
    collection: &Collection,
    now: NaiveDateTime,
) -> Option<(NaiveDateTime, NaiveDateTime)> {
    let main = collection.main().name;
    let latest = |folder: &std::path::Path| {
        latest_time(
            &folder.join(format!("{main}.parquet")),
            collection.date,
            now,
        )
    };
    let here = latest(base.folder)?;
    let stock = base.update(collection).map_or(here, |update| update.stock);
    // The tables of a collection come from two files, and either may have been published alone. One
    // that is in service is as recent as the main table in service; one made again, as its file.
    let reached = |target: &Target| {
        if target.table.name == main {
            Some(here)
        } else if base.is_served(target.table.name) {
            latest(base.in_service?.1)
        } else {
            Some(stock)
        }
    };
    let filled = collection.targets.iter().filter(|target| {
        base.table(target.table.name)
            .is_some_and(|table| table.file.rows > 0)
    });
    let from = filled.filter_map(reached).min()? - AGAIN;
    Some((from, stock))
}
