//! `rna_waldec` and `rna_import`: one CSV per département inside one zip, with a semicolon.

use crate::error::IngestError;
use crate::generate::archive::Archive;
use crate::generate::associations::Departement;
use crate::generate::buffer::{Buffer, Day};
use crate::generate::model::Model;
use crate::generate::real_bodies::RealAssociation;
use crate::generate::rna_rows::{write_import, write_real, write_waldec};

/// Columns of 2026: telephone and email are gone since 2018.
pub const WALDEC: &str = "id;id_ex;siret;rup_mi;gestion;date_creat;date_decla;date_publi;date_disso;nature;groupement;titre;titre_court;objet;objet_social1;objet_social2;adrs_complement;adrs_numvoie;adrs_repetition;adrs_typevoie;adrs_libvoie;adrs_distrib;adrs_codeinsee;adrs_codepostal;adrs_libcommune;adrg_declarant;adrg_complemid;adrg_complemgeo;adrg_libvoie;adrg_distrib;adrg_codepostal;adrg_achemine;adrg_pays;dir_civilite;siteweb;publiweb;observation;position;maj_time";

/// Columns of 2026.
pub const IMPORT: &str = "id;id_ex;siret;gestion;date_creat;date_publi;nature;groupement;titre;objet;objet_social1;objet_social2;adr1;adr2;adr3;adrs_codepostal;libcom;dir_civilite;siteweb;observation;position;rup_mi;maj_time";

/// The one département whose files are in ISO-8859-1 with CRLF, as all were until 2021.
const LATIN1: &str = "2A";

const BOM: &str = "\u{feff}";

/// How many waldec rows there are for one of import.
const WALDEC_PER_IMPORT: u64 = 3;

/// Which of the two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RnaFile {
    /// Declared or modified since 2009.
    Waldec,
    /// Older.
    Import,
}

impl RnaFile {
    /// `rna_waldec_20261101`.
    #[must_use]
    pub fn name(self, edition: Day) -> String {
        let file = if self == Self::Waldec {
            "waldec"
        } else {
            "import"
        };
        format!("rna_{file}_{:08}", edition.0)
    }

    /// Writes every département of it.
    pub fn write(self, model: &Model, archive: &mut Archive) -> Result<(), IngestError> {
        let name = self.name(model.edition);
        for (rank, departement) in model.associations.departements.iter().enumerate() {
            archive.start_entry(&format!("{name}_dpt_{}.csv", departement.code), false)?;
            let latin1 = departement.code == LATIN1;
            let mut buffer = Buffer::new(b';', if latin1 { b"\r\n" } else { b"\n" });
            if !latin1 {
                buffer.bytes.extend_from_slice(BOM.as_bytes());
            }
            buffer.header(if self == Self::Waldec { WALDEC } else { IMPORT }.split(';'));
            match self {
                Self::Waldec => write_all_waldec(departement, model, latin1, &mut buffer, archive)?,
                Self::Import => write_all_import(
                    departement,
                    rank % 17 == 0,
                    model,
                    latin1,
                    &mut buffer,
                    archive,
                )?,
            }
            flush(latin1, &mut buffer, archive)?;
        }
        Ok(())
    }
}

fn write_all_waldec(
    departement: &Departement,
    model: &Model,
    latin1: bool,
    buffer: &mut Buffer,
    archive: &mut Archive,
) -> Result<(), IngestError> {
    let is_here = |real: &&RealAssociation| real.id.get(1..3) == Some(departement.prefix.as_str());
    let mut reals = model.real.associations.iter().filter(is_here).peekable();
    for rank in departement.ranks.clone() {
        if reals.peek().is_some() {
            let id = model.association_id(rank);
            while let Some(real) = reals.next_if(|real| real.id < id) {
                write_real(real, model, buffer);
            }
        }
        write_waldec(rank, model, buffer);
        if buffer.is_full() {
            flush(latin1, buffer, archive)?;
        }
    }
    reals.for_each(|real| write_real(real, model, buffer));
    Ok(())
}

fn write_all_import(
    departement: &Departement,
    with_double: bool,
    model: &Model,
    latin1: bool,
    buffer: &mut Buffer,
    archive: &mut Archive,
) -> Result<(), IngestError> {
    let step = usize::try_from(WALDEC_PER_IMPORT).unwrap_or(1);
    for rank in departement.ranks.clone().step_by(step) {
        write_import(rank, false, model, buffer);
        if buffer.is_full() {
            flush(latin1, buffer, archive)?;
        }
    }
    if with_double {
        write_import(departement.ranks.start + 1, true, model, buffer);
    }
    Ok(())
}

/// Hands the buffer over, in the encoding of that département.
fn flush(latin1: bool, buffer: &mut Buffer, archive: &mut Archive) -> Result<(), IngestError> {
    if latin1 {
        let text = String::from_utf8_lossy(&buffer.bytes);
        buffer.bytes = text
            .chars()
            .map(|letter| u8::try_from(letter).unwrap_or(b'?'))
            .collect();
    }
    archive.write(buffer)
}
