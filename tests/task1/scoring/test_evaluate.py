"""Truth lists and the scores of every group, with scikit-learn as the oracle."""

import gzip
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from task1.config import taxonomy
from task1.errors import InputError
from task1.outputs import Outputs
from task1.scoring.evaluate import evaluate
from task1.scoring.intervals import Resampling, locations, resample
from task1.scoring.places import Texts
from task1.scoring.truth import Truth, read_truth

SCENES = taxonomy().scenes
NAMES = [f"{scene}-{city}-{place}-{place}-0-{device}.wav" for place, (city, device) in enumerate(
    (city, device) for city in ("lyon", "paris") for device in ("a", "s1", "s4", "s10")) for scene in SCENES]


def write_truth(path: Path, names: list[str]) -> Path:
    rows = [f"audio/{name}\t{name.split('-')[0]}" for name in names]
    path.write_text("\n".join(["filename\tscene_label", *rows]) + "\n")
    return path


def random_outputs(names: list[str], seed: int = 0) -> Outputs:
    return Outputs(tuple(names), np.random.default_rng(seed).dirichlet(np.ones(10), len(names)))


@pytest.mark.filterwarnings("ignore")  # of scenes that a group has no clips of
def test_every_group_agrees_with_scikit_learn(tmp_path: Path) -> None:
    generator = np.random.default_rng(4)
    names = [f"{scene}-{city}-{i % 7}-{i}-{device}.wav" for i, (scene, city, device) in enumerate(
        (generator.choice(SCENES[:9]), generator.choice(["lyon", "paris", "madrid"]),
         generator.choice(["a", "b", "s1", "s5", "s6"])) for _ in range(600))]
    truth, outputs = read_truth(write_truth(tmp_path / "t.csv", names)), random_outputs(names)
    scores = evaluate(outputs, truth)

    def expected(rows: np.ndarray) -> dict:
        true, decided = truth.scenes[rows], outputs.decisions[rows]
        return {"clips": rows.sum(), "accuracy": oracle.balanced_accuracy_score(true, decided),
                "accuracy_micro": oracle.accuracy_score(true, decided),
                "log_loss": oracle.log_loss(true, outputs.probabilities[rows], labels=list(range(10)))}

    def agrees(node: dict, rows: np.ndarray) -> None:
        for key, value in expected(rows).items():
            if key in node:
                assert node[key] == pytest.approx(value, abs=1e-12, rel=1e-12), key

    for device in ("a", "b", "s1", "s5", "s6"):
        agrees(scores["device_wise"][device], truth.devices == device)
        for number, scene in enumerate(SCENES[:9]):
            agrees(scores["class_device_wise"][scene][device], (truth.devices == device) & (truth.scenes == number))
    for number, scene in enumerate(SCENES[:9]):
        agrees(scores["class_wise"][scene], truth.scenes == number)
    for city in ("lyon", "paris", "madrid"):
        agrees(scores["city_wise"][city], truth.cities == city)
    agrees(scores["device_groups"]["unseen"], np.isin(truth.devices, ["s5", "s6"]))
    agrees(scores["city_groups"]["unseen"], truth.cities == "madrid")
    agrees(scores["city_groups"]["seen"], truth.cities != "madrid")
    averages = scores["device_averages"]
    assert list(averages) == ["all", "real_seen", "simulated_seen", "simulated_unseen"]
    for metric in ("accuracy", "log_loss"):
        mean = np.mean([scores["device_wise"][device][metric] for device in ("s5", "s6")])
        assert averages["simulated_unseen"][metric] == pytest.approx(mean, abs=1e-12)
    assert averages["real_seen"]["devices"] == ["a", "b"]
    parents = np.array(taxonomy().parents)
    supers = scores["super_classes"]
    assert supers["accuracy"] == pytest.approx(
        oracle.balanced_accuracy_score(parents[truth.scenes], parents[outputs.decisions]), abs=1e-12)
    assert supers["confusion"]["true_by_decided"] == oracle.confusion_matrix(
        parents[truth.scenes], parents[outputs.decisions]).tolist()
    assert scores["confusion"]["true_by_decided"] == oracle.confusion_matrix(
        truth.scenes, outputs.decisions, labels=range(10)).tolist()


def test_groups_are_scored_like_tables_of_their_own(tmp_path: Path) -> None:
    truth, outputs = read_truth(write_truth(tmp_path / "t.csv", NAMES)), random_outputs(NAMES)
    scores = evaluate(outputs, truth)
    assert list(scores["device_wise"]) == ["a", "s1", "s4", "s10"]
    assert list(scores["city_wise"]) == ["lyon", "paris"]

    def alone(chosen: list[str]) -> dict:
        rows = [NAMES.index(name) for name in chosen]
        whole = evaluate(Outputs(tuple(chosen), outputs.probabilities[rows]),
                         read_truth(write_truth(tmp_path / "part.csv", chosen)))
        return {key: pytest.approx(whole[key], rel=1e-12) for key in scores["device_wise"]["a"]}

    assert scores["device_wise"]["s10"] == alone([name for name in NAMES if name.endswith("-s10.wav")])
    assert scores["city_wise"]["paris"] == alone([name for name in NAMES if "-paris-" in name])
    unseen = [name for name in NAMES if name.endswith(("-s4.wav", "-s10.wav"))]
    assert scores["device_groups"]["unseen"] == alone(unseen)
    assert scores["device_groups"]["seen"] == alone([name for name in NAMES if name not in unseen])


def test_row_order_does_not_matter(tmp_path: Path) -> None:
    truth, outputs = read_truth(write_truth(tmp_path / "t.csv", NAMES)), random_outputs(NAMES)
    turned = Outputs(outputs.filenames[::-1], outputs.probabilities[::-1])
    assert evaluate(turned, truth) == evaluate(outputs, truth)


def test_identity_is_a_perfect_score(tmp_path: Path) -> None:
    truth = read_truth(write_truth(tmp_path / "t.csv", NAMES))
    scores = evaluate(Outputs(truth.filenames, np.eye(10)[truth.scenes]), truth)
    assert scores["accuracy"] == scores["accuracy_micro"] == 1
    assert scores["log_loss"] == pytest.approx(0, abs=1e-12)
    assert scores["calibration"]["expected_calibration_error"] == scores["super_classes"]["accuracy"] - 1 == 0


def test_of_a_tie_the_label_decides(tmp_path: Path) -> None:
    truth = read_truth(write_truth(tmp_path / "t.csv", NAMES[:2]))  # airport, bus
    tied = np.array([[0.5, 0.5, *[0.0] * 8]] * 2)
    assert evaluate(Outputs(truth.filenames, tied, np.array([0, 1])), truth)["accuracy"] == 1
    assert evaluate(Outputs(truth.filenames, tied, np.array([1, 0])), truth)["accuracy"] == 0
    assert evaluate(Outputs(truth.filenames, tied), truth)["accuracy"] == 0.5  # the first one


def test_absent_scenes_are_none_and_left_out(tmp_path: Path) -> None:
    truth = read_truth(write_truth(tmp_path / "t.csv", [name for name in NAMES if name.startswith("bus")]))
    scores = evaluate(Outputs(truth.filenames, np.eye(10)[truth.scenes]), truth)
    assert scores["class_wise"]["airport"] == {"clips": 0, "accuracy": None, "log_loss": None}
    assert scores["accuracy"] == 1
    json.dumps(scores, allow_nan=False)


def test_index_counts_test_and_evaluation_rows_only(tmp_path: Path) -> None:
    path = tmp_path / "index.csv"
    path.write_text("filename,scene,city,location,segment,subsegment,device,split\n"
                    "audio/x.wav,bus,lyon,1,1,0,b,train\naudio/y.wav,tram,oslo,1,1,0,c,test\n")
    truth = read_truth(path)
    assert truth.filenames == ("y.wav",)
    assert (truth.devices[0], truth.cities[0], truth.locations[0]) == ("c", "oslo", "oslo-1")
    assert (truth.seen_devices, truth.seen_cities) == ({"b"}, {"lyon"})  # with training clips
    scores = evaluate(random_outputs(["y.wav"]), truth)
    assert list(scores["device_groups"]) == list(scores["city_groups"]) == ["unseen"]


def test_numbered_names_take_device_and_city_from_columns(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text("filename\tscene_label\tidentifier\tsource_label\naudio/0.wav\tbus\tlyon-17\ts7\n")
    truth = read_truth(path)
    assert (truth.devices[0], truth.cities[0], truth.locations[0]) == ("s7", "lyon", "lyon-17")
    path.write_text("filename\tscene_label\n0.wav\tbus\n")
    scores = evaluate(random_outputs(["0.wav"]), read_truth(path))
    assert scores["device_wise"] == scores["city_wise"] == scores["device_groups"] == scores["device_averages"] == {}
    assert read_truth(path).locations[0] == ""


def test_names_tell_locations_apart_by_city(tmp_path: Path) -> None:
    names = ["bus-lyon-3-1-a.wav", "bus-paris-3-2-0-a.wav", "bus-lyon-3-7-b.wav"]
    assert read_truth(write_truth(tmp_path / "t.csv", names)).locations.tolist() == ["lyon-3", "paris-3", "lyon-3"]
    path = tmp_path / "index.csv"
    path.write_text("filename,scene,city,location,device,split\nx.wav,bus,lyon,lyon-3,b,test\ny.wav,bus,,,b,test\n")
    assert read_truth(path).locations.tolist() == ["lyon-3", ""]


@pytest.mark.parametrize(("text", "words"), [
    ("filename\n0.wav\n", "no column scene_label"),
    ("filename\tscene_label\n", "no clips to score"),
    ("filename\tscene_label\n0.wav\tboat\n", "row 2: found scene 'boat'"),
    ("filename\tscene_label\n0.wav\tbus\na/0.wav\tbus\n", "row 3: file 0.wav stands twice"),
    ("filename,scene,split\n0.wav,,evaluation\n", "no scene labels"),
    ("", "not a table"),
    ("filename\tscene_label\n\tbus\n", "row 2: found no file name"),
    ("scene_label\tfilename\nbus\n", "row 2: found no file name"),
    ("filename\tscene_label\n0.wav\n", "have no scene labels"),
    ("filename\tscene_label\n0.wav\tbus\n1.wav\tbus\tx\n", "row 3: found 3 columns, expected 2"),
    ("filename,scene_label\n0.wav,bus\n\n1.wav,bus,x\n2.wav,bus,x,y\n", "row 4: found 3 columns, expected 2"),
    ("filename\tscene_label\n0.wav\tbus\tx\ty\n0.wav\n\"", "row 2: found 4 columns"),
    ("filename\tscene_label\n0.wav\tbus\n\"", "not a table"),
])
def test_bad_lists_are_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "truth.csv"
    path.write_text(text)
    with pytest.raises(InputError, match="truth.csv") as caught:  # noqa: RUF043
        read_truth(path)
    assert words in str(caught.value)


@contextmanager
def some_rows_at_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("task1.scoring.truth.ROWS_AT_ONCE", 2)
        yield


CELLS = st.one_of(st.sampled_from(["bus", "tram", "0.wav", "a/1.wav", "bus-lyon-1-1-a.wav", "lyon-1", "a", "test",
                                   "train", "", '"', "filename", "scene_label"]), st.text(max_size=5))
HEADERS = st.sampled_from(["filename\tscene_label", "filename,scene,split", "filename\tscene_label\tidentifier",
                           "filename,scene,city,location,device", "scene_label,filename,source_label", "x"])


@given(header=HEADERS, rows=st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=5),
       separator=st.sampled_from("\t,"))
@settings(max_examples=300, deadline=None)
def test_any_list_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, header: str, rows: list[list[str]],
                                     separator: str) -> None:
    path = tmp_path_factory.getbasetemp() / "free.csv"
    path.write_bytes("\n".join([header, *map(separator.join, rows)]).encode("utf-8", "surrogatepass"))
    try:
        truth = read_truth(path)
    except InputError as error:
        assert str(error).startswith(str(path))  # noqa: PT017
        with some_rows_at_once(), pytest.raises(InputError):
            read_truth(path)
        return
    with some_rows_at_once():
        again = read_truth(path)
    assert again.filenames == truth.filenames
    assert [again.scenes.tolist(), *map(list, (again.devices, again.cities, again.locations))] == \
        [truth.scenes.tolist(), *map(list, (truth.devices, truth.cities, truth.locations))]
    assert len(truth) == len(set(truth.filenames)) > 0
    evaluate(random_outputs(list(truth.filenames)), truth)


def test_clips_that_do_not_match_are_told(tmp_path: Path) -> None:
    truth = read_truth(write_truth(tmp_path / "t.csv", NAMES))
    with pytest.raises(InputError, match="1 missing"):
        evaluate(random_outputs(NAMES[1:]), truth)


@pytest.mark.slow
def test_real_test_fold(reference: Path, tmp_path: Path) -> None:
    path = tmp_path / "fold1_evaluate.csv"
    path.write_bytes(gzip.decompress((reference / "tau-lists/tau2022-mobile-dev.fold1_evaluate.csv.gz").read_bytes()))
    truth = read_truth(path)
    assert len(truth) == 29_680
    assert sorted(set(truth.devices)) == ["a", "b", "c", "s1", "s2", "s3", "s4", "s5", "s6"]
    assert set(truth.cities) == set(taxonomy().development_cities)
    assert len(set(truth.locations)) == 146
    found = locations(truth)
    assert found is not None
    assert found.by_scene


@pytest.mark.slow
def test_a_million_rows_take_a_second() -> None:
    generator, count = np.random.default_rng(0), 1_000_000
    names = tuple(f"{i}.wav" for i in range(count))
    place = generator.integers(1000, size=count)

    def cycle(values: Sequence[str], codes: np.ndarray) -> Texts:
        return pd.Categorical(values).take(codes % len(values))

    devices = cycle(["a", "b", "c", "s1", "s2", "s3", "s4", "s5", "s6"], generator.integers(9, size=count))
    truth = Truth(names, place % 10, devices, cycle(["lyon", "oslo", "paris"], place // 10),
                  cycle([f"x-{i}" for i in range(1000)], place))
    outputs = Outputs(names, generator.dirichlet(np.ones(10), count))
    start = time.perf_counter()
    scores = evaluate(outputs, truth)
    scored = time.perf_counter()
    found = locations(truth)
    assert found is not None
    resample(outputs, truth, found, Resampling())
    drawn = time.perf_counter()
    print(f"scored {scored - start:.2f} s, 1,000 resamples {drawn - scored:.2f} s")
    assert scores["clips"] == count
    assert scored - start < 5  # 0.3 s where nothing else runs
    assert drawn - scored < 7  # 0.4 s
