//! The format of the fiches: all that the registers say of one unité légale, or of one association,
//! in one place of one file, so that a lookup is one short read.
//!
//! A file is a header, blocks, a footer and a trailer:
//!
//! ```text
//! file    := MAGIC block* footer length(footer): u64 MAGIC
//! block   := zstd(entry*)                 with the dictionary of the footer, and a checksum
//! entry   := key length body
//! footer  := zstd(coding dictionary index)
//! ```
//!
//! Entries are in the order of their keys, texts that digits or letters compare: a SIREN comes right
//! before its SIRET. The index has the first key of each block, and stays in memory.
//!
//! | file | key | body ([`body`]) |
//! |---|---|---|
//! | `sirene.fiches` | SIREN | the unité légale, its periods, doublons, RNA links, and its first établissements, each with its periods and successions |
//! | | SIRET | one of the other établissements of a large unit, which fill blocks of their own |
//! | `rna.fiches` | RNA number | the association and its SIRENE links |
//!
//! Rows are written after one another, each by what differs from what is expected of it
//! ([`row`], [`coding`]). Whatever the bytes, reading gives a value or none: nothing here panics.
//!
//! | module | holds |
//! |---|---|
//! | [`varint`] | whole numbers |
//! | [`cell`] | a value, a row |
//! | [`coding`] | what was learned of the columns |
//! | [`row`], [`place`] | one row; degrees told by metres |
//! | [`body`] | what an entry holds |
//! | [`block`] | the entries of a block |
//! | [`mod@file`] | footer, index, trailer |

pub mod block;
pub mod body;
pub mod cell;
pub mod coding;
pub mod file;
pub mod place;
pub mod row;
pub mod varint;

pub use cell::{Cell, Row};
pub use coding::{Coding, Dictionary, Learned, TableCoding};
pub use row::Base;

#[cfg(test)]
mod tests;
