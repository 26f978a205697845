//! One function per command.

use registre_ingest::generate;
use registre_ingest::origin::Origin;
use registre_ingest::progress::{Cancel, Context};
use registre_ingest::publish::DataFolder;
use registre_ingest::{IngestError, Options, Outcome};
use registre_query_api::{Code, Config, Problem};
use registre_schemas::manifest::Manifest;
use std::io::Write;
use std::path::Path;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::cli::{Command, Generate, Ingest, Lookup, Serve, Sources, Up};
use crate::failure::Failure;
use crate::progress::progress;
use crate::refresh;
use crate::signals::{Signals, cancel_on_signal};

/// Runs a command to its end.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Lookup(arguments) => lookup(&arguments),
        Command::Up(arguments) => runtime()?.block_on(up(arguments)),
        Command::Ingest(arguments) => runtime()?.block_on(ingest(arguments)),
        Command::Serve(arguments) => runtime()?.block_on(serve(arguments)),
        Command::Generate(arguments) => runtime()?.block_on(generate(arguments)),
    }
}

fn runtime() -> Result<Runtime, Failure> {
    Runtime::new().map_err(|error| Failure::new(1, format!("start the runtime: {error}")))
}

fn signals() -> Result<Signals, Failure> {
    Signals::listen().map_err(|error| Failure::new(1, format!("listen to signals: {error}")))
}

fn options(sources: Sources, data: &Path) -> Options {
    Options {
        origin: sources.source,
        data: data.to_path_buf(),
        allow: sources.allow,
        keep: sources.keep as usize,
    }
}

/// Runs blocking work that Ctrl-C and SIGTERM stop cleanly.
async fn interruptible<T: Send + 'static>(
    work: impl FnOnce(&Context) -> Result<T, IngestError> + Send + 'static,
) -> Result<T, Failure> {
    let context = Context {
        progress: progress(),
        cancel: Cancel::default(),
    };
    let watching = cancel_on_signal(signals()?, context.cancel.clone());
    let done = tokio::task::spawn_blocking(move || work(&context)).await;
    watching.abort();
    done.map_err(|panic| Failure::new(1, format!("a bug: {panic}")))?
        .map_err(Failure::from)
}

async fn ingest(arguments: Ingest) -> Result<(), Failure> {
    let options = options(arguments.sources, &arguments.data.data);
    ingest_once(options).await
}

async fn ingest_once(options: Options) -> Result<(), Failure> {
    match interruptible(move |context| registre_ingest::run(&options, context)).await? {
        Outcome::Published(manifest) => {
            tracing::info!("snapshot {} published: {}", manifest.id, rows(&manifest))
        }
        Outcome::Unchanged(manifest) => {
            tracing::info!(
                "the sources did not change: snapshot {} stays in service",
                manifest.id
            );
        }
    }
    Ok(())
}

fn rows(manifest: &Manifest) -> String {
    let tables: Vec<String> = manifest
        .tables
        .iter()
        .map(|table| format!("{} {}", table.rows, table.name))
        .collect();
    tables.join(", ")
}

/// Binds first: a port already taken is known before an hour of work.
async fn bind(address: std::net::SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::new(
            8,
            format!("listen on {address}: {error}; choose another address with --listen"),
        )
    })
}

async fn up(arguments: Up) -> Result<(), Failure> {
    let listener = bind(arguments.listen.listen).await?;
    let data = arguments.data.data;
    let options = options(arguments.sources, &data);
    let published = DataFolder::open(&data)?.current()?;
    if published.is_none_or(|manifest| must_ingest(&manifest, &options.origin)) {
        ingest_once(options.clone()).await?;
    }
    let cancel = Cancel::default();
    let context = Context {
        progress: progress(),
        cancel: cancel.clone(),
    };
    let mut scheduler = refresh::start(&arguments.refresh, options, context)
        .await
        .map_err(|error| Failure::new(2, format!("--refresh {:?}: {error}", arguments.refresh)))?;
    let served = serve_until_signal(listener, &data).await;
    cancel.cancel();
    if let Err(error) = scheduler.shutdown().await {
        tracing::warn!("stop the schedule: {error}");
    }
    served
}

/// The snapshot in service came from elsewhere: the sample must not pass for the real thing.
fn must_ingest(published: &Manifest, origin: &Origin) -> bool {
    published.origin != origin.to_string()
}

async fn serve(arguments: Serve) -> Result<(), Failure> {
    // A manifest that is corrupt from the start is the operator's to mend; later on, the snapshot in
    // service would stay.
    DataFolder::at(&arguments.data.data).current()?;
    let listener = bind(arguments.listen.listen).await?;
    serve_until_signal(listener, &arguments.data.data).await
}

async fn serve_until_signal(listener: TcpListener, data: &Path) -> Result<(), Failure> {
    let mut signals = signals()?;
    if let Ok(address) = listener.local_addr() {
        tracing::info!("serving http://{address}/ (documentation: http://{address}/docs)");
    }
    let config = Config {
        data: data.to_path_buf(),
        ..Config::default()
    };
    let shutdown = async move {
        signals.received().await;
        tracing::info!("stopping: requests under way are finished first");
    };
    registre_query_api::serve(listener, config, shutdown)
        .await
        .map_err(Failure::from)
}

fn lookup(arguments: &Lookup) -> Result<(), Failure> {
    DataFolder::at(&arguments.data.data).current()?;
    let config = Config {
        data: arguments.data.data.clone(),
        ..Config::default()
    };
    let answer = registre_query_api::lookup(&config, &arguments.identifier);
    let (body, failure) = match answer {
        Ok(body) => (body, None),
        Err(error) => {
            let code = match error.code() {
                Code::Inconnu | Code::Doublon => 10,
                Code::FormatInvalide | Code::CleInvalide => 11,
                _ => 6,
            };
            (
                serde_json::json!(Problem::new(&error, None)),
                Some(Failure::new(code, error.to_string())),
            )
        }
    };
    let text = serde_json::to_string_pretty(&body).unwrap_or_default();
    // A closed pipe (`| head`) is not our failure.
    let _closed = writeln!(std::io::stdout(), "{text}");
    failure.map_or(Ok(()), Err)
}

async fn generate(arguments: Generate) -> Result<(), Failure> {
    let options = generate::Options {
        etablissements: arguments.etablissements,
        seed: arguments.seed,
        ..generate::Options::sample()
    };
    let out = arguments.out.clone();
    interruptible(move |context| generate::generate(&options, &out, context)).await?;
    tracing::info!(
        "ready: registre ingest --source {}",
        arguments.out.display()
    );
    Ok(())
}
