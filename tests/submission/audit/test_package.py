"""Whole audits: what is given and what is not, other inputs than a run, damaged packages, ranks, digests, energy."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss, recall_score

from submission.audit import Audit, Given, audit
from submission.audit.claims import read_claims
from task1.config import edition, load_run, taxonomy
from task1.errors import InputError
from task1.layout import Layout
from task1.outputs import Outputs, read_outputs, write_outputs
from tests.submission.audit.conftest import ENERGY, Packed

FIRST, SECOND = "Wang_SCUT_task1_1", "Wang_SCUT_task1_2"
OVERALL = "results.development_dataset.overall"


def row(result: Audit, key: str, system: str = FIRST) -> Any:
    (found,) = [one for one in result.rows if one.key == key and one.system == system]
    return found


def test_a_package_of_ours_agrees_in_every_row(packed: Packed) -> None:
    result = packed.audit(run=packed.run)
    assert {one.verdict for one in result.rows} == {"agrees", "not claimed"}
    assert [one.key for one in result.rows if one.verdict == "not claimed"] == ["rank score"] * 2
    assert result.embedded
    assert row(result, "SHA-256 of the zip", "package").verdict == "agrees"


def test_recomputed_figures_are_those_of_other_libraries(packed: Packed) -> None:
    table = read_outputs(Layout(packed.run).output(1, "development"))
    true = [name.split("-")[0] for name in table.filenames]
    accuracy = recall_score(true, table.labels, average="macro", labels=list(taxonomy().scenes))
    loss = log_loss(true, table.probabilities / table.probabilities.sum(axis=1, keepdims=True),
                    labels=list(taxonomy().scenes))
    result = packed.audit(run=packed.run)
    assert float(row(result, f"{OVERALL}.accuracy").recomputed) == pytest.approx(100 * accuracy, abs=1e-6)
    assert float(row(result, f"{OVERALL}.logloss").recomputed) == pytest.approx(loss, abs=1e-7)


def test_with_the_zip_alone_nothing_is_said_to_agree_that_was_not_checked(packed: Packed) -> None:
    result = packed.audit()
    agreeing = {one.key for one in result.rows if one.verdict == "agrees" and one.system == FIRST}
    assert agreeing == {"overall accuracy = mean of class_wise", "submission.label", "results.corpus.title"}
    for key in ("system.complexity.macs", f"{OVERALL}.accuracy", "output table, values", "limit of size"):
        assert (row(result, key).verdict, bool(row(result, key).why)) == ("not given", True)
    assert row(result, "rank score", "package").verdict == "not given"


def test_files_instead_of_a_run(packed: Packed) -> None:
    result = packed.audit(**packed.sources)
    assert row(result, "development table, clips").verdict == "agrees"
    assert row(result, "output table, values").verdict == "agrees"
    assert row(result, "system.complexity.total_parameters", SECOND).recomputed == "60"
    assert "--run" in row(result, "system.energy_consumption.training").why


def test_overall_log_loss_follows_from_scenes_and_devices_with_a_list_alone(packed: Packed) -> None:
    result = packed.audit(truth=packed.sources["truth"])
    assert row(result, "overall logloss = mean of device_wise").verdict == "agrees"
    text = packed.members[packed.meta()].decode()
    claimed = yaml.safe_load(text)["results"]["development_dataset"]["overall"]["logloss"]
    path = packed.changed(packed.meta(), text.replace(f"logloss: {claimed}", f"logloss: {claimed + 0.01:.6f}").encode())
    wrong = packed.audit(path, truth=packed.sources["truth"])
    assert {one.key for one in wrong.failing if "logloss" in one.key} >= {
        "overall logloss = mean of class_wise", "overall logloss = mean of device_wise"}


def test_a_list_with_more_clips_shows_that_clips_were_left_out(packed: Packed, tmp_path: Path) -> None:
    source = Layout(packed.run).output(1, "development")
    table = read_outputs(source)
    write_outputs(tmp_path / "some.csv", Outputs(table.filenames[:80], table.probabilities[:80]))
    found = row(packed.audit(truth=packed.sources["truth"], outputs=[f"1={tmp_path / 'some.csv'}"]),
                "development table, clips")
    assert (found.verdict, found.claimed, found.recomputed) == ("differs", "80", "900")


def test_a_table_of_other_clips_is_not_scored(packed: Packed, tmp_path: Path) -> None:
    write_outputs(tmp_path / "other.csv", Outputs(("airport-oslo-1-1-a.wav",), np.full((1, 10), 0.1)))
    found = row(packed.audit(truth=packed.sources["truth"], outputs=[f"1={tmp_path / 'other.csv'}"]),
                f"{OVERALL}.accuracy")
    assert (found.verdict, "has 0 of them" in found.why) == ("not given", True)


def test_evaluation_scores_are_told_where_their_truth_is(packed: Packed) -> None:
    result = packed.audit(truth=[packed.run / "truth.csv"])
    assert row(result, "evaluation accuracy").verdict == "not claimed"
    table = read_outputs(Layout(packed.run).output(1, "evaluation"))
    right = np.mean([label == taxonomy().scenes[0] for label in table.labels])
    assert float(row(result, "evaluation accuracy").recomputed) == pytest.approx(100 * right, abs=1e-4)


def test_a_null_where_a_figure_can_be_recomputed(packed: Packed) -> None:
    text = packed.members[packed.meta()].decode()
    line = next(line for line in text.splitlines() if line.strip().startswith("macs:"))
    changed = packed.changed(packed.meta(), text.replace(line, "    macs: !!null").encode())
    result = packed.audit(changed, run=packed.run)
    assert (row(result, "system.complexity.macs").verdict, row(result, "system.complexity.macs").claimed) == (
        "not claimed", "null")


def test_a_system_over_the_limit(packed: Packed) -> None:
    rules = edition("2023")
    small = rules.model_copy(update={"size": rules.size.model_copy(update={"limit": 100})})
    result = audit(packed.zip, Given(run=packed.run), small)
    assert [(one.system, one.key) for one in result.failing] == [(SECOND, "limit of size")]
    assert row(result, "limit of size", SECOND).difference == "+20"


def test_rank_scores_are_the_editions_formula(packed: Packed) -> None:
    """Of two systems, the second twice as large and as costly; accuracy decides half of it."""
    result = packed.audit(run=packed.run)
    accuracies = [float(row(result, f"{OVERALL}.accuracy", system).recomputed) for system in (FIRST, SECOND)]
    first = 1 if accuracies[0] >= accuracies[1] else 2
    assert float(row(result, "rank score").recomputed) == 0.5 * first + 0.25 + 0.25


def test_energy_is_compared_with_the_runs(packed: Packed) -> None:
    (packed.run / "energy.json").write_text(json.dumps(ENERGY | {"training": 0.2, "inference": None}))
    result = packed.audit(run=packed.run)
    assert row(result, "system.energy_consumption.training").verdict == "differs"
    assert row(result, "system.energy_consumption.inference").verdict == "differs"
    assert row(result, "system.energy_consumption.baseline_inference").verdict == "agrees"


def test_bytes_are_held_against_the_record(packed: Packed) -> None:
    name = packed.table(2)
    changed = packed.changed(name, packed.members[name].replace(b"\n", b"\r\n"))
    result = packed.audit(changed, run=packed.run)
    assert {one.key for one in result.failing} == {"SHA-256 of the zip", f"SHA-256 of {SECOND}.output.csv"}
    assert row(result, "output table, values", SECOND).verdict == "agrees"  # the numbers are the same


@pytest.mark.parametrize("content", [
    "[]", "{}", '{"package": 1, "sha256": 2, "systems": [3]}',
    '{"package": 1, "sha256": 2, "systems": [], "members": 3}'])
def test_records_that_are_none(packed: Packed, tmp_path: Path, content: str) -> None:
    (tmp_path / "package.json").write_text(content)
    with pytest.raises(InputError, match="not the record of a package"):
        packed.audit(record=tmp_path / "package.json")


def test_other_weights_than_the_packaged_ones(packed: Packed) -> None:
    weights = Layout(packed.run).model("model1") / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    assert row(packed.audit(run=packed.run), "SHA-256 of the weights of model1", "package").verdict == "differs"


@pytest.mark.parametrize(("name", "change", "told"), [
    ("meta", lambda text: b"", "a mapping of keys"),
    ("meta", lambda text: b"key: [", "cannot be read"),
    ("meta", lambda text: b"a: &a [*a]", "cannot be read"),
    ("meta", lambda text: text + b"\nresults: 1\n", "cannot be read"),
    ("table", lambda text: b"", "empty"),
    ("table", lambda text: text.replace(b"0.wav", b"1.wav"), "row"),
    ("table", lambda text: text[:-30], "columns"),
])
def test_what_cannot_be_read_differs(packed: Packed, name: str, change: Callable[[bytes], bytes], told: str) -> None:
    member = getattr(packed, name)()
    result = packed.audit(packed.changed(member, change(packed.members[member])), run=packed.run)
    found = [one for one in result.failing if one.system == FIRST]
    assert found
    assert any(told in f"{one.key} {one.why}" for one in found)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=st.one_of(st.binary(max_size=200), st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=True), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(
        st.sampled_from(["submission", "system", "results", "development_dataset", "complexity", "overall", "accuracy",
                         "macs", "corpus", "name", "<<", "class_wise", "bus", "label"]), inner, max_size=4)),
    max_leaves=12).map(lambda tree: yaml.safe_dump(tree).encode())))
def test_no_meta_file_breaks_the_audit(packed: Packed, content: bytes) -> None:
    result = packed.audit(packed.changed(packed.meta(), content), truth=packed.sources["truth"])
    assert all(one.system and one.key and one.verdict for one in result.rows)


def test_merged_keys_are_claims_where_they_arrive() -> None:
    _, claims, _ = read_claims(b"a: &a {accuracy: 1.50}\nb:\n  <<: *a\n  logloss: 2\n", "meta.yaml")
    assert {key: claim.text for key, claim in claims.items()} == {
        "a.accuracy": "1.50", "b.accuracy": "1.50", "b.logloss": "2"}


@pytest.mark.parametrize(("option", "text", "told"), [
    ("outputs", "development.csv", "of which system"), ("models", "nothing.onnx", "no such file"),
    ("outputs", "7=development.csv", "of which system"),
])
def test_files_that_cannot_be_placed(packed: Packed, option: str, text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        packed.audit(**{option: [text]})


def test_names_and_folders_tell_the_system(packed: Packed, tmp_path: Path) -> None:
    layout = Layout(packed.run)
    named = tmp_path / f"{SECOND}.development.csv"
    named.write_bytes(layout.output(2, "development").read_bytes())
    result = packed.audit(truth=packed.sources["truth"], outputs=[str(layout.output(1, "development")), str(named)])
    assert {row(result, f"{OVERALL}.accuracy", system).verdict for system in (FIRST, SECOND)} == {"agrees"}
    with pytest.raises(InputError, match="second development table"):
        packed.audit(outputs=[str(layout.output(1, "development")), f"1={named}"])


def test_words_of_the_run_are_compared(packed: Packed) -> None:
    said = "model1: pruning to 0.4: not done"
    (packed.run / "system1" / "system.json").write_text(json.dumps({"deviations": [said]}))
    text = packed.members[packed.meta()].decode()
    for told, verdict in ((said, "agrees"), (said.replace("0.4", "0.5"), "differs")):
        changed = text.replace("  external_datasets:", f"  deviations:\n    - '{told}'\n  external_datasets:")
        path = packed.changed(packed.meta(), changed.encode())
        assert row(packed.audit(path, run=packed.run), "system.deviations[0]").verdict == verdict
    assert row(packed.audit(path), "system.deviations[0]").verdict == "not checkable"


def test_sampling_rate_of_the_networks(packed: Packed) -> None:
    text = packed.members[packed.meta()].decode().replace("44.1kHz", "44100 Hz")
    result = packed.audit(packed.changed(packed.meta(), text.encode()), models=packed.sources["models"])
    assert row(result, "system.description.input_sampling_rate").verdict == "agrees"
    assert load_run(packed.run).features.sample_rate == 44100
