"""The papers against themselves: formulas by hand, the papers' headline claims, and that every digit counts."""

import csv
import io
import json
from dataclasses import replace
from typing import Any, get_args

import pytest
import yaml
from pydantic import TypeAdapter

from submission.cli import main
from submission.formula_values import Tables, holds, terms
from submission.published_audit import Status, audit, finding, render, tables_of
from task1.config import META, Figure
from task1.config.claims import Claim, claims, papers, references
from task1.config.formulas import Figures, Formula

ALL = [(paper, name) for paper in papers() for name in claims(paper)]
STEPS = ("samples", "Hz", "s")  # frames are whole numbers: a small change of these may rightly change nothing


def _figure(row: str, printed: str, value: float, unit: Any = "%") -> Figure:
    return Figure(paper="zhao2021", table="1", row=row, column="x", value=value, unit=unit, as_printed=printed,
                  convention="unstated")


MADE_UP = Tables("zhao2021", {("1", figure.row, "x"): figure for figure in (
    _figure("one", "10.0%", 10), _figure("two", "20.0%", 20), _figure("three", "40.0%", 40),
    _figure("size", "2 KB", 2, "KB"), _figure("many", "3k", 3000, "parameters"), _figure("rate", "10k", 10000, "Hz"),
    _figure("window", "100", 100, "samples"), _figure("hop", "50", 50, "samples"), _figure("long", "2", 2, "s"),
    _figure("first", "3", 3, "epochs"), _figure("second", "7", 7, "epochs"), _figure("third", "15", 15, "epochs"),
    _figure("share", "33.33%", 33.33), _figure("tenth", "0.1%", 0.1))})


def _formula(text: str) -> Any:
    return TypeAdapter(Formula).validate_json(json.dumps(yaml.safe_load(text)))


@pytest.mark.parametrize(("text", "value"), [
    ('{kind: equals, to: [["1", three, x]]}', 40),
    ('{kind: mean, of: [["1", [one, two], x], ["1", three, x]]}', 70 / 3),
    ('{kind: weighted_mean, of: [["1", [one, two], x]], by: members, '
     "groups: {dataset: tau2022mobile_dev, per: device, groups: [[a], [s1, s2, s3]]}}", (10 + 3 * 20) / 4),
    ('{kind: weighted_mean, of: [["1", [one, two], x]], by: clips, '
     "groups: {dataset: tau2022mobile_dev, per: device, groups: [[a], [b]]}}", (3300 * 10 + 3290 * 20) / 6590),
    ('{kind: weighted_mean, of: [["1", [one, two], x]], by: clips, '
     "groups: {dataset: tau2020mobile_dev, per: scene, groups: [[airport], [bus]]}}", (296 * 10 + 297 * 20) / 593),
    ('{kind: sum, of: [["1", [one, two], x], {number: 5}]}', 35),
    ('{kind: product, of: [["1", two, x], {number: 0.25}]}', 5),
    ('{kind: difference, of: ["1", one, x], minus: ["1", three, x]}', -30),
    ('{kind: ratio, of: ["1", three, x], to: ["1", two, x]}', 2),
    ("{kind: ratio, of: {fact: datasets/tau2022mobile_dev, key: counts.files}, "
     "to: {fact: taxonomy, key: scenes}}", 23035),
    ('{kind: relative_change, new: ["1", three, x], old: ["1", two, x], direction: increase}', 100),
    ('{kind: relative_change, new: ["1", one, x], old: ["1", three, x], direction: decrease}', 75),
    ('{kind: distance, of: [["1", one, x]], around: ["1", share, x]}', 23.33),
    ('{kind: distance, of: [["1", one, x]], around: ["1", share, x], whole: true}', 23),
    ('{kind: bytes, parameters: [["1", many, x]], weights: float16, unit_bytes: 1000}', 6),
    ('{kind: bytes, parameters: [["1", many, x]], weights: int8, unit_bytes: 1024}', 3000 / 1024),
    ('{kind: capacity, size: ["1", size, x], weights: float32, unit_bytes: 1024}', 512),
    ('{kind: frames, sample_rate: ["1", rate, x], clip_seconds: ["1", long, x], window: ["1", window, x], '
     'hop: ["1", hop, x], centred: true}', 401),
    ('{kind: frames, sample_rate: ["1", rate, x], clip_seconds: ["1", long, x], window: ["1", window, x], '
     'hop: ["1", hop, x], centred: false}', 399),
    ('{kind: delta_frames, frames: ["1", window, x], deltas: {order: 2, kind: valid, window: 5}}', 92),
    ('{kind: delta_frames, frames: ["1", window, x], deltas: {order: 1, kind: padded, window: 5}}', 100),
    ("{kind: delta_channels, deltas: {order: 2, kind: valid, window: 5}}", 3),
])
def test_formulas_with_a_value(text: str, value: float) -> None:
    (term,) = terms(_formula(text), MADE_UP)
    assert term.value == pytest.approx(value, abs=1e-8)


@pytest.mark.parametrize(("text", "claimed", "shown", "against"), [
    ('{kind: compare, all: [["1", [one, two], x]], are: below}', ["three"], "10.0%, 20.0% < 40.0%", ""),
    ('{kind: compare, all: [["1", [one, two], x]], are: below}', ["two"], "not so: 10.0%, 20.0% < 20.0%",
     "20.0% is not < 20.0%"),
    ('{kind: compare, all: [["1", [one, two], x]], are: at_most}', ["two"], "10.0%, 20.0% <= 20.0%", ""),
    ('{kind: compare, all: [["1", two, x]], are: at_least, than: [["1", [one, two], x]]}', None,
     "20.0% >= 10.0%, 20.0%", ""),
    ('{kind: compare, all: [["1", two, x]], are: above, than: [["1", [one, two], x]]}', None,
     "not so: 20.0% > 10.0%, 20.0%", "20.0% is not > 20.0%"),
    ('{kind: compare, all: [["1", [one, three], x]], are: below, than: [["1", [two, two], x]], paired: true}', None,
     "not so: 10.0%, 40.0% < 20.0%, 20.0%", "40.0% is not < 20.0%"),
    ('{kind: compare, all: [["1", [one, two], x]], are: below, than: [["1", [two, three], x]], paired: true}', None,
     "10.0%, 20.0% < 20.0%, 40.0%", ""),
    ("{kind: cycles, factor: 2, counted_from: 1}", ["first", "second", "third"], "3, 7, 15", ""),
    ("{kind: cycles, factor: 2, counted_from: 0}", ["first", "second", "third"], "3, 9",
     "9 is missing; 7, 15 does not belong"),
    ("{kind: cycles, factor: 2, counted_from: 1}", ["first", "third"], "3, 7, 15", "7 is missing"),
    ("{kind: cycles, factor: 2, counted_from: 1}", ["second", "first", "third"], "7",
     "3, 15 does not belong"),
    ('{kind: whole_clips, of: [["1", share, x]], '
     "clips: {dataset: tau2022mobile_dev, per: device, groups: [[a]]}}", None, "1100/3300", ""),
    # a clip of 2968 is 0.034 %, so 0.1 % is 3 of them; of 329 clips, 0.1 % can be none
    ('{kind: whole_clips, of: [["1", tenth, x]], clips: {dataset: tau2020mobile_dev}}', None, "3/2968", ""),
    ('{kind: whole_clips, of: [["1", tenth, x]], '
     "clips: {dataset: tau2020mobile_dev, per: device, groups: [[b]]}}", None, "0/329", "0.1%: 0 of 329 are 0.000"),
])
def test_formulas_that_are_yes_or_no(text: str, claimed: list[str] | None, shown: str, against: str) -> None:
    figures = Figures.model_validate(["1", claimed, "x"]) if claimed else None
    answer = holds(_formula(text), figures, MADE_UP)
    assert (answer.shown, answer.against) == (shown, against)


@pytest.mark.parametrize(("printed", "ours", "verdict", "recomputed"), [
    ("57.6%", 57.57, "match", "57.57%"), ("57.6%", 57.65, "match", "57.65%"), ("57.6%", 57.651, "match by truncation",
                                                                              "57.651%"),
    ("45.1", 45.16, "match by truncation", "45.16"), ("45.1", 45.2, "differs: by +0.1", "45.2"),
    ("45.1", 45.04, "differs: by -0.06", "45.04"), ("60.60%", 59.9811, "differs: by -0.6189", "59.9811%"),
    ("431", 431, "match", "431"), ("431", 429, "differs: by -2", "429"), ("1.060", 1.06, "match", "1.060"),
])
def test_verdicts_by_the_printed_digits(printed: str, ours: float, verdict: str, recomputed: str) -> None:
    tables = Tables("zhao2021", {("1", "a", "x"): _figure("a", printed, float(printed.rstrip("%")))})
    claim = Claim.model_validate_json(json.dumps({"says": "so", "claim": ["1", "a", "x"], "formula": {
        "kind": "sum", "of": [{"number": ours}]}}))
    found = finding(claim, tables)
    assert (found.verdict, found.recomputed, found.where) == (verdict, recomputed, "Table 1")


def test_thousands_and_units_are_kept() -> None:
    claim = Claim.model_validate_json(json.dumps({"says": "so", "claim": ["1", "many", "x"], "formula": {
        "kind": "sum", "of": [{"number": 2951}]}}))
    assert finding(claim, MADE_UP).recomputed == "2.951k"


def test_readings_name_those_that_match_and_show_the_others() -> None:
    claim = Claim.model_validate_json(json.dumps({"says": "so", "claim": ["1", "one", "x"], "why": "thus", "readings": {
        name: {"kind": "sum", "of": [{"number": number}]} for name, number in
        (("cut", 10.06), ("low", 9), ("exact", 10), ("near", 10.04))}}))
    found = finding(claim, MADE_UP)
    assert found.verdict == "match (exact; near)"
    assert found.why == "thus; cut: 10.06%; low: 9.0%"
    assert found.status == "match"


@pytest.mark.parametrize(("paper", "name", "recomputed", "verdict"), [
    ("zhao2021", "average System 3", "59.88%", "match"),
    ("zhao2021", "whole clips System 3",
     "168/296, 218/297, 172/297, 171/297, 226/297, 115/297, 164/297, 116/297, 247/297, 180/296", "match"),
    ("zhao2021", "limit in parameters of float16", "65536", "match (1 KB is 1024 bytes)"),
    ("zhao2021", "frames", "431", "match (clips padded at both ends)"),
    ("zhao2021", "frames with deltas", "423", "match"),
    ("zhao2021", "restarts", "2, 6, 14, 30, 62, 126, 254, 510", "differs: 62 is missing"),
    ("zhao2021", "half the size", "-", "cannot be computed"),
    ("wang2023", "log loss", "1.287", "match (devices alike; by clips of the test list)"),
    ("wang2023", "parameters of Table 3", "45.16k", "match by truncation (1 kB is 1000 bytes)"),
    ("wang2023", "limit in float32 parameters", "32768", "match (1 KB is 1024 bytes)"),
    ("wang2023", "cut blocks, MACs", "not so: 25.44M < 16.74M", "differs: 25.44M is not < 16.74M"),
    ("wang2023", "cut blocks with rows 2 and 3 exchanged, MACs", "8.64M, 16.74M < 16.74M, 25.44M", "match"),
    ("wang2023", "loss by int8", "0.1, 2.3 < 2.8, 2.6", "match"),
    ("wang2023", "ten classes", "11", "differs: by +1"),
    ("wang2023", "frames", "44", "match (the hop is 25 % of the window)"),
    ("shao2022", "average of teacher, Mini-SegNet", "57.8711%", "differs: by -0.2689"),
    ("shao2022", "average of teacher, Mini-SegNet + Auto Level", "59.0478%", "differs: by -0.0122"),
    ("shao2022", "average of teacher, Mini-SegNet +Auto Level +pix2pix", "59.9811%", "differs: by -0.5989"),
    ("shao2022", "average of fusion, task1_1", "57.4234%", "match (by clips of the test list)"),
    ("shao2022", "average of fusion, task1_2", "56.7878%", "differs: by +0.1078"),
    ("shao2022", "accuracy in abstract", "54.12%", "differs: by +0.01"),
    ("shao2022", "parameters in conclusion", "127.16 K", "match"),
    ("shao2022", "below 130k", "120.21k, 127.16k, 126.07k < 130k", "match"),
    ("shao2022", "limit of parameters for fusions", "not so: 373440, 246280 < 128k", "differs: 373440 is not < 128k"),
    ("shao2022", "deviation of students", "0, 1, 0 <= 1%", "match (in whole percents)"),
    ("shao2022", "restarts", "11, 31, 71, 151, 311", "match (epochs counted from 1)"),
    ("shao2022", "epochs", "310", "match (epochs counted from 1)"),
    ("shao2022", "doubled frames", "72", "match"),
    ("ye2024", "gain", "9.7844%", "match (relative to ResNet)"),
    ("ye2024", "fewer Parms", "0.11M, 0.11M, 0.08M < 21.30M, 3.25M, 2.27M, 1.70M, 14.52M", "match"),
    ("ye2024", "fewer MACs", "not so: 0.66G, 0.61G, 0.56G < 7.99G, 1.29G, 0.71G, 0.14G, 3.30G",
     "differs: 0.66G is not < 0.14G"),
    ("ye2024", "bound of MACs", "0.66G, 0.61G, 0.56G < 0.7G", "match"),
    ("ye2024", "bound of accuracy", "66.20, 65.63, 65.26 > 65%", "match"),
    ("ye2024", "parameters of Small", "0.078M", "match"),
    ("ye2024", "accuracy without O", "15.9668%", "match (relative)"),
    ("ye2024", "accuracy without B", "38.2175%", "match (relative)"),
    ("ye2024", "parameters without O", "245.4545%", "match"),
    ("ye2024", "MACs without B", "2039.3939%", "match"),
    ("ye2024", "whole clips of Table 2", "1965/2968, 1651/2968, 1214/2968", "differs: 66.20: 1965 of 2968 are 66.2062"),
])
def test_headline_claims(paper: str, name: str, recomputed: str, verdict: str) -> None:
    found = finding(claims(paper)[name], tables_of(paper))
    assert (found.recomputed, found.verdict) == (recomputed, verdict)


@pytest.mark.parametrize(("paper", "name"), ALL)
def test_every_digit_counts(paper: str, name: str) -> None:
    """The last digit of any figure that a claim rests on changes what is said of it."""
    claim, tables = claims(paper)[name], tables_of(paper)
    before = replace(finding(claim, tables), printed="")
    keys = {key for reference in references(claim) if isinstance(reference, Figures) for key in reference.keys}
    assert keys or claim.cannot is not None
    for key in sorted(keys):
        changed = Tables(paper, {**tables.figures, key: _mutated(tables.figures[key])})
        assert replace(finding(claim, changed), printed="") != before, key


def _mutated(figure: Figure) -> Figure:
    digits = [position for position, sign in enumerate(figure.as_printed) if sign.isdigit()]
    position = digits[0 if figure.unit in STEPS else -1]
    printed = list(figure.as_printed)
    printed[position] = "8" if printed[position] == "9" else str(int(printed[position]) + 1)
    text = "".join(printed)
    number = figure.as_printed.rstrip("BKMG%k ")
    return figure.model_copy(update={"as_printed": text, "value": figure.value / float(number)
                                     * float(text.rstrip("BKMG%k "))})


def test_a_changed_figure_of_a_matching_claim_makes_it_differ() -> None:
    for paper, name in ALL:
        claim, tables = claims(paper)[name], tables_of(paper)
        if claim.claim is None or claim.readings or finding(claim, tables).status != "match":
            continue
        if claim.formula is not None and claim.formula.kind in ("compare", "whole_clips"):
            continue
        for key in claim.claim.keys:
            figure = tables.figures[key]
            doubled = figure.model_copy(update={"value": 2 * figure.value, "as_printed": figure.as_printed.replace(
                figure.as_printed.rstrip("BKMG%k "), str(2 * float(figure.as_printed.rstrip("BKMG%k "))))})
            found = finding(claim, Tables(paper, {**tables.figures, key: doubled}))
            assert found.status == "differs", (paper, name)


def test_the_table_in_four_forms() -> None:
    findings = audit("wang2023")
    text = render(findings, "text").splitlines()
    assert text[0].split() == ["paper", "where", "claim", "printed", "recomputed", "verdict", "why"]
    column = text[0].index("verdict")
    assert all(line[column - 1] == " " and line[column] != " " for line in text[1:len(findings) + 1])
    assert text[-1].startswith(f"{len(findings)} claims: ")
    rows = list(csv.DictReader(io.StringIO(render(findings, "csv"))))
    assert rows == json.loads(render(findings, "json"))
    assert [row["verdict"] for row in rows] == [found.verdict for found in findings]
    table = [line for line in render(findings, "md").splitlines() if line.startswith("|")]
    assert len(table) == len(findings) + 2


def test_the_documentation_tells_the_same_counts() -> None:
    findings = audit()
    count = {status: sum(found.status == status for found in findings) for status in get_args(Status)}
    text = " ".join((META.parent / "docs" / "fidelity.md").read_text(encoding="utf-8").split())
    assert f"recomputes {len(findings)} claims" in text
    assert (f"{count['match']} hold, {count['match by truncation']} when digits are cut off, "
            f"{count['differs']} do not, {count['cannot be computed']} cannot be computed") in text


def test_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--published"]) == 0
    said = capsys.readouterr().out
    assert all(f"\n{paper}  " in said for paper in papers())
    assert main(["audit", "--published", "zhao2021", "--strict", "--format", "csv"]) == 1
    assert capsys.readouterr().out.count("zhao2021,") == len(claims("zhao2021"))
    assert main(["audit", "--published", "nobody1999"]) == 2
    assert "there are those of shao2022, wang2023" in capsys.readouterr().err
    assert main(["audit"]) == 2
    assert "found nothing to audit" in capsys.readouterr().err


@pytest.mark.parametrize("formula", [
    {"kind": "weighted_mean", "of": [["1", ["bus", "tram"], "System 1"]], "by": "members",
     "groups": {"dataset": "tau2020mobile_dev", "per": "device", "groups": [["a"]]}},
    {"kind": "whole_clips", "of": [["1", "bus", "System 1"]],
     "clips": {"dataset": "tau2020mobile_dev", "per": "device", "groups": [["z"]]}},
    {"kind": "ratio", "of": {"number": 1}, "to": {"number": 0}},
    {"kind": "ratio", "of": {"number": 1}, "to": ["1", ["bus", "tram"], "System 1"]},
])
def test_formulas_that_do_not_fit_are_told(formula: dict[str, Any], monkeypatch: pytest.MonkeyPatch,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    claim = Claim.model_validate_json(json.dumps({"says": "so", "claim": ["1", "bus", "System 1"], "formula": formula}))
    monkeypatch.setattr("submission.published_audit.claims", lambda paper: {"odd": claim})
    assert main(["audit", "--published", "zhao2021"]) == 2
    assert "zhao2021.yaml: odd: found a formula that does not fit its figures" in capsys.readouterr().err


def test_strict_is_content_where_nothing_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    agreeing = [found for found in audit() if found.status != "differs"]
    monkeypatch.setattr("submission.published_audit.audit", lambda paper: agreeing)
    assert main(["audit", "--published", "--strict"]) == 0
