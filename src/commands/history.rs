//! `registre snapshots`, `verify`, `rollback` and `prune`.

use registre_ingest::history;
use registre_ingest::publish::DataFolder;
use std::io::Write;

use super::{blocking, rows};
use crate::cli::{Prune, Rollback, Snapshots, Verify};
use crate::failure::Failure;
use crate::signals::Stop;

/// One line per snapshot, columns separated by two spaces: for people, and for `awk`.
pub fn snapshots(arguments: &Snapshots) -> Result<(), Failure> {
    let kept = history::list(&DataFolder::at(&arguments.data.data))?;
    let mut out = std::io::stdout();
    for snapshot in kept {
        let manifest = &snapshot.manifest;
        let state = match (snapshot.in_service, snapshot.whole) {
            (_, false) => "damaged",
            (true, true) => "in service",
            (false, true) => "kept",
        };
        let dates: Vec<String> = manifest
            .as_of
            .iter()
            .map(|(register, date)| format!("{register} {date}"))
            .collect();
        let bytes: u64 = manifest.tables.iter().map(|table| table.bytes).sum();
        // A closed pipe (`| head`) is not our failure.
        let _closed = writeln!(
            out,
            "{}  {state}  {}  from {}  {} MB  {}",
            manifest.id,
            dates.join(", "),
            manifest.origin,
            bytes.div_ceil(1_000_000),
            rows(manifest)
        );
    }
    Ok(())
}

/// Says that a snapshot is as it was published.
pub async fn verify(arguments: Verify, stop: &Stop) -> Result<(), Failure> {
    let data = DataFolder::at(&arguments.data.data);
    let verified = blocking(stop, move |context| {
        history::verify(&data, arguments.id.as_deref(), context)
    })
    .await?;
    tracing::info!(
        "snapshot {} is as it was published: {}",
        verified.id,
        rows(&verified)
    );
    Ok(())
}

/// A server that runs sees the change within a second.
pub async fn rollback(arguments: Rollback, stop: &Stop) -> Result<(), Failure> {
    let data = DataFolder::at(&arguments.data.data);
    let back = blocking(stop, move |context| {
        history::rollback(&data, arguments.id.as_deref(), context)
    })
    .await?;
    tracing::info!("snapshot {} is back in service", back.id);
    Ok(())
}

/// Removes what `--keep` does not keep.
pub async fn prune(arguments: Prune, stop: &Stop) -> Result<(), Failure> {
    let data = DataFolder::at(&arguments.data.data);
    blocking(stop, move |_context| {
        history::prune(&data, arguments.keep.keep as usize)
    })
    .await
}
