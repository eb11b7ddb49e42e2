"""The fit, the kinds of work, the figure."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from task1.bench import growth
from task1.bench.figure import draw_growth
from task1.bench.rows import Row, Size
from task1.errors import InputError
from task1.features.store import FeatureStore


@given(st.floats(-1, 3), st.floats(1e-9, 10))
def test_slope_is_the_exponent(exponent: float, factor: float) -> None:
    points = [(rows, factor * rows**exponent) for rows in (1e3, 1e4, 1e5)]
    assert growth.slope(points) == pytest.approx(exponent, abs=1e-6)


def test_rows_say_what_is_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    works = {"sum": 1.0, "sort of pairs": 2.0}
    monkeypatch.setattr(growth, "_works", lambda _, rows: (
        rows, {name: lambda name=name: rows**works[name] for name in works}))
    monkeypatch.setattr(growth, "_least", lambda work: 1e-6 * work())
    linear, square = growth.measure(Size.FULL)
    assert (linear.what, square.what) == ("sum: 1,000 to 100,000", "sort of pairs: 1,000 to 100,000")
    assert linear.ours == pytest.approx(1)
    assert square.ours == pytest.approx(2)
    assert (linear.met, square.met) == (True, False)
    assert linear.note == "1.00, 1.00, 1.00 us a row: linear or less"
    assert square.note.endswith("us a row: more than linear")
    assert len(linear.points) == 3


def test_every_kind_of_work_does_its_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stores: list[FeatureStore] = []
    extract = growth.extract
    monkeypatch.setattr(growth, "extract", lambda *given, **named: stores.append(extract(*given, **named)))
    clips, works = growth._works(tmp_path, 100)
    assert list(works) == ["index", "verify", "spectrum correction (mean)", "spectrum correction (pairs)",
                           "features", "scoring"]
    found = {name: work() for name, work in works.items()}
    assert len(found["index"]) == clips == 100
    assert found["spectrum correction (mean)"].shape[0] == 1
    assert found["spectrum correction (pairs)"].shape[0] == clips // 2
    assert stores[0].shape[0] == clips
    assert "accuracy" in found["scoring"].lower()


def test_a_corpus_that_is_not_clean_is_no_measurement(tmp_path: Path) -> None:
    _, works = growth._works(tmp_path, 100)
    next((tmp_path / "corpus" / "audio").iterdir()).unlink()
    with pytest.raises(InputError, match="'missing': 1"):
        works["verify"]()


def test_figure_holds_every_series(tmp_path: Path) -> None:
    points = tuple((float(rows), rows * 1e-6) for rows in (1000, 10000, 100000))
    rows = [Row("growth", f"{name}: 1,000 to 100,000", 1.0, "exponent", points=points) for name in ("index", "verify")]
    svg, png = draw_growth(rows, tmp_path)
    first = svg.read_bytes()
    assert draw_growth(rows, tmp_path)[0].read_bytes() == first  # the same bytes again
    assert png.read_bytes().startswith(b"\x89PNG")
    assert draw_growth([Row("startup", "help", 0.2, "s")], tmp_path / "none") == []
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(("seconds", "turns"), [
    ([0.3, 0.2, 0.4, 0.5], 4), ([5.0, 4.0, 6.0, 1.0], 3), ([25.0, 1.0], 1), ([0.0] * 30, 20)])
def test_the_quickest_turn_counts(seconds: list[float], turns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    left = iter(seconds)
    monkeypatch.setattr(growth, "processor_seconds", lambda work: next(left))
    assert growth._least(lambda: None) == min(seconds[:turns])
    assert len(list(left)) == len(seconds) - turns
