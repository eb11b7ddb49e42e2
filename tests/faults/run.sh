#!/usr/bin/env bash
# What happens when things go wrong (docs/faults.md lists it). Short form: some minutes, most of them one undisturbed
# run, part of tests/run.sh as well. Arguments go to pytest.
#   tests/faults/run.sh            the short form
#   tests/faults/run.sh --long     also 50 kills of a whole run, a full disk in every stage, every file broken by itself
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
source "$ROOT/setup.sh"
if [ "${1:-}" = --long ]; then
    export TASK1_LONG_FAULTS=1
    shift
fi
cd "$ROOT"
exec "$VENV/bin/python" -m pytest tests/faults "$@"
