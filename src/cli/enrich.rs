//! Enrichment: the jobs of a server, and a file on the command line.

use clap::{Args, ValueEnum};
use registre_query_api::Travaux;
use std::path::PathBuf;

use super::Data;

/// Files sent to `/v1/enrichir/travaux` to be enriched, and what is made of them: personal data, kept
/// some hours. They are there unless refused: nothing is written before someone sends one.
#[derive(Debug, Args)]
#[command(next_help_heading = "Enrichment jobs")]
#[expect(
    clippy::struct_field_names,
    reason = "clap names the options by them, beside those of the other groups"
)]
pub struct Jobs {
    /// Do not take files to enrich beyond what one request may hold.
    #[arg(long, env = "REGISTRE_NO_ENRICH_JOBS", value_parser = clap::builder::FalseyValueParser::new(), action = clap::ArgAction::SetTrue)]
    pub no_enrich_jobs: bool,

    /// Folder of the files and of their results [default: enrichissements in the data folder].
    #[arg(long, env = "REGISTRE_ENRICH_DIR", value_name = "DIR")]
    pub enrich_dir: Option<PathBuf>,

    /// Largest file taken, in megabytes.
    #[arg(long, env = "REGISTRE_ENRICH_MAX_MB", value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub enrich_max_mb: u64,

    /// Files kept at the same time, with their results; the next one is refused.
    #[arg(long, env = "REGISTRE_ENRICH_MAX_JOBS", value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub enrich_max_jobs: u32,

    /// Hours after which a file that nobody touched is deleted, with its result.
    #[arg(long, env = "REGISTRE_ENRICH_RETENTION_HOURS", value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=8760))]
    pub enrich_retention_hours: u32,
}

impl Jobs {
    /// The settings of the jobs; none when they are refused.
    pub(super) fn config(self) -> Option<Travaux> {
        (!self.no_enrich_jobs).then_some(Travaux {
            dossier: self.enrich_dir,
            octets: self.enrich_max_mb.saturating_mul(1_000_000),
            nombre: self.enrich_max_jobs as usize,
            heures: self.enrich_retention_hours,
        })
    }
}

const ENRICH_HELP: &str = "\
One row out per row in, in the same order. What came in is left as it came, byte for byte: quotes,
spaces, encoding, delimiter, byte order mark, a first line `sep=;`. After it come, under names that
begin with the prefix, a verdict and what is known of the organisation:
  resultat     trouve, ferme, doublon, diffusion_partielle, inconnu, invalide, or by name: ambigu
  code         the finer code, those of /v1/organisations
  message      why, unless it was found
  suggestion   the one number certainly meant by one that is not valid
  successeur   the number to use instead: of a doublon, of what took over from what closed
  then siren, siret, siret_siege, nom, adresse, code_postal, commune, naf, naf25, categorie_juridique,
  etat, date_fermeture, tranche_effectifs, rna, tva, each code with its label (_libelle).

--colonnes names others, separated by commas: `defaut` for those above, anything in the list of
/v1/enrichir (/docs), and any column of the registers, by its name in the API or at INSEE:
unite_legale.X, etablissement.X (the one asked, else the siege), siege.X, association.X, and their
labels, as etablissement.code_commune.libelle; unite_legale.* for all of a table.

A row that is bad (too many cells, a quote that never closes, bytes that are no text, no JSON) is
given its verdict and stops nothing. In CSV it comes out with the right number of cells, all that it
held still in them; in the other formats, also whole in the column ligne_brute. In CSV a cell of the
registers that begins with =, +, - or @ is given an apostrophe first, since a spreadsheet would run
it; --raw-cells leaves it.

By name, the name must be the register's but for case, accents, punctuation and the words of a legal
form, at that postcode: of one organisation, else the verdict is inconnu or ambigu, with the SIREN
of the namesakes in the column candidats. It takes a reading of the tables for each 20 000 rows.

  registre enrich fournisseurs.csv -o enrichis.csv
  registre enrich clients.csv --name societe --postcode cp -o clients.parquet
  cut -d, -f3 export.csv | registre enrich - --colonnes resultat,nom > noms.csv

Exit codes: 0 done, whatever the verdicts; 2 no column holds a number or one that is named does not
exist; 3 the file cannot be read; 6 the result cannot be written, or nothing is published in the
data folder; 130 interrupted. Nothing half made is left under the name of the result.";

/// `registre enrich`.
#[derive(Debug, Args)]
#[command(after_help = ENRICH_HELP)]
pub struct Enrich {
    /// File of rows, CSV or NDJSON; `-` for standard input.
    pub file: PathBuf,
    /// File to write, its format by its name unless said: .csv, .ndjson, .jsonl or .parquet; `-` for
    /// standard output.
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,
    /// How the result is written; by default as the name of the result says, else as the file is.
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub format: Option<EnrichFormat>,
    /// Column that holds a SIREN, SIRET, RNA or VAT number, by its name or its rank from 1; by default
    /// the one whose cells are such numbers.
    #[arg(long, value_name = "COLUMN")]
    pub id: Option<String>,
    /// Column that holds a name, for the rows without a number.
    #[arg(long, value_name = "COLUMN")]
    pub name: Option<String>,
    /// Column that holds its postcode.
    #[arg(long, value_name = "COLUMN")]
    pub postcode: Option<String>,
    /// What to add, separated by commas; see below.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub colonnes: Vec<String>,
    /// What the names of what is added begin with; one that the file has already is followed by _2.
    #[arg(long, value_name = "TEXT", default_value = registre_query_api::PREFIXE)]
    pub prefix: String,
    /// The first row is one of those to enrich, not the names of the columns; by default it is one when
    /// it holds a number.
    #[arg(long)]
    pub no_header: bool,
    /// Between two cells; by default `;`, `,`, tab or `|`, whichever cuts the rows alike.
    #[arg(long, value_name = "CHAR", value_parser = delimiter)]
    pub delimiter: Option<u8>,
    /// How characters are written; by default as the accents of the file say.
    #[arg(long, value_name = "ENCODING", value_enum)]
    pub encoding: Option<EnrichEncoding>,
    /// Leave the cells of the registers that begin as a formula does as they are in CSV.
    #[arg(long)]
    pub raw_cells: bool,
    #[command(flatten)]
    pub data: Data,
}

/// A delimiter of one byte.
fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        _ if text == "\\t" => Ok(b'\t'),
        [byte] if !byte.is_ascii_alphanumeric() && !matches!(byte, b'"' | b'\n' | b'\r') => {
            Ok(*byte)
        }
        _ => Err("one character is expected, as ; or , or \\t for a tab".to_owned()),
    }
}

/// How what is enriched is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EnrichFormat {
    /// Cells between delimiters.
    Csv,
    /// One JSON object per line.
    Ndjson,
    /// Columns with their types, in zstd.
    Parquet,
}

impl From<EnrichFormat> for registre_query_api::FormatSortie {
    fn from(format: EnrichFormat) -> Self {
        match format {
            EnrichFormat::Csv => Self::Csv,
            EnrichFormat::Ndjson => Self::Ndjson,
            EnrichFormat::Parquet => Self::Parquet,
        }
    }
}

/// How characters are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EnrichEncoding {
    /// UTF-8.
    #[value(name = "utf-8")]
    Utf8,
    /// Windows-1252, and ISO-8859-1.
    #[value(name = "windows-1252", alias = "latin1", alias = "iso-8859-1")]
    Windows1252,
}

impl From<EnrichEncoding> for registre_query_api::Encodage {
    fn from(encoding: EnrichEncoding) -> Self {
        match encoding {
            EnrichEncoding::Utf8 => Self::Utf8,
            EnrichEncoding::Windows1252 => Self::Windows1252,
        }
    }
}
