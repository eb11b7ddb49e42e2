"""Records of measured work: sessions that add up, what is not whole, what stays untouched without the tool."""

import sys
import threading
import time
from pathlib import Path

import pytest

from task1.energy import measure, measured, read_record
from tests.task1.energy.fake_codecarbon import Fake


def test_without_the_tool_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "find_spec", lambda name: None)
    with measured(tmp_path / "energy" / "a.json"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_record_says_what_the_tool_read_and_what_it_assumed(tmp_path: Path, codecarbon: Fake) -> None:
    path, before = tmp_path / "energy" / "a.json", time.time()
    with measured(path, "3 clips, cpu"):
        time.sleep(0.05)
    record = read_record(path)
    assert record
    assert (record.of, record.whole, len(record.sessions)) == ("3 clips, cpu", True, 1)
    session = record.last
    assert (session.kwh, session.tool, session.machine) == (0.5, "codecarbon 3.9", "Abacus x 2")
    assert session.estimated == ("CPU", "RAM")
    assert 0.04 < session.seconds < time.time() - before + 0.01
    assert before - 0.01 < session.began < time.time()
    assert codecarbon.made == [{"output_methods": [], "allow_multiple_runs": True, "tracking_mode": "machine",
                                "log_level": "error"}]  # nothing is sent, no file of its own


def test_a_processor_with_a_sensor_is_no_estimate(tmp_path: Path, codecarbon: Fake) -> None:
    codecarbon.mode = "intel_rapl"
    with measured(tmp_path / "a.json"):
        pass
    record = read_record(tmp_path / "a.json")
    assert record
    assert record.last.estimated == ("RAM",)


def test_resumed_work_adds_up_and_fresh_work_begins_anew(tmp_path: Path, codecarbon: Fake) -> None:
    path = tmp_path / "a.json"

    def kwh(of: str, goes_on: bool, took: float) -> list[float]:
        codecarbon.kwh = took
        with measured(path, of, goes_on):
            pass
        record = read_record(path)
        assert record
        assert record.whole
        return [session.kwh for session in record.sessions]

    assert kwh("recipe", False, 1.0) == [1.0]
    assert kwh("recipe", True, 0.25) == [1.0, 0.25]
    assert kwh("recipe", True, 0.5) == [1.0, 0.25, 0.5]
    assert kwh("recipe", False, 0.125) == [0.125]


@pytest.mark.parametrize("before", [None, "of something else", "damaged"])
def test_work_begun_without_a_measurement_is_not_whole(tmp_path: Path, codecarbon: Fake, before: str | None,
                                                       capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.json"
    if before == "damaged":
        path.write_text("{")
    elif before:
        with measured(path, before):
            pass
    for sessions in (1, 2):  # nor does it become so
        with measured(path, "recipe", goes_on=True):
            pass
        record = read_record(path)
        assert record
        assert not record.whole
        assert len(record.sessions) == sessions
    assert ("a.json: cannot be read as JSON" in capsys.readouterr().err) == (before == "damaged")


def test_an_interrupted_block_is_recorded_and_its_error_passes(tmp_path: Path, codecarbon: Fake) -> None:
    with pytest.raises(KeyboardInterrupt), measured(tmp_path / "a.json", "recipe"):
        raise KeyboardInterrupt
    record = read_record(tmp_path / "a.json")
    assert record
    assert record.last.kwh == codecarbon.kwh
    assert "energy" not in {thread.name for thread in threading.enumerate()}


def test_the_record_is_there_before_the_end(tmp_path: Path, codecarbon: Fake,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "WRITE_SECONDS", 0.02)
    with measured(tmp_path / "a.json"):
        for _ in range(200):
            if (tmp_path / "a.json").exists():
                break
            time.sleep(0.02)
        record = read_record(tmp_path / "a.json")
        assert record
        assert record.last.kwh == 0.0


def test_work_that_cannot_be_measured_again_leaves_no_old_figure(tmp_path: Path, codecarbon: Fake,
                                                                 capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.json"
    with measured(path):
        pass
    codecarbon.fails = True
    with measured(path):
        assert not path.exists()
    assert not path.exists()
    assert "energy is not measured: codecarbon does not work here (AttributeError" in capsys.readouterr().err


def test_a_package_that_cannot_be_imported_costs_only_the_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                                 capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "codecarbon.py").write_text("raise RuntimeError('no driver')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "codecarbon", raising=False)
    with measured(tmp_path / "a.json"):
        done = True
    assert done
    assert not (tmp_path / "a.json").exists()
    assert "no driver" in capsys.readouterr().err


def test_a_record_that_cannot_be_written_costs_only_the_figure(tmp_path: Path, codecarbon: Fake,
                                                               capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "energy").write_text("in the way")
    with measured(tmp_path / "energy" / "a.json", goes_on=False):
        done = True
    assert done
    assert "energy cannot be written" in capsys.readouterr().err
