//! The snapshot asked, under two names: hard links of its files, so that nothing is copied and the
//! one given is left as it is.

use registre_schemas::fiche::body::{RNA_FILE, SIRENE_FILE};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Result;

const FIRST: &str = "20260101T000000Z";
/// The one published under load.
pub const OTHER: &str = "20260102T000000Z";
/// Bytes of fiches that a server reads in a second to check them, a little under what it does.
const CHECKED_A_SECOND: u64 = 180_000_000;
const PROFILE: &str = "profil.json";
const MANIFEST: &str = "manifest.json";

/// A data folder with both.
pub struct Data {
    folder: PathBuf,
}

impl Data {
    /// Links the snapshot in service in `given`.
    pub fn linked(given: &Path, within: &Path) -> Result<Self> {
        let current: Value = read(&given.join("current.json"))?;
        let id = current["snapshot"].as_str().ok_or("current.json")?;
        let from = given.join("snapshots").join(id);
        let folder = within.join("data");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let data = Self { folder };
        for id in [FIRST, OTHER] {
            let to = data.snapshot(id);
            fs::create_dir_all(&to)?;
            for file in fs::read_dir(&from)? {
                let name = file?.file_name();
                if name != MANIFEST && name != PROFILE {
                    fs::hard_link(from.join(&name), to.join(&name))?;
                }
            }
            let mut manifest = read(&from.join(MANIFEST))?;
            manifest["id"] = json!(id);
            write(&to.join(MANIFEST), &manifest.to_string())?;
        }
        data.point(FIRST)?;
        Ok(data)
    }

    /// What `registre serve --data` is given.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A file of the snapshot in service at first.
    pub fn file(&self, name: &str) -> PathBuf {
        self.snapshot(FIRST).join(name)
    }

    /// Reads the fiches once, so that the system has them in memory: a disk is not what is measured.
    /// Gives how long a server just started still reads them behind its first lookups.
    pub fn read_fiches(&self) -> Result<Duration> {
        let mut bytes = 0;
        for name in [SIRENE_FILE, RNA_FILE] {
            bytes += std::io::copy(&mut File::open(self.file(name))?, &mut std::io::sink())?;
        }
        Ok(Duration::from_secs(1 + bytes / CHECKED_A_SECOND))
    }

    /// Rows of `etablissement`.
    pub fn etablissements(&self) -> Result<u64> {
        let manifest = read(&self.file(MANIFEST))?;
        let tables = manifest["tables"].as_array().ok_or("manifest.json")?;
        let table = tables.iter().find(|table| table["name"] == "etablissement");
        let rows = table.and_then(|table| table["rows"].as_u64());
        Ok(rows.ok_or("manifest.json: etablissement")?)
    }

    /// Gives the snapshots a profile of that many bytes: `/v1/profil` sends it as it is, so that what
    /// is measured is all that stands around a handler.
    pub fn set_profile(&self, bytes: usize) -> Result<()> {
        let mut profile = json!({
            "version": 1, "snapshot": FIRST,
            "comparaison": { "etat": "premier", "precedent": null }, "changements": {},
            "etablissements_actifs": { "total": 0, "departements": [], "sections_naf": [] }, "tables": [], "remplissage": "",
        });
        let missing = bytes.saturating_sub(profile.to_string().len());
        profile["remplissage"] = json!("x".repeat(missing));
        for id in [FIRST, OTHER] {
            write(&self.snapshot(id).join(PROFILE), &profile.to_string())?;
        }
        Ok(())
    }

    /// Puts it in service, as the publication does: by a rename.
    pub fn publish_the_other(&self) -> Result<()> {
        self.point(OTHER)
    }

    fn snapshot(&self, id: &str) -> PathBuf {
        self.folder.join("snapshots").join(id)
    }

    fn point(&self, id: &str) -> Result<()> {
        let aside = self.folder.join("current.json.tmp");
        write(&aside, &json!({ "snapshot": id }).to_string())?;
        Ok(fs::rename(aside, self.folder.join("current.json"))?)
    }
}

fn read(path: &Path) -> Result<Value> {
    let bytes = fs::read(path).map_err(|error| format!("read {}: {error}", path.display()))?;
    Ok(serde_json::from_slice(&bytes)?)
}

fn write(path: &Path, text: &str) -> Result<()> {
    Ok(File::create(path)?.write_all(text.as_bytes())?)
}
