//! [`Record`] → JSON, driven by the column tables: a new column needs nothing here.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use registre_schemas::nomenclature::{Nomenclature, naf_label};
use registre_schemas::{Column, TABLES, Table};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::borrow::Cow;
use std::sync::LazyLock;

use crate::error::ApiError;
use crate::record::{Record, Value, naf_version_of};
use crate::text::digits;

/// Positions of a table's columns in the order of the JSON: the table's, except that the code in
/// NAF 2025 comes right after the one in the older NAF.
pub(crate) fn json_order(table: &Table) -> Vec<usize> {
    let position = |nomenclature| {
        table
            .columns
            .iter()
            .position(|column| column.nomenclature == Some(nomenclature))
    };
    let mut order: Vec<usize> = (0..table.columns.len()).collect();
    if let (Some(naf), Some(naf25)) = (position(Nomenclature::Naf), position(Nomenclature::Naf2025))
    {
        order.retain(|index| *index != naf25);
        order.insert(naf + usize::from(naf < naf25), naf25);
    }
    order
}

/// Bytes most answers fit in: a buffer that grows is copied each time.
const ANSWER: usize = 8 * 1024;

/// An answer, as JSON.
pub(crate) fn to_json(answer: &impl Serialize) -> Result<Vec<u8>, ApiError> {
    let mut json = Vec::with_capacity(ANSWER);
    match serde_json::to_writer(&mut json, answer) {
        Ok(()) => Ok(json),
        Err(error) => Err(ApiError::Interne(Box::new(error))),
    }
}

/// A column as it is written.
struct Written {
    index: usize,
    column: &'static Column,
    /// Of a code of the older NAF, the column of its version.
    version: Option<usize>,
}

/// The columns of a table in the order of the JSON, found once.
fn written(table: &'static Table) -> &'static [Written] {
    static TABLES_WRITTEN: LazyLock<Vec<Vec<Written>>> = LazyLock::new(|| {
        let of = |table: &&'static Table| {
            let order = json_order(table).into_iter();
            let written = order.map(|index| Written {
                index,
                column: &table.columns[index],
                version: naf_version_of(table, &table.columns[index]),
            });
            written.collect()
        };
        TABLES.iter().map(of).collect()
    });
    let place = TABLES.iter().position(|known| std::ptr::eq(*known, table));
    place.map_or(&[], |place| TABLES_WRITTEN[place].as_slice())
}

/// `AAAA-MM-JJ`. Years of five digits or before our era have no such form, and chrono's own then.
pub(crate) fn iso_date(date: NaiveDate) -> String {
    match short_date(date) {
        Some(text) => text_of(&text).to_owned(),
        None => date.format("%Y-%m-%d").to_string(),
    }
}

fn short_date(date: NaiveDate) -> Option<[u8; 10]> {
    let year = u32::try_from(date.year())
        .ok()
        .filter(|year| *year <= 9999)?;
    let mut text = *b"0000-00-00";
    digits(&mut text[..4], year.into());
    digits(&mut text[5..7], date.month().into());
    digits(&mut text[8..], date.day().into());
    Some(text)
}

/// Digits and punctuation, always UTF-8.
fn text_of(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// `AAAA-MM-JJTHH:MM:SS`, with milliseconds when the register has them.
fn iso_timestamp(time: NaiveDateTime) -> ([u8; 23], usize) {
    let mut text = *b"0000-00-00T00:00:00.000";
    if let Some(date) = short_date(time.date()) {
        text[..10].copy_from_slice(&date);
    }
    digits(&mut text[11..13], time.hour().into());
    digits(&mut text[14..16], time.minute().into());
    digits(&mut text[17..19], time.second().into());
    digits(&mut text[20..], (time.nanosecond() / 1_000_000).into());
    (text, if time.nanosecond() == 0 { 19 } else { 23 })
}

/// A value as a text, whatever its type; a moment without its milliseconds when it has none.
pub(crate) fn as_text(value: Value<'_>) -> Option<Cow<'_, str>> {
    Some(match value {
        Value::Null => return None,
        Value::Text(text) => Cow::Borrowed(text),
        Value::Date(date) => Cow::Owned(iso_date(date)),
        Value::Timestamp(time) => {
            let (text, length) = iso_timestamp(time);
            Cow::Owned(text_of(&text[..length]).to_owned())
        }
        Value::Integer(number) => Cow::Owned(number.to_string()),
        Value::Boolean(true) => Cow::Borrowed("true"),
        Value::Boolean(false) => Cow::Borrowed("false"),
        Value::Real(number) => Cow::Owned(number.to_string()),
    })
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = written(self.table());
        let mut map = serializer.serialize_map(Some(written.len()))?;
        for Written {
            index,
            column,
            version,
        } in written
        {
            match (self.at(*index), column.nomenclature) {
                (Value::Text(code), Some(nomenclature)) => {
                    let version = version.map(|version| match self.at(version) {
                        Value::Text(version) => Some(version),
                        _ => None,
                    });
                    let libelle = match (nomenclature, version) {
                        (Nomenclature::Naf, Some(Some(version))) => naf_label(version, code),
                        (Nomenclature::Naf, _) => None,
                        (other, _) => other.label(code),
                    };
                    let is_naf = nomenclature == Nomenclature::Naf;
                    let nomenclature = is_naf.then(|| NafVersion(version.flatten()));
                    let coded = Coded {
                        code,
                        libelle,
                        nomenclature,
                    };
                    map.serialize_entry(column.field, &coded)?;
                }
                (value, _) => map.serialize_entry(column.field, &value)?,
            }
        }
        map.end()
    }
}

/// A code with its label, and for the older NAF the version it is read in.
#[derive(serde::Serialize)]
struct Coded<'record> {
    code: &'record str,
    libelle: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nomenclature: Option<NafVersion<'record>>,
}

/// Null when the row does not say.
#[derive(serde::Serialize)]
#[serde(transparent)]
struct NafVersion<'record>(Option<&'record str>);

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Date(date) => match short_date(*date) {
                Some(text) => serializer.serialize_str(text_of(&text)),
                None => serializer.serialize_str(&iso_date(*date)),
            },
            Self::Timestamp(time) => {
                let (text, length) = iso_timestamp(*time);
                serializer.serialize_str(text_of(&text[..length]))
            }
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Boolean(boolean) => serializer.serialize_bool(*boolean),
            Self::Real(number) => serializer.serialize_f64(*number),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::record;

    #[test]
    fn both_nafs_stand_side_by_side_with_their_labels() {
        let json = serde_json::to_value(record(
            "unite_legale",
            &[
                ("siren", "130025265"),
                ("activitePrincipaleUniteLegale", "84.11Z"),
                ("nomenclatureActivitePrincipaleUniteLegale", "NAFRev2"),
                ("activitePrincipaleNAF25UniteLegale", "84.11Y"),
            ],
        ))
        .unwrap();
        assert_eq!(
            json["activite_principale"]["libelle"],
            "Administration publique générale"
        );
        assert_eq!(json["activite_principale"]["nomenclature"], "NAFRev2");
        let keys: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
        let naf = keys
            .iter()
            .position(|key| key == "activite_principale")
            .unwrap();
        assert_eq!(keys[naf + 1], "activite_principale_naf25");
        assert_eq!(
            keys.len(),
            registre_schemas::unite_legale::UNITE_LEGALE.columns.len()
        );
    }

    #[test]
    fn values_keep_the_registers_own_words() {
        let json = serde_json::to_value(record(
            "etablissement",
            &[
                ("dateCreationEtablissement", "1900-01-01"),
                (
                    "dateDernierTraitementEtablissement",
                    "2024-03-22T14:03:55.500",
                ),
                ("anneeEffectifsEtablissement", "2022"),
                ("etablissementSiege", "true"),
                ("libelleVoieEtablissement", "[ND]"),
                ("trancheEffectifsEtablissement", "ZZ"),
            ],
        ))
        .unwrap();
        assert_eq!(json["date_creation"], "1900-01-01");
        assert_eq!(json["date_dernier_traitement"], "2024-03-22T14:03:55.500");
        assert_eq!(json["annee_effectifs"], 2022);
        assert_eq!(json["etablissement_siege"], true);
        assert_eq!(json["libelle_voie"], "[ND]");
        assert_eq!(
            json["tranche_effectifs"],
            serde_json::json!({"code": "ZZ", "libelle": null})
        );
        assert!(json["statut_diffusion"].is_null());
    }
}
