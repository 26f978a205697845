//! What may happen to a data folder: each leaves `current.json` on something that cannot be served.

use registre_schemas::manifest::FILE_NAME;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;

use super::{Fixture, write};

impl Fixture {
    /// A table of the snapshot of that name, which is then published.
    fn table_of_published(&self, id: &str) -> PathBuf {
        self.write_snapshot(id);
        self.point(&format!("{{\"snapshot\":\"{id}\"}}"));
        let folder = self.folder.path().join("snapshots").join(id);
        folder.join("etablissement.parquet")
    }

    pub(crate) fn corrupt_pointer(&self) {
        self.point("{\"snapshot\":");
    }

    pub(crate) fn pointer_outside(&self) {
        self.point("{\"snapshot\":\"../../etc\"}");
    }

    pub(crate) fn corrupt_manifest(&self) {
        let table = self.table_of_published("damaged");
        write(&table.with_file_name(FILE_NAME), "{}");
    }

    pub(crate) fn truncated_table(&self) {
        let table = self.table_of_published("truncated");
        let file = File::options().write(true).open(table).unwrap();
        file.set_len(100).unwrap();
    }

    pub(crate) fn missing_table(&self) {
        fs::remove_file(self.table_of_published("missing")).unwrap();
    }

    /// Of the right size, with a footer that tells where rows are which are there no more.
    pub(crate) fn overwritten_table(&self) {
        let table = self.table_of_published("overwritten");
        let mut bytes = fs::read(&table).unwrap();
        let end = bytes.len() - 8;
        let footer = u32::from_le_bytes(bytes[end..end + 4].try_into().unwrap());
        bytes[4..end - footer as usize].fill(0xff);
        File::create(&table).unwrap().write_all(&bytes).unwrap();
    }
}
