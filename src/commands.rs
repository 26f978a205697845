//! One function per command; [`up`] and those on the snapshots kept have files of their own.

mod check;
mod enrich;
mod history;
mod sql;
mod store;

use registre_ingest::generate;
use registre_ingest::progress::Context;
use registre_ingest::publish::DataFolder;
use registre_ingest::{IngestError, Options, Outcome};
use registre_query_api::{Code, Config, Problem};
use registre_schemas::manifest::Manifest;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::cli::{Command, Generate, Ingest, Lookup, Serve, Sources};
use crate::failure::Failure;
use crate::progress::progress;
use crate::signals::Stop;
use crate::store::{Place, Publisher};
use crate::up::up;

/// How long work that does not hear the signal may delay the end of the process.
const LAST_CALL: Duration = Duration::from_secs(5);

/// Runs a command to its end.
pub fn run(command: Command) -> Result<(), Failure> {
    match &command {
        Command::Lookup(arguments) => return lookup(arguments),
        Command::Check(arguments) => return check::check(arguments),
        Command::Sql(arguments) => return sql::sql(arguments),
        Command::SqlWorker => return sql::worker(),
        _ => {}
    }
    let runtime =
        Runtime::new().map_err(|error| Failure::new(1, format!("start the runtime: {error}")))?;
    let done = runtime.block_on(async {
        let stop = Stop::on_signal()
            .map_err(|error| Failure::new(1, format!("listen to signals: {error}")))?;
        match command {
            Command::Up(arguments) => up(arguments, stop).await,
            Command::Ingest(arguments) => ingest(arguments, stop).await,
            Command::Serve(arguments) => serve(arguments, stop).await,
            Command::Enrich(arguments) => enrich::enrich(arguments, stop).await,
            Command::Publish(arguments) => store::publish(arguments, stop).await,
            Command::Snapshots(arguments) => history::snapshots(&arguments),
            Command::Verify(arguments) => history::verify(arguments, &stop).await,
            Command::Rollback(arguments) => history::rollback(arguments, &stop).await,
            Command::Prune(arguments) => history::prune(arguments, &stop).await,
            Command::Generate(arguments) => generate(arguments, stop).await,
            Command::Lookup(_) | Command::Check(_) | Command::Sql(_) | Command::SqlWorker => Ok(()),
        }
    });
    runtime.shutdown_timeout(LAST_CALL);
    done
}

/// What a run of the ingestion is asked.
pub fn options(sources: Sources, data: &Path) -> Options {
    Options {
        origin: sources.source,
        format: sources.format.into(),
        data: data.to_path_buf(),
        allow: sources.allow,
        keep: sources.keep.keep as usize,
        insee: sources.insee.api(),
    }
}

/// What blocking work receives: where to report, when to stop.
pub fn context(stop: &Stop) -> Context {
    Context {
        progress: progress(),
        cancel: stop.cancel(),
    }
}

/// Runs blocking work aside.
pub async fn blocking<T: Send + 'static>(
    stop: &Stop,
    work: impl FnOnce(&Context) -> Result<T, IngestError> + Send + 'static,
) -> Result<T, Failure> {
    let context = context(stop);
    let done = tokio::task::spawn_blocking(move || work(&context)).await;
    blocking_as(done)?.map_err(Failure::from)
}

/// What blocking work gave, unless a bug ended it.
fn blocking_as<T>(done: Result<T, tokio::task::JoinError>) -> Result<T, Failure> {
    done.map_err(|panic| Failure::new(1, format!("a bug: {panic}")))
}

async fn ingest(arguments: Ingest, stop: Stop) -> Result<(), Failure> {
    let data = arguments.data.data;
    // A store that cannot be used is told before an hour of work, not after.
    let publisher = publisher(&arguments.sources, &stop)?;
    ingest_once(options(arguments.sources, &data), &stop).await?;
    match publisher {
        Some(publisher) => store::send(&publisher, &data).await,
        None => Ok(()),
    }
}

/// Who sends what each run made, if someone does.
pub fn publisher(sources: &Sources, stop: &Stop) -> Result<Option<Publisher>, Failure> {
    let url = sources.publish.as_ref();
    let publisher = url.map(|url| {
        let keep = sources.keep.keep as usize;
        Publisher::new(url, keep, &sources.allow, progress(), stop.clone())
    });
    Ok(publisher.transpose()?)
}

/// Makes and publishes one snapshot, and says so.
pub async fn ingest_once(options: Options, stop: &Stop) -> Result<(), Failure> {
    match blocking(stop, move |context| registre_ingest::run(&options, context)).await? {
        Outcome::Published(manifest) => {
            tracing::info!("snapshot {} published: {}", manifest.id, rows(&manifest))
        }
        Outcome::Unchanged(manifest) => tracing::info!(
            "the sources did not change: snapshot {} stays in service",
            manifest.id
        ),
        Outcome::Waiting { manifest, why } => tracing::warn!(
            "the new files are older than snapshot {}, updated by INSEE's API: it stays in service until the API answers ({why})",
            manifest.id
        ),
    }
    Ok(())
}

fn rows(manifest: &Manifest) -> String {
    let tables = manifest
        .tables
        .iter()
        .map(|table| format!("{} {}", table.rows, table.name));
    tables.collect::<Vec<_>>().join(", ")
}

/// Takes the address to answer on.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::new(
            8,
            format!("listen on {address}: {error}; choose another address with --listen"),
        )
    })
}

async fn serve(arguments: Serve, stop: Stop) -> Result<(), Failure> {
    let data = match &arguments.data {
        Place::Folder(data) => data.clone(),
        Place::Store(url) => return store::serve(&url.clone(), arguments, stop).await,
    };
    // A manifest that is corrupt from the start is the operator's to mend; later on, the snapshot in
    // service would stay.
    DataFolder::at(&data).current()?;
    let listener = bind(arguments.listen.listen).await?;
    let config = arguments
        .access
        .config(arguments.forms, arguments.sql, arguments.jobs, &data);
    serve_until(listener, config, stop).await
}

/// Answers until stopped.
pub async fn serve_until(listener: TcpListener, config: Config, stop: Stop) -> Result<(), Failure> {
    if let Ok(address) = listener.local_addr() {
        tracing::info!("serving http://{address}/ (documentation: http://{address}/docs)");
    }
    registre_query_api::serve(listener, config, stop.stopped())
        .await
        .map_err(Failure::from)
}

fn lookup(arguments: &Lookup) -> Result<(), Failure> {
    DataFolder::at(&arguments.data.data).current()?;
    let config = Config {
        data: arguments.data.data.clone(),
        ..Config::default()
    };
    let (body, failure) = match registre_query_api::lookup(&config, &arguments.identifier) {
        Ok(body) => (body, None),
        Err(error) => {
            let code = match error.code() {
                Code::Inconnu | Code::Doublon => 10,
                Code::FormatInvalide | Code::CleInvalide => 11,
                _ => 6,
            };
            let cause = error
                .cause()
                .map(|cause| format!(" ({cause})"))
                .unwrap_or_default();
            let failure = Failure::new(code, format!("{error}{cause}"));
            (serde_json::json!(Problem::new(&error, None)), Some(failure))
        }
    };
    let text = serde_json::to_string_pretty(&body).unwrap_or_default();
    // A closed pipe (`| head`) is not our failure.
    let _closed = writeln!(std::io::stdout(), "{text}");
    failure.map_or(Ok(()), Err)
}

async fn generate(arguments: Generate, stop: Stop) -> Result<(), Failure> {
    let options = generate::Options {
        etablissements: arguments.etablissements,
        seed: arguments.seed,
        formats: arguments.format.into(),
        ..generate::Options::sample()
    };
    let out = arguments.out.clone();
    blocking(&stop, move |context| {
        generate::generate(&options, &out, context)
    })
    .await?;
    tracing::info!(
        "ready: registre ingest --source {}",
        arguments.out.display()
    );
    Ok(())
}
