"""Copies made from recordings: which clips get one, the same bytes however they are made, and what stops them."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile

from task1 import cli
from task1.augment import waveform_copies
from task1.augment.copies import CopiesRecipe, copies_of, load_copies, read_copies, recipe_of
from task1.augment.make_copies import maker_of
from task1.augment.waveform import augmented, dice_of
from task1.augment.waveform_copies import draw_copies
from task1.config import Run
from task1.config.recipe import Waveform
from task1.corpus.index import read_index, write_index
from task1.errors import InputError
from task1.features.audio import read_clip
from task1.features.extract import extract
from task1.features.logmel import LogMel
from task1.features.store import STORE, FeatureStore
from task1.layout import Layout
from tests.task1.augment import small_copies
from tests.task1.augment.small_copies import ALL_KINDS, MODEL, made, make_corpus, only_name, with_waveform

NOISE = {"share": 1.0, "noise_snr_db": [5.0, 20.0]}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def times(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in sorted(folder.glob("part-*.h5"))}


def index_of(count: int, scenes: int = 2, devices: str = "ab") -> pd.DataFrame:
    rows = range(count)
    return pd.DataFrame({"filename": [f"audio/{n}.wav" for n in rows], "scene": [f"scene{n % scenes}" for n in rows],
                         "device": [devices[n // scenes % len(devices)] for n in rows]})


def recipe(kind: str, seed: int = 1, **keys: Any) -> CopiesRecipe:
    return CopiesRecipe(kind, Waveform.model_validate({"share": 1.0, **keys}), seed)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the recordings that are read, as they are read."""
    read: list[str] = []

    def note(path: Path, settings: Any) -> Any:
        read.append(path.name)
        return read_clip(path, settings)

    monkeypatch.setattr(waveform_copies, "read_clip", note)
    return read


@pytest.mark.parametrize("kind", ["pitch", "speed", "noise", "mix"])
def test_rows_are_log_mels_of_changed_samples(tmp_path: Path, kind: str) -> None:
    key = {"pitch": "pitch_semitones", "speed": "speed", "noise": "noise_snr_db", "mix": "mix_gains"}[kind]
    run = with_waveform({"share": 1.0, key: ALL_KINDS[key]})
    at, index = make_corpus(tmp_path, run)
    store = made(at, run)
    _, table = read_copies(at.copies(only_name(run)), run.features)
    assert table["source"].tolist() == index["filename"][:12].tolist()  # all of the train split alone
    assert table["filename"].tolist() == [f"{name[:-4]}+{kind}.wav" for name in table["source"]]
    assert table["device"].tolist() == index["device"][:12].tolist()
    block = recipe_of(run, only_name(run)).block
    assert isinstance(block, Waveform)
    logmel, root = LogMel(run.features), at.root(run, run.development)
    for row, (_, source, _, partner) in zip(store.read(range(12)), table.itertuples(index=False), strict=True):
        clip, other = (read_clip(root / name, run.features) if name else None for name in (source, partner))
        assert clip is not None
        assert (other is not None) == (kind == "mix")
        wave = augmented(clip, other, block, run.features.sample_rate, dice_of(1, kind, source))
        np.testing.assert_array_equal(row, logmel(wave).astype(np.float16))


def test_a_copy_that_is_not_changed_has_the_originals_features(tmp_path: Path) -> None:
    run = with_waveform({"share": 1.0, "noise_snr_db": [300.0, 300.0]})
    at, _ = make_corpus(tmp_path, run)
    originals = FeatureStore(at.features(run, run.development), run.features)
    np.testing.assert_array_equal(made(at, run).read(range(12)), originals.read(range(12)))
    louder = with_waveform(NOISE)
    assert (made(at, louder).read(range(12)) != originals.read(range(12))).mean() > 0.5


def test_same_bytes_with_two_workers_and_in_another_order(tmp_path: Path) -> None:
    run = with_waveform({"share": 1.0, "mix_gains": [0.5, 1.0]})
    at, index = make_corpus(tmp_path, run)
    folder = at.copies(only_name(run))
    made(at, run)
    one = contents(folder)
    for path in folder.iterdir():
        path.unlink()
    made(at, run, workers=2)
    assert contents(folder) == one
    store, table = read_copies(folder, run.features)
    by_name = dict(zip(table["filename"], store.read(range(12)), strict=True))
    made(at, run, recipe=recipe_of(run, only_name(run)))
    write_index(index[::-1], at.index(run.development))
    again = made(at, run)
    assert again.filenames == store.filenames[::-1]
    for name, row in zip(again.filenames, again.read(range(12)), strict=True):
        np.testing.assert_array_equal(row, by_name[name])


def test_killed_and_resumed_gives_the_same_bytes(tmp_path: Path, computed: list[str]) -> None:
    run = with_waveform(NOISE)
    at, _ = make_corpus(tmp_path, run, clips=32)
    folder = at.copies(only_name(run))
    made(at, run)
    whole = contents(folder)
    for path in folder.iterdir():
        path.unlink()
    with subprocess.Popen([sys.executable, small_copies.__file__, str(at.run)]) as process:
        deadline = time.monotonic() + 60
        while not (folder / "part-00001.json").exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not (folder / STORE).exists()
    with pytest.raises(InputError, match="not complete; make the copies again with `task1 copies`"):
        load_copies(at, run, only_name(run), pd.DataFrame())

    finished = times(folder)
    assert 2 <= len(finished) < 8
    computed.clear()
    made(at, run)
    assert contents(folder) == whole
    assert times(folder).items() >= finished.items()
    assert len(computed) == 32 - 4 * len(finished)


def test_what_has_changed_is_made_again(tmp_path: Path, computed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    run = with_waveform({"share": 1.0, "mix_gains": [0.5, 1.0]})
    at, index = make_corpus(tmp_path, run)
    made(at, run)
    computed.clear()
    made(at, run)
    assert computed == []
    _, table = read_copies(at.copies(only_name(run)), run.features)
    partner = table["partner"][0]
    path = at.root(run, run.development) / partner
    path.write_bytes((path.parent / Path(index["filename"][13]).name).read_bytes())
    made(at, run)
    again = [row // 4 for row in range(12) if partner in (table["source"][row], table["partner"][row])]
    assert len(computed) == 2 * 4 * len(set(again))
    computed.clear()
    monkeypatch.setattr(waveform_copies, "code_digest", lambda *modules: "other code")
    made(at, run)
    assert len(computed) == 24


def test_the_share_is_exact_drawn_by_name_and_grows() -> None:
    index = index_of(200)

    def sources(share: float, rows: pd.DataFrame = index, seed: int = 1) -> set[str]:
        return {copy.source for copy in draw_copies(rows, recipe("pitch", seed, share=share, pitch_semitones=1.0))}

    assert [len(sources(share)) for share in (0.001, 0.1, 0.335, 1.0)] == [1, 20, 67, 200]
    assert sources(0.1) < sources(0.3)
    assert sources(0.3) == sources(0.3, index.sample(frac=1, random_state=0))
    assert sources(0.3) != sources(0.3, seed=2)
    others = draw_copies(index, recipe("noise", share=0.3, noise_snr_db=[1.0, 2.0]))
    assert sources(0.3) != {copy.source for copy in others}


def test_partners_are_other_clips_of_scene_and_device_evenly_drawn() -> None:
    index = index_of(800)
    told = index.set_index("filename")
    copies = draw_copies(index, recipe("mix", mix_gains=[1.0, 1.0]))
    assert len(copies) == 800
    for copy in copies:
        assert copy.partner != copy.source
        assert (told.loc[copy.partner] == told.loc[copy.source]).all()
        assert copy.device == told.loc[copy.source, "device"]
    counts = pd.Series([copy.partner for copy in copies]).value_counts().reindex(index["filename"], fill_value=0)
    assert counts.var() == pytest.approx(1, abs=0.25)  # of a Poisson distribution of mean 1
    assert counts.max() <= 7


def test_a_clip_without_partner_gets_no_mix() -> None:
    index = pd.concat([index_of(8), pd.DataFrame({"filename": ["audio/x.wav"], "scene": "scene0", "device": "s1"})])
    assert len(draw_copies(index, recipe("mix", mix_gains=[1.0, 1.0]))) == 8
    assert len(draw_copies(index, recipe("speed", speed=[1.0, 1.0]))) == 9
    assert draw_copies(index[-1:], recipe("mix", mix_gains=[1.0, 1.0])) == ()


def test_recordings_that_the_features_left_out_get_no_copies(tmp_path: Path) -> None:
    run = with_waveform(NOISE)
    at, index = make_corpus(tmp_path, run)
    root, folder = at.root(run, run.development), at.features(run, run.development)
    (root / index["filename"][2]).write_bytes(b"RIFF")
    (root / index["filename"][3]).unlink()
    extract(index, root, run.features, run.development, folder, 5, 1, skip_bad=True)
    assert made(at, run).shape[0] == 10


def damaged(action: Callable[[Path], object]) -> Callable[[Layout, Run, pd.DataFrame], None]:
    def act(at: Layout, run: Run, index: pd.DataFrame) -> None:
        action(at.root(run, run.development) / index["filename"][5])
    return act


def no_train_split(at: Layout, run: Run, index: pd.DataFrame) -> None:
    write_index(index[index["split"] == "test"], at.index(run.development))


def no_features(at: Layout, run: Run, index: pd.DataFrame) -> None:
    (at.features(run, run.development) / STORE).unlink()


@pytest.mark.parametrize(("damage", "told"), [
    (damaged(Path.unlink), r"bus-lyon-1-2-b\.wav: no such file; 1 of the 12 recordings"),
    (damaged(lambda path: path.write_bytes(path.read_bytes()[:-600])),
     r"1-2-b\+noise\.wav: /.*bus-lyon-1-2-b\.wav: found 11400 of the 12000 bytes .*; 1 of 12 copies cannot be"),
    (damaged(lambda path: soundfile.write(path, np.ones(3000) / 2, 8000, subtype="PCM_24")),
     r"bus-lyon-1-2-b\.wav: found 3000 samples \(0\.375 s\), expected 4000 \(0\.5 s\); 1 of 12 copies"),
    (no_train_split, r"tiny-dev\.csv: no copies of kind noise can be made of the 0 usable clips of split train"),
    (no_features, r"store\.json: no such file"),
])
def test_bad_input_is_named_and_nothing_counts_as_complete(tmp_path: Path, damage: Any, told: str) -> None:
    run = with_waveform(NOISE)
    at, index = make_corpus(tmp_path, run)
    damage(at, run, index)
    with pytest.raises(InputError, match=told):
        made(at, run)
    assert not (at.copies(only_name(run)) / STORE).exists()


@pytest.mark.parametrize("keys", [{"pitch_semitones": 2.0}, {"speed": [0.9, 1.1]}])
def test_clips_too_short_for_the_vocoder_are_refused_before_anything_is_read(tmp_path: Path, keys: Any) -> None:
    run = with_waveform({"share": 1.0, **keys})
    short = run.model_copy(update={"features": run.features.model_copy(update={"clip_seconds": 0.25})})
    with pytest.raises(InputError, match=rf"{next(iter(keys))}: found clips of 2000 samples .* expected 2048"):
        made(Layout(tmp_path / "runs" / "toy"), short)


def test_the_verb_makes_what_the_run_asks_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = with_waveform(ALL_KINDS)
    at, _ = make_corpus(tmp_path, run)
    for name in copies_of(run, MODEL):
        assert cli.main(["copies", "--run", str(at.run), "--name", name]) == 0
        assert f"{at.copies(name)}: 12 copies of 16 mel bands x 32 frames" in capsys.readouterr().out
        assert maker_of(name) == waveform_copies.__name__
        assert len(load_copies(at, run, name, read_index(at.index(run.development)))[1]) == 12
    assert cli.main(["copies", "--run", str(at.run), "--name", "pitch"]) == 2
    assert "no model of this run asks for them" in capsys.readouterr().err
