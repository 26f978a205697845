//! The queries that the page offers. Each runs on the sample and, within the limits, on the whole country.

/// One.
pub(super) struct Exemple {
    /// Its name in addresses.
    pub(super) id: &'static str,
    pub(super) categorie: &'static str,
    pub(super) titre: &'static str,
    pub(super) sql: &'static str,
}

impl Exemple {
    /// The one of that name.
    pub(super) fn named(id: &str) -> Option<&'static Self> {
        EXEMPLES.iter().find(|one| one.id == id)
    }
}

const ENTREPRISES: &str = "Entreprises";
const ASSOCIATIONS: &str = "Associations";
const GEOGRAPHIE: &str = "Géographie";
const QUALITE: &str = "Qualité et nomenclatures";

/// In the order of the page.
pub(super) const CATEGORIES: [&str; 4] = [ENTREPRISES, ASSOCIATIONS, GEOGRAPHIE, QUALITE];

macro_rules! exemple {
    ($id:literal, $categorie:ident, $titre:literal) => {
        Exemple {
            id: $id,
            categorie: $categorie,
            titre: $titre,
            sql: include_str!(concat!("../../../ui/sql/exemples/", $id, ".sql")),
        }
    };
}

/// Every one.
#[rustfmt::skip] // one line per example reads as a table
pub(super) const EXEMPLES: [Exemple; 10] = [
    exemple!("tailles", ENTREPRISES, "Les entreprises par catégorie"),
    exemple!("creations", ENTREPRISES, "Les créations, année par année"),
    exemple!("activites", ENTREPRISES, "Les activités les plus répandues"),
    exemple!("successions", ENTREPRISES, "Les transferts de siège"),
    exemple!("associations-themes", ASSOCIATIONS, "Les thèmes des associations"),
    exemple!("associations-siren", ASSOCIATIONS, "Les associations qui ont un SIREN"),
    exemple!("departements", GEOGRAPHIE, "Les établissements par département"),
    exemple!("autour", GEOGRAPHIE, "Les établissements autour d'un point"),
    exemple!("positions", QUALITE, "La précision des positions"),
    exemple!("deux-naf", QUALITE, "De la NAF rév. 2 à la NAF 2025"),
];
