"""Several seeds in the technical report."""

from typing import Any

import pytest

from submission.technical.result_text import results
from tests.submission.made_up_seeds import document
from tests.submission.technical.test_method_text import text_of
from tests.submission.technical.test_result_text import table


def test_every_system_has_its_mean_and_deviation(make_material: Any) -> None:
    material = make_material("wang2023")
    section = results(make_material("wang2023", seeds=document(material.run)))
    found = table(section, "tab-seeds")
    assert list(found.rows[0]) == ["System 1", "55.0 ± 7.1", "1.375 ± 0.177", "–"]
    assert [row[1] for row in found.rows] == ["55.0 ± 7.1", "50.0 ± 14.1", "55.0 ± 7.1", "55.0 ± 7.1"]
    assert "trained from two seeds" in text_of(section)
    assert "The accuracy of system 2 varies most, from 40.0 to 60.0\u00a0%" in text_of(section)
    assert found.results


def test_of_one_system_its_accuracy(make_material: Any) -> None:
    material = make_material("cp_mobile")
    text = text_of(results(make_material("cp_mobile", seeds=document(material.run)))).replace("\\", "")
    assert "Its accuracy varies from 50.0 to 60.0\u00a0%; the 95\u00a0% interval of its mean" in text
    assert "is -8.5 to 118.5\u00a0%." in text


def test_equal_accuracies_are_told_to_be_so(make_material: Any) -> None:
    made = document(make_material("cp_mobile").run)
    spread = made["subjects"][0]["spread"]["accuracy"]
    spread |= {"minimum": 0.55, "maximum": 0.55, "standard_deviation": 0.0}
    assert "The accuracy is the same with all of them." in text_of(results(make_material("cp_mobile", seeds=made)))


@pytest.mark.parametrize("entry", ["wang2023", "cp_mobile"])
def test_of_one_seed_nothing_is_said(make_material: Any, entry: str) -> None:
    assert "Several seeds" not in text_of(results(make_material(entry)))
