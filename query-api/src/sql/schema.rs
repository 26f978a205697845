//! What can be asked of public SQL: tables, views, columns, functions, and the limits in force. Read by
//! the page's completion, the shell's `\d`, and the documentation.

use registre_schemas::manifest::Manifest;
use registre_schemas::{Column as TableColumn, TABLES};
use serde::Serialize;

use super::{Format, Sql};
use crate::engine::{sandbox, sql_type};

/// Everything a query may name.
#[derive(Debug, Clone, Serialize)]
pub struct Description {
    /// The snapshot described.
    pub snapshot: String,
    /// Tables first, then views.
    pub tables: Vec<Relation>,
    /// Functions admitted.
    pub fonctions: Vec<&'static str>,
    /// Functions that stand for a table.
    pub fonctions_de_table: [&'static str; 3],
    /// Formats of an answer, the default first.
    pub formats: Vec<FormatName>,
    /// What a query may take.
    pub limites: Limites,
}

/// A table or a view.
#[derive(Debug, Clone, Serialize)]
pub struct Relation {
    /// Its name in SQL.
    pub nom: &'static str,
    /// `table` or `vue`.
    pub nature: &'static str,
    /// What it holds.
    pub description: &'static str,
    /// Its rows, when they are counted.
    pub lignes: Option<u64>,
    /// Columns by which it is sorted: filters on them are quick.
    pub cle: Vec<&'static str>,
    /// In its own order.
    pub colonnes: Vec<Colonne>,
}

/// A column.
#[derive(Debug, Clone, Serialize)]
pub struct Colonne {
    /// Its name in SQL.
    pub nom: &'static str,
    /// Its type in SQL.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What it means.
    pub description: &'static str,
}

/// A format.
#[derive(Debug, Clone, Serialize)]
pub struct FormatName {
    /// For `?format=`.
    pub nom: &'static str,
    /// For `Accept`.
    pub type_mime: &'static str,
}

/// What a query may take.
#[derive(Debug, Clone, Serialize)]
pub struct Limites {
    /// Seconds of computation.
    pub secondes: u64,
    /// Seconds to read the answer.
    pub secondes_de_lecture: u64,
    /// Memory.
    pub memoire: String,
    /// Rows of an answer.
    pub lignes: u64,
    /// Bytes of the text of a query.
    pub octets_de_requete: usize,
    /// Queries at the same time.
    pub requetes_simultanees: usize,
    /// Queries waiting for their turn.
    pub requetes_en_attente: usize,
}

impl Limites {
    /// Of the settings.
    pub(crate) fn of(settings: &Sql) -> Self {
        Self {
            secondes: settings.timeout.as_secs(),
            secondes_de_lecture: settings.reading.as_secs(),
            memoire: settings.memory.to_string(),
            lignes: settings.rows,
            octets_de_requete: settings.text,
            requetes_simultanees: settings.concurrency,
            requetes_en_attente: settings.waiting,
        }
    }
}

impl Description {
    /// Of a snapshot.
    pub(crate) fn of(manifest: &Manifest, limites: Limites) -> Self {
        let tables = TABLES.iter().map(|table| Relation {
            nom: table.name,
            nature: "table",
            description: table.description,
            lignes: Some(manifest.table(table.name).map_or(0, |entry| entry.rows)),
            cle: table.key.to_vec(),
            colonnes: table.columns.iter().map(Colonne::of).collect(),
        });
        let vues = sandbox::vues::all().map(|vue| Relation {
            nom: vue.nom,
            nature: "vue",
            description: vue.description,
            lignes: None,
            cle: Vec::new(),
            colonnes: vue
                .colonnes
                .iter()
                .map(|(nom, kind, description)| Colonne {
                    nom,
                    kind,
                    description,
                })
                .collect(),
        });
        Self {
            snapshot: manifest.id.clone(),
            tables: tables.chain(vues).collect(),
            fonctions: sandbox::functions().collect(),
            fonctions_de_table: ["generate_series", "range", "unnest"],
            formats: Format::ALL
                .map(|format| FormatName {
                    nom: format.name(),
                    type_mime: format.media_type(),
                })
                .to_vec(),
            limites,
        }
    }
}

impl Colonne {
    fn of(column: &TableColumn) -> Self {
        Self {
            nom: column.name,
            kind: sql_type(column.kind),
            description: column.description,
        }
    }
}
