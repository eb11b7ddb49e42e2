"""The printed pairs before and after quantisation: read as printed, and a sentence for what the tables do not have."""

from pathlib import Path

import pytest

from task1.config import quantized as module
from task1.config.everything import check_everything
from task1.config.quantized import PATH, check_quantized, quantized
from task1.errors import InputError

RIGHT = '{table: "3", before: Acc (Float32), after: Acc (Int8), claim: loss by int8}'


def test_pairs_as_they_are_printed() -> None:
    columns, pairs = quantized("wang2023") or (None, {})
    assert columns is not None
    assert {name: (before.column, after.column) for name, (before, after) in pairs.items()} == {
        f"model{number}": ("Acc (Float32)", "Acc (Int8)") for number in range(1, 5)}
    assert quantized("shao2022") is None
    assert check_quantized() == "4 networks of wang2023, before and after"


@pytest.mark.parametrize(("old", "new", "told"), [
    ('"3"', '"9"', "found no figures of table 9 in these columns"),
    ("Acc (Int8)", "Acc (Int4)", "found no figures of table 3 in these columns"),
    ("loss by int8", "loss by int4", "no claim loss by int4"),
    ("claim:", "claims:", "key wang2023.claim is missing"),
])
def test_what_the_paper_has_not_is_found_by_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str,
                                                      new: str, told: str) -> None:
    path = tmp_path / "quantization.yaml"
    path.write_text(f"wang2023: {RIGHT.replace(old, new)}\n")
    monkeypatch.setattr(module, "PATH", path)
    with pytest.raises(InputError, match=rf"{path}.*{told}"):
        check_quantized()
    (checked,) = (file for file in check_everything() if file.path == PATH)
    assert told in str(checked.problem)
