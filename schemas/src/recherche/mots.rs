//! The words of a text, as the index has them.

/// Words that name nobody by themselves: articles, and what joins words. They are left out, unless a name
/// has no other.
#[rustfmt::skip]
const ARTICLES: &[&str] = &[
    "a", "au", "aux", "d", "dans", "de", "des", "du", "en", "et", "l", "la", "le", "les", "par", "pour",
    "sur", "un", "une",
];

/// What the law has an organisation add to its name: left out as well.
#[rustfmt::skip]
const FORMES: &[&str] = &[
    "association", "assoc", "ste", "societe",
    "earl", "eurl", "gaec", "gfa", "gie", "sa", "sarl", "sas", "sasu", "sc", "sca", "scea", "sci", "scm",
    "scop", "scp", "selarl", "selas", "selasu", "snc", "spfpl",
];

/// Letters of a word that are kept; the rest is not compared.
const LONGUEUR: usize = 40;

/// Words of a name as one word: at most so many words, and so many letters.
const SOUDES: (usize, usize) = (4, 24);

/// The words of a text, one after the other in one buffer that is used again.
#[derive(Debug, Clone, Default)]
pub struct Mots {
    lettres: String,
    fins: Vec<usize>,
    /// Whether the last one is a lone letter, which another one joins.
    sigle: bool,
}

impl Mots {
    /// The words of that text.
    #[must_use]
    pub fn de(texte: &str) -> Self {
        let mut mots = Self::default();
        mots.lire(texte);
        mots
    }

    /// Takes the words of that text, instead of those held.
    pub fn lire(&mut self, texte: &str) {
        self.lettres.clear();
        self.fins.clear();
        self.sigle = false;
        let mut debut = 0;
        for lettre in texte.chars() {
            if let Some(pliee) = plie(lettre) {
                self.lettres.push_str(pliee.as_str());
            } else {
                debut = self.finit(debut);
            }
        }
        self.finit(debut);
    }

    /// The word that begins there is whole. Lone letters that follow one another are one word: « S.N.C.F. »
    /// and « S N C F » are « sncf ».
    fn finit(&mut self, debut: usize) -> usize {
        let fin = self.lettres.len();
        if fin == debut {
            return debut;
        }
        let seule = fin - debut == 1 && self.lettres.as_bytes()[debut].is_ascii_alphabetic();
        if seule && self.sigle {
            if let Some(derniere) = self.fins.last_mut() {
                *derniere = fin;
            }
            return fin;
        }
        if fin - debut > LONGUEUR {
            let garde = (debut..=debut + LONGUEUR)
                .rev()
                .find(|place| self.lettres.is_char_boundary(*place));
            self.lettres.truncate(garde.unwrap_or(debut));
        }
        self.sigle = seule;
        self.fins.push(self.lettres.len());
        self.lettres.len()
    }

    /// How many there are.
    #[must_use]
    pub fn nombre(&self) -> usize {
        self.fins.len()
    }

    /// Every word.
    pub fn tous(&self) -> impl Iterator<Item = &str> + Clone {
        let debuts = std::iter::once(0).chain(self.fins.iter().copied());
        debuts
            .zip(&self.fins)
            .map(|(debut, fin)| &self.lettres[debut..*fin])
    }

    /// Those that name someone; all of them when there is none.
    pub fn forts(&self) -> impl Iterator<Item = &str> + Clone {
        let aucun = self.tous().all(est_faible);
        self.tous().filter(move |mot| aucun || !est_faible(mot))
    }

    /// The words that name someone, as one, when there are a few; then the same with their articles.
    pub fn soudes(&self) -> impl Iterator<Item = String> {
        let sans = soude(self.forts());
        let avec = soude(self.tous().filter(|mot| !FORMES.contains(mot)));
        let avec = avec.filter(|avec| sans.as_ref() != Some(avec));
        sans.into_iter().chain(avec)
    }
}

fn soude<'a>(mots: impl Iterator<Item = &'a str> + Clone) -> Option<String> {
    let nombre = mots.clone().count();
    let lettres: usize = mots.clone().map(str::len).sum();
    let possible = (2..=SOUDES.0).contains(&nombre) && lettres <= SOUDES.1;
    possible.then(|| mots.collect())
}

/// Whether a word names nobody by itself.
#[must_use]
pub fn est_faible(mot: &str) -> bool {
    ARTICLES.contains(&mot) || FORMES.contains(&mot)
}

/// One letter of a text, folded: at most two letters, in ASCII when it is Latin.
struct Pliee {
    lettres: [u8; 4],
    longueur: usize,
}

impl Pliee {
    fn as_str(&self) -> &str {
        // What `plie` wrote is text.
        std::str::from_utf8(&self.lettres[..self.longueur]).unwrap_or_default()
    }

    const fn une(lettre: u8) -> Self {
        Self {
            lettres: [lettre, 0, 0, 0],
            longueur: 1,
        }
    }

    const fn deux(paire: [u8; 2]) -> Self {
        Self {
            lettres: [paire[0], paire[1], 0, 0],
            longueur: 2,
        }
    }
}

/// A letter without case nor accent; `None` for what separates words.
fn plie(lettre: char) -> Option<Pliee> {
    if lettre.is_ascii() {
        let octet = lettre as u8;
        return octet
            .is_ascii_alphanumeric()
            .then(|| Pliee::une(octet.to_ascii_lowercase()));
    }
    let simple = match lettre {
        'à'..='å' | 'À'..='Å' | 'ā' | 'Ā' | 'ă' | 'Ă' | 'ą' | 'Ą' | 'ª' => b'a',
        'ç' | 'Ç' | 'ć' | 'Ć' | 'č' | 'Č' | 'ĉ' | 'Ĉ' => b'c',
        'ď' | 'Ď' | 'đ' | 'Đ' | 'ð' | 'Ð' => b'd',
        'è'..='ë' | 'È'..='Ë' | 'ē' | 'Ē' | 'ė' | 'Ė' | 'ę' | 'Ę' | 'ě' | 'Ě' => b'e',
        'ğ' | 'Ğ' | 'ģ' | 'Ģ' => b'g',
        'ì'..='ï' | 'Ì'..='Ï' | 'ī' | 'Ī' | 'į' | 'Į' | 'ı' | 'İ' => b'i',
        'ķ' | 'Ķ' => b'k',
        'ł' | 'Ł' | 'ľ' | 'Ľ' | 'ļ' | 'Ļ' => b'l',
        'ñ' | 'Ñ' | 'ń' | 'Ń' | 'ň' | 'Ň' => b'n',
        'ò'..='ö' | 'Ò'..='Ö' | 'ø' | 'Ø' | 'ō' | 'Ō' | 'ő' | 'Ő' | 'º' => b'o',
        'ř' | 'Ř' => b'r',
        'ś' | 'Ś' | 'š' | 'Š' | 'ş' | 'Ş' | 'ș' | 'Ș' => b's',
        'ť' | 'Ť' | 'ţ' | 'Ţ' | 'ț' | 'Ț' => b't',
        'ù'..='ü' | 'Ù'..='Ü' | 'ū' | 'Ū' | 'ů' | 'Ů' | 'ű' | 'Ű' => b'u',
        'ý' | 'ÿ' | 'Ý' | 'Ÿ' => b'y',
        'ź' | 'Ź' | 'ż' | 'Ż' | 'ž' | 'Ž' => b'z',
        'œ' | 'Œ' => return Some(Pliee::deux(*b"oe")),
        'æ' | 'Æ' => return Some(Pliee::deux(*b"ae")),
        'ß' => return Some(Pliee::deux(*b"ss")),
        '²' => b'2',
        '³' => b'3',
        autre => {
            // Other alphabets are compared as they are, but for their case.
            let minuscule = autre
                .to_lowercase()
                .next()
                .filter(|c| c.is_alphanumeric())?;
            let mut lettres = [0; 4];
            let longueur = minuscule.encode_utf8(&mut lettres).len();
            return Some(Pliee { lettres, longueur });
        }
    };
    Some(Pliee::une(simple))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forts(texte: &str) -> Vec<String> {
        Mots::de(texte).forts().map(str::to_owned).collect()
    }

    #[test]
    fn accents_case_punctuation_elisions_and_legal_forms_do_not_matter() {
        assert_eq!(forts("L’Œuvre d'ÉTÉ, S.A.R.L."), ["oeuvre", "ete"]);
        assert_eq!(forts("L OEUVRE D ETE SARL"), ["oeuvre", "ete"]);
        assert_eq!(forts("S.N.C.F. Réseau"), ["sncf", "reseau"]);
        assert_eq!(forts("s n c f"), ["sncf"]);
        assert_eq!(forts("Garage-du-Centre"), ["garage", "centre"]);
        assert_eq!(forts("3F Île-de-France"), ["3f", "ile", "france"]);
    }

    #[test]
    fn a_name_of_little_words_keeps_them() {
        assert_eq!(forts("LES SARL"), ["les", "sarl"]);
        assert_eq!(forts("[ ] !"), Vec::<String>::new());
    }

    #[test]
    fn words_are_joined_when_there_are_a_few() {
        let soudes = |texte| Mots::de(texte).soudes().collect::<Vec<_>>();
        assert_eq!(soudes("FIT LAB SARL"), ["fitlab"]);
        assert_eq!(soudes("La Poste"), ["laposte"]);
        assert_eq!(soudes("Le Fit Lab"), ["fitlab", "lefitlab"]);
        assert_eq!(soudes("FITLAB"), Vec::<String>::new());
        assert_eq!(
            soudes("un deux trois quatre cinq six"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_word_without_end_is_cut_and_other_alphabets_are_kept() {
        assert_eq!(forts(&"é".repeat(10_000)), ["e".repeat(LONGUEUR)]);
        assert_eq!(forts("ΑΘΗΝΑ 東京"), ["αθηνα", "東京"]);
        assert_eq!(forts("🏢🏢"), Vec::<String>::new());
        assert_eq!(forts(&"東".repeat(50))[0].chars().count(), LONGUEUR / 3);
    }

    #[test]
    fn a_buffer_is_used_again() {
        let mut mots = Mots::de("S N C F");
        mots.lire("A");
        assert_eq!(mots.tous().collect::<Vec<_>>(), ["a"]);
    }
}
