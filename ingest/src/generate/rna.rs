//! `rna_waldec` and `rna_import`: one CSV per département inside one zip, with a semicolon.

use crate::error::IngestError;
use crate::generate::archive::Archive;
use crate::generate::associations::Departement;
use crate::generate::ecriture::{Jour, Tampon};
use crate::generate::modele::Modele;
use crate::generate::organismes::AssociationReelle;
use crate::generate::rna_lignes::{ecrire_import, ecrire_reelle, ecrire_waldec};

/// Columns of 2026: telephone and email are gone since 2018.
pub const WALDEC: &str = "id;id_ex;siret;rup_mi;gestion;date_creat;date_decla;date_publi;date_disso;nature;groupement;titre;titre_court;objet;objet_social1;objet_social2;adrs_complement;adrs_numvoie;adrs_repetition;adrs_typevoie;adrs_libvoie;adrs_distrib;adrs_codeinsee;adrs_codepostal;adrs_libcommune;adrg_declarant;adrg_complemid;adrg_complemgeo;adrg_libvoie;adrg_distrib;adrg_codepostal;adrg_achemine;adrg_pays;dir_civilite;siteweb;publiweb;observation;position;maj_time";

/// Columns of 2026.
pub const IMPORT: &str = "id;id_ex;siret;gestion;date_creat;date_publi;nature;groupement;titre;objet;objet_social1;objet_social2;adr1;adr2;adr3;adrs_codepostal;libcom;dir_civilite;siteweb;observation;position;rup_mi;maj_time";

/// The one département whose files are in ISO-8859-1 with CRLF, as all were until 2021.
const LATIN1: &str = "2A";

const BOM: &str = "\u{feff}";

/// How many waldec rows there are for one of import.
const WALDEC_PAR_IMPORT: u64 = 3;

/// Which of the two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fichier {
    /// Declared or modified since 2009.
    Waldec,
    /// Older.
    Import,
}

impl Fichier {
    /// `rna_waldec_20261101`.
    #[must_use]
    pub fn nom(self, edition: Jour) -> String {
        let fichier = if self == Self::Waldec {
            "waldec"
        } else {
            "import"
        };
        format!("rna_{fichier}_{:08}", edition.0)
    }

    /// Writes every département of it.
    pub fn ecrire(self, modele: &Modele, archive: &mut Archive) -> Result<(), IngestError> {
        let nom = self.nom(modele.edition);
        for (rang, departement) in modele.associations.departements.iter().enumerate() {
            archive.entree(&format!("{nom}_dpt_{}.csv", departement.code), false)?;
            let latin1 = departement.code == LATIN1;
            let mut tampon = Tampon::new(b';', if latin1 { b"\r\n" } else { b"\n" });
            if !latin1 {
                tampon.octets.extend_from_slice(BOM.as_bytes());
            }
            tampon.entete(if self == Self::Waldec { WALDEC } else { IMPORT }.split(';'));
            match self {
                Self::Waldec => waldec(departement, modele, latin1, &mut tampon, archive)?,
                Self::Import => import(
                    departement,
                    rang % 17 == 0,
                    modele,
                    latin1,
                    &mut tampon,
                    archive,
                )?,
            }
            vider(latin1, &mut tampon, archive)?;
        }
        Ok(())
    }
}

fn waldec(
    departement: &Departement,
    modele: &Modele,
    latin1: bool,
    tampon: &mut Tampon,
    archive: &mut Archive,
) -> Result<(), IngestError> {
    let du_departement =
        |reelle: &&AssociationReelle| reelle.id.get(1..3) == Some(departement.prefixe.as_str());
    let mut reelles = modele
        .reels
        .associations
        .iter()
        .filter(du_departement)
        .peekable();
    for rang in departement.rangs.clone() {
        if reelles.peek().is_some() {
            let id = modele
                .associations
                .id(rang, modele.graine, |id| modele.reels.porte_l_id(id));
            while let Some(reelle) = reelles.next_if(|reelle| reelle.id < id) {
                ecrire_reelle(reelle, modele, tampon);
            }
        }
        ecrire_waldec(rang, modele, tampon);
        if tampon.plein() {
            vider(latin1, tampon, archive)?;
        }
    }
    reelles.for_each(|reelle| ecrire_reelle(reelle, modele, tampon));
    Ok(())
}

fn import(
    departement: &Departement,
    avec_double: bool,
    modele: &Modele,
    latin1: bool,
    tampon: &mut Tampon,
    archive: &mut Archive,
) -> Result<(), IngestError> {
    let pas = usize::try_from(WALDEC_PAR_IMPORT).unwrap_or(1);
    for rang in departement.rangs.clone().step_by(pas) {
        ecrire_import(rang, false, modele, tampon);
        if tampon.plein() {
            vider(latin1, tampon, archive)?;
        }
    }
    if avec_double {
        ecrire_import(departement.rangs.start + 1, true, modele, tampon);
    }
    Ok(())
}

/// Hands the buffer over, in the encoding of that département.
fn vider(latin1: bool, tampon: &mut Tampon, archive: &mut Archive) -> Result<(), IngestError> {
    if latin1 {
        let texte = String::from_utf8_lossy(&tampon.octets);
        tampon.octets = texte
            .chars()
            .map(|lettre| u8::try_from(lettre).unwrap_or(b'?'))
            .collect();
    }
    archive.ecrire(tampon)
}
