"""The facts under meta/: they load, agree with each other, and agree with the real lists."""

import argparse
import csv
import gzip
from collections import Counter
from pathlib import Path

import pytest
import yaml

from task1.commands import facts as verb
from task1.config import META, dataset, edition, names, taxonomy
from task1.config.everything import check_everything
from task1.config.facts import Dataset, SplitCounts

RECORDED = [name for name in names("datasets") if dataset(name).origin == "recorded"]
EMBEDDED = [name for name in names("datasets") if dataset(name).origin == "embedded"]


def _arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    verb.register(parser.add_subparsers())
    return parser.parse_args(["check", *words])


def _rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def test_every_file_is_right() -> None:
    checked = list(check_everything())
    assert [file.problem for file in checked if file.problem] == []
    assert {file.path.parent.name for file in checked} == {
        "meta", "datasets", "editions", "profiles", "entries", "published", "claims", "leaderboards"}


def test_the_verb_prints_a_line_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = _arguments()
    assert arguments.handler(arguments) == 0
    printed = capsys.readouterr().out
    for folder in ("datasets", "editions", "profiles", "entries"):
        for name in names(folder):
            assert f"{META / folder / name}.yaml: " in printed


def test_the_verb_finds_a_wrong_entry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entry = tmp_path / "mine.yaml"
    entry.write_text((META / "entries" / "cp_mobile.yaml").read_text().replace("epochs: 150", "epochs: 0"))
    arguments = _arguments("wang2023", str(entry))
    assert arguments.handler(arguments) == 1
    printed = capsys.readouterr().out
    assert f"WRONG {entry}, line " in printed
    assert "training.epochs: found 0, expected greater than 0" in printed
    assert "one of these files is wrong" in printed


def test_scenes_are_in_official_order() -> None:
    assert list(taxonomy().scenes) == sorted(taxonomy().scenes)
    assert len(taxonomy().scenes) == 10
    for index, parent in enumerate(taxonomy().parents):
        assert taxonomy().scenes[index] in taxonomy().super_classes[parent].scenes


def _splits(facts: Dataset) -> dict[str, SplitCounts]:
    found = {"train": facts.counts.train, "test": facts.counts.test, "unused": facts.counts.unused}
    return {name: split for name, split in found.items() if split}


@pytest.mark.parametrize("name", names("datasets"))
def test_counts_add_up(name: str) -> None:
    facts = dataset(name)
    splits = _splits(facts)
    for split in splits.values():
        for numbers in (split.per_device, split.per_scene, split.per_city):
            assert not numbers or sum(numbers.values()) == split.files
    if splits:
        assert sum(split.files for split in splits.values()) == facts.counts.files
    if facts.counts.per_device:
        assert sum(facts.counts.per_device.values()) == facts.counts.files
        if all(split.per_device for split in splits.values()):
            devices = sum((Counter(split.per_device) for split in splits.values()), Counter())
            assert not splits or devices == Counter(facts.counts.per_device)


@pytest.mark.parametrize("name", names("datasets"))
def test_names_of_devices_scenes_and_cities_are_known(name: str) -> None:
    facts, known = dataset(name), taxonomy()
    devices = {*known.devices["real"], *known.devices["simulated"]}
    cities = {*known.development_cities, *known.evaluation_only_cities}
    assert set(facts.counts.per_device) <= devices
    for split in _splits(facts).values():
        assert set(split.per_device) <= devices
        assert set(split.per_scene) in (set(), set(known.scenes))
        assert set(split.per_city) <= cities
    if facts.synthetic:
        assert set(facts.synthetic.cities) <= cities


@pytest.mark.parametrize("name", EMBEDDED)
def test_sizes_of_the_embedded_corpus_follow_from_its_plan(name: str) -> None:
    facts = dataset(name)
    plan = facts.synthetic
    assert plan is not None
    for part, counts in _splits(facts).items():
        share = getattr(plan, part)
        places = len(taxonomy().scenes) * len(plan.cities) * share.locations_per_scene_and_city
        assert 0 < (counts.locations or 0) <= places
        assert counts.per_device == {device: recordings * plan.segments_per_moment
                                     for device, recordings in share.devices.items()}
    seen = set(taxonomy().seen_devices)
    if facts.part == "development":
        assert plan.train is not None
        assert set(plan.train.devices) == seen
        assert set(plan.test.devices) == seen | {"s4", "s5", "s6"}
        assert set(plan.cities) <= set(taxonomy().development_cities)
    else:
        assert set(plan.test.devices) == seen | {"d", "s7", "s8", "s9", "s10"}
        assert set(plan.cities) & set(taxonomy().evaluation_only_cities)


@pytest.mark.parametrize("name", RECORDED)
def test_manifests_equal_the_reference(name: str, reference: Path) -> None:
    known = yaml.safe_load((reference / "datasets.yaml").read_text())["datasets"]
    theirs = known[f"{name}_superseded" if name.endswith("_v1") else name]
    ours = dataset(name)
    assert ours.record is not None
    assert (ours.record.id, ours.root_dir) == (theirs["zenodo_record"], theirs["root_dir"])
    assert [archive.model_dump() for archive in ours.record.archives] == theirs["archives"]
    assert ours.counts.files == theirs["counts"]["files_total"]
    assert ours.record.files_url.endswith(f"/{ours.record.id}/files/")


@pytest.mark.parametrize("year", ["2020", "2022"])
def test_counts_equal_the_real_lists(year: str, reference: Path) -> None:
    lists = reference / "tau-lists"
    prefix = f"tau{year}-mobile-dev"
    rows = _rows(lists / f"{prefix}.meta.csv.gz")
    split_of = {row["filename"]: split for split in ("train", "test")
                for row in _rows(lists / f"{prefix}.fold1_{split}.csv.gz")}
    counts = dataset(f"tau{year}mobile_dev").counts
    assert counts.files == len(rows)
    assert counts.per_device == Counter(row["source_label"] for row in rows)
    for name, split in _splits(dataset(f"tau{year}mobile_dev")).items():
        chosen = [row for row in rows if split_of.get(row["filename"], "unused") == name]
        assert split.files == len(chosen)
        assert split.locations == len({row["identifier"] for row in chosen})
        assert split.per_device == Counter(row["source_label"] for row in chosen)
        assert split.per_scene == Counter(row["scene_label"] for row in chosen)
        assert split.per_city == Counter(row["identifier"].partition("-")[0] for row in chosen)


def test_the_evaluation_list_of_2020_is_as_long_as_its_table(reference: Path) -> None:
    rows = _rows(reference / "tau-lists" / "tau2020-mobile-eval.fold1_test.csv.gz")
    assert edition("2020").output_rows == dataset("tau2020mobile_eval").counts.files == len(rows)


@pytest.mark.parametrize("name", names("editions"))
def test_trees_of_the_meta_file_are_complete(name: str) -> None:
    rules = edition(name)
    paths = [key.path for key in rules.meta_keys]
    assert len(set(paths)) == len(paths)
    types = {key.path: key.type for key in rules.meta_keys}
    results = "results.development_dataset"
    devices = [device for kind in ("real", "simulated") for device in taxonomy().devices[kind]
               if device in dataset(rules.datasets["development"]).counts.per_device]
    for group, members in (("class_wise", taxonomy().scenes), ("device_wise", tuple(devices))):
        inside = [path.split(".") for path in paths if path.startswith(f"{results}.{group}.")]
        assert tuple(parts[3] for parts in inside if len(parts) == 4) == members
        for member in members:
            assert {types[f"{results}.{group}.{member}.{score}"] for score in ("accuracy", "logloss")} == {"number"}
    for key in rules.meta_keys:
        parent = key.path.rpartition(".")[0]
        assert types.get(parent, "mapping") in ("mapping", "list")
        assert parent not in paths or paths.index(parent) < paths.index(key.path)
        # what a list holds is required of each of its elements, of which a null has none
        nullable = parent in paths and types[parent] != "list" and rules.meta_keys[paths.index(parent)].nullable
        assert not (key.required and nullable)


def test_limits_are_those_of_the_rules() -> None:
    kib, kb = 1024, 1000
    assert edition("2020").size.limit is None
    assert (edition("2021").size.limit, edition("2021").size.counted) == (128 * kib, "non_zero")
    assert edition("2021").size.limit == 32768 * 4 == 65536 * 2
    assert (edition("2022").size.limit, edition("2022").size.as_) == (128 * kb, "count")
    assert (edition("2023").size.limit, edition("2023").size.as_) == (128 * kb, "bytes")
    assert [edition(name).macs.limit for name in names("editions")] == [None, None, 30_000_000, 30_000_000]
    assert sum(edition("2023").ranking.weights.values()) == 1
