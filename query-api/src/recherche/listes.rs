//! Lists of documents, in their order: those of a term, of several, and what they have in common.

use tantivy::postings::SegmentPostings;
use tantivy::{DocId, DocSet, TERMINATED};

/// What a document costs when it has one of several terms: nothing for the best of them.
pub(super) type Cout = u16;

/// Documents in their order.
pub(super) enum Liste {
    /// Those of a term.
    Terme(Box<SegmentPostings>),
    /// Those of many terms, read ahead.
    Lue(Vec<DocId>, usize),
    /// Every document, from that one to before that one.
    Tous(DocId, DocId),
}

impl Liste {
    /// Those of a term.
    pub(super) fn terme(postings: SegmentPostings) -> Self {
        Self::Terme(Box::new(postings))
    }

    /// Every document of a floor.
    pub(super) fn tous(documents: DocId) -> Self {
        Self::Tous(0, documents)
    }

    fn doc(&self) -> DocId {
        match self {
            Self::Terme(postings) => postings.doc(),
            Self::Lue(documents, place) => documents.get(*place).copied().unwrap_or(TERMINATED),
            Self::Tous(suivant, fin) if suivant < fin => *suivant,
            Self::Tous(..) => TERMINATED,
        }
    }

    fn seek(&mut self, cible: DocId) -> DocId {
        match self {
            Self::Terme(postings) if postings.doc() >= cible => postings.doc(),
            Self::Terme(postings) => postings.seek(cible),
            Self::Lue(documents, place) => {
                *place = galope(documents, *place, cible);
                documents.get(*place).copied().unwrap_or(TERMINATED)
            }
            Self::Tous(suivant, _) => {
                *suivant = cible.max(*suivant);
                self.doc()
            }
        }
    }

    fn longueur(&self) -> usize {
        match self {
            Self::Terme(postings) => postings.size_hint() as usize,
            Self::Lue(documents, _) => documents.len(),
            Self::Tous(suivant, fin) => fin.saturating_sub(*suivant) as usize,
        }
    }
}

/// The first place, from that one, whose document is not before `cible`: by steps that double, since what
/// is looked for is most often near.
fn galope(documents: &[DocId], place: usize, cible: DocId) -> usize {
    let reste = documents.get(place..).unwrap_or_default();
    let mut pas = 1;
    while reste.get(pas - 1).is_some_and(|document| *document < cible) {
        pas *= 2;
    }
    let debut = pas / 2;
    let fin = pas.min(reste.len());
    place + debut + reste[debut..fin].partition_point(|document| *document < cible)
}

/// Documents that are in one list at least.
pub(super) struct Union {
    listes: Vec<(Cout, Liste)>,
}

impl Union {
    pub(super) fn new(mut listes: Vec<(Cout, Liste)>) -> Self {
        // The cheapest is asked first what a document costs.
        listes.sort_by_key(|(cout, _)| *cout);
        Self { listes }
    }

    /// The first document that is not before `cible`.
    pub(super) fn seek(&mut self, cible: DocId) -> DocId {
        let suivants = self.listes.iter_mut().map(|(_, liste)| liste.seek(cible));
        suivants.min().unwrap_or(TERMINATED)
    }

    /// What the document costs, on which [`Self::seek`] has stopped.
    pub(super) fn cout(&self, document: DocId) -> Cout {
        let la = self
            .listes
            .iter()
            .find(|(_, liste)| liste.doc() == document);
        la.map_or(0, |(cout, _)| *cout)
    }

    /// At most so many documents.
    pub(super) fn longueur(&self) -> usize {
        self.listes.iter().map(|(_, liste)| liste.longueur()).sum()
    }

    /// How many documents, when there is one list.
    pub(super) fn nombre_exact(&self) -> Option<u64> {
        match self.listes.as_slice() {
            [(_, seule)] => Some(seule.longueur() as u64),
            _ => None,
        }
    }

    /// Whether one of its lists is that of all the documents of a floor.
    pub(super) fn tient(&self, documents: DocId) -> bool {
        let mut listes = self.listes.iter();
        listes.any(|(_, liste)| liste.longueur() == documents as usize)
    }

    /// Lists to look at for each document.
    pub(super) fn nombre(&self) -> usize {
        self.listes.len()
    }
}

/// Steps of a document that is in all of them: its note is read in columns.
const DOCUMENT: u64 = 2;

/// Steps of a document that is looked at, in a list alone.
pub(super) const REGARDE: u64 = 1 + DOCUMENT;

/// Documents that are in every union, with what they cost: the shortest leads.
pub(super) struct Intersection {
    unions: Vec<Union>,
    suivant: DocId,
    /// Lists looked at, and what each document costs besides.
    pub(super) pas: u64,
}

impl Intersection {
    /// At most so many documents.
    pub(super) fn longueur(&self) -> usize {
        self.unions.first().map_or(0, Union::longueur)
    }

    /// `None` when one of them is empty.
    pub(super) fn new(mut unions: Vec<Union>) -> Option<Self> {
        if unions.iter().any(|union| union.longueur() == 0) {
            return None;
        }
        unions.sort_by_key(Union::longueur);
        Some(Self {
            unions,
            suivant: 0,
            pas: 0,
        })
    }

    /// The next document and its cost; `None` at the end, or after so many steps in all.
    pub(super) fn suivant(&mut self, au_plus: u64) -> Option<(DocId, Cout)> {
        let mut cible = self.suivant;
        'cible: loop {
            if self.pas > au_plus {
                return None;
            }
            for union in &mut self.unions {
                self.pas += union.nombre() as u64;
                let document = union.seek(cible);
                if document == TERMINATED {
                    self.suivant = TERMINATED;
                    return None;
                }
                if document > cible {
                    cible = document;
                    continue 'cible;
                }
            }
            self.suivant = cible + 1;
            self.pas += DOCUMENT;
            let cout = self.unions.iter().map(|union| union.cout(cible)).sum();
            return Some((cible, cout));
        }
    }

    /// Whether all of them were seen.
    pub(super) fn est_finie(&self) -> bool {
        self.suivant == TERMINATED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lue(documents: &[DocId]) -> Liste {
        Liste::Lue(documents.to_vec(), 0)
    }

    #[test]
    fn what_is_in_each_union_comes_in_order_at_the_least_cost() {
        let unions = vec![
            Union::new(vec![(3, lue(&[1, 2, 3, 9, 100])), (0, lue(&[2, 7, 100]))]),
            Union::new(vec![(1, lue(&[2, 3, 7, 8, 100]))]),
        ];
        let mut both = Intersection::new(unions).unwrap();
        let found: Vec<_> = std::iter::from_fn(|| both.suivant(u64::MAX)).collect();
        assert_eq!(found, [(2, 1), (3, 4), (7, 1), (100, 1)]);
        assert!(both.est_finie());
    }

    #[test]
    fn it_stops_when_it_has_looked_enough() {
        let unions = vec![Union::new(vec![(0, lue(&(0..1000).collect::<Vec<_>>()))])];
        let mut all = Intersection::new(unions).unwrap();
        let found = std::iter::from_fn(|| all.suivant(100)).count();
        assert!((33..=35).contains(&found), "{found}");
        assert!(!all.est_finie());
        assert!(Intersection::new(vec![Union::new(Vec::new())]).is_none());
    }

    #[test]
    fn a_gallop_finds_what_a_step_by_step_search_finds() {
        let documents: Vec<DocId> = (0..200).map(|n| n * 3).collect();
        for place in [0, 5, 199, 200] {
            for cible in 0..610 {
                let expected = (place..200)
                    .find(|at| documents[*at] >= cible)
                    .unwrap_or(200);
                assert_eq!(galope(&documents, place, cible), expected.max(place));
            }
        }
    }
}
