#!/usr/bin/env bash
# From recordings to an official submission package, in one command. ./run_all.sh --help tells all.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for argument in "$@"; do
    case $argument in
        -h | --help) # needs no environment
            PYTHONPATH=$ROOT exec "${PYTHON:-python3}" -m task1 run --help ;;
    esac
done
source "$ROOT/setup.sh"
exec "$VENV/bin/python" -m task1 run "$@"
