//! `StockUniteLegaleHistorique`: one row per unit and period, the newest first. The current period
//! is the row of `StockUniteLegale`; each earlier one undoes what changed at the start of the next.

use registre_schemas::diffusion::MASK;

use crate::generate::buffer::{Buffer, Day, ascii, digits};
use crate::generate::model::Model;
use crate::generate::names;
use crate::generate::nomenclatures::Code;
use crate::generate::periodes::{Changes, Periode, Variable, draw_former_activite, toggle};
use crate::generate::random::{Domain, Random};
use crate::generate::sirene_unite_legale::{self, FORMER_CATEGORIES, UniteLegaleRow, draw_unite};
use crate::generate::unites_legales::{Personne, UniteLegale};

impl UniteLegaleRow<'_> {
    /// Writes it as a period. Masked as the current row is: a `P` unit hides its past names too.
    fn write_periode(&self, date_fin: Day, changes: Changes, buffer: &mut Buffer) {
        let changed = |variable, buffer: &mut Buffer| buffer.boolean(changes.has(variable));
        buffer.code(ascii(&digits::<9>(self.siren)));
        buffer.day(date_fin);
        buffer.day(self.date_debut);
        buffer.code(if self.active { "A" } else { "C" });
        changed(Variable::EtatAdministratif, buffer);
        for (text, variable) in [
            (self.nom, Variable::Nom),
            (self.nom_usage, Variable::NomUsage),
        ] {
            buffer.text(if self.partial { MASK } else { text });
            changed(variable, buffer);
        }
        let hidden = self.partial && self.physique;
        buffer.text(if hidden { MASK } else { self.denomination });
        changed(Variable::Denomination, buffer);
        if hidden {
            buffer.repeat(MASK, 3);
        } else {
            buffer.text(self.denomination_usuelle);
            buffer.blanks(2);
        }
        changed(Variable::DenominationUsuelle, buffer);
        buffer.code(self.categorie_juridique);
        changed(Variable::CategorieJuridique, buffer);
        buffer.code(self.activite.0);
        buffer.code(self.activite.1);
        changed(Variable::ActivitePrincipale, buffer);
        buffer.code(ascii(&digits::<5>(self.nic_siege)));
        changed(Variable::NicSiege, buffer);
        buffer.code(self.economie_sociale);
        changed(Variable::EconomieSociale, buffer);
        buffer.code(self.mission);
        changed(Variable::SocieteMission, buffer);
        // caractereEmployeur is no longer managed.
        buffer.blanks(1);
        buffer.boolean(false);
        buffer.end_row();
    }

    /// Writes the only period of a unit that never changed.
    pub fn write_only_periode(&self, buffer: &mut Buffer) {
        self.write_periode(Day::NULL, Changes::default(), buffer);
    }
}

/// Names of a unit during a period.
#[derive(Debug, Default)]
struct Names {
    nom: String,
    nom_usage: String,
    denomination: String,
    denomination_usuelle: String,
}

/// Texts of a unit and of its past, reused from one to the next.
#[derive(Debug, Default)]
pub struct Texts {
    row: sirene_unite_legale::Texts,
    names: Names,
}

/// What a unit was during a period.
struct State<'a> {
    active: bool,
    names: &'a mut Names,
    categorie_juridique: &'a str,
    activite: (Code, &'a str),
    siege: u32,
    economie_sociale: &'a str,
    mission: &'a str,
}

/// Writes the periods of a unit.
pub fn write_periodes(unite: &UniteLegale, model: &Model, texts: &mut Texts, buffer: &mut Buffer) {
    let (row, history) = draw_unite(unite, model, &mut texts.row);
    if history.periodes() == 1 {
        row.write_only_periode(buffer);
        return;
    }
    let mut random = Random::new(unite.name_seed, Domain::FormerValue, 0);
    let mut state = State::current(unite, &row, &mut texts.names);
    for periode in history.iter() {
        UniteLegaleRow {
            date_debut: periode.date_debut,
            active: state.active,
            nom: &state.names.nom,
            nom_usage: &state.names.nom_usage,
            denomination: &state.names.denomination,
            denomination_usuelle: &state.names.denomination_usuelle,
            categorie_juridique: state.categorie_juridique,
            activite: (state.activite.0.as_str(), state.activite.1, ""),
            nic_siege: unite.nic(state.siege),
            economie_sociale: state.economie_sociale,
            mission: state.mission,
            ..row
        }
        .write_periode(periode.date_fin, periode.changes, buffer);
        state.undo(&periode, unite, model, &mut random);
    }
}

impl<'a> State<'a> {
    /// As its current row has it.
    fn current(unite: &UniteLegale, row: &UniteLegaleRow<'a>, names: &'a mut Names) -> Self {
        for (text, current) in [
            (&mut names.nom, row.nom),
            (&mut names.nom_usage, row.nom_usage),
            (&mut names.denomination, row.denomination),
            (&mut names.denomination_usuelle, row.denomination_usuelle),
        ] {
            text.clear();
            text.push_str(current);
        }
        Self {
            active: row.active,
            names,
            categorie_juridique: row.categorie_juridique,
            activite: (Code::listed(row.activite.0), row.activite.1),
            siege: unite.siege,
            economie_sociale: row.economie_sociale,
            mission: row.mission,
        }
    }

    /// Goes back to the period before.
    fn undo(&mut self, periode: &Periode, unite: &UniteLegale, model: &Model, random: &mut Random) {
        let changed = |variable| periode.changes.has(variable);
        if changed(Variable::EtatAdministratif) {
            self.active = !self.active;
        }
        if changed(Variable::Nom) {
            replace(&mut self.names.nom, |text| names::push_nom(text, random));
        }
        if changed(Variable::NomUsage) {
            toggle(&mut self.names.nom_usage, |text| {
                names::push_nom(text, random);
            });
        }
        if changed(Variable::Denomination)
            && let Personne::Morale(categorie) = unite.personne
        {
            replace(&mut self.names.denomination, |text| {
                names::push_denomination(text, categorie.name_kind, random);
            });
        }
        if changed(Variable::DenominationUsuelle) {
            toggle(&mut self.names.denomination_usuelle, |text| {
                names::push_enseigne(text, random);
            });
        }
        if changed(Variable::CategorieJuridique) {
            let former = FORMER_CATEGORIES
                .iter()
                .find(|(code, _)| *code == self.categorie_juridique);
            self.categorie_juridique = former.map_or(self.categorie_juridique, |(_, code)| code);
        }
        if changed(Variable::ActivitePrincipale) {
            self.activite =
                draw_former_activite(self.activite.0, periode.date_debut, model, random);
        }
        if changed(Variable::NicSiege) {
            self.siege = unite.siege_before(self.siege);
        }
        if changed(Variable::EconomieSociale) {
            self.economie_sociale = if self.economie_sociale.is_empty() {
                "N"
            } else {
                ""
            };
        }
        if changed(Variable::SocieteMission) {
            self.mission = if self.mission.is_empty() { "N" } else { "" };
        }
    }
}

/// Another text than the one there.
fn replace(text: &mut String, mut draw: impl FnMut(&mut String)) {
    let current = std::mem::take(text);
    loop {
        text.clear();
        draw(text);
        if *text != current {
            break;
        }
    }
}
