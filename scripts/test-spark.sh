#!/bin/sh
# Spark, with several worker processes, answers from a published snapshot as DuckDB does: tests/spark/.
#
# Needs python 3.9 and Java 17 or later, and the binary that is already built. DATA names a data folder;
# without it one is made, of 400 000 établissements, whose tables have several row groups to share
# out. What is not there and cannot be had skips the test, which says so; SPARK_REQUIRED=1 then fails.
set -eu
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
venv=$target/spark/venv
bin=${REGISTRE_BIN:-$target/debug/registre}
export LD_LIBRARY_PATH="$PWD/.duckdb/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"

say() {
    printf 'test-spark: %s\n' "$*" >&2
}

skip() {
    say "SKIPPED: $*"
    exit "${SPARK_REQUIRED:-0}"
}

java_version() {
    java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p;1q'
}

if ! command -v java >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    say 'installing Java 17'
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends openjdk-17-jre-headless >/dev/null ||
        say 'apt-get could not install it'
fi
command -v java >/dev/null 2>&1 || skip 'Java is not on the PATH and could not be installed'
[ "$(java_version)" -ge 17 ] || skip "Spark needs Java 17 or later, this is $(java_version)"
command -v python3 >/dev/null 2>&1 || skip 'python3 is not on the PATH'

# Made again when what is asked for changed: some 450 MB, from PyPI.
if ! cmp -s tests/spark/requirements.txt "$venv/requirements.txt"; then
    say "installing PySpark and DuckDB into $venv"
    rm -rf "$venv"
    python3 -m venv "$venv" || skip 'python3 cannot make a virtual environment (python3-venv on Debian)'
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r tests/spark/requirements.txt ||
        skip 'PySpark could not be installed'
    cp tests/spark/requirements.txt "$venv/requirements.txt"
fi

data=${DATA:-$target/spark/data}
if [ ! -e "$data/current.json" ]; then
    if [ -n "${DATA:-}" ]; then
        say "nothing is published in $DATA: run registre ingest --data $DATA"
        exit 1
    fi
    say "making a snapshot in $data"
    source=$target/spark/source
    "$bin" generate --etablissements 400000 --out "$source" 2>"$target/spark/generate.log"
    "$bin" ingest --source "$source" --data "$data" 2>"$target/spark/ingest.log" ||
        { tail -n 5 "$target/spark/ingest.log" >&2; exit 1; }
    rm -rf "$source"
fi
# Where Spark's workers write is removed, the processes they leave too.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
SPARK_LOCAL_DIRS=$work SPARK_WORKER_DIR=$work "$venv/bin/python" tests/spark/compare.py "$data"
