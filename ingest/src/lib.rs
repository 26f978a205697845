//! From the open registers to a published snapshot. One row goes through these modules in this
//! order, and each hop has its type:
//!
//! | module | takes | gives |
//! |---|---|---|
//! | [`catalogue`] | `data/sources.toml` | [`catalogue::Source`] |
//! | [`origin`] | a source, and where to look (site, mirror, folder, sample) | [`origin::Resource`] |
//! | [`download`] | a resource | [`download::RawFile`] |
//! | [`decode`] | a raw file | Arrow batches, in file order, and a decode report |
//! | [`normalise`] | a batch | the same rows, by the table's rules |
//! | [`snapshot`] | batches | a sorted Parquet table, [`registre_schemas::manifest::TableFile`] |
//! | [`rna`] | waldec and import, staged | one `association` table |
//! | [`insee`] | the tables, and INSEE's API | the same, with what changed since their files |
//! | `fiches` | the tables | the files lookups read |
//! | [`verify`] | the staged tables | gates |
//! | [`profile`] | the staged tables, and those in service | `profil.json` |
//! | [`publish`] | a verified staging folder | `data/current.json`, by one rename |
//!
//! [`pipeline`] calls them in that order. [`generate`] makes the sample and the national-scale
//! files, in the official formats; [`history`] looks after the snapshots already made.
//!
//! Architecture invariant: nothing here imports the query side. The manifest is the only contract.

pub mod as_of;
pub mod catalogue;
mod codes;
pub mod decode;
pub mod download;
pub mod error;
mod fiches;
pub mod generate;
mod geolocalisation;
pub mod history;
pub mod insee;
pub mod normalise;
pub mod origin;
pub mod pipeline;
pub mod profile;
pub mod progress;
pub mod publish;
mod recherche;
pub mod rna;
mod slices;
pub mod snapshot;
mod sorted;
mod tables;
pub mod verify;
mod withdraw;

pub use error::IngestError;
pub use pipeline::{Options, Outcome, run};
