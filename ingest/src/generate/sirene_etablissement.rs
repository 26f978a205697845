//! `StockEtablissement`: the columns of a row in INSEE's order, what is masked, and how a made-up
//! établissement fills them.

use registre_schemas::diffusion::MASK;

use crate::generate::addresses::{AddressLine, FOREIGN_TOWNS, coordinates};
use crate::generate::buffer::{Buffer, Day, Timestamp, append_number, ascii, digits};
use crate::generate::etablissements::Etablissement;
use crate::generate::model::Model;
use crate::generate::names;
use crate::generate::nomenclatures::Code;
use crate::generate::periodes::{History, Life, Variable};
use crate::generate::random::Domain;
use crate::generate::sirene::{
    ActiviteColumns, draw_activite, draw_date_dernier_traitement, statut_diffusion,
};
use crate::generate::sirene_unite_legale::draw_tranche_effectifs;
use crate::generate::unites_legales::{Etat, UniteLegale};

/// Where an établissement is.
#[derive(Debug, Clone, Copy, Default)]
pub struct AddressColumns<'a> {
    pub complement: &'a str,
    pub numero: &'a str,
    pub indice: &'a str,
    pub dernier_numero: u32,
    pub type_voie: &'a str,
    pub libelle_voie: &'a str,
    pub code_postal: &'a str,
    pub commune: &'a str,
    pub code_commune: &'a str,
    /// Code, country, town.
    pub etranger: (&'a str, &'a str, &'a str),
    pub identifiant_adresse: &'a str,
    /// Abscissa and ordinate, in centimetres, once matched with the BAN.
    pub point: Option<(u32, u32)>,
}

/// A row of `StockEtablissement`; empty texts are null.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a column of the register"
)]
pub struct EtablissementRow<'a> {
    pub siren: u32,
    pub nic: u32,
    pub partial: bool,
    pub physique: bool,
    pub creation: Day,
    /// Code and year.
    pub tranche_effectifs: (&'a str, u32),
    pub registre_metiers: &'a str,
    pub date_dernier_traitement: Timestamp,
    pub siege: bool,
    pub periodes: u32,
    pub address: AddressColumns<'a>,
    pub date_debut: Day,
    pub active: bool,
    pub enseignes: [&'a str; 2],
    pub denomination_usuelle: &'a str,
    pub activite: ActiviteColumns<'a>,
    pub employeur: &'a str,
}

impl EtablissementRow<'_> {
    /// Writes it. A `P` établissement shows its commune and its country, nothing finer.
    pub fn write(&self, buffer: &mut Buffer) {
        let (siren, nic) = (digits::<9>(self.siren), digits::<5>(self.nic));
        buffer.code(ascii(&siren));
        buffer.code(ascii(&nic));
        buffer.bytes.extend_from_slice(&siren);
        buffer.code(ascii(&nic));
        buffer.code(statut_diffusion(self.partial));
        buffer.day(self.creation);
        buffer.code(self.tranche_effectifs.0);
        buffer.number(self.tranche_effectifs.1);
        buffer.code(self.registre_metiers);
        buffer.timestamp(self.date_dernier_traitement, b'T');
        buffer.code(if self.siege { "true" } else { "false" });
        buffer.number(self.periodes);
        if self.partial {
            self.address.write_masked(buffer);
        } else {
            self.address.write(buffer);
        }
        buffer.day(self.date_debut);
        buffer.code(if self.active { "A" } else { "F" });
        if self.partial && self.physique {
            buffer.repeat(MASK, 4);
        } else {
            buffer.text(self.enseignes[0]);
            buffer.text(self.enseignes[1]);
            buffer.blanks(1);
            buffer.text(self.denomination_usuelle);
        }
        buffer.code(self.activite.0);
        buffer.code(self.activite.1);
        buffer.code(self.employeur);
        buffer.code(self.activite.2);
        buffer.end_row();
    }
}

impl AddressColumns<'_> {
    fn write(&self, buffer: &mut Buffer) {
        buffer.text(self.complement);
        buffer.text(self.numero);
        buffer.code(self.indice);
        buffer.number(self.dernier_numero);
        buffer.blanks(1);
        buffer.code(self.type_voie);
        buffer.text(self.libelle_voie);
        buffer.code(self.code_postal);
        buffer.code(self.commune);
        buffer.code(self.etranger.2);
        buffer.blanks(1);
        buffer.code(self.code_commune);
        buffer.blanks(2);
        buffer.code(self.etranger.0);
        buffer.code(self.etranger.1);
        buffer.code(self.identifiant_adresse);
        match self.point {
            Some((x, y)) => {
                buffer.decimal(x.into(), 2);
                buffer.decimal(y.into(), 2);
            }
            None => buffer.blanks(2),
        }
        buffer.blanks(14);
    }

    fn write_masked(&self, buffer: &mut Buffer) {
        buffer.repeat(MASK, 8);
        buffer.code(self.commune);
        buffer.code(self.etranger.2);
        buffer.code(MASK);
        buffer.code(self.code_commune);
        buffer.repeat(MASK, 2);
        buffer.code(self.etranger.0);
        buffer.code(self.etranger.1);
        // Identifier, coordinates, then the second address up to its postcode.
        buffer.repeat(MASK, 3 + 6);
        buffer.blanks(2);
        buffer.code(MASK);
        buffer.blanks(1);
        buffer.repeat(MASK, 2);
        buffer.blanks(2);
    }
}

/// Texts of an address, reused from one row to the next.
#[derive(Debug, Default)]
pub struct AddressTexts {
    complement: String,
    numero: String,
    identifiant_adresse: String,
}

/// Texts of the rest of a row, reused from one to the next.
#[derive(Debug, Default)]
pub struct LabelTexts {
    activite: Code,
    enseigne: String,
    second_enseigne: String,
    denomination_usuelle: String,
    registre_metiers: String,
}

/// The address of an établissement; nothing but country and town abroad. Purged units lost theirs
/// one time in three.
pub fn draw_address<'a>(
    unite: &UniteLegale,
    etablissement: &Etablissement,
    model: &'a Model,
    texts: &'a mut AddressTexts,
) -> AddressColumns<'a> {
    let random = &mut unite.sequence(model.seed, Domain::Address, etablissement.rank);
    let line = AddressLine::draw(random);
    for text in [
        &mut texts.complement,
        &mut texts.numero,
        &mut texts.identifiant_adresse,
    ] {
        text.clear();
    }
    if let Some(country) = unite.foreign_town {
        let (code, country, town, code_postal) = FOREIGN_TOWNS[usize::from(country)];
        append_number(&mut texts.numero, line.numero.max(1));
        return AddressColumns {
            numero: &texts.numero,
            libelle_voie: "EXEMPLE STREET",
            code_postal,
            etranger: (code, country, town),
            ..AddressColumns::default()
        };
    }
    let commune = model.communes.commune(etablissement.commune);
    let place = AddressColumns {
        code_postal: &commune.code_postal,
        commune: &commune.libelle_insee,
        code_commune: &commune.code,
        ..AddressColumns::default()
    };
    if unite.etat == Etat::Purgee && random.chance(3300) {
        return place;
    }
    if let Some((word, count)) = line.complement {
        texts.complement.push_str(word);
        append_number(&mut texts.complement, count);
    }
    if line.numero > 0 {
        append_number(&mut texts.numero, line.numero);
    }
    // INSEE matches addresses with the BAN: most of the active ones by now, few of the old. Then
    // the street has its full type, and the town no longer its arrondissement.
    let (mut type_voie, mut town) = (line.type_voie.0, commune.libelle_insee.as_str());
    let matched = random.chance(if etablissement.active { 8200 } else { 2400 });
    let point = matched
        .then(|| coordinates(&commune.code, random))
        .flatten();
    if point.is_some() {
        texts.identifiant_adresse.push_str(&commune.code);
        texts
            .identifiant_adresse
            .push_str(ascii(&digits::<4>(random.between(1, 9999))));
        texts.identifiant_adresse.push_str("_B");
        (type_voie, town) = (line.type_voie.1, &commune.libelle_poste);
    }
    AddressColumns {
        complement: &texts.complement,
        numero: &texts.numero,
        indice: line.indice,
        dernier_numero: line.dernier_numero,
        type_voie,
        libelle_voie: line.voie.0,
        commune: town,
        identifiant_adresse: &texts.identifiant_adresse,
        point,
        ..place
    }
}

/// The row of an établissement but for its address, and the history that led to it.
pub fn draw_etablissement<'a>(
    unite: &UniteLegale,
    etablissement: &Etablissement,
    model: &'a Model,
    texts: &'a mut LabelTexts,
) -> (EtablissementRow<'a>, History) {
    let mut random = unite.sequence(model.seed, Domain::Label, etablissement.rank);
    let year = model.edition.year();
    texts.registre_metiers.clear();
    let rank = if random.chance(9200) {
        unite.activite
    } else {
        model.activites.draw(&mut random)
    };
    let activite = draw_activite(rank, etablissement.end, model, &mut random);
    texts.activite = activite.0;
    if unite.is_physique() && activite.1 == "NAFRev2" && random.chance(900) {
        let code = activite.0.as_str();
        texts
            .registre_metiers
            .extend(code.chars().filter(|letter| *letter != '.'));
        texts
            .registre_metiers
            .push(char::from(random.choose(b"ABDPZ")));
    }
    texts.enseigne.clear();
    texts.second_enseigne.clear();
    texts.denomination_usuelle.clear();
    if random.chance(if etablissement.active { 1500 } else { 1900 }) {
        names::push_enseigne(&mut texts.enseigne, &mut random);
        if random.chance(900) {
            names::push_enseigne(&mut texts.second_enseigne, &mut random);
        }
    }
    if etablissement.creation.year() >= 2008 && random.chance(2200) {
        names::push_enseigne(&mut texts.denomination_usuelle, &mut random);
    }
    let tranche_effectifs = if !etablissement.active {
        ("", 0)
    } else if etablissement.siege {
        draw_tranche_effectifs(unite, year)
    } else {
        (["NN", "", "01", "02", "11"][random.below(5) as usize], 0)
    };
    let employees = !matches!(tranche_effectifs.0, "" | "NN" | "00");
    let unknown = unite.creation.year() < 1990
        && etablissement.rank == 0
        && random.chance(if etablissement.active { 500 } else { 4000 });
    let mut row = EtablissementRow {
        siren: unite.siren,
        nic: unite.nic(etablissement.rank),
        partial: unite.partial,
        physique: unite.is_physique(),
        creation: if unknown {
            Day::UNKNOWN
        } else {
            etablissement.creation
        },
        tranche_effectifs: (
            tranche_effectifs.0,
            if employees {
                tranche_effectifs.1.max(year - 3)
            } else {
                0
            },
        ),
        registre_metiers: &texts.registre_metiers,
        date_dernier_traitement: draw_date_dernier_traitement(model.edition, &mut random),
        siege: etablissement.siege,
        active: etablissement.active,
        enseignes: [&texts.enseigne, &texts.second_enseigne],
        denomination_usuelle: &texts.denomination_usuelle,
        activite: (texts.activite.as_str(), activite.1, activite.2),
        employeur: if employees { "O" } else { "N" },
        ..EtablissementRow::default()
    };
    let history = draw_history(unite, etablissement, &row, model);
    row.date_debut = history.date_debut();
    row.periodes = history.periodes();
    (row, history)
}

/// What became of an établissement, told by its current row: that of a purged unit keeps nothing
/// but its end.
fn draw_history(
    unite: &UniteLegale,
    etablissement: &Etablissement,
    row: &EtablissementRow<'_>,
    model: &Model,
) -> History {
    if unite.etat == Etat::Purgee {
        return History::new(etablissement.end);
    }
    let mut random = unite.sequence(model.seed, Domain::Periode, etablissement.rank);
    let random = &mut random;
    let life = Life {
        creation: etablissement.creation,
        end: etablissement.end,
        edition: model.edition,
    };
    let mut history = life.history(random);
    let mut may = |variable, per_ten_thousand| {
        life.may_change(variable, per_ten_thousand, &mut history, random);
    };
    may(Variable::ActivitePrincipale, 1900);
    may(
        Variable::CaractereEmployeur,
        if row.employeur == "O" { 6000 } else { 1700 },
    );
    if !row.enseignes[0].is_empty() {
        may(Variable::Enseigne, 3500);
    }
    if !row.denomination_usuelle.is_empty() {
        may(Variable::DenominationUsuelle, 2500);
    }
    life.may_reopen(100, &mut history, random);
    if row.creation == Day::UNKNOWN {
        history.forget_first_day();
    }
    history
}

/// Texts of a row, reused from one to the next.
#[derive(Debug, Default)]
pub struct Texts {
    address: AddressTexts,
    labels: LabelTexts,
}

/// Writes the row of an établissement.
pub fn write_etablissement(
    unite: &UniteLegale,
    etablissement: &Etablissement,
    model: &Model,
    texts: &mut Texts,
    buffer: &mut Buffer,
) {
    let (row, _) = draw_etablissement(unite, etablissement, model, &mut texts.labels);
    EtablissementRow {
        address: draw_address(unite, etablissement, model, &mut texts.address),
        ..row
    }
    .write(buffer);
}
