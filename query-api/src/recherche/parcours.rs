//! Going down the floors: who matches, in which order, and when enough was seen.

use registre_schemas::recherche::numero::est_siren;
use std::collections::{HashMap, HashSet};
use std::io;
use tantivy::DocId;

use super::dates::{Jour, entre};
use super::ensemble::Ensemble;
use super::etage::{Champ, Etage};
use super::lieux::Lieu;
use super::listes::{Cout, Intersection, Liste, Union};
use super::termes::{Mot, Termes};
use super::{Comptes, Tri};

/// A way to read what was typed.
#[derive(Debug, Clone, Default)]
pub(super) struct Lecture {
    pub(super) mots: Vec<Mot>,
    /// The words as one, when they are read so.
    pub(super) soudes: Option<String>,
    pub(super) lieu: Option<Lieu>,
    /// Words that were left out.
    pub(super) oublies: u8,
}

/// What a document must be, whatever was typed.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    /// It has one of these terms.
    Parmi(Champ, Vec<String>),
    /// It has none of these.
    Aucun(Champ, Vec<String>),
    /// Its number is a SIREN.
    AvecSiren,
    /// That day of its life is between these, since 1600-01-01, included.
    Entre(Jour, u64, u64),
}

/// What is asked of the floors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) lectures: &'a [Lecture],
    pub(super) conditions: &'a [Condition],
    pub(super) tri: Tri,
    /// Documents wanted.
    pub(super) voulus: usize,
    /// Whether all that match are counted.
    pub(super) compte: bool,
    /// Whether the first floor where somebody is found is enough.
    pub(super) premier: bool,
    /// Steps, after which what was found is what is answered.
    pub(super) pas: u64,
}

impl Question<'_> {
    /// Whether words were typed.
    fn a_des_mots(&self) -> bool {
        self.lectures.iter().any(|lecture| !lecture.mots.is_empty())
    }
}

/// A document that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trouve {
    pub(super) numero: u64,
    pub(super) note: i32,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Trouves {
    /// The best first.
    pub(super) documents: Vec<Trouve>,
    /// How many match.
    pub(super) total: u64,
    /// Whether all of them were counted.
    pub(super) complet: bool,
    /// Whether all of them were looked at.
    pub(super) tous_vus: bool,
    /// Documents that had to be looked at to see them all, at most.
    pub(super) candidats: u64,
    pub(super) comptes: Comptes,
    /// What it took.
    pub(super) pas: u64,
}

impl Trouves {
    /// Puts first what a stricter reading found.
    pub(super) fn suit(&mut self, avant: Self, voulus: usize) {
        let deja: HashSet<u64> = avant.documents.iter().map(|trouve| trouve.numero).collect();
        let suite = std::mem::replace(&mut self.documents, avant.documents);
        let nouveaux = suite
            .into_iter()
            .filter(|trouve| !deja.contains(&trouve.numero));
        self.documents.extend(nouveaux);
        self.documents.truncate(voulus);
        self.pas += avant.pas;
    }
}

/// What a document has for having just the words that were typed, and no other.
const ENTIER: i32 = 150;
/// What it loses for each word more.
const DE_PLUS: i32 = 12;
/// What it has for being where it was said.
const SUR_PLACE: i32 = 90;
/// What it loses for each word that was typed and that it has not.
const OUBLIE: i32 = 220;
/// What it loses for being closed.
const FERME: i32 = 90;
/// The floor of those that are closed.
const FERMES: usize = 4;

/// Looks for documents, floor after floor.
pub(super) fn parcourt(etages: &[(usize, Etage)], question: &Question<'_>) -> io::Result<Trouves> {
    // Those that match as well come in the order they are met, which is the one in which too many of them
    // are left: the same pages follow one another however many are wanted.
    let mut meilleurs: HashMap<u64, (i32, usize, DocId)> = HashMap::new();
    let mut trouves = Trouves {
        complet: true,
        tous_vus: true,
        ..Trouves::default()
    };
    for (rang, etage) in etages {
        let seuil = seuil(&meilleurs, question.voulus);
        let assez = seuil.is_some_and(|seuil| seuil >= plafond(*rang, etage, question));
        if (assez || (question.premier && !meilleurs.is_empty())) && !question.compte {
            trouves.tous_vus = false;
            break;
        }
        // Filters alone cost nothing more to open, and their lists may say how long they are.
        if trouves.pas > question.pas && question.a_des_mots() {
            (trouves.complet, trouves.tous_vus) = (false, false);
            break;
        }
        let mut de_l_etage: HashMap<DocId, i32> = HashMap::new();
        // Read in several ways, they are counted once each.
        let plusieurs = question.compte && question.lectures.len() > 1;
        let mut deja = plusieurs.then(|| Ensemble::vide(etage.documents()));
        for lecture in question.lectures {
            let un = Passage {
                rang: *rang,
                etage,
                lecture,
                question,
            };
            un.passe(&mut de_l_etage, deja.as_mut(), &mut trouves, assez)?;
        }
        for (document, note) in de_l_etage {
            meilleurs.insert(etage.numero(document), (note, *rang, document));
        }
    }
    let mut ordre: Vec<_> = meilleurs.into_iter().collect();
    ordre.sort_by_key(|(_, (note, rang, document))| (std::cmp::Reverse(*note), *rang, *document));
    ordre.truncate(question.voulus);
    let ordre = ordre.into_iter();
    trouves.documents = ordre
        .map(|(numero, (note, ..))| Trouve { numero, note })
        .collect();
    trouves.complet &= question.compte;
    Ok(trouves)
}

/// The note of the last of those that are wanted.
fn seuil(meilleurs: &HashMap<u64, (i32, usize, DocId)>, voulus: usize) -> Option<i32> {
    let mut notes: Vec<i32> = meilleurs.values().map(|(note, ..)| *note).collect();
    if notes.len() < voulus || voulus == 0 {
        return None;
    }
    let (_, seuil, _) = notes.select_nth_unstable_by(voulus - 1, |a, b| b.cmp(a));
    Some(*seuil)
}

/// The best note of a floor.
fn plafond(rang: usize, etage: &Etage, question: &Question<'_>) -> i32 {
    let sur_place = question
        .lectures
        .iter()
        .any(|lecture| lecture.lieu.is_some());
    match question.tri {
        Tri::Creation => i32::MAX,
        _ => {
            entier(etage.taille_maximale())
                + if question.a_des_mots() { ENTIER } else { 0 }
                + if sur_place { SUR_PLACE } else { 0 }
                - if rang == FERMES { FERME } else { 0 }
        }
    }
}

fn entier(nombre: u64) -> i32 {
    i32::try_from(nombre).unwrap_or(i32::MAX)
}

/// A floor read in one way.
struct Passage<'a> {
    rang: usize,
    etage: &'a Etage,
    lecture: &'a Lecture,
    question: &'a Question<'a>,
}

impl Passage<'_> {
    fn passe(
        &self,
        trouves: &mut HashMap<DocId, i32>,
        mut deja: Option<&mut Ensemble>,
        en_tout: &mut Trouves,
        compte_seulement: bool,
    ) -> io::Result<()> {
        let mut termes = Termes::new(self.etage);
        let (unions, mut exclus) = self.unions(&mut termes)?;
        en_tout.pas += termes.pas;
        en_tout.complet &= !termes.incomplets;
        en_tout.tous_vus &= !termes.incomplets;
        let sus = self.sus(&unions, &exclus);
        let Some(mut intersection) = Intersection::new(unions) else {
            return Ok(());
        };
        en_tout.candidats += intersection.longueur() as u64;
        let reste = self.question.pas.saturating_sub(en_tout.pas);
        let mut vus = 0;
        let mut seuil = Seuil::new(self.question.voulus);
        let plafond = plafond(self.rang, self.etage, self.question);
        while let Some((document, cout)) = intersection.suivant(reste) {
            if exclus
                .iter_mut()
                .any(|exclu| exclu.seek(document) == document)
                || !self.convient(document)
            {
                continue;
            }
            let compte = self.question.compte;
            if compte && deja.as_mut().is_none_or(|deja| deja.ajoute(document)) {
                vus += 1;
                en_tout.comptes.compte(self.etage, document);
            }
            // Nobody further could do better, and how many there are is known.
            let connus = !compte || (sus.is_some() && en_tout.comptes.sont_pleins());
            if connus && (compte_seulement || seuil.minimum >= plafond) {
                break;
            }
            if compte_seulement {
                continue;
            }
            let note = self.note(document, cout);
            if seuil.passe(note) {
                let deja = trouves.entry(document).or_insert(note);
                *deja = note.max(*deja);
            }
        }
        en_tout.pas += intersection.pas;
        if intersection.est_finie() {
            en_tout.total += vus;
        } else {
            en_tout.tous_vus = false;
            en_tout.total += sus.unwrap_or(vus);
            en_tout.complet &= sus.is_some();
        }
        Ok(())
    }

    /// How many match, when lists say it by their length: those of one list, or all but those of one.
    fn sus(&self, unions: &[Union], exclus: &[Union]) -> Option<u64> {
        let lus_un_a_un = self
            .question
            .conditions
            .iter()
            .any(|condition| matches!(condition, Condition::AvecSiren | Condition::Entre(..)));
        if lus_un_a_un || self.question.lectures.len() > 1 {
            return None;
        }
        match (unions, exclus) {
            ([seule], []) => seule.nombre_exact(),
            ([tous], [exclue]) if tous.tient(self.etage.documents()) => {
                let autres = exclue.nombre_exact()?;
                Some(u64::from(self.etage.documents()).saturating_sub(autres))
            }
            _ => None,
        }
    }

    /// What must be there, and what must not.
    fn unions(&self, termes: &mut Termes<'_>) -> io::Result<(Vec<Union>, Vec<Union>)> {
        let (mut unions, mut exclus) = (Vec::new(), Vec::new());
        if let Some(soudes) = &self.lecture.soudes {
            unions.push(termes.soudes(soudes)?);
        } else {
            for mot in &self.lecture.mots {
                unions.push(termes.mot(mot)?);
            }
        }
        if let Some(lieu) = &self.lecture.lieu {
            let la = lieu.termes.iter().map(String::as_str);
            unions.push(termes.parmi(Champ::Lieu, la)?);
        }
        for condition in self.question.conditions {
            match condition {
                Condition::Parmi(champ, parmi) => {
                    let la = termes.parmi(*champ, parmi.iter().map(String::as_str))?;
                    // What is true of the whole floor chooses nobody there: its state, most often.
                    if !la.tient(self.etage.documents()) {
                        unions.push(la);
                    }
                }
                Condition::Aucun(champ, aucun) => {
                    let la = termes.parmi(*champ, aucun.iter().map(String::as_str))?;
                    if la.nombre() > 0 {
                        exclus.push(la);
                    }
                }
                Condition::AvecSiren | Condition::Entre(..) => {}
            }
        }
        for condition in self.question.conditions {
            if let Condition::Entre(jour, apres, avant) = condition {
                let tous = self.etage.documents() as usize;
                let autres = unions.iter().map(Union::longueur).min();
                let (jours, pas) = ((*apres, *avant), self.question.pas);
                unions.extend(entre(termes, *jour, jours, autres.unwrap_or(tous), pas)?);
            }
        }
        if unions.is_empty() {
            unions.push(Union::new(vec![(0, Liste::tous(self.etage.documents()))]));
        }
        Ok((unions, exclus))
    }

    fn convient(&self, document: DocId) -> bool {
        self.question
            .conditions
            .iter()
            .all(|condition| match condition {
                Condition::Entre(jour, apres, avant) => {
                    let jour = self.etage.jour(*jour).first(document).unwrap_or_default();
                    jour > 0 && (*apres..=*avant).contains(&jour)
                }
                Condition::AvecSiren => est_siren(self.etage.numero(document)),
                _ => true,
            })
    }

    /// How well a document matches: what is large and open, and just what was typed, first.
    fn note(&self, document: DocId, cout: Cout) -> i32 {
        if self.question.tri == Tri::Creation {
            let jour = self.etage.jour(Jour::Creation).first(document);
            return entier(jour.unwrap_or_default());
        }
        let mut note = entier(self.etage.taille(document));
        if self.rang == FERMES {
            note -= FERME;
        }
        if self.lecture.lieu.is_some() {
            note += SUR_PLACE;
        }
        note -= OUBLIE * i32::from(self.lecture.oublies);
        let tapes = u32::try_from(self.lecture.mots.len()).unwrap_or(u32::MAX);
        if tapes == 0 || matches!(self.question.tri, Tri::Taille | Tri::Distance) {
            return note;
        }
        note -= i32::from(cout);
        let mots = self.etage.mots(document);
        if cout < super::termes::cout::AUTRE && (mots == tapes || self.lecture.soudes.is_some()) {
            note += ENTIER;
        }
        note - DE_PLUS * entier(u64::from(mots.saturating_sub(tapes).min(8)))
    }
}

/// The notes that are worth keeping: those of the best so far. It lets a few more through.
struct Seuil {
    voulus: usize,
    notes: Vec<i32>,
    minimum: i32,
}

impl Seuil {
    fn new(voulus: usize) -> Self {
        Self {
            voulus: voulus.max(1),
            notes: Vec::new(),
            minimum: i32::MIN,
        }
    }

    fn passe(&mut self, note: i32) -> bool {
        if note <= self.minimum {
            return false;
        }
        self.notes.push(note);
        if self.notes.len() >= 2 * self.voulus {
            let place = self.voulus - 1;
            self.notes.select_nth_unstable_by(place, |a, b| b.cmp(a));
            self.notes.truncate(self.voulus);
            self.minimum = self.notes[place];
        }
        true
    }
}
