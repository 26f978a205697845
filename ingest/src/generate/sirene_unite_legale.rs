//! `StockUniteLegale`: the columns of a row in INSEE's order, what is masked, and how a made-up unit
//! fills them, with its history.

use registre_schemas::diffusion::MASK;

use crate::generate::buffer::{Buffer, Day, Timestamp, append_number, ascii, digits};
use crate::generate::model::Model;
use crate::generate::names;
use crate::generate::nomenclatures::Code;
use crate::generate::periodes::{History, Life, Variable};
use crate::generate::random::{Domain, Random};
use crate::generate::sirene::{
    ActiviteColumns, draw_activite, draw_date_dernier_traitement, statut_diffusion,
};
use crate::generate::unites_legales::{Etat, Personne, UniteLegale};

/// Tranches d'effectifs, from nobody to ten thousand people.
const TRANCHES_EFFECTIFS: &[&str] = &[
    "00", "01", "02", "03", "11", "12", "21", "22", "31", "32", "41", "42", "51", "52", "53",
];

/// A row of `StockUniteLegale`; empty texts are null.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a column of the register"
)]
pub struct UniteLegaleRow<'a> {
    pub siren: u32,
    pub partial: bool,
    pub physique: bool,
    pub purgee: bool,
    pub creation: Day,
    pub sigle: &'a str,
    pub sexe: &'a str,
    pub prenoms: [&'a str; 4],
    pub pseudonyme: &'a str,
    pub identifiant_association: &'a str,
    /// Code and year.
    pub tranche_effectifs: (&'a str, u32),
    pub date_dernier_traitement: Timestamp,
    pub periodes: u32,
    /// Code and year.
    pub categorie_entreprise: (&'a str, u32),
    pub date_debut: Day,
    pub active: bool,
    pub nom: &'a str,
    pub nom_usage: &'a str,
    pub denomination: &'a str,
    pub denomination_usuelle: &'a str,
    pub categorie_juridique: &'a str,
    pub activite: ActiviteColumns<'a>,
    pub nic_siege: u32,
    pub economie_sociale: &'a str,
    pub mission: &'a str,
}

impl UniteLegaleRow<'_> {
    /// Writes it. A `P` person shows none of its names; a `P` body keeps its denominations.
    pub fn write(&self, buffer: &mut Buffer) {
        buffer.code(ascii(&digits::<9>(self.siren)));
        buffer.code(statut_diffusion(self.partial));
        buffer.code(if self.purgee { "true" } else { "" });
        buffer.day(self.creation);
        if self.partial {
            buffer.repeat(MASK, 8);
        } else {
            buffer.text(self.sigle);
            buffer.code(self.sexe);
            self.prenoms.iter().for_each(|prenom| buffer.code(prenom));
            buffer.code(self.prenoms[0]);
            buffer.text(self.pseudonyme);
        }
        buffer.code(self.identifiant_association);
        buffer.code(self.tranche_effectifs.0);
        buffer.number(self.tranche_effectifs.1);
        buffer.timestamp(self.date_dernier_traitement, b'T');
        buffer.number(self.periodes);
        buffer.code(self.categorie_entreprise.0);
        buffer.number(self.categorie_entreprise.1);
        buffer.day(self.date_debut);
        buffer.code(if self.active { "A" } else { "C" });
        if self.partial {
            buffer.repeat(MASK, 2);
        } else {
            buffer.text(self.nom);
            buffer.text(self.nom_usage);
        }
        if self.partial && self.physique {
            buffer.repeat(MASK, 4);
        } else {
            buffer.text(self.denomination);
            buffer.text(self.denomination_usuelle);
            buffer.blanks(2);
        }
        buffer.code(self.categorie_juridique);
        buffer.code(self.activite.0);
        buffer.code(self.activite.1);
        buffer.code(ascii(&digits::<5>(self.nic_siege)));
        buffer.code(self.economie_sociale);
        buffer.code(self.mission);
        buffer.blanks(1);
        buffer.code(self.activite.2);
        buffer.end_row();
    }
}

/// Texts of a row, reused from one to the next.
#[derive(Debug, Default)]
pub struct Texts {
    nom: String,
    nom_usage: String,
    sigle: String,
    denomination_usuelle: String,
    association: String,
    activite: Code,
}

/// The row of a unit, and the history that led to it.
pub fn draw_unite<'a>(
    unite: &UniteLegale,
    model: &'a Model,
    texts: &'a mut Texts,
) -> (UniteLegaleRow<'a>, History) {
    let mut random = Random::new(unite.name_seed, Domain::Name, 1);
    let year = model.edition.year();
    push_name(unite, model, &mut texts.nom);
    texts.nom_usage.clear();
    texts.sigle.clear();
    texts.denomination_usuelle.clear();
    texts.association.clear();
    let mut row = UniteLegaleRow {
        siren: unite.siren,
        partial: unite.partial,
        physique: unite.is_physique(),
        purgee: unite.etat == Etat::Purgee,
        active: unite.etat == Etat::Active,
        nic_siege: unite.nic(unite.siege),
        ..UniteLegaleRow::default()
    };
    match unite.personne {
        Personne::Physique(male) => {
            row.categorie_juridique = "1000";
            row.sexe = if male { "M" } else { "F" };
            for (rank, chance) in [10_000, 3500, 1800, 200].into_iter().enumerate() {
                if !random.chance(chance) {
                    break;
                }
                row.prenoms[rank] = names::draw_prenom(male, &mut random);
            }
            if random.chance(if male { 150 } else { 1600 }) {
                names::push_nom(&mut texts.nom_usage, &mut random);
            }
            if random.chance(60) {
                row.pseudonyme = "LE PSEUDONYME FICTIF";
            }
            row.nom = &texts.nom;
            row.nom_usage = &texts.nom_usage;
        }
        Personne::Morale(categorie) => {
            row.categorie_juridique = categorie.code;
            if random.chance(1500) {
                names::push_sigle(&mut texts.sigle, &texts.nom);
            }
            if unite.creation.year() < 2008 && random.chance(500) {
                names::push_enseigne(&mut texts.denomination_usuelle, &mut random);
            }
            push_identifiant_association(unite, model, &mut texts.association, &mut random);
            row.denomination = &texts.nom;
            row.denomination_usuelle = &texts.denomination_usuelle;
            row.sigle = &texts.sigle;
            row.identifiant_association = &texts.association;
            row.economie_sociale = draw_economie_sociale(categorie.code, &mut random);
            row.mission = match random.below(2000) {
                0..=1 if categorie.code.starts_with('5') => "O",
                2..=60 if categorie.code.starts_with('5') => "N",
                _ => "",
            };
        }
    }
    let activite = draw_activite(unite.activite, unite.end, model, &mut random);
    texts.activite = activite.0;
    row.activite = (texts.activite.as_str(), activite.1, activite.2);

    row.creation = draw_date_creation(unite, &mut random);
    let history = draw_history(unite, &row, model);
    row.date_debut = history.date_debut();
    row.periodes = history.periodes();
    if unite.etat == Etat::Purgee {
        if random.chance(200) {
            row.date_debut = Day::NULL;
        }
    } else {
        row.date_dernier_traitement = draw_date_dernier_traitement(model.edition, &mut random);
        row.tranche_effectifs = draw_tranche_effectifs(unite, year);
        if unite.etat == Etat::Active
            && random.chance(if unite.is_physique() { 2600 } else { 5200 })
        {
            let categorie = match row.tranche_effectifs.0 {
                "52" | "53" => "GE",
                "32" | "41" | "42" | "51" => "ETI",
                _ => "PME",
            };
            row.categorie_entreprise = (categorie, year - 3);
        }
    }
    if let Some((_, date)) = model
        .impossible_dates
        .iter()
        .find(|(rank, _)| *rank == unite.rank)
    {
        row.creation = *date;
    }
    (row, history)
}

/// What became of a unit, told by its current row: a purged one keeps nothing but its end.
fn draw_history(unite: &UniteLegale, row: &UniteLegaleRow<'_>, model: &Model) -> History {
    if unite.etat == Etat::Purgee {
        return History::new(unite.end);
    }
    let mut random = Random::new(unite.name_seed, Domain::Periode, 0);
    let random = &mut random;
    let life = Life {
        creation: unite.creation,
        end: unite.end,
        edition: model.edition,
    };
    let mut history = life.history(random);
    for rank in unite.siege_ranks() {
        history.change(unite.creation_of(rank, model.edition), Variable::NicSiege);
    }
    let mut may = |variable, per_ten_thousand| {
        life.may_change(variable, per_ten_thousand, &mut history, random);
    };
    may(Variable::ActivitePrincipale, 3000);
    if row.physique {
        may(Variable::Nom, 100);
        may(Variable::NomUsage, 250);
    } else {
        may(Variable::Denomination, 1500);
        if FORMER_CATEGORIES
            .iter()
            .any(|(code, _)| *code == row.categorie_juridique)
        {
            may(Variable::CategorieJuridique, 1200);
        }
        if !row.denomination_usuelle.is_empty() {
            may(Variable::DenominationUsuelle, 5000);
        }
        if !row.economie_sociale.is_empty() {
            may(Variable::EconomieSociale, 4000);
        }
        if !row.mission.is_empty() {
            may(Variable::SocieteMission, 8000);
        }
    }
    life.may_reopen(200, &mut history, random);
    if row.creation == Day::UNKNOWN {
        history.forget_first_day();
    }
    history
}

/// What a form was before: companies turn into one another.
pub const FORMER_CATEGORIES: &[(&str, &str)] = &[
    ("5499", "5599"),
    ("5710", "5499"),
    ("5599", "5499"),
    ("5785", "5485"),
    ("6540", "6599"),
];

/// Writes the row of a unit.
pub fn write_unite(unite: &UniteLegale, model: &Model, texts: &mut Texts, buffer: &mut Buffer) {
    draw_unite(unite, model, texts).0.write(buffer);
}

/// RNA number, or in Alsace-Moselle the court's volume and folio.
fn push_identifiant_association(
    unite: &UniteLegale,
    model: &Model,
    text: &mut String,
    random: &mut Random,
) {
    if let Some(association) = unite.association {
        // One time in eight only the RNA knows of the link.
        if !random.chance(1250) {
            text.push_str(&model.association_id(association));
        }
    } else if matches!(unite.personne, Personne::Morale(categorie) if categorie.code == "9260")
        && random.chance(6000)
    {
        append_number(text, random.between(1, 399));
        text.push('-');
        append_number(text, random.between(1, 999));
    }
}

/// Whether a body belongs to the économie sociale et solidaire; not always known.
fn draw_economie_sociale(categorie_juridique: &str, random: &mut Random) -> &'static str {
    match categorie_juridique {
        "9220" | "9260" | "9300" | "5458" => {
            if random.chance(8000) {
                "O"
            } else {
                ""
            }
        }
        _ => match random.below(1000) {
            0..=3 => "O",
            4..=30 => "N",
            _ => "",
        },
    }
}

/// Unknown for one old unit in twelve; INSEE writes that as null once a unit is purged.
fn draw_date_creation(unite: &UniteLegale, random: &mut Random) -> Day {
    match unite.etat {
        Etat::Purgee if random.chance(2700) => Day::NULL,
        Etat::Active | Etat::Cessee if unite.creation.year() < 1990 && random.chance(800) => {
            Day::UNKNOWN
        }
        _ => unite.creation,
    }
}

/// What a unit is called; the same draws whichever file asks.
pub fn push_name(unite: &UniteLegale, model: &Model, text: &mut String) {
    text.clear();
    let mut random = Random::new(unite.name_seed, Domain::Name, 0);
    match (unite.association, unite.personne) {
        (Some(association), _) => {
            names::push_titre(
                text,
                &mut Random::new(model.seed, Domain::Name, association),
            );
        }
        (None, Personne::Morale(categorie)) => {
            names::push_denomination(text, categorie.name_kind, &mut random)
        }
        (None, Personne::Physique(_)) => names::push_nom(text, &mut random),
    }
}

/// Tranche of a unit and its year: persons mostly have none, bodies of many établissements more.
pub fn draw_tranche_effectifs(unite: &UniteLegale, year: u32) -> (&'static str, u32) {
    let mut random = Random::new(unite.name_seed, Domain::Name, 2);
    let employees = if unite.is_physique() { 700 } else { 3200 };
    if unite.etat != Etat::Active {
        return (if random.chance(3000) { "NN" } else { "" }, 0);
    }
    if !random.chance(employees) {
        return (if random.chance(6500) { "NN" } else { "" }, 0);
    }
    let size = (unite.etablissements.ilog2() as usize) / 2;
    let mut rank = size;
    while rank + 1 < TRANCHES_EFFECTIFS.len() && random.chance(5700) {
        rank += 1;
    }
    (
        TRANCHES_EFFECTIFS[rank.min(TRANCHES_EFFECTIFS.len() - 1)],
        year - 2 - random.below(10) / 9,
    )
}
