"""Parts of a run that are not there: the report is written all the same, and says what is missing and why."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from submission.package import package
from submission.report import write_report
from task1.config import load_run
from task1.errors import InputError
from task1.layout import Layout
from tests.submission import report_run
from tests.submission.test_report import Page


def page(folder: Path) -> str:
    package(folder)
    return write_report(folder)[1].read_text(encoding="utf-8")


def told(folder: Path) -> str:
    return "\n".join(Page(page(folder)).texts)


def as_int8(make_run: Any) -> Path:
    """A run whose recipe ships int8 (the made-up weights are float16, as model.json says)."""
    models = load_run(make_run("unchanged")).model_dump(mode="json")["models"]
    folder: Path = make_run(models={name: model | {"compression": {"weights": "int8"}}
                                    for name, model in models.items()})
    return folder


def test_with_everything_there(make_run: Any) -> None:
    folder = report_run.enrich(as_int8(make_run))
    report_run.quantize(folder)
    report_run.items(folder)
    text = told(folder)
    for said in ("Airport, lyon", "simulated, unseen in training", "12 epochs", "Accuracy & cost (figure)", "5 of 5",
                 "decide alike on 98.50 %", "not executed on integers: 1 Conv", "The paper (section 5.2)"):
        assert said in text
    assert "Nothing to see or hear" not in text
    assert "Not scored by itself" not in text


def test_without_scores_of_the_evaluation_set(make_run: Any) -> None:
    folder = make_run()
    Layout(folder).scores(2, "evaluation").unlink()
    assert "It has not been scored in this run, or not for every system." in told(folder)


def test_scores_of_another_table_are_refused(make_run: Any) -> None:
    folder = make_run()
    package(folder)
    table = Layout(folder).output(1, "evaluation")
    table.write_text(table.read_text(encoding="utf-8").replace("0.55", "0.54"), encoding="utf-8")
    with pytest.raises(InputError, match="scores of another table"):
        write_report(folder)


def test_int8_without_its_comparison(make_run: Any) -> None:
    assert "How it compares with the float network has not been measured in this run" in told(as_int8(make_run))


def test_no_section_on_int8_where_nothing_is(make_run: Any) -> None:
    assert "Float and int8" not in told(make_run())


def test_without_histories_and_model_scores(make_run: Any) -> None:
    text = told(make_run())
    assert "Learning curves" not in text
    # model1 is system 1 by itself, so its scores are known; model2 is in an ensemble only
    assert "Not scored by itself in this run: model2" in text


def test_a_training_that_diverged_has_a_curve(make_run: Any) -> None:
    folder = report_run.enrich(make_run())
    path = Layout(folder).model("model1") / "history.csv"
    path.write_text(path.read_text().replace("\n2,", "\n2,nan,nan,nan,nan,nan\n2,", 1).replace(
        ",nan,nan,nan,nan,nan\n2,", ",nan,nan,nan,nan,nan\n3,", 1))
    text = page(folder)
    assert "nan" not in text.split('id="learning-curves"')[1].split("</section>")[0]


def test_a_history_that_is_none(make_run: Any) -> None:
    folder = make_run()
    (Layout(folder).model("model1") / "history.csv").write_text("epoch,loss\n1,many\n")
    package(folder)
    with pytest.raises(InputError, match="not the history of a training"):
        write_report(folder)


def test_without_recordings(make_run: Any) -> None:
    assert "Nothing to see or hear" in told(make_run())


def test_without_the_index(make_run: Any) -> None:
    folder = make_run()
    package(folder)
    Layout(folder).index("embedded-1s-dev").unlink()
    assert "Nothing to see or hear" in write_report(folder)[1].read_text(encoding="utf-8")


def test_an_entry_of_ones_own_has_no_printed_figures(make_run: Any) -> None:
    text = told(make_run(entry="mine", recipe="mine.yaml", source=None))
    assert "No printed figures of mine are known" in text
    assert "Printed scores" not in text


def test_an_edition_without_official_results(make_run: Any) -> None:
    assert "No official results of edition 2020 are known." in told(make_run(edition="2020"))


def test_systems_that_stay_out_are_told(make_run: Any) -> None:
    folder = make_run()
    package(folder)
    path = Layout(folder).submission / "package.json"
    record = json.loads(path.read_text())
    record["systems"][1] |= {"packaged": False, "left_out": "over the limit, as its entry knows"}
    record["systems"][1]["verdicts"][0] |= {"state": "over", "sentence": "far too large"}
    path.write_text(json.dumps(record))
    text = "\n".join(Page(write_report(folder)[1].read_text(encoding="utf-8")).texts)
    assert "over and not in the package: 2" in text
    assert "is not in the package: over the limit, as its entry knows" in text
    assert "over a limit" in text


def test_printed_scores_of_real_recordings_get_a_difference(make_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from task1.config import edition

    rules = edition("2023").model_copy(update={"output_rows": 3})
    monkeypatch.setattr("submission.package.edition", lambda _: rules)
    folder = make_run(embedded=False, development="tau2022mobile_dev", evaluation="tau2023mobile_eval")
    text = page(folder)
    rows = Page(text).texts
    assert "Difference" in rows
    # 66.67 % here, 53.3 % printed of Model1 with int8
    assert "+13.4" in rows


def test_nothing_of_this_machine_is_in_the_page(make_run: Any, tmp_path: Path) -> None:
    folder = report_run.enrich(make_run())
    text = page(folder)
    assert str(tmp_path) not in text
    moved = tmp_path / "elsewhere"
    shutil.copytree(tmp_path / "run", moved)
    assert write_report(moved / "runs" / "made-up")[1].read_text(encoding="utf-8").replace("elsewhere", "run") == text
