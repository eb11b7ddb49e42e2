#!/usr/bin/env bash
# Sets up as run_all.sh does, then lints, checks types and runs every test. Arguments go to pytest.
# Tests of the report's page need a browser: Debian's Chromium is installed where that can be done, else they are skipped.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$ROOT/setup.sh"
cd "$ROOT"

have_browser() {
    command -v chromium || command -v chromium-browser || command -v google-chrome
}

install_browser() {
    apt-get install -y --no-install-recommends chromium ||
        { apt-get update && apt-get install -y --no-install-recommends chromium; }
}

if ! have_browser >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "tests: installing Chromium (once)" >&2
    install_browser >/dev/null 2>&1 </dev/null || echo "tests: Chromium cannot be installed; its tests are skipped" >&2
fi
"$VENV/bin/ruff" check .
"$VENV/bin/mypy"
# files in parallel, one process a core, each with one thread for its arithmetic
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
exec "$VENV/bin/python" -m pytest -n auto --dist loadfile "$@"
