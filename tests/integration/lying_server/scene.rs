//! What every lie is told to: a data folder that serves one edition, a site that has the next.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::site::{Reply, Request, Site};
use crate::harness::{Ran, assert_refused, generate, registre, snapshot};

pub const FILE: &str = "/files/StockEtablissement_utf8.zip";
pub const SIRENE: &str = "/api/1/datasets/5b7ffc618b4c4169d30727e0/";
pub const RNA: &str = "/api/1/datasets/58e53811c751df03df38f42d/";
pub const GEOLOCALISATION: &str = "/api/1/datasets/61d5e2d372a52d9f9411ff88/";

/// Two editions of the same files, made once.
pub fn editions() -> &'static (PathBuf, PathBuf) {
    static EDITIONS: OnceLock<(PathBuf, PathBuf)> = OnceLock::new();
    EDITIONS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("editions");
        let _none_yet = std::fs::remove_dir_all(&folder);
        let (first, second) = (folder.join("first"), folder.join("second"));
        generate(1000, 1, &first);
        // Larger: an edition with fewer rows is refused.
        generate(1500, 2, &second);
        (first, second)
    })
}

/// The file of the edition about to be downloaded.
pub fn file() -> Vec<u8> {
    std::fs::read(editions().1.join(&FILE[1..])).unwrap()
}

/// A site whose first edition is served from a data folder, and which now has the second.
pub struct Scene {
    pub site: Site,
    folder: tempfile::TempDir,
    pub served: PathBuf,
}

impl Scene {
    pub fn new() -> Self {
        let (first, second) = editions();
        let site = Site::start(first);
        let folder = tempfile::tempdir().unwrap();
        let mut scene = Self {
            site,
            served: PathBuf::new(),
            folder,
        };
        let ran = scene.ingest();
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        scene.served = snapshot(scene.data());
        scene.site.publish(second);
        scene
    }

    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    pub fn command(&self) -> Command {
        let mut command = registre();
        command
            .args(["ingest", "--source", &self.site.base, "--data"])
            .arg(self.data())
            .env("NO_PROXY", "127.0.0.1")
            .stderr(Stdio::piped());
        command
    }

    pub fn ingest(&self) -> Ran {
        self.command().output().unwrap().into()
    }

    /// `fault` changes the answers about the file only.
    pub fn lie(&self, fault: impl Fn(&Request, Reply) -> Reply + Send + 'static) {
        self.site.lie(move |request, honest| {
            if request.path == FILE {
                fault(request, honest)
            } else {
                honest
            }
        });
    }

    /// The same, on a site that announces neither sizes, nor checksums, nor dates.
    pub fn lie_unannounced(&self, fault: impl Fn(&Request, Reply) -> Reply + Send + 'static) {
        self.site.lie(move |request, honest| match &*request.path {
            FILE => fault(request, honest),
            SIRENE | RNA => edited(&honest, |resource| {
                for name in ["filesize", "checksum", "last_modified"] {
                    resource[name] = serde_json::Value::Null;
                }
            }),
            _ => honest,
        });
    }

    /// One error with these words, and nothing else changed; then the truth is published.
    pub fn refused(&self, code: i32, words: &[&str]) -> Ran {
        let ran = self.ingest();
        self.assert_refused(&ran, code, words);
        self.recovers();
        ran
    }

    pub fn assert_refused(&self, ran: &Ran, code: i32, words: &[&str]) {
        assert_refused(ran, code, words, self.data(), &self.served);
    }

    /// The site tells the truth: the second edition is published.
    pub fn recovers(&self) {
        self.site.tell_the_truth();
        self.published(&self.ingest());
    }

    /// The second edition is, to the byte, what was published.
    pub fn published(&self, ran: &Ran) {
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_ne!(snapshot(self.data()), self.served);
        let kept = self.data().join("raw/StockEtablissement.zip");
        assert!(std::fs::read(&kept).unwrap() == file());
        let unfinished = std::fs::read_dir(self.data().join("raw"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .find(|name| name.contains(".part") || name.contains(".tmp"));
        assert_eq!(unfinished, None);
    }

    /// The lie is seen through within the run.
    pub fn seen_through(&self) -> Ran {
        let ran = self.ingest();
        self.published(&ran);
        ran
    }

    pub fn asked(&self) -> Vec<Request> {
        self.site.asked(FILE)
    }
}

/// A dataset document, with each of its resources changed.
pub fn edited(honest: &Reply, edit: impl Fn(&mut serde_json::Value)) -> Reply {
    let mut document: serde_json::Value = serde_json::from_slice(&honest.body).unwrap();
    document["resources"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .for_each(edit);
    Reply::new(200, document.to_string())
}

/// A cut in the middle of the first answer, then `next`.
pub fn cut_then(
    next: impl Fn(&Request, Reply) -> Reply + Send + 'static,
) -> impl Fn(&Request, Reply) -> Reply + Send + 'static {
    move |request, honest| {
        if request.nth == 0 {
            let half = honest.body.len() / 2;
            honest.cut(half)
        } else {
            next(request, honest)
        }
    }
}
