//! A floor of the index, open: who has a term, and what is known of a document.

use registre_schemas::recherche::champ;
use std::sync::Arc;
use tantivy::columnar::Column;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::index::InvertedIndexReader;
use tantivy::postings::{SegmentPostings, TermInfo};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, Index, SegmentReader};

use super::dates::Jour;
use super::paquet::Paquet;

/// A field of terms, by its place in [`champ::TEXTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Champ {
    Nom,
    Soude,
    Autre,
    Adresse,
    Lieu,
    Code,
}

/// One floor. One without documents is not kept.
pub(super) struct Etage {
    documents: DocId,
    termes: Vec<Arc<InvertedIndexReader>>,
    mots: FieldNormReader,
    numero: Column<u64>,
    taille: Column<u64>,
    creation: Column<u64>,
    cessation: Column<u64>,
    mois: [Vec<u32>; 2],
    pub(super) activite: Column<u64>,
    pub(super) categorie: Column<u64>,
    pub(super) effectifs: Column<u64>,
    pub(super) departement: Column<u64>,
}

impl Etage {
    /// Opens the segments of a floor: one, or none.
    pub(super) fn open(paquet: Paquet) -> tantivy::Result<Option<Self>> {
        let index = Index::open(paquet)?;
        let segments = index.searchable_segments()?;
        let Some(segment) = segments.first() else {
            return Ok(None);
        };
        let reader = SegmentReader::open(segment)?;
        let schema = reader.schema();
        let termes = champ::TEXTES
            .iter()
            .map(|nom| reader.inverted_index(schema.get_field(nom)?))
            .collect::<tantivy::Result<Vec<_>>>()?;
        let mots = reader.get_fieldnorms_reader(schema.get_field(champ::NOM)?)?;
        let codes = &termes[Champ::Code as usize];
        let mois = [mois(codes, Jour::Creation)?, mois(codes, Jour::Cessation)?];
        let colonne = |nom| reader.fast_fields().u64(nom);
        Ok(Some(Self {
            documents: reader.max_doc(),
            mois,
            termes,
            mots,
            numero: colonne(champ::NUMERO)?,
            taille: colonne(champ::TAILLE)?,
            creation: colonne(champ::CREATION)?,
            cessation: colonne(champ::CESSATION)?,
            activite: colonne(champ::ACTIVITE)?,
            categorie: colonne(champ::CATEGORIE)?,
            effectifs: colonne(champ::EFFECTIFS)?,
            departement: colonne(champ::DEPARTEMENT)?,
        }))
    }

    /// How many documents there are.
    pub(super) fn documents(&self) -> DocId {
        self.documents
    }

    /// The terms of a field.
    pub(super) fn termes(&self, champ: Champ) -> &InvertedIndexReader {
        &self.termes[champ as usize]
    }

    /// Who has a term, if anybody.
    pub(super) fn terme(&self, champ: Champ, terme: &str) -> std::io::Result<Option<TermInfo>> {
        self.termes(champ).terms().get(terme)
    }

    /// The documents of a term.
    pub(super) fn liste(&self, champ: Champ, terme: &TermInfo) -> std::io::Result<SegmentPostings> {
        self.termes(champ)
            .read_postings_from_terminfo(terme, IndexRecordOption::Basic)
    }

    /// A day of each document, since 1600-01-01; 0 when there is none, or it is unknown.
    pub(super) fn jour(&self, jour: Jour) -> &Column<u64> {
        match jour {
            Jour::Creation => &self.creation,
            Jour::Cessation => &self.cessation,
        }
    }

    /// The months that anybody has for that day, by their number since January 1600, in order.
    pub(super) fn mois(&self, jour: Jour) -> &[u32] {
        &self.mois[jour as usize]
    }

    /// Words of the name of a document.
    pub(super) fn mots(&self, document: DocId) -> u32 {
        self.mots.fieldnorm(document)
    }

    pub(super) fn numero(&self, document: DocId) -> u64 {
        self.numero.first(document).unwrap_or_default()
    }

    pub(super) fn taille(&self, document: DocId) -> u64 {
        self.taille.first(document).unwrap_or_default()
    }

    /// The size of the largest.
    pub(super) fn taille_maximale(&self) -> u64 {
        self.taille.max_value()
    }
}

/// The months of a day that are terms of a floor, in order.
fn mois(codes: &InvertedIndexReader, jour: Jour) -> std::io::Result<Vec<u32>> {
    let debut = jour.lettre().to_string();
    let mut stream = codes.terms().range().ge(&debut).into_stream()?;
    let mut mois = Vec::new();
    while stream.advance()
        && let Some(terme) = stream.key().strip_prefix(debut.as_bytes())
    {
        // A year is no number.
        let nombre = std::str::from_utf8(terme).ok();
        mois.extend(nombre.and_then(|nombre| nombre.parse::<u32>().ok()));
    }
    mois.sort_unstable();
    Ok(mois)
}
