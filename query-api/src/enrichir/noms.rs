//! Who has a name at a postcode: by their names exactly, but for case, accents, punctuation and the words
//! of a legal form. Many are looked for in one reading of the tables.

use registre_schemas::identifiers::Identifier;
use std::collections::{BTreeSet, HashMap};

/// Characters of a name, past which it is none.
const LONGEST: usize = 250;

/// SIREN that are told of namesakes.
const TOLD: usize = 20;

/// Words of a legal form, that some write and others do not.
const FORMES: [&str; 22] = [
    "SA",
    "SAS",
    "SASU",
    "SARL",
    "EURL",
    "SNC",
    "SCI",
    "SCP",
    "SELARL",
    "SELAS",
    "SCOP",
    "SCA",
    "SCS",
    "EARL",
    "GAEC",
    "GIE",
    "SC",
    "SCM",
    "SCEA",
    "EI",
    "EIRL",
    "ASSOCIATION",
];

/// A name as it is compared: capitals without accents, words separated by a space, without those of a
/// legal form unless there are no others.
pub(crate) fn normalise(nom: &str) -> String {
    let mut plain = String::with_capacity(nom.len());
    for c in nom.chars() {
        plier(c, &mut plain);
    }
    let own = |word: &&str| !FORMES.contains(word);
    // S.A.R.L. is one word written letter by letter.
    let mut words: Vec<String> = Vec::new();
    let mut letters = String::new();
    for word in plain.split_ascii_whitespace() {
        if word.len() == 1 && word.bytes().all(|byte| byte.is_ascii_uppercase()) {
            letters.push_str(word);
            continue;
        }
        if !letters.is_empty() {
            words.push(std::mem::take(&mut letters));
        }
        words.push(word.to_owned());
    }
    if !letters.is_empty() {
        words.push(letters);
    }
    let kept: Vec<&str> = words.iter().map(String::as_str).filter(own).collect();
    if kept.is_empty() {
        return words.join(" ");
    }
    kept.join(" ")
}

/// A character without its accent, in capitals; a space for what is neither a letter nor a digit.
fn plier(c: char, vers: &mut String) {
    let folded = match c {
        'a'..='z' => c.to_ascii_uppercase(),
        'A'..='Z' | '0'..='9' => c,
        'À'..='Å' | 'à'..='å' => 'A',
        'Ç' | 'ç' => 'C',
        'È'..='Ë' | 'è'..='ë' => 'E',
        'Ì'..='Ï' | 'ì'..='ï' => 'I',
        'Ñ' | 'ñ' => 'N',
        'Ò'..='Ö' | 'ò'..='ö' | 'Ø' | 'ø' => 'O',
        'Ù'..='Ü' | 'ù'..='ü' => 'U',
        'Ý' | 'ý' | 'ÿ' | 'Ÿ' => 'Y',
        'Œ' | 'œ' => return vers.push_str("OE"),
        'Æ' | 'æ' => return vers.push_str("AE"),
        'ß' => return vers.push_str("SS"),
        other if other.is_alphanumeric() => return vers.extend(other.to_uppercase()),
        _ => ' ',
    };
    vers.push(folded);
}

/// A name and a postcode, as they are compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Recherche {
    pub(crate) nom: String,
    pub(crate) code_postal: String,
}

impl Recherche {
    /// Of cells; the postcode may have lost its first zero.
    pub(super) fn de(nom: &str, code_postal: &str) -> Result<Self, &'static str> {
        if nom.chars().nth(LONGEST).is_some() {
            return Err("nom_trop_long");
        }
        let nom = normalise(nom);
        let code_postal: String = code_postal.chars().filter(|c| !c.is_whitespace()).collect();
        let digits = code_postal.bytes().all(|byte| byte.is_ascii_digit());
        if nom.is_empty() || !digits || !(4..=5).contains(&code_postal.len()) {
            return Err("nom_absent");
        }
        Ok(Self {
            nom,
            code_postal: format!("{code_postal:0>5}"),
        })
    }
}

/// An établissement that has one of the names looked for, at its postcode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouve {
    pub(crate) recherche: Recherche,
    pub(crate) siren: String,
    pub(crate) siret: String,
    pub(crate) ouvert: bool,
    pub(crate) siege: bool,
}

/// Who was found for a row.
#[derive(Debug, Clone)]
pub(super) struct Trouves {
    recherche: Recherche,
    identifiant: Option<Identifier>,
    sirens: Vec<String>,
}

impl Trouves {
    /// Nobody yet.
    pub(super) fn personne(recherche: Recherche) -> Self {
        Self {
            recherche,
            identifiant: None,
            sirens: Vec::new(),
        }
    }

    pub(super) fn recherche(&self) -> &Recherche {
        &self.recherche
    }

    pub(super) fn identifiant(&self) -> Option<&Identifier> {
        self.identifiant.as_ref()
    }

    /// Takes the établissements found: those open first, and of one unit the siège first.
    pub(super) fn prendre(&mut self, found: &[Trouve]) {
        let open = found.iter().any(|one| one.ouvert);
        let kept: Vec<&Trouve> = found.iter().filter(|one| one.ouvert == open).collect();
        let sirens: BTreeSet<&str> = kept.iter().map(|one| one.siren.as_str()).collect();
        self.sirens = sirens.iter().map(|siren| (*siren).to_owned()).collect();
        if sirens.len() != 1 {
            return;
        }
        let siege = kept.iter().find(|one| one.siege);
        // Of several that are not the siège, none is the one meant: the unit is.
        let only = siege.or(match kept.as_slice() {
            [only] => Some(only),
            _ => None,
        });
        let text = only.map_or(kept[0].siren.as_str(), |one| one.siret.as_str());
        self.identifiant = text.parse().ok();
    }

    pub(super) fn code(&self) -> &'static str {
        if self.sirens.len() > 1 {
            "nom_ambigu"
        } else {
            "nom_inconnu"
        }
    }

    pub(super) fn message(&self) -> String {
        let Recherche { nom, code_postal } = &self.recherche;
        match self.sirens.len() {
            0 | 1 => format!(
                "Aucune organisation diffusible du nom exact « {nom} » au code postal {code_postal}."
            ),
            many => {
                format!("{many} organisations ont le nom « {nom} » au code postal {code_postal}.")
            }
        }
    }

    pub(super) fn candidats(&self) -> Option<String> {
        let told = self.sirens.iter().take(TOLD).map(String::as_str);
        (self.sirens.len() > 1).then(|| told.collect::<Vec<_>>().join(" "))
    }
}

/// What was found, by what was looked for.
pub(super) fn par_recherche(found: Vec<Trouve>) -> HashMap<Recherche, Vec<Trouve>> {
    let mut by: HashMap<Recherche, Vec<Trouve>> = HashMap::new();
    for one in found {
        by.entry(one.recherche.clone()).or_default().push(one);
    }
    by
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_what_people_write_in_their_own_way() {
        for (one, other) in [
            ("Société Exemple (S.A.R.L.)", "SOCIETE EXEMPLE"),
            ("L'Œuvre d'Été", "l oeuvre  d ete"),
            ("FICTIF-SPECIMEN SAS", "fictif specimen"),
            ("E.D.F.", "EDF"),
        ] {
            assert_eq!(normalise(one), normalise(other), "{one}");
        }
        assert_eq!(normalise("SA"), "SA");
        assert_eq!(normalise(" - "), "");
        assert_ne!(normalise("EXEMPLE 1"), normalise("EXEMPLE 2"));
    }

    #[test]
    fn a_postcode_without_its_zero_is_read_and_anything_else_refused() {
        assert_eq!(Recherche::de("a", "1 000").unwrap().code_postal, "01000");
        for (nom, code) in [("", "92140"), ("a", ""), ("a", "92"), ("a", "2A004")] {
            assert_eq!(Recherche::de(nom, code), Err("nom_absent"), "{nom} {code}");
        }
        let long = "a".repeat(LONGEST + 1);
        assert_eq!(Recherche::de(&long, "92140"), Err("nom_trop_long"));
    }

    fn one(siren: &str, nic: &str, ouvert: bool, siege: bool) -> Trouve {
        Trouve {
            recherche: Recherche::de("x", "92140").unwrap(),
            siren: siren.to_owned(),
            siret: format!("{siren}{nic}"),
            ouvert,
            siege,
        }
    }

    fn taken(found: &[Trouve]) -> (Option<String>, Option<String>) {
        let mut trouves = Trouves::personne(Recherche::de("x", "92140").unwrap());
        trouves.prendre(found);
        let id = trouves.identifiant().map(|id| id.as_str().to_owned());
        (id, trouves.candidats())
    }

    #[test]
    fn one_unit_is_found_several_are_told_and_open_ones_come_first() {
        let (dinum, poste) = ("130025265", "356000000");
        let siege = one(dinum, "00013", true, true);
        let closed = one(poste, "00048", false, true);
        assert_eq!(taken(&[]), (None, None));
        assert_eq!(
            taken(&[closed.clone(), siege.clone()]).0.unwrap(),
            "13002526500013"
        );
        assert_eq!(
            taken(std::slice::from_ref(&closed)).0.unwrap(),
            "35600000000048"
        );
        let other = one(poste, "00048", true, true);
        assert_eq!(
            taken(&[siege, other.clone()]),
            (None, Some("130025265 356000000".to_owned()))
        );
        let two = [
            one(poste, "00048", true, false),
            one(poste, "09075", true, false),
        ];
        assert_eq!(taken(&two).0.unwrap(), poste);
    }
}
