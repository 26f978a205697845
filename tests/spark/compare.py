"""Spark, with several worker processes, reads the Parquet files of a published snapshot in place and
answers the analysts' questions as DuckDB does, value by value.

    python compare.py DATA

DATA is a data folder with a snapshot in service. See docs/spark-et-trino.md.
"""

import json
import os
import sys
import time
from collections import Counter
from pathlib import Path

import duckdb
import pyspark
from pyspark.sql import SparkSession

from questions import filled, statements, to_spark

WORKERS = 2

# Columns summed up by one query: Spark compiles each, and gives up on very long ones.
AT_ONCE = 12

# How each writes a name, a text, and the first digits of a text's digest as a number.
DUCKDB = ('"{}"', "VARCHAR", "CAST('0x' || substr(md5({}), 1, 12) AS BIGINT)")
SPARK = ("`{}`", "STRING", "CAST(conv(substr(md5({}), 1, 12), 16, 10) AS BIGINT)")


def tables_of(data):
    """The files of the tables of the snapshot in service."""
    snapshot = json.loads((data / "current.json").read_text())["snapshot"]
    folder = data / "snapshots" / snapshot
    manifest = json.loads((folder / "manifest.json").read_text())
    return {table["name"]: (folder / table["file"], table["rows"]) for table in manifest["tables"]}


def duckdb_on(tables):
    """DuckDB, over the files, and the values that the questions are about."""
    connection = duckdb.connect()
    for name, (path, _) in tables.items():
        literal = str(path).replace("'", "''")
        connection.execute(f"CREATE VIEW {name} AS FROM read_parquet('{literal}')")
    [(_, rows)] = statements("list")
    connection.execute(f"CREATE TABLE liste AS {rows}")
    values = {}
    for name, sql in statements("value"):
        row = connection.execute(filled(sql, values)).fetchone()
        assert row and row[0], f"no value of {name}: the data has no row for {sql}"
        values[name] = row[0]
    return connection, values


def spark_on(tables, liste):
    """Spark, over the files, on worker processes of this machine."""
    # The package is a whole Spark: its workers start from there, with this Python.
    os.environ["SPARK_HOME"] = os.path.dirname(pyspark.__file__)
    os.environ["PYSPARK_PYTHON"] = sys.executable
    # The driver and its workers meet on this machine, whatever its name resolves to.
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    spark = (
        SparkSession.builder.master(f"local-cluster[{WORKERS},1,1024]")
        .appName("registre")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.executor.memory", "900m")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "4")
        # One task for each row group or so: those of the sample are small, and are read side by side.
        .config("spark.sql.files.maxPartitionBytes", str(8 << 20))
        .config("spark.sql.files.openCostInBytes", "0")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    for name, (path, _) in tables.items():
        spark.read.parquet(path.as_uri()).createOrReplaceTempView(name)
    spark.createDataFrame(liste, "siret string").createOrReplaceTempView("liste")
    return spark


def key(row):
    """A row, to be compared: its types count, and a float is its bits, not its text."""
    return tuple(
        (type(value).__name__, value.hex() if isinstance(value, float) else value) for value in row
    )


def is_ordered(sql):
    """Whether the answer has an order, its own and not that of a part of the question."""
    depth = 0
    for word in sql.replace("(", " ( ").replace(")", " ) ").split():
        depth += {"(": 1, ")": -1}.get(word, 0)
        if word == "ORDER" and depth == 0:
            return True
    return False


def differences(sql, ours, theirs):
    """What differs between two answers: the rows, and where the question says so, their order."""
    ours, theirs = [key(row) for row in ours], [key(row) for row in theirs]
    if is_ordered(sql):
        if ours == theirs:
            return None
    elif Counter(ours) == Counter(theirs):
        return None
    missing, more = Counter(ours) - Counter(theirs), Counter(theirs) - Counter(ours)
    if not missing and not more:
        at = next(index for index, pair in enumerate(zip(ours, theirs)) if pair[0] != pair[1])
        return f"the same rows in another order, from row {at}: {ours[at]} and {theirs[at]}"
    return f"{len(ours)} rows and {len(theirs)}; only DuckDB: {list(missing)[:2]}; only Spark: {list(more)[:2]}"


def every_value(spark, connection, name, rows):
    """Every value of a table, counted and summed up by both, whether a question is about it or not: the
    digests of its rows, a few columns at a time, to the last letter, are added up; so are floats, as
    whole millionths, in decimals, whose sum does not depend on the order."""
    columns = connection.execute(f"DESCRIBE {name}").fetchall()
    columns = [(column, kind) for column, kind, *_ in columns]
    assert [column for column, _ in columns] == spark.table(name).columns, f"{name}: columns"
    wrong = []
    for start in range(0, len(columns), AT_ONCE):
        some = columns[start : start + AT_ONCE]
        ours = connection.execute(sums(name, some, DUCKDB)).fetchone()
        theirs = tuple(spark.sql(sums(name, some, SPARK)).first())
        assert ours[0] == rows, f"{name}: {ours[0]} rows, {rows} in the manifest"
        if key(ours) != key(theirs):
            pairs = enumerate(zip(key(ours), key(theirs)))
            wrong += [f"{some}[{index}]: {a} and {b}" for index, (a, b) in pairs if a != b]
    return "; ".join(wrong[:3]) or None


def sums(name, columns, engine):
    """What columns come to: the number of rows, the sum of the digests of the rows, then of each its
    values, the least, the greatest and, of floats, the sum."""
    quote, text, digest = engine
    parts = ["count(*)", ""]
    texts = []
    for column, kind in columns:
        value = quote.format(column)
        parts += [f"count({value})", f"min({value})", f"max({value})"]
        if kind == "DOUBLE":
            # Engines do not write floats the same way.
            parts.append(total(f"floor({value} * 1000000)"))
        else:
            texts.append(f"coalesce(CAST({value} AS {text}), '\u2400')")
    parts[1] = total(digest.format(f"concat_ws('\u241f', '', {', '.join(texts)})")) if texts else "0"
    return f"SELECT {', '.join(parts)} FROM {name}"


def total(number):
    return f"CAST(sum(CAST({number} AS DECIMAL(38, 0))) AS DECIMAL(38, 0))"


def tasks_by_worker(spark):
    """How many tasks each worker process did; the driver does none."""
    executors = spark.sparkContext._jsc.sc().statusStore().executorList(False)
    executors = [executors.apply(index) for index in range(executors.size())]
    return {e.id(): e.completedTasks() for e in executors if e.id() != "driver"}


def compare(tables, connection, values, spark):
    """What differs, in words."""
    wrong = []
    for name, (_, rows) in tables.items():
        difference = every_value(spark, connection, name, rows)
        print(f"  {'differs' if difference else 'equal'}  every value of {rows} {name}", flush=True)
        if difference:
            wrong.append(f"{name}: {difference}")
    asked = 0
    for title, sql in statements("question"):
        sql = filled(sql, values)
        started = time.monotonic()
        ours = connection.execute(sql).fetchall()
        between = time.monotonic()
        theirs = [tuple(row) for row in spark.sql(to_spark(sql)).collect()]
        ended = time.monotonic()
        difference = differences(sql, ours, theirs)
        print(
            f"  {'differs' if difference else 'equal'}  {title}: {len(ours)} rows, "
            f"DuckDB {between - started:.2f} s, Spark {ended - between:.2f} s",
            flush=True,
        )
        if not ours:
            difference = "no answer: nothing is compared"
        if difference:
            wrong.append(f"« {title} »: {difference}")
        asked += 1
    tasks = tasks_by_worker(spark)
    print(f"  tasks by worker: {tasks}")
    if asked < 20:
        wrong.append(f"{asked} questions only")
    if len(tasks) < WORKERS or min(tasks.values()) == 0:
        wrong.append(f"a worker did nothing: {tasks}")
    return wrong


def main():
    tables = tables_of(Path(sys.argv[1]).resolve())
    connection, values = duckdb_on(tables)
    spark = spark_on(tables, connection.execute("FROM liste").fetchall())
    print(f"Spark {spark.version} on {WORKERS} workers, DuckDB {duckdb.__version__}", flush=True)
    try:
        wrong = compare(tables, connection, values, spark)
    finally:
        # Its workers would start one another again, loudly, while the process ends.
        spark.stop()
    for text in wrong:
        print(f"DIFFERENT {text}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
