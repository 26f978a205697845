//! What the tiny snapshot holds.

/// A row: the columns it has, as text.
pub(super) type Row<'row> = &'row [(&'row str, &'row str)];

/// Public bodies, and made-up persons who asked for a partial diffusion.
pub(super) const ROWS: &[(&str, Row<'static>)] = &[
    (
        "unite_legale",
        &[
            ("siren", "130025265"),
            ("statutDiffusionUniteLegale", "O"),
            (
                "denominationUniteLegale",
                "DIRECTION INTERMINISTERIELLE DU NUMERIQUE",
            ),
            ("sigleUniteLegale", "DINUM"),
            ("nicSiegeUniteLegale", "00013"),
            ("etatAdministratifUniteLegale", "A"),
            ("dateCreationUniteLegale", "2017-05-24"),
            ("categorieJuridiqueUniteLegale", "7120"),
            ("activitePrincipaleUniteLegale", "84.11Z"),
            ("nomenclatureActivitePrincipaleUniteLegale", "NAFRev2"),
            ("activitePrincipaleNAF25UniteLegale", "84.11Y"),
        ],
    ),
    (
        "unite_legale",
        &[
            ("siren", "356000000"),
            ("statutDiffusionUniteLegale", "O"),
            ("denominationUniteLegale", "LA POSTE <SA>"),
            ("nicSiegeUniteLegale", "00048"),
            ("etatAdministratifUniteLegale", "A"),
            ("dateCreationUniteLegale", "1900-01-01"),
            ("identifiantAssociationUniteLegale", "W751004076"),
        ],
    ),
    // Each of its two établissements took over from the other.
    (
        "unite_legale",
        &[
            ("siren", "381194299"),
            ("statutDiffusionUniteLegale", "O"),
            ("denominationUniteLegale", "SPECIMEN EN CYCLE"),
            ("nicSiegeUniteLegale", "00016"),
            ("etatAdministratifUniteLegale", "C"),
        ],
    ),
    (
        "unite_legale",
        &[
            ("siren", "900000001"),
            ("statutDiffusionUniteLegale", "P"),
            ("nomUniteLegale", "[ND]"),
            ("prenomUsuelUniteLegale", "CAMILLE"),
            ("prenom1UniteLegale", "CAMILLE"),
            ("sigleUniteLegale", "[ND]"),
            ("etatAdministratifUniteLegale", "C"),
            ("nicSiegeUniteLegale", "00017"),
        ],
    ),
    (
        "unite_legale",
        &[
            ("siren", "900000019"),
            ("statutDiffusionUniteLegale", "P"),
            ("denominationUniteLegale", "[ND]"),
            ("etatAdministratifUniteLegale", "A"),
            ("identifiantAssociationUniteLegale", "W922000002"),
        ],
    ),
    (
        "etablissement",
        &[
            ("siren", "130025265"),
            ("nic", "00013"),
            ("siret", "13002526500013"),
            ("statutDiffusionEtablissement", "O"),
            ("etablissementSiege", "true"),
            ("etatAdministratifEtablissement", "A"),
            ("numeroVoieEtablissement", "20"),
            ("typeVoieEtablissement", "AV"),
            ("libelleVoieEtablissement", "DE SEGUR"),
            ("codePostalEtablissement", "75007"),
            ("libelleCommuneEtablissement", "PARIS 7"),
            ("codeCommuneEtablissement", "75107"),
            ("activitePrincipaleEtablissement", "84.11Z"),
            ("nomenclatureActivitePrincipaleEtablissement", "NAFRev2"),
        ],
    ),
    (
        "etablissement",
        &[
            ("siren", "356000000"),
            ("nic", "00048"),
            ("siret", "35600000000048"),
            ("statutDiffusionEtablissement", "O"),
            ("etablissementSiege", "true"),
            ("etatAdministratifEtablissement", "A"),
            ("y_latitude", "48.85"),
            ("x_longitude", "2.31"),
        ],
    ),
    (
        "etablissement",
        &[
            ("siren", "356000000"),
            ("nic", "09075"),
            ("siret", "35600000009075"),
            ("statutDiffusionEtablissement", "O"),
            ("etablissementSiege", "false"),
            ("etatAdministratifEtablissement", "F"),
            ("dateDebut", "2015-03-01"),
        ],
    ),
    (
        "etablissement",
        &[
            ("siren", "381194299"),
            ("nic", "00016"),
            ("siret", "38119429900016"),
            ("statutDiffusionEtablissement", "O"),
            ("etablissementSiege", "true"),
            ("etatAdministratifEtablissement", "F"),
        ],
    ),
    (
        "etablissement",
        &[
            ("siren", "381194299"),
            ("nic", "00024"),
            ("siret", "38119429900024"),
            ("statutDiffusionEtablissement", "O"),
            ("etablissementSiege", "false"),
            ("etatAdministratifEtablissement", "F"),
        ],
    ),
    (
        "etablissement",
        &[
            ("siren", "900000001"),
            ("nic", "00017"),
            ("siret", "90000000100017"),
            ("statutDiffusionEtablissement", "P"),
            ("etatAdministratifEtablissement", "F"),
            ("numeroVoieEtablissement", "[ND]"),
            ("libelleVoieEtablissement", "[ND]"),
            ("codePostalEtablissement", "92000"),
            ("libelleCommuneEtablissement", "NANTERRE"),
            ("enseigne1Etablissement", "[ND]"),
        ],
    ),
    (
        "unite_legale_periode",
        &[
            ("siren", "356000000"),
            ("dateDebut", "2010-03-01"),
            ("etatAdministratifUniteLegale", "A"),
            ("denominationUniteLegale", "LA POSTE <SA>"),
            ("changementDenominationUniteLegale", "true"),
            ("nicSiegeUniteLegale", "00048"),
        ],
    ),
    (
        "unite_legale_periode",
        &[
            ("siren", "356000000"),
            ("dateDebut", "1991-01-01"),
            ("dateFin", "2010-02-28"),
            ("etatAdministratifUniteLegale", "A"),
            ("denominationUniteLegale", "LA POSTE"),
            ("nicSiegeUniteLegale", "00048"),
        ],
    ),
    (
        "etablissement_periode",
        &[
            ("siren", "356000000"),
            ("nic", "09075"),
            ("siret", "35600000009075"),
            ("dateDebut", "2015-03-01"),
            ("etatAdministratifEtablissement", "F"),
            ("changementEtatAdministratifEtablissement", "true"),
        ],
    ),
    (
        "etablissement_periode",
        &[
            ("siren", "356000000"),
            ("nic", "09075"),
            ("siret", "35600000009075"),
            ("dateDebut", "2001-01-01"),
            ("dateFin", "2015-02-28"),
            ("etatAdministratifEtablissement", "A"),
            ("enseigne1Etablissement", "SPECIMEN"),
        ],
    ),
    // Purged: only its history is left.
    (
        "etablissement_periode",
        &[
            ("siren", "356000000"),
            ("nic", "11815"),
            ("siret", "35600000011815"),
            ("dateDebut", "1998-01-01"),
            ("etatAdministratifEtablissement", "F"),
        ],
    ),
    (
        "lien_succession",
        &[
            ("siretEtablissementPredecesseur", "35600000009075"),
            ("siretEtablissementSuccesseur", "35600000000048"),
            ("dateLienSuccession", "2015-03-01"),
            ("transfertSiege", "false"),
            ("continuiteEconomique", "true"),
        ],
    ),
    (
        "lien_succession",
        &[
            ("siretEtablissementPredecesseur", "38119429900016"),
            ("siretEtablissementSuccesseur", "38119429900024"),
            ("dateLienSuccession", "2010-01-01"),
            ("transfertSiege", "true"),
            ("continuiteEconomique", "true"),
        ],
    ),
    (
        "lien_succession",
        &[
            ("siretEtablissementPredecesseur", "38119429900024"),
            ("siretEtablissementSuccesseur", "38119429900016"),
            ("dateLienSuccession", "2012-01-01"),
            ("transfertSiege", "true"),
            ("continuiteEconomique", "true"),
        ],
    ),
    (
        "doublon",
        &[("siren", "130025265"), ("sirenDoublon", "100000009")],
    ),
    (
        "association",
        &[
            ("id", "751P00085568"),
            ("titre", "SPECIMEN REPRIS"),
            ("position", "R"),
            ("observation", "W751004076"),
        ],
    ),
    (
        "association",
        &[
            ("id", "W751004076"),
            ("titre", "ASSOCIATION D'ESSAI"),
            ("position", "A"),
            ("date_creat", "0001-01-01"),
            ("email", "personne@example.org"),
            ("publiweb", "0"),
        ],
    ),
    (
        "association",
        &[
            ("id", "W921000001"),
            ("titre", "AMICALE"),
            ("siret", "13002526500013"),
            ("position", "D"),
        ],
    ),
    (
        "association",
        &[
            ("id", "W922000001"),
            ("titre", "SPECIMEN DISCRET"),
            ("siret", "90000000100017"),
            ("position", "A"),
        ],
    ),
    (
        "association",
        &[
            ("id", "W922000002"),
            ("titre", "SPECIMEN RESERVE"),
            ("position", "A"),
        ],
    ),
    (
        "lien_siren_rna",
        &[
            ("siren", "130025265"),
            ("id", "W921000001"),
            ("provenance", "rna"),
            ("rang_association", "1"),
            ("rang_unite_legale", "1"),
        ],
    ),
    (
        "lien_siren_rna",
        &[
            ("siren", "356000000"),
            ("id", "W751004076"),
            ("provenance", "sirene"),
            ("rang_association", "1"),
            ("rang_unite_legale", "1"),
        ],
    ),
];
