"""Made-up tables and runs are ones that scoring and auditing take, and agree on."""

from pathlib import Path

import pytest
from sklearn.metrics import accuracy_score

from task1.bench import scoring
from task1.bench.made_up import made_up_run
from task1.bench.rows import Size
from task1.bench.tables import write_scoring
from task1.config.bench import bench
from task1.errors import InputError
from task1.outputs import read_outputs
from task1.scoring.evaluate import evaluate
from task1.scoring.truth import read_truth


def test_tables_are_what_scoring_takes(tmp_path: Path) -> None:
    table, truth, rows = write_scoring(tmp_path, 1000)
    outputs, answers = read_outputs(table), read_truth(truth)
    assert rows == 1000 == len(outputs) == len(answers)
    scores = evaluate(outputs, answers)
    assert scores["accuracy_micro"] == pytest.approx(accuracy_score(answers.scenes, outputs.decisions))
    assert len(scores["device_wise"]) == 9
    assert len(set(answers.locations)) == 50


@pytest.mark.slow
def test_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one system instead of four, and an audit that finds nothing different."""
    def made(work: Path, entry: str, rows: int | None) -> object:
        assert (entry, rows) == (bench().scoring.audit.entry, scoring.QUICK_ROWS)
        return made_up_run(work, entry, rows, systems=[1])

    monkeypatch.setattr(scoring, "made_up_run", made)
    scored, audited = scoring.measure(Size.QUICK)
    assert scored.what == f"task1 score, {scoring.QUICK_ROWS:,} rows, with intervals, one core"
    assert 0 < scored.ours < audited.ours
    assert "table read and checked" in scored.note
    assert audited.what == f"submission audit, 1 systems of {scoring.QUICK_ROWS:,} rows"


def test_a_command_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"submission audit: ended with status 2 and said: .*no such file"):
        scoring._submission("audit", tmp_path / "none.zip")
