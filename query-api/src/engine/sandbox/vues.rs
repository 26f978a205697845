//! The documented views, and the lists of codes, in a database.

use duckdb::Connection;
use registre_schemas::nomenclature;

use crate::engine::sql::vues::{NOMENCLATURE, VUES, Vue};

/// Adds them to a database that has the published tables.
pub(super) fn add_to(connection: &Connection) -> duckdb::Result<()> {
    connection.execute_batch(NOMENCLATURE.sql)?;
    let mut appender = connection.appender(NOMENCLATURE.nom)?;
    for (list, code, label) in nomenclature::lists() {
        appender.append_row([list, code, label])?;
    }
    appender.flush()?;
    drop(appender);
    for vue in &VUES {
        connection.execute_batch(vue.sql)?;
    }
    Ok(())
}

/// Each of them, as it is described.
pub(crate) fn all() -> impl Iterator<Item = &'static Vue> {
    VUES.iter().chain([&NOMENCLATURE])
}

/// Their names.
pub(super) fn names() -> impl Iterator<Item = String> {
    all().map(|vue| vue.nom.to_owned())
}
