"""Replicas of several seeds: what they are called, what they are trained by, and what of a run they leave alone."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from task1.augment.copies import copies_of, recipe_of
from task1.config import META, load_run, resolve, save_run
from task1.config.replicas import MODEL_NAME, SEED_STEP, model_and_number, replica_name
from task1.errors import InputError

NAMES = st.from_regex(MODEL_NAME.replace("$", r"\Z"))


@given(NAMES, st.integers(1, 10_000))
def test_names_can_be_taken_apart_again(name: str, number: int) -> None:
    assert model_and_number(replica_name(name, number)) == (name, number)


@given(NAMES)
def test_the_first_training_is_the_model_itself(name: str) -> None:
    assert replica_name(name, 1) == name


def test_the_models_come_first_then_their_replicas() -> None:
    run = resolve("shao2022", "tiny", seeds=3)
    models = tuple(run.models)
    assert run.trainings == (*models, *(f"{name}.seed2" for name in models), *(f"{name}.seed3" for name in models))
    assert resolve("shao2022", "tiny").trainings == models


def test_a_replica_is_what_the_setting_of_its_seed_trains() -> None:
    """Recipe and augmented copies, of teachers and students alike."""
    run, set_so = resolve("zhao2021", "full", seeds=2), resolve("zhao2021", "full", [f"training.seed={1 + SEED_STEP}"])
    for name in run.models:
        replica, expected = run.model(f"{name}.seed2"), set_so.models[name]
        assert replica.teachers == tuple(f"{teacher}.seed2" for teacher in expected.teachers)
        assert replica.model_copy(update={"distillation": expected.distillation}) == expected
        assert copies_of(run, f"{name}.seed2") == copies_of(set_so, name)
        assert not set(copies_of(run, f"{name}.seed2")) & set(copies_of(run, name))
        for copies in copies_of(run, f"{name}.seed2"):
            assert recipe_of(run, copies).seed == 1 + SEED_STEP


def test_members_of_an_ensemble_that_differ_in_their_seed_share_no_replica() -> None:
    settings = ["models.model1.training.seed=1", "models.model2.training.seed=2"]
    run = resolve("wang2023", "tiny", settings, systems=[1, 2], seeds=5)
    seeds = [run.model(name).training.seed for name in run.trainings]
    assert len(set(seeds)) == len(seeds) == 10


def test_models_and_what_is_asked_of_them_stay_as_they_are() -> None:
    one, five = resolve("shao2022", "tiny"), resolve("shao2022", "tiny", seeds=5)
    assert five.models == one.models
    assert five.systems == one.systems
    assert five.model_copy(update={"seeds": 1, "command": one.command}) == one
    for name in one.models:
        assert five.model(name) == one.model(name) == one.models[name]
        assert {five.learning_data(replica_name(name, number)) for number in (1, 2, 5)} == {one.learning_data(name)}
        assert {five.has_heard_test(replica_name(name, number)) for number in (1, 2, 5)} == {one.has_heard_test(name)}


def test_the_file_of_a_run_says_how_many(tmp_path: Path) -> None:
    run = resolve("wang2023", "tiny", seeds=5)
    save_run(run, tmp_path / "config.yaml")
    assert load_run(tmp_path) == run
    assert run.command[-2:] == ("--seeds", "5")
    content = yaml.safe_load((tmp_path / "config.yaml").read_text())
    del content["seeds"]  # of a run made before there were seeds
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(content))
    assert load_run(tmp_path).seeds == 1


def test_a_model_called_like_a_replica_is_refused(tmp_path: Path) -> None:
    entry = yaml.safe_load((META / "entries" / "wang2023.yaml").read_text())
    entry["models"]["model1.seed2"] = entry["models"]["model1"]
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(entry))
    with pytest.raises(InputError, match=r"models.model1.seed2: found 'model1.seed2', expected it to match"):
        resolve(str(path), "tiny")


@pytest.mark.parametrize("seeds", [0, -1])
def test_no_seed_is_none(seeds: int) -> None:
    with pytest.raises(InputError, match=f"seeds: found {seeds}, expected greater than 0"):
        resolve("wang2023", "tiny", seeds=seeds)
