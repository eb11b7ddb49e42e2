"""Figures: valid in all forms, the same bytes each time, without a machine's paths; what they show; what is missing."""

import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from submission import figures
from submission.figures.curves import learning_curves
from submission.figures.device_spectra import POINTS, device_spectra, measured
from submission.figures.recordings import Recordings, kilohertz_of_bands, to_decibels
from submission.figures.spectrograms import auto_level_figure, pix2pix_figure
from submission.items import Item
from submission.results import Results
from task1.config import FeatureSettings, load_run
from task1.errors import InputError
from task1.files import write_text
from task1.plotting import STYLE
from tests.submission.figures.conftest import OFFSETS, write_pix2pix

FullRun = Callable[..., Path]
PIX2PIX: dict[str, Any] = {
    "source_devices": ["a", "b", "c"], "target_devices": ["s1", "s2", "s3"], "generator": [4, 8],
    "discriminator": [4, 8], "dropout": 0.5, "epochs": 1, "batch_size": 2, "lr": 2e-4, "beta1": 0.5,
    "l1_weight": 100.0, "share": 0.2, "validation_share": 0.1}


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """SVG alone, with letters as letters, so that tests can read them."""
    monkeypatch.setitem(STYLE, "svg.fonttype", "none")
    monkeypatch.setattr("submission.figures.canvas.FORMS", ("svg",))


def augmented(folder: Path) -> dict[str, Any]:
    """The models of a run, with auto level and pix2pix."""
    models = load_run(folder).model_dump(mode="json")["models"]
    more = {"auto_level": {"low": 0.01, "high": 0.99, "probability": 0.5}, "pix2pix": PIX2PIX}
    return {name: model | {"augmentation": model["augmentation"] | more} for name, model in models.items()}


def made(folder: Path) -> dict[str, Item]:
    return {item.name: item for item in figures.make(folder)}


def test_valid_the_same_each_time_and_from_nowhere(full_run: FullRun) -> None:
    folder = full_run(systems={1: {"models": ["model1"]}})
    items = made(folder)
    assert set(items) == {"confusion_system1", "accuracy_macs", "learning_curves_accuracy", "learning_curves_loss",
                          "device_spectra"}
    first = {path: path.read_bytes() for path in (folder / "report" / "figures").iterdir()}
    assert len(first) == 3 * len(items)
    for path, content in first.items():
        assert str(folder.parents[2]).encode() not in content
        {".svg": check_svg, ".pdf": check_pdf, ".png": check_png}[path.suffix](content)
    made(folder)
    assert {path: path.read_bytes() for path in first} == first


def check_svg(content: bytes) -> None:
    root = ElementTree.fromstring(content)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not list(root.iter("{http://www.w3.org/2000/svg}text"))  # letters are outlines, so that no font is missed


def check_pdf(content: bytes) -> None:
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    assert content.count(b"/FontFile2") >= content.count(b"/Type /FontDescriptor") >= 1  # embedded
    assert b"/CreationDate" not in content


def check_png(content: bytes) -> None:
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    assert 400 < width < 1500
    assert 300 < height < 1500
    assert len(content) > 10_000  # not blank


def words(folder: Path, name: str) -> str:
    """Every text that a figure shows; drawn with `svg.fonttype` none."""
    root = ElementTree.parse(folder / "report" / "figures" / f"{name}.svg").getroot()
    return " ".join("".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text"))


@pytest.mark.usefixtures("texts")
def test_what_is_written_in_them(full_run: FullRun) -> None:
    folder = full_run()
    items = made(folder)
    for name, item in items.items():
        assert "EMBEDDED, SYNTHETIC" in words(folder, name)
        assert "EMBEDDED, SYNTHETIC" in item.caption
    confusion = words(folder, "confusion_system1")
    assert "System 1: model1" in confusion
    assert len(re.findall(r"\b67\b", confusion)) == len(re.findall(r"\b33\b", confusion)) == 10  # 6 and 3 devices of 9
    assert "metro station (9)" in confusion
    assert "system 2" in words(folder, "accuracy_macs")
    assert "training validation" in words(folder, "learning_curves_loss")
    assert "simulated devices" in words(folder, "device_spectra")


@pytest.mark.usefixtures("texts")
def test_a_recorded_corpus_is_not_called_synthetic(full_run: FullRun) -> None:
    folder = full_run(embedded=False, development="tau2022mobile_dev", evaluation="tau2023mobile_eval")
    for name, item in made(folder).items():
        assert "tau2022mobile_dev" in words(folder, name)
        assert "SYNTHETIC" not in words(folder, name) + item.caption


def test_what_devices_do_is_found(full_run: FullRun) -> None:
    recordings = Recordings(Results.of(full_run()))
    mean, differences = measured(recordings, "a")
    assert set(differences) == set(OFFSETS) - {"a"}
    assert mean.shape == (POINTS,)
    for device, difference in differences.items():
        np.testing.assert_allclose(difference, 10 * OFFSETS[device], atol=0.05)  # float16


@pytest.mark.usefixtures("texts")
def test_auto_level_and_pix2pix(full_run: FullRun) -> None:
    folder = full_run("with", models=augmented(full_run("plain")))
    recordings = Recordings(Results.of(folder))
    assert "its quantiles 0.01 and 0.99 stretched" in auto_level_figure(recordings).caption
    assert "after auto level" in words(folder, "auto_level")
    assert pix2pix_figure(recordings).missing.startswith("no copies: copies/pix2pix-")
    write_pix2pix(folder)
    item = pix2pix_figure(recordings)
    assert any(source.startswith("copies/pix2pix-") for source in item.made_from)
    assert "park-lyon-2-2-a.wav" in item.caption
    assert "generated: device S1" in words(folder, "pix2pix")
    assert "recorded: device S1" in words(folder, "pix2pix")


@pytest.mark.usefixtures("texts")
def test_without_inputs_the_rest_is_made(make_run: Any, full_run: FullRun) -> None:
    folder = make_run("bare", models=augmented(full_run("plain")))
    items = made(folder)
    assert {name: item.missing for name, item in items.items() if item.missing} == {
        "learning_curves_accuracy": "no network is trained: models/*/history.csv",
        "learning_curves_loss": "no network is trained: models/*/history.csv",
        **dict.fromkeys(("device_spectra", "auto_level", "pix2pix"), "the features are not stored (stage features)")}
    assert items["confusion_system2"].files
    for path in (folder / "scores").iterdir():
        path.unlink()
    items = made(folder)
    assert "no system is scored" in items["confusion"].missing
    assert "no network is scored" in items["accuracy_macs"].missing


def test_recordings_without_common_moments(full_run: FullRun) -> None:
    folder = full_run("with", models=augmented(full_run("plain")))
    recordings = Recordings(Results.of(folder))
    apart = recordings.table.assign(moment=range(len(recordings.table)))
    recordings.__dict__["table"] = apart  # as if no two devices had recorded at once
    write_pix2pix(folder)
    assert "no moment is recorded by device a and another one" in device_spectra(recordings).missing
    assert "no moment of the training clips" in auto_level_figure(recordings).missing
    assert "no source of a copy" in pix2pix_figure(recordings).missing


def test_a_history_that_is_none(full_run: FullRun) -> None:
    folder = full_run()
    write_text(folder / "models" / "model1" / "history.csv", "epoch,loss\n1,x\n")
    with pytest.raises(InputError, match=r"history\.csv: found no history of epochs .* train model1 again"):
        learning_curves(Results.of(folder))


@pytest.mark.parametrize(("base", "power", "expected"), [("10", 2, 10.0), ("10", 1, 20.0), ("e", 2, 4.342945)])
def test_decibels(base: str, power: int, expected: float) -> None:
    settings = FeatureSettings.model_validate({
        "sample_rate": 44100, "clip_seconds": 1, "n_fft": 64, "win_length": 64, "hop_length": 32, "power": power,
        "n_mels": 4, "f_min": 0, "f_max": 22050, "mel_scale": "htk", "mel_norm": "none",
        "log": {"base": base, "floor": 1e-8, "mode": "add"}})
    assert to_decibels(settings) == pytest.approx(expected)
    top = 2595 * np.log10(1 + 22050 / 700)
    middles = 700 * (10 ** (top * np.arange(1, 5) / 5 / 2595) - 1)
    np.testing.assert_allclose(kilohertz_of_bands(settings), middles / 1000, rtol=1e-5)
