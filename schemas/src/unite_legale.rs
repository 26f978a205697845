//! Columns of `unite_legale` (`StockUniteLegale`) and `doublon` (`StockDoublons`), in INSEE's order.
//!
//! Source: INSEE, dessin de fichier `StockUniteLegale`, format 3.11 with NAF 2025 (2025-12-16).

use crate::column::{Column, INSEE, Table, TableSource, column};

/// One row per unité légale, its current state.
pub static UNITE_LEGALE: Table = Table {
    name: "unite_legale",
    description: "Les unités légales du répertoire SIRENE, dans leur état courant",
    source: TableSource::Official {
        file: "StockUniteLegale",
        producer: INSEE,
    },
    key: &["siren"],
    descending: &[],
    unique: true,
    columns: COLUMNS,
};

#[rustfmt::skip] // one line per column reads as a table
const COLUMNS: &[Column] = &[
    column!(Text, Key(9), "siren", "siren", "Numéro SIREN, 9 chiffres", "130025265"),
    column!(Text, Always, "statutDiffusionUniteLegale", "statut_diffusion", "Statut de diffusion : O diffusible, P diffusion partielle (valeurs masquées par [ND])", "O", StatutDiffusion),
    column!(Boolean, Always, "unitePurgeeUniteLegale", "unite_purgee", "Vrai quand l'unité, cessée avant le 31/12/2002, a été purgée de son historique", "true"),
    column!(Date, Always, "dateCreationUniteLegale", "date_creation", "Date de création ; 1900-01-01 signifie inconnue", "2017-05-24"),
    column!(Text, Always, "sigleUniteLegale", "sigle", "Sigle de la personne morale", "DINUM"),
    column!(Text, Always, "sexeUniteLegale", "sexe", "Sexe de la personne physique : F, M ou [ND]", "F"),
    column!(Text, Always, "prenom1UniteLegale", "prenom_1", "Premier prénom déclaré de la personne physique", "FICTIF"),
    column!(Text, Always, "prenom2UniteLegale", "prenom_2", "Deuxième prénom déclaré de la personne physique", "FICTIF"),
    column!(Text, Always, "prenom3UniteLegale", "prenom_3", "Troisième prénom déclaré de la personne physique", "FICTIF"),
    column!(Text, Always, "prenom4UniteLegale", "prenom_4", "Quatrième prénom déclaré de la personne physique", "FICTIF"),
    column!(Text, Always, "prenomUsuelUniteLegale", "prenom_usuel", "Prénom usuel de la personne physique", "FICTIF"),
    column!(Text, Always, "pseudonymeUniteLegale", "pseudonyme", "Pseudonyme de la personne physique", "SPECIMEN"),
    column!(Text, Always, "identifiantAssociationUniteLegale", "identifiant_association", "Numéro au répertoire national des associations (RNA)", "W751004076"),
    column!(Text, Always, "trancheEffectifsUniteLegale", "tranche_effectifs", "Tranche d'effectif salarié de l'unité légale", "22", TrancheEffectifs),
    column!(Integer, Always, "anneeEffectifsUniteLegale", "annee_effectifs", "Année de validité de la tranche d'effectif", "2024"),
    column!(Timestamp, Always, "dateDernierTraitementUniteLegale", "date_dernier_traitement", "Date du dernier traitement dans le répertoire SIRENE", "2026-03-18T08:42:11"),
    column!(Integer, Always, "nombrePeriodesUniteLegale", "nombre_periodes", "Nombre de périodes de l'historique", "4"),
    column!(Text, Always, "categorieEntreprise", "categorie_entreprise", "Catégorie d'entreprise : PME, ETI ou GE", "PME", CategorieEntreprise),
    column!(Integer, Always, "anneeCategorieEntreprise", "annee_categorie_entreprise", "Année de validité de la catégorie d'entreprise", "2024"),
    column!(Date, Always, "dateDebut", "date_debut", "Début de la période courante ; 1900-01-01 signifie inconnu", "2019-10-25"),
    column!(Text, Always, "etatAdministratifUniteLegale", "etat_administratif", "État administratif : A active, C cessée", "A", EtatUniteLegale),
    column!(Text, Always, "nomUniteLegale", "nom", "Nom de naissance de la personne physique", "SPECIMEN"),
    column!(Text, Always, "nomUsageUniteLegale", "nom_usage", "Nom d'usage de la personne physique", "FICTIF"),
    column!(Text, Always, "denominationUniteLegale", "denomination", "Dénomination (raison sociale) de la personne morale", "DIRECTION INTERMINISTERIELLE DU NUMERIQUE"),
    column!(Text, Always, "denominationUsuelle1UniteLegale", "denomination_usuelle_1", "Dénomination usuelle (avant 2008), première ligne", "MAIRIE DE CLAMART"),
    column!(Text, Always, "denominationUsuelle2UniteLegale", "denomination_usuelle_2", "Dénomination usuelle (avant 2008), deuxième ligne", "HOTEL DE VILLE"),
    column!(Text, Always, "denominationUsuelle3UniteLegale", "denomination_usuelle_3", "Dénomination usuelle (avant 2008), troisième ligne", "SERVICE DES ARCHIVES"),
    column!(Text, Always, "categorieJuridiqueUniteLegale", "categorie_juridique", "Catégorie juridique, niveau 3", "7120", CategorieJuridique),
    column!(Text, Always, "activitePrincipaleUniteLegale", "activite_principale", "Activité principale, dans la nomenclature indiquée à côté (NAF rév. 2 pour les unités actives)", "84.11Z", Naf),
    column!(Text, Always, "nomenclatureActivitePrincipaleUniteLegale", "nomenclature_activite_principale", "Nomenclature de l'activité principale : NAFRev2, NAFRev1, NAF1993 ou NAP", "NAFRev2"),
    column!(Text, Always, "nicSiegeUniteLegale", "nic_siege", "NIC de l'établissement siège, 5 chiffres", "00013"),
    column!(Text, Always, "economieSocialeSolidaireUniteLegale", "economie_sociale_solidaire", "Appartenance à l'économie sociale et solidaire : O ou N", "N", OuiNon),
    column!(Text, Sometimes, "societeMissionUniteLegale", "societe_mission", "Société à mission : O ou N", "N", OuiNon),
    column!(Text, Always, "caractereEmployeurUniteLegale", "caractere_employeur", "Caractère employeur : O ou N (n'est plus géré)", "O", OuiNon),
    column!(Text, Sometimes, "activitePrincipaleNAF25UniteLegale", "activite_principale_naf25", "Activité principale en NAF 2025, de référence à partir du 1er janvier 2027", "84.11Y", Naf2025),
];

/// One row per SIREN attributed twice to the same person: which one replaces it.
pub static DOUBLON: Table = Table {
    name: "doublon",
    description: "Les doublons de SIREN : une même personne immatriculée plusieurs fois",
    source: TableSource::Official {
        file: "StockDoublons",
        producer: INSEE,
    },
    key: &["siren", "sirenDoublon"],
    descending: &[],
    unique: true,
    columns: DOUBLON_COLUMNS,
};

#[rustfmt::skip] // one line per column reads as a table
const DOUBLON_COLUMNS: &[Column] = &[
    column!(Text, Key(9), "siren", "siren", "SIREN de l'unité légale qui fait référence", "130025265"),
    column!(Text, Key(9), "sirenDoublon", "siren_doublon", "SIREN du doublon", "100000009"),
    column!(Timestamp, Always, "dateDernierTraitementDoublon", "date_dernier_traitement", "Date du dernier traitement du doublon", "2024-06-03T00:00:00"),
];
