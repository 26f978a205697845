//! What a file is: rows of cells or of JSON, which delimiter, which encoding, whether its first row names
//! the others. Found by its first bytes unless it was said.

use memchr::memchr;
use std::collections::HashSet;

use super::decoupe::{Coupe, ligne};
use super::texte::{BOM, Encodage};
use super::{EnrichirError, Options};
use registre_schemas::identifiers::Identifier;

/// How a file of rows is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormatEntree {
    /// Cells between delimiters.
    Csv,
    /// A JSON object per line.
    Ndjson,
}

/// Delimiters that are looked for, the French one first.
const DELIMITEURS: [u8; 4] = [b';', b',', b'\t', b'|'];

/// Rows that are looked at to know what a file is.
const REGARDEES: usize = 1000;

/// What a file is.
#[derive(Debug, Clone)]
pub(super) struct Forme {
    pub(super) format: FormatEntree,
    /// Bytes before its first row: a byte order mark, the line `sep=;` of a spreadsheet.
    pub(super) preambule: usize,
    pub(super) coupe: Coupe,
    pub(super) encodage: Encodage,
    /// Whether the first row names the columns.
    pub(super) entete: bool,
    /// The names of the columns; `colonne_1`… when the file has none.
    pub(super) noms: Vec<String>,
    /// What ends its rows.
    pub(super) fin_de_ligne: &'static [u8],
    /// Its first rows, to find the columns that hold a number.
    pub(super) apercu: Vec<Vec<String>>,
}

impl Forme {
    /// Of the first bytes of a file; `tout_lu` when it has no others.
    pub(super) fn de(
        octets: &[u8],
        tout_lu: bool,
        options: &Options,
    ) -> Result<Self, EnrichirError> {
        if octets.starts_with(b"\xff\xfe") || octets.starts_with(b"\xfe\xff") {
            return Err(EnrichirError::Forme(
                "it is in UTF-16: save it as CSV in UTF-8",
                "il est en UTF-16 : enregistrez-le en CSV, en UTF-8",
            ));
        }
        let bom = if octets.starts_with(BOM) {
            BOM.len()
        } else {
            0
        };
        let encodage = match options.encodage {
            Some(said) => said,
            None if bom > 0 => Encodage::Utf8,
            None => Encodage::devine(octets).unwrap_or(Encodage::Utf8),
        };
        let first = octets[bom..].trim_ascii_start().first();
        let format = match (options.entree, first) {
            (_, None) => {
                return Err(EnrichirError::Forme("it is empty", "il est vide"));
            }
            (Some(said), _) => said,
            (None, Some(b'{')) => FormatEntree::Ndjson,
            (None, Some(b'[')) => {
                return Err(EnrichirError::Forme(
                    "it is a JSON array: give one object per line (jq -c '.[]')",
                    "c'est un tableau JSON : donnez un objet par ligne (jq -c '.[]')",
                ));
            }
            (None, Some(_)) => FormatEntree::Csv,
        };
        match format {
            FormatEntree::Csv => Ok(Self::de_csv(octets, bom, encodage, tout_lu, options)),
            FormatEntree::Ndjson => Ok(Self::de_ndjson(octets, bom, encodage)),
        }
    }

    fn de_csv(
        octets: &[u8],
        bom: usize,
        encodage: Encodage,
        tout_lu: bool,
        options: &Options,
    ) -> Self {
        let (said, sep) = separateur(&octets[bom..]);
        let preambule = bom + sep;
        let fin_de_ligne: &[u8] = match memchr(b'\n', &octets[preambule..]) {
            Some(at) if at > 0 && octets[preambule + at - 1] == b'\r' => b"\r\n",
            None if memchr(b'\r', &octets[preambule..]).is_some() => b"\r",
            _ => b"\n",
        };
        let fin = if fin_de_ligne == b"\r" { b'\r' } else { b'\n' };
        let delimiteur = options
            .delimiteur
            .or(said)
            .unwrap_or_else(|| delimiteur(&octets[preambule..], fin, tout_lu));
        let coupe = Coupe {
            delimiteur,
            fin,
            largeur: 0,
        };
        let rows = lignes(&octets[preambule..], coupe, encodage, tout_lu);
        let mut rows: Vec<Vec<String>> = rows.into_iter().map(|(cells, _)| cells).collect();
        let largeur = rows.first().map_or(1, Vec::len);
        let entete = options.entete.unwrap_or_else(|| {
            let number = |cell: &String| cell.parse::<Identifier>().is_ok();
            rows.first().is_some_and(|first| !first.iter().any(number))
        });
        let noms = if entete && !rows.is_empty() {
            noms(rows.remove(0))
        } else {
            (1..=largeur)
                .map(|rank| format!("colonne_{rank}"))
                .collect()
        };
        Self {
            format: FormatEntree::Csv,
            preambule,
            coupe: Coupe { largeur, ..coupe },
            encodage,
            entete,
            noms,
            fin_de_ligne,
            apercu: rows,
        }
    }

    fn de_ndjson(octets: &[u8], bom: usize, encodage: Encodage) -> Self {
        let mut noms: Vec<String> = Vec::new();
        let mut objets = Vec::new();
        for line in octets[bom..].split(|byte| *byte == b'\n').take(REGARDEES) {
            let Ok(serde_json::Value::Object(objet)) = serde_json::from_slice(line) else {
                continue;
            };
            for nom in objet.keys() {
                if !noms.contains(nom) {
                    noms.push(nom.clone());
                }
            }
            objets.push(objet);
        }
        let apercu = objets.iter().map(|objet| {
            let cell = |nom: &String| objet.get(nom).map(super::lot::json_en_texte);
            let cells = noms.iter().map(cell);
            cells.map(Option::unwrap_or_default).collect()
        });
        Self {
            format: FormatEntree::Ndjson,
            preambule: bom,
            coupe: Coupe {
                delimiteur: b',',
                fin: b'\n',
                largeur: 0,
            },
            encodage,
            entete: true,
            apercu: apercu.collect(),
            noms,
            fin_de_ligne: b"\n",
        }
    }

    /// The column of that name, as it is written or but for case and spaces around; a number counts
    /// columns from 1.
    pub(super) fn colonne(&self, nom: &str) -> Option<usize> {
        let plain = |text: &str| text.trim().to_lowercase();
        let exact = self.noms.iter().position(|known| known == nom);
        let near = || {
            self.noms
                .iter()
                .position(|known| plain(known) == plain(nom))
        };
        let rank = || {
            let rank: usize = nom.parse().ok()?;
            (1..=self.noms.len()).contains(&rank).then(|| rank - 1)
        };
        exact.or_else(near).or_else(rank)
    }
}

/// The delimiter that the first line says, as `sep=;`, and how long that line is.
fn separateur(octets: &[u8]) -> (Option<u8>, usize) {
    let end = memchr(b'\n', octets).map_or(octets.len(), |at| at + 1);
    let line = octets[..end].trim_ascii_end();
    let line = if octets[..end].starts_with(b"sep=\t") {
        b"sep=\t"
    } else {
        line
    };
    match line {
        [s, e, p, b'=', delimiteur] if [*s, *e, *p].eq_ignore_ascii_case(b"sep") => {
            (Some(*delimiteur), end)
        }
        _ => (None, 0),
    }
}

/// The delimiter that cuts most rows into as many cells as the first.
fn delimiteur(octets: &[u8], fin: u8, tout_lu: bool) -> u8 {
    let mut best = (0, 0, DELIMITEURS[0]);
    for delimiteur in DELIMITEURS {
        let coupe = Coupe {
            delimiteur,
            fin,
            largeur: 0,
        };
        let rows = lignes(octets, coupe, Encodage::Utf8, tout_lu);
        let largeur = rows.first().map_or(0, |(cells, _)| cells.len());
        if largeur < 2 {
            continue;
        }
        // A quote that a delimiter makes no sense of speaks against it.
        let alike = rows
            .iter()
            .filter(|(cells, brisee)| cells.len() == largeur && !brisee)
            .count();
        if (alike, largeur) > (best.0, best.1) {
            best = (alike, largeur, delimiteur);
        }
    }
    best.2
}

/// The first rows, as texts, each with whether its quotes are none.
fn lignes(
    octets: &[u8],
    coupe: Coupe,
    encodage: Encodage,
    tout_lu: bool,
) -> Vec<(Vec<String>, bool)> {
    let mut rows = Vec::new();
    let mut champs = Vec::new();
    let mut debut = 0;
    while debut < octets.len() && rows.len() < REGARDEES {
        champs.clear();
        let Some(found) = ligne(octets, debut, coupe, tout_lu, &mut champs) else {
            break;
        };
        let cells = champs
            .iter()
            .map(|(from, to)| super::lot::cellule(&octets[*from..*to], encodage).into_owned());
        rows.push((cells.collect(), found.brisee));
        debut = found.apres;
    }
    rows
}

/// The names of a header, each once: the second `nom` is `nom_2`.
fn noms(cells: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut noms = Vec::with_capacity(cells.len());
    for (index, cell) in cells.into_iter().enumerate() {
        let base = if cell.trim().is_empty() {
            format!("colonne_{}", index + 1)
        } else {
            cell
        };
        noms.push(libre(&base, |nom| seen.contains(nom)));
        seen.insert(noms[index].clone());
    }
    noms
}

/// A name that is not taken: itself, or followed by `_2`, `_3`…
pub(super) fn libre(nom: &str, pris: impl Fn(&str) -> bool) -> String {
    let mut libre = nom.to_owned();
    let mut rank = 1;
    while pris(&libre) {
        rank += 1;
        libre = format!("{nom}_{rank}");
    }
    libre
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forme(text: &[u8]) -> Forme {
        Forme::de(text, true, &Options::default()).unwrap()
    }

    #[test]
    fn the_delimiter_the_header_and_the_ends_of_lines_are_found() {
        for (text, delimiteur, names) in [
            (
                "siret;nom, prénom\n1;a, b\n",
                b';',
                vec!["siret", "nom, prénom"],
            ),
            ("a,b;c\r\n\"1;2\",3\r\n", b',', vec!["a", "b;c"]),
            ("a\tb\n1\t2\n", b'\t', vec!["a", "b"]),
            ("a|b\r1|2\r", b'|', vec!["a", "b"]),
            ("sep=,\na,b;c;d\n1,2\n", b',', vec!["a", "b;c;d"]),
            ("siret\n13002526500013", b';', vec!["siret"]),
            ("13002526500013\n35600000000048", b';', vec!["colonne_1"]),
            ("nom;nom;\n1;2;3", b';', vec!["nom", "nom_2", "colonne_3"]),
        ] {
            let forme = forme(text.as_bytes());
            assert_eq!(forme.coupe.delimiteur, delimiteur, "{text:?}");
            assert_eq!(forme.noms, names, "{text:?}");
            assert_eq!(forme.entete, !text.starts_with('1'), "{text:?}");
        }
        assert_eq!(forme(b"a\r\n1").fin_de_ligne, b"\r\n");
        assert_eq!(forme(b"a|b\r1|2\r").coupe.fin, b'\r');
        assert_eq!(forme(b"\xef\xbb\xbfsep=;\r\na;b\r\n").preambule, 10);
    }

    #[test]
    fn objects_are_found_and_what_is_no_rows_is_told() {
        let forme = forme(b"{\"a\":1,\"b\":null}\n{\"a\":\"x\",\"c\":[1]}\n");
        assert_eq!(forme.format, FormatEntree::Ndjson);
        assert_eq!(forme.noms, ["a", "b", "c"]);
        assert_eq!(forme.apercu[1], ["x", "", "[1]"]);
        for refused in [&b"\xff\xfea\0"[..], b" [1]", b"", b"\xef\xbb\xbf \n"] {
            assert!(Forme::de(refused, true, &Options::default()).is_err());
        }
    }
}
