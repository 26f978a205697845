//! What others make of the unzipped `StockEtablissement`: the DuckDB engine alone, and PostgreSQL.

use std::error::Error;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::measure::{Cost, cost_of};

/// First argument of this very program when it is started again to be DuckDB and nothing else.
pub const DUCKDB: &str = "--duckdb";

/// DuckDB alone, in a process of its own: every column as text, to zstd Parquet.
pub fn duckdb(csv: &Path, parquet: &Path) -> Result<Cost, Box<dyn Error>> {
    cost_of(
        Command::new(std::env::current_exe()?)
            .arg(DUCKDB)
            .args([csv, parquet]),
    )
}

/// Where Debian puts the programs of the server.
const DEBIAN: &str = "/usr/lib/postgresql/15/bin";

/// PostgreSQL cannot be run by root.
const NOBODY: u32 = 65_534;

/// What its manual says of bulk loads: no journal for a table made in the transaction that fills it,
/// memory, a gigabyte of it to sort the indexes.
pub const HELP: [&str; 5] = [
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=8GB",
    "shared_buffers=1GB",
    "maintenance_work_mem=1GB",
];

/// A table of text, `COPY`, then an index on `siret` and one on `siren`, by a server of its own, as it
/// is installed but for `settings`. With the cost, the bytes of its table and indexes. `None` where
/// PostgreSQL is not installed.
pub fn postgresql(
    csv: &Path,
    folder: &Path,
    settings: &[&str],
) -> Result<Option<(Cost, u64)>, Box<dyn Error>> {
    let Some(bin) = programs() else {
        return Ok(None);
    };
    let root = folder.join("postgresql");
    remove(&root)?;
    fs::create_dir_all(&root)?;
    std::os::unix::fs::chown(&root, Some(NOBODY), Some(NOBODY))?;
    let as_nobody = |program: &str| {
        let mut command = Command::new(bin.join(program));
        command.uid(NOBODY).gid(NOBODY).current_dir(&root);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let data = root.join("data");
    succeed(as_nobody("initdb").arg("-D").arg(&data).args([
        "-U",
        "nobody",
        "--no-locale",
        "-E",
        "UTF8",
    ]))?;
    let header = fs::File::open(csv)?;
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(header), &mut line)?;
    let columns: Vec<String> = line
        .trim_end()
        .split(',')
        .map(|name| format!("\"{name}\" text"))
        .collect();
    let sql = format!(
        "begin; create table etablissement ({}); copy etablissement from '{}' with (format csv, header); commit;
         create index on etablissement (siret); create index on etablissement (siren);",
        columns.join(", "),
        csv.display()
    );
    let settings = settings.iter().map(|setting| format!("-c {setting}"));
    let settings = settings.collect::<Vec<_>>().join(" ");
    // In the foreground, so that its processor time is counted with that of who waited for it.
    let script = format!(
        "postgres -D {data} -c listen_addresses= {settings} -k {root} >{root}/log 2>&1 & server=$!
         until pg_isready -q -h {root}; do kill -0 $server || {{ cat {root}/log >&2; exit 1; }}; sleep 0.1; done
         psql -q -v ON_ERROR_STOP=1 -h {root} -U nobody postgres -c \"$SQL\" || failed=1
         psql -qAt -h {root} -U nobody postgres -c \"select pg_total_relation_size('etablissement')\" >{root}/bytes
         kill -INT $server; wait $server; exit ${{failed:-0}}",
        data = data.display(),
        root = root.display(),
    );
    let mut load = Command::new("sh");
    load.uid(NOBODY).gid(NOBODY).current_dir(&root);
    load.arg("-c").arg(script).env("SQL", sql);
    load.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    load.stdout(Stdio::null()).stderr(Stdio::inherit());
    let cost = cost_of(&mut load)?;
    let bytes = fs::read_to_string(root.join("bytes"))?.trim().parse()?;
    remove(&root)?;
    Ok(Some((cost, bytes)))
}

/// The folder of `initdb` and `postgres`.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).chain([PathBuf::from(DEBIAN)]);
    folders.find(|folder| folder.join("postgres").exists() && folder.join("initdb").exists())
}

fn succeed(command: &mut Command) -> Result<(), Box<dyn Error>> {
    if command.status()?.success() {
        Ok(())
    } else {
        Err(format!("{command:?} failed").into())
    }
}

fn remove(folder: &Path) -> Result<(), Box<dyn Error>> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(())
}
