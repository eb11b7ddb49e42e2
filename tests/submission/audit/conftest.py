"""A made-up run with tables of all digits, its package, and the same package with something changed."""

import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from submission.audit import Audit, Given, audit, package_of
from submission.package import package
from task1.config import Run, check, load_run, save_run
from task1.files import write_json
from task1.layout import Layout
from task1.outputs import Outputs, read_outputs, write_outputs
from task1.scoring.intervals import Resampling
from task1.scoring.report import score
from tests.submission import conftest
from tests.submission.conftest import resolved, tiny_network

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


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work folder of the run, with its package; not to be changed."""
    folder = tmp_path_factory.mktemp("audit")
    layout, run = Layout(folder / "runs" / "made-up"), check(Run, resolved(), "made-up run")
    layout.run.mkdir(parents=True)
    save_run(run, layout.config)
    conftest._weights(layout, run)
    for name in run.models:
        weights = load_file(layout.model(name) / "model.safetensors")
        save_file({key: value.half() for key, value in weights.items()}, layout.model(name) / "model.safetensors")
        write_json(layout.model(name) / "model.json", {
            "recipe": run.models[name].model_dump(mode="json"), "weights": "float16", "deviations": [],
            "features": run.features.model_dump(mode="json")})
    conftest._evaluation(layout, run)
    conftest._development(layout, run)
    random = np.random.default_rng(0)
    for number in run.systems:
        for part in ("development", "evaluation"):
            table = layout.output(number, part)
            names = read_outputs(table).filenames
            write_outputs(table, Outputs(names, random.dirichlet(np.full(10, 0.3), len(names))))
        score([layout.output(number, "development")], [f"system{number}"], layout.index(run.development),
              run.development, layout.scores(number, "development"), resampling=Resampling(0))
    write_json(layout.run / "energy.json", ENERGY)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("task1.inference.build", tiny_network)
        package(layout.run)
    return folder


@pytest.fixture
def packed(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Packed:
    """A copy of the run, to be changed at will."""
    monkeypatch.setattr("task1.compress.restore.build", tiny_network)
    run = shutil.copytree(work, tmp_path / "work") / "runs" / "made-up"
    path = package_of(run)
    with zipfile.ZipFile(path) as archive:
        return Packed(run, path, {name: archive.read(name) for name in archive.namelist()})
