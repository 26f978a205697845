//! CSV text without an allocation per field: fields are pushed onto one reused buffer, each
//! followed by the delimiter, and the end of a row replaces the last one.

use crate::generate::hasard::Hasard;

/// A day, as `AAAAMMJJ`, so that days compare as numbers. Zero is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Jour(pub u32);

impl Jour {
    /// Not known to INSEE.
    pub const INCONNU: Self = Self::new(1900, 1, 1);
    /// Not known to the RNA.
    pub const INCONNU_RNA: Self = Self::new(1, 1, 1);
    /// No value.
    pub const NUL: Self = Self(0);

    /// That day.
    #[must_use]
    pub const fn new(annee: u32, mois: u32, jour: u32) -> Self {
        Self(annee * 10_000 + mois * 100 + jour)
    }

    /// Reads `AAAA-MM-JJ`; an empty text is null.
    #[must_use]
    pub fn lu(texte: &str) -> Self {
        let chiffres = texte.bytes().filter(u8::is_ascii_digit);
        Self(chiffres.fold(0, |nombre, chiffre| nombre * 10 + u32::from(chiffre - b'0')))
    }

    /// Its year.
    #[must_use]
    pub const fn annee(self) -> u32 {
        self.0 / 10_000
    }

    /// Months since year zero.
    #[must_use]
    pub const fn mois(self) -> u32 {
        self.annee() * 12 + self.0 / 100 % 100 - 1
    }

    /// A day of that month, counted as [`Self::mois`] does.
    #[must_use]
    pub const fn du_mois(mois: u32, jour: u32) -> Self {
        Self::new(mois / 12, mois % 12 + 1, jour)
    }

    /// The same day a year before, when this one is still to come.
    #[must_use]
    pub fn passe(self, edition: Self) -> Self {
        if self > edition {
            Self(self.0 - 10_000)
        } else {
            self
        }
    }

    /// A day of that year. One in five is a first of January, as in the register.
    pub fn dans(annee: u32, hasard: &mut Hasard) -> Self {
        let tirage = hasard.sous(12 * 28 * 5);
        if tirage.is_multiple_of(5) {
            Self::new(annee, 1, 1)
        } else {
            Self::new(annee, tirage / 5 % 12 + 1, tirage / 60 + 1)
        }
    }
}

/// A day and a time; null when its day is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Horodatage {
    /// The day.
    pub jour: Jour,
    /// Milliseconds since midnight; written only when they are not a whole second.
    pub millis: u32,
}

impl Horodatage {
    /// A working day's time, one in eight with its milliseconds.
    pub fn tire(jour: Jour, hasard: &mut Hasard) -> Self {
        let seconde = hasard.entre(5 * 3600, 22 * 3600);
        let millis = if hasard.chance(1250) {
            hasard.entre(1, 999)
        } else {
            0
        };
        Self {
            jour,
            millis: seconde * 1000 + millis,
        }
    }
}

/// The buffer rows are written to.
#[derive(Debug)]
pub struct Tampon {
    /// The text so far.
    pub octets: Vec<u8>,
    /// Rows ended since the last [`Self::vider`].
    pub lignes: u64,
    delimiteur: u8,
    fin: &'static [u8],
}

impl Tampon {
    /// Past this size a buffer is worth handing over.
    pub const PLEIN: usize = 1 << 20;

    /// An empty buffer.
    #[must_use]
    pub fn new(delimiteur: u8, fin: &'static [u8]) -> Self {
        Self {
            octets: Vec::with_capacity(Self::PLEIN + (64 << 10)),
            lignes: 0,
            delimiteur,
            fin,
        }
    }

    /// Whether it is time to hand it over.
    #[must_use]
    pub fn plein(&self) -> bool {
        self.octets.len() >= Self::PLEIN
    }

    /// Forgets the text, keeps the memory.
    pub fn vider(&mut self) {
        self.octets.clear();
        self.lignes = 0;
    }

    /// The header line, which is not counted as a row.
    pub fn entete<'a>(&mut self, colonnes: impl Iterator<Item = &'a str>) {
        for colonne in colonnes {
            self.code(colonne);
        }
        self.finir();
        self.lignes -= 1;
    }

    /// A value that never needs quotes: a code, a digit string.
    pub fn code(&mut self, valeur: &str) {
        self.octets.extend_from_slice(valeur.as_bytes());
        self.octets.push(self.delimiteur);
    }

    /// A text, quoted only when it must be, its quotes doubled.
    pub fn texte(&mut self, valeur: &str) {
        let delimiteur = self.delimiteur;
        if valeur
            .bytes()
            .any(|octet| octet == delimiteur || matches!(octet, b'"' | b'\n' | b'\r'))
        {
            self.octets.push(b'"');
            for octet in valeur.bytes() {
                if octet == b'"' {
                    self.octets.push(b'"');
                }
                self.octets.push(octet);
            }
            self.octets.push(b'"');
        } else {
            self.octets.extend_from_slice(valeur.as_bytes());
        }
        self.octets.push(delimiteur);
    }

    /// `nombre` empty fields.
    pub fn vides(&mut self, nombre: usize) {
        self.octets
            .resize(self.octets.len() + nombre, self.delimiteur);
    }

    /// `nombre` times the same code.
    pub fn repete(&mut self, valeur: &str, nombre: usize) {
        for _ in 0..nombre {
            self.code(valeur);
        }
    }

    /// A number, empty when zero.
    pub fn nombre(&mut self, valeur: u32) {
        if valeur != 0 {
            pousser_nombre(&mut self.octets, valeur);
        }
        self.octets.push(self.delimiteur);
    }

    /// A day, empty when null.
    pub fn jour(&mut self, jour: Jour) {
        if jour != Jour::NUL {
            self.pousser_jour(jour);
        }
        self.octets.push(self.delimiteur);
    }

    /// A day and a time, `separateur` between them, empty when null.
    pub fn horodatage(&mut self, quand: Horodatage, separateur: u8) {
        if quand.jour != Jour::NUL {
            self.pousser_jour(quand.jour);
            let secondes = quand.millis / 1000;
            self.octets.push(separateur);
            pousser_chiffres(&mut self.octets, secondes / 3600, 2);
            self.octets.push(b':');
            pousser_chiffres(&mut self.octets, secondes / 60 % 60, 2);
            self.octets.push(b':');
            pousser_chiffres(&mut self.octets, secondes % 60, 2);
            if !quand.millis.is_multiple_of(1000) {
                self.octets.push(b'.');
                pousser_chiffres(&mut self.octets, quand.millis % 1000, 3);
            }
        }
        self.octets.push(self.delimiteur);
    }

    /// Ends the row.
    pub fn finir(&mut self) {
        self.octets.pop();
        self.octets.extend_from_slice(self.fin);
        self.lignes = self.lignes.wrapping_add(1);
    }

    fn pousser_jour(&mut self, jour: Jour) {
        pousser_chiffres(&mut self.octets, jour.annee(), 4);
        self.octets.push(b'-');
        pousser_chiffres(&mut self.octets, jour.0 / 100 % 100, 2);
        self.octets.push(b'-');
        pousser_chiffres(&mut self.octets, jour.0 % 100, 2);
    }
}

/// `largeur` digits, zeros in front.
pub fn chiffres<const N: usize>(mut valeur: u32) -> [u8; N] {
    let mut texte = [b'0'; N];
    for octet in texte.iter_mut().rev() {
        *octet = b'0' + (valeur % 10) as u8;
        valeur /= 10;
    }
    texte
}

fn pousser_chiffres(octets: &mut Vec<u8>, valeur: u32, largeur: usize) {
    octets.extend_from_slice(&chiffres::<4>(valeur)[4 - largeur..]);
}

fn pousser_nombre(octets: &mut Vec<u8>, valeur: u32) {
    let texte = chiffres::<10>(valeur);
    let debut = texte.iter().position(|octet| *octet != b'0').unwrap_or(9);
    octets.extend_from_slice(&texte[debut..]);
}

/// Appends a number to a text.
pub fn ajouter_nombre(texte: &mut String, valeur: u32) {
    let chiffres = chiffres::<10>(valeur);
    let debut = chiffres
        .iter()
        .position(|octet| *octet != b'0')
        .unwrap_or(9);
    texte.push_str(ascii(&chiffres[debut..]));
}

/// Digits as text.
#[must_use]
pub fn ascii(chiffres: &[u8]) -> &str {
    std::str::from_utf8(chiffres).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_quoted_only_where_it_must_be() {
        let mut tampon = Tampon::new(b',', b"\n");
        tampon.texte("L'UN & L*AUTRE/");
        tampon.texte("DIT \"LE BETA\", 12");
        tampon.vides(1);
        tampon.nombre(0);
        tampon.nombre(2030);
        tampon.jour(Jour::new(4, 12, 1));
        tampon.horodatage(
            Horodatage {
                jour: Jour::new(2024, 3, 22),
                millis: 56_457_000,
            },
            b'T',
        );
        tampon.horodatage(
            Horodatage {
                jour: Jour::new(2024, 3, 22),
                millis: 56_457_007,
            },
            b'T',
        );
        tampon.finir();
        assert_eq!(
            ascii(&tampon.octets),
            "L'UN & L*AUTRE/,\"DIT \"\"LE BETA\"\", 12\",,,2030,0004-12-01,2024-03-22T15:40:57,2024-03-22T15:40:57.007\n"
        );
    }

    #[test]
    fn days_compare_and_count_months() {
        assert_eq!(Jour::lu("2017-05-24"), Jour::new(2017, 5, 24));
        assert_eq!(
            Jour::du_mois(Jour::new(1999, 12, 1).mois(), 3),
            Jour::new(1999, 12, 3)
        );
        assert_eq!(Jour::lu(""), Jour::NUL);
    }
}
