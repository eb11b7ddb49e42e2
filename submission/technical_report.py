"""The technical report of a run, in the challenge's manner: typst source and the PDF made of it.

Inputs: a run folder with trained models and scores (submission/technical/material.py); figures, if `submission figures`
has made them. Outputs, whole or not at all:

    RUN/report/technical_report.pdf               A4, two columns
    RUN/report/technical_report.typ               its source, which an author can go on from
    RUN/report/technical_report.references.yaml   the works that the source can cite

Everything in it comes from the run, by rules. The same run gives the same bytes.
"""

import dataclasses
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence, Set
from pathlib import Path
from typing import Any

import jinja2

from submission.technical import front_text
from submission.technical.augmentation_text import augmentation
from submission.technical.blocks import Figure, Section, Table
from submission.technical.feature_text import features, recordings
from submission.technical.figures import illustrated
from submission.technical.markup import Typst, escape, literal
from submission.technical.material import Material, gather_material
from submission.technical.network_text import networks
from submission.technical.references import bibliography
from submission.technical.result_text import results
from submission.technical.setting import missing_letters, setter
from submission.technical.training_text import training
from task1.config import dataset
from task1.files import write_bytes, write_text
from task1.layout import Layout

TEMPLATES = Path(__file__).parent / "templates"
NAME = "technical_report"
REFERENCES = f"{NAME}.references.yaml"
WIDTH = 118
BOTTOM = 786.0
"""Where the template's columns end, in points from the top of the page."""
_MATHS = re.compile(r"(?<!\\)\$.*?(?<!\\)\$")
_KEPT = "\0"
"""A blank that no line is broken at; no text has this character any more (markup.one_line)."""
_BEGINS_NUMBERED = re.compile(r"^(\d+)\.(?!\S)")


def write_technical_report(folder: Path) -> list[Path]:
    """Write source, references and PDF; return their paths, the PDF first."""
    report = Layout(folder).report
    material = gather_material(folder)
    works = bibliography(material)
    source, pdf = typeset(material, works, report)
    missing = missing_letters(source + works, machine=True)
    if missing:
        print(f"{NAME}.pdf: no font here has the letters {missing}; install one that has, or spell them otherwise in "
              "the entry", file=sys.stderr)
    paths = report / f"{NAME}.pdf", report / f"{NAME}.typ", report / REFERENCES
    write_text(paths[1], source)
    write_text(paths[2], works)
    write_bytes(paths[0], pdf)
    return list(paths)


def typeset(material: Material, works: str, report: Path) -> tuple[str, bytes]:
    """Source and PDF. A table or figure longer than what others leave of its column is set across both columns."""
    content = sections(material)
    with setter(report, works, REFERENCES) as typesetter:
        while True:
            source = render(material, content)
            narrow = {block.label for block in _floats(content) if not block.wide}
            beyond = {label for label, end in typesetter.ends(source).items() if end > BOTTOM} & narrow
            if not beyond:
                return source, typesetter.pdf(source)
            content = [_widened(section, beyond) for section in content]


def sections(material: Material) -> list[Section]:
    """The whole text, in order."""
    changes = front_text.changes(material)
    return illustrated(
        [front_text.introduction(material), recordings(material), features(material), augmentation(material),
         networks(material), training(material), results(material), *([changes] if changes else []),
         front_text.conclusion(material), front_text.provenance(material)], material)


def render(material: Material, content: Sequence[Section]) -> str:
    """The typst source."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True, finalize=_finalize, block_start_string="<%",
        block_end_string="%>", variable_start_string="<<", variable_end_string=">>", comment_start_string="<#",
        comment_end_string="#>")
    environment.filters |= {
        "literal": literal, "fold": fold, "markup": Typst, "label": lambda name: Typst(f"<{name}>")}
    run = material.run
    return environment.get_template(f"{NAME}.typ.j2").render(
        title=f"{run.entry}, profile {run.profile}", embedded=run.embedded, front=front_text.front(material),
        abstract=front_text.abstract(material), index_terms=front_text.index_terms(material),
        challenge_corpus=dataset(material.rules.datasets["development"]).title.partition(",")[0], sections=content)


def fold(text: Typst, indent: str = "") -> Typst:
    """Markup in lines that a person can edit; typst takes a line break for a blank."""
    whole = _MATHS.sub(lambda found: found[0].replace(" ", _KEPT), text)
    lines = textwrap.wrap(whole, WIDTH, break_long_words=False, break_on_hyphens=False)
    return Typst(f"\n{indent}".join(_guard(lines)).replace(_KEPT, " "))


def _guard(lines: list[str]) -> Iterator[str]:
    """A line must not begin as a list, a heading or a term does."""
    for line in lines:
        yield _BEGINS_NUMBERED.sub(r"\1\\.", f"\\{line}" if line[0] in "-+=/" else line)


def _finalize(value: Any) -> Any:
    return escape(value) if isinstance(value, str) else value


def _floats(content: Sequence[Section]) -> Iterator[Table | Figure]:
    return (block for section in content for block in section.blocks if isinstance(block, Table | Figure))


def _widened(section: Section, labels: Set[str]) -> Section:
    return dataclasses.replace(section, blocks=[
        dataclasses.replace(block, wide=True) if isinstance(block, Table | Figure) and block.label in labels else block
        for block in section.blocks])
