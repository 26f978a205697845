//! SQL: as a server answers it, and on the command line.

use clap::{Args, ValueEnum};
use registre_query_api::{Format as AnswerFormat, Size, Sql};
use std::path::PathBuf;
use std::time::Duration;

use super::Data;

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
    pub(super) fn config(self) -> Option<Sql> {
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
    // A query may begin by a comment.
    #[arg(allow_hyphen_values = true, value_parser = query)]
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

/// What is a query, and not an option that was mistyped: nothing of SQL begins by a dash but a comment,
/// which is nothing without a line that follows.
fn query(text: &str) -> Result<String, String> {
    if text.starts_with('-') && !(text.starts_with("--") && text.trim_end().contains('\n')) {
        return Err(
            "no such option, see `registre sql --help`; a query that begins by a comment goes on after its line"
                .to_owned(),
        );
    }
    Ok(text.to_owned())
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
