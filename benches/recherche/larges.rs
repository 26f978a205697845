//! The hundred broadest questions: words that half the country has, filters that millions pass.

use std::path::Path;
use std::time::Duration;

use crate::Result;
use crate::client::{Client, results, suggestions};
use crate::noms::Noms;
use crate::temps::Temps;

/// Words, among the hundred; the rest are filters.
const MOTS: usize = 70;
const CENT: usize = 100;

/// Each is asked so many times, after once.
const FOIS: usize = 7;

/// What anybody tries. Single letters are added, then what the snapshot has most.
const CONNUS: [&str; 14] = [
    "rue",
    "france",
    "sarl",
    "sci",
    "sas",
    "association",
    "de",
    "la",
    "de la",
    "rue de la",
    "saint",
    "paris",
    "commune",
    "societe",
];

/// What a page of results may be asked without a word.
const FILTRES: [&str; 29] = [
    "etat=A",
    "etat=C",
    "association=true",
    "association=false",
    "entrepreneur_individuel=true",
    "entrepreneur_individuel=false",
    "administration=false",
    "ess=false",
    "utilite_publique=false",
    "categorie_entreprise=PME",
    "tranche_effectifs=NN",
    "categorie_juridique=1000",
    "categorie_juridique=54",
    "categorie_juridique=92",
    "departement=75",
    "departement=13",
    "departement=59",
    "region=11",
    "region=84",
    "code_postal=75008",
    "section_activite_principale=L",
    "section_activite_principale=G",
    "etat=A&tri=creation",
    "etat=A&departement=75",
    "etat=A&entrepreneur_individuel=true&region=11",
    "creation_apres=1900-01-01",
    "creation_apres=2020-01-01",
    "cessation_apres=2024-01-01",
    "latitude=48.8566&longitude=2.3522&rayon=50",
];

/// A broad question, and its times.
pub struct Large {
    pub texte: String,
    pub temps: Temps,
}

/// All of them.
pub struct Larges {
    /// Words, as one types them.
    pub mots: Vec<Large>,
    /// Filters alone, through the search that counts.
    pub filtres: Vec<Large>,
    /// The same words through the search that counts: beside the hundred.
    pub mots_comptes: Vec<Large>,
}

impl Larges {
    pub fn measured(client: &mut Client, noms: &Noms, snapshot: &Path) -> Result<Self> {
        let mots = mots(noms)?;
        let filtres = filtres(noms, snapshot)?;
        let mut asked = |texte: &String, path: String| {
            Ok::<_, Box<dyn std::error::Error>>(Large {
                texte: texte.clone(),
                temps: temps(client, &path)?,
            })
        };
        let suggeres = mots.iter().map(|mot| asked(mot, suggestions(mot)));
        let suggeres = suggeres.collect::<Result<_>>()?;
        let par_filtre = filtres
            .iter()
            .map(|filtre| asked(filtre, format!("/v1/recherche?{filtre}")));
        let par_filtre = par_filtre.collect::<Result<_>>()?;
        let comptes = mots.iter().map(|mot| asked(mot, results(mot)));
        Ok(Self {
            mots: suggeres,
            filtres: par_filtre,
            mots_comptes: comptes.collect::<Result<_>>()?,
        })
    }

    /// The times of the hundred, together.
    pub fn cent(&self) -> Temps {
        let cent = self.mots.iter().chain(&self.filtres);
        Temps::together(cent.map(|large| &large.temps))
    }
}

/// The slowest first, by their median.
pub fn slowest(larges: &[Large], number: usize) -> Vec<(&str, Duration)> {
    let mut all: Vec<_> = larges
        .iter()
        .map(|large| (large.texte.as_str(), large.temps.p50()))
        .collect();
    all.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
    all.truncate(number);
    all
}

fn temps(client: &mut Client, path: &str) -> Result<Temps> {
    client.get(path)?;
    let times: Result<Vec<Duration>> = (0..FOIS).map(|_| Ok(client.get(path)?.0)).collect();
    Ok(Temps::of(times?))
}

fn mots(noms: &Noms) -> Result<Vec<String>> {
    let connus = CONNUS.iter().map(|mot| (*mot).to_owned());
    let lettres = ('a'..='z').map(String::from);
    let mut mots: Vec<String> = connus.chain(lettres).collect();
    let debuts = noms.beginnings(MOTS)?;
    // As many of one as of the other.
    for (mot, debut) in noms.words(MOTS)?.into_iter().zip(debuts) {
        for texte in [mot, debut] {
            if mots.len() < MOTS && !mots.contains(&texte) {
                mots.push(texte);
            }
        }
    }
    Ok(mots)
}

fn filtres(noms: &Noms, snapshot: &Path) -> Result<Vec<String>> {
    let mut filtres: Vec<String> = FILTRES.iter().map(|filtre| (*filtre).to_owned()).collect();
    for code in noms.activities(snapshot, CENT - MOTS - FILTRES.len())? {
        filtres.push(format!("activite_principale={code}"));
    }
    Ok(filtres)
}
