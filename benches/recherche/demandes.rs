//! Ordinary questions, as people type them: a name that exists, begun, whole, mistyped, or with its town.

use registre_schemas::recherche::mots::Mots;
use std::fmt;

/// A name of the snapshot, and a number of its own that decides how it is typed.
pub struct Organisation {
    pub nom: String,
    pub commune: String,
    pub hasard: u64,
}

/// How a name is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Genre {
    Debut,
    Entier,
    Faute,
    AvecCommune,
}

pub const GENRES: [Genre; 4] = [
    Genre::Debut,
    Genre::Entier,
    Genre::Faute,
    Genre::AvecCommune,
];

impl fmt::Display for Genre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Debut => "the beginning of a name, three letters at least",
            Self::Entier => "a name",
            Self::Faute => "a name, a letter mistyped",
            Self::AvecCommune => "a name and its commune",
        })
    }
}

/// A question.
pub struct Demande {
    pub genre: Genre,
    /// The name, as it is typed.
    pub nom: String,
    pub commune: String,
}

impl Demande {
    /// What is typed.
    pub fn texte(&self) -> String {
        match self.genre {
            Genre::AvecCommune => format!("{} {}", self.nom, self.commune),
            _ => self.nom.clone(),
        }
    }
}

/// Of the names that were asked whole, how many came first.
#[derive(Debug, Default)]
pub struct Premiers {
    cherches: u32,
    trouves: u32,
}

impl Premiers {
    /// Counts the first answer to a question: it must have the words of the name, whoever it is.
    pub fn compte(&mut self, demande: &Demande, premier: &str) {
        if !matches!(demande.genre, Genre::Entier | Genre::AvecCommune) {
            return;
        }
        let (voulus, trouves) = (Mots::de(&demande.nom), Mots::de(premier));
        let la = voulus
            .forts()
            .all(|mot| trouves.tous().any(|trouve| trouve == mot));
        self.cherches += 1;
        self.trouves += u32::from(la);
    }

    pub fn part(&self) -> f64 {
        f64::from(self.trouves) / f64::from(self.cherches.max(1))
    }
}

/// As many questions as names, of each kind in turn.
pub fn demandes(noms: Vec<Organisation>) -> Vec<Demande> {
    let genres = GENRES.iter().copied().cycle();
    let demandes = noms.into_iter().zip(genres).map(|(nom, genre)| Demande {
        nom: match genre {
            Genre::Debut => debut(&nom),
            Genre::Faute => faute(&nom),
            Genre::Entier | Genre::AvecCommune => nom.nom,
        },
        genre,
        commune: nom.commune,
    });
    demandes.collect()
}

/// Letters from which suggestions are worth asking.
const DEBUT: usize = 3;

fn debut(nom: &Organisation) -> String {
    let lettres: Vec<char> = nom.nom.chars().collect();
    let longueur = DEBUT + au_hasard(nom.hasard, lettres.len().saturating_sub(DEBUT));
    let debut: String = lettres.into_iter().take(longueur).collect();
    debut.trim_end().to_owned()
}

/// One letter of its first long word, not the first: left out, typed twice, another, or before its turn.
fn faute(nom: &Organisation) -> String {
    let mut lettres: Vec<char> = nom.nom.chars().collect();
    let suite = |place: &usize| {
        let mot = lettres.get(*place..place + 5);
        mot.is_some_and(|mot| mot.iter().all(char::is_ascii_lowercase))
    };
    let Some(mot) = (0..lettres.len()).find(suite) else {
        return nom.nom.clone();
    };
    let place = mot + 1 + au_hasard(nom.hasard / 4, 3);
    match nom.hasard % 4 {
        0 => {
            lettres.remove(place);
        }
        1 => lettres.insert(place, lettres[place]),
        2 => lettres[place] = if lettres[place] == 'e' { 'r' } else { 'e' },
        _ => lettres.swap(place, place + 1),
    }
    lettres.into_iter().collect()
}

/// A number before `nombre`.
fn au_hasard(hasard: u64, nombre: usize) -> usize {
    let nombre = u64::try_from(nombre.max(1)).unwrap_or(1);
    usize::try_from(hasard % nombre).unwrap_or(0)
}
