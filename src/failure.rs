//! How a command ends when it does not succeed: one line on standard error, and a documented code.

use registre_ingest::IngestError;
use registre_query_api::ServeError;
use std::process::ExitCode;

use crate::store::StoreError;

/// A command that did not do what was asked.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// With an exit code documented in `--help`.
    pub fn new(code: u8, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// Logs the message and gives the code.
    pub fn report(self) -> ExitCode {
        tracing::error!("{}", self.message);
        ExitCode::from(self.code)
    }
}

impl From<IngestError> for Failure {
    fn from(error: IngestError) -> Self {
        Self::new(error.exit_code(), error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(error.exit_code(), error.to_string())
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        let code = match error {
            ServeError::Keys(_) | ServeError::Signup(_) => 2,
            ServeError::Io(_) => 1,
        };
        Self::new(code, error.to_string())
    }
}
