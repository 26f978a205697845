#!/bin/sh
# The notebook and the R script of docs/, and the examples of the pages, on the binary that is already built:
# tests/documents/.
#
# Needs Python 3 with venv; what they import is installed in a folder of its own, under the target
# directory. R and its two packages are installed by apt-get where they are missing and that is possible.
# What cannot be had is not tested, and the script says so.
set -eu
cd "$(dirname "$0")/.."

say() {
    printf 'test-documents: %s\n' "$*" >&2
}

have() {
    command -v "$1" >/dev/null 2>&1
}

debian() {
    have apt-get && [ "$(id -u)" = 0 ] || return 1
    say "installing $*"
    apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

r_is_whole() {
    have Rscript && Rscript -e 'library(curl); library(jsonlite)' >/dev/null 2>&1
}

r_is_whole || debian r-base-core r-cran-curl r-cran-jsonlite || say 'R could not be installed: its script is not tested'

if ! python3 -c 'import venv, ensurepip' 2>/dev/null && ! debian python3 python3-venv; then
    say 'SKIPPED: Python 3 with venv is needed'
    exit 0
fi
wanted=tests/documents/requirements.txt
venv="${CARGO_TARGET_DIR:-target}/documents"
if ! cmp -s "$wanted" "$venv/requirements.txt"; then
    say 'installing what they import'
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
    cp "$wanted" "$venv/requirements.txt"
fi
exec "$venv/bin/python" tests/documents/essai.py
