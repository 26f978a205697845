//! What a card shows, before it is HTML: every value has passed the masks and the unknown dates.

use chrono::NaiveDate;
use registre_schemas::diffusion::is_masked;

use super::names::MASKED_VALUE;
use crate::record::{Record, naf_version};
use crate::text::{is_unknown, long_date};

/// One organisation.
pub(super) struct Card {
    /// What it is: `Établissement`, `Unité légale`, `Association`.
    pub(super) nature: &'static str,
    pub(super) name: String,
    pub(super) badge: Option<Badge>,
    /// Said under the name: `SIRET 130 025 265 00013`.
    pub(super) identifier: String,
    pub(super) rows: Vec<Row>,
    pub(super) sections: Vec<Section>,
    /// Where the same answer is as JSON.
    pub(super) json: String,
}

/// Active or not.
pub(super) struct Badge {
    pub(super) label: String,
    pub(super) active: bool,
}

/// A label and what stands beside it.
pub(super) struct Row {
    pub(super) label: &'static str,
    pub(super) value: Shown,
}

/// A value as it is shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Text(String),
    /// One under the other.
    Lines(Vec<String>),
    /// A code and its label.
    Code {
        code: String,
        label: Option<String>,
    },
    /// To another card.
    Link {
        href: String,
        text: String,
    },
}

/// A part of a card under its own title.
pub(super) struct Section {
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
    pub(super) list: Option<List>,
}

/// A page of établissements.
pub(super) struct List {
    pub(super) items: Vec<Item>,
    pub(super) first: Option<String>,
    pub(super) next: Option<String>,
}

/// One établissement of a list.
pub(super) struct Item {
    pub(super) siret: String,
    pub(super) name: String,
    pub(super) town: String,
    pub(super) badge: Option<Badge>,
    pub(super) siege: bool,
}

/// The address of the card of an identifier.
pub(super) fn href(id: &str) -> String {
    format!("/?id={id}")
}

/// A row, when there is a value.
pub(super) fn row(label: &'static str, value: Option<Shown>) -> Option<Row> {
    value.map(|value| Row { label, value })
}

/// A plain text.
pub(super) fn text(record: &Record, name: &str) -> Option<Shown> {
    let text = record.text(name)?;
    Some(Shown::Text(
        if is_masked(text) { MASKED_VALUE } else { text }.to_owned(),
    ))
}

/// A code with its label.
pub(super) fn code(record: &Record, name: &str) -> Option<Shown> {
    let code = record.text(name)?;
    if is_masked(code) {
        return Some(Shown::Text(MASKED_VALUE.to_owned()));
    }
    Some(Shown::Code {
        code: code.to_owned(),
        label: record.label(name).map(str::to_owned),
    })
}

/// A code of the older NAF, with the version it is read in.
pub(super) fn naf(record: &Record, name: &str) -> Option<Shown> {
    let version = record
        .table()
        .column(name)
        .and_then(|column| naf_version(record, column));
    match (code(record, name)?, version) {
        (Shown::Code { code, label }, Some(version)) if version != "NAFRev2" => Some(Shown::Code {
            code: format!("{code} ({version})"),
            label,
        }),
        (shown, _) => Some(shown),
    }
}

/// A date, or `inconnue` for the registers' own way of not knowing.
pub(super) fn date(record: &Record, name: &str) -> Option<Shown> {
    record.date(name).map(|date| Shown::Text(date_text(date)))
}

pub(super) fn date_text(date: NaiveDate) -> String {
    if is_unknown(date) {
        "inconnue".to_owned()
    } else {
        long_date(date)
    }
}

/// A state, with the day it began when it is over.
pub(super) fn badge(record: &Record, name: &str, since: Option<&str>) -> Option<Badge> {
    let state = record.text(name)?;
    let label = record.label(name).unwrap_or(state);
    let active = state == "A";
    let since = since
        .filter(|_| !active)
        .and_then(|name| record.date(name))
        .filter(|date| !is_unknown(*date));
    let label = match since {
        Some(date) => format!("{label} depuis le {}", long_date(date)),
        None => label.to_owned(),
    };
    Some(Badge { label, active })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::record;

    #[test]
    fn unknown_dates_and_masked_values_are_said_in_words() {
        let unit = record(
            "unite_legale",
            &[
                ("dateCreationUniteLegale", "1900-01-01"),
                ("sigleUniteLegale", "[ND]"),
            ],
        );
        assert_eq!(
            date(&unit, "dateCreationUniteLegale"),
            Some(Shown::Text("inconnue".to_owned()))
        );
        assert_eq!(
            text(&unit, "sigleUniteLegale"),
            Some(Shown::Text(MASKED_VALUE.to_owned()))
        );
    }

    #[test]
    fn a_closed_place_says_since_when() {
        let closed = record(
            "etablissement",
            &[
                ("etatAdministratifEtablissement", "F"),
                ("dateDebut", "2015-03-01"),
            ],
        );
        assert_eq!(
            badge(&closed, "etatAdministratifEtablissement", Some("dateDebut"))
                .unwrap()
                .label,
            "Fermé depuis le 1er mars 2015"
        );
    }
}
