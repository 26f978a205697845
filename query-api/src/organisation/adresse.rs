//! Postal addresses, in parts and as the lines to print under a name, after La Poste's norm (NF Z
//! 10-011, lines 3 to 7): complement, street, special distribution, town, country.
//!
//! Architecture invariant: no line holds `[ND]` or is made from it. Who is in partial diffusion has a
//! commune and a country, as INSEE publishes them, and nothing else.

use registre_schemas::association::ASSOCIATION;
use registre_schemas::diffusion::is_masked;
use registre_schemas::etablissement::ETABLISSEMENT;
use registre_schemas::nomenclature::Nomenclature;
use serde::Serialize;
use std::borrow::Cow;

use crate::record::{Record, at};

/// An address. Absent parts are null, absent lines are not there.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Adresse<'row> {
    pub(crate) complement: Option<&'row str>,
    pub(crate) numero_voie: Option<&'row str>,
    /// Spelled out: `BIS` for `B`.
    pub(crate) indice_repetition: Option<&'row str>,
    /// Of an address that covers several numbers.
    pub(crate) dernier_numero_voie: Option<&'row str>,
    /// Spelled out: `AVENUE` for `AV`.
    pub(crate) type_voie: Option<&'row str>,
    pub(crate) libelle_voie: Option<&'row str>,
    pub(crate) distribution_speciale: Option<&'row str>,
    pub(crate) code_postal: Option<&'row str>,
    pub(crate) code_commune: Option<&'row str>,
    pub(crate) libelle_commune: Option<&'row str>,
    pub(crate) code_cedex: Option<&'row str>,
    pub(crate) libelle_cedex: Option<&'row str>,
    pub(crate) libelle_commune_etranger: Option<&'row str>,
    pub(crate) code_pays_etranger: Option<&'row str>,
    pub(crate) libelle_pays_etranger: Option<&'row str>,
    /// Whether parts are hidden at the request of the person.
    pub(crate) masquee: bool,
    pub(crate) lignes: Vec<Cow<'row, str>>,
}

/// Positions of the parts of an address of an établissement.
struct Columns {
    complement: usize,
    numero: usize,
    indice: usize,
    dernier: Option<(usize, usize)>,
    type_voie: usize,
    voie: usize,
    distribution: usize,
    code_postal: usize,
    code_commune: usize,
    commune: usize,
    code_cedex: usize,
    cedex: usize,
    commune_etranger: usize,
    code_pays: usize,
    pays: usize,
}

const FIRST: Columns = Columns {
    complement: at!(ETABLISSEMENT, "complementAdresseEtablissement"),
    numero: at!(ETABLISSEMENT, "numeroVoieEtablissement"),
    indice: at!(ETABLISSEMENT, "indiceRepetitionEtablissement"),
    dernier: Some((
        at!(ETABLISSEMENT, "dernierNumeroVoieEtablissement"),
        at!(
            ETABLISSEMENT,
            "indiceRepetitionDernierNumeroVoieEtablissement"
        ),
    )),
    type_voie: at!(ETABLISSEMENT, "typeVoieEtablissement"),
    voie: at!(ETABLISSEMENT, "libelleVoieEtablissement"),
    distribution: at!(ETABLISSEMENT, "distributionSpecialeEtablissement"),
    code_postal: at!(ETABLISSEMENT, "codePostalEtablissement"),
    code_commune: at!(ETABLISSEMENT, "codeCommuneEtablissement"),
    commune: at!(ETABLISSEMENT, "libelleCommuneEtablissement"),
    code_cedex: at!(ETABLISSEMENT, "codeCedexEtablissement"),
    cedex: at!(ETABLISSEMENT, "libelleCedexEtablissement"),
    commune_etranger: at!(ETABLISSEMENT, "libelleCommuneEtrangerEtablissement"),
    code_pays: at!(ETABLISSEMENT, "codePaysEtrangerEtablissement"),
    pays: at!(ETABLISSEMENT, "libellePaysEtrangerEtablissement"),
};

const SECOND: Columns = Columns {
    complement: at!(ETABLISSEMENT, "complementAdresse2Etablissement"),
    numero: at!(ETABLISSEMENT, "numeroVoie2Etablissement"),
    indice: at!(ETABLISSEMENT, "indiceRepetition2Etablissement"),
    dernier: None,
    type_voie: at!(ETABLISSEMENT, "typeVoie2Etablissement"),
    voie: at!(ETABLISSEMENT, "libelleVoie2Etablissement"),
    distribution: at!(ETABLISSEMENT, "distributionSpeciale2Etablissement"),
    code_postal: at!(ETABLISSEMENT, "codePostal2Etablissement"),
    code_commune: at!(ETABLISSEMENT, "codeCommune2Etablissement"),
    commune: at!(ETABLISSEMENT, "libelleCommune2Etablissement"),
    code_cedex: at!(ETABLISSEMENT, "codeCedex2Etablissement"),
    cedex: at!(ETABLISSEMENT, "libelleCedex2Etablissement"),
    commune_etranger: at!(ETABLISSEMENT, "libelleCommuneEtranger2Etablissement"),
    code_pays: at!(ETABLISSEMENT, "codePaysEtranger2Etablissement"),
    pays: at!(ETABLISSEMENT, "libellePaysEtranger2Etablissement"),
};

/// Types of street that SIRENE abbreviates, sorted, in the capitals without accents that the norm
/// wants on an envelope. INSEE, Sirene 3.11, « typeVoieEtablissement ».
#[rustfmt::skip]
const VOIES: [(&str, &str); 42] = [
    ("ALL", "ALLEE"), ("AV", "AVENUE"), ("BD", "BOULEVARD"), ("CAR", "CARREFOUR"),
    ("CHE", "CHEMIN"), ("CHS", "CHAUSSEE"), ("CITE", "CITE"), ("COR", "CORNICHE"),
    ("CRS", "COURS"), ("DOM", "DOMAINE"), ("DSC", "DESCENTE"), ("ECA", "ECART"),
    ("ESP", "ESPLANADE"), ("FG", "FAUBOURG"), ("GR", "GRANDE RUE"), ("HAM", "HAMEAU"),
    ("HLE", "HALLE"), ("IMP", "IMPASSE"), ("LD", "LIEU-DIT"), ("LOT", "LOTISSEMENT"),
    ("MAR", "MARCHE"), ("MTE", "MONTEE"), ("PAS", "PASSAGE"), ("PL", "PLACE"),
    ("PLN", "PLAINE"), ("PLT", "PLATEAU"), ("PRO", "PROMENADE"), ("PRV", "PARVIS"),
    ("QUA", "QUARTIER"), ("QUAI", "QUAI"), ("RES", "RESIDENCE"), ("RLE", "RUELLE"),
    ("ROC", "ROCADE"), ("RPT", "ROND-POINT"), ("RTE", "ROUTE"), ("RUE", "RUE"),
    ("SEN", "SENTE"), ("SQ", "SQUARE"), ("TPL", "TERRE-PLEIN"), ("TRA", "TRAVERSE"),
    ("VLA", "VILLA"), ("VLGE", "VILLAGE"),
];

fn type_voie(code: &str) -> &str {
    VOIES
        .binary_search_by_key(&code, |(code, _)| code)
        .map_or(code, |place| VOIES[place].1)
}

/// INSEE, Sirene 3.11, « indiceRepetitionEtablissement ».
fn indice(code: &str) -> &str {
    match code {
        "B" => "BIS",
        "T" => "TER",
        "Q" => "QUATER",
        "C" => "QUINQUIES",
        other => other,
    }
}

/// A part: neither empty, nor what a source writes for nothing.
fn part(record: &Record, index: usize) -> Option<&str> {
    let text = record.text_at(index)?;
    let nothing = matches!(text, "_" | "-" | ".") || text.eq_ignore_ascii_case("null");
    (!nothing && !is_masked(text)).then_some(text)
}

fn has_mask(record: &Record, columns: &Columns) -> bool {
    let parts = [
        columns.complement,
        columns.numero,
        columns.indice,
        columns.type_voie,
        columns.voie,
        columns.distribution,
        columns.code_postal,
        columns.code_cedex,
        columns.cedex,
    ];
    let masked = |index: &usize| record.text_at(*index).is_some_and(is_masked);
    parts.iter().any(masked)
}

/// The address of an établissement. `hidden`: it or its unit may not be shown whole.
pub(crate) fn of_etablissement(record: &Record, hidden: bool) -> Option<Adresse<'_>> {
    of(record, &FIRST, hidden)
}

/// The same, printed: lines 3 to 7 of an envelope, each in its place.
pub(crate) fn lines_of_etablissement(record: &Record, hidden: bool) -> [Option<String>; 5] {
    let adresse = of(record, &FIRST, hidden).unwrap_or_default();
    let lines = adresse.lines(dernier_indice(record, &FIRST));
    lines.map(|line| line.map(Cow::into_owned))
}

/// Its second address, when it has one.
pub(crate) fn second_of(record: &Record, hidden: bool) -> Option<Adresse<'_>> {
    of(record, &SECOND, hidden)
}

fn of<'row>(record: &'row Record, columns: &Columns, hidden: bool) -> Option<Adresse<'row>> {
    let part = |index| part(record, index);
    let mut adresse = Adresse {
        code_commune: part(columns.code_commune),
        libelle_commune: part(columns.commune),
        libelle_commune_etranger: part(columns.commune_etranger),
        code_pays_etranger: part(columns.code_pays),
        libelle_pays_etranger: part(columns.pays),
        masquee: hidden || has_mask(record, columns),
        ..Adresse::default()
    };
    if !adresse.masquee {
        adresse.complement = part(columns.complement);
        adresse.numero_voie = part(columns.numero);
        adresse.indice_repetition = part(columns.indice).map(indice);
        adresse.dernier_numero_voie = columns.dernier.and_then(|(numero, _)| part(numero));
        adresse.type_voie = part(columns.type_voie).map(type_voie);
        adresse.libelle_voie = part(columns.voie);
        adresse.distribution_speciale = part(columns.distribution);
        adresse.code_postal = part(columns.code_postal);
        adresse.code_cedex = part(columns.code_cedex);
        adresse.libelle_cedex = part(columns.cedex);
    }
    adresse.print(dernier_indice(record, columns));
    (!adresse.lignes.is_empty() || adresse.code_commune.is_some()).then_some(adresse)
}

fn dernier_indice<'row>(record: &'row Record, columns: &Columns) -> Option<&'row str> {
    let (_, place) = columns.dernier?;
    part(record, place).map(indice)
}

impl<'row> Adresse<'row> {
    /// Writes the lines from the parts.
    fn print(&mut self, dernier_indice: Option<&str>) {
        self.lignes = self.lines(dernier_indice).into_iter().flatten().collect();
    }

    /// Lines 3 to 7, from the parts.
    fn lines(&self, dernier_indice: Option<&str>) -> [Option<Cow<'row, str>>; 5] {
        let numero = match (self.numero_voie, self.dernier_numero_voie) {
            (Some(first), Some(last)) if first != last => {
                let first = join([Some(first), self.indice_repetition]).unwrap_or_default();
                let last = join([Some(last), dernier_indice]).unwrap_or_default();
                Some(Cow::Owned(format!("{first}-{last}")))
            }
            _ => join([self.numero_voie, self.indice_repetition]),
        };
        let voie = join([numero.as_deref(), self.type_voie, self.libelle_voie]);
        // Without a street, a number stands alone: it is borrowed from the row, not from here.
        let voie = voie.map(|voie| Cow::Owned(voie.into_owned()));
        let ville = if self.code_cedex.is_some() && self.libelle_cedex.is_some() {
            join([self.code_cedex, self.libelle_cedex])
        } else if self.libelle_commune_etranger.is_some() {
            join([self.code_postal, self.libelle_commune_etranger])
        } else {
            join([
                self.code_postal,
                self.libelle_commune.map(without_arrondissement),
            ])
        };
        [
            self.complement.map(Cow::Borrowed),
            voie,
            self.distribution_speciale.map(Cow::Borrowed),
            ville,
            self.libelle_pays_etranger.map(Cow::Borrowed),
        ]
    }
}

/// `PARIS` of `PARIS 14`: on an envelope, the postcode says the arrondissement.
fn without_arrondissement(commune: &str) -> &str {
    match commune.split_once(' ') {
        Some((town @ ("PARIS" | "LYON" | "MARSEILLE"), rest))
            if rest.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            town
        }
        _ => commune,
    }
}

/// The parts that are there, separated by spaces.
fn join<const N: usize>(parts: [Option<&str>; N]) -> Option<Cow<'_, str>> {
    let mut parts = parts.into_iter().flatten();
    let mut joined = Cow::Borrowed(parts.next()?);
    for part in parts {
        let joined = joined.to_mut();
        joined.push(' ');
        joined.push_str(part);
    }
    Some(joined)
}

/// The siège of an association, by the RNA: waldec's columns, or import's lines.
pub(crate) fn of_association(record: &Record) -> Option<Adresse<'_>> {
    let part = |index| part(record, index);
    let mut adresse = Adresse {
        complement: part(at!(ASSOCIATION, "adrs_complement")),
        numero_voie: part(at!(ASSOCIATION, "adrs_numvoie")),
        indice_repetition: part(at!(ASSOCIATION, "adrs_repetition")).map(indice),
        type_voie: part(at!(ASSOCIATION, "adrs_typevoie")).map(type_voie),
        libelle_voie: part(at!(ASSOCIATION, "adrs_libvoie")),
        distribution_speciale: part(at!(ASSOCIATION, "adrs_distrib")),
        code_postal: part(at!(ASSOCIATION, "adrs_codepostal")),
        code_commune: part(at!(ASSOCIATION, "adrs_codeinsee")),
        libelle_commune: part(at!(ASSOCIATION, "adrs_libcommune"))
            .or_else(|| part(at!(ASSOCIATION, "libcom")))
            .or_else(|| Nomenclature::Commune.label(part(at!(ASSOCIATION, "adrs_codeinsee"))?)),
        ..Adresse::default()
    };
    adresse.print(None);
    let older = [
        part(at!(ASSOCIATION, "adr1")),
        part(at!(ASSOCIATION, "adr2")),
        part(at!(ASSOCIATION, "adr3")),
    ];
    for (place, line) in older.into_iter().flatten().enumerate() {
        adresse.lignes.insert(place, Cow::Borrowed(line));
    }
    adresse.lignes.iter_mut().for_each(space_once);
    (!adresse.lignes.is_empty()).then_some(adresse)
}

/// The address that an association is managed at. Who it is sent to is not shown.
pub(crate) fn of_gestion(record: &Record) -> Option<Adresse<'_>> {
    let part = |index| part(record, index);
    let foreign = |pays: &&str| !pays.eq_ignore_ascii_case("FRANCE");
    let mut adresse = Adresse {
        complement: part(at!(ASSOCIATION, "adrg_complemgeo")),
        libelle_voie: part(at!(ASSOCIATION, "adrg_libvoie")),
        distribution_speciale: part(at!(ASSOCIATION, "adrg_distrib")),
        code_postal: part(at!(ASSOCIATION, "adrg_codepostal")),
        libelle_commune: part(at!(ASSOCIATION, "adrg_achemine")),
        libelle_pays_etranger: part(at!(ASSOCIATION, "adrg_pays")).filter(foreign),
        ..Adresse::default()
    };
    adresse.print(None);
    adresse.lignes.iter_mut().for_each(space_once);
    (!adresse.lignes.is_empty()).then_some(adresse)
}

/// The RNA pads its lines: `10        BD  Brune`.
fn space_once(line: &mut Cow<'_, str>) {
    if line.contains("  ") {
        *line = Cow::Owned(line.split_whitespace().collect::<Vec<_>>().join(" "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::record;

    fn place(row: &[(&str, &str)]) -> Record {
        let row: Vec<(String, &str)> = row
            .iter()
            .map(|(name, value)| (format!("{name}Etablissement"), *value))
            .collect();
        let row: Vec<(&str, &str)> = row
            .iter()
            .map(|(name, value)| (name.as_str(), *value))
            .collect();
        record("etablissement", &row)
    }

    fn lines(record: &Record) -> Vec<String> {
        let adresse = of_etablissement(record, false).unwrap();
        adresse.lignes.into_iter().map(Cow::into_owned).collect()
    }

    #[test]
    fn an_address_is_printed_as_on_an_envelope() {
        let segur = place(&[
            ("complementAdresse", "BATIMENT SPECIMEN"),
            ("numeroVoie", "20"),
            ("indiceRepetition", "B"),
            ("typeVoie", "AV"),
            ("libelleVoie", "DE SEGUR"),
            ("distributionSpeciale", "TSA 30719"),
            ("codePostal", "75007"),
            ("libelleCommune", "PARIS 7"),
            ("codeCedex", "75334"),
            ("libelleCedex", "PARIS CEDEX 07"),
        ]);
        assert_eq!(
            lines(&segur),
            [
                "BATIMENT SPECIMEN",
                "20 BIS AVENUE DE SEGUR",
                "TSA 30719",
                "75334 PARIS CEDEX 07"
            ]
        );
        let without = place(&[
            ("typeVoie", "RUE"),
            ("libelleVoie", "DE L'EXEMPLE"),
            ("codePostal", "01000"),
            ("libelleCommune", "BOURG-EN-BRESSE"),
            ("codeCedex", "01012"),
        ]);
        assert_eq!(
            lines(&without),
            ["RUE DE L'EXEMPLE", "01000 BOURG-EN-BRESSE"]
        );
    }

    #[test]
    fn several_numbers_and_a_foreign_country() {
        let numbers = place(&[
            ("numeroVoie", "12"),
            ("dernierNumeroVoie", "14"),
            ("indiceRepetitionDernierNumeroVoie", "T"),
            ("typeVoie", "QUAI"),
            ("libelleVoie", "FICTIF"),
        ]);
        assert_eq!(lines(&numbers), ["12-14 TER QUAI FICTIF"]);
        let abroad = place(&[
            ("libelleVoie", "SPECIMEN STRASSE 3"),
            ("codePostal", "D-10115"),
            ("libelleCommuneEtranger", "BERLIN"),
            ("codePaysEtranger", "99109"),
            ("libellePaysEtranger", "ALLEMAGNE"),
        ]);
        assert_eq!(
            lines(&abroad),
            ["SPECIMEN STRASSE 3", "D-10115 BERLIN", "ALLEMAGNE"]
        );
    }

    #[test]
    fn what_stands_for_nothing_is_no_line() {
        let empty = place(&[
            ("complementAdresse", "  "),
            ("numeroVoie", "null"),
            ("libelleVoie", "LE BOURG"),
            ("distributionSpeciale", "_"),
            ("libelleCommune", "SAINT-EXEMPLE"),
        ]);
        assert_eq!(lines(&empty), ["LE BOURG", "SAINT-EXEMPLE"]);
        assert_eq!(of_etablissement(&place(&[]), false), None);
        assert_eq!(second_of(&empty, false), None);
    }

    #[test]
    fn a_masked_address_is_a_commune_and_nothing_of_its_street() {
        let row = [
            ("numeroVoie", "12"),
            ("libelleVoie", "[ND]"),
            ("codePostal", "92000"),
            ("libelleCommune", "NANTERRE"),
            ("codeCommune", "92050"),
        ];
        let plain = [
            ("numeroVoie", "12"),
            ("libelleVoie", "DE L'EXEMPLE"),
            row[2],
            row[3],
            row[4],
        ];
        for (row, hidden) in [(row, false), (row, true), (plain, true)] {
            let record = place(&row);
            let adresse = of_etablissement(&record, hidden).unwrap();
            assert!(adresse.masquee);
            assert_eq!(adresse.lignes, ["NANTERRE"]);
            let json = serde_json::to_string(&adresse).unwrap();
            assert!(
                !json.contains("[ND]") && !json.contains("12") && !json.contains("EXEMPLE"),
                "{json}"
            );
        }
    }

    #[test]
    fn each_type_of_street_is_found() {
        assert!(VOIES.is_sorted());
        assert_eq!(type_voie("VLGE"), "VILLAGE");
        assert_eq!(type_voie("ALL"), "ALLEE");
        assert_eq!(
            type_voie("AVENUE"),
            "AVENUE",
            "some are spelled out already"
        );
    }

    #[test]
    fn an_association_has_the_address_of_either_file_of_the_rna() {
        let waldec = record(
            "association",
            &[
                ("adrs_complement", ""),
                ("adrs_numvoie", "35"),
                ("adrs_typevoie", "RUE"),
                ("adrs_libvoie", "Pascal"),
                ("adrs_distrib", "_"),
                ("adrs_codepostal", "63000"),
                ("adrs_libcommune", "Clermont-Ferrand"),
                ("adrg_declarant", "SPECIMEN Camille"),
                ("publiweb", "1"),
                ("adrg_libvoie", "35  RUE PASCAL"),
                ("adrg_codepostal", "63000"),
                ("adrg_achemine", "CLERMONT-FERRAND"),
                ("adrg_pays", "FRANCE"),
            ],
        );
        assert_eq!(
            of_association(&waldec).unwrap().lignes,
            ["35 RUE Pascal", "63000 Clermont-Ferrand"]
        );
        let gestion = of_gestion(&waldec).unwrap();
        assert_eq!(gestion.lignes.last().unwrap(), "63000 CLERMONT-FERRAND");
        assert!(
            !serde_json::to_string(&gestion)
                .unwrap()
                .contains("SPECIMEN")
        );
        let import = record(
            "association",
            &[
                ("adr1", "10        BD  Brune"),
                ("adrs_codepostal", "75014"),
                ("libcom", "PARIS"),
            ],
        );
        assert_eq!(
            of_association(&import).unwrap().lignes,
            ["10 BD Brune", "75014 PARIS"]
        );
    }
}
