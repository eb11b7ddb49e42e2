"""Generated clips: which pairs teach, what is drawn, that it is nearer to the target device, kills, bad input."""

import csv
import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError
from safetensors import safe_open

from task1.augment import pix2pix as module
from task1.augment.copies import read_copies
from task1.augment.pix2pix import GENERATOR, Copies, draw_copies, generate, parallel, training_pairs
from task1.augment.pix2pix_gan import Adversaries, Pairs, Translator, decay, train_generator, validate
from task1.config import Run
from task1.corpus.folds import validation_split
from task1.errors import InputError
from task1.features.store import STORE, FeatureStore
from task1.layout import Layout
from task1.training.checkpoint import Checkpoint
from tests.task1.augment import small_pix2pix as small

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Layout, Run, pd.DataFrame]:
    run = small.make_run(small.recipe())
    at, index = small.make_corpus(tmp_path_factory.mktemp("work"), run)
    return at, run, index[index["split"] == "train"]


@pytest.fixture
def store(corpus: tuple[Layout, Run, pd.DataFrame]) -> FeatureStore:
    at, run, _ = corpus
    return FeatureStore(at.features(run, run.development), small.SMALL)


def table_of(folder: Path) -> pd.DataFrame:
    return read_copies(folder, small.SMALL)[1]


def history_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open() as stream:
        return list(csv.DictReader(stream))


def test_pairs_are_joined_by_name() -> None:
    names = ["audio/bus-lyon-1-1-s1.wav", "audio/bus-lyon-1-1-a.wav", "audio/bus-lyon-1-2-a.wav",
             "audio/bus-lyon-1-1-b.wav", "audio/bus-lyon-1-2-s2.wav", "audio/tram-lyon-1-1-a.wav",
             "audio/bus-lyon-1-1-c.wav"]
    source, target = parallel(names, ["a", "b"], ["s1", "s2"])
    assert sorted(zip(source.tolist(), target.tolist(), strict=True)) == [(1, 0), (2, 4), (3, 0)]


def test_all_real_pairs_are_found_in_seconds(reference: Path) -> None:
    names = pd.read_csv(reference / "tau-lists" / "tau2022-mobile-dev.fold1_train.csv.gz", sep="\t")["filename"]
    start = time.perf_counter()
    source, target = parallel(names.tolist(), ["a", "b", "c"], ["s1", "s2", "s3"])
    assert time.perf_counter() - start < 10
    stems = names.str.rpartition("-")[0].to_numpy()
    assert (stems[source] == stems[target]).all()
    ends = names.str.extract(r"-(\w+)\.wav$")[0].to_numpy()
    assert set(ends[source]) == {"a", "b", "c"}
    # every simulated recording has one of device a behind it
    assert (ends[source] == "a").sum() == np.isin(ends, ["s1", "s2", "s3"]).sum()


def test_held_back_locations_teach_nothing(corpus: tuple[Layout, Run, pd.DataFrame], store: FeatureStore) -> None:
    rows = corpus[2]
    pairs = training_pairs(rows, store, small.recipe(), 1, small.CPU)
    assert pairs.validation is not None
    names = np.array(pairs.filenames)
    held = set(rows["filename"][validation_split(rows, 0.2, 1)])
    for part, expected in ((pairs.train, False), (pairs.validation, True)):
        for clips in (part.source, part.target):
            assert {name in held for name in names[clips]} == {expected}
    assert len(pairs.train) == 8 * 4 * 2 * 3 / 2  # 8 of 10 locations, 4 moments, 2 targets, a always, b every second
    assert len(pairs.validation) == len(pairs.train) / 4
    none = training_pairs(rows, store, small.recipe(validation_share=0.0), 1, small.CPU)
    assert none.validation is None
    assert len(none.train) == 120


def test_profiles_are_mean_differences(corpus: tuple[Layout, Run, pd.DataFrame], store: FeatureStore) -> None:
    pairs = training_pairs(corpus[2], store, small.recipe(validation_share=0.0), 1, small.CPU)
    slope = torch.linspace(0, 2, 16)
    torch.testing.assert_close(pairs.profiles[0, 1], slope, atol=2e-3, rtol=0)  # a -> s2
    torch.testing.assert_close(pairs.profiles[1, 1], slope - 0.5, atol=2e-3, rtol=0)  # b -> s2
    source, target, profile = pairs.train.batch(torch.arange(len(pairs.train)))
    rows = store.rows(pairs.filenames)
    torch.testing.assert_close(source, torch.from_numpy(store.read(rows))[pairs.train.source].float())
    to_s2 = torch.tensor([pairs.filenames[n].endswith("-s2.wav") for n in pairs.train.target.tolist()])
    torch.testing.assert_close((source + profile[:, :, None])[to_s2], target[to_s2], atol=0.01, rtol=0)


def test_a_source_without_parallel_recordings_takes_the_mean_of_the_target(
        corpus: tuple[Layout, Run, pd.DataFrame], store: FeatureStore) -> None:
    rows = corpus[2]
    heard = rows["segment"].isin(rows.loc[rows["device"] == "b", "segment"])
    lonely = rows[(rows["device"] == "b") | ~heard]  # where b recorded, nobody else did
    pairs = training_pairs(lonely, store, small.recipe(validation_share=0.0), 1, small.CPU)
    torch.testing.assert_close(pairs.profiles[1], pairs.profiles[0])


def test_copies_are_a_share_of_the_sources_evenly_over_targets() -> None:
    rows = pd.DataFrame({"filename": [f"audio/bus-lyon-1-{n}-{'ab'[n % 2]}.wav" for n in range(3000)]
                         + [f"audio/bus-lyon-1-{n}-s1.wav" for n in range(500)]})
    drawn = draw_copies(rows, small.recipe(share=0.3), 3)
    assert len(drawn.filenames) == len(set(drawn.filenames)) == 900
    assert all(name.endswith(("-a.wav", "-b.wav")) for name in drawn.filenames)
    assert [name.endswith("-b.wav") for name in drawn.filenames] == [bool(own) for own in drawn.source]
    assert np.bincount(drawn.target).tolist() == pytest.approx([450, 450], abs=60)
    assert np.mean([int(name.split("-")[3]) for name in drawn.filenames]) == pytest.approx(1500, abs=120)
    again, other = draw_copies(rows, small.recipe(share=0.3), 3), draw_copies(rows, small.recipe(share=0.3), 4)
    assert again.filenames == drawn.filenames
    assert (again.target == drawn.target).all()
    assert other.filenames != drawn.filenames
    assert len(draw_copies(rows, small.recipe(share=1.0), 3).filenames) == 3000


def test_generated_clips_are_nearer_to_the_target_than_sources_and_profiles(tmp_path: Path) -> None:
    """The noise floor of s1 is nothing that a mean difference could bring about."""
    run = small.make_run(small.recipe(epochs=20, lr=0.005, share=1.0))
    at, index = small.make_corpus(tmp_path, run)
    folder = small.make(at, run)
    last = history_of(folder)[-1]
    assert last["epoch"] == "20"
    assert float(last["validation_l1"]) < 0.8 * float(last["profile_l1"]) < 0.5 * float(last["identity_l1"])
    # the same of the copies, at held-back locations
    originals = FeatureStore(at.features(run, run.development), small.SMALL)
    made, table = read_copies(folder, small.SMALL)
    assert len(table) == ((index["split"] == "train") & index["device"].isin(["a", "b"])).sum()
    held = set(index["filename"][validation_split(index, 0.2, run.models[small.MODEL].training.seed)])
    chosen = table[table["source"].isin(held)]
    targets = [f"{source.rpartition('-')[0]}-{device}.wav"
               for source, device in zip(chosen["source"], chosen["device"], strict=True)]
    copy, source, target = (of.read(of.rows(list(names))).astype(np.float32) for of, names in (
        (made, chosen["filename"]), (originals, chosen["source"]), (originals, targets)))
    assert np.abs(copy - target).mean() < 0.5 * np.abs(source - target).mean()
    assert set(chosen["device"]) == {"s1", "s2"}


def test_the_folder(corpus: tuple[Layout, Run, pd.DataFrame]) -> None:
    at, run, rows = corpus
    folder = small.make(at, run)
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith("part-")) == [
        "copies.csv", GENERATOR, "history.csv", STORE]
    table = table_of(folder)
    assert len(table) == 30  # half of 40 clips of a and 20 of b
    assert set(table["source"]) <= set(rows["filename"])  # none of the test fold
    assert set(table["device"]) == {"s1", "s2"}
    assert (table["filename"] == table["source"].str.replace(".wav", "+pix2pix.wav")).all()
    with safe_open(folder / GENERATOR, framework="pt") as stream:
        assert stream.get_tensor("profiles").shape == (2, 2, 16)
        assert json.loads(stream.metadata()["facts"])["recipe"]["epochs"] == 3
    assert [float(row["l1"]) > 0 for row in history_of(folder)] == [True] * 3


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    contents = []
    for seed in (1, 1, 2):
        run = small.make_run(small.recipe(epochs=1), seed)
        at, _ = small.make_corpus(tmp_path / str(len(contents)), run, 3, 2)
        folder = small.make(at, run)
        contents.append({path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".csv"})
    first, same, other = contents
    assert first == same
    assert all(first[name] != other[name] for name in ("part-00000.h5", GENERATOR))


def program(run_folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-m", "tests.task1.augment.small_pix2pix", str(run_folder)], cwd=ROOT,
                            stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})


@pytest.mark.slow
def test_killed_work_ends_in_the_same_bytes(tmp_path: Path) -> None:
    run = small.make_run(small.recipe(epochs=6))
    folders = {name: small.make_corpus(tmp_path / name, run, 12)[0] for name in ("whole", "killed")}
    assert program(folders["whole"].run).wait(120) == 0
    kills = 0
    for delay in (0.0, 0.1, 0.2):  # at different places of an epoch
        process = program(folders["killed"].run)
        assert process.stderr is not None
        process.stderr.readline()  # one epoch is over
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        kills += process.wait(60) == -signal.SIGKILL
        process.stderr.close()
    assert kills >= 2
    assert not any(path.name == STORE for path in (folders["killed"].run / "copies").rglob("*"))
    last = program(folders["killed"].run)
    told = last.communicate(timeout=120)[1]
    assert last.returncode == 0
    assert "epoch 1/6" not in told  # it went on, it did not begin again
    whole, killed = (sorted((at.run / "copies").rglob("*")) for at in folders.values())
    assert [path.name for path in whole] == [path.name for path in killed]
    assert [path.read_bytes() for path in whole if path.suffix in (".h5", ".json", ".safetensors")] == [
        path.read_bytes() for path in killed if path.suffix in (".h5", ".json", ".safetensors")]


def pairs_of(clips: torch.Tensor) -> Pairs:
    """One kind of pairs: the first half of the clips to the second."""
    half = len(clips) // 2
    profile = (clips[half:] - clips[:half]).mean(dim=(0, 2))[None]
    return Pairs(clips.half(), torch.arange(half), torch.arange(half, 2 * half), torch.zeros(half, dtype=torch.long),
                 profile)


def test_a_tiny_set_is_overfitted(tmp_path: Path) -> None:
    """Targets that neither profile nor source can explain."""
    torch.manual_seed(0)
    pairs = pairs_of(torch.randn(8, 16, 16))
    settings = small.recipe(epochs=100, batch_size=4, dropout=0.0, lr=0.005, generator=(16, 32), validation_share=0.0)
    translator = train_generator("tiny", settings, pairs, pairs, Checkpoint(tmp_path / "checkpoint", "x"), 1)
    measured = validate(translator, pairs)
    assert measured["validation_l1"] < 0.3 * measured["profile_l1"]


def test_history_tells_distances_in_log_mel() -> None:
    clips = torch.randn(12, 16, 16).half().float()
    pairs = pairs_of(3 * clips)
    translator = Translator(small.recipe())
    for parameter in translator.network.last.parameters():
        torch.nn.init.zeros_(parameter)
    measured = validate(translator, pairs)  # a generator that adds nothing
    expected = (3 * clips[:6] - 3 * clips[6:]).abs().mean()
    assert measured["validation_l1"] == measured["identity_l1"] == pytest.approx(float(expected), rel=1e-3)
    both = Adversaries(small.recipe(), pairs, 1)
    assert float(both.translator.centre) == pytest.approx(float(3 * clips[:6].mean()), abs=1e-3)
    assert float(both.translator.scale) == pytest.approx(float(3 * clips[:6].std(correction=0)), rel=1e-3)
    source, target, profile = pairs.batch(torch.arange(6))
    both = Adversaries(small.recipe(dropout=0.0), pairs, 1)
    made = (both.translator.train()(source, profile) - target).abs().mean()
    both = Adversaries(small.recipe(dropout=0.0), pairs, 1)
    assert float(both.step(source, target, profile)[0]) == pytest.approx(float(made.detach()), rel=1e-4)


def test_generation_depends_on_no_neighbour_but_its_noise(store: FeatureStore) -> None:
    translator = Translator(small.recipe(dropout=0.0))
    names, profiles = store.filenames[:6], torch.randn(2, 2, 16)

    def made(chosen: list[int]) -> np.ndarray:
        zeros = np.zeros(len(chosen), np.intp)
        copies = Copies([names[n] for n in chosen], zeros, zeros)
        return np.concatenate(list(generate(translator, store, copies, profiles, 1)))

    np.testing.assert_allclose(made([0, 1, 2, 3, 4, 5])[2:3], made([2]), atol=4e-3)
    noisy = Translator(small.recipe()).generating()
    x = torch.randn(2, 16, 16)
    assert not torch.equal(noisy(x, profiles[0]), noisy(x, profiles[0]))
    quiet = made([0, 1])
    assert quiet.dtype == np.float16
    assert quiet.min() >= -10  # nothing is below the log-mel of silence


def test_silence_is_the_lowest_value(store: FeatureStore) -> None:
    translator = Translator(small.recipe())
    torch.nn.init.constant_(translator.network.last.bias, -1000.0)
    zeros = np.zeros(1, np.intp)
    (made,) = generate(translator, store, Copies(store.filenames[:1], zeros, zeros), torch.zeros(2, 2, 16), 1)
    assert (made == -10).all()


def test_learning_rate() -> None:
    assert [decay(epoch, 8) for epoch in range(8)] == [1, 1, 1, 1, 1, 0.75, 0.5, 0.25]
    assert decay(0, 1) == 1


@pytest.mark.parametrize(("changes", "told"), [
    ({"source_devices": ["a", "x"]}, "no training clip of device x; the .* clips are of a, b, s1, s2"),
    ({"target_devices": ["s1", "s9"]}, "no training clip of device s9"),
])
def test_unknown_devices(corpus: tuple[Layout, Run, pd.DataFrame], store: FeatureStore, changes: dict[str, object],
                         told: str) -> None:
    with pytest.raises(InputError, match=told):
        training_pairs(corpus[2], store, small.recipe(**changes), 1, small.CPU)


def test_no_parallel_recordings(corpus: tuple[Layout, Run, pd.DataFrame], store: FeatureStore) -> None:
    rows = corpus[2]
    real, other = rows["device"].isin(["a", "b"]), rows["segment"].astype(int) % 8 < 4
    with pytest.raises(InputError, match="found 0 parallel recordings of a, b and s1, s2"):
        training_pairs(rows[real == other], store, small.recipe(), 1, small.CPU)
    alone = rows[(rows["device"] == "s2") ^ other]
    with pytest.raises(InputError, match="no recording of target device s2 to train on"):
        training_pairs(alone, store, small.recipe(validation_share=0.0), 1, small.CPU)


@pytest.mark.parametrize(("changes", "told"), [
    ({"source_devices": ["a", "s1"]}, "found more than once: s1"), ({"target_devices": []}, "target_devices"),
    ({"batch_size": 1}, "batch_size"), ({"discriminator": [4]}, "discriminator"), ({"share": 0}, "share"),
])
def test_recipes_that_are_refused(changes: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        small.recipe(**changes)


def test_a_loss_that_is_no_number_is_told_and_the_state_before_kept(tmp_path: Path) -> None:
    pairs = pairs_of(torch.randn(16, 16, 16))
    settings = small.recipe(epochs=1, validation_share=0.0)
    checkpoint = Checkpoint(tmp_path / "checkpoint", "x")
    train_generator("tiny", settings, pairs, None, checkpoint, 1)
    with pytest.raises(InputError, match=r"became (nan|inf) in epoch 2; .*lower augmentation.pix2pix.lr"):
        train_generator("tiny", settings.model_copy(update={"epochs": 4, "lr": 1e30}), pairs, None, checkpoint, 1)
    saved = checkpoint.load()
    assert saved is not None
    assert len(saved[1]["history"]) == 1
    assert all(tensor.isfinite().all() for tensor in saved[0].values())
    assert history_of(tmp_path)[0]["validation_l1"] == ""


def test_out_of_memory_is_told(corpus: tuple[Layout, Run, pd.DataFrame], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(module, "train_generator", fail)
    with pytest.raises(InputError, match=r"out of memory on device cpu.*lower augmentation.pix2pix.batch_size \(8\)"):
        small.make(corpus[0], corpus[1])


def test_a_defect_is_not_told_as_out_of_memory(corpus: tuple[Layout, Run, pd.DataFrame],
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(module, "train_generator", fail)
    with pytest.raises(RuntimeError, match="shapes differ"):
        small.make(corpus[0], corpus[1])


def test_other_clips_are_another_training(corpus: tuple[Layout, Run, pd.DataFrame], store: FeatureStore) -> None:
    pairs = training_pairs(corpus[2], store, small.recipe(), 1, small.CPU)
    names = {module._identity(store, recipe, own, seed) for recipe, own, seed in [
        (small.recipe(), pairs, 1), (small.recipe(), pairs, 2), (small.recipe(lr=0.001), pairs, 1),
        (small.recipe(), dataclasses.replace(pairs, filenames=pairs.filenames[1:]), 1)]}
    assert len(names) == 4
