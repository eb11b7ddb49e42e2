"""Places among the official rows: what-if systems, systems of runs, and what must never be ranked."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from task1.cli import main
from task1.complexity_tables import count_model
from task1.config import load_run, resolve, save_run
from task1.errors import InputError
from task1.files import file_digest, write_json
from task1.layout import Layout
from task1.scoring.leaderboard import standings
from task1.scoring.own_systems import read_run, what_if

WANG = {"memory": "45160", "macs": "8.64e6"}


def mine(name: str, accuracies: list[str], others: dict[str, str], teams: bool = False) -> dict[str, Any]:
    listing = standings(name, [what_if(name, accuracies, others)], teams)
    return dict(next(row for row in listing.rows if row["system"] == "what-if"))


def make_run(folder: Path, profile: str, accuracy: float = 0.5, system: int = 1, members: int = 1) -> Path:
    """A run folder with what `task1 score` and `submission package` leave there."""
    run = resolve("wang2023", profile, systems=[system])
    layout = Layout(folder)
    save_run(run, layout.config)
    table = layout.output(system, "development")
    table.parent.mkdir(parents=True)
    table.write_text("a table\n")
    write_json(layout.scores(system, "development"), {"corpus": run.development, "embedded": run.embedded, "systems": [{
        "label": f"system{system}", "sha256": file_digest(table), "system": {"deviations": ["pruning"]},
        "scores": {"accuracy": accuracy, "log_loss": 1.5}}]})
    write_json(layout.submission / "package.json", {"systems": [{"index": system, "members": [
        {"model": name, "parameters": 45164, "non_zero": 45000, "bytes": 2 * 45164, "macs": {"torchinfo": 8645641}}
        for name in run.systems[system].models]}]})
    return folder


def test_a_what_if_of_2023_by_hand() -> None:
    # among the three rows with all figures (58.7 %, 12310 B, 4.35 M; 62.7, 54182, 16.8 M; 44.8, 46512, 29.23 M):
    # accuracy 58 is 3rd, 45160 bytes 2nd, 8.64 M 2nd: 0.5 x 3 + 0.25 x 2 + 0.25 x 2 = 2.5, behind 1.5 and 2.25
    row = mine("2023", ["58"], WANG)
    assert (row["rank"], row["score"]) == (3, 2.5)
    assert (row["accuracy_rank"], row["memory_rank"], row["macs_rank"]) == (3, 2, 2)
    # Schmid_CPJKU_task1_2 is better in all three and stays ahead whatever else there is; how much that is, is not known
    assert row["possible"] == "2 to ?"


def test_official_ranks_narrow_what_is_possible() -> None:
    assert mine("2025", ["58.3"], {})["possible"] == "17"  # between the official ranks 16 (58.6) and 17 (58.1)
    assert mine("2025", ["59.9"], {}, teams=True)["possible"] == "3"  # that table is known in full
    assert mine("2025", ["0.599"], {}, teams=True)["possible"] == "3"
    assert mine("2025", ["70"], {})["possible"] == "1"  # the best system of the first team is the first system
    # 38 rows; Werning_UPBNT (54.35) is better and stands 8th of the teams
    assert mine("2024", ["50", "52", "55", "56", "58"], {})["possible"] == "9 to 38"
    assert mine("2022", [], {"log_loss": "1.2"})["possible"] == "2 to 49"


def test_what_is_not_known_is_said() -> None:
    notes = " ".join(standings("2023", [what_if("2023", ["58"], {})]).notes)
    assert "Official rows known: 4 systems (how many there were is not known), 3 of them with all" in notes
    assert "Not ranked: Cai_XJTLU (official, team rank 2): no accuracy, no memory, no MACs found." in notes
    assert "Not ranked: what-if (what-if): no memory, no MACs." in notes
    assert "Official rows are scores on the evaluation set" in notes
    assert "meta/leaderboards/2023.csv" in notes
    assert "17 of 32 systems" in standings("2025").notes[0]
    assert "13 of 13 teams" in standings("2025", teams=True).notes[0]


def test_systems_scored_on_the_embedded_corpus_are_shown_and_never_ranked(tmp_path: Path) -> None:
    own = read_run(make_run(tmp_path / "best", "tiny", accuracy=1.0), "2023")
    for teams in (False, True):
        listing = standings("2023", own, teams, pareto=True)
        (row,) = (row for row in listing.rows if row["from"] == "SYNTHETIC")
        assert row["system"] == "best/1"
        assert row["accuracy"] == 100
        assert {row.get(key) for key in ("rank", "possible", "accuracy_rank", "score", "front")} == {None}
        assert (row["memory_rank"], row["macs_rank"]) == (4, 2)  # 90,328 bytes, 8,645,641 MACs
        assert "EMBEDDED" in row["not_ranked"]
        assert "synthetic recordings, not comparable" in row["not_ranked"]
        without = standings("2023", [], teams, pareto=True)
        assert [other for other in listing.rows if other is not row] == list(without.rows)


def test_a_run_on_real_recordings_is_ranked_and_said_to_be_of_the_test_fold(tmp_path: Path) -> None:
    own = read_run(make_run(tmp_path / "full", "full", accuracy=0.58), "2023")
    listing = standings("2023", own)
    (row,) = (row for row in listing.rows if row["from"] == "development")
    assert (row["rank"], row["accuracy"], row["memory"], row["macs"]) == (3, 58.0, 2 * 45164, 8645641)
    notes = " ".join(listing.notes)
    assert "Scores of the development test fold are on other recordings" in notes
    assert "full/1: not done as the recipe asks: pruning." in notes
    # as 2022 counts them, a parameter is a byte; that edition ranks by log loss
    (row,) = (row for row in standings("2022", read_run(tmp_path / "full", "2022")).rows if row["system"] == "full/1")
    assert (row["memory"], row["log_loss"], row["possible"]) == (45164, 1.5, "2 to 49")
    # 2024 wants networks trained on subsets
    notes = " ".join(standings("2024", read_run(tmp_path / "full", "2024")).notes)
    assert "Not ranked: full/1 (development): no accuracy at 5 %, no accuracy at 10 %" in notes


@pytest.mark.parametrize("name", ["2021", "2020_1b"])
def test_a_run_on_other_recordings_than_the_edition_is_not_ranked(tmp_path: Path, name: str) -> None:
    (own,) = read_run(make_run(tmp_path / "full", "full"), name)
    assert not own.comparable
    expected = "tau2020mobile_dev" if name == "2021" else "other recordings"
    assert f"but edition {name} is about {expected}; not comparable and not ranked" in own.remarks[0]


def test_systems_of_a_run_enter_together(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / name, "full", accuracy) for name, accuracy in (("a", 0.583), ("b", 0.584), ("c", 0.2))]
    listing = standings("2025", [own for folder in runs for own in read_run(folder, "2025")])
    assert {row["system"]: row["possible"] for row in listing.rows if row.get("possible")} == {
        # c: behind 22 official rows at least (official rank 22 is better) and 32 at most, and two of ours
        "b/1": "17", "a/1": "18", "c/1": "25 to 35"}


def test_systems_that_are_not_submitted_do_not_enter(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", "full", accuracy=0.9)
    run = load_run(folder)
    system = run.systems[1].model_copy(update={"submitted": False})
    save_run(run.model_copy(update={"systems": {1: system}}), Layout(folder).config)
    listing = standings("2023", read_run(folder, "2023"))
    (row,) = (row for row in listing.rows if row["system"] == "run/1")
    assert row.get("rank") is None
    assert "submitted: false" in row["not_ranked"]


def test_without_a_package_the_networks_are_counted(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", "tiny")
    shutil.rmtree(folder / "submission")
    (own,) = read_run(folder, "2023")
    counted = count_model(load_run(folder), "model1")
    assert own.contender.figures["memory"] == counted.parameters  # int8 by the recipe
    assert own.contender.figures["macs"] == counted.macs["torchinfo"]
    assert any("untrained networks were counted" in remark for remark in own.remarks)
    layout = Layout(folder)
    write_json(layout.model("model1") / "model.json", {"weights": "float16"})  # as trained and shipped
    assert read_run(folder, "2023")[0].contender.figures["memory"] == 2 * counted.parameters


def test_a_package_of_other_networks_is_not_believed(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", "tiny")
    path = folder / "submission" / "package.json"
    path.write_text(path.read_text().replace("model1", "model2"))
    assert any("untrained" in remark for remark in read_run(folder, "2023")[0].remarks)


def test_a_run_not_scored_yet(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", "full")
    shutil.rmtree(folder / "scores")
    notes = " ".join(standings("2023", read_run(folder, "2023")).notes)
    assert "Not ranked: run/1 (development): no accuracy." in notes
    assert "not scored yet; `task1 score --run" in notes


@pytest.mark.parametrize(("file", "content", "expected"), [
    ("scores/system1.development.json", "{", "not JSON"),
    ("scores/system1.development.json", "{}", "not the scores of one system"),
    ("scores/system1.development.json", '{"systems": [{}, {}]}', "not the scores of one system"),
    ("submission/package.json", "[]", "not the record of a package"),
    ("submission/package.json", '{"systems": [{"index": 1, "members": [{"model": "model1"}]}]}', "not the record"),
    ("system1/development.output.csv", "another table\n", "scores of another table"),
])
def test_broken_files_of_a_run_are_a_sentence(tmp_path: Path, file: str, content: str, expected: str) -> None:
    folder = make_run(tmp_path / "run", "tiny")
    (folder / file).write_text(content)
    with pytest.raises(InputError, match=expected):
        read_run(folder, "2023")


@pytest.mark.parametrize(("words", "expected"), [
    (["--edition", "2020"], "no official results of edition 2020 are known; there are those of 2020_1b"),
    (["--edition", "1999", "--accuracy", "50"], "found edition '1999'"),
    (["--edition", "2024", "--accuracy", "50"], "--accuracy: found 1 numbers, but edition 2024 takes 5"),
    (["--edition", "2023", "--accuracy", "50", "51"], "--accuracy: found 2 numbers, but edition 2023 takes one"),
    (["--edition", "2023", "--memory", "45 KB"], "--memory: memory: found '45 KB'"),
    (["--edition", "2023", "--log-loss", "-1"], "--log-loss: log_loss: found '-1'"),
    (["--edition", "2023", "--with", "nowhere"], "nowhere/config.yaml: no such file"),
])
def test_bad_calls_are_a_sentence(capsys: pytest.CaptureFixture[str], words: list[str], expected: str) -> None:
    assert main(["leaderboard", *words]) == 2
    shown = capsys.readouterr()
    assert expected in shown.err
    assert shown.out == ""


def test_one_run_given_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(make_run(tmp_path / "run", "tiny"))
    assert main(["leaderboard", "--edition", "2023", "--with", folder, folder]) == 2
    assert "two systems are called run/1" in capsys.readouterr().err


def test_the_verb_prints_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(make_run(tmp_path / "run", "tiny"))
    words = ["leaderboard", "--edition", "2023", "--with", folder, "--accuracy", "58", "--memory", "45160",
             "--macs", "8.64e6", "--plot", str(tmp_path / "front.png"), "--format", "json"]
    assert main(words) == 0
    content = json.loads(capsys.readouterr().out)
    assert {row["from"] for row in content["systems"]} == {"official", "what-if", "SYNTHETIC"}
    (row,) = (row for row in content["systems"] if row["from"] == "what-if")
    assert (row["possible_best"], row["possible_worst"], row["front"]) == (2, None, False)
    assert (tmp_path / "front.png").stat().st_size > 1000


def test_the_example_in_the_documentation_is_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leaderboard", "--edition", "2023", "--accuracy", "58", "--memory", "45160", "--macs", "8.64e6"]) == 0
    table = capsys.readouterr().out.split("\n\n")[1]
    documented = (Path(__file__).parents[3] / "docs" / "ranking.md").read_text(encoding="utf-8").splitlines()
    assert len(table.splitlines()) == 6
    for line in table.splitlines():
        assert f"    {line}" in documented
