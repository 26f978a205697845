//! Where the rows of a file of someone else are, and where their cells are. No byte is changed here.
//!
//! A quote opens at the start of a cell and closes before a delimiter or an end of line. One that does
//! not is no quote: its row ends with its line, and the rows after it are read as if nothing had been.

use memchr::{memchr, memchr2};

/// Bytes of a row within which it must end: a cell of 10 MB is someone's text, more is no row.
pub(super) const LONGEST: usize = 16 << 20;

/// How a file is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Coupe {
    /// Between two cells.
    pub(super) delimiteur: u8,
    /// At the end of a row: `\n`, or `\r` in a file that has no other. A `\r` before `\n` goes with it.
    pub(super) fin: u8,
    /// Cells of a row; zero when not known yet.
    pub(super) largeur: usize,
}

/// A row that was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Coupee {
    /// Where its last cell ends.
    pub(super) fin: usize,
    /// Where the next row starts.
    pub(super) apres: usize,
    /// A quote in it is none: its cells are what stands between the delimiters of its line.
    pub(super) brisee: bool,
}

/// What was found at a place.
enum Lecture {
    Entiere { fin: usize, apres: usize },
    Brisee,
    Plus,
}

/// The row that starts at `debut`, its cells added to `champs`. None when its end is not read yet.
pub(super) fn ligne(
    octets: &[u8],
    debut: usize,
    coupe: Coupe,
    tout_lu: bool,
    champs: &mut Vec<(usize, usize)>,
) -> Option<Coupee> {
    let avant = champs.len();
    match stricte(octets, debut, coupe, tout_lu, champs) {
        Lecture::Entiere { fin, apres } => {
            return Some(Coupee {
                fin,
                apres,
                brisee: false,
            });
        }
        Lecture::Plus => {
            champs.truncate(avant);
            return None;
        }
        Lecture::Brisee => champs.truncate(avant),
    }
    let (fin, apres) = match memchr(coupe.fin, &octets[debut..]) {
        Some(length) => end_at(octets, debut, debut + length, coupe),
        None if tout_lu || octets.len() - debut >= LONGEST => (octets.len(), octets.len()),
        None => return None,
    };
    let mut cellule = debut;
    while let Some(length) = memchr(coupe.delimiteur, &octets[cellule..fin]) {
        champs.push((cellule, cellule + length));
        cellule += length + 1;
    }
    champs.push((cellule, fin));
    Some(Coupee {
        fin,
        apres,
        brisee: true,
    })
}

/// The end of the cell and the start of the next row, of a row whose end of line is at `at`.
fn end_at(octets: &[u8], debut: usize, at: usize, coupe: Coupe) -> (usize, usize) {
    let carriage = coupe.fin == b'\n' && at > debut && octets[at - 1] == b'\r';
    (at - usize::from(carriage), at + 1)
}

fn stricte(
    octets: &[u8],
    debut: usize,
    coupe: Coupe,
    tout_lu: bool,
    champs: &mut Vec<(usize, usize)>,
) -> Lecture {
    let avant = champs.len();
    let limite = octets.len().min(debut.saturating_add(LONGEST));
    let coupee = limite < octets.len() || octets.len() - debut >= LONGEST;
    let mut cellule = debut;
    let mut lignes = false;
    loop {
        let (fin, apres) = if octets.get(cellule) == Some(&b'"') {
            let ferme = match fermeture(octets, cellule, limite, tout_lu, coupee) {
                Ok(ferme) => ferme,
                Err(lecture) => return lecture,
            };
            lignes |= memchr(coupe.fin, &octets[cellule..ferme]).is_some();
            // Spaces after a cell that is quoted are no reason to give it up.
            let spaces = octets[ferme + 1..limite.max(ferme + 1)]
                .iter()
                .take_while(|byte| **byte == b' ')
                .count();
            let fin = ferme + 1 + spaces;
            match octets.get(fin) {
                None if tout_lu => (fin, Some(fin)),
                None => return Lecture::Plus,
                Some(byte) if *byte == coupe.delimiteur => (fin, None),
                Some(byte) if *byte == coupe.fin => (fin, Some(fin + 1)),
                Some(b'\r') => match octets.get(fin + 1) {
                    None if !tout_lu => return Lecture::Plus,
                    Some(byte) if *byte == coupe.fin => (fin, Some(fin + 2)),
                    _ => return Lecture::Brisee,
                },
                Some(_) => return Lecture::Brisee,
            }
        } else {
            match memchr2(coupe.delimiteur, coupe.fin, &octets[cellule..limite]) {
                Some(length) if octets[cellule + length] == coupe.delimiteur => {
                    (cellule + length, None)
                }
                Some(length) => {
                    let (fin, apres) = end_at(octets, cellule, cellule + length, coupe);
                    (fin, Some(apres))
                }
                None if coupee => return Lecture::Brisee,
                None if tout_lu => (limite, Some(limite)),
                None => return Lecture::Plus,
            }
        };
        champs.push((cellule, fin));
        if let Some(apres) = apres {
            let trouvees = champs.len() - avant;
            // A quote that swallowed lines and did not make a row of them was not meant as one.
            if lignes && coupe.largeur > 0 && trouvees != coupe.largeur {
                return Lecture::Brisee;
            }
            return Lecture::Entiere { fin, apres };
        }
        cellule = fin + 1;
    }
}

/// The quote that closes the one at `ouvre`.
fn fermeture(
    octets: &[u8],
    ouvre: usize,
    limite: usize,
    tout_lu: bool,
    coupee: bool,
) -> Result<usize, Lecture> {
    let mut depuis = ouvre + 1;
    loop {
        let Some(length) = memchr(b'"', &octets[depuis.min(limite)..limite]) else {
            return Err(if tout_lu || coupee {
                Lecture::Brisee
            } else {
                Lecture::Plus
            });
        };
        let at = depuis + length;
        match octets.get(at + 1) {
            Some(b'"') => depuis = at + 2,
            None if !tout_lu => return Err(Lecture::Plus),
            _ => return Ok(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUPE: Coupe = Coupe {
        delimiteur: b';',
        fin: b'\n',
        largeur: 3,
    };

    /// The rows of a text, as their cells; a broken one starts with `!`. However it is cut when it is
    /// read, it gives the same.
    fn rows(text: &str) -> Vec<String> {
        let mut rows = Vec::new();
        let (mut debut, mut lu) = (0, 1);
        while debut < text.len() {
            let mut champs = Vec::new();
            let tout_lu = lu >= text.len();
            let lus = &text.as_bytes()[..lu.min(text.len())];
            match ligne(lus, debut, COUPE, tout_lu, &mut champs) {
                None => lu += 1,
                Some(found) => {
                    let cells: Vec<&str> = champs.iter().map(|(a, b)| &text[*a..*b]).collect();
                    let mark = if found.brisee { "!" } else { "" };
                    assert_eq!(champs.last().unwrap().1, found.fin);
                    rows.push(format!("{mark}{}", cells.join("|")));
                    debut = found.apres;
                }
            }
        }
        rows
    }

    #[test]
    fn rows_and_cells_are_found_as_they_were_written() {
        assert_eq!(
            rows("a;\"b;\"\"\n\";c\r\n;;\r\n1;2;3"),
            ["a|\"b;\"\"\n\"|c", "||", "1|2|3"]
        );
        assert_eq!(rows("a;b \"c\" d;e\n\n"), ["a|b \"c\" d|e", ""]);
        assert_eq!(rows("a;b;\"c\""), ["a|b|\"c\""]);
        assert_eq!(rows("\"a;b\"  ;c;\"d\" \n"), ["\"a;b\"  |c|\"d\" "]);
    }

    #[test]
    fn a_quote_that_never_closes_costs_its_own_line() {
        assert_eq!(
            rows("1;\"LES AMIS;x\n2;b;c\n3;\"LES AUTRES\";d\n4;e;f"),
            ["!1|\"LES AMIS|x", "2|b|c", "3|\"LES AUTRES\"|d", "4|e|f"]
        );
        assert_eq!(rows("1;\"x;y\n2;b;c\n"), ["!1|\"x|y", "2|b|c"]);
        assert_eq!(
            rows("1;\"L\"ETE\";y\n2;b;c\n"),
            ["!1|\"L\"ETE\"|y", "2|b|c"]
        );
        assert_eq!(rows("1;\"x\n2;y\";c;d\n"), ["!1|\"x", "2|y\"|c|d"]);
    }

    #[test]
    fn a_row_without_end_is_given_up_at_its_limit() {
        let long = format!("1;\"{}", "x".repeat(LONGEST));
        let mut champs = Vec::new();
        let found = ligne(long.as_bytes(), 0, COUPE, false, &mut champs).unwrap();
        assert!(found.brisee && found.apres == long.len());
    }
}
