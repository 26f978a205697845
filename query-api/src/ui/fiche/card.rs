//! What a card shows, before it is HTML: every value has passed the masks and the unknown dates.

use chrono::NaiveDate;
use registre_schemas::diffusion::is_masked;
use registre_schemas::identifiers::display_form;

use super::names::MASKED_VALUE;
use crate::record::{Record, naf_version};
use crate::text::{is_unknown, long_date};

/// One organisation.
pub(super) struct Card {
    /// What it is: `Établissement`, `Unité légale`, `Association`.
    pub(super) nature: &'static str,
    pub(super) name: String,
    pub(super) badge: Option<Badge>,
    /// Its numbers: the first is the one of the page.
    pub(super) numbers: Vec<Number>,
    /// Its state, in plain words.
    pub(super) etat: Etat,
    pub(super) rows: Vec<Row>,
    pub(super) sections: Vec<Section>,
    /// What the register has, column by column.
    pub(super) records: Vec<Raw>,
    /// Where the same is as JSON: a text and an address.
    pub(super) json: Vec<(&'static str, String)>,
}

/// Active or not.
pub(crate) struct Badge {
    pub(crate) label: String,
    pub(crate) active: bool,
}

/// A number, as it is shown and as it is copied.
pub(super) struct Number {
    pub(super) label: &'static str,
    pub(super) value: String,
}

/// The verdict on what was asked, and where it leads.
pub(super) struct Etat {
    pub(super) active: bool,
    pub(super) message: String,
    /// What to do, when there is something.
    pub(super) advice: Option<String>,
    pub(super) links: Vec<Link>,
}

/// A link to another page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) href: String,
    pub(super) text: String,
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
    /// An address, which may be copied.
    Address(Vec<String>),
    /// A code and its label.
    Code {
        code: String,
        label: Option<String>,
    },
    /// To another page.
    Link(Link),
}

/// A part of a card under its own title.
pub(super) struct Section {
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
    pub(super) content: Option<Content>,
}

/// What a section has beside rows.
pub(super) enum Content {
    Places {
        /// The map, as HTML.
        carte: Option<String>,
        list: List,
    },
    Map(String),
    History(Vec<Change>),
    Successions(Vec<Succession>),
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

/// A period, and what it changed.
pub(super) struct Change {
    pub(super) dates: String,
    pub(super) lines: Vec<(&'static str, String)>,
}

/// What an établissement succeeds, or what succeeds it.
pub(super) struct Succession {
    pub(super) siret: String,
    /// Whether it came before.
    pub(super) before: bool,
    pub(super) date: String,
    pub(super) nature: String,
}

/// A row of a table: columns and values.
pub(super) struct Raw {
    pub(super) table: &'static str,
    pub(super) cells: Vec<(&'static str, String)>,
    /// Columns without a value, which are left out.
    pub(super) empty: usize,
}

/// The address of the page of an identifier.
pub(crate) fn href(id: &str) -> String {
    let digits = id.bytes().all(|byte| byte.is_ascii_digit());
    match id.len() {
        9 if digits => format!("/entreprise/{id}"),
        14 if digits => format!("/etablissement/{id}"),
        _ => format!("/association/{id}"),
    }
}

/// A link to the page of an identifier, which is its text.
pub(super) fn link(id: &str) -> Link {
    Link {
        href: href(id),
        text: display_form(id),
    }
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
