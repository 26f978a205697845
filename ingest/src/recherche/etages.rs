//! Documents into the segments of each floor.

use registre_schemas::recherche::{ETAGES, champ};
use std::fs;
use std::path::{Path, PathBuf};
use tantivy::indexer::{SingleSegmentIndexWriter, merge_filtered_segments};
use tantivy::schema::{
    Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::store::Compressor;
use tantivy::{Index, IndexSettings, TantivyDocument};

use super::document::Document;
use super::failed;
use crate::error::IngestError;

/// Bytes of documents held by all threads before a segment is written.
const TENU: usize = 480 * 1024 * 1024;

/// What a writer may take before it must not be given more; ours are emptied before.
const BUDGET: usize = 2 * TENU;

/// The fields of a document. Nothing is stored: what is shown is read in the fiches, by number.
pub(super) fn schema() -> Schema {
    let mut schema = Schema::builder();
    for nom in champ::TEXTES {
        // How often a word is in a name says nothing of it; how many words there are says how much of the
        // name was asked.
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("whitespace")
            .set_index_option(IndexRecordOption::Basic)
            .set_fieldnorms(nom == champ::NOM);
        schema.add_text_field(nom, TextOptions::default().set_indexing_options(indexing));
    }
    for nom in champ::NOMBRES {
        schema.add_u64_field(nom, NumericOptions::default().set_fast());
    }
    schema.build()
}

/// The segments being made by one thread.
pub(super) struct Etages {
    folder: PathBuf,
    schema: Schema,
    champs: Vec<Field>,
    ouverts: Vec<Option<SingleSegmentIndexWriter>>,
    faits: Vec<Vec<Index>>,
    tenu: usize,
    depuis: usize,
}

impl Etages {
    /// None yet, in a folder of theirs; `parts` make some at once.
    pub(super) fn new(folder: PathBuf, schema: &Schema, parts: usize) -> Result<Self, IngestError> {
        let champs = champ::TEXTES.iter().chain(&champ::NOMBRES);
        let champs = champs
            .map(|nom| schema.get_field(nom))
            .collect::<tantivy::Result<_>>()
            .map_err(|error| failed(&error))?;
        Ok(Self {
            folder,
            schema: schema.clone(),
            champs,
            ouverts: (0..ETAGES).map(|_| None).collect(),
            faits: (0..ETAGES).map(|_| Vec::new()).collect(),
            tenu: TENU / parts,
            depuis: 0,
        })
    }

    /// Adds a document to its floor.
    pub(super) fn add(&mut self, document: &Document) -> Result<(), IngestError> {
        let mut written = TantivyDocument::new();
        let textes = [
            &document.nom.texte,
            &document.soude,
            &document.autre.texte,
            &document.adresse.texte,
            &document.lieu.texte,
            &document.code,
        ];
        let nombres = [
            document.numero,
            document.taille,
            document.creation,
            document.cessation,
            document.activite,
            document.categorie,
            document.effectifs,
            document.departement,
        ];
        let (of_texts, of_numbers) = self.champs.split_at(textes.len());
        for (champ, texte) in of_texts.iter().zip(textes) {
            if !texte.is_empty() {
                written.add_text(*champ, texte);
            }
        }
        for (champ, nombre) in of_numbers.iter().zip(nombres) {
            written.add_u64(*champ, nombre);
        }
        self.ouvert(document.etage)?
            .add_document(written)
            .map_err(|error| failed(&error))?;
        self.depuis += 1;
        if self.depuis == 8192 {
            self.depuis = 0;
            self.allege()?;
        }
        Ok(())
    }

    fn ouvert(&mut self, etage: usize) -> Result<&mut SingleSegmentIndexWriter, IngestError> {
        if self.ouverts[etage].is_none() {
            let folder = self
                .folder
                .join(format!("{etage}-{}", self.faits[etage].len()));
            fs::create_dir_all(&folder).map_err(IngestError::io("create folder", &folder))?;
            let directory =
                tantivy::directory::MmapDirectory::open(&folder).map_err(|error| failed(&error))?;
            let writer = Index::builder()
                .schema(self.schema.clone())
                .settings(settings())
                .single_segment_index_writer(directory, BUDGET)
                .map_err(|error| failed(&error))?;
            self.ouverts[etage] = Some(writer);
        }
        self.ouverts[etage]
            .as_mut()
            .ok_or_else(|| failed(&"a floor that was opened is not"))
    }

    /// Writes the segment that holds most, when too much is held.
    fn allege(&mut self) -> Result<(), IngestError> {
        let tenus = self.ouverts.iter().enumerate();
        let tenus: Vec<(usize, usize)> = tenus
            .filter_map(|(etage, ouvert)| Some((ouvert.as_ref()?.mem_usage(), etage)))
            .collect();
        if tenus.iter().map(|(octets, _)| octets).sum::<usize>() < self.tenu {
            return Ok(());
        }
        match tenus.iter().max() {
            Some((_, etage)) => self.ferme(*etage),
            None => Ok(()),
        }
    }

    fn ferme(&mut self, etage: usize) -> Result<(), IngestError> {
        if let Some(writer) = self.ouverts[etage].take() {
            let index = writer.finalize().map_err(|error| failed(&error))?;
            self.faits[etage].push(index);
        }
        Ok(())
    }

    /// The segments of each floor.
    pub(super) fn finit(mut self) -> Result<Vec<Vec<Index>>, IngestError> {
        for etage in 0..ETAGES {
            self.ferme(etage)?;
        }
        Ok(self.faits)
    }
}

fn settings() -> IndexSettings {
    IndexSettings {
        docstore_compression: Compressor::None,
        docstore_compress_dedicated_thread: false,
        ..IndexSettings::default()
    }
}

/// A floor: the files of its segments, and how many documents there are.
pub(super) struct Etage {
    pub(super) folder: PathBuf,
    pub(super) documents: u64,
}

/// The segments of a floor as one, in a folder of its own.
pub(super) fn reunis<'a>(
    segments: impl Iterator<Item = &'a Index>,
    folder: &Path,
    schema: &Schema,
) -> Result<Etage, IngestError> {
    fs::create_dir_all(folder).map_err(IngestError::io("create folder", folder))?;
    let fault = |error: tantivy::TantivyError| failed(&error);
    let directory =
        tantivy::directory::MmapDirectory::open(folder).map_err(|error| failed(&error))?;
    let mut reunis = Vec::new();
    for index in segments {
        reunis.extend(index.searchable_segments().map_err(fault)?);
    }
    let documents = reunis
        .iter()
        .map(|segment| u64::from(segment.meta().num_docs()));
    let documents = documents.sum();
    if reunis.is_empty() {
        Index::create(directory, schema.clone(), settings()).map_err(fault)?;
    } else {
        let tous = reunis.iter().map(|_| None).collect();
        merge_filtered_segments(&reunis, settings(), tous, directory).map_err(fault)?;
    }
    Ok(Etage {
        folder: folder.to_owned(),
        documents,
    })
}
