"""The section about several seeds: there with its figures where a run has several, and nowhere else."""

from typing import Any

import pytest

from task1.config import load_run
from task1.errors import InputError
from task1.files import write_json
from task1.layout import Layout
from tests.submission.made_up_seeds import document
from tests.submission.test_report import Page, reported, section


def test_mean_deviation_interval_and_range(make_run: Any) -> None:
    folder = make_run(seeds=2)
    write_json(Layout(folder).seeds, document(load_run(folder)))
    text, page = reported(folder)
    lines = section(text, "Several seeds").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines
            if line.startswith(("| System 1", "| System 2", "| model"))]
    assert [row[0] for row in rows] == ["System 1 (model1)", "System 2 (model1 + model2)", "model2"]
    assert "55.0 ± 7.1" in rows[0][1]
    assert "-8.5 to 118.5" in rows[0][1]  # 55 -+ 12.706 * 7.07 / sqrt 2
    assert "50.0 ± 14.1" in rows[1][1]
    assert rows[0][4] == "-"
    assert rows[0][5:] == ["50.0 to 60.0", "1.250 to 1.500"]
    shown = "\n".join(Page(page).texts)
    for said in ("Several seeds", "55.0 ± 7.1", "1.375 ± 0.177", "50.0 to 60.0", "Student's t"):
        assert said in shown


def test_of_one_seed_there_is_no_section(make_run: Any) -> None:
    folder = make_run()
    write_json(Layout(folder).seeds, document(load_run(folder)))  # left by a run of several
    text, page = reported(folder)
    assert "Several seeds" not in text + page


def test_of_another_number_of_seeds_it_is_refused(make_run: Any) -> None:
    folder = make_run(seeds=5)
    write_json(Layout(folder).seeds, document(load_run(folder)))
    with pytest.raises(InputError, match=r"seeds\.json: found 2 seeds on embedded-1s-dev, expected 5"):
        reported(folder)
