#!/usr/bin/env bash
# Makes or reuses the environment .venv from requirements.lock. Sourced by run_all.sh and tests/run.sh; can be run alone.
#   TORCH=auto|cpu|cuda   build of PyTorch (auto: CUDA where an NVIDIA driver answers, else CPU)
#   TORCH_INDEX=URL       package index to take that build from
#   PYTHON=python3.12     interpreter (3.11 or newer)
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
VENV=$ROOT/.venv

stop() {
    echo "set-up: $*" >&2
    exit 2
}

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3 python}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    stop "found no Python 3.11 or newer (tried ${PYTHON:-python3.13, 3.12, 3.11, python3, python}); install one or name it with PYTHON=..."
}

torch_build() {
    local wanted=${TORCH:-auto}
    case $wanted in
        cpu | cuda) echo "$wanted" ;;
        auto) if nvidia-smi -L >/dev/null 2>&1; then echo cuda; else echo cpu; fi ;;
        *) stop "TORCH=$wanted: expected auto, cpu or cuda" ;;
    esac
}

# The CPU build first where the configured indexes carry it (a build tag that no CUDA build has), else from PyTorch's
# own index, which uv knows by name. The CUDA build brings its libraries along; the CPU build must not.
install_torch() {
    local build=$1 version
    version=$(sed -n 's/^torch==\([0-9.]*\)$/\1/p' "$ROOT/requirements.lock")
    [ -n "$version" ] || stop "requirements.lock names no torch version"
    if [ -n "${TORCH_INDEX:-}" ]; then
        "$VENV/bin/pip" install -qq --index-url "$TORCH_INDEX" "torch==$version"
    elif [ "$build" = cuda ]; then
        "$VENV/bin/pip" install -qq uv
        "$VENV/bin/uv" pip install --quiet --python "$VENV/bin/python" --torch-backend auto "torch==$version"
    elif [ "$(uname -s)" = Darwin ]; then
        "$VENV/bin/pip" install -qq --no-deps "torch==$version"
    elif ! "$VENV/bin/pip" install -qq --no-deps "torch==$version+cpu" 2>/dev/null; then
        "$VENV/bin/pip" install -qq uv
        "$VENV/bin/uv" pip install --quiet --python "$VENV/bin/python" --no-deps --torch-backend cpu "torch==$version"
    fi
}

ensure_environment() {
    local build stamp python
    build=$(torch_build)
    stamp=$(cat "$ROOT/requirements.lock" "$ROOT/setup.cfg" "$ROOT/setup.sh" | cksum)" $build ${TORCH_INDEX:-} $ROOT"
    if [ -f "$VENV/.set-up" ] && [ "$(cat "$VENV/.set-up")" = "$stamp" ]; then
        return
    fi
    python=$(find_python)
    echo "set-up: environment in .venv with $("$python" --version), torch for $build (once, a few minutes)" >&2
    rm -f "$VENV/.set-up"
    "$python" -m venv "$VENV" || stop "cannot make $VENV with $python -m venv (on Debian: apt-get install python3-venv)"
    export PIP_DISABLE_PIP_VERSION_CHECK=1
    install_torch "$build" || stop "no $build build of torch to be had; name an index that has one with TORCH_INDEX=URL, or choose TORCH=cpu|cuda"
    echo "set-up: torch is there; now the other $(grep -c == "$ROOT/requirements.lock") packages of requirements.lock" >&2
    # --no-deps: the lock is complete, and nothing may pull another build of torch
    "$VENV/bin/pip" install -qq --no-deps -r "$ROOT/requirements.lock" || stop "installing requirements.lock failed; see above"
    "$VENV/bin/pip" install -qq --no-deps --no-build-isolation --editable "$ROOT" || stop "installing the package failed; see above"
    if [ "$build" = cpu ]; then
        "$VENV/bin/python" -c 'import sys, torch; sys.exit(torch.version.cuda is not None)' ||
            stop "a CUDA build of torch was installed although the CPU build was asked for; remove .venv and set TORCH_INDEX"
    fi
    echo "$stamp" >"$VENV/.set-up"
    echo "set-up: done" >&2
}

ensure_environment
