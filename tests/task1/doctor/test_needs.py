"""Projected bytes against counts written out by hand."""

from task1.config import dataset, resolve
from task1.doctor.needs import TRAINING_PROCESS_BYTES, learned, needs, recordings_bytes


def test_wang2023_on_the_real_sets() -> None:
    run = resolve("wang2023", "full")
    clip = 256 * 44 * 2
    found = needs(run, 2)
    assert found.features == {"tau2022mobile_dev": 230_350 * clip, "tau2023mobile_eval": 118_800 * clip}
    assert found.training == 139_620 * clip
    assert (found.copies, found.at_once) == (0, 2)
    assert found.memory(on_gpu=False) == 2 * (TRAINING_PROCESS_BYTES + 139_620 * clip)
    assert found.memory(on_gpu=True) == 2 * TRAINING_PROCESS_BYTES
    assert needs(run, 16).at_once == 4


def test_copies_count_on_disk_once_and_in_every_training() -> None:
    run = resolve("shao2022", "full")
    clip = run.features.n_mels * run.features.frames * 2
    pix2pix = next(model.augmentation.pix2pix for model in run.models.values() if model.augmentation.pix2pix)
    per_device = dataset(run.development).counts.train.per_device  # type: ignore[union-attr]
    made = round(pix2pix.share * sum(per_device[device] for device in pix2pix.source_devices))
    assert needs(run, 1).copies == made * clip
    everything = [model for model in run.models.values() if model.training.data == "all"]
    assert {learned(run, model) for model in everything} == {230_350 + made}


def test_one_kind_asked_for_by_several_models_lies_on_disk_once() -> None:
    run = resolve("zhao2021", "full")
    kinds = {(kind, model.augmentation.waveform.share) for model in run.models.values() if model.augmentation.waveform
             for kind in model.augmentation.waveform.model_dump(exclude={"share"}, exclude_none=True)}
    train = dataset(run.development).counts.train
    assert train is not None
    clip = run.features.n_mels * run.features.frames * 2
    assert needs(run, 1).copies == sum(round(share * train.files) for _, share in kinds) * clip


def test_recordings_take_whole_blocks() -> None:
    facts = dataset("tau2022mobile_dev")
    assert recordings_bytes(facts) == 230_350 * 135_168  # 44 + 3 * 44,100 bytes are 33 blocks of 4096


def test_every_seed_has_copies_of_its_own_and_trains_beside_the_others() -> None:
    one, five = (needs(resolve("shao2022", "full", seeds=seeds), 64) for seeds in (1, 5))
    assert five.copies == 5 * one.copies
    assert (one.at_once, five.at_once) == (5, 25)
    assert (five.features, five.training) == (one.features, one.training)
