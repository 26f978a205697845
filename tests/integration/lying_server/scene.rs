//! What every lie is told to: a data folder that serves one edition, a site that has the next.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::site::{Reply, Request, Site};
use crate::harness::{
    Ran, Served, assert_refused, copy_folder, generate, manifest, registre, snapshot, staged,
    wait_until, write_file,
};

pub const FILE: &str = "/files/StockEtablissement_utf8.zip";
pub const SIRENE: &str = "/api/1/datasets/5b7ffc618b4c4169d30727e0/";
pub const RNA: &str = "/api/1/datasets/58e53811c751df03df38f42d/";
pub const GEOLOCALISATION: &str = "/api/1/datasets/61d5e2d372a52d9f9411ff88/";
pub const UTILITE_PUBLIQUE: &str = "/api/1/datasets/53698f1aa3a729239d203653/";
/// In the order they are asked for.
pub const DATASETS: [&str; 4] = [SIRENE, GEOLOCALISATION, RNA, UTILITE_PUBLIQUE];

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

/// Where the site has the file of that name, of whatever date.
pub fn site_path(name: &str) -> String {
    let files = std::fs::read_dir(editions().1.join("files")).unwrap();
    let mut names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let found = names.find(|file| file.starts_with(name));
    format!("/files/{}", found.unwrap())
}

/// A site whose first edition is served from a data folder, and which now has the second.
pub struct Scene {
    pub site: Site,
    folder: tempfile::TempDir,
    pub served: Served,
    /// The file as the site has it now.
    truth: Vec<u8>,
    /// Editions made here, see [`Self::next_edition`].
    made: u32,
    environment: Vec<(&'static str, PathBuf)>,
}

impl Scene {
    pub fn new() -> Self {
        Self::on(Site::start(&editions().0), Vec::new())
    }

    /// On a site that has the first edition, asked with that environment.
    pub fn on(site: Site, environment: Vec<(&'static str, PathBuf)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let ran = Ran::from(command(&site, &data, &environment).output().unwrap());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        site.publish(&editions().1);
        site.tell_the_truth();
        Self {
            site,
            served: Served::of(&data),
            folder,
            truth: file(),
            made: 0,
            environment,
        }
    }

    /// What was published is served, and the site has the same registers again in another file, so
    /// that there is something to publish.
    pub fn next_edition(&mut self) {
        self.served = Served::of(&self.data());
        self.made += 1;
        let folder = self.folder.path().join(format!("edition-{}", self.made));
        copy_folder(&editions().1, &folder);
        // A comment at the end of each archive: no table is kept from the edition before.
        let comment = format!("edition {}", self.made);
        for file in std::fs::read_dir(folder.join("files")).unwrap() {
            let path = file.unwrap().path();
            let mut archive = std::fs::read(&path).unwrap();
            let length = archive.len();
            archive[length - 2] = u8::try_from(comment.len()).unwrap();
            archive.extend(comment.as_bytes());
            write_file(&path, &archive);
        }
        self.truth = std::fs::read(folder.join(&FILE[1..])).unwrap();
        for dataset in DATASETS {
            let document = folder.join(&dataset[1..]).join("index.json");
            let honest = Reply::new(200, std::fs::read(&document).unwrap());
            let edit = edited(&honest, |resource| {
                let longer = resource["filesize"].as_u64().unwrap() + comment.len() as u64;
                resource["checksum"] = serde_json::Value::Null;
                resource["filesize"] = longer.into();
                resource["last_modified"] = format!("2026-11-02T00:00:{:02}", self.made).into();
            });
            write_file(&document, &edit.body);
        }
        self.site.publish(&folder);
        self.site.tell_the_truth();
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn command(&self) -> Command {
        command(&self.site, &self.data(), &self.environment)
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
            SIRENE | RNA | GEOLOCALISATION => edited(&honest, |resource| {
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
        assert_refused(ran, code, words, &self.data(), &self.served);
    }

    /// The site tells the truth: its edition is published, and no file that came whole is sent again.
    pub fn recovers(&self) {
        let mut whole = self.site.whole();
        whole.retain(|path| path != FILE);
        self.site.tell_the_truth();
        self.published(&self.ingest());
        for path in whole {
            assert_eq!(self.site.sent(&path), 0, "{path} was here");
        }
    }

    /// The site's edition is, to the byte, what was published.
    pub fn published(&self, ran: &Ran) {
        self.accepted(ran);
        let kept = self.data().join("raw/StockEtablissement.zip");
        assert!(std::fs::read(&kept).unwrap() == self.truth);
    }

    /// Something was published, and nothing unfinished is left.
    pub fn accepted(&self, ran: &Ran) {
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_ne!(snapshot(&self.data()), self.served.snapshot);
        let unfinished = std::fs::read_dir(self.data().join("raw"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .find(|name| name.contains(".part") || name.contains(".tmp"));
        assert_eq!(unfinished, None);
        assert_eq!(staged(&self.data()), Vec::<PathBuf>::new());
    }

    /// The file as the site has it.
    pub fn truth(&self) -> &[u8] {
        &self.truth
    }

    /// A run killed once that much of the file is here.
    pub fn killed_with(&self, length: usize) {
        let mut child = self.command().spawn().unwrap();
        self.wait_for_part(length);
        child.kill().unwrap();
        child.wait().unwrap();
        self.served.assert_unchanged(&self.data());
    }

    /// Until that much of the file is here.
    pub fn wait_for_part(&self, length: usize) {
        let part = self.data().join("raw/StockEtablissement.part");
        wait_until("the download does not begin", || {
            std::fs::metadata(&part).is_ok_and(|part| part.len() >= length as u64)
        });
    }

    /// What the manifest says of a table or a source.
    pub fn manifest_of(&self, kind: &str, name: &str) -> serde_json::Value {
        let manifest = manifest(&self.data());
        let list = manifest[kind].as_array().unwrap();
        list.iter()
            .find(|entry| entry["name"] == name)
            .unwrap()
            .clone()
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

fn command(site: &Site, data: &Path, environment: &[(&'static str, PathBuf)]) -> Command {
    let mut command = registre();
    command
        .args(["ingest", "--source", &site.base, "--data"])
        .arg(data)
        .env("NO_PROXY", "127.0.0.1")
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stderr(Stdio::piped());
    command
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
