//! The rows of a file, some thousands at a time, each as it came.

use serde_json::{Map, Value};
use std::borrow::Cow;
use std::io::{self, Read};
use std::ops::Range;

use super::decoupe::{LONGEST, ligne};
use super::forme::{FormatEntree, Forme};
use super::texte::Encodage;

/// Bytes read at once, and those that tell what a file is.
pub(super) const MORCEAU: usize = 256 << 10;

/// Bytes of the rows of a lot, past which it is given as it is.
const PLEIN: usize = 4 << 20;

/// A row.
#[derive(Debug)]
pub(super) struct Ligne {
    /// Its bytes in those of its lot, without its end of line.
    pub(super) octets: Range<usize>,
    /// Its cells, among those of its lot; none of NDJSON.
    champs: Range<usize>,
    /// Its quotes are none.
    pub(super) brisee: bool,
}

/// Rows that follow each other.
#[derive(Debug, Default)]
pub(super) struct Lot {
    pub(super) octets: Vec<u8>,
    pub(super) lignes: Vec<Ligne>,
    champs: Vec<(usize, usize)>,
}

impl Lot {
    /// The bytes of a row.
    pub(super) fn octets(&self, ligne: &Ligne) -> &[u8] {
        &self.octets[ligne.octets.clone()]
    }

    /// How many cells a row has.
    pub(super) fn largeur(&self, ligne: &Ligne) -> usize {
        self.champs[ligne.champs.clone()].len()
    }

    /// Where the cells of a row are.
    pub(super) fn champs(&self, ligne: &Ligne) -> &[(usize, usize)] {
        &self.champs[ligne.champs.clone()]
    }

    /// The bytes of a cell, as they came.
    pub(super) fn champ(&self, ligne: &Ligne, index: usize) -> Option<&[u8]> {
        let (from, to) = *self.champs[ligne.champs.clone()].get(index)?;
        Some(&self.octets[from..to])
    }
}

/// What a cell holds: without the quotes that are its own.
pub(super) fn contenu(octets: &[u8]) -> Cow<'_, [u8]> {
    let Some(inner) = octets
        .strip_prefix(b"\"")
        .and_then(|rest| rest.trim_ascii_end().strip_suffix(b"\""))
    else {
        return Cow::Borrowed(octets);
    };
    if memchr::memchr(b'"', inner).is_none() {
        return Cow::Borrowed(inner);
    }
    let mut plain = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'"' && bytes.peek() == Some(&b'"') {
            bytes.next();
        }
        plain.push(byte);
    }
    Cow::Owned(plain)
}

/// The text of a cell.
pub(super) fn cellule(octets: &[u8], encodage: Encodage) -> Cow<'_, str> {
    match contenu(octets) {
        Cow::Borrowed(bytes) => encodage.lire(bytes),
        Cow::Owned(bytes) => Cow::Owned(encodage.lire(&bytes).into_owned()),
    }
}

/// The object of a line of NDJSON.
pub(super) fn objet(octets: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(octets) {
        Ok(Value::Object(objet)) => Some(objet),
        _ => None,
    }
}

/// A value of JSON in a cell: a text is itself, null is nothing, anything else its JSON.
pub(super) fn json_en_texte(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What reads a file by lots.
pub(super) struct Lecteur<R> {
    entree: R,
    tampon: Vec<u8>,
    /// Where what was not given yet starts.
    debut: usize,
    tout_lu: bool,
    /// Bytes given so far.
    pub(super) donnes: u64,
}

impl<R: Read> Lecteur<R> {
    /// Reads the first bytes of a file.
    pub(super) fn ouvrir(entree: R) -> io::Result<Self> {
        let mut lecteur = Self {
            entree,
            tampon: Vec::with_capacity(2 * MORCEAU),
            debut: 0,
            tout_lu: false,
            donnes: 0,
        };
        while !lecteur.tout_lu && lecteur.tampon.len() < MORCEAU {
            lecteur.lire()?;
        }
        Ok(lecteur)
    }

    /// The bytes read that were not given, and whether no others follow.
    pub(super) fn apercu(&self) -> (&[u8], bool) {
        (&self.tampon[self.debut..], self.tout_lu)
    }

    /// Passes over bytes that were read, and gives them.
    pub(super) fn prendre(&mut self, length: usize) -> Vec<u8> {
        let taken = self.tampon[self.debut..self.debut + length].to_vec();
        self.debut += length;
        self.donnes += length as u64;
        taken
    }

    fn lire(&mut self) -> io::Result<()> {
        if self.debut > 0 {
            self.tampon.drain(..self.debut);
            self.debut = 0;
        }
        let before = self.tampon.len();
        self.tampon.resize(before + MORCEAU, 0);
        let read = loop {
            match self.entree.read(&mut self.tampon[before..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        let read = match read {
            Ok(read) => read,
            Err(error) => {
                self.tampon.truncate(before);
                return Err(error);
            }
        };
        self.tampon.truncate(before + read);
        self.tout_lu = read == 0;
        Ok(())
    }

    /// The first row alone, when it names the columns.
    pub(super) fn entete(&mut self, forme: &Forme) -> io::Result<Lot> {
        Ok(self.lot(forme, 1, false)?.unwrap_or_default())
    }

    /// The next rows, at most that many. What is there is given at once, unless as many as can be are
    /// wanted.
    pub(super) fn lot(
        &mut self,
        forme: &Forme,
        lignes: usize,
        plein: bool,
    ) -> io::Result<Option<Lot>> {
        let mut lot = Lot::default();
        loop {
            self.couper(forme, lignes, &mut lot);
            let enough = lot.lignes.len() >= lignes || lot.octets.len() >= PLEIN;
            if enough || (!plein && !lot.lignes.is_empty()) {
                return Ok(Some(lot));
            }
            if self.tout_lu {
                return Ok((!lot.lignes.is_empty()).then_some(lot));
            }
            self.lire()?;
        }
    }

    /// Moves the whole rows that were read to a lot.
    fn couper(&mut self, forme: &Forme, lignes: usize, lot: &mut Lot) {
        let from = self.debut;
        // Positions are first those of the buffer, then those of the lot.
        let ecart = lot.octets.len();
        let mut champs = std::mem::take(&mut lot.champs);
        let mut at = from;
        while at < self.tampon.len() && lot.lignes.len() < lignes && at - from < PLEIN {
            let premier = champs.len();
            let (fin, apres, brisee) = match forme.format {
                FormatEntree::Csv => {
                    let found = ligne(&self.tampon, at, forme.coupe, self.tout_lu, &mut champs);
                    match found {
                        Some(found) => (found.fin, found.apres, found.brisee),
                        None => break,
                    }
                }
                FormatEntree::Ndjson => match self.ligne_de_texte(at) {
                    Some((fin, apres)) => (fin, apres, false),
                    None => break,
                },
            };
            for champ in &mut champs[premier..] {
                *champ = (champ.0 - from + ecart, champ.1 - from + ecart);
            }
            let place = |position: usize| position - from + ecart;
            lot.lignes.push(Ligne {
                octets: place(at)..place(fin),
                champs: premier..champs.len(),
                brisee,
            });
            at = apres;
        }
        lot.champs = champs;
        lot.octets.extend_from_slice(&self.tampon[from..at]);
        self.debut = at;
        self.donnes += (at - from) as u64;
    }

    /// Where the line that starts there ends, and where the next one starts.
    fn ligne_de_texte(&self, at: usize) -> Option<(usize, usize)> {
        match memchr::memchr(b'\n', &self.tampon[at..]) {
            Some(length) => {
                let end = at + length;
                let carriage = length > 0 && self.tampon[end - 1] == b'\r';
                Some((end - usize::from(carriage), end + 1))
            }
            None if self.tout_lu || self.tampon.len() - at >= LONGEST => {
                Some((self.tampon.len(), self.tampon.len()))
            }
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Options;
    use super::*;

    /// Gives a few bytes at a time.
    struct Lent<'a>(&'a [u8], usize);

    impl Read for Lent<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(self.0.len()).min(to.len());
            to[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    #[test]
    fn rows_put_end_to_end_are_the_file() {
        let mut text = b"\xef\xbb\xbfsiret;nom\r\n".to_vec();
        for row in 0..30_000 {
            text.extend_from_slice(format!("{row};\"a\n{row}\"\r\n").as_bytes());
        }
        text.extend_from_slice(b"fin;\"x");
        for pas in [7919, MORCEAU] {
            let mut lecteur = Lecteur::ouvrir(Lent(&text, pas)).unwrap();
            let (octets, tout_lu) = lecteur.apercu();
            let forme = Forme::de(octets, tout_lu, &Options::default()).unwrap();
            let mut whole = lecteur.prendre(forme.preambule);
            whole.extend(lecteur.entete(&forme).unwrap().octets);
            let mut rows = 0;
            while let Some(lot) = lecteur.lot(&forme, 2048, false).unwrap() {
                for ligne in &lot.lignes {
                    assert_eq!(lot.largeur(ligne), 2);
                    let number = lot.champ(ligne, 0).unwrap();
                    assert!(number == rows.to_string().as_bytes() || number == b"fin");
                    rows += 1;
                }
                whole.extend(lot.octets);
            }
            assert_eq!(rows, 30_001);
            assert!(whole == text);
            assert_eq!(lecteur.donnes, text.len() as u64);
        }
    }

    #[test]
    fn a_cell_is_what_stands_between_its_quotes() {
        for (written, read) in [
            ("\"a\"\"b\"", "a\"b"),
            ("a\"\"b", "a\"\"b"),
            ("\"\"", ""),
            ("\"", "\""),
            (" \"a\" ", " \"a\" "),
            ("\"a \"  ", "a "),
        ] {
            assert_eq!(contenu(written.as_bytes()), read.as_bytes(), "{written}");
        }
    }
}
