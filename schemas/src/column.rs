//! What a column and a table are. Decoding, Parquet schema, SQL names, JSON fields and the
//! OpenAPI document all follow from these lists: a new INSEE column is one line in its table.

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use std::sync::Arc;

use crate::dictionary;
use crate::nomenclature::Nomenclature;

/// How the text of a source becomes a typed value.
///
/// Types follow INSEE's own Parquet files, except that identifiers and codes stay text, so that no
/// leading zero is lost (INSEE types `categorieJuridiqueUniteLegale` as an integer).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8 text; an empty field is null.
    Text,
    /// `AAAA-MM-JJ`, as days since 1970-01-01.
    Date,
    /// `AAAA-MM-JJTHH:MM:SS[.MMM]`, or with a space instead of `T`, as microseconds without zone.
    Timestamp,
    /// A whole number: a year, a count.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A number with a decimal point: a coordinate, a distance.
    Real,
}

impl Kind {
    /// The Arrow type written to Parquet.
    #[must_use]
    pub fn data_type(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Integer => DataType::Int64,
            Self::Boolean => DataType::Boolean,
            Self::Real => DataType::Float64,
        }
    }

    /// The word the documentation uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "texte",
            Self::Date => "date",
            Self::Timestamp => "date et heure",
            Self::Integer => "entier",
            Self::Boolean => "booléen",
            Self::Real => "nombre décimal",
        }
    }
}

/// Codes of as many digits that belong to no list of ours, by the name of their field.
const DIGITS: &[(&str, usize)] = &[
    ("siren", 9),
    ("siret", 14),
    ("nic_siege", 5),
    ("code_postal", 5),
    ("code_postal_2", 5),
    ("code_cedex", 5),
    ("code_cedex_2", 5),
    ("code_pays_etranger", 5),
    ("code_pays_etranger_2", 5),
    ("plg_iris", 9),
    ("adrs_codepostal", 5),
    ("adrs_codeinsee", 5),
];

/// Whether a source must carry a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// In the file since its first version, and not null in any row: the run stops without it, and
    /// a row without it is refused. Exactly that many digits, or any text when zero.
    Key(usize),
    /// In the file since its first version: the run stops without it.
    Always,
    /// Added or removed over the years: null when the file does not have it.
    Sometimes,
    /// Not in any source: computed by us, and documented after the source's own columns.
    Derived,
}

/// One column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The source's own name, kept in Parquet and in SQL.
    pub name: &'static str,
    /// The name in our JSON: snake case, without the repeated `UniteLegale` or `Etablissement`.
    pub field: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether a source must carry it.
    pub presence: Presence,
    /// The nomenclature its codes belong to, when they have labels.
    pub nomenclature: Option<Nomenclature>,
    /// What it means, in French, for the person reading an answer.
    pub description: &'static str,
    /// A plausible value, as CSV writes it: of a public body, or of nobody.
    pub example: &'static str,
}

impl Column {
    /// Whether a row may lack it.
    #[must_use]
    pub fn nullable(&self) -> bool {
        !matches!(self.presence, Presence::Key(_))
    }

    /// How many digits its codes have, when those made of digits alone all have as many. A file that
    /// types them as numbers loses their leading zeros, and this is what to give them back: INSEE's
    /// Parquet files have 0 for the catégorie juridique `0000`.
    #[must_use]
    pub fn digits(&self) -> Option<usize> {
        if self.kind != Kind::Text {
            return None;
        }
        match (self.presence, self.nomenclature) {
            (Presence::Key(0), _) => None,
            (Presence::Key(digits), _) => Some(digits),
            (_, Some(Nomenclature::TrancheEffectifs)) => Some(2),
            (_, Some(Nomenclature::CategorieJuridique)) => Some(4),
            (_, Some(Nomenclature::Commune)) => Some(5),
            (_, Some(Nomenclature::ObjetSocial)) => Some(6),
            _ => DIGITS
                .iter()
                .find(|(field, _)| *field == self.field)
                .map(|(_, digits)| *digits),
        }
    }
}

/// Where the rows of a table come from, in the words of the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableSource {
    /// An official file, or several, whose columns keep their names.
    Official {
        /// Its name on data.gouv.fr.
        file: &'static str,
        /// Who publishes it.
        producer: &'static str,
    },
    /// Other tables, from which we make it.
    Computed(&'static str),
}

/// Who publishes SIRENE.
pub const INSEE: &str = "Insee";
/// Who publishes the RNA.
pub const INTERIEUR: &str = "ministère de l'Intérieur";

/// A table of a snapshot: its name, its key and its columns in the source's own order.
#[derive(Debug)]
pub struct Table {
    /// Name of the Parquet file and of the SQL view, singular.
    pub name: &'static str,
    /// What a row is, in French.
    pub description: &'static str,
    /// Where its rows come from.
    pub source: TableSource,
    /// The columns its rows are sorted by.
    pub key: &'static [&'static str],
    /// Those of them that are sorted from the greatest to the least.
    pub descending: &'static [&'static str],
    /// Whether two rows may share the key (a unit may have several doublons, a SIRET several
    /// successors).
    pub unique: bool,
    /// The columns.
    pub columns: &'static [Column],
}

impl Table {
    /// The column of that source name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Position of a column by its source name.
    #[must_use]
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Positions of the key columns.
    #[must_use]
    pub fn key_indices(&self) -> Vec<usize> {
        self.key
            .iter()
            .filter_map(|name| self.index_of(name))
            .collect()
    }

    /// The Arrow schema: the known columns, then `unknown`, columns a source carried that we do not
    /// know yet, kept as text. What the dictionary says travels as field metadata: it is no part of the
    /// fingerprint of a schema, so a table whose words alone changed is not made again.
    #[must_use]
    pub fn schema(&self, unknown: &[String]) -> SchemaRef {
        let known = self.columns.iter().map(|column| {
            Field::new(column.name, column.kind.data_type(), column.nullable())
                .with_metadata(dictionary::metadata(self, column))
        });
        let unknown = unknown
            .iter()
            .map(|name| Field::new(name, DataType::Utf8, true));
        Arc::new(Schema::new(known.chain(unknown).collect::<Vec<_>>()))
    }
}

/// Shorthand for the tables: `column!(Text, Always, "name", "field", "description", "example", Nomenclature)`.
macro_rules! column {
    ($kind:ident, $presence:ident $(($digits:literal))?, $name:literal, $field:literal, $description:literal, $example:literal) => {
        $crate::column::Column {
            name: $name,
            field: $field,
            kind: $crate::column::Kind::$kind,
            presence: $crate::column::Presence::$presence$(($digits))?,
            nomenclature: None,
            description: $description,
            example: $example,
        }
    };
    ($kind:ident, $presence:ident $(($digits:literal))?, $name:literal, $field:literal, $description:literal, $example:literal, $nomenclature:ident) => {
        $crate::column::Column {
            name: $name,
            field: $field,
            kind: $crate::column::Kind::$kind,
            presence: $crate::column::Presence::$presence$(($digits))?,
            nomenclature: Some($crate::nomenclature::Nomenclature::$nomenclature),
            description: $description,
            example: $example,
        }
    };
}
pub(crate) use column;

#[cfg(test)]
mod tests {
    use crate::TABLES;
    use std::collections::HashSet;

    #[test]
    fn names_and_fields_are_unique_within_a_table_and_keys_exist() {
        for table in TABLES {
            let names: HashSet<_> = table.columns.iter().map(|c| c.name).collect();
            let fields: HashSet<_> = table.columns.iter().map(|c| c.field).collect();
            assert_eq!(names.len(), table.columns.len(), "{}", table.name);
            assert_eq!(fields.len(), table.columns.len(), "{}", table.name);
            assert_eq!(table.key_indices().len(), table.key.len(), "{}", table.name);
        }
    }

    #[test]
    fn codes_of_digits_say_how_many() {
        let digits = |table: &str, column: &str| {
            crate::table(table)
                .and_then(|table| table.column(column))
                .unwrap()
                .digits()
        };
        assert_eq!(digits("etablissement", "siret"), Some(14));
        assert_eq!(digits("etablissement", "codeCommuneEtablissement"), Some(5));
        assert_eq!(
            digits("unite_legale", "categorieJuridiqueUniteLegale"),
            Some(4)
        );
        assert_eq!(digits("unite_legale", "nicSiegeUniteLegale"), Some(5));
        assert_eq!(digits("etablissement", "numeroVoieEtablissement"), None);
        assert_eq!(digits("etablissement", "anneeEffectifsEtablissement"), None);
        let tables = TABLES.iter().chain(crate::JOINED);
        let fields: HashSet<_> = tables
            .flat_map(|table| table.columns)
            .map(|column| column.field)
            .collect();
        for (field, _) in super::DIGITS {
            assert!(fields.contains(field), "{field}");
        }
    }

    #[test]
    fn fields_are_snake_case_and_every_column_says_what_it_means() {
        for column in TABLES.iter().flat_map(|table| table.columns) {
            let snake = column
                .field
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            assert!(snake, "{}", column.field);
            assert!(column.description.len() > 10, "{}", column.name);
        }
    }
}
