#!/bin/sh
# Makes .duckdb/lib/libduckdb.so, the DuckDB library that everyday builds link to.
#
# Compiling DuckDB takes about 50 minutes on two cores; the same version is published prebuilt in
# an npm package, so fetching it takes seconds. Both the package and the library taken out of it
# are pinned by sha256: what is linked is these bytes or nothing.
#
# Where the prebuilt library cannot be had, leaves the marker .duckdb/bundled instead, and the
# Makefile then builds with the cargo feature `bundled`. REGISTRE_DUCKDB=bundled asks for that.
#
# Safe to kill at any instant and to run twice at once: work happens in a folder of its own, and
# the library appears by a rename.
set -eu

# DuckDB's version has to be the one the `duckdb` crate in Cargo.toml was written for.
package='@duckdb/node-bindings-linux-x64@1.5.6-r.1'
package_sha256='1b9f82478539bb9a1d1df44bd103121a12ae52142c07158dc52b97d2ec1d69ff'
library_sha256='3f4962cdd266eab2b479a5b5a4a6d063d279b2954ae814ed00385d553b747633'

cd "$(dirname "$0")/.."
home=.duckdb
library=$home/lib/libduckdb.so
marker=$home/bundled
work=

say() {
    printf 'setup-duckdb: %s\n' "$*" >&2
}

sha256() {
    sha256sum "$1" | cut -d ' ' -f 1
}

expect_sha256() {
    got=$(sha256 "$1")
    if [ "$got" != "$2" ]; then
        say "wrong checksum for $3"
        say "  expected $2"
        say "  got      $got"
        say "Nothing was installed. Run again; if it persists, do not build from what was served."
        exit 1
    fi
}

# $1: why the prebuilt library is not used; $2: how to get it, if there is a way.
build_from_source() {
    mkdir -p "$home"
    say "$1"
    say "DuckDB will be compiled from source (cargo feature \`bundled\`):"
    say "about 50 minutes on two cores, the first time only."
    if [ -n "${2:-}" ]; then
        say "To avoid it: $2"
    fi
    : >"$marker"
    exit 0
}

clean_up() {
    if [ -n "$work" ]; then
        rm -rf "$work"
    fi
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

case ${REGISTRE_DUCKDB:-} in
    '' | prebuilt) ;;
    bundled) build_from_source 'REGISTRE_DUCKDB=bundled is set.' 'unset REGISTRE_DUCKDB' ;;
    *)
        say "REGISTRE_DUCKDB is \"$REGISTRE_DUCKDB\": expected bundled or prebuilt"
        exit 1
        ;;
esac

if [ "$(uname -s) $(uname -m)" != 'Linux x86_64' ]; then
    build_from_source "No prebuilt library is pinned for $(uname -s) $(uname -m)."
fi
# The published library is linked against glibc; with musl it would fail when linking, late.
if ! getconf GNU_LIBC_VERSION >/dev/null 2>&1; then
    build_from_source 'The prebuilt library needs glibc, which this system does not use.'
fi

# Hashing the 70 MB takes a quarter of a second: no stamp file that could disagree with the library.
if [ -f "$library" ] && [ "$(sha256 "$library")" = "$library_sha256" ]; then
    rm -f "$marker"
    exit 0
fi

if ! command -v npm >/dev/null 2>&1; then
    build_from_source 'npm was not found, and DuckDB is fetched with it.' \
        'install Node.js with npm, then run this again'
fi

mkdir -p "$home/lib"
# Only a kill -9 leaves such a folder behind; an hour old, it belongs to no run still going.
find "$home" -maxdepth 1 -type d -name 'fetch.*' -mmin +60 -exec rm -rf {} +
work=$(mktemp -d "$home/fetch.XXXXXX")

say "fetching $package (24 MB)"
# Run inside $work, so that the project's folder never gains a file from npm. A machine with no
# network must find out in seconds: hence few retries, close together.
if ! (cd "$work" && npm pack "$package" --ignore-scripts --loglevel=error --no-update-notifier \
    --fetch-retries=2 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000 \
    </dev/null >npm.out 2>npm.err); then
    # The first lines say what went wrong; the rest is a trace.
    sed -n '1,4s/^/setup-duckdb: /p' "$work/npm.err" >&2
    # npm checks what it receives against the registry's own sum: wrong bytes, not a missing network.
    if grep -q EINTEGRITY "$work/npm.err"; then
        say "what npm received for $package is not what its registry announces; nothing was installed"
        exit 1
    fi
    build_from_source "npm could not fetch $package." \
        'check that npm reaches its registry, then run this again'
fi

set -- "$work"/*.tgz
if [ $# -ne 1 ] || [ ! -f "$1" ]; then
    build_from_source "npm fetched $package but left no archive."
fi
expect_sha256 "$1" "$package_sha256" "$package"
tar -xzf "$1" -C "$work" package/libduckdb.so
expect_sha256 "$work/package/libduckdb.so" "$library_sha256" 'libduckdb.so'
chmod 755 "$work/package/libduckdb.so"
mv -f "$work/package/libduckdb.so" "$library"
rm -f "$marker"
say "ready: $library"
