"""Tables of a made-up run: figures against scikit-learn, the paper's beside ours, what is left out and why."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, log_loss

from submission import tables
from submission.cli import main
from submission.items import Item, read_items
from submission.results import Results
from submission.tables import networks
from task1.complexity import Complexity
from task1.complexity_tables import count_model
from task1.config import load_run, resolve, save_run, taxonomy
from task1.corpus.index import read_index
from task1.errors import InputError
from task1.files import write_json, write_text
from task1.layout import Layout
from task1.outputs import Outputs, align, read_outputs, write_outputs
from task1.scoring.report import score


def made(folder: Path) -> dict[str, Item]:
    return {item.name: item for item in tables.make(folder)}


def rows(folder: Path, item: Item) -> dict[str, dict[str, str]]:
    """The CSV, by the labels of its rows."""
    with (folder / "report" / item.files["csv"]).open(encoding="utf-8", newline="") as stream:
        return {next(iter(row.values())): row for row in csv.DictReader(stream)}


def score_model(folder: Path, name: str, seed: int) -> None:
    """Random predictions of a network, scored as `task1 score --run --model` does."""
    layout, run = Layout(folder), load_run(folder)
    clips = read_index(layout.index(run.development))["filename"].tolist()
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(10), len(clips))
    write_outputs(layout.model_output(name, "development"), Outputs(tuple(clips), probabilities))
    score([layout.model_output(name, "development")], [name], layout.index(run.development), run.development,
          layout.model_scores(name, "development"))


def test_by_scene_and_device_as_scikit_learn_has_it(make_run: Any) -> None:
    folder = make_run()
    score_model(folder, "model2", 1)
    layout, run = Layout(folder), load_run(folder)
    index = read_index(layout.index(run.development))
    outputs = align(read_outputs(layout.model_output("model2", "development")), index["filename"].tolist())
    truth = index["scene"].map(taxonomy().scenes.index).to_numpy()
    items = made(folder)
    accuracy, losses = (rows(folder, items[f"devices_{metric}"]) for metric in ("accuracy", "log_loss"))
    for device in ("a", "s1", "s6"):
        chosen = (index["device"] == device).to_numpy()
        assert float(accuracy[device.upper()]["model2"]) == pytest.approx(
            100 * balanced_accuracy_score(truth[chosen], outputs.decisions[chosen]))
        assert float(losses[device.upper()]["model2"]) == pytest.approx(
            log_loss(truth[chosen], outputs.probabilities[chosen], labels=range(10)), rel=1e-6)
    assert float(accuracy["Average over scenes"]["model2"]) == pytest.approx(
        100 * balanced_accuracy_score(truth, outputs.decisions))
    unseen = [float(accuracy[name]["model2"]) for name in ("S4", "S5", "S6")]
    assert float(accuracy["Mean of S4-S6"]["model2"]) == pytest.approx(np.mean(unseen))
    scenes = rows(folder, items["scenes_accuracy"])
    assert [*scenes][:10] == list(taxonomy().scenes)
    assert all(float(scenes[scene]["system1"]) == pytest.approx(100 * 6 / 9)  # the six seen devices of nine
               for scene in taxonomy().scenes)


def test_the_paper_stands_beside_us(make_run: Any) -> None:
    folder = make_run()
    items = made(folder)
    scenes, devices = rows(folder, items["scenes_accuracy"]), rows(folder, items["devices_log_loss"])
    assert scenes["Average over scenes"]["system1_paper"] == "53.3"
    assert "system2_paper" not in scenes["airport"]  # an ensemble that the paper does not have
    assert devices["S6"]["model1_paper"] == "1.368"
    assert devices["Mean of devices"]["model1_paper"] == "1.287"
    model = rows(folder, items["networks"])["model1"]
    assert (model["parameters"], model["parameters_paper"]) == ("45164", "45100.0")
    assert (model["macs"], model["macs_paper"], model["bytes"]) == ("8645641", "8640000.0", "90328")  # float16
    both = rows(folder, items["networks"])["system 2"]
    assert (both["role"], both["parameters"]) == ("mean of 2", str(2 * 45164))


def test_every_form_says_that_it_is_synthetic(make_run: Any) -> None:
    folder = make_run()
    for item in made(folder).values():
        texts = {form: (folder / "report" / path).read_text(encoding="utf-8") for form, path in item.files.items()}
        assert not texts or "EMBEDDED, SYNTHETIC" in item.caption
        for form, text in texts.items():
            assert ("embedded-1s-dev,yes" if form == "csv" else "EMBEDDED, SYNTHETIC") in text
    real = make_run("real", embedded=False, development="tau2022mobile_dev", evaluation="tau2023mobile_eval")
    for item in made(real).values():
        assert all("EMBEDDED" not in (real / "report" / path).read_text() for path in item.files.values())


def test_the_same_run_gives_the_same_bytes(make_run: Any) -> None:
    folder = make_run()
    made(folder)
    first = {path.name: path.read_bytes() for path in (folder / "report" / "tables").iterdir()}
    made(folder)
    assert {path.name: path.read_bytes() for path in (folder / "report" / "tables").iterdir()} == first
    assert len(first) == 4 * 5
    assert not any(str(folder.parents[2]).encode() in content for content in first.values())


def test_scores_that_are_not_there_leave_the_others(make_run: Any) -> None:
    folder = make_run()
    for path in (folder / "scores").iterdir():
        path.unlink()
    items = made(folder)
    assert "no system is scored" in items["scenes_accuracy"].missing
    assert "no run of this entry with other settings" in items["variants"].missing
    assert items["networks"].files
    assert rows(folder, items["networks"])["model1"]["accuracy"] == ""


def test_scores_of_another_table_are_refused(make_run: Any) -> None:
    folder = make_run()
    table = Layout(folder).output(1, "development")
    write_text(table, table.read_text(encoding="utf-8").replace("\n", "\r\n"))
    with pytest.raises(InputError, match="scores of another table"):
        tables.make(folder)
    write_text(Layout(folder).scores(1, "development"), '{"systems": []}')
    with pytest.raises(InputError, match="not the scores of one table"):
        tables.make(folder)


def test_int8_against_float(make_run: Any) -> None:
    models = load_run(make_run("plain")).model_dump(mode="json")["models"]
    models["model1"]["compression"] = {"weights": "int8", "quantization_aware_from_epoch": 0}
    folder = make_run("int8", models=models)
    assert "quantization.json" in made(folder)["quantization"].missing
    scores = {form: {"accuracy": value, "log_loss": 1.0 + value} for form, value in
              (("before", 0.534), ("simulated", 0.531), ("executed", 0.53))}
    write_json(Layout(folder).quantization, {"models": [{
        "model": "model1", "before_is": "the weights", "before_epoch": 3, **scores, "agreement": 0.995,
        "float_operations": {"Conv": 1}, "file_bytes": 138926}]})
    item = made(folder)["quantization"]
    row = rows(folder, item)["model1"]
    assert (row["before_paper"], row["executed_paper"], row["bytes"]) == ("53.4", "53.3", "138926")
    assert float(row["lost"]) == pytest.approx(0.4)
    text = (folder / "report" / item.files["md"]).read_text(encoding="utf-8")
    assert "before is the weights (epoch 3)" in text
    assert "not executed on integers" in text


def test_variants_that_lie_beside(make_run: Any) -> None:
    folder = make_run()
    beside = folder.parent / "kept"
    run = load_run(folder).model_copy(update={"settings": ("variant=authors_code",)})
    beside.mkdir()
    save_run(run, beside / "config.yaml")
    (folder.parent / "foreign").mkdir()
    (folder.parent / "foreign" / "config.yaml").write_text("a: [", encoding="utf-8")
    assert "no network is scored in all of the runs" in made(folder)["variants"].missing
    for where, seed in ((folder, 1), (beside, 2)):
        score_model(where, "model2", seed)
    item = made(folder)["variants"]
    found = rows(folder, item)
    assert list(found) == ["model2, as the entry has it", "paper", "model2, variant=authors_code"]
    assert found["paper"]["accuracy"] == "56.4"  # of the entry as it is; of its variant nothing is printed
    assert "../kept/scores/model.model2.development.json" in item.made_from
    assert set(found["model2, as the entry has it"]) == {
        "recipe", "accuracy", "device_a", "device_b", "device_c", "device_average_all", "device_average_real_seen",
        "device_average_simulated_seen", "device_average_simulated_unseen", "corpus", "embedded"}


def test_figures_that_are_no_test_are_told(make_run: Any) -> None:
    models = load_run(make_run("plain")).model_dump(mode="json")["models"]
    models["model1"]["training"] |= {"data": "all", "validation_share": 0.0}
    folder = make_run("heard", models=models)
    text = (folder / "report" / made(folder)["scenes_accuracy"].files["md"]).read_text(encoding="utf-8")
    assert "- system 1, system 2: trained on the test clips" in text


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Results:
    """ye2024 without any scores; every network is counted as the smallest one, which is quicker."""
    run = resolve("ye2024", "full")
    small = count_model(run, "large_without_dssdb")

    def counted(*_: object) -> Complexity:
        return small

    monkeypatch.setattr("submission.results.count_model", counted)
    return Results(Layout(tmp_path / "work" / "runs" / "study"), run)


def test_comparison_and_ablation(study: Results) -> None:
    comparison, ablation = networks.comparison(study), networks.ablation(study)
    assert not isinstance(comparison, str)
    assert not isinstance(ablation, str)
    assert [row.label for row in comparison.rows] == [
        "resnet", "mobilenet_v1", "mobilenet_v2", "mobilenet_v3", "inception_v1", "large", "middle", "small"]
    printed = {row.label: row.cells["accuracy_paper"].as_printed for row in comparison.rows}  # type: ignore[union-attr]
    assert (printed["inception_v1"], printed["small"]) == ("48.89", "65.26")
    assert [row.label for row in ablation.rows] == ["large", "large_without_dsso", "large_without_dssdb"]
    assert ablation.rows[2].cells["macs_paper"].as_printed == "14.12G"  # type: ignore[union-attr]
    assert any(note.startswith("MACs as the paper counts (thop): large ") for note in ablation.notes)


def test_as_the_paper_counts(tmp_path: Path) -> None:
    table = networks.complexity(Results(Layout(tmp_path / "w" / "runs" / "r"), resolve("shao2022", "full")))
    assert not isinstance(table, str)
    assert ("Parameters as the paper counts (keras total): teacher_x 473,898, student1 120,218, student2 127,162, "
            "student3 126,074") in table.notes


def test_the_verb_tells_what_it_leaves_out(make_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_run()
    assert main(["figures", "--run", str(folder)]) == 0
    told = capsys.readouterr().out
    assert "table variants: left out: no run of this entry" in told
    assert "figure device_spectra: left out: the features are not stored" in told
    items = read_items(folder)
    assert items.embedded
    assert items.named("devices_accuracy") is not None
    assert items.named("variants") is None
    assert {item.name for item in items.left_out} >= {"variants", "device_spectra", "learning_curves_loss"}
    for item in items.items:
        assert set(item.files) == ({"tex", "md", "csv", "json"} if item.kind == "table" else {"svg", "pdf", "png"})
        assert all((folder / "report" / path).is_file() for path in item.files.values())
        assert item.made_from
        assert not any(Path(path).is_absolute() for path in item.made_from)
    assert str(folder.parents[2]) not in (folder / "report" / "items.json").read_text(encoding="utf-8")


def test_a_list_that_is_none(make_run: Any) -> None:
    folder = make_run()
    with pytest.raises(InputError, match="no such file; run `submission figures"):
        read_items(folder)
    write_text(folder / "report" / "items.json", json.dumps({"items": [{}]}))
    with pytest.raises(InputError, match="not a list of tables and figures"):
        read_items(folder)
