//! Columns of SIRENE's history: `unite_legale_periode` (`StockUniteLegaleHistorique`) and
//! `etablissement_periode` (`StockEtablissementHistorique`), in INSEE's order.
//!
//! A period lasts as long as no historised variable changes; consecutive periods touch (`dateFin` is
//! the day before the next `dateDebut`), and each but the oldest says what changed. Purged units have
//! one period. Rows are in INSEE's own order: by identifier, the newest period first. Source: INSEE, dessins de fichier, format 3.11; the two files have no NAF 2025.

use crate::column::{Column, INSEE, Table, TableSource, column};

/// One row per unité légale and period.
pub static UNITE_LEGALE_PERIODE: Table = Table {
    name: "unite_legale_periode",
    description: "L'historique des unités légales : une ligne par période, courante comprise",
    source: TableSource::Official {
        file: "StockUniteLegaleHistorique",
        producer: INSEE,
    },
    key: &["siren", "dateDebut"],
    descending: &["dateDebut"],
    unique: false,
    columns: UNITE_LEGALE_COLUMNS,
};

#[rustfmt::skip] // one line per column reads as a table
const UNITE_LEGALE_COLUMNS: &[Column] = &[
    column!(Text, Key(9), "siren", "siren", "Numéro SIREN de l'unité légale, 9 chiffres", "130025265"),
    column!(Date, Always, "dateFin", "date_fin", "Dernier jour de la période, veille de la suivante ; vide pour la période courante", "2019-10-24"),
    column!(Date, Always, "dateDebut", "date_debut", "Premier jour de la période ; 1900-01-01 signifie inconnu", "2019-10-25"),
    column!(Text, Always, "etatAdministratifUniteLegale", "etat_administratif", "État administratif : A active, C cessée", "A", EtatUniteLegale),
    column!(Boolean, Always, "changementEtatAdministratifUniteLegale", "changement_etat_administratif", "Vrai quand l'état administratif change à cette période", "false"),
    column!(Text, Always, "nomUniteLegale", "nom", "Nom de naissance de la personne physique", "SPECIMEN"),
    column!(Boolean, Always, "changementNomUniteLegale", "changement_nom", "Vrai quand le nom de naissance change à cette période", "false"),
    column!(Text, Always, "nomUsageUniteLegale", "nom_usage", "Nom d'usage de la personne physique", "FICTIF"),
    column!(Boolean, Always, "changementNomUsageUniteLegale", "changement_nom_usage", "Vrai quand le nom d'usage change à cette période", "false"),
    column!(Text, Always, "denominationUniteLegale", "denomination", "Dénomination (raison sociale) de la personne morale", "DIRECTION INTERMINISTERIELLE DU NUMERIQUE"),
    column!(Boolean, Always, "changementDenominationUniteLegale", "changement_denomination", "Vrai quand la dénomination change à cette période", "false"),
    column!(Text, Always, "denominationUsuelle1UniteLegale", "denomination_usuelle_1", "Dénomination usuelle (avant 2008), première ligne", "MAIRIE DE CLAMART"),
    column!(Text, Always, "denominationUsuelle2UniteLegale", "denomination_usuelle_2", "Dénomination usuelle (avant 2008), deuxième ligne", "HOTEL DE VILLE"),
    column!(Text, Always, "denominationUsuelle3UniteLegale", "denomination_usuelle_3", "Dénomination usuelle (avant 2008), troisième ligne", "SERVICE DES ARCHIVES"),
    column!(Boolean, Always, "changementDenominationUsuelleUniteLegale", "changement_denomination_usuelle", "Vrai quand la dénomination usuelle change à cette période", "false"),
    column!(Text, Always, "categorieJuridiqueUniteLegale", "categorie_juridique", "Catégorie juridique, niveau 3", "7120", CategorieJuridique),
    column!(Boolean, Always, "changementCategorieJuridiqueUniteLegale", "changement_categorie_juridique", "Vrai quand la catégorie juridique change à cette période", "false"),
    column!(Text, Always, "activitePrincipaleUniteLegale", "activite_principale", "Activité principale, dans la nomenclature indiquée à côté (NAF rév. 2 pour les unités actives)", "84.11Z", Naf),
    column!(Text, Always, "nomenclatureActivitePrincipaleUniteLegale", "nomenclature_activite_principale", "Nomenclature de l'activité principale : NAFRev2, NAFRev1, NAF1993 ou NAP", "NAFRev2"),
    column!(Boolean, Always, "changementActivitePrincipaleUniteLegale", "changement_activite_principale", "Vrai quand l'activité principale change à cette période", "false"),
    column!(Text, Always, "nicSiegeUniteLegale", "nic_siege", "NIC de l'établissement siège, 5 chiffres", "00013"),
    column!(Boolean, Always, "changementNicSiegeUniteLegale", "changement_nic_siege", "Vrai quand le siège change à cette période", "false"),
    column!(Text, Always, "economieSocialeSolidaireUniteLegale", "economie_sociale_solidaire", "Appartenance à l'économie sociale et solidaire : O ou N", "N", OuiNon),
    column!(Boolean, Always, "changementEconomieSocialeSolidaireUniteLegale", "changement_economie_sociale_solidaire", "Vrai quand l'appartenance à l'économie sociale et solidaire change à cette période", "false"),
    column!(Text, Sometimes, "societeMissionUniteLegale", "societe_mission", "Société à mission : O ou N", "N", OuiNon),
    column!(Boolean, Sometimes, "changementSocieteMissionUniteLegale", "changement_societe_mission", "Vrai quand le statut de société à mission change à cette période", "false"),
    column!(Text, Always, "caractereEmployeurUniteLegale", "caractere_employeur", "Caractère employeur : O ou N (n'est plus géré)", "O", OuiNon),
    column!(Boolean, Always, "changementCaractereEmployeurUniteLegale", "changement_caractere_employeur", "Vrai quand le caractère employeur change à cette période", "false"),
];

/// One row per établissement and period.
pub static ETABLISSEMENT_PERIODE: Table = Table {
    name: "etablissement_periode",
    description: "L'historique des établissements : une ligne par période, courante comprise",
    source: TableSource::Official {
        file: "StockEtablissementHistorique",
        producer: INSEE,
    },
    key: &["siret", "dateDebut"],
    descending: &["dateDebut"],
    unique: false,
    columns: ETABLISSEMENT_COLUMNS,
};

#[rustfmt::skip] // one line per column reads as a table
const ETABLISSEMENT_COLUMNS: &[Column] = &[
    column!(Text, Key(9), "siren", "siren", "Numéro SIREN de l'unité légale, 9 chiffres", "130025265"),
    column!(Text, Key(5), "nic", "nic", "Numéro interne de classement, 5 chiffres", "00013"),
    column!(Text, Key(14), "siret", "siret", "Numéro SIRET, 14 chiffres : SIREN puis NIC", "13002526500013"),
    column!(Date, Always, "dateFin", "date_fin", "Dernier jour de la période, veille de la suivante ; vide pour la période courante", "2019-10-24"),
    column!(Date, Always, "dateDebut", "date_debut", "Premier jour de la période ; 1900-01-01 signifie inconnu", "2019-10-25"),
    column!(Text, Always, "etatAdministratifEtablissement", "etat_administratif", "État administratif : A actif, F fermé", "A", EtatEtablissement),
    column!(Boolean, Always, "changementEtatAdministratifEtablissement", "changement_etat_administratif", "Vrai quand l'état administratif change à cette période", "false"),
    column!(Text, Always, "enseigne1Etablissement", "enseigne_1", "Enseigne, première ligne", "MAIRIE DE CLAMART"),
    column!(Text, Always, "enseigne2Etablissement", "enseigne_2", "Enseigne, deuxième ligne", "HOTEL DE VILLE"),
    column!(Text, Always, "enseigne3Etablissement", "enseigne_3", "Enseigne, troisième ligne", "SERVICE DES ARCHIVES"),
    column!(Boolean, Always, "changementEnseigneEtablissement", "changement_enseigne", "Vrai quand l'enseigne change à cette période", "false"),
    column!(Text, Always, "denominationUsuelleEtablissement", "denomination_usuelle", "Nom sous lequel l'établissement est connu du public", "BUREAU DE POSTE"),
    column!(Boolean, Always, "changementDenominationUsuelleEtablissement", "changement_denomination_usuelle", "Vrai quand la dénomination usuelle change à cette période", "false"),
    column!(Text, Always, "activitePrincipaleEtablissement", "activite_principale", "Activité principale, dans la nomenclature indiquée à côté (NAF rév. 2 pour les établissements actifs)", "84.11Z", Naf),
    column!(Text, Always, "nomenclatureActivitePrincipaleEtablissement", "nomenclature_activite_principale", "Nomenclature de l'activité principale : NAFRev2, NAFRev1, NAF1993 ou NAP", "NAFRev2"),
    column!(Boolean, Always, "changementActivitePrincipaleEtablissement", "changement_activite_principale", "Vrai quand l'activité principale change à cette période", "false"),
    column!(Text, Always, "caractereEmployeurEtablissement", "caractere_employeur", "Caractère employeur : O ou N", "O", OuiNon),
    column!(Boolean, Always, "changementCaractereEmployeurEtablissement", "changement_caractere_employeur", "Vrai quand le caractère employeur change à cette période", "false"),
];
