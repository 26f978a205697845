//! The terms of a floor that a word may mean: itself, what begins by it, what is a typo away.

use levenshtein_automata::{DFA, Distance, LevenshteinAutomatonBuilder, SINK_STATE};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::sync::LazyLock;
use tantivy::postings::TermInfo;
use tantivy::{DocSet, TERMINATED};
use tantivy_fst::Automaton;

use super::ensemble::Ensemble;
use super::etage::{Champ, Etage};
use super::listes::{Cout, Liste, Union};

/// What a word costs, by what it matched.
pub(super) mod cout {
    use super::Cout;

    /// The word itself, in another name.
    pub(in super::super) const AUTRE: Cout = 25;
    /// The word itself, in a street.
    pub(in super::super) const ADRESSE: Cout = 170;
    /// A word that begins by it.
    pub(in super::super) const DEBUT: Cout = 35;
    /// A letter away; two cost twice.
    pub(in super::super) const FAUTE: Cout = 130;
    /// What was typed as one word, or as two.
    pub(in super::super) const SOUDE: Cout = 20;
    /// Another word for it.
    pub(in super::super) const EQUIVALENT: Cout = 5;
}

/// Terms that begin by a word, the most frequent of them.
const DEBUTS: usize = 48;
/// Terms that are looked at to find them: of shorter beginnings, the first of the alphabet.
const REGARDES: u64 = 8_000;
/// Steps that a term takes to be read, when one of a list takes one.
const PAS_DU_TERME: u64 = 4;
/// Terms that a typo may have made.
const FAUTES: usize = 24;
/// A word that so many organisations of a floor have is no typo there.
const FREQUENT: u32 = 50;
/// Documents read ahead of all the terms of a word.
const LUS: usize = 30_000;
/// From so many, they are put in order by a bit each.
const NOMBREUX: u32 = 15_000;

/// Words that people write one for the other, by what the registers write.
const EQUIVALENTS: [(&str, &str); 12] = [
    ("mairie", "commune"),
    ("commune", "mairie"),
    ("ville", "commune"),
    ("st", "saint"),
    ("saint", "st"),
    ("ste", "sainte"),
    ("sainte", "ste"),
    ("cie", "compagnie"),
    ("compagnie", "cie"),
    ("ets", "etablissements"),
    ("etablissements", "ets"),
    ("universite", "univ"),
];

/// How a word was typed.
#[derive(Debug, Clone)]
pub(super) struct Mot {
    pub(super) texte: String,
    /// It may be the beginning of a word.
    pub(super) inacheve: bool,
    /// Typos that are forgiven.
    pub(super) fautes: u8,
}

/// Typos forgiven in a word of that length: a short one is another word.
pub(super) fn fautes_de(mot: &str) -> u8 {
    match mot.chars().count() {
        _ if mot.bytes().any(|octet| octet.is_ascii_digit()) => 0,
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

static UNE_FAUTE: LazyLock<LevenshteinAutomatonBuilder> =
    LazyLock::new(|| LevenshteinAutomatonBuilder::new(1, true));
static DEUX_FAUTES: LazyLock<LevenshteinAutomatonBuilder> =
    LazyLock::new(|| LevenshteinAutomatonBuilder::new(2, true));

/// Words near another, in the words of the dictionary of terms.
struct Proches(DFA);

impl Automaton for Proches {
    type State = u32;

    fn start(&self) -> u32 {
        self.0.initial_state()
    }

    fn is_match(&self, state: &u32) -> bool {
        matches!(self.0.distance(*state), Distance::Exact(_))
    }

    fn can_match(&self, state: &u32) -> bool {
        *state != SINK_STATE
    }

    fn accept(&self, state: &u32, octet: u8) -> u32 {
        self.0.transition(*state, octet)
    }
}

/// What is known of the words of a question on one floor.
pub(super) struct Termes<'a> {
    pub(super) etage: &'a Etage,
    /// Steps that it took.
    pub(super) pas: u64,
    /// Whether terms were left out, because there are too many.
    pub(super) incomplets: bool,
}

impl<'a> Termes<'a> {
    pub(super) fn new(etage: &'a Etage) -> Self {
        Self {
            etage,
            pas: 0,
            incomplets: false,
        }
    }

    /// Documents that have a word, by their names or their streets.
    pub(super) fn mot(&mut self, mot: &Mot) -> io::Result<Union> {
        let mut listes = Vec::new();
        let mut frequence = 0;
        for (champ, cout) in [
            (Champ::Nom, 0),
            (Champ::Autre, cout::AUTRE),
            (Champ::Soude, cout::SOUDE),
            (Champ::Adresse, cout::ADRESSE),
        ] {
            frequence += self.exact(champ, &mot.texte, cout, &mut listes)?;
        }
        for (ecrit, equivalent) in EQUIVALENTS {
            if ecrit == mot.texte {
                self.exact(Champ::Nom, equivalent, cout::EQUIVALENT, &mut listes)?;
                self.exact(Champ::Autre, equivalent, cout::AUTRE, &mut listes)?;
            }
        }
        if mot.inacheve {
            self.debuts(Champ::Nom, &mot.texte, cout::DEBUT, &mut listes)?;
            self.debuts(
                Champ::Autre,
                &mot.texte,
                cout::AUTRE + cout::DEBUT,
                &mut listes,
            )?;
            if mot.texte.len() > 3 {
                self.debuts(
                    Champ::Soude,
                    &mot.texte,
                    cout::SOUDE + cout::DEBUT,
                    &mut listes,
                )?;
            }
        }
        if mot.fautes > 0 && frequence < FREQUENT {
            self.proches(Champ::Nom, mot, 0, &mut listes)?;
            self.proches(Champ::Autre, mot, cout::AUTRE, &mut listes)?;
        }
        Ok(Union::new(listes))
    }

    /// Documents that have one of these terms.
    pub(super) fn parmi<'t>(
        &self,
        champ: Champ,
        termes: impl IntoIterator<Item = &'t str>,
    ) -> io::Result<Union> {
        let mut listes = Vec::new();
        for terme in termes {
            self.exact(champ, terme, 0, &mut listes)?;
        }
        Ok(Union::new(listes))
    }

    /// Documents whose name is these words as one.
    pub(super) fn soudes(&self, mots: &str) -> io::Result<Union> {
        let mut listes = Vec::new();
        self.exact(Champ::Nom, mots, cout::SOUDE, &mut listes)?;
        self.exact(Champ::Soude, mots, 0, &mut listes)?;
        self.exact(Champ::Autre, mots, cout::AUTRE, &mut listes)?;
        Ok(Union::new(listes))
    }

    /// How many have it.
    fn exact(
        &self,
        champ: Champ,
        terme: &str,
        cout: Cout,
        listes: &mut Vec<(Cout, Liste)>,
    ) -> io::Result<u32> {
        let Some(terme) = self.etage.terme(champ, terme)? else {
            return Ok(0);
        };
        listes.push((cout, Liste::terme(self.etage.liste(champ, &terme)?)));
        Ok(terme.doc_freq)
    }

    fn debuts(
        &mut self,
        champ: Champ,
        debut: &str,
        cout: Cout,
        listes: &mut Vec<(Cout, Liste)>,
    ) -> io::Result<()> {
        let mut stream = self
            .etage
            .termes(champ)
            .terms()
            .range()
            .ge(debut)
            .into_stream()?;
        let mut frequents = Frequents::new(DEBUTS);
        let mut regardes = 0;
        while stream.advance() && stream.key().starts_with(debut.as_bytes()) {
            regardes += 1;
            if regardes > REGARDES {
                self.incomplets = true;
                break;
            }
            if stream.key().len() > debut.len() {
                frequents.ajoute(stream.value());
            }
        }
        self.incomplets |= frequents.laisses;
        self.pas += regardes * PAS_DU_TERME;
        self.lit(champ, frequents, cout, listes)
    }

    fn proches(
        &mut self,
        champ: Champ,
        mot: &Mot,
        cout: Cout,
        listes: &mut Vec<(Cout, Liste)>,
    ) -> io::Result<()> {
        let builder = if mot.fautes == 1 {
            &UNE_FAUTE
        } else {
            &DEUX_FAUTES
        };
        let dfa = if mot.inacheve {
            builder.build_prefix_dfa(&mot.texte)
        } else {
            builder.build_dfa(&mot.texte)
        };
        let proches = Proches(dfa);
        let mut par_fautes = [Frequents::new(FAUTES), Frequents::new(FAUTES)];
        let mut stream = self
            .etage
            .termes(champ)
            .terms()
            .search(&proches)
            .into_stream()?;
        let mut regardes = 0;
        while stream.advance() {
            regardes += 1;
            if regardes > REGARDES {
                self.incomplets = true;
                break;
            }
            // Nobody mistakes the first letter and another one.
            let Distance::Exact(fautes @ 1..) = proches.0.eval(stream.key()) else {
                continue;
            };
            if fautes > 1 && stream.key().first() != mot.texte.as_bytes().first() {
                continue;
            }
            par_fautes[usize::from(fautes - 1).min(1)].ajoute(stream.value());
        }
        self.pas += regardes * PAS_DU_TERME;
        let debut = if mot.inacheve { cout::DEBUT } else { 0 };
        for (fautes, frequents) in (1..).zip(par_fautes) {
            self.lit(
                champ,
                frequents,
                cout + debut + fautes * cout::FAUTE,
                listes,
            )?;
        }
        Ok(())
    }

    /// The documents of some terms, read ahead as one list: a few terms stay lists of their own.
    fn lit(
        &mut self,
        champ: Champ,
        frequents: Frequents,
        cout: Cout,
        listes: &mut Vec<(Cout, Liste)>,
    ) -> io::Result<()> {
        let termes = frequents.termes();
        if termes.len() <= 3 {
            for terme in &termes {
                listes.push((cout, Liste::terme(self.etage.liste(champ, terme)?)));
            }
            return Ok(());
        }
        let en_tout: u32 = termes.iter().map(|terme| terme.doc_freq).sum();
        let mut ensemble = (en_tout >= NOMBREUX).then(|| Ensemble::vide(self.etage.documents()));
        let mut documents = Vec::new();
        let mut lus = 0;
        for terme in &termes {
            if lus > LUS {
                self.incomplets = true;
                break;
            }
            let mut liste = self.etage.liste(champ, terme)?;
            while liste.doc() != TERMINATED && lus <= LUS {
                lus += 1;
                match &mut ensemble {
                    Some(ensemble) => {
                        ensemble.ajoute(liste.doc());
                    }
                    None => documents.push(liste.doc()),
                }
                liste.advance();
            }
        }
        self.pas += lus as u64 / 2;
        if let Some(ensemble) = ensemble {
            documents = ensemble.documents();
        } else {
            documents.sort_unstable();
            documents.dedup();
        }
        listes.push((cout, Liste::Lue(documents, 0)));
        Ok(())
    }
}

/// The most frequent terms of those that were seen.
struct Frequents {
    au_plus: usize,
    vus: Vec<TermInfo>,
    /// The least frequent of those kept comes out first.
    gardes: BinaryHeap<Reverse<(u32, usize)>>,
    laisses: bool,
}

impl Frequents {
    fn new(au_plus: usize) -> Self {
        Self {
            au_plus,
            vus: Vec::new(),
            gardes: BinaryHeap::new(),
            laisses: false,
        }
    }

    fn ajoute(&mut self, terme: &TermInfo) {
        if self.gardes.len() < self.au_plus {
            self.gardes.push(Reverse((terme.doc_freq, self.vus.len())));
            self.vus.push(terme.clone());
            return;
        }
        self.laisses = true;
        if let Some(mut moins) = self.gardes.peek_mut()
            && moins.0.0 < terme.doc_freq
        {
            let place = moins.0.1;
            *moins = Reverse((terme.doc_freq, place));
            self.vus[place] = terme.clone();
        }
    }

    /// The most frequent first.
    fn termes(mut self) -> Vec<TermInfo> {
        self.vus.sort_by_key(|terme| Reverse(terme.doc_freq));
        self.vus
    }
}
