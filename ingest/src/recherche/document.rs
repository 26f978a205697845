//! What is written of an organisation, and what never is.

use foldhash::fast::FixedState;
use registre_schemas::diffusion::is_masked;
use registre_schemas::recherche::mots::Mots;
use registre_schemas::recherche::{self, code, lieu};
use std::collections::HashSet;

/// An organisation being described; used again for the next one.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) nom: Termes,
    pub(super) soude: String,
    pub(super) autre: Termes,
    pub(super) adresse: Termes,
    pub(super) lieu: Termes,
    pub(super) code: String,
    pub(super) numero: u64,
    pub(super) taille: u64,
    pub(super) etage: usize,
    pub(super) creation: u64,
    pub(super) cessation: u64,
    pub(super) activite: u64,
    pub(super) categorie: u64,
    pub(super) effectifs: u64,
    pub(super) departement: u64,
    mots: Mots,
    lieux: String,
    recents: [String; RECENTS],
    suivant: usize,
}

/// Other names that are remembered: each period of a unit gives the same ones again, and most of its
/// établissements the same sign.
const RECENTS: usize = 4;

/// Terms of which a list is looked at from its start; of more, a set is kept.
const PEU: usize = 24;

/// Terms separated by spaces, each once.
#[derive(Debug, Default)]
pub(super) struct Termes {
    pub(super) texte: String,
    nombre: usize,
    vus: HashSet<String, FixedState>,
}

impl Termes {
    fn efface(&mut self) {
        self.texte.clear();
        self.nombre = 0;
        self.vus.clear();
    }

    fn tient(&self, terme: &str) -> bool {
        if self.vus.is_empty() {
            self.texte.split(' ').any(|tenu| tenu == terme)
        } else {
            self.vus.contains(terme)
        }
    }

    fn ajoute(&mut self, terme: &str) {
        if self.tient(terme) {
            return;
        }
        self.texte.push_str(terme);
        self.texte.push(' ');
        self.nombre += 1;
        if self.nombre == PEU {
            self.vus
                .extend(self.texte.split_ascii_whitespace().map(str::to_owned));
        } else if self.nombre > PEU {
            self.vus.insert(terme.to_owned());
        }
    }
}

impl Document {
    /// Nothing is known any more.
    pub(super) fn vide(&mut self) {
        let Self {
            nom,
            soude,
            autre,
            adresse,
            lieu,
            code,
            ..
        } = self;
        for termes in [nom, autre, adresse, lieu] {
            termes.efface();
        }
        soude.clear();
        code.clear();
        (self.numero, self.taille, self.etage) = (0, 0, 0);
        (self.creation, self.cessation) = (0, 0);
        (self.activite, self.categorie) = (0, 0);
        (self.effectifs, self.departement) = (99, 0);
        self.recents.iter_mut().for_each(String::clear);
    }

    /// Words of its name. What is masked is no word.
    pub(super) fn nomme(&mut self, texte: &str) {
        if is_masked(texte) {
            return;
        }
        self.mots.lire(texte);
        for mot in self.mots.forts() {
            self.nom.ajoute(mot);
        }
    }

    /// The same, of an organisation that is no natural person: its words may be typed as one.
    pub(super) fn nomme_et_soude(&mut self, texte: &str) {
        self.nomme(texte);
        if !is_masked(texte) {
            self.soude();
            self.retient(texte);
        }
    }

    fn retient(&mut self, texte: &str) {
        let recent = &mut self.recents[self.suivant];
        recent.clear();
        recent.push_str(texte);
        self.suivant = (self.suivant + 1) % RECENTS;
    }

    /// The words just read, as one.
    fn soude(&mut self) {
        for soude in self.mots.soudes() {
            if !self.soude.split(' ').any(|tenu| tenu == soude) {
                self.soude.push_str(&soude);
                self.soude.push(' ');
            }
        }
    }

    /// Words of another of its names; those of its name already lead to it.
    pub(super) fn surnomme(&mut self, texte: &str) {
        if texte.is_empty() || is_masked(texte) || self.recents.iter().any(|vu| vu == texte) {
            return;
        }
        self.retient(texte);
        self.mots.lire(texte);
        for mot in self.mots.forts() {
            if !self.nom.tient(mot) {
                self.autre.ajoute(mot);
            }
        }
        self.soude();
    }

    /// The street of one of its établissements.
    pub(super) fn habite(&mut self, voie: &str) {
        if voie.is_empty() || is_masked(voie) {
            return;
        }
        self.mots.lire(voie);
        for mot in self.mots.forts() {
            self.adresse.ajoute(mot);
        }
    }

    /// Where one of its établissements is.
    pub(super) fn se_trouve(
        &mut self,
        code_commune: &str,
        code_postal: &str,
        position: Option<(f64, f64)>,
    ) {
        let dit = |texte: &'_ str| !is_masked(texte);
        self.lieux.clear();
        lieu::ecrire(
            &mut self.lieux,
            if dit(code_commune) { code_commune } else { "" },
            if dit(code_postal) { code_postal } else { "" },
            position,
        );
        for terme in self.lieux.split_ascii_whitespace() {
            self.lieu.ajoute(terme);
        }
    }

    /// What it is, by a code of the register.
    pub(super) fn est(&mut self, lettre: char, code: &str) {
        if !code.is_empty() && !is_masked(code) {
            self.code.push(lettre);
            self.code.push_str(code);
            self.code.push(' ');
        }
    }

    /// What it is.
    pub(super) fn est_aussi(&mut self, terme: &str) {
        self.code.push_str(terme);
        self.code.push(' ');
    }

    /// When it was created, in days since 1970-01-01.
    pub(super) fn nait(&mut self, jour: Option<i32>) {
        self.creation = jour.map_or(0, |jour| recherche::jour_connu(jour.into()));
    }

    /// When it ceased, in days since 1970-01-01: the last time, of one that has ceased several.
    pub(super) fn cesse(&mut self, jour: Option<i32>) {
        let jour = jour.map_or(0, |jour| recherche::jour_connu(jour.into()));
        self.cessation = self.cessation.max(jour);
    }

    /// The months and the years of what is known of its life, once all of it is.
    pub(super) fn date(&mut self) {
        for (lettre, jour) in [
            (code::CREATION, self.creation),
            (code::CESSATION, self.cessation),
        ] {
            if jour > 0
                && let Some(mois) = recherche::mois(jour)
            {
                self.est_aussi(&code::du_mois(lettre, mois));
                self.est_aussi(&code::de_l_annee(lettre, mois / 12));
            }
        }
    }
}
