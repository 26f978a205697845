//! The judged set: what people type, and who must be found.

use std::collections::BTreeSet;
use std::error::Error;

/// Queries, the numbers that answer each (a SIREN, an RNA number), and of which kind it is.
const TEXT: &str = include_str!("jugements.csv");

/// A query and who answers it.
pub struct Jugement {
    pub requete: String,
    /// Any of them.
    pub attendus: BTreeSet<String>,
    pub genre: String,
}

/// Every query of the set.
pub fn tous() -> Result<Vec<Jugement>, Box<dyn Error>> {
    let mut jugements = Vec::new();
    for record in csv::Reader::from_reader(TEXT.as_bytes()).into_records() {
        let record = record?;
        let [requete, attendus, genre] = [0, 1, 2].map(|place| record.get(place));
        let (Some(requete), Some(attendus), Some(genre)) = (requete, attendus, genre) else {
            return Err(format!("jugements.csv: {record:?}").into());
        };
        jugements.push(Jugement {
            requete: requete.to_owned(),
            attendus: attendus.split(' ').map(str::to_owned).collect(),
            genre: genre.to_owned(),
        });
    }
    Ok(jugements)
}

impl Jugement {
    /// The place of the first that answers, among those found.
    pub fn place(&self, trouves: &[String]) -> Option<usize> {
        trouves
            .iter()
            .position(|numero| self.attendus.contains(numero))
    }
}

/// How well a set was answered.
#[derive(Debug, Clone, Default)]
pub struct Note {
    pub posees: u32,
    pub premieres: u32,
    pub parmi: u32,
    /// Those that were not answered first, in words.
    pub manquees: Vec<String>,
}

impl Note {
    /// Counts an answer.
    pub fn compte(&mut self, jugement: &Jugement, place: Option<usize>) {
        self.posees += 1;
        self.premieres += u32::from(place == Some(0));
        self.parmi += u32::from(place.is_some());
        let place = match place {
            Some(0) => return,
            Some(place) => format!("in place {}", place + 1),
            None => "not found".to_owned(),
        };
        let Jugement { requete, genre, .. } = jugement;
        self.manquees
            .push(format!("« {requete} » ({genre}): {place}"));
    }

    /// Of those asked, how many were answered by the first found.
    pub fn premiere(&self) -> f64 {
        f64::from(self.premieres) / f64::from(self.posees.max(1))
    }

    /// Of those asked, how many were answered by one of those found.
    pub fn parmi(&self) -> f64 {
        f64::from(self.parmi) / f64::from(self.posees.max(1))
    }
}
