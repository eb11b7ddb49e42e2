"""Packages made from the editions' key lists alone, without the code that writes packages."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import typst
import yaml

from task1.config import edition, taxonomy

CLIPS = ["0.wav", "1.wav", "2.wav"]
Members = dict[str, bytes]
VALUES = {"string": "text", "number": 50.0, "integer": 20, "boolean": True, "mapping": {}, "list": []}
FIGURES = {
    "system.complexity.total_parameters": 1000, "system.complexity.total_parameters_non_zero": 900,
    "system.complexity.total_model_size": 2000, "system.complexity.model_size": 1.76,
    "system.complexity.macs": 1_000_000, "system.complexity.memory_use": 1000,
    "system.energy_consumption.training": 0.2, "submission.name": "A name", "submission.abbreviation": "Name",
}


def tree(name: str, label: str) -> dict[str, Any]:
    """A meta file with every key of the edition."""
    result: dict[str, Any] = {}
    for key in edition(name).meta_keys:
        if key.path.startswith(("submission.authors.", "system.external_datasets.")):
            continue
        *parents, last = key.path.split(".")
        holder = result
        for part in parents:
            holder = holder.setdefault(part, {})
        value = FIGURES.get(key.path, 1.5 if last == "logloss" else VALUES[key.type])
        holder[last] = {} if value == {} else value
    result["submission"]["label"] = label
    result["submission"]["authors"] = [
        {"lastname": "Doe", "firstname": "Jane", "email": "jane@example.org", "corresponding": True,
         "affiliation": {"abbreviation": "INST", "institute": "Institute", "location": "Lyon, France"}},
        {"lastname": "Roe", "firstname": "Jo", "email": "jo@example.org",
         "affiliation": [{"abbreviation": "INST", "institute": "Institute", "location": "Lyon, France"}]}]
    return result


def table(clips: int, shift: int = 0) -> bytes:
    scenes = taxonomy().scenes
    rows = ["\t".join(("filename", "scene_label", *scenes))]
    for clip in range(clips):
        best = (clip + shift) % 10
        rows.append("\t".join((f"{clip}.wav", scenes[best], *("0.55" if best == i else "0.05" for i in range(10)))))
    return ("\n".join(rows) + "\n").encode()


@pytest.fixture(scope="session")
def pdf() -> bytes:
    """A report of two pages from a real PDF writer."""
    return bytes(typst.compile(b"#set document(date: none)\nReport\n#pagebreak()\nSecond page"))


@pytest.fixture(scope="session")
def make_members(pdf: bytes) -> Callable[..., Members]:
    def make(name: str = "2023", systems: int = 2, clips: int = len(CLIPS)) -> Members:
        rules = edition(name)
        root = "task1" if rules.package_root is None else "anything/task1"
        members = {f"{root}/Doe_INST_{rules.task_label}.technical_report.pdf": pdf}
        for index in range(1, systems + 1):
            label = f"Doe_INST_{rules.task_label}_{index}"
            members[f"{root}/{label}/{label}.meta.yaml"] = yaml.safe_dump(tree(name, label)).encode()
            members[f"{root}/{label}/{label}.output.csv"] = table(clips, index)
        return members

    return make


@pytest.fixture(scope="session")
def zipped() -> Callable[[Members], bytes]:
    def write(members: Members) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return stream.getvalue()

    return write
