//! What PostgreSQL is given: one table, the whole answer of a SIRET as text, under its primary key. That is
//! easier for it than what is measured of ours, which finds rows and makes JSON of them.

use std::path::Path;

use crate::Result;
use crate::database::Database;

/// The first `rows` SIRETs of a file, each with an answer of the size and shape of ours: `body`, which is
/// about `siret`.
pub fn load(database: &Database, sirets: &Path, rows: u64, body: &Path, siret: &str) -> Result<()> {
    let keys = database.given("sirets.txt", sirets)?;
    let body = database.given("body.json", body)?;
    database.psql(&format!(
        "set default_toast_compression = 'lz4';
         create table cle (siret text);
         copy cle from '{keys}';
         create table reponse (siret text, corps text);
         insert into reponse select siret, replace(pg_read_file('{body}'), '{siret}', siret)
             from cle limit {rows};
         alter table reponse add primary key (siret);
         vacuum analyze reponse;
         checkpoint;",
        keys = keys.display(),
        body = body.display(),
    ))
}
