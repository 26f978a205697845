//! The files of SIRENE: which units each goes through, what the rows of the big ones share, and the
//! rows of the two small ones.

use registre_schemas::Table;
use registre_schemas::column::Presence;
use registre_schemas::etablissement::{ETABLISSEMENT, GEOLOCALISATION, LIEN_SUCCESSION};
use registre_schemas::periode::{ETABLISSEMENT_PERIODE, UNITE_LEGALE_PERIODE};
use registre_schemas::unite_legale::{DOUBLON, UNITE_LEGALE};

use crate::error::IngestError;
use crate::generate::archive::Archive;
use crate::generate::buffer::{Buffer, Day, Timestamp, ascii, digits};
use crate::generate::etablissements::Etablissement;
use crate::generate::model::Model;
use crate::generate::nomenclatures::Code;
use crate::generate::random::{Domain, Random};
use crate::generate::real_bodies::RealBody;
use crate::generate::unites_legales::{Etat, UniteLegale};
use crate::generate::{
    geolocalisation, sirene_etablissement, sirene_etablissement_periode, sirene_unite_legale,
    sirene_unite_legale_periode,
};

/// INSEE reprocessed most of the register that day, when its format 3.11 came out.
pub const REPROCESSED: Day = Day::new(2024, 3, 22);

/// How far after the predecessor, in ranks, a successor is looked for.
const NEIGHBOURHOOD: u32 = 900;

/// Which of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SireneFile {
    /// `StockEtablissement`.
    Etablissements,
    /// `StockUniteLegale`.
    Unites,
    /// `StockEtablissementHistorique`.
    EtablissementPeriodes,
    /// `StockUniteLegaleHistorique`.
    UnitePeriodes,
    /// `GeolocalisationEtablissement_Sirene_pour_etudes_statistiques`.
    Positions,
    /// `StockEtablissementLiensSuccession`.
    Liens,
    /// `StockDoublons`.
    Doublons,
}

impl SireneFile {
    /// Its official name, without extension.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Etablissements => "StockEtablissement_utf8",
            Self::Unites => "StockUniteLegale_utf8",
            Self::EtablissementPeriodes => "StockEtablissementHistorique_utf8",
            Self::UnitePeriodes => "StockUniteLegaleHistorique_utf8",
            Self::Positions => "GeolocalisationEtablissement_Sirene_pour_etudes_statistiques_utf8",
            Self::Liens => "StockEtablissementLiensSuccession_utf8",
            Self::Doublons => "StockDoublons_utf8",
        }
    }

    fn table(self) -> &'static Table {
        match self {
            Self::Etablissements => &ETABLISSEMENT,
            Self::Unites => &UNITE_LEGALE,
            Self::EtablissementPeriodes => &ETABLISSEMENT_PERIODE,
            Self::UnitePeriodes => &UNITE_LEGALE_PERIODE,
            Self::Positions => &GEOLOCALISATION,
            Self::Liens => &LIEN_SUCCESSION,
            Self::Doublons => &DOUBLON,
        }
    }

    fn delimiter(self) -> u8 {
        if self == Self::Positions { b';' } else { b',' }
    }

    /// Writes its only entry.
    pub fn write(self, model: &Model, archive: &mut Archive) -> Result<(), IngestError> {
        archive.start_entry(&format!("{}.csv", self.name()), true)?;
        let mut buffer = Buffer::new(self.delimiter(), b"\n");
        write_header(self.table(), &mut buffer);
        match self {
            Self::Etablissements => {
                let mut texts = sirene_etablissement::Texts::default();
                let write_real = |body: &RealBody, buffer: &mut Buffer| {
                    body.visit_etablissements(model, |row, _| row.write(buffer));
                };
                let write_made_up = each_etablissement(model, |unite, etablissement, buffer| {
                    sirene_etablissement::write_etablissement(
                        unite,
                        etablissement,
                        model,
                        &mut texts,
                        buffer,
                    );
                });
                walk(model, &mut buffer, archive, write_real, write_made_up)?;
            }
            Self::Unites => {
                let mut texts = sirene_unite_legale::Texts::default();
                let write_real = |body: &RealBody, buffer: &mut Buffer| {
                    body.unite_row(model).write(buffer);
                };
                let write_made_up = |unite: &UniteLegale, buffer: &mut Buffer| {
                    sirene_unite_legale::write_unite(unite, model, &mut texts, buffer);
                };
                walk(model, &mut buffer, archive, write_real, write_made_up)?;
            }
            Self::EtablissementPeriodes => {
                let mut texts = sirene_etablissement_periode::Texts::default();
                let write_real = |body: &RealBody, buffer: &mut Buffer| {
                    body.visit_etablissements(model, |row, history| {
                        row.write_openings(history, buffer);
                    });
                };
                let write_made_up = each_etablissement(model, |unite, etablissement, buffer| {
                    sirene_etablissement_periode::write_periodes(
                        unite,
                        etablissement,
                        model,
                        &mut texts,
                        buffer,
                    );
                });
                walk(model, &mut buffer, archive, write_real, write_made_up)?;
            }
            Self::UnitePeriodes => {
                let mut texts = sirene_unite_legale_periode::Texts::default();
                let write_real = |body: &RealBody, buffer: &mut Buffer| {
                    body.unite_row(model).write_only_periode(buffer);
                };
                let write_made_up = |unite: &UniteLegale, buffer: &mut Buffer| {
                    sirene_unite_legale_periode::write_periodes(unite, model, &mut texts, buffer);
                };
                walk(model, &mut buffer, archive, write_real, write_made_up)?;
            }
            Self::Positions => {
                let mut texts = sirene_etablissement::AddressTexts::default();
                let write_real = |body: &RealBody, buffer: &mut Buffer| {
                    geolocalisation::write_positions_of_real(body, model, buffer);
                };
                let write_made_up = each_etablissement(model, |unite, etablissement, buffer| {
                    geolocalisation::write_position(
                        unite,
                        etablissement,
                        model,
                        &mut texts,
                        buffer,
                    );
                });
                walk(model, &mut buffer, archive, write_real, write_made_up)?;
            }
            Self::Liens => {
                let write_made_up = |unite: &UniteLegale, buffer: &mut Buffer| {
                    write_liens(unite, model, buffer);
                };
                walk(model, &mut buffer, archive, |_, _| {}, write_made_up)?;
            }
            Self::Doublons => write_doublons(model, &mut buffer),
        }
        archive.write(&mut buffer)
    }
}

/// Visits the établissements of a unit, in the order of their NIC.
fn each_etablissement(
    model: &Model,
    mut write: impl FnMut(&UniteLegale, &Etablissement, &mut Buffer),
) -> impl FnMut(&UniteLegale, &mut Buffer) {
    move |unite, buffer| {
        for rank in 0..unite.etablissements {
            write(unite, &unite.etablissement(rank, model), buffer);
        }
    }
}

/// Goes through every unit in SIREN order, the real ones at their place among the others.
fn walk(
    model: &Model,
    buffer: &mut Buffer,
    archive: &mut Archive,
    mut write_real: impl FnMut(&RealBody, &mut Buffer),
    mut write_made_up: impl FnMut(&UniteLegale, &mut Buffer),
) -> Result<(), IngestError> {
    let mut bodies = model.real.unites.iter().peekable();
    for rank in 0..model.unites {
        let unite = model.unite(rank);
        while let Some(body) = bodies.next_if(|body| body.siren_number() < unite.siren) {
            write_real(body, buffer);
        }
        write_made_up(&unite, buffer);
        if buffer.is_full() {
            archive.write(buffer)?;
        }
    }
    bodies.for_each(|body| write_real(body, buffer));
    Ok(())
}

/// The header of a table's official file.
fn write_header(table: &Table, buffer: &mut Buffer) {
    let published = table
        .columns
        .iter()
        .filter(|column| column.presence != Presence::Derived);
    buffer.header(published.map(|column| column.name));
}

/// What the activity columns hold: code, nomenclature, NAF 2025.
pub type ActiviteColumns<'a> = (&'a str, &'a str, &'a str);

/// `P` for what asked to be hidden.
#[must_use]
pub fn statut_diffusion(partial: bool) -> &'static str {
    if partial { "P" } else { "O" }
}

/// Code, nomenclature and NAF 2025 of something that ended on `end`, or is at work.
pub fn draw_activite(
    rank: u16,
    end: Day,
    model: &Model,
    random: &mut Random,
) -> (Code, &'static str, &'static str) {
    if end == Day::NULL {
        let activite = model.activites.activite(rank);
        return (Code::listed(activite.rev2), "NAFRev2", activite.naf25);
    }
    let (code, nomenclature) = model.activites.code_at_closure(rank, end, random);
    (code, nomenclature, "")
}

/// When INSEE last touched it; not always known.
pub fn draw_date_dernier_traitement(edition: Day, random: &mut Random) -> Timestamp {
    let day = match random.below(10) {
        0..=4 => REPROCESSED,
        5 => return Timestamp::default(),
        _ => Day::in_year(random.between(2014, edition.year() - 1), random),
    };
    Timestamp::draw(day, random)
}

/// A closed établissement and the one that took over.
struct LienSuccession {
    predecesseur: (u32, u32),
    successeur: (u32, u32),
    date: Day,
    transfert_siege: bool,
    continuite_economique: bool,
}

/// Writes the links that start from a unit's établissements, in their order. Links go forward, so
/// the only circle is the one made on purpose.
pub fn write_liens(unite: &UniteLegale, model: &Model, buffer: &mut Buffer) {
    if unite.etat == Etat::Purgee {
        return;
    }
    for rank in 0..unite.etablissements {
        let etablissement = unite.etablissement(rank, model);
        if etablissement.active {
            continue;
        }
        let mut random = unite.sequence(model.seed, Domain::LienSuccession, rank);
        let predecesseur = (unite.siren, unite.nic(rank));
        let lien = if !etablissement.siege && rank + 1 < unite.etablissements {
            random.chance(6200).then(|| LienSuccession {
                predecesseur,
                successeur: (unite.siren, unite.nic(rank + 1)),
                date: etablissement.end,
                transfert_siege: rank + 1 == unite.siege,
                continuite_economique: random.chance(9000),
            })
        } else if etablissement.siege {
            find_successor(unite, model, &mut random).map(|successor| LienSuccession {
                predecesseur,
                successeur: (successor.siren, successor.nic(successor.siege)),
                date: etablissement.end,
                transfert_siege: false,
                continuite_economique: random.chance(7000),
            })
        } else {
            None
        };
        if let Some(mut lien) = lien {
            lien.write(&mut random, buffer);
            // Shared out between two, as some are.
            if !etablissement.siege && rank + 2 < unite.etablissements && random.chance(500) {
                lien.successeur = (unite.siren, unite.nic(rank + 2));
                lien.transfert_siege = rank + 2 == unite.siege;
                lien.write(&mut random, buffer);
            }
        }
    }
}

/// Who took over a ceased unit: the next of the circle, or one time in six some later unit, which
/// may have ceased as well, and then has its own successor.
fn find_successor(unite: &UniteLegale, model: &Model, random: &mut Random) -> Option<UniteLegale> {
    if let Some(cycle) = model.cycle
        && let Some(place) = cycle.iter().position(|rank| *rank == unite.rank)
    {
        return Some(model.unite(cycle[(place + 1) % 3]));
    }
    if unite.etat != Etat::Cessee || !random.chance(1700) {
        return None;
    }
    let rank = unite.rank + 1 + u64::from(random.below(NEIGHBOURHOOD));
    let successor = (rank < model.unites).then(|| model.unite(rank))?;
    (successor.etat != Etat::Purgee).then_some(successor)
}

impl LienSuccession {
    fn write(&self, random: &mut Random, buffer: &mut Buffer) {
        for (siren, nic) in [self.predecesseur, self.successeur] {
            buffer.bytes.extend_from_slice(&digits::<9>(siren));
            buffer.code(ascii(&digits::<5>(nic)));
        }
        buffer.day(self.date);
        buffer.boolean(self.transfert_siege);
        buffer.boolean(self.continuite_economique);
        buffer.timestamp(Timestamp::draw(REPROCESSED.max(self.date), random), b'T');
        buffer.end_row();
    }
}

/// Writes every doublon, in order of the SIREN of reference.
pub fn write_doublons(model: &Model, buffer: &mut Buffer) {
    let mut pairs: Vec<(u32, u32)> = model
        .doublons
        .iter()
        .map(|(double, reference)| (model.unite(*reference).siren, model.unite(*double).siren))
        .collect();
    pairs.sort_unstable();
    for (siren, double) in pairs {
        let mut random = Random::new(model.seed, Domain::LienSuccession, u64::from(double));
        buffer.code(ascii(&digits::<9>(siren)));
        buffer.code(ascii(&digits::<9>(double)));
        buffer.timestamp(Timestamp::draw(REPROCESSED, &mut random), b'T');
        buffer.end_row();
    }
}
