//! Columns of `etablissement` (`StockEtablissement`, then its position from
//! `GeolocalisationEtablissement_Sirene_pour_etudes_statistiques`) and `lien_succession`
//! (`StockEtablissementLiensSuccession`), in INSEE's order.
//!
//! Source: INSEE, dessins de fichier, format 3.11 with NAF 2025 (2025-12-16).

use crate::column::{Column, INSEE, Table, TableSource, column};

/// One row per établissement, its current state.
pub static ETABLISSEMENT: Table = Table {
    name: "etablissement",
    description: "Les établissements du répertoire SIRENE, dans leur état courant",
    source: TableSource::Official {
        file: "StockEtablissement",
        producer: INSEE,
    },
    key: &["siret"],
    descending: &[],
    unique: true,
    columns: COLUMNS,
};

#[rustfmt::skip] // one line per column reads as a table
const COLUMNS: &[Column] = &[
    column!(Text, Key(9), "siren", "siren", "Numéro SIREN de l'unité légale, 9 chiffres", "130025265"),
    column!(Text, Key(5), "nic", "nic", "Numéro interne de classement, 5 chiffres", "00013"),
    column!(Text, Key(14), "siret", "siret", "Numéro SIRET, 14 chiffres : SIREN puis NIC", "13002526500013"),
    column!(Text, Always, "statutDiffusionEtablissement", "statut_diffusion", "Statut de diffusion : O diffusible, P diffusion partielle (valeurs masquées par [ND])", "O", StatutDiffusion),
    column!(Date, Always, "dateCreationEtablissement", "date_creation", "Date de création ; 1900-01-01 signifie inconnue", "2017-05-24"),
    column!(Text, Always, "trancheEffectifsEtablissement", "tranche_effectifs", "Tranche d'effectif salarié de l'établissement", "22", TrancheEffectifs),
    column!(Integer, Always, "anneeEffectifsEtablissement", "annee_effectifs", "Année de validité de la tranche d'effectif", "2024"),
    column!(Text, Always, "activitePrincipaleRegistreMetiersEtablissement", "activite_principale_registre_metiers", "Activité au répertoire des métiers, en NAFA, sans point", "5610AQ"),
    column!(Timestamp, Always, "dateDernierTraitementEtablissement", "date_dernier_traitement", "Date du dernier traitement dans le répertoire SIRENE", "2026-03-18T08:42:11"),
    column!(Boolean, Always, "etablissementSiege", "etablissement_siege", "Vrai quand l'établissement est le siège de l'unité légale", "true"),
    column!(Integer, Always, "nombrePeriodesEtablissement", "nombre_periodes", "Nombre de périodes de l'historique", "4"),
    column!(Text, Always, "complementAdresseEtablissement", "complement_adresse", "Complément d'adresse : bâtiment, escalier, résidence", "BATIMENT B"),
    column!(Text, Always, "numeroVoieEtablissement", "numero_voie", "Numéro dans la voie", "20"),
    column!(Text, Always, "indiceRepetitionEtablissement", "indice_repetition", "Indice de répétition : B pour bis, T pour ter…", "B"),
    column!(Text, Sometimes, "dernierNumeroVoieEtablissement", "dernier_numero_voie", "Dernier numéro d'une adresse groupée", "24"),
    column!(Text, Sometimes, "indiceRepetitionDernierNumeroVoieEtablissement", "indice_repetition_dernier_numero_voie", "Indice de répétition du dernier numéro d'une adresse groupée", "T"),
    column!(Text, Always, "typeVoieEtablissement", "type_voie", "Type de voie : RUE, AV, BD…", "AVENUE"),
    column!(Text, Always, "libelleVoieEtablissement", "libelle_voie", "Nom de la voie", "DE SEGUR"),
    column!(Text, Always, "codePostalEtablissement", "code_postal", "Code postal ; à l'étranger il peut porter des lettres", "75007"),
    column!(Text, Always, "libelleCommuneEtablissement", "libelle_commune", "Nom de la commune", "PARIS"),
    column!(Text, Always, "libelleCommuneEtrangerEtablissement", "libelle_commune_etranger", "Nom de la ville à l'étranger", "BRUXELLES"),
    column!(Text, Always, "distributionSpecialeEtablissement", "distribution_speciale", "Distribution spéciale : boîte postale, TSA", "BP 112"),
    column!(Text, Always, "codeCommuneEtablissement", "code_commune", "Code de la commune au code officiel géographique", "75107", Commune),
    column!(Text, Always, "codeCedexEtablissement", "code_cedex", "Code du bureau CEDEX", "75334"),
    column!(Text, Always, "libelleCedexEtablissement", "libelle_cedex", "Libellé du CEDEX", "PARIS CEDEX 07"),
    column!(Text, Always, "codePaysEtrangerEtablissement", "code_pays_etranger", "Code du pays étranger au code officiel géographique", "99131"),
    column!(Text, Always, "libellePaysEtrangerEtablissement", "libelle_pays_etranger", "Nom du pays étranger", "BELGIQUE"),
    column!(Text, Sometimes, "identifiantAdresseEtablissement", "identifiant_adresse", "Identifiant de l'adresse dans la base adresse nationale", "751078740_B"),
    column!(Text, Sometimes, "coordonneeLambertAbscisseEtablissement", "coordonnee_lambert_abscisse", "Abscisse Lambert, dans la projection légale du territoire", "649852.86"),
    column!(Text, Sometimes, "coordonneeLambertOrdonneeEtablissement", "coordonnee_lambert_ordonnee", "Ordonnée Lambert, dans la projection légale du territoire", "6861425.91"),
    column!(Text, Always, "complementAdresse2Etablissement", "complement_adresse_2", "Seconde adresse : complément", "ESCALIER C"),
    column!(Text, Always, "numeroVoie2Etablissement", "numero_voie_2", "Seconde adresse : numéro dans la voie", "1"),
    column!(Text, Always, "indiceRepetition2Etablissement", "indice_repetition_2", "Seconde adresse : indice de répétition", "T"),
    column!(Text, Always, "typeVoie2Etablissement", "type_voie_2", "Seconde adresse : type de voie", "PLACE"),
    column!(Text, Always, "libelleVoie2Etablissement", "libelle_voie_2", "Seconde adresse : nom de la voie", "MAURICE GUNSBOURG"),
    column!(Text, Always, "codePostal2Etablissement", "code_postal_2", "Seconde adresse : code postal", "92140"),
    column!(Text, Always, "libelleCommune2Etablissement", "libelle_commune_2", "Seconde adresse : nom de la commune", "CLAMART"),
    column!(Text, Always, "libelleCommuneEtranger2Etablissement", "libelle_commune_etranger_2", "Seconde adresse : nom de la ville à l'étranger", "BRUXELLES"),
    column!(Text, Always, "distributionSpeciale2Etablissement", "distribution_speciale_2", "Seconde adresse : distribution spéciale", "TSA 12345"),
    column!(Text, Always, "codeCommune2Etablissement", "code_commune_2", "Seconde adresse : code de la commune", "92023", Commune),
    column!(Text, Always, "codeCedex2Etablissement", "code_cedex_2", "Seconde adresse : code du bureau CEDEX", "92141"),
    column!(Text, Always, "libelleCedex2Etablissement", "libelle_cedex_2", "Seconde adresse : libellé du CEDEX", "CLAMART CEDEX"),
    column!(Text, Always, "codePaysEtranger2Etablissement", "code_pays_etranger_2", "Seconde adresse : code du pays étranger", "99131"),
    column!(Text, Always, "libellePaysEtranger2Etablissement", "libelle_pays_etranger_2", "Seconde adresse : nom du pays étranger", "BELGIQUE"),
    column!(Date, Always, "dateDebut", "date_debut", "Début de la période courante ; 1900-01-01 signifie inconnu", "2019-10-25"),
    column!(Text, Always, "etatAdministratifEtablissement", "etat_administratif", "État administratif : A actif, F fermé", "A", EtatEtablissement),
    column!(Text, Always, "enseigne1Etablissement", "enseigne_1", "Enseigne, première ligne", "MAIRIE DE CLAMART"),
    column!(Text, Always, "enseigne2Etablissement", "enseigne_2", "Enseigne, deuxième ligne", "HOTEL DE VILLE"),
    column!(Text, Always, "enseigne3Etablissement", "enseigne_3", "Enseigne, troisième ligne", "SERVICE DES ARCHIVES"),
    column!(Text, Always, "denominationUsuelleEtablissement", "denomination_usuelle", "Nom sous lequel l'établissement est connu du public", "BUREAU DE POSTE"),
    column!(Text, Always, "activitePrincipaleEtablissement", "activite_principale", "Activité principale, dans la nomenclature indiquée à côté (NAF rév. 2 pour les établissements actifs)", "84.11Z", Naf),
    column!(Text, Always, "nomenclatureActivitePrincipaleEtablissement", "nomenclature_activite_principale", "Nomenclature de l'activité principale : NAFRev2, NAFRev1, NAF1993 ou NAP", "NAFRev2"),
    column!(Text, Always, "caractereEmployeurEtablissement", "caractere_employeur", "Caractère employeur : O ou N", "O", OuiNon),
    column!(Text, Sometimes, "activitePrincipaleNAF25Etablissement", "activite_principale_naf25", "Activité principale en NAF 2025, de référence à partir du 1er janvier 2027", "84.11Y", Naf2025),
    // Joined from GEOLOCALISATION.
    column!(Real, Derived, "x", "geolocalisation_x", "Géolocalisation : abscisse, en mètres, dans la projection de epsg", "649852.86"),
    column!(Real, Derived, "y", "geolocalisation_y", "Géolocalisation : ordonnée, en mètres, dans la projection de epsg", "6861425.91"),
    column!(Text, Derived, "qualite_xy", "geolocalisation_qualite", "Géolocalisation : qualité de la position : 11 voie et numéro sûrs, 12 voie sûre, 21 et 22 voie probable, 33 point au hasard dans la commune", "11"),
    column!(Text, Derived, "epsg", "geolocalisation_epsg", "Géolocalisation : code EPSG de la projection : 2154 métropole, 5490 Antilles, 2972 Guyane, 2975 Réunion", "2154"),
    column!(Text, Derived, "plg_qp24", "plg_qp24", "Géolocalisation : quartier prioritaire de la politique de la ville (2024) ; HZ hors zone, CSZ commune sans zonage", "HZ"),
    column!(Text, Derived, "plg_iris", "plg_iris", "Géolocalisation : IRIS, 9 caractères", "751072708"),
    column!(Text, Derived, "plg_zus", "plg_zus", "Géolocalisation : zone urbaine sensible ; HZ hors zone, CSZ commune sans zonage", "CSZ"),
    column!(Text, Derived, "plg_qp15", "plg_qp15", "Géolocalisation : quartier prioritaire de la politique de la ville (2015) ; HZ hors zone, CSZ commune sans zonage", "HZ"),
    column!(Text, Derived, "plg_qva", "plg_qva", "Géolocalisation : quartier de veille active ; HZ hors zone, CSZ commune sans zonage", "CSZ"),
    column!(Text, Derived, "plg_code_commune", "plg_code_commune", "Géolocalisation : code de la commune où tombe la position", "75107", Commune),
    column!(Real, Derived, "distance_precision", "geolocalisation_precision", "Géolocalisation : distance, en mètres, dont la position peut s'écarter", "3"),
    column!(Text, Derived, "qualite_qp24", "qualite_qp24", "Géolocalisation : qualité du rattachement au quartier prioritaire 2024", "1"),
    column!(Text, Derived, "qualite_iris", "qualite_iris", "Géolocalisation : qualité du rattachement à l'IRIS", "1"),
    column!(Text, Derived, "qualite_zus", "qualite_zus", "Géolocalisation : qualité du rattachement à la zone urbaine sensible", "1"),
    column!(Text, Derived, "qualite_qp15", "qualite_qp15", "Géolocalisation : qualité du rattachement au quartier prioritaire 2015", "1"),
    column!(Text, Derived, "qualite_qva", "qualite_qva", "Géolocalisation : qualité du rattachement au quartier de veille active", "1"),
    column!(Real, Derived, "y_latitude", "latitude", "Géolocalisation : latitude, en degrés (WGS 84)", "48.850699"),
    column!(Real, Derived, "x_longitude", "longitude", "Géolocalisation : longitude, en degrés (WGS 84)", "2.308628"),
];

/// One row per établissement that INSEE could place, joined to `etablissement` by SIRET.
///
/// INSEE, « Géolocalisation des établissements du répertoire Sirene pour les études statistiques » :
/// one projection per territory, no Mayotte.
pub static GEOLOCALISATION: Table = Table {
    name: "geolocalisation",
    description: "La position des établissements, jointe à etablissement",
    source: TableSource::Official {
        file: "GeolocalisationEtablissement_Sirene_pour_etudes_statistiques",
        producer: INSEE,
    },
    key: &["siret"],
    descending: &[],
    unique: true,
    columns: GEOLOCALISATION_COLUMNS,
};

#[rustfmt::skip] // one line per column reads as a table
const GEOLOCALISATION_COLUMNS: &[Column] = &[
    column!(Text, Key(14), "siret", "siret", "Numéro SIRET, 14 chiffres", "13002526500013"),
    column!(Real, Always, "x", "geolocalisation_x", "Abscisse, en mètres, dans la projection de epsg", "649852.86"),
    column!(Real, Always, "y", "geolocalisation_y", "Ordonnée, en mètres, dans la projection de epsg", "6861425.91"),
    column!(Text, Always, "qualite_xy", "geolocalisation_qualite", "Qualité de la position : 11 voie et numéro sûrs, 12 voie sûre, 21 et 22 voie probable, 33 point au hasard dans la commune", "11"),
    column!(Text, Always, "epsg", "geolocalisation_epsg", "Code EPSG de la projection : 2154 métropole, 5490 Antilles, 2972 Guyane, 2975 Réunion", "2154"),
    column!(Text, Sometimes, "plg_qp24", "plg_qp24", "Quartier prioritaire de la politique de la ville (2024) ; HZ hors zone, CSZ commune sans zonage", "HZ"),
    column!(Text, Always, "plg_iris", "plg_iris", "IRIS, 9 caractères", "751072708"),
    column!(Text, Always, "plg_zus", "plg_zus", "Zone urbaine sensible ; HZ hors zone, CSZ commune sans zonage", "CSZ"),
    column!(Text, Sometimes, "plg_qp15", "plg_qp15", "Quartier prioritaire de la politique de la ville (2015) ; HZ hors zone, CSZ commune sans zonage", "HZ"),
    column!(Text, Always, "plg_qva", "plg_qva", "Quartier de veille active ; HZ hors zone, CSZ commune sans zonage", "CSZ"),
    column!(Text, Always, "plg_code_commune", "plg_code_commune", "Code de la commune où tombe la position", "75107", Commune),
    column!(Real, Always, "distance_precision", "geolocalisation_precision", "Distance, en mètres, dont la position peut s'écarter", "3"),
    column!(Text, Sometimes, "qualite_qp24", "qualite_qp24", "Qualité du rattachement au quartier prioritaire 2024", "1"),
    column!(Text, Always, "qualite_iris", "qualite_iris", "Qualité du rattachement à l'IRIS", "1"),
    column!(Text, Always, "qualite_zus", "qualite_zus", "Qualité du rattachement à la zone urbaine sensible", "1"),
    column!(Text, Sometimes, "qualite_qp15", "qualite_qp15", "Qualité du rattachement au quartier prioritaire 2015", "1"),
    column!(Text, Always, "qualite_qva", "qualite_qva", "Qualité du rattachement au quartier de veille active", "1"),
    column!(Real, Always, "y_latitude", "latitude", "Latitude, en degrés (WGS 84)", "48.850699"),
    column!(Real, Always, "x_longitude", "longitude", "Longitude, en degrés (WGS 84)", "2.308628"),
];

/// One row per link between an établissement that closed or moved and the one that took over.
/// Links may form cycles (SIREN 381194299): follow them with a visited set.
pub static LIEN_SUCCESSION: Table = Table {
    name: "lien_succession",
    description: "Les liens de succession entre établissements",
    source: TableSource::Official {
        file: "StockEtablissementLiensSuccession",
        producer: INSEE,
    },
    key: &[
        "siretEtablissementPredecesseur",
        "siretEtablissementSuccesseur",
        "dateLienSuccession",
    ],
    descending: &[],
    unique: false,
    columns: LIEN_COLUMNS,
};

#[rustfmt::skip] // one line per column reads as a table
const LIEN_COLUMNS: &[Column] = &[
    column!(Text, Key(14), "siretEtablissementPredecesseur", "siret_predecesseur", "SIRET de l'établissement prédécesseur", "35600000009075"),
    column!(Text, Key(14), "siretEtablissementSuccesseur", "siret_successeur", "SIRET de l'établissement successeur", "35600000000048"),
    column!(Date, Always, "dateLienSuccession", "date_lien_succession", "Date d'effet du lien de succession", "2015-03-01"),
    column!(Boolean, Always, "transfertSiege", "transfert_siege", "Vrai quand le siège est transféré", "false"),
    column!(Boolean, Always, "continuiteEconomique", "continuite_economique", "Vrai quand l'activité continue", "true"),
    column!(Timestamp, Always, "dateDernierTraitementLienSuccession", "date_dernier_traitement", "Date du dernier traitement du lien", "2015-04-02T10:15:00"),
];
