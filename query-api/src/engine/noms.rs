//! Who has some names, at some postcodes: a reading of each table for all of them.

use duckdb::Connection;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use super::{Engine, PoolError, sql};
use crate::enrichir::noms::{Recherche, Trouve};

impl Engine {
    /// The établissements of diffusible units that have one of the names looked for, of theirs or of
    /// their unit's, at its postcode.
    pub(crate) async fn nommes(
        &self,
        recherches: Vec<Recherche>,
        at_most: Duration,
    ) -> Result<Vec<Trouve>, PoolError> {
        self.pool
            .run_for(at_most, move |connection| {
                let asked: HashSet<&Recherche> = recherches.iter().collect();
                let found = trouves(connection, &recherches)
                    .map_err(|source| PoolError::reading("etablissement", source))?;
                // The names and the postcodes were looked for apart.
                Ok(found
                    .into_iter()
                    .filter(|one| asked.contains(&one.recherche))
                    .collect())
            })
            .await
    }
}

fn trouves(connection: &Connection, recherches: &[Recherche]) -> duckdb::Result<Vec<Trouve>> {
    let noms = liste(recherches.iter().map(|one| one.nom.as_str()));
    let codes = liste(recherches.iter().map(|one| one.code_postal.as_str()));
    let mut by_siren: HashMap<String, Vec<String>> = HashMap::new();
    let mut statement = connection.prepare(sql::UNITES_NOMMEES)?;
    let rows = statement.query_map([&noms], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for row in rows {
        let (siren, nom): (String, String) = row?;
        by_siren.entry(siren).or_default().push(nom);
    }
    let mut found = Vec::new();
    let mut statement = connection.prepare(sql::LIEUX_DES_UNITES)?;
    let sirens = liste(by_siren.keys().map(String::as_str));
    let rows = statement.query_map([&sirens, &codes], |row| trouve(row, String::new(), 0))?;
    for row in rows {
        let place = row?;
        for nom in by_siren.get(&place.siren).into_iter().flatten() {
            let mut named = place.clone();
            named.recherche.nom.clone_from(nom);
            found.push(named);
        }
    }
    let mut statement = connection.prepare(sql::ENSEIGNES)?;
    let rows = statement.query_map([&noms, &codes], |row| trouve(row, row.get(0)?, 1))?;
    let enseignes: Vec<Trouve> = rows.collect::<Result<_, _>>()?;
    let mut statement = connection.prepare(sql::DIFFUSIBLES)?;
    let sirens = liste(enseignes.iter().map(|one| one.siren.as_str()));
    let rows = statement.query_map([&sirens], |row| row.get(0))?;
    let diffusibles: HashSet<String> = rows.collect::<Result<_, _>>()?;
    let seen: HashSet<(String, String)> = found
        .iter()
        .map(|one| (one.siret.clone(), one.recherche.nom.clone()))
        .collect();
    for one in enseignes {
        // Found by its unit's name already, it is found once.
        if diffusibles.contains(&one.siren)
            && !seen.contains(&(one.siret.clone(), one.recherche.nom.clone()))
        {
            found.push(one);
        }
    }
    Ok(found)
}

/// An établissement, from the column `at` on.
fn trouve(row: &duckdb::Row<'_>, nom: String, at: usize) -> duckdb::Result<Trouve> {
    Ok(Trouve {
        recherche: Recherche {
            nom,
            code_postal: row.get(at)?,
        },
        siren: row.get(at + 1)?,
        siret: row.get(at + 2)?,
        ouvert: row.get(at + 3)?,
        siege: row.get(at + 4)?,
    })
}

/// Each once. No name holds an end of line: it is normalised.
fn liste<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let once: BTreeSet<&str> = texts.collect();
    once.into_iter().collect::<Vec<_>>().join("\n")
}
