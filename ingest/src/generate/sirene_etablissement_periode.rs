//! `StockEtablissementHistorique`: one row per établissement and period, the newest first. The
//! current period is the row of `StockEtablissement`; each earlier one undoes what changed at the
//! start of the next.

use registre_schemas::diffusion::MASK;

use crate::generate::buffer::{Buffer, Day, ascii, digits};
use crate::generate::etablissements::Etablissement;
use crate::generate::model::Model;
use crate::generate::names;
use crate::generate::nomenclatures::Code;
use crate::generate::periodes::{Changes, History, Variable, draw_former_activite, toggle};
use crate::generate::random::Domain;
use crate::generate::sirene_etablissement::{EtablissementRow, LabelTexts, draw_etablissement};
use crate::generate::unites_legales::UniteLegale;

impl EtablissementRow<'_> {
    /// Writes it as a period. Masked as the current row is: that of a `P` person hides its past
    /// names too.
    fn write_periode(&self, date_fin: Day, changes: Changes, buffer: &mut Buffer) {
        let changed = |variable, buffer: &mut Buffer| buffer.boolean(changes.has(variable));
        let (siren, nic) = (digits::<9>(self.siren), digits::<5>(self.nic));
        buffer.code(ascii(&siren));
        buffer.code(ascii(&nic));
        buffer.bytes.extend_from_slice(&siren);
        buffer.code(ascii(&nic));
        buffer.day(date_fin);
        buffer.day(self.date_debut);
        buffer.code(if self.active { "A" } else { "F" });
        changed(Variable::EtatAdministratif, buffer);
        let hidden = self.partial && self.physique;
        if hidden {
            buffer.repeat(MASK, 3);
        } else {
            buffer.text(self.enseignes[0]);
            buffer.text(self.enseignes[1]);
            buffer.blanks(1);
        }
        changed(Variable::Enseigne, buffer);
        buffer.text(if hidden {
            MASK
        } else {
            self.denomination_usuelle
        });
        changed(Variable::DenominationUsuelle, buffer);
        buffer.code(self.activite.0);
        buffer.code(self.activite.1);
        changed(Variable::ActivitePrincipale, buffer);
        buffer.code(self.employeur);
        changed(Variable::CaractereEmployeur, buffer);
        buffer.end_row();
    }

    /// Writes the periods of one that has only opened and closed.
    pub fn write_openings(&self, history: &History, buffer: &mut Buffer) {
        let mut active = self.active;
        for periode in history.iter() {
            let row = EtablissementRow {
                date_debut: periode.date_debut,
                active,
                ..*self
            };
            row.write_periode(periode.date_fin, periode.changes, buffer);
            active ^= periode.changes.has(Variable::EtatAdministratif);
        }
    }
}

/// Texts of an établissement and of its past, reused from one to the next.
#[derive(Debug, Default)]
pub struct Texts {
    row: LabelTexts,
    enseignes: [String; 2],
    denomination_usuelle: String,
}

/// Writes the periods of an établissement.
pub fn write_periodes(
    unite: &UniteLegale,
    etablissement: &Etablissement,
    model: &Model,
    texts: &mut Texts,
    buffer: &mut Buffer,
) {
    let (row, history) = draw_etablissement(unite, etablissement, model, &mut texts.row);
    if history.periodes() == 1 {
        row.write_openings(&history, buffer);
        return;
    }
    let mut random = unite.sequence(model.seed, Domain::FormerValue, etablissement.rank);
    let (enseignes, denomination_usuelle) = (&mut texts.enseignes, &mut texts.denomination_usuelle);
    for (text, current) in enseignes.iter_mut().zip(row.enseignes) {
        current.clone_into(text);
    }
    row.denomination_usuelle.clone_into(denomination_usuelle);
    let (mut active, mut employeur) = (row.active, row.employeur);
    let mut activite = (Code::listed(row.activite.0), row.activite.1);
    for periode in history.iter() {
        EtablissementRow {
            date_debut: periode.date_debut,
            active,
            enseignes: [&enseignes[0], &enseignes[1]],
            denomination_usuelle,
            activite: (activite.0.as_str(), activite.1, ""),
            employeur,
            ..row
        }
        .write_periode(periode.date_fin, periode.changes, buffer);
        let changed = |variable| periode.changes.has(variable);
        active ^= changed(Variable::EtatAdministratif);
        if changed(Variable::Enseigne) {
            toggle(&mut enseignes[0], |text| {
                names::push_enseigne(text, &mut random);
            });
            enseignes[1].clear();
        }
        if changed(Variable::DenominationUsuelle) {
            toggle(denomination_usuelle, |text| {
                names::push_enseigne(text, &mut random);
            });
        }
        if changed(Variable::ActivitePrincipale) {
            activite = draw_former_activite(activite.0, periode.date_debut, model, &mut random);
        }
        if changed(Variable::CaractereEmployeur) {
            employeur = if employeur == "O" { "N" } else { "O" };
        }
    }
}
