"""Written and printed scores against golden files, the comparison of systems, and the verb.

Golden are `data/scores.csv` and `data/scores.txt`: what two made-up tables give. Written again after a wanted change by
`python -m task1 score one.output.csv two.output.csv --truth truth.csv --edition 2021 --csv scores.csv >scores.txt`.
"""

import argparse
import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from task1.commands import score as verb
from task1.config import edition, resolve, save_run, taxonomy
from task1.errors import InputError
from task1.layout import Layout
from task1.outputs import Outputs, read_outputs, write_outputs
from task1.scoring.evaluate import evaluate
from task1.scoring.intervals import Resampling
from task1.scoring.longform import COLUMNS
from task1.scoring.report import View, score
from task1.scoring.rows import KINDS
from task1.scoring.table import FORMS
from task1.scoring.truth import read_truth

DATA = Path(__file__).parent / "data"
TABLES = [DATA / "one.output.csv", DATA / "two.output.csv"]
TRUTH = DATA / "truth.csv"


def printed(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    parser = argparse.ArgumentParser()
    verb.register(parser.add_subparsers())
    arguments = parser.parse_args(["score", *map(str, words)])
    arguments.handler(arguments)
    return capsys.readouterr().out


def long_table(text: str) -> dict[tuple[str, ...], list[str]]:
    header, *lines = csv.reader(io.StringIO(text))
    assert tuple(header) == COLUMNS
    return {tuple(line[:4]): line[4:] for line in lines}


def test_golden_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, *TABLES, "--truth", TRUTH, "--edition", "2021", "--csv", tmp_path / "scores.csv")
    assert text == (DATA / "scores.txt").read_text()
    found, golden = (long_table(path.read_text()) for path in (tmp_path / "scores.csv", DATA / "scores.csv"))
    assert list(found) == list(golden)
    for key, values in golden.items():
        for value, wanted in zip(found[key], values, strict=True):
            try:
                assert float(value) == pytest.approx(float(wanted), rel=1e-9, abs=1e-12), key
            except ValueError:
                assert value == wanted, key


def test_csv_and_json_say_the_same(tmp_path: Path) -> None:
    """Every figure of the CSV is the one that `evaluate` gives, under another name."""
    text = score(TABLES, ["one", "two"], TRUTH, json=tmp_path / "s.json", view=View("csv"))
    document, table = json.loads((tmp_path / "s.json").read_text()), long_table(text)
    scores = document["systems"][1]["scores"]
    plain = evaluate(read_outputs(TABLES[1]), read_truth(TRUTH))
    for key, value in plain.items():
        if not isinstance(value, dict):
            assert scores[key] == value
    for kind, block in (("scene", "class_wise"), ("device", "device_wise"), ("city-group", "city_groups")):
        for name, node in scores[block].items():
            assert float(table["two", kind, name, "log_loss"][0]) == node["log_loss"] == plain[block][name]["log_loss"]
            assert [float(bound) for bound in table["two", kind, name, "accuracy"][1:3]] == node["accuracy_interval"]
    assert {key[1] for key in table} == {*KINDS, "difference"}
    assert document["intervals"] == {"level": 0.95, "resamples": 1000, "seed": 0, "locations": 30, "reason": None,
                                     "stratified_by": "scene"}
    (difference,) = [pair for pair in document["comparisons"] if pair["metric"] == "accuracy"]
    assert difference["difference"] == document["systems"][0]["scores"]["accuracy"] - scores["accuracy"]
    assert json.loads(score(TABLES, ["one", "two"], TRUTH, view=View("json"))) == document


def test_every_two_systems_are_compared(tmp_path: Path) -> None:
    tables = [*TABLES, DATA / "one.output.csv"]
    score(tables, ["one", "two", "again"], TRUTH, json=tmp_path / "s.json")
    pairs = {(pair["first"], pair["second"], pair["metric"]): pair
             for pair in json.loads((tmp_path / "s.json").read_text())["comparisons"]}
    assert len(pairs) == 6
    assert pairs["one", "again", "log_loss"]["interval"] == [0, 0]
    assert pairs["one", "again", "log_loss"]["first_better"] == 0.5
    assert pairs["two", "again", "accuracy"]["first_better"] > 0.9


def test_without_locations_or_resamples_there_are_no_intervals(tmp_path: Path) -> None:
    bare = tmp_path / "truth.csv"
    bare.write_text("\n".join("\t".join(line.split("\t")[:2]) for line in TRUTH.read_text().splitlines()) + "\n")
    for truth, resamples, words in ((bare, 1000, "the recording location of 90 clips is not known"),
                                    (TRUTH, 0, "not asked for")):
        text = score(TABLES, ["one", "two"], truth, json=tmp_path / "s.json", resampling=Resampling(resamples))
        assert f"no intervals: {words}" in text
        assert "_interval" not in (tmp_path / "s.json").read_text()
        assert json.loads((tmp_path / "s.json").read_text())["comparisons"] == []


@pytest.mark.parametrize("year", ["2020", "2021", "2022", "2023"])
def test_the_editions_metric_comes_first(year: str) -> None:
    text = score(TABLES, ["one", "two"], TRUTH, edition=year)
    titles = ["Accuracy in percent", "Log loss in nats"]
    first = edition(year).metrics[0]
    assert sorted(titles, key=text.index) == (titles if first == "accuracy" else titles[::-1])
    assert f"Edition {year} ranks by" in text


def body(text: str) -> list[list[str]]:
    """The cells of a LaTeX table's lines of figures."""
    return [re.split(r" ?& ", line.removesuffix(r" \\")) for line in text.splitlines()
            if line.endswith(r"\\") and "& " in line]


def test_tables_of_the_papers() -> None:
    """Class-wise accuracy (zhao2021, Table 1), device-wise log loss (wang2023, Table 4), means (shao2022, Table 1)."""
    document = json.loads(score(TABLES, ["one", "two"], TRUTH, view=View("json")))
    systems = [system["scores"] for system in document["systems"]]

    def table(metric: str, *kinds: str) -> list[list[str]]:
        view = View("latex", [metric], kinds)
        return body(score(TABLES, ["one", "two"], TRUTH, resampling=Resampling(0), view=view))

    header, *lines = table("accuracy", "overall", "scene")
    assert header == ["", "clips", "one", "two"]
    assert [line[0] for line in lines] == ["overall", *(scene.replace("_", r"\_") for scene in taxonomy().scenes)]
    for line, scene in zip(lines[1:], taxonomy().scenes, strict=True):
        values = [100 * one["class_wise"][scene]["accuracy"] for one in systems]
        shown = [f"{value:.2f}" for value in values]
        best = [rf"\textbf{{{text}}}" if value == max(values) > min(values) else text
                for text, value in zip(shown, values, strict=True)]
        assert line[1:] == ["9", *best]
    assert [line[0] for line in table("log_loss", "device")[1:]] == ["a", "s1", "s4"]
    assert [line[0] for line in table("accuracy", "device-average")[1:]] == ["mean of all devices"]
    assert len(table("accuracy", "scene-device")) == 1 + 30


@pytest.mark.parametrize("form", FORMS)
def test_names_with_special_signs(form: str) -> None:
    text = score(TABLES, ["a_b & 50 %", "x|y*{}"], TRUTH, view=View(form, ["accuracy"], ["overall"]))
    assert {"text": "clips  a_b & 50 %", "md": r"| clips | a\_b & 50 % | x\|y\*{} |",
            "latex": r"& clips & a\_b \& 50 \% & x|y*\{\} \\"}[form] in text


def test_the_corpus_name_travels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Made:
        origin = "embedded"

    monkeypatch.setattr("task1.scoring.report.dataset", lambda name: Made)
    for path in TABLES:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "system.json").write_text('{"deviations": ["pix2pix"], "caveats": ["heard it"]}')
    mine = [tmp_path / path.name for path in TABLES]
    for form in FORMS:
        text = score(mine, ["ours", "theirs"], TRUTH, "made", tmp_path / "s.json", view=View(form))
        assert "SYNTHETIC" in text
        assert "ours: not done as the recipe asks: pix2pix" in text
        assert "ours: to know: heard it" in text
    written = json.loads((tmp_path / "s.json").read_text())
    assert (written["corpus"], written["embedded"]) == ("made", True)
    assert [system["label"] for system in written["systems"]] == ["ours", "theirs"]
    assert written["systems"][0]["system"]["deviations"] == ["pix2pix"]
    table = long_table(score(mine, ["a", "b"], TRUTH, "made", view=View("csv")))
    assert {line[-1] for line in table.values()} == {"made"}
    (tmp_path / "system.json").write_text("{")
    with pytest.raises(InputError, match="not JSON; delete it"):
        score(mine, ["ours", "theirs"], TRUTH)


def test_lenient_says_what_it_repaired(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = tmp_path / "odd.output.csv"
    odd.write_text(TABLES[0].read_text().replace("\t", ","))
    with pytest.raises(InputError, match="commas"):
        printed(capsys, odd, "--truth", TRUTH)
    text = printed(capsys, odd, "--truth", TRUTH, "--lenient", "--json", tmp_path / "s.json")
    assert re.search(r"odd: repaired: odd.output.csv.*commas", text)
    (system,) = json.loads((tmp_path / "s.json").read_text())["systems"]
    assert system["scores"]["log_loss"] == evaluate(read_outputs(TABLES[0]), read_truth(TRUTH))["log_loss"]
    assert "commas" in system["repairs"][0]


def test_a_single_clip_is_scored(tmp_path: Path) -> None:
    write_outputs(tmp_path / "x.output.csv", Outputs(("0.wav",), np.full((1, 10), 0.1)))
    (tmp_path / "t.csv").write_text("filename\tscene_label\n0.wav\tbus\n")
    for form in FORMS:
        text = score([tmp_path / "x.output.csv"], ["x"], tmp_path / "t.csv", view=View(form))
        assert "2.303" in text  # ln 10
        assert "0.00" in text


def test_systems_and_models_of_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = resolve("wang2023", "tiny")
    at = Layout(tmp_path / "runs" / "made-up")
    at.run.mkdir(parents=True)
    save_run(run, at.config)
    truth = [line.split("\t") for line in TRUTH.read_text().splitlines()[1:]]
    at.index(run.development).parent.mkdir()
    at.index(run.development).write_text("filename\tscene\tcity\tlocation\tdevice\tsplit\n" + "".join(
        f"{name}\t{scene}\t{place.split('-')[0]}\t{place}\t{device}\ttest\n" for name, scene, place, device in truth))
    model = next(iter(run.models))
    for path, table in ((at.output(1, "development"), TABLES[0]), (at.model_output(model, "development"), TABLES[1])):
        path.parent.mkdir(parents=True)
        path.write_bytes(table.read_bytes())
    (at.model(model) / "model.json").write_text('{"deviations": ["no noise masks"]}')
    text = printed(capsys, "--run", at.run, "--system", "1")
    assert f"Edition {run.edition} ranks by" in text
    assert "SYNTHETIC" in text
    (scored,) = json.loads(at.scores(1, "development").read_text())["systems"]
    assert scored["label"] == "system1"
    assert scored["scores"]["accuracy"] == evaluate(read_outputs(TABLES[0]), read_truth(TRUTH))["accuracy"]
    assert at.scores(1, "development").with_suffix(".csv").read_text().startswith("system,kind,group")
    assert f"{model}: not done as the recipe asks: {model}: no noise masks" in printed(
        capsys, "--run", at.run, "--model", model)
    (scored,) = json.loads(at.model_scores(model, "development").read_text())["systems"]
    assert (scored["label"], scored["system"]["deviations"]) == (model, [f"{model}: no noise masks"])
    with pytest.raises(InputError, match="no model nobody; there are"):
        printed(capsys, "--run", at.run, "--model", "nobody")


@pytest.mark.parametrize(("words", "told"), [
    ([], "expected output tables and --truth"),
    (["x.csv"], "expected output tables and --truth"),
    (["x.csv", "--truth", "t.csv", "--edition", "1999"], "--edition 1999: no such file"),
    (["x.csv", "--truth", "t.csv", "--corpus", "mine"], "--corpus mine: no such file"),
    (["x.csv", "--truth", "t.csv", "--label", "a", "b"], "2 labels for 1 tables"),
    (["a/x.csv", "b/x.csv", "--truth", str(TRUTH)], "label 'x' stands twice"),
    (["x.csv", "--run", "r", "--system", "1"], "--run takes --system K or --model NAME"),
    (["--run", "r"], "--run takes --system K or --model NAME"),
    (["--run", "nowhere", "--system", "1"], "this is not the folder of a run"),
])
def test_bad_requests_are_refused(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match=re.escape(told)):
        printed(capsys, *words)


def test_choices_of_the_verb_are_those_of_the_library() -> None:
    assert tuple(KINDS) == verb.GROUPS
    assert set(verb.FORMS) == {*FORMS, "csv", "json"}
    written: dict[str, Any] = json.loads(score(TABLES[:1], ["x"], TRUTH, view=View("json")))
    assert set(verb.METRICS.values()) <= {*written["systems"][0]["scores"], "expected_calibration_error"}
