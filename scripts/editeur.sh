#!/bin/sh
# Makes the editor of the SQL page, query-api/ui/sql/codemirror.js and its licences, from the packages that
# package-lock.json there names. They are committed, so that building the program needs no npm.
#
# With --check, writes nothing and fails when what is committed is not what the lock file gives. Where node or npm
# is missing, nothing is checked and the script says so. The packages are kept in target/editeur.
#
# To take newer packages: change package.json, then in a copy of that folder
#   npm install --omit-lockfile-registry-resolved
set -eu
cd "$(dirname "$0")/.."

source=query-api/ui/sql
work=${CARGO_TARGET_DIR:-target}/editeur
made='codemirror.js codemirror.licences.txt'

say() {
    printf 'editeur: %s\n' "$*" >&2
}

case ${1:-} in
    '' | --check) ;;
    *)
        say "unknown argument \"$1\": expected --check, or nothing"
        exit 1
        ;;
esac

for tool in node npm; do
    if ! command -v "$tool" >/dev/null 2>&1; then
        if [ "${1:-}" = --check ]; then
            say "SKIPPED: $tool is not on the PATH"
            exit 0
        fi
        say "$tool is not on the PATH; install Node.js 20 or later with npm"
        exit 1
    fi
done

mkdir -p "$work"
if ! cmp -s "$source/package-lock.json" "$work/package-lock.json" || [ ! -e "$work/node_modules/.package-lock.json" ]; then
    cp "$source/package.json" "$source/package-lock.json" "$work/"
    # No package of these needs its install script to be run.
    (cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
fi
cp "$source/entree.js" "$source/assembler.mjs" "$work/"
node "$work/assembler.mjs"

for name in $made; do
    if [ "${1:-}" != --check ]; then
        cp "$work/$name" "$source/$name"
    elif ! cmp -s "$work/$name" "$source/$name"; then
        say "$source/$name is not what package-lock.json gives: run \`make editeur\` and commit it"
        exit 1
    fi
done
