"""The loop: it learns, it keeps what the recipe says, it survives kills byte for byte, it tells what went wrong."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from task1.errors import InputError
from task1.training.checkpoint import Checkpoint, save_tensors

sys.path.insert(0, str(Path(__file__).parent))
import small_training as small

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def test_it_overfits_one_batch(tmp_path: Path) -> None:
    chosen = small.recipe(epochs=60, schedule={"name": "constant"}, batch_size=20)
    plain = chosen.model_copy(update={"augmentation": type(chosen.augmentation)()})
    state = small.run(tmp_path, plain, 20)
    assert state.history[0]["loss"] > 2
    assert state.history[-1]["loss"] < 0.2
    assert state.history[-1]["accuracy"] == 1


@pytest.mark.parametrize("combine", ["scene_only", "weighted", "pcgrad"])
@pytest.mark.parametrize("optimizer", [{"name": "sgd", "lr": 0.05, "momentum": 0.9}, {"name": "radam", "lr": 0.05}])
def test_every_combination_learns(tmp_path: Path, combine: str, optimizer: dict) -> None:
    state = small.run(tmp_path, small.recipe(loss={"combine": combine, "super_weight": 1}, optimizer=optimizer))
    assert state.kept_record is not None
    assert state.kept_record["validation_accuracy"] > 0.8
    assert (state.history[-1]["super_loss"] < 0.95) == (combine != "scene_only")  # ln 3 = 1.10 for the untrained


def test_history_has_a_row_an_epoch(tmp_path: Path) -> None:
    small.run(tmp_path, small.recipe(epochs=3))
    with (tmp_path / "history.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert {"lr", "loss", "accuracy", "validation_loss", "validation_accuracy", "samples_per_second"} <= set(rows[0])


def test_kept_epoch_follows_the_recipe(tmp_path: Path) -> None:
    by_loss = small.run(tmp_path / "a", small.recipe(keep="best_loss"))
    best = min(by_loss.history, key=lambda record: record["validation_loss"])
    assert by_loss.kept_record == best
    last = small.run(tmp_path / "b", small.recipe(keep="last"))
    assert last.kept_record == last.history[-1]


def test_averaged_weights_are_the_mean(tmp_path: Path) -> None:
    state = small.run(tmp_path, small.recipe(epochs=4, averaging={"epochs": [2, 4]}, keep="last"))
    ends = [small.run(tmp_path / str(epochs), small.recipe(epochs=4, averaging={"epochs": [epochs]})).result()
            for epochs in (2, 4)]
    for name, tensor in state.result().items():
        if tensor.is_floating_point():
            torch.testing.assert_close(tensor, (ends[0][name] + ends[1][name]) / 2)


def test_resumed_in_one_process_is_the_same(tmp_path: Path) -> None:
    whole = small.run(tmp_path / "whole", small.recipe(averaging={"last": 4}))
    interrupted = small.recipe(averaging={"last": 4})
    saved = Checkpoint.save

    class Stop(Exception):
        pass

    def save(self: Checkpoint, tensors: dict, facts: dict) -> None:
        saved(self, tensors, facts)
        if facts["epoch"] in (3, 6):
            raise Stop

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoint, "save", save)
        for _ in range(2):
            with pytest.raises(Stop):
                small.run(tmp_path / "parts", interrupted)
    parts = small.run(tmp_path / "parts", interrupted)
    assert len(parts.history) == 8
    for name, tensor in whole.result().items():
        assert torch.equal(tensor, parts.result()[name]), name


def program(folder: Path, epochs: int = 6) -> subprocess.Popen[str]:
    folder.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen([sys.executable, small.__file__, str(folder), str(epochs)], stderr=subprocess.PIPE,
                            text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})


@pytest.mark.slow
def test_killed_training_ends_in_the_same_bytes(tmp_path: Path) -> None:
    assert program(tmp_path / "whole").wait(120) == 0
    kills = 0
    for delay in (0.0, 0.03, 0.08, 0.12):  # at different places of an epoch
        process = program(tmp_path / "killed")
        assert process.stderr is not None
        process.stderr.readline()  # one epoch is over
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        kills += process.wait(60) == -signal.SIGKILL
        process.stderr.close()
    assert kills >= 3
    finished = program(tmp_path / "killed")
    told = finished.communicate(timeout=120)[1]
    assert finished.returncode == 0
    assert "epoch 1/6" not in told  # it went on, it did not begin again
    whole, killed = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "killed"))
    assert whole == killed


def test_a_loss_that_is_no_number_is_told_and_the_state_before_kept(tmp_path: Path) -> None:
    small.run(tmp_path, small.recipe(epochs=2, schedule={"name": "constant"}))
    with pytest.raises(InputError, match="loss became nan in epoch 3"):
        small.run(tmp_path, small.recipe(epochs=4, optimizer={"name": "sgd", "lr": 1e30}))
    saved = Checkpoint(tmp_path / "checkpoint", "small").load()
    assert saved is not None
    assert saved[1]["epoch"] == 2
    assert all(tensor.isfinite().all() for tensor in saved[0].values())


def test_checkpoint_of_another_recipe_is_ignored(tmp_path: Path) -> None:
    Checkpoint(tmp_path, "one").save({"x": torch.ones(2)}, {"epoch": 1})
    assert Checkpoint(tmp_path, "two").load() is None
    assert Checkpoint(tmp_path, "one").load() is not None


def test_damaged_checkpoint_falls_back_to_the_one_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkpoint = Checkpoint(tmp_path, "one")
    for epoch in (1, 2):
        checkpoint.save({"x": torch.full((50,), float(epoch))}, {"epoch": epoch})
    for keep in (-60, 20, 0):
        checkpoint.current.write_bytes(checkpoint.previous.read_bytes()[:keep])
        saved = checkpoint.load()
        assert saved is not None
        assert (saved[1]["epoch"], float(saved[0]["x"][0])) == (1, 1.0)
        assert "damaged checkpoint" in capsys.readouterr().err
    checkpoint.previous.write_bytes(b"x")
    with pytest.raises(InputError, match=r"damaged checkpoint .* delete .* to train from the beginning"):
        checkpoint.load()


def test_same_tensors_same_bytes(tmp_path: Path) -> None:
    tensors = {name: torch.full((3, 2), float(i)) for i, name in enumerate("zyxab")}
    save_tensors(tensors, tmp_path / "a")
    save_tensors(dict(reversed(tensors.items())), tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert torch.equal(load_file(tmp_path / "a")["y"], tensors["y"])


def test_heads_that_only_help_are_learned_from(tmp_path: Path) -> None:
    class Helped(torch.nn.Module):
        auxiliary_weight = 0.3

        def __init__(self) -> None:
            super().__init__()
            self.main, self.auxiliary = small.small_network(), small.small_network()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.main(x)

        def with_auxiliary(self, x: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
            return self.main(x), [self.auxiliary(x)]

    network, chosen = Helped(), small.recipe(epochs=1)
    before = network.auxiliary[0].weight.clone()
    small.run(tmp_path, chosen, network=network)
    assert not torch.equal(network.auxiliary[0].weight, before)
