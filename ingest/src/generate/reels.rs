//! Rows of the bodies that exist: their facts are those of `data/sample/organismes.csv`, only the
//! register's own bookkeeping (periods, dates of processing) is made up.

use crate::generate::ecriture::{Horodatage, Jour, Tampon};
use crate::generate::hasard::{Domaine, Hasard};
use crate::generate::lignes::{LigneAdresse, LigneEtablissement, LigneUnite};
use crate::generate::modele::Modele;
use crate::generate::organismes::Organisme;
use crate::generate::sirene::{NAF_REV2, REPRISE};

impl Organisme {
    /// Its SIREN as a number.
    #[must_use]
    pub fn numero(&self) -> u32 {
        self.siren.parse().unwrap_or_default()
    }

    fn creation(&self) -> Jour {
        if self.date_creation.is_empty() {
            Jour::INCONNU
        } else {
            Jour::lu(&self.date_creation)
        }
    }

    fn activite<'a>(&'a self, modele: &'a Modele) -> (&'a str, &'a str, &'a str) {
        let naf25 = self.activite_principale_naf25.as_str();
        let naf25 = if naf25.is_empty() {
            modele.activites.naf25(&self.activite_principale)
        } else {
            naf25
        };
        (&self.activite_principale, "NAFRev2", naf25)
    }

    /// Code and year: the year is that of a counted staff only.
    fn effectifs(&self, annee: u32) -> (&str, u32) {
        let comptes = !matches!(self.tranche_effectifs.as_str(), "" | "NN");
        (&self.tranche_effectifs, if comptes { annee - 2 } else { 0 })
    }

    fn periode(&self) -> (Jour, u32) {
        let creation = self.creation();
        if creation < NAF_REV2 {
            (NAF_REV2, 2)
        } else {
            (creation, 1)
        }
    }

    /// Writes its row of `StockUniteLegale`.
    pub fn ecrire_unite(&self, modele: &Modele, tampon: &mut Tampon) {
        let annee = modele.edition.annee();
        let mut hasard = Hasard::new(modele.graine, Domaine::Organisme, u64::from(self.numero()));
        let (debut, periodes) = self.periode();
        let association = self.categorie_juridique == "9220";
        LigneUnite {
            siren: self.numero(),
            active: true,
            creation: self.creation(),
            sigle: &self.sigle,
            identifiant_association: &self.identifiant_association,
            effectifs: self.effectifs(annee),
            traitement: Horodatage::tire(REPRISE, &mut hasard),
            periodes,
            categorie_entreprise: (
                &self.categorie_entreprise,
                if self.categorie_entreprise.is_empty() {
                    0
                } else {
                    annee - 3
                },
            ),
            debut,
            denomination: &self.denomination,
            categorie_juridique: &self.categorie_juridique,
            activite: self.activite(modele),
            nic_siege: self.nic_siege.parse().unwrap_or_default(),
            economie_sociale: if association { "O" } else { "" },
            ..LigneUnite::default()
        }
        .ecrire(tampon);
    }

    /// Writes its row, or for La Poste its rows, of `StockEtablissement`.
    pub fn ecrire_etablissements(&self, modele: &Modele, tampon: &mut Tampon) {
        let siege: u32 = self.nic_siege.parse().unwrap_or_default();
        if self.est_la_poste() {
            for nic in &modele.postes {
                if *nic == siege {
                    self.ecrire_siege(modele, tampon);
                } else {
                    self.ecrire_bureau(*nic, modele, tampon);
                }
            }
        } else {
            self.ecrire_siege(modele, tampon);
        }
    }

    fn ecrire_siege(&self, modele: &Modele, tampon: &mut Tampon) {
        let mut hasard = Hasard::new(
            modele.graine,
            Domaine::Organisme,
            u64::from(self.numero()) + 1_000_000_000,
        );
        let effectifs = self.effectifs(modele.edition.annee());
        let (debut, periodes) = self.periode();
        LigneEtablissement {
            siren: self.numero(),
            nic: self.nic_siege.parse().unwrap_or_default(),
            creation: self.creation(),
            effectifs,
            traitement: Horodatage::tire(REPRISE, &mut hasard),
            siege: true,
            periodes,
            adresse: LigneAdresse {
                complement: &self.complement_adresse,
                numero: &self.numero_voie,
                type_voie: &self.type_voie,
                libelle_voie: &self.libelle_voie,
                code_postal: &self.code_postal,
                commune: &self.libelle_commune,
                code_commune: &self.code_commune,
                ..LigneAdresse::default()
            },
            debut,
            actif: true,
            enseignes: [&self.enseigne, ""],
            activite: self.activite(modele),
            employeur: if effectifs.1 == 0 { "N" } else { "O" },
            ..LigneEtablissement::default()
        }
        .ecrire(tampon);
    }

    /// One of La Poste's many: only its SIRET is possible, the rest says that it is fictitious.
    fn ecrire_bureau(&self, nic: u32, modele: &Modele, tampon: &mut Tampon) {
        let mut hasard = Hasard::new(modele.graine, Domaine::Organisme, u64::from(nic));
        let commune = modele.adresses.commune(modele.adresses.tirer(&mut hasard));
        let creation = Jour::dans(hasard.entre(1991, 2020), &mut hasard);
        let actif = hasard.chance(6500);
        let fermeture = Jour::dans(modele.edition.annee() - hasard.entre(1, 5), &mut hasard);
        let (rev2, nomenclature, naf25) = self.activite(modele);
        let enseigne = format!("BUREAU DE POSTE FICTIF {nic}");
        LigneEtablissement {
            siren: self.numero(),
            nic,
            creation,
            traitement: Horodatage::tire(REPRISE, &mut hasard),
            periodes: hasard.entre(1, 4),
            adresse: LigneAdresse {
                type_voie: "PL",
                libelle_voie: "DE LA POSTE",
                code_postal: &commune.code_postal,
                commune: &commune.libelle_insee,
                code_commune: &commune.code,
                ..LigneAdresse::default()
            },
            debut: if actif { creation } else { fermeture },
            actif,
            enseignes: [&enseigne, ""],
            activite: (rev2, nomenclature, if actif { naf25 } else { "" }),
            employeur: if actif { "O" } else { "N" },
            ..LigneEtablissement::default()
        }
        .ecrire(tampon);
    }
}
