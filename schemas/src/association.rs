//! Columns of `association`: the RNA's two files as one table, with the RNA's own names.
//!
//! `waldec` holds associations declared or modified since 2009 (`W` numbers), `import` the older
//! ones under their préfecture's number. Their headers differ: what only one of them has is null
//! for the other. Source: ministère de l'Intérieur, description des fichiers du RNA.

use crate::column::{Column, INTERIEUR, Table, TableSource, column};

/// One row per association of the Répertoire national des associations.
pub static ASSOCIATION: Table = Table {
    name: "association",
    description: "Les associations du répertoire national des associations (RNA), fichiers waldec et import réunis",
    source: TableSource::Official {
        file: "rna_waldec et rna_import",
        producer: INTERIEUR,
    },
    key: &["id"],
    descending: &[],
    unique: true,
    columns: COLUMNS,
};

/// Columns that name or reach a person: published only when the association allows it
/// (`publiweb` is 1). The ministry removed the first two from its files after 2018.
pub const PERSONAL: [&str; 4] = ["telephone", "email", "adrg_declarant", "adrg_complemid"];

/// Columns that only the file of associations declared since 2009 has.
#[rustfmt::skip]
pub const WALDEC_ONLY: &[&str] = &[
    "date_decla", "date_disso", "titre_court", "adrs_complement", "adrs_numvoie", "adrs_repetition",
    "adrs_typevoie", "adrs_libvoie", "adrs_distrib", "adrs_libcommune", "adrg_declarant",
    "adrg_complemid", "adrg_complemgeo", "adrg_libvoie", "adrg_distrib", "adrg_codepostal",
    "adrg_achemine", "adrg_pays", "publiweb",
];

/// Columns that only the file of older associations has.
pub const IMPORT_ONLY: &[&str] = &["adr1", "adr2", "adr3", "libcom"];

#[rustfmt::skip] // one line per column reads as a table
const COLUMNS: &[Column] = &[
    column!(Text, Key(0), "id", "id", "Numéro RNA : W et 9 caractères (waldec), ou numéro de la préfecture (import)", "W751004076"),
    column!(Text, Always, "id_ex", "id_ex", "Ancien numéro de l'association", "0751004076"),
    column!(Text, Always, "siret", "siret", "Numéro SIRET déclaré au RNA, facultatif", "77567227221138"),
    column!(Text, Always, "rup_mi", "rup_mi", "Numéro de reconnaissance d'utilité publique attribué par le ministère", "0123"),
    column!(Text, Always, "gestion", "gestion", "Code du site gestionnaire (préfecture ou sous-préfecture)", "751P"),
    column!(Date, Always, "date_creat", "date_creat", "Date de déclaration de création ; 0001-01-01 signifie inconnue", "1975-04-12"),
    column!(Date, Sometimes, "date_decla", "date_decla", "Date de la dernière déclaration ; 0001-01-01 signifie inconnue", "2021-06-30"),
    column!(Date, Always, "date_publi", "date_publi", "Date de publication au Journal officiel ; 0001-01-01 signifie inconnue", "1975-05-02"),
    column!(Date, Sometimes, "date_disso", "date_disso", "Date de déclaration de dissolution ; 0001-01-01 signifie aucune", "0001-01-01"),
    column!(Text, Always, "nature", "nature", "Nature : D pour une simple déclaration", "D"),
    column!(Text, Always, "groupement", "groupement", "Groupement : S simple, U union, F fédération", "S", Groupement),
    column!(Text, Always, "titre", "titre", "Nom de l'association", "CROIX ROUGE FRANCAISE"),
    column!(Text, Sometimes, "titre_court", "titre_court", "Nom court de l'association", "CRF"),
    column!(Text, Always, "objet", "objet", "Objet de l'association", "organiser des rencontres sportives"),
    column!(Text, Always, "objet_social1", "objet_social_1", "Thème principal de l'objet", "011000", ObjetSocial),
    column!(Text, Always, "objet_social2", "objet_social_2", "Second thème de l'objet", "006000", ObjetSocial),
    column!(Text, Sometimes, "adrs_complement", "adrs_complement", "Adresse du siège : complément", "BATIMENT B"),
    column!(Text, Sometimes, "adrs_numvoie", "adrs_numvoie", "Adresse du siège : numéro dans la voie", "1"),
    column!(Text, Sometimes, "adrs_repetition", "adrs_repetition", "Adresse du siège : indice de répétition", "B"),
    column!(Text, Sometimes, "adrs_typevoie", "adrs_typevoie", "Adresse du siège : type de voie", "PL"),
    column!(Text, Sometimes, "adrs_libvoie", "adrs_libvoie", "Adresse du siège : nom de la voie", "Maurice Gunsbourg"),
    column!(Text, Sometimes, "adrs_distrib", "adrs_distrib", "Adresse du siège : distribution spéciale ; _ signifie vide", "BP 112"),
    column!(Text, Sometimes, "adrs_codeinsee", "adrs_codeinsee", "Adresse du siège : code de la commune au code officiel géographique", "92023", Commune),
    column!(Text, Always, "adrs_codepostal", "adrs_codepostal", "Adresse du siège : code postal", "92140"),
    column!(Text, Sometimes, "adrs_libcommune", "adrs_libcommune", "Adresse du siège : nom de la commune", "Clamart"),
    column!(Text, Sometimes, "adrg_declarant", "adrg_declarant", "Adresse de gestion : nom du déclarant, publié quand l'association l'autorise", "M. SPECIMEN"),
    column!(Text, Sometimes, "adrg_complemid", "adrg_complemid", "Adresse de gestion : complément d'identité, publié quand l'association l'autorise", "CHEZ SPECIMEN"),
    column!(Text, Sometimes, "adrg_complemgeo", "adrg_complemgeo", "Adresse de gestion : complément géographique", "BATIMENT B"),
    column!(Text, Sometimes, "adrg_libvoie", "adrg_libvoie", "Adresse de gestion : numéro et nom de la voie", "1 PLACE MAURICE GUNSBOURG"),
    column!(Text, Sometimes, "adrg_distrib", "adrg_distrib", "Adresse de gestion : distribution spéciale", "BP 112"),
    column!(Text, Sometimes, "adrg_codepostal", "adrg_codepostal", "Adresse de gestion : code postal", "92140"),
    column!(Text, Sometimes, "adrg_achemine", "adrg_achemine", "Adresse de gestion : bureau d'acheminement", "CLAMART"),
    column!(Text, Sometimes, "adrg_pays", "adrg_pays", "Adresse de gestion : pays", "FRANCE"),
    column!(Text, Always, "dir_civilite", "dir_civilite", "Civilité du dirigeant principal : PM, PF…", "PM"),
    column!(Text, Sometimes, "telephone", "telephone", "Téléphone, publié quand l'association l'autorise (jusqu'en 2018)", "0100000000"),
    column!(Text, Always, "siteweb", "siteweb", "Adresse du site internet", "www.exemple.fr"),
    column!(Text, Sometimes, "email", "email", "Adresse électronique, publiée quand l'association l'autorise (jusqu'en 2018)", "contact@exemple.fr"),
    column!(Text, Sometimes, "publiweb", "publiweb", "Autorisation de publication sur internet : 1 oui, 0 non", "1"),
    column!(Text, Always, "observation", "observation", "Observation du greffe ; pour un dossier repris (import), le nouveau numéro", "Reprise sous le numéro W921000001"),
    column!(Text, Always, "position", "position", "Position : A active, D dissoute, S supprimée, R reprise sous un autre numéro", "A", PositionAssociation),
    column!(Timestamp, Always, "maj_time", "maj_time", "Date de la dernière mise à jour", "2021-07-02T09:30:00"),
    column!(Text, Sometimes, "adr1", "adr_1", "Fichier import, adresse du siège : première ligne", "1 PLACE MAURICE GUNSBOURG"),
    column!(Text, Sometimes, "adr2", "adr_2", "Fichier import, adresse du siège : deuxième ligne", "BATIMENT B"),
    column!(Text, Sometimes, "adr3", "adr_3", "Fichier import, adresse du siège : troisième ligne", "ESCALIER C"),
    column!(Text, Sometimes, "libcom", "libcom", "Fichier import, adresse du siège : nom de la commune", "CLAMART"),
    column!(Text, Derived, "source", "source", "Fichier d'origine de la ligne : waldec ou import", "waldec"),
];
