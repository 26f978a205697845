//! What the two big SIRENE files share: headers, names, periods, dates, tranches.

use registre_schemas::Table;
use registre_schemas::column::Presence;

use crate::generate::activites::Code;
use crate::generate::ecriture::{Horodatage, Jour, Tampon};
use crate::generate::hasard::{Domaine, Hasard};
use crate::generate::modele::Modele;
use crate::generate::noms;
use crate::generate::unites::{Etat, Personne, Unite};

/// NAF rév. 2 came into force that day: whatever was open then started a new period.
pub const NAF_REV2: Jour = Jour::new(2008, 1, 1);

/// INSEE reprocessed most of the register that day, when its format 3.11 came out.
pub const REPRISE: Jour = Jour::new(2024, 3, 22);

/// Tranches d'effectifs, from nobody to ten thousand people.
const TRANCHES: &[&str] = &[
    "00", "01", "02", "03", "11", "12", "21", "22", "31", "32", "41", "42", "51", "52", "53",
];

/// The header of a table's official file.
pub fn entete(table: &Table, tampon: &mut Tampon) {
    let publiees = table
        .columns
        .iter()
        .filter(|colonne| colonne.presence != Presence::Derived);
    tampon.entete(publiees.map(|colonne| colonne.name));
}

/// What a unit is called; the same draws whichever file asks.
pub fn nommer(unite: &Unite, modele: &Modele, texte: &mut String) {
    texte.clear();
    let mut hasard = Hasard::new(unite.noms, Domaine::Nom, 0);
    match (unite.association, unite.personne) {
        (Some(association), _) => {
            noms::titre(
                texte,
                &mut Hasard::new(modele.graine, Domaine::Nom, association),
            );
        }
        (None, Personne::Morale(forme)) => noms::denomination(texte, forme.famille, &mut hasard),
        (None, Personne::Physique(_)) => noms::nom(texte, &mut hasard),
    }
}

/// Code, nomenclature and NAF 2025 of something that ended on `fin`, or is at work.
pub fn activite(
    rang: u16,
    fin: Jour,
    modele: &Modele,
    hasard: &mut Hasard,
) -> (Code, &'static str, &'static str) {
    if fin == Jour::NUL {
        let activite = modele.activites.activite(rang);
        return (Code::liste(activite.rev2), "NAFRev2", activite.naf25);
    }
    let (code, nomenclature) = modele.activites.a_la_fermeture(rang, fin, hasard);
    (code, nomenclature, "")
}

/// Start of the current period: the closure, the change of nomenclature, or a later event.
pub fn debut(creation: Jour, fin: Jour, hasard: &mut Hasard) -> Jour {
    if fin != Jour::NUL {
        fin
    } else if creation < NAF_REV2 && hasard.chance(7000) {
        NAF_REV2
    } else {
        creation
    }
}

/// Number of periods: what existed before 2008 has at least two.
pub fn periodes(creation: Jour, hasard: &mut Hasard) -> u32 {
    if creation < NAF_REV2 {
        hasard.entre(2, 5) + hasard.sous(2) * hasard.sous(4)
    } else {
        hasard.entre(1, 3)
    }
}

/// When INSEE last touched it; not always known.
pub fn traitement(edition: Jour, hasard: &mut Hasard) -> Horodatage {
    let jour = match hasard.sous(10) {
        0..=4 => REPRISE,
        5 => return Horodatage::default(),
        _ => Jour::dans(hasard.entre(2014, edition.annee() - 1), hasard),
    };
    Horodatage::tire(jour, hasard)
}

/// Tranche of a unit and its year: persons mostly have none, bodies of many établissements more.
pub fn effectifs(unite: &Unite, annee: u32) -> (&'static str, u32) {
    let mut hasard = Hasard::new(unite.noms, Domaine::Nom, 2);
    let salaries = if unite.physique() { 700 } else { 3200 };
    if unite.etat != Etat::Active {
        return (if hasard.chance(3000) { "NN" } else { "" }, 0);
    }
    if !hasard.chance(salaries) {
        return (if hasard.chance(6500) { "NN" } else { "" }, 0);
    }
    let taille = (unite.etablissements.ilog2() as usize) / 2;
    let mut rang = taille;
    while rang + 1 < TRANCHES.len() && hasard.chance(5700) {
        rang += 1;
    }
    (
        TRANCHES[rang.min(TRANCHES.len() - 1)],
        annee - 2 - hasard.sous(10) / 9,
    )
}
