"""A made-up run with tables of all digits, its package, and the same package with something changed."""

import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from submission.audit import Audit, Given, audit
from submission.package import package
from task1.config import load_run
from task1.files import write_json
from task1.layout import Layout
from task1.outputs import Outputs, read_outputs, write_outputs
from task1.scoring.report import score
from tests.submission.conftest import tiny_network

ENERGY = {"training": 0.1234, "inference": 0.0056, "baseline_inference": 0.0078}


@dataclass(frozen=True)
class Packed:
    """A run and its package."""

    run: Path
    zip: Path
    members: dict[str, bytes]

    def meta(self, index: int = 1) -> str:
        return next(name for name in self.members if name.endswith(f"_{index}.meta.yaml"))

    def table(self, index: int = 1) -> str:
        return next(name for name in self.members if name.endswith(f"_{index}.output.csv"))

    def changed(self, name: str, content: bytes) -> Path:
        """The package with another content of one member."""
        target = self.run / "changed.zip"
        with zipfile.ZipFile(target, "w") as archive:
            for member, own in self.members.items():
                archive.writestr(member, content if member == name else own)
        return target

    def audit(self, path: Path | None = None, **given: Any) -> Audit:
        return audit(path or self.zip, Given(**given))

    @property
    def sources(self) -> dict[str, Any]:
        """Everything of the run, named file by file."""
        layout, run = Layout(self.run), load_run(self.run)
        return {"truth": [layout.index(run.development)],
                "outputs": [f"{number}={layout.output(number, part)}" for number in run.systems
                            for part in ("development", "evaluation")],
                "models": [str(layout.model(name)) for name in run.models]}


def digits(text: str) -> Iterator[int]:
    """Places of the digits in the values of a meta file: not in comments, not in keys."""
    for line in re.finditer(r"^(?!\s*#)[^\n]*?: (.*)$", text, re.MULTILINE):
        for digit in re.finditer(r"\d", line[1]):
            yield line.start(1) + digit.start()


def key_at(text: str, place: int) -> str:
    """The dotted key of the value at that place, as the audit writes it."""
    path: list[tuple[int, str]] = []
    for line in text[:text.index("\n", place)].splitlines():
        found = re.match(r"(\s*(?:- )?)([^\s#][^:]*):", line)
        if found:
            path = [*(one for one in path if one[0] < len(found[1])), (len(found[1]), found[2])]
    return ".".join(name for _, name in path).replace("submission.authors.", "submission.authors[0].")


@pytest.fixture
def packed(make_run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Packed:
    monkeypatch.setattr("task1.compress.restore.build", tiny_network)
    folder = make_run()
    layout, run = Layout(folder), load_run(folder)
    random = np.random.default_rng(0)
    for name in run.models:
        weights = load_file(layout.model(name) / "model.safetensors")
        save_file({key: value.half() for key, value in weights.items()}, layout.model(name) / "model.safetensors")
        write_json(layout.model(name) / "model.json", {
            "recipe": run.models[name].model_dump(mode="json"), "weights": "float16", "deviations": [],
            "features": run.features.model_dump(mode="json")})
    for number in run.systems:
        for part in ("development", "evaluation"):
            table = layout.output(number, part)
            names = read_outputs(table).filenames
            write_outputs(table, Outputs(names, random.dirichlet(np.full(10, 0.3), len(names))))
        score([layout.output(number, "development")], [f"system{number}"], layout.index(run.development),
              run.development, layout.scores(number, "development"))
    write_json(folder / "energy.json", ENERGY)
    path = package(folder)
    with zipfile.ZipFile(path) as archive:
        return Packed(folder, path, {name: archive.read(name) for name in archive.namelist()})
