"""The contract of augmented copies: names, what is written, what is refused, what a training gets to see."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from task1.augment.copies import TABLE, Copy, copies_of, copy_name, load_copies, read_copies, recipe_of, write_copies
from task1.config import Run, resolve
from task1.config.recipe import Pix2Pix, Waveform
from task1.errors import InputError
from task1.features.store import STORE, Rows
from task1.layout import Layout
from tests.task1.augment.small_copies import ALL_KINDS, MODEL, SMALL, with_waveform

DATASET = "embedded-10s-tiny-dev"


def rows(count: int, seed: int = 0) -> list[tuple[str, str, str, Rows]]:
    """What a maker hands over: file name, source, device, log-mel."""
    noise = np.random.default_rng(seed)
    return [(copy_name(f"audio/bus-{n}-a.wav", "pix2pix"), f"audio/bus-{n}-a.wav", f"s{n % 3 + 1}",
             noise.normal(size=(SMALL.n_mels, SMALL.frames)).astype(np.float16)) for n in range(count)]


def test_each_kind_has_a_folder_of_its_own_and_the_name_leads_back() -> None:
    run = with_waveform(ALL_KINDS, seed=7)
    names = copies_of(run, MODEL)
    assert [name.rpartition("-")[0] for name in names] == ["pitch", "speed", "noise", "mix"]
    assert all(len(name.rpartition("-")[2]) == 12 for name in names)
    blocks = [recipe_of(run, name).block for name in names]
    assert blocks == [Waveform(share=1.0, pitch_semitones=2.0), Waveform(share=1.0, speed=(0.8, 1.25)),
                      Waveform(share=1.0, noise_snr_db=(5.0, 20.0)), Waveform(share=1.0, mix_gains=(0.5, 1.0))]
    assert {recipe_of(run, name).seed for name in names} == {7}


def test_models_with_the_same_needs_share_a_folder() -> None:
    run = resolve("shao2022", "tiny")
    names = {model: copies_of(run, model) for model in run.models}
    assert len(set(names.values())) == 1
    (name,) = names["student1"]
    assert name.startswith("pix2pix-")
    assert recipe_of(run, name).block == run.models["student1"].augmentation.pix2pix
    assert isinstance(recipe_of(run, name).block, Pix2Pix)


def test_what_decides_the_content_decides_the_name_and_nothing_else() -> None:
    def pitch(waveform: dict[str, Any], seed: int = 1, **changes: Any) -> str:
        run = with_waveform({**ALL_KINDS, **waveform}, seed)
        return copies_of(run.model_copy(update=changes), MODEL)[0]

    same = pitch({})
    assert pitch({"speed": None, "noise_snr_db": [0.0, 1.0]}) == same
    assert pitch({}, part_clips=9) == same
    others = [pitch({"pitch_semitones": 3.0}), pitch({"share": 0.5}), pitch({}, seed=2), pitch({}, development="other"),
              pitch({}, features=SMALL.model_copy(update={"power": 1}))]
    assert len({same, *others}) == 6


def test_a_recipe_without_copies() -> None:
    run = resolve("wang2023", "tiny")
    assert [copies_of(run, model) for model in run.models] == [()] * len(run.models)
    with pytest.raises(InputError, match=r"copies pitch-0: no model of this run asks for them; expected none"):
        recipe_of(run, "pitch-0")


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    run = with_waveform({"share": 1.0, "speed": [0.9, 1.1]})
    with pytest.raises(InputError, match=f"copies speed: .* expected {copies_of(run, MODEL)[0]}"):
        recipe_of(run, "speed")


@pytest.mark.parametrize("part_clips", [1, 3, 7, 100])
def test_what_is_written_is_read(tmp_path: Path, part_clips: int) -> None:
    written = rows(7)
    write_copies(tmp_path, SMALL, DATASET, iter(written), part_clips)
    store, table = read_copies(tmp_path, SMALL)
    assert store.dataset == DATASET
    assert store.filenames == [row[0] for row in written]
    assert len(list(tmp_path.glob("part-*.h5"))) == -(-7 // part_clips)
    np.testing.assert_array_equal(store.read(range(7)), np.stack([row[3] for row in written]))
    assert list(table.itertuples(index=False, name=None)) == [Copy(*row[:3]) for row in written]
    assert (tmp_path / TABLE).read_text().splitlines()[:2] == [
        "filename\tsource\tdevice\tpartner", "audio/bus-0-a+pix2pix.wav\taudio/bus-0-a.wav\ts1\t"]


def test_what_was_there_is_replaced(tmp_path: Path) -> None:
    write_copies(tmp_path / "one", SMALL, DATASET, rows(9), 2)
    write_copies(tmp_path / "one", SMALL, DATASET, rows(5, seed=1), 3)
    write_copies(tmp_path / "two", SMALL, DATASET, rows(5, seed=1), 3)
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two
    assert sorted(one) == [TABLE, "part-00000.h5", "part-00001.h5", STORE]


def test_interrupted_copies_are_not_complete(tmp_path: Path) -> None:
    write_copies(tmp_path, SMALL, DATASET, rows(6), 2)

    def interrupted() -> Iterator[tuple[str, str, str, Rows]]:
        yield from rows(3, seed=1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_copies(tmp_path, SMALL, DATASET, interrupted(), 2)
    with pytest.raises(InputError, match=r"store\.json: no such file, .* `task1 copies`"):
        read_copies(tmp_path, SMALL)
    write_copies(tmp_path, SMALL, DATASET, rows(6), 2)
    np.testing.assert_array_equal(read_copies(tmp_path, SMALL)[0].read([5])[0], rows(6)[5][3])


def test_copies_that_cannot_be_stored_are_refused(tmp_path: Path) -> None:
    name, source, device, logmel = rows(1)[0]
    with pytest.raises(InputError, match="no clip to make a copy of"):
        write_copies(tmp_path, SMALL, DATASET, iter(()), 2)
    with pytest.raises(InputError, match="values that are not finite"):
        write_copies(tmp_path, SMALL, DATASET, [(name, source, device, logmel * np.float16(np.nan))], 2)
    for wrong in (logmel.astype(np.float32), logmel[:, 1:]):
        with pytest.raises(ValueError, match="float16 log-mels of 16 x 32 expected"):
            write_copies(tmp_path, SMALL, DATASET, [(name, source, device, wrong)], 2)
    assert not list(tmp_path.iterdir())


def damage_table(folder: Path) -> None:
    path = folder / TABLE
    path.write_text(path.read_text().replace("\ts1\t", "\ts2\t", 1))


def damage_content(folder: Path) -> None:
    path = folder / "part-00001.h5"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(("damage", "told"), [
    (damage_table, rf"{TABLE}: not the content that was written"),
    (lambda folder: (folder / TABLE).unlink(), rf"{TABLE}: no such file, but store\.json lies beside it"),
    (lambda folder: (folder / STORE).unlink(), r"store\.json: no such file"),
    (lambda folder: (folder / STORE).write_text("[]"), r"store\.json: not the list of a feature store"),
    (lambda folder: (folder / STORE).write_text("{"), r"store\.json: cannot be read"),
    (lambda folder: (folder / "part-00000.h5").unlink(), r"part-00000\.h5: no such file"),
    (lambda folder: (folder / "part-00000.h5").write_bytes(b"HDF"), r"part-00000\.h5: found 3 bytes"),
    (damage_content, r"part-00001\.h5: not the content that was written"),
])
def test_a_damaged_folder_is_named_with_the_way_out(tmp_path: Path, damage: Any, told: str) -> None:
    folder = tmp_path / "pix2pix-0123"
    write_copies(folder, SMALL, DATASET, rows(5), 3)
    damage(folder)
    with pytest.raises(InputError, match=rf"{folder}/{told}.*; make the copies again with `task1 copies`"):
        read_copies(folder, SMALL)[0].read(range(5))


def test_a_table_of_other_parts_is_refused(tmp_path: Path) -> None:
    write_copies(tmp_path / "one", SMALL, DATASET, rows(5), 3)
    write_copies(tmp_path / "two", SMALL, DATASET, list(reversed(rows(5))), 3)
    for name in (TABLE, STORE):
        (tmp_path / "one" / name).write_bytes((tmp_path / "two" / name).read_bytes())
    for number in range(2):  # of the same size as those of the other folder, but of other clips
        path = tmp_path / "one" / f"part-{number:05d}.h5"
        assert path.stat().st_size == (tmp_path / "two" / path.name).stat().st_size
    with pytest.raises(InputError, match=f"{TABLE}: its 5 file names are not those of the 5 copies"):
        read_copies(tmp_path / "one", SMALL)


def test_copies_under_other_parameters_are_refused(tmp_path: Path) -> None:
    write_copies(tmp_path, SMALL, DATASET, rows(2), 3)
    with pytest.raises(InputError, match=r"other parameters \(power: found 2, expected 1\); make the copies"):
        read_copies(tmp_path, SMALL.model_copy(update={"power": 1}))


def index_of(*numbers: int) -> pd.DataFrame:
    return pd.DataFrame({"filename": [f"audio/bus-{n}-a.wav" for n in numbers], "device": "a", "split": "train",
                         "scene": ["bus" if n % 2 else "park" for n in numbers]})


def loading(tmp_path: Path, dataset: str = DATASET) -> tuple[Layout, Run]:
    at, run = Layout(tmp_path / "runs" / "toy"), with_waveform(ALL_KINDS)
    write_copies(at.copies("mix-0"), SMALL, dataset, rows(6), 4)
    return at, run


def test_a_training_gets_only_copies_of_clips_it_learns_from(tmp_path: Path) -> None:
    at, run = loading(tmp_path)
    store, table = load_copies(at, run, "mix-0", index_of(5, 1, 2))
    assert table["source"].tolist() == [f"audio/bus-{n}-a.wav" for n in (1, 2, 5)]
    assert table["scene"].tolist() == ["bus", "park", "bus"]
    assert table["device"].tolist() == ["s2", "s3", "s3"]  # what the copy sounds like, not the source's
    np.testing.assert_array_equal(store.read(store.rows(table["filename"].tolist()))[2], rows(6)[5][3])
    assert load_copies(at, run, "mix-0", index_of(77))[1].empty


def test_no_copy_that_is_mixed_with_a_clip_held_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at, run = loading(tmp_path)
    store, table = read_copies(at.copies("mix-0"), SMALL)
    table["partner"] = [f"audio/bus-{(n + 1) % 6}-a.wav" for n in range(6)]
    monkeypatch.setattr("task1.augment.copies.read_copies", lambda *_: (store, table))
    _, usable = load_copies(at, run, "mix-0", index_of(0, 1, 3, 4, 5))  # clip 2 is held back
    assert usable["source"].tolist() == [f"audio/bus-{n}-a.wav" for n in (0, 3, 4, 5)]


def test_copies_of_another_data_set_are_refused(tmp_path: Path) -> None:
    at, run = loading(tmp_path, "tau2020mobile_dev")
    with pytest.raises(InputError, match=f"found copies of clips of tau2020mobile_dev, expected {DATASET}"):
        load_copies(at, run, "mix-0", index_of(1))


@given(st.text(st.characters(codec="utf-8", exclude_characters="/\t\r\n\0"), min_size=1))
def test_a_copys_name_tells_its_source(stem: str) -> None:
    name = copy_name(f"audio/{stem}.wav", "pitch")
    assert name.startswith("audio/")
    assert name.removesuffix("+pitch.wav") == f"audio/{stem}"
