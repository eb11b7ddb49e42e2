"""Which of a run's figures a report shows, in which section, and the sentence that leads to each.

Input: the list that `submission figures` writes (submission/items.py). A figure that was not made is left out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from submission.items import Item
from submission.results import Results
from submission.technical.blocks import Block, Figure, Heading, Paragraph, Section
from submission.technical.markup import Typst, say
from submission.technical.material import Material
from task1.errors import InputError
from task1.layout import Layout

COLUMN, PAGE = 238.0, 493.0
"""Widths of a column and of both, as the template sets them, in points."""
SCALE = 0.66
"""All figures are drawn smaller by it, so that their letters are all of one size."""
STRETCH = 1.12
"""How much wider than a column a figure may be and still be put into one, made narrower."""
_SVG_WIDTH = re.compile(r'<svg\b[^>]*?\swidth="([0-9.]+)pt"')


@dataclass(frozen=True)
class _Place:
    name: str
    section: str
    lead: str
    """What the figure does; {} is its label."""


def _places(material: Material) -> Iterator[_Place]:
    best = material.best.index
    which = f"system {best}" if len(material.systems) > 1 else "the system"
    yield _Place("device_spectra", "Recordings", "@{} shows how the devices differ in their mean spectra.")
    yield _Place("auto_level", "Data augmentation", "@{} shows a spectrogram before and after auto level.")
    yield _Place("pix2pix", "Data augmentation", "@{} sets a generated clip beside its source and a recording.")
    yield _Place("learning_curves_loss", "Training", "@{} shows the losses while the networks learned.")
    yield _Place(f"confusion_system{best}", "Results", f"@{{}} is the confusion matrix of {which}.")
    if len(material.models) > 1:
        yield _Place("accuracy_macs", "Results", "@{} sets the networks' accuracy against their complexity.")


def illustrated(sections: Sequence[Section], material: Material) -> list[Section]:
    """The sections with the run's figures, each with its sentence, in front of a section's first subsection."""
    if material.items is None:
        return list(sections)
    layout, corpus = Layout(material.folder), Results.of(material.folder).corpus
    shown: dict[str, list[Block]] = {}
    for place in _places(material):
        item = material.items.named(place.name)
        if item and "svg" in item.files:
            label, path = f"fig-{item.name}", item.files["svg"]
            width = SCALE * _width(layout.report / path)
            narrow = width <= STRETCH * COLUMN
            figure = Figure(label, _caption(item, corpus), path, min(width, COLUMN if narrow else PAGE), not narrow)
            shown.setdefault(place.section, []).extend([Paragraph(say(place.lead, Typst(label))), figure])
    return [_with(section, shown.get(section.title, [])) for section in sections]


def _width(path: Path) -> float:
    """Of a vector figure, in points."""
    found = _SVG_WIDTH.search(path.read_text(encoding="utf-8"))
    if not found:
        raise InputError(f"{path}: no width in points, expected a figure that `submission figures` wrote; run it again")
    return float(found[1])


def _with(section: Section, blocks: list[Block]) -> Section:
    first = next((position for position, block in enumerate(section.blocks) if isinstance(block, Heading)),
                 len(section.blocks))
    return replace(section, blocks=[*section.blocks[:first], *blocks, *section.blocks[first:]])


def _caption(item: Item, corpus: str) -> Typst:
    """Title and caption; the corpus is named by the report's own mark."""
    caption = item.caption.removesuffix(f"{corpus}.").strip()
    return say("{}. {}", item.title, caption)
