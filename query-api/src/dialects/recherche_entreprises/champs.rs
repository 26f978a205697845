//! The fields of an answer as tables: a name and where its value comes from, in the order of the answer.

use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::unite_legale::UNITE_LEGALE;

use super::derive;
use super::lecture::{Lieu, Resultat};
use super::parametres::{PARTIES, PARTIES_ADMIN};
use crate::record::{Record, at};

/// A field of a unit.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unite {
    /// A column.
    Colonne(usize),
    /// A name, hidden of a person in partial diffusion.
    Nom(fn(&Resultat) -> Option<String>),
    /// The sigle, hidden of anyone in partial diffusion.
    Sigle(usize),
    /// A text made from what was read.
    Texte(fn(&Resultat) -> Option<String>),
    Nombre(fn(&Resultat) -> i64),
    /// When the snapshot was made.
    Moment,
    /// Of another data set: null.
    Nul,
    /// A part of the answer, which may be asked for or not.
    Partie(Partie),
}

/// A part of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Partie {
    Siege,
    Dirigeants,
    Cites,
    Liste,
    Complements,
    Score,
    /// Of another data set: null.
    Vide,
}

#[rustfmt::skip] // one line per field reads as a table
pub(crate) static UNITE: [(&str, Unite); 33] = [
    ("siren", Unite::Colonne(at!(UNITE_LEGALE, "siren"))),
    ("nom_complet", Unite::Nom(derive::nom_complet)),
    ("nom_raison_sociale", Unite::Nom(derive::raison_sociale)),
    ("sigle", Unite::Sigle(at!(UNITE_LEGALE, "sigleUniteLegale"))),
    ("nombre_etablissements", Unite::Nombre(|found| found.count.total)),
    ("nombre_etablissements_ouverts", Unite::Nombre(|found| found.count.actifs)),
    ("siege", Unite::Partie(Partie::Siege)),
    ("activite_principale", Unite::Colonne(at!(UNITE_LEGALE, "activitePrincipaleUniteLegale"))),
    ("activite_principale_naf25", Unite::Colonne(at!(UNITE_LEGALE, "activitePrincipaleNAF25UniteLegale"))),
    ("categorie_entreprise", Unite::Colonne(at!(UNITE_LEGALE, "categorieEntreprise"))),
    ("caractere_employeur", Unite::Colonne(at!(UNITE_LEGALE, "caractereEmployeurUniteLegale"))),
    ("annee_categorie_entreprise", Unite::Colonne(at!(UNITE_LEGALE, "anneeCategorieEntreprise"))),
    ("date_creation", Unite::Colonne(at!(UNITE_LEGALE, "dateCreationUniteLegale"))),
    ("date_fermeture", Unite::Texte(|found| derive::jour(found.fermeture))),
    ("date_mise_a_jour", Unite::Moment),
    ("date_mise_a_jour_insee", Unite::Colonne(at!(UNITE_LEGALE, "dateDernierTraitementUniteLegale"))),
    ("date_mise_a_jour_rne", Unite::Nul),
    ("dirigeants", Unite::Partie(Partie::Dirigeants)),
    ("etat_administratif", Unite::Colonne(at!(UNITE_LEGALE, "etatAdministratifUniteLegale"))),
    ("nature_juridique", Unite::Texte(derive::nature_juridique)),
    ("section_activite_principale", Unite::Texte(derive::section)),
    ("tranche_effectif_salarie", Unite::Colonne(at!(UNITE_LEGALE, "trancheEffectifsUniteLegale"))),
    ("annee_tranche_effectif_salarie", Unite::Colonne(at!(UNITE_LEGALE, "anneeEffectifsUniteLegale"))),
    ("statut_diffusion", Unite::Colonne(at!(UNITE_LEGALE, "statutDiffusionUniteLegale"))),
    ("matching_etablissements", Unite::Partie(Partie::Cites)),
    ("etablissements", Unite::Partie(Partie::Liste)),
    ("immatriculation", Unite::Partie(Partie::Vide)),
    ("bodacc", Unite::Partie(Partie::Vide)),
    ("finances", Unite::Partie(Partie::Vide)),
    ("complements", Unite::Partie(Partie::Complements)),
    ("tva", Unite::Partie(Partie::Vide)),
    ("score", Unite::Partie(Partie::Score)),
    ("admin", Unite::Partie(Partie::Vide)),
];

/// Parts of an answer, by the name of their field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choix {
    /// In the whole answer, or in the minimal one.
    minimal: bool,
    include: Vec<String>,
}

impl Choix {
    /// `include` and `include_admin` together: no name is in both.
    pub(super) fn new(minimal: bool, include: Vec<String>) -> Self {
        Self { minimal, include }
    }

    /// Whether a part is answered.
    pub(super) fn has(&self, field: &str) -> bool {
        let field = field.to_uppercase();
        let by_default = field != "SCORE" && PARTIES.contains(&field.as_str()) && !self.minimal;
        debug_assert!(
            PARTIES.contains(&field.as_str()) || PARTIES_ADMIN.contains(&field.as_str()),
            "{field}"
        );
        by_default || self.include.contains(&field)
    }
}

/// Which of the objects that describe an établissement have a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ou {
    /// `siege` alone.
    Siege,
    /// `matching_etablissements` and `etablissements`.
    Listes,
    /// `etablissements` alone.
    Liste,
    Partout,
}

/// What of an établissement is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cache {
    Jamais,
    /// Where it is, of anyone in partial diffusion.
    Adresse,
    /// What it is called, of a person in partial diffusion.
    Nom,
}

/// Where a field of an établissement comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    Colonne(usize),
    Texte(fn(&Lieu) -> Option<String>),
    EstSiege,
    AncienSiege,
    Enseignes([usize; 3]),
    Successions,
    /// Of another data set: null.
    Nul,
}

/// A field of an établissement.
pub(crate) struct ChampLieu {
    pub(crate) nom: &'static str,
    pub(crate) ou: Ou,
    pub(crate) cache: Cache,
    pub(crate) source: Place,
}

const fn l(nom: &'static str, ou: Ou, cache: Cache, source: Place) -> ChampLieu {
    ChampLieu {
        nom,
        ou,
        cache,
        source,
    }
}

/// A column of the table of établissements.
macro_rules! c {
    ($name:literal) => {
        Place::Colonne(at!(ETABLISSEMENT, $name))
    };
}

/// The fields of the three objects, in the order they share.
#[rustfmt::skip] // one line per field reads as a table
pub(crate) static LIEU: [ChampLieu; 49] = {
    use Cache::{Adresse, Jamais, Nom};
    use Ou::{Liste, Listes, Partout, Siege};
    use Place::{AncienSiege, Enseignes, EstSiege, Nul, Successions, Texte};
    [
        l("activite_principale", Partout, Jamais, c!("activitePrincipaleEtablissement")),
        l("activite_principale_naf25", Partout, Jamais, c!("activitePrincipaleNAF25Etablissement")),
        l("activite_principale_registre_metier", Siege, Jamais, c!("activitePrincipaleRegistreMetiersEtablissement")),
        l("ancien_siege", Listes, Jamais, AncienSiege),
        l("annee_tranche_effectif_salarie", Partout, Jamais, c!("anneeEffectifsEtablissement")),
        l("adresse", Partout, Adresse, Texte(derive::adresse)),
        l("caractere_employeur", Partout, Jamais, c!("caractereEmployeurEtablissement")),
        l("cedex", Siege, Adresse, c!("codeCedexEtablissement")),
        l("code_pays_etranger", Siege, Jamais, c!("codePaysEtrangerEtablissement")),
        l("code_postal", Partout, Adresse, c!("codePostalEtablissement")),
        l("commune", Partout, Jamais, c!("codeCommuneEtablissement")),
        l("complement_adresse", Siege, Adresse, c!("complementAdresseEtablissement")),
        l("coordonnees", Siege, Adresse, Texte(derive::coordonnees)),
        l("date_creation", Partout, Jamais, c!("dateCreationEtablissement")),
        l("date_debut_activite", Partout, Jamais, c!("dateDebut")),
        l("date_fermeture", Partout, Jamais, Texte(|place| derive::jour(place.fermeture))),
        l("date_mise_a_jour", Siege, Jamais, Nul),
        l("date_mise_a_jour_insee", Siege, Jamais, c!("dateDernierTraitementEtablissement")),
        l("departement", Siege, Jamais, Texte(derive::departement)),
        l("distribution_speciale", Siege, Adresse, c!("distributionSpecialeEtablissement")),
        l("epci", Partout, Jamais, Texte(derive::epci)),
        l("est_siege", Partout, Jamais, EstSiege),
        l("etat_administratif", Partout, Jamais, c!("etatAdministratifEtablissement")),
        l("geo_adresse", Siege, Jamais, Nul),
        l("geo_id", Partout, Jamais, Nul),
        l("indice_repetition", Siege, Adresse, c!("indiceRepetitionEtablissement")),
        l("latitude", Partout, Adresse, Texte(derive::latitude)),
        l("libelle_cedex", Siege, Adresse, c!("libelleCedexEtablissement")),
        l("libelle_commune", Partout, Jamais, c!("libelleCommuneEtablissement")),
        l("libelle_commune_etranger", Siege, Jamais, c!("libelleCommuneEtrangerEtablissement")),
        l("libelle_pays_etranger", Siege, Jamais, c!("libellePaysEtrangerEtablissement")),
        l("libelle_voie", Siege, Adresse, c!("libelleVoieEtablissement")),
        l("liste_enseignes", Partout, Nom, Enseignes([at!(ETABLISSEMENT, "enseigne1Etablissement"), at!(ETABLISSEMENT, "enseigne2Etablissement"), at!(ETABLISSEMENT, "enseigne3Etablissement")])),
        l("liste_finess", Partout, Jamais, Nul),
        l("liste_id_bio", Partout, Jamais, Nul),
        l("liste_idcc", Partout, Jamais, Nul),
        l("liste_id_organisme_formation", Partout, Jamais, Nul),
        l("liste_rge", Partout, Jamais, Nul),
        l("liste_uai", Partout, Jamais, Nul),
        l("longitude", Partout, Adresse, Texte(derive::longitude)),
        l("nom_commercial", Partout, Nom, c!("denominationUsuelleEtablissement")),
        l("numero_voie", Siege, Adresse, c!("numeroVoieEtablissement")),
        l("dernier_numero_voie", Siege, Adresse, c!("dernierNumeroVoieEtablissement")),
        l("region", Partout, Jamais, Texte(derive::region)),
        l("siret", Partout, Jamais, c!("siret")),
        l("statut_diffusion_etablissement", Partout, Jamais, c!("statutDiffusionEtablissement")),
        l("successions", Liste, Jamais, Successions),
        l("tranche_effectif_salarie", Partout, Jamais, c!("trancheEffectifsEtablissement")),
        l("type_voie", Siege, Adresse, c!("typeVoieEtablissement")),
    ]
};

/// A field of `complements`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Complement {
    Vrai(fn(&Record) -> bool),
    Texte(fn(&Record) -> Option<String>),
    /// Of another data set.
    Faux,
    /// Of another data set, or no longer answered by anyone.
    Nul,
}

#[rustfmt::skip] // one line per field reads as a table
pub(crate) static COMPLEMENTS: [(&str, Complement); 31] = {
    use Complement::{Faux, Nul, Texte, Vrai};
    [
        ("collectivite_territoriale", Nul),
        ("convention_collective_renseignee", Faux),
        ("liste_idcc", Nul),
        ("liste_finess_juridique", Nul),
        ("egapro_renseignee", Faux),
        ("est_achats_responsables", Faux),
        ("est_alim_confiance", Faux),
        ("est_association", Vrai(derive::est_association)),
        ("est_avocat", Faux),
        ("est_bio", Faux),
        ("est_entrepreneur_individuel", Vrai(derive::est_entrepreneur_individuel)),
        ("est_entrepreneur_spectacle", Faux),
        ("est_ess", Vrai(|unite| derive::oui(unite, at!(UNITE_LEGALE, "economieSocialeSolidaireUniteLegale")))),
        ("est_finess", Faux),
        ("est_organisme_formation", Faux),
        ("est_qualiopi", Faux),
        ("liste_id_organisme_formation", Nul),
        ("est_rge", Faux),
        ("est_siae", Faux),
        ("est_societe_mission", Vrai(|unite| derive::oui(unite, at!(UNITE_LEGALE, "societeMissionUniteLegale")))),
        ("est_uai", Faux),
        ("est_patrimoine_vivant", Faux),
        ("bilan_ges_renseigne", Faux),
        ("identifiant_association", Texte(derive::identifiant_association)),
        ("statut_entrepreneur_spectacle", Nul),
        ("type_siae", Nul),
        ("a_aide_minimis", Faux),
        ("a_aide_ademe", Faux),
        ("est_administration", Vrai(derive::est_administration)),
        ("est_service_public", Nul),
        ("est_l100_3", Nul),
    ]
};
