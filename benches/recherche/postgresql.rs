//! The same names in PostgreSQL with `pg_trgm`, and the same questions, in both of the ways its manual
//! gives: a GIN index, which finds who is alike and sorts them, and a `GiST` one, which finds the nearest first.
//!
//! It is given what ours is not: a part of the names, without accents already; which kind of question it
//! is, so that each has its own statement; no HTTP.

use std::path::Path;
use std::time::{Duration, Instant};
use tokio_postgres::NoTls;

use crate::Result;
use crate::database::Database;
use crate::demandes::{Demande, GENRES, Genre, Premiers};
use crate::noms::Noms;
use crate::temps::Temps;

/// Memory for a bitmap that stays exact and for the indexes; what is planned knows that nothing is read
/// from a disk, and is not compiled for each question.
const SETTINGS: [&str; 5] = [
    "work_mem=256MB",
    "maintenance_work_mem=2GB",
    "effective_cache_size=8GB",
    "random_page_cost=1.1",
    "jit=off",
];

/// Questions are asked, of each kind in turn, until so much time was spent.
const PATIENCE: Duration = Duration::from_mins(6);
/// But so many at least.
const AU_MOINS: usize = 40;

/// A kind of index, and how questions are asked of it: what is typed is `$1`.
struct Index {
    nom: &'static str,
    methode: &'static str,
    /// Of the beginning of a name, then of what looks like a text: `{}` is the text.
    debut: &'static str,
    proche: &'static str,
}

const INDEX: [Index; 2] = [
    Index {
        nom: "GIN",
        methode: "gin ({} gin_trgm_ops)",
        debut: "WHERE {} LIKE $1 || '%' ORDER BY similarity({}, $1) DESC, taille DESC",
        proche: "WHERE {} % $1 ORDER BY similarity({}, $1) DESC, taille DESC",
    },
    Index {
        nom: "GiST",
        methode: "gist ({} gist_trgm_ops)",
        debut: "WHERE {} LIKE $1 || '%' ORDER BY {} <-> $1, taille DESC",
        proche: "ORDER BY {} <-> $1, taille DESC",
    },
];

/// The texts that are looked into, each with an index.
const NOM: &str = "nom";
const AVEC_COMMUNE: &str = "nom_et_commune";

impl Index {
    fn made(&self) -> String {
        let made = [NOM, AVEC_COMMUNE].map(|texte| {
            let methode = self.methode.replace("{}", texte);
            format!("create index par_{texte} on organisation using {methode};")
        });
        // Read once, so that nothing is read from a disk afterwards.
        format!(
            "{} vacuum analyze organisation;
             select pg_prewarm('organisation'), pg_prewarm('par_{NOM}'), pg_prewarm('par_{AVEC_COMMUNE}');",
            made.concat()
        )
    }

    fn statement(&self, genre: Genre) -> String {
        let (clauses, texte) = match genre {
            Genre::Debut => (self.debut, NOM),
            Genre::Entier | Genre::Faute => (self.proche, NOM),
            Genre::AvecCommune => (self.proche, AVEC_COMMUNE),
        };
        let clauses = clauses.replace("{}", texte);
        format!("SELECT numero, nom, commune FROM organisation {clauses} LIMIT 8")
    }
}

/// What one index answered.
pub struct Essai {
    pub nom: &'static str,
    /// In the order of [`GENRES`].
    pub par_genre: Vec<Temps>,
    pub construit: Duration,
    /// Of the names asked whole, the part that came first.
    pub trouves: f64,
}

/// Everything of PostgreSQL, index after index; `None` where it is not installed.
pub fn measured(folder: &Path, noms: &Noms, demandes: &[Demande]) -> Result<Option<Vec<Essai>>> {
    let Some(database) = Database::started(folder, &SETTINGS)? else {
        return Ok(None);
    };
    let csv = folder.join("noms.csv");
    noms.write(&csv)?;
    let csv = database.given("noms.csv", &csv)?;
    database.psql(&format!(
        "create extension pg_trgm;
         create extension pg_prewarm;
         create table organisation (numero text, nom text, commune text, taille integer,
             {AVEC_COMMUNE} text generated always as (nom || ' ' || coalesce(commune, '')) stored);
         copy organisation (numero, nom, commune, taille) from '{}' (format csv);",
        csv.display()
    ))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut essais = Vec::new();
    for index in &INDEX {
        let started = Instant::now();
        database.psql(&index.made())?;
        let construit = started.elapsed();
        crate::say(&format!(
            "PostgreSQL, {}, made in {:.0} s",
            index.nom,
            construit.as_secs_f64()
        ));
        let asked = asked(database.socket(), index, demandes);
        let (par_genre, trouves) = runtime.block_on(asked)?;
        essais.push(Essai {
            nom: index.nom,
            par_genre,
            construit,
            trouves,
        });
        database.psql(&format!("drop index par_{NOM}, par_{AVEC_COMMUNE}"))?;
    }
    Ok(Some(essais))
}

/// The times of each kind, on one connection; and of the names asked whole, the part that came first.
async fn asked(socket: &Path, index: &Index, demandes: &[Demande]) -> Result<(Vec<Temps>, f64)> {
    let settings = format!("host={} user=nobody dbname=postgres", socket.display());
    let (client, connection) = tokio_postgres::connect(&settings, NoTls).await?;
    tokio::spawn(connection);
    let mut statements = Vec::new();
    for genre in GENRES {
        let statement = client.prepare(&index.statement(genre)).await?;
        // The first one opens more than it asks.
        if let Some(demande) = demandes.iter().find(|demande| demande.genre == genre) {
            client.query(&statement, &[&demande.texte()]).await?;
        }
        statements.push((genre, statement, Vec::new()));
    }
    let mut premiers = Premiers::default();
    let started = Instant::now();
    for (rang, demande) in demandes.iter().enumerate() {
        if rang >= AU_MOINS && started.elapsed() > PATIENCE {
            break;
        }
        let du_genre = statements
            .iter_mut()
            .find(|(genre, ..)| *genre == demande.genre);
        let Some((_, statement, times)) = du_genre else {
            continue;
        };
        let texte = demande.texte();
        let asked = Instant::now();
        let rows = client.query(statement, &[&texte]).await?;
        times.push(asked.elapsed());
        let premier = rows.first().map(|row| row.get::<_, String>(1));
        premiers.compte(demande, &premier.unwrap_or_default());
    }
    let par_genre = statements.into_iter().map(|(_, _, times)| Temps::of(times));
    Ok((par_genre.collect(), premiers.part()))
}
