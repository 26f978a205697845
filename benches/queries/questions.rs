//! The questions: what analysts type. The values they ask about are taken from the data, so that
//! each question has an answer at any scale.

/// A value that questions use, and the query that picks it: one row, one column.
pub struct Value {
    /// `{name}` in the questions, and in the values after this one.
    pub name: &'static str,
    pub sql: &'static str,
}

/// A question, in words and in SQL.
pub struct Question {
    pub title: &'static str,
    pub sql: &'static str,
}

/// The list joined in: made once, a table of the database, as someone's own file would be.
pub const LIST: &str = "CREATE TABLE memory.main.liste AS \
    SELECT siret FROM etablissement ORDER BY hash(siret) LIMIT 1000";

/// Neither the greatest nor the rarest: ties are broken, so that the same data gives the same values.
pub const VALUES: &[Value] = &[
    Value {
        name: "siret",
        sql: "SELECT siret FROM etablissement ORDER BY hash(siret) LIMIT 1",
    },
    Value {
        name: "siren",
        sql: "SELECT siren FROM unite_legale \
              ORDER BY abs(nombrePeriodesUniteLegale - 5), hash(siren) LIMIT 1",
    },
    Value {
        name: "prefixe",
        sql: "SELECT substr(siren, 1, 5) FROM unite_legale ORDER BY hash(siren) LIMIT 1",
    },
    Value {
        name: "predecesseur",
        sql: "SELECT siretEtablissementPredecesseur FROM lien_succession \
              ORDER BY hash(siretEtablissementPredecesseur) LIMIT 1",
    },
    Value {
        name: "successeur",
        sql: "SELECT siretEtablissementSuccesseur FROM lien_succession \
              ORDER BY hash(siretEtablissementSuccesseur) LIMIT 1",
    },
    Value {
        name: "commune",
        sql: "SELECT codeCommuneEtablissement FROM etablissement \
              WHERE codeCommuneEtablissement IS NOT NULL \
              GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1 OFFSET 20",
    },
    Value {
        name: "naf",
        sql: "SELECT activitePrincipaleEtablissement FROM etablissement \
              WHERE codeCommuneEtablissement = '{commune}' AND etatAdministratifEtablissement = 'A' \
              AND activitePrincipaleEtablissement IS NOT NULL \
              GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
    },
    Value {
        name: "departement",
        sql: "SELECT substr(codeCommuneEtablissement, 1, 2) FROM etablissement \
              WHERE codeCommuneEtablissement IS NOT NULL \
              GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1 OFFSET 10",
    },
    Value {
        name: "annee",
        sql: "SELECT CAST(max(year(dateCreationEtablissement)) - 3 AS VARCHAR) FROM etablissement \
              WHERE dateCreationEtablissement <= current_date",
    },
    Value {
        name: "jour",
        sql: "SELECT CAST(CAST(max(dateDernierTraitementEtablissement) - INTERVAL 7 DAY AS DATE) AS VARCHAR) \
              FROM etablissement",
    },
    Value {
        name: "categorie",
        sql: "SELECT categorieJuridiqueUniteLegale FROM unite_legale \
              WHERE denominationUniteLegale IS NOT NULL \
              GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1 OFFSET 3",
    },
    Value {
        name: "theme",
        sql: "SELECT objet_social1 FROM association \
              WHERE position = 'A' AND objet_social1 IS NOT NULL \
              GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1 OFFSET 2",
    },
    Value {
        name: "mot",
        sql: "SELECT split_part(denominationUniteLegale, ' ', 1) FROM unite_legale \
              WHERE length(split_part(denominationUniteLegale, ' ', 1)) > 6 \
              GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1 OFFSET 5",
    },
    Value {
        name: "latitude",
        sql: "SELECT CAST(round(y_latitude, 2) AS VARCHAR) FROM etablissement \
              WHERE codeCommuneEtablissement = '{commune}' AND y_latitude IS NOT NULL \
              ORDER BY hash(siret) LIMIT 1",
    },
    Value {
        name: "longitude",
        sql: "SELECT CAST(round(x_longitude, 2) AS VARCHAR) FROM etablissement \
              WHERE codeCommuneEtablissement = '{commune}' AND y_latitude IS NOT NULL \
              ORDER BY hash(siret) LIMIT 1",
    },
];

/// By what they can avoid reading: nearly everything, part of it, nothing.
pub const QUESTIONS: &[Question] = &[
    Question {
        title: "one SIRET, every column",
        sql: "SELECT * FROM etablissement WHERE siret = '{siret}'",
    },
    Question {
        title: "one SIREN, every column",
        sql: "SELECT * FROM unite_legale WHERE siren = '{siren}'",
    },
    Question {
        title: "établissements of a SIREN",
        sql: "SELECT siret, etablissementSiege, etatAdministratifEtablissement, enseigne1Etablissement, \
              codePostalEtablissement, libelleCommuneEtablissement \
              FROM etablissement WHERE siren = '{siren}' ORDER BY siret",
    },
    Question {
        title: "prefix of SIREN",
        sql: "SELECT siren, denominationUniteLegale, nomUniteLegale, etatAdministratifUniteLegale \
              FROM unite_legale WHERE siren LIKE '{prefixe}%' ORDER BY siren",
    },
    Question {
        title: "history of a SIREN",
        sql: "SELECT * FROM unite_legale_periode WHERE siren = '{siren}' ORDER BY dateDebut DESC",
    },
    Question {
        title: "history of the établissements of a SIREN",
        sql: "SELECT * FROM etablissement_periode WHERE siren = '{siren}' ORDER BY siret, dateDebut DESC",
    },
    Question {
        title: "successors of a SIRET",
        sql: "SELECT * FROM lien_succession WHERE siretEtablissementPredecesseur = '{predecesseur}'",
    },
    Question {
        title: "predecessors of a SIRET",
        sql: "SELECT * FROM lien_succession WHERE siretEtablissementSuccesseur = '{successeur}'",
    },
    Question {
        title: "the associations of a SIREN",
        sql: "SELECT a.id, a.titre, a.position, l.provenance FROM lien_siren_rna l \
              JOIN association a ON a.id = l.id WHERE l.siren = ( \
              SELECT siren FROM lien_siren_rna ORDER BY siren LIMIT 1 OFFSET 500)",
    },
    Question {
        title: "a list of 1 000 SIRET joined in",
        sql: "SELECT l.siret, e.etatAdministratifEtablissement, e.enseigne1Etablissement, \
              e.activitePrincipaleEtablissement, e.codePostalEtablissement, e.libelleCommuneEtablissement, \
              e.trancheEffectifsEtablissement FROM liste l LEFT JOIN etablissement e ON e.siret = l.siret",
    },
    Question {
        title: "établissements by commune and NAF",
        sql: "SELECT siret, enseigne1Etablissement, numeroVoieEtablissement, typeVoieEtablissement, \
              libelleVoieEtablissement, codePostalEtablissement FROM etablissement \
              WHERE codeCommuneEtablissement = '{commune}' AND activitePrincipaleEtablissement = '{naf}' \
              AND etatAdministratifEtablissement = 'A'",
    },
    Question {
        title: "by département and year of creation",
        sql: "SELECT siret, dateCreationEtablissement, activitePrincipaleEtablissement, \
              codeCommuneEtablissement FROM etablissement \
              WHERE codeCommuneEtablissement LIKE '{departement}%' \
              AND dateCreationEtablissement BETWEEN DATE '{annee}-01-01' AND DATE '{annee}-12-31'",
    },
    Question {
        title: "located in a box of 2 by 2 km",
        sql: "SELECT siret, enseigne1Etablissement, y_latitude, x_longitude FROM etablissement \
              WHERE y_latitude BETWEEN {latitude} - 0.01 AND {latitude} + 0.01 \
              AND x_longitude BETWEEN {longitude} - 0.015 AND {longitude} + 0.015 \
              AND etatAdministratifEtablissement = 'A'",
    },
    Question {
        title: "treated in the last seven days",
        sql: "SELECT siret, etatAdministratifEtablissement, dateDernierTraitementEtablissement \
              FROM etablissement WHERE dateDernierTraitementEtablissement >= TIMESTAMP '{jour}'",
    },
    Question {
        title: "associations of a theme, their unité légale and siège",
        sql: "SELECT a.id, a.titre, u.siren, u.trancheEffectifsUniteLegale, e.siret, \
              e.libelleCommuneEtablissement FROM association a \
              JOIN lien_siren_rna l ON l.id = a.id AND l.rang_unite_legale = 1 \
              JOIN unite_legale u ON u.siren = l.siren \
              JOIN etablissement e ON e.siren = u.siren AND e.etablissementSiege \
              WHERE a.position = 'A' AND a.objet_social1 = '{theme}' \
              AND u.etatAdministratifUniteLegale = 'A'",
    },
    Question {
        title: "établissements, in a département, of a catégorie juridique",
        sql: "SELECT e.siret, u.denominationUniteLegale, e.codePostalEtablissement, \
              e.libelleCommuneEtablissement FROM etablissement e JOIN unite_legale u ON u.siren = e.siren \
              WHERE u.categorieJuridiqueUniteLegale = '{categorie}' \
              AND e.codeCommuneEtablissement LIKE '{departement}%' \
              AND e.etatAdministratifEtablissement = 'A'",
    },
    Question {
        title: "active associations by theme",
        sql: "SELECT objet_social1, count(*) AS nombre FROM association \
              WHERE position = 'A' GROUP BY 1 ORDER BY nombre DESC, 1",
    },
    Question {
        title: "counts by catégorie juridique",
        sql: "SELECT categorieJuridiqueUniteLegale, count(*) AS nombre FROM unite_legale \
              WHERE etatAdministratifUniteLegale = 'A' GROUP BY 1 ORDER BY nombre DESC, 1",
    },
    Question {
        title: "a word in a dénomination",
        sql: "SELECT siren, denominationUniteLegale FROM unite_legale \
              WHERE denominationUniteLegale LIKE '%{mot}%' ORDER BY siren LIMIT 100",
    },
    Question {
        title: "the twenty most frequent NAF",
        sql: "SELECT activitePrincipaleEtablissement, count(*) AS nombre FROM etablissement \
              WHERE etatAdministratifEtablissement = 'A' GROUP BY 1 ORDER BY nombre DESC, 1 LIMIT 20",
    },
    Question {
        title: "bands of workforce by NAF division",
        sql: "SELECT substr(activitePrincipaleEtablissement, 1, 2) AS division, \
              trancheEffectifsEtablissement, count(*) AS nombre FROM etablissement \
              WHERE etatAdministratifEtablissement = 'A' GROUP BY 1, 2 ORDER BY 1, 2",
    },
    Question {
        title: "closures by year, from the history",
        sql: "SELECT year(dateDebut) AS annee, count(*) AS nombre FROM etablissement_periode \
              WHERE changementEtatAdministratifEtablissement AND etatAdministratifEtablissement = 'F' \
              GROUP BY 1 ORDER BY 1",
    },
    Question {
        title: "units active on a past day, by NAF",
        sql: "SELECT activitePrincipaleUniteLegale, count(*) AS nombre FROM unite_legale_periode \
              WHERE etatAdministratifUniteLegale = 'A' AND dateDebut <= DATE '2015-01-01' \
              AND (dateFin IS NULL OR dateFin >= DATE '2015-01-01') GROUP BY 1 ORDER BY 1",
    },
];
