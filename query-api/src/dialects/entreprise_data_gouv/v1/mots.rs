//! SIRENE v1 by words: the index says whose they are, the fiches which of their établissements.

use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::identifiers::{Siren, Siret};
use registre_schemas::recherche::mots::Mots;
use registre_schemas::unite_legale::UNITE_LEGALE;
use std::sync::Arc;

use super::{Condition, Params, Refus, naf, preferred};
use crate::catalog::Snapshot;
use crate::dialects::entreprise_data_gouv::params::Feuille;
use crate::dossier::is_hidden_unit;
use crate::lookup::{OfSirets, Page, Question, SiretFound};
use crate::recherche::{self, Cle, Filtre, Requete};
use crate::record::{Record, at};
use crate::rows::Rows;

/// Units whose établissements are looked at: the best ones.
const UNITES: usize = 2000;

/// Établissements that are looked at, of all of them: the largest unit has twenty thousand.
const ETABLISSEMENTS: u16 = 50_000;

/// What words are looked for in, of an établissement…
const TEXTES: &[usize] = &[
    at!(ETABLISSEMENT, "enseigne1Etablissement"),
    at!(ETABLISSEMENT, "enseigne2Etablissement"),
    at!(ETABLISSEMENT, "enseigne3Etablissement"),
    at!(ETABLISSEMENT, "denominationUsuelleEtablissement"),
    at!(ETABLISSEMENT, "libelleVoieEtablissement"),
    at!(ETABLISSEMENT, "libelleCommuneEtablissement"),
];

/// … and of its unité légale.
const NOMS: &[usize] = &[
    at!(UNITE_LEGALE, "denominationUniteLegale"),
    at!(UNITE_LEGALE, "denominationUsuelle1UniteLegale"),
    at!(UNITE_LEGALE, "denominationUsuelle2UniteLegale"),
    at!(UNITE_LEGALE, "denominationUsuelle3UniteLegale"),
    at!(UNITE_LEGALE, "sigleUniteLegale"),
    at!(UNITE_LEGALE, "nomUniteLegale"),
    at!(UNITE_LEGALE, "nomUsageUniteLegale"),
    at!(UNITE_LEGALE, "prenomUsuelUniteLegale"),
];

/// A page of the établissements that words and conditions choose, and how many there are of those that
/// can be reached.
pub(super) async fn trouve(
    snapshot: &Arc<Snapshot>,
    text: &str,
    params: &Params,
    conditions: Vec<Condition>,
    feuille: Feuille,
) -> Result<(i64, Vec<SiretFound>), Refus> {
    let question = Ouverts {
        sirens: unites(snapshot, text, params).await?,
        mots: Mots::de(text).forts().map(str::to_owned).collect(),
        conditions,
    };
    let sirets = snapshot.ask_much(question).await?;
    let total = i64::try_from(sirets.len()).unwrap_or(i64::MAX);
    let before = usize::try_from(feuille.offset()).unwrap_or(usize::MAX);
    let page = sirets.into_iter().skip(before);
    let page = OfSirets(page.take(feuille.per_page.into()).collect());
    Ok((total, snapshot.ask_among(page).await?))
}

/// The units that have all the words, the best first.
async fn unites(
    snapshot: &Arc<Snapshot>,
    text: &str,
    params: &Params,
) -> Result<Vec<Siren>, Refus> {
    let mut requete = Requete {
        texte: Some(text.to_owned()),
        filtres: filtres(params),
        nombre: UNITES,
        stricte: true,
        ..Requete::default()
    };
    let mut page = recherche::cherche(snapshot, requete.clone()).await?;
    // An établissement may do what its unit does not. Of too many units, those that do are surer.
    if let Some(code) = params.get("activite_principale")
        && page.trouves.len() == UNITES
    {
        requete.filtres.push(Filtre::Activite(vec![naf(code)]));
        page = recherche::cherche(snapshot, requete).await?;
    }
    let sirens = page
        .trouves
        .into_iter()
        .filter_map(|trouve| match trouve.cle {
            Cle::Siren(siren) => Some(siren),
            Cle::Rna(_) => None,
        });
    Ok(sirens.collect())
}

/// What can be said of the units: the conditions of the établissements are looked at on each of them.
fn filtres(params: &Params) -> Vec<Filtre> {
    let one = |name, filtre: fn(Vec<String>) -> Filtre| {
        let code = params.get(name)?;
        Some(filtre(vec![code.to_owned()]))
    };
    let asked = [
        Some(Filtre::AvecSiren),
        Some(Filtre::Actif(true)),
        one("code_postal", Filtre::CodePostal),
        one("code_commune", Filtre::Commune),
        one("departement", Filtre::Departement),
        one(
            "tranche_effectif_salarie_entreprise",
            Filtre::TrancheEffectifs,
        ),
        params.get("is_ess").map(|code| Filtre::Ess(code == "O")),
        match params.get("is_entrepreneur_individuel") {
            Some("yes") => Some(Filtre::EntrepreneurIndividuel(true)),
            Some("no") => Some(Filtre::EntrepreneurIndividuel(false)),
            _ => None,
        },
    ];
    asked.into_iter().flatten().collect()
}

/// The open établissements of units that were found by their words.
#[derive(Debug, Clone)]
struct Ouverts {
    /// The best first.
    sirens: Vec<Siren>,
    mots: Vec<String>,
    conditions: Vec<Condition>,
}

impl Question for Ouverts {
    /// Those that are preferred first, then those of the best units.
    type Answer = Vec<Siret>;

    fn answer<R: Rows>(&self, rows: &R) -> Result<Self::Answer, R::Error> {
        let preferred = preferred();
        let mut page = Page {
            limite: ETABLISSEMENTS,
            apres: None,
            etat: Some("A"),
        };
        let mut found = Vec::new();
        for siren in &self.sirens {
            let Some(unite) = rows.unite_legale(*siren)? else {
                continue;
            };
            let theirs = rows.etablissements(*siren, &page, page.limite.into())?;
            page.limite -= u16::try_from(theirs.len()).unwrap_or(page.limite);
            for row in self.of_unit(&unite, &theirs) {
                let last = preferred.iter().map(|first| !first.holds(row, &unite));
                let siret = row.text_at(at!(ETABLISSEMENT, "siret"));
                if let Some(siret) = siret.and_then(|siret| siret.parse().ok()) {
                    found.push((last.collect::<Vec<_>>(), siret));
                }
            }
            if page.limite == 0 {
                break;
            }
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(found.into_iter().map(|(_, siret)| siret).collect())
    }
}

impl Ouverts {
    /// Of the établissements of a unit, those that have the words which its names lack. All of them are
    /// its own when the words are its name written otherwise (« fit lab », « fitlab »).
    fn of_unit<'row>(&self, unite: &Record, theirs: &'row [Record]) -> Vec<&'row Record> {
        if is_hidden_unit(unite) {
            return Vec::new();
        }
        let of_names = words(unite, NOMS);
        let has = |own: &Mots, mot: &String| own.tous().any(|own| own == mot.as_str());
        let missing: Vec<&String> = if self.is_name_of(unite, &of_names) {
            Vec::new()
        } else {
            let typed = self.mots.iter();
            typed.filter(|mot| !has(&of_names, mot)).collect()
        };
        let chosen = theirs.iter().filter(|row| {
            let mut all = self.conditions.iter();
            all.all(|condition| condition.holds(row, unite))
        });
        if missing.is_empty() {
            return chosen.collect();
        }
        chosen
            .filter(|row| {
                let own = words(row, TEXTES);
                missing.iter().all(|mot| has(&own, mot))
            })
            .collect()
    }

    /// Whether the words, as one, are a name of the unit, as one.
    fn is_name_of(&self, unite: &Record, of_names: &Mots) -> bool {
        let typed = self.mots.concat();
        let mut names = NOMS.iter().filter_map(|index| unite.text_at(*index));
        of_names.tous().any(|own| own == typed)
            || names.any(|name| Mots::de(name).soudes().any(|own| own == typed))
    }
}

fn words(row: &Record, columns: &[usize]) -> Mots {
    let texts: Vec<&str> = columns
        .iter()
        .filter_map(|index| row.text_at(*index))
        .collect();
    Mots::de(&texts.join(" / "))
}
