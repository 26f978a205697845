//! The registers, asked for the rows of a lot.

use registre_schemas::identifiers::Identifier;
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

use super::forme::{FormatEntree, Forme};
use super::lot::{Lecteur, Ligne, Lot, cellule, contenu, json_en_texte, objet};
use super::noms::{Recherche, Trouves, par_recherche};
use super::plan::Plan;
use super::rendu::{Rangee, Rendeur, Rendu};
use super::texte::Encodage;
use super::verdict::{Fiche, Question};
use super::{Compris, EnrichirError, Options};
use crate::catalog::Snapshot;
use crate::dossier::{self, Besoins, Dossier};
use crate::engine::PoolError;
use crate::organisation::demande::Demande;
use crate::organisation::http::dates;

/// Rows of a lot when they are looked up one by one, in a few microseconds each.
const PAR_CLE: usize = 2048;

/// Dossiers held at once: with its block, one takes some six kilobytes, and these stay in the processor's
/// cache. Of a million SIRETs at random, 64 and 256 take as long; 16, and 1 024, a tenth more.
const DOSSIERS: usize = 64;

/// Rows of a lot by name: a reading of the tables finds them all.
const PAR_NOM: usize = 20_000;

/// Rows of a lot without fiches: the same, and all that is known of them is held.
const PAR_LECTURE: usize = 5_000;

/// How long a reading of the tables of the country may take, when nobody waits for an answer.
const LECTURE: Duration = Duration::from_mins(5);

/// Times a connection is asked for again when none is free, and how long to wait in between.
const TRIES: usize = 60;
const PAUSE: Duration = Duration::from_millis(500);

/// A snapshot, asked from a thread that may wait.
pub(super) struct Source {
    snapshot: Arc<Snapshot>,
    handle: Handle,
}

/// The dossiers of some rows.
struct Dossiers {
    dossiers: Vec<Dossier>,
    /// Which of them is that of each row that asks for one: several rows may ask for the same.
    places: Vec<Option<usize>>,
}

impl Dossiers {
    fn get(&self, ligne: usize) -> Option<&Dossier> {
        self.dossiers.get((*self.places.get(ligne)?)?)
    }
}

/// A lot, enriched.
pub(super) struct Fait {
    pub(super) rendu: Rendu,
    pub(super) lignes: u64,
    pub(super) resultats: BTreeMap<&'static str, u64>,
}

impl Source {
    pub(super) fn new(snapshot: Arc<Snapshot>, handle: Handle) -> Self {
        Self { snapshot, handle }
    }

    /// What is done to each row of a file.
    pub(super) fn plan<R: Read>(
        &self,
        lecteur: &mut Lecteur<R>,
        options: &Options,
    ) -> Result<Plan, EnrichirError> {
        let (octets, tout_lu) = lecteur.apercu();
        let forme = Forme::de(octets, tout_lu, options)?;
        Plan::de(forme, options, dates(&self.snapshot))
    }

    pub(super) fn compris(&self, plan: &Plan, options: &Options) -> Compris {
        Compris {
            lues: plan.lues(),
            renommees: plan.renommees(&options.prefixe),
            snapshot: self.snapshot.manifest.id.clone(),
            format: plan.format,
            encodage: plan.forme.encodage,
        }
    }

    /// How many rows are asked about at once: as many as are worth a reading of the tables, when it takes
    /// one.
    pub(super) fn lignes(&self, plan: &Plan) -> usize {
        match (plan.cles.nom, self.snapshot.fiches()) {
            (None, Some(_)) => PAR_CLE,
            (Some(_), Some(_)) => PAR_NOM,
            (_, None) => PAR_LECTURE,
        }
    }

    /// Whether rows are looked up by their number alone, on as many threads as there are: DuckDB has its
    /// own.
    pub(super) fn par_cle(&self, plan: &Plan) -> bool {
        self.lignes(plan) == PAR_CLE
    }

    /// The rows of a lot, with what is added.
    pub(super) fn enrichir(&self, plan: &Plan, lot: &Lot) -> Result<Fait, EnrichirError> {
        let objets: Vec<_> = match plan.forme.format {
            FormatEntree::Csv => Vec::new(),
            FormatEntree::Ndjson => lot
                .lignes
                .iter()
                .map(|ligne| objet(lot.octets(ligne)))
                .collect(),
        };
        let mut questions: Vec<Question> = lot
            .lignes
            .iter()
            .enumerate()
            .map(|(index, ligne)| {
                let objet = objets.get(index).and_then(Option::as_ref);
                question(plan, Rangee { lot, ligne, objet })
            })
            .collect();
        self.chercher_les_noms(&mut questions)?;
        let mut rendeur = Rendeur::de(plan, lot);
        let mut resultats = BTreeMap::new();
        // Dossiers are large: those of some rows are held, not those of all.
        let some = self.par_dossiers();
        let groups = lot.lignes.chunks(some).zip(questions.chunks(some));
        for (group, (lignes, questions)) in groups.enumerate() {
            let dossiers = self.dossiers_de(questions, plan.besoins)?;
            for (index, (ligne, question)) in lignes.iter().zip(questions).enumerate() {
                let fiche = Fiche::de(question, dossiers.get(index), plan.au, plan.organisation);
                *resultats.entry(fiche.resultat).or_default() += 1;
                let objet = objets.get(group * some + index).and_then(Option::as_ref);
                rendeur.ajouter(Rangee { lot, ligne, objet }, &fiche);
            }
        }
        Ok(Fait {
            rendu: rendeur.finir()?,
            lignes: lot.lignes.len() as u64,
            resultats,
        })
    }

    /// How many dossiers are asked for at once.
    fn par_dossiers(&self) -> usize {
        if self.snapshot.fiches().is_some() {
            DOSSIERS
        } else {
            PAR_LECTURE
        }
    }

    /// The dossiers of the numbers that are asked, in the order of the fiches, each once: neighbours are
    /// in one block.
    fn dossiers_de(&self, questions: &[Question], besoins: Besoins) -> Result<Dossiers, PoolError> {
        let asked = questions.iter().enumerate();
        let mut asked: Vec<(&Identifier, usize)> = asked
            .filter_map(|(ligne, question)| Some((question.identifiant()?, ligne)))
            .collect();
        asked.sort_unstable_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
        let mut identifiants: Vec<Identifier> = Vec::with_capacity(asked.len());
        let mut places = vec![None; questions.len()];
        for (identifiant, ligne) in asked {
            if identifiants.last() != Some(identifiant) {
                identifiants.push(identifiant.clone());
            }
            places[ligne] = identifiants.len().checked_sub(1);
        }
        let dossiers = self.dossiers(&identifiants, besoins)?;
        Ok(Dossiers { dossiers, places })
    }

    /// As many dossiers as identifiers, in their order.
    fn dossiers(
        &self,
        identifiants: &[Identifier],
        besoins: Besoins,
    ) -> Result<Vec<Dossier>, PoolError> {
        if identifiants.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(fiches) = self.snapshot.fiches() {
            let gathered = fiches.ask_here(|reader| {
                let dossiers = identifiants
                    .iter()
                    .map(|identifiant| dossier::gather_for(reader, identifiant, besoins));
                dossiers.collect()
            });
            if let Some(dossiers) = fiches.read(gathered) {
                return Ok(dossiers);
            }
        }
        self.attendre(|| {
            self.snapshot
                .engine
                .dossiers_within(identifiants.to_vec(), besoins, LECTURE)
        })
    }

    /// Who has the names that are asked for.
    fn chercher_les_noms(&self, questions: &mut [Question]) -> Result<(), PoolError> {
        let recherches: Vec<Recherche> = questions
            .iter()
            .filter_map(|question| match question {
                Question::Nom(trouves) => Some(trouves.recherche().clone()),
                _ => None,
            })
            .collect();
        if recherches.is_empty() {
            return Ok(());
        }
        let found = self.attendre(|| self.snapshot.engine.nommes(recherches.clone(), LECTURE))?;
        let by = par_recherche(found);
        for question in questions {
            if let Question::Nom(trouves) = question
                && let Some(found) = by.get(trouves.recherche())
            {
                trouves.prendre(found);
            }
        }
        Ok(())
    }

    /// Asks again while no connection is free.
    fn attendre<T, F: Future<Output = Result<T, PoolError>>>(
        &self,
        ask: impl Fn() -> F,
    ) -> Result<T, PoolError> {
        let mut tries = 0;
        loop {
            match self.handle.block_on(ask()) {
                Err(PoolError::Busy) if tries < TRIES => {
                    tries += 1;
                    std::thread::sleep(PAUSE);
                }
                outcome => return outcome,
            }
        }
    }
}

/// What a row asks.
fn question(plan: &Plan, rangee: Rangee<'_>) -> Question {
    let Rangee { lot, ligne, objet } = rangee;
    let forme = &plan.forme;
    match forme.format {
        FormatEntree::Ndjson => {
            if lot.octets(ligne).trim_ascii().is_empty() {
                return vide();
            }
            let Some(objet) = objet else {
                return Question::Faute(
                    "json_invalide",
                    "La ligne n'est pas un objet JSON.".to_owned(),
                );
            };
            let texte = |index: usize| objet.get(&forme.noms[index]).map(json_en_texte);
            demander(
                plan,
                |index| texte(index).map(|texte| Demande::of(&texte)),
                |index| texte(index).unwrap_or_default(),
            )
        }
        FormatEntree::Csv => {
            if lot.octets(ligne).trim_ascii().is_empty() {
                return vide();
            }
            let asked = demander(
                plan,
                |index| demande(lot, ligne, index, forme.encodage),
                |index| {
                    let octets = lot.champ(ligne, index).unwrap_or_default();
                    cellule(octets, forme.encodage).into_owned()
                },
            );
            let largeur = lot.largeur(ligne);
            if largeur == forme.noms.len() || asked.identifiant().is_some() {
                // A number whose key is right is where it should be.
                return asked;
            }
            Question::Faute(
                "nombre_de_cellules",
                format!(
                    "La ligne a {largeur} cellule{}, l'en-tête en a {}.",
                    if largeur > 1 { "s" } else { "" },
                    forme.noms.len()
                ),
            )
        }
    }
}

fn vide() -> Question {
    Question::Faute("ligne_vide", "La ligne est vide.".to_owned())
}

/// The number first; a name for a row that has none.
fn demander(
    plan: &Plan,
    numero: impl Fn(usize) -> Option<Demande>,
    texte: impl Fn(usize) -> String,
) -> Question {
    let demande = plan
        .cles
        .identifiant
        .map(|index| numero(index).unwrap_or_else(|| Demande::of("")));
    let Some((nom, code_postal)) = plan.cles.nom else {
        return Question::Numero(demande.unwrap_or_else(|| Demande::of("")));
    };
    if let Some(demande) = demande.filter(|demande| !demande.text.trim().is_empty()) {
        return Question::Numero(demande);
    }
    match Recherche::de(&texte(nom), &texte(code_postal)) {
        Ok(recherche) => Question::Nom(Trouves::personne(recherche)),
        Err("nom_trop_long") => Question::Faute(
            "nom_trop_long",
            "Le nom dépasse la longueur de tout nom de registre.".to_owned(),
        ),
        Err(code) => Question::Faute(
            code,
            "Un nom et un code postal de cinq chiffres sont attendus.".to_owned(),
        ),
    }
}

fn demande(lot: &Lot, ligne: &Ligne, index: usize, encodage: Encodage) -> Option<Demande> {
    let octets = contenu(lot.champ(ligne, index)?);
    Some(match encodage {
        Encodage::Utf8 => Demande::of_bytes(&octets),
        Encodage::Windows1252 => Demande::of(&encodage.lire(&octets)),
    })
}
