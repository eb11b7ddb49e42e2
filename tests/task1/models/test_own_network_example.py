"""The worked example of docs/recipes.md runs as it is printed there."""

import textwrap
from pathlib import Path

import pytest
import torch
import yaml

from task1.config import resolve
from task1.config.base import META
from task1.models import build
from task1.models.check import check_shape

DOCS = META.parent / "docs"


def test_the_example_as_a_user_follows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = yaml.safe_load((META / "entries" / "cp_mobile.yaml").read_text(encoding="utf-8"))
    entry |= {"name": "mine"} | yaml.safe_load((DOCS / "examples" / "small_cnn.yaml").read_text(encoding="utf-8"))
    mine = tmp_path / "my_entry.yaml"
    mine.write_text(yaml.safe_dump(entry), encoding="utf-8")
    monkeypatch.syspath_prepend(DOCS / "examples")

    run = resolve(str(mine), "tiny")
    recipe = run.models["small"]
    network = build(recipe.network)
    shape = (recipe.input.channels, run.features.n_mels, recipe.input.frames(run.features.frames))
    check_shape(network, shape, 10, "models.small.network")
    network.train()(torch.randn(2, *shape)).square().mean().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_the_text_shows_the_example_as_it_is() -> None:
    text = (DOCS / "recipes.md").read_text(encoding="utf-8")
    block = text.split("```yaml\n")[1].split("```")[0]
    assert textwrap.dedent(block).strip() == (DOCS / "examples" / "small_cnn.yaml").read_text(encoding="utf-8").strip()
