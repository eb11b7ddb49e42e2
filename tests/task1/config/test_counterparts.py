"""What a printed figure is to be set beside: the right one, and a sentence for what the tables do not have."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from task1.config.counterparts import Counterpart, Subject, check_counterparts, counterparts
from task1.config.published import published
from task1.errors import InputError

BLOCK = ('wang2023:\n  - {{table: "{table}", subjects: {subjects}, of: {{{name}: {of}}}, '
         "figures: {{{figure}: {words}}}}}\n")
RIGHT = {"table": "3", "subjects": "rows", "name": "Model1", "of": "model1", "figure": "Parms", "words": "parameters"}


@pytest.fixture
def uncached() -> Iterator[None]:
    counterparts.cache_clear()
    yield
    counterparts.cache_clear()


@pytest.mark.parametrize(("entry", "name", "variant", "about", "printed"), [
    ("zhao2021", "student3", "", ("accuracy", "scene", "park"), "76.1%"),
    ("zhao2021", "student4", "", ("bytes", "overall", "overall"), "116KB"),
    ("shao2022", "teacher_x", "", ("accuracy", "device", "a"), "69.42%"),
    ("shao2022", "teacher_x", "no_pix2pix", ("accuracy", "device", "a"), "68.24%"),
    ("shao2022", "teacher_x", "no_auto_level_no_pix2pix", ("accuracy", "device-average", "simulated_unseen"), "51.71%"),
    ("shao2022", "system 2", "", ("accuracy", "overall", "overall"), "56.68%"),
    ("wang2023", "model3", "", ("log_loss", "device", "s4"), "1.865"),
    ("wang2023", "model1", "", ("accuracy_before", "overall", "overall"), "53.4"),
    ("ye2024", "large_without_dssdb", "", ("macs", "overall", "overall"), "14.12G")])
def test_what_is_printed(entry: str, name: str, variant: str, about: tuple[str, str, str], printed: str) -> None:
    assert counterparts(entry)[Counterpart(Subject(name, variant), *about)].as_printed == printed


def test_every_device_and_scene_of_the_large_tables_is_used() -> None:
    used = set(counterparts("wang2023").values())
    assert {figure for figure in published("wang2023") if figure.table == "4"} <= used
    assert {figure for figure in published("zhao2021") if figure.table == "1"} == set(counterparts("zhao2021").values())


def test_an_entry_without_a_paper_has_none() -> None:
    assert counterparts("cp_mobile") == {}


@pytest.mark.usefixtures("uncached")
@pytest.mark.parametrize(("change", "expected"), [
    ({"name": "Model9"}, "'Model9'"), ({"of": "model9"}, "'model9'"), ({"figure": "Parameters"}, "'Parameters'"),
    ({"table": "9"}, "'Model1'"), ({"words": "weight"}, "'weight', expected a quantity"),
    ({"words": "accuracy device"}, "'accuracy device', expected a quantity"), ({"subjects": "cells"}, "subjects")])
def test_wrong_words_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, str],
                              expected: str) -> None:
    path = tmp_path / "counterparts.yaml"
    monkeypatch.setattr("task1.config.counterparts.PATH", path)
    path.write_text(BLOCK.format(**RIGHT), encoding="utf-8")
    assert check_counterparts() == "1 figures of 1 papers"
    counterparts.cache_clear()
    path.write_text(BLOCK.format(**RIGHT | change), encoding="utf-8")
    with pytest.raises(InputError, match=expected):
        check_counterparts()
