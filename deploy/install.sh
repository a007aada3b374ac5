#!/usr/bin/env bash
# Make .venv hold exactly what the two lock files say, and bubblewrap be there; do nothing if they do.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv
stamp=$venv/.installed
locks=(requirements.txt requirements-dev.txt)

say() { printf 'install: %s\n' "$*" >&2; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    local name
    for name in ${PYTHON:-python3.11 python3.12 python3.13 python3.14 python3}; do
        if command -v "$name" >/dev/null && new_enough "$name"; then
            "$name" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    say "Anton needs Python 3.11 or later, and found no such ${PYTHON:-python3}." \
        "Install one (Debian: apt-get install python3 python3-venv) or name it: make install PYTHON=/path/to/python3.12"
    return 2
}

contents() { printf '%s\n' "$PWD"; cat "${locks[@]}" deploy/install.sh; }

fingerprint() { contents | cksum; }

as_root_with_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

apt_install() {
    say "installing the Debian packages $*"
    { apt-get update -qq || true; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >&2
}

ensure_bubblewrap() {
    if command -v bwrap >/dev/null; then return; fi
    if as_root_with_apt && apt_install bubblewrap; then return; fi
    say "bubblewrap is missing, and repairs run in it. Install it as root (Debian: apt-get install bubblewrap)," \
        "then ask: make install && .venv/bin/python main.py doctor"
}

make_venv() {
    local python=$1
    rm -rf "$venv"
    if "$python" -m venv "$venv" >/dev/null 2>&1; then return; fi
    rm -rf "$venv"
    if as_root_with_apt && apt_install python3-venv && "$python" -m venv "$venv"; then return; fi
    say "$python cannot make a virtual environment (Debian: apt-get install python3-venv)."
    return 2
}

sync_with_uv() {
    local uv=$1 python=$2
    if [ ! -x "$venv/bin/python" ] || ! new_enough "$venv/bin/python"; then
        rm -rf "$venv"
        "$uv" venv --quiet --python "$python" "$venv" || return
    fi
    "$uv" pip sync --quiet --require-hashes --only-binary :all: --python "$venv/bin/python" "${locks[@]}"
}

# The lock's own entry for uv, so that not even the installer comes unchecked.
locked_uv() { awk '/^uv==/ {on = 1} on {print} on && !/\\$/ {exit}' requirements.txt; }

sync_with_pip() {
    local python=$1
    make_venv "$python" || return
    local pip=("$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all:)
    if locked_uv >"$venv/uv.txt" && "${pip[@]}" -r "$venv/uv.txt" && sync_with_uv "$venv/bin/uv" "$python"; then return; fi
    say "uv did not finish the job; pip does it, in a minute or two"
    "${pip[@]}" -r requirements.txt -r requirements-dev.txt
}

if command -v flock >/dev/null; then
    exec 9<requirements.txt
    flock 9
fi
if [ -x "$venv/bin/python" ] && [ "$(fingerprint)" = "$(cat "$stamp" 2>/dev/null)" ]; then exit 0; fi

python=$(find_python)
ensure_bubblewrap
say "filling $venv for $("$python" --version)"
rm -f "$stamp"
if ! { uv --version >/dev/null 2>&1 && sync_with_uv uv "$python"; }; then sync_with_pip "$python"; fi
# A sandbox reads .venv and cannot write there: without this it would compile what it imports each time.
"$venv/bin/python" -m compileall -q -j 0 "$venv/lib" >/dev/null || true
fingerprint >"$stamp"
say "done"
