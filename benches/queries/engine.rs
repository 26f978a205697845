//! The DuckDB engine over two layouts of the same tables.

use super::questions::{LIST, VALUES};
use arrow::record_batch::RecordBatch;
use arrow::util::display::array_value_to_string;
use duckdb::{Config, Connection};
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A database whose schemas have the same views, one schema for each layout.
pub struct Engine {
    connection: Connection,
    /// Names in the questions, and the values they stand for.
    values: Vec<(String, String)>,
}

impl Engine {
    /// Opens it on layouts, each a name and the folder of its tables: the settings are the same for
    /// all of them. `spill` is where what memory cannot hold goes.
    pub fn open(layouts: &[(&str, &Path)], tables: &[&str], spill: &Path) -> Result<Self> {
        let config = Config::default()
            .enable_autoload_extension(false)?
            .with("autoinstall_known_extensions", "false")?
            .with("temp_directory", spill.display().to_string())?
            .max_memory("2GB")?
            .threads(2)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "the engine alone is what is measured"
        )]
        let connection = Connection::open_in_memory_with_flags(config)?;
        for (layout, folder) in layouts {
            connection.execute_batch(&format!("CREATE SCHEMA {layout}"))?;
            for table in tables {
                let path = folder.join(format!("{table}.parquet"));
                connection.execute_batch(&format!(
                    "CREATE VIEW {layout}.{table} AS FROM read_parquet('{}')",
                    path.display().to_string().replace('\'', "''")
                ))?;
            }
        }
        let mut engine = Self {
            connection,
            values: Vec::new(),
        };
        let (first, _) = layouts.first().ok_or("no layout")?;
        engine.choose(first)?;
        Ok(engine)
    }

    /// Picks the values, from one of the layouts; they are in all of them.
    fn choose(&mut self, layout: &str) -> Result<()> {
        self.on(layout)?;
        self.connection.execute_batch(&LIST)?;
        for value in VALUES.iter() {
            let found = self.rows(value.sql)?;
            let found = found.into_iter().next().filter(|text| !text.is_empty());
            let found = found.ok_or_else(|| {
                format!(
                    "no value of {}: the data has no row for {}",
                    value.name, value.sql
                )
            })?;
            self.values.push((format!("{{{}}}", value.name), found));
        }
        Ok(())
    }

    /// The tables of the questions are now those of that layout.
    pub fn on(&self, layout: &str) -> Result<()> {
        // `liste` is in none of them.
        self.connection
            .execute_batch(&format!("SET search_path = '{layout},main'"))?;
        Ok(())
    }

    /// A question with its values.
    pub fn text(&self, sql: &str) -> String {
        self.values
            .iter()
            .fold(sql.to_owned(), |sql, (name, value)| {
                sql.replace(name, &value.replace('\'', "''"))
            })
    }

    fn batches(&self, sql: &str) -> Result<Vec<RecordBatch>> {
        let sql = self.text(sql);
        let mut statement = self.connection.prepare(&sql)?;
        Ok(statement.query_arrow([])?.collect())
    }

    /// Every row as text, in the order of their text.
    pub fn rows(&self, sql: &str) -> Result<Vec<String>> {
        texts(&self.batches(sql)?)
    }

    /// The same, each row being read as soon as it is there, and none kept: what the engine does for
    /// whoever has no room for them all.
    pub fn time_of_stream(&self, sql: &str) -> Result<Duration> {
        let started = Instant::now();
        let mut statement = self.connection.prepare(&self.text(sql))?;
        let rows = statement.stream_arrow([])?.map(|batch| batch.num_rows());
        std::hint::black_box(rows.sum::<usize>());
        Ok(started.elapsed())
    }

    /// How long it takes to have every row, the query being parsed anew.
    pub fn time(&self, sql: &str) -> Result<Duration> {
        let started = Instant::now();
        self.batches(sql)?;
        Ok(started.elapsed())
    }
}

/// Every row as text, in the order of their text.
pub fn texts(batches: &[RecordBatch]) -> Result<Vec<String>> {
    let mut rows = Vec::new();
    for batch in batches {
        for row in 0..batch.num_rows() {
            let values = batch.columns().iter();
            let values = values.map(|column| array_value_to_string(column, row));
            rows.push(
                values
                    .collect::<std::result::Result<Vec<_>, _>>()?
                    .join("|"),
            );
        }
    }
    rows.sort_unstable();
    Ok(rows)
}
