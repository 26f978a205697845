//! The date of the data of each register.

use chrono::NaiveDate;
use std::collections::BTreeMap;
use std::path::Path;

use crate::origin::Resource;
use crate::snapshot::latest_date;

/// As announced by titles and dates of publication: that of its oldest file, so that an answer
/// never claims to be newer than any part of it.
#[must_use]
pub fn announced(resources: &[Resource]) -> BTreeMap<String, NaiveDate> {
    let mut dates = BTreeMap::new();
    for resource in resources {
        if let Some(date) = resource.as_of() {
            let known = dates
                .entry(resource.source.register.clone())
                .or_insert(date);
            *known = date.min(*known);
        }
    }
    dates
}

/// A register whose files carry no date has that of its latest treatment in the data.
#[must_use]
pub fn complete(
    announced: &BTreeMap<String, NaiveDate>,
    folder: &Path,
) -> BTreeMap<String, NaiveDate> {
    let mut dates = announced.clone();
    let latest = [
        ("sirene", "unite_legale", "dateDernierTraitementUniteLegale"),
        (
            "sirene",
            "etablissement",
            "dateDernierTraitementEtablissement",
        ),
        ("rna", "association", "maj_time"),
    ];
    for (register, table, column) in latest {
        if !announced.contains_key(register)
            && let Some(date) = latest_date(&folder.join(format!("{table}.parquet")), column)
        {
            let known = dates.entry(register.to_owned()).or_insert(date);
            *known = date.max(*known);
        }
    }
    dates
}
