#!/bin/sh
# The browser tests, tests/navigateur/, on the binary that is already built.
#
# Needs Chromium, node 20 and npm. Chromium is installed by apt-get where it is missing and that is possible;
# where one of them cannot be had, nothing is tested and the script says so. Arguments go to Playwright:
#   sh scripts/test-navigateur.sh composant -g successor
set -eu
cd "$(dirname "$0")/.."

say() {
    printf 'test-navigateur: %s\n' "$*" >&2
}

have() {
    command -v "$1" >/dev/null 2>&1
}

if [ -z "${CHROMIUM:-}" ]; then
    if ! have chromium && have apt-get && [ "$(id -u)" = 0 ]; then
        say 'installing Chromium'
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >/dev/null ||
            say 'apt-get could not install it'
    fi
    CHROMIUM=$(command -v chromium || true)
fi
if [ -z "$CHROMIUM" ]; then
    say 'SKIPPED: Chromium is not on the PATH and could not be installed (CHROMIUM=/path/to/it names another)'
    exit 0
fi
export CHROMIUM

if ! have node || ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)'; then
    say 'SKIPPED: Playwright needs node 20 or later'
    exit 0
fi

cd tests/navigateur
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    if ! have npm; then
        say 'SKIPPED: npm is not on the PATH'
        exit 0
    fi
    # The browser is Debian's: Playwright's own is not downloaded.
    PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error
fi
exec node node_modules/@playwright/test/cli.js test "$@"
