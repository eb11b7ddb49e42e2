import gzip
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from task1.commands.corpus_index import summary
from task1.config import Dataset, check, dataset
from task1.corpus.folds import validation_split
from task1.corpus.index import COLUMNS, build_index, read_index, write_index
from task1.errors import InputError

SCENES = ("bus", "park")
DEVICES = ("a", "s1")
TRAIN, TEST = ("lyon-1", "milan-2"), ("lyon-3",)
Edit = Callable[[str], str]


def facts(**changes: object) -> Dataset:
    return check(Dataset, {
        "name": "mini", "title": "Mini", "part": "development", "origin": "recorded", "root_dir": "mini",
        "grammar": "2022", "audio": {"sample_rate": 44100, "bits": 24, "channels": 1, "clip_seconds": 1},
        "counts": {"files": 32, "per_device": {"a": 20, "s1": 12},
                   "train": {"files": 16, "locations": 4}, "test": {"files": 8, "locations": 2},
                   "unused": {"files": 8}},
        "labels_public": True, **changes}, "mini")


def clips(places: tuple[str, ...], segment: str, devices: tuple[str, ...] = DEVICES) -> list[str]:
    """Two sub-segments of one segment for every scene, place and device; a location has one scene, so ids differ."""
    return [f"audio/{scene}-{place}{number}-{segment}-{sub}-{device}.wav" for number, scene in enumerate(SCENES)
            for place in places for device in devices for sub in "01"]


def scene(name: str) -> str:
    return name.removeprefix("audio/").split("-")[0]


def row(name: str, *columns: str) -> str:
    parts = name.removeprefix("audio/").removesuffix(".wav").split("-")
    told = {"scene_label": parts[0], "identifier": f"{parts[1]}-{parts[2]}", "source_label": parts[-1]}
    return "\t".join([name, *(told[column] for column in columns)])


def table(names: list[str], *columns: str) -> str:
    return "\n".join(["\t".join(["filename", *columns]), *(row(name, *columns) for name in names), ""])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    train, test, unused = clips(TRAIN, "10"), clips(TEST, "20"), clips(("lyon-3", "lyon-1"), "30", ("a",))
    setup = tmp_path / "evaluation_setup"
    setup.mkdir()
    (tmp_path / "meta.csv").write_text(table([*unused, *train, *test], "scene_label", "identifier", "source_label"))
    (setup / "fold1_train.csv").write_text(table(train, "scene_label"))
    (setup / "fold1_test.csv").write_text(table(test))
    (setup / "fold1_evaluate.csv").write_text(table(test, "scene_label"))
    return tmp_path


def test_rows_in_list_order_with_all_fields(root: Path) -> None:
    index = build_index(facts(), root)
    assert tuple(index.columns) == COLUMNS
    lines = (root / "meta.csv").read_text().splitlines()[1:]
    assert index["filename"].tolist() == [line.split("\t")[0] for line in lines]
    assert index.iloc[0].tolist() == ["audio/bus-lyon-30-30-0-a.wav", "bus", "lyon", "lyon-30", "30", "0", "a",
                                      "unused"]
    assert index["split"].value_counts().to_dict() == {"train": 16, "test": 8, "unused": 8}
    assert validation_split(index, 0.5, 0).sum() == 8


def test_windows_line_ends_change_nothing(root: Path) -> None:
    before = build_index(facts(), root)
    for path in root.rglob("*.csv"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    pd.testing.assert_frame_equal(build_index(facts(), root), before)


def test_without_meta_and_evaluate_lists_the_names_tell(root: Path) -> None:
    before = build_index(facts(), root)
    (root / "meta.csv").unlink()
    (root / "evaluation_setup" / "fold1_evaluate.csv").unlink()
    expected = before[before["split"] != "unused"].reset_index(drop=True)
    pd.testing.assert_frame_equal(build_index(facts(), root), expected)


@pytest.mark.parametrize(("name", "edit", "told"), [
    ("meta", lambda text: text.replace("\tbus\t", "\ttram\t", 1),
     r"line 2: found scene_label 'tram' of audio/bus-lyon-30-30-0-a.wav, expected 'bus'"),
    ("meta", lambda text: text.replace("\tlyon-30\t", "\tlyon-31\t", 1), r"line 2: found identifier 'lyon-31'"),
    ("meta", lambda text: text.replace("\ta\n", "\tb\n", 1), r"line 2: found source_label 'b'"),
    ("meta", lambda text: text.replace("identifier", "location"), r"line 1: found columns .* missing: identifier"),
    ("meta", lambda text: text.rpartition("audio/")[0],
     r"fold1_test.csv, line 9: found audio/park-lyon-31-20-1-s1.wav, which is not in .*meta.csv \(1 of 8 clips\)"),
    ("meta", lambda text: text.replace("bus", "boat"), r"line 2: found 'boat', expected a scene in the file name"),
    ("meta", lambda text: text.replace("lyon", "oslo"), r"line 2: found 'oslo', expected a city in the file name"),
    ("meta", lambda text: text.replace("-a.wav\t", "-e.wav\t"), r"line 2: found 'e', expected a device in the file"),
    ("train", lambda text: text.replace("audio/", "audio/audio/"), r"line 2: found .* with audio/ twice"),
    ("train", lambda text: text.replace("-0-a.wav", "-a.wav"), r"line 2: found .*, a 10 s segment"),
    ("train", lambda text: text.replace("\t", ","), "line 1: found columns separated by commas"),
    ("train", lambda text: text + row("audio/bus-lyon-30-20-0-a.wav", "scene_label") + "\n",
     r"fold1_test.csv, line 2: found audio/bus-lyon-30-20-0-a.wav, which stands in line 18 of .*fold1_train.csv"),
    ("train", lambda text: text + row("audio/bus-lyon-30-30-0-a.wav", "scene_label") + "\n",
     r"fold1_test.csv, line 2: found location lyon-30, which stands in line 18 of .*fold1_train.csv"),
    ("train", lambda text: text + row("audio/bus-lyon-10-30-0-a.wav", "scene_label") + "\n",
     r"fold1_train.csv, line 18: found 1 sub-segments of segment bus-lyon-10-30-a, expected its 2"),
    ("test", lambda text: text.rpartition("audio/")[0],
     r"fold1_evaluate.csv, line 9: found .*, which is not in .*fold1_test.csv"),
    ("evaluate", lambda text: text.rpartition("audio/")[0],
     r"fold1_test.csv, line 9: found .*, which is not in .*fold1_evaluate.csv"),
    ("evaluate", lambda text: text.replace("\tbus", "\tpark", 1), r"line 2: found scene_label 'park'"),
])
def test_contradictions_are_refused_with_file_and_line(root: Path, name: str, edit: Edit, told: str) -> None:
    path = root / "meta.csv" if name == "meta" else root / "evaluation_setup" / f"fold1_{name}.csv"
    edited = edit(path.read_text())
    assert edited != path.read_text()
    path.write_text(edited)
    with pytest.raises(InputError, match=told) as caught:
        build_index(facts(), root, allow_counts=True)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("counts", "told"), [
    ({"files": 33}, "found 32 clips, expected 33"),
    ({"files": 32, "per_device": {"a": 20, "b": 12}}, "found 0 clips of device b, expected 12"),
    ({"files": 32, "unused": {"files": 8}}, "found 16 clips of split train, expected 0"),
    ({"files": 32, "train": {"files": 16, "locations": 5}}, "found 4 locations of split train, expected 5"),
    ({"files": 32, "train": {"files": 16, "per_city": {"lyon": 16}}}, "found 8 clips of city lyon of split train"),
    ({"files": 32, "train": {"files": 16, "per_scene": {"bus": 8, "park": 7}}}, "found 8 clips of scene park"),
])
def test_other_counts_than_the_manifest(root: Path, counts: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        build_index(facts(counts=counts), root)
    assert len(build_index(facts(counts=counts), root, allow_counts=True)) == 32


def test_evaluation_sets_tell_nothing_but_perhaps_the_device(tmp_path: Path) -> None:
    path = tmp_path / "evaluation_setup" / "fold1_test.csv"
    path.parent.mkdir()
    path.write_text("filename\tdevice_id\naudio/1.wav\ta\naudio/0.wav\tunknown\n")
    mini = facts(part="evaluation", grammar="numbered", counts={"files": 2})
    index = build_index(mini, tmp_path)
    assert index.to_numpy().tolist() == [["audio/1.wav", "", "", "", "", "", "a", "evaluation"],
                                         ["audio/0.wav", "", "", "", "", "", "", "evaluation"]]
    path.write_text("filename\naudio/1.wav\naudio/0.wav\n")
    assert build_index(mini, tmp_path)["device"].tolist() == ["", ""]
    path.write_text("filename\tdevice_id\naudio/1.wav\ta\naudio/0.wav\tz9\n")
    with pytest.raises(InputError, match="line 3: found 'z9', expected a device"):
        build_index(mini, tmp_path)


def test_the_file_holds_the_frame(root: Path, tmp_path: Path) -> None:
    index = build_index(facts(), root)
    for name in ("one.csv", "two.csv"):
        write_index(index, tmp_path / name)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    pd.testing.assert_frame_equal(read_index(tmp_path / "one.csv"), index)


@pytest.mark.parametrize(("old", "new", "told"), [
    ("\tunused", "\tspare", "line 2: found 'spare', expected a split"),
    ("\tbus\t", "\tboat\t", "line 2: found 'boat', expected a scene"),
    ("\ta\t", "\tq\t", "line 2: found 'q', expected a device"),
    ("\tbus\t", "\t\t", "line 2: found a clip of split unused without scene"),
    ("subsegment", "sub", "line 1: found columns .* missing: subsegment"),
])
def test_a_changed_index_is_refused(root: Path, tmp_path: Path, old: str, new: str, told: str) -> None:
    write_index(build_index(facts(), root), tmp_path / "index.csv")
    text = (tmp_path / "index.csv").read_text()
    (tmp_path / "index.csv").write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=told):
        read_index(tmp_path / "index.csv")


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent: no such folder; expected data set mini there"):
        build_index(facts(), tmp_path / "absent")


def unpack(reference: Path, year: str, part: str, folder: Path) -> Path:
    for path in (reference / "tau-lists").glob(f"tau{year}-mobile-{part}.*.csv.gz"):
        name = path.name.removeprefix(f"tau{year}-mobile-{part}.").removesuffix(".gz")
        target = folder / name if name == "meta.csv" else folder / "evaluation_setup" / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(gzip.decompress(path.read_bytes()))
    return folder


@pytest.mark.parametrize(("year", "times"), [("2020", 1), pytest.param("2022", 10, marks=pytest.mark.slow)])
def test_real_development_lists(reference: Path, tmp_path: Path, year: str, times: int) -> None:
    """Figures of the data sets' own documentation, in 10 s segments; the manifests are held against the lists, too."""
    index = build_index(dataset(f"tau{year}mobile_dev"), unpack(reference, year, "dev", tmp_path))
    split = index["split"]
    assert split.value_counts().to_dict() == {"train": 13962 * times, "unused": 6105 * times, "test": 2968 * times}
    assert pd.crosstab(split, index["device"]).to_dict() == {device: {
        "train": train * times, "test": test * times, "unused": unused * times} for device, train, test, unused in [
            ("a", 10215, 330, 3855), ("b", 749, 329, 0), ("c", 748, 329, 0), ("s1", 750, 330, 0), ("s2", 750, 330, 0),
            ("s3", 750, 330, 0), ("s4", 0, 330, 750), ("s5", 0, 330, 750), ("s6", 0, 330, 750)]}
    assert {name: [int(count) // times for count in row] for name, row in
            pd.crosstab(index["scene"], split)[["train", "test", "unused"]].iterrows()} == {
        "airport": [1393, 296, 613], "bus": [1400, 297, 607], "metro": [1382, 297, 625],
        "metro_station": [1380, 297, 627], "park": [1429, 297, 578], "public_square": [1427, 297, 579],
        "shopping_mall": [1373, 297, 633], "street_pedestrian": [1386, 297, 621], "street_traffic": [1413, 297, 594],
        "tram": [1379, 296, 628]}
    assert index.loc[split == "test", "city"].value_counts().to_dict() == {
        "barcelona": 358 * times, "helsinki": 360 * times, "lisbon": 360 * times,
        **dict.fromkeys(("london", "lyon", "milan", "paris", "prague", "stockholm", "vienna"), 270 * times)}
    train, test = (set(index.loc[split == name, "location"]) for name in ("train", "test"))
    assert (len(train), len(test), len(train & test)) == (365, 146, 0)
    assert "clips  locations  cities" in summary(index)
    held = validation_split(index, 0.1, 1)
    assert set(index.loc[held, "location"]) & set(index.loc[(split == "train") & ~held, "location"]) == set()
    assert index.loc[held, "scene"].nunique() == 10
    write_index(index, tmp_path / "index.csv")
    pd.testing.assert_frame_equal(read_index(tmp_path / "index.csv"), index)


def test_real_evaluation_list(reference: Path, tmp_path: Path) -> None:
    root = unpack(reference, "2020", "eval", tmp_path)
    index = build_index(dataset("tau2020mobile_eval"), root)
    assert index["filename"].tolist() == [f"audio/{number}.wav" for number in range(11880)]
    with pytest.raises(InputError, match=r"found 11,880 clips, expected 7,920; these are the counts of tau2020mob"):
        build_index(dataset("tau2021mobile_eval"), root)


def test_version_one_is_recognised(reference: Path, tmp_path: Path) -> None:
    root = unpack(reference, "2020", "dev", tmp_path)
    names = {"test": ["audio/airport-barcelona-203-6132-b.wav", "audio/tram-barcelona-275-8394-c.wav"]}
    index = build_index(dataset("tau2020mobile_dev"), root)
    named = {"public_square": ("barcelona", "b"), "airport": ("barcelona", "c"), "shopping_mall": ("london", "c")}
    rows = index[index["split"] == "train"].drop_duplicates(["scene", "city"]).set_index(["scene", "city"])
    names["train"] = [f"audio/{scene}-{rows.loc[(scene, city), 'location']}-99999-{device}.wav"
                      for scene, (city, device) in named.items()]
    for kind, columns in (("train", ("scene_label",)), ("test", ()), ("evaluate", ("scene_label",))):
        with (root / "evaluation_setup" / f"fold1_{kind}.csv").open("a") as stream:
            stream.writelines(row(name, *columns) + "\n" for name in names["train" if kind == "train" else "test"])
    with (root / "meta.csv").open("a") as stream:
        stream.writelines(row(name, "scene_label", "identifier", "source_label") + "\n"
                          for name in names["train"] + names["test"])
    with pytest.raises(InputError, match=r"23,040 clips, expected 23,035; these are .* \(version 1, superseded\) "
                                         r"\(tau2020mobile_dev_v1\), which tau2020mobile_dev replaced"):
        build_index(dataset("tau2020mobile_dev"), root)
    assert len(build_index(dataset("tau2020mobile_dev_v1"), root)) == 23040
