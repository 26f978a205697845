//! Views of public SQL that save an analyst time, over the published tables only: what a table hides
//! stays hidden, and nothing is derived from `[ND]`.

/// A view, or a table of ours.
pub(crate) struct Vue {
    pub(crate) nom: &'static str,
    pub(crate) description: &'static str,
    /// Name, SQL type, meaning, in the order of the view.
    pub(crate) colonnes: &'static [(&'static str, &'static str, &'static str)],
    /// What makes it.
    pub(crate) sql: &'static str,
}

/// The lists of codes, filled from those compiled in.
pub(crate) const NOMENCLATURE: Vue = Vue {
    nom: "nomenclature",
    description: "Les codes des nomenclatures et leurs libellés",
    colonnes: &[
        (
            "nomenclature",
            "VARCHAR",
            "naf_rev2, naf_2025, naf_rev1, naf_1993, categorie_juridique, tranche_effectifs, commune, departement ou objet_social",
        ),
        ("code", "VARCHAR", "Code, comme les tables l'écrivent"),
        ("libelle", "VARCHAR", "Libellé officiel"),
    ],
    sql: "CREATE TABLE nomenclature (nomenclature VARCHAR, code VARCHAR, libelle VARCHAR)",
};

/// The name of a unit that may be named: the raison sociale, or the name of a person.
macro_rules! nom {
    () => {
        "CASE WHEN u.statutDiffusionUniteLegale = 'O' THEN coalesce(u.denominationUniteLegale, \
         nullif(concat_ws(' ', coalesce(u.prenomUsuelUniteLegale, u.prenom1UniteLegale), \
         coalesce(u.nomUsageUniteLegale, u.nomUniteLegale)), '')) END"
    };
}

/// Every view, in the order in which they can be made.
pub(crate) const VUES: [Vue; 4] = [
    Vue {
        nom: "etablissements_actifs",
        description: "Les établissements actifs, avec le nom de leur unité légale et les libellés de leurs codes",
        colonnes: &[
            ("siret", "VARCHAR", "Numéro SIRET"),
            ("siren", "VARCHAR", "Numéro SIREN de l'unité légale"),
            (
                "nom",
                "VARCHAR",
                "Dénomination, ou prénom et nom ; vide quand l'unité est en diffusion partielle",
            ),
            (
                "enseigne",
                "VARCHAR",
                "Première ligne de l'enseigne, ou dénomination usuelle",
            ),
            ("siege", "BOOLEAN", "Vrai pour le siège"),
            (
                "date_creation",
                "DATE",
                "Date de création ; vide quand elle est inconnue",
            ),
            (
                "activite",
                "VARCHAR",
                "Activité principale, code NAF rév. 2",
            ),
            ("activite_libelle", "VARCHAR", "Son libellé"),
            (
                "activite_naf25",
                "VARCHAR",
                "Activité principale, code NAF 2025",
            ),
            ("activite_naf25_libelle", "VARCHAR", "Son libellé"),
            (
                "tranche_effectifs",
                "VARCHAR",
                "Tranche d'effectif salarié, code",
            ),
            ("tranche_effectifs_libelle", "VARCHAR", "Son libellé"),
            (
                "categorie_juridique",
                "VARCHAR",
                "Catégorie juridique de l'unité légale, niveau 3",
            ),
            ("code_postal", "VARCHAR", "Code postal"),
            ("commune", "VARCHAR", "Code de la commune"),
            ("commune_libelle", "VARCHAR", "Nom de la commune"),
            ("departement", "VARCHAR", "Code du département"),
            ("latitude", "DOUBLE", "Latitude (WGS 84)"),
            ("longitude", "DOUBLE", "Longitude (WGS 84)"),
        ],
        sql: concat!(
            "CREATE VIEW etablissements_actifs AS SELECT e.siret, e.siren, ",
            nom!(),
            " AS nom, \
             nullif(coalesce(e.enseigne1Etablissement, e.denominationUsuelleEtablissement), '[ND]') AS enseigne, \
             e.etablissementSiege AS siege, \
             nullif(CAST(e.dateCreationEtablissement AS DATE), DATE '1900-01-01') AS date_creation, \
             CASE WHEN e.nomenclatureActivitePrincipaleEtablissement = 'NAFRev2' THEN e.activitePrincipaleEtablissement END AS activite, \
             n2.libelle AS activite_libelle, \
             e.activitePrincipaleNAF25Etablissement AS activite_naf25, n25.libelle AS activite_naf25_libelle, \
             e.trancheEffectifsEtablissement AS tranche_effectifs, t.libelle AS tranche_effectifs_libelle, \
             u.categorieJuridiqueUniteLegale AS categorie_juridique, \
             nullif(e.codePostalEtablissement, '[ND]') AS code_postal, \
             nullif(e.codeCommuneEtablissement, '[ND]') AS commune, \
             nullif(e.libelleCommuneEtablissement, '[ND]') AS commune_libelle, \
             CASE WHEN e.codeCommuneEtablissement <> '[ND]' THEN \
             CASE WHEN left(e.codeCommuneEtablissement, 2) IN ('97', '98') THEN left(e.codeCommuneEtablissement, 3) \
             ELSE left(e.codeCommuneEtablissement, 2) END END AS departement, \
             CAST(e.y_latitude AS DOUBLE) AS latitude, CAST(e.x_longitude AS DOUBLE) AS longitude \
             FROM etablissement e LEFT JOIN unite_legale u ON u.siren = e.siren \
             LEFT JOIN nomenclature n2 ON n2.nomenclature = 'naf_rev2' AND n2.code = e.activitePrincipaleEtablissement \
             AND e.nomenclatureActivitePrincipaleEtablissement = 'NAFRev2' \
             LEFT JOIN nomenclature n25 ON n25.nomenclature = 'naf_2025' AND n25.code = e.activitePrincipaleNAF25Etablissement \
             LEFT JOIN nomenclature t ON t.nomenclature = 'tranche_effectifs' AND t.code = e.trancheEffectifsEtablissement \
             WHERE e.etatAdministratifEtablissement = 'A'"
        ),
    },
    Vue {
        nom: "unites_legales_actives",
        description: "Les unités légales actives, avec leur nom et les libellés de leurs codes",
        colonnes: &[
            ("siren", "VARCHAR", "Numéro SIREN"),
            (
                "nom",
                "VARCHAR",
                "Dénomination, ou prénom et nom ; vide quand l'unité est en diffusion partielle",
            ),
            ("sigle", "VARCHAR", "Sigle"),
            ("siret_siege", "VARCHAR", "SIRET du siège"),
            (
                "date_creation",
                "DATE",
                "Date de création ; vide quand elle est inconnue",
            ),
            (
                "categorie_juridique",
                "VARCHAR",
                "Catégorie juridique, niveau 3",
            ),
            ("categorie_juridique_libelle", "VARCHAR", "Son libellé"),
            (
                "activite",
                "VARCHAR",
                "Activité principale, code NAF rév. 2",
            ),
            ("activite_libelle", "VARCHAR", "Son libellé"),
            (
                "activite_naf25",
                "VARCHAR",
                "Activité principale, code NAF 2025",
            ),
            ("activite_naf25_libelle", "VARCHAR", "Son libellé"),
            ("categorie_entreprise", "VARCHAR", "PME, ETI ou GE"),
            (
                "tranche_effectifs",
                "VARCHAR",
                "Tranche d'effectif salarié, code",
            ),
            ("tranche_effectifs_libelle", "VARCHAR", "Son libellé"),
        ],
        sql: concat!(
            "CREATE VIEW unites_legales_actives AS SELECT u.siren, ",
            nom!(),
            " AS nom, nullif(u.sigleUniteLegale, '[ND]') AS sigle, \
             u.siren || u.nicSiegeUniteLegale AS siret_siege, \
             nullif(CAST(u.dateCreationUniteLegale AS DATE), DATE '1900-01-01') AS date_creation, \
             u.categorieJuridiqueUniteLegale AS categorie_juridique, c.libelle AS categorie_juridique_libelle, \
             CASE WHEN u.nomenclatureActivitePrincipaleUniteLegale = 'NAFRev2' THEN u.activitePrincipaleUniteLegale END AS activite, \
             n2.libelle AS activite_libelle, \
             u.activitePrincipaleNAF25UniteLegale AS activite_naf25, n25.libelle AS activite_naf25_libelle, \
             u.categorieEntreprise AS categorie_entreprise, \
             u.trancheEffectifsUniteLegale AS tranche_effectifs, t.libelle AS tranche_effectifs_libelle \
             FROM unite_legale u \
             LEFT JOIN nomenclature c ON c.nomenclature = 'categorie_juridique' AND c.code = u.categorieJuridiqueUniteLegale \
             LEFT JOIN nomenclature n2 ON n2.nomenclature = 'naf_rev2' AND n2.code = u.activitePrincipaleUniteLegale \
             AND u.nomenclatureActivitePrincipaleUniteLegale = 'NAFRev2' \
             LEFT JOIN nomenclature n25 ON n25.nomenclature = 'naf_2025' AND n25.code = u.activitePrincipaleNAF25UniteLegale \
             LEFT JOIN nomenclature t ON t.nomenclature = 'tranche_effectifs' AND t.code = u.trancheEffectifsUniteLegale \
             WHERE u.etatAdministratifUniteLegale = 'A'"
        ),
    },
    Vue {
        nom: "associations_siren",
        description: "Les associations du RNA, avec leur SIREN le plus sûr quand elles en ont un",
        colonnes: &[
            ("id", "VARCHAR", "Numéro RNA"),
            ("titre", "VARCHAR", "Titre"),
            (
                "position",
                "VARCHAR",
                "A active, D dissoute, S supprimée, R reprise sous un autre numéro",
            ),
            (
                "date_creation",
                "DATE",
                "Date de déclaration de création ; vide quand elle est inconnue",
            ),
            ("objet_social", "VARCHAR", "Thème principal, code"),
            ("objet_social_libelle", "VARCHAR", "Son libellé"),
            ("code_postal", "VARCHAR", "Code postal du siège"),
            ("commune", "VARCHAR", "Code de la commune du siège"),
            ("siren", "VARCHAR", "SIREN de l'unité légale, ou rien"),
            (
                "provenance",
                "VARCHAR",
                "Qui fait le lien : sirene, rna ou sirene+rna",
            ),
        ],
        sql: "CREATE VIEW associations_siren AS SELECT a.id, a.titre, a.position, \
             nullif(CAST(a.date_creat AS DATE), DATE '0001-01-01') AS date_creation, \
             a.objet_social1 AS objet_social, o.libelle AS objet_social_libelle, \
             a.adrs_codepostal AS code_postal, a.adrs_codeinsee AS commune, l.siren, l.provenance \
             FROM association a \
             LEFT JOIN lien_siren_rna l ON l.id = a.id AND l.rang_unite_legale = 1 \
             LEFT JOIN nomenclature o ON o.nomenclature = 'objet_social' AND o.code = a.objet_social1",
    },
    Vue {
        nom: "creations_mensuelles",
        description: "Le nombre d'unités légales créées chaque mois, par catégorie juridique, d'après leur date de création",
        colonnes: &[
            ("mois", "DATE", "Premier jour du mois"),
            (
                "categorie_juridique",
                "VARCHAR",
                "Catégorie juridique, niveau 3",
            ),
            (
                "creations",
                "BIGINT",
                "Unités légales créées ce mois, actives ou cessées depuis",
            ),
        ],
        sql: "CREATE VIEW creations_mensuelles AS SELECT CAST(date_trunc('month', dateCreationUniteLegale) AS DATE) AS mois, \
             categorieJuridiqueUniteLegale AS categorie_juridique, count(*) AS creations \
             FROM unite_legale WHERE dateCreationUniteLegale > DATE '1900-01-01' GROUP BY ALL",
    },
];
