//! The only SQL text of the crate. Names come from the column tables and paths from the manifest;
//! what a user gives is bound, never written here.

pub(super) mod selection;
pub(super) mod vues;

use registre_schemas::association::ASSOCIATION;
use registre_schemas::association_utilite_publique::ASSOCIATION_UTILITE_PUBLIQUE;
use registre_schemas::etablissement::{ETABLISSEMENT, LIEN_SUCCESSION};
use registre_schemas::lien_siren_rna::LIEN_SIREN_RNA;
use registre_schemas::periode::{ETABLISSEMENT_PERIODE, UNITE_LEGALE_PERIODE};
use registre_schemas::unite_legale::{DOUBLON, UNITE_LEGALE};
use registre_schemas::{Column, Kind, Table};
use std::path::Path;
use std::sync::LazyLock;

/// An identifier, quoted.
fn name(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A literal, quoted.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

const PATTERN: [char; 3] = ['*', '?', '['];

/// Whether [`exactly`] can name that folder: in a pattern, a backslash separates folders.
pub(crate) fn can_be_named(folder: &Path) -> bool {
    let text = folder.display().to_string();
    !(text.contains('\\') && text.contains(PATTERN))
}

/// A pattern that only this path matches: DuckDB takes every path for a pattern, and would read the
/// files of the folder beside, `a1`, for those of `a[1]`.
fn exactly(path: &Path) -> String {
    let text = path.display().to_string();
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if PATTERN.contains(&c) {
            pattern.extend(['[', c, ']']);
        } else {
            pattern.push(c);
        }
    }
    pattern
}

pub(crate) fn sql_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "VARCHAR",
        Kind::Date => "DATE",
        Kind::Timestamp => "TIMESTAMP",
        Kind::Integer => "BIGINT",
        Kind::Boolean => "BOOLEAN",
        Kind::Real => "DOUBLE",
    }
}

/// A column as the reader of rows expects it, whatever the file's own width.
fn typed(column: &Column) -> String {
    let name = name(column.name);
    match column.kind {
        Kind::Text => name,
        kind => format!("CAST({name} AS {}) AS {name}", sql_type(kind)),
    }
}

fn select(table: &Table) -> String {
    let columns: Vec<String> = table.columns.iter().map(typed).collect();
    format!("SELECT {} FROM {}", columns.join(", "), name(table.name))
}

/// Settings before the views: footers of the Parquet files stay in memory, nothing spills to disk.
pub(crate) fn settings() -> Vec<String> {
    vec![
        "SET parquet_metadata_cache = true".to_owned(),
        "SET temp_directory = ''".to_owned(),
    ]
}

/// Bytes of rows made before they are read, of an answer that is streamed. DuckDB counts their values, and keeps
/// each vector in room for 2 048: of every column of the établissements, a row alone in its vector takes four
/// thousand times what is counted. With a megabyte, its default, such an answer ended for want of memory.
pub(crate) const MADE_AHEAD: &str = "SET streaming_buffer_size = '128KB'";

/// Settings after the views: no other folder, no network, and nobody may change that.
pub(crate) fn lockdown(folder: &Path) -> Vec<String> {
    // The pattern is checked before the files it matches are.
    let folders = [folder.display().to_string(), exactly(folder)];
    vec![
        format!(
            "SET allowed_directories = [{}]",
            folders.map(|folder| literal(&folder)).join(", ")
        ),
        "SET enable_external_access = false".to_owned(),
        "SET lock_configuration = true".to_owned(),
    ]
}

/// The view of a table: over its file, or empty when the snapshot has none.
pub(crate) fn view(table: &Table, file: Option<&Path>) -> String {
    let body = if let Some(path) = file {
        format!("SELECT * FROM read_parquet({})", literal(&exactly(path)))
    } else {
        let absent = |column: &Column| {
            format!(
                "CAST(NULL AS {}) AS {}",
                sql_type(column.kind),
                name(column.name)
            )
        };
        let columns: Vec<String> = table.columns.iter().map(absent).collect();
        format!("SELECT {} WHERE false", columns.join(", "))
    };
    format!("CREATE VIEW {} AS {body}", name(table.name))
}

/// `$1`: the text of a query. Its tree, as JSON.
pub(crate) const PARSE: &str = "SELECT json_serialize_sql(CAST($1 AS VARCHAR))";

/// The function that sees the rows of a query go by in the sandbox. No query may name it.
pub(crate) const GAUGE: &str = "registre_gauge";

/// The rows of a query that was checked, and a last column that is none of its own: [`GAUGE`]. In a filter,
/// DuckDB would call it before the query's own. Read alone, the text is one whole SELECT: between parentheses it
/// is the same.
pub(crate) fn gathered(query: &str) -> String {
    let ends = |c: char| c.is_whitespace() || c == ';';
    let query = query.trim_end_matches(ends);
    format!("SELECT *, {GAUGE}(random()) FROM (\n{query}\n)")
}

/// `$1`: SIRET.
pub(crate) static ETABLISSEMENT_BY_SIRET: LazyLock<String> =
    LazyLock::new(|| format!("{} WHERE siret = $1", select(&ETABLISSEMENT)));

/// `$1`: SIREN. For a unit whose `nicSiege` is missing.
pub(crate) static SIEGE_BY_SIREN: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{} WHERE siren = $1 AND etablissementSiege ORDER BY siret LIMIT 1",
        select(&ETABLISSEMENT)
    )
});

/// `$1`: SIREN, `$2`: the SIRET after which to start, `$3`: état or empty, `$4`: how many.
pub(crate) static ETABLISSEMENTS_BY_SIREN: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{} WHERE siren = $1 AND siret > $2 AND ($3 = '' OR etatAdministratifEtablissement = $3) ORDER BY siret LIMIT $4",
        select(&ETABLISSEMENT)
    )
});

/// `$1`: SIREN. Total, then active.
pub(crate) const COUNT_ETABLISSEMENTS: &str = "\
SELECT count(*), count(*) FILTER (WHERE etatAdministratifEtablissement = 'A') \
FROM etablissement WHERE siren = $1";

/// `$1`: SIREN.
pub(crate) static UNITE_LEGALE_BY_SIREN: LazyLock<String> =
    LazyLock::new(|| format!("{} WHERE siren = $1", select(&UNITE_LEGALE)));

/// `$1`: SIREN that replaces.
pub(crate) static DOUBLONS_OF: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{} WHERE siren = $1 ORDER BY sirenDoublon",
        select(&DOUBLON)
    )
});

/// `$1`: SIREN that was replaced.
pub(crate) const REFERENCE_OF_DOUBLON: &str =
    "SELECT siren FROM doublon WHERE sirenDoublon = $1 ORDER BY siren LIMIT 1";

/// `$1`: RNA number.
pub(crate) static ASSOCIATION_BY_ID: LazyLock<String> =
    LazyLock::new(|| format!("{} WHERE id = $1", select(&ASSOCIATION)));

/// `$1`: SIREN, `$2`: how many. The surest first.
pub(crate) static LINKS_OF_UNIT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{} WHERE siren = $1 ORDER BY rang_association, id LIMIT $2",
        select(&LIEN_SIREN_RNA)
    )
});

/// `$1`: RNA number, `$2`: how many. The surest first.
pub(crate) static LINKS_OF_ASSOCIATION: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{} WHERE id = $1 ORDER BY rang_unite_legale, siren LIMIT $2",
        select(&LIEN_SIREN_RNA)
    )
});

/// `$1`: RNA number.
pub(crate) static UTILITE_PUBLIQUE_BY_ID: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{} WHERE id = $1 ORDER BY nom, code LIMIT 10",
        select(&ASSOCIATION_UTILITE_PUBLIQUE)
    )
});

/// `$1`: SIRET of the predecessor, `$2`: how many.
pub(crate) static SUCCESSORS_OF: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{} WHERE siretEtablissementPredecesseur = $1 \
         ORDER BY dateLienSuccession DESC, siretEtablissementSuccesseur LIMIT $2",
        select(&LIEN_SUCCESSION)
    )
});

/// `$1`: SIRET of the successor, `$2`: how many.
pub(crate) static PREDECESSORS_OF: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{} WHERE siretEtablissementSuccesseur = $1 \
         ORDER BY dateLienSuccession DESC, siretEtablissementPredecesseur LIMIT $2",
        select(&LIEN_SUCCESSION)
    )
});

/// `$1`: SIREN. The latest first.
pub(crate) static PERIODS_OF_UNIT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{} WHERE siren = $1 ORDER BY dateDebut DESC",
        select(&UNITE_LEGALE_PERIODE)
    )
});

/// `$1`: SIRET. The latest first.
pub(crate) static PERIODS_OF_ETABLISSEMENT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{} WHERE siret = $1 ORDER BY dateDebut DESC",
        select(&ETABLISSEMENT_PERIODE)
    )
});

/// `$1`: SIRET. The first day of the most recent period that closed it.
pub(crate) const CLOSED_SINCE: &str = "\
SELECT CAST(max(dateDebut) AS VARCHAR) FROM etablissement_periode WHERE siret = $1 \
AND etatAdministratifEtablissement = 'F' AND changementEtatAdministratifEtablissement";

/// `$1`: SIREN. The first day of the most recent period that ended it.
pub(crate) const CEASED_SINCE: &str = "\
SELECT CAST(max(dateDebut) AS VARCHAR) FROM unite_legale_periode WHERE siren = $1 \
AND etatAdministratifUniteLegale = 'C' AND changementEtatAdministratifUniteLegale";

/// Rows of `table` whose `column` is one of those of `$1`, separated by commas: many keys for one
/// reading of the file. No identifier holds a comma.
pub(crate) fn among(table: &Table, column: &str) -> String {
    among_by(table, &name(column))
}

/// The same, by what is computed of a row.
pub(crate) fn among_by(table: &Table, by: &str) -> String {
    format!(
        "{} WHERE {by} IN (SELECT unnest(string_split($1, ',')))",
        select(table)
    )
}

/// `$1`: SIREN separated by commas. Of each, total, then active.
pub(crate) const COUNTS_AMONG: &str = "\
SELECT siren, count(*), count(*) FILTER (WHERE etatAdministratifEtablissement = 'A') \
FROM etablissement WHERE siren IN (SELECT unnest(string_split($1, ','))) GROUP BY siren";

/// `$1`: SIRET separated by commas. Of each, [`CLOSED_SINCE`].
pub(crate) const CLOSED_AMONG: &str = "\
SELECT siret, CAST(max(dateDebut) AS VARCHAR) FROM etablissement_periode \
WHERE siret IN (SELECT unnest(string_split($1, ','))) \
AND etatAdministratifEtablissement = 'F' AND changementEtatAdministratifEtablissement GROUP BY siret";

/// `$1`: SIREN separated by commas. Of each, [`CEASED_SINCE`].
pub(crate) const CEASED_AMONG: &str = "\
SELECT siren, CAST(max(dateDebut) AS VARCHAR) FROM unite_legale_periode \
WHERE siren IN (SELECT unnest(string_split($1, ','))) \
AND etatAdministratifUniteLegale = 'C' AND changementEtatAdministratifUniteLegale GROUP BY siren";

/// `$1`: normalised names, separated by ends of line. The diffusible units that have one of them: SIREN,
/// name. Tables are read one after the other against what is looked for, which is small: DuckDB, joining
/// one with the other, may hold all of either.
pub(crate) const UNITES_NOMMEES: &str = "\
SELECT DISTINCT siren, nom FROM ( \
  SELECT siren, unnest([nom_normalise(denominationUniteLegale), nom_normalise(sigleUniteLegale), \
    nom_normalise(denominationUsuelle1UniteLegale), nom_normalise(denominationUsuelle2UniteLegale), \
    nom_normalise(denominationUsuelle3UniteLegale), \
    nom_normalise(coalesce(prenomUsuelUniteLegale, prenom1UniteLegale) || ' ' || coalesce(nomUsageUniteLegale, nomUniteLegale)), \
    nom_normalise(coalesce(nomUsageUniteLegale, nomUniteLegale) || ' ' || coalesce(prenomUsuelUniteLegale, prenom1UniteLegale))]) AS nom \
  FROM unite_legale WHERE statutDiffusionUniteLegale = 'O') \
WHERE nom IN (SELECT unnest(string_split($1, chr(10))))";

/// `$1`: SIREN, `$2`: postcodes, both separated by ends of line. The diffusible établissements of those
/// units there: postcode, SIREN, SIRET, whether it is open, whether it is the siège.
pub(crate) const LIEUX_DES_UNITES: &str = "\
SELECT codePostalEtablissement, siren, siret, \
  coalesce(etatAdministratifEtablissement = 'A', false), coalesce(etablissementSiege, false) \
FROM etablissement WHERE statutDiffusionEtablissement = 'O' \
AND siren IN (SELECT unnest(string_split($1, chr(10)))) \
AND codePostalEtablissement IN (SELECT unnest(string_split($2, chr(10))))";

/// `$1`: normalised names, `$2`: postcodes, both separated by ends of line. The diffusible établissements
/// there that have one of the names themselves: name, then as [`LIEUX_DES_UNITES`].
pub(crate) const ENSEIGNES: &str = "\
SELECT DISTINCT nom, code, siren, siret, ouvert, siege FROM ( \
  SELECT codePostalEtablissement AS code, siren, siret, \
    coalesce(etatAdministratifEtablissement = 'A', false) AS ouvert, coalesce(etablissementSiege, false) AS siege, \
    unnest([nom_normalise(enseigne1Etablissement), nom_normalise(enseigne2Etablissement), \
      nom_normalise(enseigne3Etablissement), nom_normalise(denominationUsuelleEtablissement)]) AS nom \
  FROM etablissement WHERE statutDiffusionEtablissement = 'O' \
  AND codePostalEtablissement IN (SELECT unnest(string_split($2, chr(10))))) \
WHERE nom IN (SELECT unnest(string_split($1, chr(10))))";

/// `$1`: SIREN separated by ends of line. Those of diffusible units.
pub(crate) const DIFFUSIBLES: &str = "\
SELECT siren FROM unite_legale WHERE statutDiffusionUniteLegale = 'O' \
AND siren IN (SELECT unnest(string_split($1, chr(10))))";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_quotes_stays_one_literal() {
        let view = view(&DOUBLON, Some(Path::new("/tmp/l'été\"/d.parquet")));
        assert_eq!(
            view,
            "CREATE VIEW \"doublon\" AS SELECT * FROM read_parquet('/tmp/l''été\"/d.parquet')"
        );
    }

    #[test]
    fn a_path_is_no_pattern() {
        let exact = |path| exactly(Path::new(path));
        assert_eq!(exact("/srv/a/d.parquet"), "/srv/a/d.parquet");
        assert_eq!(exact("/srv/a\\b"), "/srv/a\\b");
        assert_eq!(exact("/srv/a[1]*?/d"), "/srv/a[[]1][*][?]/d");
        assert!(can_be_named(Path::new("/srv/a\\b")) && can_be_named(Path::new("/srv/a[1]")));
        assert!(!can_be_named(Path::new("/srv/a\\[1]")));
    }

    #[test]
    fn columns_are_cast_to_their_kind() {
        assert!(DOUBLONS_OF.starts_with(
            "SELECT \"siren\", \"sirenDoublon\", CAST(\"dateDernierTraitementDoublon\" AS TIMESTAMP) AS \"dateDernierTraitementDoublon\" FROM \"doublon\""
        ));
    }
}
