//! `GeolocalisationEtablissement_Sirene_pour_etudes_statistiques`: where établissements are, for
//! those that could be placed. The point is the one `StockEtablissement` has, when it has one.

use crate::generate::addresses::{Commune, coordinates};
use crate::generate::buffer::{Buffer, ascii, digits};
use crate::generate::etablissements::Etablissement;
use crate::generate::model::Model;
use crate::generate::projection::Projection;
use crate::generate::random::{Domain, Random};
use crate::generate::real_bodies::RealBody;
use crate::generate::sirene_etablissement::{AddressTexts, draw_address};
use crate::generate::unites_legales::UniteLegale;

/// Communes of that many people have quartiers prioritaires, and some more are cut into IRIS.
const ZONED: u32 = 10_000;
const CUT_INTO_IRIS: u32 = 5_000;

/// Out of ten thousand établissements overseas, those the file has.
const OVERSEAS: u32 = 3000;

/// How sure a position is: `qualite_xy`, quality of the zones, and the distance in metres it may be
/// off by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quality {
    /// Street and number found.
    Number,
    /// Street found.
    Street,
    /// Street and number probably found.
    ProbableNumber,
    /// Street probably found.
    ProbableStreet,
    /// Any point of the commune.
    Commune,
}

impl Quality {
    fn code(self) -> &'static str {
        match self {
            Self::Number => "11",
            Self::Street => "12",
            Self::ProbableNumber => "21",
            Self::ProbableStreet => "22",
            Self::Commune => "33",
        }
    }

    fn of_zones(self) -> &'static str {
        match self {
            Self::Number => "1",
            Self::Street | Self::ProbableNumber | Self::ProbableStreet => "2",
            Self::Commune => "3",
        }
    }

    fn draw_distance(self, random: &mut Random) -> u32 {
        match self {
            Self::Number => random.between(1, 30),
            Self::Street | Self::ProbableNumber => random.between(30, 400),
            Self::ProbableStreet => random.between(50, 1500),
            Self::Commune => random.between(500, 6000),
        }
    }
}

/// How well an établissement whose address was not matched is placed, when it is.
fn draw_quality(random: &mut Random) -> Option<Quality> {
    match random.below(1000) {
        0..138 => None,
        138..420 => Some(Quality::Number),
        420..695 => Some(Quality::Street),
        695..720 => Some(Quality::ProbableNumber),
        720..768 => Some(Quality::ProbableStreet),
        _ => Some(Quality::Commune),
    }
}

/// Writes the row of an établissement, if it could be placed. Half of those that asked to be hidden
/// are there, somewhere in their commune: it is for the reader to leave them out.
pub fn write_position(
    unite: &UniteLegale,
    etablissement: &Etablissement,
    model: &Model,
    texts: &mut AddressTexts,
    buffer: &mut Buffer,
) {
    if unite.foreign_town.is_some() {
        return;
    }
    let mut random = unite.sequence(model.seed, Domain::Position, etablissement.rank);
    let address = draw_address(unite, etablissement, model, texts);
    let (point, quality) = if unite.partial {
        (None, random.chance(5000).then_some(Quality::Commune))
    } else if address.point.is_some() {
        (address.point, Some(Quality::Number))
    } else {
        (None, draw_quality(&mut random))
    };
    let Some(quality) = quality else { return };
    Position {
        siret: (unite.siren, unite.nic(etablissement.rank)),
        commune: model.communes.commune(etablissement.commune),
        point,
        quality,
    }
    .write(&mut random, buffer);
}

/// Writes the rows of a real body: nothing is known here of where its siège is, and La Poste's many
/// are no more real than the others.
pub fn write_positions_of_real(body: &RealBody, model: &Model, buffer: &mut Buffer) {
    body.visit_etablissements(model, |row, _| {
        let commune = model.communes.find(row.address.code_commune);
        let Some(commune) = commune.filter(|_| !row.siege) else {
            return;
        };
        let key = u64::from(row.siren) << 17 | u64::from(row.nic);
        let mut random = Random::new(model.seed, Domain::Position, key);
        Position {
            siret: (row.siren, row.nic),
            commune,
            point: None,
            quality: Quality::Street,
        }
        .write(&mut random, buffer);
    });
}

/// An établissement about to be placed.
struct Position<'a> {
    siret: (u32, u32),
    commune: &'a Commune,
    /// Abscissa and ordinate in centimetres, when they are known already.
    point: Option<(u32, u32)>,
    quality: Quality,
}

impl Position<'_> {
    fn write(&self, random: &mut Random, buffer: &mut Buffer) {
        let code = self.commune.code.as_str();
        let departement = registre_schemas::nomenclature::departement_of(code).unwrap_or_default();
        let Some(projection) = Projection::of_departement(departement) else {
            return;
        };
        if projection != Projection::Lambert93 && !random.chance(OVERSEAS) {
            return;
        }
        let Some((x, y)) = self.point.or_else(|| coordinates(code, random)) else {
            return;
        };
        buffer.bytes.extend_from_slice(&digits::<9>(self.siret.0));
        buffer.code(ascii(&digits::<5>(self.siret.1)));
        buffer.decimal(x.into(), 2);
        buffer.decimal(y.into(), 2);
        buffer.code(self.quality.code());
        buffer.code(projection.epsg());
        let qp = draw_quartier(self.commune, departement, random);
        buffer.code(qp.0.as_str());
        self.write_iris(random, buffer);
        // The zones urbaines sensibles ended with 2014: the column remains, empty.
        buffer.blanks(1);
        buffer.code(qp.1.as_str());
        buffer.code(if self.commune.population < ZONED {
            "CSZ"
        } else {
            "HZ"
        });
        buffer.code(code);
        buffer.number(self.quality.draw_distance(random));
        let zones = self.quality.of_zones();
        buffer.repeat(zones, 2);
        buffer.blanks(1);
        buffer.repeat(zones, 2);
        let (latitude, longitude) =
            projection.to_degrees(f64::from(x) / 100.0, f64::from(y) / 100.0);
        buffer.decimal(ten_millionths(latitude), 7);
        buffer.decimal(ten_millionths(longitude), 7);
        buffer.end_row();
    }

    /// Nine characters: the commune, then its part; 0000 where it is not cut.
    fn write_iris(&self, random: &mut Random, buffer: &mut Buffer) {
        let population = self.commune.population;
        let iris = if population < CUT_INTO_IRIS {
            0
        } else {
            101 + random.below(population / 2_500)
        };
        buffer.bytes.extend_from_slice(self.commune.code.as_bytes());
        buffer.code(ascii(&digits::<4>(iris)));
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a few hundred degrees")]
fn ten_millionths(degrees: f64) -> i64 {
    (degrees * 1e7).round() as i64
}

/// A code of at most eight characters.
#[derive(Debug, Clone, Copy)]
struct ZoneCode {
    text: [u8; 8],
    length: usize,
}

impl ZoneCode {
    fn new(parts: [&[u8]; 4]) -> Self {
        let (mut text, mut length) = ([0; 8], 0);
        for byte in parts.into_iter().flatten().take(8) {
            text[length] = *byte;
            length += 1;
        }
        Self { text, length }
    }

    fn as_str(&self) -> &str {
        ascii(&self.text[..self.length])
    }
}

/// The quartier prioritaire of 2024 and that of 2015, `HZ` outside of any, `CSZ` where the commune
/// has none.
fn draw_quartier(
    commune: &Commune,
    departement: &str,
    random: &mut Random,
) -> (ZoneCode, ZoneCode) {
    let outside = |code: &str| ZoneCode::new([code.as_bytes(), b"", b"", b""]);
    if commune.population < ZONED {
        return (outside("CSZ"), outside("CSZ"));
    }
    if !random.chance(900) {
        return (outside("HZ"), outside("HZ"));
    }
    let pad: &[u8] = if departement.len() == 2 { b"0" } else { b"" };
    let number = random.between(1, 60);
    (
        ZoneCode::new([b"QN", pad, departement.as_bytes(), &{
            let [tens, units] = digits::<2>(number);
            [tens, units, b'M']
        }]),
        ZoneCode::new([b"QP", pad, departement.as_bytes(), &digits::<3>(number)]),
    )
}
