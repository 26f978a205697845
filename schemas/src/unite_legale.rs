//! Columns of `unite_legale` (`StockUniteLegale`) and `doublon` (`StockDoublons`), in INSEE's order.
//!
//! Source: INSEE, dessin de fichier `StockUniteLegale`, format 3.11 with NAF 2025 (2025-12-16).

use crate::column::{Column, Table, column};

/// One row per unité légale, its current state.
pub static UNITE_LEGALE: Table = Table {
    name: "unite_legale",
    description: "Les unités légales du répertoire SIRENE, dans leur état courant",
    key: &["siren"],
    descending: &[],
    unique: true,
    columns: COLUMNS,
};

#[rustfmt::skip] // one line per column reads as a table
const COLUMNS: &[Column] = &[
    column!(Text, Key(9), "siren", "siren", "Numéro SIREN, 9 chiffres"),
    column!(Text, Always, "statutDiffusionUniteLegale", "statut_diffusion", "Statut de diffusion : O diffusible, P diffusion partielle (valeurs masquées par [ND])", StatutDiffusion),
    column!(Boolean, Always, "unitePurgeeUniteLegale", "unite_purgee", "Vrai quand l'unité, cessée avant le 31/12/2002, a été purgée de son historique"),
    column!(Date, Always, "dateCreationUniteLegale", "date_creation", "Date de création ; 1900-01-01 signifie inconnue"),
    column!(Text, Always, "sigleUniteLegale", "sigle", "Sigle de la personne morale"),
    column!(Text, Always, "sexeUniteLegale", "sexe", "Sexe de la personne physique : F, M ou [ND]"),
    column!(Text, Always, "prenom1UniteLegale", "prenom_1", "Premier prénom déclaré de la personne physique"),
    column!(Text, Always, "prenom2UniteLegale", "prenom_2", "Deuxième prénom déclaré de la personne physique"),
    column!(Text, Always, "prenom3UniteLegale", "prenom_3", "Troisième prénom déclaré de la personne physique"),
    column!(Text, Always, "prenom4UniteLegale", "prenom_4", "Quatrième prénom déclaré de la personne physique"),
    column!(Text, Always, "prenomUsuelUniteLegale", "prenom_usuel", "Prénom usuel de la personne physique"),
    column!(Text, Always, "pseudonymeUniteLegale", "pseudonyme", "Pseudonyme de la personne physique"),
    column!(Text, Always, "identifiantAssociationUniteLegale", "identifiant_association", "Numéro au répertoire national des associations (RNA)"),
    column!(Text, Always, "trancheEffectifsUniteLegale", "tranche_effectifs", "Tranche d'effectif salarié de l'unité légale", TrancheEffectifs),
    column!(Integer, Always, "anneeEffectifsUniteLegale", "annee_effectifs", "Année de validité de la tranche d'effectif"),
    column!(Timestamp, Always, "dateDernierTraitementUniteLegale", "date_dernier_traitement", "Date du dernier traitement dans le répertoire SIRENE"),
    column!(Integer, Always, "nombrePeriodesUniteLegale", "nombre_periodes", "Nombre de périodes de l'historique"),
    column!(Text, Always, "categorieEntreprise", "categorie_entreprise", "Catégorie d'entreprise : PME, ETI ou GE", CategorieEntreprise),
    column!(Integer, Always, "anneeCategorieEntreprise", "annee_categorie_entreprise", "Année de validité de la catégorie d'entreprise"),
    column!(Date, Always, "dateDebut", "date_debut", "Début de la période courante ; 1900-01-01 signifie inconnu"),
    column!(Text, Always, "etatAdministratifUniteLegale", "etat_administratif", "État administratif : A active, C cessée", EtatUniteLegale),
    column!(Text, Always, "nomUniteLegale", "nom", "Nom de naissance de la personne physique"),
    column!(Text, Always, "nomUsageUniteLegale", "nom_usage", "Nom d'usage de la personne physique"),
    column!(Text, Always, "denominationUniteLegale", "denomination", "Dénomination (raison sociale) de la personne morale"),
    column!(Text, Always, "denominationUsuelle1UniteLegale", "denomination_usuelle_1", "Dénomination usuelle (avant 2008), première ligne"),
    column!(Text, Always, "denominationUsuelle2UniteLegale", "denomination_usuelle_2", "Dénomination usuelle (avant 2008), deuxième ligne"),
    column!(Text, Always, "denominationUsuelle3UniteLegale", "denomination_usuelle_3", "Dénomination usuelle (avant 2008), troisième ligne"),
    column!(Text, Always, "categorieJuridiqueUniteLegale", "categorie_juridique", "Catégorie juridique, niveau 3", CategorieJuridique),
    column!(Text, Always, "activitePrincipaleUniteLegale", "activite_principale", "Activité principale, dans la nomenclature indiquée à côté (NAF rév. 2 pour les unités actives)", Naf),
    column!(Text, Always, "nomenclatureActivitePrincipaleUniteLegale", "nomenclature_activite_principale", "Nomenclature de l'activité principale : NAFRev2, NAFRev1, NAF1993 ou NAP"),
    column!(Text, Always, "nicSiegeUniteLegale", "nic_siege", "NIC de l'établissement siège, 5 chiffres"),
    column!(Text, Always, "economieSocialeSolidaireUniteLegale", "economie_sociale_solidaire", "Appartenance à l'économie sociale et solidaire : O ou N", OuiNon),
    column!(Text, Sometimes, "societeMissionUniteLegale", "societe_mission", "Société à mission : O ou N", OuiNon),
    column!(Text, Always, "caractereEmployeurUniteLegale", "caractere_employeur", "Caractère employeur : O ou N (n'est plus géré)", OuiNon),
    column!(Text, Sometimes, "activitePrincipaleNAF25UniteLegale", "activite_principale_naf25", "Activité principale en NAF 2025, de référence à partir du 1er janvier 2027", Naf2025),
];

/// One row per SIREN attributed twice to the same person: which one replaces it.
pub static DOUBLON: Table = Table {
    name: "doublon",
    description: "Les doublons de SIREN : une même personne immatriculée plusieurs fois",
    key: &["siren", "sirenDoublon"],
    descending: &[],
    unique: true,
    columns: DOUBLON_COLUMNS,
};

#[rustfmt::skip] // one line per column reads as a table
const DOUBLON_COLUMNS: &[Column] = &[
    column!(Text, Key(9), "siren", "siren", "SIREN de l'unité légale qui fait référence"),
    column!(Text, Key(9), "sirenDoublon", "siren_doublon", "SIREN du doublon"),
    column!(Timestamp, Always, "dateDernierTraitementDoublon", "date_dernier_traitement", "Date du dernier traitement du doublon"),
];
