//! Every command, option and environment variable. This file is what `--help` teaches.

mod enrich;
mod sql;

use clap::{Args, Parser, Subcommand, ValueEnum};
use registre_ingest::catalogue::Format;
use registre_ingest::generate::Formats;
use registre_ingest::insee::{API_SIRENE, Api};
use registre_ingest::origin::{DATA_GOUV, Origin};
use registre_ingest::verify::{GATES, RETOUR_ARRIERE};
use registre_query_api::{Config, Network, Quota, Signup, Webhook};
use registre_schemas::identifiers::IdentifierKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub use enrich::{Enrich, Jobs};
pub use sql::{OutputFormat, PublicSql, SqlCommand};

use crate::refresh::Schedule;
use crate::store::{Place, StoreUrl, folder};

const AFTER_HELP: &str = "\
Try it on made-up data, in seconds:
  registre up --source sample
Serve the whole country (about 4.5 GB to download, then a refresh every night when something changed):
  registre up

Exit codes:
  0    done (for `up` and `serve`: stopped by Ctrl-C or SIGTERM)
  1    the server failed
  2    wrong usage, or a file of keys, of a secret or of kinds of API that is not one
  3    a source, or the file to check or enrich, cannot be found or reached
  4    a downloaded file is truncated, corrupt or malformed
  5    a check refused the new snapshot; see --allow
  6    the data folder cannot be read or written, or its manifest is corrupt
  7    another ingestion is running on the same data folder
  8    the address to listen on cannot be used
  9    sql: the query is wrong, refused, or over a limit
  10   lookup: the identifier is well formed, and unknown
  11   lookup: the identifier is malformed; check: at least one line holds no valid one
  12   the store does not answer, refuses, or does not hold what it says
  130  interrupted; nothing was published

In every case the snapshot in service is unchanged unless a new one was published whole.";

/// France's open registers, SIRENE and RNA: downloaded, verified, answered from one binary.
#[derive(Debug, Parser)]
#[command(version, about, after_help = AFTER_HELP, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// How logs are written on standard error. Filter them with `REGISTRE_LOG` (default: info).
    #[arg(long, global = true, env = "REGISTRE_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ingest if nothing is published yet, serve, and refresh on schedule.
    Up(Up),
    /// Make and publish a snapshot from the sources, once.
    Ingest(Ingest),
    /// Serve the published snapshot, and the next ones as they are published, from a folder or from
    /// a store.
    Serve(Serve),
    /// Send the snapshot in service to a store, for other machines to serve.
    Publish(Publish),
    /// Look up a SIRET, a SIREN, an RNA or a VAT number in the published snapshot; prints JSON.
    Lookup(Lookup),
    /// Check a list of identifiers, one per line, without any data: is each well formed, is its key
    /// right, and if not, what was most certainly meant.
    Check(Check),
    /// Add to each row of a CSV or NDJSON file what the registers know of the number, or of the name and
    /// postcode, that it holds.
    Enrich(Enrich),
    /// List the snapshots on disk, newest first.
    Snapshots(Snapshots),
    /// Read every file of a snapshot again: checksums and numbers of rows.
    Verify(Verify),
    /// Put an older snapshot back into service; the files that made the one left are then refused
    /// until they change.
    Rollback(Rollback),
    /// Remove old snapshots.
    Prune(Prune),
    /// Ask the published snapshot in SQL: one query, or a shell.
    Sql(SqlCommand),
    /// Answer the queries of the process that starts it.
    #[command(name = registre_query_api::WORKER_COMMAND, hide = true)]
    SqlWorker,
    /// Make SIRENE and RNA files in the official formats, of any size, with made-up people.
    Generate(Generate),
}

/// Where the data is kept.
#[derive(Debug, Args)]
pub struct Data {
    /// Folder of downloads and snapshots.
    #[arg(
        long,
        env = "REGISTRE_DATA",
        value_name = "DIR",
        default_value = "data",
        value_parser = folder
    )]
    pub data: PathBuf,
}

/// Where the sources are.
#[derive(Debug, Args)]
pub struct Sources {
    /// A site with data.gouv.fr's API, a folder laid out the same way or holding the official files,
    /// or `sample`.
    #[arg(long, env = "REGISTRE_SOURCE", value_name = "SRC", default_value = DATA_GOUV)]
    pub source: Origin,

    /// Which of the publishers' formats to download: `csv`, the reference, in zips, whose refused
    /// rows are told by their line; `parquet`, about a quarter smaller, for the files that INSEE also
    /// has so. One that is not there in that format is taken in the other.
    #[arg(long, env = "REGISTRE_FORMAT", value_name = "FORMAT", value_enum, default_value_t = SourceFormat::Csv)]
    pub format: SourceFormat,

    /// Publish even if this check refuses; may be repeated.
    #[arg(long, value_name = "CHECK", value_parser = clap::builder::PossibleValuesParser::new(GATES))]
    pub allow: Vec<String>,

    #[command(flatten)]
    pub keep: Keep,

    /// After each run, send what is in service to this store, as `registre publish` does:
    /// `s3://bucket/prefix`.
    #[arg(long, env = "REGISTRE_PUBLISH", value_name = "S3")]
    pub publish: Option<StoreUrl>,

    #[command(flatten)]
    pub insee: Insee,
}

/// What changes between two monthly files.
#[derive(Debug, Args)]
pub struct Insee {
    /// Key of INSEE's API Sirene, from portail-api.insee.fr: each run then also pulls what changed
    /// in SIRENE since the files. Prefer the variable: a command line is seen by other users.
    #[arg(
        long,
        env = "REGISTRE_INSEE_KEY",
        value_name = "KEY",
        hide_env_values = true
    )]
    pub insee_key: Option<String>,

    /// Address of that API.
    #[arg(long, env = "REGISTRE_INSEE_URL", value_name = "URL", default_value = API_SIRENE)]
    pub insee_url: String,
}

impl Insee {
    /// The API, with a key; an empty one is none.
    pub fn api(self) -> Option<Api> {
        let key = self.insee_key.filter(|key| !key.trim().is_empty())?;
        Some(Api {
            url: self.insee_url,
            key: key.into(),
        })
    }
}

/// A format of the sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SourceFormat {
    /// Zips of CSV.
    Csv,
    /// Parquet where there is one, zips of CSV elsewhere.
    Parquet,
}

impl From<SourceFormat> for Format {
    fn from(format: SourceFormat) -> Self {
        match format {
            SourceFormat::Csv => Self::Csv,
            SourceFormat::Parquet => Self::Parquet,
        }
    }
}

/// How many snapshots.
#[derive(Debug, Args)]
pub struct Keep {
    /// Snapshots kept on disk, the one in service included: at least two, so that requests under way
    /// on the previous one can end.
    #[arg(long, env = "REGISTRE_KEEP", value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(2..))]
    pub keep: u32,
}

/// Where to answer.
#[derive(Debug, Args)]
pub struct Listen {
    /// Address and port to answer on; port 0 takes a free one.
    #[arg(
        long,
        env = "REGISTRE_LISTEN",
        value_name = "ADDR",
        default_value = "127.0.0.1:8080"
    )]
    pub listen: SocketAddr,
}

/// How often clients may ask.
#[derive(Debug, Args)]
pub struct Access {
    /// How often a client may ask, as 7/s, 100/min, 5000/h or 20000/d; without it, as often as it
    /// likes. A client is its address, an IPv6 one its /64; /health and the files of the pages are not
    /// counted.
    #[arg(long, env = "REGISTRE_RATE_LIMIT", value_name = "RATE")]
    pub rate_limit: Option<Quota>,

    /// TOML file of the keys that clients may send, as `Authorization: Bearer KEY` or `X-Api-Key: KEY`,
    /// each with a limit of its own; read again when it changes:
    /// `[name]`, `sha256 = "…"` (of `printf %s KEY | sha256sum`), `limit = "100/s"`.
    #[arg(
        long,
        env = "REGISTRE_KEYS",
        value_name = "FILE",
        requires = "rate_limit"
    )]
    pub keys: Option<PathBuf>,

    /// Addresses of the proxies in front, as 10.0.0.0/8 or `::1`, separated by commas or repeated: the
    /// client is then the one they write in `X-Forwarded-For`.
    #[arg(
        long,
        env = "REGISTRE_TRUSTED_PROXY",
        value_name = "CIDR",
        value_delimiter = ',',
        requires = "rate_limit"
    )]
    pub trusted_proxy: Vec<Network>,
}

/// The forms at /signup and /demander-une-donnee. They are there unless refused: nothing is written
/// before someone sends one.
#[derive(Debug, Args)]
#[command(next_help_heading = "Forms")]
pub struct Forms {
    /// Do not serve the forms.
    #[arg(long, env = "REGISTRE_NO_SIGNUP", value_parser = clap::builder::FalseyValueParser::new(), action = clap::ArgAction::SetTrue)]
    pub no_signup: bool,

    /// SQLite file where requests are kept [default: signup/demandes.sqlite in the data folder].
    #[arg(long, env = "REGISTRE_SIGNUP_DB", value_name = "FILE")]
    pub signup_db: Option<PathBuf>,

    /// TOML file of kinds of API, added to those the program knows.
    #[arg(long, env = "REGISTRE_SIGNUP_APIS", value_name = "FILE")]
    pub signup_apis: Option<PathBuf>,

    /// Address to which each request is sent as signed JSON, tried again for five days.
    #[arg(
        long,
        env = "REGISTRE_SIGNUP_WEBHOOK",
        value_name = "URL",
        requires = "signup_webhook_secret_file"
    )]
    pub signup_webhook: Option<String>,

    /// File of the secret, of 32 bytes at least, that signs what is sent there.
    #[arg(long, env = "REGISTRE_SIGNUP_WEBHOOK_SECRET_FILE", value_name = "FILE")]
    pub signup_webhook_secret_file: Option<PathBuf>,

    /// File of the key, of 16 bytes at least, that opens /signup/operateur; without it these pages do
    /// not exist.
    #[arg(long, env = "REGISTRE_SIGNUP_KEY_FILE", value_name = "FILE")]
    pub signup_key_file: Option<PathBuf>,

    /// Days that requests are kept, then deleted.
    #[arg(long, env = "REGISTRE_SIGNUP_RETENTION_DAYS", value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub signup_retention_days: u32,
}

impl Forms {
    /// The settings of the forms; none when they are refused.
    fn config(self) -> Option<Signup> {
        let webhook = self
            .signup_webhook
            .zip(self.signup_webhook_secret_file)
            .map(|(url, secret_file)| Webhook { url, secret_file });
        (!self.no_signup).then_some(Signup {
            db: self.signup_db,
            apis: self.signup_apis,
            webhook,
            key_file: self.signup_key_file,
            retention_days: self.signup_retention_days,
        })
    }
}

impl Access {
    /// The settings of a server of `data`.
    pub fn config(self, forms: Forms, sql: PublicSql, jobs: Jobs, data: &Path) -> Config {
        Config {
            data: data.to_path_buf(),
            rate_limit: self.rate_limit,
            keys: self.keys,
            trusted_proxies: self.trusted_proxy,
            signup: forms.config(),
            sql: sql.config(),
            travaux: jobs.config(),
            ..Config::default()
        }
    }
}

/// `registre up`.
#[derive(Debug, Args)]
pub struct Up {
    #[command(flatten)]
    pub sources: Sources,
    #[command(flatten)]
    pub data: Data,
    #[command(flatten)]
    pub listen: Listen,
    #[command(flatten)]
    pub access: Access,
    #[command(flatten)]
    pub forms: Forms,
    #[command(flatten)]
    pub sql: PublicSql,
    #[command(flatten)]
    pub jobs: Jobs,
    /// When to look for new data: seconds, minutes, hours, day, month, weekday, on French clocks.
    /// Files that did not change are not downloaded again.
    #[arg(
        long,
        env = "REGISTRE_REFRESH",
        value_name = "CRON",
        default_value = "0 17 4 * * *"
    )]
    pub refresh: Schedule,
}

/// `registre ingest`.
#[derive(Debug, Args)]
pub struct Ingest {
    #[command(flatten)]
    pub sources: Sources,
    #[command(flatten)]
    pub data: Data,
}

const STORE_HELP: &str = "\
A store is anything that speaks S3 (Amazon, Scaleway, OVH, Outscale, MinIO, Ceph…). It is described by
the usual variables:
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY   the key; AWS_SESSION_TOKEN with one that expires
  AWS_ENDPOINT_URL                           its address, unless it is Amazon's
  AWS_REGION                                 its region, if it has some
  AWS_VIRTUAL_HOSTED_STYLE_REQUEST=true      for one that wants the bucket in the host's name
  AWS_SKIP_SIGNATURE=true                    to read a public bucket without a key
  AWS_ALLOW_HTTP=true                        without TLS elsewhere than on this machine
  AWS_CONDITIONAL_PUT=disabled               for one that has no put under a condition";

/// `registre serve`.
#[derive(Debug, Args)]
#[command(after_help = STORE_HELP)]
pub struct Serve {
    /// Folder of snapshots, or a store where `registre publish` sends them: `s3://bucket/prefix`.
    #[arg(
        long,
        env = "REGISTRE_DATA",
        value_name = "DIR|S3",
        default_value = "data"
    )]
    pub data: Place,
    /// Folder where what a store holds is received: what is in it is served at once, even when the
    /// store is away.
    #[arg(
        long,
        env = "REGISTRE_CACHE",
        value_name = "DIR",
        default_value = "data/cache"
    )]
    pub cache: PathBuf,
    /// How often a store is asked for a new snapshot, in seconds, give or take a quarter.
    #[arg(long, env = "REGISTRE_FOLLOW", value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub follow: u32,
    #[command(flatten)]
    pub listen: Listen,
    #[command(flatten)]
    pub access: Access,
    #[command(flatten)]
    pub forms: Forms,
    #[command(flatten)]
    pub sql: PublicSql,
    #[command(flatten)]
    pub jobs: Jobs,
}

const PUBLISH_HELP: &str = "\
The files go under s3://bucket/prefix/snapshots/<id>/, then s3://bucket/prefix/current.json names the
snapshot by one put. What is there already is not sent again, and a table that did not change is
copied there. Interrupted or killed at any moment, what the store had in service stays.

  AWS_ENDPOINT_URL=https://s3.fr-par.scw.cloud AWS_REGION=fr-par registre publish s3://registres/prod
  registre serve --data s3://registres/prod     # elsewhere, as many as needed
";

/// `registre publish`.
#[derive(Debug, Args)]
#[command(after_help = format!("{PUBLISH_HELP}\n{STORE_HELP}"))]
pub struct Publish {
    /// Where: `s3://bucket/prefix`.
    #[arg(value_name = "S3")]
    pub store: StoreUrl,
    #[command(flatten)]
    pub data: Data,
    #[command(flatten)]
    pub keep: Keep,
    /// Publish even if the store has a newer snapshot, or newer data; may be repeated.
    #[arg(long, value_name = "CHECK", value_parser = clap::builder::PossibleValuesParser::new([RETOUR_ARRIERE]))]
    pub allow: Vec<String>,
}

/// `registre lookup`.
#[derive(Debug, Args)]
pub struct Lookup {
    /// SIRET, SIREN, RNA or VAT number; spaces, dots and dashes are ignored.
    pub identifier: String,
    #[command(flatten)]
    pub data: Data,
}

const CHECK_HELP: &str = "\
One verdict per line, in the order of the lines, with these columns:
  ligne       number of the line, from 1
  saisi       the line as it is; one above 64 KiB is cut, and is never an identifier
  type        siren, siret, rna, tva, or what was most likely meant: nic, alsace_moselle, or nothing
  valeur      the identifier without separators, when it is valid
  verdict     valide, format (not shaped like one) or cle_invalide
  code        the code of the API's errors: format_invalide, cle_invalide
  message     why, in French
  que_faire   what to do, in French
  suggestion  the one identifier that was certainly meant, if there is only one

A valid identifier has the right shape and the right key; `registre lookup` and the server say
whether it exists. Spaces, dots and dashes are ignored. A suggestion is for a person to confirm.

  registre check sirets.txt > verdicts.csv
  cut -d';' -f2 fournisseurs.csv | registre check --expect siret --format ndjson -

Exit codes: 0 every line is valid, 11 at least one is not, 3 the file cannot be read, 6 the verdicts
cannot be written.";

/// `registre check`.
#[derive(Debug, Args)]
#[command(after_help = CHECK_HELP)]
pub struct Check {
    /// File of identifiers, one per line, in UTF-8; `-` for standard input.
    pub file: PathBuf,
    /// How verdicts are written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = CheckFormat::Csv)]
    pub format: CheckFormat,
    /// The only kind accepted; by default any, each line read as what it looks like.
    #[arg(long, value_name = "KIND", value_enum)]
    pub expect: Option<Expected>,
}

/// How verdicts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// With commas and a header; bytes that are not UTF-8 are given back as they are.
    Csv,
    /// One JSON object per line; what is not UTF-8 is shown as U+FFFD.
    Ndjson,
}

/// A kind of identifier that a line may be asked to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Expected {
    /// An unité légale.
    Siren,
    /// An établissement.
    Siret,
    /// An association.
    Rna,
    /// A VAT number.
    Tva,
}

impl From<Expected> for IdentifierKind {
    fn from(expected: Expected) -> Self {
        match expected {
            Expected::Siren => Self::Siren,
            Expected::Siret => Self::Siret,
            Expected::Rna => Self::Rna,
            Expected::Tva => Self::Tva,
        }
    }
}

/// `registre snapshots`.
#[derive(Debug, Args)]
pub struct Snapshots {
    #[command(flatten)]
    pub data: Data,
}

/// `registre verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// A snapshot, as `registre snapshots` names it; the one in service by default.
    pub id: Option<String>,
    #[command(flatten)]
    pub data: Data,
}

/// `registre rollback`.
#[derive(Debug, Args)]
pub struct Rollback {
    /// A snapshot, as `registre snapshots` names it; the one before that in service by default.
    pub id: Option<String>,
    #[command(flatten)]
    pub data: Data,
}

/// `registre prune`.
#[derive(Debug, Args)]
pub struct Prune {
    #[command(flatten)]
    pub keep: Keep,
    #[command(flatten)]
    pub data: Data,
}

/// `registre generate`.
#[derive(Debug, Args)]
pub struct Generate {
    /// About how many établissements; 44000000 is the whole country.
    #[arg(long, value_name = "N", default_value_t = 30_000, value_parser = clap::value_parser!(u64).range(1_000..=100_000_000))]
    pub etablissements: u64,
    /// The same seed gives the same bytes.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// In which format, for the files that INSEE has in both.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = GeneratedFormat::Csv)]
    pub format: GeneratedFormat,
    /// Folder to write, laid out like data.gouv.fr: give it to --source.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// Formats of generated files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GeneratedFormat {
    /// Zips of CSV.
    Csv,
    /// Parquet, in INSEE's own types; the RNA's stay zips.
    Parquet,
    /// Each beside the other.
    Both,
}

impl From<GeneratedFormat> for Formats {
    fn from(format: GeneratedFormat) -> Self {
        match format {
            GeneratedFormat::Csv => Self::Csv,
            GeneratedFormat::Parquet => Self::Parquet,
            GeneratedFormat::Both => Self::Both,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_tree_is_consistent() {
        Cli::command().debug_assert();
    }
}
