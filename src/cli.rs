//! Every command, option and environment variable. This file is what `--help` teaches.

use clap::{Args, Parser, Subcommand, ValueEnum};
use registre_ingest::catalogue::Format;
use registre_ingest::generate::Formats;
use registre_ingest::insee::{API_SIRENE, Api};
use registre_ingest::origin::{DATA_GOUV, Origin};
use registre_ingest::verify::{GATES, RETOUR_ARRIERE};
use registre_query_api::{
    Config, Format as AnswerFormat, Network, Quota, Signup, Size, Sql, Travaux, Webhook,
};
use registre_schemas::identifiers::IdentifierKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

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

/// Public SQL at /v1/sql. Each query runs in a process of its own kind, at the lowest priority, that
/// reads the snapshot and nothing else.
#[derive(Debug, Args)]
#[command(next_help_heading = "SQL")]
pub struct PublicSql {
    /// Do not answer SQL.
    #[arg(long, env = "REGISTRE_NO_SQL", value_parser = clap::builder::FalseyValueParser::new(), action = clap::ArgAction::SetTrue)]
    pub no_sql: bool,

    /// Seconds that a query may compute; the time its client takes to read is not counted.
    #[arg(long, env = "REGISTRE_SQL_TIMEOUT", value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub sql_timeout: u64,

    /// Seconds that a client may take to read an answer, the computation included.
    #[arg(long, env = "REGISTRE_SQL_READING", value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub sql_reading: u64,

    /// Memory of each query, as 512MB or 2GB; the process that runs it may take half as much again,
    /// and 512 MB.
    #[arg(
        long,
        env = "REGISTRE_SQL_MEMORY",
        value_name = "SIZE",
        default_value = "1GB"
    )]
    pub sql_memory: Size,

    /// Threads of each query [default: the cores of the machine].
    #[arg(long, env = "REGISTRE_SQL_THREADS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub sql_threads: Option<u16>,

    /// Rows of an answer.
    #[arg(long, env = "REGISTRE_SQL_ROWS", value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub sql_rows: u64,

    /// Length of the text of a query, as 64KB.
    #[arg(
        long,
        env = "REGISTRE_SQL_TEXT",
        value_name = "SIZE",
        default_value = "64KB"
    )]
    pub sql_text: Size,

    /// Queries at the same time, a process for each.
    #[arg(long, env = "REGISTRE_SQL_CONCURRENCY", value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub sql_concurrency: u16,

    /// Queries that wait for their turn; the next one is refused at once.
    #[arg(
        long,
        env = "REGISTRE_SQL_WAITING",
        value_name = "N",
        default_value_t = 16
    )]
    pub sql_waiting: u16,

    /// Seconds that a query may wait for its turn.
    #[arg(long, env = "REGISTRE_SQL_WAIT", value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=600))]
    pub sql_wait: u64,
}

impl PublicSql {
    /// The settings of public SQL; none when it is refused.
    fn config(self) -> Option<Sql> {
        let usual = Sql::default();
        (!self.no_sql).then(|| Sql {
            timeout: Duration::from_secs(self.sql_timeout),
            reading: Duration::from_secs(self.sql_reading),
            memory: self.sql_memory,
            threads: self.sql_threads.map_or(usual.threads, usize::from),
            rows: self.sql_rows,
            text: usize::try_from(self.sql_text.bytes()).unwrap_or(usize::MAX),
            concurrency: usize::from(self.sql_concurrency),
            waiting: usize::from(self.sql_waiting),
            wait: Duration::from_secs(self.sql_wait),
            ..usual
        })
    }
}

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
    fn config(self) -> Option<Travaux> {
        (!self.no_enrich_jobs).then_some(Travaux {
            dossier: self.enrich_dir,
            octets: self.enrich_max_mb.saturating_mul(1_000_000),
            nombre: self.enrich_max_jobs as usize,
            heures: self.enrich_retention_hours,
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

const SQL_HELP: &str = "\
Tables, views and columns: \\d in the shell, or /v1/sql/schema of a server.

  registre sql                                       a shell
  registre sql \"SELECT count(*) FROM etablissement\"
  registre sql --format parquet -o naf.parquet < requete.sql
  echo \"FROM etablissements_actifs LIMIT 10\" | registre sql --format csv | head -3

A query may only read the published tables, as on a server: the same rules, so that a query that works
here works there. What is more here is time, memory and rows.

Exit codes: 0 answered, 3 nothing is published, 6 the answer cannot be written, 9 the query is wrong,
refused, or over a limit, 130 interrupted.";

/// `registre sql`.
#[derive(Debug, Args)]
#[command(after_help = SQL_HELP)]
pub struct SqlCommand {
    /// The query; without it, standard input is read, or a shell starts in a terminal.
    pub query: Option<String>,
    #[command(flatten)]
    pub data: Data,
    /// How rows are written [default: table in a terminal, csv elsewhere].
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub format: Option<OutputFormat>,
    /// File to write instead of standard output; it appears once it is whole.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Memory of DuckDB, as 512MB or 4GB.
    #[arg(
        long,
        env = "REGISTRE_SQL_MEMORY",
        value_name = "SIZE",
        default_value = "4GB"
    )]
    pub memory: Size,
    /// Threads of DuckDB [default: the cores of the machine].
    #[arg(long, env = "REGISTRE_SQL_THREADS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub threads: Option<u16>,
    /// Seconds that a query may compute.
    #[arg(long, env = "REGISTRE_SQL_TIMEOUT", value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: u64,
}

impl SqlCommand {
    /// The limits of one's own machine.
    pub fn settings(&self) -> Sql {
        let usual = Sql::default();
        Sql {
            timeout: Duration::from_secs(self.timeout),
            reading: Duration::from_hours(24),
            memory: self.memory,
            threads: self.threads.map_or(usual.threads, usize::from),
            rows: u64::MAX,
            text: 1 << 20,
            concurrency: 1,
            ..usual
        }
    }
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people: the first rows, as wide as the terminal.
    Table,
    /// With a header.
    Csv,
    /// One document.
    Json,
    /// An object a line, then one that says that they are all there.
    Ndjson,
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow, as a stream.
    Arrow,
}

impl OutputFormat {
    /// Of the engine; none for a table, which is drawn here.
    pub fn written(self) -> Option<AnswerFormat> {
        match self {
            Self::Table => None,
            Self::Csv => Some(AnswerFormat::Csv),
            Self::Json => Some(AnswerFormat::Json),
            Self::Ndjson => Some(AnswerFormat::Ndjson),
            Self::Parquet => Some(AnswerFormat::Parquet),
            Self::Arrow => Some(AnswerFormat::Arrow),
        }
    }
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
