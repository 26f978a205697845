//! What is made from the columns, by the rules of the service. Nothing is made from a masked value.

use chrono::NaiveDate;
use registre_schemas::diffusion::is_masked;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::nomenclature::{departement_of, epci_of, naf_section, region_of};
use registre_schemas::unite_legale::UNITE_LEGALE;

use super::codes::Codes;
use super::lecture::{Lieu, Resultat};
use super::masque::{Diffusion, MASQUE};
use crate::organisation::nom::is_person;
use crate::record::{Record, at};
use crate::view::{as_text, iso_date};

const CATEGORIE: usize = at!(UNITE_LEGALE, "categorieJuridiqueUniteLegale");
const SIGLE: usize = at!(UNITE_LEGALE, "sigleUniteLegale");
const USUELLE: usize = at!(ETABLISSEMENT, "denominationUsuelleEtablissement");
/// INSEE placed it at random in its commune.
const AU_HASARD: &str = "33";

/// `AAAA-MM-JJ`.
pub(super) fn jour(date: Option<NaiveDate>) -> Option<String> {
    date.map(iso_date)
}

/// The dénomination of a personne morale; a person has none.
pub(super) fn raison_sociale(found: &Resultat) -> Option<String> {
    let denomination = found
        .unite
        .text_at(at!(UNITE_LEGALE, "denominationUniteLegale"))?;
    Some(unless_masked(denomination))
}

fn unless_masked(text: &str) -> String {
    if is_masked(text) { MASQUE } else { text }.to_owned()
}

/// The name, then in brackets the usual name of the siège and the sigle, in capitals.
pub(super) fn nom_complet(found: &Resultat) -> Option<String> {
    let unite = &found.unite;
    let name = if is_person(unite) {
        person(unite)
    } else {
        raison_sociale(found)
    }?;
    let diffusion = Diffusion::of(unite);
    if diffusion.unite_masquee {
        return Some(name);
    }
    let siege = found.siege.as_ref().map(|siege| &siege.ligne);
    let shown = siege.filter(|siege| !diffusion.of_lieu(siege).0);
    let usuelle = shown.and_then(|siege| siege.text_at(USUELLE));
    let more = [usuelle, unite.text_at(SIGLE)].into_iter().flatten();
    let mut whole = name;
    for text in more.filter(|text| !is_masked(text)) {
        whole = format!("{whole} ({text})");
    }
    Some(whole.to_uppercase())
}

/// `PRENOM NOM`, or `PRENOM NOM_USAGE (NOM)`.
fn person(unite: &Record) -> Option<String> {
    let prenom = unite
        .text_at(at!(UNITE_LEGALE, "prenomUsuelUniteLegale"))
        .or_else(|| unite.text_at(at!(UNITE_LEGALE, "prenom1UniteLegale")));
    let nom = unite.text_at(at!(UNITE_LEGALE, "nomUniteLegale"));
    let usage = unite.text_at(at!(UNITE_LEGALE, "nomUsageUniteLegale"));
    if [prenom, nom, usage].into_iter().flatten().any(is_masked) {
        return Some(MASQUE.to_owned());
    }
    let birth = nom
        .filter(|_| usage.is_some())
        .map(|nom| format!("({nom})"));
    let parts = [prenom, usage.or(nom), birth.as_deref()];
    joined(parts)
}

/// Those that are there, separated by spaces.
fn joined<'text>(parts: impl IntoIterator<Item = Option<&'text str>>) -> Option<String> {
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// Null when the nomenclature does not have it.
pub(super) fn nature_juridique(found: &Resultat) -> Option<String> {
    let code = found.unite.text_at(CATEGORIE)?;
    Codes::NaturesJuridiques.has(code).then(|| code.to_owned())
}

/// By the division of the NAF rév. 2: a code of an older NAF has none.
pub(super) fn section(found: &Resultat) -> Option<String> {
    let nomenclature = found.unite.text_at(at!(
        UNITE_LEGALE,
        "nomenclatureActivitePrincipaleUniteLegale"
    ))?;
    let code = found
        .unite
        .text_at(at!(UNITE_LEGALE, "activitePrincipaleUniteLegale"))?;
    let section = naf_section(code).filter(|_| nomenclature == "NAFRev2")?;
    Some(section.to_owned())
}

fn commune(place: &Lieu) -> Option<&str> {
    let commune = place
        .ligne
        .text_at(at!(ETABLISSEMENT, "codeCommuneEtablissement"))?;
    Some(commune).filter(|commune| !is_masked(commune))
}

fn departement_code(place: &Lieu) -> Option<&str> {
    departement_of(commune(place)?)
}

/// The EPCI à fiscalité propre of its commune.
pub(super) fn epci(place: &Lieu) -> Option<String> {
    epci_of(commune(place)?).map(str::to_owned)
}

pub(super) fn departement(place: &Lieu) -> Option<String> {
    departement_code(place).map(str::to_owned)
}

pub(super) fn region(place: &Lieu) -> Option<String> {
    region_of(departement_code(place)?).map(str::to_owned)
}

/// On one line: complement, number, street, distribution, town, country.
pub(super) fn adresse(place: &Lieu) -> Option<String> {
    let part = |index| place.ligne.text_at(index);
    let first = part(at!(ETABLISSEMENT, "numeroVoieEtablissement"));
    let last = part(at!(ETABLISSEMENT, "dernierNumeroVoieEtablissement"));
    let numbers = match (first, last) {
        (Some(first), Some(last)) if first != last => Some(format!("{first}-{last}")),
        (first, _) => first.map(str::to_owned),
    };
    let cedex = part(at!(ETABLISSEMENT, "codeCedexEtablissement"));
    let town = if cedex.is_some() {
        [cedex, part(at!(ETABLISSEMENT, "libelleCedexEtablissement"))]
    } else {
        [
            part(at!(ETABLISSEMENT, "codePostalEtablissement")),
            part(at!(ETABLISSEMENT, "libelleCommuneEtablissement")),
        ]
    };
    let parts = [
        part(at!(ETABLISSEMENT, "complementAdresseEtablissement")),
        numbers.as_deref(),
        part(at!(ETABLISSEMENT, "indiceRepetitionEtablissement")),
        part(at!(ETABLISSEMENT, "typeVoieEtablissement")),
        part(at!(ETABLISSEMENT, "libelleVoieEtablissement")),
        part(at!(ETABLISSEMENT, "distributionSpecialeEtablissement")),
        town[0],
        town[1],
        part(at!(ETABLISSEMENT, "libelleCommuneEtrangerEtablissement")),
        part(at!(ETABLISSEMENT, "libellePaysEtrangerEtablissement")),
    ];
    if parts.into_iter().flatten().any(is_masked) {
        return Some(MASQUE.to_owned());
    }
    joined(parts).map(|text| text.to_uppercase())
}

/// A coordinate, unless INSEE only knows the commune.
fn degrees(place: &Lieu, index: usize) -> Option<String> {
    let quality = place.ligne.text_at(at!(ETABLISSEMENT, "qualite_xy"));
    if quality == Some(AU_HASARD) {
        return None;
    }
    place.ligne.real_at(index)?;
    as_text(place.ligne.at(index)).map(std::borrow::Cow::into_owned)
}

pub(super) fn latitude(place: &Lieu) -> Option<String> {
    degrees(place, at!(ETABLISSEMENT, "y_latitude"))
}

pub(super) fn longitude(place: &Lieu) -> Option<String> {
    degrees(place, at!(ETABLISSEMENT, "x_longitude"))
}

/// `latitude,longitude`.
pub(super) fn coordonnees(place: &Lieu) -> Option<String> {
    Some(format!("{},{}", latitude(place)?, longitude(place)?))
}

/// Whether a column is `O`.
pub(super) fn oui(unite: &Record, index: usize) -> bool {
    unite.text_at(index) == Some("O")
}

/// The number that SIRENE gives of it in the RNA, when it may be shown beside it.
pub(super) fn identifiant_association(unite: &Record) -> Option<String> {
    let number = unite.text_at(at!(UNITE_LEGALE, "identifiantAssociationUniteLegale"))?;
    let shown = !Diffusion::of(unite).unite_masquee && !is_masked(number);
    shown.then(|| number.to_owned())
}

/// A number of the RNA, or a legal category of associations.
pub(super) fn est_association(unite: &Record) -> bool {
    let by_category = |code: &str| code == "5195" || code.starts_with("92");
    identifiant_association(unite).is_some() || unite.text_at(CATEGORIE).is_some_and(by_category)
}

pub(super) fn est_entrepreneur_individuel(unite: &Record) -> bool {
    unite.text_at(CATEGORIE) == Some("1000")
}

/// By its legal category: the lists by hand of the service are not here.
pub(super) fn est_administration(unite: &Record) -> bool {
    let code = unite.text_at(CATEGORIE);
    code.is_some_and(|code| code.starts_with(['4', '7']))
}
