//! The names of the snapshot: those given to PostgreSQL, drawn from all of them, and what is asked about.

use std::path::Path;

use crate::Result;
use crate::demandes::Organisation;

/// Organisations drawn, as a file and as a table of an engine of this process.
pub struct Noms {
    connection: duckdb::Connection,
    /// How many.
    pub nombre: u64,
}

impl Noms {
    /// Draws about `rows` of them, all over the registers. The columns: `numero`, `nom` and `commune` without
    /// case nor accents, `taille`: open before closed, then by workforce. Nobody in partial diffusion.
    #[expect(
        clippy::disallowed_methods,
        reason = "a bench reads the tables by the engine alone"
    )]
    pub fn drawn(snapshot: &Path, organisations: u64, rows: u64) -> Result<Self> {
        let every = (organisations / rows.max(1)).max(1);
        let connection = duckdb::Connection::open_in_memory()?;
        let table = |name: &str| {
            let path = snapshot.join(format!("{name}.parquet"));
            path.display().to_string().replace('\'', "''")
        };
        connection.execute_batch(&format!(
            "CREATE TABLE noms AS
             SELECT numero, lower(strip_accents(nom)) AS nom, lower(strip_accents(commune)) AS commune, taille
             FROM (
                 SELECT u.siren AS numero,
                     coalesce(u.denominationUniteLegale, concat_ws(' ', u.prenomUsuelUniteLegale,
                         coalesce(u.nomUsageUniteLegale, u.nomUniteLegale))) AS nom,
                     e.libelleCommuneEtablissement AS commune,
                     (u.etatAdministratifUniteLegale = 'A')::INTEGER * 100
                         + coalesce(try_cast(u.trancheEffectifsUniteLegale AS INTEGER), 0) AS taille
                 FROM '{unites}' u
                 LEFT JOIN (SELECT siren, libelleCommuneEtablissement FROM '{etablissements}'
                     WHERE etablissementSiege AND hash(siren) % {every} = 0) e USING (siren)
                 WHERE u.statutDiffusionUniteLegale = 'O' AND hash(u.siren) % {every} = 0
                 UNION ALL
                 SELECT id, titre, adrs_libcommune, 100 FROM '{associations}'
                 WHERE hash(id) % {every} = 0 AND id NOT IN (SELECT id FROM '{liens}'))
             WHERE length(nom) > 1;",
            unites = table("unite_legale"),
            etablissements = table("etablissement"),
            associations = table("association"),
            liens = table("lien_siren_rna"),
        ))?;
        let nombre = connection.query_row("SELECT count(*) FROM noms", [], |row| row.get(0))?;
        Ok(Self { connection, nombre })
    }

    /// All of them, as a CSV without header.
    pub fn write(&self, to: &Path) -> Result<()> {
        Ok(self.connection.execute_batch(&format!(
            "COPY (SELECT numero, nom, commune, taille FROM noms) TO '{}' (FORMAT csv, HEADER false)",
            to.display()
        ))?)
    }

    /// Some of them, always the same, in no order: those that have a commune and a word to mistype.
    pub fn some(&self, nombre: usize) -> Result<Vec<Organisation>> {
        let mut statement = self.connection.prepare(&format!(
            "SELECT nom, commune, hash(numero || 'lettre') FROM noms
             WHERE commune <> '' AND regexp_matches(nom, '[a-z]{{5}}')
             ORDER BY hash(numero || 'ordre') LIMIT {nombre}",
        ))?;
        let rows = statement.query_map([], |row| {
            Ok(Organisation {
                nom: row.get(0)?,
                commune: row.get(1)?,
                hasard: row.get(2)?,
            })
        })?;
        Ok(rows.collect::<std::result::Result<_, _>>()?)
    }

    /// The most frequent words of names.
    pub fn words(&self, nombre: usize) -> Result<Vec<String>> {
        self.frequent("mot", nombre)
    }

    /// The most frequent two letters by which a word begins.
    pub fn beginnings(&self, nombre: usize) -> Result<Vec<String>> {
        self.frequent("left(mot, 2)", nombre)
    }

    fn frequent(&self, what: &str, nombre: usize) -> Result<Vec<String>> {
        self.texts(&format!(
            "SELECT {what} AS quoi FROM
                 (SELECT unnest(regexp_split_to_array(nom, '[^a-z0-9]+')) AS mot FROM noms)
             WHERE length(mot) > 1 GROUP BY quoi ORDER BY count(*) DESC, quoi LIMIT {nombre}"
        ))
    }

    /// The most frequent activities of the NAF rév. 2 in a table of the snapshot.
    pub fn activities(&self, snapshot: &Path, nombre: usize) -> Result<Vec<String>> {
        self.texts(&format!(
            "SELECT activitePrincipaleUniteLegale AS code FROM '{}'
             WHERE nomenclatureActivitePrincipaleUniteLegale = 'NAFRev2'
             GROUP BY code ORDER BY count(*) DESC, code LIMIT {nombre}",
            snapshot.join("unite_legale.parquet").display()
        ))
    }

    fn texts(&self, sql: &str) -> Result<Vec<String>> {
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<std::result::Result<_, _>>()?)
    }
}
