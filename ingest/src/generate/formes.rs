//! Catégories juridiques of the personnes morales, how common they are, and how their names look.

use crate::generate::noms::Famille;

/// A legal form.
#[derive(Debug, Clone, Copy)]
pub struct Forme {
    /// Code, niveau 3.
    pub categorie: &'static str,
    /// How many out of a thousand personnes morales.
    pub poids: u32,
    /// What its names are made of.
    pub famille: Famille,
    /// Its activity, in NAF rév. 2, when the form decides.
    pub activite: Option<&'static str>,
}

const fn forme(
    categorie: &'static str,
    poids: u32,
    famille: Famille,
    activite: Option<&'static str>,
) -> Forme {
    Forme {
        categorie,
        poids,
        famille,
        activite,
    }
}

/// An association declared to the RNA.
pub const ASSOCIATION: Forme = forme("9220", 70, Famille::Association, Some("94.99Z"));

/// An association of Alsace-Moselle, kept by the courts rather than the RNA.
pub const DROIT_LOCAL: Forme = forme("9260", 10, Famille::Association, Some("94.99Z"));

/// All of them; the weights add up to a thousand.
pub const FORMES: &[Forme] = &[
    forme("5499", 275, Famille::Societe(" SARL"), None),
    forme("5710", 215, Famille::Societe(" SAS"), None),
    forme("6540", 200, Famille::Civile("SCI FICTIVE"), Some("68.20B")),
    ASSOCIATION,
    forme(
        "9110",
        55,
        Famille::Civile("SYNDICAT DE COPROPRIETE EXEMPLE"),
        Some("81.10Z"),
    ),
    forme("2110", 40, Famille::Indivision, None),
    forme(
        "6599",
        20,
        Famille::Civile("SOCIETE CIVILE FICTIVE"),
        Some("64.20Z"),
    ),
    forme("5599", 18, Famille::Societe(" SA"), None),
    forme("6598", 16, Famille::Civile("EARL FICTIVE"), Some("01.50Z")),
    forme("2900", 12, Famille::Indivision, None),
    DROIT_LOCAL,
    forme("3120", 10, Famille::Societe(" LTD"), None),
    forme("6533", 9, Famille::Civile("GAEC FICTIF"), Some("01.50Z")),
    forme("2310", 9, Famille::Indivision, None),
    forme("5485", 8, Famille::Societe(" SELARL"), None),
    forme(
        "8310",
        8,
        Famille::Autre("COMITE SOCIAL ET ECONOMIQUE DE L'EXEMPLE"),
        Some("94.99Z"),
    ),
    forme("5785", 6, Famille::Societe(" SELAS"), None),
    forme("5699", 4, Famille::Societe(" SA"), None),
    forme("6220", 4, Famille::Autre("GIE FICTIF"), None),
    forme("6589", 4, Famille::Autre("SCM EXEMPLE"), Some("86.21Z")),
    forme("5458", 3, Famille::Societe(" SCOP"), None),
    forme(
        "9300",
        2,
        Famille::Autre("FONDATION FICTIVE"),
        Some("94.99Z"),
    ),
    forme("9900", 2, Famille::Autre("GROUPEMENT EXEMPLE"), None),
];

/// The form a draw below a thousand falls on.
#[must_use]
pub fn forme_de(mut tirage: u32) -> Forme {
    for forme in FORMES {
        if tirage < forme.poids {
            return *forme;
        }
        tirage -= forme.poids;
    }
    FORMES[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use registre_schemas::nomenclature::Nomenclature;

    #[test]
    fn weights_add_up_and_codes_exist() {
        assert_eq!(FORMES.iter().map(|forme| forme.poids).sum::<u32>(), 1000);
        for forme in FORMES {
            assert!(
                Nomenclature::CategorieJuridique
                    .label(forme.categorie)
                    .is_some(),
                "{}",
                forme.categorie
            );
        }
    }
}
