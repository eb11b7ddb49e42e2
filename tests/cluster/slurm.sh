#!/usr/bin/env bash
# The pipeline on a real Slurm of one node on this machine, with kills, beside a run without Slurm: same bytes?
#   tests/cluster/slurm.sh [FOLDER [PROFILE [OPTION...]]]
# Everything is written to FOLDER (default, and for "": a temporary one, removed on success). PROFILE is tiny (default:
# with 12 epochs) or demo; options go to both runs.
# Installs Debian's slurm-wlm and munge where they are missing and the cluster extra's Slurm plugin into an environment
# of its own. Needs root and apt-get; where it cannot run it says why and ends with status 77. Takes a quarter of an
# hour or more.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CONF=/etc/slurm/slurm.conf
MARK="# written by tests/cluster/slurm.sh"

skip() {
    echo "skipped: $*" >&2
    exit 77
}

[ "$(id -u)" = 0 ] || skip "installing and starting Slurm needs root"
command -v apt-get >/dev/null || skip "found no apt-get (Debian's packages are used)"
if [ -f "$CONF" ] && ! grep -qF "$MARK" "$CONF"; then
    skip "$CONF is there: this machine belongs to a Slurm cluster; on one, use ./run_all.sh --executor slurm"
fi
{ pgrep -x slurmctld || pgrep -x slurmd; } >/dev/null && skip "slurmctld or slurmd is already running"

source "$ROOT/setup.sh"
if [ -n "${1:-}" ]; then FOLDER=$(mkdir -p "$1" && cd "$1" && pwd); else FOLDER=$(mktemp -d); fi
SLURM=$FOLDER/slurm
mkdir -p "$SLURM/state" "$SLURM/spool"
echo "folder: $FOLDER"

if ! { command -v slurmctld && command -v slurmd && command -v munged; } >/dev/null; then
    echo "installing Debian's slurm-wlm and munge"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update && apt-get install -y --no-install-recommends slurm-wlm munge; } >"$SLURM/apt.log" 2>&1 ||
        skip "apt-get could not install slurm-wlm and munge; see $SLURM/apt.log"
fi

PYTHON_HERE=$VENV/bin/python
if ! "$PYTHON_HERE" -c 'import snakemake_executor_plugin_slurm' 2>/dev/null; then
    echo "installing the Slurm plugin beside the environment"
    "$PYTHON_HERE" -m venv "$FOLDER/venv"
    PYTHON_HERE=$FOLDER/venv/bin/python
    "$PYTHON_HERE" - "$VENV" <<'PY'
import sys, sysconfig
from pathlib import Path
own = Path(sysconfig.get_path("purelib"))
base = Path(sys.argv[1]) / own.relative_to(sys.prefix)
(own / "base.pth").write_text(f"import site; site.addsitedir({str(base)!r})\n")
PY
    mapfile -t PLUGINS < <(sed -n 's/^    \(snakemake-executor-plugin-slurm.*\)/\1/p' "$ROOT/setup.cfg")
    "$PYTHON_HERE" -m pip install -qq --disable-pip-version-check -c "$ROOT/requirements.lock" "${PLUGINS[@]}" \
        >"$SLURM/pip.log" 2>&1 || skip "the plugin could not be installed; see $SLURM/pip.log"
fi

pids=()
stop_all() {
    scancel --user "$(id -un)" 2>/dev/null || true
    for _ in $(seq 30); do
        [ -n "$(squeue -h 2>/dev/null)" ] || break
        sleep 1
    done
    for pid in $(cat "$SLURM"/*.pid 2>/dev/null) "${pids[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    wait 2>/dev/null || true
    rm -f "$CONF"
}
trap stop_all EXIT

NODE=$(hostname -s)
read -r CPUS MEMORY < <(slurmd -C | sed -n 's/.* CPUs=\([0-9]*\) .*RealMemory=\([0-9]*\).*/\1 \2/p')
cat >"$CONF" <<CONFIG
$MARK, removed when it ends
ClusterName=trial
SlurmctldHost=$NODE
SlurmUser=root
AuthType=auth/munge
StateSaveLocation=$SLURM/state
SlurmdSpoolDir=$SLURM/spool
SlurmctldPidFile=$SLURM/slurmctld.pid
SlurmdPidFile=$SLURM/slurmd.pid
SlurmctldLogFile=$SLURM/slurmctld.log
SlurmdLogFile=$SLURM/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
KillWait=5
NodeName=$NODE CPUs=$CPUS RealMemory=$MEMORY State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONFIG

pgrep -x munged >/dev/null || {
    install -d -o munge -g munge -m 755 /run/munge
    [ -s /etc/munge/munge.key ] || mungekey --create
    runuser -u munge -- munged --foreground >"$SLURM/munged.log" 2>&1 &
    pids+=($!)
    sleep 1
}
slurmctld
slurmd
for _ in $(seq 60); do
    sinfo -h -o %T 2>/dev/null | grep -q idle && break
    sleep 1
done
sinfo | tee "$SLURM/sinfo.txt"
sinfo -h -o %T | grep -q idle || { echo "Slurm did not start; see $SLURM/*.log" >&2; exit 1; }

OMP_NUM_THREADS=1 "$PYTHON_HERE" "$ROOT/tests/cluster/trial.py" "$FOLDER" "$SLURM/slurmctld.pid" "${2:-tiny}" "${@:3}"
[ -n "${1:-}" ] || rm -rf "$FOLDER"
