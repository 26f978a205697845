//! Snapshots in a store that speaks S3: one machine makes and publishes them, others serve them.
//!
//! ```text
//! s3://bucket/prefix/snapshots/<id>/…     the files of a snapshot, its manifest last
//! s3://bucket/prefix/current.json         which one is in service; replaced by one put
//! ```
//!
//! | file | does |
//! |---|---|
//! | `store/address.rs` | `s3://bucket/prefix`, read and checked |
//! | `store/remote.rs` | the only calls to the store, and what their failures mean |
//! | `store/publish.rs` | the snapshot in service here, put in service there |
//! | `store/upload.rs` | one file, sent and checked |
//! | `store/prune.rs` | what the store need not, or must not, hold any more |
//! | `store/mirror.rs` | a local folder that follows the store |
//! | `store/fetch.rs` | one snapshot, brought here and checked |
//! | `store/download.rs` | one file, received in pieces, resumed, checked |
//!
//! What is asked of a store is what all have: put, get by range, head, delete, copy, listing,
//! multipart upload, path-style addresses, `x-amz-meta-`. A put under a condition (`If-Match`) is
//! used where there is one.

mod address;
mod download;
mod error;
mod fetch;
mod mirror;
mod prune;
mod publish;
mod remote;
mod upload;

pub use address::{Place, StoreUrl, folder};
pub use error::StoreError;
pub use mirror::Mirror;
pub use publish::{Publisher, Sent};

/// Name of the pointer to the snapshot in service.
const CURRENT: &str = "current.json";

/// Name of the folder of snapshots.
const SNAPSHOTS: &str = "snapshots";

/// Largest JSON read into memory: a manifest is a few hundred kilobytes, a profile a few megabytes.
const LARGEST_JSON: u64 = 64 << 20;

/// Bytes sent or received by one request: stores want parts of five megabytes at least, all of one
/// size, and ten thousand of them at most.
const PIECE: u64 = 8 << 20;

/// Pieces under way at the same time, of one file.
const AT_ONCE: usize = 4;

/// A file, as its manifest describes it.
#[derive(Debug, Clone, Copy)]
struct Expected<'a> {
    /// Name inside the snapshot.
    file: &'a str,
    /// Bytes.
    bytes: u64,
    /// Checksum.
    sha256: &'a str,
}

impl<'a> From<(&'a str, u64, &'a str)> for Expected<'a> {
    fn from((file, bytes, sha256): (&'a str, u64, &'a str)) -> Self {
        Self {
            file,
            bytes,
            sha256,
        }
    }
}
