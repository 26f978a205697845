//! A disk that fills up, at each place where something is written.

use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};

use super::scene::{DATASETS, FILE, Scene, edited, editions, file};
use super::site::Site;
use crate::harness::{Ran, Served, assert_one_error, generate, staged, wait_until};

const WORDS: [&str; 3] = ["No space left on device", "make room", "--data"];

/// The device that is always full, where a table or a manifest is about to be written.
#[test]
fn a_disk_full_when_a_table_the_manifest_or_the_name_in_service_is_written() {
    let mut scene = Scene::new();
    let data = scene.data();
    let full = Path::new("/dev/full");
    for name in [
        "etablissement.parquet",
        "rna_waldec.staged",
        "association.parquet",
        "manifest.tmp",
    ] {
        let mut child = scene.command();
        let child = child.spawn().unwrap();
        wait_until("nothing is being made", || !staged(&data).is_empty());
        symlink(full, staged(&data)[0].join(name)).unwrap();
        let ran = Ran::from(child.wait_with_output().unwrap());
        scene.assert_refused(&ran, 6, &WORDS);
        assert!(
            ran.stderr
                .contains(name.split('.').next().unwrap().split('_').next().unwrap())
        );
        scene.recovers();
        assert_eq!(scene.site.sent(FILE), 0, "all was downloaded");
        scene.next_edition();
    }

    symlink(full, data.join("current.tmp")).unwrap();
    let ran = scene.ingest();
    scene.assert_refused(&ran, 6, &WORDS);
    // A whole snapshot that is not in service would take its room for nothing, at each run.
    let count = || std::fs::read_dir(data.join("snapshots")).unwrap().count();
    let before = count();
    scene.recovers();
    assert_eq!(count(), before + 1);
}

/// A small disk, seen by the commands started on it and by no one else.
struct SmallDisk {
    holder: Child,
    folder: tempfile::TempDir,
}

impl SmallDisk {
    /// `None` where mounting is not permitted.
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let script = "mount -t tmpfs -o size=64m registre \"$1\" && echo ready && read -r _";
        let mut holder = Command::new("unshare")
            .args([
                "--user",
                "--map-root-user",
                "--mount",
                "bash",
                "-c",
                script,
                "disk",
            ])
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let mut ready = [0; 6];
        let mounted = holder.stdout.as_mut().unwrap().read_exact(&mut ready);
        let disk = Self { holder, folder };
        mounted.is_ok().then_some(disk)
    }

    /// On the disk, for a command started on it.
    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// On the disk, for this process.
    fn seen(&self, path: &Path) -> PathBuf {
        let root = format!("/proc/{}/root", self.holder.id());
        Path::new(&root).join(path.strip_prefix("/").unwrap())
    }

    /// A command started on the disk.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args(["--user", "--mount", "--preserve-credentials", "--target"])
            .arg(self.holder.id().to_string())
            .arg(program)
            .stdin(Stdio::null())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("NO_PROXY", "127.0.0.1");
        command
    }

    fn registre(&self, arguments: &[&str]) -> Ran {
        let mut command = self.command(env!("CARGO_BIN_EXE_registre"));
        command.args(arguments).output().unwrap().into()
    }

    fn ingest(&self, site: &Site) -> Ran {
        let data = self.data();
        self.registre(&[
            "ingest",
            "--source",
            &site.base,
            "--data",
            data.to_str().unwrap(),
        ])
    }

    /// Leaves that many kB free, taking the others.
    fn leave(&self, free: usize) {
        let ballast = self.seen(self.folder.path()).join("ballast");
        let mut file = std::fs::File::create(ballast).unwrap();
        let mut df = self.command("df");
        let output = df
            .args(["--output=avail", "-k"])
            .arg(self.folder.path())
            .output();
        let text = String::from_utf8(output.unwrap().stdout).unwrap();
        let available: usize = text.lines().last().unwrap().trim().parse().unwrap();
        file.write_all(&vec![0; (available - free) << 10]).unwrap();
    }

    fn served(&self) -> Served {
        Served::on(&self.seen(&self.data()), &|identifier| {
            let data = self.data();
            self.registre(&["lookup", identifier, "--data", data.to_str().unwrap()])
        })
    }

    fn assert_refused(&self, ran: &Ran, words: &[&str], served: &Served) {
        assert_one_error(ran, 6, words);
        assert!(self.served() == *served);
        assert_eq!(staged(&self.seen(&self.data())), Vec::<PathBuf>::new());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Its standard input ends, and the disk with it.
        drop(self.holder.stdin.take());
        let _ended = self.holder.wait();
    }
}

/// Takes all the room there is.
fn fill(path: &Path) {
    let mut file = std::fs::File::create(path).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
}

/// An edition whose snapshot takes more than what the first one's files did.
fn large() -> &'static PathBuf {
    static LARGE: OnceLock<PathBuf> = OnceLock::new();
    LARGE.get_or_init(|| {
        let folder = editions().0.with_file_name("large");
        generate(20_000, 2, &folder);
        folder
    })
}

#[test]
fn a_small_disk_that_fills_up() {
    let Some(disk) = SmallDisk::new() else {
        // Past the capture of what tests print: it must not pass for a test that ran.
        writeln!(
            std::io::stderr(),
            "SKIPPED a_small_disk_that_fills_up: unshare and mount are not permitted here; \
             bad_input::a_full_disk, by a limit on the size of files, stands in for it"
        )
        .unwrap();
        return;
    };
    let site = Site::start(&editions().0);
    let first = disk.ingest(&site);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    let served = disk.served();
    // In kB, as a disk counts them.
    let size_of = |folder: &Path| -> usize {
        let files = std::fs::read_dir(folder.join("files")).unwrap();
        let sizes = files.map(|file| file.unwrap().metadata().unwrap().len() / 1024 + 4);
        usize::try_from(sizes.sum::<u64>()).unwrap()
    };

    // Said before anything is asked.
    site.publish(&editions().1);
    disk.leave(100);
    site.tell_the_truth();
    let ran = disk.ingest(&site);
    disk.assert_refused(
        &ran,
        &["more needed", "free", "make room", "--data"],
        &served,
    );
    assert_eq!(site.sent(FILE), 0);

    // Someone else fills it while the file comes.
    let filler = disk.seen(disk.folder.path()).join("filler");
    let full = filler.clone();
    site.lie(move |request, mut honest| {
        let full = full.clone();
        if request.path == FILE {
            honest.halfway = Some(Arc::new(move || fill(&full)));
        }
        honest
    });
    disk.leave(4000);
    let ran = disk.ingest(&site);
    let mut words = WORDS.to_vec();
    words.push("StockEtablissement.part");
    disk.assert_refused(&ran, &words, &served);
    std::fs::remove_file(&filler).unwrap();
    site.tell_the_truth();
    let ran = disk.ingest(&site);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let resumed = site.asked(FILE)[0].range().unwrap();
    assert!(resumed >= file().len() / 2, "{resumed}");
    assert_eq!(site.sent(FILE), file().len() - resumed);
    let served = disk.served();

    // Nothing announced, room for the files and not for what is made of them.
    site.publish(large());
    site.lie(|request, honest| match &*request.path {
        path if DATASETS.contains(&path) => edited(&honest, |resource| {
            resource["filesize"] = serde_json::Value::Null;
        }),
        _ => honest,
    });
    disk.leave(size_of(large()));
    let ran = disk.ingest(&site);
    let words = ["staging", "more needed", "free", "make room", "--data"];
    disk.assert_refused(&ran, &words, &served);
    let length = std::fs::metadata(large().join(&FILE[1..])).unwrap().len();
    assert_eq!(site.sent(FILE) as u64, length, "it was downloaded");

    disk.leave(20 << 10);
    site.tell_the_truth();
    let ran = disk.ingest(&site);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(site.sent(FILE), 0, "it is not asked again");
    assert!(disk.served() != served);
}
