//! The tables of a run, as Markdown, and their place in `benches/README.md`.

use std::fmt;
use std::io::Write;
use std::time::Duration;

use crate::demandes::GENRES;
use crate::jugements::Note;
use crate::larges::{Large, Larges, slowest};
use crate::postgresql::Essai;
use crate::process::Server;
use crate::temps::Temps;
use crate::{Result, readme};

/// What stands around the tables in the README.
const BEGIN: &str = "<!-- make bench-recherche writes from here -->";
const END: &str = "<!-- to here, for the search -->";

/// Broad questions that are named, of each group.
const NOMMEES: usize = 12;

/// What the index holds and weighs.
pub struct Taille {
    pub organisations: u64,
    /// Bytes.
    pub index: u64,
    /// Bytes of the tables it is made of.
    pub parquet: u64,
}

/// Bytes that the server holds.
pub struct Memoire {
    pub anonyme: u64,
    /// Of files, which the system takes back when it needs to.
    pub fichiers: u64,
}

impl Memoire {
    pub fn of(server: &Server) -> Result<Self> {
        Ok(Self {
            anonyme: server.anonymous_memory()?,
            fichiers: server.mapped_memory()?,
        })
    }
}

/// Everything that was measured in one run.
pub struct Report {
    pub taille: Taille,
    /// From the start of the process to its first suggestion.
    pub demarre: Duration,
    pub note: Note,
    /// Ordinary questions, in the order of [`GENRES`].
    pub par_genre: Vec<Temps>,
    /// Of the names asked whole, the part that came first.
    pub trouves: f64,
    pub larges: Larges,
    pub avant: Memoire,
    pub apres: Memoire,
    /// Names that PostgreSQL was given, and among which those asked were drawn.
    pub noms: u64,
    /// None when PostgreSQL is not there.
    pub essais: Vec<Essai>,
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[expect(clippy::cast_precision_loss, reason = "shown to three digits")]
fn ratio(a: u64, b: u64) -> f64 {
    a as f64 / b as f64
}

impl Report {
    fn ordinaires(&self) -> Temps {
        Temps::together(&self.par_genre)
    }

    /// The best of PostgreSQL, at a point of its times.
    fn postgresql(&self, at: impl Fn(&Temps) -> Duration) -> Option<Duration> {
        let essais = self.essais.iter();
        essais
            .map(|essai| at(&Temps::together(&essai.par_genre)))
            .min()
    }

    fn questions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| ordinary questions | registre, p50 | p99 |")?;
        for essai in &self.essais {
            write!(f, " PostgreSQL, {}, p50 | p99 |", essai.nom)?;
        }
        writeln!(f, "\n|---|---|---|{}", "---|---|".repeat(self.essais.len()))?;
        let line = |f: &mut fmt::Formatter<'_>, name: &str, all: &[&Temps]| {
            write!(f, "| {name} |")?;
            for times in all {
                write!(
                    f,
                    " {:.1} ms | {:.1} ms |",
                    ms(times.p50()),
                    ms(times.p99())
                )?;
            }
            writeln!(f)
        };
        for (place, (genre, ours)) in GENRES.iter().zip(&self.par_genre).enumerate() {
            let theirs = self.essais.iter().map(|essai| &essai.par_genre[place]);
            let all: Vec<&Temps> = std::iter::once(ours).chain(theirs).collect();
            line(f, &genre.to_string(), &all)?;
        }
        let ours = self.ordinaires();
        let theirs = self.essais.iter();
        let theirs: Vec<Temps> = theirs
            .map(|essai| Temps::together(&essai.par_genre))
            .collect();
        let all: Vec<&Temps> = std::iter::once(&ours).chain(&theirs).collect();
        line(f, "all of them", &all)?;
        write!(f, "| questions asked | {} | |", ours.number() / crate::FOIS)?;
        for times in &theirs {
            write!(f, " {} | |", times.number())?;
        }
        writeln!(f)?;
        write!(
            f,
            "| of names asked whole, found first | {:.2} | |",
            self.trouves
        )?;
        for essai in &self.essais {
            write!(f, " {:.2} | |", essai.trouves)?;
        }
        writeln!(f)
    }

    fn broad(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n| broad questions | number | p50 | p99 | longest | slowest |\n|---|---|---|---|---|---|"
        )?;
        for (name, larges) in self.groups() {
            let times = Temps::together(larges.iter().map(|large| &large.temps));
            let slowest = slowest(larges, 3);
            let slowest: Vec<String> = slowest
                .iter()
                .map(|(texte, time)| format!("`{texte}` {:.1} ms", ms(*time)))
                .collect();
            writeln!(
                f,
                "| {name} | {} | {:.1} ms | {:.1} ms | {:.1} ms | {} |",
                larges.len(),
                ms(times.p50()),
                ms(times.p99()),
                ms(times.longest()),
                slowest.join(", ")
            )?;
        }
        Ok(())
    }

    fn groups(&self) -> [(&'static str, &[Large]); 3] {
        let Larges {
            mots,
            filtres,
            mots_comptes,
        } = &self.larges;
        [
            ("words, `/v1/suggestions`", mots.as_slice()),
            ("filters alone, `/v1/recherche`", filtres.as_slice()),
            (
                "beside the hundred: the same words, `/v1/recherche`",
                mots_comptes.as_slice(),
            ),
        ]
    }

    fn targets(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n| target | measured | wanted |\n|---|---|---|")?;
        let Note { posees, .. } = self.note;
        let (first, among) = (self.note.premiere(), self.note.parmi());
        writeln!(
            f,
            "| success@1, of {posees} judged queries | {first:.3} | 0.9 |"
        )?;
        writeln!(f, "| success@5 | {among:.3} | 0.98 |")?;
        let ours = self.ordinaires();
        for (name, ours, theirs) in [
            ("p50", ours.p50(), self.postgresql(Temps::p50)),
            ("p99", ours.p99(), self.postgresql(Temps::p99)),
        ] {
            let times = match theirs {
                Some(theirs) => format!("{:.1}", theirs.as_secs_f64() / ours.as_secs_f64()),
                None => "PostgreSQL is not there".to_owned(),
            };
            writeln!(
                f,
                "| {name} of the faster of PostgreSQL's two, to ours | {times} | 10 |"
            )?;
        }
        let cent = self.larges.cent();
        writeln!(
            f,
            "| p99 of the hundred broadest ({:.1} ms), to the p50 of ordinary questions | {:.1} | 5 at most |",
            ms(cent.p99()),
            cent.p99().as_secs_f64() / ours.p50().as_secs_f64()
        )?;
        let mb = |bytes: u64| ratio(bytes, 1_000_000);
        writeln!(
            f,
            "| memory of its own after all of them, {:.0} MB before (files mapped: {:.0} MB, {:.0} before) | {:.0} MB | 400 MB more than lookups at most |",
            mb(self.avant.anonyme),
            mb(self.apres.fichiers),
            mb(self.avant.fichiers),
            mb(self.apres.anonyme),
        )?;
        let Taille { index, parquet, .. } = self.taille;
        writeln!(
            f,
            "| the index ({:.0} MB), to the tables it is made of | {:.2} | 1.0 at most |",
            mb(index),
            ratio(index, parquet)
        )
    }

    /// What is not for the README: what was not found, and what was slow, by name.
    pub fn details(&self, out: &mut impl Write) -> Result<()> {
        writeln!(out, "Not answered first, of the judged set:")?;
        for manquee in &self.note.manquees {
            writeln!(out, "  {manquee}")?;
        }
        for (name, larges) in self.groups() {
            writeln!(out, "The slowest of: {name}")?;
            for (texte, time) in slowest(larges, NOMMEES) {
                writeln!(out, "  {:.1} ms  {texte}", ms(time))?;
            }
        }
        Ok(())
    }

    /// Puts the tables in place of the last ones.
    pub fn write(&self) -> Result<()> {
        readme::put(BEGIN, END, &self.to_string())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
        let demandes: usize = self.par_genre.iter().map(Temps::number).sum();
        write!(
            f,
            "{}, {cores} cores: {} organisations in the index, {:.2} s from start to the first suggestion, {} ordinary questions and the judged set.",
            chrono::Local::now().date_naive(),
            self.taille.organisations,
            self.demarre.as_secs_f64(),
            demandes / crate::FOIS,
        )?;
        if !self.essais.is_empty() {
            write!(f, " PostgreSQL holds {} of them", self.noms)?;
            for Essai { nom, construit, .. } in &self.essais {
                write!(f, "; {nom}: made in {:.0} s", construit.as_secs_f64())?;
            }
            write!(f, ".")?;
        }
        writeln!(f, "\n")?;
        self.questions(f)?;
        self.broad(f)?;
        self.targets(f)
    }
}
