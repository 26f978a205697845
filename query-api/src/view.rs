//! [`Record`] → JSON, driven by the column tables: a new column needs nothing here.

use chrono::{NaiveDate, NaiveDateTime, Timelike};
use registre_schemas::nomenclature::Nomenclature;
use registre_schemas::{TABLES, Table};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::record::{Record, Value, label, naf_version};

/// Positions of a table's columns in the order of the JSON: the table's, except that the code in
/// NAF 2025 comes right after the one in the older NAF.
pub(crate) fn json_order(table: &Table) -> &'static [usize] {
    static ORDERS: LazyLock<HashMap<&'static str, Vec<usize>>> = LazyLock::new(|| {
        TABLES
            .iter()
            .map(|table| (table.name, order(table)))
            .collect()
    });
    ORDERS.get(table.name).map_or(&[], Vec::as_slice)
}

fn order(table: &Table) -> Vec<usize> {
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

/// `AAAA-MM-JJ`.
pub(crate) fn iso_date(date: NaiveDate) -> String {
    date.format("%Y-%m-%d").to_string()
}

/// `AAAA-MM-JJTHH:MM:SS`, with milliseconds when the register has them.
fn iso_timestamp(time: NaiveDateTime) -> String {
    let format = if time.nanosecond() == 0 {
        "%Y-%m-%dT%H:%M:%S"
    } else {
        "%Y-%m-%dT%H:%M:%S%.3f"
    };
    time.format(format).to_string()
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let order = json_order(self.table());
        let mut map = serializer.serialize_map(Some(order.len()))?;
        for &index in order {
            let column = &self.table().columns[index];
            match (self.at(index), column.nomenclature) {
                (Value::Text(code), Some(nomenclature)) => {
                    let coded = Coded {
                        code,
                        libelle: label(self, column, nomenclature, code),
                        nomenclature: (nomenclature == Nomenclature::Naf)
                            .then(|| NafVersion(naf_version(self, column))),
                    };
                    map.serialize_entry(column.field, &coded)?;
                }
                (value, _) => map.serialize_entry(column.field, value)?,
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

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Date(date) => serializer.serialize_str(&iso_date(*date)),
            Self::Timestamp(time) => serializer.serialize_str(&iso_timestamp(*time)),
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
