//! What the register has of someone, column by column, as far as it may be shown on a page.

use registre_schemas::diffusion::{is_masked, masked_columns};

use super::card::Raw;
use super::names::MASKED_VALUE;
use crate::record::Record;
use crate::view::as_text;

/// Whom an association has its letters sent to: a person, which a page has no reason to name.
const NOT_ON_A_PAGE: [&str; 1] = ["adrg_declarant"];

/// The columns that have a value. `hidden`: of what a person asked to hide, nothing is shown, whatever
/// the column holds.
pub(super) fn of(record: &Record, hidden: bool) -> Raw {
    let table = record.table();
    let masked = if hidden {
        masked_columns(table.name, true)
    } else {
        &[]
    };
    let mut cells = Vec::new();
    for (index, column) in table.columns.iter().enumerate() {
        if NOT_ON_A_PAGE.contains(&column.name) {
            continue;
        }
        let Some(text) = as_text(record.at(index)).filter(|text| !text.is_empty()) else {
            continue;
        };
        let text = if is_masked(&text) || masked.contains(&column.name) {
            MASKED_VALUE.to_owned()
        } else {
            text.into_owned()
        };
        cells.push((column.name, text));
    }
    Raw {
        table: table.name,
        empty: table.columns.len() - cells.len(),
        cells,
    }
}
