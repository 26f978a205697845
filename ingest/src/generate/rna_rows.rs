//! Rows of the RNA's two files, drawn from the same made-up associations, and those of the real ones.

use crate::generate::addresses::{AddressLine, Commune};
use crate::generate::buffer::{Buffer, Day, Timestamp, append_number, ascii, digits};
use crate::generate::model::Model;
use crate::generate::random::{Domain, Random};
use crate::generate::real_bodies::RealAssociation;
use crate::generate::unites_legales::{Etat, UniteLegale};
use crate::generate::{associations, names};

/// A made-up association, drawn once for both files.
pub struct Association<'a> {
    /// Its RNA number.
    pub id: String,
    /// Its name.
    pub titre: String,
    /// What it is for.
    pub objet: String,
    themes: [&'static str; 2],
    /// When it was declared.
    pub creation: Day,
    /// Where it is, in its commune.
    pub line: AddressLine,
    /// Its commune.
    pub commune: &'a Commune,
    unite: Option<UniteLegale>,
    random: Random,
}

impl<'a> Association<'a> {
    /// The association of that rank.
    pub fn draw(rank: u64, model: &'a Model) -> Self {
        let mut random = Random::new(model.seed, Domain::Association, rank + (1 << 40));
        let unite = model
            .associations
            .unite_of(rank)
            .map(|unite| model.unite(unite));
        let mut titre = String::new();
        names::push_titre(&mut titre, &mut Random::new(model.seed, Domain::Name, rank));
        let mut objet = String::new();
        let themes = associations::push_objet(&mut objet, &mut random);
        // One declaration typed on two lines, where a reader by lines goes wrong.
        if rank == model.associations.total() / 2 {
            objet.push_str(" ;\nseconde ligne de l'objet, dite \"annexe\"");
        }
        let creation = match &unite {
            Some(unite) => unite.creation,
            None if random.chance(300) => Day::UNKNOWN_RNA,
            None => Day::in_year(random.between(1960, model.edition.year() - 1), &mut random),
        };
        let line = match &unite {
            Some(unite) => {
                AddressLine::draw(&mut unite.sequence(model.seed, Domain::Address, unite.siege))
            }
            None => AddressLine::draw(&mut random),
        };
        let commune = model
            .associations
            .commune_of(rank, model.seed, &model.communes);
        Self {
            id: model.association_id(rank),
            titre,
            objet,
            themes,
            creation,
            line,
            commune: model.communes.commune(commune),
            unite,
            random,
        }
    }

    /// Active, dissoute or supprimée, as its unit says when it has one.
    fn position(&mut self) -> &'static str {
        match &self.unite {
            Some(unite) if unite.etat == Etat::Active => "A",
            Some(_) => "D",
            None => match self.random.below(100) {
                0..=61 => "A",
                62..=95 => "D",
                _ => "S",
            },
        }
    }
}

/// `W632007046` to `632P`: the préfecture, or a sous-préfecture.
fn gestion_of(id: &str) -> String {
    let site = &id[1..4];
    format!("{site}{}", if site.ends_with('1') { 'P' } else { 'S' })
}

/// A title cut as the register cuts it.
fn shorten_titre(titre: &str) -> String {
    if titre.chars().count() <= 38 {
        titre.to_owned()
    } else {
        titre.chars().take(34).chain("...".chars()).collect()
    }
}

fn draw_maj_time(years: (u32, u32), random: &mut Random) -> Timestamp {
    let day = Day::in_year(random.between(years.0, years.1), random);
    Timestamp {
        day,
        millis: random.between(6 * 3600, 20 * 3600) * 1000,
    }
}

/// A made-up association.
pub fn write_waldec(rank: u64, model: &Model, buffer: &mut Buffer) {
    let mut association = Association::draw(rank, model);
    let position = association.position();
    let Association {
        id,
        titre,
        objet,
        themes,
        creation,
        line,
        commune,
        unite,
        mut random,
    } = association;
    let year = model.edition.year();
    let known = creation != Day::UNKNOWN_RNA;
    let later = |random: &mut Random| {
        Day::in_year(
            random.between(creation.year().clamp(1960, year - 1), year - 1),
            random,
        )
        .max(creation)
    };

    buffer.code(&id);
    if random.chance(4500) {
        buffer.bytes.extend_from_slice(b"0");
        buffer.bytes.extend_from_slice(&id.as_bytes()[1..3]);
        buffer.code(ascii(&digits::<7>(random.below(9_999_999))));
    } else {
        buffer.blanks(1);
    }
    match unite {
        Some(unite) if random.chance(7500) => {
            buffer.bytes.extend_from_slice(&digits::<9>(unite.siren));
            buffer.code(ascii(&digits::<5>(unite.nic(unite.siege))));
        }
        _ => buffer.blanks(1),
    }
    buffer.number(model.utilite_publique(rank).unwrap_or(0));
    buffer.code(&gestion_of(&id));
    buffer.day(creation);
    buffer.day(if known {
        later(&mut random)
    } else {
        Day::UNKNOWN_RNA
    });
    buffer.day(if known && random.chance(7500) {
        creation
    } else {
        Day::UNKNOWN_RNA
    });
    buffer.day(if position == "D" {
        later(&mut random)
    } else {
        Day::UNKNOWN_RNA
    });
    buffer.code("D");
    buffer.code(match random.below(60) {
        0 => "U",
        1 => "F",
        _ => "S",
    });
    buffer.text(&titre);
    buffer.text(&shorten_titre(&titre));
    buffer.text(&objet);
    buffer.code(themes[0]);
    buffer.code(themes[1]);
    write_adrs(&line, commune, &mut random, buffer);
    write_adrg(&line, commune, buffer);
    buffer.code(if random.chance(9000) { "PM" } else { "PF" });
    let mut site = String::new();
    if random.chance(700) {
        site.push_str("https://association-");
        append_number(&mut site, u32::try_from(rank).unwrap_or(0));
        site.push_str(".example");
    }
    buffer.code(&site);
    buffer.code(if site.is_empty() { "0" } else { "1" });
    buffer.code(if random.chance(900) {
        "Reprise  =>  date ag=0000-00-00"
    } else {
        ""
    });
    buffer.code(position);
    buffer.timestamp(draw_maj_time((2008, year - 1), &mut random), b' ');
    buffer.end_row();
}

/// A real association: what is not in `data/sample/associations.csv` is left empty or unknown.
pub fn write_real(real: &RealAssociation, model: &Model, buffer: &mut Buffer) {
    let creation = if real.date_creation.is_empty() {
        Day::UNKNOWN_RNA
    } else {
        Day::parse(&real.date_creation)
    };
    let theme = if real.objet_social1.is_empty() {
        "000000"
    } else {
        &real.objet_social1
    };
    let mut random = Random::new(
        model.seed,
        Domain::RealBody,
        real.id.bytes().map(u64::from).sum(),
    );
    buffer.code(&real.id);
    buffer.blanks(1);
    buffer.code(&real.siret);
    buffer.blanks(1);
    buffer.code(&gestion_of(&real.id));
    buffer.day(creation);
    (0..3).for_each(|_| buffer.day(Day::UNKNOWN_RNA));
    buffer.code("D");
    buffer.code("S");
    buffer.text(&real.titre);
    buffer.text(
        if real.titre_court.is_empty() {
            shorten_titre(&real.titre)
        } else {
            real.titre_court.clone()
        }
        .as_str(),
    );
    buffer.text(&real.objet);
    buffer.code(theme);
    buffer.code("000000");
    buffer.blanks(1);
    buffer.code(&real.numero_voie);
    buffer.blanks(1);
    buffer.code(&real.type_voie);
    buffer.text(&real.libelle_voie);
    buffer.code("_");
    buffer.code(&real.code_commune);
    buffer.code(&real.code_postal);
    buffer.text(&real.libelle_commune);
    buffer.blanks(7);
    buffer.code("FRANCE");
    buffer.code("PM");
    buffer.text(&real.siteweb);
    buffer.code(if real.siteweb.is_empty() { "0" } else { "1" });
    buffer.blanks(1);
    buffer.code("A");
    buffer.timestamp(
        draw_maj_time((2015, model.edition.year() - 1), &mut random),
        b' ',
    );
    buffer.end_row();
}

/// A file of before 2009: its own number, or with `double` the very number of a waldec row.
pub fn write_import(rank: u64, double: bool, model: &Model, buffer: &mut Buffer) {
    let Association {
        id,
        titre,
        objet,
        themes,
        creation,
        line,
        commune,
        mut random,
        ..
    } = Association::draw(rank, model);
    // The numbers grow with the rank: the file is in order of its key.
    let number = digits::<8>(u32::try_from(rank).unwrap_or(0) * 3 + random.below(3));
    let gestion = format!("{}1P", &id[1..3]);
    if double {
        buffer.code(&id);
    } else {
        buffer.bytes.extend_from_slice(gestion.as_bytes());
        buffer.code(ascii(&number));
    }
    buffer.code(ascii(&number));
    buffer.blanks(1);
    buffer.code(&gestion);
    buffer.day(if random.chance(4000) {
        Day::UNKNOWN_RNA
    } else {
        creation
    });
    buffer.day(Day::UNKNOWN_RNA);
    buffer.code("D");
    buffer.code("S");
    buffer.text(&titre);
    buffer.text(&objet);
    buffer.code(themes[0]);
    buffer.code("000000");
    buffer.blanks(1);
    // A fixed-width number, as these files have it.
    let (numero, type_voie, voie) = (spaced_numero(&line), line.type_voie.0, line.voie.1);
    buffer.text(&format!("{numero:<10}{type_voie}  {voie}"));
    buffer.blanks(1);
    buffer.code(&commune.code_postal);
    buffer.code(&commune.libelle_poste);
    buffer.code("PM");
    buffer.blanks(1);
    let migrated = !double && random.chance(9000);
    buffer.code(if migrated { &id } else { "" });
    buffer.code(match migrated {
        true => "R",
        false if double => "A",
        false => "D",
    });
    buffer.blanks(1);
    buffer.timestamp(draw_maj_time((2006, 2014), &mut random), b' ');
    buffer.end_row();
}

/// The nine columns `adrs_`, with the underscore that stands for nothing.
fn write_adrs(line: &AddressLine, commune: &Commune, random: &mut Random, buffer: &mut Buffer) {
    match line.complement {
        Some((word, count)) => {
            let mut text = word.to_owned();
            append_number(&mut text, count);
            buffer.text(&text);
        }
        None => buffer.blanks(1),
    }
    buffer.number(line.numero);
    buffer.code(line.indice);
    buffer.code(if line.type_voie.0.len() > 5 {
        "RUE"
    } else {
        line.type_voie.0
    });
    buffer.text(line.voie.1);
    match random.below(30) {
        0 => buffer.code("B.P. 1328_"),
        1 => buffer.code("_Quartier de l'Exemple"),
        _ => buffer.code("_"),
    }
    buffer.code(if random.chance(40) {
        "0"
    } else {
        &commune.code
    });
    buffer.code(if random.chance(20) {
        "00000"
    } else {
        &commune.code_postal
    });
    buffer.text(&commune.libelle);
}

/// The eight columns `adrg_`, as an envelope is written.
fn write_adrg(line: &AddressLine, commune: &Commune, buffer: &mut Buffer) {
    buffer.blanks(3);
    let (numero, type_voie, voie) = (spaced_numero(line), line.type_voie.0, line.voie.0);
    buffer.text(&format!("{numero}{type_voie} {voie}"));
    buffer.blanks(1);
    buffer.code(&commune.code_postal);
    buffer.text(&commune.libelle_poste);
    buffer.code("FRANCE");
}

/// The number in the street with two spaces after it, or nothing.
fn spaced_numero(line: &AddressLine) -> String {
    match line.numero {
        0 => String::new(),
        numero => format!("{numero}  "),
    }
}
