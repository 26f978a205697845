//! The command line: parse, call, exit code. The work is in `registre-ingest` and
//! `registre-query-api`.

mod cli;
mod commands;
mod failure;
mod progress;
mod refresh;
mod requests_log;
mod signals;
mod up;

use clap::Parser;
use std::process::ExitCode;

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
