"""The environment: Python, packages as locked, the libraries that compute really computing, the disk really locking."""

import fcntl
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.version import Version

from task1.config import META
from task1.doctor.finding import Finding, ok, problem, warning
from task1.errors import InputError

LOCK = META.parent / "requirements.lock"
OLDEST_PYTHON = (3, 11)
AGAIN = "set up again: remove .venv and run ./run_all.sh"
SHOWN = 4
SKEW_SECONDS = 2.0


def look(folder: Path) -> Iterator[Finding]:
    """`folder`: one that can be written, on the disk of the work folder."""
    yield _python()
    yield _packages()
    yield _sound()
    yield _integers()
    yield from _disk(folder)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        return problem("environment", f"Python {version}, expected {oldest} or newer", "install one and set up again "
                       "with PYTHON=<its name>")
    return ok("environment", f"Python {version}")


def locked_versions() -> dict[str, str]:
    """Packages and versions of requirements.lock."""
    lines = [line.split("#")[0].strip() for line in LOCK.read_text(encoding="utf-8").splitlines()]
    return dict(line.split("==", 1) for line in lines if "==" in line)


def _packages() -> Finding:
    if not LOCK.is_file():
        return warning("environment", f"{LOCK.name}: no such file, so versions cannot be compared", "use the project "
                       "as it was published")
    other = []
    for name, version in locked_versions().items():
        try:
            found = str(Version(metadata.version(name)).public)  # without the build: 2.13.0+cpu is 2.13.0
        except metadata.PackageNotFoundError:
            found = "not installed"
        if found != str(Version(version)):
            other.append((name, found, version))
    if not other:
        return ok("environment", f"all {len(locked_versions())} packages as in {LOCK.name}")
    told = ", ".join(f"{name} {found}, locked {version}" for name, found, version in other[:SHOWN])
    told += ", ..." if len(other) > SHOWN else ""
    absent = any(found == "not installed" for _, found, _ in other)
    return (problem if absent else warning)("environment", f"{len(other)} packages differ from {LOCK.name}: {told}",
                                            AGAIN)


def _sound() -> Finding:
    try:
        import soundfile
    except (ImportError, OSError) as error:
        return problem("environment", f"libsndfile cannot be loaded ({_first_line(error)})",
                       "install it (Debian: apt-get install libsndfile1), or set up again")
    if "WAV" not in soundfile.available_formats():
        return problem("environment", f"{soundfile.__libsndfile_version__} reads no WAV files", AGAIN)
    return ok("environment", f"libsndfile {soundfile.__libsndfile_version__}")


def _integers() -> Finding:
    """ONNX Runtime multiplies two matrices of int8 and gives the sum that integers have."""
    try:
        found = multiply_integers()
    except (ImportError, OSError, InputError) as error:
        return problem("environment", f"ONNX Runtime cannot execute an int8 operation ({_first_line(error)})", AGAIN)
    if found != -3 * 7 * 2:
        return problem("environment", f"ONNX Runtime multiplies int8 wrongly (found {found}, expected {-3 * 7 * 2})",
                       AGAIN)
    return ok("environment", f"ONNX Runtime {metadata.version('onnxruntime')} executes int8")


def multiply_integers() -> int:
    """[-3, -3] times [7, 7] in int8, by ONNX Runtime."""
    import numpy as np
    from onnx import TensorProto, helper

    from task1.compress.runtime import session

    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["a", "b"], ["y"])], "int8",
        [helper.make_tensor_value_info("a", TensorProto.INT8, [1, 2])],
        [helper.make_tensor_value_info("y", TensorProto.INT32, [1, 1])],
        [helper.make_tensor("b", TensorProto.INT8, [2, 1], [7, 7])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "int8.onnx"
        path.write_bytes(model.SerializeToString())
        (result,) = session(path).run(None, {"a": np.full((1, 2), -3, np.int8)})
    return int(result[0, 0])


def _disk(folder: Path) -> Iterator[Finding]:
    """HDF5, locks and the clock, tried in a folder of their own on the disk of the work folder."""
    with tempfile.TemporaryDirectory(prefix=".part-doctor-", dir=folder) as name:
        yield _hdf5(Path(name) / "test.h5", folder)
        yield _locks(Path(name) / "lock", folder)
        yield _clock(Path(name) / "now")


def _hdf5(path: Path, folder: Path) -> Finding:
    import h5py

    try:
        with h5py.File(path, "w") as file:
            file["x"] = [1, 2]
        with h5py.File(path, "r") as first, h5py.File(path, "r") as second:
            same = list(first["x"]) == list(second["x"]) == [1, 2]
    except OSError as error:
        return problem("environment", f"HDF5 cannot write and read in {folder} ({_first_line(error)})",
                       "set HDF5_USE_FILE_LOCKING=FALSE if the disk cannot lock files, or use another with --work DIR")
    if not same:
        return problem("environment", f"HDF5 reads other values in {folder} than it wrote", "use another disk with "
                       "--work DIR")
    return ok("environment", f"HDF5 {h5py.version.hdf5_version} writes, locks and reads")


def _locks(path: Path, folder: Path) -> Finding:
    """The run's lock must hold against a second one."""
    first, second = (os.open(path, os.O_RDWR | os.O_CREAT) for _ in range(2))
    try:
        fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return ok("environment", "file locks hold, so two runs cannot meet in one work folder")
        return problem("environment", f"{folder}: the disk grants one lock twice", "start no second run in this "
                       "folder, or use a disk of this machine with --work DIR")
    except OSError as error:
        return problem("environment", f"{folder}: the disk has no file locks ({error.strerror})", "use a disk of this "
                       "machine with --work DIR, or mount it with locks")
    finally:
        os.close(first)
        os.close(second)


def _clock(path: Path) -> Finding:
    """What is stale is told by times: the disk's clock has to be ours, and now has to be after the project's files."""
    path.touch()
    ahead = path.stat().st_mtime - time.time()
    newest = max((file.stat().st_mtime for file in (LOCK, Path(__file__)) if file.exists()), default=0.0)
    if abs(ahead) > SKEW_SECONDS:
        return warning("environment", f"the disk's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} "
                       "this machine's", "set both clocks by NTP; until then finished work may be done again")
    if newest > time.time() + SKEW_SECONDS:
        return warning("environment", f"the clock says {time.strftime('%Y-%m-%d %H:%M')}, but the project's files are "
                       "from later", "set the clock (timedatectl set-ntp true)")
    return ok("environment", f"clock {time.strftime('%Y-%m-%d %H:%M')}, the same on the disk")


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
