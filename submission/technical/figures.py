"""Which of a run's figures a report shows, in which section, and the sentence that leads to each.

Input: the list that `submission figures` writes (submission/items.py). A figure that was not made is left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from submission.items import Item
from submission.results import Results
from submission.technical.blocks import Block, Figure, Heading, Paragraph, Section
from submission.technical.markup import Typst, say
from submission.technical.material import Material


@dataclass(frozen=True)
class _Place:
    name: str
    section: str
    lead: str
    """What the figure does; {} is its label."""
    width: int
    """Percent of both columns, if `wide`, else of one."""
    wide: bool = True


def _places(material: Material) -> Iterator[_Place]:
    best = material.best.index
    which = f"system {best}" if len(material.systems) > 1 else "the system"
    yield _Place("device_spectra", "Recordings", "@{} shows how the devices differ in their mean spectra.", 68)
    yield _Place("auto_level", "Data augmentation", "@{} shows a spectrogram before and after auto level.", 80)
    yield _Place("pix2pix", "Data augmentation", "@{} sets a generated clip beside its source and a recording.", 80)
    yield _Place("learning_curves_loss", "Training", "@{} shows the losses while the networks learned.", 72)
    yield _Place(f"confusion_system{best}", "Results", f"@{{}} is the confusion matrix of {which}.", 100, False)
    if len(material.models) > 1:
        yield _Place("accuracy_macs", "Results", "@{} sets the networks' accuracy against their complexity.", 68)


def illustrated(sections: Sequence[Section], material: Material) -> list[Section]:
    """The sections with the run's figures, each with its sentence, in front of a section's first subsection."""
    if material.items is None:
        return list(sections)
    corpus = Results.of(material.folder).corpus
    shown: dict[str, list[Block]] = {}
    for place in _places(material):
        item = material.items.named(place.name)
        path = item and (item.files.get("svg") or item.files.get("png"))
        if item and path:
            label = f"fig-{item.name}"
            figure = Figure(label, _caption(item, corpus), path, place.width, place.wide)
            shown.setdefault(place.section, []).extend([Paragraph(say(place.lead, Typst(label))), figure])
    return [_with(section, shown.get(section.title, [])) for section in sections]


def _with(section: Section, blocks: list[Block]) -> Section:
    first = next((position for position, block in enumerate(section.blocks) if isinstance(block, Heading)),
                 len(section.blocks))
    return replace(section, blocks=[*section.blocks[:first], *blocks, *section.blocks[first:]])


def _caption(item: Item, corpus: str) -> Typst:
    """Title and caption; the corpus is named by the report's own mark."""
    caption = item.caption.removesuffix(f"{corpus}.").strip()
    return say("{}. {}", item.title, caption)
