"""Is a file of a run usable? One sentence about what is wrong with it, or None.

In: a path made by the pipeline; its name says what it is. Only form is judged: JSON that can be read, a table with the
rows it should have, a network that loads, an HDF5 part of the listed size, a zip that its record names. Nothing of
torch is imported. Text for people is judged by its not being empty and holding no zero bytes, as lost blocks do.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from task1.config import Run, load_run
from task1.errors import InputError
from task1.files import file_digest
from task1.layout import Layout


def damage(path: Path, deep: bool = False, run: Run | None = None) -> str | None:
    """What is wrong with `path` or with what it stands for; `deep` reads all content, not sizes and forms alone.

    `run` is the one that it should fit (None: what config.yaml says, if it belongs to a run).
    """
    if path.is_dir():
        return None
    try:
        if path.name == "store.json":
            return _store(path, deep)
        if path.name.endswith(".output.csv"):
            return _output_table(path, run)
        for suffix, check in CHECKS.items():
            if path.name.endswith(suffix):
                return check(path)
    except InputError as error:
        return str(error).removeprefix(f"{path}: ").removeprefix(f"{path}, ")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return f"cannot be read ({_first_line(error)})"
    return None


def companions(path: Path) -> str | None:
    """What lies beside a file of that name and is not as it should be: parts, the package, tables. Quickly told."""
    if path.name in ("store.json", "package.json"):
        return damage(path)
    if path.parent.name == "scores" and path.suffix == ".json" and path.stem != "quantization":
        beside = path.with_suffix(".csv")
    elif path.name.endswith(".output.csv") and path.parent.name.startswith("system"):
        beside = path.parent / "system.json"
    else:
        return None
    return None if beside.is_file() else f"found no {beside.name} beside it"


def _store(path: Path, deep: bool) -> str | None:
    """store.json of features or copies, and the parts it lists."""
    for part in _json_object(path)["parts"]:
        file = path.parent / part["name"]
        if not file.is_file():
            return f"found no {file.name}, which it lists"
        if file.stat().st_size != part["bytes"]:
            return f"found {file.stat().st_size:,} bytes in {file.name}, expected {part['bytes']:,}"
        if deep and file_digest(file) != part["sha256"]:
            return f"found other content in {file.name} than was written"
    return None


def _package(path: Path) -> str | None:
    record = _json_object(path)
    archive = path.parent / record["package"]
    if not archive.is_file():
        return f"found no {archive.name}, the package itself"
    if file_digest(archive) != record["sha256"]:
        return f"found other content in {archive.name} than was packed"
    return None


def _json(path: Path) -> str | None:
    _json_object(path)
    return None


def _json_object(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_bytes())
    if not isinstance(content, dict):
        raise InputError(f"{path}: found a JSON {type(content).__name__}, expected an object")
    return content


def _output_table(path: Path, run: Run | None) -> str | None:
    from task1.outputs import basename, read_outputs

    found = set(read_outputs(path).filenames)
    folder = next((folder for folder in path.parents if folder.parent.name == "runs"), None)
    if run is None and folder and (folder / "config.yaml").is_file():
        run = load_run(folder)
    expected = _clips(Layout(folder), run, path.name.removesuffix(".output.csv")) if run and folder else None
    if expected is None:
        return None
    missing = len(set(map(basename, expected)) - found)
    return f"found {len(found):,} clips, {missing:,} of the list are missing" if missing else None


def _clips(at: Layout, run: Run, part: str) -> list[str] | None:
    """File names that a table of this part of a run has to hold; None where nothing is known of it."""
    from task1.corpus.index import read_index
    from task1.features.store import left_out

    name = {"development": run.development, "evaluation": run.evaluation}.get(part)
    if name is None or not at.index(name).is_file():
        return None
    rows = read_index(at.index(name))
    skipped = left_out(at.features(run, name)) if run.skip_bad else {}
    listed = rows["filename"][rows["split"] == ("test" if part == "development" else "evaluation")]
    return [clip for clip in listed if clip not in skipped]


def _index(path: Path) -> str | None:
    from task1.corpus.index import read_index

    read_index(path)
    return None


def _csv(path: Path) -> str | None:
    if path.parent.name == "index":
        return _index(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines:
        return "found an empty file"
    return _text(path)


def _onnx(path: Path) -> str | None:
    from task1.compress.runtime import session

    session(path)
    return None


def _safetensors(path: Path) -> str | None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as stream:
            return None if list(stream.keys()) else "found no tensor"
    except SafetensorError as error:
        return f"cannot be read ({_first_line(error)})"


def _text(path: Path) -> str | None:
    content = path.read_bytes()
    if not content.strip():
        return "found an empty file"
    return "found bytes of zero, expected text" if b"\0" in content else None


CHECKS: dict[str, Callable[[Path], str | None]] = {
    "package.json": _package, ".json": _json, ".csv": _csv, ".onnx": _onnx, ".safetensors": _safetensors,
    ".html": _text, ".md": _text, ".yaml": _text,
}


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
