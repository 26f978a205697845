//! Lots read, looked up and written, in order.
//!
//! With several threads, the first lot goes to the first, the second to the second, and so on around; what
//! they made is taken in the same order. Each has one lot waiting and one made: order costs nothing, and
//! what is held does not grow with the file.

use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::forme::FormatEntree;
use super::lot::{Lecteur, Lot};
use super::plan::Plan;
use super::rendu::{Format, Rendu, schema, tete};
use super::source::{Fait, Source};
use super::{Ampleur, Bilan, EnrichirError, Suivi};

/// Threads that look up, at most: past that, one reads and one writes.
const THREADS: usize = 16;

/// Rows of a group of Parquet: all of its columns are held until it is written.
const GROUPE: usize = 50_000;

/// Where rows are written.
enum Ecrivain<W: Write + Send> {
    Octets(W),
    Parquet(Box<ArrowWriter<W>>),
}

impl<W: Write + Send> Ecrivain<W> {
    fn new(plan: &Plan, sortie: W) -> Result<Self, EnrichirError> {
        if plan.format != Format::Parquet {
            return Ok(Self::Octets(sortie));
        }
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_max_row_group_row_count(Some(GROUPE))
            .set_created_by("registre".to_owned())
            .build();
        let writer = ArrowWriter::try_new(sortie, schema(plan), Some(properties))?;
        Ok(Self::Parquet(Box::new(writer)))
    }

    fn ecrire(&mut self, rendu: &Rendu) -> Result<(), EnrichirError> {
        match (self, rendu) {
            (Self::Octets(sortie), Rendu::Octets(octets)) => {
                sortie.write_all(octets).map_err(EnrichirError::Ecriture)
            }
            (Self::Parquet(writer), Rendu::Colonnes(batch)) => Ok(writer.write(batch)?),
            // What renders and what writes follow the same format.
            _ => Err(EnrichirError::Panique),
        }
    }

    fn finir(self) -> Result<W, EnrichirError> {
        match self {
            Self::Octets(mut sortie) => {
                sortie.flush().map_err(EnrichirError::Ecriture)?;
                Ok(sortie)
            }
            Self::Parquet(writer) => Ok(writer.into_inner()?),
        }
    }
}

/// Enriches what is left of a file, from its first row on.
pub(super) fn derouler<R: Read + Send, W: Write + Send>(
    plan: &Plan,
    source: &Source,
    mut lecteur: Lecteur<R>,
    sortie: W,
    suivi: &dyn Suivi,
    ampleur: Ampleur,
) -> Result<(Bilan, W), EnrichirError> {
    let preambule = lecteur.prendre(plan.forme.preambule);
    let entete = if plan.forme.format == FormatEntree::Csv && plan.forme.entete {
        lecteur
            .entete(&plan.forme)
            .map_err(EnrichirError::Lecture)?
    } else {
        Lot::default()
    };
    let mut ecrivain = Ecrivain::new(plan, sortie)?;
    if plan.format != Format::Parquet {
        ecrivain.ecrire(&Rendu::Octets(tete(plan, &preambule, &entete)))?;
    }
    let mut bilan = Bilan::default();
    let threads = match ampleur {
        Ampleur::Discrete => 1,
        Ampleur::Entiere if !source.par_cle(plan) => 1,
        Ampleur::Entiere => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
    };
    let noter = |ecrivain: &mut Ecrivain<W>, bilan: &mut Bilan, fait: &Fait, octets: u64| {
        ecrivain.ecrire(&fait.rendu)?;
        bilan.lignes += fait.lignes;
        for (resultat, rows) in &fait.resultats {
            *bilan.resultats.entry(resultat).or_default() += rows;
        }
        suivi.avance(octets, fait.lignes);
        Ok::<_, EnrichirError>(())
    };
    if threads == 1 {
        while let Some(lot) = suivant(plan, source, &mut lecteur, suivi)? {
            let octets = lot.octets.len() as u64;
            let fait = source.enrichir(plan, &lot)?;
            noter(&mut ecrivain, &mut bilan, &fait, octets)?;
        }
        return Ok((bilan, ecrivain.finir()?));
    }
    cote_a_cote(
        plan,
        source,
        &mut lecteur,
        suivi,
        threads.min(THREADS),
        |fait, octets| noter(&mut ecrivain, &mut bilan, fait, octets),
    )?;
    Ok((bilan, ecrivain.finir()?))
}

fn suivant<R: Read>(
    plan: &Plan,
    source: &Source,
    lecteur: &mut Lecteur<R>,
    suivi: &dyn Suivi,
) -> Result<Option<Lot>, EnrichirError> {
    if suivi.arrete() {
        return Err(EnrichirError::Interrompu);
    }
    // A reading of the tables is worth waiting for many rows.
    lecteur
        .lot(&plan.forme, source.lignes(plan), !source.par_cle(plan))
        .map_err(EnrichirError::Lecture)
}

type Made = Result<(Fait, u64), EnrichirError>;

/// Reads on a thread, looks up on several, gives what they made in order on this one.
fn cote_a_cote<R: Read + Send>(
    plan: &Plan,
    source: &Source,
    lecteur: &mut Lecteur<R>,
    suivi: &dyn Suivi,
    threads: usize,
    mut noter: impl FnMut(&Fait, u64) -> Result<(), EnrichirError>,
) -> Result<(), EnrichirError> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let mut to: Vec<SyncSender<Lot>> = Vec::with_capacity(threads);
        let mut made: Vec<Receiver<Made>> = Vec::with_capacity(threads);
        for _ in 0..threads {
            let (send_lot, lots) = sync_channel::<Lot>(1);
            let (send_made, receive_made) = sync_channel(1);
            scope.spawn(move || {
                for lot in lots {
                    let octets = lot.octets.len() as u64;
                    let fait = source.enrichir(plan, &lot).map(|fait| (fait, octets));
                    if send_made.send(fait).is_err() {
                        return;
                    }
                }
            });
            to.push(send_lot);
            made.push(receive_made);
        }
        let stop = &stop;
        let reading = scope.spawn(move || -> Result<(), EnrichirError> {
            for turn in (0..threads).cycle() {
                if stop.load(Ordering::Relaxed) {
                    return Ok(());
                }
                let Some(lot) = suivant(plan, source, lecteur, suivi)? else {
                    return Ok(());
                };
                if to[turn].send(lot).is_err() {
                    return Ok(());
                }
            }
            Ok(())
        });
        let mut outcome = Ok(());
        // A thread that has nothing more to give ended with the reading.
        for turn in (0..threads).cycle() {
            let Ok(fait) = made[turn].recv() else { break };
            outcome = fait.and_then(|(fait, octets)| noter(&fait, octets));
            if outcome.is_err() {
                break;
            }
        }
        stop.store(true, Ordering::Relaxed);
        drop(made);
        let read = reading.join().unwrap_or(Err(EnrichirError::Panique));
        outcome.and(read)
    })
}
