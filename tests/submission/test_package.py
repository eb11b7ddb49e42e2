"""The package of a made-up run: what it holds, its bytes, and what is refused."""

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typst
import yaml
from safetensors.torch import save_file
from torch import nn

from submission.cli import main
from submission.package import notes, package
from submission.report import write_report
from submission.validate import validate_package
from task1.config import META, Entry, edition, load, load_run, names, taxonomy
from task1.errors import InputError
from task1.layout import Layout
from task1.outputs import Outputs, write_outputs
from task1.workflow.summary import print_summary

HEADER = "filename\tscene_label\t" + "\t".join(taxonomy().scenes)
PARAMETERS = 30  # of the made-up network: 10 x 2 weights and 10 biases, four of them zero


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def meta(path: Path, index: int) -> dict[str, Any]:
    tree: dict[str, Any] = next(yaml.safe_load(content) for name, content in contents(path).items()
                                if name.endswith(f"_{index}.meta.yaml"))
    return tree


def test_members_lie_where_the_validator_of_2023_looks(make_run: Any) -> None:
    assert list(contents(package(make_run()))) == [
        "task1/Wang_SCUT_task1_1/Wang_SCUT_task1_1.meta.yaml", "task1/Wang_SCUT_task1_1/Wang_SCUT_task1_1.output.csv",
        "task1/Wang_SCUT_task1_2/Wang_SCUT_task1_2.meta.yaml", "task1/Wang_SCUT_task1_2/Wang_SCUT_task1_2.output.csv"]


def test_members_of_editions_with_a_root_folder(make_run: Any) -> None:
    names_2021 = list(contents(package(make_run(edition="2021"))))
    assert names_2021[0] == "submission/task1/Wang_SCUT_task1a_1/Wang_SCUT_task1a_1.meta.yaml"


def test_output_table_is_the_official_one_in_the_order_of_the_list(make_run: Any) -> None:
    table = contents(package(make_run()))["task1/Wang_SCUT_task1_1/Wang_SCUT_task1_1.output.csv"].decode()
    low, high = "0.05", "0.55"
    rows = [f"{i}.wav\t{taxonomy().scenes[i]}\t" + "\t".join(high if i == j else low for j in range(10))
            for i in range(3)]
    assert table == "\n".join([HEADER, *rows]) + "\n"


def test_figures_in_the_meta_file(make_run: Any) -> None:
    path = package(make_run())
    first, ensemble = meta(path, 1), meta(path, 2)
    complexity = first["system"]["complexity"]
    assert complexity == {"total_model_size": 2 * PARAMETERS, "total_parameters": PARAMETERS,
                          "total_parameters_non_zero": PARAMETERS - 4, "macs": PARAMETERS * 256 * 44}
    assert ensemble["system"]["complexity"] == {key: 2 * value for key, value in complexity.items()}
    assert first["system"]["description"]["ensemble_method_subsystem_count"] is None
    assert ensemble["system"]["description"]["ensemble_method_subsystem_count"] == 2
    assert ensemble["system"]["description"]["decision_making"] == "average"
    assert ensemble["submission"]["name"] == "Both (embedded corpus)"
    assert ensemble["submission"]["abbreviation"] == "BOTH"
    results = first["results"]["development_dataset"]
    # six devices always right at 0.91, three always wrong at 0.01
    assert results["overall"] == {"accuracy": pytest.approx(100 * 6 / 9, abs=1e-4),
                                  "logloss": pytest.approx((-6 * np.log(0.91) - 3 * np.log(0.01)) / 9, abs=1e-6)}
    assert results["device_wise"]["s3"]["accuracy"] == 100.0
    assert results["device_wise"]["s4"] == {"accuracy": 0.0, "logloss": pytest.approx(-np.log(0.01), abs=1e-6)}
    assert list(results["class_wise"]) == list(taxonomy().scenes)
    assert list(results["device_wise"]) == ["a", "b", "c", "s1", "s2", "s3", "s4", "s5", "s6"]


@pytest.mark.parametrize("name", names("editions"))
def test_every_required_key_of_the_edition_is_there_with_its_type(make_run: Any, name: str) -> None:
    """A second reading of the key list, without the code that writes or checks."""
    tree = meta(package(make_run(edition=name)), 1)
    kinds = {"string": str, "number": float, "integer": int, "boolean": bool, "mapping": dict, "list": list}
    read = 0
    for key in edition(name).meta_keys:
        value: Any = tree
        for part in key.path.split("."):
            value = value[0] if isinstance(value, list) and value else value
            value = value.get(part) if isinstance(value, dict) else None
        if value is None:
            assert key.nullable or not key.required or key.path.startswith("system.external_datasets."), key.path
        else:
            assert type(value) is kinds[key.type], key.path
            read += 1
    assert read > 50


def test_keys_come_in_the_templates_order_with_its_comments(make_run: Any) -> None:
    text = contents(package(make_run()))["task1/Wang_SCUT_task1_1/Wang_SCUT_task1_1.meta.yaml"].decode()
    places = [text.index(f"\n{2 * ' ' * path.count('.')}{path.rpartition('.')[2]}:")
              for path in (key.path for key in edition("2023").meta_keys) if path.startswith("system.")
              and not path.startswith("system.external_datasets.")]
    assert places == sorted(places)
    assert f"# {edition('2023').meta_keys[0].comment[:60]}" in text


def test_the_same_run_gives_the_same_bytes(make_run: Any) -> None:
    first, second = package(make_run("one")), package(make_run("two"))
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert {(entry.date_time, entry.external_attr, entry.extra, entry.create_system)
                for entry in archive.infolist()} == {((1980, 1, 1, 0, 0, 0), 0o100644 << 16, b"", 3)}
    record = json.loads((first.parent / "package.json").read_text())
    assert record == json.loads((second.parent / "package.json").read_text())
    assert (record["package"], record["clips"], record["embedded"]) == (first.name, 3, True)
    assert [(one["severity"], one["found"]) for one in record["findings"]] == [
        ("warning", "no technical report"),
        ("warning", f"{2 * PARAMETERS} bytes for {PARAMETERS} total_parameters (2 bytes each)"),  # told: int8
        ("warning", f"{4 * PARAMETERS} bytes for {2 * PARAMETERS} total_parameters (2 bytes each)"),
        ("warning", "the table of Wang_SCUT_task1_1 again"),  # made-up systems predict the same
        ("warning", "results on the embedded corpus (synthetic recordings)")]


def test_embedded_corpus_is_marked_in_name_text_and_key(make_run: Any) -> None:
    path = package(make_run())
    assert path.name == "Wang_SCUT_task1_embedded-corpus.zip"
    for name, content in contents(path).items():
        if name.endswith(".yaml"):
            assert b"# EMBEDDED CORPUS" in content
            assert yaml.safe_load(content)["results"]["corpus"]["origin"] == "embedded"


def test_recorded_corpus_needs_the_whole_evaluation_set(make_run: Any) -> None:
    folder = make_run(embedded=False, development="tau2022mobile_dev", evaluation="tau2023mobile_eval")
    with pytest.raises(InputError, match=r"3 clips, but edition 2023 evaluates 118,800"):
        package(folder)


def test_recorded_corpus_is_not_marked(make_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = edition("2023").model_copy(update={"output_rows": 3})
    monkeypatch.setattr("submission.package.edition", lambda _: rules)
    path = package(make_run(embedded=False, development="tau2022mobile_dev", evaluation="tau2023mobile_eval"))
    assert path.name == "Wang_SCUT_task1.zip"
    assert b"EMBEDDED" not in b"".join(contents(path).values())
    assert meta(path, 1)["results"]["corpus"]["origin"] == "recorded"
    assert meta(path, 1)["submission"]["name"] == "Deep separable multi-scale networks"


def test_over_the_limits_nothing_is_written(make_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_run()
    big = nn.Sequential(nn.Conv2d(2, 300, 21), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(300, 10))
    monkeypatch.setattr("task1.inference.build", lambda _: big)
    for name in ("model1", "model2"):
        save_file(big.state_dict(), folder / "models" / name / "model.safetensors")
    with pytest.raises(InputError) as caught:
        package(folder)
    size = 2 * sum(p.numel() for p in big.parameters())
    assert f"Wang_SCUT_task1_1: all parameters: {size:,} bytes, over the limit of 128,000" in str(caught.value)
    assert f"Wang_SCUT_task1_2: all parameters: {2 * size:,} bytes" in str(caught.value)
    assert "MACs (torchinfo), over the limit of 30,000,000" in str(caught.value)
    assert not Layout(folder).submission.exists()


@pytest.mark.parametrize("label", ["Wang_SCUT_X", "../Wang_SCUT", "Wang_SC.UT", "Wang", "Wang_S/CUT", "Wang_SCÜT"])
def test_unsafe_labels_are_refused(make_run: Any, label: str) -> None:
    folder = make_run()
    config = Layout(folder).config
    config.write_text(config.read_text().replace("Wang_SCUT", label), encoding="utf-8")
    with pytest.raises(InputError, match="label"):
        package(folder)


def with_systems(folder: Path, **changes: Any) -> None:
    """Change keys of system 2 in a run that is there already."""
    config = Layout(folder).config
    content = yaml.safe_load(config.read_text(encoding="utf-8"))
    content["systems"]["2"].update(changes)
    config.write_text(yaml.safe_dump(content), encoding="utf-8")


def test_a_system_that_is_not_submitted_is_counted_and_told(make_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_run()
    with_systems(folder, submitted=False)
    assert main(["package", "--run", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "Wang_SCUT_task1_2 is not in the package: marked `submitted: false` in its entry\n" in said
    path = Path(said.splitlines()[-1])
    assert {name.split("/")[1] for name in contents(path)} == {"Wang_SCUT_task1_1"}
    first, second = json.loads((path.parent / "package.json").read_text())["systems"]
    assert (first["packaged"], first["left_out"]) == (True, None)
    assert (second["packaged"], second["parameters"]) == (False, 2 * PARAMETERS)
    assert "Wang_SCUT_task1_2 is not in the package: marked" in write_report(folder)[1].read_text()
    print_summary(load_run(folder), Layout(folder))
    assert "Not in the package:\n  Wang_SCUT_task1_2: marked `submitted: false`" in capsys.readouterr().out


def test_fusions_over_the_limit_are_left_out_and_the_single_networks_packed(
        make_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_run()
    with_systems(folder, submitted=False)
    rules = edition("2023")
    size = rules.size.model_copy(update={"limit": 3 * PARAMETERS})  # one network of two bytes a weight, not two
    monkeypatch.setattr("submission.package.edition", lambda _: rules.model_copy(update={"size": size}))
    path = package(folder)
    assert notes(path)[0] == (f"Wang_SCUT_task1_2 is not in the package: all parameters: {4 * PARAMETERS} bytes, "
                              f"over the limit of {3 * PARAMETERS}")
    with_systems(folder, submitted=True)
    with pytest.raises(InputError, match=r"(?s)submitted: false.*task1_2: all parameters: 120 bytes, over"):
        package(folder)


def test_a_run_without_a_system_to_submit_is_refused(make_run: Any) -> None:
    folder = make_run(systems={1: {"models": ["model1"], "submitted": False}})
    with pytest.raises(InputError, match=r"no system to package, expected one without `submitted: false`"):
        package(folder)


def test_the_technical_report_is_taken_in(make_run: Any) -> None:
    folder = make_run(edition="2021")
    report = Layout(folder).report / "technical_report.pdf"
    report.parent.mkdir()
    report.write_bytes(typst.compile(b"#set document(date: none)\nReport"))
    path = package(folder)
    assert contents(path)["submission/task1/Wang_SCUT_task1a.technical_report.pdf"] == report.read_bytes()
    assert not any("technical report" in note for note in notes(path))
    report.write_bytes(b"%PDF-1.7 cut")
    with pytest.raises(InputError, match=r"technical_report\.pdf: no %%EOF at the end"):
        package(folder)


def test_energy_is_null_unless_it_was_measured(make_run: Any) -> None:
    folder = make_run()
    (block,) = {str(meta(package(folder), index)["system"]["energy_consumption"]) for index in (1, 2)}
    assert block == "{'training': None, 'inference': None, 'baseline_inference': None}"
    (folder / "energy.json").write_text('{"training": 0.25, "inference": 0.001, "unit": "kWh"}')
    assert meta(package(folder), 1)["system"]["energy_consumption"] == {
        "training": 0.25, "inference": 0.001, "baseline_inference": None}


@pytest.mark.parametrize("text", ["{", "[]", '{"training": -1}', '{"training": "much"}', '{"inference": NaN}',
                                  '{"inference": true}'])
def test_energy_that_cannot_be_is_refused(make_run: Any, text: str) -> None:
    folder = make_run()
    (folder / "energy.json").write_text(text)
    with pytest.raises(InputError, match=r"energy\.json: "):
        package(folder)


@pytest.mark.parametrize("name", names("editions"))
def test_every_package_validates_when_it_is_read_again(make_run: Any, name: str) -> None:
    path = package(make_run(edition=name))
    report = validate_package(path, clips=["0.wav", "1.wav", "2.wav"])
    assert (report.errors, report.labels) == ([], tuple(f"Wang_SCUT_{edition(name).task_label}_{i}" for i in (1, 2)))
    assert report.rules.name == name


@pytest.mark.parametrize("name", ["zhao2021", "shao2022", "wang2023", "ye2024"])
def test_labels_and_texts_of_every_entry_make_a_package_of_its_edition(make_run: Any, name: str) -> None:
    entry = load(Entry, META / "entries" / f"{name}.yaml")
    written = entry.model_dump(mode="json")
    path = package(make_run(edition=entry.edition, authors=written["authors"], texts=written["texts"]))
    report = validate_package(path, clips=["0.wav", "1.wav", "2.wav"])
    assert (report.errors, report.rules.name) == ([], entry.edition)
    assert not any("submission." in finding.at or "description" in finding.at for finding in report.warnings)


def test_a_bad_package_does_not_stay_and_a_good_one_is_not_overwritten(make_run: Any) -> None:
    folder = make_run()
    good = package(folder).read_bytes()
    layout = Layout(folder)
    config = layout.config.read_text()
    layout.config.write_text(config.replace("corresponding: true", "corresponding: false"), encoding="utf-8")
    with pytest.raises(InputError, match=r"(?s)not written.*0 corresponding authors"):
        package(folder)
    assert [path.name for path in sorted(layout.submission.iterdir())] == [
        "Wang_SCUT_task1_embedded-corpus.zip", "package.json"]
    assert (layout.submission / "Wang_SCUT_task1_embedded-corpus.zip").read_bytes() == good


def test_scores_of_another_table_are_refused(make_run: Any) -> None:
    folder = make_run()
    table = Layout(folder).output(1, "development")
    write_outputs(table, Outputs(("airport-lyon-1-1-a.wav",), np.full((1, 10), 0.1)))
    with pytest.raises(InputError, match=r"system1\.development\.json: scores of another table"):
        package(folder)


def test_clips_that_are_missing_are_named(make_run: Any) -> None:
    folder = make_run()
    table = Layout(folder).output(2, "evaluation")
    write_outputs(table, Outputs(("0.wav", "1.wav"), np.full((2, 10), 0.1)))
    with pytest.raises(InputError, match=r"1 missing \(first: 2\.wav\)"):
        package(folder)


@pytest.mark.parametrize("lost", ["config.yaml", "models/model2/model.json", "system1/evaluation.output.csv",
                                  "scores/system2.development.json"])
def test_what_is_missing_is_told_in_one_sentence(make_run: Any, lost: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_run()
    (folder / lost).unlink()
    assert main(["package", "--run", str(folder)]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("submission: ")
    assert lost.removesuffix("/model.json") in said


def test_weights_of_another_network_are_told(make_run: Any) -> None:
    folder = make_run()
    (folder / "models/model1/model.safetensors").write_bytes(b"not safetensors")
    with pytest.raises(InputError, match=r"models/model1: damaged model"):
        package(folder)


def test_the_verb_prints_the_path(make_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_run()
    shutil.rmtree(folder / "submission", ignore_errors=True)
    assert main(["package", "--run", str(folder)]) == 0
    *notes, path = capsys.readouterr().out.splitlines()
    assert Path(path).exists()
    assert notes[0] == ("warning: package: no technical report; expected "
                        "task1/Wang_SCUT_task1.technical_report.pdf")


def test_sizes_are_those_of_what_ships_not_of_what_the_recipe_asks_for(make_run: Any) -> None:
    folder = make_run()
    said = folder / "models" / "model1" / "model.json"
    said.write_text(json.dumps(json.loads(said.read_text()) | {"weights": "float32"}))
    assert meta(package(folder), 1)["system"]["complexity"]["total_model_size"] == 4 * PARAMETERS


def test_what_was_not_executed_is_said_in_the_meta_file(make_run: Any) -> None:
    folder = make_run()
    scores = folder / "scores" / "system1.development.json"
    content = json.loads(scores.read_text())
    content["systems"][0]["system"] = {"deviations": ["model1: not pruned"]}
    scores.write_text(json.dumps(content))
    path = package(folder)
    assert meta(path, 1)["system"]["deviations"] == ["model1: not pruned"]
    assert "deviations" not in meta(path, 2)["system"]


def test_networks_of_another_recipe_are_refused(make_run: Any) -> None:
    folder = make_run()
    config = folder / "config.yaml"
    config.write_text(config.read_text().replace("weights: float16", "weights: float32"), encoding="utf-8")
    with pytest.raises(InputError, match="trained by another recipe"):
        package(folder)
