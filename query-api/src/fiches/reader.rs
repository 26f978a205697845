//! What the fiches have of an organisation, as [`Record`]s.

use registre_schemas::association::ASSOCIATION;
use registre_schemas::association_utilite_publique::ASSOCIATION_UTILITE_PUBLIQUE;
use registre_schemas::etablissement::{ETABLISSEMENT, LIEN_SUCCESSION};
use registre_schemas::fiche::block::{entries, find};
use registre_schemas::fiche::body::{Association, Cells, Etablissement, Of, Source, Unite};
use registre_schemas::identifiers::{Siren, Siret};
use registre_schemas::lien_siren_rna::LIEN_SIREN_RNA;
use registre_schemas::periode::{ETABLISSEMENT_PERIODE, UNITE_LEGALE_PERIODE};
use registre_schemas::unite_legale::{DOUBLON, UNITE_LEGALE};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::blocks::Blocks;
use super::rows::{FicheRow, Part};
use super::{Fiches, FichesError};
use crate::record::{Record, at};
use crate::text::digits;

/// Fiches being read for one answer: a block is read once.
pub(crate) struct Reader<'f> {
    fiches: &'f Arc<Fiches>,
    may_wait: bool,
    read: RefCell<Vec<Read>>,
    last: RefCell<Option<Rc<Opened>>>,
}

/// The entry of a SIREN, read.
struct Opened {
    siren: Siren,
    unite: Unite,
    block: Arc<Vec<u8>>,
    /// The établissement last asked of it.
    asked: RefCell<Option<Rc<Etablissement>>>,
}

struct Read {
    file: &'static str,
    block: usize,
    bytes: Arc<Vec<u8>>,
}

/// NIC in a SIREN.
const NICS: u64 = 100_000;

impl<'f> Reader<'f> {
    /// Only what is in memory.
    pub(super) fn of_memory(fiches: &'f Arc<Fiches>) -> Self {
        Self::new(fiches, false)
    }

    /// Waiting for the disk when needed.
    pub(super) fn of_disk(fiches: &'f Arc<Fiches>) -> Self {
        Self::new(fiches, true)
    }

    fn new(fiches: &'f Arc<Fiches>, may_wait: bool) -> Self {
        Self {
            fiches,
            may_wait,
            read: RefCell::default(),
            last: RefCell::default(),
        }
    }

    fn bytes(&self, file: &Blocks, block: usize) -> Result<Arc<Vec<u8>>, FichesError> {
        let known = |read: &&Read| read.file == file.name() && read.block == block;
        if let Some(read) = self.read.borrow().iter().find(known) {
            return Ok(Arc::clone(&read.bytes));
        }
        let bytes = Arc::new(file.read(block, self.may_wait)?);
        let mut read = self.read.borrow_mut();
        // A long chain of successions must not hold all it went through.
        if read.len() >= 4 {
            read.remove(0);
        }
        read.push(Read {
            file: file.name(),
            block,
            bytes: Arc::clone(&bytes),
        });
        Ok(bytes)
    }

    fn source<'b>(&'b self, block: &'b [u8]) -> Source<'b> {
        Source {
            coding: &self.fiches.sirene_coding,
            block,
        }
    }

    /// The entry of a SIREN, none when there is none; the last one asked is remembered.
    fn open(&self, siren: Siren) -> Result<Option<Rc<Opened>>, FichesError> {
        if let Some(last) = &*self.last.borrow()
            && last.siren == siren
        {
            return Ok(Some(Rc::clone(last)));
        }
        let file = &self.fiches.sirene;
        let key = siren.as_str().as_bytes();
        let Some(block) = file.find(key) else {
            return Ok(None);
        };
        let block = self.bytes(file, block)?;
        let Some(body) = find(&block, key) else {
            return Ok(None);
        };
        let unite = Unite::read(self.source(&block), &body, number(siren.as_str()));
        let unite = unite.ok_or_else(|| self.unreadable(siren))?;
        let opened = Rc::new(Opened {
            siren,
            unite,
            block,
            asked: RefCell::default(),
        });
        *self.last.borrow_mut() = Some(Rc::clone(&opened));
        Ok(Some(opened))
    }

    fn unreadable(&self, siren: Siren) -> FichesError {
        let file = &self.fiches.sirene;
        file.damaged(format!("the entry of {siren} cannot be read"))
    }

    /// What is made of the entry of a SIREN; none when there is no entry.
    fn in_unite<T>(
        &self,
        siren: Siren,
        made: impl FnOnce(&Unite, &Arc<Vec<u8>>) -> Option<T>,
    ) -> Result<Option<T>, FichesError> {
        let Some(opened) = self.open(siren)? else {
            return Ok(None);
        };
        let made = made(&opened.unite, &opened.block);
        made.map(Some).ok_or_else(|| self.unreadable(siren))
    }

    /// What is made of the établissement of a SIRET; none when there is none.
    fn etablissement_of<T>(
        &self,
        siret: Siret,
        made: impl Fn(&Etablissement, &Arc<Vec<u8>>) -> Option<T>,
    ) -> Result<Option<T>, FichesError> {
        let siren = siret.siren();
        let Some(opened) = self.open(siren)? else {
            return Ok(None);
        };
        let nic = number(siret.as_str()) % NICS;
        let asked = opened.asked.borrow().clone();
        let within = match asked.filter(|asked| asked.nic == nic) {
            None => self.within(&opened, nic)?,
            asked => asked,
        };
        if let Some(found) = within {
            let made = made(&found, &opened.block);
            *opened.asked.borrow_mut() = Some(found);
            return made.map(Some).ok_or_else(|| self.unreadable(siren));
        }
        if opened.unite.is_whole() {
            return Ok(None);
        }
        let Some(block) = self.fiches.sirene.find(siret.as_str().as_bytes()) else {
            return Ok(None);
        };
        let mut found = None;
        self.others(siren, block, |etablissement, block| {
            if etablissement.nic == nic {
                found = Some(made(etablissement, block)?);
            }
            Some(found.is_none())
        })?;
        Ok(found)
    }

    /// The établissement of that NIC, when the entry of its unit has it.
    fn within(&self, of: &Opened, nic: u64) -> Result<Option<Rc<Etablissement>>, FichesError> {
        let found = of.unite.etablissement(self.source(&of.block), nic);
        let found = found.ok_or_else(|| self.unreadable(of.siren))?;
        Ok(found.map(Rc::new))
    }

    /// Goes through the établissements of a block that only a large unit has, until told to stop.
    /// `false` when the block is not one of those.
    fn others(
        &self,
        siren: Siren,
        block: usize,
        mut each: impl FnMut(&Etablissement, &Arc<Vec<u8>>) -> Option<bool>,
    ) -> Result<bool, FichesError> {
        let file = &self.fiches.sirene;
        let is_own = |key: &[u8]| key.len() == 14 && key.starts_with(siren.as_str().as_bytes());
        if !file.first_key(block).is_some_and(is_own) {
            return Ok(false);
        }
        let bytes = self.bytes(file, block)?;
        let source = self.source(&bytes);
        let mut first: Option<Etablissement> = None;
        let unreadable = || file.damaged(format!("an établissement of {siren} cannot be read"));
        for entry in entries(&bytes) {
            let nic = std::str::from_utf8(&entry.key).map_or(0, number) % NICS;
            let base = first.as_ref().and_then(Etablissement::row);
            let base = base.map(|row| {
                source
                    .coding
                    .after_itself(Of::Etablissement, source.row(row))
            });
            let siren = number(siren.as_str());
            let read = Etablissement::read(source, &entry.body, siren, nic, base.as_ref());
            let read = read.ok_or_else(unreadable)?;
            if !each(&read, &bytes).ok_or_else(unreadable)? {
                return Ok(true);
            }
            first.get_or_insert(read);
        }
        Ok(true)
    }

    fn record(
        &self,
        of: Of,
        cells: &Cells,
        block: &Arc<Vec<u8>>,
        implied: &[(usize, &str)],
    ) -> Record {
        FicheRow::record(self.fiches, Part::Sirene(of), cells, block, implied)
    }

    /// The row of an établissement; none when only links or periods speak of it.
    fn row_of(
        &self,
        siren: &str,
        etablissement: &Etablissement,
        block: &Arc<Vec<u8>>,
    ) -> Option<Record> {
        let mut siret = [b'0'; 14];
        siret[..9].copy_from_slice(siren.as_bytes().first_chunk::<9>()?);
        digits(&mut siret[9..], etablissement.nic);
        let siret = std::str::from_utf8(&siret).ok()?;
        let implied = [
            (at!(ETABLISSEMENT, "siren"), siren),
            (at!(ETABLISSEMENT, "nic"), &siret[9..]),
            (at!(ETABLISSEMENT, "siret"), siret),
        ];
        let row = etablissement.row()?;
        Some(self.record(Of::Etablissement, row, block, &implied))
    }

    /// The unité légale of that SIREN.
    pub(super) fn unite(&self, siren: Siren) -> Result<Option<Record>, FichesError> {
        let implied = [(at!(UNITE_LEGALE, "siren"), siren.as_str())];
        let row = self.in_unite(siren, |unite, block| {
            let row = unite.row();
            Some(row.map(|row| self.record(Of::Unite, row, block, &implied)))
        })?;
        Ok(row.flatten())
    }

    /// The établissement of that SIRET.
    pub(super) fn of_siret(&self, siret: Siret) -> Result<Option<Record>, FichesError> {
        let siren = siret.siren();
        let row = self.etablissement_of(siret, |found, block| {
            Some(self.row_of(siren.as_str(), found, block))
        })?;
        Ok(row.flatten())
    }

    /// How many établissements a unit has, and how many of them are active.
    pub(super) fn counts(&self, siren: Siren) -> Result<(u64, u64), FichesError> {
        let counts = self.in_unite(siren, |unite, _block| Some(unite.counts()))?;
        Ok(counts.unwrap_or_default())
    }

    /// Établissements of a unit whose row is chosen, in the order of SIRET, after one of them.
    pub(super) fn of_siren(
        &self,
        siren: Siren,
        after: Option<Siret>,
        at_most: usize,
        chosen: impl Fn(&Record) -> bool,
    ) -> Result<Vec<Record>, FichesError> {
        let mut records = Vec::new();
        let after = after.map(|siret| number(siret.as_str()) % NICS);
        let key = siren.as_str();
        let mut take = |etablissement: &Etablissement, block: &Arc<Vec<u8>>| {
            if after.is_none_or(|after| etablissement.nic > after)
                && let Some(record) = self.row_of(key, etablissement, block)
                && chosen(&record)
            {
                records.push(record);
            }
            records.len() < at_most
        };
        let more = self.in_unite(siren, |unite, block| {
            let own = unite.etablissements(self.source(block))?;
            let more = own.iter().all(|etablissement| take(etablissement, block));
            Some(more && !unite.is_whole())
        })?;
        if more != Some(true) {
            return Ok(records);
        }
        let file = &self.fiches.sirene;
        let first = file.find(key.as_bytes()).map_or(0, |block| block + 1);
        let from = after.and_then(|nic| file.find(format!("{key}{nic:05}").as_bytes()));
        let mut block = from.map_or(first, |from| from.max(first));
        let mut more = true;
        while more
            && self.others(siren, block, |etablissement, block| {
                more = take(etablissement, block);
                Some(more)
            })?
        {
            block += 1;
        }
        Ok(records)
    }

    /// Rows of a list of a unit: doublons both ways, links with the RNA.
    pub(super) fn list(&self, siren: Siren, of: Of) -> Result<Vec<Record>, FichesError> {
        let own = match of {
            Of::DoublonDe => at!(DOUBLON, "sirenDoublon"),
            Of::Doublons => at!(DOUBLON, "siren"),
            _ => at!(LIEN_SIREN_RNA, "siren"),
        };
        let implied = [(own, siren.as_str())];
        let rows = self.in_unite(siren, |unite, block| {
            let list = unite.list(self.source(block), of)?;
            let record = |cells: &Cells| self.record(of, cells, block, &implied);
            Some(list.iter().map(record).collect())
        })?;
        Ok(rows.unwrap_or_default())
    }

    /// Periods of a unit, the latest first.
    pub(super) fn periodes_of_siren(&self, siren: Siren) -> Result<Vec<Record>, FichesError> {
        let implied = [(at!(UNITE_LEGALE_PERIODE, "siren"), siren.as_str())];
        let rows = self.in_unite(siren, |unite, block| {
            let list = unite.periodes(self.source(block))?;
            let record = |cells: &Cells| self.record(Of::UnitePeriodes, cells, block, &implied);
            Some(list.iter().map(record).collect())
        })?;
        Ok(rows.unwrap_or_default())
    }

    /// Periods of an établissement, the latest first.
    pub(super) fn periodes_of_siret(&self, siret: Siret) -> Result<Vec<Record>, FichesError> {
        let (siren, text) = (siret.siren(), siret.as_str());
        let implied = [
            (at!(ETABLISSEMENT_PERIODE, "siren"), siren.as_str()),
            (at!(ETABLISSEMENT_PERIODE, "nic"), &text[9..]),
            (at!(ETABLISSEMENT_PERIODE, "siret"), text),
        ];
        let rows = self.etablissement_of(siret, |found, block| {
            let list = found.periodes(self.source(block))?;
            let of = Of::EtablissementPeriodes;
            let record = |cells: &Cells| self.record(of, cells, block, &implied);
            Some(list.iter().map(record).collect())
        })?;
        Ok(rows.unwrap_or_default())
    }

    /// Links of succession of an établissement: [`Of::Successeurs`] or [`Of::Predecesseurs`].
    pub(super) fn successions(&self, siret: Siret, of: Of) -> Result<Vec<Record>, FichesError> {
        let own = if of == Of::Successeurs {
            at!(LIEN_SUCCESSION, "siretEtablissementPredecesseur")
        } else {
            at!(LIEN_SUCCESSION, "siretEtablissementSuccesseur")
        };
        let implied = [(own, siret.as_str())];
        let rows = self.etablissement_of(siret, |found, block| {
            let list = found.list(self.source(block), of)?;
            let record = |cells: &Cells| self.record(of, cells, block, &implied);
            Some(list.iter().map(record).collect())
        })?;
        Ok(rows.unwrap_or_default())
    }

    /// What is known of an RNA number: the association, its links, and its rows in the list of those
    /// reconnues d'utilité publique.
    pub(super) fn of_id(&self, id: &str) -> Result<Option<AssociationRows>, FichesError> {
        let file = &self.fiches.rna;
        let Some(block) = file.find(id.as_bytes()) else {
            return Ok(None);
        };
        let bytes = self.bytes(file, block)?;
        let Some(body) = find(&bytes, id.as_bytes()) else {
            return Ok(None);
        };
        let coding = &self.fiches.rna_coding;
        let unreadable = || file.damaged(format!("the entry of {id} cannot be read"));
        let read = Association::read(coding, &bytes, &body).ok_or_else(unreadable)?;
        let record = |place: usize, id_column: usize, cells: &Cells| {
            let implied = [(id_column, id)];
            FicheRow::record(self.fiches, Part::Rna(place), cells, &bytes, &implied)
        };
        let lien = |cells| record(1, at!(LIEN_SIREN_RNA, "id"), cells);
        let utilite_publique = |cells| record(2, at!(ASSOCIATION_UTILITE_PUBLIQUE, "id"), cells);
        Ok(Some(AssociationRows {
            association: read
                .row
                .as_ref()
                .map(|cells| record(0, at!(ASSOCIATION, "id"), cells)),
            liens: read.liens.iter().map(lien).collect(),
            utilite_publique: read.utilite_publique.iter().map(utilite_publique).collect(),
        }))
    }
}

/// Rows about an RNA number.
pub(super) struct AssociationRows {
    pub(super) association: Option<Record>,
    /// Rows of `lien_siren_rna`, by SIREN.
    pub(super) liens: Vec<Record>,
    pub(super) utilite_publique: Vec<Record>,
}

fn number(digits: &str) -> u64 {
    digits.parse().unwrap_or_default()
}
