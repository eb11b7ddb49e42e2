"""Truth lists, group scores, the printed table, scores.json and the verb."""

import gzip
import json
import time
from pathlib import Path

import numpy as np
import pytest

from task1.commands import score as verb
from task1.config import taxonomy
from task1.errors import InputError
from task1.outputs import Outputs, write_outputs
from task1.scoring.evaluate import evaluate
from task1.scoring.report import score
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
    assert (truth.devices[0], truth.cities[0]) == ("c", "oslo")


def test_numbered_names_take_device_and_city_from_columns(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text("filename\tscene_label\tidentifier\tsource_label\naudio/0.wav\tbus\tlyon-17\ts7\n")
    truth = read_truth(path)
    assert (truth.devices[0], truth.cities[0]) == ("s7", "lyon")
    path.write_text("filename\tscene_label\n0.wav\tbus\n")
    scores = evaluate(random_outputs(["0.wav"]), read_truth(path))
    assert scores["device_wise"] == scores["city_wise"] == scores["device_groups"] == {}


@pytest.mark.parametrize(("text", "words"), [
    ("filename\n0.wav\n", "no column scene_label"),
    ("filename\tscene_label\n", "no clips to score"),
    ("filename\tscene_label\n0.wav\tboat\n", "row 2: found scene 'boat'"),
    ("filename\tscene_label\n0.wav\tbus\na/0.wav\tbus\n", "row 3: file 0.wav stands twice"),
    ("filename,scene,split\n0.wav,,evaluation\n", "no scene labels"),
    ("", "not a table"),
    ("filename\tscene_label\n0.wav\tbus\tx\ty\n0.wav\n\"", "not a table"),
])
def test_bad_lists_are_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "truth.csv"
    path.write_text(text)
    with pytest.raises(InputError, match="truth.csv") as caught:  # noqa: RUF043
        read_truth(path)
    assert words in str(caught.value)


def test_clips_that_do_not_match_are_told(tmp_path: Path) -> None:
    truth = read_truth(write_truth(tmp_path / "t.csv", NAMES))
    with pytest.raises(InputError, match="1 missing"):
        evaluate(random_outputs(NAMES[1:]), truth)


def test_the_corpus_name_travels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Made:
        origin = "embedded"

    monkeypatch.setattr("task1.scoring.report.dataset", lambda name: Made)
    truth = write_truth(tmp_path / "t.csv", NAMES)
    for seed in (0, 1):
        write_outputs(tmp_path / f"{seed}.output.csv", random_outputs(NAMES, seed))
    (tmp_path / "system.json").write_text('{"deviations": ["pix2pix"]}')
    text = score([tmp_path / "0.output.csv", tmp_path / "1.output.csv"], ["ours", "theirs"], truth, "made",
                 tmp_path / "scores.json")
    assert "SYNTHETIC" in text
    assert "pix2pix" in text
    written = json.loads((tmp_path / "scores.json").read_text())
    assert (written["corpus"], written["embedded"]) == ("made", True)
    assert [system["label"] for system in written["systems"]] == ["ours", "theirs"]
    assert written["systems"][0]["system"]["deviations"] == ["pix2pix"]
    overall = written["systems"][1]["scores"]
    assert f"{100 * overall['accuracy']:.2f} {overall['log_loss']:6.3f}" in text.splitlines()[5]


def test_verb_prints_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import argparse

    truth = write_truth(tmp_path / "t.csv", NAMES)
    write_outputs(tmp_path / "x.output.csv", random_outputs(NAMES))
    parser = argparse.ArgumentParser()
    verb.register(parser.add_subparsers())
    arguments = parser.parse_args(["score", str(tmp_path / "x.output.csv"), "--truth", str(truth)])
    arguments.handler(arguments)
    printed = capsys.readouterr().out
    for name in (*SCENES, "seen devices", "unseen devices", "overall", "lyon", "not named"):
        assert name in printed


@pytest.mark.slow
def test_real_test_fold(reference: Path, tmp_path: Path) -> None:
    path = tmp_path / "fold1_evaluate.csv"
    path.write_bytes(gzip.decompress((reference / "tau-lists/tau2022-mobile-dev.fold1_evaluate.csv.gz").read_bytes()))
    truth = read_truth(path)
    assert len(truth) == 29_680
    assert sorted(set(truth.devices)) == ["a", "b", "c", "s1", "s2", "s3", "s4", "s5", "s6"]
    assert set(truth.cities) == set(taxonomy().development_cities)


@pytest.mark.slow
def test_a_million_rows_take_seconds() -> None:
    generator, count = np.random.default_rng(0), 1_000_000
    names = tuple(f"{i}.wav" for i in range(count))
    truth = Truth(names, generator.integers(10, size=count),
                  np.array(["a", "b", "s4"], dtype=object)[generator.integers(3, size=count)],
                  np.array(["lyon"] * count, dtype=object))
    outputs = Outputs(names, generator.dirichlet(np.ones(10), count))
    start = time.perf_counter()
    scores = evaluate(outputs, truth)
    assert time.perf_counter() - start < 20
    assert scores["clips"] == count
    print(f"{time.perf_counter() - start:.1f} s")
