//! What can go wrong with a store, and what to do about it.

use registre_ingest::IngestError;

/// A snapshot that was not sent, or not received.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The settings are not usable.
    #[error("store {store}: {detail}")]
    Settings {
        /// The store, as it was given.
        store: String,
        /// What is wrong, and where to set it.
        detail: String,
    },

    /// The store does not answer, or refuses.
    #[error("store {store}: {action}: {detail}")]
    Away {
        /// The store.
        store: String,
        /// What we were doing, of which object.
        action: String,
        /// What came back.
        detail: String,
    },

    /// What the store holds is not what it should be.
    #[error("store {store}: {object}: {detail}")]
    Refused {
        /// The store.
        store: String,
        /// Which object.
        object: String,
        /// What is wrong with it.
        detail: String,
    },

    /// On this side.
    #[error(transparent)]
    Here(#[from] IngestError),
}

impl StoreError {
    /// The exit code documented in `--help`.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Settings { .. } => 2,
            Self::Away { .. } | Self::Refused { .. } => 12,
            Self::Here(error) => error.exit_code(),
        }
    }

    /// A task that ended by a panic.
    pub fn bug(panic: impl std::fmt::Display) -> Self {
        Self::Here(IngestError::io("finish", "a task")(std::io::Error::other(
            panic.to_string(),
        )))
    }
}
