//! What the terms of a filter are, in the index.

use chrono::NaiveDate;
use registre_schemas::nomenclature;
use registre_schemas::recherche::{self, code, lieu};

use super::Filtre;
use super::dates::Jour;
use super::etage::Champ;
use super::parcours::Condition;

/// The conditions of the index that say these filters.
pub(super) fn conditions(filtres: &[Filtre]) -> Vec<Condition> {
    filtres.iter().map(condition).collect()
}

fn condition(filtre: &Filtre) -> Condition {
    let codes = |lettre, codes: &[String]| parmi(Champ::Code, lettre, codes);
    let lieux = |lettre, codes: &[String]| parmi(Champ::Lieu, lettre, codes);
    match filtre {
        Filtre::Activite(list) => codes(code::NAF, list),
        Filtre::Activite2025(list) => codes(code::NAF_2025, list),
        Filtre::Section(list) => codes(code::SECTION, list),
        Filtre::CategorieJuridique(list) => codes(code::CATEGORIE_JURIDIQUE, list),
        Filtre::CategorieEntreprise(list) => codes(code::CATEGORIE_ENTREPRISE, list),
        Filtre::TrancheEffectifs(list) => codes(code::EFFECTIFS, list),
        Filtre::Actif(actif) => {
            let etat = if *actif { "A" } else { "C" };
            codes(code::ETAT, &[etat.to_owned()])
        }
        Filtre::Commune(list) => communes(list.iter().map(String::as_str)),
        Filtre::Epci(list) => {
            let theirs = list
                .iter()
                .flat_map(|siren| nomenclature::communes_of_epci(siren));
            communes(theirs)
        }
        Filtre::CodePostal(list) => lieux(lieu::CODE_POSTAL, list),
        Filtre::Departement(list) => lieux(lieu::DEPARTEMENT, list),
        Filtre::Region(list) => {
            let departements = list
                .iter()
                .flat_map(|region| nomenclature::departements_of(region))
                .map(str::to_owned);
            lieux(lieu::DEPARTEMENT, &departements.collect::<Vec<_>>())
        }
        Filtre::Ess(oui) => est(*oui, &format!("{}O", code::ESS)),
        Filtre::Mission(oui) => {
            let dit = if *oui { "O" } else { "N" };
            codes(code::MISSION, &[dit.to_owned()])
        }
        Filtre::Association(oui) => est(*oui, code::ASSOCIATION),
        Filtre::EntrepreneurIndividuel(oui) => est(*oui, code::PERSONNE),
        Filtre::Administration(oui) => est(*oui, code::ADMINISTRATION),
        Filtre::UtilitePublique(oui) => est(*oui, code::UTILITE_PUBLIQUE),
        Filtre::AvecSiren => Condition::AvecSiren,
        Filtre::Creation(apres, avant) => entre(Jour::Creation, *apres, *avant),
        Filtre::Cessation(apres, avant) => entre(Jour::Cessation, *apres, *avant),
    }
}

fn entre(quand: Jour, apres: Option<NaiveDate>, avant: Option<NaiveDate>) -> Condition {
    Condition::Entre(quand, apres.map_or(1, jour), avant.map_or(u64::MAX, jour))
}

/// An établissement of Paris says which arrondissement.
fn communes<'a>(codes: impl Iterator<Item = &'a str>) -> Condition {
    let mut tous = Vec::new();
    for code in codes {
        tous.push(code.to_owned());
        tous.extend(nomenclature::arrondissements_of(code).map(str::to_owned));
    }
    parmi(Champ::Lieu, lieu::COMMUNE, &tous)
}

fn parmi(champ: Champ, lettre: char, codes: &[String]) -> Condition {
    let termes = codes.iter().map(|code| format!("{lettre}{code}"));
    Condition::Parmi(champ, termes.collect())
}

fn est(oui: bool, terme: &str) -> Condition {
    let termes = vec![terme.to_owned()];
    if oui {
        Condition::Parmi(Champ::Code, termes)
    } else {
        Condition::Aucun(Champ::Code, termes)
    }
}

fn jour(jour: NaiveDate) -> u64 {
    recherche::jour((jour - NaiveDate::default()).num_days())
}
