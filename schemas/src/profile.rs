//! The profile: what the columns of a snapshot hold, and what changed since the one before. Written
//! beside the manifest, served as it is at `/v1/profil`: its JSON is in French, as all answers.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bumped when a reader of the previous version could misread the new one.
pub const VERSION: u32 = 1;

/// File name inside a snapshot.
pub const FILE_NAME: &str = "profil.json";

/// A value is named among the frequent ones when it is there that many times: rarer, it could point
/// at someone.
pub const FREQUENT_AT_LEAST: u64 = 3;

/// The profile of a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// [`VERSION`] when written.
    pub version: u32,
    /// Id of the snapshot.
    pub snapshot: String,
    /// What it was compared with, or why it was not.
    #[serde(rename = "comparaison")]
    pub comparison: Comparison,
    /// What changed, per table; empty when nothing was compared.
    #[serde(rename = "changements")]
    pub changes: BTreeMap<String, Changes>,
    /// Where the active établissements are, and what they do.
    #[serde(rename = "etablissements_actifs")]
    pub active: Active,
    /// The columns of each table.
    pub tables: Vec<TableProfile>,
}

/// Whether the snapshot was compared with the one in service when it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// Whether it was.
    #[serde(rename = "etat")]
    pub state: Compared,
    /// Id of the snapshot in service then.
    #[serde(rename = "precedent")]
    pub previous: Option<String>,
}

/// Outcome of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// Nothing was in service.
    #[serde(rename = "premier")]
    First,
    /// What was in service came from elsewhere: the sample and the registers are not compared.
    #[serde(rename = "autre_origine")]
    OtherOrigin,
    /// What was in service could not be read.
    #[serde(rename = "illisible")]
    Unreadable,
    /// It was.
    #[serde(rename = "faite")]
    Done,
}

/// Rows of a table that changed since the previous snapshot; `None` where the question has no
/// meaning for the table. A row may count in several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Keys that were not there.
    #[serde(rename = "nouveaux")]
    pub created: u64,
    /// Active before, closed, ceased or dissolved now.
    #[serde(rename = "fermes")]
    pub closed: u64,
    /// The reverse.
    #[serde(rename = "reouverts")]
    pub reopened: u64,
    /// Another commune, or another address where both are public.
    #[serde(rename = "deplaces", skip_serializing_if = "Option::is_none")]
    pub moved: Option<u64>,
    /// Another name, where both are public.
    #[serde(rename = "renommes")]
    pub renamed: u64,
    /// Diffusible before, partially now.
    #[serde(rename = "masques", skip_serializing_if = "Option::is_none")]
    pub hidden: Option<u64>,
    /// Keys that are no longer there.
    #[serde(rename = "disparus")]
    pub gone: u64,
}

/// Counts of active établissements.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Active {
    /// All of them.
    pub total: u64,
    /// By département of their commune.
    #[serde(rename = "departements")]
    pub by_departement: Vec<Count>,
    /// By section of the NAF rév. 2.
    #[serde(rename = "sections_naf")]
    pub by_section: Vec<Count>,
}

/// How many there are of something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Its code; `None` for those that have none.
    pub code: Option<String>,
    /// Its name.
    #[serde(rename = "libelle")]
    pub label: Option<String>,
    /// How many.
    #[serde(rename = "nombre")]
    pub count: u64,
    /// How many more than in the previous snapshot, when it was compared.
    #[serde(rename = "ecart")]
    pub difference: Option<i64>,
}

/// What a table holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableProfile {
    /// Its name.
    pub table: String,
    /// Rows.
    #[serde(rename = "lignes")]
    pub rows: u64,
    /// Checksum of its file: the same file has the same profile.
    pub sha256: String,
    /// Its columns, in the order of the file.
    #[serde(rename = "colonnes")]
    pub columns: Vec<ColumnProfile>,
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnProfile {
    /// Its name.
    #[serde(rename = "colonne")]
    pub name: String,
    /// Its type, in the words of the documentation.
    #[serde(rename = "type")]
    pub kind: String,
    /// Rows without a value.
    #[serde(rename = "vides")]
    pub nulls: u64,
    /// Rows whose value is masked by `[ND]`.
    #[serde(rename = "masquees")]
    pub masked: u64,
    /// Different values, nulls and masked ones apart.
    #[serde(rename = "distinctes")]
    pub distinct: u64,
    /// Whether that number is an estimate.
    #[serde(rename = "distinctes_estimees")]
    pub estimated: bool,
    /// Whether values are kept to ourselves: the column may name or reach a person.
    #[serde(rename = "valeurs_reservees")]
    pub withheld: bool,
    /// Smallest value.
    pub min: Option<String>,
    /// Largest value.
    pub max: Option<String>,
    /// Most frequent values, at least [`FREQUENT_AT_LEAST`] times each; none when there are too
    /// many different ones to count each.
    #[serde(rename = "frequentes")]
    pub frequent: Vec<Frequent>,
}

/// A value and how often it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frequent {
    /// As text: dates as `AAAA-MM-JJ`.
    #[serde(rename = "valeur")]
    pub value: String,
    /// Rows.
    #[serde(rename = "nombre")]
    pub count: u64,
}

impl Profile {
    /// The profile of a table, when it was made from that very file.
    #[must_use]
    pub fn table_of(&self, name: &str, sha256: &str) -> Option<&TableProfile> {
        self.tables
            .iter()
            .find(|table| table.table == name && table.sha256 == sha256)
    }
}
