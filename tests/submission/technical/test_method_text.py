"""The method in words: what the recipe has is told, what it has not is not, in whole sentences."""

import re
from typing import Any

import pytest

from submission.technical.augmentation_text import METHODS, augmentation
from submission.technical.blocks import Bullets, Heading, Paragraph, Section, Table
from submission.technical.feature_text import features, recordings
from submission.technical.front_text import introduction
from submission.technical.groups import whom
from submission.technical.network_text import grouped, networks
from submission.technical.network_words import WORDS, describe
from submission.technical.training_text import training
from submission.technical_report import sections
from task1.complexity_tables import count_model
from task1.config import load, names
from task1.config.base import META
from task1.config.entry import Entry
from task1.models.registry import CLASSES

EVERY = [(name, ()) for name in names("entries")] + [
    (name, (f"variant={variant}",)) for name in names("entries")
    for variant in load(Entry, META / "entries" / f"{name}.yaml").variants]


def text_of(*found: Section) -> str:
    """Everything that sections say, in order."""
    said: list[str] = []
    for section in found:
        for block in section.blocks:
            if isinstance(block, Paragraph | Heading):
                said.append(block.text)
            elif isinstance(block, Bullets):
                said += block.items
            elif isinstance(block, Table):
                said += [block.caption, *(" | ".join(map(str, row)) for row in (block.header, *block.rows))]
    return "\n".join(said)


def prose_of(found: Section) -> list[str]:
    return [block.text for block in found.blocks if isinstance(block, Paragraph)] + [
        item for block in found.blocks if isinstance(block, Bullets) for item in block.items]


@pytest.mark.parametrize(("entry", "settings"), EVERY, ids=str)
def test_sentences_are_whole(make_material: Any, entry: str, settings: tuple[str, ...]) -> None:
    for section in sections(make_material(entry, settings=settings)):
        for text in prose_of(section):
            assert re.search(r"[.:](\*)?$", text), text
            assert not re.search(r"\bNone\b|\bnan\b|\{|\}|  | [,.;:](?!\.)|[,;]\.|\.\.|\b(\w+) \1\b|\(\)", text), text
            assert text[0] in "*@_" or text[0].isupper(), text
            for sentence in re.split(r"(?<=[a-z])\. ", text):
                assert sentence[0] in "@_*“" or not sentence[0].islower(), sentence


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.key)
def test_augmentation_that_is_off_is_not_told(make_material: Any, method: Any) -> None:
    entries = {"noise_mask": ("shao2022", ("variant=noise_reduction",)), "roll": ("cp_mobile", ()),
               "spectrum_correction": ("wang2023", ()), "waveform": ("zhao2021", ())}
    entry, settings = entries.get(method.key, ("shao2022", ()))
    off = f"augmentation.{method.key}={'false' if method.key == 'roll' else 'null'}"
    with_it = text_of(augmentation(make_material(entry, settings=settings)))
    without = text_of(augmentation(make_material(entry, settings=(*settings, off))))
    assert f"*{method.name}:*" in with_it
    assert method.name not in without


def test_no_augmentation_at_all(make_material: Any) -> None:
    off = [f"augmentation.{key}=null" for key in ("mixup", "masking", "spectrum_correction")]
    assert text_of(augmentation(make_material(settings=off))) == "The networks learn from the clips as they are."


def test_augmentation_of_some_networks_names_them(make_material: Any) -> None:
    text = text_of(augmentation(make_material("zhao2021")))
    assert "*SpecAugment:* for _teacher1_, in each spectrogram two stripes of at most 40 frames" in text
    assert "SpecAugment | time: 2 of up to 40; mel: 2 of up to 13 | _teacher1_" in text
    assert "Mixup | α = 0.4 | all" in text


def test_features_are_those_of_the_recipe(make_material: Any) -> None:
    text = text_of(features(make_material("zhao2021")))
    for said in ("2,048 samples and a hop of 1,024 samples", "128 mel filters (HTK scale)", "natural logarithm",
                 "scaled to the range 0 to 1", "of first and second order", "three channels and 423 frames",
                 "Network input | 3 × 128 × 400"):
        assert said in text
    assert "deltas" not in text_of(features(make_material("ye2024")))


def test_recordings_come_from_the_manifest(make_material: Any) -> None:
    text = text_of(recordings(make_material("wang2023")))
    for said in ("230,350 clips", "139,620 clips of 365 locations", "29,680 clips of 146 locations", "ten cities",
                 "three real devices (A, B, C) and six simulated devices", "S4, S5 and S6 have no training clips",
                 "118,800 clips"):
        assert said in text
    assert "synthetic" not in text
    assert "*synthetic*" in text_of(recordings(make_material("wang2023", "demo")))


def test_limits_and_ranking_are_those_of_the_edition(make_material: Any) -> None:
    text = text_of(introduction(make_material("wang2023")))
    assert "128,000 bytes for its parameters and 30,000,000 multiply-accumulate operations" in text
    assert "accuracy (0.5), memory (0.25) and MACs (0.25)" in text
    assert "131,072 bytes for its non-zero parameters." in text_of(introduction(make_material("zhao2021")))
    assert "is not limited" in text_of(introduction(make_material("ye2024")))


def test_training_is_told_by_network(make_material: Any) -> None:
    text = text_of(training(make_material("zhao2021")))
    for said in ("_student2_ and _student3_ learn from the averaged probabilities of _teacher2\\_254_ and",
                 "_student4_ learns from the averaged probabilities of _teacher2\\_254_ and _teacher2\\_510_; the "
                 "super-classes come from the true labels.", "$T = 2$ and $w = 0.9$",
                 "begins anew when 2, 6, 14, 30, 126 and 254 epochs are over",
                 "For the teachers, weights stay 32-bit floats", "averaged @weight_averaging over epochs 254 and 510",
                 "For _student3_, probabilities of scenes are multiplied"):
        assert said in text
    text = text_of(training(make_material("wang2023")))
    assert "projected where they conflict @pcgrad" in text
    assert "$lambda = 0.8$" in text
    assert "istillation" not in text


def test_fusions_are_told(make_material: Any) -> None:
    text = text_of(training(make_material("shao2022")))
    assert "System 2 combines the two networks _student1_ and _student2_ by a linear combination" in text
    assert "the weights are fitted on the clips held back from training." in text
    assert "the test fold included" in text


def test_networks_that_differ_little_are_told_by_their_difference(make_material: Any) -> None:
    text = text_of(networks(make_material("wang2023")))
    assert "All five blocks cut the frequency axis" in text
    assert "_model2_ is like _model1_, but for _cut_ none of 5 instead of all 5." in text


def test_every_network_of_the_project_has_words() -> None:
    assert set(CLASSES) - {"pix2pix_discriminator", "pix2pix_generator"} == set(WORDS)


def test_a_network_of_ones_own_is_told_by_its_arguments() -> None:
    said = describe({"class": "small_cnn:SmallCNN", "widths": [16, 32], "dropout": 0.2, "outputs": [10]})
    assert said == "The class _SmallCNN_ with widths 16, 32, dropout 0.2 and outputs 10."


@pytest.mark.parametrize(("entry", "model"), [
    ("wang2023", "model1"), ("zhao2021", "student1"), ("shao2022", "student1"), ("cp_mobile", "base")])
def test_layers_sum_up_to_the_whole(make_material: Any, entry: str, model: str) -> None:
    counted = count_model(make_material(entry).run, model)
    rows = grouped(counted.layers, "torchinfo")
    assert 5 < len(rows) <= 20
    assert sum(row[3] for row in rows) == counted.parameters
    assert sum(row[4] for row in rows) == counted.macs["torchinfo"]
    assert rows[-1][2][0] in (10, 13)


def test_models_are_called_by_what_they_have_in_common(make_material: Any) -> None:
    run = make_material("zhao2021").run
    assert whom(run, list(run.models)) == "all networks"
    assert whom(run, ["teacher1", "teacher2_254", "teacher2_510"]) == "the teachers"
    assert whom(run, ["student1", "teacher1"]) == "_student1_ and _teacher1_"
    assert whom(make_material("cp_mobile").run, ["base"]) == "the network"
