//! The columns of SIRENE v1, those of INSEE's files until 2018: an établissement and its unité légale
//! in one row. What INSEE no longer publishes is null (prospection, ESA, zones), and so is what the
//! service had from lists that are not the register's (régions, cantons).

use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::unite_legale::UNITE_LEGALE;

use crate::record::position;
use Colonne::{
    Absente, Adresse, Commune, CommuneDuSiege, Departement, Etablissement, Id, Jour, Libelle,
    Ligne, Moment, Naf, Nom, RaisonSociale, Siege, Unite,
};

/// Whose column it is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum De {
    Etablissement,
    Unite,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Colonne {
    /// A column of the établissement.
    Etablissement(usize),
    /// A column of the unité légale.
    Unite(usize),
    /// A date, `AAAAMMJJ`.
    Jour(De, usize),
    /// An activity, without its dot.
    Naf(De, usize),
    /// The label of the code of a column.
    Libelle(De, &'static str),
    /// A line of the envelope, 3 to 7.
    Ligne(usize),
    /// The SIRET, as a number.
    Id,
    /// The name on line 1.
    Nom,
    /// The dénomination, or `NOM*PRENOM/`.
    RaisonSociale,
    /// The first two characters of the code of the commune.
    Departement,
    /// The three others.
    Commune,
    /// The whole code of the commune of the siège.
    CommuneDuSiege,
    /// `1` of a siège, else `0`.
    Siege,
    /// Lines 4 and 6 together.
    Adresse,
    /// When the snapshot was made.
    Moment,
    /// Nothing gives it any more.
    Absente,
}

/// An établissement.
#[rustfmt::skip] // one line per column reads as a table
pub(crate) static COLONNES: [(&str, Colonne); 113] = [
    ("id", Id),
    ("siren", Etablissement(position(&ETABLISSEMENT, "siren"))),
    ("siret", Etablissement(position(&ETABLISSEMENT, "siret"))),
    ("nic", Etablissement(position(&ETABLISSEMENT, "nic"))),
    ("l1_normalisee", Nom),
    ("l2_normalisee", Etablissement(position(&ETABLISSEMENT, "enseigne1Etablissement"))),
    ("l3_normalisee", Ligne(3)),
    ("l4_normalisee", Ligne(4)),
    ("l5_normalisee", Ligne(5)),
    ("l6_normalisee", Ligne(6)),
    ("l7_normalisee", Ligne(7)),
    ("l1_declaree", Absente),
    ("l2_declaree", Absente),
    ("l3_declaree", Ligne(3)),
    ("l4_declaree", Ligne(4)),
    ("l5_declaree", Ligne(5)),
    ("l6_declaree", Ligne(6)),
    ("l7_declaree", Ligne(7)),
    ("numero_voie", Etablissement(position(&ETABLISSEMENT, "numeroVoieEtablissement"))),
    ("indice_repetition", Etablissement(position(&ETABLISSEMENT, "indiceRepetitionEtablissement"))),
    ("type_voie", Etablissement(position(&ETABLISSEMENT, "typeVoieEtablissement"))),
    ("libelle_voie", Etablissement(position(&ETABLISSEMENT, "libelleVoieEtablissement"))),
    ("code_postal", Etablissement(position(&ETABLISSEMENT, "codePostalEtablissement"))),
    ("cedex", Etablissement(position(&ETABLISSEMENT, "codeCedexEtablissement"))),
    ("region", Absente),
    ("libelle_region", Absente),
    ("departement", Departement),
    ("arrondissement", Absente),
    ("canton", Absente),
    ("commune", Commune),
    ("libelle_commune", Etablissement(position(&ETABLISSEMENT, "libelleCommuneEtablissement"))),
    ("departement_unite_urbaine", Absente),
    ("taille_unite_urbaine", Absente),
    ("numero_unite_urbaine", Absente),
    ("etablissement_public_cooperation_intercommunale", Absente),
    ("tranche_commune_detaillee", Absente),
    ("zone_emploi", Absente),
    ("is_siege", Siege),
    ("enseigne", Etablissement(position(&ETABLISSEMENT, "enseigne1Etablissement"))),
    ("indicateur_champ_publipostage", Absente),
    ("statut_prospection", Absente),
    ("date_introduction_base_diffusion", Absente),
    ("nature_entrepreneur_individuel", Absente),
    ("libelle_nature_entrepreneur_individuel", Absente),
    ("activite_principale", Naf(De::Etablissement, position(&ETABLISSEMENT, "activitePrincipaleEtablissement"))),
    ("libelle_activite_principale", Libelle(De::Etablissement, "activitePrincipaleEtablissement")),
    ("date_validite_activite_principale", Absente),
    ("tranche_effectif_salarie", Etablissement(position(&ETABLISSEMENT, "trancheEffectifsEtablissement"))),
    ("libelle_tranche_effectif_salarie", Libelle(De::Etablissement, "trancheEffectifsEtablissement")),
    ("tranche_effectif_salarie_centaine_pret", Absente),
    ("date_validite_effectif_salarie", Etablissement(position(&ETABLISSEMENT, "anneeEffectifsEtablissement"))),
    ("origine_creation", Absente),
    ("date_creation", Jour(De::Etablissement, position(&ETABLISSEMENT, "dateCreationEtablissement"))),
    ("date_debut_activite", Jour(De::Etablissement, position(&ETABLISSEMENT, "dateCreationEtablissement"))),
    ("nature_activite", Absente),
    ("lieu_activite", Absente),
    ("type_magasin", Absente),
    ("is_saisonnier", Absente),
    ("modalite_activite_principale", Absente),
    ("caractere_productif", Absente),
    ("participation_particuliere_production", Absente),
    ("caractere_auxiliaire", Absente),
    ("nom_raison_sociale", RaisonSociale),
    ("sigle", Unite(position(&UNITE_LEGALE, "sigleUniteLegale"))),
    ("nom", Unite(position(&UNITE_LEGALE, "nomUniteLegale"))),
    ("prenom", Unite(position(&UNITE_LEGALE, "prenomUsuelUniteLegale"))),
    ("civilite", Absente),
    ("numero_rna", Unite(position(&UNITE_LEGALE, "identifiantAssociationUniteLegale"))),
    ("nic_siege", Unite(position(&UNITE_LEGALE, "nicSiegeUniteLegale"))),
    ("region_siege", Absente),
    ("departement_commune_siege", CommuneDuSiege),
    ("email", Absente),
    ("nature_juridique_entreprise", Unite(position(&UNITE_LEGALE, "categorieJuridiqueUniteLegale"))),
    ("libelle_nature_juridique_entreprise", Libelle(De::Unite, "categorieJuridiqueUniteLegale")),
    ("activite_principale_entreprise", Naf(De::Unite, position(&UNITE_LEGALE, "activitePrincipaleUniteLegale"))),
    ("libelle_activite_principale_entreprise", Libelle(De::Unite, "activitePrincipaleUniteLegale")),
    ("date_validite_activite_principale_entreprise", Absente),
    ("activite_principale_registre_metier", Etablissement(position(&ETABLISSEMENT, "activitePrincipaleRegistreMetiersEtablissement"))),
    ("is_ess", Unite(position(&UNITE_LEGALE, "economieSocialeSolidaireUniteLegale"))),
    ("date_ess", Absente),
    ("tranche_effectif_salarie_entreprise", Unite(position(&UNITE_LEGALE, "trancheEffectifsUniteLegale"))),
    ("libelle_tranche_effectif_salarie_entreprise", Libelle(De::Unite, "trancheEffectifsUniteLegale")),
    ("tranche_effectif_salarie_entreprise_centaine_pret", Absente),
    ("date_validite_effectif_salarie_entreprise", Unite(position(&UNITE_LEGALE, "anneeEffectifsUniteLegale"))),
    ("categorie_entreprise", Unite(position(&UNITE_LEGALE, "categorieEntreprise"))),
    ("date_creation_entreprise", Jour(De::Unite, position(&UNITE_LEGALE, "dateCreationUniteLegale"))),
    ("date_introduction_base_diffusion_entreprise", Absente),
    ("indice_monoactivite_entreprise", Absente),
    ("modalite_activite_principale_entreprise", Absente),
    ("caractere_productif_entreprise", Absente),
    ("date_validite_rubrique_niveau_entreprise_esa", Absente),
    ("tranche_chiffre_affaire_entreprise_esa", Absente),
    ("activite_principale_entreprise_esa", Absente),
    ("premiere_activite_secondaire_entreprise_esa", Absente),
    ("deuxieme_activite_secondaire_entreprise_esa", Absente),
    ("troisieme_activite_secondaire_entreprise_esa", Absente),
    ("quatrieme_activite_secondaire_entreprise_esa", Absente),
    ("nature_mise_a_jour", Absente),
    ("indicateur_mise_a_jour_1", Absente),
    ("indicateur_mise_a_jour_2", Absente),
    ("indicateur_mise_a_jour_3", Absente),
    ("date_mise_a_jour", Etablissement(position(&ETABLISSEMENT, "dateDernierTraitementEtablissement"))),
    ("created_at", Moment),
    ("updated_at", Moment),
    ("longitude", Etablissement(position(&ETABLISSEMENT, "x_longitude"))),
    ("latitude", Etablissement(position(&ETABLISSEMENT, "y_latitude"))),
    ("geo_score", Absente),
    ("geo_type", Absente),
    ("geo_adresse", Adresse),
    ("geo_id", Absente),
    ("geo_ligne", Absente),
    ("geo_l4", Ligne(4)),
    ("geo_l5", Etablissement(position(&ETABLISSEMENT, "complementAdresseEtablissement"))),
];
