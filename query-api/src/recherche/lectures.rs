//! The ways to read what was typed, from the strictest.

use registre_schemas::recherche::mots::Mots;

use super::lieux;
use super::parcours::Lecture;
use super::termes::{Mot, fautes_de};

/// Words that are read; the rest of a longer text says nothing more.
const MOTS: usize = 12;

/// How what was typed is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rigueur {
    /// Words as they are; the last may be the beginning of one.
    Stricte,
    /// Typos are forgiven.
    Fautes,
    /// A word may be missing too.
    Oubli,
}

/// The words of a text.
#[derive(Debug, Clone)]
pub(super) struct Tape {
    mots: Vec<String>,
    /// The last word may be the beginning of one.
    inacheve: bool,
}

impl Tape {
    /// `en_cours`: it is still being typed.
    pub(super) fn de(texte: &str, en_cours: bool) -> Self {
        let lus = Mots::de(texte);
        Self {
            mots: lus.forts().take(MOTS).map(str::to_owned).collect(),
            // After a space, a word is whole.
            inacheve: en_cours && texte.chars().next_back().is_some_and(char::is_alphanumeric),
        }
    }

    /// Whether there is no word at all.
    pub(super) fn est_vide(&self) -> bool {
        self.mots.is_empty()
    }

    /// The ways to read it.
    pub(super) fn lectures(&self, rigueur: Rigueur) -> Vec<Lecture> {
        let toutes: Vec<usize> = (0..self.mots.len()).collect();
        let mut lectures = vec![self.lecture(&toutes, rigueur)];
        let textes: Vec<&str> = self.mots.iter().map(String::as_str).collect();
        if let Some(lieu) = lieux::trouve(&textes, self.inacheve) {
            let mots: Vec<usize> = toutes
                .iter()
                .copied()
                .filter(|place| !lieu.mots.contains(place))
                .collect();
            lectures.push(Lecture {
                lieu: Some(lieu),
                ..self.lecture(&mots, rigueur)
            });
        }
        if rigueur == Rigueur::Stricte && (2..=4).contains(&self.mots.len()) {
            lectures.push(Lecture {
                soudes: Some(self.mots.concat()),
                ..self.lecture(&toutes, rigueur)
            });
        }
        if rigueur == Rigueur::Oubli && self.mots.len() > 1 {
            for oublie in &toutes {
                let mots: Vec<usize> = toutes
                    .iter()
                    .copied()
                    .filter(|place| place != oublie)
                    .collect();
                lectures.push(Lecture {
                    oublies: 1,
                    ..self.lecture(&mots, Rigueur::Stricte)
                });
            }
        }
        lectures
    }

    fn lecture(&self, places: &[usize], rigueur: Rigueur) -> Lecture {
        let dernier = self.mots.len() - 1;
        let mots = places.iter().map(|place| {
            let texte = self.mots[*place].clone();
            let inacheve = self.inacheve && *place == dernier;
            let fautes = match rigueur {
                Rigueur::Stricte => 0,
                // The beginning of a word, two letters aside, is that of too many.
                _ if inacheve => fautes_de(&texte).min(1),
                _ => fautes_de(&texte),
            };
            Mot {
                texte,
                inacheve,
                fautes,
            }
        });
        Lecture {
            mots: mots.collect(),
            ..Lecture::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_is_whole_after_a_space() {
        let lectures = Tape::de("la pos", true).lectures(Rigueur::Stricte);
        assert_eq!(lectures.len(), 1);
        assert!(lectures[0].mots[0].inacheve);
        let lectures = Tape::de("la poste ", true).lectures(Rigueur::Stricte);
        assert!(!lectures[0].mots[0].inacheve);
    }

    #[test]
    fn a_place_is_read_as_a_place_too() {
        let lectures = Tape::de("boulangerie martin lyon", false).lectures(Rigueur::Stricte);
        let avec_lieu = lectures
            .iter()
            .find(|lecture| lecture.lieu.is_some())
            .unwrap();
        assert_eq!(avec_lieu.mots.len(), 2);
        assert!(lectures.iter().any(|lecture| lecture.soudes.is_some()));
    }

    #[test]
    fn a_word_may_be_forgotten_but_not_all() {
        let lectures = Tape::de("un deux trois", false).lectures(Rigueur::Oubli);
        assert!(lectures.iter().any(|lecture| lecture.oublies == 1));
        assert!(lectures.iter().all(|lecture| !lecture.mots.is_empty()));
        assert_eq!(Tape::de("deux", false).lectures(Rigueur::Oubli).len(), 1);
    }
}
