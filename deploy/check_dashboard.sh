#!/usr/bin/env bash
# The dashboard's rules, types and tests, and whether the committed bundle is the build of its source.
set -euo pipefail
cd "$(dirname "$0")/../dashboard"

if ! command -v npm >/dev/null; then
    echo "dashboard: not checked, for want of Node 20; its bundle is compared with its source by hash alone" >&2
    exit 0
fi
if [ ! node_modules -nt package-lock.json ]; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    touch node_modules
fi
npm run --silent lint
npm run --silent types
npm run --silent test
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
npm run --silent build -- --outDir "$built" --emptyOutDir >/dev/null
if ! diff -r -x BUILD.json dist "$built" >&2; then
    echo "dashboard: dist is not the build of src; run make web and commit what it wrote" >&2
    exit 1
fi
echo "dashboard: rules, types and tests are fine, and the bundle is the build of its source"
