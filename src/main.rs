//! The command line: parse, call, exit code. The work is in `registre-ingest` and
//! `registre-query-api`.

mod cli;
mod commands;
mod failure;
mod progress;
mod refresh;
mod requests_log;
mod signals;
mod store;
mod up;

use clap::Parser;
use std::process::ExitCode;

/// An ingestion goes from stage to stage, each with threads and tables of its own: the system's
/// allocator keeps what a stage gave back, this one returns it (`benches/README.md`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    progress::start_logs(cli.log_format);
    let outcome = commands::run(cli.command);
    requests_log::flush();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
