//! Which établissements of a result were meant: those where the filters said, or whose sign was typed.

use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::nomenclature;
use registre_schemas::recherche::mots::Mots;

use super::{Autour, Cle, Filtre, Requete, Trouve, pres};
use crate::catalog::Snapshot;
use crate::lookup::Page;
use crate::record::{Record, at};
use crate::rows::Rows;

/// Établissements of one result that are looked at; a large unit has thousands.
const REGARDES: usize = 2000;

/// Gives each result the établissements that were meant. Without fiches, or when they are damaged, none.
pub(super) fn complete(snapshot: &Snapshot, requete: &Requete, trouves: &mut [Trouve]) {
    let Some(fiches) = snapshot.fiches() else {
        return;
    };
    let voulus = Voulus::de(requete);
    if voulus.est_vide() {
        return;
    }
    let page = Page {
        limite: u16::try_from(REGARDES).unwrap_or(u16::MAX),
        apres: None,
        etat: None,
    };
    for trouve in trouves {
        let Cle::Siren(siren) = &trouve.cle else {
            continue;
        };
        let siren = *siren;
        let read = fiches.ask_here(|reader| reader.etablissements(siren, &page, REGARDES));
        let Some(rows) = fiches.read(read) else {
            return;
        };
        let mut siens: Vec<&Record> = rows.iter().filter(|row| voulus.sont(row)).collect();
        if let Some(autour) = &requete.autour {
            let distances = siens.iter().filter_map(|row| a_distance(autour, row));
            trouve.distance = distances.min_by(f64::total_cmp);
        }
        // Open ones first, in the order of SIRET.
        siens.sort_by_key(|row| {
            row.text_at(at!(ETABLISSEMENT, "etatAdministratifEtablissement")) != Some("A")
        });
        trouve.etablissements = siens
            .iter()
            .take(requete.etablissements)
            .filter_map(|row| row.text_at(at!(ETABLISSEMENT, "siret"))?.parse().ok())
            .collect();
    }
}

/// What an établissement must be to have been meant.
struct Voulus<'a> {
    filtres: Vec<&'a Filtre>,
    autour: Option<Autour>,
    mots: Vec<String>,
}

impl<'a> Voulus<'a> {
    fn de(requete: &'a Requete) -> Self {
        let de_lieu = |filtre: &&Filtre| {
            matches!(
                filtre,
                Filtre::Commune(_)
                    | Filtre::Epci(_)
                    | Filtre::CodePostal(_)
                    | Filtre::Departement(_)
                    | Filtre::Region(_)
            )
        };
        let mots = Mots::de(requete.texte.as_deref().unwrap_or_default());
        Self {
            filtres: requete.filtres.iter().filter(de_lieu).collect(),
            autour: requete.autour,
            mots: mots.forts().map(str::to_owned).collect(),
        }
    }

    fn est_vide(&self) -> bool {
        !self.dit_ou() && self.mots.is_empty()
    }

    fn dit_ou(&self) -> bool {
        !self.filtres.is_empty() || self.autour.is_some()
    }

    fn sont(&self, row: &Record) -> bool {
        let la = self.filtres.iter().all(|filtre| est_la(filtre, row))
            && self
                .autour
                .is_none_or(|autour| a_distance(&autour, row).is_some());
        // Where the place was said, the name is that of the unit.
        la && (self.dit_ou() || self.porte_le_nom(row))
    }

    fn porte_le_nom(&self, row: &Record) -> bool {
        let colonnes = [
            at!(ETABLISSEMENT, "enseigne1Etablissement"),
            at!(ETABLISSEMENT, "enseigne2Etablissement"),
            at!(ETABLISSEMENT, "enseigne3Etablissement"),
            at!(ETABLISSEMENT, "denominationUsuelleEtablissement"),
        ];
        let noms = colonnes.iter().filter_map(|colonne| row.text_at(*colonne));
        let noms: Vec<Mots> = noms
            .filter(|nom| !registre_schemas::diffusion::is_masked(nom))
            .map(Mots::de)
            .collect();
        !self.mots.is_empty()
            && self
                .mots
                .iter()
                .all(|mot| noms.iter().any(|nom| nom.tous().any(|autre| autre == mot)))
    }
}

/// Kilometres to an établissement, if it is in the circle.
fn a_distance(autour: &Autour, row: &Record) -> Option<f64> {
    let latitude = row.real_at(at!(ETABLISSEMENT, "y_latitude"))?;
    let longitude = row.real_at(at!(ETABLISSEMENT, "x_longitude"))?;
    let distance = pres::distance(autour, latitude, longitude);
    (distance <= autour.rayon).then_some(distance)
}

fn est_la(filtre: &Filtre, row: &Record) -> bool {
    let commune = row.text_at(at!(ETABLISSEMENT, "codeCommuneEtablissement"));
    let commune = commune.unwrap_or_default();
    let departement = nomenclature::departement_of(commune).unwrap_or_default();
    let parmi = |codes: &[String], code: &str| codes.iter().any(|voulu| voulu == code);
    match filtre {
        Filtre::Commune(codes) => {
            parmi(codes, commune) || parmi(codes, nomenclature::commune_of(commune))
        }
        Filtre::Epci(sirens) => {
            nomenclature::epci_of(commune).is_some_and(|siren| parmi(sirens, siren))
        }
        Filtre::CodePostal(codes) => {
            let postal = row.text_at(at!(ETABLISSEMENT, "codePostalEtablissement"));
            parmi(codes, postal.unwrap_or_default())
        }
        Filtre::Departement(codes) => parmi(codes, departement),
        Filtre::Region(codes) => codes
            .iter()
            .any(|region| nomenclature::departements_of(region).any(|code| code == departement)),
        _ => true,
    }
}
