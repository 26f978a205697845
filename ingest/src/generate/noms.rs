//! Names nobody can mistake for real ones: every one of them says it is fictitious, and stays
//! within what the register allows (upper case without accents; a nom holds only letters, `-`, `'`).

use crate::generate::ecriture::ajouter_nombre;
use crate::generate::hasard::Hasard;

const NOMS: &[&str] = &[
    "FICTIF",
    "EXEMPLE",
    "SPECIMEN",
    "TEST",
    "DEMONSTRATION",
    "MODELE",
    "ESSAI",
    "IMAGINAIRE",
];
const CONSONNES: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
const VOYELLES: &[u8] = b"AEIOUY";

#[rustfmt::skip]
/// First names, F then M; several may be either.
const PRENOMS: [&[&str]; 2] = [
    &["CAMILLE", "DOMINIQUE", "MARIE", "JEANNE", "LOUISE", "ALICE", "CLAIRE", "SOPHIE", "NADIA", "FATIMA", "ANNE-LAURE",
      "LEA", "INES", "CHLOE", "MANON", "JULIE", "CELINE", "SANDRINE", "VALERIE", "NATHALIE", "ISABELLE", "MARTINE", "AMINATA"],
    &["CAMILLE", "DOMINIQUE", "PIERRE", "JEAN", "LOUIS", "PAUL", "ANTOINE", "KARIM", "MOHAMED", "JEAN-LUC", "HUGO", "LUCAS",
      "NICOLAS", "JULIEN", "THOMAS", "OLIVIER", "STEPHANE", "PHILIPPE", "PATRICK", "MICHEL", "ALAIN", "YANN", "MAMADOU"],
];

#[rustfmt::skip]
const MOTS: &[&str] = &[
    "ALPHA", "BETA", "GAMMA", "DELTA", "EPSILON", "ZETA", "THETA", "KAPPA", "LAMBDA", "SIGMA", "OMEGA", "AZUR", "HORIZON",
    "SOLEIL", "RIVAGE", "SOMMET", "VALLEE", "ATELIER", "CONSEIL", "TRANSPORTS", "BATIMENT", "RENOVATION", "MENUISERIE",
    "PLOMBERIE", "ELECTRICITE", "BOULANGERIE", "RESTAURATION", "INFORMATIQUE", "NUMERIQUE", "LOGISTIQUE", "PAYSAGE",
    "COIFFURE", "GARAGE", "OPTIQUE", "PHARMACIE", "IMMOBILIER", "FORMATION", "COMMUNICATION", "ENERGIE", "MECANIQUE",
];

const PLANTES: &[&str] = &[
    "ACACIAS",
    "TILLEULS",
    "LILAS",
    "GLYCINES",
    "CHENES",
    "PINS",
    "ROSIERS",
    "CERISIERS",
    "PLATANES",
    "CEDRES",
];

const THEMES: &[&str] = &[
    "DU CINEMA",
    "DE LA LECTURE PUBLIQUE",
    "DU PATRIMOINE",
    "DES JARDINS PARTAGES",
    "DE LA PETANQUE",
    "DU FOOTBALL",
    "DE LA RANDONNEE",
    "DE L'ECOLE",
    "DES ANCIENS COMBATTANTS",
    "DE LA CHASSE",
    "DU THEATRE AMATEUR",
    "DE LA MUSIQUE",
    "DE L'ENTRAIDE",
    "DES PARENTS D'ELEVES",
    "DU LOGICIEL LIBRE",
    "DE LA PECHE",
    "DU YOGA",
    "DES AINES RURAUX",
    "DU HANDBALL",
    "DE LA PHOTOGRAPHIE",
    "DE LA NATURE & DE L'ENVIRONNEMENT",
    "DU QUARTIER DE LA GARE",
];

/// The nom of a person: `SPECIMEN-BAC`.
pub fn nom(texte: &mut String, hasard: &mut Hasard) {
    texte.push_str(hasard.choix(NOMS));
    texte.push('-');
    let lettres = if hasard.chance(5000) { 3 } else { 5 };
    for rang in 0..lettres {
        let liste = if rang % 2 == 0 { CONSONNES } else { VOYELLES };
        texte.push(char::from(hasard.choix(liste)));
    }
}

/// A first name of that sex.
pub fn prenom(homme: bool, hasard: &mut Hasard) -> &'static str {
    hasard.choix(PRENOMS[usize::from(homme)])
}

/// What the name of a kind of body is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Famille {
    /// A trading company; the text is the suffix that some write after their name.
    Societe(&'static str),
    /// A société civile, a farm, a copropriété: a word, then plants.
    Civile(&'static str),
    /// People holding something together.
    Indivision,
    /// An association.
    Association,
    /// A works council, a fondation, a foreign company: a word, then a number.
    Autre(&'static str),
}

/// The denomination of a body.
pub fn denomination(texte: &mut String, famille: Famille, hasard: &mut Hasard) {
    match famille {
        Famille::Societe(suffixe) => societe(texte, suffixe, hasard),
        Famille::Civile(mot) => {
            texte.push_str(mot);
            texte.push_str(" DES ");
            texte.push_str(hasard.choix(PLANTES));
            numero(texte, hasard);
        }
        Famille::Indivision => {
            texte.push_str("INDIVISION ");
            nom(texte, hasard);
            texte.push('*');
            texte.push_str(prenom(hasard.chance(5000), hasard));
            texte.push('/');
        }
        Famille::Association => titre(texte, hasard),
        Famille::Autre(mot) => {
            texte.push_str(mot);
            numero(texte, hasard);
        }
    }
}

fn societe(texte: &mut String, suffixe: &str, hasard: &mut Hasard) {
    let mot = hasard.choix(MOTS);
    match hasard.sous(1000) {
        // What CSV must quote, what a search must survive.
        0..=3 => {
            texte.push_str("SOCIETE FICTIVE \"");
            texte.push_str(mot);
            texte.push_str("\", CONSEIL ET SERVICES");
        }
        4..=40 => {
            texte.push_str("L'EXEMPLE D'");
            texte.push_str(hasard.choix(&["ANTAN", "ICI", "AILLEURS"]));
            texte.push_str(" & ");
            texte.push_str(mot);
        }
        41..=60 => {
            texte.push_str("E-");
            texte.push_str(mot);
            texte.push_str("@FICTIF.EXEMPLE +100%");
        }
        _ => {
            texte.push_str(hasard.choix(&[
                "SOCIETE FICTIVE ",
                "ENTREPRISE EXEMPLE ",
                "ETABLISSEMENTS SPECIMEN ",
                "EXEMPLE ",
                "FICTIF ",
            ]));
            texte.push_str(mot);
        }
    }
    numero(texte, hasard);
    if hasard.chance(3000) {
        texte.push_str(suffixe);
    }
}

fn numero(texte: &mut String, hasard: &mut Hasard) {
    texte.push(' ');
    ajouter_nombre(texte, hasard.entre(1, 99_999));
}

/// The title of an association, in both registers.
pub fn titre(texte: &mut String, hasard: &mut Hasard) {
    texte.push_str(hasard.choix(&[
        "ASSOCIATION FICTIVE ",
        "AMICALE EXEMPLE ",
        "COMITE FICTIF ",
        "CLUB SPECIMEN ",
        "LES AMIS FICTIFS ",
        "UNION EXEMPLE ",
    ]));
    texte.push_str(hasard.choix(THEMES));
    numero(texte, hasard);
    if hasard.chance(600) {
        texte.push_str(" (A.F.E. SECTION LOCALE)");
    }
}

/// The initials of a denomination, twenty characters at most.
pub fn sigle(texte: &mut String, denomination: &str) {
    let initiales = denomination
        .split([' ', '-', '\''])
        .filter_map(|mot| mot.chars().next());
    texte.extend(initiales.filter(char::is_ascii_uppercase).take(20));
}

/// The sign above a door.
pub fn enseigne(texte: &mut String, hasard: &mut Hasard) {
    texte.push_str(hasard.choix(&[
        "AU COMPTOIR FICTIF ",
        "BOUTIQUE EXEMPLE ",
        "CHEZ SPECIMEN ",
        "L'EXEMPLE ",
        "LE FICTIF ",
        "ATELIER TEST ",
    ]));
    texte.push_str(hasard.choix(MOTS));
    if hasard.chance(2000) {
        numero(texte, hasard);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::hasard::Domaine;

    #[test]
    fn a_nom_is_letters_and_a_hyphen_and_cannot_be_real() {
        for rang in 0..200 {
            let mut texte = String::new();
            nom(&mut texte, &mut Hasard::new(1, Domaine::Nom, rang));
            assert!(
                texte
                    .bytes()
                    .all(|octet| octet.is_ascii_uppercase() || octet == b'-'),
                "{texte}"
            );
            assert!(
                NOMS.iter().any(|fictif| texte.starts_with(fictif)),
                "{texte}"
            );
        }
    }

    #[test]
    fn a_denomination_fits_its_column() {
        let familles = [
            Famille::Societe(" SARL"),
            Famille::Civile("SCI FICTIVE"),
            Famille::Indivision,
            Famille::Association,
        ];
        for rang in 0..2000 {
            let mut texte = String::new();
            denomination(
                &mut texte,
                familles[rang % 4],
                &mut Hasard::new(1, Domaine::Nom, rang as u64),
            );
            assert!(texte.len() <= 130 && texte.is_ascii(), "{texte}");
        }
    }
}
