//! Rows as they are written: what came, then what is added.
//!
//! A row of CSV goes out as CSV byte for byte, whatever its quotes and spaces, when it has as many cells as
//! the header. One that has not, or whose quotes are none, would push what is added under other names, or
//! swallow the rows after it: it is given the right number of cells, all that it held still in them.
//!
//! A cell that comes from the registers and begins as a formula does (`=`, `+`, `-`, `@`) is given an
//! apostrophe first in CSV: anyone may register such a name, and a spreadsheet would run it. What came in
//! is left as it is.

use arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder,
    RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use chrono::NaiveDate;
use registre_schemas::Kind;
use serde_json::{Map, Value as Json};
use std::borrow::Cow;
use std::sync::Arc;

use super::colonnes::Cellule;
use super::forme::{FormatEntree, Forme};
use super::lot::{Ligne, Lot, cellule, json_en_texte};
use super::plan::Plan;
use super::texte::Encodage;
use super::verdict::Fiche;
use crate::record::Value;
use crate::view::as_text;

/// How what is enriched is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Cells between delimiters.
    Csv,
    /// A JSON object per line.
    Ndjson,
    /// Columns, with their types.
    Parquet,
}

/// Rows ready to be written.
pub(super) enum Rendu {
    Octets(Vec<u8>),
    Colonnes(RecordBatch),
}

/// A row that is to be written.
#[derive(Clone, Copy)]
pub(super) struct Rangee<'lot> {
    pub(super) lot: &'lot Lot,
    pub(super) ligne: &'lot Ligne,
    /// Of NDJSON, when it is one.
    pub(super) objet: Option<&'lot Map<String, Json>>,
}

impl<'lot> Rangee<'lot> {
    fn octets(&self) -> &'lot [u8] {
        self.lot.octets(self.ligne)
    }

    /// The text under a name of the file.
    fn texte(&self, forme: &Forme, index: usize) -> Option<Cow<'lot, str>> {
        match forme.format {
            FormatEntree::Csv if self.ligne.brisee => self
                .lot
                .champ(self.ligne, index)
                .map(|octets| forme.encodage.lire(octets)),
            FormatEntree::Csv => self
                .lot
                .champ(self.ligne, index)
                .map(|octets| cellule(octets, forme.encodage)),
            FormatEntree::Ndjson => match self.objet?.get(&forme.noms[index])? {
                Json::Null => None,
                Json::String(text) => Some(Cow::Borrowed(text)),
                other => Some(Cow::Owned(json_en_texte(other))),
            },
        }
    }

    /// Whether the cells under the names of the file do not hold all of it.
    fn deborde(&self, forme: &Forme) -> bool {
        match forme.format {
            FormatEntree::Csv => {
                self.ligne.brisee
                    || self.lot.largeur(self.ligne) != forme.noms.len()
                    || (forme.encodage == Encodage::Utf8
                        && std::str::from_utf8(self.octets()).is_err())
            }
            FormatEntree::Ndjson => self
                .objet
                .is_none_or(|objet| objet.keys().any(|nom| !forme.noms.contains(nom))),
        }
    }
}

/// The first line of CSV; nothing in other formats. `entete` is the file's own, as it came.
pub(super) fn tete(plan: &Plan, preambule: &[u8], entete: &Lot) -> Vec<u8> {
    let forme = &plan.forme;
    let mut octets = Vec::new();
    if plan.format != Format::Csv {
        return octets;
    }
    let delimiteur = forme.coupe.delimiteur;
    if forme.format == FormatEntree::Csv {
        octets.extend_from_slice(preambule);
        let Some(ligne) = entete.lignes.first() else {
            return octets;
        };
        octets.extend_from_slice(entete.octets(ligne));
    } else {
        for (index, nom) in forme.noms.iter().enumerate() {
            if index > 0 {
                octets.push(delimiteur);
            }
            texte_csv(&mut octets, nom, delimiteur, forme.encodage);
        }
        octets.push(delimiteur);
        texte_csv(&mut octets, &plan.ligne_brute, delimiteur, forme.encodage);
    }
    for nom in &plan.noms {
        octets.push(delimiteur);
        texte_csv(&mut octets, nom, delimiteur, forme.encodage);
    }
    octets.extend_from_slice(forme.fin_de_ligne);
    octets
}

/// The types of the columns of Parquet.
pub(super) fn schema(plan: &Plan) -> SchemaRef {
    let own = plan
        .forme
        .noms
        .iter()
        .map(|nom| Field::new(nom, DataType::Utf8, true));
    let brute = Field::new(&plan.ligne_brute, DataType::Binary, true);
    let added = plan
        .noms
        .iter()
        .zip(&plan.colonnes)
        .map(|(nom, colonne)| Field::new(nom, colonne.kind.data_type(), true));
    Arc::new(Schema::new(
        own.chain([brute]).chain(added).collect::<Vec<_>>(),
    ))
}

/// What writes the rows of a lot.
pub(super) enum Rendeur<'plan> {
    Csv(&'plan Plan, Vec<u8>),
    Ndjson(&'plan Plan, Vec<u8>),
    Parquet(&'plan Plan, Colonnes),
}

impl<'plan> Rendeur<'plan> {
    pub(super) fn de(plan: &'plan Plan, lot: &Lot) -> Self {
        // What is added to a row takes about that much.
        let octets = Vec::with_capacity(lot.octets.len() + lot.lignes.len() * 256);
        match plan.format {
            Format::Csv => Self::Csv(plan, octets),
            Format::Ndjson => Self::Ndjson(plan, octets),
            Format::Parquet => Self::Parquet(plan, Colonnes::de(plan)),
        }
    }

    pub(super) fn ajouter(&mut self, rangee: Rangee<'_>, fiche: &Fiche<'_>) {
        match self {
            Self::Csv(plan, octets) => csv(plan, octets, rangee, fiche),
            Self::Ndjson(plan, octets) => ndjson(plan, octets, rangee, fiche),
            Self::Parquet(plan, colonnes) => colonnes.ajouter(plan, rangee, fiche),
        }
    }

    pub(super) fn finir(self) -> Result<Rendu, arrow::error::ArrowError> {
        match self {
            Self::Csv(_, octets) | Self::Ndjson(_, octets) => Ok(Rendu::Octets(octets)),
            Self::Parquet(plan, colonnes) => colonnes.finir(plan).map(Rendu::Colonnes),
        }
    }
}

fn csv(plan: &Plan, vers: &mut Vec<u8>, rangee: Rangee<'_>, fiche: &Fiche<'_>) {
    let forme = &plan.forme;
    let (delimiteur, encodage) = (forme.coupe.delimiteur, forme.encodage);
    let largeur = forme.noms.len();
    match forme.format {
        FormatEntree::Csv
            if !rangee.ligne.brisee && rangee.lot.largeur(rangee.ligne) == largeur =>
        {
            vers.extend_from_slice(rangee.octets());
        }
        FormatEntree::Csv => redressee(vers, rangee, delimiteur, largeur),
        FormatEntree::Ndjson => {
            for index in 0..largeur {
                if index > 0 {
                    vers.push(delimiteur);
                }
                if let Some(texte) = rangee.texte(forme, index) {
                    texte_csv(vers, &texte, delimiteur, encodage);
                }
            }
            vers.push(delimiteur);
            if rangee.deborde(forme) {
                let brute = String::from_utf8_lossy(rangee.octets());
                texte_csv(vers, &brute, delimiteur, encodage);
            }
        }
    }
    for colonne in &plan.colonnes {
        vers.push(delimiteur);
        match colonne.lire(fiche) {
            None => {}
            Some(Cellule::Texte(texte)) => {
                if !plan.brutes && est_formule(&texte) {
                    let garde = format!("'{texte}");
                    texte_csv(vers, &garde, delimiteur, encodage);
                } else {
                    texte_csv(vers, &texte, delimiteur, encodage);
                }
            }
            Some(Cellule::Valeur(valeur)) => {
                if let Some(texte) = as_text(valeur) {
                    texte_csv(vers, &texte, delimiteur, encodage);
                }
            }
        }
    }
    vers.extend_from_slice(forme.fin_de_ligne);
}

/// A row with the right number of cells: those that are missing are empty, those too many are in the
/// last one with their delimiters.
fn redressee(vers: &mut Vec<u8>, rangee: Rangee<'_>, delimiteur: u8, largeur: usize) {
    let champs = rangee.lot.champs(rangee.ligne);
    for index in 0..largeur {
        if index > 0 {
            vers.push(delimiteur);
        }
        let Some((from, to)) = champs.get(index).copied() else {
            continue;
        };
        let last = index + 1 == largeur && champs.len() > largeur;
        let to = if last { rangee.ligne.octets.end } else { to };
        let octets = &rangee.lot.octets[from..to];
        if rangee.ligne.brisee || last {
            octets_csv(vers, octets, delimiteur);
        } else {
            vers.extend_from_slice(octets);
        }
    }
}

/// Whether a spreadsheet would run it.
pub(super) fn est_formule(texte: &str) -> bool {
    texte.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

fn texte_csv(vers: &mut Vec<u8>, texte: &str, delimiteur: u8, encodage: Encodage) {
    if encodage == Encodage::Utf8 || texte.is_ascii() {
        return octets_csv(vers, texte.as_bytes(), delimiteur);
    }
    let mut octets = Vec::with_capacity(texte.len());
    encodage.ecrire(texte, &mut octets);
    octets_csv(vers, &octets, delimiteur);
}

fn octets_csv(vers: &mut Vec<u8>, octets: &[u8], delimiteur: u8) {
    let special = |byte: &u8| *byte == delimiteur || matches!(byte, b'"' | b'\n' | b'\r');
    if !octets.iter().any(special) {
        return vers.extend_from_slice(octets);
    }
    vers.push(b'"');
    for part in octets.split_inclusive(|byte| *byte == b'"') {
        vers.extend_from_slice(part);
        if part.ends_with(b"\"") {
            vers.push(b'"');
        }
    }
    vers.push(b'"');
}

fn ndjson(plan: &Plan, vers: &mut Vec<u8>, rangee: Rangee<'_>, fiche: &Fiche<'_>) {
    let forme = &plan.forme;
    let mut first = true;
    match (forme.format, rangee.objet) {
        (FormatEntree::Ndjson, Some(objet)) => {
            // All of it but the brace that ends it.
            let octets = rangee.octets().trim_ascii_end();
            vers.extend_from_slice(octets.strip_suffix(b"}").unwrap_or(octets));
            first = objet.is_empty();
        }
        (FormatEntree::Ndjson, None) => vers.push(b'{'),
        (FormatEntree::Csv, _) => {
            vers.push(b'{');
            for (index, nom) in forme.noms.iter().enumerate() {
                cle(vers, nom, &mut first);
                json(vers, &rangee.texte(forme, index));
            }
        }
    }
    let brute = match forme.format {
        FormatEntree::Ndjson => rangee.objet.is_none(),
        FormatEntree::Csv => rangee.deborde(forme),
    };
    if brute {
        cle(vers, &plan.ligne_brute, &mut first);
        json(vers, &forme.encodage.lire(rangee.octets()));
    }
    for (nom, colonne) in plan.noms.iter().zip(&plan.colonnes) {
        // A name that this object alone has already is not written twice.
        match rangee.objet {
            Some(objet) if objet.contains_key(nom) => {
                let libre = super::forme::libre(nom, |nom| objet.contains_key(nom));
                cle(vers, &libre, &mut first);
            }
            _ => cle(vers, nom, &mut first),
        }
        match colonne.lire(fiche) {
            None => vers.extend_from_slice(b"null"),
            Some(Cellule::Texte(texte)) => json(vers, &texte),
            Some(Cellule::Valeur(valeur)) => json(vers, &valeur),
        }
    }
    vers.extend_from_slice(b"}\n");
}

fn cle(vers: &mut Vec<u8>, nom: &str, first: &mut bool) {
    if !std::mem::take(first) {
        vers.push(b',');
    }
    json(vers, nom);
    vers.push(b':');
}

fn json(vers: &mut Vec<u8>, value: &(impl serde::Serialize + ?Sized)) {
    // Writing to memory does not fail.
    let _infallible = serde_json::to_writer(vers, value);
}

/// The columns of a lot, being filled.
pub(super) struct Colonnes {
    propres: Vec<StringBuilder>,
    brute: BinaryBuilder,
    ajoutees: Vec<Ajoutee>,
}

enum Ajoutee {
    Texte(StringBuilder),
    Date(Date32Builder),
    Moment(TimestampMicrosecondBuilder),
    Entier(Int64Builder),
    Booleen(BooleanBuilder),
    Reel(Float64Builder),
}

impl Colonnes {
    fn de(plan: &Plan) -> Self {
        let ajoutees = plan.colonnes.iter().map(|colonne| match colonne.kind {
            Kind::Text => Ajoutee::Texte(StringBuilder::new()),
            Kind::Date => Ajoutee::Date(Date32Builder::new()),
            Kind::Timestamp => Ajoutee::Moment(TimestampMicrosecondBuilder::new()),
            Kind::Integer => Ajoutee::Entier(Int64Builder::new()),
            Kind::Boolean => Ajoutee::Booleen(BooleanBuilder::new()),
            Kind::Real => Ajoutee::Reel(Float64Builder::new()),
        });
        Self {
            propres: plan
                .forme
                .noms
                .iter()
                .map(|_nom| StringBuilder::new())
                .collect(),
            brute: BinaryBuilder::new(),
            ajoutees: ajoutees.collect(),
        }
    }

    fn ajouter(&mut self, plan: &Plan, rangee: Rangee<'_>, fiche: &Fiche<'_>) {
        for (index, colonne) in self.propres.iter_mut().enumerate() {
            colonne.append_option(rangee.texte(&plan.forme, index));
        }
        let brute = rangee.deborde(&plan.forme).then(|| rangee.octets());
        self.brute.append_option(brute);
        for (ajoutee, colonne) in self.ajoutees.iter_mut().zip(&plan.colonnes) {
            ajoutee.ajouter(colonne.lire(fiche).as_ref());
        }
    }

    fn finir(mut self, plan: &Plan) -> Result<RecordBatch, arrow::error::ArrowError> {
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.propres.len() + plan.noms.len());
        for propre in &mut self.propres {
            arrays.push(Arc::new(propre.finish()));
        }
        arrays.push(Arc::new(self.brute.finish()));
        for ajoutee in &mut self.ajoutees {
            arrays.push(match ajoutee {
                Ajoutee::Texte(builder) => Arc::new(builder.finish()),
                Ajoutee::Date(builder) => Arc::new(builder.finish()),
                Ajoutee::Moment(builder) => Arc::new(builder.finish()),
                Ajoutee::Entier(builder) => Arc::new(builder.finish()),
                Ajoutee::Booleen(builder) => Arc::new(builder.finish()),
                Ajoutee::Reel(builder) => Arc::new(builder.finish()),
            });
        }
        RecordBatch::try_new(schema(plan), arrays)
    }
}

impl Ajoutee {
    fn ajouter(&mut self, cellule: Option<&Cellule<'_>>) {
        let valeur = match cellule {
            Some(Cellule::Valeur(valeur)) => Some(*valeur),
            _ => None,
        };
        match self {
            Self::Texte(builder) => builder.append_option(match cellule {
                Some(Cellule::Texte(texte)) => Some(&**texte),
                _ => None,
            }),
            Self::Date(builder) => builder.append_option(match valeur {
                Some(Value::Date(date)) => {
                    i32::try_from((date - NaiveDate::default()).num_days()).ok()
                }
                _ => None,
            }),
            Self::Moment(builder) => builder.append_option(match valeur {
                Some(Value::Timestamp(time)) => Some(time.and_utc().timestamp_micros()),
                _ => None,
            }),
            Self::Entier(builder) => builder.append_option(match valeur {
                Some(Value::Integer(number)) => Some(number),
                _ => None,
            }),
            Self::Booleen(builder) => builder.append_option(match valeur {
                Some(Value::Boolean(flag)) => Some(flag),
                _ => None,
            }),
            Self::Reel(builder) => builder.append_option(match valeur {
                Some(Value::Real(number)) => Some(number),
                _ => None,
            }),
        }
    }
}
