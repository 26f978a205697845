//! Names nobody can mistake for real ones: every one of them says it is fictitious, and stays
//! within what the register allows (upper case without accents; a nom holds only letters, `-`, `'`).

use crate::generate::buffer::append_number;
use crate::generate::random::Random;

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
const CONSONANTS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
const VOWELS: &[u8] = b"AEIOUY";

#[rustfmt::skip]
/// First names, F then M; several may be either.
const PRENOMS: [&[&str]; 2] = [
    &["CAMILLE", "DOMINIQUE", "MARIE", "JEANNE", "LOUISE", "ALICE", "CLAIRE", "SOPHIE", "NADIA", "FATIMA", "ANNE-LAURE",
      "LEA", "INES", "CHLOE", "MANON", "JULIE", "CELINE", "SANDRINE", "VALERIE", "NATHALIE", "ISABELLE", "MARTINE", "AMINATA"],
    &["CAMILLE", "DOMINIQUE", "PIERRE", "JEAN", "LOUIS", "PAUL", "ANTOINE", "KARIM", "MOHAMED", "JEAN-LUC", "HUGO", "LUCAS",
      "NICOLAS", "JULIEN", "THOMAS", "OLIVIER", "STEPHANE", "PHILIPPE", "PATRICK", "MICHEL", "ALAIN", "YANN", "MAMADOU"],
];

#[rustfmt::skip]
const WORDS: &[&str] = &[
    "ALPHA", "BETA", "GAMMA", "DELTA", "EPSILON", "ZETA", "THETA", "KAPPA", "LAMBDA", "SIGMA", "OMEGA", "AZUR", "HORIZON",
    "SOLEIL", "RIVAGE", "SOMMET", "VALLEE", "ATELIER", "CONSEIL", "TRANSPORTS", "BATIMENT", "RENOVATION", "MENUISERIE",
    "PLOMBERIE", "ELECTRICITE", "BOULANGERIE", "RESTAURATION", "INFORMATIQUE", "NUMERIQUE", "LOGISTIQUE", "PAYSAGE",
    "COIFFURE", "GARAGE", "OPTIQUE", "PHARMACIE", "IMMOBILIER", "FORMATION", "COMMUNICATION", "ENERGIE", "MECANIQUE",
];

const PLANTS: &[&str] = &[
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
pub fn push_nom(text: &mut String, random: &mut Random) {
    text.push_str(random.choose(NOMS));
    text.push('-');
    let letters = if random.chance(5000) { 3 } else { 5 };
    for rank in 0..letters {
        let list = if rank % 2 == 0 { CONSONANTS } else { VOWELS };
        text.push(char::from(random.choose(list)));
    }
}

/// A first name of that sex.
pub fn draw_prenom(male: bool, random: &mut Random) -> &'static str {
    random.choose(PRENOMS[usize::from(male)])
}

/// What the name of a kind of body is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// A trading company; the text is the suffix that some write after their name.
    Company(&'static str),
    /// A société civile, a farm, a copropriété: a word, then plants.
    SocieteCivile(&'static str),
    /// People holding something together.
    Indivision,
    /// An association.
    Association,
    /// A works council, a fondation, a foreign company: a word, then a number.
    Other(&'static str),
}

/// The denomination of a body.
pub fn push_denomination(text: &mut String, name_kind: NameKind, random: &mut Random) {
    match name_kind {
        NameKind::Company(suffix) => push_company(text, suffix, random),
        NameKind::SocieteCivile(word) => {
            text.push_str(word);
            text.push_str(" DES ");
            text.push_str(random.choose(PLANTS));
            push_number(text, random);
        }
        NameKind::Indivision => {
            text.push_str("INDIVISION ");
            push_nom(text, random);
            text.push('*');
            text.push_str(draw_prenom(random.chance(5000), random));
            text.push('/');
        }
        NameKind::Association => push_titre(text, random),
        NameKind::Other(word) => {
            text.push_str(word);
            push_number(text, random);
        }
    }
}

fn push_company(text: &mut String, suffix: &str, random: &mut Random) {
    let word = random.choose(WORDS);
    match random.below(1000) {
        // What CSV must quote, what a search must survive.
        0..=3 => {
            text.push_str("SOCIETE FICTIVE \"");
            text.push_str(word);
            text.push_str("\", CONSEIL ET SERVICES");
        }
        4..=40 => {
            text.push_str("L'EXEMPLE D'");
            text.push_str(random.choose(&["ANTAN", "ICI", "AILLEURS"]));
            text.push_str(" & ");
            text.push_str(word);
        }
        41..=60 => {
            text.push_str("E-");
            text.push_str(word);
            text.push_str("@FICTIF.EXEMPLE +100%");
        }
        _ => {
            text.push_str(random.choose(&[
                "SOCIETE FICTIVE ",
                "ENTREPRISE EXEMPLE ",
                "ETABLISSEMENTS SPECIMEN ",
                "EXEMPLE ",
                "FICTIF ",
            ]));
            text.push_str(word);
        }
    }
    push_number(text, random);
    if random.chance(3000) {
        text.push_str(suffix);
    }
}

fn push_number(text: &mut String, random: &mut Random) {
    text.push(' ');
    append_number(text, random.between(1, 99_999));
}

/// The title of an association, in both registers.
pub fn push_titre(text: &mut String, random: &mut Random) {
    text.push_str(random.choose(&[
        "ASSOCIATION FICTIVE ",
        "AMICALE EXEMPLE ",
        "COMITE FICTIF ",
        "CLUB SPECIMEN ",
        "LES AMIS FICTIFS ",
        "UNION EXEMPLE ",
    ]));
    text.push_str(random.choose(THEMES));
    push_number(text, random);
    if random.chance(600) {
        text.push_str(" (A.F.E. SECTION LOCALE)");
    }
}

/// The initials of a denomination, twenty characters at most.
pub fn push_sigle(text: &mut String, denomination: &str) {
    let initials = denomination
        .split([' ', '-', '\''])
        .filter_map(|word| word.chars().next());
    text.extend(initials.filter(char::is_ascii_uppercase).take(20));
}

/// The sign above a door.
pub fn push_enseigne(text: &mut String, random: &mut Random) {
    text.push_str(random.choose(&[
        "AU COMPTOIR FICTIF ",
        "BOUTIQUE EXEMPLE ",
        "CHEZ SPECIMEN ",
        "L'EXEMPLE ",
        "LE FICTIF ",
        "ATELIER TEST ",
    ]));
    text.push_str(random.choose(WORDS));
    if random.chance(2000) {
        push_number(text, random);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::random::Domain;

    #[test]
    fn a_nom_is_letters_and_a_hyphen_and_cannot_be_real() {
        for rank in 0..200 {
            let mut text = String::new();
            push_nom(&mut text, &mut Random::new(1, Domain::Name, rank));
            assert!(
                text.bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte == b'-'),
                "{text}"
            );
            assert!(
                NOMS.iter().any(|made_up| text.starts_with(made_up)),
                "{text}"
            );
        }
    }

    #[test]
    fn a_denomination_fits_its_column() {
        let kinds = [
            NameKind::Company(" SARL"),
            NameKind::SocieteCivile("SCI FICTIVE"),
            NameKind::Indivision,
            NameKind::Association,
        ];
        for rank in 0..2000 {
            let mut text = String::new();
            push_denomination(
                &mut text,
                kinds[rank % 4],
                &mut Random::new(1, Domain::Name, rank as u64),
            );
            assert!(text.len() <= 130 && text.is_ascii(), "{text}");
        }
    }
}
